"""The ground of every measure of risk: the values of each group as periods by members, and their growth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from exportlab.codes import Codes, coded
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Array, Mask, collect
from exportlab.indices._steps import periods_compared
from exportlab.indices.residual import refuse_members
from exportlab.periods import Lag
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd

Growth: TypeAlias = Literal["arc", "log"]
Rate: TypeAlias = Literal["arc", "log", "rate"]
FEWEST = 5  # growth rates below which a variance is refused unless asked for


@dataclass(frozen=True, eq=False)
class Asked:
    """What a measure is spread over, what it is computed for, and which periods are compared."""

    flows: Flows
    spread: tuple[str, ...]
    groups: tuple[str, ...]
    periods: tuple[Any, ...]
    before: Codes
    after: Codes

    @property
    def dates(self) -> list[Any]:
        """The later period of each growth rate, as the user writes it."""
        return [self.flows.said(self.periods[t]) for t in self.after]

    def name(self, role: str) -> str:
        """The user's own column name of a role."""
        return self.flows.roles.get(role, role)

    def place(self, label: Any) -> int:
        """Where a period stands, however the user writes it."""
        return self.periods.index(self.flows.find("period", label))

    def titled(self, key: Sequence[Any]) -> str:
        """A group as the user would recognise it."""
        named = ", ".join(f"{self.name(r)}={k!r}" for r, k in zip(self.groups, key, strict=True))
        return named or "the table"


@dataclass(frozen=True, eq=False)
class Series:
    """The values of one group: periods in rows, members that trade in some period in columns."""

    key: tuple[Any, ...]
    labels: tuple[np.ndarray[Any, Any], ...]  # one array a role of the spread, one entry a member
    values: Array

    @property
    def total(self) -> Array:
        """The value of all members, by period."""
        return np.asarray(self.values.sum(axis=1))

    def member(self, k: int) -> Any:
        """One member as the user would recognise it."""
        found = tuple(column[k] for column in self.labels)
        return found[0] if len(found) == 1 else found


def with_periods(flows: Flows, caller: str) -> None:
    """Raise unless these are flows whose periods have an order in time."""
    require(flows, caller)
    if "period" not in flows.roles:
        raise DataError(
            said("the flows have no period"), said("{caller} needs period=... at the door.", caller=caller)
        )
    flows.calendar.require_order(caller)


def asked(
    flows: Flows, caller: str, over: Columns | None, by: Columns | None, lag: Lag, *others: Flows
) -> Asked:
    """What a call asks for; every growth rate between the first and the last period must be there."""
    with_periods(flows, caller)
    spread, groups = flows.split(over, by) if over is not None else ((), flows.resolve(by))
    if "period" in spread:
        raise OptionError(said("over= names members whose growth is followed, so it cannot hold the period."))
    refuse_members(flows, caller, spread)
    groups = tuple(r for r in groups if r != "period")
    moves = periods_compared(flows, lag, *others)
    periods = tuple(flows.calendar.in_order({*moves, *moves.values(), *flows.members("period")}))
    lone = [p for p in periods if p not in moves.values()]
    holes = [p for p, first in zip(lone, periods, strict=False) if p != first]
    if holes:
        raise DataError(
            said("{period} has no period before it to grow from", period=repr(flows.said(holes[0]))),
            said(
                "Growth cannot be followed across periods that were not observed: add them, or cut the "
                "table with flows.where(period=...)."
            ),
        )
    where = {p: t for t, p in enumerate(periods)}
    ordered = sorted(moves.items(), key=lambda pair: where[pair[1]])
    before = np.array([where[p] for p, _ in ordered], dtype=np.intp)
    after = np.array([where[q] for _, q in ordered], dtype=np.intp)
    return Asked(flows, spread, groups, periods, before, after)


