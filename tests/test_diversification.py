"""Diversification and margins: outside numbers, identities, engines, errors."""

from __future__ import annotations

import math
import random

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import pytest
import tries
from family_engines import ENGINES, flows, indexed, same
from hypothesis import given
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.indices.diversification import (
    diversification,
    number_above,
    theil_margins,
    theil_traditional,
    theil_within_between,
)
from exportlab.indices.margins import hk_margins, iemp, log_mean, nestedness, nesting

PRODUCTS = ("0101", "0102", "8501", "8502", "9001")


def some_rows(seed: int = 5, filled: float = 0.6) -> list[dict]:
    """Three exporters that are markets too, one market more, two years; gaps and zeros."""
    r = random.Random(seed)
    return [
        {
            "period": y,
            "exporter": e,
            "market": m,
            "product": p,
            "value": round(10 * r.random(), 2) * (r.random() < 0.9),
        }
        for y in (2020, 2021)
        for e in "ABC"
        for m in "ABCX"
        for p in PRODUCTS
        if e != m and r.random() < filled
    ]


def wide(shares: dict[str, dict[str, float]]) -> xl.Flows:
    """{exporter: {product: value}} as flows."""
    return flows(
        [{"exporter": e, "product": p, "value": float(v)} for e, x in shares.items() for p, v in x.items()]
    )


def test_226_countries(shared, reference):
    """R economiccomplexity's world of 785 products: three countries are kept as figures."""
    folder = shared / "reference" / "indices"
    table = pd.read_parquet(folder / "economiccomplexity_world_trade_1998_2000.parquet")
    world = xl.flows(table, exporter="country", unit="thousand USD")
    outside = pd.read_csv(folder / "validation_r_data_indices.csv", index_col="country")
    kept = pd.read_csv(reference / "indices_diversification.csv", index_col="country")
    made = diversification(world).set_index("country").diversification
    assert (made - outside.UNCTAD_div).abs().max() < 1e-9
    assert made.loc[kept.index].to_numpy() == pytest.approx(kept.unctad_diversification.to_numpy(), abs=6e-7)
    made = theil_margins(world).set_index("country")
    names = {"theil": "Theil_N", "theil_extensive": "Theil_ext", "theil_intensive": "Theil_int"}
    for ours, theirs in names.items():
        assert (made[ours] - outside[theirs]).abs().max() < 1e-9
        assert made.loc[kept.index, ours].to_numpy() == pytest.approx(kept[ours].to_numpy(), abs=6e-7)
    counted = xl.measure(world, "number_above", over="product").set_index("country").number_above
    assert counted.loc[kept.index].tolist() == kept.n.tolist()


def test_theil_of_mexican_states_between_regions_as_pysal(reference):
    table = pd.read_csv(reference / "indices_mexico_gdp.csv", dtype={"state": str, "region": str})
    long = table.melt(["state", "region", "source"], var_name="period", value_name="value")
    f = xl.flows(long[["state", "period", "value"]], market="state")
    made = theil_within_between(f, dict(zip(table.state, table.region, strict=True)), over="market")
    theil = [0.20894344, 0.15222451, 0.10472941, 0.10194725, 0.09560113, 0.10511256, 0.10660832]
    between = [0.0345889, 0.02816853, 0.05260921, 0.05931219, 0.03205257, 0.02963731, 0.03635872]
    assert made.theil.tolist() == pytest.approx(theil, abs=5e-9)
    assert made.theil_between.tolist() == pytest.approx(between, abs=5e-9)


def test_theil_of_three_zeros_and_three_tens():
    f = wide({"i": dict.fromkeys("abc", 0) | dict.fromkeys("def", 10)})
    made = theil_margins(f, universe=list("abcdef")).iloc[0]
    assert [made.theil, made.theil_extensive] == pytest.approx([math.log(2)] * 2, rel=1e-15)
    assert made.theil_intensive == pytest.approx(0, abs=1e-15)


