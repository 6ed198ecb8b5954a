"""What a table must satisfy: checks that refuse, and the report of `validate()`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.errors import DataError
from exportlab.frames import SMALLEST, Array
from exportlab.results import Result
from exportlab.valueadded.cells import (
    check_tolerance,
    refuse_coefficients,
    refuse_sums,
    refuse_totals,
    rounding_gap,
    show,
    worst,
)
from exportlab.words import N_, Said, said

if TYPE_CHECKING:
    from exportlab.valueadded.intercountry import InterCountryTable
    from exportlab.valueadded.iotable import IOTable


SUMS = N_("Output (the row sums of Z and Y)")


@dataclass(frozen=True)
class Control:
    """A total printed in a file beside what its cells add up to.

    Attributes
    ----------
    what : str
        Whether it is a row or a column, and what the file calls it.
    compared : int
        For how many sectors it is printed.
    deviation : float
        The largest gap, as a share of the total; `worst` is the sector that has it.
    """

    what: str
    compared: int
    deviation: float
    worst: str


def check_iotable(t: IOTable, rows: Array, residual: Array, tolerance: float) -> None:
    check_tolerance(tolerance)
    refuse_totals(t.sectors, N_("The sectors"), beside=N_("its parts"))
    refuse_sums(t.Z, t.sectors)
    refuse_coefficients(t.Z, t.x)
    for what, values in (("Z", t.Z), (N_("The imported block"), t.Zm)):
        if values.min(initial=0.0) < 0:
            i, j = divmod(int(values.argmin()), values.shape[1])
            raise DataError(
                said("{what} has negative cells", what=said(what)),
                said("Intermediate use cannot be negative."),
                rows=int((values < 0).sum()),
                first=_cell(repr(t.sectors[i]), repr(t.sectors[j]), values[i, j]),
            )
    for what, column in (
        (N_("Output"), t.x),
        (N_("Exports"), t.e),
        (N_("Outflow"), t.o),
        (N_("Inflow"), t.inflow),
    ):
        _not_negative(column, what, t.sectors)
        _not_vanishing(column, what, t.sectors)
    if t.kind == "competitive":
        _not_negative(t.m, N_("Imports"), t.sectors)
    _balanced(t, rows, tolerance)
    _viable(t.A.sum(axis=0) + t.Am.sum(axis=0), t.sectors)
    off = _relative(_beyond(t.va - residual, rounding_gap(t.Z)), t.x)
    if off.max(initial=0.0) > tolerance:
        raise DataError(
            _column_fails(t.va - residual, t.unit),
            said(
                "{units} Check its unit, pass product taxes as taxes=, or raise tolerance=.",
                units=_units(t.va, residual),
            ),
            rows=int((off > tolerance).sum()),
            first=_of_output(off, t.sectors),
        )


def _balanced(t: IOTable, rows: Array, tolerance: float) -> None:
    """Refuse rows whose uses are not their output."""
    gap = _beyond(rows - t.x, rounding_gap(t.Z))
    if _relative(gap, t.x).max(initial=0.0) > tolerance:
        looks_competitive = t.kind == "noncompetitive" and (gap >= -tolerance * t.x).all()
        raise DataError(
            said(
                "Rows do not balance: uses differ from output by {gap} {unit} in all",
                gap=f"{np.abs(gap).sum():.6g}",
                unit=said(t.unit),
            ),
            said(
                "Uses exceed output nowhere falling short, as they do when Z holds imported products too: a "
                "competitive table is passed with imports= instead of imported=."
            )
            if looks_competitive
            else said(
                "Check the final use columns, the discrepancy column and the units; or raise tolerance=."
            ),
            rows=int((_relative(gap, t.x) > tolerance).sum()),
            first=_of_output(_relative(gap, t.x), t.sectors),
        )


def _column_fails(gap: Array, unit: str) -> Said:
    return said(
        "Value added given is not output less inputs and taxes: the column balance fails by {gap} {unit} in all",
        gap=f"{np.abs(gap).sum():.6g}",
        unit=said(unit),
    )


def _cell(row: str, column: str, value: float) -> Said:
    return said("row {row}, column {column} is {value}", row=row, column=column, value=f"{value:.6g}")


def _of_output(off: Array, labels: pd.Index) -> Said:
    return said("{worst} of output", worst=worst(off, labels))


def _units(va: Array, residual: Array) -> Said:
    ratio = float(va.sum() / residual.sum()) if residual.sum() else np.nan
    times = f"{ratio:.4g}"
    if ratio > 0 and abs(np.log10(ratio)) > 0.5:
        return said(
            "Value added given is {times} times the residual: it looks like another unit.", times=times
        )
    return said("Value added given is {times} times the residual.", times=times)


def _beyond(gap: Array, slack: float) -> Array:
    """What of a gap the rounding of the figures does not explain."""
    return np.sign(gap) * np.maximum(np.abs(gap) - slack, 0.0)


def _relative(gap: Array, x: Array) -> Array:
    return np.abs(gap) / np.where(x > 0, x, max(float(x.mean()), 1e-300))


def _not_negative(column: Array, what: str, labels: pd.Index) -> None:
    if column.min(initial=0.0) < 0:
        raise DataError(
            said("{what} is negative", what=said(what)),
            said("It must be zero or more; imports and inflow are given as positive numbers."),
            rows=int((column < 0).sum()),
            first=worst(-column, labels),
        )


def _not_vanishing(column: Array, what: str, labels: pd.Index) -> None:
    tiny = (column > 0) & (column < SMALLEST)
    if tiny.any():
        raise DataError(
            said("{what} is below {least}, though not zero", what=said(what), least=f"{SMALLEST:g}"),
            said("Coefficients would overflow: write 0."),
            rows=int(tiny.sum()),
            first=show(labels[int(tiny.argmax())]),
        )


def check_intercountry(
    t: InterCountryTable, supplied: Array | None, tolerance: float, accept: Collection[str]
) -> None:
    """Refuse what makes the numbers meaningless."""
    check_tolerance(tolerance)
    names = t.rows.droplevel("country")
    refuse_totals(t.countries, N_("The countries"), beside=N_("its members"))
    refuse_totals(t.rows.get_level_values("sector").unique(), N_("The sectors"), beside=N_("its parts"))
    several = t.final[t.final.droplevel(1).duplicated(keep=False)].get_level_values(1)
    refuse_totals(several.unique(), N_("The categories of final demand"), beside=N_("its parts"))
    refuse_sums(t.Z, names)
    refuse_coefficients(t.Z, t.x)
    _not_negative(t.x, SUMS, names)
    _not_vanishing(t.x, SUMS, names)
    _inputs_fit(t, tolerance, accept, names)
    if supplied is not None:
        _value_added_fits(t, supplied, tolerance, names)


def _inputs_fit(t: InterCountryTable, tolerance: float, accept: Collection[str], names: pd.Index) -> None:
    """Refuse negative inputs, rows that do not balance, and inputs that leave no value added."""
    if t.Z.min(initial=0.0) < 0 and "negative_inputs" not in accept:
        i, j = divmod(int(t.Z.argmin()), t.Z.shape[1])
        raise DataError(
            said("{what} has negative cells", what="Z"),
            said(
                "Intermediate deliveries cannot be negative; accept=['negative_inputs'] keeps them as they are."
            ),
            rows=int((t.Z < 0).sum()),
            first=_cell(show(names[i]), show(names[j]), t.Z[i, j]),
        )
    off = _relative(_beyond(t.row_gap, rounding_gap(t.Z)), t.x)
    if off.max(initial=0.0) > tolerance:
        raise DataError(
            said(
                "Rows do not balance: uses miss output given by {gap} {unit} in all",
                gap=f"{np.abs(t.row_gap).sum():.6g}",
                unit=said(t.unit),
            ),
            said("Check Y (every category, also negative inventories) and the units; or raise tolerance=."),
            rows=int((off > tolerance).sum()),
            first=_of_output(off, names),
        )
    inputs = t.Z.sum(axis=0)
    dead = (t.x == 0) & (inputs > 0)
    if dead.any():
        raise DataError(
            said("Sectors with inputs have no output"),
            said("Their columns of Z must be zero too."),
            rows=int(dead.sum()),
            first=worst(np.where(dead, inputs, 0.0), names),
        )
    if "column_sums" not in accept:
        _viable(np.divide(inputs, t.x, out=np.zeros_like(inputs), where=t.x > 0), names)


def _value_added_fits(t: InterCountryTable, supplied: Array, tolerance: float, names: pd.Index) -> None:
    off = _relative(_beyond(t.column_gap, rounding_gap(t.Z)), t.x)
    rest = t.x - t.Z.sum(axis=0)
    if np.abs(rest - supplied).sum() > 0.5 * np.abs(rest).sum():
        raise DataError(
            said("Less than half of what inputs leave of output is value added, the rest would be taxes"),
            said("{units} Check its unit.", units=_units(supplied, rest)),
        )
    if off.max(initial=0.0) > tolerance:
        raise DataError(
            _column_fails(t.column_gap, t.unit),
            said(
                "{units} Check its unit, pass product taxes as taxes= (a row, or 'remainder'), or raise tolerance=.",
                units=_units(supplied, supplied - t.column_gap),
            ),
            rows=int((off > tolerance).sum()),
            first=_of_output(off, names),
        )


def _viable(inputs: Array, labels: pd.Index) -> None:
    """Refuse columns of input coefficients that add up to 1 or more: no value added is left."""
    over = inputs >= 1 - 1e-12
    if over.any():
        raise DataError(
            said("Inputs cost as much as the output they make, or more"),
            said(
                "The columns of the input coefficients must add up to less than 1: check the units of inputs and "
                "output. An inter-country table takes accept=['column_sums'] where value added is negative."
            ),
            rows=int(over.sum()),
            first=worst(np.where(over, inputs, 0.0), labels),
        )


@dataclass(frozen=True, repr=False, eq=False)
class Validation(Result):
    """What a table looks like, check by check.

    Attributes
    ----------
    table : DataFrame
        One row a check: check, rows (how many country-sectors or cells it concerns), largest (size of the
        worst, as a share of output where the check is a balance), worst (their labels), meaning.
    """

    table: pd.DataFrame
    of: str

    @property
    def title(self) -> str:
        return f"Validation of {self.of}"

    @property
    def balanced(self) -> bool:
        """Whether rows and columns balance within the tolerance."""
        rows = self.table.set_index("check")["rows"]
        return bool(rows[["row balance", "column balance"]].sum() == 0)


def report(t: InterCountryTable, tolerance: float) -> Validation:
    """The report of `InterCountryTable.validate`."""
    check_tolerance(tolerance)
    names = t.rows.droplevel("country")
    inputs, E = t.Z.sum(axis=0), t.E
    a = np.divide(inputs, t.x, out=np.zeros_like(inputs), where=t.x > 0)
    checks = [
        (
            "row balance",
            _relative(t.row_gap, t.x),
            tolerance,
            "uses differ from output given, share of output",
        ),
        ("column balance", _relative(t.column_gap, t.x), tolerance, "value added given misses the residual"),
        ("negative inputs", -t.Z.min(axis=1), 0.0, "sectors that deliver negative inputs"),
        ("negative final demand", -t.F.min(axis=1), 0.0, "inventories drawn down; terms may be negative"),
        ("negative exports", -E.min(axis=1), 0.0, "final demand abroad so negative that exports are"),
        ("zero output", (t.x == 0).astype(float), 0.0, "rows that make nothing; their coefficients are 0"),
        ("column sum of A >= 1", np.where(a >= 1 - 1e-12, a, 0.0), 0.0, "no value added is left"),
        ("negative value added", -t.va, 0.0, "shares of value added leave [0, 1]"),
    ]
    return _validation(checks, names, repr(t), t.controls, tolerance)


def report_iotable(t: IOTable, tolerance: float) -> Validation:
    """The report of `IOTable.validate`."""
    check_tolerance(tolerance)
    competitive = t.kind == "competitive"
    uses = t.Z.sum(axis=1) + t.F.sum(axis=1) + t.e + t.o + t.error
    rows = uses - (t.m + t.inflow if competitive else 0.0)
    residual = t.x - t.Z.sum(axis=0) - t.Zm.sum(axis=0) - t.taxes
    q = t.absorption
    bought = (t.m + t.inflow) if competitive else t.m
    mu = np.divide(bought, q, out=np.zeros_like(q), where=q > 0)
    a = t.A.sum(axis=0) + t.Am.sum(axis=0)
    checks = [
        ("row balance", _relative(rows - t.x, t.x), tolerance, "uses differ from output, share of output"),
        ("column balance", _relative(t.va - residual, t.x), tolerance, "value added against the residual"),
        ("negative final use", -t.F.min(axis=1, initial=0.0), 0.0, "inventories drawn down"),
        ("zero output", (t.x == 0).astype(float), 0.0, "rows that make nothing; their coefficients are 0"),
        ("column sum of A >= 1", np.where(a >= 1 - 1e-12, a, 0.0), 0.0, "no value added is left"),
        ("negative value added", -t.va, 0.0, "shares of value added leave [0, 1]"),
        ("transit share > 1", np.where(mu > 1, mu, 0.0), 0.0, "imports and inflow exceed use: re-exports"),
        ("discrepancy", _relative(t.error, t.x), tolerance, "error column, share of output"),
    ]
    return _validation(checks, t.sectors, repr(t), t.controls, tolerance)


def _validation(
    checks: list[tuple[str, Array, float, str]],
    names: pd.Index,
    of: str,
    controls: Collection[Control],
    tolerance: float,
) -> Validation:
    rows = [
        {
            "check": check,
            "rows": int((size > limit).sum()),
            "largest": max(0.0, float(size.max(initial=0.0))),  # of -0.0 and 0.0 the first
            "worst": worst(np.where(size > limit, size, 0.0), names),
            "meaning": meaning,
        }
        for check, size, limit, meaning in checks
    ]
    rows += [
        {
            "check": f"printed total: {control.what}",
            "rows": int(control.deviation > tolerance),
            "largest": control.deviation,
            "worst": control.worst,
            "meaning": f"compared with the sum of its cells for {control.compared:,} sectors; share of the total",
        }
        for control in controls
    ]
    return Validation(pd.DataFrame(rows), of)
