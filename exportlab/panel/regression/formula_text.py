"""The text of a formula: its two sides, its terms, and which columns they name. No text of it is ever run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exportlab.errors import OptionError, short
from exportlab.panel.regression.formula_functions import FUNCTIONS

_MARKS = re.compile(r"\x1b\[[\d;]*m|[⧛⧚]")
LONGEST, DEEPEST, HIGHEST, MOST = 50_000, 200, 10, 2_000  # characters, nested steps, power of terms, terms
_STEPS = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr,
    ast.UAdd, ast.USub, ast.Invert, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip
_NODES = (
    ast.Expression, ast.Constant, ast.Name, ast.Attribute, ast.UnaryOp, ast.BinOp, ast.Compare, ast.Call,
    ast.keyword, ast.List, ast.Tuple, ast.Load, *_STEPS,
)  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """A factor that is more than a column: its text, the tree of it, and the columns behind the tree's names."""

    text: str
    tree: ast.expr
    quoted: Mapping[str, str]

    @property
    def columns(self) -> list[str]:
        """The columns it names, in their order."""
        return list(dict.fromkeys(name for name in self._names(self.tree)))

    def column(self, node: ast.expr) -> str:
        """The column that a name stands for; a dotted name is one column's."""
        written = ast.unparse(node)
        return self.quoted.get(written, written)

    def _names(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and not contrast(node)):
            yield self.column(node)
        elif not isinstance(node, ast.Attribute):
            parts = [*node.args, *node.keywords] if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
            for part in parts:
                yield from self._names(part)


@dataclass(frozen=True)
class Side:
    """One side of a formula: formulaic's terms, its plain columns, and the expressions among its factors."""

    text: str
    terms: Any
    plain: tuple[str, ...]
    expressions: tuple[Expression, ...]

    @property
    def columns(self) -> list[str]:
        """The columns that the side names."""
        return sorted({*self.plain, *(c for e in self.expressions for c in e.columns)})


def contrast(node: ast.expr) -> str | None:
    """The name of a coding of categories, ``contr.sum``, or None."""
    written = ast.unparse(node).removeprefix("np.")
    return written if written.startswith("contr.") and written in FUNCTIONS else None


def sides(formula: object) -> tuple[str, str]:
    """What stands before and after the one ``~`` that no quotes and no brackets hold."""
    from formulaic.parser.algos.tokenize import tokenize

    said = f"formula={short(repr(formula), 200)} is not allowed. Write 'outcome ~ x1 + x2'"
    if not isinstance(formula, str):
        raise OptionError(f"{said}.")
    if len(formula) > LONGEST:
        raise OptionError(f"A formula of {len(formula):,} characters is not read; {LONGEST:,} are the most.")
    operators = [t for t in _spoken(formula, lambda: tokenize(formula)) if t.kind is t.Kind.OPERATOR]
    places = [
        place for t in operators if formula[t.source_start] != "%"
        for place in range(t.source_start, t.source_end + 1) if formula[place] in "~|"
    ]  # fmt: skip
    if len(places) != 1 or formula[places[0]] != "~":
        raise OptionError(f"{said}; effects and clusters are options.")
    left, right = formula[: places[0]].strip(), formula[places[0] + 1 :].strip()
    if not left or not right:
        raise OptionError(f"{said}.")
    return left, right


