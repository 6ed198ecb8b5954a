"""ECI and PCI: the second eigenvector of the exporter-exporter matrix, and the method of reflections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from exportlab.frames import Array, Mask
from exportlab.indices.complexity.matrix import Matrix, filled
from exportlab.threads import on_one_thread

DECIDED = 1e-8  # a correlation below this has the sign of rounding
TIE = 1e-10  # eigenvalues closer than this are one eigenvalue for double precision


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Solution of the eigenproblem of one period.

    Attributes
    ----------
    eci, pci : array
        Second right eigenvectors of D^-1 M U^-1 M' and of U^-1 M' D^-1 M, in the scale in which an exporter's
        ECI is the mean PCI of its products; NaN outside the problem, and everywhere when it has no one answer.
    rows, columns : bool array
        Exporters and products inside the problem.
    lambda2, lambda3 : float
        Second and third eigenvalue (the first is 1); zero where there are no more.
    components : int
        Connected components of the exporter-product network, empty rows and columns left aside.
    orientation : float
        Correlation of ECI with diversity (after orienting it, so not negative); NaN when diversity is constant, or
        when rounding alone would decide its sign: then ECI has no sign and is NaN.
    tied : bool
        Whether several components are the largest: none of them is the problem.
    """

    eci: Array
    pci: Array
    rows: Mask
    columns: Mask
    lambda2: float
    lambda3: float
    components: int
    orientation: float
    tied: bool = False

    @property
    def outside(self) -> str:
        """Why what has presence may stand outside the problem."""
        return (
            "one of several components that are the largest"
            if self.tied
            else "outside the largest connected component"
        )

    @property
    def gap(self) -> float:
        """lambda2 - lambda3: the smaller, the less ECI is pinned down."""
        return self.lambda2 - self.lambda3


@on_one_thread
def spectrum(M: Matrix) -> Spectrum:
    """Solve the eigenproblem D^-1 M U^-1 M' k = lambda k for its second vector.

    The symmetric D^-1/2 M U^-1 M' D^-1/2 is solved on the smaller side; the other side follows by projection.
    Empty rows and columns, and everything outside the largest connected component, stay outside the problem.

    Parameters
    ----------
    M : array (exporters, products)
        Presence, 0/1 or graded.

    Returns
    -------
    Spectrum

    References
    ----------
    Hidalgo and Hausmann (2009), PNAS 106(26); Hausmann et al. (2014), The Atlas of Economic Complexity;
    Mealy, Farmer and Teytelboym (2019), Science Advances 5(1).
    """
    rows, columns, components = core(M)
    eci, pci = np.full(M.shape[0], np.nan), np.full(M.shape[1], np.nan)
    inside = M if rows.all() and columns.all() else M[np.ix_(rows, columns)]
    D, U = inside.sum(axis=1, dtype=float), inside.sum(axis=0, dtype=float)
    k, l2, l3 = _second(inside, D, U)
    if l2 - l3 > TIE:
        K = inside.T @ k / U / l2
        sign, r = _orientation(k, D, inside @ U / D)
        eci[rows], pci[columns] = sign * k, sign * K
    else:
        r = np.nan
    return Spectrum(eci, pci, rows, columns, l2, l3, components, r, components > 1 and not rows.any())


def _second(M: Matrix, D: Array, U: Array) -> tuple[Array, float, float]:
    """Exporters' second right eigenvector with the second and third eigenvalue."""
    A = np.asarray(M, float) / np.sqrt(D)[:, None]
    A /= np.sqrt(U)
    wide = A.shape[0] <= A.shape[1]
    values, vectors = np.linalg.eigh(A @ A.T if wide else A.T @ A)
    values = np.concatenate([np.zeros(3), values])
    l2, l3 = max(float(values[-2]), 0.0), max(float(values[-3]), 0.0)
    if len(vectors) < 2:
        return np.zeros(len(D)), 0.0, 0.0
    second = vectors[:, -2] if wide else A @ vectors[:, -2]
    return second / np.sqrt(D), l2, l3


def _orientation(k: Array, D: Array, ubiquity: Array) -> tuple[float, float]:
    """Sign that makes ECI rise with diversity, or fall with the mean ubiquity where diversity is constant."""
    r = _correlation(k, D)
    other = -_correlation(k, ubiquity)
    by = r if np.isfinite(r) else other
    if np.isnan(by) or abs(by) < DECIDED:
        return np.nan, np.nan
    return (-1.0 if by < 0 else 1.0), abs(r)


def _correlation(x: Array, y: Array) -> float:
    flat = np.ptp(x) <= TIE * np.abs(x).max() or np.ptp(y) <= TIE * np.abs(y).max()
    return np.nan if flat else float(np.corrcoef(x, y)[0, 1])


def core(M: Matrix) -> tuple[Mask, Mask, int]:
    """Rows and columns of the largest connected component (by filled cells), and the number of components.

    None where several are the largest: the labels' order would choose.
    """
    cell = M != 0
    rows, columns = filled(M)
    if not rows.any():
        return rows, columns, 0
    if (_reached(cell, int(np.argmax(cell.sum(axis=1)))) == columns).all():
        return rows, columns, 1
    from scipy.sparse import block_array, csr_array
    from scipy.sparse.csgraph import connected_components

    S: Any = csr_array(cell)
    _, label = connected_components(block_array([[None, S], [S.T, None]]), directed=False)
    of_row, of_column = label[: len(rows)], label[len(rows) :]
    cells = np.bincount(of_row, weights=cell.sum(axis=1))
    largest = int(np.argmax(cells))
    if np.count_nonzero(cells == cells[largest]) > 1:
        return np.zeros_like(rows), np.zeros_like(columns), int(np.count_nonzero(cells))
    return of_row == largest, of_column == largest, int(np.count_nonzero(cells))


def _reached(cell: Mask, start: int) -> Mask:
    """Products joined to exporter `start` by any path."""
    products: Mask = cell[start]
    while True:
        exporters = np.asarray(cell[:, products].any(axis=1))
        wider = np.asarray(cell[exporters].any(axis=0))
        if (wider == products).all():
            return products
        products = wider


@on_one_thread
def reflections(M: Matrix, steps: int) -> tuple[Array, Array]:
    """Method of reflections: k_c,n and k_p,n for n = 0 ... `steps`.

    Parameters
    ----------
    M : array (exporters, products)
        Without empty rows or columns.
    steps : int

    Returns
    -------
    arrays (steps + 1, exporters) and (steps + 1, products)

    References
    ----------
    Hidalgo and Hausmann (2009), PNAS 106(26), equations 3-4.
    """
    D, U = M.sum(axis=1, dtype=float), M.sum(axis=0, dtype=float)
    kc, kp = [D], [U]
    for _ in range(steps):
        c, p = M @ kp[-1] / D, M.T @ kc[-1] / U
        kc.append(c)
        kp.append(p)
    return np.array(kc), np.array(kp)


def standardise(values: Array, *, like: Array | None = None, ddof: int = 0, repeats: int = 1) -> Array:
    """(values - mean) / sd, with mean and sd of the defined entries of `like` (default: of the values).

    `repeats` is how often each entry stands in the table whose sd is taken.
    """
    base = values if like is None else like
    base = base[np.isfinite(base)]
    n = len(base) * repeats
    if n <= ddof or np.ptp(base) == 0:
        return np.full(len(values), np.nan)
    sd = np.sqrt(((base - base.mean()) ** 2).sum() * repeats / (n - ddof))
    out: Array = (values - base.mean()) / sd
    return out
