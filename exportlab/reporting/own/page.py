"""The report on a table of one's own: every section the roles at the door allow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from exportlab.audit import silent_exporters
from exportlab.flows import Flows, cells
from exportlab.frames import collect, to_pandas
from exportlab.indices.measure import measure
from exportlab.indices.residual import without
from exportlab.indices.shares import contributions, share
from exportlab.indices.sophistication import Income
from exportlab.plots import structure
from exportlab.plots.style import localised
from exportlab.reporting import methods
from exportlab.reporting.own import advantage, intervals, relatedness, sophistication
from exportlab.reporting.own import bloc as bloc_of_own
from exportlab.reporting.own import structure as products_of_own
from exportlab.reporting.own.intervals import (
    Given,
    Made,
    by_of,
    in_units,
    last_period,
    latest,
    named,
    periods_of,
    source_of,
    spanned,
    unit_of,
)
from exportlab.tables.headings import heading
from exportlab.tables.model import Fact, Page, Picture, Section, Table
from exportlab.turned import headline, in_periods_of, year_before
from exportlab.words import N_, _, number, sentences

FIGURES = 5  # on the first page
INDICES = ["hhi", "effective_number", "cr4", "theil", "gini", "number_active"]
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
    ),
}


@dataclass(frozen=True)
class Asked:
    """What the report was asked for besides the flows; see `exportlab.report`."""

    exporter: str | None = None
    bloc: str = "RCEP"
    reference: Flows | None = None
    home: str | None = None
    outside: tuple[str, ...] = ()
    technology: sophistication.Technology = None
    income: Income | None = None


def page(flows: Flows, asked: Asked) -> Page:
    """The whole report on one exporter's flows: every section that the table allows, and why others are left out."""
    if "period" in flows.roles and len(flows.members("period")) > 1:
        flows.calendar.require_order("a report, which shows the last period and the changes,")
    exporter, every = asked.exporter, _only(flows, asked.exporter)
    how = headline(every)
    silent = silent_exporters(flows, how) if how else []
    flows, own = (in_periods_of(f, how) for f in (flows, every))
    reference = None if asked.reference is None else flows.alike(in_periods_of(asked.reference, how))
    given = Given(own, every, len({s[0] for s in silent}))
    name = exporter or _("all exporters")
    made: list[Made] = [(_data(given, name), None), _totals(given)]
    for role in ("market", "product"):
        made.append(_spread(given, role) if role in own.roles else _no(role))
        if role == "market" and role in own.roles:
            made.append(
                bloc_of_own.section_or_why_not(given, asked.bloc, home=asked.home, outside=asked.outside)
            )
    if "product" in own.roles:
        made += [
            (products_of_own.structure(own, asked.technology), None),
            advantage.section(flows, own, exporter, reference),
            sophistication.section(
                flows, own, exporter, reference, technology=asked.technology, income=asked.income
            ),
            relatedness.section(flows, own, exporter, reference),
        ]
    sections = [s for s, _fact in made]
    return Page(
        _("Exports of {name}", name=name),
        _("{periods}; unit: {unit}", periods=periods_of(every), unit=unit_of(own)),
        (_summary([f for _section, f in made if f is not None]), *sections, methods.section(sections)),
    )


def _no(role: str) -> Made:
    """The section of a role that the table has not."""
    why = _("Left out: no column of the table was named as the {role}.", role=_(heading(role)))
    return Section(f"{role}s", _(SPREAD[role].chapter), (why,)), None


def _summary(facts: list[Fact]) -> Section:
    """Five figures; the total makes room where there are more."""
    chosen = facts if len(facts) <= FIGURES else [f for f in facts if f.section != "totals"][:FIGURES]
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


def _only(flows: Flows, exporter: str | None) -> Flows:
    """The rows of one exporter; all of them where none is named."""
    if exporter is None or "exporter" not in flows.roles:
        return flows
    return flows.where(exporter=exporter)


def _data(given: Given, name: str) -> Section:
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


def _told_of(given: Given) -> tuple[str, ...]:
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


