"""Cells of a saturated regression: which have a comparison, which base, which are infinite in a Poisson model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError
from exportlab.panel import PolicyPanel

KEYS = {"unit": "id", "period": "year", "outcome": "y", "adopted": "g"}


def draw(dates, periods, seed=0, each=6):
    rng = np.random.default_rng(seed)
    rows = [
        (f"u{i:02}", t, rng.normal() + 2.0 * (t >= g), g)
        for i, g in enumerate(np.repeat(dates, each))
        for t in periods
    ]
    return pd.DataFrame(rows, columns=["id", "year", "y", "g"])


def shown(estimate):
    return dict(zip(estimate.table["term"], estimate.table["estimate"], strict=True))


BIENNIAL = draw([2013.0, 2015.0, 2016.0, np.inf], range(2010, 2020, 2))


@pytest.mark.parametrize(("method", "options"), [("sun_abraham", {}), ("etwfe", {"control": "never"})])
def test_a_cohort_without_the_base_period_takes_the_one_before(method, options):
    panel = PolicyPanel(BIENNIAL, **KEYS)
    made, by_cells = panel.event_study(method), panel.event_study("callaway_santanna", draws=0)
    # Balanced, no covariates: the saturated regression is Callaway-Sant'Anna with the universal base.
    assert shown(made) == pytest.approx(shown(by_cells), abs=1e-10)
    assert (
        "Event time -1 is missing in some cohorts, whose base is the last one before: 2016 (-2)."
        in made.notes
    )
    assert panel.att(method, **options).table["estimate"].iloc[0] == pytest.approx(
        panel.att().table["estimate"].iloc[0], abs=1e-10
    )


def test_a_base_that_no_cohort_has_is_refused():
    panel = PolicyPanel(BIENNIAL, **KEYS)
    with pytest.raises(OptionError, match="base=-9 is not an event time"):
        panel.event_study("sun_abraham", base=-9)
    with pytest.raises(DataError, match="cohort 2013 has no period at event time -4 or before"):
        panel.event_study("sun_abraham", base=-4)


@pytest.mark.parametrize(
    "data",
    [
        BIENNIAL,
        draw([2013.0, 2015.0, 2016.0], range(2010, 2019)),
        draw([2013.0, 2016.0], range(2010, 2019)),
        draw([2013.0, 2016.0, np.inf], range(2010, 2019, 3)),
    ],
    ids=["biennial", "no never", "two cohorts", "triennial"],
)
def test_leads_by_imputation_are_as_many_as_the_untreated_rows_tell_apart(data):
    made = PolicyPanel(data, **KEYS).event_study("imputation")
    panel = (
        made.panel
    )  # where nobody is untreated any more it is cut, and the last cohort serves as untreated
    leads = made.table[made.table["event_time"] < 0]
    assert len(leads) >= 1
    assert leads["std_error"].notna().all()
    assert made.table["event_time"].is_monotonic_increasing
    rows = panel.D == 0
    time = panel.event_time[rows]
    names = leads["event_time"].tolist()
    dummies = [pd.get_dummies(pd.Series(c[rows]), dtype=float) for c in (panel.units, panel.periods)]
    X = np.column_stack([*[(time == e).astype(float) for e in names], *dummies])
    by_hand = np.linalg.lstsq(X, panel.y[rows], rcond=None)[0][: len(names)]
    assert leads["estimate"].to_numpy() == pytest.approx(by_hand, abs=1e-9)


@pytest.mark.parametrize("method", ["sun_abraham", "etwfe"])
def test_cells_without_comparison_are_left_out_by_name(method):
    data = draw([2013.0, 2015.0, np.inf], range(2010, 2017))
    holes = data[~(np.isinf(data["g"]) & (data["year"] >= 2015))]  # nobody is untreated from 2015 on
    made = PolicyPanel(holes, **KEYS).att(method)
    kept = PolicyPanel(data[data["year"] < 2015], **KEYS).att(method)
    assert made.table["estimate"].iloc[0] == pytest.approx(kept.table["estimate"].iloc[0], abs=1e-10)
    assert made.sample.lost == (("treated cohort without a comparison in the period", 24),)
    assert (
        "Averages leave out 4 of 6 treated cells, which have no comparison: ATT(2013,2015)" in made.summary()
    )


@pytest.mark.parametrize("hole", [2010, 2013])
def test_one_period_without_comparison_takes_its_cells_alone(hole):
    data = draw([2013.0, 2015.0, np.inf], range(2010, 2017))
    made = PolicyPanel(data[~(np.isinf(data["g"]) & (data["year"] == hole))], **KEYS).att("sun_abraham")
    whole = PolicyPanel(data[data["year"] != hole], **KEYS).att("sun_abraham")
    assert made.table["estimate"].iloc[0] == pytest.approx(whole.table["estimate"].iloc[0], abs=1e-10)
    assert made.sample.lost == (("treated cohort without a comparison in the period", 12),)
    said = made.summary()
    assert ("Averages leave out" in said, "Leads leave out" in said) == (hole == 2013, True)


def test_more_cells_than_five_are_counted_beside_those_named():
    data = draw([2013.0, 2015.0, np.inf], range(2010, 2018))
    made = PolicyPanel(data[~(np.isinf(data["g"]) & (data["year"] >= 2014))], **KEYS).att("sun_abraham")
    said = made.summary()
    assert "leave out 7 of 8 treated cells, which have no comparison: ATT(2013,2014)" in said
    assert "ATT(2013,2017), ATT(2015,2015) and 2 more." in said
    assert "Leads leave out 4 of 6 cells, which have no comparison: ATT(2015,2010)" in said


def trade(zero):
    """Cohorts 2014 and 2015 and six never treated; `zero(id, year, cohort)` says where there is no trade."""
    rng = np.random.default_rng(7)
    rows = []
    for i, g in enumerate(np.repeat([2014.0, 2015.0, np.inf], 6)):
        for t in range(2010, 2018):
            y = float(1 + rng.poisson(6)) * (1.5 if t >= g else 1.0)
            rows.append((i, t, 0.0 if zero(i, t, g) else y, g))
    return pd.DataFrame(rows, columns=["id", "year", "y", "g"])


def before_2014(i, t, g):
    return g == 2014 and t < g


@pytest.mark.parametrize("effects", ["cohort", "unit"])
def test_a_cohort_without_trade_before_is_left_out_of_log_points(effects):
    data = trade(before_2014)
    made = PolicyPanel(data, **KEYS).att("etwfe", family="poisson", effects=effects)
    other = PolicyPanel(data[data["g"] != 2014], **KEYS).att("etwfe", family="poisson", effects=effects)
    assert made.table["estimate"].iloc[0] == pytest.approx(other.table["estimate"].iloc[0], abs=1e-8)
    assert (
        "infinite where the mean without treatment is zero, ATT(2014,2014), ATT(2014,2015)" in made.summary()
    )
    assert made.sample.lost == (
        ("separated (the mean without treatment could only be zero)", 24),
        ("treated cell whose mean without treatment is zero", 24),
    )
    assert "over the cells that can be compared" in made.title


@pytest.mark.parametrize("effects", ["cohort", "unit"])
def test_in_levels_its_effect_is_the_outcome_without_an_error(effects):
    data = trade(before_2014)
    options = {"family": "poisson", "effects": effects, "scale": "level"}
    made = PolicyPanel(data, **KEYS).att("etwfe", aggregate="cohort", **options)
    other = PolicyPanel(data[data["g"] != 2014], **KEYS).att("etwfe", aggregate="cohort", **options)
    mean = data[(data["g"] == 2014) & (data["year"] >= 2014)]["y"].mean()
    assert shown(made) == pytest.approx({"2014": mean, "2015": shown(other)["2015"]}, abs=1e-7)
    errors = made.table["std_error"].to_numpy()
    assert np.isnan(errors[0])
    assert errors[1] > 0.05
    simple = PolicyPanel(data, **KEYS).att("etwfe", **options).table
    assert simple["estimate"].iloc[0] == pytest.approx((24 * mean + 18 * shown(other)["2015"]) / 42, abs=1e-7)
    assert np.isnan(simple["std_error"].iloc[0])


@pytest.mark.parametrize("scale", ["link", "level"])
def test_no_trade_before_adoption_at_all_is_refused_with_the_level(scale):
    data = trade(lambda i, t, g: t < g < 3000)
    with pytest.raises(DataError, match="mean without treatment is zero in every treated cell"):
        PolicyPanel(data, **KEYS).att("etwfe", family="poisson", scale=scale)


@pytest.mark.parametrize("effects", ["cohort", "unit"])
def test_a_period_without_untreated_trade(effects):
    data = trade(lambda i, t, g: t == 2016 and t < g)
    made = PolicyPanel(data, **KEYS).att("etwfe", family="poisson", effects=effects)
    other = PolicyPanel(data[data["year"] != 2016], **KEYS).att("etwfe", family="poisson", effects=effects)
    assert made.table["estimate"].iloc[0] == pytest.approx(other.table["estimate"].iloc[0], abs=1e-8)
    assert "ATT(2014,2016), ATT(2015,2016)" in made.summary()


@pytest.mark.parametrize(("method", "options"), [("sun_abraham", {}), ("etwfe", {"control": "never"})])
@pytest.mark.parametrize("aggregate", ["cohort", "calendar", "simple"])
def test_the_base_period_is_no_cohort_and_no_year(method, options, aggregate):
    panel = PolicyPanel(draw([2013.0, 2015.0, np.inf], range(2010, 2017)), **KEYS)
    terms = {"cohort": ["2013", "2015"], "calendar": ["2013", "2014", "2015", "2016"], "simple": ["ATT"]}
    assert panel.att(method, aggregate=aggregate, **options).table["term"].tolist() == terms[aggregate]


def test_event_times_that_no_cohort_shares_need_a_base_each_under_two_way_effects():
    panel = PolicyPanel(
        BIENNIAL.assign(y=2.0 * (BIENNIAL["year"] >= BIENNIAL["g"]) + BIENNIAL["year"] % 7), **KEYS
    )
    said = r"6 id\(s\) are seen at event times \[-6, -4, -2, 0, 2\] alone, .* such as base=\(-1, -2\)"
    with pytest.raises(DataError, match=said):
        panel.event_study("twfe")
    found = shown(panel.event_study("twfe", base=(-1, -2)))
    assert [found[e] for e in ("-3", "-4")] == pytest.approx([0.0, 0.0], abs=1e-10)
    assert [found[e] for e in ("0", "1", "2", "3")] == pytest.approx([2.0] * 4, abs=1e-10)
