"""One page on top: the five figures that matter, and how sure they are."""

from __future__ import annotations

from exportlab.reporting.liaoning import content, ledger, policy, products
from exportlab.reporting.liaoning.official import advantage, market_bounds, rcep_share
from exportlab.tables.model import Fact, Section
from exportlab.words import _, number, percent, term


def published() -> Section:
    """The summary of the report on the embedded data."""
    facts = (_concentration(), _rcep(), _advantage(), _content(), _policy() or _province())
    return Section(
        "summary",
        _("Summary: five figures and how sure they are"),
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


def _concentration() -> Fact:
    row = next(r for r in market_bounds().to_dict("records") if r["period"] == "2023")
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


def _policy() -> Fact | None:
    found = policy.estimates()
    if found is None:
        return None
    return Fact(
        _("Trade of provinces with a pilot zone after it opened, in logs"),
        f"{found.att:+.2f}",
        _(
            "95 % interval {low} to {high}; p {p} by permutation. Not a causal effect: trade grew faster there before "
            "the zones too.",
            low=f"{found.low:+.2f}",
            high=f"{found.high:+.2f}",
            p=policy.p_value(found.p),
        ),
        "policy",
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
