"""Margins of trade: which products and markets are reached, how much is sold in them, how the two nest and grow."""

from __future__ import annotations

from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.errors import OptionError, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Array, Frame, abroad, distinct, join, ratio, sum_by, when, with_total
from exportlab.indices._steps import (
    ALL,
    Reference,
    against,
    before_and_after,
    blocks,
    keyed,
    periods_compared,
    require_roles,
    table_of_own_kind,
    with_seen,
    with_status,
    zero_unless,
)
from exportlab.indices.catalogue import indicator
from exportlab.indices.unit_values import beside_reference
from exportlab.options import NotNegative
from exportlab.periods import Lag
from exportlab.words import N_


@indicator(
    title=N_("Extensive and intensive margins"),
    low="0",
    high="1",
    formula=r"EM_{im} = \frac{\sum_{k \in I_{im}} x_{rmk}}{\sum_k x_{rmk}}, \quad "
    r"IM_{im} = \frac{\sum_{k \in I_{im}} x_{imk}}{\sum_{k \in I_{im}} x_{rmk}} = P_{im} X_{im}, \quad "
    r"P_{im} = \prod_{k \in I_{im}} (p_{imk} / p_{rmk})^{w_{imk}}",
    rises_with=N_("the span of products (extensive) and the amount sold of each (intensive)"),
    source="Hummels and Klenow (2005), The variety and quality of a nation's exports, AER 95(3)",
    aliases=("hummels_klenow", "扩展边际与集约边际", "二元边际", "三元边际"),
    column="extensive",
    laws="bounds scale permutation replication transfer empty",
    undefined=N_("nothing is exported, or the reference exports nothing of it"),
)
def hk_margins(
    flows: Flows,
    *,
    reference: Reference = "rest",
    by: Columns | None = None,
    across: Literal["market"] | None = None,
    prices: bool = False,
) -> Any:
    """Split an exporter's size relative to a reference into the breadth of its products and the depth in each.

    With `prices` the depth is split further into price and quantity, the three margins of the Chinese literature. The
    extensive margin is the share of the reference's exports that lies in the products the exporter sells; the
    intensive margin is the exporter's sales relative to the reference's in those products. Their product
    is the share ratio, exactly.

    Parameters
    ----------
    flows : Flows
        With exporters and products.
    reference : {"rest", "world"}, Flows, or an exporter's label
        The rest of the world (Hummels and Klenow 2005) or the world with the exporter in it (ITC and
        UNCTAD, A Practical Guide to Trade Policy Analysis); the extensive margin is smaller against the rest.
    by : str or sequence of str, optional
        By default every other role present: one market at a time where there are markets.
    across : "market", optional
        Average the margins of the markets geometrically, each weighted with the logarithmic mean of its share in the
        exporter's and in the reference's exports, the weights summing to one (Sato-Vartia).
    prices : bool
        With quantities at the door: the intensive margin as price times quantity (their eq. 9 to 11). Prices are unit
        values relative to the reference's, weighted with the logarithmic mean of the products' shares in the exporter's
        and in the reference's exports of them (Sato-Vartia). One market at a time, against "rest", "world" or Flows.

    Returns
    -------
    frame
        One row per group: extensive, intensive, share_ratio (their product); with `prices` price, quantity, whose
        product is intensive, and priced: the share of the exporter's value in products that both have a unit value of,
        over which the price is taken. NaN where there is none.

    Raises
    ------
    DataError
        No exporter or product; products that the reference does not have; no quantity where prices are asked for.
    """
    require(flows, "hk_margins")
    require_roles(flows, "hk_margins", "exporter", "product", *(("market",) if across else ()))
    if across is not None:
        one_of("across", across, ("market",))
    _, groups = flows.split("product", by)
    if "exporter" not in groups:
        raise OptionError("hk_margins compares exporters: keep the exporter in by=.")
    if prices and (across or not (isinstance(reference, Flows) or reference in ("rest", "world"))):
        raise OptionError(
            "prices=True goes without across=, and with reference='rest', 'world' or Flows. Take one market at a time."
        )
    kept = tuple(g for g in groups if g != across)
    made = _across(flows, kept, reference) if across else _margins(flows, groups, reference)
    em, im = nw.col("extensive"), nw.col("intensive")
    made = made.select(*kept, "extensive", "intensive", (em * im).alias("share_ratio"))
    if prices:
        made = join(made, _prices(flows, groups, reference), on=groups)
        made = made.with_columns(ratio(nw.col("intensive"), nw.col("price")).alias("quantity"))
        made = made.select(*kept, "extensive", "intensive", "price", "quantity", "share_ratio", "priced")
    return flows.out(made, kept)


