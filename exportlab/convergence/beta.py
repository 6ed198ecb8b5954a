r"""Beta convergence: whether what was small grows faster, and how long half of the way takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.convergence.door import LOGS, Panel, panel_of
from exportlab.errors import OptionError
from exportlab.options import Level, validated
from exportlab.panel.estimate import Estimate
from exportlab.panel.regression.effects import fixed_effects
from exportlab.results import Cautious
from exportlab.words import N_, _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Effects: TypeAlias = Literal["none", "unit", "two-way"]
GALTON = N_(
    "A negative coefficient is also what measurement error and passing shocks make (regression to the mean); see "
    "whether "
    "dispersion falls too (sigma_convergence)."
)
NICKELL = N_(
    "Unit effects with {t} periods push the coefficient down, towards convergence, by about (1 + rho) / (T - 1) "
    "(Nickell 1981): read the speed as an upper limit."
)


@dataclass(frozen=True, repr=False, eq=False)
class BetaConvergence(Cautious):
    """The regression of growth on the initial level.

    Attributes
    ----------
    table : DataFrame
        term (initial, then the controls), estimate, std_error, conf_low, conf_high, p_value, n.
    speed, half_life : DataFrame
        One row each: estimate, conf_low, conf_high. The share of the gap to the steady state that closes in a period
        (continuously), and the periods until half of it is closed; infinite where places do not converge.
    estimate : Estimate or None
        Of the panel: whatever `exportlab.panel` can do with it.
    cautions : tuple of str
    """

    table: pd.DataFrame
    speed: pd.DataFrame
    half_life: pd.DataFrame
    cautions: tuple[str, ...]
    kind: str
    points: pd.DataFrame = field(repr=False)
    estimate: Estimate | None = field(default=None, repr=False)

    @property
    def title(self) -> str:
        """One line that says what this is."""
        b, speed, half = self.table["estimate"][0], self.speed["estimate"][0], self.half_life["estimate"][0]
        return f"Beta convergence ({self.kind}): b = {b:.4g}, speed {speed:.3g} a period, half-life {half:.3g} periods"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw growth over the initial level; options as in `plots.convergence.growth`."""
        from exportlab.plots.convergence import growth

        return growth(self, ax=ax, **options)


@validated
def beta_convergence(
    table: Any,
    *,
    value: str,
    unit: str,
    period: str,
    controls: Sequence[str] = (),
    effects: Effects = "none",
    level: Level = 0.95,
) -> BetaConvergence:
    r"""Regress growth on the initial level (β收敛).

    Parameters
    ----------
    table : DataFrame
        One row a unit and period, every unit in every period; periods equally far apart.
    value, unit, period : str
        Columns; values above zero.
    controls : sequence of str
        Columns for conditional convergence, taken at the beginning of the growth, as they are.
    effects : {"none", "unit", "two-way"}
        "none": one growth rate a unit, from the first period to the last, by least squares. "unit", "two-way": growth
        from each period to the next, with effects of units (each has a steady state of its own) and of periods.
    level : float

    Returns
    -------
    BetaConvergence

    Raises
    ------
    DataError
        Missing units or periods, values that are not above zero, too few units for the controls.

    Notes
    -----
    :math:`\frac{1}{T} \ln\frac{y_{iT}}{y_{i0}} = a + b \ln y_{i0} + c'x_{i0} + e_i`, T the number of steps. The speed
    is :math:`\lambda = -\ln(1 + bT)/T`, the half-life :math:`\ln 2 / \lambda` (Barro and Sala-i-Martin 1992, which
    estimates :math:`\lambda` itself by nonlinear least squares: the same line). Of the panel T is 1. Their ends are
    those of b. Standard errors: HC1 with N - k degrees of freedom; of the panel clustered by unit.

    References
    ----------
    .. [1] Barro and Sala-i-Martin (1992), Convergence, JPE 100(2).
    .. [2] Islam (1995), Growth empirics: a panel data approach, QJE 110(4).
    .. [3] Nickell (1981), Biases in dynamic models with fixed effects, Econometrica 49(6).
    """
    names = tuple(dict.fromkeys(controls))
    taken = {value, unit, period} & set(names)
    if taken:
        raise OptionError(
            f"controls= names {sorted(taken)[0]!r}, which is the value, the unit or the period."
        )
    few = (len(names) + 4, 2) if effects == "none" else (3, 3)
    panel = panel_of(table, value, unit, period, fewest=few, positive=LOGS, also=names)
    if effects == "none":
        rows, steps = _ends(panel, names), len(panel.periods) - 1
        made, estimate = _least_squares(rows, names, level), None
        cautions: tuple[str, ...] = (_(GALTON),)
    else:
        rows, steps = _steps(panel, names), 1
        estimate = _within(rows, names, effects, level)
        made = estimate.table[["term", "estimate", "std_error", "conf_low", "conf_high", "p_value", "n"]]
        made = made.assign(term=["initial", *names])
        cautions = (_(NICKELL, t=len(panel.periods) - 1), _(GALTON))
    kind = f"{'conditional' if names or effects != 'none' else 'absolute'}, " + (
        "least squares" if effects == "none" else f"{effects} effects"
    )
    speed, half = _speed(made.iloc[0], steps)
    return BetaConvergence(made, speed, half, cautions, kind, rows, estimate)


