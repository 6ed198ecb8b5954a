"""The report on a table of one's own: every section the roles at the door allow."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from exportlab.errors import UnknownName
from exportlab.flows import Flows, cells
from exportlab.frames import collect
from exportlab.indices.advantage import rca
from exportlab.indices.shares import bloc_share, contributions, share
from exportlab.measure import measure
from exportlab.plots import structure
from exportlab.reporting.model import Page, Picture, Section, Table

INDICES = ["hhi", "effective_number", "cr4", "theil", "gini", "number_active"]
FORMATS = {"hhi": ".4f", "effective_number": ".1f", "cr4": "share", "theil": ".3f", "gini": ".3f",
           "number_active": ",.0f", "universe": ",.0f"}  # fmt: skip


def page(flows: Flows, *, exporter: str | None, bloc: str, reference: Flows | None, home: str | None) -> Page:
    """The whole report on one exporter's flows."""
    own = _only(flows, exporter)
    name = exporter or "all exporters"
    sections = [_data(own, name), _totals(own)]
    if "market" in own.roles:
        sections.append(_spread(own, "market", "Markets and their concentration"))
        sections.append(_bloc(own, bloc, home))
    if "product" in own.roles:
        sections.append(_spread(own, "product", "Products and their concentration"))
    if "product" in own.roles and (reference is not None or _several(flows)):
        sections.append(_advantage(flows, own, exporter, reference))
    return Page(f"Exports of {name}", f"{_periods(own)}; unit: {own.unit or 'not stated'}", tuple(sections))


def _only(flows: Flows, exporter: str | None) -> Flows:
    """The rows of one exporter; all of them where none is named."""
    from dataclasses import replace

    if exporter is None or "exporter" not in flows.roles:
        return flows
    known = flows.members("exporter")
    if exporter not in known:
        raise UnknownName("exporter", exporter, [str(k) for k in known])
    return replace(flows, frame=flows.frame.filter(nw.col("exporter") == exporter), pending=False, _memo={})


def _several(flows: Flows) -> bool:
    return "exporter" in flows.roles and len(flows.members("exporter")) > 1


def _by(flows: Flows) -> list[str]:
    return ["period"] if "period" in flows.roles else []


def _pandas(native: Any) -> pd.DataFrame:
    return collect(nw.from_native(native)).to_pandas()


def _periods(flows: Flows) -> str:
    if "period" not in flows.roles:
        return "one period"
    known = flows.members("period")
    return f"{known[0]}" if len(known) == 1 else f"{known[0]} to {known[-1]} ({len(known)} periods)"


def _data(flows: Flows, name: str) -> Section:
    rows = collect(flows.frame)
    facts = [("exporter", name), ("rows", f"{len(rows):,}"), ("periods", _periods(flows)),
             ("unit", flows.unit or "not stated"), ("source", flows.source or "not stated")]  # fmt: skip
    spread = [r for r in ("market", "product") if r in flows.roles]
    facts += [(f"{role}s with a value", f"{len(flows.members(role)):,}") for role in spread]
    facts += [(f"key column {k!r}", f"{rows[k].n_unique():,} values, summed over") for k in flows.keys]
    table = pd.DataFrame(facts, columns=["what", "figure"])
    return Section("data", "What the data are", (
        "Every row passed the door: no missing, negative or infinite value, no totals among the members, no bloc "
        "beside its members. Nothing was filled in or dropped.",
    ), (Table("data", "The table", table, "as stated", flows.source or "the file given"),))  # fmt: skip


def _totals(flows: Flows) -> Section:
    total = (
        _pandas(cells(flows, _by(flows)).table)
        if _by(flows)
        else _pandas(flows.table)[[flows.roles["value"]]].sum().to_frame().T
    )
    value = flows.roles["value"]
    parts: list[Table | Picture] = []
    if _by(flows):
        period = flows.roles["period"]
        total = total.sort_values(period)
        ax = structure.series(total, period=period, columns=[value], unit=flows.unit or "value",
                              title="Exports by period", source=flows.source)  # fmt: skip
        parts.append(Picture("totals", "Exports by period", ax, "Line of total exports by period"))
    parts.append(Table("totals", "Totals", total, flows.unit or "not stated", flows.source or "the file given",
                       {value: ",.0f"}))  # fmt: skip
    return Section("totals", "Totals", ("Sums of the value column.",), tuple(parts))


