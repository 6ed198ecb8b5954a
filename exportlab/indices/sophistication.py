"""Income content of exports: PRODY of products and EXPY of exporters, also adjusted for quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

import narwhals.stable.v2 as nw

from exportlab.errors import DataError, OptionError, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Frame, collect, distinct, join, looked_up, ratio, sum_by, when, with_total
from exportlab.indices._steps import ALL, zero_unless
from exportlab.indices.catalogue import indicator
from exportlab.indices.unit_values import priced_cells
from exportlab.options import Label, Within
from exportlab.words import N_, said

Income = Flows | Mapping[Any, float]


@indicator(
    title=N_("Income level of products (PRODY)"),
    aliases=("产品技术复杂度",),
    low="min Y",
    high="max Y",
    unit=N_("that of income"),
    formula=r"PRODY_k = \sum_c \frac{x_{ck} / X_c}{\sum_{c'} x_{c'k} / X_{c'}} Y_c",
    rises_with=N_("sophistication"),
    source="Hausmann, Hwang and Rodrik (2007), Journal of Economic Growth 12(1)",
    laws="bounds scale permutation replication empty",
    undefined=N_("no exporter with an income exports the product"),
)
def prody(
    flows: Flows,
    income: Income,
    *,
    base: Label | None = None,
    missing: Literal["refuse", "leave out"] = "refuse",
    over: str = "product",
    by: Columns | None = None,
) -> Any:
    """The income of a product's exporters, weighted by their advantage in it.

    Parameters
    ----------
    flows : Flows
        With exporters and products.
    income : mapping or Flows
        Income per head: of an exporter (one number for all periods), of (period, exporter), or a table of flows
        with exporters, perhaps periods, and the income as its value.
    base : a period, optional
        Compute PRODY from that period's trade and income only, with no movement of its own (an EXPY built on it
        moves with exports alone). By default each period's own.
    missing : {"refuse", "leave out"}
        What to do with exporters without an income. Left out, they count for no product.
    over : str
        "product".
    by : str or sequence of str, optional
        Within what, the exporter included; by default every other role present.

    Returns
    -------
    frame
        One row per product (and period, unless `base` is given): keys, exporters (with an income, that export
        it), prody.

    Raises
    ------
    DataError
        No exporters; exporters without an income; an income of zero or less; no trade in the base period.
    """
    shares, within, spread = _shares(flows, income, "prody", base=base, missing=missing, over=over, by=by)
    summed = _weighted(shares, (*within, *spread))
    keys = (*within, *spread)
    shown = ratio(nw.col("_sy"), nw.col("_s")).alias("prody")
    return flows.out(summed.select(*keys, nw.col("_n").cast(nw.Int64).alias("exporters"), shown), keys)


@indicator(
    title=N_("Income level of exports (EXPY)"),
    aliases=("出口技术复杂度",),
    formula=r"EXPY_i = \sum_k s_{ik} PRODY_k",
    low="min Y",
    high="max Y",
    unit=N_("that of income"),
    rises_with=N_("sophistication"),
    laws="bounds scale permutation replication empty",
    source="Hausmann, Hwang and Rodrik (2007), Journal of Economic Growth 12(1)",
    undefined=N_("none of the exporter's products has a PRODY"),
)
def expy(
    flows: Flows,
    income: Income,
    *,
    base: Label | None = None,
    leave_out: bool = False,
    missing: Literal["refuse", "leave out"] = "refuse",
    over: str = "product",
    by: Columns | None = None,
) -> Any:
    """The mean PRODY of an exporter's exports.

    Parameters
    ----------
    flows, income, base, missing, over, by
        As in `prody`. Exporters without an income, where left out of PRODY, still have an EXPY.
    leave_out : bool
        Take each product's PRODY from the other exporters only, so that the exporter's own income does not
        enter its EXPY.

    Returns
    -------
    frame
        One row per group: keys, covered, expy. EXPY is the mean over the products that have a PRODY (not: new
        ones since `base`, or those nobody else exports); `covered` is their share in the exporter's exports.

    Raises
    ------
    DataError
        As `prody`.
    """
    shares, within, spread = _shares(flows, income, "expy", base=base, missing=missing, over=over, by=by)
    groups = (*within, "exporter") if base is None else _groups(flows, "expy", over, by)[0]
    cells = flows.cells(*groups, *spread).with_columns(nw.lit(0).alias(ALL))
    cells = with_total(cells, groups)
    worth = _weighted(shares, (*within, *spread)).with_columns(nw.lit(0).alias(ALL))
    joined = join(cells, worth, on=(*within, *spread, ALL))
    if leave_out:
        own = shares.rename({"_s": "_own_s", "_sy": "_own_sy"})
        joined = join(
            joined,
            own.select(*within, "exporter", *spread, "_own_s", "_own_sy", "_n_own"),
            on=(*within, "exporter", *spread),
        )
        joined = _without_own(joined)
    known = when(nw.col("_s").is_null(), 0.0, nw.col("_s")) > 0
    share = ratio(nw.col("value"), nw.col("_total"))
    made = joined.with_columns(
        when(known & (nw.col("value") > 0), share, 0.0).alias("covered"),
        when(known & (nw.col("value") > 0), share * ratio(nw.col("_sy"), nw.col("_s")), 0.0).alias("_expy"),
    )
    sums = sum_by(made, groups, ["covered", "_expy", "value"])
    covered = when(nw.col("value") > 0, nw.col("covered"), float("nan"))
    return flows.out(
        sums.select(
            *groups, covered.alias("covered"), ratio(nw.col("_expy"), nw.col("covered")).alias("expy")
        ),
        groups,
    )


def _without_own(joined: Frame) -> Frame:
    """The sums over the other exporters; nothing where there is no other, which rounding would not say."""
    own = {c: when(nw.col(c).is_null(), 0.0, nw.col(c)) for c in ("_own_s", "_own_sy", "_n_own")}
    others = nw.col("_n") - own["_n_own"] > 0
    return joined.with_columns(
        when(others, nw.col("_s") - own["_own_s"], 0.0).alias("_s"),
        when(others, nw.col("_sy") - own["_own_sy"], 0.0).alias("_sy"),
    )


def _weighted(shares: Frame, keys: tuple[str, ...]) -> Frame:
    """By product: the sum of shares, of shares times income, and the number of exporters with both."""
    summed = sum_by(shares.rename({"_n_own": "_n"}), keys, ["_s", "_sy", "_n"])
    return summed.select(*keys, "_s", "_sy", "_n")


def _groups(
    flows: Flows, caller: str, over: str, by: Columns | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    require(flows, caller)
    spread, groups = flows.split(over, by)
    if "exporter" not in groups:
        raise DataError(
            said("the flows have no exporter"),
            said("{caller} needs exporter=... at the door, kept in by=.", caller=caller),
        )
    return groups, spread


def _shares(
    flows: Flows, income: Any, caller: str, *, base: Any, missing: str, over: str, by: Columns | None
) -> tuple[Frame, tuple[str, ...], tuple[str, ...]]:
    """Shares `_s` of products in each exporter's exports, times income `_sy`, of those with an income."""
    groups, spread = _groups(flows, caller, over, by)
    one_of("missing", missing, ("refuse", "leave out"))
    cells = flows.cells(*groups, *spread)
    if base is not None:
        if "period" not in groups:
            raise OptionError(said("base= names a period: the flows need period=..., kept in by=."))
        base = flows.find("period", base)
        cells = cells.filter(nw.col("period") == base)
    shares = with_total(cells, groups).with_columns(ratio(nw.col("value"), nw.col("_total")).alias("_s"))
    active = shares.filter(nw.col("value") > 0)
    priced = _with_income(flows, active, income)
    absent = nw.col("_y").is_null() | nw.col("_y").is_nan()
    _check(flows, distinct(priced, *(r for r in ("period", "exporter") if r in groups), "_y"), missing)
    kept = priced.filter(~absent).with_columns(
        (nw.col("_s") * nw.col("_y")).alias("_sy"), nw.lit(1.0).alias("_n_own")
    )
    within = tuple(g for g in groups if g != "exporter" and not (base is not None and g == "period"))
    return kept.select(*within, "exporter", *spread, "_s", "_sy", "_n_own"), within, spread


