"""Telling a customs download by its header."""

from __future__ import annotations

from exportlab.readers.delimited import text_table
from exportlab.readers.files import TEXT, find
from exportlab.readers.gacc import ENCODINGS, MARKET, PERIOD, PLACE, PRODUCT


def is_gacc(path: str) -> bool:
    """Whether the first file found at `path` has the columns of the customs query."""
    first = find(path, TEXT)[0]
    if not first.name.lower().endswith(TEXT):
        return False
    return {PERIOD, PRODUCT, MARKET} <= set(text_table(first, ENCODINGS).header)


def names_places(path: str) -> bool:
    """Whether a customs download has the column of registration places."""
    return PLACE in text_table(find(path, TEXT)[0], ENCODINGS).header
