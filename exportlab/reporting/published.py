"""The report on the embedded figures: what is published of Liaoning's exports, and what can be said from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from exportlab import classifications, datasets
from exportlab.flows import Flows, flows
from exportlab.indices.advantage import rca
from exportlab.measure import measure
from exportlab.partial import bounds
from exportlab.plots import structure
from exportlab.reporting.model import Page, Picture, Section, Table

UNIT = "100m CNY"
NOT_COUNTRIES = (
    "BRI",
    "RCEP",
    "Africa",
    "Latin America",
)  # overlap with the countries and blocs named beside them


def page() -> Page:
    """The whole report on the embedded data."""
    return Page(
        "Liaoning's exports: what the published figures show",
        "Concentration, markets, the RCEP share, products and advantage, computed from the embedded data",
        (
            data_section(),
            totals_section(),
            markets_section(),
            rcep_section(),
            products_section(),
            provinces_section(),
        ),
    )


def data_section() -> Section:
    """What the data are, and are not."""
    facts = datasets.describe()
    columns = ["name", "title", "rows", "units", "left_out", "not_in", "licence"]
    return Section("data", "What the data are, and what they are not", (
        "Every figure below was published by a customs office, a statistics bureau or a newspaper that quotes them; "
        "each row of the data names its page and its day. Nothing is estimated, filled in or converted.",
        "They are not the customs record: announcements name a few partners and products and a total. Where an index "
        "needs the members that are not named, the report gives the lowest and the highest value it can have. "
        "A customs download of your own is analysed in full: exportlab report my_download.csv --exporter 辽宁省.",
    ), (Table("datasets", "Embedded data", facts[columns], "rows", "manifest"),))  # fmt: skip


def _totals(flow: str, unit: str = UNIT) -> pd.DataFrame:
    table = datasets.load("liaoning_trade_totals")
    chosen = table[(table["flow"] == flow) & (table["unit"] == unit) & table["value"].notna()]
    return chosen.drop_duplicates(["start", "end"])


def _label(row: Mapping[Any, Any]) -> str:
    return str(row["year"]) if row["period"] == "annual" else f"{row['year']} {row['period']}"


def totals_section() -> Section:
    """Total trade, exports and imports as published."""
    table = datasets.load("liaoning_trade_totals")
    plain = table[table["flow"].isin(["total", "export", "import"]) & table["value"].notna()]
    shown = plain[["year", "period", "flow", "value", "unit", "yoy_pct", "published", "source"]]
    yearly = datasets.load("province_trade")
    own = yearly[(yearly["province"] == "Liaoning") & yearly["measure"].str.contains("operating unit")]
    ax = structure.series(
        own.rename(columns={"value": "total trade"}), period="year", columns=["total trade"], unit="100m USD",
        title="Liaoning's total trade by year", source="National Bureau of Statistics, by location of operating unit",
    )  # fmt: skip
    return Section("totals", "Totals", (
        "Totals as published. Yuan and dollar figures are kept apart: they come from different announcements, and no "
        "exchange rate is applied.",
    ), (Picture("totals_by_year", "Total trade by year", ax, "Line of total trade by year, 100m USD"),
        Table("totals", "Published totals", shown, "as in the unit column", "as in the source column",
              {"value": ",.1f", "yoy_pct": ".1f"})))  # fmt: skip


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
    for total in _totals("total").to_dict("records"):
        named = partners(total["start"], total["end"])
        if len(named) < 2:
            continue
        known = dict(zip(named["partner"], named["value"], strict=True))
        sizes = {p: len(classifications.resolve(p, on=total["end"]) or ()) for p in known}
        groups = {p: n for p, n in sizes.items() if n > 1}
        room = len(classifications.countries()) - sum(sizes.values())
        row: dict[str, Any] = {"period": _label(total), "named": len(known)}
        for name in ("hhi", "effective_number"):
            found = bounds(name, known, total["value"], groups=groups, max_members=room)
            row |= {"known_share": found.known_share, f"{name}_low": found.low, f"{name}_high": found.high}
        rows.append(row)
    return pd.DataFrame(rows)


def markets_section() -> Section:
    """Partner shares of 2023 and the bounds of concentration."""
    total = _totals("total").set_index("start").loc["2023-01"]
    whole = float(total[total["end"] == "2023-12"]["value"].iloc[0])
    named = partners("2023-01", "2023-12").assign(period=2023)
    shares = named.assign(share=named["value"] / whole)[["partner", "value", "share", "published", "source"]]
    limits = market_bounds()
    picture = structure.market_shares(
        shares.assign(period=2023), member="partner", title=f"Named partners in 2023, share of {whole:,.1f} ({UNIT})",
        source="Shenyang Customs, by way of the pages named in the table",
    )  # fmt: skip
    band = structure.concentration(
        limits, low="hhi_low", high="hhi_high", title="Market concentration: bounds, not estimates",
        source="computed from the named partners and the published total",
        note="Low: groups (EU, ASEAN) and the rest spread evenly over all countries. High: each in one country.",
    )  # fmt: skip
    return Section("markets", "Markets and their concentration", (
        f"In 2023 {len(named)} partners that do not overlap were named, together {shares['share'].sum():.1%} of the "
        f"published total trade of {whole:,.1f} ({UNIT}). The figures are exports and imports together: exports by "
        "partner are not published for the province.",
        "The EU and ASEAN are sums over countries, and the rest is not broken down, so the Herfindahl-Hirschman index "
        "is known only within bounds. They are sharp: both ends are reached by some breakdown that fits what is "
        "published, with every country of ISO 3166 as a possible partner.",
    ), (
        Picture("partner_shares", "Named partners", picture, "Bars of the named partners' shares in 2023"),
        Table("partners_2023", "Partners named for 2023", shares, UNIT, "as in the source column",
              {"value": ",.1f", "share": "share"}),
        Picture("hhi_bounds", "Concentration", band, "Bars from the lower to the upper bound of the HHI by period"),
        Table("market_bounds", "Bounds of market concentration", limits, "HHI on 0 to 1; equal-sized partners",
              "computed; Hirschman (1964), Hill (1973)",
              {"known_share": "share", "hhi_low": ".4f", "hhi_high": ".4f", "effective_number_low": ".1f",
               "effective_number_high": ".1f"}),
    ))  # fmt: skip


def rcep_share() -> pd.DataFrame:
    """RCEP's published trade over the published total of the same period."""
    table = datasets.load("liaoning_trade_by_partner")
    rcep = table[(table["partner"] == "RCEP") & (table["flow"] == "total") & table["value"].notna()]
    merged = rcep.merge(_totals("total"), on=["start", "end", "unit"], suffixes=("", "_total"))
    merged = merged.assign(
        period=[_label(r) for r in merged.to_dict("records")],
        bloc_share=merged["value"] / merged["value_total"],
    )
    force = [len(classifications.members("RCEP", on=e, exclude=["CHN"])) for e in merged["end"]]
    merged["members_in_force"] = force
    columns = ["period", "start", "end", "value", "value_total", "bloc_share", "members_in_force", "source"]
    return merged[columns].rename(columns={"value_total": "total"}).sort_values("start")


