"""The one place that groups: runs any number of distribution indicators in one pass over the cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike, NDArray

from exportlab.catalogue import CATALOGUE, Indicator, check_options, declared, docstring, family_of
from exportlab.errors import DataError, OptionError
from exportlab.flows import Columns, Flows, require
from exportlab.frames import Frame, sum_by, when, with_rank, with_total

Universe: TypeAlias = Literal["observed", "active"] | int | Sequence[Any]
Names: TypeAlias = str | Sequence[str] | Mapping[str, "str | tuple[str, Mapping[str, Any]]"]

EVERYTHING = "_everything"


class Group:
    """What an indicator's finish may use: n active members, N the universe, the total, and functions."""

    def __init__(self, n: Any, universe: Any, total: Any, where: Callable[..., Any], f: Mapping[str, Any]):
        self.n, self.N, self.total = n, universe, total
        self.where, self.log, self.exp = where, f["log"], f["exp"]


class Member:
    """What a member term may use: share, value, total, n, rank (1 is the largest; ties in any order)."""

    def __init__(self, column: Callable[[str], Any], where: Callable[..., Any], log: Callable[[Any], Any]):
        self._column, self.where, self._log = column, where, log

    @property
    def share(self) -> Any:
        """Value over the group's total."""
        return self._column("share")

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
        """1 for the largest member, 2 for the next."""
        return self._column("rank")

    def xlogx(self, x: Any) -> Any:
        """x ln x, with 0 ln 0 = 0."""
        return x * self._log(self.where(x > 0, x, 1.0))


@dataclass(frozen=True)
class _Task:
    column: str
    indicator: Indicator
    options: Mapping[str, Any]


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
    laws: str = "", aliases: Iterable[str] = (), **facts: str,
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
        inner = base.finish(total, g, **_known(base.finish, options)) if base.finish else total
        return function(inner, g, **_known(function, options))

    finish.__kwdefaults__ = {**declared(function), **(declared(base.finish) if base.finish else {})}
    return base.term, finish


def _known(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in options.items() if k in declared(function)}


def measure(
    flows: Flows, names: Names, *, over: Columns, by: Columns | None = None, universe: Universe = "observed"
) -> Any:
    """Compute any number of distribution indicators in one pass.

    Parameters
    ----------
    flows : Flows
    names : str, sequence of str, or mapping
        Indicators by name ("hhi", "theil", "cr4"), or a mapping of result column to name or (name, options):
        ``{"top8": ("cr", {"k": 8})}``. `exportlab.CATALOGUE` lists them.
    over : str or sequence of str
        What the index is spread over: "market", "product", or both for product-by-market cells.
    by : str or sequence of str, optional
        What it is computed for; by default every other role present. ``by=[]`` gives one row for the table.
    universe : {"observed", "active"}, int or sequence
        The set of categories that could have been exported to, for the indicators that depend on it
        (normalised HHI, Theil, Gini): all that carry a value somewhere in the table; those active in each
        group; a number; or a list. The number used is the result's column ``universe``.

    Returns
    -------
    frame
        One row per group, in the caller's frame type and column names; lazy where the table is lazy.
        A group whose total is zero has NaN.

    Raises
    ------
    UnknownName
        An indicator or role that does not exist.
    OptionError
        An option or combination that is not allowed.
    DataError
        Members outside the universe given.

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> table = pd.DataFrame({"year": 2023, "partner": ["Japan", "Korea", "USA"], "usd": [50.0, 30.0, 20.0]})
    >>> flows = xl.flows(table, period="year", market="partner", value="usd")
    >>> xl.measure(flows, ["hhi", "cr2"], over="market")
       year   hhi  cr2
    0  2023  0.38  0.8
    """
    require(flows, "measure")
    spread, groups = flows.split(over, by)
    tasks = _tasks(names)
    size = _universe_size(flows, spread, universe) if any(t.indicator.uses_universe for t in tasks) else None
    return flows.out(_sums(flows.cells(*groups, *spread), groups, tasks, size), groups)


def _tasks(names: Names) -> list[_Task]:
    if isinstance(names, str):
        names = [names]
    asked = dict(names) if isinstance(names, Mapping) else {str(n): n for n in names}
    if not asked:
        raise OptionError("No indicator is named; exportlab.CATALOGUE lists them.")
    tasks = []
    for column, entry in asked.items():
        name, given = (entry, {}) if isinstance(entry, str) else entry
        indicator, implied = CATALOGUE.find(name)
        if not indicator.is_distribution:
            raise OptionError(
                f"{indicator.name} is not a sum over the members of one group, so measure cannot run it: "
                f"call exportlab.{indicator.name}(flows, ...)."
            )
        tasks.append(_Task(column, indicator, check_options(indicator, {**implied, **given})))
    return tasks


