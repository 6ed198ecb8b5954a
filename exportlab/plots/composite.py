"""Pictures of composites: scores, ranks with intervals, coordination over its two parts, synergy over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import OptionError
from exportlab.plots.given import in_time, need
from exportlab.plots.style import (
    DOUBLE,
    GREY,
    MARKERS,
    PALETTE,
    finish,
    legend_beside,
    new_axes,
    period_ticks,
    styled,
)
from exportlab.words import Text, _, said

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.composite import Composite, Coupling, Robustness, Synergy


def _of_period(table: pd.DataFrame, keys: tuple[str, ...], period: Any) -> pd.DataFrame:
    """The rows of one period, which must be named where there are several."""
    if len(keys) < 2:
        return table
    known = pd.Series(in_time(table, keys[1])).tolist()
    if period is None and len(known) > 1:
        raise OptionError(f"There are {len(known)} periods: say period=, one of {known[:10]}.")
    chosen = known[0] if period is None else period
    if chosen not in known:
        raise OptionError(f"period={period!r} is not among the periods: {known[:10]}.")
    kept: pd.DataFrame = table[table[keys[1]] == chosen]
    return kept


@styled
def scores(
    result: Composite,
    *,
    period: Any = None,
    top: int = 30,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the scores of one period as bars, the best first, or of several as paths.

    Parameters
    ----------
    result : Composite
    period : label, optional
        Which one. By default all of them, where scores are comparable over time.
    top : int
        Units drawn: the best.
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "score", "rank")
    unit, *rest = result.keys
    paths = bool(rest) and period is None and result.table[rest[0]].nunique() > 1
    if paths and not result.comparable:
        raise OptionError("Scores of different periods are not comparable here: say period=.")
    if paths:
        ax = _paths(result, new_axes(ax, size=(DOUBLE[0], 3.4)), top)
        return finish(ax, title=title, y=said("composite score"), source=source)
    rows = _of_period(result.table, result.keys, period).nsmallest(top, "rank", keep="first")
    ax = new_axes(ax, size=(DOUBLE[0], 0.25 * len(rows) + 1.2))
    ax.barh(rows[unit].astype(str), rows["score"], color=PALETTE[0], height=0.6)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    return finish(ax, title=title, x=said("composite score"), source=source)


def _paths(result: Composite, ax: Axes, top: int) -> Axes:
    unit, period = result.keys
    order = in_time(result.table, period)
    wide = result.table.pivot(index=period, columns=unit, values="score").loc[order]
    best = list(wide.mean().nlargest(top).index)
    for i, name in enumerate(best):
        color, marker = PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)]
        ax.plot(range(len(order)), wide[name], color=color, marker=marker, label=str(name))
    period_ticks(ax, order)
    legend_beside(ax)
    return ax


@styled
def rank_intervals(
    result: Robustness,
    *,
    period: Any = None,
    top: int = 40,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the published rank of each unit with its interval over other choices.

    Parameters
    ----------
    result : Robustness
    period : label, optional
        Which one, where there are several.
    top : int
        Units drawn: the best.
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "rank", "rank_low", "rank_high")
    rows = _of_period(result.table, result.keys, period).nsmallest(top, "rank", keep="first")
    names = rows[result.keys[0]].astype(str)
    ax = new_axes(ax, size=(DOUBLE[0], 0.25 * len(rows) + 1.2))
    at = np.arange(len(rows))
    label = _("{level} of other choices", level=f"{result.level:.0%}")
    ax.hlines(at, rows["rank_low"], rows["rank_high"], color=GREY, linewidth=2.5, label=label)
    ax.plot(rows["rank_median"], at, color=PALETTE[1], marker="|", linestyle="none", label=_("median"))
    ax.plot(rows["rank"], at, color=PALETTE[0], marker="o", linestyle="none", label=_("as published"))
    ax.set_yticks(at, names)
    ax.invert_yaxis()
    legend_beside(ax)
    return finish(ax, title=title, x=said("rank"), source=source)


@styled
def coordination(
    result: Coupling,
    *,
    label: bool = True,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw coupling over development, with lines of equal coordination: which of the two makes it.

    Parameters
    ----------
    result : Coupling
    label : bool
        Name the rows.
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "coupling", "development", "coordination")
    rows = result.table.dropna(subset=["coupling"])
    ax = new_axes(ax, size=(DOUBLE[0], 3.4))
    t = np.linspace(0.01, 1, 200)
    for level in (0.2, 0.4, 0.6, 0.8):
        c = level**2 / t
        ax.plot(t[c <= 1], c[c <= 1], color=GREY, linewidth=0.8, linestyle="--")
        ax.annotate(f"D = {level:g}", (level**2, 1.01), fontsize=6.5, color=GREY)
    ax.plot(rows["development"], rows["coupling"], color=PALETTE[0], marker="o", linestyle="none")
    if label and result.keys:
        names = rows[list(result.keys)].astype(str).agg(", ".join, axis=1)
        for name, x, y in zip(names, rows["development"], rows["coupling"], strict=True):
            ax.annotate(name, (x, y), xytext=(4, 3), textcoords="offset points", fontsize=7)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.06)
    return finish(ax, title=title, x=said("development index T"), y=said("coupling degree C"), source=source)


@styled
def synergies(
    result: Synergy,
    *,
    unit: Any = None,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the changes of the subsystems' orders as bars, and the synergy they make as a line.

    Parameters
    ----------
    result : Synergy
    unit : label, optional
        Which one, where there are several.
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "synergy")
    rows, period = result.table, result.keys[-1]
    if len(result.keys) > 1:
        known = rows[result.keys[0]].drop_duplicates().tolist()
        if unit is None and len(known) > 1:
            raise OptionError(f"There are {len(known)} units: say unit=, one of {known[:10]}.")
        rows = rows[rows[result.keys[0]] == (known[0] if unit is None else unit)]
        if rows.empty:
            raise OptionError(f"unit={unit!r} is not among the units: {known[:10]}.")
    order = in_time(rows, period)
    rows = rows.set_index(period).loc[order]
    ax = new_axes(ax)
    at, width = np.arange(len(order)), 0.8 / len(result.systems)
    for i, name in enumerate(result.systems):
        place = at + (i - (len(result.systems) - 1) / 2) * width
        color = PALETTE[(i + 1) % len(PALETTE)]
        ax.bar(place, rows[name], width, color=color, label=_("change of {system}", system=name))
    ax.plot(at, rows["synergy"], color=PALETTE[0], marker="o", label=_("synergy"))
    ax.axhline(0, color="black", linewidth=0.8)
    period_ticks(ax, order)
    ax.legend()
    return finish(ax, title=title, y=said("change of order"), source=source)
