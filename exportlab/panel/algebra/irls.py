"""Poisson pseudo-maximum likelihood with absorbed effects, by iteratively reweighted least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from exportlab.frames import Array
from exportlab.panel.algebra.absorb import Absorber
from exportlab.panel.algebra.levels import Effects, fitted

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


@np.errstate(
    over="ignore", invalid="ignore", divide="ignore"
)  # what runs away does not converge, and is refused
def poisson(
    y: Array,
    x: Array,
    effects: Effects,
    *,
    offset: Array | None = None,
    weights: Array | None = None,
    start_mu: Array | None = None,
    pattern: Absorber | None = None,
    max_iterations: int = 100,
) -> PoissonFit:
    r"""Maximise :math:`\sum_i w_i (y_i \eta_i - e^{\eta_i})`, :math:`\eta = X\beta + D\alpha + o`.

    The first-order conditions decide whether it converged, not the change of the deviance: every level's
    fitted total must equal its observed total, and every coefficient's score must vanish.

    Parameters
    ----------
    y : array of shape (n,)
        Non-negative, not separated (see `exportlab.panel.algebra.separation`).
    x : array of shape (n, k)
        Regressors, with a constant where there are no effects; of full rank given the effects.
    effects : Effects
    offset, weights : arrays of shape (n,), optional
    start_mu : array of shape (n,), optional
        A mean to start from, such as another program's answer.
    pattern : Absorber, optional
        The pattern of `effects`, if it has been worked out already.
    max_iterations : int
    """
    o = np.zeros_like(y) if offset is None else offset
    v = np.ones_like(y) if weights is None else weights
    eta = _proportional(y, v, o, effects) if start_mu is None else np.log(start_mu)
    mu, beta = np.exp(eta), np.zeros(x.shape[1])
    deviance, step, converged = _deviance(y, mu, v), 1.0, False
    if pattern is None and effects.codes:
        pattern = Absorber.of(effects)
    start: Array | None = None
    iteration = 0
    while iteration < max_iterations and not converged and np.isfinite(step):
        iteration += 1
        # A Newton step: least squares of the working residual (y - mu) / mu with weights mu (McCullagh and Nelder 1989,
        # section 2.5). The effects are absorbed under the weights of this step, which the next step changes: early
        # absorptions are thrown away and need be no more exact than the step was long.
        w, gap, absorbed, met = v * mu, v * (y - mu), x, True
        if pattern is not None:
            projection = pattern.weighted(w)
            start, met = projection.solve(x, start=start, tolerance=float(np.clip(step * 1e-3, 1e-9, 1e-4)))
            absorbed = projection.residual(x, start)
        delta = np.linalg.solve(absorbed.T @ (w[:, None] * absorbed), absorbed.T @ gap)
        change = x @ delta
        if pattern is not None:  # what the effects themselves move by, given the coefficients' step
            rest = (gap - w * change)[:, None]
            a, _ = projection.solve_weighted(rest, tolerance=1e-6)
            change = change + fitted(projection.levels(rest, a), effects)[:, 0]
        eta_new, mu, deviance, share = _damped(y, v, eta, change, deviance)
        beta = beta + share * delta
        eta_new, mu = _balanced(eta_new, mu, y, v, effects)
        step = float(np.sqrt(np.average((eta_new - eta) ** 2, weights=w)))
        eta = eta_new
        balance, score = _first_order(y, mu, v, absorbed, effects)
        converged = met and balance <= BALANCE and score <= SCORE and step <= STEP
    hessian = absorbed.T @ ((v * mu)[:, None] * absorbed)
    if pattern is None or start_mu is not None:  # the start held a part of the coefficients
        beta = np.asarray(np.linalg.solve(hessian, absorbed.T @ (v * mu * (eta - o))), float)
    bread = np.asarray(np.linalg.inv(hessian), float)
    likelihood = float(np.sum(v * (y * eta - mu)))
    return PoissonFit(
        beta, mu, absorbed, bread, deviance, likelihood, iteration, bool(converged), balance, score
    )


def _proportional(y: Array, v: Array, o: Array, effects: Effects, sweeps: int = 10) -> Array:
    """A start: the linear predictor of the effects alone, by proportional fitting from a common mean."""
    eta = np.asarray(o + np.log(np.sum(v * y) / np.sum(v * np.exp(o))), float)
    mu = np.exp(eta)
    for _ in range(sweeps if effects.codes else 0):
        eta, mu = _balanced(eta, mu, y, v, effects)
    return eta


def _balanced(eta: Array, mu: Array, y: Array, v: Array, effects: Effects) -> tuple[Array, Array]:
    """One sweep of proportional fitting: each effect in turn takes the value that maximises the likelihood.

    It never lowers the likelihood, and keeps levels of very small totals exact where least squares with
    weights of many orders of magnitude cannot.
    """
    for codes, size in zip(effects.codes, effects.sizes, strict=True):
        total = np.bincount(codes, weights=v * y, minlength=size)
        ratio = total / np.bincount(codes, weights=v * mu, minlength=size)
        mu = mu * ratio[codes]
        eta = eta + np.log(ratio)[codes]
    return eta, mu


def _damped(
    y: Array, v: Array, eta: Array, change: Array, deviance: float
) -> tuple[Array, Array, float, float]:
    """Take the step, halved while it would raise the deviance; and the share of it that was taken."""
    slack = 1e-9 * deviance + 1e-12 * float(np.sum(v * y))
    share = 1.0
    while True:
        new = eta + share * change
        with np.errstate(over="ignore"):
            mu = np.exp(new)
        value = _deviance(y, mu, v)
        if value <= deviance + slack or share < 1e-9:
            return new, mu, value, share
        share /= 2


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
            off = np.where(np.isnan(lost), np.inf, np.abs(lost) / base)  # means that overflow balance nothing
        balance = max(balance, float(np.nanmax(off, initial=0.0)))
    if absorbed.shape[1] == 0:
        return balance, 0.0
    w = v * mu
    scale = np.sqrt(np.einsum("nk,n,nk->k", absorbed, w, absorbed) * w.sum())
    return balance, float(np.max(np.abs(absorbed.T @ gap) / scale))
