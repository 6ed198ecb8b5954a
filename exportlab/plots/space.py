"""Pictures of space: Moran's scatterplot, and maps of China's provinces or Liaoning's cities as equal tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from exportlab.classifications._tables import rows
from exportlab.errors import DataError, OptionError
from exportlab.options import validated
from exportlab.plots.areas import EMPTY, bare, dark, legend_below
from exportlab.plots.given import need
from exportlab.plots.lines import squares
from exportlab.plots.style import (
    DOUBLE,
    GREY,
    LEFT_OVER,
    PALETTE,
    SINGLE,
    finish,
    hover,
    inches,
    legend_beside,
    new_axes,
    styled,
)
from exportlab.words import Text, _, language, said

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from exportlab.space import LocalClusters

Of: TypeAlias = Literal["provinces", "liaoning"]
COLOURS = {"High-High": PALETTE[1], "Low-Low": PALETTE[0], "High-Low": PALETTE[4], "Low-High": PALETTE[5]}
QUOTIENTS = (0.5, 0.8, 1.0, 1.25, 2.0)  # location quotients at which a tile changes its colour
BELOW, ABOVE = ("#2272b5", "#7fb3d9", "#d6e6f4"), ("#fde3c8", "#f2a55f", "#b5520a")
INK = "#1d2430"
TALL = 3.2  # inches of a map of many rows


@styled
def moran_scatter(
    result: LocalClusters,
    *,
    label: bool = True,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the lag of each unit over its own figure; units that stand out are coloured and named.

    Parameters
    ----------
    result : LocalClusters
    label : bool
        Name the units that stand out.
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "lag", "cluster")
    table, value = result.table, result.value
    ax = new_axes(ax, size=(DOUBLE[0], 3.6))
    rest = table[table["cluster"] == ""]
    ax.plot(rest[value], rest["lag"], "o", color=GREY, label=_("not told from chance"))
    names = _named()
    for name, colour in COLOURS.items():
        rows = table[table["cluster"] == name]
        if len(rows):
            ax.plot(rows[value], rows["lag"], "o", color=colour, label=names[name])
        for unit, x, y in zip(rows[result.unit], rows[value], rows["lag"], strict=True):
            if label:
                ax.annotate(str(unit), (x, y), xytext=(4, 3), textcoords="offset points", fontsize=7)
    ax.axvline(table[value].mean(), color=GREY, linewidth=0.8)
    ax.axhline(table["lag"].mean(), color=GREY, linewidth=0.8)
    legend_beside(ax)
    return finish(ax, title=title, x=value, y=said("mean of the neighbours"), source=source)


@dataclass(frozen=True)
class Tile:
    """One place of a map on which all places have one size."""

    code: str
    name: str
    short: str
    at: tuple[int, int]  # column, and row from the top


@validated
def lisa_map(
    result: LocalClusters,
    *,
    of: Of = "provinces",
    title: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw where units stand out from their neighbourhood, on a map with one tile a place.

    Parameters
    ----------
    result : LocalClusters
    of : {"provinces", "liaoning"}
        China's 31 provinces, or Liaoning's 14 cities, by name, Chinese name or code.
    title, source, note : str, optional
    ax : Axes, optional

    Raises
    ------
    DataError
        Units that are none of the places, or one of them twice.
    """
    table = need(result, "cluster", result.unit)
    placed = _placed(table, result.unit, of)
    named = _named()
    drawn = {t.code: _Drawn(COLOURS.get(c, LEFT_OVER), named.get(c, _("not told from chance"))) for t, c in
             placed.pairs(table["cluster"])}  # fmt: skip
    found = {named[c]: colour for c, colour in COLOURS.items() if (table["cluster"] == c).any()}
    return _tiles(
        placed, drawn, {**found, _("not told from chance"): LEFT_OVER}, _Foot(title, source, note), ax
    )


