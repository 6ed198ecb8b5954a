"""Convex curves whose sums over members are indices of concentration, and the sums' least and largest values.

The least value is found with tangents, whose linear programme proves it. The largest lies at a corner: chords above the
curves give linear programmes that bound it, over intervals that are cut where the chords are furthest off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
from scipy.sparse import csr_array, vstack

from exportlab.facts.model import PRECISION, Box, Cuts, Model
from exportlab.facts.program import UNIT
from exportlab.facts.tree import CLOSE, WHOLE, End, Problem, search
from exportlab.frames import Array, Mask

IDLE = 6  # rounds of tangents that narrow the gap by no more than the solver's precision: rounding has the last word
STEPS = np.linspace(0.05, 1, 20)  # how far from the best point towards a new one is looked for a better
OPEN = 0.1  # how far below its upper limit the share of an amount may be, before that is cut first
NOTHING = 1e-9  # a share that counts as none: rows are met to a part of it
TINY = 1e-12  # a share that is in place of zero where a tangent may be upright; an upper limit that leaves nothing


@dataclass(frozen=True)
class Curve:
    """A convex function of a member's share, zero at zero, and its slope."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


SQUARES = Curve(lambda y: y * y, lambda y: 2 * y)


def powers(q: float) -> Curve:
    """y^q for q above one; below one minus that, which is convex too."""
    sign = 1.0 if q > 1 else -1.0
    return Curve(lambda y: sign * y**q, lambda y: sign * q * np.maximum(y, 1e-300) ** (q - 1))


def relative_entropy(prior: float | Array = 1.0) -> Curve:
    """y ln(y / prior)."""
    return Curve(
        lambda y: y * np.log(np.where(y > 0, y, 1.0) / prior),
        lambda y: np.log(np.maximum(y, 1e-300) / prior) + 1,
    )


class Sum:
    """A sum over the members of the target cell, as arrays over its pieces; pools are evenly split.

    Parameters
    ----------
    model : Model
    open_pools : frozenset of int
        Atoms with more members than slots that may matter: their pools are bounded as if they were piled up.
    """

    def __init__(self, model: Model, open_pools: frozenset[int] = frozenset()) -> None:
        program = model.program
        self.model, self.pieces = model, program.of(program.world.target)
        self.at = np.array([p.column for p in self.pieces])
        self.size = np.array([p.size for p in self.pieces])
        self.open: Mask = np.array([p.pooled and p.atom in open_pools for p in self.pieces])
        self.counted = np.array([program.counts.get(p.column, -1) for p in self.pieces])
        self.finite = self.size < inf

    def sizes(self, x: Array) -> Array:
        """How many members share each piece."""
        return np.where(self.counted >= 0, np.maximum(x[self.counted], TINY), self.size)

    def value(self, curve: Curve, x: Array) -> float:
        """The sum of a curve; any number of members are spread thin."""
        n = self.sizes(x)[self.finite]
        y = x[self.at][self.finite]
        return float((n * curve.value(np.where(y > NOTHING, y, 0.0) / np.maximum(n, TINY))).sum())

    def limits(self, box: Box) -> tuple[Array, Array]:
        """The least and the largest value per member of each piece."""
        n = np.where(self.finite, np.maximum(self.size, 1.0), 1.0)
        low = np.where(self.finite, np.maximum(box.lower[self.at], 0.0) / n, 0.0)
        return low, np.clip(box.upper[self.at], 0.0, 1.0) / n


def tangents(total: Sum, curve: Curve, y: Array, high: Array) -> Cuts:
    """Rows that hold each piece's part of the sum above its tangent at y, per member; at nothing where it has none."""
    k, width = len(total.at), total.model.program.width
    slope = np.where(high > TINY, curve.slope(y), 0.0)
    base = np.where(high > TINY, curve.value(y), 0.0) - slope * y
    at = np.flatnonzero(total.finite)
    rows = np.zeros((len(at), width + k))
    rows[np.arange(len(at)), total.at[at]] = slope[at]
    rows[np.arange(len(at)), width + at] = -1.0
    counted = total.counted[at] >= 0
    rows[np.flatnonzero(counted), total.counted[at][counted]] = base[at][counted]
    return Cuts(csr_array(rows), np.where(counted, 0.0, -total.size[at] * base[at]))


def least(problem: Problem, curve: Curve, nodes: int, box: Box | None = None) -> End:
    """The least value of the sum, by tangents."""

    def relax(model: Model, box: Box) -> End:
        return _by_tangents(Sum(model), curve, box)

    return search(problem, relax, lambda model, x: Sum(model).value(curve, x), nodes, box=box)


def _by_tangents(total: Sum, curve: Curve, box: Box) -> End:
    """The least sum within limits; where zeros keep its ends apart, once more without members that can only be zero."""
    low, high = total.limits(total.model.limits(box))
    found, value = _tangents_drawn(total, curve, box, (low, high))
    if len(found.x) and not _met(found.bound, value):
        none = np.flatnonzero((found.x[total.at] <= NOTHING) & (high > TINY) & total.finite)
        shut = [i for i in none if _most(total, int(i), box) <= NOTHING]
        if shut:
            high[shut] = 0.0
            found, value = _tangents_drawn(total, curve, box, (low, high))
    return End(min(found.bound, value), found.x)


def _met(bound: float, value: float) -> bool:
    """Whether a table comes up to a bound."""
    return value - bound <= CLOSE * max(abs(value), 1e-3)


def _most(total: Sum, piece: int, box: Box) -> float:
    """The most that a piece can have."""
    cost = np.zeros(total.model.program.width)
    cost[total.at[piece]] = -1.0
    return -total.model.solve(cost, box).bound


