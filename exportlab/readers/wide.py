"""Wide sheets: periods in the columns, a title above, totals and notes below; one row a cell comes out.

By hand, as `pandas.melt` must be told which columns are periods, and keeps totals and notes among the rows.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportlab import hierarchy, suggest
from exportlab.classifications import is_total
from exportlab.currencies import column_of, unit_of
from exportlab.errors import DataError, OptionError
from exportlab.files.delimited import LOOK, notes_below, squeezed
from exportlab.files.numerals import (
    BOTH_SIGNS,
    BY_DELIMITER,
    both_readings,
    decided,
    doubtful,
    floats,
    is_number,
)
from exportlab.files.paths import TEXT, encoding_of, raw
from exportlab.files.workbook import read_workbook
from exportlab.readers.lazy import parquet_tables
from exportlab.readers.parents import Aside, split
from exportlab.readers.request import Ask, Taken
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd

PERIOD, VALUE = "period", "value"
ROLES = ("exporter", "market", "product")
UNMISTAKABLE = 3  # columns that are periods, from which a table is wide without being said to be
_WHOLE = re.compile(r"(\d+)\.0")


@dataclass(frozen=True)
class Sheet:
    """A wide sheet: its title, header, rows, and which columns are periods."""

    path: Path
    title: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    across: tuple[str, ...]
    notes: tuple[str, ...]
    delimiter: str | None = None

    @property
    def fixed(self) -> tuple[str, ...]:
        return tuple(c for c in self.header if c and c not in self.across)


def wide_table(
    ask: Ask, sheet: str | int, encoding: str, *, asked: bool
) -> tuple[Taken, dict[str, str], str | None] | None:
    """Wide files one row a cell, the role of each column, and the unit that the title states.

    None where the files are not `asked` to be wide and are not unmistakably so.

    Raises
    ------
    DataError
        No columns that are periods; columns that have no role and differ; what is no number; totals smaller than
        their parts.
    """
    sheets = [_sheet(file, sheet, encoding) for file in ask.files]
    if not asked and not all(_unmistakable(s) for s in sheets):
        return None
    for one in sheets:
        if not one.across:
            raise DataError(
                said(
                    "file {path} has no row of column names of which two are periods",
                    path=repr(str(one.path)),
                ),
                said("wide=True reads tables with years, quarters or months in their columns."),
            )
    roles = _roles(ask, sheets[0])
    aside: Aside = {}
    notes: list[str] = []
    parts = [_long(one, ask, roles, aside, notes) for one in sheets]
    import pandas as pd

    frame = pd.concat(parts, ignore_index=True)
    frame, more = _without_totals(frame, roles, aside)
    below = [text for one in sheets for text in one.notes]
    if below:
        aside["note below the table"] = pd.DataFrame({VALUE: below})
    units = {unit_of(text) for one in sheets for text in (one.title, *one.header) if unit_of(text)}
    across = sheets[0].across
    wide = f"wide table, {len(across)} periods in columns, {across[0]} to {across[-1]}"
    taken = Taken(frame, aside, tuple(dict.fromkeys((wide, *notes, *more))))
    return taken, {**roles, "period": PERIOD, "value": VALUE}, units.pop() if len(units) == 1 else None


def _unmistakable(sheet: Sheet) -> bool:
    """Whether the numbers all stand under periods, and what is left names rows."""
    if len(sheet.across) < UNMISTAKABLE or not sheet.fixed:
        return False
    place = [sheet.header.index(c) for c in sheet.fixed]
    return not any(isinstance(row[k], float) for row in sheet.rows for k in place if k < len(row))


def _sheet(path: Path, sheet: str | int, encoding: str) -> Sheet:
    """The sheet, its header being the first row in which two cells or more are periods and one is not."""
    rows, delimiter = _rows(path, sheet, encoding)
    named = [[_name(cell) for cell in row] for row in rows[:LOOK]]
    top = next((k for k, names in enumerate(named) if _across(names)), None)
    if top is None:
        return Sheet(path, "", (), (), (), ())
    names, across = named[top], _across(named[top])
    if len(set(across)) < len(across):
        twice = next(n for n in across if across.count(n) > 1)
        raise DataError(
            said(
                "file {path} has two columns named {twice}",
                path=repr(str(path)),
                twice=repr(twice),
            ),
            said("Rename or remove one of them."),
        )
    below = [r for r in rows[top + 1 :] if any(squeezed(r))]
    count = notes_below(below)
    notes = tuple(squeezed(r[:1])[0] for r in below[len(below) - count :])
    title = ", ".join(cell for r in rows[:top] for cell in squeezed(r) if cell)
    return Sheet(path, title, tuple(names), below[: len(below) - count], tuple(across), notes, delimiter)


def _across(names: Sequence[str]) -> list[str]:
    """The cells of a header that are periods, where others are not."""
    across = suggest.periods_across([n for n in names if n])
    return across if any(n and n not in across for n in names) else []


def _rows(path: Path, sheet: str | int, encoding: str) -> tuple[Sequence[Sequence[Any]], str | None]:
    """The cells of a sheet, a text file or a table; and the delimiter of text."""
    import pandas as pd

    name = path.name.lower()
    if name.endswith((".xlsx", ".xlsm")):
        book: Any = read_workbook(path, None, header=None, dtype=object, na_filter=False)
        names = list(map(str, book))
        chosen = sheet if isinstance(sheet, str) else names[sheet] if sheet < len(names) else sheet
        if chosen not in names:
            raise DataError(
                said("file {path} has no sheet {sheet}", path=repr(str(path)), sheet=repr(sheet)),
                said("It has: {names}.", names=names),
            )
        return book[chosen].to_numpy(dtype=object).tolist(), None
    if name.endswith(TEXT):
        encodings = ("utf-8", "gb18030") if encoding == "auto" else (encoding,)
        with TextIOWrapper(raw(path), encoding=encoding_of(path, encodings), newline="") as file:
            lines = file.read().splitlines()
        mark = max(",\t;", key=lambda m: max((line.count(m) for line in lines[:LOOK]), default=0))
        return list(csv.reader(lines, delimiter=mark)), mark
    table = pd.read_stata(path) if name.endswith(".dta") else next(parquet_tables([path]))
    return [
        list(map(str, table.columns)),
        *table.astype(object).where(table.notna(), None).to_numpy().tolist(),
    ], None


def _name(cell: Any) -> str:
    """A cell of the header as a name: a year stored as a number, a day that stands for its month."""
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    if isinstance(cell, date):
        return f"{cell:%Y-%m}"
    text = " ".join(str(cell).split()) if cell is not None else ""
    return found[1] if (found := _WHOLE.fullmatch(text)) else text


def _roles(ask: Ask, sheet: Sheet) -> dict[str, str]:
    """Role to column, as given, else by the columns' names."""
    given = {r: c for r, c in ask.given.items() if r in ROLES}
    odd = next((r for r in ask.given if r in (PERIOD, VALUE, "quantity")), None)
    if odd is not None:
        raise OptionError(
            said(
                "{option}={given} does not go with a wide table, whose columns are periods.",
                option=odd,
                given=repr(ask.given[odd]),
            )
        )
    absent = [c for c in (*given.values(), *ask.keys) if c not in sheet.fixed]
    if absent:
        raise DataError(
            said(
                "file {path} has no column {absent}",
                path=repr(str(sheet.path)),
                absent=repr(absent[0]),
            ),
            said("Beside its periods it has: {fixed}.", fixed=list(sheet.fixed)),
        )
    free = [c for c in sheet.fixed if c not in (*given.values(), *ask.keys, *ask.said)]
    found = {r: c for r, c in suggest.roles_of(free).items() if r in ROLES and r not in given}
    roles = {**{r: r for r in ROLES if r in free and r not in given}, **found, **given}
    left = [c for c in free if c not in roles.values() and c != column_of(free)]
    varied = [c for c in left if len({_name(r[sheet.header.index(c)]) for r in sheet.rows}) > 1]
    if varied or not (roles or ask.keys):
        raise _unknown_role(ask, sheet, roles, varied or list(sheet.fixed))
    return roles


