"""Trade intensity, blocs, complementarity, potential: worked cases, identities, engines, errors."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import tries
from family_engines import ENGINES, flows, indexed, rows, same
from hypothesis import given
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.indices.complementarity import complementarity, trade_potential
from exportlab.indices.partners import (
    bloc_intensity,
    intra_share,
    introversion,
    size_adjusted_share,
    trade_intensity,
)

AB = ["A", "B"]


@pytest.fixture(scope="module")
def four(reference) -> xl.Flows:
    return xl.flows(pd.read_csv(reference / "indices_partners.csv"))


def value(result) -> float:
    return rows(result)[0][list(rows(result)[0])[-1]]


def test_trade_intensity_worked(four):
    # A sells 40 of 100 to B; the world sells 85 of 400 to B.
    for correction, reference in {
        "none": 85 / 400,
        "own_exports": 85 / 300,
        "own_imports": 85 / (400 - 65),
        "rest": 45 / 300,
    }.items():
        made = indexed(trade_intensity(four, correction=correction), "exporter", "market")["A", "B"]
        assert made["share"] == 0.4
        assert made["reference_share"] == pytest.approx(reference, rel=1e-15)
        assert made["trade_intensity"] == pytest.approx(0.4 / reference, rel=1e-15)


def test_plain_and_rest_intensity_are_advantage_over_markets(four):
    for correction, reference in (("none", "world"), ("rest", "rest")):
        made = trade_intensity(four, correction=correction).trade_intensity
        assert made.tolist() == pytest.approx(
            xl.rca(four, over="market", reference=reference).rca.tolist(), rel=1e-12
        )


def test_bloc_worked(four):
    # rr = 70, ro = 130 (bloc's exports 200); outsiders sell 80 to the bloc and 120 to each other; world 400.
    s, v = 70 / 200, 80 / 200
    assert value(intra_share(four, members=AB)) == pytest.approx(s)
    assert value(bloc_intensity(four, members=AB)) == pytest.approx(s / (150 / 400))
    assert value(bloc_intensity(four, members=AB, form="homogeneous")) == pytest.approx(s / v)
    hi, he = s / v, (1 - s) / (1 - v)
    assert value(introversion(four, members=AB)) == pytest.approx((hi - he) / (hi + he))
    assert value(size_adjusted_share(four, members=AB)) == pytest.approx(s / (200 / 400))
    # imports of the bloc: 150, of which 70 from itself; outsiders' imports 250, of which 130 from the bloc
    assert value(intra_share(four, members=AB, flow="imports")) == pytest.approx(70 / 150)
    assert value(bloc_intensity(four, members=AB, flow="imports", form="homogeneous")) == pytest.approx(
        70 / 150 / (130 / 250)
    )
    # total trade of the bloc: 200 + 150
    assert value(intra_share(four, members=AB, flow="total")) == pytest.approx(140 / 350)
    plain = value(bloc_intensity(four, members=AB, flow="total"))
    assert (
        plain
        == pytest.approx(140 / 350 / (350 / 800))
        == value(size_adjusted_share(four, members=AB, flow="total"))
    )


def test_introversion_ends_and_middle():
    def of(rr, ro, out, oo):
        cells = [("A", "B", rr), ("A", "C", ro), ("C", "B", out), ("C", "D", oo)]
        return value(
            introversion(
                flows([{"exporter": e, "market": m, "value": float(v)} for e, m, v in cells]), members=AB
            )
        )

    assert of(5, 5, 3, 3) == 0
    assert of(5, 0, 3, 3) == 1
    assert of(0, 5, 3, 3) == -1
    assert math.isnan(of(5, 5, 0, 0))
    assert math.isnan(of(0, 0, 3, 3))


@tries.at_most(6)
@given(st.lists(st.floats(0.01, 1e6), min_size=12, max_size=12))
def test_introversion_is_between_its_bounds_and_the_same_for_total_trade_reversed(x):
    pairs = [(e, m) for e in "ABCD" for m in "ABCD" if e != m]
    there = flows([{"exporter": e, "market": m, "value": v} for (e, m), v in zip(pairs, x, strict=True)])
    back = flows([{"exporter": m, "market": e, "value": v} for (e, m), v in zip(pairs, x, strict=True)])
    for flow in ("exports", "imports", "total"):
        assert -1 <= value(introversion(there, members=AB, flow=flow)) <= 1
    for a, b in (("exports", "imports"), ("total", "total")):
        assert value(introversion(there, members=AB, flow=a)) == pytest.approx(
            value(introversion(back, members=AB, flow=b)), abs=1e-9
        )


def test_blocs_by_name_and_date():
    cells = [
        (y, e, m, 1.0)
        for y in (2021, 2022)
        for e in ("China", "Japan", "USA")
        for m in ("China", "Japan", "USA")
        if e != m
    ]
    f = flows([{"period": y, "exporter": e, "market": m, "value": v} for y, e, m, v in cells])
    assert intra_share(f, "RCEP").intra_share.tolist() == [0.5, 0.5]
    dated = intra_share(f, "RCEP", membership="dated").intra_share
    assert math.isnan(dated[0])  # in force from 2022
    assert dated[1] == 0.5


def test_complementarity_worked():
    table = [
        ("i", "j", "a", 6.0),
        ("i", "k", "b", 4.0),
        ("k", "j", "b", 5.0),
        ("j", "k", "a", 10.0),
        ("k", "j", "c", 5.0),
    ]
    f = flows([{"exporter": e, "market": m, "product": p, "value": v} for e, m, p, v in table])
    made = indexed(complementarity(f), "exporter", "market")
    # i sells a .6, b .4; j buys a 6, b 5, c 5 of 16; k buys b 4, a 10 of 14
    assert made["i", "j"]["complementarity"] == pytest.approx(
        1 - (abs(0.6 - 6 / 16) + abs(0.4 - 5 / 16) + 5 / 16) / 2
    )
    assert made["i", "k"]["complementarity"] == pytest.approx(4 / 14 + 0.6)
    assert ("j", "j") not in made
    dg = indexed(complementarity(f, form="drysdale_garnaut"), "exporter", "market")
    # k buys 10 of 16 a and 4 of 9 b itself; others' imports are a 6, b 5, c 5 of 16
    assert dg["k", "j"]["complementarity"] == pytest.approx(0.5 * 16 / 5 * 5 / 16 + 0.5 * 16 / 5 * 5 / 16)
    # the world buys a 16, b 9, c 5 of 30; i buys nothing itself
    assert dg["i", "j"]["complementarity"] == pytest.approx(0.6 * 30 / 16 * 6 / 16 + 0.4 * 30 / 9 * 5 / 16)


def test_trade_intensity_is_complementarity_where_nobody_favours_anyone():
    # Every exporter sells each product to the markets in proportion to what they buy of it.
    r = np.random.default_rng(1)
    supply, share = (
        r.uniform(1, 5, (3, 4)),
        r.dirichlet(np.ones(3), 4),
    )  # exporter x product, product x market
    f = flows(
        [
            {
                "exporter": "ABC"[i],
                "market": "XYZ"[j],
                "product": f"p{k}",
                "value": float(supply[i, k] * share[k, j]),
            }
            for i in range(3)
            for j in range(3)
            for k in range(4)
        ]
    )
    intensity = indexed(trade_intensity(f, by="exporter", correction="own_imports"), "exporter", "market")
    fit = indexed(complementarity(f, form="drysdale_garnaut"), "exporter", "market")
    for pair, got in fit.items():
        assert got["complementarity"] == pytest.approx(intensity[pair]["trade_intensity"], rel=1e-12)
    assert max(abs(got["complementarity"] - 1) for got in fit.values()) > 0.01


def test_trade_potential_worked():
    table = [("i", "j", "a", 6.0), ("i", "k", "a", 4.0), ("k", "j", "a", 5.0), ("k", "j", "b", 3.0)]
    f = flows([{"exporter": e, "market": m, "product": p, "value": v} for e, m, p, v in table], unit="USD")
    made = indexed(trade_potential(f), "exporter", "market")
    assert (made["i", "j"]["actual"], made["i", "j"]["potential"], made["i", "j"]["gap"]) == (6, 10, 4)
    assert made["k", "j"]["gap"] == min(5, 11) + 3 - 8
    assert ("k", "k") not in made
    bought = flows([{"exporter": "j", "product": "a", "value": 4.0}], unit="USD")
    detail = indexed(trade_potential(f, bought, detail=True), "exporter", "market", "product")
    assert detail["i", "j", "a"]["gap"] == 4 - 6
    assert detail["k", "j", "b"]["gap"] == 0 - 3


def table() -> list[dict]:
    r = np.random.default_rng(2)
    return [
        {"period": y, "exporter": e, "market": m, "product": p, "value": round(float(r.gamma(0.6)), 3)}
        for y in (2020, 2021)
        for e in "ABC"
        for m in "ABCD"
        for p in "pqr"
        if e != m and r.random() < 0.8
    ]


def total(year, exporter=None, market=None) -> float:
    return sum(
        r["value"]
        for r in table()
        if r["period"] == year and exporter in (None, r["exporter"]) and market in (None, r["market"])
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree_with_plain_python(engine):
    f = flows(table(), engine)
    made = indexed(
        trade_intensity(f, by=["period", "exporter"], correction="own_imports"),
        "period",
        "exporter",
        "market",
    )
    for (y, e, m), got in made.items():
        expected = total(y, e, m) / total(y, e) / (total(y, None, m) / (total(y) - total(y, None, e)))
        assert same(got["trade_intensity"], expected)
    inner = indexed(introversion(f, by="period", members=AB), "period")
    for y, got in inner.items():
        rr = total(y, "A", "B") + total(y, "B", "A")
        ro = total(y, "A") + total(y, "B") - rr
        out, oo = total(y, "C", "A") + total(y, "C", "B"), total(y, "C", "D")
        assert same(got["introversion"], (rr * oo - ro * out) / (rr * oo + ro * out))
    gaps = indexed(trade_potential(f), "period", "exporter", "market")
    fits = indexed(complementarity(f), "period", "exporter", "market")
    for (y, e, m), got in gaps.items():
        expected, overlap = 0.0, 0.0
        for p in "pqr":
            sells = sum(
                r["value"] for r in table() if (r["period"], r["exporter"], r["product"]) == (y, e, p)
            )
            buys = sum(r["value"] for r in table() if (r["period"], r["market"], r["product"]) == (y, m, p))
            expected += min(sells, buys)
            overlap += min(sells / total(y, e), buys / total(y, None, m))
        assert same(got["potential"], expected)
        assert same(got["actual"], total(y, e, m))
        assert same(fits[y, e, m]["complementarity"], overlap)


def test_errors_say_what_is_allowed(four):
    with pytest.raises(DataError, match="no market"):
        trade_intensity(flows([{"exporter": "A", "value": 1.0}]))
    with pytest.raises(OptionError, match="correction='own' is not allowed"):
        trade_intensity(four, correction="own")
    with pytest.raises(OptionError, match="membership='dated' needs periods"):
        introversion(four, "RCEP", membership="dated")
    with pytest.raises(DataError, match="no known country"):
        intra_share(four, "RCEP")
    with pytest.raises(UnknownName):
        intra_share(four)
    with pytest.raises(OptionError, match="flow='both' is not allowed"):
        intra_share(four, members=AB, flow="both")
    a = flows([{"period": 2020, "exporter": "i", "market": "j", "product": "a", "value": 1.0}], unit="USD")
    b = flows([{"period": 2021, "exporter": "j", "product": "a", "value": 1.0}], unit="EUR")
    with pytest.raises(DataError, match="no imports in period 2020"):
        complementarity(a, b)
    with pytest.raises(OptionError, match="exports are in 'USD' and imports in 'EUR'"):
        trade_potential(a, b)


@pytest.mark.parametrize("members", [[], ["Jpan"], ["no", "body"], (1, 2)])
@pytest.mark.parametrize("name", ["bloc_share", "intra_share", "introversion"])
def test_members_who_are_nobody_are_refused(name, members):
    """A slip of the pen was a share of zero, or NaN, without a word."""
    rows = [("China", "Japan", 2.0), ("Japan", "China", 1.0), ("China", "USA", 1.0)]
    table = xl.flows(pd.DataFrame(rows, columns=["exporter", "market", "value"]))
    with pytest.raises(
        OptionError, match=r"members=.* names no label of the table. Its labels: \['China', 'Japan', 'USA'\]"
    ):
        xl.CATALOGUE[name](table, "RCEP", members=members)
    one = xl.CATALOGUE[name](table, "RCEP", members=["Japan", "China", "Peru"])
    both = xl.CATALOGUE[name](table, "RCEP", members=["Japan", "China"])
    pd.testing.assert_frame_equal(one, both)
