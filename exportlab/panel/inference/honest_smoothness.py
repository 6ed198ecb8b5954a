r"""Robust intervals under smoothness: the optimal fixed-length confidence interval (FLCI).

The slope of the violation of parallel trends changes by at most M between consecutive periods. Among
estimators l'b_post + a'b_pre that are unbiased under a linear trend, the one is chosen whose interval is
shortest:

    chi(a) = sd(a) cv( bias(a) / sd(a) ),   bias(a) = M \sum_t |c_t(a)|,

with cv(t) the 1 - alpha quantile of |N(t, 1)| and c(a) the loadings on the second differences. The problem
is convex.

Sources: Rambachan & Roth (2023), Armstrong & Kolesar (2020).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize
from scipy.special import ndtr, ndtri

from exportlab.arrays import Array


def smoothness_interval(
    beta: Array, sigma: Array, pre: int, ell: Array, *, bound: float, alpha: float
) -> tuple[float, float]:
    """The shortest fixed-length interval for theta = l'tau when M = `bound`.

    Shapes as in `relative_interval`.
    """
    weights, half = smoothness_weights(sigma, pre, ell, bound=bound, alpha=alpha)
    centre = float(weights @ beta)
    return centre - half, centre + half


def smoothness_weights(
    sigma: Array, pre: int, ell: Array, *, bound: float, alpha: float
) -> tuple[Array, float]:
    """Weights (pre + post,) of the optimal affine estimator and the half-length of its interval."""
    post = len(ell)
    time = np.concatenate([np.arange(-pre, 0), np.arange(1, post + 1)]).astype(float)
    scale = float(np.sqrt(ell @ sigma[pre:, pre:] @ ell))
    S: Array = sigma / scale**2
    M = bound / scale
    C: Array = np.asarray(M * np.linalg.pinv(second_differences(pre, post).T), float)
    base = np.concatenate([np.zeros(pre), ell])
    base[pre - 1] = ell @ time[pre:]  # unbiased under a linear trend: subtract the last pre slope
    free = np.zeros((pre + post, pre - 1))
    free[: pre - 1] = np.eye(pre - 1)
    free[pre - 1] = time[: pre - 1]
    if pre == 1:
        weights = base
    else:
        # weights = base + free @ a keeps the linear trend out: sum of weights x time is zero by construction
        start = np.linalg.solve(free.T @ S @ free, -free.T @ S @ base)
        weights = base + free @ (start if M == 0 else _shortest(start, base, free, S=S, C=C, alpha=alpha))
    bias = float(np.abs(C @ weights).sum())
    sd = float(np.sqrt(weights @ S @ weights))
    return weights, scale * sd * folded_quantile(bias / sd, alpha)


def _shortest(start: Array, base: Array, free: Array, *, S: Array, C: Array, alpha: float) -> Array:
    """Minimise sd cv(bias / sd) over a, with u >= |C (base + free a)| as epigraph variables."""
    k, r = free.shape[1], len(C)
    slope, level = C @ free, C @ base

    def at(x: Array) -> tuple[Array, float, float, float]:
        w = base + free @ x[:k]
        sd = float(np.sqrt(w @ S @ w))
        t = float(x[k:].sum()) / sd
        return w, sd, t, folded_quantile(t, alpha)

    def length(x: Array) -> float:
        _, sd, _, cv = at(x)
        return sd * cv

    def gradient(x: Array) -> Array:
        w, sd, t, cv = at(x)
        low, high = np.exp(-((cv - t) ** 2) / 2), np.exp(-((cv + t) ** 2) / 2)
        rate = (low - high) / (low + high)
        return np.concatenate([(cv - t * rate) * free.T @ S @ w / sd, np.full(r, rate)])

    def lifted(a: Array) -> Array:
        return np.concatenate([a, np.abs(level + slope @ a)])

    edges = np.vstack([np.hstack([-slope, np.eye(r)]), np.hstack([slope, np.eye(r)])])
    shift = np.concatenate([-level, level])
    minimize: Any = optimize.minimize
    found: list[Array] = []
    other: Array = np.asarray(np.linalg.lstsq(slope, -level, rcond=None)[0], float)
    for a in (start, other):
        solution = minimize(
            length, lifted(a), jac=gradient, method="SLSQP", options={"maxiter": 1000, "ftol": 1e-13},
            constraints={"type": "ineq", "fun": lambda x: edges @ x + shift, "jac": lambda _: edges},
        )  # fmt: skip
        found.append(np.asarray(solution.x[:k], float))
    return min(found, key=lambda a: length(lifted(a)))


def second_differences(pre: int, post: int) -> Array:
    """Changes of slope of the violation, the base period being zero: (pre + post - 1, pre + post)."""
    full = np.diff(np.eye(pre + post + 1), n=2, axis=0)
    return np.delete(full, pre, axis=1)


def folded_quantile(t: float, alpha: float) -> float:
    """cv(t): the 1 - alpha quantile of |N(t, 1)|."""
    c = abs(t) + float(-ndtri(alpha / (2 if t == 0 else 1)))
    for _ in range(60):
        gap = ndtr(c - t) - ndtr(-c - t) - (1 - alpha)
        rate = (np.exp(-((c - t) ** 2) / 2) + np.exp(-((c + t) ** 2) / 2)) / np.sqrt(2 * np.pi)
        step = float(gap / rate)
        c -= step
        if abs(step) < 1e-13 * c:
            break
    return float(c)
