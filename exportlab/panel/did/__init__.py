"""Difference in differences, event studies and synthetic controls: from a PolicyPanel to an Estimate."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from exportlab.errors import one_of

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate

# method -> its module; each has att() and event_study(), two-way fixed effects only the latter.
METHODS = {
    "callaway_santanna": "callaway",
    "imputation": "imputation",
    "etwfe": "etwfe",
    "sun_abraham": "sun_abraham",
    "stacked": "stacked",
}
EVENT_METHODS = {**METHODS, "twfe": "event_study"}


def estimator(method: str, kind: str) -> Callable[..., Estimate]:
    """The function `kind` ("att" or "event_study") of a method."""
    methods = METHODS if kind == "att" else EVENT_METHODS
    one_of("method", method, list(methods))
    found: Callable[..., Estimate] = getattr(import_module(f"{__name__}.{methods[method]}"), kind)
    return found
