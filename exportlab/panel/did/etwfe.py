"""Extended two-way fixed effects (Wooldridge): effects differ by cohort and period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes, Mask
from exportlab.options import Level, validated
from exportlab.panel.algebra.absorb import absorb
from exportlab.panel.algebra.irls import poisson
from exportlab.panel.algebra.levels import Effects, absorbed_parameters
from exportlab.panel.algebra.sandwich import (
    ROUNDING,
    group_sums,
    rounding_error,
    sandwich,
    settled,
    unsettled,
)
from exportlab.panel.did.identified import Finite, base_of, identified, without_separated
from exportlab.panel.did.regress import (
    Account,
    Cells,
    Fit,
    Problem,
    Terms,
    cells,
    columns_of,
    combination,
    drop_singletons,
    effects_of,
    from_fit,
    independent,
    least_squares,
    with_comparison,
)
from exportlab.panel.did.sun_abraham import ESTIMANDS, cell_table
from exportlab.panel.estimate import FIXEST, Estimate, inference_columns

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel


@validated
def att(panel: PolicyPanel, *, aggregate: str = "simple", **options: Any) -> Estimate:
    r"""Average effect on the treated by extended two-way fixed effects.

    .. math:: E[y_{it}] = h\Big(\alpha_i + \lambda_t + \sum_{g,\,t \ge g}\tau_{gt}\,1\{G_i = g, t\} +
        \dots\Big)

    Parameters
    ----------
    aggregate : {"simple", "event", "cohort", "calendar", "none"}
    control : {"notyet", "never"}
        ``"notyet"``: dummies for treated cells only, so all periods before adoption are the base;
        ``"never"``: dummies for every cell but the period before adoption, which equals Sun and Abraham.
    covariates : {"interact", "linear"}
        Covariates times period and cohort and, demeaned by cohort, times every cell; or just linearly.
    effects : {"unit", "cohort"}
        What is absorbed beside periods. ``"unit"`` by default; ``"cohort"`` with Poisson, as R's etwfe.
    family : {"gaussian", "poisson"}
        Poisson keeps zeros; parallel trends is then about growth rates.
    scale : {"link", "level"}
        For Poisson: log points, or the difference in expected outcomes (average over treated rows).

    Notes
    -----
    Weights of cells are taken as given (the delta method over the coefficients only), as R's etwfe does.

    References
    ----------
    Wooldridge (2021), SSRN 3906345; Wooldridge (2023), Econometrics Journal 26, C31-C66.
    """
    return _fit(panel, aggregate=aggregate, **options)


@validated
def event_study(panel: PolicyPanel, *, control: str = "never", **options: Any) -> Estimate:
    """Effects by time since adoption; with ``control="never"`` the periods before adoption are shown too."""
    return _fit(panel, aggregate="event", control=control, **options)


@validated
def _fit(
    panel: PolicyPanel,
    *,
    aggregate: str,
    control: str = "notyet",
    covariates: str = "interact",
    effects: str | None = None,
    family: str = "gaussian",
    scale: str = "link",
    level: Level = 0.95,
) -> Estimate:
    _options(control, covariates, effects, family, scale)
    again = partial(
        _fit, aggregate=aggregate, control=control, covariates=covariates, effects=effects, family=family,
        scale=scale, level=level,
    )  # fmt: skip
    ask = Ask(
        control,
        covariates,
        (effects or ("cohort" if family == "poisson" else "unit")) == "unit",
        family,
        scale,
    )
    m = _prepare(panel, ask)
    used, of, base = m.panel, m.of, ask.absorbed(m.panel)
    X, names, own = _design(used, of, covariates)
    keep = independent(X, base, used.w, protect=len(of.cohort))
    X, names, switched = X[:, keep], [names[k] for k in keep], X[:, keep] * (keep < own)
    problem = Problem.of(used, X, names, base)
    fit, mu = _estimate(used, problem, family)
    union = m.union()
    weights, terms = combination(union, aggregate, times=m.times)
    share = _row_weights(used, of, weights[:, : len(of.cohort)])
    log_points = ", log points" if family == "poisson" and scale == "link" else ""
    account = Account(
        method="Extended TWFE" + (" (Poisson)" if family == "poisson" else ""),
        estimand=ESTIMANDS[aggregate] + log_points + m.over,
        comparison=m.who + (" and not-yet-treated ones" if control == "notyet" else ""),
        weighting="cells by their treated rows",
        refit=again,
        notes=m.notes,
        parts={"cells": cell_table(of, fit.beta, fit.vcov)},
        family=family,
    )
    counts = (weights > 0).astype(int) @ m.counts()
    shown = Terms(share @ switched, list(terms["term"]), counts, columns_of(terms))
    estimate = from_fit(used, problem, fit, shown, account, level=level)
    if mu is None or scale == "link":
        return estimate
    beyond = weights[:, len(of.cohort) :]
    return _in_levels(estimate, fit, Levels(share, switched, mu, base, beyond, m.mean))


@dataclass(frozen=True)
class Ask:
    """What was asked for; `units` says whether units' or cohorts' effects are absorbed beside periods'."""

    control: str
    covariates: str
    units: bool
    family: str
    scale: str

    def absorbed(self, panel: PolicyPanel) -> Effects:
        """The absorbed effects of a panel."""
        first = {"unit": panel.units} if self.units else {"cohort": panel.first}
        return effects_of({**first, "period": panel.periods})

    def columns(self, panel: PolicyPanel, of: Cells) -> Array:
        """The regressors of a panel."""
        return _design(panel, of, self.covariates)[0]


