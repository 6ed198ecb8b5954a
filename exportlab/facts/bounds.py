"""Bounds of an index, a share or a value over every table that fits the facts, with a table at each end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any, NamedTuple

import numpy as np

from exportlab.arrays import Array
from exportlab.errors import DataError, OptionError
from exportlab.facts.completion import Completion, completion, of_parts
from exportlab.facts.conflicts import refusal
from exportlab.facts.curves import End, Sum
from exportlab.facts.families import HIGHEST_ORDER, Index, index
from exportlab.facts.model import INFEASIBLE, OPTIMAL, Model, amounts, shares
from exportlab.facts.program import Program
from exportlab.facts.results import ImpliedBounds
from exportlab.facts.shapes import extremes, given, holds, settled, slots
from exportlab.facts.world import Members, World

PROVED = 1e-7  # the gap between an end's table and its bound, relative to the index, that counts as none


class Reached(NamedTuple):
    """An end of an index: its value, whether a table attains it, and the table."""

    value: float
    attained: bool
    table: Completion


def index_bounds(
    world: World, name: str, options: Mapping[str, Any], said: tuple[str, ...], nodes: int
) -> ImpliedBounds:
    """Bounds of an index of concentration."""
    chosen = index(name, options, world.universe.size)
    program = Program(world)
    x = settled(program) if given(world) else None
    if x is not None and holds(program, x):
        ends = [_of_parts(chosen, program, parts, x) for parts in extremes(program, x)]
    else:
        ends = _searched(chosen, program, nodes)
    low, high = sorted(ends, key=lambda end: end.value)
    return ImpliedBounds(name, low.value, high.value, low.attained and high.attained, low.table, high.table, said)


def sum_bounds(
    world: World, name: str, members: Members, said: tuple[str, ...], *, share: bool, nodes: int
) -> ImpliedBounds:
    """Bounds of the share, or the value, of a set of members: two linear programmes."""
    program = Program(world)
    model = shares(program) if share else amounts(program)
    row = model.vector(program.sum(world.target, members))
    unit = 1.0 if share else program.reference
    ends = []
    for sign in (1.0, -1.0):
        found = model.solve(sign * row, nodes=nodes)
        if found.status == INFEASIBLE:
            raise refusal(world)
        if not len(found.x):
            ends.append(Reached(-sign * inf, False, completion(program, np.zeros(program.width))))
            continue
        attained = found.value - found.bound <= PROVED * max(abs(found.value), PROVED)
        value = sign * (found.value if attained else found.bound) * unit
        ends.append(Reached(value + 0.0, attained, completion(program, found.x)))
    low, high = ends
    return ImpliedBounds(name, low.value, high.value, low.attained and high.attained, low.table, high.table, said)


def _searched(chosen: Index, program: Program, nodes: int) -> list[Reached]:
    """Both ends by linear programmes: evenly split atoms for the one, atoms with slots for the other."""
    options = chosen.options
    if chosen.indicator.name == "hill" and (options["q"] == 0 or HIGHEST_ORDER < options["q"] < inf):
        raise OptionError(
            f"hill with q={options['q']:g} is bounded only where exact facts settle every sum. Allowed here: q above "
            f"zero up to {HIGHEST_ORDER:g}, or infinity."
        )
    base = shares(program)
    if base.solve(np.zeros(program.width)).status == INFEASIBLE:
        raise refusal(program.world)
    many, short = slots(base)
    wide = shares(Program(program.world, many)) if many else base
    evenest, densest, finish = chosen.ends()
    even, piled = Sum(base, chosen.curve()), Sum(wide, chosen.curve(), short)
    found = [(even, evenest(even, nodes)), (piled, densest(piled, nodes))]
    return [_reached(chosen, total, end, finish) for total, end in found]


def _reached(chosen: Index, total: Sum, end: End, finish: Callable[[float], float]) -> Reached:
    """The index at an end, from the table if it attains the bound."""
    program = total.model.program
    if not len(end.x):
        return Reached(finish(end.bound), False, completion(program, np.zeros(program.width)))
    value, bound = chosen.of(_values(total, end.x), 1.0), finish(end.bound)
    attained = abs(value - bound) <= PROVED * max(abs(value), PROVED)
    return Reached(value if attained else bound, attained, completion(program, end.x))


def _values(total: Sum, x: Array) -> Array:
    """The value of each member, pools evenly split; any number of members spread thin are left out."""
    found = []
    for piece, column, n in zip(total.pieces, total.at, total.sizes(x), strict=True):
        if n < inf:
            each = max(x[column], 0.0) / max(n, 1.0)
            found.append(np.full(round(max(n, 1.0)) if piece.pooled else 1, each if each > 1e-12 else 0.0))
    return np.concatenate(found)


def _of_parts(chosen: Index, program: Program, parts: list[Array], x: Array) -> Reached:
    """The index of a table whose atoms are split in parts."""
    total = sum(x[p.column] for p in program.of(program.world.target))
    values = np.concatenate(parts)
    return Reached(chosen.of(np.where(values > 0, values, 0.0), total), True, of_parts(program, parts, x))
