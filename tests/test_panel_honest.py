"""Sensitivity intervals against the R package HonestDiD and against the linear programmes they replace."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from exportlab.errors import DataError, OptionError
from exportlab.panel import PolicyPanel
from exportlab.panel.inference.honest import (
    EventCoefficients,
    extreme_moments,
    first_differences,
    folded_quantile,
    honest_did,
    second_differences,
    smoothness_weights,
)
from exportlab.panel.inference.pretrends import pretest_power, slope_for_power


@pytest.fixture(scope="module")
def medicaid(reference):
    table = pd.read_csv(reference / "panel_inference_ehec.csv")
    sigma = table[[c for c in table if c.startswith("vcov")]].to_numpy()
    return EventCoefficients(table["estimate"].to_numpy(), sigma, 5)


@pytest.mark.parametrize(("method", "label"), [("relative_magnitudes", "RM C-LF"), ("smoothness", "SD FLCI")])
def test_medicaid_intervals_of_the_readme(medicaid, reference, method, label):
    known = pd.read_csv(reference / "panel_inference_honest.csv")
    known = known[known["estimator"] == f"HonestDiD {label}"]
    M = known["term"].str.split("=").str[1].astype(float)
    out = honest_did(medicaid, method=method, M=list(M))
    table = out.table.iloc[1:]
    assert table["conf_low"].to_numpy() == pytest.approx(known["ci_lo"].to_numpy(), abs=1e-3)
    assert table["conf_high"].to_numpy() == pytest.approx(known["ci_hi"].to_numpy(), abs=1e-3)
    low, high = known["ci_lo"] > 0, known["ci_lo"] < 0
    assert table["zero_inside"].tolist() == high.tolist()
    assert M[low].max() < out.breakdown < M[high].min()


@pytest.mark.parametrize(
    ("ell", "M", "low", "high", "step"),
    [
        ([0.5, 0.5], 0.5, 0.0320, 0.0801, 5e-5),
        ([0.5, 0.5], 1.5, 0.0055, 0.103125, 6.25e-4),
        ([-1, 1], 1.0, -0.004, 0.048, 1e-3),
    ],
)
def test_averages_and_differences_of_periods_as_r(medicaid, ell, M, low, high, step):
    """HonestDiD's computeConditionalCS_DeltaRM on a grid of `step`; it simulates its critical values anew."""
    row = honest_did(medicaid, ell=ell, M=[M]).table.iloc[1]
    assert -3e-4 < low - row["conf_low"] < step + 3e-4
    assert -3e-4 < row["conf_high"] - high < step + 3e-4


@pytest.mark.parametrize("post", [1, 2, 4])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_extreme_moments_are_the_linear_programme(post, sign):
    """Eta = min over eta, tau with l'tau = theta of the studentised moments, solved by HiGHS."""
    g = np.random.default_rng(post)
    pre, s, bound = 3, 1, 0.8
    root = g.normal(size=(pre + post, pre + post))
    sigma = root @ root.T
    ell = g.normal(size=post)
    d = first_differences(pre, post)
    rows, slope = extreme_moments(d, s, sign=sign, sigma=sigma, ell=ell, bound=bound, moments="all")
    v = sign * d[s]
    use = np.arange(pre + post) if post == 1 else np.arange(pre, pre + post)
    A = np.vstack([d[use], -d[use]]) - np.tile(np.where(use >= pre, bound, 1.0), 2)[:, None] * v
    sd = np.sqrt(np.einsum("ti,ij,tj->t", A, sigma, A))
    A, sd = A[sd > 1e-9], sd[sd > 1e-9]
    for _ in range(5):
        beta, theta = g.normal(size=pre + post), g.normal()
        lp = optimize.linprog(
            np.append(np.zeros(post), 1.0),
            A_ub=np.column_stack([-A[:, pre:], -sd]),
            b_ub=-A @ beta,
            A_eq=np.append(ell, 0.0)[None],
            b_eq=[theta],
            bounds=(None, None),
        )
        assert (rows @ beta - slope * theta).max() == pytest.approx(lp.fun, rel=1e-8, abs=1e-9)


