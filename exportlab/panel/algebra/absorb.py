"""Weighted absorption of several effects: exact where small, conjugate gradients where large.

Partialling out dummies D with weights W means solving D'W D a = D'W x. The largest effect is eliminated
by hand (its block is diagonal); what is left, the Schur complement over the other effects, is solved
directly when it is small and by Jacobi-preconditioned conjugate gradients otherwise. The cross tables
of the effects are sparse, so the work per step is the number of their cells, not of rows times columns,
and the memory is a few vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import linalg, sparse

from exportlab.errors import DataError
from exportlab.frames import Array, Codes
from exportlab.panel.algebra.levels import Effects, absorbed_parameters, group_columns
from exportlab.panel.algebra.sandwich import freedom
from exportlab.panel.regression.formula import Design, listed

DIRECT = 300  # columns of the Schur complement up to which it is solved directly
ROUNDING = 1e-14  # relative rounding error of level sums, below which no residual can be brought
NESTED = 1e-11  # share of a level's weight below which the eliminated effect already spans it


@dataclass(frozen=True, eq=False)
class Absorber:
    """The pattern of the effects, worked out once; `weighted` puts weights on it."""

    effects: Effects
    largest: int
    rest: tuple[int, ...]
    starts: Codes
    cells: tuple[Codes, ...]
    within: sparse.csr_matrix | None
    across: sparse.csr_matrix | None
    back: sparse.csr_matrix | None

    @classmethod
    def of(cls, effects: Effects) -> Absorber:
        """Find the cells of every pair of effects and lay out the sparse cross tables."""
        largest = int(np.argmax(effects.sizes))
        rest = tuple(i for i in range(len(effects)) if i != largest)
        starts = np.concatenate([[0], np.cumsum([effects.sizes[i] for i in rest])]).astype(np.int64)
        if not rest:
            return cls(effects, largest, rest, starts, (), None, None, None)
        cells: list[Codes] = []
        square: list[tuple[Codes, ...]] = []
        tall: list[tuple[Codes, ...]] = []
        count = 0
        for p, i in enumerate(rest):
            inverse, rows, cols = _cells(effects, i, largest)
            tall.append((rows + starts[p], cols, count + np.arange(rows.size)))
            count += rows.size
            cells.append(inverse)
        for (p, i), (q, j) in combinations(enumerate(rest), 2):
            inverse, rows, cols = _cells(effects, i, j)
            number = count + np.arange(rows.size)
            square += [
                (rows + starts[p], cols + starts[q], number),
                (cols + starts[q], rows + starts[p], number),
            ]
            count += rows.size
            cells.append(inverse)
        k, m = int(starts[-1]), effects.sizes[largest]
        across = _layout(tall, (k, m))
        back = _layout([(c, r, v) for r, c, v in tall], (m, k))
        within = _layout(square, (k, k)) if square else None
        return cls(effects, largest, rest, starts, tuple(cells), within, across, back)

    def weighted(self, weights: Array) -> Projection:
        """The projection off the effects under `weights` (n,), all positive."""
        effects = self.effects
        sums = effects.sums(weights)
        eliminated = sums[self.largest]
        if self.across is None or self.back is None:
            return Projection(self, weights, eliminated, np.empty(0), np.empty(0), None, None, None, None)
        data = np.concatenate(
            [np.bincount(c, weights=weights) for c in self.cells] if self.cells else [np.empty(0)]
        )
        across, back = _filled(self.across, data), _filled(self.back, data)
        within = None if self.within is None else _filled(self.within, data)
        diagonal = np.concatenate([sums[i] for i in self.rest])
        squares = sparse.csr_matrix((across.data**2, across.indices, across.indptr), shape=across.shape)
        # The diagonal of D2'W D2 - D2'W D1 (D1'W D1)^-1 D1'W D2; a level that the eliminated effect spans has none
        # left, and stays at zero.
        schur = diagonal - squares @ (1 / eliminated)
        inverse = np.zeros_like(schur)
        np.divide(1.0, schur, out=inverse, where=schur > NESTED * diagonal)
        direct = None
        if diagonal.size <= DIRECT:
            dense = np.diag(diagonal) - (across.multiply(1 / eliminated) @ back).toarray()
            dense = dense if within is None else dense + within.toarray()
            direct = _pseudo_inverse(dense, diagonal)
        return Projection(self, weights, eliminated, diagonal, inverse, within, across, back, direct)


@dataclass(frozen=True, eq=False)
class Projection:
    """Absorption under given weights: `solve` finds the effects' coefficients, `residual` takes them off."""

    pattern: Absorber
    weights: Array
    eliminated: Array
    diagonal: Array
    preconditioner: Array
    within: sparse.csr_matrix | None
    across: sparse.csr_matrix | None
    back: sparse.csr_matrix | None
    direct: Array | None

    def solve(
        self, x: Array, *, start: Array | None = None, tolerance: float = 1e-10, max_iterations: int = 10_000
    ) -> tuple[Array, bool]:
        """Coefficients (rest levels, p) of the columns of `x` (n, p), and whether the tolerance was met.

        The tolerance bounds the preconditioned norm of the normal equations' residual relative to that of
        their right-hand side; it is measured on the true residual, recomputed at the end.
        """
        weighted = self.weights[:, None] * x
        return self.solve_weighted(weighted, start=start, tolerance=tolerance, max_iterations=max_iterations)

    def solve_weighted(
        self,
        weighted: Array,
        *,
        start: Array | None = None,
        tolerance: float = 1e-10,
        max_iterations: int = 10_000,
    ) -> tuple[Array, bool]:
        """As `solve`, given columns already times the weights: exact where x itself is out of range."""
        if self.across is None or weighted.shape[1] == 0:
            return np.empty((self.diagonal.size, weighted.shape[1])), True
        right = self._right(weighted)
        goal = np.maximum(tolerance * np.sqrt(self._norm(right)), ROUNDING * self._size(weighted))
        if self.direct is not None:
            a = self.direct @ right
            a = a + self.direct @ (right - self._times(a))
            return a, self._within(right - self._times(a), 10 * goal)
        a = np.zeros_like(right) if start is None else start.copy()
        last = np.inf
        while True:  # restarts: rounding makes the recursive residual drift from the true one
            residual = right - self._times(a)
            size = float(np.sqrt(self._norm(residual)).max())
            if self._within(residual, goal) or max_iterations <= 0 or size > 0.5 * last:
                return a, self._within(residual, 10 * goal)
            a, used = self._descend(a, residual, goal, max_iterations)
            max_iterations, last = max_iterations - used, size

    def _size(self, weighted: Array) -> Array:
        """Norm of the level sums of absolute values: what rounding of the right-hand side is relative to."""
        codes, sizes = self.pattern.effects.codes, self.pattern.effects.sizes
        sums = [group_columns(np.abs(weighted), codes[i], sizes[i]) for i in self.pattern.rest]
        return np.asarray(np.sqrt(self._norm(np.vstack(sums))), float)

    def _within(self, residual: Array, goal: Array) -> bool:
        return bool((np.sqrt(self._norm(residual)) <= goal).all())

    def levels(self, weighted: Array, a: Array) -> list[Array]:
        """The coefficients of every effect's levels, (size, p): `a` and those of the eliminated effect."""
        effects, pattern = self.pattern.effects, self.pattern
        out = [np.empty(0)] * len(effects)
        for p, i in enumerate(pattern.rest):
            out[i] = a[pattern.starts[p] : pattern.starts[p + 1]]
        total = group_columns(weighted, effects.codes[pattern.largest], self.eliminated.size)
        taken = 0.0 if self.back is None else self.back @ a
        out[pattern.largest] = (total - taken) / self.eliminated[:, None]
        return out

    def residual(self, x: Array, a: Array) -> Array:
        """`x` (n, p) less the fitted effects, given the rest levels' coefficients `a`."""
        codes = self.pattern.effects.codes[self.pattern.largest]
        out = np.empty_like(x)
        for j in range(x.shape[1]):
            column = self._less_rest(x[:, j], a[:, j])
            means = np.bincount(codes, weights=self.weights * column) / self.eliminated
            out[:, j] = column - means[codes]
        return out

    def _less_rest(self, x: Array, a: Array) -> Array:
        column, pattern = x.copy(), self.pattern
        for p, i in enumerate(pattern.rest):
            column -= a[pattern.starts[p] : pattern.starts[p + 1]][pattern.effects.codes[i]]
        return column

    def absorb(self, x: Array, *, tolerance: float = 1e-10) -> tuple[Array, bool]:
        """Residuals of the columns of `x` (n, p) on the effects, and whether the tolerance was met."""
        a, met = self.solve(x, tolerance=tolerance)
        return self.residual(x, a), met

    def _right(self, weighted: Array) -> Array:
        effects, pattern = self.pattern.effects, self.pattern
        columns = []
        for j in range(weighted.shape[1]):
            sums = effects.sums(weighted[:, j])
            rest = np.concatenate([sums[i] for i in pattern.rest])
            assert self.across is not None
            columns.append(rest - self.across @ (sums[pattern.largest] / self.eliminated))
        return np.column_stack(columns)

    def _times(self, a: Array) -> Array:
        assert self.across is not None
        assert self.back is not None
        out: Array = self.diagonal[:, None] * a - self.across @ ((self.back @ a) / self.eliminated[:, None])
        return out if self.within is None else out + self.within @ a

    def _norm(self, r: Array) -> Array:
        out: Array = np.einsum("kp,k,kp->p", r, self.preconditioner, r)
        return out

    def _descend(self, a: Array, r: Array, goal: Array, max_iterations: int) -> tuple[Array, int]:
        """Preconditioned conjugate gradients on all columns at once; columns that are done stand still."""
        # Hestenes and Stiefel (1952), eq. 3:1, on z = m r: the diagonal of the Schur complement evens out levels of
        # very different weight, on which the number of steps depends.
        m = self.preconditioner[:, None]
        z = m * r
        p = z
        rz = self._norm(r)
        for step in range(max_iterations):
            if (np.sqrt(rz) <= 0.5 * goal).all():
                return a, step
            q = self._times(p)
            curvature = np.einsum("kp,kp->p", p, q)
            alpha = np.divide(rz, curvature, out=np.zeros_like(rz), where=(curvature > 0) & (rz > 0))
            a = a + alpha * p
            r = r - alpha * q
            z = m * r
            new = self._norm(r)
            p = z + np.divide(new, rz, out=np.zeros_like(rz), where=rz > 0) * p
            rz = new
        return a, max_iterations


