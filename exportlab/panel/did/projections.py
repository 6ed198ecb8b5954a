"""Local projections difference in differences (Dube, Girardi, Jorda and Taylor): one regression a horizon."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes, Mask
from exportlab.options import Level, Places, validated
from exportlab.panel.algebra.sandwich import group_sums, rounding_error, settled, unsettled
from exportlab.panel.contract import refuse_uneven
from exportlab.panel.did.adjusted import levers, net_of
from exportlab.panel.did.callaway import refuse_moving_weights, unit_weights
from exportlab.panel.did.regress import refuse_no_variation, sample_of, warnings_of
from exportlab.panel.estimate import Estimate, Inference, estimate_table

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

CONVENTION = "fixest's, in the regression of each horizon: G/(G-1) x (N-1)/(N-K), periods in K"
UNUSED = "unit that is treated throughout, or in no comparison"


@validated
def att(
    panel: PolicyPanel,
    *,
    weighting: str = "equal",
    base: str = "last",
    horizons: Places | None = None,
    level: Level = 0.95,
) -> Estimate:
    r"""Average effect over horizons by local projections.

    At each horizon h the long difference :math:`y_{i,t+h}-y_{i,t-1}` of units that adopt at t is compared with that of
    units not treated by t + h, effects of t taken out: :math:`\Delta^hy_{it}=\beta_h\Delta D_{it}+\delta^h_t+e^h_{it}`.
    The average is over the adopting units of all horizons. The panel's weights, one a unit, weigh rows and averages.

    Covariates are taken as they are at t - 1. By variance they stand in the regression; with equal weights by
    regression adjustment: effects of dates and slopes are those of units not treated by t + h, and what is left of
    adopting units is averaged. What a covariate does to the outcome after t - 1 stays in it. Errors by equal weights
    are those of regression adjustment, with fixest's factor.

    Parameters
    ----------
    weighting : {"equal", "variance"}
        How adoption dates are averaged: by their adopting units, which is the average of Callaway and Sant'Anna's
        effects with units not yet treated; or as least squares does, by how much they tell: not an average effect on
        the treated, but less noisy where dates have few units to compare with.
    base : {"last", "mean"}
        The period before, or the mean of all periods before: less noisy where the outcome has no memory, at the price
        of parallel trends over all of them.
    horizons : int, optional
        The last horizon; all that have a comparison by default.

    References
    ----------
    Dube, Girardi, Jorda and Taylor (2025), "A local projections approach to difference-in-differences", Journal of
    Applied Econometrics.
    """
    found = _found(panel, weighting, base, horizons, leads=False)
    size = np.array([h.size for h in found])
    combine = (size / size.sum())[None, :]
    again = partial(att, weighting=weighting, base=base, horizons=horizons, level=level)
    return _estimate(
        panel,
        found,
        combine,
        {"term": ["ATT"]},
        weighting=weighting,
        estimand="average effect over horizons",
        refit=again,
        level=level,
    )


@validated
def event_study(
    panel: PolicyPanel,
    *,
    weighting: str = "equal",
    base: str = "last",
    horizons: Places | None = None,
    level: Level = 0.95,
) -> Estimate:
    """Effects by time since adoption, and leads where the base is the last period; see its `att`."""
    found = _found(panel, weighting, base, horizons, leads=base == "last")
    times = [h.time for h in found]
    combine = np.eye(len(found))
    if base == "last":
        at = sum(t < 0 for t in times)
        combine, times = np.insert(combine, at, 0.0, axis=0), [*times[:at], -1, *times[at:]]
    again = partial(event_study, weighting=weighting, base=base, horizons=horizons, level=level)
    columns = {"term": [str(t) for t in times], "event_time": times}
    return _estimate(
        panel,
        found,
        combine,
        columns,
        weighting=weighting,
        estimand="effects by time since adoption",
        refit=again,
        level=level,
    )


@dataclass(frozen=True, eq=False)
class _Horizon:
    """The regression of one horizon: its effect, adopting rows, rows, scores of units (N,), weights of cells (N, T).

    `size` is the weight of the adopting rows, their number where units count equally.
    """

    time: int
    effect: float
    size: float
    treated: int
    rows: int
    score: Array
    pull: Array


@dataclass(frozen=True, eq=False)
class _Rows:
    """Units and dates that are compared at one horizon: change of the outcome, whether the unit adopts, its date."""

    unit: Codes
    at: Codes
    change: Array
    adopts: Mask


def _found(panel: PolicyPanel, weighting: str, base: str, last: int | None, *, leads: bool) -> list[_Horizon]:
    """The regressions of all horizons, leads first."""
    one_of("weighting", weighting, ["equal", "variance"])
    one_of("base", base, ["last", "mean"])
    refuse_no_variation(panel)
    refuse_uneven(panel)
    refuse_moving_weights(panel)
    T = len(panel.period_values)
    after = [_horizon(panel, h, weighting, base) for h in range(T)]
    most = next((h for h, made in enumerate(after) if made is None), T)
    if most == 0:
        raise DataError(
            "no unit that adopts can be compared in its first period",
            "Each needs a period before, and a unit that is not treated yet.",
        )
    if last is not None and last >= most:
        raise OptionError(
            f"horizons={last} is not allowed. Allowed: 0 to {most - 1}; later ones have no comparison."
        )
    before = [_horizon(panel, -h, weighting, base) for h in range(2, T)] if leads else []
    shown = [*before[::-1], *after[: most if last is None else last + 1]]
    return [h for h in shown if h is not None]


def _horizon(panel: PolicyPanel, h: int, weighting: str, base: str) -> _Horizon | None:
    """The regression of horizon `h`; None where nobody that adopts can be compared."""
    N, T = len(panel.unit_labels), len(panel.period_values)
    Y = np.full((N, T), np.nan)
    Y[panel.units, panel.periods] = panel.y
    r, v = _rows(panel, Y, h, base), unit_weights(panel)
    n1 = np.bincount(r.at, v[r.unit] * r.adopts, T)
    n0 = np.bincount(r.at, v[r.unit] * ~r.adopts, T)
    used = (
        (n0 > 0) if panel.covariates else (n1 > 0) & (n0 > 0)
    )  # dates without adoption tell of slopes alone
    keep = used[r.at]
    r = _Rows(r.unit[keep], r.at[keep], r.change[keep], r.adopts[keep])
    if not r.adopts.any():
        return None
    # equal weights of adopting units: each date's rows weigh (n1 + n0) / n0 (Dube and others 2025, section 3.2)
    n, own = n1 + n0, v[r.unit]
    w = own if weighting == "variance" else own * n[r.at] / n0[r.at]
    D: Array = r.adopts - n1[r.at] / n[r.at]
    lever = w * D / float((w * D) @ D)
    lever, residual = _fitted(panel, r, lever, own, weighting=weighting, h=h)
    effect = float(lever @ r.change)
    G = len(np.unique(panel.clusters[np.searchsorted(panel.units, r.unit)]))
    rows, K = len(r.at), 1 + int(used.sum()) + len(panel.covariates)
    factor = G / (G - 1) * (rows - 1) / (rows - K) if G > 1 and rows > K else np.nan
    score = np.sqrt(factor) * np.bincount(r.unit, lever * residual, N)
    size, treated = float(own @ r.adopts), int(r.adopts.sum())
    return _Horizon(h, effect, size, treated, rows, score, _pull(r, lever, Y, h, base))


def _fitted(
    panel: PolicyPanel, r: _Rows, lever: Array, own: Array, *, weighting: str, h: int
) -> tuple[Array, Array]:
    """Weights of changes in the effect once covariates are taken out, and residuals."""
    if not panel.covariates:
        net = r.change - float(lever @ r.change) * r.adopts
        return lever, net_of(net, r.at, own)
    X = np.zeros((len(panel.unit_labels), len(panel.period_values), panel.X.shape[1]))
    X[panel.units, panel.periods] = panel.X
    x, among = X[r.unit, r.at - 1], f"units not treated by horizon {h}"
    if weighting == "variance":
        columns = np.column_stack([r.adopts, x])
        both = levers(columns, r.at, own, names=("adoption", *panel.covariates), among=f"rows of horizon {h}")
        return both[:, 0], net_of(r.change - columns @ (both.T @ r.change), r.at, own)
    still = ~r.adopts
    slopes = np.zeros_like(x)
    slopes[still] = levers(x[still], r.at[still], own[still], names=panel.covariates, among=among)
    lever = lever - slopes @ (lever @ x)
    net = r.change - x @ (slopes.T @ r.change)
    return lever, net_of(net, r.at, own * still) - float(lever @ r.change) * r.adopts


def _rows(panel: PolicyPanel, Y: Array, h: int, base: str) -> _Rows:
    """Units that adopt at a date, and those not treated by the date plus `h`, with outcomes at both ends."""
    T = Y.shape[1]
    date = np.searchsorted(panel.period_values, panel.announced)  # T or more: after the panel
    there = ~np.isnan(Y)
    unit, at, change, adopts = [], [], [], []
    for t in range(1, T):
        if not 0 <= t + h < T:
            continue
        ours = (date == t) & ~panel.always_treated
        theirs = date > max(t + h, t)
        start = Y[:, t - 1] if base == "last" else _mean(Y[:, :t], there[:, :t])
        gap = Y[:, t + h] - start
        for who, flag in ((ours, True), (theirs, False)):
            chosen = np.flatnonzero(who & ~np.isnan(gap) & (there[:, t - 1] | (not panel.covariates)))
            unit.append(chosen)
            at.append(np.full(len(chosen), t))
            change.append(gap[chosen])
            adopts.append(np.full(len(chosen), flag))
    if not unit:
        return _Rows(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool))
    return _Rows(np.concatenate(unit), np.concatenate(at), np.concatenate(change), np.concatenate(adopts))


def _mean(Y: Array, there: Mask) -> Array:
    """(N,) mean over the periods that are there, NaN where none is."""
    count = there.sum(1)
    total = np.where(there, Y, 0.0).sum(1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _pull(r: _Rows, lever: Array, Y: Array, h: int, base: str) -> Array:
    """(N, T) weights of outcomes in the effect."""
    pull, there = np.zeros(Y.shape), ~np.isnan(Y)
    np.add.at(pull, (r.unit, r.at + h), lever)
    if base == "last":
        np.add.at(pull, (r.unit, r.at - 1), -lever)
        return pull
    for i, t, v in zip(r.unit, r.at, lever, strict=True):
        pull[i, :t] -= v * there[i, :t] / there[i, :t].sum()
    return pull


def _estimate(
    panel: PolicyPanel,
    found: list[_Horizon],
    combine: Array,
    columns: dict[str, Any],
    *,
    weighting: str,
    level: float,
    **words: Any,
) -> Estimate:
    """The Estimate of combinations (terms, horizons) of the horizons."""
    first = np.searchsorted(panel.units, np.arange(len(panel.unit_labels)))
    scores = group_sums(np.column_stack([h.score for h in found]) @ combine.T, panel.clusters[first])
    pull = np.column_stack([h.pull[panel.units, panel.periods] for h in found]) @ combine.T
    vcov = settled(scores.T @ scores, rounding_error(pull, np.abs(panel.y), panel.clusters))
    G = len(panel.cluster_labels)
    inference = Inference(
        "cluster-robust (CR1)", CONVENTION, float(max(G - 1, 1)), level, 1.0, panel.cluster or panel.unit, G,
        panel.treated_clusters,
    )  # fmt: skip
    counts = ((combine != 0) * np.array([h.rows for h in found])).sum(1)
    unused = ~np.any([h.pull != 0 for h in found], axis=(0, 2))[panel.units]
    flow = panel.where(~unused, UNUSED) if unused.any() else panel
    terms = columns.pop("term")
    table = pd.DataFrame(
        [(h.time, h.effect, h.treated, h.rows) for h in found],
        columns=["event_time", "effect", "adopting", "rows"],
    )
    return Estimate(
        method="Local projections (Dube-Girardi-Jorda-Taylor)",
        comparison="units not treated by the horizon's end",
        weighting=("adopting units equally" if panel.w is None else f"adopting units by {panel.weights}")
        if weighting == "equal"
        else "adoption dates as least squares weighs them",
        table=estimate_table(
            terms, combine @ [h.effect for h in found], vcov, inference, counts.tolist(), **columns
        ),
        vcov=vcov,
        inference=inference,
        sample=sample_of(flow),
        scores=None if np.isnan(scores).any() else scores,
        clusters=tuple(panel.cluster_labels),
        panel=panel,
        parts={"horizons": table},
        notes=(*warnings_of(panel), *unsettled(vcov, terms)),
        **words,
    )
