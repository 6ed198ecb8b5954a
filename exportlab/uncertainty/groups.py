"""What is asked for, and the flows of each group: the labels of units and cells, and the rows between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.codes import Coded
from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.flow_table import KEY_ROLES, Columns, Flows
from exportlab.frames import Array, collect
from exportlab.indices.advantage import FORMS, check_reference, refuse_lost
from exportlab.indices.catalogue import CATALOGUE
from exportlab.indices.measure import Universe, universe_size
from exportlab.indices.residual import refuse_members
from exportlab.uncertainty import statistics
from exportlab.uncertainty.nesting import Resample, Unit, units_of, usual
from exportlab.uncertainty.rca import advantage
from exportlab.uncertainty.sample import Sample
from exportlab.words import said

TWO_WAY = {
    "share": ("zeros",),
    "bloc_share": ("bloc", "membership", "within", "home", "members", "outside"),
    "rca": ("form", "reference", "zeros"),
}
Places: TypeAlias = Mapping[Any, int] | None


@dataclass(frozen=True, eq=False)
class Plan:
    """What is asked for: the index, what it is spread over and computed for, and what is drawn.

    `spread` are the roles of a cell, `groups` those of a group, `drawn` the resampled units, of the roles `units`;
    `shown` the cell roles that stand in the outcome, where there is a value per cell. `size` is how many members the
    index could be spread over, which bounds it; None for those active in each group.
    """

    name: str
    spread: tuple[str, ...]
    groups: tuple[str, ...]
    drawn: tuple[Unit, ...]
    shown: tuple[str, ...]
    universe: int | None
    options: Mapping[str, Any]
    size: int | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """The roles whose labels, or groups of them, are drawn."""
        return tuple(u.role for u in self.drawn)

    @property
    def unit(self) -> str:
        """The resampled unit in words."""
        return " x ".join(u.name for u in self.drawn)

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
        rows, value = self.placed(units), self.value
        if cells is not None and (columns < 0).any():
            kept = columns >= 0
            rows, columns, value = rows[kept], columns[kept], value[kept]
        shape = (len(units or self.units), len(cells or self.cells))
        if shape[0] * shape[1] <= 250_000 or value.size > 0.1 * shape[0] * shape[1]:
            cell = rows * shape[1] + columns  # several rows may add to one
            return np.bincount(cell, value, shape[0] * shape[1]).reshape(shape)
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

    def wider(self, cells: Iterable[tuple[Any, ...]]) -> Part:
        """The part with cells beside its own, in which it has nothing."""
        place = places(self.cells, list(cells))
        return replace(self, cells=tuple(place), cell=np.array([place[c] for c in self.cells])[self.cell])

    @property
    def drawn(self) -> bool:
        """Whether the rows have units."""
        return self.units != ((),)


def plan(
    flows: Flows,
    name: str,
    *,
    over: Columns | None,
    by: Columns | None,
    resample: Resample | None,
    universe: Universe,
    options: Mapping[str, Any],
) -> Plan:
    """Read the question, or refuse it with the reason."""
    entry, implied = CATALOGUE.find(name)
    if not entry.is_distribution and entry.name not in TWO_WAY:
        known = [i.name for i in CATALOGUE.values() if i.is_distribution]
        raise UnknownName(said("index with intervals"), name, [*known, *TWO_WAY])
    chosen = {**implied, **options}
    unknown = [o for o in options if o not in TWO_WAY.get(entry.name, entry.options)]
    if unknown:
        allowed = list(TWO_WAY.get(entry.name, entry.options))
        raise OptionError(
            said(
                "Intervals of {name} have no option {unknown}. Allowed: {allowed}.",
                name=entry.name,
                unknown=repr(unknown[0]),
                allowed=allowed,
            )
        )
    over = over if over is not None else ("product" if entry.name == "rca" else "market")
    spread = flows.resolve(over)
    drawn = units_of(flows, usual(flows, spread) if resample is None else resample)
    units = tuple(u.role for u in drawn)
    if not spread or not units:
        raise OptionError(said("over= and resample= each name at least one role."))
    if entry.is_distribution:
        refuse_members(flows, f"an interval of {entry.name}", spread)
    groups = _groups(flows, spread, units, by)
    shown: tuple[str, ...] = ()
    if entry.name in ("rca", "share"):
        shown = spread
        if not isinstance(chosen.get("zeros", False), bool):
            raise OptionError(
                said("zeros={chosen} is not allowed. Allowed: True, False.", chosen=repr(chosen["zeros"]))
            )
        _refuse_own(flows, entry.name, ("exporter", *spread) if entry.name == "rca" else spread, units)
    if entry.name == "rca":
        _refuse_advantage(groups, chosen)
    sized = entry.uses_universe if entry.is_distribution else chosen.get("form") == "weighted"
    size = universe_size(flows, spread, universe)
    return Plan(entry.name, spread, groups, drawn, shown, size if sized else None, chosen, size)


def _refuse_own(flows: Flows, name: str, cell: Sequence[str], units: Sequence[str]) -> None:
    if set(units) <= set(cell):
        raise OptionError(
            said(
                "The {name} of each {cell} cannot be had by drawing {units}: a cell is in a draw or "
                "not. Name another unit, one of {others}.",
                name=name,
                cell=" and ".join(cell),
                units=" and ".join(units),
                others=[r for r in flows.identity if r not in cell],
            )
        )


def _refuse_advantage(groups: Sequence[str], chosen: Mapping[str, Any]) -> None:
    if "exporter" not in groups:
        raise DataError(
            said("the flows have no exporter to compare"),
            said("rca needs exporter=... at the door, kept in by=."),
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
            said(
                "{both} stands in both by= and resample=, so every group would hold one {role}: draw "
                "another unit, or leave {both} out of by=.",
                both=repr(both[0]),
                role=said(both[0]),
            )
        )
    return groups


def parts(flows: Flows, plan: Plan) -> list[Part]:
    """The flows of each group, in the order of the groups' labels."""
    roles = tuple(dict.fromkeys((*plan.groups, *plan.spread, *plan.units)))
    columns, value = flows.coded(*roles)
    coded = dict(zip(roles, columns, strict=True))
    single = [coded[u.role] if u.group is None else _regrouped(*coded[u.role], u) for u in plan.drawn]
    group, labels = _joint([coded[r] for r in plan.groups], len(value))
    unit, units = _joint(single, len(value))
    cell, cells = _joint([coded[r] for r in plan.spread], len(value))
    if len(labels) == 1:  # nothing to sort, and nothing that the group lacks
        return [Part(labels[0], units, cells, unit, cell, value)]
    order = np.argsort(group.astype(np.int32), kind="stable")
    ends = np.cumsum(np.bincount(group, minlength=len(labels)))
    made = []
    for key, here in zip(labels, np.split(order, ends[:-1]), strict=True):
        own_unit, own_units = _within(unit[here], units)
        own_cell, own_cells = _within(cell[here], cells)
        made.append(Part(key, own_units, own_cells, own_unit, own_cell, value[here]))
    return made