def _spread(flows: Flows, role: str, title: str) -> Section:
    """Shares of the largest members, concentration by period, what the last change was made of."""
    column, value = flows.roles[role], flows.roles["value"]
    shares = _pandas(share(flows, over=role, by=_by(flows)))
    index = _pandas(measure(flows, INDICES, over=role, by=_by(flows)))
    period = flows.roles.get("period")
    last = shares if period is None else shares[shares[period] == shares[period].max()]
    top = last.nlargest(20, "share")
    parts: list[Table | Picture] = [
        Picture(f"{role}_shares", "Largest shares", structure.market_shares(
            shares.assign(**({} if period else {"_p": 0})), period=period or "_p", member=column,
            title=f"Largest {role}s", source=flows.source), f"Shares of the largest {role}s"),
        Table(f"{role}_shares", f"The 20 largest {role}s" + (" in the last period" if period else ""), top,
              flows.unit or "not stated", flows.source or "the file given", {value: ",.0f", "share": "share"}),
        Picture(f"{role}_lorenz", "Lorenz curve", structure.lorenz(last[value], member=f"{role}s",
                title="Lorenz curve, last period" if period else "Lorenz curve", source=flows.source),
                f"Lorenz curve over {role}s"),
        Table(f"{role}_concentration", "Concentration", index,
              f"indices; universe: {role}s with a value somewhere in the table", "computed", FORMATS),
    ]  # fmt: skip
    if period and len(index) > 1:
        ax = structure.concentration(
            index, period=period, title=f"Concentration over {role}s", source=flows.source
        )
        parts.insert(2, Picture(f"{role}_hhi", "Concentration", ax, f"HHI over {role}s by period"))
        gains = _pandas(contributions(flows, over=role, by=_by(flows)))
        gains = gains[gains[period] == gains[period].max()]
        largest = gains.reindex(gains["contribution"].abs().sort_values(ascending=False).index).head(12)
        parts.append(Table(f"{role}_growth", f"What the last period's growth was made of, by {role}", largest,
                           "contribution to the growth of the total", flows.source or "the file given",
                           {"before": ",.0f", "after": ",.0f", "contribution": "share"}))  # fmt: skip
    return Section(f"{role}s", title, (
        f"The Herfindahl-Hirschman index is the sum of squared shares; its inverse is the number of {role}s of equal "
        "size that would give the same concentration.",
    ), tuple(parts))  # fmt: skip


def _bloc(flows: Flows, bloc: str, home: str | None) -> Section:
    dated = "period" in flows.roles
    tables = {"members in force in each period": _pandas(
        bloc_share(flows, bloc, by=_by(flows), membership="dated" if dated else "latest", home=home))}  # fmt: skip
    if dated:
        tables["today's members throughout"] = _pandas(
            bloc_share(flows, bloc, by=_by(flows), membership="latest", home=home)
        )
    shown = pd.concat([t.assign(membership=k) for k, t in tables.items()], ignore_index=True)
    value = flows.roles["value"]
    parts: list[Table | Picture] = [
        Table(f"{bloc.lower()}_share", f"Share of {bloc}", shown, flows.unit or "not stated", "computed",
              {value: ",.0f", "total": ",.0f", "bloc_share": "share"})]  # fmt: skip
    if dated:
        ax = structure.bloc_share(tables["members in force in each period"], period=flows.roles["period"], bloc=bloc,
                                  title=f"Share of {bloc} members in force", source=flows.source)  # fmt: skip
        parts.insert(
            0, Picture(f"{bloc.lower()}_share", f"Share of {bloc}", ax, f"Share of {bloc} by period")
        )
    return Section("bloc", f"The {bloc} share", (
        "Counted twice: with the members for which the agreement was in force in each period, so that the share moves "
        "with membership and with trade, and with today's members throughout, so that it moves with trade alone.",
    ), tuple(parts))  # fmt: skip


def _advantage(flows: Flows, own: Flows, exporter: str | None, reference: Flows | None) -> Section:
    against = "the reference table" if reference is not None else "all exporters in the table"
    by = [*_by(flows), "exporter"] if "exporter" in flows.roles else _by(flows)
    if "exporter" not in flows.roles:
        from dataclasses import replace

        frame = own.frame.with_columns(nw.lit(exporter or "own").alias("exporter"))
        own = replace(own, frame=frame, roles={**own.roles, "exporter": "exporter"}, _memo={})
        by = [*_by(flows), "exporter"]
        index = _pandas(rca(own, reference=reference, by=by))
    else:
        index = _pandas(rca(flows if reference is None else own, reference=reference or "world", by=by))
    label = own.roles["exporter"]
    if exporter is not None and label in index:
        index = index[index[label] == exporter]
    period = flows.roles.get("period")
    last = index if period is None else index[index[period] == index[period].max()]
    top = last[last["share"] > 0.001].nlargest(20, "rca")
    product = flows.roles["product"]
    ax = structure.rca_bars(top, product=product, title="Largest advantage among products above 0.1 % of exports",
                            source=flows.source)  # fmt: skip
    return Section("advantage", "Revealed comparative advantage", (
        f"Balassa's index against {against}: the product's share in the exporter's exports over its share in the "
        f"reference's. {int((last['rca'] > 1).sum()):,} of {len(last):,} products are above 1 in the last period.",
    ), (Picture("rca", "Advantage", ax, "Bars of the largest RCA"),
        Table("rca", "The 20 products of largest RCA", top, "RCA: 1 is neutral", "computed; Balassa (1965)",
              {own.roles["value"]: ",.0f", "share": "share", "reference_share": "share", "rca": ".2f"})))  # fmt: skip
