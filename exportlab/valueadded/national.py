"""One economy's table: what a unit of exports is made of, who made it, and how far it is from final use.

The letters are the field's: A domestic and Am imported input coefficients, v value added and tau net
product taxes per unit of output, L = (I - A)^-1, e exports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError
from exportlab.frames import Array
from exportlab.results import Result
from exportlab.valueadded.cells import Column, vector, worst
from exportlab.valueadded.leontief import leontief_inverse
from exportlab.words import N_, said

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.valueadded.iotable import IOTable


@dataclass(frozen=True, repr=False, eq=False)
class ExportContent(Result):
    """What one economy's exports are made of.

    Attributes
    ----------
    table : DataFrame
        By exporting sector: `exports`, `domestic` (value added at home, in any sector), `imported`
        (vertical specialisation of Hummels, Ishii and Yi), `tax` (net product taxes on inputs), each in
        `unit`, and the shares `domestic_share`, `imported_share`, `tax_share` (NaN where a sector
        exports nothing).
    origin : DataFrame of shape (n, n)
        Value added of the row's sector contained in the exports of the column's sector.
    unit : str
        Unit of the flows.
    """

    table: pd.DataFrame
    origin: pd.DataFrame
    unit: str
    source: str = ""

    @property
    def title(self) -> str:
        return (
            f"Of {self.exports:,.6g} {self.unit} exported: {self.domestic_share:.1%} domestic value added, "
            f"{self.vs_share:.1%} imported, {self.tax_share:.1%} product taxes"
        )

    @property
    def exports(self) -> float:
        """Total exports."""
        return float(self.table["exports"].sum())

    @property
    def domestic_share(self) -> float:
        """Domestic value added, as a share of exports (NaN without exports)."""
        return self._share("domestic")

    @property
    def vs_share(self) -> float:
        """Imported inputs, direct and indirect, as a share of exports: the VS share."""
        return self._share("imported")

    @property
    def tax_share(self) -> float:
        """Net product taxes on inputs, as a share of exports."""
        return self._share("tax")

    def _share(self, part: str) -> float:
        return float(self.table[part].sum()) / self.exports if self.exports else float("nan")

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Stacked bars by exporting sector; options as in `plots.valueadded.content_bars`."""
        from exportlab.plots.valueadded import content_bars

        return content_bars(self.table, ax=ax, **{"source": self.source or None, **options})


def refuse_competitive(t: IOTable) -> None:
    """Refuse a table whose coefficients do not tell imports apart."""
    if t.kind == "competitive":
        raise DataError(
            said(
                "A competitive table does not tell domestic inputs from imported ones: v(I - A)^-1 is 1 for every "
                "sector, so domestic content would be 100 % whatever the economy imports"
            ),
            said(
                "Use province(...), which takes imports and inflow out of the coefficients, or a non-competitive "
                "table with its imported block."
            ),
        )


def multipliers(t: IOTable) -> pd.DataFrame:
    r"""Content of one unit of each sector's final use or exports.

    Parameters
    ----------
    t : IOTable
        A non-competitive table of n sectors.

    Returns
    -------
    DataFrame of n rows
        `sector`; `direct` = v, the sector's own value added; `domestic` = vL, value added anywhere at
        home; `imported` = 1'A^m L; `tax` = tau L; `output` = 1'L, the output multiplier. `domestic +
        imported + tax` is 1 where value added is the residual of the table. A sector without output
        has NaN.

    Raises
    ------
    DataError
        The table is competitive, or not productive.

    Notes
    -----
    Leontief (1936); Hummels, Ishii and Yi (2001), Journal of International Economics 54(1).
    """
    refuse_competitive(t)
    L = leontief_inverse(t.A)
    rows = {
        "direct": t.v,
        "domestic": t.v @ L,
        "imported": t.Am.sum(axis=0) @ L,
        "tax": t.tau @ L,
        "output": L.sum(axis=0),
    }
    made = t.x > 0
    return pd.DataFrame({"sector": t.sectors, **{k: np.where(made, r, np.nan) for k, r in rows.items()}})


def domestic_content(t: IOTable, exports: Column | None = None) -> ExportContent:
    r"""Domestic value added, imported content and tax content of exports.

    Parameters
    ----------
    t : IOTable
        A non-competitive table of n sectors.
    exports : Series by sector or sequence of n numbers, optional
        Exports in the table's unit (default: the table's own exports).

    Returns
    -------
    ExportContent
        DVA_j = (vL)_j e_j, VS_j = (1'A^m L)_j e_j, tax_j = (tau L)_j e_j, with L = (I - A)^-1.

    Raises
    ------
    DataError
        The table is competitive; exports carry foreign labels, are negative, or come from a sector
        that has no output.

    Notes
    -----
    Hummels, Ishii and Yi (2001), Journal of International Economics 54(1): 75-96. Exports of every
    sector are taken to be made like its other output; where processing trade is large that puts the
    imported content too low (see `split_processing`).
    """
    refuse_competitive(t)
    e = _exports(t, exports)
    L = leontief_inverse(t.A)
    parts = {"domestic": t.v @ L * e, "imported": t.Am.sum(axis=0) @ L * e, "tax": t.tau @ L * e}
    origin = pd.DataFrame(t.v[:, None] * L * e, index=t.sectors, columns=t.sectors)
    return ExportContent(content_table(t.sectors, e, parts), origin, t.unit, t.source)


