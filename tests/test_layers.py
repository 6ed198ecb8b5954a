"""Imports run one way, importing is light, and frames are used only through operations proved on every engine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from parsed import called, nodes_of, text_of, tree_of

import exportlab

PACKAGE = Path(__file__).parent.parent / "exportlab"
# From the ground up: a module may import what stands in its own layer or below it.
LAYERS = [
    {"codes", "currencies", "errors", "text", "threads"},
    {"classifications", "frames", "options", "periods", "results", "sides", "words"},
    {"files", "hierarchy", "suggest", "tables.writing"},
    {"places"},
    {"adding", "audit", "datasets", "goods", "spelling", "tables.publication"},
    {"columns"},
    {"flow_table"},
    {"flows"},
    {"facts", "indices", "partial", "plots", "turned"},
    {"uncertainty", "valueadded", "panel"},
    {"findings"},
    {"composite", "risk", "space"},
    {"clusters", "convergence"},
    {"claims", "readers"},
    {"tables"},
    {"reporting"},
    {"cli", "__main__"},
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


def stub() -> list[ast.ImportFrom]:
    """The lines of the one list of public names."""
    return [n for n in tree_of(PACKAGE / "__init__.pyi").body if isinstance(n, ast.ImportFrom)]


SEAM = re.compile(r'"[ \t]*\n[ \t]*"')


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_text_holds_the_seam_of_a_wrapped_string(path):
    """A docstring wrapped as if it were two literals, `... of the "` and `"rest.`, shows the quotes to the reader."""
    texts = [n for n in nodes_of(path) if isinstance(n, ast.Constant)]
    assert [n.lineno for n in texts if isinstance(n.value, str) and SEAM.search(n.value)] == []


PUBLIC = {a.name: f"exportlab.{n.module or a.name}" for n in stub() for a in n.names}


@cache
def imports(path: Path) -> list[str]:
    """What of the package a module imports, in functions too; what only type checkers read is left out.

    `from exportlab.x import y` gives exportlab.x.y, which is a module or a name in one; a public name gives its module.
    """
    found = []
    for node in running(path):
        if isinstance(node, ast.ImportFrom):
            found += [f"{'.' * node.level}{node.module or ''}.{a.name}" for a in node.names]
        elif isinstance(node, ast.Import):
            found += [a.name for a in node.names]
        elif isinstance(node, ast.Call) and called(node).endswith("import_module"):
            found += [ast.literal_eval(a) for a in node.args if isinstance(a, ast.Constant)]
    found = [PUBLIC.get(f.removeprefix("exportlab."), f) for f in found]
    return [f for f in found if f.startswith(("exportlab.", ".")) and f != "exportlab.__version__"]


def running(path: Path) -> Iterator[ast.AST]:
    """All of a module but the bodies of `if TYPE_CHECKING:`."""
    conditions = [n for n in nodes_of(path) if isinstance(n, ast.If)]
    unread = {n for c in conditions if getattr(c.test, "id", "") == "TYPE_CHECKING" for n in ast.walk(c)}
    return (n for n in nodes_of(path) if n not in unread)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    own = layer(name_of(path))
    if name_of(path) == "exportlab":
        return
    assert own is not None, f"{name_of(path)} has no layer: add it to LAYERS"
    for used in imports(path):
        height = layer(used)
        assert height is not None, used
        assert height <= own, f"{name_of(path)} imports {used} from a higher layer"


def graph() -> dict[str, set[str]]:
    """Who imports whom, inside functions too."""
    names = {name_of(p): p for p in MODULES}
    edges: dict[str, set[str]] = {}
    for name, path in names.items():
        found = imports(path)
        used = {f if f in names else f.rpartition(".")[0] for f in found} & names.keys()
        edges[name] = used - {name, "exportlab"}
    return edges


def test_no_import_is_hidden():
    """Imports are written out: absolute, and by `import_module` only what no one could write down."""
    for path in MODULES:
        assert not [f for f in imports(path) if f.startswith(".")], f"{path}: a relative import"
        hidden = [c for c in calls(nodes_of(path), "import_module") if isinstance(c.args[0], ast.JoinedStr)]
        assert not hidden, f"{path}: {ast.unparse(hidden[0])}"


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
    text = "\n".join(text_of(p) for p in PACKAGE.rglob("*.py"))
    counts = Counter(re.findall(r"\w+", text))
    lost = [
        f"{name_of(path)}.{node.name}"
        for path in MODULES
        for node in tree_of(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and counts[node.name] < 2
        and not (node.decorator_list or node.name.startswith("__") or "plots" in path.parts)
    ]
    assert lost == []


def test_value_added_and_panel_know_nothing_of_each_other():
    for room, other in (("valueadded", "panel"), ("panel", "valueadded")):
        for path in (PACKAGE / room).glob("*.py"):
            used = imports(path)
            assert not [u for u in used if u.startswith(f"exportlab.{other}")], path


def test_import_is_light():
    heavy = "narwhals numpy pandas matplotlib seaborn statsmodels linearmodels scipy polars duckdb pyspark pyarrow"
    heavy += " rich typer jinja2"
    code = f"import sys, exportlab; print([m for m in {heavy.split()} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Rules of the proved subset: what may stand inside .agg( and .over(.
FRAME_MODULES = [p for p in MODULES if "narwhals" in text_of(p)]
PLAIN = {"sum", "min", "max", "mean", "len", "alias"}


def calls(nodes: Iterable[ast.AST], name: str) -> list[ast.Call]:
    """Calls of a method, and of a function that is not NumPy's."""
    found = [n for n in nodes if isinstance(n, ast.Call) and called(n) == name]
    return [n for n in found if not ast.unparse(n.func).startswith("np.")]


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


