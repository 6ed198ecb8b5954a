"""The pictures of a report on a table of one's own, each with a title that says what was found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from exportlab.classifications import members, membership
from exportlab.classifications.countries import find
from exportlab.classifications.hs import hs_section
from exportlab.errors import ExportlabError
from exportlab.findings import Findings
from exportlab.findings.basis import Basis
from exportlab.findings.parts import BlocShare, Growth, LeftOut, Spread
from exportlab.flow_table import Flows
from exportlab.plots import areas, change, structure
from exportlab.plots.given import in_time
from exportlab.reporting.own import naming
from exportlab.reporting.own.headline import who
from exportlab.reporting.own.intervals import last_period
from exportlab.tables.model import Picture
from exportlab.words import N_, _, amount, measured_in, moment, number, percent, points, term

BESIDE = 30  # characters of a name beside its line
LINES = 7  # markets or products that are drawn over time
MONTHS_OF_A_YEAR = ("month", "quarter", "half")


def totals(found: Findings) -> Iterator[Picture]:
    """Exports by year, and like months of several years."""
    flows, every, total = found.basis.flows, found.basis.every, found.totals
    value = flows.roles["value"]
    if not found.basis.by:
        return
    period, source = flows.roles["period"], naming.source_of(flows)
    by, unit = measured_in(flows.unit or value, float(total.table[value].max()))
    if len(total.table) > 1 or not found.basis.turned:
        drawn = total.table.assign(**{value: total.table[value] / by})
        ax = change.yearly(
            drawn, period=period, value=value, unit=unit, title=_total_title(found), source=source
        )
        yield Picture("totals", _("Exports by period"), ax, _("Bars of exports by period"))
    if every.calendar.frequency in MONTHS_OF_A_YEAR and len(total.every) > 2:
        by, unit = measured_in(every.unit or value, float(total.every[value].max()))
        drawn = total.every.assign(**{value: total.every[value] / by})
        title = _like_title(total.every, every, N_("Exports"))
        ax = change.like_periods(drawn, period=period, value=value, unit=unit, title=title, source=source)
        yield Picture(
            "totals_like", _("Like months compared"), ax, _("Lines of exports over the months, one a year")
        )


def _total_title(found: Findings) -> str:
    flows, total = found.basis.flows, found.totals
    said = {"name": who(found), "period": last_period(flows), "amount": amount(total.last, flows.unit or "")}
    if total.growth is None or total.between is None or moment(total.between[1]) != said["period"]:
        return _("Exports of {name} came to {amount} in {period}", **said)
    up = N_("Exports of {name} rose by {growth} to {amount} in {period}")
    down = N_("Exports of {name} fell by {growth} to {amount} in {period}")
    return _(up if total.growth >= 0 else down, **said, growth=percent(abs(total.growth)))


def _like_title(table: pd.DataFrame, every: Flows, what: str) -> str:
    """In how many periods of the last year the amount was above that of a year before."""
    value = next(c for c in table.columns if c != every.roles["period"])
    known = dict(zip(table[every.roles["period"]], table[value], strict=True))
    pairs = [
        (every.said(new), every.said(old))
        for old, new in every.calendar.followers(every.members("period"), "year").items()
    ]
    last = every.calendar.period(every.members("period")[-1]).year
    latest = [
        (known[a], known[b])
        for a, b in pairs
        if a in known and b in known and every.calendar.period(a).year == last
    ]
    if not latest:
        return _(
            "{what} were largest in {period}", what=_(what), period=moment(max(known, key=known.__getitem__))
        )
    above = sum(a > b for a, b in latest)
    return _(
        "{what} were above those of a year before in {n} of {all} periods of {year}",
        what=_(what),
        n=above,
        all=len(latest),
        year=last,
    )


def spread(found: Findings, part: Spread, members_: str) -> Iterator[Picture]:
    """Treemap, shares over time, growth against share, and the Lorenz curve; the map, which is broad, comes last."""
    given, role = found.basis, part.role
    yield _treemap(found, part)
    if given.by and part.shares[given.flows.roles["period"]].nunique() > 1:
        yield _over_time(given, part)
    if (
        part.growth is not None
        and ((part.growth.every["before"] > 0) & (part.growth.every["after"] > 0)).sum() > 1
    ):
        yield _bubbles(given, part, part.growth)
    yield _lorenz(given, part, members_)
    if role == "market" and any(find(m) for m in part.last[given.flows.roles[role]]):
        yield _map(given, part)


def _top(given: Basis, part: Spread, n: int = 3) -> tuple[list[str], float]:
    """What the largest members are called, and their share together."""
    column = given.flows.roles[part.role]
    top = part.last.nlargest(n, "share")
    names = naming.role_names(given.flows, part.role, top[column])
    return [names[x] for x in top[column]], float(top["share"].sum())


def _treemap(found: Findings, part: Spread) -> Picture:
    given, role = found.basis, part.role
    flows = given.flows
    column, value = flows.roles[role], flows.roles["value"]
    names, share = _top(given, part)
    table = part.last.assign(_group=_groups(found, part.last[column], role))
    if role == "market":
        title = _(
            "{names} took {share} of exports in {period}",
            names=_(", ").join(names),
            share=percent(share),
            period=last_period(flows),
        )
    else:
        title = _(
            "The three largest products made up {share} of exports in {period}",
            share=percent(share),
            period=last_period(flows),
        )
    by, unit = measured_in(flows.unit or value, float(table[value].sum()))
    ax = areas.treemap(
        table.assign(**{value: table[value] / by}),
        label=column,
        value=value,
        top=45,
        group="_group" if table["_group"].nunique() > 1 else None,
        names=naming.role_names(flows, role, table[column]),
        title=title,
        unit=unit,
        source=naming.source_of(flows),
    )
    return Picture(
        f"{role}_treemap", _("Treemap"), ax, _("Rectangles whose areas are values, the largest first")
    )


def _groups(found: Findings, labels: Any, role: str) -> list[str]:
    """What colours a treemap: membership of the bloc followed, or sections of the Harmonized System."""
    if role == "product":
        if isinstance(found.structure, LeftOut):
            return [""] * len(labels)
        return [_section(str(x)) for x in labels]
    if isinstance(found.bloc, LeftOut):
        return [""] * len(labels)
    inside = set(members(found.bloc.bloc, on="latest"))
    inside_, outside = _("members of {bloc}", bloc=found.bloc.bloc), _("other markets")
    return [inside_ if find(x) in inside else outside for x in labels]


def _section(code: str) -> str:
    try:
        found = hs_section(code)
    except ExportlabError:
        return _("no chapter of the HS")
    return naming.shortened(f"{found.number} {term(found.title)}", 34)


def _map(given: Basis, part: Spread) -> Picture:
    flows = given.flows
    column = flows.roles["market"]
    largest = int((part.last["share"] >= 0.05).sum())
    title = _("Exports went to {n} markets; {k} of them took 5 % or more each", n=len(part.last), k=largest)
    drawn = naming.renamed(flows, "market", part.last)
    ax = areas.market_map(drawn, market=column, title=title, source=naming.source_of(flows))
    return Picture(
        "market_map", _("Markets on a map"), ax, _("A map with one tile a country, coloured by its share")
    )


def _over_time(given: Basis, part: Spread) -> Picture:
    """Shares of the largest by year, with the one that moved most in the title."""
    flows, role = given.flows, part.role
    period, column = flows.roles["period"], flows.roles[role]
    order = in_time(part.shares, period)
    ends = [part.shares[part.shares[period] == p].set_index(column)["share"] for p in (order[0], order[-1])]
    largest = part.last.nlargest(LINES, "share")[column]
    moved = {m: float(ends[1].get(m, 0.0) - ends[0].get(m, 0.0)) for m in largest}
    most = max(moved, key=lambda m: abs(moved[m]))
    title = _(
        "{name}'s share moved most: {points} percentage points from {first} to {last}",
        name=naming.role_names(flows, role, [most])[most],
        points=points(moved[most]),
        first=moment(order[0]),
        last=moment(order[-1]),
    )
    drawn = naming.renamed(flows, role, part.shares[part.shares[column].isin(largest)])
    ax = structure.market_shares(
        drawn.assign(**{column: drawn[column].map(lambda name: naming.shortened(name, BESIDE))}),
        period=period,
        member=column,
        top=LINES,
        title=title,
        source=naming.source_of(flows),
    )
    return Picture(f"{role}_shares", _("Shares over time"), ax, _("Lines of the largest shares by period"))


def _bubbles(given: Basis, part: Spread, growth: Growth) -> Picture:
    flows, role = given.flows, part.role
    column = flows.roles[role]
    first = growth.table.iloc[0]
    name = naming.role_names(flows, role, [first[column]])[first[column]]
    gain = float(first["contribution"])
    up = N_("{name} added most to growth: {points} percentage points from {first} to {last}")
    down = N_("{name} took most off growth: {points} percentage points from {first} to {last}")
    title = _(
        up if gain >= 0 else down,
        name=name,
        points=points(gain),
        first=moment(growth.first),
        last=moment(growth.last),
    )
    ax = change.growth_bubbles(
        growth.every,
        label=column,
        names=naming.role_names(flows, role, growth.every[column]),
        title=title,
        source=naming.source_of(flows),
    )
    return Picture(
        f"{role}_growth", _("Growth against share"), ax, _("Bubbles: share across, growth upwards")
    )


def concentration(given: Basis, part: Spread) -> Picture:
    """The HHI by year, or like months compared."""
    flows, every = given.flows, given.every
    period, last = flows.roles["period"], number(part.now("hhi"), ".3f")
    equal = number(part.now("effective_number"))
    title = N_("Concentration over markets: HHI {hhi} in {period}, as of {n} markets of equal size")
    if part.role == "product":
        title = N_("Concentration over products: HHI {hhi} in {period}, as of {n} products of equal size")
    said = _(title, hhi=last, period=last_period(flows), n=equal)
    if given.turned and len(part.table) < 3 and every.calendar.frequency in MONTHS_OF_A_YEAR:
        ax = change.like_periods(
            part.every, period=period, value="hhi", unit=_("HHI"), title=said, source=naming.source_of(flows)
        )
    else:
        table = part.table if len(part.table) > 1 else part.every
        ax = structure.concentration(table, period=period, title=said, source=naming.source_of(flows))
    return Picture(f"{part.role}_hhi", _("Concentration"), ax, _("HHI by period"))


def _lorenz(given: Basis, part: Spread, members_: str) -> Picture:
    """The Lorenz curve, with what the largest tenth holds."""
    value = part.last[given.flows.roles["value"]].sort_values(ascending=False)
    tenth = max(1, round(len(value) / 10))
    title = _(
        "The largest {n} of {all} {members} hold {share}",
        n=tenth,
        all=len(value),
        members=members_,
        share=percent(float(value.head(tenth).sum() / value.sum())),
    )
    ax = structure.lorenz(
        part.last[given.flows.roles["value"]],
        member=members_,
        title=title,
        source=naming.source_of(given.flows),
    )
    return Picture(f"{part.role}_lorenz", _("Lorenz curve"), ax, _("Lorenz curve"))


def bloc(given: Basis, share: BlocShare) -> Picture:
    """The share by both memberships, the day of entry marked."""
    flows = given.flows
    yearly = len(share.in_force) > 1
    tables = (share.in_force, share.today) if yearly else (share.every_in_force, share.every_today)
    lines = {_("members in force in each period"): tables[0]}
    if tables[1] is not None:
        lines[_("today's members throughout")] = tables[1]
    starts = {m.start for m in membership(share.bloc) if m.start is not None and not m.exporter}
    entries = {_("in force, {day}", day=min(starts).isoformat()): min(starts)} if starts else {}
    ax = change.membership_shares(
        lines,
        period=flows.roles["period"],
        bloc=share.bloc,
        entries=entries,
        title=_bloc_title(given, share),
        source=naming.source_of(flows),
    )
    return Picture(
        f"{share.bloc.lower()}_share",
        _("Share of {bloc}", bloc=share.bloc),
        ax,
        _("Share of {bloc} by period", bloc=share.bloc),
    )


def _bloc_title(given: Basis, share: BlocShare) -> str:
    said = {"bloc": share.bloc, "share": percent(share.now_today), "period": last_period(given.flows)}
    if share.change is None or share.change.between is None:
        return _("{bloc} members took {share} of exports in {period}", **said)
    first = moment(share.change.between[0])
    return _(
        "{bloc} members took {share} of exports in {period}, {points} percentage points on {first}",
        **said,
        points=points(share.change.estimate),
        first=first,
    )