@dataclass(frozen=True, eq=False)
class Made:
    """Rows and cells of the regression, who compares, and the cells beyond it: infinite in log points.

    `mean` is the mean outcome of the cells `beyond`, which is their effect in levels; empty on the link scale.
    """

    panel: PolicyPanel
    of: Cells
    who: str
    times: tuple[int, ...]
    beyond: Cells
    mean: Array
    notes: tuple[str, ...]
    over: str

    def union(self) -> Cells:
        """The cells of the regression, then those beyond it."""
        both = [
            np.append(getattr(self.of, k), getattr(self.beyond, k)) for k in ("cohort", "period", "weight")
        ]
        return Cells(both[0], both[1], self.of.code, both[2], self.panel)

    def counts(self) -> Codes:
        """Rows of each cell of the union."""
        two = [np.bincount(c.code[c.code >= 0], minlength=len(c.cohort)) for c in (self.of, self.beyond)]
        return np.concatenate(two)


def _prepare(panel: PolicyPanel, ask: Ask) -> Made:
    """Rows and cells of the regression: separated rows and cells that nothing identifies are left out by name."""
    compared, who = with_comparison(panel)
    used = drop_singletons(compared)
    bases = base_of(used, -1) if ask.control == "never" else None
    inside = bases.cells if bases else _treated
    notes = list(bases.notes) if bases else []
    beyond, mean = cells(used, np.zeros(len(used.y), bool)), np.zeros(0)
    if ask.family == "poisson":
        used = _poisson_rows(used, units=ask.units)
        _refuse_empty(used, cells(used, inside(used)))
        finite = without_separated(used, inside, design=ask.columns, effects=ask.absorbed, units=ask.units)
        used = finite.panel
        _refuse_all_infinite(used, finite)
        notes += [
            "Poisson: parallel trends in growth rates, not in levels.",
            *_infinite_notes(finite, ask.scale),
        ]
        if ask.scale == "level":
            beyond, mean = finite.infinite, finite.mean
    found = identified(used, inside, units=ask.units)
    less = found.notes or (ask.scale == "link" and any("infinite" in n for n in notes))
    over = ", over the cells that can be compared" if less else ""
    times = bases.times if bases else ()
    return Made(found.panel, found.of, who, times, beyond, mean, (*notes, *found.notes), over)


