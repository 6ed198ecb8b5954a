"""What gravity coefficients mean: percent of trade, and the tariff that would do the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from exportlab.options import Positive, validated
from exportlab.panel.estimate import Estimate


@validated
def trade_cost_equivalents(
    estimate: Estimate, *, elasticity: Positive, terms: Sequence[str] | None = None
) -> pd.DataFrame:
    r"""Percent change of trade and ad valorem tariff equivalent of each coefficient.

    .. math:: 100\,(e^{\beta} - 1), \qquad 100\,(e^{-\beta/\theta} - 1)

    Parameters
    ----------
    estimate : Estimate
        Of `gravity` or `ppml`.
    elasticity : float
        The trade elasticity :math:`\theta = \sigma - 1 > 0` with respect to trade costs. It must be said:
        it is not estimated here (Head and Mayer 2014 find a median of about 5).
    terms : sequence of str, optional
        Default: every term.

    Returns
    -------
    pandas.DataFrame
        ``term, trade_percent, trade_low, trade_high, tariff_percent, tariff_low, tariff_high``. Both are
        monotone in the coefficient, so their limits are those of its confidence interval; the elasticity
        is taken as known. A negative tariff equivalent is a cut.

    References
    ----------
    Yotov, Piermartini, Monteiro and Larch (2016), An Advanced Guide to Trade Policy Analysis.
    """
    chosen = list(estimate.table["term"]) if terms is None else list(terms)
    rows = estimate.table.iloc[[estimate.index(term) for term in chosen]]
    low, middle, high = (rows[c].to_numpy(float) for c in ("conf_low", "estimate", "conf_high"))
    return pd.DataFrame(
        {
            "term": chosen,
            "trade_percent": 100 * np.expm1(middle),
            "trade_low": 100 * np.expm1(low),
            "trade_high": 100 * np.expm1(high),
            "tariff_percent": 100 * np.expm1(-middle / elasticity),
            "tariff_low": 100 * np.expm1(-high / elasticity),
            "tariff_high": 100 * np.expm1(-low / elasticity),
        }
    )
