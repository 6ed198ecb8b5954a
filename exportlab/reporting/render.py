"""A page to files: one self-contained HTML file, and a CSV beside it for every table."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportlab.plots.style import context
from exportlab.reporting.model import Page, Picture, Table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_FORMULA = re.compile(r"^[=+\-@\t\r]")


def svg(axes: Axes) -> str:
    """The figure as inline SVG, ids made unique to it by the renderer's salt."""
    buffer = io.StringIO()
    figure: Any = axes.figure
    with context():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def html(page: Page) -> str:
    """The page as one HTML document that works offline."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    env = Environment(loader=PackageLoader("exportlab.reporting"), autoescape=True, undefined=StrictUndefined)
    env.filters["cells"] = cells
    env.tests["picture"] = lambda part: isinstance(part, Picture)
    pictures = {
        p.name: _scoped(svg(p.axes), p.name) for s in page.sections for p in s.parts if isinstance(p, Picture)
    }
    made: str = env.get_template("report.html").render(
        page=page, pictures=pictures, made=date.today().isoformat()
    )
    return made


def _scoped(text: str, name: str) -> str:
    """Give every id in the drawing the figure's name, so that two figures on a page never share one."""
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", text)


def cells(table: Table) -> Iterator[list[tuple[str, str, str]]]:
    """Rows of (text, sort key, css class) for the template."""
    for record in table.frame.itertuples(index=False, name=None):
        yield [
            _cell(v, table.formats.get(str(c), "")) for c, v in zip(table.frame.columns, record, strict=True)
        ]


def _cell(value: Any, form: str) -> tuple[str, str, str]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None or str(value) in ("nan", "NaT", "<NA>"):
        return "", "", "num" if form else ""
    if not number and not hasattr(value, "dtype"):
        text = str(value)
        return text, text, "url" if text.startswith("http") else ""
    if form == "share":
        return f"{value:.1%}", repr(float(value)), "num"
    return (
        format(value, form) if form else f"{value:g}" if isinstance(value, float) else str(value),
        str(value),
        "num",
    )


def write(page: Page, out: Path) -> Path:
    """Write index.html and tables/*.csv into the folder `out`, and return the path of the page."""
    out.mkdir(parents=True, exist_ok=True)
    folder = out / "tables"
    folder.mkdir(exist_ok=True)
    for table in page.tables:
        safe(table.frame).to_csv(folder / f"{table.name}.csv", index=False, encoding="utf-8-sig")
    target = out / "index.html"
    partial = target.with_suffix(".partial")
    partial.write_text(html(page), encoding="utf-8")
    partial.replace(target)
    return target


def safe(frame: pd.DataFrame) -> pd.DataFrame:
    """Text that a spreadsheet would run as a formula gets a quote before it; numbers stay."""

    def quoted(value: Any) -> Any:
        return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value

    texts = [c for c in frame.columns if frame[c].dtype.kind not in "iufb"]
    return frame.assign(**{c: frame[c].map(quoted) for c in texts}).rename(columns=quoted)
