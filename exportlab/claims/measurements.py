"""Qualitative claims as measurements: an index, the interval the public data allow, and a threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import TYPE_CHECKING, Any

from exportlab.claims.evidence import Operand, figure
from exportlab.claims.intervals import Interval, point
from exportlab.claims.verdicts import (
    CONTRADICTED,
    REPRODUCED,
    STALE,
    UNCHECKED,
    Verdict,
    check_kind,
    with_facts,
)
from exportlab.errors import UnknownName
from exportlab.facts.announced import exports_of
from exportlab.risk.bounded import risk_bounds
from exportlab.words import Said, said

if TYPE_CHECKING:
    from exportlab.claims.evidence import Context
    from exportlab.claims.records import Claim


HIGHLY_CONCENTRATED = (
    0.18  # HHI, U.S. Department of Justice and Federal Trade Commission, Merger Guidelines 2023, guideline 1
)
MAJOR = 0.05  # share of exports from which a product is called a major export
LASTING = 5  # years for which a structure is taken to stand, a plan's length; then a figure is out of date
LARGE_LOSS = 0.1  # of exports, that the loss of one market costs, from which they are called vulnerable
PLACES = 11  # coastal provinces of China


@dataclass(frozen=True)
class Measurement:
    """An index for a claim in words.

    Parameters
    ----------
    what : Said
        The index and its formula.
    interval : Interval
        The values the public figures allow.
    claimed : Interval
        The values for which the claim would hold.
    operands : tuple of Operand
        The figures used.
    year : int, optional
        That of the figures, where it may be too old for the claim.
    """

    what: Said
    interval: Interval
    claimed: Interval
    operands: tuple[Operand, ...]
    year: int | None = None


def _of(quantity: str, period: str, **where: str) -> Operand:
    return figure("claims_evidence", {"quantity": quantity, "period": period, **where})


def steel_share() -> Measurement:
    """Steel in the exports of Liaoning; major means a twentieth of exports or more."""
    part, whole = (
        _of("exports of steel from Liaoning", "2010 Jan-Feb"),
        _of("exports of Liaoning", "2010 Jan-Feb"),
    )
    return Measurement(
        said("steel / exports, the one period with a published level; major: 5 % or more"),
        part.interval / whole.interval,
        Interval(MAJOR, inf),
        (part, whole),
        2010,
    )


def coal_share() -> Measurement:
    """Coal in the exports of Liaoning, from above: all coal of China as if it left from there."""
    part = _of("exports of coal from China", "2023")
    cny, trade_cny = (
        _of("exports of Liaoning", "2023"),
        _of("foreign trade of Liaoning", "2023", unit="bn CNY"),
    )
    trade_usd = _of("foreign trade of Liaoning", "2023", unit="bn USD")
    exports = cny.interval / (trade_cny.interval / trade_usd.interval)
    return Measurement(
        said("at most all coal of China / exports of the province in USD; major: 5 % or more"),
        Interval(0.0, (part.interval / exports).high),
        Interval(MAJOR, inf),
        (part, cny, trade_cny, trade_usd),
    )


def asia_pacific_share() -> Measurement:
    """Exports to RCEP members bounded by trade with them: between trade less all imports, and trade."""
    period = "2023 Jan-May"
    exports, imports = _of("exports of Liaoning", period), _of("imports of Liaoning", period)
    trade = _of("trade of Liaoning with RCEP members", period)
    low = max(0.0, ((trade.interval - imports.interval) / exports.interval).low)
    high = min(1.0, (trade.interval / exports.interval).high)
    return Measurement(
        said(
            "exports to RCEP members / exports, bounded by trade with them; over-concentrated: more than half"
        ),
        Interval(low, high),
        Interval(0.5, 1.0),
        (trade, exports, imports),
    )


def market_hhi() -> Measurement:
    """Market HHI of exports, by all that is published of the year's exports and of the trade they are part of."""
    low, high = _risk()["own shocks"]
    return Measurement(
        said(
            "market HHI of exports, by all that is published of them and of trade; concentrated: 0.18 or more"
        ),
        Interval(low**2, high**2),
        Interval(HIGHLY_CONCENTRATED, 1.0),
        _announced(),
    )


