"""Blocs of countries with the dates between which each member belonged to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from exportlab.classifications._tables import key, rows
from exportlab.classifications.countries import country
from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.periods import days

On = str | int | date


@dataclass(frozen=True)
class Bloc:
    """A bloc: its short name, titles, what membership means here, and where that is stated."""

    name: str
    title: str
    title_zh: str
    definition: str
    source: str


@dataclass(frozen=True)
class Membership:
    """One member of a bloc, from `start` to `end`, both days included.

    `start` is None where the group is a definition without a date, `end` is None while in force.
    """

    member: str
    start: date | None
    end: date | None
    source: str
    note: str = ""

    def covers(self, day: date) -> bool:
        """Whether the country is a member on that day."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


def blocs() -> tuple[Bloc, ...]:
    """All blocs, with the definition each one follows."""
    columns = ("bloc", "title", "title_zh", "definition", "source")
    return tuple(Bloc(*(r[c] for c in columns)) for r in rows("blocs"))


def bloc(name: str) -> Bloc:
    """One bloc by its name or an alias, English or Chinese.

    Raises
    ------
    UnknownName
        If no bloc has that name.
    """
    found = find_bloc(name)
    if found is None:
        known = {b.name for b in blocs()} | {b.title for b in blocs()} | {b.title_zh for b in blocs()}
        raise UnknownName("bloc", name, known)
    return next(b for b in blocs() if b.name == found)


def membership(name: str) -> tuple[Membership, ...]:
    """Every member a bloc has or had, with dates and source, in order of entry.

    Raises
    ------
    UnknownName
        If no bloc has that name.
    """
    return _membership(bloc(name).name)


def members(
    name: str, *, on: On = "latest", within: str = "end", exclude: Iterable[str] = ()
) -> tuple[str, ...]:
    """ISO3 codes of a bloc's members at a time, sorted.

    Parameters
    ----------
    name : str
        A bloc or an alias: "RCEP", "European Union", "东盟".
    on : str, int or date
        A day ("2022-01-15" or a date), a month ("2022-01", "2022年1月"), a quarter, a year (2022 or "2022"),
        "latest" (members with no end), or "ever" (everyone who was a member at some time).
    within : {"end", "start"}
        Whether a month or a year means its last or its first day.
    exclude : iterable of str
        Countries left out, by any name or code (the exporter itself, say).

    Raises
    ------
    UnknownName
        If the bloc or an excluded country is unknown.
    OptionError
        If `on` is not a time, or lies before the bloc's first member; the first date is named.
    """
    one_of("within", within, ("end", "start"))
    records = membership(name)
    out = {country(c).iso3 for c in ([exclude] if isinstance(exclude, str) else exclude)}
    if on == "ever":
        found = {r.member for r in records}
    elif on == "latest":
        found = {r.member for r in records if r.end is None}
    else:
        found = _members_on(bloc(name).name, on, within)
    return tuple(sorted(found - out))


def _members_on(name: str, on: On, within: str) -> set[str]:
    """A bloc's members on the day that `on` stands for."""
    day, records = _day(on, within), _membership(name)
    found = {r.member for r in records if r.covers(day)}
    if not found:
        first = min(r.start for r in records if r.start)
        raise OptionError(
            f"on={on!r}: {name} had no members on {day}. Its first date is {first}; "
            "allowed: that date or later, 'latest' or 'ever'."
        )
    return found


def find_bloc(label: object) -> str | None:
    """The short name of the bloc that a label names; None when it names none."""
    return _names().get(key(str(label)))


@cache
def _names() -> dict[str, str]:
    return {
        key(alias): r["bloc"]
        for r in rows("blocs")
        for alias in (r["bloc"], r["title"], r["title_zh"], *r["aliases"].split("|"))
        if alias
    }


@cache
def _membership(name: str) -> tuple[Membership, ...]:
    records = [
        Membership(r["member"], _date(r["start"]), _date(r["end"]), r["source"], r["note"])
        for r in rows("bloc_members")
        if r["bloc"] == name
    ]
    return tuple(sorted(records, key=lambda r: (r.start or date.min, r.member)))


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _day(on: On, within: str) -> date:
    """The day that `on` stands for: the last of a month or year, or the first."""
    try:
        return days(on)[within == "end"]
    except DataError:
        raise OptionError(
            f"on={on!r} is not a time. Allowed: a date, 'YYYY-MM-DD', 'YYYY-MM', a year, 'latest' or 'ever'."
        ) from None
