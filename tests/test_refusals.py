"""Every refusal that the command line can reach is a message, said in the reader's language."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from parsed import text_of, tree_of

PACKAGE = Path(__file__).parent.parent / "exportlab"
# What of each refusal is said: how many of its arguments, or which.
SAID = {
    "DataError": (0, 1),
    "DuplicateCells": (0, 1),
    "RolesNeeded": (0, 1),
    "OptionError": (0,),
    "EngineError": (0,),
    "UnknownName": (0,),
    "MissingDependency": (2,),
}
KEYWORDS = ("problem", "remedy", "why", "purpose")
MESSAGES = {"said", "_", "after", "told", "enumerated", "in_turn", "row", "either", "counted", "Said"}
# Rooms whose refusals no command of a user's brings about, with the reason.
EMBEDDED = {
    "composite": "`claims` weighs embedded indicators; a user's own are weighed from Python alone",
    "facts": "`claims` bounds embedded facts; a user's own are stated from Python alone",
    "panel": "the report on Liaoning estimates on the embedded panel; a user's own is estimated from Python alone",
    "plots.composite": "drawn of what `composite` gives",
    "plots.panel": "drawn of what `panel` gives",
    "plots.uncertainty": "drawn of intervals, from Python alone",
    "plots.valueadded": "drawn of what `valueadded` gives",
    "valueadded.decompose": "called from Python alone: the report has no terms of exports",
    "valueadded.liaoning": "the report on Liaoning reads the embedded table; classes and shares are given from Python",
    "valueadded.noise": "called from Python alone",
    "valueadded.processing": "called from Python alone: the report splits no table",
    "valueadded.product_proxies": "called from Python alone",
    "valueadded.proxies": "called from Python alone",
    "valueadded.regions": "called from Python alone",
}
# Rooms that are called from Python alone: no command leads there.
PYTHON = (
    *("clusters", "convergence", "partial", "space"),
    *("indices.agglomeration", "indices.complementarity", "indices.constant_share", "indices.dynamics"),
    *(
        "indices.intra_industry",
        "indices.location",
        "indices.margins",
        "indices.partners",
        "indices.survival",
    ),
    *(
        "indices.transitions",
        "plots.clusters",
        "plots.convergence",
        "plots.interactive",
        "plots.space",
        "risk.concentrated",
    ),
    *("risk.demand", "risk.dependence", "risk.instability", "risk.shocks", "risk.stress", "risk.tails"),
    *("uncertainty.mirror", "uncertainty.ranks", "uncertainty.resampled"),
)
REFUSES = re.compile(rf"\b({'|'.join(SAID)})\(")


def room(path: Path) -> str:
    """The dotted name of a module within the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def within(name: str, rooms: Iterable[str]) -> bool:
    """Whether a module is one of the rooms, or stands in one."""
    return any(name == r or name.startswith(f"{r}.") for r in rooms)


TEXTS = {
    p: text_of(p)
    for p in sorted(PACKAGE.rglob("*.py"))
    if p.name not in ("errors.py", "_build.py") and not within(room(p), (*EMBEDDED, *PYTHON))
}


class Module:
    """A module: its functions, what its constants are, and every call with the innermost function that holds it."""

    def __init__(self, tree: ast.Module) -> None:
        self.functions: dict[str, ast.FunctionDef] = {}
        self.calls: list[tuple[ast.FunctionDef | None, ast.Call]] = []
        self._look(tree, None)
        self.constants = values(s for s in tree.body if isinstance(s, (ast.Assign, ast.AnnAssign)))
        lines = (
            n
            for n in tree.body
            if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("exportlab.")
        )
        self.imported = {a.asname or a.name: (n.module or "", a.name) for n in lines for a in n.names}

    def _look(self, node: ast.AST, inside: ast.FunctionDef | None) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef):
                self.functions[child.name] = child
                self._look(child, child)
                continue
            if isinstance(child, ast.Call):
                self.calls.append((inside, child))
            self._look(child, inside)

    def function(self, name: str) -> tuple[Module, ast.FunctionDef] | None:
        """A function of the module, or one that it imports by name."""
        if name in self.functions:
            return self, self.functions[name]
        where, own = self.imported.get(name, ("", ""))
        path = PACKAGE.parent / f"{where.replace('.', '/')}.py"
        other = module_of(path) if path in TEXTS else None
        return (other, other.functions[own]) if other is not None and own in other.functions else None

    def says(self, node: ast.expr, inside: ast.FunctionDef | None) -> bool:
        """Whether an expression is a message, or a name for one."""
        if isinstance(node, ast.Name) and inside is not None:
            return any(
                self.says(v, None) for v in locals_of(inside).get(node.id, ()) if not isinstance(v, ast.Name)
            )
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        return name in MESSAGES - {"_"} or self.gives(name) in ("Said", "Text")

    def gives(self, name: str) -> str:
        """What a function gives, as it is annotated."""
        found = self.function(name)
        return "" if found is None or found[1].returns is None else ast.unparse(found[1].returns)


