"""The few operations on frames that are right on every engine; everything that groups or ranks is built of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from uuid import uuid4

import narwhals.stable.v2 as nw
from narwhals.exceptions import DuplicateError

from exportlab.errors import DataError, EngineError

if TYPE_CHECKING:
    import pandas as pd

Frame: TypeAlias = nw.DataFrame[Any] | nw.LazyFrame[Any]

EVERYTHING = "_everything"  # one group for all, where an engine needs a column to group by


SMALLEST, LARGEST = 1e-50, 1e50  # what a door lets in: products of four such numbers are still floats
PIECE = 100_000  # rows that are read, turned and written at a time
ENGINES = ("duckdb", "_duckdb", "polars", "pyarrow", "narwhals", "pyspark", "py4j", "pyo3_runtime")


_STOPPED = [
    "the table's engine stopped",
    "Look at the place it names: the file, the line, the column and its type.",
]
_SAID: list[tuple[re.Pattern[str], str, str]] = [
    (re.compile("No such file|No files found|expanded paths were empty|cannot find the (?:file|path)"),
     "a file that the table is read from is not there", "Look at its path: it may have been moved or removed."),
    (re.compile("connection is busy|another call|pending query"), "the table's DuckDB connection is in use",
     "Give each thread its own, and read the table on it: connection.cursor()."),
]  # fmt: skip


@contextmanager
def engine_speaks(*, file: bool = False) -> Iterator[None]:
    """Tell in one voice what an engine says of a table it cannot read: a bad line, a file gone, a schema that lies.

    With `file` the engine reads a file at once, and whatever it meets in there counts.
    """
    try:
        yield
    except (NotImplementedError, DuplicateError):  # an operation, or the columns' names: others tell
        raise
    except BaseException as error:  # a panic of Polars is no Exception
        if str(error) == "Query interrupted":  # so DuckDB tells Ctrl-C
            raise KeyboardInterrupt from error
        own = isinstance(error, Exception if file else UnicodeError) or (
            isinstance(error, OSError) and error.errno is None
        )
        if not own and type(error).__module__.partition(".")[0] not in ENGINES:
            raise
        said = " ".join(str(error).split()) or type(error).__name__
        problem, remedy = next((told for mark, *told in _SAID if mark.search(said)), _STOPPED)
        raise DataError(problem, remedy, first=said.rstrip(".")) from error


def collect(frame: Frame) -> nw.DataFrame[Any]:
    """Run a lazy plan; an eager frame passes through."""
    if not isinstance(frame, nw.LazyFrame):
        return frame
    with engine_speaks():
        return frame.collect()


def adopt(table: Any) -> Frame:
    """Wrap a table of any supported engine whose columns have names of their own."""
    try:
        with engine_speaks():
            frame: Frame = nw.from_native(table)
            frame.collect_schema()
    except DuplicateError:
        names = Counter(getattr(table, "column_names", None) or list(table.columns))
        twice = [name for name, count in names.items() if count > 1]
        raise DataError(
            f"{len(twice):,} column names occur more than once", "Rename or remove one of them.",
            first=repr(twice[0]) if twice else None,
        ) from None  # fmt: skip
    except TypeError:
        raise DataError(
            f"a {type(table).__module__}.{type(table).__name__} is not a table that can be read",
            "Allowed: pandas, Polars (DataFrame, LazyFrame), PyArrow Table, DuckDB relation, PySpark DataFrame; "
            "files come in through xl.read_flows, xl.read_gacc, xl.read_comtrade, xl.read_baci.",
        ) from None
    return frame


def first_of(frame: Frame) -> nw.DataFrame[Any]:
    """The first row."""
    return collect(frame.head(1))


def values_of(frame: Frame, column: str) -> list[Any]:
    """The distinct values of a column."""
    if isinstance(frame, nw.DataFrame):  # of one column: a frame's unique goes row by row
        return frame[column].unique().to_list()
    return collect(frame.select(column).unique())[column].to_list()


def to_pandas(table: Any) -> pd.DataFrame:
    """A table of any engine as pandas, with a fresh index.

    Raises
    ------
    DataError
        It is no table, two of its columns have one name, or its engine cannot read it.
    """
    import pandas as pd

    frame = collect(adopt(table))
    made = table if isinstance(table, pd.DataFrame) else frame.to_pandas()
    return made.reset_index(drop=True)


def stream(table: Any) -> Any:
    """The rows of a DuckDB relation as an Arrow reader, for results larger than memory; None for other tables.

    DuckDB keeps the result first, on disk where it must: a query that runs while it is read cannot be stopped.
    """
    frame = adopt(table)
    if not frame.implementation.is_duckdb():
        return None
    with engine_speaks():
        rows: Any = held(frame).to_native()
        named = rows.to_arrow_reader if hasattr(rows, "to_arrow_reader") else rows.fetch_record_batch
        return named(PIECE)


def pieces(table: Any) -> Iterator[pd.DataFrame]:
    """A table of any engine as pandas, piece by piece where it may not fit into memory; the first has the columns."""
    reader = stream(table)
    if reader is None:
        yield to_pandas(table)
        return
    yield reader.schema.empty_table().to_pandas()
    while (batch := _next(reader)) is not None:
        yield batch.to_pandas(integer_object_nulls=True)


def _next(reader: Any) -> Any:
    with engine_speaks():
        return next(reader, None)


def held(frame: Frame) -> Frame:
    """Run a lazy plan once and keep its rows where its engine keeps rows, still lazy to the caller.

    Polars keeps them in memory, DuckDB in a temporary table of the relation's own connection, Spark in its cache.
    """
    if isinstance(frame, nw.DataFrame):
        return frame
    native: Any = frame.to_native()
    if frame.implementation.is_polars():
        rows = native.collect().lazy()
    elif frame.implementation.is_duckdb():
        name = f"exportlab_{uuid4().hex}"
        native.query(f"{name}_rows", f"CREATE TEMP TABLE {name} AS SELECT * FROM {name}_rows")
        rows = native.query(f"{name}_rows", f"SELECT * FROM {name}")
    elif frame.implementation.is_pyspark():
        rows = native.cache()
    else:
        raise EngineError(
            f"{frame.implementation} cannot hold cells (keep): run the plan yourself and bring the outcome to xl.flows."
        )
    kept: Frame = nw.from_native(rows)
    return kept


def sum_by(frame: Frame, keys: Sequence[str], columns: Sequence[str]) -> Frame:
    """Sum plain columns by `keys`; with no keys, one row."""
    sums = [nw.col(c).sum() for c in columns]
    return frame.group_by(*keys).agg(*sums) if keys else frame.select(*sums)


def when(condition: Any, yes: Any, no: Any) -> nw.Expr:
    """Element-wise choice, in the argument order of numpy.where."""
    return nw.when(condition).then(yes).otherwise(no)


def missing(column: nw.Expr) -> nw.Expr:
    """Null or NaN: pandas keeps both as one, other engines do not."""
    return column.is_null() | column.is_nan()


def all_positive(frame: Frame, column: str) -> bool:
    """Whether a column in memory is above zero throughout; a lazy one is not looked at."""
    return isinstance(frame, nw.DataFrame) and bool((frame[column] > 0).all())


def with_total(frame: Frame, keys: Sequence[str], column: str = "value", name: str = "_total") -> Frame:
    """Add the sum of `column` within `keys` by window."""
    return frame.with_columns(nw.col(column).sum().over(*keys).alias(name))


def join(
    left: Frame, right: Frame, on: Sequence[str], how: Literal["left", "inner", "cross"] = "left"
) -> Frame:
    """Join two frames of one engine."""
    if type(left) is not type(right) or left.implementation != right.implementation:
        raise EngineError(
            f"A {left.implementation} table cannot be joined with a {right.implementation} one (join): "
            "bring both tables into one engine, such as table.to_pandas() or pl.from_pandas(table)."
        )
    return left.join(right, on=list(on) or None, how=how)  # type: ignore[arg-type]


def stack(*frames: Frame) -> Frame:
    """The rows of several frames of one engine, one after another."""
    return nw.concat(list(frames))  # type: ignore[type-var]


def among(column: str, labels: Sequence[Any]) -> nw.Expr:
    """Whether the column holds one of the labels; an empty list is false, which not every engine knows."""
    return nw.col(column).is_in(list(labels)) if labels else nw.lit(False)


def later(column: str, pairs: Mapping[Any, Any]) -> nw.Expr:
    """A period column moved by `pairs`, old to new; periods that have no pair stay."""
    return nw.col(column).replace_strict(list(pairs), list(pairs.values()), default=nw.col(column))


def repeated(frame: nw.DataFrame[Any], keys: Sequence[str]) -> nw.Series[Any]:
    """Which rows of a table in memory share their keys, none of them missing, with another row."""
    if not frame.implementation.is_pandas():
        return frame.select(*keys).is_duplicated()
    import numpy as np
    import pandas as pd

    native: Any = frame.to_native()
    cell, size = _numbered(native, keys)
    if size > 2**62:
        return frame.select(*keys).is_duplicated()
    if size <= 8 * len(frame):  # counting is faster than hashing, and needs a place for every possible cell
        found = pd.Series(np.bincount(cell, minlength=size)[cell] > 1, index=native.index)
    else:
        found = pd.Series(cell, index=native.index).duplicated(keep=False)
    return nw.from_native(found, series_only=True)


def _numbered(native: Any, keys: Sequence[str]) -> tuple[Any, int]:
    """A number for each row of a pandas table by its keys, and how many there could be (of no use beyond 2**62)."""
    import numpy as np
    import pandas as pd

    cell, size = np.zeros(len(native), np.int64), 1
    for key in keys:
        codes, labels = pd.factorize(native[key])
        cell, size = cell * len(labels) + codes, size * len(labels)
    return cell, size


def ratio(top: nw.Expr, bottom: nw.Expr) -> nw.Expr:
    """top / bottom, NaN where the bottom is zero; no engine is asked to divide by zero."""
    return when(bottom != 0, top / when(bottom != 0, bottom, 1.0), float("nan"))


def with_rank(frame: Frame, keys: Sequence[str]) -> Frame:
    """Add `_rank` by value within `keys`: 1 is the largest, ties in any order."""
    if isinstance(frame, nw.DataFrame) and frame.implementation.is_pyarrow():  # has no ordered windows
        frame = frame.sort(*keys, "value", descending=[*(False for _ in keys), True]).with_row_index("_row")
        return frame.with_columns((nw.col("_row") - nw.col("_row").min().over(*keys) + 1).alias("_rank"))
    if isinstance(frame, nw.DataFrame) and frame.implementation.is_pandas():  # its own ranks cost more
        return frame.with_columns(_ranks(frame.to_native(), keys))
    return frame.with_columns(nw.col("value").rank("ordinal", descending=True).over(*keys).alias("_rank"))


def _ranks(native: Any, keys: Sequence[str]) -> nw.Series[Any]:
    """Sort by value, then by group keeping that order, and count within groups."""
    import numpy as np
    import pandas as pd

    cell, size = _numbered(native, keys)
    if size > 2**16:
        cell, labels = pd.factorize(native.groupby(list(keys), sort=False).ngroup() if size > 2**62 else cell)
        size = len(labels)
    order = np.argsort(-native["value"].to_numpy())
    group = cell.astype(np.uint16) if size <= 2**16 else cell  # short numbers are sorted in one pass
    order = order[np.argsort(group[order], kind="stable")]
    ordered = group[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(order)])
    rank = np.empty(len(order))
    rank[order] = np.arange(1, len(order) + 1) - np.repeat(first, np.diff(first, append=len(order)))
    return nw.from_native(pd.Series(rank, index=native.index, name="_rank"), series_only=True)
