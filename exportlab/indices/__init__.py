"""Indicators over flows, one short function each; importing this enters all of them in the catalogue."""

from exportlab.indices import (
    advantage,
    advantage_trade,
    complementarity,
    concentration,
    diversification,
    intra_industry,
    location,
    margins,
    partners,
    persistence,
    shares,
    similarity,
    theil_groups,
    transitions,
)

__all__ = [
    "advantage",
    "advantage_trade",
    "complementarity",
    "concentration",
    "diversification",
    "intra_industry",
    "location",
    "margins",
    "partners",
    "persistence",
    "shares",
    "similarity",
    "theil_groups",
    "transitions",
]
