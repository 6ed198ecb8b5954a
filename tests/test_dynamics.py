"""Change of structure: exact identities, hand cases, counterfactuals, errors, every engine against plain Python."""

from __future__ import annotations

import math
from itertools import product
from math import fsum

import pandas as pd
import pytest
import tries
from engines import ENGINES, rows
from hypothesis import given
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import DataError, OptionError
from exportlab.indices.constant_share import constant_market_share, constant_market_share_growth, shift_share
from exportlab.indices.dynamics import bloc_share_change, hhi_change, hhi_change_split, hhi_shift_share
from exportlab.indices.margins import growth_margins

MARKETS, PRODUCTS, EXPORTERS = ["Japan", "Philippines", "USA"], ["01", "02"], ["a", "b"]
values = st.one_of(st.just(0.0), st.integers(1, 9).map(float), st.floats(0.1, 1e3))
draws = st.lists(values, min_size=24, max_size=24).filter(
    lambda v: all(sum(v[i : i + 6]) > 0 for i in (0, 6, 12, 18))
)


def table_of(drawn):
    cells = [(t, e, m, k) for t in (2021, 2022) for e in EXPORTERS for m in MARKETS for k in PRODUCTS]
    records = [(*c, v) for c, v in zip(cells, drawn, strict=True)]
    return pd.DataFrame(records, columns=["year", "city", "partner", "hs", "usd"])


def flows_of(table, engine="pandas"):
    roles = {"period": "year", "exporter": "city", "market": "partner", "product": "hs", "value": "usd"}
    return xl.flows(ENGINES[engine](table), **{k: v for k, v in roles.items() if v in table.columns})


FIXED = table_of([float(v) for v in (4, 0, 3, 5, 8, 1, 2, 2, 0, 6, 7, 3, 5, 1, 0, 4, 9, 2, 3, 0, 1, 8, 6, 6)])


def shares_of(table, year, city, keys):
    part = table[(table["year"] == year) & (table["city"] == city)].groupby(keys)["usd"].sum()
    return (part / part.sum()).to_dict()


@pytest.mark.parametrize("engine", ENGINES)
def test_hhi_change_on_every_engine(engine):
    flows = flows_of(FIXED, engine)
    found = rows(hhi_change(flows, over="market", by=["period", "exporter"]), ["city", "partner"])
    split = rows(hhi_change_split(flows, over=["market", "product"]), ["city"])
    for city, whole in zip(EXPORTERS, split, strict=True):
        before, after = (shares_of(FIXED, y, city, "partner") for y in (2021, 2022))
        mine = {r["partner"]: r for r in found if r["city"] == city}
        for m in MARKETS:
            assert mine[m]["hhi_change"] == pytest.approx(after[m] ** 2 - before[m] ** 2, rel=1e-12)
            assert mine[m]["share_after"] == pytest.approx(after[m], rel=1e-12)
        before, after = (shares_of(FIXED, y, city, ["partner", "hs"]) for y in (2021, 2022))
        entry = fsum(after[c] ** 2 for c in after if not before[c])
        leaving = -fsum(before[c] ** 2 for c in after if not after[c])
        assert whole["entry"] == pytest.approx(entry, rel=1e-12)
        assert whole["exit"] == pytest.approx(leaving, rel=1e-12)
        change = fsum(s * s for s in after.values()) - fsum(s * s for s in before.values())
        assert whole["hhi_change_split"] == pytest.approx(change, rel=1e-10)


@given(draws)
@tries.at_most(20)
def test_contributions_sum_to_the_change_of_the_index(drawn):
    flows = flows_of(table_of(drawn))
    parts = hhi_change(flows, over="product", by=["period", "exporter"]).groupby("city")["hhi_change"].sum()
    split = hhi_change_split(flows, over="product", by=["period", "exporter"]).set_index("city")
    h = xl.hhi(flows, over="product", by=["period", "exporter"]).set_index(["city", "year"])["hhi"]
    for city in EXPORTERS:
        change = h[city, 2022] - h[city, 2021]
        assert parts[city] == pytest.approx(change, abs=1e-12)
        row = split.loc[city]
        assert row["continuing"] + row["entry"] + row["exit"] == pytest.approx(change, abs=1e-12)


