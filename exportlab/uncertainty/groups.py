"""From flows to samples: for every group, what each resampled unit adds to each cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.arrays import Array
from exportlab.catalogue import CATALOGUE
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.flows import KEY_ROLES, Columns, Flows
from exportlab.frames import collect
from exportlab.measure import Universe, universe_size
from exportlab.uncertainty import statistics
from exportlab.uncertainty.sample import Sample

TWO_WAY = {"share": (), "bloc_share": ("bloc", "membership", "within", "home", "members"), "rca": ("form",)}


@dataclass(frozen=True, eq=False)
class Plan:
    """What is asked for: the index, what it is spread over and computed for, and what is drawn.

    `spread` are the roles of a cell, `groups` those of a group, `units` those of a resampled unit;
    `shown` the cell roles that stand in the outcome, where there is a value per cell.
    """

    name: str
    spread: tuple[str, ...]
    groups: tuple[str, ...]
    units: tuple[str, ...]
    shown: tuple[str, ...]
    universe: int | None
    options: Mapping[str, Any]

    @property
    def unit(self) -> str:
        """The resampled unit in words."""
        return " x ".join(self.units)

    @property
    def members(self) -> bool:
        """Whether the units are the members (or hold whole members) that the index is spread over."""
        return self.name not in TWO_WAY and set(self.units) <= set(self.spread)


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of one group: labels of its units and cells, and for each row their codes and its value."""

    key: tuple[Any, ...]
    units: tuple[tuple[Any, ...], ...]
    cells: tuple[tuple[Any, ...], ...]
    unit: Any
    cell: Any
    value: Array

    def matrix(self, units: Mapping[Any, int] | None = None, cells: Mapping[Any, int] | None = None) -> Any:
        """Units by cells, in the group's own order or in one given; sparse where mostly empty."""
        rows = self.unit if units is None else np.array([units[u] for u in self.units])[self.unit]
        columns = self.cell if cells is None else np.array([cells[c] for c in self.cells])[self.cell]
        shape = (len(units or self.units), len(cells or self.cells))
        if shape[0] * shape[1] <= 250_000 or self.value.size > 0.1 * shape[0] * shape[1]:
            dense = np.zeros(shape)
            dense[rows, columns] = self.value  # one row a cell of units and cells
            return dense
        from scipy.sparse import csr_array

        return csr_array((self.value, (rows, columns)), shape=shape)


def plan(
    flows: Flows, name: str, *, over: Columns | None, by: Columns | None, resample: Columns, universe: Universe,
    options: Mapping[str, Any],
) -> Plan:  # fmt: skip
    """Read the question, or refuse it with the reason."""
    entry, implied = CATALOGUE.find(name)
    if not entry.is_distribution and entry.name not in TWO_WAY:
        known = [i.name for i in CATALOGUE.values() if i.is_distribution]
        raise UnknownName("index with intervals", name, [*known, *TWO_WAY])
    chosen = {**implied, **options}
    unknown = [o for o in options if o not in TWO_WAY.get(entry.name, entry.options)]
    if unknown:
        allowed = list(TWO_WAY.get(entry.name, entry.options))
        raise OptionError(f"Intervals of {entry.name} have no option {unknown[0]!r}. Allowed: {allowed}.")
    over = over if over is not None else ("product" if entry.name == "rca" else "market")
    spread, units = flows.resolve(over), flows.resolve(resample)
    if not spread or not units:
        raise OptionError("over= and resample= each name at least one role.")
    groups = _groups(flows, spread, units, by)
    shown: tuple[str, ...] = ()
    size = None
    if entry.name == "rca":
        if "exporter" not in groups:
            raise DataError(
                "the flows have no exporter to compare", "rca needs exporter=... at the door, kept in by=."
            )
        groups, spread = tuple(g for g in groups if g != "exporter"), ("exporter", *spread)
    if entry.name in ("rca", "share"):
        shown = spread
        if set(units) <= set(spread):
            raise OptionError(
                f"The {entry.name} of each {' and '.join(spread)} cannot be had by drawing {' and '.join(units)}: "
                "a cell is in a draw or not. "
                f"Name another unit, one of {[r for r in flows.identity if r not in spread]}."
            )
    elif entry.is_distribution:
        size = universe_size(flows, spread, universe) if entry.uses_universe else None
    return Plan(entry.name, spread, groups, units, shown, size, chosen)


