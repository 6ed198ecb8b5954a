"""Anticipation reaches the comparison group: whoever may anticipate already is compared with nobody.

R's did (2.1.2) keeps periods before the last cohort's adoption less the anticipation where nobody is never treated, and
takes units as never treated only when they adopt later than the anticipation after the panel.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError
from exportlab.panel import PolicyPanel
from exportlab.panel.inference.placebo import anticipation as by_anticipation

EFFECT, EARLY = 5.0, 3.0  # after adoption, and in the one period before it


def panel(dates, periods, *, keep=None, **options):
    rows = [
        (i, t, i + 0.5 * (t - 2010) + (EFFECT if t >= g else EARLY if t == g - 1 else 0.0), g)
        for i, g in enumerate(dates)
        for t in periods
    ]
    data = pd.DataFrame(rows, columns=["id", "year", "y", "g"])
    return PolicyPanel(
        data if keep is None else data[keep(data)],
        unit="id",
        period="year",
        outcome="y",
        adopted="g",
        **options,
    )


def cells(estimate):
    found = estimate.parts["cells"]
    return {(c, p): v for c, p, v in zip(found["cohort"], found["period"], found["estimate"], strict=True)}


def test_without_never_treated_the_panel_ends_before_the_last_cohort_anticipates():
    made = panel([2013] * 6 + [2016] * 6, range(2010, 2018)).att(control="notyet", anticipation=1)
    assert cells(made) == pytest.approx(
        {(2013, 2011): 0, (2013, 2012): EARLY, (2013, 2013): EFFECT, (2013, 2014): EFFECT}, abs=1e-12
    )
    assert made.table["estimate"].iloc[0] == pytest.approx(EFFECT)
    why = "every id treated from 2016 on, or may anticipate it 1 period(s) before: no comparison left"
    assert made.sample.lost == ((why, 36),)  # 12 units in 2015, 2016, 2017
    with pytest.raises(DataError, match=r"no id is never treated, nor adopts later"):
        panel([2013] * 6 + [2016] * 6, range(2010, 2016)).att(anticipation=1)


@pytest.mark.parametrize("control", ["never", "notyet"])
def test_units_that_adopt_just_after_the_panel_are_not_never_treated(control):
    p = panel([2013] * 4 + [2016] * 4 + [np.inf] * 4, range(2010, 2016))
    assert p.late == 4
    made = p.att(control=control, anticipation=1)
    assert made.table["estimate"].iloc[0] == pytest.approx(EFFECT)
    used = made.parts["cells"].set_index(["cohort", "period"])["units"]
    assert used[2013, 2015] == 8  # four treated and the four that never adopt
    assert used[2013, 2014] == (8 if control == "never" else 12)


@pytest.mark.parametrize("control", ["never", "notyet"])
def test_units_that_adopt_later_than_they_may_anticipate_are_never_treated(control):
    made = panel([2013] * 4 + [2017] * 4, range(2010, 2016)).att(control=control, anticipation=1)
    assert made.table["estimate"].iloc[0] == pytest.approx(EFFECT)
    assert made.parts["cells"]["units"].max() == 8


def test_the_other_methods_leave_out_rows_that_anticipate_of_late_adopters_too():
    p = panel([2013] * 4 + [2016] * 4 + [np.inf] * 4, range(2010, 2016))
    for method in ("imputation", "twfe"):
        shown = by_anticipation(p, periods=[1], method=method).table
        assert shown["estimate"].iloc[0] == pytest.approx(EFFECT)


def test_a_cohort_without_a_clean_base_is_left_out_by_name():
    made = panel([2013] * 3 + [2015] * 3 + [np.inf] * 4, range(2012, 2018)).att(anticipation=1)
    assert made.sample.lost == (("no period before adoption without anticipation: cohort 2013", 18),)
    assert "Averages leave out cohorts with no period before adoption" in made.summary()
    assert set(made.parts["cells"]["cohort"]) == {2015}
    with pytest.raises(DataError, match="no cohort has a period before adoption that anticipation=9"):
        panel([2013] * 3 + [np.inf] * 4, range(2012, 2018)).att(anticipation=9)


def test_where_and_the_door_date_adoption_alike():
    whole = panel([2013] * 4 + [2015] * 4 + [np.inf] * 4, range(2010, 2016))
    cut = whole.where(whole.period_values[whole.periods] < 2015, "last period")
    door = panel([2013] * 4 + [2015] * 4 + [np.inf] * 4, range(2010, 2015))
    assert np.array_equal(cut.adoption, door.adoption)
    assert np.array_equal(cut.announced, door.announced)
    assert cut.late == door.late == 4
    assert cells(cut.att(anticipation=1)) == cells(door.att(anticipation=1))
