"""Two-way trade in the same products. The reporter stands as exporter, its partner as market, in both tables."""

from __future__ import annotations

from typing import Any, Literal

import narwhals.stable.v2 as nw

from exportlab.errors import OptionError, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Frame, missing, ratio, stack, sum_by, when, with_total
from exportlab.indices._steps import (
    ALL,
    NOTHING,
    Grouping,
    changes,
    grouping,
    require_roles,
    same_shape,
    settled,
    side_by_side,
    with_group,
)
from exportlab.indices.catalogue import indicator
from exportlab.indices.unit_values import with_units
from exportlab.options import Level, NotNegative
from exportlab.periods import Lag
from exportlab.words import N_

_PARAMETERS = """

Parameters
----------
exports, imports : Flows
    Of the same reporters, in one unit and one engine. In both tables the reporter is the exporter and its partner the
    market. A cell that one table lacks is a zero there.
over : str
    What is matched: "product".
by : str or sequence of str, optional
    By default every other role present.
"""


def _documented(function: Any) -> Any:
    head, _, tail = (function.__doc__ or "").partition("\n\n    ...")
    function.__doc__ = head + _PARAMETERS + "\n".join(line[4:] for line in tail.splitlines()).lstrip("\n")
    return function


def _size(column: nw.Expr) -> nw.Expr:
    return when(column < 0, -column, column)


@indicator(
    title=N_("Grubel-Lloyd index"),
    formula=r"GL = 1 - \sum_k |x_k - m_k| / \sum_k (x_k + m_k)",
    low="0",
    high="1",
    rises_with=N_("two-way trade"),
    source="Grubel and Lloyd (1975), Intra-Industry Trade; Aquino (1978), WA 114(2)",
    aliases=("gl", "intra_industry_trade", "产业内贸易指数", "格鲁贝尔—劳埃德指数"),
    laws="bounds scale permutation replication empty",
    undefined=N_("there is no trade; balance: trade is one-way throughout; aquino: one side is zero"),
)
@_documented
def grubel_lloyd(
    exports: Flows,
    imports: Flows,
    *,
    over: str = "product",
    by: Columns | None = None,
    form: Literal["aggregate", "product", "balance", "aquino"] = "aggregate",
) -> Any:
    """The part of trade in which exports and imports of the same product match.

    ...
    form : {"aggregate", "product", "balance", "aquino"}
        "product": ``1 - |x - m| / (x + m)``, one row per product. "aggregate": its mean weighted with trade. "balance":
        over total trade less the imbalance, so that an overall deficit does not hide matching; it is 1 where all
        products are on one side of balance. "aquino": exports and imports first scaled to balance overall,
        which makes it the Finger-Kreinin overlap of the two structures.

    Returns
    -------
    frame
        One row per group (and product): exports, imports, grubel_lloyd.
    """
    require(exports, "grubel_lloyd")
    one_of("form", form, ("aggregate", "product", "balance", "aquino"))
    spread, groups = exports.split(over, by)
    keys = (*groups, *spread)
    same_shape(exports, imports, keys, "grubel_lloyd")
    both = side_by_side(exports, imports, keys).with_columns(nw.lit(0).alias(ALL))
    x, m = nw.col("exports"), nw.col("imports")
    if form == "aquino":
        both = with_total(with_total(both, (*groups, ALL), "exports", "_X"), (*groups, ALL), "imports", "_M")
        half = (nw.col("_X") + nw.col("_M")) / 2
        gap = _size(x * half / _safe("_X") - m * half / _safe("_M"))
    else:
        gap = _size(x - m)
    both = both.with_columns(gap.alias("_gap"))
    kept = keys if form == "product" else groups
    sums = sum_by(both, (*kept, ALL), ["exports", "imports", "_gap"])
    trade = x + m
    if form == "balance":
        top, bottom = trade - nw.col("_gap"), trade - _size(x - m)
    else:
        top, bottom = trade - nw.col("_gap"), trade
    if form == "aquino":
        bottom = when((x > 0) & (m > 0), bottom, 0.0)
    if form == "balance":
        bottom = when(bottom > 1e-12 * trade, bottom, 0.0)
    return exports.out(
        sums.select(*kept, "exports", "imports", ratio(top, bottom).alias("grubel_lloyd")), kept
    )


def _safe(column: str) -> nw.Expr:
    return when(nw.col(column) > 0, nw.col(column), 1.0)


