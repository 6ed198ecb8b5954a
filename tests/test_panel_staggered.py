"""Estimators robust to staggered adoption: by hand algebra, and against R did, fixest and didimputation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exportlab.errors import DataError, OptionError
from exportlab.panel import PolicyPanel
from exportlab.panel.inference.multiple import simultaneous


def grid(outcome, adopted, **columns):
    Y = np.asarray(outcome, float)
    n, T = Y.shape
    t = pd.DataFrame({"unit": np.repeat(np.arange(n), T), "year": np.tile(np.arange(1, T + 1), n)})
    t["y"], t["g"] = Y.ravel(), np.repeat(np.asarray(adopted, float), T)
    for name, value in columns.items():
        t[name] = np.repeat(np.asarray(value, float), T)
    options = {"covariates": [c for c in columns if c.startswith("x")]}
    return PolicyPanel(t, unit="unit", period="year", outcome="y", adopted="g", **options)


def value(e, term="ATT", column="estimate"):
    return e.table.assign(term=e.table["term"].astype(str)).set_index("term")[column][term]


# Cohort 2 (one unit), cohort 3 (two units), two never treated.
HAND = [[0, 3, 4, 6], [1, 1, 5, 6], [1, 2, 6, 9], [0, 1, 1, 2], [2, 2, 3, 3]]
WHEN = [2, 3, 3, np.nan, np.nan]
# Changes of the never-treated from period 1: .5, 1, 1.5; from period 2: .5, 1.
CELLS = {"ATT(2,2)": 2.5, "ATT(2,3)": 3.0, "ATT(2,4)": 4.5, "ATT(3,3)": 3.5, "ATT(3,4)": 5.0, "ATT(3,1)": 0.0}


def test_group_time_effects_by_hand():
    e = grid(HAND, WHEN).att(aggregate="none", base="universal")
    for cell, effect in CELLS.items():
        assert value(e, cell) == pytest.approx(effect, abs=1e-12)


def test_averages_by_hand():
    p = grid(HAND, WHEN)
    # Cells weigh by their cohort's units: 1 for cohort 2, 2 for cohort 3.
    assert value(p.att()) == pytest.approx((2.5 + 3 + 4.5 + 2 * (3.5 + 5)) / 7)
    event = p.event_study()
    assert value(event, "0") == pytest.approx((2.5 + 2 * 3.5) / 3)
    assert value(event, "1") == pytest.approx((3 + 2 * 5) / 3)
    assert value(event, "2") == pytest.approx(4.5)
    cohort = p.att(aggregate="cohort")
    assert value(cohort, "2") == pytest.approx(10 / 3)
    assert value(cohort) == pytest.approx((10 / 3 + 2 * 4.25) / 3)
    calendar = p.att(aggregate="calendar")
    assert value(calendar, "3") == pytest.approx((3 + 2 * 3.5) / 3)
    assert value(p.att(aggregate="event", balance=1), "1") == pytest.approx((3 + 2 * 5) / 3)


def test_errors_of_the_average_of_cohorts_count_their_shares_by_hand():
    """Clusters that mix cohorts: what a unit adds to the share of its cohort goes with what it adds to the effect."""
    rng = np.random.default_rng(6)
    n = 12
    d = grid(rng.normal(size=(n, 4)), [2, 2, 2, 3, 3, 3, 3, 3, *[np.nan] * 4]).data
    d["pair"] = d["unit"] % 5
    p = PolicyPanel(d, unit="unit", period="year", outcome="y", adopted="g", cluster="pair")
    cells = p.att(aggregate="none")
    effect, scores = [], []
    for g in (2, 3):
        at = (cells.table["term"].str.startswith(f"ATT({g},") & (cells.table["event_time"] >= 0)).to_numpy()
        effect.append(cells.table["estimate"][at].mean())
        scores.append(cells.scores[:, at].mean(axis=1))
    share = np.array([3, 5]) / 8
    overall = share @ effect
    drift = np.zeros(5)
    for unit, g in enumerate(p.adoption):
        if np.isfinite(g):
            drift[unit % 5] += (effect[int(g) - 2] - overall) / 8
    made = p.att(aggregate="cohort")
    assert value(made) == pytest.approx(overall)
    assert made.scores[:, 0] == pytest.approx(share @ scores + drift, abs=1e-12)
    assert value(made, column="std_error") == pytest.approx(np.sqrt(((share @ scores + drift) ** 2).sum()))


def test_not_yet_treated_comparison_by_hand():
    e = grid(HAND, WHEN).att(aggregate="none", control="notyet")
    # In period 2 cohort 3 compares too: changes 0, 1, 1, 0.
    assert value(e, "ATT(2,2)") == pytest.approx(2.5)
    assert value(e, "ATT(3,3)") == pytest.approx(3.5)


# One unit each: cohorts 3, 4, 5 and never treated.
STEPS = [[0, 1, 5, 7, 8], [2, 2, 4, 9, 9], [1, 3, 4, 4, 10], [0, 1, 1, 3, 2]]


@pytest.mark.parametrize(
    ("anticipation", "cells"),
    [
        # A unit compares if it is untreated through both periods, also where the base is the later one.
        (
            0,
            {
                "ATT(5,1)": -3 + 3,
                "ATT(5,2)": -1 + 2,
                "ATT(4,1)": -2 + 2,
                "ATT(4,2)": -2 + 0.5,
                "ATT(3,1)": -1 + (0 + 2 + 1) / 3,
                "ATT(3,3)": 4 - 1,
                "ATT(3,4)": 6 - 1.5,
                "ATT(3,5)": 7 - 1,
            },
        ),
        # Who adopts within the lead does not compare either: cohort 5 not with cohort 4 in 4.
        (1, {"ATT(5,1)": -3 + 1, "ATT(4,3)": 2 - 0.5, "ATT(4,4)": 7 - 2, "ATT(3,2)": 1 - (0 + 2 + 1) / 3}),
    ],
)
def test_the_not_yet_treated_are_untreated_in_both_periods(anticipation, cells):
    p = grid(STEPS, [3, 4, 5, np.nan])
    e = p.att(aggregate="none", control="notyet", base="universal", anticipation=anticipation)
    for cell, effect in cells.items():
        assert value(e, cell) == pytest.approx(effect, abs=1e-12), cell


def test_standard_error_of_a_cell_by_hand():
    e = grid(HAND, WHEN).att(aggregate="none", base="universal")
    # ATT(3,3): treated changes 4, 4 (deviations 0), comparison 0, 1 (deviations -+.5): variance 2 * .25 / 4.
    assert value(e, "ATT(3,3)", "std_error") == pytest.approx(np.sqrt(0.5 / 4), abs=1e-12)


def test_sun_abraham_equals_callaway_with_never_treated_and_no_covariates():
    p = grid(HAND, WHEN)
    cs, sa = p.event_study(), p.event_study("sun_abraham")
    assert np.allclose(cs.table["estimate"], sa.table["estimate"], atol=1e-10)
    full = p.event_study("etwfe", control="never")
    assert np.allclose(full.table["estimate"], sa.table["estimate"], atol=1e-10)


def test_cells_of_imputation_add_up_to_its_effect():
    """Cohort 3 has two units, so that its cells count twice."""
    e = grid(HAND, WHEN).att("imputation")
    cells = e.parts["cells"]
    assert sorted(cells["weight"]) == [1, 1, 1, 2, 2]
    assert np.average(cells["estimate"], weights=cells["weight"]) == pytest.approx(e.table["estimate"][0])


def test_a_cohort_whose_window_begins_before_the_panel_is_in_no_stack():
    """Cohort 2 of periods 1 to 4 has no period two before; of cohort 3 and who never adopts all of 1 to 3 remains."""
    e = grid(HAND, WHEN).event_study("stacked", window=(-2, 0))
    without = grid(HAND[1:], WHEN[1:]).event_study("stacked", window=(-2, 0))
    assert e.table["n"].tolist() == [2, 2, 2]
    assert value(e, "0") == pytest.approx(value(without, "0"))


def test_stacked_equals_callaway_weighted_by_treated_units():
    p = grid(HAND, WHEN)
    stacked = p.event_study("stacked", window=(-1, 1))
    cs = p.event_study()
    # Comparison of cohort 2 in a window to period 3: never treated only, as in Callaway-Sant'Anna.
    for e in ("0", "1"):
        assert value(stacked, e) == pytest.approx(value(cs, e), abs=1e-10)
    lost = (
        ("in no cohort's stack (outside its window, or of a unit that misses a period of it)", 3),
    )  # cohort 2 in period 4, cohort 3 in period 1
    assert stacked.sample.lost == lost
    assert stacked.table["n"].tolist() == [3, 3, 3]  # one unit of cohort 2, two of cohort 3
    assert p.att("stacked", window=(-1, 1)).table["n"].tolist() == [6]
    assert stacked.weighting == "cohorts by their treated units"
    assert p.att("stacked", window=(-1, 1), weights="none").weighting == "cohorts by treatment variance"
    assert value(p.att("stacked", window=(-1, 1))) == pytest.approx((value(cs, "0") + value(cs, "1")) / 2)


def test_the_plain_stack_takes_covariates_as_a_regression_does_and_the_corrected_one_none():
    rng = np.random.default_rng(6)
    p = grid(rng.normal(size=(9, 6)), [3, 3, 4, 4, 4, *[np.nan] * 4])
    d = pd.DataFrame({"unit": p.units, "year": p.period_values[p.periods], "y": p.y, "g": p.first})
    d["x"] = rng.normal(size=len(d))
    p = PolicyPanel(d, unit="unit", period="year", outcome="y", adopted="g", covariates=["x"])
    found = p.att("stacked", window=(-2, 1), weights="none")
    stacks = [
        d[(d.year >= g - 2) & (d.year <= g + 1) & ((d.g == g) | (d.g > g + 1))].assign(s=g) for g in (3, 4)
    ]
    rows = pd.concat(stacks)
    effects = [
        ((rows.year - rows.s == e) & (rows.g == rows.s)).astype(float).rename(str(e)) for e in (-2, 0, 1)
    ]
    of = [
        pd.get_dummies(rows.s.astype(str) + " " + rows[c].astype(str), dtype=float) for c in ("unit", "year")
    ]
    beta = np.linalg.lstsq(
        pd.concat([*effects, rows.x, *of], axis=1).to_numpy(), rows.y.to_numpy(), rcond=None
    )[0]
    assert value(found) == pytest.approx((beta[1] + beta[2]) / 2, rel=1e-9)
    with pytest.raises(
        OptionError, match="corrective weights .* takes no covariates: build the panel without"
    ):
        p.att("stacked")


def test_stacked_counts_cohorts_without_the_window():
    e = grid(HAND, WHEN).event_study("stacked", window=(-2, 1))
    assert "Cohorts without the whole window are left out: 2." in e.notes
    with pytest.raises(OptionError, match="low <= -1 and high >= 0"):
        grid(HAND, WHEN).att("stacked", window=(0, 1))
    with pytest.raises(DataError, match="no cohort has the window -9 to 9"):
        grid(HAND, WHEN).att("stacked", window=(-9, 9))


def test_stacked_leaves_out_cohorts_whose_last_period_before_adoption_is_missing():
    p = grid([*np.eye(5)[:3] * 3, [0, 1, 2, 3, 4], [1, 1, 1, 2, 2]], [2, 4, 4, np.nan, np.nan])
    gap = p.where(p.periods != 2, "no census")  # period 3, before cohort 4 adopts
    assert "Cohorts without the whole window are left out: 4." in gap.att("stacked", window=(-1, 1)).notes


@pytest.mark.parametrize("weights", [None, "w"])
def test_extended_twfe_with_covariates_is_outcome_regression_in_two_periods(weights):
    """Wooldridge (2021): interacted and centred at the cohort's mean, covariates are adjusted for by regression."""
    rng = np.random.default_rng(6)
    adopted, z = np.where(np.arange(16) < 6, 2.0, np.nan), rng.normal(size=16) + (np.arange(16) < 6)
    Y = rng.normal(size=(16, 1)) + np.column_stack([np.zeros(16), 0.7 * z + (adopted == 2) * (1 + 2 * z)])
    data = grid(Y + 0.3 * rng.normal(size=Y.shape), adopted, z=z, w=rng.integers(1, 4, 16)).data
    names = {"unit": "unit", "period": "year", "outcome": "y", "adopted": "g"}
    p = PolicyPanel(data, covariates=["z"], weights=weights, **names)
    assert value(p.att("etwfe")) == pytest.approx(value(p.att(adjust="reg")), abs=1e-10)
    assert abs(value(p.att("etwfe", covariates="linear")) - value(p.att("etwfe"))) > 0.1


