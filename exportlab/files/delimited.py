"""Delimited text, read strictly: every row has the header's columns, or the line is named.

By hand on top of csv: pandas fills short rows in silence, and neither it nor Polars says which line is cut or what a
column's text for "unknown" is.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from io import TextIOWrapper
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

import numpy as np

from exportlab.errors import DataError
from exportlab.files.numerals import (
    BOTH_SIGNS,
    BY_DELIMITER,
    OTHER,
    OtherSign,
    both_readings,
    decided,
    doubtful,
    floats,
    is_number,
    numbers_are,
)
from exportlab.files.paths import Advance, encoding_of, raw, refuse_twice, tail
from exportlab.files.plain import Layout, plain_blocks
from exportlab.files.texts import Gathered, Texts
from exportlab.files.unpacking import BLOCK, BROKEN_GZIP, cut_gzip
from exportlab.frames import Array
from exportlab.words import NOTHING, Said, after, said

Missing = frozenset[str]
ROWS = 500  # rows a step: few enough to stay in the processor's cache, which is several times faster


class HasHeader(Protocol):
    """A file whose column names are known."""

    @property
    def path(self) -> Path: ...
    @property
    def header(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class TextTable:
    """A delimited text file whose encoding, delimiter, header and notes below the table are known."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    skip: int = 0
    notes: tuple[tuple[str, ...], ...] = ()
    decimal: str = "."


def text_table(
    path: Path,
    encodings: Sequence[str],
    *,
    wanted: Sequence[str] = (),
    header: int | None = None,
    decimal: str = ".",
) -> TextTable:
    """Look at a file: its encoding, delimiter (comma, tab or semicolon), header and the notes below its rows.

    With `wanted` names the header is the first line that has them all, with `header` it is that line; else the first.

    Raises
    ------
    DataError
        Empty or no text; two columns of one name.
    """
    encoding = encoding_of(path, encodings)
    with TextIOWrapper(raw(path), encoding=encoding, newline="") as file:
        try:
            skip, delimiter, cells = header_place(list(islice(file, LOOK)), wanted, header)
        except csv.Error as error:
            raise DataError(
                said(
                    "file {path} has no header that can be parted into names ({error})",
                    path=repr(str(path)),
                    error=error,
                ),
                said("A quote that opens a name must close it."),
            ) from None
    names = tuple(" ".join(name.split()) for name in cells)
    refuse_twice(path, names)
    notes: tuple[tuple[str, ...], ...] = ()
    if (wanted or header) and len(names) > 1 and not encoding.startswith("utf-16"):
        lines = tail(path, BLOCK).decode(encoding, "replace").splitlines()[1:]
        below = [next(csv.reader([line], delimiter=delimiter), []) for line in lines]
        notes = tuple(tuple(row) for row in below[len(below) - notes_below(below) :] if any(row))
    return TextTable(path, encoding, delimiter, names, skip, notes, decimal)


def same_columns(
    tables: Sequence[HasHeader],
    wanted: Sequence[str],
    *,
    optional: Sequence[str] = (),
    hint: Callable[[str, Sequence[str]], Said] | None = None,
) -> list[str]:
    """`wanted`, plus those of `optional` that the files have; refuses a column that only some files have.

    `hint` says what to do about a name that is not among a file's columns.

    Raises
    ------
    DataError
        Naming the file, what it lacks and what it has.
    """
    some = [name for name in optional if any(name in t.header for t in tables)]
    for name in (*wanted, *some):
        lacking = [t for t in tables if name not in t.header]
        if lacking:
            also = _others_have_it(len(tables) - len(lacking))
            header = [c for c in lacking[0].header if c]
            told = after(hint(name, header)) if hint else NOTHING
            raise DataError(
                said(
                    "file {file} has no column {column}{also}",
                    file=repr(str(lacking[0].path)),
                    column=repr(name),
                    also=also,
                ),
                said("It has: {columns}.{hint}", columns=header, hint=told),
            )
    return [*wanted, *some]


def columns(
    table: TextTable, wanted: Sequence[str], *, numeric: Mapping[str, Missing], advance: Advance | None = None
) -> dict[str, Texts | Array]:
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
    text = {name: Gathered() for name in wanted if name not in numeric}
    parts: dict[str, list[Array]] = {name: [np.empty(0)] for name in numeric if name in wanted}
    done = width = 0
    for step in _steps(table, [*text], [*parts], advance):
        width = step.width
        for name, gathered in text.items():
            gathered.add(step.text[name])
        for name, arrays in parts.items():
            for k in range(0, step.rows, ROWS):
                few = step.numbers[name][k : k + ROWS]
                arrays.append(_numbers(table, name, few, numeric[name], done + k))
        done += step.rows
    if width and not table.notes:
        _refuse_open_end(table, {name: table.header.index(name) for name in wanted}, width)
    return {n: text[n].whole() if n in text else np.concatenate(parts[n]) for n in wanted}


