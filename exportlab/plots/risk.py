"""Pictures of risk: what members add to the variance, its sources, demand, tails, losses, concentration beside risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import OptionError
from exportlab.plots.given import need
from exportlab.plots.style import (
    DOUBLE,
    GREY,
    MARKERS,
    PALETTE,
    finish,
    legend_beside,
    name_rows,
    new_axes,
    period_ticks,
    styled,
)
from exportlab.words import Text, _, said

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.risk import Beside, Demand, Instability, Portfolio, Sources, Stress, ValueAtRisk


def _one(table: pd.DataFrame, keys: Sequence[str], group: Any) -> pd.DataFrame:
    """The rows of one group, which must be named where there are several."""
    if not keys:
        return table
    label = table[list(keys)].astype(str).agg(", ".join, axis=1)
    known = list(pd.unique(label))
    if group is None and len(known) > 1:
        raise OptionError(
            said("There are {n} groups: say group=, one of {known}.", n=len(known), known=known[:10])
        )
    chosen = known[0] if group is None else str(group)
    if chosen not in known:
        raise OptionError(
            said("group={group} is not among the groups: {known}.", group=repr(group), known=known[:10])
        )
    return table[label == chosen]


def _keys(table: pd.DataFrame, first: str) -> list[str]:
    """The key columns: those before the first figure."""
    return [str(c) for c in table.columns[: list(table.columns).index(first)]]


def _labels(table: pd.DataFrame, keys: Sequence[str]) -> list[str]:
    return list(table[list(keys)].astype(str).agg(", ".join, axis=1)) if keys else ["all"] * len(table)


@styled
def contributions(
    result: Portfolio,
    *,
    group: Any = None,
    top: int = 12,
    names: Mapping[Any, str] | None = None,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw each member's share of exports beside what it adds to their variance.

    Parameters
    ----------
    result : Portfolio
    group : label, optional
        Which one, where there are several.
    top : int
        Members drawn: the largest.
    names : mapping, optional
        What a member is called in the picture.
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.members, "share", "contribution")
    keys = _keys(result.table, "n")
    rows = _one(result.members, keys, group)
    columns = [c for c in _keys(rows, "share") if c not in keys]
    shown = rows.nlargest(top, "share")
    called = [(names or {}).get(x, x) for x in _labels(shown, columns)]
    ax = new_axes(ax, size=(DOUBLE[0], 0.28 * len(shown) + 1.2))
    at = np.arange(len(shown))
    ax.barh(at - 0.2, 100 * shown["share"], 0.36, color=PALETTE[0], label=_("share of exports"))
    ax.barh(
        at + 0.2,
        100 * shown["contribution"],
        0.36,
        color=PALETTE[1],
        label=_("contribution to the variance"),
    )
    ax.axvline(0, color="black", linewidth=0.8)
    name_rows(ax, at.tolist(), called)
    ax.set_ylim(len(shown) + 0.9, -0.6)  # the legend stands below the last
    ax.grid(axis="y", visible=False)
    ax.legend(loc="lower right")
    return finish(ax, title=title, x="%", source=source)


@styled
def sources(result: Sources, *, title: Text = "", source: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the terms of each group's variance, those below zero to the left: they add up to 100 %.

    Parameters
    ----------
    result : Sources
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "source", "with", "share")
    keys = _keys(result.table, "source")
    table = result.table.assign(_group=_labels(result.table, keys))
    groups = list(pd.unique(table["_group"]))
    pairs = list(dict.fromkeys(zip(table["source"], table["with"], strict=True)))
    ax = new_axes(ax, size=(DOUBLE[0], 0.35 * len(groups) + 1.4))
    up, down = np.zeros(len(groups)), np.zeros(len(groups))
    for i, (one, other) in enumerate(pairs):
        rows = table[(table["source"] == one) & (table["with"] == other)].set_index("_group")
        width = 100 * rows["share"].reindex(groups).fillna(0.0).to_numpy()
        left = np.where(width >= 0, up, down)
        name = one if one == other else f"2 cov({one}, {other})"
        hatch = None if one == other else "///"
        color = PALETTE[i % len(PALETTE)]
        ax.barh(groups, width, left=left, color=color, hatch=hatch, edgecolor="white", label=name)
        up, down = up + np.maximum(width, 0), down + np.minimum(width, 0)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    legend_beside(ax)
    return finish(ax, title=title, x=said("share of the variance, %"), source=source)


@styled
def instability(
    result: Instability, *, title: Text = "", source: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the indices of each group as points.

    Parameters
    ----------
    result : Instability
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "cv", "unctad")
    rows = _labels(result.table, _keys(result.table, "n"))
    names = [c for c in result.table.columns[list(result.table.columns).index("cv") :] if c != "note"]
    ax = new_axes(ax, size=(DOUBLE[0], 0.3 * len(rows) + 1.4))
    for i, name in enumerate(names):
        color, marker = PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)]
        ax.plot(result.table[name], rows, color=color, marker=marker, linestyle="none", label=name)
    ax.invert_yaxis()
    ax.set_xlim(left=0)
    legend_beside(ax)
    return finish(ax, title=title, x=said("instability, %"), source=source)


@styled
def demand(
    result: Demand, *, group: Any = None, title: Text = "", source: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw growth predicted by foreign demand and actual growth over time.

    Parameters
    ----------
    result : Demand
    group : label, optional
        Which one, where there are several.
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "predicted", "actual")
    *keys, period = _keys(result.table, "predicted")
    rows = _one(result.table, keys, group)
    ax = new_axes(ax)
    at = range(len(rows))
    ax.plot(at, 100 * rows["actual"], color=PALETTE[0], marker="o", label=_("actual"))
    ax.plot(at, 100 * rows["predicted"], color=PALETTE[1], marker="s", label=_("predicted by foreign demand"))
    ax.axhline(0, color="black", linewidth=0.8)
    period_ticks(ax, list(rows[period]))
    ax.legend()
    return finish(ax, title=title, y=said("growth of exports, %"), source=source)


@styled
def tails(
    result: ValueAtRisk, *, title: Text = "", source: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw value at risk and expected shortfall of each group, with intervals where there are some.

    Parameters
    ----------
    result : ValueAtRisk
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "value_at_risk", "expected_shortfall")
    rows = _labels(result.table, _keys(result.table, "n"))
    at = np.arange(len(rows))
    names = {"value_at_risk": _("value at risk"), "expected_shortfall": _("expected shortfall")}
    ax = new_axes(ax, size=(DOUBLE[0], 0.35 * len(rows) + 1.4))
    for i, (name, label) in enumerate(names.items()):
        place = at + 0.2 * i - 0.1
        if f"{name}_conf_low" in result.table:
            low, high = (100 * result.table[f"{name}_conf_{end}"] for end in ("low", "high"))
            ax.hlines(place, low, high, color=PALETTE[i], linewidth=1.4)
        figures = 100 * result.table[name]
        ax.plot(figures, place, color=PALETTE[i], marker=MARKERS[i], linestyle="none", label=label)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_yticks(at, rows)
    ax.invert_yaxis()
    legend_beside(ax)
    return finish(ax, title=title, x=said("growth of exports, %"), source=source)


@styled
def losses(result: Stress, *, title: Text = "", source: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw what each group's exports would change by, with intervals where the elasticity is drawn.

    Parameters
    ----------
    result : Stress
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "exports", "growth")
    rows = _labels(result.table, _keys(result.table, "exports"))
    ax = new_axes(ax, size=(DOUBLE[0], 0.3 * len(rows) + 1.2))
    at = np.arange(len(rows))
    ax.barh(at, 100 * result.table["growth"], color=PALETTE[0], height=0.6)
    if "conf_low" in result.table:
        ax.hlines(at, 100 * result.table["conf_low"], 100 * result.table["conf_high"], color="black")
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_yticks(at, rows)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    return finish(ax, title=title or result.title, x=said("change of exports, %"), source=source)


@styled
def beside(
    result: Beside,
    *,
    risk: str = "sd",
    label: bool = True,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw risk over concentration: one point a group, or one path a group where there are windows.

    Parameters
    ----------
    result : Beside
    risk : {"sd", "actual_sd"}
        Of growth at fixed shares (with its interval), or of exports as they were.
    label : bool
        Name the groups.
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "hhi", risk)
    keys = list(result.groups)
    table = result.table.assign(_group=_labels(result.table, keys)).dropna(subset=["hhi", risk])
    ax = new_axes(ax, size=(DOUBLE[0], 3.4))
    for i, (name, rows) in enumerate(table.groupby("_group", sort=False)):
        color = PALETTE[i % len(PALETTE)] if result.windows else PALETTE[0]
        x, y = rows["hhi"], 100 * rows[risk]
        if risk == "sd" and not result.windows:
            ax.vlines(x, 100 * rows["conf_low"], 100 * rows["conf_high"], color=GREY, linewidth=0.8)
        ax.plot(x, y, color=color, marker=MARKERS[i % len(MARKERS)] if result.windows else "o")
        if label and keys:
            place = (float(x.iloc[-1]), float(y.iloc[-1]))
            ax.annotate(str(name), place, xytext=(4, 3), textcoords="offset points", fontsize=7)
        elif label and result.windows:
            for k in {0, len(rows) - 1}:
                at = (float(x.iloc[k]), float(y.iloc[k]))
                span = _("{first} to {last}", first=rows["from"].iloc[k], last=rows["to"].iloc[k])
                ax.annotate(span, at, xytext=(4, 3), textcoords="offset points", fontsize=7)
    ax.set_ylim(bottom=0)
    note = said("Concentration is not risk.")
    return finish(
        ax,
        title=title,
        x=said("Herfindahl-Hirschman index"),
        y=said("standard deviation of growth, %"),
        source=source,
        note=note,
    )