def test_number_above_value_or_share():
    f = wide({"i": {"a": 100, "b": 3, "c": 1, "d": 0}})
    count = [
        number_above(f, over="product", **o).number_above[0]
        for o in ({}, {"value": 1}, {"value": 200}, {"value": 200, "share": 0.02})
    ]
    assert count == [3, 2, 0, 2]
    assert xl.CATALOGUE["number_exported"].name == "number_above"


def test_diversification_against_each_reference():
    f = wide({"i": {"a": 5, "b": 3, "c": 2}, "j": {"a": 2, "b": 3, "c": 5}})
    for reference, expected in [
        ("rest", 0.3),
        ("world", 0.15),
        ("j", 0.3),
        (wide({"w": {"a": 2, "b": 3, "c": 5}}), 0.3),
    ]:
        assert diversification(f, reference=reference).diversification[0] == pytest.approx(
            expected, abs=1e-15
        )
    alone = wide({"i": {"a": 5}})
    for reference in ("rest", "world"):
        with pytest.raises(DataError, match=f"reference='{reference}': itself, or nobody"):
            diversification(alone, reference=reference)


def test_moving_value_off_a_member_can_lower_the_intensive_margin():
    before, after = (wide({"i": dict(zip("abc", v, strict=True))}) for v in ([4, 4, 2], [6, 4, 0]))
    margins = [theil_margins(f, universe=list("abc")).iloc[0] for f in (before, after)]
    assert margins[1].theil_intensive < margins[0].theil_intensive
    assert margins[1].theil_extensive > margins[0].theil_extensive
    assert margins[1].theil > margins[0].theil


def test_product_that_one_exporter_lacks_is_a_zero_of_its_share():
    f = wide({"i": {"a": 1, "b": 1}, "j": {"a": 1}})
    assert diversification(f, reference="j").diversification.tolist() == pytest.approx([0.5, 0])


values = st.lists(st.floats(0.01, 1e6) | st.just(0.0), min_size=5, max_size=5).filter(any)


@tries.at_most(12)
@given(values)
def test_margins_and_groups_add_up_to_theil(x):
    f = wide({"i": dict(zip(PRODUCTS, x, strict=True))})
    made = theil_margins(f, universe=PRODUCTS).iloc[0]
    assert made.theil_extensive + made.theil_intensive == pytest.approx(made.theil, abs=1e-12)
    split = theil_within_between(f, 2, universe=PRODUCTS).iloc[0]
    assert split.theil_between + split.theil_within == pytest.approx(made.theil, abs=1e-12)
    assert min(split.theil_between, split.theil_within) > -1e-12


@tries.at_most(12)
@given(values, values)
def test_hummels_klenow_margins_multiply_to_the_share_ratio(x, y):
    f = wide({"i": dict(zip(PRODUCTS, x, strict=True)), "j": dict(zip(PRODUCTS, y, strict=True))})
    for reference, base in (("rest", sum(y)), ("world", sum(x) + sum(y))):
        made = indexed(hk_margins(f, reference=reference), "exporter")["i"]
        if not math.isnan(made["intensive"]):
            # The rest is a difference: an exporter 10^8 times as large leaves it eight digits less.
            assert made["share_ratio"] == pytest.approx(sum(x) / base, rel=1e-7)
            assert 0 < made["extensive"] <= 1 + 1e-7


def test_hummels_klenow_by_hand():
    f = wide({"i": {"a": 10, "b": 0, "c": 0}, "r": {"a": 40, "b": 60, "c": 0}})
    rest = indexed(hk_margins(f), "exporter")["i"]
    assert (rest["extensive"], rest["intensive"], rest["share_ratio"]) == pytest.approx((0.4, 0.25, 0.1))
    world = indexed(hk_margins(f, reference="world"), "exporter")["i"]
    assert (world["extensive"], world["intensive"]) == pytest.approx((50 / 110, 0.2))
    only = wide({"i": {"a": 10}, "r": {"b": 60}})
    made = indexed(hk_margins(only), "exporter")["i"]
    assert made["extensive"] == 0
    assert math.isnan(made["intensive"])