def test_stacks_of_periods_that_are_years_apart_say_what_to_do():
    p = grid(HAND, WHEN)
    apart = p.data.assign(year=2000 + 3 * p.data["year"], g=2000 + 3 * p.data["g"])
    names = {"unit": "unit", "period": "year", "outcome": "y", "adopted": "g"}
    with pytest.raises(DataError, match=r"event time -1.*several years apart number them 1, 2, 3"):
        PolicyPanel(apart, **names).event_study("stacked")
    year = p.data["year"].map({1: 2000, 2: 2004, 3: 2005, 4: 2006})  # the year after adoption is there
    gap = p.data.assign(year=year, g=np.where(np.isnan(p.data["g"]), np.nan, 2004.0))
    with pytest.raises(DataError, match="event time -1"):
        PolicyPanel(gap, **names).event_study("stacked")


def test_imputation_equals_extended_twfe():
    p = grid(HAND, WHEN)
    assert value(p.att("imputation")) == pytest.approx(value(p.att("etwfe")), abs=1e-10)
    one_date = grid([[1, 5], [2, 4], [1, 2], [3, 6]], [2, 2, np.nan, np.nan])
    e = one_date.att("imputation")
    assert value(e) == pytest.approx(1.0)
    # Conservative variance: effects 2, 0 about their mean 1, weights 1/2 on periods 2: treated units
    # add (v (tau - mean))^2 = 1/4 each; comparison residuals +-1/2 in both periods with weights
    # -+1/2: 1/4 each.
    assert value(e, "ATT", "std_error") == pytest.approx(1.0)


