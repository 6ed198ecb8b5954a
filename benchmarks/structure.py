"""The structure profile of every exporter and year, on every engine, against hand-written code.

One job: HHI over markets, HHI over products, Theil over products, how many products and markets, the RCEP share, and
how many products have RCA > 1. Each contender runs in a fresh process, interleaved, and the results must agree.

    python benchmarks/structure.py FOLDER_OF_PARQUET [--repeat 3] [--only exportlab-duckdb,sql] [--memory 1GB]

FOLDER holds BACI-shaped Parquet files (t, i, j, k, v, q). Columns printed: wall s, CPU s (children included), peak GB.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RCEP = [36, 96, 116, 156, 360, 392, 410, 418, 458, 104, 554, 608, 702, 764, 704]
ROLES = {"period": "t", "exporter": "i", "market": "j", "product": "k", "value": "v"}
BY = ["period", "exporter"]
KEYS = ["t", "i"]


def files(folder: str) -> list[str]:
    return sorted(str(p) for p in Path(folder).glob("*.parquet"))


def profile(table: Any, *, validate: str = "schema") -> list[Any]:
    """The job in exportlab's own words; four tables, in the caller's engine."""
    import narwhals.stable.v2 as nw

    import exportlab as xl

    flows = xl.flows(table, **ROLES, aggregate="sum", validate=validate)
    flows = flows.keep(["period", "exporter", "market"], ["period", "exporter", "product"])
    rca = nw.from_native(xl.rca(flows, by=BY))
    above = rca.with_columns(nw.when(nw.col("rca") > 1).then(1).otherwise(0).alias("above"))
    return [
        xl.measure(flows, {"hhi_market": "hhi", "markets": "number_active"}, over="market", by=BY),
        xl.measure(
            flows,
            {"hhi_product": "hhi", "theil": "theil", "products": "number_active"},
            over="product",
            by=BY,
            universe="active",
        ),
        xl.bloc_share(flows, "RCEP", by=BY, members=RCEP),
        above.group_by(*KEYS).agg(nw.col("above").sum()).to_native(),
    ]


def merged(parts: list[Any]) -> Any:
    """The four tables as one pandas frame, for comparison."""
    import narwhals.stable.v2 as nw

    frames = [nw.from_native(p) for p in parts]
    frames = [(f.collect() if isinstance(f, nw.LazyFrame) else f).to_pandas() for f in frames]
    out = frames[0]
    for frame in frames[1:]:
        out = out.merge(frame.drop(columns=[c for c in ("v", "total", "universe") if c in frame]), on=KEYS)
    return out.drop(columns=[c for c in ("universe",) if c in out]).sort_values(KEYS, ignore_index=True)


def exportlab_pandas(folder: str, memory: str) -> tuple[Any, float]:
    import pandas as pd

    table = pd.concat([pd.read_parquet(f, columns=list("tijkv")) for f in files(folder)], ignore_index=True)
    start = time.perf_counter()
    return merged(profile(table)), time.perf_counter() - start


def pandas_by_hand(folder: str, memory: str) -> tuple[Any, float]:
    import numpy as np
    import pandas as pd

    table = pd.concat([pd.read_parquet(f, columns=list("tijkv")) for f in files(folder)], ignore_index=True)
    start = time.perf_counter()
    tij = table.groupby(["t", "i", "j"], as_index=False, sort=False)["v"].sum()
    tik = table.groupby(["t", "i", "k"], as_index=False, sort=False)["v"].sum()
    total = tij.groupby(KEYS)["v"].transform("sum")
    tij["s2"] = (tij["v"] / total) ** 2
    tij["rcep"] = tij["v"].where(tij["j"].isin(RCEP), 0.0)
    market = tij.groupby(KEYS).agg(
        hhi_market=("s2", "sum"), markets=("v", "size"), rcep=("rcep", "sum"), v=("v", "sum")
    )
    market["bloc_share"] = market["rcep"] / market["v"]
    own = tik.groupby(KEYS)["v"].transform("sum")
    share = tik["v"] / own
    tik["s2"], tik["h"] = share**2, -share * np.log(share)
    world = tik.groupby(["t", "k"])["v"].transform("sum") / tik.groupby("t")["v"].transform("sum")
    tik["above"] = (share / world > 1).astype(int)
    product = tik.groupby(KEYS).agg(
        hhi_product=("s2", "sum"), h=("h", "sum"), products=("v", "size"), above=("above", "sum")
    )
    product["theil"] = np.log(product["products"]) - product["h"]
    out = market.join(product)[
        ["hhi_market", "markets", "hhi_product", "theil", "products", "bloc_share", "above"]
    ]
    return out.reset_index().sort_values(KEYS, ignore_index=True), time.perf_counter() - start


SQL = """
WITH tij AS MATERIALIZED (SELECT t, i, j, sum(v) AS v FROM flows GROUP BY t, i, j),
tik AS MATERIALIZED (SELECT t, i, k, sum(v) AS v FROM flows GROUP BY t, i, k),
m AS (SELECT t, i, sum(v*v)/(sum(v)*sum(v)) AS hhi_market, count(*)::DOUBLE AS markets,
             sum(CASE WHEN j IN ({rcep}) THEN v ELSE 0 END)/sum(v) AS bloc_share FROM tij GROUP BY t, i),
