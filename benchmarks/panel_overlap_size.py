"""Rejection of a true null with 14 clusters by estimators of policies that switch, overlap or share shocks.

    python benchmarks/panel_overlap_size.py [replications] [results.csv] [linear | others]

14 units, 20 periods, AR(1) errors of .6, adoption at period 10 by 2, 4 or 7 units, nominal 5 per cent. The errors are
alike, or the treated are 2.5 times as noisy, or all units load on one AR(1) factor, the treated as the others or by one
more, as in panel_shocks.py. Of the treated every other one switches off after five periods (switching); for the second
policy all 14 have the first, from period 6 or 8 on. `own` is the estimate's own standard error, `RI` the permutation of
dates or paths. Estimators that are linear in the outcome, and whose scores are, are taken apart into weights once; the
others are estimated again in as many samples, with 19 permutations in a fifth of them. What the file of results has of
the same side and kind is replaced, the rest kept.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from panel_shocks import SCENARIOS, outcomes, share
from panel_size import PERIOD, UNIT, N, T
from scipy import stats

from exportlab.panel.algebra.draws import assignments
from exportlab.panel.estimate import Estimate
from exportlab.panel.policy_panel import PolicyPanel

SCENES = tuple(s for s in SCENARIOS if s != "calmer")
KEYS = {"unit": "unit", "period": "period", "outcome": "y"}
SLOW = 100  # replications of the slow ones, unless they are asked for alone


def panels(Y: np.ndarray, treated: int) -> dict[str, PolicyPanel]:
    """A policy that stays on, one that every other unit loses, and a second after a first that all have."""
    d = pd.DataFrame({"unit": UNIT, "period": PERIOD, "y": Y.ravel()})
    d["since"] = np.where(treated > UNIT, 10.0, np.inf)
    d["status"] = ((d["since"] <= PERIOD) & ~((UNIT % 2 == 1) & (PERIOD >= 15))).astype(int)
    d["first"], d["second"] = np.where(UNIT % 4 < 2, 6.0, 8.0), d["since"]
    several = PolicyPanel(d, policies={"first": "first", "second": "second"}, **KEYS)
    return {
        "stays": PolicyPanel(d, adopted="since", **KEYS),
        "switches": PolicyPanel(d, treated="status", reversible=True, **KEYS),
        "given": several.policy("second", given="first"),
    }


Make = Callable[[PolicyPanel], Estimate]
LINEAR: dict[str, tuple[str, Make]] = {
    "switching": ("switches", lambda p: p.att("switching")),
    "second policy, given the first": ("given", lambda p: p.att("switching")),
    "two stages": ("stays", lambda p: p.att("two_stage")),
    "imputation": ("stays", lambda p: p.att("imputation")),
    "local projections": ("stays", lambda p: p.att("local_projections")),
    "local projections, mean before": ("stays", lambda p: p.att("local_projections", base="mean")),
}
OTHERS: dict[str, Make] = {
    "interactive, rank 1": lambda p: p.att("interactive", rank=1),
    "matrix completion, penalty .3": lambda p: p.att("matrix_completion", penalty=0.3),
}


@dataclass(frozen=True, eq=False)
class Linear:
    """An estimator as weights of outcomes (N, T) and of its scores (N, N, T), and what is assigned to units."""

    weights: np.ndarray
    scores: np.ndarray
    df: float
    labels: np.ndarray
    peers: np.ndarray

    @classmethod
    def of(cls, base: PolicyPanel, make: Make) -> Linear:
        """Taken apart by outcomes that are one in a single cell."""
        weights, scores, df = np.zeros((N, T)), np.zeros((N, N, T)), np.inf
        for row, (i, t) in enumerate(zip(base.units, base.periods, strict=True)):
            pulse = np.zeros(len(base.y))
            pulse[row] = 1
            made = make(base.with_outcome(pulse))
            column = int(base.period_values[t])
            weights[i, column] = made.table["estimate"].iloc[0]
            scores[:, i, column] = 0.0 if made.scores is None else made.scores[:, 0]
            df = made.inference.df
        labels = base.paths if base.by_path else base.adoption
        return cls(weights, scores, df, labels, base.peers)

    def own(self, Y: np.ndarray) -> float:
        """p of the estimate's own standard error."""
        error = np.sqrt(((self.scores * Y).sum((1, 2)) ** 2).sum())
        return float(2 * stats.t.sf(abs((self.weights * Y).sum()) / error, self.df))

    def permuted(self, seed: int) -> Callable[[np.ndarray], float]:
        """p of the estimate among those of other assignments."""
        ways = assignments(self.labels, blocks=self.peers, n_draws=999, max_enumerated=1_500, rng=seed)
        actual = np.searchsorted(ways.levels, self.labels)
        each = np.zeros((int(self.peers.max()) + 1, len(ways.levels), T))
        each[self.peers, actual] = (
            self.weights
        )  # units of the same label, among the same peers, have the same

        def at(Y: np.ndarray) -> float:
            cross = np.einsum("ilt,it->li", each[self.peers], Y)
            every = np.abs(cross[ways.which, np.arange(N)].sum(1))
            return share(every, float(abs(cross[actual, np.arange(N)].sum())), ways.enumerated)

        return at