def _unknown_role(ask: Ask, sheet: Sheet, roles: dict[str, str], unknown: list[str]) -> DataError:
    call = "".join(f", {r}={c!r}" for r, c in roles.items())
    free = (r for r in ("market", "product", "exporter") if r not in roles)
    role, column = next(free) if len(roles) < 3 else "keys", unknown[0]
    return DataError(
        said(
            "file {path} has columns beside its periods whose role is not known: {unknown}",
            path=repr(str(sheet.path)),
            unknown=unknown,
        ),
        said(
            "Perhaps: xl.read_flows({files}, wide=True{call}, {role}={column}).",
            files=repr(str(ask.files[0])),
            call=call,
            role=role,
            column=repr(column),
        ),
        options=({"wide": True, **roles, role: column},),
    )


def _long(sheet: Sheet, ask: Ask, roles: dict[str, str], aside: Aside, notes: list[str]) -> pd.DataFrame:
    """One row a cell; empty cells are no rows."""
    import pandas as pd

    kept = [c for c in sheet.fixed if c in (*roles.values(), *ask.keys, *ask.said, column_of(sheet.fixed))]
    width = len(sheet.header)
    cells = [[*row, *[None] * (width - len(row))] for row in sheet.rows]
    frame = pd.DataFrame([dict(zip(sheet.header, row, strict=False)) for row in cells], dtype=object)
    frame[kept] = frame[kept].map(_name)
    frame = ask.filled(frame)
    long = frame.melt(kept, list(sheet.across), var_name=PERIOD, value_name=VALUE)
    texts = long[VALUE].map(_name)
    empty = texts == ""
    if empty.any():
        notes.append(f"{int(empty.sum()):,} empty cells are not observed")
    for label in ask.outs([*kept, VALUE]).get(VALUE, ()):
        out = texts == label
        aside[f"{VALUE} {label}"] = long[out].reset_index(drop=True)
        empty |= out
    long, texts = long[~empty].reset_index(drop=True), texts[~empty]
    long[VALUE] = _numbers(sheet, long[VALUE].tolist(), ask.decimal)
    found: list[tuple[str, pd.DataFrame]] = []
    made = ask.set_aside(long.astype(dict.fromkeys((*kept, PERIOD), "str")), {**roles, VALUE: VALUE}, found)
    for why, rows in found:
        aside[why] = rows.reset_index(drop=True)
    return made