@given(draws)
@tries.at_most(15)
def test_contributions_sum_to_the_change_of_the_bloc_share(drawn):
    flows = flows_of(table_of(drawn))
    share = xl.bloc_share(flows, "RCEP", by=["period", "exporter"]).set_index(["city", "year"])["bloc_share"]
    for over in ("market", "product", ["market", "product"]):
        parts = bloc_share_change(flows, "RCEP", over=over, by=["period", "exporter"]).groupby("city")
        for city in EXPORTERS:
            change = share[city, 2022] - share[city, 2021]
            sums = parts[["bloc_share_change", "trade", "membership"]].sum().loc[city]
            assert sums["bloc_share_change"] == pytest.approx(change, abs=1e-12)
            assert sums["trade"] + sums["membership"] == pytest.approx(change, abs=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_membership_is_told_from_trade(engine):
    """Exports do not move between the years; RCEP comes into force for Japan."""
    same = pd.concat([FIXED[FIXED["year"] == 2021].assign(year=y) for y in (2021, 2022)])
    found = rows(
        bloc_share_change(flows_of(same, engine), "RCEP", by=["period", "exporter"]), ["city", "partner"]
    )
    assert [r["trade"] for r in found] == [0.0] * 6
    assert found[0]["membership"] == pytest.approx(4 / 21)
    assert found[1]["membership"] == 0  # the Philippines joined in 2023
    fixed = rows(
        bloc_share_change(flows_of(same, engine), "RCEP", membership=2023, by=["period", "exporter"]),
        ["city"],
    )
    assert [r["membership"] for r in fixed] == [0.0] * 6


def test_composition_against_own_change():
    """World prices of 01 double; the exporter otherwise stays as it was, then moves on its own."""
    table = pd.DataFrame(
        [
            (1, "01", 50.0),
            (1, "02", 50.0),
            (2, "01", 100.0),
            (2, "02", 50.0),
            (3, "01", 75.0),
            (3, "02", 75.0),
        ],
        columns=["t", "hs", "usd"],
    )
    world = table.assign(usd=[10.0, 10.0, 20.0, 10.0, 20.0, 10.0], t=2000 + table["t"])
    own = xl.flows(table.assign(t=2000 + table["t"]), period="t", product="hs", value="usd")
    found = hhi_shift_share(own, reference=xl.flows(world, period="t", product="hs", value="usd"))
    assert found["composition"].tolist() == pytest.approx([5 / 9 - 1 / 2, 0])
    assert found["own"].tolist() == pytest.approx([0, 1 / 2 - 5 / 9])
    assert found["undefined"].tolist() == [0, 0]
    lost = xl.flows(world[1:], period="t", product="hs", value="usd")
    missing = hhi_shift_share(own, reference=lost)
    assert missing["undefined"].tolist() == [1, 0]
    assert math.isnan(missing["composition"].iloc[0])
    with pytest.raises(DataError, match="no exporters to take growth from"):
        hhi_shift_share(own)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reference", ["world", "rest"])
def test_shift_share_on_every_engine(engine, reference):
    found = rows(
        hhi_shift_share(flows_of(FIXED, engine), reference=reference, by=["period", "exporter"]), ["city"]
    )
    totals = FIXED.groupby(["year", "city", "hs"])["usd"].sum()
    for row in found:
        x = {y: {k: totals[y, row["city"], k] for k in PRODUCTS} for y in (2021, 2022)}
        others = [c for c in EXPORTERS if reference == "world" or c != row["city"]]
        growth = {
            k: fsum(totals[2022, c, k] for c in others) / fsum(totals[2021, c, k] for c in others)
            for k in PRODUCTS
        }
        star = {k: x[2021][k] * growth[k] for k in PRODUCTS}
        h = [fsum((v / fsum(y.values())) ** 2 for v in y.values()) for y in (x[2021], star, x[2022])]
        assert row["composition"] == pytest.approx(h[1] - h[0], rel=1e-9)
        assert row["own"] == pytest.approx(h[2] - h[1], rel=1e-9)


# One exporter in a world of two products: s_k 0.5 -> 0.4 and 0.2 -> 0.3, w_k 0.6 -> 0.5 and 0.4 -> 0.5.
HAND = pd.DataFrame(
    [
        (2021, "i", "p", 30.0),
        (2021, "i", "q", 8.0),
        (2021, "j", "p", 30.0),
        (2021, "j", "q", 32.0),
        (2022, "i", "p", 40.0),
        (2022, "i", "q", 30.0),
        (2022, "j", "p", 60.0),
        (2022, "j", "q", 70.0),
    ],
    columns=["period", "exporter", "product", "value"],
)


def test_constant_market_share_by_hand():
    row = constant_market_share(xl.flows(HAND)).iloc[0]
    assert row["share_before"] == pytest.approx(0.38)
    assert row["share_after"] == pytest.approx(0.35)
    assert row["competitiveness"] == pytest.approx(-0.1 * 0.6 + 0.1 * 0.4)
    assert row["structure"] == pytest.approx(0.5 * -0.1 + 0.2 * 0.1)
    assert row["adaptation"] == pytest.approx(-0.1 * -0.1 + 0.1 * 0.1)
    midpoint = constant_market_share(xl.flows(HAND), weights="midpoint").iloc[0]
    assert midpoint["structure"] == pytest.approx(0.45 * -0.1 + 0.25 * 0.1)
    money = constant_market_share_growth(xl.flows(HAND)).iloc[0]
    assert money["world_effect"] == pytest.approx(38)  # the world doubles
    assert money["product_effect"] == pytest.approx(30 * (100 / 60 - 2) + 8 * (100 / 40 - 2))
    assert money["competitiveness_effect"] == pytest.approx(70 - 50 - 20)
    outside = HAND.groupby(["period", "product"], as_index=False)["value"].sum()
    other = constant_market_share(xl.flows(HAND), reference=xl.flows(outside)).iloc[0]
    assert other["structure"] == pytest.approx(row["structure"])


# Four industries of a region and of its nation, which grow by 10, 20, 30 and 40 % from 10, 20, 40 and 30 % of it.
REGION = {"I": (500, 1000), "II": (100, 100), "III": (200, 250), "IV": (200, 280)}
NATION = {"I": (1000, 1100), "II": (2000, 2400), "III": (4000, 5200), "IV": (3000, 4200)}


def industries(**places):
    rows = [
        (2000 + 10 * t, place, k, float(v))
        for place, table in places.items()
        for k, pair in table.items()
        for t, v in enumerate(pair)
    ]
    return pd.DataFrame(rows, columns=["period", "exporter", "product", "value"])


def test_shift_and_share_of_a_printed_table(reference):
    kept = pd.read_csv(reference / "dynamics.csv", dtype={"case": str}).set_index("quantity")
    own = xl.flows(industries(region=REGION))
    nation = xl.flows(industries(nation=NATION).drop(columns="exporter"))
    money = constant_market_share_growth(own, reference=nation, lag=10).iloc[0]
    for row in kept.loc[["constant_market_share_growth"]].itertuples():
        assert money[row.case] == pytest.approx(row.value)
    expected = kept.loc["expected", "value"].to_numpy(float)
    found = hhi_shift_share(own, reference=nation, lag=10).iloc[0]
    assert found["hhi_counterfactual"] == pytest.approx(((expected / expected.sum()) ** 2).sum(), rel=1e-12)
    assert found["hhi_counterfactual"] == pytest.approx(0.316167, abs=5e-7)
    assert found["composition"] == pytest.approx(found["hhi_counterfactual"] - 0.34, rel=1e-12)


def test_two_part_variants_put_the_interaction_on_one_side():
    flows = xl.flows(HAND)
    parts = {w: constant_market_share(flows, weights=w).iloc[0] for w in ("base", "final", "midpoint")}
    found = {w: (row["competitiveness"], row["structure"]) for w, row in parts.items()}
    assert found["base"] == pytest.approx((-0.02, -0.01))
    assert found["final"] == pytest.approx((0, -0.03))
    assert found["midpoint"] == pytest.approx((-0.01, -0.02))


def test_the_order_of_product_and_market_effects():
    """Half of one cell (p, m); its weight goes from 0.4 to 0.5, its product's from 0.5 to 0.7, its market's to 0.6."""
    world = {("p", "m"): (40, 50), ("p", "n"): (10, 20), ("q", "m"): (10, 10), ("q", "n"): (40, 20)}
    rows = [
        (2020 + t, "all but i", k, m, v / 2 if (k, m) == ("p", "m") else v)
        for (k, m), pair in world.items()
        for t, v in enumerate(pair)
    ]
    rows += [(2020, "i", "p", "m", 20.0), (2021, "i", "p", "m", 25.0)]
    flows = xl.flows(pd.DataFrame(rows, columns=["period", "exporter", "product", "market", "value"]))
    found = {
        o: constant_market_share(flows, order=o).query("exporter == 'i'").iloc[0]
        for o in ("product", "market", "shapley")
    }
    assert [found[o]["structure_product"] for o in found] == pytest.approx([0.08, 0.01, 0.045])
    assert [found[o]["structure"] for o in found] == pytest.approx([0.05] * 3)


@given(draws, st.sampled_from(["three-part", "base", "final", "midpoint"]))
@tries.at_most(8)
def test_market_share_parts_sum_and_shapley_is_symmetric(drawn, weights):
    table = table_of(drawn)
    results = {
        o: constant_market_share(flows_of(table), weights=weights, order=o)
        for o in ("shapley", "product", "market")
    }
    swapped = flows_of(table.rename(columns={"hs": "partner", "partner": "hs"}))
    mirror = constant_market_share(swapped, weights=weights)
    for o, found in results.items():
        parts = found["competitiveness"] + found["structure"] + found.get("adaptation", 0)
        assert parts.tolist() == pytest.approx(found["constant_market_share"].tolist(), abs=1e-12)
        own = found["structure_product"] + found["structure_market"]
        assert own.tolist() == pytest.approx(found["structure"].tolist(), abs=1e-12), o
    shapley = results["shapley"]
    assert shapley["structure_product"].tolist() == pytest.approx(
        mirror["structure_market"].tolist(), abs=1e-12
    )
    mean = (results["product"]["structure_product"] + results["market"]["structure_product"]) / 2
    assert shapley["structure_product"].tolist() == pytest.approx(mean.tolist(), abs=1e-12)
    money = constant_market_share_growth(flows_of(table))
    total = money[[c for c in money if c.endswith("_effect")]].sum(axis=1)
    assert total.tolist() == pytest.approx((money["after"] - money["before"]).tolist(), abs=1e-9)


@pytest.mark.parametrize(
    ("order", "role", "other"), [("product", "hs", "market"), ("market", "partner", "product")]
)
def test_the_effect_that_comes_first_is_that_of_its_own_totals(order, role, other):
    """What an exporter would have gained had each of its products (markets) grown as the world's trade in it did."""
    world = FIXED.groupby("year")["usd"].sum()
    of_role = FIXED.groupby(["year", role])["usd"].sum()
    before = FIXED[FIXED["year"] == 2021].groupby(["city", role])["usd"].sum()
    found = constant_market_share_growth(flows_of(FIXED), order=order).set_index("city")
    for city in EXPORTERS:
        own = sum(
            x * (of_role[2022, r] / of_role[2021, r] - world[2022] / world[2021])
            for r, x in before[city].items()
        )
        assert found.loc[city, f"{order}_effect"] == pytest.approx(own)


@pytest.mark.parametrize("engine", ENGINES)
def test_market_share_on_every_engine(engine):
    found = rows(constant_market_share(flows_of(FIXED, engine), order="product"), ["city"])
    w = FIXED.groupby(["year", "partner", "hs"])["usd"].sum()
    total = w.groupby("year").sum()
    x = FIXED.set_index(["year", "city", "partner", "hs"])["usd"]
    for row in found:
        structure = product = 0.0
        for k in PRODUCTS:
            share = fsum(x[2021, row["city"], m, k] for m in MARKETS) / fsum(w[2021, m, k] for m in MARKETS)
            weight = [fsum(w[y, m, k] for m in MARKETS) / total[y] for y in (2021, 2022)]
            product += share * (weight[1] - weight[0])
            for m in MARKETS:
                s = x[2021, row["city"], m, k] / w[2021, m, k] if w[2021, m, k] else 0.0
                structure += s * (w[2022, m, k] / total[2022] - w[2021, m, k] / total[2021])
        assert row["structure"] == pytest.approx(structure, rel=1e-10)
        assert row["structure_product"] == pytest.approx(product, rel=1e-10)
    money = rows(
        constant_market_share_growth(flows_of(FIXED, engine), over="market", by=["period", "exporter"]),
        ["city"],
    )
    for row in money:
        parts = row["world_effect"] + row["market_effect"] + row["competitiveness_effect"]
        assert parts == pytest.approx(row["constant_market_share_growth"], rel=1e-10)


@pytest.mark.parametrize("engine", ENGINES)
def test_growth_margins_on_every_engine(engine):
    found = rows(growth_margins(flows_of(FIXED, engine), over=["product", "market"]), ["city"])
    x = FIXED.set_index(["year", "city", "partner", "hs"])["usd"]
    for row in found:
        pairs = [(x[2021, row["city"], m, k], x[2022, row["city"], m, k]) for m in MARKETS for k in PRODUCTS]
        base = fsum(a for a, _ in pairs)
        assert row["entry"] == pytest.approx(fsum(b for a, b in pairs if not a) / base, abs=1e-12)
        assert row["exit"] == pytest.approx(-fsum(a for a, b in pairs if not b) / base, abs=1e-12)
        assert row["growing"] == pytest.approx(fsum(b - a for a, b in pairs if a and b > a) / base, abs=1e-12)
        assert row["n_entry"] == sum(1 for a, b in pairs if b and not a)
        entries = [row[f"new_{kind}"] for kind in ("pair", "product", "market", "both")]
        assert fsum(entries) == pytest.approx(row["entry"], abs=1e-12)


@given(draws, st.sampled_from([0.0, 4.0]), st.sampled_from(["before", "midpoint"]))
@tries.at_most(15)
def test_margins_sum_to_growth(drawn, threshold, rate):
    found = growth_margins(
        flows_of(table_of(drawn)), threshold=threshold, rate=rate, by=["period", "exporter"]
    )
    below = found["below"] if threshold else 0.0
    parts = found["intensive"] + found["extensive"] + below
    assert parts.tolist() == pytest.approx(found["growth_margins"].tolist(), rel=1e-9, abs=1e-9)
    base = found["usd" if "usd" in found else "before"]
    if rate == "midpoint":
        base = (found["before"] + found["after"]) / 2
    assert found["growth_margins"].tolist() == pytest.approx(
        ((found["after"] - found["before"]) / base).tolist()
    )


def test_new_markets_and_products_are_told_apart():
    table = pd.DataFrame(
        [
            (1, "USA", "01", 10.0),
            (1, "Peru", "02", 10.0),
            (2, "USA", "01", 10.0),
            (2, "USA", "02", 2.0),
            (2, "Chile", "01", 3.0),
            (2, "USA", "03", 5.0),
            (2, "Cuba", "04", 7.0),
        ],
        columns=["period", "market", "product", "value"],
    )
    flows = xl.flows(table.assign(period=2000 + table["period"]))
    row = growth_margins(flows, over=["market", "product"]).iloc[0]
    found = [20 * row[f"new_{kind}"] for kind in ("pair", "market", "product", "both")]
    assert found == pytest.approx([2, 3, 5, 7])
    assert row["exit"] == pytest.approx(-0.5)
    assert row["growth_margins"] == pytest.approx(7 / 20)
    mean = growth_margins(flows, over=["market", "product"], rate="midpoint").iloc[0]
    assert mean["growth_margins"] == pytest.approx(7 / 23.5)
    assert mean["growth_margins"] == pytest.approx(0.297872, abs=5e-7)
    assert [mean["entry"], mean["exit"]] == pytest.approx([17 / 23.5, -10 / 23.5])


def test_undefined_and_refused():
    flows = flows_of(FIXED)
    gone = flows_of(
        FIXED.assign(usd=FIXED["usd"].where((FIXED["city"] != "a") | (FIXED["year"] != 2022), 0.0))
    )
    assert hhi_change_split(gone, over="market", by=["period", "exporter"])[
        "hhi_change_split"
    ].isna().tolist() == [True, False]
    with pytest.raises(DataError, match="no two periods lie 5 apart"):
        hhi_change(flows, lag=5)
    with pytest.raises(OptionError, match="hhi_change compares periods"):
        hhi_change(flows, by="exporter")
    with pytest.raises(OptionError, match="weights='paasche' is not allowed"):
        constant_market_share(flows, weights="paasche")
    with pytest.raises(OptionError, match="threshold=-1 is not allowed"):
        growth_margins(flows, threshold=-1)
    match = "the reference trades less than the exporter in .* rows. First: year=2022.* It must hold all exporters"
    with pytest.raises(DataError, match=match):
        constant_market_share(
            flows_of(FIXED[FIXED["city"] == "b"]),
            reference=xl.cells(flows_of(FIXED[FIXED["city"] == "a"]), ["period", "market", "product"]),
        )
    with pytest.raises(DataError, match="the flows have no exporter"):
        constant_market_share(xl.cells(flows, ["period", "product"]))
    with pytest.raises(DataError, match="the flows have no market"):
        bloc_share_change(xl.cells(flows, ["period", "product"]), "RCEP", over="product")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_group_without_trade_in_a_period_has_no_change_on_any_engine(engine):
    rows_ = [(2021, "USA", "Japan", 1.0), (2022, "USA", "Japan", 1.0)]
    rows_ += [(2022, "Peru", "Japan", 3.0), (2022, "Peru", "Germany", 1.0)]
    table = pd.DataFrame(rows_, columns=["period", "exporter", "market", "value"])
    made = xl.bloc_share_change(xl.flows(ENGINES[engine](table)), "RCEP", over="market")
    found = rows(made, ["exporter", "market"])
    shown = [(r["exporter"], r["market"], r["share_after"]) for r in found]
    assert shown == [("Peru", "Germany", 0.0), ("Peru", "Japan", 0.75), ("USA", "Japan", 1.0)]
    for name in ("share_before", "trade", "membership", "bloc_share_change"):
        assert [math.isnan(r[name]) for r in found] == [True, True, False]
    assert (found[2]["membership"], found[2]["bloc_share_change"]) == (1.0, 1.0)


@pytest.mark.parametrize("kind", ["int16", "int32", "uint32", "uint64"])
@pytest.mark.parametrize("engine", ENGINES)
def test_years_of_any_width_are_compared(engine, kind):
    rows_ = [(y, m, float(i + 1)) for i, (y, m) in enumerate(product((2021, 2022), "ab"))]
    table = pd.DataFrame(rows_, columns=["period", "market", "value"]).astype({"period": kind})
    flows = xl.flows(ENGINES[engine](table))
    gains = rows(xl.contributions(flows, over="market"), ["market"])
    assert [r["contribution"] for r in gains] == pytest.approx([2 / 3, 2 / 3])
    assert len(rows(xl.hhi_change(flows, over="market"), ["market"])) == 2


# Shift-share: a worked table of a course (Krumme, University of Washington, Geography 350), industries I to IV of a
# region and the growth of the nation's, whose industries are 10, 20, 40 and 30 % of it.
TAUGHT_REGION = pd.DataFrame(
    {
        "period": [1985] * 4 + [1995] * 4,
        "exporter": "Holukuluku",
        "product": ["I", "II", "III", "IV"] * 2,
        "value": [500.0, 100, 200, 200, 1000, 100, 250, 280],
    }
)
TAUGHT_NATION = TAUGHT_REGION.drop(columns="exporter").assign(
    value=[1000.0, 2000, 4000, 3000, 1100, 2400, 5200, 4200]
)


def test_shift_share_of_a_published_table():
    region, nation = xl.flows(TAUGHT_REGION), xl.flows(TAUGHT_NATION)
    row = shift_share(region, reference=nation, lag=10).iloc[0]
    assert (row["before"], row["after"], row["shift_share"]) == (1000, 1630, 630)
    parts = row[["national", "mix", "competitive"]].tolist()
    assert parts == pytest.approx([290, -80, 420])  # national growth, composition, differential


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_an_industry_that_is_new_in_region_and_nation_is_its_own(engine):
    """Of a nation that grows by 1/2 from one industry, and a new one: all of the new one is competitive."""
    table = pd.DataFrame(
        [(2020, "I", 10.0), (2020, "II", 0.0), (2021, "I", 12.0), (2021, "II", 7.0)],
        columns=["year", "hs", "usd"],
    )
    nation = flows_of(table.assign(usd=[100.0, 0.0, 110.0, 40.0]), engine)
    region = flows_of(table.assign(city="a"), engine)
    (row,) = rows(shift_share(region, reference=nation), ["year"])
    parts = [row[n] for n in ("national", "mix", "competitive", "shift_share")]
    assert parts == pytest.approx([10 * 0.5, 10 * (0.1 - 0.5), (12 - 11) + 7, 9])


def test_a_market_that_comes_or_goes_moves_a_bloc_by_trade_alone():
    """Japan 0 to 30 and 30 to 0 of 100, in RCEP from 2022 on; no period of its own says that it was not inside."""
    for first, second in ((0.0, 30.0), (30.0, 0.0)):
        table = pd.DataFrame(
            [
                (2022, "Japan", first),
                (2022, "USA", 100 - first),
                (2023, "Japan", second),
                (2023, "USA", 100 - second),
            ],
            columns=["year", "partner", "usd"],
        )
        found = rows(bloc_share_change(flows_of(table), "RCEP"), ["partner"])[0]
        moved = (second - first) / 100
        assert [found[n] for n in ("bloc_share_change", "trade", "membership")] == pytest.approx(
            [moved, moved, 0]
        )


def test_shift_share_after_esteban_marquillas():
    """The competitive effect at the nation's structure: 100, 200, 400 and 300 times own growth less the nation's."""
    region, nation = xl.flows(TAUGHT_REGION), xl.flows(TAUGHT_NATION)
    row = shift_share(region, reference=nation, lag=10, form="esteban_marquillas").iloc[0]
    competitive = 100 * (1.0 - 0.1) + 200 * (0.0 - 0.2) + 400 * (0.25 - 0.3) + 300 * (0.4 - 0.4)
    assert row["competitive"] == pytest.approx(competitive)
    assert row["allocation"] == pytest.approx(420 - competitive)
    assert row[["national", "mix", "competitive", "allocation"]].sum() == pytest.approx(630)


def test_a_region_without_an_industry_has_no_homothetic_effect():
    table = TAUGHT_REGION.assign(value=[500.0, 0, 200, 200, 1000, 100, 250, 280])
    region, nation = xl.flows(table), xl.flows(TAUGHT_NATION)
    found = shift_share(region, reference=nation, lag=10, form="esteban_marquillas").iloc[0]
    assert found[["competitive", "allocation"]].isna().all()
    plain = shift_share(region, reference=nation, lag=10).iloc[0]
    assert plain[["national", "mix", "competitive"]].sum() == pytest.approx(730)
    assert plain["competitive"] == pytest.approx(1000 - 550 + 100 + 250 - 260 + 280 - 280)
    with pytest.raises(OptionError, match="form='dynamic' is not allowed"):
        shift_share(region, reference=nation, lag=10, form="dynamic")
