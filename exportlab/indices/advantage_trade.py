"""Advantage from both sides of trade: Vollrath, Lafay, Michaely. Reporters stand as exporter in both tables."""

from __future__ import annotations

from typing import Any, Literal

import narwhals.stable.v2 as nw

from exportlab.catalogue import indicator
from exportlab.errors import DataError, one_of
from exportlab.flows import Columns, Flows, require
from exportlab.frames import Frame, ratio, when, with_total
from exportlab.indices._against import ALL, NOTHING, need
from exportlab.indices._two import SIDES, same_shape, side_by_side


@indicator(
    title="Relative trade advantage (Vollrath)", rises_with="advantage on both sides of trade",
    formula=r"RTA = RXA - RMA, \quad RXA_{ik} = \frac{x_{ik} / x_{i,-k}}{x_{-i,k} / x_{-i,-k}}, \quad "
    r"RC = \ln RXA - \ln RMA",
    source="Vollrath (1991), A theoretical evaluation of alternative trade intensity measures, WA 127(2)",
    aliases=("rta",), column="rta", laws="bounds scale permutation empty",
    undefined="a part it divides by is zero: nobody else trades the product, or the reporter trades nothing else; "
    "rc: also where the reporter does not both export and import it",
)  # fmt: skip
def vollrath(
    exports: Flows, imports: Flows, *, over: str = "product", by: Columns | None = None,
    form: Literal["vollrath", "balassa"] = "vollrath",
) -> Any:  # fmt: skip
    """Relative export advantage, relative import penetration, their difference and their log ratio.

    Parameters
    ----------
    exports, imports : Flows
        Of the world's reporters, each as the exporter in both tables, in one engine; units may differ.
    over : str
        "product".
    by : str or sequence of str, optional
        By default every other role present; must keep the exporter.
    form : {"vollrath", "balassa"}
        "vollrath": the reporter against the rest of the world, the product against all other products, so that nothing
        is counted on both sides. "balassa": RXA = (x_ik/X_i) / (X_k/X), the world and all products
        with the reporter and the product in them, as world-economics.org and many studies write it.

    Returns
    -------
    frame
        One row per cell that the reporter exports or imports: exports, imports, rxa, rma, rta, rc.

    Raises
    ------
    DataError
        No exporter or product.
    """
    require(exports, "vollrath")
    one_of("form", form, ("vollrath", "balassa"))
    need(exports, "vollrath", "exporter", "product")
    spread, groups = exports.split(over, by)
    if "exporter" not in groups:
        raise DataError("vollrath compares reporters", "Keep the exporter in by=.")
    keys = (*groups, *spread)
    same_shape(exports, imports, keys, "vollrath", unit=False)
    within = tuple(g for g in groups if g != "exporter")
    both = side_by_side(exports, imports, keys).with_columns(nw.lit(0).alias(ALL))
    for side, name in zip(SIDES, ("rxa", "rma"), strict=True):
        both = _relative(both, side, name, groups=groups, world=(*within, ALL), spread=spread, form=form)
    x, m = nw.col("rxa"), nw.col("rma")
    logs = (x > 0) & (m > 0)
    rc = when(logs, when(logs, x, 1.0).log() - when(logs, m, 1.0).log(), float("nan"))
    return exports.out(both.select(*keys, *SIDES, x, m, (x - m).alias("rta"), rc.alias("rc")), keys)


def _relative(
    both: Frame, side: str, name: str, *, groups: tuple[str, ...], world: tuple[str, ...],
    spread: tuple[str, ...], form: str,
) -> Frame:  # fmt: skip
    both = with_total(with_total(both, groups, side, "_own"), (*world, *spread), side, "_product")
    both = with_total(both, world, side, "_world")
    v, own, product, whole = (nw.col(c) for c in (side, "_own", "_product", "_world"))
    if form == "balassa":
        return both.with_columns(ratio(ratio(v, own), ratio(product, whole)).alias(name))
    rest = [_left(own - v, own), _left(product - v, product), _left(whole - own - product + v, whole)]
    return both.with_columns(ratio(ratio(v, rest[0]), ratio(rest[1], rest[2])).alias(name))


