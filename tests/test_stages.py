"""Classes of products and concordances: totals conserved, what is unmatched is listed, China's technology shares."""

from __future__ import annotations

import math

import pandas as pd
import pytest
import tries
from engines import ENGINES, rows
from hypothesis import given
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.indices.concordance import concordance, convert_products
from exportlab.indices.stages import bec, bec_shares, class_shares, lall, lall_shares, rauch_shares

TRADE = pd.DataFrame(
    [
        (2020, "010121", 10.0, 2.0),
        (2020, "010129", 30.0, 3.0),
        (2020, "870323", 60.0, math.nan),
        (2021, "010121", 5.0, 1.0),
        (2021, "870323", 15.0, 4.0),
        (2021, "999999", 0.0, 0.0),
    ],
    columns=["year", "hs", "usd", "kg"],
)
ROLES = {"period": "year", "product": "hs", "value": "usd", "quantity": "kg"}
LINKS = pd.DataFrame(
    [
        ("010121", "00151", 1.0),
        ("010129", "00151", 0.25),
        ("010129", "00152", 0.75),
        ("870323", "78120", 1.0),
    ],
    columns=["hs", "sitc", "w"],
)


def made(**options):
    return concordance(LINKS, weight="w", **options)


@pytest.mark.parametrize("engine", ENGINES)
def test_totals_are_conserved_and_the_unmatched_are_told(engine):
    flows = xl.flows(ENGINES[engine](TRADE), **ROLES)
    with pytest.raises(DataError, match=r"1 product codes have no target in the concordance: 999999"):
        convert_products(flows, made())
    grouped = convert_products(flows, made(), unmatched="group")
    found = {(r["year"], r["hs"]): (r["usd"], r["kg"]) for r in rows(grouped.table, ["year", "hs"])}
    assert found[2020, "00151"] == pytest.approx((10 + 7.5, 2 + 0.75))
    assert found[2020, "00152"] == pytest.approx((22.5, 2.25))
    assert found[2020, "78120"][0] == 60
    assert math.isnan(found[2020, "78120"][1])  # a part was not known, so the whole is not
    assert found[2021, "unmatched"][0] == 0
    assert sum(v for v, _ in found.values()) == pytest.approx(120)
    kept = rows(convert_products(flows, made(), unmatched="keep").table, ["year", "hs"])
    assert kept[-1]["hs"] == "999999"
    index = rows(xl.hhi(grouped, over="product"), ["year"])
    assert index[0]["hhi"] == pytest.approx((17.5**2 + 22.5**2 + 60**2) / 100**2)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.floats(0.01, 1)), min_size=1, max_size=12, unique_by=lambda x: x[0]
    ),
    st.lists(st.floats(0.01, 1e6), min_size=4, max_size=4),
)
@tries.at_most(25)
def test_any_weights_conserve_the_total(targets, values):
    total = sum(w for _, w in targets)
    table = pd.DataFrame([(f"{k}", f"t{t}", w / total) for k in range(4) for t, w in targets])
    table.columns = ["a", "b", "w"]
    flows = xl.flows(pd.DataFrame({"product": list("0123"), "value": values}))
    converted = convert_products(flows, concordance(table, weight="w"))
    assert converted.table["value"].sum() == pytest.approx(sum(values))
    back = concordance({f"t{t}": "x" for t, _ in targets})
    chained = concordance(table, weight="w").then(back)
    assert all(links == (("x", pytest.approx(1.0)),) for links in chained.links.values())


