"""The OECD's TiVA indicators by country, sector and partner, under the OECD's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.arrays import Array
from exportlab.options import validated

if TYPE_CHECKING:
    from exportlab.valueadded.intercountry import InterCountryTable


@validated
def tiva_indicators(t: InterCountryTable) -> pd.DataFrame:
    """Gross trade, value added in demand, and content of exports, as in OECD TiVA and exvatools.

    Returns
    -------
    DataFrame
        country, sector, partner (also the country itself, for DOM and DXD_DVA) and, in the table's unit:

        - EXGR, EXGR_INT, EXGR_FNL; IMGR, IMGR_INT, IMGR_FNL (of that sector's goods, from the partner); DOM,
          DOM_INT, DOM_FNL deliveries at home; BALGR = EXGR - IMGR;
        - FD_VA = v̂BY: own value added in the partner's final demand, FFD_DVA abroad and DXD_DVA at home;
          DFD_FVA the partner's in own final demand; BALVAFD = FFD_DVA - DFD_FVA;
        - EXGR_DVA, EXGR_DDC, EXGR_IDC, EXGR_RIM, EXGR_FVA: content of exports to the partner. EXGR_DVA is
          domestic content v_s B_ss E: it holds what Borin and Mancini count double;
        - DEXFVAP: the partner's value added in the sector's exports to all; FEXDVAP: the country's value
          added in the partner's exports of that sector to all; REF = EXGR_DDC + EXGR_IDC - FFD_DVA.
    """
    q, own = t.leontief, t.own
    final = np.where(own, 0.0, t.Y)
    fd, used = q.v[:, None] * q.BY, (q.VB * q.e).T
    direct = q.v * np.concatenate([np.diag(L) for L in q.L])
    rows = {
        "EXGR": t.E, "EXGR_INT": t.E - final, "EXGR_FNL": final,
        "DOM": np.where(own, t.deliveries + t.Y, 0.0), "DOM_INT": np.where(own, t.deliveries, 0.0),
        "DOM_FNL": np.where(own, t.Y, 0.0), "FD_VA": fd, "FFD_DVA": np.where(own, 0.0, fd),
        "DXD_DVA": np.where(own, fd, 0.0), "EXGR_DVA": q.VBd[:, None] * t.E,
        "EXGR_DDC": direct[:, None] * t.E,
        "EXGR_IDC": (q.VL - direct)[:, None] * t.E, "EXGR_RIM": (q.VBd - q.VL)[:, None] * t.E,
        "EXGR_FVA": q.VBf[:, None] * t.E, "DEXFVAP": np.where(own, 0.0, used),
    }  # fmt: skip
    sectors = pd.Index(t.rows.get_level_values("sector").unique())
    cube = {name: _cube(t, a, sectors) for name, a in rows.items()}
    mirrored = {
        "IMGR": "EXGR",
        "IMGR_INT": "EXGR_INT",
        "IMGR_FNL": "EXGR_FNL",
        "DFD_FVA": "FFD_DVA",
        "FEXDVAP": "DEXFVAP",
    }
    cube |= {name: cube[of].transpose(2, 1, 0) for name, of in mirrored.items()}
    cube["BALGR"], cube["BALVAFD"] = cube["EXGR"] - cube["IMGR"], cube["FFD_DVA"] - cube["DFD_FVA"]
    cube["REF"] = cube["EXGR_DDC"] + cube["EXGR_IDC"] - cube["FFD_DVA"]
    has = _cube(t, np.ones_like(t.E), sectors) > 0
    at = np.nonzero(has | (cube["IMGR"] != 0))
    labels = {"country": t.countries[at[0]], "sector": sectors[at[1]], "partner": t.countries[at[2]]}
    return pd.DataFrame(labels | {name: a[at] for name, a in cube.items()})


def _cube(t: InterCountryTable, a: Array, sectors: pd.Index) -> Array:
    """(n, G) as (country, sector label, partner), parts of a country added up."""
    cube = np.zeros((len(t.countries), len(sectors), len(t.countries)))
    np.add.at(cube, (t.code, sectors.get_indexer(t.rows.get_level_values("sector"))), a)
    return cube