def _ends(panel: Panel, names: tuple[str, ...]) -> pd.DataFrame:
    logs = np.log(panel.y)
    rows = {
        "unit": list(panel.units),
        "initial": logs[:, 0],
        "growth": (logs[:, -1] - logs[:, 0]) / (logs.shape[1] - 1),
    }
    return pd.DataFrame({**rows, **{f"x{k}": panel.column(c)[:, 0] for k, c in enumerate(names)}})


def _steps(panel: Panel, names: tuple[str, ...]) -> pd.DataFrame:
    logs = np.log(panel.y)
    n, t = logs[:, 1:].shape
    rows = {
        "unit": np.repeat(np.arange(n), t),
        "period": np.tile(np.arange(t), n),
        "initial": logs[:, :-1].ravel(),
        "growth": np.diff(logs, axis=1).ravel(),
    }
    return pd.DataFrame({**rows, **{f"x{k}": panel.column(c)[:, :-1].ravel() for k, c in enumerate(names)}})


def _least_squares(rows: pd.DataFrame, names: tuple[str, ...], level: float) -> pd.DataFrame:
    from statsmodels.regression.linear_model import OLS

    terms = ["initial", *(f"x{k}" for k in range(len(names)))]
    x = rows[terms].to_numpy()
    spread = x.std(axis=0)
    flat = (spread <= 1e-12 * np.abs(x).max(axis=0)).any()
    if flat or np.linalg.matrix_rank((x - x.mean(axis=0)) / spread) < len(terms):
        raise OptionError(
            "The initial level and the controls= are collinear, or one does not vary: leave one out."
        )
    x = np.column_stack([np.ones(len(rows)), x])
    fit = OLS(rows["growth"].to_numpy(), x).fit(cov_type="HC1", use_t=True)
    ends = fit.conf_int(1 - level)[1:]
    return pd.DataFrame(
        {
            "term": ["initial", *names],
            "estimate": fit.params[1:],
            "std_error": fit.bse[1:],
            "conf_low": ends[:, 0],
            "conf_high": ends[:, 1],
            "p_value": fit.pvalues[1:],
            "n": len(rows),
        }
    )


def _within(rows: pd.DataFrame, names: tuple[str, ...], effects: str, level: float) -> Estimate:
    terms = " + ".join(["initial", *(f"x{k}" for k in range(len(names)))])
    return fixed_effects(
        rows, f"growth ~ {terms}", unit="unit", period="period", effects=effects, level=level
    )


def _speed(row: Any, steps: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Speed and half-life of b and its ends; the speed falls as b rises."""
    b = np.array([row["estimate"], row["conf_high"], row["conf_low"]], dtype=float)
    left = 1 + b * steps
    with np.errstate(divide="ignore", invalid="ignore"):  # the whole gap or more in one step: no speed
        speed = np.where(left > 0, -np.log(left) / steps, np.where(np.isnan(left), np.nan, np.inf))
        half = np.where(speed > 0, np.log(2) / speed, np.where(np.isnan(speed), np.nan, np.inf))
    names = ["estimate", "conf_low", "conf_high"]
    return pd.DataFrame([speed], columns=names), pd.DataFrame([half[[0, 2, 1]]], columns=names)
