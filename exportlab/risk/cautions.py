"""What every result of this room says of itself: the cautions that are printed with the numbers."""

from __future__ import annotations

from typing import Any

from exportlab.flow_table import Flows
from exportlab.words import N_

CONCENTRATION = N_(
    "Concentration is not risk: few calm markets that move apart may vary less than many that move together."
)
SMALL = N_(
    "Diversification can raise the volatility of small exporters, whose new markets are small, costly and soon left "
    "(Vannoorenberghe, Wang and Yu 2016)."
)
PRICES = N_(
    "Values hold price and quantity: a fall may be one of prices alone, or of the exchange rate of their money."
)
ENTRY = (
    "Zeros, entry and exit: arc growth counts a start as 2 and an end as -2; a member that trades in neither period "
    "has grown by zero."
)
OVERLAP = (
    "Growth over a year, taken in each part of a year, overlaps: the rates are not independent of each other."
)
AVERAGES = "Past shocks and their covariances are taken to go on; shares do not answer to them."


def overlap(flows: Flows, lag: Any) -> tuple[str, ...]:
    """The caution on rates that overlap, where they do."""
    return (OVERLAP,) if lag == "year" and flows.calendar.frequency in ("month", "quarter", "half") else ()
