"""Callaway and Sant'Anna: effects of each cohort in each period, then averages of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Mask
from exportlab.options import Level, Places, validated
from exportlab.panel.algebra.sandwich import ROUNDING, group_sums, settled, unsettled
from exportlab.panel.did.regress import columns_of, never_treated, sample_of, warnings_of, with_comparison
from exportlab.panel.did.sun_abraham import ESTIMANDS
from exportlab.panel.estimate import Estimate, Inference, estimate_table
from exportlab.panel.inference.multiple import with_bands

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

Rng = int | np.random.Generator
AGGREGATES = ("simple", "event", "cohort", "calendar", "none")
NO_BASE = "no period before adoption without anticipation: cohort"
CONVENTION = "none (asymptotic), as R's did: variance of the influence functions summed by cluster"


@validated
def att(
    panel: PolicyPanel,
    *,
    aggregate: str = "simple",
    control: str = "never",
    adjust: str = "dr",
    base: str = "varying",
    anticipation: Places = 0,
    shares: str = "estimated",
    balance: Places | None = None,
    covariates_at: str = "base",
    draws: Places = 0,
    rng: Rng = 0,
    level: Level = 0.95,
) -> Estimate:
    r"""Average effects on the treated by group-time effects.

    :math:`ATT(g,t)` compares the change from the base period to t of cohort g with that of the comparison
    group; covariates enter with their value in the base period (see `covariates_at`).

    Parameters
    ----------
    aggregate : {"simple", "event", "cohort", "calendar", "none"}
        All treated cells by cohort size; by time since adoption, by cohort, by period (each with its
        overall average first, term ``"ATT"``); or every ATT(g,t).
    control : {"never", "notyet"}
        Comparison units: never treated, or not treated by the period.
    adjust : {"dr", "ipw", "reg"}
        How covariates enter; see `exportlab.panel.did.callaway`.
    base : {"varying", "universal"}
        Base period of cells before adoption: the one before, or always the last before adoption.
    anticipation : int
        Periods before adoption in which effects may already show.
    shares : {"estimated", "fixed", "did"}
        Whether standard errors count the sampling of cohort sizes. ``"estimated"`` agrees with R's did,
        csdid and differences, save that did 2.1.2 takes the indicators of the wrong cells for the overall
        average by cohort (mpdta: .012415, not .012446); ``"did"`` reproduces that.
    balance : int, optional
        For ``"event"``: only cohorts observed `balance` periods after adoption, and event times up to it.
    covariates_at : {"base", "earlier"}
        Which period's covariates a cell takes where they change over time: the base period's, always; or those of the
        earlier of its two periods, as R's did and Stata's csdid. The two differ only before adoption under
        ``base="universal"``, where the base is the later one.
    draws, rng : multiplier bootstrap (Rademacher, by cluster) for simultaneous bands; 0 draws for none.

    Notes
    -----
    Pairs with a missing row leave the unit out of that comparison only.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225, 200-230.
    """
    one_of("aggregate", aggregate, AGGREGATES)
    one_of("control", control, ["never", "notyet"])
    one_of("adjust", adjust, METHODS)
    one_of("base", base, ["varying", "universal"])
    one_of("covariates_at", covariates_at, ["base", "earlier"])
    one_of("shares", shares, ["estimated", "fixed", "did"])
    cells: dict[str, Any] = {
        "control": control,
        "adjust": adjust,
        "base": base,
        "covariates_at": covariates_at,
    }
    again = partial(
        att, aggregate=aggregate, anticipation=anticipation, shares=shares, balance=balance, draws=draws, rng=rng,
        level=level, **cells,
    )  # fmt: skip
    used, who = _prepare(panel, control, anticipation)
    effects = group_time(used, anticipation=anticipation, **cells)
    estimate, influence, terms = average(used, effects, aggregate, shares=shares, balance=balance)
    flow, lost = _lost_cells(used, effects)
    scores = group_sums(influence, _unit_clusters(used)) / len(influence)
    size = ROUNDING * np.sqrt((influence**2).sum(0) / len(influence) + float(np.abs(used.y).max()) ** 2)
    vcov = settled(scores.T @ scores, np.where((influence != 0).any(0), size / np.sqrt(len(influence)), 0.0))
    inference = _inference(used, level)
    columns: dict[str, Any] = dict(columns_of(terms.drop(columns="n")))
    # A cell counts the units it compares; cells share units, so the average counts the panel's rows.
    counts = [len(flow.y) if t == "ATT" else n for t, n in zip(terms["term"], terms["n"], strict=True)]
    table = estimate_table(list(terms["term"]), estimate, vcov, inference, counts, **columns)
    made = Estimate(
        method=f"Callaway-Sant'Anna ({adjust})" if used.covariates else "Callaway-Sant'Anna",
        estimand=ESTIMANDS[aggregate] + (", over the cells that can be compared" if effects.lost else ""),
        comparison=who, weighting="cohorts by their units", table=table,
        vcov=vcov, inference=inference, sample=sample_of(flow), scores=scores, panel=used, refit=again,
        clusters=tuple(used.cluster_labels), parts={"cells": _cell_table(used, effects)},
        notes=(*warnings_of(used), *lost, *unsettled(vcov, list(terms["term"]))),
    )  # fmt: skip
    return with_bands(made, draws=draws, rng=rng) if draws else made


def _inference(panel: PolicyPanel, level: float) -> Inference:
    return Inference(
        "cluster-robust, influence functions",
        CONVENTION,
        np.inf,
        level,
        1.0,
        panel.cluster or panel.unit,
        len(panel.cluster_labels),
        panel.treated_clusters,
    )


@validated
def event_study(
    panel: PolicyPanel, *, draws: Places = 999, base: str = "universal", **options: Any
) -> Estimate:
    """Effects by time since adoption, with simultaneous bands and one base period; options as in `att`."""
    made = att(panel, aggregate="event", draws=draws, base=base, **options)
    return _without_overall(made, partial(event_study, draws=draws, base=base, **options))


def _without_overall(made: Estimate, again: Any) -> Estimate:
    from dataclasses import replace

    assert made.scores is not None
    table = made.table.iloc[1:].reset_index(drop=True)
    table["event_time"] = table["event_time"].astype(int)
    overall = made.table.iloc[:1].drop(columns="event_time")
    return replace(
        made,
        table=table,
        vcov=made.vcov[1:, 1:],
        scores=made.scores[:, 1:],
        refit=again,
        parts={**made.parts, "overall": overall},
    )


def _prepare(panel: PolicyPanel, control: str, anticipation: int) -> tuple[PolicyPanel, str]:
    if control == "never" and not never_treated(panel, anticipation).any():
        raise DataError(
            f"no {panel.unit} is never treated"
            + (", nor adopts later than it may be anticipated" * (anticipation > 0)),
            "Say control='notyet' to compare with units that adopt later.",
        )
    used, who = with_comparison(_with_base(panel, anticipation), anticipation)
    refuse_moving_weights(used)
    return used, who if control == "never" else f"{who}, and units not yet treated"


def _with_base(panel: PolicyPanel, anticipation: int) -> PolicyPanel:
    """Leave out, and count, cohorts all of whose periods before adoption may anticipate it: they have no base."""
    early = panel.period_values[0] >= panel.announced - anticipation
    rows = (early & ~panel.always_treated & np.isfinite(panel.adoption))[panel.units]
    if not rows.any():
        return panel
    names = ", ".join(panel.period_name(g) for g in np.unique(panel.first[rows]))
    if panel.D[~rows].any():
        return panel.where(~rows, f"{NO_BASE} {names}")
    raise DataError(
        f"no cohort has a period before adoption that anticipation={anticipation} leaves clean",
        "Allow fewer periods of anticipation, or bring earlier periods.",
    )


def _lost_cells(panel: PolicyPanel, effects: GroupTime) -> tuple[PolicyPanel, tuple[str, ...]]:
    """The panel less the treated rows that enter no cell, for the sample flow; and notes that name what is missing."""
    gone = tuple(
        f"Averages leave out cohorts with {why}." for why, _ in panel.lost if why.startswith(NO_BASE)
    )
    if not effects.lost:
        return panel, gone
    value = panel.period_values[panel.periods]
    rows = np.zeros(len(panel.y), bool)
    for g, t in effects.lost:
        rows |= (panel.first == g) & (value == t)
    names = [f"ATT({panel.period_name(g)},{panel.period_name(t)})" for g, t in effects.lost]
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    of = len(names) + int((effects.event_time >= 0).sum())
    note = f"Averages leave out {len(names)} of {of} treated cells, which have no units to compare: {shown}."
    flow = panel.where(~rows, "treated cell without units to compare") if rows.any() else panel
    return flow, (*gone, note)


def _unit_clusters(panel: PolicyPanel) -> Any:
    return panel.clusters[np.searchsorted(panel.units, np.arange(len(panel.unit_labels)))]


def _cell_table(panel: PolicyPanel, effects: GroupTime) -> pd.DataFrame:
    sums = group_sums(effects.influence, _unit_clusters(panel)) / len(effects.influence)
    return pd.DataFrame(
        {
            "cohort": panel.named(effects.cohort),
            "period": panel.named(effects.period),
            "event_time": effects.event_time,
            "base": panel.named(effects.base),
            "estimate": effects.estimate,
            "std_error": np.sqrt((sums**2).sum(0)),
            "units": effects.n.astype(int),
        }
    )


# Effects of each cohort in each period against those not treated then, with their influence functions.


@dataclass(frozen=True, eq=False)
class GroupTime:
    """ATT(g,t): cohort, period, estimate (m,), influence functions (N, m), units in each comparison.

    `lost` are the treated cells (cohort, period) that have no pair of units to compare.
    """

    cohort: Array
    period: Array
    estimate: Array
    influence: Array
    base: Array
    n: Array
    lost: tuple[tuple[float, float], ...] = ()

    @property
    def event_time(self) -> Array:
        e: Array = self.period - self.cohort
        return e


def refuse_moving_weights(panel: PolicyPanel) -> None:
    """Estimators that weight units take one weight a unit."""
    if panel.w is None:
        return
    low, high = np.full(len(panel.unit_labels), np.inf), np.zeros(len(panel.unit_labels))
    np.minimum.at(low, panel.units, panel.w)
    np.maximum.at(high, panel.units, panel.w)
    if (low < high).any():
        raise DataError(
            "weights change within a unit over time",
            "This estimator weights units: give one weight a unit.",
            rows=int((low < high).sum()),
            first=str(panel.unit_labels[int((low < high).argmax())]),
        )


def unit_weights(panel: PolicyPanel) -> Array:
    """(N,) weights of units with mean one."""
    if panel.w is None:
        return np.ones(len(panel.unit_labels))
    w = panel.w[np.searchsorted(panel.units, np.arange(len(panel.unit_labels)))]
    out: Array = w / w.mean()
    return out


@dataclass(frozen=True, eq=False)
class _Wide:
    """A panel with units in rows and periods in columns, missing where there is no row."""

    Y: Array
    X: Array
    w: Array
    adopts: Array
    times: Array

    @classmethod
    def of(cls, panel: PolicyPanel) -> _Wide:
        N, T, k = len(panel.unit_labels), len(panel.period_values), panel.X.shape[1]
        Y, X = np.full((N, T), np.nan), np.full((N, T, k), np.nan)
        Y[panel.units, panel.periods], X[panel.units, panel.periods] = panel.y, panel.X
        return cls(Y, X, unit_weights(panel), panel.announced, panel.period_values)

    def cells(self, g: float, base: str, anticipation: int) -> Iterator[tuple[int, int]]:
        """Columns (t, base period) of a cohort's cells; none where no period before adoption is clean."""
        before = int(np.searchsorted(self.times, g - anticipation)) - 1
        for t, time in enumerate(self.times if before >= 0 else ()):
            pre = before if time >= g or base == "universal" else min(t - 1, before)
            if pre >= 0:
                yield t, pre

    def compared(
        self, D: Mask, compare: Mask, t: int, pre: int, *, known: int, adjust: str, where: str
    ) -> tuple[float, Array, int] | None:
        """Effect, influence function (N,) and units of a cell, covariates of `known`; None where a side is empty."""
        both = (D | compare) & ~np.isnan(self.Y[:, t]) & ~np.isnan(self.Y[:, pre])
        n = int(both.sum())
        if not (both & D).any() or not (both & compare).any():
            return None
        Z = np.column_stack([np.ones(n), self.X[both, known]])
        change = self.Y[both, t] - self.Y[both, pre]
        effect, influence = two_by_two(
            change, D[both].astype(float), Z, self.w[both], adjust=adjust, where=where
        )
        full = np.zeros(len(both))
        full[both] = influence * (len(both) / n)  # a mean over the n compared, as one over all N units
        return effect, full, n


