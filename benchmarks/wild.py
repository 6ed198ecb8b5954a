"""Speed of the exact wild cluster bootstrap: 14 clusters, 24 periods, two-way effects, all 2^14 sign vectors.

python benchmarks/wild.py
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from exportlab.panel.algebra.clustered import cluster_fit
from exportlab.panel.inference.wild import wild_bootstrap


def median(job, repeats: int = 15) -> float:
    """Median milliseconds after one warm-up."""
    job()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        job()
        times.append(1e3 * (perf_counter() - start))
    return float(np.median(times))


def main() -> pd.DataFrame:
    """Milliseconds by job."""
    generator = np.random.default_rng(1)
    unit, period = np.repeat(np.arange(14), 24), np.tile(np.arange(24), 14)
    D = ((unit < 5) & (period >= 10 + unit)).astype(float)
    y = generator.normal(size=336) + 0.3 * D
    event = np.column_stack([(period - 10 - unit == e) & (unit < 5) for e in range(5)]).astype(float)

    def fit(X):
        return cluster_fit(y, X, cluster=unit, absorb=[unit, period])

    jobs = {
        "p-value, fit included": lambda: wild_bootstrap(fit(D), interval=False),
        "p-value and interval, fit included": lambda: wild_bootstrap(fit(D)),
        "jackknife variant 33, p-value": lambda: wild_bootstrap(fit(D), variant="33", interval=False),
        "five event times, p-values": lambda: wild_bootstrap(fit(event), interval=False),
        "five event times, joint": lambda: wild_bootstrap(fit(event), joint=True),
    }
    return pd.DataFrame([(name, median(job)) for name, job in jobs.items()], columns=["job", "milliseconds"])


if __name__ == "__main__":
    table = main().round(2)
    print(table.to_string(index=False))
    table.to_csv(Path(__file__).parent / "results" / "wild.csv", index=False)
