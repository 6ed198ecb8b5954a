"""Synthetic control with placebo inference, and what synthetic methods share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Mask
from exportlab.options import Level, Within, validated
from exportlab.panel.algebra.draws import TIE, assignments
from exportlab.panel.algebra.sandwich import ROUNDING
from exportlab.panel.did.regress import Account, refuse_no_variation, sample_of, warnings_of
from exportlab.panel.estimate import Estimate, Inference
from exportlab.threads import on_one_thread

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

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
                f"cohort {panel.period_name(g)} has {before} period(s) before adoption",
                "At least two are needed.",
            )
        out.append(Block(float(g), Y[panel.adoption == g], Y[never], before, labels))
    if not out:
        raise DataError("every treated unit is treated from the start", "Weights are fitted before adoption.")
    return out


@on_one_thread
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
    placebos = _in_space(block, gap, ROUNDING * float(np.abs(panel.y).max()))
    p = float((placebos["ratio"] >= placebos["ratio"].iloc[0] * (1 - 1e-12)).mean())
    gaps = pd.DataFrame(
        {
            "period": panel.named(panel.period_values), "event_time": (panel.period_values - block.cohort).astype(int),
            "treated": target, "synthetic": weight @ block.donors, "gap": gap,
        }
    )  # fmt: skip
    fit = {
        "rmspe_before": float(placebos["rmspe_before"].iloc[0]),
        "donors": float(len(block.donors)),
        "attainable": 1 / len(placebos),
    }
    return placebo_estimate(
        panel,
        float(gap[k:].mean()),
        p,
        _account(
            "Synthetic control",
            partial(synthetic_control, level=level),
            {"weights": weight_table(panel, block, weight), "gaps": gaps, "placebos": placebos},
        ),
        inference="placebo in space (RMSPE ratio)",
        fit=fit,
        level=level,
        n=block.treated.size,
    )


def _in_space(block: Block, gap: Array, least: float) -> pd.DataFrame:
    """Effect and fit of the treated and of each donor treated in its place."""
    k = block.before
    rows = [("treated", *_spread(gap, k, least))]
    for j in range(len(block.donors)):
        others = np.delete(block.donors, j, axis=0)
        placebo = simplex_least_squares(others[:, :k].T, block.donors[j, :k])
        rows.append((block.labels[j], *_spread(block.donors[j] - placebo @ others, k, least)))
    return pd.DataFrame(rows, columns=["unit", "att", "rmspe_before", "rmspe_after", "ratio"])


def _spread(gap: Array, k: int, least: float) -> tuple[float, float, float, float]:
    """Mean gap after adoption, its size before and after, and their ratio; a size up to `least` is rounding."""
    before, after = float(np.sqrt((gap[:k] ** 2).mean())), float(np.sqrt((gap[k:] ** 2).mean()))
    return float(gap[k:].mean()), before, after, after / before if before > least else np.inf


def weight_table(panel: PolicyPanel, block: Block, weight: Array) -> pd.DataFrame:
    table = pd.DataFrame({"cohort": panel.named([block.cohort])[0], "unit": block.labels, "weight": weight})
    return table[table["weight"] > 0].sort_values("weight", ascending=False, ignore_index=True)


def _account(method: str, again: object, parts: dict[str, pd.DataFrame]) -> Account:
    return Account(
        method,
        estimand="average effect on the treated after adoption",
        comparison="a weighted average of never-treated units",
        weighting="treated rows equally",
        refit=again,
        parts=parts,
    )


def placebo_estimate(
    panel: PolicyPanel,
    estimate: float,
    p: float,
    account: Account,
    *,
    inference: str,
    fit: dict[str, float],
    level: float,
    n: int,
) -> Estimate:
    table = pd.DataFrame(
        {
            "term": ["ATT"],
            "estimate": [estimate],
            "std_error": [np.nan],
            "conf_low": [np.nan],
            "conf_high": [np.nan],
            "p_value": [p],
            "n": [n],
        }
    )
    kind = Inference(
        inference,
        PLACEBO,
        np.inf,
        level,
        1.0,
        panel.cluster or panel.unit,
        len(panel.cluster_labels),
        panel.treated_clusters,
    )
    return Estimate(
        method=account.method,
        estimand=account.estimand,
        comparison=account.comparison,
        weighting=account.weighting,
        table=table,
        vcov=np.full((1, 1), np.nan),
        inference=kind,
        sample=sample_of(panel),
        panel=panel,
        refit=account.refit,
        parts=account.parts,
        fit=fit,
        notes=warnings_of(panel, asymptotic=False),
    )


# Synthetic difference in differences, with placebo or jackknife inference.


@on_one_thread
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
        Placebo: donors treated instead, in all distinct ways or `draws` of them (needs more donors than treated
        units). Jackknife over units, weights kept (needs two treated units in each cohort).

    Notes
    -----
    With placebos p is the rank of the estimate among them, (1 + those as large) / (1 + all), and the interval is what
    that test keeps: the whole line where no p below 1 - level is attainable (one treated unit and eleven donors: 1/12).
    The standard error is the placebos' spread; a normal interval of it, as in the paper, is too short with few donors.
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
        placebo, all_of_them = _placebos(found, share, draws=draws, rng=rng)
        se, attained = float(placebo.std()), {"attainable": 1 / (1 + len(placebo))}
    else:
        se, attained, placebo, all_of_them = _jackknife(found, fits, share), {}, np.zeros(0), True
    if se <= ROUNDING * float(np.abs(panel.y).max()):
        se = np.nan  # a perfect fit: its spread is rounding
    p, half = (
        _normal(estimate, se, level) if inference == "jackknife" else _ranked(estimate, placebo, se, level)
    )
    seed = rng if isinstance(rng, int) and not all_of_them else None
    again = partial(synthetic_did, inference=inference, draws=draws, rng=rng, level=level)
    made = placebo_estimate(
        panel,
        estimate,
        p,
        _account("Synthetic difference in differences", again, _parts(panel, found, fits, share)),
        inference=f"{inference} standard error",
        fit={**attained, "donors": float(len(found[0].donors))},
        level=level,
        n=int(sum(b.treated.size for b in found)),
    )
    table = made.table.assign(std_error=se, conf_low=estimate - half, conf_high=estimate + half)
    words = (
        "none; normal reference"
        if inference == "jackknife"
        else f"{PLACEBO}, of {len(placebo)} distinct ones"
    )
    kind = replace(made.inference, small_sample=words, draws=len(placebo), seed=seed)
    return replace(made, table=table, vcov=np.array([[se**2]]), inference=kind)


def _parts(
    panel: PolicyPanel, found: list[Block], fits: list[tuple[float, Array, Array]], share: Array
) -> dict[str, pd.DataFrame]:
    """Donor weights, period weights, and each cohort's estimate with its weight."""
    both = list(zip(found, fits, strict=True))
    unit = pd.concat([weight_table(panel, b, f[1]) for b, f in both], ignore_index=True)
    times = panel.period_values
    rows = [(b.cohort, t, w) for b, f in both for t, w in zip(times[: b.before], f[2], strict=True)]
    time = pd.DataFrame(rows, columns=["cohort", "period", "weight"])
    time = time.assign(cohort=panel.named(time["cohort"]), period=panel.named(time["period"]))
    cohort = {
        "cohort": panel.named([b.cohort for b in found]),
        "estimate": [f[0] for f in fits],
        "weight": share,
    }
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


