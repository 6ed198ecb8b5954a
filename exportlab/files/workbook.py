"""Excel files, walked through as XML before they are unpacked into memory, and read as they stand.

pandas and openpyxl read them; the walk is by hand, as openpyxl allocates what a file claims before it can be asked.
"""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from exportlab.errors import DataError, MissingDependency, OptionError
from exportlab.files.unpacking import check_size, names_in
from exportlab.words import said

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb")
ROWS, COLUMNS = 1_048_576, 16_384  # of a sheet
REACH = 5_000_000  # cells, the empty ones between them included, that few filled ones may reach over
SPARSE = 100  # times their number that filled cells may reach over
ELEMENTS = 2_500_000  # of XML in a small file: as many as in a sheet that is formatted down to its last row
PLAIN = 200_000  # elements of a part that is no sheet; Excel keeps at most 65,490 formats
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHEET, _ROW, _STRINGS = f"{_MAIN}}}worksheet", f"{_MAIN}}}row", f"{_MAIN}}}sst"
_AT = 2  # how deep a row stands: worksheet, sheetData, row
_PLAIN = ("styleSheet", "workbook", "Relationships", "Types", "Properties", "coreProperties")
_FROM_1904 = re.compile(rb"\bdate1904\s*=\s*[\"'](?:1|true)\b")
_PLACE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")

Element: TypeAlias = tuple[int, str, Mapping[str, str]]


@dataclass(frozen=True)
class Extent:
    """How many cells are filled, and the last row and column that one of them stands in."""

    filled: int = 0
    down: int = 0
    right: int = 0


def read_workbook(path: Path, sheet: Any, **options: Any) -> Any:
    """`pandas.read_excel` for files of any origin; an error value such as #N/A, or a date out of range, is NaN.

    Raises
    ------
    DataError
        It is no workbook, or costs far more memory than it has figures.
    MissingDependency
        openpyxl is not installed.
    """
    import pandas as pd

    if path.suffix.lower() == ".xlsb":
        return _read_binary(path, sheet, options)
    found = check_workbook(path)
    room, last = max(REACH, SPARSE * found.filled), max(1, found.down)
    made: dict[Any, Any] = {}
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on what is not read: lists to choose from, conditional formats
            with pd.ExcelFile(file, engine="openpyxl") as book:
                sheet = _named(book, sheet)
                for name in book.sheet_names if sheet is None else [sheet]:
                    made[name] = pd.read_excel(book, sheet_name=name, nrows=last, **options)
                    room -= made[name].size
                    if room < 0:  # a part that stands for many sheets
                        raise _broken(path, "its sheets hold more than its parts do")
    except ImportError:
        raise MissingDependency("openpyxl", "excel", said("reading Excel files")) from None
    except (DataError, OptionError):
        raise
    except Exception as error:  # openpyxl has no error of its own for broken files
        raise _broken(path, " ".join(str(error).split())) from error
    return made if sheet is None else made[sheet]


def counts_from_1904(path: Path) -> bool:
    """Whether dates are days since 1904, as Excel for the Mac once made them; a binary workbook is not asked."""
    if path.suffix.lower() == ".xlsb":
        return False
    with ZipFile(path) as parts:
        names = [name for name in parts.namelist() if name.rpartition("/")[2] == "workbook.xml"]
        return any(_FROM_1904.search(parts.read(name)) is not None for name in names)


def _named(book: Any, sheet: Any) -> Any:
    """The sheet that is asked for; of patterns the one whose name has the first that any has, or the first of all."""
    if not isinstance(sheet, tuple):
        return sheet
    names = [str(name) for name in book.sheet_names]
    found = next(filter(None, ([n for n in names if pattern.search(n)] for pattern in sheet)), names[:1])
    if len(found) > 1:
        raise OptionError(
            said(
                "The workbook has the tables {names}: name one, such as sheet={found}.",
                names=", ".join(map(repr, found)),
                found=repr(found[0]),
            )
        )
    return found[0]


def _read_binary(path: Path, sheet: Any, options: Mapping[str, Any]) -> Any:
    """A binary workbook, whose parts are no XML to walk through: its size alone is looked at before."""
    import pandas as pd

    try:
        names_in(path)
        with pd.ExcelFile(path, engine="calamine") as book:
            return pd.read_excel(book, sheet_name=_named(book, sheet), **options)
    except ImportError:
        raise MissingDependency("python-calamine", "xlsb", said("reading binary Excel files")) from None
    except (DataError, OptionError):
        raise
    except Exception as error:  # calamine has no error of its own for broken files
        raise _broken(path, " ".join(str(error).split())) from error


def read_stata(path: Path) -> Any:
    """The cells of a Stata file, with the names of its variables as the first row.

    Raises
    ------
    DataError
        It is no Stata file.
    """
    import pandas as pd

    try:
        made = pd.read_stata(path, convert_categoricals=False)
    except Exception as error:  # struct and other errors of files that are none
        why = " ".join(str(error).split()).rstrip(".")
        raise DataError(
            said("file {path} cannot be read as a Stata file", path=repr(str(path))),
            said("Save it again as .dta or .csv."),
            first=why or None,
        ) from error
    names = pd.DataFrame([list(made.columns)], columns=made.columns, dtype=object)
    cells = pd.concat([names, made.astype(object)], ignore_index=True)
    return cells.set_axis(range(cells.shape[1]), axis=1)


