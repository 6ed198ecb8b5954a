"""What a forge and an index need says the same everywhere, and the manual is found by the words people use."""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path

import pytest

import exportlab as xl

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOCS = ROOT / "docs"
_REQUIREMENT = re.compile(r"^([\w.-]+)\s*>=\s*([\d.]+)")


def text(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def test_one_version_everywhere():
    version = xl.__version__
    assert PROJECT["version"] == version
    assert f"\nversion: {version}\n" in text("CITATION.cff")
    assert f'set version = "{version}"' in text("recipe", "meta.yaml")
    assert f"\n{version} (" in text("docs", "changelog.rst")


def test_the_recipe_needs_what_the_package_needs():
    """Two libraries have another name on conda, without what they pull in beside."""
    named = {"matplotlib": "matplotlib-base", "seaborn": "seaborn-base"}
    core = dict(_REQUIREMENT.match(line).groups() for line in PROJECT["dependencies"])
    run = text("recipe", "meta.yaml").split("  run:\n")[1].split("\ntest:")[0]
    recipe = dict(re.findall(r"- ([\w-]+) >=([\d.]+)", run))
    assert recipe.pop("python") == PROJECT["requires-python"].removeprefix(">=")
    assert recipe == {named.get(name, name): least for name, least in core.items()}


def test_each_library_of_the_core_says_what_it_buys():
    core = {_REQUIREMENT.match(line)[1] for line in PROJECT["dependencies"]}
    table = text("docs", "support.rst").split("What each dependency")[1].split("Releases")[0]
    assert {row.split()[0] for row in table.splitlines() if re.match(r"[a-z_0-9]+ +\d+ ", row)} == core


def test_the_forge_tests_every_python_that_is_declared():
    declared = sorted(
        c.rpartition(" ")[2] for c in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d", c)
    )
    tests = text(".github", "workflows", "tests.yml")
    assert re.findall(r'"(3\.\d+)"', tests.split("include:")[0]) == declared
    for system in ("ubuntu", "macos", "windows"):
        assert f"{system}-latest" in tests
    for step in ("make lowest", "make lint types docs", "make dist"):
        assert step in tests
    release = text(".github", "workflows", "release.yml")
    assert "id-token: write" in release
    assert "secrets." not in release


def test_addresses_are_the_same_everywhere():
    home = PROJECT["urls"]["Homepage"]
    assert all(address.startswith(home) for address in PROJECT["urls"].values())
    assert f'repository-code: "{home}"' in text("CITATION.cff")
    assert f"home: {home}\n" in text("recipe", "meta.yaml")


@pytest.mark.parametrize("name", ["fault", "indicator", "file"])
def test_templates_ask_for_something(name):
    made = text(".github", "ISSUE_TEMPLATE", f"{name}.yml")
    assert re.match(r"name: .+\ndescription: .+\n", made)
    assert made.count("  - type: textarea") == made.count("    id: ") >= 2
    assert "required: true" in made


# ---- the manual ------------------------------------------------------------------------------------------

WANTED = {
    "treemap": "how-to-pictures",
    "months": "how-to-periods",
    "wide": "how-to-wide-tables",
    "currencies": "how-to-money",
    "names": "how-to-names",
    "stata": "how-to-from-stata",
    "pyfixest": "how-to-from-pyfixest",
    "excel": "how-to-from-excel",
}


@pytest.mark.parametrize(("word", "page"), WANTED.items())
def test_a_page_has_in_its_title_the_word_that_is_searched_for(word, page):
    title = text("docs", f"{page}.rst").splitlines()[0]
    assert word in title.lower()


LANDINGS = ("tutorials", "how-to", "explanation", "reference", "project")


def pages_of(landing: str) -> set[str]:
    return set(re.findall(r":doc:`(?:[^`<]*<)?([\w/-]+)>?`", text("docs", f"{landing}.rst")))


def test_every_page_is_on_a_landing_page():
    listed = set().union(*map(pages_of, LANDINGS))
    made = {"sg_execution_times"}  # by the gallery, where the manual was built
    assert {p.stem for p in DOCS.glob("*.rst")} - {"index", *LANDINGS, *made} <= listed


@pytest.mark.parametrize("landing", LANDINGS)
def test_each_card_has_a_sentence(landing):
    cards = text("docs", f"{landing}.rst").split(".. container:: one-card")[1:]
    assert len(cards) > 3
    for card in cards:
        name, sentence = [line.strip() for line in card.split(".. toctree")[0].splitlines() if line.strip()][
            :2
        ]
        assert name.startswith(":doc:`")
        assert sentence[-1] in ".。", card


def test_links_of_llms_lead_somewhere():
    links = re.findall(r"\]\(([\w/-]+)\.html\)", text("docs", "llms.txt"))
    assert len(links) > 10
    generated = {"generated/indicators", "generated/errors", "generated/conventions", "generated/glossary"}
    assert [n for n in links if n not in generated and not (DOCS / f"{n}.rst").exists()] == []


def test_the_glossary_names_what_there_is():
    with (DOCS / "glossary.csv").open(encoding="utf-8", newline="") as file:
        terms = list(csv.DictReader(file))
    assert len({t["chinese"] for t in terms}) == len(terms) > 25
    for term in terms:
        assert not term["chinese"].isascii()
        if term["name"].startswith("xl."):
            made = xl
            for name in term["name"].split(".")[1:]:
                made = getattr(made, name)
