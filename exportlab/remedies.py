"""The line of code that does on purpose what the door does not do by itself, in the words of the table's engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exportlab.frames import Frame


def without(frame: Frame, column: str, labels: Sequence[Any]) -> str:
    """Leave out the rows with these labels."""
    listed, kind = list(labels), frame.implementation
    if kind.is_polars():
        code = f"table.filter(~pl.col({column!r}).is_in({listed}))"
    elif kind.is_pyarrow():
        code = f"table.filter(~pc.field({column!r}).isin({listed}))"
    elif kind.is_pandas_like():
        code = f"table[~table[{column!r}].isin({listed})]"
    else:
        quote = "`" if kind.is_spark_like() else '"'
        texts = ", ".join("'" + str(x).replace("'", "''") + "'" for x in listed)
        code = f"table.filter({f'{quote}{column}{quote} NOT IN ({texts})'!r})"
    return f"table = {code}; in read_flows leave_out={{{column!r}: {listed}}}"


def known(frame: Frame, column: str) -> str:
    """Leave out the rows that have nothing in a column."""
    kind = frame.implementation
    if kind.is_polars():
        return f"table = table.drop_nulls({column!r})"
    if kind.is_pandas_like() or kind.is_spark_like():
        return f"table = table.dropna(subset=[{column!r}])"
    return f"rows where {column!r} is not null"


def iso(frame: Frame, column: str, frequency: str | None = None) -> str:
    """Write a column of periods in ISO forms."""
    said = f", frequency={frequency!r}" if frequency else ""
    forms, kind = f"xl.iso_periods(table, {column!r}{said})", frame.implementation
    if kind.is_polars():
        return f"table = table.with_columns(pl.col({column!r}).replace_strict({forms}))"
    if kind.is_duckdb():
        quoted = '"' + column.replace('"', '""') + '"'
        sql = f"* REPLACE (MAP %s[{quoted}] AS {quoted})"
        return f"table = table.project({sql!r} % {forms})"
    if kind.is_spark_like():
        return f"table = table.replace({forms}, subset=[{column!r}])"
    return f"table[{column!r}] = table[{column!r}].map({forms})"
