"""What a printed figure can mean: interval arithmetic on printed digits.

A figure printed 16.5 was rounded from something in [16.45, 16.55]; sums, products and ratios of
such intervals follow Moore (1966), so a verdict needs no tolerance of anybody's choosing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, inf, isinf, log10

from exportlab.errors import UnknownName
from exportlab.words import Said, said

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# The fractions of everyday words: halves, thirds and quarters.
EVERYDAY = sorted({Fraction(n, d) for d in (1, 2, 3, 4) for n in range(d + 1)})
FINE = 1e-3  # of a value, below which the width of an interval is no matter to a reader
SLIGHT = 1e-9
WORDED = {"quarter": Fraction(1, 4), "third": Fraction(1, 3), "half": Fraction(1, 2)}


@dataclass(frozen=True)
class Interval:
    """All values between `low` and `high`, both included."""

    low: float
    high: float

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.low - other.high, self.high - other.low)

    def __mul__(self, other: Interval) -> Interval:
        ends = [_times(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends))

    def __truediv__(self, other: Interval) -> Interval:
        if other.low <= 0 <= other.high:
            raise ZeroDivisionError(f"the divisor {other} contains zero")
        return self * Interval(
            0.0 if isinf(other.high) else 1 / other.high, 0.0 if isinf(other.low) else 1 / other.low
        )

    def meets(self, other: Interval) -> bool:
        """Whether one value can be in both (up to the last bits of a float)."""
        slack = 1e-12 * max((abs(e) for e in (*self, *other) if not isinf(e)), default=0.0)
        return self.low <= other.high + slack and other.low <= self.high + slack

    def __iter__(self) -> Iterator[float]:
        return iter((self.low, self.high))

    def __str__(self) -> str:
        return str(self.said())

    def said(self) -> Said:
        """The interval as a reader expects it: a number, a bound, or both ends."""
        if self.low == self.high:
            return said(_short(self.low))
        if isinf(self.high):
            return said("at least {number}", number=_short(self.low))
        if isinf(self.low):
            return said("at most {number}", number=_short(self.high))
        if (one := self._as_one()) is not None:
            return said(one)
        low, high = self._ends()
        return said("{low} to {high}", low=low, high=high)

    def _ends(self) -> list[str]:
        """Both ends, moved outwards to the second digit of the width: what is inside stays inside."""
        decimals = 1 - floor(log10(self.high - self.low) + SLIGHT)
        if near := min(abs(self.low), abs(self.high)):  # an end above zero is none of zero
            decimals = max(decimals, min(decimals + 2, -floor(log10(near))))
        step = 10.0**-decimals
        slack = SLIGHT * (1 + (abs(self.low) + abs(self.high)) / step)  # a float's last bits are no step
        ends = [step * floor(self.low / step + slack), step * ceil(self.high / step - slack)]
        texts = [f"{end:,.{max(decimals, 0)}f}" for end in ends]
        spare = min(len(text) - len(text.rstrip("0")) for text in texts) if decimals > 0 else 0
        spare += spare == decimals > 0  # the point
        return ["0" if not end else text[: len(text) - spare] for end, text in zip(ends, texts, strict=True)]

    def _as_one(self) -> str | None:
        """One number where both ends are it, to within its last digit, in four digits or more; else None."""
        width, middle = self.high - self.low, (self.low + self.high) / 2
        if not width < FINE * abs(middle):
            return None
        decimals = -ceil(log10(width))  # one unit of the last digit is no less than the width
        text = f"{middle:,.{decimals}f}" if decimals > 0 else f"{round(middle, decimals):,.0f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


def point(x: float) -> Interval:
    """The interval of one value."""
    return Interval(x, x)


def rounded(text: str) -> Interval:
    """What a number printed as `text` was rounded from: half a unit of its last digit either way.

    Zeros that end a whole number are not counted as digits (780 million is [775, 785] million): the
    wider reading, so that no contradiction rests on digits the author may not have meant.
    """
    digits = text.replace(",", "")
    decimals = len(digits.partition(".")[2])
    trailing = 0 if "." in digits else len(digits) - len(digits.rstrip("0"))
    if float(digits) == 0:
        trailing = 0
    half = Fraction(10) ** (trailing - decimals) / 2
    value = Fraction(digits)
    return Interval(float(value - half), float(value + half))


def worded(share: Fraction) -> Interval:
    """What a share put as a fraction in words means: nearer to it than to another half, third or quarter."""
    k = EVERYDAY.index(share)
    return Interval(float((EVERYDAY[k - 1] + share) / 2), float((share + EVERYDAY[k + 1]) / 2))


def printed(text: str, value: float, *, exact: bool, bound: str = "", percent: bool = False) -> Interval:
    """The interval of a claim printed as `text`, whose value is `value`.

    Counts, ranks and years are `exact`; `bound` is "over", "under", "nearly" or "".
    """
    numbers = NUMBER.findall(text)
    fraction = next((f for word, f in WORDED.items() if word in text.lower()), None)
    if len(numbers) == 2:
        core = Interval(float(numbers[0]), float(numbers[1]))
    elif numbers and not exact:
        core = rounded(numbers[0])
    elif fraction is not None and percent:
        core = worded(fraction) * point(100.0)
    else:
        core = point(value)
    if bound == "over":
        return Interval(value, inf)
    if bound == "under":
        return Interval(-inf, value)
    return Interval(core.low, value) if bound == "nearly" else core


def _times(a: float, b: float) -> float:
    return 0.0 if 0 in (a, b) else a * b


def _short(x: float) -> str:
    return f"{x:,.5g}" if abs(x) < 1e5 else f"{x:,.0f}"


# Units of claims and of evidence: a dimension and a factor, so that figures meet in one unit.

UNITS: dict[str, tuple[str, float]] = {
    "mn CNY": ("CNY", 1e6),
    "100m CNY": ("CNY", 1e8),
    "bn CNY": ("CNY", 1e9),
    "trn CNY": ("CNY", 1e12),
    "mn USD": ("USD", 1e6),
    "100m USD": ("USD", 1e8),
    "bn USD": ("USD", 1e9),
    "trn USD": ("USD", 1e12),
    "%": ("share", 1e-2),
    "share": ("share", 1.0),
    "pp": ("share", 1e-2),
    "index": ("index", 1.0),
    "mn t": ("t", 1e6),
    "bn t": ("t", 1e9),
    "t": ("t", 1.0),
    "mn TEU": ("TEU", 1e6),
    "GW": ("W", 1e9),
    "MW": ("W", 1e6),
    "days": ("days", 1.0),
    "working days": ("working days", 1.0),
    "months": ("months", 1.0),
    "years": ("years", 1.0),
    "year": ("year", 1.0),
    "per 100 km": ("1/km", 1e-2),
    "km": ("km", 1.0),
    "ha": ("ha", 1.0),
    "times": ("times", 1.0),
    "times a year": ("times a year", 1.0),
    "rank": ("rank", 1.0),
    "mn visits": ("visits", 1e6),
    "mn records": ("records", 1e6),
    "": ("", 1.0),
}
UNSAID = ("", "index", "rank", "batch", "year")  # a figure in one of these is said without it
COUNTED = (
    "projects",
    "firms",
    "departments",
    "agencies",
    "centres",
    "mechanisms",
    "reforms",
    "clusters",
    "cities",
    "operations",
    "drugs",
    "platforms",
    "modules",
    "technologies",
    "gaps",
    "persons",
    "batch",
    "river",
    "province",
)
UNITS |= {name: (name, 1.0) for name in COUNTED}


def unit(name: str) -> tuple[str, float]:
    """The dimension of a unit and its size in the base unit of that dimension."""
    try:
        return UNITS[name]
    except KeyError:
        raise UnknownName(said("unit"), name, UNITS) from None
