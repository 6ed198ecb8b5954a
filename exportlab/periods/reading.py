"""A whole column of labels at once: what they mean together, or why that cannot be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from exportlab.errors import DataError, one_of
from exportlab.periods.calendar import Calendar, plainly_sorted
from exportlab.periods.period import (
    ALLOWED,
    DAYS,
    FREQUENCIES,
    ORDER,
    STEPS,
    WORDS,
    DatesLike,
    Label,
    Period,
    Reading,
    StepsFrom,
    Writer,
    readings,
)


class UnreadPeriods(DataError):
    """A column of periods was refused; `labels` are those that are wrong, where it is not all of them."""

    def __init__(self, problem: str, remedy: str, labels: Iterable[Label] = ()) -> None:
        self.labels = tuple(labels)
        super().__init__(problem, remedy, first=shown(self.labels[0]) if self.labels else None)


def read(labels: Iterable[Label], *, frequency: str | None = None, name: str = "period") -> Calendar:
    """Read a whole column of labels at once.

    Parameters
    ----------
    labels : iterable
        The column's labels, each once or more: text, whole numbers, dates, pandas periods; none missing.
    frequency : {"year", "half", "quarter", "month"}, optional
        What the labels are. It decides between two readings (2001-02: a month, or a fiscal year), and takes days to
        the period in which they lie.
    name : str
        The column, as errors call it.

    Returns
    -------
    Calendar
        Without an order where no label is a period.

    Raises
    ------
    DataError
        Labels of several kinds, or of which only some are periods; two readings; days that stand for no month; two
        labels of one period; labels that are not of the `frequency`.
    """
    if frequency is not None:
        one_of("frequency", frequency, FREQUENCIES)
    found = {label: readings(label) for label in plainly_sorted(dict.fromkeys(labels))}
    none = [label for label, known in found.items() if not known]
    if not found or (len(none) == len(found) and frequency is None):
        return _unordered(found, name)
    if none:
        raise UnreadPeriods(
            f"{name} has labels that are no period ({len(none):,} of {len(found):,})", ALLOWED, none
        )
    kinds = _kinds(found, name, frequency)
    settled = {label: found[label][kind] for label, kind in kinds.items()}
    if set(kinds.values()) == {"serial"} and frequency is None and _ends(settled) is None:
        return _unordered(found, name)
    of_days = not set(DAYS).isdisjoint(kinds.values())
    periods = _from_days(settled, name, frequency) if of_days else _from_months(settled, kinds, name)
    periods = dict(sorted(periods.items(), key=lambda item: item[1]))
    told = of_days and frequency is not None
    if not told:
        _refuse_twice(periods, name)
    one = next(iter({p.frequency for p in periods.values()} - {"joint"}))
    _refuse_other(one, frequency, periods, name)
    order = next(iter({"day-month", "month-day"} & set(kinds.values())), None)
    inside = told and any(settled[label].day != p.first_day for label, p in periods.items())
    return Calendar(name, periods, one, tuple(periods), _writers(periods, settled, inside), order, inside)


def days(label: Label) -> tuple[date, date]:
    """The first and the last day of one period, read by itself: a day is itself, 2001-02 is a month.

    Raises
    ------
    DataError
        It is no day and no period with dates.
    """
    found = readings(label)
    for kind in ("day", "month", "year", "quarter", "half", "span"):
        if kind in found:
            r = found[kind]
            period = Period(r.start, r.months, "cumulated" if kind == "span" else kind)
            return (r.day, r.day) if r.day else (period.first_day, period.last_day)
    raise DataError(f"{label!r} is no day and no period with dates", ALLOWED)


def followers(labels: Iterable[Label], lag: int) -> dict[Any, Any]:
    """Each of some labels to the one `lag` steps later, where there is one; see `Calendar.followers`."""
    known = list(labels)
    return read(known).followers(known, lag)


def _unordered(labels: Iterable[Label], name: str) -> Calendar:
    return Calendar(name, {}, None, tuple(plainly_sorted(labels)))


# ---- which kind --------------------------------------------------------------------------------------------------


def _kinds(
    found: Mapping[Label, Mapping[str, Reading]], name: str, frequency: str | None
) -> dict[Label, str]:
    """One kind for each label, such that all agree; refuses two that fit alike."""
    common = set.intersection(*(set(known) for known in found.values()))
    if {"month", "fiscal"} <= common and frequency is None:
        _refuse_two(found, "month", "fiscal", name, "Say which: frequency='month' or 'year'.")
    if "fiscal" in common and ("month" not in common or frequency == "year"):
        return dict.fromkeys(found, "fiscal")
    orders = sorted({"day-month", "month-day"} & common)
    if orders:
        return dict.fromkeys(found, _day_order(found, orders, name))
    kinds = {label: next(k for k in ORDER if k in known) for label, known in found.items()}
    apart = set(kinds.values()) - ({"span"} if "month" in kinds.values() else set())
    if len(apart) > 1:
        _refuse_mixed({label: WORDS.get(kind, "days") for label, kind in kinds.items()}, name)
    return kinds


def _day_order(found: Mapping[Label, Mapping[str, Reading]], orders: Sequence[str], name: str) -> str:
    """Whether 01/05/2023 is the first of May or the fifth of January: by which one all are whole months."""
    fit = [k for k in orders if _ends({label: known[k] for label, known in found.items()})] or list(orders)
    if len({tuple(known[k].day for known in found.values()) for k in fit}) > 1:
        _refuse_two(found, fit[0], fit[1], name, "Write days as 2023-05-01.")
    return fit[0]


def _refuse_two(found: Mapping[Label, Mapping[str, Reading]], a: str, b: str, name: str, remedy: str) -> None:
    label = next(iter(found))
    said = []
    for kind in (a, b):
        r = found[label][kind]
        word = "day" if r.day else "fiscal year" if kind == "fiscal" else kind
        said.append(f"the {word} {r.day or Period(r.start, r.months, kind).iso}")
    raise UnreadPeriods(
        f"{name} can be read in two ways ({len(found):,} labels): {label!r} is {said[0]} or {said[1]}", remedy
    )


def _refuse_mixed(words: Mapping[Label, str], name: str) -> None:
    of: dict[str, list[Label]] = {}
    for label, word in words.items():
        of.setdefault(word, []).append(label)
    a, b = sorted(of, key=list(WORDS.values()).index)[:2]
    few = min(of[b], of[a], key=len)
    raise UnreadPeriods(
        f"{name} mixes {a} and {b} ({shown(of[a][0])} and {shown(of[b][0])}; {len(few):,} of {len(words):,} labels)",
        "One contains the other and would be counted twice: keep one kind (years 2023, or months '2023-05').",
        few,
    )


# ---- what they mean ----------------------------------------------------------------------------------------------


def _ends(settled: Mapping[Label, Reading]) -> str | None:
    """ "first" or "last" where every day is that one of its month."""
    known = [r.day for r in settled.values() if r.day is not None]
    if all(d.day == 1 for d in known):
        return "first"
    return "last" if all((d + timedelta(days=1)).day == 1 for d in known) else None


def _from_days(settled: Mapping[Label, Reading], name: str, frequency: str | None) -> dict[Label, Period]:
    """Days as months or years: of all first or all last days, or of the frequency that was said."""
    months = {label: Period(r.start, 1, "month") for label, r in settled.items()}
    if frequency is not None:
        return {label: p.within(frequency) for label, p in months.items()}
    end = _ends(settled)
    if end is None:
        inside = [label for label, r in settled.items() if not _ends({label: r})]
        raise UnreadPeriods(
            f"{name} has days that are neither all the first nor all the last of a month",
            "Say what days stand for: frequency='month' or 'year' (or 'quarter', 'half') takes each to the one in "
            "which it lies.",
            inside or list(settled)[:1],
        )
    turn = (1, 1) if end == "first" else (12, 31)
    if any(r.day is None or (r.day.month, r.day.day) != turn for r in settled.values()):
        return months
    years = {label: p.within("year") for label, p in months.items()}
    if len(set(years.values())) > 1:
        return years
    label, month = next(iter(months.items()))
    raise UnreadPeriods(
        f"{name} can be read in two ways: {shown(label)} is the month {month.iso} or the year {month.year}",
        "Say which: frequency='month' or 'year'.",
    )


def shown(label: Label) -> str:
    """A label as an error shows it."""
    return str(label) if isinstance(label, date) else repr(label)


def _from_months(
    settled: Mapping[Label, Reading], kinds: Mapping[Label, str], name: str
) -> dict[Label, Period]:
    if "span" not in kinds.values():
        return {label: Period(r.start, r.months, kinds[label]) for label, r in settled.items()}
    spans = {label: r for label, r in settled.items() if kinds[label] == "span"}
    single = {label: r for label, r in settled.items() if kinds[label] == "month"}
    kind = _spans_are(list(spans.values()), list(single.values()))
    if kind is None:
        beside = f" beside {len(single):,} single ones such as {next(iter(single))!r}" if single else ""
        raise UnreadPeriods(
            f"{name} has {len(spans):,} spans of months{beside}, which are neither all added up from January, nor "
            "quarters, nor half-years",
            "A span contains its months: keep one kind. January and February may be one period where only later "
            "months of their year stand beside it.",
            spans,
        )
    rest = "cumulated" if kind == "cumulated" else "month"
    return {
        label: Period(r.start, r.months, kind if label in spans else rest) for label, r in settled.items()
    }


def _spans_are(spans: Sequence[Reading], single: Sequence[Reading]) -> str | None:
    """What spans of months are, alone or beside single months: cumulated, joint, quarter or half."""
    january = all(r.start % 12 == 0 for r in spans)
    if january and all(r.start % 12 == 0 for r in single):
        return "cumulated"
    if single:
        covered = {m for r in spans for m in (r.start, r.start + 1)}
        joint = january and all(r.months == 2 for r in spans)
        return "joint" if joint and covered.isdisjoint(r.start for r in single) else None
    fits = (
        k for k in ("quarter", "half") if all((r.start % STEPS[k], r.months) == (0, STEPS[k]) for r in spans)
    )
    return next(fits, None)


def _refuse_twice(periods: Mapping[Label, Period], name: str) -> None:
    seen: dict[Period, Label] = {}
    pairs = [(seen[p], label) for label, p in periods.items() if seen.setdefault(p, label) is not label]
    if pairs:
        raise UnreadPeriods(
            f"{name} writes {len(pairs):,} period{'s' if len(pairs) > 1 else ''} in two ways, such as "
            f"{shown(pairs[0][0])} and {shown(pairs[0][1])}",
            "They would count as two periods: write each in one way.",
            [label for _, label in pairs],
        )


def _refuse_other(one: str, frequency: str | None, labels: Iterable[Label], name: str) -> None:
    if frequency is not None and one != frequency and (one, frequency) != ("fiscal", "year"):
        raise UnreadPeriods(
            f"{name} has {WORDS[one]}, not {WORDS[frequency]}", f"Leave frequency={frequency!r} out."
        )


def _writers(
    periods: Mapping[Label, Period], settled: Mapping[Label, Reading], inside: bool
) -> dict[str, Writer]:
    """How the user writes a period that the column has not, by frequency; "other" for all further ones."""
    made: dict[str, Writer] = {}

    def telling(label: Label) -> tuple[int, bool]:
        """May is no example of how names of months are cut short, nor October of how many digits a month has."""
        template = settled[label].template
        return -len(template.slots if template else ()), periods[label].last % 12 in (4, 9, 10, 11)

    for label in sorted(periods, key=telling):
        period = periods[label]
        reading = settled[label]
        if reading.day is not None:
            dated = DatesLike(label, inside or reading.day.day == 1, reading.template)
            made.setdefault(period.frequency, dated)
            made.setdefault("other", dated)
        elif reading.template is not None:
            made.setdefault(period.frequency, reading.template)
            made.setdefault("other", reading.template.other)
        else:
            made.setdefault(period.frequency, StepsFrom(label, period))
    return made