def _numbers(sheet: Sheet, cells: list[Any], named: str | None) -> list[float]:
    texts = [c for c in cells if isinstance(c, str)]
    sign = named or decided(texts) or BY_DELIMITER.get(sheet.delimiter or "")
    if sign is None:
        raise DataError(
            said(
                "file {path} has numbers that can be read in two ways",
                path=repr(str(sheet.path)),
            ),
            said("Nothing in the file says which."),
            first=both_readings(doubtful(texts) or ""),
            options=BOTH_SIGNS,
        )
    bad = [c for c in cells if isinstance(c, bool | date) or (isinstance(c, str) and not is_number(c, sign))]
    if bad:
        raise DataError(
            said(
                "file {path} has cells under its periods that are no numbers",
                path=repr(str(sheet.path)),
            ),
            said("Leave them out where they mean not known."),
            rows=len(bad),
            first=repr(bad[0]),
            options=({"leave_out": {VALUE: sorted({str(b).strip() for b in bad})[:20]}},),
        )
    return [float(floats([c], (), sign)[0][0]) if isinstance(c, str) else float(c) for c in cells]


def _without_totals(
    frame: pd.DataFrame, roles: dict[str, str], aside: Aside
) -> tuple[pd.DataFrame, list[str]]:
    """Totals go aside where they equal what stands beside them; the rest of a larger one stays."""
    notes: list[str] = []
    for role, column in roles.items():
        labels = list(frame[column].unique())
        whole = [x for x in labels if is_total(x, role=role)]
        if not whole or len(whole) == len(labels):
            continue
        nested = hierarchy.above(role, whole, labels)
        keys = [c for c in frame.columns if c not in (column, VALUE)]
        reason = {x: f"{column} {x}" for x in labels}
        frame, more = split(frame, {"role": column, "value": VALUE}, keys, nested, aside=aside, reason=reason)
        notes += more
    return frame, notes
