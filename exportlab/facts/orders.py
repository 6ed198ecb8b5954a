"""Indices that depend on the members' order: the sum of the k largest, and the sum of values times ranks."""

from __future__ import annotations

from itertools import combinations
from math import inf

import numpy as np

from exportlab.arrays import Array
from exportlab.facts.curves import End, Sum
from exportlab.facts.model import INFEASIBLE, NODES, Cuts, matrix
from exportlab.facts.program import Row

PAIRS = 2500  # pairs of members in either order, beyond which an end is bounded without looking at them one by one


def least_of_largest(total: Sum, k: int) -> End:
    """The least sum of the k largest: k t and what exceeds t, at the best t; a linear programme."""
    width = total.model.program.width
    cost = np.r_[np.zeros(width), float(k), np.where(total.size < inf, 1.0, 0.0)]
    rows: list[tuple[Row, float]] = [({width: -1.0}, 0.0)]
    for i, (column, size) in enumerate(zip(total.at.tolist(), total.size.tolist(), strict=True)):
        over = width + 1 + i
        rows.append(({over: -1.0}, 0.0))
        if size < inf:
            rows.append(({column: 1.0, width: -size, over: -1.0}, 0.0))
    return _end(total, cost, rows, 1.0)


def largest_of_largest(total: Sum, k: int, nodes: int) -> End:
    """The largest sum of k members: a switch for each says whether it is one of them."""
    width, n = total.model.program.width, len(total.at)
    high = total.limits()[1]
    single = np.flatnonzero((total.size == 1) | total.open)
    rows: list[tuple[Row, float]] = []
    for j, i in enumerate(single.tolist()):
        part, switch = width + j, width + len(single) + j
        rows.append(({part: 1.0, int(total.at[i]): -1.0}, 0.0))
        rows.append(({part: 1.0, switch: -high[i] * (k if total.open[i] else 1.0)}, 0.0))
    m = len(single)
    rows.append((dict.fromkeys(range(width + m, width + 2 * m), 1.0), float(min(k, n))))
    cost = np.r_[np.zeros(width), np.full(m, -1.0), np.zeros(m)]
    return _end(total, cost, rows, -1.0, switches=m, nodes=nodes)


def largest_by_rank(total: Sum) -> End:
    """The largest sum of values times ranks less one: pairs, each at the smaller of the two; a linear programme."""
    width, n = total.model.program.width, len(total.at)
    pairs = list(combinations(range(n), 2))
    own = np.zeros(width)
    own[total.at] = -(total.size - 1) / 2
    cost = np.r_[own, [-total.size[i] * total.size[j] for i, j in pairs]]
    rows: list[tuple[Row, float]] = []
    for p, (i, j) in enumerate(pairs):
        rows += [({width + p: 1.0, int(total.at[m]): -1 / total.size[m]}, 0.0) for m in (i, j)]
    return _end(total, cost, rows, -1.0)


def least_by_rank(total: Sum, nodes: int) -> End:
    """The least sum of values times ranks less one: where two may stand in either order, a switch says which."""
    width, (low, high) = total.model.program.width, total.limits()
    single = np.flatnonzero(total.size == 1).tolist()
    cost, upper = np.zeros(width), total.model.upper.copy()
    for i in np.flatnonzero(total.size > 1):  # at the least, pools carry nothing
        slots = sum(total.pieces[j].atom == total.pieces[i].atom for j in single)
        cost[total.at[i]] = slots
        upper[total.at[i]] = upper[total.at[i]] if total.open[i] else 0.0
    open_: list[tuple[int, int]] = []
    for i, j in combinations(single, 2):
        if total.pieces[i].atom == total.pieces[j].atom or high[j] <= low[i]:
            cost[total.at[j]] += 1
        elif high[i] <= low[j]:
            cost[total.at[i]] += 1
        else:
            open_.append((i, j))
    rows: list[tuple[Row, float]] = []
    m = len(open_)
    for p, (i, j) in enumerate(open_):
        part, switch = width + p, width + m + p
        a, b = int(total.at[i]), int(total.at[j])
        rows.append(({b: 1.0, part: -1.0, switch: -(high[j] - low[i])}, 0.0))
        rows.append(({a: 1.0, part: -1.0, switch: high[i] - low[j]}, high[i] - low[j]))
        rows.append(({part: -1.0}, 0.0))
    whole = np.r_[cost, np.ones(m), np.zeros(m)]
    return _end(total, whole, rows, 1.0, switches=m, relaxed=m > PAIRS, upper=upper, nodes=nodes)


def _end(
    total: Sum, cost: Array, rows: list[tuple[Row, float]], sign: float, *, switches: int = 0, relaxed: bool = False,
    nodes: int = NODES, upper: Array | None = None,
) -> End:  # fmt: skip
    cuts = Cuts(matrix([r for r, _ in rows], len(cost)), np.array([b for _, b in rows])) if rows else None
    found = total.model.solve(cost, cuts=cuts, switches=switches, relaxed=relaxed, upper=upper, nodes=nodes)
    if not len(found.x):
        return End(sign * (inf if found.status == INFEASIBLE else -inf), np.empty(0))
    return End(sign * found.bound, found.x[: total.model.program.width])
