"""Periods: years (2023, "2023") and months ("2023-05", "202305", 202305), and how far apart they are."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from typing import TypeVar

from exportlab.errors import DataError

Label = TypeVar("Label", int, str)

_FORM = re.compile(r"(\d{4})(?:(-?)(0[1-9]|1[0-2]))?")


def parse(label: object) -> tuple[int, int | None]:
    """Year and month (None for a year)."""
    found = _FORM.fullmatch(str(label))
    if found is None:
        raise DataError(
            f"period {label!r} is neither a year nor a month",
            "Where dates matter, periods are years (2023) or months ('2023-05').",
        )
    return int(found[1]), int(found[3]) if found[3] else None


def days(label: object) -> tuple[date, date]:
    """The first and the last day of a period."""
    year, month = parse(label)
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def shift(label: Label, lag: int) -> Label:
    """The period `lag` steps later, written the same way."""
    year, month = parse(label)
    if month is None:
        moved = f"{year + lag:04d}"
    else:
        steps = year * 12 + month - 1 + lag
        dash = "-" if "-" in str(label) else ""
        moved = f"{steps // 12:04d}{dash}{steps % 12 + 1:02d}"
    return type(label)(moved)


def followers(labels: Iterable[Label], lag: int) -> dict[Label, Label]:
    """Each period to the one `lag` steps later, for those that have one among `labels`."""
    known = set(labels)
    return {p: q for p in sorted(known) if (q := shift(p, lag)) in known}
