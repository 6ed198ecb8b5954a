"""Dummies for trade agreements from a table of members and dates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from exportlab.columns import calendar_of, same
from exportlab.errors import DataError, UnknownName, one_of
from exportlab.frames import to_pandas
from exportlab.options import validated
from exportlab.panel.regression.formula import listed
from exportlab.periods import days


@validated
def agreement(
    table: Any,
    members: Any,
    *,
    exporter: str,
    importer: str,
    period: str,
    economy: str = "economy",
    since: str = "since",
    until: str | None = None,
    within: str = "end",
    lag: int = 0,
    absent: str = "refuse",
) -> pd.Series[float]:
    """Whether both partners are in the agreement: 0 or 1 a row, 0 for domestic flows.

    Parameters
    ----------
    table : table of flows
    members : mapping of economy to date, or a table
        Dates in force: a day, or a month or a year, which mean their first day. In a table, the columns are named by
        `economy`, `since` and, for those that left, `until`.
    exporter, importer, period : str
        Columns of `table`; periods in any usual spelling.
    within : {"end", "start", "share"}
        What counts in the period in which it enters into force: being in force at its end (the usual
        choice), from its start, or the share of its days.
    lag : int
        Years by which entry is shifted: 5 for an effect five years on, -5 for anticipation.
    absent : {"refuse", "allow"}
        What to do when a member is no exporter or importer of the table.

    Returns
    -------
    pandas.Series
        One number a row of `table`, in its order.

    Raises
    ------
    DataError
        A member that the table does not know, an economy with two entries, a date that is none.
    """
    one_of("within", within, ["end", "start", "share"])
    one_of("absent", absent, ["refuse", "allow"])
    data = to_pandas(table).reset_index(drop=True)
    for column in (exporter, importer, period):
        if column not in data.columns:
            raise UnknownName("column", column, [str(c) for c in data.columns])
    entry, leave = _dates(members, economy, since, until)
    _refuse_absent(entry.index, data, [exporter, importer], absent)
    shift = pd.DateOffset(years=lag)
    entry, leave = entry + shift, leave + shift
    start, stop = _bounds(data[period], period)
    joined = np.maximum(_of(entry, data[exporter]), _of(entry, data[importer]))
    left = np.fmin(_of(leave, data[exporter]), _of(leave, data[importer]))
    both = ~(np.isnan(joined) | same(data, exporter, importer))
    left = np.where(np.isnan(left), np.inf, left)
    with np.errstate(invalid="ignore"):
        if within == "start":
            value = ((joined <= start) & (left > start)).astype(float)
        elif within == "end":
            value = ((joined < stop) & (left >= stop)).astype(float)
        else:
            value = np.clip(np.minimum(left, stop) - np.maximum(joined, start), 0, None) / (stop - start)
    return pd.Series(np.where(both, value, 0.0), index=getattr(table, "index", None), name="agreement")


def _dates(
    members: Any, economy: str, since: str, until: str | None
) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Dates of entry and of leaving by economy."""
    if isinstance(members, Mapping):
        frame = pd.DataFrame({economy: list(members), since: list(members.values())})
    else:
        frame = to_pandas(members)
    for column in (economy, since, *([until] if until else [])):
        if column not in frame.columns:
            raise UnknownName("column of the members", column, [str(c) for c in frame.columns])
    again = frame[economy].duplicated()
    if again.any():
        raise DataError(
            "An economy is in the members twice",
            "Give one row an economy; call once for each spell and add them up.",
            rows=int(again.sum()),
            first=str(frame[economy].to_numpy()[int(again.to_numpy().argmax())]),
        )
    entry = pd.Series([_date(v) for v in frame[since]], index=frame[economy])
    gone = frame[until] if until else [None] * len(frame)
    leave = pd.Series([pd.NaT if pd.isna(v) else _date(v) for v in gone], index=frame[economy])
    return entry, leave.astype("datetime64[ns]")


def _date(value: Any) -> pd.Timestamp:
    try:
        return pd.Timestamp(days(value)[0])
    except DataError as error:
        raise DataError(f"{value!r} is not a date", "Write a year, 2022-01 or 2022-01-01.") from error


def _refuse_absent(names: Any, data: pd.DataFrame, columns: list[str], absent: str) -> None:
    known = set(data[columns[0]]) | set(data[columns[1]])
    strange = [str(n) for n in names if n not in known]
    if len(strange) == len(names) or (strange and absent == "refuse"):
        raise DataError(
            f"{len(strange)} of {len(names)} members are no exporter or importer here: {listed(strange)}",
            f"Use the table's own names, such as {min(map(str, known))!r}, or pass absent='allow'.",
        )


def _bounds(periods: pd.Series[Any], column: str) -> tuple[Any, Any]:
    """First day of each period and of the next, as days since 1970."""
    calendar = calendar_of(periods, column)
    calendar.require_order("an agreement's date")
    spans = {
        label: (_days(pd.Timestamp(p.first_day)), _days(pd.Timestamp(p.last_day)) + 1)
        for label, p in calendar.periods.items()
    }
    both = np.array([spans[label] for label in periods])
    return both[:, 0], both[:, 1]


def _of(dates: pd.Series[Any], economies: pd.Series[Any]) -> Any:
    """Each row's date as days since 1970, NaN for outsiders."""
    days = {name: np.nan if pd.isna(date) else _days(date) for name, date in dates.items()}
    return economies.map(days).to_numpy(float)


def _days(date: Any) -> float:
    return float((date - pd.Timestamp("1970-01-01")).days)
