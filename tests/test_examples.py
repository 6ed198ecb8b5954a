"""Every example runs, from its folder and without ../shared."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("plot_*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example_runs_and_draws(path):
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    made = runpy.run_path(str(path), run_name="__main__").values()
    assert [x for x in made if isinstance(x, Axes | Figure)]
