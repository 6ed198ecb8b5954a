"""exportlab: export-structure econometrics from tables of trade flows.

One door in (`flows`), one vocabulary, one catalogue of indicators; see https://exportlab.readthedocs.io.
"""

from __future__ import annotations

from typing import Any

from exportlab import catalogue, errors
from exportlab.bounds import Bounds, bounds
from exportlab.catalogue import CATALOGUE
from exportlab.classifications import blocs, country, members
from exportlab.distribution import evaluate
from exportlab.flows import Flows, cells, flows
from exportlab.indices.advantage import rca
from exportlab.indices.concentration import (
    cr,
    effective_number,
    gini,
    hall_tideman,
    hhi,
    hhi_normalised,
    hhi_normalised_active,
    hill,
    hirschman,
    number_active,
    shannon,
    theil,
    unctad_concentration,
)
from exportlab.indices.shares import bloc_share, contributions, share
from exportlab.measure import measure

__version__ = "0.1.0"

_LATE = {
    "Complexity": "exportlab.indices.complexity",
    "PolicyPanel": "exportlab.panel",
    "complexity": "exportlab.indices.complexity",
    "gravity": "exportlab.panel",
    "ppml": "exportlab.panel",
    "read_baci": "exportlab.readers",
    "read_comtrade": "exportlab.readers",
    "read_flows": "exportlab.readers",
    "read_gacc": "exportlab.readers",
    "report": "exportlab.reporting",
}


def __getattr__(name: str) -> Any:
    """Load on first use what needs more than NumPy and Narwhals."""
    from importlib import import_module

    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    if name in ("claims", "datasets", "panel", "plots", "readers", "valueadded"):
        return import_module(f"exportlab.{name}")
    raise AttributeError(f"module 'exportlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE})


__all__ = [
    "CATALOGUE",
    "Bounds",
    "Complexity",
    "Flows",
    "PolicyPanel",
    "bloc_share",
    "blocs",
    "bounds",
    "catalogue",
    "cells",
    "complexity",
    "contributions",
    "country",
    "cr",
    "effective_number",
    "errors",
    "evaluate",
    "flows",
    "gini",
    "gravity",
    "hall_tideman",
    "hhi",
    "hhi_normalised",
    "hhi_normalised_active",
    "hill",
    "hirschman",
    "measure",
    "members",
    "number_active",
    "ppml",
    "rca",
    "read_baci",
    "read_comtrade",
    "read_flows",
    "read_gacc",
    "report",
    "shannon",
    "share",
    "theil",
    "unctad_concentration",
]  # fmt: skip
