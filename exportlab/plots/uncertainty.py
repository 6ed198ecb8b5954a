"""Pictures of uncertainty: estimates with their intervals, and how often intervals hold the true value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from exportlab.columns import real
from exportlab.errors import DataError
from exportlab.plots.given import need
from exportlab.plots.style import (
    DOUBLE,
    GREY,
    MARKERS,
    PALETTE,
    SINGLE,
    finish,
    inches,
    name_rows,
    new_axes,
    styled,
)
from exportlab.words import Text, _, listed, said, spoken

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def intervals(
    table: Any,
    *,
    label: str | Sequence[str],
    x: Text = said("estimate"),
    reference: float | None = None,
    log: bool = False,
    title: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw estimates as points with their intervals as lines, one row of the table below the other.

    Parameters
    ----------
    table : DataFrame
        With estimate, and conf_low and conf_high where there are intervals; rows with a note are hollow.
    label : str or sequence of str
        The columns that name a row.
    x : str
        What is estimated, with its unit.
    reference : float, optional
        A value to mark, such as 0 for a difference.
    log : bool
        On a logarithmic axis, for ratios.
    """
    names = [label] if isinstance(label, str) else list(label)
    table = need(table, *names, figures=["estimate"])
    ends = {
        c: real(table, c) for c in ("conf_low", "conf_high") if c in table.columns
    }  # they may be infinite
    table = table.assign(**ends)
    rows = [" ".join(str(v) for v in row) for row in table[names].to_numpy()] if names else [""] * len(table)
    from matplotlib.ticker import LogLocator

    ax = new_axes(
        ax, size=(DOUBLE[0], max(1.6, 0.24 * len(rows) + 0.9)), narrow=max(1.6, 0.3 * len(rows) + 0.9)
    )
    at = _places(table, names)
    if {"conf_low", "conf_high"} <= set(table.columns):
        ax.hlines(at, table["conf_low"], table["conf_high"], color=PALETTE[0], linewidth=1.4)
    warned = table["note"].ne("") if "note" in table else pd.Series(False, index=table.index)
    faces = ["white" if w else PALETTE[0] for w in warned]
    ax.scatter(table["estimate"], at, s=22, c=faces, edgecolors=PALETTE[0], zorder=3)
    if reference is not None:
        ax.axvline(reference, color="black", linewidth=0.8)
    if log:
        ax.set_xscale("log")
        low, high = ax.get_xlim()
        crowded = inches(ax)[0] <= SINGLE[0] and high > 10 * low
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0) if crowded else (1.0, 2.0, 5.0)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("")
    name_rows(ax, at, rows)
    ax.set_ylim(at[-1] + 0.6, -0.6)
    ax.grid(axis="y", visible=False)
    hollow = _("hollow: an interval with a note against it") if warned.any() else ""
    foot = listed(t for t in (spoken(note or "").rstrip(".。"), hollow) if t) or None
    return finish(ax, title=title, x=x, source=source, note=foot)


def _places(table: pd.DataFrame, names: list[str]) -> list[float]:
    """Where the rows lie: one below the other, apart where the first of several labels changes."""
    if len(names) < 2:
        return [float(k) for k in range(len(table))]
    changes = (table[names[0]] != table[names[0]].shift()).cumsum() - 1
    return [k + 0.7 * c for k, c in enumerate(changes)]


@styled
def coverage(
    table: Any,
    *,
    index: str,
    design: str = "shipments",
    law: str = "lognormal, sigma 1",
    methods: Sequence[str] = ("percentile", "bca", "studentised", "jackknife"),
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw achieved coverage by the number of units, one line a method, the nominal level marked.

    Parameters
    ----------
    table : DataFrame
        As `benchmarks/coverage_methods.py` writes it.
    index, design, law : str
        Which setting.
    methods : sequence of str
    """
    table = need(table, "design", "law", "units", "index", "method", "level", "coverage")
    chosen = table[(table["index"] == index) & (table["design"] == design) & (table["law"] == law)]
    if chosen.empty:
        raise DataError(
            f"the table has no rows for {index!r}, {design!r}, {law!r}",
            f"Indices: {sorted(table['index'].unique())}; laws: {sorted(table['law'].unique())}.",
        )
    ax = new_axes(ax, size=DOUBLE)
    level = 100 * float(chosen["level"].iloc[0])
    ax.axhspan(level - 2, level + 2, color="#e4e4e4", zorder=0)
    ax.axhline(level, color=GREY, linewidth=0.8)
    for i, method in enumerate(methods):
        line = chosen[chosen["method"] == method].sort_values("units")
        ax.plot(
            line["units"],
            100 * line["coverage"],
            label=method,
            color=PALETTE[i % len(PALETTE)],
            marker=MARKERS[i % len(MARKERS)],
        )
    ax.set_xscale("log")
    units = sorted(chosen["units"].unique())
    ax.set_xticks(units, [f"{u:,}" for u in units])
    ax.minorticks_off()
    ax.set_ylim(0, 101)
    ax.legend(loc="lower right")
    return finish(
        ax,
        title=title,
        x=said("units drawn"),
        y=said("intervals that hold the true value, %"),
        source=source,
    )
