"""One table in every engine of the tests, and a result brought back as rows to compare with plain Python."""

from __future__ import annotations

import math
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

import exportlab as xl

ENGINES = ("pandas", "polars", "polars_lazy", "pyarrow", "duckdb")


def table(rows: list[dict[str, Any]], engine: str) -> Any:
    """The rows as a table of the engine (DuckDB on a connection of its own)."""
    frame = pd.DataFrame(rows)
    match engine:
        case "pandas":
            return frame
        case "polars":
            return pl.DataFrame(rows)
        case "polars_lazy":
            return pl.LazyFrame(rows)
        case "pyarrow":
            return pa.Table.from_pylist(rows)
        case "duckdb":
            return _connection.from_arrow(pa.Table.from_pylist(rows))
    raise AssertionError(engine)


_connection = duckdb.connect(config={"threads": 1})


def flows(rows: list[dict[str, Any]], engine: str = "pandas", **options: Any) -> xl.Flows:
    """The rows through the door."""
    return xl.flows(table(rows, engine), **options)


def rows(result: Any) -> list[dict[str, Any]]:
    """A result of any engine as a list of dicts."""
    if isinstance(result, pl.LazyFrame):
        result = result.collect()
    if isinstance(result, duckdb.DuckDBPyRelation):
        result = result.to_arrow_table()
    if isinstance(result, pl.DataFrame):
        return result.to_dicts()
    if isinstance(result, pa.Table):
        return result.to_pylist()
    return result.to_dict("records")


def indexed(result: Any, *keys: str) -> dict[Any, dict[str, Any]]:
    """The result's rows by their keys."""
    made = rows(result)
    found = {tuple(r[k] for k in keys) if len(keys) > 1 else r[keys[0]]: r for r in made}
    assert len(found) == len(made)
    return found


def same(a: float, b: float, rel: float = 1e-12) -> bool:
    """Equal to the last digits, NaN with NaN."""
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=rel, abs_tol=1e-14)
