r"""The algebra of the wild cluster bootstrap for one regression.

For the restriction R beta = r the bootstrap samples are y*(v) = X b + v_g u_g, one sign (or Webb weight) a
cluster. Everything a t statistic needs is linear in v:

    numerator    R (X'X)^{-1} \sum_g v_g s_g,                      s_g = X_g' u_g
    scores       w_h = C_h (v_h s_h - X_h'X_h (X'X)^{-1} \sum_g v_g s_g)

with C_h = R (X'X)^{-1} for CV1 and C_h = R (X'X - X_h'X_h)^{-1} for the jackknife variance CV3, so all 2^G
samples cost one product of a G x G matrix with the signs. Residuals are re-projected on every fixed effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from exportlab.arrays import Array, Codes
from exportlab.panel.algebra.clustered import ClusterFit, adjusted_residual, inverses_without
from exportlab.panel.algebra.crve import small_sample
from exportlab.panel.algebra.draws import Draws, p_value


@dataclass(frozen=True, eq=False)
class Pieces:
    """Numerator a (q, B) and scores A (G, q, B) of one unit of each bootstrap cluster's weight."""

    a: Array
    A: Array


@dataclass(frozen=True, eq=False)
class WildTest:
    """One regression and one set of draws, asked about many hypotheses.

    Attributes
    ----------
    fit : ClusterFit
    groups : (n,) array
        Codes of the clusters that share a weight: those of `fit`, or finer ones nested in them.
    signs : Draws
    variant : {"11", "13", "31", "33"}
    impose_null : bool
    ties : {"all", "half", "none"}
    """

    fit: ClusterFit
    groups: Codes
    signs: Draws
    variant: str
    impose_null: bool
    ties: str

    def single(self, row: Array, null: float, level: float | None) -> dict[str, float]:
        """t test of row'beta = null, and its interval by inversion unless `level` is None."""
        estimate, se = float(row @ self.fit.beta[: self.fit.k]), self.std_error(row)
        path = self.path(row)
        statistic = (estimate - null) / se

        def p_at(value: float) -> dict[str, float]:
            return p_value(path(value), (estimate - value) / se, self.signs)

        low = high = np.nan
        if level is not None and np.isfinite(se):
            low, high = (edge(lambda b: p_at(b)[self.ties] > 1 - level, estimate, s) for s in (-se, se))
        p = p_at(null)
        out = {"estimate": estimate, "null": null, "statistic": statistic, "p": p[self.ties]}
        return out | {"conf_low": low, "conf_high": high, **p_rules(p)}

    def joint(self, R: Array, r: Array) -> dict[str, float]:
        """Wald test of R beta = r, as F (the quadratic form over its q)."""
        gap = R @ self.fit.beta[: self.fit.k] - r
        cov = self.factor * self._meat(R)
        wald = float(gap @ np.linalg.solve(cov, gap)) / len(R)
        pieces = self.pieces(R, r)
        simulated = np.empty(self.signs.V.shape[1])
        for start in range(0, len(simulated), 4096):
            v = self.signs.V[:, start : start + 4096]
            W = np.einsum("hqb,bn->nhq", pieces.A, v, optimize=True)
            S = self.factor * np.swapaxes(W, 1, 2) @ W
            simulated[start : start + 4096] = _quadratic(S, (pieces.a @ v).T) / len(R)
        p = p_value(simulated, wald, self.signs)
        out = {"estimate": np.nan, "null": np.nan, "statistic": wald, "p": p[self.ties]}
        return out | {"conf_low": np.nan, "conf_high": np.nan, **p_rules(p)}

    def path(self, row: Array) -> Callable[[float], Array]:
        """Bootstrap t statistics as a function of the null: numerator linear, variance quadratic in it."""
        base = self.pieces(row[None], np.array([0.0]))
        step = self.pieces(row[None], np.array([1.0])) if self.impose_null else base
        V = self.signs.V
        t0, t1 = base.a[0] @ V, (step.a - base.a)[0] @ V
        W0, W1 = base.A[:, 0] @ V, (step.A - base.A)[:, 0] @ V
        s0, s1, s2 = (W0 * W0).sum(axis=0), 2 * (W0 * W1).sum(axis=0), (W1 * W1).sum(axis=0)

        def at(null: float) -> Array:
            variance = np.maximum(self.factor * (s0 + null * s1 + null * null * s2), 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray((t0 + null * t1) / np.sqrt(variance))

        return at

    @property
    def factor(self) -> float:
        """Small-sample factor of the variance in the statistic."""
        G = self.fit.G
        return (G - 1) / G if self.variant[1] == "3" else G / (G - 1) * small_sample(self.fit)

    def std_error(self, row: Array) -> float:
        """Standard error of row'beta; NaN where CV3 does not exist."""
        return float(np.sqrt(self.factor * self._meat(row[None])[0, 0]))

    def pieces(self, R: Array, r: Array) -> Pieces:
        """Numerator and scores for R beta = r."""
        fit = self.fit
        s = fit.scores(self._residual(R, r), self.groups)
        spread = fit.bread @ s.T
        C = self._sides(R)
        owner = np.zeros(len(s), dtype=np.int64)
        owner[self.groups] = fit.cluster
        A = -np.einsum("hqk,hkl,lb->hqb", C, fit.grams, spread, optimize=True)
        A[owner, :, np.arange(len(s))] += np.einsum("bqk,bk->bq", C[owner], s)
        return Pieces(self._padded(R) @ spread, A)

    def _residual(self, R: Array, r: Array) -> Array:
        fit = restricted(self.fit, R, r) if self.impose_null else self.fit
        return adjusted_residual(fit, -1.0) if self.variant[0] == "3" else fit.residual

    def _padded(self, R: Array) -> Array:
        return np.column_stack([R, np.zeros((len(R), self.fit.X.shape[1] - self.fit.k))])

    def _sides(self, R: Array) -> Array:
        """C_h of the module's formula, (G, q, K)."""
        full = self._padded(R)
        if self.variant[1] == "1":
            return np.broadcast_to(full @ self.fit.bread, (self.fit.G, *full.shape))
        used = (full != 0).any(axis=0)  # rows of coefficients that do not enter may be NaN
        return np.stack([full[:, used] @ inverse[used] for inverse in inverses_without(self.fit)])

    def _meat(self, R: Array) -> Array:
        W = np.einsum("hqk,hk->hq", self._sides(R), self.fit.scores(self.fit.residual))
        return np.asarray(W.T @ W)


def restricted(fit: ClusterFit, R: Array, r: Array) -> ClusterFit:
    """The regression that imposes R beta = r: X N on y - X b0, with R N = 0 and R b0 = r."""
    from scipy.linalg import null_space

    X, k = fit.X[:, : fit.k], fit.k
    b0 = np.linalg.lstsq(R, r, rcond=None)[0]
    N = null_space(R) if len(R) < k else np.empty((k, 0))
    return replace(fit, y=fit.y - X @ b0, X=np.column_stack([X @ N, fit.X[:, k:]]), names=("x",) * N.shape[1])


def edge(kept: Callable[[float], bool], start: float, step: float, halvings: int = 45) -> float:
    """The last value kept from `start` outwards in doubling steps.

    Infinite if none is refused, NaN if `start` is.
    """
    if not kept(start):
        return float("nan")
    inner, outer = start, start + step
    for _ in range(40):
        if not kept(outer):
            break
        inner, outer, step = outer, outer + 2 * step, 2 * step
    else:
        return float(np.copysign(np.inf, step))
    for _ in range(halvings):
        middle = (inner + outer) / 2
        inner, outer = (middle, outer) if kept(middle) else (inner, middle)
    return inner


def _quadratic(S: Array, top: Array) -> Array:
    """top' S^-1 top for every draw; infinite where S is singular."""
    alive = np.linalg.matrix_rank(S, hermitian=True) == S.shape[1]
    out = np.full(len(S), np.inf)
    out[alive] = np.einsum("nq,nq->n", top[alive], np.linalg.solve(S[alive], top[alive][..., None])[..., 0])
    return out


def p_rules(p: dict[str, float]) -> dict[str, float]:
    """Columns of the three tie rules."""
    return {"p_strict": p["none"], "p_half": p["half"], "p_ge": p["all"]}
