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
from exportlab.plots.lines import balanced, in_lines, width, wrapped
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
JOINED = re.compile(
    r"(?<=[\u3000-\u9fff\uff00-\uffef])\n|\n(?=[\u3000-\u9fff\uff00-\uffef])"
)  # no space in Chinese
FOOT = 6.5  # points of note and source
EDGE = 3.0  # points from a figure's edge to its title and foot
MARGIN = 40.0  # points left of the axes, where ticks and their label stand
LABEL = 0.6  # of the width or height, that the label of an axis fills at most
TALLEST = 100  # inches
SINGLE, DOUBLE = (3.5, 2.7), (7.2, 3.6)  # inches: one and two journal columns
BROAD = 1.6  # columns of what needs room
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


def new_axes(
    ax: Axes | None = None,
    *,
    size: tuple[float, float] = DOUBLE,
    narrow: float | None = None,
    wide: bool = False,
) -> Axes:
    """Return `ax`, or the Axes of a new figure in the house style.

    The figure is made without pyplot, so nothing is kept open and no backend is chosen.

    Parameters
    ----------
    ax : Axes, optional
    size : tuple of float
        Width and height in inches.
    narrow : float, optional
        The height where `at_most` makes it narrower; by default rows of names keep theirs.
    wide : bool
        What needs more room than a column (tiles, printed numbers): `at_most` leaves it 1.6 times as much.
    """
    if ax is not None:
        return ax

    widest = _widest.get() * (BROAD if wide else 1)
    if size[0] > widest:
        size = widest, narrow or (SINGLE[1] / SINGLE[0] * widest if size == DOUBLE else size[1])
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
    """Draw every new figure inside no wider than this, for pages that are read on a phone too.

    What needs more room, as `new_axes` says, is 1.6 times as wide at most.
    """
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
    lines = balanced(spoken(title), across / (1.1 * RC["axes.titlesize"]))
    if title:
        _titled(ax, lines, edge)
    room = inches(ax)[0], inches(ax)[1] - 1.2 * RC["axes.titlesize"] / 72 * lines.count("\n")
    wide, high = (max(12.0, LABEL * 72 * size / RC["axes.labelsize"]) for size in room)
    ax.set_xlabel(balanced(spoken(x), wide), fontsize=RC["axes.labelsize"])
    ax.set_ylabel(balanced(spoken(y), high), fontsize=RC["axes.labelsize"])
    origin = _("Source: {source}", source=source) if source else ""
    foot = "\n".join(wrapped(t, across / FOOT) for t in (spoken(note or ""), origin) if t)
    if foot:
        style: dict[str, Any] = {"ha": "left", "va": "top", "fontsize": FOOT, "color": GREY}
        across_of = "axes fraction" if edge is None else "figure fraction"
        at: Any = (across_of, ax.xaxis.label)
        below = Foot(foot, (edge or 0, 0), (0, -5), at, "offset points", annotation_clip=False, **style)
        below.said = tuple(t for t in (spoken(note or ""), origin) if t)
        below.set_transform(IdentityTransform())
        ax.add_artist(below).set_clip_on(False)
    return ax


class Foot(Annotation):
    """Note and source below a picture: they take room from its height, and from its width where they pass its edge."""

    said: tuple[str, ...]  # its paragraphs, without breaks of lines

    def get_tightbbox(self, renderer: Any = None) -> Any:
        """Where it stands, or as wide as the axes where the figure holds it."""
        box: Any = super().get_tightbbox(renderer)
        axes, figure = self.axes, self.get_figure(root=True)
        if box is None or axes is None or figure is None or box.x0 < 0 or box.x1 > figure.bbox.x1:
            return box
        return Bbox.from_extents(axes.bbox.x0, box.y0, axes.bbox.x1, box.y1)


def said_around(ax: Axes) -> tuple[str, tuple[str, ...]]:
    """The title above a picture and the paragraphs below it, without the breaks that fit them to its width."""
    title = ax.get_title(loc="left") or ax.get_title()
    lines = [line for t in ax.findobj(Foot) for line in t.said]
    return JOINED.sub("", title.replace(r"\$", "$")).replace("\n", " "), tuple(lines)


@contextmanager
def without_words_around(ax: Axes) -> Iterator[None]:
    """The picture without title and foot, for a page that says them itself."""
    around = [t for t in (ax.title, ax._left_title, *ax.findobj(Foot)) if t.get_visible()]  # type: ignore[attr-defined]
    for text in around:
        text.set_visible(False)
    try:
        yield
    finally:
        for text in around:
            text.set_visible(True)


def _alone(ax: Axes) -> bool:
    """Whether a figure has nothing but these axes, and a scale of colours at most: its edge is then theirs."""
    spec = ax.get_subplotspec()
    return isinstance(ax.figure, Figure) and spec is not None and spec.get_gridspec().get_geometry() == (1, 1)


def _titled(ax: Axes, lines: str, edge: float | None) -> None:
    """A title above the axes; it begins at the figure's edge where `edge` says how far from it, as a fraction."""
    style = {"fontsize": RC["axes.titlesize"], "fontweight": RC["axes.titleweight"]}
    title = ax.set_title(lines, loc="left", y=1.0, **style)  # no picture has ticks on top: none is looked for
    if edge is not None:
        title.set_x(edge)
        title.set_transform(blended_transform_factory(ax.figure.transFigure, title.get_transform()))


