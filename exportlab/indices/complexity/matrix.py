"""From cells to matrices: the dense table of one period, its advantage and its presence."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from exportlab.errors import DataError
from exportlab.frames import Array, Codes, Mask
from exportlab.words import Said, said

Matrix: TypeAlias = NDArray[np.floating[Any]]
ROUNDING = 1e-9  # of a ratio: a computed RCA of 1 - 1e-16 is an RCA of 1, in any unit of money
Presence: TypeAlias = Literal["rca", "rpop", "either", "both", "continuous", "given"]


def dense(rows: Codes, columns: Codes, values: Array, shape: tuple[int, int]) -> Array:
    """Exporter x product table of one period; a cell that is not listed is no trade, hence zero.

    Raises
    ------
    DataError
        Missing labels; missing, infinite or negative values; a cell listed twice.
    """
    _refuse(rows < 0, said("The exporter is missing"), rows, columns)
    _refuse(columns < 0, said("The product is missing"), rows, columns)
    _refuse(~np.isfinite(values), said("The value is missing or infinite"), rows, columns)
    _refuse(values < 0, said("The value is negative"), rows, columns)
    flat = rows * np.int64(shape[1]) + columns
    listed = np.zeros(shape[0] * shape[1], bool)
    listed[flat] = True
    if np.count_nonzero(listed) < len(flat):
        first = np.zeros(len(flat), bool)
        first[np.unique(flat, return_index=True)[1]] = True
        _refuse(~first, said("A cell is listed more than once"), rows, columns)
    X = np.zeros(shape)
    X.ravel()[flat] = values
    return X


def _refuse(bad: Mask, problem: Said, rows: Codes, columns: Codes) -> None:
    if bad.any():
        at = int(np.argmax(bad))
        raise DataError(
            problem,
            said(
                "Every exporter-product cell has one finite value of zero or more; leave cells without "
                "trade out."
            ),
            rows=int(bad.sum()),
            first=said(
                "exporter number {rows}, product number {columns}", rows=rows[at], columns=columns[at]
            ),
        )


def filled(M: Matrix) -> tuple[Mask, Mask]:
    """Which rows and which columns have anything in them."""
    return np.asarray((M != 0).any(axis=1)), np.asarray((M != 0).any(axis=0))


def rca(X: Array, *, products: Array | None = None) -> Array:
    """Balassa's revealed comparative advantage, (x_ik / X_i) / (X_k / X).

    Parameters
    ----------
    X : array (exporters, products)
        Values.
    products : array (products,), optional
        Totals X_k of the benchmark; the column sums of `X` by default.

    Returns
    -------
    array (exporters, products)
        NaN in the row of an exporter, or the column of a product, that has no trade.

    References
    ----------
    Balassa (1965), The Manchester School 33.
    """
    total = X.sum(axis=0) if products is None else products
    size = X.sum(axis=1)
    by = np.where(size > 0, size, np.nan)[:, None]
    of = np.where(total > 0, total, np.nan) / total.sum()
    out: Array = X / by
    out /= of
    return out


def rpop(X: Array, population: Array) -> Array:
    """Exports per head relative to the world's, (x_ik / X_k) / (N_i / N).

    Parameters
    ----------
    X : array (exporters, products)
    population : array (exporters,)

    Returns
    -------
    array (exporters, products)
        NaN in the column of a product without trade.
    """
    total = X.sum(axis=0)
    out: Array = X / np.where(total > 0, total, np.nan) / (population / population.sum())[:, None]
    return out


def present(X: Array, *, how: Presence, threshold: float, strict: bool, population: Array | None) -> Matrix:
    """The matrix M the complexity measures start from.

    "rca" and "rpop" compare the ratio with `threshold` (>=, or > when `strict`), a billionth of it being rounding, so
    that presence does not depend on the unit of money; "either" and "both" combine
    the two as booleans; "continuous" is R / (1 + R), R = RCA, which grades presence between 0 and 1 and is one
    half at R = 1; "given" takes the values themselves. Undefined ratios count as absence.
    """
    if how == "given":
        return X
    if how == "continuous":
        R = rca(X)
        return np.nan_to_num(R / (1 + R), nan=0.0)
    tests = [rca(X)] if how != "rpop" else []
    if how != "rca":
        assert population is not None
        tests.append(rpop(X, population))
    limit = threshold * (1 + ROUNDING if strict else 1 - ROUNDING)
    passed = [limit < R if strict else limit <= R for R in tests]  # NaN compares as False
    M = passed[0] if len(passed) == 1 else passed[0] | passed[1] if how == "either" else passed[0] & passed[1]
    return M.astype(np.float32)
