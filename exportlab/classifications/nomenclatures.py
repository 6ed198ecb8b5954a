"""What a product code is, and in which nomenclature: as it is said, else as the whole column shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import isnan
from typing import Any

from exportlab.classifications.hs import hs_chapters
from exportlab.classifications.labels import totals
from exportlab.errors import OptionError, UnknownName
from exportlab.text import visible
from exportlab.words import Said, in_turn, said

HS_EDITIONS = {
    "H0": "1992",
    "H1": "1996",
    "H2": "2002",
    "H3": "2007",
    "H4": "2012",
    "H5": "2017",
    "H6": "2022",
}
REST = " (rest)"  # what a parent is worth beyond its parts
MIXED = "mixed"  # revision=: codes of several editions are taken as they are

# Divisions of the Standard International Trade Classification, revisions 1 to 4, by section.
_NINE = "123456789"
_SITC = frozenset(
    f"{section}{division}"
    for section, divisions in enumerate(
        ("0" + _NINE, "12", _NINE, "2345", "123", _NINE, _NINE, _NINE, _NINE, "134567")
    )
    for division in divisions
)
_HS = re.compile(r"\d{2}(?:\d{2}){0,4}|\d{4}[A-Z]{2}", re.ASCII)  # 9999AA: goods not specified
_DIGITS = re.compile(r"\d+", re.ASCII)
_POWER = re.compile(r"(\d)(?:\.(\d+))?[eE]\+?(\d{1,3})", re.ASCII)
_FLOAT = re.compile(r"(\d+)\.0", re.ASCII)
_DOTTED = re.compile(r"\d+(?:\.\d+)*\.[1-9]\d*|\d+(?:\.\d\d)+", re.ASCII)
_QUOTE = "'\u2019\u2018`"


@dataclass(frozen=True)
class Nomenclature:
    """A family of product codes, and its edition where that is known."""

    family: str
    edition: str | None = None

    def __str__(self) -> str:
        return f"{self.family}{self.edition or ''}"


OWN = Nomenclature("own")


def nomenclature(name: str) -> Nomenclature:
    """The nomenclature of a name: "HS", "HS2017" or "H5", "SITC", "SITC3" or "S3", "BEC4" or "B4", "own".

    Raises
    ------
    UnknownName
    """
    bare = re.sub(r"[\s._-]|rev", "", str(name), flags=re.IGNORECASE).upper()
    if bare == "OWN":
        return OWN
    if bare in HS_EDITIONS:
        return Nomenclature("HS", HS_EDITIONS[bare])
    years = {**{y: y for y in HS_EDITIONS.values()}, **{y[2:]: y for y in HS_EDITIONS.values()}}
    if found := re.fullmatch(r"(HS|SS|SITC|S|BEC|B)(\d*)", bare):
        family = {"S": "SITC", "B": "BEC"}.get(found[1], found[1]).replace("SS", "HS")
        known = years if family == "HS" else {str(n): str(n) for n in range(1, 6)}
        if not found[2] or found[2] in known:
            return Nomenclature(family, known.get(found[2]))
    raise UnknownName(
        said("nomenclature"), name, ["HS", *(f"HS{y}" for y in HS_EDITIONS.values()), "SITC3", "own"]
    )


def code_of(label: object, *, dotted: bool = False) -> str | None:
    """The digits of a code as spreadsheets and data frames disfigure it; None where it shows no whole code.

    ``="010121"``, ``'010121``, ``0101 21``, full-width digits and ``10121.0`` are read, ``1.0121E+04`` too, which
    shows all its digits; ``1.01E+05`` does not. With `dotted`, '.0' is part of a code as nomenclatures print it.
    """
    text = str(label)
    if text.isascii() and text.isdecimal():  # as nearly all are
        return text
    text = "".join(visible(text).split())
    text = text.removeprefix("=").strip('"').lstrip(_QUOTE)
    if not dotted and (found := _FLOAT.fullmatch(text)):
        return found[1]
    if found := _POWER.fullmatch(text):
        shown = found[1] + (found[2] or "")
        return shown if len(shown) == int(found[3]) + 1 else None
    bare = text.replace(".", "")
    return bare if _DIGITS.fullmatch(bare) or _HS.fullmatch(bare) else None


def _is_power(label: object) -> bool:
    """Whether a label is a number in scientific notation, as Excel (1.01E+05) and pandas (1.01e+05) write it."""
    text = str(label).strip()
    return bool(_POWER.fullmatch(text)) and ("+" in text or "." in text)


@dataclass(frozen=True)
class Fault:
    """Labels of a column that are no codes, what is wrong, and the options that mend it."""

    labels: tuple[Any, ...]
    problem: Said
    remedy: Said
    options: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True)
class Codes:
    """A column of product labels, understood: each label's digits, and the nomenclature if it is one.

    `labels` are those that should be codes: totals and the rests of parents are none.
    """

    labels: Sequence[Any]
    of: Mapping[Any, str]
    nomenclature: Nomenclature | None

    @property
    def nested(self) -> bool:
        """Whether a code that begins with another is a part of it."""
        return self.nomenclature is not None and self.nomenclature.family in ("HS", "SITC")


def _single(labels: Iterable[Any]) -> list[Any]:
    """The labels that should be codes: totals and the rests of parents are none."""
    given = [x for x in labels if x is not None and not (isinstance(x, float) and isnan(x))]
    whole = {*totals(given, role="product")}
    return [x for x in given if x not in whole and not str(x).endswith(REST)]


def read_codes(labels: Iterable[Any], said: str | None = None) -> Codes:
    """Understand a column by its distinct labels; `said` is the nomenclature's name."""
    return _read(_single(labels), None if said is None else nomenclature(said))


