"""The periods of one column: what its labels mean, their order, and how the user writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from numbers import Integral
from operator import index
from typing import Any, Literal, TypeAlias

from exportlab.errors import DataError, OptionError
from exportlab.options import Count
from exportlab.periods.period import ALLOWED, FREQUENCIES, STEPS, WORDS, Label, Period, Writer, alone
from exportlab.words import N_, Text, said

Lag: TypeAlias = Count | Literal["year"]


@dataclass(frozen=True)
class Calendar:
    """The periods of one column. Made by `read`.

    A label is what the user wrote. Its key stands for it inside a table of flows: the label itself where labels sort
    in the order of time, else its ISO form. Every method takes labels, keys, and other spellings of a period. Days
    that lie `inside` the periods they stand for are written as these' first days.

    Attributes
    ----------
    name : str
        The column, as errors call it.
    periods : mapping of label to Period
        In the order of time; empty where the labels are no periods (before and after, waves).
    frequency : str or None
        "year", "fiscal", "half", "quarter", "month", "cumulated" or "number"; None where there is no order.
    labels : tuple
        The user's labels, in the order of time where there is one.
    """

    name: Text
    periods: Mapping[Label, Period]
    frequency: str | None
    labels: tuple[Label, ...]
    writers: Mapping[str, Writer] = field(default_factory=dict, repr=False, compare=False)
    day_order: str | None = field(default=None, repr=False, compare=False)
    inside: bool = field(default=False, repr=False, compare=False)

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def ordered(self) -> bool:
        """Whether the labels have an order in time."""
        return self.frequency is not None

    @property
    def per_year(self) -> int | None:
        """Steps from a period to the same one a year later; None for numbers and labels without an order."""
        return None if self.frequency in (None, "number") else 12 // STEPS[str(self.frequency)]

    @property
    def told(self) -> str | None:
        """What to say as frequency= where a few of these labels go through a door again, and could be read twice."""
        return (
            self.frequency
            if self.frequency in FREQUENCIES
            else "year"
            if self.frequency == "fiscal"
            else None
        )

    def require_order(self, what: Text) -> None:
        """Raise unless the labels have an order in time, which `what` needs."""
        if not self.ordered:
            shown = ", ".join(repr(x) for x in self.labels[:3])
            raise DataError(
                said(
                    "{name} has labels without an order in time ({shown}), and {what} needs one",
                    name=self.name,
                    shown=shown,
                    what=what,
                ),
                said(ALLOWED),
            )

    # ---- labels, periods, keys -------------------------------------------------------------------------

    @cached_property
    def written(self) -> dict[Period, Any]:
        """Each period to the user's label; days inside a period to its first one, written like them."""
        if self.inside:
            return {p: self.writers[p.frequency](p) for p in self.periods.values()}
        return {period: label for label, period in self.periods.items()}

    @cached_property
    def sorts(self) -> bool:
        """Whether the labels as they are, text or whole numbers, sort in the order of time on any engine."""
        if not self.ordered or self.inside:
            return not self.ordered
        listed: list[Any] = list(self.labels)
        kinds = {str if isinstance(x, str) else int if isinstance(x, Integral) else None for x in listed}
        alike = len(kinds) == 1 and None not in kinds
        return alike and sorted(listed) == listed

    @cached_property
    def keys(self) -> dict[Any, Any]:
        """Each label to its key."""
        if self.sorts:
            return {label: label for label in self.labels}
        return {label: period.iso for label, period in self.periods.items()}

    @cached_property
    def _by_key(self) -> dict[Label, Period]:
        return {self.keys[label]: period for label, period in self.periods.items()}

    def period(self, label: Label) -> Period:
        """What a label means: one of the column's, its key, or another of the same frequency in any spelling.

        Raises
        ------
        DataError
            It is no period, or one of another frequency; or the column has no order in time.
        """
        found = self.periods.get(label) or self._by_key.get(label)
        if found is not None:
            return found
        self.require_order(said("the period {label}", label=repr(label)))
        other = alone(label, str(self.frequency), joint=self._joint, order=self.day_order)
        if isinstance(other, Period):
            return other
        raise DataError(
            said(
                N_("{label} is of {others}, and {name} has {words}")
                if other
                else N_("{label} is no period, and {name} has {words}"),
                label=repr(label),
                others=said(WORDS.get(str(other), "")),
                name=self.name,
                words=said(WORDS[str(self.frequency)]),
            ),
            said("Write it as the others are, such as {label}.", label=repr(self.labels[0])),
        )

    @property
    def _joint(self) -> bool:
        return any(p.frequency == "joint" for p in self.periods.values())

    def key(self, period: Period | Label) -> Any:
        """What stands for a period, or a label of one, inside a table of flows."""
        if not isinstance(period, Period):
            if period in self.keys:
                return self.keys[period]
            period = self.period(period)
        return self.label(period) if self.sorts else period.iso

    def label(self, period: Period | Label) -> Any:
        """A period, or the key of one, as the user writes it, be it among the column's or not."""
        if not isinstance(period, Period):
            if not self.ordered:
                return period
            period = self.period(period)
        if period in self.written:
            return self.written[period]
        writer = self.writers.get(period.frequency) or self.writers.get("other")
        return period.iso if writer is None else writer(period)

    def at(self, position: int) -> Period:
        """The period at a place in time, be it among the column's or not."""
        self.require_order(said("a place in time"))
        if position in self._by_position:
            return self._by_position[position]
        step = STEPS[str(self.frequency)]
        if self.frequency == "cumulated":
            return Period(position // 12 * 12, position % 12 + 1, "cumulated")
        return Period(position * step, step if self.frequency != "number" else 1, str(self.frequency))

    @cached_property
    def _by_position(self) -> dict[int, Period]:
        return {p.position: p for p in self.periods.values()}

    # ---- order -----------------------------------------------------------------------------------------

    def in_order(self, labels: Iterable[Label]) -> list[Any]:
        """Labels, or keys, in the order of time; as they sort where they have none."""
        known = set(labels)
        return sorted(known, key=self.period) if self.ordered else plainly_sorted(known)

    def steps(self, lag: Lag) -> int:
        """How many steps of the column a lag is: a year is twelve months, or four quarters; of numbers one step.

        Raises
        ------
        OptionError
            It is neither "year" nor a whole number from 1 on.
        """
        if lag == "year":
            return self.per_year or 1
        try:
            found = index(lag)
        except TypeError:
            found = 0
        if isinstance(lag, bool) or found < 1:
            raise OptionError(
                said(
                    "lag={lag} is not allowed. Allowed: 'year', or a whole number of steps from 1 on.",
                    lag=repr(lag),
                )
            )
        return found

    def followers(self, labels: Iterable[Label], lag: Lag) -> dict[Any, Any]:
        """Each of `labels`, or keys, to the one `lag` later with as many months, where there is one."""
        self.require_order(said("a step in time"))
        steps = self.steps(lag)
        known = sorted(((self.period(x), x) for x in set(labels)), key=lambda pair: pair[0])
        place = {(p.position, p.months): x for p, x in known}
        moved = {x: place.get((p.position + steps, p.months)) for p, x in known}
        return {x: after for x, after in moved.items() if after is not None}

    def same_months(self, labels: Iterable[Label], to: Label) -> list[Any]:
        """Those of `labels`, or keys, that are the same months of a year as `to` is, in the order of time."""
        self.require_order(said("a comparison of periods"))
        span = self._months_of_year(to)
        return [x for x in self.in_order(labels) if self._months_of_year(x) == span]

    def _months_of_year(self, label: Label) -> tuple[int, int]:
        found = self.period(label)
        return (0 if found.frequency == "number" else found.start % 12, found.months)

    def first_year(self, labels: Iterable[Label]) -> list[Any]:
        """Those of `labels`, or keys, that begin within a year from the first; of numbers the first."""
        self.require_order(said("a first year"))
        known = self.in_order(labels)
        first = self.period(known[0])
        until = first.start + (1 if first.frequency == "number" else 12)
        return [x for x in known if self.period(x).start < until]

    def follows(self, before: Label, after: Label) -> bool:
        """Whether `after` is the next period, so that nothing lies between."""
        self.require_order(said("a step in time"))
        a, b = self.period(before), self.period(after)
        if self.frequency == "month":
            return b.start == a.last + 1
        return b.position == a.position + 1


def text(label: Any) -> str:
    """A label as text, as in tables and beside charts: 2023 for 2023.0, the day for midnight."""
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    if isinstance(label, datetime):
        return label.date().isoformat()
    return str(label)


def plainly_sorted(labels: Iterable[Any]) -> list[Any]:
    """As the labels sort, or their texts where they are of several types."""
    listed = list(labels)
    try:
        return sorted(listed)
    except TypeError:
        return sorted(listed, key=str)
