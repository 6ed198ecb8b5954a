"""Pictures of size: treemaps of products or markets, and a map of the world as equal tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.classifications import countries
from exportlab.classifications._tables import rows
from exportlab.classifications.countries import find
from exportlab.errors import DataError
from exportlab.plots.given import need
from exportlab.plots.lines import breakable, in_lines, squares
from exportlab.plots.style import (
    DOUBLE,
    GREY,
    HAN,
    LEFT_OVER,
    LONGEST,
    PALETTE,
    RC,
    SINGLE,
    beside,
    finish,
    hover,
    inches,
    new_axes,
    styled,
)
from exportlab.words import Text, _, percent, said, sentences, spoken

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Box = tuple[float, float, float, float]
LARGEST, SMALLEST = 11.0, 7.0  # points of a name in its tile
CLASSES = (0.0, 0.001, 0.01, 0.05, 0.1, 1.0)  # shares at which a tile of the map changes its colour
BLUES = ("#d6e6f4", "#a6cde4", "#5fa6d1", "#2272b5", "#08306b")
EMPTY = "#f1f2f4"
GROUPS = 7  # that are told apart by colour


def squarified(sizes: Sequence[float], box: Box) -> list[Box]:
    """Rectangles of these areas that fill the box (x, y, width, height), each as near a square as its row allows.

    Bruls, Huizing and van Wijk (2000): the next size joins the row along the shorter side as long as the worst ratio
    of sides in the row does not grow. Sizes come from the largest to the smallest, all above zero.
    """
    x, y, wide, high = box
    scale = wide * high / sum(sizes)
    areas, found = [size * scale for size in sizes], []
    while areas:
        side, n = min(wide, high), 1
        while n < len(areas) and _worst(areas[: n + 1], side) <= _worst(areas[:n], side):
            n += 1
        row, areas = areas[:n], areas[n:]
        depth, at = sum(row) / side, 0.0
        for area in row:
            length = area / depth
            found.append(
                (x, y + high - at - length, depth, length)
                if wide >= high
                else (x + at, y + high - depth, length, depth)
            )
            at += length
        if wide >= high:
            x, wide = x + depth, wide - depth
        else:
            high -= depth
    return found


def _worst(row: Sequence[float], side: float) -> float:
    total = sum(row)
    return max(side**2 * max(row) / total**2, total**2 / (side**2 * min(row)))


@styled
def treemap(
    table: pd.DataFrame,
    *,
    label: str,
    value: str = "value",
    group: str | None = None,
    names: Mapping[Any, str] | None = None,
    top: int = 30,
    remainder: float = 0.0,
    title: Text = "",
    unit: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Members as rectangles whose areas are their values; what is not among the largest is one grey rectangle.

    Parameters
    ----------
    table : DataFrame
        One row a member, with values of zero or more.
    label, value : str
        The columns with its label and its value.
    group : str, optional
        The column that colours it (a bloc's members and others, sections of products), explained below the picture.
    names : mapping, optional
        What labels are called.
    top : int
        How many members have a rectangle of their own.
    remainder : float
        What no row names, part of the total: one more grey rectangle.
    unit : str
        Of the values.
    title, source, note : str, optional
    ax : Axes, optional
        By default a new figure.

    Raises
    ------
    DataError
        A value that is negative or missing; no value above zero.
    """
    table = need(table, label, *([group] if group else []), figures=[value])
    kept = _sized(table, value)
    total, shown = float(kept[value].sum()) + remainder, kept.head(top)
    if group:
        shown = _few_groups(shown, group, value)
    tones = _tones(shown, group, value)
    if group:  # groups lie together, the largest first
        shown = shown.sort_values(group, key=lambda g: g.map(list(tones).index), kind="stable")
    parts = [shown[group].eq(g).sum() for g in tones] if group else [len(shown)]
    sizes = shown[value].astype(float).tolist()
    labels = [shortened((names or {}).get(x, str(x))) for x in shown[label]]
    colours = [tones[g] for g in shown[group]] if group else [PALETTE[0]] * len(shown)
    rest = float(kept[value].iloc[top:].sum())
    for size, name, colour in (
        (rest, _("{n} others", n=len(kept) - top), LEFT_OVER),
        (remainder, _("not named"), EMPTY),
    ):
        if size:
            sizes, labels, colours = [*sizes, size], [*labels, name], [*colours, colour]
    ax = new_axes(ax, size=(DOUBLE[0], 4.2), narrow=3.0)
    wide, high = (72 * s for s in inches(ax))
    rows = -(-(len(tones) + 1) // (2 if wide <= 72 * SINGLE[0] else 4)) if tones else 0
    high = max(0.4 * high, 0.78 * high - 11.0 * rows)  # title, foot and legend
    meant = {str(g): c for g, c in tones.items()}
    for k, box in enumerate(_boxes(sizes, parts, (0.0, 0.0, wide, high))):
        tone = _shaded(colours[k], k, len(sizes), grouped=bool(group))
        named = _tile(ax, box, tone, labels[k], sizes[k] / total)
        if colours[k] in (LEFT_OVER, EMPTY) and not named:
            meant[f"{labels[k]} {percent(sizes[k] / total)}"] = colours[k]
    bare(ax, wide, high)
    if meant:
        legend_below(ax, meant)
    whole = f"{total:,.0f}" if total >= 1000 else f"{total:.4g}"
    counted = _("Area: {unit}, together {total}.", unit=spoken(unit), total=whole) if unit else ""
    return finish(ax, title=title, source=source, note=sentences(counted, spoken(note or "")) or None)


def _sized(table: pd.DataFrame, value: str) -> pd.DataFrame:
    """The members with something to draw, the largest first; refuses what has no area."""
    wrong = ~(table[value].astype(float) >= 0)
    if wrong.any():
        first = table[value][wrong].iloc[0]
        raise DataError(
            said("column {value} has values that are no area", value=repr(value)),
            said("A treemap draws values of zero or more."),
            rows=int(wrong.sum()),
            first=str(first),
        )
    kept = table[table[value] > 0].sort_values(value, ascending=False, kind="stable")
    if kept.empty:
        raise DataError(
            said("column {value} has no value above zero", value=repr(value)),
            said("There is nothing to draw."),
        )
    return kept


def _boxes(sizes: Sequence[float], parts: Sequence[int], box: Box) -> list[Box]:
    """Where members lie: so many by group, one group beside the other; what is left over takes the right edge."""
    shown = sum(parts)
    x, y, wide, high = box
    edge = wide * sum(sizes[shown:]) / sum(sizes)
    ends = np.cumsum([0, *parts])
    within = [list(sizes[a:b]) for a, b in pairwise(ends)]
    found: list[Box] = []
    for group, room in zip(
        within, squarified([sum(g) for g in within], (x, y, wide - edge, high)), strict=True
    ):
        found += squarified(group, room)
    rest = list(sizes[shown:])
    return [*found, *(squarified(rest, (x + wide - edge, y, edge, high)) if rest else [])]


def shortened(name: str) -> str:
    """The beginning of a name, as much as a label has."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _few_groups(shown: pd.DataFrame, group: str, value: str) -> pd.DataFrame:
    """The table with the smallest groups as one, where there are more than colours."""
    order = shown.groupby(group, sort=False)[value].sum().sort_values(ascending=False, kind="stable").index
    kept = set(order if len(order) <= GROUPS else order[: GROUPS - 1])
    return shown.assign(**{group: shown[group].where(shown[group].isin(kept), _("all others"))})


def _tones(shown: pd.DataFrame, group: str | None, value: str) -> dict[Any, str]:
    """A colour for each group, the largest first."""
    if group is None:
        return {}
    order = shown.groupby(group, sort=False)[value].sum().sort_values(ascending=False, kind="stable").index
    return {g: PALETTE[k] if k < GROUPS - 1 else GREY for k, g in enumerate(order)}


def _shaded(colour: str, place: int, of: int, *, grouped: bool) -> Any:
    """Without groups the colour pales from the largest to the smallest."""
    from matplotlib.colors import to_rgb

    if grouped or colour in (LEFT_OVER, EMPTY):
        return to_rgb(colour)
    pale = 0.62 * place / max(1, of - 1)
    return tuple(c + (1 - c) * pale for c in to_rgb(colour))


def _tile(ax: Axes, box: Box, colour: Any, name: str, share: float) -> bool:
    """Draw one rectangle, with its name where that fits: whether it does."""
    from matplotlib.patches import Rectangle

    x, y, wide, high = box
    patch = Rectangle((x, y), wide, high, facecolor=colour, edgecolor="white", linewidth=1.0)
    hover(patch, said("{name}: {share}", name=name, share=percent(share)))
    ax.add_patch(patch)
    ink = "white" if dark(colour) else "#1d2430"
    size = min(LARGEST, max(SMALLEST, 0.14 * (wide * high) ** 0.5))
    lines = _fitted(name, wide - 6, high - 6, size)
    while size > SMALLEST and (not lines or lines[-1].endswith("…")):  # rather smaller than cut
        size -= 0.5
        lines = _fitted(name, wide - 6, high - 6, size)
    if not lines:
        return False
    text = "\n".join([*lines, percent(share)])
    inner = ax.text(
        x + 3, y + high - 3, text, fontsize=size, color=ink, ha="left", va="top", linespacing=1.15
    )
    inner.set_in_layout(False)
    return True


def dark(colour: Any) -> bool:
    """Whether white reads better on a colour than black, by relative luminance."""
    red, green, blue = ((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in colour[:3])
    return bool(0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.3)


def _fitted(name: str, wide: float, high: float, size: float) -> list[str]:
    """The name in lines that fit above its share; nothing where not even its beginning does."""
    most = int(high // ((1.35 if HAN.search(name) else 1.2) * size)) - 1
    if most < 1 or size * squares(percent(0.1)) > wide:
        return []
    lines = [""]
    for word in breakable(name):
        joined = (lines[-1] + word).lstrip()
        if size * squares(joined) <= wide:
            lines[-1] = joined
        else:
            lines.append(word.lstrip())
    lines = [line.rstrip() for line in lines if line.strip()]
    cut = len(lines) > most
    kept = lines[:most]
    fits = [size * squares(line) <= wide for line in kept]
    if not all(fits):
        kept = kept[: fits.index(False) + 1]
        cut = True
    if cut:
        end = kept[-1]
        while end and size * squares(end + "…") > wide:
            end = end[:-1]
        kept[-1] = end.rstrip() + "…"
        if len(end) < 3:
            kept.pop()
    return kept


def bare(ax: Axes, wide: float, high: float) -> None:
    """No ticks, no frame, no grid; the picture fills the axes."""
    ax.set(xticks=[], yticks=[], xlim=(0, wide), ylim=(0, high))
    ax.grid(False)
    ax.spines[:].set_visible(False)


def legend_below(ax: Axes, colours: Mapping[str, Any]) -> None:
    """What colours stand for, in rows below the picture; many long names are cut so that two stand in a row."""
    from matplotlib.patches import Patch

    room, swatch = (
        beside(ax, RC["legend.fontsize"], 0.96),
        3.2,
    )  # squares of a letter, its sign and gaps counted
    most = room / (2 if len(colours) > 3 else 1) - swatch
    names = [in_lines(name, most, 1) for name in colours]
    swatches = [
        Patch(facecolor=c, edgecolor="white", label=name)
        for name, c in zip(names, colours.values(), strict=True)
    ]
    columns = max(1, min(len(swatches), int(room // (swatch + max(map(squares, names))))))
    ax.legend(
        handles=swatches,
        loc="upper left",
        bbox_to_anchor=(0, -0.005),
        ncols=columns,
        borderaxespad=0.2,
        handlelength=1.0,
        handleheight=1.0,
        columnspacing=1.2,
        borderpad=0.1,
    )
    below = 11.5 * -(-len(swatches) // columns) + 3
    ax.set_xlabel(" ", labelpad=below)


@styled
def market_map(
    table: pd.DataFrame,
    *,
    market: str = "market",
    share: str = "share",
    title: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Markets on a map of the world on which every country has one tile, coloured by its share.

    Parameters
    ----------
    table : DataFrame
        One row a market, with its share of the total (0 to 1).
    market, share : str
        The columns; markets by any name or code that `exportlab.country` reads.
    title, source, note : str, optional
    ax : Axes, optional
        By default a new figure.

    Returns
    -------
    Axes
        Markets that are no country (blocs, "Others") have no tile; the note names them with their share.

    Raises
    ------
    DataError
        No market is a country.

    Notes
    -----
    Positions: `classifications/tables/world_tiles.csv`, computed from the places of the IANA time zone database.
    """
    table = need(table, market, figures=[share])
    codes = [find(x) for x in table[market]]
    known = table[market].map(lambda x: find(x) is not None).to_numpy(bool)
    if not known.any():
        raise DataError(
            said("no market is a country"),
            said("A map needs names or codes of countries."),
            first=str(codes[0]),
        )
    shares: dict[str, float] = {}
    for code, part in zip(codes, table[share].astype(float), strict=True):
        if code is not None:
            shares[code] = shares.get(code, 0.0) + part
    tiles = {r["iso3"]: (int(r["column"]), int(r["row"])) for r in rows("world_tiles")}
    ax = new_axes(ax, size=(DOUBLE[0], 4.6), wide=True, narrow=3.6)
    _draw_tiles(ax, tiles, shares)
    legend_below(ax, _steps())
    missing = [str(x) for x in table[market][~known]] + [c for c in shares if c not in tiles]
    lost = sum(float(s) for s in table[share][~known]) + sum(s for c, s in shares.items() if c not in tiles)
    gone = (
        _("Not on the map: {markets} ({share}).", markets=_few(missing), share=percent(lost))
        if missing
        else ""
    )
    return finish(
        ax,
        title=title,
        source=source,
        note=sentences(_("Colours: shares of the total."), spoken(note or ""), gone),
    )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


def _steps() -> dict[str, str]:
    """What the colours of the map stand for."""
    found = {_("none"): EMPTY}
    for (low, high), colour in zip(pairwise(CLASSES), BLUES, strict=True):
        if low == 0:
            words = _("under {high}", high=percent(high))
        elif high == 1:
            words = _("{low} and more", low=percent(low, 0))
        else:
            words = _("{low} to {high}", low=percent(low, 1 if low < 0.01 else 0), high=percent(high, 0))
        found[words] = colour
    return found


def _draw_tiles(ax: Axes, tiles: Mapping[str, tuple[int, int]], shares: Mapping[str, float]) -> None:
    from matplotlib.patches import Rectangle

    from exportlab.words import language

    wide, high = 1 + max(c for c, _r in tiles.values()), 1 + max(r for _c, r in tiles.values())
    size = min(8.5, 72 * inches(ax)[0] / wide * 0.54)
    for place in countries():
        if place.iso3 not in tiles:
            continue
        column, row = tiles[place.iso3]
        part = shares.get(place.iso3, 0.0)
        level = int(np.searchsorted(CLASSES, part, side="right")) - 1
        colour = BLUES[min(level, len(BLUES) - 1)] if part > 0 else EMPTY
        patch = Rectangle((column + 0.04, high - 1 - row + 0.04), 0.92, 0.92, facecolor=colour, linewidth=0)
        name = place.name_zh if language() == "zh" else place.name
        hover(patch, said("{name}: {share}", name=name, share=percent(part, 2)))
        ax.add_artist(patch)  # as a patch it would move the limits, which stand below
        ink = "white" if part > 0 and level >= 3 else "#1d2430" if part > 0 else "#8a929b"
        if size >= 6:
            inner = ax.text(
                column + 0.5,
                high - 0.5 - row,
                place.iso2,
                fontsize=size,
                color=ink,
                ha="center",
                va="center_baseline",
            )
            inner.set_in_layout(False)
    bare(ax, wide, high)
    ax.set_aspect("equal")