def _totals(given: Given) -> Made:
    flows, every = given.flows, given.every
    value = flows.roles["value"]
    total = _total(flows)
    parts: list[Table | Picture] = []
    if by_of(flows):
        period = flows.roles["period"]
        all_ = _total(every)
        drawn, unit = in_units(all_[value], flows.unit or value)
        ax = structure.series(
            all_.assign(**{value: drawn}),
            period=period,
            columns=[value],
            unit=unit,
            title=_("Exports by period"),
            source=flows.source,
        )
        parts.append(
            Picture("totals", _("Exports by period"), localised(ax), _("Line of total exports by period"))
        )
        if given.turned:
            title = _("Totals, every period")
            parts.append(
                Table("totals_every", title, all_, unit_of(flows), source_of(flows), {value: ",.0f"})
            )
    parts.insert(
        len(by_of(flows)),
        Table("totals", _("Totals"), total, unit_of(flows), source_of(flows), {value: ",.0f"}),
    )
    fact = Fact(
        _("Total exports, {period}", period=last_period(flows)),
        f"{number(float(total[value].iloc[-1]), ',.0f')} {flows.unit or ''}".strip(),
        _("The sum of the value column; source: {source}.", source=source_of(flows)),
        "totals",
    )
    return Section("totals", _("Totals"), (_("Sums of the value column."),), tuple(parts)), fact


def _total(flows: Flows) -> pd.DataFrame:
    """The sum of all values by period, in the order of time; of the whole table where it has none."""
    if by_of(flows):
        return structure.sorted_in_time(to_pandas(cells(flows, by_of(flows)).table), flows.roles["period"])
    return to_pandas(flows.table)[[flows.roles["value"]]].sum().to_frame().T


APART = N_(
    "What growth was made of is left out: the table has nothing of the year before {period} to compare it with."
)
OF_NAMED = N_("Of the named members alone: what the table has left over ({labels}) is left out here.")
NO_EARLIER = N_("No change is told: the table has no earlier year to compare {period} with.")


def _spread(given: Given, role: str) -> Made:
    """Shares of the largest members, concentration by period, what the last change was made of."""
    words, left = SPREAD[role], given.flows.residuals(role)
    text = [_(words.index)]
    if left:
        given = replace(given, flows=without(given.flows), every=without(given.every))
        text.append(_(OF_NAMED, labels=", ".join(map(str, left))))
    flows, every = given.flows, given.every
    column, value = flows.roles[role], flows.roles["value"]
    shares = to_pandas(share(flows, over=role, by=by_of(flows)))
    index, all_ = (_indices(f, role) for f in (flows, every))
    period = flows.roles.get("period")
    last = latest(shares, flows)
    drawn = structure.market_shares(
        shares.assign(**({} if period else {"_p": 0})),
        period=period or "_p",
        member=column,
        title=_(words.largest),
        source=flows.source,
    )
    curve = structure.lorenz(
        last[value],
        member=f"{role}s",
        source=flows.source,
        title=_("Lorenz curve, {period}", period=last_period(flows)),
    )
    parts: list[Table | Picture] = [
        Picture(f"{role}_shares", _(words.largest), localised(drawn), _(words.largest)),
        Table(
            f"{role}_shares",
            _(words.top, period=last_period(flows)),
            named(flows, role, last.nlargest(20, "share")),
            unit_of(flows),
            source_of(flows),
            {value: ",.0f", "share": "share"},
            made=("share",),
        ),
        Picture(f"{role}_lorenz", _("Lorenz curve"), localised(curve), _("Lorenz curve")),
        Table(
            f"{role}_concentration",
            _("Concentration"),
            index,
            _(words.universe),
            _("computed"),
            FORMATS,
            made=tuple(INDICES),
        ),
    ]
    if given.turned:
        title = _("Concentration, every period")
        parts.append(
            Table(
                f"{role}_concentration_every",
                title,
                all_,
                _(words.universe),
                _("computed"),
                FORMATS,
                made=tuple(INDICES),
            )
        )
    if period and len(all_) > 1:
        ax = structure.concentration(
            all_,
            period=period,
            title=_("Concentration by period"),
            source=flows.source,
        )
        parts.insert(2, Picture(f"{role}_hhi", _("Concentration"), localised(ax), _("HHI by period")))
        parts += (grown := _growth(given, role))
        if not grown:
            text.append(_(APART, period=last_period(flows)))
    made = _sure(given, role)
    parts += intervals.table(f"{role}_sure", made, ".4f")
    now = latest(index, flows).iloc[0]
    known = made[0].sentence if made[0] else intervals.without(role)
    fact = Fact(
        _(words.fact, period=last_period(flows)),
        number(float(now["hhi"]), ".4f"),
        sentences(
            known,
            _(
                words.sure,
                n=number(float(now["effective_number"])),
                active=number(float(now["number_active"]), ",.0f"),
            ),
        ),
        f"{role}s",
    )
    text += _verdict(given, made[1])
    return Section(f"{role}s", _(words.chapter), tuple(text), tuple(parts)), fact


