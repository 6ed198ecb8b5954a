"""exportlab: export-structure econometrics from tables of trade flows.

One door in (`flows`), one vocabulary, one catalogue of indicators; see https://exportlab.readthedocs.io.
"""

from __future__ import annotations

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

__all__ = [
    "CATALOGUE", "Bounds", "Flows", "bloc_share", "blocs", "bounds", "cells", "contributions", "country", "cr",
    "effective_number", "evaluate", "flows", "gini", "hall_tideman", "hhi", "hhi_normalised",
    "hhi_normalised_active", "hill", "hirschman", "measure", "members", "number_active", "rca", "shannon", "share",
    "theil", "unctad_concentration",
]  # fmt: skip
