"""Least squares with absorbed effects on a PolicyPanel, and the Estimate made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import linalg

from exportlab.arrays import Array, Codes
from exportlab.errors import DataError, one_of
from exportlab.panel.algebra.absorb import absorb
from exportlab.panel.algebra.levels import Effects, absorbed_parameters, encode, singletons
from exportlab.panel.algebra.sandwich import freedom, group_sums, rounding_error, sandwich, settled, unsettled
from exportlab.panel.estimate import FIXEST, Estimate, Inference, Regression, Sample, estimate_table

if TYPE_CHECKING:
    from exportlab.panel.door import PolicyPanel

COLLINEAR = 1e-9  # share of a column's length left after the others, below which it is one of them
VCOV = ("cluster", "cluster+period", "hetero", "iid")


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients (k,), their covariance, row scores (n, k), and what the small-sample factor was."""

    beta: Array
    vcov: Array
    influence: Array
    residual: Array
    factor: float
    df: float
    name: str
    small_sample: str
    r2_within: float
    rounding: Array
    notes: tuple[str, ...] = ()


def effects_of(columns: Mapping[str, Any]) -> Effects:
    """Absorbed effects from integer codes, renumbered so that no level is empty."""
    return Effects.encode(dict(columns))


def drop_singletons(panel: PolicyPanel) -> PolicyPanel:
    """Leave out, and count, rows that are alone in their unit or period: fixed effects fit them perfectly."""
    alone = singletons(effects_of({"unit": panel.units, "period": panel.periods}))
    return panel.where(~alone, "singleton: alone in its unit or period") if alone.any() else panel


def least_squares(
    y: Array,
    X: Array,
    names: Sequence[str],
    *,
    effects: Effects,
    clusters: Codes,
    periods: Codes | None = None,
    weights: Array | None = None,
    vcov: str = "cluster",
) -> Fit:
    r"""Weighted least squares of `y` (n,) on `X` (n, k) with `effects` absorbed.

    :math:`\hat\beta = (\tilde X'W\tilde X)^{-1}\tilde X'W\tilde y` with tildes for residuals on the
    effects; the covariance is a sandwich with fixest's and reghdfe's factor (`exportlab.panel.algebra.sandwich`).

    Raises
    ------
    DataError
        If a column of `X` is a combination of the effects and the other columns, or if no degree of
        freedom is left.
    """
    one_of("vcov", vcov, VCOV)
    tilde = absorb(np.column_stack([y, X]), effects, weights)
    y_, X_ = tilde[:, 0], tilde[:, 1:]
    _refuse_collinear(X, X_, names)
    Xw = X_ if weights is None else X_ * weights[:, None]
    bread = np.asarray(np.linalg.inv(Xw.T @ X_), np.float64)
    beta = bread @ (Xw.T @ y_)
    residual = y_ - X_ @ beta
    scores = Xw * residual[:, None]
    w = np.ones(len(y)) if weights is None else weights
    total = float(w @ y_**2)
    r2 = 1 - float(w @ residual**2) / total if total > 0 else np.nan
    n, k = X.shape
    rows = clusters if vcov.startswith("cluster") else np.arange(n)
    rounding = rounding_error(Xw @ bread, np.abs(y) + np.abs(residual), rows)
    if vcov == "iid":
        df = freedom(n, k + absorbed_parameters(effects))
        cov = bread * float(w @ residual**2) / df
        return Fit(
            beta, cov, scores @ bread, residual, 1.0, df, "homoskedastic (iid)", "N/(N-K)", r2, rounding
        )
    by: dict[str, Codes] = {} if vcov == "hetero" else {"cluster": clusters}
    if vcov == "cluster+period" and periods is not None:
        by["period"] = periods
    made = sandwich(scores, bread, effects=effects, clusters=by)
    K = k + absorbed_parameters(effects, list(by.values()))
    G = min(made.clusters) if by else np.inf
    factor = (n - 1) / (n - K) * G / (G - 1) if by else n / (n - K)
    name = {"hetero": "heteroskedasticity-robust (HC1)", "cluster": "cluster-robust (CR1)"}.get(vcov)
    words = FIXEST if by else "N/(N-K), all fixed effects in K"
    return Fit(
        beta, made.covariance, scores @ bread, residual, factor, made.dof,
        name or "two-way cluster-robust (CR1)", words, r2, rounding, made.notes,
    )  # fmt: skip


