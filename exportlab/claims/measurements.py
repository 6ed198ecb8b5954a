"""Qualitative claims as measurements: an index, the interval the public data allow, and a threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from exportlab.claims.evidence import Operand, figure
from exportlab.claims.intervals import Interval, point
from exportlab.claims.verdicts import CONTRADICTED, REPRODUCED, UNCHECKED, Verdict, check_kind, with_facts
from exportlab.errors import UnknownName
from exportlab.words import Said, said

if TYPE_CHECKING:
    from exportlab.claims.evidence import Context
    from exportlab.claims.records import Claim


HIGHLY_CONCENTRATED = (
    0.18  # HHI, U.S. Department of Justice and Federal Trade Commission, Merger Guidelines 2023, guideline 1
)
MAJOR = 0.05  # share of exports from which a product is called a major export


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
    """

    what: Said
    interval: Interval
    claimed: Interval
    operands: tuple[Operand, ...]


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
    """Market HHI of exports from above: no market takes more exports than the largest partner trades.

    With shares of at most c, the sum of squares is largest when as many markets as possible have c.
    """
    largest, exports = (
        _of("trade of Liaoning with its largest partner", "2023"),
        _of("exports of Liaoning", "2023"),
    )
    cap = min(1.0, (largest.interval / exports.interval).high)
    full = int(1 / cap)
    return Measurement(
        said("market HHI of exports if none exceeds the largest partner's trade; concentrated: 0.18 or more"),
        Interval(0.0, full * cap**2 + (1 - full * cap) ** 2),
        Interval(HIGHLY_CONCENTRATED, 1.0),
        (largest, exports),
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


def machinery_against_nation() -> Measurement:
    """Machinery and electrical goods, the processed end of exports, against the nation in the same year."""
    name = "share of mechanical and electrical goods in exports of "
    own, nation = _of(name + "Liaoning", "2020"), _of(name + "China", "2020")
    return Measurement(
        said("mechanical and electrical share / the nation's; low: below 1"),
        own.interval / nation.interval,
        Interval(0.0, 1.0),
        (own, nation),
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
        product_hhi,
        machinery_against_nation,
        domestic_content,
    )
}


@check_kind("name")
def measurement(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """Reproduced if the index lies where the claim holds, contradicted if it cannot, else undecided."""
    if o["name"] not in MEASUREMENTS:
        raise UnknownName("measurement", o["name"], MEASUREMENTS)
    m = MEASUREMENTS[o["name"]]()
    inside = m.claimed.low <= m.interval.low and m.interval.high <= m.claimed.high
    verdict = REPRODUCED if inside else UNCHECKED if m.interval.meets(m.claimed) else CONTRADICTED
    how = said("{how}; the bounds do not decide", how=m.what) if verdict == UNCHECKED else m.what
    return Verdict(verdict, m.interval.said(), with_facts(how, m.operands), m.operands)
