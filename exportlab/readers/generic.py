"""Any table of flows in files: CSV, Excel, Stata or Parquet, its columns named by role."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from exportlab.classifications.labels import Scheme
from exportlab.errors import DataError, DuplicateCells, OptionError, RolesNeeded, one_of
from exportlab.files.delimited import TextTable, bad_field, columns, columns_by_evidence, text_table
from exportlab.files.paths import ENCODINGS, TEXT, Paths, find, progress_over
from exportlab.flow_table import ROLES, Columns, Frequency
from exportlab.flows import flows
from exportlab.frames import engine_speaks
from exportlab.goods import Levels, ZeroQuantity
from exportlab.places import Places, beside
from exportlab.readers.account import ReadFlows, Reading, stack_columns, with_account
from exportlab.readers.excel import excel_table, stata_table
from exportlab.readers.lazy import (
    Schema,
    connect,
    engine_for,
    named,
    parquet_schema,
    parquet_tables,
    quoted,
    relation,
    scan,
    text_schema,
)
from exportlab.readers.request import MONEY, UNKNOWN, Ask, Taken, lost_zeros
from exportlab.readers.wide import wide_table
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd

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
    nomenclature: str | None = None,
    digits: int | None = None,
    levels: Levels | None = None,
    revision: str | None = None,
    zero_quantity: ZeroQuantity = "unknown",
    labels: Places = "as written",
    scheme: Scheme | None = None,
    residual: Sequence[Hashable] = (),
    validate: Literal["rows", "schema"] = "rows",
    engine: Literal["pandas", "polars", "duckdb"] | None = None,
    sheet: str | int = 0,
    header: int | None = None,
    decimal: Literal[".", ","] | None = None,
    encoding: str = "auto",
    leave_out: Mapping[str, Collection[object] | str] | None = None,
    fill_down: Columns = (),
    wide: bool | None = None,
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
    unit, quantity_unit, source, keys, aggregate, frequency, nomenclature, digits, levels, revision, zero_quantity,
    labels, scheme, residual, validate
        As in `flows`; `unit`, `quantity_unit` and `nomenclature` may name a column.
    engine : {"pandas", "polars", "duckdb"}, optional
        "polars" and "duckdb" stay lazy: nothing but headers is read until a figure is asked for (text for Polars is
        looked through once). Default: pandas for files below 500 MB in all, else, or with `memory` or `connection`,
        DuckDB where it is installed; the flows' repr says which.
    sheet : str or int, optional
        Excel sheet by name or place.
    header : int, optional
        The line or row of the column names, counted from 1; by default the first that has all names given.
    decimal : {".", ","}, optional
        The decimal sign of numbers written as text; the other one may set off thousands. By default the numbers decide
        that have one reading only (1,234,567; 0,5; 1.234,5), then the delimiter (semicolons go with decimal commas):
        :doc:`how-to-money`.
    encoding : str, optional
        Of text files; "auto" tells UTF-8 from GB18030 (pandas only; lazy engines read UTF-8).
    leave_out : mapping of str to one or several labels, optional
        Rows to set aside, by column or role: ``{"market": ["World", "Total"], "usd": ".."}``. Counted in `reading`.
    fill_down : str or sequence of str, optional
        Columns, or roles, of text and Excel files whose empty cells mean the cell above, as merged cells do.
    wide : bool, optional
        Whether the table has periods in its columns and a row for each market or product: read as one row a cell, with
        the unit of its title, and totals set aside that equal what stands beside them. By default where it is
        unmistakable: :doc:`how-to-wide-tables`.
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
    if decimal is not None:
        one_of("decimal", decimal, (".", ","))
    if header is not None and header < 1:
        raise OptionError(said("header={header} is not allowed. Rows are counted from 1.", header=header))
    files = find(paths, (*TEXT, *PARQUET, *EXCEL, *STATA))
    given = dict(zip(ROLES, (period, exporter, market, product, value, quantity), strict=True))
    ask = Ask(
        files,
        {r: c for r, c in given.items() if c},
        (keys,) if isinstance(keys, str) else tuple(keys),
        (unit, quantity_unit, nomenclature),
        digits,
        header,
        decimal,
        leave_out or {},
        (fill_down,) if isinstance(fill_down, str) else tuple(fill_down),
    )
    taken, roles, stated = _taken(
        ask, engine, sheet, encoding, (connection, memory), wide=wide, shown=progress
    )
    columns = {**given, **roles}
    try:
        made = flows(
            taken.table, **columns, unit=unit or stated, quantity_unit=quantity_unit, source=source, keys=keys,
            aggregate=aggregate, frequency=frequency, nomenclature=nomenclature, digits=digits, levels=levels,
            revision=revision, zero_quantity=zero_quantity, labels=labels, scheme=scheme, residual=residual,
            validate=validate,
        )  # fmt: skip
    except DuplicateCells as error:
        raise beside(error, taken.unread) from None
    count = None if made.lazy else len(taken.table) + sum(map(len, taken.aside.values()))
    account = Reading(
        tuple(files), count, made.roles["value"], made.unit, taken.aside, notes=(*taken.notes, *made.notes)
    )
    return with_account(made, account)


def _taken(
    ask: Ask,
    engine: str | None,
    sheet: str | int,
    encoding: str,
    duckdb: tuple[Any, str | None],
    *,
    wide: bool | None,
    shown: bool,
) -> tuple[Taken, dict[str, str], str | None]:
    """The files as a table; where it is wide, with the roles of its columns and the unit that its title states."""
    if wide:
        made = wide_table(ask, sheet, encoding, asked=True)
        assert made is not None
        return made
    try:
        return _take(ask, engine, sheet, encoding, duckdb, shown=shown), {}, None
    except RolesNeeded:
        made = (
            None if wide is False or ask.given.get("value") else wide_table(ask, sheet, encoding, asked=False)
        )
        if made is None:
            raise
        return made


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
    large = kind in (TEXT, PARQUET) and ask.header is None and ask.decimal != ","
    asked = "duckdb" if large and any(x is not None for x in duckdb) else None if large else "pandas"
    chosen = engine_for(engine or asked, ask.files, text=kind == TEXT)
    if kind in (EXCEL, STATA) and chosen != "pandas":
        raise OptionError(
            said(
                "engine={chosen} does not read {kind} files: leave engine= out.",
                chosen=repr(chosen),
                kind="Excel" if kind == EXCEL else "Stata",
            )
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
            said("file {strange} is of no kind that can be read", strange=repr(str(strange[0]))),
            said("Files end in {kinds}.", kinds=", ".join((*TEXT, *EXCEL, *STATA, *PARQUET))),
        )
    found = [kind for kind, some in kinds.items() if some]
    if len(found) > 1:
        raise DataError(
            said("files of {n} kinds together", n=len(found)),
            said("Read each kind apart."),
            first=" beside ".join(repr(str(kinds[kind][0])) for kind in found),
        )
    return found[0]


# How each kind of file becomes a table with the asked columns, on each engine.

MARKS = {",": "commas", ";": "semicolons", "\t": "tabs"}


def text_frame(ask: Ask, encoding: str, *, shown: bool) -> Taken:
    """Delimited text into pandas: strict, with file, line and column in every refusal."""
    encodings = ENCODINGS if encoding == "auto" else (encoding,)
    tables = [
        text_table(f, encodings, wanted=ask.named, header=ask.header, decimal=ask.decimal or ".")
        for f in ask.files
    ]
    wanted = ask.columns(tables)
    roles = ask.roles(tables[0].header)
    out = ask.outs(tables[0].header)
    numeric = {roles["value"]: frozenset(out.get(roles["value"], ()))} | (
        {roles["quantity"]: UNKNOWN} if "quantity" in roles else {}
    )
    with progress_over(ask.files, "Reading", shown=shown) as advance:
        read = [_columns(t, wanted, numeric, ask.decimal, advance) for t in tables]
    tables, parts = [t for t, _ in read], [stack_columns([part]) for _, part in read]
    aside = [_notes(t, wanted) for t in tables if t.notes]
    for k, (table, part) in enumerate(zip(tables, parts, strict=True)):
        if not len(part):
            raise DataError(
                said("file {path} has a header and no rows", path=repr(str(table.path))),
                said("Look at it again, or leave it out."),
            )
        parts[k] = ask.set_aside(ask.filled(part), roles, aside)
        _refuse_blank(table, parts[k], [*(c for r, c in roles.items() if r not in MONEY), *ask.keys])
    return ask.taken(parts, aside, tuple(dict.fromkeys(map(_manner, tables))), tables[0].header)


def _columns(
    table: TextTable,
    wanted: Sequence[str],
    numeric: Mapping[str, frozenset[str]],
    decimal: str | None,
    advance: Any,
) -> tuple[TextTable, Mapping[str, Any]]:
    """The columns, and the file with the decimal sign that was said or found."""
    if decimal is None:
        return columns_by_evidence(table, wanted, numeric=numeric, advance=advance)
    return table, columns(table, wanted, numeric=numeric, advance=advance)


def _manner(table: TextTable) -> str:
    """How a file was read."""
    words = [table.encoding.removesuffix("-sig").upper(), f"{MARKS[table.delimiter]} between columns"]
    words += ["',' for decimals"] if table.decimal == "," else []
    words += [f"header in line {table.skip + 1}"] if table.skip else []
    return ", ".join(words)


def _notes(table: TextTable, wanted: Sequence[str]) -> tuple[str, pd.DataFrame]:
    import pandas as pd

    texts = [row[0] for row in table.notes]
    return "note below the table", pd.DataFrame({wanted[0]: texts}).reindex(columns=list(wanted))


def _refuse_blank(table: TextTable, part: pd.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        empty = (part[name] == "").to_numpy()
        if empty.any():
            row = int(part.index[int(empty.argmax())])
            raise bad_field(
                table, name, row, "", problem=said("empty"), remedy=said("Every row needs its keys.")
            )


def parquet_table(ask: Ask, engine: str, connection: Any, *, shown: bool) -> Taken:
    """Parquet files into a DuckDB relation, a Polars lazy frame or pandas."""
    schemas = [parquet_schema(f, engine, connection) for f in ask.files]
    wanted = ask.columns(schemas)
    roles = ask.roles(schemas[0].header)
    _refuse_types(schemas, roles, ask.digits)
    if engine == "duckdb":
        return ask.lazily(_relation(ask, wanted, roles, scan(ask.files, {}), connection), roles)
    if engine == "polars":
        import polars as pl

        plan = pl.concat(
            [pl.scan_parquet(f, glob=False, hive_partitioning=False).select(wanted) for f in ask.files],
            how="vertical_relaxed",
        )
        return ask.lazily(_polars_types(plan, roles), roles)

    aside: list[tuple[str, pd.DataFrame]] = []
    with progress_over(ask.files, "Reading", shown=shown) as advance:
        parts = [ask.set_aside(t, roles, aside) for t in parquet_tables(ask.files, wanted, advance)]
    return ask.taken(parts, aside, (), schemas[0].header)


def _refuse_types(schemas: Sequence[Schema], roles: dict[str, str], digits: int | None) -> None:
    """Product codes as numbers and money as text, with the file that has them so."""
    for schema in schemas:
        if "product" in roles and digits is None and schema.numeric(roles["product"]):
            raise lost_zeros(schema.path, roles["product"], schema.types[roles["product"]])
        for role in MONEY:
            if role in roles and not schema.numeric(roles[role]):
                raise DataError(
                    said(
                        "{role} {column} in file {path} is {types}, not a number",
                        role=said(role),
                        column=repr(roles[role]),
                        path=repr(str(schema.path)),
                        types=schema.types[roles[role]],
                    ),
                    said("Write the file again with numbers in it."),
                )


def _refuse_of_memory(ask: Ask, engine: str, encoding: str) -> None:
    """Options that only files read into memory take."""
    if encoding not in ("auto", "utf-8"):
        raise OptionError(
            said(
                "engine={engine} reads UTF-8 only, not {encoding}: say engine='pandas'.",
                engine=repr(engine),
                encoding=repr(encoding),
            )
        )
    if ask.header is not None or ask.decimal == ",":
        raise OptionError(
            said(
                "engine={engine} takes neither header= nor decimal=: say engine='pandas'.",
                engine=repr(engine),
            )
        )


def lazy_text(ask: Ask, engine: str, connection: Any, encoding: str) -> Taken:
    """Delimited text as a DuckDB relation or a Polars lazy frame; money without thousands separators."""
    _refuse_of_memory(ask, engine, encoding)
    looked = [text_schema(f, engine) for f in ask.files]
    schemas, delimiter = [schema for schema, _ in looked], _one_delimiter(looked)
    if delimiter == ";" and ask.decimal is None:
        raise OptionError(
            said(
                "engine={engine} does not look for decimal commas, which files with semicolons may have: "
                "say decimal='.' where there are none, else engine='pandas'.",
                engine=repr(engine),
            )
        )
    wanted = ask.columns(schemas)
    roles = ask.roles(schemas[0].header)
    if engine == "duckdb":
        # 'NA' is missing in numbers only: among countries it is Namibia.
        types = {c: "DOUBLE" if c == roles["value"] else "VARCHAR" for c in wanted}
        listed = "{" + ", ".join(f"{quoted(c)}: {quoted(kind)}" for c, kind in types.items()) + "}"
        options = {"delim": quoted(delimiter), "types": listed, "nullstr": "''"}
        return ask.lazily(_relation(ask, wanted, roles, scan(ask.files, options), connection), roles)
    import polars as pl

    with engine_speaks():
        scans = [
            pl.scan_csv(
                f,
                separator=delimiter,
                infer_schema=False,
                null_values={roles[r]: "NA" for r in MONEY if r in roles},
                with_column_names=_stripped,
                glob=False,
            ).select(wanted)
            for f in ask.files
        ]
    return ask.lazily(_polars_types(pl.concat(scans), roles), roles)


def _one_delimiter(looked: Sequence[tuple[Schema, str]]) -> str:
    other = [schema.path for schema, mark in looked if mark != looked[0][1]]
    if other:
        raise DataError(
            said("file {other} has another delimiter than the first one", other=repr(str(other[0]))),
            said("Read it apart."),
        )
    return looked[0][1]


def _stripped(names: Sequence[str]) -> list[str]:
    return [name.strip() for name in names]


def _polars_types(plan: Any, roles: dict[str, str]) -> Any:
    import polars as pl

    with engine_speaks():
        known = plan.collect_schema()
    numbers = [roles[r] for r in MONEY if r in roles and known[roles[r]] == pl.String]
    return plan.with_columns(pl.col(c).cast(pl.Float64) for c in numbers)


def _relation(ask: Ask, wanted: Sequence[str], roles: dict[str, str], rows: str, connection: Any) -> Any:
    """'NA' is missing in numbers only: among countries it is Namibia."""
    quantity = roles.get("quantity") if ask.files[0].suffix.lower() not in PARQUET else None
    chosen = [
        f"CAST(nullif(trim({named(c)}), 'NA') AS DOUBLE) AS {named(c)}" if c == quantity else named(c)
        for c in wanted
    ]
    return relation(connection, f"SELECT {', '.join(chosen)} FROM {rows}")
