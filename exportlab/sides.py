"""On which side of a value a whole interval lies: the one rule behind 'has risen', 'has fallen' and 'holds'."""

from __future__ import annotations

from typing import Literal, TypeAlias

Side: TypeAlias = Literal["above", "below", "cannot tell"]


def side(low: float, high: float, *, of: float = 0.0, reached: bool = False) -> Side:
    """The side of a value on which the interval lies as a whole.

    Parameters
    ----------
    low, high : float
        The ends; NaN where there is none.
    of : float
        The value: 0 for a change, the threshold for a claim.
    reached : bool
        Whether an interval that begins at the value itself is above it ("at least half").

    Returns
    -------
    {"above", "below", "cannot tell"}
        "cannot tell" where the value is inside or is an end, where an end is missing, and where the ends are in the
        wrong order.
    """
    if not low <= high:
        return "cannot tell"
    if low > of or (reached and low == of):
        return "above"
    return "below" if high < of else "cannot tell"
