"""One grammar of periods: every spelling means the same, is put in the true order, and is written back as it was."""

from __future__ import annotations

import pickle
from datetime import date, datetime

import numpy as np
import pytest
from spellings import CUMULATED, HALVES, MONTHS, QUARTERS, YEARS

from exportlab.errors import DataError, OptionError
from exportlab.periods import Period, days, read

SPAN = [(y, m) for y in (2022, 2023) for m in range(1, 13)]


@pytest.mark.parametrize("spelling", MONTHS)
def test_months_in_every_spelling(spelling):
    """24 months: read, in order, a step apart, and written back, those outside the column as well."""
    write = MONTHS[spelling]
    calendar = read([write(y, m) for y, m in reversed(SPAN)])
    assert calendar.frequency == "month"
    assert [p.iso for p in calendar.periods.values()] == [f"{y}-{m:02d}" for y, m in SPAN]
    assert list(calendar.labels) == [write(y, m) for y, m in SPAN]
    assert [p.position for p in calendar.periods.values()] == list(range(12 * 2022, 12 * 2024))
    assert [calendar.label(p) for p in calendar.periods.values()] == list(calendar.labels)
    for y, m in [(2021, 12), (2024, 1), (2024, 5), (2024, 10)]:
        later = calendar.label(Period(12 * y + m - 1, 1, "month"))
        assert calendar.period(later).iso == f"{y}-{m:02d}"
        assert spelling in ("han", "full width") or later == write(y, m)  # new ones come in plain digits
        assert calendar.period(write(y, m)).iso == f"{y}-{m:02d}"
        assert calendar.period(f"{y}-{m:02d}").iso == f"{y}-{m:02d}"


@pytest.mark.parametrize("spelling", YEARS)
def test_years_in_every_spelling(spelling):
    write = YEARS[spelling]
    calendar = read([write(y) for y in (2021, 2020, 2019)])
    assert calendar.frequency == "year"
    assert [p.iso for p in calendar.periods.values()] == ["2019", "2020", "2021"]
    assert calendar.period(write(2022)).position == calendar.period("2022").position == 2022
    assert calendar.label(Period(12 * 2022, 12, "year")) == (write(2022) if spelling != "blank" else "2022")


@pytest.mark.parametrize(
    ("forms", "frequency", "parts"),
    [(QUARTERS, "quarter", 4), (HALVES, "half", 2), (CUMULATED, "cumulated", 12)],
)
def test_other_frequencies_in_every_spelling(forms, frequency, parts):
    want = read([forms["iso"](y, p) for y in (2022, 2023) for p in range(1, parts + 1)])
    for spelling, write in forms.items():
        calendar = read([write(y, p) for p in range(parts, 0, -1) for y in (2023, 2022)])
        assert calendar.frequency == frequency, spelling
        assert list(calendar.periods.values()) == list(want.periods.values()), spelling
        places = [p.position for p in calendar.periods.values()]
        assert np.diff(places).tolist() == [1] * (2 * parts - 1), spelling
        later = next(iter(calendar.periods.values())).shift(-1)
        assert calendar.period(calendar.label(later)) == later, spelling


def test_a_lone_first_of_january_is_a_year_or_a_month():
    with pytest.raises(DataError, match=r"the month 2023-01 or the year 2023.*frequency='month' or 'year'"):
        read([date(2023, 1, 1)])
    assert read([date(2023, 1, 1)], frequency="year").periods[date(2023, 1, 1)].iso == "2023"
    assert read(["2023-12-31"], frequency="month").periods["2023-12-31"].iso == "2023-12"


