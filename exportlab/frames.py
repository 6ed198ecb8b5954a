"""The few operations on frames that are right on every engine; everything that groups or ranks is built of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard
from uuid import uuid4

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.exceptions import DuplicateError
from numpy.typing import NDArray

from exportlab import codes as numbering
from exportlab.errors import DataError, EngineError, short
from exportlab.words import N_, said

if TYPE_CHECKING:
    import pandas as pd

Frame: TypeAlias = nw.DataFrame[Any] | nw.LazyFrame[Any]
EVERYTHING = "_everything"  # one group for all, where an engine needs a column to group by
SMALLEST, LARGEST = 1e-50, 1e50  # what a door lets in: products of four such numbers are still floats
PIECE = 100_000  # rows that are read, turned and written at a time
ENGINES = ("duckdb", "_duckdb", "polars", "pyarrow", "narwhals", "pyspark", "py4j", "pyo3_runtime")
ODD = (
    "run_end_encoded",
    "string_view",
)  # how Arrow may store a column that its own functions do not all know
# What engines say of things that are no fault in a table's rows, and what is to be done about each.
GONE = (
    r"(?i)no such file|cannot find the (?:file|path)|no files found|paths were empty|path does not exist|"
    r"path_not_found|does not exist!"
)
BUSY = r"(?i)resource in use|connection is busy|closed pending query|has already been closed|session.*stopped"


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
        raise _told(" ".join(str(error).split()) or type(error).__name__) from error


def _told(spoke: str) -> DataError | EngineError:
    """What an engine said, with what to do: of a file, of the engine itself, or of what it read."""
    if re.search(BUSY, spoke):
        return EngineError(
            said(
                "the table's engine is closed or busy ({spoke}). Keep it open, and give each thread a "
                "connection of its own (DuckDB: connection.cursor()).",
                spoke=short(spoke, 200),
            )
        )
    if re.search(GONE, spoke):
        return DataError(
            said("what the table is read from is not there"),
            said("Look at the path: the file or table is gone, or the pattern finds none."),
            first=spoke.rstrip("."),
        )
    return DataError(
        said("the table's engine stopped"),
        said(
            "Look at the place it names: the file, the line, the column and its type. Numbers of a text file that "
            "have thousands separators are read with engine='pandas'."
        ),
        first=spoke.rstrip("."),
    )


def collect(frame: Frame) -> nw.DataFrame[Any]:
    """Run a lazy plan; an eager frame passes through."""
    if not isinstance(frame, nw.LazyFrame):
        return frame
    with engine_speaks():
        return frame.collect()


def adopt(table: Any) -> Frame:
    """Wrap a table of any supported engine whose columns have names of their own."""
    _refuse_names(table)
    try:
        with engine_speaks():
            frame: Frame = nw.from_native(table)
            frame.collect_schema()
    except DuplicateError:
        names = Counter(getattr(table, "column_names", None) or list(table.columns))
        twice = [name for name, count in names.items() if count > 1]
        raise DataError(
            said("{n} column names occur more than once", n=f"{len(twice):,}"),
            said("Rename or remove one of them."),
            first=repr(twice[0]) if twice else None,
        ) from None
    except TypeError:
        raise DataError(
            said(
                "a {kind} is not a table that can be read",
                kind=f"{type(table).__module__}.{type(table).__name__}",
            ),
            said(
                "Allowed: pandas, Polars (DataFrame, LazyFrame), PyArrow Table, DuckDB relation, PySpark "
                "DataFrame; files come in through xl.read_flows, xl.read_gacc, xl.read_comtrade, "
                "xl.read_baci."
            ),
        ) from None
    return plainly_stored(frame)


def _refuse_names(table: Any) -> None:
    """Refuse a pandas table whose columns are called by anything but text or whole numbers."""
    if not nw.dependencies.is_pandas_dataframe(table):
        return
    names: list[Any] = list(table.columns.to_flat_index())
    odd = [n for n in names if isinstance(n, bool) or not isinstance(n, str | int)]
    if odd:
        raise DataError(
            said(
                N_("{n} columns have names that are neither text nor a whole number")
                if len(odd) > 1
                else N_("{n} column has a name that is neither text nor a whole number"),
                n=f"{len(odd):,}",
            ),
            said(
                "Give each column one name as text (pandas: table.columns = [...]; for names of several "
                "parts table.columns.map('_'.join))."
            ),
            first=repr(odd[0]),
        )


def refuse_unspeakable(frame: Frame, names: Sequence[str]) -> None:
    """Refuse names that Spark takes for something else: a field of a struct, a quote, another column."""
    if not frame.implementation.is_pyspark():
        return
    folded = Counter(n.casefold() for n in frame.collect_schema().names())
    odd = [n for n in names if "." in n or "`" in n or folded[n.casefold()] > 1]
    if odd:
        raise DataError(
            said("Spark cannot tell column {odd} by its name", odd=repr(odd[0])),
            said(
                "It reads a dot as a field, a back-quote as a quote, and no difference of case: rename "
                "it first (table.toDF(*names))."
            ),
        )


def plainly_stored(frame: Frame) -> Frame:
    """The frame with Arrow's run-end-encoded columns and views of text as plain ones, which all operations know."""
    native: Any = frame.to_native()
    if isinstance(frame, nw.LazyFrame) or frame.implementation.is_polars():
        return frame
    if frame.implementation.is_pyarrow():
        for place, kept in enumerate(native.schema):
            if str(kept.type).startswith(ODD):
                native = native.set_column(place, kept.name, _plain(native.column(place)))
    elif frame.implementation.is_pandas():
        types = [getattr(dtype, "pyarrow_dtype", None) for dtype in native.dtypes]
        for place in [p for p, kept in enumerate(types) if str(kept).startswith((*ODD, "dictionary"))]:
            column, native = native.iloc[:, place], native.copy(deep=False)
            made = type(column.array)(_plain(column.array.__arrow_array__()))
            native.isetitem(place, type(column)(made, index=native.index))
    plain: Frame = nw.from_native(native)
    return plain


