"""Proximity of products and what is read off it: density, outlook index and outlook gain.

The product x product matrix is made only where it is asked for, or its nearest are. What sums over it goes by matrices
of exporters x exporters, twenty times smaller: a proximity is a product of two columns of exporters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from exportlab.frames import Array, Codes
from exportlab.indices.complexity.matrix import Matrix
from exportlab.threads import on_one_thread

Convention: TypeAlias = Literal["minimum", "maximum", "geometric", "conditional", "correlation"]
BLOCK = 128


@dataclass(frozen=True, eq=False)
class Space:
    """What defines the proximity of products in one period.

    Attributes
    ----------
    M : array (exporters, products)
        Presence, no empty column; for "correlation" the levels (RCA) that are correlated.
    convention : str
        "minimum": co-exporters over the larger ubiquity, the smaller of the two conditional probabilities
        (Hidalgo et al. 2007); "maximum": over the smaller one; "geometric": over the root of their product;
        "conditional": over the column's own, the probability of the row's product given the column's;
        "correlation": (1 + r) / 2 of the levels.
    diagonal : bool
        Whether a product is near to itself (1) or left out of its own neighbourhood (0).
    """

    M: Matrix
    convention: Convention = "minimum"
    diagonal: bool = False

    @property
    def size(self) -> int:
        """Number of products."""
        return int(self.M.shape[1])

    @property
    def symmetric(self) -> bool:
        """Whether two products are as near to each other either way."""
        return self.convention != "conditional"

    def levels(self) -> tuple[Matrix, Matrix]:
        """The columns that are multiplied, and their sums."""
        if self.convention != "correlation":
            return self.M, self.M.sum(axis=0)
        Z = self.M - self.M.mean(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):  # a constant column correlates with nothing: NaN
            return Z / np.sqrt((Z * Z).sum(axis=0)), Z[0]

    def part(self, M: Matrix, U: Matrix, at: slice, of: slice, into: Matrix | None = None) -> Matrix:
        """Proximity of the products `of` given those `at`, (at, of), of the levels M and their sums U."""
        phi = np.matmul(M[:, at].T, M[:, of], out=into)
        self._scale(phi, U[at, None], U[of])
        own = np.arange(at.start, at.stop)
        phi[own - at.start, own - of.start] = 1.0 if self.diagonal else 0.0
        return phi

    def _scale(self, phi: Matrix, own: Matrix, other: Matrix) -> None:
        if self.convention == "minimum":
            phi /= np.maximum(own, other)
        elif self.convention == "maximum":
            phi /= np.minimum(own, other)
        elif self.convention == "geometric":
            phi /= np.sqrt(own)
            phi /= np.sqrt(other)
        elif self.convention == "conditional":
            phi /= own
        else:
            phi += 1
            phi *= 0.5

    def halves(self, M: Matrix, U: Matrix) -> tuple[Matrix, Matrix]:
        """A and B with phi[k, j] = A_k'B_j wherever k stands before j in `order`."""
        if self.convention == "correlation":
            both = np.vstack([M, np.ones_like(M[:1])]) / np.sqrt(M.dtype.type(2))  # (1 + r) / 2
            return both, both
        if self.convention == "geometric":
            return M / np.sqrt(U), M / np.sqrt(U)
        return M, M / U

    def order(self, U: Matrix) -> Codes:
        """Products so that of two the later one's ubiquity is what their common exporters are divided by."""
        if self.convention in ("minimum", "maximum"):
            return np.argsort(U if self.convention == "minimum" else -U, kind="stable")
        return np.arange(self.size)


def blocks(size: int) -> list[slice]:
    """The places 0 ... size, so many at a time as stay in the processor's cache."""
    return [slice(start, min(start + BLOCK, size)) for start in range(0, size, BLOCK)]


@on_one_thread
def proximity(space: Space) -> Matrix:
    """The whole matrix, products x products."""
    M, U = space.levels()
    out = np.empty((space.size, space.size), M.dtype)
    for at in blocks(space.size):
        right = slice(at.start if space.symmetric else 0, space.size)
        space.part(M, U, at, right, into=out[at, right])
        if space.symmetric:
            out[at.stop :, at] = out[at, at.stop :].T
    return out.T