def test_imputation_needs_no_second_untreated_row():
    e = grid(HAND, WHEN).att("imputation")
    assert e.sample.lost == ()
    assert e.sample.used == 20


def test_poisson_two_by_two_is_the_ratio_of_ratios():
    p = grid([[1, 6], [3, 6], [2, 3], [2, 5]], [2, 2, np.nan, np.nan])
    e = p.att("etwfe", family="poisson", effects="cohort")
    assert value(e) == pytest.approx(np.log((12 / 4) / (8 / 4)), abs=1e-8)
    level = p.att("etwfe", family="poisson", effects="cohort", scale="level")
    assert value(level) == pytest.approx(6 - 2 * 2, abs=1e-7)  # mean treated 6; without, 2 x 8/4
    assert "growth rates" in " ".join(e.notes)


def test_poisson_refuses_negatives_and_counts_zero_units():
    with pytest.raises(DataError, match="outcome of a Poisson model is negative in 1 row"):
        grid([[1, 6], [3, -6], [2, 3], [2, 5]], [2, 2, np.nan, np.nan]).att("etwfe", family="poisson")
    p = grid([[1, 6], [3, 6], [2, 3], [2, 5], [0, 0]], [2, 2, np.nan, np.nan, np.nan])
    e = p.att("etwfe", family="poisson", effects="unit")
    assert e.sample.lost == (("outcome zero in every period of the unit (separated)", 2),)
    with pytest.raises(DataError, match=r"zero throughout ATT\(2,2\)"):
        grid([[1, 0], [3, 0], [2, 3], [2, 5]], [2, 2, np.nan, np.nan]).att("etwfe", family="poisson")


