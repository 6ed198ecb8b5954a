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
from exportlab.words import N_, NOTHING, Said, Text, said

SINGLE = (
    N_("year"),
    N_("fiscal year"),
    N_("half-year"),
    N_("quarter"),
    N_("month"),
    N_("day"),
)
WHICH = N_("Say which: frequency='month' or 'year'.")


class UnreadPeriods(DataError):
    """A column of periods was refused; `labels` are those that are wrong, where it is not all of them."""

    def __init__(self, problem: Said, remedy: Said, labels: Iterable[Label] = ()) -> None:
        self.labels = tuple(labels)
        super().__init__(problem, remedy, first=shown(self.labels[0]) if self.labels else None)


def read(labels: Iterable[Label], *, frequency: str | None = None, name: Text = "period") -> Calendar:
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
            said(
                "{name} has labels that are no period ({n} of {all})",
                name=name,
                n=f"{len(none):,}",
                all=f"{len(found):,}",
            ),
            said(ALLOWED),
            none,
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
    raise DataError(said("{label} is no day and no period with dates", label=repr(label)), said(ALLOWED))


def followers(labels: Iterable[Label], lag: int) -> dict[Any, Any]:
    """Each of some labels to the one `lag` steps later, where there is one; see `Calendar.followers`."""
    known = list(labels)
    return read(known).followers(known, lag)


def _unordered(labels: Iterable[Label], name: Text) -> Calendar:
    return Calendar(name, {}, None, tuple(plainly_sorted(labels)))


# ---- which kind --------------------------------------------------------------------------------------------------


def _kinds(
    found: Mapping[Label, Mapping[str, Reading]], name: Text, frequency: str | None
) -> dict[Label, str]:
    """One kind for each label, such that all agree; refuses two that fit alike."""
    common = set.intersection(*(set(known) for known in found.values()))
    if {"month", "fiscal"} <= common and frequency is None:
        _refuse_two(found, "month", "fiscal", name, said(WHICH))
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


def _day_order(found: Mapping[Label, Mapping[str, Reading]], orders: Sequence[str], name: Text) -> str:
    """Whether 01/05/2023 is the first of May or the fifth of January: by which one all are whole months."""
    fit = [k for k in orders if _ends({label: known[k] for label, known in found.items()})] or list(orders)
    if len({tuple(known[k].day for known in found.values()) for k in fit}) > 1:
        _refuse_two(found, fit[0], fit[1], name, said("Write days as 2023-05-01."))
    return fit[0]


def _refuse_two(
    found: Mapping[Label, Mapping[str, Reading]], a: str, b: str, name: Text, remedy: Said
) -> None:
    label = next(iter(found))
    ways = []
    for kind in (a, b):
        r = found[label][kind]
        word = N_("day") if r.day else N_("fiscal year") if kind == "fiscal" else kind
        shown_as = r.day or Period(r.start, r.months, kind).iso
        ways.append(said("the {kind} {label}", kind=said(word), label=shown_as))
    raise UnreadPeriods(
        said(
            "{name} can be read in two ways ({n} labels): {label} is {a} or {b}",
            name=name,
            n=f"{len(found):,}",
            label=repr(label),
            a=ways[0],
            b=ways[1],
        ),
        remedy,
    )


def _refuse_mixed(words: Mapping[Label, str], name: Text) -> None:
    of: dict[str, list[Label]] = {}
    for label, word in words.items():
        of.setdefault(word, []).append(label)
    a, b = sorted(of, key=list(WORDS.values()).index)[:2]
    few = min(of[b], of[a], key=len)
    raise UnreadPeriods(
        said(
            "{name} mixes {a} and {b} ({one} and {other}; {n} of {all} labels)",
            name=name,
            a=_kind(a),
            b=_kind(b),
            one=shown(of[a][0]),
            other=shown(of[b][0]),
            n=f"{len(few):,}",
            all=f"{len(words):,}",
        ),
        said(
            "One contains the other and would be counted twice: keep one kind (years 2023, or months '2023-05')."
        ),
        few,
    )