def series(asked: Asked, flows: Flows | None = None, groups: Sequence[str] | None = None) -> list[Series]:
    """The values of each group, by its key; of other flows or groups where they are given."""
    source = asked.flows if flows is None else flows
    kept = tuple(asked.groups if groups is None else groups)
    cells = collect(source.cells(*kept, "period", *asked.spread))
    value = np.asarray(cells["value"].to_numpy(), dtype=np.float64)
    if not len(value):
        return []
    row = _rows(asked, cells)
    repeats = _repeats(cells, (*kept, *asked.spread), row)
    if repeats is not None:  # one period has the labels of all
        cells, row, value = cells.head(len(value) // len(repeats)), repeats, value.reshape(len(repeats), -1)
    columns, names = ([coded(cells, role) for role in roles] for roles in (asked.spread, kept))
    member, group = _mixed(columns, len(cells)), _mixed(names, len(cells)) if kept else None
    made = []
    for part in _parts(group):
        if repeats is None:
            values, ids = _scattered(row[part], member[part], value[part], len(asked.periods))
        else:
            values, ids = _stacked(row, member[part], value[:, part], len(asked.periods))
        if group is None and not len(ids):  # none of the periods compared
            return []
        key = () if group is None else _unmixed(int(group[part][0]), names)
        made.append(Series(key, _labels(ids, columns), values))
    return made


def _repeats(cells: Any, roles: Sequence[str], row: Codes) -> Codes | None:
    """The period of each block of rows, where every period has the same labels in the same order; else None.

    Such a table, balanced and sorted as files are, needs no look at each row's labels.
    """
    size = int(np.argmax(row != row[0])) or len(row)
    if row.min() < 0 or len(row) % size or (row.reshape(-1, size) != row[::size, None]).any():
        return None
    periods = row[::size]
    if len(np.unique(periods)) < len(periods):
        return None
    rest = len(row) - size
    alike = (bool((cells[role].tail(rest) == cells[role].head(rest)).all()) for role in roles)
    return periods if all(alike) else None


def _stacked(row: Codes, member: Codes, blocks: Array, periods: int) -> tuple[Array, Codes]:
    """Periods by members from blocks of one period each, whose members are the same; and each member's number."""
    order = np.argsort(member, kind="stable")
    if (order != np.arange(len(order))).any():
        member, blocks = member[order], blocks[:, order]
    trades = (blocks > 0).any(axis=0)
    if not trades.all():
        member, blocks = member[trades], blocks[:, trades]
    if np.array_equal(row, np.arange(periods)):
        return blocks, member.astype(np.int64)
    dense = np.zeros((periods, len(member)))
    dense[row] = blocks
    return dense, member.astype(np.int64)


def _scattered(row: Codes, member: Codes, value: Array, periods: int) -> tuple[Array, Codes]:
    """The same from rows in any order, those of other periods and without a value left out."""
    counts = value > 0
    if (row < 0).any():
        counts &= row >= 0
    if not counts.all():
        value, row, member = value[counts], row[counts], member[counts]
    return _dense(row, member, value, periods)


def _rows(asked: Asked, cells: Any) -> Codes:
    """The place of each row's period; -1 where it is none of those compared."""
    codes, found = coded(cells, "period")
    where = {p: t for t, p in enumerate(asked.periods)}
    return np.asarray(np.array([where.get(p, -1) for p in found], dtype=np.int64)[codes])


def _mixed(columns: Sequence[tuple[Codes, list[Any]]], rows: int) -> Codes:
    """One number for each row by several columns."""
    cell: Codes = np.zeros(rows, dtype=np.int64)
    for place, (codes, labels) in enumerate(columns):
        if place:
            cell *= len(labels)
            cell += codes
        else:
            cell = codes.astype(np.int64)
    return cell


def _unmixed(cell: int, columns: Sequence[tuple[Codes, list[Any]]]) -> tuple[Any, ...]:
    """The labels that one number stands for."""
    found = []
    for _, labels in reversed(columns):
        cell, place = divmod(cell, len(labels))
        found.append(labels[place])
    return tuple(reversed(found))


def _parts(group: Codes | None) -> list[Any]:
    """The rows of each group."""
    if group is None:
        return [slice(None)]
    order = np.argsort(group, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(group) else []


def _dense(row: Codes, member: Codes, value: Array, periods: int) -> tuple[Array, Codes]:
    """Periods by members from values above zero, and the number of each member."""
    if not len(value):
        return np.zeros((periods, 0)), np.zeros(0, dtype=np.int64)
    low = int(member.min())
    member = member - low if low else member
    used = np.zeros(int(member.max()) + 1, dtype=np.bool_)
    used[member] = True
    ids = np.flatnonzero(used)
    if len(ids) < len(used):
        member = (np.cumsum(used, dtype=np.int64) - 1)[member]
    dense = np.zeros((periods, len(ids)))
    cell = row * len(ids)
    cell += member
    dense.reshape(-1)[cell] = value
    return dense, ids + low


def _labels(ids: Codes, columns: Sequence[tuple[Codes, list[Any]]]) -> tuple[np.ndarray[Any, Any], ...]:
    """The labels of members by their numbers, one array a role."""
    labels, rest = [], ids
    for _, names in reversed(columns):
        rest, here = np.divmod(rest, len(names))
        labels.append(_objects(names)[here])
    return tuple(reversed(labels))


def _objects(names: Sequence[Any]) -> np.ndarray[Any, Any]:
    made = np.empty(len(names), dtype=object)
    made[:] = names
    return made


def rates(before: Array, after: Array, kind: Rate) -> Array:
    """Growth by member: 2 (x1 - x0)/(x1 + x0), ln(x1/x0) or x1/x0 - 1; NaN where it does not exist."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "arc":
            grown = after - before
            grown *= 2
            grown /= after + before
            return np.asarray(grown)
        both = (before > 0) & (after > 0) if kind == "log" else before > 0
        ratio = np.where(both, after / np.where(both, before, 1.0), np.nan)
        return np.asarray(np.log(ratio) if kind == "log" else ratio - 1)


def remainder(whole: Array, part: Array) -> Array:
    """What is left of a whole without a part; a remainder of rounding is nothing."""
    left = whole - part
    return np.where(left > 1e-12 * whole, left, 0.0)


def growth(asked: Asked, one: Series, kind: Growth) -> Array:
    """Growth rates in rows, members in columns.

    A member that trades in neither period has not changed: its arc growth is zero, which stands for 0/0. Logs of
    zeros are refused.
    """
    if kind == "arc":
        return _arcs(asked, one.values)
    found = rates(one.values[asked.before], one.values[asked.after], kind)
    lost: Mask = np.isnan(found)
    if lost.any():
        t, k = np.argwhere(lost)[0]
        raise DataError(
            said(
                "{n} of {all} growth rates are of members that do not trade in both periods",
                n=f"{int(lost.sum()):,}",
                all=f"{lost.size:,}",
            ),
            said(
                "Logarithms have no zero: take growth='arc', whose rates are bounded by 2, or coarser "
                "members."
            ),
            first=f"{asked.titled(one.key)}, {one.member(k)!r}, {asked.dates[t]}",
        )
    return found


def _arcs(asked: Asked, values: Array) -> Array:
    """Arc growth, a period at a time: tables of millions of members are passed over once."""
    found, whole = np.empty((len(asked.after), values.shape[1])), np.empty(values.shape[1])
    for row, t, s in zip(found, asked.before, asked.after, strict=True):
        np.subtract(values[s], values[t], out=row)
        np.add(values[s], values[t], out=whole)
        whole /= 2
        whole[whole == 0] = 1.0  # 0/0: the change is zero, and stays it
        np.divide(row, whole, out=row)
    return found


def shares(asked: Asked, one: Series, which: Any) -> Array:
    """The shares of one period ("first", "last", or its label), or their mean over all periods."""
    if which == "mean":
        return np.asarray((one.values / one.total[:, None]).mean(axis=0))
    at = {"first": 0, "last": -1}.get(which) if isinstance(which, str) else None
    try:
        row = one.values[asked.place(which) if at is None else at]
    except UnknownName as error:
        raise UnknownName(said("period of shares= (or 'first', 'last', 'mean')"), which, error.near) from None
    return np.asarray(row / row.sum())


def silent(asked: Asked, one: Series) -> str:
    """What is to be said of a group that exports nothing in some period: its growth is not known."""
    empty = np.flatnonzero(one.total <= 0)
    return f"no exports in {asked.flows.said(asked.periods[empty[0]])}" if len(empty) else ""


def framed(asked: Asked, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The rows as a table, roles in the caller's column names."""
    import pandas as pd

    made = pd.DataFrame(list(rows))
    return made.rename(columns={r: c for r, c in asked.flows.roles.items() if r in made.columns})


def member_table(asked: Asked, one: Series, columns: dict[str, Array]) -> pd.DataFrame:
    """One row a member of a group: its keys, its labels, its figures."""
    import pandas as pd

    keys = {asked.name(r): [k] * len(one.labels[0]) for r, k in zip(asked.groups, one.key, strict=True)}
    labels = {asked.name(r): list(column) for r, column in zip(asked.spread, one.labels, strict=True)}
    return pd.DataFrame({**keys, **labels, **columns})


def totals(asked: Asked) -> list[Series]:
    """The total of each group by period, as a series of one member."""
    cells = collect(asked.flows.cells(*asked.groups, "period"))
    value = np.asarray(cells["value"].to_numpy(), dtype=np.float64)
    row = _rows(asked, cells)
    names = [coded(cells, role) for role in asked.groups]
    group = _mixed(names, len(value))
    made = []
    for part in _parts(group):
        line = np.zeros((len(asked.periods), 1))
        line[row[part], 0] = value[part]
        made.append(Series(_unmixed(int(group[part][0]), names), (), line))
    return made
