"""Where an interval is known to fail: said in the table, beside the interval."""

from __future__ import annotations

import numpy as np

from exportlab.arrays import Array
from exportlab.uncertainty.methods import Interval
from exportlab.uncertainty.sample import Sample, _spans

FEW = 30  # units in the smallest sample
HEAVY = 0.25  # of the variance carried by one unit
TAIL = 2.0  # Hill index: below it the sizes have no variance
SHIFTED = 0.25  # bias over standard error (Efron and Tibshirani 1993, 10.2)
BIASED = ("percentile", "bayesian", "bca")  # methods that do not correct for a bias, or not enough


def notes(sample: Sample, found: Interval, method: str, unit: str) -> list[str]:
    """One note per value, empty where nothing is known against the interval."""
    least = min(sample.samples)
    common = [f"few units: {least} {unit}"] if least < FEW else []
    tail = hill_index(sample.sizes)
    carried = dominance(sample)
    made = []
    for m in range(found.estimate.size):
        if not np.isfinite(found.estimate[m]):
            made.append("undefined: the index does not exist here")
            continue
        said = list(common)
        if carried[m] > HEAVY:
            said.append(f"heavy tail: one {unit} carries {100 * carried[m]:.0f} % of the variance")
        elif tail < TAIL:
            said.append(f"heavy tail: Hill index of {unit} {tail:.1f}, below 2")
        if not found.std_error[m] > 0:
            said.append("at the boundary: the index does not vary with the units drawn")
        elif method in BIASED and abs(bias := _bias(found, m)) > SHIFTED:
            said.append(f"biased by {bias:.2f} standard errors: prefer jackknife, basic or studentised")
        if found.undefined[m]:
            said.append(f"undefined in {found.undefined[m]} draws, which are left out")
        made.append("; ".join(said))
    return made


def dominance(sample: Sample) -> Array:
    """The largest unit's part of the linearised variance; of the squared sizes where no influence is known."""
    if sample.influence is None:
        parts = sample.sizes[:, None] ** 2
        largest = parts.max(axis=0) / max(float(parts.sum()), np.finfo(float).tiny)
        return np.broadcast_to(largest, sample.estimate.shape)
    influence = sample.influence(np.ones(sample.units))
    spans = _spans(sample.samples)
    squares = np.concatenate(
        [(influence[a : a + n] - influence[a : a + n].mean(axis=0)) ** 2 for a, n in spans]
    )
    total = squares.sum(axis=0)
    part: Array = squares.max(axis=0) / np.where(total > 0, total, np.inf)
    return part


def hill_index(sizes: Array) -> float:
    """Hill's (1975) estimate of the tail index from the largest sqrt(n) sizes; infinite where they are equal."""
    largest = np.sort(sizes[sizes > 0])[::-1]
    k = int(np.sqrt(largest.size))
    if k < 1 or largest.size <= k:
        return float("inf")
    excess = float(np.log(largest[:k] / largest[k]).mean())
    return 1 / excess if excess > 0 else float("inf")


def _bias(found: Interval, m: int) -> float:
    if found.draws is None:
        return 0.0
    known = found.draws[np.isfinite(found.draws[:, m]), m]
    return float((known.mean() - found.estimate[m]) / found.std_error[m])
