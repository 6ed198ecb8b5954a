"""Convex curves whose sums over members are indices of concentration, and the sums' least and largest values.

The least value is found with tangents, whose linear programme proves it. The largest lies at a corner: chords above the
curves give linear programmes that bound it, over intervals that are cut where the chords are furthest off.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from math import inf
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack

from exportlab.arrays import Array, Mask
from exportlab.facts.model import INFEASIBLE, OPTIMAL, Cuts, Model, Solution
from exportlab.facts.program import Piece

CLOSE = 1e-9  # a gap, relative to the value, that ends a search
ROUNDS = 100  # tangents are added so often at most


@dataclass(frozen=True)
class Curve:
    """A convex function of a member's share, zero at zero, and its slope."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


class End(NamedTuple):
    """A sum's end: the bound that is proved, and the columns that come nearest to it."""

    bound: float
    x: Array


SQUARES = Curve(lambda y: y * y, lambda y: 2 * y)


def powers(q: float) -> Curve:
    """y^q for q above one; below one minus that, which is convex too."""
    sign = 1.0 if q > 1 else -1.0
    return Curve(lambda y: sign * y**q, lambda y: sign * q * np.maximum(y, 1e-300) ** (q - 1))


def relative_entropy(prior: float | Array = 1.0) -> Curve:
    """y ln(y / prior)."""
    return Curve(
        lambda y: y * np.log(np.where(y > 0, y, 1.0) / prior), lambda y: np.log(np.maximum(y, 1e-300) / prior) + 1
    )


class Sum:
    """A curve summed over the members of the target cell, pools evenly split."""

    def __init__(self, model: Model, curve: Curve, open_pools: frozenset[int] = frozenset()) -> None:
        self.model, self.curve = model, curve
        self.pieces: list[Piece] = model.program.of(model.program.world.target)
        self.at = np.array([p.column for p in self.pieces])
        self.size = np.array([p.size for p in self.pieces])
        self.open: Mask = np.array([p.pooled and p.atom in open_pools for p in self.pieces])
        counts = model.program.counts
        self.counted = np.array([counts.get(p.column, -1) for p in self.pieces])

    def sizes(self, x: Array) -> Array:
        """How many members share each piece."""
        return np.where(self.counted >= 0, np.maximum(x[self.counted], 1e-9), self.size)

    def value(self, x: Array) -> float:
        """The sum; a pool of any number of members is spread thin."""
        n = self.sizes(x)
        finite = n < inf
        y = np.maximum(x[self.at][finite], 0.0)
        return float((n[finite] * self.curve.value(y / n[finite])).sum())

    def tangents(self, y: Array, where: Mask) -> Cuts:
        """Rows that hold each piece's part of the sum above its tangent at y, per member."""
        k, width = len(self.at), self.model.program.width
        f, slope = self.curve.value(y), self.curve.slope(y)
        base = f - slope * y
        rows, most = [], []
        for i in np.flatnonzero(where & (self.size < inf)):
            row = np.zeros(width + k)
            row[self.at[i]], row[width + i] = slope[i], -1.0
            if self.counted[i] >= 0:
                row[self.counted[i]] = base[i]
            rows.append(row)
            most.append(0.0 if self.counted[i] >= 0 else -self.size[i] * base[i])
        return Cuts(csr_array(np.array(rows).reshape(-1, width + k)), np.array(most))

    def limits(self) -> tuple[Array, Array]:
        """The least and the largest value per member of each piece."""
        low, high = self.model.limits()
        cap = np.minimum(high[self.at], 1.0)
        low = np.where(self.size < inf, low[self.at] / self.size, 0.0)
        high = np.where(self.size < inf, cap / self.size, cap)
        by_atom: dict[int, int] = {}
        for i, p in enumerate(self.pieces):  # the j-th largest of an atom is at most a j-th of it
            by_atom[p.atom] = by_atom.get(p.atom, 0) + 1
            if self.size[i] == 1:
                high[i] = min(high[i], 1 / by_atom[p.atom])
        return np.minimum(low, high), high


