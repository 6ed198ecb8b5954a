"""Tables published as folders or archives of several files: EORA26 and EXIOBASE 3."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError
from exportlab.files.bundle import Bundle, bundle
from exportlab.frames import Array
from exportlab.options import validated
from exportlab.valueadded.intercountry import InterCountryTable
from exportlab.valueadded.layout import (
    Blanks,
    Layout,
    Line,
    fill,
    intercountry,
    numeric,
    plain,
    refuse_repeats,
)
from exportlab.valueadded.leontief import leontief_inverse
from exportlab.words import N_, said

EORA = r"Eora26_\d{{4}}_(bp|pp)_{}\.txt"
Satellites: TypeAlias = str | pd.DataFrame | pd.Series | None
# EXIOBASE's factor inputs, among its satellite rows or in a folder of their own.
EXIOBASE_TAXES = r"Taxes less subsidies on products purchased.*"
EXIOBASE_PRIMARY = (
    r"Other net taxes on production|Compensation of employees.*|Operating surplus.*|Value [Aa]dded"
)


@validated
def read_eora(
    path: str | Path,
    *,
    satellites: Satellites = None,
    blanks: Blanks = "refuse",
    tolerance: float = 1e-3,
    **options: Any,
) -> InterCountryTable:
    """Read a year of EORA26: a folder or archive of ``Eora26_2015_bp_T.txt``, ``_FD``, ``_VA`` and the label files.

    Tab-separated figures without labels; ``labels_T.txt``, ``labels_FD.txt`` and ``labels_VA.txt`` stand in the same
    place, or in ``indices.zip`` beside it. The row ROW (statistical discrepancies) counts as taxes, neither inputs nor
    value added; what is delivered to ROW becomes a category of final demand of the country that delivers it, so that
    ROW is no country of the table. The files print no output: sums of rows are compared with those of columns. Basic
    or purchasers' prices as the name says (bp, pp), thousand USD; exports hold re-exports where the source data do.
    EORA's rows and columns often balance to some percent only: ``tolerance=`` says how far. `satellites` may be a
    regular expression: the rows of ``Eora26_2015_bp_Q.txt`` whose names (``labels_Q.txt``) hold it are kept. Parameters
    and refusals as in `read_icio`.
    """
    files = bundle(path)
    flows = files.find(EORA.format("T"))
    parts = ("T", "FD", "VA", "Q") if isinstance(satellites, str) else ("T", "FD", "VA")
    labels = {part: _eora_labels(files, part) for part in parts}
    keys = {
        part: [(str(a), str(b)) for a, b in zip(t[1], t[3], strict=True)]
        for part, t in labels.items()
        if part in ("T", "FD")
    }
    added = _eora_names(labels["VA"])
    Z, Y, V, *beside = (_plain_part(files, part, labels) for part in parts)
    rows = [Line("taxes" if c == "ROW" else "sector", (c, s), f"{c} {s}") for c, s in keys["T"]]
    rows += [Line("primary", ("", name), name) for name in added]
    columns = [
        Line("error", ("", "ROW"), f"{c} {s}") if c == "ROW" else Line("sector", (c, s), f"{c} {s}")
        for c, s in keys["T"]
    ]
    columns += [
        Line("error", ("", f"ROW, {s}"), f"{c} {s}") if c == "ROW" else Line("final", (c, s), f"{c} {s}")
        for c, s in keys["FD"]
    ]
    refuse_repeats(rows, "rows")
    refuse_repeats(columns, "columns")
    if beside:
        names = _eora_names(labels["Q"])
        at = _matching(names, str(satellites), files)
        rows += [Line("satellite", ("", names[k]), names[k]) for k in at]
        V = np.vstack([V, _at_home(beside[0][at], columns)])
    else:
        options = {"satellites": satellites, **options}
    below = np.hstack([V, np.full((len(V), Y.shape[1]), np.nan)])
    cells = pd.DataFrame(np.vstack([np.hstack([Z, Y]), below]))
    made = {"unit": N_("thousand USD"), "source": f"EORA26, {Path(str(flows)).name}", **options}
    return intercountry(fill(Layout(cells, tuple(rows), tuple(columns)), blanks), tolerance, **made)


def _eora_names(labels: pd.DataFrame) -> list[str]:
    """The names of rows that belong to no country: all that their label says."""
    return [" ".join(str(v) for v in row if isinstance(v, str)) for row in labels.to_numpy(dtype=object)]


def _matching(names: Sequence[str], pattern: str, files: Bundle) -> list[int]:
    """The places of the names that hold a pattern; none are refused."""
    try:
        found = [k for k, name in enumerate(names) if re.search(pattern, name)]
    except re.error as error:
        raise OptionError(
            said(
                "satellites={pattern} is no regular expression: {error}. A backslash before a sign takes it as it is.",
                pattern=repr(pattern),
                error=error,
            )
        ) from None
    if not found:
        raise OptionError(
            said(
                "satellites={pattern} is in no row of {path}. It has {n}: {names}.",
                pattern=repr(pattern),
                path=repr(str(files.path)),
                n=f"{len(names):,}",
                names=", ".join(map(repr, names[:6])) + (" ..." if len(names) > 6 else ""),
            )
        )
    return found


def _at_home(beside: Array, columns: Sequence[Line]) -> Array:
    """Satellites of the countries' sectors; what stands in the column of discrepancies belongs to none of them."""
    lost = beside[:, [line.role == "error" for line in columns[: beside.shape[1]]]]
    if np.any(lost):
        raise DataError(
            said(
                "Satellites stand in the column ROW of statistical discrepancies, which is no country of the table"
            ),
            said("Give satellites= as a table of the countries' sectors."),
            rows=int(np.count_nonzero(lost)),
        )
    return beside


