"""Synthetic difference in differences, with placebo or jackknife inference."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.arrays import Array
from exportlab.errors import DataError, one_of
from exportlab.options import Level, Within, validated
from exportlab.panel.algebra.sandwich import ROUNDING
from exportlab.panel.algebra.simplex import simplex_least_squares
from exportlab.panel.did.synthetic import Block, blocks, placebo_estimate, weight_table
from exportlab.panel.estimate import Estimate

if TYPE_CHECKING:
    from exportlab.panel.door import PolicyPanel


@validated
def synthetic_did(
    panel: PolicyPanel,
    *,
    inference: str = "placebo",
    draws: Annotated[int, Within(20)] = 200,
    rng: int | np.random.Generator = 0,
    level: Level = 0.95,
) -> Estimate:
    r"""Synthetic difference in differences; several cohorts are averaged by their treated rows.

    Donor weights match the path before adoption up to a constant, with ridge
    :math:`\zeta^2T_{pre}`, :math:`\zeta=(N_{tr}T_{post})^{1/4}\hat\sigma`; period weights match the
    donors' average after adoption; the effect is the weighted double difference.

    Parameters
    ----------
    inference : {"placebo", "jackknife"}
        Placebo: donors treated at random, `draws` times (needs more donors than treated units). Jackknife
        over units, weights kept (needs two treated units in each cohort).

    Notes
    -----
    Weights are the exact optimum (an active-set method); R's synthdid stops a Frank-Wolfe iteration early
    and sets small weights to zero, which moves estimates in the third digit.

    References
    ----------
    Arkhangelsky, Athey, Hirshberg, Imbens and Wager (2021), AER 111, 4088-4118, algorithms 1, 3 and 4.
    """
    one_of("inference", inference, ["placebo", "jackknife"])
    found = blocks(panel)
    size = np.array([b.treated.shape[0] * (b.treated.shape[1] - b.before) for b in found], float)
    share = size / size.sum()
    fits = [_sdid(b.treated, b.donors, b.before) for b in found]
    estimate = float(share @ [f[0] for f in fits])
    if inference == "placebo":
        placebo = _placebos(found, share, draws=draws, rng=rng)
        se, p_rank = float(placebo.std()), float((1 + (np.abs(placebo) >= abs(estimate)).sum()) / (draws + 1))
        attained = {"placebo_rank_p": p_rank}
    else:
        se, attained = _jackknife(found, fits, share), {}
    if se <= ROUNDING * float(np.abs(panel.y).max()):
        se = np.nan  # a perfect fit: its spread is rounding
    p = float(2 * stats.norm.sf(abs(estimate) / se)) if se > 0 else np.nan
    seed = rng if isinstance(rng, int) and inference == "placebo" else None
    made = placebo_estimate(
        panel,
        estimate,
        p,
        method="Synthetic difference in differences",
        inference=f"{inference} standard error",
        parts=_parts(panel, found, fits, share),
        fit={**attained, "donors": float(len(found[0].donors))},
        refit=partial(synthetic_did, inference=inference, draws=draws, rng=rng, level=level),
        level=level,
        n=int(sum(b.treated.size for b in found)),
    )
    q = stats.norm.ppf(0.5 + level / 2)
    table = made.table.assign(std_error=se, conf_low=estimate - q * se, conf_high=estimate + q * se)
    kind = replace(
        made.inference,
        small_sample="none; normal reference",
        draws=draws if inference == "placebo" else 0,
        seed=seed,
    )
    return replace(made, table=table, vcov=np.array([[se**2]]), inference=kind)


def _parts(
    panel: PolicyPanel, found: list[Block], fits: list[tuple[float, Array, Array]], share: Array
) -> dict[str, pd.DataFrame]:
    """Donor weights, period weights, and each cohort's estimate with its weight."""
    both = list(zip(found, fits, strict=True))
    unit = pd.concat([weight_table(b, f[1]) for b, f in both], ignore_index=True)
    times = panel.period_values
    rows = [(b.cohort, t, w) for b, f in both for t, w in zip(times[: b.before], f[2], strict=True)]
    time = pd.DataFrame(rows, columns=["cohort", "period", "weight"])
    cohort = {"cohort": [b.cohort for b in found], "estimate": [f[0] for f in fits], "weight": share}
    return {"weights": unit, "time_weights": time, "cells": pd.DataFrame(cohort)}


def _sdid(treated: Array, donors: Array, before: int) -> tuple[float, Array, Array]:
    """Estimate, donor weights and period weights of one cohort."""
    N1, T1 = treated.shape[0], treated.shape[1] - before
    pre, post = donors[:, :before], donors[:, before:]
    noise = float(np.diff(pre, axis=1).std(ddof=1)) if pre.shape[1] > 1 and pre.size > 2 else 0.0
    target = treated.mean(0)
    zeta = (N1 * T1) ** 0.25 * noise
    omega = simplex_least_squares(pre.T, target[:before], ridge=zeta**2 * before, intercept=True)
    small = (1e-6 * noise) ** 2 * len(donors)
    lam = simplex_least_squares(pre, post.mean(1), ridge=small, intercept=True)
    return _double(target, donors, omega, lam, before), omega, lam


def _double(target: Array, donors: Array, omega: Array, lam: Array, before: int) -> float:
    gap = target - omega @ donors
    return float(gap[before:].mean() - lam @ gap[:before])


def _placebos(found: list[Block], share: Array, *, draws: int, rng: int | np.random.Generator) -> Array:
    wanted = [len(b.treated) for b in found]
    J = len(found[0].donors)
    if sum(wanted) >= J:
        raise DataError(
            f"{sum(wanted)} treated units and {J} donors: a placebo needs more donors than treated units",
            "Use inference='jackknife'.",
        )
    generator = np.random.default_rng(rng)
    out = np.zeros(draws)
    for i in range(draws):
        order = generator.permutation(J)
        donors = found[0].donors[order[sum(wanted) :]]
        start = 0
        for b, n, s in zip(found, wanted, share, strict=True):
            out[i] += s * _sdid(b.donors[order[start : start + n]], donors, b.before)[0]
            start += n
    return out


def _jackknife(found: list[Block], fits: list[tuple[float, Array, Array]], share: Array) -> float:
    if min(len(b.treated) for b in found) < 2:
        raise DataError(
            "a cohort has one treated unit: leaving it out leaves nothing", "Use inference='placebo'."
        )
    total = 0.0
    J = len(found[0].donors)
    left: list[float] = []
    for j in range(J):
        values = []
        for b, (_, omega, lam) in zip(found, fits, strict=True):
            w = np.delete(omega, j)
            w = w / w.sum() if w.sum() > 0 else np.full(J - 1, 1 / (J - 1))
            values.append(_double(b.treated.mean(0), np.delete(b.donors, j, axis=0), w, lam, b.before))
        left.append(float(share @ values))
    for c, b in enumerate(found):
        for i in range(len(b.treated)):
            values = [f[0] for f in fits]
            target = np.delete(b.treated, i, axis=0).mean(0)
            values[c] = _double(target, b.donors, fits[c][1], fits[c][2], b.before)
            left.append(float(share @ values))
    n = len(left)
    total = (n - 1) / n * float(((np.array(left) - np.mean(left)) ** 2).sum())
    return float(np.sqrt(total))
