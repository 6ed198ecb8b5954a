"""The command line: report, measure, indicators, data."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from exportlab.errors import ExportlabError, OptionError

app = typer.Typer(
    help="Export-structure econometrics from tables of trade flows.", no_args_is_help=True, rich_markup_mode=None,
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
out = Console(width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True)

File = Annotated[
    list[str], typer.Argument(help="Customs download (GACC query), CSV, Parquet or Excel; globs work.")
]
RoleOption = typer.Option(help="The file's column for this role; not needed for a customs download.")


def _version(show: bool) -> None:
    if show:
        from exportlab import __version__

        typer.echo(f"exportlab {__version__}")
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
    bloc: Annotated[str, typer.Option(help="Whose share to follow.")] = "RCEP",
    reference: Annotated[str | None, typer.Option(help="A file that advantage is measured against.")] = None,
    home: Annotated[
        str | None, typer.Option(help="The exporters' own country, left out of the bloc.")
    ] = None,
    period: Annotated[str | None, RoleOption] = None,
    market: Annotated[str | None, RoleOption] = None,
    product: Annotated[str | None, RoleOption] = None,
    value: Annotated[str | None, RoleOption] = None,
    exporter_column: Annotated[str | None, RoleOption] = None,
    unit: Annotated[str | None, typer.Option(help="The money's unit, or the column that holds it.")] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Write an HTML report, with every table as CSV beside it."""
    from exportlab.reporting import report as write

    roles = {
        "period": period,
        "market": market,
        "product": product,
        "value": value,
        "exporter": exporter_column,
    }
    flows = _read(files, roles, unit, exporter) if files else None
    if files and home is None and _is_customs(files, roles):
        home = "CHN"  # goods that return to China stand among the partners of a customs download
    against = _read([reference], dict.fromkeys(roles), None, None) if reference else None
    with err.status("Computing") as status:
        page = write(
            flows, out=to, exporter=exporter, bloc=bloc, reference=against, home=home, progress=status.update
        )
    typer.echo(f"The report is {page}")
    if open_:
        typer.launch(page.resolve().as_uri())


def _read(
    files: list[str],
    roles: dict[str, str | None],
    unit: str | None,
    exporter: str | None,
    *,
    aggregate: bool = False,
    memory: str | None = None,
) -> Any:
    """A customs download is known by its header; anything else needs its columns' roles."""
    from exportlab import readers
    from exportlab.readers.detect import names_places

    if _is_customs(files, roles):
        label = None if names_places(files[0]) else exporter
        return readers.read_gacc(files, exporter=label, aggregate="sum" if aggregate else None)
    return readers.read_flows(
        files, period=roles["period"], exporter=roles["exporter"], market=roles["market"], product=roles["product"],
        value=roles["value"], unit=unit, aggregate="sum" if aggregate else None, memory=memory,
    )  # fmt: skip


def _is_customs(files: list[str], roles: dict[str, str | None]) -> bool:
    from exportlab.readers.detect import is_gacc

    return not any(roles.values()) and is_gacc(files[0])


@app.command()
def measure(
    files: File,
    over: Annotated[str, typer.Option(help="market, product, or market,product.")],
    indicator: Annotated[
        list[str] | None, typer.Option("--indicator", "-i", help="May be given often.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Roles to keep, with commas; default: all others.")] = None,
    universe: Annotated[str, typer.Option(help="observed, active or a number.")] = "observed",
    to: Annotated[
        Path | None, typer.Option("--out", help="Write a .csv or .parquet file; else print.")
    ] = None,
    period: Annotated[str | None, RoleOption] = None,
    exporter: Annotated[str | None, RoleOption] = None,
    market: Annotated[str | None, RoleOption] = None,
    product: Annotated[str | None, RoleOption] = None,
    value: Annotated[str | None, RoleOption] = None,
    unit: Annotated[str | None, typer.Option(help="The money's unit, or the column that holds it.")] = None,
    aggregate: Annotated[
        bool, typer.Option("--sum", help="Add up rows of one cell instead of refusing them.")
    ] = False,
    memory: Annotated[
        str | None, typer.Option(help="Cap of DuckDB's memory for Parquet, such as 1GB.")
    ] = None,
) -> None:
    """Compute indicators from files: Parquet stays on disk and may be larger than memory."""
    import exportlab as xl

    if to is not None:
        _refuse_kind(to)
    roles = {"period": period, "exporter": exporter, "market": market, "product": product, "value": value}
    size: Any = int(universe) if universe.isdigit() else universe
    flows = _read(files, roles, unit, None, aggregate=aggregate, memory=memory)
    table = xl.measure(
        flows, indicator or ["hhi", "effective_number", "cr4", "number_active"], over=over.split(","),
        by=None if by is None else [b for b in by.split(",") if b], universe=size,
    )  # fmt: skip
    with _bar(flows):
        if to is None:
            _print(_frame(table))
        else:
            _write(table, to)
            typer.echo(f"Written: {to}")


