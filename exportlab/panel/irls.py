"""Poisson pseudo-maximum likelihood with absorbed effects, by iteratively reweighted least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from .absorb import Absorber
from .levels import Effects

Array = NDArray[np.float64]
BALANCE = 1e-7  # largest relative gap between a level's fitted and observed total
SCORE = 1e-9  # largest score of a coefficient, in units of its own scale
STEP = 1e-8  # last change of the linear predictor, root mean square


@dataclass(frozen=True, eq=False)
class PoissonFit:
    """A fitted Poisson mean: coefficients (k,), mean (n,), absorbed regressors (n, k), and how it ended."""

    beta: Array
    mu: Array
    absorbed: Array
    bread: Array
    deviance: float
    log_likelihood: float
    iterations: int
    converged: bool
    balance: float
    score: float


def poisson(
    y: Array,
    x: Array,
    effects: Effects,
    *,
    offset: Array | None = None,
    weights: Array | None = None,
    start_mu: Array | None = None,
    max_iterations: int = 100,
) -> PoissonFit:
    r"""Maximise :math:`\sum_i w_i (y_i \eta_i - e^{\eta_i})`, :math:`\eta = X\beta + D\alpha + o`.

    The first-order conditions decide whether it converged, not the change of the deviance: every level's
    fitted total must equal its observed total, and every coefficient's score must vanish.

    Parameters
    ----------
    y : array of shape (n,)
        Non-negative, not separated (see `exportlab.panel.separation`).
    x : array of shape (n, k)
        Regressors, with a constant where there are no effects; of full rank given the effects.
    effects : Effects
    offset, weights : arrays of shape (n,), optional
    start_mu : array of shape (n,), optional
        A mean to start from, such as another program's answer.
    max_iterations : int
    """
    o = np.zeros_like(y) if offset is None else offset
    v = np.ones_like(y) if weights is None else weights
    mu = (y + np.average(y, weights=v)) / 2 if start_mu is None else start_mu
    eta = np.log(mu)
    deviance = np.inf
    step = 1.0
    pattern = Absorber.of(effects) if effects.codes else None
    start: Array | None = None
    iteration = 0
    while iteration < max_iterations:
        iteration += 1
        w = v * mu
        both = np.column_stack([eta - o + (y - mu) / mu, x])
        if pattern is not None:
            projection = pattern.weighted(w)
            start, met = projection.solve(
                both, start=start, tolerance=float(np.clip(step * 1e-3, 1e-11, 1e-4))
            )
            both_left = projection.residual(both, start)
        else:
            met, both_left = True, both
        z, absorbed = both_left[:, 0], both_left[:, 1:]
        hessian = absorbed.T @ (w[:, None] * absorbed)
        beta = np.asarray(np.linalg.solve(hessian, absorbed.T @ (w * z)), float)
        new = both[:, 0] + o - (z - absorbed @ beta)
        new, mu_new, deviance_new = _damped(y, v, eta, new, deviance)
        step = float(np.sqrt(np.average((new - eta) ** 2, weights=w)))
        eta, mu, deviance = new, mu_new, deviance_new
        balance, score = _first_order(y, mu, v, absorbed, effects)
        converged = met and balance <= BALANCE and score <= SCORE and step <= STEP
        if converged or not np.isfinite(step):
            break
    hessian = absorbed.T @ ((v * mu)[:, None] * absorbed)
    bread = np.asarray(np.linalg.inv(hessian), float)
    likelihood = float(np.sum(v * (y * eta - mu)))
    return PoissonFit(
        beta, mu, absorbed, bread, deviance, likelihood, iteration, bool(converged), balance, score
    )


def _damped(y: Array, v: Array, eta: Array, new: Array, deviance: float) -> tuple[Array, Array, float]:
    """Halve the step while it would raise the deviance."""
    for _ in range(12):
        with np.errstate(over="ignore"):
            mu = np.exp(new)
        value = _deviance(y, mu, v)
        if value <= deviance * (1 + 1e-9) + 1e-12 * float(np.sum(v * y)):
            break
        new = (new + eta) / 2
    return new, mu, value


def _deviance(y: Array, mu: Array, v: Array) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        value = 2 * float(np.sum(v * (xlogy(y, y) - xlogy(y, mu) - (y - mu))))
    return value if np.isfinite(value) else np.inf


def _first_order(y: Array, mu: Array, v: Array, absorbed: Array, effects: Effects) -> tuple[float, float]:
    """How far the first-order conditions are from holding: effects' totals, coefficients' scores."""
    gap, total = v * (y - mu), v * y
    balance = 0.0
    for lost, base in zip(effects.sums(gap), effects.sums(total), strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            balance = max(balance, float(np.nanmax(np.abs(lost) / base)))
    if absorbed.shape[1] == 0:
        return balance, 0.0
    w = v * mu
    scale = np.sqrt(np.einsum("nk,n,nk->k", absorbed, w, absorbed) * w.sum())
    return balance, float(np.max(np.abs(absorbed.T @ gap) / scale))
