"""Pictures of clusters: quotients with their intervals, what a rule names, who is related, how good definitions are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exportlab.plots.given import need
from exportlab.plots.style import (
    DOUBLE,
    GREY,
    MARKERS,
    PALETTE,
    finish,
    legend_beside,
    new_axes,
    styled,
)
from exportlab.words import Text, _, said

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.clusters import ClusterDefinition, Clusters, LocationQuotients, Relatedness


@styled
def quotients(
    result: LocationQuotients,
    *,
    top: int = 25,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw location quotients with their intervals, the largest on top; those surely above one are coloured.

    Parameters
    ----------
    result : LocationQuotients
    top : int
        Rows drawn: the largest quotients.
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "location_quotient", "conf_low", "conf_high")
    rows = result.table.nlargest(top, "location_quotient", keep="first")
    names = [f"{p} · {k}" for p, k in zip(rows[result.place], rows[result.product], strict=True)]
    ax = new_axes(ax, size=(DOUBLE[0], 0.25 * len(rows) + 1.2))
    at = np.arange(len(rows))
    sure = (rows["conf_low"] > 1).to_numpy()
    for some, colour in ((sure, PALETTE[1]), (~sure, GREY)):
        part = rows[some]
        ax.hlines(at[some], part["conf_low"], part["conf_high"], color=colour)
        ax.plot(part["location_quotient"], at[some], "o", color=colour)
    ax.axvline(1, color="black", linewidth=0.8)
    ax.set_yticks(at, names)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    return finish(ax, title=title, x=said("location quotient (1: as everywhere)"), source=source)


@styled
def identified(
    result: Clusters,
    *,
    label: bool = True,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw location quotients over shares of the product, both on logarithmic axes; clusters are coloured and named.

    Parameters
    ----------
    result : Clusters
    label : bool
        Name the clusters.
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "location_quotient", "size", "cluster")
    table = result.table
    ax = new_axes(ax, size=(DOUBLE[0], 3.6))
    for found, colour in ((False, GREY), (True, PALETTE[1])):
        rows = table[table["cluster"] == found]
        name = _("cluster") if found else _("not by this rule")
        ax.plot(100 * rows["size"], rows["location_quotient"], "o", color=colour, label=name)
    for row in table[table["cluster"] & label].to_dict("records"):
        ax.annotate(
            f"{row[result.place]} · {row[result.product]}", (100 * row["size"], row["location_quotient"]),
            xytext=(4, 3), textcoords="offset points", fontsize=7,
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.axhline(1, color="black", linewidth=0.8)
    legend_beside(ax)
    return finish(
        ax, title=title, x=said("share of the product, %"), y=said("location quotient"), source=source
    )


@styled
def relatedness(
    result: Relatedness,
    *,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the combined matrix of relatedness, products in the order of their tree (average linkage).

    Parameters
    ----------
    result : Relatedness
    title, source : str, optional
    ax : Axes, optional
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    m = result.combined
    far = np.nanmax(m) - m
    np.fill_diagonal(far, 0.0)
    order = leaves_list(linkage(squareform(far, checks=False), "average"))
    names = [str(result.labels[k]) for k in order]
    ax = new_axes(ax, size=(DOUBLE[0], 0.22 * len(names) + 1.6))
    most = float(np.nanmax(np.abs(m)))
    image = ax.imshow(m[np.ix_(order, order)], cmap="RdBu_r", vmin=-most, vmax=most, aspect="auto")
    ax.set_xticks(range(len(names)), names, rotation=90)
    ax.set_yticks(range(len(names)), names)
    ax.grid(visible=False)
    assert ax.figure is not None
    ax.figure.colorbar(image, ax=ax, label=_("relatedness (mean 0, standard deviations)"))
    return finish(ax, title=title, source=source)


@styled
def scores(
    result: ClusterDefinition,
    *,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the validation score of all definitions tried over their number of clusters; the best is marked.

    Parameters
    ----------
    result : ClusterDefinition
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.scores, "function", "number", "vs")
    ax = new_axes(ax, size=(DOUBLE[0], 3.2))
    means = result.scores.groupby(["function", "number"], sort=False)["vs"].mean()
    for k, function in enumerate(dict.fromkeys(result.scores["function"])):
        line = means[function].sort_index()
        ax.plot(
            line.index,
            line,
            marker=MARKERS[k % len(MARKERS)],
            color=PALETTE[k % len(PALETTE)],
            label=function,
        )
    best = means[result.function, result.number]
    ax.plot([result.number], [best], "o", markersize=13, markerfacecolor="none", color="black")
    legend_beside(ax)
    return finish(ax, title=title, x=said("number of clusters"), y=said("validation score"), source=source)