def market_risk() -> Measurement:
    """What the loss of the largest market would cost: the part of risk that lies in shares alone."""
    (least, most), own = _risk()["largest market lost"], _risk()["own shocks"]
    span = said("{low} to {high}", low=f"{own[0]:.2f}", high=f"{own[1]:.2f}")
    return Measurement(
        said(
            "share of exports lost with the largest market; vulnerable: a tenth or more; if markets have shocks of "
            "their own of one size, exports vary {span} times as much as one market",
            span=span,
        ),
        Interval(least, most),
        Interval(LARGE_LOSS, 1.0),
        _announced(),
    )


@cache
def _risk() -> dict[str, tuple[float, float]]:
    """Both ends of each measure of risk that the facts of 2023 bound."""
    table = risk_bounds(exports_of("2023"))
    return {m: (float(a), float(b)) for m, a, b, _ in table.itertuples(index=False, name=None)}


def _announced() -> tuple[Operand, ...]:
    """The figures that bind most: exports, those to the one market that is published, and trade with the largest."""
    year, unit = {"year": "2023", "period": "annual"}, {"unit": "100m CNY"}
    partners = "liaoning_trade_by_partner"
    return (
        figure("liaoning_trade_totals", {**year, "flow": "export", **unit}),
        figure(partners, {**year, "partner": "Russia", "flow": "export", **unit}),
        figure(partners, {**year, "partner": "EU", "flow": "total", "rank": "", **unit}),
    )


def product_hhi() -> Measurement:
    """Product HHI bounded by two published groups: each may be one product or many."""
    group = _of("share of mechanical and electrical goods in exports of Liaoning", "2023 Jan-May")
    s = group.interval
    high = s * s + (point(1.0) - s) * (point(1.0) - s)
    return Measurement(
        said("HHI over products, between many in each published group and one; homogeneous: 0.18 or more"),
        Interval(0.0, high.high),
        Interval(HIGHLY_CONCENTRATED, 1.0),
        (group,),
    )


def undifferentiated_share() -> Measurement:
    """Goods that are not differentiated (Rauch 1999), from above: exports without machinery and without clothing."""
    when = {"year": "2023", "period": "Jan-May"}
    groups = [
        figure("liaoning_exports_by_product", {**when, "product": p})
        for p in ("mechanical & electrical", "textiles & garments")
    ]
    exports = _of("exports of Liaoning", "2023 Jan-May")
    rest = point(1.0) - (groups[0].interval + groups[1].interval) / exports.interval
    return Measurement(
        said(
            "1 - (machinery and electrical goods + textiles and garments, differentiated in Rauch's sense) / exports; "
            "homogeneous: more than half"
        ),
        Interval(0.0, rest.high),
        Interval(0.5, 1.0),
        (*groups, exports),
    )


def likeness_to_nation() -> Measurement:
    """What the province's exports have in common with the nation's (Finger and Kreinin 1979), from above.

    Within a group nothing is known of the mix, so the common part of the two groups is the most there can be.
    """
    own = _of("share of mechanical and electrical goods in exports of Liaoning", "2023 Jan-May")
    where = {"year": "2023", "period": "annual", "product": "mechanical & electrical"}
    nation = figure("china_exports_by_product", where, column="share_pct")
    apart = own.interval - nation.interval
    return Measurement(
        said(
            "Finger-Kreinin similarity of exports with the nation's, at most 1 - the distance of the shares of "
            "machinery and electrical goods; alike: more than half in common"
        ),
        Interval(0.0, 1.0 - max(apart.low, -apart.high, 0.0)),
        Interval(0.5, 1.0),
        (own, nation),
    )


