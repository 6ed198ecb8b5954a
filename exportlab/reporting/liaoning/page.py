"""The report on the embedded figures: what is published of Liaoning's exports, and what can be said from it."""

from __future__ import annotations

import pandas as pd

from exportlab import datasets
from exportlab.plots import structure
from exportlab.reporting import methods
from exportlab.reporting.liaoning import content, ledger, overview, policy, products
from exportlab.reporting.liaoning.official import (
    UNIT,
    export_bounds,
    export_concentration,
    market_bounds,
    partners,
    province_trade,
    rcep_share,
    totals,
)
from exportlab.tables.model import Page, Picture, Section, Table
from exportlab.words import _, number, percent, term


def page() -> Page:
    """The whole report on the embedded data."""
    sections = (
        data_section(),
        totals_section(),
        products.provinces_section(),
        markets_section(),
        rcep_section(),
        products.section(),
        content.section(),
        policy.section(),
        ledger.section(),
    )
    kept = tuple(s for s in sections if s is not None)
    return Page(
        _("Liaoning's exports: what the published figures show"),
        _("Structure, markets, products, value added, policy and the papers' claims, from the embedded data"),
        (overview.published(), *kept, methods.section(kept)),
        terms=True,
    )


def data_section() -> Section:
    """What the data are, and are not."""
    facts = datasets.describe()
    columns = ["title", "rows", "units", "left_out", "name", "not_in", "licence"]
    return Section(
        "data",
        _("What the data are, and what they are not"),
        (
            _(
                "Every figure below was published by a customs office, a statistics bureau or a newspaper "
                "that quotes them; each row of the data names its page and its day. Nothing is estimated, "
                "filled in or converted."
            ),
            _(
                "They are not the customs record: announcements name a few partners and products and a "
                "total. Where an index needs the members that are not named, the report gives the lowest "
                "and the highest value it can have. A customs download of your own is analysed in full: "
                "{command}.",
                command="exportlab report my_download.csv --exporter 辽宁省",
            ),
        ),
        (
            Table(
                "datasets",
                _("Embedded data"),
                facts[columns],
                _("rows"),
                _("manifest of the package"),
                fold=("name", "not_in", "licence"),
                under="title",
            ),
        ),
    )


def totals_section() -> Section:
    """Total trade, exports and imports as published."""
    table = datasets.load("liaoning_trade_totals")
    plain = table[table["flow"].isin(["total", "export", "import"]) & table["value"].notna()]
    shown = plain[["year", "period", "flow", "value", "unit", "yoy_pct", "published", "source"]]
    yearly = province_trade()
    own = yearly[yearly["province"] == "Liaoning"]
    ax = structure.series(
        own.rename(columns={"value": "total trade"}),
        period="year",
        columns=["total trade"],
        unit=term("100m USD"),
        title=_("Liaoning's total trade by year"),
        source=_("National Bureau of Statistics, by location of operating unit"),
    )
    return Section(
        "totals",
        _("Totals"),
        (
            _(
                "Totals as published. Yuan and dollar figures are kept apart: they come from different "
                "announcements, and no exchange rate is applied."
            ),
        ),
        (
            Picture(
                "totals_by_year",
                _("Total trade by year"),
                ax,
                _("Line of total trade by year, 100m USD"),
            ),
            Table(
                "totals",
                _("Published totals"),
                shown.iloc[::-1],
                _("as in the unit column"),
                _("as in the source column"),
                {"value": ",.1f", "yoy_pct": ".1f"},
                show=15,
            ),
        ),
    )


def markets_section() -> Section:
    """Partner shares of 2023 and the bounds of concentration."""
    total = totals("total").set_index("start").loc["2023-01"]
    whole = float(total[total["end"] == "2023-12"]["value"].iloc[0])
    named = partners("2023-01", "2023-12").assign(period=2023)
    shares = named.assign(share=named["value"] / whole)[["partner", "value", "share", "published", "source"]]
    exports = export_concentration("2023")
    return Section("markets", _("Markets and their concentration"), (
        _("In 2023 {n} partners that do not overlap were named, together {share} of the published total trade of "
          "{total} ({unit}). The figures are exports and imports together; of exports by partner only single figures "
          "are published.", n=len(named), share=percent(shares["share"].sum()), total=number(whole), unit=term(UNIT)),
        _("The EU and ASEAN are sums over countries, and the rest is not broken down, so the Herfindahl-Hirschman "
          "index is known only within bounds. They use the sums of blocs, the shares, the printed digits and who was "
          "said to be first, and they are sharp: both ends are reached by some breakdown that fits all of it, with "
          "every other country of ISO 3166 as a possible partner."),
        _("Exports to a market are at most the trade with it. From that, total exports and the single export figure "
          "there is (Russia) it follows that the HHI of exports by market lay between {low} and {high} in 2023; the "
          "table has what it means for single markets.", low=number(exports.low, ".3f"),
          high=number(exports.high, ".3f")),
    ), (*_named_partners(shares, number(whole)), *_concentration()))  # fmt: skip


