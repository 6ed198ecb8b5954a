"""Ways to a panel: policy dates onto a table, and indices of flows as outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError, UnknownName, one_of
from exportlab.frames import to_pandas
from exportlab.measure import measure
from exportlab.options import validated

if TYPE_CHECKING:
    from exportlab.flows import Flows


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
    into: str = "adopted",
) -> pd.DataFrame:
    """The table with the first treated period of each unit in a new column.

    Parameters
    ----------
    table : DataFrame
        With the columns `unit` and `period` (whole years, or 'YYYY-MM' months).
    dates : DataFrame
        Such as ``datasets.policy("pilot_ftz")``: one row a unit, with its name and start date written as
        ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.
    dates_unit, start : str
        Its columns.
    first : {"same", "next", "half"}
        The first treated year: that of the start; the one after; or the same for starts up to June, else
        the one after (a date given as a year only counts as that year). Months are taken as they are.
    elsewhere : {"refuse", "drop"}
        What to do with dates of units that are not in the table.

    Returns
    -------
    DataFrame
        A copy with the column `into`: NaN (years) or None (months) for units without a date.

    Raises
    ------
    DataError
        Two dates for one unit, a date that cannot be read, units of `dates` that the table has not.
    """
    one_of("first", first, ["same", "next", "half"])
    one_of("elsewhere", elsewhere, ["refuse", "drop"])
    for frame, column in ((table, unit), (table, period), (dates, dates_unit), (dates, start)):
        if column not in frame.columns:
            raise UnknownName("column", column, [str(c) for c in frame.columns])
    if into in table.columns:
        raise DataError(f"the table has a column {into!r} already", "Choose another name with into=.")
    text = dates[start].astype(str)
    bad = ~text.str.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?")
    if bad.any():
        raise DataError(
            f"{start!r} holds dates that are not YYYY, YYYY-MM or YYYY-MM-DD", "Write them so.",
            rows=int(bad.sum()), first=repr(text[bad].iloc[0]),
        )  # fmt: skip
    twice = dates[dates_unit].duplicated()
    if twice.any():
        raise DataError(
            f"a {dates_unit} has two dates", "Keep the first, or the policy that is meant.",
            rows=int(twice.sum()), first=str(dates.loc[twice, dates_unit].iloc[0]),
        )  # fmt: skip
    unknown = ~dates[dates_unit].isin(table[unit])
    if unknown.any() and elsewhere == "refuse":
        raise DataError(
            f"the policy names units that the table has not in {unit!r}",
            "Check the spelling, or say elsewhere='drop'.", rows=int(unknown.sum()),
            first=str(dates.loc[unknown, dates_unit].iloc[0]),
        )  # fmt: skip
    monthly = not pd.api.types.is_numeric_dtype(table[period])
    known = dict(zip(dates[dates_unit], _first(text, start, first, monthly), strict=True))
    never = None if monthly else np.nan
    when = [known.get(u, never) for u in table[unit]]
    return table.assign(**{into: np.array(when, object if monthly else float)})


def _first(text: pd.Series[Any], start: str, first: str, monthly: bool) -> list[Any]:
    if monthly:
        short = text.str.len() < 7
        if short.any():
            raise DataError(
                f"{start!r} gives years only, and the table has months", "Find the months of these starts.",
                rows=int(short.sum()), first=repr(text[short].iloc[0]),
            )  # fmt: skip
        return list(text.str[:7])
    year = text.str[:4].astype(int)
    month = pd.to_numeric(text.str[5:7], errors="coerce").fillna(1)
    if first == "next":
        year = year + 1
    elif first == "half":
        year = year + (month > 6).astype(int)
    return list(year.astype(float))


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
    table = table.rename(columns={flows.roles[unit]: unit, flows.roles[period]: period, "outcome": index})
    if isinstance(adopted, pd.DataFrame):
        return attach_policy(table, adopted, unit=unit, period=period, **dates)
    unknown = [u for u in adopted if u not in set(table[unit])]
    if unknown:
        raise DataError(
            f"adopted= names units ({unit}) without flows", "Check the spelling.", rows=len(unknown),
            first=str(unknown[0]),
        )  # fmt: skip
    return table.assign(adopted=pd.Series([adopted.get(u) for u in table[unit]], index=table.index))
