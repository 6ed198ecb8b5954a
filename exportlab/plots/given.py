"""What a picture is drawn from: flows, a result or any table, its columns named or told by what they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.columns import real, refuse_nested
from exportlab.errors import DataError, OptionError
from exportlab.flow_table import Flows
from exportlab.frames import to_pandas
from exportlab.indices.measure import measure
from exportlab.indices.shares import bloc_share, share
from exportlab.periods import UnreadPeriods, read
from exportlab.results import Result
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Drawn:
    """A table with the columns that a picture draws, in the order of the picture's options, and its source."""

    table: pd.DataFrame
    columns: tuple[str, ...]
    source: str | None = None


def need(given: Any, *columns: str, figures: Sequence[str] = ()) -> pd.DataFrame:
    """The pandas table of a result or of a table of any engine; refuses one that lacks what the picture draws.

    `columns` are labels or whatever the picture takes, `figures` numbers, of which missing ones are gaps.
    """
    if isinstance(given, Flows):
        raise DataError(
            said("this picture is drawn of a table of figures, not of flows"),
            said("Measure first, such as xl.rca(flows), and draw what that gives."),
        )
    table: pd.DataFrame = given._table() if isinstance(given, Result) else to_pandas(given)
    missing = [c for c in (*columns, *figures) if c not in table.columns]
    if missing:
        raise DataError(
            said("the table has no column {missing}", missing=repr(missing[0])),
            said("It has: {columns}.", columns=list(table.columns)),
        )
    if table.empty:
        raise DataError(said("the table has no rows"), said("There is nothing to draw."))
    for column in columns:
        refuse_nested(table[column], column)
    return drawable(table, figures)


def drawable(table: pd.DataFrame, figures: Sequence[Any]) -> pd.DataFrame:
    """The table with these columns as numbers; refuses what is no number, and infinite ones, which have no place."""
    made = table.copy(deep=False)
    for column in figures:
        values = real(table, column)
        endless = np.isinf(values)
        if endless.any():
            raise DataError(
                said("column {column} has infinite figures", column=repr(column)),
                said("Nothing infinite can be drawn: leave it out, or make it missing."),
                rows=int(endless.sum()),
                first=said("row {n}", n=int(endless.argmax()) + 1),
            )
        made[column] = values
    return made


def shares_given(given: Any, period: str | None, member: str | None, shares: str | None) -> Drawn:
    """Shares by period and member; of flows those of their markets, or of the products of flows without markets."""
    if isinstance(given, Flows):
        over = member or ("market" if "market" in given.roles else "product")
        role = given.resolve(over)[0]
        table = to_pandas(share(given, over=role, by=_time(given)))
        when = _column(given, "period") if "period" in given.roles else _ALL
        return Drawn(table.assign(**{_ALL: ""}), (when, _column(given, role), "share"), given.source)
    table = need(given, *(c for c in (period, member) if c), figures=[shares] if shares else [])
    figure = shares or _told(table, "share", ("share",), _is_figure, ())
    when = period or _period(table, (figure, member), _ALL)
    who = member or _told(table, "member", ("market", "product"), _is_name, (figure, when))
    return Drawn(drawable(table, [figure]).assign(**{_ALL: ""}), (when, who, figure))


def index_given(given: Any, period: str | None, value: str, over: str | None) -> Drawn:
    """An index by period; of flows that of their markets, or of what `over` says."""
    if isinstance(given, Flows):
        time = _column(given, "period")
        over = over or ("market" if "market" in given.roles else "product")
        table = to_pandas(measure(given, value, over=over, by=["period"]))
        return Drawn(table, (time, value), given.source)
    if over is not None:
        raise OptionError(
            said(
                "over={over} goes with flows: a table of figures says itself what it is over.",
                over=repr(over),
            )
        )
    table = need(given, *([period] if period else []))
    return Drawn(table, (period or _period(table, ()), value))


def bloc_given(given: Any, period: str | None, shares: str, bloc: str) -> Drawn:
    """A bloc's share by period; of flows with the membership of each period."""
    if isinstance(given, Flows):
        time = _column(given, "period")
        table = to_pandas(bloc_share(given, bloc, by=["period"]))
        return Drawn(table, (time, "bloc_share"), given.source)
    table = need(given, *([period] if period else []), figures=[shares])
    return Drawn(table, (period or _period(table, (shares,)), shares))


