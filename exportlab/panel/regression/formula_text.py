"""The text of a formula: its two sides, its terms, and which columns they name. No text of it is ever run."""

from __future__ import annotations

import ast
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError, short
from exportlab.frames import LARGEST
from exportlab.options import Finite, Places, Within, check

_MARKS = re.compile(r"\x1b\[[\d;]*m|[⧛⧚]")
LONGEST, DEEPEST, HIGHEST, MOST = 50_000, 200, 10, 2_000  # characters, nested steps, power of terms, terms
_STEPS = (
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.FloorDiv,
    ast.Mod,
    ast.Pow,
    ast.BitAnd,
    ast.BitOr,
    ast.UAdd,
    ast.USub,
    ast.Invert,
    ast.Eq,
    ast.NotEq,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
)
_NODES = (
    ast.Expression,
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.UnaryOp,
    ast.BinOp,
    ast.Compare,
    ast.Call,
    ast.keyword,
    ast.List,
    ast.Tuple,
    ast.Load,
    *_STEPS,
)


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
        place
        for t in operators
        if formula[t.source_start] != "%"
        for place in range(t.source_start, t.source_end + 1)
        if formula[place] in "~|"
    ]
    if len(places) != 1 or formula[places[0]] != "~":
        raise OptionError(f"{said}; effects and clusters are options.")
    left, right = formula[: places[0]].strip(), formula[places[0] + 1 :].strip()
    if not left or not right:
        raise OptionError(f"{said}.")
    return left, right


