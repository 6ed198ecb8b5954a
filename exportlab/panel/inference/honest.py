"""How far parallel trends may fail before the conclusion does: Rambachan-Roth sensitivity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtri

from exportlab.arrays import Array
from exportlab.errors import DataError, OptionError, one_of
from exportlab.options import Upper, validated
from exportlab.panel.inference.honest_relative import accepted, all_moments, relative_interval
from exportlab.panel.inference.honest_smoothness import second_differences, smoothness_interval
from exportlab.results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.panel.estimate import Estimate


METHODS = ("relative_magnitudes", "smoothness")


@dataclass(frozen=True, eq=False)
class EventCoefficients:
    """Event-study coefficients in order of time, the base period (-1) left out.

    Attributes
    ----------
    beta : (pre + post,) array
    sigma : (pre + post, pre + post) array
    pre : int
        How many come before the base period.
    """

    beta: Array
    sigma: Array
    pre: int

    @property
    def post(self) -> int:
        """How many come after it."""
        return len(self.beta) - self.pre


@dataclass(frozen=True, eq=False, repr=False)
class HonestDiD(Result):
    """Robust confidence intervals by the size of the violation allowed.

    Attributes
    ----------
    table : pandas.DataFrame
        method, M (0 under parallel trends), conf_low, conf_high, zero_inside; the first row ("original")
        is the usual interval.
    breakdown : float
        The smallest M at which zero is no longer excluded; 0 when it never was, inf when nothing up to
        1,000 (relative magnitudes) or 1,000 standard errors a period (smoothness) breaks it.
    method, level
    ell : (post,) array
        Weights of the post-treatment coefficients in the parameter.
    """

    table: pd.DataFrame
    breakdown: float
    method: str
    level: float
    ell: Array

    @property
    def title(self) -> str:
        """What was allowed, and what it takes to break the conclusion."""
        allowed = (
            "M times the largest violation before treatment"
            if self.method == "relative_magnitudes"
            else "changes of slope up to M a period"
        )
        return (
            f"Sensitivity to violations of parallel trends, {allowed}: {100 * self.level:g} % robust "
            f"intervals; breakdown value {self.breakdown:.3g}"
        )

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Intervals by M."""
        from exportlab.plots.panel_designs import sensitivity

        return sensitivity(self, ax=ax, **options)


@validated
def honest_did(
    estimate: Estimate | EventCoefficients,
    *,
    method: str = "relative_magnitudes",
    M: Sequence[float] | None = None,
    ell: ArrayLike | None = None,
    level: Upper = 0.95,
    rng: int | np.random.Generator = 0,
) -> HonestDiD:
    """Robust intervals when parallel trends fails by a bounded amount.

    Parameters
    ----------
    estimate : Estimate or EventCoefficients
        An event study whose base period is -1.
    method : {"relative_magnitudes", "smoothness"}
        Post-treatment violations at most M times the largest before treatment (conditional least-favourable
        hybrid), or slopes that change by at most M a period (optimal fixed-length interval).
    M : sequence of float, optional
        Default (0.5, 1, 1.5, 2), or for smoothness five values from 0 to the largest change of slope seen
        before treatment (from 0 to a standard error when there is one period only).
    ell : (post,) array, optional
        Weights of the parameter; the effect in the first treated period by default.
    level : float
    rng : int or numpy Generator
        Simulates the least-favourable critical value (20,000 draws).

    Returns
    -------
    HonestDiD

    Raises
    ------
    DataError
        No event times, a base period other than -1, gaps in event time, nothing before treatment to
        compare with.
    OptionError
        Negative M, wrong length of `ell`.

    Notes
    -----
    Source: Rambachan & Roth (2023). Reproduces the intervals of the R package HonestDiD.
    """
    one_of("method", method, METHODS)
    c = estimate if isinstance(estimate, EventCoefficients) else event_coefficients(estimate)
    weights = np.eye(c.post)[0] if ell is None else np.asarray(ell, float)
    if weights.shape != (c.post,) or not np.abs(weights).any():
        raise OptionError(f"ell needs {c.post} weights, one a period from adoption on, not all zero.")
    bounds = np.asarray(_default_bounds(c, method, weights) if M is None else M, float)
    if (bounds < 0).any() or not np.isfinite(bounds).all():
        raise OptionError(
            f"M={bounds.tolist()} is not allowed: sizes of violations are finite and not negative."
        )
    alpha = 1 - level
    rows = [("original", np.nan, *_usual(c, weights, alpha))]
    for size in bounds:
        ask: dict[str, Any] = {"bound": float(size), "alpha": alpha}
        if method == "smoothness":
            ends = smoothness_interval(c.beta, c.sigma, c.pre, weights, **ask)
        else:
            ends = relative_interval(c.beta, c.sigma, c.pre, weights, rng=rng, **ask)
        rows.append((method, float(size), *ends))
    table = pd.DataFrame(rows, columns=["method", "M", "conf_low", "conf_high"])
    table["zero_inside"] = (table["conf_low"] <= 0) & (table["conf_high"] >= 0)
    return HonestDiD(table, breakdown(c, weights, method, alpha, rng), method, level, weights)


