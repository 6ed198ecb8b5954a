"""Shares of markets, products and blocs, and what each adds to growth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import narwhals.stable.v2 as nw

from exportlab import classifications
from exportlab.classifications import Meaning
from exportlab.classifications.blocs import On, exporters_of
from exportlab.errors import DataError, OptionError, one_of, short
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Frame, abroad, among, collect, distinct, ratio, sum_by, when, with_total
from exportlab.indices._steps import ALL, before_and_after, keyed, periods_compared, with_seen
from exportlab.indices.catalogue import indicator
from exportlab.indices.residual import Residual
from exportlab.options import Label
from exportlab.periods import Lag
from exportlab.places import moment
from exportlab.words import N_, enumerated, said


@indicator(
    title=N_("Share"),
    aliases=("份额",),
    formula=r"s_k = x_k / \sum_j x_j",
    low="0",
    high="1",
    source="UNCTAD Handbook of Statistics",
    laws="bounds scale permutation empty additive",
    rows=True,
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
    title=N_("Bloc share"),
    aliases=("区域贸易集团占比",),
    formula=r"\sum_{j \in B(t)} x_{jt} / \sum_j x_{jt}",
    low="0",
    high="1",
    rises_with=N_("dependence on the bloc"),
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
    members: Sequence[Label] | None = None,
    outside: Sequence[Any] = (),
    residual: Residual | None = None,
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
        with membership and trade. Any other: one fixed membership for all periods. Blocs among the markets are read at
        their row's period in any case.
    within : {"end", "start"}
        Whether a member that joins or leaves within a period counts in it: in force at the period's end, or throughout.
    home : str, optional
        The exporters' own country, never counted as a member (for provinces of China: "CHN"). Flows whose
        market is written as their exporter are left out of the bloc in any case. A membership that holds for one
        exporter only (Myanmar in RCEP for China) counts where that country is `home`, or the row's exporter.
    members : sequence, optional
        The market labels that are members, where labels are not country names; replaces `membership`.
    outside : sequence, optional
        Market labels that are no country and count as outside the bloc.
    residual : {"leave_out", "bounds"}, optional
        What to do with markets that are left over by what the door was told ("Others"), as members may be among them:
        take them out of the total, or give bloc_share_low and bloc_share_high.

    Returns
    -------
    frame
        One row per group: value (to the bloc), total, bloc_share; of bounds value, total, bloc_share_low (none of what
        is left over goes to members) and bloc_share_high (all of it, where not all members are named).

    Raises
    ------
    DataError
        Markets that are no known countries, that lie partly in the bloc, or that are left over without `residual`.
    OptionError
        `members` of whom none is in the table.
    """
    require(flows, "bloc_share")
    one_of("within", within, ("end", "start"))
    if "market" not in flows.roles:
        raise DataError(said("the flows have no market"), said("bloc_share needs market=... at the door."))
    _, groups = flows.split("market", by)
    rest = [x for x in flows.residuals("market") if x not in outside and x not in (members or ())]
    if rest and residual is None:
        raise _may_hold(bloc, rest)
    asked = Asked(bloc, membership, within, home, members, (*outside, *rest))
    keys = tuple(dict.fromkeys((*groups, *(r for r in ("period", "exporter") if r in flows.roles), "market")))
    parts = asked.parts(flows, "market")
    inside = inside_of(parts, "market")
    if "exporter" in flows.roles:
        inside = inside & abroad(flows.frame)
    cells = flows.cells(*keys).with_columns(when(inside, nw.col("value"), 0.0).alias("_bloc"))
    if residual == "bounds":
        return flows.out(_bounded(cells, parts, groups, rest), groups)
    cells = cells.filter(~among("market", rest)) if rest else cells
    sums = sum_by(cells, groups, ["_bloc", "value"])
    total = nw.col("value")
    result = sums.select(
        *groups, nw.col("_bloc").alias("_in"), total, ratio(nw.col("_bloc"), total).alias("bloc_share")
    )
    return flows.out(result.rename({"value": "total"}).rename({"_in": "value"}), groups)


def _may_hold(bloc: str, rest: Sequence[Any]) -> DataError:
    return DataError(
        said("{n} markets are what is left over, and may hold members of {bloc}", n=len(rest), bloc=bloc),
        said(
            "Say residual='bounds' (low and high) or residual='leave_out'; where none of them is a "
            "member, say outside={rest}.",
            rest=list(rest)[:20],
        ),
        first=repr(rest[0]),
    )


