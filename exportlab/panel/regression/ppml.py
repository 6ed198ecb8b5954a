"""Poisson pseudo-maximum likelihood (PPML) with any number of absorbed effects."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gammaln

from exportlab.errors import DataError, MissingDependency, OptionError, one_of
from exportlab.frames import Array, Codes, Mask
from exportlab.options import Level, validated
from exportlab.panel.algebra.absorb import Absorber, refuse_collinear
from exportlab.panel.algebra.absorb import unidentified as collinear
from exportlab.panel.algebra.irls import PoissonFit, poisson
from exportlab.panel.algebra.levels import singletons
from exportlab.panel.algebra.sandwich import sandwich
from exportlab.panel.algebra.separation import METHODS, find_separated
from exportlab.panel.estimate import Estimate, Sample, estimate_table
from exportlab.panel.regression.formula import Design, Roles, design, named_columns
from exportlab.panel.regression.ols import Words, inference_of, levels_in, on_rows, one_way, settled_by


@validated
def ppml(
    table: Any,
    formula: str,
    *,
    effects: Sequence[str | Sequence[str]] = (),
    cluster: Sequence[str | Sequence[str]] | str | None = None,
    offset: str | None = None,
    exposure: str | None = None,
    weights: str | None = None,
    separation: str | Sequence[str] = ("fe", "simplex"),
    singletons: str = "drop",
    unidentified: str = "refuse",
    small_sample: str = "fixest",
    missing: str = "refuse",
    level: Level = 0.95,
    engine: str = "core",
) -> Estimate:
    r"""Poisson pseudo-maximum likelihood of :math:`E[y\mid x] = \exp(x'\beta + \sum_f \alpha_{f(i)} + o)`.

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
    formula : str
        ``"trade ~ rta + log(distance)"``; a constant is added where there are no effects.
    effects : sequence
        Absorbed effects: a column, or a tuple of columns for their combinations.
    cluster : str or sequence, optional
        Clusters of the standard errors: a column, or several (columns or tuples) for multi-way clustering.
        None gives heteroskedasticity-robust ones.
    offset, exposure, weights : str, optional
        Columns. The offset enters with coefficient one, the exposure as its logarithm.
    separation : sequence of {"fe", "simplex", "ir"}
        How separated rows are found; they are set aside and counted (`exportlab.panel.algebra.separation`).
    singletons : {"drop", "keep"}
        Whether rows that are alone in an effect are set aside, repeatedly, and counted.
    unidentified : {"refuse", "omit"}
        What happens to regressors that vary over separated rows only, and so have no coefficient once these are set
        aside: refused, or omitted and named, as ppmlhdfe does. Others that cannot be estimated are always refused.
    small_sample : {"fixest", "ppmlhdfe"}
        Factor of the covariance: (n-1)/(n-K) x G/(G-1), or G/(G-1) alone (n/(n-1) without clusters).
    missing : {"refuse", "drop"}
    level : float
    engine : {"core", "pyfixest"}
        "pyfixest" (extra ``fast``) finds the solution; it is then certified, and the standard errors are
        computed, here: pyfixest 0.60 chooses its small-sample factor by the order of a set.

    Returns
    -------
    Estimate
        ``parts["separated"]`` holds the separated rows. Standard errors follow fixest's and reghdfe's
        default factor, p-values the normal distribution as fixest's `fepois`.

    Raises
    ------
    DataError
        Missing, infinite or negative values, an outcome without a positive value, regressors that are
        collinear or absorbed, no row left, or no convergence: the first-order conditions are checked, so
        that a result is never called converged when the effects' totals are not met.

    References
    ----------
    Santos Silva and Tenreyro (2006); Correia, Guimaraes and Zylkin (2020).
    """
    roles = Roles(named_columns(effects), named_columns(cluster), offset, exposure, weights)
    d = design(table, formula, roles, missing=missing)
    words = Words("PPML", f"log-point effects on the mean of {d.outcome}", "rows that share the effects")
    ask = Asked(separation, singletons, unidentified, small_sample, level=level, engine=engine)
    return poisson_estimate(settled_fit(d, ask), words, ask)


@dataclass(frozen=True)
class Asked:
    """The options of `ppml` that a design does not hold, checked."""

    separation: str | Sequence[str]
    singletons: str
    unidentified: str
    small_sample: str
    level: float
    engine: str

    def __post_init__(self) -> None:
        one_of("singletons", self.singletons, ["drop", "keep"])
        one_of("unidentified", self.unidentified, ["refuse", "omit"])
        one_of("small_sample", self.small_sample, ["fixest", "ppmlhdfe"])
        one_of("engine", self.engine, ["core", "pyfixest"])
        for method in self.methods:
            one_of("separation", method, METHODS)

    @property
    def methods(self) -> tuple[str, ...]:
        """How separated rows are found."""
        return (self.separation,) if isinstance(self.separation, str) else tuple(self.separation)


@dataclass(frozen=True, eq=False)
class Settled:
    """A fit on the rows that carry information.

    Attributes
    ----------
    d : the design on those rows, with the regressors that have a coefficient
    fit : PoissonFit
    before : the design as it came
    rows, separated : (rows of `before`,) which were used, which separated
    """

    d: Design
    fit: PoissonFit
    before: Design
    rows: Mask
    separated: Mask


def settled_fit(d: Design, ask: Asked) -> Settled:
    """The Poisson fit of a checked design, rows without information set aside."""
    _refuse_outcome(d)
    if len(d.effects) and not ask.methods:
        raise OptionError("separation=() is not allowed. Allowed: at least ('fe',), or the default.")
    before = d
    d, rows, separated = set_aside(d, ask.methods, ask.singletons)
    pattern = Absorber.of(d.effects) if len(d.effects) else None
    if ask.unidentified == "omit":
        d = _without_separating(d, before, pattern)
    refuse_collinear(d, _first_weights(d), pattern)
    return Settled(d, _fitted(d, pattern, ask.engine), before, rows, separated)


def poisson_estimate(
    made: Settled, words: Words, ask: Asked, *, units: Codes | None = None, periods: Codes | None = None
) -> Estimate:
    """The estimate of a fit; `units` and `periods` (rows of the design as it came,) are kept for later inference."""
    omitted = tuple(n for n in made.before.names if n not in made.d.names)
    return _estimate(
        made.d,
        made.fit,
        words if not omitted else replace(words, notes=(*words.notes, _omission_note(omitted))),
        small_sample=ask.small_sample,
        level=ask.level,
        separated=made.before.data[made.separated],
        units=on_rows(units, made.rows),
        periods=on_rows(periods, made.rows),
    )


def _fitted(d: Design, pattern: Absorber | None, engine: str) -> PoissonFit:
    """The solution, whose first-order conditions hold."""
    try:
        fit = poisson(
            d.y, d.x, d.effects, offset=d.offset, weights=d.weights, pattern=pattern,
            start_mu=solve_with_pyfixest(d) if engine == "pyfixest" else None,
        )  # fmt: skip
    except np.linalg.LinAlgError:
        raise DataError(
            "PPML has no step: the weighted regressors are collinear to the last digit",
            "Look for regressors of very different scale, or an outcome dominated by a few rows.",
        ) from None
    if not fit.converged:
        raise DataError(
            f"PPML did not converge in {fit.iterations} iterations: an effect's fitted total is off by "
            f"{fit.balance:.1e} of it, the largest score is {fit.score:.1e}",
            "Look for separation (separation=('fe', 'simplex', 'ir')), regressors of very different scale, "
            "or an outcome dominated by a few rows.",
        )
    return fit


def _first_weights(d: Design) -> Array:
    """Weights of the first step, (n,): all positive."""
    start: Array = d.y + d.y.mean()
    return start if d.weights is None else start * d.weights


def _without_separating(d: Design, before: Design, pattern: Absorber | None) -> Design:
    """The design without regressors that varied over separated rows only; those that never varied are refused later."""
    never: set[str] = set()
    whole: Design | None = before
    while whole is not None and (lost := collinear(whole, _first_weights(whole))) is not None:
        never.update(lost.names)
        whole = whole.without(lost.names) if len(lost.names) < len(whole.names) else None
    while (gone := collinear(d, _first_weights(d), pattern)) is not None:
        names = [n for n in gone.names if n not in never]
        if not names:
            break
        d = d.without(names)
    return d


def _omission_note(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"{len(names)} regressor(s) omitted: {shown}. They vary over separated rows only, and have no coefficient."


def _estimate(
    d: Design,
    fit: PoissonFit,
    words: Words,
    *,
    small_sample: str,
    level: float,
    separated: pd.DataFrame,
    units: Codes,
    periods: Codes,
) -> Estimate:
    v = np.ones_like(d.y) if d.weights is None else d.weights
    scores = fit.absorbed * (v * (d.y - fit.mu))[:, None]
    robust = sandwich(scores, fit.bread, effects=d.effects, clusters=d.clusters, small_sample=small_sample)
    inference = inference_of(d, robust, df=np.inf, level=level)
    vcov, notes = settled_by(d, robust, fit.absorbed, fit.bread, d.y + fit.mu)
    return Estimate(
        method=words.method,
        estimand=words.estimand,
        comparison=words.comparison,
        weighting=words.weighting,
        table=estimate_table(list(d.names), fit.beta, vcov, inference, len(d.y)),
        vcov=vcov,
        inference=inference,
        sample=Sample(d.rows, len(d.y), d.lost, units=levels_in(units), periods=levels_in(periods)),
        parts={"separated": separated, "fitted": pd.DataFrame({"fitted": fit.mu}, index=d.data.index)},
        notes=(*_separation_note(d), *notes, *words.notes),
        fit=_quality(d, fit, v),
        **one_way(d, scores, fit.bread, fit.beta, units=units, periods=periods, family="poisson"),
    )


def _quality(d: Design, fit: PoissonFit, v: Array) -> dict[str, float]:
    """Log likelihood, McFadden's pseudo R2 and how well the first-order conditions hold."""
    constant = float(np.sum(v * gammaln(d.y + 1)))
    share = np.exp(d.offset) if d.offset is not None else np.ones_like(d.y)
    null_mu = share * np.sum(v * d.y) / np.sum(v * share)
    full = fit.log_likelihood - constant
    null = float(np.sum(v * (d.y * np.log(null_mu) - null_mu))) - constant
    return {
        "log_likelihood": full,
        "pseudo_r2": 1 - full / null,
        "deviance": fit.deviance,
        "iterations": float(fit.iterations),
        "largest_imbalance": fit.balance,
    }


