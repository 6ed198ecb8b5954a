"""The command line: report, measure, indicators, claims, data, doctor."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from exportlab.cli import terminal
from exportlab.cli.explained import VARIABLE, said, speak_as_asked
from exportlab.cli.opening import (
    FILE_ROLE,
    Given,
    is_customs,
    open_flows,
    open_reference,
    reading,
    technology_of,
    working,
    yearly,
)
from exportlab.cli.terminal import (
    among,
    err,
    frame,
    in_units,
    out,
    refuse_kind,
    say,
    show,
    show_claims,
    show_ledger,
    write,
)
from exportlab.errors import DataError, OptionError
from exportlab.words import N_, _, language, listed, speak, speaking, spoken, term

if TYPE_CHECKING:
    from exportlab.valueadded import InterCountryTable, IOTable

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
Lang = Annotated[
    str,
    typer.Option(
        "--lang",
        help="en or zh (中文), of errors too; or set EXPORTLAB_LANG.",
        autocompletion=among("en", "zh"),
        envvar=VARIABLE,
        show_envvar=False,
        is_eager=True,
        callback=speak,  # from here on everything is said in it
    ),
]
PROFILE = "hhi,effective_number,cr4,number_active"  # what is measured where no indicator is named
OUT = "Write a .csv, .parquet, .xlsx, .docx, .tex, .html or .md file; else print."


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
@reading
def report(
    *,
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
        typer.Option(
            help="Lall's classes: sitc3, or a file that converts the codes to SITC rev.3.",
            autocompletion=among("sitc3"),
        ),
    ] = None,
    income: Annotated[
        str | None, typer.Option(help="Income per head: a file with the columns exporter, value.")
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(help="An input-output file with rows of employment or CO2: what stands behind exports."),
    ] = None,
    satellites: Annotated[
        str | None,
        typer.Option(help="Which rows of an EORA26 or EXIOBASE folder to keep: a regular expression."),
    ] = None,
    outside: Annotated[
        list[str] | None, typer.Option(help="A market that is no country (Others); may be given often.")
    ] = None,
    given: Given,
    lang: Lang = "en",
    also: Annotated[
        str,
        typer.Option(
            help="Further formats, with commas: pdf, word, markdown, excel, latex, png, svg.",
            autocompletion=among("pdf", "word", "markdown", "excel", "latex", "png", "svg"),
        ),
    ] = "",
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Write an HTML report, with every table as CSV beside it."""
    from exportlab.reporting import report as report_on

    roles, way = given.roles, given.way
    flows = yearly(open_flows(files, roles, way, exporter=exporter), given.annual) if files else None
    home = home or _home(files, roles)
    against = open_reference(reference, roles, way) if reference else None
    incomes = open_reference(income, {}, way) if income else None
    beside = _input_output(table, satellites)
    with err.status(_("Computing")) as status:
        page = report_on(
            flows,
            out=to,
            exporter=exporter,
            bloc=bloc,
            reference=against,
            home=home,
            outside=outside or (),
            lang=language(),
            technology=technology_of(technology),
            income=incomes,
            table=beside,
            also=[a.strip() for a in also.split(",") if a.strip()],
            progress=status.update if err.is_terminal else err.print,
        )
    _tell(page, open_)


def _home(files: list[str] | None, roles: Mapping[str, str | None]) -> str | None:
    """China for a customs download: goods that return stand among its partners."""
    return "CHN" if files and is_customs(files, roles) else None


def _input_output(path: str | None, satellites: str | None) -> InterCountryTable | IOTable | None:
    """The input-output table of a file or folder, in whatever format."""
    from exportlab.valueadded import read_iot

    if path is None and satellites:
        raise OptionError(_("--satellites chooses rows of --table, which is not given."))
    return read_iot(path, **({"satellites": satellites} if satellites else {})) if path else None


def _tell(page: Path, launch: bool) -> None:
    say(_("The report is {page}", page=page))
    if launch:
        typer.launch(page.resolve().as_uri())


