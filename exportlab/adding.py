"""Months added up to quarters and years: what is summed, and whose months are taken for zero."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from exportlab.frames import Frame, among, collect, missing, recoded, sum_by, when
from exportlab.periods.turning import Turned
from exportlab.words import NOTHING, Said, said

if TYPE_CHECKING:
    from exportlab.flow_table import Flows


def summed(flows: Flows, how: Turned) -> Frame:
    """Value and quantity by the periods of `how`; unknown where one of those added up is."""
    sides = [role for role in ("value", "quantity") if role in flows.roles]
    moved = recoded(flows.known_quantities, "period", how.pairs).with_columns(
        *(when(missing(nw.col(side)), 0.0, nw.col(side)).alias(side) for side in sides),
        *(when(missing(nw.col(side)), 1.0, 0.0).alias(f"_no_{side}") for side in sides),
    )
    sums = sum_by(moved, flows.identity, [*sides, *(f"_no_{side}" for side in sides)])
    known = [when(nw.col(f"_no_{side}") > 0, float("nan"), nw.col(side)).alias(side) for side in sides]
    return sums.select(*flows.identity, *known)


def silent(flows: Flows, how: Turned) -> Said:
    """The note about exporters without a row in some of the periods added up."""
    found = silent_exporters(flows, how)
    if not found:
        return NOTHING
    exporter, period, some, all_ = found[0]
    return said(
        "{n} of the exporters have no row in some periods added up, which count as zero (first: {exporter}, "
        "{period}: {some} of {all})",
        n=f"{len({s[0] for s in found}):,}",
        exporter=exporter,
        period=period,
        some=some,
        all=all_,
    )


def silent_exporters(flows: Flows, how: Turned) -> list[tuple[Any, Any, int, int]]:
    """Exporters and new periods for which some of those added up have no row: how many have one, and of how many."""
    if "exporter" not in flows.roles:
        return []
    known = recoded(flows.cells("exporter", "period"), "period", how.pairs).with_columns(_n=nw.lit(1))
    counts = sum_by(known, ("exporter", "period"), ["_n"])
    sizes = Counter(how.pairs.values())
    alike = {n: [period for period in sizes if sizes[period] == n] for n in set(sizes.values())}
    silent = [collect(counts.filter(among("period", of) & (nw.col("_n") < n))) for n, of in alike.items()]
    rows = [row for part in silent for row in part.iter_rows(named=True)]
    rows.sort(key=lambda row: (str(row["exporter"]), str(row["period"])))
    return [(r["exporter"], how.calendar.label(r["period"]), r["_n"], sizes[r["period"]]) for r in rows]
