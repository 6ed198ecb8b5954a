"""The look of every figure: one place for size, colours, fonts, unit and source lines."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, partial
from io import BytesIO
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text as Drawn
from matplotlib.ticker import FuncFormatter

from exportlab.errors import OptionError, one_of
from exportlab.text import printable
from exportlab.words import Text, _, spoken

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
TALLEST = 100  # inches
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
        made = DataFigure(figsize=size, layout="constrained").add_subplot(axes_class=DataAxes)
    made.tick_params(labelsize=RC["xtick.labelsize"], labelfontfamily=fonts())  # ticks are made later
    return made


def axes(width: Literal["single", "double"] = "double", *, height: float | None = None) -> Axes:
    """Axes of a new figure as wide as one column of a journal (3.5 inches) or two (7.2), for the `ax` of a picture.

    Parameters
    ----------
    width : {"single", "double"}
    height : float, optional
        In inches; by default 2.7 of a single column and 3.6 of two.

    Examples
    --------
    >>> import exportlab as xl
    >>> ax = xl.bounds("hhi", {"EU": 50.0, "Japan": 30.0}, 100.0).plot(ax=xl.plots.axes("single"))
    >>> [float(inches) for inches in ax.figure.get_size_inches()]
    [3.5, 2.7]
    """
    one_of("width", width, ("single", "double"))
    if height is not None and not 0 < height <= TALLEST:
        raise OptionError(f"height={height!r} is not allowed. Allowed: inches above zero, at most {TALLEST}.")
    wide, high = SINGLE if width == "single" else DOUBLE
    return new_axes(size=(wide, height or high))


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
    ax: Axes,
    *,
    title: Text = "",
    x: Text = "",
    y: Text = "",
    source: str | None = None,
    note: Text | None = None,
) -> Axes:
    """Label `ax` with what it shows, units in the axis labels, and the source below.

    Messages are said in the language in use; text is a user's own and stays as it is.
    """
    if title:
        ax.set_title(
            spoken(title), loc="left", fontsize=RC["axes.titlesize"], fontweight=RC["axes.titleweight"]
        )
    ax.set_xlabel(spoken(x), fontsize=RC["axes.labelsize"])
    ax.set_ylabel(spoken(y), fontsize=RC["axes.labelsize"])
    origin = _("Source: {source}", source=source) if source else ""
    foot = "\n".join(t for t in (spoken(note or ""), origin) if t)
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
        for text in self.findobj(Drawn, include_self=False):
            text.set_text(_plain(text.get_text(), 1_000))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")  # shown as a box
            warnings.filterwarnings("ignore", "constrained_layout not applied")
            super().draw(renderer)


class DataAxes(Axes):
    """Axes that a notebook draws by itself, as a result of a cell; pyplot and its magic are not needed."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The whole figure, at the size it has in print."""
        file, figure = BytesIO(), self.figure
        with context():
            figure.savefig(file, format="png", bbox_inches="tight")  # type: ignore[union-attr]
        data = file.getvalue()
        pixels = int.from_bytes(data[16:20], "big")  # the width, from the head of the file
        return data, {"width": round(96 * pixels / RC["savefig.dpi"])}


def _named(name: Callable[[Any, Any], Any], at: Any, place: Any = None) -> str:
    return _plain(str(name(at, place)), LONGEST)


def _plain(label: str, most: int) -> str:
    text = _DOLLAR.sub(r"\\$", printable(label))
    return text if len(text) <= most else f"{text[: most - 1].rstrip(chr(92))}…"


# Names at the ends of lines, instead of a legend that the eye must go back and forth to.

NAMED = 28  # characters of a name at the end of a line


def name_ends(ax: Axes) -> None:
    """Name each line at the right of the picture, in its colour, at its last point; names make room for each other."""
    from scipy.optimize import isotonic_regression

    lines = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
    if not lines:
        return
    low, high = ax.get_ylim()
    # Points of height: titles and ticks take a quarter of the figure.
    points = 0.75 * 72 * ax.figure.bbox.height / ax.figure.dpi
    gap = 1.15 * RC["legend.fontsize"] * (high - low) / points
    lasts = {
        line: (float(np.asarray(line.get_xdata())[-1]), float(np.asarray(line.get_ydata())[-1]))
        for line in lines
    }
    lines.sort(key=lambda line: lasts[line][1])
    steps = gap * np.arange(len(lines))
    ends = [lasts[line][1] for line in lines] - steps
    right = max(x for x, _y in lasts.values())
    # The places nearest to the ends, in their order and a gap apart, are a monotone regression.
    for line, end, step in zip(lines, isotonic_regression(ends).x, steps, strict=True):
        ax.annotate(
            _plain(str(line.get_label()), NAMED),
            (right, float(end + step)),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=RC["legend.fontsize"],
            color=line.get_color(),
            annotation_clip=False,
        )
