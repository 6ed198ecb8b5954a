"""Continuous dose in two periods: effects by dose and their slope."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from scipy.interpolate import BSpline

from exportlab.columns import real
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.frames import Array, Codes
from exportlab.options import Count, Level, Places, Within, validated
from exportlab.panel.algebra.sandwich import ROUNDING, group_sums, settled, unsettled
from exportlab.panel.contract import refuse_given, refuse_other_designs
from exportlab.panel.did.regress import sample_of, warnings_of
from exportlab.panel.estimate import Estimate, Inference, estimate_table

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel


@dataclass(frozen=True, eq=False)
class Spline:
    """A B-spline basis in the dose: knots with their repetitions, and the degree."""

    knots: Array
    degree: int

    def at(self, dose: Array) -> Array:
        """(n, q) basis."""
        inside = np.clip(dose, self.knots[0], self.knots[-1])
        return np.asarray(BSpline.design_matrix(inside, self.knots, self.degree).toarray())

    def slope(self, dose: Array) -> Array:
        """(n, q) derivative of the basis."""
        q = len(self.knots) - self.degree - 1
        return np.column_stack(
            [BSpline(self.knots, np.eye(q)[j], self.degree).derivative()(dose) for j in range(q)]
        )


@validated
def dose_response(
    panel: PolicyPanel,
    *,
    dose: str,
    pre: float | None = None,
    post: float | None = None,
    degree: Count = 3,
    knots: Places = 0,
    grid: Annotated[int, Within(2)] = 20,
    level: Level = 0.95,
) -> Estimate:
    r"""Average effects of a continuous dose against untreated units, two periods.

    :math:`ATT(d)=E[\Delta Y\mid D=d]-E[\Delta Y\mid D=0]` with the first term a B-spline of the dose
    among treated units; :math:`ACRT(d)=\partial ATT(d)/\partial d`. The table holds the overall ATT and
    ACRT (averages over the doses of the treated); ``parts["response"]`` holds both by dose.

    Parameters
    ----------
    dose : str
        Column with the dose, constant within units, positive exactly for units that adopt.
    pre, post : float, optional
        The two periods: the last before adoption and the first of it by default.
    degree, knots : int
        Degree of the spline and number of interior knots, at quantiles of the treated doses.
    grid : int
        Number of doses in ``parts["response"]``, evenly spaced over the treated.

    Raises
    ------
    OptionError
        Degree, knots or grid out of range; a panel with weights or covariates, which it does not take.

    Notes
    -----
    ATT(d) needs parallel trends in untreated outcomes. Reading differences between doses (ACRT) as causal
    needs the strong version: units of all doses would have responded alike.

    References
    ----------
    Callaway, Goodman-Bacon and Sant'Anna (2024), NBER 32117.
    """
    refuse_other_designs(panel)
    refuse_given(panel, "dose_response")
    y, d, clusters, (before, after) = _two_periods(panel, dose, pre, post)
    if degree < 1 or knots < 0 or grid < 2:
        raise OptionError(
            f"degree={degree}, knots={knots}, grid={grid} are not allowed. "
            "Allowed: degree >= 1, knots >= 0, grid >= 2."
        )
    treated, n = d > 0, len(y)
    spline = _spline(d[treated], degree, knots)
    beta, from_beta = _curve(y, d, spline)
    base = float(y[~treated].mean())
    from_base = np.where(treated, 0.0, (y - base) / (~treated).sum())
    averages, influence = _averages(y, d, spline, beta, from_beta)
    influence = group_sums(influence - np.outer(from_base, [1, 0]), clusters)
    inference = Inference(
        "cluster-robust, influence functions", "none (asymptotic), normal reference", np.inf, level, 1.0,
        panel.cluster or panel.unit, int(clusters.max()) + 1, len(np.unique(clusters[treated])),
    )  # fmt: skip
    size = ROUNDING * float(np.abs(panel.y).max()) * np.array([1.0, 1.0 / float(d[treated].max())])
    vcov = settled(influence.T @ influence, size)
    table = estimate_table(["ATT", "ACRT"], averages - np.array([base, 0.0]), vcov, inference, [n, n])
    at = np.linspace(d[treated].min(), d[treated].max(), grid)
    here, steep = spline.at(at), spline.slope(at)
    response = _response(
        at, here @ beta - base, steep @ beta,
        (group_sums(from_beta @ here.T - from_base[:, None], clusters),
         group_sums(from_beta @ steep.T, clusters)), inference=inference, n=n,
    )  # fmt: skip
    return Estimate(
        method="Continuous dose", estimand="average effect over the treated doses, and its slope in the dose",
        comparison=f"units without dose, {panel.period_name(before)} to {panel.period_name(after)}",
        weighting="treated units equally",
        table=table, vcov=vcov, inference=inference, sample=sample_of(panel), scores=influence, panel=panel,
        refit=partial(dose_response, dose=dose, pre=pre, post=post, degree=degree, knots=knots, grid=grid,
                      level=level), parts={"response": response},
        notes=(*warnings_of(panel), *unsettled(vcov, ["ATT", "ACRT"])),
    )  # fmt: skip


def _curve(y: Array, d: Array, spline: Spline) -> tuple[Array, Array]:
    """Spline coefficients (q,) among treated units, and every unit's part in them (n, q)."""
    treated = d > 0
    B = spline.at(d[treated])
    q = B.shape[1]
    if np.linalg.matrix_rank(B) < q or treated.sum() <= q:
        doses = len(np.unique(d[treated]))
        raise DataError(
            f"{int(treated.sum())} treated units with {doses} doses cannot fit {q} spline terms",
            "Choose a lower degree or fewer knots.",
        )
    beta = np.asarray(np.linalg.lstsq(B, y[treated], rcond=None)[0], np.float64)
    part = np.zeros((len(y), q))
    part[treated] = (B * (y[treated] - B @ beta)[:, None]) @ np.linalg.inv(B.T @ B)
    return beta, part


