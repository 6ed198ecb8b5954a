"""Covariances of least squares: by clusters, few clusters (CR2, CR3), and distance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.spatial import cKDTree

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes
from exportlab.options import Places, Positive, validated
from exportlab.panel.algebra.clustered import (
    ClusterFit,
    adjusted_residual,
    inverses_without,
    leverages,
)
from exportlab.panel.algebra.levels import Effects, absorbed_parameters, encode

CLIPPED = (
    "The covariance (several ways of clustering, or a kernel) had a negative variance in some direction, which is set "
    "to zero: standard errors may be too small. Cluster one way, or by more clusters."
)
RANK = 1e-12  # an eigenvalue of a correlation matrix this small is none
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
    small_sample: str = "fixest",
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
    small_sample : {"fixest", "ppmlhdfe"}
        "ppmlhdfe" counts no parameters: G / (G - 1), or n / (n - 1) without clusters.

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
    stata = small_sample == "ppmlhdfe"
    if not clusters:
        factor = n / (n - 1) if stata else n / spare
        formula = "n/(n-1) (ppmlhdfe's)" if stata else f"n/(n-K) with K={K}"
        words = f"heteroskedasticity-robust (HC1), {formula}"
        return Sandwich(bread @ (scores.T @ scores * factor) @ bread, factor, spare, (), words)
    sizes = tuple(int(g.max()) + 1 for g in clusters.values())
    for name, size in zip(clusters, sizes, strict=True):
        if size < 2:
            raise DataError(
                f"Only one cluster of {name!r} is left", "Clustered standard errors need two or more."
            )
    factor = (1.0 if stata else (n - 1) / spare) * min(sizes) / (min(sizes) - 1)
    meat = factor * _multiway(scores, list(clusters.values()))
    covariance = bread @ meat @ bread
    units, notes = np.sqrt(np.diag(bread)), []
    if len(clusters) > 1 and indefinite(covariance, units):
        covariance = nearest_covariance(covariance, units)
        notes.append(CLIPPED)
    formula = f"(n-1)/(n-K) x G/(G-1) with K={K}, G={min(sizes)} (fixest's and reghdfe's default)"
    formula = f"G/(G-1) with G={min(sizes)} (ppmlhdfe's)" if stata else formula
    words = (
        f"clustered by {' and '.join(clusters)} ({' and '.join(f'{g:,}' for g in sizes)} clusters), {formula}"
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


def wald(gap: Array, covariance: Array, remedy: str) -> float:
    r"""Wald statistic :math:`g'V^{-1}g` of q terms, whatever their units.

    Raises
    ------
    DataError
        Their covariance has not full rank, as with fewer clusters than terms: the statistic would be rounding.
    """
    size = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore", divide="ignore"):
        C = covariance / np.outer(size, size)
    rank = int(np.linalg.matrix_rank(C, tol=RANK, hermitian=True)) if np.isfinite(C).all() else 0
    if rank < len(gap):
        raise DataError(f"the covariance of the {len(gap)} estimates tested has rank {rank}", remedy)
    return float((gap / size) @ np.linalg.solve(C, gap / size))


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


def indefinite(covariance: Array, size: Array | None = None) -> bool:
    """Whether some combination has a negative variance, beyond rounding; `size` (k,) are the units of the terms."""
    scaled = covariance / _units(covariance, size)
    return bool(np.linalg.eigvalsh(scaled)[0] < -ROUNDING * np.abs(np.diag(scaled)).max())


def nearest_covariance(covariance: Array, size: Array | None = None) -> Array:
    """The covariance with negative eigenvalues set to zero: sums of many kernels can produce them.

    Eigenvalues are those of terms brought to the units `size` (k,), so that no regressor's own unit decides.
    """
    units = _units(covariance, size)
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2 / units)
    if (values >= 0).all():
        return covariance
    out: Array = (vectors * np.maximum(values, 0)) @ vectors.T * units
    return out


def _units(covariance: Array, size: Array | None) -> Array:
    own = np.ones(len(covariance)) if size is None else size
    return np.outer(own, own)


# Cluster-robust covariance for few clusters: CR0 to CR3, Bell-McCaffrey degrees of freedom.

KINDS = ("CR0", "CR1", "CR2", "CR3", "CR3J")


def covariance(fit: ClusterFit, kind: str = "CR1", *, adjust: str = "fixest") -> Array:
    """Cluster-robust covariance of the coefficients of interest, (k, k).

    Parameters
    ----------
    fit : ClusterFit
    kind : {"CR0", "CR1", "CR2", "CR3", "CR3J"}
        CR2 is bias-reduced (identity working model); CR3 is the cluster jackknife centred at the full
        estimate times (G-1)/G; CR3J is centred at the mean of the leave-one-out estimates.
    adjust : {"fixest", "groups"}
        Factor of CR1: "fixest" is G/(G-1) (n-1)/(n-K), effects nested in clusters not counted in K (also
        reghdfe's); "groups" is G/(G-1) alone (clubSandwich's CR1).

    Notes
    -----
    CR3 is NaN for a coefficient that is not identified once some cluster is left out (one treated cluster).

    Sources: Bell & McCaffrey (2002); Pustejovsky & Tipton (2018); MacKinnon, Nielsen & Webb (2023).
    """
    one_of("kind", kind, KINDS)
    one_of("adjust", adjust, ("fixest", "groups"))
    k, G = fit.k, fit.G
    if kind in ("CR3", "CR3J"):
        moves = leave_one_out(fit)
        moves = moves - moves.mean(axis=0) if kind == "CR3J" else moves
        return np.asarray((G - 1) / G * moves.T @ moves)
    u = adjusted_residual(fit, -0.5) if kind == "CR2" else fit.residual
    pieces = fit.scores(u) @ fit.bread[:, :k]
    factor = 1.0
    if kind == "CR1":
        factor = G / (G - 1) * (small_sample(fit) if adjust == "fixest" else 1.0)
    return np.asarray(factor * pieces.T @ pieces)


def small_sample(fit: ClusterFit) -> float:
    """(n-1)/(n-K): K counts regressors, the constant and effects not nested in the clusters."""
    n = len(fit.y)
    return float((n - 1) / (n - fit.X.shape[1] - int(fit.within)))


def leave_one_out(fit: ClusterFit) -> Array:
    """Coefficient without cluster g minus the full one, (G, k); NaN where it is not identified."""
    scores = fit.scores(fit.residual)
    moves = [-inverse @ s for inverse, s in zip(inverses_without(fit), scores, strict=True)]
    return np.stack(moves)[:, : fit.k]


def satterthwaite(fit: ClusterFit, contrast: ArrayLike | None = None, *, kind: str = "CR2") -> Array:
    """Bell-McCaffrey degrees of freedom under independent homoskedastic errors.

    Parameters
    ----------
    fit : ClusterFit
    contrast : (k,) or (q, k) array, optional
        Linear combinations of the coefficients of interest; each coefficient alone by default.
    kind : {"CR1", "CR2", "CR3"}

    Returns
    -------
    (q,) array
        (tr M)^2 / tr(M^2), with M the G x G matrix of the quadratic form that the variance estimate is.

    Notes
    -----
    Source: Bell & McCaffrey (2002); Pustejovsky & Tipton (2018).
    """
    one_of("kind", kind, ("CR1", "CR2", "CR3"))
    power = {"CR1": 0.0, "CR2": -0.5, "CR3": -1.0}[kind]
    C = np.eye(fit.k) if contrast is None else np.atleast_2d(np.asarray(contrast, float))
    C = np.column_stack([C, np.zeros((len(C), fit.X.shape[1] - fit.k))])
    direction = fit.bread @ C.T
    parts = leverages(fit, power)
    out = []
    for column in direction.T:
        square, U = np.empty(fit.G), np.empty((fit.G, fit.X.shape[1]))
        for g, (rows, (Q, d)) in enumerate(zip(fit.parts, parts, strict=True)):
            a = fit.X[rows] @ column
            a = a + Q @ (d * (Q.T @ a))
            square[g], U[g] = a @ a, fit.X[rows].T @ a
        M = np.diag(square) - U @ fit.bread @ U.T
        out.append(np.trace(M) ** 2 / np.sum(M * M))
    return np.asarray(out)


# Covariances for units that move together: Driscoll-Kraay over time, Conley over space.

EARTH = 6371.0088  # mean radius in kilometres
KERNELS = ("bartlett", "uniform")


@validated
def driscoll_kraay(
    scores: Array,
    bread: Array,
    periods: Codes,
    *,
    parameters: int,
    lags: Places | None = None,
    small_sample: str = "fixest",
) -> Sandwich:
    r"""Covariance robust to any dependence between units and to serial correlation up to `lags`.

    .. math:: S = \Gamma_0 + \sum_{l=1}^{L}\Bigl(1-\frac{l}{L+1}\Bigr)(\Gamma_l+\Gamma_l'),\quad
              \Gamma_l = \sum_t h_t h_{t-l}',\quad h_t = \sum_i x_{it}u_{it}

    Parameters
    ----------
    scores : array of shape (n, k)
    bread : array of shape (k, k)
    periods : array of shape (n,)
        Codes in the order of time; neighbours are consecutive observed periods.
    parameters : int
        K, absorbed effects included.
    lags : int, optional
        L; default floor(T^(1/4)), as plm and fixest.
    small_sample : {"fixest", "none"}
        "fixest": (n-1)/(n-K) x T/(T-1). "none": plm's vcovSCC of type HC0. linearmodels takes n/(n-K).

    References
    ----------
    Driscoll and Kraay (1998); Hoechle (2007).
    """
    one_of("small_sample", small_sample, ["fixest", "none"])
    n, T = scores.shape[0], int(periods.max()) + 1
    L = int(np.floor(T**0.25)) if lags is None else lags
    if not 0 <= L < T:
        raise OptionError(f"lags={L!r} is not allowed. Allowed: 0 to {T - 1}, one less than the {T} periods.")
    h = group_sums(scores, periods)
    meat = h.T @ h
    for lag in range(1, L + 1):
        gamma = h[lag:].T @ h[:-lag]
        meat += (1 - lag / (L + 1)) * (gamma + gamma.T)
    if T < 2:
        raise DataError("Only one period is left", "Driscoll-Kraay standard errors need two or more.")
    factor = (n - 1) / freedom(n, parameters) * T / (T - 1) if small_sample == "fixest" else 1.0
    formula = f"(n-1)/(n-K) x T/(T-1) with K={parameters}, T={T}" if small_sample == "fixest" else "no factor"
    words = f"Bartlett kernel, {L} lags, {formula}"
    return Sandwich(factor * bread @ meat @ bread, factor, T - 1, (T,), words)


@dataclass(frozen=True, eq=False)
class Near:
    """Which units are near: degrees of each row (n,), the distance in kilometres, and "bartlett" or "uniform"."""

    latitude: Array
    longitude: Array
    cutoff: Positive
    kernel: str = "bartlett"


@validated
def conley(
    scores: Array,
    bread: Array,
    periods: Codes,
    units: Codes,
    near: Near,
    *,
    parameters: int,
    lags: Places = 0,
) -> Sandwich:
    r"""Covariance robust to dependence between units less than the cutoff's kilometres apart.

    Rows of the same period are weighted by the kernel of their great-circle distance: 1 - d / cutoff
    ("bartlett") or 1 ("uniform"), 0 from the cutoff on. With `lags`, rows of the same unit up to that many
    periods apart are added with Bartlett weights (Hsiang 2010). The factor is n / (n - K), so that a
    cutoff below every distance gives HC1. Negative eigenvalues are set to zero.

    Parameters
    ----------
    scores : array of shape (n, k)
    bread : array of shape (k, k)
    periods, units : codes of shape (n,)
    near : Near
    parameters : int
    lags : int

    References
    ----------
    Conley (1999).
    """
    cutoff, kernel = near.cutoff, near.kernel
    one_of("kernel", kernel, KERNELS)
    n, k = scores.shape
    weights = _kernel(_points(near.latitude, near.longitude, units), cutoff, kernel)
    meat = np.zeros((k, k))
    size = int(units.max()) + 1
    for t in range(int(periods.max()) + 1):
        here = periods == t
        s = np.zeros((size, k))
        np.add.at(s, units[here], scores[here])
        meat += s.T @ (weights @ s)
    for lag in range(1, lags + 1):
        gamma = _serial(scores, units, periods, lag)
        meat += (1 - lag / (lags + 1)) * (gamma + gamma.T)
    spare = freedom(n, parameters)
    factor = n / spare
    words = f"{kernel} kernel, cutoff {cutoff:g} km, {lags} lags within units, n/(n-K) with K={parameters}"
    covariance, own = factor * bread @ meat @ bread, np.sqrt(np.diag(bread))
    notes = (CLIPPED,) if indefinite(covariance, own) else ()
    return Sandwich(nearest_covariance(covariance, own), factor, spare, (), words, notes)


def _points(latitude: Array, longitude: Array, units: Codes) -> Array:
    """Units on the sphere of radius one, (units, 3)."""
    wrong = ~((np.abs(latitude) <= 90) & (np.abs(longitude) <= 360))
    if wrong.any():
        raise DataError(
            "Coordinates that are no degrees",
            "Latitude lies between -90 and 90, longitude between -360 and 360.",
            rows=int(wrong.sum()),
            first=f"row {int(wrong.argmax())}: {latitude[wrong][0]:g}, {longitude[wrong][0]:g}",
        )
    _, first = np.unique(units, return_index=True)
    moved = (latitude != latitude[first][units]) | (longitude != longitude[first][units])
    if moved.any():
        raise DataError(
            "A unit has several places", "Give each unit one pair of coordinates.", rows=int(moved.sum())
        )
    lat, lon = np.radians(latitude[first]), np.radians(longitude[first])
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _kernel(place: Array, cutoff: Positive, kernel: str) -> sparse.csr_matrix:
    """Kernel weights between units closer than the cutoff; exact, by a search tree on chords."""
    angle = min(cutoff / EARTH, np.pi)
    pairs = cKDTree(place).query_pairs(2 * np.sin(angle / 2) * (1 + 1e-12), output_type="ndarray")
    chord = np.linalg.norm(place[pairs[:, 0]] - place[pairs[:, 1]], axis=1)
    distance = 2 * EARTH * np.arcsin(np.clip(chord / 2, 0, 1))
    weight = np.clip(1 - distance / cutoff, 0, None) if kernel == "bartlett" else (distance < cutoff) * 1.0
    n = place.shape[0]
    upper = sparse.coo_matrix((weight, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return sparse.csr_matrix(upper + upper.T + sparse.identity(n))


def _serial(scores: Array, units: Codes, periods: Codes, lag: int) -> Array:
    """Sum over units and periods of score_it score_i,t-lag'."""
    width = int(periods.max()) + 1 + lag
    key = units * width + periods
    order = np.argsort(key)
    at = np.searchsorted(key[order], key - lag)
    found = (at < key.size) & (key[order][np.minimum(at, key.size - 1)] == key - lag) & (periods >= lag)
    return np.asarray(scores[found].T @ scores[order[at[found]]], float)