def _plain(column: Any) -> Any:
    """An Arrow array as one of plain text or numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_run_end_encoded(column.type):
        column = pc.run_end_decode(column)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.large_string()) if str(column.type) == "string_view" else column


def floats(frame: Frame, columns: Sequence[str]) -> Frame:
    """The columns as Float64; whole numbers beyond 2**53 are rounded, as every engine but Arrow does by itself."""
    types = frame.collect_schema()
    wide = [c for c in columns if types[c] != nw.Float64]
    if isinstance(frame, nw.DataFrame):
        frame = frame.with_columns(*(_rounded(frame[c]) for c in wide if types[c].is_integer()))
    return frame.with_columns(*(nw.col(c).cast(nw.Float64) for c in wide)) if wide else frame


def _rounded(column: nw.Series[Any]) -> nw.Series[Any]:
    """Whole numbers that Arrow holds as floats; those of another engine stay."""
    native: Any = column.to_native()
    if column.implementation.is_pyarrow():
        made = native.cast("double", safe=False)
    elif hasattr(getattr(native, "dtype", None), "pyarrow_dtype"):
        numbers = native.to_numpy(float, na_value=float("nan"))
        made = type(native)(numbers, index=native.index).astype("double[pyarrow]")
    else:
        return column
    whole: nw.Series[Any] = nw.from_native(made, series_only=True)
    return whole.alias(column.name)


def whole(frame: Frame, columns: Sequence[str]) -> Frame:
    """Whole numbers wider than 64 bits, or kept as decimals without places, as those of 64 bits.

    Sums of DuckDB and the numbers of some data bases come so; as labels they would be decimals.
    """
    types = frame.collect_schema()
    wide = [c for c in columns if isinstance(types[c], nw.Int128 | nw.UInt128) or _no_places(types[c])]
    return frame.with_columns(*(nw.col(c).cast(nw.Int64) for c in wide)) if wide else frame


def fractional(kind: Any) -> bool:
    """Whether a column's numbers may have a fraction, which no label has."""
    return bool(kind.is_numeric() and not kind.is_integer())


def _no_places(kind: Any) -> bool:
    return isinstance(kind, nw.Decimal) and getattr(kind, "scale", None) == 0


