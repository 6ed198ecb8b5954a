"""Power and the minimum detectable effect, by simulation on the user's own panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes
from exportlab.options import Count, Level, validated
from exportlab.panel.algebra.absorb import BalancedTwoWay, double_demeaned
from exportlab.panel.algebra.clustered import ClusterFit, cluster_fit
from exportlab.panel.algebra.draws import TIE, Assignments, assignments, number_of_assignments, p_value
from exportlab.panel.algebra.draws import draws as weights
from exportlab.panel.algebra.sandwich import covariance, satterthwaite
from exportlab.panel.contract import refuse_given
from exportlab.panel.inference.few_treated import balanced
from exportlab.panel.inference.recommend import CR2, NONE, RI, Facts, recommend
from exportlab.panel.inference.wild import WildTest
from exportlab.results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.panel.policy_panel import PolicyPanel


TESTS = ("recommended", RI, CR2, "WCR11")
REFERENCE = 999


@dataclass(frozen=True, eq=False, repr=False)
class Power(Result):
    """Power by effect and design.

    Attributes
    ----------
    table : pandas.DataFrame
        treated, effect, power, mde (effect found with probability `target`; inf where the design cannot
        reject at all), test, attainable (smallest p of randomisation inference), draws.
    target, level : float
    units : int
    seed : str
    """

    table: pd.DataFrame
    target: float
    level: float
    units: int
    seed: str

    @property
    def title(self) -> str:
        """Units, target and level."""
        return (
            f"Power with {self.units} units at level {1 - self.level:.2g}; mde: found {self.target:.0%} "
            f"of the time (assignments drawn on the panel itself, seed {self.seed})"
        )

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Power curves by number of treated units."""
        from exportlab.plots import panel as panel_designs

        return panel_designs.power(self.table, ax=ax, **options)


@validated
def power(
    panel: PolicyPanel,
    *,
    effect: float | Sequence[float] | None = None,
    design: Mapping[Any, int] | None = None,
    treated: Sequence[int] | None = None,
    start: float | None = None,
    test: str = "recommended",
    target: float = 0.8,
    draws: Count = 200,
    level: Level = 0.95,
    rng: int | np.random.Generator = 0,
) -> Power:
    """Probability of finding an effect in this panel, and the smallest effect that is found.

    Parameters
    ----------
    panel : PolicyPanel
        Balanced, clusters = units; a panel without any adoption may be given with `treated` and `start`.
    effect : float or sequence of float, optional
        Constant effects, in units of the outcome; half, once and one and a half times the smallest found
        by default.
    design : mapping of adoption period to number of units, optional
        The panel's own cohorts by default.
    treated : sequence of int, optional
        Several designs with these numbers of treated units from `start` on, instead of `design`.
    start : float, optional
        Period in which all of them adopt; the middle of the panel by default.
    test : {"recommended", "RI", "CR2 Bell-McCaffrey", "WCR11"}
        Of two-way fixed effects; "recommended" asks `recommend` for each design.
    target : float
        Power of the minimum detectable effect.
    draws : int
        Simulated assignments.
    level : float
    rng : int or numpy Generator

    Returns
    -------
    Power

    Raises
    ------
    DataError
        Unbalanced panel, clusters coarser than units.
    OptionError
        A design with nobody or everybody treated, dates outside the panel; a panel with weights or covariates.

    Notes
    -----
    Each unit keeps its whole series, with the estimated effect of its actual adoption taken out, so serial
    and cross correlation are those of the data; adoption dates are dealt to the units at random, the
    effect is added, and the test is made. In the spirit of Burlig, Preonas & Woerman (2020) and Black et
    al. (2022).
    """
    one_of("test", test, TESTS)
    if not (0 < target < 1 and 0.5 < level < 1 and draws >= 20):
        raise OptionError(
            f"target={target}, level={level}, draws={draws}: use 0 < target < 1, level near .95, 20 draws."
        )
    refuse_given(panel, "power")
    quiet = without_effect(panel)
    rows = []
    for dates in _designs(panel, design, treated, start):
        chosen = _test_for(dates, level) if test == "recommended" else test
        rejects = _simulator(quiet, panel.period_values, dates, chosen, draws=draws, level=level, rng=rng)
        mde = _smallest(rejects, target, float(np.std(double_demeaned(quiet)))) if chosen != NONE else np.inf
        sizes = _effects(effect, mde)
        facts = {"test": chosen, "attainable": _attainable(dates), "draws": draws}
        count = int(np.isfinite(dates).sum())
        rows += [
            {
                "treated": count,
                "effect": b,
                "power": float(rejects(b)) if chosen != NONE else 0.0,
                "mde": mde,
                **facts,
            }
            for b in sizes
        ]
    seed = str(rng) if isinstance(rng, int) else "a Generator"
    return Power(pd.DataFrame(rows), target, level, len(quiet), seed)


def without_effect(panel: PolicyPanel) -> Array:
    """Outcome (N, T) less each treated unit's own average effect (unit, period, unit x treatment effects)."""
    Y, D = balanced(panel)
    if len(panel.cluster_labels) != len(Y):
        raise DataError("Clusters are coarser than units", "Power is simulated for assignment by unit")
    switchers = np.flatnonzero((D.max(axis=1) > 0) & (D.min(axis=1) == 0))
    if not len(switchers):
        return Y
    columns = np.zeros((len(switchers), *Y.shape))
    columns[np.arange(len(switchers)), switchers] = D[switchers]
    X = np.stack([double_demeaned(c).ravel() for c in columns], axis=1)
    own = np.linalg.lstsq(X, double_demeaned(Y).ravel(), rcond=None)[0]
    return np.asarray(Y - np.tensordot(own, columns, axes=1))


