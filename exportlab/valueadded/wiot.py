"""Sheets with countries and numbers above the columns and beside the rows: WIOD 2013 and 2016, ADB MRIO."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from exportlab.files.paths import cells_of
from exportlab.options import validated
from exportlab.valueadded.heads import axes
from exportlab.valueadded.intercountry import InterCountryTable
from exportlab.valueadded.layout import Blanks, Known, intercountry, lay_out
from exportlab.words import N_

# Rows below the sectors by their English names, and the codes of the 2016 release; their numbers differ by release.
KNOWN = Known(
    columns={"output": r"GO|total( output)?|output at basic prices|tot"},
    rows={
        "intermediate": r"II_fob|total intermediate (consumption|inputs?)|intermediate inputs? total",
        "taxes": (
            r"TXSP|taxes less subsidies on products|EXP_adj|cif ?/ ?fob adjustments( on exports)?|PURR|direct "
            r"purchases abroad by residents|PURNR|purchases on the domestic territory by non-residents|IntTTM|"
            r"international transport margins"
        ),
        "value added": r"VA|value added at basic prices",
        "output": r"GO|output at basic prices|total( output)?",
    },
    said=(
        N_("countries with c1 ... and final use, Total output"),
        N_(
            "intermediate consumption, taxes less subsidies on products, cif/fob adjustments, direct purchases abroad, "
            "purchases by non-residents, value added at basic prices, international transport margins, output"
        ),
    ),
)
COUNTRY = r"[A-Z][A-Za-z0-9]{2}"


@validated
def read_wiod(
    path: str | Path,
    *,
    sheet: str | int = 0,
    blanks: Blanks = "refuse",
    tolerance: float = 1e-3,
    **options: Any,
) -> InterCountryTable:
    """Read a World Input-Output Table of WIOD, release 2013 or 2016.

    Excel sheets (both releases), CSV made from them, and the wide tables of the 2016 release (columns
    IndustryCode, Country, RNr, then ``vAUS1`` ...). Rows and columns are matched by country and number (rows ``r1``
    beside columns ``c1`` in 2016). Current prices, basic prices, million USD. Re-exports have no lines of their own;
    rows of CIF/FOB adjustments and transport margins count as taxes (below).

    Parameters
    ----------
    sheet : str or int
        The sheet of a workbook.
    blanks : {"refuse", "zero"}
        What an empty cell is.
    tolerance : float
        Largest deviation of a printed total (output, value added, intermediate consumption) from the sum of its cells,
        as a share of it; rounding of the printed digits is allowed besides.
    **options
        As in `InterCountryTable.from_frames`. Taxes on products, fob adjustments, purchases abroad and by
        non-residents and transport margins count as taxes with ``v="supplied"`` and as value added otherwise.

    Raises
    ------
    DataError
        Rows or columns that are not known, repeated labels, totals that are not the sums of their cells, and whatever
        the door refuses.
    """
    return numbered(cells_of(path, sheet), blanks, tolerance, source=f"WIOD, {Path(path).name}", **options)


@validated
def read_adb(
    path: str | Path,
    *,
    sheet: str | int = 0,
    blanks: Blanks = "refuse",
    tolerance: float = 1e-3,
    **options: Any,
) -> InterCountryTable:
    """Read a year of the Asian Development Bank's MRIO tables (Excel, or CSV made from it).

    Two to four head rows (a row of plain codes, names, countries, c1 to c35), final demand F1 to F5, margins below.
    Current prices, basic prices, million USD. Parameters, refusals, re-exports and CIF/FOB adjustments as in
    `read_wiod`; the tables leave cells blank, which is refused unless ``blanks="zero"``.
    """
    return numbered(
        cells_of(path, sheet), blanks, tolerance, source=f"ADB MRIO, {Path(path).name}", **options
    )


def _from_wide(raw: pd.DataFrame, columns: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """The 2016 release's wide table as a sheet: two head rows, and labels description, country, number."""
    names = [str(v) for v in raw.iloc[0]]
    at = {name: k for k, name in enumerate(names)}
    body = raw.iloc[1:]
    numbers = "r" + body[at["RNr"]].astype(str).str.replace(r"\.0$", "", regex=True)
    labels = pd.DataFrame(
        {0: body[at["IndustryCode"]], 1: body[at["IndustryDescription"]], 2: body[at["Country"]], 3: numbers}
    )
    used = np.flatnonzero(columns | np.array([name == "TOT" for name in names]))
    keys = [re.fullmatch(r"v([A-Z]{3})(\d+)", names[j]) for j in used]
    head = pd.DataFrame(
        [
            [None] * 4 + [k[1] if k else "TOT" for k in keys],
            [None] * 4 + [f"c{k[2]}" if k else None for k in keys],
        ]
    )
    cells = pd.concat([labels, body.iloc[:, used]], axis=1)
    cells.columns = head.columns
    return pd.concat([head, cells], ignore_index=True)


def numbered(
    raw: pd.DataFrame, blanks: str = "refuse", tolerance: float = 1e-3, **options: Any
) -> InterCountryTable:
    """The table of a sheet with country codes and numbers such as c1, r1, F1."""
    wide = raw.iloc[0].astype(str).str.fullmatch(r"v[A-Z]{3}\d+").to_numpy(dtype=bool)
    raw = _from_wide(raw, wide) if wide.any() else raw
    at = axes(raw, sector=r"c\d+", region=COUNTRY, same={r"^r(\d+)$": r"c\1"})
    return intercountry(lay_out(raw, at, KNOWN, blanks), tolerance, **{"unit": N_("million USD"), **options})