def _eora_labels(files: Bundle, part: str) -> pd.DataFrame:
    """The labels of a part: country, code, kind and sector; those of value added are kind and name."""
    name = files.find(f"labels_{part}.txt", needed=False)
    if name is None:
        files = bundle((files.path.parent if files.zipped else files.path) / "indices.zip")
        name = files.find(f"labels_{part}.txt")
    return files.table(str(name), header=None, dtype=object, keep_default_na=False).map(
        lambda v: v.strip() if isinstance(v, str) and v.strip() else None
    )


def _plain_part(files: Bundle, part: str, labels: dict[str, pd.DataFrame]) -> Array:
    """The figures of a part, as many rows and columns as there are labels for them."""
    name = str(files.find(EORA.format(part)))
    cells = plain(numeric(files.table(name, header=None)))
    shape = (len(labels[part if part in ("VA", "Q") else "T"]), len(labels["FD" if part == "FD" else "T"]))
    if cells.shape != shape:
        raise DataError(
            said(
                "file {name} has {rows} rows and {columns} columns, the labels say {down} and {across}",
                name=repr(name),
                rows=f"{cells.shape[0]:,}",
                columns=f"{cells.shape[1]:,}",
                down=f"{shape[0]:,}",
                across=f"{shape[1]:,}",
            ),
            said("Labels and figures must be of one edition."),
        )
    return cells


