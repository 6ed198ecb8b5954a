"""What is asked for, and the flows of each group: the labels of units and cells, and the rows between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.arrays import Array
from exportlab.catalogue import CATALOGUE
from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.flows import KEY_ROLES, Columns, Flows
from exportlab.frames import collect
from exportlab.indices.advantage import FORMS
from exportlab.measure import Universe, universe_size

TWO_WAY = {
    "share": (),
    "bloc_share": ("bloc", "membership", "within", "home", "members", "outside"),
    "rca": ("form", "reference"),
}


Places: TypeAlias = Mapping[Any, int] | None


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
    """The rows of one group: labels of its units and cells, and for each row their codes and its value.

    `against` are the rows that an advantage is measured against; of no unit where they are not drawn.
    """

    key: tuple[Any, ...]
    units: tuple[tuple[Any, ...], ...]
    cells: tuple[tuple[Any, ...], ...]
    unit: Any
    cell: Any
    value: Array
    against: Part | None = None

    def matrix(self, units: Places = None, cells: Places = None) -> Any:
        """Units by cells, in the group's own order or in one given; sparse where mostly empty.

        Cells that the order given has not are left out.
        """
        columns = self.cell
        if cells is not None:
            columns = np.array([cells.get(c, -1) for c in self.cells], dtype=int)[self.cell]
        kept = columns >= 0
        rows, columns, value = self.placed(units)[kept], columns[kept], self.value[kept]
        shape = (len(units or self.units), len(cells or self.cells))
        if shape[0] * shape[1] <= 250_000 or value.size > 0.1 * shape[0] * shape[1]:
            dense = np.zeros(shape)
            dense[rows, columns] = value  # one row a cell of units and cells
            return dense
        from scipy.sparse import csr_array

        return csr_array((value, (rows, columns)), shape=shape)

    def placed(self, units: Places) -> Any:
        """The unit of each row by its place in the order given."""
        if units is None:
            return self.unit
        return np.array([units[u] for u in self.units], dtype=int)[self.unit]

    def beside(self, other: Part) -> Part:
        """The part on the units of both, measured against the other."""
        if not other.drawn:
            return replace(self, against=other)
        units = places(self.units, other.units)
        return replace(self, units=tuple(units), unit=self.placed(units), against=other)

    @property
    def drawn(self) -> bool:
        """Whether the rows have units."""
        return self.units != ((),)


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
    if entry.name in ("rca", "share"):
        shown = spread
        _refuse_own(flows, entry.name, ("exporter", *spread) if entry.name == "rca" else spread, units)
    if entry.name == "rca":
        _refuse_advantage(groups, chosen)
    sized = entry.uses_universe if entry.is_distribution else chosen.get("form") == "weighted"
    size = universe_size(flows, spread, universe) if sized else None
    return Plan(entry.name, spread, groups, units, shown, size, chosen)


def _refuse_own(flows: Flows, name: str, cell: Sequence[str], units: Sequence[str]) -> None:
    if set(units) <= set(cell):
        raise OptionError(
            f"The {name} of each {' and '.join(cell)} cannot be had by drawing {' and '.join(units)}: "
            "a cell is in a draw or not. "
            f"Name another unit, one of {[r for r in flows.identity if r not in cell]}."
        )


def _refuse_advantage(groups: Sequence[str], chosen: Mapping[str, Any]) -> None:
    if "exporter" not in groups:
        raise DataError(
            "the flows have no exporter to compare", "rca needs exporter=... at the door, kept in by=."
        )
    one_of("form", chosen.get("form", "balassa"), FORMS)


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
    unit, units = _codes([columns[r] for r in plan.units], len(value))
    cell, cells = _codes([columns[r] for r in plan.spread], len(value))
    made = []
    for code, key in enumerate(labels):
        here = np.flatnonzero(group == code)
        own_unit, own_units = _within(unit[here], units)
        own_cell, own_cells = _within(cell[here], cells)
        made.append(Part(key, own_units, own_cells, own_unit, own_cell, value[here]))
    return made


Labels: TypeAlias = tuple[tuple[Any, ...], ...]


def _codes(columns: list[list[Any]], size: int) -> tuple[Any, Labels]:
    """Whole numbers for the rows' labels, and the labels in order."""
    if not columns:
        return np.zeros(size, dtype=int), ((),)
    rows = list(zip(*columns, strict=True))
    labels = tuple(sorted(set(rows)))
    place = {label: i for i, label in enumerate(labels)}
    return np.fromiter(map(place.__getitem__, rows), dtype=int, count=size), labels


def _within(codes: Any, labels: Labels) -> tuple[Any, Labels]:
    """The codes and labels of some rows, without the labels that they lack."""
    used, own = np.unique(codes, return_inverse=True)
    return own, tuple(labels[i] for i in used)


def places(*labels: Sequence[Any]) -> dict[Any, int]:
    """The labels of all, in order, each with its place."""
    return {label: i for i, label in enumerate(sorted({x for some in labels for x in some}))}
