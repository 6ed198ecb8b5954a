"""Revealed comparative advantage: Balassa's index and its kin, against any reference; and from both sides of trade."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from exportlab.errors import DataError, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Frame, collect, distinct, join, ratio, sum_by, when, with_total
from exportlab.indices._steps import (
    ALL,
    NOTHING,
    SIDES,
    Reference,
    refuse_alone,
    require_roles,
    same_shape,
    side_by_side,
)
from exportlab.indices.catalogue import indicator
from exportlab.indices.measure import Universe, universe_size
from exportlab.words import N_, said

Form: TypeAlias = Literal["balassa", "rsca", "log", "nrca", "arca", "weighted"]


def _undefined_at_zero(s: nw.Expr) -> nw.Expr:
    return when(s > 0, 0.0, float("nan"))


# s: the product's share in the exporter's exports; w: its share in the reference's; a: the exporter's size
# relative to the reference; mean: the exporter's average Balassa index over the universe.
FORMS: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "balassa": lambda s, w, a, mean: ratio(s, w),
    "rsca": lambda s, w, a, mean: ratio(s - w, s + w),
    "log": lambda s, w, a, mean: (
        when(s > 0, ratio(when(s > 0, s, 1.0), w), 1.0).log() + _undefined_at_zero(s)
    ),
    "nrca": lambda s, w, a, mean: a * (s - w),
    "arca": lambda s, w, a, mean: s - w,
    "weighted": lambda s, w, a, mean: ratio(ratio(s, w), mean),
}


def of_shares(form: Form, share: Any, reference_share: Any, size: Any, mean: Any) -> NDArray[np.float64]:
    """The formula of `rca` on arrays that broadcast: both shares, relative size, mean index."""
    given = np.broadcast_arrays(share, reference_share, size, mean)
    frame = nw.from_dict({n: np.ravel(x) for n, x in zip("swam", given, strict=True)}, backend="pandas")
    made = frame.select(FORMS[form](*(nw.col(n) for n in "swam")).alias("rca"))
    return np.asarray(made["rca"].to_numpy(), dtype=np.float64).reshape(given[0].shape)


@indicator(
    title=N_("Revealed comparative advantage"),
    formula=r"RCA_{ik} = \frac{x_{ik} / X_i}{x_{rk} / X_r}",
    low="0",
    rises_with=N_("specialisation relative to the reference"),
    source="Balassa (1965); Laursen (2015) RSCA; Yu, Cai and Leung (2009) NRCA; Hoen and Oosterhaven (2006) ARCA; "
    "Proudman and Redding (2000), weighted",
    laws="bounds scale permutation replication empty",
    aliases=("balassa", "显示性比较优势", "显性比较优势指数"),
    undefined=N_(
        "the exporter's total or the reference's share is zero; log form: also where nothing is exported"
    ),
)
def rca(
    flows: Flows,
    *,
    form: Form = "balassa",
    reference: Reference = "world",
    over: str = "product",
    by: Columns | None = None,
    zeros: bool = False,
    universe: Universe = "observed",
) -> Any:
    """Compare the share of each product in an exporter's exports with its share in a reference's exports.

    Parameters
    ----------
    flows : Flows
        With exporters and products.
    form : {"balassa", "rsca", "log", "nrca", "arca", "weighted"}
        R the Balassa index, s and w the two shares:
        balassa R = s/w (neutral at 1); rsca (R-1)/(R+1), in [-1, 1]; log ln R; nrca (X_i/X_r)(s - w), which is
        x_ik/X_r - X_i X_rk/X_r^2 and sums to zero over the full grid of a closed table; arca s - w, in [-1, 1];
        weighted R / (its mean over the universe).
    reference : {"world", "rest"}, Flows, or an exporter's label
        What is compared with: all exporters in the table (of provinces: the nation), all others, one exporter
        in the table, or a table of its own (the nation's or the world's exports, in any unit).
    over : str
        "product"; "market" compares market structures (the trade intensity index).
    by : str or sequence of str, optional
        By default every other role present: with markets in the table, advantage in each market by itself, so say
        ``by=["period", "exporter"]`` for advantage in all exports. Must keep the exporter, where there is one.
    zeros : bool
        Also give the cells of the reference in which the exporter has nothing.
    universe : {"observed", "active"}, int or sequence
        Over which categories the weighted form takes its mean; see `measure`.

    Returns
    -------
    frame
        One row per cell: keys, value, share (s), reference_share (w), rca. Column `rca` holds the form asked for.

    Raises
    ------
    DataError
        No exporter; one exporter alone without a reference; products that the reference does not have.
    """
    require(flows, "rca")
    one_of("form", form, FORMS)
    spread, groups = flows.split(over, by)
    keys = (*groups, *spread)
    cells = flows.cells(*keys)
    if "exporter" not in flows.roles and isinstance(reference, Flows):  # the whole table is one exporter's
        groups, cells = (*groups, "exporter"), cells.with_columns(nw.lit("").alias("exporter"))
    if "exporter" not in groups:
        raise DataError(
            said("the flows have no exporter to compare"),
            said(
                "rca needs exporter=... at the door, kept in by=; one exporter's table needs "
                "reference=xl.flows(...), the exports to compare with."
            ),
        )
    refuse_alone(flows, "rca", reference)
    within = tuple(g for g in groups if g != "exporter")
    weights, key = _reference(flows, cells, reference, within, spread)
    if zeros:
        cells = _grid(cells, weights, within, key, spread)
    joined = (
        join(cells, weights, on=key) if weights is not None else _own(flows, cells, reference, within, spread)
    )
    if not flows.lazy:
        _refuse_outside(flows, joined, spread)
    one = "exporter" not in flows.roles
    own = with_total(joined, groups) if one else flows.beside(joined, groups, "_total")
    shares = own.with_columns(
        ratio(nw.col("value"), nw.col("_total")).alias("share"),
        ratio(nw.col("_ref"), nw.col("_ref_total")).alias("reference_share"),
        ratio(nw.col("_total"), nw.col("_ref_total")).alias("_size"),
    )
    if form == "weighted":
        shares = _with_mean(shares, groups, universe_size(flows, spread, universe))
    made = FORMS[form](nw.col("share"), nw.col("reference_share"), nw.col("_size"), nw.col("_mean"))
    return flows.out(
        shares.with_columns(made.alias("rca")).select(*keys, "value", "share", "reference_share", "rca"), keys
    )


def _reference(
    flows: Flows, cells: Frame, reference: Any, within: tuple[str, ...], spread: tuple[str, ...]
) -> tuple[Frame | None, tuple[str, ...]]:
    """The reference's value and total by period and product, to be joined; None for world and rest."""
    if isinstance(reference, str) and reference in ("world", "rest"):
        return None, (*within, *spread)
    if isinstance(reference, Flows):
        shared = tuple(r for r in within if r in reference.roles)
        table = reference.cells(*shared, *spread)
    else:
        check_reference(flows, reference)
        shared = within
        table = sum_by(cells.filter(nw.col("exporter") == reference), (*within, *spread), ["value"])
    table = table.with_columns(nw.lit(0).alias("_all"))
    totals = with_total(table, shared or ("_all",), "value", "_ref_total")
    return totals.select(*shared, *spread, nw.col("value").alias("_ref"), "_ref_total"), (*shared, *spread)


