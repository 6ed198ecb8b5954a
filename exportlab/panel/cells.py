"""What the cells of a panel's columns must be: labels, or real numbers within the range of a door."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from exportlab.arrays import BEYOND, WITHIN, Array, Mask, beyond
from exportlab.errors import DataError


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


def is_year(value: object) -> bool:
    """A number that is a period, or inf for never."""
    return isinstance(value, int | float | np.number) and not (
        isinstance(value, complex | np.complexfloating) or 2**53 < abs(value) < np.inf  # type: ignore[operator]
    )
