"""The second door: value added in exports, from input-output tables."""

from exportlab.valueadded.decompose import Decomposition, decompose
from exportlab.valueadded.economies import read_eurostat, read_oecd_iot
from exportlab.valueadded.folders import read_eora, read_exiobase
from exportlab.valueadded.footprints import embodied, embodied_at_home, footprint
from exportlab.valueadded.gloria import read_gloria
from exportlab.valueadded.gvc import (
    extraction,
    output_participation,
    production_length,
    tiva_indicators,
    value_added_exports,
    value_added_rca,
    value_chain_accounts,
)
from exportlab.valueadded.icio import read_figaro, read_icio
from exportlab.valueadded.intercountry import InterCountryTable
from exportlab.valueadded.iotable import IOTable
from exportlab.valueadded.liaoning import china_multipliers, content_bounds, liaoning_bounds
from exportlab.valueadded.nbs import read_ceads, read_nbs
from exportlab.valueadded.noise import table_noise
from exportlab.valueadded.processing import split_processing
from exportlab.valueadded.product_proxies import (
    export_upstreamness,
    expy_domestic,
    relative_unit_values,
    stage_shares,
    unit_value_change,
)
from exportlab.valueadded.proxies import export_quality, kee_tang, processing_margin, upward_wang_zheng
from exportlab.valueadded.recognise import FORMATS, read_iot
from exportlab.valueadded.regions import multiregional
from exportlab.valueadded.validate import Validation
from exportlab.valueadded.wiot import read_adb, read_wiod

__all__ = [
    "FORMATS",
    "Decomposition",
    "IOTable",
    "InterCountryTable",
    "Validation",
    "china_multipliers",
    "content_bounds",
    "decompose",
    "embodied",
    "embodied_at_home",
    "export_quality",
    "export_upstreamness",
    "expy_domestic",
    "extraction",
    "footprint",
    "kee_tang",
    "liaoning_bounds",
    "multiregional",
    "output_participation",
    "processing_margin",
    "production_length",
    "read_adb",
    "read_ceads",
    "read_eora",
    "read_eurostat",
    "read_exiobase",
    "read_figaro",
    "read_gloria",
    "read_icio",
    "read_iot",
    "read_nbs",
    "read_oecd_iot",
    "read_wiod",
    "relative_unit_values",
    "split_processing",
    "stage_shares",
    "table_noise",
    "tiva_indicators",
    "unit_value_change",
    "upward_wang_zheng",
    "value_added_exports",
    "value_added_rca",
    "value_chain_accounts",
]
