"""Likelihood of stochastic frontiers: normal noise less truncated-normal inefficiency that groups of rows share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import optimize, sparse
from scipy.special import erfcx, log_ndtr

from exportlab.frames import Array, Codes
from exportlab.panel.algebra.levels import group_columns

GRID = (0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95)  # shares of inefficiency from which the search starts
LIMIT = 1e-5  # share of the variance of least squares' residuals below which noise or inefficiency is none
FAR = 10.0  # a mean this many standard deviations below zero is on its way to minus infinity
STEP = 1e-5  # of the gradient's differences, in standardised parameters
GRADIENT = 1e-9  # of a row, below which the likelihood is flat


@dataclass(frozen=True, eq=False)
class Frontier:
    r"""The problem: :math:`y_r=x_r'\beta+v_r-h_r u_{g(r)}`, :math:`u_g\sim N^+(z_g'\delta,\sigma_u^2)`.

    Attributes
    ----------
    y, X : (n,), (n, k)
    group : (n,) codes of what shares a draw of inefficiency
    Z : (G, q) regressors of the mean of inefficiency; no column where it is zero (half-normal)
    lag : (n,) periods since the last one, zero or below; None where inefficiency does not move with time
    """

    y: Array
    X: Array
    group: Codes
    Z: Array
    lag: Array | None

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Numbers of coefficients, of mean parameters and of decay parameters."""
        return self.X.shape[1], self.Z.shape[1], int(self.lag is not None)

    def split(self, theta: Array) -> tuple[Array, Array, float, float, float]:
        """Coefficients, mean parameters, decay, variance of noise and of inefficiency, of natural parameters."""
        k, q, _ = self.sizes
        eta = float(theta[k + q]) if self.lag is not None else 0.0
        sigma2, gamma = theta[-2], theta[-1]
        return theta[:k], theta[k : k + q], eta, float((1 - gamma) * sigma2), float(gamma * sigma2)


def _g(z: Array) -> Array:
    r""":math:`\ln\Phi(z)+z^2/2`, far into either tail."""
    low = np.log(0.5 * erfcx(-np.minimum(z, 0.0) / np.sqrt(2)))
    return np.asarray(np.where(z < 0, low, log_ndtr(z) + z**2 / 2), float)


def _mills(z: Array) -> Array:
    r""":math:`\phi(z)/\Phi(z)`."""
    return np.asarray(np.sqrt(2 / np.pi) / erfcx(-z / np.sqrt(2)), float)


@dataclass(frozen=True, eq=False)
class _Parts:
    """What the likelihood of each group is made of, (G,) unless said otherwise; `h` and `e` are of the rows, (n,)."""

    h: Array
    e: Array
    A: Array
    B: Array
    C: Array
    T: Array
    m: Array
    a: float
    b: float

    @property
    def total(self) -> Array:
        """:math:`a+bB`."""
        return np.asarray(self.a + self.b * self.B, float)

    @property
    def product(self) -> Array:
        """:math:`ab(a+bB)`."""
        return np.asarray(self.a * self.b * self.total, float)

    @property
    def z(self) -> Array:
        """Mean over standard deviation of inefficiency given the residuals."""
        return np.asarray((self.m * self.a - self.b * self.A) / np.sqrt(self.product), float)


def _parts(f: Frontier, theta: Array) -> _Parts:
    beta, delta, eta, a, b = f.split(theta)
    h = np.ones_like(f.y) if f.lag is None else np.exp(-eta * f.lag)
    e = f.y - f.X @ beta
    rows = np.column_stack([h * e, h * h, e * e, np.ones_like(e)])
    A, B, C, T = group_columns(rows, f.group, len(f.Z)).T
    return _Parts(h, e, A, B, C, T, f.Z @ delta, a, b)


