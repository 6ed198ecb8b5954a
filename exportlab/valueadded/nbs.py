"""Files of China: tables of the statistical bureaus (42, 149, 153 sectors, provinces) and of CEADs' provinces."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from exportlab.files.paths import cells_of
from exportlab.options import validated
from exportlab.valueadded.heads import Axes, axes
from exportlab.valueadded.intercountry import InterCountryTable
from exportlab.valueadded.iotable import IOTable
from exportlab.valueadded.layout import (
    Blanks,
    Known,
    Layout,
    intercountry,
    lay_out,
    national,
    subtotals,
)
from exportlab.words import N_

# What a line is: our name, and the codes and headings that bureaus and CEADs print.
KNOWN = Known(
    columns={
        "exports": r"EX|出口(合计)?|export(_foreign|s)?",
        "outflow": r"OF|(国内省外)?(流出|调出)|outflow(_domestic)?",
        "imports": r"IM|进口(合计)?|import(_foreign|s)?",
        "inflow": r"IF|(国内省外)?(流入|调入)|inflow(_domestic)?",
        "error": r"ERR|误差|其他|errors?|others?|(statistical )?discrepanc(y|ies)|balancing (item|error)",
        "output": r"GO|总产出|(total |gross )?output",
        "intermediate": r"TIU|中间使用(合计)?|total intermediate( uses?)?",
        "final uses": r"TFU|最终使用(合计)?|total final (uses?|demand)",
        "subtotal": r"THC|TC|GCF|.*(合计|小计)|total .*",
        "note": r"proportion of errors.*|.*output check",
        "final": (
            r"FU[12]\d+|.*消费(支出)?|固定资本形成(总额)?|资本形成(总额)?|存货(增加|变动)|(.* )?consumption( .*)?|gfcf|"
            r"(fixed )?investment|(.* )?capital formation|(changes in )?inventor(y|ies).*"
        ),
    },
    rows={
        "imported": r"IM|进口|imports?",
        "intermediate": r"TII|中间投入(合计)?|total intermediate( inputs?)?",
        "primary": (
            r"VA\d+|劳动者报酬|生产税净额|固定资产折旧|营业盈余|co[nm]pensation of employees|"
            r"net taxes on production|depreciation( .*)?|operati(ng|ong) surplus"
        ),
        "value added": r"TVA|增加值(合计)?|(total )?value[ .-]?added",
        "output": r"TI|GO|总投入|总产出|(total|gross) (inputs?|output)",
        "satellite": r"CO2.*|.*emissions?.*|.*(employment|employed).*|.*(从业|就业).*",
    },
    said=(
        N_(
            "sector codes, FU101 ... FU202, TC, EX, OF, IM, IF, ERR, GO and their Chinese and English headings"
        ),
        N_("sector codes, IM, TII, VA001 ... VA004, TVA, TI and their Chinese and English names"),
    ),
)
# A heading of consumption or capital formation is a subtotal only where its parts stand beside it.
PARTS = {
    r"TC|最终消费(支出)?(合计)?|total (final )?consumption.*": (
        r"FU1\d+|THC|.*(居民|政府).*消费.*|.*(household|government).*"
    ),
    r"THC|居民消费(支出)?(合计|小计)|total household.*": r"FU10[12]|(农村|城镇)居民消费.*|(rural|urban).*",
    r"GCF|资本形成(总额)?(合计)?|total capital formation": r"FU2\d+|固定资本形成.*|存货.*|gfcf|.*inventor.*",
}
# Which sheet of a workbook is the table, where none is named: CEADs' hold it in Chinese too, and lists of names before.
TABLES = (re.compile("(?i)english"), re.compile(r"(?i)^table(_\d{4}\w*)?$"))
ORIGIN = r"^[DM](\d+)$"


@validated
def read_nbs(
    path: str | Path,
    *,
    sheet: str | int = 0,
    blanks: Blanks = "refuse",
    tolerance: float = 1e-3,
    **options: Any,
) -> IOTable:
    """Read an input-output table of China or of a province, as its statistical bureau lays it out.

    One row of codes (01, 02, ... TIU, TC, FU201, EX, IM, GO) or of headings (出口, 调出, 进口, 调入,
    误差, 总产出) above the columns, and the same sector codes down the side. A sector that occurs twice,
    as Domestic and Imports in a column Origin or as D01 and M01, makes the table non-competitive;
    otherwise it is competitive and needs its column of imports. Columns of one role with headings of their own are
    added up. Subtotals are recognised by code, heading or figures, compared with their parts, and left out. Producers'
    prices of the year; a column of errors (误差, 其他) is the discrepancy of its row; re-exports and adjustments from
    CIF to FOB have no lines of their own and stay where the bureau counts them.

    Parameters
    ----------
    path, sheet
        CSV file, or Excel file and sheet.
    blanks : {"refuse", "zero"}
        What an empty cell is.
    tolerance : float
        Largest deviation of a printed total from the sum of its cells, as a share of it, besides rounding; and of a
        balance of the table.
    **options
        As in `IOTable.from_frames`; what is given here replaces what the file holds. Say `unit`: without it the unit is
        taken to be the bureaus' own, "10,000 CNY".

    Raises
    ------
    DataError
        No row of codes; lines that are neither sectors nor known uses (rename or take them out); repeated lines;
        totals that are not the sums of their cells.
    """
    return bureau(cells_of(path, sheet), Path(path).name, blanks, tolerance, **options)


def bureau(
    raw: pd.DataFrame, source: str, blanks: str = "refuse", tolerance: float = 1e-3, **options: Any
) -> IOTable:
    """The table of a sheet of one economy."""
    at = axes(raw, same={ORIGIN: r"\1"})
    layout = _sums(lay_out(raw, at, KNOWN, blanks, _bought(raw, at)))
    left_out = [c.name for c in layout.columns if c.role == "subtotal"]
    beside = f"; left out as sums of their parts: {', '.join(left_out)}" if left_out else ""
    made = {"unit": N_("10,000 CNY"), "source": f"{source}{beside}", **options}
    return national(layout, tolerance, **made)


def _bought(raw: pd.DataFrame, at: Axes) -> set[int]:
    """The rows of imported products: those of codes such as M01, or with Imports in a column Origin."""
    rows = {k for k, v in enumerate(raw.iloc[:, at.label[1]]) if re.fullmatch(r"M\d+", str(v).strip())}
    for j in range(at.left):
        if at.head[at.label[0], j].lower() == "origin":
            rows |= {k for k, t in enumerate(at.side[:, j]) if re.match(r"import|进口", t, re.IGNORECASE)}
    return rows


def _sums(layout: Layout) -> Layout:
    """Subtotals by their figures; a heading of a sum whose parts the file does not have is no sum."""
    final = [c.name for c in layout.columns if c.role in ("final", "subtotal")]
    columns = list(layout.columns)
    for j, line in enumerate(columns):
        for whole, parts in PARTS.items():
            alone = not any(_is(other, parts) for other in final if other != line.name)
            if line.role == "subtotal" and _is(line.name, whole) and alone:
                columns[j] = replace(line, role="final")
    return subtotals(replace(layout, columns=tuple(columns)))


def _is(name: str, pattern: str) -> bool:
    """Whether a heading, or one of the words of a heading of several rows, matches as a whole."""
    return any(re.fullmatch(pattern, part, re.IGNORECASE) for part in (name, *name.split()))


@validated
def read_ceads(
    path: str | Path,
    *,
    sheet: str | int | None = None,
    blanks: Blanks = "refuse",
    tolerance: float = 1e-3,
    **options: Any,
) -> InterCountryTable:
    """Read a multi-regional table of China's provinces as CEADs publishes it (Excel or CSV, 2012 to 2020).

    A title, head rows of provinces, sectors and codes, and as many label columns; a province may be written once over
    its sectors. Final use by province; a column of exports, and of the balancing error; below the sectors a row of
    imports by user, value added and its parts, total input. The rest of the world becomes a country ROW with one
    sector: it delivers the imports, buys the exports, and uses no inputs, so all imports count as foreign value added.
    The error becomes a category of final demand of the province whose row it is in. A row of CO2 becomes a satellite of
    the provinces; that of the rest of the world is unknown and stands as zero. 10,000 CNY, producers' prices;
    re-exports and adjustments from CIF to FOB have no lines of their own.

    Parameters
    ----------
    sheet : str or int, optional
        The sheet of a workbook; by default the one called English, or else Table, or else the first.
    blanks, tolerance, **options
        As in `read_nbs`, and in `InterCountryTable.from_frames`.

    Raises
    ------
    DataError
        As in `read_nbs`; no column of exports or no row of imports.
    OptionError
        Several sheets are called so, and `sheet` names none.
    """
    raw = cells_of(path, TABLES if sheet is None else sheet)
    return provinces(raw, blanks, tolerance, source=f"CEADs, {Path(path).name}", **options)


def provinces(
    raw: pd.DataFrame, blanks: str = "refuse", tolerance: float = 1e-3, **options: Any
) -> InterCountryTable:
    """The table of a sheet of provinces, closed with the rest of the world."""
    layout = lay_out(raw, axes(raw, region=r"\D+"), KNOWN, blanks)
    return intercountry(layout, tolerance, **{"unit": N_("10,000 CNY"), **options})
