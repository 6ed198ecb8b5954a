"""What an option may be: each check returns the value, or raises an `OptionError` that says what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from numbers import Real
from operator import index
from typing import Any, TypeAlias

from exportlab.errors import OptionError

Check: TypeAlias = Callable[[str, Any], Any]


def whole_number(low: int) -> Check:
    """A whole number, `low` or more; True and 4.0 are none."""

    def check(name: str, value: Any) -> int:
        try:
            found = index(value)
        except TypeError:
            found = low - 1
        if isinstance(value, bool) or found < low:
            raise OptionError(f"{name}={value!r} is not allowed. Allowed: a whole number, {low} or more.")
        return found

    return check


def number(low: float, *, infinite: bool = False) -> Check:
    """A number, `low` or more; no NaN, and infinity only where `infinite` says so."""

    def check(name: str, value: Any) -> float:
        real = isinstance(value, Real) and not isinstance(value, bool)
        if not real or not low <= value <= inf or (value == inf and not infinite):
            upto = " (infinity too)" if infinite else ", finite"
            raise OptionError(f"{name}={value!r} is not allowed. Allowed: a number, {low:g} or more{upto}.")
        return float(value)

    return check
