"""What customs announced of Liaoning's trade, as facts: totals, partners, shares, places, and exports within trade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exportlab import datasets
from exportlab.errors import one_of
from exportlab.facts.door import Facts, facts

if TYPE_CHECKING:
    import pandas as pd

UNIT = "100m CNY"
NO_LIST = "BRI"  # the countries along the Belt and Road are nowhere listed
SIGNATORIES = {
    "RCEP": "RCEP signatories"
}  # customs count all of them, whenever the agreement entered into force


def totals(flow: str, unit: str = UNIT) -> pd.DataFrame:
    """Published totals of one flow in one unit, one row a period."""
    table = datasets.load("liaoning_trade_totals")
    chosen = table[(table["flow"] == flow) & (table["unit"] == unit) & table["value"].notna()]
    return chosen.drop_duplicates(["start", "end"])


def figure(value: float) -> str:
    """A published figure with the digits that the data keep."""
    return f"{value:.10g}"


def published(start: str, end: str, flow: str) -> list[dict[Any, Any]]:
    """All that is published of one flow of a period by partner, in the unit of the totals."""
    table = datasets.load("liaoning_trade_by_partner")
    same = (table["start"] == start) & (table["end"] == end) & (table["flow"] == flow)
    return table[same & (table["unit"] == UNIT) & (table["partner"] != NO_LIST)].to_dict("records")


def trade_facts(total: Mapping[Any, Any], *, ranked: bool = True) -> Facts:
    """All that is published of a period's total trade by partner: values, shares, and who is first."""
    known = facts(
        figure(total["value"]),
        unit=UNIT,
        flow="trade",
        period=total["end"],
        source=total["source"],
        exclude=["China"],
    )
    places = {}
    for row in published(total["start"], total["end"], "total"):
        partner = SIGNATORIES.get(row["partner"], row["partner"])
        if row["value"] == row["value"]:
            known = known.know({partner: figure(row["value"])}, source=row["source"])
        if row["share_pct"] == row["share_pct"]:
            known = known.share(partner, f"{figure(row['share_pct'])}%", source=row["source"])
        if row["rank"] and ranked:
            places[partner] = int(row["rank"]), row["source"]
    for partner, (place, source) in places.items():  # after the values, which name the groups
        known = known.rank(partner, place, source=source)
    return known


def export_facts(total: Mapping[Any, Any], trade: Facts) -> Facts:
    """A period's exports by market: each at most the trade with it, and the export figures there are."""
    known = facts(
        figure(total["value"]),
        unit=UNIT,
        flow="exports",
        period=total["end"],
        source=total["source"],
        exclude=["China"],
    ).at_most(trade)
    for row in published(total["start"], total["end"], "export"):
        if row["value"] == row["value"]:
            known = known.know({row["partner"]: figure(row["value"])}, source=row["source"])
    return known


def _annual(flow: str) -> dict[str, Mapping[Any, Any]]:
    return {str(t["year"]): t for t in totals(flow).to_dict("records") if t["period"] == "annual"}


def exports_of(year: str) -> Facts:
    """All that is published of Liaoning's exports by market in a year, and of the trade that they are part of.

    Raises
    ------
    OptionError
        The year has no published total of both.
    """
    trade, own = _annual("total"), _annual("export")
    one_of("year", year, [y for y in own if y in trade])
    return export_facts(own[year], trade_facts(trade[year]))
