"""Declaring an index of a distribution: a member term that is summed, and what is made of the sum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exportlab.arrays import Array
from exportlab.catalogue import (
    CATALOGUE,
    Indicator,
    check_options,
    declared,
    docstring,
    family_of,
    own_options,
)  # fmt: skip
from exportlab.errors import DataError, OptionError
from exportlab.flows import Columns, Flows
from exportlab.frames import LARGEST, SMALLEST
from exportlab.measure import Universe, measure
from exportlab.member import ON_ARRAYS, Group, Member


class Measurement(Protocol):
    """The public function of a distribution indicator."""

    __name__: str

    def __call__(
        self,
        flows: Flows,
        *,
        over: Columns,
        by: Columns | None = None,
        universe: Universe = "observed",
        **options: Any,
    ) -> Any: ...


def distribution(
    *, of: Measurement | None = None, term: Callable[..., Any] | None = None,
    finish: Callable[..., Any] | None = None, uses_universe: bool = False, laws: str = "",
    aliases: Iterable[str] = (), **facts: Any,
) -> Callable[[Callable[..., Any]], Measurement]:  # fmt: skip
    """Declare an index of a distribution.

    The decorated function is the member term, `term(m, *, option=default)`, summed over the members and
    turned into the index by `finish(total, g, *, option=default)`. With `term=`, which several indices may share,
    the decorated function is the finish; with `of=`, it is the finish on another indicator's finished value.
    Nothing is summed twice.
    """

    def declare(function: Callable[..., Any]) -> Measurement:
        base = None if of is None else CATALOGUE[of.__name__]
        shared = term if base is None else base.term
        summed, end = (function, finish) if shared is None else (shared, function)
        options = {**declared(summed), **(declared(end) if end else {})}
        declares = tuple(f for f in (summed, function, finish) if f is not None)
        name = function.__name__

        def run(
            flows: Flows,
            *,
            over: Columns,
            by: Columns | None = None,
            universe: Universe = "observed",
            **options: Any,
        ) -> Any:
            return measure(flows, {name: (name, options)}, over=over, by=by, universe=universe)

        indicator = Indicator(
            name=name, family=family_of(function), aliases=tuple(aliases), laws=frozenset(laws.split()),
            uses_universe=uses_universe, term=summed, finish=end, of=base, options=options, function=run,
            declares=declares, **facts,
        )  # fmt: skip
        run.__name__ = run.__qualname__ = name
        run.__module__ = function.__module__
        run.__doc__ = docstring(indicator, (function.__doc__ or "").strip() + _PARAMETERS)
        CATALOGUE.add(indicator)
        return run

    return declare


_PARAMETERS = """

    Parameters
    ----------
    flows : Flows
    over : str or sequence of str
        The role the index is spread over: "market", "product", or both.
    by : str or sequence of str, optional
        The roles it is computed for; by default every other role present.
    universe : {"observed", "active"}, int or sequence
        The categories that could have been exported to; see `measure`.
    **options
        The indicator's own options; `exportlab.CATALOGUE[name].options` lists them.

    Returns
    -------
    frame
        One row per group, in the caller's frame type and column names."""


def evaluate(
    name: str, values: ArrayLike, *, universe: int | Literal["active"] = "active", total: ArrayLike | None = None,
    **options: Any,
) -> Array:  # fmt: skip
    """One distribution indicator on an array of member values: the catalogue's own formula, without a frame.

    Parameters
    ----------
    name : str
        A distribution indicator of the catalogue.
    values : array_like, shape (..., n)
        Member values, zero or more; leading axes are separate groups (bootstrap draws, say).
    universe : int or "active"
        N, or the members above zero of each group.
    total : array_like, shape (...), optional
        The group's total where `values` does not hold every member (the rest is then spread infinitely thin).
    **options
        The indicator's own.

    Returns
    -------
    ndarray, shape (...)
        NaN where the total is zero.

    Raises
    ------
    DataError
        A value is missing, negative, or outside what the door lets in (1e-50 to 1e50).
    UnknownName, OptionError
    """
    indicator, implied = CATALOGUE.find(name)
    if not indicator.is_distribution:
        raise OptionError(f"{indicator.name} is not an index of one distribution, so evaluate cannot run it.")
    chosen = check_options(indicator, {**implied, **options})
    x = np.asarray(values, dtype=np.float64)
    wrong = ~((x == 0) | ((x >= SMALLEST) & (x <= LARGEST)))
    if wrong.any():
        raise DataError(
            "a value is missing, negative or too far from one",
            f"Values are zero, or between {SMALLEST:g} and {LARGEST:g}: look at the unit.",
            rows=int(wrong.sum()),
            first=f"{x[wrong][0]:g}",
        )
    size = None if isinstance(universe, str) else universe
    return on_array(indicator, x, chosen, universe=size, total=total)


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
        "total": np.where(some, whole, 1.0), "largest": np.where(largest > 0, largest, 1.0), "n": n,
        "N": n if universe is None else np.full_like(n, float(universe)),
    }  # fmt: skip

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
