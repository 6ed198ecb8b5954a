"""De Chaisemartin and D'Haultfoeuille: policies that switch off, switch repeatedly or come in doses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes, Mask
from exportlab.options import Count, Level, Places, validated
from exportlab.panel.algebra.sandwich import group_sums, rounding_error, settled, unsettled
from exportlab.panel.contract import refuse_uneven
from exportlab.panel.did.adjusted import levers, net_of
from exportlab.panel.did.callaway import refuse_moving_weights, unit_weights
from exportlab.panel.did.regress import sample_of, warnings_of
from exportlab.panel.estimate import Estimate, Inference, estimate_table

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

CONVENTION = (
    "n/(n-1) within cohorts and within comparison groups, normal reference; effects' spread around their cohort's "
    "average counts as noise"
)
ALONE = "unit without another of its first dose to be compared with"
BEYOND = "period after the first change that enters no effect: none to compare with, or beyond effects="
DIRECTIONS = ("all", "in", "out")


@validated
def att(
    panel: PolicyPanel,
    *,
    effects: Count | None = None,
    direction: str = "all",
    level: Level = 0.95,
) -> Estimate:
    r"""Average total effect per unit of dose, of policies that may switch off, switch repeatedly or come in doses.

    A unit's first change of dose is at :math:`F_g`; :math:`DID_{g,\ell}` compares its outcome's change from
    :math:`F_g-1` to :math:`F_g-1+\ell` with that of units of the same first dose that have not changed it by then. The
    ratio is :math:`\sum_{g,\ell}S_gDID_{g,\ell}/\sum_{g,\ell}S_g(D_{g,F_g-1+\ell}-D_{g,1})` with :math:`S_g` 1 for a
    rise and -1 for a fall: what all changes of dose brought, over how much dose they were. The policy was worth it
    where a unit of dose costs less than that (``parts["cost_benefit"]``). With a policy that stays on it is the average
    effect on the treated.

    Parameters
    ----------
    effects : int, optional
        Periods from the first change on that count; all that have a comparison by default.
    direction : {"all", "in", "out"}
        Units whose dose first rises, first falls, or both.

    Notes
    -----
    With covariates :math:`y_{it}-x_{it}'\hat\theta_d` stands for the outcome: slopes of changes on changes and effects
    of periods, among units of first dose d before their dose changes; their noise is part of the errors. The panel's
    weights, one a unit, weigh averages of switchers and of those they are compared with. What comes after a first
    change (a later fall, another rise) stays within the effect: effects are of the path that units took, against that
    of staying where they were. Doses and numbers of units are taken as given. Standard errors are conservative; R's
    DIDmultiplegtDYN and Python's diff-diff print smaller ones that agree neither with these nor with each other, so
    that none of the three can be checked by another. diff-diff's average of non-binary doses is not this ratio.

    References
    ----------
    de Chaisemartin and D'Haultfoeuille (2024), "Difference-in-Differences Estimators of Intertemporal Treatment
    Effects", Review of Economics and Statistics.
    """
    made = _Switches.of(panel, effects=effects, direction=direction)
    dose = sum(h.dose for h in made.after)
    if not dose > 0:
        raise DataError(
            f"the changes of dose add up to {dose:g}: later changes undo the first ones",
            "Choose fewer effects=, or look at event_study('switching'), which does not divide by the dose.",
        )
    combine = np.full((1, len(made.after)), 1 / dose)
    again = partial(att, effects=effects, direction=direction, level=level)
    return _estimate(
        panel,
        made,
        made.after,
        combine,
        {"term": ["ATT"]},
        estimand="average total effect per unit of dose",
        refit=again,
        level=level,
    )


@validated
def event_study(
    panel: PolicyPanel,
    *,
    effects: Count | None = None,
    placebos: Places | None = None,
    normalised: bool = False,
    direction: str = "all",
    level: Level = 0.95,
) -> Estimate:
    r"""Effects by time since the first change of dose, and placebos before it; see `exportlab.panel.did.switching.att`.

    Event time 0 is the first period of the new dose (:math:`\ell=1` of the paper), -1 the base. The placebo at event
    time :math:`-1-\ell` compares the same units over the :math:`\ell` periods that end at the base.

    Parameters
    ----------
    effects, placebos : int, optional
        How many; all that have a comparison by default.
    normalised : bool
        Divide each by the average change of dose cumulated until then: an average effect of one more unit of dose, over
        its lags. Placebos are divided by what the same units cumulate in as many periods after the base; R's
        DIDmultiplegtDYN divides those by less.
    """
    made = _Switches.of(panel, effects=effects, direction=direction)
    before = _placebos(made, placebos)
    shown = [*before[::-1], *made.after]
    size = np.array([h.cumulated if normalised else h.size for h in shown])
    if not (size > 0).all():
        raise DataError("the cumulated change of dose is zero at some event time", "Say normalised=False.")
    at = len(before)
    combine = np.insert(np.diag(1 / size), at, 0.0, axis=0)
    times = [h.event_time for h in shown]
    times.insert(at, -1)
    again = partial(
        event_study,
        effects=effects,
        placebos=placebos,
        normalised=normalised,
        direction=direction,
        level=level,
    )
    return _estimate(
        panel,
        made,
        shown,
        combine,
        {"term": [str(e) for e in times], "event_time": times},
        estimand="effects by time since the first change of dose"
        + (", per unit of cumulated dose" if normalised else ""),
        refit=again,
        level=level,
    )


# ---- who is compared with whom -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Horizon:
    """All comparisons at one event time: sums over switchers, and what each row and unit adds to them.

    Attributes
    ----------
    units : codes of the switchers
    effect : signed effect of each of them
    controls : number of units that each is compared with
    size : weight of the switchers, their number where units count equally
    total, dose, cumulated : weighted sums of effects, of signed changes of dose then, and of their cumulated size
    pull : (N, T) weights of outcomes in `total`
    score : (N,) contributions of units to the error of `total`
    """

    event_time: int
    units: Codes
    effect: Array
    controls: Codes
    size: float
    total: float
    dose: float
    cumulated: float
    pull: Array
    score: Array


@dataclass(frozen=True, eq=False)
class _Switches:
    """A panel with units in rows and periods in columns; when each unit's dose first changes, and which way.

    Attributes
    ----------
    Y, D : (N, T), NaN where there is no row
    peers : (N,) code of the units that each may be compared with
    first : (N,) column of the first change, T for none
    until : (N,) last column at which the unit is known to have its first dose
    sign : (N,) 1 where the dose first rises, -1 where it falls, 0 where it stays
    asked : (N,) switchers of the direction asked for
    weight : (N,) of units, one on average
    slopes : of covariates; None without them
    after : effects by horizon
    """

    Y: Array
    D: Array
    peers: Codes
    first: Codes
    until: Codes
    sign: Array
    asked: Mask
    weight: Array
    slopes: _Slopes | None
    after: tuple[_Horizon, ...]

    @classmethod
    def of(cls, panel: PolicyPanel, *, effects: int | None, direction: str) -> _Switches:
        one_of("direction", direction, DIRECTIONS)
        _refuse(panel)
        N, T = len(panel.unit_labels), len(panel.period_values)
        Y, D = np.full((N, T), np.nan), np.full((N, T), np.nan)
        Y[panel.units, panel.periods], D[panel.units, panel.periods] = panel.y, panel.D
        there = ~np.isnan(D)
        start = D[np.arange(N), there.argmax(1)]
        moved = there & (start[:, None] != D)
        first = np.where(moved.any(1), moved.argmax(1), T)
        same = there & (np.arange(T) < first[:, None])
        until = np.where(same, np.arange(T), -1).max(1)
        sign = np.where(first < T, np.sign(D[np.arange(N), np.minimum(first, T - 1)] - start), 0.0)
        wanted = {"all": sign != 0, "in": sign > 0, "out": sign < 0}[direction]
        made = cls(Y, D, panel.peers, first, until, sign, wanted, unit_weights(panel), None, ())
        if panel.covariates and wanted.any():
            slopes = _Slopes.of(panel, made, start)
            made = replace(made, Y=Y - slopes.explained, slopes=slopes)
        return replace(made, after=_effects(made, panel, effects))

    def compared(self, length: int, *, placebo: bool = False) -> _Horizon | None:
        """All comparisons over `length` periods from the base on, or up to it; None where there are none."""
        pull, score = np.zeros(self.Y.shape), np.zeros(len(self.Y))
        units, controls = list[int](), list[int]()
        effect, single = list[float](), list[tuple[int, float]]()
        for peers, first in sorted(set(zip(self.peers[self.asked], self.first[self.asked], strict=True))):
            base, t = int(first) - 1, int(first) - 1 + length
            other = base - length if placebo else t
            if t >= self.Y.shape[1] or other < 0:
                continue
            change = self.Y[:, other] - self.Y[:, base]
            known = ~np.isnan(change) & (self.peers == peers)
            ours = np.flatnonzero(known & self.asked & (self.first == first))
            theirs = np.flatnonzero(known & (self.until >= t))
            if not len(ours) or not len(theirs):
                continue
            share = self.weight[theirs] / self.weight[theirs].sum()
            signed = self.weight[ours] * self.sign[ours]
            gap = self.sign[ours] * (change[ours] - share @ change[theirs])
            for column, side in ((other, 1.0), (base, -1.0)):
                pull[ours, column] += side * signed
                pull[theirs, column] -= side * signed.sum() * share
            score[theirs] -= signed.sum() * share * _noise(change[theirs], share)
            for dose in np.unique(self.D[ours, first]):  # one cohort: the same first dose, date and new dose
                cohort = self.D[ours, first] == dose
                own = self.weight[ours[cohort]]
                score[ours[cohort]] += own * _noise(gap[cohort], own / own.sum())
                if cohort.sum() == 1:
                    single.append((int(ours[cohort][0]), float(gap[cohort][0])))
            units += ours.tolist()
            effect += gap.tolist()
            controls += [len(theirs)] * len(ours)
        if not units:
            return None
        for unit, value in single:  # alone in its cohort: its distance from the average of all
            score[unit] += self.weight[unit] * (value - float(np.average(effect, weights=self.weight[units])))
        if self.slopes is not None:
            pull, score = self.slopes.passed_on(pull, score)
        found = (np.array(units), np.array(effect), np.array(controls))
        return self._summed(length, placebo, found, pull, score)

    def _summed(
        self, length: int, placebo: bool, found: tuple[Codes, Array, Codes], pull: Array, score: Array
    ) -> _Horizon:
        units, effect, controls = found
        weight = self.weight[units]
        start, now = self.D[units, self.first[units] - 1], self.first[units] - 1 + length
        dose = self.sign[units] * (self.D[units, now] - start)
        cumulated = [
            w * abs(float(np.nansum(self.D[g, self.first[g] : t + 1] - s)))
            for g, t, s, w in zip(units, now, start, weight, strict=True)
        ]
        time = -1 - length if placebo else length - 1
        return _Horizon(
            time,
            units,
            effect,
            controls,
            float(weight.sum()),
            float(weight @ effect),
            float(np.nansum(weight * dose)),
            float(sum(cumulated)),
            pull,
            score,
        )


@dataclass(frozen=True, eq=False)
class _Slopes:
    """Slopes of covariates for each first dose, learnt from changes of units whose dose has not changed.

    Attributes
    ----------
    X : (N, T, k)
    dose : (N,) code of the first dose
    lever : (N, T, k) weights of outcomes in the slopes of the unit's first dose
    noise : (N, k) what each unit adds to their error
    explained : (N, T) what covariates explain
    """

    X: Array
    dose: Codes
    lever: Array
    noise: Array
    explained: Array

    @classmethod
    def of(cls, panel: PolicyPanel, made: _Switches, start: Array) -> _Slopes:
        N, T, k = (*made.Y.shape, panel.X.shape[1])
        X, lever, noise = np.zeros((N, T, k)), np.zeros((N, T, k)), np.zeros((N, k))
        X[panel.units, panel.periods] = panel.X
        doses, dose = np.unique(start, return_inverse=True)
        explained = np.zeros((N, T))
        rise, step = np.diff(made.Y, axis=1), np.diff(X, axis=1)
        still = ~np.isnan(rise) & (np.arange(1, T) < made.first[:, None])
        for code in np.unique(dose[made.asked]):
            i, t = np.nonzero(still & (dose == code)[:, None])
            dx, dy, w, group = step[i, t], rise[i, t], made.weight[i], made.peers[i] * T + t
            among = f"units of first dose {doses[code]:g} before it changes"
            own = levers(dx, group, w, names=panel.covariates, among=among)
            theta = own.T @ dy
            np.add.at(noise, i, own * net_of(dy - dx @ theta, group, w)[:, None])
            np.add.at(lever, (i, t + 1), own)
            np.add.at(lever, (i, t), -own)
            explained[dose == code] = X[dose == code] @ theta
        return cls(X, dose, lever, noise, explained)

    def passed_on(self, pull: Array, score: Array) -> tuple[Array, Array]:
        """Weights of outcomes and scores of units of a sum over outcomes net of covariates, those of slopes added."""
        bears = group_sums(np.einsum("it,itk->ik", pull, self.X), self.dose)[self.dose]
        return pull - np.einsum("itk,ik->it", self.lever, bears), score - (self.noise * bears).sum(1)


def _refuse(panel: PolicyPanel) -> None:
    """What this estimator cannot take: several policies, moving weights, periods not consecutive."""
    if panel.policies:
        raise DataError(
            f"the panel has {len(panel.policies)} policies: {', '.join(panel.policies)}",
            "Look at overlaps(), then take one: panel.policy(name), or policy(name, given=other).",
        )
    refuse_moving_weights(panel)
    refuse_uneven(panel)


def _effects(made: _Switches, panel: PolicyPanel, asked: int | None) -> tuple[_Horizon, ...]:
    """Effects at horizons 1, 2, ... as long as some unit can be compared."""
    if not (made.sign != 0).any():
        raise DataError(
            f"no {panel.unit} changes its dose within the panel",
            "There is no change whose effect could be seen.",
        )
    if not made.asked.any():
        raise DataError("no unit's dose first changes in the direction asked for", "Say direction='all'.")
    found: list[_Horizon] = []
    T = made.Y.shape[1]
    while len(found) < (asked or T):
        horizon = made.compared(len(found) + 1)
        if horizon is None:
            break
        found.append(horizon)
    if not found:
        raise DataError(
            f"none of the {int(made.asked.sum())} units that change their dose can be compared",
            "Each needs a period before, and a unit of the same first dose"
            + (" and the same date of the other policy" * (panel.strata is not None))
            + " that changes later or never.",
        )
    if asked is not None and len(found) < asked:
        raise OptionError(
            f"effects={asked} is not allowed. Allowed: 1 to {len(found)}; later ones have no comparison."
        )
    return tuple(found)


def _placebos(made: _Switches, asked: int | None) -> list[_Horizon]:
    """Placebos over 1, 2, ... periods before the base, no more of them than effects."""
    found: list[_Horizon] = []
    while len(found) < (len(made.after) if asked is None else asked):
        horizon = made.compared(len(found) + 1, placebo=True)
        if horizon is None:
            break
        found.append(horizon)
    if asked is not None and len(found) < asked:
        raise OptionError(
            f"placebos={asked} is not allowed. Allowed: 0 to {len(found)}; others have no comparison."
        )
    return found


def _noise(values: Array, share: Array) -> Array:
    """Distances from the mean by `share`, widened by n / (n - 1) in squares; zero of one value."""
    n = len(values)
    out: Array = (values - share @ values) * np.sqrt(n / max(n - 1, 1))
    return out


# ---- what comes out ------------------------------------------------------------------------------------------------


def _estimate(
    panel: PolicyPanel,
    made: _Switches,
    shown: Sequence[_Horizon],
    combine: Array,
    columns: dict[str, Any],
    *,
    level: float,
    **words: Any,
) -> Estimate:
    """The Estimate of combinations (terms, horizons) of the horizons shown."""
    N = len(panel.unit_labels)
    cluster = panel.clusters[np.searchsorted(panel.units, np.arange(N))]
    scores = group_sums(np.column_stack([h.score for h in shown]) @ combine.T, cluster)
    pull = np.column_stack([h.pull[panel.units, panel.periods] for h in shown]) @ combine.T
    vcov = settled(scores.T @ scores, rounding_error(pull, np.abs(panel.y), panel.clusters))
    inference = Inference(
        "cluster-robust, conservative (by cohorts)",
        CONVENTION,
        np.inf,
        level,
        1.0,
        panel.cluster or panel.unit,
        len(panel.cluster_labels),
        panel.treated_clusters,
    )
    touched = np.stack([(h.pull != 0).any(1) for h in shown], axis=1).astype(float)
    counts = ((touched @ (combine != 0).T) > 0).sum(0)
    terms = columns.pop("term")
    estimate = combine @ np.array([h.total for h in shown])
    return Estimate(
        method="Switchers (de Chaisemartin-D'Haultfoeuille)",
        comparison="units of the same first dose that have not changed it yet"
        + (", within the date of the other policy" * (panel.strata is not None)),
        weighting="units that change their dose " + ("equally" if panel.w is None else f"by {panel.weights}"),
        table=estimate_table(terms, estimate, vcov, inference, counts.tolist(), **columns),
        vcov=vcov,
        inference=inference,
        sample=sample_of(_flow(panel, made)),
        scores=scores,
        clusters=tuple(panel.cluster_labels),
        panel=panel,
        parts={"switchers": _by_unit(panel, made, shown), "cost_benefit": _cost_benefit(made)},
        notes=(*warnings_of(panel), *_notes(panel, made), *unsettled(vcov, terms)),
        **words,
    )


def _flow(panel: PolicyPanel, made: _Switches) -> PolicyPanel:
    """The panel less the rows that no comparison takes: of units that stand alone, and late ones."""
    pull: Mask = np.any([h.pull != 0 for h in made.after], axis=0)
    alone: Mask = ~np.any(pull, axis=1)[panel.units]
    late = (panel.periods >= made.first[panel.units]) & ~pull[panel.units, panel.periods] & ~alone
    flow = panel.where(~alone, ALONE) if alone.any() else panel
    late = late[~alone]
    return flow.where(~late, BEYOND) if late.any() else flow


def _notes(panel: PolicyPanel, made: _Switches) -> tuple[str, ...]:
    lost = int(made.asked.sum()) - len(np.unique(np.concatenate([h.units for h in made.after])))
    notes = []
    if lost:
        notes.append(
            f"{lost} of {int(made.asked.sum())} units that change their dose have no unit to be compared with."
        )
    few = sorted({int(g) for h in made.after for g in h.units[h.controls == 1]})
    if few:
        notes.append(
            f"{len(few)} unit(s) are compared with a single one at some event time, whose own noise no error knows: "
            f"{', '.join(str(panel.unit_labels[g]) for g in few[:5])}."
        )
    return tuple(notes)


def _by_unit(panel: PolicyPanel, made: _Switches, shown: Sequence[_Horizon]) -> pd.DataFrame:
    """One row a switcher and event time: its sign, signed effect, controls, and the average then in its own sign."""
    rows = [
        (
            panel.unit_labels[g],
            h.event_time,
            int(made.sign[g]),
            e,
            int(n),
            made.sign[g] * h.total / h.size,
        )
        for h in shown
        for g, e, n in zip(h.units, h.effect, h.controls, strict=True)
    ]
    return pd.DataFrame(rows, columns=["unit", "event_time", "sign", "effect", "controls", "average"])


def _cost_benefit(made: _Switches) -> pd.DataFrame:
    """By event time: what the changes of dose brought and how much dose they were, and both cumulated."""
    total, dose = np.array([h.total for h in made.after]), np.array([h.dose for h in made.after])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(np.cumsum(dose) > 0, np.cumsum(total) / np.cumsum(dose), np.nan)
    return pd.DataFrame(
        {
            "event_time": [h.event_time for h in made.after],
            "switchers": [len(h.units) for h in made.after],
            "total_effect": total,
            "total_dose": dose,
            "effect_per_dose": ratio,
        }
    )