def group_time(
    panel: PolicyPanel,
    *,
    control: str,
    adjust: str,
    base: str,
    anticipation: int,
    covariates_at: str = "base",
) -> GroupTime:
    """Every ATT(g,t) with its influence function over the N units; Callaway and Sant'Anna (2021), theorem 1."""
    wide = _Wide.of(panel)
    times, adopts, never = wide.times, wide.adopts, never_treated(panel, anticipation)
    rows, columns, lost = [], [], []
    for g in panel.cohorts:
        for t, pre in wide.cells(g, base, anticipation):
            if t == pre:  # the base period itself, shown as the zero that it is
                rows.append((g, times[t], 0.0, times[pre], 0))
                columns.append(np.zeros(len(adopts)))
                continue
            # A universal base can lie after t: who compares is untreated, and does not anticipate, in both periods.
            limit = times[max(t, pre)] + anticipation
            compare = never if control == "never" else (adopts > limit) & (adopts != g)
            where = f" in ATT({panel.period_name(g)},{panel.period_name(times[t])})"
            known = pre if covariates_at == "base" else min(t, pre)
            cell = wide.compared(adopts == g, compare, t, pre, known=known, adjust=adjust, where=where)
            if cell is None:
                lost += [(float(g), float(times[t]))] if times[t] >= g else []
                continue
            effect, influence, units = cell
            rows.append((g, times[t], effect, times[pre], units))
            columns.append(influence)
    if not rows:
        raise DataError(
            "no cohort has a comparison unit observed in both periods", "Look at check() for gaps."
        )
    cohort, period, estimate, based, n = (np.array(c, float) for c in zip(*rows, strict=True))
    return GroupTime(cohort, period, estimate, np.column_stack(columns), based, n, tuple(lost))


