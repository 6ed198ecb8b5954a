"""The shipped figures: what is in them, what is not, and that they are the published ones."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exportlab import datasets as ds
from exportlab.classifications import members, membership, resolve
from exportlab.datasets import _build, chained, tables
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.panel import attach_policy

HERE = [n for n in ds.names() if not hasattr(ds.load(n), "start") and n != "province_trade"]
SERIES = [n for n in ds.names() if n not in ("policy_dates", "province_trade", *HERE)]


def figure(name: str, year: str, period: str, unit: str = "100m CNY", **keys: str) -> float:
    """The one published value of a quantity."""
    table = ds.load(name)
    keep = (table["year"] == year) & (table["period"] == period) & (table["unit"] == unit)
    keep &= table["value"].notna()
    for column, label in keys.items():
        keep &= table[column] == label
    assert keep.sum() == 1
    return float(table.loc[keep, "value"].iloc[0])


def total(year: str, period: str, flow: str = "total") -> float:
    return figure("liaoning_trade_totals", year, period, flow=flow)


def partner(year: str, period: str, who: str) -> float:
    return figure("liaoning_trade_by_partner", year, period, partner=who, flow="total")


def test_names_and_description() -> None:
    assert ds.names()[:8] == (
        "liaoning_trade_totals",
        "liaoning_trade_by_partner",
        "liaoning_exports_by_product",
        "liaoning_trade_by_city",
        "china_exports_by_product",
        "china_exports_by_partner",
        "province_trade",
        "policy_dates",
    )
    listed = ds.describe()
    assert list(listed["name"]) == list(ds.names())
    assert (listed["rows"] > 0).all()
    assert (listed["not_in"] != "").all()
    assert (listed["licence"] != "").all()


@pytest.mark.parametrize("name", ds.names())
def test_every_table_is_what_its_manifest_says(name: str) -> None:
    stated, table = ds.about(name), ds.load(name)
    assert list(table.columns) == list(stated.columns)
    assert len(table) == stated.rows
    assert sorted(set(table.get("unit", pd.Series(dtype=str))) - {""}) == list(stated.units)
    assert (table["source"] != "").all()
    assert not table["source"].str.startswith("(no url").any()
    text = table.select_dtypes(exclude="number")
    assert not text.isna().any().any()
    assert not text.apply(lambda c: c.str.contains("infer", case=False)).any().any()
    assert not table.get("note", pd.Series(dtype=str)).str.contains('["“”「『]').any()


@pytest.mark.parametrize("name", SERIES)
def test_periods(name: str) -> None:
    table = ds.load(name)
    assert not (table["year"] + table["period"]).str.contains("?", regex=False).any()
    months = table[["start", "end"]]
    whole = table[table["start"] != ""]
    assert months.apply(lambda c: c.str.fullmatch(r"(\d{4}-(0[1-9]|1[0-2]))?")).all().all()
    assert (whole["start"] <= whole["end"]).all()
    assert ((table["start"] == "") == (table["end"] == "")).all()
    assert (whole["start"].str[:4] == whole["year"].str[:4]).all()
    odd = set(table.loc[table["start"] == "", "period"])
    assert odd <= {"1 Jan - early Feb"}


def test_spans() -> None:
    assert _build.span("2023", "Jan-May") == ("2023-01", "2023-05")
    assert _build.span("2023", "annual") == _build.span("2023", "annual (estimate)") == ("2023-01", "2023-12")
    assert _build.span("2025", "Aug") == ("2025-08", "2025-08")
    assert _build.span("2016-2020", "five-year sum") == ("2016-01", "2020-12")
    assert _build.span("2022", "1 Jan - early Feb") == ("", "")


def test_published_figures() -> None:
    assert total("2023", "annual") == 7659.6
    assert total("2023", "annual", "export") + total("2023", "annual", "import") == pytest.approx(7659.6)
    rcep_2023 = partner("2023", "Jan-May", "RCEP") / total("2023", "Jan-May")
    rcep_2025 = partner("2025", "Jan-May", "RCEP") / total("2025", "Jan-May")
    assert rcep_2023 == 1032.9 / 3160.5
    assert rcep_2025 == 1166.7 / 3048
    assert (round(100 * rcep_2023, 1), round(100 * rcep_2025, 1)) == (32.7, 38.3)
    assert figure("liaoning_trade_totals", "2021", "annual", "100m USD", flow="total") == 1192.2
    assert round(100 * partner("2023", "annual", "EU") / 7659.6, 1) == 17.2  # the share printed beside it


def test_five_partners_are_the_printed_share_of_2023() -> None:
    five = ("Japan", "South Korea", "ASEAN", "Saudi Arabia", "USA")
    assert round(100 * sum(partner("2023", "annual", p) for p in five) / 7659.6, 1) == 42.7


def test_mechanical_and_electrical_shares_of_2020() -> None:
    def share(name: str, unit: str) -> float:
        t = ds.load(name)
        row = (t["year"] == "2020") & (t["product"] == "mechanical & electrical") & (t["unit"] == unit)
        return float(t.loc[row & t["share_pct"].notna(), "share_pct"].iloc[0])

    liaoning = share("liaoning_exports_by_product", "100m CNY")
    china = share("china_exports_by_product", "100m USD")
    assert (liaoning, china) == (50.3, 59.5)
    assert round(liaoning / china, 2) == 0.85


def test_printed_shares_follow_from_printed_levels() -> None:
    t = ds.load("liaoning_exports_by_product")
    t = t[(t["product"] == "mechanical & electrical") & t["value"].notna() & t["share_pct"].notna()]
    compared = 0
    for r in t[t["unit"] == "100m CNY"].itertuples():
        compared += 1
        assert 100 * r.value / total(r.year, r.period, "export") == pytest.approx(r.share_pct, abs=0.06)
    assert compared


def test_provincial_panel() -> None:
    t = ds.load("province_trade")
    assert t["year"].dtype == "int64"
    assert set(t["year"]) == set(range(2016, 2025))
    assert t["province"].nunique() == t["code"].nunique() == 31
    assert t.groupby(["measure", "province"])["year"].nunique().eq(9).all()
    assert set(t["unit"]) == {"100m USD"}
    located = t[t["nbs_indicator"] == "A060101"]
    assert located.query("province == 'Liaoning' and year == 2021")["value"].item() == 1192.2
    # the provinces add up to the nation: 4.62 trillion USD in 2018, 6.05 in 2021 as first published
    national = t.pivot_table(index="year", columns="nbs_indicator", values="value", aggfunc="sum") / 1e4
    assert national["A060101"][2018] == pytest.approx(4.62, rel=0.005)
    assert national["A060101"][2021] == pytest.approx(6.05, rel=0.01)
    assert np.allclose(national["A060101"], national["A060201"], rtol=1e-3)


def test_sources_that_disagree_are_both_kept_and_named() -> None:
    t = ds.load("liaoning_trade_totals")
    annual = t[(t["period"] == "annual") & (t["flow"] == "total") & (t["unit"] == "100m USD")]
    spread = annual.groupby("year")["value"].agg(["min", "max"])
    differing = spread[spread["min"] != spread["max"]]
    assert list(differing.index) == ["2017"]
    assert tuple(differing.loc["2017"]) == (995.9508, 998.1)
    sums = {
        y: sum(figure("liaoning_trade_totals", y, "annual", "100m USD", flow=f) for f in ("export", "import"))
        for y in ("2017", "2018")
    }
    assert sums == {"2017": 994, "2018": 1144}
    stated = " ".join(ds.about("liaoning_trade_totals").disagreements)
    assert all(x in stated for x in ("998.1", "995.9508", "994", "1146.0114", "1144"))
    mirror = ds.load("china_exports_by_partner")
    japan = mirror[(mirror["partner"] == "Japan") & (mirror["year"] == "2022")].set_index("flow")["value"]
    assert (japan["export"], japan["import from China (partner-side mirror)"]) == (1729, 1887.06725)


def test_one_quantity_has_one_value_in_one_unit_but_for_the_named_disagreements() -> None:
    for name in SERIES:
        t = ds.load(name).dropna(subset=["value"])
        keys = ["year", "period", "flow", "unit", *[c for c in ("partner", "product", "city") if c in t]]
        twice = t[t.groupby(keys)["value"].transform("nunique") > 1]
        assert len(twice) == (2 if name == "liaoning_trade_totals" else 0), twice[[*keys, "value"]]


def test_exports_and_imports_add_up_to_totals() -> None:
    added = 0
    for name in SERIES:
        t = ds.load(name).dropna(subset=["value"])
        keys = ["year", "period", "unit", *[c for c in ("partner", "product", "city") if c in t]]
        t = t[t.groupby([*keys, "flow"])["value"].transform("nunique") == 1].drop_duplicates([*keys, "flow"])
        wide = t.pivot(index=keys, columns="flow", values="value")
        if {"total", "export", "import"} <= set(wide):
            whole = wide[["total", "export", "import"]].dropna()
            added += len(whole)
            gap = (whole["export"] + whole["import"] - whole["total"]).abs()
            off = whole[gap > 0.11]  # figures are printed to 0.1
            assert [i[0] for i in off.index] == (["2018"] if name == "liaoning_trade_totals" else []), off
    assert added > 10


def test_partners_are_countries_blocs_or_known_regions() -> None:
    regions = {
        "BRI",
        "Africa",
        "Asia",
        "Europe",
        "North America",
        "Latin America",
        "Asia + North America + EU",
        "emerging markets",
    }
    for name in ("liaoning_trade_by_partner", "china_exports_by_partner"):
        assert {p for p in ds.load(name)["partner"] if resolve(p) is None} <= regions


def test_policies() -> None:
    ftz = ds.policy("pilot_ftz")
    panel = ds.load("province_trade")
    assert len(ftz) == ftz["province"].nunique() == 22
    assert set(zip(ftz["province"], ftz["code"], strict=True)) <= set(
        zip(panel["province"], panel["code"], strict=True)
    )
    first = ftz.iloc[0]
    assert (first["province"], first["start_date"], first["year"]) == ("Shanghai", "2013-09-29", 2013)
    assert ftz.set_index("province").loc["Liaoning", "year"] == 2017
    zones = ds.policy("cbec_zone")
    assert sorted(set(zones["batch"])) == list("12345678")
    dates = zones.set_index("unit_name")["start_date"]
    assert [dates[c] for c in ("Dalian", "Shenyang", "Yingkou", "Dandong")] == [
        "2016-01-12",
        "2018-07-24",
        "2020-04",
        "2025-04-25",
    ]
    assert ("Fushun", "2019-12-15") in dates.items()
    belt = ds.policy("coastal_belt")
    assert len(belt[belt["unit_kind"] == "city"]) == 6
    clusters = ds.policy("clusters")
    assert list(clusters["unit_name"]).count("Shenyang") == 3
    assert not clusters["complete"].any()
    assert sum(len(ds.policy(p)) for p in tables.POLICIES) == ds.about("policy_dates").rows
    with pytest.raises(UnknownName, match=r"no policy named 'ftz'. Did you mean 'pilot_ftz'"):
        ds.policy("ftz")


def test_a_treatment_starts_by_one_rule() -> None:
    """Opened before signed before made public; within a batch it is the same of the three."""
    liaoning = ds.policy("pilot_ftz").set_index("province").loc["Liaoning"]
    assert [liaoning[c] for c in (*tables.STARTS, "start_date", "start_is", "year")] == [
        *("2017-04-01", "2017-03-15", "2017-03-31"),
        *("2017-04-01", "opened", 2017),
    ]
    assert set(ds.policy("pilot_ftz_areas")["start_date"]) == {"2017-04-10"}
    zones = ds.policy("cbec_zone")
    assert zones.groupby("batch")["start_is"].agg(set).to_dict() == {
        b: {"signed"} if b != "8" else {"public"} for b in "12345678"
    }
    assert zones.groupby("batch")["start_date"].nunique().eq(1).all()


def test_places_of_a_policy_have_their_names_and_codes() -> None:
    table = ds.load("policy_dates")
    provinces = ds.load("province_trade").drop_duplicates("code").set_index("code")
    assert (table["unit_zh"] != "").all()
    places = table[table["unit_kind"] != "country"]
    assert set(table["unit_kind"]) == {"city", "province", "country"}
    assert set(places.loc[places["code"] == "", "unit_name"]) == {"Xiong'an"}
    for r in places[places["code"] != ""].itertuples():
        own = provinces.loc[r.code[:2] + "0000"]
        assert (r.province, r.province_zh) == (own["province"], own["province_zh"])
        assert r.code.endswith("0000") == (r.unit_kind == "province" or r.unit_zh == own["province_zh"])
    cities = places[(places["unit_kind"] == "city") & (places["code"] != "")]
    assert cities.groupby("unit_name")["code"].nunique().eq(1).all()
    assert cities.groupby("code")["unit_name"].nunique().eq(1).all()


def test_a_list_with_gaps_says_so_and_makes_no_controls() -> None:
    zones = ds.policy("cbec_zone")
    assert set(zones.loc[~zones["complete"], "batch"]) == {"7"}
    assert len(zones) == 181 - 16
    assert ds.policy("pilot_ftz")["complete"].all()
    assert ds.policy("coastal_belt")["complete"].all()
    cities = pd.DataFrame({"city": ["Dalian", "Tieling"] * 2, "year": [2015, 2015, 2016, 2016]})
    ask: dict[str, Any] = {"unit": "city", "period": "year", "dates_unit": "unit_name", "elsewhere": "drop"}
    with pytest.raises(DataError, match=r"list is not complete.*1 row.*Tieling.*unlisted='drop'"):
        attach_policy(cities, zones, **ask)
    never = attach_policy(cities, zones, **ask, unlisted="never")
    assert never["adopted"].isna().sum() == 2
    dropped = attach_policy(cities, zones, **ask, unlisted="drop")
    assert list(dropped["city"]) == ["Dalian"] * 2
    assert "1 units that its list leaves open are dropped" in dropped.attrs["policy"]
    attach_policy(cities, zones[zones["complete"]], **ask)  # of batches whose lists have no gap


def test_rcep_dates_are_those_of_the_bloc() -> None:
    rcep = ds.policy("rcep").set_index("iso3")["start_date"]
    home = {m.member: str(m.start) for m in membership("RCEP")} | {"MMR": "2022-05-01"}  # with China alone
    assert dict(rcep) == home
    assert set(rcep.index) - {"MMR"} == set(members("RCEP"))


def test_growth_is_checked_against_levels() -> None:
    broken = {}
    for name in SERIES:
        table = ds.chains(name)
        assert table.empty or set(table["chain"]) <= {"holds", "broken"}
        stated = ds.load(name)
        assert (stated["chain"] != "").sum() == len(table)
        broken[name] = table[table["chain"] == "broken"] if len(table) else table
    goods = broken["china_exports_by_product"].set_index(["product", "year"])
    revised = goods.loc[[("all goods", "2023")]].iloc[0]
    assert (revised["printed"], round(revised["low"], 1), round(revised["high"], 1)) == (0.6, -0.9, -0.8)
    assert {p for p, y in goods.index if y == "2020"} == {"garments", "textiles", "textiles & garments"}
    roads = broken["china_exports_by_partner"].set_index("partner").loc["BRI"]
    assert (roads["printed"], round(roads["high"], 1)) == (6.4, 13.4)
    with pytest.raises(OptionError, match=r"name='province_trade' is not allowed"):
        ds.chains("province_trade")


def test_a_growth_rate_holds_as_far_as_its_digits_go() -> None:
    def row(year: str, value: str, growth: str = "") -> dict[str, str]:
        return {"year": year, "period": "annual", "value": value, "yoy_pct": growth, "unit": "100m CNY"}

    last = row("2022", "100.0")  # 99.95 to 100.05: 110.0 is 9.89 to 10.11 more
    for growth, chain in (("9.8", "broken"), ("9.9", "holds"), ("10.1", "holds"), ("10.2", "broken")):
        assert [r["chain"] for r in chained.marked([last, row("2023", "110.0", growth)])] == ["", chain]
    other = row("2023", "110.0", "50") | {"unit": "100m USD"}
    assert [
        r["chain"] for r in chained.marked([last, other, row("2024", "1", "2"), row("2023", "", "9")])
    ] == [""] * 4
    assert chained.span("23700") == (23650, 23750)


def test_rows_found_later_are_shipped_or_left_out_for_a_reason(shared: Path) -> None:
    """Left out: an inferred year, a page without figures, figures of the Northeast, what is no trade."""
    tables_ = [*(_build.HERE / "found").glob("*.csv"), _build.HERE / "liaoning_trade_by_partner.csv"]
    kept = {(r["value"], r["yoy_pct"]) for path in tables_ for r in _build.read(path)}
    left = Counter[str]()
    for path, place in (
        ("found_2026_11.csv", "partner_or_item"),
        ("found_2026_11b.csv", "partner_product_city"),
    ):
        with (shared / "facts" / path).open(encoding="utf-8-sig") as file:
            for r in csv.DictReader(file):
                figures = (r["value"], r["yoy_pct"])
                if "inferred" in r.get("year", "") or "growth rates" in r.get("year", ""):
                    left["inferred year"] += 1
                elif not any((*figures, r["share_pct"])):
                    left["no figure"] += 1
                elif r[place].startswith("Northeast"):
                    left["Northeast"] += 1
                elif r["flow"] in ("level", "count", "date"):
                    left["no trade"] += 1
                else:
                    assert figures in kept, r
    assert left == {"inferred year": 15, "no figure": 5, "Northeast": 4, "no trade": 4}


def test_a_row_says_whose_figure_it_is() -> None:
    for name in (*SERIES, "claims_evidence", "policy_dates", "province_trade"):
        assert set(ds.load(name)["source_kind"]) <= {"office", "press", "other"}
    partners = ds.load("liaoning_trade_by_partner")
    russia = partners[(partners["partner"] == "Russia") & (partners["period"] == "Jan-Sep")]
    assert sorted(russia["yoy_pct"]) == [45, 82.3]
    assert set(russia["source_kind"]) == {"press"}
    assert set(ds.load("province_trade")["source_kind"]) == {"office"}
    assert ds.load("province_trade")["source"].str.contains("indicator A060[12]01").all()


def test_left_out_rows_are_counted_by_reason() -> None:
    assert ds.about("liaoning_trade_by_partner").left_out == {
        "no source": 3,
        "year or period marked with ?": 9,
    }
    assert ds.about("liaoning_trade_totals").left_out == {
        "called inferred": 1,
        "year or period marked with ?": 6,
    }
    t = ds.load("liaoning_trade_totals")
    assert 7630.5 not in set(t["value"])  # 2024 by inference
    assert "2024?" not in set(ds.load("liaoning_exports_by_product")["year"])


def test_notes_carry_no_quotation() -> None:
    assert _build.clean('"增幅1.1倍"') == ""
    assert _build.clean('4.8 bn USD ("electronic products and machinery")') == "4.8 bn USD"
    assert _build.clean('printed 148 bn USD; "about"') == "printed 148 bn USD; about"
    assert _build.clean("approved 2017-03 (excerpt without url)") == "approved 2017-03"


def test_shipped_tables_are_rebuilt_from_the_facts(shared: Path, tmp_path: Path) -> None:
    _build.build(shared / "facts", tmp_path)
    for file in [*(f"{n}.csv" for n in ds.names()), "manifest.toml"]:
        assert (tmp_path / file).read_bytes() == (_build.HERE / file).read_bytes(), file


def test_every_row_is_shipped_or_counted_and_no_figure_is_changed(shared: Path) -> None:
    for name in (n for n in ds.names() if n not in HERE):
        source = "province_trade_nbs" if name == "province_trade" else name
        with (shared / "facts" / f"{source}.csv").open(encoding="utf-8") as file:
            facts = list(csv.DictReader(file))
        later = _build.HERE / "found" / f"{name}.csv"
        facts += _build.read(later) if later.exists() else []
        stated = ds.about(name)
        assert len(facts) == stated.rows + sum(stated.left_out.values())
        if name != "policy_dates":
            published = {(r["year"], r["flow"], r["value"], r["unit"]) for r in facts}
            with (_build.HERE / f"{name}.csv").open(encoding="utf-8") as file:
                shipped = {(r["year"], r["flow"], r["value"], r["unit"]) for r in csv.DictReader(file)}
            assert shipped <= published


def test_a_changed_file_is_refused() -> None:
    stated = replace(ds.about("liaoning_trade_totals"), sha256="0" * 64)
    with pytest.raises(
        DataError, match=r"liaoning_trade_totals.csv is not the file that was shipped.*Reinstall"
    ):
        tables._verify(stated, b"year,period\n")


def test_unknown_data_set() -> None:
    with pytest.raises(
        UnknownName, match=r"no data set named 'liaoning_totals'. Did you mean 'liaoning_trade_totals'"
    ):
        ds.load("liaoning_totals")


def test_scales_convert_without_a_rate() -> None:
    assert ds.convert(7659.6, from_unit="100m CNY", to_unit="bn CNY") == pytest.approx(765.96)
    assert ds.convert(1359, from_unit="10k CNY", to_unit="100m CNY") == pytest.approx(0.1359)
    out = ds.convert(pd.Series([1.0, np.nan], index=[3, 4]), from_unit="100m USD", to_unit="million USD")
    assert list(out.index) == [3, 4]
    assert out[3] == pytest.approx(100)
    assert np.isnan(out[4])
    assert ds.convert([1, 2], from_unit="thousand USD", to_unit="USD").tolist() == [1000, 2000]


def test_currencies_convert_with_a_named_rate_only() -> None:
    usd = ds.convert(7659.6, from_unit="100m CNY", to_unit="100m USD", rate={"CNY/USD": 7.0233})
    assert usd == pytest.approx(1090.6, abs=0.05)  # the same year in USD by the National Bureau of Statistics
    assert ds.convert(
        usd, from_unit="100m USD", to_unit="100m CNY", rate={"CNY/USD": 7.0233}
    ) == pytest.approx(7659.6)
    by_year = ds.convert(
        np.array([7.0, 6.0]), from_unit="CNY", to_unit="USD", rate={"CNY/USD": np.array([7, 6])}
    )
    assert by_year.tolist() == [1, 1]
    assert ds.convert([7, 6], from_unit="CNY", to_unit="USD", rate={"USD/CNY": [2, 3]}).tolist() == [14, 18]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"from_unit": "100m CNY", "to_unit": "100m USD"},
            "needs a rate with its pair named, such as rate={'CNY/USD'",
        ),
        (
            {"from_unit": "CNY", "to_unit": "USD", "rate": 7.05},
            "rate=7.05: CNY to USD needs a rate with its pair",
        ),
        (
            {"from_unit": "CNY", "to_unit": "USD", "rate": {"EUR/USD": 1.1}},
            "is not of CNY and USD. Allowed: 'CNY/USD'",
        ),
        ({"from_unit": "CNY", "to_unit": "USD", "rate": {"CNY/USD": 0}}, "a rate is positive and finite"),
        ({"from_unit": "CNY", "to_unit": "bn CNY", "rate": {"CNY/USD": 7}}, "the currency is the same"),
        ({"from_unit": "million t", "to_unit": "USD"}, "from_unit='million t' is no unit of money"),
        ({"from_unit": "zillion USD", "to_unit": "USD"}, "with one of the scales 'thousand', '10k'"),
    ],
)
def test_conversion_errors(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=re.escape(message)):
        ds.convert(1.0, **options)  # type: ignore[arg-type]


def test_import_is_light() -> None:
    code = "import sys, exportlab.datasets as d; d.names(); assert not {'pandas', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_table_that_is_changed_leaves_the_next_as_it_was() -> None:
    kept, changed = ds.load("province_trade"), ds.load("province_trade")
    changed.loc[:, "value"] = 0.0
    del changed["unit"]
    assert (kept["value"] != 0).all()
    pd.testing.assert_frame_equal(ds.load("province_trade"), kept)