def _prices(flows: Flows, groups: tuple[str, ...], reference: Any) -> Frame:
    """The Sato-Vartia mean of unit values relative to the reference's, by group (their eq. 9 and 10)."""
    spread = ("product", *(k for k in flows.quantity_keys if k not in groups))
    within = tuple(g for g in groups if g != "exporter")
    cells = beside_reference(flows, (*groups, *spread), (*within, *spread), reference)
    both = (nw.col("quantity") > 0) & (nw.col("_rq") > 0)
    cells = cells.with_columns(*(zero_unless(both, nw.col(c)).alias(c) for c in ("value", "_rv")))
    cells = with_total(with_total(cells, groups, "value", "_own"), groups, "_rv", "_other")
    shares = cells.with_columns(
        zero_unless(both, ratio(nw.col("value"), nw.col("_own"))).alias("_s"),
        zero_unless(both, ratio(nw.col("_rv"), nw.col("_other"))).alias("_w"),
    ).with_columns(log_mean("_s", "_w").alias("_weight"))
    own, other = ratio(nw.col("value"), nw.col("quantity")), ratio(nw.col("_rv"), nw.col("_rq"))
    relative = when(both, ratio(own, other), 1.0).log()
    terms = shares.with_columns((nw.col("_weight") * relative).alias("_term"))
    sums = sum_by(terms, groups, ["_term", "_weight", "value", "all"])
    some = nw.col("_weight") > 0
    price = ratio(nw.col("_term"), when(some, nw.col("_weight"), 1.0)).exp()
    return sums.select(
        *groups,
        when(some, price, float("nan")).alias("price"),
        ratio(nw.col("value"), nw.col("all")).alias("priced"),
    )


def _margins(flows: Flows, groups: tuple[str, ...], reference: Reference) -> Frame:
    common = when(nw.col("value") > 0, nw.col("_ref"), 0.0).alias("_common")
    cells = against(flows, ("product",), groups, reference).with_columns(common)
    sums = cells.group_by(*groups).agg(
        nw.col("value").sum(), nw.col("_common").sum(), nw.col("_ref_total").max()
    )
    some = when(nw.col("value") > 0, nw.col("_ref_total"), 0.0)
    return sums.with_columns(
        ratio(nw.col("_common"), some).alias("extensive"),
        ratio(nw.col("value"), nw.col("_common")).alias("intensive"),
    )