def _normal(estimate: float, se: float, level: float) -> tuple[float, float]:
    """p and half the interval's length by the normal distribution."""
    if not se > 0:
        return float("nan"), float("nan")
    return float(2 * stats.norm.sf(abs(estimate) / se)), float(stats.norm.ppf(0.5 + level / 2)) * se


def _ranked(estimate: float, placebo: Array, se: float, level: float) -> tuple[float, float]:
    """p by the rank among placebos, and half the length of the interval that this test keeps."""
    if not se > 0:
        return float("nan"), float("nan")
    size = np.sort(np.abs(placebo))[::-1]
    p = float((1 + (size >= abs(estimate) * (1 - TIE)).sum()) / (1 + len(size)))
    # an effect b is kept while more than (1 - level)(1 + B) of estimate and placebos are as large as |estimate - b|
    needed = int(np.floor((1 - level) * (1 + len(size)) + 1e-9))
    return p, float(size[needed - 1]) if needed else float("inf")


def _placebos(
    found: list[Block], share: Array, *, draws: int, rng: int | np.random.Generator
) -> tuple[Array, bool]:
    """Effects of placebo treatments of donors, each set of donors once; and whether these are all there are."""
    wanted = [len(b.treated) for b in found]
    J = len(found[0].donors)
    if sum(wanted) >= J:
        raise DataError(
            f"{sum(wanted)} treated units and {J} donors: a placebo needs more donors than treated units",
            "Use inference='jackknife'.",
        )
    labels = np.repeat(np.arange(len(wanted) + 1), [*wanted, J - sum(wanted)])  # the last: still donors
    others = assignments(labels, n_draws=2 * draws, max_enumerated=draws, rng=rng)
    which = others.which if others.enumerated else np.unique(others.which, axis=0)
    if len(which) > draws:
        which = np.random.default_rng(rng).permutation(which)[:draws]
    out = np.zeros(len(which))
    for i, code in enumerate(which):
        donors = found[0].donors[code == len(wanted)]
        for c, (b, s) in enumerate(zip(found, share, strict=True)):
            out[i] += s * _sdid(b.donors[code == c], donors, b.before)[0]
    return out, others.enumerated


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