def test_smoothness_estimator_is_the_best_one(medicaid):
    """No other estimator that is unbiased under linear trends gives a shorter interval."""
    S, M, ell = medicaid.sigma, 0.01, np.array([0.5, 0.5])
    weights, half = smoothness_weights(S, 5, ell, bound=M, alpha=0.05)
    time = np.array([-5, -4, -3, -2, -1, 1, 2.0])
    assert weights @ time == pytest.approx(0, abs=1e-9)
    assert weights[5:].tolist() == [0.5, 0.5]
    C = np.linalg.pinv(second_differences(5, 2).T)

    def length(free):
        w = weights.copy()
        w[:4] += free
        w[4] += free @ time[:4]
        sd = np.sqrt(w @ S @ w)
        return sd * folded_quantile(M * np.abs(C @ w).sum() / sd, 0.05)

    assert length(np.zeros(4)) == pytest.approx(half, rel=1e-9)
    search = optimize.minimize(
        length, np.full(4, 0.01), method="Nelder-Mead", options={"maxfev": 3000, "fatol": 1e-12}
    )
    assert search.fun >= half * (1 - 1e-7)


def test_worst_case_bias_is_attained(medicaid):
    """The bias over all violations with second differences at most M, by linear programming."""
    M, ell = 0.02, np.array([1.0, 0])
    weights, half = smoothness_weights(medicaid.sigma, 5, ell, bound=M, alpha=0.05)
    D2 = second_differences(5, 2)
    lp = optimize.linprog(-weights, A_ub=np.vstack([D2, -D2]), b_ub=np.full(12, M), bounds=(-10, 10))
    sd = np.sqrt(weights @ medicaid.sigma @ weights)
    assert half == pytest.approx(sd * folded_quantile(-lp.fun / sd, 0.05), rel=1e-8)


def test_folded_quantile():
    for t in (0.0, 0.3, 2.0, 40.0):
        c = folded_quantile(t, 0.05)
        assert stats.norm.cdf(c - t) - stats.norm.cdf(-c - t) == pytest.approx(0.95, abs=1e-12)


def test_intervals_grow_with_the_violation_and_one_post_period_works(medicaid):
    one = EventCoefficients(medicaid.beta[:6], medicaid.sigma[:6, :6], 5)
    for c in (medicaid, one):
        table = honest_did(c, M=(0.5, 1, 2)).table
        assert (np.diff(table["conf_low"].iloc[1:]) < 1e-4).all()
        assert (np.diff(table["conf_high"].iloc[1:]) > -1e-4).all()


def test_one_period_after_adoption_as_r(medicaid):
    """HonestDiD 0.2.8 by its defaults, on its grid; the moments before adoption too are an option."""
    beta = np.array([0.01532918, -0.08236874, 0.39420811])
    sigma = np.array(
        [
            [0.01523822, 0.00202205, 0.00827416],
            [0.00202205, 0.03278115, -0.01146128],
            [0.00827416, -0.01146128, 0.03449145],
        ]
    )
    c = EventCoefficients(beta, sigma, 2)
    table = honest_did(c, M=[0.5, 1.5]).table.iloc[1:]
    step = 40 * np.sqrt(sigma[2, 2]) / 999  # R's ends are the last points of its grid that are kept
    inside = np.array([[-0.0170, -0.2113], [0.8834, 1.2824]]) - table[["conf_low", "conf_high"]].to_numpy().T
    assert ((inside * [[1], [-1]] > -1e-4) & (inside * [[1], [-1]] < step)).all()
    every = honest_did(c, M=[0.5, 1.5], moments="all").table.iloc[1:]
    assert (every["conf_low"].to_numpy() < table["conf_low"].to_numpy() - 0.03).all()
    for ask in ({"method": "smoothness"}, {}):
        with pytest.raises(OptionError, match="one period after adoption"):
            honest_did(medicaid if not ask else c, moments="all", **ask)


