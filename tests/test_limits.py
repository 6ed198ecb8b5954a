"""Indices of a distribution where they end: one member, equal members, one that holds nearly all, high powers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES, rows

import exportlab as xl
from exportlab.errors import DataError, OptionError
from exportlab.indices.measure import ON_ARRAYS, Group

ALONE = {  # a single member, in a universe of one
    "hhi": 1.0,
    "hirschman": 1.0,
    "effective_number": 1.0,
    "cr": 1.0,
    "shannon": 0.0,
    "theil": 0.0,
    "gini": 0.0,
    "hall_tideman": 1.0,
    "number_active": 1.0,
    "theil_intensive": 0.0,
    "theil_extensive": 0.0,
}
ORDERS = [0, 0.5, 0.95, 1, 1 + 1e-12, 1.05, 2, 5, 6, 170, 1e300, math.inf]
AWKWARD = [0.1, 1 / 3, 7.7e20, 1e-50, 1e50, 12345.678, math.pi]


def limits(n):
    """Each index of n equal members: the value it has there, on the limit of its range."""
    even = {
        name: n if value == 1.0 and name in ("effective_number", "number_active") else None
        for name, value in ALONE.items()
    }
    return {
        **even,
        "hhi": 1 / n,
        "shannon": math.log(n),
        "theil": 0.0,
        "gini": 0.0,
        "hall_tideman": 1 / n,
        "cr": min(4 / n, 1.0),
        "theil_intensive": 0.0,
        "theil_extensive": 0.0,
        "hirschman": math.sqrt(1 / n),
    }


@pytest.mark.parametrize("value", AWKWARD)
def test_one_member_is_exactly_on_the_limit(value):
    for name, expected in ALONE.items():
        assert float(xl.evaluate(name, [value, 0.0])) == expected, name
    for q in ORDERS:
        assert float(xl.evaluate("hill", [0.0, value], q=q)) == 1.0, q


@pytest.mark.parametrize("value", AWKWARD)
@pytest.mark.parametrize("n", [2, 3, 6, 7, 10, 49, 97, 1000])
def test_equal_members_never_pass_the_limit(n, value):
    for name, expected in limits(n).items():
        found = float(xl.evaluate(name, [value] * n))
        low, high = (
            (expected, math.inf) if xl.CATALOGUE[name].rises_with == "concentration" else (0, expected)
        )
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-9 if "gini" in name else 1e-12), name
        assert low <= found <= high, name
    for q in ORDERS:
        found = float(xl.evaluate("hill", [value] * n, q=q))
        assert n * (1 - 1e-11) <= found <= n, q


@pytest.mark.parametrize("engine", ENGINES)
def test_limits_on_every_engine(engine):
    sizes = (1, 3, 7, 49)
    table = pd.DataFrame([(n, f"m{k}", 0.1) for n in sizes for k in range(n)], columns=["n", "m", "v"])
    flows = xl.flows(ENGINES[engine](table), period="n", market="m", value="v")
    orders = {f"hill{i}": ("hill", {"q": q}) for i, q in enumerate(ORDERS)}
    for row in rows(
        xl.measure(flows, {n: n for n in ALONE} | orders, over="market", universe="active"), ["n"]
    ):
        n = row["n"]
        for name, expected in (ALONE if n == 1 else limits(n)).items():
            low = name == "theil" or xl.CATALOGUE[name].rises_with == "concentration"
            assert row[name] >= expected if low else row[name] <= expected, (n, name)
            assert row[name] == pytest.approx(expected, rel=1e-12, abs=1e-12), (n, name)
        assert all(n * (1 - 1e-11) <= row[c] <= n for c in orders)


def test_what_lies_off_the_limit_by_more_than_rounding_is_left_to_be_seen():
    group = Group(lambda name: None, ON_ARRAYS)
    x = np.array([-1e-11, -1e-13, 0.0, 0.5, 1.0, 1 + 1e-13, 1 + 1e-11, np.nan])
    expected = [-1e-11, 0.0, 0.0, 0.5, 1.0, 1.0, 1 + 1e-11, np.nan]
    np.testing.assert_array_equal(group.within(x, 0.0, 1.0), expected)
    np.testing.assert_array_equal(group.within(np.array([-1e-11, -1e-9]), 0.0, 1.0, 100.0), [0.0, -1e-9])


@pytest.mark.parametrize(("large", "small"), [(1e10, 1.0), (1e50, 1e-50), (3.0, 1e-9), (1e15, 7.0)])
def test_entropy_where_one_holds_nearly_all_is_right_to_the_promised_tolerance(large, small):
    total = large + small
    r = small / large
    exact = (large / total) * math.log1p(r) + (small / total) * (math.log1p(r) - math.log(r))
    tolerance = 1e-12 * max(1.0, abs(math.log(total)))
    assert float(xl.evaluate("shannon", [large, small])) == pytest.approx(exact, rel=0, abs=tolerance)
    theil = float(xl.evaluate("theil", [large, small], universe=2))
    assert theil == pytest.approx(math.log(2) - exact, rel=0, abs=tolerance)


def test_hill_numbers_of_every_order_fall_from_the_count_to_one_over_the_largest_share():
    values = [1e40, 3e40, 5e39, 1.0]
    found = [float(xl.evaluate("hill", values, q=q)) for q in ORDERS]
    assert found[0] == 4.0
    assert found[-1] == sum(values) / 3e40
    assert found == sorted(found, reverse=True)
    near = float(xl.evaluate("hill", values, q=1 + 1e-9))
    assert near == pytest.approx(float(xl.evaluate("hill", values, q=1)), rel=1e-8)
    assert near != float(xl.evaluate("hill", values, q=1))


def test_hill_numbers_by_hand():
    """Of shares 1/4 and 3/4; 2 is the order where none is said, and near one the sum of powers does not cancel yet."""
    assert float(xl.evaluate("hill", [1.0, 3.0])) == pytest.approx(1.6, rel=1e-15)
    for q in (0.93, 1.05, 1.2):
        expected = (0.25**q + 0.75**q) ** (1 / (1 - q))
        assert float(xl.evaluate("hill", [1.0, 3.0], q=q)) == pytest.approx(expected, rel=1e-12)


def test_what_values_do_not_hold_matters_up_to_order_one():
    """Spread thin it adds nothing to the powers above one, and without end below."""
    thin = float(xl.evaluate("hill", [25.0, 50.0], total=100.0, q=1.5))
    assert thin == pytest.approx((0.25**1.5 + 0.5**1.5) ** -2, rel=1e-12)
    for q in (1, 0.5):
        with pytest.raises(OptionError, match="depends on how the part of total="):
            xl.evaluate("hill", [25.0, 50.0], total=100.0, q=q)


def test_values_that_add_up_to_the_total_leave_nothing():
    values = [1e12, 3e12]
    for total in (4e12, 4e12 * (1 + 1e-10), 4e12 * (1 - 1e-10)):  # to a billionth, as sums are rounded
        assert float(xl.evaluate("theil", values, total=total)) == pytest.approx(
            float(xl.evaluate("theil", values)), abs=1e-8
        )
    for scale in (1e-12, 1.0):
        with pytest.raises(OptionError, match="theil depends on how"):
            xl.evaluate("theil", [scale, 3 * scale], total=4 * scale * (1 + 1e-8))
        with pytest.raises(DataError, match="a total is below the sum"):
            xl.evaluate("theil", [scale, 3 * scale], total=4 * scale * (1 - 1e-8))


@pytest.mark.parametrize(
    ("value", "allowed"), [(1e50, True), (1.1e50, False), (1e-50, True), (0.9e-50, False)]
)
def test_the_ends_of_what_is_let_in(value, allowed):
    if allowed:
        assert float(xl.evaluate("hhi", [value, 0.0])) == 1.0
        return
    with pytest.raises(DataError, match=r"too far from one in 1 row\. First"):
        xl.evaluate("hhi", [value, 1.0])


def test_hundred_equal_markets_at_a_high_order():
    """(100 (1/100)^170)^(-1/169) = 100; the power alone underflows."""
    flows = xl.flows(pd.DataFrame({"market": [f"m{i}" for i in range(100)], "value": 1e6}))
    found = xl.measure(
        flows, {"high": ("hill", {"q": 170}), "top": ("hill", {"q": math.inf})}, over="market", by=[]
    )
    assert found["high"].item() == pytest.approx(100, rel=1e-12)
    assert found["top"].item() == 100.0


WRONG = [
    ("cr", {"k": 1.5}, "k=1.5 is not allowed. Allowed: a whole number, 1 or more"),
    ("cr", {"k": 0}, "k=0 is not allowed"),
    ("cr", {"k": True}, "k=True is not allowed"),
    ("cr", {"k": "4"}, "k='4' is not allowed"),
    ("cr0", {}, "k=0 is not allowed"),
    ("hill", {"q": math.nan}, r"q=nan is not allowed. Allowed: a number, 0 or more \(infinity too\)"),
    ("hill", {"q": -math.inf}, "q=-inf is not allowed"),
    ("hill", {"q": -1}, "q=-1 is not allowed"),
    ("hill", {"q": "2"}, "q='2' is not allowed"),
    ("hill", {"q": True}, "q=True is not allowed"),
    ("hhi", {"scale": math.inf}, "scale=inf is not allowed. Allowed: a number, 0 or more, finite"),
    ("hhi", {"scale": -1}, "scale=-1 is not allowed"),
    ("number_above", {"value": math.nan}, "value=nan is not allowed"),
    ("number_above", {"share": -0.1}, "share=-0.1 is not allowed"),
    ("hhi_normalised", {"scale": 10_000}, "hhi_normalised has no option 'scale'"),
]


@pytest.mark.parametrize(("name", "options", "said"), WRONG)
def test_options_outside_their_range(name, options, said):
    flows = xl.flows(pd.DataFrame({"market": ["a", "b"], "value": [1.0, 2.0]}))
    with pytest.raises(OptionError, match=said):
        xl.measure(flows, {"it": (name, options)}, over="market", by=[])
    with pytest.raises(OptionError, match=said):
        xl.evaluate(name, [1.0, 2.0], **options)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(math.nan, "nan"), (-1.0, "-1"), (math.inf, "inf"), (1e51, r"1e\+51"), (1e-51, "1e-51")],
)
def test_values_that_no_door_lets_in(value, shown):
    with pytest.raises(DataError, match=f"1 row.*{shown}|{shown}"):
        xl.evaluate("hhi", [1.0, value])