def test_the_column_decides_between_months_and_fiscal_years():
    assert read(["2001-02", "2001-03"]).frequency == "month"
    fiscal = read(["2011-12", "2012-13"])
    assert fiscal.frequency == "fiscal"
    assert fiscal.followers(["2011-12", "2012-13"], 1) == {"2011-12": "2012-13"}
    assert read(["2011/12", "2012/13"]).label(Period(12 * 2013, 12, "fiscal")) == "2013/14"
    for labels in (["2001-02"], ["2011/12", "2010/11"], [200102, 200203], ["200102"]):
        with pytest.raises(DataError, match=r"two ways.*is the month .* or the fiscal year .*frequency="):
            read(labels)
    assert read(["2010/11"], frequency="month").periods["2010/11"].iso == "2010-11"
    assert read(["2010/11"], frequency="year").frequency == "fiscal"
    assert read([200102, 200106]).frequency == "month"
    with pytest.raises(DataError, match="fiscal year whose first month is not known"):
        _ = fiscal.period("2011-12").first_day


def test_the_column_decides_between_days_and_months_first():
    assert read(["01/05/2023", "01/06/2023"]).label("2023-06") == "01/06/2023"
    assert read(["5/1/2023", "6/1/2023"]).label("2023-06") == "6/1/2023"
    assert read(["31/05/2023", "30/06/2023"]).label("2023-07") == "31/07/2023"
    with pytest.raises(DataError, match="two ways.*2023-02-01 or the day 2023-01-02"):
        read(["01/02/2023", "02/01/2023"])


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (
            [2023, 202305, 202306],
            r"mixes years and months \(2023 and 202305; 1 of 3 labels\). First: 2023",
        ),
        (["2023", "2023-05"], "mixes years and months"),
        (["2023Q1", "2023-05", "2023-06"], "mixes quarters and months"),
        (["2022", "2023年1-5月"], "mixes years and spans of months"),
        (["2023-05", "2023-05-17"], "mixes months and days"),
        (["2023", 5], "mixes years and numbers"),
        (["2023-05", "2023-13"], r"labels that are no period \(1 of 2\). First: '2023-13'"),
        (["2023", "total", "x"], r"no period \(2 of 3\). First: 'total'"),
        (["2023-05", "202305"], "writes 1 period in two ways.*'2023-05' and '202305'"),
        (["2023", " 2023"], "in two ways"),
        (
            [date(2023, 5, 1), date(2023, 6, 17)],
            "neither all the first nor all the last of a month. First: 2023-06-17",
        ),
        ([date(2023, 5, 1), date(2023, 6, 30)], "neither all the first nor all the last"),
        (["2023-05-01", "2023-05-31"], "neither all the first"),
        (["2023年1-5月", "2023年5月"], "1 spans of months beside 1 single ones such as '2023年5月'"),
        (["2023年1-2月", "2023年2月", "2023年3月"], "spans of months beside 2 single ones"),
        (["2023年1-2月", "2023年1月", "2023年3月"], "spans of months beside"),
        (["2023年2-5月"], "spans of months, which are neither"),
        (["2023年1-3月", "2023年4-6月", "2023年1-6月"], "spans of months"),
    ],
)
def test_what_does_not_go_together_is_refused(labels, problem):
    with pytest.raises(DataError, match=problem):
        read(labels)


def test_days_go_where_they_lie_when_told():
    labels = [date(2023, 5, 3), date(2023, 5, 17), date(2024, 1, 2)]
    months = read(labels, frequency="month")
    assert [p.iso for p in months.periods.values()] == ["2023-05", "2023-05", "2024-01"]
    assert months.label("2023-05") == date(2023, 5, 1)
    assert months.label("2024-01") == date(2024, 1, 1)
    assert set(months.keys.values()) == {"2023-05", "2024-01"}
    assert read(["2023-05-17"], frequency="year").label("2023") == "2023-01-01"
    assert read(["2023-05-01", "2023-06-01"], frequency="month").sorts
    assert {p.iso for p in read(labels, frequency="quarter").periods.values()} == {"2023-Q2", "2024-Q1"}
    assert {p.iso for p in read(labels, frequency="half").periods.values()} == {"2023-H1", "2024-H1"}
    assert {p.iso for p in read(labels, frequency="year").periods.values()} == {"2023", "2024"}
    with pytest.raises(DataError, match="has years, not months.*Leave frequency='month' out"):
        read([2023, 2024], frequency="month")
    with pytest.raises(OptionError, match="frequency='monthly' is not allowed"):
        read([2023], frequency="monthly")
    with pytest.raises(DataError, match="no period"):
        read(["before"], frequency="year")