def violations(nodes: Iterable[ast.AST], *, windows: bool = False) -> list[str]:
    """What a module asks of a frame that some engine gets wrong; `windows` are for `frames` alone."""
    asked = [n for n in nodes if isinstance(n, ast.Call)]
    found = []
    for call in calls(asked, "agg"):
        found += [f"agg: {ast.unparse(a)}" for a in call.args if not plain(a)]
    for call in calls(asked, "over"):
        inner = call.func.value
        bottom = (
            inner.func.value
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute)
            else inner
        )
        deeper = [c for name in ("sum", "min", "max", "mean", "count") for c in calls(ast.walk(bottom), name)]
        found += [f"over: {ast.unparse(inner)}"] if deeper else []
    for call in calls(asked, "over"):
        found += [] if windows else [f"over, outside frames.py: {ast.unparse(call)}"]
    for name in ("quantile", "median", "map_batches", "rolling_sum", "pivot", "cum_sum", "shift", "top_k"):
        found += [f"{name}: {ast.unparse(c)}" for c in calls(asked, name)]
    return found


@pytest.mark.parametrize("path", FRAME_MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_frames_are_used_only_through_the_proved_subset(path):
    assert violations(nodes_of(path), windows=path == PACKAGE / "frames.py") == []


def test_the_rule_catches_what_gives_wrong_numbers():
    bad = [
        "f.group_by('k').agg(nw.when(nw.col('v') > 0).then(nw.col('v')).otherwise(0).sum())",
        "f.group_by('k').agg((nw.col('v') * 2).sum())",
        "f.group_by('k').agg(nw.sum_horizontal('a', 'b').sum())",
        "f.with_columns((nw.col('v') / nw.col('v').sum()).max().over('t'))",
        "f.select(nw.col('v').median())",
        "f.with_columns(nw.col('v').sum().over('t'))",
    ]
    assert all(violations(ast.walk(ast.parse(source))) for source in bad)
    good = "f.group_by('k').agg(nw.col('v').sum().alias('x'), *sums)"
    assert not violations(ast.walk(ast.parse(good)))


# Text and files leave through the doors that clean them and make them whole.
DOORS = {
    "text.py",
    "tables/writing.py",
    "cli/terminal.py",
    "words.py",
}  # the last writes catalogues of its own
LEAVES = {
    "write_text",
    "write_bytes",
    "to_csv",
    "echo",
    "writelines",
    "write_csv",
    "write_parquet",
}


def ways_out(nodes: Iterable[ast.AST]) -> list[str]:
    """Where a module prints, writes a file, or makes HTML of text by itself."""
    found = []
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "html":
            found.append("html.escape")
        if not isinstance(node, ast.Call):
            continue
        name = called(node)
        modes = [
            a.value for a in [*node.args, *(k.value for k in node.keywords)] if isinstance(a, ast.Constant)
        ]
        own = isinstance(node.func, ast.Name) and name == "print"
        if own or name in LEAVES or (name == "open" and any(m in ("w", "wb", "x", "xb", "a") for m in modes)):
            found.append(ast.unparse(node)[:60])
    return found


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if str(p.relative_to(PACKAGE)) not in DOORS],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_nothing_leaves_by_a_way_of_its_own(path):
    pipe = "open(os.devnull, 'w', encoding='utf-8')"
    assert [way for way in ways_out(nodes_of(path)) if way != pipe] == []


