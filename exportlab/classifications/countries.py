"""Countries and territories: one record each, found by code or by any of the names trade data use."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from numbers import Integral, Real
from typing import Any, TypeVar

from exportlab.classifications._tables import key, rows, words
from exportlab.errors import UnknownName, one_of, short
from exportlab.text import visible
from exportlab.words import N_, Said, row, said

SHOWN = 10  # labels that an error lists
SCHEMES = ("name", "iso3", "iso2", "m49", "gacc", "comtrade")

Label = TypeVar("Label", bound=Hashable)


@dataclass(frozen=True)
class Country:
    """A country or territory of ISO 3166-1 (and Kosovo, by its user-assigned code XKX).

    Attributes
    ----------
    iso3, iso2 : str
        ISO 3166-1 codes.
    m49 : str
        United Nations M49 code, three digits as text; empty for Kosovo, which has none.
    name, name_zh : str
        Short English and Chinese names (CLDR, shortened where trade data use a shorter one).
    gacc : str
        Partner code in force in the statistics of China's customs, three digits as text; empty where
        it could not be confirmed.
    """

    iso3: str
    iso2: str
    m49: str
    name: str
    name_zh: str
    gacc: str


def countries() -> tuple[Country, ...]:
    """All countries and territories, by ISO3."""
    return tuple(_by_iso3().values())


def country(label: str | int, *, scheme: str | None = None) -> Country:
    """The country that a code or a name stands for.

    Parameters
    ----------
    label : str or int
        ISO3, ISO2, M49 (an integer, or three digits as text), or a name: English, Chinese or one of
        the spellings in ``country_aliases.csv``. Case, spacing, accents and punctuation do not matter.
    scheme : {"name", "iso3", "iso2", "m49", "gacc", "comtrade"}, optional
        Read the label in one scheme only. By default names, ISO3, ISO2 and M49 are recognised.
        "gacc" (China's customs) and "comtrade" (UN Comtrade and CEPII BACI, which depart from M49
        for a few countries) are never guessed: as three digits they collide with M49 (133 is South
        Korea in customs data; 116 is Japan there and Cambodia in M49).

    Raises
    ------
    UnknownName
        If nothing has that code or name; near matches are listed.
    OptionError
        If `scheme` is not one of the allowed ones.
    """
    found = _find(label, scheme)
    if found is None:
        raise UnknownName(_kind(scheme), label, _known(scheme))
    return _by_iso3()[found]


def iso3(labels: Iterable[Label] | str, *, scheme: str | None = None) -> dict[Any, str]:
    """ISO3 codes of many labels at once: ``{label: iso3}``.

    Parameters
    ----------
    labels : str, or iterable of str or int
        A text is one name. Repeated labels are looked up once.
    scheme : str, optional
        As in `country`.

    Raises
    ------
    UnknownName
        If any label is unknown: one error that names all of them.
    """
    listed = [labels] if isinstance(labels, str) else labels
    found = {label: _find(label, scheme) for label in dict.fromkeys(listed)}
    unknown = [label for label, code in found.items() if code is None]
    if unknown:
        raise _unknown(unknown, scheme)
    return {label: code for label, code in found.items() if code is not None}


def find(label: object) -> str | None:
    """The ISO3 code of a name, ISO3, ISO2 or M49 code; None when unknown."""
    return _find(label, None)


def _unknown(labels: list[Label], scheme: str | None) -> UnknownName:
    """One error for all labels, each with its nearest match."""
    known = _known(scheme)
    if len(labels) == 1:
        return UnknownName(_kind(scheme), labels[0], known)
    error = UnknownName(_kind(scheme), tuple(labels), known)
    near = {label: get_close_matches(str(label)[:100], known, n=1, cutoff=0.5) for label in labels[:SHOWN]}
    listed = row(
        said("{label} (did you mean {near}?)", label=short(repr(x), 100), near=repr(m[0]))
        if m
        else short(repr(x), 100)
        for x, m in near.items()
    )
    error.message = said(
        N_("{n} labels name no {kind}: {listed}, and {more} more.")
        if len(labels) > SHOWN
        else N_("{n} labels name no {kind}: {listed}."),
        n=f"{len(labels):,}",
        kind=_kind(scheme),
        listed=listed,
        more=f"{len(labels) - SHOWN:,}",
    )
    error.args = (str(error.message),)
    return error


def _find(label: object, scheme: str | None) -> str | None:
    if scheme is not None:
        one_of("scheme", scheme, SCHEMES)
    if (code := digits(label)) is not None:
        return _codes(scheme or "m49").get(code) if scheme in (None, "m49", "gacc", "comtrade") else None
    if isinstance(label, Real):  # no whole number, or a truth
        return None
    text = visible(str(label)).strip()
    if scheme is None:
        return next((c for c in (_codes(s).get(_folded(text, s)) for s in _GUESSED) if c), None) or _named(
            text
        )
    return _codes(scheme).get(_folded(text, scheme)) or (_named(text) if scheme == "name" else None)


_DIGITS = re.compile(r"([0-9]{1,3})(?:\.0+)?")


def digits(label: object) -> str | None:
    """A code of three digits, however it is written: 4, 4.0, "4", "004", "4.0"; None for anything else."""
    if isinstance(label, bool):
        return None
    if isinstance(label, Real):
        whole = (
            int(label) if isinstance(label, Integral) else int(float(label)) if float(label) % 1 == 0 else -1
        )
        return f"{whole:03d}" if whole >= 0 else None
    found = _DIGITS.fullmatch(visible(label).strip()) if isinstance(label, str) else None
    return None if found is None else found[1].zfill(3)


def _named(text: str) -> str | None:
    """The country whose name has these words, in whatever order and however they are shortened."""
    return _by_words().get(words(text))


@cache
def _by_words() -> dict[str, str]:
    return {words(name): code for name, code in _names()}


_GUESSED = ("iso3", "iso2", "name")


def _folded(text: str, scheme: str) -> str:
    return key(text) if scheme == "name" else text.upper()


@cache
def _by_iso3() -> dict[str, Country]:
    current = {r["iso3"]: r["code"] for r in _codes_of("gacc") if r["status"] == "current"}
    return {
        r["iso3"]: Country(
            r["iso3"], r["iso2"], r["m49"], r["name"], r["name_zh"], current.get(r["iso3"], "")
        )
        for r in rows("countries")
    }


@cache
def _codes(scheme: str) -> dict[str, str]:
    """Everything a scheme recognises -> ISO3."""
    table = rows("countries")
    if scheme == "name":
        return {key(name): code for name, code in _names()}
    if scheme in ("gacc", "comtrade"):
        own = {r["code"]: r["iso3"] for r in _codes_of(scheme) if r["iso3"] in _by_iso3()}
        gone = {r["code"] for r in rows("residuals") if r["scheme"] == scheme}
        table = tuple(
            r for r in table if r["m49"] not in gone
        )  # UN Comtrade gives some numbers another meaning
        return own if scheme == "gacc" else {r["m49"]: r["iso3"] for r in table if r["m49"]} | own
    return {r[scheme]: r["iso3"] for r in table if r[scheme]}


def _codes_of(scheme: str) -> list[dict[str, str]]:
    return [r for r in rows("country_codes") if r["scheme"] == scheme]


def _names() -> Iterator[tuple[str, str]]:
    """Every spelling with its ISO3."""
    for r in rows("countries"):
        for column in ("name", "name_zh", "cldr_name", "cldr_name_zh"):
            yield r[column], r["iso3"]
    for r in rows("country_codes"):
        if r["name"]:
            yield r["name"], r["iso3"]
    for r in rows("country_aliases"):
        yield r["alias"], r["iso3"]


def codes_of(scheme: str) -> Mapping[str, str]:
    """The codes of a list, three digits as text, and the ISO3 of each."""
    return _codes(scheme)


def spellings() -> Iterator[tuple[str, str]]:
    """Every name of every country, with its ISO3."""
    return _names()


def _kind(scheme: str | None) -> Said:
    return said("country") if scheme is None else said("country ({scheme})", scheme=scheme)


def _known(scheme: str | None) -> set[str]:
    if scheme in (None, "name"):
        return {name for name, _ in _names()} | ({c.iso3 for c in countries()} if scheme is None else set())
    return set(_codes(scheme))
