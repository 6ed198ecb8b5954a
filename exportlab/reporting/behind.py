"""The section on what stands behind exports: rows of an input-output table such as employment and emissions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from exportlab.classifications.countries import find
from exportlab.errors import DataError, OptionError
from exportlab.tables.model import Section, Table
from exportlab.valueadded import InterCountryTable, IOTable
from exportlab.words import _, amount, listed, number, percent, refusal, said, term, unit_said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

InputOutput: TypeAlias = IOTable | InterCountryTable


def section(table: object, places: Sequence[str | None]) -> Section:
    """What of each satellite is embodied in exports; `places` may name the exporter of an inter-country table.

    Raises
    ------
    OptionError
        It is no input-output table, has no satellites, or none of its exporters is named.
    """
    if not isinstance(table, IOTable | InterCountryTable):
        raise OptionError(
            said(
                "table= is a {kind}, not an input-output table. Read one with xl.valueadded.read_iot.",
                kind=type(table).__name__,
            )
        )
    if table.satellites.empty:
        raise OptionError(
            said(
                "table= has no satellites. Give satellites= where it is read or built: rows such as "
                "employment or CO2."
            )
        )
    if isinstance(table, InterCountryTable):
        place = exporter_of(table, places)
        exports = float(table.E[table.code == table.countries.get_loc(place)].sum())
        text, parts = _between(table, place)
    else:
        exports = float(table.e.sum())
        text, parts = _bounded(table) if table.kind == "competitive" else _at_home(table)
    origin = _(
        "From an input-output table, which has its own year, sectors and exports: {amount} exported. Source: {source}.",
        amount=amount(exports, table.unit),
        source=_source(table),
    )
    names = [str(term(str(name))) for name in table.satellites.index]
    title = _("What stands behind the exports: {names}", names=listed(names))
    return Section("behind", title, (origin, *text), tuple(parts))


def exporter_of(table: InterCountryTable, places: Sequence[str | None]) -> str:
    """The one country of a table that the first of some names stands for, as it is spelt there or by ISO3."""
    for place in places:
        if place is None:
            continue
        code = find(place)
        named = [str(c) for c in table.countries if c == place or (code is not None and find(c) == code)]
        if len(named) == 1:
            return named[0]
    known = ", ".join(map(str, table.countries[:12])) + (" ..." if len(table.countries) > 12 else "")
    raise OptionError(
        said(
            "table= has {n} exporters, and exporter= and home= name none of them. Allowed: {known}.",
            n=f"{len(table.countries):,}",
            known=known,
        )
    )


def _between(t: InterCountryTable, exporter: str) -> tuple[list[str], list[Table]]:
    """Content by market, of what arises at home and abroad, and what final demand abroad causes at home."""
    text, parts = [], []
    for k, name in enumerate(map(str, t.satellites.index)):
        made = t.embodied(name, by=("exporter", "importer"), code="X")
        own = made[made["exporter"] == exporter].drop(columns="exporter").reset_index(drop=True)
        own.columns = pd.Index(["market", "exports", "at_home", "abroad", "content", "content_per_unit"])
        text.append(_told(t, name, exporter, {c: float(own[c].sum()) for c in own.columns[1:]}))
        own = own.sort_values("content", ascending=False, kind="stable")
        title = _("{name} behind exports, by market", name=term(name))
        parts.append(_table(f"behind_{k + 1}", title, own, t))
    text.append(
        _(
            "Content is counted each time it crosses a border; what final demand causes is counted once. All output "
            "of a sector is taken to be made alike, for exports or not."
        )
    )
    return text, parts


def _told(t: InterCountryTable, name: str, exporter: str, whole: Mapping[str, float]) -> str:
    """What of one satellite stands behind all exports of a country, and what final demand causes."""
    feet = t.footprint(name, code="X")
    own = feet.loc[feet["country"] == exporter, ["PROD_X", "FFD_DX", "DFD_FX"]]
    made, out, there = own.to_numpy(dtype=float)[0].tolist()
    return _(
        "{name}: {content} behind the exports, {home} of it at home and {abroad} in the countries that supply "
        "inputs; {per} per {unit} exported. Of {made} at home, {out} is for final demand abroad; final demand "
        "at home causes {there} abroad.",
        name=term(name),
        content=_figure(whole["content"]),
        home=_figure(whole["at_home"]),
        abroad=_figure(whole["abroad"]),
        per=_figure(whole["content"] / whole["exports"]),
        unit=unit_said(t.unit),
        made=_figure(made),
        out=_figure(out),
        there=_figure(there),
    )


def _at_home(t: IOTable) -> tuple[list[str], list[Table]]:
    """Content of one economy's exports by sector; that of imported inputs is unknown to its table."""
    text, parts = [], []
    total = float(t.e.sum())
    for k, name in enumerate(map(str, t.satellites.index)):
        made = t.embodied(name).set_axis(
            ["sector", "exports", "own_sector", "content", "content_per_unit", "arisen"], axis=1
        )
        content, whole = float(made["content"].sum()), float(t.satellites.loc[name].to_numpy().sum())
        text.append(
            _(
                "{name}: {content} behind the exports, {share} of the {whole} in all sectors; {own} in the exporting "
                "sectors themselves, the rest in those that supply them. {per} per {unit} exported.",
                name=term(name),
                content=_figure(content),
                share=percent(content / whole if whole else float("nan")),
                whole=_figure(whole),
                own=_figure(float(made["own_sector"].sum())),
                per=_figure(content / total if total else float("nan")),
                unit=unit_said(t.unit),
            )
        )
        made = made.sort_values("content", ascending=False, kind="stable")
        parts.append(
            _table(f"behind_{k + 1}", _("{name} behind exports, by sector", name=term(name)), made, t)
        )
    text.append(
        _(
            "What arises abroad for imported inputs is in no row of the table and not counted. All output of a sector "
            "is taken to be made alike, for exports or not."
        )
    )
    return text, parts


