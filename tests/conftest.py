"""Fixtures shared by all tests: where outside material lies, and numbers kept from outside sources."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, so that main stays green; HYPOTHESIS_PROFILE=search draws new ones. No example has
# to be quick (tests/patience.py): a machine may be busy.
settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", parent=settings.get_profile("same"), derandomize=False, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

HERE = Path(__file__).parent
# Matrices of tests are small: threads of BLAS would take half of the workers' time. Said before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")  # groups come in an order of chance all the same
os.environ.pop(
    "PYTHONDONTWRITEBYTECODE", None
)  # commands in processes of their own need not compile it all each time


def pytest_collection_modifyitems(items):
    """Files that take minutes come first, so that no worker is left with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def no_window_on_arrow(monkeypatch):
    """Whatever a test runs, no window may be built on an Arrow table: its threads lose the order of the rows."""
    from narwhals._arrow.expr import ArrowExpr

    def refuse(self, *args, **kwargs):
        raise AssertionError("a window was built on an Arrow table")

    monkeypatch.setattr(ArrowExpr, "over", refuse)


@pytest.fixture(autouse=True)
def in_english(monkeypatch):
    """Each test begins in English: a command run in this process speaks its `--lang` from then on."""
    from exportlab import words

    words.speak("en")


@pytest.fixture(scope="module")
def undrawn():
    """Pages without their pictures, for tests of what a page says: two thirds of a report's time is drawing."""
    from exportlab.tables import export, render

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "svg", lambda axes: '<svg viewBox="0 0 1 1"></svg>')
        patch.setattr(export, "_drawn", lambda axes, kind: lambda file: None)
        yield


SHARED = HERE.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of outside inputs and outputs; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("needs the reference folder ../shared, which is not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def reference() -> Path:
    """Figures from outside sources, kept with their source."""
    return HERE / "reference"
