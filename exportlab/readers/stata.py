"""Stata files: value labels become text, whole numbers stay whole, missing codes stay missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportlab.errors import DataError
from exportlab.readers.asking import MONEY, Ask, Taken, lost_zeros
from exportlab.readers.files import progress_over
from exportlab.readers.lazy import Schema

if TYPE_CHECKING:
    import pandas as pd


def stata_table(ask: Ask, *, shown: bool) -> Taken:
    """Stata files (.dta, versions 102 to 119) into pandas."""
    frames = []
    with progress_over(ask.files, "Reading", shown=shown) as advance:
        for file in ask.files:
            frames.append(_frame(file))
            advance(file.stat().st_size)
    schemas = [
        Schema(f, {str(c): str(d) for c, d in x.dtypes.items()})
        for f, x in zip(ask.files, frames, strict=True)
    ]
    wanted = ask.columns(schemas)
    roles = ask.roles(schemas[0].header)
    aside: list[tuple[str, pd.DataFrame]] = []
    parts = [
        _typed(f, ask.set_aside(x[wanted], roles, aside), roles, ask)
        for f, x in zip(ask.files, frames, strict=True)
    ]
    labelled = [c for c in wanted if frames[0][c].dtype == "category"]
    notes = (f"value labels of {', '.join(labelled)}",) if labelled else ()
    return ask.taken(parts, aside, notes, schemas[0].header)


def _frame(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_stata(path)
    except Exception as error:  # pandas raises what it meets in broken files
        raise DataError(
            f"file {str(path)!r} cannot be read as a Stata file", "Save it again in Stata (save, replace).",
            first=str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__,
        ) from error  # fmt: skip


def _typed(path: Path, frame: pd.DataFrame, roles: dict[str, str], ask: Ask) -> pd.DataFrame:
    """Labels as text, and years stored as floats, as Stata does by default, as whole numbers."""
    out: dict[str, Any] = {}
    money = [roles[r] for r in MONEY if r in roles]
    for column in map(str, frame):
        cells = frame[column]
        if cells.dtype == "category":
            cells = cells.astype("str")
        elif column not in money and cells.dtype.kind == "f" and (cells == cells.round()).all():
            cells = cells.astype("int64")
        if column == roles.get("product") and cells.dtype.kind in "iuf":
            if ask.digits is None:
                raise lost_zeros(path, column, str(cells.dtype))
            cells = cells.astype("str").str.zfill(ask.digits)
        out[column] = cells
    import pandas as pd

    return pd.DataFrame(out)
