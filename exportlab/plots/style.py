"""The look of every figure: one place for size, colours, fonts, unit and source lines."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cache, partial, wraps
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar
from unicodedata import east_asian_width
from urllib.parse import quote, unquote

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.text import Text as Drawn
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import Bbox, IdentityTransform, blended_transform_factory

from exportlab.classifications import countries
from exportlab.errors import OptionError, one_of
from exportlab.text import html_text, printable
from exportlab.words import Text, _, said, spoken, written

if TYPE_CHECKING:
    from exportlab.frames import Array

P = ParamSpec("P")
R = TypeVar("R")

# Okabe-Ito: told apart by colour-blind readers and, with the markers, in grey print.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C8C8C")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")
GREY, LEFT_OVER = "#6b6b6b", "#d9dde2"  # of what is said beside; of what is not shown by itself
# Fonts that draw Chinese, the first that is installed is used; and how the names of their files begin.
CHINESE = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
    "WenQuanYi Micro Hei",
    "Noto Sans CJK JP",
    "Noto Serif CJK SC",
)
CHINESE_FILES = re.compile(r"(NotoSansCJK|NotoSansSC|SourceHanSans|msyh|PingFang|simhei|wqy-)", re.IGNORECASE)
HAN = re.compile(r"[\u3400-\u9fff]")
FOOT = 6.5  # points of note and source
EDGE = 3.0  # points from a figure's edge to its title and foot
MARGIN = 40.0  # points left of the axes, where ticks and their label stand
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

    widest = _widest.get()
    if size[0] > widest:  # as high as before: names and numbers keep their room
        size = widest, size[1]
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
        raise OptionError(
            said(
                "height={height} is not allowed. Allowed: inches above zero, at most {tallest}.",
                height=repr(height),
                tallest=TALLEST,
            )
        )
    wide, high = SINGLE if width == "single" else DOUBLE
    return new_axes(size=(wide, height or high))


_widest: ContextVar[float] = ContextVar("widest", default=float("inf"))


@contextmanager
def at_most(inches: float) -> Iterator[None]:
    """Draw every new figure inside no wider than this, for pages that are read on a phone too."""
    token = _widest.set(inches)
    try:
        yield
    finally:
        _widest.reset(token)


def context() -> AbstractContextManager[None]:
    """The house style as a context, for drawing and for saving."""
    from matplotlib import rc_context

    style: Any = {**RC, "font.family": fonts()}
    return rc_context(style)


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """A picture that is drawn in the house style."""

    @wraps(draw)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with context():
            return draw(*args, **kwargs)

    return run


@cache
def fonts() -> list[str]:
    """The sans-serif default followed by the first installed font that draws Chinese.

    Matplotlib remembers the fonts it once saw. Where none of them draws Chinese, those that were installed since
    are looked for, and its list is brought up to date.
    """
    from matplotlib import font_manager

    found = _drawing_chinese()
    if not found:
        new = [f for f in font_manager.findSystemFonts() if CHINESE_FILES.match(Path(f).name)]
        if new:
            _remember(new)
            found = _drawing_chinese()
    return ["DejaVu Sans", *found[:1]]  # every further one is searched for every text


def _drawing_chinese() -> list[str]:
    """The names of fonts in matplotlib's list whose file is there and has Chinese, in the order of `CHINESE`."""
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    files = {f.name: f for f in font_manager.fontManager.ttflist}
    found = []
    for name in CHINESE:
        if name in files and Path(files[name].fname).is_file():
            # The name alone is no proof: a cut-down file of the same name draws boxes.
            font = FT2Font(files[name].fname)  # any face of a collection: they share their glyphs
            if all(font.get_char_index(ord(c)) for c in "出口额"):
                found.append(name)
    return found


def lacking(font: str) -> list[str]:
    """The signs of Chinese in the package's own words and names of countries that a font draws as boxes."""
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    drawn = FT2Font(font_manager.findfont(font, fallback_to_default=False)).get_charmap()
    texts = [*written("zh"), *(c.name_zh for c in countries())]
    return sorted({sign for text in texts for sign in HAN.findall(text) if ord(sign) not in drawn})


def list_of_fonts() -> Path:
    """The file in which matplotlib keeps the fonts it has seen, there or not."""
    import matplotlib as mpl
    from matplotlib import font_manager

    version: str = font_manager.FontManager.__version__
    return Path(mpl.get_cachedir()) / f"fontlist-v{version}.json"


