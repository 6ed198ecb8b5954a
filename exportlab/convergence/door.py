"""The table of the room: one row a unit and period, every unit in every period."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exportlab.columns import in_time
from exportlab.errors import DataError
from exportlab.frames import Array
from exportlab.space.autocorrelation import figures_of


@dataclass(frozen=True, eq=False)
class Panel:
    """Figures of N units in T periods.

    Attributes
    ----------
    units, periods : tuple
        Units sorted as text, periods in the order of time.
    y : (N, T) array
    """

    units: tuple[Hashable, ...]
    periods: tuple[Any, ...]
    y: Array
    data: pd.DataFrame

    def column(self, name: str) -> Array:
        """Another column of the table, (N, T), its rows as those of y."""
        return np.asarray(self.data[name].to_numpy(float).reshape(self.y.shape))


def panel_of(
    table: Any,
    value: str,
    unit: str,
    period: str,
    *,
    fewest: tuple[int, int],
    positive: str = "",
    also: tuple[str, ...] = (),
) -> Panel:
    """Read a balanced panel; `positive` says what zeros and negative figures forbid."""
    data = figures_of(table, value, unit, period)
    for column in also:
        figures_of(table, column, unit, period)
    data = data.assign(_time=in_time(data[period], period, needs="convergence"), _unit=data[unit].astype(str))
    data = data.sort_values(["_unit", "_time"], kind="stable")
    units = tuple(data[unit].drop_duplicates())
    periods = tuple(data.sort_values("_time", kind="stable")[period].drop_duplicates())
    if len(units) < fewest[0] or len(periods) < fewest[1]:
        raise DataError(
            f"there are {len(units)} units and {len(periods)} periods",
            f"{fewest[0]} units and {fewest[1]} periods are the fewest.",
        )
    seen = data.groupby("_unit", sort=False)["_time"].count()
    short = seen[seen < len(periods)]
    if len(short):
        name = data.loc[data["_unit"] == short.index[0], unit].iloc[0]
        raise DataError(
            f"{len(short)} of {len(units)} units lack some of the {len(periods)} periods",
            "Convergence is of the same units throughout: leave out units or periods that are incomplete.",
            first=f"{unit} {name!s} has {short.iloc[0]}",
        )
    y = data[value].to_numpy(float).reshape(len(units), len(periods))
    if positive and (y <= 0).any():
        i, t = np.argwhere(y <= 0)[0]
        raise DataError(
            f"{value!r} is not above zero", positive, rows=int((y <= 0).sum()),
            first=f"{unit} {units[i]!s}, {period} {periods[t]!s}: {y[i, t]:g}",
        )  # fmt: skip
    return Panel(units, periods, y, data)


LOGS = "Logarithms need figures above zero: leave out such units, or add up periods first."
RELATIVE = "Shares of the mean need figures above zero: leave out such units, or add up periods first."
