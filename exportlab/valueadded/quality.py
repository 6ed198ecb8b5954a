"""Quality of exports inferred from prices and quantities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import lsmr

from exportlab.errors import DataError, OptionError
from exportlab.options import validated
from exportlab.valueadded.proxy import Proxy, amounts, columns, refuse


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
    columns(trade, ["exporter", "value", "quantity", *product, *destination])
    amounts(trade, ["value", "quantity"])
    refuse(((trade["value"] <= 0) | (trade["quantity"] <= 0)).to_numpy(), trade,
           "Values or quantities are zero", "Logarithms need positive numbers.")  # fmt: skip
    s = trade[sigma].to_numpy(float) if isinstance(sigma, str) else np.full(len(trade), float(sigma))
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
        "Quality", out, "either way", "quality is not value added: it may be bought with imported inputs",
        "Khandelwal, Schott and Wei (2013), American Economic Review 103(6)",
    )  # fmt: skip


def _dummies(table: pd.DataFrame, keys: Sequence[str]) -> sparse.csr_array:
    code = table.groupby(list(keys), sort=False).ngroup().to_numpy()
    return sparse.csr_array((np.ones(len(code)), (np.arange(len(code)), code)))