def test_nothing_to_break_is_a_breakdown_of_zero(medicaid):
    weak = EventCoefficients(medicaid.beta / 20, medicaid.sigma, 5)
    assert honest_did(weak).breakdown == 0
    assert honest_did(weak, method="smoothness").breakdown == 0
    assert "breakdown value 0" in honest_did(weak).summary()


@pytest.mark.parametrize(("size", "breaks"), [(40.0, 40.0), (700.0, 700.0), (1100.0, np.inf)])
def test_breakdown_is_looked_for_up_to_a_thousand(size, breaks):
    """Without noise the identified set, size -/+ M times the one difference before, ends at zero where M = size."""
    exact = EventCoefficients(np.array([1.0, size]), np.diag([1e-12, 1e-12]), 1)
    assert honest_did(exact, M=[1.0]).breakdown == pytest.approx(breaks, rel=2e-4)
    # the trend is the one coefficient before; far from zero the interval has one side: size - 1 - z_.95 = M
    one = EventCoefficients(np.array([-1.0, size]), np.diag([1e-12, 1.0]), 1)
    known = size - 1 - stats.norm.ppf(0.95) if np.isfinite(breaks) else np.inf
    assert honest_did(one, method="smoothness", M=[1.0]).breakdown == pytest.approx(known, rel=2e-4)


def test_default_bounds_go_to_the_largest_change_of_slope_seen_by_hand():
    # 0.1, -0.2, 0.05 and the base's 0: slopes -0.3, 0.25, -0.05, changes 0.55 and -0.3
    c = EventCoefficients(np.array([0.1, -0.2, 0.05, 1.0]), np.eye(4) / 400, 3)
    M = honest_did(c, method="smoothness").table["M"].iloc[1:]
    assert M.tolist() == pytest.approx([0, 0.1375, 0.275, 0.4125, 0.55])
    single = EventCoefficients(c.beta[2:], np.diag([1.0, 4.0]) / 400, 1)  # a standard error of 0.1
    M = honest_did(single, method="smoothness").table["M"].iloc[1:]
    assert M.tolist() == pytest.approx([0, 0.025, 0.05, 0.075, 0.1])
    assert honest_did(single).table["M"].iloc[1:].tolist() == [0.5, 1, 1.5, 2]


def test_honest_refusals(medicaid):
    with pytest.raises(OptionError, match="not negative"):
        honest_did(medicaid, M=[-1])
    with pytest.raises(OptionError, match="ell needs 2 weights"):
        honest_did(medicaid, ell=[1])
    with pytest.raises(OptionError, match="method='sd' is not allowed"):
        honest_did(medicaid, method="sd")


def test_pretest_power_when_coefficients_are_independent():
    """Power is one minus a product of normal probabilities; passing truncates each coefficient on its own."""
    c = EventCoefficients(np.zeros(4), np.diag([1.0, 1.0, 1.0, 1.0]), 2)
    out = pretest_power(c, slope=0.7)
    z = stats.norm.ppf(0.975)
    stay = [stats.norm.cdf(z - m) - stats.norm.cdf(-z - m) for m in (-1.4, -0.7)]
    assert out.power == pytest.approx(1 - np.prod(stay), abs=1e-5)
    assert out.bayes_factor == pytest.approx(np.prod(stay) / 0.95**2, abs=1e-4)
    cut = [stats.truncnorm.mean(-z - m, z - m, loc=m) for m in (-1.4, -0.7)]
    assert out.table["after_pretest"].to_numpy() == pytest.approx([*cut, 0.7, 1.4], abs=2e-4)
    assert pretest_power(c, slope=slope_for_power(c, 0.8)).power == pytest.approx(0.8, abs=1e-4)


