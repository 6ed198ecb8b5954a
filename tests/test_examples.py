"""Every example runs, from its folder and without ../shared."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("plot_*.py"))


@pytest.mark.whole
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example_runs_and_draws(path):
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    made = runpy.run_path(str(path), run_name="__main__").values()
    assert [x for x in made if isinstance(x, Axes | Figure)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example_leads_to_formula_and_source(path):
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert ":func:`" in said or ":doc:`" in said
    if "datasets" in path.read_text(encoding="utf-8"):
        assert "/generated/data" in said
