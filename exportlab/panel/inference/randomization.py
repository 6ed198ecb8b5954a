"""Randomisation inference: would other units, with the same adoption dates, have shown as large an effect?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes, Mask
from exportlab.options import Count, Finite, Level, Places, validated
from exportlab.panel.algebra.absorb import BalancedTwoWay
from exportlab.panel.algebra.clustered import codes_of
from exportlab.panel.algebra.draws import TIE, Assignments, assignments, ends
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate
    from exportlab.panel.policy_panel import PolicyPanel


SLOW_DRAWS = 499


@dataclass(frozen=True, eq=False, repr=False)
class RandomizationTest(Result):
    """Where the estimate lies among those of other assignments of the same adoption dates.

    Attributes
    ----------
    table : pandas.DataFrame
        One row: term, estimate, null, statistic (of which kind), p, conf_low, conf_high, assignments used,
        possible (distinct ones), attainable (the smallest p the design allows).
    distribution : (B,) array
        Statistics of the other assignments.
    statistic : {"t", "estimate"}
    enumerated : bool
    seed : str
    """

    table: pd.DataFrame
    distribution: Array
    statistic: str
    enumerated: bool
    seed: str

    @property
    def title(self) -> str:
        """Statistic, number of assignments, the smallest p there can be."""
        row = self.table.iloc[0]
        how = "all" if self.enumerated else f"a sample (seed {self.seed})"
        return (
            f"Randomisation inference on the {self.statistic}: {int(row['assignments']):,} of "
            f"{int(row['possible']):,} assignments of the adoption dates, {how}; "
            f"no p-value below {row['attainable']:.3g} is attainable"
        )


@validated
def randomization_test(
    estimate: Estimate,
    *,
    term: str | None = None,
    statistic: str | None = None,
    null: Finite = 0.0,
    blocks: ArrayLike | None = None,
    n_draws: Count | None = None,
    max_enumerated: Places | None = None,
    level: Level = 0.95,
    interval: bool = True,
    rng: int | np.random.Generator = 0,
) -> RandomizationTest:
    """Permute adoption dates over the units that assignment was over, and estimate again.

    Parameters
    ----------
    estimate : Estimate
        Any that can be refitted on a reassigned panel. On a balanced panel (no covariates, no weights,
        clusters = units) two-way fixed effects take a closed form, and other linear estimators T estimates
        a cohort.
    term : str, optional
        The first estimated term by default.
    statistic : {"t", "estimate"}, optional
        The studentised estimate (default for two-way fixed effects) or the estimate itself (all others).
    null : float
        Constant effect under the sharp null.
    blocks : (N,) array, optional
        Permute within blocks of units only.
    n_draws, max_enumerated : int, optional
        Up to `max_enumerated` distinct assignments are all used (20,000 in closed form, else 1,000);
        beyond, `n_draws` random ones (9,999, else 499).
    level : float
    interval : bool
        Invert the test for constant effects (closed form, or `statistic="estimate"`, with a linear
        estimator).
    rng : int or numpy Generator

    Returns
    -------
    RandomizationTest

    Notes
    -----
    Every cohort keeps its size and every date its place, so staggered adoption is respected; dates move by
    cluster when the panel's clusters are coarser than units. Always-treated clusters keep theirs: when they adopted is
    not seen. Dates after the panel are told from never only where the estimate allows for anticipation of them. p
    counts the actual assignment and all ties. It is exact when units are exchangeable under the null, which the blocks
    should make credible. Sources: Fisher (1935); Rosenbaum (2002); MacKinnon & Webb (2020).
    """
    panel = _panel_of(estimate)
    owner, dates, always = _assigned(panel, estimate.anticipation)
    two_way = estimate.method == "Two-way fixed effects" and _simple(panel)
    row = _row(estimate, term)
    statistic = _statistic(estimate, row, statistic, studentise=two_way)
    linear = _linear(estimate)
    quick = two_way or (statistic == "estimate" and linear and _simple(panel))
    others = assignments(
        dates,
        blocks=_held(always, blocks if blocks is not None else _peers(panel, owner)),
        rng=rng,
        n_draws=n_draws or (9_999 if quick else SLOW_DRAWS),
        max_enumerated=max_enumerated or (20_000 if quick else 1_000),
    )
    problem = _Problem(estimate, panel, owner, dates, others, row, statistic)
    path = problem.two_way() if two_way else (problem.by_weights() if quick else problem.by_refitting())
    observed, simulated = path(null)
    p = _p(observed, simulated, others.enumerated)
    value = float(estimate.table["estimate"].iloc[problem.row])
    low = high = np.nan
    if interval and np.isfinite(p) and (two_way or (statistic == "estimate" and linear)):
        spread = float(np.std(problem.estimates(value))) or float(np.ptp(panel.y)) or 1.0
        low, high = _inverted(path, others, value, spread, level)
    found = {
        "term": estimate.table["term"].iloc[problem.row],
        "estimate": value,
        "null": null,
        "statistic": observed,
        "p": p,
        "conf_low": low,
        "conf_high": high,
        "assignments": len(others.which),
        "possible": others.n,
        "attainable": _attainable(others),
    }
    return RandomizationTest(pd.DataFrame([found]), simulated, statistic, others.enumerated, others.seed)


def _attainable(others: Assignments) -> float:
    B = len(others.which)
    return 1 / B if others.enumerated else 1 / (B + 1)


def _held(always: Mask, blocks: ArrayLike | None) -> ArrayLike | None:
    """Blocks within which dates move: always-treated clusters stay alone in one each."""
    if not always.any():
        return blocks
    codes = np.zeros(len(always), dtype=np.int64) if blocks is None else codes_of(blocks)
    if len(codes) != len(always):
        raise OptionError(f"blocks has {len(codes)} labels for {len(always)} units.")
    return np.where(always, codes.max() + 1 + np.arange(len(always)), codes)


Path = Callable[[float], tuple[float, Array]]


def _statistic(estimate: Estimate, row: int, asked: str | None, *, studentise: bool) -> str:
    """What is compared over assignments: t where it comes cheap and there is an error, else the estimate."""
    settled = bool(np.isfinite(estimate.table["std_error"].iloc[row]))
    statistic = asked or ("t" if studentise and settled else "estimate")
    one_of("statistic", statistic, ("t", "estimate"))
    if statistic == "t" and not settled:
        raise DataError(
            f"{estimate.table['term'].iloc[row]} has no standard error, so no t statistic",
            "Say statistic='estimate'.",
        )
    return statistic


def _inverted(
    path: Path, others: Assignments, value: float, spread: float, level: float
) -> tuple[float, float]:
    """The effects that the test keeps: its null is tried ever further from the estimate, then halved to the edge."""

    def kept(effect: float) -> bool:
        return _p(*path(effect), others.enumerated) > 1 - level

    return ends(kept, value, spread, hopeless=_attainable(others) > 1 - level)


@dataclass(frozen=True, eq=False)
class _Problem:
    """An estimate to be made again under other assignments."""

    estimate: Estimate
    panel: PolicyPanel
    owner: Codes
    dates: Array
    others: Assignments
    row: int
    statistic: str

    def two_way(self) -> Path:
        """Observed and simulated statistics by the null, two-way fixed effects."""
        panel, others = self.panel, self.others
        N, T = len(panel.unit_labels), len(panel.period_values)
        Y, D = panel.y.reshape(N, T), panel.D.reshape(N, T)
        paths = (panel.period_values >= others.levels[:, None]).astype(float)
        actual = np.searchsorted(others.levels, self.dates[self.owner])[None]
        counts = np.bincount(actual[0], minlength=len(paths)).astype(float)

        def at(effect: float) -> tuple[float, Array]:
            design = BalancedTwoWay(Y - effect * D, paths, counts)
            ask = design.estimates if self.statistic == "estimate" else design.statistics
            return float(ask(actual)[0]), ask(others.which)

        return at

    def estimates(self, effect: float) -> Array:
        """Estimates (not t) under the null, whatever the statistic: what a step of an interval's search is sized by."""
        plain = replace(self, statistic="estimate")
        two_way = self.estimate.method == "Two-way fixed effects" and _simple(self.panel)
        path = (
            plain.two_way()
            if two_way
            else (plain.by_weights() if _simple(self.panel) else plain.by_refitting())
        )
        return path(effect)[1]

    def by_weights(self) -> Path:
        """The same for a linear estimator: T weights for a unit of each cohort, found from 0/1 outcomes."""
        panel, others = self.panel, self.others
        N, T = len(panel.unit_labels), len(panel.period_values)
        cohort = np.searchsorted(others.levels, self.dates[self.owner])
        weights = np.empty((len(others.levels), T))
        for level in range(len(others.levels)):
            unit = int(np.flatnonzero(cohort == level)[0])
            for t in range(T):
                pulse = np.zeros((N, T))
                pulse[unit, t] = 1
                weights[level, t] = self._one(panel.with_outcome(pulse.ravel()))
        value = float(self.estimate.table["estimate"].iloc[self.row])
        units = np.arange(N)
        cross = weights @ panel.y.reshape(N, T).T
        if abs(cross[cohort, units].sum() - value) > 1e-6 * (abs(value) + float(np.ptp(panel.y))):
            return self.by_refitting()
        moved = weights @ panel.D.reshape(N, T).T

        def at(effect: float) -> tuple[float, Array]:
            each = cross - effect * moved
            return float(each[cohort, units].sum()), np.asarray(each[others.which, units].sum(axis=1))

        return at

    def by_refitting(self) -> Path:
        """The same by estimating again; a linear estimator needs two passes for all nulls."""
        panel, y, D = self.panel, self.panel.y, self.panel.D
        known: dict[str, tuple[float, Array]] = {}

        def at(effect: float) -> tuple[float, Array]:
            if effect == 0 or self.statistic == "t" or not _linear(self.estimate):
                if effect != 0:
                    return self._every(panel.with_outcome(y - effect * D))
                return known.setdefault("y", known.get("y") or self._every(panel))
            known["y"] = known.get("y") or self._every(panel)
            known["D"] = known.get("D") or self._every(panel.with_outcome(D))
            (a, all_a), (d, all_d) = known["y"], known["D"]
            return a - effect * d, all_a - effect * all_d

        return at

    def _every(self, panel: PolicyPanel) -> tuple[float, Array]:
        dates = (self.others.levels[w][self.owner] for w in self.others.which)
        return self._one(panel), np.array([self._one(moved(panel, g)) for g in dates])

    def _one(self, panel: PolicyPanel) -> float:
        term = str(self.estimate.table["term"].iloc[self.row])
        table = _without_bands(self.estimate)(panel).table
        found = np.flatnonzero(table["term"].astype(str) == term)
        if not len(found):
            raise DataError(
                f"Term {term!r} does not exist under another assignment", "Test the overall effect instead"
            )
        value, error = table[["estimate", "std_error"]].to_numpy(float)[found[0]]
        return float(value if self.statistic == "estimate" else value / error)


