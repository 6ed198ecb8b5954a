"""The command line: report, measure, indicators, claims, data, doctor."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from exportlab.cli import terminal
from exportlab.cli.opening import (
    KEYED,
    Add,
    Annual,
    Codes,
    Decimal,
    Digits,
    Engine,
    FillDown,
    Keys,
    Labels,
    LeaveOut,
    LeftOver,
    Levels,
    Nomenclature,
    Partial,
    Revision,
    Role,
    Scheme,
    Sheet,
    Unit,
    Way,
    Wide,
    ZeroQuantity,
    is_customs,
    open_flows,
    open_reference,
    technology_of,
    working,
    yearly,
)
from exportlab.cli.terminal import (
    err,
    frame,
    out,
    refuse_kind,
    said,
    say,
    show,
    show_claims,
    show_ledger,
    write,
)
from exportlab.errors import DataError, OptionError

app = typer.Typer(
    help="Export-structure econometrics from tables of trade flows.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

File = Annotated[
    list[str], typer.Argument(help="Customs download (GACC query), CSV, Excel, Stata or Parquet; globs work.")
]
OUT = "Write a .csv, .parquet, .xlsx, .docx, .tex or .html file; else print."


def _version(show: bool) -> None:
    if show:
        from exportlab import __version__

        say(f"exportlab {__version__}")
        raise typer.Exit


@app.callback()
def common(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Options of every command."""


