"""Proximity of products and what is read off it: density, outlook index and outlook gain.

The product x product matrix is made in blocks of columns that stay in the processor's cache; it is kept whole
only when asked for. Memory is products x BLOCK, whatever the number of products.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from exportlab.frames import Array
from exportlab.indices.complexity.matrix import Matrix

Convention: TypeAlias = Literal["minimum", "maximum", "geometric", "conditional", "correlation"]
BLOCK = 256


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

    def blocks(self, into: Matrix | None = None) -> Iterator[tuple[slice, Matrix]]:
        """Columns of the proximity matrix, lying down: phi[j, k] is the proximity of k given column at[j].

        The next block overwrites the last one, unless `into` (products, products) takes them all.
        """
        M, U = self._levels()
        room = np.empty((2, min(BLOCK, self.size), self.size), M.dtype)
        for start in range(0, self.size, BLOCK):
            at = slice(start, min(start + BLOCK, self.size))
            phi = room[0, : at.stop - start] if into is None else into[at]
            np.matmul(M[:, at].T, M, out=phi)
            self._scale(phi, U, at, room[1, : at.stop - start])
            own = np.arange(at.start, at.stop)
            phi[own - start, own] = 1.0 if self.diagonal else 0.0
            yield at, phi

    def _levels(self) -> tuple[Matrix, Matrix]:
        if self.convention != "correlation":
            return self.M, self.M.sum(axis=0)
        Z = self.M - self.M.mean(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):  # a constant column correlates with nothing: NaN
            return Z / np.sqrt((Z * Z).sum(axis=0)), Z[0]

    def _scale(self, phi: Matrix, U: Matrix, at: slice, room: Matrix) -> None:
        if self.convention == "minimum":
            phi /= np.maximum(U[at, None], U, out=room)
        elif self.convention == "maximum":
            phi /= np.minimum(U[at, None], U, out=room)
        elif self.convention == "geometric":
            phi /= np.sqrt(U[at])[:, None]
            phi /= np.sqrt(U)
        elif self.convention == "conditional":
            phi /= U[at, None]
        else:
            phi += 1
            phi *= 0.5


def proximity(space: Space) -> Matrix:
    """The whole matrix, products x products."""
    out = np.empty((space.size, space.size), space.M.dtype)
    for _ in space.blocks(into=out):
        pass
    return out.T


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
    out, sums = np.empty((levels.shape[0], space.size), space.M.dtype), np.empty(space.size)
    levels = levels.astype(space.M.dtype, copy=False)
    for at, phi in space.blocks():
        _nearest(phi, neighbours)
        sums[at] = phi.sum(axis=1)
        out[:, at] = levels @ phi.T
    out /= np.where(sums > 0, sums, np.nan).astype(out.dtype)
    return out, sums


def _nearest(phi: Matrix, neighbours: int | None) -> None:
    if neighbours is not None and neighbours < phi.shape[1]:
        last = phi.shape[1] - neighbours
        phi[phi < np.partition(phi, last, axis=1)[:, last, None]] = 0


def outlook_index(M: Matrix, near: Matrix, worth: Array) -> Array:
    """COI: sum over absent products of density times complexity, (exporters,).

    Products whose worth or density is not defined add nothing.
    """
    known = np.isfinite(worth) & np.isfinite(near).all(axis=0)
    out: Array = ((1 - M[:, known]) * near[:, known]) @ worth[known]
    return out


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
    left = (absent * weight).astype(space.M.dtype)
    out = np.empty(M.shape)
    for at, phi in space.blocks():
        out[:, at] = left @ phi.T
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