def _groups(flows: Flows, spread: Sequence[str], units: Sequence[str], by: Columns | None) -> tuple[str, ...]:
    """What the index is computed for: by default every key role that is neither spread over nor drawn."""
    if by is None:
        return tuple(r for r in KEY_ROLES if r in flows.roles and r not in (*spread, *units))
    groups = flows.split(spread, by)[1]
    both = [g for g in groups if g in units]
    if both and len(both) == len(units):
        raise OptionError(
            f"{both[0]!r} stands in both by= and resample=, so every group would hold one {both[0]}: "
            f"draw another unit, or leave {both[0]!r} out of by=."
        )
    return groups


def parts(flows: Flows, plan: Plan) -> list[Part]:
    """The flows of each group, in the order of the groups' labels."""
    roles = tuple(dict.fromkeys((*plan.groups, *plan.spread, *plan.units)))
    rows = collect(flows.cells(*roles))
    rows = rows.filter(nw.col("value") > 0)
    columns = {r: rows[r].to_list() for r in roles}
    value = np.asarray(rows["value"].to_numpy(), dtype=np.float64)
    group, labels = _codes([columns[r] for r in plan.groups], len(value))
    made = []
    for code, key in enumerate(labels):
        here = np.flatnonzero(group == code)
        unit, units = _codes([[columns[r][i] for i in here] for r in plan.units], here.size)
        cell, cells = _codes([[columns[r][i] for i in here] for r in plan.spread], here.size)
        made.append(Part(key, units, cells, unit, cell, value[here]))
    return made


def _codes(columns: list[list[Any]], size: int) -> tuple[Any, tuple[tuple[Any, ...], ...]]:
    """Whole numbers for the rows' labels, and the labels in order."""
    if not columns:
        return np.zeros(size, dtype=int), ((),)
    rows = list(zip(*columns, strict=True))
    labels = tuple(sorted(set(rows)))
    place = {label: i for i, label in enumerate(labels)}
    return np.array([place[row] for row in rows], dtype=int), labels


Places: TypeAlias = Mapping[Any, int] | None


def sampler(flows: Flows, plan: Plan) -> Callable[[Part, Places, Places], Sample]:
    """How a group becomes a sample; maps of units and cells put several groups on the same ones."""
    if plan.members:
        return lambda part, units, cells: _members(plan, part, units)
    if plan.name == "share":
        return lambda part, units, cells: statistics.shares(part.matrix(units, cells))
    if plan.name == "rca":
        return lambda part, units, cells: _advantage(plan, part, units)
    if plan.name == "bloc_share":
        inside = bloc(flows, plan)
        return lambda part, units, cells: statistics.part(*bloc_parts(plan, part, units, inside))
    return lambda part, units, cells: statistics.of_cells(
        plan.name, part.matrix(units), universe=plan.universe, **plan.options
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


def _advantage(plan: Plan, part: Part, units: Places) -> Sample:
    row, _ = _codes([[c[0] for c in part.cells]], len(part.cells))
    column, _ = _codes([[c[i] for c in part.cells] for i in range(1, len(plan.spread))], len(part.cells))
    return statistics.advantage(part.matrix(units), row, column, **plan.options)


def bloc_parts(plan: Plan, part: Part, units: Places, inside: Mapping[Any, bool]) -> tuple[Array, Array]:
    """What each unit sends to the bloc, and what it sends in all."""
    place = units or {u: i for i, u in enumerate(part.units)}
    unit = np.array([place[u] for u in part.units])[part.unit]
    names = (*plan.groups, *plan.spread, *plan.units)
    where = {n: i for i, n in enumerate(names)}
    flags = np.array([
        inside[tuple((*part.key, *part.cells[c], *part.units[u])[where[r]] for r in _dated(plan))]
        for c, u in zip(part.cell, part.unit, strict=True)
    ])  # fmt: skip
    to_bloc = np.bincount(unit, part.value * flags, len(place)).astype(np.float64)
    return to_bloc, np.bincount(unit, part.value, len(place)).astype(np.float64)


def _dated(plan: Plan) -> tuple[str, ...]:
    """The roles that decide whether a flow goes to the bloc."""
    names = (*plan.groups, *plan.spread, *plan.units)
    return tuple(r for r in ("period", "exporter", "market") if r in names)


def bloc(flows: Flows, plan: Plan) -> dict[Any, bool]:
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
    table = rows.with_row_index("_flow").to_native()
    named = {r: r for r in roles}
    alone = door(table, **named, value="value", keys="_flow", validate="schema")  # type: ignore[arg-type]
    found = nw.from_native(
        bloc_share(alone, name, by=[*[r for r in roles if r != "market"], "_flow"], **options)
    )
    share = dict(zip(found["_flow"].to_list(), found["bloc_share"].to_list(), strict=True))
    keys = zip(*(rows[r].to_list() for r in roles), strict=True)
    return {key: share[i] > 0.5 for i, key in enumerate(keys)}
