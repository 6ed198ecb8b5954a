"""Pictures of value added in exports: parts as stacked bars, place in the chain, who earns from whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.errors import DataError
from exportlab.plots.given import need
from exportlab.plots.structure import heatmap
from exportlab.plots.style import (
    PALETTE,
    SINGLE,
    finish,
    legend_beside,
    name_rows,
    new_axes,
    place_names,
    range_line,
    styled,
)
from exportlab.words import N_, Text, _, said

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


NAMES = {
    "domestic": N_("domestic value added"),
    "province": N_("province's value added"),
    "other_provinces": N_("other provinces' products"),
    "imported": N_("imported"),
    "tax": N_("product taxes"),
}


@styled
def content_bars(
    table: pd.DataFrame,
    *,
    label: str = "sector",
    parts: Sequence[str] | None = None,
    largest: int | None = 15,
    title: Text = said("What exports are made of"),
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Stacked bars: one bar a row of `table`, its parts as shares of exports.

    Parameters
    ----------
    table : DataFrame
        A column of labels, `exports`, and the parts in the unit of exports.
    parts : sequence of str, optional
        Columns to stack (default: those of a content table that are present and not all zero).
    largest : int, optional
        Only the rows with the largest exports, in falling order (None: all, in the table's order).
    """
    chosen = [p for p in NAMES if p in table and (table[p] != 0).any()] if parts is None else list(parts)
    table = need(table, label, figures=["exports", *chosen])
    rows = table[table["exports"] > 0]
    if largest is not None:
        rows = rows.sort_values("exports", ascending=False, kind="stable").head(largest)
    if rows.empty or not chosen:
        raise DataError("There is nothing to draw", "Pass rows with positive exports and at least one part.")
    where = np.arange(len(rows))[::-1]
    left = np.zeros(len(rows))
    ax = new_axes(ax, size=(7.2, 1.1 + 0.21 * len(rows)))
    for part, color in zip(chosen, _colors(len(chosen)), strict=True):
        share = 100 * rows[part].to_numpy(float) / rows["exports"].to_numpy(float)
        ax.barh(
            where,
            share,
            left=left,
            color=color,
            label=_(NAMES[part]) if part in NAMES else part,
            height=0.75,
        )
        left = left + share
    name_rows(ax, where.tolist(), [_short(text) for text in rows[label].astype(str)], lines=1)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlim(min(0.0, float(left.min())), max(100.0, float(left.max())))
    ax.grid(visible=False, axis="y")
    legend_beside(ax)
    return finish(ax, title=title, x=said("share of exports, %"), source=source)


def position_scatter(
    table: pd.DataFrame,
    *,
    x: str = "upstreamness",
    y: str = "domestic",
    size: str | None = "exports",
    label: str = "sector",
    named: int = 8,
    title: Text = said("Place in the chain and value added"),
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Upstreamness against the value-added share: one point a row, its area by `size`.

    Parameters
    ----------
    table : DataFrame
        One row a sector with the columns `x` (steps), `y` (a share between 0 and 1), `size`, `label`.
    named : int
        How many points carry their name, the largest first.
    """
    table = need(table, label, figures=[x, y, *([size] if size else [])])
    ax = new_axes(ax, size=(7.2, 4.4), narrow=SINGLE[1])
    xs, ys = table[x].to_numpy(float), 100 * table[y].to_numpy(float)
    weight = table[size].to_numpy(float) if size else np.ones(len(table))
    seen = np.isfinite(xs) & np.isfinite(ys)
    area = 12 + 500 * weight / weight[seen].max(initial=1e-300) if size else np.full(len(table), 24.0)
    ax.scatter(xs[seen], ys[seen], s=area[seen], color=PALETTE[0], alpha=0.55, linewidth=0.4, edgecolor="w")
    ax.margins(0.12)
    largest = [int(k) for k in np.argsort(-weight, kind="stable") if seen[k]][:named]
    what = said("exports") if size == "exports" else (size or "").replace("_", " ")
    note = said("Area of a point: {what}.", what=what) if size else None
    finish(
        ax,
        title=title,
        x=said("upstreamness, steps from final use"),
        y=said("value added, % of exports"),
        source=source,
        note=note,
    )
    place_names(ax, xs, ys, area, names=[_short(n) for n in table[label].astype(str)], chosen=largest)
    return ax


def origin_heatmap(
    matrix: pd.DataFrame,
    *,
    share: bool = True,
    unit: Text = "",
    title: Text = said("Who earns from whose exports"),
    row: Text = said("origin of value added"),
    column: Text = said("exporter"),
    source: str | None = None,
    ax: Axes | None = None,
    **options: Any,
) -> Axes:
    """Heat map of value added by origin (rows) and destination or exporter (columns).

    Parameters
    ----------
    matrix : DataFrame
        Value added of the row contained in the column, in `unit`.
    share : bool
        Draw the percentage of each column's sum (columns that add up to zero are left blank).
    options
        Passed to `seaborn.heatmap`.
    """
    values = matrix.astype(float)
    if share:
        total = values.sum(axis=0)
        values = 100 * values / total.where(total != 0)
    drawn = values.set_axis([_short(str(c)) for c in values.columns], axis=1)
    drawn = drawn.set_axis([_short(str(i)) for i in values.index], axis=0)
    return heatmap(
        drawn,
        title=title,
        x=column,
        y=row,
        unit=said("% of the column") if share else unit,
        fmt=".0f" if share else ".3g",
        source=source,
        ax=ax,
        **options,
    )


def interval_bars(
    table: pd.DataFrame,
    *,
    label: str = "measure",
    low: str = "low",
    high: str = "high",
    title: Text = said("Bounds on value added in exports"),
    x: Text = said("share of exports, %"),
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Bounds as lines between dots at `low` and `high` (shares), one row a line, both ends printed."""
    table = need(table, label, figures=[low, high])
    ax = new_axes(ax, size=(7.2, 1.3 + 0.3 * len(table)))
    where = np.arange(len(table))[::-1]
    a, b = 100 * table[low].to_numpy(float), 100 * table[high].to_numpy(float)
    for at, lo, hi in zip(where, a, b, strict=True):
        range_line(ax, float(at), (lo, hi), (f"{lo:.0f}%", f"{hi:.0f}%"))
    name_rows(ax, where.tolist(), table[label].tolist())
    ax.set_xlim(0, 120)  # right of 100 is room for the numbers
    ax.set_xticks(range(0, 101, 20))
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.grid(visible=False, axis="y")
    return finish(ax, title=title, x=x, source=source)


def _colors(n: int) -> list[str]:
    return [PALETTE[k % len(PALETTE)] for k in range(n)]


def _short(text: str, width: int = 36) -> str:
    text = text.removeprefix("Manufacture of ")
    text = text[:1].upper() + text[1:]
    return text if len(text) <= width else text[: width - 1].rstrip(" ,") + "…"
