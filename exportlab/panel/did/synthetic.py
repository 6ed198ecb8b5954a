"""Synthetic control with placebo inference, and what synthetic methods share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.arrays import Array
from exportlab.errors import DataError, OptionError
from exportlab.options import Level, validated
from exportlab.panel.algebra.sandwich import ROUNDING
from exportlab.panel.algebra.simplex import simplex_least_squares
from exportlab.panel.did.comparison import refuse_no_variation
from exportlab.panel.did.regress import sample_of, warnings_of
from exportlab.panel.estimate import Estimate, Inference

if TYPE_CHECKING:
    from exportlab.panel.door import PolicyPanel

PLACEBO = "exact under exchangeable units: rank among placebo effects"


@dataclass(frozen=True, eq=False)
class Block:
    """Outcomes of a cohort (mean over its units) and of the never-treated, periods before adoption first."""

    cohort: float
    treated: Array  # (n_treated, T)
    donors: Array  # (J, T)
    before: int
    labels: tuple[str, ...]


def blocks(panel: PolicyPanel) -> list[Block]:
    """One block a cohort; refuses gaps, and panels without never-treated units or two periods before adoption."""
    refuse_no_variation(panel)
    N, T = len(panel.unit_labels), len(panel.period_values)
    if len(panel.y) != N * T:
        raise DataError(
            f"synthetic methods need a balanced panel; {N * T - len(panel.y):,} unit-periods are missing",
            "Leave out units or periods with gaps before.",
        )
    if panel.w is not None or panel.covariates:
        raise OptionError(
            "Synthetic methods match on the outcome's path and take neither weights nor covariates: "
            "build the panel without them."
        )
    never = np.isinf(panel.adoption)
    if never.sum() < 2:
        raise DataError(
            f"{int(never.sum())} never-treated {panel.unit}(s)", "At least two donors are needed."
        )
    Y = panel.y.reshape(N, T)
    labels = tuple(str(u) for u in panel.unit_labels[never])
    out = []
    for g in panel.cohorts:
        before = int(np.searchsorted(panel.period_values, g))
        if before < 2:
            raise DataError(
                f"cohort {g:.0f} has {before} period(s) before adoption", "At least two are needed."
            )
        out.append(Block(float(g), Y[panel.adoption == g], Y[never], before, labels))
    if not out:
        raise DataError("every treated unit is treated from the start", "Weights are fitted before adoption.")
    return out


@validated
def synthetic_control(panel: PolicyPanel, *, level: Level = 0.95) -> Estimate:
    r"""Synthetic control of one cohort: donor weights on the simplex that match the path before adoption.

    :math:`\hat\omega=\arg\min_{\omega\ge0,\,\sum\omega=1}\sum_{t<g}(\bar y_{1t}-\sum_j\omega_jy_{jt})^2`;
    the effect is the average gap after adoption. Inference is in space: every donor is treated in turn
    and the ratio of its root mean squared gap after to before adoption is ranked.

    Returns
    -------
    Estimate
        With the placebo p-value; ``std_error`` is NaN, for there is none. ``parts``: ``"weights"``,
        ``"gaps"``, ``"placebos"``.

    Notes
    -----
    With J donors the smallest attainable p-value is 1 / (J + 1).

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), JASA 105, 493-505.
    """
    found = blocks(panel)
    if len(found) > 1:
        raise DataError(
            f"{len(found)} cohorts adopt at different dates",
            "Keep one cohort's units and the never-treated ones, or use synthetic_did, which averages "
            "cohorts.",
        )
    block = found[0]
    target, k = block.treated.mean(0), block.before
    weight = simplex_least_squares(block.donors[:, :k].T, target[:k])
    gap = target - weight @ block.donors
    least = ROUNDING * float(np.abs(panel.y).max())
    rows = [("treated", *_spread(gap, k, least))]
    for j in range(len(block.donors)):
        others = np.delete(block.donors, j, axis=0)
        placebo = simplex_least_squares(others[:, :k].T, block.donors[j, :k])
        rows.append((block.labels[j], *_spread(block.donors[j] - placebo @ others, k, least)))
    placebos = pd.DataFrame(rows, columns=["unit", "att", "rmspe_before", "rmspe_after", "ratio"])
    p = float((placebos["ratio"] >= placebos["ratio"].iloc[0] * (1 - 1e-12)).mean())
    gaps = pd.DataFrame(
        {
            "period": panel.period_values, "event_time": (panel.period_values - block.cohort).astype(int),
            "treated": target, "synthetic": weight @ block.donors, "gap": gap,
        }
    )  # fmt: skip
    fit = {"rmspe_before": float(placebos["rmspe_before"].iloc[0]), "donors": float(len(block.donors))}
    return placebo_estimate(
        panel,
        float(gap[k:].mean()),
        p,
        method="Synthetic control",
        inference="placebo in space (RMSPE ratio)",
        parts={"weights": weight_table(block, weight), "gaps": gaps, "placebos": placebos},
        fit=fit,
        refit=partial(synthetic_control, level=level),
        level=level,
        n=block.treated.size,
    )


def _spread(gap: Array, k: int, least: float) -> tuple[float, float, float, float]:
    """Mean gap after adoption, its size before and after, and their ratio; a size up to `least` is rounding."""
    before, after = float(np.sqrt((gap[:k] ** 2).mean())), float(np.sqrt((gap[k:] ** 2).mean()))
    return float(gap[k:].mean()), before, after, after / before if before > least else np.inf


def weight_table(block: Block, weight: Array) -> pd.DataFrame:
    table = pd.DataFrame({"cohort": block.cohort, "unit": block.labels, "weight": weight})
    return table[table["weight"] > 0].sort_values("weight", ascending=False, ignore_index=True)


def placebo_estimate(
    panel: PolicyPanel,
    estimate: float,
    p: float,
    *,
    method: str,
    inference: str,
    parts: dict[str, pd.DataFrame],
    fit: dict[str, float],
    refit: object,
    level: float,
    n: int,
) -> Estimate:
    table = pd.DataFrame(
        {
            "term": ["ATT"], "estimate": [estimate], "std_error": [np.nan], "conf_low": [np.nan],
            "conf_high": [np.nan], "p_value": [p], "n": [n],
        }
    )  # fmt: skip
    kind = Inference(
        inference, PLACEBO, np.inf, level, 1.0, panel.cluster or panel.unit, len(panel.cluster_labels),
        panel.treated_clusters,
    )  # fmt: skip
    return Estimate(
        method=method, estimand="average effect on the treated after adoption",
        comparison="a weighted average of never-treated units", weighting="treated rows equally", table=table,
        vcov=np.full((1, 1), np.nan), inference=kind, sample=sample_of(panel), panel=panel, refit=refit,  # type: ignore[arg-type]
        parts=parts, fit=fit, notes=warnings_of(panel, asymptotic=False),
    )  # fmt: skip
