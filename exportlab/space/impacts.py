"""What a regressor does here, next door and in all, when outcomes depend on each other over space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from exportlab.errors import DataError
from exportlab.frames import Array
from exportlab.panel.estimate import Inference, inference_columns

EFFECTS = ("direct", "indirect", "total")


@dataclass(frozen=True, eq=False)
class Multiplier:
    """The weights of one period; their eigenvalues give the traces of the multiplier at any rho."""

    w: Array
    roots: Any

    @classmethod
    def of(cls, w: Array) -> Multiplier:
        """Work out the eigenvalues, which may be complex; sums over them are real."""
        return cls(w, np.linalg.eigvals(w))

    def at(self, rho: float) -> Array:
        """Means of A = (I - rho W)^-1 and AW: their diagonals, then their row sums, (2, 2)."""
        n, one = len(self.w), np.ones(len(self.w))
        own = 1 / (1 - rho * self.roots)
        solved = np.linalg.solve(np.eye(n) - rho * self.w, np.column_stack([one, self.w @ one]))
        return np.array([[own.sum().real, (own * self.roots).sum().real], solved.sum(axis=0)]) / n

    def slope(self, rho: float) -> Array:
        """How `at` moves with rho: dA = AWA, dAW = AWAW, (2, 2)."""
        n, one = len(self.w), np.ones(len(self.w))
        own = self.roots / (1 - rho * self.roots) ** 2
        spread = np.eye(n) - rho * self.w
        first = np.linalg.solve(spread, np.column_stack([one, self.w @ one]))
        second = np.linalg.solve(spread, self.w @ first)
        return np.array([[own.sum().real, (own * self.roots).sum().real], second.sum(axis=0)]) / n


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Those of the K regressors (K,), of their lags (K,) or zeros, and rho, with the covariance of all in order."""

    names: tuple[str, ...]
    own: Array
    lagged: Array
    rho: float
    covariance: Array


def effects(m: Array, own: Array, lagged: Array) -> Array:
    """Direct, indirect and total effects (3, K) of coefficients under a multiplier."""
    direct, total = (own * m[row, 0] + lagged * m[row, 1] for row in (0, 1))
    return np.array([direct, total - direct, total])


def impacts_by_delta(c: Coefficients, w: Array, inference: Inference) -> pd.DataFrame:
    """Effects with errors by the delta method: the gradient is exact."""
    multiplier, K = Multiplier.of(w), len(c.own)
    m, slope = multiplier.at(c.rho), multiplier.slope(c.rho)
    found = effects(m, c.own, c.lagged)
    gradient = np.zeros((3, K, 2 * K + 1))
    for k in range(K):
        gradient[:, k, k] = effects(m, np.ones(1), np.zeros(1))[:, 0]
        gradient[:, k, K + k] = effects(m, np.zeros(1), np.ones(1))[:, 0]
    gradient[:, :, -1] = effects(slope, c.own, c.lagged)
    flat = gradient.reshape(3 * K, -1)
    variance = np.einsum("ij,jk,ik->i", flat, c.covariance, flat).reshape(3, K)
    errors = np.sqrt(np.maximum(variance, 0.0))
    return _table(c, found, inference_columns(found.ravel(), errors.ravel(), inference))


def impacts_by_draws(
    c: Coefficients, w: Array, level: float, draws: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, int]:
    """Effects with errors of draws of the coefficients (LeSage and Pace 2009), and how many draws had no multiplier.

    Intervals are quantiles of the draws, p twice the smaller share of draws on one side of zero.
    """
    multiplier, K = Multiplier.of(w), len(c.own)
    centre = np.concatenate([c.own, c.lagged, [c.rho]])
    values, vectors = np.linalg.eigh(c.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = centre + rng.standard_normal((draws, len(centre))) @ root.T
    inside = drawn[np.abs(drawn[:, -1]) < 1]
    if len(inside) < draws / 2:
        raise DataError(
            f"{draws - len(inside):,} of {draws:,} draws of rho lie outside (-1, 1)",
            "There is no effect to draw: take errors='delta', and do not trust it far.",
        )
    many = np.array([effects(multiplier.at(d[-1]), d[:K], d[K:-1]) for d in inside]).reshape(len(inside), -1)
    low, high = np.quantile(many, [(1 - level) / 2, (1 + level) / 2], axis=0)
    side = np.minimum((many <= 0).sum(axis=0), (many >= 0).sum(axis=0))
    columns = {
        "std_error": many.std(axis=0, ddof=1),
        "conf_low": low,
        "conf_high": high,
        "p_value": np.minimum(2 * (1 + side) / (1 + len(many)), 1.0),
    }
    return _table(c, effects(multiplier.at(c.rho), c.own, c.lagged), columns), draws - len(inside)


def _table(c: Coefficients, found: Array, columns: dict[str, Array]) -> pd.DataFrame:
    """One row a regressor and effect, regressors in their order."""
    K = len(c.own)
    made = pd.DataFrame(
        {"term": list(c.names) * 3, "effect": np.repeat(EFFECTS, K), "estimate": found.ravel(), **columns}
    )
    return made.iloc[np.arange(3 * K).reshape(3, K).T.ravel()].reset_index(drop=True)


def wald(values: Array, gradient: Array, covariance: Array) -> tuple[float, float]:
    """The statistic of values (q,) that should be zero, with their gradient (q, P), and its p by chi-squared of q."""
    spread = gradient @ covariance @ gradient.T
    statistic = float(values @ np.linalg.solve(spread, values))
    return statistic, float(chi2.sf(statistic, len(values)))
