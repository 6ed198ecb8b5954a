"""Does the estimate stay where it should? Placebo dates and outcomes, leave-one-out, anticipation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.columns import real
from exportlab.errors import DataError, ExportlabError, OptionError, UnknownName, one_of
from exportlab.options import Count, Places, validated
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate
    from exportlab.panel.policy_panel import PolicyPanel

COLUMNS = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]


@dataclass(frozen=True, eq=False, repr=False)
class Robustness(Result):
    """One estimate made again under other choices.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a variation: what was varied, estimate, std_error, conf_low, conf_high, p_value, n, and
        `failed`: why there is no number (empty where there is one).
    kind : str
        Such as "placebo dates".
    full : float
        The estimate that everything is compared with (NaN for placebos).
    """

    table: pd.DataFrame
    kind: str
    full: float

    @property
    def title(self) -> str:
        """What was varied, and the range of the answers."""
        made = self.table["estimate"].dropna()
        spread = f"from {made.min():.4g} to {made.max():.4g}" if len(made) else "none could be made"
        against = "" if np.isnan(self.full) else f" (full sample {self.full:.4g})"
        return f"{self.kind[:1].upper()}{self.kind[1:]}: {len(made)} estimates {spread}{against}"


@validated
def placebo_dates(
    panel: PolicyPanel,
    *,
    shifts: Sequence[Count] = (1, 2, 3),
    method: str = "callaway_santanna",
    **options: Any,
) -> Robustness:
    """Pretend that the policy came earlier, on data from before it came.

    Parameters
    ----------
    panel : PolicyPanel
    shifts : sequence of int
        Periods by which every adoption date is moved ahead.
    method : str
        Of `PolicyPanel.att`, or "twfe".
    **options
        Of that method.

    Returns
    -------
    Robustness
        Rows by `shift`. Treated rows are left out, so every effect should be near zero.

    Notes
    -----
    Cohorts whose units start so early that nothing lies before the false date are reported as failed, not
    dropped.
    """
    if not len(shifts):
        raise OptionError("shifts= is empty. Name how many periods the dates are moved back: [1, 2].")
    before = panel.where(panel.D == 0, "after adoption (placebo dates)")
    rows = [
        _try({"shift": int(s)}, lambda s=s: _att(before.reassigned(before.announced - s), method, options))
        for s in shifts
    ]
    return Robustness(pd.DataFrame(rows), "placebo dates", float("nan"))


@validated
def placebo_outcomes(
    panel: PolicyPanel, outcomes: Sequence[str], *, method: str = "callaway_santanna", **options: Any
) -> Robustness:
    """Estimate the effect on columns that the policy should leave alone.

    Parameters
    ----------
    panel : PolicyPanel
    outcomes : sequence of str
        Columns of the panel's table.
    method, **options
        As in `placebo_dates`.
    """
    for column in outcomes:
        if column not in panel.data.columns:
            raise UnknownName("column", column, [str(c) for c in panel.data.columns])
    rows = [
        _try(
            {"outcome": c},
            lambda c=c: _att(panel.with_outcome(real(panel.data, c)), method, options),
        )
        for c in outcomes
    ]
    return Robustness(pd.DataFrame(rows), "placebo outcomes", float("nan"))


@validated
def leave_one_out(estimate: Estimate, *, by: str = "unit", term: str | None = None) -> Robustness:
    """Estimate again without each unit, cluster, cohort or period.

    Parameters
    ----------
    estimate : Estimate
    by : {"unit", "cluster", "cohort", "period"}
        Never-treated units form no cohort and stay.
    term : str, optional
        The first estimated term by default.

    Returns
    -------
    Robustness
        With a column `left_out`; influence is estimate minus the full estimate.
    """
    one_of("by", by, ("unit", "cluster", "cohort", "period"))
    panel, refit = estimate.panel, estimate.refit
    if panel is None or refit is None:
        raise OptionError(f"{estimate.method} does not know how to estimate itself again.")
    row = 0 if term is None else estimate.index(term)
    name, full = str(estimate.table["term"].iloc[row]), float(estimate.table["estimate"].iloc[row])
    label, values = {
        "unit": (panel.units, panel.unit_labels),
        "cluster": (panel.clusters, panel.cluster_labels),
        "cohort": (panel.first, panel.cohorts),
        "period": (panel.periods, panel.period_values),
    }[by]
    rows = []
    for code, value in enumerate(values):
        keep = label != (value if by == "cohort" else code)
        said = panel.named([value])[0] if by in ("cohort", "period") else value
        rows.append(
            _try({"left_out": said}, lambda k=keep, v=said: refit(panel.where(k, f"{by} {v} left out")), name)
        )
    table = pd.DataFrame(rows)
    table.insert(2, "influence", table["estimate"] - full)
    return Robustness(table, f"leave one {by} out", full)


@validated
def anticipation(
    panel: PolicyPanel,
    *,
    periods: Sequence[Places] = (0, 1, 2),
    method: str = "callaway_santanna",
    **options: Any,
) -> Robustness:
    """Allow effects to show before adoption.

    Parameters
    ----------
    panel : PolicyPanel
    periods : sequence of int
        How many periods before adoption may already show the effect.
    method : {"callaway_santanna", "imputation", "twfe"}
        Callaway-Sant'Anna moves its base period; for the others the periods in question are left out.
    """
    one_of("method", method, ("callaway_santanna", "imputation", "twfe"))

    def made(k: int) -> Estimate:
        if method == "callaway_santanna":
            return panel.att(method, anticipation=int(k), **options)
        until = panel.announced[panel.units] - panel.period_values[panel.periods]
        near = (until > 0) & (until <= k)  # of units that adopt after the panel too
        return _att(
            panel.where(~near, f"{k} periods before adoption") if near.any() else panel, method, options
        )

    rows = [_try({"anticipated": int(k)}, lambda k=k: made(k)) for k in periods]
    return Robustness(pd.DataFrame(rows), "anticipation", float("nan"))


def _att(panel: PolicyPanel, method: str, options: dict[str, Any]) -> Estimate:
    return panel.twfe(**options) if method == "twfe" else panel.att(method, **options)


def _try(what: dict[str, Any], make: Any, term: str | None = None) -> dict[str, Any]:
    """A row of numbers, or the reason why there is none."""
    try:
        made: Estimate = make()
        row = 0 if term is None else made.index(term)
        numbers = dict(zip(COLUMNS, made.table[COLUMNS].to_numpy(float)[row].tolist(), strict=True))
        return {**what, **numbers, "n": made.sample.used, "failed": ""}
    except (DataError, UnknownName, OptionError) as reason:
        return {**what, **dict.fromkeys(COLUMNS, np.nan), "n": 0, "failed": _short(reason)}


def _short(reason: ExportlabError) -> str:
    return str(reason).split(". ")[0]
