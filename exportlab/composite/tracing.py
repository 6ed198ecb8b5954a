r"""Which formula gives a printed figure, and which inputs a printed figure would need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import ceil
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.composite.coupling import FORMS, degrees
from exportlab.composite.weighting import whole
from exportlab.errors import DataError, OptionError
from exportlab.facts.digits import Figure, Printed, read
from exportlab.frames import Array
from exportlab.options import Count, Positive, validated
from exportlab.results import Cautious, Result
from exportlab.words import N_, Said, said

WIDTH = 3  # points between the ends that a rounded input can have
SLACK = 1e-9  # of the figure: rounding of floating-point numbers
MOST = 6  # systems: WIDTH to that power runs
UNWEIGHTED = "the weights of T are left out: T adds to n, not to 1"
NO_ROOT = "the root of D is left out"
OTHER_WEIGHTS = "equal weights, where others were given"
FEW = "Formulae that give the same figure for these inputs cannot be told apart by it: trace several rows at once."
GRID = "Inputs stand for all that is rounded to them; their range is searched at its ends and between."


@dataclass(frozen=True, repr=False, eq=False)
class Trace(Cautious):
    """Which formulae give printed figures of coupling coordination.

    Attributes
    ----------
    table : DataFrame
        One row a formula, those that fit best first: quantity (C, T or D), form of C, weights of T; value (of the first
        row); fits, the rows in which it can print the figure, of rows; gap, the farthest it is off; fault.
    """

    table: pd.DataFrame
    cautions: tuple[str, ...]
    rows: int

    @property
    def fitting(self) -> pd.DataFrame:
        """The formulae that give every printed figure."""
        return self.table[self.table["fits"] == self.rows]

    @property
    def title(self) -> str:
        """One line that says what this is."""
        figures = f"{self.rows:,} printed figure{'s' * (self.rows > 1)}"
        return f"{len(self.fitting)} of {len(self.table)} formulae give {figures}"


@dataclass(frozen=True)
class _Candidate:
    """A formula: from systems (n, k) to a figure."""

    quantity: str
    form: str
    weights: str
    run: Any
    faults: tuple[str, ...]


@validated
def trace_coupling(
    printed: Any,
    systems: Mapping[str, Any],
    *,
    weights: Mapping[str, float] | None = None,
    exact: bool = False,
) -> Trace:
    r"""Tell which formula of coupling coordination gives a printed figure.

    Parameters
    ----------
    printed : str, or sequence of str
        The figure as printed, "0.58", or those of several rows; text keeps the digits.
    systems : mapping of system to figure, or to a sequence of figures
        The index of each system, as printed; bare numbers need `exact`. A DataFrame of its columns will do.
    weights : mapping of system to weight, optional
        What the paper says of T.
    exact : bool
        Whether the systems are exact as they stand.

    Returns
    -------
    Trace

    Raises
    ------
    DataError, OptionError
        No figures, figures of systems outside 0 to 1, other numbers of rows.

    Notes
    -----
    Tried are C, T, :math:`D = \sqrt{C T}` and D = C T, with every form of C (see `coupling` and the page on composites)
    and with T of the given weights, of equal ones, and without weights.

    Examples
    --------
    >>> import exportlab as xl
    >>> found = xl.trace_coupling("0.316", {"economy": "0.20", "ecology": "0.80"}, exact=True)
    >>> found.fitting[["quantity", "form"]]
      quantity      form
    0        C  modified
    1      C T  modified
    """
    names = list(systems)
    if not 2 <= len(names) <= MOST:
        raise OptionError(f"systems= names {len(names)}. Allowed: 2 to {MOST}.")
    figures = _listed(printed)
    targets = [read("printed", f, exact=False) for f in figures]
    columns = {name: _listed(systems[name]) for name in names}
    wrong = [name for name in names if len(columns[name]) != len(targets)]
    if wrong:
        raise DataError(
            f"{wrong[0]!r} has {len(columns[wrong[0]])} figures, and {len(targets)} are printed",
            "Every printed figure needs the systems of its row.",
        )
    inputs = [[read(n, columns[n][i], exact=exact) for n in names] for i in range(len(targets))]
    boxes = [_box(names, one) for one in inputs]
    tried = _candidates(names, weights)
    judged = zip((_judged(c, boxes, targets) for c in tried), tried, strict=True)
    best = sorted(judged, key=lambda one: (-one[0]["fits"], len(one[1].faults), one[0]["gap"]))
    table = pd.DataFrame([row for row, _ in best])
    cautions = (*((FEW,) if len(targets) == 1 else ()), *(() if exact else (GRID,)))
    return Trace(table, cautions, len(targets))


def _listed(figures: Any) -> list[Any]:
    """One figure as a list of one; columns and sequences as lists."""
    if isinstance(figures, str) or not hasattr(figures, "__len__"):
        return [figures]
    return list(figures)


def _box(names: Sequence[str], figures: Sequence[Printed]) -> Array:
    """The points at which a row's systems are tried: its figures first, then all that rounds to them."""
    for name, one in zip(names, figures, strict=True):
        if one.low > 1:
            raise DataError(
                "a system is above 1", "Divide by what it can be at most.", first=f"{name} = {one.text}"
            )
    middle = [(one.low + one.high) / 2 for one in figures]
    ends = [np.linspace(one.low, min(one.high, 1.0), WIDTH) for one in figures]
    return np.array([middle, *product(*ends)])


