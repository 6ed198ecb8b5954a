"""Every law is decided for every index of a distribution: it holds (Hypothesis), or a counter-example is kept."""

from __future__ import annotations

import math

import pytest
import tries
from hypothesis import given
from hypothesis import strategies as st
from laws import CHECKS, bound, call, counter_examples
from oracle import OPTIONS

import exportlab as xl
from exportlab.indices.catalogue import LAWS

DISTRIBUTIONS = [i for i in xl.CATALOGUE.values() if i.is_distribution]
HOLDS = [(i.name, law) for i in DISTRIBUTIONS for law in LAWS if law in i.laws]
FAILS = [(i.name, law) for i in DISTRIBUTIONS for law in LAWS if law not in i.laws]
UNIVERSE = 12
positive = st.one_of(st.integers(1, 5).map(float), st.floats(0.01, 1e5))
members = st.lists(st.one_of(st.just(0.0), positive), min_size=1, max_size=8).filter(any)

KEPT = {
    (row["indicator"], row["law"]): row
    for row in counter_examples()
    if row["indicator"] in {n for n, _ in FAILS}
}


def test_declared_laws_exist():
    assert all(i.laws <= set(LAWS) for i in xl.CATALOGUE.values())
    assert set(CHECKS) == set(LAWS)


@pytest.mark.parametrize(("name", "law"), HOLDS)
@tries.at_most(60)
@given(values=members)
def test_law_holds(name, law, values):
    for options in [{}, *OPTIONS.get(name, [])]:
        if law == "bounds" and options.get("scale"):
            continue
        assert not list(CHECKS[law](name, values, UNIVERSE, {**xl.CATALOGUE[name].options, **options}))


@pytest.mark.parametrize(("name", "law"), FAILS)
def test_law_fails_as_kept(name, law):
    kept = KEPT[name, law]
    values = [float(v) for v in kept["where"].split()]
    broken = CHECKS[law](name, values, UNIVERSE, dict(xl.CATALOGUE[name].options))
    assert (kept["before"], kept["after"]) in [(f"{a:.4g}", f"{b:.4g}") for a, b in broken]


@pytest.mark.parametrize("name", [i.name for i in DISTRIBUTIONS])
def test_bounds_are_reached(name):
    """One member, and as many equal ones as there can be, lie on the two bounds."""
    options = dict(xl.CATALOGUE[name].options)
    ends = []
    for values in ([1.0], [1.0] * UNIVERSE, [1.0, 1e-14]):  # the last approaches a bound that is not reached
        got = call(name, values, UNIVERSE, **options)
        limits = [
            bound(t, values, UNIVERSE, options) for t in (xl.CATALOGUE[name].low, xl.CATALOGUE[name].high)
        ]
        if name == "cr":
            limits = [min(x, 1.0) for x in limits]
        ends += [k for k, limit in enumerate(limits) if math.isclose(got, limit, abs_tol=1e-12)]
    assert {0, 1} <= set(ends)
