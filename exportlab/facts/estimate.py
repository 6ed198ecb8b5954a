"""The table nearest to a prior, in cross-entropy, among those that fit the facts.

Of y with prior shares q it is the one with the least sum of y ln(y / q) (Kullback and Leibler 1951; Golan, Judge and
Miller 1996). Members that no fact tells apart keep the proportions of the prior, unless some reach a cap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.errors import DataError, OptionError, short
from exportlab.facts.conflicts import possible, refusal
from exportlab.facts.curves import Sum, least, relative_entropy
from exportlab.facts.model import Box
from exportlab.facts.program import UNIT, Program, shares
from exportlab.facts.shapes import bound, each_one
from exportlab.facts.statements import Balance, Number, Within
from exportlab.facts.tree import Problem
from exportlab.facts.world import Between, Most, Order, World
from exportlab.flow_table import Flows
from exportlab.frames import Array, collect, values_of

Prior: TypeAlias = "str | Mapping[str, float] | Flows | Any"  # or a pandas Series
OVER = 1e-9  # how far above its cap a member may stand


@dataclass(frozen=True)
class Guess:
    """A table that fits the facts: shares by member, how far from the prior, and one unit of money as a share."""

    shares: dict[str, float]
    divergence: float
    unit: float


def named(prior: Prior) -> dict[str, Prior]:
    """Priors by name: several as they are named, one by its own name."""
    if isinstance(prior, Mapping) and prior and not any(isinstance(v, Real) for v in prior.values()):
        return dict(prior)
    name = (
        prior
        if isinstance(prior, str)
        else getattr(prior, "source" if isinstance(prior, Flows) else "name", "")
    )
    return {str(name or "prior"): prior}


def prior_shares(world: World, prior: Prior, floor: float | None) -> dict[str, float]:
    """What a prior says of every member of the universe, as shares.

    Raises
    ------
    DataError
        A value is negative or missing, or none is above zero; a label is no single member; flows of several periods
        or exporters.
    """
    members = [m for atom in world.atoms for m in atom.members]
    if any(atom.size != len(atom.members) for atom in world.atoms):
        raise OptionError(
            "a best guess needs members with names: give universe= of facts as countries or as a list."
        )
    if isinstance(prior, str):
        if prior != "even":
            raise OptionError(f"prior={prior!r} is not allowed. Allowed: 'even', values by member, Flows.")
        return dict.fromkeys(members, 1 / len(members))
    if not isinstance(prior, Flows) and not hasattr(prior, "items"):
        raise OptionError(
            f"prior={short(repr(prior), 100)} is not allowed. Allowed: 'even', values by member, Flows."
        )
    values = dict.fromkeys(members, 0.0)
    for label, value in (_of_flows(prior) if isinstance(prior, Flows) else dict(prior)).items():
        found = world.universe.members(str(label), world.on[world.target])
        if len(found) != 1:
            raise DataError("a prior is of single members", "Give its countries.", first=repr(label))
        if not np.isfinite(value) or value < 0:
            raise DataError(
                "a prior is negative or missing", "Allowed: zero or more.", first=f"{label}={value!r}"
            )
        values[next(iter(found))] += float(value)
    total = sum(values.values())
    if total <= 0:
        raise DataError("a prior is zero everywhere", "Give values by member.")
    least = 0.0 if floor is None else floor
    return {m: max(v / total, least) for m, v in values.items()}


def _of_flows(flows: Flows) -> dict[str, float]:
    """Flows of one period and exporter, by market."""
    for role in ("period", "exporter"):
        if role in flows.roles and len(several := values_of(flows.frame, role)) > 1:
            raise DataError(f"a prior has several {role}s", f"Choose one: {sorted(map(str, several))[:3]}.")
    if "market" not in flows.roles:
        raise DataError("a prior has no markets", "Name the column: xl.flows(..., market=...).")
    table = collect(flows.frame.group_by("market").agg(nw.col("value").sum()))
    return dict(zip(table["market"].to_list(), table["value"].to_list(), strict=True))


def guess(world: World, prior: Mapping[str, float], nodes: int) -> Guess:
    """The table nearest to a prior."""
    world = _without_number(world, prior)
    order = [sorted(atom.members, key=lambda m: (-prior[m], m)) for atom in world.atoms]
    slots = {a: int(atom.size) for a, atom in enumerate(world.atoms)} if each_one(world) else {}
    while True:
        problem = Problem(world, shares, slots, ordered=False)
        names = _named(problem.root.program, order)
        weights = np.array([sum(prior[m] for m in inside) for inside in names])
        x = _nearest(problem, weights, nodes)
        found = _by_member(Sum(problem.root), names, weights, prior, x)
        over = _above_caps(problem.root.program, x, names, found)
        if not over:
            break
        slots |= over
    divergence = sum(y * np.log(y / prior[m]) for m, y in found.items() if y > 0)
    scale = sum(prior.values())
    return Guess(found, float(divergence + np.log(scale)), float(x[UNIT]) / problem.root.program.reference)


def _without_number(world: World, prior: Mapping[str, float]) -> World:
    """Facts on how many members carry a value are left out where the prior has no more."""
    positive = sum(v > 0 for v in prior.values())
    for known in world.known:
        if isinstance(known, Number) and positive > known.most:
            raise OptionError(
                f"'{known.words}', and the prior has {positive}. Allowed: a prior that is zero for the others."
            )
    return replace(world, known=tuple(k for k in world.known if not isinstance(k, Number)))


def _named(program: Program, order: list[list[str]]) -> list[list[str]]:
    """The members of each piece of the target: slots are those with the largest priors."""
    left = [list(members) for members in order]
    found = []
    for piece in program.of(program.world.target):
        members = left[piece.atom]
        taken = members[:1] if not piece.pooled else members[:]
        del members[: len(taken)]
        found.append(taken)
    return found


def _nearest(problem: Problem, weights: Array, nodes: int) -> Array:
    """The columns at the least cross-entropy; what has no prior has nothing."""
    model = problem.root
    total = Sum(model)
    per_member = np.where(weights > 0, weights, 1.0) / total.size
    box = Box(model.box.lower, model.box.upper.copy())
    box.upper[total.at[weights == 0]] = 0.0
    end = least(problem, relative_entropy(per_member), nodes, box)
    if not len(end.x):
        if not possible(problem):
            raise refusal(problem.world)
        raise DataError(
            f"the prior is zero where the facts need a value: {_needed(problem, total, weights)}",
            "Give floor=, a share for each member without a prior, or another prior.",
        )
    return end.x


def _needed(problem: Problem, total: Sum, weights: Array) -> str:
    """The labels whose members have no prior, and that facts put above zero."""
    none = {int(c) for c in total.at[weights == 0]}
    program = problem.root.program
    found = [
        k.fact.words
        for k in problem.world.known
        if isinstance(k, Between)
        and k.low > 0
        and len(k.top) == 1
        and k.top[0][1] == problem.world.target
        and program.total(k.top).keys() <= none
    ]
    return "; ".join(found) or "together, they leave it no room"


def _by_member(
    total: Sum, names: list[list[str]], weights: Array, prior: Mapping[str, float], x: Array
) -> dict[str, float]:
    """Shares of all members: pools in proportion to the prior."""
    return {
        m: max(float(x[column]), 0.0) * (prior[m] / weight if weight > 0 else 1 / len(inside))
        for inside, column, weight in zip(names, total.at, weights, strict=True)
        for m in inside
    }


def _above_caps(
    program: Program, x: Array, names: list[list[str]], found: Mapping[str, float]
) -> dict[int, int]:
    """Atoms whose pool has members above a cap, and how many of its members then need a column of their own."""
    world = program.world
    cells = {world.target}
    cells |= {k.other for k in world.known if isinstance(k, Within) and k.cell == world.target}
    cells |= {k.whole for k in world.known if isinstance(k, Balance) and world.target in (k.cell, k.second)}
    over: dict[int, int] = {}
    for known in (k for k in world.known if isinstance(k, Most | Order) and k.cell in cells):
        cap = sum(v * x[c] for c, v in bound(program, known).items())
        for piece, inside in zip(program.of(world.target), names, strict=True):
            above = sum(found[m] > cap * (1 + OVER) for m in inside)
            if piece.pooled and above and inside[0] in known.singles:
                slots = sum(p.atom == piece.atom and not p.pooled for p in program.of(world.target))
                over[piece.atom] = max(over.get(piece.atom, 0), slots + above)
    return over
