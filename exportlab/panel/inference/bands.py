"""Simultaneous bands: one critical value for all terms, by the multiplier bootstrap."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from exportlab.arrays import Array
from exportlab.errors import DataError, OptionError
from exportlab.options import Count, validated

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate


def simultaneous(
    scores: Array, *, draws: int = 999, rng: int | np.random.Generator = 0, level: float = 0.95
) -> float:
    r"""Critical value c such that :math:`\hat\theta_j \pm c\,se_j` covers all terms at once.

    The `level` quantile of :math:`\max_j |\sum_c \xi_c s_{cj}| / se^*_j` over Rademacher draws
    :math:`\xi_c`, with
    :math:`se^*` the draws' interquartile range over that of a standard normal.

    Parameters
    ----------
    scores : (G, m) cluster contributions; columns of zeros (base periods) are left out
    draws, rng, level

    References
    ----------
    Callaway and Sant'Anna (2021), algorithm 1; Montiel Olea and Plagborg-Moller (2019).
    """
    if draws < 99:
        raise OptionError(f"draws={draws} is not allowed. Allowed: 99 or more.")
    live = scores[:, (scores**2).sum(0) > 0]
    if not live.shape[1]:
        raise DataError("no term has a standard error", "Nothing to put a band around.")
    generator = np.random.default_rng(rng)
    signs = 2.0 * generator.integers(0, 2, size=(draws, len(scores))) - 1.0
    moved = signs @ live
    low, high = np.quantile(moved, [0.25, 0.75], axis=0)
    spread = (high - low) / 1.3489795003921634
    spread = np.where(spread > 0, spread, np.sqrt((live**2).sum(0)))
    return float(np.quantile(np.abs(moved / spread).max(1), level))


@validated
def with_bands(estimate: Estimate, *, draws: Count = 999, rng: int | np.random.Generator = 0) -> Estimate:
    """The estimate with columns ``band_low, band_high`` that cover all its terms at once.

    Raises
    ------
    DataError
        The estimate keeps no cluster scores.
    """
    if estimate.scores is None:
        raise DataError(
            f"{estimate.method} keeps no cluster scores",
            "Bands need cluster-robust inference (vcov='cluster').",
        )
    i = estimate.inference
    known = np.isfinite(estimate.table["std_error"].to_numpy(float))
    critical = (
        simultaneous(estimate.scores[:, known], draws=draws, rng=rng, level=i.level)
        if known.any()
        else np.nan
    )
    half = critical * estimate.table["std_error"]
    b = estimate.table["estimate"]
    table = estimate.table.assign(band_low=b - half, band_high=b + half)
    seed = rng if isinstance(rng, int) else None
    return replace(estimate, table=table, inference=replace(i, draws=draws, seed=seed))
