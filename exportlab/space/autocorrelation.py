r"""Do neighbours resemble each other? Moran's I, Geary's c and the G of Getis and Ord, over all units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations as orders
from math import factorial
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy.stats import norm

from exportlab.columns import in_time, real, refuse_no_ids
from exportlab.errors import DataError, DuplicateCells, OptionError, UnknownName
from exportlab.frames import Array, to_pandas
from exportlab.options import Count, validated
from exportlab.results import Cautious
from exportlab.space.spatial_weights import SpatialWeights

Statistic: TypeAlias = Literal["moran", "geary", "getis_ord"]
Method: TypeAlias = Literal["auto", "exact", "permutation", "randomisation", "normality"]
Alternative: TypeAlias = Literal["greater", "less", "two_sided"]
ALL = 50_000  # orders of the units that are gone through one by one
FEWEST = 4  # units below which the variance under randomisation is not defined
TIE = 1e-12  # of the statistic: orders as far as the one seen
FEW = 30  # units below which a normal law is a poor guide
NO_CAUSE = (
    "Likeness of neighbours has many reasons: a cause they share, a border through one market, spillovers."
)
DEFINED = "The statistic depends on who counts as a neighbour: try other weights."
ALONE = (
    "Units without neighbours: {n}. They count in n and in the mean, as in PySAL; spdep leaves them out of n, and "
    "Moran's I is then smaller by the ratio of the two."
)
NORMAL = "{n} units are few for a normal law: take method='permutation', or 'exact'."


@dataclass(frozen=True, eq=False)
class Sums:
    """S0, S1 and S2 of a matrix of weights."""

    s0: float
    s1: float
    s2: float


def sums_of(w: Array) -> Sums:
    """S0 = sum w, S1 = sum (w + w')^2 / 2, S2 = sum (row + column sums)^2."""
    return Sums(
        float(w.sum()), float(((w + w.T) ** 2).sum() / 2), float(((w.sum(axis=0) + w.sum(axis=1)) ** 2).sum())
    )


def moran(x: Array, w: Array) -> float:
    """n / S0 z'Wz / z'z."""
    z = x - x.mean()
    return float(len(x) / w.sum() * (z @ w @ z) / (z @ z))


def geary(x: Array, w: Array) -> float:
    """(n - 1) sum w (x_i - x_j)^2 / (2 S0 z'z)."""
    z = x - x.mean()
    apart = (w * (z[:, None] - z) ** 2).sum()
    return float((len(x) - 1) * apart / (2 * w.sum() * (z @ z)))


def getis_ord(x: Array, w: Array) -> float:
    """sum w x_i x_j / sum_{i != j} x_i x_j."""
    return float(x @ w @ x / (x.sum() ** 2 - x @ x))


STATISTICS: dict[str, Callable[[Array, Array], float]] = {
    "moran": moran,
    "geary": geary,
    "getis_ord": getis_ord,
}


def moments(name: str, x: Array, w: Array, assumption: str) -> tuple[float, float]:
    """Expectation and variance (Cliff and Ord 1981; Getis and Ord 1992 for G, under randomisation alone)."""
    n, s = len(x), sums_of(w)
    z = x - x.mean()
    b2 = n * float((z**4).sum()) / float((z**2).sum()) ** 2
    if name == "moran":
        mean = -1 / (n - 1)
        if assumption == "normality":
            return mean, (n**2 * s.s1 - n * s.s2 + 3 * s.s0**2) / (s.s0**2 * (n**2 - 1)) - mean**2
        free = n * ((n**2 - 3 * n + 3) * s.s1 - n * s.s2 + 3 * s.s0**2)
        kurtosis = b2 * ((n**2 - n) * s.s1 - 2 * n * s.s2 + 6 * s.s0**2)
        return mean, (free - kurtosis) / ((n - 1) * (n - 2) * (n - 3) * s.s0**2) - mean**2
    if name == "geary":
        return 1.0, _geary_variance(n, s, b2, assumption)
    return _getis_ord_moments(x, n, s)


def _geary_variance(n: int, s: Sums, b2: float, assumption: str) -> float:
    if assumption == "normality":
        return ((2 * s.s1 + s.s2) * (n - 1) - 4 * s.s0**2) / (2 * (n + 1) * s.s0**2)
    one = (n - 1) * s.s1 * (n**2 - 3 * n + 3 - (n - 1) * b2)
    two = (n - 1) * s.s2 * (n**2 + 3 * n - 6 - (n**2 - n + 2) * b2) / 4
    three = s.s0**2 * (n**2 - 3 - (n - 1) ** 2 * b2)
    return (one - two + three) / (n * (n - 2) * (n - 3) * s.s0**2)


def _getis_ord_moments(x: Array, n: int, s: Sums) -> tuple[float, float]:
    m1, m2, m3, m4 = (float((x**k).sum()) for k in (1, 2, 3, 4))
    mean = s.s0 / (n * (n - 1))
    b0 = (n**2 - 3 * n + 3) * s.s1 - n * s.s2 + 3 * s.s0**2
    b1 = -((n**2 - n) * s.s1 - 2 * n * s.s2 + 6 * s.s0**2)
    b2 = -(2 * n * s.s1 - (n + 3) * s.s2 + 6 * s.s0**2)
    b3 = 4 * (n - 1) * s.s1 - 2 * (n + 1) * s.s2 + 8 * s.s0**2
    b4 = s.s1 - s.s2 + s.s0**2
    top = b0 * m2**2 + b1 * m4 + b2 * m1**2 * m2 + b3 * m1 * m3 + b4 * m1**4
    square = top / ((m1**2 - m2) ** 2 * n * (n - 1) * (n - 2) * (n - 3))
    return mean, square - mean**2


@dataclass(frozen=True, repr=False, eq=False)
class Autocorrelation(Cautious):
    """Spatial autocorrelation of a column.

    Attributes
    ----------
    table : DataFrame
        One row a statistic (and period): value, expectation, variance, z (positive where neighbours are alike),
        p_value, method, n.
    cautions : tuple of str
    """

    table: pd.DataFrame
    cautions: tuple[str, ...]
    value: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Spatial autocorrelation of {self.value}"


@validated
def spatial_autocorrelation(
    table: Any,
    *,
    value: str,
    unit: str,
    weights: SpatialWeights,
    period: str | None = None,
    statistics: Sequence[Statistic] = ("moran", "geary"),
    method: Method = "auto",
    alternative: Alternative = "greater",
    permutations: Count = 9999,
    rng: Any = None,
) -> Autocorrelation:
    r"""Measure whether neighbours are alike.

    Parameters
    ----------
    table : DataFrame
        One row a unit, or a unit and period, for all units of the weights.
    value, unit, period : str
        Columns.
    weights : SpatialWeights
    statistics : sequence of {"moran", "geary", "getis_ord"}
        The last of positive figures and binary weights: whether high (or low) figures lie together.
    method : {"auto", "exact", "permutation", "randomisation", "normality"}
        Where p comes from: all orders of the units over the places (up to eight units), random ones, or a normal law
        with the variance under randomisation or under normality. "auto" goes through all orders where it can.
    alternative : {"greater", "less", "two_sided"}
        "greater": neighbours are more alike than by chance.
    permutations, rng
        Of random orders; rng= is a seed or a Generator.

    Returns
    -------
    Autocorrelation

    Raises
    ------
    DataError
        Units of the weights that are not in the table, missing figures, a constant column, fewer than four units.
    OptionError, UnknownName
        Random orders without rng=, "getis_ord" with row-standardised weights.

    Notes
    -----
    :math:`I = \frac{n}{S_0} \frac{z'Wz}{z'z}`, :math:`c = \frac{(n-1) \sum w_{ij} (x_i - x_j)^2}{2 S_0 z'z}`,
    :math:`G = \sum w_{ij} x_i x_j / \sum_{i \ne j} x_i x_j`. z is (I - E)/sd, and (1 - c)/sd for Geary, so that
    positive is alike in both. Random p: (1 + orders as far)/(1 + permutations); exact p: the share of all orders.

    References
    ----------
    .. [1] Cliff and Ord (1981), Spatial Processes, Pion.
    .. [2] Getis and Ord (1992), The analysis of spatial association by use of distance statistics, Geographical
       Analysis 24(3).
    """
    data = figures_of(table, value, unit, period)
    if "getis_ord" in statistics and weights.style != "binary":
        raise OptionError("getis_ord is of binary weights: spatial_weights(style='binary').")
    keys = [()] if period is None else _in_order(data[period], period)
    rows = []
    for key in keys:
        part = data if period is None else data[data[period] == key]
        w = weights.aligned(list(part[unit]))
        x = part[value].to_numpy(float)
        refuse_constant(x, value, key)
        chosen = _chosen(method, len(x), rng)
        for name in statistics:
            found = _tested(name, x, w, method=chosen, alternative=alternative, draws=permutations, rng=rng)
            rows.append({**({} if period is None else {period: key}), "statistic": name, **found})
    made = pd.DataFrame(rows)
    n = int(made["n"].min())
    normal = made["method"].isin(["randomisation", "normality"]).any() and n < FEW
    alone = weights.alone
    said = [*([NORMAL.format(n=n)] if normal else []), *([ALONE.format(n=alone)] if alone else [])]
    return Autocorrelation(made, (*said, DEFINED, NO_CAUSE), value)


def _in_order(column: pd.Series[Any], name: str) -> list[Any]:
    """The periods in the order of time."""
    return list(column.iloc[np.argsort(in_time(column, name), kind="stable")].drop_duplicates())


def figures_of(table: Any, value: str, unit: str, period: str | None) -> pd.DataFrame:
    """The table with finite figures and one row a unit (and period)."""
    data = to_pandas(table)
    keys = [unit] if period is None else [unit, period]
    for column in (*keys, value):
        if column not in data.columns:
            raise UnknownName("column", column, [str(c) for c in data.columns])
    refuse_no_ids(data, keys)
    x = real(data, value)
    bad = ~np.isfinite(x)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"{value!r} is missing or infinite", "Every unit of the weights needs a figure.", rows=int(bad.sum()),
            first=", ".join(f"{k} {data[k].iloc[row]!s}" for k in keys),
        )  # fmt: skip
    again = data.duplicated(keys)
    if again.any():
        raise DuplicateCells(
            f"a {unit} appears more than once", "One row a unit, or name period=.", rows=int(again.sum()),
            first=str(data.loc[again, unit].iloc[0]),
        )  # fmt: skip
    return data