def rcep_section() -> Section:
    """The RCEP share where it is published, with both periods' definitions."""
    table = rcep_share()
    said = "; ".join(
        f"{r['period']}: {r['bloc_share']:.1%} ({r['value']:,.1f} of {r['total']:,.1f}; in force for "
        f"{r['members_in_force']} members other than China)"
        for r in table.to_dict("records")
    )
    ax = structure.bloc_share(
        table, title="Share of RCEP members in Liaoning's trade", source="computed from the published figures",
        note="Exports and imports together, January to May of each year; customs count the 14 other signatories.",
    )  # fmt: skip
    return Section("rcep", "The RCEP share", (
        f"{said}.",
        "Both are shares in total trade of the same five months. Customs publish trade with all 14 other signatories; "
        "the agreement was not in force for the Philippines until 2 June 2023, nor is it counted here for Myanmar, "
        "so a share over members in force would be smaller in the first period.",
    ), (Picture("rcep_share", "RCEP share", ax, "Bars of the RCEP share in two periods"),
        Table("rcep_share", "RCEP share by period", table, UNIT, "as in the source column",
              {"value": ",.1f", "total": ",.1f", "bloc_share": "share"})))  # fmt: skip


def product_shares() -> pd.DataFrame:
    """Products with a published or computable share in Liaoning's exports, and China's share of the same period."""
    own = datasets.load("liaoning_exports_by_product")
    own = own[(own["flow"] == "export")]
    totals = _totals("export")[["start", "end", "value"]].rename(columns={"value": "total"})
    own = own.merge(totals, on=["start", "end"], how="left")
    computed = own["value"] / own["total"].where(own["unit"] == UNIT)
    own["share"] = (own["share_pct"] / 100).fillna(computed)
    return own[own["share"].notna()]


