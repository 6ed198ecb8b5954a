r"""The distribution of places relative to their mean: kernel densities, the stochastic kernel, and its long run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.convergence.door import RELATIVE, panel_of
from exportlab.errors import DataError, OptionError
from exportlab.frames import Array
from exportlab.options import Count, Positive, validated
from exportlab.results import Cautious
from exportlab.words import N_, _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = N_("{n} units are few for a density: its humps move with the bandwidth.")
LONG = N_(
    "The long run is what the moves of these periods would lead to, were they to go on unchanged; it is no forecast."
)
ENOUGH = 50


@dataclass(frozen=True, repr=False, eq=False)
class RelativeDensity(Cautious):
    """Densities of relative figures.

    Attributes
    ----------
    table : DataFrame
        One row a period: bandwidth, mode (where the density is highest), modes (how many peaks), share_low (below half
        of the mean), n.
    at : (G,) array
        The grid, in shares of the period's mean (their logarithm with log=True).
    densities : (T, G) array
        One row a period; each integrates to one over the grid up to what lies beyond it.
    kernel : (G, G) array
        The stochastic kernel: the density of a unit's figure `lag` periods on (columns), given its figure (rows).
    ergodic : (G,) array
        The density that the kernel leaves as it is; NaN where it is not unique.
    cautions : tuple of str
    """

    table: pd.DataFrame
    at: Array = field(repr=False)
    densities: Array = field(repr=False)
    kernel: Array = field(repr=False)
    ergodic: Array = field(repr=False)
    cautions: tuple[str, ...]
    value: str
    lag: int

    @property
    def title(self) -> str:
        """One line that says what this is."""
        first, last = self.table["modes"].iloc[0], self.table["modes"].iloc[-1]
        return f"Density of {self.value} relative to the mean: {first} peaks at first, {last} at last"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw densities of some periods and the long run; options as in `plots.convergence.densities`."""
        from exportlab.plots.convergence import densities

        return densities(self, ax=ax, **options)


@validated
def relative_density(
    table: Any,
    *,
    value: str,
    unit: str,
    period: str,
    log: bool = False,
    bandwidth: Positive | None = None,
    lag: Count = 1,
    points: Count = 200,
) -> RelativeDensity:
    r"""Estimate how places are distributed around their mean, and where their moves lead (核密度估计).

    Parameters
    ----------
    table : DataFrame
        One row a unit and period, every unit in every period.
    value, unit, period : str
        Columns; figures above zero.
    log : bool
        Logarithms of the relative figures.
    bandwidth : float, optional
        Of the Gaussian kernel, for all periods; by default Silverman's rule in each, 0.9 min(sd, iqr/1.34) n^(-1/5)
        (R's bw.nrd0).
    lag : int
        Periods between the two sides of the stochastic kernel.
    points : int
        Of the grid, which reaches three bandwidths beyond the figures (and not below zero without logarithms: what the
        kernel spreads below is turned back at zero).

    Returns
    -------
    RelativeDensity

    Raises
    ------
    DataError
        Missing units or periods, figures that are not above zero, periods without variation, fewer than four units.
    OptionError
        A lag with no two periods so far apart.

    Notes
    -----
    :math:`\hat f_t(x) = \frac{1}{Nh} \sum_i \phi((x - x_{it})/h)`. The stochastic kernel is
    :math:`\hat f(y|x) = \sum_{it} \phi_h(x - x_{it}) \phi_h(y - x_{i,t+lag}) / \sum_{it} \phi_h(x - x_{it})`, pooled
    over periods with one bandwidth by the rule of the pooled figures; the ergodic density g solves
    :math:`g(y) = \int f(y|x) g(x) dx` on the grid.

    References
    ----------
    .. [1] Quah (1997), Empirics for growth and distribution, Journal of Economic Growth 2(1).
    .. [2] Silverman (1986), Density Estimation, Chapman and Hall.
    .. [3] Johnson (2005), A continuous state space approach to "Convergence by parts", Economics Letters 86(3).
    """
    panel = panel_of(table, value, unit, period, fewest=(4, 2), positive=RELATIVE)
    if lag >= len(panel.periods):
        raise OptionError(
            f"lag={lag} is not allowed. Allowed: 1 to {len(panel.periods) - 1}, with {len(panel.periods)} periods."
        )
    if points < 10:
        raise OptionError(f"points={points} is not allowed. Allowed: 10 or more.")
    x = panel.y / panel.y.mean(axis=0)
    x = np.log(x) if log else x
    flat = np.ptp(x, axis=0) <= 1e-12
    if flat.any():
        raise DataError(
            f"{value!r} does not vary over units",
            "A density needs figures that differ.",
            first=str(panel.periods[int(flat.argmax())]),
        )
    widths = np.array([bandwidth or silverman(column) for column in x.T])
    wide = bandwidth or silverman(x.ravel())
    reach = 3 * max(float(widths.max()), wide)
    floor = None if log else 0.0
    low = x.min() - reach if floor is None else max(x.min() - reach, 0.0)
    at = np.linspace(low, x.max() + reach, points)
    densities = np.stack(
        [_smooth(at, column, h, floor).mean(axis=1) for column, h in zip(x.T, widths, strict=True)]
    )
    kernel = _stochastic(at, x[:, :-lag].ravel(), x[:, lag:].ravel(), wide, floor)
    made = pd.DataFrame(
        {
            period: list(panel.periods),
            "bandwidth": widths,
            "mode": at[densities.argmax(axis=1)],
            "modes": [_peaks(row) for row in densities],
            "share_low": (panel.y < panel.y.mean(axis=0) / 2).mean(axis=0),
            "n": len(x),
        }
    )
    few = (_(FEW, n=len(x)),) if len(x) < ENOUGH else ()
    return RelativeDensity(made, at, densities, kernel, _long_run(kernel, at), (*few, _(LONG)), value, lag)


