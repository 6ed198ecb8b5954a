"""Files named on the command line become flows: a customs download by its header, any other table by its roles."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from exportlab.cli.terminal import among, err
from exportlab.errors import DataError, OptionError, RolesNeeded, flags
from exportlab.words import N_, _, said, spoken

EXCEL, STATA, PARQUET = (".xlsx", ".xlsm"), (".dta",), (".parquet", ".pq")
KEYED = ("period", "exporter", "market", "product", "value")  # the roles that have an option
NOMENCLATURES = ("HS", "HS1992", "HS2002", "HS2007", "HS2012", "HS2017", "HS2022", "SITC3", "own")


@dataclass(frozen=True)
class Codes:
    """What product codes and quantities are, as options say."""

    nomenclature: str | None = None
    digits: int | None = None
    levels: Any = None
    revision: str | None = None
    zero_quantity: Any = "unknown"


@dataclass(frozen=True)
class Way:
    """How files are to be read, as options say."""

    unit: str | None = None
    add: bool = False
    memory: str | None = None
    sheet: str | None = None
    decimal: str | None = None
    leave_out: Sequence[str] = ()
    fill_down: Sequence[str] = ()
    codes: Codes = Codes()
    engine: str | None = None
    wide: bool = False
    keys: Sequence[str] = ()
    residual: Sequence[str] = ()
    labels: str = "as written"
    scheme: str | None = None

    def options(self, roles: Mapping[str, str | None]) -> dict[str, Any]:
        """The arguments of `read_flows`."""
        out: dict[str, list[str]] = {}
        for rule in self.leave_out:
            column, sign, label = rule.partition("=")
            if not (sign and column and label):
                raise OptionError(
                    _("--leave-out {rule} is not allowed. Allowed: column=label.", rule=repr(rule))
                )
            out.setdefault(column, []).append(label)
        return {
            **roles,
            "unit": self.unit,
            "aggregate": "sum" if self.add else None,
            "memory": self.memory,
            "sheet": self.sheet or 0,
            "decimal": self.decimal,
            "leave_out": out,
            "fill_down": tuple(self.fill_down),
            "engine": self.engine,
            "wide": self.wide or None,
            "keys": tuple(self.keys),
            **vars(self.codes),
            "residual": tuple(self.residual),
            "labels": self.labels,
            "scheme": self.scheme,
        }


FILE_ROLE = "The file's column for this role; not needed for downloads of customs, UN Comtrade, BACI."
Role = Annotated[str | None, typer.Option(help=FILE_ROLE)]


def _few(help: str, *values: str, flag: str = "") -> Any:
    """An option that has a few values, which the shell completes."""
    return typer.Option(*([flag] if flag else []), help=help, autocompletion=among(*values))


@dataclass(frozen=True)
class Given:
    """How the files are to be read, as the options that all commands share say: roles, ways, years."""

    roles: Mapping[str, str | None]
    way: Way
    annual: bool


def options_of_files(
    *,
    period: Role = None,
    exporter_column: Role = None,
    market: Role = None,
    product: Role = None,
    value: Role = None,
    unit: Annotated[str | None, typer.Option(help="The money's unit, or the column that holds it.")] = None,
    aggregate: Annotated[
        bool, typer.Option("--sum", help="Add up rows of one cell instead of refusing them.")
    ] = False,
    sheet: Annotated[str | None, typer.Option(help="The Excel sheet; default: the first.")] = None,
    decimal: Annotated[
        str | None, typer.Option(help="The decimal sign of numbers as text: . or ,; default: as they show.")
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(help="Rows to set aside, such as 'partner=World'; may be given often."),
    ] = None,
    fill_down: Annotated[
        list[str] | None, typer.Option(help="A column whose empty cells mean the cell above (merged cells).")
    ] = None,
    nomenclature: Annotated[
        str | None,
        _few("What the product codes are: HS, HS2017, SITC3, own; or their column.", *NOMENCLATURES),
    ] = None,
    digits: Annotated[
        int | None, typer.Option(help="Digits of the finest codes, where they lost zeros.")
    ] = None,
    levels: Annotated[
        str | None, _few("finest: of codes beside their parts keep the parts and the rest.", "finest")
    ] = None,
    revision: Annotated[str | None, _few("The edition of the codes to keep, or mixed.", "mixed")] = None,
    zero_quantity: Annotated[
        str, _few("What a quantity of zero is: unknown or zero.", "unknown", "zero")
    ] = "unknown",
    engine: Annotated[
        str | None,
        _few("pandas, polars or duckdb; default: by the files' size.", "pandas", "polars", "duckdb"),
    ] = None,
    wide: Annotated[bool, typer.Option("--wide", help="The table has periods in its columns.")] = False,
    keys: Annotated[
        list[str] | None,
        typer.Option(help="A further column that tells cells apart; may be given often."),
    ] = None,
    residual: Annotated[
        list[str] | None,
        typer.Option(help="A label of what is left over, such as Others; may be given often."),
    ] = None,
    labels: Annotated[
        str, _few("How countries are written: 'as written' or iso3.", "as written", "iso3")
    ] = "as written",
    scheme: Annotated[
        str | None,
        _few(
            "The list of codes of countries: comtrade, gacc (China's customs) or m49.",
            "comtrade",
            "gacc",
            "m49",
        ),
    ] = None,
    annual: Annotated[
        bool,
        typer.Option(
            "--annual", help="Add months, quarters or half-years up to years; only those that are full."
        ),
    ] = False,
) -> Given:
    """The options of every command that reads files, stated once."""
    roles = dict(zip(KEYED, (period, exporter_column, market, product, value), strict=True))
    codes = Codes(nomenclature, digits, levels, revision, zero_quantity)
    way = Way(
        unit=unit,
        add=aggregate,
        sheet=sheet,
        decimal=decimal,
        leave_out=leave_out or (),
        fill_down=fill_down or (),
        codes=codes,
        engine=engine,
        wide=wide,
        keys=keys or (),
        residual=residual or (),
        labels=labels,
        scheme=scheme,
    )
    return Given(roles, way, annual)


def reading(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command with the options of files in the place of its argument `given`, which it gets as one record."""
    shared = signature(options_of_files, eval_str=True).parameters
    own = signature(command, eval_str=True).parameters
    options: list[Parameter] = []
    for name, parameter in own.items():
        options += shared.values() if name == "given" else [parameter]

    @wraps(command)
    def run(**typed: Any) -> Any:
        given = options_of_files(**{name: typed.pop(name) for name in shared})
        return command(**typed, given=given)

    run.__signature__ = Signature(options)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in options}
    return run


