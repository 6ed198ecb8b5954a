"""The non-negative cells nearest to a first guess that add up to given totals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import brentq
from scipy.sparse.linalg import spsolve

from exportlab.arrays import Array
from exportlab.errors import DataError


@dataclass(frozen=True)
class Nearest:
    """Solution of min sum (z - z0)^2 / z0 subject to K z = b, z >= 0.

    Attributes
    ----------
    z, multipliers : ndarray
        Cells, and the multipliers y of the totals.
    distance : float
        The objective.
    gap : float
        Largest violation of K z = b, relative to the largest total. z = max(0, z0 (1 + K'y / 2)) holds by
        construction, which is stationarity, sign and complementary slackness.
    """

    z: Array
    multipliers: Array
    distance: float
    gap: float


def nearest(z0: Array, K: sparse.csr_array, b: Array, *, tolerance: float = 1e-12) -> Nearest:
    """Least weighted squares with totals and signs, by Newton's method on the concave dual.

    Parameters
    ----------
    z0 : ndarray of shape (m,)
        First guess, non-negative; a cell of 0 stays 0.
    K : sparse array of shape (k, m)
        Which cells add up to which total.
    b : ndarray of shape (k,)
        The totals.
    tolerance : float
        Largest violation of a total that is accepted, relative to the largest total.

    Raises
    ------
    DataError
        No non-negative cells (0 where the guess is 0) satisfy all totals.

    Notes
    -----
    The dual is piecewise quadratic, so the active-set Newton step with an exact line search ends after
    finitely many steps. Totals that repeat others make its matrix singular: a relative ridge of 1e-13 keeps it
    solvable and does not move the solution, which the violation of the totals verifies.
    """
    scale = float(np.abs(b).max(initial=0.0)) or 1.0
    z0, b = z0 / scale, b / scale
    y = np.zeros(len(b))

    def cells(y: Array) -> Array:
        return np.asarray(np.maximum(0.0, z0 * (1 + K.T @ y / 2)))

    z = cells(y)
    for _ in range(200):
        off = b - K @ z
        if np.abs(off).max(initial=0.0) <= tolerance:
            break
        weight = sparse.diags_array(np.where(z > 0, z0, 0.0) / 2)
        H = sparse.csc_array(K @ weight @ K.T)
        ridge = sparse.eye_array(len(b)) * (1e-13 * max(float(H.diagonal().max()), 1e-300))
        step = spsolve(H + ridge, off)
        y = y + _length(z0, 1 + K.T @ y / 2, K.T @ step / 2, float(b @ step)) * step
        z = cells(y)
    gap = float(np.abs(b - K @ z).max(initial=0.0))
    if gap > max(tolerance, 1e-9):
        raise DataError(
            f"No non-negative cells satisfy all totals: the best miss one by {gap:.3g} of the largest total",
            "Check that the totals by row and by column agree and that no total needs a cell that is 0.",
        )
    used = z0 > 0
    distance = float(((z - z0)[used] ** 2 / z0[used]).sum()) * scale
    return Nearest(z * scale, y, distance, gap)


def _length(z0: Array, at: Array, along: Array, gain: float) -> float:
    """Where the dual is lowest along a step: its slope there is increasing, and zero at the minimum."""

    def slope(length: float) -> float:
        return 2 * float((along * z0 * np.maximum(0.0, at + length * along)).sum()) - gain

    far = 1.0
    while slope(far) < 0 and far < 1e12:  # it never turns where no cells satisfy the totals
        far *= 2
    near: float = brentq(slope, 0.0, far, xtol=1e-300, rtol=1e-14) if slope(0.0) * slope(far) < 0 else far
    return near
