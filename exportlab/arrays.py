"""The names of the arrays that pass between rooms, and the range of their numbers."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from exportlab.frames import LARGEST, SMALLEST

BEYOND = f"beyond {LARGEST:g}, or all of it within {SMALLEST:g} of zero"
WITHIN = "Squares and products of such numbers are no floating-point numbers any more: change the unit."

Array: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.integer[Any]]  # positions: 0, 1, ...
Mask: TypeAlias = NDArray[np.bool_]


def beyond(values: Array) -> Mask:
    """Which numbers are too large for squares and products, or all that are not zero where the largest is too small."""
    size = np.abs(values)
    if 0 < size.max(initial=0.0) < SMALLEST:
        return np.asarray(size > 0)
    return np.asarray(size > LARGEST)