def _cells(effects: Effects, i: int, j: int) -> tuple[Codes, Codes, Codes]:
    """Number the observed pairs of levels: the pair of each row, and each pair's two levels."""
    width = effects.sizes[j]
    inverse, pairs = pd.factorize(effects.codes[i] * width + effects.codes[j])
    return inverse.astype(np.int64, copy=False), pairs // width, pairs % width


def _layout(parts: list[tuple[Codes, ...]], shape: tuple[int, int]) -> sparse.csr_matrix:
    """A sparse matrix whose data say which cell's weight belongs there."""
    rows, cols, number = (np.concatenate(column) for column in zip(*parts, strict=True))
    return sparse.coo_matrix((number.astype(np.int32), (rows, cols)), shape=shape).tocsr()


def _filled(layout: sparse.csr_matrix, data: Array) -> sparse.csr_matrix:
    return sparse.csr_matrix((data[layout.data], layout.indices, layout.indptr), shape=layout.shape)


def _pseudo_inverse(schur: Array, diagonal: Array) -> Array:
    """Inverse on the range of the (rank-deficient) Schur complement, after scaling to a unit diagonal."""
    scale = 1 / np.sqrt(diagonal)
    inverse = np.asarray(linalg.pinvh(schur * np.outer(scale, scale), rtol=1e-11), float)
    return np.asarray(scale[:, None] * inverse * scale, float)


