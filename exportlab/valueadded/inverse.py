"""The Leontief inverse: whole, at the speed of matrix products; refused where it means nothing; or a few rows of it."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lu_factor, lu_solve
from scipy.linalg.blas import dgemm

from exportlab.arrays import Array
from exportlab.errors import DataError


def inverse(A: Array, block: int = 224) -> Array:
    """(I - A)⁻¹ by Gauss-Jordan elimination in blocks, in place, at the speed of matrix products.

    No pivoting is needed where every column of A adds up to less than 1 (I - A is then diagonally dominant
    by columns); otherwise LAPACK's pivoted inverse is used.
    """
    n = len(A)
    M = -A
    M[np.diag_indices(n)] += 1.0
    if n <= block or np.abs(A).sum(axis=0).max() >= 1.0:
        return np.asarray(np.linalg.inv(M), dtype=np.float64)
    for k in range(0, n, block):
        s = slice(k, min(k + block, n))
        P = np.linalg.inv(M[s, s])
        C = M[:, s].copy()
        C[s] = 0.0
        R = P @ M[s]
        R[:, s] = P
        M[:, s] = 0.0
        M[s] = R
        dgemm(-1.0, R.T, C.T, 1.0, M.T, overwrite_c=1)  # M -= C R, in place
    return M


def leontief_inverse(A: Array) -> Array:
    """The inverse L = (I - A)^-1, shape (n, n).

    Raises
    ------
    DataError
        I - A is singular, or L has negative entries: A is not productive.
    """
    try:
        L = inverse(A)
    except np.linalg.LinAlgError:
        L = np.full_like(A, -np.inf)
    if L.min(initial=0.0) < -1e-9:
        raise DataError(
            "The input coefficients are not productive: (I - A) has no non-negative inverse",
            "A group of sectors uses up more of its own products than it makes; check the units of output.",
        )
    return L


def solve_rows(A: Array, V: Array) -> Array:
    """V (I - A)⁻¹ for a few rows V, without the inverse.

    A single-precision LU with double-precision refinement costs half a double-precision LU. Where
    refinement stalls (columns of A that add up to almost 1) the double-precision LU is taken.
    """
    M = np.negative(A, dtype=np.float32)
    M[np.diag_indices(len(M))] += np.float32(1.0)
    lu = lu_factor(M.T, overwrite_a=True, check_finite=False)  # the transpose is LAPACK's order: no copy
    X, r = np.zeros_like(V), V
    scale, off = np.abs(V).max(initial=1e-300), 1.0
    for _ in range(6):
        X += lu_solve(lu, r.T.astype(np.float32), check_finite=False).T
        if off <= 1e-10:  # the step just taken shrinks the residual at least as much again
            return X
        r = V - X + X @ A
        last, off = off, np.abs(r).max(initial=0.0) / scale
        if off > last / 1000:
            break
    M = np.eye(len(A)) - A
    return np.ascontiguousarray(np.linalg.solve(M.T, V.T).T)
