"""Dummies for trade agreements from a table of members and dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from exportlab.columns import calendar_of, refuse_no_keys, same
from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.frames import Array, to_pandas
from exportlab.options import Label, Places, validated
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
    one_of("absent", absent, ["refuse", "allow"])
    entry, leave = _dates(members, economy, since, until)
    made = _in_force(table, entry, leave, Asked((exporter, importer, period), within, lag, absent))
    return pd.Series(made.value, index=getattr(table, "index", None), name="agreement")


@dataclass(frozen=True)
class Asked:
    """Columns of exporter, importer and period, and what counts as in force; see `agreement`."""

    columns: tuple[str, str, str]
    within: str
    lag: int
    absent: str

    def __post_init__(self) -> None:
        one_of("within", self.within, ["end", "start", "share"])


@dataclass(frozen=True, eq=False)
class Force:
    """How far the agreement is in force in each row (n,), the day both were in, and the day that is looked at."""

    data: pd.DataFrame
    value: Array
    joined: Array
    day: Array


def _in_force(table: Any, entry: pd.Series[Any], leave: pd.Series[Any], ask: Asked) -> Force:
    data = to_pandas(table).reset_index(drop=True)
    for column in ask.columns:
        if column not in data.columns:
            raise UnknownName("column", column, [str(c) for c in data.columns])
    exporter, importer, period = ask.columns
    refuse_no_keys(data, [exporter, importer])
    _refuse_absent(entry.index, data, [exporter, importer], ask.absent)
    shift = pd.DateOffset(years=ask.lag)
    entry, leave = entry + shift, leave + shift
    start, stop = _bounds(data[period], period)
    joined = np.maximum(_of(entry, data[exporter]), _of(entry, data[importer]))
    left = np.fmin(_of(leave, data[exporter]), _of(leave, data[importer]))
    both = ~(np.isnan(joined) | same(data, exporter, importer))
    left = np.where(np.isnan(left), np.inf, left)
    with np.errstate(invalid="ignore"):
        if ask.within == "start":
            value = ((joined <= start) & (left > start)).astype(float)
        elif ask.within == "end":
            value = ((joined < stop) & (left >= stop)).astype(float)
        else:
            value = np.clip(np.minimum(left, stop) - np.maximum(joined, start), 0, None) / (stop - start)
    return Force(data, np.where(both, value, 0.0), joined, start if ask.within == "start" else stop - 1)


BY = ("member", "exporter", "importer", "pair", "direction", "years")


@validated
def agreement_effects(
    table: Any,
    members: Any,
    *,
    by: str,
    exporter: str,
    importer: str,
    period: str,
    of: Label = None,
    last: Places | None = None,
    name: str = "agreement",
    economy: str = "economy",
    since: str = "since",
    until: str | None = None,
    within: str = "end",
    lag: int = 0,
    absent: str = "refuse",
) -> pd.DataFrame:
    """The dummy of an agreement cut into one a member, direction or year in force: regressors for `gravity`.

    Parameters
    ----------
    table, members, exporter, importer, period, economy, since, until, within, lag, absent : see `agreement`
    by : {"member", "exporter", "importer", "pair", "direction", "years"}
        "member": one a member, one half on what it sells to members and one half on what it buys from them, so that
        the effect on a flow is the mean of its two members' effects. "exporter", "importer": one a member, on what it
        sells, or buys. "pair": one a pair of members, both ways. "direction": what the member `of` sells to members,
        what it buys from them, and what the others trade. "years": one a year since both were in, 0 for the first.
    of : label, optional
        The member for "direction".
    last : int, optional
        For "years": this year and all later ones together ("5+").
    name : str
        What the columns are called, ``name[Japan]``.

    Returns
    -------
    pandas.DataFrame
        One column an effect, one row a row of `table`, in its order. Their sum is the dummy of `agreement` (of
        "years" where members do not leave, too). In a formula they stand in back-quotes.

    Raises
    ------
    DataError
        As `agreement`; also a member without a flow in force, unless ``absent="allow"``.

    References
    ----------
    Baier, Yotov and Zylkin (2019), Journal of International Economics 116, 206-226.
    """
    one_of("absent", absent, ["refuse", "allow"])
    one_of("by", by, BY)
    if (of is None) == (by == "direction"):
        raise OptionError(
            "of= is the member whose directions are told apart: give it with by='direction' alone."
        )
    if last is not None and by != "years":
        raise OptionError("last= joins the later years in force: give it with by='years' alone.")
    if by == "years" and within == "share":
        raise OptionError("within='share' is not allowed with by='years'. Allowed: 'end', 'start'.")
    entry, leave = _dates(members, economy, since, until)
    made = _in_force(table, entry, leave, Asked((exporter, importer, period), within, lag, absent))
    if not made.value.any():
        raise DataError(
            "The agreement is in force in no row", "Look at the dates and the periods of the table."
        )
    if of is not None and of not in entry.index:
        raise UnknownName("member", str(of), [str(m) for m in entry.index])
    ends = made.data[exporter].to_numpy(), made.data[importer].to_numpy()
    parts = _years(made, last) if by == "years" else _parts(by, list(entry.index), ends, of)
    columns = {f"{name}[{label}]": made.value * share for label, share in parts.items()}
    empty = [c for c, values in columns.items() if not values.any()]
    if empty and absent == "refuse" and by != "pair":
        raise DataError(
            f"{len(empty)} of {len(columns)} effects have no flow in force: {listed(empty)}",
            "Leave those members out, or pass absent='allow' to leave their columns out.",
        )
    kept = {c: values for c, values in columns.items() if c not in empty}
    return pd.DataFrame(kept, index=getattr(table, "index", None))


def _parts(by: str, members: list[Any], ends: tuple[Any, Any], of: Any) -> dict[str, Array]:
    """What share of each row's flow each effect has, (n,)."""
    sold, bought = ({m: (side == m).astype(float) for m in members} for side in ends)
    if by == "direction":
        others = 1 - sold[of] - bought[of]
        return {f"{of} to members": sold[of], f"members to {of}": bought[of], "other members": others}
    if by == "pair":
        return {
            f"{a} and {b}": sold[a] * bought[b] + sold[b] * bought[a] for a, b in combinations(members, 2)
        }
    share = {"member": (0.5, 0.5), "exporter": (1.0, 0.0), "importer": (0.0, 1.0)}[by]
    return {str(m): share[0] * sold[m] + share[1] * bought[m] for m in members}


def _years(made: Force, last: int | None) -> dict[str, Array]:
    """Whole years from the day both were in to the day that is looked at."""
    inside = made.value > 0
    days = np.where(inside, made.joined, 0.0), np.where(inside, made.day, 0.0)
    first, now = (pd.to_datetime(d, unit="D").to_frame(name="d")["d"].dt for d in days)
    early = (now.month * 100 + now.day).to_numpy() < (first.month * 100 + first.day).to_numpy()
    years = now.year.to_numpy() - first.year.to_numpy() - early
    top = int(years[inside].max())
    end = top if last is None or last > top else last
    out = {str(k): (years == k).astype(float) for k in sorted(set(years[inside & (years < end)].tolist()))}
    return {**out, str(end) + ("+" if end < top else ""): (years >= end).astype(float)}


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
    refuse_no_keys(frame, [economy])
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
