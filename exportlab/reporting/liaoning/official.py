"""The tables of the report on published figures: what customs announced, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from exportlab import classifications, datasets
from exportlab.flows import Flows, flows
from exportlab.indices.advantage import rca
from exportlab.partial import bounds

UNIT = "100m CNY"
BY_UNIT = "total trade, by location of operating unit"  # of the two measures of provincial trade
NOT_COUNTRIES = (
    "BRI",
    "RCEP",
    "Africa",
    "Latin America",
)  # overlap with the countries and blocs named beside them


def totals(flow: str, unit: str = UNIT) -> pd.DataFrame:
    """Published totals of one flow in one unit, one row a period."""
    table = datasets.load("liaoning_trade_totals")
    chosen = table[(table["flow"] == flow) & (table["unit"] == unit) & table["value"].notna()]
    return chosen.drop_duplicates(["start", "end"])


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


def market_bounds() -> pd.DataFrame:
    """Bounds of market concentration for every period with a total and at least two separate partners."""
    rows = []
    for total in totals("total").to_dict("records"):
        named = partners(total["start"], total["end"])
        if len(named) < 2:
            continue
        known = dict(zip(named["partner"], named["value"], strict=True))
        sizes = {p: len(classifications.resolve(p, on=total["end"]) or ()) for p in known}
        groups = {p: n for p, n in sizes.items() if n > 1}
        room = len(classifications.countries()) - sum(sizes.values())
        row: dict[str, Any] = {"period": label(total), "named": len(known)}
        for name in ("hhi", "effective_number"):
            found = bounds(name, known, total["value"], groups=groups, max_members=room)
            row |= {"known_share": found.known_share, f"{name}_low": found.low, f"{name}_high": found.high}
        rows.append(row)
    return pd.DataFrame(rows)


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
