"""A table for a paper: as LaTeX, Word, Excel or HTML, with its title above and its notes below."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportlab.errors import DataError, MissingDependency, OptionError
from exportlab.results import Result

if TYPE_CHECKING:
    import pandas as pd

FOOT = "n"  # the first row below the estimates
_TEX = str.maketrans({"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "$": r"\$", "{": r"\{",
                      "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\n": " "})  # fmt: skip


@dataclass(frozen=True, repr=False, eq=False)
class Publication(Result):
    """A table as a paper prints it: all cells text, notes below."""

    table: pd.DataFrame
    notes: tuple[str, ...] = ()
    caption: str = ""

    @property
    def title(self) -> str:
        return self.caption

    @property
    def heads(self) -> list[str]:
        """Headings; the column of terms has none."""
        return ["" if c == "term" else str(c) for c in self.table.columns]

    def summary(self) -> str:
        """Plain text."""
        return "\n".join([self.title, self.table.to_string(index=False, header=self.heads), *self.notes])

    def to_latex(self, *, label: str = "") -> str:
        """A booktabs table with its notes below."""
        width = len(self.table.columns) - 1
        lines = [r"\begin{table}[!htbp]\centering"]
        lines += [rf"\caption{{{_tex(self.title)}}}"] if self.title else []
        lines += [rf"\label{{{label}}}"] if label else []
        lines += [rf"\begin{{tabular}}{{l{'c' * width}}}", r"\toprule"]
        lines += [" & ".join(map(_tex, self.heads)) + r" \\", r"\midrule"]
        for row in self.table.itertuples(index=False):
            lines += [r"\midrule"] if row[0] == FOOT else []
            lines.append(" & ".join(_tex(str(c)) for c in row) + r" \\")
        lines.append(r"\bottomrule")
        if self.notes:
            lines.append(rf"\multicolumn{{{width + 1}}}{{p{{0.9\linewidth}}}}{{\footnotesize")
            lines.append(" ".join(_tex(n) for n in self.notes) + r"}\\")
        return "\n".join([*lines, r"\end{tabular}", r"\end{table}"])

    def to_html(self) -> str:
        """An HTML table with its notes below."""
        head = "".join(f"<th>{escape(c)}</th>" for c in self.heads)
        rows = []
        for row in self.table.itertuples(index=False):
            rule = ' style="border-top:1px solid"' if row[0] == FOOT else ""
            cells = "".join(f"<td>{escape(str(c))}</td>" for c in row[1:])
            rows.append(f"<tr{rule}><th>{escape(str(row[0]))}</th>{cells}</tr>")
        notes = "".join(f"<p><small>{escape(n)}</small></p>" for n in self.notes)
        return (
            f"<table><caption>{escape(self.title)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>{notes}"
        )

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_docx(self, path: str | Path) -> None:
        """Write a Word document with the table.

        Raises
        ------
        MissingDependency
            python-docx is not installed.
        """
        document = _needed("docx", "python-docx", "tables", "A Word table").Document()
        if self.title:
            document.add_paragraph(self.title)
        grid = document.add_table(rows=1, cols=len(self.heads))
        for cell, name in zip(grid.rows[0].cells, self.heads, strict=True):
            cell.text = name
        for row in self.table.itertuples(index=False):
            for cell, value in zip(grid.add_row().cells, row, strict=True):
                cell.text = str(value)
        for note in self.notes:
            document.add_paragraph(note)
        document.save(path)

    def to_excel(self, path: str | Path) -> None:
        """Write an Excel workbook with the table; text is never a formula, and numbers are numbers.

        Raises
        ------
        MissingDependency
            openpyxl is not installed.
        """
        book = _needed("openpyxl", "openpyxl", "excel", "An Excel table").Workbook()
        sheet = book.active
        body = [[self.title], self.heads, *self.table.itertuples(index=False), *([n] for n in self.notes)]
        for i, row in enumerate(body, 1):
            for j, text in enumerate(row, 1):
                plain = (
                    i > 2 and re.fullmatch(r"-?\d+(\.\d+)?", str(text)) and not re.match(r"-?0\d", str(text))
                )
                cell = sheet.cell(i, j, float(text) if plain else str(text))
                if plain:
                    decimals = len(str(text).partition(".")[2])
                    cell.number_format = "0" + ("." + "0" * decimals if decimals else "")
                else:
                    cell.data_type = "s"  # openpyxl takes a text that begins with '=' for a formula
        book.save(path)

    def save(self, path: str | Path) -> Path:
        """Write the table as its path ends: .tex, .docx, .xlsx or .html. The file appears whole or not at all."""
        target = Path(path)
        ways: dict[str, Callable[[Path], object]] = {
            ".tex": lambda p: p.write_text(self.to_latex() + "\n", encoding="utf-8"),
            ".html": lambda p: p.write_text(self.to_html() + "\n", encoding="utf-8"),
            ".docx": self.to_docx, ".xlsx": self.to_excel,
        }  # fmt: skip
        if target.suffix.lower() not in ways:
            raise OptionError(f"{target.name!r} ends in {target.suffix!r}. Allowed: {', '.join(ways)}.")
        beside = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
        try:
            ways[target.suffix.lower()](beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        return target


def save_table(
    table: Any, path: str | Path, *, title: str = "", notes: Sequence[str] | str = (), digits: int = 3
) -> Path:
    """Write a table or result for a paper: .tex, .docx (Word), .xlsx or .html.

    Parameters
    ----------
    table : DataFrame of any engine, Estimate, Comparison, or another result
        Estimates come with their standard errors and design facts, as `panel.compare` shows them.
    path : path
        Its ending says the format.
    title : str, optional
        Above the table; by default the result's own.
    notes : str or sequence of str, optional
        Below the table, after the result's own.
    digits : int
        Digits after the decimal point of a data frame's numbers.

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
    >>> xl.save_table(table, "hhi.docx", title="Concentration of exports")  # doctest: +SKIP
    PosixPath('hhi.docx')
    """
    below = (notes,) if isinstance(notes, str) else tuple(notes)
    shown = table.publication() if hasattr(table, "publication") else table
    if isinstance(shown, Publication):
        made = Publication(shown.table, (*shown.notes, *below), title or shown.title)
    else:
        frame = _frame(getattr(shown, "table", shown) if isinstance(shown, Result) else shown)
        own = shown.title if isinstance(shown, Result) else ""
        made = Publication(_texts(frame, digits), below, title or own)
    return made.save(path)


def _frame(table: Any) -> pd.DataFrame:
    import narwhals.stable.v2 as nw

    from exportlab.frames import collect

    try:
        frame = collect(nw.from_native(table)).to_pandas()
    except TypeError:
        raise DataError(f"a {type(table).__name__} is no table", "Give a data frame or a result.") from None
    return frame


def _texts(frame: pd.DataFrame, digits: int) -> pd.DataFrame:
    """Decimal numbers with so many digits, whole numbers and text as they are, nothing for what is missing."""

    def text(value: Any) -> str:
        if value is None or str(value) in ("nan", "NaT", "<NA>"):
            return ""
        return f"{value:.{digits}f}" if isinstance(value, float) else str(value)

    return frame.astype(object).map(text)


def _needed(module: str, library: str, extra: str, purpose: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingDependency(library, extra, purpose) from error


def _tex(text: str) -> str:
    return re.sub(r"\*+", lambda m: f"$^{{{m[0]}}}$", text.translate(_TEX))