Labels: TypeAlias = tuple[tuple[Any, ...], ...]


def _regrouped(codes: Any, labels: Sequence[Any], unit: Unit) -> Coded:
    """The groups of labels instead of the labels."""
    assert unit.group is not None
    own = [unit.group[label] for label in labels]
    groups = sorted(set(own))
    place = {g: i for i, g in enumerate(groups)}
    return np.array([place[g] for g in own], dtype=np.int64)[codes], groups


def _joint(columns: Sequence[Coded], size: int) -> tuple[Any, Labels]:
    """Whole numbers for the combinations of labels that stand in some row, and the combinations in order."""
    codes: Any = np.zeros(size, dtype=np.int64)
    combined: Labels = ((),)
    for place, (own, labels) in enumerate(columns):
        if not place:  # every label of one column is in use
            codes, combined = own, tuple((label,) for label in labels)
            continue
        codes = codes * len(labels) + own
        codes, used = _used(codes, len(combined) * len(labels))
        combined = tuple((*combined[u // len(labels)], labels[u % len(labels)]) for u in used)
    return codes, combined


def _used(codes: Any, number: int) -> tuple[Any, list[int]]:
    """Codes counted anew among those that occur, and which these are."""
    if number > max(10_000_000, 4 * codes.size):  # a table of all would be larger than the rows
        used, own = np.unique(codes, return_inverse=True)
        return own, used.tolist()
    some = np.bincount(codes, minlength=number) > 0
    return (np.cumsum(some) - 1)[codes], np.flatnonzero(some).tolist()


def _within(codes: Any, labels: Labels) -> tuple[Any, Labels]:
    """The codes and labels of some rows, without the labels that they lack."""
    own, used = _used(codes, len(labels))
    return own, tuple(labels[i] for i in used)


def places(*labels: Sequence[Any]) -> dict[Any, int]:
    """The labels of all, in order, each with its place."""
    return {label: i for i, label in enumerate(sorted({x for some in labels for x in some}))}


# From the rows of a group to a sample: what each resampled unit adds to each cell.


def grouped(flows: Flows, plan: Plan) -> list[Part]:
    """The flows of each group, for an advantage beside those it is measured against.

    With `zeros` also the cells in which a group has nothing: those of the reference, of shares those of any group.
    """
    made = parts(flows, plan)
    zeros = plan.options.get("zeros", False)
    if plan.name != "rca":
        return [p.wider(c for other in made for c in other.cells) for p in made] if zeros else made
    reference = plan.options.get("reference", "world")
    check_reference(flows, reference)
    table = isinstance(reference, Flows)
    reference = flows.alike(reference) if table else reference
    one = not table and reference not in ("world", "rest")
    within = tuple(r for r in plan.groups if r != "exporter" and (not table or r in reference.roles))
    drawn = not table or set(plan.units) <= set(reference.identity)
    asked = replace(plan, groups=(*within, "exporter") if one else within, drawn=plan.drawn if drawn else ())
    others = {p.key: p for p in parts(reference if table else flows, asked)}
    at = [plan.groups.index(r) for r in within]
    beside = []
    for part in made:
        key = (*(part.key[i] for i in at), *((reference,) if one else ()))
        known = others[key].cells if key in others else ()
        refuse_lost(flows, plan.spread, sorted(set(part.cells) - set(known)))
        beside.append((part.wider(known) if zeros else part).beside(others[key]))
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
        return lambda part, units, cells: _bloc_share(*_bloc_parts(plan, part, units, inside))
    return lambda part, units, cells: statistics.of_cells(
        plan.name, part.matrix(units, cells), universe=plan.universe, **plan.options
    )


def _members(plan: Plan, part: Part, units: Places) -> Sample:
    """Members as units, with those of the universe that the group has nothing in."""
    place = units or {u: i for i, u in enumerate(part.units)}
    values = np.bincount(part.cell, part.value, len(part.cells))
    at = [plan.spread.index(r) for r in plan.units]
    codes = [place[tuple(u.of(cell[i]) for i, u in zip(at, plan.drawn, strict=True))] for cell in part.cells]
    whole = len(place)
    single = all(u.group is None for u in plan.drawn) and set(plan.units) == set(plan.spread)
    if plan.universe is not None and single:
        whole = max(whole, plan.universe)
    empty = np.setdiff1d(np.arange(whole), codes)  # units that can be drawn and carry nothing
    return statistics.of_members(
        plan.name,
        np.append(values, np.zeros(empty.size)),
        np.append(codes, empty).astype(int),
        universe=plan.universe,
        **plan.options,
    )


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


def _bloc_share(to_bloc: Array, all_: Array) -> Sample:
    """The bloc's share; that of nothing has no bound, as the bloc may have had no member in force."""
    made = statistics.part(to_bloc, all_)
    return made if to_bloc.any() else replace(made, portion=None)


def _bloc_parts(plan: Plan, part: Part, units: Places, inside: Mapping[Any, bool]) -> tuple[Array, Array]:
    """What each unit sends to the bloc, and what it sends in all."""
    unit, size = part.placed(units), len(units or part.units)
    names = (*plan.groups, *plan.spread, *_single(plan))
    at = [names.index(r) for r in _dated(plan)]
    decides = set(_dated(plan)) & set(_single(plan))
    of = part.unit if decides else np.zeros_like(part.unit)  # else every unit's flow to a cell counts alike
    pairs, back = np.unique(np.stack([part.cell, of]), axis=1, return_inverse=True)
    labels = [(*part.key, *part.cells[c], *part.units[u]) for c, u in pairs.T]
    flags = np.array([inside[tuple(label[i] for i in at)] for label in labels])[back.ravel()]
    to_bloc = np.bincount(unit, part.value * flags, size).astype(np.float64)
    return to_bloc, np.bincount(unit, part.value, size).astype(np.float64)


def _dated(plan: Plan) -> tuple[str, ...]:
    """The roles that decide whether a flow goes to the bloc."""
    names = (*plan.groups, *plan.spread, *_single(plan))
    return tuple(r for r in ("period", "exporter", "market") if r in names)


def _single(plan: Plan) -> tuple[str, ...]:
    """The roles whose own labels are drawn; "" for those drawn by groups."""
    return tuple(u.role if u.group is None else "" for u in plan.drawn)


def _bloc(flows: Flows, plan: Plan) -> dict[Any, bool]:
    """Whether each (period, exporter, market) counts, as `exportlab.bloc_share` says of that flow alone."""
    from exportlab.indices.shares import bloc_share

    options = dict(plan.options)
    name = options.pop("bloc", None)
    if name is None:
        raise OptionError(said("bloc_share needs bloc=..., such as bloc='RCEP'."))
    roles = _dated(plan)
    dated: Literal["dated"] | Any = options.get("membership", "dated")
    if dated == "dated" and options.get("members") is None and "period" not in roles:
        raise OptionError(
            said(
                "membership='dated' needs the period in by=, over= or resample=; or name a year, or 'latest'."
            )
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