def _across(flows: Flows, kept: tuple[str, ...], reference: Reference) -> Frame:
    """Sato-Vartia average over markets; a market where the reference sells nothing has no weight."""
    margins = _margins(flows, (*kept, "market"), reference).select(*kept, "market", "extensive", "intensive")
    sizes = against(flows, ("market",), kept, reference).select(*kept, "market", "_s", "_w")
    both = join(margins, sizes.with_columns(log_mean("_s", "_w").alias("_weight")), on=(*kept, "market"))
    both = with_total(both, kept, "_weight", "_weights")
    em, im, weighs = nw.col("extensive"), nw.col("intensive"), nw.col("_weight") > 0
    shared = weighs & (em > 0)
    a = when(weighs, nw.col("_weight") / when(weighs, nw.col("_weights"), 1.0), 0.0)
    terms = both.with_columns(
        when(shared, a * when(shared, em, 1.0).log(), 0.0).alias("_em"),
        when(shared, a * when(shared, im, 1.0).log(), 0.0).alias("_im"),
        when(weighs & (em == 0), 1.0, 0.0).alias("_none"),
        when(weighs, 1.0, 0.0).alias("_some"),
    )
    sums = sum_by(terms, kept, ["_em", "_im", "_none", "_some"])
    never, reached = nw.col("_some") == 0, nw.col("_none") == 0
    return sums.with_columns(
        when(never, float("nan"), when(reached, nw.col("_em").exp(), 0.0)).alias("extensive"),
        when(never | ~reached, float("nan"), nw.col("_im").exp()).alias("intensive"),
    )


def log_mean(a: str, b: str) -> nw.Expr:
    """The logarithmic mean (a - b) / (ln a - ln b) of two columns; a where they are equal, 0 where one is 0."""
    both = (nw.col(a) > 0) & (nw.col(b) > 0)
    x, y = when(both, nw.col(a), 1.0), when(both, nw.col(b), 1.0)
    d = x.log() - y.log()
    near = (d < 0.01) & (d > -0.01)  # there the quotient cancels; the series is exact to the last digit
    series = (x * y).sqrt() * (1 + d * d / 24 + d * d * d * d / 1920)
    return when(both, when(near, series, (x - y) / when(near, 1.0, d)), 0.0)


@indicator(
    title=N_("Index of export market penetration"),
    low="1/J",
    high="1",
    rises_with=N_("reach into existing demand"),
    formula=r"IEMP_i = \frac{\#\{(k, j) : x_{ijk} > 0\}}{\sum_{k \in I_i} \#\{j : x_{\cdot jk} > 0\}}",
    source="Brenton and Newfarmer (2007), Watching more than the Discovery Channel, World Bank WPS 4302; WITS",
    aliases=("market_penetration", "出口市场渗透指数"),
    laws="bounds scale permutation replication empty",
    undefined=N_("nothing is exported"),
)
def iemp(
    flows: Flows,
    *,
    by: Columns | None = None,
    threshold: NotNegative = 0.0,
    own_market: Literal["kept", "out"] = "kept",
) -> Any:
    """Of the markets that import what an exporter sells, how many does it reach?

    An exporter that sells anything reaches at least one of the J markets.

    Parameters
    ----------
    flows : Flows
        The exporters of the world, with markets and products.
    by : str or sequence of str, optional
        By default the period and the exporter.
    threshold : float
        The value, in the table's unit, that a flow must exceed to count.
    own_market : {"kept", "out"}
        Whether a market labelled as the exporter itself counts among those that import (World Bank: every reporter
        that imports the product does). "out" needs exporters and markets labelled alike.

    Returns
    -------
    frame
        One row per group: relationships (bilateral product flows), potential, iemp.
    """
    require(flows, "iemp")
    require_roles(flows, "iemp", "exporter", "market", "product")
    one_of("own_market", own_market, ("kept", "out"))
    _, groups = flows.split(("product", "market"), by)
    if "exporter" not in groups:
        raise OptionError("iemp compares exporters: keep the exporter in by=.")
    within = tuple(g for g in groups if g != "exporter")
    cells = flows.cells(*groups, "market", "product").with_columns(
        when(nw.col("value") > threshold, 1.0, 0.0).alias("relationships")
    )
    sold = cells.filter(nw.col("relationships") > 0)
    if own_market == "out":
        sold = sold.filter(abroad(sold))
    wanted = flows.cells(*groups, "market", "product").filter(nw.col("value") > threshold)
    wanted = distinct(wanted, *within, "market", "product")
    chances = join(distinct(sold, *groups, "product"), wanted, on=(*within, "product"), how="inner")
    if own_market == "out":
        chances = chances.filter(abroad(chances))
    potential = sum_by(chances.with_columns(nw.lit(1.0).alias("potential")), groups, ["potential"])
    reached = sum_by(sold, groups, ["relationships"])
    everyone = distinct(cells, *groups)
    both = join(join(everyone, reached, on=groups), potential, on=groups)
    share = ratio(_count("relationships"), _count("potential"))
    counts = [_count(c).cast(nw.Int64).alias(c) for c in ("relationships", "potential")]
    return flows.out(both.select(*groups, *counts, share.alias("iemp")), groups)


