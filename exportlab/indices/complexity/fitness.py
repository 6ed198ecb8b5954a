"""Fitness and complexity (non-linear map), and GENEPY (two eigenvectors)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from exportlab.frames import Array, Mask
from exportlab.indices.complexity.eci import TIE
from exportlab.indices.complexity.matrix import Matrix, filled
from exportlab.threads import on_one_thread

Update: TypeAlias = Literal["simultaneous", "sequential"]
Stop: TypeAlias = Literal["steps", "tolerance", "ranks"]
FLOOR = 1e-300  # a fitness this small is zero for double precision; its inverse must stay finite


@dataclass(frozen=True, eq=False)
class Fitness:
    """Exporters' fitness and products' complexity, each with mean 1.

    Attributes
    ----------
    fitness, complexity : array
        NaN for empty rows and columns.
    steps : int
        Updates made.
    converged : bool
        Whether the stopping rule was met; always true for a fixed number of steps.
    """

    fitness: Array
    complexity: Array
    steps: int
    converged: bool


@on_one_thread
def fitness(
    M: Matrix,
    *,
    update: Update = "simultaneous",
    stop: Stop = "tolerance",
    steps: int = 1000,
    tolerance: float = 1e-9,
    patience: int = 20,
    extremality: float = 1.0,
) -> Fitness:
    """Iterate F = M Q, Q = (M' F^-a)^(-1/a), each divided by its mean.

    Parameters
    ----------
    M : array (exporters, products)
    update : {"simultaneous", "sequential"}
        Whether Q is updated with the previous F (Tacchella et al. 2012) or with the one just found
        (Gauss-Seidel). Both have the same fixed point.
    stop : {"steps", "tolerance", "ranks"}
        After `steps` updates; when no F or Q moves by more than `tolerance` (their mean is 1); or when the
        ranking of exporters by F has stood still for `patience` updates, which is reached also where the
        values of the least fit keep falling towards zero (Pugliese, Zaccaria and Pietronero 2016).
    steps : int
        The number of updates, or the most that are made.
    extremality : float
        The exponent a: the larger, the more a product is marked down by its least fit exporter.

    Returns
    -------
    Fitness

    References
    ----------
    Tacchella, Cristelli, Caldarelli, Gabrielli and Pietronero (2012), Scientific Reports 2:723.
    """
    from scipy.sparse import csr_array

    rows, columns = filled(M)
    S = csr_array(np.asarray(M[np.ix_(rows, columns)], float))
    T = csr_array(S.T)
    F, Q = np.ones(S.shape[0]), np.ones(S.shape[1])
    order, still, done, n = np.argsort(F, kind="stable"), 0, stop == "steps", 0
    while n < steps and S.shape[0]:
        f = _per_mean(S @ Q)
        q = _per_mean(
            (T @ np.maximum(F if update == "simultaneous" else f, FLOOR) ** -extremality)
            ** (-1 / extremality)
        )
        n += 1
        moved = max(np.abs(f - F).max(), np.abs(q - Q).max())
        F, Q = f, q
        if stop == "ranks":
            before, order = order, np.argsort(F, kind="stable")
            still = still + 1 if (before == order).all() else 0
        if (stop == "tolerance" and moved <= tolerance) or (stop == "ranks" and still >= patience):
            done = True
            break
    return Fitness(_fill(F, rows), _fill(Q, columns), n, done)


def _per_mean(v: Array) -> Array:
    out: Array = v / v.mean()
    return out


def _fill(v: Array, where: Mask) -> Array:
    out = np.full(len(where), np.nan)
    out[where] = v
    return out


@on_one_thread
def genepy(M: Matrix) -> tuple[Array, Array]:
    """GENEPY of exporters and of products.

    With k_c the diversity, k'_p = sum_c M_cp / k_c and W_cp = M_cp / (k_c k'_p), the two largest eigenvalues
    and unit eigenvectors of N = W W' (exporters) and of G = W' W (products), diagonals set to zero, give
    (sum_i l_i x_i^2)^2 + 2 sum_i l_i^2 x_i^2.

    Parameters
    ----------
    M : array (exporters, products)

    Returns
    -------
    arrays (exporters,) and (products,)
        NaN for empty rows and columns, and on a side with fewer than two members or whose second eigenvalue is also
        its third: then no two vectors are the largest ones.

    References
    ----------
    Sciarra, Chiarotti, Ridolfi and Laio (2020), Nature Communications 11:3352.
    """
    rows, columns = filled(M)
    A = np.asarray(M[np.ix_(rows, columns)], float)
    if not A.size:
        return _fill(np.zeros(0), rows), _fill(np.zeros(0), columns)
    A /= A.sum(axis=1, keepdims=True)
    A /= A.sum(axis=0)
    return _fill(_two_vectors(A), rows), _fill(_two_vectors(A.T), columns)


def _two_vectors(W: Matrix) -> Array:
    """GENEPY on the rows of W; the products' side is never formed, only multiplied with."""
    n, own = W.shape[0], (W * W).sum(axis=1)
    if n < 2:
        return np.full(n, np.nan)
    if n <= 500:
        N = W @ W.T
        np.fill_diagonal(N, 0)
        values, vectors = np.linalg.eigh(N)
    else:
        from scipy.sparse.linalg import LinearOperator, eigsh

        def times(x: Array) -> Array:
            x = x.ravel()
            out: Array = W @ (W.T @ x) - own * x
            return out

        start = np.sqrt(W.sum(axis=1))  # fixed, so that two runs agree to the last digit
        values, vectors = eigsh(LinearOperator((n, n), matvec=times, dtype=float), k=3, which="LA", v0=start)
    if n > 2 and values[-2] - values[-3] <= TIE * abs(values[-1]):
        return np.full(n, np.nan)
    lam, squares = values[-2:], vectors[:, -2:] ** 2
    out: Array = (squares @ lam) ** 2 + 2 * squares @ lam**2
    return out
