"""Same meaning, same number: every spelling of a period, on every engine, at every door."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

import catalogue_calls
import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
import tries
from engines import ENGINES, agree, plain, rows
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from spellings import FORMS, MONTHS, PARTS, written

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.periods import read
from exportlab.plots import structure

LAZY = ("polars-lazy", "duckdb")
MARKETS = ("Japan", "USA", "Germany")
PANDAS_ONLY = ("period",)  # a type that other engines have not
DECIMAL = ("float",)  # refused for its type: years become decimal where some are missing


def table_of(frequency, spelling, periods, values):
    labels = [written(frequency, spelling, y, p) for y, p in periods]
    cells = [(label, m) for label in labels for m in MARKETS]
    made = pd.DataFrame(cells, columns=["when", "partner"])
    return made.assign(usd=np.resize(values, len(made)))


@st.composite
def spans(draw):
    """A frequency, and some of its periods that have one meaning in every spelling, in any order."""
    frequency = draw(st.sampled_from(list(FORMS)))
    every = [(y, p) for y in range(2020, 2024) for p in range(1, PARTS[frequency] + 1)]
    telling = [c for c in every if frequency == "year" or c[1] > 1]
    first = draw(st.sampled_from(telling))
    others = draw(
        st.lists(st.sampled_from([c for c in every if c != first]), min_size=2, max_size=5, unique=True)
    )
    values = draw(st.lists(st.integers(1, 9).map(float), min_size=3, max_size=9))
    return frequency, draw(st.permutations([first, *others])), values


def iso(frequency, period):
    return written(frequency, "text" if frequency == "year" else "iso", *period)


def truth(frequency, periods, values):
    """HHI and the RCEP share of each period, by hand, in the order of time."""
    table = table_of(frequency, "text" if frequency == "year" else "iso", periods, values)
    found = {}
    for period in sorted(periods):
        usd = dict(table[table["when"] == iso(frequency, period)][["partner", "usd"]].to_numpy())
        total = sum(usd.values())
        months = 12 // PARTS[frequency] if frequency != "cumulated" else period[1]
        last = period[1] if frequency == "cumulated" else months * period[1]
        members = usd["Japan"] if (period[0], last) >= (2022, 1) else 0.0
        found[period] = sum((v / total) ** 2 for v in usd.values()), members / total
    return found


def run_line(error, table):
    """The table after the line of code that a refusal prints was run."""
    line = re.search(r"in its engine: (.*)\.$", str(error))[1]
    scope = {"table": table, "pl": pl, "xl": xl}
    exec(line, scope)
    return scope["table"]


@pytest.mark.parametrize("engine", ENGINES)
@tries.at_most(25, suppress_health_check=list(HealthCheck))
@given(drawn=spans(), data=st.data())
def test_every_spelling_gives_the_same_numbers_in_the_same_order(engine, drawn, data):
    frequency, periods, values = drawn
    spelling = data.draw(st.sampled_from([s for s in FORMS[frequency] if s not in DECIMAL]))
    if spelling in PANDAS_ONLY and engine != "pandas":
        return
    table = ENGINES[engine](table_of(frequency, spelling, periods, values))
    roles = {"period": "when", "market": "partner", "value": "usd"}
    flows = xl.flows(table, **roles)
    if engine in LAZY and not sorts(frequency, spelling, periods):
        with pytest.raises(DataError, match="does not sort in the order of time as it is written") as refused:
            xl.hhi(flows, over="market")
        flows = xl.flows(run_line(refused.value, table), **roles)
        spelling = "text" if frequency == "year" else "iso"
    hhi = nw.from_native(xl.hhi(flows, over="market")).lazy().collect()
    index = list(zip(hhi["when"].to_list(), hhi["hhi"].to_list(), strict=True))
    index = index if engine not in LAZY else sorted(index)
    share = {r["when"]: r["bloc_share"] for r in rows(xl.bloc_share(flows, "RCEP"), ["when"])}
    expected, calendar = truth(frequency, periods, values), flows.calendar
    assert calendar.frequency == frequency
    own = [calendar.period(written(frequency, spelling, *p)) for p in sorted(periods)]
    assert [calendar.period(label) for label, _ in index] == own
    for (label, found), (h, s) in zip(index, expected.values(), strict=True):
        assert found == pytest.approx(h, rel=1e-12)
        assert share[label] == pytest.approx(s, rel=1e-12)


def sorts(frequency, spelling, periods):
    """Whether the labels are dates, or sort as time does: what a plan takes as it is."""
    labels = [written(frequency, spelling, *p) for p in sorted(periods)]
    return isinstance(labels[0], date | np.datetime64) or sorted(labels) == labels


def months_table(write, seed=1):
    rng = np.random.default_rng(seed)
    cells = [
        (p, write(y, m), k, float(rng.lognormal()))
        for p in "ABCD"
        for y in (2022, 2023)
        for m in range(1, 13)
        for k in ("JPN", "USA", "KOR")
    ]
    return pd.DataFrame(cells, columns=["province", "month", "market", "usd"])


ROLES = {"period": "month", "exporter": "province", "market": "market", "value": "usd"}


@pytest.mark.grid(3)
@pytest.mark.parametrize("spelling", [s for s in MONTHS if s not in DECIMAL])
def test_every_spelling_gives_the_same_event_times_and_chart(spelling):
    """24 months, adoption in July of the second year: -18 to 5, by both doors; and a chart in the order of time."""
    write = MONTHS[spelling]
    table = months_table(write)
    flows = xl.flows(table.sample(frac=1, random_state=2), **ROLES)
    panel = xl.PolicyPanel.from_flows(
        flows, "hhi", over="market", adopted={"A": write(2023, 7), "B": "2023-07"}
    )
    assert sorted(set(panel.event_time[np.isfinite(panel.event_time)])) == list(range(-18, 6))
    own = table.drop_duplicates(["province", "month"]).assign(
        since=lambda t: [write(2023, 7) if p in "AB" else None for p in t.province]
    )
    own["y"] = np.arange(len(own), dtype=float)
    direct = xl.PolicyPanel(own, unit="province", period="month", outcome="y", adopted="since")
    np.testing.assert_array_equal(direct.event_time, panel.event_time)
    index = xl.hhi(flows, over="market", by="period").sample(frac=1, random_state=3)
    ax = structure.concentration(index, period="month", value="hhi")
    expected = [write(y, m) for y in (2022, 2023) for m in range(1, 13)]
    heights = index.set_index("month")["hhi"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [heights[label] for label in expected])
    calendar = read(expected)
    shown = [calendar.period(t.get_text()) for t in ax.get_xticklabels()]
    assert shown == [calendar.period(x) for x in expected[::2]]


def test_an_event_study_knows_months():
    write = MONTHS["number"]
    plain_, odd = (
        xl.PolicyPanel.from_flows(
            xl.flows(months_table(w), **ROLES), "hhi", over="market", adopted=dict.fromkeys("AB", w(2023, 7))
        )
        .event_study()
        .table
        for w in (MONTHS["iso"], write)
    )
    assert odd["term"].tolist() == [str(k) for k in range(-18, 6)]
    pd.testing.assert_frame_equal(odd, plain_)


STEPS = {
    "iso": ["2022-02", "2022-03", "2022-04"],
    "name": ["Feb-22", "Mar-22", "Apr-22"],
    "number": [202202, 202203, 202204],
    "date": [date(2022, 2, 1), date(2022, 3, 1), date(2022, 4, 1)],
}
SINGLE = [n for n in catalogue_calls.ARGUMENTS if n not in catalogue_calls.TWO]


def spelled(table, spelling):
    steps = dict(zip((2021, 2022, 2023), STEPS[spelling], strict=True))
    return table.assign(period=table["period"].map(steps))


def back(native, spelling):
    """The rows of a result with its periods as ISO writes them."""
    table = nw.from_native(native).to_pandas()
    known = {str(k): v for k, v in zip(STEPS[spelling], STEPS["iso"], strict=True)}
    for column in {"period", "start", "end"} & set(table.columns):
        days = table[column].astype(str).str.removesuffix(" 00:00:00")
        assert set(days) <= set(known), column
        table[column] = days.map(known)
    return plain(table)


def steps(name):
    """Three months have no year before them: a step is a month, and ends are named."""
    if name == "galtonian":
        return {"first": "2022-02", "last": "2022-04"}
    return {"lag": 1} if "lag" in xl.CATALOGUE[name].options else {}


@cache
def in_months(name, spelling, engine):
    """The rows of an indicator, with the periods of its table spelled so."""
    table = spelled(catalogue_calls.world(), spelling)
    return back(catalogue_calls.call(name, table, ENGINES[engine], **steps(name)), spelling)


@pytest.mark.grid(3)
@pytest.mark.parametrize("engine", ["pandas", "polars"])
@pytest.mark.parametrize("name", SINGLE)
def test_every_indicator_takes_every_spelling(name, engine):
    """Names of months sort otherwise than months do; nothing but the labels may differ."""
    spelling = "name" if engine == "pandas" else "date"
    assert agree(in_months(name, spelling, engine), in_months(name, "iso", "polars"))


@cache
def of_two(name, engine, spelling):
    """The rows of an indicator of two tables, the periods of the second spelled so."""
    table = catalogue_calls.world()
    bought = catalogue_calls.imports(table)
    doors = (xl.flows(ENGINES[engine](t)) for t in (spelled(table, "iso"), spelled(bought, spelling)))
    return plain(xl.CATALOGUE[name](*doors, **catalogue_calls.ARGUMENTS[name], **steps(name)))


@pytest.mark.grid(3)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", catalogue_calls.TWO)
def test_two_tables_may_spell_their_periods_in_two_ways(name, engine):
    found = of_two(name, engine, "number")
    assert agree(found, of_two(name, "polars", "iso"))
    assert found


@pytest.mark.parametrize("engine", ENGINES)
def test_a_reference_may_spell_its_periods_in_another_way(engine):
    table = catalogue_calls.world()
    flows = xl.flows(ENGINES[engine](spelled(table, "iso")))
    found = [
        plain(
            xl.rca(flows, reference=xl.flows(ENGINES[engine](spelled(table, s))), by=["period", "exporter"])
        )
        for s in ("number", "iso")
    ]
    assert agree(*found)


def test_tables_of_two_frequencies_do_not_meet():
    table = catalogue_calls.world()
    months, years = xl.flows(spelled(table, "iso")), xl.flows(catalogue_calls.imports(table))
    with pytest.raises(DataError, match="the exports have months and the imports years"):
        xl.grubel_lloyd(months, years)


def test_options_take_a_period_in_any_spelling():
    table = catalogue_calls.world()
    flows = xl.flows(spelled(table, "name"))
    year = xl.flows(table)
    income = catalogue_calls.INCOME
    same = [
        (lambda f, p: xl.prody(f, income, base=p), ["2022-03", "Mar-22", 202203]),
        (lambda f, p: xl.theil_traditional(f, over="product", base=p), ["2022M03"]),
        (lambda f, p: xl.galtonian(f, first=p), ["2022-03", date(2022, 3, 1)]),
        (lambda f, p: xl.complexity(f).pairs_of(p), ["2022-03", "Mar-22"]),
        (
            lambda f, p: (
                xl.difference(
                    f,
                    "hhi",
                    between=(p, "2022-04" if f is flows else 2023),
                    by="exporter",
                    resample="product",
                ).table
            ),
            ["2022-03", "Mar-22"],
        ),
        (lambda f, p: xl.prody(f, {(q, e): v for e, v in income.items() for q in (p,)}, base=p), ["2022-03"]),
    ]
    for ask, labels in same:
        expected = ask(year, 2022)
        for label in labels:
            found = ask(flows, label)
            if "period" in found:
                assert set(found["period"]) == {"Mar-22"} or len(set(found["period"])) == 3
            figures = [c for c in found.columns if c != "period" and found[c].dtype.kind == "f"]
            keys = [c for c in ("exporter", "market", "product") if c in found]
            assert figures
            assert found[figures].sum().to_dict() == pytest.approx(
                expected[figures].sum().to_dict(), nan_ok=True
            ), keys
    with pytest.raises(
        UnknownName, match="There is no period named '2022-05'. Known: 'Apr-22', 'Feb-22', 'Mar-22'"
    ):
        xl.prody(flows, income, base="2022-05")
    with pytest.raises(
        DataError, match="2022 is of years, and period 'period' has months. Write it as .* 'Feb-22'"
    ):
        xl.prody(flows, income, base=2022)


def test_labels_without_order_are_refused_only_where_order_is_needed():
    table = pd.DataFrame(
        {
            "when": ["before", "after"] * 2,
            "partner": ["Japan", "Japan", "USA", "USA"],
            "usd": [1.0, 2.0, 3.0, 4.0],
        }
    )
    flows = xl.flows(table, period="when", market="partner", value="usd")
    assert xl.hhi(flows, over="market")["when"].tolist() == ["after", "before"]
    assert xl.bloc_share(flows, "RCEP", membership=2023)["bloc_share"].tolist() == pytest.approx(
        [1 / 3, 1 / 4]
    )
    need = {
        "a step in time": lambda: xl.contributions(flows),
        "needs one": lambda: xl.bloc_share(flows, "RCEP"),
        "a spell": lambda: xl.spells(flows),
        "a report": lambda: xl.report(flows, out="unwritten"),
        "a chart over time": lambda: structure.series(
            flows.table, period="when", columns=["usd"], unit="USD"
        ),
    }
    for what, ask in need.items():
        with pytest.raises(
            DataError, match=rf"labels without an order in time \('after', 'before'\).*{what}"
        ):
            ask()


def test_days_are_taken_where_they_lie_when_told():
    table = pd.DataFrame(
        {
            "day": [date(2023, 5, 3), date(2023, 5, 17), date(2023, 6, 2)],
            "partner": ["Japan"] * 3,
            "usd": [1.0, 2.0, 3.0],
        }
    )
    roles = {"period": "day", "market": "partner", "value": "usd"}
    with pytest.raises(
        DataError, match=r"neither all the first nor all the last of a month in 3 rows. First: row 1, day="
    ):
        xl.flows(table, **roles)
    with pytest.raises(xl.errors.DuplicateCells, match="several rows have one cell"):
        xl.flows(table, frequency="month", **roles)
    for engine in ENGINES:
        native = ENGINES[engine](table)
        flows = xl.flows(native, frequency="month", aggregate="sum", **roles)
        found = rows(xl.cells(flows, ["period", "market"]).table, ["day"])
        assert [(str(r["day"])[:10], r["usd"]) for r in found] == [("2023-05-01", 3.0), ("2023-06-01", 3.0)]
    with pytest.raises(OptionError, match="frequency='half' is not allowed for dates of a lazy table"):
        xl.flows(pl.from_pandas(table).lazy(), frequency="half", **roles)
    with pytest.raises(OptionError, match="frequency='weekly' is not allowed"):
        xl.flows(table, frequency="weekly", **roles)


@pytest.mark.parametrize("engine", ENGINES)
def test_dates_come_back_as_dates(engine):
    table = pd.DataFrame(
        {"day": [date(2023, 5, 31), date(2023, 6, 30)], "partner": ["Japan"] * 2, "usd": [1.0, 2.0]}
    )
    native = ENGINES[engine](table)
    flows = xl.flows(native, period="day", market="partner", value="usd")
    for out in (flows.table, xl.share(flows), xl.cells(flows, "period").table):
        kinds = [nw.from_native(x).collect_schema()["day"] for x in (native, out)]
        assert kinds[0] == kinds[1]
        assert [str(r["day"])[:10] for r in rows(out, ["day"])] == ["2023-05-31", "2023-06-30"]


@pytest.mark.parametrize("engine", ENGINES)
def test_times_come_back_as_times(engine):
    """Not as the days they are read as; years of them, too."""
    days = pd.to_datetime([f"2023-{m:02d}-01" for m in range(1, 13)]).as_unit("ms")
    native = ENGINES[engine](pd.DataFrame({"day": days, "partner": "Japan", "usd": 1.0}))
    flows = xl.flows(native, period="day", market="partner", value="usd")
    annual = flows.annual()
    for out in (flows.table, annual.table):
        kinds = [nw.from_native(x).collect_schema()["day"] for x in (native, out)]
        assert kinds[0] == kinds[1]
    assert [(str(r["day"]), r["usd"]) for r in rows(annual.table, ["day"])] == [("2023-01-01 00:00:00", 12.0)]


@pytest.mark.parametrize("engine", ["pandas", "polars", "pyarrow"])
def test_a_refused_row_shows_its_period_as_the_user_writes_it(engine):
    table = pd.DataFrame({"when": ["2023年2月", "2023年10月"], "partner": "2023-02", "usd": [-1.0, 1.0]})
    with pytest.raises(DataError, match="First: row 1, when='2023年2月', partner='2023-02', usd=-1"):
        xl.flows(ENGINES[engine](table), period="when", market="partner", value="usd")


@pytest.mark.parametrize(("own", "other"), [("2023-05", "202305"), ("2023-05", 202305), (202305, "2023-05")])
def test_a_second_table_may_write_periods_in_another_way(own, other):
    """Both ways sort as they are written, so that neither is replaced at the door."""
    table = pd.DataFrame(
        {"period": [own] * 2, "exporter": "A", "product": ["0101", "0102"], "value": [1.0, 3.0]}
    )
    world = table.assign(period=other, exporter="W", value=[3.0, 1.0])
    found = xl.rca(xl.flows(table), reference=xl.flows(world))
    assert found["rca"].tolist() == pytest.approx([1 / 3, 3])
    assert found["period"].tolist() == [own] * 2


@pytest.mark.parametrize("engine", ["pandas", "polars", "pyarrow"])
def test_categories_are_put_in_the_order_of_time(engine):
    labels = ["Apr-22", "Feb-22", "Oct-22"]
    table = pd.DataFrame({"when": pd.Categorical(labels), "partner": "Japan", "usd": [1.0, 2.0, 3.0]})
    flows = xl.flows(ENGINES[engine](table), period="when", market="partner", value="usd")
    found = nw.from_native(xl.hhi(flows, over="market"))["when"].to_list()
    assert found == ["Feb-22", "Apr-22", "Oct-22"]
    assert flows.calendar.followers(flows.members("period"), 2) == {"2022-02": "2022-04"}


def test_a_missing_period_is_refused_in_every_spelling():
    for labels in (["2023年10月", None], [date(2023, 5, 1), None], ["2023", None]):
        with pytest.raises(DataError, match="period 'when' is missing in 1 row. First: row 2, when="):
            xl.flows(pd.DataFrame({"when": labels, "usd": [1.0, 2.0]}), period="when", value="usd")


@pytest.mark.parametrize("engine", LAZY)
def test_a_plan_says_how_to_write_periods_and_counts_bad_ones(engine):
    def door(labels, **options):
        table = pd.DataFrame({"when": labels, "usd": np.arange(1.0, len(labels) + 1)})
        flows = xl.flows(ENGINES[engine](table), period="when", value="usd", **options)
        return xl.cells(flows, "period").table

    with pytest.raises(
        DataError, match=r"First: '2023年10月', which is 2023-10. Bring it to ISO forms in its engine: "
    ):
        door(["2023年10月", "2023年2月"])
    with pytest.raises(DataError, match=r"mixes years and months .* in 1 row. First: when='2023-05'"):
        door(["2023", "2022", "2023-05"])
    assert len(rows(door(["2010-11", "2011-12"], frequency="month"), ["when"])) == 2
    with pytest.raises(DataError, match="two ways"):
        door(["2010-11", "2011-12"])


def test_iso_forms_of_a_column():
    table = pd.DataFrame({"when": ["2010/11", "2011/12"]})
    assert xl.iso_periods(table, "when", frequency="month") == {"2010/11": "2010-11", "2011/12": "2011-12"}
    with pytest.raises(UnknownName, match="There is no column named 'wen'. Did you mean 'when'"):
        xl.iso_periods(table, "wen")
    with pytest.raises(DataError, match="an ISO form needs one"):
        xl.iso_periods(pd.DataFrame({"when": ["before"]}), "when")
