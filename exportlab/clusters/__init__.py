"""Clusters: where industries gather, how sure that is, and which of them belong together."""

from exportlab.clusters.definitions import ClusterDefinition, define_clusters, validation_scores
from exportlab.clusters.identified import Clusters, find_clusters
from exportlab.clusters.litzenberger import litzenberger_sternberg
from exportlab.clusters.quotients import LocationQuotients, location_quotients
from exportlab.clusters.related import Relatedness, related_industries

__all__ = [
    "ClusterDefinition",
    "Clusters",
    "LocationQuotients",
    "Relatedness",
    "define_clusters",
    "find_clusters",
    "litzenberger_sternberg",
    "location_quotients",
    "related_industries",
    "validation_scores",
]
