"""What a market label stands for: a country, the members of a bloc, or a total."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from exportlab.classifications.blocs import On, find_bloc, members
from exportlab.classifications.countries import find
from exportlab.errors import one_of

TOTAL_LABELS: frozenset[str] = frozenset(
    label.casefold()
    for label in (
        # a world of partners
        *("World", "World total", "WLD", "W00", "Global", "All countries", "All partners", "All markets"),
        *(
            "世界",
            "全球",
            "全世界",
            "全部国家",
            "所有国家",
            "全部国家(地区)",
            "所有国家(地区)",
        ),
        # all products
        *("All products", "All commodities", "All goods", "All HS", "All sections", "All industries"),
        *("全部商品", "所有商品", "全部产品", "所有产品"),
        # a nation of regions
        *("All regions", "All provinces", "全国", "全国合计", "全国总计", "全省", "全省合计", "全省总计"),
        # any of them
        *("All", "Total", "Totals", "Grand total", "Sub-total", "Subtotal", "Sum", "TOT", "TTL"),
        *("全部", "合计", "总计", "总值", "总额", "总和", "小计", "共计", "累计"),
    )
)
"""Labels of totals in any role, case-folded: a list for lazy engines on a trimmed, lower-cased column."""

TOTAL_CODES: frozenset[str] = frozenset({"0", "000"})
"""Codes of the world among markets and exporters (M49, UN Comtrade); as products they are SITC codes."""


def is_total(label: object, *, role: str = "market") -> bool:
    """Whether a label is a total of its column and no member of it.

    Parameters
    ----------
    label : object
        "World", "TOTAL", "合计", "W00", M49 0, ...: case and spacing do not matter.
    role : {"market", "exporter", "product"}
        The column's role. The codes 0 and 000 are the world as markets and exporters, but food and
        live animals as products (SITC).
    """
    return bool(totals((label,), role=role))


def totals(labels: Iterable[Any], *, role: str = "market") -> list[Any]:
    """Those of many labels that are totals of their column; see `is_total`."""
    one_of("role", role, ("market", "exporter", "product"))
    known = TOTAL_LABELS if role == "product" else TOTAL_LABELS | TOTAL_CODES
    return [m for m in labels if " ".join(str(m).split()).casefold() in known]


def resolve(label: object, *, on: On = "latest") -> frozenset[str] | None:
    """The ISO3 codes that a market label stands for.

    Parameters
    ----------
    label : str or int
        A country by any name or by ISO3, ISO2 or M49 code, or a bloc by any name.
    on : str, int or date
        When a bloc's membership is read, as in `members`.

    Returns
    -------
    frozenset of str, or None
        One code for a country, all members for a bloc, None when the label is unknown. Two labels
        overlap when their sets do: ``resolve("RCEP") & resolve("Japan")``.
    """
    code = find(label)
    if code is not None:
        return frozenset({code})
    name = find_bloc(label)
    return None if name is None else frozenset(members(name, on=on))
