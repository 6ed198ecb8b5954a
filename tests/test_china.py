"""China on real trade, as the gallery shows it: concentration, complexity, and the part of RCEP members."""

from __future__ import annotations

import pandas as pd
import pytest

import exportlab as xl

FIRST_2014 = [
    "JPN",
    "CHE",
    "DEU",
    "SWE",
    "USA",
    "KOR",
    "FIN",
    "SGP",
]  # OEC's ECI of 2014, as Wikipedia had it


def test_concentration_over_hs6(shared):
    """Against the squared shares added up apart, and the range 0.0083 to 0.0111 of the extract's own notes."""
    trade = pd.read_parquet(shared / "data" / "baci_hs12_hs6_world_exports.parquet")
    china = trade[trade["exporter"] == "CHN"]
    flows = xl.flows(china, period="year", product="hs6")
    found = xl.measure(flows, ["hhi", "number_active"], over="product", by="period").set_index("year")
    for year, values in china.groupby("year")["value"]:
        assert found.loc[year, "hhi"] == pytest.approx(((values / values.sum()) ** 2).sum(), rel=1e-12)
        assert found.loc[year, "number_active"] == len(values)
    assert found["hhi"].round(4).agg(["min", "max"]).tolist() == [0.0083, 0.0111]
    assert found["number_active"].between(5150, 5170).all()


def test_complexity_on_chapters(shared):
    table = pd.read_parquet(shared / "data" / "baci_hs92_hs2_exporter_2011_2020.parquet")
    table = table[table["v"] > 0].dropna(subset=["i_iso3c"])
    people = table.dropna(subset=["pop"]).groupby("i_iso3c")["pop"].last().mul(1000)
    world = xl.flows(
        table[table["i_iso3c"].isin(people.index)], period="t", exporter="i_iso3c", product="k", value="v"
    )
    options = {"population": people.to_dict(), "min_population": 1e6, "min_exports": 100}
    eci = xl.complexity(world, measures=["eci"], **options).exporters
    places = eci.pivot(index="t", columns="i_iso3c", values="eci").rank(axis=1, ascending=False)
    assert places["CHN"].between(14, 20).all()
    assert (places.loc[2014, FIRST_2014] <= 20).sum() == 7
    assert (places["JPN"] <= 4).all()


def test_rcep_members_among_seven_markets(shared):
    table = pd.read_parquet(shared / "data" / "baci_vi_bench_2017_2024_long.parquet")
    table = table[(table["exp"] == "CN") & (table["imp"] != "CN")]
    markets = ["DE", "FR", "GB", "JP", "KR", "NL", "US"]
    always = table[table["imp"].isin(markets)]
    assert (always.groupby("imp")["year"].nunique() == 8).all()
    exports = xl.flows(always, period="year", market="imp", value="value_musd", keys="sector")
    dated = xl.bloc_share(exports, "RCEP", by="period", home="CHN").set_index("year")["bloc_share"]
    fixed = xl.bloc_share(exports, "RCEP", membership="latest", by="period", home="CHN").set_index("year")
    by_hand = always.pivot_table(index="year", columns="imp", values="value_musd", aggfunc="sum")
    share = by_hand[["JP", "KR"]].sum(axis=1) / by_hand.sum(axis=1)
    assert fixed["bloc_share"].tolist() == pytest.approx(share.tolist(), rel=1e-12)
    assert dated.loc[:2021].tolist() == [0] * 5
    assert dated.loc[2022:].tolist() == pytest.approx(share.loc[2022:].tolist(), rel=1e-12)
    assert share.between(0.25, 0.29).all()