def _count(column: str) -> nw.Expr:
    return when(nw.col(column).is_null(), 0.0, nw.col(column))


@indicator(
    title=N_("Nesting of products and markets"),
    low="1/n",
    high="1",
    rises_with=N_("concentration (its entropy: diversification)"),
    formula=r"H_{km} = \sum_k s_k^2 H_{m|k}, \quad E_{km} = E_k + \sum_k s_k E_{m|k}",
    source="Shannon (1948), grouping of entropy; Jacquemin and Berry (1979), J. Industrial Economics 27(4)",
    column="hhi",
    laws="bounds scale permutation transfer empty",
    undefined=N_("the group's total is zero"),
)
def nesting(flows: Flows, *, outer: str = "product", inner: str = "market", by: Columns | None = None) -> Any:
    """Concentration over product-market cells, split into that over products and that of markets within each.

    Parameters
    ----------
    flows : Flows
        With both roles.
    outer, inner : str
        What nests and what is nested: markets within products, or the other way round.
    by : str or sequence of str, optional
        By default every other role present.

    Returns
    -------
    frame
        One row per group. ``n`` cells = ``n_outer`` members times ``n_inner`` each on average; ``hhi`` of
        the cells = ``hhi_outer`` times ``hhi_inner`` (mean of the nested HHI, weighted with squared shares);
        ``entropy`` = ``entropy_outer`` + ``entropy_inner`` (mean weighted with shares).
    """
    require(flows, "nesting")
    require_roles(flows, "nesting", flows.role(outer), flows.role(inner))
    spread, groups = flows.split((outer, inner), by)
    cells = flows.cells(*groups, *spread).with_columns(nw.lit(0).alias(ALL))
    keys = (*groups, ALL)
    joint = _spread(cells, keys, "")
    one = _spread(sum_by(cells, (*keys, spread[0]), ["value"]), keys, "_outer")
    both = join(joint, one, on=keys)
    some = nw.col("n") > 0
    made = both.with_columns(
        ratio(nw.col("n"), nw.col("n_outer")).alias("n_inner"),
        ratio(nw.col("hhi"), nw.col("hhi_outer")).alias("hhi_inner"),
        (nw.col("entropy") - nw.col("entropy_outer")).alias("entropy_inner"),
    )
    counts = [nw.col(c).cast(nw.Int64).alias(c) for c in ("n", "n_outer")]
    names = [f"{stem}{end}" for stem in ("hhi", "entropy") for end in ("", "_outer", "_inner")]
    figures = [when(some, nw.col(c), float("nan")).alias(c) for c in names]
    return flows.out(made.select(*groups, *counts, "n_inner", *figures), groups)


def _spread(cells: Frame, keys: tuple[str, ...], end: str) -> Frame:
    """Count, HHI and entropy of the cells within `keys`, each name with `end`."""
    cells = with_total(cells, keys)
    s = nw.col("value") / when(nw.col("_total") > 0, nw.col("_total"), 1.0)
    terms = cells.select(
        *keys,
        when(s > 0, 1.0, 0.0).alias(f"n{end}"),
        (s * s).alias(f"hhi{end}"),
        (-s * when(s > 0, s, 1.0).log()).alias(f"entropy{end}"),
    )
    return sum_by(terms, keys, [f"n{end}", f"hhi{end}", f"entropy{end}"])


