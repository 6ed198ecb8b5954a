"""Wild cluster bootstrap: exact p-values, brute force, Poisson scores, subclusters, errors."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError
from exportlab.panel import PolicyPanel, ppml
from exportlab.panel.algebra.clustered import cluster_fit
from exportlab.panel.algebra.draws import TIE, Draws, draws, edge, ends, p_value
from exportlab.panel.algebra.sandwich import covariance
from exportlab.panel.inference.wild import wild_bootstrap


@pytest.mark.parametrize("variant", ["11", "13", "31", "33"])
def test_exact_p_values_of_grunfeld(reference, variant):
    d = pd.read_csv(reference / "panel_grunfeld.csv")
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
    assert row["p_ge"] == pytest.approx(p, abs=1e-12)
    # without the null imposed the sample itself has the statistic zero; it counts as one of the samples all the same
    assert row["p"] == pytest.approx(p + (0 if impose else 2 / row["draws"]), abs=1e-12)


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
    drawn = {
        "terms": [[1, 0]],
        "weights": "webb",
        "n_draws": 5_000,
        "interval": False,
    }  # more than one batch of draws
    assert (
        wild_bootstrap(fit, joint=True, **drawn).table["p"].iloc[0]
        == wild_bootstrap(fit, **drawn).table["p"].iloc[0]
    )
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
    from exportlab.panel.inference.wild import WildTest

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


def cities(treated=5, N=11, T=9, seed=2, poisson=False):
    from exportlab.panel.policy_panel import PolicyPanel

    g = np.random.default_rng(seed)
    unit, year = np.repeat(np.arange(N), T), np.tile(np.arange(T), N)
    since = np.where(unit < treated, 4 + unit % 2, np.inf)
    mean = 1 + 0.1 * unit + 0.05 * year + 0.3 * (year >= since)
    y = g.poisson(np.exp(mean)).astype(float) if poisson else mean + g.normal(size=N * T)
    table = pd.DataFrame({"city": unit, "year": year, "y": y, "since": since})
    return PolicyPanel(table, unit="city", period="year", outcome="y", adopted="since")


def test_event_study_vectors_and_averages_of_cells():
    panel = cities()
    for e in (panel.event_study("twfe"), panel.event_study("sun_abraham"), panel.att("etwfe")):
        out = e.wild_bootstrap(interval=False)
        live = np.diag(e.vcov) > 0
        assert len(out.table) == live.sum()
        assert out.table["estimate"].to_numpy() == pytest.approx(
            e.table["estimate"].to_numpy()[live], rel=1e-7
        )
        se = np.sqrt(np.diag(e.vcov))[live]
        assert out.table["statistic"].to_numpy() == pytest.approx(
            out.table["estimate"].to_numpy() / se, rel=1e-6
        )
    joint = panel.event_study("twfe").wild_bootstrap(terms=["-3", "-2"], joint=True)
    assert joint.table["p"].between(0, 1).all()


def test_influence_functions_are_bootstrapped_by_cluster():
    e = cities().event_study("callaway_santanna")
    out = e.wild_bootstrap()
    live = np.diag(e.vcov) > 0
    assert out.variant == "score"
    psi, se = e.scores[:, live][:, 0], np.sqrt(np.diag(e.vcov)[live])[0]
    signs = np.array(list(product([1, -1], repeat=11))).T
    total = psi @ signs
    spread = np.sqrt(e.inference.factor * (psi @ psi - total**2 / 11))
    t = e.table["estimate"].to_numpy()[live][0] / se
    assert out.table["p_ge"].iloc[0] == pytest.approx(np.mean(np.abs(total / spread) >= abs(t) * (1 - 1e-10)))
    assert out.table["p"].iloc[0] == out.table["p_ge"].iloc[0] + 2 / 2**11  # the sample itself
    assert (out.table["conf_low"] < out.table["estimate"]).all()
    with pytest.raises(OptionError, match="by its scores, which have no subclusters"):
        e.wild_bootstrap(subcluster=[1])


def test_poisson_is_bootstrapped_by_its_scores():
    """The observed statistic is that of the restricted fit, made here with statsmodels and dummies."""
    import statsmodels.api as sm

    from exportlab.panel.regression.ppml import ppml

    panel = cities(poisson=True)
    table = panel.data.assign(D=panel.D)
    e = ppml(table, "y ~ D", effects=["city", "year"], cluster="city")
    row = e.wild_bootstrap(null=0.1).table.iloc[0]
    assert row["estimate"] == pytest.approx(e.table["estimate"].iloc[0])
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert row["attainable"] == 2 / 2**11
    Z = np.column_stack(
        [np.equal.outer(panel.units, np.arange(11)), np.equal.outer(panel.periods, np.arange(1, 9))]
    )
    Z = Z.astype(float)
    fit = sm.GLM(panel.y, Z, family=sm.families.Poisson(), offset=0.1 * panel.D).fit(tol=1e-12)
    mu = fit.mu
    z = 0.1 * panel.D + (panel.y - mu) / mu
    working = cluster_fit(z, panel.D, cluster=panel.units, absorb=[panel.units, panel.periods], weights=mu)
    t = (working.beta[0] - 0.1) / np.sqrt(covariance(working)[0, 0])
    assert row["statistic"] == pytest.approx(t, rel=1e-5)


def test_poisson_interval_inverts_the_score_test():
    from exportlab.panel.regression.ppml import ppml

    panel = cities(poisson=True, N=8)
    e = ppml(panel.data.assign(D=panel.D), "y ~ D", effects=["city", "year"], cluster="city")
    row = e.wild_bootstrap(level=0.9).table.iloc[0]
    step = 1e-2 * (row["conf_high"] - row["conf_low"])
    assert e.wild_bootstrap(null=row["conf_high"] - step, interval=False).table["p"].iloc[0] > 0.1
    assert e.wild_bootstrap(null=row["conf_high"] + step, interval=False).table["p"].iloc[0] <= 0.1


def few(G=5, scale=1.0, shift=0.0):
    """Two of G clusters treated, two units a cluster."""
    rng = np.random.default_rng(G)
    unit, year = np.repeat(np.arange(2 * G), 8), np.tile(np.arange(2010, 2018), 2 * G)
    d = pd.DataFrame({"id": unit, "year": year, "cl": unit % G})
    d["g"] = np.where(d["cl"] < 2, 2014.0, np.nan)
    d["D"] = (d["year"] >= d["g"]).astype(float)
    d["y"] = scale * (rng.normal(size=len(d)) + d["D"]) + shift
    return d


def door(d, **more):
    return PolicyPanel(d, unit="id", period="year", outcome="y", adopted="g", cluster="cl", **more)


@pytest.mark.parametrize(
    "ask", [{}, {"impose_null": False}, {"ties": "half"}, {"ties": "none"}, {"variant": "31"}]
)
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_ends_do_not_depend_on_the_unit_of_the_outcome(ask, scale):
    one, other = (door(few(G=6, scale=s)).twfe().wild_bootstrap(**ask).table.iloc[0] for s in (1.0, scale))
    assert one["p"] == other["p"]
    for end in ("conf_low", "conf_high"):
        assert other[end] / scale == pytest.approx(one[end], rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(
    ("ask", "least"),
    [({}, 2 / 16), ({"impose_null": False}, 2 / 16), ({"ties": "half"}, 1 / 16), ({"ties": "none"}, 0.0)],
)
def test_no_p_below_what_is_attainable_and_no_end_where_nothing_can_be_refused(ask, least):
    made = door(few(G=4)).twfe()
    row = made.wild_bootstrap(**ask).table.iloc[0]
    assert row["attainable"] == least
    if ask.get("ties") not in ("none", "half"):
        assert (row["conf_low"], row["conf_high"]) == (-np.inf, np.inf)
    far = [
        made.wild_bootstrap(null=v, interval=False, **ask).table["p"].iloc[0] for v in (1e3, 1e5, 1e6, 1e8)
    ]
    assert set(far) == {3 * least if "impose_null" in ask else least}


def test_half_of_a_tie_can_be_attained_only_where_a_sample_repeats_its_own_statistic():
    made = door(few(G=4)).twfe()
    asked = ({"variant": "13"}, {"variant": "31"}, {"impose_null": False})
    found = [made.wild_bootstrap(ties="half", interval=False, **a).table["attainable"].iloc[0] for a in asked]
    assert found == [1 / 16, 0.0, 0.0]


def test_scores_and_poisson_count_the_sample_too():
    d = few(G=4)
    shown = door(few(G=6)).att()
    other = shown.wild_bootstrap(null=0.3).table.iloc[0]
    assert other["statistic"] == pytest.approx(
        (shown.table["estimate"][0] - 0.3) / shown.table["std_error"][0]
    )
    joint = shown.wild_bootstrap(null=0.3, joint=True).table.iloc[0]
    assert joint["statistic"] == pytest.approx(other["statistic"] ** 2, rel=1e-9)
    row = door(d).att().wild_bootstrap().table.iloc[0]
    assert row["p"] >= row["attainable"] == 2 / 16
    assert (row["conf_low"], row["conf_high"]) == (-np.inf, np.inf)
    made = ppml(few(G=5).assign(v=lambda t: np.exp(t["y"])), "v ~ D", effects=["id", "year"], cluster="cl")
    row = made.wild_bootstrap().table.iloc[0]
    assert row["p"] >= row["attainable"] == 2 / 32
    assert (row["conf_low"], row["conf_high"]) == (-np.inf, np.inf)


def test_other_clusters_than_the_errors_are_said():
    p = door(few(G=6))
    assert p.twfe().wild_bootstrap(interval=False).notes == ()
    said = p.twfe(vcov="hetero").wild_bootstrap(interval=False)
    assert "takes 6 clusters of cl; the estimate's own errors are heteroskedasticity-robust" in said.summary()


def test_joint_tests_do_not_depend_on_the_units_of_the_terms():
    y, X, unit, period = panel()
    tests = []
    for size in ([1.0, 1.0], [1.0, 1e-8], [1e6, 1e-6]):
        fit = cluster_fit(y, X * size, cluster=unit, absorb=[unit, period])
        tests.append(wild_bootstrap(fit, joint=True).table.iloc[0])
    for other in tests[1:]:
        assert other["statistic"] == pytest.approx(tests[0]["statistic"], rel=1e-7)
        assert other["p"] == tests[0]["p"]


def test_joint_tests_of_more_terms_than_clusters_tell_are_refused():
    few_clusters = door(few(G=3))  # cluster sums add up to nothing: three clusters tell two terms at most
    for study in (few_clusters.event_study("twfe"), few_clusters.event_study(draws=0)):
        with pytest.raises(DataError, match=r"3 estimates tested has rank [12]\. Too few clusters.*terms="):
            study.wild_bootstrap(terms=["0", "1", "2"], joint=True)
        with pytest.raises(DataError, match=r"3 estimates tested has rank [12]\. Too few clusters.*last="):
            study.pretrend_test(last=3)


# ---- draws, p-values and ends, by hand ---------------------------------------------------------------------------


def test_ties_and_the_sample_itself_in_a_p_value():
    every = Draws(np.ones((2, 4)), "rademacher", 8, True, "none")
    some = Draws(np.ones((2, 4)), "rademacher", 4, False, "0")

    def shares(simulated, observed, signs):
        found = p_value(np.array(simulated, float), observed, signs)
        return [found[k] for k in ("none", "half", "all", "counted")]

    assert shares([3, 1, -2, -3], 3.0, every) == [0, 0.25, 0.5, 0.5]
    assert shares([1, 3, 2, 4], -3.0, every) == [
        0.25,
        0.375,
        0.5,
        0.75,
    ]  # the first is the sample, and counts
    assert shares([3, 1, 2, 4], 3.0, some) == [0.25, 0.375, 3 / 5, 3 / 5]
    assert shares([np.nan, 1, 1, 1], 2.0, some)[0] == 0.25  # not defined: as large as can be
    near = [3 * (1 + t * TIE) for t in (2, 0.5, -0.5, -2)]
    assert shares(near, 3.0, every)[:3] == [0.25, 0.5, 0.75]
    assert np.isnan(shares([1, 2, 3, 4], np.nan, every)).all()


def test_which_signs_are_drawn_and_what_p_can_be_attained():
    three = draws(3)
    assert (three.V.shape, three.n, three.enumerated, three.attainable) == ((3, 4), 8, True, 0.25)
    assert len({tuple(v) for v in three.V.T}) == 4
    assert (three.V[0] == 1).all()
    assert [
        three.least(t, own) for t, own in (("all", False), ("half", True), ("half", False), ("none", True))
    ] == [
        0.25,
        1 / 8,
        0.0,
        0.0,
    ]
    assert draws(16, n_draws=1).enumerated
    assert draws(17, n_draws=2**17).enumerated
    assert not draws(17, n_draws=2**17 - 1).enumerated
    webb = draws(17, n_draws=60)
    assert (webb.kind, webb.V.shape, webb.attainable) == ("webb", (17, 60), 1 / 61)
    assert webb.least("half", True) == 0.0
    assert np.unique(np.round(webb.V**2, 12)).tolist() == [0.5, 1.0, 1.5]
    random = draws(17, n_draws=60, weights="rademacher")
    assert (random.kind, sorted(np.unique(random.V))) == ("rademacher", [-1.0, 1.0])


def test_ends_of_what_a_test_keeps():
    assert edge(lambda b: b <= 7.3, 0.0, 1.0) == pytest.approx(7.3, abs=1e-12)
    assert edge(lambda b: b >= -0.2, 0.0, -1.0) == pytest.approx(-0.2, abs=1e-12)
    assert edge(lambda b: b <= 7.3, 0.0, 1.0, halvings=0) == 7  # 1, 3, 7, then 15 is refused
    assert edge(lambda b: True, 0.0, -1.0) == -np.inf
    assert np.isnan(edge(lambda b: b > 0, 0.0, 1.0))
    low, high = ends(lambda b: abs(b - 2) <= 5, 1.0, 0.5, hopeless=False)
    assert (low, high) == (pytest.approx(-3), pytest.approx(7))
    assert ends(lambda b: False, 1.0, 0.5, hopeless=True) == (-np.inf, np.inf)
