"""Every catalogued indicator of pairs, changes and tables: the same on every engine, in any order of rows."""

from __future__ import annotations

import math

import narwhals.stable.v2 as nw
import pytest
from catalogue_calls import ARGUMENTS, call, world
from engines import ENGINES

import exportlab as xl

NAMES = list(ARGUMENTS)
OTHERS = [e for e in ENGINES if e != "pandas"]


def plain(native) -> list[tuple]:
    """A result of any engine as rows: labels first, sorted; figures after."""
    frame = nw.from_native(native)
    frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    columns = sorted(frame.columns)
    made = []
    for row in frame.iter_rows(named=True):
        labels = tuple(
            str(row[c]) for c in columns if not isinstance(row[c], float | int) or c in ("period", "start")
        )
        figures = tuple(
            row[c] for c in columns if isinstance(row[c], float | int) and c not in ("period", "start")
        )
        made.append((labels, figures))
    return sorted(made, key=lambda r: (r[0], [f"{x:.6e}" for x in r[1]]))


def agree(left: list[tuple], right: list[tuple]) -> bool:
    return len(left) == len(right) and all(
        a[0] == b[0]
        and len(a[1]) == len(b[1])
        and all(
            (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-11)
            for x, y in zip(a[1], b[1], strict=True)
        )
        for a, b in zip(left, right, strict=True)
    )


def test_every_indicator_has_a_call():
    assert set(NAMES) == {n for n, i in xl.CATALOGUE.items() if not i.is_distribution}


@pytest.fixture(scope="module")
def here():
    table = world()
    return {name: plain(call(name, table)) for name in NAMES}


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("name", NAMES)
def test_every_engine_gives_what_pandas_gives(name, engine, here):
    """pandas itself is held against plain Python and outside numbers in the family's own test."""
    assert here[name]
    assert agree(here[name], plain(call(name, world(), ENGINES[engine])))


@pytest.mark.parametrize("name", NAMES)
def test_order_of_rows_does_not_matter(name, here):
    assert agree(here[name], plain(call(name, world(), lambda t: t.sample(frac=1, random_state=5))))
