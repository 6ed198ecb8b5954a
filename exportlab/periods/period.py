"""One period, a span of whole months; and one label by itself: every kind of period that it can be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from numbers import Integral, Real
from typing import Any, Final, TypeAlias

from exportlab.errors import DataError
from exportlab.text import visible
from exportlab.words import N_, said

FREQUENCIES: Final = ("year", "half", "quarter", "month")
STEPS: Final = {
    "year": 12,
    "fiscal": 12,
    "half": 6,
    "quarter": 3,
    "month": 1,
    "joint": 1,
    "cumulated": 1,
    "span": 1,
    "number": 1,
}
WORDS: Final = {
    "year": N_("years"),
    "fiscal": N_("fiscal years"),
    "half": N_("half-years"),
    "quarter": N_("quarters"),
    "month": N_("months"),
    "cumulated": N_("months added up from January"),
    "span": N_("spans of months"),
    "day": N_("days"),
    "number": N_("numbers"),
}
ALLOWED: Final = N_(
    "Periods are years (2023), half-years ('2023-H1'), quarters ('2023-Q1'), months ('2023-05') or months added up "
    "from January ('2023-01/05'), in these or other usual spellings, of one kind in a column."
)


@dataclass(frozen=True)
class Period:
    """A span of whole months.

    Attributes
    ----------
    start : int
        Its first month, as 12 * year + month - 1 (a plain number where the frequency is "number").
    months : int
        How many months it has.
    frequency : str
        "year", "half", "quarter", "month"; "cumulated" (January to a month); "joint" (January and February in one,
        beside single months); "span" (other months of a year, or twelve of two); "fiscal" (a year whose first month is
        not known); "number" (counted, without a date).
    """

    start: int
    months: int
    frequency: str

    def __lt__(self, other: Period) -> bool:
        return (self.last, self.start) < (other.last, other.start)

    @property
    def last(self) -> int:
        """Its last month, counted as `start` is."""
        return self.start + self.months - 1

    @property
    def position(self) -> int:
        """Its place among periods of its frequency: two that follow each other differ by 1.

        Years count as years, quarters as 4 * year + quarter - 1, months as 12 * year + month - 1; months added up,
        and January with February, stand at their last month.
        """
        step = STEPS[self.frequency]
        return self.last if step == 1 else self.start // step

    @property
    def year(self) -> int:
        """The year in which it begins."""
        return self.start // 12

    @property
    def month(self) -> int:
        """The month of the year in which it begins, 1 to 12."""
        return self.start % 12 + 1

    @property
    def part(self) -> int:
        """Which of its year's half-years, quarters or months it is, from 1."""
        return self.start % 12 // STEPS[self.frequency] + 1

    @property
    def first_day(self) -> date:
        """Its first day."""
        self._refuse_no_date()
        return _first_of(self.start)

    @property
    def last_day(self) -> date:
        """Its last day."""
        self._refuse_no_date()
        return _first_of(self.last + 1) - timedelta(days=1)

    @property
    def iso(self) -> str:
        """As this package writes it: 2023, 2023-H1, 2023-Q1, 2023-05, 2023-01/05; a fiscal year 2023-24."""
        year = f"{self.year:04d}"
        forms = {
            "year": year,
            "fiscal": f"{year}-{(self.year + 1) % 100:02d}",
            "half": f"{year}-H{self.part}",
            "quarter": f"{year}-Q{self.part}",
            "month": f"{year}-{self.month:02d}",
            "number": f"{self.start:03d}",
        }
        until = f"{self.last % 12 + 1:02d}"
        if self.last // 12 > self.year:
            until = f"{self.last // 12:04d}-{until}"
        return forms.get(self.frequency) or f"{year}-{self.month:02d}/{until}"

    def shift(self, steps: int) -> Period:
        """The period `steps` later, of the same frequency.

        Months added up from January keep their last month in whole years (12 steps), else end `steps` months later;
        so does January with February, which is followed by a single month.
        """
        if self.frequency not in ("cumulated", "joint"):
            return Period(self.start + steps * STEPS[self.frequency], self.months, self.frequency)
        if steps % 12 == 0:
            return Period(self.start + steps, self.months, self.frequency)
        last = self.last + steps
        if self.frequency == "joint":
            return Period(last, 1, "month")
        return Period(last // 12 * 12, last % 12 + 1, "cumulated")

    def within(self, frequency: str) -> Period:
        """The period of another frequency (of `FREQUENCIES`) in which it begins."""
        step = STEPS[frequency]
        return Period(self.start // step * step, step, frequency)

    def _refuse_no_date(self) -> None:
        if self.frequency in ("number", "fiscal"):
            why = (
                said("a number")
                if self.frequency == "number"
                else said("a fiscal year whose first month is not known")
            )
            raise DataError(
                said("period {iso} is {why}, so it has no dates", iso=repr(self.iso), why=why),
                said(
                    "Where dates matter, periods are years (2023), half-years, quarters or months "
                    "('2023-05')."
                ),
            )


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


# One label by itself: every kind of period that it can be, and how to write another period the same way.

Label: TypeAlias = Hashable
_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_SHORT = [name[:3].lower() for name in _NAMES]
_DASH = "[-–—−~〜至到]"
# Y year, y its last two digits, X the next year's; M month, 2 of two digits, T the last one of several; N and T month
# names likewise; D day, 3 of two digits, @ a time of day; Q quarter, H half-year, U in Chinese; _ a dash; S the days
# that Excel counts; # a number; < and > one mark, twice. What else stands here stands in the label, capital or not.
_SLOTS = {
    "Y": "(?P<y>[0-9]{4})",
    "y": "(?P<yy>[0-9]{2})",
    "X": "(?P<next>[0-9]{2})",
    "M": "(?P<m>0?[1-9]|1[0-2])",
    "2": "(?P<m>0[1-9]|1[0-2])",
    "T": "(?P<to>0?[1-9]|1[0-2])",
    "N": f"(?P<mon>(?:{'|'.join(_NAMES)}|sept|{'|'.join(_SHORT)})[.]?)",
    "L": f"(?P<till>(?:{'|'.join(_NAMES)}|sept|{'|'.join(_SHORT)})[.]?)",
    "D": "(?P<d>0?[1-9]|[12][0-9]|3[01])",
    "3": "(?P<d>0[1-9]|[12][0-9]|3[01])",
    "@": "(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    "Q": "(?P<q>[1-4])",
    "H": "(?P<h>[12])",
    "U": "(?P<half>[上下])半年",
    "_": _DASH,
    "S": "(?P<serial>[2-5][0-9]{4})",
    "#": "(?P<n>-?[0-9]{1,3})",
    "<": "(?P<mark>[-/.])",
    ">": "(?P=mark)",
}
_WRITTEN = {
    "year": ("Y", "Y ?年(?:全年)?"),
    "half": ("Y[- ]?[hs]H", "[hs]H[- ]?Y", "Hh[- ]?Y", "Y ?年? ?U"),
    "quarter": ("Y[- ]?qQ", "qQ[- ]?Y", "Qq[- ]?Y", "Qqy", "qQ-y", "Y ?年 ?第?Q ?季度?"),
    "month": (
        "Y[-/]M",
        "Y[.]2",
        "Y2",
        "Y[- ]?mM",
        "Y ?年 ?M ?月份?",
        "N[- /,]*Y",
        "N[-/]y",
        "Y[- /]?N",
        "M[-/]Y",
        "2[.]Y",
    ),
    "span": (
        "Y-M/T",
        "Y ?年 ?M ?月? ?_ ?T ?月份?(?:累计)?",
        "Y ?年 ?前 ?T ?个月",
        "N ?_ ?L[- ,]*Y",
        "Y[- ]N ?_ ?L",
    ),
    "fiscal": ("Y[-/–]?X",),
    "day": ("Y-M-D@", "Y/M/D@", "Y[.]M[.]D@", "Y ?年 ?M ?月 ?D ?日", "Y23"),
    "day-month": ("D<M>Y@",),
    "month-day": ("M<D>Y@",),
    "serial": ("S",),
    "number": ("#",),
}
_FORMS: Final = [
    (kind, re.compile("".join(_SLOTS.get(c, c) for c in form), re.IGNORECASE))
    for kind, forms in _WRITTEN.items()
    for form in forms
]
Writer: TypeAlias = Callable[[Period], Any]
DAYS = ("day", "day-month", "month-day", "serial")
# Where labels can be of several kinds and the others do not decide, the first of these is meant.
ORDER = ("month", "span", "year", "half", "quarter", *DAYS, "number", "fiscal")
EARLIEST, LATEST = 1000, 2199  # years; beyond them four digits are something else, such as 2305 for May 2023
_EXCEL = date(1899, 12, 30)
_NUMERALS = {n: str(i) for i, n in enumerate([*"一二三四五六七八九十", "十一", "十二"], 1)}
_NUMERAL = re.compile(f"(十[一二]|[一二三四五六七八九十])(?= ?(?:个?月|季|{_DASH}))")


@dataclass(frozen=True)
class Reading:
    """One way to read one label: its months, or its day; and its spelling, where it is text or a number."""

    start: int
    months: int
    day: date | None = None
    template: Template | None = None


def readings(label: Any) -> dict[str, Reading]:
    """Every kind of period that a label can be, by kind; empty where it is none."""
    if isinstance(label, str):
        return _of_text(plain(label), str)
    if label is None or isinstance(label, bool) or type(label).__name__ in ("NaTType", "NAType"):
        return {}
    if isinstance(label, date):
        return {"day": _of_day(date(label.year, label.month, label.day))}
    if hasattr(label, "start_time") and hasattr(label, "freqstr"):
        return _of_pandas(label)
    if getattr(getattr(label, "dtype", None), "kind", "") == "M":
        return {"day": _of_day(label.astype("datetime64[D]").item())}
    if isinstance(label, Integral):
        return _of_text(str(int(label)), int)
    if isinstance(label, Real) and float(label).is_integer():
        return _of_text(str(int(float(label))), float)
    return {}


def plain(text: str) -> str:
    """A label without what means nothing: blanks around it and doubled, full-width forms, Chinese numerals."""
    text = " ".join(unicodedata.normalize("NFKC", visible(text)).split())
    return _NUMERAL.sub(lambda found: _NUMERALS[found[1]], text)


def _of_text(text: str, make: Callable[[str], Any]) -> dict[str, Reading]:
    found: dict[str, Reading] = {}
    for kind, form in _FORMS:
        match = form.fullmatch(text)
        if match is None or kind in found:
            continue
        got = {slot: part for slot, part in match.groupdict().items() if part and slot != "mark"}
        slots = sorted(((slot, *match.span(slot)) for slot in got), key=lambda s: s[1])
        reading = _meant(kind, got, Template(text, tuple(slots), make))
        if reading is not None:
            found[kind] = reading
    return found


def _meant(kind: str, got: Mapping[str, str], template: Template) -> Reading | None:
    """What the parts of a label add up to; None where they do not (30 February, the year 9999)."""
    if kind == "number":
        return Reading(int(got["n"]), 1, None, template)
    if kind == "serial":
        return _of_day(_EXCEL + timedelta(days=int(got["serial"])), template)
    short = int(got.get("yy", -1))
    year = int(got["y"]) if short < 0 else short + (2000 if short < 70 else 1900)
    if not EARLIEST <= year <= LATEST:
        return None
    if "d" in got:
        try:
            return _of_day(date(year, int(got["m"]), int(got["d"])), template)
        except ValueError:
            return None
    if kind == "fiscal" and int(got["next"]) != (year + 1) % 100:
        return None
    first, months = _months_of(kind, got)
    return Reading(12 * year + first, months, None, template) if months > 0 else None


def _months_of(kind: str, got: Mapping[str, str]) -> tuple[int, int]:
    """First month of the year (from 0) and how many."""
    if kind in ("year", "fiscal"):
        return 0, 12
    if kind == "half":
        return 6 * (got["half"] == "下" if "half" in got else int(got["h"]) - 1), 6
    if kind == "quarter":
        return 3 * (int(got["q"]) - 1), 3
    # "The first five months" name no first one.
    first = _SHORT.index(got["mon"][:3].lower()) if "mon" in got else int(got.get("m", 1)) - 1
    if kind == "month":
        return first, 1
    last = _SHORT.index(got["till"][:3].lower()) if "till" in got else int(got["to"]) - 1
    return first, last - first + 1


def _of_day(day: date, template: Template | None = None) -> Reading:
    return Reading(12 * day.year + day.month - 1, 1, day, template)


def _of_pandas(label: Any) -> dict[str, Reading]:
    """A pandas Period by the days it begins and ends on."""
    begin, after = label.start_time.date(), label.end_time.date() + timedelta(days=1)
    if (after - begin).days <= 1:
        return {"day": _of_day(begin)}
    start, months = (
        12 * begin.year + begin.month - 1,
        12 * (after.year - begin.year) + after.month - begin.month,
    )
    kind = {1: "month", 3: "quarter", 6: "half", 12: "year"}.get(months, "")
    whole = begin.day == after.day == 1 and kind and start % months == 0
    return {kind: Reading(start, months)} if whole else {}


def alone(label: Label, frequency: str, *, joint: bool = False, order: str | None = None) -> Period | str:
    """One more label of a column of that frequency: its period, else the kind that it is ("" for none).

    `joint` says that the column has January and February in one; `order` how it orders the parts of days.
    """
    if frequency == "number" and isinstance(label, Integral | float) and float(label).is_integer():
        return Period(int(label), 1, "number")  # any whole number, however large: 10000 for never
    found = readings(label)
    for kind in ("day", "serial", order):
        if kind is not None and kind in found and frequency in FREQUENCIES:
            period = Period(found[kind].start, 1, "month").within(frequency)
            if found[kind].day in (period.first_day, period.last_day):
                return period
    if frequency in found:
        return Period(found[frequency].start, found[frequency].months, frequency)
    span = found.get("span") or found.get("month")
    if span is not None:
        step = STEPS[frequency]
        if (span.start % step, span.months) == (0, step) and frequency in FREQUENCIES:
            return Period(span.start, step, frequency)
        if frequency == "cumulated" and span.start % 12 == 0:
            return Period(span.start, span.months, "cumulated")
        if joint and (span.start % 12, span.months) == (0, 2):
            return Period(span.start, 2, "joint")
    return next((k if k in WORDS else "day" for k in ORDER if k in found), "")


# ---- other periods, written the same way -------------------------------------------------------------------------


@dataclass(frozen=True)
class Template:
    """An example of how periods of one kind are written, and where in it the year and the parts stand."""

    text: str
    slots: tuple[tuple[str, int, int], ...]
    make: Callable[[str], Any] = str

    def __call__(self, period: Period) -> Any:
        """Another period of the example's kind."""
        out, at = [], 0
        for slot, begin, end in self.slots:
            out += [self.text[at:begin], self._part(slot, self.text[begin:end], period)]
            at = end
        return self.make("".join([*out, self.text[at:]]))

    def _part(self, slot: str, old: str, p: Period) -> str:
        if slot in ("mon", "till"):
            return _named(p.month if slot == "mon" else p.last % 12 + 1, old)
        if slot in ("m", "to"):
            return _padded(p.month if slot == "m" else p.last % 12 + 1, old, short="年" in self.text)
        return {
            "y": f"{p.year:04d}",
            "yy": f"{p.year % 100:02d}",
            "q": str(p.part),
            "h": str(p.part),
            "half": "下上"[p.part % 2],
            "next": f"{(p.year + 1) % 100:02d}",
            "n": str(p.start),
        }[slot]

    def other(self, period: Period) -> Any:
        """A period of another kind than the example's: a number or in Chinese, where the example is, else ISO."""
        if self.make is not str:
            number = {"year": period.year, "month": 100 * period.year + period.month}.get(period.frequency)
            return period.iso if number is None else self.make(str(number))
        if "年" not in self.text:
            alone = self._without_first_month()
            return alone(period) if alone and period.frequency == "month" else period.iso
        part, month = period.part, period.month
        form = {
            "year": "",
            "half": f"{'下上'[part % 2]}半年",
            "quarter": f"{part}季度",
            "month": f"{month}月",
        }.get(period.frequency, f"{month}-{period.last % 12 + 1}月")
        return f"{period.year}年{form}"

    def _without_first_month(self) -> Template | None:
        """How a single month is written by who writes 'Jan-May 2023'; None for other examples."""
        at = {slot: (begin, end) for slot, begin, end in self.slots}
        if not {"mon", "till"} <= at.keys():
            return None
        cut, begin = at["mon"][0], at["till"][0]
        kept = [("mon" if s == "till" else s, b, e) for s, b, e in self.slots if s != "mon"]
        moved = [(s, b - (begin - cut) * (b >= begin), e - (begin - cut) * (b >= begin)) for s, b, e in kept]
        return Template(self.text[:cut] + self.text[begin:], tuple(moved), self.make)


def _padded(number: int, old: str, *, short: bool) -> str:
    """A month as long as the example's; where that has two digits anyhow, `short` says whether others have one."""
    width = len(old) if int(old) < 10 else 1 if short else 2
    return f"{number:0{width}d}"


def _named(month: int, old: str) -> str:
    name = _NAMES[month - 1] if len(old.rstrip(".")) > 4 else _NAMES[month - 1][:3]
    name = name.upper() if old.isupper() else name.lower() if old.islower() else name
    return name + "." * old.endswith(".")


@dataclass(frozen=True)
class DatesLike:
    """Writes periods as days, as an example is: their first days, or their last."""

    label: Any
    first: bool
    template: Template | None

    def __call__(self, period: Period) -> Any:
        to = period.first_day if self.first else period.last_day
        if self.template is not None:
            return self.template.make(self._text(self.template, to))
        if hasattr(self.label, "replace"):
            return self.label.replace(year=to.year, month=to.month, day=to.day)
        return type(self.label)(to)  # numpy's

    def _text(self, template: Template, to: date) -> str:
        out, at = [], 0
        parts = {"y": to.year, "m": to.month, "d": to.day, "serial": (to - _EXCEL).days}
        short = any(end - begin == 1 for _, begin, end in template.slots)
        for slot, begin, end in template.slots:
            out += [template.text[at:begin], f"{parts[slot]:0{1 if short else 2}d}"]
            at = end
        return "".join([*out, template.text[at:]])


@dataclass(frozen=True)
class StepsFrom:
    """Writes periods as pandas does, by their distance from an example."""

    label: Any
    example: Period

    def __call__(self, period: Period) -> Any:
        return self.label + (period.position - self.example.position)