def _tangents_drawn(total: Sum, curve: Curve, box: Box, limits: tuple[Array, Array]) -> tuple[End, float]:
    """Tangents at one solution after the other: the bound they prove, the best columns, and the sum there."""
    model, (low, high) = total.model, limits
    cost = np.r_[np.zeros(model.program.width), total.finite.astype(float)]
    first = [np.maximum(low + (high - low) * t, TINY) for t in (1, 0.5, 0.2, 0.05, 0.01)]
    drawn = [tangents(total, curve, y, high) for y in first]
    best, value, bound, idle = np.empty(0), inf, -inf, 0
    while idle < IDLE:
        further = Cuts(csr_array(vstack([d.rows for d in drawn])), np.concatenate([d.most for d in drawn]))
        found = model.solve(cost, box, further)
        if not len(found.x):
            return End(found.bound, np.empty(0)), inf
        x = found.x[: model.program.width]
        before, bound = value - bound, max(bound, found.bound)
        for point in [best + t * (x - best) for t in STEPS] if len(best) else [x]:
            if (reached := total.value(curve, point)) < value:
                best, value = point, reached
        idle = 0 if value - bound < before - PRECISION else idle + 1
        if _met(bound, value):
            break
        for point in (x, best):
            y = np.maximum(point[total.at] / total.sizes(point), TINY)
            drawn.append(tangents(total, curve, y, high))
    return End(bound, best), value


def largest(problem: Problem, curve: Curve, open_pools: frozenset[int], nodes: int) -> End:
    """The largest value of the sum, by branch and bound over intervals of the members' values."""

    def relax(model: Model, box: Box) -> End:
        total, narrowed = Sum(model, open_pools), model.limits(box)
        found = _by_chords(total, curve, narrowed)
        most = float(curve.value(piled_up(total, narrowed)).sum())
        return found._replace(bound=max(found.bound, -most))

    def value(model: Model, x: Array) -> float:
        return -Sum(model).value(curve, x)

    def split(model: Model, box: Box, x: Array) -> list[Box]:
        return _halves(Sum(model, open_pools), curve, model.limits(box), x)

    found = search(problem, relax, value, nodes, box=_start(problem), split=split)
    return End(-found.bound, found.x)


def _start(problem: Problem) -> Box:
    """Limits to begin with: those that follow from the rows."""
    lower, upper = problem.root.limits()
    upper[problem.root.program.whole] = np.floor(upper[problem.root.program.whole] + WHOLE)
    return Box(np.maximum(lower, 0.0), upper)


def _by_chords(total: Sum, curve: Curve, box: Box) -> End:
    """Minus the sum with each curve replaced by its chord between the limits."""
    low, high = total.limits(box)
    wide = high - low > 1e-13
    span = np.where(wide, high - low, 1.0)
    slope = np.where(wide, (curve.value(high) - curve.value(low)) / span, curve.slope(low))
    base = np.where(total.finite, total.size, 0.0) * (curve.value(low) - slope * low)
    piled = np.where(high > 0, curve.value(high) / np.where(high > 0, high, 1.0), 0.0)
    slope = np.where(total.open, piled, np.where(total.finite, slope, 0.0))
    cost = np.zeros(total.model.program.width)
    cost[total.at] = -slope
    found = total.model.solve(cost, box)
    return End(found.bound - float(base[~total.open].sum()), found.x)


def piled_up(total: Sum, box: Box) -> Array:
    """Members' values that majorise every table within the limits (Marshall, Olkin and Arnold 2011, ch. 5).

    The j largest members have at most the j largest upper limits together, and what the lower limits of others leave.
    """
    low, high = total.limits(box)
    loose = total.open | (total.counted >= 0)  # pools whose members need not be alike
    high = np.where(loose, np.clip(box.upper[total.at], 0.0, 1.0), high)
    many = np.where(total.finite, np.maximum(total.size, 1.0), 0.0).astype(int)
    least = np.sort(np.repeat(np.where(loose, 0.0, low), many))[::-1]
    most = np.sort(np.repeat(high, many))[::-1]
    top = np.minimum(np.cumsum(most), 1.0 - (least.sum() - np.cumsum(least)))
    members: Array = np.maximum(np.diff(top, prepend=0.0), 0.0)
    return members


def _halves(total: Sum, curve: Curve, box: Box, x: Array) -> list[Box]:
    """The limits cut in two where the chord is furthest above the curve, at the value that is there.

    Where the total is open, so is the share of every amount: its limits come first.
    """
    if box.lower[UNIT] < box.upper[UNIT] * (1 - OPEN) and box.upper[UNIT] < inf:
        return _cut(box, UNIT, (box.lower[UNIT] + box.upper[UNIT]) / 2)
    low, high = total.limits(box)
    n = np.where(total.finite, np.maximum(total.size, 1.0), 1.0)
    y = np.clip(x[total.at] / n, low, high)
    span = np.where(high > low, high - low, 1.0)
    chord = curve.value(low) + (curve.value(high) - curve.value(low)) * (y - low) / span
    off = np.where(total.finite & ~total.open, n * (chord - curve.value(y)), 0.0)
    i = int(off.argmax())
    if off[i] <= 0:
        return []
    at = y[i] if low[i] < y[i] < high[i] else (low[i] + high[i]) / 2
    return _cut(box, int(total.at[i]), at * n[i])


def _cut(box: Box, column: int, at: float) -> list[Box]:
    """The limits below and above a value of a column."""
    below, above = Box(box.lower, box.upper.copy()), Box(box.lower.copy(), box.upper)
    below.upper[column] = above.lower[column] = at
    return [below, above]
