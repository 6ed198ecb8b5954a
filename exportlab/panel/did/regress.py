"""Least squares with absorbed effects on a PolicyPanel, and the Estimate made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import linalg

from exportlab.errors import DataError, one_of
from exportlab.frames import Array, Codes, Mask
from exportlab.panel.algebra.absorb import absorb
from exportlab.panel.algebra.levels import Effects, absorbed_parameters, encode, singletons
from exportlab.panel.algebra.sandwich import freedom, group_sums, rounding_error, sandwich, settled, unsettled
from exportlab.panel.contract import refuse_other_designs
from exportlab.panel.estimate import FIXEST, Estimate, Inference, Regression, Sample, estimate_table

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

__all__ = [
    "Account",
    "Fit",
    "Problem",
    "Terms",
    "cell_means",
    "drop_singletons",
    "effects_of",
    "encode",
    "encode_in_order",
    "from_fit",
    "inference_of",
    "least_squares",
    "sample_of",
    "warnings_of",
]

SAME = (
    1e-6  # share of what effects leave of a column, beside the other columns: squared it is still no rounding
)
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


@dataclass(frozen=True, eq=False)
class Problem:
    """What is regressed: outcome (n,), terms (n, k) by name, absorbed effects, and the codes of each row.

    Rows are the panel's, or some of them several times (stacks).
    """

    y: Array
    X: Array
    names: Sequence[str]
    effects: Effects
    units: Codes
    periods: Codes
    clusters: Codes
    weights: Array | None = None

    @classmethod
    def of(
        cls, panel: PolicyPanel, X: Array, names: Sequence[str], effects: Effects | None = None
    ) -> Problem:
        """The rows of a panel, with effects of units and periods unless others are given."""
        absorbed = effects or effects_of({"unit": panel.units, "period": panel.periods})
        return cls(panel.y, X, names, absorbed, panel.units, panel.periods, panel.clusters, panel.w)


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms shown, ``combine @ beta``: (m, k) weights of the coefficients, names, rows of each, further columns."""

    combine: Array
    names: Sequence[str]
    counts: Any
    columns: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def as_they_are(cls, problem: Problem) -> Terms:
        """Every coefficient, each from all rows."""
        return cls(np.eye(len(problem.names)), problem.names, len(problem.y))


@dataclass(frozen=True, eq=False)
class Account:
    """What an Estimate says beside its numbers, and the call that makes it again from another panel."""

    method: str
    estimand: str
    comparison: str
    weighting: str
    refit: Any
    notes: Sequence[str] = ()
    parts: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    family: str = "gaussian"


def effects_of(columns: Mapping[str, Any]) -> Effects:
    """Absorbed effects from integer codes, renumbered so that no level is empty."""
    return Effects.encode(dict(columns))


def drop_singletons(panel: PolicyPanel) -> PolicyPanel:
    """Leave out, and count, rows that are alone in their unit or period: fixed effects fit them perfectly."""
    alone = singletons(effects_of({"unit": panel.units, "period": panel.periods}))
    return panel.where(~alone, "singleton: alone in its unit or period") if alone.any() else panel


def least_squares(problem: Problem, vcov: str = "cluster") -> Fit:
    r"""Weighted least squares of `y` (n,) on `X` (n, k) with the effects absorbed.

    :math:`\hat\beta = (\tilde X'W\tilde X)^{-1}\tilde X'W\tilde y` with tildes for residuals on the
    effects; the covariance is a sandwich with fixest's and reghdfe's factor (`exportlab.panel.algebra.sandwich`).

    Raises
    ------
    DataError
        If a column of `X` is a combination of the effects and the other columns, or if no degree of
        freedom is left.
    """
    one_of("vcov", vcov, VCOV)
    y, X, effects, weights = problem.y, problem.X, problem.effects, problem.weights
    # Frisch, Waugh and Lovell: coefficients and residuals are those of the regression with all dummies.
    tilde = absorb(np.column_stack([y, X]), effects, weights)
    y_, X_ = tilde[:, 0], tilde[:, 1:]
    refuse_collinear(X, X_, problem.names)
    w = np.ones(len(y)) if weights is None else weights
    Xw = X_ * w[:, None]
    bread = np.asarray(np.linalg.inv(Xw.T @ X_), np.float64)
    beta = bread @ (Xw.T @ y_)
    residual = y_ - X_ @ beta
    total = float(w @ y_**2)
    r2 = 1 - float(w @ residual**2) / total if total > 0 else np.nan
    rows = problem.clusters if vcov.startswith("cluster") else np.arange(len(y))
    rounding = rounding_error(Xw @ bread, np.abs(y) + np.abs(residual), rows)
    scores = Xw * residual[:, None]
    made = _covariance(problem, scores, bread, vcov, variance=float(w @ residual**2))
    return Fit(
        beta,
        made.vcov,
        scores @ bread,
        residual,
        made.factor,
        made.df,
        made.name,
        made.small_sample,
        r2,
        rounding,
        made.notes,
    )