def linear(treated: int, replications: int, seed: int = 2026) -> pd.DataFrame:
    """Share of p at or below .05 of the estimators that are taken apart, by scenario and inference."""
    base = panels(np.random.default_rng(seed).normal(size=(N, T)), treated)
    parts = {name: Linear.of(base[kind], make) for name, (kind, make) in LINEAR.items()}
    permute = {name: part.permuted(seed) for name, part in parts.items()}

    def p_values(Y: np.ndarray, _: int) -> dict[str, float]:
        own = {f"{name}: own": part.own(Y) for name, part in parts.items()}
        return own | {f"{name}: RI": permute[name](Y) for name in parts}

    return rejected(p_values, treated, replications, seed)


def others(treated: int, replications: int, seed: int = 2026) -> pd.DataFrame:
    """The same of the others."""
    base = panels(np.random.default_rng(seed).normal(size=(N, T)), treated)["stays"]

    def p_values(Y: np.ndarray, r: int) -> dict[str, float]:
        row = {}
        for name, make in OTHERS.items():
            made = make(base.with_outcome(Y.ravel()))
            row[f"{name}: own"] = made.table["p_value"].iloc[0]
            if r % 5 == 0:
                test = made.randomization_test(n_draws=19, max_enumerated=19, interval=False, rng=r)
                row[f"{name}: RI"] = test.table["p"].iloc[0]
        return row

    return rejected(p_values, treated, replications, seed)


def rejected(
    p_values: Callable[[np.ndarray, int], dict[str, float]], treated: int, replications: int, seed: int
) -> pd.DataFrame:
    """Share of p at or below .05 by scenario and method."""
    tables = []
    for scene in SCENES:
        generator = np.random.default_rng([seed, treated, SCENES.index(scene)])
        draws = pd.DataFrame([p_values(outcomes(generator, scene, treated), r) for r in range(replications)])
        share_of = (draws <= 0.05).where(draws.notna()).mean()
        found = {"scenario": scene, "treated": treated, "method": share_of.index}
        found |= {"rejection": share_of.to_numpy(float), "replications": draws.notna().sum().to_numpy()}
        tables.append(pd.DataFrame(found))
    return pd.concat(tables)


def main(
    replications: int = 1_000,
    target: str | None = None,
    kinds: tuple[str, ...] = ("linear", "others"),
    sides: tuple[int, ...] = (2, 4, 7),
) -> None:
    """All designs; written to `target` as they finish, the quick ones first."""
    found = pd.read_csv(target) if target and Path(target).exists() else pd.DataFrame()
    simulate = {"linear": linear, "others": others}
    for kind in kinds:
        draws = replications if kind == "linear" or len(kinds) == 1 else min(replications, SLOW)
        for treated in sides:
            made = simulate[kind](treated, draws)
            if len(found):
                found = found[~((found["treated"] == treated) & found["method"].isin(made["method"]))]
            found = pd.concat([found, made])
            if target:
                found.round(4).to_csv(target, index=False)


if __name__ == "__main__":
    here = Path(__file__).parent / "results" / "panel_overlap_size.csv"
    asked = dict(enumerate(sys.argv))
    kinds = (asked[3],) if 3 in asked else ("linear", "others")
    main(int(asked.get(1, 1_000)), asked.get(2, str(here)), kinds)
