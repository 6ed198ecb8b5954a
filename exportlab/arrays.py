"""The names of the arrays that pass between rooms."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.integer[Any]]  # positions: 0, 1, ...
Mask: TypeAlias = NDArray[np.bool_]