def test_triple_difference_is_the_difference_of_two_double_differences():
    rng = np.random.default_rng(5)
    Y = rng.normal(size=(8, 2))
    when, reached = [2, 2, 2, 2] + [np.nan] * 4, np.array([1, 1, 0, 0, 1, 1, 0, 0])
    t = grid(Y, when).data.assign(reached=np.repeat(reached, 2))
    p = PolicyPanel(t, unit="unit", period="year", outcome="y", adopted="g")
    change = Y[:, 1] - Y[:, 0]

    def did(b):
        return change[:4][reached[:4] == b].mean() - change[4:][reached[4:] == b].mean()

    for method in ("regression", "imputation"):
        e = p.triple_difference(by="reached", method=method)
        assert e.table["estimate"].iloc[0] == pytest.approx(did(1) - did(0), abs=1e-10)
        assert e.comparison == "units with reached = 0 in the same adoption group, and other groups"
    q = PolicyPanel(t.assign(reached=[0, 1] * 8), unit="unit", period="year", outcome="y", adopted="g")
    with pytest.raises(DataError, match="'reached' changes within a unit"):
        q.triple_difference(by="reached")


def test_triple_difference_staggered_finds_the_effect():
    rng = np.random.default_rng(2)
    n, T = 60, 8
    when = np.repeat([4.0, 6.0, np.nan], 20)
    reached = np.tile([0, 1], 30)
    year = np.arange(1, T + 1)
    group = np.nan_to_num(when)[:, None] * year * 0.1  # cohorts drift apart
    kind = reached[:, None] * year**2 * 0.05  # so do reached units
    effect = 2.0 * (year >= when[:, None]) * reached[:, None]
    Y = rng.normal(size=(n, 1)) + group + kind + effect
    t = grid(Y, when).data.assign(reached=np.repeat(reached, T))
    e = PolicyPanel(t, unit="unit", period="year", outcome="y", adopted="g").triple_difference(by="reached")
    assert e.method == "Triple differences (imputation)"
    assert value(e) == pytest.approx(2.0, abs=1e-8)