def columns_by_evidence(
    table: TextTable, wanted: Sequence[str], *, numeric: Mapping[str, Missing], advance: Advance | None = None
) -> tuple[TextTable, dict[str, Texts | Array]]:
    """As `columns`, with the decimal sign that the numbers show; and the file with that sign.

    In order: numbers that have one reading only, in any of the columns; the delimiter.

    Raises
    ------
    DataError
        Numbers of both kinds; numbers of which nothing says what they are.
    """
    names = [n for n in numeric if n in wanted]
    likely = BY_DELIMITER.get(table.delimiter) or _by_numbers(table, names)
    table = replace(table, decimal=likely)
    try:
        return table, columns(table, wanted, numeric=numeric, advance=advance)
    except OtherSign as error:
        other = replace(table, decimal=OTHER[likely])
        try:
            return other, columns(other, wanted, numeric=numeric, advance=advance)
        except OtherSign as second:
            raise DataError(
                said(
                    "file {path} writes some numbers with decimal points and some with decimal commas",
                    path=repr(str(table.path)),
                ),
                said("Write them in one way."),
                first=said("{a} beside {b}", a=error.first_message, b=second.first_message),
            ) from None


def _by_numbers(table: TextTable, names: Sequence[str]) -> str:
    """The decimal sign by the numbers alone, where the delimiter says nothing."""
    doubt = None
    for step in _steps(table, [], names, None):
        texts = [t for n in names for t in step.numbers[n] if "," in t]
        sign = decided(texts)
        if texts and sign is not None:
            return sign
        doubt = doubt or doubtful(texts)
    if doubt is None:
        return "."
    raise DataError(
        said(
            "file {path} has numbers that can be read in two ways",
            path=repr(str(table.path)),
        ),
        said("Nothing in the file says which."),
        first=both_readings(doubt),
        options=BOTH_SIGNS,
    )


class _Step(NamedTuple):
    width: int  # of its rows
    rows: int
    text: Mapping[str, Sequence[str]]
    numbers: Mapping[str, Sequence[str]]


def _steps(
    table: TextTable, text: Sequence[str], numbers: Sequence[str], advance: Advance | None
) -> Iterator[_Step]:
    """The file's columns, some rows at a time."""
    seen = 0
    try:
        with raw(table.path) as file:
            for step in _parts(file, table, text, numbers):
                yield step
                if advance:
                    here = _compressed_position(file)
                    advance(here - seen)
                    seen = here
    except csv.Error as error:
        raise _unclosed(table, "limit" in str(error)) from error
    except BROKEN_GZIP as error:
        raise cut_gzip(table.path) from error


def _parts(file: BinaryIO, table: TextTable, text: Sequence[str], numbers: Sequence[str]) -> Iterator[_Step]:
    """Many rows at a time as long as nothing is in doubt, then few."""
    words, figures = ({n: table.header.index(n) for n in names} for names in (text, numbers))
    width, done, at = _first_row(file, table), 0, 0
    if width and not table.notes:
        layout = Layout(
            table.encoding.removesuffix("-sig"),
            table.delimiter,
            width,
            words,
            figures,
            width - 1 if width > len(table.header) else None,
        )
        for block in plain_blocks(file, layout):
            yield _Step(width, block.rows, block.text, block.numbers)
            done, at = done + block.rows, block.end
    file.seek(at)
    with TextIOWrapper(file, table.encoding, newline="") as lines:
        reader = csv.reader(lines, delimiter=table.delimiter, strict=True) if at else _reader(lines, table)
        rest = _rows(reader, table)
        while few := list(islice(rest, ROWS)):
            width = width if done else _width(table, few[0])
            parted = _by_column(table, few, width, done)
            yield _Step(
                width, len(few), *({n: parted[k] for n, k in places.items()} for places in (words, figures))
            )
            done += len(few)