def _bounded(cells: Frame, parts: Sequence[Part], groups: Sequence[str], rest: Sequence[Any]) -> Frame:
    """Low and high: what is left over holds no member; or members only, where some are not named beside it."""
    covers, force = nw.lit(0.0), nw.lit(0.0)
    for part in parts:
        force = force + when(part.rows, float(len(part.force)), 0.0)
        for size in {len(found) for found in part.chosen.values()}:
            of_size = among("market", [x for x, found in part.chosen.items() if len(found) == size])
            covers = covers + when(part.rows & of_size, float(size), 0.0)
    apart = [k for k in cells.collect_schema().names() if k not in ("market", "value", "_bloc")]
    marked = cells.with_columns(
        covers.alias("_covers"),
        force.alias("_force"),
        nw.lit(1.0).alias("_n"),
        when(among("market", list(rest)), nw.col("value"), 0.0).alias("_rest"),
        nw.lit(0).alias(ALL),
    )
    sums = sum_by(marked, (*apart, ALL), ["_bloc", "value", "_rest", "_covers", "_force", "_n"])
    some_unnamed = nw.col("_covers") + 0.5 < nw.col("_force") / nw.col("_n")
    high = nw.col("_bloc") + when(some_unnamed, nw.col("_rest"), 0.0)
    sums = sum_by(sums.with_columns(high.alias("_high")), (*groups, ALL), ["_bloc", "value", "_high"])
    total = nw.col("value")
    return sums.select(
        *groups,
        nw.col("_bloc").alias("value"),
        total.alias("total"),
        ratio(nw.col("_bloc"), total).alias("bloc_share_low"),
        ratio(nw.col("_high"), total).alias("bloc_share_high"),
    )


@dataclass(frozen=True)
class Part:
    """Rows of one membership: which they are, the labels that stand for members, and who the members are."""

    rows: nw.Expr
    chosen: Mapping[Any, frozenset[str]]
    force: frozenset[str]


def inside_of(parts: Sequence[Part], role: str) -> nw.Expr:
    """True where the label of a role stands for members."""
    found = nw.lit(False)
    for part in parts:
        found = found | (part.rows & among(role, list(part.chosen)))
    return found


@dataclass(frozen=True)
class Asked:
    """Which bloc, and how its membership is read."""

    bloc: str
    membership: str | int = "dated"
    within: str = "end"
    home: str | None = None
    members: Sequence[Label] | None = None
    outside: tuple[Any, ...] = ()

    def parts(self, flows: Flows, role: str) -> list[Part]:
        """The rows by period and, where the bloc has members for one exporter only, by that exporter."""
        if self.members is not None:
            single = {x: frozenset({str(x)}) for x in self._named(flows, self.members)}
            return [Part(nw.lit(True), single, frozenset(map(str, self.members)))]
        if self.membership == "dated" and "period" not in flows.roles:
            raise OptionError(
                said("membership='dated' needs periods; name a year or date, 'latest', or members=[...].")
            )
        found = flows.naming.meanings(flows.observed(role), f"{role} {flows.roles[role]!r}")
        self._refuse_members_outside(found)
        seen = self._seen(flows, role)
        made: dict[
            tuple[str | None, Any, Any], tuple[list[Any], dict[Any, frozenset[str]], frozenset[str]]
        ] = {}
        for (to, period), labels in seen.items():
            force = self._force(flows, period, to)
            day = moment(flows, period)
            chosen = self._chosen({x: found[x] for x in labels if x not in self.outside}, force, day, to)
            same = (to, frozenset(chosen), force)
            made.setdefault(same, ([], chosen, force))[0].append(period)
        return [
            Part(self._rows(flows, role, to, periods), chosen, force)
            for (to, _, _), (periods, chosen, force) in made.items()
        ]

    def _named(self, flows: Flows, members: Sequence[Any]) -> list[Any]:
        """The members that are in the table, as exporters or as markets."""
        known = {x for r in ("exporter", "market") if r in flows.roles for x in flows.observed(r)}
        named = [x for x in members if x in known]
        if not named:
            raise OptionError(
                said(
                    "members={members} names no label of the table. Its labels: {known}.",
                    members=short(repr(members), 200),
                    known=short(repr(sorted(known, key=str)), 200),
                )
            )
        return named

    def _refuse_members_outside(self, found: Mapping[Any, Meaning]) -> None:
        everyone = frozenset(classifications.members(self.bloc, on="ever", exporter=self.home))
        wrong = [x for x in self.outside if x in found and everyone & (found[x].countries() or frozenset())]
        if wrong:
            raise OptionError(
                said(
                    "outside= names {wrong}, which is a member of {bloc} or holds one ({own}). Allowed: "
                    "labels of no country; membership= says when a country is a member.",
                    wrong=repr(wrong[0]),
                    bloc=self.bloc,
                    own=found[wrong[0]].own,
                )
            )

    @property
    def _own(self) -> str | None:
        return None if self.home is None else classifications.country(self.home).iso3

    def _special(self, flows: Flows, role: str) -> dict[str, list[Any]]:
        """The labels across from `role` of exporters that count members which others do not."""
        across = "exporter" if role == "market" else "market"
        codes = exporters_of(self.bloc)
        if self.home is not None or not codes or across not in flows.roles:
            return {}
        found = flows.naming.meanings(flows.observed(across), across, strict=False)
        named = {
            c: [x for x, m in found.items() if m.kind == "country" and m.code == c] for c in sorted(codes)
        }
        return {code: labels for code, labels in named.items() if labels}

    def _seen(self, flows: Flows, role: str) -> dict[tuple[str | None, Any], list[Any]]:
        """The labels that carry value, by the exporter that counts members of its own, and by period."""
        special = self._special(flows, role)
        across = ("exporter" if role == "market" else "market",) if special else ()
        keys = (*(r for r in ("period",) if r in flows.roles), *across, role)
        rows = collect(distinct(flows.cells(*keys).filter(nw.col("value") > 0), *keys))
        who = {x: code for code, labels in special.items() for x in labels}
        found: dict[tuple[str | None, Any], list[Any]] = {}
        for row in rows.iter_rows(named=True):
            to = who.get(row[across[0]]) if across else self._own
            labels = found.setdefault((to, row.get("period")), [])
            labels += [row[role]] * (row[role] not in labels)
        return found

    def _rows(self, flows: Flows, role: str, to: str | None, periods: Sequence[Any]) -> nw.Expr:
        special = self._special(flows, role)
        across = "exporter" if role == "market" else "market"
        found = nw.lit(True) if periods == [None] else nw.col("period").is_in(list(periods))
        if to in special:
            return found & among(across, special[to])
        return (
            found & ~among(across, [x for labels in special.values() for x in labels]) if special else found
        )

    def _force(self, flows: Flows, period: Any, to: str | None) -> frozenset[str]:
        """The members in a period, as an exporter counts them."""
        if self.membership != "dated":
            fixed = classifications.members(self.bloc, on=self.membership, within=self.within, exporter=to)
            return frozenset(fixed) - {self._own or ""}
        when_ = flows.calendar.period(period)
        known = classifications.membership(self.bloc, exporter=to)
        days = (when_.last_day,) if self.within == "end" else (when_.first_day, when_.last_day)
        return frozenset(m.member for m in known if all(m.covers(day) for day in days)) - {self._own or ""}

    def _chosen(
        self, found: Mapping[Any, Meaning], force: frozenset[str], day: On, to: str | None
    ) -> dict[Any, frozenset[str]]:
        """The labels that stand for members only, and for whom."""
        name, own = classifications.bloc(self.bloc).name, {self._own or ""}
        unknown, partly, chosen = [], [], {}
        for label, m in found.items():
            group = m.countries(day, to)
            if group is None:
                unknown.append(label)
            elif m.never_in(name) or not (group - own):
                continue
            elif group - own <= force or (
                self.membership == "dated" and force and m.kind == "bloc" and m.code == name
            ):
                chosen[label] = group & force
            elif group & force:
                partly.append(label)
        if unknown:
            raise _unknown(unknown, name, list(chosen))
        if partly:
            raise DataError(
                said("{n} markets lie partly in {name}", n=len(partly), name=name),
                said(
                    "Split them into countries; or say which labels are members: members={members}.",
                    members=[*chosen][:20],
                ),
                first=repr(partly[0])
                if day == "latest"
                else said("{label} on {day}", label=repr(partly[0]), day=day),
            )
        return chosen


