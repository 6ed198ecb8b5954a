"""The one place that groups: distribution indicators declared, and run in one pass over the cells."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from operator import index
from types import MappingProxyType
from typing import Annotated, Any, Literal, Protocol, SupportsIndex, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike

from exportlab.codes import Coded, coded
from exportlab.errors import DataError, OptionError
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import (
    EVERYTHING,
    LARGEST,
    SMALLEST,
    Array,
    Frame,
    all_positive,
    among,
    column_like,
    numbered,
    sum_by,
    when,
    with_largest,
    with_rank,
    with_total,
)
from exportlab.indices.catalogue import (
    CATALOGUE,
    Indicator,
    check_options,
    declared,
    docstring,
    family_of,
    guarded,
    own_options,
)
from exportlab.indices.members import ON_ARRAYS, ON_FRAMES, ROUNDING, Group, Member, on_array
from exportlab.indices.residual import LEFT_OUT, THIN, Compute, Residual, Thin, bounded, left_over, without
from exportlab.indices.residual import refuse as refuse_left_over
from exportlab.options import Count, Within, check, validated
from exportlab.words import said

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
    flows: Flows,
    names: Names,
    *,
    over: Columns,
    by: Columns | None = None,
    universe: Universe = "observed",
    residual: Residual | None = None,
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
    residual : {"leave_out", "bounds"}, optional
        What to do with what is left over, as the door was told (``xl.flows(..., residual=["Others"])``). By default it
        stays in the total and is spread infinitely thin, the low end of concentration: for hhi, hirschman,
        effective_number, hill of q above 1, and cr; others are refused. "bounds" gives columns ``_low`` and ``_high``
        over all ways to split it among members that are not named (with a number as `universe`, among so many as it
        leaves), for tables in memory; "leave_out" takes it out of the total.

    Returns
    -------
    frame
        One row per group, in the caller's frame type and column names; lazy where the table is lazy.
        A group whose total is zero has NaN. Where something is left over, ``residual`` says what was done with it, and
        ``residual_share`` how much of the total it is.

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
    rest = left_over(flows, spread)
    if rest and residual == "bounds":
        return flows.out(_between(flows, spread, groups, tasks, universe), groups)
    if rest and residual == "leave_out":
        flows, rest, said = without(flows), {}, LEFT_OUT
    else:
        _refuse_unknown(tasks, rest)
        said = THIN if rest else ""
    size = universe_size(flows, spread, universe) if any(t.indicator.uses_universe for t in tasks) else None
    sums = _sums(flows, spread, groups, tasks, size=size, rest=rest)
    return flows.out(sums.with_columns(nw.lit(said).alias("residual")) if said else sums, groups)


def _refuse_unknown(tasks: Sequence[_Task], rest: Mapping[str, Sequence[Any]]) -> None:
    """Indices that have no value at the thin end of what is left over."""
    for task in tasks if rest else ():
        thin = task.indicator.at_thin_end(task.options)
        if thin != "sum":
            refuse_left_over(task.indicator.name, rest, bounds=thin is not None)


def _between(
    flows: Flows, spread: tuple[str, ...], groups: tuple[str, ...], tasks: Sequence[_Task], universe: Universe
) -> Frame:
    """Low and high of each index over the ways to split what is left over."""
    size = None if isinstance(universe, str) else universe_size(flows, spread, universe)
    ends: dict[str, tuple[Thin, Compute]] = {}
    for task in tasks:
        thin = task.indicator.at_thin_end(task.options)
        if thin is None:
            refuse_left_over(task.indicator.name, left_over(flows, spread), bounds=False)
        elif thin == "universe" and size is None:
            raise OptionError(
                said(
                    "Bounds of {name} need the number of members there can be: universe=250, say.",
                    name=task.indicator.name,
                )
            )
        else:
            ends[task.column] = (thin, partial(_of_array, task))
    found = bounded(flows, spread, groups, size=size, ends=ends)
    return found if size is None else found.with_columns(nw.lit(size).alias("universe"))


def _of_array(task: _Task, values: Array, total: float, size: float | None) -> float:
    return float(on_array(task.indicator, values, task.options, universe=size, total=total))


def _tasks(names: Names) -> list[_Task]:
    if isinstance(names, str):
        names = [names]
    asked = dict(names) if isinstance(names, Mapping) else {str(n): n for n in names}
    if not asked:
        raise OptionError(said("No indicator is named; exportlab.CATALOGUE lists them."))
    tasks = []
    for column, entry in asked.items():
        name, given = (entry, {}) if isinstance(entry, str) else entry
        indicator, implied = CATALOGUE.find(name)
        if not indicator.is_distribution:
            raise OptionError(
                said(
                    "{name} is not a sum over the members of one group, so measure cannot run it: call "
                    "exportlab.{name}(flows, ...).",
                    name=indicator.name,
                )
            )
        tasks.append(_Task(column, indicator, check_options(indicator, {**implied, **given})))
    return tasks


def universe_size(flows: Flows, over: tuple[str, ...], universe: Universe) -> int | None:
    """N, or None for the active members of each group."""
    check("universe", universe, Universe)
    if isinstance(universe, str):
        return None if universe == "active" else prod(len(flows.members(r)) for r in over)
    seen = [[m for m in flows.members(r) if m not in flows.residuals(r)] for r in over]
    if isinstance(universe, SupportsIndex) and not isinstance(universe, Iterable):
        size = index(universe)
        if any(len(s) > size for s in seen):
            raise DataError(
                said(
                    "universe={size} is smaller than the {n} active members in the table",
                    size=size,
                    n=max(map(len, seen)),
                ),
                said("The universe holds every category that could have been exported to."),
            )
        return size
    allowed = list(universe)
    outside = [m for s in seen for m in s if m not in set(allowed)]
    if outside:
        raise DataError(
            said(
                "{n} active members of {names} are outside the universe given",
                n=len(outside),
                names="/".join(over),
            ),
            said("Add them to the universe, or leave their rows out."),
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
    rest: Mapping[str, Sequence[Any]] = MappingProxyType({}),
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
    left = [nw.col("_left")] if rest else []
    summed = ["value", *("_left" for _ in left), *("_n" for _ in counted), *names.values()]
    whole = (nw.col("value") + nw.col("_left")).alias("value") if rest else nw.col("value")
    codes = _numbers(flows, groups, spread)
    cells = _columns(flows, spread, groups, asked, rest=rest, codes=codes)
    cells = cells.select(*keys, whole, *left, *most, *counted, *terms)
    sums = sum_by(cells, keys, summed, codes, most)
    if isinstance(sums, nw.DataFrame):
        return _in_memory(sums, groups, finish, columns=[*summed, *most], size=size, universe=universe)
    if rest:
        last["residual_share"] = nw.col("_left") / nw.col("value")
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


def _columns(
    flows: Flows,
    spread: tuple[str, ...],
    groups: tuple[str, ...],
    asked: set[str],
    *,
    rest: Mapping[str, Sequence[Any]],
    codes: Mapping[str, Coded],
) -> Frame:
    """The cells with the member columns that the terms asked for; what is left over apart, at zero as a member."""
    cells = flows.cells(*groups, *spread)
    if rest:
        test = nw.lit(False)
        for role, labels in rest.items():
            test = test | among(role, list(labels))
        cells = cells.with_columns(when(test, nw.col("value"), 0.0).alias("_left"))
        cells = cells.with_columns((nw.col("value") - nw.col("_left")).alias("value"))
    cells = cells if groups else cells.with_columns(nw.lit(0).alias(EVERYTHING))
    keys = groups or (EVERYTHING,)
    if "share" in asked:
        whole = nw.col("value") + nw.col("_left") if rest else nw.col("value")
        cells = with_total(cells.with_columns(whole.alias("_whole")), keys, "_whole")
        cells = cells.with_columns(_part(cells, "_total").alias("_share"))
    if asked & {"relative", "largest"}:
        cells = with_largest(cells, keys)
        cells = cells.with_columns(_part(cells, "_largest").alias("_relative"))
    if "active" in asked:
        cells = cells.with_columns(_active().alias("_active"))
    return with_rank(cells, keys, codes) if "rank" in asked else cells


def _numbers(flows: Flows, groups: tuple[str, ...], spread: tuple[str, ...]) -> dict[str, Coded]:
    """The numbers of the groups' labels, known of a table in memory whose rows are the cells."""
    if not numbered(flows.frame) or not flows.unique or {*groups, *spread} != {*flows.identity}:
        return {}
    known, seen = flows._memo.setdefault("codes", {}), flows._memo.get("seen", {})
    for role in groups:
        if role not in known:
            known[role] = coded(flows.frame, role, seen.get(role))
    return {role: known[role] for role in groups}


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
    if "_left" in columns:
        made["residual_share"] = np.where(some, safe["_left"] / safe["value"], np.nan)
    if universe:
        made["universe"] = safe["_N"].astype(np.int64)
    return sums.with_columns(*(column_like(sums, c, v) for c, v in made.items())).select(*groups, *made)