@indicator(
    title=N_("Marginal intra-industry trade"),
    low="0",
    high="1",
    rises_with=N_("matched changes, with little adjustment"),
    formula=r"A = 1 - \frac{|\Delta X - \Delta M|}{|\Delta X| + |\Delta M|}",
    aliases=("bruelhart", "边际产业内贸易指数"),
    source="Bruelhart (1994), Marginal intra-industry trade, WA 130(3)",
    laws="bounds scale permutation replication empty",
    undefined=N_("neither exports nor imports changed"),
)
@_documented
def marginal_iit(
    exports: Flows,
    imports: Flows,
    *,
    over: str = "product",
    by: Columns | None = None,
    lag: Lag = "year",
    form: Literal["aggregate", "product"] = "aggregate",
) -> Any:
    """How far the changes of exports and imports of one product match.

    ...
    lag : "year" or int
        Against the same period a year before, or so many steps of the table back (1: month on month).
    form : {"aggregate", "product"}
        One row per group, A weighted with ``|dX| + |dM|``; or one row per product, with
        ``B = (dX - dM) / (|dX| + |dM|)``, in [-1, 1], which says which side the change fell on.

    Returns
    -------
    frame
        One row per group (later period): marginal_iit, and for products also performance (B).

    Raises
    ------
    DataError
        No two periods lie `lag` apart.
    """
    require(exports, "marginal_iit")
    one_of("form", form, ("aggregate", "product"))
    keys, groups = _keys_over_time(exports, imports, over, by, "marginal_iit")
    moved = _moves(changes(exports, imports, keys, lag))
    matched = ratio(nw.col("_size") - nw.col("_gap"), nw.col("_size")).alias("marginal_iit")
    if form == "product":
        side = ratio(nw.col("_dx") - nw.col("_dm"), nw.col("_size")).alias("performance")
        return exports.out(moved.select(*keys, matched, side), keys)
    return exports.out(sum_by(moved, groups, ["_gap", "_size"]).select(*groups, matched), groups)


