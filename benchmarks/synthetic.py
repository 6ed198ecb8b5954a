"""CPU of synthetic difference in differences and synthetic control, all placebos included.

    python benchmarks/synthetic.py [--donors 309] [--periods 25] [--runs 3] [--out benchmarks/results/synthetic.csv]

One treated unit, the others never; outcomes are four common factors, levels and noise, drawn.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import pandas as pd

import exportlab as xl


def panel(donors: int, periods: int) -> xl.PolicyPanel:
    """The drawn panel; the first unit adopts after seven tenths of the periods."""
    rng = np.random.default_rng(3)
    factors = rng.normal(size=(periods, 4)).cumsum(axis=0)
    y = rng.normal(size=(donors + 1, 4)) @ factors.T + rng.normal(0, 3, (donors + 1, 1))
    y += rng.normal(size=y.shape)
    units = np.repeat([f"u{n:03d}" for n in range(donors + 1)], periods)
    year = np.tile(2000 + np.arange(periods), donors + 1)
    table = pd.DataFrame({"unit": units, "year": year, "y": y.ravel()})
    table["since"] = np.where(table["unit"] == "u000", 2000 + int(0.7 * periods), np.inf)
    return xl.PolicyPanel(table, unit="unit", period="year", outcome="y", adopted="since")


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--donors", type=int, default=309)
    ask.add_argument("--periods", type=int, default=25)
    ask.add_argument("--runs", type=int, default=3)
    ask.add_argument("--out", type=Path)
    given = ask.parse_args()
    made = panel(given.donors, given.periods)
    rows = []
    for name in ("synthetic_did", "synthetic_control"):
        spent = []
        for _ in range(given.runs):
            start = time.process_time()
            found = getattr(made, name)()
            spent.append(time.process_time() - start)
        placebos = len(found.parts["placebos"]) - 1 if "placebos" in found.parts else found.inference.draws
        rows.append(
            {
                "method": name,
                "donors": given.donors,
                "placebos": placebos,
                "runs": given.runs,
                "cpu": round(statistics.median(spent), 2),
                "estimate": round(float(found.table["estimate"][0]), 6),
            }
        )
        print(rows[-1])
    if given.out:
        pd.DataFrame(rows).to_csv(given.out, index=False)


if __name__ == "__main__":
    main()
