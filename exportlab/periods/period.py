"""One period: a span of whole months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from exportlab.errors import DataError

FREQUENCIES: Final = ("year", "half", "quarter", "month")
STEPS: Final = {
    "year": 12, "fiscal": 12, "half": 6, "quarter": 3, "month": 1, "joint": 1, "cumulated": 1, "span": 1, "number": 1,
}  # fmt: skip
WORDS: Final = {
    "year": "years", "fiscal": "fiscal years", "half": "half-years", "quarter": "quarters", "month": "months",
    "cumulated": "months added up from January", "span": "spans of months", "day": "days", "number": "numbers",
}  # fmt: skip
ALLOWED: Final = (
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
            "year": year, "fiscal": f"{year}-{(self.year + 1) % 100:02d}", "half": f"{year}-H{self.part}",
            "quarter": f"{year}-Q{self.part}", "month": f"{year}-{self.month:02d}", "number": f"{self.start:03d}",
        }  # fmt: skip
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
            why = "a number" if self.frequency == "number" else "a fiscal year whose first month is not known"
            raise DataError(
                f"period {self.iso!r} is {why}, so it has no dates",
                "Where dates matter, periods are years (2023), half-years, quarters or months ('2023-05').",
            )


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)