def silverman(x: Array) -> float:
    """0.9 min(sd, iqr / 1.34) n^(-1/5); the standard deviation alone where the quartiles are one."""
    sd = float(np.std(x, ddof=1))
    quartiles = np.percentile(x, [25, 75])
    inner = float(quartiles[1] - quartiles[0]) / 1.34
    return float(0.9 * (min(sd, inner) if inner > 0 else sd) * len(x) ** -0.2)


def _smooth(at: Array, x: Array, h: float, floor: float | None) -> Array:
    """The kernel of each figure at each point, (G, n); what lies below the floor is turned back at it."""
    made = np.exp(-(((at[:, None] - x) / h) ** 2) / 2)
    if floor is not None:
        made = made + np.exp(-(((at[:, None] + x - 2 * floor) / h) ** 2) / 2)
    return np.asarray(made / (h * np.sqrt(2 * np.pi)))


def _stochastic(at: Array, x: Array, y: Array, h: float, floor: float | None) -> Array:
    """f(y|x) with x in rows; each row integrates to one over the grid."""
    near, then = _smooth(at, x, h, floor), _smooth(at, y, h, floor)
    weights = near / np.maximum(near.sum(axis=1, keepdims=True), 1e-300)
    kernel = weights @ then.T
    mass = np.trapezoid(kernel, at, axis=1)[:, None]
    return np.asarray(kernel / np.where(mass > 0, mass, np.nan))


def _long_run(kernel: Array, at: Array) -> Array:
    """The density that the kernel leaves as it is, by the trapezoid rule on the grid; NaN where it is not unique."""
    step = np.full(len(at), at[1] - at[0])
    step[[0, -1]] /= 2
    system = kernel.T * step - np.eye(len(at))
    whole = np.vstack([system[:-1], step])
    try:
        density = np.linalg.solve(whole, np.append(np.zeros(len(at) - 1), 1.0))
    except np.linalg.LinAlgError:
        density = np.full(len(at), np.nan)
    settled = np.isfinite(density).all() and density.min() > -1e-6 * np.abs(density).max()
    return np.maximum(density, 0.0) if settled else np.full(len(at), np.nan)


def _peaks(density: Array) -> int:
    """Interior points above both neighbours, and the ends above theirs."""
    padded = np.concatenate([[-np.inf], density, [-np.inf]])
    return int(((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:])).sum())
