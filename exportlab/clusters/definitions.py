r"""Clusters of related industries: partitions of a matrix of relatedness, and how good they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.cluster.vq import kmeans2
from scipy.spatial.distance import squareform

from exportlab.clusters.related import Relatedness
from exportlab.errors import OptionError
from exportlab.frames import Array, Codes
from exportlab.options import Count, validated
from exportlab.results import Cautious
from exportlab.words import N_, _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Function: TypeAlias = Literal["ward", "average", "complete", "kmeans"]
SCORES = ("vs_cluster_mean", "vs_cluster_95", "vs_industry_mean", "vs_industry_95")
SAME = N_(
    "Scores are taken on the matrices that made the clusters; they compare definitions, and are no test against chance."
)
ALONE = N_("{n} clusters hold one industry, which is related to nothing within: they count as failing.")


@dataclass(frozen=True, repr=False, eq=False)
class ClusterDefinition(Cautious):
    """The best of the definitions tried.

    Attributes
    ----------
    table : DataFrame
        One row a product: cluster (1, 2, ... by size), within (its mean relatedness to the others of its cluster),
        between (to the nearest other cluster), nearest (that cluster).
    clusters : DataFrame
        One row a cluster: products, within (WCR), between (mean BCR), between_95.
    scores : DataFrame
        One row a definition tried and matrix: function, number, matrix, the four scores and vs, their mean.
    cautions : tuple of str
    """

    table: pd.DataFrame
    clusters: pd.DataFrame
    scores: pd.DataFrame
    cautions: tuple[str, ...]
    function: str
    number: int

    @property
    def title(self) -> str:
        """One line that says what this is."""
        tried = self.scores.groupby(["function", "number"])["vs"].mean()
        return (
            f"{self.number} clusters of {len(self.table)} products by {self.function}, validation score "
            f"{tried[self.function, self.number]:.3g} (the best of {len(tried)} definitions)"
        )

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the scores of all definitions tried over their number of clusters; see `plots.clusters.scores`."""
        from exportlab.plots.clusters import scores

        return scores(self, ax=ax, **options)


@validated
def define_clusters(
    related: Relatedness,
    *,
    numbers: Count | Sequence[Count],
    functions: Sequence[Function] = ("ward", "kmeans"),
    starts: Count = 100,
    rng: Any = None,
) -> ClusterDefinition:
    r"""Group industries into clusters, each way asked for, and keep the definition with the best validation score.

    Parameters
    ----------
    related : Relatedness
    numbers : int or sequence of int
        How many clusters are tried, from 2 to one less than the products.
    functions : sequence of {"ward", "average", "complete", "kmeans"}
        "average" and "complete" link by relatedness itself. "ward" and "kmeans" compare industries by their whole rows,
        their relatedness to all industries (their own taken as the largest of the row).
    starts : int
        Of k-means; the best of so many is kept.
    rng : Generator or int
        Needed by "kmeans".

    Returns
    -------
    ClusterDefinition
        The definition with the largest mean of vs over the matrices; of equal ones the most clusters, then
        the first function.

    Raises
    ------
    OptionError
        Numbers outside their range; "kmeans" without rng=.

    Notes
    -----
    WCR is the mean relatedness of pairs within a cluster, BCR of pairs between two. The scores of a definition, on each
    matrix: the share of clusters whose WCR is above the mean of their BCR, and above its 95th percentile; the share of
    industries whose mean relatedness within their cluster is above the mean, and the 95th percentile, of that to the
    other clusters. vs is the mean of the four. The article's last step, moving outliers by judgement, is left to the
    reader: `table` has each industry's nearest other cluster.

    References
    ----------
    .. [1] Delgado, Porter and Stern (2016), Defining clusters of related industries, Journal of Economic Geography
       16(1), 1-38; NBER Working Paper 20375.
    """
    n = len(related.labels)
    tried = [numbers] if isinstance(numbers, int) else list(dict.fromkeys(numbers))
    wrong = [k for k in tried if not 2 <= k < n]
    if wrong or not tried or not functions:
        raise OptionError(
            f"numbers={numbers!r} is not allowed. Allowed: from 2 to {n - 1}, and one function or more."
        )
    if "kmeans" in functions and rng is None:
        raise OptionError("kmeans begins at random: rng= is a seed (rng=7) or a numpy Generator.")
    random = np.random.default_rng(rng)
    rows, partitions = [], {}
    for function in dict.fromkeys(functions):
        for k in sorted(tried):
            part = _ordered(_partition(related.combined, function, k, starts, random))
            partitions[function, k] = part
            for name, m in related.matrices.items():
                rows.append({"function": function, "number": k, "matrix": name, **_scores(m, part)})
    scores = pd.DataFrame(rows)
    means = scores.groupby(["function", "number"], sort=False)["vs"].mean()
    function, k = max(partitions, key=lambda key: (round(means[key], 12), key[1]))
    part = partitions[function, k]
    alone = int((np.bincount(part) == 1).sum())
    cautions = (*((_(ALONE, n=alone),) if alone else ()), _(SAME))
    table, clusters = _described(related, part)
    return ClusterDefinition(table, clusters, scores, cautions, function, k)


