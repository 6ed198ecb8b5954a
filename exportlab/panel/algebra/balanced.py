"""Two-way fixed effects on a balanced panel in closed form, for any assignment of adoption dates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from exportlab.arrays import Array, Codes


@dataclass(frozen=True, eq=False)
class BalancedTwoWay:
    """Two-way fixed effects on a balanced panel as a function of who adopts when.

    Attributes
    ----------
    Y : (N, T) outcome
    paths : (L, T) treatment path of each adoption date
    counts : (L,) units on each path
    """

    Y: Array
    paths: Array
    counts: Array

    @cached_property
    def _pieces(self) -> tuple[Array, Array]:
        share = self.counts @ self.paths / self.counts.sum()
        D = self.paths - self.paths.mean(axis=1, keepdims=True) - share + share.mean()
        return D @ double_demeaned(self.Y).T, (D * D).sum(axis=1)

    def estimates(self, which: Codes) -> Array:
        """Coefficient under each assignment, (B,)."""
        cross, square = self._pieces
        units = np.arange(which.shape[1])
        return np.asarray(cross[which, units].sum(axis=1) / square[which].sum(axis=1))

    def statistics(self, which: Codes) -> Array:
        """t with CR1 by unit under each assignment (its constant small-sample factor left out), (B,)."""
        cross, square = self._pieces
        a, q = cross[which, np.arange(which.shape[1])], square[which]
        total = q.sum(axis=1)
        b = a.sum(axis=1) / total
        u = a - b[:, None] * q
        se = np.sqrt((u * u).sum(axis=1)) / total
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(b / se)


def double_demeaned(Y: Array) -> Array:
    """Y less row means, less column means, plus the grand mean."""
    return np.asarray(Y - Y.mean(axis=1, keepdims=True) - Y.mean(axis=0) + Y.mean())
