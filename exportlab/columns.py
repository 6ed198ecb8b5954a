"""What the cells of a table's columns must be, for doors that take tables of pandas: labels, periods, real numbers."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from exportlab.audit import LABELS, NUMBERS, Kind, series_kind
from exportlab.errors import DataError, UnknownName
from exportlab.frames import LARGEST, SMALLEST, WITHIN, Array, Codes, Mask, beyond
from exportlab.periods import Calendar, UnreadPeriods, read
from exportlab.text import blank, look_alike
from exportlab.words import Said, said


def refuse_no_ids(data: pd.DataFrame, columns: Iterable[str]) -> None:
    """Refuse columns whose cells are no labels: durations, lists, labels of several types, infinite ones, blank text.

    Two labels that look alike are refused, too; missing ones are the caller's to look at.
    """
    for column in columns:
        cells = data[column]
        kind = series_kind(cells)
        if kind not in (*LABELS, "decimal", "empty"):
            raise _no_labels(cells, column, _odd(cells)) from None
        endless = cells[np.isinf(cells.to_numpy(float, na_value=np.nan))] if kind == "decimal" else cells[:0]
        if len(endless):
            raise _no_labels(cells, column, repr(float(endless.iloc[0])), len(endless))
        if kind in ("text", "category"):
            _refuse_unseen(cells, column)


def _refuse_unseen(cells: pd.Series[Any], column: str) -> None:
    """Refuse text in which nothing is seen, and texts that differ in what is not seen."""
    found = cells.dropna().unique().tolist()
    empty = [x for x in found if blank(x)]
    if empty:
        raise _lacking(said("column {column} has blank labels", column=repr(column)), cells.isin(empty))
    two = look_alike(found)
    if two is not None:
        raise DataError(
            said(
                "column {column} has two labels that look alike: {one}, {other}",
                column=repr(column),
                one=repr(two[0]),
                other=repr(two[1]),
            ),
            said(
                "They differ in blanks, in the width of letters or in marks that are not seen: write both in one way."
            ),
        )


def refuse_no_keys(data: pd.DataFrame, columns: Iterable[str]) -> None:
    """Refuse columns that are not there, whose cells are no labels, or some of whose labels are missing."""
    for column in columns:
        if column not in data.columns:
            raise UnknownName(said("column"), column, [str(c) for c in data.columns])
        refuse_no_ids(data, [column])
        gone = data[column].isna()
        if gone.any():
            raise _lacking(said("column {column} has missing labels", column=repr(column)), gone)


def _lacking(problem: Said, gone: pd.Series[bool]) -> DataError:
    return DataError(
        problem,
        said("Every row needs its ids: fill them in or leave the rows out before."),
        rows=int(gone.sum()),
        first=said("row {n}", n=int(gone.to_numpy().argmax()) + 1),
    )


def _no_labels(cells: pd.Series[Any], column: str, first: str | None, rows: int | None = None) -> DataError:
    return DataError(
        said(
            "column {column} names nothing: its cells are no labels ({dtype})",
            column=repr(column),
            dtype=cells.dtype,
        ),
        said("Ids are text, whole numbers or dates, of one type: make the column text first (.astype(str))."),
        rows=rows,
        first=first,
    )


def real(data: pd.DataFrame, column: str) -> Array:
    """A column's numbers; missing ones stay NaN.

    Raises
    ------
    DataError
        It holds anything but real numbers, or numbers beyond the range of a door.
    """
    cells = data[column]
    if cells.dtype == object or series_kind(cells) not in (*NUMBERS, "truth"):
        raise DataError(
            said(
                "column {column} is {dtype}, not numbers",
                column=repr(column),
                dtype=cells.dtype,
            ),
            said("Make it numeric before."),
            first=_odd(cells),
        )
    values = cells.to_numpy(float, na_value=np.nan)
    bad = beyond(np.where(np.isfinite(values), values, 0.0))
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            said(
                "column {column} is beyond {most}, or all of it within {least} of zero",
                column=repr(column),
                most=f"{LARGEST:g}",
                least=f"{SMALLEST:g}",
            ),
            said(WITHIN),
            rows=int(bad.sum()),
            first=said("row {n}: {value}", n=row + 1, value=repr(float(values[row]))),
        )
    return np.asarray(values, np.float64)


def regressor(data: pd.DataFrame, column: str) -> pd.Series[Any]:
    """A column as a formula uses it: NumPy numbers or truths, or labels, whatever type holds the text.

    Raises
    ------
    DataError
        It holds neither numbers nor labels of one type, or numbers beyond the range of a door.
    """
    cells = data[column]
    kind: Kind = series_kind(cells)
    if cells.dtype != object and kind in (*NUMBERS, "truth"):
        values: Any = real(data, column)
        if kind == "truth":
            values = values.astype(bool)
        elif kind == "whole" and not (np.abs(values) >= 2.0**53).any():
            values = values.astype(np.int64)
        return pd.Series(values, index=data.index)
    if kind in ("text", "category"):
        return pd.Series(cells.astype(object).to_numpy(), index=data.index, dtype=object)
    strange = [v for v in cells if not isinstance(v, str)] or list(cells)
    raise DataError(
        said(
            "column {column} holds neither numbers nor text alone ({dtype})",
            column=repr(column),
            dtype=cells.dtype,
        ),
        said("Make it a column of numbers, or of text for categories."),
        rows=len(strange),
        first=repr(strange[0]),
    )


def as_written(data: pd.DataFrame, column: str | None) -> pd.DataFrame:
    """The table with a column of pandas Periods as their text ('2022-01'), which sorts as they do."""
    if column in data.columns and isinstance(data[column].dtype, pd.PeriodDtype):
        return data.assign(**{str(column): data[column].astype(str).where(data[column].notna(), None)})
    return data


def same(data: pd.DataFrame, left: str, right: str) -> Mask:
    """Where two columns of labels agree, of whatever types they are."""
    a, b = data[left], data[right]
    if a.dtype != b.dtype:
        a, b = a.astype(object), b.astype(object)
    return np.asarray(a.to_numpy() == b.to_numpy(), np.bool_)


def _odd(cells: pd.Series[Any]) -> str | None:
    """The first cell that is no text, else the first."""
    return repr(next((v for v in cells if not isinstance(v, str)), cells.iloc[0])) if len(cells) else None


def refuse_nested(column: pd.Series[Any], name: str) -> None:
    """Refuse cells that hold lists or mappings, which no table of labels can look up."""
    nested = [v for v in column if not isinstance(v, Hashable)] if column.dtype == object else []
    if nested:
        raise _no_labels(column, name, repr(nested[0]), len(nested))


def calendar_of(column: pd.Series[Any], name: str, frequency: str | None = None) -> Calendar:
    """What a column of periods means; a refusal counts its rows."""
    refuse_nested(column, name)
    try:
        return read(
            column.drop_duplicates().tolist(),
            frequency=frequency,
            name=said("period {column}", column=repr(name)),
        )
    except UnreadPeriods as error:
        bad = int(column.isin(error.labels).sum())
        raise DataError(*error.messages, rows=bad or None, first=error.first_message) from None


def in_time(column: pd.Series[Any], name: str, *, needs: str | None = None) -> Codes:
    """Codes 0, 1, ... of a column of periods in the order of time.

    Labels that are no time have codes too, in the order in which they sort; where an order in time is needed, `needs`
    says for what, and they are refused.
    """
    calendar = calendar_of(column, name)
    if needs is not None:
        calendar.require_order(needs)
    place = {label: i for i, label in enumerate(calendar.labels)}
    return column.map(place).to_numpy(np.int64)
