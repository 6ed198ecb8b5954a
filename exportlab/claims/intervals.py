"""What a printed figure can mean: interval arithmetic on printed digits.

A figure printed 16.5 was rounded from something in [16.45, 16.55]; sums, products and ratios of
such intervals follow Moore (1966), so a verdict needs no tolerance of anybody's choosing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import inf, isinf

from exportlab.claims.saying import Said, said

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# The fractions of everyday words: halves, thirds and quarters.
EVERYDAY = sorted({Fraction(n, d) for d in (1, 2, 3, 4) for n in range(d + 1)})
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
        return said(f"[{_short(self.low)}, {_short(self.high)}]")


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
