"""Bounds under partial data are sharp: no completion lies outside, and brute force comes up to them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tries
from hypothesis import given
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName

INDICES = ["hhi", "cr1", "cr2", "effective_number", "hirschman", "theil", "gini", "shannon", "hall_tideman"]
STEPS = 6


def completions(rest, members, cap=None):
    """Every way to split `rest` among `members` in STEPS equal portions."""
    for cut in itertools.product(range(STEPS + 1), repeat=members):
        if sum(cut) == STEPS:
            split = [rest * c / STEPS for c in cut]
            if cap is None or max(split) <= cap + 1e-12:
                yield split


@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize(("known", "total"), [((5.0, 3.0), 20.0), ((10.0,), 16.0), ((4.0, 4.0, 4.0), 15.0)])
def test_no_completion_lies_outside_and_the_ends_are_reached(name, known, total):
    members = 3
    named = {f"m{i}": v for i, v in enumerate(known)}
    found = xl.bounds(name, named, total, max_members=members)
    universe = len(known) + members
    seen = [
        float(xl.evaluate(name, [*known, *split], universe=universe))
        for split in completions(total - sum(known), members)
    ]
    assert min(seen) >= found.low - 1e-12
    assert max(seen) <= found.high + 1e-12
    assert min(seen) == pytest.approx(
        found.low
    )  # STEPS is a multiple of the members: the even split is among them
    assert max(seen) == pytest.approx(found.high)


def test_largest_named_caps_the_rest():
    known, total, members = {"a": 6.0, "b": 4.0}, 20.0, 3
    found = xl.bounds("hhi", known, total, max_members=members, largest=True)
    seen = [
        float(xl.evaluate("hhi", [*known.values(), *split])) for split in completions(10.0, members, cap=4.0)
    ]
    assert found.low - 1e-12 <= min(seen)
    assert max(seen) <= found.high + 1e-12
    assert found.high == pytest.approx((36 + 16 + 16 + 16 + 4) / 400)


@tries.at_most(60)
@given(
    named=st.lists(st.floats(0.5, 50), min_size=1, max_size=4),
    rest=st.lists(st.floats(0.1, 50), min_size=1, max_size=5),
    group=st.lists(st.floats(0.1, 20), min_size=1, max_size=4),
)
def test_the_truth_lies_between(named, rest, group):
    truth = [*named, *group, *rest]
    known = {f"m{i}": v for i, v in enumerate(named)} | {"g": sum(group)}
    for name in ("hhi", "cr3", "effective_number"):
        value = float(xl.evaluate(name, truth))
        for limit in (None, 5):
            found = xl.bounds(name, known, sum(truth), max_members=limit, groups={"g": 4})
            assert found.low - 1e-9 <= value <= found.high + 1e-9


def test_published_partners_of_2023():
    known = {
        "EU": 1317.1,
        "Japan": 901.2,
        "South Korea": 634.1,
        "ASEAN": 595.4,
        "Saudi Arabia": 575.7,
        "USA": 567.2,
        "Russia": 549.0,
    }
    found = xl.bounds("hhi", known, 7659.6)
    shares = np.array(list(known.values())) / 7659.6
    assert found.low == pytest.approx((shares**2).sum())
    assert found.high == pytest.approx((shares**2).sum() + (1 - shares.sum()) ** 2)
    assert found.known_share == pytest.approx(0.671, abs=5e-4)
    assert "any number of members" in found.assumption
    assert "hhi" in repr(found)
    assert "<table" in found._repr_html_()


def test_bloc_share_bounds():
    known = {"Japan": 30.0, "USA": 20.0}
    found = xl.bounds("bloc_share", known, 100.0, bloc="RCEP", on=2023)
    assert (found.low, found.high) == pytest.approx((0.30, 0.80))
    whole = xl.bounds("bloc_share", {"RCEP": 30.0, "USA": 20.0}, 100.0, bloc="RCEP")
    assert (whole.low, whole.high) == pytest.approx((0.30, 0.30))  # nobody is left to take the rest
    asean = xl.bounds("bloc_share", {"Northeast Asia": 40.0}, 100.0, bloc="RCEP")
    assert (asean.low, asean.high) == pytest.approx((0.0, 1.0))  # Russia and Mongolia may be all of it


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"known": {}, "total": 1.0}, "no member is known"),
        ({"known": {"a": -1.0}, "total": 1.0}, "negative, infinite or missing. First: a=-1.0"),
        ({"known": {"a": 2.0}, "total": 1.0}, "add up to 2, more than the total 1"),
        ({"known": {"World": 2.0}, "total": 3.0}, "the total stands among the members. First: 'World'"),
        ({"known": {"RCEP": 1.0, "Japan": 1.0}, "total": 3.0}, "First: 'RCEP' beside 'Japan'"),
        (
            {"known": {"a": 1.0}, "total": 9.0, "max_members": 2, "largest": True},
            "does not fit into max_members=2",
        ),
    ],
)
def test_refusals(arguments, words):
    with pytest.raises(DataError, match=words):
        xl.bounds("hhi", **arguments)


def test_what_bounds_need():
    with pytest.raises(OptionError, match="gini depends on how many members there can be: give max_members="):
        xl.bounds("gini", {"a": 1.0}, 2.0)
    with pytest.raises(UnknownName, match="index with bounds named 'share'"):
        xl.bounds("share", {"a": 1.0}, 2.0)
    with pytest.raises(OptionError, match="bloc_share needs bloc="):
        xl.bounds("bloc_share", {"Japan": 1.0}, 2.0)
