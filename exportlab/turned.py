"""Flows in fewer roles and other periods: cells, totals from January taken apart, the periods that are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from exportlab.audit import describe
from exportlab.errors import DataError
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Frame, collect, missing, recoded, stack, sum_by, when
from exportlab.indices.catalogue import guarded
from exportlab.indices.members import ROUNDING
from exportlab.options import validated
from exportlab.periods.turning import Turned, matching, single, told
from exportlab.words import said


@validated
def cells(flows: Flows, roles: Columns) -> Flows:
    """Sum the flows to the cells of `roles`.

    Every indicator starts here and accepts the outcome: cells once summed are never summed again.

    Parameters
    ----------
    flows : Flows
    roles : str or sequence of str
        The roles (or own column names) to keep; all others are summed over.

    Returns
    -------
    Flows
        One row per cell of `roles`, in the caller's frame type (`.table`).
    """
    require(flows, "cells")
    kept = flows.resolve(roles)
    named = {r: c for r, c in flows.roles.items() if r in kept or r == "value"}
    further = tuple(k for k in flows.keys if k in kept)
    spelling = flows.spelling if "period" in kept else None
    return flows.derived(flows.cells(*kept), roles=named, keys=further, unique=True, spelling=spelling)


@guarded
def decumulate(flows: Flows) -> Flows:
    """Single months from totals that run from January (January to May less January to April).

    Parameters
    ----------
    flows : Flows
        Whose periods are months added up from January, as customs announce them: '2023-01/05', '2023年1-5月',
        'Jan-May 2023'.

    Returns
    -------
    Flows
        The same cells by month, quantities as well. Where a year has no January of its own, January and February
        stay one period under its own label. A cell that is in one of two totals counts as zero in the other.

    Raises
    ------
    DataError
        Other periods; a total missing between two others, or at the beginning of a year; a total smaller than the
        one before it, as when the figures were revised in between: the cell with both figures.

    Notes
    -----
    A revision of earlier months falls on the month in which it is announced. Growth that is published beside
    totals is on the revised base, total / (1 + growth), so that a month's growth on the unrevised one may differ.

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> table = pd.DataFrame(
    ...     {"period": ["2024年1-2月", "2024年1-3月", "2024年1-4月"], "value": [5280.1, 8075.0, 10999.5]}
    ... )
    >>> xl.decumulate(xl.flows(table)).table.round(1)
          period   value
    0  2024年1-2月  5280.1
    1    2024年3月  2794.9
    2    2024年4月  2924.5
    """
    require(flows, "decumulate")
    how = single(flows.calendar, flows.observed("period"))
    how = how.plain if flows.lazy and not how.calendar.sorts else how
    sides = [role for role in ("value", "quantity") if role in flows.roles]
    totals = _totals(flows, how.pairs, sides, after=True)
    if how.less:
        totals = stack(totals, _totals(flows, how.less, sides, after=False))
    sums = sum_by(totals, flows.identity, [f"_{role}_{part}" for role in sides for part in PARTS])
    for role in sides:
        _refuse_falling(flows, how, sums, role)
    return flows.in_periods(
        sums.select(*flows.identity, *(_difference(role).alias(role) for role in sides)), how
    )


PARTS = ("after", "before", "gone")


def _totals(flows: Flows, pairs: Mapping[Any, Any], sides: Sequence[str], *, after: bool) -> Frame:
    """The totals of one side of each difference, by the month that it makes."""
    columns = []
    for role in sides:
        gone = missing(nw.col(role))
        total, none = when(gone, 0.0, nw.col(role)), nw.lit(0.0)
        figures = (total if after else none, none if after else total, when(gone, 1.0, 0.0))
        columns += [figure.alias(f"_{role}_{part}") for figure, part in zip(figures, PARTS, strict=True)]
    return recoded(flows.frame, "period", pairs).select(*flows.identity, *columns)


def _difference(role: str) -> nw.Expr:
    """The later total less the earlier, zero where rounding alone parts them, NaN where one is not known."""
    after, before = nw.col(f"_{role}_after"), nw.col(f"_{role}_before")
    apart = (after - before > ROUNDING * before) | (before - after > ROUNDING * before)
    return when(nw.col(f"_{role}_gone") > 0, float("nan"), when(apart, after - before, 0.0))


def _refuse_falling(flows: Flows, how: Turned, sums: Frame, role: str) -> None:
    """Raise where a total is smaller than the one before it."""
    fallen = collect(sums.filter(_difference(role) < 0))
    if not len(fallen):
        return
    row = min(fallen.iter_rows(named=True), key=lambda r: tuple(str(r[k]) for k in flows.identity))
    totals = [
        next(old for old, new in side.items() if new == row["period"]) for side in (how.pairs, how.less)
    ]
    after, before = (flows.said(total) for total in totals)
    cell = describe(flows, {k: row[k] for k in flows.identity if k != "period"})
    a, b = row[f"_{role}_after"], row[f"_{role}_before"]
    figures = said(
        "{a} to {after} less {b} to {before} is {left}",
        a=f"{a:,.10g}",
        after=after,
        b=f"{b:,.10g}",
        before=before,
        left=f"{a - b:,.10g}",
    )
    raise DataError(
        said(
            "{role} {column} falls from one total to the next",
            role=said(role),
            column=repr(flows.roles[role]),
        ),
        said(
            "A month cannot be negative, so earlier months were revised: bring the totals before to "
            "the same state, or leave the cells out."
        ),
        rows=len(fallen),
        first=said("{a}, {b}", a=cell, b=figures) if cell else figures,
    )


def headline(flows: Flows) -> Turned | None:
    """Which periods figures are told of: full years, else the last twelve months; None where they are its own."""
    return told(flows.calendar, flows.observed("period")) if "period" in flows.roles else None


def in_periods_of(flows: Flows, how: Turned | None) -> Flows:
    """The flows in the periods of `how`; as they are where they have no period, or make none of those."""
    if how is None or "period" not in flows.roles:
        return flows
    made = matching(flows.calendar, flows.observed("period"), how)
    return flows if made is None else flows.added_up(made)


def year_before(flows: Flows) -> Any:
    """The period a year before the last one; None where the table has none."""
    if "period" not in flows.roles or not flows.calendar.ordered:
        return None
    known = flows.members("period")
    after = {new: old for old, new in flows.calendar.followers(known, "year").items()}
    return after.get(known[-1])
