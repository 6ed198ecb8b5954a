"""The cells of input-output tables in files, as they stand."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import pandas as pd

from exportlab.errors import DataError, OptionError
from exportlab.unpacking import blocks, check_size
from exportlab.workbook import read_workbook

TEXT = (".csv", ".csv.gz", ".csv.zip", ".txt")
BOOKS = (".xlsx", ".xlsm")
KINDS = (*TEXT, *BOOKS)
WIDEST = 20_000  # columns; the widest tables published have some 5,000


def cells_of(path: str | Path, sheet: str | int = 0) -> pd.DataFrame:
    """Every cell of a CSV file or Excel sheet as it stands, without header or index.

    Raises
    ------
    DataError
        There is no such file, or it is neither delimited text (UTF-8 or GB18030) nor a workbook.
    """
    file = _file(path)
    if file.name.lower().endswith(BOOKS):
        raw = read_workbook(file, sheet, header=None, dtype=object)
        if not isinstance(raw, pd.DataFrame):
            raise OptionError(f"sheet={sheet!r} is not allowed. Allowed: one sheet, by name or place.")
    else:
        raw = text_cells(file, header=None, dtype=object)
    if raw.shape[1] > WIDEST or min(raw.shape) < 3:
        raise DataError(
            f"file {str(file)!r} has {raw.shape[0]:,} rows and {raw.shape[1]:,} columns of cells",
            f"An input-output table has three or more of each, and at most {WIDEST:,} columns.",
        )
    return raw


def text_cells(path: str | Path, **options: Any) -> pd.DataFrame:
    """`pandas.read_csv` for files of any origin, in UTF-8 or GB18030."""
    file, said = _file(path), ""
    _refuse_stretched(file)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            made: pd.DataFrame = pd.read_csv(file, encoding=encoding, low_memory=False, **options)
            return made
        except (UnicodeError, ValueError, EOFError, OSError, BadZipFile, zlib.error) as error:
            if isinstance(error, PermissionError):
                raise
            said = said or " ".join(str(error).split()).rstrip(".")
    raise DataError(
        f"file {str(file)!r} cannot be read as comma-separated text in UTF-8 or GB18030",
        "Save it as CSV in UTF-8.",
        first=said,
    )


def _file(path: str | Path) -> Path:
    """The path of a file that is there, of a kind that can be read."""
    file = Path(path)
    if "\0" in str(file) or not file.is_file():
        raise DataError(f"there is no file {str(file)!r}", "Give the path of one file.")
    if not file.name.lower().endswith(KINDS):
        raise DataError(
            f"file {str(file)!r} is of no kind that can be read",
            f"Files end in {', '.join(KINDS)}.",
        )
    return file


def _refuse_stretched(file: Path) -> None:
    """Refuse what unpacks to far more than it holds, and a first line of more columns than tables have."""
    name = file.name.lower()
    if name.endswith(".zip"):
        try:
            with ZipFile(file) as parts:
                check_size(file, sum(part.file_size for part in parts.infolist()))
        except BadZipFile:
            return  # told with the reading
    elif name.endswith(".gz"):
        for _ in blocks(file):  # counted as they are unpacked
            pass
    else:
        with file.open("rb") as lines:
            columns = lines.readline(16 * WIDEST).count(b",") + 1
        if columns > WIDEST:
            raise DataError(
                f"file {str(file)!r} has {columns:,} columns or more", f"At most {WIDEST:,} are read."
            )
