"""The door refuses what it cannot trust, and says so; the check tells what the design can show."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.panel import PolicyPanel
from exportlab.panel.sources import attach_policy


def table(units=4, periods=4, adopted=(2002.0, 2002.0, np.nan, np.nan)):
    """Cities a, b, ... over 2000, 2001, ..., with outcomes 1, 2, ..."""
    names = [chr(97 + i) for i in range(units)]
    t = pd.DataFrame(
        {"city": np.repeat(names, periods), "year": np.tile(np.arange(2000, 2000 + periods), units)}
    )
    t["exports"] = np.arange(1.0, len(t) + 1) ** 1.5
    t["since"] = np.repeat(np.array(adopted, float), periods)
    return t


def door(t, **changes):
    return PolicyPanel(
        t, **{"unit": "city", "period": "year", "outcome": "exports", "adopted": "since", **changes}
    )


def test_panel_knows_its_design():
    p = door(table())
    assert list(p.unit_labels) == ["a", "b", "c", "d"]
    assert list(p.cohorts) == [2002.0]
    assert p.D.sum() == 4
    assert p.treated_clusters == 2
    assert list(p.event_time[:4]) == [-2, -1, 0, 1]
    assert "2 treated in 1 cohort(s)" in repr(p)


def test_rows_are_sorted_not_changed():
    t = table()
    p, q = door(t), door(t.sample(frac=1, random_state=1))
    assert np.array_equal(p.y, q.y)
    assert "exports" in t  # the caller's table is untouched


def test_treated_and_adopted_say_the_same():
    t = table()
    t["on"] = (t["year"] >= t["since"]).astype(int)
    p = door(t, adopted=None, treated="on")
    assert np.array_equal(p.adoption, door(t).adoption)


def test_dates_of_adoption_may_be_categories():
    t = table()
    text = t.assign(**{c: t[c].map(lambda v: None if np.isnan(v) else f"{v:.0f}") for c in ("year", "since")})
    listed = text.astype({"year": "category", "since": "category"})
    assert door(listed).adoption.tolist() == door(text).adoption.tolist() == [2002.0, 2002.0, np.inf, np.inf]


@pytest.mark.parametrize("never", [np.nan, np.inf, None])
def test_never_may_be_nan_inf_or_none(never):
    t = table()
    t["since"] = [2002.0 if c in "ab" else never for c in t["city"]]
    assert np.isinf(door(t).adoption).sum() == 2


def test_months_count_as_periods():
    t = table(2, 3, (np.nan, np.nan))
    t["month"] = ["2019-12", "2020-01", "2020-02"] * 2
    t["from"] = ["2020-01"] * 3 + [None] * 3
    p = PolicyPanel(t, unit="city", period="month", outcome="exports", adopted="from")
    assert list(p.event_time[:3]) == [-1, 0, 1]
    assert p.check().cohorts["adopted"].tolist() == ["2020-01", "never"]


def test_polars_comes_in_too():
    pl = pytest.importorskip("polars")
    t = table()
    p = door(pl.from_dict({c: t[c].tolist() for c in t}))
    assert len(p.y) == 16


def bad_outcome(value):
    t = table()
    t.loc[5, "exports"] = value
    return t


def with_column(**columns):
    return table().assign(**columns)


def changed(column, row, value):
    t = table().astype({column: object}) if isinstance(value, str) or value is None else table()
    t.loc[row, column] = value
    return t


REFUSED = [
    (changed("city", 3, None), {}, r"the unit column 'city' is missing in 1 row\. First: city None"),
    (changed("year", 2, np.nan), {}, r"the period column 'year' is missing in 1 row"),
    (
        table().assign(year=lambda t: t.year.map({2000: "2000", 2001: "2001-05"}).fillna("2002")),
        {},
        r"period 'year' mixes years and months \('2000' and '2001-05'; 1 of 3 labels\) in 4 rows",
    ),
    (
        table().assign(year=lambda t: t.year + 0.5),
        {},
        r"labels without an order in time \(2000.5, 2001.5, 2002.5\)",
    ),
    (
        table().assign(year=lambda t: (t.year > 2001).map({True: "after", False: "before"})),
        {},
        r"labels without an order in time \('after', 'before'\), and time since adoption needs one",
    ),
    (
        pd.concat([table(), table().iloc[[6]]]),
        {},
        r"more than once in a year in 1 row\. First: city b, year 2002",
    ),
    (bad_outcome(np.nan), {}, r"'exports' is missing in 1 row\. First: city b, year 2001.*missing='drop'"),
    (bad_outcome(-np.inf), {}, r"'exports' is infinite in 1 row.*exports = -inf.*log of zero"),
    (
        bad_outcome(0.0),
        {"transform": "log"},
        r"log of 'exports' does not exist.*in 1 row.*Poisson model.*asinh",
    ),
    (table().assign(exports="x"), {}, r"column 'exports' is (object|str), not numbers"),
    (changed("since", 1, 2003.0), {}, r"'since' changes within a city in 2 rows\. First: city a, year 2001"),
    (table(adopted=(2002, 0, 0, 0)), {}, r"'since' is 0 in 12 rows.*Some programs write 0 for never"),
    (table().assign(since="2002-05"), {}, r"'since' is not written like the periods of 'year' in 16 rows"),
    (table().assign(since="soon"), {}, r"First: 'soon'. 'soon' is no period, and period 'year' has years"),
    (
        table().assign(since=lambda t: t.since.fillna(0)),
        {},
        r"'since' is 0 in 8 rows. First: city c, year 2000",
    ),
    (
        with_column(on=[0, 1, 0, 0] * 4),
        {"adopted": None, "treated": "on"},
        r"switches off in 4 rows.*First: city a, year 2002",
    ),
    (
        with_column(on=[0, 0, 2, 2] * 4),
        {"adopted": None, "treated": "on"},
        r"'on' is neither 0 nor 1 in 8 rows",
    ),
    (
        with_column(on=[1] * 8 + [0] * 8),
        {"adopted": None, "treated": "on"},
        r"marks a group, not treated periods",
    ),
    (
        with_column(group=range(16)),
        {"cluster": "group"},
        r"'group' changes within a city: it is finer than the unit",
    ),
    (with_column(w=[0.0] + [1.0] * 15), {"weights": "w"}, r"weight 'w' is not positive in 1 row"),
    (with_column(x=[np.inf] + [1.0] * 15), {"covariates": ["x"]}, r"covariate 'x' is infinite in 1 row"),
    (with_column(x=[np.nan] + [1.0] * 15), {"covariates": ["x"]}, r"'x' is missing in 1 row"),
    (table().iloc[:0], {}, r"the table has no rows"),
]


@pytest.mark.parametrize(("bad", "options", "message"), REFUSED)
def test_bad_tables_are_refused_with_a_reason(bad, options, message):
    with pytest.raises(DataError, match=message):
        door(bad, **options)


def test_options_are_refused_with_a_reason():
    with pytest.raises(OptionError, match="exactly one of adopted="):
        door(table(), treated="exports")
    with pytest.raises(UnknownName, match=r"column named 'export'.*'exports'"):
        door(table(), outcome="export")
    with pytest.raises(OptionError, match="'exports' has two roles"):
        door(table(), covariates=["exports"])
    with pytest.raises(OptionError, match="covariates='exports' is not allowed. Allowed: a list"):
        door(table(), covariates="exports")
    with pytest.raises(DataError, match="list is not a table"):
        door([1, 2])


def test_dropped_rows_are_counted_in_every_estimate():
    p = door(bad_outcome(np.nan), missing="drop")
    e = p.twfe()
    assert e.sample.lost == (("exports missing", 1),)
    assert (e.sample.rows, e.sample.used) == (16, 15)
    assert "15 of 16 rows used (1 lost: exports missing)" in e.summary()
    assert e.sample.table()["rows"].tolist() == [16, -1, 15]


def fact(p, name):
    row = p.check().table.set_index("fact").loc[name]
    return row["value"], row["level"], row["meaning"]


def test_check_warns_of_few_clusters_and_one_treated():
    p = door(table(adopted=(2002, np.nan, np.nan, np.nan)))
    assert fact(p, "clusters")[:2] == (4, "warn")
    assert "Below 10" in fact(p, "clusters")[2]
    assert "rejects a true null far too often" in fact(p, "treated clusters")[2]
    assert "1/4 = 0.250" in fact(p, "treated clusters")[2]
    assert fact(p, "smallest attainable p-value")[:2] == ("0.25", "warn")


def test_check_refuses_all_treated_at_once():
    value, level, meaning = fact(door(table(adopted=(2002,) * 4)), "never treated")
    assert (value, level) == (0, "refuse")
    assert "nobody is left to compare with" in meaning


def test_check_finds_gaps_singletons_zeros_and_late_adopters():
    t = table(adopted=(2002, 2000, 2050, np.nan))
    t.loc[0, "exports"] = 0.0
    t = t.drop(index=[5, 12, 13, 14])
    p = door(t)
    assert fact(p, "units with gaps")[0] == 1
    assert fact(p, "singleton units")[0] == 1
    assert fact(p, "zeros in the outcome")[:2] == (1, "note")
    assert fact(p, "always treated")[:2] == (1, "warn")
    assert fact(p, "adopt after the panel")[0] == 1
    assert p.cohorts.tolist() == [2002.0]
    assert "unit-periods are missing" in p.check().summary()


def test_constant_outcome_and_nobody_treated_are_refused_by_estimators():
    with pytest.raises(DataError, match="the outcome 'exports' is constant"):
        door(table().assign(exports=1.0)).twfe()
    with pytest.raises(DataError, match="no city is treated within the panel"):
        door(table(adopted=(2050,) * 4)).att()
    assert fact(door(table().assign(exports=1.0)), "units with constant outcome")[1] == "refuse"


def test_reassigned_and_where_keep_the_rest():
    p = door(table())
    q = p.reassigned([np.inf, 2003.0, np.inf, np.inf])
    assert q.D.sum() == 1
    assert p.D.sum() == 4
    r = p.where(p.y > 2, "small")
    assert r.lost == (("small", int((p.y <= 2).sum())),)
    with pytest.raises(DataError, match="not one finite number a row"):
        p.with_outcome([1.0])


DATES = pd.DataFrame({"unit": ["a", "b"], "start_date": ["2002-04-01", "2002-09"]})


@pytest.mark.parametrize(
    ("first", "years"), [("same", [2002, 2002]), ("next", [2003, 2003]), ("half", [2002, 2003])]
)
def test_policy_dates_attach_by_rule(first, years):
    out = attach_policy(table().drop(columns="since"), DATES, unit="city", period="year", first=first)
    found = out.groupby("city")["adopted"].first()
    assert found[["a", "b"]].tolist() == years
    assert found[["c", "d"]].isna().all()


def test_policy_dates_are_refused_with_a_reason():
    with pytest.raises(DataError, match=r"units that the table has not in 'city' in 1 row. First: Z"):
        attach_policy(table(), DATES.assign(unit=["a", "Z"]), unit="city", period="year")
    with pytest.raises(DataError, match=r"a unit has two dates in 1 row. First: a"):
        attach_policy(table(), DATES.assign(unit="a"), unit="city", period="year")
    with pytest.raises(DataError, match=r"dates that cannot be read in 1 row. First: 'April'"):
        attach_policy(table(), DATES.assign(start_date=["April", "2002"]), unit="city", period="year")


def test_panel_from_flows():
    flows_module = pytest.importorskip("exportlab.flows", reason="needs the flows door")
    rows = pd.DataFrame(
        {
            "year": [2000, 2000, 2001, 2001] * 2,
            "province": ["x"] * 4 + ["y"] * 4,
            "partner": ["p", "q"] * 4,
            "usd": [1.0, 1, 3, 1, 2, 2, 1, 1],
        }
    )
    f = flows_module.flows(rows, period="year", exporter="province", market="partner", value="usd")
    p = PolicyPanel.from_flows(f, "hhi", over="market", adopted={"x": 2001})
    assert np.allclose(p.y, [0.5, 0.625, 0.5, 0.5])
    assert p.D.tolist() == [0, 1, 0, 0]
    with pytest.raises(
        DataError, match=r"names units \(exporter\) without rows in the table in 1 row. First: z"
    ):
        PolicyPanel.from_flows(f, "hhi", over="market", adopted={"z": 2001})


def test_never_as_zero_text_or_a_stata_code_is_mended_by_the_line_printed():
    """The remedies of the door run as printed."""
    for never in (0, "never", ".n"):
        t = table().astype({"since": object})
        t.loc[t["since"].isna(), "since"] = never
        if never == 0:
            t["since"] = t["since"].astype(float)
        with pytest.raises(DataError) as caught:
            door(t)
        line = re.search(r"table\['since'\] = .+\)(?=\.$)", str(caught.value))[0]
        names = {"table": t.copy(), "pd": pd}
        exec(line, names)
        assert np.isinf(door(names["table"]).adoption).tolist() == [False, False, True, True]


@pytest.mark.parametrize("cell", [{}, [2003]])
def test_a_cell_that_holds_others_is_no_period(cell):
    table = pd.DataFrame({"unit": ["a", "a", "b"], "year": [2001, 2002, 2001], "y": 1.0, "g": 2002.0})
    table["year"] = table["year"].astype(object)
    table.at[2, "year"] = cell
    with pytest.raises(DataError, match=r"'year' names nothing: .* in 1 row\. First: "):
        PolicyPanel(table, unit="unit", period="year", outcome="y", adopted="g")


@pytest.mark.parametrize("cell", [[2002], {"year": 2002}], ids=str)
def test_a_nested_date_of_adoption_is_named(cell):
    d = table()
    d["since"] = pd.Series([cell, *d["since"][1:]], index=d.index, dtype=object)
    with pytest.raises(DataError, match=r"column 'since' names nothing.* in 1 row\. First: "):
        door(d)


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ("a\u200b", r"column 'city' has two labels that look alike: 'a', 'a\\u200b'"),
        ("ａ", "column 'city' has two labels that look alike"),
        (" ", r"column 'city' has blank labels in 1 row\. First: row 2"),
    ],
)
def test_a_unit_that_nobody_could_tell_from_another_is_refused(label, problem):
    d = table()
    d.loc[d.index[1], "city"] = label
    with pytest.raises(DataError, match=problem):
        door(d)


def test_an_infinite_unit_is_none():
    d = table().assign(city=lambda t: pd.factorize(t["city"])[0].astype(float))
    d.loc[d.index[2], "city"] = np.inf
    with pytest.raises(DataError, match=r"column 'city' names nothing.* in 1 row\. First: inf"):
        door(d)


def test_an_infinite_dose_is_refused():
    rng = np.random.default_rng(4)
    d = pd.DataFrame({"u": np.repeat(range(4), 4), "t": [*range(4)] * 4, "y": rng.normal(size=16)})
    d["dose"] = np.where((d["u"] > 1) & (d["t"] > d["u"] - 1), 2.0, 0.0)
    d.loc[15, "dose"] = np.inf
    with pytest.raises(DataError, match=r"'dose' is infinite in 1 row\. First: u 3, t 3"):
        PolicyPanel(d, unit="u", period="t", outcome="y", treated="dose", reversible=True)
    assert (
        len(PolicyPanel(d[:15], unit="u", period="t", outcome="y", treated="dose", reversible=True).y) == 15
    )