# Least squares over weights that are non-negative and sum to one, solved exactly.

TOLERANCE = 1e-10


def simplex_least_squares(A: Array, b: Array, *, ridge: float = 0.0, intercept: bool = False) -> Array:
    r"""Minimise :math:`\|A\omega + \omega_0 - b\|^2 + ridge\,\|\omega\|^2` over the simplex.

    Parameters
    ----------
    A : (m, n), b : (m,)
    ridge : float
    intercept : bool
        Whether the free constant :math:`\omega_0` is there.

    Returns
    -------
    (n,) weights, non-negative, summing to one

    Notes
    -----
    An active-set method: the support grows by the weight with the most negative multiplier and shrinks
    when a weight would turn negative; it ends at the exact optimum after finitely many steps. With a ridge it begins
    where exchanging all on the wrong side at once leads (Portugal, Júdice and Vicente 1994), mostly the optimum.
    """
    common = A.mean(1)  # the weights sum to one: what all columns share changes nothing but the rounding
    apart = A - common[:, None]
    alike = np.abs(apart).max() <= 1e-13 * np.abs(A).max()  # columns that differ by rounding only
    A, b = np.zeros_like(A) if alike else apart, b - common
    if intercept:
        A, b = A - A.mean(0), b - b.mean()
    n = A.shape[1]
    scale = (float(np.trace(A.T @ A)) / n + ridge) or 1.0
    H = A.T @ A / scale + (ridge / scale + 1e-12) * np.eye(n)  # a breath of ridge makes the optimum unique
    f = A.T @ b / scale
    w = _exchanged(H, f) if ridge > 0 else _vertex(H, f)
    for _ in range(50 * n + 50):
        w = _settle(H, f, w)
        gradient = H @ w - f
        level = gradient[w > 0].mean()
        slack = np.where(w > 0, 0.0, gradient - level)
        worst = int(np.argmin(slack))
        if slack[worst] >= -TOLERANCE * (1 + np.abs(f).max()):
            break
        w = _enter(H, f, w, worst)
    return w


def _vertex(H: Array, f: Array) -> Array:
    """All weight on the best one."""
    w = np.zeros(len(f))
    w[int(np.argmin(np.diag(H) / 2 - f))] = 1.0
    return w


def _exchanged(H: Array, f: Array, rounds: int = 20) -> Array:
    """Weights after rounds in which all negative ones leave the support and all with a negative multiplier enter it."""
    w, on = np.zeros(len(f)), np.ones(len(f), bool)
    for _ in range(rounds):
        w = _optimum(H, f, on)
        gradient = H @ w - f
        wrong = np.where(on, w < 0, gradient < gradient[on].mean())
        if not wrong.any() or (wrong == on).all():
            break
        on ^= wrong
    kept: Array = np.maximum(w, 0.0)
    return kept / float(kept.sum())


def _optimum(H: Array, f: Array, on: Mask) -> Array:
    """Minimiser over the support `on` with the sum fixed to one, signs free."""
    at = np.flatnonzero(on)
    K = np.zeros((len(at) + 1, len(at) + 1))
    K[:-1, :-1] = H[np.ix_(at, at)]
    K[:-1, -1] = K[-1, :-1] = 1.0  # the Lagrange condition of sum(w) = 1 (Nocedal and Wright 2006, eq. 16.4)
    full = np.zeros(len(f))
    full[at] = np.linalg.solve(K, np.append(f[at], 1.0))[:-1]
    return full


def _settle(H: Array, f: Array, w: Array, entering: int | None = None) -> Array:
    """Move to the optimum of the support, dropping weights that would turn negative on the way."""
    on = w > 0
    if entering is not None:
        on[entering] = True
    while True:
        goal = _optimum(H, f, on)
        falling = on & (goal < 0)
        if not falling.any():
            return goal
        steps = np.full(len(w), np.inf)
        steps[falling] = w[falling] / (w[falling] - goal[falling])
        step = steps.min()
        w = np.maximum(w + step * (goal - w), 0.0)
        on &= ~(falling & (steps <= step * (1 + 1e-12)))
        w[~on] = 0.0


def _enter(H: Array, f: Array, w: Array, index: int) -> Array:
    return _settle(H, f, w, entering=index)
