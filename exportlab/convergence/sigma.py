r"""Sigma convergence: whether places differ less and less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.convergence.door import LOGS, panel_of
from exportlab.options import validated
from exportlab.results import Cautious
from exportlab.words import N_, _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNITS = N_(
    "Every place counts alike, whatever its size; the Theil index or Dagum's Gini weigh or split what this adds up."
)


@dataclass(frozen=True, repr=False, eq=False)
class SigmaConvergence(Cautious):
    """Dispersion over time.

    Attributes
    ----------
    table : DataFrame
        One row a period: sd_log, cv (coefficient of variation), mean, n.
    ratio : float
        The dispersion of logs in the last period over that in the first.
    p_value : float
        Of equal variances in the two, two-sided (Pitman and Morgan).
    cautions : tuple of str
    """

    table: pd.DataFrame
    ratio: float
    statistic: float
    p_value: float
    cautions: tuple[str, ...]
    value: str
    period: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return (
            f"Sigma convergence of {self.value}: dispersion of logs {self.ratio:.3g} times the first period's "
            f"(p = {self.p_value:.3g})"
        )

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the dispersion over time; options as in `plots.convergence.dispersion`."""
        from exportlab.plots.convergence import dispersion

        return dispersion(self, ax=ax, **options)


@validated
def sigma_convergence(table: Any, *, value: str, unit: str, period: str) -> SigmaConvergence:
    r"""Measure how the dispersion of places changes (σ收敛).

    Parameters
    ----------
    table : DataFrame
        One row a unit and period, every unit in every period.
    value, unit, period : str
        Columns; values above zero.

    Returns
    -------
    SigmaConvergence

    Raises
    ------
    DataError
        Missing units or periods, values that are not above zero, fewer than three units or two periods.

    Notes
    -----
    :math:`\sigma_t = \sqrt{\sum_i (\ln y_{it} - \overline{\ln y_t})^2 / N}`, the units being all there are; cv is the
    standard deviation, with the same divisor, over the mean. The variances of the first and last period are of the same
    units, and so correlated: they are equal where the sum and the difference of the two logs are uncorrelated (Pitman
    and Morgan), a t test with N - 2 degrees of freedom. Carree and Klomp's :math:`T_2 = -(N - 2.5) \ln(1 - r^2)` is
    its large sample form, and the ratio of variances as an F takes them for independent.

    References
    ----------
    .. [1] Barro and Sala-i-Martin (1992), Convergence, JPE 100(2).
    .. [2] Carree and Klomp (1997), Testing the convergence hypothesis: a comment, REStat 79(4).
    """
    panel = panel_of(table, value, unit, period, fewest=(3, 2), positive=LOGS)
    y, logs = panel.y, np.log(panel.y)
    made = pd.DataFrame(
        {
            period: list(panel.periods),
            "sd_log": logs.std(axis=0),
            "cv": y.std(axis=0) / y.mean(axis=0),
            "mean": y.mean(axis=0),
            "n": len(y),
        }
    )
    first, last = logs[:, 0], logs[:, -1]
    t, p = _pitman_morgan(first, last)
    ratio = float(last.std() / first.std()) if first.std() > 0 else np.nan
    return SigmaConvergence(made, ratio, t, p, (_(UNITS),), value, period)


def _pitman_morgan(x: Any, y: Any) -> tuple[float, float]:
    """t (negative where y varies less) and its two-sided p; NaN where sum or difference does not vary."""
    n, scale = len(x), max(float(np.std(x)), float(np.std(y)))
    if min(np.std(y - x), np.std(x + y)) <= 1e-12 * scale:
        return np.nan, np.nan
    r = float(np.corrcoef(y - x, x + y)[0, 1])
    t = r * np.sqrt((n - 2) / max(1 - r * r, 1e-300))
    return float(t), float(2 * stats.t.sf(abs(t), n - 2))