@app.command()
def report(
    files: Annotated[
        list[str] | None, typer.Argument(help="Your files; none: the embedded data on Liaoning.")
    ] = None,
    exporter: Annotated[str | None, typer.Option(help="Report this exporter only, such as 辽宁省.")] = None,
    to: Annotated[Path, typer.Option("--out", help="The folder to write.")] = Path("report"),
    bloc: Annotated[str, typer.Option(help="Whose share to follow.", autocompletion=terminal.blocs)] = "RCEP",
    reference: Annotated[str | None, typer.Option(help="A file that advantage is measured against.")] = None,
    home: Annotated[
        str | None, typer.Option(help="The exporters' own country, left out of the bloc.")
    ] = None,
    technology: Annotated[
        str | None,
        typer.Option(help="Lall's classes: sitc3, or a file that converts the codes to SITC rev.3."),
    ] = None,
    income: Annotated[
        str | None, typer.Option(help="Income per head: a file with the columns exporter, value.")
    ] = None,
    outside: Annotated[
        list[str] | None, typer.Option(help="A market that is no country (Others); may be given often.")
    ] = None,
    period: Role = None,
    market: Role = None,
    product: Role = None,
    value: Role = None,
    exporter_column: Role = None,
    unit: Unit = None,
    aggregate: Add = False,
    sheet: Sheet = None,
    decimal: Decimal = None,
    leave_out: LeaveOut = None,
    fill_down: FillDown = None,
    nomenclature: Nomenclature = None,
    digits: Digits = None,
    levels: Levels = None,
    revision: Revision = None,
    zero_quantity: ZeroQuantity = "unknown",
    engine: Engine = None,
    wide: Wide = False,
    keys: Keys = None,
    residual: LeftOver = None,
    labels: Labels = "as written",
    scheme: Scheme = None,
    annual: Annual = False,
    lang: Annotated[str, typer.Option(help="en or zh (中文).")] = "en",
    also: Annotated[
        str, typer.Option(help="Further formats, with commas: pdf, word, markdown, excel, latex, png, svg.")
    ] = "",
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Write an HTML report, with every table as CSV beside it."""
    from exportlab.reporting import report as report_on

    roles = dict(zip(KEYED, (period, exporter_column, market, product, value), strict=True))
    codes = Codes(nomenclature, digits, levels, revision, zero_quantity)
    way = Way(
        unit,
        aggregate,
        None,
        sheet,
        decimal,
        leave_out or (),
        fill_down or (),
        codes,
        engine,
        wide,
        keys or (),
        residual or (),
        labels,
        scheme,
    )
    flows = yearly(open_flows(files, roles, way, exporter=exporter), annual) if files else None
    home = home or _home(files, roles)
    against = open_reference(reference, roles, way) if reference else None
    incomes = open_reference(income, {}, way) if income else None
    with err.status("Computing") as status:
        page = report_on(
            flows,
            out=to,
            exporter=exporter,
            bloc=bloc,
            reference=against,
            home=home,
            outside=outside or (),
            lang=lang,
            technology=technology_of(technology),
            income=incomes,
            also=[a.strip() for a in also.split(",") if a.strip()],
            progress=status.update,
        )
    _tell(page, open_)


def _home(files: list[str] | None, roles: Mapping[str, str | None]) -> str | None:
    """China for a customs download: goods that return stand among its partners."""
    return "CHN" if files and is_customs(files, roles) else None


def _tell(page: Path, launch: bool) -> None:
    say(f"The report is {page}")
    if launch:
        typer.launch(page.resolve().as_uri())


@app.command()
def measure(
    files: File,
    over: Annotated[str, typer.Option(help="market, product, or market,product.")],
    indicator: Annotated[
        list[str] | None,
        typer.Option("--indicator", "-i", help="May be given often.", autocompletion=terminal.indicators),
    ] = None,
    by: Annotated[str | None, typer.Option(help="Roles to keep, with commas; default: all others.")] = None,
    universe: Annotated[str, typer.Option(help="observed, active or a number.")] = "observed",
    left_over: Annotated[
        str | None, typer.Option(help="What to do with what is left over: leave_out or bounds.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help=OUT)] = None,
    period: Role = None,
    exporter: Annotated[
        str | None, typer.Option("--exporter-column", "--exporter", help="As for the other roles.")
    ] = None,
    market: Role = None,
    product: Role = None,
    value: Role = None,
    unit: Unit = None,
    aggregate: Add = False,
    sheet: Sheet = None,
    decimal: Decimal = None,
    leave_out: LeaveOut = None,
    fill_down: FillDown = None,
    nomenclature: Nomenclature = None,
    digits: Digits = None,
    levels: Levels = None,
    revision: Revision = None,
    zero_quantity: ZeroQuantity = "unknown",
    engine: Engine = None,
    wide: Wide = False,
    keys: Keys = None,
    residual: LeftOver = None,
    labels: Labels = "as written",
    scheme: Scheme = None,
    annual: Annual = False,
    partial: Partial = "drop",
    memory: Annotated[
        str | None, typer.Option(help="Cap of DuckDB's memory for Parquet, such as 1GB.")
    ] = None,
) -> None:
    """Compute indicators from files: Parquet stays on disk and may be larger than memory."""
    import exportlab as xl

    if to is not None:
        refuse_kind(to)
    roles = {"period": period, "exporter": exporter, "market": market, "product": product, "value": value}
    size: Any = int(universe) if universe.isdecimal() and len(universe) < 10 else universe
    codes = Codes(nomenclature, digits, levels, revision, zero_quantity)
    way = Way(
        unit,
        aggregate,
        memory,
        sheet,
        decimal,
        leave_out or (),
        fill_down or (),
        codes,
        engine,
        wide,
        keys or (),
        residual or (),
        labels,
        scheme,
    )
    flows = yearly(open_flows(files, roles, way), annual, partial)
    table = xl.measure(
        flows,
        indicator or ["hhi", "effective_number", "cr4", "number_active"],
        over=over.split(","),
        by=None if by is None else [b for b in by.split(",") if b],
        universe=size,
        residual=left_over,  # type: ignore[arg-type]
    )
    with working(flows):
        if to is None:
            show(frame(table))
        else:
            write(table, to)
            say(f"Written: {to}")


@app.command()
def indicators(
    name: Annotated[
        str | None,
        typer.Argument(help="One indicator; none: all of them.", autocompletion=terminal.indicators),
    ] = None,
) -> None:
    """The catalogue: what each indicator is, its formula, bounds and source."""
    from exportlab import CATALOGUE

    if name is None:
        table = Table("name", "family", "title", "range", "rises with", box=None, header_style="bold")
        for i in CATALOGUE.values():
            table.add_row(i.name, i.family, i.title, f"{i.low or '-inf'} .. {i.high or 'inf'}", i.rises_with)
        out.print(table)
        return
    i = CATALOGUE[name]
    facts = {
        "title": i.title,
        "family": i.family,
        "formula": i.formula,
        "unit": i.unit,
        "bounds": f"{i.low or '-inf'} to {i.high or 'inf'}",
        "rises with": i.rises_with,
        "NaN where": i.undefined,
        "source": i.source,
        "aliases": ", ".join(i.aliases),
        "laws": ", ".join(sorted(i.laws)),
        "options": ", ".join(f"{k}={v!r}" for k, v in i.options.items()),
    }
    table = Table(show_header=False, box=None)
    for key, fact in facts.items():
        if fact:
            table.add_row(key, fact)
    out.print(i.name, style="bold")
    out.print(table)


@app.command()
def claims(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Papers' ids, TOML files, or ids of claims to see in full; none: both papers shipped.",
            autocompletion=terminal.claims,
        ),
    ] = None,
    verdict: Annotated[
        list[str] | None,
        typer.Option(
            "--verdict",
            "-v",
            help="Only these (first letters do); may be given often.",
            autocompletion=terminal.verdicts,
        ),
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help=OUT)] = None,
) -> None:
    """What papers claim in figures, each with a computed verdict."""
    from exportlab.claims import VERDICTS, check
    from exportlab.claims.ledger import told_apart

    if to is not None:
        refuse_kind(to)
    kept = [v for v in VERDICTS if v.startswith(tuple(verdict or [""]))]
    if not kept:
        raise OptionError(f"--verdict {', '.join(verdict or [])} fits none. Allowed: {', '.join(VERDICTS)}.")
    single, papers = told_apart(names or [])
    table = check(papers or None)
    table = table[table["verdict"].isin(kept) & (table["id"].isin(single) | (not single))]
    if to is not None:
        write(table, to)
        say(f"{len(table):,} claims in {to}")
    elif single:
        show_claims(table)
    else:
        show_ledger(table, kept)


@app.command()
def data(
    name: Annotated[
        str | None,
        typer.Argument(help="One data set; none: what there is.", autocompletion=terminal.data_sets),
    ] = None,
) -> None:
    """What is embedded: figures with their sources."""
    from exportlab import datasets

    show(datasets.describe()[["name", "rows", "units", "title"]] if name is None else datasets.load(name))


@app.command()
def doctor() -> None:
    """What is installed, in which version, and what each extra gives."""
    from exportlab.cli import doctor as checks

    say(checks.system())
    table = Table("extra", "part", "found", "needed", "state", "gives", box=None, header_style="bold")
    parts = checks.examine()
    for p in parts:
        needed = f">= {p.least}" if p.least else ""
        table.add_row(p.extra or "core", p.name, p.found or "-", needed, p.state, p.gives)
    out.print(table)
    say("An extra is installed by: pip install 'exportlab[NAME]'")
    broken = [p.name for p in parts if not p.extra and p.least and p.state != "ok"]
    if broken:
        raise DataError(
            f"The core lacks {', '.join(broken)}", "Install exportlab again: pip install exportlab."
        )


def run(stopped: Sequence[int] = ()) -> int:
    """What was typed, and its exit code: an error is one clear paragraph and 2; --debug shows the traceback.

    What goes wrong once a signal has come (`stopped`) is no error of its own.
    """
    try:
        code = app(prog_name="exportlab", standalone_mode=False)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        return 0
    except Exception as error:
        text = None if stopped else said(error)
        if text is None or "--debug" in sys.argv:
            raise
        err.print(f"exportlab: {text}", style="red", soft_wrap=True)
        return 2
    return code if isinstance(code, int) else 0