# Declaring an index of a distribution: a member term that is summed, and what is made of the sum.


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
        residual: Residual | None = None,
        **options: Any,
    ) -> Any: ...


def distribution(
    *,
    of: Measurement | None = None,
    term: Callable[..., Any] | None = None,
    finish: Callable[..., Any] | None = None,
    uses_universe: bool = False,
    laws: str = "",
    aliases: Iterable[str] = (),
    **facts: Any,
) -> Callable[[Callable[..., Any]], Measurement]:
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
        own = {**declared(summed), **(declared(end) if end else {})}
        declares = tuple(f for f in (summed, function, finish) if f is not None)
        name = function.__name__

        def run(
            flows: Flows,
            *,
            over: Columns,
            by: Columns | None = None,
            universe: Universe = "observed",
            residual: Residual | None = None,
            **options: Any,
        ) -> Any:
            one = {name: (name, options)}
            return measure(flows, one, over=over, by=by, universe=universe, residual=residual)

        indicator = Indicator(
            name=name,
            family=family_of(function),
            aliases=tuple(aliases),
            laws=frozenset(laws.split()),
            uses_universe=uses_universe,
            term=summed,
            finish=end,
            of=base,
            options=own,
            function=run,
            declares=declares,
            **facts,
        )
        run.__name__, run.__qualname__, run.__module__ = name, name, function.__module__
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
    residual : {"leave_out", "bounds"}, optional
        What to do with what is left over; see `measure`.
    **options
        The indicator's own options; `exportlab.CATALOGUE[name].options` lists them.

    Returns
    -------
    frame
        One row per group, in the caller's frame type and column names."""


