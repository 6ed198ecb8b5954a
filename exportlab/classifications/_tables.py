"""Tables that are read once, on first use, and the one way in which labels are compared."""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache
from importlib.resources import files
from io import StringIO

from exportlab.text import visible

_PUNCTUATION = re.compile(r"[.,;:'\"`’‘“”\-_/()\[\]*、]+")
_SPACES = re.compile(r"\s+")
_FILLER = re.compile(r"\b(?:the|of)\b")
# What lists of names write short, in full; a word that means two things ("fr", "is") has no entry.
_WRITTEN_OUT = {
    "rep": "republic",
    "dem": "democratic",
    "fed": "federated",
    "sts": "states",
    "isds": "islands",
    "isl": "islands",
    "terr": "territory",
    "territories": "territory",
    "utd": "united",
    "prov": "province",
    "br": "british",
    "saint": "st",
    "fmr": "former",
    "fm": "former",
    "sar": "special administrative region",
}
_CHANGED = frozenset({"the", "of", "saint"})  # the single words that keys know otherwise
_CJK_GAP = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")


@cache
def rows(table: str) -> tuple[dict[str, str], ...]:
    """The rows of ``tables/<table>.csv``."""
    text = (files(__package__) / "tables" / f"{table}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(StringIO(text)))


@cache
def key(label: str) -> str:
    """A label without what spellings differ in: case, width, accents, punctuation, spaces, articles."""
    if label.isascii() and label.isalnum() and (bare := label.lower()) not in _CHANGED:  # as codes are
        return bare
    text = unicodedata.normalize("NFKD", visible(label)).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = _PUNCTUATION.sub(" ", text.replace("&", " and "))
    text = _FILLER.sub(" ", text)
    text = _SPACES.sub(" ", text).strip()
    return _CJK_GAP.sub("", re.sub(r"\bsaint\b", "st", text))


@cache
def words(label: str) -> str:
    """A key with its abbreviations written out and its words in the order of the alphabet: "Poland, Rep. of".

    No word is left out: "Korea, Dem. Rep." keeps what tells it from "Korea, Rep.".
    """
    return " ".join(sorted(" ".join(_WRITTEN_OUT.get(w, w) for w in key(label).split()).split()))
