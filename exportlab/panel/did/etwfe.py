"""Extended two-way fixed effects (Wooldridge): effects differ by cohort and period."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.arrays import Array
from exportlab.errors import DataError, OptionError, one_of
from exportlab.options import Level, validated
from exportlab.panel.algebra.absorb import absorb
from exportlab.panel.algebra.irls import poisson
from exportlab.panel.algebra.levels import Effects, absorbed_parameters
from exportlab.panel.algebra.sandwich import group_sums, sandwich
from exportlab.panel.did.comparison import with_comparison
from exportlab.panel.did.regress import Fit, drop_singletons, effects_of, from_fit, least_squares
from exportlab.panel.did.saturated import Cells, cells, columns_of, combination, independent
from exportlab.panel.did.sun_abraham import ESTIMANDS, cell_table
from exportlab.panel.estimate import FIXEST, Estimate, inference_columns

if TYPE_CHECKING:
    from exportlab.panel.door import PolicyPanel


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
    used, of, base, who = _prepare(panel, control=control, effects=effects, family=family)
    X, names, own = _design(used, of, covariates)
    keep = independent(X, base, used.w, protect=len(of.cohort))
    X, names, switched = X[:, keep], [names[k] for k in keep], X[:, keep] * (keep < own)
    fit, mu = _estimate(used, X, names, base, family)
    weights, terms = combination(of, aggregate, times=(-1,) if control == "never" else None)
    share = _row_weights(used, of, weights)
    log_points = ", log points" if family == "poisson" and scale == "link" else ""
    estimate = from_fit(
        used, fit, X, names, effects=base, combine=share @ switched, terms=list(terms["term"]),
        counts=(weights > 0).astype(int) @ np.bincount(of.code[of.code >= 0], minlength=len(of.cohort)),
        method="Extended TWFE" + (" (Poisson)" if family == "poisson" else ""),
        estimand=ESTIMANDS[aggregate] + log_points,
        comparison=who + (" and not-yet-treated ones" if control == "notyet" else ""),
        weighting="cells by their treated rows", level=level,
        columns=columns_of(terms),
        parts={"cells": cell_table(of, fit.beta, fit.vcov)}, refit=again, family=family,
        notes=["Poisson: parallel trends in growth rates, not in levels."] if mu is not None else [],
    )  # fmt: skip
    if mu is None or scale == "link":
        return estimate
    return _in_levels(estimate, fit, share, switched, mu=mu, effects=base)


def _prepare(
    panel: PolicyPanel, *, control: str, effects: str | None, family: str
) -> tuple[PolicyPanel, Cells, Effects, str]:
    """Rows, cells and absorbed effects of the regression, and who compares."""
    compared, who = with_comparison(panel)
    used = drop_singletons(compared)
    by_unit = (effects or ("cohort" if family == "poisson" else "unit")) == "unit"
    if family == "poisson":
        used = _poisson_rows(used, units=by_unit)
    time = used.event_time
    of = cells(used, (time >= 0) if control == "notyet" else np.isfinite(time) & (time != -1))
    if family == "poisson":
        _refuse_empty(used, of)
    first = {"unit": used.units} if by_unit else {"cohort": used.first}
    return used, of, effects_of({**first, "period": used.periods}), who


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
            "the outcome of a Poisson model is negative", "Use family='gaussian'.", rows=int(negative.sum()),
            first=first,
        )  # fmt: skip
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
    if covariates == "linear" or not panel.covariates:
        return np.column_stack([dummies, panel.X]), [*names, *panel.covariates], len(names)
    cohort = np.unique(panel.first, return_inverse=True)[1]
    w = np.ones(len(panel.y)) if panel.w is None else panel.w
    columns, labels = [dummies], list(names)
    for j, x in enumerate(panel.covariates):
        mean = np.bincount(cohort, weights=w * panel.X[:, j]) / np.bincount(cohort, weights=w)
        columns.append(dummies * (panel.X[:, j] - mean[cohort])[:, None])
        labels += [f"{c}:{x}" for c in names]
    own = len(labels)
    for j, x in enumerate(panel.covariates):
        columns.append(panel.X[:, [j]])
        labels.append(x)
        for kind, code in (("period", panel.periods), ("cohort", cohort)):
            for v in range(1, int(code.max()) + 1):
                columns.append((panel.X[:, j] * (code == v))[:, None])
                labels.append(f"{x}:{kind} {v}")
    return np.column_stack(columns), labels, own


def _estimate(
    panel: PolicyPanel, X: Array, names: list[str], effects: Effects, family: str
) -> tuple[Fit, Array | None]:
    """The fit, and the Poisson mean where there is one."""
    if family == "gaussian":
        made = least_squares(panel.y, X, names, effects=effects, clusters=panel.clusters, weights=panel.w)
        return made, None
    fit = poisson(panel.y, X, effects, weights=panel.w)
    if not fit.converged:
        raise DataError(
            f"the Poisson fit did not converge in {fit.iterations} iterations",
            "Look for cells with very few positive rows, and for covariates on very different scales.",
        )
    w = np.ones(len(panel.y)) if panel.w is None else panel.w
    scores = fit.absorbed * (w * (panel.y - fit.mu))[:, None]
    robust = sandwich(scores, fit.bread, effects=effects, clusters={"cluster": panel.clusters})
    n, G = len(panel.y), len(panel.cluster_labels)
    factor = (n - 1) / (n - X.shape[1] - absorbed_parameters(effects, [panel.clusters])) * G / (G - 1)
    return Fit(
        fit.beta, robust.covariance, scores @ fit.bread, panel.y - fit.mu, factor, robust.dof,
        "cluster-robust (CR1)", FIXEST, np.nan,
    ), fit.mu  # fmt: skip


def _row_weights(panel: PolicyPanel, of: Cells, weights: Array) -> Array:
    """(terms, n) weights of rows, from those of cells: a row counts by its share of its cell."""
    w = np.ones(len(panel.y)) if panel.w is None else panel.w
    inside = of.code >= 0
    share = np.zeros((len(weights), len(panel.y)))
    share[:, inside] = weights[:, of.code[inside]] * (w[inside] / of.weight[of.code[inside]])
    return share


def _in_levels(
    estimate: Estimate, fit: Fit, share: Array, own: Array, *, mu: Array, effects: Effects
) -> Estimate:
    """Average of mu less the mean without treatment; the error of the absorbed effects is carried along.

    The linear index moves by ``absorbed X @ (beta error)`` and by the effects' own error, the projection
    of the scores on them; `own` (n, k) holds the columns that treatment switches on.
    """
    panel, regression = estimate.panel, estimate.regression
    assert panel is not None
    assert regression is not None
    w = np.ones(len(mu)) if panel.w is None else panel.w
    without = mu * np.exp(-(own @ fit.beta))
    values = share @ (mu - without)
    pull = share * (mu - without)  # (terms, n): how the value moves with each row's index
    absorbed = absorb(regression.X, effects, w * mu)
    influence = fit.influence @ (pull @ absorbed + (share * without) @ own).T
    z = (pull / (w * mu)).T
    influence += (z - absorb(z, effects, w * mu)) * (w * (panel.y - mu))[:, None]
    scores = group_sums(influence, panel.clusters)
    vcov = fit.factor * scores.T @ scores
    made = inference_columns(values, np.sqrt(np.maximum(np.diag(vcov), 0)), estimate.inference)
    table = estimate.table.assign(estimate=values, **made)
    return replace(estimate, table=table, vcov=vcov, scores=scores, regression=None)
