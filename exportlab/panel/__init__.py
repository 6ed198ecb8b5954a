"""The third door: did the policy work? Panel regressions for cluster policies."""

from __future__ import annotations

from .door import PolicyPanel
from .estimate import Estimate, Inference, Regression, Sample

__all__ = ["Estimate", "Inference", "PolicyPanel", "Regression", "Sample"]
