"""Unit values: against those of others, and the change of value as price, quantity, mix and turnover."""

from __future__ import annotations

from typing import Any, Literal

import narwhals.stable.v2 as nw

from exportlab.errors import DataError, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Frame, distinct, join, missing, ratio, stack, sum_by, when, with_total
from exportlab.indices._steps import ALL, before_and_after, keyed, periods_compared, with_seen, zero_unless
from exportlab.indices.catalogue import indicator
from exportlab.periods import Lag
from exportlab.words import N_, said

Method = Literal["fisher", "tornqvist", "laspeyres", "paasche"]


def priced_cells(
    flows: Flows, caller: str, keys: tuple[str, ...], *, alike: tuple[str, ...] | None = None
) -> Frame:
    """Value and quantity by cell; both zero where the quantity, or any part of it, is missing or zero.

    `all` is the cell's whole value. Within `alike` (default: the cell) quantities have one unit, or none is known.
    """
    require(flows, caller)
    if "quantity" not in flows.roles:
        raise DataError(
            said("the flows have no quantity"),
            said("{caller} needs quantity=... at the door.", caller=caller),
        )
    flows.check()
    gone = missing(nw.col("quantity"))
    frame = flows.known_quantities.select(
        *keys,
        "value",
        when(gone, 0.0, nw.col("quantity")).alias("quantity"),
        when(gone, 1.0, 0.0).alias("_gone"),
    )
    cells = sum_by(frame, keys, ["value", "quantity", "_gone"])
    known = (nw.col("_gone") == 0) & (nw.col("quantity") > 0) & (nw.col("value") > 0)
    if any(k not in keys for k in flows.quantity_keys):
        cells = with_units(cells, keys if alike is None else alike, flows)
        known &= nw.col("_units") <= 1
    return cells.select(
        *keys,
        nw.col("value").alias("all"),
        zero_unless(known, nw.col("value")).alias("value"),
        zero_unless(known, nw.col("quantity")).alias("quantity"),
    )


def with_units(cells: Frame, keys: tuple[str, ...], *tables: Flows) -> Frame:
    """The cells with `_units`: how many units the quantities of the tables have within `keys`.

    Raises
    ------
    DataError
        One table has a column of units and another has not.
    """
    named = {t.quantity_keys for t in tables}
    if len(named) > 1:
        raise DataError(
            said(
                "the quantities of one of the two tables have several units, those of the other do not "
                "say theirs"
            ),
            said("Name the column of units in both: quantity_unit=... at the door."),
        )
    wanted = (*keys, *named.pop())
    known = [t.frame.filter(nw.col("quantity") > 0).select(*wanted) for t in tables]
    each = distinct(stack(*known), *wanted).with_columns(nw.lit(1).alias("_units"))
    joined = join(cells, sum_by(each, keys, ["_units"]), on=keys)
    return joined.with_columns(when(nw.col("_units").is_null(), 0, nw.col("_units")).alias("_units"))


