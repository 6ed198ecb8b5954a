"""Sections and chapters of the Harmonized System (HS), with short titles in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from exportlab.classifications._tables import rows
from exportlab.errors import OptionError, UnknownName
from exportlab.words import said

_CODE = re.compile(r"\d{2,10}")


@dataclass(frozen=True)
class HSChapter:
    """One chapter: two digits as text, a short title, and the Roman number of its section."""

    code: str
    title: str
    section: str


@dataclass(frozen=True)
class HSSection:
    """One section: its Roman number, title and chapters (two digits as text)."""

    number: str
    title: str
    chapters: tuple[str, ...]


def hs_chapter(code: str) -> HSChapter:
    """The chapter of an HS code of any length: ``hs_chapter("870323").title``.

    Codes have an even number of digits: one of odd length has lost its zero, and ``"10121"`` is of chapter 01.

    Raises
    ------
    OptionError
        If the code is not text of 2 to 10 digits (dots and spaces are ignored). Integers are refused:
        as an integer 01 has lost its zero, and 1 would be no code.
    UnknownName
        If there is no such chapter (77 is reserved; 00 does not exist).
    """
    if not isinstance(code, str) or not _CODE.fullmatch(digits := re.sub(r"[.\s]", "", code)):
        raise OptionError(
            said(
                "code={code} is not an HS code. Allowed: text of 2 to 10 digits, such as '01', '0101.21'.",
                code=repr(code),
            )
        )
    digits = "0" + digits if len(digits) % 2 else digits
    chapters = _chapters()
    if digits[:2] not in chapters:
        raise UnknownName(said("HS chapter"), digits[:2], chapters)
    return chapters[digits[:2]]


def hs_section(code: str) -> HSSection:
    """The section of an HS code, or of a Roman number: ``hs_section("8703").number == "XVII"``.

    Raises
    ------
    OptionError, UnknownName
        As `hs_chapter`.
    """
    sections = _sections()
    if isinstance(code, str) and code.strip().upper() in sections:
        return sections[code.strip().upper()]
    return sections[hs_chapter(code).section]


def hs_sections() -> tuple[HSSection, ...]:
    """The 21 sections and, as section "-", the chapters kept for national use (98, 99)."""
    return tuple(_sections().values())


def hs_chapters() -> tuple[HSChapter, ...]:
    """All chapters in order."""
    return tuple(_chapters().values())


@cache
def _chapters() -> dict[str, HSChapter]:
    return {r["chapter"]: HSChapter(r["chapter"], r["title"], r["section"]) for r in rows("hs_chapters")}


@cache
def _sections() -> dict[str, HSSection]:
    of = {r["section"]: r["title"] for r in rows("hs_sections")}
    chapters = _chapters().values()
    return {
        s: HSSection(s, title, tuple(c.code for c in chapters if c.section == s)) for s, title in of.items()
    }
