"""Files of China's statistical bureaus: national tables (42, 149, 153 sectors) and provincial ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError
from exportlab.files.paths import cells_of
from exportlab.options import validated
from exportlab.valueadded.iotable import IOTable

# What a column is: our name, and the codes and headings that bureaus print.
COLUMNS = {
    "exports": r"EX|出口(合计)?|export(_foreign|s)?",
    "outflow": r"OF|(国内省外)?(流出|调出)|outflow(_domestic)?",
    "imports": r"IM|进口(合计)?|import(_foreign|s)?",
    "inflow": r"IF|(国内省外)?(流入|调入)|inflow(_domestic)?",
    "error": r"ERR|误差|其他|error",
    "output": r"GO|总产出|(total |gross )?output",
    "sum": r"TIU|THC|TFU|GCF|中间使用(合计)?|最终使用(合计)?|.*(合计|小计)|total (intermediate|final|uses?)\b.*",
    "final": (
        r"TC|FU\d+|.*消费(支出)?|固定资本形成(总额)?|资本形成|存货(增加|变动)|(.* )?consumption( .*)?|gfcf|"
        r"(fixed )?investment|(.* )?capital formation|inventor(y|ies).*"
    ),
}
NO_SECTOR = rf"{COLUMNS['sum']}|{COLUMNS['output']}|TI"
VALUE_ADDED = r"TVA|增加值合计|增加值|value.?added"


@validated
def read_nbs(path: str | Path, *, sheet: str | int = 0, **options: Any) -> IOTable:
    """Read an input-output table of China or of a province, as its statistical bureau lays it out.

    One row of codes (01, 02, ... TIU, TC, FU201, EX, IM, GO) or of headings (出口, 调出, 进口, 调入,
    误差, 总产出) above the columns, and the same sector codes down the side. A sector that occurs twice,
    as Domestic and Imports in a column Origin or as D01 and M01, makes the table non-competitive;
    otherwise it is competitive and needs its column of imports. Subtotals are recognised by code or
    heading and left out.

    Parameters
    ----------
    path, sheet
        CSV file, or Excel file and sheet.
    **options
        As in `IOTable.from_frames`; what is given here replaces what the file holds. Say `unit`: without it the unit is
        taken to be the bureaus' own, "10,000 CNY".

    Raises
    ------
    DataError
        No row of codes, or columns that are neither sectors nor known uses (rename or take them out).
    """
    raw = cells_of(path, sheet)
    text = raw.map(lambda v: str(v).strip() if isinstance(v, str | int) else "")
    top, side = _codes(text)
    names = {j: str(text.iat[top, j]) for j in range(side + 1, raw.shape[1])}
    origin = next((j for j, name in names.items() if name.lower() == "origin"), None)
    body = [
        (k, *_product(str(text.iat[k, side]), "" if origin is None else str(text.iat[k, origin])))
        for k in range(top + 1, len(raw))
        if text.iat[k, side]
    ]
    across = {name: j for j, name in names.items()}
    body = [row for row in body if not re.fullmatch(NO_SECTOR, row[1], re.IGNORECASE)]
    home = {code: k for k, code, bought in body if code in across and not bought}
    abroad = {code: k for k, code, bought in body if code in across and bought}
    uses = _uses(names, set(home), None if origin is None else origin)
    index, square = pd.Index(list(home)), [across[c] for c in home]

    def block(rows: dict[str, int], columns: list[int], labels: list[str]) -> pd.DataFrame:
        cells = raw.iloc[[rows[c] for c in home], columns].to_numpy(dtype=object)
        return pd.DataFrame(cells, index=index, columns=labels).apply(_numeric)

    final = [name for _, name in uses["final"]]
    at = [j for j, _ in uses["final"]]
    found: dict[str, Any] = {"final": block(home, at, final)}
    if abroad:
        found["imported"] = block(abroad, square, list(home))
        found["imported_final"] = block(abroad, at, final)
    for role in ("exports", "outflow", "imports", "inflow", "error", "output"):
        if uses[role] and not (role in ("imports", "inflow") and abroad):
            found[role] = block(home, [uses[role][0][0]], [role])[role]
    row = next((k for k, code, _ in body if re.fullmatch(VALUE_ADDED, code, re.IGNORECASE)), None)
    if row is not None:
        found["value_added"] = _numeric(pd.Series(raw.iloc[row, square].to_numpy(dtype=object), index=index))
    return IOTable.from_frames(
        block(home, square, list(home)),
        **{"unit": "10,000 CNY", "source": Path(path).name, **found, **options},
    )


def _codes(text: pd.DataFrame) -> tuple[int, int]:
    """The header row and the label column: those that share most labels."""
    best = (0, 0, 0)
    for top in range(min(12, len(text))):
        heads = {v for v in text.iloc[top] if v}
        for side in range(min(6, text.shape[1])):
            down = {_product(v, "")[0] for v in text.iloc[top + 1 :, side] if v}
            best = max(best, (len(heads & down), -top, -side))
    if best[0] < 2:
        raise DataError(
            "No row and column of sector codes was found",
            "One row above the columns and one column beside the rows must hold the same sector codes.",
        )
    return -best[1], -best[2]


def _product(code: str, origin: str) -> tuple[str, bool]:
    """Sector code, and whether the row is of imported products."""
    prefixed = re.fullmatch(r"([DM])(\d+)", code)
    if prefixed:
        return prefixed[2], prefixed[1] == "M"
    return code, origin.lower().startswith("import") or origin.startswith("进口")


def _uses(names: dict[int, str], sectors: set[str], origin: int | None) -> dict[str, list[tuple[int, str]]]:
    """Columns that are not sectors, by their role."""
    uses: dict[str, list[tuple[int, str]]] = {role: [] for role in COLUMNS}
    strange = []
    for j, name in names.items():
        if not name or name in sectors or j == origin or re.match(r"(?i)description|名称", name):
            continue
        role = next((r for r, p in COLUMNS.items() if re.fullmatch(p, name, re.IGNORECASE)), None)
        if role is None:
            strange.append(name)
        else:
            uses[role].append((j, name))
    if strange:
        raise DataError(
            "The file has columns that are neither sectors nor known uses",
            "Known: sector codes, FU101 ... FU202, TC, EX, OF, IM, IF, ERR, GO and their Chinese and English headings. "
            "Rename them in the file, or build the table with IOTable.from_frames.",
            rows=len(strange),
            first=repr(strange[0]),
        )
    listed = [name for _, name in uses["final"]]
    if any(re.fullmatch(r"FU1\d+", name) for name in listed):  # then TC is their total
        uses["final"] = [(j, name) for j, name in uses["final"] if name != "TC"]
    return uses


def _numeric(column: pd.Series) -> pd.Series:
    try:
        return column.astype(np.float64)
    except (TypeError, ValueError):
        return column
