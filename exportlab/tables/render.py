"""A page as one HTML document: no script, style, font or picture from elsewhere; its tables as they are printed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from exportlab.errors import LONGEST, short
from exportlab.plots.lines import width
from exportlab.tables.drawing import formula, svg
from exportlab.tables.headings import heading
from exportlab.tables.model import Page, Picture, Table
from exportlab.tables.publication import Align, Grid, Held
from exportlab.text import file_name
from exportlab.words import LANGUAGES, _, language, number, term

_GITHUB = re.compile(r"^github:([^@\s]+)@(\w+):(\S+)$")
PLAIN = ("year", "period")  # whole numbers that are names
SHORT, LONG = 16, 36  # characters up to which a text is kept on one line; width from which it needs room
POINTS = "+0.0;-0.0;0.0"  # as a workbook writes percentage points
HEAD = 200  # characters of a heading
PHONE = 280  # points: the widest picture that a window of 390 pixels shows whole, its letters at their size


@dataclass(frozen=True)
class Cell:
    """A cell as it is shown, and the key it is sorted by."""

    text: str
    key: str = ""
    css: str = ""
    link: str = ""
    folded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shown:
    """A table as it is shown."""

    heads: list[Cell]
    rows: list[list[Cell]]


def html(page: Page) -> str:
    """The page as one HTML document that works offline, in the language in use."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    import exportlab

    env = Environment(loader=PackageLoader("exportlab.reporting"), autoescape=True, undefined=StrictUndefined)
    env.globals["_"] = _
    env.filters["file"] = file_name
    env.filters["shown"] = lambda table: shown(table, page.terms, page.heads)
    env.filters["groups"] = lambda parts: [
        (shown, list(some)) for shown, some in groupby(parts, lambda part: isinstance(part, Picture))
    ]
    drawn = {p.name: _scoped(svg(p.axes), file_name(p.name)) for p in page.pictures}
    env.tests["broad"] = lambda picture: _points(drawn[picture.name]) > PHONE
    methods = [m for s in page.sections for m in s.methods]
    made: str = env.get_template("report.html").render(
        titles={m.name: m.title for m in methods},
        formulae={m.name: _scoped(formula(m.formula), m.name) for m in methods},
        page=page,
        pictures=drawn,
        made=date.today().isoformat(),
        version=exportlab.__version__,
        lang=LANGUAGES[language()].replace("_", "-"),
    )
    return made


def _points(drawing: str) -> float:
    """How wide a scoped drawing is."""
    found = re.search(r"--own: ([\d.e+]+)pt", drawing)
    return float(found[1]) if found else 0.0


def _scoped(text: str, name: str) -> str:
    """Give every id in the drawing the figure's name, so that two figures on a page never share one."""
    box = re.search(r'viewBox="\S+ \S+ ([\d.]+) ', text)
    wide = float(box[1]) if box else 0.0
    text = text.replace("<svg ", f'<svg style="--own: {wide:g}pt" ', 1)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", text)


def shown(table: Table, terms: bool, heads: Mapping[str, str] = MappingProxyType({})) -> Shown:
    """Headings and cells; the columns of `table.fold` go beneath the column `table.under`."""
    columns = [str(c) for c in table.frame.columns]
    kept = [c for c in columns if c not in (*table.fold, *table.hide)]
    rows = []
    for record in table.frame.itertuples(index=False, name=None):
        values = dict(zip(columns, record, strict=True))
        folded = tuple(_folded(c, values[c], terms) for c in table.fold if str(values[c]) not in ("", "nan"))
        rows.append(
            [
                _cell(
                    str(values[c]) if c in PLAIN else values[c],
                    table.formats.get(c, ""),
                    terms,
                    folded if c == table.under else (),
                )
                for c in kept
            ]
        )
    numeric = {c for i, c in enumerate(kept) if any(row[i].css == "num" for row in rows)}
    return Shown(
        [
            Cell(
                short(heads.get(c) or heading(c, table.formats.get(c, "")), HEAD),
                css="num" if c in numeric else "",
            )
            for c in kept
        ],
        rows,
    )


def grid(table: Table, terms: bool = False, heads: Mapping[str, str] = MappingProxyType({})) -> Grid:
    """The table as it is printed outside the page: numbers and sources as there, unit, source and note below."""
    made = shown(table, terms, heads)
    cells = list(zip(*made.rows, strict=True)) or [() for _head in made.heads]
    kept = [c for c in map(str, table.frame.columns) if c not in (*table.fold, *table.hide)]
    forms = [pattern(table.formats.get(c, "")) for c in kept]
    values = table.frame[[c for c in table.frame.columns if str(c) in kept]]
    below = foot(table)
    return Grid(
        [h.text for h in made.heads],
        [_aligned(h, column) for h, column in zip(made.heads, cells, strict=True)],
        [[c.text for c in row] for row in made.rows],
        [
            [Held(_plain(v, terms, form), form) for v, form in zip(row, forms, strict=True)]
            for row in values.itertuples(index=False, name=None)
        ],
        table.title,
        (below,) if below else (),
    )


def _aligned(head: Cell, column: Sequence[Cell]) -> Align:
    if head.css == "num":
        return "right"
    return "long" if any(c.css == "long" for c in column) else "left"


def foot(table: Table) -> str:
    """What stands below a table: unit, source and note, as far as there are any."""
    if table.unit and table.source:
        below = _("Unit: {unit}. Source: {source}.", unit=table.unit, source=table.source)
    elif table.unit:
        below = _("Unit: {unit}.", unit=table.unit)
    else:
        below = _("Source: {source}.", source=table.source) if table.source else ""
    return f"{below} {table.note}".strip()


def pattern(form: str) -> str:
    """A format as a workbook writes it."""
    if form in ("", "share", "points"):
        return {"share": "0.0%", "points": POINTS}.get(form, "")
    digits = int(form.split(".")[1][0])
    return ("#,##0" if "," in form else "0") + ("." + "0" * digits if digits else "")


def _plain(value: Any, terms: bool, form: str) -> Any:
    """A value as a workbook holds it: empty for what is missing."""
    if value is None or str(value) in ("nan", "NaT", "<NA>"):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool | int | float):
        value = 100 * value if form == POINTS else value
        return value if abs(value) != float("inf") else str(value)
    return str(term(value) if terms else value)


def _folded(column: str, value: Any, terms: bool) -> str:
    return _("{name}: {figure}", name=heading(column), figure=term(value) if terms else value)


def _cell(value: Any, form: str, terms: bool, folded: tuple[str, ...]) -> Cell:
    if value is None or str(value) in ("nan", "NaT", "<NA>"):
        return Cell("", css="num" if form else "", folded=folded)
    number_ = isinstance(value, int | float) and not isinstance(value, bool)
    if not number_ and not hasattr(value, "dtype"):
        text = str(value)
        address = _GITHUB.sub(r"https://github.com/\1/blob/\2/\3", text)
        if re.match(r"https?://\S+$", address):
            return Cell(urlsplit(address).netloc.removeprefix("www."), text, "short", address)
        text = short(term(value) if terms else text, LONGEST)
        css = "long" if folded or width(text) > LONG else "short" if len(text) <= SHORT else ""
        return Cell(text, str(value), css, "", folded)
    if form:
        return Cell(number(value, form), repr(float(value)), "num", "", folded)
    return Cell(f"{value:g}" if isinstance(value, float) else str(value), str(value), "num", "", folded)