def own(frame: Frame) -> Frame:
    """A frame in memory that no array of the caller's can change any more: what was checked is what is used."""
    if isinstance(frame, nw.LazyFrame):
        return frame
    if frame.implementation.is_pandas():
        return frame.clone()
    types = frame.schema
    floats = [(0 - (0 - nw.col(c))).alias(c) for c, kind in types.items() if kind.is_float()]
    whole = [nw.col(c) + nw.lit(0, dtype=kind) for c, kind in types.items() if kind.is_integer()]
    return frame.with_columns(*floats, *whole)


def first_of(frame: Frame) -> nw.DataFrame[Any]:
    """The first row."""
    return collect(frame.head(1))


def values_of(frame: Frame, column: str) -> list[Any]:
    """The distinct values of a column."""
    if isinstance(frame, nw.DataFrame):  # of one column: a frame's unique goes row by row
        return frame[column].unique().to_list()
    return collect(distinct(frame, column))[column].to_list()


def distinct(frame: Frame, *columns: str) -> Frame:
    """The distinct rows of some columns, in any order: by grouping, as SQL engines number every row for `unique`."""
    return frame.group_by(*columns).agg(nw.len().alias("_rows")).select(*columns)


def to_pandas(table: Any) -> pd.DataFrame:
    """A table of any engine as pandas, with a fresh index.

    Raises
    ------
    DataError
        It is no table, two of its columns have one name, or its engine cannot read it.
    """
    frame = collect(adopt(table))
    made: pd.DataFrame = frame.to_native() if frame.implementation.is_pandas() else frame.to_pandas()
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
            said(
                "{engine} cannot hold cells (keep): run the plan yourself and bring the outcome to xl.flows.",
                engine=frame.implementation,
            )
        )
    kept: Frame = nw.from_native(rows)
    return kept


def sum_by(
    frame: Frame,
    keys: Sequence[str],
    columns: Sequence[str],
    codes: Mapping[str, numbering.Coded] | None = None,
    most: Sequence[str] = (),
) -> Frame:
    """Sum plain columns by `keys`; with no keys, one row. Missing figures are passed over, as in a sum of them.

    `codes` are those of keys whose numbers are known; of the columns `most` the largest is taken.
    """
    if keys and numbered(frame) and all(frame.schema[c] == nw.Float64 for c in (*columns, *most)):
        return _sum_by_number(frame, keys, columns, codes or {}, most)
    sums = [*(nw.col(c).sum() for c in columns), *(nw.col(c).max() for c in most)]
    return frame.group_by(*keys).agg(*sums) if keys else frame.select(*sums)


def _sum_by_number(
    frame: nw.DataFrame[Any],
    keys: Sequence[str],
    columns: Sequence[str],
    codes: Mapping[str, numbering.Coded],
    most: Sequence[str],
) -> Frame:
    """Count into a place for each group, at half the cost of pandas' own sums; the first row of each names it."""
    cell, size = numbering.row_numbers(frame, keys, codes)
    first = np.full(size, -1)
    first[cell[::-1]] = np.arange(len(cell) - 1, -1, -1)
    here = np.flatnonzero(first >= 0)
    named = frame.select(*keys)[first[here]]
    made = {c: np.bincount(cell, weights=_floats(frame, c), minlength=size)[here] for c in columns}
    for c in most:
        largest = np.full(size, -np.inf)
        np.maximum.at(largest, cell, _floats(frame, c))
        made[c] = largest[here]
    return named.with_columns(*(column_like(named, c, v) for c, v in made.items()))


def when(condition: Any, yes: Any, no: Any) -> nw.Expr:
    """Element-wise choice, in the argument order of numpy.where."""
    return nw.when(condition).then(yes).otherwise(no)


def abroad(frame: Frame) -> nw.Expr:
    """Whether the market is another than the exporter; codes of categories need not agree, numbers are no text."""
    types = frame.collect_schema()
    kinds = [types[r] for r in ("exporter", "market")]
    exporter, market = nw.col("exporter"), nw.col("market")
    if kinds[0] == kinds[1] and not isinstance(kinds[0], nw.Categorical | nw.Enum):
        return exporter != market
    kind = meeting(*kinds)
    return nw.lit(True) if kind is None else exporter.cast(kind) != market.cast(kind)


def missing(column: nw.Expr) -> nw.Expr:
    """Null or NaN: pandas keeps both as one, other engines do not."""
    return column.is_null() | column.is_nan()


