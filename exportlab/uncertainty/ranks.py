"""How sure a place in a ranking is: fifth of 31, and which places it may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.errors import DataError
from exportlab.frames import Array
from exportlab.options import Count, Level, validated
from exportlab.uncertainty.intervals import Intervals
from exportlab.uncertainty.sample import seeds

if TYPE_CHECKING:
    import pandas as pd


@validated
def ranks(
    found: Intervals,
    *,
    largest_first: bool = True,
    together: bool = False,
    level: Level = 0.95,
    draws: Count = 9999,
    rng: Any = None,
) -> pd.DataFrame:
    r"""Rank the groups of some intervals, with the places that each may have.

    Parameters
    ----------
    found : Intervals
        Of groups that were drawn apart, as `interval` does by exporter: their errors are taken as independent.
    largest_first : bool
        Whether the largest value ranks first.
    together : bool
        Whether all places hold at once with probability `level`, or each for itself.
    level : float
    draws : int
        Of the normal errors from which the critical value comes.
    rng : Generator or int

    Returns
    -------
    DataFrame
        The labels of the groups, estimate (corrected for bias where the interval is), rank, rank_low, rank_high.

    Raises
    ------
    DataError
        Fewer than two groups, or one without a standard error.
    OptionError
        No rng=.

    Notes
    -----
    Group j is surely ahead of k where the interval of their difference lies above zero; the intervals of all
    differences that count are simultaneous: :math:`|d_{jk}| > c \, (s_j^2 + s_k^2)^{1/2}` with c the quantile of the
    largest studentised difference. A group's places run from one more than are surely ahead of it to as many as
    are not surely behind it.

    References
    ----------
    .. [1] Mogstad, Romano, Shaikh and Wilhelm (2024), Inference for ranks with applications to mobility across
       neighbourhoods and academic achievement across countries, Review of Economic Studies 91(1).

    Examples
    --------
    >>> import numpy as np, pandas as pd, exportlab as xl
    >>> rng = np.random.default_rng(4)
    >>> rows = [(e, m, f"p{p}", rng.lognormal(0, 0.3) * (k if m == "Japan" else 1))
    ...         for k, e in ((1, "A"), (1.1, "B"), (5, "C"))
    ...         for p in range(40) for m in ("Japan", "USA")]
    >>> flows = xl.flows(pd.DataFrame(rows, columns=["exporter", "market", "product", "value"]))
    >>> xl.ranks(xl.interval(flows, "hhi", resample="product"), rng=1)[["exporter", "rank", "rank_low", "rank_high"]]
      exporter  rank  rank_low  rank_high
    0        A     2         2          3
    1        B     3         2          3
    2        C     1         1          1
    """
    table = found.table.reset_index(drop=True)
    value = table["corrected"].where(table["corrected"].notna(), table["estimate"]).to_numpy(float)
    error = table["std_error"].to_numpy(float)
    if len(table) < 2 or not (error > 0).all():
        lacking = int((~(error > 0)).sum())
        raise DataError(
            f"{lacking} of {len(table)} groups have no standard error" if lacking else "there is one group",
            "A ranking compares two groups or more, each with its error: leave out those without.",
        )
    critical = _critical(error, together, level, draws, rng)
    best = value if largest_first else -value
    apart = (best[:, None] - best[None, :]) / np.hypot(error[:, None], error[None, :])
    beside = ("corrected", "std_error", "conf_low", "conf_high", "n", "note")
    return table[[c for c in table.columns if c not in beside]].assign(
        estimate=value,
        rank=1 + (best[None, :] > best[:, None]).sum(axis=1),
        rank_low=1 + (apart > critical[None, :]).sum(axis=0),
        rank_high=len(table) - (apart > critical[:, None]).sum(axis=1),
    )


def _critical(error: Array, together: bool, level: float, draws: int, rng: Any) -> Array:
    """For each group, what its largest studentised difference to another stays below so often."""
    noise = np.random.default_rng(seeds(rng, 1)[0]).standard_normal((draws, error.size)) * error
    largest = np.empty((draws, error.size))
    for k in range(error.size):
        apart = np.abs(noise - noise[:, [k]]) / np.hypot(error, error[k])
        largest[:, k] = apart.max(axis=1)
    if together:
        return np.full(error.size, np.quantile(largest.max(axis=1), level))
    return np.asarray(np.quantile(largest, level, axis=0))
