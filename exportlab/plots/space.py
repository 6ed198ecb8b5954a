"""Pictures of space: Moran's scatterplot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exportlab.plots.given import need
from exportlab.plots.style import DOUBLE, GREY, PALETTE, context, finish, new_axes
from exportlab.words import Text, _, said

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.space import LocalClusters

COLOURS = {"High-High": PALETTE[1], "Low-Low": PALETTE[0], "High-Low": PALETTE[4], "Low-High": PALETTE[5]}


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
    with context():
        ax = new_axes(ax, size=(DOUBLE[0], 3.6))
        rest = table[table["cluster"] == ""]
        ax.plot(rest[value], rest["lag"], "o", color=GREY, label=_("not told from chance"))
        names = {
            "High-High": _("high among high"),
            "Low-Low": _("low among low"),
            "High-Low": _("high among low"),
            "Low-High": _("low among high"),
        }
        for name, colour in COLOURS.items():
            rows = table[table["cluster"] == name]
            if len(rows):
                ax.plot(rows[value], rows["lag"], "o", color=colour, label=names[name])
            for unit, x, y in zip(rows[result.unit], rows[value], rows["lag"], strict=True):
                if label:
                    ax.annotate(str(unit), (x, y), xytext=(4, 3), textcoords="offset points", fontsize=7)
        ax.axvline(table[value].mean(), color=GREY, linewidth=0.8)
        ax.axhline(table["lag"].mean(), color=GREY, linewidth=0.8)
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        return finish(ax, title=title, x=value, y=said("mean of the neighbours"), source=source)
