"""A table as it is printed, and one writer a format (LaTeX, HTML, Markdown, Excel, Word): title above, notes below.

By hand, since no library does it as well: maketables leaves the text of cells unescaped in LaTeX, pandas' Styler has no
notes, great-tables writes LaTeX and HTML alone. openpyxl and python-docx write the archives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from exportlab.errors import MissingDependency, OptionError
from exportlab.results import Look, Result, html_grid, markdown_grid
from exportlab.tables.writing import as_archive, as_csv, as_text, atomic, put
from exportlab.text import html_text, latex_text, printable
from exportlab.words import Text, said

if TYPE_CHECKING:
    import pandas as pd

Align: TypeAlias = Literal["left", "right", "centre", "long"]
_NUMBER = re.compile(r"-?(0|[1-9]\d*|[1-9]\d{0,2}(,\d{3})+)(\.\d+)?")
_STARS = re.compile(
    r"(?<=[\d)])\*{1,3}$|(?<!\S)\*{1,3}(?= p )"
)  # after an estimate, and where a note explains them
LEFT: Align = "left"
CENTRE: Align = "centre"
RIGHT: Align = "right"
FOOT = "n"  # the first row below the estimates
LONG = 40  # rows, above which a table of LaTeX goes over several pages
WIDE = 60  # characters, of the widest column of a workbook
ENDINGS = (".tex", ".html", ".md", ".csv", ".docx", ".xlsx")
PAPER = Look(
    "border-collapse:collapse;border-top:2px solid;border-bottom:2px solid;font-variant-numeric:tabular-nums",
    "padding:.2em .8em .2em 0;border-bottom:1px solid currentColor",
    "padding:.2em .8em .2em 0",
)


@dataclass(frozen=True)
class Held:
    """A value as a workbook holds it, and the format in which it is shown."""

    value: Any
    form: str = ""


@dataclass(frozen=True)
class Grid:
    """A table as it is printed, in whatever format.

    Attributes
    ----------
    heads : sequence of str
    aligned : sequence of {"left", "right", "centre", "long"}
        By column; "long" is text that needs lines of its own.
    rows : sequence of sequence of str
        The cells as printed.
    held : sequence of sequence of Held
        The same cells as a workbook holds them.
    title : str
    below : tuple of str
        Notes.
    ruled : tuple of int
        Rows that have a rule above them.
    """

    heads: Sequence[str]
    aligned: Sequence[Align]
    rows: Sequence[Sequence[str]]
    held: Sequence[Sequence[Held]]
    title: str = ""
    below: tuple[str, ...] = ()
    ruled: tuple[int, ...] = ()


def latex(grid: Grid, *, label: str = "") -> str:
    """A table of booktabs, of longtable from 41 rows on; text escaped."""
    head = " & ".join(map(_tex, grid.heads)) + r" \\"
    body = [" & ".join(map(_tex, row)) + r" \\" for row in grid.rows]
    body = [rf"\midrule{chr(10)}{line}" if i in grid.ruled else line for i, line in enumerate(body)]
    title = f"\\caption{{{_tex(grid.title)}}}" if grid.title else ""
    title += f"\\label{{{latex_label(label)}}}" if label else ""
    below = f"\\par\\footnotesize {' '.join(map(_tex, grid.below))}" if grid.below else ""
    spec = _spec(grid)
    if len(body) > LONG:
        start = [f"\\begin{{longtable}}{{{spec}}}", title and title + r" \\", r"\toprule", head, r"\midrule"]
        lines = [*start, r"\endhead", r"\bottomrule", r"\endfoot", *body, r"\end{longtable}", below]
    else:
        start = [r"\begin{table}[!htbp]", r"\centering", title, f"\\begin{{tabular}}{{{spec}}}", r"\toprule"]
        end = [r"\bottomrule", r"\end{tabular}", below, r"\end{table}"]
        lines = [*start, head, r"\midrule", *body, *end]
    needs = "% Needs booktabs and longtable; Chinese needs xeCJK or ctex."
    return "\n".join([needs, *(line for line in lines if line), ""])


def _spec(grid: Grid) -> str:
    """The columns of a tabular: those of long text share the room that the others leave."""
    room = 0.9 / max(1, grid.aligned.count("long") + 0.12 * len(grid.aligned))
    kinds = {"left": "l", "right": "r", "centre": "c", "long": f"p{{{room:.2f}\\linewidth}}"}
    return "".join(kinds[a] for a in grid.aligned)


def html(grid: Grid) -> str:
    """A table with three rules and no classes, that can be pasted anywhere."""
    right = [a == "right" for a in grid.aligned]
    table = html_grid(grid.heads, grid.rows, right, look=PAPER, caption=grid.title, ruled=grid.ruled)
    foot = "".join(f'<p style="font-size:smaller">{html_text(note)}</p>' for note in grid.below)
    return f"<div>{table}{foot}</div>"


def markdown(grid: Grid) -> str:
    """A pipe table under its title, notes below."""
    right = [a == "right" for a in grid.aligned]
    return markdown_grid(grid.heads, grid.rows, right, caption=grid.title, below=grid.below)


def csv(grid: Grid) -> pd.DataFrame:
    """What a CSV file has of a table: headings and cells as a workbook holds them; a title or note would be a row."""
    import pandas as pd

    columns = zip(*[[held.value for held in row] for row in grid.held], strict=True)
    made = pd.concat([pd.Series(list(column)) for column in columns], axis=1)
    return made.set_axis(list(grid.heads), axis=1)


def excel(grids: Iterable[tuple[str, Grid]]) -> Any:
    """A workbook with a sheet for each, by name; numbers are numbers, text is never a formula."""
    book = needed("openpyxl", "openpyxl", "excel", "Writing tables to Excel").Workbook()
    book.remove(book.active)
    taken: set[str] = set()
    for name, grid in grids:
        _fill(book.create_sheet(_sheet_name(name, taken)), grid)
    return book


def _fill(sheet: Any, grid: Grid) -> None:
    """Headings, the rows, and after an empty row what stands below."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    for i, row in enumerate([[Held(h) for h in grid.heads], *grid.held], 1):
        for j, held in enumerate(row, 1):
            cell = put(sheet, i, j, held.value)
            if isinstance(held.value, str):
                cell.alignment = Alignment(vertical="top", wrap_text=len(held.value) > 40)
            elif held.form:
                cell.number_format = held.form
            if i == 1:
                cell.font = Font(bold=True)
    for j, head in enumerate(grid.heads, 1):
        texts = [row[j - 1].value for row in grid.held]
        longest = max((len(t) for t in texts if isinstance(t, str)), default=10)
        sheet.column_dimensions[get_column_letter(j)].width = min(WIDE, max(10, longest, len(head)) + 2)
    sheet.freeze_panes = "A2"
    for i, text in enumerate([t for t in (grid.title, *grid.below) if t], len(grid.held) + 3):
        put(sheet, i, 1, text)


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name of at most 31 characters that no other sheet has."""
    base = re.sub(r"[\[\]:*?/\\']", "_", printable(name))[:31]
    tries = (base if not i else f"{base[:26]}~{i}" for i in range(10_000))
    found = next(n for n in tries if n.casefold() not in taken)
    taken.add(found.casefold())
    return found


def word(grid: Grid) -> Any:
    """A Word document: title, the table with its headings first, notes."""
    document = needed("docx", "python-docx", "tables", "A Word table").Document()
    if grid.title:
        document.add_paragraph(printable(grid.title))
    table = document.add_table(rows=0, cols=len(grid.heads))
    for row in (grid.heads, *grid.rows):
        put_row(table.add_row().cells, row, grid.aligned)
    for note in grid.below:
        document.add_paragraph(printable(note))
    return document


def put_row(cells: Sequence[Any], row: Sequence[str], aligned: Sequence[Align]) -> None:
    """Write a row of a Word table, each cell to its side."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    sides = {"right": WD_ALIGN_PARAGRAPH.RIGHT, "centre": WD_ALIGN_PARAGRAPH.CENTER}
    for cell, text, side in zip(cells, row, aligned, strict=True):
        cell.paragraphs[0].add_run(printable(text))
        cell.paragraphs[0].alignment = sides.get(side)


