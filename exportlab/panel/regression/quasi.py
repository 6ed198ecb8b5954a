"""The random-effects transformation: variance components and quasi-demeaning."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from exportlab.arrays import Array, Codes
from exportlab.panel.algebra.sandwich import freedom, group_sums
from exportlab.panel.regression.formula import Design


@dataclass(frozen=True, eq=False)
class Variances:
    """Variance of the unit effects and of the rows, and the share of the mean taken off, by unit."""

    units: float
    rows: float
    theta: Array


def ordered_codes(values: pd.Series[Any]) -> Codes:
    """Codes 0, 1, ... in sorted order."""
    return np.unique(values.to_numpy(), return_inverse=True)[1].astype(np.int64)


def swamy_arora(d: Design, units: Codes, periods: Codes) -> Variances:
    """Variance components of Swamy and Arora (1972), by linearmodels.

    They do not depend on the units of the regressors, which are brought to one size first.
    """
    from linearmodels.panel import RandomEffects

    index = pd.MultiIndex.from_arrays([units, periods], names=["unit", "period"])
    y = pd.DataFrame({"y": d.y}, index=index)
    centred = d.x - d.x.mean(axis=0) * np.array([n != "Intercept" for n in d.names]) * (
        "Intercept" in d.names
    )
    size = np.sqrt((centred**2).mean(axis=0))
    x = pd.DataFrame(centred / np.where(size > 0, size, 1.0), index=index, columns=list(d.names))
    found = RandomEffects(y, x).fit()
    parts = found.variance_decomposition
    theta = found.theta["theta"].sort_index().to_numpy(float)
    return Variances(float(parts["Effects"]), float(parts["Residual"]), theta)


def baltagi_chang(d: Design, units: Codes) -> Variances:
    r"""Variance components of Swamy and Arora for unbalanced panels, by Baltagi and Chang (1994), as R's plm.

    :math:`\hat\sigma^2_\mu=(q-(n-K)\hat\sigma^2_e)/(N-\mathrm{tr}((X'PX)^{-1}X'ZZ'X))` with q the sum of squares of
    the regression of unit means, weighted by the units' rows.
    """
    rows = np.bincount(units)
    size = np.sqrt((d.x**2).mean(axis=0))
    x = d.x / np.where(size > 0, size, 1.0)
    means = unit_means(np.column_stack([d.y, x]), units)
    inside = np.column_stack([d.y, x]) - means[units]
    beta, _, rank, _ = np.linalg.lstsq(inside[:, 1:], inside[:, 0], rcond=1e-10)
    inner = float(((inside[:, 0] - inside[:, 1:] @ beta) ** 2).sum())
    sigma2 = inner / freedom(len(d.y), len(rows) + int(rank))
    y, x = means[:, 0], means[:, 1:]
    root = np.sqrt(rows)[:, None]
    beta, _, rank, _ = np.linalg.lstsq(root * x, root[:, 0] * y, rcond=1e-10)
    outer = float((rows * (y - x @ beta) ** 2).sum())
    gram = np.linalg.pinv((rows[:, None] * x).T @ x, rcond=1e-12, hermitian=True)
    trace = float(np.trace(gram @ ((rows**2)[:, None] * x).T @ x))
    between = max((outer - (len(rows) - int(rank)) * sigma2) / (len(d.y) - trace), 0.0)
    theta = 1 - np.sqrt(sigma2 / (rows * between + sigma2)) if sigma2 > 0 else np.ones(len(rows))
    return Variances(between, sigma2, np.asarray(theta, np.float64))


def demeaned(d: Design, units: Codes, theta: Array) -> Design:
    """The design less `theta` (units,) times the unit means."""
    both = np.column_stack([d.y, d.x])
    means = unit_means(both, units)
    both = both - theta[units][:, None] * means[units]
    return replace(d, y=both[:, 0], x=both[:, 1:])


def unit_means(values: Array, units: Codes) -> Array:
    """Mean of each column by unit, (units, k)."""
    return group_sums(values, units) / np.bincount(units)[:, None]
