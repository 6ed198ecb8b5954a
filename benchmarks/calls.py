"""What one call costs on a small table: 10,000 rows in pandas, beside the same group-bys written by hand.

    python benchmarks/calls.py [--out benchmarks/results/calls.csv]

Medians of milliseconds over repeats in one process, after a warm-up; the jobs take turns.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import exportlab as xl

ROWS, REPEATS = 10_000, 60
FAMILY = [n for n, i in xl.CATALOGUE.items() if i.family == "concentration" and i.is_distribution]


def table() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "year": rng.integers(2010, 2020, ROWS),
            "exporter": np.char.add("e", rng.integers(0, 30, ROWS).astype(str)),
            "market": np.char.add("m", rng.integers(0, 100, ROWS).astype(str)),
            "value": rng.lognormal(0, 1, ROWS),
        }
    )


def by_hand(rows: pd.DataFrame) -> pd.Series:
    """The HHI of every year and exporter: cells, totals by window, sums of squared shares."""
    keys = ["year", "exporter"]
    cells = rows.groupby([*keys, "market"], as_index=False)["value"].sum()
    share = cells["value"] / cells.groupby(keys)["value"].transform("sum")
    return (share * share).groupby([cells[k] for k in keys]).sum()


def jobs(rows: pd.DataFrame) -> dict[str, Callable[[], object]]:
    def door() -> xl.Flows:
        return xl.flows(rows, period="year", aggregate="sum")

    made = door()
    xl.hhi(made, over="market")
    return {
        "three group-bys by hand": lambda: by_hand(rows),
        "one index": lambda: xl.hhi(made, over="market"),
        "the door and one index": lambda: xl.hhi(door(), over="market"),
        f"the {len(FAMILY)} of the concentration family": lambda: xl.measure(made, FAMILY, over="market"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    named = jobs(table())
    times: dict[str, list[float]] = {name: [] for name in named}
    for _ in range(REPEATS):
        for name, job in named.items():
            start = time.perf_counter()
            job()
            times[name].append(1000 * (time.perf_counter() - start))
    rows = [(name, f"{statistics.median(t[5:]):.1f}") for name, t in times.items()]
    for name, median in rows:
        print(f"{name}: {median} ms")
    if given.out:
        with given.out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([("job", "milliseconds"), *rows])


if __name__ == "__main__":
    main()