@app.command()
@reading
def measure(
    *,
    files: File,
    over: Annotated[
        str,
        typer.Option(
            help="market, product, or market,product.", autocompletion=among("market", "product", "exporter")
        ),
    ],
    indicator: Annotated[
        list[str] | None,
        typer.Option(
            "--indicator",
            "-i",
            help="One, or several with commas; may be given often.",
            autocompletion=terminal.indicators,
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="Roles to keep, with commas; default: all others.",
            autocompletion=among("period", "exporter", "market", "product"),
        ),
    ] = None,
    universe: Annotated[
        str, typer.Option(help="observed, active or a number.", autocompletion=among("observed", "active"))
    ] = "observed",
    left_over: Annotated[
        str | None,
        typer.Option(
            help="What to do with what is left over: leave_out or bounds.",
            autocompletion=among("leave_out", "bounds"),
        ),
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help=OUT)] = None,
    exporter: Annotated[str | None, typer.Option(help=f"As --exporter-column. {FILE_ROLE}")] = None,
    given: Given,
    partial: Annotated[
        str,
        typer.Option(
            help="Years without all their months: drop, or keep each named by the months it has.",
            autocompletion=among("drop", "keep"),
        ),
    ] = "drop",
    memory: Annotated[
        str | None, typer.Option(help="Cap of DuckDB's memory for Parquet, such as 1GB.")
    ] = None,
    lang: Lang = "en",
) -> None:
    """Compute indicators from files: Parquet stays on disk and may be larger than memory."""
    import exportlab as xl

    if to is not None:
        refuse_kind(to)
    roles = {**given.roles, "exporter": given.roles["exporter"] or exporter}
    size: Any = int(universe) if universe.isdecimal() and len(universe) < 10 else universe
    flows = yearly(open_flows(files, roles, replace(given.way, memory=memory)), given.annual, partial)
    table = xl.measure(
        flows,
        _listed(indicator or [PROFILE]),
        over=_listed([over]),
        by=None if by is None else _listed([by]),
        universe=size,
        residual=left_over,  # type: ignore[arg-type]
    )
    with working(flows):
        if to is None:
            show(frame(table))
        else:
            write(table, to)
            say(_("Written: {file}", file=to))


def _listed(typed: Sequence[str]) -> list[str]:
    """Names given with commas, often, or both."""
    return [name.strip() for each in typed for name in each.split(",") if name.strip()]


# What stands in the catalogue as a name, families (modules) and laws, as messages of their own.
NAMES = {
    "advantage": N_("family: advantage"),
    "agglomeration": N_("family: agglomeration"),
    "complementarity": N_("family: complementarity"),
    "concentration": N_("family: concentration"),
    "constant_share": N_("family: constant_share"),
    "diversification": N_("family: diversification"),
    "dynamics": N_("family: dynamics"),
    "intra_industry": N_("family: intra_industry"),
    "location": N_("family: location"),
    "margins": N_("family: margins"),
    "partners": N_("family: partners"),
    "potential": N_("family: potential"),
    "shares": N_("family: shares"),
    "similarity": N_("family: similarity"),
    "sophistication": N_("family: sophistication"),
    "stages": N_("family: stages"),
    "subgroups": N_("family: subgroups"),
    "survival": N_("family: survival"),
    "transitions": N_("family: transitions"),
    "unit_values": N_("family: unit_values"),
    "additive": N_("law: additive"),
    "bounds": N_("law: bounds"),
    "empty": N_("law: empty"),
    "permutation": N_("law: permutation"),
    "replication": N_("law: replication"),
    "scale": N_("law: scale"),
    "transfer": N_("law: transfer"),
}


def _named(name: str) -> str:
    """A family or a law as the language calls it; in English by its name in Python."""
    return name if language() == "en" else _(NAMES[name])


