"""Wild cluster bootstrap: exact p-values, brute force, Poisson scores, subclusters, errors."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import OptionError
from exportlab.panel.clustered import cluster_fit
from exportlab.panel.crve import covariance
from exportlab.panel.draws import draws
from exportlab.panel.wild import wild_bootstrap


@pytest.mark.parametrize("variant", ["11", "13", "31", "33"])
def test_exact_p_values_of_grunfeld(shared, reference, variant):
    d = pd.read_csv(shared / "reference/panel/grunfeld_plm.csv")
    columns = ["inv", "value", "capital"]
    d[columns] -= d.groupby("firm")[columns].transform("mean")
    fit = cluster_fit(d["inv"], d[columns[1:]], cluster=d["firm"], names=columns[1:])
    got = wild_bootstrap(fit, variant=variant, interval=False).table.set_index("term")
    known = pd.read_csv(reference / "panel_inference_wild.csv", dtype={"variant": str})
    known = known[known["variant"] == variant].set_index("term")
    assert got["statistic"].to_numpy() == pytest.approx(known["t"].to_numpy(), rel=1e-9)
    for rule in ("p_strict", "p_half", "p_ge"):
        assert got[rule].tolist() == known[rule].tolist()


def panel(G=7, T=6, treated=3, seed=5):
    g = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(G), T), np.tile(np.arange(T), G)
    D = ((unit < treated) & (period >= 2 + unit % 2)).astype(float)
    x = g.normal(size=G * T)
    y = g.normal(size=G * T) + unit + period**2 + 0.4 * D
    return y, np.column_stack([D, x]), unit, period


def brute(y, X, unit, period, *, null, impose, jackknife_variance):
    """The definition: build every bootstrap sample, refit with all dummies, count |t*| >= |t|."""
    G = unit.max() + 1
    W = np.column_stack(
        [X, np.equal.outer(unit, np.arange(G)), np.equal.outer(period, np.arange(1, period.max() + 1))]
    )
    W = W.astype(float)

    def t_of(z, centre):
        fit = cluster_fit(z, X, cluster=unit, absorb=[unit, period])
        V = covariance(fit, "CR3" if jackknife_variance else "CR1")
        return (fit.beta[0] - centre) / np.sqrt(V[0, 0])

    keep = np.arange(1, W.shape[1]) if impose else np.arange(W.shape[1])
    z = y - null * X[:, 0] if impose else y
    b = np.linalg.lstsq(W[:, keep], z, rcond=None)[0]
    fitted = W[:, keep] @ b
    u = z - fitted
    base = fitted + (null * X[:, 0] if impose else 0)
    centre = null if impose else b[0]
    t = t_of(y, null)
    sample = [t_of(base + np.array(v)[unit] * u, centre) for v in product([1, -1], repeat=G)]
    return t, float(np.mean(np.abs(sample) >= abs(t) * (1 - 1e-9)))


@pytest.mark.parametrize("impose", [True, False])
@pytest.mark.parametrize("variant", ["11", "13"])
def test_two_way_effects_are_projected_again_in_every_sample(impose, variant):
    y, X, unit, period = panel()
    fit = cluster_fit(y, X, cluster=unit, absorb=[unit, period], names=["D", "x"])
    row = wild_bootstrap(fit, null=0.1, variant=variant, impose_null=impose, interval=False).table.iloc[0]
    t, p = brute(y, X, unit, period, null=0.1, impose=impose, jackknife_variance=variant[1] == "3")
    assert row["statistic"] == pytest.approx(t, rel=1e-9)
    assert row["p"] == pytest.approx(p, abs=1e-12)


def test_interval_inverts_the_test():
    y, X, unit, period = panel()
    fit = cluster_fit(y, X, cluster=unit, absorb=[unit, period])
    row = wild_bootstrap(fit, level=0.9).table.iloc[0]
    for end, out in ((row["conf_low"], -1e-6), (row["conf_high"], 1e-6)):
        assert wild_bootstrap(fit, null=end, interval=False).table["p"].iloc[0] > 0.1
        assert wild_bootstrap(fit, null=end + out, interval=False).table["p"].iloc[0] <= 0.1


def test_joint_of_one_term_is_the_single_test():
    y, X, unit, period = panel()
    fit = cluster_fit(y, X, cluster=unit, absorb=[unit, period])
    one = wild_bootstrap(fit, terms=[[1, 0]], interval=False).table.iloc[0]
    joint = wild_bootstrap(fit, terms=[[1, 0]], joint=True).table.iloc[0]
    assert joint["statistic"] == pytest.approx(one["statistic"] ** 2, rel=1e-9)
    assert joint["p"] == one["p"]
    both = wild_bootstrap(fit, joint=True).table.iloc[0]
    b = fit.beta[:2]
    assert both["statistic"] == pytest.approx(b @ np.linalg.solve(covariance(fit), b) / 2, rel=1e-9)


def test_webb_draws_come_near_the_enumeration_of_six_points():
    y, X, unit, period = panel(G=5, treated=2)
    fit = cluster_fit(y, X, cluster=unit, absorb=[unit, period])
    drawn = wild_bootstrap(fit, terms=[[1, 0]], weights="webb", n_draws=40_000, rng=1, interval=False)
    assert not drawn.enumerated
    points = np.sqrt([0.5, 1, 1.5])
    every = np.array(list(product([*-points, *points], repeat=5))).T
    from exportlab.panel.draws import Draws
    from exportlab.panel.wild_core import WildTest

    test = WildTest(fit, fit.cluster, Draws(every, "webb", every.shape[1], True, "none"), "11", True, "half")
    exact = test.single(np.array([1.0, 0]), 0.0, None)["p"]
    assert drawn.table["p"].iloc[0] == pytest.approx(exact, abs=0.008)


def test_same_seed_same_answer_and_many_clusters_draw():
    y, X, unit, period = panel(G=25, treated=9)
    fit = cluster_fit(y, X, cluster=unit, absorb=[unit, period])
    first, again = (wild_bootstrap(fit, n_draws=499, rng=8, interval=False).table for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert draws(25).kind == "webb"
    assert draws(14).n == 2**14


def test_observations_as_subclusters():
    y, X, unit, period = panel(G=6, treated=1)
    fit = cluster_fit(y, X, cluster=unit, absorb=[unit, period])
    out = wild_bootstrap(
        fit, terms=[[1, 0]], subcluster=np.arange(len(y)), weights="rademacher", n_draws=999, interval=False
    )
    assert 0.001 < out.table["p"].iloc[0] <= 1
    with pytest.raises(OptionError, match="a finer label spans two clusters"):
        wild_bootstrap(fit, subcluster=period)


def test_jackknife_variance_is_undefined_with_one_treated_cluster():
    y, X, unit, period = panel(treated=1)
    fit = cluster_fit(y, X, cluster=unit, absorb=[unit, period], names=["D", "x"])
    table = wild_bootstrap(fit, variant="13").table.set_index("term")
    assert table.loc["D", ["statistic", "p", "conf_low"]].isna().all()
    assert np.isfinite(table.loc["x", "p"])


def test_options_are_checked():
    y, X, unit, period = panel()
    fit = cluster_fit(y, X, cluster=unit, absorb=[unit, period])
    with pytest.raises(OptionError, match=r"variant='12' is not allowed\. Allowed: '11', '13', '31', '33'"):
        wild_bootstrap(fit, variant="12")
    with pytest.raises(OptionError, match="weights='mammen'"):
        wild_bootstrap(fit, weights="mammen")
    with pytest.raises(OptionError, match="there are 2 coefficients of interest"):
        wild_bootstrap(fit, terms=[[1, 0, 0]])
    with pytest.raises(OptionError, match="a number between 0 and 1"):
        wild_bootstrap(fit, level=95)