def all_positive(frame: Frame, column: str) -> bool:
    """Whether a column in memory is above zero throughout; a lazy one is not looked at."""
    return isinstance(frame, nw.DataFrame) and bool((frame[column] > 0).all())


def with_total(frame: Frame, keys: Sequence[str], column: str = "value", name: str = "_total") -> Frame:
    """Add the sum of `column` within `keys`: by window, and where groups are told by numbers, by those.

    Narwhals computes a window on Arrow by a threaded join and takes the column alone, in whatever order the threads
    left the rows.
    """
    if numbered(frame):
        cell, size = numbering.row_numbers(frame, keys)
        sums = np.bincount(cell, weights=_floats(frame, column), minlength=size)
        return frame.with_columns(column_like(frame, name, sums[cell]))
    return frame.with_columns(nw.col(column).sum().over(*keys).alias(name))


def with_largest(frame: Frame, keys: Sequence[str], column: str = "value", name: str = "_largest") -> Frame:
    """Add the largest of `column` within `keys`, none of them below zero."""
    if numbered(frame):
        cell, size = numbering.row_numbers(frame, keys)
        most = np.zeros(size)
        np.maximum.at(most, cell, _floats(frame, column))
        return frame.with_columns(column_like(frame, name, most[cell]))
    return frame.with_columns(nw.col(column).max().over(*keys).alias(name))


def numbered(frame: Frame) -> TypeGuard[nw.DataFrame[Any]]:
    """Whether the groups of the frame's rows are told by numbers in NumPy: pandas and Arrow."""
    return isinstance(frame, nw.DataFrame) and (frame.implementation.is_pandas() or is_arrow(frame))


def is_arrow(frame: Frame) -> TypeGuard[nw.DataFrame[Any]]:
    """Whether the frame is an Arrow table, on which no window may be built."""
    return isinstance(frame, nw.DataFrame) and frame.implementation.is_pyarrow()


def _floats(frame: nw.DataFrame[Any], column: str) -> NDArray[np.float64]:
    """A column as numbers, missing ones as zero: a sum passes over them."""
    values = frame[column].cast(nw.Float64).to_numpy()
    gone = np.isnan(values)
    return np.where(gone, 0.0, values) if gone.any() else values


def column_like(frame: nw.DataFrame[Any], name: str, values: NDArray[Any]) -> nw.Series[Any]:
    """Values in the order of the frame's rows, as a column of its kind."""
    native: Any = frame.to_native()
    if frame.implementation.is_pandas():
        import pandas as pd

        return nw.from_native(pd.Series(values, index=native.index, name=name), series_only=True)
    return nw.new_series(name, values, backend=frame.implementation)


def join(
    left: Frame, right: Frame, on: Sequence[str], how: Literal["left", "inner", "cross"] = "left"
) -> Frame:
    """Join two frames of one engine."""
    if type(left) is not type(right) or left.implementation != right.implementation:
        raise EngineError(
            said(
                "A {left} table cannot be joined with a {right} one (join): bring "
                "both tables into one engine, such as table.to_pandas() or pl.from_pandas(table).",
                left=left.implementation,
                right=right.implementation,
            )
        )
    left, right = _met((left, right), on)
    return left.join(right, on=list(on) or None, how=how)  # type: ignore[arg-type]


def meeting(*kinds: Any) -> Any:
    """The type in which labels of several types are the same where they say the same; None where they cannot be.

    Categories of two columns have lists of their own, and meet as text; whole numbers of any width meet as the widest.
    """
    if all(isinstance(kind, nw.String | nw.Categorical | nw.Enum) for kind in kinds):
        return nw.String()
    return nw.Int64() if all(kind.is_integer() for kind in kinds) else None


def _met(frames: Sequence[Frame], columns: Sequence[str]) -> list[Frame]:
    """The frames with labels of different types in the one in which they meet."""
    schemas = [frame.collect_schema() for frame in frames]
    apart = [c for c in columns if len({str(schema[c]) for schema in schemas}) > 1]
    casts = [nw.col(c).cast(kind) for c in apart if (kind := meeting(*(schema[c] for schema in schemas)))]
    return [frame.with_columns(*casts) for frame in frames] if casts else list(frames)


