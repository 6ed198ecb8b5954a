"""Where a table begins and ends in a file: titles above its header, notes below its rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

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
    parsed = {mark: _rows(lines, mark) for mark in marks}
    for mark, rows in parsed.items():
        found = header_row([cells for _, cells in rows], wanted)
        if found is not None:
            return rows[found][0], mark, rows[found][1]
    mark, rows = max(parsed.items(), key=lambda item: max((len(cells) for _, cells in item[1]), default=0))
    above, cells = rows[widest([cells for _, cells in rows])] if rows else (0, [])
    return above, mark, cells


def _rows(lines: Sequence[str], mark: str) -> list[tuple[int, list[str]]]:
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
