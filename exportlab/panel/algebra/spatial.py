"""Covariances for units that move together: Driscoll-Kraay over time, Conley over space."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from exportlab.arrays import Array, Codes
from exportlab.errors import DataError, OptionError, one_of
from exportlab.options import Places, Positive, validated
from exportlab.panel.algebra.sandwich import Sandwich, freedom, group_sums, nearest_covariance

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


@validated
def conley(
    scores: Array,
    bread: Array,
    periods: Codes,
    units: Codes,
    *,
    latitude: Array,
    longitude: Array,
    cutoff: Positive,
    parameters: int,
    kernel: str = "bartlett",
    lags: Places = 0,
) -> Sandwich:
    r"""Covariance robust to dependence between units less than `cutoff` kilometres apart.

    Rows of the same period are weighted by the kernel of their great-circle distance: 1 - d / cutoff
    ("bartlett") or 1 ("uniform"), 0 from the cutoff on. With `lags`, rows of the same unit up to that many
    periods apart are added with Bartlett weights (Hsiang 2010). The factor is n / (n - K), so that a
    cutoff below every distance gives HC1. Negative eigenvalues are set to zero.

    Parameters
    ----------
    scores : array of shape (n, k)
    bread : array of shape (k, k)
    periods, units : codes of shape (n,)
    latitude, longitude : arrays of shape (n,), degrees
    cutoff : float, kilometres
    parameters : int
    kernel : {"bartlett", "uniform"}
    lags : int

    References
    ----------
    Conley (1999).
    """
    one_of("kernel", kernel, KERNELS)
    n, k = scores.shape
    place = _points(latitude, longitude, units)
    near = _kernel(place, cutoff, kernel)
    meat = np.zeros((k, k))
    size = int(units.max()) + 1
    for t in range(int(periods.max()) + 1):
        here = periods == t
        s = np.zeros((size, k))
        np.add.at(s, units[here], scores[here])
        meat += s.T @ (near @ s)
    for lag in range(1, lags + 1):
        gamma = _serial(scores, units, periods, lag)
        meat += (1 - lag / (lags + 1)) * (gamma + gamma.T)
    spare = freedom(n, parameters)
    factor = n / spare
    words = f"{kernel} kernel, cutoff {cutoff:g} km, {lags} lags within units, n/(n-K) with K={parameters}"
    return Sandwich(nearest_covariance(factor * bread @ meat @ bread), factor, spare, (), words)


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