own AS (SELECT t, i, sum(v) AS x FROM tij GROUP BY t, i),
w AS (SELECT t, k, sum(v) AS xk FROM tik GROUP BY t, k),
tot AS (SELECT t, sum(x) AS xt FROM own GROUP BY t),
p AS (SELECT tik.t, tik.i, sum((v/x)*(v/x)) AS hhi_product, ln(count(*)) + sum((v/x)*ln(v/x)) AS theil,
             count(*)::DOUBLE AS products, sum(CASE WHEN (v/x)/(xk/xt) > 1 THEN 1 ELSE 0 END) AS above
      FROM tik JOIN own USING (t, i) JOIN w USING (t, k) JOIN tot USING (t) GROUP BY tik.t, tik.i)
SELECT t, i, hhi_market, markets, hhi_product, theil, products, bloc_share, above
FROM m JOIN p USING (t, i) ORDER BY t, i
"""


def connect(memory: str) -> Any:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    if memory:
        connection.execute(f"SET memory_limit = '{memory}'")
    return connection


def sql(folder: str, memory: str) -> tuple[Any, float]:
    start = time.perf_counter()
    connection = connect(memory)
    connection.execute(f"CREATE VIEW flows AS SELECT * FROM read_parquet('{folder}/*.parquet')")
    return connection.sql(SQL.format(rcep=", ".join(map(str, RCEP)))).df(), time.perf_counter() - start


def exportlab_duckdb(folder: str, memory: str) -> tuple[Any, float]:
    start = time.perf_counter()
    connection = connect(memory)
    return merged(profile(connection.sql(f"SELECT t, i, j, k, v FROM read_parquet('{folder}/*.parquet')"))), (
        time.perf_counter() - start
    )


def exportlab_polars(folder: str, memory: str) -> tuple[Any, float]:
    import polars as pl

    start = time.perf_counter()
    return merged(profile(pl.scan_parquet(f"{folder}/*.parquet").select("t", "i", "j", "k", "v"))), (
        time.perf_counter() - start
    )


def spark_session() -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("profile")
    for key, value in {
        "spark.ui.enabled": "false",
        "spark.python.sql.dataFrameDebugging.enabled": "false",  # else each call on a column looks up its caller
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "8",
        "spark.driver.memory": "6g",
        "spark.log.level": "ERROR",
    }.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def exportlab_spark(folder: str, memory: str) -> tuple[Any, float]:
    session = spark_session()
    start = time.perf_counter()
    table = session.read.parquet(folder).select("t", "i", "j", "k", "v")
    out = merged([rows_of(p) for p in profile(table)])
    return out, time.perf_counter() - start


def spark_sql(folder: str, memory: str) -> tuple[Any, float]:
    session = spark_session()
    start = time.perf_counter()
    session.read.parquet(folder).createOrReplaceTempView("flows")
    for name, key in (("tij", "j"), ("tik", "k")):  # held in Spark's cache, as exportlab holds its cells
        session.sql(f"CACHE TABLE {name} AS SELECT t, i, {key}, sum(v) AS v FROM flows GROUP BY t, i, {key}")
    query = "WITH " + SQL[SQL.index("m AS") :].replace("::DOUBLE", "").replace("tik.t, tik.i", "t, i")
    return rows_of(session.sql(query.format(rcep=", ".join(map(str, RCEP))))), time.perf_counter() - start


def rows_of(frame: Any) -> Any:
    import pandas as pd

    return pd.DataFrame([r.asDict() for r in frame.collect()])


def limit(folder: str, memory: str) -> tuple[Any, float]:
    """Reading the columns and the two group-bys the job cannot do without."""
    start = time.perf_counter()
    connection = connect(memory)
    source = f"read_parquet('{folder}/*.parquet')"
    for key in ("j", "k"):
        connection.sql(
            f"SELECT count(*), sum(v) FROM (SELECT sum(v) AS v FROM {source} GROUP BY t, i, {key})"
        ).fetchall()
    return None, time.perf_counter() - start


CONTENDERS: dict[str, Callable[[str, str], tuple[Any, float]]] = {
    "limit": limit,
    "sql": sql,
    "exportlab-duckdb": exportlab_duckdb,
    "exportlab-polars": exportlab_polars,
    "pandas": pandas_by_hand,
    "exportlab-pandas": exportlab_pandas,
    "spark-sql": spark_sql,
    "exportlab-spark": exportlab_spark,
}


def one(name: str, folder: str, memory: str, out: str) -> None:
    """Run one contender in this process and print its figures."""
    table, job = CONTENDERS[name](folder, memory)
    own, below = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    if table is not None:
        table.to_parquet(out)
    cpu = own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime
    print(json.dumps({"wall": job, "cpu": cpu, "peak_gb": max(own.ru_maxrss, below.ru_maxrss) / 1e6}))


def agree(names: list[str], scratch: Path) -> float:
    """The largest relative difference between any contender's results and the first's.

    Raises where fewer than two contenders left results, or where their rows or columns differ: no difference can be
    told then.
    """
    import numpy as np
    import pandas as pd

    tables = {n: pd.read_parquet(f) for n in names if (f := scratch / f"{n}.parquet").exists()}
    if len(tables) < 2:
        raise SystemExit(f"nothing to compare: results of {list(tables) or 'no contender'} alone")
    (name, first), *others = tables.items()
    worst = 0.0
    for other_name, other in others:
        if set(other.columns) != set(first.columns) or len(other) != len(first):
            raise SystemExit(
                f"{other_name} and {name} differ in rows or columns: {other.shape}, {first.shape}"
            )
        ordered = other.sort_values(KEYS, ignore_index=True)[list(first.columns)]
        a, b = first.to_numpy(dtype=float), ordered.to_numpy(dtype=float)
        if not (a[:, : len(KEYS)] == b[:, : len(KEYS)]).all() or (np.isnan(a) != np.isnan(b)).any():
            raise SystemExit(f"{other_name} and {name} are not of the same groups")
        worst = max(worst, float(np.nanmax(np.abs(a - b) / np.maximum(np.abs(a), 1e-12))))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default=",".join(CONTENDERS))
    parser.add_argument("--memory", default="")
    parser.add_argument("--scratch", default="benchmarks/data")
    parser.add_argument("--csv", default="")
    parser.add_argument("--child", default="")
    given = parser.parse_args()
    scratch = Path(given.scratch)
    scratch.mkdir(parents=True, exist_ok=True)
    if given.child:
        one(given.child, given.folder, given.memory, str(scratch / f"{given.child}.parquet"))
        return
    names = given.only.split(",")
    unknown = [n for n in names if n not in CONTENDERS]
    if unknown:
        raise SystemExit(f"no contender is named {unknown[0]!r}; there are {', '.join(CONTENDERS)}")
    for name in CONTENDERS:  # an earlier run's results are no proof of this one's
        (scratch / f"{name}.parquet").unlink(missing_ok=True)
    failed = []
    seen: dict[str, list[dict[str, float]]] = {n: [] for n in names}
    for _ in range(given.repeat):
        for name in names:
            command = [
                sys.executable,
                __file__,
                given.folder,
                "--child",
                name,
                "--memory",
                given.memory,
                "--scratch",
                str(scratch),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
            if done.returncode:
                print(name, "failed:", done.stderr[-500:], file=sys.stderr)
                failed.append(name)
                continue
            seen[name].append(json.loads(done.stdout.splitlines()[-1]))
    table = [
        [n, *(round(statistics.median(r[k] for r in runs), 2) for k in ("wall", "cpu", "peak_gb"))]
        for n, runs in seen.items()
        if runs
    ]
    for row in table:
        print(f"{row[0]:18} wall {row[1]:8.2f} s   CPU {row[2]:8.2f} s   peak {row[3]:5.2f} GB")
    if given.csv:
        with open(given.csv, "w", newline="", encoding="utf-8") as file:  # noqa: PTH123
            csv.writer(file).writerows([["contender", "wall_s", "cpu_s", "peak_gb"], *table])
    worst = agree([n for n in names if n != "limit"], scratch)
    print(f"largest relative difference: {worst:.1e}")
    if failed or worst > 1e-9:
        raise SystemExit(f"failed: {', '.join(failed)}" if failed else "the contenders do not agree")


if __name__ == "__main__":
    main()