class Printed(Result):
    """What can be printed, in any of six formats."""

    def grid(self) -> Grid:
        """The table as it is printed."""
        raise NotImplementedError

    def to_latex(self, path: str | Path | None = None, *, label: str = "") -> str:
        """A booktabs table (longtable from 41 rows on) with its notes below; also written to `path`, if given."""
        return kept(latex(self.grid(), label=label), path)

    def to_html(self, path: str | Path | None = None) -> str:
        """A table with three rules and no classes, that can be pasted anywhere; also written to `path`, if given."""
        return kept(html(self.grid()), path)

    def to_markdown(self, path: str | Path | None = None) -> str:
        """A pipe table with its title above and notes below; also written to `path`, if given."""
        return kept(markdown(self.grid()), path)

    def to_csv(self, path: str | Path) -> Path:
        """The cells alone, numbers with all their digits (UTF-8): title and notes have no place in a CSV file."""
        return atomic(Path(path), as_csv([csv(self.grid())], "utf-8-sig"))

    def to_docx(self, path: str | Path) -> Path:
        """A Word document with the table (needs python-docx, extra "tables")."""
        return atomic(Path(path), as_archive(word(self.grid()).save))

    def to_excel(self, path: str | Path) -> Path:
        """A workbook of one sheet: numbers are numbers, text is never a formula, title and notes below.

        Raises
        ------
        MissingDependency
            openpyxl is not installed (extra "excel").
        """
        grid = self.grid()
        return atomic(Path(path), as_archive(excel([(grid.title or "table", grid)]).save))

    def save(self, path: str | Path) -> Path:
        """Write the table as its path ends: .tex, .html, .md (Markdown), .csv, .docx (Word) or .xlsx.

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
            raise OptionError(
                said(
                    "{name} ends in {suffix}. Allowed: {names}.",
                    name=repr(target.name),
                    suffix=repr(target.suffix),
                    names=", ".join(ENDINGS),
                )
            )
        writers: Mapping[str, Callable[[Path], object]] = {
            ".tex": self.to_latex,
            ".html": self.to_html,
            ".md": self.to_markdown,
            ".csv": self.to_csv,
            ".docx": self.to_docx,
            ".xlsx": self.to_excel,
        }
        writers[ending](target)
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

    def grid(self) -> Grid:
        rows = [[str(cell) for cell in row] for row in self.table.itertuples(index=False, name=None)]
        return Grid(
            self.heads,
            [LEFT, *[CENTRE for _head in self.heads[1:]]],
            rows,
            [[_held(text) for text in row] for row in rows],
            self.title,
            self.notes,
            tuple(i for i, row in enumerate(rows) if row[0] == FOOT),
        )


def _held(text: str) -> Held:
    """A cell of text as a workbook holds it: a plain number as such, with the digits that are printed."""
    if not _NUMBER.fullmatch(text):
        return Held(text)
    decimals = len(text.partition(".")[2])
    form = ("#,##0" if "," in text else "0") + "." * bool(decimals) + "0" * decimals
    return Held(float(text.replace(",", "")), form)


def kept(text: str, path: str | Path | None) -> str:
    """The text, without what no program can show; also written to `path` where one is given."""
    if path is not None:
        atomic(Path(path), as_text(text))
    return printable(text)


def latex_label(label: str) -> str:
    """A label of LaTeX as it is; refuses one that would end its group or begin a command."""
    if re.search(r"[\\{}%#~$^&\x00-\x1f]", label):
        raise OptionError(
            said(
                "label={label} is not allowed. Allowed: letters, digits and marks such as tab:hhi_2023.",
                label=repr(label),
            )
        )
    return label


def needed(module: str, library: str, extra: str, purpose: Text) -> Any:
    """An optional library, or the error that says how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingDependency(library, extra, purpose) from error


def _tex(text: str) -> str:
    """Escaped, with stars raised."""
    return _STARS.sub(lambda m: f"$^{{{m[0]}}}$", latex_text(text))
