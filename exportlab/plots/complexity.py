"""Pictures of complexity: ECI over time, and the product space."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exportlab.errors import DataError, UnknownName
from exportlab.frames import Array, Mask
from exportlab.plots.style import (
    GREY,
    MARKERS,
    PALETTE,
    context,
    end_labels,
    finish,
    new_axes,
    period_ticks,
    styled,
)
from exportlab.words import Text, _, said, sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.indices.complexity.network import ProductSpace
    from exportlab.indices.complexity.result import Complexity

STRESS_UP_TO = 1500  # nodes; beyond, distances between all pairs take too long and the tree is drawn as it is


@styled
def plot_eci(
    result: Complexity,
    *,
    exporters: Iterable[Any] | None = None,
    ax: Axes | None = None,
    source: str | None = None,
) -> Axes:
    """Economic complexity of some exporters: lines over the periods, or bars by rank in the only one.

    Parameters
    ----------
    result : Complexity
    exporters : iterable of labels, optional
        By default the eight with the highest ECI in the last period.
    ax : matplotlib Axes, optional
    source : str, optional
        By default that of the flows.

    Returns
    -------
    matplotlib Axes
    """
    periods, names = list(result.solved), list(result.cells.names["exporter"])
    values = np.full((len(periods), len(names)), np.nan)
    for row, year in zip(values, result.solved.values(), strict=True):
        row[year.exporters] = year.eci
    if exporters is None:
        chosen = [int(i) for i in np.argsort(-values[-1]) if np.isfinite(values[-1, i])][:8]
    else:
        chosen = [_position(names, e) for e in exporters]
    axes = new_axes(ax)
    with context():
        if len(periods) == 1:
            axes.barh([str(names[i]) for i in chosen][::-1], values[0, chosen][::-1], color=PALETTE[0])
        for n, i in enumerate(chosen if len(periods) > 1 else []):
            style: dict[str, Any] = {
                "color": PALETTE[n % 8],
                "marker": MARKERS[n % 8],
                "label": str(names[i]),
            }
            axes.plot(range(len(periods)), values[:, i], **style)
        if len(periods) > 1:
            result.cells.flows.calendar.require_order(said("a chart over time"))
            period_ticks(axes, periods)
            last = zip(values[-1, chosen], chosen, strict=True)
            marks = [
                (float(e), str(names[i]), PALETTE[n % 8], MARKERS[n % 8]) for n, (e, i) in enumerate(last)
            ]
            end_labels(axes, [mark for mark in marks if np.isfinite(mark[0])])
    label = said("ECI (standard deviations from the mean of all exporters)")
    one = len(periods) == 1
    return finish(
        axes,
        title=said("Economic complexity"),
        x=label if one else "",
        y="" if one else said("ECI (standard deviations)"),
        source=source or result.cells.flows.source,
    )


def _position(names: list[Any], name: Any) -> int:
    if name not in names:
        raise UnknownName(said("exporter"), name, [str(n) for n in names])
    return names.index(name)


@styled
def plot_product_space(
    network: ProductSpace,
    *,
    present: Iterable[Any] | None = None,
    labels: Iterable[Any] | None = None,
    ax: Axes | None = None,
    title: Text = said("Product space"),
    source: str | None = None,
) -> Axes:
    """Products as points, area by trade, joined by the links of the network.

    Parameters
    ----------
    network : ProductSpace
        From `Complexity.network`.
    present : iterable of product labels, optional
        Products to draw filled, coloured by PCI (those of one exporter); all others are hollow. By default all.
    labels : iterable of product labels, optional
        Products whose code is written beside the point.
    ax : matplotlib Axes, optional
    title, source : str, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    DataError
        Fewer than two products.
    UnknownName
        A product that is not in the network.
    """
    from matplotlib.collections import LineCollection

    nodes, edges = network.nodes, network.edges
    if len(nodes) < 2:
        raise DataError(
            said("The network has {n} product", n=len(nodes)), said("A picture needs two or more.")
        )
    products = nodes["product"].tolist()
    at = layout(network)
    full = (
        np.ones(len(nodes), bool)
        if present is None
        else np.isin(np.arange(len(nodes)), _places(products, present))
    )
    axes = new_axes(ax, size=(7.2, 5.6), wide=True, narrow=4.6)
    with context():
        tree = edges["tree"].to_numpy()
        ends = np.stack([at[edges["source"]], at[edges["target"]]], axis=1)
        axes.add_collection(LineCollection(list(ends[~tree]), colors="#d9d9d9", linewidths=0.4, zorder=1))
        axes.add_collection(LineCollection(list(ends[tree]), colors="#8c8c8c", linewidths=0.7, zorder=2))
        _points(axes, at, nodes, full)
        for k in _places(products, () if labels is None else labels):
            axes.annotate(
                str(products[k]), at[k], xytext=(4, 4), textcoords="offset points", fontsize=7, zorder=5
            )
    _bare(axes)
    note = sentences(
        _(
            "Lines: maximum spanning tree (dark) and proximity {least} and above. Area: trade.",
            least=f"{network.threshold:g}",
        ),
        _("Hollow: no advantage.") if present is not None else "",
    )
    return finish(axes, title=title, source=source, note=note)


def _bare(axes: Axes) -> None:
    """A map: no ticks, no frame, one scale for both directions."""
    axes.set(xticks=[], yticks=[])
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.margins(0.04)


def _points(axes: Axes, at: Array, nodes: Any, full: Mask) -> None:
    size = np.sqrt(nodes["trade"].to_numpy(float))
    area = 8 + 90 * (size / max(size.max(), 1e-300)) ** 2
    pci = nodes["pci"].to_numpy(float)
    axes.scatter(
        at[~full, 0], at[~full, 1], s=area[~full], facecolor="white", edgecolor=GREY, linewidth=0.5, zorder=3
    )
    known = full & np.isfinite(pci)
    axes.scatter(at[full & ~known, 0], at[full & ~known, 1], s=area[full & ~known], color=GREY, zorder=4)
    if known.any():
        wide = np.nanquantile(np.abs(pci), 0.98)
        drawn = axes.scatter(
            at[known, 0],
            at[known, 1],
            s=area[known],
            c=pci[known],
            cmap="viridis",
            vmin=-wide,
            vmax=wide,
            edgecolor="white",
            linewidth=0.3,
            zorder=4,
        )
        if axes.figure is not None:
            axes.figure.colorbar(drawn, ax=axes, shrink=0.5, pad=0.01, label=_("PCI (standard deviations)"))


def _places(products: list[Any], wanted: Iterable[Any]) -> list[int]:
    known, wanted = {p: i for i, p in enumerate(products)}, list(wanted)
    for p in wanted:
        if p not in known:
            raise UnknownName(said("product of the network"), p, [str(q) for q in products])
    return [known[p] for p in wanted]


def layout(network: ProductSpace) -> Array:
    """Positions (products, 2), the same every time: the spanning forest as a wheel, then stress reduced.

    Up to 1,500 products the distances along the network's links are fitted by stress majorization
    (Gansner, Koren and North 2005) from that start; beyond, the wheel is the picture.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import shortest_path

    n, edges = len(network.nodes), network.edges
    tree = edges[edges["tree"]]
    at = _wheel(n, tree["source"].to_numpy(), tree["target"].to_numpy())
    if n > STRESS_UP_TO:
        return at
    length = 1 + 2 * (1 - edges["proximity"].to_numpy(float))
    graph = csr_array((length, (edges["source"], edges["target"])), (n, n))
    d = shortest_path(graph, directed=False)
    reach = d[np.isfinite(d)].max()
    return _majorize(at * reach / 2, np.where(np.isfinite(d), d, reach / 2))