def _read(single: list[Any], named: Nomenclature | None) -> Codes:
    dotted = any("." in str(x) and _DOTTED.fullmatch(str(x).strip()) for x in single)
    of = {x: code for x in single if (code := code_of(x, dotted=dotted)) is not None}
    if named is None and single and len(of) == len(single):
        named = _recognised(list(of.values()))
    return Codes(single, of, named)


def _recognised(codes: Sequence[str]) -> Nomenclature | None:
    """The nomenclature in which all of the codes are codes, where they are long enough to tell."""
    longest = max(map(len, codes))
    if longest >= 4 and all(map(_is_hs, codes)):
        return Nomenclature("HS")
    zeros = any(len(c) > 2 and c[0] == "0" for c in codes)
    if 3 <= longest <= 5 and zeros and all(map(_is_sitc, codes)):
        return Nomenclature("SITC")
    return None


def _is_hs(code: str) -> bool:
    return code[:2] in _chapters() and bool(_HS.fullmatch(code))


def _is_sitc(code: str) -> bool:
    return bool(_DIGITS.fullmatch(code)) and len(code) <= 5 and (len(code) == 1 or code[:2] in _SITC)


@cache
def _chapters() -> frozenset[str]:
    return frozenset(c.code for c in hs_chapters()) | {"77"}  # reserved, and used for corrections


IS_CODE = {"HS": _is_hs, "SITC": _is_sitc}


def moved(labels: Iterable[Any], digits: int, said: str | None = None) -> dict[Any, str]:
    """Each label that is no code of `digits` digits as it stands, and the code that it is.

    A code of the Harmonized System has lost one zero at most (chapters 01 to 09), so that shorter ones keep their
    level; all others get zeros up to `digits`.
    """
    codes = read_codes(labels, said)
    harmonized = codes.nomenclature is not None and codes.nomenclature.family == "HS"
    whole = {
        x: ("0" + c if len(c) % 2 and _DIGITS.fullmatch(c) else c) if harmonized and said else c.zfill(digits)
        for x, c in codes.of.items()
    }
    return {x: c for x, c in whole.items() if c != x}


def faults(codes: Codes, said: str | None = None, digits: int | None = None) -> list[Fault]:
    """What is wrong with a column of product codes, as `read_codes` has read it; nothing where they are one's own."""
    single, named = codes.labels, None if said is None else nomenclature(said)
    if named == OWN and digits is None:
        return []
    if digits is not None:
        return _beyond_digits(single, named, digits)
    lost = [x for x in single if _is_power(x) and x not in codes.of]
    if lost:
        return [_notation(lost)]
    disfigured = [x for x in codes.of if _disfigured(x, codes.of[x])]
    if disfigured:
        return [_disfigurement(disfigured, codes)]
    zeros = _lost_zeros(codes, single)
    if zeros:
        return [zeros]
    test = IS_CODE.get(named.family) if named else None
    wrong = [x for x in single if x not in codes.of or not test(codes.of[x])] if test else []
    return [_no_codes(wrong, named)] if wrong else []


def _notation(lost: Sequence[Any]) -> Fault:
    remedy = said("The digits are gone: write the file again with the codes as text.")
    return Fault(
        tuple(lost),
        said("are product codes in scientific notation, which show fewer digits than the code has"),
        remedy,
    )


def _disfigured(label: object, code: str) -> bool:
    text = str(label)
    return text.replace(".", "") != code


def _even(longest: int) -> int:
    return longest + longest % 2 if longest > 2 else longest