def _designs(
    panel: PolicyPanel, design: Mapping[Any, int] | None, treated: Sequence[int] | None, start: float | None
) -> list[Array]:
    N, periods = len(panel.unit_labels), panel.period_values
    if treated is not None:
        if design is not None:
            raise OptionError("Give design= or treated=, not both.")
        first = periods[len(periods) // 2] if start is None else float(start)
        plans: list[Mapping[Any, int]] = [{first: int(k)} for k in treated]
    elif design is not None:
        plans = [design]
    else:
        return [_valid(panel.adoption, panel)]
    out = []
    for plan in plans:
        if sum(plan.values()) > N or min(plan.values()) < 1:
            raise OptionError(f"design={dict(plan)} does not fit {N} units.")
        dates = np.full(N, np.inf)
        dates[: sum(plan.values())] = np.repeat([float(g) for g in plan], list(plan.values()))
        out.append(_valid(dates, panel))
    return out


def _valid(dates: Array, panel: PolicyPanel) -> Array:
    inside = np.isfinite(dates)
    late, early = panel.period_values[-1], panel.period_values[0]
    if not inside.any() or (inside & ((dates <= early) | (dates > late))).any():
        raise OptionError(
            f"A design needs treated units with adoption after {early:g} and up to {late:g}; it has "
            f"{np.unique(dates[inside]).tolist() or 'none'}."
        )
    if len(np.unique(dates)) == 1:
        raise OptionError("Every unit adopts at the same time: there is nothing to compare with.")
    return dates


def _test_for(dates: Array, level: float) -> str:
    treated = int(np.isfinite(dates).sum())
    cohorts = np.unique(dates[np.isfinite(dates)], return_counts=True)[1]
    facts = Facts(
        len(dates), treated, len(dates) - treated, int(cohorts.min()), round(1 / _attainable(dates))
    )
    return recommend(facts, level=level).method


def _attainable(dates: Array) -> float:
    return 1 / number_of_assignments(dates)


def _simulator(
    Y: Array,
    periods: Array,
    dates: Array,
    test: str,
    *,
    draws: int,
    level: float,
    rng: int | np.random.Generator,
) -> Callable[[float], float]:
    """Power as a function of the effect, the same random assignments for every effect."""
    generator = np.random.default_rng(rng)
    reference = assignments(dates, n_draws=REFERENCE, max_enumerated=2_000, rng=generator)
    paths = (periods >= reference.levels[:, None]).astype(float)
    code = np.searchsorted(reference.levels, dates)
    make = {RI: _ri, CR2: _cr2, "WCR11": _wild}.get(test, _ri)
    drawn = generator.permuted(np.tile(code, (draws, 1)), axis=1)
    tests = [make(Y, who, paths, reference) for who in drawn]

    def at(effect: float) -> float:
        return float(np.mean([p(effect) <= 1 - level + 1e-12 for p in tests]))

    return at


# Each test is prepared once an assignment and gives p as a function of the effect added.


def _ri(Y: Array, who: Codes, paths: Array, reference: Assignments) -> Callable[[float], float]:
    counts = np.bincount(who, minlength=len(paths)).astype(float)

    def p(effect: float) -> float:
        design = BalancedTwoWay(Y + effect * paths[who], paths, counts)
        size = np.abs(design.statistics(reference.which))
        above = int((size >= abs(design.statistics(who[None])[0]) * (1 - TIE)).sum())
        return above / len(size) if reference.enumerated else (1 + above) / (1 + len(size))

    return p


def _fitted(Y: Array, D: Array) -> ClusterFit:
    N, T = Y.shape
    unit, period = np.repeat(np.arange(N), T), np.tile(np.arange(T), N)
    return cluster_fit(Y.ravel(), D.ravel(), cluster=unit, absorb=[unit, period])


def _cr2(Y: Array, who: Codes, paths: Array, reference: Assignments) -> Callable[[float], float]:
    fit = _fitted(Y, paths[who])
    b, df = float(fit.beta[0]), float(satterthwaite(fit)[0])
    se = float(np.sqrt(covariance(fit, "CR2")[0, 0]))  # an added constant effect moves the estimate only
    return lambda effect: float(2 * stats.t.sf(abs(b + effect) / se, df))


def _wild(Y: Array, who: Codes, paths: Array, reference: Assignments) -> Callable[[float], float]:
    fit, signs = _fitted(Y, paths[who]), weights(len(Y))
    test, row = WildTest(fit, fit.cluster, signs, "11", True, "all"), np.ones(1)
    b, se = float(fit.beta[0]), test.std_error(row)
    path = test.path(row, b, se)
    # zero tested on y + effect D is -effect tested on y
    return lambda effect: p_value(path(-(b + effect) / se), (b + effect) / se, signs)["counted"]


def _smallest(rejects: Callable[[float], float], target: float, spread: float) -> float:
    """Smallest effect found with probability `target`, to one per cent; inf if no effect is."""
    low, high = 0.0, max(spread, 1e-12)
    for _ in range(8):
        if rejects(high) >= target:
            break
        low, high = high, 2 * high
    else:
        return float("inf")
    while high - low > 0.01 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if rejects(middle) >= target else (middle, high)
    return high


def _effects(effect: float | Sequence[float] | None, mde: float) -> list[float]:
    if effect is None:
        return [k * mde for k in (0.5, 1.0, 1.5)] if np.isfinite(mde) else [float("nan")]
    return [float(b) for b in np.atleast_1d(np.asarray(effect, float))]
