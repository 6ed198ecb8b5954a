r"""Coupling coordination of systems: the degree as it is meant, as it is mended, and as it is miswritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.columns import real
from exportlab.composite.composite_index import Composite
from exportlab.composite.indicator_table import keyed
from exportlab.composite.weighting import whole
from exportlab.errors import DataError, OptionError
from exportlab.frames import Array
from exportlab.options import validated
from exportlab.results import Cautious

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STAGES = (
    "extreme disorder",
    "serious disorder",
    "moderate disorder",
    "slight disorder",
    "near disorder",
    "bare coordination",
    "primary coordination",
    "intermediate coordination",
    "good coordination",
    "quality coordination",
)
MEAN = (
    "With equal weights the standard D is the root of the geometric mean of the systems, whatever their number: it "
    "measures level as much as balance."
)
CLOSE = "The standard C is above 0.9 wherever the smaller of two systems is over 0.4 of the larger."
TENTHS = "Stages are tenths of D, a convention without a test behind it."
LEVELS = (
    "Systems scaled to the best and worst of a table are places, so that D changes with who is in the table."
)


def _product(u: Array) -> Array:
    return np.asarray(u.prod(axis=1))


def _geometric(u: Array) -> Array:
    return np.asarray(_product(u) ** (1 / u.shape[1]))


def _standard(u: Array) -> Array:
    return np.asarray(
        np.minimum(_geometric(u) / u.mean(axis=1), 1.0)
    )  # no mean of products is above that of sums


def _modified(u: Array) -> Array:
    """Wang, Kong, Ren, Zhi and Dai (2021): one less the mean distance, times how far the others reach the largest."""
    n = u.shape[1]
    apart = sum(np.abs(u[:, i] - u[:, j]) for i, j in combinations(range(n), 2)) / (n * (n - 1) / 2)
    return np.asarray(np.sqrt((1 - apart) * _product(u / u.max(axis=1, keepdims=True)) ** (1 / (n - 1))))


def _pairwise(u: Array) -> Array:
    pairs = [u[:, i] + u[:, j] for i, j in combinations(range(u.shape[1]), 2)]
    return np.asarray((_product(u) / np.prod(pairs, axis=0)) ** (1 / u.shape[1]))


@dataclass(frozen=True)
class Form:
    """One way to write the coupling degree C of systems (n, k): `fault` says what is wrong with it, if anything."""

    formula: str
    degree: Callable[[Array], Array]
    fault: str = ""


SQUEEZED = "no slip, but an exponent of one's own: figures compare with no other paper's"
FORMS: dict[str, Form] = {
    "standard": Form("n (prod U)^(1/n) / sum U", _standard),
    "modified": Form("sqrt{[1 - mean |Ui - Uj|] (prod U/max U)^(1/(n-1))}", _modified),
    "squared": Form("[prod U / (mean U)^n]^2", lambda u: _standard(u) ** (2 * u.shape[1]), SQUEEZED),
    "square_root": Form(
        "[prod U / (mean U)^n]^(1/2)",
        lambda u: _standard(u) ** (u.shape[1] / 2),
        f"{SQUEEZED} (standard for n = 2)",
    ),
    "variation": Form(
        "1 - sd(U)/mean(U), divisor n",
        lambda u: 1 - u.std(axis=1) / u.mean(axis=1),
        "another measure: it falls below 0 for n > 2",
    ),
    "deviation": Form(
        "1 - (max U - min U)/max U",
        lambda u: u.min(axis=1) / u.max(axis=1),
        "another measure: the ratio of the smallest to the largest",
    ),
    "no_coefficient": Form(
        "(prod U)^(1/n) / sum U", lambda u: _standard(u) / u.shape[1], "the n is lost: C is 1/n at most"
    ),
    "no_root": Form(
        "n prod U / sum U",
        lambda u: u.shape[1] * _product(u) / u.sum(axis=1),
        "the root is left out: C depends on the level, and is below 1 for equal systems",
    ),
    "root_of_ratio": Form(
        "(prod U / sum U)^(1/n)",
        lambda u: (_product(u) / u.sum(axis=1)) ** (1 / u.shape[1]),
        "the sum is under the root once: C depends on the level",
    ),
    "pairwise": Form(
        "[prod U / prod (Ui + Uj)]^(1/n)",
        _pairwise,
        "sums of pairs for the mean: C depends on the level for n = 2, and is 1/2 at most for n = 3",
    ),
    "square_root_of_sum": Form(
        "n [prod U / (sum U)^n]^(1/2)",
        lambda u: u.shape[1] * np.sqrt(_product(u) / u.sum(axis=1) ** u.shape[1]),
        "a square root for any n: C is below 1 for three equal systems",
    ),
}
Formula: TypeAlias = Literal["standard", "modified"]


def degrees(u: Array, form: str) -> Array:
    """The coupling degree by one of the forms; 0 where a system is 0, NaN where all are."""
    empty = u.max(axis=1) == 0
    safe = np.where(empty[:, None], 1.0, u)
    return np.asarray(np.where(empty, np.nan, FORMS[form].degree(safe)))


@dataclass(frozen=True, repr=False, eq=False)
class Coupling(Cautious):
    """Coupling coordination of systems.

    Attributes
    ----------
    table : DataFrame
        One row a unit and period: the systems, coupling C, development T, coordination D, stage.
    cautions : tuple of str
    """

    table: pd.DataFrame
    cautions: tuple[str, ...]
    systems: tuple[str, ...]
    weights: Mapping[str, float]
    form: str
    keys: tuple[str, ...]
    comparable: bool
    outcome = "coordination"

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Coupling coordination of {', '.join(self.systems)} (C {self.form})"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw D over C and T: which of the two makes it."""
        from exportlab.plots.composite import coordination

        return coordination(self, ax=ax, **options)


