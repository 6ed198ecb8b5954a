"""Arrow tables as they come: of many chunks, large, read by threads. One number, whatever the threads do."""

from __future__ import annotations

import math
from itertools import pairwise

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from catalogue_calls import ARGUMENTS, OPTIONS, call, world
from engines import ENGINES, rows
from table_laws import Case

import exportlab as xl
from exportlab.frames import column_like, with_largest, with_rank, with_total


@pytest.fixture
def threads():
    """Four threads for Arrow, though the machine have fewer cores or the environment ask for one."""
    before = pa.cpu_count()
    pa.set_cpu_count(4)
    yield
    pa.set_cpu_count(before)


def close(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-13)
    return a == b


CALLS = [(name, {}) for name in ARGUMENTS] + [
    (name, Case(name, text).options) for name in ARGUMENTS for text in OPTIONS.get(name, []) if "'" in text
]


@pytest.mark.grid(4)
@pytest.mark.parametrize(("name", "options"), CALLS, ids=lambda v: str(v))
def test_every_table_indicator_on_many_chunks(threads, name, options):
    table = world()
    plain = call(name, table, ENGINES["polars"], **options)
    chunks = call(name, table, ENGINES["pyarrow-chunks"], **options)
    keys = [c for c, kind in nw.from_native(plain).schema.items() if not kind.is_float()]
    for one, other in zip(rows(plain, keys), rows(chunks, keys), strict=True):
        assert all(close(one[c], other[c]) for c in plain.columns), (one, other)


@pytest.fixture(scope="module")
def large():
    """Ten years of half a million rows, with the figures of each by a loop."""
    size, years = 500_000, 10
    rng = np.random.default_rng(12)
    year = np.repeat(np.arange(2000, 2000 + years), size // years)
    value = 10.0 ** (year - 2000) * rng.integers(1, 1000, size)
    member = np.tile(np.arange(1001, 1001 + size // years), years)
    expected = {}
    for t, values in zip(range(2000, 2000 + years), value.reshape(years, -1), strict=True):
        shares = sorted((values / math.fsum(values)).tolist(), reverse=True)
        n = len(shares)
        by_rank = math.fsum(r * s for r, s in enumerate(shares, 1))
        expected[t] = {
            "hhi": math.fsum(s * s for s in shares),
            "cr4": math.fsum(shares[:4]),
            "gini": (n + 1 - 2 * by_rank) / n,
        }
    return pa.table({"year": year, "member": member, "value": value}), expected


@pytest.mark.parametrize("chunks", [1, 40])
def test_large_tables_against_a_loop(threads, large, chunks):
    """Half a million rows, where Arrow's joins go to several threads; each call four times."""
    whole, expected = large
    cuts = np.linspace(0, len(whole), chunks + 1).astype(int)
    table = pa.concat_tables([whole.slice(a, b - a) for a, b in pairwise(cuts)])
    for _ in range(4):
        flows = xl.flows(table, period="year", market="member", value="value")
        found = rows(xl.measure(flows, ["hhi", "cr4", "gini"], over="market"), ["year"])
        shared = xl.share(flows).column("share").to_numpy().reshape(len(expected), -1).sum(axis=1)
        assert shared == pytest.approx(np.ones(len(expected)), rel=1e-12)
        assert len(found) == len(expected)
        for row in found:
            assert {n: row[n] for n in ("hhi", "cr4", "gini")} == pytest.approx(
                expected[row["year"]], rel=1e-12
            )


def test_a_column_stays_in_the_order_of_the_rows(threads):
    """What the windows of other engines do: totals, largest, ranks; keys as numbers, text, categories, with gaps."""
    table = pd.DataFrame(
        {
            "t": [2, 1, 2, 1, 1, 2],
            "k": pd.Categorical(["b", "a", "a", "a", "b", "b"]),
            "value": [3.0, 1.0, 7.0, 5.0, 2.0, 4.0],
            "part": [1.0, np.nan, 2.0, 4.0, np.nan, 8.0],
        }
    )
    frame = nw.from_native(ENGINES["pyarrow-chunks"](table))
    assert with_total(frame, ["t", "k"])["_total"].to_list() == [7.0, 6.0, 7.0, 6.0, 2.0, 7.0]
    assert with_total(frame, ["t"], "part", "p")["p"].to_list() == [11.0, 4.0, 11.0, 4.0, 4.0, 11.0]
    assert with_largest(frame, ["t"])["_largest"].to_list() == [7.0, 5.0, 7.0, 5.0, 5.0, 7.0]
    assert with_rank(frame, ["t"])["_rank"].to_list() == [3, 3, 1, 1, 2, 2]
    assert column_like(frame, "x", np.arange(6))[3] == 3


def test_many_keys_are_numbered_without_a_place_for_each():
    """Four keys of 70,000 labels each could make 2.4e19 groups; there are 70,000."""
    n = 70_000
    label = np.arange(n)
    keys = {k: np.random.default_rng(i).permutation(label) for i, k in enumerate("abcd")}
    frame = nw.from_native(pa.table({**keys, "value": np.ones(n)}))
    assert with_total(frame, list("abcd"))["_total"].to_list() == [1.0] * n
    assert with_rank(frame, list("abcd"))["_rank"].to_list() == [1.0] * n
