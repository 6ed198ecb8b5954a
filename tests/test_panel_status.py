"""When the policy began is read from every row that says so, those without an outcome included."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError
from exportlab.panel import PolicyPanel

KEYS = {"unit": "id", "period": "year", "outcome": "y", "missing": "drop"}


def data():
    rows = [
        (
            i,
            t,
            i + 0.1 * (t - 2010) + 2.0 * (i < 3 and t >= 2013),
            int(i < 3 and t >= 2013),
            2013.0 if i < 3 else np.nan,
        )
        for i in range(8)
        for t in range(2010, 2016)
    ]
    return pd.DataFrame(rows, columns=["id", "year", "y", "D", "g"])


def at(d, i, t):
    return (d["id"] == i) & (d["year"] == t)


def test_the_first_treated_row_dates_the_policy_though_its_outcome_is_missing():
    d = data()
    d.loc[at(d, 0, 2013), "y"] = np.nan
    status = PolicyPanel(d, treated="D", **KEYS)
    dates = PolicyPanel(d, adopted="g", **KEYS)
    assert status.adoption.tolist() == dates.adoption.tolist() == [2013.0] * 3 + [np.inf] * 5
    assert status.lost == dates.lost == (("y missing", 1),)
    for method in ("callaway_santanna", "imputation", "etwfe", "sun_abraham", "stacked"):
        assert status.att(method).table.equals(dates.att(method).table)


def test_a_switch_off_or_another_date_in_a_dropped_row_is_refused():
    d = data()
    d.loc[at(d, 1, 2015), ["y", "D"]] = [np.nan, 0]
    with pytest.raises(DataError, match=r"treatment 'D' switches off in 1 row. First: id 1, year 2015"):
        PolicyPanel(d, treated="D", **KEYS)
    d = data()
    d.loc[at(d, 1, 2012), ["y", "g"]] = [np.nan, 2011]
    with pytest.raises(DataError, match="'g' changes within a id"):
        PolicyPanel(d, adopted="g", **KEYS)


def test_a_dropped_row_may_say_nothing_about_the_status():
    d = data()
    d["D"] = d["D"].astype(float)
    d.loc[at(d, 1, 2012), ["y", "D"]] = [np.nan, np.nan]
    assert PolicyPanel(d, treated="D", **KEYS).adoption.tolist() == [2013.0] * 3 + [np.inf] * 5
    d.loc[at(d, 1, 2012), "y"] = 1.0
    with pytest.raises(DataError, match="'D' is missing"):
        PolicyPanel(d, treated="D", **KEYS)


def test_zero_is_no_date_before_periods_that_count_from_one():
    d = data().assign(year=lambda d: d["year"] - 2009, g=lambda d: (d["g"] - 2009).fillna(0))
    with pytest.raises(
        DataError, match=r"'g' is 0 in 30 rows. First: id 3, year 1. Some programs write 0 for never"
    ):
        PolicyPanel(d, adopted="g", **KEYS)
    never = PolicyPanel(d.assign(g=d["g"].replace(0, float("nan"))), adopted="g", **KEYS)
    assert never.att().table["estimate"].iloc[0] == pytest.approx(2.0)
    from_zero = d.assign(year=d["year"] - 1, g=d["g"].replace({0: np.nan, 4: 0}))  # there 0 is a period
    assert PolicyPanel(from_zero, adopted="g", **KEYS).always_treated.sum() == 3


def test_a_status_that_switches_on_across_a_gap_is_said():
    d = data()
    gap = PolicyPanel(d[~(at(d, 0, 2013) | at(d, 1, 2012) | at(d, 5, 2013))], treated="D", **KEYS)
    assert gap.undated == 2
    assert gap.adoption[:3].tolist() == [2014.0, 2013.0, 2013.0]
    assert any(
        n.startswith("2 unit(s) switch on across missing periods") for n in gap.att("imputation").notes
    )
    fact = gap.check().table.set_index("fact").loc["switch on across missing periods"]
    assert (fact["value"], fact["level"]) == (2, "warn")
    whole = PolicyPanel(d, treated="D", **KEYS)
    assert whole.undated == 0
    assert whole.check().table.set_index("fact").loc["switch on across missing periods", "level"] == "ok"
    assert PolicyPanel(d[d["year"] != 2013], treated="D", **KEYS).undated == 0  # no unit has that period
