"""Files of inter-country tables: OECD ICIO, WIOD 2013 and 2016, ADB MRIO, CEADs.

Labels decide everything; positions nothing. Tested on layouts: the tests write small files as the publishers
lay them out, since the tables themselves are too large (and not all free) to ship.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError
from exportlab.files.paths import cells_of, text_cells
from exportlab.options import validated
from exportlab.valueadded.intercountry import InterCountryTable

OECD_SPLITS = {"MX1": "MEX", "MX2": "MEX", "CN1": "CHN", "CN2": "CHN"}
VALUE_ADDED = {"VA", "VALU", "TVA"}
OUTPUT = {"OUT", "OUTPUT", "TOTAL", "GO", "TI", "TO"}
TAXES = re.compile(r"^(TLS|TXSP|.*_?TAXSUB|.*_TLS)$")


@validated
def read_icio(
    path: str | Path, *, splits: Mapping[str, str] = OECD_SPLITS, **options: Any
) -> InterCountryTable:
    """Read a year of the OECD's Inter-Country Input-Output tables (CSV, editions 2016 to 2023).

    Rows ``AUS_A01_02``, columns the same, then final demand ``AUS_HFCE`` ... and a total; below, taxes less
    subsidies (one row ``TLS``, or ``AUS_TAXSUB`` by country), value added (``VA`` or ``VALU``), output. The
    processing rows MX1, MX2, CN1 and CN2 of the extended tables are kept as parts of MEX and CHN.

    Parameters
    ----------
    splits : mapping
        Parts to their country; those that the file lacks are passed over.
    **options
        As in `InterCountryTable.from_frames`.

    Raises
    ------
    DataError
        Rows that are neither sectors nor known margins, and whatever the door refuses.
    """
    raw = text_cells(path, index_col=0)
    raw.index = pd.Index([str(label).strip() for label in raw.index])
    raw.columns = pd.Index([str(label).strip() for label in raw.columns])
    sectors = [r for r in raw.index if r in raw.columns and r not in OUTPUT]
    final = [c for c in raw.columns if c not in set(sectors) and c not in OUTPUT]
    margins = [r for r in raw.index if r not in set(sectors)]
    strange = [r for r in margins if r not in VALUE_ADDED | OUTPUT and not TAXES.match(r)]
    if strange:
        raise DataError(
            "The file has rows that are neither sectors nor known margins",
            f"Known: columns of the same name, {sorted(VALUE_ADDED)}, {sorted(OUTPUT)}, TLS, *_TAXSUB.",
            rows=len(strange),
            first=repr(strange[0]),
        )
    if not sectors:
        raise DataError("the file has no row that is also a column", "Country-sectors stand down and across.")
    present = {s.split("_", 1)[0] for s in sectors}
    taxes = [r for r in margins if TAXES.match(r)]
    found = {
        "value_added": next((raw.loc[r, sectors] for r in margins if r in VALUE_ADDED), None),
        "output": next((raw.loc[r, sectors] for r in margins if r in OUTPUT), None),
        "taxes": raw.loc[taxes, sectors].sum() if taxes else None,
    }
    return InterCountryTable.from_frames(
        raw.loc[sectors, sectors],
        raw.loc[sectors, final],
        splits={part: home for part, home in splits.items() if part in present},
        **{"unit": "million USD", "source": f"OECD ICIO, {Path(path).name}", **found, **options},
    )


@validated
def read_wiod(path: str | Path, *, sheet: str | int = 0, **options: Any) -> InterCountryTable:
    """Read a World Input-Output Table of WIOD, release 2013 or 2016.

    Excel sheets (both releases), CSV made from them, and the wide tables of the 2016 release (columns
    IndustryCode, Country, RNr, then ``vAUS1`` ...). Rows and columns are matched by country and number; what
    inputs and value added leave of output (taxes, fob adjustments, purchases abroad, transport margins)
    counts as taxes when ``v="supplied"`` and as value added otherwise.
    """
    raw = cells_of(path, sheet)
    head = raw.iloc[0].astype(str)
    wide = head.str.fullmatch(r"v[A-Z]{3}\d+")
    if wide.any():
        raw = _from_wide(raw, wide.to_numpy(dtype=bool))
    return _numbered(raw, **{"unit": "million USD", "source": f"WIOD, {Path(path).name}", **options})


@validated
def read_adb(path: str | Path, *, sheet: str | int = 0, **options: Any) -> InterCountryTable:
    """Read a year of the Asian Development Bank's MRIO tables (Excel, or CSV made from it).

    Countries and sectors c1 to c35 in header rows and label columns, final demand F1 to F5, margins below.
    """
    return _numbered(
        cells_of(path, sheet), **{"unit": "million USD", "source": f"ADB MRIO, {Path(path).name}", **options}
    )


def _from_wide(raw: pd.DataFrame, columns: np.ndarray) -> pd.DataFrame:
    """The 2016 release's wide table as a sheet: two header rows, and labels country, number, description."""
    names = list(raw.iloc[0].astype(str))
    at = {name: k for k, name in enumerate(names)}
    body = raw.iloc[1:]
    labels = pd.DataFrame(
        {
            0: body[at["IndustryDescription"]].astype(str),
            1: body[at["Country"]],
            2: "c" + body[at["RNr"]].astype(str).str.replace(r"\.0$", "", regex=True),
        }
    )
    keys = [re.fullmatch(r"v([A-Z]{3})(\d+)", n) for n, use in zip(names, columns, strict=True) if use]
    head = pd.DataFrame(
        [[None] * 3 + [k.group(1) for k in keys if k], [None] * 3 + [f"c{k.group(2)}" for k in keys if k]]
    )
    cells = pd.concat([labels, body.loc[:, columns]], axis=1)
    cells.columns = head.columns
    return pd.concat([head, cells], ignore_index=True)