def _by_column(
    table: TextTable, block: Sequence[Sequence[str]], width: int, done: int
) -> list[tuple[str, ...]]:
    try:
        fields = list(zip(*block, strict=True))
    except ValueError:
        raise _ragged(table, block, width, done) from None
    if len(fields) != width or (width > len(table.header) and any(fields[-1])):
        raise _ragged(table, block, width, done)
    return fields


def _first_row(file: BinaryIO, table: TextTable) -> int:
    """How many fields the first row has, where header and row are a line each; the file stands at the row then."""
    try:
        lines = [line.decode(table.encoding) for line in islice(file, table.skip + 2)][table.skip :]
        header, row = csv.reader(lines, delimiter=table.delimiter, strict=True)
    except (UnicodeDecodeError, ValueError, csv.Error):
        return 0
    if tuple(squeezed(header)) != table.header:
        return 0
    file.seek(0)
    for _ in range(table.skip + 1):
        file.readline()
    return _width(table, row)


def _rows(reader: Any, table: TextTable) -> Iterator[list[str]]:
    """Rows above the notes; empty lines are no rows."""
    rows = filter(any, reader)
    return _above_notes(table, rows) if table.notes else rows


def _above_notes(table: TextTable, rows: Iterator[list[str]]) -> Iterator[list[str]]:
    yield from takewhile(list(table.notes[0]).__ne__, rows)
    below = [tuple(row) for row in rows]
    if below != list(table.notes[1:]):
        raise DataError(
            said(
                "file {path} has rows below the note {short}",
                path=repr(str(table.path)),
                short=repr(_short(table.notes[0][0])),
            ),
            said("Split the file there: each part is a table of its own."),
        )


def _reader(file: TextIOWrapper, table: TextTable) -> Any:
    """A reader of the lines below the header."""
    for _ in range(table.skip):
        file.readline()
    reader = csv.reader(file, delimiter=table.delimiter, strict=True)
    next(reader, None)
    return reader


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


def _others_have_it(n: int) -> Said:
    if not n:
        return NOTHING
    return (
        said(", though {n} other file has it", n=1)
        if n == 1
        else said(", though {n} other files have it", n=f"{n:,}")
    )


def _ragged(table: TextTable, block: Sequence[Sequence[str]], width: int, done: int) -> DataError:
    wrong = next(
        i
        for i, row in enumerate(block)
        if len(row) != width or (width > len(table.header) and row[-1].strip())
    )
    row, line = block[wrong], line_of(table, done + wrong)
    if len(row) < width:
        at = repr(table.header[len(row) - 1])
        what = said("ends after {some} of {all} columns, at {name}", some=len(row), all=width, name=at)
        remedy = said("A file cut short while it was written or downloaded ends like this: get it again.")
    else:
        what = said("has {n} columns, not {all}", n=len(row), all=width)
        remedy = said('A field that holds the delimiter needs quotes around it: "1,234".')
    shown = table.delimiter.join(row)
    return DataError(
        said(
            "file {path}, line {line} {what}",
            path=repr(str(table.path)),
            line=f"{line:,}",
            what=what,
        ),
        remedy,
        first=repr(_short(shown)),
    )


def _unclosed(table: TextTable, long: bool) -> DataError:
    most = f"{csv.field_size_limit():,}"
    what = (
        said("a field of more than {most} characters", most=most)
        if long
        else said("a quote that is never closed, or stands inside a field")
    )
    return DataError(
        said(
            "file {path} has {what}, in the row that begins in line {number}",
            path=repr(str(table.path)),
            what=what,
            number=f"{line_of(table, sys.maxsize - 1) + 1:,}",
        ),
        said("A file cut short ends like this: get it again."),
    )


def line_of(table: TextTable, row: int) -> int:
    """The line in which data row `row` (from 0) ends, or the last whole row; only errors read a file again."""
    line = 0
    with TextIOWrapper(raw(table.path), encoding=table.encoding, newline="") as file, suppress(csv.Error):
        reader = _reader(file, table)
        line = reader.line_num
        for _ in islice(filter(any, reader), row + 1):
            line = reader.line_num
    return line + table.skip


def bad_field(
    table: TextTable, column: str, row: int, text: str, *, problem: Said, remedy: Said
) -> DataError:
    """The refusal of one field, with file, line, column and text."""
    place = {"path": repr(str(table.path)), "line": f"{line_of(table, row):,}", "column": repr(column)}
    problem = said("file {path}, line {line}, column {column}: {problem}", **place, problem=problem)
    return DataError(problem, remedy, first=repr(_short(text)))