def _treated(panel: PolicyPanel) -> Mask:
    """(n,) rows from adoption on."""
    return np.asarray(panel.event_time >= 0)


def _infinite_notes(finite: Finite, scale: str) -> list[str]:
    names = finite.infinite.names()
    if not names:
        return []
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    does = (
        "averages leave them out (in levels the effect is finite: scale='level')"
        if scale == "link"
        else "in levels it is the outcome itself, without a standard error"
    )
    return [
        f"The effect in log points is infinite where the mean without treatment is zero, {shown}: {does}."
    ]


def _refuse_all_infinite(panel: PolicyPanel, finite: Finite) -> None:
    if panel.D.any():
        return
    treated = finite.infinite.event_time >= 0
    value = np.average(finite.mean[treated], weights=finite.infinite.weight[treated])
    raise DataError(
        "the mean without treatment is zero in every treated cell: the effect is infinite in log points",
        f"In levels it is the mean outcome of the treated rows, {value:.6g}, and nothing tells how sure that is. "
        "Bring units or periods with an outcome above zero before adoption.",
        rows=int(finite.infinite.weight[treated].sum()) if panel.w is None else None,
    )


def _options(control: str, covariates: str, effects: str | None, family: str, scale: str) -> None:
    one_of("control", control, ["notyet", "never"])
    one_of("covariates", covariates, ["interact", "linear"])
    one_of("family", family, ["gaussian", "poisson"])
    one_of("scale", scale, ["link", "level"])
    if effects is not None:
        one_of("effects", effects, ["unit", "cohort"])
    if scale == "level" and family == "gaussian":
        raise OptionError("scale='level' is for family='poisson'; a linear model is in levels already.")


def _poisson_rows(panel: PolicyPanel, *, units: bool) -> PolicyPanel:
    """Refuse negatives; leave out, and count, units that are zero throughout (separated by their effect)."""
    negative = panel.y < 0
    if negative.any():
        first = str(panel.unit_labels[panel.units[negative.argmax()]])
        raise DataError(
            "the outcome of a Poisson model is negative",
            "Use family='gaussian'.",
            rows=int(negative.sum()),
            first=first,
        )
    positive = np.bincount(panel.units, weights=panel.y)[panel.units] > 0
    if not units or positive.all():
        return panel
    return panel.where(positive, "outcome zero in every period of the unit (separated)")


def _refuse_empty(panel: PolicyPanel, of: Cells) -> None:
    inside = of.code >= 0
    total = np.bincount(of.code[inside], weights=panel.y[inside], minlength=len(of.cohort))
    if (total == 0).any():
        raise DataError(
            f"the outcome is zero throughout {of.names()[int((total == 0).argmax())]}",
            "Its effect would be minus infinity: join cohorts or periods, or leave that cohort out.",
        )


def _design(panel: PolicyPanel, of: Cells, covariates: str) -> tuple[Array, list[str], int]:
    """Cell dummies, interactions, controls; and how many first columns treatment switches on."""
    dummies, names = of.dummies(), of.names()
    w = np.ones(len(panel.y)) if panel.w is None else panel.w
    X = panel.X - np.average(panel.X, axis=0, weights=w)  # a large mean would hide what varies
    if covariates == "linear" or not panel.covariates:
        return np.column_stack([dummies, X]), [*names, *panel.covariates], len(names)
    cohort = np.unique(panel.first, return_inverse=True)[1]
    columns, labels = [dummies], list(names)
    for j, x in enumerate(panel.covariates):
        mean = np.bincount(cohort, weights=w * X[:, j]) / np.bincount(cohort, weights=w)
        columns.append(dummies * (X[:, j] - mean[cohort])[:, None])
        labels += [f"{c}:{x}" for c in names]
    own = len(labels)
    for j, x in enumerate(panel.covariates):
        columns.append(X[:, [j]])
        labels.append(x)
        for kind, code in (("period", panel.periods), ("cohort", cohort)):
            for v in range(1, int(code.max()) + 1):
                columns.append((X[:, j] * (code == v))[:, None])
                labels.append(f"{x}:{kind} {v}")
    return np.column_stack(columns), labels, own


