"""Few-cluster covariances against R's clubSandwich, plm and fixest, and against brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError
from exportlab.panel import fixed_effects
from exportlab.panel.algebra.clustered import cluster_fit
from exportlab.panel.algebra.levels import Effects
from exportlab.panel.algebra.sandwich import (
    ROUNDING,
    covariance,
    freedom,
    leave_one_out,
    rounding_error,
    sandwich,
    satterthwaite,
    settled,
    unsettled,
    wald,
)
from exportlab.panel.inference.randomization import _p


@pytest.fixture(scope="module")
def grunfeld(reference):
    return pd.read_csv(reference / "panel_grunfeld.csv")


def within(grunfeld):
    X = grunfeld[["value", "capital"]]
    return cluster_fit(grunfeld["inv"], X, cluster=grunfeld["firm"], absorb=[grunfeld["firm"]], names=list(X))


def figures(reference, what):
    table = pd.read_csv(reference / "panel_inference_crve.csv")
    return table[table["what"] == what].set_index("term")["value"]


@pytest.mark.parametrize(
    ("kind", "adjust"),
    [
        ("CR0", "fixest"),
        ("CR1", "fixest"),
        ("CR1", "groups"),
        ("CR2", "fixest"),
        ("CR3", "fixest"),
        ("CR3J", "fixest"),
    ],
)
def test_grunfeld_standard_errors(grunfeld, reference, kind, adjust):
    se = np.sqrt(np.diag(covariance(within(grunfeld), kind, adjust=adjust)))
    assert se == pytest.approx(figures(reference, f"{kind} {adjust}").to_numpy(), rel=1e-9)


def test_grunfeld_satterthwaite(grunfeld, reference):
    assert satterthwaite(within(grunfeld)) == pytest.approx(
        figures(reference, "Satterthwaite CR2").to_numpy(), abs=5e-6
    )


def test_two_way_clusters(grunfeld, reference):
    both = fixed_effects(
        grunfeld,
        "inv ~ value + capital",
        unit="firm",
        period="year",
        effects="two-way",
        cluster=["firm", "year"],
    )
    se = both.table["std_error"].to_numpy()
    assert se == pytest.approx(figures(reference, "two-way Grunfeld").to_numpy(), rel=1e-8)
    assert both.inference.df == 9


def test_two_way_clusters_of_mpdta(shared, reference):
    m = pd.read_csv(shared / "reference/panel/mpdta.csv")
    m["D"] = ((m["first.treat"] > 0) & (m["year"] >= m["first.treat"])).astype(float)
    both = fixed_effects(
        m, "lemp ~ D", unit="countyreal", period="year", effects="two-way", cluster=["countyreal", "year"]
    )
    assert both.table["std_error"][0] == pytest.approx(figures(reference, "two-way mpdta")["post"], rel=1e-8)
    fit = cluster_fit(m["lemp"], m["D"], cluster=m["countyreal"], absorb=[m["countyreal"], m["year"]])
    assert np.sqrt(covariance(fit)[0, 0]) == pytest.approx(figures(reference, "CR1 mpdta")["post"], rel=1e-8)


def toy(rng=3, treated=4):
    g = np.random.default_rng(rng)
    unit, period = np.repeat(np.arange(9), 7), np.tile(np.arange(7), 9)
    D = ((unit < treated) & (period >= 3 + unit % 2)).astype(float)
    keep = g.random(63) > 0.1
    x = g.normal(size=63)
    y = g.normal(size=63) + 0.3 * D + unit + period
    return y[keep], np.column_stack([D, x])[keep], unit[keep], period[keep], g.uniform(0.5, 2, 63)[keep]


def test_leave_one_out_is_the_regression_without_that_cluster():
    y, X, unit, period, w = toy()
    fit = cluster_fit(y, X, cluster=unit, absorb=[unit, period], weights=w)
    moves = leave_one_out(fit)
    for g in range(9):
        k = unit != g
        without = cluster_fit(y[k], X[k], cluster=unit[k], absorb=[unit[k], period[k]], weights=w[k])
        assert fit.beta[:2] + moves[g] == pytest.approx(without.beta[:2], rel=1e-9)


@pytest.mark.parametrize(("kind", "power"), [("CR1", 0), ("CR2", 0.5), ("CR3", 1)])
def test_degrees_of_freedom_are_those_of_the_quadratic_form(kind, power):
    """E[V] and Var[V] under iid errors from the n x n matrix of the quadratic form, written out."""
    y, X, unit, period, _ = toy()
    fit = cluster_fit(y, X, cluster=unit, absorb=[unit, period])
    full = np.column_stack(
        [X, np.equal.outer(unit, np.arange(9)), np.equal.outer(period, np.arange(1, 7))]
    ).astype(float)
    bread = np.linalg.inv(full.T @ full)
    M = np.eye(len(y)) - full @ bread @ full.T
    T = []
    for g in range(9):
        k = np.flatnonzero(unit == g)
        value, vector = np.linalg.eigh(M[np.ix_(k, k)])
        root = np.where(value > 1e-10, 1 / (np.abs(value) + (value <= 1e-10)) ** power, 0)
        T.append(M[:, k] @ (vector * root) @ vector.T @ full[k] @ bread[:, 0])
    T = np.array(T)
    if kind == "CR2":  # the bias-reduced one is unbiased under these errors
        assert np.sum(T * T) == pytest.approx(bread[0, 0], rel=1e-9)
    omega = np.linalg.eigvalsh(T @ T.T)
    got = satterthwaite(fit, kind=kind)[0]
    assert got == pytest.approx(omega.sum() ** 2 / (omega**2).sum(), rel=1e-9)
    form = {"CR1": "CR0"}.get(kind, kind)
    factor = 8 / 9 if kind == "CR3" else 1
    assert covariance(fit, form)[0, 0] == pytest.approx(factor * np.sum((T @ (M @ y)) ** 2), rel=1e-8)


def test_one_treated_cluster_has_no_jackknife_variance():
    y, X, unit, period, _ = toy(treated=1)
    fit = cluster_fit(y, X, cluster=unit, absorb=[unit, period])
    V = covariance(fit, "CR3")
    assert np.isnan(V[0, 0])
    assert np.isfinite(V[1, 1])


def test_refusals_teach():
    y, X, unit, period, w = toy()
    with pytest.raises(
        DataError, match=r"Missing or infinite values in the regression in 1 row\. First: row 2"
    ):
        cluster_fit(np.where(np.arange(len(y)) == 2, np.inf, y), X, cluster=unit)
    with pytest.raises(DataError, match="Only one cluster"):
        cluster_fit(y, X, cluster=np.zeros(len(y)))
    with pytest.raises(DataError, match=r"explained by the others or by the fixed effects: x1"):
        cluster_fit(y, (unit < 4).astype(float), cluster=unit, absorb=[unit, period])
    with pytest.raises(DataError, match=f"Weights that are not positive in {len(y)} rows"):
        cluster_fit(y, X, cluster=unit, weights=-w)
    with pytest.raises(OptionError, match="kind='CR4' is not allowed"):
        covariance(cluster_fit(y, X, cluster=unit, absorb=[unit]), "CR4")


# ---- pieces of covariances, by hand ------------------------------------------------------------------------------


def test_the_wald_statistic_by_hand_in_any_units():
    gap, V = np.array([1.0, 2.0]), np.array([[2.0, 1.0], [1.0, 3.0]])
    assert wald(gap, V, "") == pytest.approx(
        (3 * 1 - 2 * 2 + 2 * 4) / 5
    )  # the inverse is [[3, -1], [-1, 2]] / 5
    unit = np.array([1e-8, 1e6])
    assert wald(gap * unit, V * np.outer(unit, unit), "") == pytest.approx(7 / 5)
    for dependent in (np.ones((2, 2)), np.diag([1.0, np.nan]), np.diag([1.0, 0.0])):
        with pytest.raises(DataError, match=r"of the 2 estimates tested has rank [01]\. Test fewer"):
            wald(gap, dependent, "Test fewer")


def test_errors_of_rounding_are_none_and_named():
    pull, level = np.array([[1.0, 0.0], [-2.0, 0.0], [0.5, 1.0]]), np.array([1.0, 2.0, 4.0])
    # clusters add up 1 + 4 and 2; and 0 and 4
    size = rounding_error(pull, level, np.array([0, 0, 1]))
    assert (size / ROUNDING).tolist() == pytest.approx([np.sqrt(25 + 4), 4.0])
    V = np.array([[4.0, 1.0, 0.0], [1.0, 9.0, 0.0], [0.0, 0.0, 0.0]])
    assert settled(V, np.array([1.9, 2.9, 0.0])) is V  # the third is fixed at zero
    found = settled(V, np.array([2.0, 2.9, 0.0]))
    assert np.isnan(found[0]).all()
    assert np.isnan(found[:, 0]).all()
    assert found[1, 1] == 9
    assert unsettled(V, ["a", "b", "c"]) == ()
    assert unsettled(found, ["a", "b", "c"])[0].startswith("No standard error for a: the data leave none.")
    six, five = (unsettled(np.full((k, k), np.nan), list("abcdef")[:k])[0] for k in (6, 5))
    assert "for a, b, c, d, e and 1 more:" in six
    assert "for a, b, c, d, e:" in five


def test_degrees_of_freedom_that_are_left():
    assert freedom(5, 4) == 1
    with pytest.raises(DataError, match=r"as many parameters as rows or more \(4 on 4\)"):
        freedom(4, 4)


def test_three_ways_of_clustering_by_inclusion_and_exclusion():
    rng = np.random.default_rng(0)
    scores, ways = rng.normal(size=(60, 2)), [rng.integers(0, k, 60) for k in (4, 5, 6)]

    def meat(*chosen):
        frame = pd.DataFrame(scores).groupby([list(map(str, g)) for g in chosen]).sum().to_numpy()
        return frame.T @ frame

    a, b, c = ways
    by_hand = meat(a) + meat(b) + meat(c) - meat(a, b) - meat(a, c) - meat(b, c) + meat(a, b, c)
    clusters = dict(zip("abc", ways, strict=True))
    made = sandwich(scores, np.eye(2), effects=Effects((), (), ()), clusters=clusters)
    factor = 59 / 58 * 4 / 3  # of the fewest clusters
    assert np.linalg.eigvalsh(by_hand)[0] > 0  # nothing is cut off
    np.testing.assert_allclose(made.covariance, factor * by_hand, rtol=1e-10)
    assert made.factor == pytest.approx(factor)
    assert made.dof == 3
    assert "clustered by a and b and c (4 and 5 and 6 clusters)" in made.convention
    stata = sandwich(
        scores, np.eye(2), effects=Effects((), (), ()), clusters={"b": b}, small_sample="ppmlhdfe"
    )
    np.testing.assert_allclose(stata.covariance, 5 / 4 * meat(b), rtol=1e-10)
    robust = sandwich(scores, np.eye(2), effects=Effects((), (), ()), clusters={}, small_sample="ppmlhdfe")
    np.testing.assert_allclose(robust.covariance, 60 / 59 * scores.T @ scores, rtol=1e-10)
    hc1 = sandwich(scores, np.eye(2), effects=Effects((), (), ()), clusters={})
    np.testing.assert_allclose(hc1.covariance, 60 / 58 * scores.T @ scores, rtol=1e-10)
    with pytest.raises(DataError, match="Only one cluster of 'one' is left"):
        sandwich(scores, np.eye(2), effects=Effects((), (), ()), clusters={"one": np.zeros(60, np.int64)})


def test_a_draw_as_large_as_the_estimate_counts_and_nothing_is_as_large_as_nothing():
    """Enumerated, the share of draws as large; drawn, one more on both sides; one without an estimate is as large."""
    draws = np.array([-2.0, 0.5, 1.0, np.nan])
    assert _p(1.0, draws, True) == 3 / 4
    assert _p(-1.0 - 1e-13, draws, False) == 4 / 5
    assert _p(1.1, draws, True) == 2 / 4
    assert _p(0.0, np.array([0.0, 0.0, 3.0]), True) == 1
    assert np.isnan(_p(np.nan, draws, True))