def amounts_given(given: Any, period: str | None, columns: Sequence[str]) -> Drawn:
    """Amounts by period; of flows their value in all."""
    if isinstance(given, Flows):
        when = _column(given, "period")
        table = to_pandas(given.out(given.cells("period"), ["period"]))
        return Drawn(table, (when, given.roles["value"]), given.source)
    if not columns:
        raise OptionError(said("columns=... is needed: the amounts to draw."))
    table = need(given, *([period] if period else []), figures=columns)
    return Drawn(table, (period or _period(table, columns), *columns))


def values_given(given: Any, over: str | None) -> NDArray[np.float64]:
    """Values of members; of flows of one period those of their markets, or of what `over` says."""
    if not isinstance(given, Flows):
        return np.asarray(given, dtype=float)
    times = given.observed("period") if "period" in given.roles else ()
    if len(times) > 1:
        raise DataError(
            said("the flows have {n} periods, and a Lorenz curve is one period's", n=len(times)),
            said("Choose one: flows.where(period={label}).", label=repr(given.said(times[-1]))),
        )
    role = given.resolve(over or ("market" if "market" in given.roles else "product"))[0]
    return to_pandas(given.cells(role).to_native())["value"].to_numpy(float)


# Columns that are not named are told by what they hold, where only one can be meant.

_ALL = "all periods"  # the column that stands for the period of a table that has none


def _time(flows: Flows) -> list[str]:
    return ["period"] if "period" in flows.roles else []


def _column(flows: Flows, role: str) -> str:
    """The table's own column of a role; flows without the role are refused."""
    return flows.roles[flows.role(role)]


def _told(
    table: pd.DataFrame,
    name: str,
    usual: Sequence[str],
    fits: Callable[[pd.Series[Any]], bool],
    taken: Sequence[str | None],
    *,
    none: str = "",
) -> str:
    """The column that is meant by `name`: the usual one, or the only one that fits; `none` where none does."""
    free = [str(c) for c in table.columns if c not in taken]
    found = [c for c in usual if c in free] or [c for c in free if fits(table[c])]
    if none and not found:
        return none
    if len(found) != 1:
        which = (
            said("It may be {found}", found=found)
            if found
            else said("The table has: {columns}", columns=list(table.columns))
        )
        raise DataError(
            said("the column of the {name} is not told by the table", name=said(name)),
            said("{which}: say {name}=...", which=which, name=name),
        )
    return found[0]


def _period(table: pd.DataFrame, taken: Sequence[str | None], none: str = "") -> str:
    return _told(table, "period", ("period",), _is_period, taken, none=none)


def _is_figure(column: pd.Series[Any]) -> bool:
    return bool(column.dtype.kind == "f")


def _is_name(column: pd.Series[Any]) -> bool:
    return column.dtype.kind not in "iufcM"


def _is_period(column: pd.Series[Any]) -> bool:
    """Whether all labels of a column are periods; numbers without a meaning in time are not."""
    if column.dtype.kind in "fcb" or column.isna().any():
        return False
    try:
        return read(column.unique(), name=str(column.name)).frequency not in (None, "number")
    except DataError:
        return False


def in_time(table: pd.DataFrame, period: str) -> list[Any]:
    """The periods of a table in the order of time; refuses several without one."""
    labels = list(table[period].unique())
    if len(labels) == 1:
        return labels
    try:
        calendar = read(labels, name=f"column {period!r}")
    except UnreadPeriods:  # fiscal years and months that are written alike have one order
        calendar = read(labels, name=f"column {period!r}", frequency="month")
    calendar.require_order(said("a chart over time"))
    return list(calendar.labels)


def sorted_in_time(table: pd.DataFrame, period: str) -> pd.DataFrame:
    """The rows in the order of time."""
    place = {p: i for i, p in enumerate(in_time(table, period))}
    return table.sort_values(period, key=lambda column: column.map(place), kind="stable")