@validated
def validation_scores(related: Relatedness, clusters: Mapping[Any, Any]) -> pd.DataFrame:
    """Scores of a definition of one's own (an official list of industries) on each matrix, to compare with those found.

    Parameters
    ----------
    related : Relatedness
    clusters : mapping
        From product to the name of its cluster, for every product.

    Returns
    -------
    DataFrame
        matrix, the four scores and vs, as in `define_clusters`.

    Raises
    ------
    OptionError
        Products without a cluster; one cluster alone.
    """
    lost = [p for p in related.labels if p not in clusters]
    if lost:
        raise OptionError(f"clusters= has no entry for {len(lost)} products, first {lost[0]!r}.")
    names, part = np.unique([str(clusters[p]) for p in related.labels], return_inverse=True)
    if len(names) < 2:
        raise OptionError("clusters= puts all products into one: relatedness between clusters needs two.")
    return pd.DataFrame([{"matrix": name, **_scores(m, part)} for name, m in related.matrices.items()])


def _partition(m: Array, function: Function, k: int, starts: int, random: np.random.Generator) -> Codes:
    filled = m.copy()
    np.fill_diagonal(filled, np.nanmax(m, axis=1))
    if function == "kmeans":
        return _kmeans(filled, k, starts, random)
    if function == "ward":
        tree = linkage(filled, "ward")
    else:
        far = np.nanmax(m) - m
        np.fill_diagonal(far, 0.0)
        tree = linkage(squareform(far, checks=False), function)
    return np.asarray(fcluster(tree, k, "maxclust") - 1, dtype=np.int64)


def _kmeans(rows: Array, k: int, starts: int, random: np.random.Generator) -> Codes:
    """The partition with the smallest sum of squares of all starts; only those with all clusters count."""
    best, found = np.inf, None
    for _start in range(starts):
        centres, part = kmeans2(rows, k, minit="++", rng=random, missing="warn")
        spread = float(((rows - centres[part]) ** 2).sum())
        if spread < best - 1e-12 and len(np.unique(part)) == k:
            best, found = spread, part
    if found is None:
        raise OptionError(
            f"numbers={k} leaves clusters of k-means empty at each of {starts} starts: try fewer."
        )
    return np.asarray(found, dtype=np.int64)


def _ordered(part: Codes) -> Codes:
    """The clusters numbered by size, then by their first product."""
    names, first, counts = np.unique(part, return_index=True, return_counts=True)
    order = names[np.lexsort((first, -counts))]
    return np.asarray([int(np.flatnonzero(order == c)[0]) for c in part], dtype=np.int64)


def _relations(m: Array, part: Codes) -> Array:
    """Mean relatedness of each industry to the others of each cluster, (K, C); NaN to its own where it is alone."""
    filled = np.nan_to_num(m, nan=0.0)
    members = np.eye(part.max() + 1)[part]
    others = members.sum(axis=0) - members
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(filled @ members / others)


def _between(m: Array, part: Codes) -> tuple[Array, Array]:
    """Of each cluster: WCR, and BCR with each other one (C, C - 1)."""
    relations = _relations(m, part)
    means = np.array([relations[part == c].mean(axis=0) for c in range(relations.shape[1])])
    return np.diag(means), _others(means, np.arange(len(means)))


def _others(x: Array, own: Codes) -> Array:
    """Each row without its own column."""
    keep = np.arange(x.shape[1]) != own[:, None]
    return np.asarray(x[keep].reshape(len(x), -1))


def _scores(m: Array, part: Codes) -> dict[str, float]:
    wcr, bcr = _between(m, part)
    relations = _relations(m, part)
    own, rest = relations[np.arange(len(part)), part], _others(relations, part)
    found = [
        float((inside > limit).mean())  # one alone is NaN within, and not above
        for inside, outside in ((wcr, bcr), (own, rest))
        for limit in (outside.mean(axis=1), np.percentile(outside, 95, axis=1))
    ]
    return {**dict(zip(SCORES, found, strict=True)), "vs": float(np.mean(found))}


def _described(related: Relatedness, part: Codes) -> tuple[pd.DataFrame, pd.DataFrame]:
    relations = _relations(related.combined, part)
    rows = np.arange(len(part))
    outside = relations.copy()
    outside[rows, part] = -np.inf
    table = pd.DataFrame(
        {
            related.product: list(related.labels),
            "cluster": part + 1,
            "within": relations[rows, part],
            "between": outside.max(axis=1),
            "nearest": outside.argmax(axis=1) + 1,
        }
    )
    wcr, bcr = _between(related.combined, part)
    clusters = pd.DataFrame(
        {
            "cluster": np.arange(len(wcr)) + 1,
            "products": np.bincount(part),
            "within": wcr,
            "between": bcr.mean(axis=1),
            "between_95": np.percentile(bcr, 95, axis=1),
        }
    )
    return table, clusters