@validated
def tile_map(
    table: Any,
    *,
    unit: str,
    value: str,
    of: Of = "provinces",
    classes: Sequence[float] = QUOTIENTS,
    middle: float = 1.0,
    title: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a figure of each place, such as its location quotient, on a map with one tile a place.

    Parameters
    ----------
    table : DataFrame
        One row a place.
    unit, value : str
        Columns; a missing value leaves its tile grey.
    of : {"provinces", "liaoning"}
        China's 31 provinces, or Liaoning's 14 cities, by name, Chinese name or code.
    classes : sequence of float
        Where the colour changes, rising: a value at a limit belongs above it. By default those of location quotients.
    middle : float
        One of the classes' limits: values below it are blue, those from it on orange.
    title, source, note : str, optional
    ax : Axes, optional

    Raises
    ------
    DataError
        Units that are none of the places, or one of them twice.
    OptionError
        Classes that do not rise, or have no limit at `middle`, or more than three on one side of it.
    """
    table = need(table, unit, figures=[value])
    limits = [float(c) for c in classes]
    colours = _diverging(limits, middle)
    placed = _placed(table, unit, of)
    drawn = {}
    for tile, x in placed.pairs(table[value].to_numpy(float)):
        if np.isfinite(x):
            place = int(np.searchsorted(limits, x, side="right"))
            drawn[tile.code] = _Drawn(colours[place], f"{x:.2f}", shown=True)
    legend = dict(zip(_classes(limits), colours, strict=True))
    some = len(drawn) < len(placed.tiles)
    return _tiles(
        placed, drawn, {**legend, **({_("no figure"): EMPTY} if some else {})}, _Foot(title, source, note), ax
    )


@dataclass(frozen=True)
class _Drawn:
    """What a tile shows: its colour, what is said of it on hover and, if `shown`, in it."""

    colour: str
    said: str
    shown: bool = False


@dataclass(frozen=True)
class _Foot:
    """What is written above and below a map."""

    title: Text
    source: str | None
    note: Text | None


@dataclass(frozen=True, eq=False)
class _Placed:
    """The tiles of a map, and the row of the table of each that has one."""

    tiles: tuple[Tile, ...]
    rows: dict[str, int]

    def pairs(self, column: Any) -> list[tuple[Tile, Any]]:
        """Tiles with what the column says of them."""
        values = list(column)
        return [(t, values[self.rows[t.code]]) for t in self.tiles if t.code in self.rows]


def _placed(table: pd.DataFrame, unit: str, of: Of) -> _Placed:
    chinese = language() == "zh"
    known = [r for r in rows("china_tiles") if r["set"] == of]
    by_label = {r[column]: r["code"] for r in known for column in ("code", "name", "name_zh")}
    codes = [by_label.get(str(label)) for label in table[unit]]
    lost = [label for label, code in zip(table[unit], codes, strict=True) if code is None]
    if lost:
        raise DataError(
            f"units that are none of the {len(known)} places of the map {of!r}",
            "Name them as exportlab.space.places() does, in English or Chinese or by code; leave totals out.",
            rows=len(lost),
            first=str(lost[0]),
        )
    again = [c for c in codes if codes.count(c) > 1]
    if again:
        raise DataError(
            "a place appears more than once",
            "A map is of one period: choose it.",
            rows=len(again),
            first=str(again[0]),
        )
    suffix = "_zh" if chinese else ""
    tiles = tuple(
        Tile(r["code"], r[f"name{suffix}"], r[f"short{suffix}"], (int(r["column"]), int(r["row"])))
        for r in known
    )
    return _Placed(tiles, {str(code): k for k, code in enumerate(codes)})


def _diverging(limits: Sequence[float], middle: float) -> tuple[str, ...]:
    """A colour for each class, blue below the middle and orange above it."""
    if any(b <= a for a, b in pairwise(limits)):
        raise OptionError(
            f"classes={tuple(limits)} is not allowed. Allowed: limits that rise, such as {QUOTIENTS}."
        )
    if middle not in limits:
        raise OptionError(
            f"middle={middle:g} is not allowed. Allowed: one of the classes' limits, {tuple(limits)}."
        )
    below = limits.index(middle) + 1
    above = len(limits) + 1 - below
    if max(below, above) > len(BELOW):
        raise OptionError(
            f"classes={tuple(limits)} is not allowed. Allowed: up to {len(BELOW) - 1} limits on a side of the middle."
        )
    return (*BELOW[-below:], *ABOVE[:above])


def _classes(limits: Sequence[float]) -> list[str]:
    """What each class is called."""
    inner = [_("{low} to {high}", low=f"{a:g}", high=f"{b:g}") for a, b in pairwise(limits)]
    return [
        _("under {high}", high=f"{limits[0]:g}"),
        *inner,
        _("{low} and more", low=f"{limits[-1]:g}"),
    ]


def _named() -> dict[str, str]:
    return {
        "High-High": _("high among high"),
        "Low-Low": _("low among low"),
        "High-Low": _("high among low"),
        "Low-High": _("low among high"),
    }


@styled
def _tiles(
    placed: _Placed, drawn: dict[str, _Drawn], legend: dict[str, str], foot: _Foot, ax: Axes | None
) -> Axes:
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    wide, high = (1 + max(t.at[k] for t in placed.tiles) for k in (0, 1))
    side = min(SINGLE[0] / wide, TALL / high)
    ax = new_axes(ax, size=(SINGLE[0], side * high + 1.4))
    size = 72 * min(side, inches(ax)[0] / wide)  # points of a tile's side
    for tile in placed.tiles:
        one = drawn.get(tile.code, _Drawn(EMPTY, _("no figure")))
        column, row = tile.at
        patch = Rectangle(
            (column + 0.03, high - 1 - row + 0.03), 0.94, 0.94, facecolor=one.colour, linewidth=0
        )
        hover(patch, said("{name}: {value}", name=tile.name, value=one.said))
        ax.add_patch(patch)
        ink = "white" if dark(to_rgb(one.colour)) else INK
        lines = [tile.short, one.said] if one.shown else [tile.short]
        widest = max(squares(line) for line in lines)
        points = min(8.0, 0.3 * size, 0.85 * size / widest)
        ax.text(
            column + 0.5, high - 0.5 - row, "\n".join(lines), fontsize=points, color=ink, ha="center",
            va="center", linespacing=1.2,
        )  # fmt: skip
    bare(ax, wide, high)
    ax.set_aspect("equal")
    legend_below(ax, legend)
    return finish(ax, title=foot.title, source=foot.source, note=foot.note)
