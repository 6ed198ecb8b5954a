"""Run all benchmarks in one go and keep their figures: what `make bench` does. Each can be run alone, with options.

    python benchmarks/run.py [--only wild,valueadded] [--peers path/to/other/python] [--flows FOLDER] [--table FILE]

Inputs are made (benchmarks/made.py) where none are given. Figures go to benchmarks/results, and the machine and the
versions they were measured with to docs/benchmarks.toml, from which the benchmarks page is drawn. Medians on a shared
machine drift: compare ratios within one run. Simulations (coverage, size and power) take hours and are run alone.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import made

HERE = Path(__file__).parent
DATA, RESULTS, TOML = HERE / "data", HERE / "results", HERE.parent / "docs" / "benchmarks.toml"
LIBRARIES = ("NumPy", "pandas", "SciPy", "Narwhals")
ENGINES = ("pandas", "Polars", "DuckDB", "PySpark", "Narwhals", "NumPy")
ON_SPARK = "spark-sql,exportlab-spark"
ONE_THREAD = {"valueadded", "table_files", "scaling"}  # whose figures are said to be of one thread
IN_MEMORY = "limit,sql,exportlab-duckdb,exportlab-polars,pandas,exportlab-pandas"


def calls(flows: Path, table: Path, peers: str | None) -> dict[str, list[str]]:
    """Benchmark to the script with its options."""

    def kept(name: str, flag: str = "--out") -> list[str]:
        return [flag, str(RESULTS / f"{name}.csv")]

    others = ["--peers", peers] if peers else []
    return {
        "calls": ["calls.py", *kept("calls")],
        "wild": ["wild.py"],
        "valueadded": ["valueadded.py", *kept("valueadded")],
        "table_files": ["table_files.py", *kept("table_files")],
        "synthetic": ["synthetic.py", *kept("synthetic")],
        "ppml": ["ppml.py"],
        "complexity": ["complexity.py", str(table), *others, *kept("complexity")],
        "one_index": ["one_index.py", str(flows)],
        "interval_cost": ["interval_cost.py", *kept("interval_cost")],
        "risk": ["risk.py"],
        "structure": ["structure.py", str(flows), "--only", IN_MEMORY, *kept("structure_11m_rows", "--csv")],
        "spark": ["structure.py", str(flows), "--only", ON_SPARK, *kept("structure_spark_11m_rows", "--csv")],
        "scaling": ["scaling.py"],
        "peers": ["peers.py", *kept("peers")],
    }


def versions(names: tuple[str, ...]) -> str:
    """'NumPy 2.4.6, pandas 3.1.1', of those that are installed."""
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name.lower())}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def machine() -> str:
    """'2 cores, 24 GB of memory, Linux; Python 3.11'."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = ".".join(platform.python_version_tuple()[:2])
    return f"{os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.system()}; Python {python}"


def said(text: str) -> str:
    """The first lines of docs/benchmarks.toml with this machine and these versions."""
    for key, value in {
        "machine": machine(),
        "versions": versions(LIBRARIES),
        "engines": versions(ENGINES),
    }.items():
        text = re.sub(rf'(?m)^{key} = ".*"$', f'{key} = "{value}"', text, count=1)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="")
    parser.add_argument("--flows", type=Path, default=DATA / "flows")
    parser.add_argument("--table", type=Path, default=DATA / "complexity.parquet")
    parser.add_argument(
        "--peers", help="Python of an environment with exportlab and the programs it is compared with"
    )
    given = parser.parse_args()
    jobs = calls(given.flows, given.table, given.peers)
    asked = given.only.split(",") if given.only else list(jobs)
    unknown = [n for n in asked if n not in jobs]
    if unknown:
        raise SystemExit(f"no benchmark is named {unknown[0]!r}; there are {', '.join(jobs)}")
    if {"one_index", "structure", "spark"} & {*asked} and not any(given.flows.glob("*.parquet")):
        made.flows(given.flows, 2022, 2022, 11e6)
    if "complexity" in asked and not given.table.exists():
        made.complexity(given.table, 2022, 2022)
    failed = []
    for name in asked:
        print(f"== {name}", flush=True)
        script, *options = jobs[name]
        start = time.perf_counter()
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} if name in ONE_THREAD else {}
        python = given.peers if name == "peers" and given.peers else sys.executable
        command = [python, str(HERE / script), *options]
        done = subprocess.run(command, check=False, env=os.environ | threads).returncode
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
        failed += [name] if done else []
    if not given.only:
        TOML.write_text(said(TOML.read_text(encoding="utf-8")), encoding="utf-8")
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
