"""Rejection of a true null with 14 clusters by estimators of policies that switch, overlap or share shocks.

    python benchmarks/panel_overlap_size.py [replications] [results.csv]

14 units, 20 periods, AR(1) errors of .6, adoption at period 10 by 2, 4 or 7 units, nominal 5 per cent. The errors are
alike, or the treated are 2.5 times as noisy, or all units load on one AR(1) factor, the treated as the others or by one
more, as in panel_shocks.py. Half of the treated switch off after five periods (switching), or get a second policy after
four (second policy, given the first: 14 units that all have the first). `own` is the estimate's own error, `RI`
the permutation of dates or paths, 39 of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from panel_shocks import SCENARIOS, outcomes
from panel_size import PERIOD, UNIT

from exportlab.panel.estimate import Estimate
from exportlab.panel.policy_panel import PolicyPanel

SCENES = tuple(s for s in SCENARIOS if s != "calmer")
DRAWS = 39
KEYS = {"unit": "unit", "period": "period", "outcome": "y"}


def table(Y: np.ndarray, treated: int) -> pd.DataFrame:
    """The outcome with a policy that stays on, one that half of them lose, and a second after a first that all have."""
    d = pd.DataFrame({"unit": UNIT, "period": PERIOD, "y": Y.ravel()})
    ours = treated > UNIT
    d["since"] = np.where(ours, 10.0, np.inf)
    on = ours & (PERIOD >= 10)
    d["status"] = (on & ~((UNIT % 2 == 1) & (PERIOD >= 15))).astype(int)
    d["first"], d["second"] = 6.0, d["since"]
    return d


def panels(Y: np.ndarray, treated: int) -> dict[str, PolicyPanel]:
    """The panels of one sample."""
    d = table(Y, treated)
    several = PolicyPanel(d, policies={"first": "first", "second": "second"}, **KEYS)
    return {
        "stays": PolicyPanel(d, adopted="since", **KEYS),
        "switches": PolicyPanel(d, treated="status", reversible=True, **KEYS),
        "given": several.policy("second", given="first"),
    }


Make = Callable[[dict[str, PolicyPanel]], Estimate]
METHODS: dict[str, tuple[Make, bool]] = {
    "switching": (lambda p: p["switches"].att("switching"), True),
    "second policy, given the first": (lambda p: p["given"].att("switching"), True),
    "two stages": (lambda p: p["stays"].att("two_stage"), True),
    "imputation": (lambda p: p["stays"].att("imputation"), False),
    "local projections": (lambda p: p["stays"].att("local_projections"), True),
    "local projections, mean of all before": (
        lambda p: p["stays"].att("local_projections", base="mean"),
        False,
    ),
    "interactive, rank 1": (lambda p: p["stays"].att("interactive", rank=1), True),
    "matrix completion, penalty .3": (lambda p: p["stays"].att("matrix_completion", penalty=0.3), False),
}


def simulate(treated: int, scene: str, replications: int, seed: int = 2026) -> pd.DataFrame:
    """Share of p at or below .05 by method and inference; permutations in the first fifth of the samples."""
    generator = np.random.default_rng([seed, treated, SCENES.index(scene)])
    rows = []
    for r in range(replications):
        found = panels(outcomes(generator, scene, treated), treated)
        row: dict[str, float] = {}
        for name, (make, permute) in METHODS.items():
            made = make(found)
            row[f"{name}: own"] = made.table["p_value"].iloc[0]
            if permute and r < replications // 5:
                test = made.randomization_test(n_draws=DRAWS, max_enumerated=DRAWS, interval=False, rng=r)
                row[f"{name}: RI"] = test.table["p"].iloc[0]
        rows.append(row)
    draws = pd.DataFrame(rows)
    rejected = (draws <= 0.05).where(draws.notna()).mean()
    return pd.DataFrame(
        {
            "scenario": scene,
            "treated": treated,
            "method": rejected.index,
            "rejection": rejected.to_numpy(float),
            "replications": draws.notna().sum().to_numpy(),
        }
    )


def main(replications: int = 200, target: str | None = None, sides: tuple[int, ...] = (2, 4, 7)) -> None:
    """All designs; written to `target` as they finish."""
    done = []
    for treated in sides:
        for scene in SCENES:
            done.append(simulate(treated, scene, replications))
            if target:
                pd.concat(done).round(4).to_csv(target, index=False)


if __name__ == "__main__":
    here = Path(__file__).parent / "results" / "panel_overlap_size.csv"
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2] if len(sys.argv) > 2 else str(here))