# ---- designs that cannot answer ---------------------------------------------------------------------------


def test_all_treated_at_once_is_refused():
    p = grid(HAND, [3] * 5)
    for method in ("imputation", "etwfe", "sun_abraham"):
        with pytest.raises(DataError, match="all 5 units adopt in 3: nobody is left to compare with"):
            p.att(method)
    with pytest.raises(DataError, match="all 5 units adopt in 3"):
        p.twfe()


def test_no_never_treated_is_said():
    p = grid(HAND, [2, 3, 3, 4, 4])
    with pytest.raises(DataError, match=r"no unit is never treated.*control='notyet'"):
        p.att()
    e = p.att(control="notyet")
    assert e.sample.lost == (("every unit treated from 4 on: no comparison left", 5),)
    assert e.comparison.startswith("the cohort that adopts last (4)")


def test_always_treated_are_counted():
    p = grid(HAND, [1, 3, 3, np.nan, np.nan])
    e = p.att()
    assert e.sample.lost == (("unit treated in all its periods: no effect is identified", 4),)


def test_gaps_leave_a_unit_out_of_its_comparison_only():
    p = grid(HAND, WHEN)
    p = p.where(np.arange(20) != 4 * 4 + 3, "row lost in transit")  # unit 4, period 4
    e = p.att(aggregate="none", base="universal")
    assert value(e, "ATT(2,2)") == pytest.approx(2.5)
    assert value(e, "ATT(2,4)") == pytest.approx(6 - 2.0)  # unit 3 alone compares
    assert e.sample.lost == (("row lost in transit", 1),)


def test_imputation_counts_rows_without_a_counterfactual():
    e = grid(HAND, [2, 3, 3, 4, 4]).att("imputation")
    assert e.sample.lost == (("treated row without an identified untreated outcome", 5),)


def test_no_overlap_is_refused():
    x = [5, 6, 7, 0, 1]
    p = grid(HAND, [3, 3, 3, np.nan, np.nan], x=x)
    with pytest.raises(DataError, match=r"separate the treated from the comparison units in ATT\(3,2\)"):
        p.att()


def test_weights_must_not_change_within_a_unit():
    t = grid(HAND, WHEN).data.assign(w=np.arange(1, 21))
    p = PolicyPanel(t, unit="unit", period="year", outcome="y", adopted="g", weights="w")
    with pytest.raises(DataError, match="weights change within a unit over time in 5 rows"):
        p.att()


@pytest.mark.parametrize("method", ["sun_abraham", "etwfe", "imputation", "stacked", "twfe"])
def test_every_event_study_can_have_bands(method):
    rng = np.random.default_rng(0)
    p = grid(rng.normal(size=(40, 6)), [3] * 10 + [4] * 10 + [np.nan] * 20)
    e = p.event_study(method)
    banded = e.with_bands(draws=199)
    known = e.table["std_error"].notna()
    assert (banded.table["band_high"] > e.table["conf_high"])[known].all()
    assert np.allclose(e.inference.factor * e.scores.T @ e.scores, e.vcov)
    assert np.allclose(np.sqrt(np.diag(e.vcov))[known], e.table["std_error"][known])
    with pytest.raises(DataError, match="keeps no cluster scores"):
        p.event_study("twfe", vcov="hetero").with_bands()