def test_sato_vartia_average_over_markets():
    table = some_rows(3, filled=1)
    for r in table:
        r["value"] += 1  # every market is reached
    made = indexed(hk_margins(flows(table), across="market", by="exporter"), "exporter")["A"]
    own, rest = dict.fromkeys("ABCX", 0.0), dict.fromkeys("ABCX", 0.0)
    for r in table:
        (own if r["exporter"] == "A" else rest)[r["market"]] += r["value"]
    s = {m: v / sum(own.values()) for m, v in own.items()}
    w = {m: v / sum(rest.values()) for m, v in rest.items()}
    mean = {m: (s[m] - w[m]) / math.log(s[m] / w[m]) for m in "BCX"}
    logs = sum(mean[m] / sum(mean.values()) * math.log(own[m] / rest[m]) for m in "BCX")
    assert made["extensive"] * made["intensive"] == pytest.approx(math.exp(logs), rel=1e-12)


def test_sato_vartia_average_is_the_total_ratio_when_both_reach_the_same_markets():
    table = [
        {"exporter": e, "market": m, "product": p, "value": v}
        for e, m, p, v in [
            ("i", "X", "a", 3.0),
            ("i", "Y", "b", 1.0),
            ("j", "X", "a", 4.0),
            ("j", "X", "b", 2.0),
            ("j", "Y", "b", 9.0),
        ]
    ]
    made = indexed(hk_margins(flows(table), across="market"), "exporter")["i"]
    assert made["share_ratio"] == pytest.approx(4 / 15, rel=1e-12)


def test_a_market_that_one_does_not_sell_to_has_no_weight_in_the_average():
    """X alone is sold to by both, where half of what the others sell is sold as well: a third of it."""
    cells = [("i", "X", "a", 1.0), ("i", "Y", "a", 0.0), ("j", "X", "a", 3.0), ("j", "X", "b", 3.0)]
    cells += [("j", "Y", "a", 5.0), ("i", "Z", "a", 4.0)]
    table = [dict(zip(("exporter", "market", "product", "value"), c, strict=True)) for c in cells]
    made = indexed(hk_margins(flows(table), across="market"), "exporter")["i"]
    assert (made["extensive"], made["intensive"]) == pytest.approx((1 / 2, 1 / 3), rel=1e-12)


def test_margins_over_markets_that_nobody_shares_do_not_exist():
    cells = [("i", "X", "a", 1.0), ("j", "Y", "a", 3.0)]
    table = [dict(zip(("exporter", "market", "product", "value"), c, strict=True)) for c in cells]
    made = indexed(hk_margins(flows(table), across="market"), "exporter")["i"]
    assert math.isnan(made["extensive"])
    assert math.isnan(made["intensive"])


def test_the_logarithmic_mean_near_equality_and_away_from_it():
    """By ln(1 + d) of libraries, which does not cancel; exact to the last digits on both sides of one per cent."""
    apart = [0.0, 1e-12, 1e-6, 0.003, 0.009, 0.011, 0.5, 30.0]
    frame = nw.from_native(pd.DataFrame({"a": [2.0 * (1 + d) for d in apart], "b": 2.0}))
    expected = [2 * d / math.log1p(d) if d else 2.0 for d in apart]
    found = frame.select(m=log_mean("a", "b"), n=log_mean("b", "a"))
    assert found["m"].to_list() == pytest.approx(expected, rel=1e-13)
    assert found["n"].to_list() == pytest.approx(expected, rel=1e-13)
    blank = nw.from_native(pd.DataFrame({"a": [0.0, 3.0], "b": [3.0, 0.0]}))
    assert blank.select(m=log_mean("a", "b"))["m"].to_list() == [0.0, 0.0]


