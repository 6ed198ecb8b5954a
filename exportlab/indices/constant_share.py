"""Constant market shares and shift-share: competitiveness against the structure of demand and of the nation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import narwhals.stable.v2 as nw

from exportlab.errors import DataError, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Frame, collect, join, ratio, sum_by, when, with_total
from exportlab.indices._steps import before_and_after, keyed, periods_compared
from exportlab.indices.catalogue import indicator
from exportlab.periods import Lag
from exportlab.words import N_


@indicator(
    title=N_("Constant-market-share decomposition of the share"),
    low="-1",
    high="1",
    aliases=("cms", "恒定市场份额"),
    formula=r"\Delta S = \sum_c \Delta s_c\, w_{c0} + \sum_c s_{c0}\, \Delta w_c + \sum_c \Delta s_c\, \Delta w_c",
    source="Tyszynski (1951); Fagerberg and Sollie (1987), Applied Economics 19(12); ITC Trade Competitiveness Map",
    laws="bounds scale permutation replication transfer empty",
    undefined=N_("the reference's total is zero in one of the two periods"),
)
def constant_market_share(
    flows: Flows,
    *,
    reference: Flows | Literal["world"] = "world",
    over: Columns | None = None,
    by: Columns | None = None,
    lag: Lag = "year",
    weights: Literal["three-part", "base", "final", "midpoint"] = "three-part",
    order: Literal["shapley", "product", "market"] = "shapley",
) -> Any:
    """Split the change of an exporter's share of world trade into its own gains and the world's changing demand.

    Parameters
    ----------
    flows : Flows
        With periods and exporters.
    reference : Flows or "world"
        World trade by period and the roles of `over`; "world" adds up the exporters in the table.
    over : str or sequence of str, optional
        The cells c: "product", "market" or both; by default those present.
    by : str or sequence of str, optional
        By default every other role present.
    lag : "year" or int
        Against the same period a year before, or so many steps of the table back (1: month on month).
    weights : {"three-part", "base", "final", "midpoint"}
        "three-part" keeps the interaction as `adaptation`. In two parts it belongs to one side or to both:
        "base" weighs competitiveness with w_0 and structure with s_1, "final" with w_1 and s_0, "midpoint" with means.
    order : {"shapley", "product", "market"}
        With products and markets, which of the two structural effects is taken first; "shapley" is the mean of both
        orders. The total does not depend on it.

    Returns
    -------
    frame
        One row per group: share_before, share_after, constant_market_share (the change), competitiveness, structure
        and, in three parts, adaptation, which sum to it; with products and markets also structure_product and
        structure_market, which sum to structure.

    Raises
    ------
    DataError
        No two periods `lag` apart; cells that the reference does not have, or in which it is smaller.
    """
    one_of("weights", weights, ("three-part", "base", "final", "midpoint"))
    one_of("order", order, ("shapley", "product", "market"))
    groups, cells, both = _cells(
        flows, "constant_market_share", reference=reference, over=over, by=by, lag=lag
    )
    s0, s1 = (ratio(nw.col(x), nw.col(f"_w{t}")) for t, x in enumerate(("before", "after")))
    cells = cells.with_columns(
        *(when(nw.col(f"_w{t}") > 0, s, 0.0).alias(f"s{t}") for t, s in enumerate((s0, s1))),
        *(ratio(nw.col(f"_w{t}"), nw.col(f"_world{t}")).alias(f"w{t}") for t in (0, 1)),
    )
    d_s, d_w = nw.col("s1") - nw.col("s0"), nw.col("w1") - nw.col("w0")
    a, b = {"three-part": (0.0, 0.0), "base": (0.0, 1.0), "final": (1.0, 0.0), "midpoint": (0.5, 0.5)}[
        weights
    ]
    terms = {
        "share_before": nw.col("s0") * nw.col("w0"),
        "share_after": nw.col("s1") * nw.col("w1"),
        "competitiveness": d_s * (nw.col("w0") + a * d_w),
        "structure": (nw.col("s0") + b * d_s) * d_w,
    }
    if weights == "three-part":
        terms["adaptation"] = d_s * d_w
    if both:
        cells = cells.with_columns((nw.col("s0") + b * d_s).alias("_s"))
        terms["structure_product"] = _first_effect(order, b)
    made = cells.with_columns(*(t.alias(n) for n, t in terms.items()))
    sums = sum_by(made, groups, list(terms))
    change = (nw.col("share_after") - nw.col("share_before")).alias("constant_market_share")
    sums = sums.with_columns(change)
    shown = ["share_before", "share_after", "constant_market_share", *list(terms)[2:]]
    if both:
        sums = sums.with_columns(
            (nw.col("structure") - nw.col("structure_product")).alias("structure_market")
        )
        shown.append("structure_market")
    return flows.out(sums.select(*groups, *shown), groups)


def _first_effect(order: str, b: float) -> nw.Expr:
    """The product effect by cell: s times what the cell's weight gains when the products' weights alone move.

    Products first: w_kj moves in proportion to its product's weight. Markets first: what is left after moving in
    proportion to the market's weight. With final shares (b = 1) the proportions are the final ones.
    """
    s, w0, w1 = nw.col("_s"), nw.col("w0"), nw.col("w1")

    def alone(role: str) -> nw.Expr:
        forward = w0 * ratio(nw.col(f"_{role}1"), nw.col(f"_{role}0")) - w0
        backward = w1 - w1 * ratio(nw.col(f"_{role}0"), nw.col(f"_{role}1"))
        forward, backward = when(w0 > 0, forward, 0.0), when(w1 > 0, backward, 0.0)
        return s * ((1 - b) * forward + b * backward)

    first, last = alone("product"), s * (w1 - w0) - alone("market")
    return {"product": first, "market": last, "shapley": (first + last) / 2}[order]


def _cells(
    flows: Flows, caller: str, *, reference: Any, over: Columns | None, by: Columns | None, lag: Lag
) -> tuple[tuple[str, ...], Frame, bool]:
    """Groups, the exporter's cells beside the reference's, and whether they are products by markets.

    `_w0` and `_w1` are the reference's values, `_world0` and `_world1` its totals, `_product0` and so on the
    shares of products and of markets in its trade.
    """
    require(flows, caller)
    if over is None:
        over = [r for r in ("product", "market") if r in flows.roles]
    spread, groups = keyed(flows, caller, over, by)
    if "exporter" not in groups:
        raise DataError(
            "the flows have no exporter", f"{caller} needs exporter=... at the door, kept in by=."
        )
    within = tuple(g for g in groups if g != "exporter")
    moves = periods_compared(flows, lag)
    own = before_and_after(flows.cells(*groups, *spread), (*groups, *spread), moves)
    if isinstance(reference, Flows):
        within = tuple(r for r in within if r in reference.roles)
        world = reference.cells(*within, *spread)
    else:
        one_of("reference", reference, ("world",))
        world = sum_by(flows.cells(*groups, *spread), (*within, *spread), ["value"])
    total = _reference(before_and_after(world, (*within, *spread), moves), within, spread)
    joined = join(own, total, on=(*within, *spread))
    if not flows.lazy:
        _refuse(flows, joined, spread)
    return groups, joined, set(spread) == {"product", "market"}


def _reference(frame: Frame, within: tuple[str, ...], spread: tuple[str, ...]) -> Frame:
    for t, name in enumerate(("before", "after")):
        frame = with_total(frame, within, name, f"_world{t}")
        for role in spread:
            frame = with_total(frame, (*within, role), name, f"_sum_{role}{t}")
            frame = frame.with_columns(
                ratio(nw.col(f"_sum_{role}{t}"), nw.col(f"_world{t}")).alias(f"_{role}{t}")
            )
    shares = [f"_{role}{t}" for role in spread for t in (0, 1)]
    return frame.rename({"before": "_w0", "after": "_w1"}).select(
        *within, *spread, "_w0", "_w1", "_world0", "_world1", *shares
    )


def _refuse(flows: Flows, joined: Frame, spread: tuple[str, ...]) -> None:
    """Every cell must lie within the reference's: it cannot hold a share above one."""
    slack = 1 + 1e-9
    over = (nw.col("before") > nw.col("_w0") * slack) | (nw.col("after") > nw.col("_w1") * slack)
    lost = collect(joined.filter(nw.col("_w0").is_null() | over).select("period", "exporter", *spread))
    if len(lost):
        row: Mapping[str, Any] = next(lost.iter_rows(named=True))
        raise DataError(
            "the reference trades less than the exporter",
            "It must hold all exporters' trade, in the same unit and nomenclature.",
            rows=len(lost),
            first=", ".join(f"{flows.roles.get(k, k)}={v!r}" for k, v in row.items()),
        )