def event_coefficients(estimate: Estimate) -> EventCoefficients:
    """Coefficients and covariance of an event study with base period -1, checked for gaps."""
    table = estimate.table
    if "event_time" not in table:
        raise DataError(f"{estimate.method} has no event times", "Use event_study(...), then honest_did()")
    time = table["event_time"].to_numpy(float)
    base = (time == -1) & ~(np.diag(estimate.vcov) > 0)
    if not base.any():
        raise DataError(
            f"{estimate.method} does not normalise event time -1 to zero",
            "Bounds compare violations with one base period: use an event study with universal base -1",
        )
    keep = np.flatnonzero(~base)
    keep = keep[np.argsort(time[keep])]
    seen = time[keep]
    if not np.isfinite(np.diag(estimate.vcov)[keep]).all() or (np.diag(estimate.vcov)[keep] <= 0).any():
        raise DataError(
            "Some event times have no standard error", "Shorten the window to those that have one"
        )
    full = np.sort(np.append(seen, -1))
    if (np.diff(full) != 1).any():
        raise DataError(
            f"Event times with gaps: {full.tolist()}", "Estimate every period between first and last"
        )
    return _checked(
        table["estimate"].to_numpy(float)[keep], estimate.vcov[np.ix_(keep, keep)], int((seen < 0).sum())
    )


def _checked(beta: Array, sigma: Array, pre: int) -> EventCoefficients:
    if pre < 1 or pre >= len(beta):
        raise DataError(
            f"{pre} coefficients before the base period and {len(beta) - pre} after it",
            "Sensitivity analysis needs at least one on each side",
        )
    return EventCoefficients(beta, sigma, pre)


def breakdown(
    c: EventCoefficients, ell: Array, method: str, alpha: float, rng: int | np.random.Generator = 0
) -> float:
    """The smallest M at which zero is not rejected (by doubling and bisection, to four figures)."""
    seed = int(np.random.default_rng(rng).integers(2**31))

    def breaks(M: float) -> bool:
        if method == "smoothness":
            low, high = smoothness_interval(c.beta, c.sigma, c.pre, ell, bound=M, alpha=alpha)
            return low <= 0 <= high
        moments = all_moments(c.sigma, c.pre, ell, bound=M, alpha=alpha, rng=seed)
        return bool(accepted(moments, c.beta, np.zeros(1), alpha)[0])

    unit = 1.0 if method == "relative_magnitudes" else float(np.sqrt(ell @ c.sigma[c.pre :, c.pre :] @ ell))
    if breaks(0.0):
        return 0.0
    low, high = 0.0, unit / 8
    while not breaks(high):
        low, high = high, 2 * high
        if high > 1000 * unit:
            return float("inf")
    while high - low > 1e-4 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if breaks(middle) else (middle, high)
    return high


def _usual(c: EventCoefficients, ell: Array, alpha: float) -> tuple[float, float]:
    centre = float(ell @ c.beta[c.pre :])
    half = float(-ndtri(alpha / 2) * np.sqrt(ell @ c.sigma[c.pre :, c.pre :] @ ell))
    return centre - half, centre + half


def _default_bounds(c: EventCoefficients, method: str, ell: Array) -> Array:
    if method == "relative_magnitudes":
        return np.array([0.5, 1.0, 1.5, 2.0])
    curvature = np.abs(second_differences(c.pre, 0) @ c.beta[: c.pre])
    largest = (
        float(curvature.max()) if len(curvature) else float(np.sqrt(ell @ c.sigma[c.pre :, c.pre :] @ ell))
    )
    return np.linspace(0, largest, 5)
