"""Write ``tables/countries.csv`` from the CLDR names and ISO 3166 codes that Babel carries.

Run with ``python -m exportlab.classifications._build`` after an upgrade of Babel. The other tables are
kept by hand: ``country_aliases.csv`` (spellings), ``country_codes.csv`` (codes of China's customs and of
UN Comtrade), ``blocs.csv`` and ``bloc_members.csv``, ``hs_sections.csv`` and ``hs_chapters.csv``.
"""

from __future__ import annotations

import csv
from pathlib import Path

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


if __name__ == "__main__":
    main()