@dataclass(frozen=True, eq=False)
class Placebos:
    """Covariance of terms over other assignments of the dates, its degrees of freedom, and how many assignments."""

    covariance: Array
    df: int
    assignments: int
    attainable: float


def placebo_covariance(
    estimate: Estimate, terms: Sequence[str], *, n_draws: int, rng: int | np.random.Generator
) -> Placebos:
    r"""How much the terms of an event study vary over the assignments that could have been, effects taken out.

    The estimated effects are taken from the treated rows; dates are then permuted and the terms estimated again. With G
    clusters in L groups of one date, :math:`\hat\Sigma = \frac{G-1}{G-L}\frac1B\sum_b \tau_b\tau_b'` has G - L degrees
    of freedom: with one date it is the pooled variance of the two-sample t test.
    """
    panel = _panel_of(estimate)
    owner, dates, always = _assigned(panel, estimate.anticipation)
    G, L = int((~always).sum()), len(np.unique(dates[~always]))
    blocks = _held(always, _peers(panel, owner))
    others = assignments(dates, blocks=blocks, rng=rng, n_draws=n_draws, max_enumerated=n_draws)
    again = _without_bands(estimate)

    def ask(p: PolicyPanel) -> Array:
        table = again(p).table.set_index("term")["estimate"]
        if not set(terms) <= set(table.index):
            raise DataError(
                f"Term {next(t for t in terms if t not in table.index)!r} does not exist under another assignment",
                "Shorten the window, or use a balanced panel.",
            )
        return table[list(terms)].to_numpy(float)

    quiet = panel.with_outcome(panel.y - _event_effects(estimate, panel))
    if _simple(panel) and _linear(estimate):
        vectors = _by_pulses(quiet, ask, np.searchsorted(others.levels, dates[owner]), others.which)
    else:
        vectors = np.array([ask(moved(quiet, others.levels[w][owner])) for w in others.which])
    covariance = (G - 1) / max(G - L, 1) * vectors.T @ vectors / len(vectors)
    return Placebos(covariance, G - L, len(vectors), _attainable(others))


