"""Months added up, totals from January taken apart, and changes that compare like with like."""

from __future__ import annotations

import math
from datetime import date

import pandas as pd
import pytest
from engines import ENGINES, rows

import exportlab as xl
from exportlab.errors import DataError, OptionError
from exportlab.periods import Period, read
from exportlab.periods.turning import coarser, matching, single, told

NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
TOTALS = {  # how users write January to a month
    "iso": lambda y, m: f"{y}-01/{m:02d}",
    "chinese": lambda y, m: f"{y}年1-{m:02d}月",
    "english": lambda y, m: f"Jan-{NAMES[m - 1]} {y}",
}


def months(*years, upto=12):
    """ISO months of some years, the last of which ends early."""
    return [f"{y}-{m:02d}" for y in years for m in range(1, (upto if y == years[-1] else 12) + 1)]


def table_of(labels, values=None, **columns):
    return pd.DataFrame(
        {"period": labels, "value": [1.0] * len(labels) if values is None else values, **columns}
    )


def by_period(flows):
    return {r["period"]: r["value"] for r in rows(flows.table, ["period"])}


@pytest.fixture(scope="module")
def published(reference):
    known = pd.read_csv(reference / "monthly.csv", dtype=str)
    return {
        q: {r["case"]: float(r["value"]) for r in part.to_dict("records")}
        for q, part in known.groupby("quantity")
    }


def announced(published, style):
    """The totals as a table, January and February in one."""
    cases = [(int(c[:4]), int(c[5:].rpartition("-")[2]), v) for c, v in published["announced"].items()]
    return table_of([TOTALS[style](y, m) for y, m, _ in cases], [v for *_, v in cases])


# Totals from January, taken apart.
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("style", ["iso", "chinese"])
def test_totals_taken_apart_as_published(published, style, engine):
    found = by_period(xl.decumulate(xl.flows(ENGINES[engine](announced(published, style)))))
    form = {"iso": lambda y, m: f"{y}-{m:02d}", "chinese": lambda y, m: f"{y}年{m}月"}[style]
    expected = {
        TOTALS[style](y, 2) if m == "1-2" else form(y, int(m)): v
        for (y, m), v in (((int(c[:4]), c[5:]), v) for c, v in published["month"].items())
    }
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_joint_months_keep_their_own_label(published):
    flows = xl.decumulate(xl.flows(announced(published, "english")))
    assert flows.table["period"].tolist()[:3] == ["Jan-Feb 2023", "Mar 2023", "Apr 2023"]
    assert {p.months for p in flows.calendar.periods.values()} == {1, 2}
    assert flows.calendar.frequency == "month"
    whole = xl.flows(table_of(["2023年1月", "2023年1-2月", "2023年1-3月"], [2.0, 5.0, 9.0]))
    assert by_period(xl.decumulate(whole)) == {"2023年1月": 2.0, "2023年2月": 3.0, "2023年3月": 4.0}


def test_growth_is_that_of_the_same_months_a_year_before(published):
    flows = xl.flows(announced(published, "iso").assign(market="Japan"))
    for made, quantity in (
        (flows, "growth of the cumulated, %"),
        (xl.decumulate(flows), "growth of the month, %"),
    ):
        found = xl.contributions(made, over="market")
        assert (100 * found["contribution"]).tolist() == pytest.approx(
            list(published[quantity].values()), rel=1e-8
        )
    gains = xl.contributions(xl.decumulate(flows), over="market")
    parts = (
        100 * (gains["after"] - gains["before"]) / gains["before"].sum()
    )  # add up to the growth of the half-year
    name = "contribution to growth January to June, points"
    assert parts.tolist() == pytest.approx(list(published[name].values()), rel=1e-8)
    half = published["growth of the cumulated, %"]["2024 6"]
    assert math.fsum(parts) == pytest.approx(half, rel=1e-8)


