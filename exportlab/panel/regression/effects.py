"""Panel fixed and random effects, with the covariance that suits the dependence in the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from exportlab.columns import as_written, in_time, real, refuse_no_ids
from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes, to_pandas
from exportlab.options import Level, Places, Positive, validated
from exportlab.panel.algebra.absorb import refuse_collinear
from exportlab.panel.algebra.levels import absorbed_parameters
from exportlab.panel.algebra.sandwich import (
    Near,
    Sandwich,
    conley,
    driscoll_kraay,
    freedom,
    group_sums,
    sandwich,
)
from exportlab.panel.estimate import Estimate, Inference, Sample, estimate_table
from exportlab.panel.regression.formula import Design, Roles, design
from exportlab.panel.regression.ols import (
    LeastSquares,
    Words,
    classical,
    inference_of,
    least_squares,
    one_way,
    settled_by,
)
from exportlab.panel.regression.ppml import without_singletons

VCOV = ("classical", "hetero", "cluster", "driscoll-kraay", "conley")


@validated
def fixed_effects(
    table: Any,
    formula: str,
    *,
    unit: str,
    period: str,
    effects: str = "unit",
    vcov: str = "cluster",
    cluster: str | list[str] | None = None,
    lags: Places | None = None,
    small_sample: str = "fixest",
    latitude: str | None = None,
    longitude: str | None = None,
    cutoff: Positive | None = None,
    kernel: str = "bartlett",
    weights: str | None = None,
    singletons: str = "drop",
    missing: str = "refuse",
    level: Level = 0.95,
) -> Estimate:
    r"""Fixed-effects (within) regression of a panel.

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
        One row a unit and period.
    formula : str
        ``"exports ~ fdi + log(gdp)"``.
    unit, period : str
        Columns; periods in any usual spelling, or labels without an order where none is needed.
    effects : {"unit", "period", "two-way"}
    vcov : {"cluster", "classical", "hetero", "driscoll-kraay", "conley"}
        "cluster" (by unit, or by `cluster`) and "hetero" (HC1) with fixest's and reghdfe's factor;
        "driscoll-kraay" with `lags` and `small_sample`; "conley" with `latitude`, `longitude`, `cutoff`
        (km), `kernel` and `lags` (see `exportlab.panel.algebra.sandwich`).
    weights : str, optional
    singletons : {"drop", "keep"}
    missing : {"refuse", "drop"}
    level : float

    Returns
    -------
    Estimate

    Raises
    ------
    DataError
        Duplicate unit-periods, missing or infinite values, regressors that the effects absorb.
    """
    one_of("effects", effects, ["unit", "period", "two-way"])
    one_of("vcov", vcov, VCOV)
    one_of("singletons", singletons, ["drop", "keep"])
    names = {"unit": [unit], "period": [period], "two-way": [unit, period]}[effects]
    places = [c for c in (latitude, longitude) if c is not None]
    roles = Roles({n: [n] for n in names}, _clusters(vcov, cluster, unit), weights=weights, also=places)
    d = panel_design(table, formula, unit, period, roles, missing=missing)
    if singletons == "drop":
        d, _ = without_singletons(d)
    fit = least_squares(d)
    needs = {
        "driscoll-kraay": "vcov='driscoll-kraay'",
        "conley": "vcov='conley' with lags" if lags else None,
    }.get(vcov)
    units, periods = ordered_codes(d.data[unit]), in_time(d.data[period], period, needs=needs)
    scores, K = fit.scores(d.weights), len(d.names) + absorbed_parameters(d.effects)
    if vcov == "driscoll-kraay":
        robust = driscoll_kraay(
            scores, fit.bread, periods, parameters=K, lags=lags, small_sample=small_sample
        )
    elif vcov == "conley":
        if latitude is None or longitude is None or cutoff is None:
            raise OptionError("vcov='conley' needs latitude=, longitude= (columns) and cutoff= (kilometres).")
        near = Near(real(d.data, latitude), real(d.data, longitude), cutoff, kernel)
        robust = conley(scores, fit.bread, periods, units, near, parameters=K, lags=lags or 0)
    else:
        robust = _robust(d, fit, scores, vcov)
    words = Words(f"Fixed effects ({effects})", f"effect on {d.outcome}", f"the same {' and '.join(names)}")
    return _estimate(d, words, fit, robust, vcov=vcov, level=level, units=units, periods=periods)


@validated
def random_effects(
    table: Any,
    formula: str,
    *,
    unit: str,
    period: str,
    vcov: str = "cluster",
    cluster: str | list[str] | None = None,
    variances: str = "swamy-arora",
    missing: str = "refuse",
    level: Level = 0.95,
) -> Estimate:
    """Random-effects GLS of Swamy and Arora.

    Parameters
    ----------
    table, formula, unit, period, missing, level : see `fixed_effects`
    vcov : {"cluster", "classical", "hetero"}
        Applied to the quasi-demeaned regression.
    variances : {"swamy-arora", "baltagi-chang"}
        How the variance of the units is found, which differs on unbalanced panels: with the harmonic mean of the units'
        rows, as linearmodels, or with each unit's own, as R's plm.

    Returns
    -------
    Estimate
        ``fit`` holds the variances of units and of rows, and the mean share of the unit mean taken off.
    """
    one_of("vcov", vcov, ["cluster", "classical", "hetero"])
    one_of("variances", variances, ["swamy-arora", "baltagi-chang"])
    roles = Roles(cluster=_clusters(vcov, cluster, unit))
    d = panel_design(table, formula, unit, period, roles, missing=missing)
    refuse_collinear(d, np.ones_like(d.y))
    units, periods = ordered_codes(d.data[unit]), in_time(d.data[period], period)
    found = baltagi_chang(d, units) if variances == "baltagi-chang" else swamy_arora(d, units, periods)
    quasi = demeaned(d, units, found.theta)
    fit = least_squares(quasi)
    robust = _robust(quasi, fit, fit.scores(None), vcov)
    words = Words("Random effects (Swamy-Arora)", f"effect on {d.outcome}", "units and periods together")
    made = _estimate(quasi, words, fit, robust, vcov=vcov, level=level, units=units, periods=periods)
    parts = {"sigma2_units": found.units, "sigma2_rows": found.rows, "theta": float(found.theta.mean())}
    return replace(made, fit={**made.fit, **parts})


def _clusters(vcov: str, cluster: str | list[str] | None, unit: str) -> dict[str, list[str]]:
    """The columns of each clustering: by unit unless told otherwise, none where errors are not clustered."""
    chosen = [unit] if cluster is None else [cluster] if isinstance(cluster, str) else cluster
    return {name: [name] for name in chosen} if vcov == "cluster" else {}


def panel_design(table: Any, formula: str, unit: str, period: str, roles: Roles, *, missing: str) -> Design:
    """A design with one row a unit and period."""
    data = as_written(to_pandas(table), period)
    refuse_no_ids(data, [c for c in (unit, period) if c in data.columns])
    d = design(data, formula, replace(roles, also=[unit, period, *roles.also]), missing=missing)
    again = d.data.duplicated([unit, period])
    if again.any():
        row = d.data[again].iloc[0]
        raise DataError(
            f"The same {unit} and {period} twice",
            "Give one row a unit and period.",
            rows=int(again.sum()),
            first=f"{unit} {row[unit]}, {period} {row[period]}",
        )
    return d


def _robust(d: Design, fit: LeastSquares, scores: Array, vcov: str) -> Sandwich:
    if vcov == "classical":
        return classical(d, fit)
    return sandwich(scores, fit.bread, effects=d.effects, clusters=d.clusters)


def _estimate(
    d: Design,
    words: Words,
    fit: LeastSquares,
    robust: Sandwich,
    *,
    vcov: str,
    level: float,
    units: Codes,
    periods: Codes,
) -> Estimate:
    if vcov in ("cluster", "hetero"):
        inference = inference_of(d, robust, df=robust.dof, level=level)
    else:
        name = {"classical": "classical", "driscoll-kraay": "Driscoll-Kraay", "conley": "Conley"}[vcov]
        inference = Inference(name, robust.convention, robust.dof, level, robust.factor)
    size = np.abs(d.y) + np.abs(fit.residual)
    covariance, notes = settled_by(d, robust, fit.absorbed, fit.bread, size)
    kept = one_way(
        d, fit.scores(d.weights), fit.bread, fit.beta, units=units, periods=periods, family="gaussian"
    )
    return Estimate(
        method=words.method,
        estimand=words.estimand,
        comparison=words.comparison,
        weighting="every row weighs the same" if d.weights is None else "the given weights",
        table=estimate_table(list(d.names), fit.beta, covariance, inference, len(d.y)),
        vcov=covariance,
        inference=inference,
        sample=Sample(d.rows, len(d.y), d.lost, units=int(units.max()) + 1, periods=int(periods.max()) + 1),
        notes=(*notes, *words.notes),
        fit={"r2_within" if len(d.effects) else "r2_quasi_demeaned": fit.r2_within},
        **kept,
    )


# The random-effects transformation: variance components and quasi-demeaning.


@dataclass(frozen=True, eq=False)
class Variances:
    """Variance of the unit effects and of the rows, and the share of the mean taken off, by unit."""

    units: float
    rows: float
    theta: Array


def ordered_codes(values: pd.Series[Any]) -> Codes:
    """Codes 0, 1, ... in sorted order."""
    return np.unique(values.to_numpy(), return_inverse=True)[1].astype(np.int64)


def swamy_arora(d: Design, units: Codes, periods: Codes) -> Variances:
    """Variance components of Swamy and Arora (1972), by linearmodels.

    They do not depend on the units of the regressors, which are brought to one size first.
    """
    from linearmodels.panel import RandomEffects

    index = pd.MultiIndex.from_arrays([units, periods], names=["unit", "period"])
    y = pd.DataFrame({"y": d.y}, index=index)
    centred = d.x - d.x.mean(axis=0) * np.array([n != "Intercept" for n in d.names]) * (
        "Intercept" in d.names
    )
    size = np.sqrt((centred**2).mean(axis=0))
    x = pd.DataFrame(centred / np.where(size > 0, size, 1.0), index=index, columns=list(d.names))
    found = RandomEffects(y, x).fit()
    parts = found.variance_decomposition
    theta = found.theta["theta"].sort_index().to_numpy(float)
    return Variances(float(parts["Effects"]), float(parts["Residual"]), theta)


def baltagi_chang(d: Design, units: Codes) -> Variances:
    r"""Variance components of Swamy and Arora for unbalanced panels, by Baltagi and Chang (1994), as R's plm.

    :math:`\hat\sigma^2_\mu=(q-(n-K)\hat\sigma^2_e)/(N-\mathrm{tr}((X'PX)^{-1}X'ZZ'X))` with q the sum of squares of
    the regression of unit means, weighted by the units' rows.
    """
    rows = np.bincount(units)
    size = np.sqrt((d.x**2).mean(axis=0))
    x = d.x / np.where(size > 0, size, 1.0)
    means = unit_means(np.column_stack([d.y, x]), units)
    inside = np.column_stack([d.y, x]) - means[units]
    beta, _, rank, _ = np.linalg.lstsq(inside[:, 1:], inside[:, 0], rcond=1e-10)
    inner = float(((inside[:, 0] - inside[:, 1:] @ beta) ** 2).sum())
    sigma2 = inner / freedom(len(d.y), len(rows) + int(rank))
    y, x = means[:, 0], means[:, 1:]
    root = np.sqrt(rows)[:, None]
    beta, _, rank, _ = np.linalg.lstsq(root * x, root[:, 0] * y, rcond=1e-10)
    outer = float((rows * (y - x @ beta) ** 2).sum())
    gram = np.linalg.pinv((rows[:, None] * x).T @ x, rcond=1e-12, hermitian=True)
    trace = float(np.trace(gram @ ((rows**2)[:, None] * x).T @ x))
    between = max((outer - (len(rows) - int(rank)) * sigma2) / (len(d.y) - trace), 0.0)
    theta = 1 - np.sqrt(sigma2 / (rows * between + sigma2)) if sigma2 > 0 else np.ones(len(rows))
    return Variances(between, sigma2, np.asarray(theta, np.float64))


def demeaned(d: Design, units: Codes, theta: Array) -> Design:
    """The design less `theta` (units,) times the unit means."""
    both = np.column_stack([d.y, d.x])
    means = unit_means(both, units)
    both = both - theta[units][:, None] * means[units]
    return replace(d, y=both[:, 0], x=both[:, 1:])


def unit_means(values: Array, units: Codes) -> Array:
    """Mean of each column by unit, (units, k)."""
    return group_sums(values, units) / np.bincount(units)[:, None]