# What each reader of known downloads takes of the options, and what its files are called.
READS = {
    "gacc": ("unit", "aggregate", "digits", "zero_quantity", "labels"),
    "comtrade": ("digits", "revision", "zero_quantity", "leave_out"),
    "baci": ("memory", "engine"),
}
WHAT = {
    "gacc": N_("a download of China's customs"),
    "comtrade": N_("a download of UN Comtrade"),
    "baci": N_("files of BACI"),
}


def open_flows(
    files: list[str],
    roles: Mapping[str, str | None],
    way: Way,
    *,
    exporter: str | None = None,
    beside: bool = False,
) -> Any:
    """The flows in `files`; `exporter` labels a customs download that names no place.

    An option that has no effect on what is read is refused, save of files `beside` those that it was meant for.
    """
    from exportlab import readers
    from exportlab.readers.gacc import names_places

    found = None if any(roles.values()) else source_of(files[0])
    options = way.options(roles)
    if found is None:
        return _by_roles(files, roles, way, beside=beside)
    if not beside:
        _refuse_idle(options, set(options) - set(READS[found]), _(WHAT[found]))
    taken: dict[str, Any] = {name: options[name] for name in READS[found]}
    if found == "gacc":
        taken["exporter"] = None if names_places(files[0]) else exporter
        return readers.read_gacc(files, **taken)
    return readers.read_comtrade(files, **taken) if found == "comtrade" else readers.read_baci(files, **taken)


