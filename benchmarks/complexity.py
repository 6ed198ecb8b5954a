"""Time and memory of complexity beside other Python programs, on one table of exporters x products.

    python benchmarks/complexity.py table.parquet --peers path/to/other/python --out benchmarks/results/complexity.csv

The table is long, with columns year, exporter, hs6 (text codes) and value; 230 exporters x 5,000 products, 35 %
of the pairs filled, is the case of the record. Every run is a fresh process, the programs take turns, and the
medians of CPU seconds and of the growth of resident memory are written; rows of programs that are not timed now stay
as they are. The peers (ecomplexity, econcomplex, economic-complexity) need an environment of their own; what is not
there is left out, and said.

exportlab's "all" is everything from the data frame on: the door, RCA, ECI, PCI, the whole proximity matrix and
density of every pair. The peers' door is their own, and they do what their one call does.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
from pathlib import Path

START = """
import json, os, resource, sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
table = pd.read_parquet(sys.argv[1])
years = sorted(table["year"].unique())[: int(sys.argv[2])]
table = table[table["year"].isin(years)].reset_index(drop=True)
"""
CLOCK = """
before, cpu, wall = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time(), time.perf_counter()
"""
STOP = """
used = resource.getrusage(resource.RUSAGE_SELF)
print("RESULT" + json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall,
                             "mb": (used.ru_maxrss - before) / 1024}))
"""
OURS = """
from exportlab.flows import flows
from exportlab.indices.complexity import complexity
import numpy, scipy
"""
JOBS = {
    "exportlab: all": (
        OURS,
        """
c = complexity(flows(table, period="year", product="hs6"))
for year in years:
    y = c.year(year)
    y.rca, y.eci, y.pci, y.density
    c.proximity(year)
""",
    ),
    "exportlab: ECI alone": (
        OURS,
        """
complexity(flows(table, period="year", product="hs6"), measures=["eci"]).exporters
""",
    ),
    "exportlab: ECI alone, after the door": (
        OURS
        + """
table = flows(table, period="year", product="hs6")
""",
        """
complexity(table, measures=["eci"]).exporters
""",
    ),
    "exportlab: tables of exporters and products, all measures": (
        OURS,
        """
c = complexity(flows(table, period="year", product="hs6"))
c.exporters, c.products
""",
    ),
    "exportlab: tables of exporters, products and pairs, all measures": (
        OURS,
        """
c = complexity(flows(table, period="year", product="hs6"))
c.exporters, c.products, c.pairs
""",
    ),
    "ecomplexity": (
        "from ecomplexity import ecomplexity",
        """
names = {"time": "year", "loc": "exporter", "prod": "hs6", "val": "value"}
ecomplexity(table, names, check_logsupermodularity=False, verbose=False)
""",
    ),
    "econcomplex": (
        "from econcomplex.pipeline import compute_complexity",
        """
compute_complexity(table, {"time": "year", "loc": "exporter", "act": "hs6", "val": "value"})
""",
    ),
    "economic-complexity": (
        "import economic_complexity as ec",
        """
for year in years:
    wide = table[table["year"] == year].pivot(index="exporter", columns="hs6", values="value").fillna(0)
    r = ec.rca(wide)
    ec.complexity(r), ec.relatedness(r, proximities=ec.proximity(r))
""",
    ),
}


def run(python: str, job: str, table: Path, years: int, limit: float) -> dict[str, float] | str:
    """One run in a fresh process: the figures, or the reason there are none."""
    setup, work = JOBS[job]
    code = START + setup + CLOCK + work + STOP
    try:
        done = subprocess.run(
            [python, "-c", code, str(table), str(years)],
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"more than {limit:g} s"
    line = next((x for x in done.stdout.splitlines() if x.startswith("RESULT")), None)
    if line is None:
        return (done.stderr.strip().splitlines() or ["no output"])[-1]
    figures: dict[str, float] = json.loads(line.removeprefix("RESULT"))
    return figures


def main() -> None:
    """Run every job in turn and write the medians."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("table", type=Path)
    ask.add_argument("--years", type=int, default=1)
    ask.add_argument("--runs", type=int, default=5)
    ask.add_argument("--peer-runs", type=int, default=1)
    ask.add_argument("--limit", type=float, default=300.0, help="seconds after which a run is stopped")
    ask.add_argument("--peers", default=None, help="Python of the environment that has the other programs")
    ask.add_argument("--out", type=Path, default=None)
    given = ask.parse_args()
    found: dict[str, list[dict[str, float]]] = {}
    for turn in range(max(given.runs, given.peer_runs)):
        for job in JOBS:
            own = job.startswith("exportlab")
            if turn >= (given.runs if own else given.peer_runs) or (not own and given.peers is None):
                continue
            result = run(sys.executable if own else given.peers, job, given.table, given.years, given.limit)
            if isinstance(result, str):
                if own:
                    raise SystemExit(f"{job} failed: {result}")
                print(f"{job}: left out: {result}")
            else:
                found.setdefault(job, []).append(result)
    rows = [
        {
            "program": job,
            "years": given.years,
            "runs": len(r),
            **{k: round(statistics.median(x[k] for x in r), 3) for k in ("cpu", "wall", "mb")},
        }
        for job, r in found.items()
    ]
    for row in rows:
        print(row)
    if given.out is not None:
        timed = {(row["program"], row["years"]) for row in rows}
        kept = list(csv.DictReader(given.out.open(newline=""))) if given.out.exists() else []
        kept = [row for row in kept if (row["program"], int(row["years"])) not in timed]
        with given.out.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["program", "years", "runs", "cpu", "wall", "mb"])
            writer.writeheader()
            writer.writerows([*rows, *kept])


if __name__ == "__main__":
    main()
