"""What the command line says and writes: tables on the terminal and in files, errors in one paragraph."""

from __future__ import annotations

import re
import sys
from ast import literal_eval
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exportlab.errors import DataError, ExportlabError, MissingDependency, OptionError, flags, short
from exportlab.frames import pieces, stream, to_pandas
from exportlab.tables.writing import Save, as_csv, atomic
from exportlab.text import printable

KINDS = (".csv", ".parquet", ".xlsx", ".docx", ".tex", ".html")
NEEDS = {
    ".parquet": ("pyarrow", "pyarrow", "duckdb"),
    ".xlsx": ("openpyxl", "openpyxl", "excel"),
    ".docx": ("docx", "python-docx", "tables"),
}


class Terminal(Console):
    """A console that obeys no text: marks stand as they are, and controls are shown."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Every text that is printed passes here, cells of tables included."""
        return super().render_str(printable(text), **options)


out = Terminal(width=None if sys.stdout.isatty() else 160)
err = Terminal(stderr=True)


def say(text: str) -> None:
    """One line of the program's own, however long."""
    out.print(text, soft_wrap=True)


def frame(table: Any) -> Any:
    """A result of any engine as a pandas frame, in the order of its keys."""
    found = to_pandas(table)
    keys = [c for c in found.columns if found[c].dtype.kind not in "f"]
    return found.sort_values(keys, ignore_index=True) if keys else found


def show(table: Any) -> None:
    """Print a table; names of the data stand as they are, the longest without their middle."""
    shown = Table(box=None, header_style="bold")
    for column in table.columns:
        shown.add_column(short(str(column), 200))
    for row in table.itertuples(index=False, name=None):
        shown.add_row(*[f"{v:.6g}" if isinstance(v, float) else short(str(v), 200) for v in row])
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
            name = Text(printable(row["what"])).append(f"\n{printable(row['id'])}", style="dim")
            shown.add_row(name, row["claimed"], row[found])
        out.print(shown)
        out.print()
    counts = "; ".join(f"{n} {v}" for v in verdicts if (n := int((table["verdict"] == v).sum())))
    out.print(f"{len(table)} claims: {counts}.")
    out.print("Evidence and source of one: exportlab claims ID")


def show_claims(table: Any) -> None:
    """Claims in full, a fact a line."""
    for row in table.to_dict("records"):
        shown = Table(show_header=False, box=None, pad_edge=False)
        shown.add_column()
        shown.add_column(overflow="fold")
        for key, fact in row.items():
            if fact and key != "id":
                shown.add_row(key, fact)
        out.print(row["id"], style="bold")
        out.print(shown)


def refuse_kind(to: Path) -> None:
    if to.suffix not in KINDS:
        allowed = f"{', '.join(KINDS[:-1])} and {KINDS[-1]}"
        raise OptionError(f"--out {to} ends in {to.suffix!r}. Allowed: {allowed}.")
    module, library, extra = NEEDS.get(to.suffix, ("", "", ""))
    if module and find_spec(module) is None:
        raise MissingDependency(library, extra, f"Writing {to.suffix} files")
    if not to.parent.is_dir():
        raise OptionError(f"--out {to}: there is no folder {to.parent}.")


def write(table: Any, to: Path) -> None:
    """Write a whole file, or none; a table larger than memory goes piece by piece into CSV and Parquet."""
    refuse_kind(to)
    if to.suffix == ".csv":
        atomic(to, as_csv(pieces(table)))
    elif to.suffix == ".parquet":
        atomic(to, _as_parquet(table))
    else:
        from exportlab.tables.typeset import save_table

        save_table(table, to)


def _as_parquet(table: Any) -> Save:
    def saved(file: BinaryIO) -> None:
        reader = stream(table)
        if reader is None:
            to_pandas(table).to_parquet(file, index=False)
            return
        from pyarrow import parquet

        with parquet.ParquetWriter(file, reader.schema) as to:
            for batch in reader:
                to.write_batch(batch)

    return saved


def said(error: Exception) -> str | None:
    """What to tell the user, in one paragraph; None for a fault of the program's own."""
    usage = getattr(error, "format_message", None)
    if usage is not None:  # a command, option or argument that was not understood
        context = getattr(error, "ctx", None)
        asked = f" See: {context.command_path} --help" if context else ""
        return " ".join(f"{usage()}{asked}".split())
    if isinstance(error, ExportlabError):
        return error.typed(typed) if isinstance(error, DataError) else typed(str(error))
    if isinstance(error, UnicodeDecodeError):
        return f"the file is not {error.encoding} text (byte {error.start:,}). Save it as UTF-8 or GB18030."
    if isinstance(error, OSError) and error.strerror:
        about = {FileNotFoundError: "no such file or folder", PermissionError: "not allowed to read or write"}
        why = about.get(type(error), error.strerror[:1].lower() + error.strerror[1:])
        return f"{why}: {error.filename}" if error.filename else f"{why}."
    return "there is not enough memory for this." if isinstance(error, MemoryError) else None


# Options as Python writes them in messages, which the command line takes as flags.
_LITERAL = r"'(?:[^'\\]|\\.)*'|\d+|True|\{[^{}]*\}|\[[^\[\]]*\]|\.\.\."
_OPTION = re.compile(
    r"\b(period|exporter|market|product|value|unit|aggregate|sheet|decimal|leave_out|fill_down|keys|nomenclature|digits|"
    rf"levels|revision|zero_quantity|engine|wide|memory|universe|reference)=({_LITERAL})"
)
_CALL = re.compile(r"xl\.(?:read_\w+|flows)\((?:'[^']*'|table)(?:, )?((?:\w+=[^()]*?)?)\)")
_LINE = re.compile(r"table = [^;]*; in read_flows ")


def typed(text: str) -> str:
    """A message with every remedy as one types it."""
    text = _CALL.sub(lambda found: found[1], _LINE.sub("", text))
    return _OPTION.sub(_flag, text).replace(", --", " --").replace("in read_flows --", "--")


def _flag(found: re.Match[str]) -> str:
    name, literal = found[1], found[2]
    return f"--{name.replace('_', '-')} ..." if literal == "..." else flags({name: literal_eval(literal)})


# What the shell offers after the tab key: names that a command knows.


def indicators(incomplete: str) -> list[str]:
    """Names of indicators."""
    from exportlab import CATALOGUE

    return _begin(CATALOGUE, incomplete)


def data_sets(incomplete: str) -> list[str]:
    """Names of embedded data sets."""
    from exportlab import datasets

    return _begin(datasets.names(), incomplete)


def claims(incomplete: str) -> list[str]:
    """Ids of papers and of their claims."""
    from exportlab.claims import claims as shipped
    from exportlab.claims import papers

    return _begin([*(p.id for p in papers()), *(c.id for c in shipped())], incomplete)


def verdicts(incomplete: str) -> list[str]:
    """First words of the verdicts where one is enough to tell them apart: the first letters do."""
    from exportlab.claims import VERDICTS

    firsts = {v: v.split()[0] for v in VERDICTS}
    alone = {v: sum(w.startswith(first) for w in VERDICTS) == 1 for v, first in firsts.items()}
    return _begin([firsts[v] if alone[v] else v for v in VERDICTS], incomplete)


def blocs(incomplete: str) -> list[str]:
    """Names of blocs."""
    from exportlab.classifications import blocs as known

    return _begin([b.name for b in known()], incomplete)


def _begin(names: Iterable[str], incomplete: str) -> list[str]:
    return [n for n in names if n.startswith(incomplete)]