# ---- what they mean ----------------------------------------------------------------------------------------------


def _ends(settled: Mapping[Label, Reading]) -> str | None:
    """ "first" or "last" where every day is that one of its month."""
    known = [r.day for r in settled.values() if r.day is not None]
    if all(d.day == 1 for d in known):
        return "first"
    return "last" if all((d + timedelta(days=1)).day == 1 for d in known) else None


def _from_days(settled: Mapping[Label, Reading], name: Text, frequency: str | None) -> dict[Label, Period]:
    """Days as months or years: of all first or all last days, or of the frequency that was said."""
    months = {label: Period(r.start, 1, "month") for label, r in settled.items()}
    if frequency is not None:
        return {label: p.within(frequency) for label, p in months.items()}
    end = _ends(settled)
    if end is None:
        inside = [label for label, r in settled.items() if not _ends({label: r})]
        raise UnreadPeriods(
            said("{name} has days that are neither all the first nor all the last of a month", name=name),
            said(
                "Say what days stand for: frequency='month' or 'year' (or 'quarter', 'half') takes each to the one "
                "in which it lies."
            ),
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
        said(
            "{name} can be read in two ways: {label} is the month {month} or the year {year}",
            name=name,
            label=shown(label),
            month=month.iso,
            year=month.year,
        ),
        said(WHICH),
    )


def _kind(words: str) -> Said:
    """What periods of one kind are called: years, months added up from January."""
    one = words.removesuffix("s")
    return said("{kind}s", kind=said(one)) if one in SINGLE else said(words)


def shown(label: Label) -> str:
    """A label as an error shows it."""
    return str(label) if isinstance(label, date) else repr(label)


def _from_months(
    settled: Mapping[Label, Reading], kinds: Mapping[Label, str], name: Text
) -> dict[Label, Period]:
    if "span" not in kinds.values():
        return {label: Period(r.start, r.months, kinds[label]) for label, r in settled.items()}
    spans = {label: r for label, r in settled.items() if kinds[label] == "span"}
    single = {label: r for label, r in settled.items() if kinds[label] == "month"}
    kind = _spans_are(list(spans.values()), list(single.values()))
    if kind is None:
        beside = NOTHING
        if single:
            first = repr(next(iter(single)))
            beside = said(" beside {n} single ones such as {label}", n=f"{len(single):,}", label=first)
        raise UnreadPeriods(
            said(
                "{name} has {n} spans of months{beside}, which are neither all added up from January, nor quarters, "
                "nor half-years",
                name=name,
                n=f"{len(spans):,}",
                beside=beside,
            ),
            said(
                "A span contains its months: keep one kind. January and February may be one period where only later "
                "months of their year stand beside it."
            ),
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


def _refuse_twice(periods: Mapping[Label, Period], name: Text) -> None:
    seen: dict[Period, Label] = {}
    pairs = [(seen[p], label) for label, p in periods.items() if seen.setdefault(p, label) is not label]
    if pairs:
        raise UnreadPeriods(
            said(
                N_("{name} writes {n} periods in two ways, such as {a} and {b}")
                if len(pairs) > 1
                else N_("{name} writes {n} period in two ways, such as {a} and {b}"),
                name=name,
                n=f"{len(pairs):,}",
                a=shown(pairs[0][0]),
                b=shown(pairs[0][1]),
            ),
            said("They would count as two periods: write each in one way."),
            [label for _, label in pairs],
        )


def _refuse_other(one: str, frequency: str | None, labels: Iterable[Label], name: Text) -> None:
    if frequency is not None and one != frequency and (one, frequency) != ("fiscal", "year"):
        raise UnreadPeriods(
            said(
                "{name} has {own}, not {other}",
                name=name,
                own=_kind(WORDS[one]),
                other=_kind(WORDS[frequency]),
            ),
            said("Leave frequency={frequency} out.", frequency=repr(frequency)),
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
