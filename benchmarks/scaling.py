"""Time and memory as work grows by 10 and by 100: one figure for each, drawn on the benchmarks page.

    OMP_NUM_THREADS=1 python benchmarks/scaling.py [--only "HHI, Theil: pandas"] [--runs 3]

Every job runs in a process of its own, which makes its made-up input first; seconds of CPU and the growth of resident
memory (MB, its peak over what stood there before) are those of the job alone. Results go to
benchmarks/results/scaling.csv.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
OUT = HERE / "results" / "scaling.csv"
sys.path.insert(0, str(HERE.parent / "tests"))
Job = Callable[[], Any]


def trade(rows: int) -> pd.DataFrame:
    """Distinct cells of year, exporter, market and product, value heavy-tailed."""
    rng = np.random.default_rng(7)
    place = np.sort(rng.choice(200 * 200 * 5000, size=rows, replace=False))
    exporter, rest = np.divmod(place, 200 * 5000)
    market, product = np.divmod(rest, 5000)
    codes, names = np.array([f"{k:06d}" for k in range(5000)]), np.array([f"X{k:03d}" for k in range(200)])
    return pd.DataFrame(
        {
            "period": 2024,
            "exporter": names[exporter],
            "market": names[market],
            "product": codes[product],
            "value": rng.lognormal(3, 2, rows),
        }
    )


def profile(table: Any) -> None:
    """The indices of a structure profile, over markets and over products."""
    import narwhals.stable.v2 as nw

    import exportlab as xl

    flows = xl.flows(table, unit="USD", validate="schema")
    for over in ("market", "product"):
        found = nw.from_native(xl.measure(flows, ["hhi", "theil", "cr4"], over=over, universe="active"))
        _ = found.collect() if isinstance(found, nw.LazyFrame) else found


def on_pandas(rows: int) -> Job:
    table = trade(rows)
    return lambda: profile(table)


def on_duckdb(rows: int) -> Job:
    import duckdb

    folder = tempfile.mkdtemp()
    trade(rows).to_parquet(f"{folder}/flows.parquet")
    return lambda: profile(duckdb.connect().sql(f"from '{folder}/flows.parquet'"))


def door(rows: int) -> Job:
    import exportlab as xl

    table = trade(rows)
    return lambda: xl.flows(table, unit="USD")


def complexity(products: int) -> Job:
    import exportlab as xl

    rng = np.random.default_rng(7)
    exporter, product = np.nonzero(rng.random((230, products)) < 0.35)
    names, codes = (
        np.array([f"X{k:03d}" for k in range(230)]),
        np.array([f"{k:06d}" for k in range(products)]),
    )
    table = pd.DataFrame(
        {"exporter": names[exporter], "product": codes[product], "value": rng.lognormal(3, 2, len(product))}
    )
    return lambda: xl.complexity(xl.flows(table), measures=["eci"]).exporters


def value_added(economies: int) -> Job:
    from valueadded import decompose, made_up

    table = made_up(economies, 45)
    return lambda: decompose(table)


def gravity(countries: int) -> Job:
    from ppml import world

    import exportlab as xl

    table = world(countries)
    return lambda: xl.gravity(table, "value ~ rta", exporter="exporter", importer="importer", period="period")


def bootstrap(members: int) -> Job:
    import exportlab as xl

    rng = np.random.default_rng(7)
    codes = [f"{k:06d}" for k in range(members)]
    flows = xl.flows(pd.DataFrame({"product": codes, "value": rng.lognormal(3, 2, members)}))
    return lambda: xl.interval(flows, "hhi", over="product", resample="product", draws=999, rng=7)


def report(rows: int) -> Job:
    from customs import draw, write

    import exportlab as xl

    folder = tempfile.mkdtemp()
    path = f"{folder}/download.csv"
    write(draw(rows, 7), Path(path))
    return lambda: xl.report(xl.read_gacc(path), out=f"{folder}/report")


# job -> (what its size counts, the three sizes, the job). Sizes grow by ten in work unless the name says otherwise.
JOBS: dict[str, tuple[str, tuple[int, int, int], Callable[[int], Job]]] = {
    "Door, every row checked: pandas": ("rows", (100_000, 1_000_000, 10_000_000), door),
    "HHI, Theil, CR4: pandas": ("rows", (100_000, 1_000_000, 10_000_000), on_pandas),
    "HHI, Theil, CR4: DuckDB on Parquet": ("rows", (100_000, 1_000_000, 10_000_000), on_duckdb),
    "ECI and PCI: 230 exporters": ("products", (500, 5_000, 50_000), complexity),
    "WWZ and Borin-Mancini: 45 sectors": ("economies", (8, 25, 77), value_added),
    "Gravity PPML, three-way: 32 years": ("countries", (16, 48, 150), gravity),
    "Interval of HHI, 999 draws": ("members", (100, 1_000, 10_000), bootstrap),
    "Report on a customs file": ("rows", (20_000, 200_000, 2_000_000), report),
}


def once(name: str, size: int) -> dict[str, float]:
    """One job in this process."""
    job = JOBS[name][2](size)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far, the input's making, is forgotten (Linux)
    before, cpu, wall = resident("VmRSS"), time.process_time(), time.perf_counter()
    job()
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "mb": resident("VmHWM") - before,
    }


def resident(which: str) -> float:
    """Resident memory now (VmRSS) or at its peak (VmHWM), MB."""
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith(which)).split()[1]) / 1024


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--only", default=None)
    ask.add_argument("--runs", type=int, default=3)
    ask.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.child:
        print("RESULT" + json.dumps(once(given.child[0], int(given.child[1]))))
        return
    rows = []
    for name, (what, sizes, _job) in JOBS.items():
        if given.only not in (None, name):
            continue
        for size, growth in zip(sizes, (1, 10, 100), strict=True):
            call = [sys.executable, __file__, "--child", name, str(size)]
            found = []
            for _ in range(given.runs):
                done = subprocess.run(call, check=True, capture_output=True, text=True).stdout
                found.append(json.loads(done.rpartition("RESULT")[2]))
            middle = {k: round(statistics.median(f[k] for f in found), 3) for k in ("cpu", "wall", "mb")}
            rows.append(
                {"job": name, "size": f"{size:,} {what}", "work": growth, "runs": given.runs, **middle}
            )
            print(rows[-1], flush=True)
    if given.only is None:
        with OUT.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