def beside(ax: Axes, size: float, part: float = 0.4) -> float:
    """How many squares of a letter of this size take a part of the figure's width."""
    return part * 72 * inches(ax)[0] / size


def name_rows(ax: Axes, at: Sequence[float], names: Sequence[Any], *, lines: int = 2) -> None:
    """Names of rows at the left, in lines that take two fifths of the width."""
    most = beside(ax, RC["ytick.labelsize"], 0.45)
    ax.set_yticks(at, [in_lines(_plain(str(name), LONGEST), most, lines) for name in names])


def period_ticks(ax: Axes, order: list[Any]) -> None:
    """Periods below the picture: at most twelve on two columns, five on one."""
    most = max(2, int(12 * ax.figure.bbox.width / ax.figure.dpi / DOUBLE[0]))
    step = max(1, -(-len(order) // most))
    ax.set_xticks(range(0, len(order), step), [str(p) for p in order[::step]])


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
LINE, SIDE = 9.0, 7.5  # points from one name beside lines to the next, and of its letters
INSIDE = 7.0  # points of letters inside a picture
BEHIND = {
    "facecolor": "white",
    "edgecolor": "none",
    "alpha": 0.8,
    "pad": 0.2,
}  # so that no line strikes a name


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
    most = beside(ax, SIDE)
    lines = 2 if 2 * LINE * len(ends) <= tall else 1
    names = [in_lines(_plain(end[1], LONGEST), most, lines) for end in ends]
    gap = LINE * (1 + max((name.count("\n") for name in names), default=0)) / tall
    order = sorted(range(len(ends)), key=lambda k: ends[k][0])
    at: list[float] = []
    for k in order:
        wanted = (ends[k][0] - low) / (high - low)
        at.append(max(wanted, at[-1] + gap) if at else max(wanted, 0.0))
    top = 1.0 - (gap - LINE / tall) / 2
    for n in range(len(at) - 1, -1, -1):  # back under the top, each only as far as the one above needs it
        at[n] = min(at[n], at[n + 1] - gap if n + 1 < len(at) else top)
    for k, height in zip(order, at, strict=True):
        _end, _name, colour, marker = ends[k]
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
            names[k],
            (1.015, height),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=SIDE,
            linespacing=1.0,
            annotation_clip=False,
        )


def place_names(
    ax: Axes, xs: Array, ys: Array, area: Array, *, names: Sequence[str], chosen: Sequence[int] | None = None
) -> None:
    """Write names beside points, each where it hides no point and no other name, or not at all."""
    figure = ax.get_figure(root=True)
    if figure is not None and (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)  # title and labels take their room first
    ax.autoscale_view()
    scale = 72.0 / ax.figure.dpi
    frame = [scale * x for x in ax.get_window_extent().extents]
    seen = np.isfinite(xs) & np.isfinite(ys)
    at = scale * ax.transData.transform(np.column_stack([xs, ys]))
    radius = np.sqrt(area) / 2
    taken = {k: (*(at[k] - radius[k]), *(at[k] + radius[k])) for k in np.flatnonzero(seen).tolist()}
    for k in range(len(names)) if chosen is None else chosen:
        r, text = float(radius[k]) + 2, _plain(names[k], LONGEST)
        forms = dict.fromkeys(in_lines(text, beside(ax, INSIDE, part)) for part in (0.4, 0.25))
        tried = ((form, *spot) for form in forms for spot in _spots(form, r))
        for form, dx, dy, w, h in tried:
            x, y = float(at[k, 0]) + dx, float(at[k, 1]) + dy
            inside = frame[0] <= x and x + w <= frame[2] and frame[1] <= y and y + h <= frame[3]
            if inside and all(
                other == k or x + w < t[0] or x > t[2] or y + h < t[1] or y > t[3]
                for other, t in taken.items()
            ):
                name = ax.annotate(
                    form,
                    (xs[k], ys[k]),
                    xytext=(dx, dy),
                    textcoords="offset points",
                    fontsize=INSIDE,
                    linespacing=1.0,
                    bbox=BEHIND,
                )
                name.set_in_layout(False)  # inside the axes
                taken[len(names) + k] = (x, y, x + w, y + h)
                break


def _spots(text: str, r: float) -> Iterator[tuple[float, float, float, float]]:
    """Where a name may stand around a point of this radius, the best first: its corner, width and height."""
    lines = text.split("\n")
    w, h, d = 4.2 * max(map(width, lines)), 8.6 * len(lines), 0.7 * r
    level = ((r, -h / 2), (-r - w, -h / 2), (-w / 2, r), (-w / 2, -r - h))
    slanted = ((d, d), (d, -d - h), (-d - w, d), (-d - w, -d - h))
    for dx, dy in (*level, *slanted):
        yield dx, dy, w, h


def legend_beside(ax: Axes) -> None:
    """What colours and markers stand for, to the right of the picture."""
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def range_line(ax: Axes, at: float, ends: tuple[float, float], printed: tuple[str, str]) -> None:
    """A line between dots at both ends of a range, the ends printed beside it."""
    (low, high), (first, last) = ends, printed
    drawn = ax.hlines([at], [low], [high], color=PALETTE[0], linewidth=2.4, alpha=0.6)
    text = _("{low} to {high}", low=first, high=last)
    hover(drawn, text)
    ax.scatter([low, high], [at, at], s=26, color=PALETTE[0], zorder=3)
    ax.annotate(text, (high, at), xytext=(7, 0), textcoords="offset points", va="center", fontsize=7)
