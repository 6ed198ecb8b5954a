"""What stands on top: one sentence, and the six figures that matter with how sure they are."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from exportlab import datasets
from exportlab.reporting.liaoning import content, ledger, products
from exportlab.reporting.liaoning.official import (
    advantage,
    market_bounds,
    named_shares,
    rcep_share,
)
from exportlab.tables.model import Fact, Section
from exportlab.words import N_, _, amount, listed, number, percent, points, term

USD = "100m USD"


def headline() -> str:
    """How much Liaoning trades, with whom, and how concentrated that is: exports and imports together throughout."""
    before, last = products.provinces().to_dict("records")[-2:]
    growth = last["value"] / before["value"] - 1
    more = N_(
        "In {year} Liaoning's trade, exports and imports together, was {amount}, {growth} more than a year before"
    )
    less = N_(
        "In {year} Liaoning's trade, exports and imports together, was {amount}, {growth} less than a year before"
    )
    shares = named_shares().nlargest(3, "share")
    partners = [
        _("{market} ({share})", market=term(p), share=percent(s))
        for p, s in zip(shares["partner"], shares["share"], strict=True)
    ]
    then, now = rcep_share().to_dict("records")
    bounds = _bounds_of(2023)
    clauses = (
        _(
            more if growth >= 0 else less,
            year=last["year"],
            amount=amount(last["value"], USD),
            growth=percent(abs(growth)),
        ),
        _("its largest partners in 2023 were {partners}", partners=_(", ").join(partners)),
        _(
            "RCEP's other signatories took {share} in {period}, {points} percentage points on {before} (of China's "
            "trade: {china} in {year})",
            share=percent(now["bloc_share"]),
            period=term(now["period"]),
            points=points(now["bloc_share"] - then["bloc_share"]),
            before=term(then["period"]),
            **_rcep_of_china(),
        ),
        _(
            "its concentration over partners (HHI) lies between {low} and {high}: by the lines that competition "
            "authorities draw at 0.10 and 0.18 little, at most moderate",
            low=number(bounds["hhi_low"], ".3f"),
            high=number(bounds["hhi_high"], ".3f"),
        ),
    )
    return _("{clauses}.", clauses=listed(clauses))


def _bounds_of(year: int) -> dict[Hashable, Any]:
    return next(r for r in market_bounds().to_dict("records") if r["period"] == str(year))


def _rcep_of_china() -> dict[str, object]:
    """RCEP's latest published share in China's trade of a whole year."""
    table = datasets.load("china_exports_by_partner")
    whole = (table["partner"] == "RCEP") & (table["flow"] == "total") & (table["period"] == "annual")
    row = table[whole & table["share_pct"].notna()].sort_values("end").iloc[-1]
    return {"china": percent(row["share_pct"] / 100), "year": row["year"]}


def published() -> Section:
    """The summary of the report on the embedded data."""
    facts = (_total(), _concentration(), _rcep(), _advantage(), _content(), _province())
    return Section(
        "summary",
        _("Summary: six figures and how sure they are"),
        (),
        (),
        facts,
        (
            _("Of the papers' claims: {counts}.", counts=ledger.counts()),
            _(
                "Bounds hold for certain under what is published; they are not confidence intervals. "
                "Shares are exact up to the printed digits. An estimate has a confidence interval and a "
                "design that can fail."
            ),
            _("Every figure is computed from the tables below, each with unit and source, also as CSV."),
        ),
    )


def _total() -> Fact:
    before, last = products.provinces().to_dict("records")[-2:]
    return Fact(
        _("Liaoning's total trade, {year}", year=last["year"]),
        amount(last["value"], USD),
        _(
            "Exports and imports as published by the National Bureau of Statistics, exact up to the printed digits; "
            "{before} in {year}.",
            before=amount(before["value"], USD),
            year=before["year"],
        ),
        "totals",
    )


def _concentration() -> Fact:
    row = _bounds_of(2023)
    return Fact(
        _("Concentration of Liaoning's total trade by market, 2023 (HHI on 0 to 1)"),
        _("{low} to {high}", low=number(row["hhi_low"], ".3f"), high=number(row["hhi_high"], ".3f")),
        _(
            "Sharp bounds from all that is published: the partners named cover {share} of trade, and the EU is the "
            "largest. Without that rank the upper end would be {unranked}. Between {few} and {many} partners of equal "
            "size would be as concentrated.",
            share=percent(row["known_share"]),
            unranked=number(row["hhi_high_unranked"], ".3f"),
            few=number(row["effective_number_low"]),
            many=number(row["effective_number_high"]),
        ),
        "markets",
    )


def _rcep() -> Fact:
    before, after = rcep_share().to_dict("records")
    return Fact(
        _("Share of RCEP members in Liaoning's trade, {period}", period=term(after["period"])),
        percent(after["bloc_share"]),
        _(
            "Exact up to the printed digits; {share} in {period}. Exports and imports together, all 14 "
            "other signatories in both periods.",
            share=percent(before["bloc_share"]),
            period=term(before["period"]),
        ),
        "rcep",
    )


def _advantage() -> Fact:
    row = advantage().to_dict("records")[0]
    return Fact(
        _(
            "Advantage in {product} against China, {year} (RCA)",
            product=term(row["product"]),
            year=row["year"],
        ),
        number(row["rca"], ".3f"),
        _(
            "{low} to {high} by the printed digits of the two shares; below 1, so no advantage. The only "
            "class with both shares published for one period.",
            low=number(row["rca_low"], ".3f"),
            high=number(row["rca_high"], ".3f"),
        ),
        "products",
    )


def _content() -> Fact:
    bounds = content.liaoning()
    domestic, _direct, province = bounds.table.to_dict("records")
    return Fact(
        _(
            "Value added made in China in Liaoning's exports, {period}",
            period=term(f"{content.YEAR} {content.PERIOD}"),
        ),
        _("{low} to {high}", low=percent(domestic["low"], 0), high=percent(domestic["high"], 0)),
        _(
            "Sharp bounds given China's sector multipliers of 2020. The province's own part is known far "
            "less: {low} to {high}.",
            low=percent(province["low"], 0),
            high=percent(province["high"], 0),
        ),
        "content",
    )


def _province() -> Fact:
    first, *_between, last = products.provinces().to_dict("records")
    return Fact(
        _("Liaoning's share in the trade of the 31 provinces, {year}", year=last["year"]),
        percent(last["share"], 2),
        _(
            "Official totals, exact; {share} in {year}. Rank {rank}.",
            share=percent(first["share"], 2),
            year=first["year"],
            rank=last["rank"],
        ),
        "provinces",
    )