@indicator(
    title=N_("Constant-market-share decomposition of growth"),
    aliases=("leamer_stern",),
    formula=r"\Delta x = r x_0 + \sum_k (r_k - r) x_{k0} + \sum_{kj} (r_{kj} - r_k) x_{kj0} + \text{rest}",
    source="Leamer and Stern (1970), Quantitative International Economics, ch. 7",
    unit=N_("that of value"),
    laws="bounds permutation replication transfer empty additive",
    undefined=N_("the reference's total is zero in the earlier period"),
)
def constant_market_share_growth(
    flows: Flows,
    *,
    reference: Flows | Literal["world"] = "world",
    over: Columns | None = None,
    by: Columns | None = None,
    lag: Lag = "year",
    order: Literal["shapley", "product", "market"] = "shapley",
) -> Any:
    """Split the change of exports into world growth, products, markets, and the competitive rest, in money.

    Parameters
    ----------
    flows, reference, over, by, lag
        As in `constant_market_share`.
    order : {"shapley", "product", "market"}
        With products and markets, which effect is taken first ("product" is Leamer and Stern's); "shapley" is the
        mean of both orders.

    Returns
    -------
    frame
        One row per group: before, after, constant_market_share_growth (the change in value), world, the effects of
        `over` (product, market), competitiveness; the last ones sum to the change.

    Raises
    ------
    DataError
        As `constant_market_share`.
    """
    one_of("order", order, ("shapley", "product", "market"))
    groups, cells, both = _cells(
        flows, "constant_market_share_growth", reference=reference, over=over, by=by, lag=lag
    )
    x0 = nw.col("before")
    growth = ratio(nw.col("_world1"), nw.col("_world0"))
    cell = when(x0 > 0, x0 * ratio(nw.col("_w1"), nw.col("_w0")), 0.0)
    fine = cell - x0 * growth  # what the structure of demand adds beyond the world's growth

    def alone(role: str) -> nw.Expr:
        return when(x0 > 0, x0 * (ratio(nw.col(f"_{role}1"), nw.col(f"_{role}0")) - 1) * growth, 0.0)

    terms = {"world": x0 * (growth - 1), "competitiveness": nw.col("after") - cell}
    if both:
        first, last = alone("product"), fine - alone("market")
        terms["product"] = {"product": first, "market": last, "shapley": (first + last) / 2}[order]
        terms["market"] = fine
    else:
        terms["product"] = fine
    made = cells.with_columns(*(t.alias(f"_{n}_effect") for n, t in terms.items()))
    sums = sum_by(made, groups, ["before", "after", *(f"_{n}_effect" for n in terms)])
    sums = sums.rename({f"_{n}_effect": f"{n}_effect" for n in terms}).with_columns(
        (nw.col("after") - nw.col("before")).alias("constant_market_share_growth")
    )
    if both:
        sums = sums.with_columns((nw.col("market_effect") - nw.col("product_effect")).alias("market_effect"))
    elif "market" in flows.resolve(over or [r for r in ("product", "market") if r in flows.roles]):
        sums = sums.rename({"product_effect": "market_effect"})
    effects = [f"{n}_effect" for n in ("world", "product", "market", "competitiveness")]
    names = sums.collect_schema().names()
    return flows.out(
        sums.select(
            *groups, "before", "after", "constant_market_share_growth", *(e for e in effects if e in names)
        ),
        groups,
    )


