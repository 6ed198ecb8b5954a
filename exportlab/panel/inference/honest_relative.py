r"""Robust intervals under bounded relative magnitudes: conditional least-favourable hybrid (C-LF).

The post-treatment violations of parallel trends between consecutive periods are at most Mbar times the
largest one before treatment. For each candidate s of that largest violation and each sign, theta is tested
through the moments |d_t| <= Mbar v, with d the first differences of the violation and v the one at s. The
nuisance parameters leave the test by duality: of the non-negative combinations that do not depend on them,
only T + 2 are extreme,

    (l'b - theta) - Mbar v |w|,   -(l'b - theta) - Mbar v |w|,   -v (once a post period),   w_t = \sum_{j
    >= t} l_j,

so the whole test is the conditional distribution of the largest of T + 2 normal variables.

Sources: Rambachan & Roth (2023); Andrews, Roth & Pakes (2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from exportlab.arrays import Array, Mask

HYBRID = 0.1  # share of alpha spent on the least-favourable first stage
SIMULATIONS = 20_000
GRID = 800


@dataclass(frozen=True, eq=False)
class Moments:
    """Extreme moments of one (s, sign): loadings @ beta - slope * theta, too large when false."""

    loadings: Array
    slope: Array
    covariance: Array
    least_favourable: float


def relative_interval(
    beta: Array,
    sigma: Array,
    pre: int,
    ell: Array,
    *,
    bound: float,
    alpha: float,
    rng: int | np.random.Generator,
) -> tuple[float, float]:
    """Hull of the values of theta = l'tau that are not rejected when Mbar = `bound`.

    `beta` (pre + post,) leaves out the base period; `ell` (post,). Infinite where no end is found.
    """
    families = all_moments(sigma, pre, ell, bound=bound, alpha=alpha, rng=rng)
    centre = float(ell @ beta[pre:])
    sd = float(np.sqrt(ell @ sigma[pre:, pre:] @ ell))
    largest = float(np.abs(first_differences(pre, len(ell))[:pre] @ beta).max())
    half = 10 * sd + 2 * bound * largest * float(np.abs(_from_each_period(ell)).sum())
    for _ in range(12):
        grid = np.linspace(centre - half, centre + half, GRID)
        kept = accepted(families, beta, grid, alpha)
        if not (kept[0] or kept[-1]):
            break
        half *= 2
    if not kept.any():
        return float("nan"), float("nan")
    at = np.flatnonzero(kept)

    def end(inside: int, step: int) -> float:
        if not 0 <= inside + step < GRID:
            return float(step * np.inf)
        a, b = grid[inside], grid[inside + step]
        for _ in range(30):
            middle = (a + b) / 2
            a, b = (middle, b) if accepted(families, beta, np.array([middle]), alpha)[0] else (a, middle)
        return float(a)

    return end(at[0], -1), end(at[-1], 1)


def all_moments(
    sigma: Array, pre: int, ell: Array, *, bound: float, alpha: float, rng: int | np.random.Generator
) -> list[Moments]:
    """The moments of every candidate s and sign of the largest violation before treatment."""
    generator = np.random.default_rng(rng)
    value, vector = np.linalg.eigh(sigma)
    root = vector * np.sqrt(np.clip(value, 0, None))
    xi = generator.standard_normal((SIMULATIONS, len(sigma))) @ root.T
    differences = first_differences(pre, len(ell))
    families = []
    for s in range(pre):
        for sign in (1.0, -1.0):
            B, slope = extreme_moments(differences, s, sign=sign, sigma=sigma, ell=ell, bound=bound)
            largest = (xi @ B.T).max(axis=1)
            cut = float(np.quantile(largest, 1 - HYBRID * alpha))
            families.append(Moments(B, slope, B @ sigma @ B.T, cut))
    return families


def accepted(families: list[Moments], beta: Array, theta: Array, alpha: float) -> Mask:
    """Which values of theta are not rejected under at least one (s, sign)."""
    return np.asarray(np.any([~_rejected(m, beta, theta, alpha) for m in families], axis=0))


def first_differences(pre: int, post: int) -> Array:
    """Rows d_t = delta_t - delta_{t-1} in order of time, the base period zero: (pre + post, pre + post)."""
    full = np.diff(np.eye(pre + post + 1), axis=0)
    return np.delete(full, pre, axis=1)


def _from_each_period(ell: Array) -> Array:
    """w_t = sum of l from t on: l'delta as a combination of first differences."""
    return np.cumsum(ell[::-1])[::-1]


def extreme_moments(
    d: Array, s: int, *, sign: float, sigma: Array, ell: Array, bound: float
) -> tuple[Array, Array]:
    """Loadings on beta and slopes in theta of the moments that decide the test, for one (s, sign).

    `d` are all first differences; those before the base period come first. With standard deviations of the
    single moments as weights, the largest of them is the value of the linear programme over the nuisance
    parameters.
    """
    pre, v = len(d) - len(ell), sign * d[s]
    up, down = d - bound * v, -d - bound * v
    up[:pre], down[:pre] = d[:pre] - v, -d[:pre] - v
    sd_up, sd_down = (np.sqrt(np.maximum(np.einsum("ti,ij,tj->t", a, sigma, a), 0)) for a in (up, down))
    post = np.arange(pre, pre + len(ell))
    if len(ell) == 1:  # no nuisance parameter: every moment, those before treatment too
        rows, size = np.vstack([up, down]), np.concatenate([sd_up, sd_down])
        slope = np.concatenate([np.zeros(pre), 1 / ell, np.zeros(pre), -1 / ell])
        real = size > 1e-12 * size.max()  # d_s <= v is an identity
        return rows[real] / size[real, None], slope[real] / size[real]
    w = _from_each_period(ell)
    rising = w >= 0
    to_up = np.abs(w) @ np.where(rising, sd_up[post], sd_down[post])
    to_down = np.abs(w) @ np.where(rising, sd_down[post], sd_up[post])
    target = w @ d[post]
    slack = bound * np.abs(w).sum() * v
    pairs = -2 * bound * v / (sd_up[post] + sd_down[post])[:, None]
    rows = np.vstack([(target - slack) / to_up, (-target - slack) / to_down, pairs])
    return rows, np.concatenate([[1 / to_up, -1 / to_down], np.zeros(len(ell))])


def _rejected(m: Moments, beta: Array, theta: Array, alpha: float) -> Mask:
    statistic = (m.loadings @ beta)[:, None] - np.outer(m.slope, theta)
    best = statistic.argmax(axis=0)
    eta = statistic[best, np.arange(len(theta))]
    variance = m.covariance[best, best]
    certain = variance < 1e-14
    variance = np.where(certain, 1.0, variance)
    rho = m.covariance[:, best] / variance
    with np.errstate(divide="ignore", invalid="ignore"):
        limit = (statistic - rho * eta) / (1 - rho)
    low = np.where(rho < 1 - 1e-10, limit, -np.inf).max(axis=0)
    high = np.where(rho > 1 + 1e-10, limit, np.inf).min(axis=0)
    high = np.minimum(high, m.least_favourable)
    sd = np.sqrt(variance)
    size = (alpha - HYBRID * alpha) / (1 - HYBRID * alpha)
    # 1 - size quantile of the standard normal cut to [low, high], from the upper tail
    tail = size * ndtr(-low / sd) + (1 - size) * ndtr(-high / sd)
    with np.errstate(divide="ignore"):
        critical = np.maximum(0, -ndtri(tail))
    return np.asarray((eta > m.least_favourable) | np.where(certain, eta > 0, eta / sd > critical))
