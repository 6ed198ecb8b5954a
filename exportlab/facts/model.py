"""A programme with its scale set, solved: linear and mixed programmes by HiGHS, and limits of columns by propagation."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, hstack, vstack

from exportlab.arrays import Array
from exportlab.errors import DataError
from exportlab.facts.program import UNIT, Program, Row, Rows, combined

NODES = 2000  # branches that are looked into before an end is given as an outer bound
OPTIMAL, OUT_OF_NODES, INFEASIBLE, UNBOUNDED, UNDECIDED = range(5)
_PRECISE = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


class Solution(NamedTuple):
    """How it ended, the objective's value, a bound that is proved, and the columns (empty where there are none)."""

    status: int
    value: float
    bound: float
    x: Array


class Cuts(NamedTuple):
    """Further rows, which may have further columns, and what they are at most."""

    rows: csr_array
    most: Array


def matrix(rows: list[Row], width: int) -> csr_array:
    """Rows as a sparse matrix."""
    at = [(i, c, v) for i, row in enumerate(rows) for c, v in row.items()]
    i, c, v = zip(*at, strict=True) if at else ((), (), ())
    return csr_array((np.array(v, float), (np.array(i, int), np.array(c, int))), shape=(len(rows), width))


class Model:
    """A programme with one sum of columns set to one, ready to be solved for many objectives."""

    def __init__(self, program: Program, one: Row) -> None:
        self.program = program
        self.lower, self.upper = np.zeros(program.width), np.array(program.upper)
        self.whole = np.zeros(program.width)
        self.whole[program.whole] = 1
        self.wholes: dict[str, float] = {}
        rows = Rows(*([_without(one, r, b) for r, b in side] for side in (program.rows.most, program.rows.equal)))
        rows.equals((1.0, one), to=1.0)
        self._set(rows)
        for gate in program.gates:
            whole = self._largest(gate.cell)
            rows.at_most((1.0, gate.row), (-whole, gate.switch), most=whole * gate.base)
        self._set(rows)

    def _set(self, rows: Rows) -> None:
        width = self.program.width
        self.a_most, self.a_equal = (matrix([r for r, _ in side], width) for side in (rows.most, rows.equal))
        self.b_most, self.b_equal = (np.array([b for _, b in side]) for side in (rows.most, rows.equal))

    def _largest(self, cell: str) -> float:
        """The most that a cell can be in all, gates left aside."""
        if cell not in self.wholes:
            found = self.solve(-self.vector(self.program.sum(cell, None)), relaxed=True)
            if found.status == UNBOUNDED:
                raise DataError(
                    f"a rank or a number of members in {cell!r} needs to know how large {cell!r} can be",
                    "Give its total, or a member with its share.",
                )
            self.wholes[cell] = -found.value if found.status == OPTIMAL else 1.0
        return self.wholes[cell]

    def vector(self, row: Row) -> Array:
        """A row as an array over the columns."""
        out = np.zeros(self.program.width)
        out[list(row)] = list(row.values())
        return out

    def solve(
        self, cost: Array, *, cuts: Cuts | None = None, relaxed: bool = False, nodes: int = NODES,
        lower: Array | None = None, upper: Array | None = None, switches: int = 0,
    ) -> Solution:  # fmt: skip
        """The least value of a linear objective, whose length says how many further columns there are.

        The last `switches` of these are zero or one.
        """
        extra = len(cost) - self.program.width
        low = np.r_[self.lower if lower is None else lower, np.full(extra, -inf)]
        high = np.r_[self.upper if upper is None else upper, np.full(extra, inf)]
        most, b = _wider(self.a_most, extra), self.b_most
        if cuts is not None:
            most, b = csr_array(vstack([most, cuts.rows])), np.r_[b, cuts.most]
        equal = _wider(self.a_equal, extra)
        whole = np.r_[self.whole, np.zeros(extra - switches), np.ones(switches)]
        low[len(low) - switches :], high[len(high) - switches :] = 0.0, 1.0
        if relaxed or not whole.any():
            return _linear(cost, most, b, equal, self.b_equal, low, high)
        sides = [LinearConstraint(most, -np.inf, b), LinearConstraint(equal, self.b_equal, self.b_equal)]
        found = milp(cost, constraints=sides, bounds=Bounds(low, high), integrality=whole,
                     options={"mip_rel_gap": 0.0, "node_limit": nodes})  # fmt: skip
        if found.x is None:
            bound = found.mip_dual_bound
            return Solution(found.status, inf, -inf if bound is None else bound, np.empty(0))
        at = np.flatnonzero(whole)
        low[at] = high[at] = np.round(found.x[at])
        exact = _linear(cost, most, b, equal, self.b_equal, low, high)
        if exact.status != OPTIMAL:
            exact = Solution(OPTIMAL, found.fun, found.fun, found.x)
        return Solution(found.status, exact.value, min(found.mip_dual_bound, exact.value), exact.x)

    def limits(self, rounds: int = 8) -> tuple[Array, Array]:
        """Limits of every column that follow from one row at a time, over and over."""
        a = np.vstack([self.a_most.toarray(), self.a_equal.toarray(), -self.a_equal.toarray()])
        b = np.r_[self.b_most, self.b_equal, -self.b_equal]
        low, high = self.lower.copy(), self.upper.copy()
        for _ in range(rounds):
            low, high = _propagated(a, b, low, high)
        return low, high