def test_concordances_are_refused_with_reasons():
    with pytest.raises(DataError, match="codes in 'hs' were read as numbers. Leading zeros"):
        concordance(pd.DataFrame({"hs": [10121], "sitc": ["00151"]}))
    with pytest.raises(
        DataError, match=r"1 codes have several targets and no weights. First: '010129' to \['00151'"
    ):
        concordance(LINKS[["hs", "sitc"]])
    assert concordance(LINKS[["hs", "sitc"]], split="equal").find("010129") == (
        ("00151", 0.5),
        ("00152", 0.5),
    )
    with pytest.raises(DataError, match="the weights of 1 codes do not sum to one. First: '010129': 0.5"):
        concordance(LINKS.assign(w=[1, 0.25, 0.25, 1]), weight="w")
    with pytest.raises(DataError, match="the weights of 1 codes do not sum to one"):
        concordance(LINKS.assign(w=[1, -0.25, 1.25, 1]), weight="w")
    with pytest.raises(DataError, match="a link is given twice. First: '870323' to '78120'"):
        concordance(pd.concat([LINKS, LINKS[-1:]]), weight="w")
    with pytest.raises(DataError, match="a code is missing in the concordance"):
        concordance(LINKS.assign(sitc=["1", "2", "3", None]), weight="w")
    with pytest.raises(UnknownName, match="There is no column named 'weights'. Did you mean"):
        concordance(LINKS.rename(columns={"w": "weight"}), weight="weights")
    with pytest.raises(DataError, match="3 target codes are not in the second concordance"):
        made().then(concordance({"1": "2"}))
    with pytest.raises(OptionError, match="concordance= takes a Concordance"):
        convert_products(xl.flows(TRADE, **ROLES), {"a": "b"})


def test_concordance_from_a_file(tmp_path):
    path = tmp_path / "hs_to_sitc.csv"
    LINKS.to_csv(path, index=False, sep=";")
    read = concordance(path, weight="w")
    assert read.links == made().links
    assert read.origin == "hs_to_sitc.csv"
    assert repr(read) == "Concordance(3 codes to 3, 1 of them split; hs_to_sitc.csv)"
    assert len(read.table) == 4
    LINKS.to_excel(tmp_path / "links.xlsx", index=False)
    assert concordance(tmp_path / "links.xlsx", weight="w").links == made().links
    assert concordance(path, weight="w").unmatched(["870323", "1"]) == ("1",)


def test_revisions_by_shorter_codes():
    flows = xl.flows(pd.DataFrame({"product": ["01012100", "01012190"], "value": [1.0, 2.0]}))
    found = convert_products(flows, made(), digits=6)
    assert found.table["value"].tolist() == [3.0]


@pytest.mark.parametrize("engine", ENGINES)
def test_shares_of_classes(engine):
    flows = xl.flows(ENGINES[engine](TRADE[TRADE["usd"] > 0]), **ROLES)
    found = {
        (r["year"], r["class"]): r["lall_shares"]
        for r in rows(lall_shares(flows, products=made()), ["year", "class"])
    }
    assert found == pytest.approx(
        {(2020, "PP"): 0.4, (2020, "MT1"): 0.6, (2021, "PP"): 0.25, (2021, "MT1"): 0.75}
    )
    stage = concordance({"010121": "41", "010129": "41", "870323": "51"})
    un, allotted = (
        {
            r["class"]: r["bec_shares"]
            for r in rows(bec_shares(flows, products=stage, scheme=s, by=[]), ["class"])
        }
        for s in ("un", "allotted")
    )
    assert un == pytest.approx({"capital": 45 / 120, "other": 75 / 120})
    assert allotted == pytest.approx({"capital": 45 / 120, "consumption": 75 / 120})
    to_sitc2 = concordance({"010121": "0015", "010129": "0015", "870323": "7812"})
    rauch = rows(rauch_shares(flows, {"0015": "r", "7812": "n"}, products=to_sitc2, by=[]), ["class"])
    assert [r["class"] for r in rauch] == ["differentiated", "reference priced"]
    assert [r["rauch_shares"] for r in rauch] == pytest.approx([75 / 120, 45 / 120])
    own = rows(class_shares(flows, {"01": "animals", "87": "cars"}, digits=2), ["year", "class"])
    assert [r["class_shares"] for r in own] == pytest.approx([0.4, 0.6, 0.25, 0.75])


