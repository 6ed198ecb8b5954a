"""Two-way fixed effects, never without its diagnostics when adoption is staggered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.options import Level, validated
from exportlab.panel.did.bacon import bacon, negative_weights
from exportlab.panel.did.comparison import refuse_no_variation
from exportlab.panel.did.regress import drop_singletons, effects_of, from_fit, least_squares
from exportlab.panel.estimate import Estimate

if TYPE_CHECKING:
    from exportlab.panel.door import PolicyPanel


@validated
def twfe(panel: PolicyPanel, *, vcov: str = "cluster", level: Level = 0.95) -> Estimate:
    r"""Two-way fixed effects: :math:`y_{it} = \alpha_i + \lambda_t + \beta D_{it} + x_{it}'\gamma + u_{it}`.

    Parameters
    ----------
    vcov : {"cluster", "cluster+period", "hetero", "iid"}
        Cluster-robust at the panel's cluster by default, with fixest's and reghdfe's small-sample factor.
    level : float

    Returns
    -------
    Estimate
        Whose first term is ``"treated"``. When adoption is staggered, ``parts["weights"]`` holds the
        weight of each treated cohort and period and ``parts["bacon"]`` (balanced panels) the two-by-two
        comparisons.

    Raises
    ------
    DataError
        No unit, or every row, is treated; collinear covariates.

    References
    ----------
    Goodman-Bacon (2021); de Chaisemartin and D'Haultfoeuille (2020), American Economic Review 110, 2964-2996.
    """
    used = drop_singletons(panel)
    refuse_no_variation(used)
    X = np.column_stack([used.D, used.X])
    names = ["treated", *used.covariates]
    effects = effects_of({"unit": used.units, "period": used.periods})
    fit = least_squares(
        used.y,
        X,
        names,
        effects=effects,
        clusters=used.clusters,
        periods=used.periods,
        weights=used.w,
        vcov=vcov,
    )
    parts, notes = _diagnostics(used)
    return from_fit(
        used, fit, X, names, effects=effects, combine=np.eye(len(names)), terms=names, counts=len(used.y),
        method="Two-way fixed effects",
        estimand="average effect on the treated if effects are equal across cohorts and over time",
        comparison="all units not switching in the period, already-treated ones included",
        weighting="by treatment variance (see parts['weights'])",
        level=level, parts=parts, notes=notes, refit=partial(twfe, vcov=vcov, level=level),
    )  # fmt: skip


def _diagnostics(panel: PolicyPanel) -> tuple[dict[str, pd.DataFrame], list[str]]:
    if not panel.staggered and not panel.always_treated.any():
        return {}, []
    weights = negative_weights(panel)
    below = weights["weight"] < -1e-12
    negative, share = float(weights["weight"][below].sum()), float(below.mean())
    parts = {"weights": weights}
    notes = [
        f"Adoption is staggered: {share:.0%} of the treated cohort-periods enter with negative weight "
        f"(together {negative:.3f}); read a robust estimate first."
    ]
    full = len(panel.y) == len(panel.unit_labels) * len(panel.period_values)
    if full and panel.w is None and not panel.X.shape[1]:
        decomposition = bacon(panel)
        parts["bacon"] = decomposition.table
        notes.append(
            f"{decomposition.forbidden:.0%} of the Goodman-Bacon weight compares with already-treated units."
        )
    else:
        notes.append(
            "The Goodman-Bacon decomposition needs a balanced panel without weights and covariates and is not shown."
        )
    return parts, notes