@indicator(
    title=N_("Relative unit value"),
    formula=r"(x_{ik} / q_{ik}) / (x_{rk} / q_{rk})",
    low="0",
    rises_with=N_("price, and quality if markets are competitive"),
    source="Schott (2004), Quarterly Journal of Economics 119(2)",
    laws="bounds scale permutation replication empty",
    aliases=("relative_price", "相对单位价值"),
    undefined=N_("the exporter's or the reference's quantity is missing or zero"),
)
def relative_unit_value(
    flows: Flows,
    *,
    reference: Literal["world", "rest"] | Flows = "world",
    over: Columns = "product",
    by: Columns | None = None,
    summary: bool = False,
) -> Any:
    """Compare the unit value of each product with that of a reference in the same product (and market).

    Parameters
    ----------
    flows : Flows
        With exporters and quantities, in one unit for each product.
    reference : {"world", "rest"} or Flows
        All exporters in the table, all others, or a table of its own with quantities in the same units.
    over : str or sequence of str
        Within what goods are compared: "product", or product and market.
    by : str or sequence of str, optional
        By default every other role present; must keep the exporter.
    summary : bool
        One row per group instead: the mean of the logarithms weighted by value, as a ratio.

    Returns
    -------
    frame
        One row per cell: keys, unit_value, reference_unit_value, relative_unit_value, and the unit where quantities
        have several, as nothing is compared across them; with `summary` one row per
        group: covered (the share of value that could be compared), relative_unit_value.

    Raises
    ------
    DataError
        No exporter or no quantity.
    """
    require(flows, "relative_unit_value")
    spread, groups = flows.split(over, by)
    spread = (*spread, *(k for k in flows.quantity_keys if k not in groups))
    if "exporter" not in groups:
        raise DataError(
            said("the flows have no exporter"), said("relative_unit_value needs exporter=..., kept in by=.")
        )
    within = tuple(g for g in groups if g != "exporter")
    cells = beside_reference(flows, (*groups, *spread), (*within, *spread), reference)
    made = cells.with_columns(
        ratio(nw.col("value"), nw.col("quantity")).alias("unit_value"),
        ratio(nw.col("_rv"), nw.col("_rq")).alias("reference_unit_value"),
    )
    both = (nw.col("quantity") > 0) & (nw.col("_rq") > 0)
    relative = ratio(nw.col("unit_value"), nw.col("reference_unit_value"))
    made = made.with_columns(when(both, relative, float("nan")).alias("relative_unit_value"))
    keys = (*groups, *spread)
    if not summary:
        return flows.out(
            made.select(*keys, "unit_value", "reference_unit_value", "relative_unit_value"), keys
        )
    logs = when(both, when(both, nw.col("relative_unit_value"), 1.0).log() * nw.col("value"), 0.0)
    weighed = made.with_columns(logs.alias("_log"), zero_unless(both, nw.col("value")).alias("_known"))
    sums = sum_by(weighed, groups, ["_log", "_known", "all"])
    known = nw.col("_known") > 0
    mean = when(known, ratio(nw.col("_log"), nw.col("_known")), 0.0).exp()
    return flows.out(
        sums.select(
            *groups,
            ratio(nw.col("_known"), nw.col("all")).alias("covered"),
            when(known, mean, float("nan")).alias("relative_unit_value"),
        ),
        groups,
    )


def beside_reference(flows: Flows, keys: tuple[str, ...], common: tuple[str, ...], reference: Any) -> Frame:
    """Cells with the reference's value and quantity, `_rv` and `_rq`; zero where it has none."""
    cells = priced_cells(flows, "relative_unit_value", keys)
    if isinstance(reference, Flows):
        if flows.quantity_keys != reference.quantity_keys:
            raise DataError(
                said(
                    "the quantities of one of the two tables have several units, those of the other do not "
                    "say theirs"
                ),
                said("Name the column of units in both: quantity_unit=... at the door."),
            )
        common = tuple(r for r in common if r in reference.identity)
        other = priced_cells(reference, "relative_unit_value", common)
        named = other.select(*common, nw.col("value").alias("_rv"), nw.col("quantity").alias("_rq"))
        joined = join(cells, named, on=common)
        return joined.with_columns(
            *(when(nw.col(c).is_null(), 0.0, nw.col(c)).alias(c) for c in ("_rv", "_rq"))
        )
    one_of("reference", reference, ("world", "rest"))
    cells = cells.with_columns(when(nw.col("quantity") > 0, 1.0, 0.0).alias("_has"))
    for column, name in (("value", "_rv"), ("quantity", "_rq"), ("_has", "_n")):
        cells = with_total(cells, common, column, name)
    if reference == "world":
        return cells
    # By count, for a difference of sums does not come back to zero exactly.
    others = nw.col("_n") - nw.col("_has") > 0
    return cells.with_columns(
        zero_unless(others, nw.col("_rv") - nw.col("value")).alias("_rv"),
        zero_unless(others, nw.col("_rq") - nw.col("quantity")).alias("_rq"),
    )