def _with_income(flows: Flows, cells: Frame, income: Any) -> Frame:
    """Add `_y`: from a table by join, from a mapping as a lookup."""
    if isinstance(income, Flows):
        keys = [r for r in ("period", "exporter") if r in income.roles]
        table = income.cells(*keys).rename({"value": "_y"})
        return join(cells, table, on=keys)
    pairs = {k: float(v) for k, v in dict(income).items()}
    if not pairs:
        raise DataError(said("income is empty"), said("Give an income per head for each exporter."))
    y = nw.lit(float("nan"))
    by_period: dict[Any, dict[Any, float]] = {}
    for key, value in pairs.items():
        period, label = (flows.calendar.key(key[0]), key[1]) if isinstance(key, tuple) else (None, key)
        by_period.setdefault(period, {})[label] = value
    for period, known in by_period.items():
        found = looked_up("exporter", known)
        y = found if period is None else when(nw.col("period") == period, found, y)
    return cells.with_columns(y.alias("_y"))


def _check(flows: Flows, priced: Frame, missing: str) -> None:
    """Refuse exporters without an income unless they are to be left out, and incomes that are none."""
    table = collect(priced).to_dict(as_series=False)
    labels = [flows.roles.get(r, r) for r in table if r != "_y"]
    rows = [
        dict(zip(labels, row[:-1], strict=True)) | {"_y": row[-1]}
        for row in zip(*table.values(), strict=True)
    ]
    rows.sort(key=lambda r: [str(r[k]) for k in labels])
    without = [r for r in rows if r["_y"] is None or r["_y"] != r["_y"]]
    wrong = [r for r in rows if r not in without and not 0 < r["_y"] < float("inf")]
    first = next((r for r in (wrong or without)), {})
    words = ", ".join(f"{k}={v!r}" for k, v in sorted(first.items()) if k != "_y")
    if wrong:
        raise DataError(
            said("the income of {n} exporters is not above zero", n=len(wrong)),
            said("Incomes per head are positive."),
            first=words,
        )
    if without and missing == "refuse":
        raise DataError(
            said("{n} exporters have no income", n=len(without)),
            said("Give it, or say missing='leave out' to compute PRODY without them."),
            first=words,
        )


