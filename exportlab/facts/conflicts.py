"""Facts that cannot all hold: an irreducible set of them, and which single one, loosened by how much, would mend it."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import NamedTuple

import numpy as np

from exportlab.errors import DataError
from exportlab.facts.model import INFEASIBLE, Box, Model
from exportlab.facts.program import Row, amounts
from exportlab.facts.statements import Fact, Number, Ratio
from exportlab.facts.tree import End, Problem, search
from exportlab.facts.world import Between, World, fact_of

LARGE = (
    1e4  # how many times the amounts that are known a cell without a total may be, for ranks to be compared
)
NOUGHT = 1e-9  # a multiplier that counts as zero


class Clash(NamedTuple):
    """A fact of an irreducible set, and how far it would have to give way for all to hold (NaN: it alone cannot)."""

    fact: Fact
    loosen: float
    remedy: str


def irreducible(world: World) -> list[Fact]:
    """Facts that cannot hold together, none of which can be spared; none where all can hold.

    A deletion filter (Chinneck 2008), which leaves aside at once what has no part in a contradiction.
    """
    if _possible(world):
        return []
    kept, core, needed = _posed(world), _involved(world), set[Fact]()
    while untried := [f for f in core if f not in needed]:
        if _possible_without(kept, untried[0]):
            needed.add(untried[0])
        else:
            kept = _posed(kept.world.without(untried[:1]))
            core = _involved(kept.world)
    return core


def _involved(world: World) -> list[Fact]:
    """Of facts that cannot all hold, those of one contradiction, where rows alone are one; else all of them."""
    model = _posed(world).root
    said = model.program.said
    rows = [np.zeros(len(b), bool) for b in (model.sides.b_most, model.sides.b_equal)]
    for _, *own in said:
        for side, at in zip(rows, own, strict=True):
            side[at] = True
    weights = model.contradiction(*rows)
    used = {f for f, *own in said if any((w[at] > NOUGHT).any() for w, at in zip(weights, own, strict=True))}
    facts = list(dict.fromkeys(world.facts))
    fewer = [f for f in facts if f in used]
    return facts if _possible(world.without(set(facts) - used)) else fewer


def _possible_without(problem: Problem, fact: Fact) -> bool:
    """Whether any table fits all the other facts; where nothing is a whole number, by the same rows less its own."""
    program = problem.root.program
    if program.whole or program.gates:
        return _possible(problem.world.without([fact]))
    own = [rows for f, *rows in program.said if f == fact]
    return problem.root.less(*zip(*own, strict=True)).solve(np.zeros(program.width)).status != INFEASIBLE


def clashes(world: World) -> list[Clash]:
    """An irreducible set of conflicting facts, each with the loosening that mends it alone."""
    problem = _posed(world)
    return [_loosened(problem, fact) for fact in irreducible(world)]


def refusal(world: World) -> DataError:
    """The refusal of facts that cannot all hold, in words."""
    found = clashes(world)
    listed = "; ".join(f"({i}) {c.fact}" for i, c in enumerate(found, 1))
    mended = [c.remedy for c in found if np.isfinite(c.loosen)]
    hint = f"Any one of these would mend it: {'; '.join(mended)}." if mended else "No single one mends it."
    return DataError(f"{len(found)} facts cannot all hold: {listed}", hint)


def possible(problem: Problem) -> bool:
    """Whether any table fits."""
    return _least(problem, {}) < inf


def _posed(world: World) -> Problem:
    return Problem(world, amounts, most=LARGE)


def _possible(world: World) -> bool:
    return possible(_posed(world))


def _least(problem: Problem, row: Row) -> float:
    cost = problem.root.vector(row)

    def relax(model: Model, box: Box) -> End:
        found = model.solve(cost, box)
        return End(found.bound, found.x)

    return search(problem, relax, lambda _, x: float(cost @ x)).bound


def _loosened(problem: Problem, fact: Fact) -> Clash:
    if not _possible_without(problem, fact):
        return Clash(fact, np.nan, "")
    world = problem.world
    known, others = next(k for k in world.known if fact_of(k) == fact), world.without([fact])
    if isinstance(known, Between):
        return _moved(others, known)
    return _fewest(others, known) if isinstance(known, Number) else _given_way(world, fact)


def _moved(others: World, known: Between) -> Clash:
    """How far an amount or a rate would have to move: to the nearest that the other facts allow."""
    asked = [s for _, _, s in (*known.top, *known.per) if s]
    problem = Problem(
        replace(others, asked=(*others.asked, *asked)), lambda program: program.total(known.per)
    )
    row = problem.root.program.total(known.top)
    low, high = _least(problem, row), -_least(problem, {c: -v for c, v in row.items()})
    if known.low > high:
        return Clash(known.fact, known.low - high, _said(known, "at most", high))
    return Clash(known.fact, low - known.high, _said(known, "at least", low))


def _said(known: Between, which: str, value: float) -> str:
    """A figure as it would have to be, written as the fact has it."""
    assert isinstance(known.fact, Ratio)
    value = round(value, 12) + 0.0  # no minus before a zero
    words, kind = known.fact.words, known.fact.kind
    if kind == "growth":
        return f"'{words}' with a growth of {which} {value - 1:.2%}"
    return f"'{words}' with {which} {value:.2%}" if kind == "share" else f"'{words}' with {which} {value:.6g}"


def _fewest(others: World, known: Number) -> Clash:
    """How many members the other facts need."""
    problem = Problem(replace(others, known=(*others.known, replace(known, most=10**9))), amounts, most=LARGE)
    least = round(_least(problem, dict.fromkeys(problem.root.program.counts.values(), 1.0)))
    return Clash(known, least - known.most, f"'{known.words}' as at least {least}")


def _given_way(world: World, fact: Fact) -> Clash:
    """By how much money every row of a fact would have to give."""
    problem = Problem(world, amounts, elastic=fact, most=LARGE)
    program = problem.root.program
    assert program.slack is not None
    give = _least(problem, {program.slack: program.reference})
    return Clash(fact, give, f"'{fact.words}' giving way by {give:.6g}")
