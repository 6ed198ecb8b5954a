"""Every estimator, aggregation and inference method under every common check; see `estimator_checks`."""

from __future__ import annotations

import pytest
from estimator_checks import CHECKS
from estimator_entries import ENTRIES

pytestmark = pytest.mark.long
PAIRS = [(check, name) for check in CHECKS for name in ENTRIES if check not in ENTRIES[name].exempt]


@pytest.mark.grid(4)
@pytest.mark.parametrize(("check", "name"), PAIRS)
def test_estimator(check, name):
    CHECKS[check](ENTRIES[name])


def test_exceptions_name_checks_and_give_reasons():
    known = {*CHECKS, "errors under effects", "errors under copies"}
    for entry in ENTRIES.values():
        assert set(entry.exempt) <= known
        assert all(len(reason) > 20 for reason in entry.exempt.values())
