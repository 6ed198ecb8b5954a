"""The attacks of tests/hostile.py for as long as it is told: ``python benchmarks/fuzz.py 60`` is a minute a door.

Prints, for each door and reader, how many cases were tried, answered and refused. Anything else stops it with the
case. Where atheris is installed (``--atheris KIND``), a reader's code is followed instead of drawn blindly.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import hostile
from hypothesis import HealthCheck, Phase, given, settings

DOORS = {
    "flows": (hostile.flow_tables, hostile.flows_door),
    "PolicyPanel": (hostile.panel_tables, hostile.panel_door),
    "gravity": (hostile.gravity_tables, hostile.gravity_door),
    "IOTable": (hostile.input_output, hostile.io_door),
    "InterCountryTable": (hostile.input_output, hostile.intercountry_door),
}


def door(name: str, seconds: float) -> Counter[str]:
    """Draw tables and give them to a door."""
    drawn, call = DOORS[name]
    seen: Counter[str] = Counter()
    end = time.monotonic() + seconds
    calm = settings(
        max_examples=500,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @calm
    @given(drawn)
    def attack(table: object) -> None:
        if time.monotonic() < end:
            seen[hostile.civil(lambda: call(table))] += 1  # type: ignore[operator]

    while time.monotonic() < end:
        attack()
    return seen


def files(kind: str, seconds: float, folder: Path) -> Counter[str]:
    """Damage a file and read it."""
    end = time.monotonic() + seconds
    seen: Counter[str] = Counter()
    for path, call in _damaged(kind, folder):
        seen[hostile.civil(call)] += 1
        path.unlink()
        if time.monotonic() > end:
            break
    return seen


def _damaged(kind: str, folder: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    parquet = kind.startswith("parquet-")
    whole = hostile.parquet(folder) if parquet else hostile.TEXTS[kind]
    suffix = ".parquet" if parquet else hostile.SUFFIX.get(kind, ".csv")
    for seed in itertools.count(1_000_000):
        path = folder / f"{seed}{suffix}"
        path.write_bytes(hostile.damaged(whole, seed))
        if parquet:
            yield path, lambda path=path: hostile.read_parquet(path, kind.removeprefix("parquet-"))
        else:
            yield path, lambda path=path: hostile.read(kind, path)


def followed(kind: str, runs: str) -> None:
    """Let atheris look for inputs of one reader."""
    import atheris

    with atheris.instrument_imports(
        include=["exportlab.readers", "exportlab.claims", "exportlab.valueadded"]
    ):
        hostile.civil(lambda: hostile.read(kind, Path("no file")))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{hostile.SUFFIX.get(kind, '.csv')}"

        def attack(data: bytes) -> None:
            path.write_bytes(data)
            hostile.civil(lambda: hostile.read(kind, path))

        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        (corpus / "whole").write_bytes(hostile.TEXTS[kind])
        atheris.Setup([sys.argv[0], f"-runs={runs}", "-timeout=20", str(corpus)], attack)
        atheris.Fuzz()


def main(seconds: float) -> None:
    """All doors and readers, one after another."""
    with tempfile.TemporaryDirectory() as folder:
        kinds = [*hostile.TEXTS, "parquet-pandas", "parquet-polars", "parquet-duckdb"]
        for name in (*DOORS, *kinds):
            began = time.monotonic()
            seen = door(name, seconds) if name in DOORS else files(name, seconds, Path(folder))
            took = time.monotonic() - began
            print(
                f"{name:18} {sum(seen.values()):8,} cases {seen['answered']:8,} answered {seen['refused']:8,} refused "
                f"{took:6.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    if "--atheris" in sys.argv:
        followed(sys.argv[sys.argv.index("--atheris") + 1], sys.argv[-1])
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 10)
