"""Common correlated effects: regressions whose errors share shocks with unequal loadings (Pesaran 2006)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exportlab.columns import in_time
from exportlab.errors import DataError, one_of
from exportlab.frames import Array, Codes
from exportlab.options import Level, validated
from exportlab.panel.algebra.sandwich import ROUNDING, settled, unsettled
from exportlab.panel.estimate import Estimate, Inference, Sample, estimate_table
from exportlab.panel.regression.effects import ordered_codes, panel_design
from exportlab.panel.regression.formula import Roles

POOLED = "Pesaran (2006), equations 67 to 69: spread of the units' own slopes, N-1"
GROUP = "Pesaran (2006), equation 58: variance of the units' own slopes over N"


@validated
def common_correlated(
    table: Any,
    formula: str,
    *,
    unit: str,
    period: str,
    kind: str = "pooled",
    missing: str = "refuse",
    level: Level = 0.95,
) -> Estimate:
    r"""Regression whose errors share shocks that hit units unequally: averages of all units stand for the shocks.

    Every unit's regression :math:`y_{it}=a_i+x_{it}'\beta_i+c_i'(\bar y_t,\bar x_t)+u_{it}` has the period's averages
    of outcome and regressors beside its own; :math:`\beta` is the average of the units' slopes (``"mean group"``), or
    what all rows say together once each unit's averages are taken out (``"pooled"``).

    Parameters
    ----------
    table, formula, unit, period, missing, level : see `exportlab.panel.fixed_effects`
    kind : {"pooled", "mean group"}
        Pooled needs slopes that do not differ in relation to the regressors; mean group needs enough periods a unit
        for a regression of its own.

    Returns
    -------
    Estimate
        ``parts["slopes"]``: each unit's own.

    Raises
    ------
    DataError
        A unit has too few periods for the averages and its own slopes, or a regressor that does not vary beside them.

    Notes
    -----
    A regressor that is the same for all units in a period cannot be told from the shocks. Averages count all rows of a
    period, whatever units are missing. Standard errors come from how much the units' slopes differ, and need many
    units.

    References
    ----------
    Pesaran (2006), Econometrica 74, 967-1012. The numbers are those of ``pcce`` of R's plm.
    """
    one_of("kind", kind, ["pooled", "mean group"])
    d = panel_design(table, formula, unit, period, Roles({unit: [unit]}, {unit: [unit]}), missing=missing)
    units = ordered_codes(d.data[unit])
    periods = in_time(d.data[period], period, needs="averages of a period")
    own = _own(d.y, d.x, units, periods, (d.names, [str(u) for u in np.unique(d.data[unit])]))
    slopes = np.array([o.slope for o in own])
    N = len(slopes)
    apart = slopes - slopes.mean(0)
    if kind == "mean group":
        beta, scores = slopes.mean(0), apart / np.sqrt(N * (N - 1))
    else:
        gram = np.array([o.gram for o in own])
        bread = np.linalg.inv(gram.sum(0))
        beta = bread @ sum(o.cross for o in own)
        pull = np.einsum("ijk,ik->ij", gram, apart)
        scores = np.sqrt(N / (N - 1)) * pull @ bread
    size = ROUNDING * float(np.abs(d.y).max()) / np.maximum(np.abs(d.x).max(0), 1e-300)
    covariance = settled(scores.T @ scores, size)
    words = GROUP if kind == "mean group" else POOLED
    inference = Inference("spread of the units' slopes", words, np.inf, level, 1.0, unit, N)
    parts = {"slopes": _slope_table(slopes, d.names, np.unique(d.data[unit]), unit)}
    return Estimate(
        method=f"Common correlated effects ({kind})",
        estimand=f"effect on {d.outcome}",
        comparison=f"the same {unit}, shared shocks taken out by the periods' averages",
        weighting="units equally"
        if kind == "mean group"
        else "by the variation of each unit that is its own",
        table=estimate_table(list(d.names), beta, covariance, inference, len(d.y)),
        vcov=covariance,
        scores=scores,
        clusters=tuple(np.unique(d.data[unit])),
        inference=inference,
        sample=Sample(d.rows, len(d.y), d.lost, units=N, periods=int(periods.max()) + 1),
        parts=parts,
        notes=unsettled(covariance, list(d.names)),
    )


@dataclass(frozen=True, eq=False)
class _Own:
    """One unit's regression, averages taken out: cross products of regressors, with the outcome, and its slopes."""

    gram: Array
    cross: Array
    slope: Array


def _own(
    y: Array, x: Array, units: Codes, periods: Codes, names: tuple[tuple[str, ...], list[str]]
) -> list[_Own]:
    """Every unit's regression on its own regressors, a constant and the periods' averages."""
    both = np.column_stack([y, x])
    count = np.bincount(periods)[:, None]
    mean = np.column_stack([np.bincount(periods, weights=c) for c in both.T]) / count
    out = []
    for i in range(int(units.max()) + 1):
        rows = units == i
        if rows.sum() < 2 * x.shape[1] + 3:
            raise DataError(
                f"{names[1][i]} has {int(rows.sum())} periods for {2 * x.shape[1] + 2} coefficients of its own",
                "Bring more periods, or fewer regressors.",
            )
        Z = np.column_stack([np.ones(int(rows.sum())), mean[periods[rows]]])
        Z = Z / np.linalg.norm(Z, axis=0).clip(1e-300)
        net = both[rows] - Z @ np.linalg.lstsq(Z, both[rows], rcond=1e-12)[0]
        scale = np.linalg.norm(both[rows], axis=0).clip(1e-300)
        R = np.linalg.qr(net[:, 1:] / scale[1:], mode="r")
        bad = np.flatnonzero(np.abs(np.diag(R)) < 1e-9)
        if len(bad):
            raise DataError(
                f"{names[0][int(bad[0])]} does not vary in {names[1][i]} beside the periods' averages",
                "A regressor that is the same for all, or constant in a unit, cannot be told from what units share.",
            )
        X = net[:, 1:]
        out.append(_Own(X.T @ X, X.T @ net[:, 0], np.linalg.lstsq(X, net[:, 0], rcond=None)[0]))
    return out


def _slope_table(slopes: Array, names: tuple[str, ...], labels: Any, unit: str) -> pd.DataFrame:
    return pd.DataFrame(slopes, columns=list(names)).assign(**{unit: labels})[[unit, *names]]
