"""`IOTable`: the input-output table of one economy, national or provincial."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from exportlab.errors import DataError
from exportlab.frames import Array
from exportlab.text import printable
from exportlab.valueadded import national
from exportlab.valueadded.cells import Column, labelled, matrix, ratio, unique, vector
from exportlab.valueadded.footprints import satellite_rows
from exportlab.valueadded.validate import Control, Validation, check_iotable, report_iotable
from exportlab.words import N_, said

if TYPE_CHECKING:
    from exportlab.valueadded.national import ExportContent
    from exportlab.valueadded.processing import ProcessingSplit
    from exportlab.valueadded.province import ProvinceContent


@dataclass(frozen=True, repr=False, eq=False)
class IOTable:
    """One economy's input-output table with n sectors.

    Build it with `from_frames` or `from_numpy`, which check every cell; the class itself does not.

    Attributes
    ----------
    kind : {"noncompetitive", "competitive"}
        Whether `Z` and `F` hold domestic products only (imports apart in `Zm`, `Fm`), or the total use
        of products whatever their origin, with imports as a column.
    sectors : pandas.Index
        The n sector labels, in the order of the rows of `Z` as given.
    Z, F : ndarray of shape (n, n), (n, k)
        Intermediate use, and final use inside the economy by category (exports not among them).
    Zm, Fm : ndarray of shape (n, n), (n, k)
        The same for imported products; all zero in a competitive table.
    final : tuple of str
        The k categories of final use.
    e, o : ndarray of shape (n,)
        Exports abroad 出口, and outflow to other regions of the country 调出.
    m, inflow : ndarray of shape (n,)
        Imports from abroad 进口 and inflow from other regions 调入 by product. In a non-competitive
        table `m` is the row sum of the imported block.
    error : ndarray of shape (n,)
        The statistical discrepancy 误差 of the row balance.
    x, va, taxes : ndarray of shape (n,)
        Output, value added, and net product taxes on inputs.
    unit : str
        The unit of every cell.
    controls : tuple of Control
        The totals that the file printed, compared with the sums of its cells; empty without a file.
    satellites : DataFrame
        Employment, emissions ... by sector: one row each, columns in the order of `sectors`.

    Notes
    -----
    Balance of a non-competitive table: x = Z1 + F1 + e + o + error; of a competitive one:
    x = Z1 + F1 + e + o - m - inflow + error. By column: x = 1'Z + 1'Zm + taxes + va.
    """

    kind: Literal["noncompetitive", "competitive"]
    sectors: pd.Index
    Z: Array
    F: Array
    Zm: Array
    Fm: Array
    final: tuple[str, ...]
    e: Array
    o: Array
    m: Array
    inflow: Array
    error: Array
    x: Array
    va: Array
    taxes: Array
    unit: str = "unknown"
    source: str = field(default="")
    controls: tuple[Control, ...] = ()
    satellites: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __repr__(self) -> str:
        return printable(
            f"<IOTable: {self.kind}, {len(self.sectors)} sectors, output {self.x.sum():,.6g} {self.unit}>"
        )

    @classmethod
    def from_frames(
        cls,
        Z: pd.DataFrame,
        *,
        final: pd.DataFrame | pd.Series,
        exports: Column,
        imported: pd.DataFrame | None = None,
        imported_final: pd.DataFrame | pd.Series | None = None,
        imports: Column | None = None,
        outflow: Column | None = None,
        inflow: Column | None = None,
        error: Column | None = None,
        output: Column | None = None,
        value_added: Column | None = None,
        taxes: Column | None = None,
        satellites: pd.DataFrame | pd.Series | None = None,
        tolerance: float = 1e-3,
        unit: str = "unknown",
        source: str = "",
    ) -> IOTable:
        """Build the table from labelled frames.

        Give `imported` (the imported intermediate block) for a non-competitive table, or `imports` (one
        column by product) for a competitive one: exactly one of the two.

        Parameters
        ----------
        Z : DataFrame (n, n)
            Intermediate use, sectors as row and column labels; the rows decide the order.
        final : DataFrame (n, k) or Series
            Final use inside the economy (consumption, capital formation, inventories), without exports.
        exports, outflow, imports, inflow, error : Series or sequence of length n
            Exports 出口, outflow 调出, imports 进口, inflow 调入, discrepancy 误差; positive numbers.
        imported, imported_final : DataFrame
            Intermediate and final use of imported products.
        output, value_added, taxes : Series or sequence of length n, optional
            Output (default: the row sums), value added (default: the residual of the columns), and net
            product taxes on inputs where the table has them as a row (default: none).
        satellites : DataFrame or Series, optional
            Rows of employment, emissions ..., columns labelled as the rows of Z; see `embodied`.
        tolerance : float
            Largest gap of a row or column balance, as a share of the sector's output.

        Raises
        ------
        DataError
            Unknown, missing or duplicate labels; text, missing or infinite cells; negative intermediate
            use, output, exports or imports; rows or columns that do not balance; a column of input
            coefficients that adds up to more than 1; neither or both of `imported` and `imports`.
        """
        _one_of_two(imported, imports)
        sectors = pd.Index(labelled(Z, "Z").index)
        unique(sectors, N_("the rows of Z"))
        n, zero = len(sectors), np.zeros(len(Z))

        def column(values: Column | None, what: str) -> Array:
            return zero.copy() if values is None else vector(values, sectors, what)

        F = labelled(final, N_("final use"))
        labels = pd.Index(F.columns)
        Fm = (
            imported_final.to_frame(F.columns[0]) if isinstance(imported_final, pd.Series) else imported_final
        )
        z = matrix(Z, sectors, sectors, "Z")
        zm = (
            np.zeros((n, n))
            if imported is None
            else matrix(imported, sectors, sectors, N_("the imported block"))
        )
        f = matrix(F, sectors, labels, N_("final use"))
        fm = np.zeros_like(f) if Fm is None else matrix(Fm, sectors, labels, N_("imported final use"))
        e, o = column(exports, N_("exports")), column(outflow, N_("outflow"))
        m = zm.sum(axis=1) + fm.sum(axis=1) if imports is None else column(imports, N_("imports"))
        nn, err, tax = column(inflow, N_("inflow")), column(error, N_("error")), column(taxes, N_("taxes"))
        competitive = imported is None
        rows = z.sum(axis=1) + f.sum(axis=1) + e + o + err - (m + nn if competitive else 0.0)
        x = rows if output is None else column(output, N_("output"))
        residual = x - z.sum(axis=0) - zm.sum(axis=0) - tax
        table = cls(
            kind="competitive" if competitive else "noncompetitive",
            sectors=sectors, Z=z, F=f, Zm=zm, Fm=fm, final=tuple(map(str, labels)), e=e, o=o, m=m,
            inflow=nn, error=err, x=x, taxes=tax, unit=unit, source=source,
            va=residual if value_added is None else column(value_added, N_("value added")),
            satellites=satellite_rows(satellites, sectors, sectors),
        )  # fmt: skip
        check_iotable(table, rows, residual, tolerance)
        return table

    @classmethod
    def from_numpy(
        cls,
        Z: npt.ArrayLike,
        *,
        sectors: list[str] | pd.Index,
        final: npt.ArrayLike,
        imported: npt.ArrayLike | None = None,
        imported_final: npt.ArrayLike | None = None,
        **columns: npt.ArrayLike | float | str | None,
    ) -> IOTable:
        """Build the table from arrays in one order, named by `sectors`; the rest as in `from_frames`."""
        index = pd.Index(sectors)

        def square(a: npt.ArrayLike, what: str) -> pd.DataFrame:
            values = np.asarray(a)
            if values.shape != (len(index), len(index)):
                raise DataError(
                    said(
                        "{what} has shape {shape} for {n} sectors",
                        what=what,
                        shape=values.shape,
                        n=len(index),
                    ),
                    said("It must be square, one row and one column a sector."),
                )
            return pd.DataFrame(values, index=index, columns=index)

        def wide(a: npt.ArrayLike) -> pd.DataFrame:
            values = np.asarray(a)
            values = values[:, None] if values.ndim == 1 else values
            if len(values) != len(index):
                raise DataError(
                    said("Final use has {rows} rows for {n} sectors", rows=len(values), n=len(index)),
                    said("It must have one row a sector."),
                )
            return pd.DataFrame(values, index=index)

        return cls.from_frames(
            square(Z, "Z"),
            final=wide(final),
            imported=None if imported is None else square(imported, "imported"),
            imported_final=None if imported_final is None else wide(imported_final),
            **columns,  # type: ignore[arg-type]
        )

    def validate(self, *, tolerance: float = 1e-6) -> Validation:
        """Report balance, signs, zero output, value added, column sums, transit, with the worst sectors."""
        return report_iotable(self, tolerance)

    def multipliers(self) -> pd.DataFrame:
        """Content of a unit of each sector's output shipped: see `single.multipliers`."""
        return national.multipliers(self)

    def domestic_content(self, exports: Column | None = None) -> ExportContent:
        """Domestic, imported and tax content of exports: see `single.domestic_content`."""
        return national.domestic_content(self, exports)

    def vertical_specialisation(self, exports: Column | None = None) -> pd.DataFrame:
        """Imported content of exports by sector: see `single.vertical_specialisation`."""
        return national.vertical_specialisation(self, exports)

    def embodied(self, satellite: str | Column, exports: Column | None = None) -> pd.DataFrame:
        """Satellite of the economy in its exports: see `exportlab.valueadded.embodied_at_home`."""
        from exportlab.valueadded.footprints import embodied_at_home

        return embodied_at_home(self, satellite, exports)

    def forward(self, exports: Column | None = None) -> pd.DataFrame:
        """Value added in exports by the sector that earned it: see `single.forward`."""
        return national.forward(self, exports)

    def upstreamness(self, *, inventories: Column | None = None) -> pd.DataFrame:
        """Distance from final use and from primary inputs: see `single.upstreamness`."""
        return national.upstreamness(self, inventories=inventories)

    def processing(self, **customs: Column) -> ProcessingSplit:
        """Ordinary and processing trade apart: the arguments of `processing.split_processing`."""
        from exportlab.valueadded.processing import split_processing

        return split_processing(self, **customs)

    def province(self, **options: Any) -> ProvinceContent:
        """Own, other-province and import content of shipments: the options of `province.province`."""
        from exportlab.valueadded.province import province

        return province(self, **options)

    def province_bounds(self, **options: Any) -> pd.DataFrame:
        """Bounds on it when the use of imports is unknown: the options of `province.province_bounds`."""
        from exportlab.valueadded.province import province_bounds

        return province_bounds(self, **options)

    @cached_property
    def v(self) -> Array:
        """Value added per unit of output; 0 where there is no output."""
        return ratio(self.va, self.x, empty=0.0)

    @cached_property
    def tau(self) -> Array:
        """Net product taxes on inputs per unit of output; 0 where there is no output."""
        return ratio(self.taxes, self.x, empty=0.0)

    @cached_property
    def A(self) -> Array:  # noqa: N802
        """Input coefficients of `Z` (domestic, or total in a competitive table), shape (n, n)."""
        return ratio(self.Z, self.x, empty=0.0)

    @cached_property
    def Am(self) -> Array:  # noqa: N802
        """Input coefficients of the imported block, shape (n, n)."""
        return ratio(self.Zm, self.x, empty=0.0)

    @cached_property
    def absorption(self) -> Array:
        """Use inside the economy, whatever its origin: Z1 + F1 (with the imported blocks)."""
        return np.asarray((self.Z + self.Zm).sum(axis=1) + (self.F + self.Fm).sum(axis=1))


def _one_of_two(imported: object, imports: object) -> None:
    """Refuse a table with neither its imported block nor its column of imports, or with both."""
    if (imported is None) == (imports is None):
        raise DataError(
            said("A table needs either its imported block or its column of imports"),
            said(
                "Pass imported= (non-competitive table) or imports= (competitive table). Without one of them all "
                "inputs would count as domestic, and domestic content would be 100 % by construction."
            ),
        )
