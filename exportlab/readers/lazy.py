"""Files that stay where they are: DuckDB relations and Polars lazy frames over Parquet and delimited text."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from exportlab.errors import DataError, MissingDependency, OptionError, one_of
from exportlab.readers.files import raw

ENGINES = ("pandas", "polars", "duckdb")
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
           "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "int", "uint", "float", "double", "decimal", "Int", "UInt",
           "Float", "Decimal")  # fmt: skip


@dataclass(frozen=True)
class Schema:
    """The columns of one file: name to type, as its engine calls it."""

    path: Path
    types: Mapping[str, str]

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(self.types)

    def numeric(self, column: str) -> bool:
        return self.types[column].startswith(NUMBERS)


def engine_for(engine: str | None, *, parquet: bool) -> str:
    """The engine to read with: as asked; for Parquet DuckDB where it is installed; else pandas."""
    if engine is None:
        return "duckdb" if parquet and find_spec("duckdb") else "pandas"
    one_of("engine", engine, ENGINES)
    if engine != "pandas" and not find_spec(engine):
        raise MissingDependency(engine, engine, f"engine={engine!r}")
    return engine


def connect(connection: Any, memory: str | None) -> Any:
    """The DuckDB connection to read on: DuckDB's default one, so that several tables can meet in one query.

    `memory` caps what the connection may use, and lets rows come in any order, which the cap needs to hold.
    """
    import duckdb

    chosen = duckdb.default_connection() if connection is None else connection
    if memory is not None:
        try:
            chosen.execute(f"SET memory_limit = {quoted(memory)}")
        except duckdb.Error:
            raise OptionError(
                f"memory={memory!r} is not allowed. Allowed: a size such as '500MB' or '2GB'."
            ) from None
        chosen.execute("SET preserve_insertion_order = false")
    return chosen


def parquet_schema(path: Path, engine: str, connection: Any) -> Schema:
    """Names and types of a Parquet file, from its footer.

    Raises
    ------
    DataError
        No Parquet file, or one that was cut short (its footer comes last).
    """
    try:
        if engine == "duckdb":
            found = connection.sql(f"SELECT * FROM {scan([path], {})}")
            types = dict(zip(found.columns, map(str, found.types), strict=True))
            parts = connection.sql(
                f"SELECT name, num_children FROM parquet_schema({quoted(path)})"
            ).fetchall()
            _refuse_twice(path, _uppermost(parts[1:]))
        elif engine == "polars":
            import polars as pl

            try:
                types = {name: str(kind) for name, kind in pl.read_parquet_schema(path).items()}
            except pl.exceptions.DuplicateError:
                _refuse_twice(path, _arrow().read_schema(path).names)
                raise
        else:
            read = _arrow().read_schema(path)
            _refuse_twice(path, read.names)
            types = {f.name: str(f.type) for f in read}
    except (MissingDependency, DataError, KeyboardInterrupt):
        raise
    except BaseException as error:  # each engine has its own, and a panic of Polars is no Exception
        problem = f"file {str(path)!r} is not a whole Parquet file"
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(problem, "Write or download it again.", first=reason.rstrip(".")) from error
    return Schema(path, types)


def _uppermost(parts: Sequence[tuple[str, int | None]]) -> list[str]:
    """The names of a Parquet file's columns, out of the list that has their inner parts after each."""
    names, inner = [], 0
    for name, children in parts:
        if inner:
            inner -= 1
        else:
            names.append(name)
        inner += children or 0
    return names


def _refuse_twice(path: Path, names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise DataError(
            f"file {str(path)!r} has two columns named {twice[0]!r}", "Rename or remove one of them."
        )


def _arrow() -> Any:
    try:
        from pyarrow import parquet
    except ImportError:
        raise MissingDependency("pyarrow", "duckdb", "reading Parquet files with pandas") from None
    return parquet


def text_schema(path: Path) -> tuple[Schema, str]:
    """Names in the header of a delimited UTF-8 file, and its delimiter; all types are text."""
    try:
        with raw(path) as file:
            first = file.readline().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(
            f"file {str(path)!r} is not UTF-8, the only encoding that can be read lazily",
            "Say engine='pandas'.",
        ) from None
    delimiter = max(",\t;", key=first.count)
    names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    _refuse_twice(path, names)
    if not any(names):
        raise DataError(f"file {str(path)!r} is empty", "Download or export it again.")
    return Schema(path, dict.fromkeys(names, "text")), delimiter


def quoted(text: object) -> str:
    """A SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def named(column: str) -> str:
    """A SQL name."""
    return '"' + column.replace('"', '""') + '"'


def scan(files: Sequence[Path], options: Mapping[str, str]) -> str:
    """The SQL that scans files; with options, delimited text, else Parquet."""
    listed = ", ".join(quoted(f) for f in files)
    if not options:
        return f"read_parquet([{listed}], union_by_name = true)"
    given = ", ".join(f"{k} = {v}" for k, v in options.items())
    strict = "union_by_name = true, header = true, strict_mode = true, quote = '\"', escape = '\"'"
    return f"read_csv([{listed}], {strict}, {given})"


def relation(connection: Any, sql: str) -> Any:
    """A lazy relation; refuses what DuckDB finds wrong when it looks at the files' beginnings."""
    import duckdb

    try:
        return connection.sql(sql)
    except duckdb.Error as error:
        reason = "; ".join(str(error).splitlines()[:3])
        raise DataError("DuckDB cannot read the files", "Look at the file it names.", first=reason) from error


def padded(column: str, digits: int | None) -> str:
    """The SQL of a code as text, with zeros put before it up to `digits`."""
    text = f"trim(CAST({named(column)} AS VARCHAR))"
    if digits is None:
        return text
    return f"CASE WHEN length({text}) < {digits} THEN lpad({text}, {digits}, '0') ELSE {text} END"
