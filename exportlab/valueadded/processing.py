"""Processing trade apart: one table split into ordinary production (D) and processing exports (P).

Koopman, Wang and Wei (2008, NBER working paper 14109; 2012, Journal of Development Economics 99(1)):
firms that assemble imported parts for export use far more imports than others, so one set of
coefficients understates the imported content of exports. The split is the one nearest to a first
guess that agrees with the table and with customs by regime.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import brentq, linprog
from scipy.sparse.linalg import spsolve

from exportlab.errors import DataError
from exportlab.frames import Array
from exportlab.options import validated
from exportlab.results import Result
from exportlab.valueadded.cells import Column, vector, worst
from exportlab.valueadded.leontief import leontief_inverse
from exportlab.valueadded.national import content_table

if TYPE_CHECKING:
    import numpy.typing as npt

    from exportlab.valueadded.iotable import IOTable


@dataclass(frozen=True, repr=False, eq=False)
class ProcessingSplit(Result):
    """A table of n sectors with ordinary production D and processing exports P apart.

    Attributes
    ----------
    Z_DD, Z_DP, Z_MD, Z_MP : ndarray of shape (n, n)
        Domestic and imported products used by D and by P. P sells abroad only, so it supplies no one.
    va, tax, x, e : ndarray of shape (2, n)
        Value added, taxes on inputs, output and exports of D (first row) and P; P exports all it makes.
    distance : float
        The objective, the sum of (z - z0)^2 / z0.
    gap : float
        Largest violation of the optimality conditions, relative to the largest cell.
    """

    sectors: pd.Index
    Z_DD: Array
    Z_DP: Array
    Z_MD: Array
    Z_MP: Array
    va: Array
    tax: Array
    x: Array
    e: Array
    unit: str
    distance: float = field(default=float("nan"))
    gap: float = field(default=float("nan"))

    @property
    def title(self) -> str:
        own = self.shares.set_index("regime")["domestic"]
        return (
            f"Domestic value added: {float(own['ordinary']):.1%} of ordinary, "
            f"{float(own['processing']):.1%} of processing, {float(own['all']):.1%} of all exports"
        )

    @property
    def table(self) -> pd.DataFrame:
        """By `regime` and `sector`: exports, `domestic`, `imported`, `tax`, and their shares.

        DVA^D = v_D (I - A^DD)^-1 e_D; DVA^P = (v_D (I - A^DD)^-1 A^DP + v_P) e_P; imported and tax
        content likewise.
        """
        A = {k: _per(getattr(self, f"Z_{k}"), self.x["DP".index(k[1])]) for k in ("DD", "DP", "MD", "MP")}
        L = leontief_inverse(A["DD"])
        direct = {
            "domestic": _per(self.va, self.x),
            "imported": np.array([A["MD"].sum(axis=0), A["MP"].sum(axis=0)]),
            "tax": _per(self.tax, self.x),
        }
        ordinary = {k: d @ L * self.e[0] for k, (d, _) in direct.items()}
        processing = {k: (d @ L @ A["DP"] + p) * self.e[1] for k, (d, p) in direct.items()}
        rows = {
            "ordinary": content_table(self.sectors, self.e[0], ordinary),
            "processing": content_table(self.sectors, self.e[1], processing),
        }
        return pd.concat([t.assign(regime=name) for name, t in rows.items()], ignore_index=True)

    @property
    def shares(self) -> pd.DataFrame:
        """By `regime` (ordinary, processing, all): exports and the parts as shares of them."""
        sums = self.table.groupby("regime")[["exports", "domestic", "imported", "tax"]].sum()
        sums.loc["all"] = sums.sum()
        parts = sums.drop(columns="exports").div(sums["exports"].where(sums["exports"] > 0), axis=0)
        return pd.concat([sums["exports"], parts], axis=1).reset_index()


@validated
def split_processing(
    t: IOTable,
    *,
    processing_exports: Column,
    processing_imports: Column,
    ordinary_imports: Column | None = None,
) -> ProcessingSplit:
    r"""Split a table into ordinary production and processing exports by customs records.

    Parameters
    ----------
    t : IOTable
        Non-competitive, or competitive together with `ordinary_imports`; in the unit of the customs
        figures.
    processing_exports : n numbers
        Exports under the processing regimes, by sector.
    processing_imports : n numbers
        Imported intermediates under the processing regimes, by product.
    ordinary_imports : n numbers, optional
        Other imported intermediates by product; needed where the table does not hold them.

    Returns
    -------
    ProcessingSplit
        Solves min sum (z - z0)^2 / z0 over the cells of the four blocks and the two rows of value added,
        such that cells of D and P add up to the table's, P's columns add up to processing exports, and
        imports by product add up to the customs figures; z >= 0. Taxes on inputs follow output. The first
        guess spreads processing imports over sectors by the table's use and the share of processing in
        output, then scales P's other inputs and value added to processing exports. Where the guess
        satisfies all totals it is the solution, with distance 0.

    Raises
    ------
    DataError
        Processing exports exceed exports; customs imports exceed the table's; negative cells of value
        added; or no split satisfies all totals.
    """
    ep = vector(processing_exports, t.sectors, "processing_exports")
    mp = vector(processing_imports, t.sectors, "processing_imports")
    md = None if ordinary_imports is None else vector(ordinary_imports, t.sectors, "ordinary_imports")
    _check(t, ep, mp, md)
    share = _per(ep, t.x)
    tax_p = t.taxes * share
    start = _first_guess(t, ep - tax_p, mp, md, share)
    rows, totals = _constraints(t, ep - tax_p, mp, md)
    found = nearest(start, rows, totals, names=_names(t, md is not None))
    n = len(ep)
    DD, DP, MD, MP = found.z[: 4 * n * n].reshape(4, n, n)
    return ProcessingSplit(
        t.sectors,
        DD,
        DP,
        MD,
        MP,
        va=found.z[4 * n * n :].reshape(2, n),
        tax=np.array([t.taxes - tax_p, tax_p]),
        x=np.array([t.x - ep, ep]),
        e=np.array([t.e - ep, ep]),
        unit=t.unit,
        distance=found.distance,
        gap=found.gap,
    )


def _first_guess(t: IOTable, cost: Array, mp: Array, md: Array | None, share: Array) -> Array:
    """Cells z0 of DD, DP, MD, MP, and of value added in D and P; none of them all of its total."""
    imported, home = t.Zm, t.Z
    if md is not None:
        imported = _per((mp + md)[:, None] * t.Z, t.Z.sum(axis=1)[:, None])
        home = t.Z - imported
    spread = imported * share
    z_mp = np.minimum(_per(mp[:, None] * spread, spread.sum(axis=1)[:, None]), 0.95 * imported)
    left = np.maximum(cost - z_mp.sum(axis=0), 0.05 * cost)
    other = home.sum(axis=0) + t.va
    scale = np.minimum(_per(left, other), 0.95)
    z_dp, v_p = home * scale, t.va * scale
    return np.concatenate([np.ravel(b) for b in (home - z_dp, z_dp, imported - z_mp, z_mp, t.va - v_p, v_p)])


def _constraints(t: IOTable, cost: Array, mp: Array, md: Array | None) -> tuple[sparse.csr_array, Array]:
    """K z = b: cells add up, P's columns add up, imports by product add up."""
    n = len(cost)
    one, eye, ones = sparse.eye_array(n * n), sparse.eye_array(n), np.ones((1, n))
    empty = sparse.csr_array((n * n, n * n))
    column, row = sparse.kron(ones, eye), sparse.kron(eye, ones)  # sums over rows, over columns, of a block
    none = sparse.csr_array((n, n * n))
    if md is None:
        cells = [[one, one, empty, empty], [empty, empty, one, one]]
        values, imports, totals = [t.Z.ravel(), t.Zm.ravel()], [[none, none, none, row]], [mp]
    else:
        cells, values = [[one, one, one, one]], [t.Z.ravel()]
        imports, totals = [[none, none, none, row], [none, none, row, none]], [mp, md]
    rows = [[*c, sparse.csr_array((n * n, n)), sparse.csr_array((n * n, n))] for c in cells]
    rows.append([none, none, none, none, eye, eye])
    rows.append([none, column, none, column, sparse.csr_array((n, n)), eye])
    rows += [[*i, sparse.csr_array((n, n)), sparse.csr_array((n, n))] for i in imports]
    return sparse.csr_array(sparse.block_array(rows)), np.concatenate([*values, t.va, cost, *totals])