def _remember(files: Sequence[str]) -> None:
    """Add fonts to matplotlib's list, and keep the list for the next time where its folder can be written."""
    from matplotlib import font_manager

    for file in files:
        font_manager.fontManager.addfont(file)
    path = list_of_fonts()
    try:
        font_manager.json_dump(font_manager.fontManager, path)
    except OSError:
        path = Path()
    kept = f" It was brought up to date ({path})." if path.name else ""
    warnings.warn(
        f"matplotlib's list of fonts did not know {Path(files[0]).name}, which draws Chinese.{kept}",
        stacklevel=2,
    )


@cache
def _warn_of_boxes() -> None:
    """Say once that Chinese is drawn as boxes, and what helps."""
    warnings.warn(
        "A figure has Chinese text, and no font that draws it was found: it shows boxes. Install one, such as Noto "
        "Sans CJK (Debian: fonts-noto-cjk); `exportlab doctor` says whether it is found.",
        stacklevel=2,
    )


def inches(ax: Axes) -> tuple[float, float]:
    """Width and height of the figure, or part of one, that the axes are in."""
    figure: Any = ax.figure
    return figure.bbox.width / figure.dpi, figure.bbox.height / figure.dpi


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
    edge = EDGE / (72 * inches(ax)[0]) if _alone(ax) else None
    across = 72 * inches(ax)[0] - (MARGIN if edge is None else 2 * EDGE)
    if title:
        _titled(ax, balanced(spoken(title), across / (1.1 * RC["axes.titlesize"])), edge)
    ax.set_xlabel(spoken(x), fontsize=RC["axes.labelsize"])
    ax.set_ylabel(spoken(y), fontsize=RC["axes.labelsize"])
    origin = _("Source: {source}", source=source) if source else ""
    foot = "\n".join(wrapped(t, across / FOOT) for t in (spoken(note or ""), origin) if t)
    if foot:
        style: dict[str, Any] = {"ha": "left", "va": "top", "fontsize": FOOT, "color": GREY}
        across_of = "axes fraction" if edge is None else "figure fraction"
        at: Any = (across_of, ax.xaxis.label)
        below = Foot(foot, (edge or 0, 0), (0, -5), at, "offset points", annotation_clip=False, **style)
        below.set_transform(IdentityTransform())
        ax.add_artist(below).set_clip_on(False)
    return ax


class Foot(Annotation):
    """Note and source below a picture: they take room from its height, and from its width where they pass its edge."""

    def get_tightbbox(self, renderer: Any = None) -> Any:
        """Where it stands, or as wide as the axes where the figure holds it."""
        box: Any = super().get_tightbbox(renderer)
        axes, figure = self.axes, self.get_figure(root=True)
        if box is None or axes is None or figure is None or box.x0 < 0 or box.x1 > figure.bbox.x1:
            return box
        return Bbox.from_extents(axes.bbox.x0, box.y0, axes.bbox.x1, box.y1)


def _alone(ax: Axes) -> bool:
    """Whether a figure has nothing but these axes, and a scale of colours at most: its edge is then theirs."""
    spec = ax.get_subplotspec()
    return isinstance(ax.figure, Figure) and spec is not None and spec.get_gridspec().get_geometry() == (1, 1)


def _titled(ax: Axes, lines: str, edge: float | None) -> None:
    """A title above the axes; it begins at the figure's edge where `edge` says how far from it, as a fraction."""
    style = {"fontsize": RC["axes.titlesize"], "fontweight": RC["axes.titleweight"]}
    title = ax.set_title(lines, loc="left", **style)
    if edge is not None:
        title.set_x(edge)
        title.set_transform(blended_transform_factory(ax.figure.transFigure, title.get_transform()))


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


def whole_ticks(axis: Axis, after: str = "") -> None:
    """Numbers of an axis with their thousands apart, and a sign after each."""
    axis.set_major_formatter(lambda value, _at: f"{value:,.12g}{after}".replace("-", "\N{MINUS SIGN}"))


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
            if len(fonts()) == 1 and HAN.search(text.get_text()):
                _warn_of_boxes()
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


# What a page shows of a picture where the pointer rests, and names beside lines.

HOVER = "hover-"  # before the percent-encoded text, in an artist's id: it stays with the artist on any figure
_HOVERED = re.compile(rf'<g id="{HOVER}([^"]*)">')
TOLD = 300  # characters of a text on hover
LINE = 9.0  # points from one name to the next


def hover(artist: Artist, text: Text) -> None:
    """Show a text where the pointer rests on the artist, in pictures that `titled` has passed."""
    shown = printable(spoken(text))
    artist.set_gid(HOVER + quote(shown if len(shown) <= TOLD else f"{shown[: TOLD - 1]}…", safe=""))


