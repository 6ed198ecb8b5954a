"""Every distribution indicator on every engine, against the plain-Python oracle."""

from __future__ import annotations

import math

import pandas as pd
import pytest
import tries
from engines import ENGINES, rows
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from oracle import FURTHER, ORACLE

import exportlab as xl

values = st.one_of(st.just(0.0), st.integers(1, 6).map(float), st.floats(1e-3, 1e6))
groups = st.lists(st.lists(values, min_size=1, max_size=7), min_size=1, max_size=12).filter(
    lambda g: any(v > 0 for group in g for v in group)
)
CALLS = {
    f"{name}_{i}": (name, options)
    for name in ORACLE
    for i, options in enumerate([{}, *FURTHER.get(name, [])])
}


def test_the_oracle_knows_every_distribution_indicator():
    assert {i.name for i in xl.CATALOGUE.values() if i.is_distribution} == set(ORACLE)


def table_of(drawn):
    records = [
        {"year": 2000 + g, "partner": f"m{k}", "usd": v}
        for g, group in enumerate(drawn)
        for k, v in enumerate(group)
    ]
    return pd.DataFrame(records)


@pytest.mark.parametrize("engine", ENGINES)
@tries.at_most(12, suppress_health_check=list(HealthCheck))
@given(drawn=groups, universe=st.sampled_from(["observed", "active", 9]))
def test_every_indicator_agrees_with_the_oracle(engine, drawn, universe):
    check(ENGINES[engine], universe, drawn)


def check(convert, universe, drawn, calls=CALLS):
    table = table_of(drawn)
    flows = xl.flows(convert(table), period="year", market="partner", value="usd")
    result = rows(xl.measure(flows, calls, over="market", universe=universe), ["year"])
    assert [r["year"] for r in result] == list(range(2000, 2000 + len(drawn)))
    observed = table.loc[table["usd"] > 0, "partner"].nunique()
    for group, row in zip(drawn, result, strict=True):
        active = sum(v > 0 for v in group)
        size = {"observed": observed, "active": max(active, 1)}.get(universe, universe)
        if active:
            assert row["universe"] == size
        for column, (name, options) in calls.items():
            expected = ORACLE[name](group, size, **options) if active else math.nan
            got = row[column]
            assert got is not None, (column, group)
            if math.isnan(expected):
                assert math.isnan(got), (column, group, got)
            else:
                assert got == pytest.approx(expected, rel=1e-11, abs=1e-12), (column, group)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_type_comes_back_and_lazy_stays_lazy(engine):
    table = ENGINES[engine](
        pd.DataFrame({"year": [1, 1, 2], "partner": ["a", "b", "a"], "usd": [1.0, 2.0, 3.0]})
    )
    flows = xl.flows(table, period="year", market="partner", value="usd")
    for result in (xl.hhi(flows, over="market"), xl.share(flows), xl.cells(flows, "market").table):
        assert type(result) is type(table)


@pytest.mark.parametrize("name", ORACLE)
@tries.at_most(30)
@given(group=st.lists(values, min_size=1, max_size=9).filter(any))
def test_arrays_give_the_same_numbers_as_frames(name, group):
    size = 12
    for options in [{}, *FURTHER.get(name, [])]:
        got = float(xl.evaluate(name, group, universe=size, **options))
        expected = ORACLE[name](group, size, **options)
        assert got == pytest.approx(expected, rel=1e-11, abs=1e-12, nan_ok=True)
