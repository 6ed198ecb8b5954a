"""Two-way trade: outside numbers, identities, engines, errors."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
import tries
from family_engines import ENGINES, flows, indexed, rows, same
from hypothesis import given
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import DataError, EngineError, OptionError
from exportlab.indices.intra_industry import grubel_lloyd, marginal_iit, thom_mcdowell, two_way_types


def sides(x: dict, m: dict, *keys: str) -> tuple[xl.Flows, xl.Flows]:
    """{key: value} of exports and imports as two Flows."""

    def side(values: dict) -> xl.Flows:
        tuples = [(k if isinstance(k, tuple) else (k,), v) for k, v in values.items()]
        return flows([{**dict(zip(keys, k, strict=True)), "value": float(v)} for k, v in tuples])

    return side(x), side(m)


def value(result, column: str) -> float:
    (row,) = rows(result)
    return row[column]


def test_outside_grubel_lloyd(reference):
    for _, case in pd.read_csv(reference / "indices_intra_industry.csv").groupby("case"):
        x, m = (dict(zip(case["product"], case[side], strict=True)) for side in ("exports", "imports"))
        both = sides(x, m, "product")
        by_product = grubel_lloyd(*both, form="product").grubel_lloyd
        assert by_product.to_numpy() == pytest.approx(case.grubel_lloyd.to_numpy(), abs=5e-7)
        assert value(grubel_lloyd(*both), "grubel_lloyd") == pytest.approx(
            case["aggregate"].iloc[0], abs=5e-7
        )
        # every good is in deficit (or surplus), so the balance-adjusted index is 1
        assert value(grubel_lloyd(*both, form="balance"), "grubel_lloyd") == pytest.approx(1)


def test_adjusted_forms_by_hand():
    both = sides({"a": 60, "b": 40}, {"a": 20, "b": 30}, "product")
    assert value(grubel_lloyd(*both), "grubel_lloyd") == pytest.approx(1 - 50 / 150)
    two = sides({"a": 60, "b": 20}, {"a": 20, "b": 30}, "product")
    assert value(grubel_lloyd(*two, form="balance"), "grubel_lloyd") == pytest.approx((130 - 50) / (130 - 30))
    overlap = min(0.75, 0.4) + min(0.25, 0.6)
    assert value(grubel_lloyd(*two, form="aquino"), "grubel_lloyd") == pytest.approx(overlap)
    one_way = sides({("P", "a"): 60}, {("Q", "a"): 5}, "market", "product")
    assert grubel_lloyd(*one_way).grubel_lloyd.tolist() == [0, 0]
    for form in ("balance", "aquino"):
        assert grubel_lloyd(*one_way, form=form).grubel_lloyd.isna().all()


amounts = st.lists(st.floats(0.01, 1e6) | st.just(0.0), min_size=4, max_size=4).filter(any)


@tries.at_most(10)
@given(amounts, amounts)
def test_aggregate_is_the_weighted_mean_and_adjusting_never_lowers_it(x, m):
    both = sides(dict(zip("abcd", x, strict=True)), dict(zip("abcd", m, strict=True)), "product")
    cells = grubel_lloyd(*both, form="product")
    weight = cells.exports + cells.imports
    whole = value(grubel_lloyd(*both), "grubel_lloyd")
    assert whole == pytest.approx((cells.grubel_lloyd * weight).sum() / weight.sum(), abs=1e-9)
    balanced = value(grubel_lloyd(*both, form="balance"), "grubel_lloyd")
    assert math.isnan(balanced) or whole - 1e-9 <= balanced <= 1 + 1e-9


def over_time(x0, m0, x1, m1):
    def both(a, b):
        return {**{(2000, k): v for k, v in a.items()}, **{(2001, k): v for k, v in b.items()}}

    return sides(both(x0, x1), both(m0, m1), "period", "product")


def test_marginal_iit_by_hand():
    f = over_time({"a": 10, "b": 10}, {"a": 10, "b": 10}, {"a": 16, "b": 13}, {"a": 14, "b": 7})
    made = indexed(marginal_iit(*f, form="product"), "product")
    assert made["a"]["marginal_iit"] == pytest.approx(1 - 2 / 10)
    assert made["a"]["performance"] == pytest.approx(0.2)
    assert made["b"]["marginal_iit"] == 0
    assert made["b"]["performance"] == 1
    assert value(marginal_iit(*f), "marginal_iit") == pytest.approx(0.8 * 10 / 16)
    still = over_time({"a": 1}, {"a": 2}, {"a": 1}, {"a": 2})
    assert math.isnan(value(marginal_iit(*still), "marginal_iit"))
    gone = over_time({"a": 10}, {"a": 10}, {}, {"a": 4})  # a cell that disappears fell to zero
    assert value(marginal_iit(*gone), "marginal_iit") == pytest.approx(1 - 4 / 16)


def test_thom_mcdowell_by_hand():
    # Industry 1: exports of 11 rise by 5, imports of 12 by 4: nothing matches product by product, 8/9 vertically.
    f = over_time({"11": 10, "21": 1}, {"12": 10, "21": 1}, {"11": 15, "21": 4}, {"12": 14, "21": 3})
    made = indexed(thom_mcdowell(*f, 1), "industry")
    assert made["1"]["thom_mcdowell"] == pytest.approx(1 - 1 / 9)
    assert made["1"]["horizontal"] == 0
    assert made["1"]["vertical"] == pytest.approx(8 / 9)
    assert made["2"]["thom_mcdowell"] == made["2"]["horizontal"] == pytest.approx(0.8)
    assert made["2"]["inter_industry"] == pytest.approx(0.2)


def priced(cells, unit="kg"):
    table = [{"product": p, "value": float(v), "quantity": q} for p, v, q in cells]
    return xl.flows(pd.DataFrame(table), quantity="quantity", quantity_unit=unit)


def test_unit_values_by_hand():
    # relative unit values: a 1.0, b 2.0, c 0.5, d not known, e 0.86
    x = priced(
        [("a", 50, 50.0), ("b", 40, 20.0), ("c", 10, 20.0), ("d", 20, None), ("e", 8.6, 10.0), ("f", 30, 5.0)]
    )
    m = priced([("a", 30, 30.0), ("b", 10, 10.0), ("c", 30, 30.0), ("d", 20, 2.0), ("e", 10, 10.0)])
    trade = 158.6 + 100
    made = rows(two_way_types(x, m))[0]
    assert made["horizontal"] == pytest.approx((60) / trade)  # 0.86 < 1/1.15
    assert made["vertical_high"] == pytest.approx(20 / trade)
    assert made["vertical_low"] == pytest.approx((20 + 17.2) / trade)
    assert made["not_classified"] == pytest.approx(40 / trade)
    assert made["two_way"] == pytest.approx(value(grubel_lloyd(x, m), "grubel_lloyd"))
    symmetric = rows(two_way_types(x, m, rule="symmetric"))[0]
    assert symmetric["horizontal"] == pytest.approx((60 + 17.2) / trade)  # 0.86 > 0.85
    whole = rows(two_way_types(x, m, method="trade_type", threshold=0.3))[0]
    assert whole["vertical_high"] == 0  # 10 of 40 is less than 0.3
    assert whole["one_way"] == pytest.approx((50 + 30) / trade)
    parts = [made[c] for c in ("horizontal", "vertical_high", "vertical_low", "not_classified")]
    assert sum(parts) == pytest.approx(made["two_way"], rel=1e-12)


def table(seed: int) -> list[dict]:
    r = np.random.default_rng(seed)
    return [
        {
            "period": y,
            "exporter": e,
            "market": m,
            "product": p,
            "value": round(float(r.gamma(0.6)), 3),
            "quantity": round(float(r.uniform(0.1, 1)), 3),
        }
        for y in (2020, 2021)
        for e in "AB"
        for m in "XY"
        for p in ("11", "12", "21")
        if r.random() < 0.8
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree_with_plain_python(engine):
    x, m = flows(table(1), engine), flows(table(2), engine)

    def of(side, **where):
        return sum(r["value"] for r in table(side) if all(r[k] == v for k, v in where.items()))

    made = indexed(grubel_lloyd(x, m, by=["period", "exporter"]), "period", "exporter")
    typed = indexed(two_way_types(x, m, by=["period", "exporter"]), "period", "exporter")
    for (y, e), got in made.items():
        pairs = [
            (of(1, period=y, exporter=e, product=p), of(2, period=y, exporter=e, product=p))
            for p in ("11", "12", "21")
        ]
        expected = 1 - sum(abs(a - b) for a, b in pairs) / sum(a + b for a, b in pairs)
        assert same(got["grubel_lloyd"], expected)
        assert same(typed[y, e]["two_way"], expected, 1e-11)
    got = indexed(thom_mcdowell(x, m, 1, by="period"), "period", "industry")[2021, "1"]
    moves = []
    for p in ("11", "12"):
        dx, dm = (of(s, period=2021, product=p) - of(s, period=2020, product=p) for s in (1, 2))
        moves.append((dx, dm))
    size = sum(abs(dx) + abs(dm) for dx, dm in moves)
    assert same(got["thom_mcdowell"], 1 - abs(sum(dx - dm for dx, dm in moves)) / size, 1e-11)
    assert same(got["horizontal"], 1 - sum(abs(dx - dm) for dx, dm in moves) / size, 1e-11)


def test_years_as_text_among_the_imports_are_the_same_years():
    x, m = flows(table(1)), flows(table(2))
    as_text = flows([{**r, "period": str(r["period"])} for r in table(2)])
    assert rows(grubel_lloyd(x, as_text)) == rows(grubel_lloyd(x, m))


def test_errors_say_what_is_allowed():
    x, m = flows(table(1)), flows(table(2))
    with pytest.raises(DataError, match="takes Flows, not list"):
        grubel_lloyd(x, [])
    with pytest.raises(OptionError, match="exports are in None and imports in 'USD'"):
        grubel_lloyd(x, flows(table(2), unit="USD"))
    with pytest.raises(EngineError, match="bring both tables into one engine"):
        grubel_lloyd(x, xl.flows(pl.DataFrame(table(2))))
    with pytest.raises(DataError, match="the imports have no exporter"):
        grubel_lloyd(x, flows([{"period": 2020, "product": "11", "value": 1.0}]))
    with pytest.raises(OptionError, match=r"form='aquina' is not allowed.*Did you mean 'aquino'"):
        grubel_lloyd(x, m, form="aquina")
    with pytest.raises(DataError, match="no two periods lie 3 apart"):
        marginal_iit(x, m, lag=3)
    with pytest.raises(OptionError, match="keep the period"):
        marginal_iit(x, m, by="exporter")
    with pytest.raises(DataError, match="no quantity"):
        two_way_types(*sides({"a": 1}, {"a": 1}, "product"))
    with pytest.raises(OptionError, match="alpha=15 is not allowed"):
        two_way_types(x, m, alpha=15)
