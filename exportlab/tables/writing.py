"""Files that appear whole or not at all, in one place for every writer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from exportlab.text import beginning, csv_cell, excel_text, is_formula, printable

if TYPE_CHECKING:
    import pandas as pd

Save: TypeAlias = Callable[[BinaryIO], object]


def atomic(target: Path, save: Save) -> Path:
    """Write beside the target under a name of its own and move it there, so that no half file takes its place.

    What the system says of the file in the making (no space, no permission) is said of the target.
    """
    beside = target.with_name(f".{beginning(target.name, 100)}.{token_hex(8)}.part")
    try:
        with beside.open("xb") as file:
            save(file)
        beside.replace(target)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(beside)):
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(target)) from error
    finally:
        with suppress(OSError):
            beside.unlink()
    return target


def as_text(text: str, encoding: str = "utf-8") -> Save:
    """What `atomic` saves for a text: its characters as they stand, none that no program can show."""
    return lambda file: file.write(printable(text).encode(encoding))


def as_archive(save: Save) -> Save:
    """What `atomic` saves for a workbook or a Word document.

    It is made in memory first: an archive that finds the disk full complains of it a second time when it is dropped.
    """

    def saved(file: BinaryIO) -> None:
        whole = BytesIO()
        save(whole)
        file.write(whole.getbuffer())

    return saved


def as_csv(pieces: Iterable[pd.DataFrame], encoding: str = "utf-8") -> Save:
    """What `atomic` saves for a table as CSV (RFC 4180), piece by piece, safe to open in a spreadsheet."""

    def saved(file: BinaryIO) -> None:
        for place, piece in enumerate(pieces):
            text = csv_text(piece, header=not place)
            file.write(text.encode("utf-8" if place else encoding))

    return saved


def csv_text(frame: pd.DataFrame, *, header: bool = True) -> str:
    """A table as CSV: numbers and dates as they are, all else as `csv_cell` writes it, by the values themselves."""
    import pandas as pd

    table = frame.set_axis(range(frame.shape[1]), axis=1)
    for i, kind in enumerate(table.dtypes):
        if kind.kind not in "iufbM":
            known = zip(table[i].astype(object), table[i].isna(), strict=True)
            cells = [None if missing else csv_cell(value) for value, missing in known]
            table[i] = pd.Series(
                cells, index=table.index, dtype=object
            )  # as they are: 3 beside None is no 3.0
    names = [str(csv_cell(name)) for name in frame.columns]
    return table.to_csv(index=False, header=names if header else False, lineterminator="\r\n")


def put(sheet: Any, row: int, column: int, value: Any) -> Any:
    """Write a value into a cell of a workbook: text stays text, whatever it begins with."""
    if not isinstance(value, str):
        return sheet.cell(row, column, value)
    cell = sheet.cell(row, column, excel_text(value))
    cell.data_type = "s"  # openpyxl takes a text that begins with '=' for a formula
    cell.quotePrefix = is_formula(value)
    return cell
