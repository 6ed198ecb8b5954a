"""What the command line says and writes: tables on the terminal and in files, errors in one paragraph."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from exportlab.errors import ExportlabError, OptionError

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


def refuse_kind(to: Path) -> None:
    if to.suffix not in (".csv", ".parquet"):
        raise OptionError(f"--out {to} ends in {to.suffix!r}. Allowed: .csv and .parquet.")
    if not to.parent.is_dir():
        raise OptionError(f"--out {to}: there is no folder {to.parent}.")


def write(table: Any, to: Path) -> None:
    """Write to a file beside the target first, so that a killed run leaves no half file."""
    refuse_kind(to)
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
