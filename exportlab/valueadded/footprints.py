"""Satellite rows, such as employment or CO2 by sector: what of them is embodied in exports and in final demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.frames import Array
from exportlab.options import validated
from exportlab.valueadded.cells import Column, labelled, matrix, ratio, unique, vector
from exportlab.valueadded.leontief import leontief_inverse
from exportlab.valueadded.national import refuse_competitive
from exportlab.words import N_, said

if TYPE_CHECKING:
    from exportlab.valueadded.intercountry import InterCountryTable
    from exportlab.valueadded.iotable import IOTable

AXES = ("origin", "exporter", "part", "sector", "importer")


def satellite_rows(
    given: pd.DataFrame | pd.Series | str | None, labels: pd.Index, names: pd.Index
) -> pd.DataFrame:
    """Satellites as a table keeps them: one row each, columns in the table's order under the table's names."""
    if given is None:
        return pd.DataFrame(np.zeros((0, len(names))), columns=names)
    if isinstance(given, str):
        raise OptionError(
            said(
                "satellites={pattern} chooses rows by name in EORA26 and EXIOBASE 3 alone. Rows of emissions and "
                "employment in a bureau's table are taken without it; of others give a DataFrame.",
                pattern=repr(given),
            )
        )
    frame = given.to_frame().T if isinstance(given, pd.Series) else labelled(given, N_("satellites"))
    unique(frame.index, N_("satellites"))
    return pd.DataFrame(matrix(frame, frame.index, labels, N_("satellites")), frame.index, names)


def intensity(t: InterCountryTable | IOTable, satellite: str | Column) -> Array:
    """Satellite per unit of output, 0 where there is no output; a row of the table, or one number a sector."""
    if isinstance(satellite, str):
        if satellite not in t.satellites.index:
            raise UnknownName(said("satellite of the table"), satellite, map(str, t.satellites.index))
        row = t.satellites.loc[satellite].to_numpy(dtype=np.float64)
    else:
        row = vector(satellite, t.satellites.columns, N_("the satellite"))
    idle = (t.x == 0) & (row != 0)
    if idle.any():
        raise DataError(
            said("Sectors without output have a satellite"),
            said(
                "Nothing of it is embodied in any delivery: take it out, or add it to a sector that makes something."
            ),
            rows=int(idle.sum()),
            first=repr(t.satellites.columns[int(idle.argmax())]),
        )
    return ratio(row, t.x, empty=0.0)


@validated
def embodied(
    t: InterCountryTable,
    satellite: str | Column,
    *,
    by: Sequence[str] = ("exporter", "sector", "importer"),
    code: str = "",
) -> pd.DataFrame:
    r"""Satellite embodied in gross exports: f̂ B E, by whoever exports, to whom, and where it arises.

    Parameters
    ----------
    t : InterCountryTable
    satellite : str or Series
        A row of `t.satellites`, or one number a country-sector.
    by : sequence of {"origin", "exporter", "part", "sector", "importer"}
        The axes that stay apart; the rest is added up.
    code : str
        The end of the columns' names: "CO2" gives OECD's TECO2 names (EXGR_DCO2, EXGR_FCO2, EXGR_TCO2), "EM" those of
        TiM. Default: the satellite's own name, or "" of a Series.

    Returns
    -------
    DataFrame
        The axes, EXGR in the table's unit, then in the satellite's: EXGR_D..., arisen in the exporter, EXGR_F...,
        arisen abroad, EXGR_T..., both; and EXGR_T...INT, both per unit of exports. With "origin" among the axes there
        is one row an origin, EXGR is left out, and so is what is per unit.

    Notes
    -----
    The satellite of origin u in exports E_ir of sector i of country s to r is (f_u B_u)_i E_ir. Content is counted
    each time it crosses a border, as in OECD's EXGR_T: `footprint` counts it once.

    References
    ----------
    OECD, Trade in employment (TiM) and Carbon dioxide emissions embodied in international trade (TECO2).
    """
    for axis in by:
        one_of("by", axis, AXES)
    q, f = t.leontief, intensity(t, satellite)
    code = code or (satellite if isinstance(satellite, str) else "")
    content = np.add.reduceat(
        f[:, None] * q.B, t.starts, axis=0
    )  # (f_u B_u)_i: origin down, exporting row across
    domestic = content[t.code, np.arange(len(t.x))]
    axes = [a for a in AXES if a in by and a != "origin"]
    cells = _cells(t)
    if "origin" in by:
        rows = [
            cells.assign(origin=str(country), **{f"EXGR_T{code}": (content[u][:, None] * t.E)[~t.own]})
            for u, country in enumerate(t.countries)
        ]
        return _added(pd.concat(rows, ignore_index=True), ["origin", *axes], [f"EXGR_T{code}"])
    total = content.sum(axis=0)
    terms = {"EXGR": t.E, f"EXGR_D{code}": domestic[:, None] * t.E}
    terms |= {f"EXGR_F{code}": (total - domestic)[:, None] * t.E, f"EXGR_T{code}": total[:, None] * t.E}
    made = _added(cells.assign(**{name: a[~t.own] for name, a in terms.items()}), axes, list(terms))
    per = ratio(made[f"EXGR_T{code}"].to_numpy(), made["EXGR"].to_numpy())
    return made.assign(**{f"EXGR_T{code}INT": per})


def _cells(t: InterCountryTable) -> pd.DataFrame:
    """The labels of every flow of exports, in the order of E where the importer is not at home."""
    rows, G = t.rows.to_frame(index=False), len(t.countries)
    long = rows.loc[rows.index.repeat(G)].reset_index(drop=True).rename(columns={"country": "exporter"})
    return long.assign(importer=np.tile(t.countries.to_numpy(), len(rows)))[~t.own.ravel()].reset_index(
        drop=True
    )


def _added(long: pd.DataFrame, axes: list[str], terms: list[str]) -> pd.DataFrame:
    if not axes:
        return long[terms].sum().to_frame().T
    return long.groupby(axes, sort=False, observed=True)[terms].sum().reset_index()


@validated
def footprint(t: InterCountryTable, satellite: str | Column, *, code: str = "") -> pd.DataFrame:
    r"""Satellite by the country where it arises and the country whose final demand causes it.

    Returns
    -------
    DataFrame
        One row a country, in the satellite's unit: ``PROD_`` what arises in it; ``FD_`` what its final demand causes
        anywhere; ``FFD_D`` what arises in it for final demand abroad; ``DFD_F`` what its final demand causes abroad;
        ``BAL`` the first less the second. The names are those of OECD's TECO2 and TiM, with `code` as in `embodied`.
        Satellites of households themselves (cars, heating) are in no row of a table and in none of these.

    Notes
    -----
    With F = f̂ B Y by origin and by country of final demand: PROD its row sums, FD its column sums, FFD_D and DFD_F the
    same without the diagonal. pymrio calls them D_pba, D_cba, D_exp and D_imp.

    References
    ----------
    Miller and Blair (2009), Input-output analysis, section 10.4; Stadler (2021), Journal of Open Research Software 9.
    """
    f = intensity(t, satellite)
    code = code or (satellite if isinstance(satellite, str) else "")
    flows = np.add.reduceat(f[:, None] * t.leontief.BY, t.starts, axis=0)
    made, caused, own = flows.sum(axis=1), flows.sum(axis=0), np.diag(flows)
    return pd.DataFrame(
        {
            "country": t.countries,
            f"PROD_{code}": made,
            f"FD_{code}": caused,
            f"FFD_D{code}": made - own,
            f"DFD_F{code}": caused - own,
            f"BAL{code}_FD": made - caused,
        }
    )


@validated
def embodied_at_home(t: IOTable, satellite: str | Column, exports: Column | None = None) -> pd.DataFrame:
    r"""Satellite of one economy in its exports: f L e, by the sector that exports and by the sector where it arises.

    Returns
    -------
    DataFrame
        sector, exports, direct = f_i e_i, domestic = (f L)_i e_i, per_unit = (f L)_i, forward = f_i (L e)_i. Both
        `domestic` and `forward` add up to the satellite in exports; that of imported inputs is unknown to the table.
    """
    refuse_competitive(t)
    f, L = intensity(t, satellite), leontief_inverse(t.A)
    e = t.e if exports is None else vector(exports, t.sectors, N_("exports"))
    per = np.where(t.x > 0, f @ L, np.nan)
    return pd.DataFrame(
        {
            "sector": t.sectors,
            "exports": e,
            "direct": f * e,
            "domestic": (f @ L) * e,
            "per_unit": per,
            "forward": f * (L @ e),
        }
    )
