"""How often the permutation test rejects at 5 %: where nothing differs, and where the mixes do and the index does not.

    python benchmarks/permutation_size.py --out benchmarks/results/permutation_size.csv

Products of lognormal sizes (sigma 0.5) are sold to five markets in Dirichlet mixes about 40, 25, 15, 12 and 8 %, in
two years. *same*: both years alike. *turned*: in the second the markets change places, so that the HHI of the
expected flows stays. *changed*: the second is about 55, 20, 10, 10 and 5 %. Beside the test, the same without
standard errors (exchange alone), and whether the interval of `difference` leaves out nought. The Monte Carlo error of
1,000 runs is 0.7 points.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np

from exportlab.uncertainty import differences, methods, statistics
from exportlab.uncertainty.sample import Sums, minus

MIX = np.array([0.40, 0.25, 0.15, 0.12, 0.08])
SECOND = {"same": MIX, "turned": MIX[::-1], "changed": np.array([0.55, 0.20, 0.10, 0.10, 0.05])}
UNITS = (10, 40, 150, 300, 600)


def one(rng: np.random.Generator, second: Any, n: int, permutations: int) -> tuple[bool, bool, bool]:
    """Whether the test rejects, the test without standard errors, and the interval of the change."""
    size = rng.lognormal(0.0, 0.5, n)[:, None]
    a, b = (size * rng.dirichlet(8 * mix, n) for mix in (MIX, second))
    samples = [statistics.of_cells("hhi", x / x.sum()) for x in (a, b)]
    first, other = (s.sums for s in samples)
    assert isinstance(first, Sums)
    assert isinstance(other, Sums)
    deals = list(differences._swaps(first, other, permutations, int(rng.integers(2**31)), every=False))
    _, p = differences._p_values(first, other, iter(deals), paired=True, every=False)
    here = float((samples[1].estimate - samples[0].estimate)[0])
    moved = np.concatenate(
        [(y.sum(axis=1) ** 2).sum(axis=1) - (x.sum(axis=1) ** 2).sum(axis=1) for x, y in _whole(deals)]
    )
    plain = (1 + (np.abs(moved) >= abs(here)).sum()) / (1 + permutations)
    found = methods.estimate(minus(samples[1], samples[0]), "jackknife")
    return bool(p[0] <= 0.05), bool(plain <= 0.05), not found.low[0] <= 0 <= found.high[0]


def _whole(deals: Any) -> Any:
    """The deals with each side in parts of its own total."""
    for sides in deals:
        yield tuple(x / x.sum(axis=(1, 2), keepdims=True) for x in sides)


def main() -> None:
    """Run every setting and write the table."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument(
        "--runs", type=int, nargs="*", default=[1000] * len(UNITS), help="for each number of units"
    )
    ask.add_argument("--permutations", type=int, default=99)
    ask.add_argument("--seed", type=int, default=20260301)
    ask.add_argument("--out", type=Path, required=True)
    given = ask.parse_args()
    rows: list[dict[str, Any]] = []
    for n, number in zip(UNITS, given.runs, strict=True):
        for what, second in SECOND.items():
            runs = np.random.SeedSequence((given.seed, n)).spawn(number)
            made = [one(np.random.default_rng(r), second, n, given.permutations) for r in runs]
            shown = [f"{100 * share:.1f}" for share in np.mean(made, axis=0)]
            names = ("permutation test", "without standard errors", "difference, interval without 0")
            kept = {"second year": what, "units": n, **dict(zip(names, shown, strict=True))}
            rows.append({**kept, "runs": number, "permutations": given.permutations, "seed": given.seed})
            print(kept, flush=True)
            with given.out.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)


if __name__ == "__main__":
    main()
