"""A page as one document: printed to PDF by a browser, as a Word document, as Markdown with its figures beside it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from exportlab.errors import ExportlabError, MissingDependency
from exportlab.plots.style import context
from exportlab.tables.model import Page, Picture, Section, Table
from exportlab.tables.publication import Grid, needed, put_row
from exportlab.tables.render import grid
from exportlab.tables.writing import as_archive, as_text, atomic
from exportlab.text import file_name, printable
from exportlab.words import _, said

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
FIRST = 15  # rows of a longer table, as in print
PATIENCE = 300  # seconds for a browser to print
DOTS = 200  # an inch of a figure in Word
_BUTTON = re.compile(r'<button type="button">(.*?)</button>', re.DOTALL)
_BRIEF = re.compile(r'(<table data-sortable id="[^"]*" data-brief="\d+")')
ACROSS = 6.0  # inches of a figure in Word


def browser() -> str | None:
    """A Chromium of this machine, by whatever name."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return found or next((path for path in ELSEWHERE if Path(path).is_file()), None)


def printer() -> str:
    """What prints to PDF here: "browser" or "weasyprint"; refused where there is neither."""
    if browser() is not None:
        return "browser"
    from importlib.util import find_spec

    if find_spec("weasyprint") is None:
        raise MissingDependency("weasyprint", "pdf", said("Printing to PDF without Chromium or Chrome"))
    return "weasyprint"


def pdf(page: Path) -> Path:
    """Print the page beside it, as report.pdf."""
    target = page.with_name("report.pdf")
    if printer() == "weasyprint":
        text = scriptless(page.read_text(encoding="utf-8"))
        html = needed("weasyprint", "weasyprint", "pdf", "Printing to PDF").HTML
        made = html(string=text, base_url=str(page)).write_pdf()
        return atomic(target, lambda file: file.write(made))
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "report.pdf"
        _printed(page, made, Path(folder) / "profile")
        return atomic(target, lambda file: file.write(made.read_bytes()))


def scriptless(html: str) -> str:
    """The page as its script leaves it for paper, where none runs: heads are no buttons, long tables are brief."""
    return _BRIEF.sub(r'\1 class="brief"', _BUTTON.sub(r"\1", html))


def _printed(page: Path, to: Path, profile: Path) -> None:
    """Let a browser print, with a profile of its own so that none that is open is disturbed."""
    flags = [
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--disable-extensions",
        "--no-pdf-header-footer",
        f"--user-data-dir={profile}",
        f"--print-to-pdf={to}",
    ]
    if sys.platform == "linux" and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses to start as root otherwise
    command = [str(browser()), *flags, page.resolve().as_uri()]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        told = (done.stderr or done.stdout).strip().splitlines()
    except (OSError, subprocess.TimeoutExpired) as error:
        told = [str(error)]
    if not to.is_file():
        raise ExportlabError(
            f"{command[0]} did not print {page.name}: {told[-1] if told else 'it said nothing'}. "
            "Open the page in a browser and print it from there."
        )


def markdown(page: Page) -> str:
    """The page as Markdown: figures as links to figures/*.svg, tables with as many rows as the page shows at first.

    By hand: tabulate, which pandas writes Markdown by, leaves a bar in a cell as the end of it.
    """
    lines = [f"# {page.title}", page.subtitle, page.headline]
    for section in page.sections:
        lines += [f"## {section.title}", *section.text, *_points(section), *_methods(section)]
        for part in section.parts:
            if isinstance(part, Picture):
                lines.append(f"![{part.said}](figures/{file_name(part.name)}.svg)")
            else:
                lines.append(_pipes(_shown(part, page)))
    return "\n\n".join(printable(line) for line in lines if line) + "\n"


def _points(section: Section) -> list[str]:
    facts = [f"**{fact.what}: {fact.value}** {fact.sure}" for fact in section.facts]
    return ["\n".join(f"- {text}" for text in (*facts, *section.points))] if facts or section.points else []


def _methods(section: Section) -> list[str]:
    return [f"**{m.title}.** ${m.formula}$\n{m.convention} ({m.source})" for m in section.methods]


def _shown(table: Table, page: Page) -> Grid:
    """The first rows of a table, and which file has the others."""
    made = grid(table, page.terms, page.heads)
    if len(made.rows) <= table.show:
        return made
    file = f"tables/{file_name(table.name)}.csv"
    more = _("The first {some} of {n} rows; all are in {file}.", some=FIRST, n=len(made.rows), file=file)
    return replace(made, rows=made.rows[:FIRST], held=made.held[:FIRST], below=(more, *made.below))


def _pipes(made: Grid) -> str:
    """A table between bars, its title above and its foot below."""
    rule = ["---:" if side == "right" else "---" for side in made.aligned]
    rows = [made.heads, rule, *made.rows]
    lines = ["| " + " | ".join(_cell(c) for c in row) + " |" for row in rows]
    return "\n\n".join([f"**{made.title}**", "\n".join(lines), *made.below])


def _cell(text: str) -> str:
    return " ".join(str(text).replace("\\", "\\\\").replace("|", "\\|").split())


def word(page: Page) -> Any:
    """The page as a Word document: headings, figures and tables as on the page."""
    document = needed("docx", "python-docx", "tables", "A report in Word").Document()
    document.add_heading(printable(page.title), 0)
    for text in (page.subtitle, page.headline):
        if text:
            document.add_paragraph(printable(text))
    for section in page.sections:
        document.add_heading(printable(section.title), 1)
        for text in section.text:
            document.add_paragraph(printable(text))
        for fact in section.facts:
            told = document.add_paragraph(style="List Bullet")
            told.add_run(printable(f"{fact.what}: {fact.value}. ")).bold = True
            told.add_run(printable(fact.sure))
        for text in section.points:
            document.add_paragraph(printable(text), style="List Bullet")
        for method in section.methods:
            told = document.add_paragraph()
            told.add_run(printable(f"{method.title}. ")).bold = True
            told.add_run(printable(f"{method.formula}. {method.convention} ({method.source})"))
        for part in section.parts:
            if isinstance(part, Picture):
                _put_picture(document, part)
            else:
                _put_table(document, _shown(part, page))
    return document


def _put_picture(document: Any, picture: Picture) -> None:
    from docx.shared import Inches

    drawn, figure = BytesIO(), picture.axes.get_figure(root=True)
    assert figure is not None
    with context():
        figure.savefig(drawn, format="png", dpi=DOTS, bbox_inches="tight")
    drawn.seek(0)
    document.add_picture(drawn, width=Inches(min(ACROSS, figure.get_figwidth())))


def _put_table(document: Any, made: Grid) -> None:
    from docx.shared import Pt

    document.add_paragraph(printable(made.title)).runs[0].bold = True
    table = document.add_table(rows=0, cols=len(made.heads), style="Light List")
    for row in (made.heads, *made.rows):
        cells = table.add_row().cells
        put_row(cells, row, made.aligned)
        for cell in cells:
            cell.paragraphs[0].runs[0].font.size = Pt(8)
    for note in made.below:
        document.add_paragraph(printable(note)).runs[0].font.size = Pt(8)


def write_document(page: Page, out: Path, kind: str) -> None:
    """Write report.docx or report.md into the folder."""
    if kind == "word":
        atomic(out / "report.docx", as_archive(word(page).save))
    else:
        atomic(out / "report.md", as_text(markdown(page)))