def _estimate(panel: PolicyPanel, problem: Problem, family: str) -> tuple[Fit, Array | None]:
    """The fit, and the Poisson mean where there is one."""
    if family == "gaussian":
        return least_squares(problem), None
    X, effects = problem.X, problem.effects
    fit = poisson(panel.y, X, effects, weights=panel.w)
    if not fit.converged:
        raise DataError(
            f"the Poisson fit did not converge in {fit.iterations} iterations",
            "Look for cells with very few positive rows, and for covariates on very different scales.",
        )
    w = np.ones(len(panel.y)) if panel.w is None else panel.w
    scores = fit.absorbed * (w * (panel.y - fit.mu))[:, None]
    robust = sandwich(scores, fit.bread, effects=effects, clusters={"cluster": panel.clusters})
    rounding = rounding_error((fit.absorbed * w[:, None]) @ fit.bread, panel.y + fit.mu, panel.clusters)
    n, G = len(panel.y), len(panel.cluster_labels)
    factor = (n - 1) / (n - X.shape[1] - absorbed_parameters(effects, [panel.clusters])) * G / (G - 1)
    return Fit(
        fit.beta,
        robust.covariance,
        scores @ fit.bread,
        panel.y - fit.mu,
        factor,
        robust.dof,
        "cluster-robust (CR1)",
        FIXEST,
        np.nan,
        rounding,
    ), fit.mu


def _row_weights(panel: PolicyPanel, of: Cells, weights: Array) -> Array:
    """(terms, n) weights of rows, from those of cells: a row counts by its share of its cell."""
    w = np.ones(len(panel.y)) if panel.w is None else panel.w
    inside = of.code >= 0
    share = np.zeros((len(weights), len(panel.y)))
    share[:, inside] = weights[:, of.code[inside]] * (w[inside] / of.weight[of.code[inside]])
    return share


@dataclass(frozen=True, eq=False)
class Levels:
    """What an effect in levels is made of.

    `share` (terms, n) weighs the rows, `own` (n, k) holds the columns that treatment switches on, `mu` (n,) is the
    mean. Cells `beyond` the regression (their weights in the terms) add their `mean`, and leave no error.
    """

    share: Array
    own: Array
    mu: Array
    effects: Effects
    beyond: Array
    mean: Array


def _in_levels(estimate: Estimate, fit: Fit, at: Levels) -> Estimate:
    """Average of mu less the mean without treatment; the error of the absorbed effects is carried along.

    The linear index moves by ``absorbed X @ (beta error)`` and by the effects' own error, the projection
    of the scores on them.
    """
    panel, regression = estimate.panel, estimate.regression
    assert panel is not None
    assert regression is not None
    share, own, mu, effects = at.share, at.own, at.mu, at.effects
    w = np.ones(len(mu)) if panel.w is None else panel.w
    without = mu * np.exp(-(own @ fit.beta))
    values = share @ (mu - without) + at.beyond @ at.mean
    pull = share * (mu - without)  # (terms, n): how the value moves with each row's index
    absorbed = absorb(regression.X, effects, w * mu)
    influence = fit.influence @ (pull @ absorbed + (share * without) @ own).T
    z = (pull / (w * mu)).T
    influence += (z - absorb(z, effects, w * mu)) * (w * (panel.y - mu))[:, None]
    scores = group_sums(influence, panel.clusters)
    size = np.where((at.beyond != 0).any(1), np.inf, ROUNDING * (np.abs(share) @ (mu + without)))
    vcov = settled(fit.factor * scores.T @ scores, size)
    made = inference_columns(values, np.sqrt(np.maximum(np.diag(vcov), 0)), estimate.inference)
    table = estimate.table.assign(estimate=values, **made)
    notes = (*estimate.notes, *unsettled(vcov, list(table["term"])))
    return replace(estimate, table=table, vcov=vcov, scores=scores, regression=None, notes=notes)