@indicator(
    title=N_("Dispersion of unit values"),
    formula=r"\sqrt{\sum_{k,m} w_{km} (\ln p_{km} - \bar{\ln p}_k)^2 / \sum_{k,m} w_{km}}",
    low="0",
    rises_with=N_("how far prices of one product lie apart: the less, the more homogeneous the goods"),
    source="Manova and Zhang (2012), Quarterly Journal of Economics 127(1), for prices over destinations",
    laws="bounds scale permutation empty",
    aliases=("price_dispersion", "单位价值离散度"),
    undefined=N_("no product is priced in two markets"),
)
def unit_value_dispersion(
    flows: Flows,
    *,
    over: Columns = "market",
    within: Columns = "product",
    by: Columns | None = None,
    weights: Literal["value", "equal"] = "value",
) -> Any:
    """Measure how far the unit values of one product lie apart over markets: goods alike have one price.

    A range of prices within a product is what vertical differentiation looks like (Schott 2004), and also what a
    product code that is too wide looks like; compare exporters at one level of codes.

    Parameters
    ----------
    flows : Flows
        With quantities, in one unit for each product (or a column of units, within which prices are compared).
    over : str or sequence of str
        What the prices of one product are compared over: "market", or "exporter" for one product's many sources.
    within : str or sequence of str
        What is one product; the finer, the less is mix.
    by : str or sequence of str, optional
        By default every other role present.
    weights : {"value", "equal"}
        Each price by its value, or each once.

    Returns
    -------
    frame
        One row per group: keys, covered (the share of value in products priced in two places or more),
        unit_value_dispersion (the standard deviation of the logarithms about each product's mean, pooled).

    Raises
    ------
    DataError
        No product or market, or no quantity.
    OptionError
        A role stands in two of `over`, `within` and `by`.
    """
    one_of("weights", weights, ("value", "equal"))
    require(flows, "unit_value_dispersion")
    goods, places = flows.resolve(within), flows.resolve(over)
    _, groups = flows.split((*goods, *places), by)
    kinds = (*groups, *goods, *(k for k in flows.quantity_keys if k not in groups))
    cells = priced_cells(flows, "unit_value_dispersion", (*kinds, *places))
    priced = nw.col("quantity") > 0
    price = when(priced, ratio(nw.col("value"), when(priced, nw.col("quantity"), 1.0)), 1.0)
    weight = nw.col("value") if weights == "value" else when(priced, 1.0, 0.0)
    logs = cells.with_columns(
        price.log().alias("_log"), weight.alias("_w"), when(priced, 1.0, 0.0).alias("_n")
    )
    weighed = logs.with_columns((nw.col("_w") * nw.col("_log")).alias("_wl"))
    for column, name in (("_w", "_sum"), ("_wl", "_log_sum"), ("_n", "_prices")):
        weighed = with_total(weighed, kinds, column, name)
    about = nw.col("_log") - ratio(nw.col("_log_sum"), nw.col("_sum"))
    several = priced & (nw.col("_prices") > 1)
    parts = weighed.select(
        *groups,
        "all",
        zero_unless(several, nw.col("value")).alias("_known"),
        zero_unless(several, nw.col("_w")).alias("_w"),
        when(several, nw.col("_w") * about**2, 0.0).alias("_square"),
    )
    sums = sum_by(parts, groups, ["all", "_known", "_w", "_square"])
    spread = ratio(nw.col("_square"), nw.col("_w")) ** 0.5
    return flows.out(
        sums.select(
            *groups,
            ratio(nw.col("_known"), nw.col("all")).alias("covered"),
            when(nw.col("_w") > 0, spread, float("nan")).alias("unit_value_dispersion"),
        ),
        groups,
    )


