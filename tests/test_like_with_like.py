"""Changes compare like with like: a month with the same month of another year, wherever periods are compared."""

from __future__ import annotations

import inspect
import re
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest
from catalogue_calls import ARGUMENTS, BY, OPTIONS, TWO, imports, world
from engines import ENGINES, rows

import exportlab as xl
from exportlab.claims import judge
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.reporting import report

COMPARING = sorted(i.name for i in xl.CATALOGUE.values() if "lag" in i.options)
PARTS = {
    "month": ("-01", "-02", "-12"),
    "joint": ("-01/02", "-03", "-12"),
    "quarter": ("-Q1", "-Q2", "-Q3", "-Q4"),
    "half": ("-H1", "-H2"),
    "cumulated": ("-01/02", "-01/03", "-01/12"),
}
YEARS = (2021, 2022, 2023)
SEASON = [(x, 100 - x) for x in (70, 65, 60, 55, 55, 52, 52, 52, 51, 51, 50, 50)]


@cache
def apart(place):
    """The figures of the part of a year at that place, of whatever length it is."""
    return world(20 + place)


@cache
def by_parts(parts):
    """Each part of a year with figures of its own, which have nothing to do with those of other parts."""
    alone = {part: apart(place) for place, part in enumerate(parts)}
    whole = [t.assign(period=t["period"].astype(str) + part) for part, t in alone.items()]
    return alone, pd.concat(whole).sample(frac=1, random_state=1)


@cache
def doors_of(parts):
    """Exports and imports of all parts, or of one alone."""
    table = by_parts(parts)[1] if isinstance(parts, tuple) else apart(parts)
    return [xl.flows(pl.from_pandas(x)) for x in (table, imports(table))]


@cache
def told(name, parts, option):
    options = {} if not option else {option.split("=")[0]: eval(option.split("=")[1])}
    found = xl.CATALOGUE[name](*doors_of(parts)[: 1 + (name in TWO)], **{**ARGUMENTS[name], **options})
    return found.to_pandas()


def test_every_comparison_takes_the_year_before_unless_told():
    lags = {}
    for name in xl.__all__:
        found = getattr(xl, name)
        if callable(found) and not inspect.isclass(found) and "lag" in inspect.signature(found).parameters:
            lags[name] = inspect.signature(found).parameters["lag"].default
    assert set(lags) >= {*COMPARING, "rca_transitions"}
    assert set(lags.values()) == {"year"}
    assert len(COMPARING) >= 11


@pytest.mark.grid(3)
@pytest.mark.parametrize("frequency", PARTS)
@pytest.mark.parametrize("name", COMPARING)
def test_each_part_of_a_year_is_compared_with_its_own(name, frequency):
    written = ["", *(o for o in OPTIONS.get(name, []) if frequency == "half")]
    for option in written:
        found = told(name, PARTS[frequency], option)
        for place, part in enumerate(PARTS[frequency]):
            mine = found[found["period"].str.endswith(part)].assign(
                period=lambda t: t["period"].str[:4].astype(int)
            )
            mine = mine[mine["period"].astype(str) > "2021"]
            expected = told(name, place, option)
            keys = [c for c in expected if c == "period" or not pd.api.types.is_numeric_dtype(expected[c])]
            left, right = (t.sort_values(keys).reset_index(drop=True) for t in (mine, expected))
            pd.testing.assert_frame_equal(left, right, rtol=1e-9, check_dtype=False)


@pytest.mark.parametrize("frequency", PARTS)
def test_advantage_moves_from_year_to_year(frequency):
    alone, whole = by_parts(PARTS[frequency])
    found = xl.rca_transitions(xl.flows(whole), by=BY)
    expected = sum(xl.rca_transitions(xl.flows(t), by=BY).counts for t in alone.values())
    assert found.counts.tolist() == expected.tolist()
    assert found.lag == {"month": 12, "joint": 12, "quarter": 4, "half": 2, "cumulated": 12}[frequency]
    last = PARTS[frequency][-1]
    patterns = xl.galtonian(xl.flows(whole), by=BY)
    pd.testing.assert_frame_equal(patterns, xl.galtonian(xl.flows(alone[last]), by=BY))


