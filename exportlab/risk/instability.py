"""Instability of export earnings: the field's indices about a trend, each by one convention, named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from exportlab.errors import DataError
from exportlab.flow_table import Columns, Flows
from exportlab.frames import Array
from exportlab.options import validated
from exportlab.results import Cautious
from exportlab.risk import growth as ground
from exportlab.risk.cautions import PRICES
from exportlab.risk.growth import framed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

TERMS = 5  # of MacBean's moving average
FEWEST = TERMS + 1  # values below which a trend says nothing
CONVENTIONS = {
    "cv": "100 s / mean, divisor n - 1, no trend taken out",
    "cuddy_della_valle": "cv sqrt(1 - adjusted R2) of a linear trend; the residual standard error over the mean",
    "cuddy_della_valle_log": "cv sqrt(1 - adjusted R2) of an exponential trend",
    "coppock": "100 (exp(sqrt V) - 1), V the variance of log ratios, divisor n - 1 of n values",
    "macbean": "mean of |X - M| / M, M the centred moving average of 5 terms; two values lost at each end",
    "unctad": "mean of |X - X^| / X^, X^ an exponential trend by least squares on logs",
}
INDICES = tuple(CONVENTIONS)
TREND = "A trend is taken as known: what is not on it counts as instability, a boom as much as a fall."


@dataclass(frozen=True, repr=False, eq=False)
class Instability(Cautious):
    """Indices of instability, in per cent.

    Attributes
    ----------
    table : DataFrame
        One row per group: its keys, n (values), mean, and each index; note.
    cautions : tuple of str
    """

    table: pd.DataFrame
    cautions: tuple[str, ...] = (TREND, PRICES)

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return "Instability of exports, % (see exportlab.risk.CONVENTIONS)"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the indices of each group."""
        from exportlab.plots.risk import instability

        return instability(self, ax=ax, **options)


@validated
def instability(flows: Flows, *, by: Columns | None = None) -> Instability:
    r"""Measure how unstable export values are about their trend.

    Parameters
    ----------
    flows : Flows
        With six periods or more that follow on each other.
    by : str or sequence of str, optional
        One series each: "exporter", "market" ...; by default every role present but the period.

    Returns
    -------
    Instability

    Raises
    ------
    DataError
        Fewer than six periods, periods missing in between.

    Notes
    -----
    With values X over n periods, s their standard deviation (divisor n - 1), all in per cent:

    - cv :math:`100 s / \bar X`
    - cuddy_della_valle :math:`cv \sqrt{1 - \bar R^2}`, :math:`\bar R^2` adjusted, of a linear trend: the same as the
      residual standard error (divisor n - 2) over the mean; cuddy_della_valle_log with that of a trend in logs
    - coppock :math:`100 (e^{\sqrt V} - 1)`, :math:`V = \frac{1}{n-1} \sum_t (d_t - \bar d)^2`, d the n - 1 log ratios
    - macbean: the mean of :math:`100 |X_t - M_t| / M_t`, M the centred moving average of five terms
    - unctad: the mean of :math:`100 |X_t - \hat X_t| / \hat X_t`, :math:`\hat X` an exponential trend

    All are at least 0, and do not change with the unit of money. Sources disagree on divisors; MacBean and UNCTAD are
    as secondary texts print them. Where a value is zero, the indices in logs are NaN, and a note says so. What rounding
    leaves of a series on its trend is 0.

    References
    ----------
    .. [1] Cuddy and Della Valle (1978), Measuring the instability of time series data, Oxford Bulletin of Economics
       and Statistics 40(1).
    .. [2] Coppock (1962), International Economic Instability.
    .. [3] MacBean (1966), Export Instability and Economic Development.

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> table = pd.DataFrame({"year": range(2014, 2022), "usd": [100.0, 112, 95, 130, 141, 120, 155, 150]})
    >>> found = xl.risk.instability(xl.flows(table, period="year", value="usd"))
    >>> found.table[["n", "cv", "cuddy_della_valle", "coppock"]].round(2)
       n    cv  cuddy_della_valle  coppock
    0  8  17.9               10.3    19.11
    """
    roles = tuple(r for r in flows.identity if r != "period") if by is None else by
    asked = ground.asked(flows, "instability", None, roles, 1)
    if len(asked.periods) < FEWEST:
        raise DataError(
            f"there are {len(asked.periods)} periods, and a trend needs {FEWEST} or more", "Add periods."
        )
    rows = []
    for one in ground.totals(asked):
        key = dict(zip(asked.groups, one.key, strict=True))
        x = one.total
        found = indices_of(x)
        zeros = int((x <= 0).sum())
        note = f"{zeros} values of zero: no logs" if zeros else ""
        rows.append({**key, "n": len(x), "mean": float(x.mean()), **found, "note": note})
    return Instability(framed(asked, rows))


