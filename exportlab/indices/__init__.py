"""Indicators over flows, one short function each; importing this enters all of them in the catalogue."""

from exportlab.indices import (
    advantage,
    agglomeration,
    complementarity,
    concentration,
    concordance,
    constant_share,
    diversification,
    dynamics,
    intra_industry,
    location,
    margins,
    partners,
    potential,
    shares,
    similarity,
    sophistication,
    stages,
    subgroups,
    survival,
    transitions,
    unit_values,
)
from exportlab.indices import advantage as advantage_trade
from exportlab.indices import diversification as theil_groups
from exportlab.indices import margins as growth_margins
from exportlab.indices import sophistication as sophistication_quality
from exportlab.indices import transitions as persistence

__all__ = [
    "advantage",
    "advantage_trade",
    "agglomeration",
    "complementarity",
    "concentration",
    "concordance",
    "constant_share",
    "diversification",
    "dynamics",
    "growth_margins",
    "intra_industry",
    "location",
    "margins",
    "partners",
    "persistence",
    "potential",
    "shares",
    "similarity",
    "sophistication",
    "sophistication_quality",
    "stages",
    "subgroups",
    "survival",
    "theil_groups",
    "transitions",
    "unit_values",
]