# Averages of group-time effects, with the influence functions of the averages.


def average(
    panel: PolicyPanel, effects: GroupTime, aggregate: str, *, shares: str, balance: int | None
) -> tuple[Array, Array, pd.DataFrame]:
    """Estimates (terms,), influence functions (N, terms), and ``term, n`` with ``event_time`` where there is one."""
    if aggregate == "none":
        name = panel.period_name
        names = [f"ATT({name(g)},{name(t)})" for g, t in zip(effects.cohort, effects.period, strict=True)]
        terms = pd.DataFrame({"term": names, "n": effects.n.astype(int), "event_time": effects.event_time})
        terms["cohort"], terms["period"] = panel.named(effects.cohort), panel.named(effects.period)
        return effects.estimate, effects.influence, terms
    w = unit_weights(panel)
    member = w[:, None] * (panel.adoption[:, None] == effects.cohort[None, :])
    p = member.mean(0)
    error = np.zeros_like(member) if shares == "fixed" else member - p
    post: Mask = effects.event_time >= 0
    if aggregate == "simple":
        estimate, influence = _weighted(effects, p, error, post)
        terms = pd.DataFrame({"term": ["ATT"], "n": [int(effects.n[post].sum())]})
        return np.array([estimate]), influence[:, None], terms
    if shares == "did":  # its index runs over the first cells instead of the cohorts
        first = np.array([int(np.argmax(effects.cohort == g)) for g in np.unique(effects.cohort)])
        error = member - p
        slipped = member[:, : len(first)] - p[first]
        found = _by(effects, p, error, aggregate, balance=balance, drifting=slipped)
    else:
        found = _by(effects, p, error, aggregate, balance=balance)
    estimates, influence, values, counts = found
    named = [f"{v:.0f}" if aggregate == "event" else panel.period_name(v) for v in values]
    terms = pd.DataFrame({"term": ["ATT", *named], "n": counts})
    if aggregate == "event":
        terms["event_time"] = [np.nan, *values]
    return estimates, influence, terms


