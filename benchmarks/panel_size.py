"""Rejection of a true null and coverage with 14 clusters: every method, 1 to 7 treated.

    python benchmarks/panel_size.py [replications] [results.csv]

14 units, 20 periods, AR(1) errors of .6, adoption at period 10 (common) or from period 8 on (staggered),
two-way fixed effects, nominal 5 per cent. "unequal" doubles the standard deviation of the treated units.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.panel.algebra.absorb import BalancedTwoWay
from exportlab.panel.algebra.clustered import cluster_fit
from exportlab.panel.algebra.draws import Assignments, assignments
from exportlab.panel.algebra.sandwich import covariance, satterthwaite
from exportlab.panel.inference.few_treated import conley_taber, ibragimov_muller
from exportlab.panel.inference.recommend import recommend
from exportlab.panel.inference.wild import wild_bootstrap
from exportlab.panel.policy_panel import PolicyPanel

N, T, RHO = 14, 20, 0.6
OWN_REPLICATIONS = 200  # the slow one
UNIT, PERIOD = np.repeat(np.arange(N), T), np.tile(np.arange(T), N)
LABEL = {"RI": "RI t", "CR2 Bell-McCaffrey": "CR2 Bell-McCaffrey", "none": "none"}
VARIANTS = {"WCR11": ("11", True), "WCR31": ("31", True), "WCU11": ("11", False)}


def errors(generator: np.random.Generator, scale: np.ndarray) -> np.ndarray:
    """Stationary AR(1) errors, (N, T)."""
    e = generator.standard_normal((N, T))
    e[:, 0] /= np.sqrt(1 - RHO**2)
    for t in range(1, T):
        e[:, t] += RHO * e[:, t - 1]
    return e * scale[:, None]


def adoption(treated: int, staggered: bool) -> np.ndarray:
    """First treated period of each unit."""
    dates = np.full(N, np.inf)
    dates[:treated] = 8 + 2 * (np.arange(treated) % 3) if staggered else 10
    return dates


def cell_weights(dates: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Weights (L, T) of a unit of each cohort in the Callaway-Sant'Anna average, from 0/1 outcomes."""
    weights = np.empty((len(levels), T))
    for row, level in zip(weights, levels, strict=True):
        unit = int(np.flatnonzero(dates == level)[0])
        for t in range(T):
            pulse = np.zeros((N, T))
            pulse[unit, t] = 1
            row[t] = as_panel(pulse, dates).att("callaway_santanna").table["estimate"].iloc[0]
    return weights


def sum_of(weights: np.ndarray, Y: np.ndarray, which: np.ndarray) -> np.ndarray:
    """The average under each assignment."""
    return (weights @ Y.T)[which, np.arange(N)].sum(axis=1)


def p_values(
    Y: np.ndarray, dates: np.ndarray, others: Assignments, weights: np.ndarray, with_own: bool
) -> dict[str, float]:
    """p of every method for a true null of zero."""
    D = (np.arange(T) >= dates[:, None]).astype(float)
    fit = cluster_fit(Y.ravel(), D.ravel(), cluster=UNIT, absorb=[UNIT, PERIOD])
    b, out = fit.beta[0], {}
    t1 = b / np.sqrt(covariance(fit)[0, 0])
    out["CR1 t(G-1)"] = 2 * stats.t.sf(abs(t1), N - 1)
    out["CR1 normal"] = 2 * stats.norm.sf(abs(t1))
    for kind in ("CR2", "CR3"):
        se = np.sqrt(covariance(fit, kind)[0, 0])
        df = satterthwaite(fit, kind=kind)[0] if kind == "CR2" else N - 1
        out["CR2 Bell-McCaffrey" if kind == "CR2" else "CR3 t(G-1)"] = 2 * stats.t.sf(abs(b / se), df)
    for name, (variant, impose) in VARIANTS.items():
        test = wild_bootstrap(fit, variant=variant, impose_null=impose, interval=False)
        out[name] = test.table["p"].iloc[0]
    paths = (np.arange(T) >= others.levels[:, None]).astype(float)
    actual = np.searchsorted(others.levels, dates)
    design = BalancedTwoWay(Y, paths, np.bincount(actual, minlength=len(paths)).astype(float))
    for name, ask in (("RI estimate", design.estimates), ("RI t", design.statistics)):
        size = np.abs(ask(others.which))
        count = (size >= abs(ask(actual[None])[0]) * (1 - 1e-10)).sum()
        out[name] = count / len(size) if others.enumerated else (1 + count) / (1 + len(size))
    panel = as_panel(Y, dates)
    if with_own:
        out["Callaway-Sant'Anna own standard error"] = panel.att("callaway_santanna").table["p_value"].iloc[0]
    every = np.abs(sum_of(weights, Y, others.which))
    count = (every >= abs(sum_of(weights, Y, actual[None])[0]) * (1 - 1e-8)).sum()
    out["Callaway-Sant'Anna RI"] = count / len(every) if others.enumerated else (1 + count) / (1 + len(every))
    out["Conley-Taber"] = conley_taber(panel, n_draws=999, interval=False).table["p"].iloc[0]
    if np.isfinite(dates).sum() > 1:
        out["Ibragimov-Mueller"] = ibragimov_muller(panel).table["p"].iloc[0]
    return out


def as_panel(Y: np.ndarray, dates: np.ndarray) -> PolicyPanel:
    """The door's own panel."""
    table = pd.DataFrame({"unit": UNIT, "period": PERIOD, "y": Y.ravel(), "adopted": dates[UNIT]})
    return PolicyPanel(table, unit="unit", period="period", outcome="y", adopted="adopted")


def simulate(treated: int, staggered: bool, unequal: bool, replications: int, seed: int) -> pd.DataFrame:
    """Share of p at or below .05 by method."""
    generator = np.random.default_rng([seed, treated, staggered, unequal])
    dates = adoption(treated, staggered)
    scale = np.where(np.isfinite(dates) & unequal, 2.0, 1.0)
    others = assignments(dates, n_draws=1_999, max_enumerated=4_000, rng=seed)
    weights = cell_weights(dates, others.levels)
    draws = pd.DataFrame(
        [
            p_values(errors(generator, scale), dates, others, weights, with_own=r < OWN_REPLICATIONS)
            for r in range(replications)
        ]
    )
    panel = as_panel(errors(generator, scale), dates)
    advised = {LABEL[recommend(panel).method], f"Callaway-Sant'Anna {recommend(panel.att()).method}"}
    rejected = (draws <= 0.05).where(draws.notna()).mean()
    return pd.DataFrame(
        {
            "treated": treated,
            "adoption": "staggered" if staggered else "common",
            "errors": "unequal" if unequal else "equal",
            "method": rejected.index,
            "rejection": rejected.to_numpy(float),
            "coverage": 1 - rejected.to_numpy(float),
            "undefined": [float(draws[m].isna().all()) for m in draws],
            "recommended": rejected.index.isin(advised),
            "replications": draws.notna().sum().to_numpy(),
        }
    )


def main(
    replications: int = 1_000, target: str | None = None, shapes: tuple[bool, ...] = (False, True)
) -> None:
    """All designs; written to `target` as they finish."""
    done = []
    for unequal in shapes:
        for staggered in (False, True):
            for treated in range(1, 8):
                done.append(simulate(treated, staggered, unequal, replications, seed=2024))
                if target:
                    pd.concat(done).round(4).to_csv(target, index=False)


if __name__ == "__main__":
    here = Path(__file__).parent / "results" / "panel_size.csv"
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000, sys.argv[2] if len(sys.argv) > 2 else str(here))
