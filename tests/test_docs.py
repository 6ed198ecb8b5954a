"""What is shown runs: README, docstrings, every page of the manual, and the tables it is generated from."""

from __future__ import annotations

import ast
import contextlib
import csv
import doctest
import importlib
import inspect
import io
import operator
import re
import shutil
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pages
import pytest
from parsed import text_of

import exportlab as xl
from exportlab.tables import writing

pytestmark = pytest.mark.long
ROOT = Path(__file__).parent.parent
ALL_TESTS = "\n".join(text_of(p) for p in sorted((ROOT / "tests").glob("*.py")))


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


REFUSING = (
    "dynamics",
    "constant_share",
    "margins",
    "survival",
    "sophistication",
    "stages",
    "unit_values",
)


@pytest.mark.parametrize("name", list(xl.CATALOGUE))
def test_every_indicator_is_public_and_documented(name):
    entry = xl.CATALOGUE[name]
    assert getattr(xl, name) is entry.function
    text = entry.function.__doc__
    raises = ("Raises",) if entry.family in REFUSING else ()
    for section in ("Parameters", "Returns", *raises, "Notes", "References"):
        assert f"{section}\n" in text
    assert entry.title in text
    assert entry.source in text
    assert set(xl.__all__) >= {name}


PAGES = sorted(p for p in (ROOT / "docs").glob("*.rst") if pages.blocks(p))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The files the pages read, written once."""
    folder = tmp_path_factory.mktemp("pages")
    pages.prepare(folder)
    return folder


@pytest.mark.whole
@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_every_code_block_of_the_manual_runs(path, files, undrawn, tmp_path, monkeypatch):
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    pages.run(path)


def test_a_page_that_prints_something_else_fails(tmp_path):
    page = tmp_path / "page.rst"
    page.write_text(
        ".. code-block:: python\n\n   print(1)\n\n.. code-block:: text\n\n   2\n", encoding="utf-8"
    )
    with pytest.raises(AssertionError, match="page.rst, line 6: printed"):
        pages.run(page)


FAMILIES = tomllib.loads((ROOT / "docs" / "families.toml").read_text(encoding="utf-8"))


def test_every_family_has_an_example():
    silent = {i.family for i in xl.CATALOGUE.values() if "example" not in FAMILIES.get(i.family, {})}
    assert not silent, f"docs/families.toml has no example for {silent}"


EXAMPLES = {
    e["title"]: e
    for said in FAMILIES.values()
    if isinstance(said, dict)
    for e in (said, *said.get("more", ()))
}


@pytest.mark.parametrize("family", sorted(EXAMPLES))
def test_family_examples_draw(family):
    from matplotlib.axes import Axes

    said, names = EXAMPLES[family], {}
    before = FAMILIES["made_up"] if said.get("made_up") else ""
    exec(compile(before + said["example"], family, "exec"), names)
    assert isinstance(names["ax"], Axes)
    assert names["ax"].get_title(loc="left")
    assert any("Source: " in text.get_text() for text in names["ax"].texts)


def test_every_indicator_says_when_it_is_the_one_to_use():
    silent = [
        i.name for i in xl.CATALOGUE.values() if i.name not in FAMILIES.get(i.family, {}).get("when", {})
    ]
    assert not silent, f"docs/families.toml has no line for {silent}"


@pytest.mark.parametrize("name", list(xl.CATALOGUE))
def test_the_page_says_how_each_law_is_decided(name, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs" / "_ext")
    family = importlib.import_module("family")
    said = {law: family.decided(name, law).split(";")[0] for law in xl.catalogue.LAWS}
    assert set(said.values()) <= {"holds", "fails", "n/a"}
    page = family.laws([name])
    for law, word in said.items():
        if word != "holds":
            assert f"   * - :func:`~exportlab.{name}`\n     - {law}\n" in page


with (ROOT / "docs" / "conventions.csv").open(encoding="utf-8", newline="") as file:
    CONVENTIONS = list(csv.DictReader(file))


def called(function: str):
    """What a call in the table of conventions calls: xl.*, or a method of a table, panel or estimate."""
    owner, _, name = function.rpartition(".")
    if owner.split(".")[0] == "xl":
        return operator.attrgetter(function.removeprefix("xl."))(xl)
    from exportlab import panel, valueadded

    owners = {"t": valueadded.InterCountryTable, "io": valueadded.IOTable}
    owners |= {"p": panel.PolicyPanel, "e": panel.Estimate, "design": panel.ShiftShareDesign}
    return getattr(owners[owner], name)


@pytest.mark.parametrize("row", CONVENTIONS, ids=lambda r: f"{r['quantity']}: {r['program']}")
def test_conventions_name_calls_and_tests_that_exist(row):
    call = ast.parse(row["option"], mode="eval").body
    assert isinstance(call, ast.Call)
    parameters = inspect.signature(called(ast.unparse(call.func))).parameters
    given = {k.arg for k in call.keywords}
    assert given <= set(parameters) or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    path, _, name = row["test"].partition("::")
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")
    assert row["number"]
    assert row["convention"]


def test_what_keeps_a_rule_exists():
    """The files and names that the page on reliability points to, in its rules and in what was tried."""
    page = (ROOT / "docs" / "reliability.rst").read_text(encoding="utf-8")
    rules = page[page.index("House rules") : page.index("What was tried")]
    wheres = re.findall(r"^     - (``.*)$", rules, re.MULTILINE)
    assert len(wheres) > 15
    for name in re.findall(r"``([\w/.]+)``", " ".join(wheres)):
        path, _, last = name.rpartition(".")
        if last == "py" or not path:
            assert (ROOT / "exportlab" / name.removeprefix("exportlab/")).exists() or hasattr(
                writing, name
            ), name
            continue
        text = (ROOT / "exportlab" / f"{path}.py").read_text(encoding="utf-8")
        assert re.search(rf"^(?:def|class) {last}\b", text, re.MULTILINE), name
    for name in re.findall(r"``(test_\w+)``", page[page.index("What was tried") :]):
        assert f"def {name}(" in ALL_TESTS or (ROOT / "tests" / f"{name}.py").exists(), name


DECIMAL = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")


@cache
def figures_of_tests(path: str) -> np.ndarray:
    """Every decimal figure in a test file and in the reference tables."""
    texts = [ROOT / path, *(ROOT / "tests" / "reference").rglob("*.csv")]
    found = {x for p in texts for x in DECIMAL.findall(p.read_text(encoding="utf-8"))}
    return np.abs([float(x) for x in found])


@pytest.mark.parametrize("row", CONVENTIONS, ids=lambda r: f"{r['quantity']}: {r['program']}")
def test_numbers_of_the_conventions_are_held_by_their_tests(row):
    """Each decimal figure of a row is in its test or in tests/reference, to the digits printed (or in per cent)."""
    known = figures_of_tests(row["test"].partition("::")[0])
    for text in DECIMAL.findall(row["number"]):
        digits = len(text.partition(".")[2])
        close = np.abs(np.outer((1, 0.01, 100), known) - abs(float(text))) <= 0.5000001 * 10.0**-digits
        assert close.any(), f"{text} is in no test and no reference table"