def _separation_note(d: Design) -> tuple[str, ...]:
    gone = dict(d.lost).get(SEPARATED, 0)
    return (f"{gone:,} separated rows were set aside; they carry no information.",) if gone else ()


def _refuse_outcome(d: Design) -> None:
    if (d.y < 0).any():
        row = int((d.y < 0).argmax())
        raise DataError(
            f"The outcome {d.outcome} is negative",
            "Poisson needs zero or positive values.",
            rows=int((d.y < 0).sum()),
            first=f"row {d.data.index[row]}, {d.outcome} = {d.y[row]:g}",
        )
    if not (d.y > 0).any():
        raise DataError(f"The outcome {d.outcome} is zero in every row", "There is nothing to explain.")


# Rows a Poisson regression with effects cannot use: separated ones, and singletons of an effect.

SINGLETON = "the only row of an effect (fitted perfectly)"
SEPARATED = "separated (its mean could only be zero)"


def set_aside(d: Design, methods: tuple[str, ...], alone: str) -> tuple[Design, Mask, Mask]:
    """Leave separated rows and singletons out until neither is left: design, rows kept, rows separated."""
    kept: Codes = np.arange(len(d.y))
    separated = np.zeros(len(d.y), dtype=np.bool_)
    rows = np.ones(len(d.y), dtype=np.bool_)
    cheap = tuple(m for m in methods if m == "fe")
    while True:
        found = find_separated(d.y, d.x, d.effects, methods=cheap).rows
        separated[kept[found]] = True
        d, kept = _left(d, kept, ~found, SEPARATED)
        lone = singletons(d.effects) if alone == "drop" and len(d.effects) else np.zeros(len(d.y), dtype=bool)
        d, kept = _left(d, kept, ~lone, SINGLETON)
        if lone.any():
            continue
        found = find_separated(d.y, d.x, d.effects, methods=methods).rows
        if not found.any():
            break
        separated[kept[found]] = True
        d, kept = _left(d, kept, ~found, SEPARATED)
    rows[:] = False
    rows[kept] = True
    return d, rows, separated


