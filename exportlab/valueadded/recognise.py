"""`read_iot`: the reader of an input-output file by what it holds, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from exportlab.errors import DataError
from exportlab.files.bundle import bundle
from exportlab.files.paths import BOOKS, cells_of, first_line, text_cells
from exportlab.options import validated
from exportlab.valueadded.economies import read_eurostat, read_oecd_iot
from exportlab.valueadded.folders import read_eora, read_exiobase
from exportlab.valueadded.gloria import RESULTS, read_gloria
from exportlab.valueadded.heads import Axes, axes
from exportlab.valueadded.icio import is_flat, read_figaro, read_icio
from exportlab.valueadded.intercountry import InterCountryTable
from exportlab.valueadded.iotable import IOTable
from exportlab.valueadded.nbs import TABLES, bureau, provinces
from exportlab.valueadded.wiot import COUNTRY, numbered
from exportlab.words import N_, enumerated, said

Table: TypeAlias = IOTable | InterCountryTable

FORMATS: Mapping[str, str] = {
    "OECD ICIO": N_("AUS_A01 down and across, AUS_HFCE or HFCE_AUS (read_icio)"),
    "Eurostat FIGARO": N_(
        "AT_A01 down and across, AT_P3_S14; or refArea, counterpartArea, obsValue (read_figaro)"
    ),
    "WIOD": N_("countries with c1 or r1, c37 or c57 (read_wiod)"),
    "ADB MRIO": N_("countries with c1, F1 (read_adb)"),
    "EORA26": N_("a folder or archive with Eora26_2015_bp_T.txt (read_eora)"),
    "EXIOBASE 3": N_("a folder or archive with Z.txt or A.txt, and Y.txt (read_exiobase)"),
    "GLORIA": N_("a folder or archive with ..._T-Results_2019_059_Markup001(full).csv (read_gloria)"),
    "CEADs": N_("provinces and sectors in head rows and label columns, exports, imports (read_ceads)"),
    N_("statistical bureaus"): N_("sector codes or names in a head row and a label column (read_nbs)"),
    N_("OECD national tables"): N_("rows TTL_A01, or DOM_A01 and IMP_A01 (read_oecd_iot)"),
    "Eurostat TSV": N_("a first column unit,stk_flow,...,geo (read_eurostat)"),
}


@validated
def read_iot(path: str | Path, **options: Any) -> Table:
    """Read an input-output table, recognised by what the file holds; `source` of the table names the format.

    Parameters
    ----------
    path : path
        A file, or the folder or archive of EORA26, EXIOBASE and GLORIA.
    **options
        As in the reader of the format, such as ``tolerance=`` and ``blanks=``; ``sheet=`` of a workbook.

    Raises
    ------
    DataError
        The file is of no format in `FORMATS`; or as its reader refuses.
    OptionError
        A workbook has several sheets that are called tables, and `sheet` names none.

    See Also
    --------
    read_icio, read_figaro, read_wiod, read_adb, read_eora, read_exiobase, read_gloria, read_ceads, read_nbs,
    read_oecd_iot, read_eurostat
    """
    place = Path(path)
    name = place.name.lower()
    if place.is_dir() or (name.endswith(".zip") and not name.endswith(".csv.zip")):
        return _of_files(place)(path, **options)
    if not name.endswith(BOOKS):
        text = _of_text(place)
        if text is not None:
            return text(path, **options)
    return _of_sheet(place, options)


def _of_files(place: Path) -> Callable[..., Table]:
    files = bundle(place)
    if files.find(r"Eora26_\d{4}_(bp|pp)_T\.txt", needed=False):
        return read_eora
    if files.find(r"Y\.txt", needed=False):
        return read_exiobase
    if files.find(RESULTS.format("T"), needed=False):
        return read_gloria
    raise _unknown(place)


def _of_text(place: Path) -> Callable[..., Table] | None:
    """The reader of a file with one line of names; None where it may be a sheet saved as text."""
    names = first_line(place)
    if "stk_flow" in names[0] or "stk_flow" in names:
        return read_eurostat
    if is_flat(names) or any("_P3_S1" in name for name in names):
        return read_figaro
    if any(name.startswith("HFCE_") or name.endswith("_HFCE") for name in names):
        return read_icio
    if len(names) > 1 and {"HFCE", "EXPO"} & set(names):
        labels = text_cells(place, usecols=[0], header=None, dtype=str).iloc[:, 0]
        if labels.str.match(r"(TTL|DOM|IMP)_").any():
            return read_oecd_iot
    return None


def _of_sheet(place: Path, options: dict[str, Any]) -> Table:
    """The table of a sheet, by the labels that its rows and columns share."""
    sheet = options.pop("sheet", TABLES)
    raw = cells_of(place, sheet)
    countries = _labels(raw, sector=r"c\d+", region=COUNTRY, same={r"^r(\d+)$": r"c\1"})
    wide = raw.iloc[0].astype(str).str.fullmatch(r"v[A-Z]{3}\d+").any()
    if countries is not None or wide:
        finals = countries is not None and any(t in ("F1", "F2") for t in countries.head[countries.label[0]])
        publisher = "ADB MRIO" if finals else "WIOD"
        return numbered(raw, **{"source": f"{publisher}, {place.name}", **options})
    regions = _labels(raw, region=r"\D+")
    if regions is not None and _nested(regions):
        return provinces(raw, **{"source": f"CEADs, {place.name}", **options})
    if _labels(raw) is not None:
        return bureau(raw, f"statistical bureau, {place.name}", **options)
    raise _unknown(place)


def _labels(raw: pd.DataFrame, **patterns: Any) -> Axes | None:
    try:
        return axes(raw, **patterns)
    except DataError:
        return None


def _nested(at: Axes) -> bool:
    """Whether a label stands in several regions, as a sector does in several provinces."""
    labels = [t for t in at.head[at.label[0], at.left :] if t]
    return len(labels) > len(set(labels))


def _unknown(place: Path) -> DataError:
    known = enumerated(said("{name}: {what}", name=said(n), what=said(w)) for n, w in FORMATS.items())
    return DataError(
        said("{path} is of no input-output format that is known", path=repr(str(place))),
        said("Known are {known}.", known=known),
    )
