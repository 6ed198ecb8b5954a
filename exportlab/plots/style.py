"""The look of every figure: one place for size, colours, fonts, unit and source lines."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter

from exportlab.text import printable
from exportlab.words import N_, _, catalogue, language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe-Ito: told apart by colour-blind readers and, with the markers, in grey print.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C8C8C")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")
GREY = "#6b6b6b"
CHINESE = (
    "Noto Sans CJK SC",
    "Noto Serif CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
)
SINGLE, DOUBLE = (3.5, 2.7), (7.2, 3.6)  # inches: one and two journal columns
RC: dict[str, Any] = {
    "font.size": 8.0,
    "axes.titlesize": 9.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.0,
    "svg.fonttype": "path",
    "svg.hashsalt": "exportlab",
    "savefig.dpi": 200,
}


def new_axes(ax: Axes | None = None, *, size: tuple[float, float] = DOUBLE) -> Axes:
    """Return `ax`, or the Axes of a new figure in the house style.

    The figure is made without pyplot, so nothing is kept open and no backend is chosen.
    """
    if ax is not None:
        return ax

    with context():
        made = DataFigure(figsize=size, layout="constrained").add_subplot()
    made.tick_params(labelsize=RC["xtick.labelsize"], labelfontfamily=fonts())  # ticks are made later
    return made


def context() -> AbstractContextManager[None]:
    """The house style as a context, for drawing and for saving."""
    from matplotlib import rc_context

    style: Any = {**RC, "font.family": fonts()}
    return rc_context(style)


@cache
def fonts() -> list[str]:
    """The sans-serif default followed by whatever installed font draws Chinese."""
    from matplotlib import font_manager

    installed = {f.name for f in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in CHINESE if name in installed)]


def finish(
    ax: Axes, *, title: str = "", x: str = "", y: str = "", source: str | None = None, note: str | None = None
) -> Axes:
    """Label `ax` with what it shows, units in the axis labels, and the source below."""
    if title:
        ax.set_title(title, loc="left", fontsize=RC["axes.titlesize"], fontweight=RC["axes.titleweight"])
    ax.set_xlabel(x, fontsize=RC["axes.labelsize"])
    ax.set_ylabel(y, fontsize=RC["axes.labelsize"])
    foot = "\n".join(t for t in (note, f"Source: {source}" if source else None) if t)
    if foot:
        ax.annotate(
            foot,
            xy=(0, 0),
            xycoords=("axes fraction", ax.xaxis.label),
            xytext=(0, -5),
            textcoords="offset points",
            ha="left",
            va="top",
            fontsize=6.5,
            color=GREY,
            annotation_clip=False,
        )
    return ax


# The figure that every picture is drawn on: names of the data stand in it as they are.

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


# Pictures for the report: those of `exportlab.plots`, with their words in the language in use.

# What the pictures write themselves: axis labels, legends and the words before a source.
DRAWN = (
    N_("Source: {rest}"),
    N_("Gini {rest}"),
    N_("share of {rest}, %"),
    N_("share of the total, %"),
    N_("of the value, %"),
    N_("markets, smallest first, %"),
    N_("products, smallest first, %"),
    N_("Herfindahl-Hirschman index"),
    N_("revealed comparative advantage (neutral: {rest})"),
    N_("share of exports, %"),
    N_("hollow: an interval with a note against it"),
    N_("domestic value added"),
    N_("imported"),
    N_("product taxes"),
    N_("value added, % of exports"),
    N_("upstreamness, steps from final use"),
    N_("periods since adoption"),
    N_("number of claims"),
    N_("share of exports"),
    N_("contribution to the variance"),
    N_("share of the variance, %"),
    N_("instability, %"),
    N_("actual"),
    N_("predicted by foreign demand"),
    N_("value at risk"),
    N_("expected shortfall"),
    N_("growth of exports, %"),
    N_("change of exports, %"),
    N_("standard deviation of growth, %"),
    N_("Concentration is not risk."),
    N_("Area of a point: exports."),
    N_("Thick bars: pointwise 95 % intervals; thin bars with caps: simultaneous 95 % bands."),
)


def localised(axes: Axes) -> Axes:
    """The same picture with every text that the catalogue knows in the language in use, in a font that has it."""
    if language() == "en":
        return axes
    from matplotlib.text import Text

    texts: list[Any] = axes.findobj(Text)
    legend = axes.get_legend()
    for text in [*texts, *(legend.get_texts() if legend else [])]:
        text.set_fontfamily(fonts())
        said = text.get_text()
        if said:
            text.set_text("\n".join(_known(line) for line in said.split("\n")))
    return axes


def _known(line: str) -> str:
    """The line in the language in use: itself, or what stands in its place of {rest}."""
    if line in catalogue(language()):
        return _(line)
    for pattern in DRAWN:
        if "{rest}" in pattern:
            before, after = pattern.split("{rest}")
            if line.startswith(before) and line.endswith(after) and len(line) > len(before + after):
                rest = line[len(before) : len(line) - len(after)]
                return _(pattern, rest=_(rest))
    return line
