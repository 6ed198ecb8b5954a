"""Few-cluster covariances against R's clubSandwich, plm and fixest, and against brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError
from exportlab.panel import fixed_effects
from exportlab.panel.algebra.clustered import cluster_fit
from exportlab.panel.algebra.sandwich import covariance, leave_one_out, satterthwaite


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
