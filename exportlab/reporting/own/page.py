"""The report on a table of one's own: what was found, section by section, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pandas as pd

from exportlab.findings import Findings
from exportlab.findings.basis import Basis
from exportlab.findings.parts import Figure, Growth, LeftOut, Spread, Totals
from exportlab.findings.spread import INDICES
from exportlab.frames import collect
from exportlab.reporting import methods
from exportlab.reporting.own import (
    advantage,
    bloc,
    intervals,
    pictures,
    relatedness,
    sophistication,
    vulnerability,
)
from exportlab.reporting.own import structure as products_of_own
from exportlab.reporting.own.headline import headline, who
from exportlab.reporting.own.intervals import Made, last_period, named, periods_of, same, spanned
from exportlab.reporting.own.naming import source_of, unit_of
from exportlab.tables.headings import heading
from exportlab.tables.model import Fact, Page, Picture, Section, Table
from exportlab.words import N_, _, amount, moment, number, percent, sentences

FIGURES = 6  # cards on the first page
FORMATS = {
    "hhi": ".4f",
    "effective_number": ".1f",
    "cr4": "share",
    "theil": ".3f",
    "gini": ".3f",
    "number_active": ",.0f",
    "universe": ",.0f",
}


@dataclass(frozen=True)
class Words:
    """What a report says of the members of a role; whole sentences, so that every language can order them."""

    chapter: str
    index: str
    fact: str
    sure: str
    largest: str
    top: str
    growth: str
    universe: str
    count: str
    members: str
    missing: str


SPREAD = {
    "market": Words(
        N_("Markets and their concentration"),
        N_(
            "The Herfindahl-Hirschman index is the sum of squared shares; its inverse is the number of "
            "markets of equal size that would give the same concentration."
        ),
        N_("Concentration over markets, {period} (HHI on 0 to 1)"),
        N_("As concentrated as {n} markets of equal size; {active} had a value. Computed from every row."),
        N_("Largest markets"),
        N_("The 20 largest markets, {period}"),
        N_("What growth from {first} to {last} was made of, by market"),
        N_("indices; universe: markets with a value somewhere in the table"),
        N_("markets with a value"),
        N_("markets"),
        N_("Left out: no column of the table was named as the market."),
    ),
    "product": Words(
        N_("Products and their concentration"),
        N_(
            "The Herfindahl-Hirschman index is the sum of squared shares; its inverse is the number of products of "
            "equal size that would give the same concentration."
        ),
        N_("Concentration over products, {period} (HHI on 0 to 1)"),
        N_(
            "As concentrated as {n} products of equal size; {active} had a value. It changes with the detail of the "
            "product code."
        ),
        N_("Largest products"),
        N_("The 20 largest products, {period}"),
        N_("What growth from {first} to {last} was made of, by product"),
        N_("indices; universe: products with a value somewhere in the table"),
        N_("products with a value"),
        N_("products"),
        N_("Left out: no column of the table was named as the product."),
    ),
}


def page(found: Findings, asked_bloc: str, behind: Section | None = None) -> Page:
    """The whole report: every section that the table allows, and why others are left out; `behind` is one more."""
    given = found.basis
    name = who(found)
    made: list[Made] = [_totals(found)]
    for role, part in (("market", found.market), ("product", found.product)):
        made.append(_no(role) if isinstance(part, LeftOut) else _spread(found, part))
        if role == "market" and not isinstance(part, LeftOut):
            made.append(bloc.section(found, asked_bloc))
    if "product" in given.flows.roles:
        made += [
            (products_of_own.structure(found), None),
            advantage.section(found),
            sophistication.section(found),
            (relatedness.section(found), None),
        ]
    made += [(behind, None)] if behind is not None else []
    made += [vulnerability.section(found), (_data(given, name), None)]
    sections = [s for s, _fact in made]
    return Page(
        _("Exports of {name}", name=name),
        _("{periods}; unit: {unit}", periods=periods_of(given.every), unit=unit_of(given.flows)),
        (_summary([f for _section, f in made if f is not None]), *sections, methods.section(sections)),
        headline=headline(found),
        heads=_heads(given),
    )


def _heads(given: Basis) -> dict[str, str]:
    """What columns of the file are called on the page: by their role, the value with its unit."""
    found = {column: heading(role) for role, column in given.flows.roles.items() if role != "value"}
    return found | {given.flows.roles["value"]: _("value ({unit})", unit=unit_of(given.flows))}


def _no(role: str) -> Made:
    """The section of a role that the table has not."""
    return Section(f"{role}s", _(SPREAD[role].chapter), (_(SPREAD[role].missing),)), None


def _summary(facts: list[Fact]) -> Section:
    """At most six figures, in the order of the sections."""
    chosen = facts[:FIGURES]
    return Section(
        "summary",
        _("Summary: the figures that matter and how sure they are"),
        (),
        (),
        tuple(chosen),
        (
            _(
                "Every figure is computed from the rows that passed the door. They are as sure as the "
                "file: what it leaves out, or values wrongly, they do too."
            ),
            _(
                "An interval says how far a figure rests on which products (or markets) happened to be "
                "traded, each taken as an independent outcome of the same conditions. Wrong records and "
                "changed conditions are not in it."
            ),
            _(
                "Chance alone makes shares uneven and raises an index of concentration. Its interval is "
                "corrected for that, so it may lie below the figure."
            ),
            _(
                "What changes with a definition is said beside the figure: the members of a bloc, the "
                "detail of a product code, what advantage is measured against."
            ),
        ),
    )


def _data(given: Basis, name: str) -> Section:
    flows = given.every
    rows = collect(flows.frame)
    facts = [
        (_("exporter"), name),
        (_("rows"), f"{len(rows):,}"),
        (_("periods"), periods_of(flows)),
        (_("unit"), unit_of(flows)),
        (_("source"), source_of(flows)),
    ]
    facts += [(_(w.count), f"{len(flows.members(r)):,}") for r, w in SPREAD.items() if r in flows.roles]
    facts += [
        (_("key column {name}", name=repr(k)), _("{n} values, summed over", n=rows[k].n_unique()))
        for k in flows.keys
    ]
    table = pd.DataFrame(facts, columns=["what", "figure"])
    return Section(
        "data",
        _("What the data are"),
        (
            _(
                "Every row passed the door: no missing, negative or infinite value, no totals among the "
                "members, no bloc beside its members. Nothing was filled in or dropped."
            ),
            *_told_of(given),
        ),
        (Table("data", _("The table"), table, _("as stated"), source_of(flows)),),
    )


def _told_of(given: Basis) -> tuple[str, ...]:
    """Which periods figures are told of, where these are not the table's own."""
    flows = given.flows
    if not given.turned:
        return ()
    told = _(
        "Figures are told of {periods}, added up from the table's periods, and changes from a period to the same one "
        "of another year. Pictures and the tables of every period show the table's own.",
        periods=periods_of(flows),
    )
    said = [told]
    if flows.left_out:
        said.append(
            _("Left out of them, for their year is not full: {periods}.", periods=spanned(flows.left_out))
        )
    if given.silent:
        said.append(
            _(
                "Exporters without a row in some of the periods added up, which count as zero: {n}.",
                n=given.silent,
            )
        )
    return tuple(said)


