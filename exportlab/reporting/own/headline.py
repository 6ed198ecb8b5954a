"""The one sentence on top of a report on a table of one's own: how much, how it grew, where to, how concentrated."""

from __future__ import annotations

from typing import Any

from exportlab.findings import Findings
from exportlab.findings.parts import BlocShare, Figure, Spread, present
from exportlab.reporting.own import naming
from exportlab.reporting.own.intervals import last_period
from exportlab.words import N_, _, amount, listed, moment, number, percent, points

# Lines that competition authorities draw (United States, Merger Guidelines of 2023), for want of anything beside it.
MODERATE, HIGH = 0.10, 0.18
LEVELS = {
    "low": N_("little, by the lines that competition authorities draw at 0.10 and 0.18"),
    "moderate": N_("between the lines that competition authorities draw at 0.10 and 0.18"),
    "high": N_("much, by the lines that competition authorities draw at 0.10 and 0.18"),
}


def who(found: Findings) -> str:
    """Whose exports these are, in the reader's language."""
    exporter = found.basis.exporter
    if exporter is None:
        flows = found.basis.flows
        known = flows.members("exporter") if "exporter" in flows.roles else ()
        if len(known) != 1:
            return _("all exporters")
        exporter = known[0]
    return naming.place(exporter, found.basis.everyone, "exporter")


def headline(found: Findings) -> str:
    """The sentence, of the clauses that the table allows."""
    market, bloc = present(found.market), present(found.bloc)
    clauses = [_how_much(found)]
    if market is not None:
        clauses += [_largest(found, market)]
    if bloc is not None:
        clauses.append(_bloc(bloc))
    spread = market or present(found.product)
    if spread is not None:
        clauses.append(_concentrated(spread))
    return _("{clauses}.", clauses=listed(clauses))


def _how_much(found: Findings) -> str:
    totals, flows = found.totals, found.basis.flows
    said = {"name": who(found), "amount": amount(totals.last, flows.unit or ""), "period": last_period(flows)}
    if "period" not in flows.roles:
        return _("{name} exported {amount}", name=said["name"], amount=said["amount"])
    if totals.growth is None or totals.between is None:
        return _("In {period} {name} exported {amount}", **said)
    first, last = totals.between
    change = {"growth": percent(abs(totals.growth)), "before": moment(first)}
    same = moment(last) == said["period"]
    if not same:  # growth is of a part of the period told of, such as its last months
        return _("In {period} {name} exported {amount}", **said)
    if totals.growth >= 0:
        return _("In {period} {name} exported {amount}, {growth} more than in {before}", **said, **change)
    return _("In {period} {name} exported {amount}, {growth} less than in {before}", **said, **change)


def _largest(found: Findings, market: Spread) -> str:
    flows = found.basis.flows
    column = flows.roles["market"]
    top = market.last.nlargest(3, "share")
    parts = [
        _("{market} ({share})", market=naming.place(m, flows), share=percent(s))
        for m, s in zip(top[column], top["share"], strict=True)
    ]
    return _("the largest markets were {markets}", markets=_enumerated(parts))


def _enumerated(parts: list[str]) -> str:
    """A list within a sentence."""
    if len(parts) < 2:
        return parts[0]
    return _("{some} and {last}", some=_(", ").join(parts[:-1]), last=parts[-1])


def _bloc(share: BlocShare) -> str:
    told = {"bloc": share.bloc, "share": percent(share.now_today)}
    change = share.change
    if change is None or change.between is None:
        return _("{bloc} members took {share}", **told)
    moved = {"points": points(abs(change.estimate)).lstrip("+"), "first": moment(change.between[0])}
    uncertain = _(" (a change that may be chance)") if change.moved == "cannot tell" else ""
    more = N_("{bloc} members took {share}, {points} percentage points more than in {first}{uncertain}")
    less = N_("{bloc} members took {share}, {points} percentage points less than in {first}{uncertain}")
    return _(more if change.estimate >= 0 else less, **told, **moved, uncertain=uncertain)


def _concentrated(part: Spread) -> str:
    """How concentrated, how sure that is, and whether it is much."""
    told: dict[str, Any] = {
        "hhi": number(part.now("hhi"), ".3f"),
        "sure": _sure(part.hhi),
        "much": _much(part),
    }
    if part.role == "market":
        return _("concentration over markets (HHI) is {hhi}{sure}, {much}", **told)
    return _("concentration over products (HHI) is {hhi}{sure}, {much}", **told)


def _sure(figure: Figure | None) -> str:
    if figure is None or figure.certain:
        return ""
    low, high = number(figure.low, ".3f"), number(figure.high, ".3f")
    return _(" (95 % interval {low} to {high})", low=low, high=high)


def _much(part: Spread) -> str:
    """Beside the table's other exporters; without others, beside lines that are usual."""
    own = part.now("hhi")
    if len(part.others) > 1:
        below = sum(x < own for x in part.others)
        return _("above {n} of the {all} other exporters in the table", n=below, all=len(part.others))
    if part.others:
        other = number(part.others[0], ".3f")
        return _("beside {other} of the table's other exporter", other=other)
    level = "low" if own < MODERATE else "moderate" if own <= HIGH else "high"
    return _(LEVELS[level])
