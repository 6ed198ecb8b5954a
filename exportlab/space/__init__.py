"""Space: who is near whom, and whether and where neighbours resemble each other."""

from exportlab.space.autocorrelation import Autocorrelation, spatial_autocorrelation
from exportlab.space.local_clusters import LocalClusters, local_clusters, q_values
from exportlab.space.spatial_regression import spatial_panel, spatial_regression
from exportlab.space.spatial_tests import SpatialTests, spatial_tests
from exportlab.space.spatial_weights import SpatialWeights, places, spatial_weights

__all__ = [
    "Autocorrelation",
    "LocalClusters",
    "SpatialTests",
    "SpatialWeights",
    "local_clusters",
    "places",
    "q_values",
    "spatial_autocorrelation",
    "spatial_panel",
    "spatial_regression",
    "spatial_tests",
    "spatial_weights",
]
