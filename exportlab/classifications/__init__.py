"""Countries, blocs, products: tables as CSV, code that only looks up.

The tables are read on first use; importing costs nothing. Every row carries its source.
"""

from exportlab.classifications.blocs import Bloc, Membership, bloc, blocs, members, membership
from exportlab.classifications.countries import Country, countries, country, iso3
from exportlab.classifications.hs import (
    HSChapter,
    HSSection,
    hs_chapter,
    hs_chapters,
    hs_section,
    hs_sections,
)
from exportlab.classifications.labels import TOTAL_CODES, TOTAL_LABELS, is_total, resolve, totals

__all__ = [
    "TOTAL_CODES",
    "TOTAL_LABELS",
    "Bloc",
    "Country",
    "HSChapter",
    "HSSection",
    "Membership",
    "bloc",
    "blocs",
    "countries",
    "country",
    "hs_chapter",
    "hs_chapters",
    "hs_section",
    "hs_sections",
    "is_total",
    "iso3",
    "members",
    "membership",
    "resolve",
    "totals",
]
