"""Joint test that nothing happened before adoption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

from exportlab.errors import DataError, OptionError
from exportlab.frames import Array
from exportlab.options import Count, Level, validated
from exportlab.panel.algebra.sandwich import wald
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate
    from exportlab.panel.inference.event_basis import EventCoefficients


@validated
def pretrend_test(estimate: Estimate, *, last: Count | None = None) -> pd.Series[Any]:
    r"""Wald test of :math:`\beta_e = 0` for all event times before adoption.

    Parameters
    ----------
    estimate : Estimate
        With event times (any event study) or cohort-period cells (``aggregate="none"``).
    last : int, optional
        Only the last so many of the event times tested; all by default, but for those in which the estimate allows
        effects to show already (``anticipation=``).

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
    keep = (time < -estimate.anticipation) & np.isfinite(table["std_error"].to_numpy(float))
    tested = np.unique(time[keep])
    if last is not None and len(tested):
        if not 1 <= last <= len(tested):
            raise OptionError(f"last={last} is not allowed. Allowed: 1 to {len(tested)} event times.")
        keep &= time >= tested[-last]
    at = np.flatnonzero(keep)
    early = (time < -estimate.anticipation) & ~np.isfinite(table["std_error"].to_numpy(float))
    if not len(at) and np.isnan(estimate.vcov.diagonal()[early]).any():
        raise DataError(
            "no event time before adoption has a standard error",
            "The fit is perfect, cells are saturated, or one cluster stands alone on its side: nothing can be tested.",
        )
    if not len(at):
        raise DataError(
            "no event time before adoption was estimated", "Choose an earlier base period or window."
        )
    b, V = table["estimate"].to_numpy(float)[at], estimate.vcov[np.ix_(at, at)]
    q = len(at)
    W = wald(b, V, f"Too few clusters for a joint test of {q} terms before adoption: test fewer with last=.")
    df = estimate.inference.df
    normal = bool(np.isinf(df))
    p = stats.chi2.sf(W, q) if normal else stats.f.sf(W / q, q, df)
    return pd.Series(
        {
            "statistic": W if normal else W / q,
            "df1": q,
            "df2": df,
            "p_value": float(p),
            "distribution": "chi2" if normal else "F",
            "terms": ", ".join(table["term"].iloc[at]),
        }
    )


# What a test for pre-trends would have missed: its power, and the bias left after passing it.

POINTS = 200_000


@dataclass(frozen=True, eq=False, repr=False)
class PretestPower(Result):
    """A hypothesised violation of parallel trends and what the pre-test would make of it.

    Attributes
    ----------
    table : pandas.DataFrame
        event_time, estimate, std_error, violation (hypothesised), after_pretest: what the coefficient
        would show on average, had the pre-test been passed, with a true effect of zero.
    power : float
        Probability that some coefficient before adoption is individually significant.
    slope : float
        Of the violation a period (NaN when it is not linear).
    slope_50, slope_80 : float
        Linear trends found with probability .5 and .8.
    bayes_factor : float
        Probability of passing under the violation over that under parallel trends.
    likelihood_ratio : float
        Likelihood of the coefficients before adoption under the violation over that under parallel trends.
    """

    table: pd.DataFrame
    power: float
    slope: float
    slope_50: float
    slope_80: float
    bayes_factor: float
    likelihood_ratio: float

    @property
    def title(self) -> str:
        """Power, and the trends found half and four fifths of the time."""
        return (
            f"Pre-test: power {self.power:.3g} against the violation shown; a linear trend of "
            f"{self.slope_50:.3g} a period is found half of the time, {self.slope_80:.3g} four times in five"
        )


