"""Any table to pandas, at the door and nowhere else."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from exportlab.errors import DataError


def to_pandas(table: Any) -> pd.DataFrame:
    """`table` itself if it is pandas, else collected and converted.

    Raises
    ------
    DataError
        It is no table.
    """
    if isinstance(table, pd.DataFrame):
        return table
    try:
        frame = nw.from_native(table)
    except TypeError as error:
        raise DataError(
            f"a {type(table).__name__} is not a table", "Give a pandas, Polars, PyArrow or DuckDB table."
        ) from error
    return (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_pandas()
