r"""Synergy of a compound system: whether its subsystems move on together, and how far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from exportlab.composite.coupling import bounded
from exportlab.composite.indicator_table import keyed
from exportlab.composite.weighting import whole
from exportlab.errors import DataError, OptionError
from exportlab.frames import Array, Codes
from exportlab.options import validated
from exportlab.results import Cautious

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALL_OR_NONE = (
    "One subsystem that falls turns the sign of the whole, however far the others rose; a subsystem that stands still "
    "makes the product zero."
)
ORDER = "Orders are places between fixed ends (goalposts=): other ends give another synergy."
STILL = 1e-12  # a change of order below it is rounding


@dataclass(frozen=True, repr=False, eq=False)
class Synergy(Cautious):
    """Synergy of a compound system over time.

    Attributes
    ----------
    table : DataFrame
        One row a unit and period but the first: the change of each order, synergy, the subsystems that fell.
    cautions : tuple of str
    """

    table: pd.DataFrame
    cautions: tuple[str, ...]
    systems: tuple[str, ...]
    base: str
    keys: tuple[str, ...]

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Synergy of {', '.join(self.systems)} against the {self.base} period"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the synergy over time, with the changes it is made of."""
        from exportlab.plots.composite import synergies

        return synergies(self, ax=ax, **options)


@validated
def synergy(
    table: Any,
    *,
    systems: Sequence[str],
    period: str,
    unit: str | None = None,
    base: Literal["previous", "first"] = "previous",
    weights: Mapping[str, float] | None = None,
    frequency: str | None = None,
) -> Synergy:
    r"""Measure the synergy degree of a compound system.

    Parameters
    ----------
    table : DataFrame
        A column a subsystem: its order u, from 0 to 1, such as the score of a `composite` with fixed goalposts.
    systems : sequence of str
    period, unit : str
        Columns that name the rows; periods need an order in time.
    base : {"previous", "first"}
        What each period is compared with.
    weights : mapping of subsystem to weight, optional
        The weighted sum of changes in place of the geometric mean; they add to one.
    frequency : {"year", "half", "quarter", "month"}, optional

    Returns
    -------
    Synergy

    Raises
    ------
    DataError
        One period only, orders outside 0 to 1, a unit twice in a period or not in all of them.
    OptionError, UnknownName
        One subsystem only, weights that do not add to one.

    Notes
    -----
    With the change :math:`\Delta_j = u_j^t - u_j^0` of each of k subsystems,

    .. math:: S = \theta \sqrt[k]{\prod_j |\Delta_j|} \quad \text{or} \quad S = \theta \sum_j \lambda_j |\Delta_j|,

    :math:`\theta = 1` where no subsystem falls, else -1 (the sign of the smallest change that is not zero). In [-1, 1].

    References
    ----------
    .. [1] Meng and Han (2000), Study of the coordinating measurement model for the composite system, Journal of
       Tianjin University 33(4) (in Chinese).

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> orders = pd.DataFrame({"year": [2021, 2022, 2023], "industry": [0.2, 0.3, 0.5], "finance": [0.1, 0.5, 0.45]})
    >>> xl.synergy(orders, systems=["industry", "finance"], period="year").table.round(3)
       year  industry  finance  synergy     fell
    0  2022       0.1     0.40      0.2
    1  2023       0.2    -0.05     -0.1  finance
    """
    names = tuple(systems)
    if len(set(names)) < 2 or len(set(names)) < len(names):
        raise OptionError(f"systems={list(names)!r} is not allowed. Allowed: two columns or more, each once.")
    data, pools = keyed(table, names, unit=unit, period=period, frequency=frequency, needs="synergy")
    keys = tuple(k for k in (unit, period) if k is not None)
    u = bounded(data, names, keys)
    rows, before = _pairs(data, pools, unit, base)
    change = u[rows] - u[before]
    change[np.abs(change) < STILL] = 0.0
    w = None if weights is None else _weights(names, weights)
    fell = [", ".join(n for n, x in zip(names, line, strict=True) if x < 0) for line in change]
    figures = {**dict(zip(names, change.T, strict=True)), "synergy": synergies_of(change, w), "fell": fell}
    keyed_rows = data.loc[rows, list(keys)].reset_index(drop=True)
    made = pd.concat([keyed_rows, pd.DataFrame(figures)], axis=1)
    return Synergy(made, (ALL_OR_NONE, ORDER), names, base, keys)


def synergies_of(change: Array, w: Array | None) -> Array:
    """The sign of the smallest change, times the geometric or the weighted mean of how far each went."""
    size = np.abs(change)
    mean = size.prod(axis=1) ** (1 / change.shape[1]) if w is None else size @ w
    return np.asarray(np.where((change < 0).any(axis=1), -1.0, 1.0) * mean)


def _weights(names: Sequence[str], given: Mapping[str, float]) -> Array:
    if set(given) != set(names):
        raise OptionError(f"weights= names {sorted(given)}, and the subsystems are {sorted(names)}.")
    return whole(given, names)


def _pairs(data: pd.DataFrame, pools: Codes, unit: str | None, base: str) -> tuple[Codes, Codes]:
    """The rows of all periods but the first, in the order of the table, and the row each is compared with."""
    periods = np.unique(pools)
    if len(periods) < 2:
        raise DataError("there is a single period", "Synergy is a change: give two periods or more.")
    units = np.zeros(len(data), np.int64) if unit is None else pd.factorize(data[unit])[0]
    place = {(u, p): i for i, (u, p) in enumerate(zip(units, pools, strict=True))}
    lost = [(u, p) for u in np.unique(units) for p in periods if (u, p) not in place]
    if lost:
        raise DataError(
            f"{len(lost):,} units are missing in some period",
            "Every unit needs all periods.",
            first=f"{unit} {data[unit].iloc[int((units == lost[0][0]).argmax())]!s}",
        )
    rows = np.flatnonzero(pools > periods[0])
    earlier = {p: periods[0] if base == "first" else periods[k - 1] for k, p in enumerate(periods) if k}
    return rows, np.array([place[units[i], earlier[pools[i]]] for i in rows])
