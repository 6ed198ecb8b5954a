"""Sandwich covariances, their small-sample factors named: heteroskedastic, clustered in several ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import sparse

from exportlab.arrays import Array, Codes
from exportlab.errors import DataError
from exportlab.panel.algebra.levels import Effects, absorbed_parameters, encode


@dataclass(frozen=True, eq=False)
class Sandwich:
    """A covariance (k, k), the degrees of freedom of its t statistics, and what it is in words."""

    covariance: Array
    factor: float
    dof: float
    clusters: tuple[int, ...]
    convention: str


def sandwich(
    scores: Array,
    bread: Array,
    *,
    effects: Effects,
    clusters: Mapping[str, Codes],
    parameters: int | None = None,
    count: str = "fixest",
) -> Sandwich:
    r"""Heteroskedasticity- or cluster-robust covariance :math:`c\,B\,M\,B`.

    Parameters
    ----------
    scores : array of shape (n, k)
        Score of each row; their sum is zero at the estimate.
    bread : array of shape (k, k)
        Inverse of the negative Hessian.
    effects : Effects
        The absorbed effects: they use up degrees of freedom unless nested in a cluster.
    clusters : mapping of name to (n,) codes
        Empty for heteroskedasticity-robust (HC1); several for multi-way clustering by inclusion and
        exclusion (Cameron, Gelbach and Miller 2011), negative eigenvalues set to zero.
    parameters : int, optional
        Coefficients beside the effects; default k.
    count : {"fixest", "reghdfe", "all"}
        See `absorbed_parameters`.

    Notes
    -----
    The factor is fixest's and reghdfe's default, :math:`\frac{n-1}{n-K}\cdot\frac{G}{G-1}` with G the
    smallest number of clusters and K leaving out effects nested in a cluster; n / (n - K) without clusters.

    Raises
    ------
    DataError
        No degree of freedom is left, or a single cluster.
    """
    n, k = scores.shape
    K = (k if parameters is None else parameters) + absorbed_parameters(
        effects, list(clusters.values()), count=count
    )
    spare = freedom(n, K)
    if not clusters:
        meat = scores.T @ scores * (n / spare)
        words = f"heteroskedasticity-robust (HC1), n/(n-K) with K={K}"
        return Sandwich(bread @ meat @ bread, n / spare, spare, (), words)
    sizes = tuple(int(g.max()) + 1 for g in clusters.values())
    for name, size in zip(clusters, sizes, strict=True):
        if size < 2:
            raise DataError(
                f"Only one cluster of {name!r} is left", "Clustered standard errors need two or more."
            )
    factor = (n - 1) / spare * min(sizes) / (min(sizes) - 1)
    meat = factor * _multiway(scores, list(clusters.values()))
    covariance = bread @ meat @ bread
    if len(clusters) > 1:
        covariance = nearest_covariance(covariance)
    words = (
        f"clustered by {' and '.join(clusters)} ({' and '.join(f'{g:,}' for g in sizes)} clusters), "
        f"(n-1)/(n-K) x G/(G-1) with K={K}, G={min(sizes)} (fixest's and reghdfe's default)"
    )
    return Sandwich(covariance, factor, min(sizes) - 1, sizes, words)


def freedom(rows: int, parameters: int) -> int:
    """The degrees of freedom that are left; none is an error, as no standard error exists then."""
    if rows <= parameters:
        raise DataError(
            f"no degree of freedom is left: as many parameters as rows or more ({parameters:,} on {rows:,})",
            "Use fewer regressors or effects, or more rows.",
        )
    return rows - parameters


def group_sums(scores: Array, codes: Codes) -> Array:
    """Sum of the rows of `scores` (n, k) within each code: (groups, k)."""
    n = scores.shape[0]
    pick = sparse.csr_matrix((np.ones(n), codes, np.arange(n + 1)), shape=(n, int(codes.max()) + 1))
    return np.asarray(pick.T @ scores, float)


def _multiway(scores: Array, clusters: list[Codes]) -> Array:
    meat = np.zeros((scores.shape[1], scores.shape[1]))
    for size in range(1, len(clusters) + 1):
        for chosen in combinations(clusters, size):
            codes = chosen[0]
            for other in chosen[1:]:
                codes = encode(codes * (int(other.max()) + 1) + other)
            sums = group_sums(scores, codes)
            meat += (-1) ** (size + 1) * (sums.T @ sums)
    return meat


def nearest_covariance(covariance: Array) -> Array:
    """The covariance with negative eigenvalues set to zero: sums of many kernels can produce them."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    if (values >= 0).all():
        return covariance
    out: Array = (vectors * np.maximum(values, 0)) @ vectors.T
    return out