def test_market_penetration_by_hand():
    table = [("A", "X", "p"), ("A", "Y", "p"), ("B", "Z", "p"), ("B", "Z", "q"), ("A", "X", "q")]
    f = flows([{"exporter": e, "market": m, "product": p, "value": 1.0} for e, m, p in table])
    made = indexed(iemp(f), "exporter")
    assert (made["A"]["relationships"], made["A"]["potential"]) == (3, 5)  # p: X, Y, Z; q: X, Z
    assert made["A"]["iemp"] == pytest.approx(0.6)
    assert made["B"]["iemp"] == pytest.approx(0.4)
    home = flows(
        [{"exporter": e, "market": m, "product": "p", "value": 1.0} for e, m in [("A", "B"), ("B", "A")]]
    )
    assert iemp(home).iemp.tolist() == [0.5, 0.5]
    assert iemp(home, own_market="out").iemp.tolist() == [1.0, 1.0]


def test_nesting_by_hand():
    f = flows(
        [
            {"product": p, "market": m, "value": float(v)}
            for p, m, v in [("a", "X", 30), ("a", "Y", 30), ("b", "X", 40), ("b", "Y", 0)]
        ]
    )
    made = nesting(f).iloc[0]
    assert (made.n, made.n_outer, made.n_inner) == (3, 2, 1.5)
    assert made.hhi == pytest.approx(0.3**2 * 2 + 0.4**2)
    assert made.hhi_inner == pytest.approx((0.36 * 0.5 + 0.16 * 1) / 0.52)
    assert made.entropy_inner == pytest.approx(0.6 * math.log(2))
    turned = nesting(f, outer="market", inner="product").iloc[0]
    assert turned.hhi == made.hhi
    assert turned.entropy == pytest.approx(made.entropy)


def test_nestedness_of_the_published_matrix():
    # Almeida-Neto et al. (2008), worked example: rows 53.33, columns 63.33, all 58.33 (times 100); by hand the same
    matrix = ["10111", "11100", "01110", "11000", "11000"]
    cells = [(i, j, float(x)) for i, row in enumerate(matrix) for j, x in enumerate(row)]
    f = flows([{"product": f"p{i}", "market": f"m{j}", "value": x} for i, j, x in cells])
    made = nestedness(f).iloc[0]
    assert made.tolist() == pytest.approx([0.58333333, 0.53333333, 0.63333333], abs=5e-9)
    assert nestedness(f, outer="market", inner="product").iloc[0].nestedness_outer == made.nestedness_inner
    single = flows([{"product": "a", "market": "X", "value": 1.0}])
    assert math.isnan(nestedness(single).nestedness[0])
    chain = flows(
        [
            {"product": p, "market": m, "value": 1.0}
            for p, ms in [("a", "XYZ"), ("b", "XY"), ("c", "X")]
            for m in ms
        ]
    )
    assert nestedness(chain).nestedness[0] == 1


def test_traditional_new_and_never_sold():
    x = {2000: {"a": 4, "b": 4}, 2001: {"a": 4, "c": 2, "b": 2}, 2002: {"a": 1, "d": 1}}
    f = flows(
        [
            {"period": y, "exporter": "i", "product": p, "value": float(v)}
            for y, s in x.items()
            for p, v in s.items()
        ]
    )
    made = indexed(theil_traditional(f, universe=6), "period")
    whole = indexed(theil_margins(f, universe=6), "period")
    for year in x:
        assert made[year]["theil"] == pytest.approx(whole[year]["theil"], rel=1e-12)
    assert made[2000]["theil_between"] == pytest.approx(math.log(6 / 2))
    # 2001: 6 of 8 in the two traditional products, 2 of 8 in the two that are ever new
    assert made[2001]["theil_between"] == pytest.approx(
        0.75 * math.log(0.75 * 6 / 2) + 0.25 * math.log(0.25 * 6 / 2)
    )
    now = indexed(theil_traditional(f, universe=6, new="now"), "period")
    assert now[2001]["theil_between"] == pytest.approx(
        0.75 * math.log(0.75 * 6 / 2) + 0.25 * math.log(0.25 * 6 / 1)
    )
    assert now[2001]["theil"] == pytest.approx(made[2001]["theil"])


