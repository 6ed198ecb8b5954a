"""From the rows of a group to a sample: what each resampled unit adds to each cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.arrays import Array
from exportlab.errors import OptionError
from exportlab.flows import Flows
from exportlab.frames import collect
from exportlab.indices.advantage import check_reference, refuse_lost
from exportlab.uncertainty import statistics
from exportlab.uncertainty.advantage import advantage
from exportlab.uncertainty.groups import Part, Places, Plan, parts, places
from exportlab.uncertainty.sample import Sample


def grouped(flows: Flows, plan: Plan) -> list[Part]:
    """The flows of each group, for an advantage beside those it is measured against."""
    made = parts(flows, plan)
    if plan.name != "rca":
        return made
    reference = plan.options.get("reference", "world")
    check_reference(flows, reference)
    table = isinstance(reference, Flows)
    reference = flows.alike(reference) if table else reference
    one = not table and reference not in ("world", "rest")
    within = tuple(r for r in plan.groups if r != "exporter" and (not table or r in reference.roles))
    drawn = not table or set(plan.units) <= set(reference.identity)
    asked = replace(plan, groups=(*within, "exporter") if one else within, units=plan.units if drawn else ())
    others = {p.key: p for p in parts(reference if table else flows, asked)}
    at = [plan.groups.index(r) for r in within]
    beside = []
    for part in made:
        key = (*(part.key[i] for i in at), *((reference,) if one else ()))
        known = others[key].cells if key in others else ()
        refuse_lost(flows, plan.spread, sorted(set(part.cells) - set(known)))
        beside.append(part.beside(others[key]))
    return beside


def sampler(flows: Flows, plan: Plan, *, exchanged: bool = False) -> Callable[[Part, Places, Places], Sample]:
    """How a group becomes a sample; maps of units and cells put several groups on the same ones.

    With `exchanged`, units are summed to cells even where they are members.
    """
    if plan.members and not exchanged:
        return lambda part, units, cells: _members(plan, part, units)
    if plan.name == "share":
        return lambda part, units, cells: statistics.shares(part.matrix(units, cells))
    if plan.name == "rca":
        return lambda part, units, cells: _advantage(plan, part, units, cells)
    if plan.name == "bloc_share":
        inside = _bloc(flows, plan)
        return lambda part, units, cells: statistics.part(*_bloc_parts(plan, part, units, inside))
    return lambda part, units, cells: statistics.of_cells(
        plan.name, part.matrix(units, cells), universe=plan.universe, **plan.options
    )


def _members(plan: Plan, part: Part, units: Places) -> Sample:
    """Members as units, with those of the universe that the group has nothing in."""
    place = units or {u: i for i, u in enumerate(part.units)}
    values = np.bincount(part.cell, part.value, len(part.cells))
    at = [plan.spread.index(r) for r in plan.units]
    codes = [place[tuple(cell[i] for i in at)] for cell in part.cells]
    whole = len(place)
    if plan.universe is not None and set(plan.units) == set(plan.spread):
        whole = max(whole, plan.universe)
    empty = np.setdiff1d(np.arange(whole), codes)  # units that can be drawn and carry nothing
    return statistics.of_members(
        plan.name, np.append(values, np.zeros(empty.size)), np.append(codes, empty).astype(int),
        universe=plan.universe, **plan.options,
    )  # fmt: skip


def _advantage(plan: Plan, part: Part, units: Places, cells: Places) -> Sample:
    units, cells = units or places(part.units), cells or places(part.cells)
    other = part.against
    assert other is not None
    own = part.matrix(units, cells)
    asked = {"form": plan.options.get("form", "balassa"), "universe": plan.universe}
    if not other.drawn:
        return advantage(own, other.matrix(None, cells)[0], float(other.value.sum()), **asked)
    reference = other.matrix(units, cells)
    total = np.bincount(other.placed(units), other.value, len(units)).astype(np.float64)
    if plan.options.get("reference") == "rest":
        reference, total = reference - own, total - statistics.by_unit(own)[0]
    return advantage(own, reference, total, **asked)


def _bloc_parts(plan: Plan, part: Part, units: Places, inside: Mapping[Any, bool]) -> tuple[Array, Array]:
    """What each unit sends to the bloc, and what it sends in all."""
    unit, size = part.placed(units), len(units or part.units)
    names = (*plan.groups, *plan.spread, *plan.units)
    at = [names.index(r) for r in _dated(plan)]
    decides = set(_dated(plan)) & set(plan.units)
    of = part.unit if decides else np.zeros_like(part.unit)  # else every unit's flow to a cell counts alike
    pairs, back = np.unique(np.stack([part.cell, of]), axis=1, return_inverse=True)
    labels = [(*part.key, *part.cells[c], *part.units[u]) for c, u in pairs.T]
    flags = np.array([inside[tuple(label[i] for i in at)] for label in labels])[back.ravel()]
    to_bloc = np.bincount(unit, part.value * flags, size).astype(np.float64)
    return to_bloc, np.bincount(unit, part.value, size).astype(np.float64)


def _dated(plan: Plan) -> tuple[str, ...]:
    """The roles that decide whether a flow goes to the bloc."""
    names = (*plan.groups, *plan.spread, *plan.units)
    return tuple(r for r in ("period", "exporter", "market") if r in names)


def _bloc(flows: Flows, plan: Plan) -> dict[Any, bool]:
    """Whether each (period, exporter, market) counts, as `exportlab.bloc_share` says of that flow alone."""
    from exportlab.indices.shares import bloc_share

    options = dict(plan.options)
    name = options.pop("bloc", None)
    if name is None:
        raise OptionError("bloc_share needs bloc=..., such as bloc='RCEP'.")
    roles = _dated(plan)
    dated: Literal["dated"] | Any = options.get("membership", "dated")
    if dated == "dated" and options.get("members") is None and "period" not in roles:
        raise OptionError(
            "membership='dated' needs the period in by=, over= or resample=; or name a year, or 'latest'."
        )
    from exportlab.flows import flows as door

    rows = collect(flows.cells(*roles).filter(nw.col("value") > 0))
    table = rows.with_row_index("flow number").to_native()
    named: dict[str, Any] = {r: r for r in roles}
    told: Any = flows.calendar.told if "period" in roles else None
    alone = door(table, **named, value="value", keys="flow number", frequency=told, validate="schema")
    found = nw.from_native(
        bloc_share(alone, name, by=[*[r for r in roles if r != "market"], "flow number"], **options)
    )
    share = dict(zip(found["flow number"].to_list(), found["bloc_share"].to_list(), strict=True))
    keys = zip(*(rows[r].to_list() for r in roles), strict=True)
    return {key: share[i] > 0.5 for i, key in enumerate(keys)}
