"""How much is tried: of a law a quarter of its examples, of a grid the cases whose turn it is, or all of them.

`HYPOTHESIS_PROFILE=whole` runs every case of every grid (as `.ci/run` does), `search` draws new examples besides, and
four times as many.
"""

from __future__ import annotations

import os
import zlib
from typing import Any

from hypothesis import settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "same")
SEARCHING = PROFILE == "search"


def at_most(examples: int, **options: Any) -> settings:
    """Settings of a law that is tried on so many examples where new ones are searched for."""
    return settings(max_examples=examples if SEARCHING else max(3, examples // 4), **options)


def has_its_turn(case: str, of: int) -> bool:
    """Whether a case of a grid is among the one in so many that an ordinary run of the whole suite keeps."""
    return zlib.crc32(case.encode()) % of == 0
