"""Sensitivity to violations of parallel trends (Rambachan and Roth 2023): relative magnitudes and smoothness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize
from scipy.special import ndtr, ndtri

from exportlab.errors import OptionError, one_of
from exportlab.frames import Array, Mask
from exportlab.options import Count, Upper, validated
from exportlab.panel.inference.event_basis import Basis, EventCoefficients, basis_of, event_coefficients
from exportlab.results import Result
from exportlab.sides import side

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.panel.estimate import Estimate

METHODS = ("relative_magnitudes", "smoothness")


@dataclass(frozen=True, eq=False, repr=False)
class HonestDiD(Result):
    """Robust confidence intervals by the size of the violation allowed.

    Attributes
    ----------
    table : pandas.DataFrame
        method, M (0 under parallel trends), conf_low, conf_high, zero_inside; the first row ("original")
        is the usual interval.
    breakdown : float
        The smallest M at which zero is no longer excluded; 0 when it never was, inf when nothing up to
        1,000 (relative magnitudes) or 1,000 standard errors a period (smoothness) breaks it.
    method, level
    ell : (post,) array
        Weights of the post-treatment coefficients in the parameter.
    errors : str
        Whose covariance it is: the estimate's own, or that of placebo assignments.
    notes : tuple of str
    """

    table: pd.DataFrame
    breakdown: float
    method: str
    level: float
    ell: Array
    errors: str = "own"
    notes: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes."""
        return tuple(f"Note: {n}" for n in self.notes)

    @property
    def title(self) -> str:
        """What was allowed, and what it takes to break the conclusion."""
        allowed = (
            "M times the largest violation before treatment"
            if self.method == "relative_magnitudes"
            else "changes of slope up to M a period"
        )
        return (
            f"Sensitivity to violations of parallel trends, {allowed}: {100 * self.level:g} % robust "
            f"intervals; breakdown value {self.breakdown:.3g}"
        )

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Intervals by M."""
        from exportlab.plots.panel import sensitivity

        return sensitivity(self, ax=ax, **options)


@validated
def honest_did(
    estimate: Estimate | EventCoefficients,
    *,
    method: str = "relative_magnitudes",
    M: Sequence[float] | None = None,
    ell: ArrayLike | None = None,
    moments: str = "post",
    errors: str | None = None,
    n_draws: Count = 999,
    level: Upper = 0.95,
    rng: int | np.random.Generator = 0,
) -> HonestDiD:
    """Robust intervals when parallel trends fails by a bounded amount.

    Parameters
    ----------
    estimate : Estimate or EventCoefficients
        An event study whose base period is -1.
    method : {"relative_magnitudes", "smoothness"}
        Post-treatment violations at most M times the largest before treatment (conditional least-favourable
        hybrid), or slopes that change by at most M a period (optimal fixed-length interval).
    M : sequence of float, optional
        Default (0.5, 1, 1.5, 2), or for smoothness five values from 0 to the largest change of slope seen
        before treatment (from 0 to a standard error when there is one period only).
    ell : (post,) array, optional
        Weights of the parameter; the effect in the first treated period by default.
    moments : {"post", "all"}
        With one period after adoption, relative magnitudes are tested by the inequalities on that period alone
        ("post", the default of R's HonestDiD), or by those before adoption too ("all"). With more periods the ones
        after adoption decide.
    errors : {"own", "placebo"}, optional
        Covariance of the coefficients. "own": the estimate's, taken as normal. "placebo": that of the same event study
        under other assignments of the dates (`n_draws` of them, or all), with a t reference. By default "placebo" where
        fewer than four clusters stand on a side: there the estimate's own errors reject a true null in up to two thirds
        of samples. Where no assignment could give a p-value below 1 - level, no basis is valid, and it is refused.
    n_draws : int
    level : float
    rng : int or numpy Generator
        Simulates the least-favourable critical value (20,000 draws); draws assignments.

    Returns
    -------
    HonestDiD

    Raises
    ------
    DataError
        No event times, a base period other than -1, gaps in event time, nothing before treatment to
        compare with.
    OptionError
        Negative M, wrong length of `ell`.

    Notes
    -----
    Source: Rambachan & Roth (2023). Reproduces the intervals of the R package HonestDiD.
    """
    one_of("method", method, METHODS)
    one_of("moments", moments, ("post", "all"))
    c = estimate if isinstance(estimate, EventCoefficients) else event_coefficients(estimate)
    basis = Basis(c, "own", ())
    if not isinstance(estimate, EventCoefficients):
        basis = basis_of(estimate, c, errors, 1 - level, n_draws=n_draws, rng=rng)
        c = basis.coefficients
    weights = np.eye(c.post)[0] if ell is None else np.asarray(ell, float)
    if weights.shape != (c.post,) or not np.abs(weights).any():
        raise OptionError(f"ell needs {c.post} weights, one a period from adoption on, not all zero.")
    bounds = np.asarray(_default_bounds(c, method, weights) if M is None else M, float)
    if moments == "all" and (c.post > 1 or method == "smoothness"):
        raise OptionError(
            f"moments='all' is not allowed with method={method!r} and {c.post} period(s) after adoption. "
            "Allowed: moments='post', or relative magnitudes and one period after adoption."
        )
    if (bounds < 0).any() or not np.isfinite(bounds).all():
        raise OptionError(
            f"M={bounds.tolist()} is not allowed: sizes of violations are finite and not negative."
        )
    alpha = 1 - level
    rows = [("original", np.nan, *_usual(c, weights, alpha))]
    for size in bounds:
        ask: dict[str, Any] = {"bound": float(size), "alpha": alpha}
        if method == "smoothness":
            ends = smoothness_interval(c.beta, c.sigma, c.pre, weights, **ask)
        else:
            ends = relative_interval(c.beta, c.sigma, c.pre, weights, rng=rng, moments=moments, **ask)
        rows.append((method, float(size), *ends))
    table = pd.DataFrame(rows, columns=["method", "M", "conf_low", "conf_high"])
    table["zero_inside"] = [side(low, high) == "cannot tell" for *_, low, high in rows]
    broken = breakdown(c, weights, method, alpha, rng, moments=moments)
    return HonestDiD(table, broken, method, level, weights, basis.errors, basis.notes)


def breakdown(
    c: EventCoefficients,
    ell: Array,
    method: str,
    alpha: float,
    rng: int | np.random.Generator = 0,
    *,
    moments: str = "post",
) -> float:
    """The smallest M at which zero is not rejected (by doubling and bisection, to four figures)."""
    seed = int(np.random.default_rng(rng).integers(2**31))

    def breaks(M: float) -> bool:
        if method == "smoothness":
            low, high = smoothness_interval(c.beta, c.sigma, c.pre, ell, bound=M, alpha=alpha)
            return low <= 0 <= high
        families = all_moments(c.sigma, c.pre, ell, bound=M, alpha=alpha, rng=seed, moments=moments)
        return bool(accepted(families, c.beta, np.zeros(1), alpha)[0])

    unit = 1.0 if method == "relative_magnitudes" else float(np.sqrt(ell @ c.sigma[c.pre :, c.pre :] @ ell))
    if breaks(0.0):
        return 0.0
    low, high = 0.0, unit / 8
    while not breaks(high):
        if high == 1000 * unit:
            return float("inf")
        low, high = high, min(2 * high, 1000 * unit)
    while high - low > 1e-4 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if breaks(middle) else (middle, high)
    return high


def _usual(c: EventCoefficients, ell: Array, alpha: float) -> tuple[float, float]:
    centre = float(ell @ c.beta[c.pre :])
    half = float(-ndtri(alpha / 2) * np.sqrt(ell @ c.sigma[c.pre :, c.pre :] @ ell))
    return centre - half, centre + half


def _default_bounds(c: EventCoefficients, method: str, ell: Array) -> Array:
    if method == "relative_magnitudes":
        return np.array([0.5, 1.0, 1.5, 2.0])
    curvature = np.abs(second_differences(c.pre, 0) @ c.beta[: c.pre])
    largest = (
        float(curvature.max()) if len(curvature) else float(np.sqrt(ell @ c.sigma[c.pre :, c.pre :] @ ell))
    )
    return np.linspace(0, largest, 5)


# Robust intervals under bounded relative magnitudes: conditional least-favourable hybrid (C-LF).
#
# The post-treatment violations of parallel trends between consecutive periods are at most Mbar times the
# largest one before treatment. For each candidate s of that largest violation and each sign, theta is tested
# through the moments |d_t| <= Mbar v, with d the first differences of the violation and v the one at s. The
# nuisance parameters leave the test by duality: of the non-negative combinations that do not depend on them,
# only T + 2 are extreme,
#
#     (l'b - theta) - Mbar v |w|,   -(l'b - theta) - Mbar v |w|,   -v (once a post period),   w_t = \sum_{j
#     >= t} l_j,
#
# so the whole test is the conditional distribution of the largest of T + 2 normal variables.
#
# Sources: Rambachan & Roth (2023); Andrews, Roth & Pakes (2023).

HYBRID = 0.1  # share of alpha spent on the least-favourable first stage
SIMULATIONS = 20_000
GRID = 800


@dataclass(frozen=True, eq=False)
class Moments:
    """Extreme moments of one (s, sign): loadings @ beta - slope * theta, too large when false.

    `ceiling` is where the second stage cuts the normal distribution: at the first stage's critical value; nowhere with
    one period after adoption, where HonestDiD does not condition on having passed the first stage (conservative).
    """

    loadings: Array
    slope: Array
    covariance: Array
    least_favourable: float
    ceiling: float


def relative_interval(
    beta: Array,
    sigma: Array,
    pre: int,
    ell: Array,
    *,
    bound: float,
    alpha: float,
    rng: int | np.random.Generator,
    moments: str = "post",
) -> tuple[float, float]:
    """Hull of the values of theta = l'tau that are not rejected when Mbar = `bound`.

    `beta` (pre + post,) leaves out the base period; `ell` (post,). Infinite where no end is found.
    """
    families = all_moments(sigma, pre, ell, bound=bound, alpha=alpha, rng=rng, moments=moments)
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
    sigma: Array,
    pre: int,
    ell: Array,
    *,
    bound: float,
    alpha: float,
    rng: int | np.random.Generator,
    moments: str = "post",
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
            ask: dict[str, Any] = {"sign": sign, "sigma": sigma, "ell": ell, "bound": bound}
            B, slope = extreme_moments(differences, s, moments=moments, **ask)
            largest = (xi @ B.T).max(axis=1)
            cut = float(np.quantile(largest, 1 - HYBRID * alpha))
            families.append(Moments(B, slope, B @ sigma @ B.T, cut, np.inf if len(ell) == 1 else cut))
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
    d: Array, s: int, *, sign: float, sigma: Array, ell: Array, bound: float, moments: str = "post"
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
    if len(ell) == 1:  # no nuisance parameter: the moments themselves
        used = post if moments == "post" else np.arange(len(d))
        rows, size = np.vstack([up[used], down[used]]), np.concatenate([sd_up[used], sd_down[used]])
        own = np.zeros(len(d))
        own[post] = 1 / ell
        slope = np.concatenate([own[used], -own[used]])
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
    high = np.minimum(high, m.ceiling)
    sd = np.sqrt(variance)
    size = (alpha - HYBRID * alpha) / (1 - HYBRID * alpha)
    # 1 - size quantile of the standard normal cut to [low, high], from the upper tail
    tail = size * ndtr(-low / sd) + (1 - size) * ndtr(-high / sd)
    with np.errstate(divide="ignore"):
        critical = np.maximum(0, -ndtri(tail))
    return np.asarray((eta > m.least_favourable) | np.where(certain, eta > 0, eta / sd > critical))


# Robust intervals under smoothness: the optimal fixed-length confidence interval (FLCI).
#
# The slope of the violation of parallel trends changes by at most M between consecutive periods. Among
# estimators l'b_post + a'b_pre that are unbiased under a linear trend, the one is chosen whose interval is
# shortest:
#
#     chi(a) = sd(a) cv( bias(a) / sd(a) ),   bias(a) = M \sum_t |c_t(a)|,
#
# with cv(t) the 1 - alpha quantile of |N(t, 1)| and c(a) the loadings on the second differences. The problem
# is convex.
#
# Sources: Rambachan & Roth (2023), Armstrong & Kolesar (2020).


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
            length,
            lifted(a),
            jac=gradient,
            method="SLSQP",
            options={"maxiter": 1000, "ftol": 1e-13},
            constraints={"type": "ineq", "fun": lambda x: edges @ x + shift, "jac": lambda _: edges},
        )
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
