"""The figure that every picture is drawn on: names of the data stand in it as they are."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter

from exportlab.text import printable

LONGEST = 60  # characters of a label; longer ones leave no room for the picture
_DOLLAR = re.compile(r"(?<!\\)\$")


class DataFigure(Figure):
    """A figure whose texts come from data: a '$' is a dollar and no formula, and no label fills the page."""

    def draw(self, renderer: Any) -> None:
        """Draw, after the texts were made plain."""
        for axes in self.axes:
            for axis in (axes.xaxis, axes.yaxis):
                labels = axis.get_major_formatter()
                if isinstance(labels, FuncFormatter) and getattr(labels.func, "func", None) is not _named:
                    labels.func = partial(_named, labels.func)
            legend = axes.get_legend()
            for text in legend.get_texts() if legend else ():
                text.set_text(_plain(text.get_text(), LONGEST))
        for text in self.findobj(Text, include_self=False):
            text.set_text(_plain(text.get_text(), 1_000))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")  # shown as a box
            warnings.filterwarnings("ignore", "constrained_layout not applied")
            super().draw(renderer)


def _named(name: Callable[[Any, Any], Any], at: Any, place: Any = None) -> str:
    return _plain(str(name(at, place)), LONGEST)


def _plain(label: str, most: int) -> str:
    text = _DOLLAR.sub(r"\\$", printable(label))
    return text if len(text) <= most else f"{text[: most - 1].rstrip(chr(92))}…"
