"""Delimited text, read strictly: every row has the header's columns, or the line is named."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from exportlab.arrays import Array
from exportlab.errors import DataError
from exportlab.readers.files import BLOCK, BROKEN_GZIP, Advance, cut_gzip, encoding_of, raw

Missing = frozenset[str]

ROWS = 500  # rows a step: few enough to stay in the processor's cache, which is several times faster
_PLAIN = re.compile(r"[0-9.\n]*", re.ASCII)
_NUMBER = re.compile(
    r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:(?<=\d)\.\d*|\.\d+)?(?<=[\d.])(?:[eE][+-]?\d+)?", re.ASCII
)


class HasHeader(Protocol):
    """A file whose column names are known."""

    @property
    def path(self) -> Path: ...
    @property
    def header(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class TextTable:
    """A delimited text file whose encoding, delimiter and header are known."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]


def text_table(path: Path, encodings: Sequence[str]) -> TextTable:
    """Look at a file: its encoding, delimiter (comma, tab or semicolon) and header.

    Raises
    ------
    DataError
        Empty or no text; two columns of one name.
    """
    encoding = encoding_of(path, encodings)
    with TextIOWrapper(raw(path), encoding=encoding, newline="") as file:
        first = file.readline()
    delimiter = max(",\t;", key=first.count)
    header = tuple(name.strip() for name in next(csv.reader([first], delimiter=delimiter), []))
    twice = [name for name in header if name and header.count(name) > 1]
    if twice:
        raise DataError(
            f"file {str(path)!r} has two columns named {twice[0]!r}", "Rename or remove one of them."
        )
    return TextTable(path, encoding, delimiter, header)


def same_columns(
    tables: Sequence[HasHeader], wanted: Sequence[str], *, optional: Sequence[str] = ()
) -> list[str]:
    """`wanted`, plus those of `optional` that the files have; refuses a column that only some files have.

    Raises
    ------
    DataError
        Naming the file, what it lacks and what it has.
    """
    some = [name for name in optional if any(name in t.header for t in tables)]
    for name in (*wanted, *some):
        lacking = [t for t in tables if name not in t.header]
        if lacking:
            beside = len(tables) - len(lacking)
            also = f", though {beside:,} other file{' has' if beside == 1 else 's have'} it" if beside else ""
            raise DataError(
                f"file {str(lacking[0].path)!r} has no column {name!r}{also}",
                f"It has: {[c for c in lacking[0].header if c]}.",
            )
    return [*wanted, *some]


def columns(
    table: TextTable, wanted: Sequence[str], *, numeric: Mapping[str, Missing], advance: Advance | None = None
) -> dict[str, list[str] | Array]:
    """The `wanted` columns of a file: text, stripped of blanks, or Float64.

    Parameters
    ----------
    table : TextTable
    wanted : sequence of str
    numeric : mapping of str to frozenset of str
        Columns that hold numbers (thousands separators allowed), each with the texts that mean "unknown"
        and become NaN.
    advance : callable, optional
        Told how many bytes of the file were read since the last call.

    Raises
    ------
    DataError
        A line with too few or too many columns, a quote that never closes, text for a number, a last line
        that may be cut short: with file, line, column and the text.
    """
    place = {name: table.header.index(name) for name in wanted}
    text: dict[str, list[str]] = {name: [] for name in wanted if name not in numeric}
    parts: dict[str, list[Array]] = {name: [] for name in numeric if name in wanted}
    done = width = 0
    for fields in _steps(table, advance):
        width = len(fields)
        for name, values in text.items():
            values.extend(map(sys.intern, map(str.strip, fields[place[name]])))
        for name, arrays in parts.items():
            arrays.append(_numbers(table, name, fields[place[name]], numeric[name], done))
        done += len(fields[0])
    if width:
        _refuse_open_end(table, place, width)
    return {n: text[n] if n in text else np.concatenate(parts[n] or [np.empty(0)]) for n in wanted}


def _steps(table: TextTable, advance: Advance | None) -> Iterator[list[tuple[str, ...]]]:
    """The file's columns, some thousand rows at a time."""
    width = done = 0
    try:
        with raw(table.path) as byte_file, TextIOWrapper(byte_file, table.encoding, newline="") as file:
            reader = _rows(file, table)
            seen = 0
            while block := list(islice(reader, ROWS)):
                width = width or _width(table, block[0])
                try:
                    fields = list(zip(*block, strict=True))
                except ValueError:
                    raise _ragged(table, block, width, done) from None
                if len(fields) != width or (width > len(table.header) and any(fields[-1])):
                    raise _ragged(table, block, width, done)
                yield fields
                done += len(block)
                if advance:
                    here = _compressed_position(byte_file)
                    advance(here - seen)
                    seen = here
    except csv.Error as error:
        raise _unclosed(table) from error
    except BROKEN_GZIP as error:
        raise cut_gzip(table.path) from error