@cache
def module_of(path: Path) -> Module:
    """A module, read once."""
    return Module(tree_of(path))


def values(body: Iterable[ast.stmt]) -> dict[str, list[ast.expr]]:
    """Each name with what is assigned to it, in statements and those below."""
    found: dict[str, list[ast.expr]] = {}
    for node in (n for statement in body for n in ast.walk(statement)):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and value is not None:
            for target in targets:
                pairs = [(target, value)]
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    pairs = list(zip(target.elts, value.elts, strict=False))
                for name, each in pairs:
                    if isinstance(name, ast.Name):
                        found.setdefault(name.id, []).append(each)
    return found


@cache
def locals_of(function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    """What is assigned in a function."""
    return values(function.body)


def called(node: ast.AST) -> str:
    """The name of what is called, without its module or object."""
    function = node.func if isinstance(node, ast.Call) else None
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def literal(node: ast.expr) -> str:
    """The text of a constant, or that between the values of an f-string."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return " ".join(p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str))


def finished(node: ast.expr | None, module: Module, inside: ast.FunctionDef | None) -> Iterator[ast.AST]:
    """The text in what is said that is no message: a literal, an f-string, a sum of texts, a function of text."""
    if called(node) in MESSAGES:
        return
    if isinstance(node, (ast.Constant, ast.JoinedStr)):
        if literal(node).strip():
            yield node
    elif isinstance(node, ast.BinOp) or called(node) in ("str", "join", "format", "repr"):
        yield node
    elif isinstance(node, ast.IfExp):
        yield from finished(node.body, module, inside)
        yield from finished(node.orelse, module, inside)
    elif isinstance(node, ast.BoolOp):
        for each in node.values:
            yield from finished(each, module, inside)
    elif isinstance(node, ast.Starred):
        yield from finished(node.value, module, inside)
    elif isinstance(node, ast.Tuple):
        for each in node.elts:
            yield from finished(each, module, inside)
    elif isinstance(node, ast.Call) and re.search(r"\bstr\b", module.gives(called(node))):
        yield node
    elif isinstance(node, ast.Name):
        yield from _named(node, module, inside)


def _named(node: ast.Name, module: Module, inside: ast.FunctionDef | None) -> Iterator[ast.AST]:
    if inside is not None:
        arguments = inside.args
        given = {
            a.arg: a.annotation for a in (*arguments.args, *arguments.kwonlyargs, *arguments.posonlyargs)
        }
        if node.id in given:
            hint = given[node.id]
            if hint is not None and ast.unparse(hint).strip() in ("str", "str | None"):
                yield node
            return
    local = locals_of(inside) if inside is not None else {}
    for value in local.get(node.id, module.constants.get(node.id, [])):
        if not (isinstance(value, ast.Name) and value.id == node.id):
            yield from finished(value, module, inside)


def unsaid(module: Module) -> list[str]:
    """Where a module refuses in text that is no message."""
    found = []
    for inside, call in module.calls:
        places = SAID.get(called(call))
        if places is None:
            continue
        said = [a for n, a in enumerate(call.args) if n in places or isinstance(a, ast.Starred)]
        said += [k.value for k in call.keywords if k.arg in KEYWORDS]
        wrong = [w for a in said for w in finished(a, module, inside)]
        first = [k.value for k in call.keywords if k.arg == "first"]
        wrong += [w for f in first for w in ([f] if wordy(f) else english(f, module, inside))]
        found += [f"{w.lineno} {ast.unparse(w)[:90]}" for w in wrong]
    return found


def wordy(node: ast.expr) -> bool:
    """Whether an f-string has words of its own, not only names of columns (`year=2020`)."""
    return isinstance(node, ast.JoinedStr) and bool(re.search(r"[A-Za-z]{2,}(?![\w=])", literal(node)))


PHRASE = re.compile(r"^(?!pip |exportlab ).*?\b[a-z]{2,} [a-z]{2,}\b")  # what is typed is no phrase


def spoilt(module: Module) -> list[str]:
    """Where a message is finished in English before it is said: in an f-string, a join, or a phrase that fills it."""
    found = []
    for inside, call in module.calls:
        if isinstance(call.func, ast.Name) and call.func.id in MESSAGES:
            wrong = [w for k in call.keywords for w in english(k.value, module, inside)]
            found += [f"{w.lineno} {ast.unparse(w)[:90]}" for w in wrong]
    return found


def english(
    node: ast.expr, module: Module, inside: ast.FunctionDef | None, deep: int = 3
) -> Iterator[ast.expr]:
    """The phrases, and the messages put into text, of which a part of a message is made."""
    if isinstance(node, (ast.Constant, ast.JoinedStr)) and PHRASE.match(literal(node).strip()):
        yield node
    yield from (node for each in mixed(node) if module.says(each, inside))
    below: list[tuple[ast.expr, ast.FunctionDef | None]] = []
    if isinstance(node, ast.IfExp):
        below = [(node.body, inside), (node.orelse, inside)]
    elif isinstance(node, ast.Name) and inside is not None:
        below = [(value, inside) for value in locals_of(inside).get(node.id, ())]
    elif isinstance(node, ast.Call) and module.gives(called(node)) == "str":
        module, made = module.function(called(node)) or (module, inside)
        below = [(r.value, made) for r in ast.walk(made) if isinstance(r, ast.Return) and r.value is not None]
    elif called(node) == "join" and isinstance(node, ast.Call):
        below = [(each, inside) for each in mixed(node)]
    for each, where in below if deep else ():
        yield from english(each, module, where, deep - 1)


def mixed(node: ast.expr) -> Iterator[ast.expr]:
    """What is put into text: the values of an f-string, what is joined, what becomes a `str`."""
    if isinstance(node, ast.JoinedStr):
        yield from (v.value for v in node.values if isinstance(v, ast.FormattedValue))
    elif isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    elif called(node) in ("str", "join", "repr") and isinstance(node, ast.Call):
        for given in node.args:
            yield given.elt if isinstance(given, (ast.GeneratorExp, ast.ListComp)) else given


def where(check: Callable[[Module], list[str]], holds: Callable[[str], object]) -> list[str]:
    """What a check finds in the rooms that a command reaches."""
    return [f"{room(p)}:{w}" for p, text in TEXTS.items() if holds(text) for w in check(module_of(p))]


def test_every_refusal_a_command_reaches_is_a_message():
    assert where(unsaid, REFUSES.search) == []


def test_nothing_is_finished_in_english_before_it_is_said():
    assert where(spoilt, re.compile(r"\bsaid\(").search) == []


def test_rooms_called_from_python_alone_are_led_to_by_no_other():
    """A room that comes to be used by a command has to speak the reader's language too."""
    used = re.compile(rf"from exportlab\.({'|'.join(map(re.escape, PYTHON))})(?:\.\w+)* import")
    lazily = ("__init__.py", "results.py")
    typed = re.compile(r"if TYPE_CHECKING:\n(?:(?: {4}.*)?\n)*")  # what only a type checker reads
    found = {room(p): used.findall(typed.sub("", t)) for p, t in TEXTS.items() if p.name not in lazily}
    assert {name: rooms for name, rooms in found.items() if rooms} == {}


HELPERS = """
ALLOWED = "One of three."
def words(x) -> str:
    return f"{x} and no more"
def message(x) -> Said:
    return said("{x}", x=x)
def refuse(problem: str, other: Said, n: int):
    left = f"{n} rows"
"""


@pytest.mark.parametrize(
    "line",
    [
        "raise OptionError('no')",
        "raise OptionError(f'{n} rows')",
        "raise OptionError(left)",
        "raise OptionError(problem)",
        "raise OptionError(words(n))",
        "raise OptionError(str(said('no')))",
        "raise OptionError(said('no') if n else 'yes')",
        "raise DataError(said('no'), ALLOWED)",
        "raise DataError(said('no') + said('yes'), other)",
        "raise DataError(other, other, first=f'row {n}')",
        "raise DataError(other, other, first=words(n))",
        "raise DataError(remedy='no', problem=other)",
        "return UnknownName('column', n, [])",
        "raise MissingDependency('x', 'y', f'reading {n}')",
    ],
)
def test_a_refusal_in_text_is_found(line):
    assert len(unsaid(Module(ast.parse(f"{HELPERS}    {line}")))) >= 1


@pytest.mark.parametrize(
    "line",
    [
        "x = said('{a}', a=f'{message(n)}')",
        "x = said('{a}', a=str(said('no')))",
        "x = said('{a}', a='; '.join(message(i) for i in n))",
        "x = said('{a}', a=words(n))",
        "x = said('{a}', a='or no more' if n else '')",
        "no = said('no'); x = said('{a}', a=f'{no} {n}')",
    ],
)
def test_english_within_a_message_is_found(line):
    assert len(spoilt(Module(ast.parse(f"{HELPERS}    {line}")))) == 1


def test_messages_pass():
    lines = (
        "raise DataError(other, said('{a} of {n}', a=message(n), n=f'{n:,}'), first=f'year={n!r}')",
        "raise DataError(*error.messages, rows=n, first=repr(n))",
        "raise OptionError(said('no') if n else other)",
    )
    module = Module(ast.parse(HELPERS + "".join(f"    {line}\n" for line in lines)))
    assert (unsaid(module), spoilt(module)) == ([], [])