def _weighted(effects: GroupTime, p: Array, error: Array, keep: Mask) -> tuple[float, Array]:
    r"""Average with weights `p`; their sampling adds :math:`\sum_c ATT_c\,\partial w_c`."""
    at = np.flatnonzero(keep)
    total = p[at].sum()
    weight = p[at] / total
    estimate = float(weight @ effects.estimate[at])
    shift = error[:, at] @ effects.estimate[at] / total - error[:, at].sum(1) * estimate / total
    return estimate, effects.influence[:, at] @ weight + shift


def _by(
    effects: GroupTime,
    p: Array,
    error: Array,
    aggregate: str,
    *,
    balance: int | None,
    drifting: Array | None = None,
) -> tuple[Array, Array, Array, list[int]]:
    """The overall average first, then one an event time, cohort or period: estimates, influence, times, counts."""
    e = effects.event_time
    post: Mask = e >= 0
    keep: Mask = np.ones(len(e), bool) if aggregate == "event" else post
    if aggregate == "event" and balance is not None:
        keep &= _balanced(effects, balance)
    by = {"event": e, "cohort": effects.cohort, "calendar": effects.period}[aggregate]
    values = np.unique(by[keep])
    # Within a cohort its periods count equally, so there are no shares to estimate.
    equal = aggregate == "cohort"
    parts = [
        _weighted(
            effects,
            np.ones(len(e)) if equal else p,
            np.zeros_like(error) if equal else error,
            keep & (by == v),
        )
        for v in values
    ]
    estimates, influences = np.array([x for x, _ in parts]), np.column_stack([x for _, x in parts])
    if aggregate == "cohort":
        first = np.array([int(np.argmax(effects.cohort == g)) for g in values])
        total = p[first].sum()
        overall = float(p[first] @ estimates / total)
        moves = error[:, first] if drifting is None else drifting
        drift = (moves @ estimates - moves.sum(1) * overall) / total
        overall_influence = influences @ (p[first] / total) + drift
    else:
        late = values >= 0 if aggregate == "event" else np.ones(len(values), bool)
        overall, overall_influence = float(estimates[late].mean()), influences[:, late].mean(1)
    counts = [int(effects.n[keep & post].sum()), *(int(effects.n[keep & (by == v)].sum()) for v in values)]
    return np.append(overall, estimates), np.column_stack([overall_influence, influences]), values, counts


