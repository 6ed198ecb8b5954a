"""The one place that groups: runs any number of distribution indicators in one pass over the cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from operator import index
from typing import Any, Literal, SupportsIndex, TypeAlias

import narwhals.stable.v2 as nw

from exportlab.catalogue import CATALOGUE, Indicator, check_options, guarded, own_options
from exportlab.errors import DataError, OptionError
from exportlab.flows import Columns, Flows, require
from exportlab.frames import EVERYTHING, Frame, all_positive, sum_by, when, with_rank
from exportlab.member import Group, Member

Universe: TypeAlias = Literal["observed", "active"] | int | Sequence[Any]
Names: TypeAlias = str | Sequence[str] | Mapping[str, "str | tuple[str, Mapping[str, Any]]"]


@dataclass(frozen=True)
class _Task:
    column: str
    indicator: Indicator
    options: Mapping[str, Any]


@guarded
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
    size = universe_size(flows, spread, universe) if any(t.indicator.uses_universe for t in tasks) else None
    return flows.out(_sums(flows, spread, groups, tasks, size=size), groups)


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


def universe_size(flows: Flows, over: tuple[str, ...], universe: Universe) -> int | None:
    """N, or None for the active members of each group."""
    if isinstance(universe, str):
        if universe == "active":
            return None
        if universe == "observed":
            return prod(len(flows.members(r)) for r in over)
        raise OptionError(
            f"universe={universe!r} is not allowed. Allowed: 'observed', 'active', a number or a list."
        )
    seen = [flows.members(r) for r in over]
    if isinstance(universe, SupportsIndex):
        size = index(universe)
        if size < prod(len(s) for s in seen) and any(len(s) > size for s in seen):
            raise DataError(
                f"universe={size} is smaller than the {max(map(len, seen))} active members in the table",
                "The universe holds every category that could have been exported to.",
            )
        return size
    allowed = list(universe)
    outside = [m for s in seen for m in s if m not in set(allowed)]
    if outside:
        raise DataError(
            f"{len(outside)} active members of {'/'.join(over)} are outside the universe given",
            "Add them to the universe, or leave their rows out.",
            first=repr(outside[0]),
        )
    return len(set(allowed))


def _sums(
    flows: Flows,
    spread: tuple[str, ...],
    groups: tuple[str, ...],
    tasks: Sequence[_Task],
    *,
    size: int | None,
) -> Frame:
    """Totals by window, member terms element-wise, one sum of plain columns, then the finish."""
    keys = groups or (EVERYTHING,)
    with_universe = any(t.indicator.uses_universe for t in tasks)
    asked = {"n"} if with_universe and size is None else set()

    def column(name: str) -> nw.Expr:
        """A column that a formula asks for; only those asked for are made."""
        if name == "N" and size is not None:
            return nw.lit(float(size))
        name = "n" if name == "N" else name
        asked.add(name)
        return nw.col("value" if name in ("value", "total") else f"_{name}")

    member, group = Member(column, when, _FRAME["log"]), Group(column, when, _FRAME)
    own = [_summed(task) for task in tasks]
    names = {key: f"_term{i}" for i, key in enumerate(dict.fromkeys(own))}
    terms = [term(member, **dict(options)).alias(names[term, options]) for term, options in names]
    ends = [
        _end(task, nw.col(names[key]), group).alias(task.column) for task, key in zip(tasks, own, strict=True)
    ]
    counted = [_active().alias("_n")] if "n" in asked else []
    summed = ["value", *("_n" for _ in counted), *names.values()]
    cells = _columns(flows, spread, groups, asked)
    sums = sum_by(cells.select(*keys, "value", *counted, *terms), keys, summed)
    if with_universe:
        ends.append((nw.col("_n").cast(nw.Int64) if size is None else nw.lit(size)).alias("universe"))
    return _finish(sums, groups, ends, summed[1:])


def _summed(task: _Task) -> tuple[Callable[..., Any], tuple[tuple[str, Any], ...]]:
    """What identifies a sum: the term and its own options. Two indicators on one sum share it."""
    term = task.indicator.term
    assert term is not None
    return term, tuple(sorted(own_options(term, task.options).items()))


def _end(task: _Task, total: nw.Expr, group: Group) -> nw.Expr:
    """What the indicator makes of its sum."""
    finish = task.indicator.finish
    return total if finish is None else finish(total, group, **own_options(finish, task.options))


def _active() -> nw.Expr:
    return when(nw.col("value") > 0, 1.0, 0.0)


def _columns(flows: Flows, spread: tuple[str, ...], groups: tuple[str, ...], asked: set[str]) -> Frame:
    """The cells with the member columns that the terms asked for."""
    if "share" in asked:
        cells = flows.shares(spread, groups)
    else:
        cells = flows.cells(*groups, *spread)
        cells = cells if groups else cells.with_columns(nw.lit(0).alias(EVERYTHING))
    if "active" in asked:
        cells = cells.with_columns(_active().alias("_active"))
    return with_rank(cells, groups or (EVERYTHING,)) if "rank" in asked else cells


def _finish(sums: Frame, groups: tuple[str, ...], ends: Sequence[nw.Expr], summed: Sequence[str]) -> Frame:
    """Apply each finish; a group without value is set aside first, as a finish may divide or take logs."""
    if all_positive(sums, "value"):
        return sums.select(*groups, *ends)
    some = nw.col("value") > 0
    safe = sums.with_columns(*(when(some, nw.col(c), 1.0).alias(c) for c in summed))
    made = safe.select(*groups, "value", *ends)
    names = [n for n in made.collect_schema().names() if n not in (*groups, "value")]
    blank = {n: nw.col(n) if n == "universe" else when(some, nw.col(n), float("nan")) for n in names}
    return made.select(*groups, *(e.alias(n) for n, e in blank.items()))


_FRAME: dict[str, Callable[[Any], Any]] = {"log": lambda x: x.log(), "exp": lambda x: x.exp()}
