"""The text of a formula: which columns it names, and that it is no code."""

from __future__ import annotations

import ast
import re

from exportlab.errors import OptionError

FUNCTIONS = (
    "C", "I", "log", "log10", "log2", "log1p", "exp", "expm1", "sqrt", "abs", "arcsinh", "sign", "floor", "ceil",
    "minimum", "maximum", "center", "scale", "standardize", "lag", "poly", "bs", "cs", "cr", "cc", "contr.treatment",
    "contr.sum", "contr.helmert", "contr.poly", "contr.diff",
)  # fmt: skip
_QUOTED = re.compile(r"`[^`]*`")
_MARKS = re.compile(r"\x1b\[[\d;]*m|[⧛⧚]")


def variables(side: str) -> list[str]:
    """The columns a side names. A formula is sums, products and the `FUNCTIONS` of columns: no other code is run."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        parsed = Formula(side)
        for factor in {f for term in parsed for f in term.factors if f.eval_method.value == "python"}:
            _refuse_code(str(factor.expr))
        return sorted(str(v) for v in parsed.required_variables)
    except OptionError:
        raise
    except (FormulaicError, SyntaxError, ValueError, RecursionError, AttributeError) as error:
        said = " ".join(_MARKS.sub("", str(error)).split())
        raise OptionError(f"{side!r} is no formula: {said}. Write 'outcome ~ x1 + log(x2)'.") from None


def _refuse_code(expression: str) -> None:
    """Raise unless an expression has nothing but columns, numbers, arithmetic and calls of `FUNCTIONS`."""
    for node in ast.walk(ast.parse(_QUOTED.sub("_", expression), mode="eval")):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).removeprefix("np.")
            if called not in FUNCTIONS:
                raise OptionError(
                    f"{called!r} is no function of formulae. Allowed: {', '.join(FUNCTIONS)}; "
                    "compute anything else as a column before."
                )
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("np", "contr"):
            raise OptionError(
                f"{ast.unparse(node)!r} is code. A formula holds columns and functions of them."
            )
        elif isinstance(node, ast.Lambda | ast.NamedExpr | ast.comprehension | ast.Await | ast.Yield):
            raise OptionError(f"{expression!r} is code. A formula holds columns and functions of them.")
