"""The report's section on sophistication and value added: China's by year, and what bounds Liaoning's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from exportlab.plots.style import context
from exportlab.plots.valueadded import content_bars, interval_bars, position_scatter
from exportlab.tables.model import Picture, Section, Table
from exportlab.valueadded import china_multipliers, liaoning_bounds
from exportlab.valueadded.liaoning import ContentBounds
from exportlab.words import _, percent, term

if TYPE_CHECKING:
    from matplotlib.axes import Axes

YEARS = (2017, 2018, 2020)  # the years of China's input-output tables
YEAR, PERIOD = 2023, "Jan-May"  # the period with the most product classes announced


def china() -> pd.DataFrame:
    """What China's exports were made of, by the year of the table: shares of exports, and steps from final use."""
    rows = []
    for year in YEARS:
        m = china_multipliers(year)
        weight = m["export_share"]
        rows.append(
            {
                "year": year,
                "exports": 1.0,
                **{k: float((m[k] * weight).sum()) for k in ("domestic", "imported", "tax")},
                "upstreamness": float((m["upstreamness"] * weight).sum()),
            }
        )
    return pd.DataFrame(rows)


def liaoning() -> ContentBounds:
    """Bounds on the value added in Liaoning's exports, from the product classes announced."""
    return liaoning_bounds(year=YEAR, period=PERIOD)


def section() -> Section:
    """China's content by year; bounds for Liaoning; which unknown widens them most."""
    nation, own = china(), liaoning()
    first, *_between, last = nation.to_dict("records")
    domestic, direct, province = own.table.to_dict("records")
    source = _("National Bureau of Statistics, input-output tables of 42 sectors; computed")
    shown = nation.drop(columns="exports").rename(
        columns={k: f"{k}_share" for k in ("domestic", "imported", "tax")}
    )
    return Section("content", _("Sophistication and value added"), (
        _("Of the value of China's exports {before} was domestic value added in {start} and {after} in {end}; the rest "
          "is imported content. Each sector's exports are taken to be made like its other output, which puts imported "
          "content too low where processing trade is large.", before=percent(first["domestic"]), start=first["year"],
          after=percent(last["domestic"]), end=last["year"]),
        _("For Liaoning neither a recent input-output table nor the customs record by product is published. The "
          "product classes announced for {period} hold the value added made in China in its exports between {low} and "
          "{high}: no breakdown of exports that fits the announcements lies outside. What is made in the exporting "
          "sectors alone is {near} to {far}; the part made in the province lies between {least} and {most}.",
          period=term(f"{YEAR} {PERIOD}"), low=percent(domestic["low"]), high=percent(domestic["high"]),
          near=percent(direct["low"]), far=percent(direct["high"]), least=percent(province["low"]),
          most=percent(province["high"])),
        _("The bounds take China's sector multipliers for Liaoning's and do not tell processing from ordinary exports. "
          "The last table says which breakdown to find out first."),
    ), (*_pictures(nation, own, source),
        Table("china_content", _("What China's exports are made of"), shown,
              _("shares of exports; steps from final use, weighted by exports"),
              _("Hummels, Ishii and Yi (2001); Antràs and others (2012); {source}", source=source),
              {"domestic_share": "share", "imported_share": "share", "tax_share": "share", "upstreamness": ".2f"},
              made=("content", "upstreamness")),
        Table("liaoning_content", _("Bounds on the value added in Liaoning's exports"), own.table,
              _("shares of exports"), _("computed from the announced product classes and China's table of 2020"),
              {"low": "share", "high": "share"}, made=("content_bounds", "content")),
        Table("liaoning_unknown", _("What would narrow the bounds"), _with_names(own.settles), _("shares of exports"),
              _("computed; sectors of China's table"),
              {"share_low": "share", "share_high": "share", "width": ".3f"}, made=("content_bounds",)),
        ))  # fmt: skip


def _with_names(settles: pd.DataFrame) -> pd.DataFrame:
    """The table with the names of sectors instead of their numbers."""
    names = china_multipliers(YEARS[-1])["description"].map(term).map(_plain)

    def named(codes: str) -> str:
        return _("; ").join(str(names.get(c, c)) for c in str(codes).split(", "))

    return settles.assign(**{c: settles[c].map(named) for c in ("sector_low", "sector_high")})


def _plain(sector: str) -> str:
    """A sector without the words that all of them begin with."""
    text = sector.removeprefix("Manufacture of ")
    return text[:1].upper() + text[1:]


def _pictures(nation: pd.DataFrame, own: ContentBounds, source: str) -> list[Picture]:
    with context():
        return _drawn(nation, own, source)


def _place(source: str) -> Axes:
    """China's sectors by place in the chain, the one that keeps least at home in the title."""
    sectors = china_multipliers(YEARS[-1]).assign(exports=lambda t: t["export_share"])
    least = sectors[sectors["export_share"] > 0].nsmallest(1, "domestic").iloc[0]
    return position_scatter(
        sectors.assign(description=sectors["description"].map(term)),
        label="description",
        title=_(
            "Of China's sectors, {sector} keeps least of its exports' value at home: {share} ({year})",
            sector=_plain(term(least["description"])),
            share=percent(least["domestic"]),
            year=YEARS[-1],
        ),
        source=source,
    )


def _drawn(nation: pd.DataFrame, own: ContentBounds, source: str) -> list[Picture]:
    stacked = content_bars(
        nation.assign(year=nation["year"].astype(str)),
        label="year",
        largest=None,
        title=_(
            "Domestic value added: {after} of China's exports in {end}, {before} in {start}",
            after=percent(nation["domestic"].iloc[-1]),
            end=nation["year"].iloc[-1],
            before=percent(nation["domestic"].iloc[0]),
            start=nation["year"].iloc[0],
        ),
        source=source,
    )
    bars = interval_bars(
        own.table.assign(measure=own.table["measure"].map(term)),
        source=source,
        title=_(
            "Between {low} and {high} of Liaoning's exports is value added made in China",
            low=percent(own.table["low"].iloc[0], 0),
            high=percent(own.table["high"].iloc[0], 0),
        ),
    )
    return [
        Picture(
            "china_content",
            _("China's value added"),
            stacked,
            _("Stacked bars of content by year"),
        ),
        Picture("liaoning_content", _("Bounds"), bars, _("Dots at the lower and the upper bound")),
        Picture(
            "china_position",
            _("Place in the chain"),
            _place(source),
            _("Points: value added against steps from final use, by sector"),
        ),
    ]