@validated
def evaluate(
    name: str,
    values: ArrayLike,
    *,
    universe: Count | Literal["active"] = "active",
    total: ArrayLike | None = None,
    **options: Any,
) -> Array:
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
        The group's total where `values` does not hold every member. The rest is then spread infinitely thin: for hhi,
        hirschman, effective_number, hill of q above 1, and cr; others are refused, as they depend on how it is split.
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
        raise OptionError(
            said(
                "{name} is not an index of one distribution, so evaluate cannot run it.", name=indicator.name
            )
        )
    chosen = check_options(indicator, {**implied, **options})
    x = np.asarray(values, dtype=np.float64)
    wrong = ~((x == 0) | ((x >= SMALLEST) & (x <= LARGEST)))
    if wrong.any():
        raise DataError(
            said("a value is missing, negative or too far from one"),
            said(
                "Values are zero, or between {smallest} and {largest}: look at the unit.",
                smallest=f"{SMALLEST:g}",
                largest=f"{LARGEST:g}",
            ),
            rows=int(wrong.sum()),
            first=f"{x[wrong][0]:g}",
        )
    size = None if isinstance(universe, str) else universe
    if total is not None:
        _refuse_split(indicator, chosen, x.sum(axis=-1), np.asarray(total, dtype=np.float64))
    return on_array(indicator, x, chosen, universe=size, total=total)


def _refuse_split(indicator: Indicator, options: Mapping[str, Any], known: Array, total: Array) -> None:
    """A total below its members; or above them, where an index depends on how the rest is split."""
    apart = total - known
    if (apart < -ROUNDING * 1e3 * total).any():
        raise DataError(
            said("a total is below the sum of its members"),
            said("Look at units and periods."),
            first=f"{total.min():g}",
        )
    if indicator.at_thin_end(options) != "sum" and (apart > ROUNDING * 1e3 * total).any():
        raise OptionError(
            said(
                "{name} depends on how the part of total= that values do not hold is split. Allowed: "
                "exportlab.bounds({quoted}, known, total, max_members=...), or values that add up to the "
                "total.",
                name=indicator.name,
                quoted=repr(indicator.name),
            )
        )