@indicator(
    title=N_("Nestedness (NODF)"),
    low="0",
    high="1",
    rises_with=N_("few-market products being subsets of many-market ones"),
    formula=r"\frac{\sum_{i<j} N_{ij}}{\binom{R}{2} + \binom{C}{2}}, \quad N_{ij} = "
    r"\frac{|A_i \cap A_j|}{\min(k_i, k_j)} \text{ where } k_i \ne k_j, \text{ else } 0",
    source="Almeida-Neto, Guimaraes, Guimaraes, Loyola and Ulrich (2008), Oikos 117(8); Bustos et al. (2012)",
    aliases=("nodf", "嵌套度"),
    laws="bounds scale permutation empty",
    undefined=N_("there is a single active cell"),
)
def nestedness(
    flows: Flows,
    *,
    outer: str = "product",
    inner: str = "market",
    by: Columns | None = None,
    threshold: NotNegative = 0.0,
) -> Any:
    """Whether products with few markets go where products with many markets go already.

    Over the active rows and columns; published times 100. Rows or columns of one size never count as nested.

    Parameters
    ----------
    flows : Flows
        With both roles.
    outer, inner : str
        Rows and columns: "product" by "market", or "exporter" by "product".
    by : str or sequence of str, optional
        By default every other role present.
    threshold : float
        The value, in the table's unit, that a cell must exceed to be active.

    Returns
    -------
    frame
        One row per group: nestedness, nestedness_outer (rows), nestedness_inner (columns); in the caller's own
        eager type, pandas for DuckDB and Spark.
    """
    require(flows, "nestedness")
    (row, column), groups = flows.split((outer, inner), by)
    columns: dict[str, list[Any]] = {
        c: [] for c in (*groups, "nestedness", "nestedness_outer", "nestedness_inner")
    }
    for block in blocks(flows, row, [column], groups):
        active = (block.values > threshold).astype(np.float64)
        active = active[active.any(axis=1)][:, active.any(axis=0)]
        parts = [_paired(active), _paired(active.T)]
        whole = tuple(np.sum(parts, axis=0))
        entries = [s / n if n else float("nan") for s, n in (whole, *parts)]
        for name, entry in zip(columns, (*block.group, *entries), strict=True):
            columns[name].append(entry)
    return table_of_own_kind(flows, columns)


def _paired(active: Array) -> tuple[float, int]:
    """The sum of paired nestedness over pairs of rows, and how many pairs there are."""
    k = active.sum(axis=1)
    counted = np.where(k[:, None] > k, active @ active.T / k, 0.0)  # the larger row against the smaller
    return float(counted.sum()), len(k) * (len(k) - 1) // 2


# Growth by margins: what members that stay, enter and leave add to the growth of exports.


