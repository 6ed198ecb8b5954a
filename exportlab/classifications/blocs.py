"""Blocs of countries with the dates between which each member belonged to them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from exportlab.classifications._tables import key, rows
from exportlab.classifications.countries import country as country_of
from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.options import validated
from exportlab.periods import days
from exportlab.words import said

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

    `start` is None where the group is a definition without a date, `end` is None while in force. `exporter` is the
    ISO3 code of the one country that counts it as a member, where others do not (Myanmar in RCEP); else empty.
    """

    member: str
    start: date | None
    end: date | None
    source: str
    note: str = ""
    exporter: str = ""

    def covers(self, day: date) -> bool:
        """Whether the country is a member on that day."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    def holds_for(self, exporter: str | None) -> bool:
        """Whether it is a membership for that exporter (its ISO3 code)."""
        return self.exporter in ("", exporter)


@validated
def blocs(country: str | None = None, *, on: On = "latest", exporter: str | None = None) -> tuple[Bloc, ...]:
    """All blocs, with the definition each one follows; or those that a country is a member of.

    Parameters
    ----------
    country : str, optional
        By any name or code.
    on, exporter
        When, and for which exporter: as in `members`.

    Raises
    ------
    UnknownName, OptionError
        A country that is not known; `on` is not a time.
    """
    columns = ("bloc", "title", "title_zh", "definition", "source")
    known = tuple(Bloc(*(r[c] for c in columns)) for r in rows("blocs"))
    if country is None:
        return known
    code, to = _iso3(country), None if exporter is None else _iso3(exporter)
    if on not in ("latest", "ever"):
        _day(on, "end")
    return tuple(b for b in known if code in _at(b.name, on, "end", to))


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
        raise UnknownName(said("bloc"), name, known)
    return next(b for b in blocs() if b.name == found)


def membership(name: str, *, exporter: str | None = None) -> tuple[Membership, ...]:
    """Every member a bloc has or had, with dates and source, in order of entry.

    Parameters
    ----------
    name : str
    exporter : str, optional
        As in `members`.

    Raises
    ------
    UnknownName
        If no bloc has that name.
    """
    to = None if exporter is None else _iso3(exporter)
    return tuple(r for r in _membership(bloc(name).name) if r.holds_for(to))


def members(
    name: str,
    *,
    on: On = "latest",
    within: str = "end",
    exclude: Iterable[str] = (),
    exporter: str | None = None,
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
    exporter : str, optional
        The country whose trade it is about, by any name or code. Some memberships hold for one exporter only: RCEP is
        in force between China and Myanmar from 2022-05-01, and between Myanmar and no other.

    Raises
    ------
    UnknownName
        If the bloc or an excluded country is unknown.
    OptionError
        If `on` is not a time, or lies before the bloc's first member; the first date is named.
    """
    one_of("within", within, ("end", "start"))
    found, to = bloc(name).name, None if exporter is None else _iso3(exporter)
    out = {_iso3(c) for c in ([exclude] if isinstance(exclude, str) else exclude)}
    inside = _at(found, on, within, to)
    if not inside:
        first = min(r.start for r in _membership(found) if r.start)
        raise OptionError(
            said(
                "on={on}: {found} had no members on {day}. Its first date is {first}; allowed: that date "
                "or later, 'latest' or 'ever'.",
                on=repr(on),
                found=found,
                day=_day(on, within),
                first=first,
            )
        )
    return tuple(sorted(inside - out))


def _at(name: str, on: On, within: str, exporter: str | None) -> set[str]:
    """A bloc's members on the day that `on` stands for, as that exporter counts them."""
    records = [r for r in _membership(name) if r.holds_for(exporter)]
    if on == "ever":
        return {r.member for r in records}
    if on == "latest":  # a bloc that has ended is as it was on its last day
        ends = [r.end for r in records]
        last = None if None in ends else max(end for end in ends if end)
        return {r.member for r in records if r.end == last}
    day = _day(on, within)
    return {r.member for r in records if r.covers(day)}


def composition(
    label: str, *, on: On = "latest", within: str = "end", exporter: str | None = None
) -> frozenset[str]:
    """The countries that a bloc's label in a table stands for at a time, in ISO3.

    A label with a number ("EU27", "欧盟27国", "东盟十国") is the bloc when it had so many members: as it was at that
    time if it had, else when it next had, else when it last had. A year after it ("EU27_2020") says when. Before a
    bloc's first date its label can only mean the group as it is today.
    """
    name, size, year = _read(label)
    day = on if on in ("latest", "ever") else _day(on, within)
    if size is not None:
        return _of_size(name, size, _day(year, "end") if year else day)
    return frozenset(_at(name, day, within, exporter) or _at(name, "latest", within, exporter))


def _of_size(name: str, size: int, day: On) -> frozenset[str]:
    """The members of a bloc when it had `size`: on the day, else at the next time, else at the last one."""
    changes = _changes(name)
    starts = [c for c in changes if len(_at(name, c, "end", None)) == size]
    if not isinstance(day, date):
        return frozenset(_at(name, starts[-1], "end", None))
    force = max((c for c in changes if c <= day), default=None)
    after = [c for c in starts if c >= (force or date.min)]
    return frozenset(_at(name, (after or starts[-1:])[0], "end", None))


@cache
def _changes(name: str) -> tuple[date, ...]:
    """The days from which a bloc has other members than before."""
    records = [r for r in _membership(name) if not r.exporter]
    days_ = {r.start or date.min for r in records} | {r.end + timedelta(1) for r in records if r.end}
    return tuple(sorted(days_))


# "EU27", "EU-27 (2020)", "European Union - 27 countries (from 2020)", "欧盟27国", as keys.
_SIZED = re.compile(
    r"(.+?) ?(\d{1,2}|[二三四五]?十?[一二三四五六七八九十]) ?(?:countries|members|国)?(?: from)?(?: (\d{4}))?"
)
_TENS = {c: i for i, c in enumerate("零一二三四五六七八九")}


def _number(text: str) -> int:
    """27 or 二十七."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (_TENS.get(tens, 1) * 10 if ten else 0) + _TENS.get(ones, 0)


@cache
def _read(label: str) -> tuple[str, int | None, str | None]:
    """The bloc that a label names, and the number of members and the year in it; ("", None, None) for none."""
    text = key(label)
    if text in _names():
        return _names()[text], None, None
    found = _SIZED.fullmatch(text)
    if found is None or (name := _names().get(found[1].strip(), "")) == "":
        return "", None, None
    size = _number(found[2])
    had = any(len(_at(name, day, "end", None)) == size for day in _changes(name))
    return (name, size, found[3]) if had else ("", None, None)


def _iso3(label: str) -> str:
    return country_of(label).iso3


def exporters_of(name: str) -> frozenset[str]:
    """The exporters (ISO3) that count members of a bloc which others do not."""
    return frozenset(r.exporter for r in _membership(bloc(name).name) if r.exporter)


def find_bloc(label: object) -> str | None:
    """The short name of the bloc that a label names; None when it names none."""
    return _read(str(label))[0] or None


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
        Membership(r["member"], _date(r["start"]), _date(r["end"]), r["source"], r["note"], r["exporter"])
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
            said(
                "on={on} is not a time. Allowed: a date, 'YYYY-MM-DD', 'YYYY-MM', a year, 'latest' or "
                "'ever'.",
                on=repr(on),
            )
        ) from None
