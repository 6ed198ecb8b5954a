"""What the command line says and writes: tables on the terminal and in files, errors in one paragraph."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exportlab.errors import ExportlabError, OptionError, short
from exportlab.frames import engine_speaks, when
from exportlab.writing import FORMULA, atomic, is_formula, printable

KINDS = (".csv", ".parquet", ".xlsx", ".docx", ".tex", ".html")
out = Console(width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True)


def frame(table: Any) -> Any:
    """A result of any engine as a pandas frame, in the order of its keys."""
    from exportlab.frames import to_pandas

    found = to_pandas(table)
    keys = [c for c in found.columns if found[c].dtype.kind not in "f"]
    return found.sort_values(keys, ignore_index=True) if keys else found


def show(table: Any) -> None:
    """Print a table; names of the data stand as they are, whatever marks or controls they hold."""
    shown = Table(box=None, header_style="bold")
    for column in table.columns:
        shown.add_column(_cell(str(column)))
    for row in table.itertuples(index=False, name=None):
        shown.add_row(*[_cell(f"{v:.6g}" if isinstance(v, float) else str(v)) for v in row])
    out.print(shown)


def _cell(text: str) -> Text:
    return Text(printable(short(text, 200)))


def show_ledger(table: Any, verdicts: Iterable[str]) -> None:
    """Claims by verdict: what was computed, or for those that cannot be checked what data they need."""
    from exportlab.claims.verdicts import UNCHECKED

    for verdict in verdicts:
        rows = table[table["verdict"] == verdict]
        if rows.empty:
            continue
        found = "needs" if verdict == UNCHECKED else "computed"
        shown = Table(box=None, header_style="bold", expand=True, pad_edge=False)
        shown.add_column(f"{verdict} ({len(rows)})", ratio=8, overflow="fold")
        shown.add_column("claimed", ratio=3, overflow="fold")
        shown.add_column(found, ratio=5, overflow="fold")
        for row in rows.to_dict("records"):
            name = Text(row["what"]).append(f"\n{row['id']}", style="dim")
            shown.add_row(name, Text(row["claimed"]), Text(row[found]))
        out.print(shown)
        out.print()
    counts = "; ".join(f"{n} {v}" for v in verdicts if (n := int((table["verdict"] == v).sum())))
    out.print(f"{len(table)} claims: {counts}.", highlight=False)
    out.print("Evidence and source of one: exportlab claims ID", highlight=False)


def show_claims(table: Any) -> None:
    """Claims in full, a fact a line."""
    for row in table.to_dict("records"):
        shown = Table(show_header=False, box=None, pad_edge=False)
        for key, fact in row.items():
            if fact and key != "id":
                shown.add_row(key, Text(fact, overflow="fold"))
        out.print(row["id"], style="bold", highlight=False)
        out.print(shown)


def refuse_kind(to: Path) -> None:
    if to.suffix not in KINDS:
        allowed = f"{', '.join(KINDS[:-1])} and {KINDS[-1]}"
        raise OptionError(f"--out {to} ends in {to.suffix!r}. Allowed: {allowed}.")
    if to.suffix == ".xlsx":
        from exportlab.reporting.export import formats

        formats("excel")
    if not to.parent.is_dir():
        raise OptionError(f"--out {to}: there is no folder {to.parent}.")


def write(table: Any, to: Path) -> None:
    """Write a whole file, or none; in CSV no text is a formula."""
    refuse_kind(to)
    if to.suffix not in (".csv", ".parquet"):
        from exportlab.reporting.typeset import save_table

        save_table(table, to)
        return
    kept = _quoted(table) if to.suffix == ".csv" else table
    with engine_speaks():
        atomic(to, lambda beside: _save(kept, beside))


def _save(table: Any, to: Path) -> None:
    csv = to.suffix == ".csv"
    if hasattr(table, "write_parquet"):  # a DuckDB relation streams to disk
        (table.write_csv if csv else table.write_parquet)(str(to))
    elif csv:
        table.to_csv(to, index=False)
    else:
        table.to_parquet(to, index=False)


def _quoted(table: Any) -> Any:
    """The table with a quote before text that a spreadsheet would run, still lazy where it is lazy."""
    import narwhals.stable.v2 as nw

    frame = nw.from_native(table)
    kinds = frame.collect_schema()
    texts = [c for c, kind in kinds.items() if kind == nw.String]
    safe = [
        when(nw.col(c).str.contains(FORMULA), nw.concat_str(nw.lit("'"), nw.col(c)), nw.col(c)).alias(c)
        for c in texts
    ]
    named = {c: f"'{c}" for c in kinds.names() if is_formula(c)}
    return frame.with_columns(*safe).rename(named).to_native()


def said(error: Exception) -> str | None:
    """What to tell the user, in one paragraph; None for a fault of the program's own."""
    usage = getattr(error, "format_message", None)
    if usage is not None:  # a command, option or argument that was not understood
        context = getattr(error, "ctx", None)
        asked = f" See: {context.command_path} --help" if context else ""
        return " ".join(f"{usage()}{asked}".split())
    if isinstance(error, ExportlabError):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return f"the file is not {error.encoding} text (byte {error.start:,}). Save it as UTF-8 or GB18030."
    if isinstance(error, OSError) and error.strerror:
        about = {FileNotFoundError: "no such file or folder", PermissionError: "not allowed to read or write"}
        why = about.get(type(error), error.strerror[:1].lower() + error.strerror[1:])
        return f"{why}: {error.filename}" if error.filename else f"{why}."
    return "there is not enough memory for this." if isinstance(error, MemoryError) else None