def _names(t: IOTable, competitive: bool) -> list[str]:
    """What the totals of `_constraints` are, in their order."""
    pairs = [f"{a!r} to {b!r}" for a in t.sectors for b in t.sectors]
    cells = ("inputs of",) if competitive else ("domestic inputs of", "imported inputs of")
    kinds = (
        "value added of",
        "processing exports (less taxes) of",
        "processing imports of",
        "ordinary imports of",
    )
    lines = [f"{kind} {name!r}" for kind in kinds[: 3 + competitive] for name in t.sectors]
    return [f"{kind} {pair}" for kind in cells for pair in pairs] + lines


def _check(t: IOTable, ep: Array, mp: Array, md: Array | None) -> None:
    if (t.kind == "competitive") != (md is not None):
        raise DataError(
            "A competitive table needs ordinary_imports=, a non-competitive one has them already",
            "Give ordinary_imports= for a competitive table only.",
        )
    imported = t.Zm.sum(axis=1) if md is None else t.Z.sum(axis=1)
    known = mp if md is None else mp + md
    tests = [
        ("Processing exports are negative", -ep),
        ("Processing exports exceed the exports of the table", ep - t.e),
        ("Customs imports are negative", -mp if md is None else -np.minimum(mp, md)),
        ("Customs imports exceed the intermediate use in the table", known - imported),
        ("Value added is negative", -t.va),
    ]
    for problem, size in tests:
        bad = size > 1e-9 * max(float(t.x.max(initial=0.0)), 1e-300)
        if bad.any():
            raise DataError(
                problem,
                "Bring customs and the table to one unit, price basis and classification.",
                rows=int(bad.sum()),
                first=worst(np.where(bad, size, 0.0), t.sectors, 1),
            )