@validated
def pretest_power(
    estimate: Estimate | EventCoefficients,
    *,
    slope: float | None = None,
    violation: Array | None = None,
    level: Level = 0.95,
) -> PretestPower:
    """Power of the usual pre-test (any significant coefficient before adoption) against a violation.

    Parameters
    ----------
    estimate : Estimate or EventCoefficients
        Event study with base period -1.
    slope : float, optional
        Linear violation slope x (e + 1); the one found half of the time by default.
    violation : (pre + post,) array, optional
        Any violation instead, in order of event time, the base period left out.
    level : float
        Of the pre-test.

    Notes
    -----
    Source: Roth (2022). The rectangle probabilities are multivariate normal; the means after passing are
    simulated from the truncated normal distribution with 200,000 quasi-random points, always the same ones.
    """
    from exportlab.panel.inference.event_basis import EventCoefficients, event_coefficients

    if slope is not None and violation is not None:
        raise OptionError("Give slope= or violation=, not both.")
    c = estimate if isinstance(estimate, EventCoefficients) else event_coefficients(estimate)
    time = np.concatenate([np.arange(-c.pre - 1, -1), np.arange(c.post)]).astype(float)
    z = stats.norm.ppf(0.5 + level / 2)
    slopes = {target: slope_for_power(c, target, level=level) for target in (0.5, 0.8)}
    if violation is None:
        slope = slopes[0.5] if slope is None else float(slope)
        delta = slope * (time + 1)
    else:
        slope, delta = float("nan"), np.asarray(violation, float)
        if delta.shape != c.beta.shape:
            raise OptionError(
                f"violation needs {len(c.beta)} values, one an event time; it has {delta.size}."
            )
    found, none = (_detected(c, d, z) for d in (delta, np.zeros_like(delta)))
    pre, S = slice(0, c.pre), c.sigma[: c.pre, : c.pre]
    normal = stats.multivariate_normal
    ratio = normal.logpdf(c.beta[pre], delta[pre], S) - normal.logpdf(c.beta[pre], np.zeros(c.pre), S)
    table = pd.DataFrame(
        {
            "event_time": time.astype(int),
            "estimate": c.beta,
            "std_error": np.sqrt(np.diag(c.sigma)),
            "violation": delta,
            "after_pretest": _mean_after_passing(c, delta, z),
        }
    )
    return PretestPower(
        table, found, slope, slopes[0.5], slopes[0.8], (1 - found) / (1 - none), float(np.exp(ratio))
    )


def slope_for_power(c: EventCoefficients, target: float, *, level: float = 0.95) -> float:
    """Slope of the linear violation that the pre-test finds with probability `target`."""
    z = stats.norm.ppf(0.5 + level / 2)
    time = np.concatenate([np.arange(-c.pre - 1, -1), np.arange(c.post)]) + 1.0
    if not _detected(c, np.zeros(len(time)), z) < target < 1:
        raise OptionError(
            f"target={target!r} is not allowed: power lies between the size of the pre-test and 1."
        )
    unit = float(np.sqrt(np.diag(c.sigma)[: c.pre]).max())
    top = unit
    while _detected(c, top * time, z) < target:
        top *= 2
    return float(optimize.brentq(lambda s: _detected(c, s * time, z) - target, 0, top, xtol=1e-6 * unit))


def _detected(c: EventCoefficients, delta: Array, z: float) -> float:
    """Probability that some coefficient before adoption is significant when the violation is `delta`."""
    S = c.sigma[: c.pre, : c.pre]
    edge = z * np.sqrt(np.diag(S))
    law = stats.multivariate_normal(delta[: c.pre], S, allow_singular=True, seed=0)
    return float(1 - law.cdf(edge, lower_limit=-edge))


def _mean_after_passing(c: EventCoefficients, delta: Array, z: float) -> Array:
    """E[b | no coefficient before adoption significant]: sequential (GHK) sampler, quasi-random points."""
    S = c.sigma[: c.pre, : c.pre]
    L = np.linalg.cholesky(S)
    edge = z * np.sqrt(np.diag(S))
    u = stats.qmc.Sobol(c.pre, rng=0).random(2 ** int(np.log2(POINTS)))
    e, weight = np.zeros_like(u), np.ones(len(u))
    for j in range(c.pre):
        done = delta[j] + e[:, :j] @ L[j, :j]
        low, high = stats.norm.cdf((-edge[j] - done) / L[j, j]), stats.norm.cdf((edge[j] - done) / L[j, j])
        weight *= high - low
        e[:, j] = stats.norm.ppf(np.clip(low + u[:, j] * (high - low), 1e-300, 1 - 1e-16))
    before = delta[: c.pre] + (weight @ e / weight.sum()) @ L.T
    carried = c.sigma[c.pre :, : c.pre] @ np.linalg.solve(S, before - delta[: c.pre])
    return np.concatenate([before, delta[c.pre :] + carried])
