"""The door of composites: a table of indicators, each with its direction, or the reason why it cannot be one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from exportlab.columns import as_written, calendar_of, real, refuse_no_ids
from exportlab.errors import DataError, DuplicateCells, OptionError, UnknownName, short
from exportlab.frames import Array, Codes, Mask, to_pandas

SIGNS = {"+": 1.0, "-": -1.0}
ROUNDING = 1e-12  # of the largest value: what varies by less is constant


@dataclass(frozen=True, eq=False)
class Indicators:
    """Indicators of units, perhaps over periods: n rows by m columns, as the user ordered both.

    Attributes
    ----------
    keys : DataFrame
        The unit and the period of each row, as written.
    x : (n, m) values
    names, signs : the indicators, and 1 where more is better, -1 where less is
    unit, period : names of the columns
    pools : (n,) codes of the periods in the order of time
    lost : rows left out because a figure is missing
    """

    keys: pd.DataFrame
    x: Array
    names: tuple[str, ...]
    signs: Array
    unit: str
    period: str | None
    pools: Codes
    lost: int = 0

    @property
    def several(self) -> bool:
        """Whether there is more than one period."""
        return bool(self.pools.max() > 0)

    def row(self, place: int) -> str:
        """A row as the user would recognise it."""
        return ", ".join(f"{c} {self.keys[c].iloc[place]!s}" for c in self.keys)

    def groups(self, *, by_period: bool) -> list[Codes]:
        """The rows that are scaled or weighted together."""
        codes = self.pools if by_period else np.zeros_like(self.pools)
        return [np.flatnonzero(codes == k) for k in np.unique(codes)]

    def without(self, column: int) -> Indicators:
        """The table without one indicator."""
        kept = np.delete(np.arange(len(self.names)), column)
        return replace(
            self, x=self.x[:, kept], names=tuple(self.names[k] for k in kept), signs=self.signs[kept]
        )


def directions(indicators: Any) -> dict[str, float]:
    """The indicators with their signs; a list, which says no direction, is refused."""
    if not isinstance(indicators, Mapping):
        listed = (
            indicators
            if isinstance(indicators, Sequence) and not isinstance(indicators, str)
            else ["exports"]
        )
        example = ", ".join(f'"{name}": "+"' for name in list(listed)[:3])
        raise OptionError(
            f"indicators={short(repr(indicators), 200)} has no directions. Say of each whether more of it is better: "
            f'indicators={{{example}}}, with "-" where less is.'
        )
    wrong = [name for name, sign in indicators.items() if not isinstance(sign, str) or sign not in SIGNS]
    if wrong:
        raise OptionError(
            f"{len(wrong)} of {len(indicators)} indicators have no direction: {wrong[0]!r} has "
            f'{short(repr(indicators[wrong[0]]), 60)}. Allowed: "+" (more is better) and "-" (less is better).'
        )
    if len(indicators) < 2:
        raise OptionError(
            f"A composite needs two indicators or more, and indicators= names {len(indicators)}."
        )
    return {name: SIGNS[sign] for name, sign in indicators.items()}


def indicator_table(
    table: Any, indicators: Any, *, unit: str, period: str | None, missing: str, frequency: str | None
) -> Indicators:
    """Read a table of indicators.

    Raises
    ------
    OptionError, UnknownName
        No directions, a column with two roles, a column that is not there.
    DataError
        No rows, no numbers, figures that are missing or infinite, a unit twice in a period or not in all of them.
    """
    signs = directions(indicators)
    data, pools = keyed(table, list(signs), unit=unit, period=period, frequency=frequency)
    keys = [unit] if period is None else [unit, period]
    x = np.column_stack([real(data, name) for name in signs])
    made = Indicators(data[keys], x, tuple(signs), np.array(list(signs.values())), unit, period, pools)
    _refuse_infinite(made)
    gone: Mask = np.asarray(np.isnan(x).any(axis=1))
    if missing == "refuse":
        _refuse_missing(made, gone)
    if gone.all():
        raise DataError("no row has all indicators", "Leave out the indicators that are hardly ever there.")
    kept = replace(
        made, keys=data[keys][~gone].reset_index(drop=True), x=x[~gone], pools=_again(pools[~gone])
    )
    if missing == "refuse":
        _refuse_gaps(kept)
    return replace(kept, lost=int(gone.sum()))


def keyed(
    table: Any,
    columns: Sequence[str],
    *,
    unit: str | None,
    period: str | None,
    frequency: str | None = None,
    needs: str = "",
) -> tuple[pd.DataFrame, Codes]:
    """A table as pandas with one row a unit and period, and the periods as codes in the order of time.

    What `needs` an order in time refuses labels without one.
    """
    data = as_written(to_pandas(table), period)
    keys = [c for c in (unit, period) if c is not None]
    for column in (*keys, *columns):
        if column not in data.columns:
            raise UnknownName("column", column, [str(c) for c in data.columns])
    twice = [c for c in keys if c in columns] or keys[:1] * (unit == period)
    if twice:
        raise OptionError(f"column {twice[0]!r} has two roles. Each role needs its own column.")
    if data.empty:
        raise DataError("the table has no rows", "Give one row a unit, or a unit and period.")
    for column in keys:
        gone = data[column].isna()
        if gone.any():
            raise DataError(
                f"the column {column!r} is missing",
                "Every row needs its names: fill them in or leave the rows out before.",
                rows=int(gone.sum()),
                first=f"row {int(gone.to_numpy().argmax()) + 1}",
            )
    refuse_no_ids(data, keys)
    again = data.duplicated(keys) if keys else pd.Series(np.arange(len(data)) > 0)
    if again.any():
        raise DuplicateCells(
            f"a {unit or 'row'} appears more than once{f' in a {period}' if period else ''}",
            "One row a unit and period: add the rows up, or name the period= (or unit=) that tells them apart.",
            rows=int(again.sum()),
            first=", ".join(f"{c} {data.loc[again, c].iloc[0]!s}" for c in keys) or "row 2",
        )
    pools = np.zeros(len(data), np.int64)
    if period is not None:
        calendar = calendar_of(data[period], period, frequency)
        if needs:
            calendar.require_order(needs)
        place = {label: i for i, label in enumerate(calendar.labels)}
        pools = np.array([place[label] for label in data[period]], np.int64)
    return data, pools


def _again(pools: Codes) -> Codes:
    """The codes without holes."""
    return np.unique(pools, return_inverse=True)[1].reshape(-1)


def first_bad(table: Indicators, bad: Mask) -> tuple[int, str]:
    """How many cells are bad, and the first of them."""
    row, column = np.argwhere(bad)[0]
    return int(bad.sum()), f"{table.row(row)}: {table.names[column]} = {table.x[row, column]:g}"


def _refuse_infinite(table: Indicators) -> None:
    bad = np.isinf(table.x)
    if bad.any():
        count, first = first_bad(table, bad)
        raise DataError(
            f"{count:,} figures are infinite", "Every indicator needs finite numbers.", first=first
        )


def _refuse_missing(table: Indicators, gone: Mask) -> None:
    if gone.any():
        count, first = first_bad(table, np.isnan(table.x))
        raise DataError(
            f"{count:,} figures are missing, in {int(gone.sum()):,} of {len(gone):,} rows",
            "Find them, leave the indicator out, or say missing='drop' to leave the rows out.",
            first=first,
        )


def _refuse_gaps(table: Indicators) -> None:
    """Refuse units that are not there in all periods: the best and the worst would change with who is present."""
    if table.period is None:
        return
    seen = table.keys[table.unit].value_counts(sort=False)
    periods = int(table.pools.max()) + 1
    short_of = seen[seen < periods]
    if len(short_of):
        name = short_of.index[0]
        raise DataError(
            f"{len(short_of):,} of {len(seen):,} units are not there in all {periods} periods",
            "Complete them, cut the table to the periods that all have, or say missing='drop' to go on without.",
            first=f"{table.unit} {name!s}, in {int(short_of.iloc[0])} periods",
        )