def _without_bands(estimate: Estimate) -> Callable[[PolicyPanel], Estimate]:
    """The estimator without what takes time beside the estimate: simultaneous bands and a jackknife."""
    again: Any = estimate.refit
    options = getattr(again, "keywords", {})
    off: dict[str, Any] = {"draws": 0} if options.get("draws") and estimate.scores is not None else {}
    off |= {"jackknife": False} if options.get("jackknife") else {}
    return cast("Callable[[PolicyPanel], Estimate]", partial(again, **off) if off else again)


def _event_effects(estimate: Estimate, panel: PolicyPanel) -> Array:
    """(n,) the estimated effect at the event time of each row, zero where there is none."""
    if "switchers" in estimate.parts:  # whose effects have the sign of their own change
        told = estimate.parts["switchers"]
        signed = dict(zip(zip(told["unit"], told["event_time"], strict=True), told["average"], strict=True))
        labels = panel.unit_labels[panel.units].tolist()
        return np.array([signed.get(k, 0.0) for k in zip(labels, panel.event_time.tolist(), strict=True)])
    table = estimate.table.dropna(subset=["event_time", "estimate"])
    known = dict(zip(table["event_time"].astype(int), table["estimate"].astype(float), strict=True))
    moves = np.isfinite(panel.first) & ~panel.always_treated[panel.units]
    time = np.where(moves, panel.event_time, 0).astype(int)
    return np.where(moves, [known.get(int(e), 0.0) for e in time], 0.0)


