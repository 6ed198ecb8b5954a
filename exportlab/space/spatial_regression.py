r"""Regressions whose outcomes, regressors or errors reach the neighbours: lag, error and Durbin models, and panels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.errors import OptionError
from exportlab.options import Count, Level, validated
from exportlab.panel.estimate import Estimate, Inference, Parts, Sample, estimate_table
from exportlab.space.autocorrelation import FEW
from exportlab.space.impacts import Coefficients, impacts_by_delta, impacts_by_draws, wald
from exportlab.space.placed import Placed, Transformation, Ways, placed_rows
from exportlab.space.spatial_fit import Fit, fitted
from exportlab.space.spatial_weights import SpatialWeights

Model: TypeAlias = Literal["sar", "sem", "sdm", "sdem", "slx"]
Method: TypeAlias = Literal["ml", "gmm"]
Errors: TypeAlias = Literal["delta", "simulated"]

NAMES = {
    "sar": "Spatial lag model (SAR)",
    "sem": "Spatial error model (SEM)",
    "sdm": "Spatial Durbin model (SDM)",
    "sdem": "Spatial Durbin error model (SDEM)",
    "slx": "Spatial lags of the regressors (SLX)",
}
DEPENDS = {"sar": "lag", "sdm": "lag", "sem": "error", "sdem": "error", "slx": "none"}
DURBIN = ("sdm", "sdem", "slx")
NO_EFFECT = "A coefficient is no effect here: read parts['impacts'] (direct, indirect, total)."
FEW_UNITS = (
    "{n} units are few: errors, intervals and p-values hold where units are many. "
    "spatial_tests(permutations=9999, rng=...) asks whether there is dependence at all, by orders of the units."
)
NO_ERROR = "Kelejian and Prucha's moments give lambda no standard error."
SAME = "An error model has no effects on neighbours: its coefficients are direct and total effects."
NO_LAG = "Units without neighbours: {n}. Their lag is zero: rho and lambda say nothing of them."
GIVEN = "The weights are taken as known: other neighbours give other numbers."
LEFT_OUT = (
    "{left:,} of {draws:,} draws of rho lay outside (-1, 1) and were left out of the errors of effects."
)


@validated
def spatial_regression(
    table: Any,
    formula: str,
    *,
    unit: str,
    weights: SpatialWeights,
    model: Model = "sar",
    method: Method = "ml",
    errors: Errors = "delta",
    draws: Count = 1000,
    rng: Any = None,
    level: Level = 0.95,
) -> Estimate:
    r"""Regress an outcome that units share with their neighbours.

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
        One row a unit, for all units of the weights and no others.
    formula : str
        ``"exports ~ fdi + log(gdp)"``.
    unit : str
        Column.
    weights : SpatialWeights
        Rows that add to one (``style="row"``).
    model : {"sar", "sem", "sdm", "sdem", "slx"}
        Lag of the outcome; of the errors; of outcome and regressors; of errors and regressors; of regressors alone.
    method : {"ml", "gmm"}
        Maximum likelihood; or two-stage least squares ("sar", "sdm": the regressors' first two lags that are not in
        the model are the instruments, s2 by n - k) and Kelejian and Prucha's moments ("sem", "sdem"), by PySAL (extra
        "space").
    errors : {"delta", "simulated"}
        Of the effects in ``parts["impacts"]``: by the gradient, or by draws of the coefficients from their normal law.
    draws, rng
        Of "simulated"; rng= is a seed or a Generator.
    level : float

    Returns
    -------
    Estimate
        Lags of regressors are called ``W x``; rho or lambda stands last. ``parts["impacts"]`` has direct, indirect and
        total effects; of "sdm" ``parts["restrictions"]`` tests whether it is no more than "sar" or "sem". ``fit`` has
        loglik, aic and sigma2.

    Raises
    ------
    DataError
        A unit twice, units that the weights have and the table has not, missing values, regressors that others span,
        rows fitted exactly, a spatial parameter at the end of its range.
    OptionError, UnknownName
        Weights that do not add to one, draws without rng=.
    MissingDependency
        "gmm" without PySAL's spreg.

    Notes
    -----
    :math:`y = \rho W y + X\beta + W X\gamma + u`, :math:`u = \lambda W u + \varepsilon`, each model with its part. With
    :math:`A = (I - \rho W)^{-1}`, the effects of :math:`x_k` are the means of the diagonal (direct) and of the row sums
    (total) of :math:`A(\beta_k I + \gamma_k W)`; indirect is the rest.

    References
    ----------
    .. [1] Anselin (1988), Spatial Econometrics, Kluwer.
    .. [2] LeSage and Pace (2009), Introduction to Spatial Econometrics, CRC Press.
    .. [3] Kelejian and Prucha (1998, 1999), Journal of Real Estate Finance and Economics 17(1); International Economic
       Review 40(2).
    """
    _check(weights, model, method, errors, rng)
    placed = placed_rows(table, formula, weights, unit=unit, lags=model in DURBIN)
    return _estimate(placed, weights, _Asked(model, method, level, errors, draws, rng))


@validated
def spatial_panel(
    table: Any,
    formula: str,
    *,
    unit: str,
    period: str,
    weights: SpatialWeights,
    model: Model = "sar",
    effects: Ways = "unit",
    transformation: Transformation = "lee-yu",
    method: Method = "ml",
    errors: Errors = "delta",
    draws: Count = 1000,
    rng: Any = None,
    level: Level = 0.95,
) -> Estimate:
    r"""Regress a panel with fixed effects whose units share with their neighbours.

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
        One row a unit and period, all units of the weights in every period.
    formula, unit, weights, model, errors, draws, rng, level : see `spatial_regression`
    period : str
        Column.
    effects : {"unit", "period", "two-way"}
    transformation : {"lee-yu", "within"}
        How the effects go out: by orthonormal contrasts, whose errors stay independent, so that sigma2 and standard
        errors are right with few periods (Lee and Yu 2010); or by taking means off, with sigma2 = e'e/(NT), as R's splm
        and PySAL do. With unit effects both give the same coefficients.
    method : {"ml", "gmm"}
        "gmm" needs "lee-yu".

    Returns
    -------
    Estimate
        As `spatial_regression`.

    Raises
    ------
    DataError
        A unit and period twice or absent, regressors that the effects absorb; else as `spatial_regression`.
    OptionError, UnknownName
        "gmm" or "slx" with "within"; effects of periods by "lee-yu" where units have no neighbours.
    MissingDependency

    Notes
    -----
    Lags of regressors are made before effects go out. Of two-way effects by "within", W is applied to the
    demeaned outcome and not demeaned again. Contrasts H of the units take weights :math:`H W H'`, where rows of W add
    to one.

    References
    ----------
    .. [1] Elhorst (2014), Spatial Econometrics: From Cross-Sectional Data to Spatial Panels, Springer.
    .. [2] Lee and Yu (2010), Estimation of spatial autoregressive panel data models with fixed effects, Journal of
       Econometrics 154(2).
    """
    _check(weights, model, method, errors, rng)
    if transformation == "within" and (method == "gmm" or model == "slx"):
        what = "method='gmm'" if method == "gmm" else "model='slx'"
        raise OptionError(f"{what} counts independent rows: take transformation='lee-yu'.")
    placed = placed_rows(
        table, formula, weights, unit=unit, period=period, effects=effects, lags=model in DURBIN
    )
    if transformation == "lee-yu" and effects != "unit" and not np.allclose(placed.rows.w.sum(axis=1), 1):
        raise OptionError(
            "Contrasts of the units need neighbours for every unit: take effects='unit', or transformation='within'."
        )
    placed = replace(placed, transformation=transformation)
    return _estimate(placed, weights, _Asked(model, method, level, errors, draws, rng))


@dataclass(frozen=True)
class _Asked:
    """The model, how it is estimated, and how errors of effects are made."""

    model: Model
    method: Method
    level: float
    errors: Errors
    draws: int
    rng: Any


def _check(weights: SpatialWeights, model: str, method: str, errors: str, rng: Any) -> None:
    if weights.style != "row":
        raise OptionError(
            f"Weights of style {weights.style!r} are not allowed. Allowed: rows that add to one, "
            "spatial_weights(..., style='row')."
        )
    if model == "slx" and method == "gmm":
        raise OptionError("model='slx' is least squares: it has no method='gmm'.")
    if errors == "simulated" and rng is None:
        raise OptionError("Drawn errors need rng=, a seed (rng=7) or a numpy Generator.")


def _estimate(placed: Placed, weights: SpatialWeights, asked: _Asked) -> Estimate:
    d, ready = placed.d, placed.ready()
    fit = fitted(ready, DEPENDS[asked.model], asked.method)
    inference = _inference(placed, asked, len(ready.y) - len(fit.beta))
    names = [*d.names, *([fit.parameter] if fit.parameter else [])]
    values = np.append(fit.beta, [fit.spatial] if fit.parameter else [])
    parts, notes = _parts(placed, fit, asked, inference)
    N, T = len(placed.rows.w), placed.rows.periods
    quality = {"sigma2": fit.sigma2}
    if asked.method == "ml":
        quality |= {"loglik": fit.loglik, "aic": 2 * (len(values) + 1) - 2 * fit.loglik}
    few = [FEW_UNITS.format(n=N)] if N < FEW else []
    few += [NO_LAG.format(n=weights.alone)] if weights.alone else []
    return Estimate(
        method=NAMES[asked.model],
        estimand=f"effect on {d.outcome}",
        comparison="neighbours by " + weights.made + _effects_said(placed),
        weighting="every row weighs the same",
        table=estimate_table(names, values, fit.covariance, inference, len(d.y)),
        vcov=fit.covariance,
        inference=inference,
        sample=Sample(d.rows, len(d.y), d.lost, units=N, periods=T),
        parts=parts,
        notes=(*few, *notes, GIVEN),
        fit=quality,
        linear=False,
    )


def _effects_said(placed: Placed) -> str:
    if placed.effects is None:
        return ""
    return f", the same {' and '.join(placed.d.effects.names)}"


def _inference(placed: Placed, asked: _Asked, df: int) -> Inference:
    """How the errors are made, and what stands for a small-sample factor."""
    name, stages = "maximum likelihood (information matrix)", DEPENDS[asked.model] == "lag"
    if asked.method == "gmm":
        name = "two-stage least squares" if stages else "generalised moments"
    if asked.model == "slx":
        return Inference("classical", "s2 = e'e/(n-k)", df, asked.level)
    small = "s2 = e'e/(n-k)" if asked.method == "gmm" and stages else "none: sigma2 = e'e/n"
    if placed.transformation == "lee-yu":
        N, T = len(placed.rows.w), placed.rows.periods
        n = {"unit": "N(T-1)", "period": "(N-1)T", "two-way": "(N-1)(T-1)"}[str(placed.effects)]
        small = f"Lee and Yu (2010): sigma2 over {n} contrasts of N={N}, T={T}"
    elif placed.transformation == "within":
        small = "none: sigma2 = e'e/(NT), too small by (T-1)/T with unit effects (Lee and Yu 2010)"
    return Inference(name, small, np.inf, asked.level)


def _parts(placed: Placed, fit: Fit, asked: _Asked, inference: Inference) -> tuple[Parts, tuple[str, ...]]:
    """Effects and restrictions, with what must be known of them."""
    if asked.model == "sem" or placed.d.names == ("Intercept",):
        note = (NO_ERROR,) if np.isnan(fit.covariance).any() else ()
        return Parts({}, {"impacts": SAME if asked.model == "sem" else "There is no regressor."}), note
    c = _coefficients(placed, fit)
    notes: list[str] = [NO_EFFECT]
    if asked.errors == "delta":
        impacts = impacts_by_delta(c, placed.rows.w, inference)
    else:
        random = np.random.default_rng(asked.rng)
        impacts, left = impacts_by_draws(c, placed.rows.w, inference.level, asked.draws, random)
        notes += [LEFT_OUT.format(left=left, draws=asked.draws)] if left else []
    if np.isnan(fit.covariance).any():
        notes.append(NO_ERROR)
    found = {"impacts": impacts}
    if asked.model == "sdm":
        found["restrictions"] = _restrictions(c)
    return Parts(found), tuple(notes)


def _coefficients(placed: Placed, fit: Fit) -> Coefficients:
    """The regressors' coefficients, their lags' (zeros where there are none) and rho, with their covariance."""
    names = placed.d.names
    own = [j for j, n in enumerate(names) if n != "Intercept" and not _is_lag(placed, j)]
    K, beta = len(own), fit.beta
    covariance, lagged = np.zeros((2 * K + 1, 2 * K + 1)), np.zeros(K)
    pairs = list(enumerate(own))
    if placed.lagged:
        first = len(names) - K
        lagged = beta[first:]
        pairs += [(K + k, first + k) for k in range(K)]
    if fit.parameter == "rho":
        pairs.append((2 * K, len(beta)))
    into, out = np.array(pairs).T
    covariance[np.ix_(into, into)] = fit.covariance[np.ix_(out, out)]
    return Coefficients(tuple(names[j] for j in own), beta[own], lagged, fit.rho, covariance)


def _is_lag(placed: Placed, j: int) -> bool:
    return j >= len(placed.d.names) - len(placed.lagged)


def _restrictions(c: Coefficients) -> pd.DataFrame:
    """Wald tests that the Durbin model is a lag model (gamma = 0) or an error model (gamma + rho beta = 0)."""
    K = len(c.own)
    nothing, one = np.zeros((K, K)), np.eye(K)
    lag = np.column_stack([nothing, one, np.zeros(K)])
    error = np.column_stack([c.rho * one, one, c.own])
    found = [wald(c.lagged, lag, c.covariance), wald(c.lagged + c.rho * c.own, error, c.covariance)]
    columns = ("restriction", "statistic", "df", "p_value")
    rows = [(name, s, K, p) for name, (s, p) in zip(("sar", "sem"), found, strict=True)]
    return pd.DataFrame(rows, columns=list(columns))