@validated
def coupling(
    table: Any,
    *,
    systems: Sequence[str] | None = None,
    unit: str | None = None,
    period: str | None = None,
    weights: Mapping[str, float] | None = None,
    form: Formula = "standard",
    frequency: str | None = None,
) -> Coupling:
    r"""Measure how far systems are developed together: coupling degree C, development T, coordination degree D.

    Parameters
    ----------
    table : DataFrame, or mapping of system to Composite
        A column a system, from 0 to 1; or composites of the same units and periods, as `composite` makes them.
    systems : sequence of str
        The columns, where it is a table.
    unit, period : str, optional
        Columns that name the rows.
    weights : mapping of system to weight, optional
        Of T; they add to one. By default all alike.
    form : {"standard", "modified"}
        Miswritten forms are known to `trace_coupling`, and to nothing else.
    frequency : {"year", "half", "quarter", "month"}, optional

    Returns
    -------
    Coupling

    Raises
    ------
    DataError
        A system outside 0 to 1, or missing; a unit twice in a period; composites of other units.
    OptionError, UnknownName
        One system only, weights that do not add to one.

    Notes
    -----
    .. math:: C = \frac{n (\prod U_i)^{1/n}}{\sum U_i}, \quad T = \sum a_i U_i, \quad D = \sqrt{C T}

    modified (Wang and others 2021), which spreads C over 0 to 1:

    .. math:: C = \sqrt{\left[1 - \frac{\sum_{i>j} |U_i - U_j|}{n(n-1)/2}\right]
       \left(\prod_i \frac{U_i}{\max U}\right)^{1/(n-1)}}

    C, T and D lie in [0, 1]. C is 0 where a system is 0, and NaN where all are. The standard C does not change with the
    scale of all systems together, the modified one does. The modified form fits all printed figures of the paper's
    table 8; its text was not at hand.

    References
    ----------
    .. [1] Wang, Kong, Ren, Zhi and Dai (2021), Research on misuses and modification of coupling coordination degree
       model in China, Journal of Natural Resources 36(3) (in Chinese).
    .. [2] Liu (2017), on its misuse in about half of 379 papers (in Chinese).

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> regions = pd.DataFrame({"region": ["A", "B"], "economy": [0.2, 0.5], "ecology": [0.8, 0.5]})
    >>> found = xl.coupling(regions, systems=["economy", "ecology"], unit="region")
    >>> found.table[["region", "coupling", "development", "coordination"]].round(3)
      region  coupling  development  coordination
    0      A       0.8          0.5         0.632
    1      B       1.0          0.5         0.707
    """
    comparable, relative = True, False
    if isinstance(table, Mapping):
        comparable, relative = _joinable(table, systems, unit, period)
        first = next(iter(table.values()))
        systems, table = list(table), _joined(table)
        unit, period = first.indicators.unit, first.indicators.period
    names = _systems(systems)
    data, _ = keyed(table, names, unit=unit, period=period, frequency=frequency)
    u = bounded(data, names, [c for c in (unit, period) if c])
    w = _weights(names, weights)
    c, t = degrees(u, form), u @ w
    d = np.sqrt(c * t)
    keys = tuple(k for k in (unit, period) if k is not None)
    stage = [STAGES[min(int(10 * x + 1e-9), 9)] if np.isfinite(x) else "" for x in d]
    figures = {"coupling": c, "development": t, "coordination": d, "stage": stage}
    made = pd.concat([data[[*keys, *names]], pd.DataFrame(figures)], axis=1)
    standard = form == "standard"
    said = {MEAN: standard and weights is None, CLOSE: standard, LEVELS: relative, TENTHS: True}
    cautions = tuple(text for text, holds in said.items() if holds)
    return Coupling(made, cautions, names, dict(zip(names, w, strict=True)), form, keys, comparable)