def _by_pulses(panel: PolicyPanel, ask: Callable[[PolicyPanel], Array], cohort: Codes, which: Codes) -> Array:
    """(B, m) terms of a linear estimator under every assignment: a unit's weight depends on its date and period."""
    N, T = len(panel.unit_labels), len(panel.period_values)
    cross: list[Array] = []
    for level in range(int(which.max()) + 1):
        unit = int(np.flatnonzero(cohort == level)[0])
        weights = []
        for t in range(T):
            pulse = np.zeros((N, T))
            pulse[unit, t] = 1
            weights.append(ask(panel.with_outcome(pulse.ravel())))
        cross.append(panel.y.reshape(N, T) @ np.array(weights))
    by = np.stack(cross)  # (levels, N, m)
    return np.asarray(np.stack([by[w, np.arange(N)].sum(axis=0) for w in which]), float)


def _p(observed: float, simulated: Array, enumerated: bool) -> float:
    if not np.isfinite(observed):
        return float("nan")
    size = np.abs(np.where(np.isnan(simulated), np.inf, simulated))
    above = int((size >= abs(observed) * (1 - TIE)).sum())
    return above / len(size) if enumerated else (1 + above) / (1 + len(size))


def _panel_of(estimate: Estimate) -> PolicyPanel:
    if estimate.panel is None or estimate.refit is None:
        raise OptionError(
            f"{estimate.method} does not know how to estimate itself again on a reassigned panel."
        )
    return estimate.panel


def _row(estimate: Estimate, term: str | None) -> int:
    if term is not None:
        return estimate.index(term)
    return int(np.flatnonzero(np.isfinite(estimate.table["estimate"].to_numpy(float)))[0])


def _assigned(panel: PolicyPanel, anticipation: int) -> tuple[Codes, Array, Mask]:
    """For each unit its assignment unit; the adoption date of each of those; and whether it is always treated."""
    pairs = np.unique(np.column_stack([panel.units, panel.clusters]), axis=0)
    cluster = pairs[:, 1].astype(np.int64)
    reached = panel.announced <= panel.period_values[-1] + anticipation
    announced = np.where(reached, panel.announced, np.inf)  # no estimate tells later dates from never
    if panel.by_path:  # what is assigned is a path: the first unit that took it stands for it
        announced = panel.paths.astype(float)
    dates = [np.unique(announced[cluster == g]) for g in range(int(cluster.max()) + 1)]
    if any(len(d) > 1 for d in dates):
        raise DataError(
            "Adoption dates differ within a cluster",
            "Dates are moved by cluster: cluster by the level at which the policy was assigned",
        )
    always = np.array([bool(panel.always_treated[cluster == g].all()) for g in range(len(dates))])
    return cluster, np.array([d[0] for d in dates], float), always


def _peers(panel: PolicyPanel, owner: Codes) -> Codes | None:
    """Blocks of assignment units that are compared with each other, where those are not all."""
    if not panel.by_path and panel.strata is None:
        return None
    peers = np.zeros(int(owner.max()) + 1, np.int64)
    peers[owner] = panel.peers
    return peers


def moved(panel: PolicyPanel, labels: Array) -> PolicyPanel:
    """The panel under other dates, one a unit; where paths are assigned, under those of the units named."""
    return panel.with_paths(labels) if panel.by_path else panel.reassigned(labels)


def _simple(panel: PolicyPanel) -> bool:
    """Balanced, nothing beside outcome and treatment, clusters = units."""
    N, T = len(panel.unit_labels), len(panel.period_values)
    return (
        len(panel.y) == N * T and panel.w is None and not panel.covariates and len(panel.cluster_labels) == N
    )


def _linear(estimate: Estimate) -> bool:
    return estimate.linear and (estimate.regression is None or estimate.regression.family == "gaussian")
