"""Shocks that several units share: whether the treated load apart on them before anybody adopts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.errors import DataError
from exportlab.frames import Array, Codes, Mask
from exportlab.options import Count, validated
from exportlab.panel.algebra.draws import TIE, assignments
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

LEAST = 3  # periods before adoption from which a factor is looked for: effects of units leave two


@dataclass(frozen=True, eq=False, repr=False)
class SharedShocks(Result):
    """One common factor of the outcomes before adoption.

    Attributes
    ----------
    table : pandas.DataFrame
        One row: share (of the variation before adoption, beside effects of units and periods, that one factor makes),
        treated and others (mean loadings, in standard deviations of all), p (permutation of who is treated),
        attainable, units, periods.
    loadings : pandas.DataFrame
        unit, treated, loading.
    """

    table: pd.DataFrame
    loadings: pd.DataFrame

    @property
    def title(self) -> str:
        """What one factor explains, and whether the treated load apart."""
        row = self.table.iloc[0]
        return (
            f"Shared shocks before adoption: one factor makes {row['share']:.0%} of the variation; mean loading of "
            f"the treated {row['treated']:.2f}, of the others {row['others']:.2f} (permutation p = {row['p']:.3g}, no "
            f"value below {row['attainable']:.3g} is attainable)"
        )


@validated
def shared_shocks(
    panel: PolicyPanel, *, n_draws: Count = 1_999, rng: int | np.random.Generator = 0
) -> SharedShocks:
    r"""Whether treated units load apart on what units share, before anybody adopts.

    Difference-in-differences takes out shocks that hit all units alike. A shock that hits some more than others stays:
    :math:`y_{it} = a_i + d_t + \lambda_i f_t + e_{it}`. If the treated have other loadings than the rest, the factor's
    later path is taken for an effect, and permuting who is treated does not help, for the treated are not exchangeable.

    Parameters
    ----------
    panel : PolicyPanel
        Units that are there in all periods before the first adoption are used; always-treated ones are not.
    n_draws : int
        Random permutations where there are more.
    rng : int or numpy Generator

    Returns
    -------
    SharedShocks

    Raises
    ------
    DataError
        Fewer than three periods before the first adoption, or fewer than two units on a side.

    Notes
    -----
    The loadings are the first left singular vector of the double-demeaned outcomes; the statistic is the difference of
    the mean loadings of treated and other units, whose sign has no meaning. That nothing is found is no proof: with few
    periods or one treated unit the test has little power.

    References
    ----------
    Bai (2009), Econometrica 77, 1229-1279; Gobillon and Magnac (2016), Review of Economics and Statistics 98, 535-551.
    """
    early = _early(panel)
    if early is None:
        raise DataError(
            f"no common factor can be looked for with fewer than {LEAST} periods before the first adoption, or without "
            "a treated and two other units that are there in all of them",
            "Bring earlier periods.",
        )
    residual, treated, who = early
    share, loading = _factor(residual)
    p, attainable = _apart(loading, treated, n_draws, rng)
    sign = 1.0 if loading[treated].mean() >= loading[~treated].mean() else -1.0
    scaled = sign * loading / loading.std()
    row = {
        "share": share,
        "treated": float(scaled[treated].mean()),
        "others": float(scaled[~treated].mean()),
        "p": p,
        "attainable": attainable,
        "units": len(who),
        "periods": residual.shape[1],
    }
    loadings = pd.DataFrame({"unit": panel.unit_labels[who], "treated": treated, "loading": scaled})
    return SharedShocks(pd.DataFrame([row]), loadings)


def pre_period_factor(panel: PolicyPanel) -> tuple[float, float]:
    """Share of one factor and p that the treated load apart on it; NaN where that cannot be looked at."""
    early = _early(panel)
    if early is None:
        return float("nan"), float("nan")
    residual, treated, _ = early
    share, loading = _factor(residual)
    return share, _apart(loading, treated, 999, 0)[0]


def _early(panel: PolicyPanel) -> tuple[Array, Mask, Codes] | None:
    """Double-demeaned outcomes (units, periods) before the first adoption, who is treated later, and which units."""
    moves = np.isfinite(panel.adoption) & ~panel.always_treated
    if not moves.any():
        return None
    T = int((panel.period_values < panel.adoption[moves].min()).sum())
    rows = (panel.periods < T) & ~panel.always_treated[panel.units]
    who = np.flatnonzero(np.bincount(panel.units[rows], minlength=len(moves)) == T)
    treated: Mask = np.asarray(moves[who], bool)
    if T < LEAST or not treated.any() or int((~treated).sum()) < 2:
        return None
    Y = panel.y[rows & np.isin(panel.units, who)].reshape(len(who), T)
    Y = Y - Y.mean(axis=1, keepdims=True)
    residual = Y - Y.mean(axis=0)
    if np.abs(residual).max() <= 1e-11 * np.abs(panel.y).max():
        return None  # nothing varies but effects of units and periods
    return residual, treated, who


def _factor(residual: Array) -> tuple[float, Array]:
    """Share of the variation that the first factor makes, and the units' loadings on it, in no unit."""
    left, size, _ = np.linalg.svd(residual, full_matrices=False)
    return float(size[0] ** 2 / (size**2).sum()), np.asarray(left[:, 0], float)


def _apart(
    loading: Array, treated: Mask, n_draws: int, rng: int | np.random.Generator
) -> tuple[float, float]:
    """p of the difference of mean loadings under permutations of who is treated, and the smallest there can be."""
    others = assignments(treated.astype(float), n_draws=n_draws, max_enumerated=n_draws, rng=rng)
    # loadings add up to zero: means lie as far apart as the sum of the treated is from it
    sums = np.abs(others.which @ loading)
    above = int((sums >= abs(float(loading[treated].sum())) * (1 - TIE)).sum())
    B = len(sums)
    return (above / B, 1 / B) if others.enumerated else ((1 + above) / (1 + B), 1 / (1 + B))
