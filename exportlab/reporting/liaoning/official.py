"""The tables of the report on published figures: what customs announced, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd

from exportlab import classifications, datasets
from exportlab.facts import ImpliedBounds
from exportlab.facts.announced import UNIT, export_facts, exports_of, published, totals, trade_facts
from exportlab.flow_table import Flows
from exportlab.flows import flows
from exportlab.indices.advantage import rca

BY_UNIT = "total trade, by location of operating unit"  # of the two measures of provincial trade
NOT_COUNTRIES = (
    "BRI",
    "RCEP",
    "Africa",
    "Latin America",
)  # overlap with the countries and blocs named beside them


def province_trade() -> pd.DataFrame:
    """Total trade of the provinces by year, counted where the trading firm is registered."""
    table = datasets.load("province_trade")
    return table[table["measure"] == BY_UNIT]


def label(row: Mapping[Any, Any]) -> str:
    """A period as it is named in the tables."""
    return str(row["year"]) if row["period"] == "annual" else f"{row['year']} {row['period']}"


def partners(start: str, end: str) -> pd.DataFrame:
    """Partners of one period that do not overlap, with value, in the unit of the total."""
    table = datasets.load("liaoning_trade_by_partner")
    same = (
        (table["start"] == start)
        & (table["end"] == end)
        & (table["flow"] == "total")
        & (table["unit"] == UNIT)
    )
    return table[same & table["value"].notna() & ~table["partner"].isin(NOT_COUNTRIES)]


def named_shares() -> pd.DataFrame:
    """The partners named for 2023 with their share of the published total trade."""
    named = partners("2023-01", "2023-12")
    return named.assign(share=named["value"] / total_of_2023())


def total_of_2023() -> float:
    """Published total trade of 2023, in `UNIT`."""
    total = totals("total")
    return float(total[(total["start"] == "2023-01") & (total["end"] == "2023-12")]["value"].iloc[0])


def told() -> list[dict[Any, Any]]:
    """Totals of the periods of which more is published than the total and one figure, in the order of time."""
    known = totals("total").sort_values(["end", "start"], ascending=[True, False], kind="stable")
    return [t for t in known.to_dict("records") if len(trade_facts(t).known) > 2]


def market_bounds() -> pd.DataFrame:
    """Bounds of the concentration of total trade by market, for every period of which enough is published."""
    return pd.DataFrame(list(_market_bounds()))


@cache
def _market_bounds() -> tuple[dict[str, Any], ...]:
    return tuple(_bounded(total) for total in told())


def _bounded(total: Mapping[Any, Any]) -> dict[str, Any]:
    """A period's bounds, and what the upper end would be if it were not known who is first."""
    named = partners(total["start"], total["end"])
    found = trade_facts(total).bounds("hhi")
    ranked = any(r["rank"] for r in published(total["start"], total["end"], "total"))
    return {
        "period": label(total),
        "named": len(named),
        "known_share": float(named["value"].sum()) / total["value"],
        "hhi_low": found.low,
        "hhi_high": found.high,
        "hhi_high_unranked": trade_facts(total, ranked=False).bounds("hhi").high if ranked else float("nan"),
        "effective_number_low": 1 / found.high,
        "effective_number_high": 1 / found.low,
    }


def export_bounds() -> pd.DataFrame:
    """Bounds of single markets' shares in exports, from the trade with them; of every period with both totals."""
    exports = {(t["start"], t["end"]): t for t in totals("export").to_dict("records")}
    rows = []
    for total in told():
        if (total["start"], total["end"]) not in exports:
            continue
        trade, own = trade_facts(total), exports[total["start"], total["end"]]
        known = export_facts(own, trade)
        for partner in trade.labels:
            found = known.bounds("share", of=partner)
            rows.append(
                {
                    "period": label(total),
                    "market": partner,
                    "exports": own["value"],
                    "low": found.low,
                    "high": found.high,
                    "source": own["source"],
                }
            )
    return pd.DataFrame(rows)


def export_concentration(year: str) -> ImpliedBounds:
    """Bounds of the HHI of exports by market in a year."""
    return exports_of(year).bounds("hhi")


def rcep_share() -> pd.DataFrame:
    """RCEP's published trade over the published total of the same period."""
    table = datasets.load("liaoning_trade_by_partner")
    rcep = table[(table["partner"] == "RCEP") & (table["flow"] == "total") & table["value"].notna()]
    merged = rcep.merge(totals("total"), on=["start", "end", "unit"], suffixes=("", "_total"))
    merged = merged.assign(
        period=[label(r) for r in merged.to_dict("records")],
        bloc_share=merged["value"] / merged["value_total"],
    )
    force = [len(classifications.members("RCEP", on=e, exclude=["CHN"])) for e in merged["end"]]
    merged["members_in_force"] = force
    columns = ["period", "start", "end", "value", "value_total", "bloc_share", "members_in_force", "source"]
    return merged[columns].rename(columns={"value_total": "total"}).sort_values("start")


def product_shares() -> pd.DataFrame:
    """Products with a published or computable share in Liaoning's exports."""
    own = datasets.load("liaoning_exports_by_product")
    own = own[(own["flow"] == "export")]
    whole = totals("export")[["start", "end", "value"]].rename(columns={"value": "total"})
    own = own.merge(whole, on=["start", "end"], how="left")
    computed = own["value"] / own["total"].where(own["unit"] == UNIT)
    own["share"] = (own["share_pct"] / 100).fillna(computed)
    return own[own["share"].notna()]


def advantage() -> pd.DataFrame:
    """RCA against China for products whose shares are published for one and the same period on both sides.

    `rca_low` and `rca_high` are what the printed digits of the two shares allow.
    """
    ours = product_shares()
    theirs = datasets.load("china_exports_by_product")
    theirs = theirs[(theirs["flow"] == "export") & theirs["share_pct"].notna()].drop_duplicates(
        ["product", "start", "end"]
    )
    both = ours.merge(theirs, on=["product", "start", "end"], suffixes=("", "_china"))
    rows = []
    for row in both.to_dict("records"):
        region, nation = row["share"], row["share_pct_china"] / 100
        kept = {k: row[k] for k in ("year", "period", "product", "share")}
        half = 0.0005  # both are printed in per cent with one digit
        ends = {"rca_low": (region - half) / (nation + half), "rca_high": (region + half) / (nation - half)}
        rows.append(
            {
                **kept,
                "china_share": nation,
                "rca": _rca(row["product"], region, nation),
                **ends,
                "source": row["source"],
                "source_china": row["source_china"],
            }
        )
    return pd.DataFrame(rows)


def _rca(product: str, region: float, nation: float) -> float:
    """The Balassa index of a product from its share in the exports of a region and of the nation."""
    index = rca(_two(product, region, "Liaoning"), reference=_two(product, nation, "China"), by="exporter")
    return float(index.loc[index["product"] == product, "rca"].iloc[0])


def _two(product: str, share: float, exporter: str) -> Flows:
    """A product and all others, as shares of one exporter's exports."""
    table = {"exporter": exporter, "product": [product, "all other"], "value": [share, 1 - share]}
    return flows(pd.DataFrame(table), unit="share of exports")