def log_likelihood(f: Frontier, theta: Array) -> tuple[float, Array]:
    r"""Log likelihood and gradient in the natural parameters (Battese and Coelli 1992, appendix).

    With :math:`a=\sigma_v^2`, :math:`b=\sigma_u^2`, A, B, C the sums over a group of :math:`he`, :math:`h^2` and
    :math:`e^2`, and m its mean, a group of T rows has

    .. math:: -\tfrac T2\ln2\pi-\tfrac{T-1}2\ln a-\tfrac12\ln(a+bB)-\tfrac C{2a}
        +g\Big(\frac{ma-bA}{\sqrt{ab(a+bB)}}\Big)-g\Big(\frac m{\sqrt b}\Big),\qquad g(z)=\ln\Phi(z)+\tfrac{z^2}2

    Parameters
    ----------
    theta : coefficients, mean parameters (, decay), :math:`\sigma^2=\sigma_v^2+\sigma_u^2`,
        :math:`\gamma=\sigma_u^2/\sigma^2`
    """
    p = _parts(f, theta)
    a, b, D, Q, z = p.a, p.b, p.total, p.product, p.z
    root, own = np.sqrt(Q), p.m / np.sqrt(b)
    each = (
        -0.5 * p.T * np.log(2 * np.pi) - 0.5 * (p.T - 1) * np.log(a) - 0.5 * np.log(D) - p.C / (2 * a)
        + _g(z) - _g(own)
    )  # fmt: skip
    slope, bent = _mills(z) + z, _mills(own) + own  # g' at both places
    by_a = -(p.T - 1) / (2 * a) - 1 / (2 * D) + p.C / (2 * a**2)
    by_a += slope * (p.m / root - z * (b * D + a * b) / (2 * Q))
    by_b = -p.B / (2 * D) + bent * own / (2 * b)
    by_b += slope * (-p.A / root - z * (a * D + a * b * p.B) / (2 * Q))
    by_m = slope * a / root - bent / np.sqrt(b)
    by_A, by_B = -slope * b / root, -b / (2 * D) - slope * z * a * b**2 / (2 * Q)
    parts = [-f.X.T @ (by_A[f.group] * p.h - p.e / a), f.Z.T @ by_m]
    if f.lag is not None:
        moved = -f.lag * p.h  # how h moves with the decay
        parts.append(np.array([np.sum(moved * (by_A[f.group] * p.e + 2 * by_B[f.group] * p.h))]))
    sigma2, gamma = theta[-2], theta[-1]
    over = by_a.sum() * np.array([1 - gamma, -sigma2]) + by_b.sum() * np.array([gamma, sigma2])
    return float(each.sum()), np.concatenate([*parts, over])


@dataclass(frozen=True, eq=False)
class Maximum:
    """Natural parameters at the maximum, their covariance (NaN where there is none), and how it ended.

    `regression` is the log likelihood of least squares, where nobody is inefficient.
    """

    theta: Array
    covariance: Array
    log_likelihood: float
    regression: float
    converged: bool
    iterations: int
    limits: tuple[str, ...]


def maximise(f: Frontier) -> Maximum:
    """The maximum of the likelihood, searched from the best of a grid of shares of inefficiency.

    Regressors are made orthogonal and all is brought to the scale of the residuals of least squares, so that no unit
    of measurement decides where the search ends.
    """
    n, k = f.X.shape
    q = f.Z.shape[1]
    Qx, Rx = np.linalg.qr(f.X)
    Qz, Rz = np.linalg.qr(f.Z)
    beta = Qx.T @ f.y
    scale = float(np.sqrt(np.mean((f.y - Qx @ beta) ** 2)))
    inner = replace(f, y=f.y / scale, X=Qx * np.sqrt(n), Z=Qz * np.sqrt(len(f.Z)))
    ols, one = beta / np.sqrt(n) / scale, inner.X.T @ np.ones(n) / n
    starts = [_start(inner, ols, one, g) for g in GRID]
    values = [_free(inner, s)[0] for s in starts]
    minimise: Any = optimize.minimize
    found = minimise(
        lambda s: _free(inner, s), starts[int(np.argmin(values))], jac=True, hess=lambda s: _curvature(inner, s),
        method="trust-exact", options={"gtol": GRADIENT * n, "maxiter": 500},
        callback=lambda s: _stop_far(inner, s),
    )  # fmt: skip
    back = np.zeros((len(found.x), len(found.x)))
    back[:k, :k] = np.linalg.inv(Rx) * np.sqrt(n) * scale
    back[k : k + q, k : k + q] = np.linalg.inv(Rz) * np.sqrt(len(f.Z)) * scale if q else np.zeros((0, 0))
    rest = np.arange(k + q, len(found.x))
    back[rest, rest] = 1.0
    back[-2, -2] = scale**2
    inside = _natural(found.x)
    limits = _limits(inner, inside)
    covariance = _covariance(_curvature(inner, found.x), back @ _slopes(found.x), limits, inner.sizes)
    regression = -0.5 * n * (np.log(2 * np.pi * scale**2) + 1)
    value = -float(found.fun) - n * np.log(scale)
    flat = float(np.abs(found.jac).max()) <= 1e3 * GRADIENT * n
    ended = flat or "exponential" in limits  # a search that runs away comes near its limit, and no nearer
    return Maximum(back @ inside, covariance, value, regression, ended, int(found.nit), limits)