def test_january_and_february_in_one_stand_beside_later_months():
    labels = ["2023年1-2月", *(f"2023年{m}月" for m in range(3, 13)), "2022年1-2月", "2022年3月", "2024年1月"]
    calendar = read(labels)
    assert calendar.frequency == "month"
    assert [p.iso for p in calendar.periods.values()][:4] == [
        "2022-01/02",
        "2022-03",
        "2023-01/02",
        "2023-03",
    ]
    assert calendar.followers(labels, 12) == {"2022年1-2月": "2023年1-2月", "2022年3月": "2023年3月"}
    assert "2023年1-2月" not in calendar.followers(labels, 1)  # March has half as many months
    assert calendar.follows("2023年1-2月", "2023年3月")
    assert calendar.follows("2023年12月", "2024年1月")
    assert not calendar.follows("2022年3月", "2023年1-2月")
    assert calendar.label(calendar.period("2023年1-2月").shift(24)) == "2025年1-2月"
    assert calendar.period("2023-01/02").frequency == "joint"


def test_months_added_up_are_compared_with_as_many():
    labels = [f"{y}年1-{k}月" for y in (2022, 2023) for k in (5, 6)]
    calendar = read(labels)
    assert calendar.per_year == 12
    assert calendar.followers(labels, 12) == {"2022年1-5月": "2023年1-5月", "2022年1-6月": "2023年1-6月"}
    assert calendar.followers(labels, 1) == {}
    assert calendar.period("2022年1-5月").shift(8).iso == "2023-01/01"
    assert calendar.period("2022年1月").iso == "2022-01/01"


def test_labels_that_are_no_time_have_no_order():
    calendar = read(["before", "after"])
    assert not calendar.ordered
    assert calendar.labels == ("after", "before")
    assert calendar.key("before") == calendar.label("before") == "before"
    assert read([True, False]).frequency is None
    assert read(["FY2022", "FY2023"]).frequency is None
    assert read([2305, 2306]).frequency is None
    assert read([20231, 20232]).frequency is None
    for ask in (lambda: calendar.followers(["before"], 1), lambda: calendar.period("before")):
        with pytest.raises(DataError, match=r"labels without an order in time \('after', 'before'\)"):
            ask()


def test_numbers_are_counted():
    assert read([3, 1, 2]).labels == (1, 2, 3)
    waves = read(["10", "9", "11"])
    assert waves.frequency == "number"
    assert waves.labels == ("9", "10", "11")
    assert not waves.sorts
    assert waves.followers(["9", "10", "11"], 2) == {"9": "11"}
    assert read([-1, 0, 1]).label(Period(2, 1, "number")) == 2
    assert waves.per_year is None
    with pytest.raises(DataError, match="a number, so it has no dates"):
        _ = waves.period("9").last_day


def test_keys_sort_as_time_does():
    kept = ["2023-05", "2023-10"], [202305, 202310], ["2022Q1", "2022Q2"], ["2023年", "2024年"], [2023, 2024]
    for labels in kept:
        assert read(labels).keys == dict(zip(labels, labels, strict=True))
    odd = (
        ["2023年10月", "2023年2月"],
        ["Apr-22", "Jan-22"],
        [date(2023, 1, 1), date(2023, 2, 1)],
        [2023.0, 2024.0],
    )
    for labels in odd:
        calendar = read(labels)
        assert list(calendar.keys.values()) == sorted(p.iso for p in calendar.periods.values())
    calendar = read(["2023年10月", "2023年2月"])
    assert calendar.key("2023年2月") == calendar.key("2023M2") == "2023-02"
    assert calendar.label("2023-02") == "2023年2月"
    assert calendar.in_order(["2023-10", "2023年2月"]) == ["2023年2月", "2023-10"]


