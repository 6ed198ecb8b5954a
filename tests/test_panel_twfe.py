"""Two-way fixed effects, its decomposition and its event study: by hand, and against R fixest."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError
from exportlab.panel import PolicyPanel
from exportlab.panel.did.bacon import negative_weights


def grid(outcome, adopted, start=1):
    """A panel from rows of outcomes, one a unit."""
    Y = np.asarray(outcome, float)
    n, T = Y.shape
    t = pd.DataFrame({"unit": np.repeat(np.arange(n), T), "year": np.tile(np.arange(start, start + T), n)})
    t["y"], t["g"] = Y.ravel(), np.repeat(np.asarray(adopted, float), T)
    return PolicyPanel(t, unit="unit", period="year", outcome="y", adopted="g")


def test_two_by_two_is_the_double_difference():
    p = grid([[1, 5], [2, 4], [1, 2], [3, 6]], [2, 2, np.nan, np.nan])
    e = p.twfe()
    # treated rise by 4 and 2, the others by 1 and 3: 3 - 2
    assert e.table["estimate"][0] == pytest.approx(1.0, abs=1e-12)
    # Residual changes are +1, -1, -1, +1 about group means; by unit the score is change/2 * (1/2), so that
    # the raw variance is sum(change^2)/4 = 1; factor G/(G-1) (N-1)/(N-K) with K = 1 + 2 (periods), N = 8.
    assert e.table["std_error"][0] == pytest.approx(np.sqrt(4 / 3 * 7 / 5 * 1.0), abs=1e-12)
    assert e.inference.df == 3
    assert "fixest" in e.inference.small_sample


def three_groups():
    # early adopts in 2, late in 3, one never; four periods.
    return grid([[0, 1, 2, 3], [0, 0, 5, 5], [0, 1, 0, 1]], [2, 3, np.nan])


def test_bacon_weights_by_hand():
    table = three_groups().bacon().table.set_index(["kind", "treated"])["weight"]
    # From the formulae with n = 1/3 each, D = 3/4 and 1/2: 6, 8, 2, 4 of 20.
    assert table["treated vs never treated", 2.0] == pytest.approx(0.3, abs=1e-12)
    assert table["treated vs never treated", 3.0] == pytest.approx(0.4, abs=1e-12)
    assert table["earlier vs later treated", 2.0] == pytest.approx(0.1, abs=1e-12)
    assert table["later vs earlier treated", 3.0] == pytest.approx(0.2, abs=1e-12)


def test_bacon_adds_up_to_the_two_way_estimate():
    p = three_groups()
    e = p.twfe()
    assert p.bacon().twfe == pytest.approx(e.table["estimate"][0], abs=1e-12)
    assert p.bacon().forbidden == pytest.approx(0.2, abs=1e-12)
    always = grid([[0, 1, 2, 3], [1, 1, 2, 5], [0, 0, 5, 5], [0, 1, 0, 1]], [1, 1, 3, np.nan]).bacon()
    assert always.table["kind"].tolist() == ["treated vs always treated", "treated vs never treated"]
    assert always.table["weight"].tolist() == pytest.approx([2 / 3, 1 / 3], abs=1e-12)
    assert always.twfe == pytest.approx(3.5, abs=1e-12)
    assert "20%" in " ".join(e.notes)
    assert {"bacon", "weights"} <= set(e.parts)


def test_bacon_by_kind_is_the_weighted_mean_of_its_comparisons():
    # Two comparisons of one kind: weights .3 and .4, estimates 2 - 1/3 and 5 - 0.
    kinds = three_groups().bacon().by_kind.set_index("kind")
    assert kinds["weight"].to_dict() == pytest.approx(
        {"treated vs never treated": 0.7, "earlier vs later treated": 0.1, "later vs earlier treated": 0.2}
    )
    never = (0.3 * (2 - 2 / 3) + 0.4 * (5 - 0)) / 0.7
    assert kinds["estimate"]["treated vs never treated"] == pytest.approx(never)
    assert kinds["estimate"]["earlier vs later treated"] == pytest.approx(1.0)
    assert kinds["estimate"]["later vs earlier treated"] == pytest.approx(5 - 1.5)


def test_a_cell_of_several_units_has_the_sum_of_their_weights():
    """Three units adopt in period 2 of 4, one in period 3, two never."""
    D = np.array([[0, 1, 1, 1]] * 3 + [[0, 0, 1, 1]] + [[0, 0, 0, 0]] * 2, dtype=float)
    left = D - D.mean(axis=1, keepdims=True) - D.mean(axis=0) + D.mean()
    cells = {(2, t): left[:3, t - 1].sum() for t in (2, 3, 4)} | {(3, t): left[3, t - 1] for t in (3, 4)}
    table = pd.DataFrame(
        [(u, t, 1.0, {3: 3.0}.get(u, 2.0 if u < 3 else np.nan)) for u in range(6) for t in (1, 2, 3, 4)],
        columns=["unit", "year", "y", "g"],
    )
    found = negative_weights(
        PolicyPanel(table, unit="unit", period="year", outcome="y", adopted="g")
    ).set_index(["cohort", "period"])
    assert found["n"].to_list() == [3, 3, 3, 1, 1]
    for cell, weight in cells.items():
        assert found.loc[cell, "weight"] == pytest.approx(weight / sum(cells.values()))


def test_negative_weights_by_hand():
    # D less unit and period means: early 2003, 2004: 1 - 3/4 - 2/3 + 5/12 = 0; 2: 1 - 3/4 - 1/3 + 5/12 = 1/3;
    # late 3, 4: 1 - 1/2 - 2/3 + 5/12 = 1/4. Shares of 1/3 + 0 + 0 + 1/4 + 1/4 = 5/6.
    w = negative_weights(three_groups()).set_index(["cohort", "period"])["weight"]
    assert w[2.0, 2.0] == pytest.approx(0.4, abs=1e-12)
    assert w[2.0, 3.0] == pytest.approx(0.0, abs=1e-12)
    assert w[3.0, 4.0] == pytest.approx(0.3, abs=1e-12)


def test_no_diagnostics_without_staggering():
    assert grid([[1, 5], [2, 4], [1, 2], [3, 6]], [2, 2, np.nan, np.nan]).twfe().parts == {}


def test_bacon_refuses_unbalanced_panels():
    p = three_groups()
    p = p.where(np.arange(12) != 5, "gone")
    with pytest.raises(DataError, match="balanced panel without weights; 1 rows are missing"):
        p.bacon()
    assert "needs a balanced panel" in " ".join(p.twfe().notes)


def test_singletons_are_counted():
    t = three_groups().data
    extra = pd.DataFrame({"unit": [9], "year": [1], "y": [3.0], "g": [np.nan]})
    p = PolicyPanel(pd.concat([t, extra]), unit="unit", period="year", outcome="y", adopted="g")
    e = p.twfe()
    assert e.sample.lost == (("singleton: alone in its unit or period", 1),)
    assert e.table["estimate"][0] == pytest.approx(three_groups().twfe().table["estimate"][0])


def test_collinear_covariate_is_named():
    t = three_groups().data.assign(size=lambda d: d["unit"] + 1.0)
    p = PolicyPanel(t, unit="unit", period="year", outcome="y", adopted="g", covariates=["size"])
    with pytest.raises(DataError, match="size is collinear with the fixed effects"):
        p.twfe()


def test_one_treated_unit_gets_no_stars():
    rng = np.random.default_rng(3)
    Y = rng.normal(size=(14, 10))
    Y[0, 5:] += 3
    e = grid(Y, [6] + [np.nan] * 13).twfe()
    assert e.one_treated
    assert e.table["p_value"][0] < 0.01  # what every program would show
    assert "*" not in e.summary().split("Believe")[0].split("estimate")[-1]
    assert "smallest attainable p-value is 1/14 = 0.071" in e.summary()


def test_event_study_base_and_bins_are_explicit():
    rng = np.random.default_rng(0)
    p = grid(rng.normal(size=(8, 8)), [4, 4, 5, 5] + [np.nan] * 4)
    e = p.event_study("twfe", base=-2, bin=(-3, 2))
    assert e.table["event_time"].tolist() == [-3, -2, -1, 0, 1, 2]
    assert e.table["estimate"][1] == 0
    assert np.isnan(e.table["std_error"][1])
    assert "Event times at or above 2 are binned." in e.notes
    with pytest.raises(OptionError, match="base=-9 is not an event time"):
        p.event_study("twfe", base=-9)
    with pytest.raises(OptionError, match="Allowed: \\(low, high\\)"):
        p.event_study("twfe", bin=(2, -3))


def test_event_study_without_never_treated_needs_two_bases():
    rng = np.random.default_rng(0)
    p = grid(rng.normal(size=(4, 8)), [4, 4, 5, 5])
    with pytest.raises(DataError, match="leaves a linear trend in event time unidentified"):
        p.event_study("twfe")
    assert (p.event_study("twfe", base=(-1, -4)).table["estimate"] == 0).sum() == 2


def test_pretrend_test_needs_event_times():
    with pytest.raises(DataError, match="has no event times"):
        three_groups().twfe().pretrend_test()


def test_pretrend_test_of_the_last_periods_only():
    rng = np.random.default_rng(0)
    e = grid(rng.normal(size=(30, 8)), [5] * 10 + [6] * 10 + [np.nan] * 10).event_study("twfe")
    test = e.pretrend_test(last=2)
    assert test["terms"] == "-3, -2"
    i, j = e.index("-3"), e.index("-2")
    b, V = e.table["estimate"][[i, j]].to_numpy(), e.vcov[np.ix_([i, j], [i, j])]
    assert test["statistic"] == pytest.approx(b @ np.linalg.inv(V) @ b / 2)
    with pytest.raises(OptionError, match=r"last=9 is not allowed. Allowed: 1 to 4"):
        e.pretrend_test(last=9)


# ---- against R ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def figures(reference):
    files = ("panel_staggered.csv", "panel_made_staggered_figures.csv")
    return pd.concat([pd.read_csv(reference / f) for f in files])


def agree(table, rows, rename=str, *, point=1e-6, error=1e-5):
    found = table.assign(term=table["term"].astype(str)).set_index("term")
    assert len(rows)
    for r in rows.itertuples():
        name = rename(r.term)
        assert found["estimate"][name] == pytest.approx(r.estimate, abs=point), name
        if np.isfinite(r.se):
            assert found["std_error"][name] == pytest.approx(r.se, abs=error), name
        if np.isfinite(r.p):
            assert found["p_value"][name] == pytest.approx(r.p, abs=1e-6), name


def pick(figures, dataset, estimator):
    return figures[(figures["dataset"] == dataset) & (figures["estimator"] == estimator)]


@pytest.fixture(scope="module")
def mpdta(shared):
    d = pd.read_csv(shared / "reference/panel/mpdta.csv")
    d["g"] = d["first.treat"].where(d["first.treat"] > 0)
    return PolicyPanel(d, unit="countyreal", period="year", outcome="lemp", adopted="g")


@pytest.fixture(scope="module")
def base_stagg(shared):
    d = pd.read_csv(shared / "reference/panel/base_stagg.csv")
    return PolicyPanel(d, unit="id", period="year", outcome="y", adopted="year_treated", covariates=["x1"])


@pytest.fixture(scope="module")
def made(reference):
    d = pd.read_csv(reference / "panel_made_staggered.csv")
    d["g"] = d["adopted"].where(d["adopted"] > 0)
    return d


def door(d, covariates=()):
    return PolicyPanel(d, unit="unit", period="year", outcome="y", adopted="g", covariates=list(covariates))


def since(term):
    return term.split("::")[1].split(":")[0]


def test_made_two_way(made, figures):
    p = door(made)
    agree(p.twfe().table, pick(figures, "made", "TWFE"))
    agree(p.twfe(vcov="cluster+period").table, pick(figures, "made", "TWFE two-way cluster"))
    agree(door(made, ["z"]).twfe().table, pick(figures, "made", "TWFE z"))


def test_made_event_study(made, figures):
    e = door(made).event_study("twfe")
    agree(e.table, pick(figures, "made", "TWFE event study"), since)
    joint = pick(figures, "made", "TWFE event study pre-trend Wald F").iloc[0]
    test = e.pretrend_test()
    assert test["statistic"] == pytest.approx(joint["estimate"], abs=1e-6)
    assert test["p_value"] == pytest.approx(joint["p"], abs=1e-6)
    assert f"df1 {test['df1']:.0f} df2 {test['df2']:.0f}" == joint["note"]
    agree(door(made, ["z"]).event_study("twfe").table, pick(figures, "made", "TWFE event study z"), since)


@pytest.mark.parametrize("vcov", ["cluster", "iid", "hetero"])
def test_made_event_study_of_one_date(made, figures, vcov):
    one = door(made[made["adopted"].isin([0, 2006])], ["z"])
    rows = pick(figures, "made", f"one date {vcov}")
    agree(one.event_study("twfe", vcov=vcov).table, rows, lambda t: str(int(since(t)) - 2006))


def test_made_decomposition_of_bacondecomp(made, figures):
    ours = door(made).bacon().table
    treated, control = (ours[k].map("{:.0f}".format).replace("inf", "Inf") for k in ("treated", "control"))
    ours = ours.set_index(treated + ":" + control)
    for column in ("estimate", "weight"):
        theirs = pick(figures, "made", f"Bacon {column}").set_index("term")["estimate"]
        assert len(theirs) == len(ours) == 9
        assert ours[column].loc[theirs.index].to_numpy() == pytest.approx(theirs.to_numpy(), abs=1e-9)


def test_mpdta(mpdta, figures):
    agree(mpdta.twfe().table, pick(figures, "mpdta", "TWFE"), lambda t: "treated")
    two = mpdta.twfe(vcov="cluster+period")
    agree(two.table, pick(figures, "mpdta", "TWFE two-way cluster"), lambda t: "treated")
    assert mpdta.bacon().twfe == pytest.approx(mpdta.twfe().table["estimate"][0], abs=1e-10)
    e = mpdta.event_study("twfe")
    agree(e.table, pick(figures, "mpdta", "TWFE event study"), lambda t: t.split("::")[1].split(":")[0])
    joint = pick(figures, "mpdta", "TWFE event study pre-trend Wald F").iloc[0]
    test = e.pretrend_test()
    assert test["statistic"] == pytest.approx(joint["estimate"], abs=1e-6)
    assert test["p_value"] == pytest.approx(joint["p"], abs=1e-6)
    assert (test["df1"], test["df2"]) == (3, 499)


def test_base_stagg_two_way(base_stagg, figures):
    agree(
        base_stagg.twfe().table, pick(figures, "base_stagg", "TWFE"), lambda t: {"post": "treated"}.get(t, t)
    )
    rows = pick(figures, "base_stagg", "TWFE event study")
    rows = rows[rows["term"] != "x1"]
    agree(base_stagg.event_study("twfe").table, rows, lambda t: t.split("::")[1].split(":")[0])


def test_base_did_event_study(shared, figures):
    d = pd.read_csv(shared / "reference/panel/base_did.csv")
    d["g"] = np.where(d["treat"] == 1, 6.0, np.nan)
    p = PolicyPanel(d, unit="id", period="period", outcome="y", adopted="g", covariates=["x1"])
    for estimator, vcov in (("common timing", "cluster"), ("iid", "iid"), ("hetero", "hetero")):
        rows = pick(figures, "base_did", f"event study {estimator}")
        rows = rows[rows["term"] != "x1"]
        e = p.event_study("twfe", vcov=vcov)
        agree(e.table, rows, lambda t: str(int(t.split("::")[1].split(":")[0]) - 6))


SCRIPT = """
import numpy as np, pandas as pd
from exportlab.panel import PolicyPanel
r = np.random.default_rng(1)
t = pd.DataFrame({"city": np.repeat([f"c{i}" for i in range(14)], 24), "year": np.tile(np.arange(24), 14)})
t["g"] = np.repeat([8., 8, 12, 16] + [np.nan] * 10, 24); t["y"] = r.normal(size=len(t))
p = PolicyPanel(t, unit="city", period="year", outcome="y", adopted="g")
for e in (p.twfe(), p.att(), p.att("imputation"), p.att("etwfe"), p.event_study("sun_abraham")):
    print(e.table[["estimate", "std_error"]].to_numpy().tobytes().hex())
"""


@pytest.mark.whole
def test_same_numbers_under_any_hash_seed():
    def run(seed):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(
            [sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=True
        ).stdout

    assert run("1") == run("4242")


def test_always_treated_units_weigh_by_their_number_and_by_time():
    """Three groups that adopt at the start, in 3 and in 4, of other sizes: the parts add up to the two-way estimate."""
    rng = np.random.default_rng(9)
    p = grid(rng.normal(size=(9, 6)), [1, 1, 1, 3, 3, 4, 4, 4, 4])
    assert (p.bacon().table["kind"] == "treated vs always treated").sum() == 2
    assert p.bacon().twfe == pytest.approx(p.twfe().table["estimate"][0], abs=1e-12)
