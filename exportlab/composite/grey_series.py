r"""Grey relation of factors to a series: Deng's grade, which depends on how the series are made alike first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd

from exportlab.columns import real
from exportlab.composite.aggregation import grey_coefficients
from exportlab.composite.indicator_table import keyed
from exportlab.errors import DataError, OptionError
from exportlab.frames import to_pandas
from exportlab.options import Within, validated


@validated
def grey_relation(
    table: Any,
    *,
    series: str,
    factors: Sequence[str],
    period: str | None = None,
    divide_by: Literal["mean", "first"] = "mean",
    resolution: Annotated[float, Within(0, 1, "(]")] = 0.5,
    frequency: str | None = None,
) -> pd.DataFrame:
    r"""Rank factors by the grey relational grade of their series to another series.

    Parameters
    ----------
    table : DataFrame
        One row a period, in the order of time where `period` is not said.
    series : str
        The column to which factors are related.
    factors : sequence of str
    period : str, optional
    divide_by : {"mean", "first"}
        What makes the series alike: division by their mean, or by their first figure. Ranks may differ.
    resolution : float
        Rho: the lower, the wider grades are spread.
    frequency : {"year", "half", "quarter", "month"}, optional

    Returns
    -------
    DataFrame
        factor, grade, rank; the order of `factors`.

    Raises
    ------
    DataError
        Figures that are missing or not above zero, one row only, factors that all equal the series.
    OptionError, UnknownName

    Notes
    -----
    :math:`\xi_{jt} = (\min D + \rho \max D)/(D_{jt} + \rho \max D)`, D the distance of factor j to the series in t,
    minimum and maximum over all factors and periods; the grade is the mean over t, in (0, 1]. It says nothing of
    causes, and a factor that joins moves the grades of all others.

    References
    ----------
    .. [1] Deng (1982), Control problems of grey systems, Systems and Control Letters 1(5).
    """
    names = [series, *factors]
    if not factors or len(set(names)) < len(names):
        raise OptionError(
            f"factors={list(factors)!r} is not allowed. Allowed: other columns than series=, each once."
        )
    if period is None:
        table = to_pandas(table)
        table = table.assign(_row=range(len(table)))
    data, pools = keyed(
        table, names, unit=None if period else "_row", period=period, frequency=frequency, needs="a series"
    )
    data = data.iloc[np.argsort(pools, kind="stable")].reset_index(drop=True)
    x = np.column_stack([real(data, name) for name in names])
    bad = ~(x > 0) | np.isinf(x)
    if bad.any() or len(x) < 2:
        row, column = np.argwhere(bad)[0] if bad.any() else (0, 0)
        raise DataError(
            f"{int(bad.sum()):,} figures are missing, infinite or not above zero, in {len(x):,} rows",
            "Grey relation divides by them: it needs positive figures of two periods or more.",
            first=f"row {row + 1}: {names[column]} = {x[row, column]:g}",
        )
    alike = x / (x[0] if divide_by == "first" else x.mean(axis=0))
    distance = np.abs(alike[:, 1:] - alike[:, :1])
    if distance.max() == 0:
        raise DataError("all factors equal the series once made alike", "There is nothing to tell apart.")
    grade = grey_coefficients(distance, resolution).mean(axis=0)
    rank = pd.Series(-grade).round(12).rank(method="min").astype(int)
    return pd.DataFrame({"factor": list(factors), "grade": grade, "rank": rank})