def test_unknown_method_is_named():
    with pytest.raises(OptionError, match=r"method='calaway_santanna'.*Did you mean 'callaway_santanna'"):
        grid(HAND, WHEN).att("calaway_santanna")
    with pytest.raises(OptionError, match="leads=9 is not allowed"):
        grid(HAND, WHEN).event_study("imputation", leads=9)


def test_bands_are_wider_than_intervals_and_reproducible():
    rng = np.random.default_rng(0)
    p = grid(rng.normal(size=(40, 6)), [3] * 10 + [4] * 10 + [np.nan] * 20)
    e, again, other = p.event_study(), p.event_study(), p.event_study(rng=5)
    known = e.table["std_error"].notna()
    assert (e.table["band_high"] >= e.table["conf_high"])[known].all()
    assert e.table.equals(again.table)
    assert not e.table["band_high"].equals(other.table["band_high"])
    assert (e.inference.draws, e.inference.seed) == (999, 0)
    one = simultaneous(rng.normal(size=(400, 1)), draws=9999, rng=1)
    assert one == pytest.approx(1.96, abs=0.05)  # one term: the band is the interval
    # one cluster alone: its sum is +-1, whose quartiles are 2 apart, 1.349 standard errors of a normal
    assert simultaneous(np.array([[1.0], [0.0]]), draws=99) == pytest.approx(stats.norm.ppf(0.75), rel=1e-9)
    # two alike: half of the sums are zero, both quartiles here; then the spread is that of the sums, 3 times root two
    alike = simultaneous(np.full((2, 1), 3.0), draws=99, rng=5)
    assert alike == pytest.approx(np.sqrt(2), rel=1e-9)
    with pytest.raises(OptionError, match="draws=98 is not allowed"):
        simultaneous(np.ones((3, 1)), draws=98)
    with pytest.raises(DataError, match="no term has a standard error"):
        simultaneous(np.zeros((3, 1)), draws=99)


# ---- against R -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def figures(reference):
    files = ("panel_staggered.csv", "panel_made_staggered_figures.csv")
    return pd.concat([pd.read_csv(reference / f) for f in files])


@pytest.fixture(scope="module")
def made(reference):
    d = pd.read_csv(reference / "panel_made_staggered.csv")
    return d.assign(g=d["adopted"].where(d["adopted"] > 0))


def door(d, covariates=(), outcome="y"):
    return PolicyPanel(
        d, unit="unit", period="year", outcome=outcome, adopted="g", covariates=list(covariates)
    )


@pytest.fixture(scope="module")
def mpdta(shared):
    d = pd.read_csv(shared / "reference/panel/mpdta.csv")
    return d.assign(g=d["first.treat"].where(d["first.treat"] > 0), emp=np.exp(d["lemp"]))


def panel(d, covariates=(), outcome="lemp"):
    return PolicyPanel(
        d, unit="countyreal", period="year", outcome=outcome, adopted="g", covariates=list(covariates)
    )


@pytest.fixture(scope="module")
def base_stagg(shared):
    return pd.read_csv(shared / "reference/panel/base_stagg.csv")


def stagg(d, covariates=()):
    return PolicyPanel(
        d, unit="id", period="year", outcome="y", adopted="year_treated", covariates=list(covariates)
    )


def agree(e, rows, rename=str, *, point=1e-6, error=1e-5):
    found = e.table.assign(term=e.table["term"].astype(str)).set_index("term")
    assert len(rows)
    for r in rows.itertuples():
        name = rename(r.term)
        assert found["estimate"][name] == pytest.approx(r.estimate, abs=point), name
        if np.isfinite(r.se):
            assert found["std_error"][name] == pytest.approx(r.se, abs=error), name


def pick(figures, dataset, estimator):
    return figures[(figures["dataset"] == dataset) & (figures["estimator"] == estimator)]


OVERALL = {"overall": "ATT"}
AGGREGATES = {"simple": "simple", "dynamic": "event", "group": "cohort", "calendar": "calendar"}


CONTROLS = ("never", "notyet")
ADJUSTED = (("", "dr"), ("x", "dr"), ("x", "ipw"), ("x", "reg"))


def check_callaway_santanna(p, figures, dataset, control, x, adjust):
    note = f"control={control}treated; x=~{x or 1}; est={adjust}; base=varying; analytic SE"
    for theirs, ours in AGGREGATES.items():
        rows = pick(figures, dataset, f"CS aggte {theirs}")
        rows = rows[rows["note"] == note]
        e = p.att(aggregate=ours, control=control, adjust=adjust, shares="did")
        agree(e, rows, lambda t: OVERALL.get(t, t))