@dataclass(frozen=True, eq=False)
class _Covariance:
    vcov: Array
    factor: float
    df: float
    name: str
    small_sample: str
    notes: tuple[str, ...] = ()


def _covariance(problem: Problem, scores: Array, bread: Array, vcov: str, *, variance: float) -> _Covariance:
    """The covariance of the coefficients, with its small-sample factor."""
    effects, (n, k) = problem.effects, problem.X.shape
    if vcov == "iid":
        df = freedom(n, k + absorbed_parameters(effects))
        return _Covariance(bread * variance / df, 1.0, df, "homoskedastic (iid)", "N/(N-K)")
    by: dict[str, Codes] = {} if vcov == "hetero" else {"cluster": problem.clusters}
    if vcov == "cluster+period":
        by["period"] = problem.periods
    made = sandwich(scores, bread, effects=effects, clusters=by)
    K = k + absorbed_parameters(effects, list(by.values()))
    G = min(made.clusters) if by else np.inf
    factor = (n - 1) / (n - K) * G / (G - 1) if by else n / (n - K)
    name = {"hetero": "heteroskedasticity-robust (HC1)", "cluster": "cluster-robust (CR1)"}.get(
        vcov, "two-way cluster-robust (CR1)"
    )
    words = FIXEST if by else "N/(N-K), all fixed effects in K"
    return _Covariance(made.covariance, factor, made.dof, name, words, made.notes)


def refuse_collinear(X: Array, X_: Array, names: Sequence[str]) -> None:
    """Name the columns that the effects, or the columns before them, already span."""
    size = np.sqrt((X**2).sum(0))
    scale = np.where(size > 0, size, 1.0)
    R = linalg.qr(X_ / scale, mode="r")[0]
    # Column j is spanned by the ones before it when its diagonal entry vanishes.
    left = np.linalg.norm(X_ / scale, axis=0)
    lost = [
        names[j]
        for j in range(X.shape[1])
        if j >= R.shape[0] or abs(R[j, j]) < max(COLLINEAR, SAME * left[j])
    ]
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
        fit.name,
        fit.small_sample,
        fit.df,
        level,
        fit.factor,
        panel.cluster or panel.unit,
        len(panel.cluster_labels),
        panel.treated_clusters,
    )


def from_fit(
    panel: PolicyPanel,
    problem: Problem,
    fit: Fit,
    terms: Terms,
    account: Account,
    *,
    level: float,
    sample: Sample | None = None,
) -> Estimate:
    """The Estimate whose terms are combinations of a fit's coefficients; its sample is the panel's unless given."""
    inference, combine = inference_of(panel, fit, level), terms.combine
    vcov = settled(combine @ fit.vcov @ combine.T, np.abs(combine) @ fit.rounding)
    table = estimate_table(
        list(terms.names), combine @ fit.beta, vcov, inference, terms.counts, **terms.columns
    )
    clustered = fit.name == "cluster-robust (CR1)"
    scores = group_sums(fit.influence, encode_in_order(problem.clusters)) @ combine.T if clustered else None
    return Estimate(
        method=account.method,
        estimand=account.estimand,
        comparison=account.comparison,
        weighting=account.weighting,
        table=table,
        vcov=vcov,
        inference=inference,
        sample=sample or sample_of(panel),
        scores=scores,
        clusters=tuple(panel.cluster_labels[np.unique(problem.clusters)]) if clustered else (),
        regression=_regression(problem, fit, combine, account.family),
        panel=panel,
        refit=account.refit,
        parts=account.parts,
        notes=(*warnings_of(panel), *fit.notes, *unsettled(vcov, terms.names), *account.notes),
        fit={"r2_within": fit.r2_within},
    )


