"""Fixtures shared by all tests: where outside material lies, and numbers kept from outside sources."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tries
from hypothesis import HealthCheck, settings

# The same examples in every run, so that main stays green; HYPOTHESIS_PROFILE=search draws new ones. No example has
# to be quick (tests/patience.py): a machine may be busy.
settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("whole", parent=settings.get_profile("same"))
settings.register_profile("search", parent=settings.get_profile("same"), derandomize=False, print_blob=True)
settings.load_profile(tries.PROFILE)

HERE = Path(__file__).parent
# Matrices of tests are small: threads of BLAS would take half of the workers' time. Said before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")  # groups come in an order of chance all the same
os.environ.pop(
    "PYTHONDONTWRITEBYTECODE", None
)  # commands in processes of their own need not compile it all each time


def all_of_it(config) -> bool:
    """Whether all is run, of grids and of what takes long: where a file or test is named, and in another profile."""
    return tries.PROFILE != "same" or bool(config.option.keyword) or "tests" not in config.args


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["all_of_it"] = all_of_it(node.config)


def pytest_collection_modifyitems(config, items):
    """Files that take minutes come first, so that no worker is left with one at the end; of a grid some cases stay."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if getattr(config, "workerinput", {}).get("all_of_it", all_of_it(config)):
        return
    stays = [_stays(item) for item in items]
    config.hook.pytest_deselected(items=[item for item, stay in zip(items, stays, strict=True) if not stay])
    items[:] = [item for item, stay in zip(items, stays, strict=True) if stay]


def _stays(item) -> bool:
    mark = item.get_closest_marker("grid")
    if item.get_closest_marker("whole"):
        return False
    return mark is None or tries.has_its_turn(item.name, mark.args[0])


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
    with pytest.MonkeyPatch.context() as patch:
        without_pictures(patch)
        yield


def without_pictures(patch):
    """Pictures are made but not drawn, as long as the patch holds."""
    from exportlab.tables import export, render

    patch.setattr(render, "svg", lambda axes: '<svg viewBox="0 0 1 1"></svg>')
    patch.setattr(export, "_drawn", lambda axes, kind: lambda file: None)


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
