"""Shares, blocs by date, contributions, advantage: hand cases and outside numbers, on every engine."""

from __future__ import annotations

import math

import pandas as pd
import pytest
import tries
from engines import ENGINES, rows
from hypothesis import assume, given
from hypothesis import strategies as st

import exportlab as xl
from exportlab import classifications
from exportlab.errors import DataError, OptionError, UnknownName

TRADE = pd.DataFrame(
    [
        (2021, "Dalian", "Japan", 40.0),
        (2021, "Dalian", "Philippines", 10.0),
        (2021, "Dalian", "USA", 50.0),
        (2022, "Dalian", "Japan", 44.0),
        (2022, "Dalian", "Philippines", 16.0),
        (2022, "Dalian", "USA", 40.0),
        (2023, "Dalian", "Japan", 33.0),
        (2023, "Dalian", "Philippines", 20.0),
        (2023, "Dalian", "USA", 47.0),
    ],
    columns=["year", "city", "partner", "usd"],
)
ROLES = {"period": "year", "exporter": "city", "market": "partner", "value": "usd"}


@pytest.mark.parametrize("engine", ENGINES)
def test_bloc_share_moves_with_membership(engine):
    flows = xl.flows(ENGINES[engine](TRADE), **ROLES)
    found = [r["bloc_share"] for r in rows(xl.bloc_share(flows, "RCEP", by="period"), ["year"])]
    assert found == pytest.approx([0.0, 0.44, 0.53])  # before the agreement; Japan; Japan and the Philippines
    fixed = [
        r["bloc_share"] for r in rows(xl.bloc_share(flows, "RCEP", by="period", membership=2022), ["year"])
    ]
    assert fixed == pytest.approx([0.40, 0.44, 0.33])
    start = rows(xl.bloc_share(flows, "RCEP", by="period", within="start"), ["year"])
    assert [r["bloc_share"] for r in start] == pytest.approx(
        [0.0, 0.44, 0.33]
    )  # the Philippines joined in June
    latest = rows(xl.bloc_share(flows, "RCEP", by="period", membership="latest"), ["year"])
    assert [(r["usd"], r["total"]) for r in latest] == [(50.0, 100.0), (60.0, 100.0), (53.0, 100.0)]


def test_own_country_is_no_member():
    table = pd.DataFrame(
        {"exporter": ["Japan", "Japan", "USA"], "market": ["Japan", "China", "Japan"], "value": 1.0}
    )
    flows = xl.flows(table)
    assert xl.bloc_share(flows, "RCEP", membership=2023)["bloc_share"].tolist() == [0.5, 1.0]
    home = xl.bloc_share(flows, "RCEP", membership=2023, home="China")
    assert home["bloc_share"].tolist() == [0.0, 1.0]


def test_bloc_share_refuses_what_it_cannot_place():
    flows = xl.flows(TRADE.assign(partner=TRADE["partner"].replace("USA", "Atlantis")), **ROLES)
    with pytest.raises(
        DataError, match="1 markets are no known country or bloc, so it cannot be said .* First: 'Atlantis'"
    ):
        xl.bloc_share(flows, "RCEP")
    named = xl.bloc_share(flows, "RCEP", by="period", members=["Japan"])
    assert named["bloc_share"].tolist() == pytest.approx([0.40, 0.44, 0.33])
    with pytest.raises(UnknownName, match="There is no bloc named 'RCEPP'. Did you mean 'RCEP'"):
        xl.bloc_share(flows, "RCEPP", membership=2023)
    with pytest.raises(OptionError, match="membership='dated' needs periods"):
        xl.bloc_share(xl.cells(flows, ["market"]), "RCEP")


@pytest.mark.parametrize("engine", ENGINES)
def test_contributions_add_up_to_growth(engine):
    flows = xl.flows(ENGINES[engine](TRADE[TRADE["usd"] != 20.0]), **ROLES)
    found = rows(xl.contributions(flows, over="market", by="period"), ["year", "partner"])
    gains = {(r["year"], r["partner"]): r["contribution"] for r in found}
    assert gains[2023, "Philippines"] == pytest.approx(-0.16)  # gone: its exports count as zero
    assert math.fsum(v for (y, _), v in gains.items() if y == 2023) == pytest.approx(80 / 100 - 1)


def test_contributions_of_months_a_year_apart():
    table = pd.DataFrame(
        {"period": ["2022-12", "2023-01", "2023-12"], "market": "Japan", "value": [4.0, 9.0, 5.0]}
    )
    found = xl.contributions(xl.flows(table), lag=12)
    assert found["period"].tolist() == ["2023-12"]
    assert found["contribution"].tolist() == [0.25]
    with pytest.raises(DataError, match="no two periods lie 7 apart"):
        xl.contributions(xl.flows(table), lag=7)


