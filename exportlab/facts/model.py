"""A programme with its scale set, ready to be solved by HiGHS for many objectives and within many limits."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from math import inf
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csr_array, hstack, vstack

from exportlab.errors import DataError
from exportlab.facts.program import Program, Row, combined
from exportlab.frames import Array, Mask

OPTIMAL, OUT_OF_NODES, INFEASIBLE, UNBOUNDED, UNDECIDED = range(5)
PRECISION = 1e-10  # to which rows are met
SMALL = 50_000  # cells of a matrix: SciPy takes longer over a sparse one than HiGHS over the programme


class Solution(NamedTuple):
    """How it ended, the least value (a proved bound of it), and the columns (empty where there are none)."""

    status: int
    bound: float
    x: Array


class Box(NamedTuple):
    """The least and the largest that each column may be."""

    lower: Array
    upper: Array


class Sides(NamedTuple):
    """Rows that are at most something, and rows that equal something."""

    most: csr_array
    b_most: Array
    equal: csr_array
    b_equal: Array

    def wider(self, extra: int) -> Sides:
        """With further columns that no row has yet."""
        if not extra:
            return self
        most, equal = (
            csr_array(hstack([a, csr_array((a.shape[0], extra))])) for a in (self.most, self.equal)
        )
        return Sides(most, self.b_most, equal, self.b_equal)

    def below(self, rows: csr_array, most: Array) -> Sides:
        """With further rows that are at most something."""
        return self._replace(most=csr_array(vstack([self.most, rows])), b_most=np.r_[self.b_most, most])


class Cuts(NamedTuple):
    """Further rows, which may have further columns, and what they are at most."""

    rows: csr_array
    most: Array


Rowed = list[tuple[Row, float]]


def cuts(rows: Rowed, width: int) -> Cuts:
    """Rows, with what they are at most, as matrix and vector."""
    return Cuts(matrix([r for r, _ in rows], width), np.array([b for _, b in rows], float))


def matrix(rows: list[Row], width: int) -> csr_array:
    """Rows as a sparse matrix."""
    at = [(i, c, v) for i, row in enumerate(rows) for c, v in row.items()]
    i, c, v = zip(*at, strict=True) if at else ((), (), ())
    return csr_array((np.array(v, float), (np.array(i, int), np.array(c, int))), shape=(len(rows), width))


class Model:
    """A programme with one sum of columns set to one. Whole numbers are the business of `tree.search`.

    Parameters
    ----------
    program : Program
    one : dict
        The sum of columns that is one.
    most : float, optional
        How large a cell is taken to be at most where nothing is known of it; without it, that is refused.
    """

    def __init__(self, program: Program, one: Row, most: float | None = None) -> None:
        self.program = program
        self.box = Box(np.zeros(program.width), np.array(program.upper))
        below, equal = (
            [_without(one, r, b) for r, b in side] for side in (program.rows.most, program.rows.equal)
        )
        equal.append((one, 1.0))
        self.sides = Sides(*cuts(below, program.width), *cuts(equal, program.width))
        wholes = {cell: self._largest(cell, most) for cell in {gate.cell for gate in program.gates}}
        for g in program.gates:
            below.append((combined([(1.0, g.row), (-wholes[g.cell], g.switch)]), wholes[g.cell] * g.base))
        self.sides = Sides(*cuts(below, program.width), *cuts(equal, program.width))

    def _largest(self, cell: str, most: float | None) -> float:
        """The most that a cell can be in all, gates left aside."""
        found = self.solve(-self.vector(self.program.sum(cell, None)))
        if found.status == UNBOUNDED and most is not None:
            return most
        if found.status == UNBOUNDED:
            raise DataError(
                f"a rank or a number of members in {cell!r} needs to know how large {cell!r} can be",
                "Give its total, or a member with its share.",
            )
        return -found.bound if found.status == OPTIMAL else 1.0

    def vector(self, row: Row) -> Array:
        """A row as an array over the columns."""
        out = np.zeros(self.program.width)
        out[list(row)] = list(row.values())
        return out

    def solve(self, cost: Array, box: Box | None = None, further: Cuts | None = None) -> Solution:
        """The least value of a linear objective; its length says how many further columns the cuts have."""
        sides, limits = self._with(cost, box, further)
        return _linear(cost, sides, limits)

    def choose(self, cost: Array, box: Box, further: Cuts, switches: int, nodes: int) -> Solution:
        """The least value where the last columns, so many, are zero or one; no further column is below zero."""
        sides, limits = self._with(cost, box, further)
        whole = np.r_[np.zeros(len(cost) - switches), np.ones(switches)]
        limits.lower[self.program.width :], limits.upper[len(cost) - switches :] = 0.0, 1.0
        rows = [
            LinearConstraint(sides.most, -np.inf, sides.b_most),
            LinearConstraint(sides.equal, sides.b_equal, sides.b_equal),
        ]
        for presolve in (True, False):  # presolve cannot tell infeasible from unbounded
            with silent():
                found = milp(
                    cost,
                    constraints=rows,
                    bounds=Bounds(*limits),
                    integrality=whole,
                    options={"mip_rel_gap": 0.0, "node_limit": nodes, "presolve": presolve},
                )
            if found.status != UNDECIDED:
                break
        bound = -inf if found.mip_dual_bound is None else float(found.mip_dual_bound)
        if found.x is None:
            return Solution(found.status, inf if found.status == INFEASIBLE else bound, np.empty(0))
        at = slice(len(cost) - switches, None)
        limits.lower[at] = limits.upper[at] = np.round(found.x[at])
        exact = _linear(cost, sides, limits)
        x = exact.x if exact.status == OPTIMAL else found.x
        value = float(cost @ x)
        return Solution(OPTIMAL, value if found.status == OPTIMAL else min(bound, value), x)

    def _with(self, cost: Array, box: Box | None, further: Cuts | None) -> tuple[Sides, Box]:
        extra = len(cost) - self.program.width
        lower, upper = self.box if box is None else box
        limits = Box(np.r_[lower, np.full(extra, -inf)], np.r_[upper, np.full(extra, inf)])
        sides = self.sides.wider(extra)
        return (sides if further is None else sides.below(*further)), limits

    def less(self, most: Iterable[slice], equal: Iterable[slice]) -> Model:
        """The same without some of its rows."""
        a, b, c, d = self.sides
        at_most, equals = np.ones(len(b), bool), np.ones(len(d), bool)
        for rows, out in ((at_most, most), (equals, equal)):
            for at in out:
                rows[at] = False
        fewer = copy(self)
        fewer.sides = Sides(csr_array(a[at_most]), b[at_most], csr_array(c[equals]), d[equals])
        return fewer

    def contradiction(self, most: Mask, equal: Mask) -> tuple[Array, Array]:
        """Weights of these rows that add up to a contradiction with the others; zeros where there is none (Farkas).

        They are the multipliers of the programme in which these rows give by one amount, as little as it can be, and
        lie at a corner: no rows among them make a contradiction by themselves (Gleeson and Ryan 1990).
        """
        last = np.arange(self.program.width + 1) == self.program.width
        a, b, c, d = self.sides.wider(1)
        give = csr_array(np.outer(np.ones(int(equal.sum())), last))
        rows = vstack([a - csr_array(np.outer(most, last)), c[equal] - give, -c[equal] - give])
        sides = Sides(csr_array(rows), np.r_[b, d[equal], -d[equal]], csr_array(c[~equal]), d[~equal])
        box = Box(np.r_[self.box.lower, 0.0], np.r_[self.box.upper, inf])
        found = _asked(last.astype(float), sides, box, presolve=True)
        weights = found.ineqlin.marginals if found.status == OPTIMAL else np.zeros(len(sides.b_most))
        of_equal = np.zeros(len(d))
        of_equal[equal] = np.abs(weights[len(b) :]).reshape(2, -1).sum(0)
        return np.where(most, np.abs(weights[: len(b)]), 0.0), of_equal

    def limits(self, box: Box | None = None, rounds: int = 8) -> Box:
        """Limits of every column that follow from one row at a time, over and over."""
        box = self.box if box is None else box
        for _ in range(rounds):
            box = _propagated(*self._one_sided, box)
        return Box(np.minimum(*box), box.upper)

    @cached_property
    def _one_sided(self) -> tuple[coo_array, Array]:
        """Every row as one that is at most something; an equality is two."""
        most, b_most, equal, b_equal = self.sides
        return coo_array(vstack([most, equal, -equal])), np.r_[b_most, b_equal, -b_equal]


@contextmanager
def silent() -> Iterator[None]:
    """What C prints to the standard output goes nowhere.

    HiGHS prints a line when it repairs an integer solution, whatever it is told (jump-dev/HiGHS.jl, issue 312): no
    option of it or of SciPy reaches that line.
    """
    try:
        kept = os.dup(1)
    except OSError:  # a process without a standard output prints nothing
        yield
        return
    _flush()
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    try:
        yield
    finally:
        _flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(sink)


def _flush() -> None:
    """Write what C still holds back, before its output is led elsewhere."""
    try:
        ctypes.CDLL(None).fflush(None)
    except (OSError, TypeError):  # Windows has no C library of the process itself
        return


def _linear(cost: Array, sides: Sides, box: Box) -> Solution:
    found = _solved(cost, sides, box, presolve=True)
    if found.status == UNDECIDED:  # presolve cannot tell infeasible from unbounded
        found = _solved(cost, sides, box, presolve=False)
    return found


def _solved(cost: Array, sides: Sides, box: Box, *, presolve: bool) -> Solution:
    found = _asked(cost, sides, box, presolve=presolve)
    if found.status != OPTIMAL:
        return Solution(found.status, inf if found.status == INFEASIBLE else -inf, np.empty(0))
    return Solution(OPTIMAL, float(found.fun), found.x)


def _asked(cost: Array, sides: Sides, box: Box, *, presolve: bool) -> Any:
    small = (len(sides.b_most) + len(sides.b_equal)) * len(cost) < SMALL
    options = {
        "presolve": presolve,
        "primal_feasibility_tolerance": PRECISION,
        "dual_feasibility_tolerance": PRECISION,
    }
    programme: dict[str, Any] = {
        "A_ub": sides.most.toarray() if small else sides.most,
        "b_ub": sides.b_most,
        "A_eq": sides.equal.toarray() if small else sides.equal,
        "b_eq": sides.b_equal,
        "bounds": np.c_[box],
        "options": options,
    }
    return linprog(cost, **programme)


def _without(one: Row, row: Row, b: float) -> tuple[Row, float]:
    """A row with the sum that is one taken out, where it has all of it: what is left says more by itself."""
    if not one.keys() <= row.keys():
        return row, b
    weights = [row[c] / v for c, v in one.items()]
    weight = max(set(weights), key=weights.count)
    return combined([(1.0, row), (-weight, one)]), b - weight


def _propagated(a: coo_array, b: Array, box: Box) -> Box:
    """Limits after each row bounded each of its columns by the least that its other columns add."""
    row, column, weight = a.row, a.col, a.data
    least = weight * np.where(weight > 0, box.lower[column], box.upper[column])
    endless = np.isinf(least)
    finite = np.where(endless, 0.0, least)
    open_ = np.bincount(row, endless, len(b))[row] - endless
    others = np.where(open_ > 0, -inf, np.bincount(row, finite, len(b))[row] - finite)
    limit = (b[row] - others) / weight
    upper, lower = box.upper.copy(), box.lower.copy()
    np.minimum.at(upper, column[weight > 0], limit[weight > 0])
    np.maximum.at(lower, column[weight < 0], limit[weight < 0])
    return Box(lower, upper)
