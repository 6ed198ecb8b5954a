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
from exportlab.classifications.labels import (
    TOTAL_CODES,
    TOTAL_LABELS,
    Meaning,
    is_residual,
    is_total,
    meaning,
    meanings,
    near,
    residuals,
    resolve,
    totals,
)
from exportlab.classifications.regions import Region, region, regions

__all__ = [
    "TOTAL_CODES",
    "TOTAL_LABELS",
    "Bloc",
    "Country",
    "HSChapter",
    "HSSection",
    "Meaning",
    "Membership",
    "Region",
    "bloc",
    "blocs",
    "countries",
    "country",
    "hs_chapter",
    "hs_chapters",
    "hs_section",
    "hs_sections",
    "is_residual",
    "is_total",
    "iso3",
    "meaning",
    "meanings",
    "members",
    "membership",
    "near",
    "region",
    "regions",
    "residuals",
    "resolve",
    "totals",
]
