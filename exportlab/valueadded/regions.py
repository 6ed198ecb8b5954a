"""One region's exports in a country's multi-regional table: which regions earn the value added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.errors import DataError, UnknownName
from exportlab.results import Result
from exportlab.valueadded.cells import Column, vector
from exportlab.valueadded.single import leontief, refuse_competitive

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


def multiregional(t: IOTable, region: str, exports: Column | None = None) -> RegionalContent:
    """Value added by region of origin in one region's exports, from a country's multi-regional table.

    Parameters
    ----------
    t : IOTable
        Non-competitive, with (region, sector) labels: Z holds the flows among the country's regions,
        the imported block those from abroad, e exports abroad.
    region : str
        The exporting region.
    exports : Series by (region, sector) or sequence, optional
        In place of the table's exports; only those of `region` count.

    Returns
    -------
    RegionalContent
        v^ (I - A)^-1 [e_region; 0] summed by region, 1'A^m (I - A)^-1 [e_region; 0] and the taxes. Unlike
        the two-tier rule it follows inputs that leave the region and come back.

    Raises
    ------
    DataError
        The table is competitive or its labels are not (region, sector).
    UnknownName
        `region` is not in the table.
    """
    refuse_competitive(t)
    labels = list(t.sectors)
    if not all(isinstance(label, tuple) and len(label) == 2 for label in labels):
        raise DataError("The labels are not (region, sector)", "Use a MultiIndex of regions and sectors.")
    regions = np.array([region for region, _ in labels], dtype=object)
    if region not in regions:
        raise UnknownName("region", region, map(str, regions))
    e = (t.e if exports is None else vector(exports, t.sectors, "exports")) * (regions == region)
    made = leontief(t.A) @ e
    earned = pd.DataFrame(
        {"region": regions, "sector": [sector for _, sector in labels], "value_added": t.v * made}
    )
    value = earned.groupby("region", sort=False)["value_added"].sum()
    value["imported"], value["tax"] = t.Am.sum(axis=0) @ made, t.tau @ made
    total = e.sum() or np.nan
    table = pd.DataFrame(
        {"origin": value.index, "value": value.to_numpy(), "share": value.to_numpy() / total}
    )
    return RegionalContent(table, earned, region, t.unit)
