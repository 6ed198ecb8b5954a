"""What the two-way fixed-effects estimate averages: Goodman-Bacon comparisons and the weights on each effect."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError
from exportlab.frames import Array
from exportlab.options import validated
from exportlab.panel.algebra.absorb import absorb
from exportlab.panel.algebra.levels import Effects
from exportlab.panel.contract import refuse_other_designs
from exportlab.panel.did.regress import refuse_collinear
from exportlab.results import Result, table_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.panel.policy_panel import PolicyPanel

NEVER = "treated vs never treated"
ALWAYS = "treated vs always treated"
EARLY = "earlier vs later treated"
LATE = "later vs earlier treated"


@dataclass(frozen=True, repr=False, eq=False)
class Bacon(Result):
    """Goodman-Bacon decomposition.

    Attributes
    ----------
    table : DataFrame
        One row a two-by-two comparison: ``kind, treated, control, weight, estimate``; the weights sum to one.
    twfe : float
        The two-way estimate: ``(weight * estimate).sum()``.
    """

    table: pd.DataFrame
    twfe: float

    @property
    def title(self) -> str:
        return f"Goodman-Bacon decomposition of the two-way estimate {self.twfe:.4g}"

    @property
    def by_kind(self) -> pd.DataFrame:
        """Total weight and average estimate of each kind of comparison."""
        t = self.table.assign(product=self.table["weight"] * self.table["estimate"])
        out = t.groupby("kind", sort=False)[["weight", "product"]].sum().reset_index()
        out["estimate"] = out["product"] / out["weight"]
        return out.drop(columns="product")

    @property
    def forbidden(self) -> float:
        """Weight on comparisons with units already treated."""
        t = self.table
        return float(t.loc[t["kind"].isin([LATE, ALWAYS]), "weight"].sum())

    def summary(self) -> str:
        return f"{super().summary()}\n\n{self.by_kind.to_string(index=False, float_format='{:.4f}'.format)}"

    @property
    def remarks(self) -> tuple[str, ...]:
        """The weight on comparisons that two-way fixed effects should not make."""
        return (f"Weight on comparisons with already-treated units: {self.forbidden:.1%}.",)

    def _repr_html_(self) -> str:
        return super()._repr_html_() + table_html(self.by_kind)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Scatter of estimates over weights."""
        from exportlab.plots.panel import bacon_scatter

        return bacon_scatter(self, ax=ax, **options)


def bacon(panel: PolicyPanel) -> Bacon:
    r"""Decompose the two-way fixed-effects estimate into its two-by-two comparisons.

    With cohort shares :math:`n_k`, shares of time treated :math:`\bar D_k` and
    :math:`n_{kl} = n_k / (n_k + n_l)`, the weights are proportional to

    * treated k, never treated u: :math:`(n_k + n_u)^2 n_{ku}(1-n_{ku})\bar D_k(1-\bar D_k)`
    * k earlier than l, before l adopts: :math:`((n_k+n_l)(1-\bar D_l))^2 n_{kl}(1-n_{kl})
      \frac{\bar D_k-\bar D_l}{1-\bar D_l}\frac{1-\bar D_k}{1-\bar D_l}`
    * l later than k, after k adopted: :math:`((n_k+n_l)\bar D_k)^2 n_{kl}(1-n_{kl})
      \frac{\bar D_l}{\bar D_k}\frac{\bar D_k-\bar D_l}{\bar D_k}`.

    Raises
    ------
    DataError
        If the panel is unbalanced or weighted, or has covariates: the theorem is for balanced panels, and for the
        estimate without covariates.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225, 254-277.
    """
    refuse_other_designs(panel)
    if panel.X.shape[1]:
        raise DataError(
            f"the decomposition is of the estimate without covariates; this panel has {', '.join(panel.covariates)}",
            "Build the panel without them, or look at negative_weights(panel).",
        )
    N, T = len(panel.unit_labels), len(panel.period_values)
    if len(panel.y) != N * T or panel.w is not None:
        raise DataError(
            f"the decomposition needs a balanced panel without weights; {N * T - len(panel.y):,} rows "
            f"are missing",
            "Look at negative_weights(panel) instead, which needs neither.",
        )
    Y = panel.y.reshape(N, T)
    g = np.where(panel.adoption <= panel.period_values[0], -np.inf, panel.adoption)
    groups = [float(v) for v in np.unique(g)]
    mean = {v: Y[g == v].mean(0) for v in groups}
    share = {v: float((g == v).mean()) for v in groups}
    on = {v: panel.period_values >= v for v in groups}
    rows = []
    for early, late in combinations(groups, 2):
        rows += _pair(early, late, mean, share=share, on=on)
    table = pd.DataFrame(rows, columns=["kind", "treated", "control", "weight", "estimate"])
    if table.empty:
        raise DataError(
            "there is one adoption group only", "The decomposition compares groups that differ in adoption."
        )
    table["weight"] /= table["weight"].sum()
    table = table.assign(treated=panel.named(table["treated"]), control=panel.named(table["control"]))
    return Bacon(table, float((table["weight"] * table["estimate"]).sum()))


