"""Several estimates side by side, as text, LaTeX, HTML or Word."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import MissingDependency, OptionError, one_of
from exportlab.panel.reading import stars, stars_allowed
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate

FOOT = ("n", "rows lost", "units", "clusters", "treated clusters")


@dataclass(frozen=True, repr=False, eq=False)
class Comparison(Result):
    """A publication table: ``table`` has one column an estimate, its rows terms, errors and design facts."""

    table: pd.DataFrame
    notes: tuple[str, ...]
    caption: str = ""

    @property
    def title(self) -> str:
        return self.caption or "Estimates side by side"

    def summary(self) -> str:
        body = self.table.to_string(index=False, header=["", *self.table.columns[1:]])
        return "\n".join([self.title, body, *self.notes])

    def to_latex(self, *, label: str = "") -> str:
        """A booktabs table with its notes below."""
        width = len(self.table.columns) - 1
        head = " & ".join(_tex(c) for c in ["", *self.table.columns[1:]])
        lines = [r"\begin{table}[!htbp]\centering", rf"\caption{{{_tex(self.title)}}}"]
        lines += [rf"\label{{{label}}}"] if label else []
        lines += [rf"\begin{{tabular}}{{l{'c' * width}}}", r"\toprule", head + r" \\", r"\midrule"]
        for row in self.table.itertuples(index=False):
            if row[0] == FOOT[0]:
                lines.append(r"\midrule")
            lines.append(" & ".join(_tex(str(c)) for c in row) + r" \\")
        lines += [r"\bottomrule", rf"\multicolumn{{{width + 1}}}{{p{{0.9\linewidth}}}}{{\footnotesize"]
        lines += [" ".join(_tex(n) for n in self.notes) + r"}\\", r"\end{tabular}", r"\end{table}"]
        return "\n".join(lines)

    def to_html(self) -> str:
        """An HTML table with its notes below."""
        head = "".join(f"<th>{escape(str(c))}</th>" for c in ["", *self.table.columns[1:]])
        rows = []
        for row in self.table.itertuples(index=False):
            rule = ' style="border-top:1px solid"' if row[0] == FOOT[0] else ""
            cells = "".join(f"<td>{escape(str(c))}</td>" for c in row[1:])
            rows.append(f"<tr{rule}><th>{escape(str(row[0]))}</th>{cells}</tr>")
        notes = "".join(f"<p><small>{escape(n)}</small></p>" for n in self.notes)
        return (
            f"<table><caption>{escape(self.title)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>{notes}"
        )

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_docx(self, path: str) -> None:
        """Write a Word document with the table.

        Raises
        ------
        MissingDependency
            python-docx is not installed.
        """
        try:
            from importlib import import_module

            document = import_module("docx").Document()
        except ImportError as error:
            raise MissingDependency("python-docx", "tables", "A Word table") from error
        document.add_paragraph(self.title)
        grid = document.add_table(rows=1, cols=len(self.table.columns))
        for cell, name in zip(grid.rows[0].cells, ["", *self.table.columns[1:]], strict=True):
            cell.text = str(name)
        for row in self.table.itertuples(index=False):
            for cell, value in zip(grid.add_row().cells, row, strict=True):
                cell.text = str(value)
        for note in self.notes:
            document.add_paragraph(note)
        document.save(path)


def compare(
    estimates: Sequence[Estimate] | Mapping[str, Estimate],
    *,
    terms: Sequence[str] | None = None,
    below: str = "std_error",
    digits: int = 3,
    caption: str = "",
) -> Comparison:
    """Estimates side by side with their design facts below.

    Parameters
    ----------
    estimates : sequence of Estimate, or mapping of column heading to Estimate
    terms : sequence of str, optional
        Rows to show, in this order; all by default.
    below : {"std_error", "interval", "p_value"}
        What stands under each estimate.
    digits : int
        Digits after the decimal point.
    """
    one_of("below", below, ["std_error", "interval", "p_value"])
    many = dict(estimates) if isinstance(estimates, Mapping) else _numbered(estimates)
    if not many:
        raise OptionError("No estimate was given. Give at least one.")
    found = list(dict.fromkeys(str(t) for e in many.values() for t in e.table["term"]))
    shown = found if terms is None else [str(t) for t in terms]
    unknown = [t for t in shown if t not in found]
    if unknown:
        raise OptionError(f"No estimate has the term {unknown[0]!r}. Terms: {', '.join(found)}.")
    columns: dict[str, list[str]] = {"term": [cell for t in shown for cell in (t, "")] + list(FOOT)}
    for label, e in many.items():
        columns[label] = [*_body(e, shown, below, digits), *_foot(e)]
    return Comparison(pd.DataFrame(columns), _notes(many, below), caption)


def _numbered(estimates: Sequence[Estimate]) -> dict[str, Estimate]:
    names = [e.method for e in estimates]
    return {
        f"({k + 1}) {m}" if len(names) > 1 else m: e
        for k, (m, e) in enumerate(zip(names, estimates, strict=True))
    }


def _body(e: Estimate, shown: Sequence[str], below: str, digits: int) -> list[str]:
    rows = {str(r["term"]): r for r in e.table.to_dict("records")}
    cells, allowed = [], stars_allowed(e)
    for t in shown:
        r = rows.get(t)
        if r is None:
            cells += ["", ""]
            continue
        cells.append(f"{r['estimate']:.{digits}f}{stars(float(r['p_value']), allowed)}")
        cells.append(_under(r, below, digits))
    return cells


def _under(r: Mapping[Any, Any], below: str, digits: int) -> str:
    if below == "interval":
        low, high = r["conf_low"], r["conf_high"]
        return f"[{low:.{digits}f}, {high:.{digits}f}]" if np.isfinite(low) else ""
    if below == "std_error" and np.isfinite(r["std_error"]):
        return f"({r['std_error']:.{digits}f})"
    return f"p = {r['p_value']:.{digits}f}" if np.isfinite(r["p_value"]) else ""


def _foot(e: Estimate) -> list[str]:
    s, i = e.sample, e.inference
    return [f"{s.used:,}", f"{s.rows - s.used:,}", str(s.units), str(i.clusters), str(i.treated_clusters)]


def _notes(many: Mapping[str, Estimate], below: str) -> tuple[str, ...]:
    words = {
        "std_error": "Standard errors in parentheses",
        "interval": "Intervals in brackets",
        "p_value": "p-values",
    }
    notes = [f"{words[below]} under the estimates. * p < 0.1, ** p < 0.05, *** p < 0.01."]
    for label, e in many.items():
        notes.append(
            f"{label}: against {e.comparison}; {e.inference.name}, small sample: {e.inference.small_sample}."
        )
    if any(e.one_treated for e in many.values()):
        notes.append("No stars where one cluster is treated: its standard errors are far too small.")
    for label, e in many.items():
        notes += [f"{label}: {why} ({n:,} rows)." for why, n in e.sample.lost]
    notes += list(dict.fromkeys(n for e in many.values() for n in e.notes))
    return tuple(notes)


def _tex(text: str) -> str:
    for plain, escaped in (
        ("\\", r"\textbackslash{}"),
        ("&", r"\&"),
        ("%", r"\%"),
        ("_", r"\_"),
        ("#", r"\#"),
    ):
        text = text.replace(plain, escaped)
    return re.sub(r"\*+", lambda m: f"$^{{{m[0]}}}$", text)
