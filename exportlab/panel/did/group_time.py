"""Effects of each cohort in each period against those not treated then, with their influence functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from exportlab.arrays import Array
from exportlab.errors import DataError
from exportlab.panel.did.comparison import never_treated
from exportlab.panel.did.drdid import two_by_two

if TYPE_CHECKING:
    from exportlab.panel.door import PolicyPanel


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


def unit_weights(panel: PolicyPanel) -> Array:
    """(N,) weights of units with mean one."""
    if panel.w is None:
        return np.ones(len(panel.unit_labels))
    w = panel.w[np.searchsorted(panel.units, np.arange(len(panel.unit_labels)))]
    out: Array = w / w.mean()
    return out


def group_time(panel: PolicyPanel, *, control: str, adjust: str, base: str, anticipation: int) -> GroupTime:
    """Every ATT(g,t) with its influence function over the N units."""
    N, T, k = len(panel.unit_labels), len(panel.period_values), panel.X.shape[1]
    Y = np.full((N, T), np.nan)
    Y[panel.units, panel.periods] = panel.y
    X = np.full((N, T, k), np.nan)
    X[panel.units, panel.periods] = panel.X
    w, g_of, times = unit_weights(panel), panel.announced, panel.period_values
    never = never_treated(panel, anticipation)
    rows, columns, lost = [], [], []
    for g in panel.cohorts:
        before = int(np.searchsorted(times, g - anticipation)) - 1
        if before < 0:
            continue
        for t in range(T):
            pre = before if times[t] >= g or base == "universal" else min(t - 1, before)
            if pre < 0:
                continue
            if t == pre:
                rows.append((g, times[t], 0.0, times[pre], 0))
                columns.append(np.zeros(N))
                continue
            limit = times[max(t, pre)] + anticipation
            compare = never if control == "never" else (g_of > limit) & (g_of != g)
            D = g_of == g
            both = (D | compare) & ~np.isnan(Y[:, t]) & ~np.isnan(Y[:, pre])
            where = f" in ATT({panel.period_name(g)},{panel.period_name(times[t])})"
            if not (both & D).any() or not (both & compare).any():
                lost += [(float(g), float(times[t]))] if times[t] >= g else []
                continue
            Z = np.column_stack([np.ones(int(both.sum())), X[both, pre]])
            effect, influence = two_by_two(
                Y[both, t] - Y[both, pre], D[both].astype(float), Z, w[both], adjust=adjust, where=where
            )
            full = np.zeros(N)
            full[both] = influence * (N / int(both.sum()))
            rows.append((g, times[t], effect, times[pre], int(both.sum())))
            columns.append(full)
    if not rows:
        raise DataError(
            "no cohort has a comparison unit observed in both periods", "Look at check() for gaps."
        )
    cohort, period, estimate, based, n = (np.array(c, float) for c in zip(*rows, strict=True))
    return GroupTime(cohort, period, estimate, np.column_stack(columns), based, n, tuple(lost))
