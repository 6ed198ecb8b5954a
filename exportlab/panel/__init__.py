"""The third door: did the policy work? Panel regressions for cluster policies."""
