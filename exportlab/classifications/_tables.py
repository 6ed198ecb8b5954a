"""Tables that are read once, on first use, and the one way in which labels are compared."""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache
from importlib.resources import files
from io import StringIO

_PUNCTUATION = re.compile(r"[.,;:'\"`’‘“”\-_/()\[\]]+")
_SPACES = re.compile(r"\s+")
_FILLER = re.compile(r"\b(?:the|of)\b")
_CJK_GAP = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")


@cache
def rows(table: str) -> tuple[dict[str, str], ...]:
    """The rows of ``tables/<table>.csv``."""
    text = (files(__package__) / "tables" / f"{table}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(StringIO(text)))


@cache
def key(label: str) -> str:
    """A label without what spellings differ in: case, width, accents, punctuation, spaces, articles."""
    text = unicodedata.normalize("NFKD", label).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = _PUNCTUATION.sub(" ", text.replace("&", " and "))
    text = _FILLER.sub(" ", text)
    text = _SPACES.sub(" ", text).strip()
    return _CJK_GAP.sub("", re.sub(r"\bsaint\b", "st", text))
