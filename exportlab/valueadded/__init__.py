"""The second door: value added in exports, from input-output tables."""

from exportlab.valueadded.iotable import IOTable

__all__ = ["IOTable"]
