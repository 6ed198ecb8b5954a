"""Sophistication adjusted for quality: PRODY and EXPY moved by an exporter's prices within a product."""

from __future__ import annotations

from typing import Any, Literal

import narwhals.stable.v2 as nw

from exportlab.catalogue import indicator
from exportlab.errors import one_of
from exportlab.flows import Columns, Flows
from exportlab.frames import Frame, join, ratio, sum_by, when, with_total
from exportlab.indices._change import ALL, only
from exportlab.indices.sophistication import Income, _shares, _weighted
from exportlab.indices.unit_values import priced_cells
from exportlab.options import NotNegative

Average = Literal["value", "quantity"]


@indicator(
    title="Income level of products adjusted for quality", low="0", unit="that of income",
    formula=r"PRODY^q_{ik} = q_{ik}^{\theta} PRODY_k, \quad q_{ik} = p_{ik} / \sum_c \mu_{ck} p_{ck}, \quad "
    r"\mu_{ck} = x_{ck} / \sum_{c'} x_{c'k}", rises_with="sophistication, and price within the product",
    source="Xu (2010), The sophistication of exports: is China special?, China Economic Review 21(3)",
    laws="bounds scale permutation replication empty",
    undefined="the quantity is missing or zero, or no exporter with an income exports the product",
)  # fmt: skip
def prody_quality(
    flows: Flows,
    income: Income,
    *,
    elasticity: NotNegative = 0.2,
    average: Average = "value",
    missing: Literal["refuse", "leave out"] = "refuse",
    over: str = "product",
    by: Columns | None = None,
) -> Any:
    """The PRODY of a product, raised where an exporter sells it dearer than others do and lowered where cheaper.

    A unit value is a price, not quality: it also moves with costs, exchange rates and what a code lumps together. The
    adjustment of Minondo (2010), who asks the same question, is another one and is not computed here.

    Parameters
    ----------
    flows : Flows
        With exporters, products and quantities, in one unit for each product.
    income : mapping or Flows
        As in `prody`.
    elasticity : float
        theta, what a price counts: 0 leaves PRODY as it is, 1 moves it in proportion. Xu takes 0.2.
    average : {"value", "quantity"}
        The price that an exporter's is compared with: the mean of all exporters' unit values weighted by their
        shares in the product's exports (Xu), or the unit value of all exports together, which weighs by quantity
        and is never above it.
    missing : {"refuse", "leave out"}
        As in `prody`.
    over : str
        "product".
    by : str or sequence of str, optional
        Within what, the exporter included; by default every other role present.

    Returns
    -------
    frame
        One row per exporter and product (and period): keys, relative_price (q), prody, prody_quality.

    Raises
    ------
    DataError
        As `prody`; no quantity.
    OptionError
        An elasticity below zero.
    """
    cells, groups, spread = _adjusted(
        flows, income, "prody_quality", elasticity, average, missing=missing, over=over, by=by
    )
    keys = (*groups, *spread)
    return flows.out(cells.select(*keys, "relative_price", "prody", "prody_quality"), keys)


@indicator(
    title="Income level of exports adjusted for quality", low="0", unit="that of income",
    formula=r"EXPY^q_i = \sum_k s_{ik}\, q_{ik}^{\theta}\, PRODY_k",
    rises_with="sophistication, and price within products",
    source="Xu (2010), The sophistication of exports: is China special?, China Economic Review 21(3)",
    laws="bounds scale permutation replication empty",
    undefined="none of the exporter's products has a unit value and a PRODY",
)  # fmt: skip
def expy_quality(
    flows: Flows,
    income: Income,
    *,
    elasticity: NotNegative = 0.2,
    average: Average = "value",
    missing: Literal["refuse", "leave out"] = "refuse",
    over: str = "product",
    by: Columns | None = None,
) -> Any:
    """The mean quality-adjusted PRODY of an exporter's exports, beside the plain one of the same products.

    Parameters
    ----------
    flows, income, elasticity, average, missing, over, by
        As in `prody_quality`.

    Returns
    -------
    frame
        One row per group: keys, covered (the share of exports with a unit value and a PRODY, over which both are
        means), expy, expy_quality.

    Raises
    ------
    DataError, OptionError
        As `prody_quality`.
    """
    cells, groups, _ = _adjusted(
        flows, income, "expy_quality", elasticity, average, missing=missing, over=over, by=by
    )
    known = ~nw.col("prody_quality").is_nan()
    terms = cells.with_columns(
        only(known, nw.col("all")).alias("_known"),
        when(known, nw.col("all") * nw.col("prody"), 0.0).alias("_plain"),
        when(known, nw.col("all") * nw.col("prody_quality"), 0.0).alias("_moved"),
    )
    sums = sum_by(terms, groups, ["all", "_known", "_plain", "_moved"])
    result = sums.select(
        *groups,
        ratio(nw.col("_known"), nw.col("all")).alias("covered"),
        ratio(nw.col("_plain"), nw.col("_known")).alias("expy"),
        ratio(nw.col("_moved"), nw.col("_known")).alias("expy_quality"),
    )
    return flows.out(result, groups)


def _adjusted(
    flows: Flows, income: Income, caller: str, elasticity: float, average: str, **options: Any
) -> tuple[Frame, tuple[str, ...], tuple[str, ...]]:
    """Cells with their value `all`, relative price, PRODY, and the one moved by the other."""
    one_of("average", average, ("value", "quantity"))
    shares, within, spread = _shares(flows, income, caller, base=None, **options)
    product, groups = (*within, *spread), flows.split(options["over"], options["by"])[1]
    cells = priced_cells(flows, caller, (*groups, *spread))
    price = ratio(nw.col("value"), nw.col("quantity"))
    has = nw.col("quantity") > 0
    cells = cells.with_columns(when(has, price, 0.0).alias("_p")).with_columns(nw.lit(0).alias(ALL))
    cells = cells.with_columns((nw.col("_p") * nw.col("value")).alias("_pv"))
    for column in ("value", "quantity", "_pv"):
        cells = with_total(cells, (*product, ALL), column, f"_{column}_all")
    means = {"value": ("__pv_all", "_value_all"), "quantity": ("_value_all", "_quantity_all")}
    mean = ratio(*(nw.col(c) for c in means[average]))
    worth = _weighted(shares, product).with_columns(nw.lit(0).alias(ALL))
    cells = join(cells, worth, on=(*product, ALL))
    s = when(nw.col("_s").is_null(), 0.0, nw.col("_s"))
    cells = cells.with_columns(
        when(has, ratio(nw.col("_p"), mean), float("nan")).alias("relative_price"),
        when(s > 0, ratio(nw.col("_sy"), s), float("nan")).alias("prody"),
    )
    known = has & (s > 0)
    moved = when(known, nw.col("relative_price"), 1.0) ** elasticity * when(known, nw.col("prody"), 1.0)
    return cells.with_columns(when(known, moved, float("nan")).alias("prody_quality")), groups, spread