HAND = pd.DataFrame(  # x = 30, X_i = 100, X_p = 60, X = 500
    [("i", "p", 30.0), ("i", "q", 70.0), ("j", "p", 30.0), ("j", "q", 370.0)],
    columns=["exporter", "product", "value"],
)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("form", "expected"),
    [("balassa", 2.5), ("rsca", 0.428571), ("nrca", 0.036), ("arca", 0.18), ("log", 0.916291)],
)
def test_advantage_hand_case(engine, form, expected):
    flows = xl.flows(ENGINES[engine](HAND))
    found = rows(xl.rca(flows, form=form), ["exporter", "product"])
    assert found[0]["rca"] == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize("engine", ENGINES)
def test_references(engine):
    convert = ENGINES[engine]
    flows = xl.flows(convert(HAND))
    nation = xl.flows(convert(pd.DataFrame({"product": ["p", "q"], "value": [60.0, 440.0]})))
    world, own = (rows(xl.rca(flows, reference=r), ["exporter", "product"]) for r in ("world", nation))
    assert [r["rca"] for r in own] == pytest.approx([r["rca"] for r in world])
    rest = rows(xl.rca(flows, reference="rest"), ["exporter", "product"])
    assert rest[0]["rca"] == pytest.approx(0.3 / (30 / 400))
    against = rows(xl.rca(flows, reference="j"), ["exporter", "product"])
    assert [r["rca"] for r in against] == pytest.approx([0.3 / 0.075, 0.7 / 0.925, 1, 1])


def test_reference_must_have_the_products():
    flows = xl.flows(HAND)
    with pytest.raises(DataError, match="1 product codes are not in the reference table. First: product='q'"):
        xl.rca(flows, reference=xl.flows(pd.DataFrame({"product": ["p"], "value": [1.0]})))
    with pytest.raises(DataError, match="reference='k' is neither 'world', 'rest', a Flows nor an exporter"):
        xl.rca(flows, reference="k")
    with pytest.raises(OptionError, match="form='balasa' is not allowed. .* Did you mean 'balassa'"):
        xl.rca(flows, form="balasa")


@tries.at_most(20)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("pqrs"), st.floats(0.1, 1e4)),
        min_size=4,
        max_size=12,
    )
)
def test_sums_that_must_vanish(cells):
    table = (
        pd.DataFrame(cells, columns=["exporter", "product", "value"])
        .groupby(["exporter", "product"], as_index=False)["value"]
        .sum()
    )
    assume(table["exporter"].nunique() > 1)
    flows = xl.flows(table)
    nrca = xl.rca(flows, form="nrca", zeros=True)
    assert nrca.groupby("exporter")["rca"].sum().to_numpy() == pytest.approx(0, abs=1e-12)
    assert nrca.groupby("product")["rca"].sum().to_numpy() == pytest.approx(0, abs=1e-12)
    arca = xl.rca(flows, form="arca", zeros=True)
    assert arca["rca"].between(-1, 1).all()
    weighted = xl.rca(flows, form="weighted", zeros=True)
    assert weighted.groupby("exporter")["rca"].mean().to_numpy() == pytest.approx(1)
    rsca = xl.rca(flows, form="rsca", zeros=True)
    assert rsca["rca"].between(-1, 1).all()


def test_mechanical_and_electrical_against_china():
    """Liaoning 50.3 % and China 59.5 % of exports in 2020 (customs, embedded data)."""
    ours, theirs = ({"product": ["m&e", "other"], "value": [s, 100 - s]} for s in (50.3, 59.5))
    region = xl.flows(pd.DataFrame({"exporter": "Liaoning", **ours}))
    found = xl.rca(region, reference=xl.flows(pd.DataFrame(theirs)))
    assert round(found.loc[found["product"] == "m&e", "rca"].item(), 2) == 0.85


def test_others_can_be_said_to_lie_outside():
    table = pd.DataFrame({"year": [2023] * 3, "to": ["Japan", "其他", "USA"], "usd": [5.0, 3.0, 2.0]})
    flows = xl.flows(table, period="year", market="to", value="usd", residual=["其他"])
    with pytest.raises(
        DataError, match=r"residual='bounds'.*; where none of them is a member, say outside=\['其他'\]"
    ):
        xl.bloc_share(flows, "RCEP")
    for membership in ("dated", "latest"):
        found = xl.bloc_share(flows, "RCEP", membership=membership, outside=["其他"])
        assert found["bloc_share"].to_list() == [0.5]


@pytest.mark.parametrize("membership", ["dated", "latest"])
def test_what_is_left_over_holds_no_member_where_all_but_the_exporter_are_named(membership):
    """China's fourteen partners of RCEP are named, so that others are none of them; without Laos they may be Laos."""
    partners = [c for c in classifications.members("RCEP", on=2023, exporter="CHN") if c != "CHN"]
    named = pd.DataFrame({"year": 2023, "to": [*partners, "其他"], "usd": [1.0] * 14 + [6.0]})
    for table, high in ((named, 0.7), (named[named["to"] != "LAO"], 1.0)):
        flows = xl.flows(table, period="year", market="to", value="usd", residual=["其他"])
        asked = {"home": "China", "membership": membership, "residual": "bounds"}
        found = xl.bloc_share(flows, "RCEP", **asked).iloc[0]
        assert found["bloc_share_high"] == pytest.approx(high)
