"""The algebra of shift-share errors: regressions as moments by shock, and what each kind of error makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg, stats

from exportlab.frames import Array, Codes
from exportlab.panel.algebra.absorb import absorb
from exportlab.panel.algebra.levels import Effects
from exportlab.panel.algebra.sandwich import group_sums

RANK = 1e-9  # of a column, in parts of its own length: what the columns before it leave, below which they span it

Set = tuple[tuple[float, float], ...]  # intervals from left to right


@dataclass(frozen=True, eq=False)
class Shares:
    """Shares (n, S) under weights (n,), factored once for regressions on their columns."""

    W: Array
    w: Array

    @cached_property
    def _factor(self) -> tuple[Array, Array, Codes, Array]:
        """Q, R and the order of the columns of the weighted shares, each brought to length one; their lengths."""
        columns = np.sqrt(self.w)[:, None] * self.W
        size = np.linalg.norm(columns, axis=0)
        q, r, order = linalg.qr(columns / size, mode="economic", pivoting=True)
        return q, r, order, size

    @cached_property
    def rank(self) -> int:
        """How many of the columns the others do not span."""
        left = np.abs(np.diag(self._factor[1]))
        return int((left > RANK * left[0]).sum())

    @property
    def told_apart(self) -> bool:
        """Whether no column is spanned by others, so that each shock has a coefficient of its own."""
        return self.rank == int(self.W.shape[1])

    def loadings(self, x: Array) -> Array:
        """Coefficients (S, p) of the weighted regressions of x (n, p) on the columns, which must be told apart."""
        q, r, order, size = self._factor
        found = np.empty((self.W.shape[1], x.shape[1]))
        found[order] = linalg.solve_triangular(r, q.T @ (np.sqrt(self.w)[:, None] * x))
        return found / size[:, None]

    def sums(self, x: Array) -> Array:
        """W'wx, (S, p)."""
        return np.asarray(self.W.T @ (self.w[:, None] * x))


@dataclass(frozen=True, eq=False)
class Controls:
    """What is partialled out: effects, and an orthonormal basis of the weighted controls within them."""

    basis: Array
    effects: Effects
    w: Array

    @classmethod
    def of(cls, Z: Array, effects: Effects, w: Array) -> Controls:
        """Controls (n, k), those left out that others or the effects span."""
        root = np.sqrt(w)[:, None]
        size = np.linalg.norm(root * Z, axis=0)
        Z = (Z / np.where(size > 0, size, 1.0))[:, size > 0]
        q, r, _ = linalg.qr(root * absorb(Z, effects, w), mode="economic", pivoting=True)
        left = np.abs(np.diag(r))
        return cls(np.asarray(q[:, : len(left)][:, left > RANK]), effects, w)

    def residual(self, v: Array) -> Array:
        """v (n, p) less its weighted regression on controls and effects."""
        root = np.sqrt(self.w)[:, None]
        left = root * absorb(v, self.effects, self.w)
        for _ in range(2):  # what rounding leaves of the first time goes in the second
            left = left - self.basis @ (self.basis.T @ left)
        return np.asarray(left / root)


@dataclass(frozen=True, eq=False)
class Moments:
    """One regression: outcome y, treatment d, instrument x (n,), controls partialled out; d is x in least squares.

    `size` (n,) is that of the outcome before, which is what rounding is relative to; by default that of y.
    """

    y: Array
    d: Array
    x: Array
    w: Array
    size: Array | None = None

    @cached_property
    def cross(self) -> float:
        """Sum of w x d."""
        return float(np.sum(self.w * self.x * self.d))

    @cached_property
    def beta(self) -> float:
        """The coefficient of the treatment."""
        return float(np.sum(self.w * self.x * self.y)) / self.cross

    @cached_property
    def e(self) -> Array:
        """Residuals (n,)."""
        return np.asarray(self.y - self.beta * self.d)

    def scores(self, codes: Codes) -> Array:
        """What each cluster of rows (G,) contributes to the error of the coefficient."""
        return group_sums((self.w * self.x * self.e)[:, None], codes)[:, 0] / self.cross


@dataclass(frozen=True, eq=False)
class Null:
    """The sums by cluster of shocks from which AKM0 tests any value of the coefficient.

    Attributes
    ----------
    beta : float
    R, V : (G,) sums of h_s times the weighted sums of shares and residual, and of shares and treatment
    cross : float
    """

    beta: float
    R: Array
    V: Array
    cross: float

    @property
    def scores(self) -> Array:
        """What each cluster of shocks (G,) contributes to the error of the coefficient: their squares are AKM's."""
        return np.asarray(self.R / self.cross)

    @property
    def p_value(self) -> float:
        """Of the coefficient's being zero, residuals as they are under it."""
        under = float(np.sqrt(np.sum((self.R + self.beta * self.V) ** 2)))
        return float(2 * stats.norm.sf(abs(self.beta * self.cross) / under))

    def kept(self, level: float) -> Set:
        """The values that the test does not reject: an interval, two half-lines, or the whole line."""
        q = stats.norm.ppf(0.5 + level / 2)
        bend = self.cross**2 / q**2 - float(self.V @ self.V)
        both, square = float(self.R @ self.V), float(self.R @ self.R)
        inside = both**2 + bend * square
        if inside < 0 or bend == 0:
            return ((-np.inf, np.inf),)
        ends = sorted(self.beta - (both + sign * np.sqrt(inside)) / bend for sign in (1.0, -1.0))
        low, high = float(ends[0]), float(ends[1])
        return ((low, high),) if bend > 0 else ((-np.inf, low), (high, np.inf))

    def error(self, level: float) -> float:
        """Length of the interval over that of a normal law's with error one; infinite where it has no end."""
        kept = self.kept(level)
        q = stats.norm.ppf(0.5 + level / 2)
        return float((kept[0][1] - kept[0][0]) / (2 * q)) if len(kept) == 1 else np.inf


def null(m: Moments, shares: Shares, h: Array, codes: Codes) -> Null:
    """Sums by cluster of shocks, each shock's part of the instrument being `h` (S,)."""
    pulls = h[:, None] * shares.sums(np.column_stack([m.e, m.d]))
    both = group_sums(pulls, codes)
    return Null(m.beta, both[:, 0], both[:, 1], m.cross)


def regressed(v: Array, Q: Array, s: Array) -> Array:
    """v (S, p) less its regression on shock-level controls (S, k) under weights s."""
    if not Q.shape[1]:
        return v
    root = np.sqrt(s)[:, None]
    size = np.linalg.norm(root * Q, axis=0)
    coefficient = np.linalg.lstsq(root * Q / size, root * v, rcond=RANK)[0]
    return np.asarray(v - (Q / size) @ coefficient)