def test_how_likely_a_violation_is_beside_none_and_which_slopes_are_found_by_hand():
    c = EventCoefficients(np.array([0.5, -1.0, 9.0]), np.diag([0.25, 4.0, 1.0]), 2)
    out = pretest_power(c, violation=np.array([1.0, 2.0, 0.0]))
    # exp of half of (b / s)^2 - ((b - d) / s)^2: 1 - 1 = 0 and 1 / 4 - 9 / 4
    assert out.likelihood_ratio == pytest.approx(np.exp(-1.0))
    assert np.isnan(out.slope)
    assert out.table["std_error"].tolist() == [0.5, 2.0, 1.0]
    assert out.table["event_time"].tolist() == [-3, -2, 0]
    z = stats.norm.ppf(0.975)
    for slope, target in ((out.slope_50, 0.5), (out.slope_80, 0.8)):
        stay = [stats.norm.cdf(z - m) - stats.norm.cdf(-z - m) for m in (2 * slope / 0.5, slope / 2)]
        assert 1 - np.prod(stay) == pytest.approx(target, abs=1e-4)
    assert pretest_power(c).slope == out.slope_50


def test_passing_a_pretest_moves_correlated_estimates(medicaid):
    """Against rejection sampling."""
    out = pretest_power(medicaid)
    assert out.power == pytest.approx(0.5, abs=2e-3)
    draws = np.random.default_rng(1).multivariate_normal(out.table["violation"], medicaid.sigma, size=200_000)
    edge = stats.norm.ppf(0.975) * np.sqrt(np.diag(medicaid.sigma))[:5]
    passed = draws[(np.abs(draws[:, :5]) < edge).all(axis=1)]
    assert 1 - len(passed) / 200_000 == pytest.approx(out.power, abs=5e-3)
    assert out.table["after_pretest"].to_numpy() == pytest.approx(passed.mean(axis=0), abs=1e-4)


def test_pretest_refusals(medicaid):
    with pytest.raises(OptionError, match="not both"):
        pretest_power(medicaid, slope=1.0, violation=np.zeros(7))
    with pytest.raises(OptionError, match="violation needs 7 values"):
        pretest_power(medicaid, violation=np.zeros(3))
    with pytest.raises(OptionError, match="between the size of the pre-test and 1"):
        slope_for_power(medicaid, 0.01)


def few(treated, *, G=14, T=6, seed=1, effect=0.0):
    """An event study of white noise, `treated` of G units from the fourth period on."""
    Y = np.random.default_rng(seed).normal(size=(G, T))
    Y[:treated, 3:] += effect
    d = pd.DataFrame({"id": np.repeat(np.arange(G), T), "year": np.tile(np.arange(T), G), "y": Y.ravel()})
    d["g"] = np.where(d["id"] < treated, 3.0, np.nan)
    return Y, PolicyPanel(d, unit="id", period="year", outcome="y", adopted="g").event_study("sun_abraham")


def test_one_treated_cluster_has_no_valid_basis():
    with pytest.raises(
        DataError, match="1 of 14 clusters are treated, and no basis for an interval is valid"
    ):
        honest_did(few(1)[1])
    shown = honest_did(few(1)[1], errors="own", M=[0.0])
    assert "no interval here can be believed" in shown.summary()


def test_few_treated_take_placebos_which_are_the_two_sample_t_test():
    Y, study = few(2)
    out = honest_did(study, M=[0.0, 1.0])
    assert out.errors == "placebo"
    assert "91 placebo assignments, t(12)" in out.summary()
    change = Y[:, 3] - Y[:, 2]
    test = stats.ttest_ind(change[:2], change[2:])
    low, high = test.confidence_interval(0.95)
    assert out.table.loc[0, ["conf_low", "conf_high"]].tolist() == pytest.approx([low, high], rel=1e-9)
    loud = honest_did(few(2, effect=50.0)[1], M=[0.0]).table.iloc[0]
    assert loud["conf_high"] - loud["conf_low"] == pytest.approx(high - low, rel=1e-9)  # effects are no noise