def test_other_frequencies_are_written_as_the_user_would():
    year, quarter = Period(12 * 2023, 12, "year"), Period(12 * 2023 + 3, 3, "quarter")
    assert read(["2023年1月", "2023年2月"]).label(year) == "2023年"
    assert read(["2023年1月", "2023年2月"]).label(quarter) == "2023年2季度"
    assert read(["2023年1-2月", "2023年1-3月"]).label(Period(12 * 2023, 1, "month")) == "2023年1月"
    assert read([202301, 202302]).label(year) == 2023
    assert read(["202301", "202302"]).label(year) == "2023"
    assert read(["Apr-22", "May-22"]).label(quarter) == "2023-Q2"
    assert read([date(2023, 1, 1), date(2023, 2, 1)]).label(year) == date(2023, 1, 1)
    assert read([date(2023, 1, 31), date(2023, 2, 28)]).label(year) == date(2023, 12, 31)


def test_a_label_of_another_kind_is_told_so():
    months = read(["2023-05", "2023-06"])
    for label, said in [
        (2023, "of years"),
        ("2023Q1", "of quarters"),
        ("soon", "no period"),
        (date(2023, 5, 9), "of days"),
    ]:
        with pytest.raises(
            DataError, match=f"is {said}, and period has months. Write it as .* such as '2023-05'"
        ):
            months.period(label)
    assert months.period("2010-11").iso == "2010-11"
    assert months.period(date(2023, 5, 31)).iso == "2023-05"
    assert read([2022, 2023]).period(date(2024, 1, 1)).iso == "2024"
    assert read(["2022-Q1"]).period("2022-04-01").iso == "2022-Q2"


def test_days_of_one_label():
    assert days(2023) == (date(2023, 1, 1), date(2023, 12, 31))
    assert days("2001-02") == (date(2001, 2, 1), date(2001, 2, 28))
    assert days("2024年2月") == (date(2024, 2, 1), date(2024, 2, 29))
    assert days("2023Q4") == (date(2023, 10, 1), date(2023, 12, 31))
    assert days(datetime(2022, 1, 15)) == days("2022-01-15") == (date(2022, 1, 15), date(2022, 1, 15))
    for label in ("soon", 3, None, "2012-13", "2023-02-30"):
        with pytest.raises(DataError, match="no day and no period with dates"):
            days(label)


def test_a_calendar_can_be_stored():
    calendar = read(["2023年10月", "2023年2月"])
    again = pickle.loads(pickle.dumps(calendar))
    assert again == calendar
    assert again.label(Period(12 * 2024, 1, "month")) == "2024年1月"


@pytest.mark.parametrize(
    ("labels", "other", "written"),
    [
        (["Dec-98", "Feb-99"], "1999-01", "Jan-99"),
        (["Dec-23", "Feb-24"], "2024-01", "Jan-24"),
        (["1Q99", "3Q99"], "1999-Q2", "2Q99"),
    ],
)
def test_a_period_that_the_column_has_not_is_written_as_the_others(labels, other, written):
    calendar = read(labels)
    assert calendar.label(calendar.key(other)) == written


@pytest.mark.parametrize(
    ("period", "steps", "moved"),
    [
        (Period(12 * 2023 + 11, 1, "month"), 1, "2024-01"),
        (Period(12 * 2023 + 11, 1, "month"), -12, "2022-12"),
        (Period(12 * 2023 + 9, 3, "quarter"), 1, "2024-Q1"),
        (Period(12 * 2023, 6, "half"), 3, "2024-H2"),
        (Period(12 * 2023, 12, "year"), -2, "2021"),
        (Period(7, 1, "number"), 5, "012"),
        (Period(12 * 2023, 5, "cumulated"), 12, "2024-01/05"),
        (Period(12 * 2023, 11, "cumulated"), 1, "2023-01/12"),
        (Period(12 * 2023, 12, "cumulated"), 1, "2024-01/01"),
        (Period(12 * 2023, 2, "joint"), -12, "2022-01/02"),
        (Period(12 * 2023, 2, "joint"), 1, "2023-03"),
    ],
)
def test_periods_some_steps_away(period, steps, moved):
    assert period.shift(steps).iso == moved


