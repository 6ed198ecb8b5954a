"""Which column may have which role: said in errors as the call to make, never acted upon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

# The first pattern that a header matches wins its role: codes before names of products, names before codes of markets.
_ROLES: dict[str, tuple[str, ...]] = {
    "period": (
        r"数据年月|年月",
        r"^(ref(erence)?[ _]?)?(year|period|month|date|time|yr|yyyy(mm)?)s?$|^年份?$|^月份?$|年度|日期|时间",
        r"\b(year|month|period)\b",
    ),
    "value": (
        r"primaryvalue|fob ?value|出口额|出口总?值|人民币|美元|金额",
        r"\b(value|amount|usd|eur|cny|rmb|fob)\b|价值|额$",
        r"\bexports?\b|\btrade\b|^出口|^v$",
    ),
    "market": (
        r"伙伴名|伙伴$|^partners?$|\b(partner|market|destination|importer)( ?(country|name|desc))?$",
        r"目的地|目的国|伙伴|市场|\b(partner|importer|market|destination)",
        r"\bcountr(y|ies)\b|国家|国别|^j$",
    ),
    "exporter": (
        r"注册地名称|\b(exporter|reporter|province|region|state|city)( ?(name|desc))?$|省|地区|城市|出口国",
        r"\b(exporter|reporter|province|region)|注册地|^i$",
    ),
    "product": (
        r"商品编码|\b(hs|sitc|isic|cpa|product|commodity|cmd|sector|industry)[ _]?(code|\d+)$|^hs\d*$|编码",
        r"\b(product|commodity|sector|industry|goods)\b|商品|产品|行业|部门|^k$",
    ),
}
_UNIT = re.compile(r"[(（\[]([^()（）\[\]]+)[)）\]]\s*$")
_PERIOD = re.compile(r"(?:19|20)\d\d(?:[-/.]?(?:0[1-9]|1[0-2])|年(?:\d{1,2}月)?)?")


def roles_of(columns: Sequence[str]) -> dict[str, str]:
    """Role to the column whose name sounds like it, each column once; and the unit that the value's name ends in."""
    found: dict[str, str] = {}
    bare = {c: _UNIT.sub("", c).replace("_", " ").strip().casefold() for c in columns}
    for role, patterns in _ROLES.items():
        free = [c for c in columns if c not in found.values()]
        fits = (c for p in patterns for c in free if re.search(p, bare[c]))
        if (column := next(fits, None)) is not None:
            found[role] = column
    order = ("period", "exporter", "market", "product", "value")
    unit = _UNIT.search(found.get("value", ""))
    return {r: found[r] for r in order if r in found} | ({"unit": unit[1].strip()} if unit else {})


def call(start: str, columns: Sequence[str]) -> str | None:
    """The call to make, from `start` such as ``xl.flows(table``; None where no column sounds like a value."""
    roles = roles_of(columns)
    if "value" not in roles:
        return None
    return ", ".join([start, *(f"{name}={text!r}" for name, text in roles.items())]) + ")"


def periods_across(columns: Sequence[str]) -> list[str]:
    """Columns that are periods by name: the table is wide, where flows have one row a cell."""
    across = [c for c in columns if _PERIOD.fullmatch(c)]
    return across if len(across) > 1 else []


def hint(start: str, name: str, columns: Sequence[str], *, table: str = "table") -> str:
    """What to do about a column `name` that is not among `columns`."""
    near = get_close_matches(name, columns, n=1, cutoff=0.75) or [
        c for c in columns if c.strip() == name.strip()
    ]
    if near:
        return f"Did you mean {near[0]!r}?"
    across = periods_across(columns)
    if across:
        fixed = [c for c in columns if c and c not in across]
        return (
            f"Its columns {across[0]!r} ... {across[-1]!r} are periods; flows have one row a cell: "
            f"table = {table}.melt({fixed}, var_name='period', value_name='value'), then xl.flows(table, ...)."
        )
    made = call(start, columns)
    return "" if made is None else f"Perhaps: {made}."
