"""Least squares with absorbed effects on a checked design, under the covariance that is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exportlab.arrays import Array, Codes
from exportlab.panel.algebra.absorb import absorb
from exportlab.panel.algebra.collinear import refuse_collinear
from exportlab.panel.algebra.levels import absorbed_parameters
from exportlab.panel.algebra.sandwich import Sandwich, freedom, sandwich
from exportlab.panel.estimate import Estimate, Sample, estimate_table
from exportlab.panel.regression.formula import Design
from exportlab.panel.regression.reporting import Words, inference_of, levels_in, on_rows, one_way, settled_by


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """Coefficients (k,), regressors after absorbing (n, k), residuals (n,), and the inverse of X'WX."""

    beta: Array
    absorbed: Array
    residual: Array
    bread: Array
    r2_within: float

    def scores(self, weights: Array | None) -> Array:
        """Score of each row, (n, k)."""
        u = self.residual if weights is None else weights * self.residual
        return np.asarray(self.absorbed * u[:, None], float)


def least_squares(d: Design) -> LeastSquares:
    """Weighted least squares of the outcome on the regressors, effects absorbed."""
    w = np.ones_like(d.y) if d.weights is None else d.weights
    refuse_collinear(d, w)
    left = absorb(np.column_stack([d.y, d.x]), d.effects, w)
    y, x = left[:, 0], left[:, 1:]
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    beta = bread @ (x.T @ (w * y))
    residual = y - x @ beta
    total = y if d.effects.codes else y - np.average(y, weights=w)
    r2 = 1 - np.sum(w * residual**2) / np.sum(w * total**2)
    return LeastSquares(
        np.asarray(beta, float), x, np.asarray(residual, float), np.asarray(bread, float), float(r2)
    )


def classical(d: Design, fit: LeastSquares) -> Sandwich:
    """s2 (X'WX)^-1 with s2 = u'Wu / (n - K), K counting the absorbed effects."""
    K = len(d.names) + absorbed_parameters(d.effects)
    w = 1.0 if d.weights is None else d.weights
    df = freedom(len(d.y), K)
    s2 = float(np.sum(w * fit.residual**2)) / df
    return Sandwich(s2 * fit.bread, s2, df, (), f"classical: s2 (X'X)^-1, s2 = u'u/(n-K) with K={K}")


def least_squares_estimate(
    d: Design, words: Words, *, level: float = 0.95, units: Codes | None = None, periods: Codes | None = None
) -> Estimate:
    """The least-squares Estimate of a design, clustered as the design says (else HC1)."""
    fit = least_squares(d)
    scores = fit.scores(d.weights)
    robust = sandwich(scores, fit.bread, effects=d.effects, clusters=d.clusters)
    inference = inference_of(d, robust, df=robust.dof, level=level)
    size = np.abs(d.y) + np.abs(fit.residual)
    vcov, notes = settled_by(d, robust, fit.absorbed, fit.bread, size)
    everything = np.ones(len(d.y), dtype=np.bool_)
    u, t = on_rows(units, everything), on_rows(periods, everything)
    return Estimate(
        method=words.method,
        estimand=words.estimand,
        comparison=words.comparison,
        weighting=words.weighting,
        table=estimate_table(list(d.names), fit.beta, vcov, inference, len(d.y)),
        vcov=vcov,
        inference=inference,
        sample=Sample(d.rows, len(d.y), d.lost, units=levels_in(u), periods=levels_in(t)),
        notes=(*notes, *words.notes),
        fit={"r2_within": fit.r2_within},
        **one_way(d, scores, fit.bread, fit.beta, units=u, periods=t, family="gaussian"),
    )