def _totals(found: Findings) -> Made:
    given, totals = found.basis, found.totals
    flows = given.flows
    value = flows.roles["value"]
    parts: list[Table | Picture] = [*pictures.totals(found)]
    by_value = {value: ",.0f"}
    parts.append(Table("totals", _("Totals"), totals.table, unit_of(flows), source_of(flows), by_value))
    if given.turned:
        title = _("Totals, every period")
        parts.append(Table("totals_every", title, totals.every, unit_of(flows), source_of(flows), by_value))
    fact = Fact(
        _("Total exports, {period}", period=last_period(flows)),
        amount(totals.last, flows.unit or ""),
        sentences(
            _grown(totals), _("The sum of the value column; source: {source}.", source=source_of(flows))
        ),
        "totals",
    )
    return Section("totals", _("Totals"), (_("Sums of the value column."),), tuple(parts)), fact


def _grown(totals: Totals) -> str:
    """Growth on the year before, where it is known."""
    if totals.growth is None or totals.between is None:
        return ""
    first, _last = totals.between
    more = N_("{growth} more than in {first}.")
    less = N_("{growth} less than in {first}.")
    return _(more if totals.growth >= 0 else less, growth=percent(abs(totals.growth)), first=moment(first))


APART = N_(
    "What growth was made of is left out: the table has nothing of the year before {period} to compare it with."
)
OF_NAMED = N_("Of the named members alone: what the table has left over ({labels}) is left out here.")
NO_EARLIER = N_("No change is told: the table has no earlier year to compare {period} with.")
MOVED = {
    "risen": N_("From {first} to {last} it has risen: the 95 % interval of the change is {low} to {high}."),
    "fallen": N_("From {first} to {last} it has fallen: the 95 % interval of the change is {low} to {high}."),
    "cannot tell": N_(
        "Whether it has changed from {first} to {last} is not certain: the 95 % interval of the change is {low} "
        "to {high}."
    ),
}


