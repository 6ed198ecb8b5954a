"""Shocks that units share with unequal loadings: interactive effects, matrix completion, common correlated effects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError
from exportlab.panel import PolicyPanel, common_correlated, counterfactual_tests, leave_one_out
from exportlab.panel.algebra.factors import Cells, completed, interactive, largest, refuse_unlinked
from exportlab.panel.did.counterfactual import BLOCK, _hidden, equivalence, wide

REFERENCE = Path(__file__).parent / "reference"
FIGURES = pd.read_csv(REFERENCE / "panel_factors_figures.csv").set_index(["method", "what"])
KEYS = {"unit": "unit", "period": "time", "outcome": "y"}


@pytest.fixture(scope="module")
def panel() -> PolicyPanel:
    return PolicyPanel(pd.read_csv(REFERENCE / "panel_factors.csv"), treated="d", reversible=True, **KEYS)


def figure(method: str, what: str = "ATT") -> float:
    return float(FIGURES.loc[[(method, what)], "value"].iloc[0])


def gaps(method: str) -> pd.Series:
    return FIGURES.loc[(method, "gap")].set_index("event_time")["value"]


def made(
    N: int = 14,
    T: int = 12,
    *,
    treated: int = 3,
    start: int = 8,
    effect: float = 1.0,
    noise: float = 0.1,
) -> pd.DataFrame:
    """One factor on which the treated load by two more than others."""
    rng = np.random.default_rng(1)
    ours = np.arange(N) < treated
    f, load = np.sin(np.arange(T) * 1.1) + 0.3 * np.arange(T), rng.normal(size=N) + 2 * ours
    Y = rng.normal(size=(N, 1)) + rng.normal(size=T) + np.outer(load, f) + noise * rng.normal(size=(N, T))
    D = np.outer(ours, np.arange(T) >= start)
    Y = Y + effect * D
    return pd.DataFrame(
        {
            "unit": np.repeat([f"u{i:02}" for i in range(N)], T),
            "time": np.tile(np.arange(2001, 2001 + T), N),
            "y": Y.ravel(),
            "d": D.ravel().astype(int),
        }
    )


# ---- numbers from outside -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "rank"), [("FE imputation (r = 0)", 0), ("IFE r = 1", 1), ("IFE r = 2", 2)]
)
def test_interactive_effects_are_those_of_fect(panel, method, rank):
    found = panel.att("interactive", rank=rank, jackknife=False)
    assert found.table["estimate"][0] == pytest.approx(figure(method), abs=1e-7)
    assert found.fit["sigma"] ** 2 == pytest.approx(figure(method, "sigma2"), abs=1e-7)
    assert found.fit["rank"] == rank
    if rank != 1:
        path = found.parts["path"].set_index("event_time")["gap"]
        expected = gaps(method)
        np.testing.assert_allclose(path[expected.index], expected, atol=1e-7)


@pytest.mark.parametrize("share", ["0.002", "0.005", "0.1"])
def test_matrix_completion_is_that_of_fect(panel, share):
    plain = interactive(wide(panel).cells, 0)
    penalty = min(float(share) * 40 * 24 / largest(plain), 1.0)
    found = panel.att("matrix_completion", penalty=penalty, jackknife=False)
    assert found.table["estimate"][0] == pytest.approx(figure(f"MC lambda {share}"), abs=1e-7)
    assert any("For comparison only" in n for n in found.notes)
    if share == "0.005":
        path = found.parts["path"].set_index("event_time")["gap"]
        np.testing.assert_allclose(path[gaps("MC lambda 0.005").index], gaps("MC lambda 0.005"), atol=1e-7)
    if share == "0.1":
        assert penalty == 1.0


def test_the_rank_by_cells_held_out_is_that_of_fect(panel):
    found = panel.att("interactive", max_rank=3, jackknife=False)
    assert found.fit["rank"] == figure("IFE", "rank") == 2
    tried = found.parts["cross_validation"]
    assert tried["rank"].tolist() == [0, 1, 2, 3]
    assert tried["chosen"].tolist() == [False, False, True, False]
    assert tried["error"].idxmin() == 2
    assert any("Rank 2 is chosen" in n for n in found.notes)
    assert found.refit.keywords["rank"] == 2


@pytest.mark.parametrize("least", [4, 5])
def test_cells_held_out_are_blocks_of_treated_units_and_leave_enough(least):
    of = wide(PolicyPanel(made(N=6, treated=3, start=8), treated="d", **KEYS))
    for seed in range(5):
        hidden = _hidden(of, least, np.random.default_rng(seed))
        assert hidden.any()
        assert not (hidden & ~of.cells.known).any()
        assert not hidden[3:].any()  # units that are never treated stay as they are
        assert hidden.sum() % BLOCK == 0
        left = of.cells.known & ~hidden
        assert (left.sum(0)[hidden.any(0)] >= least).all()
        assert (left.sum(1)[hidden.any(1)] >= least).all()
    few = wide(PolicyPanel(made(N=6, treated=3, start=least + BLOCK - 1), treated="d", **KEYS))
    assert not _hidden(few, least, np.random.default_rng(0)).any()  # a row too short by one


@pytest.mark.parametrize("kind", ["pooled", "mean group"])
def test_common_correlated_effects_are_those_of_plm(kind):
    table = pd.read_csv(REFERENCE / "panel_grunfeld.csv")
    found = common_correlated(table, "inv ~ value + capital", unit="firm", period="year", kind=kind)
    for name in ("value", "capital"):
        row = found.table.set_index("term").loc[name]
        assert row["estimate"] == pytest.approx(figure(f"CCE {kind} {name}", "estimate"), abs=1e-11)
        assert row["std_error"] == pytest.approx(figure(f"CCE {kind} {name}", "std_error"), abs=1e-11)
    assert f"equation{'s 67 to 69' if kind == 'pooled' else ' 58'}" in found.inference.small_sample
    boot = found.wild_bootstrap(n_draws=99)
    assert boot.table["term"].tolist() == ["value", "capital"]
    assert found.parts["slopes"]["firm"].tolist() == sorted(table["firm"].unique())


# ---- what the model is ----------------------------------------------------------------------------------------------


def test_rank_zero_is_imputation():
    d = made()
    d = d[~((d["unit"] == "u05") & (d["time"] == 2003))].assign(x=lambda t: np.cos(t["y"] * 3))
    d["g"] = d["unit"].map(d[d["d"] == 1].groupby("unit")["time"].min())
    p = PolicyPanel(d, adopted="g", covariates=["x"], **KEYS)
    for aggregate in ("simple", "event", "calendar", "cohort"):
        mine = p.att("interactive", rank=0, aggregate=aggregate, jackknife=False).table
        theirs = p.att("imputation", aggregate=aggregate).table
        assert mine["term"].tolist() == theirs["term"].tolist()
        np.testing.assert_allclose(mine["estimate"], theirs["estimate"], atol=1e-9)
        assert mine["n"].tolist() == theirs["n"].tolist()


def test_a_factor_and_a_covariate_without_noise_are_found_exactly():
    d = made(noise=0.0, effect=1.5).assign(x=lambda t: np.sin(np.arange(len(t)) ** 1.3))
    d["y"] = d["y"] + 0.7 * d["x"]
    p = PolicyPanel(d, treated="d", covariates=["x"], **KEYS)
    found = p.att("interactive", rank=1)
    assert found.table["estimate"][0] == pytest.approx(1.5, abs=1e-6)
    assert np.isnan(found.table["std_error"][0])
    assert abs(p.att("interactive", rank=0, jackknife=False).table["estimate"][0] - 1.5) > 0.5
    fit = interactive(wide(p).cells, 1)
    assert fit.slopes[0] == pytest.approx(0.7, abs=1e-7)


def test_the_search_ends_at_the_best_of_all_nearby_fits():
    d = made(noise=0.5)
    cells = wide(PolicyPanel(d, treated="d", **KEYS)).cells
    fit = interactive(cells, 1)
    assert fit.settled
    assert fit.factors.shape == (12, 1)
    assert np.linalg.norm(fit.factors) == pytest.approx(1.0)
    assert abs(fit.factors.sum()) < 1e-9
    loss = (fit.residual**2).sum()
    rng = np.random.default_rng(2)
    for size in (1e-1, 1e-3):
        for _ in range(5):
            other = interactive(
                cells, 1, start=fit.factors + size * rng.normal(size=fit.factors.shape), cap=1
            )
            assert (other.residual**2).sum() >= loss - 1e-9
    assert (interactive(cells, 2).residual ** 2).sum() < loss
    few = interactive(cells, 1, cap=1)
    assert few.rounds == 1
    assert not few.settled


def test_loadings_times_factors_are_the_fit_less_effects_of_units_and_periods():
    p = PolicyPanel(made(noise=0.5).assign(y=lambda t: 50 * t["y"]), treated="d", **KEYS)
    fit = interactive(wide(p).cells, 2)
    low = fit.fitted - fit.fitted.mean(1, keepdims=True) - fit.fitted.mean(0) + fit.fitted.mean()
    np.testing.assert_allclose((fit.loadings - fit.loadings.mean(0)) @ fit.factors.T, low, atol=1e-9)
    np.testing.assert_allclose(fit.factors.T @ fit.factors, np.eye(2), atol=1e-12)
    parts = p.att("interactive", rank=2, jackknife=False).parts
    assert parts["loadings"]["unit"].tolist() == p.unit_labels.tolist()
    assert parts["factors"]["period"].tolist() == list(range(2001, 2013))
    shown = parts["loadings"].iloc[:, 1:].to_numpy() @ parts["factors"].iloc[:, 1:].to_numpy().T
    np.testing.assert_allclose(shown, fit.loadings @ fit.factors.T, atol=1e-9)


def test_completion_shrinks_between_the_two_way_fit_and_the_outcome():
    cells = wide(PolicyPanel(made(noise=0.5), treated="d", **KEYS)).cells
    sizes = [(completed(cells, p).residual ** 2).sum() for p in (1.0, 0.5, 0.1)]
    plain = interactive(cells, 0)
    assert sizes[0] == pytest.approx((plain.residual**2).sum())
    assert sizes[0] > sizes[1] > sizes[2] > 0
    near = completed(cells, 0.9999)
    np.testing.assert_allclose(near.fitted, plain.fitted, atol=1e-2)
    assert near.settled
    small = Cells(cells.Y * 1e-9, cells.X, cells.known)  # another unit of the outcome, the same fit
    half = completed(cells, 0.5).fitted
    np.testing.assert_allclose(
        completed(small, 0.5).fitted, half * 1e-9, rtol=0, atol=1e-9 * np.ptp(half) * 1e-6
    )


def test_errors_are_the_jackknife_of_clusters():
    d = made(N=8, treated=3, noise=0.4)
    p = PolicyPanel(d, treated="d", **KEYS)
    found = p.att("interactive", rank=0)
    without = [p.where(p.units != i, "out").att("interactive", rank=0, jackknife=False) for i in range(8)]
    left = [e.table["estimate"][0] for e in without]
    expected = np.sqrt(7 / 8 * ((np.array(left) - np.mean(left)) ** 2).sum())
    assert found.table["std_error"][0] == pytest.approx(expected, rel=1e-8)
    assert found.inference.df == 7
    assert found.inference.name == "cluster jackknife"
    np.testing.assert_allclose(found.vcov, found.scores.T @ found.scores)


def test_terms_of_one_cluster_have_no_error():
    d = made(N=8, treated=3, noise=0.4)
    d.loc[(d["unit"] == "u00") & (d["time"] == 2008), "d"] = 1
    found = PolicyPanel(d, treated="d", **KEYS).event_study("interactive", rank=0)
    table = found.table.set_index("event_time")
    assert np.isnan(table["std_error"][4])
    assert (table["std_error"][:3] > 0).all()
    assert any("No standard error for 4" in n or "4" in n for n in found.notes)


def test_spells_begin_anew_where_treatment_comes_back():
    d = made(N=6, T=8, treated=0).assign(d=0)
    path = [0, 0, 1, 1, 0, 0, 1, 1]
    d.loc[d["unit"] == "u00", "d"] = path
    p = PolicyPanel(d, treated="d", reversible=True, **KEYS)
    np.testing.assert_array_equal(wide(p).spell[0], [-2, -1, 0, 1, np.nan, np.nan, 0, 1])
    study = p.event_study("interactive", rank=0, jackknife=False)
    assert study.table["n"].tolist() == [2, 2]


# ---- refusals and losses ------------------------------------------------------------------------------------------


def test_rows_that_are_not_identified_are_counted():
    d = made()
    early = d[(d["unit"] != "u00") | (d["time"] >= 2008)]
    p = PolicyPanel(early, treated="d", **KEYS)
    found = p.att("interactive", rank=1, jackknife=False)
    assert ("fewer than 3 untreated rows of its unit or period", 5) in found.sample.lost
    alone = PolicyPanel(d.assign(d=lambda t: t["d"].where(t["unit"] != "u00", 1)), treated="d", **KEYS)
    assert ("treated row without an identified untreated outcome", 12) in alone.att(
        "interactive", rank=0
    ).sample.lost


def test_refusals(panel):
    d = made()
    p = PolicyPanel(d, treated="d", **KEYS)
    with pytest.raises(OptionError, match=r"rank='two' is not allowed"):
        p.att("interactive", rank="two")
    with pytest.raises(OptionError, match=r"penalty='x' is not allowed"):
        p.att("matrix_completion", penalty="x")
    with pytest.raises(
        DataError, match="no treated row has 9 untreated rows of its unit and 9 of its period"
    ):
        p.att("interactive", rank=7)
    with pytest.raises(OptionError, match="takes no weights"):
        PolicyPanel(d.assign(w=1.0), treated="d", weights="w", **KEYS).att("interactive", rank=0)
    with pytest.raises(OptionError, match="takes no covariates"):
        PolicyPanel(d.assign(x=d["y"] ** 2), treated="d", covariates=["x"], **KEYS).att("matrix_completion")
    with pytest.raises(DataError, match="no row is treated"):
        PolicyPanel(d.assign(d=0), treated="d", reversible=True, **KEYS).att("interactive", rank=0)
    with pytest.raises(DataError, match="every row is treated"):
        PolicyPanel(d.assign(d=1), treated="d", reversible=True, **KEYS).att("interactive", rank=0)
    with pytest.raises(DataError, match="is constant"):
        PolicyPanel(d.assign(y=1.0), treated="d", **KEYS).att("interactive", rank=0)
    short = d[d["time"] >= 2007]
    with pytest.raises(OptionError, match="too few untreated rows to choose from"):
        PolicyPanel(short, treated="d", **KEYS).att("interactive")
    six = PolicyPanel(made(start=6), treated="d", **KEYS).att(
        "interactive", jackknife=False
    )  # three stay beside a block
    assert six.parts["cross_validation"]["rank"].tolist() == [0, 1]
    known = np.array([[True, False], [False, True]])
    with pytest.raises(DataError, match="share no unit and no period"):
        refuse_unlinked(known)
    refuse_unlinked(np.array([[True, True], [False, True]]))


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_errors_of_common_correlated_effects_in_any_unit_of_a_regressor(size):
    table = pd.read_csv(REFERENCE / "panel_grunfeld.csv")
    keys = {"unit": "firm", "period": "year"}
    one, other = (
        common_correlated(table.assign(value=table["value"] * s), "inv ~ value", **keys).table
        for s in (1.0, size)
    )
    assert other["std_error"][0] * size == pytest.approx(one["std_error"][0], rel=1e-7)
    perfect = table.assign(
        inv=2 * table["value"] + table.groupby("firm").ngroup(), value=table["value"] * size
    )
    assert common_correlated(perfect, "inv ~ value", **keys).table["std_error"].isna().all()


def test_refusals_of_common_correlated_effects():
    table = pd.read_csv(REFERENCE / "panel_grunfeld.csv")
    keys = {"unit": "firm", "period": "year"}
    with pytest.raises(DataError, match=r"has 5 periods for 6 coefficients of its own"):
        common_correlated(table[table["year"] < 1940], "inv ~ value + capital", **keys)
    with pytest.raises(DataError, match="shock does not vary in"):
        common_correlated(table.assign(shock=np.sin(table["year"])), "inv ~ value + shock", **keys)
    with pytest.raises(OptionError, match="kind"):
        common_correlated(table, "inv ~ value", kind="group", **keys)


# ---- tests of the model -------------------------------------------------------------------------------------------


def test_effects_where_there_should_be_none_are_found_under_two_way_effects(panel):
    wrong = counterfactual_tests(panel.att("interactive", rank=0, jackknife=False))
    table = wrong.table.set_index("test")
    assert table.index.tolist() == ["placebo", "trend -1", "trend -2", "trend -3", "carry-over"]
    assert table.loc["placebo", "verdict"] == table.loc["carry-over", "verdict"] == "an effect"
    assert wrong.bound == pytest.approx(0.36 * np.sqrt(figure("FE imputation (r = 0)", "sigma2")), abs=1e-7)
    right = counterfactual_tests(
        panel.att("interactive", rank=2, jackknife=False), periods=2
    ).table.set_index("test")
    assert (right["p_value"] > 0.05).all()
    assert "placebo: not decided" in counterfactual_tests(panel.att("interactive", rank=2), periods=1).title


def test_placebo_and_carry_over_by_hand():
    d = made(N=10, T=9, treated=4, start=5, noise=0.3)
    d.loc[(d["unit"] == "u00") & (d["time"] >= 2008), "d"] = 0
    p = PolicyPanel(d, treated="d", reversible=True, **KEYS)
    table = counterfactual_tests(p.att("interactive", rank=0), periods=2, bound=5.0).table.set_index("test")
    rest = d[d["d"] == 0]
    for name, cells in {
        "placebo": rest["unit"].isin(["u00", "u01", "u02", "u03"]) & rest["time"].isin([2004, 2005]),
        "trend -2": rest["unit"].isin(["u00", "u01", "u02", "u03"]) & (rest["time"] == 2004),
        "carry-over": (rest["unit"] == "u00") & rest["time"].isin([2008, 2009]),
    }.items():
        plain = PolicyPanel(rest.assign(d=cells.astype(int)), treated="d", reversible=True, **KEYS)
        expected = plain.att("interactive", rank=0).table.loc[0, ["estimate", "std_error"]]
        np.testing.assert_allclose(
            table.loc[name, ["estimate", "std_error"]].astype(float), expected.astype(float)
        )
        assert table.loc[name, "n"] == cells.sum()
    assert table.loc["trend -1", "verdict"] == "an effect"
    better = counterfactual_tests(p.att("interactive", rank=1), periods=1, bound=5.0).table.set_index("test")
    assert better.loc["trend -1", "verdict"] == "no effect"
    assert np.isnan(table.loc["carry-over", "p_value"])
    assert table.loc["carry-over", "verdict"] == "not decided"


def test_equivalence_is_two_one_sided_tests():
    assert equivalence(0.0, 1.0, 1.959963984540054, np.inf) == pytest.approx(0.025)
    assert equivalence(0.5, 1.0, 0.5, np.inf) == pytest.approx(0.5)
    assert equivalence(-0.5, 1.0, 0.5, np.inf) == pytest.approx(0.5)
    assert equivalence(3.0, 1.0, 1.0, 5) > 0.9


def test_only_models_of_untreated_cells_are_tested(panel):
    p = PolicyPanel(made(), treated="d", **KEYS)
    with pytest.raises(OptionError, match="is not tested this way"):
        counterfactual_tests(p.att("imputation"))


def test_chance_and_leave_one_out_at_the_rank_chosen():
    p = PolicyPanel(made(N=9, treated=2, start=8), treated="d", **KEYS)
    found = p.att("interactive", rank=1, jackknife=False)
    test = found.randomization_test(n_draws=10, max_enumerated=9)
    assert not found.linear
    assert np.isnan(test.table["conf_low"][0])
    assert 1 / 11 <= test.table["p"][0] <= 1
    left = leave_one_out(found).table
    assert left["estimate"].notna().all()
    assert "att('interactive')" in p.recommend().title or p.recommend().facts.apart > 0.05