@contextmanager
def _bar(flows: Any) -> Iterator[None]:
    """DuckDB's own progress bar where it does the work, else a spinner; neither off a terminal."""
    if flows.lazy and sys.stderr.isatty():
        import duckdb

        duckdb.execute("SET enable_progress_bar = true")
        yield
    else:
        with err.status("Computing"):
            yield


def _frame(table: Any) -> Any:
    """A result of any engine as a pandas frame, in the order of its keys."""
    import narwhals.stable.v2 as nw

    from exportlab.frames import collect

    found = collect(nw.from_native(table)).to_pandas()
    keys = [c for c in found.columns if found[c].dtype.kind not in "f"]
    return found.sort_values(keys, ignore_index=True) if keys else found


def _print(table: Any) -> None:
    shown = Table(*[str(c) for c in table.columns], box=None, header_style="bold")
    for row in table.itertuples(index=False, name=None):
        shown.add_row(*[f"{v:.6g}" if isinstance(v, float) else str(v) for v in row])
    out.print(shown)


def _refuse_kind(to: Path) -> None:
    if to.suffix not in (".csv", ".parquet"):
        raise OptionError(f"--out {to} ends in {to.suffix!r}. Allowed: .csv and .parquet.")
    if not to.parent.is_dir():
        raise OptionError(f"--out {to}: there is no folder {to.parent}.")


def _write(table: Any, to: Path) -> None:
    """Write to a file beside the target first, so that a killed run leaves no half file."""
    _refuse_kind(to)
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


@app.command()
def indicators(
    name: Annotated[str | None, typer.Argument(help="One indicator; none: all of them.")] = None,
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
        "title": i.title, "family": i.family, "formula": i.formula, "unit": i.unit,
        "bounds": f"{i.low or '-inf'} to {i.high or 'inf'}", "rises with": i.rises_with, "NaN where": i.undefined,
        "source": i.source, "aliases": ", ".join(i.aliases), "laws": ", ".join(sorted(i.laws)),
        "options": ", ".join(f"{k}={v!r}" for k, v in i.options.items()),
    }  # fmt: skip
    table = Table(show_header=False, box=None)
    for key, fact in facts.items():
        if fact:
            table.add_row(key, fact)
    out.print(f"[bold]{i.name}[/bold]")
    out.print(table)


@app.command()
def claims(
    papers: Annotated[
        list[str] | None, typer.Argument(help="Ids or TOML files; none: the two papers shipped.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="Write a .csv or .parquet file; else print.")
    ] = None,
) -> None:
    """What papers claim in figures, each with a computed verdict."""
    from exportlab.claims import check

    table = check(papers or None)
    if to is not None:
        _write(table, to)
        typer.echo(f"{len(table):,} claims in {to}")
        return
    _print(table[["id", "what", "claimed", "computed", "verdict"]])
    counts = table["verdict"].value_counts()
    out.print("; ".join(f"{n} {verdict}" for verdict, n in counts.items()))


@app.command()
def data(
    name: Annotated[str | None, typer.Argument(help="One data set; none: what there is.")] = None,
) -> None:
    """What is embedded: figures with their sources."""
    from exportlab import datasets

    _print(datasets.describe()[["name", "rows", "units", "title"]] if name is None else datasets.load(name))


def main() -> None:
    """Entry point: errors made on purpose are one clear paragraph and exit code 2."""
    try:
        app(standalone_mode=True)
    except ExportlabError as error:
        if "--debug" in sys.argv:
            raise
        err.print(f"exportlab: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except FileNotFoundError as error:
        if "--debug" in sys.argv:
            raise
        err.print(f"exportlab: no such file: {error.filename}", style="red", markup=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
