"""What the flows say by themselves: totals, concentration, growth, a bloc's share, sections of the nomenclature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exportlab.classifications import bloc as known_bloc
from exportlab.classifications.hs import hs_section
from exportlab.errors import DataError, ExportlabError
from exportlab.findings.basis import Basis, change, compared, estimated, latest
from exportlab.findings.parts import BlocShare, Growth, LeftOut, Spread, Structure, Totals
from exportlab.flow_table import Flows
from exportlab.frames import to_pandas
from exportlab.indices.measure import measure
from exportlab.indices.residual import without
from exportlab.indices.shares import bloc_share, contributions, share
from exportlab.turned import cells, year_before

if TYPE_CHECKING:
    import pandas as pd

INDICES = ["hhi", "effective_number", "cr4", "theil", "gini", "number_active"]
MADE_OF = 12  # members that growth is told of
MOST = 0.9  # of the codes that must be codes of the HS; a few of the user's own are no reason


def by_of(flows: Flows) -> list[str]:
    return ["period"] if "period" in flows.roles else []


def in_time(table: pd.DataFrame, flows: Flows) -> pd.DataFrame:
    """The rows in the order of time."""
    if not by_of(flows):
        return table
    period = flows.roles["period"]
    place = {p: i for i, p in enumerate(flows.calendar.in_order(table[period].unique()))}
    return table.sort_values(period, key=lambda column: column.map(place), kind="stable")


def totals(given: Basis) -> Totals:
    """Sums of all values."""
    table = _total(given.flows)
    every = _total(given.every) if given.turned else table
    last = float(table[given.flows.roles["value"]].iloc[-1])
    return Totals(table, every, last, *_growth_of_total(given, table, every))


def _growth_of_total(
    given: Basis, table: pd.DataFrame, every: pd.DataFrame
) -> tuple[float | None, tuple[Any, Any] | None]:
    """Growth on the year before, and the periods it compares."""
    for flows, sums in ((given.flows, table), (given.every, every)):
        before = year_before(flows)
        if before is not None:
            between = before, flows.members("period")[-1]
            # By key: pandas turns a date of another engine into a time.
            keys = map(flows.calendar.key, sums[flows.roles["period"]])
            by_period = dict(zip(keys, sums[flows.roles["value"]], strict=True))
            first, last = (float(by_period[key]) for key in between)
            return (last / first - 1 if first > 0 else None), (flows.said(between[0]), flows.said(between[1]))
    return None, None


def _total(flows: Flows) -> pd.DataFrame:
    """The sum of all values by period; of the whole table where it has none."""
    if by_of(flows):
        return in_time(to_pandas(cells(flows, by_of(flows)).table), flows)
    return to_pandas(flows.table)[[flows.roles["value"]]].sum().to_frame().T


def spread(given: Basis, role: str) -> Spread | LeftOut:
    """Shares, concentration and its change, and what growth was made of."""
    if role not in given.flows.roles:
        return LeftOut("no column")
    left_over = given.flows.residuals(role)
    if left_over:  # no member: the spread is that of the named
        own = without(given.flows)
        given = replace(given, flows=own, every=without(given.every) if given.turned else own)
    shares = to_pandas(share(given.flows, over=role, by=given.by))
    table = _indices(given.flows, role)
    return Spread(
        role,
        shares,
        latest(shares, given.flows),
        table,
        _indices(given.every, role) if given.turned else table,
        estimated(given, "hhi", over=role),
        change(given, "hhi", over=role),
        _growth(given, role),
        compared(given) is not None,
        left_over,
        _others(given, role),
    )


def _others(given: Basis, role: str) -> tuple[float, ...]:
    """The HHI of every other exporter in the last period, where one is told of among several."""
    every = given.latest_of_all
    if given.exporter is None or "exporter" not in every.roles or every.residuals(role):
        return ()
    label = every.find("exporter", given.exporter)
    found = to_pandas(measure(every, "hhi", over=role, by=["exporter"]))
    own = found[every.roles["exporter"]] == label
    return tuple(sorted(float(x) for x in found.loc[~own, "hhi"].dropna()))


def _indices(flows: Flows, role: str) -> pd.DataFrame:
    """Concentration by period."""
    return in_time(to_pandas(measure(flows, INDICES, over=role, by=by_of(flows))), flows)


def _growth(given: Basis, role: str) -> Growth | None:
    """What growth over the year before the last period was made of; None where the table has none of that year."""
    for flows in (given.flows, given.every):
        before = year_before(flows)
        if before is not None:
            gains = latest(to_pandas(contributions(flows, over=role, by=by_of(flows))), flows)
            last = flows.said(flows.members("period")[-1])
            # Rows of a plan come in any order: of equal ones the label decides.
            gains = gains.sort_values(flows.roles[role], kind="stable")
            gains = gains.sort_values("contribution", key=lambda g: -g.abs(), kind="stable")
            return Growth(gains.head(MADE_OF), flows.said(before), last, gains)
    return None


def of_bloc(given: Basis, bloc: str, counted: Mapping[str, Any]) -> BlocShare | LeftOut:
    """The bloc's share, `counted` with home= and outside=; left out where the markets are no countries."""
    if "market" not in given.flows.roles:
        return LeftOut("no column")
    try:
        return _of_bloc(given, bloc, counted)
    except DataError as error:
        return LeftOut("refused", error)


