"""Tables with one label a row and a column: OECD ICIO, all editions, and Eurostat FIGARO, as a matrix and flat."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError
from exportlab.files.paths import first_line, text_cells
from exportlab.options import validated
from exportlab.valueadded.intercountry import InterCountryTable
from exportlab.valueadded.layout import (
    Blanks,
    Known,
    Layout,
    Line,
    fill,
    intercountry,
    numeric,
    refuse_repeats,
    refuse_unknown,
    role_of,
)
from exportlab.words import N_, said

OECD_SPLITS = {**{f"MX{k}": "MEX" for k in (1, 2, 3)}, **{f"CN{k}": "CHN" for k in (1, 2, 3, 4)}}
# The editions name the same rows and columns differently: 2016, 2018 and 2021, 2023 and later.
OECD = Known(
    columns={"error": "DISC", "output": "OUT|OUTPUT|TOTAL"},
    rows={
        "value added": r"VA|VALU|VA\+TAXSUB",
        "taxes": r"TLS|TXSP|([A-Z0-9]{3}_)?TAXSUB|[A-Z0-9]{3}_TLS",
        "output": "OUT|OUTPUT|TOTAL",
    },
    said=(
        N_("AUS_A01, AUS_HFCE or HFCE_AUS, DISC, OUT, TOTAL"),
        "TLS, AUS_TAXSUB, VA, VALU, VA+TAXSUB, OUT, OUTPUT",
    ),
)
FIGARO = Known(
    columns={},
    rows={"taxes": "W2_(D21X31|OP_RES|OP_NRES)", "primary": "W2_(D1|D29X39|B2A3G)", "value added": "W2_B1G"},
    said=(
        "AT_A01, AT_P3_S14",
        "W2_D21X31, W2_OP_RES, W2_OP_NRES, W2_D1, W2_D29X39, W2_B2A3G",
    ),
)
FLAT = {"refarea", "counterpartarea", "obsvalue"}


@validated
def read_icio(
    path: str | Path,
    *,
    splits: Mapping[str, str] = OECD_SPLITS,
    blanks: Blanks = "refuse",
    tolerance: float = 1e-3,
    **options: Any,
) -> InterCountryTable:
    """Read a year of the OECD's Inter-Country Input-Output tables (CSV, editions 2016 to 2025).

    Rows ``AUS_A01_02``, columns the same, then final demand ``AUS_HFCE`` (``HFCE_AUS`` in 2016) and a total; below,
    taxes less subsidies (one row ``TLS``, or ``AUS_TAXSUB`` by country; in value added, ``VA+TAXSUB``, in 2016), value
    added, output. The processing rows MX1, MX2, CN1, CN2 ... of the extended tables are kept as parts of MEX and CHN.
    The column ``DISC`` of 2016 becomes a category of final demand of the country whose row it is in. Direct purchases
    abroad are final demand of the country that purchases. Basic prices, million USD; exports are fob, re-exports are
    not among them.

    Parameters
    ----------
    splits : mapping
        Parts to their country; those that the file lacks are passed over.
    blanks : {"refuse", "zero"}
        What an empty cell is.
    tolerance : float
        Largest deviation of a printed total (output, value added) from the sum of its cells, as a share of it;
        rounding of the printed digits is allowed besides.
    **options
        As in `InterCountryTable.from_frames`.

    Raises
    ------
    DataError
        Lines that are neither sectors nor known, repeated labels, totals that are not the sums of their cells, and
        whatever the door refuses.
    """
    layout = _labelled(_matrix(path), OECD, blanks)
    present = {line.key[0] for line in layout.rows if line.role == "sector"}
    made = {"unit": N_("million USD"), "source": f"OECD ICIO, {Path(path).name}", **options}
    return intercountry(
        layout, tolerance, splits={part: home for part, home in splits.items() if part in present}, **made
    )


@validated
def read_figaro(
    path: str | Path, *, blanks: Blanks = "refuse", tolerance: float = 1e-3, **options: Any
) -> InterCountryTable:
    """Read a year of Eurostat's FIGARO inter-country input-output tables (CSV, editions 2022 to 2024).

    The matrix (``rowLabels``, ``AT_A01`` ...) and the flat file (``refArea``, ``rowIi``, ``counterpartArea``,
    ``colIi``, ``obsValue``; ``rowPi``, ``colPi`` for products), industry by industry or product by product. Rows of the
    domestic area W2 stand below: taxes less subsidies on products (D21X31), purchases abroad by residents (OP_RES) and
    by non-residents (OP_NRES), which count as taxes, and compensation of employees (D1), other net taxes (D29X39) and
    operating surplus (B2A3G), which are value added. The file prints no output: the sums of rows and columns are
    compared. Basic prices, million EUR; the rest of the world is FIGW1. A flow that a flat file lacks is refused unless
    ``blanks="zero"``. Parameters and refusals as in `read_icio`.
    """
    raw = _from_flat(path) if is_flat(first_line(path)) else _matrix(path)
    made = {"unit": N_("million EUR"), "source": f"Eurostat FIGARO, {Path(path).name}", **options}
    return intercountry(_labelled(raw, FIGARO, blanks), tolerance, **made)


def is_flat(names: Sequence[str]) -> bool:
    """Whether a file's first line is that of a FIGARO flat file."""
    return {name.lower() for name in names} >= FLAT