def _regression(problem: Problem, fit: Fit, combine: Array, family: str) -> Regression:
    return Regression(
        problem.y,
        problem.X,
        tuple(problem.names),
        problem.effects.codes,
        problem.clusters,
        problem.weights,
        fit.beta,
        combine,
        problem.units,
        problem.periods,
        family,
    )


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
            "One treated cluster: cluster-robust standard errors are far too small; no stars are shown."
        )
    return tuple(notes)


def cell_means(values: Array, codes: Codes, weights: Array | None = None) -> Array:
    """Weighted mean of `values` (n,) in each code."""
    w = np.ones(len(values)) if weights is None else weights
    out: Array = np.bincount(codes, weights=w * values) / np.bincount(codes, weights=w)
    return out


# Whom the treated are compared with: refused when there is nobody, cut where nobody remains.


def refuse_no_variation(panel: PolicyPanel) -> None:
    """Raise DataError when nobody, or everybody always, is treated, or the outcome never moves."""
    refuse_other_designs(panel)
    if not panel.D.any():
        raise DataError(
            f"no {panel.unit} is treated within the panel",
            "Check the adoption column against the panel's periods.",
        )
    if panel.D.all():
        raise DataError("every row is treated", "Effects need untreated periods and units.")
    if len(np.unique(panel.adoption)) == 1:
        raise DataError(
            f"all {len(panel.unit_labels)} units adopt in {panel.period_name(panel.adoption[0])}: nobody is left to "
            f"compare with",
            "A before-after difference is not an effect. Find units that never adopt or adopt later.",
        )
    if np.ptp(panel.y) == 0:
        raise DataError(f"the outcome {panel.outcome!r} is constant", "There is nothing to explain.")


def never_treated(panel: PolicyPanel, anticipation: int) -> Mask:
    """(N,) units that no policy reaches, nor its announcement: they adopt later than `anticipation` after the panel."""
    return np.asarray(panel.announced > panel.period_values[-1] + anticipation)


def with_comparison(panel: PolicyPanel, anticipation: int = 0) -> tuple[PolicyPanel, str]:
    """The panel with always-treated units left out, cut where no untreated unit remains; and who compares.

    Without never-treated units the last cohort serves as comparison until it adopts, or until it may anticipate that;
    later rows are lost.
    """
    refuse_no_variation(panel)
    always = panel.always_treated[panel.units]
    used = (
        panel.where(~always, "unit treated in all its periods: no effect is identified")
        if always.any()
        else panel
    )
    if not used.D.any():
        raise DataError(
            "every treated unit is treated in all its periods", "Effects need periods before adoption."
        )
    if never_treated(used, anticipation).any():
        return used, "never-treated units"
    last = float(used.announced.max())
    keep = used.period_values[used.periods] < last - anticipation
    name = panel.period_name(last)
    early = f", or may anticipate it {anticipation} period(s) before" if anticipation else ""
    used = used.where(keep, f"every {panel.unit} treated from {name} on{early}: no comparison left")
    if not used.D.any():
        raise DataError(
            f"all {len(panel.unit_labels)} units adopt by {name}: nobody is left to compare with"
            if early
            else f"all {len(panel.unit_labels)} units adopt in {name}: nobody is left to compare with",
            "A before-after difference is not an effect. Find units that never adopt or adopt later.",
        )
    return used, f"the cohort that adopts last ({name}), until it does" + ("" if not early else early[1:])


# Cells of cohort and period: their dummies, and the averages that turn them into effects.

AGGREGATES = ("event", "simple", "cohort", "calendar", "none")


