"""Imports run one way, importing is light, and frames are used only through operations proved on every engine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "exportlab"
# From the ground up: a module may import what stands in its own layer or below it.
LAYERS = [
    {"errors", "suggest", "text"},
    {"arrays", "classifications", "frames", "notebook", "periods", "results", "workbook", "writing"},
    {"publication", "remedies"},
    {"audit", "catalogue", "columns", "member", "datasets", "plots.style"},
    {"flows"},
    {"measure"},
    {"distribution"},
    {"indices", "partial"},
    {"uncertainty", "valueadded", "panel"},
    {"claims", "readers"},
    {"plots"},
    {"reporting"},
    {"cli"},
]
HEIGHT = {name: level for level, names in enumerate(LAYERS) for name in names}
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.name not in ("_build.py",))


def layer(module: str) -> int | None:
    """The layer of 'exportlab.x.y', by its longest listed name."""
    parts = module.split(".")[1:]
    known = (HEIGHT.get(".".join(parts[:n])) for n in range(len(parts), 0, -1))
    return next((h for h in known if h is not None), None)


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST, *, late: bool) -> list[str]:
    """Package modules imported at the top of a module; with `late`, those inside functions too."""
    found = []
    nodes = ast.walk(tree) if late else ast.iter_child_nodes(tree)
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("exportlab"):
            found.append(node.module)
        elif isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.startswith("exportlab")]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    own = layer(name_of(path))
    if name_of(path) == "exportlab":
        return
    assert own is not None, f"{name_of(path)} has no layer: add it to LAYERS"
    for used in imports(ast.parse(path.read_text()), late=False):
        height = layer(used)
        assert used == "exportlab" or height is not None, used
        assert used == "exportlab" or height <= own, f"{name_of(path)} imports {used} from a higher layer"


# The two classes of results that the user goes on asking: each method calls the function of its name, which works on
# the class. These calls, the catalogue's filling itself and a result's picture are the only ways back up.
VERBS = {"exportlab.panel.door", "exportlab.panel.estimate", "exportlab.catalogue"}


def graph() -> dict[str, set[str]]:
    """Who imports whom, inside functions too; imports for type checkers, verbs and pictures left out."""
    names = {name_of(p): p for p in MODULES}
    edges: dict[str, set[str]] = {}
    for name, path in names.items():
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                node.body = []
        nodes = ast.iter_child_nodes(tree) if name in VERBS else ast.walk(tree)
        found = {
            f"{n.module}.{a.name}"
            for n in nodes
            if isinstance(n, ast.ImportFrom) and n.module
            for a in n.names
        }
        used = {f if f in names else f.rpartition(".")[0] for f in found} & names.keys()
        edges[name] = {u for u in used - {name, "exportlab"} if layer(u) != layer("exportlab.plots")}
    return edges


def test_no_circle():
    edges, done, way = graph(), set(), []

    def visit(name: str) -> None:
        assert name not in way, f"a circle of imports: {' -> '.join([*way[way.index(name) :], name])}"
        if name not in done:
            way.append(name)
            for used in sorted(edges[name]):
                visit(used)
            way.pop()
            done.add(name)

    for name in edges:
        visit(name)


def test_everything_is_called_or_public():
    """A function that no other place names is either offered to users (in some __all__) or deleted."""
    text = "\n".join(p.read_text() for p in PACKAGE.rglob("*.py"))
    counts = Counter(re.findall(r"\w+", text))
    lost = [
        f"{name_of(path)}.{node.name}"
        for path in MODULES
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and counts[node.name] < 2
        and not (node.decorator_list or node.name.startswith("__") or "plots" in path.parts)
    ]
    assert lost == []


def test_value_added_and_panel_know_nothing_of_each_other():
    for room, other in (("valueadded", "panel"), ("panel", "valueadded")):
        for path in (PACKAGE / room).glob("*.py"):
            used = imports(ast.parse(path.read_text()), late=True)
            assert not [u for u in used if u.startswith(f"exportlab.{other}")], path


def test_import_is_light():
    heavy = "pandas matplotlib seaborn statsmodels linearmodels scipy polars duckdb pyspark pyarrow rich typer jinja2"
    code = f"import sys, exportlab; print([m for m in {heavy.split()} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Rules of the proved subset: what may stand inside .agg( and .over(.
FRAME_MODULES = [p for p in MODULES if "narwhals" in p.read_text()]
PLAIN = {"sum", "min", "max", "mean", "len", "alias"}


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == name
    ]


def plain(node: ast.expr) -> bool:
    """col(name).sum() and its like, possibly renamed: no arithmetic, no nested call, no condition."""
    if isinstance(node, ast.Starred):
        return isinstance(node.value, ast.Name) or (
            isinstance(node.value, ast.GeneratorExp | ast.ListComp) and plain(node.value.elt)
        )
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PLAIN:
        node = node.func.value
    if isinstance(node, ast.Name):
        return node.id == "nw"
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "col"


def violations(source: str) -> list[str]:
    tree, found = ast.parse(source), []
    for call in calls(tree, "agg"):
        found += [f"agg: {ast.unparse(a)}" for a in call.args if not plain(a)]
    for call in calls(tree, "over"):
        inner = call.func.value
        bottom = (
            inner.func.value
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute)
            else inner
        )
        deeper = [c for name in ("sum", "min", "max", "mean", "count") for c in calls(bottom, name)]
        found += [f"over: {ast.unparse(inner)}"] if deeper else []
    for name in ("quantile", "median", "map_batches", "rolling_sum", "pivot", "cum_sum", "shift", "top_k"):
        found += [f"{name}: {ast.unparse(c)}" for c in calls(tree, name)]
    return found


@pytest.mark.parametrize("path", FRAME_MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_frames_are_used_only_through_the_proved_subset(path):
    assert violations(path.read_text()) == []


def test_the_rule_catches_what_gives_wrong_numbers():
    bad = [
        "f.group_by('k').agg(nw.when(nw.col('v') > 0).then(nw.col('v')).otherwise(0).sum())",
        "f.group_by('k').agg((nw.col('v') * 2).sum())",
        "f.group_by('k').agg(nw.sum_horizontal('a', 'b').sum())",
        "f.with_columns((nw.col('v') / nw.col('v').sum()).max().over('t'))",
        "f.select(nw.col('v').median())",
    ]
    assert all(violations(source) for source in bad)
    assert not violations("f.group_by('k').agg(nw.col('v').sum().alias('x'), *sums)")


def test_rooms_are_small():
    long = {str(p.relative_to(PACKAGE)): n for p in MODULES if (n := len(p.read_text().splitlines())) > 600}
    assert long == {}


def test_every_public_name_is_there_and_typed():
    import exportlab

    source = (PACKAGE / "__init__.py").read_text()
    typed = {a.name for n in ast.walk(ast.parse(source)) if isinstance(n, ast.ImportFrom) for a in n.names}
    for name in exportlab.__all__:
        assert getattr(exportlab, name) is not None
        assert name in typed, f"{name} is missing under TYPE_CHECKING"
    assert set(exportlab._LATE) <= set(exportlab.__all__)


@pytest.mark.parametrize(
    ("name", "words"),
    [("herfindahl", "Did you mean 'hhi'"), ("read_excel", "Did you mean 'read_flows'"), ("xyz", "$")],
)
def test_a_name_that_is_not_there(name, words):
    import exportlab

    with pytest.raises(AttributeError, match=rf"no attribute '{name}'\. ?{words}"):
        getattr(exportlab, name)