def check_pretest(p, figures, dataset, control):
    rows = pick(figures, dataset, "CS pre-test Wald")
    row = rows[rows["note"].str.contains(f"control={control}")].iloc[0]
    test = p.att(aggregate="none", control=control).pretrend_test()
    assert test["statistic"] == pytest.approx(row["estimate"], abs=1e-6)
    assert test["p_value"] == pytest.approx(row["p"], abs=1e-5)  # printed so
    assert test["distribution"] == "chi2"


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize(("x", "adjust"), ADJUSTED)
def test_made_callaway_santanna(made, figures, control, x, adjust):
    check_callaway_santanna(door(made, list(x)), figures, "made", control, x, adjust)


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("base", ["varying", "universal"])
def test_made_cells(made, figures, control, base):
    rows = pick(figures, "made", "CS att_gt")
    rows = rows[rows["note"].str.contains(f"control={control}treated.*base={base}")]
    agree(door(made).att(aggregate="none", control=control, base=base), rows)


@pytest.mark.parametrize("control", CONTROLS)
def test_made_pretest(made, figures, control):
    check_pretest(door(made), figures, "made", control)


@pytest.mark.parametrize(("suffix", "vcov"), [(" cl", "cluster"), ("", "iid")])
@pytest.mark.parametrize("x", ["", "z"])
def test_made_sun_abraham(made, figures, suffix, vcov, x):
    p = door(made, list(x))
    for aggregate, name in (("event", "dynamic"), ("simple", "att"), ("cohort", "cohort")):
        rows = pick(figures, "made", f"Sun-Abraham {name}{' ' * bool(x)}{x}{suffix}")
        agree(p.att("sun_abraham", aggregate=aggregate, vcov=vcov), rows, lambda t: t.split("::")[-1])


@pytest.mark.parametrize("x", ["", "z"])
def test_made_imputation(made, figures, x):
    p, tag = door(made, list(x)), f" {x}" if x else ""
    agree(p.att("imputation"), pick(figures, "made", f"BJS imputation static{tag}"), lambda t: "ATT")
    rows = pick(figures, "made", f"BJS imputation dynamic{tag}")
    # didimputation prints leads only without covariates.
    agree(p.att("imputation", aggregate="event") if x else p.event_study("imputation", leads=3), rows)


def test_made_extended_twfe(made, figures):
    agree(door(made).att("etwfe"), pick(figures, "made", "ETWFE simple ATT"))
    by = door(made, ["x"]).att("etwfe", aggregate="event", effects="cohort")
    agree(by, pick(figures, "made", "ETWFE x event"))
    level = door(made, ["x"], "count").att("etwfe", family="poisson", scale="level")
    agree(level, pick(figures, "made", "ETWFE poisson level"))


def test_mpdta_callaway_santanna(mpdta, figures):
    for x, adjust in ADJUSTED:
        p = panel(mpdta, ["lpop"] if x else [])
        for control in CONTROLS:
            check_callaway_santanna(p, figures, "mpdta", control, x and "lpop", adjust)
    for control in CONTROLS:
        check_pretest(panel(mpdta), figures, "mpdta", control)
    overall = panel(mpdta).att(aggregate="cohort")  # with the sampling of shares: csdid, differences
    assert value(overall, "ATT", "std_error") == pytest.approx(0.01244606, abs=1e-7)


def test_mpdta_sun_abraham(mpdta, figures):
    p = panel(mpdta)
    agree(
        p.event_study("sun_abraham"),
        pick(figures, "mpdta", "Sun-Abraham dynamic"),
        lambda t: t.split("::")[1],
    )
    agree(p.att("sun_abraham"), pick(figures, "mpdta", "Sun-Abraham ATT"))
    by = p.att("sun_abraham", aggregate="cohort")
    agree(by, pick(figures, "mpdta", "Sun-Abraham cohort"), lambda t: t.split("::")[1])