def test_many_treated_keep_their_own_errors_and_say_what_they_are():
    assert [honest_did(few(n)[1], M=[0.0]).errors for n in (3, 4)] == ["placebo", "own"]
    out = honest_did(few(7)[1], M=[0.0])
    assert out.errors == "own"
    assert "null too often" in out.summary()
    with pytest.raises(OptionError, match="'placebo'"):
        honest_did(few(7)[1], errors="normal")


def test_placebos_of_a_panel_with_gaps_are_estimated_again():
    _, study = few(3)
    panel = study.panel
    gap = panel.where(~((panel.units == 9) & (panel.periods == 5)), "gap").event_study("sun_abraham")
    some = honest_did(gap, M=[0.0], n_draws=25, rng=1)
    assert "25 placebo assignments" in some.summary()
    full = honest_did(study, M=[0.0]).table.loc[0]
    width = [t["conf_high"] - t["conf_low"] for t in (some.table.loc[0], full)]
    assert 0.6 < width[0] / width[1] < 1.6


def test_event_coefficients_are_checked(medicaid):
    class Fake:
        method = "Fake"
        panel = None
        anticipation = 0
        vcov = np.eye(3)
        table = pd.DataFrame({"event_time": [-3, -1, 1], "estimate": [0.0, 0, 1]})

    with pytest.raises(DataError, match="does not normalise event time -1"):
        honest_did(Fake())
    Fake.vcov = np.diag([1.0, 0, 1])
    with pytest.raises(DataError, match="Event times with gaps"):
        honest_did(Fake())
    Fake.table = Fake.table.assign(event_time=[-2, -1, 0])
    Fake.vcov = np.diag([0.0, 0, 1])
    with pytest.raises(DataError, match="Some event times have no standard error"):
        honest_did(Fake())
    Fake.table, Fake.vcov = (
        Fake.table.assign(event_time=[-3, -2, -1], estimate=[1.0, 1, 0]),
        np.diag([1.0, 1, 0]),
    )
    with pytest.raises(DataError, match="2 coefficients before the base period and 0 after it"):
        honest_did(Fake())
    Fake.table, Fake.vcov = (
        Fake.table.assign(event_time=[-1, 0, 1], estimate=[0.0, 1, 1]),
        np.diag([0.0, 1, 1]),
    )
    with pytest.raises(DataError, match="0 coefficients before the base period and 2 after it"):
        honest_did(Fake())
    Fake.table = Fake.table.assign(event_time=[-2, -1, 0], estimate=[0.0, 0, 1])
    Fake.vcov = np.diag([1.0, 0, 1])
    assert honest_did(Fake()).table["conf_low"].iloc[0] == pytest.approx(1 - 1.959964, abs=1e-6)


def test_medicaid_from_the_data(shared, reference):
    """From the state panel through the door: event study, intervals, breakdown."""
    from exportlab.panel.policy_panel import PolicyPanel

    d = pd.read_csv(shared / "reference/panel/ehec_data.csv")
    d["year"] = d["year"].astype(int)
    d["yexp2"] = pd.to_numeric(d["yexp2"], errors="coerce")
    d = d[(d["year"] < 2016) & (d["yexp2"].isna() | (d["yexp2"] != 2015))]
    d["since"] = d["yexp2"].where(d["yexp2"] == 2014)
    panel = PolicyPanel(d, unit="stfips", period="year", outcome="dins", adopted="since")
    e = panel.event_study("twfe")
    known = pd.read_csv(reference / "panel_inference_ehec.csv")
    live = e.table["event_time"] != -1
    assert e.table.loc[live, "estimate"].to_numpy() == pytest.approx(known["estimate"].to_numpy(), abs=1e-9)
    assert e.table.loc[live, "std_error"].to_numpy() == pytest.approx(known["se"].to_numpy(), abs=1e-5)
    out = e.honest_did(M=[0.5, 2])
    assert out.table["conf_low"].iloc[1:].to_numpy() == pytest.approx([0.0241, -0.00107], abs=1e-3)
    assert out.table["conf_high"].iloc[1:].to_numpy() == pytest.approx([0.0673, 0.0883], abs=1e-3)
    assert out.plot() is not None
