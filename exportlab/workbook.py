"""Excel files, looked at before they are unpacked, and read as they stand."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from exportlab.errors import DataError, MissingDependency

if TYPE_CHECKING:
    pass

MOST = 100  # times its size that a file may unpack to; tables of numbers come to 10 or 20
ENOUGH = 50_000_000  # bytes, or cells, up to which nothing is looked at
ROWS = 1_048_576  # of a sheet
_ROW = re.compile(rb'<row [^>]{0,200}?\br="(\d{1,12})"')
_FAR = re.compile(rb'\br="[A-Z]{3}\d')


def read_workbook(path: Path, sheet: Any, **options: Any) -> Any:
    """`pandas.read_excel` for files of any origin.

    Raises
    ------
    DataError
        It is no workbook, or unpacks to far more than it holds.
    MissingDependency
        openpyxl is not installed.
    """
    import pandas as pd

    check_workbook(path)
    try:
        with path.open("rb") as file:
            return pd.read_excel(file, sheet_name=sheet, engine="openpyxl", **options)
    except ImportError:
        raise MissingDependency("openpyxl", "excel", "reading Excel files") from None
    except Exception as error:  # openpyxl has no error of its own for broken files
        raise DataError(
            f"file {str(path)!r} cannot be read as an Excel workbook", "Save it again as .xlsx.",
            first=" ".join(str(error).split()).rstrip("."),
        ) from error  # fmt: skip


def check_workbook(path: Path) -> None:
    """Refuse what is no workbook, and workbooks made to fill the memory."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"\xd0\xcf\x11\xe0":
        raise DataError(
            f"file {str(path)!r} is encrypted, or a workbook of before 2007",
            "Save it as .xlsx without a password.",
        )
    try:
        with ZipFile(path) as parts:
            check_size(path, sum(part.file_size for part in parts.infolist()))
            for part in parts.namelist():
                if part.startswith("xl/worksheets/") and part.endswith(".xml"):
                    _refuse_empty_reach(path, parts, part)
    except (BadZipFile, RuntimeError, EOFError, zlib.error) as error:
        raise DataError(
            f"file {str(path)!r} cannot be read as an Excel workbook", "Save it again as .xlsx.",
            first=str(error).rstrip("."),
        ) from error  # fmt: skip


def check_size(path: Path, unpacked: int) -> None:
    """Refuse a file that unpacks to more than any table does."""
    size = path.stat().st_size
    if unpacked > max(ENOUGH, MOST * size):
        raise DataError(
            f"file {str(path)!r} has {size:,} bytes and unpacks to {unpacked:,}",
            f"More than {MOST} times its size is no table of figures: get it again, or save it again unpacked.",
        )


def _refuse_empty_reach(path: Path, parts: ZipFile, part: str) -> None:
    """Refuse a sheet whose few cells stretch over millions of empty ones."""
    last = cells = 0
    wide = False
    with parts.open(part) as sheet:
        rest = b""
        while block := sheet.read(1 << 20):
            text = rest + block
            last = max([last, *map(int, _ROW.findall(text))])
            cells += block.count(b"<c ") + block.count(b"<c>")
            wide = wide or _FAR.search(text) is not None
            rest = block[-256:]
    reach = last * (16_384 if wide else 702)  # columns of three letters, or of two
    if last > ROWS or (reach > ENOUGH and reach > 2_000 * cells):
        raise DataError(
            f"file {str(path)!r}: a sheet with {cells:,} cells reaches down to row {last:,}",
            "Delete the cells far below the table and save it again.",
        )
