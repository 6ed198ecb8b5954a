"""Sandwich covariances, their small-sample factors named: heteroskedastic, clustered in several ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import sparse

from exportlab.arrays import Array, Codes
from exportlab.errors import DataError
from exportlab.panel.algebra.levels import Effects, absorbed_parameters, encode

CLIPPED = (
    "The multi-way clustered covariance had a negative variance in some direction, which is set to zero: standard "
    "errors may be too small. Cluster one way, or by more clusters."
)
ROUNDING = 1e-11  # an error this small beside the outcomes it is made of is none


@dataclass(frozen=True, eq=False)
class Sandwich:
    """A covariance (k, k), the degrees of freedom of its t statistics, what it is in words, and notes on it."""

    covariance: Array
    factor: float
    dof: float
    clusters: tuple[int, ...]
    convention: str
    notes: tuple[str, ...] = ()


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
    notes = []
    if len(clusters) > 1 and indefinite(covariance):
        covariance = nearest_covariance(covariance)
        notes.append(CLIPPED)
    words = (
        f"clustered by {' and '.join(clusters)} ({' and '.join(f'{g:,}' for g in sizes)} clusters), "
        f"(n-1)/(n-K) x G/(G-1) with K={K}, G={min(sizes)} (fixest's and reghdfe's default)"
    )
    return Sandwich(covariance, factor, min(sizes) - 1, sizes, words, tuple(notes))


def rounding_error(pull: Array, level: Array, codes: Codes) -> Array:
    r"""Standard errors (k,) that rounding alone may make.

    With :math:`\hat\beta = P'y` the cluster scores are sums of terms of size :math:`|P_{ij}||y_i|`. Where they cancel
    (a perfect fit, a saturated cell, one cluster on a side) what is left is rounding, not noise in the data.

    Parameters
    ----------
    pull : (n, k) weights of the rows in the coefficients
    level : (n,) size of what is summed: outcome and residual
    codes : (n,) clusters; rows themselves without
    """
    size: Array = ROUNDING * np.sqrt((group_sums(np.abs(pull) * level[:, None], codes) ** 2).sum(0))
    return size


def settled(covariance: Array, rounding: Array) -> Array:
    """The covariance with NaN for the terms whose standard error is no larger than `rounding` (k,).

    Terms fixed at zero, which have neither, stay.
    """
    none = (rounding > 0) & (np.sqrt(np.maximum(np.diag(covariance), 0)) <= rounding)
    if not none.any():
        return covariance
    out = covariance.copy()
    out[none] = np.nan
    out[:, none] = np.nan
    return out


def unsettled(covariance: Array, terms: Sequence[str]) -> tuple[str, ...]:
    """The note that names the terms without a standard error."""
    none = [t for t, v in zip(terms, np.diag(covariance), strict=True) if np.isnan(v)]
    if not none:
        return ()
    shown = ", ".join(none[:5]) + (f" and {len(none) - 5} more" if len(none) > 5 else "")
    return (
        f"No standard error for {shown}: the data leave none. It is zero up to rounding: the fit is perfect, cells are "
        "saturated, or one cluster stands alone on its side.",
    )


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


def indefinite(covariance: Array) -> bool:
    """Whether some combination has a negative variance, beyond rounding."""
    return bool(np.linalg.eigvalsh(covariance)[0] < -ROUNDING * np.abs(np.diag(covariance)).max())


def nearest_covariance(covariance: Array) -> Array:
    """The covariance with negative eigenvalues set to zero: sums of many kernels can produce them."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    if (values >= 0).all():
        return covariance
    out: Array = (vectors * np.maximum(values, 0)) @ vectors.T
    return out