def _universe_size(flows: Flows, over: tuple[str, ...], universe: Universe) -> int | None:
    """N, or None for the active members of each group."""
    if isinstance(universe, str):
        if universe == "active":
            return None
        if universe == "observed":
            return int(np.prod([len(flows.members(r)) for r in over]))
        raise OptionError(
            f"universe={universe!r} is not allowed. Allowed: 'observed', 'active', a number or a list."
        )
    seen = [flows.members(r) for r in over]
    if isinstance(universe, int | np.integer):
        if universe < np.prod([len(s) for s in seen]) and any(len(s) > universe for s in seen):
            raise DataError(
                f"universe={universe} is smaller than the {max(map(len, seen))} active members in the table",
                "The universe holds every category that could have been exported to.",
            )
        return int(universe)
    allowed = list(universe)
    outside = [m for s in seen for m in s if m not in set(allowed)]
    if outside:
        raise DataError(
            f"{len(outside)} active members of {'/'.join(over)} are outside the universe given",
            "Add them to the universe, or leave their rows out.",
            first=repr(outside[0]),
        )
    return len(set(allowed))


def _sums(cells: Frame, groups: tuple[str, ...], tasks: Sequence[_Task], size: int | None) -> Frame:
    """Totals by window, member terms element-wise, one sum of plain columns, then the finish."""
    keys = groups or (EVERYTHING,)
    if not groups:
        cells = cells.with_columns(nw.lit(0).alias(EVERYTHING))
    used: set[str] = set()

    def column(name: str) -> nw.Expr:
        used.add(name)
        return nw.col(name if name == "value" else f"_{name}")

    member = Member(column, when, lambda x: x.log())
    own = [_summed(task) for task in tasks]
    names = {key: f"_term{i}" for i, key in enumerate(dict.fromkeys(own))}
    terms = [term(member, **dict(options)).alias(names[term, options]) for term, options in names]
    active = when(nw.col("value") > 0, 1.0, 0.0).alias("_n")
    sums = sum_by(
        _columns(cells, keys, used).select(*keys, "value", active, *terms),
        keys,
        ["value", "_n", *names.values()],
    )
    done = _finish(sums, tasks, [names[key] for key in own], size)
    shown = [(nw.col("_n").cast(nw.Int64) if size is None else nw.lit(size)).alias("universe")]
    with_universe = any(t.indicator.uses_universe for t in tasks)
    columns = [nw.col(f"_out_{t.column}").alias(t.column) for t in tasks]
    return done.select(*groups, *columns, *(shown if with_universe else []))


def _summed(task: _Task) -> tuple[Callable[..., Any], tuple[tuple[str, Any], ...]]:
    """What identifies a sum: the term and its own options. Two indicators on one sum share it."""
    term = task.indicator.term
    assert term is not None
    return term, tuple(sorted(_known(term, task.options).items()))


def _columns(cells: Frame, keys: tuple[str, ...], used: set[str]) -> Frame:
    """Add the member columns that the terms asked for."""
    if "active" in used:
        cells = cells.with_columns(when(nw.col("value") > 0, 1.0, 0.0).alias("_active"))
    if "share" in used:
        cells = with_total(cells, keys)
        safe = when(nw.col("_total") > 0, nw.col("_total"), 1.0)  # a total of zero is dealt with at the end
        cells = cells.with_columns((nw.col("value") / safe).alias("_share"))
    return with_rank(cells, keys) if "rank" in used else cells


def _finish(sums: Frame, tasks: Sequence[_Task], own: Sequence[str], size: int | None) -> Frame:
    """Apply each finish; a group without value is set aside first, as a finish may divide or take logs."""
    universe = nw.col("_n") if size is None else nw.lit(float(size))
    g = Group(nw.col("_n"), universe, nw.col("value"), when, _FRAME)
    some = nw.col("_defined") > 0
    safe = sums.with_columns(
        when(nw.col("value") > 0, 1.0, 0.0).alias("_defined"),
        *(when(nw.col("value") > 0, nw.col(c), 1.0).alias(c) for c in {"_n", *own}),
    )
    done = []
    for task, column in zip(tasks, own, strict=True):
        end = task.indicator.finish
        result = nw.col(column) if end is None else end(nw.col(column), g, **_known(end, task.options))
        done.append(when(some, result, float("nan")).alias(f"_out_{task.column}"))
    return safe.with_columns(*done)


_FRAME = {"log": lambda x: x.log(), "exp": lambda x: x.exp()}
_ARRAY = {"log": np.log, "exp": np.exp}


def evaluate(
    name: str, values: ArrayLike, *, universe: int | Literal["active"] = "active", total: ArrayLike | None = None,
    **options: Any,
) -> NDArray[np.float64]:  # fmt: skip
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
        whole > 0, term(Member(column, np.where, np.log), **_known(term, chosen)).sum(axis=-1), 1.0
    )
    size = n if universe == "active" else np.full_like(n, float(universe))
    group = Group(n, size, whole, np.where, _ARRAY)
    result = summed if end is None else end(summed, group, **_known(end, chosen))
    return np.where(whole > 0, result, np.nan)