def test_growth_of_a_month_on_the_revised_base(published):
    """What is published beside a total is on the base as revised since: total / (1 + growth)."""
    table = announced(published, "iso").set_index("period")["value"]
    for case, growth in published["published growth of the cumulated, %"].items():
        year, month = map(int, case.split())
        base = table[TOTALS["iso"](year, month)] / (1 + growth / 100)
        assert base == pytest.approx(published["revised base of the cumulated"][case], rel=1e-9)
        table[TOTALS["iso"](year - 1, month)] = base
    flows = xl.flows(table.reset_index().assign(market="Japan"))
    found = xl.contributions(xl.decumulate(flows), over="market").set_index("period")["contribution"]
    for case, growth in published["growth of the month on the revised base, %"].items():
        assert 100 * found[f"{case[:4]}-{int(case[5:]):02d}"] == pytest.approx(growth, rel=1e-8)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_total_that_falls_is_refused_with_both_figures(engine):
    table = pd.DataFrame(
        [
            ("2024-01/04", "Japan", 130.0),
            ("2024-01/05", "Japan", 120.0),
            ("2024-01/05", "USA", 5.0),
            ("2024-01/02", "Japan", 50.0),
            ("2024-01/03", "Japan", 130.0),
            ("2024-01/03", "Peru", 1.0),
        ],
        columns=["period", "partner", "value"],
    )
    flows = xl.flows(ENGINES[engine](table), market="partner")
    match = (
        r"value 'value' falls from one total to the next in 2 rows\. First: partner='Peru', 0 to 2024-01/04 "
        r"less 1 to 2024-01/03 is -1\. A month cannot be negative"
    )
    with pytest.raises(DataError, match=match):
        xl.decumulate(flows)
    alone = xl.flows(ENGINES[engine](table[table["partner"] == "Japan"].drop(columns="partner")))
    with pytest.raises(
        DataError, match=r"next in 1 row\. First: 120 to 2024-01/05 less 130 to 2024-01/04 is -10\."
    ):
        xl.decumulate(alone)


def test_cells_of_one_total_count_as_zero_in_the_other():
    table = pd.DataFrame(
        [
            ("2024-01/02", "Japan", 50.0, 5.0),
            ("2024-01/03", "Japan", 50.0, None),
            ("2024-01/03", "USA", 4.0, 2.0),
            ("2024-01/04", "Japan", 60.0, 7.0),
            ("2024-01/04", "USA", 4.0, 3.0),
        ],
        columns=["period", "market", "value", "quantity"],
    )
    found = xl.decumulate(xl.flows(table)).table.set_index(["period", "market"])
    assert found["value"].to_dict() == {
        ("2024-01/02", "Japan"): 50.0,
        ("2024-03", "Japan"): 0.0,
        ("2024-03", "USA"): 4.0,
        ("2024-04", "Japan"): 10.0,
        ("2024-04", "USA"): 0.0,
    }
    assert found["quantity"].dropna().to_dict() == {
        ("2024-01/02", "Japan"): 5.0,
        ("2024-03", "USA"): 2.0,
        ("2024-04", "USA"): 1.0,
    }


def test_rounding_is_no_revision():
    assert by_period(xl.decumulate(xl.flows(table_of(["2024-01/01", "2024-01/02"], [0.1 + 0.2, 0.3])))) == {
        "2024-01": 0.1 + 0.2,
        "2024-02": 0.0,
    }
    with pytest.raises(DataError, match="falls from one total"):
        xl.decumulate(xl.flows(table_of(["2024-01/01", "2024-01/02"], [0.3, 0.3 - 1e-11])))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["2024-01/02", "2024-01/04"], "no '2024-01/03', which is to be taken off '2024-01/04'"),
        (["2024-01/03", "2024-01/04"], "no '2024-01/02', which is to be taken off '2024-01/03'"),
        (["2023-01/02", "2024-01/05", "2023-01/03"], "no '2024-01/04'"),
        (
            ["2024-01", "2024-02"],
            "has months, not months added up from January. decumulate takes totals such as",
        ),
        (["before", "after"], "has labels without an order in time, not months added up"),
    ],
)
def test_what_cannot_be_taken_apart(labels, message):
    with pytest.raises(DataError, match=message):
        xl.decumulate(xl.flows(table_of(labels)))


# Months added up.
WRITTEN = {
    "iso": (str, "2023", "2023-Q1", "2024-01/02"),
    "number": (lambda m: int(m.replace("-", "")), 2023, "2023-Q1", "2024-01/02"),
    "chinese": (lambda m: f"{m[:4]}年{int(m[5:])}月", "2023年", "2023年1季度", "2024年1-2月"),
    "english": (lambda m: f"{NAMES[int(m[5:]) - 1]}-{m[2:4]}", "2023", "2023-Q1", "2024-01/02"),
    "date": (lambda m: date(int(m[:4]), int(m[5:]), 1), date(2023, 1, 1), date(2023, 1, 1), "2024-01/02"),
    "timestamp": (
        lambda m: pd.Timestamp(f"{m}-01"),
        pd.Timestamp("2023-01-01"),
        pd.Timestamp("2023-01-01"),
        "2024-01/02",
    ),
}


@pytest.mark.parametrize("engine", [e for e in ENGINES if e not in ("duckdb", "polars-lazy")])
@pytest.mark.parametrize("style", WRITTEN)
def test_years_and_quarters_as_the_user_writes(style, engine):
    write, year, quarter, part = WRITTEN[style]
    labels = months(2023, 2024, upto=2)
    flows = xl.flows(ENGINES[engine](table_of([write(m) for m in labels], [float(i) for i in range(14)])))
    annual = flows.annual()
    assert by_period(annual) == {year: sum(range(12))}
    assert [str(p) for p in annual.left_out] == [str(write(m)) for m in labels[12:]]
    assert next(iter(by_period(flows.quarterly()).items())) == (quarter, 3.0)
    assert sum(by_period(flows.quarterly()).values()) == sum(range(12))
    kept = flows.annual(partial="keep")
    assert kept.left_out == ()
    found = by_period(kept)
    assert found[part] == 25.0
    assert sum(found.values()) == sum(range(14))