def spread_over(left: Matrix, space: Space) -> Matrix:
    """left @ phi, (rows, products), without phi.

    With the products in `Space.order`, what stands before a block of them reaches it by one matrix, rows x exporters,
    and what stands after it by another; the square of the block itself is made. Terms of phi are added only, none is
    taken off again.
    """
    M, U = space.levels()
    order = space.order(U)
    left, M, U = left[:, order], M[:, order], U[order]
    A, B = space.halves(M, U)
    found, cuts = np.empty_like(left), blocks(space.size)
    reach = np.zeros((len(left), len(A)), left.dtype)
    for at in cuts:
        found[:, at] = reach @ B[:, at] + left[:, at] @ space.part(M, U, at, at).T
        reach += left[:, at] @ A[:, at].T
    if space.symmetric:
        A, B = B, A
    reach[:] = 0
    for at in reversed(cuts):
        found[:, at] += reach @ B[:, at]
        reach += left[:, at] @ A[:, at].T
    out = np.empty_like(found)
    out[:, order] = found
    return out


@on_one_thread
def density(levels: Matrix, space: Space, *, neighbours: int | None = None) -> tuple[Matrix, Array]:
    """Share of each product's neighbourhood that an exporter already has, sum_k' M phi / sum_k' phi.

    Parameters
    ----------
    levels : array (exporters, products)
        Presence.
    space : Space
    neighbours : int, optional
        Only the so many nearest products count (with those tied with the last); all by default.

    Returns
    -------
    array (exporters, products)
        In [0, 1] for presence; NaN for a product without any neighbour.
    array (products,)
        The sums of proximity that were divided by.

    References
    ----------
    Hidalgo, Klinger, Barabasi and Hausmann (2007), Science 317.
    """
    levels = levels.astype(space.M.dtype, copy=False)
    if neighbours is None or neighbours >= space.size:
        both = spread_over(np.vstack([levels, np.ones_like(levels[:1])]), space)
        out, sums = both[:-1], both[-1].astype(float)
    else:
        out, sums = _of_nearest(levels, space, neighbours)
    out /= np.where(sums > 0, sums, np.nan).astype(out.dtype)
    return out, sums


def _of_nearest(levels: Matrix, space: Space, neighbours: int) -> tuple[Matrix, Array]:
    out, sums = np.empty_like(levels), np.empty(space.size)
    M, U = space.levels()
    last = space.size - neighbours
    for at in blocks(space.size):
        phi = space.part(M, U, at, slice(0, space.size))
        phi[phi < np.partition(phi, last, axis=1)[:, last, None]] = 0
        sums[at] = phi.sum(axis=1)
        out[:, at] = levels @ phi.T
    return out, sums


@on_one_thread
def outlook_index(M: Matrix, near: Matrix, worth: Array) -> Array:
    """COI: sum over absent products of density times complexity, (exporters,).

    Products whose worth or density is not defined add nothing.
    """
    known = np.isfinite(worth) & np.isfinite(near).all(axis=0)
    out: Array = ((1 - M[:, known]) * near[:, known]) @ worth[known]
    return out


@on_one_thread
def outlook_gain(
    M: Matrix, near: Matrix, worth: Array, space: Space, sums: Array, *, form: Literal["atlas", "stata"]
) -> Array:
    """COG: what each absent product would add to the outlook of an exporter, 0 where it is present.

    Parameters
    ----------
    M, near : array (exporters, products)
        Presence and density.
    worth, sums : array (products,)
        Complexity, and the sums of proximity from `density`.
    form : {"atlas", "stata"}
        (1 - M) [(1 - M) diag(worth / sums) phi - density worth], the Atlas; or without the subtracted term,
        as Stata's and R's programs compute it. Without the diagonal and with all neighbours, the Atlas form is
        exactly the change of COI when the product is added, proximity and complexity held fixed.
    """
    absent = 1 - M
    with np.errstate(invalid="ignore", divide="ignore"):  # products without worth or neighbours weigh nothing
        weight = np.nan_to_num(worth / sums, nan=0.0, posinf=0.0, neginf=0.0)
    out = spread_over((absent * weight).astype(space.M.dtype), space).astype(float)
    if form == "atlas":
        out -= near * worth
    out *= absent
    out[:, ~np.isfinite(worth)] = np.nan
    return out


def relative(M: Matrix, d: Matrix) -> Matrix:
    """Density in deviations from that of the exporter's options, the products it has not (Pinheiro et al. 2022).

    An exporter with many advantages is near to everything; what is nearer than that is comparable across exporters.
    NaN where it has fewer than two options, or options that are all alike.
    """
    option = (M == 0) & np.isfinite(d)
    n = option.sum(axis=1, keepdims=True)
    some = np.where(n > 1, n, 1)
    mean = np.where(option, d, 0.0).sum(axis=1, keepdims=True) / some
    spread = np.sqrt((np.where(option, d - mean, 0.0) ** 2).sum(axis=1, keepdims=True) / some)
    apart = (n > 1) & (spread > 1e-12 * np.abs(mean))  # below, rounding alone tells the options apart
    out: Matrix = np.where(apart, (d - mean) / np.where(apart, spread, 1.0), np.nan)
    return out
