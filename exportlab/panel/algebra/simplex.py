"""Least squares over weights that are non-negative and sum to one, solved exactly."""

from __future__ import annotations

import numpy as np

from exportlab.arrays import Array, Mask

TOLERANCE = 1e-10


def simplex_least_squares(A: Array, b: Array, *, ridge: float = 0.0, intercept: bool = False) -> Array:
    r"""Minimise :math:`\|A\omega + \omega_0 - b\|^2 + ridge\,\|\omega\|^2` over the simplex.

    Parameters
    ----------
    A : (m, n), b : (m,)
    ridge : float
    intercept : bool
        Whether the free constant :math:`\omega_0` is there.

    Returns
    -------
    (n,) weights, non-negative, summing to one

    Notes
    -----
    An active-set method: the support grows by the weight with the most negative multiplier and shrinks
    when a weight would turn negative; it ends at the exact optimum after finitely many steps.
    """
    common = A.mean(1)  # the weights sum to one: what all columns share changes nothing but the rounding
    A, b = A - common[:, None], b - common
    if intercept:
        A, b = A - A.mean(0), b - b.mean()
    n = A.shape[1]
    scale = max(float(np.trace(A.T @ A)) / n, np.finfo(float).tiny)
    H = A.T @ A / scale + (ridge / scale + 1e-12) * np.eye(n)  # a breath of ridge makes the optimum unique
    f = A.T @ b / scale
    w = np.zeros(n)
    w[int(np.argmin(np.diag(H) / 2 - f))] = 1.0
    for _ in range(50 * n + 50):
        w = _settle(H, f, w)
        gradient = H @ w - f
        level = gradient[w > 0].mean()
        slack = np.where(w > 0, 0.0, gradient - level)
        worst = int(np.argmin(slack))
        if slack[worst] >= -TOLERANCE * (1 + np.abs(f).max()):
            break
        w = _enter(H, f, w, worst)
    return w


def _optimum(H: Array, f: Array, on: Mask) -> Array:
    """Minimiser over the support `on` with the sum fixed to one, signs free."""
    at = np.flatnonzero(on)
    K = np.zeros((len(at) + 1, len(at) + 1))
    K[:-1, :-1] = H[np.ix_(at, at)]
    K[:-1, -1] = K[-1, :-1] = 1.0
    full = np.zeros(len(f))
    full[at] = np.linalg.solve(K, np.append(f[at], 1.0))[:-1]
    return full


def _settle(H: Array, f: Array, w: Array, entering: int | None = None) -> Array:
    """Move to the optimum of the support, dropping weights that would turn negative on the way."""
    on = w > 0
    if entering is not None:
        on[entering] = True
    while True:
        goal = _optimum(H, f, on)
        falling = on & (goal < 0)
        if not falling.any():
            return goal
        steps = np.full(len(w), np.inf)
        steps[falling] = w[falling] / (w[falling] - goal[falling])
        step = steps.min()
        w = np.maximum(w + step * (goal - w), 0.0)
        on &= ~(falling & (steps <= step * (1 + 1e-12)))
        w[~on] = 0.0


def _enter(H: Array, f: Array, w: Array, index: int) -> Array:
    return _settle(H, f, w, entering=index)
