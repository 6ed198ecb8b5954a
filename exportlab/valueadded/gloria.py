"""GLORIA: supply and use tables of 164 regions, read a region at a time, since a year has 12 GB of text."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError, one_of
from exportlab.files.bundle import Bundle, bundle
from exportlab.files.paths import find_one
from exportlab.files.workbook import read_workbook
from exportlab.frames import Array
from exportlab.options import validated
from exportlab.valueadded.intercountry import InterCountryTable
from exportlab.valueadded.layout import Layout, Line, intercountry, refuse_repeats
from exportlab.words import N_, said

# Markup001 holds basic prices; 002 to 005 hold margins, taxes and subsidies on products.
RESULTS = r".*_{}-Results_\d{{4}}_\d+_Markup001\(full\)\.csv"


@dataclass(frozen=True)
class Classes:
    """The lists by which the figures are laid out, in their order; `group` is the place of a region in the table."""

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    added: tuple[str, ...]
    final: tuple[str, ...]
    groups: tuple[str, ...]
    group: Array

    def summed(self, block: Array) -> Array:
        """A block (rows, regions, k) with the regions that are not kept apart added up: (rows, groups, k)."""
        kept = (self.group[:, None] == np.arange(len(self.groups))).astype(np.float64)
        return np.moveaxis(np.tensordot(block.astype(np.float64), kept, axes=(1, 0)), 2, 1)


@validated
def read_gloria(
    path: str | Path,
    *,
    labels: str | Path | None = None,
    regions: Collection[str] | None = None,
    rest: str = "ROW",
    tolerance: float = 1e-3,
    **options: Any,
) -> InterCountryTable:
    """Read a year of GLORIA as a table of industries, the folder or archive that is published.

    The supply table S and the use table U at basic prices stand in one file ``..._T-Results_2019_059_Markup001(full)
    .csv``: for each region its industries, then its products. Final demand (``Y``) and value added (``V``) stand beside
    it. Flows between industries are D U with D = S diag(1'S)^-1, the fixed product sales structure (Eurostat 2008,
    model D); where every industry makes one product, as in the published tables, they are U itself. The rows of use are
    compared with the supply of each industry. What inputs and value added leave of output are net taxes on products,
    which Markup001 does not hold. Thousand USD; exports hold no re-exports.

    Parameters
    ----------
    path : path
        The folder or archive of one year.
    labels : path, optional
        ``GLORIA_ReadMe_059.xlsx``; taken from the folder or from beside it where it is not given.
    regions : collection of str, optional
        Acronyms to keep, such as ``("CHN", "JPN", "KOR")``; the others are added up as `rest` while the file is read,
        so that memory grows with the regions that are kept. All 164 need some 20 GB.
    rest : str
        The name of the others.
    tolerance : float
        Largest gap between supply and use of an industry, as a share.
    **options
        As in `InterCountryTable.from_frames`.

    Raises
    ------
    DataError
        Figures that are no numbers, or as many as the labels do not say; supply to another region; use that is not
        supplied.
    OptionError
        A region that the labels do not have.

    References
    ----------
    Lenzen, M., Geschke, A., West, J. and others (2022). Implementing the material footprint to measure progress
    towards Sustainable Development Goals 8 and 12. Nature Sustainability 5, 157-166.
    Eurostat (2008). Manual of Supply, Use and Input-Output Tables, chapter 11.
    """
    files = bundle(path)
    at = _classes(_labels(files, labels), regions, rest)
    n, flat = len(at.sectors), len(at.groups) * len(at.sectors)
    Z, supply = np.zeros((len(at.groups), n, flat)), np.zeros((len(at.groups), n))
    Y = np.zeros((len(at.groups), n, len(at.groups) * len(at.final)))
    final = _blocks(files, "Y", 2 * n, len(at.regions) * len(at.final))
    flows = _blocks(files, "T", 2 * n, 2 * n * len(at.regions))
    for r, (both, bought) in enumerate(zip(flows, final, strict=True)):
        made, used = _split(both.reshape(2, n, len(at.regions), 2, n), at, r)
        shares = _shares(made, used, at.regions[r])
        to_final = bought.reshape(2, n, len(at.regions), len(at.final))
        _refuse_any(to_final[0], at.regions[r], N_("industry rows of final demand"))
        g = at.group[r]
        supply[g] += made.sum(axis=1)
        Z[g] += shares @ at.summed(used).reshape(n, flat)
        Y[g] += shares @ at.summed(to_final[1]).reshape(n, -1)
    cells = np.hstack([Z.reshape(flat, flat), Y.reshape(flat, -1), supply.reshape(flat, 1)])
    below = np.full((len(at.added), cells.shape[1]), np.nan)
    below[:, :flat] = _value_added(files, at)
    named = {
        "unit": N_("thousand USD"),
        "source": f"GLORIA, {files.path.name}",
        "taxes": "remainder",
        **options,
    }
    return intercountry(_lines(at, np.vstack([cells, below])), tolerance, **named)


def _labels(files: Bundle, labels: str | Path | None) -> Path:
    if labels is not None:
        return find_one(labels, (".xlsx",))
    folder = files.path.parent if files.zipped else files.path
    found = [p for place in (folder, folder.parent) for p in sorted(place.glob("GLORIA_ReadMe_*.xlsx"))]
    if not found:
        raise DataError(
            said(
                "{path} has no GLORIA_ReadMe_*.xlsx with it, which names rows and columns",
                path=repr(str(files.path)),
            ),
            said("Put it into the folder or beside it, or give labels=."),
        )
    return found[0]


def _classes(path: Path, kept: Collection[str] | None, rest: str) -> Classes:
    regions = _names(path, "Regions", "Region_acronyms")
    sectors = _names(path, "Sectors", "Sector_names")
    added, final = (
        _names(path, "Value added and final demand", head)
        for head in ("Value_added_names", "Final_demand_names")
    )
    groups = regions if kept is None else tuple(dict.fromkeys(kept))
    for name in groups:
        one_of("regions", name, regions)
    place = np.array([groups.index(r) if r in groups else len(groups) for r in regions])
    if not groups:
        raise OptionError(said("regions= is empty. Name the regions to keep, or leave it out for all."))
    whole = len(groups) == len(regions)
    if not whole and rest in groups:
        raise OptionError(
            said(
                "rest={name} is the name of a region that is kept. Give the others another name.",
                name=repr(rest),
            )
        )
    return Classes(regions, sectors, added, final, groups if whole else (*groups, rest), place)


def _names(path: Path, sheet: str, head: str) -> tuple[str, ...]:
    """The names under a heading of a sheet of labels, in their order."""
    cells = read_workbook(path, sheet, dtype=object)
    heads = [str(v).strip() for v in cells.columns]
    if head not in heads:
        raise DataError(
            said(
                "Sheet {sheet} of {path} has no column {column}",
                sheet=repr(sheet),
                path=repr(str(path)),
                column=repr(head),
            ),
            said(
                "It has {names}. The labels must be those of GLORIA's ReadMe.",
                names=", ".join(map(repr, heads)),
            ),
        )
    column = cells.iloc[:, heads.index(head)].dropna()
    return tuple(text for v in column if (text := str(v).strip()))


def _blocks(files: Bundle, part: str, rows: int, columns: int) -> Iterator[Array]:
    """The figures of a part, some rows at a time."""
    name = str(files.find(RESULTS.format(part)))
    for k, piece in enumerate(files.pieces(name, rows)):
        if piece.shape != (rows, columns):
            raise DataError(
                said("file {name} does not have the rows and columns that the labels say", name=repr(name)),
                said("Labels and figures must be of one edition, and the file whole."),
                first=said(
                    "from row {k}: {rows} rows and {columns} columns where {down} and {across} should stand",
                    k=f"{k * rows + 1:,}",
                    rows=f"{piece.shape[0]:,}",
                    columns=f"{piece.shape[1]:,}",
                    down=f"{rows:,}",
                    across=f"{columns:,}",
                ),
            )
        bad = np.argwhere(~np.isfinite(piece))
        if len(bad):
            row, column = bad[0] + 1
            raise DataError(
                said("file {name} has cells without a number", name=repr(name)),
                said("Download it again."),
                rows=len(bad),
                first=said("row {row}, column {column}", row=f"{k * rows + row:,}", column=f"{column:,}"),
            )
        yield piece


def _split(both: Array, at: Classes, r: int) -> tuple[Array, Array]:
    """Supply (industries, products) of a region, and use (products, regions, industries) of its products."""
    made = both[0, :, r, 1].astype(np.float64)
    elsewhere = both[0].copy()
    elsewhere[:, r, 1] = 0.0
    _refuse_any(elsewhere, at.regions[r], N_("industry rows outside the region's own products"))
    _refuse_any(both[1, :, :, 1], at.regions[r], N_("product rows in columns of products"))
    return made, both[1, :, :, 0]


def _refuse_any(cells: Array, region: str, where: str) -> None:
    bad = np.count_nonzero(cells)
    if bad:
        raise DataError(
            said("The table holds figures where supply and use tables have none"),
            said(
                "Each region has its industries first, then its products; supply stands in rows of industries, use in "
                "rows of products."
            ),
            rows=int(bad),
            first=said("{region}, {where}", region=region, where=said(where)),
        )


def _shares(made: Array, used: Array, region: str) -> Array:
    """D: the share of each industry in the supply of each product; of what is not supplied nothing is used."""
    total = made.sum(axis=0)
    lost = (total == 0) & used.any(axis=(1, 2))
    if lost.any():
        raise DataError(
            said("Products are used that no industry supplies"),
            said("Supply and use must be of one file."),
            rows=int(lost.sum()),
            first=said("{region}, product {n}", region=region, n=f"{int(np.argmax(lost)) + 1:,}"),
        )
    return np.asarray(np.divide(made, total, out=np.zeros_like(made), where=total != 0))


def _value_added(files: Bundle, at: Classes) -> Array:
    """Rows of value added by industry, each region's own; the files have a block of rows for every region."""
    n, k = len(at.sectors), len(at.added)
    made = np.zeros((k, len(at.regions), n))
    for r, rows in enumerate(_blocks(files, "V", k, 2 * n * len(at.regions))):
        block = rows.reshape(k, len(at.regions), 2, n)
        made[:, r] = block[:, r, 0]
        elsewhere = block.copy()
        elsewhere[:, r, 0] = 0.0
        _refuse_any(elsewhere, at.regions[r], N_("value added outside the region's own industries"))
    return at.summed(made).reshape(k, -1)


def _lines(at: Classes, cells: Array) -> Layout:
    """The cells with their rows and columns named."""
    sectors = [Line("sector", (g, s), f"{g} {s}") for g in at.groups for s in at.sectors]
    final = [Line("final", (g, u), f"{g} {u}") for g in at.groups for u in at.final]
    rows = (*sectors, *(Line("primary", ("", name), name) for name in at.added))
    columns = (*sectors, *final, Line("output", ("", "supply"), "supply"))
    refuse_repeats(rows, "rows")
    refuse_repeats(columns, "columns")
    return Layout(pd.DataFrame(cells), rows, columns)
