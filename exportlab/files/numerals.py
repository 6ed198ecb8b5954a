"""Numbers written as text: thousands separators, and a decimal point or comma as the file's own numbers show.

By hand: Babel and pandas take one convention as told, and read 1,234 under the wrong one in silence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from exportlab.errors import DataError
from exportlab.frames import Array
from exportlab.words import Said, in_turn, said

_PLAIN = re.compile(
    r"(?:(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d*)?\n)*", re.ASCII
)  # one a line, no sign, no blank
# Groups of thousands never begin with a zero: 0,123 is less than one.
_NUMBER = re.compile(
    r"[+-]?(?:\d+|[1-9]\d{0,2}(?:,\d{3})+)?(?:(?<=\d)\.\d*|\.\d+)?(?<=[\d.])(?:[eE][+-]?\d+)?", re.ASCII
)
_SWAP = str.maketrans(",.", ".,")
OTHER = {".": ",", ",": "."}
BY_DELIMITER = {",": ".", ";": ","}  # whoever writes decimal commas parts columns by semicolons
BOTH_SIGNS = ({"decimal": "."}, {"decimal": ","})


class OtherSign(DataError):
    """A number that is one with the other decimal sign only."""


def floats(texts: Sequence[str], unknown: Collection[str], decimal: str) -> tuple[Array, int | None]:
    """The numbers that `texts` are, NaN for what is `unknown`, and the place of the first that is neither."""
    comma = decimal == ","
    joined = "\n".join([*texts, ""])
    if not comma and joined.count("\n") == len(texts) and _PLAIN.fullmatch(joined):
        return np.array(list(map(float, joined.replace(",", "").split()))), None
    out = np.empty(len(texts))
    for i, text in enumerate(texts):
        bare = text.strip()
        number = bare.translate(_SWAP) if comma else bare
        if number and _NUMBER.fullmatch(number):
            out[i] = float(number.replace(",", ""))
        elif bare in unknown:
            out[i] = np.nan
        else:
            return out, i
    return out, None


def is_number(text: str, decimal: str) -> bool:
    """Whether a text is a number with that decimal sign; the other one may set off thousands."""
    bare = text.strip()
    return bool(bare and _NUMBER.fullmatch(bare.translate(_SWAP) if decimal == "," else bare))


def decided(texts: Iterable[str]) -> str | None:
    """The decimal sign of a column, or of several of one table; None where both readings fit and differ.

    A number with both signs, with several groups of thousands, with a group that is none, or with a leading ``0,`` has
    one reading.
    """
    doubt = False
    for text in texts:
        point, comma = is_number(text, "."), is_number(text, ",")
        if point != comma:
            return "." if point else ","
        doubt |= point and ("," in text or "." in text)
    return None if doubt else "."


def doubtful(texts: Iterable[str]) -> str | None:
    """The first text that is a number with either sign, and another one."""
    return next(
        (t for t in texts if ("," in t or "." in t) and is_number(t, ".") and is_number(t, ",")), None
    )


def both_readings(text: str) -> Said:
    """What a doubtful number may be."""
    values = [float(floats([text], (), sign)[0][0]) for sign in (".", ",")]
    point, comma = (f"{value:,.12g}" for value in values)
    return said(
        "{text}, which is {point} with a decimal point and {comma} with a decimal comma",
        text=repr(text.strip()),
        point=point,
        comma=comma,
    )


def numbers_are(decimal: str, text: str) -> Said:
    """What a number looks like."""
    other = OTHER[decimal]
    signs = {"sign": repr(decimal), "other": repr(other), "example": f"1{other}234{decimal}5"}
    rule = said(
        "Numbers are digits with {sign} for decimals; {other} may only set off thousands ({example}).",
        **signs,
    )
    if text and is_number(text, other):
        more = said("Where {other} is for decimals, say decimal={other}.", other=repr(other))
    elif text:
        more = said(
            "Rows where {text} means not known: leave_out= of read_flows leaves them out.", text=repr(text)
        )
    else:
        return rule
    return in_turn(rule, more)
