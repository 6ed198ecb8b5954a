"""Numbers as text: with thousands separators, and with a decimal point or comma as it is said."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np

from exportlab.arrays import Array

_PLAIN = re.compile(
    r"(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?\n)*", re.ASCII
)  # a number a line, no sign, no blank
_NUMBER = re.compile(
    r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:(?<=\d)\.\d*|\.\d+)?(?<=[\d.])(?:[eE][+-]?\d+)?", re.ASCII
)
_SWAP = str.maketrans(",.", ".,")


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


def numbers_are(decimal: str, text: str) -> str:
    """What a number looks like, and the option that makes `text` one where there is one."""
    thousands = "." if decimal == "," else ","
    rule = f"Numbers are digits with {decimal!r} for decimals; {thousands!r} may only set off thousands "
    rule += f"(1{thousands}234{decimal}5)."
    if text and _NUMBER.fullmatch(text.translate(_SWAP) if decimal == "." else text):
        return f"{rule} Where {thousands!r} is for decimals, say decimal={thousands!r}."
    return (
        f"{rule} Rows where {text!r} means not known: leave_out= of read_flows leaves them out."
        if text
        else rule
    )
