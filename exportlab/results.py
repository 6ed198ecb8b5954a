"""The one style of results that need more than a table: frozen, with table, summary, plot and HTML."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from exportlab.frames import to_pandas
from exportlab.text import html_text, markdown_text, printable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from exportlab.flow_table import Flows

ROWS = 60  # rows shown in HTML; of longer tables the first and the last
_LINE = "margin:.3em 0;overflow-wrap:anywhere"


class Result:
    """Base of estimates, decompositions and checks.

    A subclass is a frozen dataclass (``@dataclass(frozen=True, repr=False, eq=False)``) that has a
    `table` (a pandas DataFrame) as field or property, and may override `remarks`, `summary` and `plot`.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """What a result says of itself reaches terminals, whoever wrote its `summary`."""
        super().__init_subclass__(**options)
        if "summary" in cls.__dict__:
            cls.summary = _for_terminals(cls.summary)  # type: ignore[assignment, method-assign]

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return type(self).__name__

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences that stand below the table wherever it is shown: terminal, notebook, Markdown, a paper."""
        return ()

    def _table(self) -> pd.DataFrame:
        table: pd.DataFrame = self.table  # type: ignore[attr-defined]
        return table

    def summary(self) -> str:
        """Plain text: the title, the table, rounded for reading, and the remarks."""
        table = self._table().to_string(index=False, float_format=_short)
        return printable("\n".join([self.title, table, *self.remarks]))

    def to_markdown(self) -> str:
        """The title, the table, rounded for reading, and the remarks, for a README, an issue or a Quarto page."""
        return titled_markdown(self.title, self._table(), self.remarks)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the result on `ax` (a new figure by default) and return the Axes, which a notebook draws."""
        raise NotImplementedError(f"{type(self).__name__} has no picture of its own.")

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return titled_html(self.title, self._table(), below=self.remarks)


def _for_terminals(summary: Callable[[Any], str]) -> Callable[[Any], str]:
    @wraps(summary)
    def said(self: Any) -> str:
        return printable(summary(self))

    return said


