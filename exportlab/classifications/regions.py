"""Regions of the world: the geographic ones of the United Nations (M49)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from exportlab.classifications._tables import rows
from exportlab.classifications.countries import country
from exportlab.errors import UnknownName
from exportlab.words import said


@dataclass(frozen=True)
class Region:
    """One of 22 regions: its M49 code (three digits as text), its names, and its countries (ISO3)."""

    m49: str
    name: str
    name_zh: str
    countries: tuple[str, ...]


def region(label: str | int, *, scheme: str | None = None) -> Region:
    """The region of a country, however it is written: ``region("Japan").name == "Eastern Asia"``.

    Parameters
    ----------
    label : str or int
        A country's name or code, as in `country`.
    scheme : str, optional
        As in `country`.

    Raises
    ------
    UnknownName
        If nothing has that name or code; if it is Antarctica, which is in no region.
    """
    code = country(label, scheme=scheme).iso3
    if code not in _regions():
        raise UnknownName(said("country of a region"), code, list(_regions()))
    return _regions()[code]


def regions() -> tuple[Region, ...]:
    """All regions, by M49 code."""
    return tuple(dict.fromkeys(sorted(_regions().values(), key=lambda r: r.m49)))


@cache
def _regions() -> dict[str, Region]:
    made = [Region(r["m49"], r["name"], r["name_zh"], tuple(r["countries"].split())) for r in rows("regions")]
    return {code: region for region in made for code in region.countries}