def test_the_first_and_the_last_pattern():
    _, whole = by_parts(PARTS["month"])
    flows = xl.flows(whole)
    asked = xl.galtonian(flows, by=BY, last="2023-01")
    pd.testing.assert_frame_equal(asked, xl.galtonian(flows, by=BY, first="2021-01", last="2023-01"))
    assert not asked.equals(xl.galtonian(flows, by=BY, first="2022-12", last="2023-01"))
    with pytest.raises(
        DataError, match="no earlier year to compare '2021-02' with. Name two periods, first= and last="
    ):
        xl.galtonian(flows, by=BY, last="2021-02")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_is_a_step_of_the_table(engine):
    table = pd.DataFrame(
        {"period": ["2022-12", "2023-01", "2023-12"], "market": "Japan", "value": [4.0, 9.0, 5.0]}
    )
    flows = xl.flows(ENGINES[engine](table))
    assert [(r["period"], r["contribution"]) for r in rows(xl.contributions(flows), ["period"])] == [
        ("2023-12", 0.25)
    ]
    assert [(r["period"], r["contribution"]) for r in rows(xl.contributions(flows, lag=1), ["period"])] == [
        ("2023-01", 1.25)
    ]
    assert rows(xl.contributions(flows, lag=11), ["period"])[0]["before"] == 9.0
    short = xl.flows(ENGINES[engine](table[:2]))
    match = (
        r"no earlier year: no period has the same one a year before. The table has 2022-12 to 2023-01: add periods, or "
        r"name another lag= \(1: the step before\)"
    )
    with pytest.raises(DataError, match=match):
        xl.contributions(short)
    with pytest.raises(DataError, match="no two periods lie 7 apart. The table has 2022-12 to 2023-01"):
        xl.contributions(short, lag=7)


@pytest.mark.parametrize("lag", [0, -1, 1.0, True, "month", None])
def test_lags_that_are_none(lag):
    flows = xl.flows(pd.DataFrame({"period": [2022, 2023], "market": "Japan", "value": 1.0}))
    with pytest.raises(
        OptionError, match=f"lag={lag!r} is not allowed. Allowed: a whole number, 1 or more or 'year'"
    ):
        xl.contributions(flows, lag=lag)


def test_numbers_and_unordered_labels():
    table = pd.DataFrame({"period": ["1", "2", "3"], "market": "Japan", "value": [1.0, 2.0, 4.0]})
    assert xl.contributions(xl.flows(table))["contribution"].tolist() == [1.0, 1.0]
    with pytest.raises(DataError, match="labels without an order in time"):
        xl.contributions(xl.flows(table.assign(period=["before", "after", "later"])))
    years = xl.flows(table.assign(period=["2019/20", "2020/21", "2022/23"]), frequency="year")
    assert xl.contributions(years)["period"].tolist() == ["2020/21"]


def test_traditional_products_are_those_of_the_first_year():
    """A product of the summer is not new in July because January is the first month of the table."""
    sold = {"2022-01": "ac", "2022-07": "ab", "2023-01": "acd", "2023-07": "abd"}
    cells = [(month, product) for month, products in sold.items() for product in products]
    table = pd.DataFrame(cells, columns=["period", "product"]).assign(value=1.0)
    flows = xl.flows(table)
    found = xl.theil_traditional(flows)
    pd.testing.assert_frame_equal(found, xl.theil_traditional(flows, base=["2022-01", "2022-07"]))
    assert not found.equals(xl.theil_traditional(flows, base="2022-01"))
    with pytest.raises(UnknownName, match="2021-01"):
        xl.theil_traditional(flows, base="2021-01")


# Intervals of change.
def seasonal(years, *, noise=0.0, upto=12, products=12):
    rng = np.random.default_rng(4)
    cells = [
        (f"{y}-{m:02d}", c, f"{k + 10}0000", v * np.exp(noise * rng.normal()))
        for y in years
        for m, sides in enumerate(SEASON, 1)
        if (y, m) <= (years[-1], upto)
        for c, v in zip(("Japan", "USA"), sides, strict=True)
        for k in range(products)
    ]
    return pd.DataFrame(cells, columns=["month", "partner", "hs", "usd"])


