"""The ground of every measure of risk: the values of each group as periods by members, and their growth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from exportlab.errors import DataError, UnknownName
from exportlab.flows import Columns, Flows, require
from exportlab.frames import Array, Codes, Mask, coded, collect
from exportlab.indices._steps import periods_compared
from exportlab.periods import Lag

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


def asked(
    flows: Flows, caller: str, over: Columns, by: Columns | None, lag: Lag, *others: Flows
) -> Asked:
    """What a call asks for; every growth rate between the first and the last period must be there."""
    require(flows, caller)
    if "period" not in flows.roles:
        raise DataError("the flows have no period", f"{caller} needs period=... at the door.")
    flows.calendar.require_order(caller)
    spread, groups = flows.split(over, by)
    groups = tuple(r for r in groups if r != "period")
    moves = periods_compared(flows, lag, *others)
    periods = tuple(flows.calendar.in_order({*moves, *moves.values(), *flows.members("period")}))
    lone = [p for p in periods if p not in moves.values()]
    holes = [p for p, first in zip(lone, periods, strict=False) if p != first]
    if holes:
        raise DataError(
            f"{flows.said(holes[0])!r} has no period before it to grow from",
            "Growth cannot be followed across periods that were not observed: add them, or cut the table with "
            "flows.where(period=...).",
            rows=None,
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
    period, found = coded(cells, "period")
    where = {p: t for t, p in enumerate(asked.periods)}
    row = np.array([where.get(p, -1) for p in found], dtype=np.intp)[period]
    known = row >= 0
    columns = [coded(cells, role) for role in asked.spread]
    names = [coded(cells, role) for role in kept]
    member, _ = _mixed(columns, len(value))
    group, _ = _mixed(names, len(value))
    if not known.all():
        value, row, member, group = value[known], row[known], member[known], group[known]
    made = []
    for part in _parts(group):
        key = _unmixed(int(group[part][0]), names)
        made.append(_dense(key, row[part], member[part], value[part], columns, len(asked.periods)))
    return made


def _mixed(columns: Sequence[tuple[Codes, list[Any]]], rows: int) -> tuple[Codes, int]:
    """One number for each row by several columns."""
    cell, size = np.zeros(rows, dtype=np.int64), 1
    for codes, labels in columns:
        cell, size = (codes if size == 1 else cell * len(labels) + codes), size * len(labels)
    return cell, size


def _unmixed(cell: int, columns: Sequence[tuple[Codes, list[Any]]]) -> tuple[Any, ...]:
    """The labels that one number stands for."""
    found = []
    for _, labels in reversed(columns):
        cell, place = divmod(cell, len(labels))
        found.append(labels[place])
    return tuple(reversed(found))


def _parts(group: Codes) -> list[Any]:
    """The rows of each group; a single one is taken as it lies."""
    if not len(group) or group.min() == group.max():
        return [slice(None)] if len(group) else []
    order = np.argsort(group, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(group[order])) + 1)


def _dense(
    key: tuple[Any, ...], row: Codes, member: Codes, value: Array, columns: Any, periods: int
) -> Series:
    """Periods by members, those without any value left out: they could be anything."""
    low, high = int(member.min()), int(member.max())
    used = np.zeros(high - low + 1, dtype=np.bool_)
    used[member[value > 0] - low] = True
    ids = np.flatnonzero(used) + low
    dense = np.zeros((periods, len(ids)))
    place = np.cumsum(used, dtype=np.int64) - 1
    kept = used[member - low]
    if kept.all():
        dense[row, place[member - low]] = value
    else:
        dense[row[kept], place[member[kept] - low]] = value[kept]
    labels, rest = [], ids
    for _, names in reversed(columns):
        rest, here = np.divmod(rest, len(names))
        labels.append(_objects(names)[here])
    return Series(key, tuple(reversed(labels)), dense)


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


def growth(asked: Asked, one: Series, kind: Growth) -> Array:
    """Growth rates in rows, members in columns.

    A member that trades in neither period has not changed: its arc growth is zero, which stands for 0/0. Logs of
    zeros are refused.
    """
    before, after = one.values[asked.before], one.values[asked.after]
    found = rates(before, after, kind)
    lost: Mask = np.isnan(found)
    if kind == "log" and lost.any():
        t, k = np.argwhere(lost)[0]
        raise DataError(
            f"{int(lost.sum()):,} of {lost.size:,} growth rates are of members that do not trade in both periods",
            "Logarithms have no zero: take growth='arc', whose rates are bounded by 2, or coarser members.",
            first=f"{asked.titled(one.key)}, {one.member(k)!r}, {asked.dates[t]}",
        )
    found[lost] = 0.0
    return found


def shares(asked: Asked, one: Series, which: Any) -> Array:
    """The shares of one period ("first", "last", or its label), or their mean over all periods."""
    if which == "mean":
        return np.asarray((one.values / one.total[:, None]).mean(axis=0))
    at = {"first": 0, "last": -1}.get(which) if isinstance(which, str) else None
    try:
        row = one.values[asked.place(which) if at is None else at]
    except UnknownName as error:
        raise UnknownName("period of shares= (or 'first', 'last', 'mean')", which, error.near) from None
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
