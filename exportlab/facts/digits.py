"""What a printed figure says: the interval that its digits allow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import inf, isfinite
from typing import Any, TypeAlias

import numpy as np

from exportlab.errors import DataError, OptionError, short

Figure: TypeAlias = "str | Decimal | float | tuple[str | float | None, str | float | None]"

_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True)
class Printed:
    """A figure as printed, and the lowest and the highest number that is printed so."""

    text: str
    low: float
    high: float


def read(what: str, figure: Figure, *, exact: bool = False, per_cent: bool = False) -> Printed:
    """The interval of a figure.

    Parameters
    ----------
    what : str
        What it is a figure of, for the refusal.
    figure : str, Decimal, tuple or float
        Text keeps its digits: "7659.6" is anything from 7659.55 to 7659.65. A pair is an interval as it stands
        (None where it is open). A bare number has lost its digits and needs `exact`.
    exact : bool
        Take the figure as it stands, without the half unit of its last digit.
    per_cent : bool
        Whether it is a share or a growth rate, which may be written "38.3%"; a rate may be negative.

    Raises
    ------
    DataError
        No figure: a word, NaN, infinite, a negative amount, a pair the wrong way round.
    OptionError
        A bare number without `exact`.
    """
    if isinstance(figure, tuple):
        return _pair(what, figure, per_cent)
    if _bare(figure) and not exact:
        raise OptionError(
            f"{what}={figure!r} is a bare number, whose printed digits are lost. Allowed: text such as "
            f"'{figure:g}', which stands for all that is rounded to it, or exact=True."
        )
    value, half = _parsed(what, figure, per_cent)
    spread = Decimal(0) if exact else half
    low, high = float(value - spread), float(value + spread)
    return Printed(str(figure).strip(), low if per_cent else max(low, 0.0), high)


def _bare(figure: Any) -> bool:
    """Whether it is a number, not text: how many digits it was printed with is not known."""
    return isinstance(figure, int | float | np.number) and not isinstance(figure, bool) and isfinite(figure)


def _parsed(what: str, figure: Any, per_cent: bool) -> tuple[Decimal, Decimal]:
    """The number and half a unit of its last digit."""
    text = str(figure).strip().replace("％", "%").replace("−", "-")
    share = per_cent and text.endswith("%")
    bare = text[:-1].rstrip() if share else text
    bare = bare.replace(",", "") if _GROUPED.fullmatch(bare) else bare
    try:
        value = Decimal(bare)
    except InvalidOperation:
        value = Decimal("NaN")
    if isinstance(figure, bool) or not value.is_finite() or (value < 0 and not per_cent):
        form = "'38.3%' or '0.383'" if per_cent else "zero or more, such as '7659.6' or '7,659.6'"
        raise DataError(f"{what} is no figure", f"Allowed: {form}.", first=short(repr(figure), 100))
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    scale = Decimal("0.01") if share else Decimal(1)
    return value * scale, Decimal(5).scaleb(exponent - 1) * scale


def _pair(what: str, pair: tuple[Any, ...], per_cent: bool) -> Printed:
    if len(pair) != 2:
        raise DataError(
            f"{what} is no interval", "Allowed: a pair (low, high).", first=short(repr(pair), 100)
        )
    ends = [None if end is None else float(_parsed(what, end, per_cent)[0]) for end in pair]
    low = (-inf if per_cent else 0.0) if ends[0] is None else ends[0]
    high = inf if ends[1] is None else ends[1]
    if low > high:
        raise DataError(
            f"{what} is an interval the wrong way round", "Allowed: (low, high).", first=repr(pair)
        )
    text = f"{'any' if pair[0] is None else pair[0]} to {'any' if pair[1] is None else pair[1]}"
    return Printed(text, low, high)
