"""Several hypotheses at once: Romano-Wolf and Holm p-values, simultaneous (sup-t) critical values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from exportlab.errors import DataError, OptionError
from exportlab.frames import Array
from exportlab.options import Count, Freedom, Level, validated
from exportlab.panel.algebra.draws import TIE, draws, p_value
from exportlab.panel.inference.wild import WildTest, chosen, fit_of, multiplier_t, refuse_none
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.panel.algebra.draws import Draws
    from exportlab.panel.estimate import Estimate


@dataclass(frozen=True, eq=False, repr=False)
class RomanoWolf(Result):
    """Hypotheses tested together.

    Attributes
    ----------
    table : pandas.DataFrame
        outcome, term, estimate, statistic, p (each alone), p_romano_wolf, p_holm.
    clusters, draws, seed
    """

    table: pd.DataFrame
    clusters: int
    draws: int
    seed: str

    @property
    def title(self) -> str:
        """How many hypotheses and samples."""
        return (
            f"Romano-Wolf step-down over {len(self.table)} hypotheses: wild cluster bootstrap, "
            f"{self.clusters} clusters, {self.draws:,} samples (seed {self.seed})"
        )


@validated
def romano_wolf(
    estimates: Estimate | Sequence[Estimate],
    *,
    labels: Sequence[str] | None = None,
    weights: str = "auto",
    n_draws: Count = 9_999,
    rng: int | np.random.Generator = 0,
) -> RomanoWolf:
    """Family-wise error control over the terms of one estimate or over estimates of several outcomes.

    Parameters
    ----------
    estimates : Estimate or sequence of Estimate
        Regressions (or estimates with cluster scores) with the same clusters. Of a sequence the first term
        of each counts, of a single estimate all.
    labels : sequence of str, optional
        Names of the outcomes.
    weights, n_draws, rng
        As in `wild_bootstrap`. The same signs are used for every hypothesis, so their dependence is kept.

    Returns
    -------
    RomanoWolf

    Raises
    ------
    DataError
        Estimates with different clusters.

    Notes
    -----
    Sources: Romano & Wolf (2005, 2016); Holm (1979). Null imposed one hypothesis at a time for regressions.
    """
    several = isinstance(estimates, Sequence)
    family = list(estimates) if isinstance(estimates, Sequence) else [estimates]
    names = [f"outcome {j + 1}" for j in range(len(family))] if labels is None else list(labels)
    if not family or len(names) != len(family):
        raise OptionError(f"labels has {len(names)} names for {len(family)} estimates.")
    for e, name in zip(family, names, strict=True):
        if tuple(e.clusters) != tuple(family[0].clusters):
            raise DataError(f"{name} has other clusters than {names[0]}", "Estimate all on the same units")
    signs = draws(family[0].inference.clusters, weights=weights, n_draws=n_draws, rng=rng)
    rows, simulated = [], []
    for e, name in zip(family, names, strict=True):
        rows_of = chosen(e, None)
        refuse_none(e, rows_of)
        for j in rows_of[: 1 if several else None]:
            t, moved = _statistic(e, j, signs)
            rows.append(
                {
                    "outcome": name,
                    "term": str(e.table["term"].iloc[j]),
                    "estimate": float(e.table["estimate"].iloc[j]),
                    "statistic": t,
                    "p": p_value(moved, t, signs)["counted"],
                }
            )
            simulated.append(moved)
    table = pd.DataFrame(rows)
    observed = table["statistic"].to_numpy(float)
    table["p_romano_wolf"] = step_down(observed, np.array(simulated), enumerated=signs.enumerated)
    table["p_holm"] = holm(table["p"].to_numpy())
    return RomanoWolf(table, family[0].inference.clusters, signs.n, signs.seed)


def _statistic(e: Estimate, j: int, signs: Draws) -> tuple[float, Array]:
    """t of term j and its bootstrap distribution."""
    if e.regression is not None and e.regression.family == "gaussian":
        fit = fit_of(e.regression)
        test = WildTest(fit, fit.cluster, signs, "11", True, "all")
        row, value = e.regression.combine[j], float(e.table["estimate"].iloc[j])
        se = test.std_error(row)
        return value / se, test.path(row, value, se)(-value / se)
    if e.scores is None:
        raise OptionError(f"{e.method} has neither a regression nor cluster scores to bootstrap.")
    psi, factor = e.scores[:, j], e.inference.factor
    se = float(np.sqrt(factor * psi @ psi))
    t, moved = float(e.table["estimate"].iloc[j]) / se, multiplier_t(psi[:, None], factor, signs)[0]
    if signs.enumerated:
        moved[0] = t  # no sign turned: the sample itself, which counts
    return t, moved


def step_down(statistic: ArrayLike, simulated: ArrayLike, *, enumerated: bool = True) -> Array:
    """Romano-Wolf adjusted p-values.

    Parameters
    ----------
    statistic : (m,) array
    simulated : (m, B) array
        Their joint distribution under the nulls.
    enumerated : bool
        Whether the sample itself is among the draws; otherwise it is added to them.
    """
    size, moved = np.abs(np.asarray(statistic, float)), np.abs(np.asarray(simulated, float))
    moved = np.where(np.isnan(moved), np.inf, moved)
    order = np.argsort(-size)
    out, last = np.empty(len(size)), 0.0
    for step, j in enumerate(order):
        largest = moved[order[step:]].max(axis=0)
        above = int((largest >= size[j] * (1 - TIE)).sum())
        p = above / len(largest) if enumerated else (1 + above) / (1 + len(largest))
        out[j] = last = max(last, p)
    return out


def holm(p: ArrayLike) -> Array:
    """Holm's adjusted p-values, (m,)."""
    values = np.asarray(p, float)
    order = np.argsort(values)
    adjusted = np.maximum.accumulate((len(values) - np.arange(len(values))) * values[order])
    out = np.empty(len(values))
    out[order] = np.minimum(adjusted, 1)
    return out


