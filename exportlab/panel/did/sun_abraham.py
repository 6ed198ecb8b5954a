"""Sun and Abraham's interaction-weighted event study."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.frames import Array
from exportlab.options import Level, validated
from exportlab.panel.did.identified import base_of, identified
from exportlab.panel.did.regress import (
    Account,
    Cells,
    Problem,
    Terms,
    columns_of,
    combination,
    drop_singletons,
    from_fit,
    least_squares,
    with_comparison,
)
from exportlab.panel.estimate import Estimate

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

ESTIMANDS = {
    "event": "average effect on the treated by time since adoption",
    "simple": "average effect on the treated over all treated cohort-periods",
    "cohort": "average effect on the treated by cohort",
    "calendar": "average effect on the treated by period",
    "none": "ATT(g,t), effect on cohort g in period t",
}


@validated
def att(panel: PolicyPanel, *, aggregate: str = "simple", **options: object) -> Estimate:
    """Average effect from the interaction-weighted regression; options as in `event_study`."""
    return _fit(panel, aggregate=aggregate, **options)  # type: ignore[arg-type]


@validated
def event_study(
    panel: PolicyPanel, *, base: int = -1, vcov: str = "cluster", level: Level = 0.95
) -> Estimate:
    r"""Effects by event time, each the cohort-share average of cohort-specific effects.

    Regresses the outcome on unit and period effects, covariates, and a dummy for every cohort and event
    time but the base; then averages cohorts within an event time by their rows (weights), which are taken
    as given, as fixest does.

    Parameters
    ----------
    base : int
        Event time set to zero in every cohort; its last one before where a cohort has no such period.
    vcov : {"cluster", "hetero", "iid"}

    References
    ----------
    Sun and Abraham (2021), Journal of Econometrics 225, 175-199.
    """
    return _fit(panel, aggregate="event", base=base, vcov=vcov, level=level)


@validated
def _fit(
    panel: PolicyPanel, *, aggregate: str, base: int = -1, vcov: str = "cluster", level: Level = 0.95
) -> Estimate:
    compared, who = with_comparison(panel)
    used = drop_singletons(compared)
    bases = base_of(used, base)
    found = identified(used, bases.cells, units=True)
    used, of = found.panel, found.of
    X = np.column_stack([of.dummies(), used.X])
    names = [*of.names(), *used.covariates]
    problem = Problem.of(used, X, names)
    fit = least_squares(problem, vcov)
    weights, terms = combination(of, aggregate, times=bases.times)
    combine = np.zeros((len(terms), len(names)))
    combine[:, : len(of.cohort)] = weights
    counts = (weights > 0).astype(int) @ np.bincount(of.code[of.code >= 0])
    account = Account(
        method="Sun-Abraham",
        estimand=ESTIMANDS[aggregate],
        comparison=who,
        weighting="cohorts by their rows, shares taken as given",
        refit=partial(_fit, aggregate=aggregate, base=base, vcov=vcov, level=level),
        notes=(*bases.notes, *found.notes),
        parts={"cells": cell_table(of, fit.beta, fit.vcov)},
    )
    shown = Terms(combine, list(terms["term"]), counts, columns_of(terms))
    return from_fit(used, problem, fit, shown, account, level=level)


def cell_table(of: Cells, beta: Array, vcov: Array) -> pd.DataFrame:
    """Cohort, period, estimate, standard error and weight of every cell."""
    m = len(of.cohort)
    se = np.sqrt(np.maximum(np.diag(vcov)[:m], 0))
    return of.table().assign(estimate=beta[:m], std_error=se, weight=of.weight)
