"""CPU time and peak memory of reading an input-output table of 2,205 sectors from a CSV file of some 55 MB.

Run ``OMP_NUM_THREADS=1 python benchmarks/table_files.py [--out FILE]``. Three shapes: labels in one row and one column
(OECD ICIO), several rows of heads (ADB MRIO), one economy (China's bureau of statistics). One process makes a file,
another one reads it with `read_iot`; the figures are of the second, the imports apart.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from valueadded import Table, made_up

from exportlab.valueadded import read_iot

DIGITS = "%.8f"


def icio(path: Path, table: Table) -> None:
    """A file as OECD's ICIO: C00_S00 down and across, final demand, TLS, VA, OUT."""
    Z, Y, countries, sectors = table
    rows = [f"{c}_{s}" for c in countries for s in sectors]
    cells = pd.DataFrame(np.hstack([Z, Y]), rows, [*rows, *(f"{c}_HFCE" for c in countries)])
    x = np.asarray(cells.sum(axis=1))
    cells["OUT"] = x
    for label, values in (("TLS", 0.02 * x), ("VA", 0.98 * x - Z.sum(axis=0)), ("OUT", x)):
        cells.loc[label] = [*values, *np.zeros(len(countries) + 1)]
    cells.to_csv(path, index_label="V1", float_format=DIGITS)


def sheet(path: Path, heads: list[list[str]], sides: list[list[str]], cells: np.ndarray) -> None:
    """A sheet saved as text: rows of heads, columns of labels, cells."""
    left = [*(pd.Series(side) for side in sides), pd.DataFrame(cells)]
    with path.open("w", encoding="utf-8") as file:
        pd.DataFrame(heads).to_csv(file, header=False, index=False)
        pd.concat(left, axis=1).to_csv(file, header=False, index=False, float_format=DIGITS)


def adb(path: Path, table: Table) -> None:
    """A file as the Asian Development Bank's: a title, countries, numbers; margins below."""
    Z, Y, countries, sectors = table
    x, empty = Z.sum(axis=1) + Y.sum(axis=1), np.full(len(countries) + 1, np.nan)
    below = {
        "Intermediate input total": Z.sum(axis=0),
        "Value added at basic prices": x - Z.sum(axis=0),
        "TOTAL": x,
    }
    cells = np.vstack([np.column_stack([Z, Y, x]), *([*values, *empty] for values in below.values())])
    land = [c for c in countries for _ in sectors]
    numbers = [f"c{k + 1}" for _ in countries for k in range(len(sectors))]
    title = ["Multiregional Input-Output Table", *[""] * (len(x) + len(empty) + 2)]
    heads = [
        title,
        ["", "", "", *land, *countries, "ToT"],
        ["", "", "", *numbers, *["F1"] * len(countries), ""],
    ]
    sheet(
        path, heads, [[*[""] * len(x), *below], [*land, *["TOT"] * 3], [*numbers, "r60", "r64", "r69"]], cells
    )


def bureau(path: Path, table: Table) -> None:
    """A file as China's bureau of statistics lays out one economy: names, codes, imports; totals below."""
    Z, Y, *_ = table
    final, trade = Y.sum(axis=1), 0.1 * np.abs(Y).sum(axis=1)
    x, n = Z.sum(axis=1) + final, len(Z)
    below = {"TII": Z.sum(axis=0), "TVA": x - Z.sum(axis=0), "TI": x}
    cells = np.column_stack([Z, final, trade, trade, x])
    cells = np.vstack([cells, *([*values, *np.full(4, np.nan)] for values in below.values())])
    codes = [f"{k + 1:04d}" for k in range(n)]
    heads = [
        ["", "", *(f"Product {c}" for c in codes), *[""] * 4],
        ["", "", *codes, "FU101", "EX", "IM", "GO"],
    ]
    sheet(path, heads, [[*heads[0][2 : n + 2], *[""] * 3], [*codes, *below]], cells)


FILES: dict[str, tuple[Callable[[Path, Table], None], int]] = {
    "one label a line": (icio, 49),
    "rows of heads": (adb, 63),
    "one economy": (bureau, 49),
}


def write(name: str, path: Path) -> None:
    shape, G = FILES[name]
    shape(path, made_up(G, 2205 // G))


def read(path: Path, queue: multiprocessing.Queue[tuple[float, float, float]]) -> None:
    before, wall = time.process_time(), time.perf_counter()
    read_iot(path)
    cpu, wall = time.process_time() - before, time.perf_counter() - wall
    queue.put((cpu, wall, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    rows = [["file", "mb", "cpu_s", "wall_s", "peak_gib"]]
    for name in FILES:
        with tempfile.TemporaryDirectory() as folder:
            path, queue = Path(folder) / "table.csv", spawn.Queue()
            for job in (
                spawn.Process(target=write, args=(name, path)),
                spawn.Process(target=read, args=(path, queue)),
            ):
                job.start()
                job.join()
            cpu, wall, peak = queue.get()
            rows.append(
                [name, f"{path.stat().st_size / 1e6:.0f}", f"{cpu:.2f}", f"{wall:.2f}", f"{peak:.2f}"]
            )
        print(dict(zip(rows[0], rows[-1], strict=True)))
    if given.out:
        with given.out.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