def _of_bloc(given: Basis, bloc: str, counted: Mapping[str, Any]) -> BlocShare:
    flows, options = given.flows, {"bloc": bloc, **counted}
    known_bloc(bloc)
    in_force, today = _both(flows, bloc, counted)
    every = _both(given.every, bloc, counted) if given.turned else (in_force, today)
    mode = "dated" if given.by else "latest"
    last = [float(latest(t, flows)["bloc_share"].iloc[-1]) for t in (in_force, today) if t is not None]
    return BlocShare(
        bloc,
        in_force,
        today,
        *every,
        estimated(given, "bloc_share", over="market", membership=mode, **options),
        change(given, "bloc_share", over="market", membership="latest", **options),
        last[0],
        last[-1],
    )


def _both(flows: Flows, bloc: str, counted: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The share with the members of each period, and with today's; without periods with today's alone."""
    by = by_of(flows)
    modes = ("dated", "latest") if by else ("latest",)
    made = [to_pandas(bloc_share(flows, bloc, by=by, membership=m, **counted)) for m in modes]
    return made[0], made[1] if by else None


def structure(given: Basis, technology: Any) -> Structure | LeftOut:
    """Exports by section of the Harmonized System; left out where products are other codes."""
    flows = given.flows
    if "product" not in flows.roles:
        return LeftOut("no column")
    if technology == "sitc3":
        return LeftOut("other codes")
    value, product = flows.roles["value"], flows.roles["product"]
    table = latest(to_pandas(cells(flows, [*given.by, "product"]).table), flows)
    codes = {str(p) for p in table[product]}
    found = {c: s for c in codes if (s := _section(c)) is not None}
    if len(found) < MOST * len(codes):
        return LeftOut("no codes of the HS", of=(len(found), len(codes)))
    numbered = table.assign(hs_section=table[product].astype(str).map(found).fillna(""))
    made = numbered.groupby("hs_section", sort=False).agg(products=(product, "nunique"), value=(value, "sum"))
    made = made.sort_values("value", ascending=False).reset_index()
    return Structure(made.assign(share=made["value"] / made["value"].sum()))


def _section(code: str) -> str | None:
    """The Roman number of the section of an HS code; None for what is no such code."""
    try:
        section = hs_section(code) if code[:1].isdigit() and len(code) % 2 == 0 else None  # 2, 4, 6, 8 digits
    except ExportlabError:
        return None
    return None if section is None else section.number