COUNTRY, NUMBER = r"[A-Z][A-Za-z]{2}", r"[cCrRfF]\d+"


def _numbered(raw: pd.DataFrame, **options: Any) -> InterCountryTable:
    """A sheet whose header rows and label columns hold country codes and numbers such as c1, r64, F1."""
    text = raw.map(lambda v: v.strip() if isinstance(v, str) else "")
    across, down = text.iloc[:12], text.iloc[:, :6]
    r_num, r_land = _busiest(across.T, NUMBER), _busiest(across.T, COUNTRY)
    c_num, c_land = _busiest(down, NUMBER), _busiest(down, COUNTRY)
    rows = [(k, a, b) for k, (a, b) in enumerate(zip(text[c_land], text[c_num], strict=True)) if b]
    columns = list(zip(across.iloc[r_land], across.iloc[r_num], strict=True))
    used = {(a, b.lower()) for a, b in columns}
    sectors = {k: (a, b) for k, a, b in rows if a not in ("", "TOT") and (a, b.lower()) in used}
    keys = {(a, b.lower()) for a, b in sectors.values()}
    z = [j for j, (a, b) in enumerate(columns) if (a, b.lower()) in keys]
    y = [j for j, (a, b) in enumerate(columns) if b and a not in ("", "TOT") and (a, b.lower()) not in keys]
    if not sectors or not y:
        raise DataError(
            "The sheet has no rows and columns labelled by country and number",
            "Expected country codes and numbers such as c1 in header rows and label columns.",
        )
    index = pd.MultiIndex.from_tuples(list(sectors.values()))
    square = pd.MultiIndex.from_tuples([(columns[j][0], columns[j][1]) for j in z])
    margins = {k: " ".join(text.iloc[k, :6]) for k in range(len(text)) if k not in sectors}
    found = {
        name: pd.Series(_floats(raw.iloc[k, z]), index=square)
        for name, pattern in (
            ("value_added", r"[Vv]alue [Aa]dded|\bVA\b"),
            ("output", r"\bGO\b|[Oo]utput|\bTOTAL\b"),
        )
        for k in [next((k for k, label in margins.items() if re.search(pattern, label)), None)]
        if k is not None
    }
    Z = pd.DataFrame(_floats(raw.iloc[list(sectors), z]), index=index, columns=square)
    Y = pd.DataFrame(
        _floats(raw.iloc[list(sectors), y]),
        index=index,
        columns=pd.MultiIndex.from_tuples([columns[j] for j in y]),
    )
    extra = {"taxes": "remainder"} if "value_added" in found else {}
    return InterCountryTable.from_frames(Z, Y, **{**found, **extra, **options})