def _matrix(path: str | Path) -> pd.DataFrame:
    """The cells below one line of names, labelled as the file does, repeats and all."""
    names = first_line(path)
    raw = text_cells(path, header=None, skiprows=1)
    if raw.shape[1] != len(names):
        raise DataError(
            said(
                "file {path} has {names} names and {columns} columns",
                path=repr(str(path)),
                names=f"{len(names):,}",
                columns=f"{raw.shape[1]:,}",
            ),
            said("The first line names every column, the first column every row."),
        )
    cells = raw.iloc[:, 1:]
    cells.index = pd.Index([str(v).strip() for v in raw.iloc[:, 0]])
    cells.columns = pd.Index(names[1:])
    return cells


def _from_flat(path: str | Path) -> pd.DataFrame:
    """The matrix of a file with one flow a row; two rows of one flow are refused."""
    raw = text_cells(path)
    part = {name.strip().lower(): name for name in raw.columns}
    down, across = (
        raw[part[area]].astype(str)
        + "_"
        + raw[next(part[n] for n in part if re.fullmatch(code, n))].astype(str)
        for area, code in (("refarea", "row[ip]i"), ("counterpartarea", "col[ip]i"))
    )
    rows, columns = pd.Index(down.unique()), pd.Index(across.unique())
    at = rows.get_indexer(pd.Index(down)) * len(columns) + columns.get_indexer(pd.Index(across))
    twice = pd.Index(at).duplicated()
    if twice.any():
        k = int(twice.argmax())
        raise DataError(
            said("Flows stand in the file more than once"),
            said("One year and one unit a file, each flow once."),
            rows=int(twice.sum()),
            first=said("{origin} to {user}", origin=repr(down.iloc[k]), user=repr(across.iloc[k])),
        )
    cells = np.full(len(rows) * len(columns), np.nan)
    cells[at] = raw[part["obsvalue"]].to_numpy(dtype=np.float64)
    return pd.DataFrame(cells.reshape(len(rows), -1), rows, columns)


def _labelled(raw: pd.DataFrame, known: Known, blanks: str) -> Layout:
    """Rows and columns by their labels: a country-sector stands down and across, final demand across only."""
    both = set(raw.columns) & set(raw.index)
    both = {label for label in both if not role_of([label], {**known.columns, **known.rows})}
    if not both:
        raise DataError(
            said("the file has no row that is also a column"),
            said(
                "Country-sectors such as AUS_A01 stand down and across, in one head row and one label column. Where "
                "country and sector have rows and columns of their own, read them with pandas (header=[0, 1], "
                "index_col=[0, 1]) and give Z and Y to InterCountryTable.from_frames."
            ),
            first=said("row {row}, column {column}", row=repr(raw.index[0]), column=repr(raw.columns[0])),
        )
    countries = {label.split("_", 1)[0] for label in both}
    countries |= {OECD_SPLITS[c] for c in countries & set(OECD_SPLITS)}
    rows = [_line(label, both, known.rows, set()) for label in raw.index]
    columns = [_line(label, both, known.columns, countries) for label in raw.columns]
    for lines, what, names in ((columns, "columns", known.said[0]), (rows, "rows", known.said[1])):
        refuse_repeats(lines, what)
        refuse_unknown(lines, what, names)
    return fill(Layout(numeric(raw), tuple(rows), tuple(columns)), blanks)


def _line(label: str, sectors: set[str], roles: Mapping[str, str], countries: set[str]) -> Line:
    """A line by its label; final demand names its country first, or last as in OECD's 2016 edition."""
    if label in sectors:
        country, _, sector = label.partition("_")
        return Line("sector", (country, sector), label)
    role = role_of([label], roles)
    if role:
        return Line(role, ("", label), label)
    for country, category in (label.split("_", 1)[:2], label.rsplit("_", 1)[::-1]) if "_" in label else ():
        if country in countries:
            return Line("final", (country, category), label)
    return Line("", ("", label), label)