def test_the_days_of_january_with_february():
    joint, march = read(["2023年1-2月", "2023年3月"]).periods.values()
    assert (joint.first_day, joint.last_day) == (date(2023, 1, 1), date(2023, 2, 28))
    assert (march.first_day, march.last_day) == (date(2023, 3, 1), date(2023, 3, 31))


@pytest.mark.parametrize(
    ("labels", "written"),
    [
        (["2023 Jan-May", "2023 Jan-Jun"], "2024 Mar"),
        (["Jan-May 2023", "Jan-Jun 2023"], "Mar 2024"),
        (["Jan-May, 2023", "Jan-Jun, 2023"], "Mar, 2024"),
    ],
)
def test_a_single_month_beside_months_added_up(labels, written):
    assert read(labels).label(Period(12 * 2024 + 2, 1, "month")) == written


def test_half_years_in_chinese():
    halves = [read(["2023年1月", "2023年2月"]).label(Period(12 * 2023 + m, 6, "half")) for m in (0, 6)]
    assert halves == ["2023年上半年", "2023年下半年"]


def test_three_labels_are_shown_of_those_without_an_order():
    with pytest.raises(DataError, match=r"\('a', 'b', 'c'[^d]*\)"):
        read(["d", "c", "b", "a"]).period("a")


@pytest.mark.parametrize(
    ("labels", "position", "iso"),
    [
        (["2022-01/05", "2023-01/06"], 12 * 2023 + 7, "2023-01/08"),
        (["2022-01/05", "2023-01/06"], 12 * 2024, "2024-01/01"),
        (["2022-Q1", "2023-Q2"], 4 * 2023 + 2, "2023-Q3"),
        ([2022, 2025], 2023, "2023"),
        ([1, 5], 7, "007"),
        (["2011-12", "2014-15"], 2012, "2012-13"),
        (["2098-99", "2097-98"], 2099, "2099-00"),
    ],
)
def test_a_place_in_time_that_the_column_has_not(labels, position, iso):
    period = read(labels).at(position)
    assert (period.iso, period.position) == (iso, position)


@pytest.mark.parametrize(
    ("labels", "other", "said"),
    [
        (["2023-05", "2023-06"], "2023-01/05", "of spans of months"),
        (["2023Q1", "2023Q2"], "2023-04", "of months"),
        (["2023Q1", "2023Q2"], "2023-02/04", "of spans of months"),
        (["2023H1", "2023H2"], "2023-01/03", "of spans of months"),
        (["2011-12", "2012-13"], "2023-01/12", "of spans of months"),
        (["1", "2"], "2023-05", "of months"),
    ],
)
def test_months_that_are_no_period_of_the_column(labels, other, said):
    with pytest.raises(DataError, match=f"is {said}"):
        read(labels).period(other)


def test_a_span_that_is_a_period_of_the_column():
    assert read(["2023Q1", "2023Q3"]).period("2023-04/06") == Period(12 * 2023 + 3, 3, "quarter")
    assert read(["2022", "2023"]).period("2024-01/12").iso == "2024"


def test_a_month_of_one_digit_beside_one_of_two():
    assert read(["2023年10月"]).label(Period(12 * 2024, 1, "month")) == "2024年1月"
    assert read(["2023年01月"]).label(Period(12 * 2024, 1, "month")) == "2024年01月"
    assert read(["2023/10"]).label(Period(12 * 2024, 1, "month")) == "2024/01"