def _unknown(labels: Sequence[Any], bloc: str, members: Sequence[Any]) -> DataError:
    """Markets that name nothing; those whose name is near a country's are not offered as outside."""
    shown = labels[:30]  # to look for names that are near takes a millisecond each
    close = {x: near for x in shown if (near := classifications.near(x))}
    no_country = [x for x in shown if x not in close]
    meant = [
        said("{label}: did you mean {near}?", label=repr(x), near=repr(near[0]))
        for x, near in list(close.items())[:10]
    ]
    names = said("Use country names or ISO codes")
    if meant:
        names = said("{names} ({meant})", names=names, meant=enumerated(meant))
    if no_country:
        outside = said("where none of them is a member, say outside={labels}", labels=no_country[:20])
        names = said("{a}; {b}", a=names, b=outside)
    return DataError(
        said(
            "{n} markets are no known country or bloc, so it cannot be said whether they are in {bloc}",
            n=len(labels),
            bloc=bloc,
        ),
        said(
            "{names}; or name the members yourself: members={members}.",
            names=names,
            members=[*members][:20] or "[...]",
        ),
        first=repr(labels[0]),
    )


@indicator(
    title=N_("Contribution to growth"),
    aliases=("增长贡献",),
    formula=r"(x_{k,t} - x_{k,t-l}) / \sum_j x_{j,t-l}",
    low="-1",
    unit=N_("1 (times 100: points)"),
    source="UNCTAD Handbook of Statistics; additive by construction",
    column="contribution",
    laws="bounds scale permutation empty additive",
    undefined=N_("the earlier total is zero, or the exporter has no row in one of the periods"),
    rows=True,
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
    moves = periods_compared(flows, lag)
    summed = with_seen(
        with_total(before_and_after(flows.cells(*keys), keys, moves), groups, "before"), flows, moves
    )
    change = ratio(nw.col("after") - nw.col("before"), nw.col("_total"))
    gain = when(nw.col("_seen") > 0, change, float("nan")).alias("contribution")
    return flows.out(summed.select(*keys, "before", "after", gain), keys)