def _candidates(names: Sequence[str], weights: Mapping[str, float] | None) -> list[_Candidate]:
    """Every formula that is tried; the soundest first."""
    n = len(names)
    equal, given = np.full(n, 1 / n), None if weights is None else whole(weights, names)
    sums = {"equal": (equal, "" if given is None else OTHER_WEIGHTS), "none": (np.ones(n), UNWEIGHTED)}
    if given is not None:
        sums = {"given": (given, ""), **sums}
    found = [
        _Candidate("C", form, "", partial(degrees, form=form), _said(FORMS[form].fault)) for form in FORMS
    ]
    found += [
        _Candidate("T", "", name, partial(_development, w=w), _said(fault))
        for name, (w, fault) in sums.items()
    ]
    for form, (name, (w, fault)), root in product(FORMS, sums.items(), (True, False)):
        faults = _said(FORMS[form].fault, fault, "" if root else NO_ROOT)
        run = partial(_coordination, form=form, w=w, root=root)
        found.append(_Candidate("D" if root else "C T", form, name, run, faults))
    return found


def _said(*faults: str) -> tuple[str, ...]:
    return tuple(filter(None, faults))


def _development(u: Array, w: Array) -> Array:
    return np.asarray(u @ w)


def _coordination(u: Array, form: str, w: Array, root: bool) -> Array:
    both = degrees(u, form) * (u @ w)
    return np.asarray(np.sqrt(np.maximum(both, 0.0)) if root else both)


def _judged(candidate: _Candidate, boxes: Sequence[Array], targets: Sequence[Printed]) -> dict[str, Any]:
    """How well a formula fits the printed figures."""
    gaps, first = [], np.nan
    for i, (box, target) in enumerate(zip(boxes, targets, strict=True)):
        values = candidate.run(box)
        first = float(values[0]) if i == 0 else first
        low, high = float(np.nanmin(values, initial=np.inf)), float(np.nanmax(values, initial=-np.inf))
        gaps.append(max(low - target.high, target.low - high, 0.0))
    fits = sum(g <= SLACK * max(t.high, SLACK) for g, t in zip(gaps, targets, strict=True))
    about = {
        "quantity": candidate.quantity,
        "form": candidate.form,
        "weights": candidate.weights,
        "value": first,
    }
    return {**about, "fits": fits, "of": len(targets), "gap": max(gaps), "fault": "; ".join(candidate.faults)}


# ---- the other way round: what a printed figure needs ----------------------------------------------------

Makes: TypeAlias = Literal["coordination", "coupling", "arithmetic", "geometric"]


@dataclass(frozen=True, repr=False, eq=False)
class Needed(Result):
    """What the parts of a printed figure can be.

    Attributes
    ----------
    table : DataFrame
        quantity, low, high.
    message : Said
        The same in a sentence.
    """

    table: pd.DataFrame
    message: Said

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return str(self.message)