def content_table(sectors: pd.Index, e: Array, parts: dict[str, Array]) -> pd.DataFrame:
    """Exports and their parts by sector, in levels and as shares (NaN where nothing is exported)."""
    table = pd.DataFrame({"sector": sectors, "exports": e, **parts})
    for name, part in parts.items():
        table[f"{name}_share"] = np.divide(part, e, out=np.full_like(e, np.nan), where=e != 0)
    return table


def vertical_specialisation(t: IOTable, exports: Column | None = None) -> pd.DataFrame:
    r"""Imported content of exports by exporting sector (Hummels, Ishii and Yi 2001).

    Returns
    -------
    DataFrame of n + 1 rows
        `sector`, `exports`, `vs` (in the table's unit), `vs_share` of the sector's own exports, and
        `contribution` = vs / total exports; the last row, `Total`, is the economy.
    """
    content = domestic_content(t, exports)
    table = content.table[["sector", "exports", "imported", "imported_share"]]
    table = table.set_axis(["sector", "exports", "vs", "vs_share"], axis=1)
    total = {
        "sector": ["Total"],
        "exports": [content.exports],
        "vs": [float(table["vs"].sum())],
        "vs_share": [content.vs_share],
    }
    out = pd.concat([table, pd.DataFrame(total)], ignore_index=True)
    return out.assign(contribution=out["vs"] / (content.exports or np.nan))


def forward(t: IOTable, exports: Column | None = None) -> pd.DataFrame:
    r"""Value added in exports by the sector that earned it, whoever shipped the goods.

    Returns
    -------
    DataFrame of n rows
        `sector`; `value_added` = (v^ L e)_i; `direct` = v_i e_i, in the sector's own exports at the last
        step; `indirect` = the rest, through its products in the making of exports; `exports`; `ratio` =
        value_added / exports, above 1 for suppliers such as services, NaN without exports; `share` of all
        value added in exports.

    Notes
    -----
    The forward (origin sector) view of Johnson and Noguera (2012) in a single table. Its sum equals the
    sum of `domestic` in `domestic_content`.
    """
    refuse_competitive(t)
    e = _exports(t, exports)
    earned = t.v * (leontief_inverse(t.A) @ e)
    total = earned.sum()
    return pd.DataFrame(
        {
            "sector": t.sectors,
            "value_added": earned,
            "direct": t.v * e,
            "indirect": earned - t.v * e,
            "exports": e,
            "ratio": np.divide(earned, e, out=np.full_like(e, np.nan), where=e != 0),
            "share": earned / total if total else np.full_like(e, np.nan),
        }
    )


def upstreamness(t: IOTable, *, inventories: Column | None = None) -> pd.DataFrame:
    r"""Distance from final use, and from primary inputs, in the table of an open economy.

    Parameters
    ----------
    t : IOTable
        Competitive, or non-competitive (the imported block is then added to the domestic one).
    inventories : Series by sector or sequence, optional
        Net change of inventories, which is taken out of absorption (default: none is taken out).

    Returns
    -------
    DataFrame of n rows
        `sector`, `upstreamness` U = (I - D)^-1 1 with D_ij = z_ij / (x_i - e_i + m_i - inventories_i), and
        `downstreamness` = (I - A')^-1 1 with A all inputs per unit of output. Both are at least 1 for
        non-negative use. NaN where a sector is not absorbed (U) or has no output (downstreamness).

    Notes
    -----
    Antràs, Chor, Fally and Hillberry (2012), American Economic Review 102(3): exports and imports are
    taken to be used like home absorption, so the divisor is x - e + m (outflow and inflow count as trade
    too). Programs that divide by x + e - m use the other sign.
    """
    absorbed = t.absorption - (
        0.0 if inventories is None else vector(inventories, t.sectors, N_("inventories"))
    )
    if (absorbed < 0).any():
        raise DataError(
            said("Absorption is negative, so upstreamness is not defined"),
            said("Pass the change of inventories=, or check exports and imports."),
            rows=int((absorbed < 0).sum()),
            first=worst(-absorbed, t.sectors, 1),
        )
    D = np.divide(t.Z + t.Zm, absorbed[:, None], out=np.zeros_like(t.Z), where=absorbed[:, None] > 0)
    U = leontief_inverse(D).sum(axis=1)
    back = leontief_inverse(t.A + t.Am).sum(axis=0)
    return pd.DataFrame(
        {
            "sector": t.sectors,
            "upstreamness": np.where(absorbed > 0, U, np.nan),
            "downstreamness": np.where(t.x > 0, back, np.nan),
        }
    )


def _exports(t: IOTable, exports: Column | None) -> Array:
    e = t.e if exports is None else vector(exports, t.sectors, N_("exports"))
    bad = (e < 0) | ((t.x <= 0) & (e != 0))
    if bad.any():
        raise DataError(
            said("Exports are negative, or come from a sector without output"),
            said("Give exports of zero or more, of sectors that the table has output for."),
            rows=int(bad.sum()),
            first=worst(np.where(bad, np.abs(e), 0.0), t.sectors, 1),
        )
    return e
