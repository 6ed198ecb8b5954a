"""A table set for a paper: caption, headings, digits in line, unit and source; in any of six formats."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor, log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.flow_table import Flows
from exportlab.frames import to_pandas
from exportlab.results import Result, is_name, label
from exportlab.tables.model import Table
from exportlab.tables.publication import Grid, Printed, Publication
from exportlab.tables.render import foot as below_of
from exportlab.tables.render import grid
from exportlab.words import known as known_language
from exportlab.words import said, speaking

if TYPE_CHECKING:
    import pandas as pd

_FORMAT = re.compile(r"share|,?\.\df")


@dataclass(frozen=True, repr=False, eq=False)
class Typeset(Printed):
    """A table as it is printed. Made by `typeset`.

    Attributes
    ----------
    made : Table
        The table with its caption, unit, source, notes and the format of each column.
    lang : {"en", "zh"}
        The language of headings, numbers and notes.
    """

    made: Table
    lang: str

    @property
    def table(self) -> pd.DataFrame:
        """The figures, unrounded."""
        return self.made.frame

    @property
    def title(self) -> str:
        return self.made.title

    def summary(self) -> str:
        """Plain text: caption, the cells as printed, and what stands below."""
        import pandas as pd

        made = self.grid()
        cells = pd.DataFrame(list(made.rows), columns=list(made.heads)).to_string(index=False)
        return "\n".join(line for line in (self.title, cells, *made.below) if line)

    def grid(self) -> Grid:
        with speaking(self.lang):
            return grid(self.made, terms=True)


def typeset(
    made: Any,
    *,
    caption: str = "",
    unit: str = "",
    source: str = "",
    notes: str | Sequence[str] = (),
    columns: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    digits: int = 3,
    formats: Mapping[str, str] | None = None,
    lang: str = "en",
) -> Printed:
    """Set a table for a paper.

    Parameters
    ----------
    made : table of any engine, or result
        What an indicator, `measure`, an estimator, a decomposition or ``claims.check`` gives. An estimate is set
        as ``panel.compare`` sets several: estimate over standard error, design facts below; its plain table where
        `columns` are named.
    caption, unit, source : str
        As they are to be printed; the caption of a result is its own title by default.
    notes : str or sequence of str
        Sentences to stand below the table, after a result's own remarks.
    columns : sequence of str, optional
        The columns to print, in this order; by default all.
    names : mapping of str to str, optional
        Headings by column. Others have the report's heading for the column, or its name.
    digits : int
        Decimals of a column whose largest number has one digit before the point; a column of larger numbers has
        fewer, one of small numbers more. All numbers of a column have the same.
    formats : mapping of str to str, optional
        Columns printed otherwise: "share" for per cent, ".2f", or ",.1f" with separators of thousands.
    lang : {"en", "zh"}
        The language of headings, numbers and of what stands below.

    Returns
    -------
    Printed
        With ``to_latex``, ``to_html``, ``to_markdown``, ``to_csv``, ``to_docx``, ``to_excel`` and ``save``; it shows
        itself in a notebook.

    Raises
    ------
    DataError
        Not a table, or one without rows.
    UnknownName
        A column that is not there.
    OptionError
        A format or language that is not known; headings or formats for an estimate without `columns`.

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> flows = xl.flows(pd.DataFrame({"market": ["Japan", "USA"], "value": [60.0, 40.0]}), unit="million USD")
    >>> print(xl.typeset(xl.hhi(flows, over="market"), caption="Concentration").summary())
    Concentration
      HHI
    0.520
    """
    known_language(lang)
    below = (notes,) if isinstance(notes, str) else tuple(notes)
    own = made.publication() if hasattr(made, "publication") else made
    if isinstance(own, Publication) and columns is None:
        if names or formats:
            raise OptionError(
                said("An estimate has no columns to name or format: say columns=[...] to set its table.")
            )
        foot = Table("table", "", own.table, unit, source)
        with speaking(lang):
            below = (*own.notes, *(t for t in (below_of(foot),) if t), *below)
        return replace(own, notes=below, caption=caption or own.title)
    frame = _frame(made)
    known = list(frame.columns)
    for column in (*(columns or ()), *(names or {}), *(formats or {})):
        if column not in known:
            raise UnknownName(said("column"), column, known)
    for form in (formats or {}).values():
        if not _FORMAT.fullmatch(form):
            raise OptionError(
                said('A format is {form}. Allowed: "share", ".2f" or ",.1f" with any digit.', form=repr(form))
            )
    frame = frame[list(columns)] if columns is not None else frame
    if frame.empty:
        raise DataError(said("the table has no rows or no columns"), said("There is nothing to print."))
    below = (*(made.remarks if isinstance(made, Result) else ()), *below)
    chosen = {c: _format(frame[c], digits) for c in frame.columns} | dict(formats or {})
    heads = dict(names or {})
    table = Table(
        "table",
        caption or getattr(made, "title", ""),
        frame.rename(columns=heads),
        unit,
        source,
        {heads.get(c, c): f for c, f in chosen.items() if f},
        " ".join(below),
    )
    return Typeset(table, lang)


def save_table(made: Any, path: str | Path, **options: Any) -> Path:
    """Write a table or result for a paper: .tex, .html, .md (Markdown), .csv, .docx (Word) or .xlsx.

    Parameters
    ----------
    made : table of any engine, or result
    path : path
        Its ending says the format.
    **options
        Of `typeset`: caption, unit, source, notes, columns, names, digits, formats, lang.

    Returns
    -------
    Path

    Raises
    ------
    OptionError
        A path that ends in something else.
    MissingDependency
        Word needs python-docx (extra "tables"), Excel openpyxl (extra "excel").

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> table = pd.DataFrame({"year": [2022, 2023], "hhi": [0.3664, 0.355]})
    >>> xl.save_table(table, "hhi.docx", caption="Concentration of exports")  # doctest: +SKIP
    PosixPath('hhi.docx')
    """
    return typeset(made, **options).save(path)


def _frame(made: Any) -> pd.DataFrame:
    """The table of anything that has one, with plain column names."""
    if isinstance(made, Flows):
        made = made.table
    frame: pd.DataFrame = made._table() if isinstance(made, Result) else to_pandas(made)
    return frame.set_axis([label(c) for c in frame.columns], axis=1)


def _format(column: pd.Series[Any], digits: int) -> str:
    """The format that gives every number of a column the same decimals; none for text and for years."""
    if column.dtype.kind in "iu":  # a year has no separators
        return "" if is_name(column.name) or column.abs().max() < 10_000 else ",.0f"
    if column.dtype.kind != "f":
        return ""
    size = column.abs().replace(float("inf"), float("nan")).max()
    if not size > 0:
        return f".{digits}f"
    before = floor(log10(size))
    return f",.{min(9, max(0, digits - before if before > 0 or size < 10**-digits else digits))}f"
