r"""Location quotients with their uncertainty: exact for counts, resampled for values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.errors import OptionError
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Array
from exportlab.indices._steps import Block, blocks, require_roles
from exportlab.indices.agglomeration import refuse_no_counts
from exportlab.options import Count, Level, validated
from exportlab.results import Cautious
from exportlab.space import q_values
from exportlab.uncertainty import interval
from exportlab.uncertainty.intervals import Method
from exportlab.uncertainty.nesting import Resample
from exportlab.words import N_, _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GIVEN = N_(
    "The places' shares of all counts are taken as known, and the product's own total as given: firms choose places "
    "independently of each other."
)
WORKERS = N_(
    "Workers of one firm do not choose places one by one: count firms, or the intervals are too short."
)
DRAWN = N_(
    "The interval is about the process that made the flows, of which {unit} are taken as independent draws."
)
How: TypeAlias = Literal["exact"] | Method


@dataclass(frozen=True, repr=False, eq=False)
class LocationQuotients(Cautious):
    """Location quotients with intervals.

    Attributes
    ----------
    table : DataFrame
        One row per place and product (and further roles): value, location_quotient, conf_low, conf_high; of counts
        p_value (the quotient is one, two-sided) and q_value (Benjamini and Hochberg over the table); of values
        std_error, n, note.
    cautions : tuple of str
    method : str
    level : float
    """

    table: pd.DataFrame
    cautions: tuple[str, ...]
    method: str
    level: float
    place: str
    product: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        above = int((self.table["conf_low"] > 1).sum())
        return (
            f"Location quotients, {100 * self.level:g} % {self.method} intervals: {above} of {len(self.table):,} above "
            "one"
        )

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the quotients with their intervals, the largest on top; options as in `plots.clusters.quotients`."""
        from exportlab.plots.clusters import quotients

        return quotients(self, ax=ax, **options)


@validated
def location_quotients(
    flows: Flows,
    *,
    over: str = "product",
    by: Columns | None = None,
    resample: Resample | None = None,
    method: How = "exact",
    level: Level = 0.95,
    draws: Count = 999,
    rng: Any = None,
) -> LocationQuotients:
    r"""Location quotients (区位熵) with intervals.

    Parameters
    ----------
    flows : Flows
        Counts of firms (or workers) with places as exporters, for exact intervals; any values, for resampled ones.
    over : str
        "product" by default.
    by : str or sequence of str, optional
        By default every other role present (but what is resampled); the place is always among them.
    resample : str, sequence of str or mapping, optional
        What is drawn or left out, for values: "market", the key of the firms, "period" (see `interval`). It is kept
        out of `by`.
    method : str
        "exact": counts, binomial given the product's total. With resample=, "jackknife" (the method where none is
        named), "percentile", "basic", "bca", "bayesian", "delta" or "studentised".
    level, draws, rng
        As in `interval`.

    Returns
    -------
    LocationQuotients
        Counts: every place with every product, quotients of zero with their upper end too.

    Raises
    ------
    DataError
        Values that are no counts and no resample=.
    OptionError
        A method of the one kind with the other.

    Notes
    -----
    :math:`LQ_{rk} = \frac{x_{rk}/x_k}{p_r}`, p the place's share of everything. Independent Poisson counts, given their
    sum over places :math:`x_k`, make :math:`x_{rk}` binomial with probability :math:`LQ\,p_r`. The interval is Clopper
    and Pearson's over :math:`p_r`: its coverage is at least the level, whatever the counts; p is twice the smaller
    tail, so that one lies outside the interval exactly where p is below 1 - level. Where most of a place is one
    product, p contains what it is compared with, and the quotient has the upper limit :math:`1/p_r`.

    References
    ----------
    .. [1] Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the
       binomial, Biometrika 26(4).
    .. [2] Beyene and Moineddin (2005), Methods for confidence interval estimation of a ratio parameter with
       application to location quotients, BMC Medical Research Methodology 5:32.

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> firms = pd.DataFrame({"exporter": ["Dalian", "Dalian", "Anshan", "Anshan"],
    ...                       "product": ["ships", "steel"] * 2, "value": [9, 6, 1, 14]})
    >>> found = xl.clusters.location_quotients(xl.flows(firms)).table
    >>> found[["exporter", "product", "location_quotient", "conf_low", "conf_high", "p_value"]].round(3)
      exporter product  location_quotient  conf_low  conf_high  p_value
    0   Anshan   ships                0.2     0.005      0.890    0.021
    1   Anshan   steel                1.4     0.914      1.762    0.115
    2   Dalian   ships                1.8     1.110      1.995    0.021
    3   Dalian   steel                0.6     0.238      1.086    0.115
    """
    require(flows, "location_quotients")
    require_roles(flows, "location_quotients", "exporter")
    (spread,), groups = flows.split(over, by)
    if resample is None and method != "exact":
        raise OptionError(f"method={method!r} draws or leaves out: name what, resample=.")
    if resample is not None:
        return _resampled(
            flows, spread, by, resample, method="jackknife" if method == "exact" else method,
            level=level, draws=draws, rng=rng,
        )  # fmt: skip
    if "exporter" not in groups:
        raise OptionError("by= must keep the place: 'exporter' is whose quotients these are.")
    kept = tuple(g for g in groups if g != "exporter")
    parts = [_exact(flows, block, kept, spread, level) for block in blocks(flows, "exporter", [spread], kept)]
    table = pd.concat(parts, ignore_index=True)
    table["q_value"] = q_values(table["p_value"].to_numpy(float))
    own = flows.roles
    return LocationQuotients(
        table, (_(GIVEN), _(WORKERS)), "exact", level, own["exporter"], own.get(spread, spread)
    )


