"""How each kind of file becomes a table with the asked columns, on each engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportlab.errors import DataError, MissingDependency, OptionError
from exportlab.flows import ROLES
from exportlab.readers.delimited import HasHeader, TextTable, bad_field, columns, same_columns, text_table
from exportlab.readers.files import progress_over
from exportlab.readers.lazy import Schema, named, padded, parquet_schema, quoted, relation, scan, text_schema
from exportlab.readers.reading import stack_columns

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = frozenset({"", "NA"})
MONEY = ("value", "quantity")


@dataclass(frozen=True)
class Ask:
    """What is wanted of which files."""

    files: Sequence[Path]
    given: dict[str, str]
    keys: tuple[str, ...]
    unit: str | None
    digits: int | None

    def roles(self, header: Sequence[str]) -> dict[str, str]:
        """Role to column: as given, else the column of that very name."""
        own = {r: r for r in ROLES if r not in self.given and r in header and r not in self.given.values()}
        found = self.given | own
        if "value" not in found:
            raise DataError(
                "no column is named as the value", f"Say value=...; the files have: {list(header)}."
            )
        return found

    def columns(self, tables: Sequence[HasHeader]) -> list[str]:
        """The columns to read, each of which every file must have."""
        header = [c for c in tables[0].header if c]
        further = [self.unit] if self.unit in header else []
        return same_columns(tables, list(dict.fromkeys([*self.roles(header).values(), *self.keys, *further])))


def text_frame(ask: Ask, encoding: str, *, shown: bool) -> pd.DataFrame:
    """Delimited text into pandas: strict, with file, line and column in every refusal."""
    encodings = ("utf-8", "gb18030") if encoding == "auto" else (encoding,)
    tables = [text_table(f, encodings) for f in ask.files]
    wanted = ask.columns(tables)
    roles = ask.roles(tables[0].header)
    numeric = {roles["value"]: frozenset[str]()} | (
        {roles["quantity"]: UNKNOWN} if "quantity" in roles else {}
    )
    with progress_over(ask.files, "Reading", shown=shown) as advance:
        parts = [columns(t, wanted, numeric=numeric, advance=advance) for t in tables]
    keyed = [c for r, c in roles.items() if r not in MONEY] + list(ask.keys)
    for table, part in zip(tables, parts, strict=True):
        if not len(part[wanted[0]]):
            raise DataError(
                f"file {str(table.path)!r} has a header and no rows", "Look at it again, or leave it out."
            )
        _refuse_blank(table, part, keyed)
    frame = stack_columns(parts)
    if ask.digits is not None and "product" in roles:
        frame[roles["product"]] = frame[roles["product"]].str.zfill(ask.digits)
    return frame


def _refuse_blank(table: TextTable, part: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        if "" in part[name]:
            row = part[name].index("")
            raise bad_field(table, name, row, "", problem="empty", remedy="Every row needs its keys.")


def parquet_table(ask: Ask, engine: str, connection: Any, *, shown: bool) -> Any:
    """Parquet files into a DuckDB relation, a Polars lazy frame or pandas."""
    schemas = [parquet_schema(f, engine, connection) for f in ask.files]
    wanted = ask.columns(schemas)
    roles = ask.roles(schemas[0].header)
    _refuse_types(schemas, roles, ask.digits)
    if engine == "duckdb":
        return _relation(ask, wanted, roles, scan(ask.files, {}), connection)
    if engine == "polars":
        import polars as pl

        plan = pl.concat([pl.scan_parquet(f).select(wanted) for f in ask.files], how="vertical_relaxed")
        return _polars_types(plan, ask, roles)
    import pandas as pd

    with progress_over(ask.files, "Reading", shown=shown) as advance:
        parts = []
        for file in ask.files:
            parts.append(pd.read_parquet(file, columns=wanted))
            advance(file.stat().st_size)
    frame = pd.concat(parts, ignore_index=True)
    if ask.digits is not None and "product" in roles:
        frame[roles["product"]] = frame[roles["product"]].astype("str").str.zfill(ask.digits)
    return frame


def _refuse_types(schemas: Sequence[Schema], roles: dict[str, str], digits: int | None) -> None:
    """Product codes as numbers and money as text, with the file that has them so."""
    for schema in schemas:
        if "product" in roles and digits is None and schema.numeric(roles["product"]):
            raise _lost_zeros(schema.path, roles["product"], schema.types[roles["product"]])
        for role in MONEY:
            if role in roles and not schema.numeric(roles[role]):
                raise DataError(
                    f"{role} {roles[role]!r} in file {str(schema.path)!r} is {schema.types[roles[role]]}, not a number",
                    "Write the file again with numbers in it.",
                )


def _lost_zeros(path: Path, column: str, kind: str, first: str | None = None) -> DataError:
    return DataError(
        f"product codes in {column!r} of file {str(path)!r} were stored as numbers ({kind})",
        "Leading zeros are lost that way ('010121' became 10121). Where all codes have one length, digits=6 (or 8, "
        "...) puts them back; else write the file again with text codes.",
        first=first,
    )


def lazy_text(ask: Ask, engine: str, connection: Any, encoding: str) -> Any:
    """Delimited text as a DuckDB relation or a Polars lazy frame; money without thousands separators."""
    if encoding not in ("auto", "utf-8"):
        raise OptionError(f"engine={engine!r} reads UTF-8 only, not {encoding!r}: say engine='pandas'.")
    looked = [text_schema(f) for f in ask.files]
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
        return _relation(ask, wanted, roles, scan(ask.files, options), connection)
    import polars as pl

    scans = [
        pl.scan_csv(f, separator=delimiter, infer_schema=False, null_values=["", "NA"]).select(wanted)
        for f in ask.files
    ]
    return _polars_types(pl.concat(scans), ask, roles)


def _polars_types(plan: Any, ask: Ask, roles: dict[str, str]) -> Any:
    import polars as pl

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


def excel_table(ask: Ask, sheet: str | int, *, shown: bool) -> pd.DataFrame:
    """Excel sheets into pandas; cells are taken as they are stored."""
    import pandas as pd

    frames = []
    with progress_over(ask.files, "Reading", shown=shown) as advance:
        for file in ask.files:
            frames.append(_sheet(file, sheet))
            advance(file.stat().st_size)
    schemas = [
        Schema(f, dict.fromkeys(map(str, x.columns), "")) for f, x in zip(ask.files, frames, strict=True)
    ]
    wanted = ask.columns(schemas)
    roles = ask.roles(schemas[0].header)
    parts = [_cells(f, x[wanted], roles, ask) for f, x in zip(ask.files, frames, strict=True)]
    return pd.concat(parts, ignore_index=True)


def _sheet(path: Path, sheet: str | int) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_excel(path, sheet_name=sheet, dtype=object, na_filter=False)
    except ImportError:
        raise MissingDependency("openpyxl", "excel", "reading Excel files") from None
    except Exception as error:  # openpyxl has no error of its own for broken files
        raise DataError(
            f"file {str(path)!r} cannot be read as an Excel workbook", "Save it again as .xlsx.",
            first=str(error).rstrip("."),
        ) from error  # fmt: skip


def _cells(path: Path, frame: pd.DataFrame, roles: dict[str, str], ask: Ask) -> pd.DataFrame:
    """Numbers for money, text for all else; refuses product codes typed as numbers, by their row in the sheet."""
    import pandas as pd

    if frame.empty:
        raise DataError(f"file {str(path)!r} has a header and no rows", "Look at it again, or leave it out.")
    out: dict[str, pd.Series[Any]] = {}
    for column in map(str, frame):
        role = next((r for r, c in roles.items() if c == column), None)
        cells = frame[column].tolist()
        if role in MONEY:
            out[column] = pd.Series(
                [_cell_number(path, column, i, x, role == "quantity") for i, x in enumerate(cells)]
            )
            continue
        typed = [i for i, x in enumerate(cells) if not isinstance(x, str)]
        if role == "product" and typed and ask.digits is None:
            raise _lost_zeros(
                path, column, type(cells[typed[0]]).__name__, f"row {typed[0] + 2}: {cells[typed[0]]!r}"
            )
        empty = next((i for i, x in enumerate(cells) if x is None or str(x).strip() == ""), None)
        if empty is not None:
            raise DataError(
                f"file {str(path)!r}, row {empty + 2:,}, column {column!r}: empty",
                "Every row needs its keys.",
            )
        texts = [str(x).strip() for x in cells]
        if role == "product" and ask.digits is not None:
            texts = [t.zfill(ask.digits) for t in texts]
        out[column] = pd.Series(texts, dtype="str")
    return pd.DataFrame(out)


def _cell_number(path: Path, column: str, row: int, cell: Any, may_miss: bool) -> float:
    if may_miss and (cell is None or (isinstance(cell, str) and cell.strip() in UNKNOWN)):
        return float("nan")
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    raise DataError(
        f"file {str(path)!r}, row {row + 2:,}, column {column!r}: no number",
        "Store numbers as numbers in the sheet.",
        first=repr(cell),
    )
