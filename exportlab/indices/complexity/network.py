"""The product space as a network: maximum spanning tree plus strong links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.errors import OptionError
from exportlab.indices.complexity import proximity as near
from exportlab.indices.complexity.matrix import Matrix
from exportlab.indices.complexity.year import Year
from exportlab.results import Result
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False, eq=False)
class ProductSpace(Result):
    """Products joined by proximity. Made by `Complexity.network`.

    Attributes
    ----------
    nodes : pandas DataFrame
        product, trade, ubiquity, pci, degree, component (0 is the largest).
    edges : pandas DataFrame
        source, target (positions in `nodes`), proximity, tree (whether the link is of the spanning tree).
    threshold : float
        Proximity from which links beside the tree are kept.
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame
    threshold: float

    @property
    def title(self) -> str:
        return (
            f"Product space: {len(self.nodes):,} products, {int(self.edges['tree'].sum()):,} links of the maximum "
            f"spanning tree and {int((~self.edges['tree']).sum()):,} more of proximity {self.threshold:g} and above"
        )

    @property
    def table(self) -> pd.DataFrame:
        """The edges with product labels."""
        label = self.nodes["product"].to_numpy()
        return self.edges.assign(source=label[self.edges["source"]], target=label[self.edges["target"]])

    def summary(self) -> str:
        """The title and the twenty strongest links."""
        rows = self.table.head(20).to_string(index=False, float_format=lambda x: f"{x:.4g}")
        more = len(self.edges) - 20
        return f"{self.title}\n{rows}" + (f"\n... and {more:,} more" if more > 0 else "")

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the network; see `exportlab.plots.complexity.plot_product_space`."""
        from exportlab.plots.complexity import plot_product_space

        return plot_product_space(self, ax=ax, **options)


def product_space(year: Year, labels: Any, *, threshold: float) -> ProductSpace:
    """Network of one period's products; nodes in the order of `labels`."""
    import pandas as pd
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if year.settings.proximity == "conditional":
        raise OptionError(
            said(
                "A network needs a symmetric proximity, not proximity='conditional'. Use 'minimum', "
                "'maximum', 'geometric' or 'correlation'."
            )
        )
    source, target, phi, tree = links(near.proximity(year.space), threshold)
    n = len(labels)
    _, label = connected_components(coo_array((np.ones(len(phi)), (source, target)), (n, n)), directed=False)
    order = np.argsort(np.argsort(-np.bincount(label), kind="stable"))
    on = year.active
    nodes = pd.DataFrame(
        {
            "product": labels,
            "trade": year.X.sum(axis=0)[on],
            "ubiquity": year.ubiquity[on],
            "pci": year.pci[on],
            "degree": np.bincount(np.concatenate([source, target]), minlength=n),
            "component": order[label],
        }
    )
    edges = pd.DataFrame({"source": source, "target": target, "proximity": phi, "tree": tree})
    return ProductSpace(nodes, edges, threshold)


def links(phi: Matrix, threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(source, target, proximity, in the tree) of the maximum spanning forest and of all links >= threshold.

    Products without any proximity to others stay apart. Strongest links first.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    upper = np.triu(phi, 1)
    weak = np.where(upper > 0, 2 - upper, 0)  # the strongest link costs least, and none costs nothing
    tree = minimum_spanning_tree(csr_array(weak)).tocoo()
    chosen = np.zeros(phi.shape, bool)
    chosen[np.minimum(tree.row, tree.col), np.maximum(tree.row, tree.col)] = True
    source, target = np.nonzero(chosen | ((upper >= threshold) & (upper > 0)))
    order = np.argsort(-upper[source, target], kind="stable")
    source, target = source[order], target[order]
    return source, target, upper[source, target], chosen[source, target]