def _wheel(n: int, source: NDArray[Any], target: NDArray[Any]) -> Array:
    """Radial drawing of a forest: radius by depth, angle shared out by the number of leaves below."""
    joined: list[list[int]] = [[] for _ in range(n + 1)]  # node n ties the trees together
    for a, b in zip(source.tolist(), target.tolist(), strict=True):
        joined[a].append(b)
        joined[b].append(a)
    order, parent, depth = [n], {n: -1}, {n: 0}
    for root in sorted(range(n), key=lambda k: -len(joined[k])):
        if root in parent:
            continue
        parent[root], depth[root], queue = n, 0, [root]
        for k in queue:
            for child in joined[k]:
                if child not in parent:
                    parent[child], depth[child] = k, depth[k] + 1
                    queue.append(child)
        order += queue
    leaves = np.zeros(n + 1)
    for k in reversed(order):
        leaves[k] = max(leaves[k], 1)
        if k != n:
            leaves[parent[k]] += leaves[k]
    start, at = np.zeros(n + 1), np.zeros((n, 2))
    for k in order[1:]:
        up = parent[k]
        middle = 2 * np.pi * (start[up] + leaves[k] / 2) / leaves[n]
        start[k], start[up] = start[up], start[up] + leaves[k]
        at[k] = depth[k] * np.cos(middle), depth[k] * np.sin(middle)
    wheel: Array = at / max(1.0, np.abs(at).max())
    return wheel


def _majorize(at: Array, d: Array, steps: int = 60) -> Array:
    """SMACOF with weights d^-2: each step solves the same linear system, so its inverse is found once."""
    from scipy.spatial.distance import cdist

    n = len(d)
    np.fill_diagonal(d, 1)
    w = d**-2
    np.fill_diagonal(w, 0)
    inverse = np.linalg.inv(np.diag(w.sum(axis=1)) - w + 1 / n) - 1 / n
    pull = w * d
    for _step in range(steps):
        gap = cdist(at, at)
        gap[gap == 0] = np.inf  # coinciding points pull nowhere
        B = pull / gap
        at = inverse @ (B.sum(axis=1)[:, None] * at - B @ at)
    return at
