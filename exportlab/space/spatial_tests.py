r"""Which spatial model a regression asks for: Moran's I and multiplier tests of its residuals, by law or by orders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from exportlab.errors import DataError, OptionError
from exportlab.frames import Array
from exportlab.options import Level, Places, validated
from exportlab.results import Cautious
from exportlab.space.autocorrelation import DEFINED, FEW
from exportlab.space.placed import Placed, Ways, placed_rows
from exportlab.space.spatial_fit import Rows
from exportlab.space.spatial_weights import SpatialWeights

TESTS = {"lag": 1, "error": 1, "robust lag": 1, "robust error": 1, "lag and error": 2}
BLOCK = 500  # orders of the units at once
BY_LAW = (
    "{n} units are few for chi-squared: say permutations=9999, rng=7 for p-values by orders of the units."
)
WRONG = (
    "The tests look for these two departures only: a trend or a variable left out over space raises them too."
)


@dataclass(frozen=True, repr=False, eq=False)
class SpatialTests(Cautious):
    """Tests of the residuals of a regression without space.

    Attributes
    ----------
    table : DataFrame
        One row a multiplier test: statistic, df, p_value (chi-squared) and, where orders were drawn, p_permutation.
    moran : DataFrame
        Moran's I of the residuals, one row: value, expectation, variance, z, p_value (neighbours are alike; normal law)
        and p_permutation.
    suggests : str
        What Anselin's rule reads off them: "sar", "sem" or "ols".
    cautions : tuple of str
    """

    table: pd.DataFrame
    moran: pd.DataFrame
    suggests: str
    cautions: tuple[str, ...]
    outcome: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Spatial dependence of {self.outcome}: the tests suggest {self.suggests}"


@validated
def spatial_tests(
    table: Any,
    formula: str,
    *,
    unit: str,
    weights: SpatialWeights,
    period: str | None = None,
    effects: Ways = "unit",
    permutations: Places = 0,
    rng: Any = None,
    size: Level = 0.05,
) -> SpatialTests:
    r"""Test a regression's residuals for a spatial lag or spatial errors.

    Parameters
    ----------
    table, formula, unit, weights : see `spatial_regression`
    period, effects : see `spatial_panel`
        Without period= the table has one row a unit.
    permutations, rng
        Orders of the units over which residuals are drawn (whole paths of a panel), where units are too few for a law.
    size : float
        Of the tests, in the rule.

    Returns
    -------
    SpatialTests

    Raises
    ------
    DataError, OptionError, UnknownName
        As `spatial_regression`; random orders without rng=.

    Notes
    -----
    e the residuals of least squares (effects taken off), :math:`s^2 = e'e/n`,
    :math:`T = \mathrm{tr}(W'W + WW)`, :math:`D = (WXb)'M(WXb)/s^2`, :math:`d_\lambda = e'We/s^2`,
    :math:`d_\rho = e'Wy/s^2`. Error: :math:`d_\lambda^2/T`; lag: :math:`d_\rho^2/(D+T)`; robust error:
    :math:`(d_\lambda - d_\rho T/(D+T))^2/(T - T^2/(D+T))`; robust lag: :math:`(d_\rho - d_\lambda)^2/D`;
    lag and error: robust lag + error. The rule: no dependence if neither lag nor error is significant; the one that is;
    of both, the one whose robust form has the smaller p.

    Moran's :math:`I = (n/S_0)\, e'We/e'e` has under independent normal errors the moments of Cliff and Ord: with M the
    matrix that makes residuals and r its rank, :math:`E = (n/S_0)\,\mathrm{tr}(MW)/r` and
    :math:`E(I^2) = (n/S_0)^2 [\mathrm{tr}(MWMW') + \mathrm{tr}(MWMW) + \mathrm{tr}(MW)^2] / (r(r+2))`. Regressors and
    effects pull E below that of a plain Moran. In a panel W has a block for each period.

    References
    ----------
    .. [1] Anselin, Bera, Florax and Yoon (1996), Simple diagnostic tests for spatial dependence, Regional Science and
       Urban Economics 26(1).
    .. [2] Freedman and Lane (1983), A nonstochastic interpretation of reported significance levels, Journal of Business
       and Economic Statistics 1(4).
    .. [3] Cliff and Ord (1981), Spatial Processes, Pion, chapter 8.
    """
    if permutations and rng is None:
        raise OptionError("Random orders need rng=, a seed (rng=7) or a numpy Generator.")
    placed = placed_rows(table, formula, weights, unit=unit, period=period, effects=effects)
    rows = placed.ready()
    q = np.linalg.qr(rows.x)[0]
    e = rows.y - q @ (q.T @ rows.y)
    if float(np.abs(e).max()) <= 1e-10 * float(np.abs(rows.y).max()):
        raise DataError("The regressors fit every row exactly", "There are no residuals to test.")
    *seen, own = multipliers(rows, q, (rows.y - e)[:, None], e[:, None])[:, 0]
    made = pd.DataFrame({"test": list(TESTS), "statistic": seen, "df": list(TESTS.values())})
    made["p_value"] = chi2.sf(seen, made["df"])
    moran = moran_of_residuals(placed, q, own)
    if permutations:
        drawn = by_orders(rows, q, e, permutations, np.random.default_rng(rng))
        shares = shares_beyond(np.array([*seen, own]), drawn)
        made["p_permutation"], moran["p_permutation"] = shares[:-1], shares[-1]
    p = made.set_index("test")["p_permutation" if permutations else "p_value"]
    law = (BY_LAW.format(n=len(rows.w)),) if len(rows.w) < FEW and not permutations else ()
    suggests = rule(p.to_dict(), size)
    return SpatialTests(made, moran, suggests, (*law, WRONG, DEFINED), placed.d.outcome)


def shares_beyond(seen: Array, drawn: Array) -> Array:
    """Of each statistic: the share of the draws, what was seen among them, that are as large."""
    far = drawn >= (seen - 1e-12 * np.abs(seen))[:, None]
    return np.asarray((1 + far.sum(axis=1)) / (1 + drawn.shape[1]))


def moran_of_residuals(placed: Placed, q: Array, own: float) -> pd.DataFrame:
    """Moran's I, own / S0, and its moments under normal errors; q spans the regressors, effects taken off.

    M = A x B - qq': effects go out by one projection of the periods, whose trace is `times`, and B of the units.
    """
    w, N, T = placed.rows.w, len(placed.rows.w), placed.rows.periods
    times = T - (placed.effects in ("unit", "two-way"))
    B = np.eye(N) - (1 / N if placed.effects in ("period", "two-way") else 0.0)
    there, back = (Rows(placed.rows.y, q, v).lag(q) for v in (w, w.T))
    left, right = (replace(placed, rows=Rows(placed.rows.y, v, w)).ready().x for v in (there, back))
    Bw, inner, rank = B @ w, q.T @ there, times * float(np.trace(B)) - q.shape[1]
    one = times * np.trace(Bw) - np.trace(inner)
    twice = times * (Bw * Bw.T).sum() - 2 * (left * right).sum() + (inner * inner.T).sum()
    crossed = times * (Bw * (B @ w.T).T).sum() - (left**2).sum() - (right**2).sum() + (inner**2).sum()
    scale, weight = N / w.sum(), T * w.sum()
    value, mean = own / weight, scale * one / rank
    variance = scale**2 * (crossed + twice + one**2) / (rank * (rank + 2)) - mean**2
    z = (value - mean) / np.sqrt(variance)
    row = {"value": value, "expectation": mean, "variance": variance, "z": z, "p_value": norm.sf(z)}
    return pd.DataFrame({name: [float(figure)] for name, figure in row.items()})


def multipliers(rows: Rows, q: Array, mean: Array, e: Array) -> Array:
    """The five statistics and e'We/s2, (6, D), of D columns of fitted values and residuals; q spans the regressors."""
    n, w = len(rows.y), rows.w
    s2 = (e**2).sum(axis=0) / n
    T = rows.periods * float((w * w).sum() + (w * w.T).sum())
    reach = rows.lag(mean)
    D = ((reach - q @ (q.T @ reach)) ** 2).sum(axis=0) / s2
    own = (e * rows.lag(e)).sum(axis=0) / s2
    whole = own + (e * reach).sum(axis=0) / s2
    both = D + T
    robust_lag = (whole - own) ** 2 / D
    robust_error = (own - whole * T / both) ** 2 / (T - T**2 / both)
    return np.array([whole**2 / both, own**2 / T, robust_lag, robust_error, robust_lag + own**2 / T, own])


def by_orders(rows: Rows, q: Array, e: Array, draws: int, random: np.random.Generator) -> Array:
    """The statistics of residuals dealt to the units anew, added to the fitted values and fitted again (6, draws)."""
    N, T = len(rows.w), rows.periods
    cube, mean = e.reshape(T, N), (rows.y - e)[:, None]
    found = []
    for start in range(0, draws, BLOCK):
        orders = random.permuted(np.tile(np.arange(N), (min(BLOCK, draws - start), 1)), axis=1)
        y = mean + cube[:, orders.T].reshape(T * N, -1)
        fitted = q @ (q.T @ y)
        found.append(multipliers(rows, q, fitted, y - fitted))
    return np.concatenate(found, axis=1)


def rule(p: dict[Any, float], size: float) -> Literal["sar", "sem", "ols"]:
    """What the tests suggest, of their p-values by name."""
    lag, error = p["lag"] <= size, p["error"] <= size
    if not (lag or error):
        return "ols"
    if lag and error:
        return "sar" if p["robust lag"] <= p["robust error"] else "sem"
    return "sar" if lag else "sem"
