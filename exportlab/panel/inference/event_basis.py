"""The coefficients of an event study in order of time, and the covariance they are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from exportlab.errors import DataError, one_of
from exportlab.frames import Array
from exportlab.panel.inference.randomization import placebo_covariance
from exportlab.panel.inference.recommend import FEW, Recommendation, recommend

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate


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


def event_coefficients(estimate: Estimate) -> EventCoefficients:
    """Coefficients and covariance of an event study with base period -1, checked for gaps."""
    table = estimate.table
    if "event_time" not in table:
        raise DataError(f"{estimate.method} has no event times", "Use event_study(...), then honest_did()")
    time = table["event_time"].to_numpy(float)
    base = (time == -1) & ~(np.diag(estimate.vcov) > 0)
    if not base.any():
        raise _no_base(estimate)
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


def _no_base(estimate: Estimate) -> DataError:
    """Event times without the base period that bounds need: another one, or one for each period."""
    if estimate.anticipation:
        return DataError(
            f"the base of this event study lies before event time -1: anticipation={estimate.anticipation}",
            "Bounds compare what comes after adoption with event time -1: estimate without anticipation, or with the "
            "adoption dated to when it was anticipated.",
        )
    return DataError(
        f"{estimate.method} does not normalise event time -1 to zero",
        "Bounds compare violations with one base period: take event_study(base='universal'), or method='sun_abraham'.",
    )


def _checked(beta: Array, sigma: Array, pre: int) -> EventCoefficients:
    if pre < 1 or pre >= len(beta):
        raise DataError(
            f"{pre} coefficients before the base period and {len(beta) - pre} after it",
            "Sensitivity analysis needs at least one on each side",
        )
    return EventCoefficients(beta, sigma, pre)


@dataclass(frozen=True, eq=False)
class Basis:
    """Event-study coefficients with the covariance they are judged by, its name, and notes on it."""

    coefficients: EventCoefficients
    errors: str
    notes: tuple[str, ...]


def basis_of(
    estimate: Estimate,
    c: EventCoefficients,
    errors: str | None,
    alpha: float,
    *,
    n_draws: int,
    rng: int | np.random.Generator,
) -> Basis:
    """The estimate's own covariance, or that of placebo assignments where few clusters are treated."""
    if errors is not None:
        one_of("errors", errors, ("own", "placebo"))
    if estimate.panel is None:
        return Basis(c, "own", ())
    advice = recommend(estimate)
    few = advice.facts.side < FEW
    if (errors or ("placebo" if few else "own")) == "placebo":
        return _placebo_basis(estimate, c, advice, alpha, n_draws=n_draws, rng=rng)
    how = "far too often; no interval here can be believed." if few else "too often; see errors='placebo'."
    note = f"{_treated(advice)}: own errors reject a true null {how}"
    return Basis(c, "own", () if advice.trusts(estimate.inference.name) else (note,))


def _treated(advice: Recommendation) -> str:
    return f"{advice.facts.treated_clusters} of {advice.facts.clusters} clusters are treated"


def _placebo_basis(
    estimate: Estimate,
    c: EventCoefficients,
    advice: Recommendation,
    alpha: float,
    *,
    n_draws: int,
    rng: int | np.random.Generator,
) -> Basis:
    """The covariance over other assignments of the dates; refused where none of them could reject."""
    if not advice.facts.possible or advice.attainable > alpha:
        least = f"no p below {advice.attainable:.3g} is attainable"
        raise DataError(
            f"{_treated(advice)}, and no basis for an interval is valid: own errors are far too small, and "
            + (least if advice.facts.possible else "dates differ within clusters"),
            "Show the event study and its rank among the placebos; errors='own' computes what others show.",
        )
    table = estimate.table
    times = np.append(np.arange(-c.pre - 1, -1), np.arange(c.post)).tolist()
    at = [int(np.flatnonzero(table["event_time"].to_numpy(float) == e)[0]) for e in times]
    terms = table["term"].iloc[at].astype(str).tolist()
    found = placebo_covariance(estimate, terms, n_draws=n_draws, rng=rng)
    if found.df < 2:
        raise DataError(
            f"{found.df} degrees of freedom are left for a covariance of placebos",
            "Bring more clusters a date.",
        )
    # normal quantiles follow: the covariance is widened so that they are those of t
    wide = float(stats.t.ppf(1 - alpha / 2, found.df) / stats.norm.ppf(1 - alpha / 2)) ** 2
    note = (
        f"Covariance of {found.assignments:,} placebo assignments, t({found.df}): valid where treated and untreated "
        "clusters are alike."
    )
    return Basis(EventCoefficients(c.beta, wide * found.covariance, c.pre), "placebo", (note,))
