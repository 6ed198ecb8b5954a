"""How many examples a law is tried on: a quarter in the ordinary run, all of them under HYPOTHESIS_PROFILE=search."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

SEARCHING = os.environ.get("HYPOTHESIS_PROFILE") == "search"


def at_most(examples: int, **options: Any) -> settings:
    """Settings of a law that is tried on so many examples where new ones are searched for."""
    return settings(max_examples=examples if SEARCHING else max(3, examples // 4), **options)
