"""Who trades with whom: intensities, and the trade of a bloc with itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import narwhals.stable.v2 as nw

from exportlab.errors import OptionError, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Frame, abroad, join, ratio, sum_by, when, with_total
from exportlab.indices._steps import ALL, NOTHING, require_roles, zero_if_null
from exportlab.indices.catalogue import indicator
from exportlab.indices.shares import Asked, inside_of
from exportlab.options import Label
from exportlab.words import N_

Correction: TypeAlias = Literal["none", "own_exports", "own_imports", "rest"]
Flow: TypeAlias = Literal["exports", "imports", "total"]


@indicator(
    title=N_("Trade intensity"),
    aliases=("贸易结合度", "贸易强度指数"),
    formula=r"T_{ij} = \frac{x_{ij} / X_i}{x_{wj} / X_w}",
    low="0",
    rises_with=N_("trade beyond what the partner's size implies"),
    source="Brown (1949); Kojima (1964); Drysdale and Garnaut (1982), Hitotsubashi J. Economics 22(2); WITS",
    laws="bounds scale permutation replication empty",
    undefined=N_("the exporter sells nothing, or nobody else can sell to the market"),
)
def trade_intensity(flows: Flows, *, by: Columns | None = None, correction: Correction = "none") -> Any:
    """The share of a market in an exporter's exports, over its share in the world's.

    Parameters
    ----------
    flows : Flows
        Exports of the world, with exporters and markets.
    by : str or sequence of str, optional
        By default every other role present; must keep the exporter.
    correction : {"none", "own_exports", "own_imports", "rest"}
        The world's share of market j: "none" x_wj / X_w (WITS, ESCAP). "own_exports" x_wj / (X_w - X_i).
        "own_imports" x_wj / (X_w - M_i), as an exporter cannot sell to itself (Drysdale and Garnaut 1982; exporters
        and markets labelled alike). "rest" (x_wj - x_ij) / (X_w - X_i), all others' exports alone.

    Returns
    -------
    frame
        One row per cell: the keys, value, share, reference_share, trade_intensity. Flows from a place to itself
        (re-imports) are no trade with a partner and left out.
    """
    require(flows, "trade_intensity")
    require_roles(flows, "trade_intensity", "exporter", "market")
    one_of("correction", correction, ("none", "own_exports", "own_imports", "rest"))
    _, groups = flows.split("market", by)
    if "exporter" not in groups:
        raise OptionError("trade_intensity compares exporters: keep the exporter in by=.")
    within = tuple(g for g in groups if g != "exporter")
    cells = flows.cells(*groups, "market")
    cells = cells.filter(abroad(cells)).with_columns(nw.lit(0).alias(ALL))
    cells = with_total(with_total(cells, groups), (*within, ALL), "value", "_world")
    cells = with_total(cells, (*within, ALL, "market"), "value", "_to")
    cells = _with_imports(cells, within) if correction == "own_imports" else cells
    to, world, own = nw.col("_to"), nw.col("_world"), nw.col("_total")
    bottom = {
        "none": world,
        "own_exports": world - own,
        "rest": world - own,
        "own_imports": world - nw.col("_imports") if correction == "own_imports" else world,
    }[correction]
    top = to - nw.col("value") if correction == "rest" else to
    top, bottom = when(top > NOTHING * to, top, 0.0), when(bottom > NOTHING * world, bottom, 0.0)
    made = cells.with_columns(
        ratio(nw.col("value"), own).alias("share"), ratio(top, bottom).alias("reference_share")
    )
    intensity = ratio(nw.col("share"), nw.col("reference_share")).alias("trade_intensity")
    keys = (*groups, "market")
    return flows.out(made.select(*keys, "value", "share", "reference_share", intensity), keys)


def _with_imports(cells: Frame, within: tuple[str, ...]) -> Frame:
    """Add what each exporter buys itself: the flows to the market of its name."""
    bought = sum_by(cells, (*within, "market"), ["value"]).rename({"market": "exporter", "value": "_imports"})
    return join(cells, bought, on=(*within, "exporter")).with_columns(zero_if_null("_imports"))


def inside(
    flows: Flows, role: str, bloc: str, membership: str | int, members: Sequence[Any] | None
) -> nw.Expr:
    """True where the label of `role` is a member (in the row's own period, when dated)."""
    return inside_of(Asked(bloc, membership, members=members).parts(flows, role), role)


Blocks: TypeAlias = Callable[[nw.Expr, nw.Expr, nw.Expr, nw.Expr], nw.Expr]


def _bloc(
    flows: Flows,
    name: str,
    made: Blocks,
    *,
    bloc: str,
    by: Columns | None,
    flow: Flow,
    membership: str | int,
    members: Sequence[Any] | None,
) -> Any:
    """Trade within the bloc, of it with outsiders, and among outsiders; and what is made of them."""
    require(flows, name)
    require_roles(flows, name, "exporter", "market")
    one_of("flow", flow, ("exports", "imports", "total"))
    _, groups = flows.split(("exporter", "market"), by)
    keys = tuple(
        dict.fromkeys((*groups, *(r for r in ("period",) if r in flows.roles), "exporter", "market"))
    )
    cells = flows.cells(*keys)
    cells = cells.filter(abroad(cells))
    sells = when(inside(flows, "exporter", bloc, membership, members), 1.0, 0.0)
    buys = when(inside(flows, "market", bloc, membership, members), 1.0, 0.0)
    cells = cells.with_columns(sells.alias("_sells"), buys.alias("_buys"), nw.lit(0).alias(ALL))
    v, s, b = nw.col("value"), nw.col("_sells"), nw.col("_buys")
    parts = {"_rr": v * s * b, "_ro": v * s * (1 - b), "_or": v * (1 - s) * b, "_oo": v * (1 - s) * (1 - b)}
    split = cells.select(*groups, ALL, *(e.alias(c) for c, e in parts.items()))
    rr, ro, out, oo = (nw.col(c) for c in parts)
    if flow == "imports":
        ro, out = out, ro
    elif flow == "total":
        rr, ro, oo = 2 * rr, ro + out, 2 * oo
        out = ro
    sums = sum_by(split, (*groups, ALL), list(parts))
    return flows.out(sums.select(*groups, made(rr, ro, out, oo).alias(name)), groups)


_PARAMETERS = """

Parameters
----------
flows : Flows
    Exports of the world, with exporters and markets named as countries or as listed in `members`. Flows
    from a place to itself are no trade and left out.
bloc : str
    "RCEP", "ASEAN", "EU" ...: `exportlab.blocs()`.
by : str or sequence of str, optional
    By default every role present but exporter and market.
flow : {"exports", "imports", "total"}
    The bloc's exports, its imports, or both; flows within the bloc count in both.
membership : "latest", "dated", or a year, month or date
    One fixed membership, or the one in force at the end of each row's period.
members : sequence, optional
    The labels that are members, where labels are not countries; replaces `membership`.

Returns
-------
frame
    One row per group, in the caller's frame type.
"""


def _documented(function: Any) -> Any:
    function.__doc__ = (function.__doc__ or "") + _PARAMETERS
    return function


@indicator(
    title=N_("Intra-bloc trade share"),
    formula=r"S = x_{rr} / X_r",
    low="0",
    high="1",
    rises_with=N_("trade within the bloc"),
    source="ESCAP (2009), Trade Statistics in Policymaking; UNCTAD Handbook of Statistics",
    aliases=("regional_trade_share", "区域内贸易占比"),
    laws="bounds scale permutation replication empty",
    undefined=N_("the bloc does not trade"),
)
@_documented
def intra_share(
    flows: Flows,
    bloc: str = "",
    *,
    by: Columns | None = None,
    flow: Flow = "exports",
    membership: str | int = "latest",
    members: Sequence[Label] | None = None,
) -> Any:
    """The part of a bloc's trade that stays within it."""
    return _bloc(
        flows,
        "intra_share",
        lambda rr, ro, out, oo: ratio(rr, rr + ro),
        bloc=bloc,
        by=by,
        flow=flow,
        membership=membership,
        members=members,
    )


@indicator(
    title=N_("Trade intensity within a bloc"),
    aliases=("区域内贸易强度",),
    formula=r"HI = \frac{x_{rr} / X_r}{x_{or} / X_o}",
    low="0",
    rises_with=N_("trade within the bloc beyond its weight in world trade"),
    source="Anderson and Norheim (1993); Iapadre (2006), homogeneous form; ESCAP and ADB, plain form",
    laws="bounds scale permutation replication empty",
    undefined=N_("the bloc does not trade, or has no weight in others' trade"),
)
@_documented
def bloc_intensity(
    flows: Flows,
    bloc: str = "",
    *,
    form: Literal["plain", "homogeneous"] = "plain",
    by: Columns | None = None,
    flow: Flow = "exports",
    membership: str | int = "latest",
    members: Sequence[Label] | None = None,
) -> Any:
    """The intra-bloc share over the bloc's weight as a partner.

    The weight is its share in world trade, the bloc included ("plain": x_wr / X_w), or in the trade of outsiders
    alone ("homogeneous"). The plain index cannot exceed the inverse of that share, so it falls as a bloc grows.
    """
    one_of("form", form, ("plain", "homogeneous"))

    def made(rr: nw.Expr, ro: nw.Expr, out: nw.Expr, oo: nw.Expr) -> nw.Expr:
        weight = ratio(out, out + oo) if form == "homogeneous" else ratio(rr + out, rr + ro + out + oo)
        return ratio(ratio(rr, rr + ro), weight)

    return _bloc(
        flows, "bloc_intensity", made, bloc=bloc, by=by, flow=flow, membership=membership, members=members
    )


@indicator(
    title=N_("Trade introversion"),
    formula=r"\frac{HI - HE}{HI + HE}, \quad HE = \frac{1 - x_{rr}/X_r}{1 - x_{or}/X_o}",
    low="-1",
    high="1",
    rises_with=N_("preference for trade within the bloc"),
    source="Iapadre (2006), Regional integration agreements and the geography of world trade; UNU-CRIS RIKS",
    laws="bounds scale permutation replication empty",
    undefined=N_("the bloc or the outsiders do not trade, or both trade with the same side only"),
)
@_documented
def introversion(
    flows: Flows,
    bloc: str = "",
    *,
    by: Columns | None = None,
    flow: Flow = "exports",
    membership: str | int = "latest",
    members: Sequence[Label] | None = None,
) -> Any:
    """Intra- against extra-bloc intensity, symmetric about zero: 0 where partners are chosen by their size alone."""

    def made(rr: nw.Expr, ro: nw.Expr, out: nw.Expr, oo: nw.Expr) -> nw.Expr:
        # HI / HE = (rr / ro) / (out / oo), so that the quotient needs no division by a share of zero.
        return ratio(rr * oo - ro * out, when(out + oo > 0, rr * oo + ro * out, 0.0))

    return _bloc(
        flows, "introversion", made, bloc=bloc, by=by, flow=flow, membership=membership, members=members
    )


@indicator(
    title=N_("Size-adjusted regional share"),
    formula=r"\frac{x_{rr} / X_r}{X_r / X_w}",
    low="0",
    rises_with=N_("trade within the bloc beyond its weight"),
    source="ESCAP (2009), Trade Statistics in Policymaking",
    laws="bounds scale permutation replication empty",
    undefined=N_("the bloc does not trade"),
)
@_documented
def size_adjusted_share(
    flows: Flows,
    bloc: str = "",
    *,
    by: Columns | None = None,
    flow: Flow = "exports",
    membership: str | int = "latest",
    members: Sequence[Label] | None = None,
) -> Any:
    """The intra-bloc share over the bloc's share in world trade; for total trade it is the plain intensity."""

    def made(rr: nw.Expr, ro: nw.Expr, out: nw.Expr, oo: nw.Expr) -> nw.Expr:
        return ratio(ratio(rr, rr + ro), ratio(rr + ro, rr + ro + out + oo))

    return _bloc(
        flows,
        "size_adjusted_share",
        made,
        bloc=bloc,
        by=by,
        flow=flow,
        membership=membership,
        members=members,
    )