def _spread(found: Findings, part: Spread) -> Made:
    """Shares of the largest members, concentration by period, what the last change was made of."""
    given = found.basis
    words, flows, form = SPREAD[part.role], given.flows, partial(number, form=".4f")
    several = bool(given.by) and len(part.every) > 1
    parts = [*_shares(found, part), *_concentration(given, part, several=several)]
    text = [_(words.index)]
    if part.left_over:
        text.append(_(OF_NAMED, labels=", ".join(map(str, part.left_over))))
    if several and part.growth is not None:
        parts.append(_growth(given, part, part.growth))
    elif several:
        text.append(_(APART, period=last_period(flows)))
    figures = [
        (_("HHI, {period}", period=last_period(flows)), part.hhi),
        (intervals.since(_("Change of the HHI"), part.change), part.change),
    ]
    parts += intervals.table(f"{part.role}_sure", figures, ".4f")
    equal = _(
        words.sure, n=number(part.now("effective_number")), active=number(part.now("number_active"), ",.0f")
    )
    fact = Fact(
        _(words.fact, period=last_period(flows)),
        number(part.now("hhi"), ".4f"),
        sentences(intervals.sentence(part.hhi, part.role, form), equal),
        f"{part.role}s",
    )
    text += _verdict(given, part)
    return Section(f"{part.role}s", _(words.chapter), tuple(text), tuple(parts)), fact


def _shares(found: Findings, part: Spread) -> list[Table | Picture]:
    """The largest members, as pictures and a table."""
    given, role, words = found.basis, part.role, SPREAD[part.role]
    flows = given.flows
    value = flows.roles["value"]
    drawn = list(pictures.spread(found, part, _(words.members)))
    table = Table(
        f"{role}_shares",
        _(words.top, period=last_period(flows)),
        named(flows, role, part.last.nlargest(20, "share")),
        unit_of(flows),
        source_of(flows),
        {value: ",.0f", "share": "share"},
        made=("share",),
        hide=same(flows, part.last),
    )
    return [*drawn, table]


def _concentration(given: Basis, part: Spread, *, several: bool) -> list[Table | Picture]:
    """The indices by period, drawn where there are several; by every period where figures are told of others."""
    name = f"{part.role}_concentration"
    about = _(SPREAD[part.role].universe), _("computed"), FORMATS
    parts: list[Table | Picture] = []
    if several:
        parts.append(pictures.concentration(given, part))
    parts.append(Table(name, _("Concentration"), part.table, *about, made=tuple(INDICES)))
    if given.turned:
        title = _("Concentration, every period")
        parts.append(Table(f"{name}_every", title, part.every, *about, made=tuple(INDICES)))
    return parts


def _growth(given: Basis, part: Spread, growth: Growth) -> Table:
    """What growth over the year before the last period was made of."""
    flows, role = given.flows, part.role
    return Table(
        f"{role}_growth",
        _(SPREAD[role].growth, first=moment(growth.first), last=moment(growth.last)),
        named(flows, role, growth.table),
        _("contribution to the growth of the total in percentage points"),
        source_of(flows),
        {"before": ",.0f", "after": ",.0f", "contribution": "points", "growth": "share"},
        made=("contributions",),
        hide=same(flows, growth.table),
    )


def _verdict(given: Basis, part: Spread) -> list[str]:
    """Whether concentration rose or fell for certain; why nothing is told, where periods have nothing like them."""
    every, change = given.every, part.change
    if change is None or change.between is None:
        if not given.by or len(every.members("period")) < 2 or part.comparable:
            return []
        return [_(NO_EARLIER, period=last_period(given.flows))]
    first, last = map(moment, change.between)
    if change.moved:
        ends = {"low": f"{change.low:+.4f}", "high": f"{change.high:+.4f}"}
        return [_(MOVED[change.moved], first=first, last=last, **ends)]
    told = _(
        "From {first} to {last} it has moved by {change}.",
        first=first,
        last=last,
        change=f"{round(change.estimate, 4) + 0.0:+.4f}",
    )
    return [sentences(told, _still(change))]


def _still(change: Figure) -> str:
    """Why a change has no interval."""
    return intervals.sentence(change, "", str)
