"""The section on a bloc's share in a table of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from exportlab.classifications import bloc as known_bloc
from exportlab.errors import DataError
from exportlab.flows import Flows
from exportlab.frames import to_pandas
from exportlab.indices.shares import bloc_share
from exportlab.plots import structure
from exportlab.plots.style import localised
from exportlab.reporting.own import intervals
from exportlab.reporting.own.intervals import Given, Made, by_of, last_period, latest, unit_of
from exportlab.tables.model import Fact, Picture, Section, Table
from exportlab.words import _, percent, sentences


def section_or_why_not(given: Given, bloc: str, **counted: Any) -> Made:
    """The bloc's share, `counted` with home= and outside=; where the markets are no countries, why there is none."""
    try:
        return _section(given, bloc, counted)
    except DataError as error:
        why = _("The share of {bloc} is left out: {reason}", bloc=bloc, reason=error)
        return Section("bloc", _("The {bloc} share", bloc=bloc), (why,)), None


def _section(given: Given, bloc: str, counted: Mapping[str, Any]) -> Made:
    flows, every = given.flows, given.every
    name, title = known_bloc(bloc).name.lower(), _("Share of {bloc}", bloc=bloc)
    now, shown = _shares(flows, bloc, counted)
    made = _sure(given, bloc, counted)
    parts: list[Table | Picture] = [
        _table(f"{name}_share", title, shown, flows),
        *intervals.table(f"{name}_sure", made, "share"),
    ]
    if given.turned:
        now, all_ = _shares(every, bloc, counted)
        parts.append(
            _table(f"{name}_share_every", _("Share of {bloc}, every period", bloc=bloc), all_, every)
        )
    if "period" in flows.roles:
        ax = structure.bloc_share(
            now,
            period=flows.roles["period"],
            bloc=bloc,
            source=flows.source,
            title=_("Share of {bloc} members in force", bloc=bloc),
        )
        parts.insert(
            0, Picture(f"{name}_share", title, localised(ax), _("Share of {bloc} by period", bloc=bloc))
        )
    last = latest(shown, flows)["bloc_share"]
    known = made[0].sentence if made[0] else intervals.without("market")
    fact = Fact(_("Share of {bloc}, {period}", bloc=bloc, period=last_period(flows)), percent(float(last.iloc[0])),
                sentences(known, _("Members in force in that period; with today's members {share}.",
                                   share=percent(float(last.iloc[-1])))), "bloc")  # fmt: skip
    return Section("bloc", _("The {bloc} share", bloc=bloc), (
        _("Counted twice: with the members for which the agreement was in force in each period, so that the share "
          "moves with membership and with trade, and with today's members throughout, so that it moves with trade "
          "alone."),
    ), tuple(parts)), fact  # fmt: skip


def _table(name: str, title: str, shown: pd.DataFrame, flows: Flows) -> Table:
    formats = {flows.roles["value"]: ",.0f", "total": ",.0f", "bloc_share": "share"}
    return Table(name, title, shown, unit_of(flows), _("computed"), formats, made=("bloc_share",))


def _shares(flows: Flows, bloc: str, counted: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The share with the members of each period, and that beside the share with today's."""
    dated = "period" in flows.roles
    now = to_pandas(
        bloc_share(flows, bloc, by=by_of(flows), membership="dated" if dated else "latest", **counted)
    )
    tables = {_("members in force in each period"): now}
    if dated:
        today = to_pandas(bloc_share(flows, bloc, by=by_of(flows), membership="latest", **counted))
        tables[_("today's members throughout")] = today
    return now, pd.concat([t.assign(membership=k) for k, t in tables.items()], ignore_index=True)


def _sure(given: Given, bloc: str, counted: Mapping[str, Any]) -> list[intervals.Sure | None]:
    """The share of the last period with its interval, and its change with today's members throughout."""
    flows, options = given.flows, {"bloc": bloc, **counted}
    now = intervals.surely(
        flows,
        "bloc_share",
        over="market",
        what=_("Share of {bloc}, {period}", bloc=bloc, period=last_period(flows)),
        form=percent,
        membership="dated" if "period" in flows.roles else "latest",
        **options,
    )
    moved = intervals.change(
        given,
        "bloc_share",
        over="market",
        what=_("Change of the share, today's members"),
        form=percent,
        membership="latest",
        **options,
    )
    return [now, moved]
