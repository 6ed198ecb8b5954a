"""What the command line says and writes: tables on the terminal and in files, errors in one paragraph."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exportlab.errors import MissingDependency, OptionError, short
from exportlab.frames import pieces, stream, to_pandas
from exportlab.tables.headings import heading
from exportlab.tables.writing import Save, as_csv, atomic
from exportlab.text import printable
from exportlab.words import _, as_counted, language, said, term, units_said

KINDS = (".csv", ".parquet", ".xlsx", ".docx", ".tex", ".html", ".md")
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
    """Print a table: English as it is, in another language its headings and the words of the embedded data said in it.

    The longest names stand without their middle.
    """
    shown = Table(box=None, header_style="bold")
    for column in table.columns:
        shown.add_column(short(str(column) if language() == "en" else heading(column), 200))
    for row in table.itertuples(index=False, name=None):
        shown.add_row(*[f"{v:.6g}" if isinstance(v, float) else short(str(term(v)), 200) for v in row])
    out.print(shown)


def in_units(table: Any) -> Any:
    """A table of the embedded data with its figures and units as the language counts; in English as published."""
    if language() == "en":
        return table
    if "units" in table:
        return table.assign(units=table["units"].map(units_said))
    if not {"value", "unit"} <= set(table):
        return table
    pairs = [as_counted(v, u) for v, u in zip(table["value"], table["unit"], strict=True)]
    return table.assign(value=[v for v, _unit in pairs], unit=[u for _value, u in pairs])


def show_ledger(table: Any, verdicts: Iterable[str]) -> None:
    """Claims by verdict: what was computed, or for those that cannot be checked what data they need."""
    from exportlab.claims.verdicts import UNCHECKED

    for verdict in verdicts:
        rows = table[table["verdict"] == verdict]
        if rows.empty:
            continue
        found = "needs" if verdict == UNCHECKED else "computed"
        said = f"{_(verdict)} ({len(rows)})"
        shown = Table(box=None, header_style="bold", expand=True, pad_edge=False)
        shown.add_column(said, ratio=8, overflow="fold")
        shown.add_column(_("claimed"), ratio=3, overflow="fold")
        shown.add_column(_("needs") if verdict == UNCHECKED else _("computed"), ratio=5, overflow="fold")
        for row in rows.to_dict("records"):
            name = Text(printable(term(row["what"]))).append(f"\n{printable(row['id'])}", style="dim")
            shown.add_row(name, term(row["claimed"]), term(row[found]))
        out.print(shown)
        out.print()
    counted = {v: int((table["verdict"] == v).sum()) for v in verdicts}
    counts = _("; ").join(_("{n} {verdict}", n=n, verdict=_(v)) for v, n in counted.items() if n)
    out.print(_("{n} claims: {counts}.", n=len(table), counts=counts))
    out.print(_("Evidence and source of one: exportlab claims ID"))


def show_claims(table: Any) -> None:
    """Claims in full, a fact a line."""
    for row in table.to_dict("records"):
        shown = Table(show_header=False, box=None, pad_edge=False)
        shown.add_column()
        shown.add_column(overflow="fold")
        for key, fact in row.items():
            if fact and key != "id":
                shown.add_row(_(key), _(fact) if key in ("kind", "verdict") else str(term(fact)))
        out.print(row["id"], style="bold")
        out.print(shown)


def refuse_kind(to: Path) -> None:
    if to.suffix not in KINDS:
        few, last = ", ".join(KINDS[:-1]), KINDS[-1]
        raise OptionError(
            _(
                "--out {to} ends in {end}. Allowed: {few} and {last}.",
                to=to,
                end=repr(to.suffix),
                few=few,
                last=last,
            )
        )
    module, library, extra = NEEDS.get(to.suffix, ("", "", ""))
    if module and find_spec(module) is None:
        raise MissingDependency(library, extra, said("Writing {suffix} files", suffix=to.suffix))
    if not to.parent.is_dir():
        raise OptionError(_("--out {to}: there is no folder {folder}.", to=to, folder=to.parent))


def write(table: Any, to: Path) -> None:
    """Write a whole file, or none; a table larger than memory goes piece by piece into CSV and Parquet."""
    refuse_kind(to)
    if to.suffix == ".csv":
        atomic(to, as_csv(pieces(table)))
    elif to.suffix == ".parquet":
        atomic(to, _as_parquet(table))
    else:
        from exportlab.tables.typeset import save_table

        save_table(table, to, lang=language())


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


def among(*values: str) -> Callable[[str], list[str]]:
    """What completes an option of a few values; of several with commas, the last one."""

    def begun(incomplete: str) -> list[str]:
        return _begin(values, incomplete)

    return begun


def _begin(names: Iterable[str], incomplete: str) -> list[str]:
    *before, last = incomplete.split(",")
    return [",".join([*before, n]) for n in names if n.startswith(last) and n not in before]
