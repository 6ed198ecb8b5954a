"""One table in every engine that the tests know, and back to plain rows."""

from __future__ import annotations

import atexit
import math
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa

_NUMBER = count()


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """A connection of the tests' own: not DuckDB's default one, on which more would work."""
    made = duckdb.connect()
    atexit.register(made.close)
    return made


def _duckdb(table: pd.DataFrame) -> Any:
    name = f"t{next(_NUMBER)}"
    if table.empty:  # before pandas 3, DuckDB takes an empty column of text for one of numbers
        table = table.astype({c: "string" for c in table if table[c].dtype.kind == "O"})
    connection().register("incoming", table)
    connection().execute(f"create table {name} as select * from incoming")
    return connection().table(name)


def _chunks(table: pd.DataFrame, size: int = 2) -> pa.Table:
    """An Arrow table of many chunks, as a folder of files is read: threads may work on each of them."""
    whole = pa.Table.from_pandas(table, preserve_index=False)
    parts = [whole.slice(start, size) for start in range(0, len(table), size)]
    return pa.concat_tables(parts) if parts else whole


ENGINES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda t: t,
    "polars": pl.from_pandas,
    "polars-lazy": lambda t: pl.from_pandas(t).lazy(),
    "pyarrow": lambda t: pa.Table.from_pandas(t, preserve_index=False),
    "pyarrow-chunks": _chunks,
    "duckdb": _duckdb,
}


def rows(native: Any, keys: list[str]) -> list[dict[str, Any]]:
    """A result of any engine as plain rows, sorted by `keys`."""
    frame = nw.from_native(native)
    frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return sorted(frame.iter_rows(named=True), key=lambda r: tuple(str(r[k]) for k in keys))


def plain(native: Any) -> list[tuple[Any, Any]]:
    """A result of any engine as rows: labels first, sorted; figures after."""
    frame = nw.from_native(native)
    frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    columns = sorted(frame.columns)
    made = []
    for row in frame.iter_rows(named=True):
        labels = tuple(
            str(row[c]) for c in columns if not isinstance(row[c], float | int) or c in ("period", "start")
        )
        figures = tuple(
            row[c] for c in columns if isinstance(row[c], float | int) and c not in ("period", "start")
        )
        made.append((labels, figures))
    return sorted(made, key=lambda r: (r[0], [f"{x:.6e}" for x in r[1]]))


def agree(left: list[tuple[Any, Any]], right: list[tuple[Any, Any]]) -> bool:
    """Whether two results have the same labels, and figures that differ by rounding alone."""
    return len(left) == len(right) and all(
        a[0] == b[0]
        and len(a[1]) == len(b[1])
        and all(
            (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-11)
            for x, y in zip(a[1], b[1], strict=True)
        )
        for a, b in zip(left, right, strict=True)
    )
