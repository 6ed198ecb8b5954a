"""Two periods side by side: the start of everything that compares a table with itself `lag` earlier."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from exportlab.errors import DataError, OptionError
from exportlab.flows import Columns, Flows, require
from exportlab.frames import Frame, later, ratio, stack, sum_by, when, with_total
from exportlab.periods import Calendar, Lag

ALL = "_all"


def keyed(
    flows: Flows, caller: str, over: Columns, by: Columns | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The roles spread over and the groups; the groups hold the period."""
    require(flows, caller)
    spread, groups = flows.split(over, by)
    if "period" not in groups:
        raise OptionError(f"{caller} compares periods: the flows need period=..., kept in by=.")
    return spread, groups


def pairs(flows: Flows, lag: Lag, *others: Flows) -> Mapping[Any, Any]:
    """Each period of any of the tables to the one `lag` later, which is compared with it: like with like."""
    known = {p for f in (flows, *others) for p in f.members("period")}
    found = flows.calendar.followers(known, lag)
    if not found:
        raise _nothing_to_compare(flows.calendar, known, lag)
    return found


def _nothing_to_compare(calendar: Calendar, known: Collection[Any], lag: Lag) -> DataError:
    ordered = calendar.in_order(known)
    first, last = (calendar.label(ordered[i]) for i in (0, -1))
    reach = f"The table has {first} to {last}: add periods, or name another lag="
    if lag == "year":
        return DataError(
            "no earlier year: no period has the same one a year before", f"{reach} (1: the step before)."
        )
    return DataError(f"no two periods lie {lag} apart", f"{reach}.")


def beside(
    cells: Frame, keys: Sequence[str], moves: Mapping[Any, Any], columns: Sequence[str] = ("value",)
) -> Frame:
    """One row per cell active in either period, dated by the later: `before` and `after` of each column.

    With one column they are named before and after; with more, before_<column> and after_<column>.
    """
    names = {c: ("" if len(columns) == 1 else f"_{c}") for c in columns}
    after = cells.filter(nw.col("period").is_in(list(moves.values())))
    before = cells.filter(nw.col("period").is_in(list(moves))).with_columns(
        later("period", moves).alias("period")
    )
    both = stack(
        after.select(
            *keys,
            *(nw.lit(0.0).alias(f"before{n}") for n in names.values()),
            *(nw.col(c).alias(f"after{n}") for c, n in names.items()),
        ),
        before.select(
            *keys,
            *(nw.col(c).alias(f"before{n}") for c, n in names.items()),
            *(nw.lit(0.0).alias(f"after{n}") for n in names.values()),
        ),
    )
    return sum_by(both, keys, [f"{side}{n}" for side in ("before", "after") for n in names.values()])


def with_shares(frame: Frame, groups: Sequence[str]) -> Frame:
    """Add `share_before` and `share_after` within the groups; NaN where a total is zero."""
    for name in ("before", "after"):
        frame = with_total(frame, groups, name, f"_{name}_total")
        share = ratio(nw.col(name), nw.col(f"_{name}_total")).alias(f"share_{name}")
        frame = frame.with_columns(share)
    return frame


def with_status(frame: Frame, threshold: float = 0.0) -> Frame:
    """Add `status`: continuing, entry, exit, or inactive, by values above `threshold`."""
    before, after = nw.col("before") > threshold, nw.col("after") > threshold
    left = when(before, nw.lit("exit"), nw.lit("inactive"))
    named = when(before & after, nw.lit("continuing"), when(after, nw.lit("entry"), left))
    return frame.with_columns(named.alias("status"))


def only(condition: nw.Expr, value: nw.Expr) -> nw.Expr:
    """The value where the condition holds, else zero."""
    return when(condition, value, 0.0)