@validated
def read_exiobase(
    path: str | Path,
    *,
    satellites: Satellites = None,
    blanks: Blanks = "refuse",
    tolerance: float = 1e-3,
    **options: Any,
) -> InterCountryTable:
    """Read a year of EXIOBASE 3, monetary, as a folder or the archive that is published (``IOT_2019_pxp.zip``).

    ``Z.txt`` and ``Y.txt``; where a release has coefficients only (``A.txt``), flows are made with ``x.txt``, or with
    x = (I - A)^-1 Y where there is none. Output ``x.txt`` is compared with the row sums, and taxes less subsidies on
    products and the factor inputs of ``factor_inputs/F.txt`` or ``satellite/F.txt`` with what inputs leave of it.
    Basic prices, in the unit of ``unit.txt`` (million EUR); exports are those of the balanced trade, without
    re-exports. `satellites` may be a regular expression, such as ``"^CO2 - combustion - air$"``: the rows of ``F.txt``,
    in whatever folder, whose names hold it are kept. Parameters and refusals as in `read_icio`.
    """
    files = bundle(path)
    Y = files.table(str(files.find(r"Y\.txt")), index_col=[0, 1], header=[0, 1])
    x = _exiobase_output(files)
    flows = files.find(r"Z\.txt", needed=False)
    Z = files.table(flows or str(files.find(r"A\.txt")), index_col=[0, 1], header=[0, 1])
    if not Z.index.equals(Y.index):
        raise DataError(said("Z and Y have different rows"), said("Both must be of one release and year."))
    if flows is None:
        made = (
            leontief_inverse(plain(Z)) @ plain(Y).sum(axis=1) if x is None else x.to_numpy(dtype=np.float64)
        )
        Z = Z * made
    factors = _exiobase_factors(files, Z.columns)
    sectors = _lines("sector", Z.index)
    across = _lines("sector", Z.columns)
    across += _lines("final", Y.columns)
    cells = np.hstack([plain(Z), plain(Y)])
    if x is not None:
        across.append(Line("output", ("", "x"), "x.txt"))
        cells = np.hstack([cells, x.to_numpy(dtype=np.float64)[:, None]])
    rows = [*sectors, *(Line(_exiobase_role(name), ("", name), name) for name in map(str, factors.index))]
    if isinstance(satellites, str):
        kept = _exiobase_satellites(files, Z.columns, satellites)
        rows += [Line("satellite", ("", name), name) for name in map(str, kept.index)]
        factors = pd.concat([factors, kept])
    else:
        options = {"satellites": satellites, **options}
    below = np.full((len(factors), cells.shape[1]), np.nan)
    below[:, : len(sectors)] = plain(factors)
    refuse_repeats(rows, "rows")
    refuse_repeats(across, "columns")
    layout = Layout(pd.DataFrame(np.vstack([cells, below])), tuple(rows), tuple(across))
    named = {"unit": _exiobase_unit(files), "source": f"EXIOBASE 3, {files.path.name}", **options}
    return intercountry(fill(layout, blanks), tolerance, **named)


def _lines(role: str, keys: pd.Index) -> list[Line]:
    """Lines of one role by their region and label."""
    return [Line(role, (str(key[0]), str(key[1])), f"{key[0]} {key[1]}") for key in keys]


def _exiobase_output(files: Bundle) -> pd.Series | None:
    name = files.find(r"x\.txt", needed=False)
    return None if name is None else files.table(name, index_col=[0, 1], header=0).iloc[:, 0]


def _exiobase_role(name: str) -> str:
    return "taxes" if re.fullmatch(EXIOBASE_TAXES, name) else "primary"


def _exiobase_factors(files: Bundle, columns: pd.Index) -> pd.DataFrame:
    """The rows of taxes and factor inputs; none where the release has none."""
    found = [n for n in files.names if re.search(r"(^|/)(factor_inputs|satellite)/F\.txt$", n)]
    for name in sorted(found):  # a folder of their own comes first
        table = files.table(name, index_col=0, header=[0, 1])
        kept = table[
            [bool(re.fullmatch(f"{EXIOBASE_TAXES}|{EXIOBASE_PRIMARY}", str(k))) for k in table.index]
        ]
        if len(kept):
            return kept.reindex(columns=columns)
    return pd.DataFrame(columns=columns, dtype=np.float64)


def _exiobase_satellites(files: Bundle, columns: pd.Index, pattern: str) -> pd.DataFrame:
    """The rows of all extensions whose names hold a pattern."""
    found = sorted(n for n in files.names if re.search(r"(^|/)[^/]+/F\.txt$", n))
    tables = [files.table(name, index_col=0, header=[0, 1]) for name in found]
    rows = pd.concat(tables) if tables else pd.DataFrame(columns=columns, dtype=np.float64)
    return rows.iloc[_matching([str(k) for k in rows.index], pattern, files)].reindex(columns=columns)


def _exiobase_unit(files: Bundle) -> str:
    """The unit of every sector, where there is one."""
    name = min((n for n in files.names if n.rpartition("/")[2] == "unit.txt"), key=len, default=None)
    if name is None:
        return N_("million EUR")
    units = set(files.table(name, dtype=str).iloc[:, -1])
    if len(units) != 1:
        raise DataError(
            said("Sectors are in several units"),
            said("A monetary table has one."),
            first=repr(sorted(units)),
        )
    return re.sub(r"^(M\.|Mill? )", "million ", units.pop())
