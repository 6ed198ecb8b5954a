"""Lines in which nothing is in doubt, parted by pandas, several times faster than csv does it.

pandas fills a short row in silence and takes a quote anywhere. So a block is looked at first, byte by byte: only where
each line has as many delimiters as the header, outside quotes that open and close a field and hold no line end, are
there no two ways to part it. Whatever is not so plain is left to csv, which names the line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

SIZE = 1 << 23  # bytes a block


class Layout(NamedTuple):
    """How rows are parted, and the places of the columns that are wanted."""

    encoding: str
    delimiter: str
    width: int
    text: Mapping[str, int]
    numbers: Mapping[str, int]
    spare: int | None  # a last column without a name, which has to be empty


class Block(NamedTuple):
    """Some rows: columns of text, and of numbers as they are written."""

    rows: int
    text: Mapping[str, list[str]]
    numbers: Mapping[str, list[str]]
    end: int  # position in the file


def plain_blocks(file: BinaryIO, layout: Layout) -> Iterator[Block]:
    """A file from where it stands, until a block is not plain or the file ends."""
    end, rest = file.tell(), b""
    while new := file.read(SIZE):
        lines, cut, rest = (rest + new).rpartition(b"\n")
        try:
            text = (lines + cut).decode(layout.encoding).encode()
        except UnicodeDecodeError:
            return
        if not cut or not _is_plain(text, ord(layout.delimiter), layout.width):
            return
        end += len(lines) + 1
        found = _parted(text, layout, end)
        if found is None:
            return
        yield found


def _is_plain(text: bytes, delimiter: int, width: int) -> bool:
    """Whether there is one way only to part whole lines into so many fields."""
    if b"\0" in text or text.count(b"\r") != text.count(b"\r\n"):
        return False
    held = np.frombuffer(text, np.uint8)
    between, ends, quotes = held == delimiter, np.flatnonzero(held == 10), np.flatnonzero(held == 34)
    if quotes.size:
        if not _are_pairs(held, quotes, between):
            return False
        inside = np.logical_xor.accumulate(held == 34)
        if inside[ends].any():
            return False
        between &= ~inside
    parts = np.flatnonzero(between)
    if len(parts) != len(ends) * (width - 1) or np.diff(ends, prepend=-1).max() > csv.field_size_limit():
        return False
    written = (held > 34) & (held != delimiter)
    if not np.logical_or.reduceat(
        written, np.r_[0, ends[:-1] + 1]
    ).all():  # to csv's reader no row, if all is empty
        return False
    rows = parts.reshape(len(ends), width - 1)
    return width == 1 or bool((rows[:, -1] < ends).all() and (rows[1:, 0] > ends[:-1]).all())


def _are_pairs(held: NDArray[np.uint8], quotes: NDArray[np.intp], between: NDArray[np.bool_]) -> bool:
    """Whether quotes open a field and close it, by turns; the last line ends behind all of them."""
    edge = between | (held == 10) | (held == 13)
    opens = edge[quotes - 1] | (quotes == 0)
    closes = edge[quotes + 1]
    turns = np.arange(len(quotes)) % 2 == 0
    return len(quotes) % 2 == 0 and bool((opens == turns).all() and (closes != turns).all())


def _parted(text: bytes, layout: Layout, end: int) -> Block | None:
    import pandas as pd

    spare = [] if layout.spare is None else [layout.spare]
    frame = pd.read_csv(
        BytesIO(text),
        sep=layout.delimiter,
        header=None,
        names=list(range(layout.width)),
        usecols=[*layout.text.values(), *layout.numbers.values(), *spare],
        dtype=object,  # as categories, codes would be made numbers and lose their zeros
        index_col=False,
        na_filter=False,
        skip_blank_lines=False,
        low_memory=False,
        engine="c",
    )
    if any((frame[k] != "").any() for k in spare):
        return None
    words, figures = ({n: frame[k].tolist() for n, k in p.items()} for p in (layout.text, layout.numbers))
    return Block(len(frame), words, figures, end)
