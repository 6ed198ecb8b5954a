"""What is shown runs: the README's example and the docstrings' examples."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import re
from pathlib import Path

import pytest

import exportlab as xl

ROOT = Path(__file__).parent.parent


def test_readme_example_prints_what_it_says():
    code = re.search(r"```python\n(.+?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    said = [line[2:] for line in code.splitlines() if line.startswith("# ")]
    assert [line.rstrip() for line in printed.getvalue().splitlines()] == [line.rstrip() for line in said]


MODULES = sorted(
    ".".join(p.relative_to(ROOT).with_suffix("").parts)
    for p in (ROOT / "exportlab").rglob("*.py")
    if ">>>" in p.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name):
    module = importlib.import_module(name)
    found = doctest.testmod(module, extraglobs={"xl": xl}, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0


@pytest.mark.parametrize("name", list(xl.CATALOGUE))
def test_every_indicator_is_public_and_documented(name):
    entry = xl.CATALOGUE[name]
    assert getattr(xl, name) is entry.function
    text = entry.function.__doc__
    for section in ("Parameters", "Returns", "Notes", "References"):
        assert f"{section}\n" in text
    assert entry.title in text
    assert entry.source in text
    assert set(xl.__all__) >= {name}
