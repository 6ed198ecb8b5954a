"""Matrix completion (Athey and others), for comparison: it shrinks shared shocks and so keeps part of their bias."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import OptionError
from exportlab.options import Level, Share, validated
from exportlab.panel.algebra.factors import Cells, LowRank, completed
from exportlab.panel.contract import refuse_given
from exportlab.panel.did.counterfactual import estimated, held_out, prepared
from exportlab.panel.estimate import Estimate

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

GRID = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
CAUTION = (
    "For comparison only: a penalty shrinks what units share, and keeps part of the bias of shocks on which the "
    "treated load apart; interactive effects do not."
)


@validated
def att(
    panel: PolicyPanel,
    *,
    penalty: Share | str = "cv",
    aggregate: str = "simple",
    jackknife: bool = True,
    rng: int | np.random.Generator = 0,
    level: Level = 0.95,
) -> Estimate:
    r"""Average effect on the treated by matrix completion with nuclear norm.

    Minimises :math:`\tfrac12\sum_{D_{it}=0}(y_{it}-\mu-\alpha_i-\lambda_t-L_{it})^2+\theta\|L\|_*` and averages
    :math:`y_{it}-\hat y_{it}(0)` over treated cells.

    Parameters
    ----------
    penalty : float or "cv"
        :math:`\theta` as a share of the smallest one that leaves no L: 1 is imputation with two-way effects. fect's
        lambda is :math:`\theta/(NT)`, in the outcome's unit. "cv" takes the one of eight with the least error at cells
        held out, as `exportlab.panel.did.interactive.att` does.
    aggregate, jackknife, rng : as there

    Notes
    -----
    No cure for factors on which the treated load apart: on a panel made so that the effect is .768, every penalty gives
    1.11 to 1.14, interactive effects with two factors .757. Takes no covariates.

    References
    ----------
    Athey, Bayati, Doudchenko, Imbens and Khosravi (2021), JASA 116, 1716-1730.
    """
    if isinstance(penalty, str) and penalty != "cv":
        raise OptionError(f"penalty={penalty!r} is not allowed. Allowed: 'cv' or a share from 0 to 1.")
    refuse_given(panel, "Matrix completion", "covariates")
    used, of = prepared(panel, 1, "Matrix completion")
    tried: pd.DataFrame | None = None
    if isinstance(penalty, str):
        models = {p: (lambda cells, p=p: completed(cells, p)) for p in GRID}
        tried = held_out(of, models, least=2, rng=rng).rename(columns={"choice": "penalty"})
        penalty = float(tried["penalty"].iloc[int(tried["error"].argmin())])
    chosen = float(penalty)

    def model(cells: Cells, near: LowRank | None) -> LowRank:
        return completed(cells, chosen)

    return estimated(
        used,
        of,
        completed(of.cells, chosen),
        model,
        aggregate=aggregate,
        jackknife=jackknife,
        level=level,
        parts={} if tried is None else {"cross_validation": tried},
        method="Matrix completion",
        refit=partial(att, penalty=chosen, aggregate=aggregate, jackknife=jackknife, level=level),
        fit={"penalty": chosen},
        notes=(CAUTION,),
    )


@validated
def event_study(panel: PolicyPanel, **options: Any) -> Estimate:
    """Effects by time since the treatment came on; options as in `exportlab.panel.did.completion.att`."""
    return att(panel, aggregate="event", **options)
