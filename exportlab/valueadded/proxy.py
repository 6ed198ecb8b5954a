"""The result that every proxy of value added shares, with the direction of its bias, and its input checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from exportlab.arrays import Mask
from exportlab.errors import DataError, UnknownName
from exportlab.results import Result

Direction = Literal["upper bound", "lower bound", "too high", "either way"]


@dataclass(frozen=True, repr=False, eq=False)
class Proxy(Result):
    """A measure that stands in for domestic value added.

    Attributes
    ----------
    name : str
    table : DataFrame
        One row a group, or a firm.
    bias : {"upper bound", "lower bound", "too high", "either way"}
        On which side of the domestic value-added share the measure lies.
    why : str
        What makes it so.
    source : str
        Where the measure was proposed.
    aggregate : float
        The measure for all rows together, NaN where there is no such number.
    """

    name: str
    table: pd.DataFrame
    bias: Direction
    why: str
    source: str
    aggregate: float = float("nan")

    @property
    def title(self) -> str:
        total = "" if np.isnan(self.aggregate) else f" {self.aggregate:.4g} in all;"
        return f"{self.name}:{total} bias: {self.bias} ({self.why})"


def columns(table: pd.DataFrame, names: Sequence[str]) -> None:
    """Refuse a table that lacks a column."""
    for name in names:
        if name not in table:
            raise UnknownName("column", name, map(str, table.columns))


def amounts(table: pd.DataFrame, names: Sequence[str]) -> None:
    """Refuse amounts that are not finite numbers of zero or more."""
    for name in names:
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise DataError(f"Column {name!r} is not numeric", "Amounts are finite numbers of zero or more.")
        values = table[name].to_numpy(float)
        refuse(~np.isfinite(values) | (values < 0), table, f"Column {name!r} is missing or negative",
                "Amounts are finite numbers of zero or more.")  # fmt: skip


def refuse(bad: Mask, table: pd.DataFrame, problem: str, remedy: str) -> None:
    """Raise with the count and the first of the bad rows."""
    if bad.any():
        row = table.iloc[int(np.argmax(bad))]
        raise DataError(
            problem, remedy, rows=int(bad.sum()), first=", ".join(f"{k}={v}" for k, v in row.items())
        )


def once(table: pd.DataFrame, keys: Sequence[str]) -> None:
    """Refuse repeated records."""
    refuse(table.duplicated(list(keys)).to_numpy(), table, f"{', '.join(keys)} occur more than once",
            "Add the records up first, or name what tells them apart.")  # fmt: skip
