"""Pictures of what facts imply: bounds by which facts are used, and best guesses within them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exportlab.plots.given import need
from exportlab.plots.style import DOUBLE, MARKERS, PALETTE, finish, new_axes, styled
from exportlab.words import Text, said

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def steps(
    table: Any,
    *,
    indicator: str,
    label: str = "fact",
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Bounds as lines, one row of the table below the other; ends that are outer bounds are open.

    Parameters
    ----------
    table : DataFrame
        With low, high and proved, and the column that names a row.
    indicator : str
        What is bounded, for the axis.
    label : str
        The column that names a row.
    """
    table = need(table, label, "low", "high", "proved")
    ax = new_axes(ax, size=(DOUBLE[0], max(1.6, 0.26 * len(table) + 0.9)))
    at = list(range(len(table)))
    ax.hlines(at, table["low"], table["high"], color=PALETTE[0], linewidth=3)
    outer = [i for i in at if not table["proved"].iloc[i]]
    for end in ("low", "high"):
        ax.scatter(table[end].iloc[outer], outer, s=20, c="white", edgecolors=PALETTE[0], zorder=3)
    for y, low, high in zip(at, table["low"], table["high"], strict=True):
        ax.annotate(
            f"{low:.3g} - {high:.3g}",
            (high, y),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
        )
    ax.set_yticks(at, table[label].astype(str))
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.margins(x=0.15)
    ax.grid(axis="y", visible=False)
    note = said("open: an outer bound, not proved to be attained") if outer else None
    return finish(ax, title=title, x=said("{index}, bounds", index=indicator), source=source, note=note)


@styled
def guesses(
    table: Any,
    *,
    indicator: str,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Best guesses as points on the bounds as lines, one row a prior.

    Parameters
    ----------
    table : DataFrame
        With prior, estimate, low and high.
    indicator : str
        What is guessed, for the axis.
    """
    table = need(table, "prior", "estimate", "low", "high")
    ax = new_axes(ax, size=(DOUBLE[0], max(1.6, 0.3 * len(table) + 0.9)))
    at = list(range(len(table)))
    ax.hlines(at, table["low"], table["high"], color=PALETTE[0], linewidth=3, alpha=0.5)
    ax.scatter(table["estimate"], at, s=24, color=PALETTE[1], marker=MARKERS[0], zorder=3)
    ax.set_yticks(at, table["prior"].astype(str))
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    note = said("line: the bounds, whatever the prior; point: the table nearest to the prior that fits")
    return finish(ax, title=title, x=indicator, source=source, note=note)