def refuse_constant(x: Array, value: str, key: Any) -> None:
    where = f" in {key}" if key != () else ""
    if len(x) < FEWEST:
        raise DataError(f"there are {len(x)} units{where}", f"Autocorrelation needs {FEWEST} or more.")
    if np.ptp(x) <= TIE * np.abs(x).max():
        raise DataError(f"{value!r} is constant{where}", "Nothing varies over space.", first=f"{x[0]:g}")


def _chosen(method: str, n: int, rng: Any) -> str:
    """How p is found; random orders need a seed."""
    few = factorial(n) <= ALL
    if method == "exact" and not few:
        raise OptionError(
            f"method='exact' goes through all orders: too many of {n} units. Take 'permutation'."
        )
    chosen = ("exact" if few else "permutation") if method == "auto" else method
    if chosen == "permutation" and rng is None:
        raise OptionError("Random orders need rng=, a seed (rng=7) or a numpy Generator.")
    return chosen


def _tested(
    name: str, x: Array, w: Array, *, method: str, alternative: str, draws: int, rng: Any
) -> dict[str, Any]:
    run = STATISTICS[name]
    seen = run(x, w)
    mean, variance = moments(
        name, x, w, "normality" if method == "normality" and name != "getis_ord" else "randomisation"
    )
    sign = -1.0 if name == "geary" else 1.0
    z = sign * (seen - mean) / np.sqrt(variance)
    if method in ("exact", "permutation"):
        p = _by_orders(
            run, x, w, sign=sign, alternative=alternative, orders=_orders(len(x), method, draws, rng)
        )
    else:
        p = {"greater": norm.sf(z), "less": norm.cdf(z), "two_sided": 2 * norm.sf(abs(z))}[alternative]
    figures = {"value": seen, "expectation": mean, "variance": variance, "z": z, "p_value": float(p)}
    return {**figures, "method": method, "n": len(x)}


def _orders(n: int, method: str, draws: int, rng: Any) -> Any:
    """All orders of n places; or random ones, with the one seen before them."""
    if method == "exact":
        return np.array(list(orders(range(n))))
    random = np.random.default_rng(rng)
    return np.vstack([np.arange(n), random.permuted(np.tile(np.arange(n), (draws, 1)), axis=1)])


def _by_orders(run: Any, x: Array, w: Array, *, sign: float, alternative: str, orders: Any) -> float:
    """The share of orders whose statistic is as far as the one seen."""
    found = sign * np.array([run(x[order], w) for order in orders])
    seen = sign * run(x, w)
    tie = TIE * max(abs(seen), 1.0)
    if alternative == "two_sided":
        centre = found.mean()
        return float((np.abs(found - centre) >= abs(seen - centre) - tie).mean())
    return float((found >= seen - tie).mean() if alternative == "greater" else (found <= seen + tie).mean())