def stack(*frames: Frame) -> Frame:
    """The rows of several frames of one engine, one after another."""
    met = _met(frames, frames[0].collect_schema().names())
    return nw.concat(met)  # type: ignore[type-var]


def among(column: str, labels: Sequence[Any]) -> nw.Expr:
    """Whether the column holds one of the labels; an empty list is false, which not every engine knows."""
    return nw.col(column).is_in(list(labels)) if labels else nw.lit(False)


def later(column: str, pairs: Mapping[Any, Any]) -> nw.Expr:
    """A period column moved by `pairs`, old to new; periods that have no pair stay."""
    return nw.col(column).replace_strict(list(pairs), list(pairs.values()), default=nw.col(column))


def looked_up(column: str, pairs: Mapping[Any, float]) -> nw.Expr:
    """The number of each label, NaN where it has none; text is looked up as text, for categories know theirs alone."""
    text = bool(pairs) and all(isinstance(label, str) for label in pairs)
    label = nw.col(column).cast(nw.String) if text else nw.col(column)
    return label.replace_strict(
        list(pairs), list(pairs.values()), default=float("nan"), return_dtype=nw.Float64
    )


def recoded(frame: Frame, column: str, pairs: Mapping[Any, Any]) -> Frame:
    """The rows whose label has a pair, old to new; the new labels may be text where the old are numbers."""
    kept = frame.filter(among(column, list(pairs)))
    as_text = any(isinstance(new, str) for new in pairs.values())
    old = nw.col(column).cast(nw.String) if as_text else nw.col(column)
    labels = [str(label) if as_text else label for label in pairs]
    return kept.with_columns(old.replace_strict(labels, list(pairs.values()), default=old).alias(column))


def repeated(
    frame: nw.DataFrame[Any], keys: Sequence[str], known: Mapping[str, numbering.Coded] | None = None
) -> nw.Series[Any]:
    """Which rows of a table in memory share their keys, none of them missing, with another row."""
    if not frame.implementation.is_pandas():
        return frame.select(*keys).is_duplicated()
    return column_like(frame, "_again", numbering.repeated(frame, keys, known))


def in_order(frame: nw.DataFrame[Any], keys: Sequence[str]) -> bool:
    """Whether the rows of a pandas table stand in the order of their keys; no other table is looked at."""
    if not frame.implementation.is_pandas():
        return False
    native: Any = frame.to_native()
    tied = np.ones(max(len(frame) - 1, 0), bool)
    for key in keys:
        column = native[key].cat.codes if native[key].dtype == "category" else native[key]
        here, next_ = column.array[:-1], column.array[1:]
        if (tied & np.asarray(here > next_, bool)).any():
            return False
        tied &= np.asarray(here == next_, bool)
    return True


def ratio(top: nw.Expr, bottom: nw.Expr) -> nw.Expr:
    """top / bottom, NaN where the bottom is zero; no engine is asked to divide by zero."""
    return when(bottom != 0, top / when(bottom != 0, bottom, 1.0), float("nan"))


def with_rank(frame: Frame, keys: Sequence[str], codes: Mapping[str, numbering.Coded] | None = None) -> Frame:
    """Add `_rank` by value within `keys`: 1 is the largest, ties in any order; `codes` as for `sum_by`."""
    if numbered(frame):  # Arrow has no ordered windows, and pandas' own ranks cost more
        cell, size = numbering.row_numbers(frame, keys, codes)
        ranks = numbering.ranks(frame["value"].to_numpy(), cell, size)
        return frame.with_columns(column_like(frame, "_rank", ranks))
    return frame.with_columns(nw.col("value").rank("ordinal", descending=True).over(*keys).alias("_rank"))


# The names of the arrays that pass between rooms, and the range of their numbers.

WITHIN = N_("Squares and products of such numbers are no floating-point numbers any more: change the unit.")
Array: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = numbering.Codes  # positions: 0, 1, ...
Mask: TypeAlias = NDArray[np.bool_]


def beyond(values: Array) -> Mask:
    """Which numbers are too large for squares and products, or all that are not zero where the largest is too small."""
    size = np.abs(values)
    if 0 < size.max(initial=0.0) < SMALLEST:
        return np.asarray(size > 0)
    return np.asarray(size > LARGEST)