def _balanced(effects: GroupTime, balance: int) -> Mask:
    """Cells of cohorts that are observed `balance` periods after adoption, up to that event time."""
    long = np.unique(effects.cohort[effects.event_time >= balance])
    if balance < 0 or not len(long):
        top = int(effects.event_time.max())
        raise OptionError(f"balance={balance} is not allowed. Allowed: 0 to {top}, periods after adoption.")
    out: Mask = np.isin(effects.cohort, long) & (effects.event_time <= balance)
    return out


# One two-by-two comparison with covariates: doubly robust, inverse probability, outcome regression.

OVERLAP = 1 - 1e-6  # propensity above which a comparison unit would count a million times
METHODS = ("dr", "ipw", "reg")


def two_by_two(
    change: Array, D: Array, X: Array, w: Array, *, adjust: str = "dr", where: str = ""
) -> tuple[float, Array]:
    r"""Effect on the treated from the change of the outcome, and its influence function.

    Parameters
    ----------
    change : (n,) outcome after less before
    D : (n,) 1.0 for the cohort, 0.0 for the comparison
    X : (n, k) covariates at the base period, a constant first
    w : (n,) weights
    adjust : {"dr", "ipw", "reg"}
        Doubly robust (logit and least squares), normalised inverse probability weights, outcome regression.
    where : str
        Named in errors.

    Returns
    -------
    effect : float
    influence : (n,) with mean zero; the variance of the effect is ``(influence**2).sum() / n**2``

    References
    ----------
    Sant'Anna and Zhao (2020), Journal of Econometrics 219, 101-122, equations 2.2, 2.4 and 3.1.
    """
    w = w / w.mean()
    if X.shape[1] == 1:
        return _means(change, D, w)
    X = _standard(X, w)
    if adjust == "reg":
        return _regression(change, D, X, w, where)
    if adjust == "ipw":
        return _weighting(change, D, X, w, where)
    return _doubly_robust(change, D, X, w, where)


def _standard(X: Array, w: Array) -> Array:
    """The constant and the covariates in standard deviations from their mean: neither unit nor origin counts."""
    centred = X[:, 1:] - np.average(X[:, 1:], axis=0, weights=w)
    size = np.sqrt(np.average(centred**2, axis=0, weights=w))
    moves = size > 1e-12 * np.abs(X[:, 1:]).max(axis=0)
    return np.column_stack([X[:, 0], centred / np.where(moves, size, 1.0)])


