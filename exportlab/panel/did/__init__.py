"""Difference in differences, event studies and synthetic controls: from a PolicyPanel to an Estimate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from exportlab.errors import one_of

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate

METHODS = ("callaway_santanna", "imputation", "etwfe", "sun_abraham", "stacked")
EVENT_METHODS = (*METHODS, "twfe")
MORE = (
    "switching",
    "interactive",
    "matrix_completion",
)  # designs beyond one policy that stays on: they take other options


def estimator(method: str, kind: str) -> Callable[..., Estimate]:
    """The function `kind` ("att" or "event_study") of a method; two-way fixed effects have only the latter."""
    from exportlab.panel.did import (
        callaway,
        completion,
        etwfe,
        imputation,
        interactive,
        stacked,
        sun_abraham,
        switching,
        twfe,
    )

    one_of("method", method, (*(METHODS if kind == "att" else EVENT_METHODS), *MORE))
    modules = (callaway, imputation, etwfe, sun_abraham, stacked, twfe, switching, interactive, completion)
    found: Callable[..., Estimate] = getattr(
        dict(zip((*EVENT_METHODS, *MORE), modules, strict=True))[method], kind
    )
    return found
