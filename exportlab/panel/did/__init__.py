"""Difference in differences, event studies and synthetic controls: from a PolicyPanel to an Estimate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from exportlab.errors import one_of

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate

METHODS = ("callaway_santanna", "imputation", "etwfe", "sun_abraham", "stacked")
EVENT_METHODS = (*METHODS, "twfe")
# beyond one policy that stays on, or with errors of their own: they take other options
MORE = ("switching", "interactive", "matrix_completion", "local_projections", "two_stage")


def estimator(method: str, kind: str) -> Callable[..., Estimate]:
    """The function `kind` ("att" or "event_study") of a method; two-way fixed effects have only the latter."""
    from exportlab.panel.did import (
        callaway,
        completion,
        etwfe,
        imputation,
        interactive,
        projections,
        stacked,
        sun_abraham,
        switching,
        twfe,
        two_stage,
    )

    one_of("method", method, (*(METHODS if kind == "att" else EVENT_METHODS), *MORE))
    usual = (callaway, imputation, etwfe, sun_abraham, stacked, twfe)
    more = (switching, interactive, completion, projections, two_stage)
    modules = dict(zip((*EVENT_METHODS, *MORE), (*usual, *more), strict=True))
    found: Callable[..., Estimate] = getattr(modules[method], kind)
    return found
