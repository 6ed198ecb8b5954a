"""The functions a formula may call, each with its options and what these may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np

from exportlab.options import Finite, Places, Within

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
    "df": Knots | None, "knots": list[Finite] | None, "lower_bound": Finite | None, "upper_bound": Finite | None,
    "constraints": Literal["center"] | None, "extrapolation": Outside,
}  # fmt: skip
_B = {
    "df": Knots | None, "knots": list[Finite] | None, "degree": Annotated[int, Within(0, 100)],
    "include_intercept": bool, "lower_bound": Finite | None, "upper_bound": Finite | None, "extrapolation": Outside,
}  # fmt: skip

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
