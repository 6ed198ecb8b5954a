"""Shares of markets, products and blocs, and what each adds to growth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import narwhals.stable.v2 as nw

from exportlab import classifications
from exportlab.errors import DataError, OptionError, one_of
from exportlab.flows import Columns, Flows, require
from exportlab.frames import among, ratio, sum_by, when, with_total
from exportlab.indices._steps import before_and_after, keyed, periods_compared
from exportlab.indices.catalogue import indicator
from exportlab.periods import Lag


@indicator(
    title="Share",
    formula=r"s_k = x_k / \sum_j x_j",
    low="0",
    high="1",
    source="UNCTAD Handbook of Statistics",
    laws="bounds scale permutation empty additive",
)
def share(flows: Flows, *, over: Columns = "market", by: Columns | None = None) -> Any:
    """Share of each member in its group's total.

    Parameters
    ----------
    flows : Flows
    over : str or sequence of str
        Whose shares: "market", "product", or both.
    by : str or sequence of str, optional
        Within what; by default every other role present.

    Returns
    -------
    frame
        One row per cell: the keys, value, share.
    """
    require(flows, "share")
    spread, groups = flows.split(over, by)
    keys = (*groups, *spread)
    cells = with_total(flows.cells(*keys).with_columns(nw.lit(0).alias("_all")), groups or ("_all",))
    result = cells.with_columns(ratio(nw.col("value"), nw.col("_total")).alias("share"))
    return flows.out(result.select(*keys, "value", "share"), keys)


@indicator(
    title="Bloc share",
    formula=r"\sum_{j \in B(t)} x_{jt} / \sum_j x_{jt}",
    low="0",
    high="1",
    rises_with="dependence on the bloc",
    source="WTO Regional Trade Agreements Database, by each member's entry into force",
    laws="bounds scale permutation replication empty",
)
def bloc_share(
    flows: Flows,
    bloc: str,
    *,
    by: Columns | None = None,
    membership: Literal["dated", "latest"] | str | int = "dated",
    within: Literal["end", "start"] = "end",
    home: str | None = None,
    members: Sequence[Any] | None = None,
    outside: Sequence[Any] = (),
) -> Any:
    """Share of exports that goes to the members of a bloc.

    Parameters
    ----------
    flows : Flows
        With markets named as countries (English, Chinese, ISO 3166 codes) or as the bloc itself.
    bloc : str
        "RCEP", "ASEAN", "EU" ...: `exportlab.blocs()`.
    by : str or sequence of str, optional
        By default every other role present.
    membership : "dated", "latest", or a year, month or date
        "dated": those for which the agreement is in force in each row's own period, so that the share moves
        with membership and trade. Any other: one fixed membership for all periods.
    within : {"end", "start"}
        Whether a member that joins within a period counts in it: in force at the period's end, or throughout.
    home : str, optional
        The exporters' own country, never counted as a member (for provinces of China: "CHN"). Flows whose
        market is written as their exporter are left out of the bloc in any case.
    members : sequence, optional
        The market labels that are members, where labels are not country names; replaces `membership`.
    outside : sequence, optional
        Market labels that are no country ("Others", "其他") and count as outside the bloc.

    Returns
    -------
    frame
        One row per group: value (to the bloc), total, bloc_share.

    Raises
    ------
    DataError
        Markets that are no known countries, or that lie partly in the bloc.
    """
    require(flows, "bloc_share")
    one_of("within", within, ("end", "start"))
    if "market" not in flows.roles:
        raise DataError("the flows have no market", "bloc_share needs market=... at the door.")
    _, groups = flows.split("market", by)
    if membership == "dated" and members is None and "period" not in flows.roles:
        raise OptionError(
            "membership='dated' needs periods; name a year or date, 'latest', or members=[...]."
        )
    keys = tuple(dict.fromkeys((*groups, *(r for r in ("period", "exporter") if r in flows.roles), "market")))
    if members is None:
        inside = _inside(flows, bloc, membership, within=within, home=home, outside=outside)
    else:
        inside = among("market", list(members))
    if "exporter" in flows.roles and _comparable(flows):
        inside = inside & (nw.col("exporter") != nw.col("market"))
    cells = flows.cells(*keys).with_columns(when(inside, nw.col("value"), 0.0).alias("_bloc"))
    sums = sum_by(cells, groups, ["_bloc", "value"])
    total = nw.col("value")
    result = sums.select(
        *groups, nw.col("_bloc").alias("_in"), total, ratio(nw.col("_bloc"), total).alias("bloc_share")
    )
    return flows.out(result.rename({"value": "total"}).rename({"_in": "value"}), groups)


def _comparable(flows: Flows) -> bool:
    types = flows.frame.collect_schema()
    return bool(types["exporter"] == types["market"])


def _inside(
    flows: Flows,
    bloc: str,
    membership: str | int,
    *,
    within: Literal["end", "start"],
    home: str | None,
    outside: Sequence[Any] = (),
) -> nw.Expr:
    """True for rows whose market is a member of the bloc (in the row's own period, when dated)."""
    labels = [label for label in flows.members("market") if label not in outside]
    own = () if home is None else (classifications.country(home).iso3,)
    if membership != "dated":
        fixed = classifications.members(bloc, on=membership, within=within, exclude=own)
        return among("market", _labels_of(labels, bloc, frozenset(fixed)))
    by_members: dict[frozenset[str], list[Any]] = {}
    for period in flows.members("period"):
        when_ = flows.calendar.period(period)
        day = when_.last_day if within == "end" else when_.first_day
        allowed = {m.member for m in classifications.membership(bloc) if m.covers(day)} - set(own)
        by_members.setdefault(frozenset(allowed), []).append(period)
    inside = nw.lit(False)
    for force, then in by_members.items():
        chosen = among("market", _labels_of(labels, bloc, force))
        inside = inside | (nw.col("period").is_in(then) & chosen)
    return inside


def _labels_of(labels: Sequence[Any], bloc: str, allowed: frozenset[str]) -> list[Any]:
    """The user's labels that stand for members only."""
    unknown, partly, chosen = [], [], []
    everyone = {m.member for m in classifications.membership(bloc)}
    for label in labels:
        group = classifications.resolve(label)
        if group is None:
            unknown.append(label)
        elif group <= allowed or (group == classifications.resolve(bloc) and allowed):
            chosen.append(label)
        elif len(group) > 1 and group & allowed and not group <= everyone:
            partly.append(label)
    if unknown:
        known = [x for x in labels if (group := classifications.resolve(x)) and group <= everyone]
        raise DataError(
            f"{len(unknown)} markets are no known country or bloc, so it cannot be said whether they are in {bloc}",
            f"Use country names or ISO codes; where none of them is a member, say outside={unknown[:20]}; "
            f"or name the members yourself: members={known[:20] or '[...]'}.",
            first=repr(unknown[0]),
        )
    if partly:
        raise DataError(
            f"{len(partly)} markets lie partly in {bloc}", "Split them into countries.", first=repr(partly[0])
        )
    return chosen


@indicator(
    title="Contribution to growth",
    formula=r"(x_{k,t} - x_{k,t-l}) / \sum_j x_{j,t-l}",
    low="-1",
    unit="1 (times 100: points)",
    source="UNCTAD Handbook of Statistics; additive by construction",
    column="contribution",
    laws="bounds scale permutation empty additive",
    undefined="the earlier total is zero",
)
def contributions(
    flows: Flows, *, over: Columns = "market", by: Columns | None = None, lag: Lag = "year"
) -> Any:
    """What each member adds to the growth of its group's total; the contributions sum to that growth.

    Parameters
    ----------
    flows : Flows
        With periods.
    over : str or sequence of str
        Whose contributions: "market" or "product".
    by : str or sequence of str, optional
        Within what, besides the period; by default every other role present.
    lag : "year" or int
        Against the same period a year before, or so many steps of the table back (1: month on month).

    Returns
    -------
    frame
        One row per cell active in either period: keys (the later period), before, after, contribution.

    Raises
    ------
    DataError
        No two periods lie `lag` apart.
    """
    spread, groups = keyed(flows, "contributions", over, by)
    keys = (*groups, *spread)
    summed = with_total(
        before_and_after(flows.cells(*keys), keys, periods_compared(flows, lag)), groups, "before"
    )
    gain = ratio(nw.col("after") - nw.col("before"), nw.col("_total")).alias("contribution")
    return flows.out(summed.select(*keys, "before", "after", gain), keys)
