"""Fixed or random effects? The Hausman test, classical and robust."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.columns import in_time
from exportlab.errors import DataError, one_of
from exportlab.frames import Codes, Mask
from exportlab.options import validated
from exportlab.panel.algebra.absorb import refuse_collinear
from exportlab.panel.algebra.levels import Effects
from exportlab.panel.algebra.sandwich import sandwich, wald
from exportlab.panel.regression.effects import (
    demeaned,
    ordered_codes,
    panel_design,
    random_effects,
    swamy_arora,
    unit_means,
)
from exportlab.panel.regression.formula import Design, Roles
from exportlab.panel.regression.ols import classical, least_squares
from exportlab.results import Result

NULL = "Null: the unit effects are uncorrelated with the regressors, and random effects are consistent."


@dataclass(frozen=True, repr=False, eq=False)
class HausmanTest(Result):
    """Test that the unit effects are uncorrelated with the regressors.

    Attributes
    ----------
    form : {"mundlak", "classical"}
    statistic, p_value : float
        Chi-squared with `df` degrees of freedom, or F with `df` and `df_denominator`. NaN where the
        difference of the classical covariances is not positive definite: use the robust form.
    table : pandas.DataFrame
        ``term, fixed, random, difference``; for the robust form ``term, within, means, std_error``.
    """

    form: str
    statistic: float
    df: int
    df_denominator: float
    p_value: float
    table: pd.DataFrame

    @property
    def title(self) -> str:
        if np.isnan(self.statistic):
            return "Hausman test, classical: undefined (covariance difference not positive definite)"
        law = (
            f"chi2({self.df})" if np.isinf(self.df_denominator) else f"F({self.df}, {self.df_denominator:g})"
        )
        return f"Hausman test, {self.form} form: {law} = {self.statistic:.4g}, p = {self.p_value:.3g}"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the null says."""
        return (NULL,)


@validated
def hausman(
    table: Any, formula: str, *, unit: str, period: str, form: str = "mundlak", missing: str = "refuse"
) -> HausmanTest:
    r"""Compare fixed with random effects.

    Parameters
    ----------
    table, formula, unit, period, missing : see `fixed_effects`
    form : {"mundlak", "classical"}
        "mundlak": the unit means are added to the random-effects regression and tested jointly with
        standard errors clustered by unit, F with G - 1 denominator degrees of freedom; valid under
        heteroskedasticity and serial correlation. "classical":
        :math:`q'(V_{FE}-V_{RE})^{-1}q`, valid only if rows are homoskedastic and uncorrelated given the unit.

    Returns
    -------
    HausmanTest

    Raises
    ------
    DataError
        No regressor varies within units; one does not vary at all, or others span it.

    References
    ----------
    Hausman (1978); Mundlak (1978); Wooldridge (2010), section 10.7.3.
    """
    one_of("form", form, ["mundlak", "classical"])
    d = panel_design(table, formula, unit, period, Roles(cluster={unit: [unit]}), missing=missing)
    refuse_collinear(d, np.ones(len(d.y)))
    units, periods = ordered_codes(d.data[unit]), in_time(d.data[period], period)
    spread = np.abs(d.x - unit_means(d.x, units)[units]).max(axis=0)
    moving = spread > 1e-9 * np.abs(d.x).max(axis=0)
    if not moving.any():
        raise DataError(f"No regressor varies within {unit}", "Fixed effects have nothing to compare.")
    if form == "mundlak":
        return _mundlak(d, units, periods, moving)
    options: dict[str, Any] = {"unit": unit, "period": period, "missing": missing, "vcov": "classical"}
    names = [n for n, m in zip(d.names, moving, strict=True) if m]
    within = replace(
        d, x=d.x[:, moving], names=tuple(names), effects=Effects.encode({unit: d.data[[unit]]}), clusters={}
    )
    fit = least_squares(within)
    random = random_effects(table, formula, **options)
    at = [random.index(n) for n in names]
    b, r = fit.beta, random.table["estimate"].to_numpy(float)[at]
    q, V = b - r, classical(within, fit).covariance - random.vcov[np.ix_(at, at)]
    defined = bool((np.linalg.eigvalsh(V) > 0).all())
    statistic = float(q @ np.linalg.solve(V, q)) if defined else np.nan
    shown = pd.DataFrame({"term": names, "fixed": b, "random": r, "difference": q})
    return HausmanTest(form, statistic, len(q), np.inf, float(stats.chi2.sf(statistic, len(q))), shown)


def _mundlak(d: Design, units: Codes, periods: Codes, moving: Mask) -> HausmanTest:
    """Wald test of the unit means in the random-effects regression, clustered by unit."""
    names = tuple(n for n, m in zip(d.names, moving, strict=True) if m)
    means = unit_means(d.x[:, moving], units)[units]
    theta = swamy_arora(d, units, periods).theta
    wide = replace(d, x=np.column_stack([d.x, means]), names=(*d.names, *(f"mean of {n}" for n in names)))
    quasi = demeaned(wide, units, theta)
    fit = least_squares(quasi)
    robust = sandwich(fit.scores(None), fit.bread, effects=quasi.effects, clusters=quasi.clusters)
    last = slice(len(d.names), None)
    g, V = fit.beta[last], robust.covariance[last, last]
    k = len(g)
    statistic = (
        wald(g, V, f"Too few clusters for {k} unit means: use fewer regressors, or form='classical'.") / k
    )
    within = [fit.beta[d.names.index(n)] for n in names]
    shown = pd.DataFrame({"term": names, "within": within, "means": g, "std_error": np.sqrt(np.diag(V))})
    return HausmanTest(
        "mundlak", statistic, k, robust.dof, float(stats.f.sf(statistic, k, robust.dof)), shown
    )
