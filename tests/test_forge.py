"""What a forge, a package index and conda run: files that parse, and steps whose targets, extras and commands exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def parsed(path: Path) -> Any:
    """A file of YAML; a recipe's Jinja stands as its text."""
    text = re.sub(r"^\{%.*%\}$", "", path.read_text(encoding="utf-8"), flags=re.M)
    return yaml.safe_load(re.sub(r"\{\{ (\w+) \}\}", r"\1", text))


def jobs():
    return [(f.name, name, job) for f in WORKFLOWS for name, job in parsed(f)["jobs"].items()]


def steps():
    return [(f"{file} {name}", job, step) for file, name, job in jobs() for step in job["steps"]]


def test_a_workflow_says_when_it_runs_and_what_it_may():
    for path in WORKFLOWS:
        flow = parsed(path)
        assert flow["name"] == path.stem
        assert set(flow[True])  # `on:` is a truth to YAML 1.1
        assert flow["permissions"] == {"contents": "read"}
    assert set(parsed(WORKFLOWS[0])[True]["push"]) == {"tags"}  # a release is a tag


@pytest.mark.parametrize(("file", "name", "job"), jobs(), ids=lambda x: x if isinstance(x, str) else "")
def test_a_job_has_a_machine_and_waits_for_jobs_that_exist(file, name, job):
    waits = job.get("needs", [])
    others = {other for of, other, _ in jobs() if of == file}
    assert {waits} if isinstance(waits, str) else set(waits) <= others - {name}
    matrix = job.get("strategy", {}).get("matrix", {})
    systems = [*matrix.get("os", []), *(one["os"] for one in matrix.get("include", []))] or [job["runs-on"]]
    assert set(systems) <= {"ubuntu-latest", "macos-latest", "windows-latest"}


@pytest.mark.parametrize(("where", "job", "step"), steps(), ids=lambda x: x if isinstance(x, str) else "")
def test_a_step_runs_what_there_is(where, job, step):
    """Actions have a version; targets of make and extras exist; a version of Python is text, or 3.10 is 3.1."""
    assert ("uses" in step) != ("run" in step)
    assert re.fullmatch(r"[\w./-]+@(v\d+|release/v\d+)", step.get("uses", "x@v1"))
    command = step.get("run", "")
    for targets in re.findall(r"^make (.+)$", command, re.M):
        assert [t for t in targets.split() if not re.search(rf"^{t}:", MAKEFILE, re.M)] == []
    for extras in re.findall(r"\.\[([\w,]+)\]", command):
        assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    python = step.get("with", {}).get("python-version", "3.12")
    matrix = job.get("strategy", {}).get("matrix", {})
    asked = [*matrix.get("python", []), *(one["python"] for one in matrix.get("include", []))]
    declared = {c.rpartition(" ")[2] for c in PROJECT["classifiers"]}
    assert set(asked if "matrix" in python else [python]) <= declared


def test_the_release_is_the_version_that_is_tagged():
    """The line that the release looks for is the line of pyproject.toml."""
    tag = next(step["run"] for _, _, step in steps() if step.get("name") == "The tag is the version")
    wanted = re.search(r'"(version = \\".*\\")"', tag)[1].replace("\\", "")
    line = wanted.replace("${GITHUB_REF_NAME#v}", PROJECT["version"])
    assert (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines().count(line) == 1


def test_makes_targets_run_what_there_is():
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.M)[1].split()
    assert set(phony) == set(re.findall(r"^([a-z]+):", MAKEFILE, re.M))
    for extras in re.findall(r"\.\[([\w,]+)\]", MAKEFILE):
        assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    named = re.findall(
        r"(?:-c |build/bin/python |\.venv/bin/python )?((?:benchmarks|\.ci|constraints)[\w./-]+)", MAKEFILE
    )
    assert [n for n in named if not (ROOT / n).exists()] == []


def test_the_recipe_builds_and_tries_the_package():
    recipe = parsed(ROOT / "recipe" / "meta.yaml")
    assert list(recipe) == ["package", "source", "build", "requirements", "test", "about"]
    assert recipe["package"]["name"] == PROJECT["name"]
    assert (ROOT / "recipe" / recipe["source"]["path"]).resolve() == ROOT
    scripts = [f"{name} = {target}" for name, target in PROJECT["scripts"].items()]
    assert recipe["build"]["entry_points"] == scripts
    assert set(PYPROJECT["build-system"]["requires"]) <= set(recipe["requirements"]["host"])
    assert recipe["about"]["license"] == PROJECT["license"]
    assert (ROOT / recipe["about"]["license_file"]).exists()


def test_commands_of_the_recipe_and_of_the_trial_are_understood():
    """Every command that is run where nobody looks is one of the program's, with options that it has."""
    import typer.main

    from exportlab.cli.commands import app

    group = typer.main.get_command(app)
    known = {name: {o for p in c.params for o in p.opts} for name, c in group.commands.items()}
    lines = [
        *parsed(ROOT / "recipe" / "meta.yaml")["test"]["commands"],
        *(ROOT / ".ci" / "installed").read_text().splitlines(),
    ]
    tried = [line.split() for line in lines if line.strip().startswith("exportlab ")]
    assert {words[1] for words in tried} >= {"report", "measure", "indicators", "claims", "data", "doctor"}
    for _, command, *words in tried:
        if command != "--version":
            options = {w.partition("=")[0] for w in words if w.startswith("-")}
            assert options <= known[command], (command, options)


@pytest.mark.parametrize(
    "name",
    ["dependabot.yml", "ISSUE_TEMPLATE/fault.yml", "ISSUE_TEMPLATE/file.yml", "ISSUE_TEMPLATE/indicator.yml"],
)
def test_other_files_of_the_forge_parse(name):
    made = parsed(ROOT / ".github" / name)
    if "body" in made:
        fields = [field for field in made["body"] if field["type"] != "markdown"]
        assert len({field["id"] for field in fields}) == len(fields)
        assert all(field["attributes"]["label"] for field in fields)
    else:
        assert [(u["package-ecosystem"], u["directory"]) for u in made["updates"]] == [
            ("github-actions", "/")
        ]


def test_the_citation_parses():
    cited = parsed(ROOT / "CITATION.cff")
    assert cited["title"].startswith(PROJECT["name"]) or PROJECT["name"] in cited["title"]
    assert cited["license"] == PROJECT["license"]
    assert str(cited["version"]) == PROJECT["version"]