def test_sections_and_blocs_as_groups():
    f = flows(some_rows())
    sections = theil_within_between(f, "section", by="period")
    chapters = theil_within_between(
        f, {"0101": "I", "0102": "I", "8501": "XVI", "8502": "XVI", "9001": "XVIII"}, by="period"
    )
    assert sections.theil_between.tolist() == pytest.approx(chapters.theil_between.tolist())
    g = flows([{"market": m, "value": v} for m, v in [("Japan", 3.0), ("Korea", 2.0), ("USA", 5.0)]])
    made = theil_within_between(g, "RCEP", over="market").iloc[0]
    assert made.theil_between == pytest.approx(0.5 * math.log(0.5 * 3 / 2) + 0.5 * math.log(0.5 * 3))


def plain_diversification(table, own_out):
    """Half L1 in plain Python, by (period, exporter)."""
    made = {}
    for key in {(r["period"], r["exporter"]) for r in table}:
        mine, other = {}, {}
        for r in table:
            if r["period"] == key[0]:
                if r["exporter"] == key[1]:
                    mine[r["product"]] = mine.get(r["product"], 0) + r["value"]
                if not (own_out and r["exporter"] == key[1]):
                    other[r["product"]] = other.get(r["product"], 0) + r["value"]
        x, w = sum(mine.values()), sum(other.values())
        made[key] = sum(abs(mine.get(k, 0) / x - other.get(k, 0) / w) for k in {*mine, *other}) / 2
    return made


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree_with_plain_python(engine):
    table = some_rows()
    f = flows(table, engine)
    for reference in ("world", "rest"):
        made = indexed(
            diversification(f, reference=reference, by=["period", "exporter"]), "period", "exporter"
        )
        expected = plain_diversification(table, reference == "rest")
        assert all(same(made[k]["diversification"], expected[k]) for k in expected)
    made = indexed(iemp(f), "period", "exporter")
    for (year, who), got in made.items():
        sold = {
            (r["product"], r["market"])
            for r in table
            if (r["period"], r["exporter"]) == (year, who) and r["value"]
        }
        wanted = {(r["product"], r["market"]) for r in table if r["period"] == year and r["value"]}
        assert got["relationships"] == len(sold)
        assert got["potential"] == sum(p in {q for q, _ in sold} for p, _ in wanted)
    margins = indexed(hk_margins(f, by=["period", "exporter"]), "period", "exporter")
    for (year, who), got in margins.items():
        own = sum(r["value"] for r in table if (r["period"], r["exporter"]) == (year, who))
        rest = sum(r["value"] for r in table if r["period"] == year and r["exporter"] != who)
        assert same(got["share_ratio"], own / rest)
    whole = indexed(theil_margins(f, by=["period"]), "period")
    for year, got in indexed(theil_within_between(f, 2, by=["period"]), "period").items():
        assert same(got["theil"], whole[year]["theil"], 1e-11)
    for new in ("ever", "now"):
        for year, got in indexed(theil_traditional(f, by=["period"], new=new), "period").items():
            assert same(got["theil"], whole[year]["theil"], 1e-11)
    across = indexed(hk_margins(f, across="market", reference="world"), "period", "exporter")
    pandas = indexed(hk_margins(flows(table), across="market", reference="world"), "period", "exporter")
    assert all(same(across[k]["share_ratio"], pandas[k]["share_ratio"], 1e-11) for k in pandas)
    for year, got in indexed(nesting(f, by="period"), "period").items():
        total = sum(r["value"] for r in table if r["period"] == year)
        cells: dict[tuple[str, str], float] = {}
        for r in table:
            if r["period"] == year:
                cells[r["product"], r["market"]] = (
                    cells.get((r["product"], r["market"]), 0) + r["value"] / total
                )
        assert same(got["hhi"], sum(s * s for s in cells.values()))