def absorb(
    x: Array,
    effects: Effects,
    weights: Array | None = None,
    *,
    tolerance: float = 1e-10,
    pattern: Absorber | None = None,
) -> Array:
    """Residuals of the columns of `x` (n, p) after the effects are partialled out.

    Parameters
    ----------
    x : array of shape (n, p)
    effects : Effects
    weights : array of shape (n,), optional
        Positive weights; ones by default.
    tolerance : float
        Relative residual of the normal equations at which the iteration may stop.
    pattern : Absorber, optional
        The pattern of `effects`, if it has been worked out already.

    Raises
    ------
    ArithmeticError
        If the tolerance is not met: a partly absorbed column is never returned.
    """
    if not effects.codes:
        return x
    w = np.ones(x.shape[0]) if weights is None else weights
    out, met = (pattern or Absorber.of(effects)).weighted(w).absorb(x, tolerance=tolerance)
    if not met:
        raise ArithmeticError(
            f"The effects {', '.join(effects.names)} could not be absorbed to a relative residual of "
            f"{tolerance:g}. Raise the tolerance, or drop levels that are barely connected."
        )
    return out


# Two-way fixed effects on a balanced panel in closed form, for any assignment of adoption dates.


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


# Regressors that cannot be told apart from the effects or from each other are refused by name.


