"""One region's exports in a country's multi-regional table: which regions earn the value added."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.errors import DataError, UnknownName
from exportlab.frames import Array
from exportlab.options import validated
from exportlab.results import Result
from exportlab.valueadded.cells import Column, vector
from exportlab.valueadded.intercountry import InterCountryTable
from exportlab.valueadded.leontief import leontief_inverse
from exportlab.valueadded.national import refuse_competitive

if TYPE_CHECKING:
    from exportlab.valueadded.iotable import IOTable


@dataclass(frozen=True, repr=False, eq=False)
class RegionalContent(Result):
    """Where in the country the value added in one region's exports arises.

    Attributes
    ----------
    table : DataFrame
        One row a region of the country, then `imported` and `tax`: `origin`, `value` in `unit`, `share`
        of the region's exports. The rows add up to the exports.
    sectors : DataFrame
        `region`, `sector`, `value_added`.
    """

    table: pd.DataFrame
    sectors: pd.DataFrame
    region: str
    unit: str

    @property
    def title(self) -> str:
        own = self.table.loc[self.table["origin"] == self.region, "share"].sum()
        nation = self.national_share
        return f"Exports of {self.region}: {own:.1%} its own value added, {nation:.1%} the country's"

    @property
    def national_share(self) -> float:
        """Value added of all regions of the country, as a share of exports."""
        return float(self.table["share"].iloc[:-2].sum(skipna=False))


@dataclass(frozen=True)
class _Country:
    """One country of regions: coefficients of its own and of imported inputs, v, tau, and exports abroad."""

    labels: pd.Index
    A: Array
    am: Array
    v: Array
    tau: Array
    e: Array


@validated
def multiregional(
    t: IOTable | InterCountryTable,
    region: str,
    exports: Column | None = None,
    *,
    abroad: Collection[str] = ("ROW",),
) -> RegionalContent:
    """Value added by region of origin in one region's exports, from a country's multi-regional table.

    Parameters
    ----------
    t : IOTable or InterCountryTable
        Non-competitive with (region, sector) labels: Z holds the flows among the country's regions, the
        imported block those from abroad, e exports abroad. Or a table whose "countries" are the regions
        (as `read_ceads` gives) and those named in `abroad`.
    region : str
        The exporting region.
    exports : Series by (region, sector) or sequence, optional
        In place of the table's exports; only those of `region` count.
    abroad : collection of str
        The countries of an inter-country table that are not regions of the country.

    Returns
    -------
    RegionalContent
        v^ (I - A)^-1 [e_region; 0] summed by region, 1'A^m (I - A)^-1 [e_region; 0] and the taxes. Unlike
        the two-tier rule it follows inputs that leave the region and come back.

    Raises
    ------
    DataError
        The table is competitive, or its labels are not (region, sector), or nothing is abroad.
    UnknownName
        `region` is not in the table.
    """
    c = _from_intercountry(t, abroad) if isinstance(t, InterCountryTable) else _from_single(t)
    regions = np.array([r for r, _ in c.labels], dtype=object)
    if region not in regions:
        raise UnknownName("region", region, map(str, regions))
    e = (c.e if exports is None else vector(exports, c.labels, "exports")) * (regions == region)
    made = leontief_inverse(c.A) @ e
    sectors = [sector for _, sector in c.labels]
    earned = pd.DataFrame({"region": regions, "sector": sectors, "value_added": c.v * made})
    value = earned.groupby("region", sort=False)["value_added"].sum()
    value["imported"], value["tax"] = c.am @ made, c.tau @ made
    shares = value.to_numpy() / (e.sum() or np.nan)
    table = pd.DataFrame({"origin": value.index, "value": value.to_numpy(), "share": shares})
    return RegionalContent(table, earned, region, t.unit)


def _from_single(t: IOTable) -> _Country:
    refuse_competitive(t)
    if not all(isinstance(label, tuple) and len(label) == 2 for label in t.sectors):
        raise DataError("The labels are not (region, sector)", "Use a MultiIndex of regions and sectors.")
    return _Country(t.sectors, t.A, t.Am.sum(axis=0), t.v, t.tau, t.e)


def _from_intercountry(t: InterCountryTable, abroad: Collection[str]) -> _Country:
    for name in abroad:
        if name not in t.countries:
            raise UnknownName("country of the table", name, map(str, t.countries))
    foreign = t.rows.get_level_values(0).isin(list(abroad))
    if foreign.all() or not foreign.any():
        raise DataError(
            "No country is abroad, or all are", "Name in abroad= what is not a region of the country."
        )
    home = np.flatnonzero(~foreign)
    x = t.x[home]
    bought = np.asarray(t.final.get_level_values(0).isin(list(abroad)))
    e = t.Z[home][:, foreign].sum(axis=1) + t.F[home][:, bought].sum(axis=1)
    rows = t.rows[home]
    labels = pd.Index(
        [(p, s) for p, s in zip(rows.get_level_values(1), rows.get_level_values(2), strict=True)]
    )
    A, am, v, tau = (
        np.divide(a, x, out=np.zeros_like(a), where=x != 0)
        for a in (t.Z[np.ix_(home, home)], t.Z[foreign][:, home].sum(axis=0), t.va[home], t.taxes[home])
    )
    return _Country(labels, A, am, v, tau, e)