def test_errors_say_what_is_allowed():
    f = flows(some_rows())
    with pytest.raises(DataError, match="no exporter"):
        diversification(flows([{"product": "a", "value": 1.0}]))
    with pytest.raises(OptionError, match="keep the exporter"):
        diversification(f, by="period")
    with pytest.raises(DataError, match=r"reference='nowhere' is neither .* Exporters: \['A', 'B', 'C'\]"):
        diversification(f, reference="nowhere")
    with pytest.raises(DataError, match=r"1 product labels are not in the reference table.*product='b'"):
        diversification(wide({"i": {"a": 1, "b": 1}}), reference=wide({"w": {"a": 1}}))
    with pytest.raises(DataError, match=r"1 product labels are in no group.*'9001'"):
        theil_within_between(f, dict.fromkeys(PRODUCTS[:4], "g"))
    with pytest.raises(
        OptionError, match="universe=9 is not allowed. Allowed: 'observed', 'active' or a list"
    ):
        theil_within_between(f, 2, universe=9)
    with pytest.raises(DataError, match="leading digits"):
        theil_within_between(f, 5)
    with pytest.raises(UnknownName, match="no period named 1999"):
        theil_traditional(f, base=1999)
    with pytest.raises(OptionError, match="across='product' is not allowed"):
        hk_margins(f, across="product")


def ces(prices: np.ndarray, income: float, sigma: float = 3.0) -> tuple[np.ndarray, np.ndarray, float]:
    """Values and quantities that CES preferences with taste 1, 2, ... buy at these prices, and their price index."""
    taste = np.arange(1, len(prices) + 1.0)
    weights = taste * prices ** (1 - sigma)
    values = income * weights / weights.sum()
    return values, values / prices, weights.sum() ** (1 / (1 - sigma))


def test_price_and_quantity_margins_are_those_of_ces_preferences():
    """Sato (1976): where both sell at CES demand the index is exact: the ratio of the two costs of living."""
    own, other = np.array([1.0, 2.5, 0.7]), np.array([1.4, 2.0, 1.1])
    v, q, cost = ces(own, 60.0)
    rv, rq, other_cost = ces(other, 300.0)
    rows = [("i", k, a, b) for k, a, b in zip("abc", v, q, strict=True)]
    rows += [("r", k, a, b) for k, a, b in zip("abc", rv, rq, strict=True)] + [("r", "d", 100.0, 10.0)]
    table = pd.DataFrame(rows, columns=["exporter", "product", "value", "quantity"])
    made = indexed(hk_margins(flows(table), prices=True), "exporter")["i"]
    assert made["extensive"] == pytest.approx(300 / 400)
    assert made["intensive"] == pytest.approx(60 / 300)
    assert made["price"] == pytest.approx(cost / other_cost)
    assert made["quantity"] == pytest.approx(60 / 300 / (cost / other_cost))
    assert made["priced"] == 1
    assert made["extensive"] * made["price"] * made["quantity"] == pytest.approx(made["share_ratio"])


def test_what_has_no_unit_value_is_counted():
    rows = [("i", "a", 30.0, 10.0), ("i", "b", 10.0, None), ("r", "a", 60.0, 30.0), ("r", "b", 40.0, 8.0)]
    table = pd.DataFrame(rows, columns=["exporter", "product", "value", "quantity"])
    made = indexed(hk_margins(flows(table), prices=True), "exporter")["i"]
    assert made["priced"] == 0.75
    assert made["price"] == pytest.approx(3.0 / 2.0)
    none = indexed(hk_margins(flows(table.assign(quantity=float("nan"))), prices=True), "exporter")["i"]
    assert np.isnan([none["price"], none["quantity"]]).all()
    assert none["priced"] == 0
    for options in ({"reference": "r"}, {"across": "market"}):
        market = table.assign(market="m")
        with pytest.raises(OptionError, match="prices=True goes without across="):
            hk_margins(flows(market), prices=True, **options)
    with pytest.raises(DataError, match="the flows have no quantity"):
        hk_margins(flows(table.drop(columns="quantity")), prices=True)
