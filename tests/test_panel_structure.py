"""From structure to policy: indices joined to a panel, and effects by what units were before adoption."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import exportlab as xl
from exportlab import datasets
from exportlab.errors import DataError, DuplicateCells, OptionError, UnknownName
from exportlab.panel import PolicyPanel, attach_index, fixed_effects, heterogeneity


@pytest.fixture
def flows():
    rng = np.random.default_rng(3)
    cells = pd.MultiIndex.from_product(
        [list("abcd"), [2019, 2020, 2021], list("xyz")], names=["province", "year", "hs"]
    )
    table = cells.to_frame(index=False).assign(usd=rng.lognormal(size=36))
    return xl.flows(table, period="year", exporter="province", product="hs", value="usd", unit="USD")


@pytest.fixture
def table():
    return pd.DataFrame(
        {"unit": np.repeat(list("abcd"), 3), "time": [2019, 2020, 2021] * 4, "y": np.arange(12.0)}
    )


JOIN = {
    "unit": "unit",
    "period": "time",
    "value": "hhi",
    "measured_unit": "province",
    "measured_period": "year",
}


def test_an_index_comes_to_its_unit_and_period_in_any_order_and_spelling(flows, table):
    measured = xl.hhi(flows, over="product")
    want = measured.set_index(["province", "year"])["hhi"]
    one = attach_index(table.sample(frac=1, random_state=2), measured, **JOIN)
    assert one["hhi"].tolist() == [want[u, t] for u, t in zip(one["unit"], one["time"], strict=True)]
    text = attach_index(table.assign(time=table["time"].astype(str) + "年"), measured, into="spread", **JOIN)
    assert text["spread"].tolist() == [want[u, t] for u, t in zip(table["unit"], table["time"], strict=True)]
    assert "hhi" not in text
    assert one.attrs["index"] == "12 of 12 rows have 'hhi'; 0 of its 12 rows are of other units or periods"
    some = attach_index(table[table["unit"] < "c"], measured, **JOIN)
    assert some.attrs["index"] == "6 of 6 rows have 'hhi'; 6 of its 12 rows are of other units or periods"
    assert list(table) == ["unit", "time", "y"]


def test_rows_without_an_index_are_refused_or_missing(flows, table):
    measured = xl.hhi(flows, over="product")
    short = measured[~((measured["province"] == "b") & (measured["year"] == 2020))]
    with pytest.raises(
        DataError, match=r"no index for rows of the table in 1 row\. First: unit b, time 2020"
    ):
        attach_index(table, short, **JOIN)
    made = attach_index(table, short, absent="missing", **JOIN)
    assert made.loc[made["hhi"].isna(), ["unit", "time"]].to_numpy().tolist() == [["b", 2020]]
    upper = table.assign(unit=table["unit"].str.upper())
    for absent in ("refuse", "missing"):
        with pytest.raises(DataError, match="in 12 rows.*The index has units such as 'a'"):
            attach_index(upper, measured, absent=absent, **JOIN)


def test_what_has_no_single_index_is_refused(flows, table):
    rca = xl.rca(flows)
    with pytest.raises(DuplicateCells, match=r"several rows of the index in 36 rows.*Its other labels: hs"):
        attach_index(table, rca, **{**JOIN, "value": "rca"})
    one = rca[rca["hs"] == "x"]
    assert attach_index(table, one, **{**JOIN, "value": "rca"})["rca"].notna().all()
    measured = xl.hhi(flows, over="product")
    with pytest.raises(DataError, match="already"):
        attach_index(table.assign(hhi=1), measured, **JOIN)
    with pytest.raises(DataError, match="the table has periods of kind 'month', the index of kind 'year'"):
        attach_index(table.assign(time="2020-01"), measured, **JOIN)
    for wrong in ({"value": "theil"}, {"unit": "city"}, {"measured_period": "time"}):
        with pytest.raises(UnknownName):
            attach_index(table, measured, **(JOIN | wrong))


def made(effects=(1.0, 3.0), noise=0.0, units=24, seed=1):
    """Half of the units adopt in 2014; the effect is of their structure before, which the policy moves later."""
    rng = np.random.default_rng(seed)
    d = pd.DataFrame({"id": np.repeat(np.arange(units), 8), "year": np.tile(range(2010, 2018), units)})
    high = d["id"] % 2
    d["g"] = np.where(d["id"] % 4 < 2, 2014.0, np.inf)
    D = d["year"] >= d["g"]
    d["hhi"] = 0.1 + 0.2 * high + 0.001 * d["id"] + 5 * D
    own = np.where(high == 1, effects[1], effects[0])
    d["y"] = d["id"] + 0.3 * high * (d["year"] - 2010) + 0.1 * d["year"] + own * D
    d["y"] += noise * rng.normal(size=len(d))
    return d


def door(d, **options):
    return PolicyPanel(d, unit="id", period="year", outcome="y", adopted="g", **options)


@pytest.mark.parametrize("method", ["callaway_santanna", "imputation", "twfe"])
def test_the_effect_of_each_group_is_found_though_groups_grow_apart(method):
    found = heterogeneity(door(made()), "hhi", method=method)
    assert found.table["estimate"].tolist() == pytest.approx([1.0, 3.0, 2.0])
    assert found.table["units"].tolist()[:2] == [12, 12]
    assert found.table["treated_units"].tolist()[:2] == [6, 6]
    assert found.table["low"].tolist()[:2] == pytest.approx([0.1, 0.301])  # of the years before 2014 alone
    assert found.table["high"].tolist()[:2] == pytest.approx([0.122, 0.323])
    assert found.moderator.loc[3] == pytest.approx(0.303)
    assert found.table["group"].tolist() == ["hhi 1 of 2", "hhi 2 of 2", "highest less lowest"]


def test_with_one_date_it_is_the_interaction_of_a_regression():
    d = made(noise=0.5)
    found = heterogeneity(door(d), "hhi", method="twfe")
    d["hi"], d["D"] = d["id"] % 2, (d["year"] >= d["g"]).astype(int)
    d["Dhi"] = d["D"] * d["hi"]
    grown = {f"h{year}": d["hi"] * (d["year"] == year) for year in range(2011, 2018)}
    formula = "y ~ D + Dhi + " + " + ".join(grown)
    theirs = fixed_effects(d.assign(**grown), formula, unit="id", period="year", effects="two-way")
    assert found.table["estimate"].iloc[0] == pytest.approx(theirs.coef()["D"])
    assert found.table["estimate"].iloc[2] == pytest.approx(theirs.coef()["Dhi"])
    one, two, gap = found.table["std_error"]
    assert gap == pytest.approx(np.hypot(one, two))
    assert gap == pytest.approx(theirs.se()["Dhi"], rel=0.05)  # small-sample factors differ
    t = found.table.iloc[2]
    assert t["conf_high"] - t["estimate"] == pytest.approx(
        2.2009852 * gap
    )  # t with the eleven of twelve clusters


def test_cuts_of_one_s_own_and_terciles():
    panel = door(made(noise=0.1))
    three = panel.heterogeneity("hhi", cuts="terciles")
    assert three.table["units"].tolist()[:3] == [8, 8, 8]
    first, last, gap = three.table["estimate"].iloc[[0, 2, 3]]
    assert gap == pytest.approx(last - first)
    own = heterogeneity(panel, "hhi", cuts=[0.11, 0.301])
    assert own.table["units"].tolist()[:3] == [5, 7, 12]  # a value at a cut belongs above it: .11 and .301
    assert own.estimates["hhi 1 of 3"].sample.lost == (("other groups of hhi", 19 * 8),)
    ax = own.plot()
    assert len(ax.get_yticklabels()) == 3
    assert own.title.startswith("Effects by hhi before adoption: highest less lowest 2")
    assert "not drawn" in own.summary()


def test_refusals():
    d = made(noise=0.1)
    panel = door(d)
    with pytest.raises(UnknownName, match="no column named 'theil'"):
        heterogeneity(panel, "theil")
    for cuts in ([0.3, 0.2], []):
        with pytest.raises(OptionError, match="or rising numbers"):
            heterogeneity(panel, "hhi", cuts=cuts)
    with pytest.raises(DataError, match=r"1 of 2 groups have no unit.*Values run from 0\.1 to 0\.323"):
        heterogeneity(panel, "hhi", cuts=[0.9])
    with pytest.raises(DataError, match=r"of the group hhi 1 of 2:"):
        heterogeneity(panel, "hhi", cuts=[0.1005])
    lost = d.assign(hhi=d["hhi"].where((d["id"] != 5) | (d["year"] > 2013)))
    with pytest.raises(DataError, match=r"units without 'hhi' before 2014 in 1 row\. First: 5"):
        heterogeneity(door(lost), "hhi")
    straddling = door(d.assign(cl=d["id"] // 2), cluster="cl")
    with pytest.raises(DataError, match="clusters have units of two groups.*in 12 rows"):
        heterogeneity(straddling, "hhi")
    with pytest.raises(DataError, match="no period before the first adoption"):
        heterogeneity(door(d.assign(g=np.inf)), "hhi")


def test_provinces_with_a_cluster_are_nineteen_of_the_list_of_2022():
    """Counts by province add to 45, of which two are of several provinces; the ministry counts 19 provinces."""
    found = datasets.policy("cluster_provinces")
    first = found[found["batch"] == "1"]
    assert len(first) == 19
    assert first["complete"].all()
    counts = first["note"].str.extract(r"^(\d+) of the 45")[0].astype(float).sum()
    assert counts + 2 == 45
    assert not found.loc[found["batch"] == "2", "complete"].any()
    trade = datasets.load("province_trade")
    assert set(found["province"]) <= set(trade["province"])


def test_quotients_and_complexity_are_indices_too(table):
    rng = np.random.default_rng(5)
    cells = pd.MultiIndex.from_product(
        [list("abcdef"), [2019, 2020, 2021], [f"{k:02}" for k in range(8)]], names=["province", "year", "hs"]
    )
    long = cells.to_frame(index=False).assign(usd=rng.lognormal(0, 2, 144))
    flows = xl.flows(long, period="year", exporter="province", product="hs", value="usd", unit="USD")
    eci = xl.complexity(flows).exporters
    made = attach_index(table, eci, **{**JOIN, "value": "eci"})
    want = eci.set_index(["province", "year"])["eci"]
    wanted = [want[u, t] for u, t in zip(made["unit"], made["time"], strict=True)]
    assert made["eci"].isna().any()  # an index that is not defined stays so
    np.testing.assert_array_equal(made["eci"], wanted)
    lq = xl.location_quotient(flows)
    with pytest.raises(DuplicateCells, match="Its other labels: hs"):
        attach_index(table, lq, **{**JOIN, "value": "location_quotient"})
    one = attach_index(made, lq[lq["hs"] == "03"], **{**JOIN, "value": "location_quotient"}, into="lq")
    share = long.assign(total=long.groupby(["province", "year"])["usd"].transform("sum"))
    nation = long.groupby(["year", "hs"])["usd"].sum() / long.groupby("year")["usd"].sum()
    mine = share[(share["province"] == "c") & (share["year"] == 2020) & (share["hs"] == "03")].iloc[0]
    found = one[(one["unit"] == "c") & (one["time"] == 2020)]["lq"].item()
    assert found == pytest.approx(mine["usd"] / mine["total"] / nation[2020, "03"])
