"""Branch and bound: the least value of an objective over a programme whose switches and counts are whole numbers.

A relaxation bounds the objective within limits of the columns. Where its solution is no table, or is further off than
the bound, the limits are cut in two: at a switch or a count that is no whole number, or where the objective says.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from math import inf
from typing import NamedTuple, TypeAlias

import numpy as np

from exportlab.facts.model import Box, Model
from exportlab.facts.program import Program, Row
from exportlab.facts.statements import Fact
from exportlab.facts.world import NODES, World
from exportlab.frames import Array

CLOSE = 1e-9  # a gap, relative to the value, that ends a search
WHOLE = 1e-7  # how far off a whole number may be

Relax: TypeAlias = Callable[[Model, Box], "End"]


class End(NamedTuple):
    """A bound that is proved, and the columns that come nearest to it; empty where there are none."""

    bound: float
    x: Array


@dataclass
class Problem:
    """A world as models: one, or one for each limit of how many members carry a value.

    Attributes
    ----------
    world : World
    one : callable
        The sum of columns that is set to one.
    slots : mapping of int to int
        For each atom, how many members have a column of their own.
    elastic : Fact, optional
        A fact that may give.
    most : float, optional
        How large a cell is taken to be at most, where nothing is known of it.
    ordered : bool
        Whether the slots of an atom stand from the largest to the smallest.
    """

    world: World
    one: Callable[[Program], Row]
    slots: Mapping[int, int] = field(default_factory=dict)
    elastic: Fact | None = None
    most: float | None = None
    ordered: bool = True
    _made: dict[tuple[tuple[int, float], ...], Model] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.root = self.model({})

    def model(self, carrying: Mapping[int, float]) -> Model:
        """The model where so many members carry a value, built once."""
        asked = tuple(carrying.items())
        if asked not in self._made:
            program = Program(
                self.world, self.slots, elastic=self.elastic, ordered=self.ordered, carrying=carrying
            )
            self._made[asked] = Model(program, self.one(program), self.most)
        return self._made[asked]

    def within(self, box: Box) -> Model:
        """The model for limits of the columns."""
        counts = self.root.program.counts.values()
        return self.model({n: box.upper[n] for n in counts}) if counts else self.root

    def is_table(self, x: Array) -> bool:
        """Whether switches and counts are whole, and every row holds with just so many members."""
        program = self.root.program
        if np.abs(x[program.whole] - np.round(x[program.whole])).max(initial=0.0) > WHOLE:
            return False
        if not program.counts:
            return True
        model = self.model({n: round(x[n]) for n in program.counts.values()})
        return bool((model.sides.most @ x <= model.sides.b_most + 1e-8).all())

    def halves(self, box: Box, x: Array) -> list[Box]:
        """The limits cut at the switch or count that is furthest from whole, else at a count below its limit."""
        program = self.root.program
        off = [(abs(x[c] - round(x[c])), c) for c in program.whole]
        far, column = max(off, default=(0.0, -1))
        if far <= WHOLE:
            room = [(box.upper[n] - x[n], n) for n in program.counts.values() if box.upper[n] - x[n] > WHOLE]
            if not room:
                return []
            column = max(room)[1]
        at = float(np.floor(x[column] + WHOLE))
        below, above = Box(box.lower, box.upper.copy()), Box(box.lower.copy(), box.upper)
        below.upper[column], above.lower[column] = at, at + 1
        return [below, above]


def search(
    problem: Problem,
    relax: Relax,
    value: Callable[[Model, Array], float],
    nodes: int = NODES,
    *,
    box: Box | None = None,
    split: Callable[[Model, Box, Array], list[Box]] = lambda *_: [],
) -> End:
    """The least value of an objective: a bound that is proved, and the table that comes nearest to it.

    Parameters
    ----------
    problem : Problem
    relax : callable
        A bound within limits, and the columns it is found at.
    value : callable
        The objective at the columns of a table.
    nodes : int
    box : Box, optional
        The limits to begin with.
    split : callable
        Where else limits are cut, when all that must be whole is.
    """
    best, reached, stuck, order = np.empty(0), inf, inf, count()
    heap: list[tuple[float, int, Box, Array]] = []
    waiting = [problem.root.box if box is None else box]
    while True:
        for limits in waiting:
            nodes -= 1
            model = problem.within(limits)
            bound, x = relax(model, limits)
            if not len(x):
                if bound == -inf:
                    return End(-inf, x)
                continue
            if problem.is_table(x) and (own := value(model, x)) < reached:
                best, reached = x, own
            heapq.heappush(heap, (bound, next(order), limits, x))
        close = CLOSE * max(abs(reached), 1e-3)
        if not heap or heap[0][0] >= reached - close or nodes <= 0:
            return End(min([reached, stuck, *(h[0] for h in heap[:1])]), best)
        bound, _, limits, x = heapq.heappop(heap)
        waiting = problem.halves(limits, x) or split(problem.within(limits), limits, x)
        stuck = stuck if waiting else min(stuck, bound)
