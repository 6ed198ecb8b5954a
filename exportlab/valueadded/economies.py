"""Tables of one economy from international publishers: OECD's national tables and Eurostat's TSV files."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError
from exportlab.files.paths import first_line, text_cells
from exportlab.options import validated
from exportlab.valueadded.iotable import IOTable
from exportlab.valueadded.layout import (
    Blanks,
    Known,
    Layout,
    Line,
    fill,
    national,
    numeric,
    plain,
    refuse_repeats,
    refuse_unknown,
    role_of,
    subtotals,
)
from exportlab.words import N_, said

OECD = Known(
    columns={
        "final": "HFCE|NPISH|GGFC|GFCF|INVNT|GCF|VALUABLES?|DPABR|CONS_ABR|CONS_NONRES|NONRES",
        "exports": "EXPO",
        "imports": "IMPO",
        "output": "TOTAL|OUTPUT",
    },
    rows={
        "intermediate": "TTL_INT_FNL",
        "taxes": "IMP_OTHER|TXS_(INT|IMP|EXP)?_?FNL|TXS",
        "primary": "LABR|OTXS|CFC|NOPS|GOPS",
        "value added": "VALU",
        "output": "OUTPUT",
    },
    said=(
        N_("sectors, HFCE, NPISH, GGFC, GFCF, INVNT, DPABR, CONS_NONRES, EXPO, IMPO, TOTAL"),
        N_(
            "TTL_, DOM_ and IMP_ with a sector, IMP_OTHER, TXS_INT_FNL, TTL_INT_FNL, VALU and its parts, OUTPUT"
        ),
    ),
)
EUROSTAT = Known(
    columns={
        "exports": "P6(_.+)?",
        "subtotal": "P3|P5M|P5G?|P52_P53",
        "intermediate": "P2|TOTAL|CPA_TOTAL",
        "final uses": "TFU",
        "output": "TU|TS_BP",
        "final": "P3_S13|P3_S14|P3_S15|P51G|P52|P53",
    },
    rows={
        "intermediate": "P2|P2_ADJ|TOTAL|CPA_TOTAL",
        "imported in all": "IMP",
        "taxes": "D21X31|OP_RES|OP_NRES",
        "primary": "D1|D29X39|B2A3G",
        "value added": "B1G",
        "output": "P1",
        "note": "D11|D12|B2A3N|P51C|P7|TS_BP",
    },
    said=(
        N_("CPA or NACE codes, P3_S13, P3_S14, P3_S15, P51G, P52, P53, P5M, P6, TFU, TU"),
        N_("CPA or NACE codes, P2, IMP, D21X31, D1, D29X39, B2A3G, B1G, P1"),
    ),
)
# Of products and of industries, in newer and older files: what is made down, who uses it across.
DOWN = ("prd_ava", "ind_ava", "prod_na", "t_rows2")
ACROSS = ("prd_use", "ind_use", "induse", "t_cols2")
# What a code of final use is the sum of, where these stand beside it; sums after parts.
INVENTORIES = {"P52", "P53", "P52_P53", "P5M"}
PARTS = {
    "P3": {"P3_S13", "P3_S14", "P3_S15"},
    "P52_P53": {"P52", "P53"},
    "P5M": INVENTORIES - {"P5M"},
    "P5G": {"P51G", *INVENTORIES},
    "P5": {"P51G", "P5G", *INVENTORIES},
}
SUMS_LAST = ("P3_S13", "P3_S14", "P3_S15", "P3", "P51G", "P52", "P53", "P52_P53", "P5M", "P5G", "P5", "P6")
DIVISIONS = re.compile(r"(?:CPA_)?([A-Z])(\d\d)?(?:([-_])[A-Z]?(\d\d))?([A-Z])?")


@validated
def read_oecd_iot(
    path: str | Path, *, blanks: Blanks = "refuse", tolerance: float = 1e-3, **options: Any
) -> IOTable:
    """Read one of the OECD's national input-output tables (CSV, such as ``CZE2014ttl.csv``).

    Rows ``TTL_A01`` ... (total use of products: a competitive table, with its column of imports IMPO, printed
    negative), or ``DOM_A01`` ... and ``IMP_A01`` ... (domestic and imported products apart: non-competitive). Below,
    other imports and taxes on products, which count as taxes, then value added and its parts, and output. Basic prices,
    million USD; exports are fob with re-exports, as the OECD says. A file of domestic rows alone is refused: without
    imported rows all inputs would count as domestic. Parameters and refusals as in `read_nbs`.
    """
    names = first_line(path)
    raw = text_cells(path, header=None, skiprows=1)
    labels = [str(v).strip() for v in raw.iloc[:, 0]]
    cells = numeric(raw.iloc[:, 1:])
    across = set(names[1:])
    columns = [
        Line("sector", ("", n), n) if _sectoral(n, labels) else _known(n, OECD.columns) for n in names[1:]
    ]
    rows = [_oecd_row(label, across) for label in labels]
    layout = _checked(Layout(cells, tuple(rows), tuple(columns)), OECD)
    if not layout.down("sector"):
        raise DataError(
            said("The file has no rows TTL_ or DOM_ with a sector"),
            said("Give a table of the OECD's, as it is published."),
        )
    layout = _positive_imports(layout)
    return national(
        fill(layout, blanks),
        tolerance,
        **{"unit": N_("million USD"), "source": f"OECD IOT, {Path(path).name}", **options},
    )


def _sectoral(name: str, labels: list[str]) -> bool:
    return any(f"{kind}_{name}" in labels for kind in ("TTL", "DOM"))


def _oecd_row(label: str, across: set[str]) -> Line:
    kind, _, sector = label.partition("_")
    if sector in across and kind in ("TTL", "DOM", "IMP"):
        return Line("imported" if kind == "IMP" else "sector", ("", sector), label)
    return _known(label, OECD.rows)


def _known(label: str, roles: Any) -> Line:
    return Line(role_of([label], roles), ("", label), label)


def _checked(layout: Layout, known: Known) -> Layout:
    for lines, what, names in (
        (layout.columns, "columns", known.said[0]),
        (layout.rows, "rows", known.said[1]),
    ):
        refuse_repeats(lines, what)
        refuse_unknown(lines, what, names)
    return layout


def _positive_imports(layout: Layout) -> Layout:
    """Imports that a publisher prints as negative uses, as positive numbers."""
    at = layout.across("imports")
    cells = layout.cells.copy()
    for j in at:
        if (plain(cells.iloc[layout.down("sector"), [j]]) > 0).any():
            raise DataError(
                said("Imports are positive in the column IMPO"),
                said("The OECD prints them as negative uses."),
            )
        cells.iloc[:, j] = -cells.iloc[:, j]
    return replace(layout, cells=cells)


@validated
def read_eurostat(
    path: str | Path,
    *,
    geo: str | None = None,
    period: str | int | None = None,
    unit_code: str | None = None,
    blanks: Blanks = "refuse",
    tolerance: float = 1e-3,
    **options: Any,
) -> IOTable:
    """Read a symmetric input-output table from a TSV file of Eurostat (naio_10_cp1700, naio_10_cp1750).

    The first column holds the dimensions (``freq,unit,stk_flow,prd_use,prd_ava,geo``; ``ind_use`` and ``ind_ava`` of
    industries, whose codes have no CPA before them; the older ``induse`` and ``prod_na``), the others one period each;
    figures carry flags (``12.5 p``), which are left out, and ``:`` is a blank. Domestic and imported products (DOM,
    IMP) make a non-competitive table. A code beside codes of its parts (B beside B05, C10-12 beside C10) is left out,
    and named in `source`. Basic prices; taxes less subsidies on products, and purchases abroad, count as taxes. Exports
    (P6) are those of domestic products: re-exports stand in the rows of imported products and are left out.

    Parameters
    ----------
    geo, period, unit_code : str, optional
        Which country, period and unit (MIO_EUR, MIO_NAC), where the file has several.
    blanks, tolerance, **options
        As in `read_nbs`.

    Raises
    ------
    OptionError
        The file has several countries, periods or units, and one was not named.
    DataError
        Domestic and imported products are not apart, and as in `read_nbs`.
    """
    long = _long(path)
    for name, value in (("geo", geo), ("period", period), ("unit", unit_code)):
        long = _one(long, name, value)
    rows, columns = (next((n for n in names if n in long.columns), None) for names in (DOWN, ACROSS))
    if rows is None or columns is None:
        raise DataError(
            said(
                "The file has the dimensions {names}", names=", ".join(map(str, long.columns.drop("value")))
            ),
            said(
                "One of {rows} and one of {columns} are needed.",
                rows=", ".join(DOWN),
                columns=", ".join(ACROSS),
            ),
        )
    layout, left_out = _eurostat_layout(long.assign(row=long[rows], column=long[columns]))
    layout = subtotals(_checked(layout, EUROSTAT))
    code, place, year = (str(long[n].iloc[0]) for n in ("unit", "geo", "period"))
    unit = {"MIO_EUR": N_("million EUR"), "MIO_NAC": N_("million of the national currency")}.get(code, code)
    beside = f"; left out as sums of their parts: {', '.join(left_out)}" if left_out else ""
    return national(
        fill(layout, blanks),
        tolerance,
        **{"unit": unit, "source": f"Eurostat, {place} {year}, {Path(path).name}{beside}", **options},
    )


def _long(path: str | Path) -> pd.DataFrame:
    """One figure a row, with its dimensions and period."""
    raw = text_cells(path, sep="\t", dtype=str, keep_default_na=False)
    first = str(raw.columns[0])
    names = [n.strip() for n in first.partition("\\")[0].split(",")]
    if "stk_flow" not in names or "geo" not in names:
        raise DataError(
            said("The first column {name} is not of Eurostat's tables", name=repr(first)),
            said("It names the dimensions unit, stk_flow, prd_use or induse, prd_ava or prod_na, geo."),
        )
    parts = raw.iloc[:, 0].str.split(",", expand=True).set_axis(names, axis=1)
    figures = raw.iloc[:, 1:].set_axis([str(c).strip() for c in raw.columns[1:]], axis=1)
    long = pd.concat([parts, figures], axis=1).melt(id_vars=names, var_name="period", value_name="text")
    told = long["text"].str.extract(r"^\s*(-?[\d.]+(?:[eE][-+]?\d+)?|:)?\s*([a-z]*)\s*$")
    if told[0].isna().any():
        bad = long.loc[told[0].isna(), "text"]
        raise DataError(
            said("Cells are neither figures nor ':'"),
            said("Flags follow a figure."),
            rows=len(bad),
            first=repr(bad.iloc[0]),
        )
    return long.assign(value=pd.to_numeric(told[0].replace(":", np.nan))).drop(columns="text")


def _one(long: pd.DataFrame, name: str, value: object) -> pd.DataFrame:
    have = sorted(set(long.loc[long["value"].notna(), name]))
    if value is None and len(have) != 1:
        raise OptionError(
            said(
                "The file has {n} values of {name}: name one of {known}.",
                n=len(have),
                name=name,
                known=have[:12],
            )
        )
    wanted = have[0] if value is None else str(value)
    if wanted not in have:
        raise OptionError(
            said(
                "{name}={value} is not in the file. Allowed: {known}.",
                name=name,
                value=repr(wanted),
                known=have[:12],
            )
        )
    return long[long[name] == wanted]


def _eurostat_layout(long: pd.DataFrame) -> tuple[Layout, list[str]]:
    """Rows by origin and code: products domestic and imported, margins once; and which codes are sums of others."""
    told = long[long["value"].notna()]
    across = set(long["column"])
    codes = [c for c in dict.fromkeys(told["row"]) if c in across and not _margin(c)]
    left_out = [c for c in codes if any(_holds(c, other) for other in codes)]
    sectors = [c for c in codes if c not in left_out]
    flows = set(told.loc[told["row"].isin(sectors), "stk_flow"])
    if not {"DOM", "IMP"} <= flows:
        raise DataError(
            said("The file has products of the origin {flows}", flows=", ".join(sorted(flows)))
            if flows
            else said("The file has no products"),
            said(
                "Rows and columns of products or industries are needed, of the origins DOM and IMP: a table that tells "
                "them apart. TOTAL does not, and a total of all products is none of them."
            ),
        )
    kept = long[~long["row"].isin(left_out) & ~long["column"].isin(left_out)]
    return _pivoted(kept, sectors), left_out


def _pivoted(long: pd.DataFrame, sectors: list[str]) -> Layout:
    """Products by origin, and every margin of the first origin that has figures of it."""
    product = long["row"].isin(sectors)
    own = long[product & long["stk_flow"].isin(["DOM", "IMP"])]
    used = set(own.loc[own["value"].notna(), "column"]) | set(sectors)
    margins = long[~product & long["value"].notna()]
    # IMP is what domestic industries import; in the other origins it is something else.
    margins = margins[margins["row"].ne("IMP") | margins["stk_flow"].eq("DOM")]
    rank = margins["stk_flow"].map({"TOTAL": 2, "DOM": 1}).fillna(0)
    margins = margins[rank == rank.groupby(margins["row"]).transform("max")]
    if "P6" in used:
        used -= {c for c in used if c.startswith("P6_")}  # its parts by destination
    both = pd.concat([own, margins])
    _refuse_twice(both)
    wide = both[both["column"].isin(used)].pivot(index=["stk_flow", "row"], columns="column", values="value")
    wide = wide[[c for c in wide if c not in SUMS_LAST] + [c for c in SUMS_LAST if c in wide]]
    names = [str(c) for c in wide.columns]
    across = [Line("sector", ("", c), c) if c in sectors else _known(c, EUROSTAT.columns) for c in names]
    down = [
        Line("imported" if flow == "IMP" else "sector", ("", code), f"{flow} {code}")
        if code in sectors
        else _known(code, EUROSTAT.rows)
        for flow, code in wide.index
    ]
    across = [
        replace(c, role="final") if c.role == "subtotal" and not used & PARTS[c.name] else c for c in across
    ]
    return Layout(wide.reset_index(drop=True), tuple(down), tuple(across))


def _refuse_twice(long: pd.DataFrame) -> None:
    twice = long[long.duplicated(["stk_flow", "row", "column"])]
    if len(twice):
        first = twice.iloc[0]
        raise DataError(
            said("Figures stand in the file more than once"),
            said("One frequency and one table a file."),
            rows=len(twice),
            first=said(
                "{flow}, {row} used by {column}",
                flow=first["stk_flow"],
                row=first["row"],
                column=first["column"],
            ),
        )


def _margin(code: str) -> bool:
    return bool(role_of([code], EUROSTAT.rows) or role_of([code], EUROSTAT.columns))


def _holds(code: str, other: str) -> bool:
    """Whether a code of CPA or NACE takes in another: B takes in B05, C10-12 takes in C11, L68 takes in L68A."""
    mine, theirs = DIVISIONS.fullmatch(code), DIVISIONS.fullmatch(other)
    if not mine or not theirs or mine[1] != theirs[1] or not theirs[2]:
        return False
    whole, part = _divisions(mine), _divisions(theirs)
    return not whole or part < whole or (part == whole and not mine[5] and bool(theirs[5]))


def _divisions(code: re.Match[str]) -> set[int]:
    """The two-digit divisions of a code; none of a section, which is a letter alone."""
    first, last = (int(code[k] or code[2] or 0) for k in (2, 4))
    return {first, last} - {0} if code[3] == "_" else set(range(first, last + 1)) - {0}
