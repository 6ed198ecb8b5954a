"""`InterCountryTable`: the input-output table of any number of countries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from exportlab.errors import DataError, OptionError, one_of
from exportlab.files.paths import text_cells
from exportlab.frames import Array, Codes, Mask
from exportlab.text import printable
from exportlab.valueadded.cells import (
    Column,
    as_array,
    country_rows,
    final_columns,
    grouped,
    labelled,
    matrix,
    parted_last,
    unique,
    value_added_and_taxes,
    vector,
)
from exportlab.valueadded.footprints import satellite_rows
from exportlab.valueadded.validate import check_intercountry, report
from exportlab.words import N_, said

if TYPE_CHECKING:
    from exportlab.valueadded.decompose import Decomposition
    from exportlab.valueadded.leontief import Leontief
    from exportlab.valueadded.validate import Control, Validation


@dataclass(frozen=True, repr=False, eq=False)
class InterCountryTable:
    """An inter-country input-output table: G countries, n country-sectors, K columns of final demand.

    Build it with `from_frames`, `from_numpy` or a reader, which check every cell; the class itself does not.

    Attributes
    ----------
    rows : pandas.MultiIndex of length n, levels country, part, sector
        Country-major. `part` is the country itself, or a piece of it kept as rows of its own: the
        processing firms of a split country, or a member of a country group.
    countries : pandas.Index of length G
    Z : ndarray of shape (n, n)
        Intermediate deliveries, from row to column.
    F : ndarray of shape (n, K)
        Final demand; `final` names its columns.
    final : pandas.MultiIndex of length K, levels country, category
    x : ndarray of shape (n,)
        Output: always Z1 + F1, so that the identities are exact.
    va, taxes : ndarray of shape (n,)
        Value added, and what else is neither input nor value added (net product taxes); zero where value
        added is the residual.
    row_gap, column_gap : ndarray of shape (n,)
        Row sums less the output given, and value added given less what output leaves; zero where not given.
    unit, source : str
        The unit of every cell, and where the table comes from.
    controls : tuple of Control
        The totals that the file printed, compared with the sums of its cells; empty without a file.
    satellites : DataFrame
        Employment, emissions ... by country-sector: one row each, columns (part, sector) in the table's order.
    """

    rows: pd.MultiIndex
    countries: pd.Index
    Z: Array
    F: Array
    final: pd.MultiIndex
    x: Array
    va: Array
    taxes: Array
    row_gap: Array
    column_gap: Array
    unit: str = "unknown"
    source: str = ""
    controls: tuple[Control, ...] = ()
    satellites: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __repr__(self) -> str:
        return printable(
            f"<InterCountryTable: {len(self.countries)} countries, {len(self.rows):,} country-sectors, "
            f"exports {self.E.sum():,.6g} {self.unit}>"
        )

    @classmethod
    def from_frames(
        cls,
        Z: pd.DataFrame,
        Y: pd.DataFrame,
        *,
        value_added: Column | None = None,
        taxes: Column | Literal["remainder"] | None = None,
        output: Column | None = None,
        v: Literal["residual", "supplied"] = "residual",
        splits: Mapping[str, str] | None = None,
        sep: str = "_",
        tolerance: float = 1e-3,
        accept: Collection[str] = (),
        satellites: pd.DataFrame | pd.Series | None = None,
        unit: str = "unknown",
        source: str = "",
    ) -> InterCountryTable:
        """Build the table from labelled frames.

        Parameters
        ----------
        Z : DataFrame (n, n)
            Intermediate deliveries; rows and columns labelled (country, sector) by a MultiIndex, or by
            text such as ``AUS_01T03``. Countries keep the order in which they first appear in the rows;
            rows of one country may lie apart, and sectors may differ by country.
        Y : DataFrame (n, K)
            Final demand; columns labelled country, or (country, category), or text such as ``AUS_HFCE``.
        value_added, output : Series or sequence of length n, optional
            Supplied value added and output. They are compared with the residual and the row sums.
        taxes : Series, sequence or "remainder", optional
            Net product taxes on inputs; "remainder" takes what inputs and value added leave of output.
        v : {"residual", "supplied"}
            The value added that is decomposed: x - 1'Z, as decompr, exvatools and icio do (taxes on inputs
            then count as value added), or the supplied row, which adds a TAX term to every decomposition.
        splits : mapping, optional
            Parts to their country, as ``{"CN1": "CHN", "CN2": "CHN"}``: rows of their own, one exporter.
        sep : str
            What parts country and sector in text labels. Where it stands in a label more than once, the whole table
            decides which one parts it, or the labels are refused.
        tolerance : float
            Largest gap of a row or column balance, as a share of the row's output.
        accept : collection of {"negative_inputs", "column_sums"}
            Oddities that are kept instead of refused: negative cells of Z; columns of input coefficients
            that add up to 1 or more (value added zero or negative). `validate` still reports them.
        satellites : DataFrame or Series, optional
            Rows of employment, emissions ..., columns labelled as the rows of Z; see `embodied`.

        Raises
        ------
        DataError
            Labels missing, unknown or twice; a country without its block of Z or its final demand; text,
            missing or infinite cells; negative output or inputs; columns of input coefficients that add
            up to 1 or more; rows or columns that do not balance.
        """
        one_of("v", v, ("residual", "supplied"))
        for oddity in accept:
            one_of("accept", oddity, ("negative_inputs", "column_sums"))
        Z, Y = labelled(Z, "Z"), labelled(Y, "Y")
        last = parted_last(Z, Y, sep, splits or {})
        rows, flat = country_rows(Z, splits or {}, sep, last=last)
        countries = pd.Index(rows.get_level_values("country").unique(), name="country")
        final = final_columns(Y, countries, sep, last=last)
        z = matrix(Z, flat, flat, "Z")
        f = matrix(Y, flat, Y.columns, "Y")
        x = z.sum(axis=1) + f.sum(axis=1)
        inputs = z.sum(axis=0)
        rest = x - inputs
        supplied, tax = value_added_and_taxes(rest, value_added, taxes, flat)
        if v == "supplied" and supplied is None:
            raise OptionError(said("v='supplied' needs value_added=, or taxes= as a row."))
        own = rest if v == "residual" or supplied is None else supplied
        table = cls(
            rows=rows,
            countries=countries,
            Z=z,
            F=f,
            final=final,
            x=x,
            va=own,
            taxes=rest - own,
            row_gap=np.zeros_like(x) if output is None else x - vector(output, flat, N_("output")),
            column_gap=np.zeros_like(x) if supplied is None else supplied - (rest - tax),
            satellites=satellite_rows(satellites, flat, rows.droplevel("country")),
            unit=unit,
            source=source,
        )
        check_intercountry(table, supplied, tolerance, accept)
        return table

    @classmethod
    def from_numpy(
        cls,
        Z: npt.ArrayLike,
        Y: npt.ArrayLike,
        *,
        countries: Sequence[str],
        sectors: Sequence[str] | Sequence[Sequence[str]],
        final: Iterable[tuple[str, str]] | None = None,
        **options: Any,
    ) -> InterCountryTable:
        """Build the table from arrays in country-major order; options as in `from_frames`.

        `sectors` is one list for all countries, or one list a country. Y has one column a country, in
        the order of `countries`, unless `final` names its columns as (country, category).
        """
        unique(countries, N_("countries"))
        if not len(sectors):
            raise DataError(said("sectors= is empty"), said("Name one sector a row."))
        each = [sectors] * len(countries) if isinstance(sectors[0], str) else sectors
        labels = [(c, s) for c, own in zip(countries, each, strict=True) for s in own]
        rows = pd.MultiIndex.from_tuples(labels, names=["country", "sector"])
        columns = pd.Index(countries) if final is None else pd.MultiIndex.from_tuples(list(final))
        z, y = as_array(Z), as_array(Y)
        for what, a, shape in (("Z", z, (len(rows),) * 2), ("Y", y, (len(rows), len(columns)))):
            if a.shape != shape:
                raise DataError(
                    said("{what} has shape {shape}", what=what, shape=a.shape),
                    said("The labels ask for shape {shape}.", shape=shape),
                )
        return cls.from_frames(
            pd.DataFrame(z, index=rows, columns=rows, copy=False),
            pd.DataFrame(y, index=rows, columns=columns, copy=False),
            **options,
        )

    @classmethod
    def from_csv(cls, Z: str | Path, Y: str | Path, **options: Any) -> InterCountryTable:
        """Build the table from two CSV files with labels such as ``AUS_01T03`` in first row and column."""
        frames = [text_cells(path, index_col=0) for path in (Z, Y)]
        return cls.from_frames(*frames, **options)

    @cached_property
    def code(self) -> Codes:
        """Number of the country of each row, shape (n,)."""
        return np.asarray(self.countries.get_indexer(self.rows.get_level_values("country")), dtype=np.intp)

    @cached_property
    def starts(self) -> Codes:
        """First row of each country, shape (G,)."""
        return np.flatnonzero(np.r_[True, np.diff(self.code) != 0])

    @cached_property
    def blocks(self) -> list[slice]:
        """The rows of each country."""
        ends = [*self.starts[1:].tolist(), len(self.rows)]
        return [slice(a, b) for a, b in zip(self.starts.tolist(), ends, strict=True)]

    @cached_property
    def own(self) -> Mask:
        """Where the column's country is the row's, shape (n, G)."""
        return np.asarray(self.code[:, None] == np.arange(len(self.countries)))

    @cached_property
    def Y(self) -> Array:  # noqa: N802
        """Final demand by country, categories added up, shape (n, G)."""
        code = self.countries.get_indexer(self.final.get_level_values(0))
        if np.array_equal(code, np.arange(len(self.countries))):
            return self.F
        Y = np.zeros((len(self.rows), len(self.countries)))
        np.add.at(Y.T, code, self.F.T)
        return Y

    @cached_property
    def deliveries(self) -> Array:
        """Intermediate deliveries by country of use, shape (n, G)."""
        return np.asarray(np.add.reduceat(self.Z, self.starts, axis=1))

    @cached_property
    def E(self) -> Array:  # noqa: N802
        """Gross exports by importer, intermediate and final, zero at home, shape (n, G)."""
        return np.where(self.own, 0.0, self.deliveries + self.Y)

    @cached_property
    def leontief(self) -> Leontief:
        """The table in the field's letters: A, B, L, v and what follows from them, computed on first use."""
        from exportlab.valueadded.leontief import Leontief

        return Leontief(self)

    def exports(self, *, by: Sequence[str] = ("exporter", "sector", "importer")) -> pd.DataFrame:
        """Gross exports as a long table with columns exporter, sector, importer, EXGR, EXGR_INT, EXGR_FNL."""
        from exportlab.valueadded.decompose import exports

        return exports(self, by=by).wide()

    def decompose(self, method: str = "wwz", **options: Any) -> Decomposition:
        """Decompose gross exports; see `exportlab.valueadded.decompose`."""
        from exportlab.valueadded.decompose import decompose

        return decompose(self, method, **options)

    def validate(self, *, tolerance: float = 1e-6) -> Validation:
        """Report balance, signs, zero output, value added and column sums, with the worst cells."""
        return report(self, tolerance)

    def group(self, groups: Mapping[str, Iterable[str]]) -> InterCountryTable:
        """Merge countries into one exporter, as ``t.group({"EU": ["DEU", "FRA"]})``: see `labels.grouped`.

        Sectors of the members stay apart as rows, so no cell is aggregated: trade inside the group becomes
        domestic, and A, x and v of every row stay what they are.
        """
        rows, countries, final, order = grouped(self.rows, self.countries, self.final, groups)
        moved = {
            name: getattr(self, name)[order] for name in ("F", "x", "va", "taxes", "row_gap", "column_gap")
        }
        Z, satellites = self.Z[np.ix_(order, order)], self.satellites.iloc[:, order]
        return replace(self, rows=rows, countries=countries, final=final, Z=Z, satellites=satellites, **moved)

    def embodied(self, satellite: str | Column, **options: Any) -> pd.DataFrame:
        """Satellite embodied in gross exports: see `exportlab.valueadded.embodied`."""
        from exportlab.valueadded.footprints import embodied

        return embodied(self, satellite, **options)

    def footprint(self, satellite: str | Column, **options: Any) -> pd.DataFrame:
        """Satellite by origin and by final demand: see `exportlab.valueadded.footprint`."""
        from exportlab.valueadded.footprints import footprint

        return footprint(self, satellite, **options)

    def country_measures(self) -> pd.DataFrame:
        """Content of every country's exports, with no inverse formed: see `gvc.country_measures`."""
        from exportlab.valueadded.gvc import country_measures

        return country_measures(self)

    def participation(self, *, by: tuple[str, ...] = ("exporter",)) -> pd.DataFrame:
        """Shares of exports in value chains: see `gvc.participation`."""
        from exportlab.valueadded.gvc import participation

        return participation(self, by=by)

    def origin_matrix(
        self, of: Literal["exports", "final", "output"] = "exports", *, by: str = "country"
    ) -> pd.DataFrame:
        """Where the value added in exports, final demand or output comes from: see `gvc.origin_matrix`."""
        from exportlab.valueadded.gvc import origin_matrix

        return origin_matrix(self, of, by=by)

    def position(self) -> pd.DataFrame:
        """Upstreamness and downstreamness of every country-sector: see `position.position`."""
        from exportlab.valueadded.gvc import position

        return position(self)
