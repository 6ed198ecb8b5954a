"""Declaring an index of a distribution: a member term that is summed, and what is made of the sum."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
from exportlab.errors import OptionError
from exportlab.flows import Columns, Flows
from exportlab.measure import Universe, measure
from exportlab.member import Group, Member


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
    *, of: Measurement | None = None, finish: Callable[..., Any] | None = None, uses_universe: bool = False,
    laws: str = "", aliases: Iterable[str] = (), **facts: Any,
) -> Callable[[Callable[..., Any]], Measurement]:  # fmt: skip
    """Declare an index of a distribution.

    The decorated function is the member term, `term(m, *, option=default)`, summed over the members and
    turned into the index by `finish(total, g, *, option=default)`. With `of=`, the decorated function is
    itself the finish on another indicator's finished value, and nothing is summed twice.
    """

    def declare(function: Callable[..., Any]) -> Measurement:
        options = {**declared(function), **(declared(finish) if finish else {})}
        term, end = function, finish
        if of is not None:
            base = CATALOGUE[of.__name__]
            term, end = _chain(base, function)
            options = {**base.options, **options}
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
            uses_universe=uses_universe, term=term, finish=end, options=options, function=run, **facts,
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


def _chain(base: Indicator, function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    assert base.term is not None

    def finish(total: Any, g: Group, **options: Any) -> Any:
        inner = base.finish(total, g, **own_options(base.finish, options)) if base.finish else total
        return function(inner, g, **own_options(function, options))

    finish.__kwdefaults__ = {**declared(function), **(declared(base.finish) if base.finish else {})}
    return base.term, finish


_ARRAY = {"log": np.log, "exp": np.exp}


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
    """
    indicator, implied = CATALOGUE.find(name)
    if not indicator.is_distribution:
        raise OptionError(f"{indicator.name} is not an index of one distribution, so evaluate cannot run it.")
    chosen = check_options(indicator, {**implied, **options})
    x = np.asarray(values, dtype=np.float64)
    whole = x.sum(axis=-1) if total is None else np.asarray(total, dtype=np.float64)
    safe = np.where(whole > 0, whole, 1.0)
    n = np.maximum((x > 0).sum(axis=-1), 1).astype(np.float64)

    def column(name: str) -> NDArray[Any]:
        if name == "rank":
            order = np.argsort(-x, axis=-1, kind="stable")
            return np.argsort(order, axis=-1) + 1
        if name == "share":
            return x / safe[..., None]
        return x if name == "value" else (x > 0) * 1.0

    term, end = indicator.term, indicator.finish
    assert term is not None
    summed = np.where(
        whole > 0, term(Member(column, np.where, np.log), **own_options(term, chosen)).sum(axis=-1), 1.0
    )
    size = n if universe == "active" else np.full_like(n, float(universe))
    group = Group({"n": n, "N": size, "total": whole}.__getitem__, np.where, _ARRAY)
    result = summed if end is None else end(summed, group, **own_options(end, chosen))
    return np.where(whole > 0, result, np.nan)