def test_a_nomenclature_is_never_guessed():
    flows = xl.flows(TRADE, **ROLES)
    with pytest.raises(
        DataError, match="3 product codes are longer than the 5 digits of sitc3. First: '010121'"
    ):
        lall_shares(flows, products="sitc3")
    with pytest.raises(OptionError, match="products='hs' is not allowed. Allowed: 'sitc3'"):
        lall_shares(flows, products="hs")
    with pytest.raises(DataError, match="no target of the concordance is a bec code"):
        bec_shares(flows, products=concordance({"010121": "x"}))
    with pytest.raises(OptionError, match="Rauch's class 'z' is not allowed"):
        rauch_shares(flows, {"0015": "z"})
    with pytest.raises(DataError, match="the flows have no product"):
        class_shares(xl.cells(flows, "period"), {"1": "a"})


def test_tables_as_their_sources_state_them():
    sizes = pd.Series([links[0][0] for links in lall().links.values()]).value_counts().to_dict()
    assert sizes == {
        "PP": 52,
        "RB1": 36,
        "RB2": 31,
        "LT1": 20,
        "LT2": 24,
        "MT1": 5,
        "MT2": 28,
        "MT3": 38,
        "HT1": 11,
        "HT2": 8,
        "other": 6,
    }
    assert lall("group").find("77689") == (("HT", 1.0),)
    assert len(bec().links) == 19
    assert {c for c, links in bec().links.items() if links[0][0] == "capital"} == {"41", "521"}
    assert {c for c, links in bec().links.items() if links[0][0] == "other"} == {"321", "51", "7"}
    intermediate = {c for c, links in bec().links.items() if links[0][0] in ("raw", "semi-finished", "parts")}
    assert intermediate == {"111", "121", "21", "22", "31", "322", "42", "53"}


def test_high_technology_in_chinas_exports(shared):
    """34 to 38 % in every year 2015 to 2024; every class as in the HS-to-Lall table that others compiled."""
    folder = shared / "data"
    trade = pd.read_parquet(folder / "baci_hs12_hs6_world_exports.parquet")
    lookup = pd.read_csv(folder / "baci_hs12_hs6_lookup_hs6_lall.csv", dtype=str)
    flows = xl.flows(trade[trade["exporter"] == "CHN"].rename(columns={"hs6": "product", "year": "period"}))
    found = lall_shares(
        flows, products=concordance(lookup, source="hs6", target="sitc3"), level="group", unmatched="group"
    )
    high = found[found["class"] == "HT"].set_index("period")["lall_shares"]
    assert len(high) == 10
    assert high.round(2).between(0.34, 0.38).all()
    assert found.loc[found["class"] == "unmatched", "lall_shares"].max() < 0.03
    theirs = class_shares(flows, concordance(lookup, source="hs6", target="lall_code"), unmatched="group")
    classes = ["PP", "RB1", "RB2", "LT1", "LT2", "MT1", "MT2", "MT3", "HT1", "HT2"]
    names = {f"LDC{n:02d}": c for n, c in enumerate(classes, 1)} | {
        "LDC99": "other",
        "unmatched": "unmatched",
    }
    ours = lall_shares(flows, products=concordance(lookup, source="hs6", target="sitc3"), unmatched="group")
    ours = ours.set_index(["period", "class"])["lall_shares"]
    for row in theirs.rename(columns={"class": "label"}).itertuples():
        assert ours[row.period, names[row.label]] == pytest.approx(row.class_shares, rel=1e-12)


def test_lall_by_another_reading_of_the_same_list(reference):
    """The groups of SITC rev.3 as somebody else classed 5,203 HS codes from UNCTAD's list: all 259 agree."""
    theirs = pd.read_csv(reference / "stages_lall.csv", dtype=str)
    codes = ("PP", "RB1", "RB2", "LT1", "LT2", "MT1", "MT2", "MT3", "HT1", "HT2")
    named = {f"LDC{i:02}": c for i, c in enumerate(codes, 1)} | {"LDC99": "other"}
    own = theirs["group"].map(lambda c: lall().find(c)[0][0])
    assert (own == theirs["class"].map(named)).all()
    assert theirs["group"].nunique() == len(lall().links) == 259