def _busiest(frame: pd.DataFrame, pattern: str) -> int:
    """The position of the column with most cells of a pattern."""
    counts = [int(frame[c].str.fullmatch(pattern).sum()) for c in frame]
    return int(np.argmax(counts))


def _floats(part: pd.DataFrame | pd.Series) -> Any:
    """Cells as numbers where they are; text stays, for the door to refuse with its place."""
    values = part.to_numpy(dtype=object)
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        return values


@validated
def read_ceads(path: str | Path, *, sheet: str | int = 0, **options: Any) -> InterCountryTable:
    """Read a multi-regional table of China's provinces as CEADs publishes it (Excel or CSV).

    Two header rows and two label columns: province (written once, over its sectors) and sector. Final use
    by province; a column of exports, and of the balancing error; below the sectors a row of imports by user,
    then value added. The rest of the world becomes a country ROW with one sector: it delivers the imports,
    buys the exports, and uses no inputs, so all imports count as foreign value added. The error becomes a
    category of final demand of the province whose row it is in.
    """
    raw = cells_of(path, sheet)
    head = [raw.iloc[0, 2:].ffill().astype(str), raw.iloc[1, 2:].fillna("").astype(str)]
    side = [raw.iloc[2:, 0].ffill().astype(str), raw.iloc[2:, 1].fillna("").astype(str)]
    columns = [(a.strip(), b.strip()) for a, b in zip(*head, strict=True)]
    rows = [(a.strip(), b.strip()) for a, b in zip(*side, strict=True)]
    body = pd.DataFrame(_floats(raw.iloc[2:, 2:]), index=pd.Index(range(len(rows))))
    sectors = [k for k, key in enumerate(rows) if key in set(columns)]
    regions = {rows[k][0] for k in sectors}
    at = {key: j for j, key in enumerate(columns)}
    z = [at[rows[k]] for k in sectors]
    y = [j for j, (a, b) in enumerate(columns) if a in regions and j not in set(z) and not _is(b, "sum")]
    one = {w: [j for j, key in enumerate(columns) if key[0] not in regions and _is(key, w)] for w in CEADS}
    imports = [k for k, key in enumerate(rows) if k not in set(sectors) and _is(key, "import")]
    if not sectors or len(one["export"]) != 1 or len(imports) != 1:
        raise DataError(
            f"The sheet has {len(sectors)} province-sectors, {len(one['export'])} export columns and "
            f"{len(imports)} import rows",
            "Expected two header rows and two label columns (province, sector), one column of exports and "
            "one row of imports.",
        )
    labels = pd.MultiIndex.from_tuples([*(rows[k] for k in sectors), ("ROW", "imports")])
    Z = np.zeros((len(labels), len(labels)), dtype=object)
    Z[:, :-1] = body.iloc[[*sectors, *imports], z].to_numpy(dtype=object)
    Y = body.iloc[[*sectors, *imports], [*y, *one["export"]]].copy()
    Y.iloc[-1, -1] = 0.0
    Y.columns = pd.MultiIndex.from_tuples([*(columns[j] for j in y), ("ROW", "exports")])
    Y.index = labels
    for j in one["error"]:
        for region in sorted(regions):
            mine = [rows[k][0] == region for k in sectors]
            Y[(region, "error")] = [*np.where(mine, body.iloc[sectors, j], 0.0), 0.0]
    return InterCountryTable.from_frames(
        pd.DataFrame(Z, labels, labels).infer_objects(),
        Y.infer_objects(),
        **{"unit": "10,000 CNY", "source": f"CEADs, {Path(path).name}", **options},
    )


CEADS = {
    "export": r"\b(exports?|EX)\b|出口",
    "error": r"\b(others?|error|ERR)\b|误差|其他",
    "import": r"\b(imports?|IM)\b|进口",
    "sum": r"\b(TIU|TFU|total)\b|合计|小计",
}


def _is(label: tuple[str, str] | str, what: str) -> bool:
    text = label if isinstance(label, str) else " ".join(label)
    return re.search(CEADS[what], text, flags=re.IGNORECASE) is not None
