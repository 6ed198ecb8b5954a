"""Least squares with absorbed effects on a checked design, under the covariance that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from exportlab.frames import Array, Codes, Mask
from exportlab.panel.algebra.absorb import absorb, refuse_collinear
from exportlab.panel.algebra.levels import absorbed_parameters
from exportlab.panel.algebra.sandwich import (
    Sandwich,
    freedom,
    group_sums,
    rounding_error,
    sandwich,
    settled,
    unsettled,
)
from exportlab.panel.estimate import Estimate, Inference, Regression, Sample, estimate_table
from exportlab.panel.regression.formula import Design


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
    d: Design, words: Words, *, level: float, units: Codes | None = None, periods: Codes | None = None
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


# What absorbed regressions tell their Estimate: inference in words, cluster scores, the problem itself.


@dataclass(frozen=True)
class Words:
    """What an estimate says about itself."""

    method: str
    estimand: str
    comparison: str
    weighting: str = "pseudo-likelihood: large flows weigh more"
    notes: tuple[str, ...] = ()


def inference_of(d: Design, robust: Sandwich, *, df: float, level: float) -> Inference:
    """The inference of a heteroskedasticity- or cluster-robust covariance."""
    return Inference(
        name="cluster-robust (CR1)" if d.clusters else "heteroskedasticity-robust (HC1)",
        small_sample=robust.convention,
        df=df,
        level=level,
        factor=robust.factor,
        cluster=" and ".join(d.clusters),
        clusters=min(robust.clusters, default=0),
    )


def settled_by(
    d: Design, robust: Sandwich, absorbed: Array, bread: Array, size: Array
) -> tuple[Array, tuple[str, ...]]:
    """The covariance, NaN where a standard error is rounding beside `size` (n,), and the notes on it."""
    w = np.ones(len(size)) if d.weights is None else d.weights
    codes = next(iter(d.clusters.values())) if len(d.clusters) == 1 else np.arange(len(size))
    covariance = settled(robust.covariance, rounding_error((absorbed * w[:, None]) @ bread, size, codes))
    return covariance, (*robust.notes, *unsettled(covariance, d.names))


def one_way(
    d: Design, scores: Array, bread: Array, beta: Array, *, units: Codes, periods: Codes, family: str
) -> dict[str, Any]:
    """Scores by cluster and the regression itself, where there is exactly one way of clustering."""
    if len(d.clusters) != 1:
        return {}
    name, codes = next(iter(d.clusters.items()))
    made = {"scores": group_sums(scores, codes) @ bread, "clusters": d.labels(name)}
    if d.offset is not None:
        return made
    regression = Regression(
        d.y, d.x, d.names, d.effects.codes, codes, d.weights, beta, np.eye(len(beta)), units, periods, family
    )
    return {**made, "regression": regression}


def on_rows(codes: Codes | None, rows: Mask) -> Codes:
    """`codes` on `rows`, numbered anew; zeros where there are none."""
    if codes is None:
        return np.zeros(int(rows.sum()), dtype=np.int64)
    return np.unique(codes[rows], return_inverse=True)[1].astype(np.int64)


def levels_in(codes: Codes) -> int:
    """How many distinct codes 0, 1, ... there are."""
    return int(codes.max()) + 1