def _systems(systems: Sequence[str] | None) -> tuple[str, ...]:
    names = tuple(systems or ())
    if len(set(names)) < 2 or len(set(names)) < len(names):
        raise OptionError(f"systems={list(names)!r} is not allowed. Allowed: two columns or more, each once.")
    return names


def _weights(names: Sequence[str], given: Mapping[str, float] | None) -> Array:
    if given is None:
        return np.full(len(names), 1 / len(names))
    if set(given) != set(names):
        raise OptionError(f"weights= names {sorted(given)}, and the systems are {sorted(names)}.")
    return whole(given, names)


def bounded(data: pd.DataFrame, names: Sequence[str], keys: Sequence[str]) -> Array:
    """The columns as figures from 0 to 1; others are refused with the first of them."""
    u = np.column_stack([real(data, name) for name in names])
    bad = ~((u >= 0) & (u <= 1))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        where = ", ".join(f"{k} {data[k].iloc[row]!s}" for k in keys) or f"row {row + 1}"
        missing = int(np.isnan(u).sum())
        raise DataError(
            f"{int(bad.sum()):,} figures of systems are {'missing or ' * bool(missing)}not between 0 and 1",
            "A system is an index from 0 to 1: make it with xl.composite, or divide by what it can be at most.",
            first=f"{where}: {names[column]} = {u[row, column]:g}",
        )
    return u


def _joinable(table: Mapping[str, Any], systems: Any, unit: Any, period: Any) -> tuple[bool, bool]:
    """Whether scores can be compared over time, and whether they are places in their table."""
    if systems is not None or unit is not None or period is not None:
        raise OptionError(
            "Composites name their systems, units and periods themselves: leave these options out."
        )
    for name, one in table.items():
        if not isinstance(one, Composite):
            raise OptionError(
                f"the system {name!r} is a {type(one).__name__}. Allowed: what xl.composite gives."
            )
        own = next(iter(table.values()))
        if one.keys != own.keys:
            raise DataError(
                "composites have other columns of units and periods",
                "Name them alike.",
                first=f"{own.keys}, {one.keys}",
            )
    relative = any(
        set(one.recipe.scaling.goalposts or ()) < set(one.indicators.names) for one in table.values()
    )
    return all(one.comparable for one in table.values()), relative


def _joined(table: Mapping[str, Composite]) -> pd.DataFrame:
    """The scores of all systems by unit and period; refuses units that are not in all of them."""
    parts = [one.table.set_index(list(one.keys))["score"].rename(name) for name, one in table.items()]
    made = pd.concat(parts, axis=1)
    lost = made.isna().any(axis=1)
    if lost.any():
        first = made.index[lost][0]
        raise DataError(
            f"{int(lost.sum()):,} of {len(made):,} units (and periods) are not in all systems",
            "Make the composites of the same rows.",
            first=", ".join(map(str, first)) if isinstance(first, tuple) else str(first),
        )
    return made.reset_index()
