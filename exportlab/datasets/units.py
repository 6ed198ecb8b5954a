"""Units of money as published, and the only way in which they are converted: with a given rate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from exportlab.errors import OptionError

SCALES = {
    "": 1.0,
    "thousand": 1e3,
    "10k": 1e4,
    "million": 1e6,
    "100m": 1e8,
    "bn": 1e9,
    "billion": 1e9,
    "trillion": 1e12,
}
_UNIT = re.compile(r"(?:(\S+)\s+)?([A-Z]{3})")


def convert(values: Any, *, from_unit: str, to_unit: str, rate: Mapping[str, Any] | None = None) -> Any:
    """Money in another unit: another scale, and another currency only with a rate that is given.

    Parameters
    ----------
    values : float, array, Series or list
        Amounts in `from_unit`. The type comes back, a list as an array.
    from_unit, to_unit : str
        A scale and a currency, as in the data: "100m CNY", "100m USD", "10k CNY", "million USD",
        "bn USD", "USD".
    rate : mapping, optional
        ``{"CNY/USD": 7.05}``: 7.05 yuan for one dollar. The pair is named so that a rate can not be
        used upside down; it converts in both directions. The rate may be an array or Series aligned
        with `values`, for rates that differ by period. Required if the currencies differ, and refused
        if they do not.

    Raises
    ------
    OptionError
        If a unit can not be read, if the rate is missing, superfluous, not positive and finite, or not
        of the two currencies.
    """
    from_scale, from_currency = _parsed("from_unit", from_unit)
    to_scale, to_currency = _parsed("to_unit", to_unit)
    amounts = np.asarray(values, dtype=float) if isinstance(values, (list, tuple)) else values
    scaled = amounts * (from_scale / to_scale)
    if from_currency == to_currency:
        if rate is not None:
            raise OptionError(
                f"rate= is not used from {from_unit!r} to {to_unit!r}: the currency is the same."
            )
        return scaled
    return scaled * _price(rate, from_currency, to_currency)


def _price(rate: Mapping[str, Any] | None, one: str, other: str) -> Any:
    """What one unit of the currency `one` costs in the currency `other`."""
    if not isinstance(rate, Mapping) or len(rate) != 1:
        raise OptionError(
            f"rate={rate!r}: {one} to {other} needs a rate with its pair named, such as "
            f"rate={{'{one}/{other}': ...}} ({one} for one {other})."
        )
    ((pair, price),) = rate.items()
    numbers = np.asarray(price, dtype=float)
    if not (np.isfinite(numbers) & (numbers > 0)).all():
        raise OptionError(f"rate={rate!r}: a rate is positive and finite.")
    price = numbers if isinstance(price, (list, tuple)) else price
    if pair == f"{one}/{other}":
        return 1 / price
    if pair == f"{other}/{one}":
        return price
    raise OptionError(
        f"rate={rate!r} is not of {one} and {other}. Allowed: '{one}/{other}' or '{other}/{one}'."
    )


def _parsed(option: str, unit: str) -> tuple[float, str]:
    """Scale and currency of a unit."""
    match = _UNIT.fullmatch(unit.strip())
    if match is None or (match[1] or "") not in SCALES:
        scales = ", ".join(repr(s) for s in SCALES if s)
        raise OptionError(
            f"{option}={unit!r} is no unit of money. Allowed: a currency such as 'USD', with one of the "
            f"scales {scales} before it."
        )
    return SCALES[match[1] or ""], match[2]
