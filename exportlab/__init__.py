"""exportlab: export-structure econometrics from tables of trade flows.

One door in (`flows`), one vocabulary, one catalogue of indicators; see https://exportlab.readthedocs.io.
"""

from __future__ import annotations

from exportlab.catalogue import CATALOGUE
from exportlab.flows import Flows, cells, flows
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
from exportlab.measure import evaluate, measure

__version__ = "0.1.0"

__all__ = [
    "CATALOGUE", "Flows", "cells", "cr", "effective_number", "evaluate", "flows", "gini", "hall_tideman", "hhi",
    "hhi_normalised", "hhi_normalised_active", "hill", "hirschman", "measure", "number_active", "shannon", "theil",
    "unctad_concentration",
]  # fmt: skip