def _disfigurement(labels: Sequence[Any], codes: Codes) -> Fault:
    digits = _even(max(map(len, codes.of.values())))
    remedy = said(
        "Blanks, quotes, full-width digits and decimals are no part of a code of {digits} digits.",
        digits=digits,
    )
    options = ({"digits": digits}, {"nomenclature": "own"})
    return Fault(
        tuple(labels), said("are product codes disfigured by a spreadsheet or a data frame"), remedy, options
    )


def _lost_zeros(codes: Codes, single: Sequence[Any]) -> Fault | None:
    """Codes of odd length beside those of the Harmonized System, none of which begins with a zero."""
    named = codes.nomenclature
    family = None if named is None else named.family
    short = [x for x, c in codes.of.items() if len(c) % 2 and _DIGITS.fullmatch(c)]
    if family not in (None, "HS") or not short or len(codes.of) < len(single):
        return None
    lengths = {len(c) for c in codes.of.values()}
    even = [c for c in codes.of.values() if not len(c) % 2]
    if family is None:
        longest = max(lengths)
        begun = any(c[0] == "0" for c in codes.of.values())
        if longest < 6 or longest % 2 or longest - 1 not in lengths or begun or not all(map(_is_hs, even)):
            return None
    digits = _even(max(lengths))
    levels = family is None and bool(lengths - {digits - 1, digits})
    remedy = said("Leading zeros are lost where codes were stored as numbers ('010121' became 10121).")
    padded: dict[str, object] = {"digits": digits, "nomenclature": "HS"} if levels else {"digits": digits}
    if family == "HS" and lengths - {digits - 1, digits}:
        remedy = in_turn(remedy, said("Codes shorter than that keep their level."))
    return Fault(
        tuple(short),
        said("are product codes that have lost a zero"),
        remedy,
        (padded, {"nomenclature": "own"}),
    )


def _no_codes(wrong: Sequence[Any], named: Nomenclature | None) -> Fault:
    rules = {
        "HS": said(
            "Codes of the Harmonized System have 2, 4, 6, 8 or 10 digits and begin with a chapter, 01 to 99."
        ),
        "SITC": said("Codes of the SITC have 1 to 5 digits and begin with a division, such as 00, 33 or 78."),
    }
    problem = said("are no codes of {nomenclature}", nomenclature=named)
    return Fault(tuple(wrong), problem, rules[named.family if named else "HS"], ({"nomenclature": "own"},))


def _beyond_digits(single: Sequence[Any], named: Nomenclature | None, digits: int) -> list[Fault]:
    """What `digits` could not mend: looked at after it has done its work."""
    lost = [x for x in single if _is_power(x) and code_of(x) is None]
    if lost:
        return [_notation(lost)]
    bare = {x: str(x).replace(".", "") for x in single}
    odd = [x for x, c in bare.items() if not (_DIGITS.fullmatch(c) or _HS.fullmatch(c))]
    if odd:
        asked = said("are no codes, which digits={digits} asks for", digits=digits)
        return [Fault(tuple(odd), asked, said("Codes are digits."))]
    long = [x for x, c in bare.items() if len(c) > digits]
    if long:
        most = max(map(len, bare.values()))
        more = said("have more than digits={digits} digits", digits=digits)
        return [
            Fault(tuple(long), more, said("Say how many digits the longest code has."), ({"digits": most},))
        ]
    if named == OWN or (named is not None and named.family != "HS") or digits % 2 or digits < 4:
        return []
    if named is None:
        short = [x for x, c in bare.items() if c.startswith("00")]
        if not short:
            return []
        remedy = said(
            "No chapter of the HS is 00. In the HS short codes keep their level; in one's own all get zeros."
        )
        got = said("got more than one zero by digits={digits}", digits=digits)
        options = ({"digits": digits, "nomenclature": "HS"}, {"digits": digits, "nomenclature": "own"})
        return [Fault(tuple(short), got, remedy, options)]
    wrong = [x for x, c in bare.items() if not _is_hs(c)]
    return [_no_codes(wrong, named)] if wrong else []


def one_edition(found: Iterable[str], revision: str | None) -> list[str]:
    """The names of nomenclatures that are kept: all where they are one edition, else those that `revision` says.

    Raises
    ------
    OptionError
        None of them is `revision`.
    """
    names = sorted(set(found))
    if revision is None or revision == MIXED:
        return names
    wanted = nomenclature(revision)
    kept = [n for n in names if nomenclature(n) == wanted]
    if not kept:
        raise OptionError(
            said(
                "revision={revision} is not allowed. Allowed: {names}.",
                revision=repr(revision),
                names=", ".join(map(repr, (*names, MIXED))),
            )
        )
    return kept
