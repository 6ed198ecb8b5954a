"""What the cells of a panel's columns must be: labels, or real numbers within the range of a door."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from exportlab.arrays import BEYOND, WITHIN, Array, Codes, Mask, beyond
from exportlab.errors import DataError
from exportlab.periods import Calendar, UnreadPeriods, read


def refuse_no_ids(data: pd.DataFrame, columns: Iterable[str]) -> None:
    """Refuse columns whose cells cannot be told apart (lists, mappings)."""
    for column in columns:
        cells = data[column]
        try:
            pd.factorize(cells)
            if cells.dtype == object and any(isinstance(v, int) and abs(v) >= 2**63 for v in cells):
                raise TypeError
        except TypeError:
            raise DataError(
                f"column {column!r} names nothing: its cells are no labels",
                "Ids are text, whole numbers or dates.",
                first=repr(data[column].iloc[0]),
            ) from None


def real(data: pd.DataFrame, column: str) -> Array:
    """A column's numbers; missing ones stay NaN.

    Raises
    ------
    DataError
        It holds anything but real numbers, or numbers beyond the range of a door.
    """
    cells = data[column]
    if not pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_complex_dtype(cells):
        raise DataError(
            f"column {column!r} is {cells.dtype}, not numbers", "Make it numeric before.", first=repr(cells.iloc[0])
        )  # fmt: skip
    values = cells.to_numpy(float, na_value=np.nan)
    bad = beyond(np.where(np.isfinite(values), values, 0.0))
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"column {column!r} is {BEYOND}",
            WITHIN,
            rows=int(bad.sum()),
            first=f"row {row + 1}: {float(values[row])!r}",
        )
    return np.asarray(values, np.float64)


def same(data: pd.DataFrame, left: str, right: str) -> Mask:
    """Where two columns of labels agree, of whatever types they are."""
    a, b = data[left], data[right]
    if a.dtype != b.dtype:
        a, b = a.astype(object), b.astype(object)
    return np.asarray(a.to_numpy() == b.to_numpy(), np.bool_)


def calendar_of(column: pd.Series[Any], name: str, frequency: str | None = None) -> Calendar:
    """What a column of periods means; a refusal counts its rows."""
    try:
        return read(column.drop_duplicates().tolist(), frequency=frequency, name=f"period {name!r}")
    except UnreadPeriods as error:
        bad = int(column.isin(error.labels).sum())
        raise DataError(error.problem, error.remedy, rows=bad or None, first=error.first) from None


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