def _refuse_collinear(X: Array, X_: Array, names: Sequence[str]) -> None:
    """Name the columns that the effects, or the columns before them, already span."""
    size = np.sqrt((X**2).sum(0))
    scale = np.where(size > 0, size, 1.0)
    R = linalg.qr(X_ / scale, mode="r")[0]
    # Column j is spanned by the ones before it when its diagonal entry vanishes.
    lost = [names[j] for j in range(X.shape[1]) if j >= R.shape[0] or abs(R[j, j]) < COLLINEAR]
    if lost:
        raise DataError(
            f"{', '.join(lost[:5])} {'is' if len(lost) == 1 else 'are'} collinear with the fixed "
            f"effects or other terms",
            "Leave out covariates that do not vary within units over time, and terms no row identifies.",
        )


def sample_of(panel: PolicyPanel) -> Sample:
    """The sample flow of a panel, rows lost at the door and by `where` included."""
    treated = len(np.unique(panel.units[panel.D > 0]))
    return Sample(
        len(panel.y) + sum(n for _, n in panel.lost),
        len(panel.y),
        panel.lost,
        len(panel.unit_labels),
        treated,
        len(panel.period_values),
    )


def inference_of(panel: PolicyPanel, fit: Fit, level: float) -> Inference:
    """The Inference record of a least-squares fit."""
    return Inference(
        fit.name, fit.small_sample, fit.df, level, fit.factor, panel.cluster or panel.unit,
        len(panel.cluster_labels), panel.treated_clusters,
    )  # fmt: skip


def from_fit(
    panel: PolicyPanel,
    fit: Fit,
    X: Array,
    names: Sequence[str],
    *,
    effects: Effects,
    combine: Array,
    terms: Sequence[str],
    counts: Any,
    method: str,
    estimand: str,
    comparison: str,
    weighting: str,
    level: float = 0.95,
    columns: Mapping[str, Any] | None = None,
    parts: Mapping[str, pd.DataFrame] | None = None,
    notes: Sequence[str] = (),
    stacked: Mapping[str, Codes] | None = None,
    y: Array | None = None,
    weights: Array | None = None,
    refit: Any = None,
    sample: Sample | None = None,
    family: str = "gaussian",
) -> Estimate:
    """An Estimate whose terms are ``combine @ beta``; `stacked` gives the codes where rows are not the panel's."""
    rows = stacked or {"units": panel.units, "periods": panel.periods, "clusters": panel.clusters}
    inference = inference_of(panel, fit, level)
    vcov = settled(combine @ fit.vcov @ combine.T, np.abs(combine) @ fit.rounding)
    table = estimate_table(list(terms), combine @ fit.beta, vcov, inference, counts, **(columns or {}))
    clustered = fit.name == "cluster-robust (CR1)"
    scores = group_sums(fit.influence, encode_in_order(rows["clusters"])) @ combine.T if clustered else None
    return Estimate(
        method=method, estimand=estimand, comparison=comparison, weighting=weighting, table=table, vcov=vcov,
        inference=inference, sample=sample or sample_of(panel), scores=scores,
        clusters=tuple(panel.cluster_labels[np.unique(rows["clusters"])]) if clustered else (),
        regression=Regression(
            panel.y if y is None else y, X, tuple(names), effects.codes, rows["clusters"],
            panel.w if weights is None else weights, fit.beta, combine, rows["units"], rows["periods"],
            family,
        ),
        panel=panel, refit=refit, parts=parts or {},
        notes=(*warnings_of(panel), *fit.notes, *unsettled(vcov, terms), *notes),
        fit={"r2_within": fit.r2_within},
    )  # fmt: skip


def encode_in_order(codes: Codes) -> Codes:
    """Codes renumbered 0, 1, ... in ascending order, so that empty ones vanish."""
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def warnings_of(panel: PolicyPanel, *, asymptotic: bool = True) -> tuple[str, ...]:
    """What a reader must know before any number from this panel; less where errors are not asymptotic."""
    G1 = panel.treated_clusters
    notes = []
    if panel.late:
        notes.append(f"{panel.late} unit(s) adopt after the last period used and serve as untreated.")
    if panel.undated:
        notes.append(
            f"{panel.undated} unit(s) switch on across missing periods and are dated by the first one after: give "
            "adopted= where the date is known."
        )
    if G1 == 1 and asymptotic:
        notes.append(
            "One treated cluster: cluster-robust standard errors are far too small (true size 58 % at a "
            "nominal 5 %); "
            "no stars are shown."
        )
    return tuple(notes)


def cell_means(values: Array, codes: Codes, weights: Array | None = None) -> Array:
    """Weighted mean of `values` (n,) in each code."""
    w = np.ones(len(values)) if weights is None else weights
    out: Array = np.bincount(codes, weights=w * values) / np.bincount(codes, weights=w)
    return out


__all__ = [
    "Fit", "cell_means", "drop_singletons", "effects_of", "encode", "encode_in_order", "from_fit",
    "inference_of", "least_squares", "sample_of", "warnings_of",
]  # fmt: skip
