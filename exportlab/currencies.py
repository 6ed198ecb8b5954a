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


# How many of its currency a unit of money counts, by the words that say so.
SCALES = {
    1e2: ("百",),
    1e3: ("1000", "1,000", "thousand", "k", "千"),
    1e4: ("10k", "10,000", "10000", "万"),
    1e5: ("十万",),
    1e6: ("million", "mn", "m", "1,000,000", "百万"),
    1e7: ("千万",),
    1e8: ("100m", "100 million", "亿"),
    1e9: ("billion", "bn", "十亿"),
    1e10: ("百亿",),
    1e12: ("trillion", "trn", "万亿"),
}
_YUAN = "元"


def counted_in(unit: str) -> tuple[float, str] | None:
    """How many of which currency a unit is: "million USD" and 百万美元 are (1e6, "USD"); None where it is no money."""
    folded = unit.casefold().strip()
    for code, words in _CODES.items():
        for word in sorted(words, key=len, reverse=True):
            if word in folded:
                return _scaled(folded.replace(word, " ", 1), code)
    return _scaled(folded[: -len(_YUAN)], "CNY") if folded.endswith(_YUAN) else None


def _scaled(rest: str, code: str) -> tuple[float, str] | None:
    word = rest.replace(_YUAN, " ").replace("(", " ").replace(")", " ").strip(" ,，:：").removesuffix(" of")
    if not word or word == "s":
        return 1.0, code
    singular = word[:-1] if word.endswith("s") and len(word) > 3 else word
    return next(((n, code) for n, words in SCALES.items() if singular in words), None)
