"""Risk as far as published facts bound it, where exports by market are not published in full."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from exportlab.facts import Facts, ImpliedBounds


def risk_bounds(known: Facts) -> pd.DataFrame:
    """What published facts imply of three measures of risk that rest on shares alone.

    Parameters
    ----------
    known : Facts
        Of exports by market: a total, single markets, caps by total trade.

    Returns
    -------
    DataFrame
        One row a measure: `measure`, `low`, `high` and `proved`. "largest market lost" is what exports fall by if the
        largest market takes nothing more, its share. "own shocks" is the standard deviation of growth, in that of
        one market's, if every market has shocks of its own of one size: sqrt(sum a_m^2), the specific part of the
        risk content of di Giovanni and Levchenko (2012). "as many equal markets" is its inverse square.

    Raises
    ------
    DataError
        The facts cannot all hold.

    Notes
    -----
    Neither how markets move together nor how far each moves is in shares: that takes exports by market over years,
    and `portfolio`. Without them nothing is said of risk but what concentration alone does to it.

    Examples
    --------
    >>> import exportlab as xl
    >>> known = xl.facts("100.0", universe=None).know({"Japan": "50.0", "Korea": "30.0"})
    >>> xl.risk.risk_bounds(known).round(3)
                     measure    low   high  proved
    0    largest market lost  0.499  0.501    True
    1             own shocks  0.582  0.617    True
    2  as many equal markets  2.628  2.951    True
    """
    import pandas as pd

    largest, squares = known.bounds("cr", k=1), known.bounds("hhi")
    rows = [
        _row("largest market lost", largest, largest.low, largest.high),
        _row("own shocks", squares, sqrt(squares.low), sqrt(squares.high)),
        _row("as many equal markets", squares, 1 / squares.high, 1 / squares.low),
    ]
    return pd.DataFrame(rows, columns=["measure", "low", "high", "proved"])


def _row(measure: str, found: ImpliedBounds, low: float, high: float) -> tuple[str, float, float, bool]:
    return measure, low, high, found.proved