def _pair(k: float, m: float, mean: Any, *, share: Any, on: Any) -> list[tuple[Any, ...]]:
    n, nk = share[k] + share[m], share[k] / (share[k] + share[m])
    Dk, Dl = on[k].mean(), on[m].mean()
    spread = nk * (1 - nk)

    def did(treated: float, control: float, post: Any, pre: Any) -> float:
        t, c = mean[treated], mean[control]
        return float(t[post].mean() - t[pre].mean() - (c[post].mean() - c[pre].mean()))

    if np.isinf(m) and np.isinf(k):
        return []  # always against never: no variation in treatment
    if np.isinf(m):
        return [(NEVER, k, np.inf, n**2 * spread * Dk * (1 - Dk), did(k, m, on[k], ~on[k]))]
    if np.isinf(k):
        return [(ALWAYS, m, -np.inf, n**2 * spread * Dl * (1 - Dl), did(m, k, on[m], ~on[m]))]
    early = (n * (1 - Dl)) ** 2 * spread * (Dk - Dl) / (1 - Dl) * (1 - Dk) / (1 - Dl)
    late = (n * Dk) ** 2 * spread * Dl / Dk * (Dk - Dl) / Dk
    between = on[k] & ~on[m]
    return [
        (EARLY, k, m, early, did(k, m, between, ~on[k])),
        (LATE, m, k, late, did(m, k, on[m], between)),
    ]


@validated
def negative_weights(panel: PolicyPanel) -> pd.DataFrame:
    r"""Weights of the two-way estimate on the effect in each treated cohort and period; they sum to one.

    The weight on a treated row is :math:`w\tilde D / \sum_{D=1} w\tilde D` with :math:`\tilde D` the
    residual of treatment on the unit and period effects and covariates (de Chaisemartin and D'Haultfoeuille 2020). A
    negative one means that a larger effect there makes the estimate smaller.

    Returns
    -------
    DataFrame
        ``cohort, period, n, weight``, one row a treated cohort and period.
    """
    residual = treatment_residual(panel)
    w = np.ones(len(panel.y)) if panel.w is None else panel.w
    treated = panel.D > 0
    weight = (w * residual)[treated]
    rows = pd.DataFrame(
        {
            "cohort": panel.first[treated],
            "period": panel.period_values[panel.periods][treated],
            "weight": weight,
        }
    )
    out = rows.groupby(["cohort", "period"])["weight"].agg(n="size", weight="sum").reset_index()
    out["weight"] = out["weight"] / out["weight"].sum()
    return out.assign(cohort=panel.named(out["cohort"]), period=panel.named(out["period"]))


def treatment_residual(panel: PolicyPanel) -> Array:
    """Residual (n,) of treatment on unit and period effects and covariates."""
    effects = Effects.encode({"unit": panel.units, "period": panel.periods})
    left = absorb(np.column_stack([panel.D, panel.X]), effects, panel.w)
    D, X = left[:, 0], left[:, 1:]
    if not X.shape[1]:
        return D
    root = np.ones(len(D)) if panel.w is None else np.sqrt(panel.w)
    refuse_collinear(panel.X, X, panel.covariates)
    X = X / np.sqrt((X**2).sum(0))
    out: Array = D - X @ np.linalg.lstsq(X * root[:, None], D * root, rcond=None)[0]
    return out