@indicator(
    title=N_("Shift-share decomposition of growth"),
    aliases=("dunn", "esteban_marquillas", "偏离份额分析", "偏离—份额分析"),
    formula=r"\Delta x_i = \sum_k x_{ik} G + \sum_k x_{ik} (G_k - G) + \sum_k x_{ik} (g_{ik} - G_k), \quad "
    r"x^*_{ik} = x_i X_k / X",
    source="Dunn (1960), Papers of the Regional Science Association 6; Esteban-Marquillas (1972), Regional and Urban "
    "Economics 2(3)",
    unit=N_("that of value"),
    laws="bounds permutation replication transfer empty additive",
    undefined=N_("the nation's total is zero in the earlier period"),
)
def shift_share(
    flows: Flows,
    *,
    reference: Flows | Literal["world"] = "world",
    over: Columns | None = None,
    by: Columns | None = None,
    lag: Lag = "year",
    form: Literal["dunn", "esteban_marquillas"] = "dunn",
) -> Any:
    """Split the change of a region's exports into the nation's growth, its mix of products, and its own growth in them.

    Accounting, which estimates nothing: regressions on exposure to shocks (Bartik) are `exportlab.shift_share_design`.

    Parameters
    ----------
    flows : Flows
        With periods, and regions as exporters.
    reference : Flows or "world"
        The nation by period and the roles of `over`; "world" adds up the regions in the table.
    over : str or sequence of str
        The industries k: by default products and markets, as far as they are present.
    by : str or sequence of str, optional
        By default every other role present.
    lag : "year" or int
        Against the same period a year before, or so many steps of the table back (1: month on month).
    form : {"dunn", "esteban_marquillas"}
        Esteban-Marquillas measures own growth at the value that the region would have, had it the nation's structure,
        and puts the rest under allocation: whether it is specialised in what it grows in.

    Returns
    -------
    frame
        One row per group: before, after, shift_share (the change), national, mix, competitive and, after
        Esteban-Marquillas, allocation, which sum to it. His competitive effect and allocation are NaN where the region
        did not export in the earlier period what the nation did: its growth in it has no rate.

    Raises
    ------
    DataError
        As `constant_market_share`.
    """
    one_of("form", form, ("dunn", "esteban_marquillas"))
    groups, cells, _ = _cells(flows, "shift_share", reference=reference, over=over, by=by, lag=lag)
    x0, x1 = nw.col("before"), nw.col("after")
    growth = ratio(nw.col("_world1"), nw.col("_world0"))
    own = ratio(nw.col("_w1"), nw.col("_w0"))
    terms = {
        "national": x0 * (growth - 1),
        "mix": when(x0 > 0, x0 * (own - growth), 0.0),
        "competitive": x1 - when(x0 > 0, x0 * own, 0.0),
    }
    if form == "esteban_marquillas":
        cells = with_total(cells, groups, "before", "_own0")
        alike = nw.col("_own0") * ratio(nw.col("_w0"), nw.col("_world0"))  # with the nation's structure
        some = (x0 > 0) & (alike > 0)
        homothetic = when(some, alike * (ratio(x1, when(x0 > 0, x0, 1.0)) - own), 0.0)
        terms["allocation"] = terms["competitive"] - homothetic
        terms["competitive"] = homothetic
        terms["_new"] = when((x0 == 0) & (alike > 0), 1.0, 0.0)  # a sum would pass over a NaN on some engines
    made = cells.with_columns(*(term.alias(name) for name, term in terms.items()))
    sums = sum_by(made, groups, ["before", "after", *terms])
    change = (nw.col("after") - nw.col("before")).alias("shift_share")
    shown = [name for name in terms if name != "_new"]
    if form == "esteban_marquillas":
        rated = nw.col("_new") == 0
        parts = [when(rated, nw.col(c), float("nan")).alias(c) for c in ("competitive", "allocation")]
        sums = sums.with_columns(*parts)
    return flows.out(
        sums.with_columns(change).select(*groups, "before", "after", "shift_share", *shown), groups
    )