def _means(change: Array, D: Array, w: Array) -> tuple[float, Array]:
    treated, control = w * D, w * (1 - D)
    a, b = treated.sum() / len(w), control.sum() / len(w)
    high, low = (treated @ change) / treated.sum(), (control @ change) / control.sum()
    return float(high - low), treated * (change - high) / a - control * (change - low) / b


def propensity(D: Array, X: Array, w: Array, where: str) -> tuple[Array, Array]:
    """Logit of D on X by Newton steps: fitted probabilities (n,) and each row's part in the coefficients (n, k)."""
    _refuse_collinear((X * w[:, None]).T @ X, f"the units compared{where}")
    beta = np.zeros(X.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(X @ beta, -40, 40)))
        hessian = (X * (w * p * (1 - p))[:, None]).T @ X
        if np.linalg.cond(hessian) > 1e13:
            break
        step = np.linalg.solve(hessian, X.T @ (w * (D - p)))
        beta += step
        if np.abs(step).max() < 1e-10:
            return p, (X * (w * (D - p))[:, None]) @ np.linalg.inv(hessian) * len(D)
    raise DataError(
        f"the covariates separate the treated from the comparison units{where}",
        "There is no overlap: use fewer covariates, or adjust='reg', which extrapolates.",
    )


def outcome(change: Array, D: Array, X: Array, w: Array, where: str) -> tuple[Array, Array]:
    """Least squares on the comparison: fitted change of all (n,) and each row's part in the coefficients (n, k)."""
    v = w * (1 - D)
    XtX = (X * v[:, None]).T @ X
    _refuse_collinear(XtX, f"the comparison units{where}")
    beta = np.linalg.solve(XtX, X.T @ (v * change))
    fitted = X @ beta
    return fitted, (X * (v * (change - fitted))[:, None]) @ np.linalg.inv(XtX) * len(D)


def _refuse_collinear(XtX: Array, units: str) -> None:
    scale = np.sqrt(np.diag(XtX))
    scaled = np.divide(XtX, np.outer(scale, scale), out=np.zeros_like(XtX), where=np.outer(scale, scale) > 0)
    if np.linalg.matrix_rank(scaled, tol=1e-10) < len(XtX):
        raise DataError(
            f"the covariates are collinear among {units}",
            "Leave out covariates that do not vary or that repeat others, or choose a larger comparison group.",
        )


def _odds(p: Array, D: Array, w: Array, where: str) -> Array:
    extreme = (D == 0) & (p > OVERLAP)
    if extreme.any():
        raise DataError(
            f"comparison units have a propensity of one{where}",
            "There is no overlap: use fewer covariates.",
            rows=int(extreme.sum()),
        )
    odds: Array = w * (1 - D) * p / (1 - np.minimum(p, OVERLAP))
    return odds


def _weighting(change: Array, D: Array, X: Array, w: Array, where: str) -> tuple[float, Array]:
    p, linear = propensity(D, X, w, where)
    treated, control = w * D, _odds(p, D, w, where)
    high, low = (treated @ change) / treated.sum(), (control @ change) / control.sum()
    slope = (control * (change - low)) @ X / len(D)
    influence = treated * (change - high) / treated.mean()
    influence -= (control * (change - low) + linear @ slope) / control.mean()
    return float(high - low), influence


def _regression(change: Array, D: Array, X: Array, w: Array, where: str) -> tuple[float, Array]:
    fitted, linear = outcome(change, D, X, w, where)
    treated = w * D
    gap = change - fitted
    effect = (treated @ gap) / treated.sum()
    mean = treated @ X / len(D)
    return float(effect), (treated * (gap - effect) - linear @ mean) / treated.mean()


def _doubly_robust(change: Array, D: Array, X: Array, w: Array, where: str) -> tuple[float, Array]:
    p, from_p = propensity(D, X, w, where)
    fitted, from_fit = outcome(change, D, X, w, where)
    treated, control = w * D, _odds(p, D, w, where)
    gap = change - fitted
    high, low = (treated @ gap) / treated.sum(), (control @ gap) / control.sum()
    n = len(D)
    one = treated * (gap - high) - from_fit @ (treated @ X / n)
    two = control * (gap - low) + from_p @ ((control * (gap - low)) @ X / n) - from_fit @ (control @ X / n)
    return float(high - low), one / treated.mean() - two / control.mean()