@validated
def sup_t(
    vcov: ArrayLike,
    *,
    level: Level = 0.95,
    df: Freedom = np.inf,
    rng: int | np.random.Generator = 0,
) -> float:
    """Critical value c for which estimate +- c x standard error covers all terms at once.

    Parameters
    ----------
    vcov : (m, m) array
        Covariance; terms without variance (base periods) are left out.
    df : float
        Degrees of freedom of the multivariate t, infinity for the normal.
    rng : int or numpy Generator
        Of 100,000 simulated draws.

    Notes
    -----
    Source: Montiel Olea & Plagborg-Moller (2019). With few clusters prefer the bootstrap of
    `Estimate.with_bands`.
    """
    V = np.asarray(vcov, float)
    live = np.diag(V) > 0
    if not live.any():
        raise DataError("No term has a variance", "Nothing to put a band around")
    sd = np.sqrt(np.diag(V)[live])
    value, vector = np.linalg.eigh(V[np.ix_(live, live)] / np.outer(sd, sd))
    generator = np.random.default_rng(rng)
    z = generator.standard_normal((100_000, len(sd))) @ (vector * np.sqrt(np.clip(value, 0, None))).T
    if np.isfinite(df):
        z /= np.sqrt(generator.chisquare(df, size=(100_000, 1)) / df)
    return float(np.quantile(np.abs(z).max(axis=1), level))


# Simultaneous bands: one critical value for all terms, by the multiplier bootstrap.


def simultaneous(
    scores: Array, *, draws: int, rng: int | np.random.Generator = 0, level: float = 0.95
) -> float:
    r"""Critical value c such that :math:`\hat\theta_j \pm c\,se_j` covers all terms at once.

    The `level` quantile of :math:`\max_j |\sum_c \xi_c s_{cj}| / se^*_j` over Rademacher draws
    :math:`\xi_c`, with
    :math:`se^*` the draws' interquartile range over that of a standard normal.

    Parameters
    ----------
    scores : (G, m) cluster contributions; columns of zeros (base periods) are left out
    draws, rng, level

    References
    ----------
    Callaway and Sant'Anna (2021), algorithm 1; Montiel Olea and Plagborg-Moller (2019).
    """
    if draws < 99:
        raise OptionError(f"draws={draws} is not allowed. Allowed: 99 or more.")
    live = scores[:, (scores**2).sum(0) > 0]
    if not live.shape[1]:
        raise DataError("no term has a standard error", "Nothing to put a band around.")
    generator = np.random.default_rng(rng)
    signs = 2.0 * generator.integers(0, 2, size=(draws, len(scores))) - 1.0
    moved = signs @ live
    low, high = np.quantile(moved, [0.25, 0.75], axis=0)
    spread = (high - low) / 1.3489795003921634
    spread = np.where(spread > 0, spread, np.sqrt((live**2).sum(0)))
    return float(np.quantile(np.abs(moved / spread).max(1), level))


@validated
def with_bands(estimate: Estimate, *, draws: Count = 999, rng: int | np.random.Generator = 0) -> Estimate:
    """The estimate with columns ``band_low, band_high`` that cover all its terms at once.

    Raises
    ------
    DataError
        The estimate keeps no cluster scores.
    """
    if estimate.scores is None:
        raise DataError(
            f"{estimate.method} keeps no cluster scores",
            "Bands need cluster-robust inference (vcov='cluster').",
        )
    i = estimate.inference
    known = np.isfinite(estimate.table["std_error"].to_numpy(float))
    critical = (
        simultaneous(estimate.scores[:, known], draws=draws, rng=rng, level=i.level)
        if known.any()
        else np.nan
    )
    half = critical * estimate.table["std_error"]
    b = estimate.table["estimate"]
    table = estimate.table.assign(band_low=b - half, band_high=b + half)
    seed = rng if isinstance(rng, int) else None
    return replace(estimate, table=table, inference=replace(i, draws=draws, seed=seed))
