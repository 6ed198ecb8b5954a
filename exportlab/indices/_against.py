"""Cells beside a reference's: the step that diversification, margins and location indices share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import narwhals.stable.v2 as nw

from exportlab.errors import DataError
from exportlab.flows import Flows
from exportlab.frames import Frame, join, sum_by, when, with_total

Reference: TypeAlias = Literal["world", "rest"] | Flows | Any

ALL = "_all"
NOTHING = 1e-12  # what is left of a total after taking out its only part, in parts of that total


def need(flows: Flows, caller: str, *roles: str) -> None:
    """Raise unless the flows have these roles."""
    for role in roles:
        if role not in flows.roles:
            raise DataError(f"the flows have no {role}", f"{caller} needs {role}=... at the door.")


def against(flows: Flows, spread: Sequence[str], groups: Sequence[str], reference: Reference) -> Frame:
    """The cells of `groups` by `spread` beside the reference's.

    Adds `_ref` (the reference's value), `_total` and `_ref_total` (over `spread`), the shares `_s` and `_w`, and
    `_defined` (1.0 where both totals are above zero, else 0.0). A cell that the reference lacks is a zero there;
    a label that it lacks altogether is refused.
    """
    within = tuple(g for g in groups if g != "exporter")
    cells = flows.cells(*groups, *spread).with_columns(nw.lit(0).alias(ALL))
    if isinstance(reference, str) and reference in ("world", "rest"):
        joined = _own(cells, within, tuple(spread), rest=reference == "rest")
    else:
        joined = _other(flows, cells, within, tuple(spread), reference)
    total, ref = nw.col("_total"), nw.col("_ref_total")
    return with_total(joined, (*groups, ALL)).with_columns(
        (nw.col("value") / when(total > 0, total, 1.0)).alias("_s"),
        (nw.col("_ref") / when(ref > 0, ref, 1.0)).alias("_w"),
        when((total > 0) & (ref > 0), 1.0, 0.0).alias("_defined"),
    )


def _own(cells: Frame, within: tuple[str, ...], spread: tuple[str, ...], *, rest: bool) -> Frame:
    """The other exporters of the table, with or without the exporter itself."""
    both = with_total(cells, (*within, *spread, ALL), "value", "_ref")
    both = with_total(both, (*within, ALL), "value", "_ref_total")
    if not rest:
        return both
    own = with_total(both, ("exporter", *within), "value", "_mine")
    return own.with_columns(
        _remainder("_ref", "value").alias("_ref"), _remainder("_ref_total", "_mine").alias("_ref_total")
    )


def _remainder(whole: str, part: str) -> nw.Expr:
    left = nw.col(whole) - nw.col(part)
    return when(left > NOTHING * nw.col(whole), left, 0.0)


def _other(
    flows: Flows, cells: Frame, within: tuple[str, ...], spread: tuple[str, ...], reference: Any
) -> Frame:
    """A table of its own, or one exporter of the table."""
    if isinstance(reference, Flows):
        shared = tuple(r for r in within if r in reference.identity)
        _same_labels(flows, reference, (*shared, *spread))
        table = reference.cells(*shared, *spread).with_columns(nw.lit(0).alias(ALL))
    elif reference in flows.members("exporter"):
        shared = within
        mine = cells.filter(nw.col("exporter") == reference)
        table = sum_by(mine, (*within, *spread, ALL), ["value"])
    else:
        raise DataError(
            f"reference={reference!r} is neither 'world', 'rest', a Flows nor an exporter in the table",
            f"Exporters: {list(flows.members('exporter'))[:10]}.",
        )
    parts = table.select(*shared, *spread, nw.col("value").alias("_ref"))
    totals = sum_by(table, (*shared, ALL), ["value"]).rename({"value": "_ref_total"})
    joined = join(join(cells, parts, on=(*shared, *spread)), totals, on=(*shared, ALL))
    return joined.with_columns(*(zero_if_null(c) for c in ("_ref", "_ref_total")))


def zero_if_null(column: str) -> nw.Expr:
    """Zero where a join found no partner: nothing was traded there."""
    return when(nw.col(column).is_null(), 0.0, nw.col(column)).alias(column)


def _same_labels(flows: Flows, reference: Flows, roles: Sequence[str]) -> None:
    for role in roles:
        if role not in reference.identity:
            raise DataError(
                f"the reference has no {role}", f"It must be told apart by {role} like the flows."
            )
        known = set(reference.members(role))
        lost = [m for m in flows.members(role) if m not in known]
        if lost:
            raise DataError(
                f"{len(lost)} {role} labels are not in the reference table",
                "A reference that lacks them has no share to compare with: bring both to one nomenclature, "
                "or drop them.",
                first=f"{flows.roles.get(role, role)}={lost[0]!r}",
            )
