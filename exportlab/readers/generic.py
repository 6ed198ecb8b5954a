"""Any table of flows in files: CSV, Excel, Stata or Parquet, its columns named by role."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from exportlab.errors import DataError, DuplicateCells, OptionError, one_of
from exportlab.flows import Columns, Frequency, flows
from exportlab.readers.asking import Ask, Taken
from exportlab.readers.excel import excel_table
from exportlab.readers.files import TEXT, Paths, find
from exportlab.readers.lazy import connect, engine_for
from exportlab.readers.reading import ReadFlows, Reading, with_account
from exportlab.readers.stata import stata_table
from exportlab.readers.tabular import lazy_text, parquet_table, text_frame

PARQUET = (".parquet", ".pq")
EXCEL = (".xlsx", ".xlsm")
STATA = (".dta",)


def read_flows(
    paths: Paths,
    *,
    period: str | None = None,
    exporter: str | None = None,
    market: str | None = None,
    product: str | None = None,
    value: str | None = None,
    quantity: str | None = None,
    unit: str | None = None,
    quantity_unit: str | None = None,
    source: str | None = None,
    keys: Columns = (),
    aggregate: Literal["sum"] | None = None,
    frequency: Frequency | None = None,
    validate: Literal["rows", "schema"] = "rows",
    engine: Literal["pandas", "polars", "duckdb"] | None = None,
    digits: int | None = None,
    sheet: str | int = 0,
    header: int | None = None,
    decimal: Literal[".", ","] = ".",
    encoding: str = "auto",
    leave_out: Mapping[str, Collection[object] | str] | None = None,
    fill_down: Columns = (),
    memory: str | None = None,
    connection: Any = None,
    progress: bool = True,
) -> ReadFlows:
    """Read a table of flows from CSV, Excel, Stata or Parquet files of the same columns.

    Text and Excel files give text for every role but value and quantity: product codes keep their zeros, and a year is
    '2023'. In both the header is the first row that has all the columns you name, wherever the title above it ends;
    notes below the table are set aside. `reading` says how the files were read and what was set aside.

    Parameters
    ----------
    paths : path, glob, folder, or a sequence of them
        .csv, .txt, .tsv (also .gz), .xlsx, .xlsm, .dta, .parquet, .pq; one kind at a time.
    period, exporter, market, product, value, quantity : str, optional
    unit, quantity_unit, source, keys, aggregate, frequency, validate
        As in `flows`; `unit` may name a column.
    engine : {"pandas", "polars", "duckdb"}, optional
        "polars" and "duckdb" stay lazy: nothing but headers is read until a figure is asked for. Default: DuckDB
        for Parquet where it is installed, else pandas.
    digits : int, optional
        Product codes that were stored as numbers get zeros before them up to so many digits. Without it they are
        refused.
    sheet : str or int, optional
        Excel sheet by name or place.
    header : int, optional
        The line or row of the column names, counted from 1; by default the first that has all names given.
    decimal : {".", ","}
        The decimal sign of text files; the other one may set off thousands.
    encoding : str, optional
        Of text files; "auto" tells UTF-8 from GB18030 (pandas only; lazy engines read UTF-8).
    leave_out : mapping of str to one or several labels, optional
        Rows to set aside, by column or role: ``{"market": ["World", "Total"], "usd": ".."}``. Counted in `reading`.
    fill_down : str or sequence of str, optional
        Columns, or roles, of text and Excel files whose empty cells mean the cell above, as merged cells do.
    memory, connection
        As in `read_baci`.
    progress : bool, optional
        Show a bar on terminals.

    Returns
    -------
    ReadFlows

    Raises
    ------
    DataError
        A column missing in one of the files, product codes stored as numbers, text for numbers, a malformed or
        half-written file, and all the door refuses.
    MissingDependency
        The file's kind needs a library that is not installed.

    Examples
    --------
    >>> xl.read_flows("flows/*.parquet", period="year", exporter="i", market="j", value="usd")  # doctest: +SKIP
    """
    one_of("decimal", decimal, (".", ","))
    if header is not None and header < 1:
        raise OptionError(f"header={header} is not allowed. Rows are counted from 1.")
    files = find(paths, (*TEXT, *PARQUET, *EXCEL, *STATA))
    given = {"period": period, "exporter": exporter, "market": market, "product": product,
             "value": value, "quantity": quantity}  # fmt: skip
    ask = Ask(files, {r: c for r, c in given.items() if c}, (keys,) if isinstance(keys, str) else tuple(keys),
              unit, digits, header, decimal, leave_out or {},
              (fill_down,) if isinstance(fill_down, str) else tuple(fill_down))  # fmt: skip
    taken = _take(ask, engine, sheet, encoding, (connection, memory), shown=progress)
    try:
        made = flows(
            taken.table, period=period, exporter=exporter, market=market, product=product, value=value,
            quantity=quantity, unit=unit, quantity_unit=quantity_unit, source=source, keys=keys, aggregate=aggregate,
            frequency=frequency, validate=validate,
        )  # fmt: skip
    except DuplicateCells as error:
        raise error.beside(taken.unread) from None
    count = None if made.lazy else len(taken.table) + sum(map(len, taken.aside.values()))
    account = Reading(tuple(files), count, made.roles["value"], made.unit, taken.aside, notes=taken.notes)
    return with_account(made, account)


def _take(
    ask: Ask,
    engine: str | None,
    sheet: str | int,
    encoding: str,
    duckdb: tuple[Any, str | None],
    *,
    shown: bool,
) -> Taken:
    """The files as a table, by their kind and engine."""
    kind = _kind(ask.files)
    chosen = engine_for(engine, parquet=kind == PARQUET)
    if kind in (EXCEL, STATA) and chosen != "pandas":
        raise OptionError(
            f"engine={chosen!r} does not read {'Excel' if kind == EXCEL else 'Stata'} files: leave engine= out."
        )
    if kind == EXCEL:
        return excel_table(ask, sheet, shown=shown)
    if kind == STATA:
        return stata_table(ask, shown=shown)
    link = connect(*duckdb) if chosen == "duckdb" else None
    if kind == PARQUET:
        return parquet_table(ask, chosen, link, shown=shown)
    if chosen == "pandas":
        return text_frame(ask, encoding, shown=shown)
    return lazy_text(ask, chosen, link, encoding)


def _kind(files: Sequence[Path]) -> tuple[str, ...]:
    """The one kind of all files."""
    kinds = {
        kind: [f for f in files if f.name.lower().endswith(kind)] for kind in (TEXT, PARQUET, EXCEL, STATA)
    }
    strange = [f for f in files if not any(f in some for some in kinds.values())]
    if strange:
        raise DataError(
            f"file {str(strange[0])!r} is of no kind that can be read",
            f"Files end in {', '.join((*TEXT, *EXCEL, *STATA, *PARQUET))}.",
        )
    found = [kind for kind, some in kinds.items() if some]
    if len(found) > 1:
        raise DataError(
            f"files of {len(found)} kinds together",
            "Read each kind apart.",
            first=" beside ".join(repr(str(kinds[kind][0])) for kind in found),
        )
    return found[0]
