"""One HHI straight from Parquet on DuckDB, beside hand-written SQL: what the door, the plan and the finish cost.

    python benchmarks/one_index.py FOLDER_OF_PARQUET [--repeat 5] [--rows 2500000]

FOLDER holds BACI-shaped Parquet files (t, i, j, k, v, q); the first --rows of them are written to a file of their own.
HHI over markets of every year, exporter and product. Each contender runs in a fresh process, interleaved; the results
must agree. Columns printed: CPU s of the job without imports, wall s, and the ratio of CPU to the SQL's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

SQL = """
SELECT t, i, k, sum(v * v) / (sum(v) * sum(v)) AS hhi
FROM (SELECT t, i, j, k, sum(v) AS v FROM read_parquet('{file}') GROUP BY t, i, j, k) GROUP BY t, i, k
"""
CONTENDERS = ("sql", "schema", "rows")
ROLES = {"period": "t", "exporter": "i", "market": "j", "product": "k", "value": "v"}


def prepared(connection: Any, folder: str, rows: int) -> Path:
    """The first rows of the folder as one file, made once."""
    made = Path("benchmarks/data") / f"one_index_{rows}.parquet"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        source = f"SELECT t, i, j, k, v FROM read_parquet('{folder}/*.parquet') LIMIT {rows}"
        connection.execute(f"COPY ({source}) TO '{made}' (FORMAT parquet)")
    return made


def job(name: str, connection: Any, file: Path) -> Any:
    """The index as NumPy columns: by hand, or by exportlab with that `validate`."""
    if name == "sql":
        return connection.sql(SQL.format(file=file)).fetchnumpy()
    import exportlab as xl

    table = connection.sql(f"SELECT t, i, j, k, v FROM read_parquet('{file}')")
    return xl.hhi(xl.flows(table, **ROLES, aggregate="sum", validate=name), over="market").fetchnumpy()


def one(name: str, folder: str, rows: int) -> None:
    """Run one contender twice, the second time on the clock, and print its figures."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    file = prepared(connection, folder, rows)
    job(name, connection, file)
    wall, cpu = time.perf_counter(), time.process_time()
    found = job(name, connection, file)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    order = np.lexsort((found["k"].astype(str), found["i"], found["t"]))
    hhi = np.asarray(found["hhi"], dtype=float)[order]
    weights = np.arange(1, len(hhi) + 1)  # which tell the order too
    print(json.dumps({"cpu": cpu, "wall": wall, "groups": len(hhi), "check": float(weights @ hhi)}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--rows", type=int, default=2_500_000)
    parser.add_argument("--child", default="")
    given = parser.parse_args()
    if given.child:
        one(given.child, given.folder, given.rows)
        return
    seen: dict[str, list[dict[str, float]]] = {n: [] for n in CONTENDERS}
    for _ in range(given.repeat):
        for name in CONTENDERS:
            command = [sys.executable, __file__, given.folder, "--child", name, "--rows", str(given.rows)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{name} failed: {done.stderr[-500:]}")
            seen[name].append(json.loads(done.stdout.splitlines()[-1]))
    first = seen["sql"][0]
    for name, runs in seen.items():
        for run in runs:
            if run["groups"] != first["groups"] or not np.isclose(run["check"], first["check"], rtol=1e-10):
                raise SystemExit(f"{name} disagrees with the SQL: {run} beside {first}")
        cpu, wall = (statistics.median(r[k] for r in runs) for k in ("cpu", "wall"))
        ratio = statistics.median(a["cpu"] / b["cpu"] for a, b in zip(runs, seen["sql"], strict=True))
        print(f"{name:8} CPU {cpu:6.2f} s   wall {wall:6.2f} s   {ratio:5.2f} x SQL")


if __name__ == "__main__":
    main()
