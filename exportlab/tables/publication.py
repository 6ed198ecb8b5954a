"""A table for a paper: as LaTeX, Word, Excel or HTML, with its title above and its notes below."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportlab.errors import MissingDependency, OptionError
from exportlab.results import Result
from exportlab.tables.writing import as_archive, as_text, atomic, put
from exportlab.text import html_text, latex_text, printable

if TYPE_CHECKING:
    import pandas as pd

_NUMBER = re.compile(r"-?(0|[1-9]\d*|[1-9]\d{0,2}(,\d{3})+)(\.\d+)?")
FOOT = "n"  # the first row below the estimates
ENDINGS = (".tex", ".html", ".docx", ".xlsx")


class Printed(Result):
    """What can be printed: `to_latex` and `to_html` give text, `to_docx` and `to_excel` write files."""

    def to_latex(self, path: str | Path | None = None, *, label: str = "") -> str:
        """A booktabs table; also written to `path` where one is given."""
        raise NotImplementedError

    def to_html(self, path: str | Path | None = None) -> str:
        """A table that can be pasted anywhere; also written to `path` where one is given."""
        raise NotImplementedError

    def to_docx(self, path: str | Path) -> Path:
        """A Word document with the table (needs python-docx, extra "tables")."""
        raise NotImplementedError

    def to_excel(self, path: str | Path) -> Path:
        """A workbook of one sheet; text is never a formula, numbers are numbers (needs openpyxl, extra "excel")."""
        raise NotImplementedError

    def save(self, path: str | Path) -> Path:
        """Write the table as its path ends: .tex, .html, .docx (Word) or .xlsx.

        Raises
        ------
        OptionError
            Another ending.
        MissingDependency
            Word needs python-docx, Excel openpyxl.
        """
        target = Path(path)
        ending = target.suffix.lower()
        if ending not in ENDINGS:
            raise OptionError(f"{target.name!r} ends in {target.suffix!r}. Allowed: {', '.join(ENDINGS)}.")
        if ending in (".docx", ".xlsx"):
            return self.to_docx(target) if ending == ".docx" else self.to_excel(target)
        if ending == ".tex":
            self.to_latex(target)
        else:
            self.to_html(target)
        return target

    def _repr_html_(self) -> str:
        return self.to_html()


@dataclass(frozen=True, repr=False, eq=False)
class Publication(Printed):
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

    def to_latex(self, path: str | Path | None = None, *, label: str = "") -> str:
        """A booktabs table with its notes below; also written to `path` where one is given."""
        width = len(self.table.columns) - 1
        lines = [r"\begin{table}[!htbp]\centering"]
        lines += [rf"\caption{{{_tex(self.title)}}}"] if self.title else []
        lines += [rf"\label{{{latex_label(label)}}}"] if label else []
        lines += [rf"\begin{{tabular}}{{l{'c' * width}}}", r"\toprule"]
        lines += [" & ".join(map(_tex, self.heads)) + r" \\", r"\midrule"]
        for row in self.table.itertuples(index=False):
            lines += [r"\midrule"] if row[0] == FOOT else []
            lines.append(" & ".join(_tex(str(c)) for c in row) + r" \\")
        lines.append(r"\bottomrule")
        if self.notes:
            lines.append(rf"\multicolumn{{{width + 1}}}{{p{{0.9\linewidth}}}}{{\footnotesize")
            lines.append(" ".join(_tex(n) for n in self.notes) + r"}\\")
        return kept("\n".join([*lines, r"\end{tabular}", r"\end{table}"]), path)

    def to_html(self, path: str | Path | None = None) -> str:
        """An HTML table with its notes below; also written to `path` where one is given."""
        head = "".join(f"<th>{html_text(c)}</th>" for c in self.heads)
        rows = []
        for row in self.table.itertuples(index=False):
            rule = ' style="border-top:1px solid"' if row[0] == FOOT else ""
            cells = "".join(f"<td>{html_text(str(c))}</td>" for c in row[1:])
            rows.append(f"<tr{rule}><th>{html_text(str(row[0]))}</th>{cells}</tr>")
        notes = "".join(f"<p><small>{html_text(n)}</small></p>" for n in self.notes)
        return kept(
            f"<table><caption>{html_text(self.title)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>{notes}",
            path,
        )

    def to_docx(self, path: str | Path) -> Path:
        return word(Path(path), self.title, [self.heads, *self.table.itertuples(index=False)], self.notes)

    def to_excel(self, path: str | Path) -> Path:
        book = needed("openpyxl", "openpyxl", "excel", "An Excel table").Workbook()
        sheet = book.active
        body = [[self.title], self.heads, *self.table.itertuples(index=False), *([n] for n in self.notes)]
        for i, row in enumerate(body, 1):
            for j, text in enumerate(map(str, row), 1):
                plain = i > 2 and _NUMBER.fullmatch(text)
                cell = put(sheet, i, j, float(text.replace(",", "")) if plain else text)
                if plain:
                    decimals = len(text.partition(".")[2])
                    cell.number_format = (
                        ("#,##0" if "," in text else "0") + "." * bool(decimals) + "0" * decimals
                    )
        return atomic(Path(path), as_archive(book.save))


def word(path: Path, title: str, rows: Sequence[Iterable[Any]], notes: Iterable[str]) -> Path:
    """Write a Word document: title, the rows as a table (headings first), notes."""
    document = needed("docx", "python-docx", "tables", "A Word table").Document()
    if title:
        document.add_paragraph(printable(title))
    grid = document.add_table(rows=0, cols=len(list(rows[0])))
    for row in rows:
        for cell, text in zip(grid.add_row().cells, row, strict=True):
            cell.text = printable(str(text))
    for note in notes:
        document.add_paragraph(printable(note))
    return atomic(path, as_archive(document.save))


def kept(text: str, path: str | Path | None) -> str:
    """The text, without what no program can show; also written to `path` where one is given."""
    if path is not None:
        atomic(Path(path), as_text(text))
    return printable(text)


def latex_label(label: str) -> str:
    """A label of LaTeX as it is; refuses one that would end its group or begin a command."""
    if re.search(r"[\\{}%#~$^&\x00-\x1f]", label):
        raise OptionError(
            f"label={label!r} is not allowed. Allowed: letters, digits and marks such as tab:hhi_2023."
        )
    return label


def needed(module: str, library: str, extra: str, purpose: str) -> Any:
    """An optional library, or the error that says how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingDependency(library, extra, purpose) from error


def _tex(text: str) -> str:
    """Escaped, with stars raised."""
    return re.sub(r"\*+", lambda m: f"$^{{{m[0]}}}$", latex_text(text))
