"""Borusyak, Jaravel and Spiess: fit the untreated outcome on untreated rows, impute it for treated ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import linalg

from exportlab.errors import DataError, OptionError, listed, one_of
from exportlab.frames import Array, Codes, Mask
from exportlab.options import Level, Places, validated
from exportlab.panel.algebra.levels import Effects
from exportlab.panel.algebra.sandwich import group_sums, rounding_error, settled, unsettled
from exportlab.panel.contract import respecified
from exportlab.panel.did.regress import (
    Problem,
    cells,
    columns_of,
    combination,
    effects_of,
    encode_in_order,
    independent,
    least_squares,
    refuse_no_variation,
    sample_of,
    warnings_of,
)
from exportlab.panel.did.sun_abraham import ESTIMANDS
from exportlab.panel.estimate import Estimate, Inference, estimate_table

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

BORUSYAK = (
    "none (asymptotic), conservative: effects' spread around their cohort-period average counts as noise"
)
ROUNDED = 1e-12  # share of a column below which what is left of it beside its unit's mean is rounding
ALIKE = 1e-8  # share of a column's length left beside the others below which it is one of them
AGREES = 1e-7  # how far the imputed row may be from the span of untreated rows


@dataclass(frozen=True, eq=False)
class Imputed:
    """Effects of treated rows and the linear weights that make an average of them out of all outcomes.

    Attributes
    ----------
    effect : (n,) outcome less imputed untreated outcome, at treated rows; the residual at untreated rows
    inverse, dense, unit, w0 : pieces of the projection on the untreated rows
    imputable : (n,) treated rows whose untreated outcome is identified
    """

    effect: Array
    imputable: np.ndarray[tuple[int], np.dtype[np.bool_]]
    untreated: np.ndarray[tuple[int], np.dtype[np.bool_]]
    inverse: Array
    dense: Array
    unit: Codes
    w0: Array
    size: Array

    def weights(self, share: Array) -> Array:
        r"""Weights :math:`v` (n, terms) with ``v.T @ y`` the average effect under row weights `share` (n,
        terms).

        On treated rows :math:`v=` share; on untreated ones :math:`-W Z_0(Z_0'WZ_0)^{-1}Z_1'` share.
        """
        sums = group_sums(share, self.unit)  # by unit, over treated rows
        mean = group_sums(self.dense * self.w0[:, None], self.unit) / self.size[:, None]
        pull = self.dense.T @ share - mean.T @ sums
        b = self.inverse @ pull
        a = (sums - group_sums(self.dense * self.w0[:, None], self.unit) @ b) / self.size[:, None]
        fitted = a[self.unit] + self.dense @ b
        return np.where(self.untreated[:, None], -self.w0[:, None] * fitted, share)


def impute(y: Array, D: Array, unit: Codes, dense: Array, w: Array) -> Imputed:
    """Fit units and the columns `dense` (n, q) on rows with D = 0; impute the rest.

    Units without an untreated row, and rows outside the span of untreated ones, are not imputable.
    """
    untreated = D == 0
    w0 = np.where(untreated, w, 0.0)
    raw = np.bincount(unit, weights=w0)
    size = np.where(raw > 0, raw, 1.0)
    Z, span = _told_apart(dense, unit, w0, size)
    inverse = np.asarray(np.linalg.inv(Z.T @ (Z * w0[:, None])), np.float64)
    y_mean = np.bincount(unit, weights=w0 * y) / size
    b = inverse @ (Z.T @ (w0 * (y - y_mean[unit])))
    effect = y - y_mean[unit] - Z @ b
    imputable = (D > 0) & (raw[unit] > 0) & span
    return Imputed(effect, imputable, untreated, inverse, Z, unit, w0, size)


def _told_apart(dense: Array, unit: Codes, w0: Array, size: Array) -> tuple[Array, Mask]:
    """Columns (n, r) that span the centred ones and are orthonormal on untreated rows; and the rows in their span."""
    mean = group_sums(dense * w0[:, None], unit) / size[:, None]
    centred = dense - mean[unit]
    centred[np.abs(centred) <= ROUNDED * np.abs(dense)] = 0.0  # all that a unit keeps: rounding has no slope
    root = np.sqrt(w0)[:, None]
    norm = np.linalg.norm(root * centred, axis=0)
    scaled = centred / np.where(norm > 0, norm, 1.0)
    R, pivot = linalg.qr(root * scaled, mode="r", pivoting=True)[-2:]
    own = np.abs(np.diag(R))
    rank = int((own > ALIKE * own[0]).sum())
    Z = linalg.solve_triangular(R[:rank, :rank], scaled[:, pivot[:rank]].T, trans="T").T
    rest = scaled[:, pivot[rank:]] - Z @ R[:rank, rank:]  # nothing on untreated rows
    far = np.abs(rest).max(1, initial=0.0)
    return np.asarray(Z), np.asarray(far <= AGREES * (1 + np.abs(scaled).max(1, initial=0.0)))


@validated
def att(panel: PolicyPanel, *, aggregate: str = "simple", level: Level = 0.95) -> Estimate:
    r"""Average effect on the treated by imputation.

    Fits :math:`y_{it}=\alpha_i+\lambda_t+x_{it}'\gamma+u_{it}` on untreated rows only and averages
    :math:`y_{it}-\hat y_{it}(0)` over treated rows. No row is dropped as a singleton: a unit's only
    untreated row is what identifies its effect.

    Parameters
    ----------
    aggregate : {"simple", "event", "cohort", "calendar"}

    Notes
    -----
    Standard errors are the paper's conservative ones: :math:`\sum_c(\sum_{it\in
    c}v_{it}\tilde\varepsilon_{it})^2`, where treated rows' :math:`\tilde\varepsilon` is their effect less
    the :math:`v^2`-weighted average of its cohort and period; no small-sample factor, normal reference
    (did_imputation's convention). Under weights these averages are of weighted rows, so that a weight of two is not the
    variance of two copies.

    References
    ----------
    Borusyak, Jaravel and Spiess (2024), Review of Economic Studies 91, 3253-3285.
    """
    one_of("aggregate", aggregate, ["simple", "event", "cohort", "calendar"])
    return _fit(panel, aggregate=aggregate, leads=0, level=level)


@validated
def event_study(panel: PolicyPanel, *, leads: Places | None = None, level: Level = 0.95) -> Estimate:
    """Effects by time since adoption, with `leads` tests before it.

    Parameters
    ----------
    leads : int, optional
        Event times -leads .. -1 are tested in a regression on untreated rows, all earlier ones being the
        base; by default as many as leave one cohort an earlier period. 0 for none.

    Notes
    -----
    Leads and effects come from different regressions, as the paper recommends; their covariance is that of
    their cluster scores. The leads use fixest's small-sample factor.
    """
    return _fit(panel, aggregate="event", leads=leads, level=level)


def _fit(panel: PolicyPanel, *, aggregate: str, leads: int | None, level: float) -> Estimate:
    refuse_no_variation(panel)
    used, made = imputable(panel, design)
    result = imputed(
        used,
        made,
        used.D > 0,
        aggregate,
        level=level,
        method="Imputation (Borusyak-Jaravel-Spiess)",
        comparison="never-treated and not-yet-treated rows",
        refit=partial(_fit, aggregate=aggregate, leads=leads, level=level),
    )
    return result if leads == 0 else _with_leads(result, used, leads)


def imputed(
    panel: PolicyPanel,
    made: Imputed,
    treated: Mask,
    aggregate: str,
    *,
    level: float,
    **words: Any,
) -> Estimate:
    """The Estimate of averages of the imputed effects at `treated` rows, with the conservative variance."""
    of = cells(panel, treated)
    weights, terms = combination(of, aggregate)
    w = np.ones(len(panel.y)) if panel.w is None else panel.w
    share = np.zeros((len(panel.y), len(terms)))
    inside = of.code >= 0
    share[inside] = (weights[:, of.code[inside]] * (w[inside] / of.weight[of.code[inside]])).T
    v = made.weights(share)
    u = noise(v, made.effect, of.code)
    scores = group_sums(v * u, panel.clusters)
    vcov = settled(scores.T @ scores, rounding_error(v, np.abs(panel.y), panel.clusters))
    inference = Inference(
        "cluster-robust, conservative (Borusyak-Jaravel-Spiess)",
        BORUSYAK,
        np.inf,
        level,
        1.0,
        panel.cluster or panel.unit,
        len(panel.cluster_labels),
        panel.treated_clusters,
    )
    counts = (weights > 0).astype(int) @ np.bincount(of.code[inside])
    columns: dict[str, Any] = dict(columns_of(terms))
    table = estimate_table(list(terms["term"]), v.T @ panel.y, vcov, inference, counts, **columns)
    return Estimate(
        estimand=ESTIMANDS[aggregate],
        weighting="treated rows equally, within the average",
        table=table,
        vcov=vcov,
        inference=inference,
        sample=sample_of(panel),
        scores=scores,
        clusters=tuple(panel.cluster_labels),
        panel=panel,
        parts={"cells": _cell_table(of, made.effect, w)},
        notes=(*warnings_of(panel), *unsettled(vcov, list(terms["term"]))),
        **words,
    )


def design(panel: PolicyPanel) -> Array:
    """Period dummies and covariates (n, T + k)."""
    periods = (panel.periods[:, None] == np.arange(len(panel.period_values))[None, :]).astype(float)
    return np.column_stack([periods, panel.X])


def imputable(
    panel: PolicyPanel,
    dense: Callable[[PolicyPanel], Array],
    treated: Callable[[PolicyPanel], Array] | None = None,
) -> tuple[PolicyPanel, Imputed]:
    """Leave out, and count, treated rows whose untreated outcome is not identified by the `dense` design."""

    def run(p: PolicyPanel) -> tuple[Array, Imputed]:
        D = p.D if treated is None else treated(p)
        w = np.ones(len(p.y)) if p.w is None else p.w
        return D, impute(p.y, D, p.units, dense(p), w)

    _refuse_kept(panel)
    D, made = run(panel)
    lost = (D > 0) & ~made.imputable
    if not made.imputable.any():
        bare = respecified(panel, (), panel.transform) if panel.covariates else panel
        raise DataError(
            f"no treated row has an identified untreated outcome ({len(panel.unit_labels)} units)",
            f"Without {listed(panel.covariates)} some have: in untreated rows these do not vary beside the effects, "
            "and what they do to the outcome cannot be learnt there. Leave them out."
            if bare is not panel and run(bare)[1].imputable.any()
            else "All adopt at once, or nobody is untreated afterwards: there is no comparison.",
        )
    if not lost.any():
        return panel, made
    panel = panel.where(~lost, "treated row without an identified untreated outcome")
    return panel, run(panel)[1]


def _refuse_kept(panel: PolicyPanel) -> None:
    """Covariates that no unit changes, which the units' effects take up."""
    first = np.unique(panel.units, return_index=True)[1]
    moved = np.abs(panel.X - panel.X[first][panel.units]).max(0, initial=0.0)
    kept = np.flatnonzero(moved <= ROUNDED * np.abs(panel.X).max(0, initial=0.0))
    if kept.size:
        raise DataError(
            f"{panel.covariates[kept[0]]} does not vary within units over time",
            "The units' effects take it up: leave it out, or say how its effect changes (times the period).",
        )


def noise(v: Array, effect: Array, cell: Codes) -> Array:
    """Residuals (n, terms): of treated rows, their effect less its cell's average weighted by v squared."""
    out = np.repeat(effect[:, None], v.shape[1], axis=1)
    inside = cell >= 0
    square = v[inside] ** 2
    total = group_sums(square, cell[inside])
    mean = group_sums(square * effect[inside, None], cell[inside]) / np.where(total > 0, total, 1.0)
    out[inside] -= mean[cell[inside]]
    return out


def _cell_table(of: Any, effect: Array, w: Array) -> pd.DataFrame:
    inside = of.code >= 0
    code = of.code[inside]
    mean = np.bincount(code, weights=w[inside] * effect[inside]) / of.weight
    return pd.DataFrame(of.table().assign(estimate=mean, weight=of.weight))


def _with_leads(result: Estimate, panel: PolicyPanel, leads: int | None) -> Estimate:
    """Put the lead tests, from untreated rows only, before the effects."""
    untreated = panel.D == 0
    time, rows = panel.event_time[untreated], panel.where(untreated, "treated (not used for leads)")
    effects = effects_of({"unit": rows.units, "period": rows.periods})
    known = _leads(rows, time, effects)
    most = -known[0] if known else 0
    leads = most if leads is None else leads
    if not 0 <= leads <= most:
        raise OptionError(
            f"leads={leads} is not allowed. Allowed: 0 to {most}, so that an earlier period is the base."
        )
    if leads == 0:
        return result
    times = [e for e in known if e >= -leads]
    X = np.column_stack([*[(time == e).astype(float) for e in times], rows.X])
    names = [*map(str, times), *rows.covariates]
    problem = Problem.of(rows, X, names, effects)
    fit = least_squares(replace(problem, clusters=encode_in_order(rows.clusters)))
    leads = len(times)
    scores = np.zeros((len(panel.cluster_labels), leads))
    kept = np.isin(panel.cluster_labels, rows.cluster_labels)
    scores[kept] = np.sqrt(fit.factor) * group_sums(fit.influence, rows.clusters)[:, :leads]
    counts = [int((time == e).sum()) for e in times]
    table = pd.DataFrame({"estimate": fit.beta[:leads], "event_time": times, "n": counts})
    return _joined(result, table, scores, fit.rounding[:leads])


def _leads(rows: PolicyPanel, time: Array, effects: Effects) -> list[int]:
    """Event times before adoption, the nearest ones, that untreated rows tell apart from earlier ones as their base."""
    times = [int(e) for e in np.unique(time[np.isfinite(time) & (time < 0)])[::-1][:-1]]
    if not times:
        return []
    X = np.column_stack([(time == e).astype(float) for e in times])
    kept = independent(X, effects, rows.w, protect=0)
    count = int((kept == np.arange(len(kept))).sum())  # up to the first that the nearer ones span
    return times[:count][::-1]


def _joined(result: Estimate, found: pd.DataFrame, scores: Array, rounding: Array) -> Estimate:
    assert result.scores is not None
    times = found["event_time"].tolist()
    names = [str(e) for e in times]
    lead_vcov = settled(scores.T @ scores, rounding)
    lead = estimate_table(
        names,
        found["estimate"].to_numpy(float),
        lead_vcov,
        result.inference,
        found["n"].tolist(),
        event_time=times,
    )
    note = f"Leads {times[0]} to -1 are tested on untreated rows, earlier event times being their base."
    both = np.column_stack([scores, result.scores])
    none = np.isnan(np.append(np.diag(lead_vcov), np.diag(result.vcov)))
    return replace(
        result,
        table=pd.concat([lead, result.table], ignore_index=True),
        vcov=settled(both.T @ both, np.where(none, np.inf, 0.0)),
        scores=both,
        notes=(*result.notes, *unsettled(lead_vcov, names), note),
    )
