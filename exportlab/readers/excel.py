"""Excel sheets as people keep them: a title above the header, a second header row, notes below.

pandas and openpyxl read the cells; which row is what is found by hand, as `pandas.read_excel` must be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportlab.errors import DataError
from exportlab.files.delimited import header_row, notes_below, squeezed, widest
from exportlab.files.numerals import BOTH_SIGNS, both_readings, decided, doubtful, floats, is_number
from exportlab.files.paths import progress_over, refuse_twice
from exportlab.files.workbook import counts_from_1904, read_workbook
from exportlab.flow_table import ROLES
from exportlab.periods.period import readings
from exportlab.readers.lazy import Schema
from exportlab.readers.request import MONEY, UNKNOWN, Ask, Taken, lost_zeros
from exportlab.words import Said, said

if TYPE_CHECKING:
    import pandas as pd

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Sheet:
    """A sheet's rows below its header; the frame's index is the row in the sheet, from 0."""

    path: Path
    header: tuple[str, ...]
    frame: pd.DataFrame
    notes: tuple[str, ...]
    manner: str


def excel_table(ask: Ask, sheet: str | int, *, shown: bool) -> Taken:
    """Excel sheets into pandas; cells are taken as they are stored."""
    with progress_over(ask.files, "Reading", shown=shown) as advance:
        sheets = []
        for file in ask.files:
            sheets.append(_sheet(file, sheet, ask))
            advance(file.stat().st_size)
    wanted = ask.columns(sheets)
    roles = ask.roles(sheets[0].header)
    aside: list[tuple[str, pd.DataFrame]] = []
    parts = []
    for one in sheets:
        if one.frame.empty:
            raise DataError(
                said("file {path} has a header and no rows", path=repr(str(one.path))),
                said("Look at it again, or leave it out."),
            )
        aside += [("note below the table", _note(text, wanted)) for text in one.notes]
        frame = _without_second_header(one.frame[wanted], roles, aside)
        parts.append(_cells(one.path, ask.set_aside(ask.filled(frame), roles, aside), roles, ask))
    return ask.taken(parts, aside, tuple(dict.fromkeys(s.manner for s in sheets)), sheets[0].header)


def _sheet(path: Path, sheet: str | int, ask: Ask) -> Sheet:
    import pandas as pd

    book = _book(path)
    names = list(map(str, book))
    if sheet not in (names if isinstance(sheet, str) else range(len(names))):
        raise DataError(
            said("file {path} has no sheet {sheet}", path=repr(str(path)), sheet=repr(sheet)),
            said("It has: {names}.", names=names),
        )
    chosen = sheet if isinstance(sheet, str) else names[sheet]
    rows = book[chosen].to_numpy(dtype=object).tolist()
    found = header_row(rows, ask.named) if ask.header is None else ask.header - 1
    if found is None:
        other = next(
            (n for n in names if header_row(book[n].to_numpy(dtype=object).tolist(), ask.named) is not None),
            None,
        )
        if other is not None:
            raise DataError(
                said(
                    "sheet {chosen} of file {path} has no row with the columns {named}",
                    chosen=repr(chosen),
                    path=repr(str(path)),
                    named=list(ask.named),
                ),
                said("Sheet {other} has: say sheet={other}.", other=repr(other)),
            )
    top = widest(rows) if found is None else found
    header = squeezed(rows[top]) if top < len(rows) else []
    refuse_twice(path, [name for name in header if name in (*ask.named, *ROLES)])
    below = rows[top + 1 :]
    count = notes_below(below) if len(header) > 1 else 0
    body = {top + 1 + k: row for k, row in enumerate(below[: len(below) - count]) if any(squeezed(row))}
    frame = pd.DataFrame(list(body.values()), index=list(body), columns=header, dtype=object)
    notes = tuple(cell for row in below[len(below) - count :] for cell in squeezed(row[:1]) if cell)
    several = f" of {len(names)}" if len(names) > 1 else ""
    manner = f"sheet {chosen!r}{several}" + (f", header in row {top + 1}" if top else "")
    return Sheet(path, tuple(header), frame, notes, manner)


def _book(path: Path) -> dict[Any, pd.DataFrame]:
    made: dict[Any, pd.DataFrame] = read_workbook(path, None, header=None, dtype=object, na_filter=False)
    return made


def _note(text: str, wanted: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({wanted[0]: [text]}).reindex(columns=list(wanted))


def _without_second_header(
    frame: pd.DataFrame, roles: dict[str, str], aside: list[tuple[str, pd.DataFrame]]
) -> pd.DataFrame:
    """Without a row right below the header that has a text (a unit) under the value and no keys."""
    first = frame.iloc[0]
    keys = [c for r, c in roles.items() if r not in MONEY]
    under = first[roles["value"]]
    if not keys or any(squeezed(first[keys].tolist())) or not (isinstance(under, str) and under.strip()):
        return frame
    aside.append(("second header row", frame.iloc[:1]))
    return frame.iloc[1:]


def _cells(path: Path, frame: pd.DataFrame, roles: dict[str, str], ask: Ask) -> pd.DataFrame:
    """Numbers for money, text for all else; refuses product codes typed as numbers, by their row in the sheet."""
    import pandas as pd

    out: dict[str, pd.Series[Any]] = {}
    sign = _sign(path, frame, [roles[r] for r in MONEY if r in roles], ask.decimal)
    for column in map(str, frame):
        role = next((r for r, c in roles.items() if c == column), None)
        cells = frame[column].tolist()
        numbers = [int(i) + 1 for i in frame.index]
        wrong = [k for k, x in enumerate(cells) if isinstance(x, float) and isnan(x)]
        if wrong:
            raise _error_cells(path, column, numbers[wrong[0]], len(wrong))
        if role in MONEY:
            out[column] = pd.Series(
                [
                    _cell_number(path, column, i, x, sign=sign, may_miss=role == "quantity")
                    for i, x in zip(numbers, cells, strict=True)
                ]
            )
            continue
        typed = [k for k, x in enumerate(cells) if not isinstance(x, str)]
        if role == "product" and typed and ask.digits is None:
            first = cells[typed[0]]
            raise lost_zeros(
                path,
                column,
                type(first).__name__,
                said("row {n}: {value}", n=numbers[typed[0]], value=repr(first)),
            )
        if role == "period":
            _refuse_days_from_1904(path, column, numbers, cells)
        texts = squeezed(cells)
        if "" in texts and (role is not None or column in ask.keys):
            merged = said(
                "Every row needs its keys. Where the cell above is meant (merged cells), say fill_down={column}.",
                column=repr(column),
            )
            raise _empty_cell(path, column, numbers[texts.index("")], merged)
        out[column] = pd.Series(texts, dtype="str")
    return pd.DataFrame(out)


def _refuse_days_from_1904(path: Path, column: str, numbers: Sequence[int], cells: Sequence[Any]) -> None:
    """Days stored as bare numbers, which are read as days since 1900, in a workbook that counts from 1904."""
    bare = [k for k, x in enumerate(cells) if "serial" in readings(x)]
    if bare and counts_from_1904(path):
        raise DataError(
            said(
                "file {path}, row {row}, column {column}: a day as a bare number in a workbook that counts days from "
                "1904, and not from 1900",
                path=repr(str(path)), row=f"{numbers[bare[0]]:,}", column=repr(column),
            ),
            said("Give the cells the format of a date, or write the periods as text, such as 2021-01."),
            rows=len(bare),
            first=repr(cells[bare[0]]),
        )  # fmt: skip


def _error_cells(path: Path, column: str, row: int, rows: int) -> DataError:
    return DataError(
        said(
            "file {path}, row {numbers}, column {column}: an error such as #N/A, or a date beyond the calendar",
            path=repr(str(path)),
            numbers=f"{row:,}",
            column=repr(column),
        ),
        said("Mend it in the sheet, or take the row out."),
        rows=rows,
    )


def _empty_cell(path: Path, column: str, row: int, remedy: Said) -> DataError:
    problem = said(
        "file {path}, row {numbers}, column {column}: empty",
        path=repr(str(path)),
        numbers=f"{row:,}",
        column=repr(column),
    )
    return DataError(problem, remedy)


def _sign(path: Path, frame: pd.DataFrame, money: Sequence[str], named: str | None) -> str:
    """The decimal sign of the sheet's numbers that are text."""
    texts = [x for c in money for x in frame[c].tolist() if isinstance(x, str) and x.strip() not in UNKNOWN]
    sign = named or decided(texts)
    if sign is None:
        doubt = doubtful(texts) or ""
        raise DataError(
            said(
                "file {path} has numbers as text that can be read in two ways",
                path=repr(str(path)),
            ),
            said("Nothing in the sheet says which."),
            rows=len(texts),
            first=both_readings(doubt),
            options=BOTH_SIGNS,
        )
    return sign


