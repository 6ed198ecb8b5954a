"""Write ``tables/countries.csv`` from the CLDR names and ISO 3166 codes that Babel carries.

Run with ``python -m exportlab.classifications._build`` after an upgrade of Babel, and with the path of a zone.tab to
write ``tables/world_tiles.csv``, the positions of countries on a map of tiles. The other tables are
kept by hand: ``country_aliases.csv`` (spellings), ``country_codes.csv`` (codes of China's customs and of
UN Comtrade), ``blocs.csv`` and ``bloc_members.csv``, ``hs_sections.csv`` and ``hs_chapters.csv``.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from exportlab.classifications.countries import countries

# CLDR territories that are no country or territory of ISO 3166-1
NOT_ISO = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
# codes of states that are gone, which CLDR maps to their successors
FORMER = {"ZAR", "DDR", "FXX", "BUR", "TMP", "YMD"} | {"278", "280", "230", "249", "736", "720", "886"}
# shorter names than CLDR's, as trade data print them
SHORT = {
    "HK": ("Hong Kong", "中国香港"),
    "MO": ("Macao", "中国澳门"),
    "TW": ("Taiwan", "中国台湾"),
    "MM": ("Myanmar", "缅甸"),
    "CD": ("DR Congo", "刚果（金）"),
    "CG": ("Congo", "刚果（布）"),
    "PS": ("Palestine", "巴勒斯坦"),
    "CI": ("Côte d'Ivoire", "科特迪瓦"),
}
COLUMNS = ["iso3", "iso2", "m49", "name", "name_zh", "cldr_name", "cldr_name_zh", "source"]


def build() -> list[dict[str, str]]:
    """One row a country, by ISO3."""
    import babel
    from babel.core import Locale, get_global

    english = {str(k): str(v) for k, v in Locale("en").territories.items()}
    chinese = {str(k): str(v) for k, v in Locale("zh").territories.items()}
    codes: dict[str, list[str]] = {}
    for code, territories in get_global("territory_aliases").items():
        if len(code) == 3 and len(territories) == 1 and code not in FORMER:
            codes.setdefault(territories[0], []).append(code)
    source = f"CLDR names and ISO 3166 codes through Babel {babel.__version__}"
    table = []
    for iso2 in sorted(t for t in english if len(t) == 2 and t not in NOT_ISO):
        (iso3,) = (c for c in codes[iso2] if c.isalpha())
        (m49,) = (c for c in codes[iso2] if c.isdigit())
        if iso2 == "XK":  # CLDR's own codes; trade data use the user-assigned XKX, and M49 has none
            iso3, m49 = "XKX", ""
        name, name_zh = SHORT.get(iso2, (english[iso2].replace("’", "'"), chinese[iso2]))
        row = (iso3, iso2, m49, name, name_zh, english[iso2], chinese[iso2], source)
        table.append(dict(zip(COLUMNS, row, strict=True)))
    return sorted(table, key=lambda r: r["iso3"])


def main() -> None:
    """Write the table beside this module."""
    path = Path(__file__).parent / "tables" / "countries.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(build())


# Where each country stands on a map of equal tiles. Positions are computed, not drawn: the median of the places that
# the IANA time zone database names in a country (zone.tab, public domain), half spread out by rank where they crowd,
# then assigned to tiles with the least sum of squared distances.

WIDE, HIGH = 30, 17
SPREAD = 0.55  # how far a position follows its rank instead of its degrees
NORTHERNMOST, SOUTHERNMOST = 70.0, -55.0  # beyond, land is a strip
DATE_LINE = -168.0  # degrees east; what lies beyond stands on the right
NO_MARKET = ("AQ", "UM")  # Antarctica, and atolls all over the Pacific
FURTHER = {"XK": [(42.67, 21.17)]}  # Pristina: the database has no zone for it
ADJUSTED = {"RU": -25.0}  # degrees of longitude: its zones lie east of most of its trade
SOURCE = "computed from IANA time zone database, zone.tab (public domain): places of a country's zones"

Array = NDArray[np.float64]


def places(zones: Path) -> dict[str, list[tuple[float, float]]]:
    """Latitude and longitude of the places named in each country, by its two letters."""
    found: dict[str, list[tuple[float, float]]] = dict(FURTHER)
    for line in zones.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            code, position = line.split("\t")[:2]
            north, east = re.findall(r"[+-]\d+", position)
            found.setdefault(code, []).append((_degrees(north, 2), _degrees(east, 3)))
    return found


def _degrees(text: str, digits: int) -> float:
    """±DDMM, ±DDDMM and the same with seconds, which are left out."""
    whole, minutes = int(text[1 : 1 + digits]), int(text[1 + digits : 3 + digits])
    return (-1 if text[0] == "-" else 1) * (whole + minutes / 60)


def _middle(code: str, found: list[tuple[float, float]]) -> tuple[float, float]:
    at = np.array(found)
    east = at[:, 1]
    if np.ptp(east) > 180:  # on both sides of the date line
        east = np.where(east < 0, east + 360, east)
    middle = float(np.median(east)) + ADJUSTED.get(code, 0.0)
    return float(np.median(at[:, 0])), middle + 360 if middle < DATE_LINE else middle


def _spread(values: Array) -> Array:
    """0 to 1: partly by size, partly by rank, so that crowded regions have room."""
    rank = values.argsort(kind="stable").argsort(kind="stable") / (len(values) - 1)
    return np.asarray(SPREAD * rank + (1 - SPREAD) * (values - values.min()) / np.ptp(values))


def tiles(zones: Path) -> list[dict[str, str]]:
    """One row a country: its column from the left and its row from the top."""
    from scipy.optimize import linear_sum_assignment

    found = places(zones)
    known = [c for c in countries() if c.iso2 in found and c.iso2 not in NO_MARKET]
    middles = np.array([_middle(c.iso2, found[c.iso2]) for c in known])
    north = np.clip(middles[:, 0], SOUTHERNMOST, NORTHERNMOST)
    x, y = _spread(middles[:, 1]) * (WIDE - 1), (1 - _spread(north)) * (HIGH - 1)
    columns, lines = (a.ravel() for a in np.meshgrid(np.arange(WIDE), np.arange(HIGH)))
    distance = (x[:, None] - columns) ** 2 + 1.3 * (y[:, None] - lines) ** 2
    who, where = linear_sum_assignment(distance)
    return [
        {
            "iso3": known[a].iso3,
            "column": str(columns[b]),
            "row": str(lines[b]),
            "source": SOURCE,
        }
        for a, b in zip(who, where, strict=True)
    ]


def write_tiles(zones: Path) -> None:
    """Write ``tables/world_tiles.csv`` from a zone.tab."""
    with (Path(__file__).parent / "tables" / "world_tiles.csv").open(
        "w", encoding="utf-8", newline=""
    ) as file:
        out = csv.DictWriter(file, ["iso3", "column", "row", "source"], lineterminator="\n")
        out.writeheader()
        out.writerows(tiles(zones))


if __name__ == "__main__":
    write_tiles(Path(sys.argv[1])) if sys.argv[1:] else main()