def _rows(file: TextIOWrapper, table: TextTable) -> Iterator[list[str]]:
    """Rows after the header; blank lines are no rows."""
    reader = csv.reader(file, delimiter=table.delimiter, strict=True)
    next(reader, None)
    return filter(None, reader)


def _compressed_position(file: Any) -> int:
    return int(getattr(file, "fileobj", file).tell())


def _width(table: TextTable, row: Sequence[str]) -> int:
    """How many fields a row has: the header's, give or take an empty last column."""
    plain = len(table.header)
    if len(row) == plain + 1 and not row[-1].strip():
        return plain + 1
    if len(row) == plain - 1 and not table.header[-1]:
        return plain - 1
    return plain


def _ragged(table: TextTable, block: Sequence[Sequence[str]], width: int, done: int) -> DataError:
    wrong = next(
        i for i, row in enumerate(block)
        if len(row) != width or (width > len(table.header) and row[-1].strip())
    )  # fmt: skip
    row, line = block[wrong], line_of(table, done + wrong)
    if len(row) < width:
        what = f"ends after {len(row)} of {width} columns, at {table.header[len(row) - 1]!r}"
        remedy = "A file cut short while it was written or downloaded ends like this: get it again."
    else:
        what = f"has {len(row)} columns, not {width}"
        remedy = 'A field that holds the delimiter needs quotes around it: "1,234".'
    shown = table.delimiter.join(row)
    return DataError(f"file {str(table.path)!r}, line {line:,} {what}", remedy, first=repr(_short(shown)))


def _unclosed(table: TextTable) -> DataError:
    return DataError(
        f"file {str(table.path)!r} has a quote that is never closed, or stands inside a field, "
        f"in the row that begins in line {line_of(table, sys.maxsize - 1) + 1:,}",
        "A file cut short ends like this: get it again.",
    )


def line_of(table: TextTable, row: int) -> int:
    """The line in which data row `row` (from 0) ends, or the last whole row; only errors read a file again."""
    line = 0
    with TextIOWrapper(raw(table.path), encoding=table.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=table.delimiter, strict=True)
        with suppress(csv.Error):
            next(reader, None)
            line = reader.line_num
            for _ in islice(filter(None, reader), row + 1):
                line = reader.line_num
    return line


def bad_field(table: TextTable, column: str, row: int, text: str, *, problem: str, remedy: str) -> DataError:
    """The refusal of one field, with file, line, column and text."""
    where = f"file {str(table.path)!r}, line {line_of(table, row):,}, column {column!r}: "
    return DataError(where + problem, remedy, first=repr(_short(text)))


def _numbers(table: TextTable, name: str, texts: Sequence[str], unknown: Missing, done: int) -> Array:
    if _PLAIN.fullmatch("\n".join(texts)):  # digits and points alone: float() takes nothing else there
        with suppress(ValueError):
            return np.array(list(map(float, texts)))
    match = _NUMBER.fullmatch
    out = np.empty(len(texts))
    for i, text in enumerate(texts):
        bare = text.strip()
        if bare and match(bare):
            out[i] = float(bare.replace(",", ""))
        elif bare in unknown:
            out[i] = np.nan
        else:
            problem = "no number" if bare else "empty, where a number is needed"
            raise bad_field(
                table, name, done + i, text, problem=problem,
                remedy="Numbers are digits with '.' for decimals; ',' may only set off thousands (1,234.5).",
            )  # fmt: skip
    return out


def _refuse_open_end(table: TextTable, place: Mapping[str, int], width: int) -> None:
    """A last line without its line end may be cut inside its last field; if that field is used, it counts."""
    name = next((n for n, i in place.items() if i == width - 1), None)
    if name is None:
        return
    tail = _tail(table.path).rstrip(b"\0")
    if tail.endswith((b"\n", b"\r", b'"', table.delimiter.encode())):
        return
    shown = tail.decode(table.encoding, "replace").splitlines()[-1]
    raise DataError(
        f"file {str(table.path)!r} has no line end after its last line, so {name!r} may be cut short there",
        "Get the file again; if the line is whole, end it with a line break.",
        first=repr(_short(shown)),
    )


def _tail(path: Path) -> bytes:
    """The last bytes of a file."""
    with raw(path) as file:
        if path.suffix.lower() != ".gz":
            file.seek(max(0, path.stat().st_size - 4096))
        last = b""
        while block := file.read(BLOCK):
            last = (last + block)[-4096:]
    return last


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "..."
