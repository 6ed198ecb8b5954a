"""Cluster-robust covariance for few clusters: CR0 to CR3, Bell-McCaffrey degrees of freedom."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exportlab.arrays import Array
from exportlab.errors import one_of
from exportlab.panel.algebra.clustered import (
    ClusterFit,
    adjusted_residual,
    inverses_without,
    leverages,
)

KINDS = ("CR0", "CR1", "CR2", "CR3", "CR3J")


def covariance(fit: ClusterFit, kind: str = "CR1", *, adjust: str = "fixest") -> Array:
    """Cluster-robust covariance of the coefficients of interest, (k, k).

    Parameters
    ----------
    fit : ClusterFit
    kind : {"CR0", "CR1", "CR2", "CR3", "CR3J"}
        CR2 is bias-reduced (identity working model); CR3 is the cluster jackknife centred at the full
        estimate times (G-1)/G; CR3J is centred at the mean of the leave-one-out estimates.
    adjust : {"fixest", "groups"}
        Factor of CR1: "fixest" is G/(G-1) (n-1)/(n-K), effects nested in clusters not counted in K (also
        reghdfe's); "groups" is G/(G-1) alone (clubSandwich's CR1).

    Notes
    -----
    CR3 is NaN for a coefficient that is not identified once some cluster is left out (one treated cluster).

    Sources: Bell & McCaffrey (2002); Pustejovsky & Tipton (2018); MacKinnon, Nielsen & Webb (2023).
    """
    one_of("kind", kind, KINDS)
    one_of("adjust", adjust, ("fixest", "groups"))
    k, G = fit.k, fit.G
    if kind in ("CR3", "CR3J"):
        moves = leave_one_out(fit)
        moves = moves - moves.mean(axis=0) if kind == "CR3J" else moves
        return np.asarray((G - 1) / G * moves.T @ moves)
    u = adjusted_residual(fit, -0.5) if kind == "CR2" else fit.residual
    pieces = fit.scores(u) @ fit.bread[:, :k]
    factor = 1.0
    if kind == "CR1":
        factor = G / (G - 1) * (small_sample(fit) if adjust == "fixest" else 1.0)
    return np.asarray(factor * pieces.T @ pieces)


def small_sample(fit: ClusterFit) -> float:
    """(n-1)/(n-K): K counts regressors, the constant and effects not nested in the clusters."""
    n = len(fit.y)
    return float((n - 1) / (n - fit.X.shape[1] - int(fit.within)))


def leave_one_out(fit: ClusterFit) -> Array:
    """Coefficient without cluster g minus the full one, (G, k); NaN where it is not identified."""
    scores = fit.scores(fit.residual)
    moves = [-inverse @ s for inverse, s in zip(inverses_without(fit), scores, strict=True)]
    return np.stack(moves)[:, : fit.k]


def satterthwaite(fit: ClusterFit, contrast: ArrayLike | None = None, *, kind: str = "CR2") -> Array:
    """Bell-McCaffrey degrees of freedom under independent homoskedastic errors.

    Parameters
    ----------
    fit : ClusterFit
    contrast : (k,) or (q, k) array, optional
        Linear combinations of the coefficients of interest; each coefficient alone by default.
    kind : {"CR1", "CR2", "CR3"}

    Returns
    -------
    (q,) array
        (tr M)^2 / tr(M^2), with M the G x G matrix of the quadratic form that the variance estimate is.

    Notes
    -----
    Source: Bell & McCaffrey (2002); Pustejovsky & Tipton (2018).
    """
    one_of("kind", kind, ("CR1", "CR2", "CR3"))
    power = {"CR1": 0.0, "CR2": -0.5, "CR3": -1.0}[kind]
    C = np.eye(fit.k) if contrast is None else np.atleast_2d(np.asarray(contrast, float))
    C = np.column_stack([C, np.zeros((len(C), fit.X.shape[1] - fit.k))])
    direction = fit.bread @ C.T
    parts = leverages(fit, power)
    out = []
    for column in direction.T:
        square, U = np.empty(fit.G), np.empty((fit.G, fit.X.shape[1]))
        for g, (rows, (Q, d)) in enumerate(zip(fit.parts, parts, strict=True)):
            a = fit.X[rows] @ column
            a = a + Q @ (d * (Q.T @ a))
            square[g], U[g] = a @ a, fit.X[rows].T @ a
        M = np.diag(square) - U @ fit.bread @ U.T
        out.append(np.trace(M) ** 2 / np.sum(M * M))
    return np.asarray(out)
