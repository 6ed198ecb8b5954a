"""Value added in exports without an input-output table: what customs and firm records allow, and its bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import lsmr

from exportlab.columns import real, refuse_no_ids, refuse_no_keys
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.frames import Array, Mask
from exportlab.options import Within, validated
from exportlab.results import Result
from exportlab.valueadded.cells import ratio


@validated
def processing_margin(
    records: pd.DataFrame,
    *,
    by: Sequence[str] = (),
    window: int = 2,
    foreign_content: float = 0.0,
) -> Proxy:
    r"""Domestic share of processing exports from customs records alone.

    Parameters
    ----------
    records : DataFrame
        `period` (whole years), `processing_exports`, `processing_imports` in one currency, and the
        columns of `by`.
    by : sequence of str
        Groups, such as province and HS chapter.
    window : int
        Years added up, since imports precede the exports they go into; the row is named by its last year.
    foreign_content : float
        Foreign content of domestic inputs as a share of exports, subtracted (0 leaves an upper bound).

    Returns
    -------
    Proxy
        `dvar` = 1 - M_P / X_P - foreign_content over the window; `outside` marks values outside [0, 1]
        (stocks, transfers between groups), which are left as they are; NaN without exports. Windows
        that are not full are not given.

    Raises
    ------
    DataError
        Missing, negative or repeated records; years that are not whole numbers.
    """
    flows = ["processing_exports", "processing_imports"]
    refuse_no_keys(records, ["period", *by])
    amounts(records, flows)
    if window < 1 or not 0 <= foreign_content < 1:
        raise OptionError(
            f"window={window}, foreign_content={foreign_content}: allowed are window >= 1 and a share."
        )
    if not pd.api.types.is_integer_dtype(records["period"]):
        raise DataError("Periods are not whole years", "Give `period` as integers such as 2020.")
    once(records, ["period", *by])
    total = records.groupby(["period", *by], sort=True, as_index=False)[flows].sum()
    parts = []
    for lag in range(window):
        shifted = total.assign(period=total["period"] + lag)
        parts.append(shifted)
    stacked = pd.concat(parts)
    sums = stacked.groupby(["period", *by], as_index=False)[flows].sum()
    full = stacked.groupby(["period", *by]).size().reset_index(name="years")
    out = sums.merge(full, on=["period", *by])
    out = out[out["years"] == window].drop(columns="years").reset_index(drop=True)
    x = out["processing_exports"].to_numpy(float)
    out["dvar"] = 1 - ratio(out["processing_imports"].to_numpy(float), x) - foreign_content
    out["outside"] = ~out["dvar"].between(0, 1) & out["dvar"].notna()
    all_ratio = ratio(np.array([out["processing_imports"].sum()]), np.array([x.sum()]))[0]
    return Proxy(
        "Processing margin",
        out,
        "either way" if foreign_content else "upper bound",
        "the foreign content of domestic inputs is guessed"
        if foreign_content
        else "domestic inputs hold imports too",
        "Upward, Wang and Zheng (2013), Journal of Comparative Economics 41(2)",
        float(1 - all_ratio - foreign_content),
    )


@validated
def kee_tang(
    firms: pd.DataFrame,
    *,
    foreign_in_domestic: str | float = 0.0,
    domestic_in_imports: str | float = 0.0,
    exclude: bool = True,
) -> Proxy:
    r"""Domestic value-added ratio of processing firms (Kee and Tang 2016).

    Parameters
    ----------
    firms : DataFrame
        `firm`, `exports`, `imports` (of intermediates) and `materials` (all intermediate costs), in one
        currency.
    foreign_in_domestic, domestic_in_imports : str or float
        delta^F, foreign content of domestic materials, and delta^D, domestic content of imported ones,
        as shares of exports: a column or one number.
    exclude : bool
        Leave excessive importers (imports > materials) and excessive exporters (imports > exports) out
        of the aggregate, as they trade for other firms.

    Returns
    -------
    Proxy
        `dvar` = 1 - imports/exports - delta^F + delta^D by firm with `excessive` ("", "importer",
        "exporter"); `aggregate` weighs it by exports.

    Notes
    -----
    American Economic Review 106(6): 1402-1436.
    """
    refuse_no_keys(firms, ["firm"])
    amounts(firms, ["exports", "imports", "materials"])
    once(firms, ["firm"])
    out = firms[["firm", "exports", "imports", "materials"]].reset_index(drop=True)
    x, m = out["exports"].to_numpy(float), out["imports"].to_numpy(float)
    d_f, d_d = _term(firms, foreign_in_domestic), _term(firms, domestic_in_imports)
    out["dvar"] = 1 - ratio(m, x) - d_f + d_d
    out["excessive"] = np.select(
        [m > out["materials"].to_numpy(float), m > x], ["importer", "exporter"], default=""
    )
    used = out[(out["excessive"] == "") & (out["exports"] > 0)] if exclude else out[out["exports"] > 0]
    weight = used["exports"].sum()
    corrected = bool(np.any(d_f != 0))
    return Proxy(
        "Kee-Tang DVAR",
        out,
        "either way" if corrected else "too high",
        "the corrections are estimates" if corrected else "domestic materials hold imports too",
        "Kee and Tang (2016), American Economic Review 106(6)",
        float((used["dvar"] * used["exports"]).sum() / weight) if weight else float("nan"),
    )


@validated
def upward_wang_zheng(firms: pd.DataFrame, *, theta: Annotated[float, Within(0, 1, "[)")] = 0.0) -> Proxy:
    r"""Foreign value-added share of firms that do ordinary and processing trade.

    Parameters
    ----------
    firms : DataFrame
        `firm`; `processing_imports` M^P; `ordinary_imports` M^O of intermediates (by BEC), both with
        the imports bought through agents; `processing_exports` X^P, `ordinary_exports` X^O;
        `domestic_sales` D; `materials` M^T (needed only for theta > 0). One currency.
    theta : float
        Foreign content of domestic materials as a share of them; Zhang, Chen and Liu (2013)
        take .05 to .10.

    Returns
    -------
    Proxy
        `fvar` = {M^P + X^O M^O/(D + X^O) + theta (M^T - M^P - M^O)} / X and `dvar` = 1 - fvar; NaN
        without exports. `outside` marks values outside [0, 1].

    Raises
    ------
    DataError
        Columns missing, negative amounts, or (theta > 0) imports above materials.
    """
    need = [
        "processing_imports",
        "ordinary_imports",
        "processing_exports",
        "ordinary_exports",
        "domestic_sales",
    ]
    need = [*need, "materials"] if theta else need
    refuse_no_keys(firms, ["firm"])
    amounts(firms, need)
    once(firms, ["firm"])
    a = {k: firms[k].to_numpy(float) for k in need}
    spread = ratio(a["ordinary_exports"], a["domestic_sales"] + a["ordinary_exports"], empty=0.0)
    foreign = a["processing_imports"] + spread * a["ordinary_imports"]
    if theta:
        rest = a["materials"] - a["processing_imports"] - a["ordinary_imports"]
        refuse(rest < 0, firms, "Imports exceed materials", "Leave excessive importers out, or set theta=0.")
        foreign = foreign + theta * rest
    x = a["processing_exports"] + a["ordinary_exports"]
    out = firms[["firm"]].reset_index(drop=True).assign(exports=x, fvar=ratio(foreign, x))
    out["dvar"] = 1 - out["fvar"]
    out["outside"] = ~out["dvar"].between(0, 1) & out["dvar"].notna()
    return Proxy(
        "Upward-Wang-Zheng DVAR",
        out,
        "either way" if theta else "too high",
        "theta is a guess" if theta else "domestic materials hold imports too",
        "Upward, Wang and Zheng (2013), Journal of Comparative Economics 41(2)",
        float(1 - foreign[x > 0].sum() / x.sum()) if x.sum() else float("nan"),
    )


def _term(table: pd.DataFrame, given: str | float) -> Array:
    if isinstance(given, str):
        amounts(table, [given])
        return np.asarray(table[given], dtype=np.float64)
    return np.full(len(table), float(given))


# The result that every proxy of value added shares, with the direction of its bias, and its input checks.

Direction = Literal["upper bound", "lower bound", "too high", "either way"]


@dataclass(frozen=True, repr=False, eq=False)
class Proxy(Result):
    """A measure that stands in for domestic value added.

    Attributes
    ----------
    name : str
    table : DataFrame
        One row a group, or a firm.
    bias : {"upper bound", "lower bound", "too high", "either way"}
        On which side of the domestic value-added share the measure lies.
    why : str
        What makes it so.
    source : str
        Where the measure was proposed.
    aggregate : float
        The measure for all rows together, NaN where there is no such number.
    """

    name: str
    table: pd.DataFrame
    bias: Direction
    why: str
    source: str
    aggregate: float = float("nan")

    @property
    def title(self) -> str:
        total = "" if np.isnan(self.aggregate) else f" {self.aggregate:.4g} in all;"
        return f"{self.name}:{total} bias: {self.bias} ({self.why})"


def amounts(table: pd.DataFrame, names: Sequence[Any]) -> None:
    """Refuse amounts that are not finite numbers of zero or more, and a table that lacks them."""
    for name in names:
        if name not in table.columns:
            raise UnknownName("column", name, map(str, table.columns))
        values = real(table, name)
        refuse(
            ~np.isfinite(values) | (values < 0),
            table,
            f"Column {name!r} is missing or negative",
            "Amounts are finite numbers of zero or more.",
        )


def refuse(bad: Mask, table: pd.DataFrame, problem: str, remedy: str) -> None:
    """Raise with the count and the first of the bad rows."""
    if bad.any():
        row = table.iloc[int(np.argmax(bad))]
        raise DataError(
            problem, remedy, rows=int(bad.sum()), first=", ".join(f"{k}={v}" for k, v in row.items())
        )


def by_label(figures: pd.Series, labels: pd.Index, kind: str) -> Array:
    """One finite figure for each label, from a series by label."""
    refuse_no_ids(figures.index.to_frame(index=False, name=kind), [kind])
    table = figures.to_frame("figure")
    if figures.index.has_duplicates:
        raise DataError(
            f"A {kind} comes more than once",
            "One figure for each.",
            first=repr(figures.index[figures.index.duplicated()][0]),
        )
    for label in labels:
        if label not in figures.index:
            raise UnknownName(kind, label, map(str, figures.index))
    values = real(table, "figure")
    refuse(
        ~np.isfinite(values),
        table.rename_axis(kind).reset_index(),
        f"A {kind} is missing or infinite",
        "Give each a finite number.",
    )
    return np.asarray(figures.loc[labels].to_numpy(float), np.float64)


def by_product(exports: pd.DataFrame) -> Array:
    """Exports by product and exporter, finite amounts of zero or more, each product and exporter once."""
    for labels, kind in ((exports.index, "product"), (exports.columns, "exporter")):
        if labels.has_duplicates:
            first = repr(labels[labels.duplicated()][0])
            raise DataError(
                f"A {kind} comes more than once", "One row a product, one column an exporter.", first=first
            )
    amounts(exports, list(exports.columns))
    return exports.to_numpy(float)


def once(table: pd.DataFrame, keys: Sequence[str]) -> None:
    """Refuse repeated records."""
    refuse(
        table.duplicated(list(keys)).to_numpy(),
        table,
        f"{', '.join(keys)} occur more than once",
        "Add the records up first, or name what tells them apart.",
    )


# Quality of exports inferred from prices and quantities.


@validated
def export_quality(
    trade: pd.DataFrame,
    *,
    sigma: float | str,
    product: Sequence[str] = ("product",),
    destination: Sequence[str] = ("market", "period"),
) -> Proxy:
    r"""Quality of shipments given the elasticity of substitution (Khandelwal, Schott and Wei 2013).

    Parameters
    ----------
    trade : DataFrame
        `exporter`, `value` and `quantity`, both positive, and the columns of `product` and `destination`.
    sigma : float or str
        Elasticity of substitution, above 1: one number, or a column with one for each row.
    product, destination : sequence of str
        What the two fixed effects stand for.

    Returns
    -------
    Proxy
        The rows with `quality` = residual / (sigma - 1) of ln q + sigma ln p = a_k + a_ct + residual, p the
        unit value, and `rivals`, the rows of the same product and destination: with one alone, quality
        holds its demand as well.

    Notes
    -----
    American Economic Review 103(6): 2169-2195. The residual is what sells at a price beyond what product
    and destination explain; it holds taste and distribution as well as quality.
    """
    refuse_no_keys(trade, ["exporter", *product, *destination])
    amounts(trade, ["value", "quantity"])
    refuse(
        ((trade["value"] <= 0) | (trade["quantity"] <= 0)).to_numpy(),
        trade,
        "Values or quantities are zero",
        "Logarithms need positive numbers.",
    )
    s = _term(trade, sigma)
    if not (s > 1).all():
        raise OptionError(f"sigma has the value {s[~(s > 1)][0]:g}. Allowed: numbers above 1.")
    if len(trade) < 2:
        raise DataError(
            "One row has no residual", "Pass the shipments of several exporters.", rows=len(trade)
        )
    q = np.log(trade["quantity"].to_numpy(float))
    y = q + s * (np.log(trade["value"].to_numpy(float)) - q)
    dummies = sparse.hstack([_dummies(trade, product), _dummies(trade, destination)]).tocsr()
    fitted = lsmr(dummies, y, atol=1e-14, btol=1e-14, conlim=0, maxiter=20_000)[0]
    out = trade.reset_index(drop=True).assign(quality=(y - dummies @ fitted) / (s - 1))
    out["rivals"] = out.groupby([*product, *destination])["exporter"].transform("size")
    return Proxy(
        "Quality",
        out,
        "either way",
        "quality is not value added: it may be bought with imported inputs",
        "Khandelwal, Schott and Wei (2013), American Economic Review 103(6)",
    )


def _dummies(table: pd.DataFrame, keys: Sequence[str]) -> sparse.csr_array:
    code = table.groupby(list(keys), sort=False).ngroup().to_numpy()
    return sparse.csr_array((np.ones(len(code)), (np.arange(len(code)), code)))