def first_open_cities() -> Measurement:
    """The first list of open coastal cities, of 1984: whether it has one of the province."""
    cities = _of("cities of Liaoning in the first list of open coastal cities", "1984")
    return Measurement(
        said("cities of the province in the first list of open coastal cities, of 1984; early: one or more"),
        cities.interval,
        Interval(1.0, inf),
        (cities,),
    )


def seawater_rank() -> Measurement:
    """The province's place in seawater cooling, at worst the last of those said to be above ten billion tonnes."""
    above = _of("coastal provinces with Liaoning above 10 bn t of seawater cooling", "2022")
    return Measurement(
        said(
            "place among the coastal provinces in seawater cooling, at worst; lower middle: behind the middle one"
        ),
        Interval(1.0, above.interval.high),
        Interval((PLACES + 1) / 2 + 1, PLACES),
        (above,),
    )


def seawater_use() -> Measurement:
    """Seawater for cooling against the average of the coastal provinces."""
    least = _of("seawater cooling of Liaoning, at least", "2022")
    nation = _of("seawater cooling of China", "2022")
    average = nation.interval / point(float(PLACES))
    return Measurement(
        said("seawater cooling / the average of the coastal provinces; low: below 1"),
        Interval((least.interval / average).low, PLACES),
        Interval(0.0, 1.0),
        (least, nation),
    )


def domestic_content() -> Measurement:
    """Domestic value added per yuan that Liaoning exports, as far as announcements bound it, beside the nation's."""
    from exportlab.valueadded import china_multipliers, liaoning_bounds

    bounds = liaoning_bounds(year=2023, period="Jan-May", table=2020).table.iloc[0]
    sectors = china_multipliers(2020)
    nation = float((sectors["domestic"] * sectors["export_share"]).sum())
    own = Interval(float(bounds["low"]), float(bounds["high"]))
    source = "computed: announced product classes and the National Bureau of Statistics' table of 2020"
    span = said("{low} to {high}", low=f"{own.low:.3f}", high=f"{own.high:.3f}")
    text = said("domestic value added per unit of exports, Liaoning 2023 Jan-May {span}", span=span)
    return Measurement(
        said("domestic value added per unit of exports, bounded; low: below the nation's"),
        own,
        Interval(0.0, nation),
        (
            Operand(own, "", text, source),
            Operand(point(nation), "", said("China 2020 {share}", share=f"{nation:.3f}"), source),
        ),
    )


MEASUREMENTS: dict[str, Callable[[], Measurement]] = {
    f.__name__: f
    for f in (
        steel_share,
        coal_share,
        asia_pacific_share,
        market_hhi,
        market_risk,
        product_hhi,
        undifferentiated_share,
        likeness_to_nation,
        domestic_content,
        first_open_cities,
        seawater_rank,
        seawater_use,
    )
}


@check_kind("name")
def measurement(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """Reproduced if the index lies where the claim holds, contradicted if it cannot, else undecided.

    What held in a year long before that of the claim is out of date.
    """
    if o["name"] not in MEASUREMENTS:
        raise UnknownName(said("measurement"), o["name"], MEASUREMENTS)
    m = MEASUREMENTS[o["name"]]()
    inside = m.claimed.low <= m.interval.low and m.interval.high <= m.claimed.high
    verdict = REPRODUCED if inside else UNCHECKED if m.interval.meets(m.claimed) else CONTRADICTED
    how = said("{how}; the bounds do not decide", how=m.what) if verdict == UNCHECKED else m.what
    if verdict == REPRODUCED and m.year and claim.period and int(claim.period) - m.year > LASTING:
        verdict = STALE
        how = said(
            "{how}; so in {year}, nothing is published of {now}", how=how, year=str(m.year), now=claim.period
        )
    return Verdict(verdict, m.interval.said(), with_facts(how, m.operands), m.operands)
