"""Situations of public bug reports on other programs of this kind, made anew: each ends right, or refused in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError
from exportlab.panel import PolicyPanel, fixed_effects, ppml, shift_share_design

KEYS = {"unit": "id", "period": "year", "outcome": "y", "adopted": "g"}


def long(dates, effect, *, first=2001, last=2010, noise=0.0, seed=0):
    """Units of the dates given, effects of units and years, and `effect(event time)`."""
    rng = np.random.default_rng(seed)
    years = np.arange(first, last + 1)
    rows = [
        (i, t, g, i + 0.3 * t + effect(t - g) + noise * rng.normal())
        for i, g in enumerate(dates)
        for t in years
    ]
    return pd.DataFrame(rows, columns=["id", "year", "g", "y"])


def after(e, size=1.0):
    return size * float(e >= 0)


@pytest.mark.parametrize("base", ["varying", "universal"])
def test_did_276_anticipated_periods_have_the_clean_base_and_are_no_test_of_trends(base):
    d = long([2006.0] * 6 + [np.inf] * 6, lambda e: after(e + 2), noise=1e-3)
    made = PolicyPanel(d, **KEYS).att(anticipation=2, base=base, aggregate="event")
    table = made.table.set_index("term")["estimate"]
    assert table[["-2", "-1", "0"]].to_numpy() == pytest.approx(1.0, abs=5e-3)
    test = made.pretrend_test()
    assert not any(name in str(test["terms"]) for name in ("-1", "-2"))
    assert test["p_value"] > 1e-4


def test_did_266_always_treated_units_leave_the_last_cohort_as_comparison():
    dates = [2005.0] * 4 + [2008.0] * 4
    alone = PolicyPanel(long(dates, after), **KEYS).att(control="notyet")
    more = PolicyPanel(long([*dates, 1990.0, 1995.0], after), **KEYS).att(control="notyet")
    assert (
        more.table["estimate"][0]
        == pytest.approx(alone.table["estimate"][0], abs=1e-12)
        == pytest.approx(1.0)
    )
    assert ("unit treated in all its periods: no effect is identified", 20) in more.sample.lost


def test_did_275_a_comparison_that_is_lost_with_its_covariate_is_said():
    d = long([2006.0] * 4 + [np.inf] * 4, after).assign(x=lambda t: t["id"] * t["year"] % 7.0)
    d.loc[np.isinf(d["g"]), "x"] = np.nan
    with pytest.raises(DataError, match=r"Missing values|missing"):
        PolicyPanel(d, covariates=["x"], **KEYS)
    dropped = PolicyPanel(d, covariates=["x"], missing="drop", **KEYS)
    with pytest.raises(DataError, match="nobody is left to compare with|never treated"):
        dropped.att(control="notyet")


def test_did_202_missing_outcomes_change_neither_estimates_nor_errors():
    d = long([2006.0] * 5 + [np.inf] * 5, after, noise=1.0)
    extra = d.assign(id=d["id"] + 100, y=np.nan)
    one = PolicyPanel(d, **KEYS).att().table
    other = PolicyPanel(pd.concat([d, extra]), missing="drop", **KEYS).att().table
    pd.testing.assert_frame_equal(one, other)


def test_did_157_units_that_enter_treated_are_always_treated():
    d = long([2006.0] * 4 + [2005.0] + [np.inf] * 4, after)
    late = d[(d["id"] != 4) | (d["year"] >= 2007)]
    made = PolicyPanel(late, **KEYS).att()
    assert made.table["estimate"][0] == pytest.approx(1.0)
    assert dict(made.sample.lost)["unit treated in all its periods: no effect is identified"] == 4


def test_did_103_signs_before_adoption_under_a_universal_base_by_hand():
    d = long([2006.0] * 4 + [np.inf] * 4, after, noise=1.0)
    cells = PolicyPanel(d, **KEYS).att(base="universal", aggregate="none").table.set_index("term")["estimate"]
    mean = d.assign(treated=np.isfinite(d["g"])).groupby(["treated", "year"])["y"].mean()
    for year in (2002, 2004, 2008):
        by_hand = (mean[True, year] - mean[True, 2005]) - (mean[False, year] - mean[False, 2005])
        assert cells[f"ATT(2006,{year})"] == pytest.approx(by_hand, rel=1e-9)


def test_fixest_438_two_clusters_leave_no_error():
    d = long([2006.0] * 4 + [np.inf] * 4, after, noise=1.0).assign(
        state=lambda t: np.isinf(t["g"]).astype(int)
    )
    made = PolicyPanel(d, cluster="state", **KEYS).twfe()
    assert np.isnan(made.table["std_error"][0])
    assert "one cluster stands alone on its side" in made.summary()


def test_pyfixest_138_poisson_with_text_effects_gaps_and_separated_rows():
    rng = np.random.default_rng(5)
    d = pd.DataFrame({"f": np.arange(200) % 20, "x": rng.normal(size=200), "cl": np.arange(200) % 10})
    d["y"] = rng.poisson(np.exp(0.3 * d["x"] + 0.1 * d["f"])).astype(float)
    d.loc[d["f"] == 3, "y"] = 0.0
    text = d.assign(f=d["f"].map("f{}".format).where(d.index % 50 != 7))
    made = ppml(text, "y ~ x", effects=["f"], cluster="cl", missing="drop")
    used = d[(d["f"] != 3) & (d.index % 50 != 7)]
    other = ppml(used, "y ~ x", effects=["f"], cluster="cl")
    assert made.table["std_error"][0] == pytest.approx(other.table["std_error"][0], rel=1e-12)
    assert made.sample.used == len(used)
    assert sum(n for _, n in made.sample.lost) == 200 - len(used)


def test_reghdfe_101_and_242_two_ways_of_clustering_are_counted_and_differ():
    rng = np.random.default_rng(6)
    d = pd.DataFrame({"id": np.repeat(np.arange(60), 10), "year": np.tile(np.arange(10), 60)})
    d["x"] = rng.normal(size=60)[d["id"]] * d["year"] + rng.normal(size=10)[d["year"]] * d["id"] / 30
    d["y"] = 0.4 * d["x"] + rng.normal(size=10)[d["year"]] * d["x"] + rng.normal(size=600)
    ask = {"unit": "id", "period": "year", "effects": "two-way"}
    made = {str(c): fixed_effects(d, "y ~ x", cluster=c, **ask) for c in ("id", "year", ["id", "year"])}
    both = made["['id', 'year']"]
    assert "clustered by id and year (60 and 10 clusters)" in both.inference.small_sample
    assert len({round(e.table["std_error"][0], 10) for e in made.values()}) == 3


def test_reghdfe_94_a_collinear_regressor_is_named_and_errors_keep_their_coefficients():
    rng = np.random.default_rng(7)
    d = pd.DataFrame({"id": np.repeat(np.arange(12), 6), "year": np.tile(np.arange(6), 12)})
    d["x"], d["z"] = rng.normal(size=72), 10 * rng.normal(size=72)
    d["y"], d["twice"] = d["x"] + rng.normal(size=72), 2 * d["x"]
    ask = {"unit": "id", "period": "year", "cluster": "id"}
    with pytest.raises(DataError, match="is a linear combination of"):
        fixed_effects(d, "y ~ twice + x + z", **ask)
    one = fixed_effects(d, "y ~ x + z", **ask).table.set_index("term")["std_error"]
    other = fixed_effects(d, "y ~ z + x", **ask).table.set_index("term")["std_error"]
    assert other[["x", "z"]].tolist() == pytest.approx(one[["x", "z"]].tolist(), rel=1e-10)


def test_fixedeffectmodels_279_a_regressor_of_small_scale_is_not_taken_for_collinear():
    rng = np.random.default_rng(8)
    d = pd.DataFrame({"id": np.repeat(np.arange(12), 6), "year": np.tile(np.arange(6), 12)})
    d["x"], d["z"] = rng.normal(size=72), rng.normal(size=72)
    d["y"] = d["x"] + d["z"] + rng.normal(size=72)
    ask = {"unit": "id", "period": "year", "effects": "two-way"}
    one = fixed_effects(d, "y ~ x + z", **ask).table
    other = fixed_effects(d.assign(z=d["z"] * 1e-9), "y ~ x + z", **ask).table
    assert other["estimate"].tolist() == pytest.approx(
        [one["estimate"][0], 1e9 * one["estimate"][1]], rel=1e-6
    )


@pytest.mark.parametrize("method", ["etwfe", "sun_abraham", "callaway_santanna"])
def test_etwfe_37_the_simple_average_is_over_treated_cells_alone(method):
    # a trend of the treated before adoption moves cells before it, which are no part of the average
    d = long([2006.0] * 4 + [np.inf] * 4, lambda e: 0.5 * min(e + 1, 0) + after(e) if np.isfinite(e) else 0.0)
    options = {"control": "never"} if method == "etwfe" else {}
    made = PolicyPanel(d, **KEYS).att(method, **options)
    assert made.table["estimate"][0] == pytest.approx(1.0, abs=1e-9)


def test_synthdid_89_and_84_one_treated_unit_has_no_jackknife_and_one_donor_no_placebo():
    d = long([2006.0] + [np.inf] * 6, after, noise=0.3)
    p = PolicyPanel(d, **KEYS)
    with pytest.raises(DataError, match="leaving it out leaves nothing"):
        p.synthetic_did(inference="jackknife")
    with pytest.raises(DataError, match="At least two donors"):
        PolicyPanel(d[d["id"] < 2], **KEYS).synthetic_did()
    three = PolicyPanel(long([2006.0] * 4 + [np.inf] * 3, after, noise=0.3), **KEYS)
    with pytest.raises(DataError, match="more donors than treated units"):
        three.synthetic_did()


def test_diff_diff_97_a_cohort_is_never_compared_with_itself_before_it_adopts_by_hand():
    d = long([2005.0] * 4 + [2008.0] * 3 + [np.inf] * 2, after, noise=1.0)
    ask = {"control": "notyet", "base": "universal", "aggregate": "none"}
    cells = PolicyPanel(d, **KEYS).att(**ask).table.set_index("term")["estimate"]
    wide = d.pivot(index=["g", "id"], columns="year", values="y")
    change = {year: wide[year] - wide[2004] for year in (2002, 2003, 2006, 2007)}
    for year, series in change.items():
        mean = series.groupby("g").mean()
        later = series.drop(index=2005.0, level="g").mean()  # the two other cohorts, each unit alike
        assert cells[f"ATT(2005,{year})"] == pytest.approx(mean[2005.0] - later, rel=1e-9)


@pytest.mark.parametrize(
    "estimate", [PolicyPanel.twfe, *(lambda p, a=a: p.att(adjust=a) for a in ("dr", "ipw", "reg"))]
)
def test_diff_diff_91_a_covariate_that_repeats_another_is_refused_and_no_large_number_made(estimate):
    rng = np.random.default_rng(9)
    d = long([2006.0] * 9 + [np.inf] * 9, after, noise=0.5).assign(x=lambda t: rng.normal(size=len(t)))
    p = PolicyPanel(d.assign(again=3 * d["x"] + 1), covariates=["x", "again"], **KEYS)
    with pytest.raises(DataError, match="collinear"):
        estimate(p)


def dates(first, *, units=4, never=4, **changed):
    return long([first] * units + [np.inf] * never, after, noise=0.5, **changed)


@pytest.mark.parametrize("method", ["imputation", "two_stage"])
def test_did2s_12_years_in_which_nobody_is_untreated_are_left_out_and_not_taken_for_zero(method):
    d = long([2004.0] * 3 + [2007.0] * 3, after)
    made = PolicyPanel(d, **KEYS).att(method)
    assert made.table["estimate"][0] == pytest.approx(1.0)
    assert made.sample.lost == (
        ("treated row without an identified untreated outcome", 24),
    )  # 6 units from 2007


@pytest.mark.parametrize("method", ["imputation", "two_stage"])
def test_did_imputation_25_a_covariate_that_moves_in_treated_rows_alone_is_named(method):
    d = dates(2006.0).assign(x=lambda t: np.where(t["year"] >= t["g"], 1.0 + t["id"] * t["year"] % 7, 0.0))
    with pytest.raises(DataError, match="Without 'x' some have: in untreated rows these do not vary"):
        PolicyPanel(d, covariates=["x"], **KEYS).att(method)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"base": "universal", "anticipation": 2}, "before event time -1: anticipation=2"),
        ({"base": "varying"}, r"take event_study\(base='universal'\)"),
    ],
)
def test_honestdid_34_and_macroeconometricmodels_599_bounds_have_one_base_right_before_adoption(asked, why):
    with pytest.raises(DataError, match=why):
        PolicyPanel(dates(2006.0), **KEYS).event_study(**asked).honest_did()


@pytest.mark.parametrize("code", [-1, 0, 9999, "never", "", "."])
def test_macroeconometricmodels_598_codes_for_never_are_no_dates(code):
    d = dates(2006.0)
    d["g"] = d["g"].astype(object).where(np.isfinite(d["g"]), code)
    with pytest.raises(DataError, match=rf"in 40 rows. First: ({code!r}|id 4, year 2001)\. .*never"):
        PolicyPanel(d, **KEYS)


def test_fwildclusterboot_14_clusters_as_numbers_text_or_categories_are_one_bootstrap():
    d = dates(2006.0, units=5, never=5)
    code = d["id"] % 10
    kinds = [code, code.astype(float), code.map("c{}".format), pd.Categorical(code.map(str)), 9 - code]
    made = [
        PolicyPanel(d.assign(cl=c), cluster="cl", **KEYS).twfe().wild_bootstrap(rng=1).table for c in kinds
    ]
    for other in made[1:]:
        pd.testing.assert_frame_equal(other, made[0], rtol=1e-9)


def test_fixest_529_a_dummy_that_is_on_where_nothing_is_sold_has_no_large_coefficient():
    rng = np.random.default_rng(0)
    d = pd.DataFrame({"one": rng.integers(0, 2, 300), "two": (rng.random(300) < 0.3).astype(int)})
    d["y"] = np.where(d["two"] == 0, rng.poisson(np.exp(d["one"])), 0).astype(float)
    with pytest.raises(
        DataError, match=f"'two' does not vary .* {d['two'].sum()} rows were set aside: separated"
    ):
        ppml(d, "y ~ one + two")
    absorbed = ppml(d, "y ~ one", effects=["two"])
    bare = ppml(d[d["two"] == 0], "y ~ one")
    assert absorbed.table["estimate"][0] == pytest.approx(bare.table["estimate"][1], rel=1e-9)
    assert "units" not in bare.summary()  # a table of rows has none


def test_fixest_478_rows_that_lose_their_company_are_lost_in_turn():
    rows = [(f"f{i}", f"g{t}") for i in range(8) for t in range(5)]
    chain = [("s1", "ta"), ("s2", "ta"), ("s2", "tb"), ("f0", "tb")]  # s1 alone, then ta, then s2, then tb
    d = pd.DataFrame(rows + chain, columns=["f", "g"])
    rng = np.random.default_rng(1)
    d["x"] = rng.normal(size=len(d))
    d["y"], d["v"] = d["x"] + rng.normal(size=len(d)), rng.poisson(3, len(d)) + 1.0
    ways = {"unit": "f", "period": "g", "effects": "two-way"}
    for made in (fixed_effects(d, "y ~ x", **ways), ppml(d, "v ~ x", effects=["f", "g"])):
        assert made.sample.lost == (("the only row of an effect (fitted perfectly)", 4),)


def test_reghdfe_241_rows_without_a_cluster_do_not_change_the_sample_in_silence():
    d = dates(2006.0).assign(
        x=lambda t: np.sin(t["id"] * t["year"]), cl=lambda t: (t["id"] % 4).astype(float)
    )
    d.loc[3:6, "cl"] = np.nan
    ask = {"unit": "id", "period": "year", "cluster": "cl"}
    with pytest.raises(DataError, match="Missing values in 'cl' in 4 rows"):
        fixed_effects(d, "y ~ x", **ask)
    assert fixed_effects(d, "y ~ x", missing="drop", **ask).sample.lost == (("missing cl", 4),)


def test_linearmodels_543_what_the_effects_absorb_is_refused_with_weights_too():
    d = dates(2006.0).assign(a=lambda t: t["id"] * 1.0, w=lambda t: 1 + t["year"] % 3)
    for weighed in ({}, {"weights": "w"}):
        with pytest.raises(DataError, match="'a' has no variation left within the effects id"):
            fixed_effects(d, "y ~ a", unit="id", period="year", **weighed)


def test_ppmlhdfe_13_regressors_and_flows_of_any_size_have_their_coefficients():
    rng = np.random.default_rng(2)
    d = pd.DataFrame({"x": rng.normal(size=200)})
    d["y"] = rng.poisson(np.exp(0.5 * d["x"])).astype(float)
    one = ppml(d, "y ~ x").table["estimate"][1]
    far = d.assign(x=1e6 * d["x"] + 1e9, y=1e12 * d["y"])
    assert 1e6 * ppml(far, "y ~ x").table["estimate"][1] == pytest.approx(one, rel=1e-6)


# ---- the kind: what varies by rounding does not vary, and what varies around a large mean does -----------------------


def rounded(n):
    """0.3, and 0.1 + 0.2, which is not 0.3 by one bit."""
    return np.where(np.arange(n) % 3 == 0, 0.3, 0.1 + 0.2)


def shares_of(regions, sectors, seed=3):
    rng = np.random.default_rng(seed)
    W = rng.dirichlet(np.ones(sectors), regions)
    rows = [(r, s, W[r, s]) for r in range(regions) for s in range(sectors)]
    return pd.DataFrame(rows, columns=["region", "sector", "share"]), rng.normal(size=sectors)


def test_shiftshareses_7_and_8_an_exposure_that_is_the_same_everywhere_has_no_coefficient():
    t = pd.DataFrame({"region": range(12), "y": np.sin(np.arange(12)), "c": rounded(12)})
    shares, g = shares_of(12, 3)
    shocks = pd.DataFrame({"sector": range(3), "shock": g})
    alone = pd.DataFrame({"region": range(12), "sector": 0, "share": 1.0})
    for part, hit in ((shares, shocks.assign(shock=0.3)), (alone, shocks[:1])):
        with pytest.raises(DataError, match="the exposure has no variation left"):
            shift_share_design(t, shares=part, shocks=hit, unit="region").reduced_form("y")
    with pytest.raises(DataError, match="the treatment c has no variation left"):
        shift_share_design(t, shares=shares, shocks=shocks, unit="region").iv("y", "c")
    many, g = shares_of(12, 40)
    wide = shift_share_design(
        t, shares=many, shocks=pd.DataFrame({"sector": range(40), "shock": g}), unit="region"
    )
    with pytest.raises(DataError, match="AKM errors vanish: 40 shocks cannot be told apart on 12 rows"):
        wide.reduced_form("y", errors="akm")


@pytest.mark.parametrize("constant", [np.full(80, 0.3), rounded(80)])
def test_a_covariate_that_does_not_vary_is_refused_at_the_door(constant):
    with pytest.raises(DataError, match=r"covariate 'c' does not vary. First: 0.3"):
        PolicyPanel(dates(2006.0).assign(c=constant), covariates=["c"], **KEYS)


@pytest.mark.parametrize(
    "method", ["etwfe", "callaway_santanna", "imputation", "switching", "local_projections"]
)
def test_fixedeffectmodels_279_a_covariate_around_a_large_mean_counts_as_around_zero(method):
    d = dates(2006.0, units=9, never=9).assign(x=lambda t: np.sin(t["id"] * t["year"]))
    one, other = (
        PolicyPanel(t, covariates=["x"], **KEYS).att(method).table["estimate"][0]
        for t in (d, d.assign(x=1e9 + d["x"]))
    )
    assert other == pytest.approx(one, rel=1e-4)