@pytest.mark.parametrize("engine", ["duckdb", "polars-lazy"])
@pytest.mark.parametrize("style", ["iso", "number", "date"])
def test_years_of_a_plan(style, engine):
    write, year, quarter, part = WRITTEN[style]
    flows = xl.flows(ENGINES[engine](table_of([write(m) for m in months(2023, 2024, upto=2)])))
    assert flows.annual().lazy
    day = (lambda x: x.date() if hasattr(x, "date") else x) if style == "date" else lambda x: x
    assert {day(p): v for p, v in by_period(flows.annual()).items()} == {year: 12.0}
    assert {day(p) for p in by_period(flows.quarterly())} >= {quarter}
    assert by_period(flows.annual(partial="keep"))[part] == 2.0


@pytest.mark.parametrize("engine", ENGINES)
def test_cells_and_quantities_are_added_up(engine):
    table = pd.DataFrame(
        [
            (m, c, f"{k:02d}", 1.0 + k, None if (c, k, m) == ("USA", 1, "2022-07") else 2.0)
            for m in months(2022, 2023)
            for c in ("Japan", "USA")
            for k in (1, 2)
        ],
        columns=["month", "partner", "hs", "usd", "kg"],
    )
    roles = {"period": "month", "market": "partner", "product": "hs", "value": "usd", "quantity": "kg"}
    annual = xl.flows(ENGINES[engine](table), **roles, unit="USD").annual()
    found = {(r["month"], r["partner"], r["hs"]): (r["usd"], r["kg"]) for r in rows(annual.table, ["month"])}
    assert {k: v for k, (v, _) in found.items()} == {
        (y, c, f"{k:02d}"): 12 * (1.0 + k) for y in ("2022", "2023") for c in ("Japan", "USA") for k in (1, 2)
    }
    assert [k for k, (_, q) in found.items() if q is None or math.isnan(q)] == [("2022", "USA", "01")]
    assert found["2023", "USA", "01"][1] == 24.0
    assert annual.unit == "USD"


def test_exports_of_china_by_year(published):
    """The customs' months add up to the year they announced, and grow as they said (rounded there)."""
    known = published["exports of China"]
    annual = xl.flows(table_of(list(known), list(known.values()), market="Japan")).annual()
    assert by_period(annual)["2012"] == pytest.approx(
        published["announced exports of China"]["2012"], rel=1e-4
    )
    growth = 100 * xl.contributions(annual, over="market")["contribution"].item()
    assert growth == pytest.approx(published["announced growth of China's exports, %"]["2012"], abs=0.1)


def test_joint_months_count_twice_and_totals_once(published):
    flows = xl.flows(table_of(["2023年1-2月", *(f"2023年{m}月" for m in range(3, 13))]))
    assert by_period(flows.annual()) == {"2023年": 11.0}
    assert by_period(flows.quarterly())["2023年1季度"] == 2.0
    totals = xl.flows(
        table_of([*(TOTALS["iso"](2023, m) for m in range(2, 13)), "2024-01/03"], [*range(2, 13), 7.0])
    )
    annual = totals.annual()
    assert by_period(annual) == {"2023": 12.0}
    assert annual.left_out == ("2024-01/03",)
    assert by_period(totals.annual(partial="keep")) == {"2023": 12.0, "2024-01/03": 7.0}
    halves = xl.flows(table_of(["2022H1", "2022H2", "2023H1"]))
    assert by_period(halves.annual()) == {"2022": 2.0}


@pytest.mark.parametrize(
    ("labels", "how", "error", "message"),
    [
        (
            months(2023, upto=3),
            "annual",
            DataError,
            r"no full year: of 2023 it has 3 of 12 months \(2023-01 to 2023-03\). Say partial='keep'",
        ),
        (
            ["2023-01"],
            "quarterly",
            DataError,
            r"no full quarter: of 2023-Q1 it has 1 of 3 months \(2023-01\)",
        ),
        (["2023H1", "2023H2"], "quarterly", OptionError, "has half-years, which are longer than quarters"),
        (
            ["2023-01/02", "2023-01/03"],
            "quarterly",
            DataError,
            "do not add up to quarters. Take them apart first",
        ),
        (["1", "2"], "annual", DataError, "has numbers, whose months are not known"),
        (["before", "after"], "annual", DataError, "labels without an order in time"),
        ([2022, 2023], "quarterly", OptionError, "has years, which are longer than quarters"),
    ],
)
def test_what_does_not_add_up(labels, how, error, message):
    with pytest.raises(error, match=message):
        getattr(xl.flows(table_of(labels)), how)()


