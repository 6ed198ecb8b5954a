"""Growth by margins: what members that stay, enter and leave add to the growth of exports."""

from __future__ import annotations

from typing import Any, Literal

import narwhals.stable.v2 as nw

from exportlab.catalogue import indicator
from exportlab.errors import one_of
from exportlab.flows import Columns, Flows
from exportlab.frames import Frame, ratio, sum_by, when, with_total
from exportlab.indices._change import beside, keyed, only, pairs, with_status
from exportlab.options import NotNegative
from exportlab.periods import Lag


@indicator(
    title="Growth by extensive and intensive margins", aliases=("margins_of_growth",),
    formula=r"\frac{\Delta X}{X_0} = \frac{\sum_{C^+} \Delta x_k + \sum_{C^-} \Delta x_k + \sum_{E} x_{k1} "
    r"- \sum_{X} x_{k0}}{X_0}", low="-1",
    source="Eaton, Eslava, Kugler and Tybout (2007); Amiti and Freund (2010); Evenett and Venables (2002)",
    laws="bounds scale permutation replication transfer empty",
    undefined="the earlier total is zero (midpoint: both totals are)",
)  # fmt: skip
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
    frame = with_status(beside(flows.cells(*keys), keys, pairs(flows, lag)), threshold)
    change, status = nw.col("after") - nw.col("before"), nw.col("status")
    stays = status == "continuing"
    terms = {
        "growing": only(stays & (nw.col("after") > nw.col("before")), change),
        "shrinking": only(stays & (nw.col("after") <= nw.col("before")), change),
        "entry": only(status == "entry", change),
        "exit": only(status == "exit", change),
        "below": only(status == "inactive", change),
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
    result = sums.select(
        *groups, "before", "after", *(ratio(t, base).alias(n) for n, t in rates.items()),
        *(nw.col(n).cast(nw.Int64).alias(n) for n in counts),
    )  # fmt: skip
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
        "new_pair": only(entry & product & market, change),
        "new_market": only(entry & product & ~market, change),
        "new_product": only(entry & ~product & market, change),
        "new_both": only(entry & ~product & ~market, change),
    }
