"""What moves concentration and bloc shares: exact contributions, entry and exit, composition against own change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import narwhals.stable.v2 as nw

from exportlab.errors import DataError, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Frame, abroad, join, ratio, sum_by, when, with_total
from exportlab.indices import shares
from exportlab.indices._steps import (
    before_and_after,
    keyed,
    periods_compared,
    with_shares,
    with_status,
    zero_unless,
)
from exportlab.indices.catalogue import indicator
from exportlab.options import Label
from exportlab.periods import Lag
from exportlab.words import N_


@indicator(
    title=N_("Contribution to the change of the HHI"),
    formula=r"(s_{k1} + s_{k0})(s_{k1} - s_{k0})",
    low="-1",
    high="1",
    source="difference of squares; sums exactly to H_1 - H_0",
    laws="bounds scale permutation empty additive",
    undefined=N_("the group's total is zero in one of the two periods"),
)
def hhi_change(
    flows: Flows, *, over: Columns = "market", by: Columns | None = None, lag: Lag = "year"
) -> Any:
    """What each member adds to the change of its group's Herfindahl-Hirschman index.

    Parameters
    ----------
    flows : Flows
        With periods.
    over : str or sequence of str
        Over what the index is taken: "market", "product", or both.
    by : str or sequence of str, optional
        Within what, the period included; by default every other role present.
    lag : "year" or int
        Against the same period a year before, or so many steps of the table back (1: month on month).

    Returns
    -------
    frame
        One row per cell of either period: keys (the later period), before, after, share_before, share_after,
        status (continuing, entry, exit), hhi_change. The last sums to the change of the index.

    Raises
    ------
    DataError
        No two periods lie `lag` apart.
    """
    spread, groups = keyed(flows, "hhi_change", over, by)
    keys = (*groups, *spread)
    shown = ("before", "after", "share_before", "share_after", "status", "hhi_change")
    return flows.out(_hhi_terms(flows, groups, spread, lag).select(*keys, *shown), keys)


def _hhi_terms(flows: Flows, groups: tuple[str, ...], spread: tuple[str, ...], lag: Lag) -> Frame:
    keys = (*groups, *spread)
    frame = with_shares(before_and_after(flows.cells(*keys), keys, periods_compared(flows, lag)), groups)
    s0, s1 = nw.col("share_before"), nw.col("share_after")
    return with_status(frame).with_columns(((s1 + s0) * (s1 - s0)).alias("hhi_change"))


@indicator(
    title=N_("Change of the HHI by continuing, entering and leaving members"),
    low="-1",
    high="1",
    formula=r"\Delta H = \sum_{k \in C} (s_{k1}^2 - s_{k0}^2) + \sum_{k \in E} s_{k1}^2 - \sum_{k \in X} s_{k0}^2",
    source="difference of squares, grouped by status",
    laws="bounds scale permutation empty",
    undefined=N_("the group's total is zero in one of the two periods"),
)
def hhi_change_split(
    flows: Flows, *, over: Columns = "market", by: Columns | None = None, lag: Lag = "year"
) -> Any:
    """The change of the HHI split into members active in both periods, new ones, and those that left.

    Parameters
    ----------
    flows, over, by, lag
        As in `hhi_change`.

    Returns
    -------
    frame
        One row per group: hhi_before, hhi_after, hhi_change_split (the change), continuing, entry, exit.
        The last three sum to the change.

    Raises
    ------
    DataError
        No two periods lie `lag` apart.
    """
    spread, groups = keyed(flows, "hhi_change_split", over, by)
    frame = _hhi_terms(flows, groups, spread, lag)
    kinds = ("continuing", "entry", "exit")
    terms = frame.with_columns(
        (nw.col("share_before") * nw.col("share_before")).alias("hhi_before"),
        (nw.col("share_after") * nw.col("share_after")).alias("hhi_after"),
        *(zero_unless(nw.col("status") == kind, nw.col("hhi_change")).alias(kind) for kind in kinds),
        *(nw.col(f"_{name}_total").alias(f"_{name}_member") for name in ("before", "after")),
    )
    names = ("hhi_before", "hhi_after", "hhi_change", *kinds)
    sums = sum_by(_finite(terms, names), groups, [*names, "before", "after"])
    defined = (nw.col("before") > 0) & (nw.col("after") > 0)
    whole = sums.with_columns(*(when(defined, nw.col(n), float("nan")).alias(n) for n in names))
    return flows.out(
        whole.rename({"hhi_change": "hhi_change_split"}).select(
            *groups, "hhi_before", "hhi_after", "hhi_change_split", *kinds
        ),
        groups,
    )


def _finite(frame: Frame, names: Sequence[str]) -> Frame:
    """Terms of groups without a share set to zero before summing: engines add NaN differently."""
    defined = (nw.col("_before_total") > 0) & (nw.col("_after_total") > 0)
    return frame.with_columns(*(zero_unless(defined, nw.col(n)).alias(n) for n in names))


@indicator(
    title=N_("Contribution to the change of a bloc's share"),
    low="-1",
    high="1",
    formula=r"d_{j1} s_{kj1} - d_{j0} s_{kj0} = \bar d_j \Delta s_{kj} + \Delta d_j \bar s_{kj}",
    source="product rule with midpoint weights; sums exactly to the change of the bloc's share",
    laws="bounds scale permutation empty additive",
    undefined=N_("the group's total is zero in one of the two periods"),
)
def bloc_share_change(
    flows: Flows,
    bloc: str,
    *,
    over: Columns = "market",
    by: Columns | None = None,
    lag: Lag = "year",
    membership: Literal["dated", "latest"] | str | int = "dated",
    within: Literal["end", "start"] = "end",
    home: str | None = None,
    members: Sequence[Label] | None = None,
) -> Any:
    """What each market or product adds to the change of a bloc's share, by trade and by membership.

    Parameters
    ----------
    flows : Flows
        With periods and markets.
    bloc, membership, within, home, members
        As in `bloc_share`.
    over : str or sequence of str
        Whose contributions: "market", "product" or both.
    by, lag
        As in `hhi_change`.

    Returns
    -------
    frame
        One row per cell: keys, share_before and share_after (exports to the bloc over the group's total),
        trade (shares moved), membership (markets joined or left the bloc), bloc_share_change (their sum).

    Raises
    ------
    DataError
        No market; no two periods `lag` apart; markets that cannot be placed.
    """
    require(flows, "bloc_share_change")
    one_of("within", within, ("end", "start"))
    if "market" not in flows.roles:
        raise DataError("the flows have no market", "bloc_share_change needs market=... at the door.")
    whose = flows.resolve(over)
    _, groups = keyed(flows, "bloc_share_change", tuple(dict.fromkeys((*whose, "market"))), by)
    keys = (*groups, *whose)
    fine = tuple(dict.fromkeys((*keys, "market")))
    asked = shares.Asked(bloc, membership, within, home, members)
    inside = shares.inside_of(asked.parts(flows, "market"), "market")
    if "exporter" in fine:
        inside = inside & abroad(flows.frame)
    cells = flows.cells(*fine).with_columns(zero_unless(inside, nw.col("value")).alias("_bloc"))
    both = before_and_after(cells, fine, periods_compared(flows, lag), ("value", "_bloc"))
    return flows.out(_bloc_terms(both, groups, keys), keys)


def _bloc_terms(both: Frame, groups: tuple[str, ...], keys: tuple[str, ...]) -> Frame:
    """Trade and membership by market, then summed to the keys. d is 1 where the market was in the bloc."""
    for name in ("before_value", "after_value"):
        both = with_total(both, groups, name, f"_{name}_total")
    before, after = nw.col("_before_value_total"), nw.col("_after_value_total")
    s0, s1 = _part("before_value", before), _part("after_value", after)
    b0, b1 = _part("before__bloc", before), _part("after__bloc", after)
    # A market without trade in a period has no row that says whether it was inside: it then moved by trade alone.
    inside0 = when(nw.col("before_value") > 0, nw.col("before__bloc") > 0, nw.col("after__bloc") > 0)
    inside1 = when(nw.col("after_value") > 0, nw.col("after__bloc") > 0, nw.col("before__bloc") > 0)
    d0, d1 = when(inside0, 1.0, 0.0), when(inside1, 1.0, 0.0)
    terms = both.with_columns(
        b0.alias("share_before"),
        b1.alias("share_after"),
        ((d1 + d0) / 2 * (s1 - s0)).alias("trade"),
        ((d1 - d0) * (s1 + s0) / 2).alias("membership"),
        (b1 - b0).alias("bloc_share_change"),
        when(before > 0, 0.0, 1.0).alias("_none_before"),
        when(after > 0, 0.0, 1.0).alias("_none_after"),
    )
    names = ["share_before", "share_after", "trade", "membership", "bloc_share_change"]
    sums = sum_by(terms, keys, [*names, "_none_before", "_none_after"])
    # Engines do not agree on sums over NaN, so that what a group without trade lacks is put in after the sum.
    lacks = {"share_before": nw.col("_none_before"), "share_after": nw.col("_none_after")}
    both_lack = nw.col("_none_before") + nw.col("_none_after")
    found = [when(lacks.get(n, both_lack) > 0, float("nan"), nw.col(n)).alias(n) for n in names]
    return sums.with_columns(*found).select(*keys, *names)


def _part(column: str, total: nw.Expr) -> nw.Expr:
    """A column over its total; zero where nothing was traded."""
    return nw.col(column) / when(total > 0, total, 1.0)


@indicator(
    title=N_("Composition against own change of the HHI"),
    low="-1",
    high="1",
    formula=r"\Delta H = [H(s^*) - H(s_0)] + [H(s_1) - H(s^*)], \quad s_k^* = s_{k0} g_k / \sum_j s_{j0} g_j",
    source="shift-share counterfactual: Dunn (1960), applied to the shares within the index",
    column="composition",
    laws="bounds scale permutation empty",
    undefined=N_(
        "the group's total is zero in one of the two periods, or the reference did not trade a member before"
    ),
)
def hhi_shift_share(
    flows: Flows,
    *,
    reference: Literal["world", "rest"] | Flows = "world",
    over: Columns = "product",
    by: Columns | None = None,
    lag: Lag = "year",
) -> Any:
    """How far the HHI would have moved had every member grown as in the reference, and the rest.

    Parameters
    ----------
    flows : Flows
        With periods.
    reference : {"world", "rest"} or Flows
        Whose growth g_k: all exporters in the table, all others, or a table of its own (the world's trade by
        product and period).
    over, by, lag
        As in `hhi_change`.

    Returns
    -------
    frame
        One row per group: hhi_before, hhi_counterfactual, hhi_after, composition, own; the last two sum to the
        change. `undefined` counts members that the reference did not trade before, which leave the row NaN.

    Raises
    ------
    DataError
        No two periods lie `lag` apart; "world" or "rest" without exporters.
    """
    spread, groups = keyed(flows, "hhi_shift_share", over, by)
    keys = (*groups, *spread)
    moves = periods_compared(flows, lag)
    own = with_shares(before_and_after(flows.cells(*keys), keys, moves), groups)
    grown = _with_reference(flows, own, reference, spread, moves)
    lost = (nw.col("before") > 0) & (nw.col("_r0") <= 0)
    moved = zero_unless(nw.col("before") > 0, nw.col("before") * ratio(nw.col("_r1"), nw.col("_r0")))
    grown = grown.with_columns(when(lost, 1.0, 0.0).alias("_lost"), when(lost, 0.0, moved).alias("_moved"))
    grown = with_total(grown, groups, "_moved", "_moved_total")
    star = ratio(nw.col("_moved"), nw.col("_moved_total"))
    s0, s1 = nw.col("share_before"), nw.col("share_after")
    terms = grown.with_columns(
        (s0 * s0).alias("hhi_before"), (star * star).alias("hhi_counterfactual"), (s1 * s1).alias("hhi_after")
    )
    names = ["hhi_before", "hhi_counterfactual", "hhi_after"]
    sums = sum_by(_finite(terms, names), groups, [*names, "_lost", "_moved", "before", "after"])
    defined = (nw.col("before") > 0) & (nw.col("after") > 0) & (nw.col("_moved") > 0) & (nw.col("_lost") == 0)
    whole = sums.with_columns(*(when(defined, nw.col(n), float("nan")).alias(n) for n in names))
    result = whole.with_columns(
        (nw.col("hhi_counterfactual") - nw.col("hhi_before")).alias("composition"),
        (nw.col("hhi_after") - nw.col("hhi_counterfactual")).alias("own"),
        nw.col("_lost").cast(nw.Int64).alias("undefined"),
    )
    return flows.out(result.select(*groups, *names, "composition", "own", "undefined"), groups)


def _with_reference(flows: Flows, own: Frame, reference: Any, spread: tuple[str, ...], moves: Any) -> Frame:
    """Add the reference's value before and after, `_r0` and `_r1`, of each member."""
    one = ("period", *spread)
    if isinstance(reference, Flows):
        other = before_and_after(reference.cells(*one), one, moves).rename({"before": "_r0", "after": "_r1"})
        joined = join(own, other, on=one)
        return joined.with_columns(
            *(when(nw.col(r).is_null(), 0.0, nw.col(r)).alias(r) for r in ("_r0", "_r1"))
        )
    one_of("reference", reference, ("world", "rest"))
    if "exporter" not in flows.roles:
        raise DataError(
            "the flows have no exporters to take growth from",
            "Give the reference's own table: reference=xl.flows(...).",
        )
    total = with_total(with_total(own, one, "before", "_r0"), one, "after", "_r1")
    if reference == "rest":
        total = total.with_columns(
            (nw.col("_r0") - nw.col("before")).alias("_r0"), (nw.col("_r1") - nw.col("after")).alias("_r1")
        )
    return total
