"""Rejection of a true null where clusters are not alike or share shocks, with what the package says of each sample.

    python benchmarks/panel_shocks.py [replications] [results.csv]

14 units, 20 periods, AR(1) errors of .6, adoption at period 10 by 1, 2, 3 or 7 units, nominal 5 per cent. The treated
are alike, 2.5 times as noisy, 0.4 times as noisy; or all units load on one AR(1) factor, the treated as the others
(mean 1, standard deviation .5) or by one more. `believed` is the method that the summary believes in most samples,
`unlike` and `shocks` are the shares of samples in which it says that the treated vary differently, or load apart on a
common factor. Each design has draws of its own; those of which the file of results holds as many replications of each
method already are kept, so that a run that was stopped goes on where it was (delete the file to begin anew).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from panel_size import N, T, adoption, as_panel, cell_weights, errors, sum_of
from scipy import stats

from exportlab.panel.algebra.absorb import BalancedTwoWay
from exportlab.panel.algebra.clustered import cluster_fit
from exportlab.panel.algebra.draws import Assignments, assignments
from exportlab.panel.algebra.sandwich import covariance, satterthwaite
from exportlab.panel.inference.few_treated import conley_taber, ibragimov_muller
from exportlab.panel.inference.recommend import facts_of, recommend
from exportlab.panel.inference.wild import wild_bootstrap
from exportlab.panel.policy_panel import PolicyPanel

SCENARIOS = ("alike", "noisier", "calmer", "factor, equal loadings", "factor, treated apart")
UNIT, PERIOD = np.repeat(np.arange(N), T), np.tile(np.arange(T), N)
ADVICE = {"RI": "RI t", "CR2 Bell-McCaffrey": "CR2 Bell-McCaffrey"}


def outcomes(generator: np.random.Generator, scenario: str, treated: int) -> np.ndarray:
    """Outcomes (N, T) in which nothing happened."""
    ours = np.arange(N) < treated
    size = {"noisier": 2.5, "calmer": 0.4}.get(scenario, 1.0)
    Y = errors(generator, np.where(ours, size, 1.0))
    if scenario.startswith("factor"):
        loading = 1.0 + 0.5 * generator.standard_normal(N) + (ours if scenario.endswith("apart") else 0.0)
        Y = Y + loading[:, None] * errors(generator, np.ones(N))[0]
    return Y


def share(sizes: np.ndarray, observed: float, enumerated: bool) -> float:
    """p of an observed size among those of other assignments."""
    count = int((sizes >= observed * (1 - 1e-8)).sum())
    return count / len(sizes) if enumerated else (1 + count) / (1 + len(sizes))


def permuted(panel: PolicyPanel, others: Assignments, weights: np.ndarray) -> dict[str, float]:
    """p of standard errors, bootstraps and permutations of the two-way estimate, and of the few treated."""
    Y, D, dates = panel.y.reshape(N, T), panel.D.reshape(N, T), panel.adoption - panel.period_values[0]
    fit = cluster_fit(Y.ravel(), D.ravel(), cluster=UNIT, absorb=[UNIT, PERIOD])
    b, out = float(fit.beta[0]), {}
    out["own: CR1 t(G-1)"] = 2 * stats.t.sf(abs(b) / np.sqrt(covariance(fit)[0, 0]), N - 1)
    t = abs(b) / np.sqrt(covariance(fit, "CR2")[0, 0])
    out["CR2 Bell-McCaffrey"] = 2 * stats.t.sf(t, satterthwaite(fit, kind="CR2")[0])
    out["WCR11"] = wild_bootstrap(fit, interval=False).table["p"].iloc[0]
    actual = np.searchsorted(others.levels, dates)
    paths = (np.arange(T) >= others.levels[:, None]).astype(float)
    design = BalancedTwoWay(Y, paths, np.bincount(actual, minlength=len(paths)).astype(float))
    sizes = np.abs(design.statistics(others.which))
    out["RI t"] = share(sizes, abs(float(design.statistics(actual[None])[0])), others.enumerated)
    every = np.abs(sum_of(weights, Y, others.which))
    out["Callaway-Sant'Anna RI"] = share(every, abs(sum_of(weights, Y, actual[None])[0]), others.enumerated)
    out["Conley-Taber"] = conley_taber(panel, n_draws=499, interval=False).table["p"].iloc[0]
    if np.isfinite(dates).sum() > 1:
        out["Ibragimov-Mueller"] = ibragimov_muller(panel).table["p"].iloc[0]
        # with one date, placebo errors are the pooled variance of the two-sample t test (tests/test_panel_honest.py)
        change = Y[:, int(dates.min())] - Y[:, int(dates.min()) - 1]
        ours = np.isfinite(dates)
        out["honest_did, M = 0, placebo errors"] = stats.ttest_ind(change[ours], change[~ours]).pvalue
    return out


def staggered(panel: PolicyPanel) -> dict[str, float]:
    """p of the staggered estimators with their own errors, and of synthetic control."""
    out = {"Callaway-Sant'Anna own": panel.att().table["p_value"].iloc[0]}
    study = panel.event_study("sun_abraham").table.set_index("term").loc["0"]
    out["honest_did, M = 0, own errors"] = 2 * stats.norm.sf(abs(study["estimate"]) / study["std_error"])
    if np.isfinite(panel.adoption).sum() <= 3:
        out["Synthetic DiD, placebo rank"] = panel.synthetic_did(draws=60).table["p_value"].iloc[0]
    return out


def simulate(treated: int, scenario: str, replications: int, seed: int = 2026) -> pd.DataFrame:
    """Share of p at or below .05 by method, and what the summary says."""
    generator = np.random.default_rng([seed, treated, SCENARIOS.index(scenario)])
    dates = adoption(treated, staggered=False)
    others = assignments(dates, n_draws=999, max_enumerated=1_500, rng=seed)
    weights = cell_weights(dates, others.levels)
    base = as_panel(outcomes(generator, scenario, treated), dates)
    rows, said = [], []
    for _ in range(replications):
        panel = base.with_outcome(outcomes(generator, scenario, treated).ravel())
        rows.append(permuted(panel, others, weights) | staggered(panel))
        f = facts_of(panel)
        said.append((recommend(f).method, not 1 / 1.5 <= f.spread <= 1.5, f.apart <= 0.05))
    draws, words = pd.DataFrame(rows), pd.DataFrame(said, columns=["method", "unlike", "shocks"])
    believed = words["method"].mode()[0]
    rejected = (draws <= 0.05).where(draws.notna()).mean()
    return pd.DataFrame(
        {
            "scenario": scenario,
            "treated": treated,
            "method": rejected.index,
            "rejection": rejected.to_numpy(float),
            "replications": draws.notna().sum().to_numpy(),
            "believed": rejected.index == ADVICE.get(believed, ""),
            "message": f"believe {believed}" if believed != "none" else "no test can be believed",
            "unlike": words["unlike"].mean(),
            "shocks": words["shocks"].mean(),
        }
    )


def main(replications: int = 1_000, target: str | None = None, sides: tuple[int, ...] = (1, 2, 3, 7)) -> None:
    """All designs; written to `target` as they finish."""
    old = (
        pd.read_csv(target)
        if target and Path(target).exists()
        else pd.DataFrame(columns=["treated", "scenario"])
    )
    made: dict[Any, pd.DataFrame] = dict(iter(old.groupby(["treated", "scenario"])))
    for treated in sides:
        for scenario in SCENARIOS:
            key = (treated, scenario)
            if key in made and made[key]["replications"].min() >= replications:
                continue
            made[key] = simulate(treated, scenario, replications)
            if target:
                order = [k for side in sides for k in ((side, name) for name in SCENARIOS) if k in made]
                pd.concat([made[k] for k in order]).round(4).to_csv(target, index=False)


if __name__ == "__main__":
    here = Path(__file__).parent / "results" / "panel_shocks.csv"
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000, sys.argv[2] if len(sys.argv) > 2 else str(here))
