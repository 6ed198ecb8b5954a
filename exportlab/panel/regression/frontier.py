"""Stochastic frontiers: what the best would reach, and how far each unit stays below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

from exportlab.columns import refuse_no_ids
from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, to_pandas
from exportlab.options import Count, Finite, Level, validated
from exportlab.panel.algebra import frontier as likelihood
from exportlab.panel.algebra.absorb import refuse_collinear
from exportlab.panel.algebra.frontier import Maximum
from exportlab.panel.algebra.levels import encode
from exportlab.panel.algebra.sandwich import ROUNDING
from exportlab.panel.contract import period_values
from exportlab.panel.estimate import Estimate, Inference, Sample, estimate_table
from exportlab.panel.regression.formula import Design, Roles, design
from exportlab.panel.regression.formula_text import parse

MODELS = {
    "cross-section": "every row draws its own inefficiency (Aigner, Lovell and Schmidt 1977)",
    "invariant": "inefficiency of a unit that stays (Battese and Coelli 1988)",
    "decay": "inefficiency of a unit that grows or wanes at one rate (Battese and Coelli 1992)",
    "effects": "inefficiency explained in one step (Battese and Coelli 1995)",
}
DISTRIBUTIONS = ("half-normal", "truncated-normal")
LIMITS = {
    "no inefficiency": "gamma is at its limit of zero: the data show no inefficiency, every efficiency is one, and "
    "the frontier is the regression.",
    "no noise": "gamma is at its limit of one (a hundred-thousandth of the residuals' variance is left to noise): the "
    "data show no noise, and every row's distance is inefficiency.",
    "exponential": "mu runs to minus infinity and sigma2 with it: inefficiency is exponential in the limit. "
    "Coefficients and efficiencies hold; mu (or what explains it), sigma2 and gamma have no value. Compare "
    "distribution='half-normal'.",
}
ANY = "any number"  # an outcome, which a formula must have, for one that has none
HESSIAN = "maximum likelihood: inverse of the observed information, normal"


@dataclass(frozen=True, repr=False, eq=False)
class FrontierEstimate(Estimate):
    """An `Estimate` of a stochastic frontier.

    Attributes
    ----------
    efficiencies : pandas.DataFrame
        The ids, and ``efficiency``: the share of its frontier that a row reaches, between 0 and 1. After
        `frontier_gravity` also ``observed, potential, unrealised``.
    test : pandas.Series
        The likelihood-ratio test that nobody is inefficient: ``statistic, restrictions, p_value, critical_10,
        critical_5, critical_1``.
    """

    efficiencies: pd.DataFrame = field(default_factory=pd.DataFrame)
    test: pd.Series[float] = field(default_factory=lambda: pd.Series(dtype=float))


@validated
def frontier(
    table: Any,
    formula: str,
    *,
    model: str = "cross-section",
    distribution: str | None = None,
    inefficiency: str | None = None,
    unit: str | None = None,
    period: str | None = None,
    kind: str = "production",
    missing: str = "refuse",
    level: Level = 0.95,
) -> FrontierEstimate:
    r"""Stochastic frontier by maximum likelihood.

    .. math:: y_{it} = x_{it}'\beta + v_{it} - h_{it}u_{i},\qquad v\sim N(0,\sigma_v^2),\quad
        u\sim N^+(m,\sigma_u^2)

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
    formula : str
        ``"log(output) ~ log(capital) + log(labour)"``: the outcome in logs, so that efficiency is a share.
    model : {"cross-section", "invariant", "decay", "effects"}
        "cross-section": each row draws its own u. "invariant": a unit draws once (Battese and Coelli 1988). "decay":
        :math:`h_{it}=e^{-\eta(t-T)}` with T the last period (1992): a unit nears the frontier where eta is above
        zero. "effects": each row draws with mean :math:`m_{it}=z_{it}'\delta` (1995).
    distribution : {"half-normal", "truncated-normal"}, optional
        Half-normal (m = 0) by default; "effects" is truncated-normal.
    inefficiency : str, optional
        For "effects": what explains inefficiency, ``"z1 + z2"``, with a constant unless ``"0 + z1"``.
    unit, period : str, optional
        Columns; "invariant" needs the unit, "decay" both. They also name the rows of ``efficiencies``.
    kind : {"production", "cost"}
        Of a cost frontier rows stay above it: u is added.
    missing : {"refuse", "drop"}
    level : float

    Returns
    -------
    FrontierEstimate
        Terms are the coefficients, what explains inefficiency (``inefficiency: z1``; ``mu``), ``eta``,
        ``sigma2`` :math:`=\sigma_v^2+\sigma_u^2` and ``gamma`` :math:`=\sigma_u^2/\sigma^2`. Efficiency is
        :math:`E[e^{-h_{it}u_i}\mid v-hu]`, of a cost frontier too, where cost is above the least by one over it.

    Raises
    ------
    DataError
        Residuals of least squares are skewed the wrong way in a cross-section, where the likelihood is largest without
        any inefficiency (Waldman 1982); collinear regressors; duplicate rows of a unit and period; no convergence.

    Notes
    -----
    The test that nobody is inefficient sets gamma, mu (or delta) and eta to zero. Gamma is at the edge of its range
    there, and the statistic is distributed as a mixture of chi-squares, half with as many degrees of freedom as
    restrictions, half with one fewer (Kodde and Palm 1986, whose table the critical values are).

    Regressing efficiencies on what explains them in a second step contradicts the first, which took inefficiency for
    the same in all: use "effects". Standard errors come from the observed information; FRONTIER 4.1 prints those that
    its search happened to build up, and R's ``frontier`` holds mu within two standard deviations, unless told not to.
    Here mu is free.

    References
    ----------
    Aigner, Lovell and Schmidt (1977); Battese and Coelli (1988, 1992, 1995); Coelli (1996), CEPA working paper 7/96.
    """
    form = Form(model, distribution, inefficiency, kind, level)
    form.refuse(unit, period)
    ids = [c for c in (unit, period) if c is not None]
    explained = [] if inefficiency is None else parse(inefficiency).columns
    data = to_pandas(table)
    d = design(data, formula, Roles(also=[*ids, *explained]), missing=missing)
    _refuse_twice(d, unit, period)
    return frontier_estimate(
        d, Form(model, distribution, inefficiency, kind, level), unit=unit, period=period
    )


@dataclass(frozen=True)
class Form:
    """What kind of frontier: the options of `frontier`."""

    model: str
    distribution: str | None
    inefficiency: str | None
    kind: str
    level: float

    @property
    def shape(self) -> str:
        """The distribution of inefficiency."""
        return self.distribution or ("truncated-normal" if self.model == "effects" else "half-normal")

    def refuse(self, unit: str | None, period: str | None) -> None:
        """Refuse what is not allowed, or not together."""
        one_of("model", self.model, list(MODELS))
        one_of("kind", self.kind, ["production", "cost"])
        if self.distribution is not None:
            one_of("distribution", self.distribution, DISTRIBUTIONS)
        if (self.inefficiency is not None) != (self.model == "effects"):
            raise OptionError(
                "inefficiency= and model='effects' belong together: say what explains inefficiency, or choose "
                f"another of {', '.join(map(repr, MODELS))}."
            )
        if self.model == "effects" and self.distribution == "half-normal":
            raise OptionError(
                "distribution='half-normal' is not allowed with model='effects', whose mean is explained. "
                "Allowed: 'truncated-normal'."
            )
        if self.model in ("invariant", "decay") and unit is None:
            raise OptionError(f"model={self.model!r} needs unit=, the column of what is followed over time.")
        if self.model == "decay" and period is None:
            raise OptionError("model='decay' needs period=, the column of time.")


def _refuse_twice(d: Design, unit: str | None, period: str | None) -> None:
    refuse_no_ids(d.data, [c for c in (unit, period) if c is not None])
    if unit is None or period is None:
        return
    again = d.data.duplicated([unit, period])
    if again.any():
        row = d.data[again].iloc[0]
        raise DataError(
            f"The same {unit} and {period} twice",
            "Give one row a unit and period.",
            rows=int(again.sum()),
            first=f"{unit} {row[unit]}, {period} {row[period]}",
        )


def frontier_estimate(
    d: Design,
    form: Form,
    *,
    unit: str | Sequence[str] | None = None,
    period: str | None = None,
    words: tuple[str, ...] = (),
) -> FrontierEstimate:
    """The frontier of a checked design; see `frontier`. `words` are notes that come first."""
    ids = [*([unit] if isinstance(unit, str) else unit or []), *([period] if period else [])]
    units = np.arange(len(d.y)) if not unit else encode(d.data[ids[: len(ids) - bool(period)]])
    refuse_collinear(d, np.ones_like(d.y))
    explained, z = _explained(d, form)
    sign = 1.0 if form.kind == "production" else -1.0
    alone = form.model in ("cross-section", "effects")
    _refuse_residuals(d, sign, form)
    problem = likelihood.Frontier(
        y=sign * d.y,
        X=sign * d.x,
        group=np.arange(len(d.y)) if alone else units,
        Z=z if alone else z[: int(units.max()) + 1],
        lag=_lags(d, period) if form.model == "decay" else None,
    )
    made = likelihood.maximise(problem)
    _refuse_unfinished(made)
    terms = [*d.names, *explained, *(["eta"] if problem.lag is not None else []), "sigma2", "gamma"]
    inference = Inference("maximum likelihood", HESSIAN, level=form.level)
    variances = np.diag(made.covariance)
    lost = [t for t, v in zip(terms, variances, strict=True) if not v > 0]
    shown = np.where(np.isnan(variances) & ("exponential" in made.limits), np.nan, made.theta)
    test = inefficiency_test(made.log_likelihood, made.regression, restrictions=len(terms) - len(d.names) - 1)
    notes = [*words, *(LIMITS[limit] for limit in made.limits), _told(test)]
    if lost:
        notes.append(f"No standard error for {', '.join(lost)}: the likelihood is flat there, or at a limit.")
    return FrontierEstimate(
        method=f"Stochastic {form.kind} frontier, {form.shape}, {form.model}",
        estimand=f"coefficients of the frontier of {d.outcome}; {MODELS[form.model]}",
        comparison="the best that the same regressors allow",
        weighting="every row weighs the same",
        table=_tested(estimate_table(terms, shown, made.covariance, inference, len(d.y))),
        vcov=made.covariance,
        inference=inference,
        sample=Sample(d.rows, len(d.y), d.lost, units=int(units.max()) + 1, periods=_count(d, period)),
        notes=tuple(notes),
        fit={"log_likelihood": made.log_likelihood, "iterations": float(made.iterations)},
        efficiencies=d.data[ids].assign(efficiency=likelihood.efficiency(problem, made.theta)),
        test=test,
    )


def _explained(d: Design, form: Form) -> tuple[list[str], Array]:
    """Names and values (n, q) of what the mean of inefficiency depends on."""
    if form.inefficiency is None:
        truncated = form.shape == "truncated-normal"
        return (["mu"], np.ones((len(d.y), 1))) if truncated else ([], np.empty((len(d.y), 0)))
    z = design(d.data.assign(**{ANY: 0.0}), f"`{ANY}` ~ {form.inefficiency}", Roles())
    refuse_collinear(z, np.ones_like(d.y))
    return [f"inefficiency: {name}" for name in z.names], z.x


def _lags(d: Design, period: str | None) -> Array:
    """Periods since the last one of the table, zero or below, (n,)."""
    assert period is not None
    values, _ = period_values(d.data[period], period)
    return np.asarray(values - values.max(), float)


def _tested(table: pd.DataFrame) -> pd.DataFrame:
    """The table without p-values of the variances, whose zero is the edge of their range."""
    edge = table["term"].isin(["sigma2", "gamma"])
    return table.assign(p_value=table["p_value"].where(~edge))


def _told(test: pd.Series[float]) -> str:
    return (
        f"Likelihood ratio against no inefficiency: {test['statistic']:.4g} under {test['restrictions']:.0f} "
        f"restriction(s), p = {test['p_value']:.3g}, 5 per cent critical value {test['critical_5']:.4g} (mixture of "
        "chi-squares, Kodde and Palm 1986)."
    )


def _count(d: Design, period: str | None) -> int:
    return 0 if period is None else int(d.data[period].nunique())


def _refuse_residuals(d: Design, sign: float, form: Form) -> None:
    """Residuals of least squares must be there, and lean to where the inefficient are."""
    residual = sign * (d.y - d.x @ np.linalg.lstsq(d.x, d.y, rcond=None)[0])
    if np.abs(residual).max() <= ROUNDING * np.abs(d.y).max():
        raise DataError(
            "Least squares fits every row", "There is neither noise nor inefficiency to tell apart."
        )
    if form.model != "cross-section":
        return
    skewness = float(stats.skew(residual))
    if skewness >= 0:
        side = "left" if sign > 0 else "right"
        raise DataError(
            f"Wrong skewness: residuals of least squares are not skewed to the {side} ({sign * skewness:.4g}), as "
            f"inefficiency skews those of a {form.kind} frontier",
            "The likelihood is largest without any inefficiency (Waldman 1982). Look for a missing regressor, another "
            "functional form or outliers; or report the regression: these data show no inefficiency.",
        )


def _refuse_unfinished(made: Maximum) -> None:
    if not made.converged:
        raise DataError(
            f"The frontier did not converge in {made.iterations} iterations",
            "Look for regressors that hardly vary, few rows, or a fit without error.",
        )


@validated
def inefficiency_test(log_likelihood: Finite, regression: Finite, *, restrictions: Count) -> pd.Series[float]:
    r"""Likelihood-ratio test that nobody is inefficient, by the mixture of chi-squares of Kodde and Palm (1986).

    :math:`2(\ell-\ell_0)` is distributed as :math:`\tfrac12\chi^2_{q-1}+\tfrac12\chi^2_q` under q restrictions, one of
    which is at the edge of its range; :math:`\chi^2_0` is zero.

    Parameters
    ----------
    log_likelihood, regression : float
        Of the frontier and of least squares.
    restrictions : int
        How many parameters the test sets to zero: gamma, mu (or every delta) and eta.

    Returns
    -------
    pandas.Series
        ``statistic, restrictions, p_value, critical_10, critical_5, critical_1``.
    """
    statistic = max(2 * (log_likelihood - regression), 0.0)

    def above(x: float) -> float:
        nothing = float(x <= 0) if restrictions == 1 else float(stats.chi2.sf(x, restrictions - 1))
        return (nothing + float(stats.chi2.sf(x, restrictions))) / 2

    critical = {
        f"critical_{percent}": optimize.brentq(lambda x, p=percent: above(x) - p / 100, 1e-9, 1e3, xtol=1e-12)
        for percent in (10, 5, 1)
    }
    return pd.Series(
        {"statistic": statistic, "restrictions": restrictions, "p_value": above(statistic), **critical}
    )