@dataclass(frozen=True, eq=False)
class Cells:
    """Treated-cohort cells: cohort, period and event time of each (m,), and the cell of each row (n,), -1 for none.

    `panel` is the one they are of, which knows how its periods are written.
    """

    cohort: Array
    period: Array
    code: Codes
    weight: Array
    panel: PolicyPanel

    @property
    def event_time(self) -> Array:
        e: Array = self.period - self.cohort
        return e

    def dummies(self) -> Array:
        """(n, m) indicator of each cell."""
        out: Array = (self.code[:, None] == np.arange(len(self.cohort))[None, :]).astype(float)
        return out

    def names(self) -> list[str]:
        """``"ATT(g,t)"`` of each cell."""
        name = self.panel.period_name
        return [f"ATT({name(g)},{name(t)})" for g, t in zip(self.cohort, self.period, strict=True)]

    def table(self) -> pd.DataFrame:
        """Cohort, period and event time of each cell, periods as the user writes them."""
        named = self.panel.named
        return pd.DataFrame(
            {"cohort": named(self.cohort), "period": named(self.period), "event_time": self.event_time}
        )


def cells(panel: PolicyPanel, keep: Mask) -> Cells:
    """Cells of the rows `keep` (n,), in order of cohort and period; the weight is the rows' total weight."""
    pairs = np.column_stack([panel.first, panel.period_values[panel.periods]])[keep]
    distinct, inverse = np.unique(pairs, axis=0, return_inverse=True)
    code = np.full(len(panel.y), -1, np.int64)
    code[keep] = inverse.reshape(-1)
    w = np.ones(len(panel.y)) if panel.w is None else panel.w
    weight = np.asarray(np.bincount(code[keep], weights=w[keep], minlength=len(distinct)), float)
    return Cells(distinct[:, 0], distinct[:, 1], code, weight, panel)


def combination(
    of: Cells, aggregate: str, *, times: tuple[int, ...] | None = None
) -> tuple[Array, pd.DataFrame]:
    r"""Weights (terms, m) that average the cells, and the terms.

    Cells are weighted by their rows (the weights' total): within an event time ``"event"``, a cohort's
    treated cells ``"cohort"``, a period's ``"calendar"``, all treated cells ``"simple"``.

    `times` are event times to show although no cell has them: base periods.

    Returns
    -------
    weights : array
    terms : DataFrame with ``term`` and, where it has one, ``event_time``
    """
    one_of("aggregate", aggregate, AGGREGATES)
    e = of.event_time
    if aggregate == "none":
        return np.eye(len(e)), of.table().assign(term=of.names())
    treated: Mask = e >= 0
    keep: Mask = np.ones(len(e), bool) if aggregate == "event" else treated
    if aggregate == "simple":
        return _average(np.zeros(len(e)), of.weight, treated, [0.0]), pd.DataFrame({"term": ["ATT"]})
    by = {"event": e, "cohort": of.cohort, "calendar": of.period}[aggregate]
    values = sorted(set(by[keep]) | set((times or ()) if aggregate == "event" else ()))
    name = (lambda v: f"{v:.0f}") if aggregate == "event" else of.panel.period_name
    terms = pd.DataFrame({"term": [name(v) for v in values]})
    if aggregate == "event":
        terms["event_time"] = [int(v) for v in values]
    return _average(by, of.weight, keep, values), terms


def columns_of(terms: pd.DataFrame) -> dict[str, list[object]]:
    """The further columns of a table of terms."""
    return {str(c): terms[c].tolist() for c in terms.columns if c != "term"}


def _average(by: Array, weight: Array, keep: Mask, values: list[float]) -> Array:
    out = np.zeros((len(values), len(by)))
    for row, v in enumerate(values):
        at = keep & (by == v)
        if at.any():
            out[row, at] = weight[at] / weight[at].sum()
    return out


def independent(X: Array, effects: Effects, weights: Array | None, *, protect: int) -> Codes:
    """Columns of `X` to keep: the first `protect`, and those of the rest that add something to the ones before."""
    tilde = absorb(X, effects, weights)
    scale = np.sqrt((X**2).sum(0))
    R = linalg.qr(tilde / np.where(scale > 0, scale, 1.0), mode="r")[0]
    size = np.zeros(X.shape[1])
    size[: min(R.shape)] = np.abs(np.diag(R))
    left = np.linalg.norm(tilde / np.where(scale > 0, scale, 1.0), axis=0)
    return np.flatnonzero((size > np.maximum(COLLINEAR, SAME * left)) | (np.arange(X.shape[1]) < protect))