def _by_roles(files: list[str], roles: Mapping[str, str | None], way: Way, *, beside: bool) -> Any:
    from exportlab import readers

    options = way.options(roles)
    if not beside:
        _refuse_unread(files, options)
    try:
        made = readers.read_flows(files, **options)
    except RolesNeeded as error:
        if any(roles.values()) or not error.roles:
            raise
        names = {**error.roles, "exporter-column": error.roles.get("exporter")}
        named = " ".join(f'--{r} "{c}"' for r, c in names.items() if c and r != "exporter")
        raise DataError(
            said("the columns' roles are not named, and this is no download that is known by its header"),
            said("Perhaps: {options}", options=named),
        ) from error
    if not beside:
        _refuse_without_role(options, made.roles)
    return made


def _refuse_idle(options: Mapping[str, Any], names: Iterable[str], what: str) -> None:
    """Refuse those of the options that were given and do nothing to what is read."""
    usual = Way().options({})
    idle = {name: options[name] for name in names if name in usual and options[name] != usual[name]}
    if idle:
        given = " ".join(flags({name: idle[name]}) for name in options if name in idle)
        raise OptionError(_("{options} has no effect on {what}: leave it out.", options=given, what=what))


def _refuse_unread(files: list[str], options: Mapping[str, Any]) -> None:
    endings = {Path(f).suffix.lower() for f in files if not Path(f).is_dir()}
    if endings and endings.isdisjoint(EXCEL):
        _refuse_idle(options, ["sheet"], _("files that are no Excel workbooks"))
    if endings and endings <= {*PARQUET, *STATA}:
        _refuse_idle(options, ["decimal"], _("files that hold numbers as numbers"))


def _refuse_without_role(options: Mapping[str, Any], roles: Mapping[str, str]) -> None:
    if "product" not in roles:
        coded = ("nomenclature", "digits", "levels", "revision")
        _refuse_idle(options, coded, _("a table without a column of products (--product)"))
    if "quantity" not in roles:
        _refuse_idle(options, ["zero_quantity"], _("a table without quantities"))
    if not {"exporter", "market"} & set(roles):
        places = ("labels", "scheme")
        _refuse_idle(options, places, _("a table without a column of markets or exporters (--market)"))


def yearly(flows: Any, annual: bool, partial: str = "drop") -> Any:
    """The flows by year where that is asked for; says which periods are left out, and what is taken for granted."""
    if not annual:
        if partial != "drop":
            raise OptionError(_("--partial goes with --annual."))
        return flows
    made = flows.annual(partial=partial)
    lost = made.left_out
    if lost:
        err.print(
            _(
                "Left out, for their year is not full: {n} periods, {first} to {last}.",
                n=len(lost),
                first=lost[0],
                last=lost[-1],
            ),
            highlight=False,
            soft_wrap=True,
        )
    for note in made.told:
        err.print(_("Note: {note}.", note=spoken(note)), highlight=False, markup=False, soft_wrap=True)
    return made


def is_customs(files: list[str], roles: Mapping[str, str | None]) -> bool:
    """Whether the first file is a customs download and no roles are given."""
    return not any(roles.values()) and source_of(files[0]) == "gacc"


def source_of(path: str) -> str | None:
    """Whose download the first file at a path is, by its header: "gacc", "comtrade", "baci", or nobody's known."""
    from exportlab.readers import baci, comtrade, gacc

    if gacc.is_gacc(path):
        return "gacc"
    if comtrade.is_comtrade(path):
        return "comtrade"
    return "baci" if baci.is_baci(path) else None


def open_reference(path: str, roles: Mapping[str, str | None], way: Way) -> Any:
    """The table to compare with, summed over its exporters and markets; its columns are those of the files."""
    named = {r: None if r in ("exporter", "market") or source_of(path) else c for r, c in roles.items()}
    return open_flows([path], named, replace(way, add=True), beside=True)


def technology_of(given: str | None) -> Any:
    """Lall's classes as the option names them."""
    from exportlab.indices.concordance import concordance

    return given if given in (None, "sitc3") else concordance(given, prefix=True)


@contextmanager
def working(flows: Any) -> Iterator[None]:
    """DuckDB's own progress bar, on standard output, where it does the work, else a spinner; neither off a terminal."""
    shown = flows.lazy and sys.stdout.isatty()
    if flows.lazy:
        import duckdb

        duckdb.execute(f"SET enable_progress_bar = {shown}")
    with nullcontext() if shown else err.status(_("Computing")):
        yield