def check_workbook(path: Path) -> Extent:
    """Refuse what is no workbook, and workbooks made to fill the memory; how many cells are filled, and how far."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"\xd0\xcf\x11\xe0":
        raise DataError(
            said("file {path} is encrypted, or a workbook of before 2007", path=repr(str(path))),
            said("Save it as .xlsx without a password."),
        )
    try:
        with ZipFile(path) as parts:
            check_size(path, sum(part.file_size for part in parts.infolist()))
            if any(part.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for part in parts.infolist()):
                raise _broken(path, "a part is compressed in a way that workbooks do not know")
            return _looked_through(path, parts)
    except (BadZipFile, RuntimeError, EOFError, zlib.error) as error:
        raise _broken(path, str(error)) from error


def _looked_through(path: Path, parts: ZipFile) -> Extent:
    """Walk through the XML of all parts, whatever their names, and stop at the first limit."""
    elements, filled, reach, down, right = max(ELEMENTS, 10 * path.stat().st_size), 0, 0, 0, 0
    for name in dict.fromkeys(parts.namelist()):
        with parts.open(name) as file:
            count, sheet = _part(path, name, _elements(path, file), elements)
        elements, filled, reach = elements - count, filled + sheet.filled, reach + sheet.down * sheet.right
        down, right = max(down, sheet.down), max(right, sheet.right)
        if reach > max(REACH, SPARSE * filled):
            raise DataError(
                said(
                    "file {path}: a sheet with {filled} filled cells reaches down to row {down} and "
                    "right to column {right}",
                    path=repr(str(path)),
                    filled=f"{sheet.filled:,}",
                    down=f"{sheet.down:,}",
                    right=f"{sheet.right:,}",
                ),
                said("Delete the cells far from the table and save it again."),
            )
    return Extent(filled, down, right)


def _part(path: Path, part: str, elements: Iterable[Element], most: int) -> tuple[int, Extent]:
    """The number of elements in a part, and what is filled where it is a sheet."""
    count = row = column = filled = right = down = 0
    sheet = inside = empty = False
    for depth, name, attributes in elements:
        count += 1
        if count == 1:
            sheet, most = name == _SHEET, min(most, _limit(path, name, most))
        if count > most:
            raise DataError(
                said(
                    "file {path} has {st_size} bytes, and by the end of its part {part} more than {most} "
                    "elements of XML",
                    path=repr(str(path)),
                    st_size=f"{path.stat().st_size:,}",
                    part=repr(part),
                    most=f"{most:,}",
                ),
                said("That is no table of figures: get it again, or save it again."),
            )
        if not sheet:
            continue
        if depth <= _AT or name == _ROW:
            inside = name == _ROW
            row, column = (_row(path, attributes, row, depth), 0) if inside else (row, column)
        elif inside and depth == _AT + 1:
            column, empty = _column(path, attributes, row, column), True
        elif inside and empty:
            filled, down, right, empty = filled + 1, row, max(right, column), False
    return count, Extent(filled, down, right)


def _limit(path: Path, root: str, most: int) -> int:
    """How many elements a part may have by its root: those that become many objects each have fewer."""
    if root == _STRINGS:  # different strings take room in the file, each of them
        return max(PLAIN, 2 * path.stat().st_size)
    return PLAIN if root.rpartition("}")[2] in _PLAIN else most


def _row(path: Path, attributes: Mapping[str, str], last: int, depth: int) -> int:
    """The number of a row, read as openpyxl reads it; refuses an order in which openpyxl would lose rows."""
    number = float(last + 1)
    with suppress(ValueError):
        number = float(attributes.get("r", number))
    if depth != _AT or not number.is_integer() or not last < number <= ROWS:
        raise _broken(path, f"row {attributes.get('r', number)!r} comes after row {last:,}")
    return int(number)


def _column(path: Path, attributes: Mapping[str, str], row: int, last: int) -> int:
    """The column of a cell; refuses a place at which openpyxl would lose cells."""
    place = attributes.get("r")
    column, at = last + 1, row
    if place:
        found = _PLACE.fullmatch(place.upper())
        column = sum(26**i * (ord(x) - 64) for i, x in enumerate(reversed(found[1]))) if found else 0
        at = int(found[2]) if found else 0
    if at != row or not last < column <= COLUMNS:
        raise _broken(path, f"cell {place or ''!r} stands in row {row:,} after column {last:,}")
    return column


def _elements(path: Path, file: IO[bytes]) -> Iterator[Element]:
    """Depth, name and attributes of each element of an XML file, block by block; nothing where it is no XML."""
    found: list[Element] = []
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        found.append((depth, name, attributes))
        depth += 1

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*names: Any) -> None:
        raise _broken(path, "a part declares a document type, as no workbook does")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = doctype
    try:
        while block := file.read(1 << 16):
            parser.Parse(block)
            yield from found
            found.clear()
    except expat.ExpatError:  # a picture, or what openpyxl refuses at the same place
        yield from found


def _broken(path: Path, why: str) -> DataError:
    return DataError(
        said("file {path} cannot be read as an Excel workbook", path=repr(str(path))),
        said("Save it again as .xlsx."),
        first=why.rstrip(".") or None,
    )
