"""Run the benchmarks one after another: what `make bench` does. Each can be run alone, with options of its own.

    python benchmarks/run.py [--only wild,valueadded] [--flows FOLDER] [--table complexity.parquet]

Medians on a shared machine drift: compare ratios within one run. Figures kept are in benchmarks/results/.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
GENERATORS = HERE.parent.parent / "shared" / "benchmarks"
DATA = HERE / "data"


def flows(folder: Path | None) -> Path | None:
    """A folder of BACI-shaped Parquet: the one given, or one year made by the generator where it lies beside."""
    if folder is not None:
        return folder
    made = DATA / "flows" / "all"
    maker = GENERATORS / "gen_flows.py"
    if not made.is_dir() and maker.is_file():
        DATA.mkdir(exist_ok=True)
        subprocess.run([sys.executable, str(maker), "2022", "2022"], cwd=DATA, check=True)
    return made if made.is_dir() else None


def table(path: Path | None) -> Path | None:
    """The exporter-by-product table: the one given, or one made by the generator where it lies beside."""
    if path is not None:
        return path
    found = sorted(DATA.rglob("complexity*.parquet"))
    return found[0] if found else None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="calls,wild,valueadded,ppml,complexity,one_index,structure")
    parser.add_argument("--flows", type=Path)
    parser.add_argument("--table", type=Path)
    given = parser.parse_args()
    inputs = {
        "one_index": lambda: flows(given.flows),
        "structure": lambda: flows(given.flows),
        "complexity": lambda: table(given.table),
    }
    for name in given.only.split(","):
        source = inputs[name]() if name in inputs else ""
        if source is None:
            print(f"{name}: skipped, it needs a table to work on (see the script's first lines)")
            continue
        print(f"== {name}", flush=True)
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, str(HERE / f"{name}.py"), *([str(source)] if source else [])], check=True
        )
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
