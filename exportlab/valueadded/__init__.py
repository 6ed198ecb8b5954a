"""The second door: value added in exports, from input-output tables."""

from exportlab.valueadded.decompose import decompose
from exportlab.valueadded.intercountry import InterCountryTable
from exportlab.valueadded.iotable import IOTable
from exportlab.valueadded.readers import read_adb, read_ceads, read_icio, read_wiod
from exportlab.valueadded.readers_china import read_nbs
from exportlab.valueadded.result import Decomposition
from exportlab.valueadded.validate import Validation

__all__ = [
    "Decomposition",
    "IOTable",
    "InterCountryTable",
    "Validation",
    "decompose",
    "read_adb",
    "read_ceads",
    "read_icio",
    "read_nbs",
    "read_wiod",
]
