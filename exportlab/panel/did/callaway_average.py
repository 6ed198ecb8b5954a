"""Averages of group-time effects, with the influence functions of the averages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.arrays import Array, Mask
from exportlab.errors import OptionError
from exportlab.panel.did.group_time import GroupTime, unit_weights

if TYPE_CHECKING:
    from exportlab.panel.door import PolicyPanel


def average(
    panel: PolicyPanel, effects: GroupTime, aggregate: str, *, shares: str, balance: int | None
) -> tuple[Array, Array, pd.DataFrame]:
    """Estimates (terms,), influence functions (N, terms), and ``term, n`` with ``event_time`` where there is one."""
    if aggregate == "none":
        names = [f"ATT({g:.0f},{t:.0f})" for g, t in zip(effects.cohort, effects.period, strict=True)]
        terms = pd.DataFrame({"term": names, "n": effects.n.astype(int), "event_time": effects.event_time})
        return effects.estimate, effects.influence, terms.assign(cohort=effects.cohort, period=effects.period)
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
        return _by(effects, p, error, aggregate, balance=balance, drifting=slipped)
    return _by(effects, p, error, aggregate, balance=balance)


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
) -> tuple[Array, Array, pd.DataFrame]:
    """The overall average first, then one term an event time, cohort or period."""
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
    counts = [int(effects.n[keep & (by == v)].sum()) for v in values]
    terms = pd.DataFrame(
        {"term": ["ATT", *[f"{v:.0f}" for v in values]], "n": [int(effects.n[keep & post].sum()), *counts]}
    )
    if aggregate == "event":
        terms["event_time"] = [np.nan, *values]
    return np.append(overall, estimates), np.column_stack([overall_influence, influences]), terms


def _balanced(effects: GroupTime, balance: int) -> Mask:
    """Cells of cohorts that are observed `balance` periods after adoption, up to that event time."""
    long = np.unique(effects.cohort[effects.event_time >= balance])
    if balance < 0 or not len(long):
        top = int(effects.event_time.max())
        raise OptionError(f"balance={balance} is not allowed. Allowed: 0 to {top}, periods after adoption.")
    out: Mask = np.isin(effects.cohort, long) & (effects.event_time <= balance)
    return out
