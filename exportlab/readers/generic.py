"""Any table of flows in files: CSV, Parquet or Excel, its columns named by role."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from exportlab.errors import DataError, OptionError
from exportlab.flows import Columns, flows
from exportlab.readers.files import TEXT, Paths, find
from exportlab.readers.lazy import connect, engine_for
from exportlab.readers.reading import ReadFlows, Reading, with_account
from exportlab.readers.tabular import Ask, excel_table, lazy_text, parquet_table, text_frame

PARQUET = (".parquet", ".pq")
EXCEL = (".xlsx", ".xlsm")


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
    validate: Literal["rows", "schema"] = "rows",
    engine: Literal["pandas", "polars", "duckdb"] | None = None,
    digits: int | None = None,
    sheet: str | int = 0,
    encoding: str = "auto",
    memory: str | None = None,
    connection: Any = None,
    progress: bool = True,
) -> ReadFlows:
    """Read a table of flows from CSV, Parquet or Excel files of the same columns.

    Text files give text for every role but value and quantity: product codes keep their zeros, and a year is '2023'.

    Parameters
    ----------
    paths : path, glob, folder, or a sequence of them
        .csv, .txt, .tsv (also .gz), .parquet, .pq, .xlsx, .xlsm; one kind at a time.
    period, exporter, market, product, value, quantity, unit, quantity_unit, source, keys, aggregate, validate
        As in `flows`; `unit` may name a column.
    engine : {"pandas", "polars", "duckdb"}, optional
        "polars" and "duckdb" stay lazy: nothing but headers is read until a figure is asked for. Default: DuckDB
        for Parquet where it is installed, else pandas.
    digits : int, optional
        Product codes that were stored as numbers get zeros before them up to so many digits. Without it they are
        refused.
    sheet : str or int, optional
        Excel sheet by name or place.
    encoding : str, optional
        Of text files; "auto" tells UTF-8 from GB18030 (pandas only; lazy engines read UTF-8).
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
    files = find(paths, (*TEXT, *PARQUET, *EXCEL))
    kind = _kind(files)
    chosen = engine_for(engine, parquet=kind == PARQUET)
    if kind == EXCEL and chosen != "pandas":
        raise OptionError(f"engine={chosen!r} does not read Excel files: leave engine= out.")
    given = {"period": period, "exporter": exporter, "market": market, "product": product,
             "value": value, "quantity": quantity}  # fmt: skip
    ask = Ask(files, {r: c for r, c in given.items() if c}, (keys,) if isinstance(keys, str) else tuple(keys),
               unit, digits)  # fmt: skip
    link = connect(connection, memory) if chosen == "duckdb" else None
    if kind == EXCEL:
        table = excel_table(ask, sheet, shown=progress)
    elif kind == PARQUET:
        table = parquet_table(ask, chosen, link, shown=progress)
    elif chosen == "pandas":
        table = text_frame(ask, encoding, shown=progress)
    else:
        table = lazy_text(ask, chosen, link, encoding)
    made = flows(
        table, **given, unit=unit, quantity_unit=quantity_unit, source=source, keys=keys, aggregate=aggregate,
        validate=validate,
    )  # fmt: skip
    count = None if made.lazy else len(table)
    return with_account(made, Reading(tuple(files), count, made.roles["value"], made.unit))


def _kind(files: Sequence[Path]) -> tuple[str, ...]:
    """The one kind of all files."""
    kinds = {kind: [f for f in files if f.name.lower().endswith(kind)] for kind in (TEXT, PARQUET, EXCEL)}
    strange = [f for f in files if not any(f in some for some in kinds.values())]
    if strange:
        raise DataError(
            f"file {str(strange[0])!r} is of no kind that can be read",
            f"Files end in {', '.join((*TEXT, *PARQUET, *EXCEL))}.",
        )
    found = [kind for kind, some in kinds.items() if some]
    if len(found) > 1:
        raise DataError(
            f"files of {len(found)} kinds together",
            "Read text, Parquet and Excel files apart.",
            first=" beside ".join(repr(str(kinds[kind][0])) for kind in found),
        )
    return found[0]