def _keys_over_time(
    exports: Flows, imports: Flows, over: str, by: Columns | None, caller: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    require_roles(exports, caller, "period")
    spread, groups = exports.split(over, by)
    if "period" not in groups:
        raise OptionError(f"{caller} compares periods: keep the period in by=.")
    same_shape(exports, imports, (*groups, *spread), caller)
    return (*groups, *spread), groups


def _moves(moved: Frame) -> Frame:
    dx, dm = nw.col("_dx"), nw.col("_dm")
    return moved.with_columns(_size(dx - dm).alias("_gap"), (_size(dx) + _size(dm)).alias("_size"))


@indicator(
    title=N_("Thom-McDowell marginal intra-industry trade"),
    low="0",
    high="1",
    rises_with=N_("matched changes"),
    formula=r"A_j = 1 - \frac{|\Delta X_j - \Delta M_j|}{\sum_{i \in j} (|\Delta X_i| + |\Delta M_i|)}",
    source="Thom and McDowell (1999), Measuring marginal intra-industry trade, WA 135(1)",
    laws="bounds scale permutation replication empty",
    undefined=N_("neither exports nor imports changed"),
)
@_documented
def thom_mcdowell(
    exports: Flows,
    imports: Flows,
    industries: Grouping,
    *,
    over: str = "product",
    by: Columns | None = None,
    lag: Lag = "year",
) -> Any:
    """Matched changes within an industry, where a product's exports may be matched by imports of its parts.

    ...
    industries : mapping, int or str
        From product to industry; or the number of leading digits; or "section" (Harmonized System).
    lag : "year" or int
        Against the same period a year before, or so many steps of the table back (1: month on month).

    Returns
    -------
    frame
        One row per group (later period) and industry: thom_mcdowell (A_j, all matched changes), horizontal (matched
        product by product, Bruelhart's A), vertical (the rest of A_j), inter_industry (1 - A_j).
    """
    require(exports, "thom_mcdowell")
    keys, groups = _keys_over_time(exports, imports, over, by, "thom_mcdowell")
    labels = sorted({*exports.members(keys[-1]), *imports.members(keys[-1])})
    moved = _moves(changes(exports, imports, keys, lag))
    moved = with_group(moved, keys[-1], grouping(exports, keys[-1], industries, labels), "industry")
    rows = (*groups, "industry")
    sums = sum_by(moved, rows, ["_dx", "_dm", "_gap", "_size"])
    size, gap, net = nw.col("_size"), nw.col("_gap"), _size(nw.col("_dx") - nw.col("_dm"))
    parts = {
        "thom_mcdowell": settled(size - net, size),
        "horizontal": settled(size - gap, size),
        "vertical": settled(gap - net, size),
        "inter_industry": net,
    }
    return exports.out(sums.select(*rows, *(ratio(part, size).alias(n) for n, part in parts.items())), rows)


CLASSES = ("horizontal", "vertical_high", "vertical_low", "not_classified")


@indicator(
    title=N_("Horizontal and vertical two-way trade"),
    low="0",
    high="1",
    rises_with=N_("two-way trade of each kind"),
    formula=r"\text{horizontal where } \frac{1}{1+\alpha} \le UV^x_k / UV^m_k \le 1 + \alpha",
    source="Greenaway, Hine and Milner (1995), EJ 105(433); Fontagne and Freudenberg (1997), CEPII WP 97-01",
    aliases=("hiit_viit",),
    column="two_way",
    laws="bounds scale permutation replication empty",
    undefined=N_("there is no trade"),
)
@_documented
def two_way_types(
    exports: Flows,
    imports: Flows,
    *,
    over: str = "product",
    by: Columns | None = None,
    alpha: Level = 0.15,
    rule: Literal["reciprocal", "symmetric"] = "reciprocal",
    method: Literal["overlap", "trade_type"] = "overlap",
    threshold: NotNegative = 0.1,
) -> Any:
    """Two-way trade in varieties of one quality (horizontal) and of different quality (vertical), by unit values.

    ...
    alpha : float
        How far unit values of exports and imports may differ within one quality: 0.15, or 0.25.
    rule : {"reciprocal", "symmetric"}
        From 1/(1+alpha) (Fontagne and Freudenberg) or from 1-alpha (Greenaway, Hine and Milner) to 1+alpha.
    method : {"overlap", "trade_type"}
        "overlap": the matched part ``x + m - |x - m|`` of each product, which adds up to Grubel-Lloyd.
        "trade_type": all trade in a product whose smaller flow is at least `threshold` of the larger, else
        all of it is one_way.
    threshold : float
        Of "trade_type": 0.1.

    Returns
    -------
    frame
        One row per group, as shares of its trade: two_way, then horizontal, vertical_high (exports dearer),
        vertical_low and not_classified (a quantity missing or zero), which add up to two_way; one_way = 1 - two_way.

    Raises
    ------
    DataError
        No quantity in one of the tables.
    """
    require(exports, "two_way_types")
    one_of("rule", rule, ("reciprocal", "symmetric"))
    one_of("method", method, ("overlap", "trade_type"))
    spread, groups = exports.split(over, by)
    keys = (*groups, *spread)
    same_shape(exports, imports, keys, "two_way_types")
    for side in (exports, imports):
        require_roles(side, "two_way_types", "quantity")
    both = _priced(exports, imports, keys)
    x, m = nw.col("_x"), nw.col("_m")
    least, most = when(x < m, x, m), when(x < m, m, x)
    alike = (least > 0) & (least >= (1 - NOTHING) * threshold * most)  # rounding does not decide on a limit
    matched = 2 * least if method == "overlap" else when(alike, x + m, 0.0)
    low = (1 - NOTHING) * (1 / (1 + alpha) if rule == "reciprocal" else 1 - alpha)
    high = (1 + NOTHING) * (1 + alpha)
    r, known = nw.col("_relative"), nw.col("_known") > 0
    chosen = {
        "horizontal": known & (r >= low) & (r <= high),
        "vertical_high": known & (r > high),
        "vertical_low": known & (r < low),
        "not_classified": ~known,
    }
    parts = both.with_columns(matched.alias("two_way"), (x + m).alias("_trade")).with_columns(
        *(when(test, nw.col("two_way"), 0.0).alias(name) for name, test in chosen.items())
    )
    names = ("two_way", *CLASSES)
    sums = sum_by(parts.with_columns(nw.lit(0).alias(ALL)), (*groups, ALL), [*names, "_trade"])
    made = sums.with_columns(*(ratio(nw.col(c), nw.col("_trade")).alias(c) for c in names))
    return exports.out(made.select(*groups, *names, (1 - nw.col("two_way")).alias("one_way")), groups)


def _priced(exports: Flows, imports: Flows, keys: tuple[str, ...]) -> Frame:
    """Value and quantity of both sides by cell, and the relative unit value where both are known."""
    sides = []
    for flows, (v, q) in ((exports, ("_x", "_qx")), (imports, ("_m", "_qm"))):
        flows.check()
        unknown = missing(nw.col("quantity"))
        amount = when(unknown, 0.0, nw.col("quantity"))
        others = [nw.lit(0.0).alias(c) for c in ("_x", "_qx", "_m", "_qm") if c not in (v, q)]
        hidden = when(unknown & (nw.col("value") > 0), 1.0, 0.0).alias("_hidden")
        own = flows.known_quantities.select(*keys, nw.col("value").alias(v), amount.alias(q), hidden, *others)
        sides.append(own.select(*keys, "_x", "_qx", "_m", "_qm", "_hidden"))
    sums = sum_by(stack(*sides), keys, ["_x", "_qx", "_m", "_qm", "_hidden"])
    if exports.quantity_keys or imports.quantity_keys:
        sums = with_units(sums, keys, exports, imports)
    else:
        sums = sums.with_columns(nw.lit(1).alias("_units"))
    known = (
        (nw.col("_hidden") == 0)
        & (nw.col("_units") == 1)
        & (nw.col("_qx") > 0)
        & (nw.col("_qm") > 0)
        & (nw.col("_m") > 0)
    )
    unit_x, unit_m = (
        when(known, nw.col(v), 1.0) / when(known, nw.col(q), 1.0) for v, q in (("_x", "_qx"), ("_m", "_qm"))
    )
    return sums.with_columns(when(known, 1.0, 0.0).alias("_known"), (unit_x / unit_m).alias("_relative"))
