"""The unit of money as tables state it: in a heading, or in a column of currencies."""

from __future__ import annotations

import re
from collections.abc import Iterable

_HAN = "百|千|万|十万|百万|千万|亿|十亿|百亿"
_HAN_MONEY = "美元|人民币|欧元|日元|港元|港币|元"
_WORD = rf"(?:USD|EUR|CNY|RMB|GBP|JPY|US ?\$|US dollars?|dollars?|euros?|yuan|[$€¥£]|{_HAN_MONEY})"
_SCALE = rf"(?:\d[\d,]*(?: (?:thousand|million|billion))?|thousands?|millions?|billions?|mn|bn|m|k|{_HAN})"
_MONEY = rf"{_SCALE}?\s*(?:of )?{_WORD}(?:\s*{_SCALE})?|{_WORD}"
_BRACKETS = re.compile(rf"[(（\[]\s*(?:in |单位[::]?)?({_MONEY})\s*[)）\]]\s*$", re.IGNORECASE)
_TAIL = re.compile(rf"(?:[_,，:：\s]|额|值)((?:{_HAN})?(?:{_HAN_MONEY}))\s*$")
_TITLE = re.compile(rf"(?:[,，;:：]| in)\s*({_MONEY})\s*$", re.IGNORECASE)
_NAMES = "currency|currencies|curr|currency code|currencycode|currency unit|money unit"
NAMES = frozenset(f"{_NAMES}|币种|货币|币制|货币单位|金额单位".split("|"))
_CODES = {
    "USD": ("usd", "us$", "us $", "us dollar", "美元"),
    "CNY": ("cny", "rmb", "yuan", "人民币"),
    "EUR": ("eur", "€", "欧元"),
    "GBP": ("gbp", "£"),
    "JPY": ("jpy", "日元"),
    "HKD": ("hkd", "港元", "港币"),
}


def unit_of(heading: object) -> str | None:
    """The unit of money that a heading ends in: 出口额（亿元）, 金额_美元, "exports (1000 USD)"."""
    text = str(heading)
    found = _BRACKETS.search(text) or _TAIL.search(text) or _TITLE.search(text)
    return " ".join(found[1].split()) if found else None


def column_of(columns: Iterable[object]) -> str | None:
    """The column that holds each row's currency, by its name."""
    names = (c for c in columns if isinstance(c, str))
    return next((c for c in names if " ".join(c.replace("_", " ").split()).casefold() in NAMES), None)


def agrees(unit: str, currency: str) -> bool:
    """Whether a unit as it is said and the currency of a column can be the same money."""
    said, held = _codes(unit), _codes(currency)
    return not said or not held or said == held


def _codes(text: str) -> set[str]:
    folded = text.casefold()
    return {code for code, words in _CODES.items() if any(w in folded for w in words)}