def _start(f: Frontier, ols: Array, one: Array, gamma: float) -> Array:
    """Corrected least squares: the share `gamma`, half-normal, which sets the variance and moves the constant."""
    _, q, decay = f.sizes
    sigma2 = 1 / (1 - 2 * gamma / np.pi)
    beta = ols + np.sqrt(2 * gamma * sigma2 / np.pi) * one
    return np.concatenate([beta, np.zeros(q + decay), np.log([(1 - gamma) * sigma2, gamma * sigma2])])


def _natural(s: Array) -> Array:
    """Natural parameters of free ones, whose last two are logs of the variances of noise, above LIMIT, and of u."""
    noise, own = LIMIT + np.exp(s[-2]), np.exp(s[-1])
    return np.append(s[:-2], [noise + own, own / (noise + own)])


def _slopes(s: Array) -> Array:
    """How natural parameters move with free ones, (p, p)."""
    sigma2, gamma = _natural(s)[-2:]
    noise, own = np.exp(s[-2:])
    out = np.eye(len(s))
    out[-2:, -2:] = [[noise, own], [-gamma * noise / sigma2, (1 - gamma) * own / sigma2]]
    return out


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _free(f: Frontier, s: Array) -> tuple[float, Array]:
    """Minus the log likelihood and its gradient in free parameters; infinite where it cannot be computed."""
    value, slope = log_likelihood(f, _natural(s))
    slope = slope @ _slopes(s)
    if not (np.isfinite(value) and np.isfinite(slope).all()):
        return np.inf, np.zeros(len(s))
    return -value, -slope


def _curvature(f: Frontier, s: Array) -> Array:
    """Second derivatives of minus the log likelihood in free parameters, (p, p).

    Those of the coefficients are exact, as there may be many; the others are differences of the gradient.
    """
    k, p = f.X.shape[1], _parts(f, _natural(s))
    pick = sparse.csr_matrix((p.h, f.group, np.arange(len(f.y) + 1)), shape=(len(f.y), len(f.Z)))
    sums, mills = np.asarray(pick.T @ f.X), _mills(p.z)
    bend = (1 - mills * (p.z + mills)) * p.b**2 / p.product
    out = np.zeros((len(s), len(s)))
    out[:k, :k] = f.X.T @ f.X / p.a - sums.T @ (bend[:, None] * sums)
    for j in range(k, len(s)):
        step = np.zeros(len(s))
        step[j] = STEP
        out[j] = (_free(f, s + step)[1] - _free(f, s - step)[1]) / (2 * STEP)
    out[:k, k:] = out[k:, :k].T
    out[k:, k:] = (out[k:, k:] + out[k:, k:].T) / 2
    return out


def _limits(f: Frontier, theta: Array) -> tuple[str, ...]:
    """Which parameters have run to their limits; the residuals of least squares have a variance of one here."""
    _, delta, _, noise, own = f.split(theta)
    if len(delta) and float(np.max(f.Z @ delta)) < -FAR * np.sqrt(own):
        return ("exponential",)
    return ("no inefficiency",) if own < LIMIT else ("no noise",) if noise < 2 * LIMIT else ()


def _stop_far(f: Frontier, s: Array) -> None:
    """End a search that runs away: as far as this the likelihood is at its limit to five digits."""
    _, delta, _, _, own = f.split(_natural(s))
    if len(delta) and float(np.max(f.Z @ delta)) < -20 * FAR * np.sqrt(own):
        raise StopIteration


def _covariance(curvature: Array, move: Array, limits: tuple[str, ...], sizes: tuple[int, int, int]) -> Array:
    """Covariance of the natural parameters; NaN for those at a limit, or that the data do not tell."""
    k, q, decay = sizes
    known, told = np.ones((2, len(curvature)), dtype=bool)
    if "no noise" in limits:
        known[-2] = told[-1] = False
    elif limits:  # what inefficiency is made of cannot be told
        more = decay if "no inefficiency" in limits else 0
        known[k : k + q + more] = told[k : k + q + more] = known[-1] = told[-1] = False
        told[-2] = "no inefficiency" in limits
    values, vectors = np.linalg.eigh(curvature[np.ix_(known, known)])
    out = np.full(curvature.shape, np.nan)
    if values[0] > 0:
        half = move[np.ix_(told, known)] @ vectors
        out[np.ix_(told, told)] = (half / values) @ half.T
    return out


def efficiency(f: Frontier, theta: Array) -> Array:
    r""":math:`E[e^{-h_ru_g}\mid e]` of each row (n,) (Battese and Coelli 1988, 1992 equation 3.1)."""
    p = _parts(f, theta)
    spread, z = np.sqrt(p.a * p.b / p.total)[f.group], p.z[f.group]
    shift = p.h * spread
    # exp(-h mu + h2 s2 / 2) Phi(z - h s) / Phi(z), by way of g, whose squares cancel
    return np.asarray(np.exp(_g(z - shift) - _g(z)), float)
