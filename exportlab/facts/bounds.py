"""Bounds of an index, a share or a value over every table that fits the facts, with a table at each end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isinf
from typing import NamedTuple

import numpy as np

from exportlab.errors import OptionError
from exportlab.facts.completion import Completion, completion, of_parts
from exportlab.facts.conflicts import refusal
from exportlab.facts.curves import Sum
from exportlab.facts.families import HIGHEST_ORDER, Index
from exportlab.facts.model import Box, Model
from exportlab.facts.orders import members
from exportlab.facts.program import Program, amounts, shares
from exportlab.facts.results import ImpliedBounds
from exportlab.facts.shapes import extremes, given, holds, settled, slots
from exportlab.facts.tree import End, Problem, search
from exportlab.facts.world import Members, World
from exportlab.frames import Array

PROVED = 1e-7  # the gap between an end's table and its bound, relative to the end, that counts as none
SMALL = 0.1  # the end that the gap is relative to where the end is smaller: an index may be zero


class Reached(NamedTuple):
    """An end of an index: its value, whether a table attains it, and the table."""

    value: float
    attained: bool
    table: Completion


@dataclass(frozen=True)
class Question:
    """What is asked for: an index of all members, or the share or the value of some.

    Attributes
    ----------
    name : str
    index : Index, optional
    asked : frozenset of str
        The members whose share or value it is, where it is no index.
    money : bool
        Whether it is the value.
    """

    name: str
    index: Index | None = None
    asked: Members = frozenset()
    money: bool = False

    def of(self, shares: Mapping[str, float], unit: float) -> float:
        """The answer for a table of all members' shares; `unit` is one unit of money as a share."""
        if self.index is not None:
            return self.index.of(np.array(list(shares.values())), 1.0)
        share = sum(shares[m] for m in self.asked)
        return share / unit if self.money else share


def bounds(world: World, question: Question, said: tuple[str, ...], nodes: int) -> ImpliedBounds:
    """The least and the largest answer over every table that fits the facts."""
    if question.index is None:
        low, high = _sum_ends(world, question, nodes)
    else:
        low, high = sorted(_index_ends(world, question.index, nodes), key=lambda end: end.value)
    proved = low.attained and high.attained
    return ImpliedBounds(question.name, low.value, high.value, proved, low.table, high.table, said)


def _index_ends(world: World, chosen: Index, nodes: int) -> list[Reached]:
    program = Program(world)
    x = settled(program) if given(world) else None
    if x is not None and holds(program, x):
        return [_of_parts(chosen, program, parts, x) for parts in extremes(program, x)]
    return _searched(chosen, world, nodes)


def _sum_ends(world: World, question: Question, nodes: int) -> list[Reached]:
    """Two linear programmes."""
    problem = Problem(world, amounts if question.money else shares)
    program = problem.root.program
    row = problem.root.vector(program.sum(world.target, question.asked))
    unit = program.reference if question.money else 1.0
    low, high = _linear_end(problem, row, nodes), _linear_end(problem, -row, nodes)
    return [low._replace(value=low.value * unit), high._replace(value=-high.value * unit)]


def _linear_end(problem: Problem, cost: Array, nodes: int) -> Reached:
    def relax(model: Model, box: Box) -> End:
        found = model.solve(cost, box)
        return End(found.bound, found.x)

    end = search(problem, relax, lambda _, x: float(cost @ x), nodes)
    if end.bound == inf:
        raise refusal(problem.world)
    value = float(cost @ end.x) if len(end.x) else inf
    attained = _closed(value, end.bound)
    return Reached(value if attained else end.bound, attained, completion(problem.root.program, end.x))


def _closed(value: float, bound: float) -> bool:
    """Whether a table comes up to a bound."""
    return abs(value - bound) <= PROVED * max(abs(value), SMALL)


def _searched(chosen: Index, world: World, nodes: int) -> list[Reached]:
    """Both ends by linear programmes: evenly split atoms for the one, atoms with slots for the other."""
    options = chosen.options
    if chosen.indicator.name == "hill" and (options["q"] == 0 or HIGHEST_ORDER < options["q"] < inf):
        raise OptionError(
            f"hill with q={options['q']:g} is bounded only where exact facts settle every sum. Allowed here: q above "
            f"zero up to {HIGHEST_ORDER:g}, or infinity."
        )
    even = Problem(world, shares)
    evenest = chosen.evenest(even, nodes)
    if isinf(evenest.bound):
        raise refusal(world)
    many, short = slots(even.root)
    piled = Problem(world, shares, many) if many else even
    densest = chosen.densest(piled, short, nodes)
    return [_reached(chosen, even.root, evenest), _reached(chosen, piled.root, densest)]


def _reached(chosen: Index, model: Model, end: End) -> Reached:
    """The index at an end, from the table if it attains the bound."""
    bound, table = chosen.made_of(end.bound), completion(model.program, end.x)
    if not len(end.x):
        return Reached(bound, False, table)
    value = chosen.of(members(Sum(model), end.x), 1.0)
    attained = _closed(value, bound)
    return Reached(value if attained else bound, attained, table)


def _of_parts(chosen: Index, program: Program, parts: list[Array], x: Array) -> Reached:
    """The index of a table whose atoms are split in parts."""
    total = sum(x[p.column] for p in program.of(program.world.target))
    values = np.concatenate(parts)
    return Reached(chosen.of(np.where(values > 0, values, 0.0), total), True, of_parts(program, parts, x))