def _named_partners(shares: pd.DataFrame, amount: str) -> tuple[Picture, Table]:
    """The partners named for 2023."""
    picture = structure.market_shares(
        shares.assign(period=2023, partner=shares["partner"].map(term)),
        member="partner",
        title=_("Named partners in 2023, share of {total} ({unit})", total=amount, unit=term(UNIT)),
        source=_("Shenyang Customs, by way of the pages named in the table"),
    )
    return (
        Picture("partner_shares", _("Named partners"), picture,
                _("Bars of the named partners' shares in 2023")),
        Table("partners_2023", _("Partners named for 2023"), shares, term(UNIT), _("as in the source column"),
              {"value": ",.1f", "share": "share"}, made=("share",)),
    )  # fmt: skip


def _concentration() -> tuple[Picture, Table, Table]:
    """Bounds of concentration by period, and of single markets' shares in exports."""
    limits = market_bounds()
    band = structure.concentration(
        limits.assign(period=limits["period"].map(term)), low="hhi_low", high="hhi_high",
        title=_("Concentration of total trade by market: bounds, not estimates"),
        source=_("computed from all figures and ranks published of the period"),
        note=_("Low: groups (EU, ASEAN) and the rest spread evenly over all countries. High: each in one country."),
    )  # fmt: skip
    formats = dict.fromkeys(("hhi_low", "hhi_high", "hhi_high_unranked"), ".4f")
    formats |= {"known_share": "share", "effective_number_low": ".1f", "effective_number_high": ".1f"}
    return (
        Picture("hhi_bounds", _("Concentration"), band,
                _("Bars from the lower to the upper bound of the HHI by period")),
        Table("market_bounds", _("Bounds of market concentration"), limits,
              _("HHI on 0 to 1; effective number: equal-sized partners"),
              _("computed; Hirschman (1964), Hill (1973)"), formats, made=("bounds", "hhi", "effective_number")),
        Table("export_bounds", _("Exports by market: bounds from trade"), export_bounds(), term(UNIT),
              _("as in the source column"), {"exports": ",.1f", "low": "share", "high": "share"},
              made=("bounds", "share")),
    )  # fmt: skip


def rcep_section() -> Section:
    """The RCEP share where it is published, with both periods' definitions."""
    table = rcep_share()
    said = [
        _(
            "{period}: {share} ({value} of {total}; in force for {n} members other than China).",
            period=term(r["period"]),
            share=percent(r["bloc_share"]),
            value=number(r["value"]),
            total=number(r["total"]),
            n=r["members_in_force"],
        )
        for r in table.to_dict("records")
    ]
    ax = structure.bloc_share(
        table.assign(period=table["period"].map(term)),
        title=_("Share of RCEP members in Liaoning's trade"),
        source=_("computed from the published figures"),
        note=_(
            "Exports and imports together, January to May of each year; customs count the 14 other signatories."
        ),
    )
    return Section("rcep", _("The {bloc} share", bloc="RCEP"), (
        " ".join(said),
        _("Both are shares in total trade of the same five months. Customs publish trade with all 14 other "
          "signatories; the agreement was not in force for the Philippines until 2 June 2023, nor is it counted here "
          "for Myanmar, so a share over members in force would be smaller in the first period."),
    ), (Picture("rcep_share", _("RCEP share"), ax, _("Bars of the RCEP share in two periods")),
        Table("rcep_share", _("RCEP share by period"), table, term(UNIT), _("as in the source column"),
              {"value": ",.1f", "total": ",.1f", "bloc_share": "share"}, made=("bloc_share",))))  # fmt: skip