@indicator(
    title=N_("Change of value by price, quantity, mix and turnover"),
    aliases=("价格与数量分解",),
    formula=r"\frac{X_1}{X_0} = P \cdot Q \cdot T, \quad Q = \frac{\sum q_1}{\sum q_0} \cdot M",
    low="0",
    source="Fisher (1922), The Making of Index Numbers; Tornqvist (1936); IMF, Export and Import Price Index Manual",
    laws="bounds scale permutation replication transfer empty",
    unit=N_("1 (ratios; 1 is no change)"),
    undefined=N_(
        "no member is priced in both periods, the earlier total is zero, or the exporter has no row in one"
    ),
)
def price_quantity(
    flows: Flows,
    *,
    method: Method = "fisher",
    over: Columns = "product",
    by: Columns | None = None,
    lag: Lag = "year",
) -> Any:
    """Split the change of exports into prices, quantities, their mix, and what could not be matched.

    Parameters
    ----------
    flows : Flows
        With periods and quantities.
    method : {"fisher", "tornqvist", "laspeyres", "paasche"}
        The price index over members with a unit value in both periods. Its quantity index is the one that makes
        price times quantity the ratio of values: for Fisher its own kind; for Laspeyres' prices Paasche's
        quantities and the other way round; for Tornqvist the implicit one.
    over : str or sequence of str
        Whose unit values are prices: "product", or product and market (finer is better).
    by, lag
        As in `hhi_change`.

    Returns
    -------
    frame
        One row per group, all as ratios: price_quantity (X_1/X_0), price, quantity_index, and turnover (members
        that came, left or have no quantity), with price_quantity = price x quantity_index x turnover; volume (of
        the plain sums of quantities) and mix, with quantity_index = volume x mix, which are NaN where the column of
        units has several in the group; matched (the members with a price in both periods); and units, how many the
        group has, where there is that column.

    Raises
    ------
    DataError
        No quantity; no two periods `lag` apart.
    """
    one_of("method", method, ("fisher", "tornqvist", "laspeyres", "paasche"))
    spread, groups = keyed(flows, "price_quantity", over, by)
    spread = (*spread, *(k for k in flows.quantity_keys if k not in groups))
    keys = (*groups, *spread)
    cells = priced_cells(flows, "price_quantity", keys)
    moves = periods_compared(flows, lag)
    frame = before_and_after(cells, keys, moves, ("all", "value", "quantity"))
    sums = with_seen(
        sum_by(_products(frame, groups), groups, [*SUMS, "before_all", "after_all"]), flows, moves
    )
    laspeyres = ratio(nw.col("_p1q0"), nw.col("_v0"))
    paasche = ratio(nw.col("_v1"), nw.col("_p0q1"))
    some = nw.col("_both") > 0
    fisher = when(some, laspeyres * paasche, 1.0) ** 0.5
    tornqvist = when(some, nw.col("_logp"), 0.0).exp()
    price = {"laspeyres": laspeyres, "paasche": paasche, "fisher": fisher, "tornqvist": tornqvist}[method]
    grown = ratio(nw.col("after_all"), nw.col("before_all"))
    whole, matched = when(nw.col("_seen") > 0, grown, float("nan")), ratio(nw.col("_v1"), nw.col("_v0"))
    made = sums.with_columns(when(some, price, float("nan")).alias("price"), whole.alias("price_quantity"))
    made = made.with_columns(
        ratio(matched, nw.col("price")).alias("quantity_index"),
        ratio(nw.col("price_quantity"), matched).alias("turnover"),
        ratio(nw.col("_q1"), nw.col("_q0")).alias("volume"),
    )
    mix = ratio(nw.col("quantity_index"), nw.col("volume")).alias("mix")
    count = nw.col("_both").cast(nw.Int64).alias("matched")
    shown = ("price_quantity", "price", "quantity_index", "turnover")
    volume, further = nw.col("volume"), []
    if set(flows.quantity_keys) & set(spread):
        made, one, further = *_units(made, frame, groups, flows.quantity_keys), ["units"]
        volume, mix = when(one, volume, float("nan")), when(one, mix, float("nan"))
    return flows.out(
        made.select(*groups, *shown, volume.alias("volume"), mix.alias("mix"), count, *further), groups
    )


def _units(
    made: Frame, frame: Frame, groups: tuple[str, ...], unit: tuple[str, ...]
) -> tuple[Frame, nw.Expr]:
    """The sums with `units`, how many the group's matched members have; and whether that is one."""
    each = distinct(frame.filter(BOTH).select(*groups, *unit), *groups, *unit)
    counts = sum_by(
        each.with_columns(nw.lit(0).alias(ALL), nw.lit(1).alias("units")), (*groups, ALL), ["units"]
    )
    return join(made.with_columns(nw.lit(0).alias(ALL)), counts, on=(*groups, ALL)), nw.col("units") == 1


BOTH = (nw.col("before_quantity") > 0) & (nw.col("after_quantity") > 0)
SUMS = ["_v0", "_v1", "_q0", "_q1", "_p1q0", "_p0q1", "_logp", "_both"]


def _products(frame: Frame, groups: tuple[str, ...]) -> Frame:
    """What the indices sum, over members priced in both periods; Tornqvist's weights are shares among those."""
    both = BOTH
    v0, v1, q0, q1 = (
        zero_unless(both, nw.col(f"{side}_{what}"))
        for what in ("value", "quantity")
        for side in ("before", "after")
    )
    frame = frame.with_columns(
        v0.alias("_v0"),
        v1.alias("_v1"),
        q0.alias("_q0"),
        q1.alias("_q1"),
        when(both, 1.0, 0.0).alias("_both"),
    )
    for name in ("_v0", "_v1"):
        frame = with_total(frame, groups, name, f"{name}_total")
    p0, p1 = ratio(nw.col("_v0"), nw.col("_q0")), ratio(nw.col("_v1"), nw.col("_q1"))
    weight = (ratio(nw.col("_v0"), nw.col("_v0_total")) + ratio(nw.col("_v1"), nw.col("_v1_total"))) / 2
    there = nw.col("_both") > 0
    return frame.with_columns(
        when(there, p1 * nw.col("_q0"), 0.0).alias("_p1q0"),
        when(there, p0 * nw.col("_q1"), 0.0).alias("_p0q1"),
        when(there, weight * when(there, ratio(p1, p0), 1.0).log(), 0.0).alias("_logp"),
    )
