"""A page to files: the HTML, its tables as CSV, Excel and LaTeX, its figures as PNG, SVG and PDF."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from exportlab.errors import MissingDependency, OptionError, one_of
from exportlab.plots.style import context
from exportlab.tables.headings import heading
from exportlab.tables.model import Page, Table
from exportlab.tables.publication import latex_label
from exportlab.tables.render import html, shown, svg_file
from exportlab.tables.writing import Save, as_archive, as_csv, as_text, atomic, put
from exportlab.text import file_name, latex_text, printable
from exportlab.words import _, term

ALSO = ("excel", "latex", "png", "svg", "pdf")
_EXCEL = {"share": "0.0%"}


def formats(also: str | Iterable[str]) -> tuple[str, ...]:
    """The further formats asked for, checked before anything is computed."""
    chosen = tuple(dict.fromkeys([also] if isinstance(also, str) else also))
    for name in chosen:
        one_of("also", name, ALSO)
    if "excel" in chosen:
        from importlib.util import find_spec

        if find_spec("openpyxl") is None:
            raise MissingDependency("openpyxl", "excel", "Writing tables to Excel")
    return chosen


def write(page: Page, out: Path, also: Iterable[str] = ()) -> Path:
    """Write index.html, tables/ and, for pictures, figures/ into the folder `out`; return the page's path.

    Every file appears whole or not at all, and the page comes last.
    """
    also = formats(also)
    tables = _folder(out, "tables")
    for table in page.tables:
        name = file_name(table.name)
        atomic(tables / f"{name}.csv", as_csv([table.frame], "utf-8-sig"))
        if "latex" in also:
            atomic(tables / f"{name}.tex", as_text(latex(table, page.terms)))
    if "excel" in also:
        atomic(tables / "report.xlsx", as_archive(workbook(page).save))
    for kind in [k for k in also if k in ("png", "svg", "pdf")]:
        figures = _folder(out, "figures")
        for picture in page.pictures:
            atomic(figures / f"{file_name(picture.name)}.{kind}", _drawn(picture.axes, kind))
    return atomic(out / "index.html", as_text(html(page)))


def _folder(out: Path, name: str) -> Path:
    made = out / name
    made.mkdir(parents=True, exist_ok=True)
    if made.resolve() != out.resolve() / name:
        raise OptionError(
            f"{made} leads to {made.resolve()}, outside the folder of the report. Remove the link."
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
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book: Any = Workbook()
    contents = book.active
    contents.title = _("Contents")[:31]
    heads = [heading(c) for c in ("name", "title", "unit", "source", "rows")]
    lines = [[t.name, t.title, t.unit, t.source, len(t.frame)] for t in page.tables]
    _fill(contents, heads, lines, ["", "", "", "", "#,##0"])
    names = {contents.title.casefold()}
    for row, table in enumerate(page.tables, 2):
        sheet = book.create_sheet(_sheet(table.name, names))
        columns = [str(c) for c in table.frame.columns]
        records = [[_plain(v, page.terms) for v in r] for r in table.frame.itertuples(index=False, name=None)]
        _fill(
            sheet,
            [heading(c) for c in columns],
            records,
            [_pattern(table.formats.get(c, "")) for c in columns],
        )
        link = contents.cell(row, 1)
        link.hyperlink = f"#'{sheet.title}'!A1"
        link.font = Font(color="0B5C94", underline="single")
    return book


def _sheet(name: str, taken: set[str]) -> str:
    """A name of at most 31 characters that no other sheet has."""
    base = re.sub(r"[\[\]:*?/\\']", "_", printable(name))[:31]
    found = next(
        n for i in range(10_000) if (n := base if not i else f"{base[:26]}~{i}").casefold() not in taken
    )
    taken.add(found.casefold())
    return found


def _plain(value: Any, terms: bool) -> Any:
    """A value as a spreadsheet holds it: empty for what is missing."""
    if value is None or str(value) in ("nan", "NaT", "<NA>"):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool | int | float):
        return value if abs(value) != float("inf") else str(value)
    return str(term(value) if terms else value)


def _pattern(form: str) -> str:
    if form in _EXCEL or not form:
        return _EXCEL.get(form, "")
    digits = int(form.split(".")[1][0])
    return ("#,##0" if "," in form else "0") + ("." + "0" * digits if digits else "")


def _fill(sheet: Any, heads: list[str], records: list[list[Any]], patterns: list[str]) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    for i, record in enumerate([heads, *records], 1):
        for j, value in enumerate(record, 1):
            cell = put(sheet, i, j, value)
            if isinstance(value, str):
                cell.alignment = Alignment(vertical="top", wrap_text=len(value) > 40)
            elif patterns[j - 1]:
                cell.number_format = patterns[j - 1]
            if i == 1:
                cell.font = Font(bold=True)
    for j, head in enumerate(heads, 1):
        longest = max((len(str(r[j - 1])) for r in records if isinstance(r[j - 1], str)), default=10)
        sheet.column_dimensions[get_column_letter(j)].width = min(60, max(10, longest, len(head)) + 2)
    sheet.freeze_panes = "A2"


def foot(table: Table) -> str:
    """What stands below a table: unit, source and note, as far as there are any."""
    if table.unit and table.source:
        below = _("Unit: {unit}. Source: {source}.", unit=table.unit, source=table.source)
    elif table.unit:
        below = _("Unit: {unit}.", unit=table.unit)
    else:
        below = _("Source: {source}.", source=table.source) if table.source else ""
    return f"{below} {table.note}".strip()


def sheet(table: Table, below: str) -> Any:
    """A workbook of one sheet: the table, and beneath it its title and `below`."""
    from openpyxl import Workbook

    book: Any = Workbook()
    page = book.active
    page.title = _sheet(table.title or table.name, set())
    columns = [str(c) for c in table.frame.columns]
    records = [[_plain(v, True) for v in r] for r in table.frame.itertuples(index=False, name=None)]
    _fill(page, [heading(c) for c in columns], records, [_pattern(table.formats.get(c, "")) for c in columns])
    for row, text in enumerate([t for t in (table.title, below) if t], len(records) + 3):
        put(page, row, 1, text)
    return book


def latex(table: Table, terms: bool = False, *, label: str | None = None) -> str:
    """The table as LaTeX: booktabs, and longtable from 40 rows on; numbers and sources as on the page, text escaped.

    The label is the table's name by default; none is set where it is empty.
    """
    made = shown(table, terms)
    wide = [any(c.css == "long" for c in column) for column in zip(*made.rows, strict=True)] or [False] * len(
        made.heads
    )
    room = 0.9 / max(1, sum(wide) + 0.12 * len(wide))
    spec = "".join(
        "r" if h.css == "num" else f"p{{{room:.2f}\\linewidth}}" if w else "l"
        for h, w in zip(made.heads, wide, strict=True)
    )
    head = " & ".join(latex_text(c.text) for c in made.heads) + r" \\"
    body = [" & ".join(latex_text(c.text) for c in row) + r" \\" for row in made.rows]
    label = f"tab:{file_name(table.name)}" if label is None else label
    title = f"\\caption{{{latex_text(table.title)}}}" if table.title else ""
    title += f"\\label{{{latex_label(label)}}}" if label else ""
    below = f"\\par\\footnotesize {latex_text(foot(table))}" if foot(table) else ""
    needs = "% Needs booktabs and longtable; Chinese needs xeCJK or ctex."
    if len(body) > 40:
        lines = [
            f"\\begin{{longtable}}{{{spec}}}",
            title and title + r" \\",
            r"\toprule",
            head,
            r"\midrule",
            r"\endhead",
            r"\bottomrule",
            r"\endfoot",
            *body,
            r"\end{longtable}",
            below,
        ]
    else:
        lines = [r"\begin{table}", r"\centering", title, f"\\begin{{tabular}}{{{spec}}}", r"\toprule", head,
                 r"\midrule", *body, r"\bottomrule", r"\end{tabular}", below, r"\end{table}"]  # fmt: skip
    return "\n".join([needs, *(line for line in lines if line), ""])
