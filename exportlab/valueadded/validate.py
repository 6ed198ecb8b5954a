"""What a table must satisfy: checks that refuse, and the report of `validate()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.errors import DataError
from exportlab.valueadded.cells import Array, worst

if TYPE_CHECKING:
    from exportlab.valueadded.iotable import IOTable


def check_iotable(t: IOTable, rows: Array, residual: Array, tolerance: float) -> None:
    for what, values in (("Z", t.Z), ("The imported block", t.Zm)):
        if values.min(initial=0.0) < 0:
            i, j = divmod(int(values.argmin()), values.shape[1])
            raise DataError(
                f"{what} has negative cells",
                "Intermediate use cannot be negative.",
                rows=int((values < 0).sum()),
                first=f"row {t.sectors[i]!r}, column {t.sectors[j]!r} is {values[i, j]:.6g}",
            )
    for what, column in (("Output", t.x), ("Exports", t.e), ("Outflow", t.o), ("Inflow", t.inflow)):
        _not_negative(column, what, t.sectors)
    if t.kind == "competitive":
        _not_negative(t.m, "Imports", t.sectors)
    gap = rows - t.x
    if _relative(gap, t.x).max(initial=0.0) > tolerance:
        looks_competitive = t.kind == "noncompetitive" and (gap >= -tolerance * t.x).all()
        raise DataError(
            f"Rows do not balance: uses differ from output by {np.abs(gap).sum():.6g} {t.unit} in all",
            "Uses exceed output nowhere falling short, as they do when Z holds imported products too: a "
            "competitive table is passed with imports= instead of imported=."
            if looks_competitive
            else "Check the final use columns, the discrepancy column and the units; or raise tolerance=.",
            rows=int((_relative(gap, t.x) > tolerance).sum()),
            first=worst(_relative(gap, t.x), t.sectors) + " of output",
        )
    A = t.A.sum(axis=0) + t.Am.sum(axis=0)
    if (A > 1 + 1e-9).any():
        raise DataError(
            "Inputs cost more than the output they make",
            "The columns of the input coefficients must add up to 1 at most: check the units of output.",
            rows=int((A > 1 + 1e-9).sum()),
            first=worst(np.where(A > 1 + 1e-9, A, 0.0), t.sectors),
        )
    off = _relative(t.va - residual, t.x)
    if off.max(initial=0.0) > tolerance:
        raise DataError(
            "Value added given is not output less inputs and taxes: the column balance fails by "
            f"{np.abs(t.va - residual).sum():.6g} {t.unit} in all",
            f"{_units(t.va, residual)} Check its unit, pass product taxes as taxes=, or raise tolerance=.",
            rows=int((off > tolerance).sum()),
            first=worst(off, t.sectors) + " of output",
        )


def _units(va: Array, residual: Array) -> str:
    ratio = float(va.sum() / residual.sum()) if residual.sum() else np.nan
    if ratio > 0 and abs(np.log10(ratio)) > 0.5:
        return f"Value added given is {ratio:.4g} times the residual: it looks like another unit."
    return f"Value added given is {ratio:.4g} times the residual."


def _relative(gap: Array, x: Array) -> Array:
    return np.abs(gap) / np.where(x > 0, x, max(float(x.mean()), 1e-300))


def _not_negative(column: Array, what: str, labels: pd.Index) -> None:
    if column.min(initial=0.0) < 0:
        raise DataError(
            f"{what} is negative",
            "It must be zero or more; imports and inflow are given as positive numbers.",
            rows=int((column < 0).sum()),
            first=worst(-column, labels),
        )