def test_base_stagg_sun_abraham(base_stagg, figures):
    p = stagg(base_stagg, ["x1"])
    for suffix, vcov in ((" cl", "cluster"), ("", "iid")):
        for aggregate, name in (("event", "dynamic"), ("simple", "att"), ("cohort", "cohort")):
            rows = pick(figures, "base_stagg", f"Sun-Abraham {name}{suffix}")
            rows = rows[rows["term"] != "x1"]
            e = p.att("sun_abraham", aggregate=aggregate, vcov=vcov)
            agree(e, rows, lambda t: t.split("::")[-1])


def test_imputation(mpdta, base_stagg, figures):
    fixed = " [fixef.rm=none]"
    agree(
        panel(mpdta).att("imputation"),
        pick(figures, "mpdta", "BJS imputation static" + fixed),
        lambda t: "ATT",
    )
    agree(panel(mpdta).event_study("imputation"), pick(figures, "mpdta", "BJS imputation dynamic" + fixed))
    agree(
        stagg(base_stagg).att("imputation"),
        pick(figures, "base_stagg", "BJS imputation static" + fixed),
        lambda t: "ATT",
    )
    e = stagg(base_stagg, ["x1"])
    agree(
        e.att("imputation"), pick(figures, "base_stagg", "BJS imputation static x1" + fixed), lambda t: "ATT"
    )
    by = e.att("imputation", aggregate="event")
    agree(by, pick(figures, "base_stagg", "BJS imputation dynamic x1" + fixed))


def test_extended_twfe(mpdta, base_stagg, figures):
    agree(panel(mpdta).att("etwfe"), pick(figures, "mpdta", "ETWFE simple ATT"))
    e = stagg(base_stagg).att("etwfe")
    assert value(e) == pytest.approx(-0.74556383, abs=1e-6)  # diff-diff 3.13
    assert value(e, "ATT", "std_error") == pytest.approx(0.34190761, abs=1e-5)
    # README of R etwfe: lemp ~ lpop, cohort effects, event aggregation; in levels Python etwfe 0.1.4.
    e = panel(mpdta, ["lpop"]).att("etwfe", aggregate="event", effects="cohort")
    assert e.table["estimate"].round(4).tolist() == [-0.0332, -0.0573, -0.1379, -0.1095]
    assert e.table["std_error"].round(4).tolist() == [0.0134, 0.0171, 0.0308, 0.0323]
    e = panel(mpdta, ["lpop"], "emp").att("etwfe", family="poisson", scale="level")
    assert value(e) == pytest.approx(-28.574807914, abs=1e-5)
    assert value(e, "ATT", "std_error") == pytest.approx(17.941312, abs=1e-4)


def test_weights_and_gaps_against_dense_least_squares():
    """Weighted, unbalanced: every estimator's number from plain dummies and numpy's least squares."""
    rng = np.random.default_rng(11)
    p = grid(rng.normal(size=(12, 6)), [3] * 3 + [4] * 3 + [np.nan] * 6)
    t = p.data.assign(w=rng.uniform(0.5, 2, 72), x=rng.normal(size=72)).drop(index=[4, 17, 40])
    p = PolicyPanel(t, unit="unit", period="year", outcome="y", adopted="g", weights="w", covariates=["x"])
    dummies = np.column_stack(
        [np.eye(12)[p.units], np.eye(6)[p.periods][:, 1:], p.X]
    )  # units, periods, covariate
    root = np.sqrt(p.w)[:, None]

    def fit(X, rows):
        return np.linalg.lstsq((root * X)[rows], (root[:, 0] * p.y)[rows], rcond=None)[0]

    everyone = np.ones(len(p.y), bool)
    assert p.twfe().table["estimate"][0] == pytest.approx(
        fit(np.column_stack([p.D, dummies]), everyone)[0], abs=1e-10
    )
    gap = p.y - dummies @ fit(dummies, p.D == 0)
    on = p.D > 0
    expected = np.average(gap[on], weights=p.w[on])
    assert value(p.att("imputation")) == pytest.approx(expected, abs=1e-10)
    cells = np.column_stack(
        [(p.first == g) & (p.period_values[p.periods] == s) for g in (3, 4) for s in range(g, 7)]
    )
    effects = fit(np.column_stack([cells, dummies]), everyone)[: cells.shape[1]]
    size = (cells * p.w[:, None]).sum(0)
    ours = p.att("etwfe", covariates="linear")
    assert value(ours) == pytest.approx(np.average(effects, weights=size), abs=1e-10)
