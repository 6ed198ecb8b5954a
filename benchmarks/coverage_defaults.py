"""How often the default intervals hold the true value, with and without a note beside them.

    python benchmarks/coverage_defaults.py --out benchmarks/results/coverage_defaults.csv

Units are products that add up to ten markets. The laws:

lognormal 1, lognormal 2, Pareto 1.5
    Sizes of products; each goes to one market.
families
    Lognormal sizes (sigma 1); each product is sold to many markets, in the mix of one of two families.
even
    The same with one family whose expected mix is even: the HHI and Theil's index stand at their least value.
chapters
    The same with five products to a chapter, which share one mix; drawn by product, and by chapter.

The change of the HHI is to a second year of other mixes; the advantage (RCA) is in the second market against a rival whose
shipments are spread evenly. Each row of the result: of the intervals of nominal 95 % by the default method on the default
scale, the part that held the true value, in all and where no note stands beside, the part of the notes among those that
miss and among those that hold, the part said to be alike within chapters, and the part with no interval. The Monte Carlo error of 600 runs is 0.9 points.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from exportlab.indices.measure import evaluate
from exportlab.uncertainty import methods, nesting, statistics
from exportlab.uncertainty.sample import Sample, minus
from exportlab.uncertainty.scales import SCALES, Scale, limits, scale_of

Rng = np.random.Generator
MARKETS = np.array([0.24, 0.18, 0.14, 0.11, 0.09, 0.08, 0.06, 0.05, 0.03, 0.02])
CHANGED = np.array([0.30, 0.20, 0.13, 0.10, 0.08, 0.06, 0.05, 0.04, 0.02, 0.02])
SIZES: dict[str, Callable[[Rng, int], Any]] = {
    "lognormal 1": lambda rng, n: rng.lognormal(0.0, 1.0, n),
    "lognormal 2": lambda rng, n: rng.lognormal(0.0, 2.0, n),
    "Pareto 1.5": lambda rng, n: 1 + rng.pareto(1.5, n),
}
LAWS = (*SIZES, "families", "even", "chapters, products drawn", "chapters, chapters drawn")
UNITS = (10, 30, 120, 480)
CHAPTER = 5  # products


def mixed(rng: Rng, at: Any) -> Any:
    """A mix about each expected one, between markets."""
    made = rng.standard_gamma(8 * at)
    return made / made.sum(axis=-1, keepdims=True)


def sent(rng: Rng, law: str, size: Any, mix: Any) -> tuple[Any, Any]:
    """What each product sends to each market, and the markets' expected shares."""
    n = len(size)
    if law == "families":
        other = np.where(rng.random(n)[:, None] < 0.6, mix, mix[::-1])
        return size[:, None] * mixed(rng, other), 0.6 * mix + 0.4 * mix[::-1]
    if law == "even":
        even = np.full((n, 10), 0.1)
        return size[:, None] * mixed(rng, even), even[0]
    if law.startswith("chapters"):
        own = mixed(rng, np.broadcast_to(mix, (n // CHAPTER, 10)))
        return size[:, None] * np.repeat(own, CHAPTER, axis=0), mix
    flows = np.zeros((n, 10))
    flows[np.arange(n), rng.choice(10, n, p=mix)] = size
    return flows, mix


def drawn(law: str, flows: Any) -> Any:
    """The flows of the units that are drawn."""
    return flows.reshape(-1, CHAPTER, flows.shape[1]).sum(axis=1) if law.endswith("chapters drawn") else flows


def tables(rng: Rng, law: str, n: int) -> Iterator[tuple[str, Sample, Scale, float]]:
    """One table of n products: index, its sample, its scale, its true value."""
    size = SIZES.get(law, SIZES["lognormal 1"])(rng, n)
    products, mix = sent(rng, law, size, MARKETS)
    flows = drawn(law, products)
    for name in ("hhi", "theil", "gini"):
        wide = {} if name == "hhi" else {"universe": 10.0}
        true = float(evaluate(name, mix, universe=10))
        yield name, statistics.of_cells(name, flows, **wide), scale_of(name, {}, 10), true
    bloc = np.isin(np.arange(10), (1, 2, 5))
    for name, inside in (("bloc_share", bloc), ("share", np.arange(10) == 6)):
        part = statistics.part(flows @ inside, flows.sum(axis=1))
        yield name, part, scale_of(name, {}, 10), float(mix @ inside)
    later, other = sent(rng, law, size * rng.lognormal(0.0, 0.3, n), CHANGED)
    change = minus(statistics.of_cells("hhi", drawn(law, later)), statistics.of_cells("hhi", flows))
    low, high = limits("hhi", {}, 10)
    true = float((other**2).sum() - (mix**2).sum())
    yield "change of hhi", change, Scale(SCALES["identity"], low - high, high - low), true
    rival = np.zeros((n, 10))
    rival[np.arange(n), rng.choice(10, n)] = SIZES.get(law, SIZES["lognormal 1"])(rng, n)
    yield "rca", *_advantage(flows, drawn(law, rival)), float(mix[1] / ((mix[1] + 0.1) / 2))


def _advantage(flows: Any, rival: Any) -> tuple[Sample, Scale]:
    """Advantage in the second market over both exporters."""
    x, size = flows[:, 1], flows.sum(axis=1)
    both, all_ = x + rival[:, 1], size + rival.sum(axis=1)

    def statistic(w: Any) -> Any:
        return statistics.over((w @ x) * (w @ all_), (w @ size) * (w @ both))[..., None]

    return Sample(statistic, size), scale_of("rca", {}, 10)


def cover(law: str, n: int, runs: int, seed: int) -> list[dict[str, Any]]:
    """Coverage of every index in one setting."""
    seen: dict[str, list[tuple[bool, bool, bool, bool]]] = {}
    for run in np.random.SeedSequence((seed, n, LAWS.index(law))).spawn(runs):
        for name, sample, scale, true in tables(np.random.default_rng(run), law, n):
            found = methods.estimate(sample, "jackknife", scale=scale)
            note = bool(methods.notes(sample, found, "jackknife", "product")[0])
            alike = nesting.dependence(sample, np.arange(sample.units) // CHAPTER)[0][0] > nesting.ALIKE
            alike = bool(alike) and not law.endswith("chapters drawn")
            low, high = float(found.low[0]), float(found.high[0])
            seen.setdefault(name, []).append((low <= true <= high, note or alike, np.isnan(low), alike))
    rows = []
    for name, made in seen.items():
        hit, noted, none, alike = np.array(made).T
        some = ~none
        clean = some & ~noted

        def part(x: Any, among: Any) -> str:
            return f"{100 * x[among].mean():.1f}" if among.sum() >= 50 else ""

        rows.append(
            {
                "law": law,
                "units": n,
                "index": name,
                "runs": runs,
                "coverage": part(hit, some),
                "coverage without a note": part(hit, clean),
                "without a note": f"{100 * clean.mean():.1f}",
                "noted, of those that miss": part(noted, some & ~hit),
                "noted, of those that hold": part(noted, some & hit),
                "said to be alike": f"{100 * alike.mean():.1f}",
                "no interval": f"{100 * none.mean():.1f}",
                "seed": seed,
            }
        )
    return rows


def main() -> None:
    """Run every setting and write the table."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument(
        "--runs", type=int, nargs="*", default=[400, 600, 600, 200], help="for each number of units"
    )
    ask.add_argument("--seed", type=int, default=20260201)
    ask.add_argument("--units", type=int, nargs="*", default=UNITS)
    ask.add_argument("--out", type=Path, required=True)
    given = ask.parse_args()
    rows: list[dict[str, Any]] = []
    for n, runs in zip(given.units, given.runs, strict=True):
        for law in LAWS:
            if n == 10 and law.startswith("chapters"):
                continue  # two chapters
            rows += cover(law, n, runs, given.seed)
            print(law, n, flush=True)
            with given.out.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)


if __name__ == "__main__":
    main()