def _indices(flows: Flows, role: str) -> pd.DataFrame:
    """Concentration by period, in the order of time."""
    found = to_pandas(measure(flows, INDICES, over=role, by=by_of(flows)))
    return structure.sorted_in_time(found, flows.roles["period"]) if by_of(flows) else found


def _growth(given: Given, role: str) -> list[Table | Picture]:
    """What growth over the year before the last period was made of; nothing where the table has none of that year."""
    found = [(f, p) for f in (given.flows, given.every) if (p := year_before(f)) is not None]
    if not found:
        return []
    flows, before = found[0]
    gains = latest(to_pandas(contributions(flows, over=role, by=by_of(flows))), flows)
    largest = gains.reindex(gains["contribution"].abs().sort_values(ascending=False).index).head(12)
    title = _(SPREAD[role].growth, first=flows.said(before), last=last_period(flows))
    return [
        Table(
            f"{role}_growth",
            title,
            named(flows, role, largest),
            _("contribution to the growth of the total"),
            source_of(flows),
            {"before": ",.0f", "after": ",.0f", "contribution": "share", "growth": "share"},
            made=("contributions",),
        )
    ]


def _sure(given: Given, role: str) -> list[intervals.Sure | None]:
    """HHI of the last period with its interval, and its change since the first that it is compared with."""
    flows, form = given.flows, partial(number, form=".4f")
    return [
        intervals.surely(
            flows, "hhi", over=role, what=_("HHI, {period}", period=last_period(flows)), form=form
        ),
        intervals.change(given, "hhi", over=role, what=_("Change of the HHI"), form=form),
    ]


def _verdict(given: Given, moved: intervals.Sure | None) -> list[str]:
    """Whether concentration rose or fell for certain; why nothing is told, where periods have nothing like them."""
    flows, every = given.flows, given.every
    if moved is None:
        if not by_of(every) or len(every.members("period")) < 2 or intervals.compared(given):
            return []
        return [_(NO_EARLIER, period=last_period(flows))]
    ends = {"low": f"{moved.low:+.4f}", "high": f"{moved.high:+.4f}"}
    first, last = moved.between
    if not moved.low <= moved.high:  # nothing that is drawn moves it
        told = _(
            "From {first} to {last} it has moved by {change}.",
            first=first,
            last=last,
            change=f"{round(moved.estimate, 4) + 0.0:+.4f}",
        )
        return [sentences(told, moved.sentence)]
    if moved.low > 0:
        return [
            _(
                "From {first} to {last} it has risen: the 95 % interval of the change is {low} to {high}.",
                first=first,
                last=last,
                **ends,
            )
        ]
    if moved.high < 0:
        return [
            _(
                "From {first} to {last} it has fallen: the 95 % interval of the change is {low} to {high}.",
                first=first,
                last=last,
                **ends,
            )
        ]
    return [_("Whether it has changed from {first} to {last} is not certain: the 95 % interval of the change is {low} "
              "to {high}.", first=first, last=last, **ends)]  # fmt: skip