def _averages(y: Array, d: Array, spline: Spline, beta: Array, part: Array) -> tuple[Array, Array]:
    """Mean change and mean slope over treated doses, with the sampling of the doses in their influence."""
    treated = d > 0
    slope = spline.slope(d[treated])
    mean, acrt = float(y[treated].mean()), float((slope @ beta).mean())
    influence = np.column_stack([np.where(treated, y - mean, 0.0) / treated.sum(), part @ slope.mean(0)])
    influence[treated, 1] += (slope @ beta - acrt) / treated.sum()
    return np.array([mean, acrt]), influence


def _two_periods(
    panel: PolicyPanel, dose: str, pre: float | None, post: float | None
) -> tuple[Array, Array, Codes, tuple[float, float]]:
    """Change of the outcome and dose of every unit observed in both periods."""
    if dose not in panel.data.columns:
        raise UnknownName("column", dose, [str(c) for c in panel.data.columns])
    if len(panel.cohorts) != 1:
        raise DataError(
            f"{len(panel.cohorts)} cohorts adopt",
            "The dose response is for one adoption date: keep one cohort.",
        )
    g, times = float(panel.cohorts[0]), panel.period_values
    before = float(times[times < g][-1]) if pre is None else float(pre)
    after = float(times[times >= g][0]) if post is None else float(post)
    if before not in times or after not in times or not before < g <= after:
        raise OptionError(
            f"pre={pre}, post={post} are not allowed. Allowed: periods before {panel.period_name(g)}, and from it on."
        )
    value = _doses(panel, dose)
    N = len(panel.unit_labels)
    Y = np.full((N, 2), np.nan)
    d, cluster = np.zeros(N), np.zeros(N, np.int64)
    d[panel.units], cluster[panel.units] = value, panel.clusters
    for column, t in enumerate((before, after)):
        at = panel.period_values[panel.periods] == t
        Y[panel.units[at], column] = panel.y[at]
    both = ~np.isnan(Y).any(1)
    if not (both & (d == 0)).any():
        raise DataError(
            "no unit without dose is observed in both periods", "The response is against untreated units."
        )
    codes = np.unique(cluster[both], return_inverse=True)[1].astype(np.int64)
    return Y[both, 1] - Y[both, 0], d[both], codes, (before, after)


def _doses(panel: PolicyPanel, dose: str) -> Array:
    """The dose of every row, or the error that says why not."""
    value = real(panel.data, dose)
    if not np.isfinite(value).all() or (value < 0).any():
        bad = ~np.isfinite(value) | (value < 0)
        raise DataError(
            f"the dose {dose!r} is missing, infinite or negative",
            "Write 0 for untreated units.",
            rows=int(bad.sum()),
            first=str(panel.unit_labels[panel.units[bad.argmax()]]),
        )
    mismatch = (value > 0) != np.isfinite(panel.first)
    changes = np.zeros(len(value), bool)
    changes[1:] = (panel.units[1:] == panel.units[:-1]) & (value[1:] != value[:-1])
    for bad, problem in ((mismatch, "does not agree with adoption"), (changes, "changes within a unit")):
        if bad.any():
            raise DataError(
                f"the dose {dose!r} {problem}",
                "It is one number a unit, positive exactly where the unit adopts.",
                rows=int(bad.sum()),
                first=str(panel.unit_labels[panel.units[bad.argmax()]]),
            )
    return value


def _spline(dose: Array, degree: int, knots: int) -> Spline:
    inner = np.quantile(dose, np.linspace(0, 1, knots + 2)[1:-1])
    ends = np.repeat(dose.min(), degree + 1), np.repeat(dose.max(), degree + 1)
    return Spline(np.concatenate([ends[0], inner, ends[1]]), degree)


def _response(
    at: Array, level: Array, slope: Array, influence: tuple[Array, Array], *, inference: Inference, n: int
) -> pd.DataFrame:
    """ATT and ACRT by dose with their standard errors."""
    effect, change = influence
    out = estimate_table([f"{v:.4g}" for v in at], level, effect.T @ effect, inference, n)
    out.insert(1, "dose", at)
    return out.assign(acrt=slope, acrt_std_error=np.sqrt((change**2).sum(0)))