def advantage() -> pd.DataFrame:
    """RCA against China for products whose shares are published for one and the same period on both sides."""
    ours = product_shares()
    theirs = datasets.load("china_exports_by_product")
    theirs = theirs[(theirs["flow"] == "export") & theirs["share_pct"].notna()].drop_duplicates(
        ["product", "start", "end"]
    )
    both = ours.merge(theirs, on=["product", "start", "end"], suffixes=("", "_china"))
    rows = []
    for row in both.to_dict("records"):
        region, nation = row["share"], row["share_pct_china"] / 100
        index = rca(
            _two(row["product"], region, "Liaoning"),
            reference=_two(row["product"], nation, "China"),
            by="exporter",
        )
        value = float(index.loc[index["product"] == row["product"], "rca"].iloc[0])
        kept = {k: row[k] for k in ("year", "period", "product", "share")}
        rows.append({**kept, "china_share": nation, "rca": value, "source": row["source"],
                     "source_china": row["source_china"]})  # fmt: skip
    return pd.DataFrame(rows)


def _two(product: str, share: float, exporter: str) -> Flows:
    """A product and all others, as shares of one exporter's exports."""
    table = {"exporter": exporter, "product": [product, "all other"], "value": [share, 1 - share]}
    return flows(pd.DataFrame(table), unit="share of exports")


def products_section() -> Section:
    """Product shares and advantage against China."""
    shares = product_shares()
    shown = shares[["year", "period", "product", "value", "unit", "share", "published", "source"]]
    index = advantage()
    first = index.to_dict("records")[0]
    picture = structure.rca_bars(
        index.assign(label=index["product"] + " " + index["year"].astype(str)), product="label",
        title="Liaoning against China", source="Balassa index from published shares of exports",
    )  # fmt: skip
    return Section("products", "Products and advantage against China", (
        "Announcements name product classes of the customs bulletins, which overlap (electric cars are part of "
        "mechanical and electrical products): no index of product concentration can be made of them.",
        f"Where Liaoning and China publish the share of one class for the same period, the Balassa index follows: "
        f"{first['product']} in {first['year']}: {first['share']:.1%} of Liaoning's exports and "
        f"{first['china_share']:.1%} of China's, RCA {first['rca']:.2f}. "
        "Below 1: Liaoning is less specialised in them than the nation.",
    ), (
        Picture("rca_china", "Advantage", picture, "Bars of revealed comparative advantage against China"),
        Table("rca_china", "RCA against China", index, "RCA: 1 is neutral", "Balassa (1965); shares as sourced",
              {"share": "share", "china_share": "share", "rca": ".2f"}),
        Table("product_shares", "Published product classes", shown, "as in the unit column", "as in the source column",
              {"value": ",.1f", "share": "share"}),
    ))  # fmt: skip


def provinces_section() -> Section:
    """Liaoning among the provinces, and how concentrated provincial trade is."""
    table = datasets.load("province_trade")
    table = table[table["measure"].str.contains("operating unit")]
    made = flows(table, period="year", exporter="province", value="value", unit="100m USD")
    nation = measure(made, ["hhi", "effective_number", "cr4"], over="exporter")
    own = table.assign(share=table["value"] / table.groupby("year")["value"].transform("sum"))
    own["rank"] = own.groupby("year")["value"].rank(ascending=False).astype(int)
    liaoning = own.loc[own["province"] == "Liaoning", ["year", "value", "share", "rank"]]
    joined = liaoning.merge(nation, on="year")
    ax = structure.series(
        joined.assign(share=100 * joined["share"]), period="year", columns=["share"], unit="share of China's trade, %",
        title="Liaoning's share in the trade of 31 provinces", source="National Bureau of Statistics",
    )  # fmt: skip
    first, *_, last = joined.to_dict("records")
    return Section("provinces", "Liaoning among the provinces", (
        f"Liaoning's share in the total trade of the 31 provinces went from {first['share']:.2%} ({first['year']:.0f}, "
        f"rank {first['rank']:.0f}) to {last['share']:.2%} ({last['year']:.0f}, rank {last['rank']:.0f}).",
    ), (Picture("liaoning_share", "Liaoning's share", ax, "Line of Liaoning's share in provincial trade"),
        Table("provinces", "Liaoning and the concentration of provincial trade", joined,
              "100m USD; HHI over provinces on 0 to 1", "National Bureau of Statistics; computed",
              {"value": ",.1f", "share": "share", "hhi": ".4f", "effective_number": ".1f",
               "cr4": "share"})))  # fmt: skip
