"""Two-way fixed effects, never without its diagnostics when adoption is staggered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from exportlab.errors import DataError, OptionError
from exportlab.frames import Array
from exportlab.options import Level, validated
from exportlab.panel.did.bacon import bacon, negative_weights
from exportlab.panel.did.regress import (
    Account,
    Problem,
    Terms,
    drop_singletons,
    from_fit,
    least_squares,
    refuse_no_variation,
)
from exportlab.panel.estimate import Estimate, Parts

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel


@validated
def twfe(panel: PolicyPanel, *, vcov: str = "cluster", level: Level = 0.95) -> Estimate:
    r"""Two-way fixed effects: :math:`y_{it} = \alpha_i + \lambda_t + \beta D_{it} + x_{it}'\gamma + u_{it}`.

    Parameters
    ----------
    vcov : {"cluster", "cluster+period", "hetero", "iid"}
        Cluster-robust at the panel's cluster by default, with fixest's and reghdfe's small-sample factor.
    level : float

    Returns
    -------
    Estimate
        Whose first term is ``"treated"``. When adoption is staggered, ``parts["weights"]`` holds the
        weight of each treated cohort and period and ``parts["bacon"]`` (balanced panels) the two-by-two
        comparisons.

    Raises
    ------
    DataError
        No unit, or every row, is treated; collinear covariates.

    References
    ----------
    Goodman-Bacon (2021); de Chaisemartin and D'Haultfoeuille (2020), American Economic Review 110, 2964-2996.
    """
    return _fitted(panel, vcov, level, _diagnostics)


def _fitted(
    panel: PolicyPanel,
    vcov: str,
    level: float,
    diagnosed: Callable[[PolicyPanel], tuple[Parts, list[str]]] = lambda _: (Parts(), []),
) -> Estimate:
    """The estimate; estimated again, it goes without the diagnostics."""
    used = drop_singletons(panel)
    refuse_no_variation(used)
    X = np.column_stack([used.D, used.X])
    problem = Problem.of(used, X, ["treated", *used.covariates])
    fit = least_squares(problem, vcov)
    parts, notes = diagnosed(used)
    account = Account(
        method="Two-way fixed effects",
        estimand="average effect on the treated if effects are equal across cohorts and over time",
        comparison="all units not switching in the period, already-treated ones included",
        weighting="by treatment variance (see parts['weights'])",
        refit=partial(_fitted, vcov=vcov, level=level),
        notes=notes,
        parts=parts,
    )
    return from_fit(used, problem, fit, Terms.as_they_are(problem), account, level=level)


ONE_DATE = "all treated units adopt in one period, which leaves one comparison and no negative weight"
PLAIN = "Goodman-Bacon decomposition needs a balanced panel without weights and covariates"


def _diagnostics(panel: PolicyPanel) -> tuple[Parts, list[str]]:
    if not panel.staggered and not panel.always_treated.any():
        return Parts(withheld=dict.fromkeys(("weights", "bacon"), ONE_DATE)), []
    weights = negative_weights(panel)
    below = weights["weight"] < -1e-12
    negative, share = float(weights["weight"][below].sum()), float(below.mean())
    parts = Parts({"weights": weights})
    notes = [
        f"Adoption is staggered: {share:.0%} of the treated cohort-periods enter with negative weight "
        f"(together {negative:.3f}); read a robust estimate first."
    ]
    full = len(panel.y) == len(panel.unit_labels) * len(panel.period_values)
    if full and panel.w is None and not panel.X.shape[1]:
        decomposition = bacon(panel)
        parts["bacon"] = decomposition.table
        notes.append(
            f"{decomposition.forbidden:.0%} of the Goodman-Bacon weight compares with already-treated units."
        )
    else:
        parts.withheld["bacon"] = f"the {PLAIN}"
        notes.append(f"The {PLAIN} and is not shown.")
    return parts, notes


# Event study by two-way fixed effects, base period and binning explicit.


@validated
def event_study(
    panel: PolicyPanel,
    *,
    base: int | Sequence[int] = -1,
    bin: tuple[int | None, int | None] = (None, None),
    vcov: str = "cluster",
    level: Level = 0.95,
) -> Estimate:
    r"""Two-way fixed effects with a dummy for every event time but the base.

    Parameters
    ----------
    base : int or sequence of int
        Event time(s) set to zero. Without never-treated units two are needed: the linear trend in event
        time is not identified. Cohorts that share no event time (data every other year) need one each.
    bin : (low, high)
        Event times at or below `low`, and at or above `high`, share one dummy each; None keeps them apart.

    Notes
    -----
    With staggered adoption each coefficient mixes effects of other event times (Sun and Abraham 2021):
    use a robust method for reading, this one for comparison.
    """
    used = drop_singletons(panel)
    refuse_no_variation(used)
    time = binned(used.event_time, bin)
    times = [int(e) for e in np.unique(time[np.isfinite(time)])]
    bases = _bases(used, base, times)
    _refuse_without_base(used, time, bases)
    shown = [e for e in times if e not in bases]
    X = np.column_stack([*[(time == e).astype(float) for e in shown], used.X])
    names = [*[str(e) for e in shown], *used.covariates]
    problem = Problem.of(used, X, names)
    combine, labels = with_base(times, shown, len(names))
    notes = []
    if used.staggered:
        notes.append("Adoption is staggered: these coefficients mix effects of other event times.")
    notes += [
        f"Event times at or {'below' if i == 0 else 'above'} {b} are binned."
        for i, b in enumerate(bin)
        if b is not None
    ]
    account = Account(
        method="Two-way fixed-effects event study",
        estimand="effect by time since adoption",
        comparison="all other units, already-treated ones included",
        weighting="by treatment variance",
        refit=partial(event_study, base=base, bin=bin, vcov=vcov, level=level),
        notes=notes,
    )
    terms = Terms(combine, labels, [int((time == e).sum()) for e in times], {"event_time": times})
    return from_fit(used, problem, least_squares(problem, vcov), terms, account, level=level)


def _bases(panel: PolicyPanel, base: int | Sequence[int], times: list[int]) -> list[int]:
    """The event times set to zero, or the error that says which are missing."""
    bases = [int(base)] if isinstance(base, int | np.integer) else [int(b) for b in base]
    for b in bases:
        if b not in times:
            raise OptionError(f"base={b} is not an event time of the panel. Event times: {times}.")
    if np.isfinite(panel.adoption).all() and len(bases) < 2:
        raise DataError(
            f"no {panel.unit} is never treated: one base period leaves a linear trend in event time "
            f"unidentified",
            f"Give a second base, such as base=({bases[0]}, {times[0]}), or a robust method.",
        )
    return bases


def _refuse_without_base(panel: PolicyPanel, time: Array, bases: list[int]) -> None:
    """Units that share event times need a base among these: without one they are collinear with the units' effects."""
    adopts = np.isfinite(time)
    times, code = np.unique(time[adopts].astype(int), return_inverse=True)
    n = len(panel.unit_labels)
    links = coo_matrix((np.ones(code.size), (panel.units[adopts], n + code)), shape=(n + len(times),) * 2)
    group = connected_components(links, directed=False)[1]
    without = sorted(set(group[n:]) - set(group[n:][np.isin(times, bases)]))
    if without:
        alone = times[group[n:] == without[0]].tolist()
        other = max((e for e in alone if e < 0), default=alone[0])
        raise DataError(
            f"{int((group[:n] == without[0]).sum())} {panel.unit}(s) are seen at event times {alone} alone, "
            f"where no base is",
            f"Give one among them too, such as base=({', '.join(map(str, [*bases, other]))}), or a robust method.",
        )


def binned(time: Array, bin: tuple[int | None, int | None]) -> Array:
    """Event times (n,) with the ends put together; -inf (never) stays."""
    low, high = bin
    if low is not None and high is not None and low >= high:
        raise OptionError(f"bin={bin} is not allowed. Allowed: (low, high) with low below high.")
    out = time.copy()
    finite = np.isfinite(time)
    if low is not None:
        out[finite] = np.maximum(out[finite], low)
    if high is not None:
        out[finite] = np.minimum(out[finite], high)
    return out


def with_base(times: list[int], shown: list[int], width: int) -> tuple[Array, list[str]]:
    """Rows of zeros for the base periods, so that tables and pictures show the normalisation."""
    combine = np.zeros((len(times), width))
    for row, e in enumerate(times):
        if e in shown:
            combine[row, shown.index(e)] = 1.0
    return combine, [str(e) for e in times]