def _left(d: Design, kept: Codes, keep: Mask, reason: str) -> tuple[Design, Codes]:
    if not keep.any():
        raise DataError(
            f"No row is left: the last {keep.size:,} of {d.rows:,} rows are each {reason}",
            "Use fewer or coarser effects, or more data.",
        )
    return d.keep(keep, reason), kept[keep]


def without_singletons(d: Design) -> tuple[Design, Mask]:
    """The design without the rows that are alone in an effect, and which rows stayed."""
    lone = singletons(d.effects) if len(d.effects) else np.zeros(len(d.y), dtype=np.bool_)
    return _left(d, np.arange(len(d.y)), ~lone, SINGLETON)[0], ~lone


# Optional engines. They propose a solution; the core certifies it and computes the standard errors.


def solve_with_pyfixest(d: Design) -> Array:
    """The mean (n,) that pyfixest finds, to start from."""
    try:
        import pyfixest
    except ImportError:
        raise MissingDependency("pyfixest", "fast", "engine='pyfixest'") from None
    if d.offset is not None or d.weights is not None:
        raise OptionError("engine='pyfixest' takes no offset, exposure or weights. Use engine='core'.")
    data = pd.DataFrame(d.x, columns=[f"x{j}" for j in range(d.x.shape[1])]).assign(y=d.y)
    names = [f"f{i}" for i in range(len(d.effects))]
    for name, codes in zip(names, d.effects.codes, strict=True):
        data[name] = codes
    right = " + ".join(c for c, n in zip(data.columns, d.names, strict=False) if n != "Intercept")
    formula = f"y ~ {right}" + (f" | {' + '.join(names)}" if names else "")
    with warnings.catch_warnings():  # pyfixest 0.60 uses what pandas 3.1 deprecates
        warnings.simplefilter("ignore", DeprecationWarning)
        made = pyfixest.fepois(formula, data, vcov="hetero", fixef_rm="none")
    mu = np.asarray(made._Y_hat_response, float).ravel()
    if mu.shape != d.y.shape or not (mu > 0).all():
        raise DataError("pyfixest left rows out or fitted a mean that is not positive", "Use engine='core'.")
    return mu