ROLES = {"period": "month", "market": "partner", "product": "hs", "value": "usd"}


def test_an_interval_of_change_is_that_from_the_year_before():
    flows = xl.flows(seasonal([2022, 2023], noise=0.3, upto=10), **ROLES)
    asked = {"over": "market", "by": [], "resample": "product"}
    found = xl.difference(flows, "hhi", **asked)
    named = xl.difference(flows, "hhi", between=("2022-10", "2023-10"), **asked)
    pd.testing.assert_frame_equal(found.table, named.table)
    assert found.what == "difference 2023-10 - 2022-10"
    assert "unlike" not in found.table["note"].item()
    unlike = xl.difference(flows, "hhi", between=("2023-01", "2023-10"), **asked).table
    assert "; unlike periods: the season is part of the change" in unlike["note"].item()
    tested = xl.permutation_test(flows, "hhi", rng=1, permutations=99, **asked)
    assert tested["first"].item() == pytest.approx(found.table["first"].item(), rel=1e-12)
    short = xl.flows(seasonal([2023]), **ROLES)
    with pytest.raises(
        DataError, match="no earlier year: the table has no period a year before '2023-12'. Name the two"
    ):
        xl.difference(short, "hhi", **asked)
    with pytest.raises(OptionError, match="between= names the two labels"):
        xl.difference(short, "share", along="market", over="product", by=[], resample="product")
    with pytest.raises(OptionError, match="between= names the two labels"):
        xl.difference(xl.cells(short, ["market", "product"]), "hhi", **asked)


# The report and the judgements.
def said(page):
    text = page.read_text(encoding="utf-8")
    return " ".join(re.sub(r"<(style|script|svg)\b.*?</\1>|<[^>]+>", " ", text, flags=re.DOTALL).split())


def table(page, name):
    return pd.read_csv(page.parent / "tables" / f"{name}.csv", dtype={"month": str})


@pytest.fixture(scope="module")
def nine_years(tmp_path_factory, undrawn):
    """Nine identical years of months, products apart by chance alone."""
    flows = xl.flows(seasonal(range(2015, 2024)), **ROLES, unit="USD")
    return report(flows, out=tmp_path_factory.mktemp("nine"), home="CHN")


def test_nine_identical_years_have_not_changed(nine_years):
    text = said(nine_years)
    assert text.count("From 2015 to 2023 it has moved by +0.0000.") == 2
    assert not re.search("has (fallen|risen)|-0.0000", text)
    assert "Figures are told of 2015 to 2023 (9 periods), added up" in text
    assert "Total exports, 2023 14,400" in text
    hhi = sum((sum(s[i] for s in SEASON) / 1200) ** 2 for i in (0, 1))
    assert table(nine_years, "market_concentration")["hhi"].tolist() == pytest.approx([hhi] * 9)
    growth = table(nine_years, "market_growth")
    assert (growth["month"].unique().tolist(), growth["contribution"].tolist()) == (["2023"], [0.0, 0.0])
    assert "What growth from 2022 to 2023 was made of, by market" in text
    assert (
        len(table(nine_years, "market_concentration_every")) == len(table(nine_years, "totals_every")) == 108
    )
    assert table(nine_years, "totals")["month"].tolist() == [str(y) for y in range(2015, 2024)]
    assert set(table(nine_years, "rcep_share")["month"]) == {str(y) for y in range(2015, 2024)}
    assert len(table(nine_years, "rcep_share_every")) == 216
    assert set(table(nine_years, "market_shares")["month"]) == {"2023"}


def test_noise_among_products_is_no_fall(tmp_path, undrawn):
    flows = xl.flows(seasonal(range(2020, 2024), noise=0.2), **ROLES)
    text = said(report(flows, out=tmp_path))
    assert "Whether it has changed from 2020 to 2023 is not certain" in text
    moved = xl.difference(
        flows.annual(),
        "hhi",
        between=("2020", "2023"),
        over="market",
        by=[],
        resample="product",
        method="delta",
    ).table.iloc[0]
    assert table_row(tmp_path, "market_sure", 1) == pytest.approx(
        [moved[c] for c in ("estimate", "conf_low", "conf_high")]
    )