def parse(text: str, *, constant: bool = False) -> Side:
    """Read one side of a formula, with a constant before it where it is asked for.

    formulaic cuts the text into operators, columns and expressions; of each expression the syntax tree is looked
    at, and anything but the steps that `exportlab.panel.regression.formula_text` knows is refused.
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


# The functions a formula may call, each with its options and what these may be.

Knots: TypeAlias = Annotated[int, Within(1, 100)]  # a degree, or how many columns a spline has
Labels: TypeAlias = list[str | float | bool]
Outside: TypeAlias = Literal["raise", "clip", "na", "zero", "extend"]


@dataclass(frozen=True)
class Function:
    """How many columns of numbers a function takes, its options, and the NumPy function where it is one.

    A function without `apply` is formulaic's own of that name.
    """

    columns: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    apply: Callable[..., Any] | None = None


_CUBIC = {
    "df": Knots | None,
    "knots": list[Finite] | None,
    "lower_bound": Finite | None,
    "upper_bound": Finite | None,
    "constraints": Literal["center"] | None,
    "extrapolation": Outside,
}
_B = {
    "df": Knots | None,
    "knots": list[Finite] | None,
    "degree": Annotated[int, Within(0, 100)],
    "include_intercept": bool,
    "lower_bound": Finite | None,
    "upper_bound": Finite | None,
    "extrapolation": Outside,
}
FUNCTIONS: dict[str, Function] = {
    "C": Function(options={"contrasts": Any, "levels": Labels, "spans_intercept": bool}),
    "I": Function(),
    "log": Function(apply=np.log),
    "log10": Function(apply=np.log10),
    "log2": Function(apply=np.log2),
    "log1p": Function(apply=np.log1p),
    "exp": Function(apply=np.exp),
    "expm1": Function(apply=np.expm1),
    "sqrt": Function(apply=np.sqrt),
    "abs": Function(apply=np.abs),
    "arcsinh": Function(apply=np.arcsinh),
    "sign": Function(apply=np.sign),
    "floor": Function(apply=np.floor),
    "ceil": Function(apply=np.ceil),
    "minimum": Function(2, apply=np.minimum),
    "maximum": Function(2, apply=np.maximum),
    "center": Function(),
    "scale": Function(options={"center": bool | Finite, "scale": bool | Finite, "ddof": Places}),
    "standardize": Function(options={"center": bool, "rescale": bool, "ddof": Places}),
    "poly": Function(options={"degree": Knots, "raw": bool}),
    "bs": Function(options=_B),
    "cs": Function(options=_CUBIC),
    "cr": Function(options=_CUBIC),
    "cc": Function(options=_CUBIC),
    "contr.treatment": Function(0, {"base": str | float | bool}),
    "contr.sum": Function(0),
    "contr.helmert": Function(0, {"reverse": bool, "scale": bool}),
    "contr.poly": Function(0, {"scores": list[Finite]}),
    "contr.diff": Function(0, {"backward": bool}),
}


# What an expression of a formula is worth on a table: computed step by step along its tree, never run as code.

Step: TypeAlias = Callable[[Any, Any], Any]
STEEPEST = 100  # of a power
EXACT = 2.0**53  # below it every whole number is a float
_ARITHMETIC: Mapping[type, Step] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_WHOLE = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)  # whole numbers give whole numbers
_COMPARISONS: Mapping[type, Step] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_TRUTHS: Mapping[type, Step] = {ast.BitAnd: operator.and_, ast.BitOr: operator.or_}


def evaluate(expression: Expression, data: pd.DataFrame) -> Any:
    """The values of an expression on the columns of `data`: a column, or what formulaic takes for a factor."""
    with np.errstate(all="ignore"):
        made = _Reader(expression, data).value(expression.tree)
    if isinstance(made, pd.Series) or np.ndim(made) == 2 or _factor(made):
        return made
    raise OptionError(f"{expression.text!r} is not one value a row: name a column in it.")


@dataclass(frozen=True)
class _Reader:
    expression: Expression
    data: pd.DataFrame

    def value(self, node: ast.expr) -> Any:
        """What a node of the tree is worth."""
        if isinstance(node, ast.Constant):
            return _constant(node)
        if isinstance(node, ast.List | ast.Tuple):
            return [self.constant(item) for item in node.elts]
        if isinstance(node, ast.UnaryOp):
            return self.unary(node)
        if isinstance(node, ast.BinOp):
            return self.binary(node)
        if isinstance(node, ast.Compare):
            return self.comparison(node)
        if isinstance(node, ast.Call):
            return self.call(node)
        coding = contrast(node)
        return _transform(coding) if coding else self.data[self.expression.column(node)]

    def constant(self, node: ast.expr) -> Any:
        """A constant, maybe with a sign before it."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            made = self.constant(node.operand)
            if not isinstance(made, str | None):
                return -made if isinstance(node.op, ast.USub) else made
        elif isinstance(node, ast.Constant):
            return _constant(node)
        raise OptionError(f"{_shown(node)} is no constant: numbers, text, True, False and None are.")

    def numbers(self, node: ast.expr) -> Any:
        """One number, or a column of them: int64 where they are whole and exact, else float64."""
        made = self.value(node)
        if isinstance(made, bool | int | float):
            return np.int64(made) if isinstance(made, int) and abs(made) < EXACT else np.float64(made)
        if isinstance(made, np.generic) or (isinstance(made, pd.Series) and made.dtype.kind in "if"):
            return made if made.dtype.kind in "iu" else made.astype(np.float64)
        if isinstance(made, pd.Series) and made.dtype.kind in "bu":
            small = made.dtype.kind == "b" or not (made >= EXACT).any()
            return made.astype(np.int64 if small else np.float64)
        raise OptionError(
            f"{_shown(node)} holds no numbers, which arithmetic needs. C({_shown(node, '')}) takes labels."
        )

    def truths(self, node: ast.expr) -> pd.Series[bool]:
        """A column of truths."""
        made = self.value(node)
        if isinstance(made, pd.Series) and made.dtype.kind == "b":
            return made
        raise OptionError(
            f"{_shown(node)} is neither true nor false: '&', '|' and '~' join comparisons, such as (x > 1)."
        )

    def unary(self, node: ast.UnaryOp) -> Any:
        """A sign, or 'not'."""
        if isinstance(node.op, ast.Invert):
            return ~self.truths(node.operand)
        made = self.numbers(node.operand)
        return -made if isinstance(node.op, ast.USub) else made

    def binary(self, node: ast.BinOp) -> Any:
        """Arithmetic in floats, which for whole numbers that stay exact are whole again; or truths joined."""
        if type(node.op) in _TRUTHS:
            return _TRUTHS[type(node.op)](self.truths(node.left), self.truths(node.right))
        left, right = self.numbers(node.left), self.numbers(node.right)
        if isinstance(node.op, ast.Pow) and np.ndim(right) == 0 and abs(right) > STEEPEST:
            raise OptionError(f"{_shown(node)} is not computed: powers go from -{STEEPEST} to {STEEPEST}.")
        made = _ARITHMETIC[type(node.op)](left.astype(np.float64), right.astype(np.float64))
        whole = isinstance(node.op, _WHOLE) and left.dtype.kind == right.dtype.kind == "i"
        return made.astype(np.int64) if whole and bool(np.all(np.abs(made) < EXACT)) else made

    def comparison(self, node: ast.Compare) -> Any:
        """Numbers with numbers, or labels with labels: equal or not."""
        made, left = None, node.left
        for step, right in zip(node.ops, node.comparators, strict=True):
            one = _COMPARISONS[type(step)](
                *self.alike(left, right, labels=isinstance(step, ast.Eq | ast.NotEq))
            )
            made, left = one if made is None else made & one, right
        return made

    def alike(self, left: ast.expr, right: ast.expr, *, labels: bool) -> tuple[Any, Any]:
        """Two sides of a comparison, of one kind."""
        sides = [self.value(side) for side in (left, right)]
        text = [isinstance(s, str) or (isinstance(s, pd.Series) and s.dtype == object) for s in sides]
        if not any(text):
            return self.numbers(left), self.numbers(right)
        if not all(text) or not labels:
            raise OptionError(
                f"{_shown(left)} and {_shown(right)} are not compared: "
                + (
                    "text is equal or not, and has no order."
                    if all(text)
                    else "one is text, the other is not."
                )
            )
        return sides[0], sides[1]

    def call(self, node: ast.Call) -> Any:
        """A function of `FUNCTIONS` on columns, with its options."""
        name = ast.unparse(node.func).removeprefix("np.")
        known = FUNCTIONS[name]
        if len(node.args) < known.columns:
            raise OptionError(
                f"{_shown(node)}: {name} takes {known.columns} column{'s'[: known.columns - 1]} first."
            )
        options = self.options(name, node)
        if name.startswith("contr."):
            return _transform(name)(**options)
        if name in ("C", "I"):
            cells = self.column(node.args[0])
            return cells if name == "I" else _categories(cells, options, _shown(node.args[0], ""))
        given = [self.numbers(part) for part in node.args[: known.columns]]
        if known.apply is not None:
            return known.apply(*given)
        if not isinstance(given[0], pd.Series):
            raise OptionError(f"{_shown(node)} is not one value a row: name a column in it.")
        made = _transform(name)(given[0].to_numpy(np.float64), **options)
        return pd.Series(made, index=self.data.index) if np.ndim(made) == 1 and not _factor(made) else made

    def column(self, node: ast.expr) -> pd.Series[Any]:
        """A column of any kind."""
        made = self.value(node)
        if isinstance(made, pd.Series):
            return made
        raise OptionError(f"{_shown(node)} is not one value a row: name a column in it.")

    def options(self, name: str, node: ast.Call) -> dict[str, Any]:
        """The options of a call by name, each what it may be."""
        known = FUNCTIONS[name]
        pairs = [*zip(known.options, node.args[known.columns :], strict=False)]
        pairs += [(k.arg or "**", k.value) for k in node.keywords]
        named = [option for option, _ in pairs]
        odd = [n for n in named if n not in known.options or named.count(n) > 1]
        if odd or len(node.args) > known.columns + len(known.options):
            raise OptionError(
                f"{_shown(node)}: options of {name}, each once: {', '.join(known.options) or 'none'}."
            )
        made = {}
        for option, part in pairs:
            made[option] = self.contrasts(part) if option == "contrasts" else self.option(part)
            check(option, made[option], known.options[option])
        return made

    def option(self, node: ast.expr) -> Any:
        """A constant, or a list of them."""
        return self.value(node) if isinstance(node, ast.List | ast.Tuple) else self.constant(node)

    def contrasts(self, node: ast.expr) -> Any:
        """A coding of categories."""
        if contrast(node.func if isinstance(node, ast.Call) else node):
            return self.value(node)
        raise OptionError(
            f"{_shown(node)} is no coding of categories, such as contr.sum or contr.treatment('USA')."
        )


