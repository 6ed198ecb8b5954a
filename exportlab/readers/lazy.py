"""Files that stay where they are: DuckDB relations and Polars lazy frames over Parquet and delimited text."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportlab.errors import DataError, MissingDependency, OptionError, one_of
from exportlab.files.paths import LINE, encoding_of, raw, refuse_twice
from exportlab.files.unpacking import BROKEN_GZIP, cut_gzip
from exportlab.frames import engine_speaks
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd

LARGE = 500_000_000  # bytes of files from which they stay where they are
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


def engine_for(engine: str | None, files: Sequence[Path], *, text: bool) -> str:
    """The engine to read with: as asked, else pandas; DuckDB, where installed, from `LARGE` on.

    Text that is packed or not UTF-8 stays with pandas, which alone reads it.
    """
    if engine is None:
        large = sum(f.stat().st_size for f in files) >= LARGE and find_spec("duckdb")
        return "duckdb" if large and not (text and any(map(_pandas_only, files))) else "pandas"
    one_of("engine", engine, ENGINES)
    if engine != "pandas" and not find_spec(engine):
        raise MissingDependency(engine, engine, said("engine={engine}", engine=repr(engine)))
    return engine


def _pandas_only(path: Path) -> bool:
    """Whether the beginning of a text file is not what DuckDB reads: plain UTF-8, numbers without decimal commas."""
    try:
        with raw(path) as file:
            first = file.read(1 << 16).rpartition(b"\n")[0].decode("utf-8-sig")
    except UnicodeDecodeError:
        return True
    return max(",\t;", key=first.partition("\n")[0].count) == ";"


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
                said(
                    "memory={memory} is not allowed. Allowed: a size such as '500MB' or '2GB'.",
                    memory=repr(memory),
                )
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
        listed = _listed(path, engine, connection)
    except (MissingDependency, KeyboardInterrupt):
        raise
    except BaseException as error:  # each engine has its own, and a panic of Polars is no Exception
        if type(error).__name__ == "DuplicateError":  # of Polars, which lists no schema then
            named = re.search("'(.*)'", str(error))
            raise DataError(
                said("file {path} has two columns named {name}", path=repr(str(path)), name=repr(named[1]))
                if named
                else said("file {path} has two columns of one name", path=repr(str(path))),
                said("Rename or remove one of them."),
            ) from error
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            said("file {path} is not a whole Parquet file", path=repr(str(path))),
            said("Write or download it again."),
            first=reason.rstrip("."),
        ) from error
    refuse_twice(path, [name for name, _ in listed], fold=engine == "duckdb")
    return Schema(path, dict(listed))


def parquet_tables(
    files: Sequence[Path],
    columns: list[str] | None = None,
    advance: Callable[[int], None] = lambda size: None,
) -> Iterator[pd.DataFrame]:
    """Parquet files as pandas, one at a time; `advance` is told the size of each that is read."""
    import pandas as pd

    for file in files:
        with engine_speaks(file=True):
            table = pd.read_parquet(file, columns=columns)
        advance(file.stat().st_size)
        yield table


def _listed(path: Path, engine: str, connection: Any) -> list[tuple[str, str]]:
    """The columns in the footer, each with its type."""
    if engine == "duckdb":
        found = connection.sql(f"SELECT * FROM {scan([path], {})}")
        return list(zip(_duckdb_names(path, connection), map(str, found.types), strict=True))
    if engine == "polars":
        import polars as pl

        with path.open("rb") as file:  # a path would be a pattern
            return [(name, str(kind)) for name, kind in pl.read_parquet_schema(file).items()]
    return [(f.name, str(f.type)) for f in _arrow().read_schema(path)]


def _duckdb_names(path: Path, connection: Any) -> list[str]:
    """The columns' own names, also one that comes twice; the file's footer lists them as a tree, depth first."""
    tree = connection.sql(f"SELECT name, num_children FROM parquet_schema({exactly(path)})").fetchall()
    names, beneath = [], 0
    for name, children in tree[1:]:
        if beneath:
            beneath -= 1
        else:
            names.append(name)
        beneath += children or 0
    return names


def _arrow() -> Any:
    try:
        from pyarrow import parquet
    except ImportError:
        raise MissingDependency("pyarrow", "duckdb", said("reading Parquet files with pandas")) from None
    return parquet


def text_schema(path: Path, engine: str) -> tuple[Schema, str]:
    """Names in the header of a delimited UTF-8 file, and its delimiter; all types are text.

    Polars, which takes any line into memory, gets no file that was not looked through; DuckDB has limits of its own.
    """
    if engine == "polars":
        encoding_of(path, ("utf-8",))
    try:
        with raw(path) as file:
            first = file.readline(LINE).decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise DataError(
            said("file {path} is not UTF-8, the only encoding that can be read lazily", path=repr(str(path))),
            said("Say engine='pandas'."),
        ) from None
    except BROKEN_GZIP as error:
        raise cut_gzip(path) from error
    if "\r" in first:
        raise DataError(
            said(
                "file {path} has carriage returns alone, as line ends or inside its header",
                path=repr(str(path)),
            ),
            said("Lazy engines need line feeds: save it again, or say engine='pandas'."),
        )
    delimiter = max(",\t;", key=first.count)
    try:
        names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter, strict=True), [])]
    except csv.Error as error:
        raise DataError(
            said(
                "file {path} has no header that can be parted into names ({error})",
                path=repr(str(path)),
                error=error,
            ),
            said("A quote that opens a name must close it in its line, else say engine='pandas'."),
        ) from None
    refuse_twice(path, names, fold=engine == "duckdb")
    if not any(names):
        raise DataError(
            said("file {path} is empty", path=repr(str(path))), said("Download or export it again.")
        )
    return Schema(path, dict.fromkeys(names, "text")), delimiter


def quoted(text: object) -> str:
    """A SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def named(column: str) -> str:
    """A SQL name."""
    return '"' + column.replace('"', '""') + '"'


def exactly(path: Path) -> str:
    """The SQL string of one file's path: a '*' in it stands for no other file."""
    return quoted(re.sub(r"[*?[]", r"[\g<0>]", str(path)))


def scan(files: Sequence[Path], options: Mapping[str, str]) -> str:
    """The SQL that scans files; with options, delimited text, else Parquet.

    Folders called year=2022 are folders: what a file says of itself counts, on every engine.
    """
    listed = ", ".join(map(exactly, files))
    if not options:
        return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    given = ", ".join(f"{k} = {v}" for k, v in options.items())
    strict = "union_by_name = true, header = true, strict_mode = true, quote = '\"', escape = '\"'"
    strict += ", hive_partitioning = false"
    return f"read_csv([{listed}], {strict}, {given})"


def relation(connection: Any, sql: str) -> Any:
    """A lazy relation; refuses what DuckDB finds wrong when it looks at the files' beginnings."""
    import duckdb

    try:
        return connection.sql(sql)
    except duckdb.Error as error:
        reason = "; ".join(str(error).splitlines()[:3])
        raise DataError(
            said("DuckDB cannot read the files"), said("Look at the file it names."), first=reason
        ) from error


def padded(column: str, digits: int | None) -> str:
    """The SQL of a code as text, with zeros put before it up to `digits`."""
    text = f"trim(CAST({named(column)} AS VARCHAR))"
    if digits is None:
        return text
    return f"CASE WHEN length({text}) < {digits} THEN lpad({text}, {digits}, '0') ELSE {text} END"
