"""How each kind of file becomes a table with the asked columns, on each engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from exportlab.errors import DataError, OptionError
from exportlab.frames import engine_speaks
from exportlab.readers.asking import MONEY, UNKNOWN, Ask, Taken, lost_zeros
from exportlab.readers.delimited import TextTable, bad_field, columns, text_table
from exportlab.readers.files import progress_over
from exportlab.readers.lazy import Schema, named, padded, parquet_schema, quoted, relation, scan, text_schema
from exportlab.readers.reading import stack_columns

if TYPE_CHECKING:
    import pandas as pd

MARKS = {",": "commas", ";": "semicolons", "\t": "tabs"}


def text_frame(ask: Ask, encoding: str, *, shown: bool) -> Taken:
    """Delimited text into pandas: strict, with file, line and column in every refusal."""
    encodings = ("utf-8", "gb18030") if encoding == "auto" else (encoding,)
    tables = [
        text_table(f, encodings, wanted=ask.named, header=ask.header, decimal=ask.decimal) for f in ask.files
    ]
    wanted = ask.columns(tables)
    roles = ask.roles(tables[0].header)
    out = ask.outs(tables[0].header)
    numeric = {roles["value"]: frozenset(out.get(roles["value"], ()))} | (
        {roles["quantity"]: UNKNOWN} if "quantity" in roles else {}
    )
    with progress_over(ask.files, "Reading", shown=shown) as advance:
        parts = [stack_columns([columns(t, wanted, numeric=numeric, advance=advance)]) for t in tables]
    aside = [_notes(t, wanted) for t in tables if t.notes]
    for k, (table, part) in enumerate(zip(tables, parts, strict=True)):
        if not len(part):
            raise DataError(
                f"file {str(table.path)!r} has a header and no rows", "Look at it again, or leave it out."
            )
        parts[k] = ask.set_aside(ask.filled(part), roles, aside)
        _refuse_blank(table, parts[k], [*(c for r, c in roles.items() if r not in MONEY), *ask.keys])
    taken = ask.taken(parts, aside, tuple(dict.fromkeys(map(_manner, tables))), tables[0].header)
    if ask.digits is not None and "product" in roles:
        taken.table[roles["product"]] = taken.table[roles["product"]].str.zfill(ask.digits)
    return taken


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
            raise bad_field(table, name, row, "", problem="empty", remedy="Every row needs its keys.")


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
        return ask.lazily(_polars_types(plan, ask, roles), roles)
    import pandas as pd

    aside: list[tuple[str, pd.DataFrame]] = []
    with progress_over(ask.files, "Reading", shown=shown) as advance:
        parts = []
        for file in ask.files:
            with engine_speaks(file=True):
                read = pd.read_parquet(file, columns=wanted)
            parts.append(ask.set_aside(read, roles, aside))
            advance(file.stat().st_size)
    taken = ask.taken(parts, aside, (), schemas[0].header)
    if ask.digits is not None and "product" in roles:
        taken.table[roles["product"]] = taken.table[roles["product"]].astype("str").str.zfill(ask.digits)
    return taken


def _refuse_types(schemas: Sequence[Schema], roles: dict[str, str], digits: int | None) -> None:
    """Product codes as numbers and money as text, with the file that has them so."""
    for schema in schemas:
        if "product" in roles and digits is None and schema.numeric(roles["product"]):
            raise lost_zeros(schema.path, roles["product"], schema.types[roles["product"]])
        for role in MONEY:
            if role in roles and not schema.numeric(roles[role]):
                raise DataError(
                    f"{role} {roles[role]!r} in file {str(schema.path)!r} is {schema.types[roles[role]]}, not a number",
                    "Write the file again with numbers in it.",
                )


def lazy_text(ask: Ask, engine: str, connection: Any, encoding: str) -> Taken:
    """Delimited text as a DuckDB relation or a Polars lazy frame; money without thousands separators."""
    if encoding not in ("auto", "utf-8"):
        raise OptionError(f"engine={engine!r} reads UTF-8 only, not {encoding!r}: say engine='pandas'.")
    if ask.header is not None or ask.decimal != ".":
        raise OptionError(f"engine={engine!r} takes neither header= nor decimal=: say engine='pandas'.")
    looked = [text_schema(f, engine) for f in ask.files]
    other = [schema.path for schema, mark in looked if mark != looked[0][1]]
    if other:
        raise DataError(f"file {str(other[0])!r} has another delimiter than the first one", "Read it apart.")
    schemas, delimiter = [schema for schema, _ in looked], looked[0][1]
    wanted = ask.columns(schemas)
    roles = ask.roles(schemas[0].header)
    if engine == "duckdb":
        types = {c: "DOUBLE" if c in (roles.get(r) for r in MONEY) else "VARCHAR" for c in wanted}
        listed = "{" + ", ".join(f"{quoted(c)}: {quoted(kind)}" for c, kind in types.items()) + "}"
        options = {"delim": quoted(delimiter), "types": listed, "nullstr": "['', 'NA']"}
        return ask.lazily(_relation(ask, wanted, roles, scan(ask.files, options), connection), roles)
    import polars as pl

    with engine_speaks():
        scans = [
            pl.scan_csv(
                f,
                separator=delimiter,
                infer_schema=False,
                null_values=["", "NA"],
                with_column_names=_stripped,
                glob=False,
            ).select(wanted)
            for f in ask.files
        ]
    return ask.lazily(_polars_types(pl.concat(scans), ask, roles), roles)


def _stripped(names: Sequence[str]) -> list[str]:
    return [name.strip() for name in names]


def _polars_types(plan: Any, ask: Ask, roles: dict[str, str]) -> Any:
    import polars as pl

    with engine_speaks():
        known = plan.collect_schema()
    numbers = [roles[r] for r in MONEY if r in roles and known[roles[r]] == pl.String]
    plan = plan.with_columns(pl.col(c).cast(pl.Float64) for c in numbers)
    if ask.digits is not None and "product" in roles:
        plan = plan.with_columns(pl.col(roles["product"]).cast(pl.String).str.zfill(ask.digits))
    return plan


def _relation(ask: Ask, wanted: Sequence[str], roles: dict[str, str], rows: str, connection: Any) -> Any:
    product = roles.get("product")
    chosen = [
        f"{padded(c, ask.digits)} AS {named(c)}" if c == product and ask.digits is not None else named(c)
        for c in wanted
    ]
    return relation(connection, f"SELECT {', '.join(chosen)} FROM {rows}")