# Sophistication adjusted for quality: PRODY and EXPY moved by an exporter's prices within a product.

Elasticity: TypeAlias = Annotated[float, Within(0, 10)]  # powers beyond leave the floating-point numbers
Average = Literal["value", "quantity"]


@indicator(
    title=N_("Income level of products adjusted for quality"),
    low="0",
    unit=N_("that of income"),
    formula=r"PRODY^q_{ik} = q_{ik}^{\theta} PRODY_k, \quad q_{ik} = p_{ik} / \sum_c \mu_{ck} p_{ck}, \quad "
    r"\mu_{ck} = x_{ck} / \sum_{c'} x_{c'k}",
    rises_with=N_("sophistication, and price within the product"),
    source="Xu (2010), The sophistication of exports: is China special?, China Economic Review 21(3)",
    laws="bounds scale permutation replication empty",
    undefined=N_("the quantity is missing or zero, or no exporter with an income exports the product"),
)
def prody_quality(
    flows: Flows,
    income: Income,
    *,
    elasticity: Elasticity = 0.2,
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
        An elasticity below zero or above ten.
    """
    cells, groups, spread = _adjusted(
        flows, income, "prody_quality", elasticity, average, missing=missing, over=over, by=by
    )
    keys = (*groups, *spread)
    return flows.out(cells.select(*keys, "relative_price", "prody", "prody_quality"), keys)


@indicator(
    title=N_("Income level of exports adjusted for quality"),
    low="0",
    unit=N_("that of income"),
    formula=r"EXPY^q_i = \sum_k s_{ik}\, q_{ik}^{\theta}\, PRODY_k",
    rises_with=N_("sophistication, and price within products"),
    source="Xu (2010), The sophistication of exports: is China special?, China Economic Review 21(3)",
    laws="bounds scale permutation replication empty",
    undefined=N_("none of the exporter's products has a unit value and a PRODY"),
)
def expy_quality(
    flows: Flows,
    income: Income,
    *,
    elasticity: Elasticity = 0.2,
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
        zero_unless(known, nw.col("all")).alias("_known"),
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
    cells = priced_cells(flows, caller, (*groups, *spread), alike=product)
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