def titled(svg: str) -> str:
    """A drawing with the texts of `hover` as titles, which browsers show without a script."""
    return _HOVERED.sub(lambda m: f"<g><title>{html_text(unquote(m[1]))}</title>", svg)


def hover_points(ax: Axes, x: Sequence[float], y: Sequence[float], texts: Sequence[Text]) -> None:
    """Texts to show around points of a line, which is one artist."""
    for a, b, text in zip(x, y, texts, strict=True):
        (point,) = ax.plot([a], [b], marker="o", markersize=9, alpha=0, linestyle="none", label="_hover")
        hover(point, text)


def end_labels(ax: Axes, ends: Sequence[tuple[float, str, str, str]]) -> None:
    """Names right of the lines that end at these heights, each after its line's mark, apart from each other.

    Parameters
    ----------
    ends : sequence of (height, name, colour, marker)
    """
    low, high = ax.get_ylim()
    tall = 0.7 * inches(ax)[1] * 72  # points; the rest is title, ticks and foot
    gap = LINE / tall
    order = sorted(range(len(ends)), key=lambda k: ends[k][0])
    at: list[float] = []
    for k in order:
        wanted = (ends[k][0] - low) / (high - low)
        at.append(max(wanted, at[-1] + gap) if at else max(wanted, 0.0))
    over = max(0.0, at[-1] - 1.0) if at else 0.0
    for n in range(len(at) - 1, -1, -1):  # back under the top, each only as far as the one above needs it
        at[n] = min(at[n] - over if n == len(at) - 1 else at[n], at[n + 1] - gap if n + 1 < len(at) else 1.0)
    for k, height in zip(order, at, strict=True):
        _end, name, colour, marker = ends[k]
        ax.plot(
            [1.015],
            [height],
            marker=marker,
            color=colour,
            transform=ax.transAxes,
            clip_on=False,
            linestyle="none",
            label="_end",
        )
        ax.annotate(
            _plain(name, LONGEST),
            (1.015, height),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            annotation_clip=False,
        )


def place_names(
    ax: Axes, xs: Array, ys: Array, area: Array, *, names: Sequence[str], chosen: Sequence[int] | None = None
) -> None:
    """Write names beside points, each where it hides no point and no other name, or not at all."""
    ax.autoscale_view()
    scale = 72.0 / ax.figure.dpi
    frame = ax.get_window_extent().bounds
    seen = np.isfinite(xs) & np.isfinite(ys)
    at = scale * ax.transData.transform(np.column_stack([xs, ys]))
    radius = np.sqrt(area) / 2
    taken = [(*(p - r), *(p + r)) for p, r in zip(at[seen], radius[seen], strict=True)]
    for k in range(len(names)) if chosen is None else chosen:
        (x, y), r, text = at[k].tolist(), float(radius[k]) + 2, _plain(names[k], LONGEST)
        w, h, d = 3.9 * width(text), 8.0, 0.7 * r
        beside = ((r, -h / 2), (-r - w, -h / 2), (-w / 2, r), (-w / 2, -r - h))
        slanted = ((d, d), (d, -d - h), (-d - w, d), (-d - w, -d - h))
        for dx, dy in (*beside, *slanted):
            box = (x + dx, y + dy, x + dx + w, y + dy + h)
            inside = box[0] >= frame[0] * scale and box[2] <= (frame[0] + frame[2]) * scale
            if inside and all(
                box[0] > t[2] or box[2] < t[0] or box[1] > t[3] or box[3] < t[1] for t in taken
            ):
                name = ax.annotate(
                    text, (xs[k], ys[k]), xytext=(dx, dy), textcoords="offset points", fontsize=6.5
                )
                name.set_in_layout(False)  # inside the axes
                taken.append(box)
                break


def legend_beside(ax: Axes) -> None:
    """What colours and markers stand for, to the right of the picture."""
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def width(text: str) -> int:
    """Characters, of which those of Chinese are twice as wide."""
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def range_line(ax: Axes, at: float, ends: tuple[float, float], printed: tuple[str, str]) -> None:
    """A line between dots at both ends of a range, the ends printed beside it."""
    (low, high), (first, last) = ends, printed
    drawn = ax.hlines([at], [low], [high], color=PALETTE[0], linewidth=2.4, alpha=0.6)
    text = _("{low} to {high}", low=first, high=last)
    hover(drawn, text)
    ax.scatter([low, high], [at, at], s=26, color=PALETTE[0], zorder=3)
    ax.annotate(text, (high, at), xytext=(7, 0), textcoords="offset points", va="center", fontsize=7)
