"""How much a compressed file unpacks to, told before it fills the memory.

gzip and zipfile unpack; the limit is by hand, as neither has one.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from exportlab.errors import DataError
from exportlab.words import said

MOST = 100  # times its size that a file may unpack to; tables of numbers come to 10 or 20
ENOUGH = 50_000_000  # bytes up to which a file may unpack, however small it is
BLOCK = 1 << 20
BROKEN_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)


def check_size(path: Path, unpacked: int) -> None:
    """Refuse a file that unpacks to more than any table does."""
    size = path.stat().st_size
    most = max(ENOUGH, MOST * size)
    if unpacked > most:
        raise DataError(
            said(
                "file {path} has {size} bytes and unpacks to more than {most}",
                path=repr(str(path)),
                size=f"{size:,}",
                most=f"{most:,}",
            ),
            said(
                "More than {most} times its size is no table of figures: get it again, or save it "
                "again unpacked.",
                most=MOST,
            ),
        )


def names_in(path: Path) -> tuple[str, ...]:
    """The files inside a zip archive; refuses one that unpacks to more than any table does.

    Raises
    ------
    BadZipFile
        It is no whole archive: what is to be done about it, the caller says.
    """
    with ZipFile(path) as parts:
        check_size(path, sum(part.file_size for part in parts.infolist()))
        return tuple(name for name in parts.namelist() if not name.endswith("/"))


def blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, unzipped where its name ends in .gz, as long as they come to no more than a table.

    Raises
    ------
    DataError
        It unpacks to more than any table does, or is no whole gzip file.
    """
    zipped, size = path.suffix.lower() == ".gz", 0
    try:
        with gzip.open(path) if zipped else path.open("rb") as file:
            while block := file.read(BLOCK):
                size += len(block)
                if zipped:
                    check_size(path, size)
                yield block
    except BROKEN_GZIP as error:
        raise cut_gzip(path) from error


def cut_gzip(path: Path) -> DataError:
    """The refusal of a compressed file that ends too early."""
    return DataError(
        said("file {path} is not a whole gzip file", path=repr(str(path))),
        said("It was cut short: download it again."),
    )