def _bounded(t: IOTable) -> tuple[list[str], list[Table]]:
    """Bounds of the content where the table does not tell who uses imports and inflow."""
    rows = []
    for name in map(str, t.satellites.index):
        try:
            low, high = t.province_bounds(satellite=name)[["low", "high"]].iloc[0]
        except DataError as error:
            return [_("Left out: {reason}", reason=refusal(error))], []
        rows.append((name, float(low), float(high)))
    total = float(t.e.sum())
    text = [
        _(
            "{name}: between {low} and {high} in the province behind the exports, {least} to {most} per {unit} "
            "exported.",
            name=term(name),
            low=_figure(low * total),
            high=_figure(high * total),
            least=_figure(low),
            most=_figure(high),
            unit=unit_said(t.unit),
        )
        for name, low, high in rows
    ]
    text.append(
        _(
            "The table does not tell who uses imports and inflow: the bounds go from all of them in inputs to all of "
            "them in final use, and both are reached."
        )
    )
    shown = pd.DataFrame(rows, columns=["what", "low", "high"])
    title = _("Bounds of what stands behind exports")
    return text, [_table("behind_bounds", title, shown, t)]


def _form(value: float) -> str:
    """A format with four digits that say something: satellites may be of any size."""
    size = math.floor(math.log10(abs(value))) if value else 3
    return f",.{min(max(3 - size, 0), 9)}f"


def _figure(value: float) -> str:
    return number(value, _form(value))


def _source(t: InputOutput) -> str:
    return t.source or _("not said")


def _table(name: str, title: str, frame: pd.DataFrame, t: InputOutput) -> Table:
    unit = _("exports: {unit}; the rest as the satellite is counted", unit=unit_said(t.unit))
    figures = frame.select_dtypes("number")
    forms = {str(c): _form(float(figures[c].abs().max())) for c in figures if len(figures)}
    return Table(name, title, frame, unit, _source(t), forms, show=15, made=("behind",))
