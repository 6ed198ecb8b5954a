"""CPU time and peak memory of the decompositions at 77 economies x 45 sectors, on a made-up table.

Run ``OMP_NUM_THREADS=1 python benchmarks/valueadded.py [--countries 77] [--sectors 45]``. Every step is timed
in a process of its own that makes the table first (not counted); memory is the peak of that process, the
made-up table included. The inverse by LAPACK is timed beside, as the yardstick of the machine.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from exportlab.valueadded import InterCountryTable
from exportlab.valueadded import accounting as bm
from exportlab.valueadded.accounting import wwz
from exportlab.valueadded.gvc import country_measures

Table = tuple[np.ndarray, np.ndarray, list[str], list[str]]


def made_up(G: int, N: int, seed: int = 20261122) -> Table:
    """A random balanced table: home inputs larger, value added 25 to 75 %, some final demand negative."""
    rng = np.random.default_rng(seed)
    n = G * N
    home = np.repeat(np.arange(G), N)
    Z = rng.lognormal(sigma=1.5, size=(n, n))
    for s in range(G):
        Z[home == s, s * N : (s + 1) * N] *= 2.5 * G
    Y = rng.lognormal(sigma=1.0, size=(n, G)) + rng.normal(scale=0.05, size=(n, G))
    Y[np.arange(n), home] *= 3 * G
    a = rng.uniform(0.25, 0.75, size=n)
    A = Z * (a / Z.sum(axis=0))
    x = np.linalg.solve(np.eye(n) - A, Y.sum(axis=1))
    return A * x, Y, [f"C{k:02d}" for k in range(G)], [f"S{k:02d}" for k in range(N)]


def load(table: Table) -> InterCountryTable:
    Z, Y, countries, sectors = table
    return InterCountryTable.from_numpy(Z, Y, countries=countries, sectors=sectors)


def decompose(table: Table) -> None:
    """One load, WWZ-16, Borin-Mancini source and self, all pairs."""
    q = load(table).leontief
    for step in (wwz, bm.source, bm.self_pairs):
        step(q)


def country_set(table: Table) -> None:
    country_measures(load(table))


def tables(table: Table) -> None:
    """The same through the public door, with the labelled result tables."""
    t = load(table)
    t.decompose("wwz").wide()
    t.decompose("bm").wide()
    t.decompose("bm", perimeter="self").wide()


def lapack(table: Table) -> None:
    Z, Y, *_ = table
    np.linalg.inv(np.eye(len(Z)) - Z / (Z.sum(axis=1) + Y.sum(axis=1)))


STEPS: dict[str, Callable[[Table], object]] = {
    "numpy.linalg.inv alone (yardstick)": lapack,
    "load": load,
    "load + country-level set, no inverse": country_set,
    "load + WWZ-16 + BM source + BM self": decompose,
    "the same with labelled tables": tables,
}


def timed(name: str, G: int, N: int, queue: multiprocessing.Queue[tuple[float, float, float]]) -> None:
    table = made_up(G, N)
    before, wall = time.process_time(), time.perf_counter()
    STEPS[name](table)
    cpu, wall = time.process_time() - before, time.perf_counter() - wall
    queue.put((cpu, wall, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--countries", type=int, default=77)
    parser.add_argument("--sectors", type=int, default=45)
    parser.add_argument("--out", type=Path)
    sizes = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    print(f"{'step':<40}{'CPU s':>8}{'wall s':>8}{'peak GiB':>10}")
    rows = [["step", "cpu_s", "wall_s", "peak_gib"]]
    for name in STEPS:
        queue = spawn.Queue()
        job = spawn.Process(target=timed, args=(name, sizes.countries, sizes.sectors, queue))
        job.start()
        cpu, wall, peak = queue.get()
        job.join()
        print(f"{name:<40}{cpu:>8.2f}{wall:>8.2f}{peak:>10.2f}")
        rows.append([name, f"{cpu:.2f}", f"{wall:.2f}", f"{peak:.2f}"])
    if sizes.out:
        with sizes.out.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