def _wider(a: csr_array, extra: int) -> csr_array:
    return csr_array(hstack([a, csr_array((a.shape[0], extra))])) if extra else a


def _linear(
    cost: Array, most: csr_array, b: Array, equal: csr_array, b_equal: Array, low: Array, high: Array
) -> Solution:
    sides = {"A_ub": most, "b_ub": b, "A_eq": equal, "b_eq": b_equal, "bounds": np.c_[low, high]}
    found = linprog(cost, **sides, options=_PRECISE)
    if found.status == UNDECIDED:  # presolve cannot tell infeasible from unbounded
        found = linprog(cost, **sides, options={**_PRECISE, "presolve": False})
    if found.status != OPTIMAL:
        return Solution(found.status, inf, -inf, np.empty(0))
    return Solution(OPTIMAL, found.fun, found.fun, found.x)


def _propagated(a: Array, b: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Limits after each row bounded each of its columns by the least that its other columns add."""
    with np.errstate(invalid="ignore"):
        least = np.where(a > 0, a * low, np.where(a < 0, a * high, 0.0))
    endless = np.isinf(least)
    finite = np.where(endless, 0.0, least)
    total, open_ = finite.sum(axis=1, keepdims=True), endless.sum(axis=1, keepdims=True)
    others = np.where(open_ - endless > 0, -inf, total - finite)
    with np.errstate(divide="ignore", invalid="ignore"):
        limit = (b[:, None] - others) / a
    upper = np.where(a > 0, limit, inf).min(axis=0, initial=inf)
    lower = np.where(a < 0, limit, -inf).max(axis=0, initial=-inf)
    return np.maximum(low, lower), np.minimum(high, upper)


def _without(one: Row, row: Row, b: float) -> tuple[Row, float]:
    """A row with the sum that is one taken out, where it has all of it: what is left says more by itself."""
    if not one.keys() <= row.keys():
        return row, b
    weights = [row[c] / v for c, v in one.items()]
    weight = max(set(weights), key=weights.count)
    return combined([(1.0, row), (-weight, one)]), b - weight


def shares(program: Program) -> Model:
    """The programme with the whole of the target cell set to one."""
    return Model(program, program.sum(program.world.target, None))


def amounts(program: Program) -> Model:
    """The programme in units of its reference amount."""
    return Model(program, {UNIT: 1.0})