def refuse_collinear(d: Design, weights: Array, pattern: Absorber | None = None) -> None:
    """Name the regressors that the effects absorb or the others span; refuse what fits every row exactly."""
    found = unidentified(d, weights, pattern)
    if found is not None:
        raise DataError(f"{listed(list(found.names))} {found.what}", f"{found.remedy}{lost_rows(d)}")
    if (
        len(d.effects) <= 2
    ):  # beyond, the effects' own rank is not known; the sandwich counts by its convention
        freedom(len(d.y), d.x.shape[1] + absorbed_parameters(d.effects, count="reghdfe"))


@dataclass(frozen=True)
class Unidentified:
    """Regressors that have no coefficient of their own, what is wrong with them, and what to do."""

    names: tuple[str, ...]
    what: str
    remedy: str


def unidentified(d: Design, weights: Array, pattern: Absorber | None = None) -> Unidentified | None:
    """The regressors that do not vary; else those that the effects absorb; else those that the others span."""
    x = d.x
    scale = np.sqrt(np.average((x - np.average(x, axis=0, weights=weights)) ** 2, axis=0, weights=weights))
    size = np.sqrt(np.average(x**2, axis=0, weights=weights))
    constant = [n for n, s, m in zip(d.names, scale, size, strict=True) if s <= 1e-9 * m and n != "Intercept"]
    if constant:
        what = f"does not vary over the {len(d.y):,} rows that are left"
        return Unidentified(tuple(constant), what, "Leave it out.")
    left = absorb(x, d.effects, weights, pattern=pattern)
    root = np.sqrt(weights / weights.mean())[:, None]
    norm = np.linalg.norm(root * left, axis=0) / np.sqrt(x.shape[0])
    reference = scale if len(d.effects) else size
    gone = [n for n, a, b in zip(d.names, norm, reference, strict=True) if a <= 1e-7 * b]
    if gone:
        what = f"has no variation left within the effects {', '.join(d.effects.names)}"
        return Unidentified(tuple(gone), what, "Leave it out, or drop the effect that absorbs it.")
    r, order = linalg.qr(root * left / norm, mode="r", pivoting=True)[-2:]
    small = np.abs(np.diag(r)) <= 1e-6 * np.abs(r[0, 0])  # squared it is still no rounding
    short = [d.names[j] for j in order[: small.size][small]] + [d.names[j] for j in order[small.size :]]
    if not short:
        return None
    others = [n for n in d.names if n not in short]
    what = f"is a linear combination of {listed(others)}" + (" and the effects" if len(d.effects) else "")
    return Unidentified(tuple(short), what, "Leave it out: its coefficient cannot be told from theirs.")


def lost_rows(d: Design) -> str:
    """The rows lost so far, for the end of a message."""
    return "".join(f" {n:,} rows were set aside: {why}." for why, n in d.lost)
