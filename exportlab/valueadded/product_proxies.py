"""Value added read off products: income level, unit values, stages of production; none of them is a share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import pandas as pd

from exportlab.columns import refuse_no_keys
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.options import NotNegative, Within, validated
from exportlab.valueadded.cells import ratio
from exportlab.valueadded.proxies import Proxy, amounts, by_label, by_product, once, refuse

# Broad Economic Categories, revision 4, by main end use; 321, 51 and 7 serve several.
BEC = {
    **dict.fromkeys(("111", "121", "21", "22", "31", "322", "42", "53"), "intermediate"),
    **dict.fromkeys(("41", "521"), "capital"),
    **dict.fromkeys(("112", "122", "522", "61", "62", "63"), "consumption"),
    **dict.fromkeys(("321", "51", "7"), "ambiguous"),
}


@validated
def expy_domestic(exports: pd.DataFrame, income: pd.Series, dvar: pd.Series | float = 1.0) -> Proxy:
    r"""Income level of exports counting only what is made at home.

    Parameters
    ----------
    exports : DataFrame (products, exporters)
        Export values; all zero or more.
    income : Series by exporter
        GDP per person.
    dvar : Series by product, or number
        Domestic value-added share of each product's exports; 1 gives EXPY of Hausmann, Hwang and Rodrik.

    Returns
    -------
    Proxy
        By exporter: `expy` = sum_k s_k PRODY_k and `expy_domestic` = sum_k s_k DVAR_k PRODY_k, in the unit
        of income, and `ratio`. PRODY_k = sum_c (x_ck/X_c) / sum_c'(x_c'k/X_c') Y_c; a product that nobody
        exports adds nothing.

    Notes
    -----
    Hausmann, Hwang and Rodrik (2007), Journal of Economic Growth 12(1).
    """
    x, y = by_product(exports), by_label(income, exports.columns, "exporter with an income")
    home = dvar if isinstance(dvar, pd.Series) else pd.Series(float(dvar), index=exports.index)
    kept = by_label(home, exports.index, "product with a DVAR")
    total = x.sum(axis=0)
    if (total <= 0).any():
        raise DataError(
            "An exporter exports nothing",
            "Give exporters that export.",
            first=repr(exports.columns[int((total <= 0).argmax())]),
        )
    s = x / total
    prody = ratio(s @ y, s.sum(axis=1), empty=0.0)
    table = pd.DataFrame(
        {"exporter": exports.columns, "expy": prody @ s, "expy_domestic": (kept * prody) @ s}
    )
    table["ratio"] = table["expy_domestic"] / table["expy"]
    return Proxy(
        "EXPY weighted by DVAR",
        table,
        "either way",
        "PRODY is an income level, not value added, and the DVAR of others is not the exporter's own",
        "Hausmann, Hwang and Rodrik (2007); weighting after Koopman, Wang and Wei (2012)",
    )


@validated
def export_upstreamness(exports: pd.DataFrame, upstreamness: pd.Series) -> Proxy:
    """Mean distance of exports from final use, sum_k (x_k / X) U_k, by exporter.

    Parameters
    ----------
    exports : DataFrame (products, exporters)
        Export values of zero or more.
    upstreamness : Series by product
        Of a table, carried to products.

    Notes
    -----
    Chor, Manova and Yu (2014; 2021, Journal of International Economics 130).
    """
    x = by_product(exports)
    place = by_label(upstreamness, exports.index, "product with an upstreamness")
    mean = ratio(place @ x, x.sum(axis=0))
    return Proxy(
        "Upstreamness of exports",
        pd.DataFrame({"exporter": exports.columns, "upstreamness": mean}),
        "either way",
        "a place in the chain says nothing about how much is made at home",
        "Chor, Manova and Yu (2021), Journal of International Economics 130",
    )


@validated
def relative_unit_values(
    trade: pd.DataFrame,
    *,
    within: Sequence[str] = ("period", "product", "market", "quantity_unit"),
    min_quantity: NotNegative = 0.0,
    trim: Annotated[float, Within(0, 0.5, "[)")] = 0.0,
) -> Proxy:
    r"""Unit values against all exporters of the same product (Schott 2004).

    Parameters
    ----------
    trade : DataFrame
        `exporter`, `value`, `quantity` and the columns of `within`.
    within : sequence of str
        Rows with the same labels here are compared; it must hold the unit of quantity.
    min_quantity : float
        Smaller shipments are left out of means and comparison.
    trim : float
        Share of rows left out at each end of relative unit values.

    Returns
    -------
    Proxy
        The rows with `unit_value` u, `relative` u / (sum of values / sum of quantities of the group), and
        `used`; `relative` is NaN for rows left out. `aggregate` is the median of `relative`.

    Notes
    -----
    Quarterly Journal of Economics 119(2): 647-678.
    """
    refuse_no_keys(trade, ["exporter", *within])
    amounts(trade, ["value", "quantity"])
    if "quantity_unit" not in within:
        raise OptionError(
            "within= has no 'quantity_unit'. Quantities compare only in one unit; add the column."
        )
    refuse(
        (trade["quantity"] <= 0).to_numpy(),
        trade,
        "Quantities are zero",
        "A unit value needs a quantity; take these rows out and say so.",
    )
    out = trade.reset_index(drop=True)
    out["unit_value"] = out["value"] / out["quantity"]
    large = out["quantity"] >= min_quantity
    sums = out[large].groupby(list(within))[["value", "quantity"]].transform("sum")
    out["relative"] = (out["unit_value"] / (sums["value"] / sums["quantity"])).reindex(out.index)
    if trim:
        low, high = out["relative"].quantile([trim, 1 - trim])
        out.loc[~out["relative"].between(low, high), "relative"] = np.nan
    out["used"] = out["relative"].notna()
    return Proxy(
        "Relative unit value",
        out,
        "either way",
        "price mixes quality with cost, mark-up and the mix within a code",
        "Schott (2004), Quarterly Journal of Economics 119(2)",
        float(out["relative"].median()),
    )


@validated
def unit_value_change(
    trade: pd.DataFrame, *, start: object, end: object, keys: Sequence[str] = ("product", "market")
) -> Proxy:
    r"""Growth of export value split into price, quantity and composition.

    Parameters
    ----------
    trade : DataFrame
        `period`, `value`, `quantity` (one unit) and the columns of `keys`, one row a cell.
    start, end
        The two periods compared.

    Returns
    -------
    Proxy
        One row for each index, "fisher" and "tornqvist": `value` V1/V0 of cells present in both periods,
        `price` index P, `quantity` = ratio of summed quantities, `composition` = V1/V0 / (P x quantity),
        so the three multiply to `value`; `coverage_start`, `coverage_end`, the share of value in such
        cells. `aggregate` is composition by Fisher: above 1, sales moved to dearer cells.
    """
    refuse_no_keys(trade, ["period", *keys])
    amounts(trade, ["value", "quantity"])
    once(trade, ["period", *keys])
    refuse(
        ((trade["value"] <= 0) | (trade["quantity"] <= 0)).to_numpy(),
        trade,
        "Values or quantities are zero",
        "Leave empty cells out.",
    )
    one, two = (trade[trade["period"] == p].set_index(list(keys)) for p in (start, end))
    both = one[["value", "quantity"]].join(two[["value", "quantity"]].add_suffix("_end"), how="inner")
    if both.empty:
        raise DataError(
            f"No cell is there in both {start!r} and {end!r}", "Compare periods with cells in common."
        )
    v0, q0, v1, q1 = (both[c].to_numpy(float) for c in ("value", "quantity", "value_end", "quantity_end"))
    p0, p1 = v0 / q0, v1 / q1
    fisher = float(np.sqrt((p1 @ q0) / v0.sum() * v1.sum() / (p0 @ q1)))
    tornqvist = float(np.exp((v0 / v0.sum() + v1 / v1.sum()) / 2 @ np.log(p1 / p0)))
    value, quantity = v1.sum() / v0.sum(), q1.sum() / q0.sum()
    rows = [
        {
            "index": name,
            "value": value,
            "price": price,
            "quantity": quantity,
            "composition": value / (price * quantity),
            "coverage_start": v0.sum() / one["value"].sum(),
            "coverage_end": v1.sum() / two["value"].sum(),
        }
        for name, price in (("fisher", fisher), ("tornqvist", tornqvist))
    ]
    return Proxy(
        "Price, quantity and composition",
        pd.DataFrame(rows),
        "either way",
        "dearer is not more made at home: inputs may be dearer too",
        "Fisher (1922); Törnqvist (1936)",
        float(rows[0]["composition"]),
    )


@validated
def stage_shares(trade: pd.DataFrame, *, by: Sequence[str] = ()) -> Proxy:
    """Exports by stage of use, from Broad Economic Categories (revision 4).

    Parameters
    ----------
    trade : DataFrame
        `bec` (code as text: 111, 121, 21, ...), `value`, and the columns of `by`.

    Returns
    -------
    Proxy
        By group: `value` and the shares `intermediate`, `capital`, `consumption` and `ambiguous` (321 motor
        spirit, 51 passenger cars, 7 other), which add up to 1; each of the first three lies between its
        share and its share plus the ambiguous one. NaN where a group's value is 0.

    Raises
    ------
    UnknownName
        A code that is not a basic category of BEC revision 4.
    """
    refuse_no_keys(trade, ["bec", *by])
    amounts(trade, ["value"])
    for code in trade["bec"]:
        if code not in BEC:
            raise UnknownName("category of BEC revision 4", code, BEC)
    groups = trade.assign(stage=trade["bec"].map(BEC), all="all")
    keys = list(by) or ["all"]
    wide = groups.pivot_table(index=keys, columns="stage", values="value", aggfunc="sum", fill_value=0.0)
    stages = ["intermediate", "capital", "consumption", "ambiguous"]
    wide = wide.reindex(columns=stages, fill_value=0.0)
    total = wide.sum(axis=1)
    out = wide.div(total.where(total > 0), axis=0)
    out.insert(0, "value", total)
    return Proxy(
        "Stage shares",
        out.reset_index().rename_axis(columns=None),
        "either way",
        "final goods may be assembled from imports, and intermediates made wholly at home",
        "United Nations, Broad Economic Categories, revision 4 (2002)",
    )