@validated
def instability_of(values: ArrayLike) -> dict[str, float]:
    """Give the indices of one series, in the order of time.

    Parameters
    ----------
    values : array_like
        Six or more, none negative, not all zero.

    Returns
    -------
    dict of str to float
        As the columns of `instability`.

    Raises
    ------
    DataError
        Fewer than six values, values that are missing or negative, nothing but zeros.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or len(x) < FEWEST:
        raise DataError(
            f"a series of shape {x.shape} has no trend", f"Give {FEWEST} values or more in a row."
        )
    bad = np.flatnonzero(~np.isfinite(x) | (x < 0))
    if len(bad) or not x.any():
        where = f"values[{bad[0]}] = {x[bad[0]]}" if len(bad) else None
        raise DataError(
            f"{len(bad)} values are missing, infinite or negative" if len(bad) else "all values are zero",
            "Export values are zero or more.",
            first=where,
        )
    return indices_of(x)


def indices_of(x: Array) -> dict[str, float]:
    """All indices of one series."""
    cv = 100 * _settled(float(x.std(ddof=1)), x) / float(x.mean())
    found = dict.fromkeys(INDICES, float("nan"))
    found |= {"cv": cv, "cuddy_della_valle": 100 * _residual(x) / float(x.mean()), "macbean": _macbean(x)}
    if (x > 0).all():
        log = np.log(x)
        ratios = np.diff(log)
        variance = float(((ratios - ratios.mean()) ** 2).sum()) / len(ratios)
        spread = _settled(float(np.sqrt(variance)), np.append(log, 1.0))
        sd = _settled(float(log.std(ddof=1)), np.append(log, 1.0))
        unexplained = _residual(log) / sd if sd > 0 else 1.0  # sqrt(1 - adjusted R2)
        away = np.exp(log - _trend(log)) - 1
        found["cuddy_della_valle_log"] = cv * unexplained
        found["coppock"] = 100 * float(np.expm1(spread))
        found["unctad"] = 100 * _settled(float(np.abs(away).mean()), np.append(log, 1.0))
    return found


def _trend(x: Array) -> Array:
    """The linear trend, by least squares."""
    t = np.arange(len(x)) - (len(x) - 1) / 2
    return np.asarray(x.mean() + t * (t @ x) / (t @ t))


def _residual(x: Array) -> float:
    """The standard error about the linear trend, divisor n - 2; zero where it is rounding."""
    left = x - _trend(x)
    return _settled(float(np.sqrt(left @ left / (len(x) - 2))), np.append(x, 1.0 if x.min() < 0 else 0.0))


def _settled(figure: float, x: Array) -> float:
    """A deviation, or zero where it is rounding beside the values."""
    return figure if figure > 1e-13 * float(np.abs(x).max()) else 0.0


def _macbean(x: Array) -> float:
    moving = np.convolve(x, np.full(TERMS, 1 / TERMS), "valid")
    inner = x[TERMS // 2 : -(TERMS // 2)]
    if (moving <= 0).any():
        return float("nan")
    return 100 * _settled(float(np.abs(inner / moving - 1).mean()), np.ones(1))