def check_reference(flows: Flows, reference: Any) -> None:
    """Raise unless the reference can be compared with."""
    words = isinstance(reference, str) and reference in ("world", "rest")
    if not (words or isinstance(reference, Flows) or reference in flows.members("exporter")):
        raise DataError(
            said(
                "reference={reference} is neither 'world', 'rest', a Flows nor an exporter in the table",
                reference=repr(reference),
            ),
            said("Exporters: {members}.", members=list(flows.members("exporter"))[:10]),
        )


def _own(
    flows: Flows, cells: Frame, reference: Any, within: tuple[str, ...], spread: tuple[str, ...]
) -> Frame:
    both = flows.beside(cells, (*within, *spread), "_ref")
    if within:
        both = flows.beside(both, within, "_ref_total")
    else:
        both = with_total(both.with_columns(nw.lit(0).alias("_all")), ("_all",), name="_ref_total")
    if reference == "world":
        return both
    own = flows.beside(both, ("exporter", *within), "_own")
    return own.with_columns(
        (nw.col("_ref") - nw.col("value")).alias("_ref"),
        (nw.col("_ref_total") - nw.col("_own")).alias("_ref_total"),
    )


def _grid(
    cells: Frame,
    weights: Frame | None,
    within: tuple[str, ...],
    key: tuple[str, ...],
    spread: tuple[str, ...],
) -> Frame:
    """All cells of exporters by products, absent ones as zero."""
    exporters = distinct(cells, *within, "exporter")
    products = distinct(cells if weights is None else weights, *key)
    shared = [k for k in key if k in within]
    full = join(exporters, products, on=shared, how="inner" if shared else "cross")
    keys = [*within, "exporter", *spread]
    value = when(nw.col("value").is_null(), 0.0, nw.col("value")).alias("value")
    return join(full, cells, on=keys).select(*keys, value)


