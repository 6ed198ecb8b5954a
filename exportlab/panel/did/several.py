"""Several policies at once: how far they can be told apart, one given another, all in one regression."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.frames import Array, Mask
from exportlab.options import Level, validated
from exportlab.panel.algebra.absorb import absorb
from exportlab.panel.contract import policy_dates
from exportlab.panel.did.regress import (
    COLLINEAR,
    Account,
    Problem,
    Terms,
    drop_singletons,
    effects_of,
    from_fit,
    least_squares,
)
from exportlab.panel.estimate import Estimate
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

THIN = 0.2  # share of a policy's variation left beside the others up to which it is spoken of


@dataclass(frozen=True, eq=False, repr=False)
class Overlaps(Result):
    """How far several policies can be told apart.

    Attributes
    ----------
    table : pandas.DataFrame
        One row an ordered pair: policy, other; units with the policy ``alone``, with ``both`` (of these the policy
        ``before``, in the same period as, or ``after`` the other), with the ``other_alone``; unit-periods of the
        policy without the other (``cells_alone``) and with it (``cells_both``); ``comparable``: units that get the
        policy while the other is on and have a unit of the same date of the other that does not have it yet;
        ``left``: share of the policy's variation over units and periods that the other does not share; ``verdict``.
    together : pandas.DataFrame
        One row a policy: ``left`` beside all the others, ``wider``: how many times wider its interval in one regression
        is for that.
    """

    table: pd.DataFrame
    together: pd.DataFrame

    @property
    def title(self) -> str:
        """How many policies, and which pairs cannot be told apart."""
        bad = self.table[self.table["verdict"] != "apart"]
        pairs = "; ".join(f"{r.policy} and {r.other}: {r.verdict}" for r in bad.itertuples())
        return f"{len(self.together)} policies; " + (pairs or "all can be told apart")


def overlaps(panel: PolicyPanel) -> Overlaps:
    """Which units got which of the panel's policies, in which order, and what that leaves to tell them apart by.

    Returns
    -------
    Overlaps
        The verdict on a pair is ``"apart"``; ``"hardly apart"`` where the other shares more than four fifths of the
        policy's variation; ``"nested"`` where it shares all of it.

    Raises
    ------
    DataError
        The panel was not made with ``policies=``.
    """
    dates = _dates(panel)
    value = panel.period_values[panel.periods]
    D = {name: (value >= date).astype(float) for name, date in dates.items()}
    rows = [_pair(panel, a, b, dates, D) for a in dates for b in dates if a != b]
    left = [_left(panel, D[a], [D[b] for b in dates if b != a]) for a in dates]
    wider = [1 / np.sqrt(v) if v > COLLINEAR else np.inf for v in left]
    return Overlaps(pd.DataFrame(rows), pd.DataFrame({"policy": list(dates), "left": left, "wider": wider}))


def policy(panel: PolicyPanel, name: str, *, given: str | None = None) -> PolicyPanel:
    """One of several policies as a panel of its own.

    Without `given`, rows in which another policy is on are left out and counted: what remains is the policy alone
    against no policy. With `given`, rows are kept in which that one is on (and no third), and units are compared within
    its date: their effects of the first policy cancel, for they have had it for equally long. Such a panel is for
    ``att("switching")`` and ``event_study("switching")``.

    Parameters
    ----------
    name : str
    given : str, optional
        Another policy, which comes first.

    Raises
    ------
    UnknownName, OptionError
    DataError
        No unit can be compared: with the table of overlaps.

    References
    ----------
    de Chaisemartin and D'Haultfoeuille (2023), Journal of Econometrics 236, 105480 (several treatments).
    """
    dates = _dates(panel)
    for wanted in (name, *(() if given is None else (given,))):
        if wanted not in dates:
            raise UnknownName("policy", wanted, list(dates))
    if given == name:
        raise OptionError(f"given={given!r} is the policy itself. Allowed: another of {', '.join(dates)}.")
    value = panel.period_values[panel.periods]
    third = [value >= date for other, date in dates.items() if other not in (name, given)]
    keep: Mask = ~np.any(third, axis=0) if third else np.ones(len(value), bool)
    words = f"another policy than {name} is on"
    if given is not None:
        keep, words = (
            keep & (value >= dates[given]),
            f"{given} is not on" + ", or a third policy is" * bool(third),
        )
    if not keep.any():
        raise DataError(f"no row is left for {name!r}: {words} in every one", str(overlaps(panel).table))
    used = panel.where(keep, words) if not keep.all() else panel
    made = _alone(used, name, given)
    if given is not None and not _comparable(dates[name], dates[given], panel).any():
        raise DataError(
            f"{name!r} cannot be told from {given!r}: units that got {given!r} in the same period all got "
            f"{name!r} in the same period too",
            f"No comparison is left.\n{overlaps(panel).table.to_string(index=False)}",
        )
    return made


@validated
def together(
    panel: PolicyPanel, *, interact: bool = False, vcov: str = "cluster", level: Level = 0.95
) -> Estimate:
    r"""All policies in one two-way fixed effects regression, each controlled for the others.

    :math:`y_{it}=\alpha_i+\lambda_t+\sum_p\beta_pD^p_{it}+\sum_{p<q}\gamma_{pq}D^p_{it}D^q_{it}+x_{it}'\delta+u_{it}`.

    Parameters
    ----------
    interact : bool
        Whether pairs have a term of their own: what both bring beyond the sum of each.
    vcov : {"cluster", "cluster+period", "hetero", "iid"}

    Raises
    ------
    DataError
        A policy has no variation of its own beside the others: with the table of overlaps.

    Notes
    -----
    The coefficients are averages of effects only where each policy's effect is the same for all units at all times;
    otherwise each is contaminated by the effects of the others (de Chaisemartin and D'Haultfoeuille 2023). Look at
    ``policy(name)`` and ``policy(name, given=other)`` beside it.
    """
    return _fitted(panel, overlaps(drop_singletons(panel)), interact=interact, vcov=vcov, level=level)


def _fitted(
    panel: PolicyPanel, found: Overlaps | None = None, *, interact: bool, vcov: str, level: float
) -> Estimate:
    """The regression; estimated again, it goes without the overlaps."""
    used = drop_singletons(panel)
    value = used.period_values[used.periods]
    D = {name: (value >= date).astype(float) for name, date in _dates(used).items()}
    if interact:
        D |= {f"{a} x {b}": D[a] * D[b] for a, b in combinations(_dates(used), 2)}
    left = {a: _left(used, D[a], [D[b] for b in D if b != a]) for a in D}
    nested = [a for a, share in left.items() if share <= COLLINEAR]
    if nested:
        raise DataError(
            f"{', '.join(nested)}: no variation beside units, periods and the other terms",
            f"Leave a policy out, or say interact=False.\n{(found or overlaps(used)).table.to_string(index=False)}",
        )
    problem = Problem.of(used, np.column_stack([*D.values(), used.X]), [*D, *used.covariates])
    fit = least_squares(problem, vcov)
    thin = [f"{a} ({share:.0%})" for a, share in left.items() if share < THIN]
    notes = [
        "Each coefficient is an average of effects only if every policy's effect is the same everywhere and always; "
        "else the others' effects are in it: see policy(name) and policy(name, given=other)."
    ]
    if thin:
        notes.append(f"Little variation is a term's own, the rest is shared with others: {', '.join(thin)}.")
    account = Account(
        method="Two-way fixed effects, several policies",
        estimand="effect of each policy, the others controlled for" + (", and of pairs" * interact),
        comparison="all rows with other policies on or off",
        weighting="by the variation of each policy that is its own",
        refit=partial(_fitted, interact=interact, vcov=vcov, level=level),
        notes=notes,
        parts={"overlaps": found.table, "together": found.together} if found else {},
    )
    return from_fit(used, problem, fit, Terms.as_they_are(problem), account, level=level)


def _dates(panel: PolicyPanel) -> dict[str, Array]:
    """(n,) dates of every policy by its name."""
    if len(panel.policies) < 2:
        raise DataError(
            f"the panel has {len(panel.policies)} of the two or more policies= that this compares",
            'Make it with policies={"zone": "zone_since", "rcep": "rcep_since"}.',
        )
    return {name: policy_dates(panel, name) for name in panel.policies}


def _alone(panel: PolicyPanel, name: str, given: str | None) -> PolicyPanel:
    """The panel as one of a single policy, compared within the date of `given`."""
    first_row = np.searchsorted(panel.units, np.arange(len(panel.unit_labels)))
    announced = policy_dates(panel, name)[first_row]
    adoption = panel._within(announced, panel.period_values)
    strata = None if given is None else policy_dates(panel, given)[first_row]
    first = adoption[panel.units]
    return panel._with(
        policies={},
        adopted=panel.policies[name],
        announced=announced,
        adoption=adoption,
        first=first,
        D=(panel.period_values[panel.periods] >= first).astype(float),
        strata=strata,
    )


def _pair(panel: PolicyPanel, a: str, b: str, dates: dict[str, Array], D: dict[str, Array]) -> dict[str, Any]:
    """The row of one ordered pair."""
    first_row = np.searchsorted(panel.units, np.arange(len(panel.unit_labels)))
    last = panel.period_values[-1]
    da, db = dates[a][first_row], dates[b][first_row]
    has_a, has_b = da <= last, db <= last
    both = has_a & has_b
    left = _left(panel, D[a], [D[b]])
    return {
        "policy": a,
        "other": b,
        "alone": int((has_a & ~has_b).sum()),
        "other_alone": int((has_b & ~has_a).sum()),
        "both": int(both.sum()),
        "before": int((both & (da < db)).sum()),
        "same": int((both & (da == db)).sum()),
        "after": int((both & (da > db)).sum()),
        "cells_alone": int((D[a] * (1 - D[b])).sum()),
        "cells_both": int((D[a] * D[b]).sum()),
        "comparable": int(_comparable(dates[a], dates[b], panel).sum()),
        "left": left,
        "verdict": "nested" if left <= COLLINEAR else "hardly apart" if left < THIN else "apart",
    }


def _comparable(date: Array, other: Array, panel: PolicyPanel) -> Mask:
    """(N,) units that get a policy after another, and have one of the same date of the other that gets it later."""
    first_row = np.searchsorted(panel.units, np.arange(len(panel.unit_labels)))
    da, db = date[first_row], other[first_row]
    inside = (da > db) & (da <= panel.period_values[-1])
    later = np.array([bool(((db == b) & (da > a)).any()) for a, b in zip(da, db, strict=True)])
    return np.asarray(inside & later, np.bool_)


def _left(panel: PolicyPanel, D: Array, others: list[Array]) -> float:
    """Share of a status's variation, effects of units and periods taken out, that `others` do not share."""
    tilde = absorb(
        np.column_stack([D, *others]), effects_of({"unit": panel.units, "period": panel.periods}), panel.w
    )
    w = np.ones(len(D)) if panel.w is None else panel.w
    root = np.sqrt(w)
    y, X = root * tilde[:, 0], root[:, None] * tilde[:, 1:]
    total = float(y @ y)
    if total <= COLLINEAR**2 * max(float(w @ D**2), 1.0):
        return 0.0
    residual = y - X @ np.linalg.lstsq(X, y, rcond=1e-10)[0]
    return float(residual @ residual) / total
