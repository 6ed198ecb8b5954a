"""PPML with three-way effects at the size of a world trade panel: seconds and peak memory, medians of runs.

    python benchmarks/ppml.py                 # 150 countries, 32 years, 715,200 rows, core engine
    python benchmarks/ppml.py --engine pyfixest --runs 3
    python benchmarks/ppml.py --peer          # pyfixest alone on the same data, for comparison

Each run is a process of its own, so that the peak memory is that of one estimate; the data are simulated
inside it, from a seed, and their share of the peak is reported.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np
import pandas as pd

TRUTH = 0.2


def world(countries: int = 150, years: int = 32, seed: int = 7) -> pd.DataFrame:
    """Trade of all pairs: skewed sizes, gamma errors, about 14 % zeros, some pairs that never trade."""
    rng = np.random.default_rng(seed)
    e, i, t = np.meshgrid(np.arange(countries), np.arange(countries), np.arange(years), indexing="ij")
    abroad = e != i
    e, i, t = e[abroad], i[abroad], t[abroad]
    size = rng.normal(0, 2, countries)
    pair = rng.normal(0, 1.2, (countries, countries))
    since = rng.integers(5, 60, (countries, countries))
    rta = (t >= since[e, i]).astype(float)
    outward, inward = rng.normal(0, 0.3, (2, countries, years))
    mean = np.exp(size[e] + size[i] + pair[e, i] + outward[e, t] + inward[i, t] + TRUTH * rta)
    value = mean * rng.gamma(2, 0.5, mean.size)
    zero = rng.random(mean.size) < 1 / (1 + mean / np.quantile(mean, 0.1))
    return pd.DataFrame(
        {"exporter": e, "importer": i, "period": t, "rta": rta, "value": np.where(zero, 0.0, value)}
    )


def peak() -> float:
    """Peak resident memory of this process, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def once(countries: int, engine: str) -> dict[str, float | str]:
    """One estimate: what it took and what it found."""
    data = world(countries)
    if engine == "peer":
        from pyfixest import fepois

        formula = "value ~ rta | exporter^period + importer^period + pair"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fepois(formula, world(12).assign(pair=lambda d: d["exporter"] * 12 + d["importer"]))  # compile
    else:
        from exportlab.panel.regression.gravity import gravity
    before, began = peak(), time.perf_counter()
    if engine == "peer":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data["pair"] = data["exporter"] * countries + data["importer"]
            made = fepois(formula, data, vcov={"CRV1": "pair"})
        found = {
            "estimate": float(made.coef().iloc[0]),
            "std_error": float(made.se().iloc[0]),
            "used": made._N,
        }
    else:
        made = gravity(
            data, "value ~ rta", exporter="exporter", importer="importer", period="period", engine=engine
        )
        row = made.table.iloc[0]
        found = {"estimate": row["estimate"], "std_error": row["std_error"], "used": made.sample.used}
    return {
        "engine": engine,
        "rows": len(data),
        "seconds": time.perf_counter() - began,
        "peak_gb": peak(),
        "peak_before_gb": before,
        **found,
    }


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--countries", type=int, default=150)
    ask.add_argument("--runs", type=int, default=3)
    ask.add_argument("--engine", choices=["core", "pyfixest"], default="core")
    ask.add_argument("--peer", action="store_true", help="time pyfixest alone")
    ask.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = ask.parse_args()
    engine = "peer" if given.peer else given.engine
    if given.child:
        print(json.dumps(once(given.countries, engine)))
        return
    call = [sys.executable, __file__, "--child", "--countries", str(given.countries)]
    call += ["--peer"] if given.peer else ["--engine", given.engine]
    runs = [
        json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        for _ in range(given.runs)
    ]
    print(pd.DataFrame(runs).to_string(index=False))
    middle = {k: statistics.median(r[k] for r in runs) for k in ("seconds", "peak_gb")}
    print(f"median of {given.runs}: {middle['seconds']:.1f} s, {middle['peak_gb']:.2f} GB; truth {TRUTH}")


if __name__ == "__main__":
    main()