def _cell_number(path: Path, column: str, row: int, cell: Any, *, sign: str, may_miss: bool) -> float:
    if may_miss and (cell is None or (isinstance(cell, str) and cell.strip() in UNKNOWN)):
        return float("nan")
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    if isinstance(cell, str) and is_number(cell, sign):
        return float(floats([cell], (), sign)[0][0])
    if isinstance(cell, str) and not cell.strip():
        saved = said(
            "A formula that was saved without its result looks so too: open the file in a spreadsheet program and "
            "save it. Where nothing was traded write 0; leave_out={{{column}: ['']}} leaves such rows out.",
            column=repr(column),
        )
        raise _empty_cell(path, column, row, saved)
    raise DataError(
        said(
            "file {path}, row {row}, column {column}: no number",
            path=repr(str(path)),
            row=f"{row:,}",
            column=repr(column),
        ),
        said(
            "Store numbers as numbers in the sheet; leave_out={{{column}: [{cell}]}} leaves such rows out.",
            column=repr(column),
            cell=repr(cell),
        ),
        first=repr(cell),
    )


# Stata files: value labels become text, whole numbers stay whole, missing codes stay missing.


def stata_table(ask: Ask, *, shown: bool) -> Taken:
    """Stata files (.dta, versions 102 to 119) into pandas."""
    frames = []
    with progress_over(ask.files, "Reading", shown=shown) as advance:
        for file in ask.files:
            frames.append(_frame(file))
            advance(file.stat().st_size)
    schemas = [
        Schema(f, {str(c): str(d) for c, d in x.dtypes.items()})
        for f, x in zip(ask.files, frames, strict=True)
    ]
    wanted = ask.columns(schemas)
    roles = ask.roles(schemas[0].header)
    aside: list[tuple[str, pd.DataFrame]] = []
    parts = [
        _typed(f, ask.set_aside(x[wanted], roles, aside), roles, ask)
        for f, x in zip(ask.files, frames, strict=True)
    ]
    labelled = [c for c in wanted if frames[0][c].dtype == "category"]
    notes = (f"value labels of {', '.join(labelled)}",) if labelled else ()
    return ask.taken(parts, aside, notes, schemas[0].header)


def _frame(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_stata(path)
    except Exception as error:  # pandas raises what it meets in broken files
        raise DataError(
            said("file {path} cannot be read as a Stata file", path=repr(str(path))),
            said("Save it again in Stata (save, replace)."),
            first=str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__,
        ) from error


def _typed(path: Path, frame: pd.DataFrame, roles: dict[str, str], ask: Ask) -> pd.DataFrame:
    """Labels as text, and years stored as floats, as Stata does by default, as whole numbers."""
    out: dict[str, Any] = {}
    money = [roles[r] for r in MONEY if r in roles]
    for column in map(str, frame):
        cells = frame[column]
        if cells.dtype == "category":
            cells = cells.astype("str")
        elif column not in money and cells.dtype.kind == "f" and (cells == cells.round()).all():
            cells = cells.astype("int64")
        if column == roles.get("product") and cells.dtype.kind in "iuf" and ask.digits is None:
            raise lost_zeros(path, column, str(cells.dtype))
        out[column] = cells
    import pandas as pd

    return pd.DataFrame(out)
