"""A least-squares regression cut into clusters: what every few-cluster method starts from.

Fixed effects nested in the clusters are demeaned away; the others stay in `X` as dummies, because
they tie clusters together and every leave-one-cluster-out quantity must re-estimate them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from exportlab.errors import DataError, OptionError
from exportlab.frames import Array, Codes

MAX_EXPLICIT = 3_000
RANK = 1e-10


@dataclass(frozen=True, eq=False, repr=False)
class ClusterFit:
    """Least squares of `y` on `X`, cut into clusters and ready for inference.

    Attributes
    ----------
    y : (n,) array
        Outcome, weighted by the root of the weights, effects nested in clusters removed.
    X : (n, K) array
        The `k` regressors of interest first, then the independent dummies of the other effects.
    cluster : (n,) array of 0 .. G-1
    names : tuple of str
        Names of the `k` regressors of interest.
    within : bool
        Whether an effect nested in the clusters (or the constant) was removed.
    """

    y: Array
    X: Array
    cluster: Codes
    names: tuple[str, ...]
    within: bool

    @property
    def k(self) -> int:
        """Number of regressors of interest."""
        return len(self.names)

    @cached_property
    def G(self) -> int:  # noqa: N802 - the field's own letter
        """Number of clusters."""
        return int(self.cluster.max()) + 1

    @cached_property
    def parts(self) -> tuple[Codes, ...]:
        """Row numbers of each cluster."""
        order = np.argsort(self.cluster, kind="stable")
        return tuple(np.split(order, np.cumsum(np.bincount(self.cluster, minlength=self.G))[:-1]))

    @cached_property
    def grams(self) -> Array:
        """X_g'X_g of every cluster, (G, K, K)."""
        return np.stack([self.X[rows].T @ self.X[rows] for rows in self.parts])

    @cached_property
    def bread(self) -> Array:
        """(X'X)^-1, (K, K)."""
        return np.asarray(np.linalg.inv(self.grams.sum(axis=0)))

    @cached_property
    def beta(self) -> Array:
        """All K coefficients; the first k are those of interest."""
        return np.asarray(self.bread @ (self.X.T @ self.y))

    @cached_property
    def residual(self) -> Array:
        """y - X beta."""
        return np.asarray(self.y - self.X @ self.beta)

    def scores(self, residual: Array, codes: Codes | None = None) -> Array:
        """Sums of X_i u_i by cluster (or by `codes`), (G, K)."""
        codes = self.cluster if codes is None else codes
        return sum_by(self.X * residual[:, None], codes)

    @cached_property
    def root(self) -> Array:
        """L with L L' = (X'X)^-1."""
        return np.asarray(np.linalg.cholesky(self.bread))


def sum_by(values: Array, codes: Codes) -> Array:
    """Row sums of `values` by `codes`, (max code + 1, columns)."""
    size = int(codes.max()) + 1
    return np.column_stack([np.bincount(codes, weights=column, minlength=size) for column in values.T])


def cluster_fit(
    outcome: ArrayLike,
    regressors: ArrayLike,
    *,
    cluster: ArrayLike,
    absorb: Sequence[ArrayLike] = (),
    weights: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    explicit: bool = False,
) -> ClusterFit:
    """Prepare a linear regression for cluster-robust inference.

    Parameters
    ----------
    outcome : (n,) array
    regressors : (n, k) array
        Regressors of interest; without `absorb` it must hold its own constant.
    cluster : (n,) array
        Cluster of each row, any labels.
    absorb : sequence of (n,) arrays
        Fixed effects, any labels. The largest that is nested in the clusters is demeaned away.
    weights : (n,) array, optional
        Analytic weights, positive.
    names : sequence of str, optional
    explicit : bool
        Keep every effect as columns, nested ones too.

    Returns
    -------
    ClusterFit

    Raises
    ------
    DataError
        Missing or infinite values, fewer than two clusters, weights that are not positive, regressors
        that are collinear with each other or with the effects.
    """
    y: Array = np.asarray(outcome, float)
    X: Array = np.asarray(regressors, float)
    X = X[:, None] if X.ndim == 1 else X
    labels = tuple(names) if names is not None else tuple(f"x{j + 1}" for j in range(X.shape[1]))
    w = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    _refuse_bad(y, X, w)
    codes = codes_of(cluster)
    if codes.max() < 1:
        raise DataError("Only one cluster", "Inference by cluster needs two clusters or more")
    effects = [codes_of(a) for a in absorb]
    nested = None if explicit else _largest_nested(effects, codes)
    others = [e for j, e in enumerate(effects) if j != nested]
    Z = _dummies(others, len(y))
    if nested is not None:
        y, X, Z = (_demean(a, effects[nested], w) for a in (y, X, Z))
    elif effects:
        Z = np.column_stack([np.ones(len(y)), Z])
    r = np.sqrt(w)
    y, X, Z = y * r, X * r[:, None], Z * r[:, None]
    Z = Z[:, _independent(Z)]
    _refuse_collinear(X, Z, labels)
    return ClusterFit(y, np.column_stack([X, Z]), codes, labels, nested is not None)