def least(total: Sum) -> End:
    """The least value of the sum, by tangents."""
    k, model = len(total.at), total.model
    cost = np.r_[np.zeros(model.program.width), np.where(total.size < inf, 1.0, 0.0)]
    low, high = total.limits()
    cuts = [total.tangents(low + (high - low) * part, high > 0) for part in (1.0, 0.5, 0.2, 0.05, 0.01)]
    best, bound = End(-inf, np.empty(0)), -inf
    value = inf
    for n in range(ROUNDS):
        found = model.solve(cost, cuts=_stacked(cuts))
        if not len(found.x):
            return End(inf if found.status == INFEASIBLE else -inf, np.empty(0))
        x = found.x[: model.program.width]
        reached = total.value(x)
        before, bound = (value, bound), max(bound, found.bound)
        if reached < value:
            value, best = reached, End(bound, x)
        if value - bound <= CLOSE * max(abs(value), 1e-3):
            break
        if (value, bound) == before:
            break
        y = np.maximum(x[total.at] / total.sizes(x), 1e-12)
        cuts.append(total.tangents(y, np.ones(k, bool)))
    return End(min(bound, value), best.x)


def _stacked(cuts: list[Cuts]) -> Cuts:
    return Cuts(csr_array(vstack([c.rows for c in cuts])), np.concatenate([c.most for c in cuts]))


def largest(total: Sum, nodes: int) -> End:
    """The largest value of the sum, by branch and bound over intervals of the members' values."""
    low, high = total.limits()
    found, bound = _chords(total, low, high)
    if not len(found.x):
        return End(-inf if found.status == INFEASIBLE else inf, np.empty(0))
    best, value = _climbed(total, found.x)
    heap, order, left, stuck = [(-bound, 0, low, high, found.x)], count(1), nodes, value
    while heap and left > 0 and -heap[0][0] - value > CLOSE * max(abs(value), 1e-3):
        top, _, low, high, x = heapq.heappop(heap)
        halves = _halves(total, low, high, x)
        stuck = stuck if halves else max(stuck, -top)
        for lower, upper in halves:
            left -= 1
            found, bound = _chords(total, lower, upper)
            if not len(found.x) or bound <= value + CLOSE * max(abs(value), 1e-3):
                continue
            if (reached := total.value(found.x)) > value:
                best, value = found.x, reached
            heapq.heappush(heap, (-bound, next(order), lower, upper, found.x))
    return End(max([value, stuck, *(-h[0] for h in heap)]), best)


def _chords(total: Sum, low: Array, high: Array) -> tuple[Solution, float]:
    """The linear programme with each curve replaced by its chord between the limits, and its value."""
    curve, model = total.curve, total.model
    wide = high - low > 1e-13
    span = np.where(wide, high - low, 1.0)
    slope = np.where(wide, (curve.value(high) - curve.value(low)) / span, curve.slope(low))
    base = curve.value(low) - slope * low
    thin = np.where(high > 0, curve.value(high) / np.where(high > 0, high, 1.0), 0.0)
    endless = total.size == inf
    slope = np.where(total.open, thin, np.where(endless, 0.0, slope))
    constant = float(np.where(total.open | endless, 0.0, np.where(endless, 0.0, total.size) * base).sum())
    cost = np.zeros(model.program.width)
    cost[total.at] = -slope
    lower, upper = model.lower.copy(), model.upper.copy()
    finite = ~endless & ~total.open
    lower[total.at[finite]] = (low * total.size)[finite]
    upper[total.at[finite]] = (high * total.size)[finite]
    found = model.solve(cost, lower=lower, upper=upper)
    return found, constant - found.bound


def _climbed(total: Sum, x: Array) -> tuple[Array, float]:
    """From corner to corner along the slope, as long as the sum grows."""
    value = total.value(x)
    for _ in range(20):
        n = np.where(total.size < inf, total.size, 1.0)
        cost = np.zeros(total.model.program.width)
        cost[total.at] = np.where(total.size < inf, -total.curve.slope(x[total.at] / n), 0.0)
        found = total.model.solve(cost)
        if found.status != OPTIMAL or total.value(found.x) <= value * (1 + 1e-12):
            break
        x, value = found.x, total.value(found.x)
    return x, value


def _halves(total: Sum, low: Array, high: Array, x: Array) -> list[tuple[Array, Array]]:
    """The limits cut in two where the chord is furthest above the curve, at the value that is there."""
    n = np.where(total.size < inf, total.size, 1.0)
    y = np.clip(x[total.at] / n, low, high)
    span = np.where(high > low, high - low, 1.0)
    chord = total.curve.value(low) + (total.curve.value(high) - total.curve.value(low)) * (y - low) / span
    off = np.where((total.size < inf) & ~total.open, n * (chord - total.curve.value(y)), 0.0)
    i = int(off.argmax())
    if off[i] <= 0:
        return []
    at = y[i] if low[i] < y[i] < high[i] else (low[i] + high[i]) / 2
    left, right = high.copy(), low.copy()
    left[i] = right[i] = at
    return [(low, left), (right, high)]
