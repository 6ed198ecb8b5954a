"""A member and its group, as formulas see them: columns of a frame of any engine, or arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exportlab.frames import Array, when
from exportlab.indices.catalogue import Indicator, own_options

# What a formula may say of a member and of its group: on frames of any engine, and on arrays, alike.

Functions = Mapping[str, Callable[..., Any]]
ON_FRAMES: Functions = {"where": when, "log": lambda x: x.log(), "exp": lambda x: x.exp()}
ON_ARRAYS: Functions = {"where": np.where, "log": np.log, "exp": np.exp}
ROUNDING = 1e-12  # what sums of floats may differ by, relative to their terms


class Group:
    """What an indicator's finish may use: n active members, N the universe, the total, and functions."""

    def __init__(self, column: Callable[[str], Any], f: Functions):
        self._column, self.where, self.log, self.exp = column, f["where"], f["log"], f["exp"]

    @property
    def n(self) -> Any:
        """How many members are above zero."""
        return self._column("n")

    @property
    def N(self) -> Any:  # noqa: N802
        """How many categories there could be."""
        return self._column("N")

    @property
    def total(self) -> Any:
        """The group's total."""
        return self._column("total")

    @property
    def largest(self) -> Any:
        """The group's largest member, for terms in `Member.relative`."""
        return self._column("largest")

    def within(self, x: Any, low: Any, high: Any, terms: Any = 1.0) -> Any:
        """The index, set on the limit it attains where rounding took it past; further off it stays as it is.

        Parameters
        ----------
        x, low, high : expression, array or float
            The index and its attainable limits.
        terms : expression, array or float
            How large the terms are of which x is a difference: rounding is in proportion to them.
        """
        slack = ROUNDING * terms
        below, above = (x < low) & (x > low - slack), (x > high) & (x < high + slack)
        return self.where(below, low, self.where(above, high, x))

    def log1p(self, x: Any) -> Any:
        """ln(1 + x) without cancellation near zero, as in `Member.expm1`."""
        u = 1 + x
        apart = u != 1
        safe = self.where(apart, u, 2.0)
        return self.where(apart, self.log(safe) * x / (safe - 1), x)


class Member:
    """What a member term may use: the member's value first of all, since a sum of values needs no look at the group.

    `share` and `relative` cost a window over all cells, `rank` a sort: a formula asks for them only where values do not
    do.
    """

    def __init__(self, column: Callable[[str], Any], f: Functions):
        self._column, self.where, self._log, self._exp = column, f["where"], f["log"], f["exp"]

    @property
    def value(self) -> Any:
        """The member's value."""
        return self._column("value")

    @property
    def active(self) -> Any:
        """1.0 where the value is above zero, else 0.0."""
        return self._column("active")

    @property
    def rank(self) -> Any:
        """1 for the largest member, 2 for the next; ties in any order."""
        return self._column("rank")

    @property
    def share(self) -> Any:
        """Value over the group's total."""
        return self._column("share")

    @property
    def relative(self) -> Any:
        """Value over the group's largest: its powers do not overflow."""
        return self._column("relative")

    def xlogx(self, x: Any) -> Any:
        """x ln x, with 0 ln 0 = 0."""
        return x * self._log(self.where(x > 0, x, 1.0))

    def log(self, x: Any) -> Any:
        """ln x where x is above zero, else 0."""
        return self._log(self.where(x > 0, x, 1.0))

    def expm1(self, x: Any) -> Any:
        """e^x - 1 without cancellation near zero: (u - 1) x / ln u with u = e^x, whose errors undo each other.

        Kahan; Higham (2002), Accuracy and Stability of Numerical Algorithms, section 1.14.1.
        """
        u = self._exp(x)
        apart = (u != 1) & (u > 0)
        safe = self.where(apart, u, 2.0)
        return self.where(apart, (safe - 1) * x / self._log(safe), self.where(u > 0, x, -1.0))


def on_array(
    indicator: Indicator,
    x: Array,
    options: Mapping[str, Any],
    *,
    universe: float | None = None,
    total: ArrayLike | None = None,
) -> Array:
    """`evaluate` for values and options that were checked; N is None for the active members of each group."""
    whole = x.sum(axis=-1) if total is None else np.asarray(total, dtype=np.float64)
    some = whole > 0
    largest = np.where(some, x.max(axis=-1, initial=0.0), 1.0)
    n = np.maximum((x > 0).sum(axis=-1), 1).astype(np.float64)
    groups = {
        "total": np.where(some, whole, 1.0),
        "largest": np.where(largest > 0, largest, 1.0),
        "n": n,
        "N": n if universe is None else np.full_like(n, float(universe)),
    }

    def column(name: str) -> NDArray[Any]:
        if name == "rank":
            order = np.argsort(-x, axis=-1, kind="stable")
            return np.argsort(order, axis=-1) + 1
        if name in ("share", "relative"):
            return np.asarray(x / groups["total" if name == "share" else "largest"][..., None])
        return x if name == "value" else np.asarray(x > 0, dtype=np.float64)

    term = indicator.term
    assert term is not None
    terms = term(Member(column, ON_ARRAYS), **own_options(term, options))
    summed = np.where(some, terms.sum(axis=-1), 1.0)
    group = Group(groups.__getitem__, ON_ARRAYS)
    result = indicator.finished(summed, group, options)
    return np.asarray(np.where(some, result, np.nan), dtype=np.float64)