def test_the_rule_catches_ways_of_their_own():
    for bad in (
        "print(x)",
        "Path(x).write_text(y)",
        "open(p, mode='w')",
        "d.to_csv(p)",
        "from html import escape",
    ):
        assert len(ways_out(ast.walk(ast.parse(bad)))) == 1
    assert ways_out(ast.walk(ast.parse("p.open('rb')\nconsole.print(x)"))) == []


def test_rooms_are_small():
    long = {str(p.relative_to(PACKAGE)): n for p in MODULES if (n := len(text_of(p).splitlines())) > 600}
    assert long == {}


def test_every_public_name_stands_once_in_the_stub_and_is_there():
    listed = [(n.module, a.name) for n in stub() for a in n.names]
    assert all(
        a.name == a.asname for n in stub() for a in n.names
    )  # "x as x" is how a stub gives a name away
    assert sorted(name for _, name in listed) == dir(exportlab) == sorted(exportlab.__all__)
    for module, name in listed:
        home = import_module(f"exportlab.{module or name}")
        assert getattr(exportlab, name) is (getattr(home, name) if module else home)


def test_a_function_keeps_its_name_though_a_module_has_it_too():
    """What lazy_loader did otherwise before 0.6, in whatever order things are imported."""
    code = "import exportlab.indices.measure, exportlab.flows, exportlab as xl; print(xl.flows, xl.measure)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"<function flows at \w+> <function measure at \w+>", done.stdout.strip())


def test_asking_for_a_module_of_the_package_loads_no_indices():
    """Python asks `hasattr(exportlab, "audit")` before it imports the module: the answer goes round in no circle."""
    code = "import sys, exportlab; hasattr(exportlab, 'audit'); print('exportlab.indices' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("name", "words"),
    [("herfindahl", "Did you mean 'hhi'"), ("read_excel", "Did you mean 'read_flows'"), ("xyz", "$")],
)
def test_a_name_that_is_not_there(name, words):
    with pytest.raises(AttributeError, match=rf"no attribute '{name}'\. ?{words}"):
        getattr(exportlab, name)


def test_the_lowest_versions_tested_are_the_lowest_allowed():
    """constraints-lowest.txt, which `make lowest` installs, has the floor of every dependency that the tests need."""
    root = PACKAGE.parent
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    parts = [extras[name] for name in ("polars", "duckdb", "spark", "excel", "tables", "test")]
    floors = dict(d.split(">=") for d in sum(parts, project["dependencies"]) if ">=" in d)
    lines = (root / "constraints-lowest.txt").read_text().splitlines()
    tested = dict(line.split("==") for line in lines if "==" in line)
    assert {d: tested.get(d) for d in floors if not f"{tested.get(d)}.".startswith(f"{floors[d]}.")} == {}


def bodies() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function of the package, with its place."""
    for path in MODULES:
        for node in nodes_of(path):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.relative_to(PACKAGE)}:{node.name}", node


def test_functions_fit_a_screen():
    """A body has at most 40 lines, its docstring aside."""
    long = {}
    for place, function in bodies():
        body = function.body[ast.get_docstring(function) is not None :]
        lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        if lines > 40:
            long[place] = lines
    assert long == {}


def test_what_is_not_for_users_takes_records():
    """Options are keywords where a user names them; inside, more than eight values that travel are a record."""
    stubbed = {a.name for n in stub() for a in n.names}
    rooms = (
        "cli/",
        "composite/",
        "plots/",
        "facts/",
        "risk/",
        "space/",
        "clusters/",
        "convergence/",
    )  # whose functions users call, options and all
    asked = {"from_frames", "from_flows", "attach_policy", "power", "att", "wild_bootstrap", "randomization_test",
             "honest_did", "agreement", "fixed_effects", "random_effects", "ppml", "gravity", "agreement_effects",
             "frontier", "frontier_gravity", "staggered_gravity", "attach_index"}  # fmt: skip
    many = {}
    for place, function in bodies():
        taken = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        if len(taken) > 8 and function.name not in stubbed | asked and not place.startswith(rooms):
            many[place] = len(taken)
    assert many == {}
