"""What absorbed regressions tell their Estimate: inference in words, cluster scores, the problem itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from exportlab.arrays import Array, Codes, Mask
from exportlab.panel.algebra.sandwich import Sandwich, group_sums, rounding_error, settled, unsettled
from exportlab.panel.estimate import Inference, Regression
from exportlab.panel.regression.formula import Design


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