def inverses_without(fit: ClusterFit) -> list[Array]:
    """(X'X - X_g'X_g)^-1 for every g; rows of unidentified coefficients are NaN."""
    inverses = []
    for gram in fit.grams:
        value, vector = np.linalg.eigh(np.eye(len(gram)) - fit.root.T @ gram @ fit.root)
        dead = value < RANK
        L = fit.root @ vector
        inverse = (L[:, ~dead] / value[~dead]) @ L[:, ~dead].T
        if dead.any():
            scale = np.sqrt(np.diag(fit.bread))
            inverse[(np.abs(L[:, dead]) > 1e-6 * scale[:, None]).any(axis=1)] = np.nan
        inverses.append(inverse)
    return inverses


def adjusted_residual(fit: ClusterFit, power: float, residual: Array | None = None) -> Array:
    """(I - H_gg)^power u_g in every cluster: -1/2 for CR2, -1 for the jackknife residual."""
    u = fit.residual if residual is None else residual
    out = u.copy()
    for rows, (Q, change) in zip(fit.parts, leverages(fit, power), strict=True):
        out[rows] += Q @ (change * (Q.T @ u[rows]))
    return out


def leverages(fit: ClusterFit, power: float) -> list[tuple[Array, Array]]:
    """Q and d with (I - H_gg)^power = I + Q diag(d) Q' (generalised inverse where leverage is one)."""
    out = []
    for rows, gram in zip(fit.parts, fit.grams, strict=True):
        value, vector = np.linalg.eigh(fit.root.T @ gram @ fit.root)
        keep = value > RANK
        h, V = value[keep], vector[:, keep]
        Q = fit.X[rows] @ (fit.root @ V) / np.sqrt(h)
        with np.errstate(divide="ignore", invalid="ignore"):
            d = np.where(1 - h > RANK, np.abs(1 - h) ** power, 0.0) - 1.0
        out.append((Q, d))
    return out


def codes_of(labels: ArrayLike) -> Codes:
    """Labels as 0 .. G-1."""
    return np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64).ravel()


def is_nested(effect: Codes, cluster: Codes) -> bool:
    pairs = np.unique(effect * (int(cluster.max()) + 1) + cluster)
    return len(pairs) == int(effect.max()) + 1


def _largest_nested(effects: list[Codes], cluster: Codes) -> int | None:
    sizes = {j: int(e.max()) for j, e in enumerate(effects) if is_nested(e, cluster)}
    return max(sizes, key=lambda j: sizes[j]) if sizes else None


def _dummies(effects: list[Codes], n: int) -> Array:
    levels = sum(int(e.max()) + 1 for e in effects)
    if levels > MAX_EXPLICIT:
        raise OptionError(
            f"{levels:,} effects are not nested in the clusters; leave-one-cluster-out inference keeps them "
            f"(variances='equal' nested ones too) as columns and allows {MAX_EXPLICIT:,}. Cluster at a coarser level, "
            "or use CR1 of the estimate."
        )
    blocks = [np.equal.outer(e, np.arange(int(e.max()) + 1)).astype(float) for e in effects]
    return np.column_stack(blocks) if blocks else np.empty((n, 0))


def _demean(values: Array | Array, codes: Codes, w: Array) -> Array | Array:
    table = values if values.ndim == 2 else values[:, None]
    if table.shape[1] == 0:
        return values
    mean = sum_by(table * w[:, None], codes) / np.bincount(codes, weights=w)[:, None]
    return np.asarray((table - mean[codes]).reshape(values.shape))


def _independent(Z: Array) -> Codes:
    """Columns of Z that span it."""
    from scipy.linalg import qr

    if Z.shape[1] == 0:
        return np.arange(0)
    R, pivot = qr(Z, mode="r", pivoting=True)[-2:]
    size = np.abs(np.diag(R))
    return np.sort(pivot[: int((size > 1e-9 * size[0]).sum())])


def _refuse_bad(y: Array, X: Array, w: Array) -> None:
    bad = ~(np.isfinite(y) & np.isfinite(X).all(axis=1) & np.isfinite(w))
    if bad.any():
        raise DataError(
            "Missing or infinite values in the regression",
            "Drop the rows on purpose before the estimate, or fix them",
            rows=int(bad.sum()),
            first=f"row {int(bad.argmax())}",
        )
    if (w <= 0).any():
        raise DataError(
            "Weights that are not positive", "Analytic weights must be above zero", rows=int((w <= 0).sum())
        )


def _refuse_collinear(X: Array, Z: Array, names: tuple[str, ...]) -> None:
    from scipy.linalg import qr

    x = X - Z @ np.linalg.lstsq(Z, X, rcond=None)[0] if Z.shape[1] else X
    norm = np.sqrt((X * X).sum(axis=0))
    R, pivot = qr(x / np.where(norm > 0, norm, 1), mode="r", pivoting=True)[-2:]
    lost = [names[j] for j, size in zip(pivot, np.abs(np.diag(R)), strict=False) if size < 1e-8]
    lost += [names[j] for j in pivot[min(R.shape) :]]
    if lost:
        raise DataError(
            f"Regressors explained by the others or by the fixed effects: {', '.join(sorted(lost))}",
            "Leave them out; a treatment needs variation within units and within periods",
        )
