"""What an expression of a formula is worth on a table: computed step by step along its tree, never run as code."""

from __future__ import annotations

import ast
import operator
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError, short
from exportlab.frames import LARGEST
from exportlab.options import check
from exportlab.panel.regression.formula_functions import FUNCTIONS
from exportlab.panel.regression.formula_text import Expression, contrast

Step: TypeAlias = Callable[[Any, Any], Any]

STEEPEST = 100  # of a power
EXACT = 2.0**53  # below it every whole number is a float
_ARITHMETIC: Mapping[type, Step] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow,
}  # fmt: skip
_WHOLE = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)  # whole numbers give whole numbers
_COMPARISONS: Mapping[type, Step] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}  # fmt: skip
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
                rows=int(outside.sum()), first=repr(cells[outside].iloc[0]),
            )  # fmt: skip
    return _transform("C")(cells, options.pop("contrasts", None), **options)


def _shown(node: ast.expr, quote: str = "'") -> str:
    return f"{quote}{short(ast.unparse(node), 100)}{quote}"
