"""Figures and formulae as SVG, each laid out once: one renderer measures its texts and draws them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from exportlab.plots.style import context, titled, without_words_around

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS = 72  # an inch, in the units of an SVG file
PAD = 0.1  # inches around what is drawn
_SIZE = re.compile(r' (?:width|height|viewBox)="[^"]*"')


def svg(axes: Axes) -> str:
    """The figure as inline SVG, without title and foot: the page says them."""
    with without_words_around(axes):
        return _inline(svg_file(axes, Creator=None))


def svg_file(axes: Axes, **metadata: Any) -> str:
    """The figure as an SVG document."""
    figure: Any = axes.figure
    return titled(_drawn(figure, **metadata))


@cache
def formula(tex: str) -> str:
    """A formula in LaTeX as inline SVG."""
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import IdentityTransform

    path = TextPath((0, 0), f"${tex}$".replace(r"\frac", r"\dfrac"), size=11)
    figure = Figure()
    figure.add_artist(PathPatch(path, color="black", linewidth=0, transform=IdentityTransform()))
    return _inline(_drawn(figure, Creator=None))


def _inline(document: str) -> str:
    return document[document.index("<svg") :]


def _drawn(figure: Figure, **metadata: Any) -> str:
    """The figure cut to what is drawn of it, which may stand outside its edges, on white."""
    from matplotlib.backends import backend_svg

    made: Any = backend_svg  # without types
    file = io.StringIO()
    wide, high = DOTS * figure.get_size_inches()
    with context(), _in_dots(figure):
        renderer = made.RendererSVG(wide, high, file, metadata={"Date": None, **metadata})
        with _measured_by(renderer, figure):
            figure.draw(renderer)
            box = figure.get_tightbbox(renderer).padded(PAD)
        renderer.finalize()
    return _cut(file.getvalue(), DOTS * box.x0, high - DOTS * box.y1, DOTS * box.width, DOTS * box.height)


def _cut(text: str, left: float, top: float, wide: float, high: float) -> str:
    """A document that shows this part of what is drawn, on a white ground."""
    at = text.index("<svg")
    end = text.index(">", at)
    left, top, wide, high = (round(float(x), 3) for x in (left, top, wide, high))
    size = f' width="{wide:g}pt" height="{high:g}pt" viewBox="{left:g} {top:g} {wide:g} {high:g}"'
    ground = f'<rect x="{left:g}" y="{top:g}" width="{wide:g}" height="{high:g}" fill="#ffffff"/>'
    first = text.index("<g ", end)
    head = text[at : at + 4] + size + _SIZE.sub("", text[at + 4 : end])
    return text[:at] + head + text[end:first] + ground + text[first:]


@contextmanager
def _in_dots(figure: Figure) -> Iterator[None]:
    """The figure in the units of an SVG file, its own ground not drawn."""
    dpi, seen = figure.dpi, figure.patch.get_visible()
    figure.dpi = DOTS
    figure.patch.set_visible(False)
    try:
        yield
    finally:
        figure.dpi = dpi
        figure.patch.set_visible(seen)


@contextmanager
def _measured_by(renderer: Any, figure: Figure) -> Iterator[None]:
    """The renderer that draws the figure is also the one that its layout asks how large texts are."""
    from matplotlib.backend_bases import FigureCanvasBase

    before: Any = figure.canvas
    canvas: Any = FigureCanvasBase(figure)
    canvas.get_renderer = lambda: renderer
    try:
        yield
    finally:
        figure.set_canvas(before)
