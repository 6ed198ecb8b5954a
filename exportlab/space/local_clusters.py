r"""Where neighbours resemble each other: local Moran, G and G* of each unit, with control of false discoveries."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import norm

from exportlab.errors import OptionError, short
from exportlab.frames import Array
from exportlab.options import Count, Level, validated
from exportlab.results import Cautious
from exportlab.space.autocorrelation import ALL, DEFINED, TIE, figures_of, refuse_constant
from exportlab.space.spatial_weights import SpatialWeights

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Local: TypeAlias = Literal["moran", "g", "g_star", "geary"]
MANY = "{n} units are {n} tests: `cluster` names those whose q (Benjamini and Hochberg) is at most {rate:g}."
ONE = "A local p is conditional on the unit's own figure, and tests of neighbours share their figures."


@dataclass(frozen=True, repr=False, eq=False)
class LocalClusters(Cautious):
    """Local spatial autocorrelation of a column.

    Attributes
    ----------
    table : DataFrame
        One row a unit: its figure, lag (of its neighbours), value of the statistic, expectation, variance, z; p_value,
        method, q_value; quadrant (High-High: high among high), cluster (the quadrant where q is small enough, else "").
    cautions : tuple of str
    """

    table: pd.DataFrame
    cautions: tuple[str, ...]
    value: str
    unit: str
    statistic: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        found = int((self.table["cluster"] != "").sum())
        return f"Local {self.statistic} of {self.value}: {found} of {len(self.table)} units stand out"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the lag of each unit over its own figure (Moran's scatterplot)."""
        from exportlab.plots.space import moran_scatter

        return moran_scatter(self, ax=ax, **options)

    def map(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw where units stand out on a map of equal tiles; see `exportlab.plots.lisa_map`."""
        from exportlab.plots.space import lisa_map

        return lisa_map(self, ax=ax, **options)


@validated
def local_clusters(
    table: Any,
    *,
    value: str,
    unit: str,
    weights: SpatialWeights,
    statistic: Local = "moran",
    method: Literal["auto", "permutation", "normality"] = "auto",
    false_discovery: Level = 0.05,
    permutations: Count = 9999,
    rng: Any = None,
) -> LocalClusters:
    r"""Find the units whose neighbours are more like them, or less, than by chance.

    Parameters
    ----------
    table : DataFrame
        One row a unit, for all units of the weights.
    value, unit : str
        Columns.
    weights : SpatialWeights
    statistic : {"moran", "g", "g_star", "geary"}
        "g_star" counts the unit as its own neighbour, with the weight 1, and needs binary weights.
    method : {"auto", "permutation", "normality"}
        Where p comes from: all sets of others that could be a unit's neighbours, where these are few and alike
        in weight, else random ones; random ones alone; or a normal law, given the unit's figure (not for "geary").
    false_discovery : float
        The share of false ones among the clusters named, over all units (Benjamini and Hochberg 1995).
    permutations, rng
        Of random sets; rng= is a seed or a Generator.

    Returns
    -------
    LocalClusters

    Raises
    ------
    DataError
        Units of the weights that are not in the table, missing figures, a constant column, fewer than four units.
    OptionError, UnknownName
        Random sets without rng=; "g_star" without binary weights; "geary" under normality.

    Notes
    -----
    :math:`I_i = z_i (Wz)_i / m_2`, :math:`m_2 = z'z/n`, with the moments given z_i (Sokal and others 1998);
    :math:`c_i = \sum_j w_{ij} (x_i - x_j)^2 / [z'z/(n-1)]`; of G and G* the value is :math:`\sum_j w_{ij} x_j` and z is
    Getis and Ord's. p is two-sided: the share of sets as far from the mean of all sets.

    References
    ----------
    .. [1] Anselin (1995), Local indicators of spatial association, Geographical Analysis 27(2).
    .. [2] Ord and Getis (1995), Local spatial autocorrelation statistics, Geographical Analysis 27(4).
    """
    if statistic == "g_star" and weights.style != "binary":
        raise OptionError("g_star is of binary weights: spatial_weights(style='binary').")
    if statistic == "geary" and method == "normality":
        raise OptionError("Local Geary has no normal law here: take method='auto'.")
    data = figures_of(table, value, unit, None)
    x, w = data[value].to_numpy(float), weights.aligned(list(data[unit]))
    refuse_constant(x, value, ())
    found = pd.DataFrame(statistics_of(x, w, statistic))
    tested = _tested(x, w, statistic, found, method=method, draws=permutations, rng=rng)
    z = x - x.mean()
    names = np.where(z >= 0, "High", "Low"), np.where(w @ z >= 0, "High", "Low")
    alone = w.sum(axis=1) == 0
    quadrant = np.where(alone, "no neighbours", [f"{a}-{b}" for a, b in zip(*names, strict=True)])
    q = q_values(tested["p_value"].to_numpy(float))
    cluster = np.where(q <= false_discovery, quadrant, "")
    keys = {unit: data[unit], value: x, "lag": w @ x}
    made = pd.concat([pd.DataFrame(keys), found, tested], axis=1)
    made = made.assign(q_value=q, quadrant=quadrant, cluster=cluster)
    cautions = (MANY.format(n=len(x), rate=false_discovery), ONE, DEFINED)
    return LocalClusters(made, cautions, value, unit, statistic)


def statistics_of(x: Array, w: Array, statistic: str) -> dict[str, Array]:
    """The statistic of each unit with its expectation and variance; NaN without neighbours."""
    n, z = len(x), x - x.mean()
    m2 = float(z @ z) / n
    sums, squares = w.sum(axis=1), (w**2).sum(axis=1)
    nothing = np.full(n, np.nan)
    if statistic == "geary":
        made = (w * (x[:, None] - x) ** 2).sum(axis=1) / (n * m2 / (n - 1))
        mean, variance = nothing, nothing
    elif statistic == "moran":
        made = z * (w @ z) / m2
        mean = -(z**2) * sums / ((n - 1) * m2)
        variance = (z / m2) ** 2 * n / (n - 2) * (squares - sums**2 / (n - 1)) * (m2 - z**2 / (n - 1))
    else:
        made, mean, variance = _hot(x, w, star=statistic == "g_star")
    made, mean, variance = (np.where(sums > 0, part, np.nan) for part in (made, mean, variance))
    with np.errstate(invalid="ignore", divide="ignore"):
        z_scores = np.where(variance > 0, (made - mean) / np.sqrt(variance), np.nan)
    return {"statistic": made, "expectation": mean, "variance": variance, "z": z_scores}


def _hot(x: Array, w: Array, *, star: bool) -> tuple[Array, Array, Array]:
    """The sum of the neighbours' figures, its mean and variance: without the unit, or (G*) with it."""
    n = len(x)
    if star:
        w = w + np.eye(n)
        mean, spread, size = np.full(n, x.mean()), np.full(n, x.var()), n
    else:
        mean = (x.sum() - x) / (n - 1)
        spread = (float(x @ x) - x**2) / (n - 1) - mean**2
        size = n - 1
    sums, squares = w.sum(axis=1), (w**2).sum(axis=1)
    return w @ x, sums * mean, spread * (size * squares - sums**2) / (size - 1)


def _tested(
    x: Array, w: Array, statistic: str, found: pd.DataFrame, *, method: str, draws: int, rng: Any
) -> pd.DataFrame:
    """p of each unit, two-sided, and where it is from."""
    if method == "normality":
        return pd.DataFrame({"p_value": 2 * norm.sf(np.abs(found["z"])), "method": "normality"})
    random = None if rng is None else np.random.default_rng(rng)
    rows = []
    for i in range(len(x)):
        weights = w[i][w[i] > 0]
        others = np.delete((x[i] - x) ** 2 if statistic == "geary" else x, i)
        if not len(weights):
            rows.append((np.nan, "no neighbours"))
            continue
        alike = bool(np.ptp(weights) <= TIE * weights.max()) and comb(len(others), len(weights)) <= ALL
        sums = (
            _all_sets(others, weights)
            if alike and method == "auto"
            else _random_sets(others, weights, draws, random)
        )
        own = np.delete(w[i], i) @ others
        if not alike or method != "auto":
            sums = np.append(sums, own)  # the set seen is one of those that could be
        mean = weights.sum() * others.mean()  # of all sets
        far = np.abs(sums - mean) >= abs(own - mean) - TIE * float(np.abs(sums).max())
        rows.append((float(far.mean()), "exact" if alike and method == "auto" else "permutation"))
    return pd.DataFrame(rows, columns=["p_value", "method"])


def _all_sets(others: Array, weights: Array) -> Array:
    """The weighted sum of every set of others that could be the neighbours."""
    sets = np.array(list(combinations(range(len(others)), len(weights))))
    return np.asarray(others[sets].sum(axis=1) * weights[0])


def _random_sets(others: Array, weights: Array, draws: int, random: np.random.Generator | None) -> Array:
    if random is None:
        raise OptionError("Random sets of neighbours need rng=, a seed (rng=7) or a numpy Generator.")
    mixed = random.permuted(np.tile(others, (draws, 1)), axis=1)
    return np.asarray(mixed[:, : len(weights)] @ weights)


def q_values(p: ArrayLike) -> Array:
    r"""Find the smallest rate of false discoveries at which each of several tests is a discovery.

    Parameters
    ----------
    p : array (n,)
        p-values from 0 to 1; NaN is no test, and stays NaN.

    Returns
    -------
    array (n,)

    Raises
    ------
    OptionError
        Several dimensions, text, or values outside 0 to 1.

    Notes
    -----
    Of m p-values in rising order, :math:`q_{(i)} = \min_{j \ge i} m\, p_{(j)} / j`.

    References
    ----------
    .. [1] Benjamini and Hochberg (1995), Controlling the false discovery rate, Journal of the Royal Statistical
       Society B 57(1).
    """
    given = _p_values(p)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given[known])]
    raised = given[order] * len(order) / np.arange(1, len(order) + 1)
    q = np.full(len(given), np.nan)
    q[order] = np.minimum.accumulate(raised[::-1])[::-1]
    return q


def _p_values(p: ArrayLike) -> Array:
    """The p-values as numbers, in one dimension."""
    try:
        given = np.asarray(p, dtype=float)
    except (TypeError, ValueError):
        given = np.empty((0, 0))
    outside = (given < 0) | (given > 1)
    if given.ndim != 1 or outside.any():
        said = f"{float(given[outside][0]):g}" if outside.any() else short(repr(p), 100)
        raise OptionError(f"p={said} is not allowed. Allowed: numbers from 0 to 1, in one dimension.")
    return given