class Cautious(Result):
    """A result with cautions: what it takes for granted is printed beneath the table, and stands in `cautions`."""

    cautions: tuple[str, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """The cautions."""
        return self.cautions


def titled_html(
    title: str, table: pd.DataFrame, *, above: str | Sequence[str] = "", below: str | Sequence[str] = ""
) -> str:
    """A title, lines of text, a table and lines beneath it, as HTML for a notebook; all text is escaped."""
    head = f'<p style="{_LINE}"><strong>{html_text(title)}</strong></p>'
    return f"<div>{head}{_lines(above)}{table_html(table)}{_lines(below)}</div>"


def _lines(text: str | Sequence[str]) -> str:
    lines = [text] if isinstance(text, str) else text
    return "".join(f'<p style="{_LINE}">{html_text(line)}</p>' for line in lines if line)


def table_html(table: pd.DataFrame) -> str:
    """A table as HTML for a notebook: text escaped, numbers right-aligned with the digits that matter.

    Of more than `ROWS` rows, the first and last are shown and the others counted.
    """
    numeric = [kind in "iufc" for kind in (getattr(d, "kind", "O") for d in table.dtypes)]
    heads = [label(c) for c in table.columns]
    if len(table) <= ROWS:
        return html_grid(heads, _cells(table), numeric)
    half = ROWS // 2
    gap = f"… {len(table) - 2 * half:,} more rows …"
    return html_grid(heads, [*_cells(table.head(half)), gap, *_cells(table.tail(half))], numeric)


def _cells(table: pd.DataFrame) -> list[list[str]]:
    whole = [is_name(c) for c in table.columns]
    return [
        [_text(v, name) for v, name in zip(record, whole, strict=True)]
        for record in table.itertuples(index=False, name=None)
    ]


def titled_markdown(title: str, table: pd.DataFrame, below: Sequence[str] = ()) -> str:
    """A title, a whole table and lines beneath it, as Markdown; all text is escaped."""
    numeric = [kind in "iufc" for kind in (getattr(d, "kind", "O") for d in table.dtypes)]
    return markdown_grid(
        [label(c) for c in table.columns], _cells(table), numeric, caption=title, below=below
    )


def markdown_grid(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Sequence[bool],
    *,
    caption: str = "",
    below: Sequence[str] = (),
) -> str:
    """Cells as a pipe table (GitHub, Pandoc, Quarto), all text escaped: the one writer of Markdown."""

    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |"

    table = [line(map(markdown_text, heads)), line("---:" if r else "---" for r in right)]
    table += [line(map(markdown_text, row)) for row in rows]
    title = [f"**{markdown_text(caption)}**"] if caption else []
    return "\n\n".join([*title, "\n".join(table), *map(markdown_text, below)]) + "\n"


@dataclass(frozen=True)
class Look:
    """The styles of a table, of its headings and of its cells."""

    table: str
    head: str
    cell: str


_PLAIN = "padding:.2em .6em;border-bottom:1px solid #8883;vertical-align:top"
NOTEBOOK = Look("border-collapse:collapse", _PLAIN, _PLAIN)
_SIDES = ("text-align:left", "text-align:right;font-variant-numeric:tabular-nums")


def html_grid(
    heads: Sequence[str],
    rows: Iterable[Sequence[str] | str],
    right: Sequence[bool],
    *,
    look: Look = NOTEBOOK,
    caption: str = "",
    ruled: Collection[int] = (),
) -> str:
    """Cells as a table of HTML, all text escaped: the one writer, for notebooks and for papers.

    A row that is one text stands across all columns; `right` says which columns are numbers, `ruled` which rows have
    a rule above them. The page of the report has a template of its own, with links, folds and keys for sorting.
    """
    ends = [_SIDES[bool(r)] for r in right]
    head = "".join(
        f'<th scope="col" style="{look.head};{end}">{html_text(text)}</th>'
        for text, end in zip(heads, ends, strict=True)
    )
    body = []
    for place, row in enumerate(rows):
        rule = ' style="border-top:1px solid"' if place in ruled else ""
        cells = (
            f'<td colspan="{len(ends)}" style="{look.cell};{_SIDES[0]}">{html_text(row)}</td>'
            if isinstance(row, str)
            else "".join(
                f'<td style="{look.cell};{end}">{html_text(text)}</td>'
                for text, end in zip(row, ends, strict=True)
            )
        )
        body.append(f"<tr{rule}>{cells}</tr>")
    above = f'<caption style="text-align:left">{html_text(caption)}</caption>' if caption else ""
    return (
        f'<div style="overflow-x:auto"><table style="{look.table}">{above}'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def label(column: Any) -> str:
    """A column's name; of several levels, all of them."""
    return " · ".join(map(str, column)) if isinstance(column, tuple) else str(column)


def is_name(column: Any) -> bool:
    """Whole numbers that are names, such as years, have no thousands separators."""
    return any(
        word in label(column).casefold() for word in ("year", "period", "event_time", "cohort", "code")
    )


def _text(value: Any, name: bool) -> str:
    """A value as it is shown: nothing for what is missing."""
    if value is None or str(value) in ("nan", "NaT", "<NA>"):
        return ""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return str(value)
    number = float(value)
    if name and number == int(number):
        return f"{number:.0f}"
    return f"{value:,}" if getattr(value, "dtype", type(value)) in (int, "int64") else _short(number)


def _short(x: float) -> str:
    return f"{x:,.4g}" if abs(x) < 1e4 else f"{x:,.1f}"


# Flows as a notebook shows them: roles, unit, source and the first rows, in the results' style.

FIRST = 5  # rows shown


def flows_html(flows: Flows) -> str:
    """The flows as HTML: headings name column and role; a lazy table is not run, so it shows no rows.

    Parameters
    ----------
    flows : Flows

    Returns
    -------
    str
        A title with the size, a line with unit and source, and the first rows; all text is escaped.
    """
    import pandas as pd

    heads = {r: c if c == r else f"{c} ({r})" for r, c in flows.roles.items()}
    native = nw.to_native(flows.frame)
    engine = type(native).__module__.split(".")[0]
    if isinstance(flows.frame, nw.LazyFrame):
        shown = pd.DataFrame(columns=[*heads.values(), *flows.keys])
        size, rest = f"a plan for {engine}", "Rows are neither counted nor shown before the plan runs."
    else:
        rows = len(flows.frame)
        shown = to_pandas(flows.frame.head(FIRST).to_native()).rename(columns=heads)
        size = f"{rows:,} row{'s' * (rows != 1)}, {engine}"
        rest = f"… {rows - FIRST:,} more rows …" if rows > FIRST else ""
    return titled_html(f"Flows: {size}", shown, above=_facts(flows), below=rest)


def _facts(flows: Flows) -> str:
    facts = {
        "unit": flows.unit or "not stated",
        "unit of quantity": flows.quantity_unit if "quantity" in flows.roles else None,
        "source": flows.source or "not stated",
        "a row is": f"one {', '.join(flows.identity)}"
        if flows.unique
        else "a part of a cell, to be added up",
    }
    return "; ".join(f"{name}: {fact}" for name, fact in facts.items() if fact)
