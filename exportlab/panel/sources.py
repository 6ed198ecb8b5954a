"""Ways to a panel: policy dates onto a table, and indices of flows as outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.columns import calendar_of, refuse_no_keys
from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.frames import to_pandas
from exportlab.indices.measure import measure
from exportlab.options import validated
from exportlab.periods import FREQUENCIES, WORDS, Calendar, Period, days
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.flow_table import Flows


@validated
def attach_policy(
    table: pd.DataFrame,
    dates: pd.DataFrame,
    *,
    unit: str,
    period: str,
    dates_unit: str = "unit",
    start: str = "start_date",
    first: str = "same",
    elsewhere: str = "refuse",
    unlisted: str = "refuse",
    into: str = "adopted",
    frequency: str | None = None,
) -> pd.DataFrame:
    """The table with the first treated period of each unit in a new column.

    Parameters
    ----------
    table : DataFrame
        With the columns `unit` and `period`, periods in any usual spelling.
    dates : DataFrame
        Such as ``datasets.policy("pilot_ftz")``: one row a unit, with its name and start: a day, a month or a year.
    dates_unit, start : str
        Its columns.
    first : {"same", "next", "half"}
        The first treated year: that of the start; the one after; or the same for starts up to June, else
        the one after (a date given as a year only counts as that year). Months are taken as they are.
    elsewhere : {"refuse", "drop"}
        What to do with dates of units that are not in the table.
    unlisted : {"refuse", "drop", "never"}
        What to do with units of the table without a date where `dates` has a column ``complete`` that is not
        True throughout: a list with gaps does not say that they are untreated. "drop" leaves them out of the
        table, "never" says that none of them has the policy.
    frequency : {"year", "half", "quarter", "month"}, optional
        What the table's periods are, where their column does not say.

    Returns
    -------
    DataFrame
        A copy with the column `into`, written like the periods: NaN (beside numbers) or None for units without a date.
        ``.attrs["policy"]`` says how many of the policy's units were found, and how many units were dropped.

    Raises
    ------
    DataError
        Two dates for one unit, a date that cannot be read, units of `dates` that the table has not, none that it has;
        units without a date where the list of dates is not complete.
    """
    one_of("first", first, ["same", "next", "half"])
    one_of("elsewhere", elsewhere, ["refuse", "drop"])
    one_of("unlisted", unlisted, ["refuse", "drop", "never"])
    for frame, column in ((table, unit), (table, period), (dates, dates_unit), (dates, start)):
        if column not in frame.columns:
            raise UnknownName("column", column, [str(c) for c in frame.columns])
    refuse_no_keys(table, [unit])
    refuse_no_keys(dates, [dates_unit])
    if into in table.columns:
        raise DataError(f"the table has a column {into!r} already", "Choose another name with into=.")
    twice = dates[dates_unit].duplicated()
    if twice.any():
        raise DataError(
            f"a {dates_unit} has two dates",
            "Keep the first, or the policy that is meant.",
            rows=int(twice.sum()),
            first=str(dates.loc[twice, dates_unit].iloc[0]),
        )
    matched = _matched(table, dates, unit, dates_unit, elsewhere)
    table, left = _listed(table, dates, unit, dates_unit, unlisted)
    calendar = calendar_of(table[period], period, frequency)
    calendar.require_order("a policy's start")
    starts = [_start(span, label, calendar, first) for span, label in _spans(dates[start])]
    known = dict(zip(dates[dates_unit], starts, strict=True))
    numbers = pd.api.types.is_numeric_dtype(table[period])
    when = [known.get(u, np.nan if numbers else None) for u in table[unit]]
    made = table.assign(**{into: np.array(when, float if numbers else object)})
    made.attrs["policy"] = matched + left
    return made


def _matched(table: pd.DataFrame, dates: pd.DataFrame, unit: str, dates_unit: str, elsewhere: str) -> str:
    """How many units of the policy are in the table, in words; refuses none at all, and any that is not there."""
    there = dates[dates_unit].isin(table[unit])
    count, units = int(there.sum()), table[unit].nunique()
    said = f"{count:,} of the policy's {len(dates):,} units are in {unit!r}, which has {units:,}"
    if count and (there.all() or elsewhere == "drop"):
        return said
    hits = {str(c): int(dates[c].isin(table[unit]).sum()) for c in dates.columns if c != dates_unit}
    best = max(hits, key=lambda c: hits[c], default="")
    other = (
        f" Its column {best!r} has {hits[best]:,} of them: dates_unit={best!r}."
        if best and hits[best] > count
        else ""
    )
    first = f"{dates.loc[~there, dates_unit].iloc[0]} (the table has {table[unit].iloc[0]!r})"
    if not count:
        raise DataError(
            f"the policy names no unit that the table has in {unit!r}: every unit would count as never treated",
            f"Write the units as {dates_unit!r} has them.{other}",
            rows=len(dates),
            first=first,
        )
    raise DataError(
        f"the policy names units that the table has not in {unit!r}",
        f"Check the spelling, or say elsewhere='drop' ({said}).{other}",
        rows=int((~there).sum()),
        first=first,
    )


def _listed(
    table: pd.DataFrame, dates: pd.DataFrame, unit: str, dates_unit: str, unlisted: str
) -> tuple[pd.DataFrame, str]:
    """The table without units that a list with gaps leaves open, and how many these are, in words."""
    dated = table[unit].isin(dates[dates_unit])
    if "complete" not in dates or dates["complete"].all() or dated.all() or unlisted == "never":
        return table, ""
    open_ = table.loc[~dated, unit]
    if unlisted == "drop":
        return table[dated], f"; {open_.nunique():,} units that its list leaves open are dropped"
    raise DataError(
        f"the policy's list is not complete, and units of {unit!r} are not on it: they may have the policy",
        "Say unlisted='drop' to leave them out, or unlisted='never' if you know that none of them has it.",
        rows=int(open_.nunique()),
        first=str(open_.iloc[0]),
    )


def _spans(starts: pd.Series[Any]) -> Iterator[tuple[tuple[date, date], Any]]:
    """The first and the last day that each start date means, and the date as it is written."""
    bad, found = [], []
    for label in starts:
        try:
            found.append((days(label), label))
        except DataError:
            bad.append(label)
    if bad:
        raise DataError(
            f"{starts.name!r} holds dates that cannot be read",
            "Write days 2013-09-29, months 2013-09 or years 2013.",
            rows=len(bad),
            first=repr(bad[0]),
        )
    return iter(found)


def _start(span: tuple[date, date], label: Any, calendar: Calendar, first: str) -> Any:
    """The first treated period, written like the others, of one start date."""
    begin, end = span
    frequency = str(calendar.frequency)
    if frequency not in FREQUENCIES:
        raise DataError(
            f"{calendar.name} has {WORDS[frequency]}, which a date cannot be placed in",
            "Dates need years, half-years, quarters or months.",
        )
    month = Period(12 * begin.year + begin.month - 1, 1, "month")
    found = month.within(frequency)
    if end > found.last_day:
        what = f"a start is given by its year only, and the table has {WORDS[frequency]}"
        raise DataError(what, "Find the months of these starts.", first=repr(label))
    later = first == "next" or (first == "half" and begin.month > 6)
    return calendar.label(found.shift(int(frequency == "year" and later)))


def index_table(
    flows: Flows,
    index: str,
    adopted: Any,
    *,
    over: Any,
    unit: str,
    period: str,
    universe: Any,
    dates: Mapping[str, Any],
) -> pd.DataFrame:
    """Columns `unit`, `period`, `index` and "adopted"; see `PolicyPanel.from_flows`."""
    table = to_pandas(measure(flows, {"outcome": index}, over=over, by=[period, unit], universe=universe))
    table = table.drop(columns=[c for c in ("residual", "residual_share") if c in table])
    table = table.rename(columns={flows.roles[unit]: unit, flows.roles[period]: period, "outcome": index})
    dates = {"frequency": flows.calendar.told, **dates}
    return _dated(table, adopted, unit, period, dates)


def _dated(
    table: pd.DataFrame, adopted: Any, unit: str, period: str, dates: Mapping[str, Any]
) -> pd.DataFrame:
    """The table with the column "adopted", from a mapping of units or from policy dates."""
    if isinstance(adopted, pd.DataFrame):
        return attach_policy(table, adopted, unit=unit, period=period, **dates)
    unknown = [u for u in adopted if u not in set(table[unit])]
    if unknown:
        raise DataError(
            f"adopted= names units ({unit}) without rows in the table",
            "Check the spelling.",
            rows=len(unknown),
            first=str(unknown[0]),
        )
    return table.assign(adopted=pd.Series([adopted.get(u) for u in table[unit]], index=table.index))


def outcome_table(
    result: Any, adopted: Any, named: tuple[str, str, str], dates: Mapping[str, Any]
) -> tuple[pd.DataFrame, str, str, str]:
    """The table of a result with the column "adopted", and its unit, period and outcome, as `from_table` says."""
    unit, period, outcome = named
    if isinstance(result, Result):
        if not getattr(result, "comparable", True):
            raise DataError(
                "scores of different periods are not comparable: they were scaled or weighted by period",
                "A panel compares periods: make the index over all of them (scale_over='all', weights_over='all').",
            )
        keys: tuple[str, ...] = getattr(result, "keys", ())
        if len(keys) == 2:
            unit, period = unit or keys[0], period or keys[1]
        outcome = outcome or getattr(result, "outcome", "")
        result = getattr(result, "table", None)
    lacking = [
        role for role, name in {"unit": unit, "period": period, "outcome": outcome}.items() if not name
    ]
    if lacking:
        raise OptionError(f"from_table needs {lacking[0]}=, a column: the result does not say which.")
    table = to_pandas(result)
    for column in (unit, period, outcome):
        if column not in table.columns:
            raise UnknownName("column", column, [str(c) for c in table.columns])
    if "adopted" in table.columns:
        raise DataError(
            "the table has a column 'adopted' already",
            "Give it to PolicyPanel(table, adopted=...) itself, or rename it.",
        )
    return _dated(table, adopted, unit, period, dates), unit, period, outcome
