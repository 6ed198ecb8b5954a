"""No test has a bound of time of its own: what takes long on a busy machine is no fault."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = sorted(Path(__file__).parent.glob("*.py"))
BOUNDS = {"timeout", "timeout_seconds", "deadline"}
CLOCKS = {"sleep", "monotonic", "perf_counter", "process_time", "set_default_timeout", "setDefaultTimeout"}


def bounds(source: str) -> list[str]:
    """Bounds of time and clocks in a module, save those that come from `patience`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg in BOUNDS:
            found.append(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            found.append(node)
    return [text for n in found if "patience.SECONDS" not in (text := ast.unparse(n))]


@pytest.mark.parametrize("path", TESTS, ids=lambda p: p.name)
def test_bounds_of_time_stand_in_one_place(path):
    kept = path.name in ("patience.py", "conftest.py")  # the bound itself; no deadline for Hypothesis
    assert kept or bounds(path.read_text(encoding="utf-8")) == []


def test_the_rule_catches_a_bound():
    assert bounds("subprocess.run(['x'], timeout=60)") == ["60"]
    assert bounds("@settings(deadline=200)\ndef f(): pass") == ["200"]
    assert bounds("time.sleep(1)\nassert time.monotonic() < 5") == ["time.sleep(1)", "time.monotonic()"]
    assert bounds("run(timeout=1000 * patience.SECONDS)") == []
