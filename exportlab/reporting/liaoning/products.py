"""Sections on Liaoning's products and its place among the provinces, from the embedded figures."""

from __future__ import annotations

import pandas as pd

from exportlab.flows import flows
from exportlab.indices.measure import measure
from exportlab.plots import structure
from exportlab.reporting.liaoning.official import advantage, product_shares, province_trade
from exportlab.tables.model import Picture, Section, Table
from exportlab.words import _, number, percent, points, term


def section() -> Section:
    """Product shares and advantage against China."""
    shares = product_shares()
    shares = shares.sort_values(["year", "end", "share"], ascending=False, kind="stable")
    shown = shares[["year", "period", "product", "value", "unit", "share", "published", "source"]]
    index = advantage()
    first = index.to_dict("records")[0]
    names = index["product"].map(term) + " " + index["year"].astype(str)
    picture = structure.rca_bars(
        index.assign(label=names),
        product="label",
        title=_(
            "{product}: RCA {rca} against China in {year}, {verdict}",
            product=term(first["product"]).capitalize(),
            rca=number(first["rca"], ".2f"),
            year=first["year"],
            verdict=_("an advantage") if first["rca"] > 1 else _("no advantage"),
        ),
        source=_("Balassa index from published shares of exports"),
    )
    return Section("products", _("Products and advantage against China"), (
        _("Announcements name product classes of the customs bulletins, which overlap (electric cars are part of "
          "mechanical and electrical products): no index of product concentration can be made of them."),
        _("Where Liaoning and China publish the share of one class for the same period, the Balassa index follows: "
          "{product} in {year}: {own} of Liaoning's exports and {china} of China's, RCA {rca}. Below 1: Liaoning is "
          "less specialised in them than the nation.", product=term(first["product"]), year=first["year"],
          own=percent(first["share"]), china=percent(first["china_share"]), rca=number(first["rca"], ".3f")),
    ), (
        Picture("rca_china", _("Advantage"), picture,
                _("Bars of revealed comparative advantage against China")),
        Table("rca_china", _("RCA against China"), index, _("RCA: 1 is neutral"),
              _("Balassa (1965); shares as sourced"),
              {"share": "share", "china_share": "share", "rca": ".3f", "rca_low": ".3f", "rca_high": ".3f"},
              note=_("The interval is what the printed digits of the two shares allow."), made=("rca", "rounding")),
        Table("product_shares", _("Published product classes"), shown, _("as in the unit column"),
              _("as in the source column"), {"value": ",.1f", "share": "share"}, show=15, made=("share",)),
    ))  # fmt: skip


def provinces() -> pd.DataFrame:
    """Liaoning's trade, share and rank among the 31 provinces, and how concentrated provincial trade is, by year."""
    table = province_trade()
    made = flows(table, period="year", exporter="province", value="value", unit="100m USD")
    nation = measure(made, ["hhi", "effective_number", "cr4"], over="exporter")
    own = table.assign(share=table["value"] / table.groupby("year")["value"].transform("sum"))
    own["rank"] = own.groupby("year")["value"].rank(ascending=False).astype(int)
    return own.loc[own["province"] == "Liaoning", ["year", "value", "share", "rank"]].merge(nation, on="year")


def provinces_section() -> Section:
    """Liaoning among the provinces, and how concentrated provincial trade is."""
    joined = provinces()
    first, *_between, last = joined.to_dict("records")
    ax = structure.series(
        joined.assign(share=100 * joined["share"]),
        period="year",
        columns=["share"],
        unit=_("share of China's trade, %"),
        title=_(
            "Liaoning's share in the trade of 31 provinces: {after} in {end}, {points} percentage points on {start}",
            after=percent(last["share"], 2),
            end=last["year"],
            points=points(last["share"] - first["share"], 2),
            start=first["year"],
        ),
        source=_("National Bureau of Statistics"),
    )
    return Section("provinces", _("Structure: Liaoning among the provinces"), (
        _("Liaoning's share in the total trade of the 31 provinces went from {before} ({start}, rank {rank}) to "
          "{after} ({end}, rank {now}). Trade is counted where the trading firm is registered.",
          before=percent(first["share"], 2), start=first["year"], rank=first["rank"],
          after=percent(last["share"], 2), end=last["year"], now=last["rank"]),
    ), (Picture("liaoning_share", _("Liaoning's share"), ax,
                _("Line of Liaoning's share in provincial trade")),
        Table("provinces", _("Liaoning and the concentration of provincial trade"), joined,
              _("100m USD; HHI over provinces on 0 to 1"), _("National Bureau of Statistics; computed"),
              {"value": ",.1f", "share": "share", "hhi": ".4f", "effective_number": ".1f",
               "cr4": "share"}, made=("share", "hhi", "effective_number", "cr4"))))  # fmt: skip