@app.command()
def indicators(
    name: Annotated[
        str | None,
        typer.Argument(help="One indicator; none: all of them.", autocompletion=terminal.indicators),
    ] = None,
    lang: Lang = "en",
) -> None:
    """The catalogue: what each indicator is, its formula, bounds and source."""
    from exportlab import CATALOGUE

    if name is None:
        heads = (_("name"), _("family"), _("title"), _("range"), _("rises with"))
        table = Table(*heads, box=None, header_style="bold")
        for i in CATALOGUE.values():
            rises = _(i.rises_with) if i.rises_with else ""
            table.add_row(
                i.name, _named(i.family), _(i.title), f"{i.low or '-inf'} .. {i.high or 'inf'}", rises
            )
        out.print(table)
        return
    i = CATALOGUE[name]
    facts = {
        _("title"): _(i.title),
        _("family"): _named(i.family),
        _("formula"): i.formula,
        _("unit"): _(i.unit),
        _("bounds"): _("{low} to {high}", low=i.low or "-inf", high=i.high or "inf"),
        _("rises with"): _(i.rises_with) if i.rises_with else "",
        _("NaN where"): _(i.undefined) if i.undefined else "",
        _("source"): i.source,
        _("aliases"): ", ".join(i.aliases),
        _("laws"): ", ".join(_named(law) for law in sorted(i.laws)),
        _("options"): ", ".join(f"{k}={v!r}" for k, v in i.options.items()),
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
    lang: Lang = "en",
) -> None:
    """What papers claim in figures, each with a computed verdict."""
    from exportlab.claims import VERDICTS
    from exportlab.claims.ledger import sentences, told_apart

    if to is not None:
        refuse_kind(to)
    kept = [v for v in VERDICTS if v.startswith(tuple(verdict or [""]))]
    if not kept:
        fits, allowed = ", ".join(verdict or []), ", ".join(VERDICTS)
        raise OptionError(_("--verdict {given} fits none. Allowed: {allowed}.", given=fits, allowed=allowed))
    single, papers = told_apart(names or [])
    told = sentences(papers or None)
    told = told[told["verdict"].isin(kept) & (told["id"].isin(single) | (not single))]
    table = told.map(lambda each: str(term(each))).assign(verdict=told["verdict"])
    if to is not None:
        write(table, to)
        say(_("{n} claims in {file}", n=f"{len(table):,}", file=to))
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
    lang: Lang = "en",
) -> None:
    """What is embedded: figures with their sources."""
    from exportlab import datasets

    table = datasets.describe()[["name", "rows", "units", "title"]] if name is None else datasets.load(name)
    show(in_units(table))


@app.command()
def doctor(lang: Lang = "en") -> None:
    """What is installed, in which version, and what each extra gives."""
    from exportlab.cli import doctor as checks

    say(checks.system())
    heads = (_("extra"), _("part"), _("found"), _("needed"), _("state"), _("gives"))
    table = Table(*heads, box=None, header_style="bold")
    parts = checks.examine()
    for p in parts:
        needed = f">= {p.least}" if p.least else ""
        table.add_row(p.extra or _("core"), _(p.name), p.found or "-", needed, spoken(p.state), _(p.gives))
    out.print(table)
    say(_("An extra is installed by: {command}", command="pip install 'exportlab[NAME]'"))
    broken = [p.name for p in parts if not p.extra and p.least and str(p.state) != "ok"]
    if broken:
        raise DataError(
            _("The core lacks {parts}", parts=listed(broken)),
            _("Install exportlab again: {command}.", command="pip install exportlab"),
        )


def run(stopped: Sequence[int] = ()) -> int:
    """What was typed, and its exit code: an error is one clear paragraph and 2; --debug shows the traceback.

    What goes wrong once a signal has come (`stopped`) is no error of its own.
    """
    with speaking(language()):
        speak_as_asked(sys.argv)
        return _told(stopped)


def _told(stopped: Sequence[int]) -> int:
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