@validated
def implied_parts(
    printed: Figure,
    *,
    formula: Makes = "coordination",
    parts: Count = 2,
    weights: Mapping[str, float] | None = None,
    full: Positive = 1.0,
) -> Needed:
    r"""Tell which parts a printed index would need, and how far its formula allows each to lie.

    Parameters
    ----------
    printed : str
        The figure as printed: "0.58" is all that is rounded to it.
    formula : {"coordination", "coupling", "arithmetic", "geometric"}
        The standard D or C of systems that count alike; or the mean of indicators.
    parts : int
        Systems or indicators.
    weights : mapping of indicator to weight, optional
        Of the two means; by default all alike.
    full : float
        The figure of a unit that is best in everything: 1, or 100.

    Returns
    -------
    Needed

    Raises
    ------
    DataError, OptionError
        A figure above `full`, one part, weights that do not fit.

    Notes
    -----
    Parts lie in [0, 1]. Sharp ends: :math:`D^2 = (\prod U)^{1/n} = g`, so that each :math:`U_i \ge g^n`,
    :math:`T \in [g, (n - 1 + g^n)/n]`. For the means, with s the figure over `full`: :math:`(s - 1 + w_j)/w_j \le r_j
    \le s/w_j`; or :math:`r_j \ge s^{1/w_j}`.

    Examples
    --------
    >>> import exportlab as xl
    >>> xl.implied_parts("0.58").table.round(3)
                          quantity    low   high
    0  geometric mean of the parts  0.331  0.342
    1                     any part  0.109  1.000
    2                development T  0.331  0.559
    3                   coupling C  0.596  1.000
    """
    if parts < 2:
        raise OptionError(f"parts={parts} is not allowed. Allowed: 2 or more.")
    if weights is not None and (formula in ("coordination", "coupling") or len(weights) != parts):
        raise OptionError(f"weights= must name {parts} indicators of a mean; systems count alike here.")
    figure = read("printed", printed)
    low, high = figure.low / full, min(figure.high / full, 1.0)
    if low > high:
        raise DataError(
            f"printed={figure.text} is above full={full:g}", "Say what the best unit would have: full=."
        )
    w = dict.fromkeys(["any part"], 1 / parts)
    if weights is not None:
        w = dict(zip(weights, whole(weights, list(weights)), strict=True))
    rows = _needs(formula, (low, high), parts, w)
    return Needed(
        pd.DataFrame(rows, columns=["quantity", "low", "high"]), _sentence(formula, figure, parts, rows)
    )


def _needs(
    formula: str, figure: tuple[float, float], n: int, w: Mapping[str, float]
) -> list[tuple[str, float, float]]:
    """Each quantity with its sharp ends; `w` are the weights of the parts that a mean is asked about."""
    low, high = figure
    if formula == "coordination":
        g, h = low**2, high**2
        top = (n - 1 + h**n) / n  # the largest mean beside a product: all but one at 1
        return [
            (N_("geometric mean of the parts"), g, h),
            ("any part", g**n, 1.0),
            ("development T", g, top),
            ("coupling C", n * g / (n - 1 + g**n), 1.0),
        ]
    if formula == "coupling":
        ratio = [("smaller over larger", _ratio(low), _ratio(high))] if n == 2 else []
        return [(N_("geometric over arithmetic mean"), low, high), *ratio]
    if formula == "geometric":
        ends = {name: (low ** (1 / x), 1.0) for name, x in w.items()}
    else:
        ends = {name: (max(0.0, (low - 1 + x) / x), min(1.0, high / x)) for name, x in w.items()}
    return [(N_("mean of the parts"), low, high), *((name, *end) for name, end in ends.items())]


def _ratio(c: float) -> float:
    """r of C = 2 sqrt(r)/(1 + r)."""
    return ((1 - np.sqrt(1 - c**2)) / c) ** 2 if c > 0 else 0.0


def _sentence(formula: str, figure: Printed, n: int, rows: Sequence[tuple[str, float, float]]) -> Said:
    """What the figure needs, for a ledger."""
    mean, *ends = rows[0]
    of = {
        "coordination": said("as a coordination degree D of {n} systems alike in weight", n=n),
        "coupling": said("as a coupling degree C of {n} systems", n=n),
        "arithmetic": said("as a mean of {n} indicators from 0 to 1 alike in weight", n=n),
        "geometric": said("as a geometric mean of {n} indicators from 0 to 1 alike in weight", n=n),
    }[formula]
    found = said(
        "{figure} {of} needs: {quantity} in [{low}, {high}]",
        figure=said(figure.text), of=of, quantity=said(mean), **_ends(ends),
    )  # fmt: skip
    for name, *of_one in rows[1:]:
        if name == "any part":
            found = said("{needs}; it leaves any one part in [{low}, {high}]", needs=found, **_ends(of_one))
    if formula == "arithmetic" and ends[1] < 1:
        many = ceil(1 / (1 - ends[1]))
        found = said("{needs}; of {many} or more indicators one may be 0", needs=found, many=many)
    inputs = said("the index of each system") if formula.startswith("co") else said("the indicators")
    return said(
        "{needs}; to make it again: {inputs}, with directions, ends and weights", needs=found, inputs=inputs
    )


def _ends(ends: Sequence[float]) -> dict[str, str]:
    low, high = ends
    return {"low": f"{low:.4g}", "high": f"{high:.4g}"}
