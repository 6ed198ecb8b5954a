r"""Wild bootstrap without least squares: by cluster scores, and of Poisson by its working regression.

Influence functions (Callaway-Sant'Anna, imputation): with psi_g the contribution of cluster g to the error
of the estimate, theta*(v) - theta = \sum_g v_g psi_g, studentised by the spread of v_g psi_g around their
mean.

Poisson: at the estimate that imposes R beta = r the first-order conditions are those of the weighted
least-squares regression of the working residual (y - mu)/mu with weights mu. The wild cluster bootstrap of
that regression is the score bootstrap of Kline & Santos (2012), effects re-projected in every sample,
nothing refitted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.arrays import Array
from exportlab.errors import DataError, OptionError
from exportlab.panel.algebra.clustered import ClusterFit, cluster_fit
from exportlab.panel.algebra.draws import Draws, p_value
from exportlab.panel.inference.wild_core import WildTest, edge, p_rules

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate, Regression


def score_rows(
    estimate: Estimate,
    rows: list[int],
    null: Array,
    *,
    signs: Draws,
    ties: str,
    level: float | None,
    joint: bool,
) -> list[dict[str, float]]:
    """Tests of the chosen rows of an estimate by its cluster scores, one by one or jointly."""
    if estimate.scores is None:
        raise OptionError(
            f"{estimate.method} has neither a regression nor cluster scores to bootstrap; "
            "use randomization_test() or its own placebo inference."
        )
    psi = estimate.scores[:, rows]
    value = estimate.table["estimate"].to_numpy(float)[rows]
    factor = estimate.inference.factor
    if joint:
        return [_joint_scores(psi, value - null, factor, signs, ties)]
    ask: dict[str, Any] = {"factor": factor, "signs": signs, "ties": ties, "level": level}
    return [_one_score(p, b, r, **ask) for p, b, r in zip(psi.T, value, null, strict=True)]


def poisson_rows(
    regression: Regression,
    R: Array,
    null: Array,
    *,
    signs: Draws,
    ties: str,
    variant: str,
    level: float | None,
    joint: bool,
) -> list[dict[str, float]]:
    """Tests of R beta = r in a Poisson regression by its working regression at the restricted estimate."""

    def test_at(Q: Array, r: Array) -> WildTest:
        fit = working_fit(regression, Q, r)
        return WildTest(fit, fit.cluster, signs, variant, True, ties)

    if joint:
        return [test_at(R, null).joint(R, null)]
    rows = []
    for q, r in zip(R, null, strict=True):
        row = test_at(q[None], np.array([r])).single(q, float(r), None)
        if level is not None:

            def kept(b: float, q: Array = q) -> bool:
                return test_at(q[None], np.array([b])).single(q, b, None)["p"] > 1 - level

            middle = float(q @ regression.beta)
            step = max(abs(row["estimate"] - r) / max(abs(row["statistic"]), 1e-8), 1e-8)
            row |= {"conf_low": edge(kept, middle, -step, 12), "conf_high": edge(kept, middle, step, 12)}
        rows.append(row | {"estimate": float(q @ regression.beta)})
    return rows


def working_fit(regression: Regression, R: Array, r: Array) -> ClusterFit:
    """Working least-squares regression at the Poisson estimate that imposes R beta = r."""
    from scipy.linalg import null_space

    from exportlab.panel.algebra.irls import poisson
    from exportlab.panel.algebra.levels import Effects

    g = regression
    b0 = np.linalg.lstsq(R, r, rcond=None)[0]
    N = null_space(R) if len(R) < g.X.shape[1] else np.empty((g.X.shape[1], 0))
    effects = Effects.encode({f"effect {j + 1}": codes for j, codes in enumerate(g.absorbed)})
    fit = poisson(g.y, g.X @ N, effects, offset=g.X @ b0, weights=g.weights)
    if not fit.converged:
        raise DataError(
            f"The Poisson regression under the null {np.round(r, 6).tolist()} did not converge",
            "Test another value, or look for separated observations",
        )
    weights = fit.mu if g.weights is None else fit.mu * g.weights
    z = g.X @ (N @ fit.beta + b0) + (g.y - fit.mu) / fit.mu
    return cluster_fit(z, g.X, cluster=g.clusters, absorb=g.absorbed, weights=weights, names=g.names)


def _one_score(
    psi: Array, value: float, null: float, *, factor: float, signs: Draws, ties: str, level: float | None
) -> dict[str, float]:
    se = float(np.sqrt(factor * psi @ psi))
    simulated = multiplier_t(psi[:, None], factor, signs)[0]

    def p_at(b: float) -> dict[str, float]:
        return p_value(simulated, (value - b) / se if se > 0 else np.nan, signs)

    low = high = np.nan
    if level is not None and se > 0:
        low, high = (edge(lambda b: p_at(b)[ties] > 1 - level, value, s) for s in (-se, se))
    p = p_at(null)
    statistic = (value - null) / se if se > 0 else np.nan
    out = {"estimate": value, "null": null, "statistic": statistic, "p": p[ties]}
    return out | {"conf_low": low, "conf_high": high, **p_rules(p)}


def multiplier_t(psi: Array, factor: float, signs: Draws) -> Array:
    """Bootstrap t of each column of the scores psi (G, m): (m, draws)."""
    V, G = signs.V, len(psi)
    total = psi.T @ V
    spread = (psi**2).T @ V**2 - total**2 / G
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(total / np.sqrt(factor * np.maximum(spread, 0)))


def _joint_scores(psi: Array, gap: Array, factor: float, signs: Draws, ties: str) -> dict[str, float]:
    q = len(gap)
    inverse = np.linalg.pinv(factor * psi.T @ psi, hermitian=True)
    wald = float(gap @ inverse @ gap) / q
    total = psi.T @ signs.V
    simulated = np.einsum("qn,qr,rn->n", total, inverse, total) / q
    p = p_value(simulated, wald, signs)
    out = {"estimate": np.nan, "null": np.nan, "statistic": wald, "p": p[ties]}
    return out | {"conf_low": np.nan, "conf_high": np.nan, **p_rules(p)}