def _exact(flows: Flows, block: Block, kept: tuple[str, ...], spread: str, level: float) -> pd.DataFrame:
    refuse_no_counts(block)
    x = block.values
    everything = x.sum()
    p = (x.sum(axis=1) / everything if everything else np.full(len(x), np.nan))[:, None]
    quotient, low, high, probability = binomial_quotient(x, x.sum(axis=0), p, level)
    i, j = np.indices(x.shape).reshape(2, -1)
    keys = {flows.roles.get(k, k): flows.said(g) for k, g in zip(kept, block.group, strict=True)}
    return pd.DataFrame(
        {
            **{k: [v] * x.size for k, v in keys.items()},
            flows.roles["exporter"]: [block.units[a] for a in i],
            flows.roles.get(spread, spread): [block.members[b] for b in j],
            flows.roles["value"]: x[i, j],
            "location_quotient": quotient[i, j],
            "conf_low": low[i, j],
            "conf_high": high[i, j],
            "p_value": probability[i, j],
        }
    )


def binomial_quotient(x: Array, n: Array, p: Array, level: float) -> tuple[Array, Array, Array, Array]:
    """x / n over p with Clopper and Pearson's ends and the two-sided p; NaN where n or p is zero.

    Parameters
    ----------
    x : array (R, K)
        Counts.
    n : array (K,)
        Their sums over places.
    p : array (R, 1)
        The places' shares.
    level : float
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        tail, n = (1 - level) / 2, np.broadcast_to(n, x.shape)
        low = np.where(x > 0, stats.beta.ppf(tail, np.maximum(x, 1), n - x + 1), 0.0)
        high = np.where(x < n, stats.beta.ppf(1 - tail, x + 1, np.maximum(n - x, 1)), 1.0)
        sides = np.minimum(stats.binom.cdf(x, n, p), stats.binom.sf(x - 1, n, p))
        known = (n > 0) & (p > 0)
        found = (x / n / p, low / p, high / p, np.minimum(2 * sides, 1.0))
    quotient, low, high, probability = (np.where(known, f, np.nan) for f in found)
    return quotient, low, high, probability


def _resampled(
    flows: Flows, spread: str, by: Columns | None, resample: Resample, *,
    method: Method, level: float, draws: int, rng: Any,
) -> LocationQuotients:  # fmt: skip
    found = interval(
        flows, "rca", over=spread, by=by, resample=resample, method=method, level=level, draws=draws, rng=rng
    )
    table = found.table.rename(columns={"estimate": "location_quotient"})
    own = flows.roles
    return LocationQuotients(
        table, (_(DRAWN, unit=found.unit),), method, level, own["exporter"], own.get(spread, spread)
    )
