"""A page to files: HTML, PDF, Word, Markdown; its tables as CSV, Excel, LaTeX; its figures as PNG, SVG, PDF."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from errno import ENOTDIR
from importlib.util import find_spec
from os import strerror
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from exportlab.errors import MissingDependency, OptionError, one_of
from exportlab.plots.style import context
from exportlab.tables import document
from exportlab.tables.drawing import svg_file
from exportlab.tables.headings import heading
from exportlab.tables.model import Page, Table
from exportlab.tables.publication import LEFT, RIGHT, Grid, Held, excel, latex
from exportlab.tables.render import grid, html
from exportlab.tables.writing import Save, as_archive, as_csv, as_text, atomic
from exportlab.text import file_name
from exportlab.words import _, language, said, term

if TYPE_CHECKING:
    import pandas as pd

ALSO = ("pdf", "word", "markdown", "excel", "latex", "png", "svg")
# What figures are drawn as for a format: pages of LaTeX take drawings.
DRAWN = {"png": "png", "svg": "svg", "markdown": "svg", "latex": "pdf"}
NEEDS = {"excel": ("openpyxl", "openpyxl", "excel"), "word": ("docx", "python-docx", "tables")}


def formats(also: str | Iterable[str]) -> tuple[str, ...]:
    """The further formats asked for, checked before anything is computed."""
    chosen = tuple(dict.fromkeys([also] if isinstance(also, str) else also))
    for name in chosen:
        one_of("also", name, ALSO)
    for name, (module, library, extra) in NEEDS.items():
        if name in chosen and find_spec(module) is None:
            raise MissingDependency(library, extra, said("A report as {name}", name=name))
    if "pdf" in chosen:
        document.printer()
    return chosen


def free(out: Path) -> Path:
    """The folder to write, which may be there already; a file in its place is refused before anything is computed."""
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(ENOTDIR, strerror(ENOTDIR), str(out))
    return out


def write(page: Page, out: Path, also: Iterable[str] = ()) -> Path:
    """Write index.html, tables/ and, for further formats, their files into the folder `out`; return the page's path.

    Every file appears whole or not at all, and the page comes last; it is what is printed to PDF.
    """
    also = formats(also)
    tables = _folder(out, "tables")
    for table in page.tables:
        name = file_name(table.name)
        atomic(tables / f"{name}.csv", as_csv([_said(table, page.terms)], "utf-8-sig"))
        if "latex" in also:
            atomic(
                tables / f"{name}.tex",
                as_text(latex(grid(table, page.terms, page.heads), label=f"tab:{name}")),
            )
    if "excel" in also:
        atomic(tables / "report.xlsx", as_archive(workbook(page).save))
    for kind in dict.fromkeys(DRAWN[k] for k in also if k in DRAWN):
        figures = _folder(out, "figures")
        for picture in page.pictures:
            atomic(figures / f"{file_name(picture.name)}.{kind}", _drawn(picture.axes, kind))
    for kind in [k for k in also if k in ("word", "markdown")]:
        document.write_document(page, out, kind)
    made = atomic(out / "index.html", as_text(html(page)))
    if "pdf" in also:
        document.pdf(made)
    return made


def _said(table: Table, terms: bool) -> pd.DataFrame:
    """The table as its CSV file has it: in English as computed, else with heads and words in the language in use."""
    if language() == "en":
        return table.frame
    text = [c for c in table.frame if terms and str(table.frame[c].dtype) in ("object", "str")]
    said = table.frame.assign(**{str(c): table.frame[c].map(term) for c in text})
    return said.set_axis([heading(c) for c in said], axis=1)


def _folder(out: Path, name: str) -> Path:
    made = out / name
    made.mkdir(parents=True, exist_ok=True)
    if made.resolve() != out.resolve() / name:
        raise OptionError(
            said(
                "{link} leads to {target}, outside the folder of the report. Remove the link.",
                link=made,
                target=made.resolve(),
            )
        )
    return made


def _drawn(axes: Any, kind: str) -> Save:
    if kind == "svg":
        return as_text(svg_file(axes))
    metadata = {"pdf": {"CreationDate": None}}.get(kind, {})

    def saved(file: BinaryIO) -> None:
        with context():
            axes.figure.savefig(file, format=kind, bbox_inches="tight", metadata=metadata)

    return saved


def workbook(page: Page) -> Any:
    """Every table as a sheet, after a list of them with unit and source; text is never a formula."""
    from openpyxl.styles import Font

    # Sheets hold every column, folded ones too, and no note: the list has unit and source.
    bare = [
        replace(t, fold=(), hide=(), under="", unit="", source="", note="", title="") for t in page.tables
    ]
    lines = [[t.name, t.title, t.unit, t.source, len(t.frame)] for t in page.tables]
    forms = ["", "", "", "", "#,##0"]
    listed = Grid(
        [heading(c) for c in ("name", "title", "unit", "source", "rows")],
        [LEFT, LEFT, LEFT, LEFT, RIGHT],
        [[str(cell) for cell in line] for line in lines],
        [[Held(cell, form) for cell, form in zip(line, forms, strict=True)] for line in lines],
    )
    book = excel([(_("Contents"), listed), *((t.name, grid(t, page.terms, page.heads)) for t in bare)])
    contents, *sheets = book.worksheets
    for row, sheet in enumerate(sheets, 2):
        link = contents.cell(row, 1)
        link.hyperlink = f"#'{sheet.title}'!A1"
        link.font = Font(color="0B5C94", underline="single")
    return book
