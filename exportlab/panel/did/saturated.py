"""Cells of cohort and period: their dummies, and the averages that turn them into effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import linalg

from exportlab.arrays import Array, Codes, Mask
from exportlab.errors import one_of
from exportlab.panel.algebra.absorb import absorb
from exportlab.panel.algebra.levels import Effects
from exportlab.panel.did.regress import COLLINEAR

if TYPE_CHECKING:
    from exportlab.panel.door import PolicyPanel

AGGREGATES = ("event", "simple", "cohort", "calendar", "none")


@dataclass(frozen=True, eq=False)
class Cells:
    """Treated-cohort cells: cohort, period and event time of each (m,), and the cell of each row (n,), -1 for none."""

    cohort: Array
    period: Array
    code: Codes
    weight: Array

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
        return [f"ATT({g:.0f},{t:.0f})" for g, t in zip(self.cohort, self.period, strict=True)]


def cells(panel: PolicyPanel, keep: Mask) -> Cells:
    """Cells of the rows `keep` (n,), in order of cohort and period; the weight is the rows' total weight."""
    pairs = np.column_stack([panel.first, panel.period_values[panel.periods]])[keep]
    distinct, inverse = np.unique(pairs, axis=0, return_inverse=True)
    code = np.full(len(panel.y), -1, np.int64)
    code[keep] = inverse.reshape(-1)
    w = np.ones(len(panel.y)) if panel.w is None else panel.w
    weight = np.asarray(np.bincount(code[keep], weights=w[keep], minlength=len(distinct)), float)
    return Cells(distinct[:, 0], distinct[:, 1], code, weight)


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
        terms = pd.DataFrame({"term": of.names(), "event_time": e, "cohort": of.cohort, "period": of.period})
        return np.eye(len(e)), terms
    treated: Mask = e >= 0
    keep: Mask = np.ones(len(e), bool) if aggregate == "event" else treated
    if aggregate == "simple":
        return _average(np.zeros(len(e)), of.weight, treated, [0.0]), pd.DataFrame({"term": ["ATT"]})
    by = {"event": e, "cohort": of.cohort, "calendar": of.period}[aggregate]
    values = sorted(set(by[keep]) | set((times or ()) if aggregate == "event" else ()))
    terms = pd.DataFrame({"term": [f"{v:.0f}" for v in values]})
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
    return np.flatnonzero((size > COLLINEAR) | (np.arange(X.shape[1]) < protect))
