"""How long a text is, and how it breaks into lines: words of Latin and signs of Chinese."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

import numpy as np

FIGURE = re.compile(r" \S{0,7}\d\S{0,2}$")  # a number after a name


def balanced(text: str, most: float) -> str:
    """A text in as few lines as `wrapped` makes of it, all about as long."""
    lines = wrapped(text, most).count("\n") + 1
    if lines == 1:
        return wrapped(text, most)
    widths = np.linspace(squares(text) / lines, most, 12)
    return next(made for w in widths if (made := wrapped(text, float(w))).count("\n") < lines)


def wrapped(text: str, most: float) -> str:
    """A text in lines of at most so many signs that are as wide as high; a letter counts a little more than half."""
    lines = [""]
    for part in breakable(text):
        joined = (lines[-1] + part).lstrip() if lines[-1] != "" or len(lines) > 1 else part
        if not lines[-1] or squares(joined.rstrip()) <= most:
            lines[-1] = joined
        else:
            lines[-1] = lines[-1].rstrip()
            lines.append(part.lstrip())
    return "\n".join(lines)


def in_lines(text: str, most: float, lines: int = 2) -> str:
    """A text in so many lines of at most so many signs that are as wide as high; cut before a number at its end."""
    if wrapped(text, most).count("\n") < lines:
        return wrapped(text, most)
    head, end = text, "…"
    if figure := FIGURE.search(text):
        head, end = text[: figure.start()], f"…{figure[0]}"
    while head and wrapped(head + end, most).count("\n") >= lines:
        head = head[:-1].rstrip()
    return wrapped(head + end, most)


def breakable(text: str) -> list[str]:
    """What a line can be broken between: words, and signs of Chinese that are no closing mark."""
    found: list[str] = []
    for sign in text:
        wide = east_asian_width(sign) in "WF"
        closing = sign in "，。；：、）》”’％%,.;:)"
        after_wide = bool(found) and east_asian_width(found[-1][-1]) in "WF" and found[-1][-1] not in "（《“‘"
        if not found or (not closing and (sign == " " or wide or after_wide)):
            found.append(sign)
        else:
            found[-1] += sign
    return found


def squares(text: str) -> float:
    """About how long a text is, in its size."""
    return sum(
        1.0 if east_asian_width(c) in "WF" else 0.66 if c.isdigit() or c.isupper() else 0.57 for c in text
    )


def width(text: str) -> int:
    """Characters, of which those of Chinese are twice as wide."""
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
