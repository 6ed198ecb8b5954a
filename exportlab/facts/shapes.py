"""The two extreme ways to split an atom, and how many of its members the concentrated one needs.

Over all ways to split a sum among members with one cap, indices of concentration are least where it is split evenly and
largest where as many members as fit stand at the cap, one has what is left, and the others nothing (majorisation).
"""

from __future__ import annotations

from math import inf

import numpy as np

from exportlab.errors import DataError
from exportlab.facts.model import Model
from exportlab.facts.program import UNIT, Program, Row
from exportlab.facts.statements import Balance, Within
from exportlab.facts.world import Between, Most, Order, World
from exportlab.frames import Array

MOST = 10_000_000  # members that are counted one by one
SLOTS = 250  # members of an atom that are looked at one by one at most


def slots(model: Model) -> tuple[dict[int, int], frozenset[int]]:
    """For each atom, how many members may stand above the others at once; and the atoms where that was cut short."""
    program, world = model.program, model.program.world
    caps = _least_caps(model)
    high = model.limits().upper
    above = program.least[world.target]
    found, short = {}, set()
    for index, atom in enumerate(world.atoms):
        if atom.size == 1:
            continue
        pool = [p.column for p in program.of(world.target) if p.atom == index]
        mass, cap = min(sum(high[pool]), 1.0), caps.get(index, inf)
        full = np.floor(mass / cap + 1e-9) if cap > 0 else inf
        need = atom.size if each_one(world) else min(above + full + 1, atom.size)
        found[index] = int(min(need, SLOTS))
        if need > SLOTS:
            short.add(index)
    return found, frozenset(short)


def _least_caps(model: Model) -> dict[int, float]:
    """The least that each atom's cap can be, as a share."""
    program, world = model.program, model.program.world
    found: dict[int, float] = {}
    for k in world.known:
        if not isinstance(k, Most | Order) or k.cell not in program.component[world.target]:
            continue
        row = bound(program, k)
        least = max(model.solve(model.vector(row)).bound, 0.0)
        for index, atom in enumerate(world.atoms):
            if atom.members[0] in k.singles:
                found[index] = min(found.get(index, inf), least)
    return found


def bound(program: Program, known: Most | Order) -> Row:
    """What single members are at most."""
    if known.of is None:
        assert isinstance(known, Most)
        return {UNIT: known.most / program.reference}
    return program.sum(known.cell, known.of)


def each_one(world: World) -> bool:
    """Whether members of an atom are tied to other cells so that no simple shape is known to be the extreme one."""
    elsewhere = [
        k for k in world.known if isinstance(k, Most | Order) and k.singles and k.cell != world.target
    ]
    links = [k for k in world.known if isinstance(k, Within | Balance)]
    simple = all(isinstance(k, Within) and k.cell == world.target for k in links) and not any(
        isinstance(k, Order) and k.above for k in elsewhere
    )
    return bool(links and elsewhere) and not simple


def settled(program: Program) -> Array | None:
    """The sum of each atom where equalities alone settle it, one after the other; else None."""
    world = program.world
    if program.gates or len(world.on) > 1:
        return None
    found = {UNIT: program.reference}
    rows = [dict(row) for row, _ in program.rows.equal]
    while open_ := [row for row in rows if sum(c not in found for c in row) == 1]:
        for row in open_:
            unknown = [c for c in row if c not in found]
            if len(unknown) == 1:
                rest = -sum(v * found[c] for c, v in row.items() if c in found)
                found[unknown[0]] = rest / row[unknown[0]]
    if len(found) < program.width:
        return None
    return np.array([found[c] for c in range(program.width)])


def holds(program: Program, x: Array, slack: float = 1e-9) -> bool:
    """Whether columns meet every row, to a part of the largest of them."""
    size = slack * max(1e-300, np.abs(x).max())
    most = all(sum(v * x[c] for c, v in row.items()) <= b + size for row, b in program.rows.most)
    equal = all(abs(sum(v * x[c] for c, v in row.items()) - b) <= size for row, b in program.rows.equal)
    return most and equal and bool((x >= -size).all())


def extremes(program: Program, x: Array) -> tuple[list[Array], list[Array]]:
    """For each atom whose sum is settled, the even split and the concentrated one."""
    world = program.world
    even, peaked = [], []
    for index, atom in enumerate(world.atoms):
        sum_ = max(float(x[next(p.column for p in program.of(world.target) if p.atom == index)]), 0.0)
        caps = [
            sum(v * x[c] for c, v in bound(program, k).items())
            for k in world.known
            if isinstance(k, Most | Order) and atom.members[0] in k.singles
        ]
        even.append(np.full(int(atom.size), sum_ / atom.size) if atom.size < inf else np.empty(0))
        peaked.append(_piled(sum_, min(caps, default=inf), atom.size))
    return even, peaked


def _piled(total: float, cap: float, size: float) -> Array:
    """As many members at the cap as fit, and one with what is left."""
    if cap >= total or cap <= 0:
        return np.array([total])
    if min(total / cap, size) > MOST:
        raise DataError(
            f"the rest is {total / cap:.3g} members of the size of their cap, and {MOST:,} are the most that are "
            "counted",
            "Give max_members= of bounds or universe= of facts, or leave the cap (largest=True) out.",
        )
    full = min(int(total // cap), int(min(size, total // cap)))
    rest = [total - full * cap] if full < size else []
    return np.array([cap] * full + rest)


def given(world: World) -> bool:
    """Whether every amount and share is exact."""
    return all(k.low == k.high for k in world.known if isinstance(k, Between))
