"""An inter-country table in the field's letters: A, B, L, v, and the few contractions everything else needs.

Country s has rows s; A_sr is the block from s to r. Everything below B is a contraction of (n, G) matrices:
the decompositions never multiply two (n, n) matrices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import lu_factor, lu_solve
from scipy.linalg.blas import dgemm

from exportlab.errors import DataError
from exportlab.frames import Array
from exportlab.valueadded.cells import ratio
from exportlab.words import said

if TYPE_CHECKING:
    from exportlab.valueadded.intercountry import InterCountryTable


@dataclass(frozen=True, repr=False, eq=False)
class Leontief:
    """What follows from an `InterCountryTable`, each computed once, on first use.

    n country-sectors, G countries; arrays (n, G) have the producing country-sector down, a country across.
    """

    t: InterCountryTable

    @cached_property
    def v(self) -> Array:
        """Value added per unit of output, 0 where there is no output, shape (n,)."""
        return ratio(self.t.va, self.t.x, empty=0.0)

    @cached_property
    def tau(self) -> Array:
        """Taxes per unit of output: what inputs and value added leave, shape (n,)."""
        return ratio(self.t.taxes, self.t.x, empty=0.0)

    @cached_property
    def A(self) -> Array:  # noqa: N802
        """Input coefficients Z x̂⁻¹, 0 where there is no output, shape (n, n)."""
        x = self.t.x
        return self.t.Z * np.divide(1.0, x, out=np.zeros_like(x), where=x != 0)

    @cached_property
    def B(self) -> Array:  # noqa: N802
        """The global Leontief inverse (I - A)⁻¹, shape (n, n)."""
        return inverse(self.A)

    @cached_property
    def L(self) -> list[Array]:  # noqa: N802
        """The local inverses L_s = (I - A_ss)⁻¹, one a country."""
        return [np.asarray(np.linalg.inv(self.local(s)), dtype=np.float64) for s in self.t.blocks]

    def local(self, s: slice) -> Array:
        """I - A_ss."""
        M = -self.A[s, s]
        M[np.diag_indices(len(M))] += 1.0
        return M

    @cached_property
    def VL(self) -> Array:  # noqa: N802
        """Domestic value added per unit of export: v_s L_s, shape (n,)."""
        return np.concatenate([self.v[s] @ L for s, L in zip(self.t.blocks, self.L, strict=True)])

    @cached_property
    def VB(self) -> Array:  # noqa: N802
        """Value added of country t in a unit of output: v_t B_t, shape (G, n)."""
        return self.rows_of_B(self.v)

    def rows_of_B(self, v: Array) -> Array:  # noqa: N802
        """v_t B_t for every country t, shape (G, n): from B where it is there, else by a solve."""
        if "B" in self.__dict__:
            return np.stack([v[s] @ self.B[s] for s in self.t.blocks])
        return solve_rows(self.A, np.where(self.t.own, v[:, None], 0.0).T)

    @cached_property
    def VBd(self) -> Array:  # noqa: N802
        """Domestic content per unit of output: v_s B_ss, shape (n,)."""
        return self.VB[self.t.code, np.arange(len(self.t.x))]

    @cached_property
    def VBf(self) -> Array:  # noqa: N802
        """Foreign content per unit of output: the sum of v_t B_ts over t other than s, shape (n,)."""
        return np.asarray(np.where(self.t.own.T, 0.0, self.VB).sum(axis=0))

    @cached_property
    def VBr(self) -> Array:  # noqa: N802
        """Content of country r in row i of another country: v_r B_ri, 0 at home, shape (n, G)."""
        return np.where(self.t.own, 0.0, self.VB.T)

    @cached_property
    def TB(self) -> Array:  # noqa: N802
        """Tax content per unit of output: tau B, shape (n,)."""
        return self.tau @ self.B if self.tau.any() else np.zeros_like(self.tau)

    @cached_property
    def BY(self) -> Array:  # noqa: N802
        """Output for the final demand of country d, shape (n, G)."""
        return self.B @ self.t.Y

    @cached_property
    def own_demand(self) -> Array:
        """Final demand for home products Y_rr, shape (n,)."""
        return np.asarray(self.t.Y[self.t.own])

    @cached_property
    def final_exports(self) -> Array:
        """Final demand abroad, shape (n,)."""
        return np.asarray(self.t.Y.sum(axis=1) - self.own_demand)

    @cached_property
    def e(self) -> Array:
        """Gross exports to all countries, shape (n,)."""
        return np.asarray(self.t.E.sum(axis=1))

    @cached_property
    def _through(self) -> Array:
        """B_rt Y_tt and B_rt (sum of Y_tu over u other than t), by t, shape (2, n, G)."""
        y = np.stack([self.own_demand, self.final_exports], axis=1)
        return np.stack([self.B[:, s] @ y[s] for s in self.t.blocks], axis=2).transpose(1, 0, 2)

    @property
    def BYd(self) -> Array:  # noqa: N802
        """B_rt Y_tt by t, shape (n, G)."""
        return np.asarray(self._through[0])

    @property
    def BYm(self) -> Array:  # noqa: N802
        """B_rt times t's final exports, by t, shape (n, G)."""
        return np.asarray(self._through[1])

    @cached_property
    def final_chain(self) -> Array:
        """L_r Y_rr: output of r for its own final demand without leaving r, shape (n,)."""
        return self.at_home(self.L, self.own_demand)

    @cached_property
    def export_chain(self) -> Array:
        """L_r E_r: output of r that its exports take at home, shape (n,)."""
        return self.at_home(self.L, self.e)

    def at_home(self, M: list[Array], X: Array) -> Array:
        """Block-diagonal product: M_r X_r for every country r, shape of X."""
        return np.concatenate([m @ X[s] for m, s in zip(M, self.t.blocks, strict=True)])

    def to_partners(self, s: slice, W: Array) -> Array:
        """A_sr W_r for every r, what s delivers for r's output W_r: shape (N_s, G) or (N_s, G, k)."""
        return np.stack([self.A[s, r] @ W[r] for r in self.t.blocks], axis=1)

    def exporters(self) -> Iterator[tuple[int, slice]]:
        """Number and rows of every country."""
        return enumerate(self.t.blocks)


# The Leontief inverse: whole, at the speed of matrix products; refused where it means nothing; or a few rows of it.


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
            said("The input coefficients are not productive: (I - A) has no non-negative inverse"),
            said(
                "A group of sectors uses up more of its own products than it makes; check the units of output."
            ),
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
