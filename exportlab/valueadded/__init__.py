"""The second door: value added in exports, from input-output tables."""

from exportlab.valueadded.decompose import decompose
from exportlab.valueadded.intercountry import InterCountryTable
from exportlab.valueadded.iotable import IOTable
from exportlab.valueadded.liaoning import china_multipliers, content_bounds, liaoning_bounds
from exportlab.valueadded.processing import split_processing
from exportlab.valueadded.product_proxies import (
    export_upstreamness,
    expy_domestic,
    relative_unit_values,
    stage_shares,
    unit_value_change,
)
from exportlab.valueadded.proxies import kee_tang, processing_margin, upward_wang_zheng
from exportlab.valueadded.quality import export_quality
from exportlab.valueadded.readers import read_adb, read_ceads, read_icio, read_wiod
from exportlab.valueadded.readers_china import read_nbs
from exportlab.valueadded.regions import multiregional
from exportlab.valueadded.result import Decomposition
from exportlab.valueadded.validate import Validation

__all__ = [
    "Decomposition",
    "IOTable",
    "InterCountryTable",
    "Validation",
    "china_multipliers",
    "content_bounds",
    "decompose",
    "export_quality",
    "export_upstreamness",
    "expy_domestic",
    "kee_tang",
    "liaoning_bounds",
    "multiregional",
    "processing_margin",
    "read_adb",
    "read_ceads",
    "read_icio",
    "read_nbs",
    "read_wiod",
    "relative_unit_values",
    "split_processing",
    "stage_shares",
    "unit_value_change",
    "upward_wang_zheng",
]
