"""From one frequency to another: which months make a year or a quarter, and which two totals make a month."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from exportlab.errors import DataError, OptionError
from exportlab.periods.calendar import Calendar
from exportlab.periods.period import FREQUENCIES, STEPS, WORDS, DatesLike, Period
from exportlab.words import N_, Said, said

YEAR = 12  # months


@dataclass(frozen=True)
class Turned:
    """How the periods of one column become those of another.

    Attributes
    ----------
    calendar : Calendar
        Of the new periods.
    pairs : mapping of key to key
        Each old period to the new one in which it counts.
    less : mapping of key to key
        Each old period to the new one from which it is taken off.
    left_out : tuple of label
        Old periods that belong to none, as the user writes them.
    """

    calendar: Calendar
    pairs: Mapping[Any, Any]
    less: Mapping[Any, Any]
    left_out: tuple[Any, ...] = ()

    @property
    def plain(self) -> Turned:
        """The same with new periods in ISO forms, which sort in the order of time on every engine."""
        names = {self.calendar.key(p): p.iso for p in self.calendar.periods.values()}
        known: dict[Any, Period] = {p.iso: p for p in self.calendar.periods.values()}
        calendar = replace(self.calendar, periods=known, labels=tuple(known), inside=False)
        pairs, less = ({old: names[new] for old, new in side.items()} for side in (self.pairs, self.less))
        return Turned(calendar, pairs, less, self.left_out)


def told(calendar: Calendar, keys: Collection[Any]) -> Turned | None:
    """What figures are told of: full years, else the last twelve months; None where there is neither, or only years."""
    if calendar.frequency not in ("half", "quarter", "month", "cumulated"):
        return None
    known = _distinct(calendar, keys)
    made, _ = _full(calendar, known, "year")
    return _turned(calendar, made, "year", known) if made else _twelve_months(calendar, known)


def coarser(calendar: Calendar, keys: Collection[Any], frequency: str, *, keep: bool = False) -> Turned:
    """Months to quarters, anything to years: those that are full; with `keep` the parts of others too."""
    _refuse_finer(calendar, frequency)
    known = _distinct(calendar, keys)
    made, parts = _full(calendar, known, frequency)
    if keep:
        made |= {_part(calendar, whole, found): _counted(found, calendar) for whole, found in parts.items()}
    if not made:
        raise DataError(
            said(
                "{name} has no full {frequency}: {told}",
                name=calendar.name,
                frequency=said(WHOLE[frequency]),
                told=_told(calendar, *next(iter(parts.items()))),
            ),
            said(
                "Say partial='keep' for parts, each named by its months, or add the months that are missing."
            ),
        )
    return _turned(calendar, made, frequency, known)


def _full(
    calendar: Calendar, known: Iterable[Period], frequency: str
) -> tuple[dict[Period, list[Period]], dict[Period, list[Period]]]:
    """The periods of `frequency` that are all there with those that make them, and the others with what they have."""
    groups: dict[Period, list[Period]] = {}
    for period in known:
        groups.setdefault(period.within(frequency), []).append(period)
    made = {whole: _counted(found, calendar) for whole, found in groups.items()}
    made = {whole: found for whole, found in made.items() if sum(p.months for p in found) == whole.months}
    return made, {whole: found for whole, found in groups.items() if whole not in made}


def _twelve_months(calendar: Calendar, known: Sequence[Period]) -> Turned | None:
    """The last twelve months as one period; None where they are not all there."""
    whole = Period(known[-1].last + 1 - YEAR, YEAR, "span")
    last = [p for p in known if p.start >= whole.start]
    if calendar.frequency == "cumulated" or sum(p.months for p in last) < YEAR:
        return None
    return _turned(calendar, {whole: last}, "span", known)


def matching(calendar: Calendar, keys: Collection[Any], model: Turned) -> Turned | None:
    """The periods of another table that make those of `model`, all months of them; None where it has none."""
    if calendar.frequency in (None, "number", "fiscal"):
        return None
    known, made = _distinct(calendar, keys), {}
    for whole in model.calendar.periods.values():
        inside = [p for p in known if _inside(p, whole)]
        found = _counted(inside, calendar) if inside else []
        if sum(p.months for p in found) == whole.months:
            made[whole] = found
    return (
        _turned(calendar, made, str(model.calendar.frequency), known, like=model.calendar) if made else None
    )


def _inside(period: Period, whole: Period) -> bool:
    return period.start >= whole.start and period.last <= whole.last


def single(calendar: Calendar, keys: Collection[Any]) -> Turned:
    """Totals from January to single months, each the total less the one before."""
    if calendar.frequency != "cumulated":
        raise DataError(
            said(
                "{name} has {own}, not months added up from January",
                name=calendar.name,
                own=said(WORDS.get(str(calendar.frequency), N_("labels without an order in time"))),
            ),
            said("decumulate takes totals such as '2023-01/05' (January to May 2023)."),
        )
    made: dict[Period, list[Period]] = {}
    before: dict[Period, Period] = {}
    for first, *later in _by_year(_distinct(calendar, keys)):
        if first.months > 2:
            _refuse_gap(calendar, first)
        made[Period(first.start, first.months, "month" if first.months == 1 else "joint")] = [first]
        for a, b in pairwise([first, *later]):
            if b.months != a.months + 1:
                _refuse_gap(calendar, b)
            month = Period(b.last, 1, "month")
            made[month], before[month] = [b], a
    return _turned(calendar, made, "month", before=before)


def _distinct(calendar: Calendar, keys: Iterable[Any]) -> list[Period]:
    return sorted({calendar.period(key) for key in keys})


def _by_year(periods: Iterable[Period]) -> list[list[Period]]:
    years: dict[int, list[Period]] = {}
    for p in periods:
        years.setdefault(p.year, []).append(p)
    return list(years.values())


WHOLE = {"year": N_("year"), "half": N_("half-year"), "quarter": N_("quarter"), "month": N_("month")}


def _refuse_finer(calendar: Calendar, frequency: str) -> None:
    """Raise unless the periods add up to those of `frequency`."""
    calendar.require_order(said("adding up periods"))
    own = str(calendar.frequency)
    if own in ("number", "fiscal"):
        raise DataError(
            said(
                "{name} has {words}, whose months are not known", name=calendar.name, words=said(WORDS[own])
            ),
            said("Months, quarters and half-years add up to {words}.", words=said(WORDS[frequency])),
        )
    if own == "cumulated" and frequency != "year":
        raise DataError(
            said(
                "{name} has {words}, which do not add up to {whole}",
                name=calendar.name,
                words=said(WORDS[own]),
                whole=said(WORDS[frequency]),
            ),
            said("Take them apart first: xl.decumulate(flows)."),
        )
    if STEPS[own] > STEPS[frequency]:
        raise OptionError(
            said(
                "{name} has {words}, which are longer than {whole}.",
                name=calendar.name,
                words=said(WORDS[own]),
                whole=said(WORDS[frequency]),
            )
        )


def _counted(found: Sequence[Period], calendar: Calendar) -> list[Period]:
    """What is added up: every period, of totals from January the last one alone."""
    return [max(found)] if calendar.frequency == "cumulated" else list(found)


def _part(calendar: Calendar, whole: Period, found: Sequence[Period]) -> Period:
    """A part of a year or quarter, named by its months, which follow each other."""
    counted = _counted(found, calendar)
    for a, b in pairwise(counted):
        if b.start != a.last + 1:
            raise DataError(
                said(
                    "{name} has nothing between {a} and {b}",
                    name=calendar.name,
                    a=repr(calendar.label(a)),
                    b=repr(calendar.label(b)),
                ),
                said(
                    "A part of a year is kept where its months follow each other: add those between, or drop "
                    "its rows."
                ),
            )
    months = sum(p.months for p in counted)
    return Period(found[0].start, months, "cumulated" if found[0].start == whole.start else "span")


def _told(calendar: Calendar, whole: Period, found: Sequence[Period]) -> Said:
    labels = [str(calendar.label(p)) for p in found]
    return said(
        "of {whole} it has {n} of {all} months ({shown})",
        whole=calendar.label(whole),
        n=sum(p.months for p in _counted(found, calendar)),
        all=whole.months,
        shown=labels[0] if len(labels) == 1 else said("{a} to {b}", a=labels[0], b=labels[-1]),
    )


def _refuse_gap(calendar: Calendar, total: Period) -> None:
    missing = Period(total.start, total.months - 1, "cumulated")
    raise DataError(
        said(
            "{name} has no {label}, which is to be taken off {total}",
            name=calendar.name,
            label=repr(calendar.label(missing)),
            total=repr(calendar.label(total)),
        ),
        said(
            "A month is a total less the one before; only January and February may stand as one. Add "
            "the rows that are missing, or leave those of that year out."
        ),
    )


def _turned(
    calendar: Calendar,
    made: Mapping[Period, Sequence[Period]],
    frequency: str,
    known: Iterable[Period] = (),
    *,
    before: Mapping[Period, Period] | None = None,
    like: Calendar | None = None,
) -> Turned:
    """The new calendar, written as the user writes or as in `like`, the old keys by the new, and what is in none."""
    if like is None:
        written = {period: _label(calendar, period, found) for period, found in sorted(made.items())}
        if len({type(x) for x in written.values()}) > 1 or not _tells(calendar, made):
            written = {period: period.iso for period in written}
        periods = {label: period for period, label in written.items()}
        like = replace(calendar, periods=periods, frequency=frequency, labels=tuple(periods), inside=False)
    pairs = {calendar.key(p): like.key(period) for period, found in made.items() for p in found}
    less = {calendar.key(p): like.key(period) for period, p in (before or {}).items()}
    left_out = [calendar.label(p) for p in known if not any(_inside(p, whole) for whole in made)]
    return Turned(like, pairs, less, tuple(left_out))


def _tells(calendar: Calendar, made: Iterable[Period]) -> bool:
    """Whether the user's way of writing tells the new periods apart: a day stands for no part of a year."""
    days = any(isinstance(writer, DatesLike) for writer in calendar.writers.values())
    return not days or all(p.frequency in FREQUENCIES for p in made)


def _label(calendar: Calendar, period: Period, found: Sequence[Period]) -> Any:
    """As the user writes it; their own label where January and others stay one period."""
    if period.frequency == "span" and period.start // YEAR != period.last // YEAR:
        return f"{calendar.label(found[0])} - {calendar.label(found[-1])}"
    kept = period.frequency in ("joint", "cumulated")
    same = [p for p in found if kept and (p.start, p.months) == (period.start, period.months)]
    return calendar.label(same[0] if same else period)