def _left(difference: nw.Expr, whole: nw.Expr) -> nw.Expr:
    return when(difference > NOTHING * whole, difference, 0.0)


@indicator(
    title="Lafay index", unit="points", low="-50", high="50", rises_with="specialisation in exporting",
    formula=r"LFI_k = 100 \left[\frac{x_k - m_k}{x_k + m_k} - \frac{\sum_j (x_j - m_j)}{\sum_j (x_j + m_j)}\right] "
    r"\frac{x_k + m_k}{\sum_j (x_j + m_j)}",
    source="Lafay (1992), The measurement of revealed comparative advantages; Bugamelli (2001)",
    laws="bounds scale permutation empty additive", undefined="the reporter does not trade",
)  # fmt: skip
def lafay(exports: Flows, imports: Flows, *, over: str = "product", by: Columns | None = None) -> Any:
    """A product's normalised balance above the reporter's overall one, times its weight in trade.

    The index sums to zero over the products of a reporter, so a macroeconomic deficit is not read as a lack of
    advantage. It reaches its bounds where one half of trade is pure exports of one product and the other pure
    imports of another.

    Parameters
    ----------
    exports, imports : Flows
        Of the same reporters, each as the exporter in both tables, in one unit and engine.
    over : str
        "product".
    by : str or sequence of str, optional
        By default every other role present.

    Returns
    -------
    frame
        One row per cell that is exported or imported: exports, imports, lafay.
    """
    require(exports, "lafay")
    spread, groups = exports.split(over, by)
    keys = (*groups, *spread)
    same_shape(exports, imports, keys, "lafay")
    both = _with_sums(side_by_side(exports, imports, keys), groups)
    x, m, sold, bought = (nw.col(c) for c in (*SIDES, "_X", "_M"))
    trade = sold + bought
    made = 100 * (ratio(x - m, trade) - ratio(sold - bought, trade) * ratio(x + m, trade))
    return exports.out(both.select(*keys, *SIDES, made.alias("lafay")), keys)


@indicator(
    title="Michaely index", formula=r"x_{ik} / X_i - m_{ik} / M_i", low="-1", high="1",
    rises_with="specialisation in exporting", source="Michaely (1962), Concentration in International Trade",
    laws="bounds scale permutation empty additive", undefined="the reporter exports or imports nothing",
)  # fmt: skip
def michaely(exports: Flows, imports: Flows, *, over: str = "product", by: Columns | None = None) -> Any:
    """A product's share in exports less its share in imports; sums to zero over the products of a reporter.

    Parameters
    ----------
    exports, imports : Flows
        Of the same reporters, each as the exporter in both tables, in one engine; units may differ.
    over : str
        "product".
    by : str or sequence of str, optional
        By default every other role present.

    Returns
    -------
    frame
        One row per cell that is exported or imported: exports, imports, michaely.
    """
    require(exports, "michaely")
    spread, groups = exports.split(over, by)
    keys = (*groups, *spread)
    same_shape(exports, imports, keys, "michaely", unit=False)
    both = _with_sums(side_by_side(exports, imports, keys), groups)
    x, m, sold, bought = (nw.col(c) for c in (*SIDES, "_X", "_M"))
    made = ratio(x, sold) - ratio(m, bought)
    return exports.out(both.select(*keys, *SIDES, made.alias("michaely")), keys)


def _with_sums(both: Frame, groups: tuple[str, ...]) -> Frame:
    both = both.with_columns(nw.lit(0).alias(ALL))
    return with_total(with_total(both, (*groups, ALL), "exports", "_X"), (*groups, ALL), "imports", "_M")
