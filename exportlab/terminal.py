"""What the command line says and writes: tables on the terminal and in files, errors in one paragraph."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exportlab.errors import ExportlabError, OptionError

KINDS = (".csv", ".parquet", ".xlsx", ".tex", ".html")
out = Console(width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True)


def frame(table: Any) -> Any:
    """A result of any engine as a pandas frame, in the order of its keys."""
    from exportlab.frames import to_pandas

    found = to_pandas(table)
    keys = [c for c in found.columns if found[c].dtype.kind not in "f"]
    return found.sort_values(keys, ignore_index=True) if keys else found


def show(table: Any) -> None:
    shown = Table(*[str(c) for c in table.columns], box=None, header_style="bold")
    for row in table.itertuples(index=False, name=None):
        shown.add_row(*[f"{v:.6g}" if isinstance(v, float) else str(v) for v in row])
    out.print(shown)


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
    """Write to a file beside the target first, so that a killed run leaves no half file."""
    refuse_kind(to)
    if to.suffix not in (".csv", ".parquet"):
        _set(table, to)
        return
    partial = to.with_name(f".{to.name}.partial")
    csv = to.suffix == ".csv"
    try:
        if hasattr(table, "write_parquet"):  # a DuckDB relation streams to disk
            (table.write_csv if csv else table.write_parquet)(str(partial))
        else:
            (table.to_csv if csv else table.to_parquet)(partial, index=False)
        partial.replace(to)
    finally:
        partial.unlink(missing_ok=True)


def _set(table: Any, to: Path) -> None:
    from exportlab.reporting.typeset import typeset

    made = typeset(table)
    if to.suffix == ".xlsx":
        made.to_excel(to)
    elif to.suffix == ".tex":
        made.to_latex(to)
    else:
        made.to_html(to)


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
