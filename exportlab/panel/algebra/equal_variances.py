"""CR2 of weighted least squares whose working model is equal variances, as clubSandwich's default for R's `lm`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exportlab.frames import Array
from exportlab.panel.algebra.clustered import RANK, ClusterFit


@dataclass(frozen=True, eq=False)
class EqualVariances:
    r"""Adjusted residuals of a weighted fit, every effect of which is a column of its own.

    With H = X (X'WX)^-1 X'W the residuals of cluster g vary by B_g = [(I - H)(I - H)']_gg where errors have equal
    variances, and :math:`A_g=B_g^{-1/2}` (a generalised inverse) makes them as variable as the errors.

    Attributes
    ----------
    fit : of rows times the root of their weights
    w : (n,) the weights
    adjust : the A_g
    gram : (K, K) X'W^2 X, what the variance of X'W u is
    """

    fit: ClusterFit
    w: Array
    adjust: tuple[Array, ...]
    gram: Array

    @staticmethod
    def of(fit: ClusterFit, w: Array) -> EqualVariances:
        """The adjustment of every cluster."""
        gram = fit.X.T @ (w[:, None] * fit.X)
        middle = fit.bread @ gram @ fit.bread
        adjust = []
        for rows in fit.parts:
            x, own = fit.X[rows], w[rows]
            hat = (x @ fit.bread @ x.T) * own
            B = (np.diag(own) - hat - hat.T + x @ middle @ x.T) / np.sqrt(np.outer(own, own))
            value, vector = np.linalg.eigh(B)
            keep = value > RANK * value[-1]
            adjust.append((vector[:, keep] / np.sqrt(value[keep])) @ vector[:, keep].T)
        return EqualVariances(fit, w, tuple(adjust), gram)

    def pieces(self) -> Array:
        """What each cluster adds to the coefficients of interest, (G, k)."""
        fit, root = self.fit, np.sqrt(self.w)
        u = np.empty_like(fit.residual)
        for rows, A in zip(fit.parts, self.adjust, strict=True):
            u[rows] = root[rows] * (A @ (fit.residual[rows] / root[rows]))
        return np.asarray(fit.scores(u) @ fit.bread[:, : fit.k])

    def freedom(self, contrast: Array) -> Array:
        """Bell-McCaffrey degrees of freedom of linear combinations (q, k) of the coefficients of interest, (q,)."""
        fit, root, S = self.fit, np.sqrt(self.w)[:, None], self.fit.bread
        direction = S[:, : fit.k] @ contrast.T
        own, V, T = [], [], []
        for rows, A in zip(fit.parts, self.adjust, strict=True):
            x = fit.X[rows]
            moved = A @ (root[rows] * (x @ direction))
            own.append((moved**2).sum(axis=0))
            V.append(x.T @ (moved / root[rows]))
            T.append(x.T @ (moved * root[rows]))
        out = []
        for size, v, t in zip(*(np.moveaxis(np.stack(a), -1, 0) for a in (own, V, T)), strict=True):
            cross = t @ S @ v.T
            M = np.diag(size) - cross - cross.T + v @ S @ self.gram @ S @ v.T
            out.append(np.trace(M) ** 2 / np.sum(M * M))
        return np.asarray(out)