def _per(a: Array, b: Array) -> Array:
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


FAR = 1e12  # the dual has no end where no cells satisfy the totals: no cell is so many times its guess


# The non-negative cells nearest to a first guess that add up to given totals.


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


def nearest(
    z0: Array, K: sparse.csr_array, b: Array, *, tolerance: float = 1e-12, names: Sequence[str] = ()
) -> Nearest:
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
    names : sequence of str
        What the totals are, for a refusal.

    Raises
    ------
    DataError
        No non-negative cells (0 where the guess is 0) satisfy all totals: which exceed which.

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
        if np.abs(off).max(initial=0.0) <= tolerance or np.abs(y).max(initial=0.0) >= FAR:
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
            f"No non-negative cells satisfy all totals: {_contradiction(z0, K, b * scale, names)}",
            "Check that the totals by row and by column agree and that no total needs a cell that is 0.",
        )
    used = z0 > 0
    distance = float(((z - z0)[used] ** 2 / z0[used]).sum()) * scale
    return Nearest(z * scale, y, distance, gap)


def _contradiction(z0: Array, K: sparse.csr_array, b: Array, names: Sequence[str]) -> str:
    """Which totals are too large beside which: y with K'y <= 0 and b'y > 0 (Farkas), of few totals.

    Each cell counts no more often among the totals with y > 0 than among those with y < 0, so that the former cannot
    be larger. A vertex of the cone cut at sum |y| = 1 names no total that is not needed.
    """
    k = len(b)
    held = sparse.csr_array(K[:, np.flatnonzero(z0 > 0)]).T
    both = sparse.hstack([held, -held], format="csr")
    found = linprog(
        np.r_[-b, b], A_ub=both, b_ub=np.zeros(both.shape[0]), A_eq=np.ones((1, 2 * k)), b_eq=[1.0]
    )
    y = np.zeros(k) if found.x is None else found.x[:k] - found.x[k:]
    y = np.where(np.abs(y) > 1e-9, y / max(float(np.abs(y).max()), 1e-300), 0.0)
    more, less = np.flatnonzero(y > 0), np.flatnonzero(y < 0)
    told = [*names] or [f"total {j + 1}" for j in range(k)]
    sums = [float(np.abs(y[at]) @ b[at]) for at in (more, less)]
    beside = f"{_some(told, less)}, {sums[1]:,.6g}" if len(less) else "what their cells hold, 0"
    return f"{_some(told, more)} add up to {sums[0]:,.6g}, more than {beside}"


def _some(names: Sequence[str], at: npt.NDArray[np.intp]) -> str:
    rest = f" and {len(at) - 3:,} more" if len(at) > 3 else ""
    return ", ".join(names[int(j)] for j in at[:3]) + rest


def _length(z0: Array, at: Array, along: Array, gain: float) -> float:
    """Where the dual is lowest along a step: its slope there is increasing, and zero at the minimum."""

    def slope(length: float) -> float:
        return 2 * float((along * z0 * np.maximum(0.0, at + length * along)).sum()) - gain

    far = 1.0
    while slope(far) < 0 and far < FAR:  # it never turns where no cells satisfy the totals
        far *= 2
    near: float = brentq(slope, 0.0, far, xtol=1e-300, rtol=1e-14) if slope(0.0) * slope(far) < 0 else far
    return near