def _factor(made: object) -> bool:
    """Whether formulaic has marked it as a factor of its own: categories, or the columns of a spline."""
    return hasattr(made, "__formulaic_metadata__")


def _constant(node: ast.Constant) -> Any:
    made = node.value
    if (
        made is None
        or isinstance(made, bool | str)
        or (isinstance(made, int | float) and abs(made) <= LARGEST)
    ):
        return made
    raise OptionError(
        f"{_shown(node)} has no place in a formula: numbers up to {LARGEST:g}, text, True, False, None."
    )


def _transform(name: str) -> Any:
    """formulaic's function or coding of a listed name."""
    from formulaic.transforms import TRANSFORMS

    room, _, inner = name.rpartition(".")
    return vars(TRANSFORMS[room])[inner] if room else TRANSFORMS[name]


def _categories(cells: pd.Series[Any], options: dict[str, Any], name: str) -> Any:
    """C(...): the cells as categories; a cell outside the levels that are given is refused."""
    levels = options.get("levels")
    if levels is not None:
        twice = [level for level, count in Counter(levels).items() if count > 1]
        if twice:
            raise OptionError(f"levels= names {twice[0]!r} twice.")
        outside = ~cells.isin(levels)
        if outside.any():
            raise DataError(
                f"{name!r} holds what is not in levels={short(repr(levels), 200)}",
                "Name every level, or leave those rows out.",
                rows=int(outside.sum()),
                first=repr(cells[outside].tolist()[0]),
            )
    return _transform("C")(cells, options.pop("contrasts", None), **options)


def _shown(node: ast.expr, quote: str = "'") -> str:
    return f"{quote}{short(ast.unparse(node), 100)}{quote}"
