"""Indices that depend on the members' order: the sum of the k largest, and the sum of values times ranks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from exportlab.facts.curves import NOTHING, SQUARES, Sum, largest, piled_up
from exportlab.facts.model import Box, Model, Rowed, Solution, cuts
from exportlab.facts.tree import CLOSE, End, Problem, search
from exportlab.frames import Array

FEW = 50  # branches for the table of the largest squares, which often is the one looked for
PAIRS = 2500  # pairs of members in either order, beyond which an end is bounded without looking at them one by one


def top(values: Array, k: int) -> float:
    """The sum of the k largest."""
    return float(np.sort(values)[::-1][:k].sum())


def by_rank(values: Array) -> float:
    """The sum of values times ranks, the largest first, less the sum of values."""
    return float((np.sort(values)[::-1] * np.arange(len(values))).sum())


def members(total: Sum, x: Array) -> Array:
    """The value of each member; any number of members spread thin are left out."""
    found = [np.empty(0)]
    for piece, column, n in zip(total.pieces, total.at, total.sizes(x), strict=True):
        if n < np.inf:
            many = max(round(n), 1) if piece.pooled else 1
            each = max(float(x[column]), 0.0) / many
            found.append(np.full(many, each if each > NOTHING else 0.0))
    return np.concatenate(found)


def least_of_largest(problem: Problem, k: int, nodes: int) -> End:
    """The least sum of the k largest: k t and what exceeds t, at the best t; a linear programme."""

    def relax(model: Model, box: Box) -> End:
        total, width = Sum(model), model.program.width
        cost = np.r_[np.zeros(width), float(k), total.finite.astype(float)]
        rows: Rowed = [({width + i: -1.0}, 0.0) for i in range(len(total.at) + 1)]
        for i in np.flatnonzero(total.finite).tolist():
            rows.append(({int(total.at[i]): 1.0, width: -float(total.size[i]), width + 1 + i: -1.0}, 0.0))
        return _end(model, model.solve(cost, box, cuts(rows, len(cost))))

    return _searched(problem, relax, lambda values: top(values, k), nodes)


def largest_of_largest(problem: Problem, k: int, open_pools: frozenset[int], nodes: int) -> End:
    """The largest sum of k members: a switch for each says whether it is one of them."""

    def relax(model: Model, box: Box) -> End:
        total, width = Sum(model, open_pools), model.program.width
        high = total.limits(model.limits())[1]
        counted = np.flatnonzero([not p.pooled for p in total.pieces] | total.open).tolist()
        rows, m = Rowed(), len(counted)
        for j, i in enumerate(counted):
            most = -float(high[i]) * (k if total.open[i] else 1)
            rows.append(({width + j: 1.0, int(total.at[i]): -1.0}, 0.0))
            rows.append(({width + j: 1.0, width + m + j: most}, 0.0))
        rows.append((dict.fromkeys(range(width + m, width + 2 * m), 1.0), float(k)))
        cost = np.r_[np.zeros(width), np.full(m, -1.0), np.zeros(m)]
        return _end(model, model.choose(cost, box, cuts(rows, len(cost)), m, nodes))

    found = _searched(problem, relax, lambda values: -top(values, k), nodes)
    return End(-found.bound, found.x)


def largest_by_rank(problem: Problem, nodes: int) -> End:
    """The largest sum of values times ranks less one: pairs, each at the smaller of the two; a linear programme."""

    def relax(model: Model, box: Box) -> End:
        total, width = Sum(model), model.program.width
        pairs = list(combinations(range(len(total.at)), 2))
        own = np.zeros(width)
        own[total.at] = -(np.maximum(total.size, 1.0) - 1) / 2
        cost = np.r_[own, [-total.size[i] * total.size[j] for i, j in pairs]]
        rows: Rowed = [
            ({width + p: total.size[m], int(total.at[m]): -1.0}, 0.0)
            for p, (i, j) in enumerate(pairs)
            for m in (i, j)
        ]
        return _end(model, model.solve(cost, box, cuts(rows, len(cost))))

    found = _searched(problem, relax, lambda values: -by_rank(values), nodes)
    return End(-found.bound, found.x)


def least_by_rank(problem: Problem, open_pools: frozenset[int], nodes: int) -> End:
    """The least sum of values times ranks less one: where two may stand in either order, a switch says which."""
    piled = largest(problem, SQUARES, open_pools, FEW)
    bound = by_rank(piled_up(Sum(problem.root, open_pools), problem.root.limits()))
    if len(piled.x) and by_rank(members(Sum(problem.root), piled.x)) <= bound + CLOSE:
        return End(bound, piled.x)

    def relax(model: Model, box: Box) -> End:
        return _ordered(Sum(model, open_pools), box, nodes)

    return _searched(problem, relax, by_rank, nodes)


def _ordered(total: Sum, box: Box, nodes: int) -> End:
    model, width = total.model, total.model.program.width
    low, high = total.limits(model.limits())
    single = [i for i, p in enumerate(total.pieces) if not p.pooled]
    cost, upper = np.zeros(width), box.upper.copy()
    for i, piece in enumerate(total.pieces):  # pools carry nothing at the least, unless they are open
        if piece.pooled:
            cost[total.at[i]] = sum(total.pieces[j].atom == piece.atom for j in single)
            upper[total.at[i]] = upper[total.at[i]] if total.open[i] else 0.0
    either: list[tuple[int, int]] = []
    for i, j in combinations(single, 2):
        if total.pieces[i].atom == total.pieces[j].atom or high[j] <= low[i]:
            cost[total.at[j]] += 1
        elif high[i] <= low[j]:
            cost[total.at[i]] += 1
        else:
            either.append((i, j))
    rows, m = Rowed(), len(either)
    for p, (i, j) in enumerate(either):
        smaller, switch, a, b = width + p, width + m + p, int(total.at[i]), int(total.at[j])
        rows.append(({b: 1.0, smaller: -1.0, switch: float(low[i] - high[j])}, 0.0))
        rows.append(({a: 1.0, smaller: -1.0, switch: float(high[i] - low[j])}, float(high[i] - low[j])))
        rows.append(({smaller: -1.0}, 0.0))
    whole, limits = np.r_[cost, np.ones(m), np.zeros(m)], Box(box.lower, upper)
    further = cuts(rows, len(whole))
    if m > PAIRS:
        return _end(model, model.solve(whole, limits, further))
    return _end(model, model.choose(whole, limits, further, m, nodes))


def _end(model: Model, found: Solution) -> End:
    return End(found.bound, found.x[: model.program.width])


def _searched(
    problem: Problem, relax: Callable[[Model, Box], End], of: Callable[[Array], float], nodes: int
) -> End:
    return search(problem, relax, lambda model, x: of(members(Sum(model), x)), nodes)