def test_parts_of_years():
    late = xl.flows(table_of(months(2022, 2023, upto=3)[8:]))
    assert list(by_period(late.annual(partial="keep"))) == ["2022-09/12", "2023-01/03"]
    assert late.annual(partial="keep").calendar.period("2022-09/12") == Period(12 * 2022 + 8, 4, "span")
    with pytest.raises(
        DataError, match="has nothing between '2023-01' and '2023-03'. A part of a year is kept where"
    ):
        xl.flows(table_of(["2023-01", "2023-03"])).annual(partial="keep")
    with pytest.raises(OptionError, match="partial='all' is not allowed. Allowed: 'drop', 'keep'"):
        late.annual(partial="all")
    with pytest.raises(DataError, match="the flows have no period"):
        xl.flows(pd.DataFrame({"value": [1.0]})).annual()
    kept = xl.flows(table_of(months(2022, 2023, 2024, upto=3), market="Japan")).annual(partial="keep")
    gains = xl.contributions(kept, over="market")
    assert gains["period"].tolist() == ["2023"]  # a part is never compared with a full year
    assert repr(xl.flows(table_of(months(2022, 2023, upto=2))).annual()).endswith(
        "left out: 2 periods, 2023-01 to 2023-02)"
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_an_exporter_without_rows_is_told(engine):
    table = pd.DataFrame(
        [(m, e, 1.0) for m in months(2022, 2023) for e in "AB"], columns=["period", "exporter", "value"]
    )
    whole = xl.flows(ENGINES[engine](table)).annual()
    assert whole.notes == ()
    short = table[~((table["exporter"] == "B") & (table["period"] > "2023-10"))]
    annual = xl.flows(ENGINES[engine](short)).annual()
    note = "1 of the exporters have no row in some periods added up, which count as zero (first: B, 2023: 10 of 12)"
    assert annual.notes == (note,)
    assert note in repr(annual)
    assert xl.cells(annual, "exporter").table is not None


def test_periods_of_one_table_by_those_of_another():
    model = told(read(months(2022, 2023, 2024, upto=4)), months(2022, 2023, 2024, upto=4))
    quarters = [f"{y}年{q}季度" for y in (2022, 2023) for q in (1, 2, 3, 4)][:-1]
    calendar = read(quarters)
    made = matching(calendar, list(calendar.keys.values()), model)
    assert set(made.pairs.values()) == {"2022"}
    assert made.left_out == tuple(quarters[4:])
    years = read([2021, 2022, 2023])
    assert matching(years, list(years.labels), model).pairs == {2022: "2022", 2023: "2023"}
    assert matching(read([2019]), [2019], model) is None
    assert matching(read(["a", "b"]), ["a"], model) is None


def test_what_figures_are_told_of():
    def spans(labels):
        calendar = read(labels)
        made = told(calendar, list(calendar.keys.values()))
        return None if made is None else list(made.calendar.labels)

    assert spans(months(2022, 2023, 2024, upto=5)) == ["2022", "2023"]
    assert spans(months(2022, 2023, upto=10)[2:]) == ["2022-11 - 2023-10"]
    assert spans(months(2022, 2023, upto=2)[3:]) is None  # eleven months
    assert spans(months(2022, 2023, upto=3)[3:]) == ["2022-04 - 2023-03"]
    assert spans([m for m in months(2022, 2023, upto=10)[2:] if m != "2023-03"]) is None
    assert spans(["2022Q2", "2022Q3", "2022Q4", "2023Q1"]) == ["2022Q2 - 2023Q1"]
    assert spans(["2023-01/11", "2023-01/12", "2024-01/02"]) == ["2023"]
    assert spans(["2023-01/02", "2024-01/02"]) is None
    assert spans([2022, 2023]) is None
    assert spans(["before", "after"]) is None
    dates = [date(2022, m, 1) for m in range(2, 13)] + [date(2023, 1, 1)]
    assert spans(dates) == ["2022-02/2023-01"]


def test_labels_stay_one_another_s():
    calendar = read(["2024年1-2月", "2024年1-3月"])
    made = single(calendar, list(calendar.labels))
    assert made.plain.calendar.labels == ("2024-01/02", "2024-03")
    assert made.plain.pairs == {"2024年1-2月": "2024-01/02", "2024年1-3月": "2024-03"}
    assert made.plain.less == {"2024年1-2月": "2024-03"}
    whole = read([f"2024年1-{m}月" for m in range(2, 13)])
    assert coarser(whole, list(whole.keys.values()), "year").calendar.labels == ("2024年",)
