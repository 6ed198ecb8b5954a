"""Every estimator, aggregation and inference method under every common check; see `estimator_checks`."""

from __future__ import annotations

import pytest
from estimator_checks import CHECKS, ENTRIES

PAIRS = [(check, name) for check in CHECKS for name in ENTRIES if check not in ENTRIES[name].exempt]


@pytest.mark.parametrize(("check", "name"), PAIRS)
def test_estimator(check, name):
    CHECKS[check](ENTRIES[name])
