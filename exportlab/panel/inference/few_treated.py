"""Inference when few units are treated: Conley-Taber, Ferman-Pinto, Ibragimov-Mueller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize, stats

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes
from exportlab.options import Count, Finite, Level, validated
from exportlab.panel.algebra.absorb import double_demeaned
from exportlab.panel.algebra.clustered import adjusted_residual
from exportlab.panel.algebra.draws import TIE, ends
from exportlab.panel.algebra.equal_variances import EqualVariances
from exportlab.panel.algebra.sandwich import ROUNDING, leave_one_out, satterthwaite
from exportlab.panel.contract import refuse_given, refuse_other_designs
from exportlab.panel.inference.wild import fit_of
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate, Regression
    from exportlab.panel.policy_panel import PolicyPanel


@dataclass(frozen=True, eq=False, repr=False)
class FewTreated(Result):
    """One effect tested by a method for few treated units.

    Attributes
    ----------
    table : pandas.DataFrame
        One row: term, estimate, null, statistic, p, conf_low, conf_high, treated, controls, attainable
        (the smallest p-value the design allows).
    method : str
    """

    table: pd.DataFrame
    method: str

    @property
    def title(self) -> str:
        """Method and numbers of units."""
        row = self.table.iloc[0]
        return f"{self.method}: {int(row['treated'])} treated units, {int(row['controls'])} controls"


@validated
def conley_taber(
    panel: PolicyPanel,
    *,
    null: Finite = 0.0,
    size: ArrayLike | None = None,
    n_draws: Count = 9_999,
    level: Level = 0.95,
    interval: bool = True,
    rng: int | np.random.Generator = 0,
) -> FewTreated:
    """Two-way fixed effects judged against what the same dates give on the residuals of the never-treated.

    Parameters
    ----------
    panel : PolicyPanel
        Balanced, some units never treated.
    null : float
        Effect under the null.
    size : (N,) array, optional
        Sizes of the units (population, firms): residuals are rescaled by the variance A + B / size that
        the controls show, as in Ferman & Pinto (2019).
    n_draws : int
        Random placements of the treated on the controls, when there are more than that.
    level : float
    interval : bool
        Whether to invert the test.
    rng : int or numpy Generator

    Returns
    -------
    FewTreated

    Raises
    ------
    DataError
        Unbalanced panel, fewer units a side than the test needs.
    OptionError
        A panel with weights or covariates, which the method does not take.

    Notes
    -----
    p counts the actual placement. Exact as controls grow when their residuals are distributed as those of
    the treated (after rescaling). Sources: Conley & Taber (2011); Ferman & Pinto (2019).
    """
    refuse_given(panel, "conley_taber")
    Y, D = balanced(panel)
    path = D - D.mean(axis=1, keepdims=True)
    treated, controls = _groups(panel)
    full = double_demeaned(D)
    value = float((full * Y).sum() / (full * full).sum())
    sizes = None if size is None else _sizes(size, len(Y))
    places = _placements(len(controls), len(treated), n_draws, rng)
    scale = float((path[treated] ** 2).sum())
    units = np.arange(len(treated))

    def simulated(null: float) -> Array:
        U = double_demeaned(Y - null * D)[controls] * np.sqrt(len(controls) / (len(controls) - 1))
        W = path[treated] @ U.T
        if sizes is not None:
            W = W * _rescaling(W, sizes, treated, controls)
        return np.asarray(W[units, places].sum(axis=1) / scale)

    def p_at(b: float) -> float:
        above = int((np.abs(simulated(b)) >= abs(value - b) * (1 - TIE)).sum())
        return (1 + above) / (1 + len(places))

    spread = float(np.std(simulated(value)))
    attainable = 1 / (1 + len(places))
    low = high = np.nan
    if interval:
        step = spread or float(np.ptp(panel.y)) or 1.0
        low, high = ends(lambda b: p_at(b) > 1 - level, value, step, hopeless=attainable > 1 - level)
    name = "Conley-Taber" if size is None else "Ferman-Pinto"
    return _result(
        panel,
        name,
        value,
        null=null,
        ends=(low, high),
        statistic=value - null,
        p=p_at(null),
        attainable=attainable,
    )


@validated
def ibragimov_muller(panel: PolicyPanel, *, null: Finite = 0.0, level: Level = 0.95) -> FewTreated:
    """Compare each unit's own change from before to after adoption: treated against never treated.

    Parameters
    ----------
    panel : PolicyPanel
        Balanced, at least two treated and two never-treated units.
    null : float
    level : float

    Returns
    -------
    FewTreated

    Raises
    ------
    DataError
        Unbalanced panel, fewer than two units on a side.
    OptionError
        A panel with weights or covariates, which the method does not take.

    Notes
    -----
    Two-sample t with unequal variances and min(N1, N0) - 1 degrees of freedom; valid with few
    heterogeneous units as long as each unit's change is about normal. With staggered dates a control's
    change is its average over the treated units' dates, and treated changes are taken from the controls'
    mean at their date. Sources: Ibragimov & Mueller (2010, 2016).
    """
    refuse_given(panel, "ibragimov_muller")
    Y, D = balanced(panel)
    treated, controls = _groups(panel)
    if min(len(treated), len(controls)) < 2:
        raise DataError(
            f"{len(treated)} treated and {len(controls)} never-treated units",
            "Each side needs two units or more",
        )
    after = D[treated]
    before = 1 - after
    weight = after / after.sum(axis=1, keepdims=True) - before / before.sum(axis=1, keepdims=True)
    own = (weight * Y[treated]).sum(axis=1)
    base = Y[controls] @ weight.T
    gains, changes = own - base.mean(axis=0), base.mean(axis=1)
    value = float(gains.mean())
    se = float(np.sqrt(gains.var(ddof=1) / len(gains) + changes.var(ddof=1) / len(changes)))
    if se <= ROUNDING * float(np.abs(Y).max()):
        se = np.nan  # units that all change alike leave no error
    df = min(len(gains), len(changes)) - 1
    t = (value - null) / se
    half = float(stats.t.ppf(0.5 + level / 2, df)) * se
    p = float(2 * stats.t.sf(abs(t), df))
    return _result(
        panel,
        "Ibragimov-Mueller",
        value,
        null=null,
        ends=(value - half, value + half),
        statistic=t,
        p=p,
        attainable=0.0,
    )


def balanced(panel: PolicyPanel) -> tuple[Array, Array]:
    """Outcome and treatment as (N, T) arrays."""
    refuse_other_designs(panel)
    N, T = len(panel.unit_labels), len(panel.period_values)
    if len(panel.y) != N * T:
        raise DataError(
            f"The panel is not balanced: {len(panel.y):,} rows for {N} units x {T} periods",
            "This method needs every unit in every period: restrict the panel with where()",
        )
    return panel.y.reshape(N, T), panel.D.reshape(N, T)


def _groups(panel: PolicyPanel) -> tuple[Codes, Codes]:
    ever = np.isfinite(panel.adoption)
    treated, controls = np.flatnonzero(ever & ~panel.always_treated), np.flatnonzero(~ever)
    if not len(treated) or len(controls) < 2:
        raise DataError(
            f"{len(treated)} units start treatment within the panel and {len(controls)} are never treated",
            "This method needs one of the first and two of the second",
        )
    return treated, controls


def _sizes(size: ArrayLike, n: int) -> Array:
    out = np.asarray(size, float)
    if out.shape != (n,) or not (out > 0).all():
        raise OptionError(f"size needs one positive number for each of {n} units.")
    return out


def _rescaling(W: Array, sizes: Array, treated: Codes, controls: Codes) -> Array:
    """sqrt(var(treated) / var(control)), var = A + B / size fitted on the controls with A, B >= 0."""
    out = np.empty_like(W)
    for i, row in enumerate(W):
        design = np.column_stack([np.ones(len(controls)), 1 / sizes[controls]])
        A, B = optimize.nnls(design, row * row)[0]
        out[i] = np.sqrt((A + B / sizes[treated[i]]) / (A + B / sizes[controls]))
    return out


def _placements(controls: int, treated: int, n_draws: int, rng: int | np.random.Generator) -> Codes:
    """Controls that stand in for each of the treated, drawn independently, (B, treated)."""
    if controls**treated <= n_draws:
        return np.array(list(product(range(controls), repeat=treated)), dtype=np.int64)
    return np.random.default_rng(rng).integers(controls, size=(n_draws, treated))


def _result(
    panel: PolicyPanel, method: str, value: float, *, null: float, ends: tuple[float, float], **facts: float
) -> FewTreated:
    treated, controls = _groups(panel)
    row = {"term": "treated", "estimate": value, "null": null, **facts}
    row |= {"conf_low": ends[0], "conf_high": ends[1], "treated": len(treated), "controls": len(controls)}
    return FewTreated(pd.DataFrame([row]), method)


# An estimate under CR2 or CR3 standard errors with Bell-McCaffrey degrees of freedom.

WORDS = {
    "CR2": "bias-reduced, identity working model; t with Bell-McCaffrey degrees of freedom a term",
    "CR2, equal variances": "bias-reduced, equal variances; t with Bell-McCaffrey degrees of freedom a term",
    "CR3": "cluster jackknife centred at the estimate, (G-1)/G; t with G-1 degrees of freedom",
}


@validated
def few_clusters(
    estimate: Estimate, *, kind: str = "CR2", variances: str = "inverse", level: Level | None = None
) -> Estimate:
    """The same estimate with few-cluster standard errors.

    Parameters
    ----------
    estimate : Estimate
        With a least-squares regression behind it.
    kind : {"CR2", "CR3"}
    variances : {"inverse", "equal"}
        Working model of CR2 under weights: a variance of one over the weight (clubSandwich's ``inverse_var=TRUE``), or
        equal variances (its default for ``lm``). Without weights both are the same.
    level : float, optional
        That of the estimate by default.

    Returns
    -------
    Estimate
        Its table has a column `df`: degrees of freedom of each term.

    Raises
    ------
    OptionError
        No least-squares regression; ``variances="equal"`` with CR3, which has no working model.

    Notes
    -----
    CR3 is NaN for terms that some cluster alone identifies (one treated cluster). Sources: Bell & McCaffrey (2002);
    Pustejovsky & Tipton (2018); MacKinnon, Nielsen & Webb (2023).
    """
    one_of("kind", kind, ("CR2", "CR3"))
    one_of("variances", variances, ("inverse", "equal"))
    if variances == "equal" and kind == "CR3":
        raise OptionError("variances='equal' is a working model of CR2; CR3 has none.")
    g = estimate.regression
    if g is None or g.family != "gaussian":
        raise OptionError(f"{estimate.method} has no least-squares regression: use randomization_test().")
    pieces, freedom = _adjusted(g, kind, variances)
    live = (np.diag(estimate.vcov) > 0) & (g.combine != 0).any(axis=1)
    scores = np.zeros((len(pieces), len(live)))
    for j in np.flatnonzero(live):
        used = g.combine[j] != 0  # a term may be defined where another regressor is not
        scores[:, j] = pieces[:, used] @ g.combine[j, used]
    df = np.full(len(live), np.nan)
    df[live] = freedom(g.combine[live])
    vcov = scores.T @ scores
    size = estimate.inference.level if level is None else level
    inference = replace(
        estimate.inference,
        name=f"cluster-robust ({kind})",
        small_sample=WORDS[kind if variances == "inverse" else "CR2, equal variances"],
        factor=1.0,
        df=float(np.nanmin(df)) if live.any() else np.nan,
        level=size,
        draws=0,
        seed=None,
    )
    b = estimate.table["estimate"].to_numpy(float)
    se = np.where(live, np.sqrt(np.diag(vcov)), np.nan)
    half = stats.t.ppf(0.5 + size / 2, df) * se
    table = estimate.table.assign(
        std_error=se, conf_low=b - half, conf_high=b + half, p_value=2 * stats.t.sf(np.abs(b) / se, df), df=df
    )
    bands = [c for c in ("band_low", "band_high") if c in table]
    return replace(estimate, table=table.drop(columns=bands), vcov=vcov, scores=scores, inference=inference)


def _adjusted(g: Regression, kind: str, variances: str) -> tuple[Array, Callable[[Array], Array | int]]:
    """What each cluster adds to the coefficients, (G, k), and the degrees of freedom of combinations (q, k) of them."""
    if variances == "equal" and g.weights is not None:
        equal = EqualVariances.of(fit_of(g, explicit=True), g.weights)
        return equal.pieces(), equal.freedom
    fit = fit_of(g)
    if kind == "CR3":
        return leave_one_out(fit) * np.sqrt((fit.G - 1) / fit.G), lambda _: fit.G - 1
    return fit.scores(adjusted_residual(fit, -0.5)) @ fit.bread[:, : fit.k], partial(satterthwaite, fit)
