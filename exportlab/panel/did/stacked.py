"""Stacked difference in differences: one clean comparison a cohort, stacked and weighted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes
from exportlab.options import Level, validated
from exportlab.panel.contract import refuse_given
from exportlab.panel.did.regress import (
    Account,
    Problem,
    Terms,
    effects_of,
    from_fit,
    least_squares,
    sample_of,
    with_comparison,
)
from exportlab.panel.estimate import Estimate

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel


OUTSIDE = "in no cohort's stack (outside its window, or of a unit that misses a period of it)"


@dataclass(frozen=True, eq=False)
class Stack:
    """Rows of the panel, once for every cohort they serve: row number, cohort, event time, in the cohort, weight."""

    row: Codes
    cohort: Array
    time: Array
    treated: Array
    weight: Array


@validated
def att(panel: PolicyPanel, **options: Any) -> Estimate:
    """Average over event times from adoption on, equally weighted; options as in `event_study`."""
    return _fit(panel, average=True, **options)


@validated
def event_study(panel: PolicyPanel, **options: Any) -> Estimate:
    r"""Effects by event time in the stack of clean comparisons.

    For every cohort the rows of its units and of units untreated throughout its window are kept; the
    stacks share the event-time effects. Corrective weights make each coefficient the average of the
    cohorts' own differences in differences by their numbers (weights) of treated units.

    Parameters
    ----------
    window : (int, int), optional
        First and last event time; by default the widest that every cohort has. Cohorts without it are
        left out and counted.
    weights : {"corrective", "none"}
        ``"none"`` is the plain stack with event time effects by cohort (Cengiz et al. 2019); it alone takes
        covariates, as effects of periods that the pooled event times leave in would go into theirs.

    Notes
    -----
    Event times have one effect over all corrective stacks, as in the paper: what periods do to all units enters the
    standard errors as noise, though not the estimates.

    References
    ----------
    Wing, Freedman and Hollingsworth (2024), NBER 32054; Cengiz et al. (2019), QJE 134, 1405-1454.
    """
    return _fit(panel, average=False, **options)


@validated
def _fit(
    panel: PolicyPanel,
    *,
    average: bool,
    window: tuple[int, int] | None = None,
    weights: str = "corrective",
    level: Level = 0.95,
) -> Estimate:
    one_of("weights", weights, ["corrective", "none"])
    if weights == "corrective":
        refuse_given(panel, "Stacked DiD with corrective weights (not with weights='none')", "covariates")
    used, _ = with_comparison(panel)
    low, high = _window(used, window)
    stack, left_out = build(used, low, high)
    times = np.unique(stack.time)
    shown = times[times != -1]
    X = np.column_stack([*((stack.time == e) * stack.treated for e in shown), used.X[stack.row]])
    names = [*(f"{e:.0f}" for e in shown), *used.covariates]
    problem = _problem(used, stack, X, names, corrective=weights == "corrective")
    kept = np.zeros(len(used.y), bool)
    kept[stack.row] = True
    flow = used.where(kept, OUTSIDE) if not kept.all() else used
    notes = [f"Window {low} to {high}; {len(stack.row):,} stacked rows."]
    if left_out:
        gone = ", ".join(used.period_name(g) for g in left_out)
        notes.append(f"Cohorts without the whole window are left out: {gone}.")
    by = "cohorts by their treated units" if weights == "corrective" else "cohorts by treatment variance"
    account = Account(
        method="Stacked DiD",
        estimand="average effect on the treated" + ("" if average else " by time since adoption"),
        comparison="units untreated throughout the cohort's window",
        weighting=by,
        refit=partial(_fit, average=average, window=window, weights=weights, level=level),
        notes=notes,
    )
    terms = _terms(stack, times, shown, average)
    terms = replace(terms, combine=np.pad(terms.combine, ((0, 0), (0, len(used.covariates)))))
    made = from_fit(
        used, problem, least_squares(problem), terms, account, level=level, sample=sample_of(flow)
    )
    return replace(made, fit={**made.fit, "stack_rows": float(len(stack.row))})


def _problem(panel: PolicyPanel, stack: Stack, X: Array, names: list[str], *, corrective: bool) -> Problem:
    """The regression on the stack; without corrective weights event times have effects in every stack."""
    w = stack.weight if corrective else np.ones(len(stack.row))
    w = w if panel.w is None else w * panel.w[stack.row]
    cohort = np.unique(stack.cohort, return_inverse=True)[1]
    period = stack.time if corrective else _joint(stack.time, stack.cohort)
    effects = effects_of({"unit in stack": _joint(panel.units[stack.row], cohort), "period": period})
    units, periods, clusters = (of[stack.row] for of in (panel.units, panel.periods, panel.clusters))
    return Problem(panel.y[stack.row], X, names, effects, units, periods, clusters, w)


def _joint(*codes: Any) -> Codes:
    return np.unique(np.column_stack(codes), axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _window(panel: PolicyPanel, window: tuple[int, int] | None) -> tuple[int, int]:
    times = panel.period_values
    if window is None:
        low = max(float(times[0] - g) for g in panel.cohorts)
        high = min(float(times[-1] - g) for g in panel.cohorts)
        return int(low), int(high)
    low_, high_ = window
    if not (low_ <= -1 and high_ >= 0):
        raise OptionError(
            f"window={window} is not allowed. Allowed: (low, high) with low <= -1 and high >= 0."
        )
    return int(low_), int(high_)


def build(panel: PolicyPanel, low: int, high: int) -> tuple[Stack, list[float]]:
    """Stack the clean comparisons; cohorts whose window the panel does not hold are returned as left out."""
    times, value = panel.period_values, panel.period_values[panel.periods]
    pieces, left_out = [], []
    for g in panel.cohorts:
        inside = times[(times >= g + low) & (times <= g + high)]
        if times[0] > g + low or times[-1] < g + high or (g - 1) not in times:
            left_out.append(float(g))
            continue
        rows = (value >= g + low) & (value <= g + high)
        rows &= (panel.first == g) | (panel.first > g + high)
        complete = np.bincount(panel.units[rows], minlength=len(panel.unit_labels)) == len(inside)
        row = np.flatnonzero(rows & complete[panel.units])
        treated = (panel.first[row] == g).astype(float)
        if treated.all() or not treated.any():
            left_out.append(float(g))
            continue
        pieces.append((row, np.full(len(row), g), value[row] - g, treated))
    if not pieces:
        _refuse_none(panel, low, high)
    row, cohort, time, treated = (np.concatenate(c) for c in zip(*pieces, strict=True))
    counts = np.ones(len(row)) if panel.w is None else panel.w[row]
    return Stack(row, cohort, time, treated, _corrective(cohort, treated, counts)), left_out


def _refuse_none(panel: PolicyPanel, low: int, high: int) -> NoReturn:
    """The error that says why no cohort has a stack."""
    if not np.isin(panel.cohorts - 1, panel.period_values).any():
        raise DataError(
            "no cohort has the period just before it adopts (event time -1), which stacks are measured from",
            f"Where periods are several {panel.steps} apart number them 1, 2, 3, ..., dates of adoption too; or use "
            "another method.",
        )
    raise DataError(
        f"no cohort has the window {low} to {high} with units untreated throughout it",
        "Choose a shorter window.",
    )


def _corrective(cohort: Array, treated: Array, counts: Array) -> Array:
    """Comparison rows weighted so that each stack's comparison has its cohort's share of the treated.

    A row counts as the regression counts it: by its weight. The paper's further factor, comparison rows over treated
    ones in all stacks, is the same for all comparison rows: effects of periods take it up.
    """
    w = np.ones(len(cohort))
    on, off = counts * treated, counts * (1 - treated)
    for g in np.unique(cohort):
        at = cohort == g
        w[at & (treated == 0)] = on[at].sum() / off[at].sum()
    return w


def _terms(stack: Stack, times: Array, shown: Array, average: bool) -> Terms:
    on = stack.treated > 0
    if average:
        combine = ((shown >= 0) / (shown >= 0).sum())[None, :]
        return Terms(combine, ["ATT"], [int((on & (stack.time >= 0)).sum())])
    combine = (times[:, None] == shown[None, :]).astype(float)
    counts = [int((on & (stack.time == e)).sum()) for e in times]
    return Terms(combine, [f"{e:.0f}" for e in times], counts, {"event_time": times.astype(int)})
