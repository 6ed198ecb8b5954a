"""The report on the embedded figures: what is published of Liaoning's exports, and what can be said from it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from exportlab import datasets
from exportlab.facts.announced import UNIT
from exportlab.plots import areas, change, structure
from exportlab.reporting import methods
from exportlab.reporting.liaoning import content, ledger, overview, policy, products
from exportlab.reporting.liaoning.official import (
    export_bounds,
    export_concentration,
    market_bounds,
    named_shares,
    province_trade,
    rcep_share,
    total_of_2023,
)
from exportlab.tables.model import Page, Picture, Section, Table
from exportlab.words import N_, _, amount, number, percent, points, term, units_said


def page(say: Callable[[str], object] | None = None, behind: Section | None = None) -> Page:
    """The whole report on the embedded data; `say` is told of each section before it; `behind` is one more."""
    chapters: tuple[tuple[str, Callable[[], Section | None]], ...] = (
        (_("Totals"), totals_section),
        (_("Markets and their concentration"), markets_section),
        (_("The {bloc} share of trade", bloc="RCEP"), rcep_section),
        (_("Products and advantage against China"), products.section),
        (_("Sophistication and value added"), content.section),
        *(((behind.title, lambda: behind),) if behind is not None else ()),
        (_("Structure: Liaoning among the provinces"), products.provinces_section),
        (_("Policy effects: pilot free-trade zones"), policy.section),
        (_("What the two papers claim"), ledger.section),
        (_("What the data are, and what they are not"), data_section),
    )
    kept = tuple(s for s in (_computed(*chapter, say) for chapter in chapters) if s is not None)
    return Page(
        _("Liaoning's exports: what the published figures show"),
        _("Structure, markets, products, value added, policy and the papers' claims, from the embedded data"),
        (overview.published(), *kept, methods.section(kept)),
        terms=True,
        headline=overview.headline(),
    )


def _computed(
    title: str, make: Callable[[], Section | None], say: Callable[[str], object] | None
) -> Section | None:
    if say is not None:
        say(_("Computing: {what}", what=title))
    return make()


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
                facts[columns].assign(units=facts["units"].map(units_said)),
                _("rows"),
                _("manifest of the package"),
                fold=("name", "not_in", "licence"),
                under="title",
            ),
        ),
    )


def _total_by_year() -> Picture:
    """Total trade by year, its last change in the title."""
    yearly = province_trade()
    own = yearly[yearly["province"] == "Liaoning"]
    value, before = (float(v) for v in own.sort_values("year")["value"].tolist()[:-3:-1])
    up = N_("Liaoning's total trade rose by {growth} to {amount} in {year}")
    down = N_("Liaoning's total trade fell by {growth} to {amount} in {year}")
    ax = change.yearly(
        own,
        period="year",
        unit=term("100m USD"),
        title=_(
            up if value >= before else down,
            growth=percent(abs(value / before - 1)),
            amount=amount(value, "100m USD"),
            year=own["year"].max(),
        ),
        source=_("National Bureau of Statistics, by location of operating unit"),
        note=_("Exports and imports together."),
    )
    alt = _("Bars of total trade by year, 100m USD")
    return Picture("totals_by_year", _("Total trade by year"), ax, alt)


def totals_section() -> Section:
    """Total trade, exports and imports as published."""
    table = datasets.load("liaoning_trade_totals")
    plain = table[table["flow"].isin(["total", "export", "import"]) & table["value"].notna()]
    shown = plain[["year", "period", "end", "flow", "value", "unit", "yoy_pct", "published", "source"]]
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
            _total_by_year(),
            Table(
                "totals",
                _("Published totals"),
                shown.sort_values(["year", "end"], ascending=False, kind="stable").drop(columns="end"),
                _("as in the unit column"),
                _("as in the source column"),
                {"value": ",.1f", "yoy_pct": ".1f"},
                show=15,
            ),
        ),
    )


def markets_section() -> Section:
    """Partner shares of 2023 and the bounds of concentration."""
    whole, named = total_of_2023(), named_shares()
    shares = named[["partner", "value", "share", "published", "source"]].sort_values("share", ascending=False)
    exports = export_concentration("2023")
    return Section("markets", _("Markets and their concentration"), (
        _("In 2023 {n} partners that do not overlap were named, together {share} of the published total trade of "
          "{total}. The figures are exports and imports together; of exports by partner only single figures "
          "are published.", n=len(named), share=percent(shares["share"].sum()), total=amount(whole, UNIT)),
        _("The EU and ASEAN are sums over countries, and the rest is not broken down, so the Herfindahl-Hirschman "
          "index is known only within bounds. They use the sums of blocs, the shares, the printed digits and who was "
          "said to be first, and they are sharp: both ends are reached by some breakdown that fits all of it, with "
          "every other country of ISO 3166 as a possible partner."),
        _("Exports to a market are at most the trade with it. From that, total exports and the single export figure "
          "there is (Russia) it follows that the HHI of exports by market lay between {low} and {high} in 2023; the "
          "table has what it means for single markets.", low=number(exports.low, ".3f"),
          high=number(exports.high, ".3f")),
    ), (*_named_partners(shares, whole), *_concentration()))  # fmt: skip


def _named_partners(shares: pd.DataFrame, whole: float) -> tuple[Picture, Table]:
    """The partners named for 2023, and what no announcement names."""
    top = shares.head(3)
    picture = areas.treemap(
        shares.assign(partner=shares["partner"].map(term)),
        label="partner",
        remainder=whole - float(shares["value"].sum()),
        unit=term(UNIT),
        title=_(
            "{names} took {share} of Liaoning's trade in 2023",
            names=_(", ").join(term(p) for p in top["partner"]),
            share=percent(float(top["share"].sum())),
        ),
        source=_("Shenyang Customs, by way of the pages named in the table"),
        note=_("Exports and imports together; the EU and ASEAN are sums over their members."),
    )
    return (
        Picture("partner_shares", _("Named partners"), picture,
                _("Rectangles of the named partners' shares in 2023")),
        Table("partners_2023", _("Partners named for 2023"), shares, term(UNIT), _("as in the source column"),
              {"value": ",.1f", "share": "share"}, made=("share",)),
    )  # fmt: skip


def _concentration() -> tuple[Picture, Table, Table]:
    """Bounds of concentration by period, and of single markets' shares in exports."""
    limits = market_bounds()
    row = next(r for r in limits.to_dict("records") if r["period"] == "2023")
    band = structure.concentration(
        limits.assign(period=limits["period"].map(term)), low="hhi_low", high="hhi_high",
        title=_("Concentration of total trade by market in 2023: between {low} and {high}, not known better",
                low=number(row["hhi_low"], ".3f"), high=number(row["hhi_high"], ".3f")),
        source=_("computed from all figures and ranks published of the period"),
        note=_("Low: groups (EU, ASEAN) and the rest spread evenly over all countries. High: each in one country."),
    )  # fmt: skip
    formats = dict.fromkeys(("hhi_low", "hhi_high", "hhi_high_unranked"), ".4f")
    formats |= {"known_share": "share", "effective_number_low": ".1f", "effective_number_high": ".1f"}
    return (
        Picture("hhi_bounds", _("Concentration"), band,
                _("Dots at the lower and the upper bound of the HHI by period")),
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
    first, last = table.to_dict("records")
    said = [
        _(
            "{period}: {share} ({value} of {total}; in force for {n} members other than China).",
            period=term(r["period"]),
            share=percent(r["bloc_share"]),
            value=amount(r["value"], UNIT),
            total=amount(r["total"], UNIT),
            n=r["members_in_force"],
        )
        for r in table.to_dict("records")
    ]
    ax = structure.bloc_share(
        table.assign(period=table["period"].map(term)),
        title=_(
            "RCEP's share of Liaoning's trade: {share} in {period}, {points} percentage points on {before}",
            share=percent(last["bloc_share"]),
            period=term(last["period"]),
            points=points(last["bloc_share"] - first["bloc_share"]),
            before=term(first["period"]),
        ),
        source=_("computed from the published figures"),
        note=_(
            "Exports and imports together, January to May of each year; customs count the 14 other signatories."
        ),
    )
    return Section("rcep", _("The {bloc} share of trade", bloc="RCEP"), (
        " ".join(said),
        _("Both are shares in total trade of the same five months. Customs publish trade with all 14 other "
          "signatories; the agreement was not in force for the Philippines until 2 June 2023, nor is it counted here "
          "for Myanmar, so a share over members in force would be smaller in the first period."),
    ), (Picture("rcep_share", _("RCEP share"), ax, _("Bars of the RCEP share in two periods")),
        Table("rcep_share", _("RCEP share by period"), table, term(UNIT), _("as in the source column"),
              {"value": ",.1f", "total": ",.1f", "bloc_share": "share"}, made=("bloc_share",))))  # fmt: skip
