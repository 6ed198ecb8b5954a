"""Joint test that nothing happened before adoption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.errors import DataError, OptionError
from exportlab.options import Count, validated

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate


@validated
def pretrend_test(estimate: Estimate, *, last: Count | None = None) -> pd.Series[Any]:
    r"""Wald test of :math:`\beta_e = 0` for all event times before adoption.

    Parameters
    ----------
    estimate : Estimate
        With event times (any event study) or cohort-period cells (``aggregate="none"``).
    last : int, optional
        Only the last so many of the event times tested; all by default.

    Returns
    -------
    Series
        ``statistic, df1, df2, p_value, distribution, terms``. The statistic is W / q with F(q, df) where the
        estimate's inference is t-based, and W with chi-squared(q) where it is normal.

    Raises
    ------
    DataError
        No event time before adoption has been estimated, or their covariance has not full rank.

    Notes
    -----
    Not rejecting is weak evidence (Roth 2022): look at the power and at `honest_did` too.
    """
    if "event_time" not in estimate.table:
        raise DataError(
            f"{estimate.method} has no event times", "Use event_study(...), then pretrend_test()."
        )
    table = estimate.table
    time = table["event_time"].to_numpy(float)
    keep = (time < 0) & np.isfinite(table["std_error"].to_numpy(float))
    tested = np.unique(time[keep])
    if last is not None and len(tested):
        if not 1 <= last <= len(tested):
            raise OptionError(f"last={last} is not allowed. Allowed: 1 to {len(tested)} event times.")
        keep &= time >= tested[-last]
    at = np.flatnonzero(keep)
    if not len(at):
        raise DataError(
            "no event time before adoption was estimated", "Choose an earlier base period or window."
        )
    b, V = table["estimate"].to_numpy(float)[at], estimate.vcov[np.ix_(at, at)]
    q = len(at)
    if np.linalg.matrix_rank(V) < q:
        raise DataError(
            f"the covariance of the {q} estimates before adoption has rank {np.linalg.matrix_rank(V)}",
            f"Too few clusters for a joint test of {q} terms: test fewer with last=.",
        )
    W = float(b @ np.linalg.solve(V, b))
    df = estimate.inference.df
    normal = bool(np.isinf(df))
    p = stats.chi2.sf(W, q) if normal else stats.f.sf(W / q, q, df)
    return pd.Series(
        {
            "statistic": W if normal else W / q, "df1": q, "df2": df, "p_value": float(p),
            "distribution": "chi2" if normal else "F", "terms": ", ".join(table["term"].iloc[at]),
        }
    )  # fmt: skip
