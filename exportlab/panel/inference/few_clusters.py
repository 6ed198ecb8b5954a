"""An estimate under CR2 or CR3 standard errors with Bell-McCaffrey degrees of freedom."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from exportlab.errors import OptionError, one_of
from exportlab.options import Level, validated
from exportlab.panel.algebra.crve import leave_one_out, satterthwaite
from exportlab.panel.inference.wild import fit_of

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate

WORDS = {
    "CR2": "bias-reduced, identity working model; t with Bell-McCaffrey degrees of freedom a term",
    "CR3": "cluster jackknife centred at the estimate, (G-1)/G; t with G-1 degrees of freedom",
}


@validated
def few_clusters(estimate: Estimate, *, kind: str = "CR2", level: Level | None = None) -> Estimate:
    """The same estimate with few-cluster standard errors.

    Parameters
    ----------
    estimate : Estimate
        With a least-squares regression behind it.
    kind : {"CR2", "CR3"}
    level : float, optional
        That of the estimate by default.

    Returns
    -------
    Estimate
        Its table has a column `df`: degrees of freedom of each term.

    Raises
    ------
    OptionError
        No least-squares regression.

    Notes
    -----
    Under weights the working model of CR2 is a variance of one over the weight (clubSandwich's ``inverse_var=TRUE``;
    its default for ``lm`` is equal variances). CR3 is NaN for terms that some cluster alone identifies (one treated
    cluster). Sources: Bell & McCaffrey (2002); Pustejovsky & Tipton (2018); MacKinnon, Nielsen & Webb (2023).
    """
    one_of("kind", kind, ("CR2", "CR3"))
    g = estimate.regression
    if g is None or g.family != "gaussian":
        raise OptionError(f"{estimate.method} has no least-squares regression: use randomization_test().")
    fit = fit_of(g)
    if kind == "CR2":
        from exportlab.panel.algebra.clustered import adjusted_residual

        pieces = fit.scores(adjusted_residual(fit, -0.5)) @ fit.bread[:, : fit.k]
    else:
        pieces = leave_one_out(fit) * np.sqrt((fit.G - 1) / fit.G)
    live = (np.diag(estimate.vcov) > 0) & (g.combine != 0).any(axis=1)
    scores = np.zeros((fit.G, len(live)))
    for j in np.flatnonzero(live):
        used = g.combine[j] != 0  # a term may be defined where another regressor is not
        scores[:, j] = pieces[:, used] @ g.combine[j, used]
    df = np.full(len(live), np.nan)
    df[live] = satterthwaite(fit, g.combine[live]) if kind == "CR2" else fit.G - 1
    vcov = scores.T @ scores
    size = estimate.inference.level if level is None else level
    inference = replace(
        estimate.inference, name=f"cluster-robust ({kind})", small_sample=WORDS[kind], factor=1.0,
        df=float(np.nanmin(df)) if live.any() else np.nan, level=size, draws=0, seed=None,
    )  # fmt: skip
    b = estimate.table["estimate"].to_numpy(float)
    se = np.where(live, np.sqrt(np.diag(vcov)), np.nan)
    half = stats.t.ppf(0.5 + size / 2, df) * se
    table = estimate.table.assign(
        std_error=se, conf_low=b - half, conf_high=b + half, p_value=2 * stats.t.sf(np.abs(b) / se, df), df=df
    )
    bands = [c for c in ("band_low", "band_high") if c in table]
    return replace(estimate, table=table.drop(columns=bands), vcov=vcov, scores=scores, inference=inference)