@indicator(
    title=N_("Growth by extensive and intensive margins"),
    aliases=("margins_of_growth", "增长的二元边际"),
    formula=r"\frac{\Delta X}{X_0} = \frac{\sum_{C^+} \Delta x_k + \sum_{C^-} \Delta x_k + \sum_{E} x_{k1} "
    r"- \sum_{X} x_{k0}}{X_0}",
    low="-1",
    source="Eaton, Eslava, Kugler and Tybout (2007); Amiti and Freund (2010); Evenett and Venables (2002)",
    laws="bounds scale permutation replication transfer empty",
    undefined=N_(
        "the earlier total is zero (midpoint: both totals are), or the exporter has no row in one of the periods"
    ),
)
def growth_margins(
    flows: Flows,
    *,
    over: Columns = "product",
    by: Columns | None = None,
    lag: Lag = "year",
    threshold: NotNegative = 0.0,
    rate: Literal["before", "midpoint"] = "before",
) -> Any:
    """Split the growth of exports into continuing members that grow or shrink, new ones, and those that left.

    Parameters
    ----------
    flows : Flows
        With periods.
    over : str or sequence of str
        Whose margins: "product", "market", or both. With both, entry is also split into known products in
        known markets (new_pair), known products in new markets (new_market), new products in known markets
        (new_product), and new in both (new_both).
    by : str or sequence of str, optional
        By default every other role present.
    lag : "year" or int
        Against the same period a year before, or so many steps of the table back (1: month on month).
    threshold : float
        A member is active above this value; changes of members that stay at or below it are `below`.
    rate : {"before", "midpoint"}
        The denominator: the earlier total, or the mean of both (Davis and Haltiwanger), which treats growth and
        decline alike.

    Returns
    -------
    frame
        One row per group: before, after, growth_margins (the growth rate), intensive = growing + shrinking,
        extensive = entry + exit, below where a threshold is set; and the counts n_continuing, n_entry, n_exit.

    Raises
    ------
    DataError
        No two periods lie `lag` apart.
    OptionError
        A negative threshold.
    """
    one_of("rate", rate, ("before", "midpoint"))
    spread, groups = keyed(flows, "growth_margins", over, by)
    keys = (*groups, *spread)
    moves = periods_compared(flows, lag)
    frame = with_status(before_and_after(flows.cells(*keys), keys, moves), threshold)
    change, status = nw.col("after") - nw.col("before"), nw.col("status")
    stays = status == "continuing"
    terms = {
        "growing": zero_unless(stays & (nw.col("after") > nw.col("before")), change),
        "shrinking": zero_unless(stays & (nw.col("after") <= nw.col("before")), change),
        "entry": zero_unless(status == "entry", change),
        "exit": zero_unless(status == "exit", change),
        "below": zero_unless(status == "inactive", change),
    }
    counts = {f"n_{kind}": when(status == kind, 1.0, 0.0) for kind in ("continuing", "entry", "exit")}
    kinds: dict[str, nw.Expr] = {}
    if set(spread) == {"product", "market"}:
        frame, kinds = _entries(frame, groups, threshold)
    made = frame.with_columns(*(t.alias(n) for n, t in {**terms, **counts, **kinds}.items()))
    sums = sum_by(made, groups, ["before", "after", *terms, *counts, *kinds])
    base = nw.col("before") if rate == "before" else (nw.col("before") + nw.col("after")) / 2
    rates = {
        "growth_margins": nw.col("after") - nw.col("before"),
        "intensive": nw.col("growing") + nw.col("shrinking"),
        "extensive": nw.col("entry") + nw.col("exit"),
        **{name: nw.col(name) for name in (*terms, *kinds) if name != "below" or threshold},
    }
    seen = nw.col("_seen") > 0
    result = with_seen(sums, flows, moves).select(
        *groups,
        "before",
        "after",
        *(when(seen, ratio(t, base), float("nan")).alias(n) for n, t in rates.items()),
        *(nw.col(n).cast(nw.Int64).alias(n) for n in counts),
    )
    return flows.out(result, groups)


def _entries(frame: Frame, groups: tuple[str, ...], threshold: float) -> tuple[Frame, dict[str, nw.Expr]]:
    """What enters, by whether the product and the market were there before."""
    frame = frame.with_columns(when(nw.col("before") > threshold, 1.0, 0.0).alias("_was"))
    frame = with_total(frame, (*groups, "product"), "_was", "_product_was")
    frame = with_total(frame, (*groups, "market"), "_was", "_market_was")
    entry = nw.col("status") == "entry"
    product, market = nw.col("_product_was") > 0, nw.col("_market_was") > 0
    change = nw.col("after") - nw.col("before")
    return frame, {
        "new_pair": zero_unless(entry & product & market, change),
        "new_market": zero_unless(entry & product & ~market, change),
        "new_product": zero_unless(entry & ~product & market, change),
        "new_both": zero_unless(entry & ~product & ~market, change),
    }
