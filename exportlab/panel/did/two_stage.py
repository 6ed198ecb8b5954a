"""Gardner's two-stage difference in differences: imputation's estimates with errors of the second stage."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.errors import one_of
from exportlab.frames import Array
from exportlab.options import Level, validated
from exportlab.panel.algebra.sandwich import group_sums, rounding_error, settled, unsettled
from exportlab.panel.did.imputation import design, imputable
from exportlab.panel.did.regress import (
    cells,
    columns_of,
    combination,
    refuse_no_variation,
    sample_of,
    warnings_of,
)
from exportlab.panel.did.sun_abraham import ESTIMANDS
from exportlab.panel.estimate import Estimate, Inference, estimate_table

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

GARDNER = "none (asymptotic), normal reference; both stages count, and effects' spread around their average"


@validated
def att(panel: PolicyPanel, *, aggregate: str = "simple", level: Level = 0.95) -> Estimate:
    r"""Average effect on the treated by two stages.

    First :math:`y_{it}=\alpha_i+\lambda_t+x_{it}'\gamma+u_{it}` on untreated rows; then outcomes less that fit on the
    treatment. The numbers are those of `exportlab.panel.did.imputation.att`. The errors are not: treated rows stray
    from the average of the whole term, not from that of their cohort and period. A cohort of one unit, whose cells have
    nothing to stray from, adds nothing to the errors of imputation; here it does, which suits panels with few units a
    cohort.

    Parameters
    ----------
    aggregate : {"simple", "event", "cohort", "calendar"}

    References
    ----------
    Gardner (2021), arXiv:2207.05943; Butts and Gardner (2022), The R Journal 14, 162-173.
    """
    one_of("aggregate", aggregate, ["simple", "event", "cohort", "calendar"])
    refuse_no_variation(panel)
    used, made = imputable(panel, design)
    of = cells(used, used.D > 0)
    weights, terms = combination(of, aggregate)
    w = np.ones(len(used.y)) if used.w is None else used.w
    share = np.zeros((len(used.y), len(terms)))
    inside = of.code >= 0
    share[inside] = (weights[:, of.code[inside]] * (w[inside] / of.weight[of.code[inside]])).T
    v = made.weights(share)
    estimate: Array = v.T @ used.y
    residual = np.where(inside[:, None], made.effect[:, None] - estimate, made.effect[:, None])
    scores = group_sums(v * residual, used.clusters)
    vcov = settled(scores.T @ scores, rounding_error(v, np.abs(used.y), used.clusters))
    counts = (weights > 0).astype(int) @ np.bincount(of.code[inside])
    columns: dict[str, Any] = dict(columns_of(terms))
    return Estimate(
        method="Two-stage (Gardner)",
        estimand=ESTIMANDS[aggregate],
        comparison="never-treated and not-yet-treated rows",
        weighting="treated rows equally, within the average",
        table=estimate_table(list(terms["term"]), estimate, vcov, _inference(used, level), counts, **columns),
        vcov=vcov,
        inference=_inference(used, level),
        sample=sample_of(used),
        scores=scores,
        clusters=tuple(used.cluster_labels),
        panel=used,
        refit=partial(att, aggregate=aggregate, level=level),
        notes=(*warnings_of(used), *unsettled(vcov, list(terms["term"]))),
    )


def _inference(panel: PolicyPanel, level: float) -> Inference:
    by, G = panel.cluster or panel.unit, len(panel.cluster_labels)
    return Inference("cluster-robust, two stages", GARDNER, np.inf, level, 1.0, by, G, panel.treated_clusters)


@validated
def event_study(panel: PolicyPanel, *, level: Level = 0.95) -> Estimate:
    """Effects by time since adoption; leads are tested by ``event_study("imputation")``, on untreated rows."""
    return att(panel, aggregate="event", level=level)