def _numbers(table: TextTable, name: str, texts: Sequence[str], unknown: Missing, done: int) -> Array:
    out, bad = floats(texts, unknown, table.decimal)
    if bad is None:
        return out
    problem = said("no number") if texts[bad].strip() else said("empty, where a number is needed")
    remedy = numbers_are(table.decimal, texts[bad].strip())
    error = bad_field(table, name, done + bad, texts[bad], problem=problem, remedy=remedy)
    other = OTHER[table.decimal]
    if is_number(texts[bad], other):
        raise OtherSign(*error.messages, first=error.first)
    raise error


def _refuse_open_end(table: TextTable, place: Mapping[str, int], width: int) -> None:
    """A last line without its line end may be cut inside its last field; if that field is used, it counts."""
    name = next((n for n, i in place.items() if i == width - 1), None)
    if name is None:
        return
    end = tail(table.path).rstrip(b"\0")
    if end.endswith((b"\n", b"\r", b'"', table.delimiter.encode())):
        return
    shown = end.decode(table.encoding, "replace").splitlines()[-1]
    raise DataError(
        said(
            "file {path} has no line end after its last line, so {name} may be cut short there",
            path=repr(str(table.path)),
            name=repr(name),
        ),
        said("Get the file again; if the line is whole, end it with a line break."),
        first=repr(_short(shown)),
    )


def _short(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "..."


# Where a table begins and ends in a file: titles above its header, notes below its rows.

LOOK = 30  # lines or rows in which a header is looked for
_NOTE = re.compile(
    r"\s*(sources?\b|notes?\b|remarks?\b|footnotes?\b|\*|†|‡|注|资料来源|数据来源|来源|说明|备注|\(?\d\)|\[\d\])",
    re.IGNORECASE,
)


def squeezed(cells: Sequence[object]) -> list[str]:
    """Cells as names: text with its runs of blanks and line breaks made one blank."""
    return ["" if cell is None else " ".join(str(cell).split()) for cell in cells]


def header_row(rows: Sequence[Sequence[object]], wanted: Sequence[str]) -> int | None:
    """The first row that has all `wanted` names."""
    return next((k for k, row in enumerate(rows[:LOOK]) if {*wanted} <= {*squeezed(row)}), None)


def widest(rows: Sequence[Sequence[object]]) -> int:
    """The first of the rows with most cells filled: the likely header where none has the names asked for."""
    return max(range(min(len(rows), LOOK)), key=lambda k: (sum(map(bool, squeezed(rows[k]))), -k), default=0)


def header_place(
    lines: Sequence[str], wanted: Sequence[str], header: int | None
) -> tuple[int, str, list[str]]:
    """Lines above the header, the delimiter, and the header's cells, from a file's first lines."""
    marks = sorted(",\t;", key=lambda mark: -(lines[0] if lines else "").count(mark))
    if header is not None:
        line = lines[header - 1] if header <= len(lines) else ""
        mark = max(",\t;", key=line.count)
        return header - 1, mark, next(csv.reader([line], delimiter=mark), [])
    if not wanted:
        return 0, marks[0], next(csv.reader(lines[:1], delimiter=marks[0]), [])
    parsed = {mark: _numbered(lines, mark) for mark in marks}
    for mark, rows in parsed.items():
        found = header_row([cells for _, cells in rows], wanted)
        if found is not None:
            return rows[found][0], mark, rows[found][1]
    mark, rows = max(parsed.items(), key=lambda item: max((len(cells) for _, cells in item[1]), default=0))
    above, cells = rows[widest([cells for _, cells in rows])] if rows else (0, [])
    return above, mark, cells


def _numbered(lines: Sequence[str], mark: str) -> list[tuple[int, list[str]]]:
    """Each row with the number of lines above it; a header's cell may hold line breaks."""
    reader = csv.reader(lines, delimiter=mark)
    found, above = [], 0
    for cells in reader:
        found.append((above, cells))
        above = reader.line_num
    return found


def notes_below(rows: Sequence[Sequence[object]]) -> int:
    """How many of the last rows stand below the table.

    They fill the first cell alone or none, and begin with an empty row or with a word such as "Source" or "注".
    """
    first = len(rows)
    while first and not any(squeezed(rows[first - 1][1:])):
        first -= 1
    block = [squeezed(row[:1]) for row in rows[first:]]
    starts = (k for k, cell in enumerate(block) if not any(cell) or _NOTE.match(cell[0]))
    start = next(starts, None)
    return 0 if start is None else len(block) - start
