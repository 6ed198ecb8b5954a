"""The section on a bloc's share in a table of one's own."""

from __future__ import annotations

import pandas as pd

from exportlab.classifications import bloc as known_bloc
from exportlab.findings import Findings
from exportlab.findings.parts import BlocShare, LeftOut
from exportlab.flow_table import Flows
from exportlab.reporting.own import intervals, pictures
from exportlab.reporting.own.intervals import Made, last_period
from exportlab.reporting.own.naming import unit_of
from exportlab.tables.model import Fact, Picture, Section, Table
from exportlab.words import _, percent, refusal, sentences


def section(found: Findings, bloc: str) -> Made:
    """The bloc's share; where the markets are no countries, why there is none."""
    share = found.bloc
    title = _("The {bloc} share", bloc=bloc)
    if isinstance(share, LeftOut):
        why = _(
            "The share of {bloc} is left out: {reason}",
            bloc=bloc,
            reason=refusal(share.error) if share.error else "",
        )
        return Section("bloc", title, (why,)), None
    flows = found.basis.flows
    known = intervals.sentence(share.share, "market", percent)
    today = _(
        "Members in force in that period; with today's members {share}.", share=percent(share.now_today)
    )
    fact = Fact(
        _("Share of {bloc}, {period}", bloc=bloc, period=last_period(flows)),
        percent(share.now),
        sentences(known, today),
        "bloc",
    )
    text = _(
        "Counted twice: with the members for which the agreement was in force in each period, so that the share "
        "moves with membership and with trade, and with today's members throughout, so that it moves with trade "
        "alone."
    )
    return Section("bloc", title, (text,), tuple(_parts(found, share))), fact


def _parts(found: Findings, share: BlocShare) -> list[Table | Picture]:
    given, bloc = found.basis, share.bloc
    flows = given.flows
    name, title = known_bloc(bloc).name.lower(), _("Share of {bloc}", bloc=bloc)
    figures = [
        (_("Share of {bloc}, {period}", bloc=bloc, period=last_period(flows)), share.share),
    ]
    changes = [(intervals.since(_("Change of the share, today's members"), share.change), share.change)]
    parts: list[Table | Picture] = [
        _table(f"{name}_share", title, share.in_force, share.today, flows),
        *intervals.table(f"{name}_sure", figures, "share"),
        *intervals.table(f"{name}_change", changes, "points"),
    ]
    if given.turned:
        every = _("Share of {bloc}, every period", bloc=bloc)
        both = share.every_in_force, share.every_today
        parts.append(_table(f"{name}_share_every", every, *both, given.every))
    if given.by:
        parts.insert(0, pictures.bloc(given, share))
    return parts


def _table(name: str, title: str, in_force: pd.DataFrame, today: pd.DataFrame | None, flows: Flows) -> Table:
    """Both definitions, one below the other."""
    tables = {_("members in force in each period"): in_force}
    if today is not None:
        tables[_("today's members throughout")] = today
    shown = pd.concat([t.assign(membership=k) for k, t in tables.items()], ignore_index=True)
    formats = {flows.roles["value"]: ",.0f", "total": ",.0f", "bloc_share": "share"}
    return Table(name, title, shown, unit_of(flows), _("computed"), formats, made=("bloc_share",))
