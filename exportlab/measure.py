"""The one place that groups: runs any number of distribution indicators in one pass over the cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.catalogue import CATALOGUE, Indicator, check_options, own_options
from exportlab.errors import DataError, OptionError
from exportlab.flows import Columns, Flows, require
from exportlab.frames import Frame, sum_by, when, with_rank, with_total
from exportlab.member import Group, Member

Universe: TypeAlias = Literal["observed", "active"] | int | Sequence[Any]
Names: TypeAlias = str | Sequence[str] | Mapping[str, "str | tuple[str, Mapping[str, Any]]"]

EVERYTHING = "_everything"


@dataclass(frozen=True)
class _Task:
    column: str
    indicator: Indicator
    options: Mapping[str, Any]


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


def universe_size(flows: Flows, over: tuple[str, ...], universe: Universe) -> int | None:
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
    return term, tuple(sorted(own_options(term, task.options).items()))


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
        result = nw.col(column) if end is None else end(nw.col(column), g, **own_options(end, task.options))
        done.append(when(some, result, float("nan")).alias(f"_out_{task.column}"))
    return safe.with_columns(*done)


_FRAME = {"log": lambda x: x.log(), "exp": lambda x: x.exp()}
