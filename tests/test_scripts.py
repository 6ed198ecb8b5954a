"""Scripts that no test runs (benchmarks) or that only some machines run (Spark): what they name is there."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted([*(ROOT / "benchmarks").glob("*.py"), *(ROOT / "examples").glob("*.py")])


def named(tree: ast.AST) -> dict[str, object]:
    """Every name of a script that stands for something of the package; what is not there raises."""
    found: dict[str, object] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "exportlab":
            module = import_module(node.module or "")
            for name in node.names:
                if not hasattr(module, name.name):
                    import_module(f"{node.module}.{name.name}")
                found[name.asname or name.name] = getattr(module, name.name)
        elif isinstance(node, ast.Import):
            found |= {
                n.asname or n.name: import_module(n.name)
                for n in node.names
                if n.name.split(".")[0] == "exportlab"
            }
    return found


def offences(tree: ast.AST) -> list[str]:
    """Attributes that are not there, and options that a function does not take."""
    known, wrong = named(tree), []

    def meant(node: ast.expr) -> object:
        if isinstance(node, ast.Name):
            return known.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = meant(node.value)
            if inspect.ismodule(owner) or inspect.isclass(owner):
                if hasattr(owner, node.attr):
                    return getattr(owner, node.attr)
                wrong.append(f"line {node.lineno}: {ast.unparse(node)}")
        return None

    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            meant(node)
        if isinstance(node, ast.Call) and callable(called := meant(node.func)):
            taken = inspect.signature(called).parameters.values()
            if all(p.kind is not p.VAR_KEYWORD for p in taken):
                names = {p.name for p in taken}
                wrong += [
                    f"line {node.lineno}: {ast.unparse(node.func)}({k.arg}=)"
                    for k in node.keywords
                    if k.arg and k.arg not in names
                ]
    return wrong


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_what_a_script_names_is_there(script):
    assert offences(ast.parse(script.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "import exportlab as xl\nxl.flows(table, marketplace='j')",
        "import exportlab as xl\nxl.concentrate(f)",
        "from exportlab.panel import PolicyPanel\nPolicyPanel.attt",
    ],
)
def test_what_is_not_there_is_found(text):
    assert offences(ast.parse(text))


@pytest.mark.parametrize(
    "text", ["from exportlab.panel.clustered import fit", "from exportlab import nothing"]
)
def test_an_import_that_leads_nowhere_is_found(text):
    with pytest.raises(ImportError):
        offences(ast.parse(text))
