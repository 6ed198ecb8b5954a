"""The shape of every decomposition: axes, terms, and how (n, G) arrays are laid out as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.arrays import Array, Codes
from exportlab.results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.valueadded.intercountry import InterCountryTable


@dataclass(frozen=True, repr=False, eq=False)
class Decomposition(Result):
    """Terms of gross exports, or of imports for the importer perimeter.

    Attributes
    ----------
    method, approach, perimeter : str
        How exports were decomposed; approach and perimeter are "" where the method has none.
    labels : DataFrame
        The axes of every cell: some of exporter (origin, for the importer perimeter), part, sector, importer
        and third.
    terms : mapping of str to ndarray
        The value of every term in every row of `labels`, in the table's unit.
    origin : mapping of str to str
        Whose value added a term is: exporter, importer, foreign, third, world or taxes.
    additive : tuple of str
        The terms that add up to EXGR (with TAX where value added was supplied).
    """

    method: str
    approach: str
    perimeter: str
    labels: pd.DataFrame
    terms: Mapping[str, Array]
    origin: Mapping[str, str]
    additive: tuple[str, ...]
    unit: str = "unknown"
    flows: str = field(default="exports")

    @property
    def title(self) -> str:
        how = ", ".join(part for part in (self.approach, self.perimeter) if part)
        return f"{self.method} decomposition of {self.flows}{f' ({how})' if how else ''}, {self.unit}"

    def wide(self) -> pd.DataFrame:
        """One row a flow, one column a term."""
        return pd.concat([self.labels, pd.DataFrame(dict(self.terms), index=self.labels.index)], axis=1)

    @property
    def table(self) -> pd.DataFrame:
        """Long: the axes, `origin` (country whose value added it is, where it is one), `term`, `value`."""
        pieces = []
        for term, values in self.terms.items():
            piece = self.labels.copy(deep=False)
            whose = self.origin.get(term, "world")
            piece["origin"] = (
                piece[whose]
                if whose in piece
                else pd.Categorical.from_codes(
                    np.zeros(len(piece), dtype=np.intp), categories=pd.Index([whose])
                )
            )
            piece["term"], piece["value"] = term, values
            pieces.append(piece if "third" not in piece else piece[piece["value"].notna()])
        long = pd.concat(pieces, ignore_index=True)
        return long[[c for c in long.columns if c not in ("term", "value")] + ["term", "value"]]

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Stacked bars of the additive terms."""
        from exportlab.plots.valueadded import content_bars

        table = self.wide()
        label = self.labels[[c for c in self.labels if c != "third"]].astype(str).agg(" ".join, axis=1)
        parts = [p for p in (*self.additive, "TAX") if p in table]
        table = table.assign(label=label, exports=table[parts].sum(axis=1))
        return content_bars(
            table, **{"label": "label", "parts": parts, "ax": ax, "title": self.title} | options
        )


def category(values: pd.Index, codes: Codes | None = None) -> pd.Categorical:
    names = pd.Index(values.unique())
    at = names.get_indexer(values)
    return pd.Categorical.from_codes(at if codes is None else at[codes], categories=names)


def collect(
    t: InterCountryTable, arrays: Mapping[str, Array], axes: tuple[str, ...], keep: Codes, first: str
) -> tuple[pd.DataFrame, dict[str, Array]]:
    """Add (n, G) arrays up over the axes that are not kept, and lay them out one row a cell."""
    rows = np.flatnonzero(np.isin(t.code, keep))
    names = {"country" if a == first else a: a for a in axes if a != "importer"}
    heads, group = _groups(t.rows[rows].to_frame(index=False)[list(names)])
    G, bilateral = len(t.countries), "importer" in axes
    at_home = (
        t.own[rows[heads]] if first == "exporter" and "exporter" in axes else np.zeros((len(heads), G), bool)
    )
    cells = ~at_home.ravel()

    def lay(a: Array) -> Array:
        part = a[rows] if bilateral else a[rows].sum(axis=1)
        if len(heads) < len(rows):
            part, single = np.zeros((len(heads), *part.shape[1:])), part
            np.add.at(part, group, single)
        return np.asarray(part.ravel()[cells] if bilateral else part)

    i = np.repeat(np.arange(len(heads)), G)[cells] if bilateral else np.arange(len(heads))
    labels = pd.DataFrame(
        {a: category(t.rows.get_level_values(level)[rows[heads]], i) for level, a in names.items()}
    )
    if bilateral:
        labels["importer"] = category(t.countries, np.tile(np.arange(G), len(heads))[cells])
    return labels, {name: lay(a) for name, a in arrays.items()}


def _groups(frame: pd.DataFrame) -> tuple[Codes, Codes]:
    """First row of every distinct row of `frame`, and the number of the group of every row."""
    if frame.shape[1] == 0:
        return np.zeros(1, dtype=np.intp), np.zeros(len(frame), dtype=np.intp)
    number: Codes = np.asarray(frame.groupby(list(frame), sort=False).ngroup(), dtype=np.intp)
    return np.asarray(np.flatnonzero(~frame.duplicated().to_numpy()), dtype=np.intp), number