def table_row(folder, name, at):
    row = pd.read_csv(folder / "tables" / f"{name}.csv").iloc[at]
    return [row[c] for c in ("estimate", "conf_low", "conf_high")]


@pytest.mark.parametrize(
    ("labels", "sentences"),
    [
        (
            seasonal([2022, 2023], noise=0.2, upto=5),
            [
                "Figures are told of 2022, added up",
                "for their year is not full: 2023-01 to 2023-05 (5 periods).",
                "Total exports, 2022 ",
                " from 2022-05 to 2023-05 ",
                "What growth from 2022-05 to 2023-05 was",
            ],
        ),
        (
            seasonal([2023], noise=0.2, upto=3),
            [
                "Total exports, 2023-03 ",
                "No change is told: the table has no earlier year to compare 2023-03 with.",
                "What growth was made of is left out: the table has nothing of the year before 2023-03 to "
                "compare it with.",
            ],
        ),
        (
            seasonal([2022, 2023], noise=0.2, upto=10)[48:],
            [
                "Figures are told of 2022-11 - 2023-10, added up",
                "Total exports, 2022-11 - 2023-10 ",
                "for their year is not full: 2022-03 to 2022-10 (8 periods).",
                " from 2022-10 to 2023-10 ",
            ],
        ),
    ],
    ids=["one full year", "three months", "twelve months"],
)
def test_what_a_short_history_tells(labels, sentences, tmp_path, undrawn):
    text = said(report(xl.flows(labels, **ROLES), out=tmp_path))
    assert [s for s in sentences if s not in text] == []


def test_the_same_in_chinese(tmp_path, undrawn):
    text = said(report(xl.flows(seasonal([2022, 2023], noise=0.2, upto=5), **ROLES), out=tmp_path, lang="zh"))
    assert "2022-05" in text
    assert not re.search(r"(?i)figures are told|left out of|it has changed|what growth", text)


def test_a_reference_is_added_up_as_the_table_is(tmp_path, undrawn):
    """Months of the exporter beside the reference's years."""
    months = seasonal([2022, 2023], noise=0.2)
    yearly = pd.concat(
        [months.assign(month=months["month"].str[:4], usd=3.0), months.assign(month="2021", usd=3.0)]
    )
    world_ = xl.flows(
        yearly.groupby(["month", "hs"], as_index=False)["usd"].sum(),
        period="month",
        product="hs",
        value="usd",
    )
    flows = xl.flows(months, **ROLES)
    page = report(flows, out=tmp_path, reference=world_)
    found = table(page, "rca").set_index("hs")["rca"]
    own = xl.flows(months.assign(city="x"), **ROLES, exporter="city").annual()
    expected = (
        xl.rca(own, reference=world_, by=BY)
        .query("month == '2023'")
        .astype({"hs": int})
        .set_index("hs")["rca"]
    )
    assert found.to_dict() == pytest.approx(expected[found.index].to_dict())


def test_judgements_are_of_full_years():
    months = seasonal([2022, 2023], noise=0.2, upto=5)
    flows = xl.flows(months, **ROLES)
    found = judge(flows)
    assert set(found["period"]) == {"2022"}
    year = xl.flows(months.assign(month=months["month"].str[:4]), **ROLES, aggregate="sum")
    pd.testing.assert_frame_equal(found, judge(year, period="2022"))
    assert set(judge(flows, period="2023-05")["period"]) == {"2023-05"}
    assert set(judge(flows, period="2022")["period"]) == {"2022"}
    with pytest.raises(
        DataError, match="no period '2023' that figures can be told of. Allowed: 2022, 2022-01,"
    ):
        judge(flows, period="2023")
    short = judge(xl.flows(months[months["month"] > "2023"], **ROLES))
    assert set(short["period"]) == {"2023-05"}
    assert (
        judge(xl.flows(months.drop(columns="month"), **{**ROLES, "period": None}, aggregate="sum"))["period"]
        .isna()
        .all()
    )
