"""The one place that groups: runs any number of distribution indicators in one pass over the cells."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from operator import index
from typing import Annotated, Any, Literal, SupportsIndex, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.catalogue import CATALOGUE, Indicator, check_options, guarded, own_options
from exportlab.errors import DataError, OptionError
from exportlab.flows import Columns, Flows, require
from exportlab.frames import (
    EVERYTHING,
    Frame,
    all_positive,
    column_like,
    when,
    with_largest,
    with_rank,
    with_total,
)
from exportlab.member import ON_ARRAYS, ON_FRAMES, Group, Member
from exportlab.options import Within, check

Members: TypeAlias = Annotated[int, Within(0, 2**53)]
Universe: TypeAlias = Literal["observed", "active"] | Members | Sequence[Hashable]
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
    check("universe", universe, Universe)
    if isinstance(universe, str):
        return None if universe == "active" else prod(len(flows.members(r)) for r in over)
    seen = [flows.members(r) for r in over]
    if isinstance(universe, SupportsIndex) and not isinstance(universe, Iterable):
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
    """Member terms element-wise, one sum of plain columns by group, then the finish."""
    keys = groups or (EVERYTHING,)
    universe = any(t.indicator.uses_universe for t in tasks)
    asked = {"n"} if universe and size is None else set()

    def column(name: str) -> nw.Expr:
        """A column that a formula asks for; only those asked for are made."""
        if name == "N" and size is not None:
            return nw.lit(float(size))
        name = "n" if name == "N" else name
        asked.add(name)
        return nw.col("value" if name in ("value", "total") else f"_{name}")

    own = [_summed(task) for task in tasks]
    names = {key: f"_term{i}" for i, key in enumerate(dict.fromkeys(own))}
    member, group = Member(column, ON_FRAMES), Group(column, ON_FRAMES)
    terms = [term(member, **dict(options)).alias(names[term, options]) for term, options in names]
    finish = _Finish(tuple((task, names[key]) for task, key in zip(tasks, own, strict=True)))
    first, last = finish.bases(nw.col, group), finish.ends(nw.col, group)
    counted = [_active().alias("_n")] if "n" in asked else []
    most = ["_largest"] if "largest" in asked else []
    summed = ["value", *("_n" for _ in counted), *names.values()]
    cells = _columns(flows, spread, groups, asked).select(*keys, "value", *most, *counted, *terms)
    sums = cells.group_by(*keys).agg(*(nw.col(c).sum() for c in summed), *(nw.col(c).max() for c in most))
    if isinstance(sums, nw.DataFrame):
        return _in_memory(sums, groups, finish, columns=[*summed, *most], size=size, universe=universe)
    if universe:
        last["universe"] = nw.col("_n").cast(nw.Int64) if size is None else nw.lit(size)
    return _in_plan(sums, groups, first, last, columns=[*summed, *most])


@dataclass(frozen=True)
class _Finish:
    """What is made of the sums, in two steps, so that indices made of one index compute it once."""

    tasks: tuple[tuple[_Task, str], ...]  # with the column of the sum

    def bases(self, column: Callable[[str], Any], group: Group) -> dict[str, Any]:
        """The indices that others are made of."""
        found = {self._start(t, c): (t.indicator.of, c) for t, c in self.tasks}
        return {
            start: of.finished(column(c), group, {}) for start, (of, c) in found.items() if of is not None
        }

    def ends(self, column: Callable[[str], Any], group: Group) -> dict[str, Any]:
        """The indices asked for, from a sum or from the index they are made of."""
        return {t.column: t.indicator.end(column(self._start(t, c)), group, t.options) for t, c in self.tasks}

    @staticmethod
    def _start(task: _Task, summed: str) -> str:
        of = task.indicator.of
        return summed if of is None else f"{summed}_{of.name}"


def _summed(task: _Task) -> tuple[Callable[..., Any], tuple[tuple[str, Any], ...]]:
    """What identifies a sum: the term and its own options. Two indicators on one sum share it."""
    term = task.indicator.term
    assert term is not None
    return term, tuple(sorted(own_options(term, task.options).items()))


def _active() -> nw.Expr:
    return when(nw.col("value") > 0, 1.0, 0.0)


def _columns(flows: Flows, spread: tuple[str, ...], groups: tuple[str, ...], asked: set[str]) -> Frame:
    """The cells with the member columns that the terms asked for."""
    cells = flows.cells(*groups, *spread)
    cells = cells if groups else cells.with_columns(nw.lit(0).alias(EVERYTHING))
    keys = groups or (EVERYTHING,)
    if "share" in asked:
        cells = with_total(cells, keys)
        cells = cells.with_columns(_part(cells, "_total").alias("_share"))
    if asked & {"relative", "largest"}:
        cells = with_largest(cells, keys)
        cells = cells.with_columns(_part(cells, "_largest").alias("_relative"))
    if "active" in asked:
        cells = cells.with_columns(_active().alias("_active"))
    return with_rank(cells, keys) if "rank" in asked else cells


def _part(cells: Frame, whole: str) -> nw.Expr:
    """The value over a column of the group's, 0 where that is zero."""
    bottom = nw.col(whole)
    # what is in memory can be looked at first, which spares the choice
    return nw.col("value") / (bottom if all_positive(cells, whole) else when(bottom > 0, bottom, 1.0))


def _in_plan(
    sums: Frame,
    groups: tuple[str, ...],
    first: Mapping[str, nw.Expr],
    last: Mapping[str, nw.Expr],
    *,
    columns: Sequence[str],
) -> Frame:
    """Finish a plan; a group without value is set aside first, as a finish may divide or take logs."""
    some, blank = nw.col("value") > 0, float("nan")
    safe = sums.with_columns(some.alias("_some"), *(when(some, nw.col(c), 1.0).alias(c) for c in columns))
    safe = safe.with_columns(*(e.alias(c) for c, e in first.items())) if first else safe
    made = (e if c == "universe" else when(nw.col("_some"), e, blank) for c, e in last.items())
    return safe.select(*groups, *(e.alias(c) for c, e in zip(last, made, strict=True)))


def _in_memory(
    sums: nw.DataFrame[Any],
    groups: tuple[str, ...],
    finish: _Finish,
    *,
    columns: Sequence[str],
    size: int | None,
    universe: bool,
) -> Frame:
    """The same on arrays: a row a group, where each operation on a frame would cost more than all of these."""
    some = sums["value"].to_numpy() > 0
    safe = {c: np.where(some, sums[c].to_numpy(), 1.0) for c in columns}
    if universe:
        safe["_N"] = safe["_n"] if size is None else np.full(len(some), float(size))
    group = Group(lambda name: safe["value" if name == "total" else f"_{name}"], ON_ARRAYS)
    safe.update(finish.bases(safe.__getitem__, group))
    made = {c: np.where(some, end, np.nan) for c, end in finish.ends(safe.__getitem__, group).items()}
    if universe:
        made["universe"] = safe["_N"].astype(np.int64)
    return sums.with_columns(*(column_like(sums, c, v) for c, v in made.items())).select(*groups, *made)