def _refuse_outside(flows: Flows, joined: Frame, spread: Sequence[str]) -> None:
    lost = collect(distinct(joined.filter(nw.col("_ref").is_null()), *spread))
    refuse_lost(flows, spread, list(lost.iter_rows()))


def refuse_lost(flows: Flows, spread: Sequence[str], lost: Sequence[tuple[Any, ...]]) -> None:
    """Raise if there are labels that the reference table lacks."""
    if lost:
        first = ", ".join(f"{flows.roles.get(k, k)}={v!r}" for k, v in zip(spread, lost[0], strict=True))
        raise DataError(
            said("{n} {names} codes are not in the reference table", n=len(lost), names="/".join(spread)),
            said(
                "A reference that lacks them has no share to compare with: bring both to one "
                "nomenclature, or drop them."
            ),
            first=first,
        )


def _with_mean(shares: Frame, groups: tuple[str, ...], size: int | None) -> Frame:
    # A product that the reference does not export has no index, and no place in the mean.
    w = nw.col("reference_share")
    balassa = when(w > 0, nw.col("share") / when(w > 0, w, 1.0), 0.0)
    summed = shares.with_columns(balassa.alias("_r"), when(nw.col("value") > 0, 1.0, 0.0).alias("_n"))
    summed = with_total(with_total(summed, groups, "_r", "_rsum"), groups, "_n", "_count")
    count = nw.col("_count") if size is None else nw.lit(float(size))
    return summed.with_columns(ratio(nw.col("_rsum"), count).alias("_mean"))


# Advantage from both sides of trade: Vollrath, Lafay, Michaely. Reporters stand as exporter in both tables.


@indicator(
    title=N_("Relative trade advantage (Vollrath)"),
    rises_with=N_("advantage on both sides of trade"),
    formula=r"RTA = RXA - RMA, \quad RXA_{ik} = \frac{x_{ik} / x_{i,-k}}{x_{-i,k} / x_{-i,-k}}, \quad "
    r"RC = \ln RXA - \ln RMA",
    source="Vollrath (1991), A theoretical evaluation of alternative trade intensity measures, WA 127(2)",
    aliases=("rta", "相对贸易优势"),
    column="rta",
    laws="bounds scale permutation empty",
    undefined=N_(
        "a part it divides by is zero: nobody else trades the product, or the reporter trades nothing else; "
        "rc: also where the reporter does not both export and import it"
    ),
)
def vollrath(
    exports: Flows,
    imports: Flows,
    *,
    over: str = "product",
    by: Columns | None = None,
    form: Literal["vollrath", "balassa"] = "vollrath",
) -> Any:
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
    require_roles(exports, "vollrath", "exporter", "product")
    spread, groups = exports.split(over, by)
    if "exporter" not in groups:
        raise DataError(said("vollrath compares reporters"), said("Keep the exporter in by=."))
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
    both: Frame,
    side: str,
    name: str,
    *,
    groups: tuple[str, ...],
    world: tuple[str, ...],
    spread: tuple[str, ...],
    form: str,
) -> Frame:
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
    title=N_("Lafay index"),
    aliases=("拉菲指数",),
    unit=N_("points"),
    low="-50",
    high="50",
    rises_with=N_("specialisation in exporting"),
    formula=r"LFI_k = 100 \left[\frac{x_k - m_k}{x_k + m_k} - \frac{\sum_j (x_j - m_j)}{\sum_j (x_j + m_j)}\right] "
    r"\frac{x_k + m_k}{\sum_j (x_j + m_j)}",
    source="Lafay (1992), The measurement of revealed comparative advantages; Bugamelli (2001)",
    laws="bounds scale permutation empty additive",
    undefined=N_("the reporter does not trade"),
)
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
    title=N_("Michaely index"),
    aliases=("迈克利指数",),
    formula=r"x_{ik} / X_i - m_{ik} / M_i",
    low="-1",
    high="1",
    rises_with=N_("specialisation in exporting"),
    source="Michaely (1962), Concentration in International Trade",
    laws="bounds scale permutation empty additive",
    undefined=N_("the reporter exports or imports nothing"),
)
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