def parse(text: str, *, constant: bool = False) -> Side:
    """Read one side of a formula, with a constant before it where it is asked for.

    formulaic cuts the text into operators, columns and expressions; of each expression the syntax tree is looked
    at, and anything but the steps that `exportlab.panel.regression.formula_value` knows is refused.
    """
    from formulaic import Formula
    from formulaic.parser import DefaultFormulaParser

    parser, written = DefaultFormulaParser(include_intercept=False), f"1 + {text}" if constant else text
    tokens = _spoken(text, lambda: parser.parse(written, target="tokens"))
    found = {t.token: _expression(t.token) for t in tokens if t.kind is t.Kind.PYTHON}
    others = found.keys() | {t.token for t in tokens if t.kind is t.Kind.VALUE}
    both = sorted({t.token for t in tokens if t.kind is t.Kind.NAME} & others)
    if both:  # formulaic takes them for one
        raise OptionError(f"{both[0]!r} is a column and more in {short(text, 200)!r}: rename the column.")
    _refuse_many(text, _spoken(text, lambda: [parser.parse(written, target="ast")])[0])
    terms = _spoken(text, lambda: [Formula(written, _parser=parser)])[0]
    factors = {(f.expr, f.eval_method.value) for term in terms for f in term.factors}
    plain = sorted(expr for expr, method in factors if method == "lookup")
    worked = sorted(expr for expr, method in factors if method == "python")
    return Side(text, terms, tuple(plain), tuple(found[expr] for expr in worked))


def _spoken(text: str, read: Any) -> list[Any]:
    """What a parser makes of the text; whatever it says against it is told in one voice."""
    try:
        return list(read())
    except OptionError:
        raise
    except Exception as error:
        said = next(iter(_MARKS.sub("", str(error)).splitlines()), "") or type(error).__name__
        raise OptionError(
            f"{short(repr(text), 200)} is no formula: {said.strip().rstrip('.')}. Write 'outcome ~ x1 + log(x2)'."
        ) from None


def _expression(text: str) -> Expression:
    """The tree of an expression, made of nothing but what formulae hold."""
    from formulaic.utils.code import sanitize_variable_names

    quoted: dict[str, str] = {}
    tree = _spoken(text, lambda: [ast.parse(sanitize_variable_names(text, {}, quoted), mode="eval").body])[0]
    _refuse_deep(text, tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).removeprefix("np.")
            if called not in FUNCTIONS:
                raise OptionError(
                    f"{short(called, 100)!r} is no function of formulae. Allowed: {', '.join(FUNCTIONS)}; "
                    "compute anything else as a column before."
                )
        elif not isinstance(node, _NODES) or (isinstance(node, ast.Attribute) and not _dotted(node)):
            raise OptionError(
                f"{short(ast.unparse(node), 100)!r} is code. A formula holds columns and functions of them: "
                "compute anything else as a column before."
            )
    return Expression(text, tree, quoted)


def _dotted(node: ast.expr) -> bool:
    """Whether it is nothing but names with dots between."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _refuse_deep(text: str, tree: ast.AST) -> None:
    level: Iterable[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise OptionError(
        f"{short(text, 100)!r} is nested more than {DEEPEST} steps deep: compute it as a column before."
    )


def _refuse_many(text: str, tree: Any) -> None:
    """Count the terms that the operators would make, before they make them."""
    counts: dict[int, int] = {}  # by node
    waiting = [tree]
    while waiting:
        node = waiting[-1]
        args = list(getattr(node, "args", ()))
        later = [a for a in args if id(a) not in counts]
        if later:
            waiting += later
            continue
        counts[id(waiting.pop())] = _count(text, node, [counts[id(a)] for a in args])
    if counts[id(tree)] > MOST:
        raise OptionError(f"{short(text, 100)!r} has more than {MOST:,} terms. Name those that are meant.")


def _count(text: str, node: Any, args: list[int]) -> int:
    symbol = getattr(getattr(node, "operator", None), "symbol", "")
    if symbol in ("**", "^"):
        power = str(node.args[1])
        if not power.isdecimal() or not 1 <= int(power[:3]) <= HIGHEST or (args[0] == 1 and power != "1"):
            raise OptionError(
                f"{short(text, 100)!r}: sums of terms are raised to whole numbers from 1 to {HIGHEST}, (x + z) ** 2; "
                "write I(x ** 2) for the power of a column."
            )
        return int(min(args[0] ** int(power), MOST + 1))
    if symbol == ".":
        raise OptionError(
            f"{short(text, 100)!r}: a formula names its columns one by one; '.' stands for none."
        )
    made = {":": args[0] * args[-1], "*": sum(args) + args[0] * args[-1]} if len(args) == 2 else {}
    return int(min(made.get(symbol, max(sum(args), 1)), MOST + 1))
