"""How often the default intervals hold the true value, with and without a note beside them.

    python benchmarks/coverage_defaults.py --out benchmarks/results/coverage_defaults.csv

Units are products that add up to ten markets. The laws:

lognormal 1, lognormal 2, Pareto 1.5
    Sizes of products; each goes to one market.
families
    Lognormal sizes (sigma 1); each product is sold to many markets, in the mix of one of two families.
even
    The same with one family whose expected mix is even: the HHI and Theil's index stand at their least value.
steep
    The same with one family whose expected mix goes with the squares of the markets' shares.
chapters
    The same with five products to a chapter, which share one mix; drawn by product, and by chapter.

The change of the HHI is to a second year of other mixes; the advantage (RCA) is in the second market against a rival
whose shipments are spread evenly. Each row of the result: of the intervals of nominal 95 % by the default method on
the default scale, the part that held the true value, in all and where no note stands beside, the part of the notes
among those that miss and among those that hold, the part said to be alike within chapters, and the part with no
interval. The Monte Carlo error of 1,000 runs is 0.7 points.

``coverage_notes.csv``, beside it, takes each kind of note by itself, over all settings of 30 products and more: how
many of 100 tables have it, how many of their intervals hold, the least and the most in one setting (of 50 such tables
or more), how many where it is the only one, and its two error rates: the part of those that miss which have it, and of
those that hold. The percentile bootstrap, which has notes of its own, is tried on the HHI, Theil's index and the bloc
share.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from exportlab.indices.measure import evaluate
from exportlab.uncertainty import methods, nesting, statistics
from exportlab.uncertainty.sample import Sample, minus, summed
from exportlab.uncertainty.scales import SCALES, Scale, limits, scale_of

Rng = np.random.Generator
MARKETS = np.array([0.24, 0.18, 0.14, 0.11, 0.09, 0.08, 0.06, 0.05, 0.03, 0.02])
CHANGED = np.array([0.30, 0.20, 0.13, 0.10, 0.08, 0.06, 0.05, 0.04, 0.02, 0.02])
SIZES: dict[str, Callable[[Rng, Any], Any]] = {
    "lognormal 1": lambda rng, shape: rng.lognormal(0.0, 1.0, shape),
    "lognormal 2": lambda rng, shape: rng.lognormal(0.0, 2.0, shape),
    "Pareto 1.5": lambda rng, shape: 1 + rng.pareto(1.5, shape),
}
LAWS = (*SIZES, "families", "even", "steep", "chapters, products drawn", "chapters, chapters drawn")
UNITS = (10, 30, 120, 480)
DRAWS = 999  # of the percentile bootstrap
BOOTSTRAPPED = ("hhi", "theil", "bloc_share")
CHAPTER = 5  # products


def mixed(rng: Rng, at: Any) -> Any:
    """A mix about each expected one, between markets."""
    made = rng.standard_gamma(8 * at)
    return made / made.sum(axis=-1, keepdims=True)


def sent(rng: Rng, law: str, size: Any, mix: Any) -> tuple[Any, Any]:
    """What each product of each table sends to each market, (n, runs, 10), and the markets' expected shares."""
    if law == "families":
        other = np.where(rng.random(size.shape)[..., None] < 0.6, mix, mix[::-1])
        return size[..., None] * mixed(rng, other), 0.6 * mix + 0.4 * mix[::-1]
    if law in ("even", "steep"):
        one = np.broadcast_to(
            np.full(10, 0.1) if law == "even" else mix**2 / (mix**2).sum(), (*size.shape, 10)
        )
        return size[..., None] * mixed(rng, one), one[0, 0]
    if law.startswith("chapters"):
        own = mixed(rng, np.broadcast_to(mix, (len(size) // CHAPTER, size.shape[1], 10)))
        return size[..., None] * np.repeat(own, CHAPTER, axis=0), mix
    flows = np.zeros((*size.shape, 10))
    np.put_along_axis(flows, rng.choice(10, size.shape, p=mix)[..., None], size[..., None], axis=-1)
    return flows, mix


def drawn(law: str, flows: Any) -> Any:
    """The flows of the units that are drawn."""
    if not law.endswith("chapters drawn"):
        return flows
    return flows.reshape(-1, CHAPTER, *flows.shape[1:]).sum(axis=1)


def many(flows: Any, index: Callable[[Any], Any]) -> Sample:
    """The samples of all tables as one of as many values: units are drawn alike in all."""
    units, runs, cells = flows.shape

    def of_all(sums: Any) -> Any:
        return index(sums.reshape(*sums.shape[:-1], runs, cells))

    flat = flows.reshape(units, -1)
    return summed(flat, of_all, np.ones(runs * cells), sizes=flat.sum(axis=1))


def distribution(name: str, cells: int = 10) -> Callable[[Any], Any]:
    """An indicator of the last axis."""
    wide: Any = {} if name == "hhi" else {"universe": float(cells)}
    made = statistics.of_cells(name, np.ones((2, cells)), **wide).sums
    assert made is not None
    return lambda x: made.index(x)[..., 0]


@dataclass(frozen=True, eq=False)
class Case:
    """One index of many tables; of a share also which part of the units carries it, and their effective number."""

    index: str
    sample: Sample
    scale: Scale
    true: float
    carried: Any = None
    effective: Any = None


def tables(rng: Rng, law: str, n: int, runs: int) -> Iterator[Case]:
    """Tables of n products, by index."""
    shape, sizes = (n, runs), SIZES.get(law, SIZES["lognormal 1"])
    size = sizes(rng, shape)
    products, mix = sent(rng, law, size, MARKETS)
    flows = drawn(law, products)
    for name in ("hhi", "theil", "gini"):
        true = float(evaluate(name, mix, universe=10))
        yield Case(name, many(flows, distribution(name)), scale_of(name, {}, 10), true)
    yield from _shares(flows, mix)
    later, other = sent(rng, law, size * rng.lognormal(0.0, 0.3, shape), CHANGED)
    sides = [many(f, distribution("hhi")) for f in (flows, drawn(law, later))]
    low, high = limits("hhi", {}, 10)
    on = Scale(SCALES["identity"], low - high, high - low)
    yield Case("change of hhi", minus(sides[1], sides[0]), on, float((other**2).sum() - (mix**2).sum()))
    calm = law in ("families", "even", "steep")
    rival, _ = sent(rng, "even" if calm else "lognormal 1", sizes(rng, shape), np.full(10, 0.1))
    both = np.concatenate([flows, drawn(law, rival)], axis=-1)
    yield Case("rca", many(both, advantage), scale_of("rca", {}, 10), float(mix[1] / ((mix[1] + 0.1) / 2)))


def _shares(flows: Any, mix: Any) -> Iterator[Case]:
    """The share of three markets, and of a small one."""
    size = flows.sum(axis=-1)
    effective = size.sum(axis=0) ** 2 / (size**2).sum(axis=0)
    for name, inside in (("bloc_share", [1, 2, 5]), ("share", [6])):
        chosen = np.isin(np.arange(10), inside)
        part = many(flows, lambda x, c=chosen: (x * c).sum(axis=-1) / x.sum(axis=-1))  # type: ignore[misc]
        sent_there = flows[..., chosen].sum(axis=-1)
        carried = np.minimum((sent_there > 0).mean(axis=0), (sent_there < size).mean(axis=0))
        yield Case(name, part, scale_of(name, {}, 10), float(mix @ chosen), carried, effective)


def advantage(x: Any) -> Any:
    """RCA in the second market over both exporters, whose flows stand one after the other."""
    own, all_ = x[..., :10], x[..., :10] + x[..., 10:]
    return statistics.over(own[..., 1] * all_.sum(axis=-1), own.sum(axis=-1) * all_[..., 1])


BATCH = 100  # tables at once


@dataclass(frozen=True)
class Judged:
    """Of each table: whether its interval holds and whether there is one; by kind of note, whether it stands."""

    hit: Any
    none: Any
    notes: Mapping[str, Any]

    @property
    def noted(self) -> Any:
        """Whether any note stands."""
        return np.any(list(self.notes.values()), axis=0) if self.notes else np.zeros(self.hit.size, bool)


def joined(some: Sequence[Judged]) -> Judged:
    """Several batches as one."""
    kinds = {kind for made in some for kind in made.notes}
    return Judged(
        np.concatenate([made.hit for made in some]),
        np.concatenate([made.none for made in some]),
        {k: np.concatenate([m.notes.get(k, np.zeros(m.hit.size, bool)) for m in some]) for k in kinds},
    )


def cover(law: str, n: int, runs: int, seed: int) -> dict[tuple[str, str], Judged]:
    """What comes of every index in one setting, by index and method."""
    seen: dict[tuple[str, str], list[Judged]] = {}
    for batch in np.random.SeedSequence((seed, n, LAWS.index(law))).spawn(runs // BATCH):
        close: Any = np.zeros(BATCH, dtype=bool)
        for case in tables(np.random.default_rng(batch), law, n, BATCH):
            made = judged(case, "jackknife", chapters=law.endswith("chapters drawn"))
            if case.index == "hhi":  # a change from near equality has a note as well
                close = made.notes.get(NEAR, close)
            elif case.index == "change of hhi":
                made = replace(made, notes={**made.notes, NEAR: made.notes.get(NEAR, False) | close})
            seen.setdefault((case.index, "jackknife"), []).append(made)
            if case.index in BOOTSTRAPPED and n > 10:
                drawn = judged(case, "percentile", chapters=law.endswith("chapters drawn"))
                seen.setdefault((case.index, "percentile"), []).append(drawn)
    return {key: joined(made) for key, made in seen.items()}


NEAR = methods.EQUALITY.kind


def judged(case: Case, method: str, *, chapters: bool) -> Judged:
    """The intervals of tables drawn alike."""
    sample = case.sample
    with np.errstate(divide="ignore", invalid="ignore"):
        found = methods.estimate(
            sample, method, scale=case.scale, draws=DRAWS, seed=np.random.SeedSequence(1)
        )
        groups = (np.arange(sample.units) // CHAPTER).tolist()
        alike = (nesting.dependence(sample, groups)[0] > nesting.ALIKE) & (not chapters)
    rare = np.zeros(alike.size, bool)
    if case.carried is not None and method == "jackknife":
        found = methods.exact(found, case.effective, sample.units, 0.95)
        rare = methods.rarely(case.carried, case.effective)
    against = methods.notes(sample, found, method, "product", name=case.index, scale=case.scale)
    kinds = {note.kind for each in against for note in each}
    stands: dict[str, Any] = {
        k: np.array([any(n.kind == k for n in each) for each in against]) for k in kinds
    }
    stands["alike"] = alike
    stands["rarely traded"] = rare
    hit = (found.low <= case.true) & (case.true <= found.high)
    return Judged(hit, np.isnan(found.low), stands)


def part(x: Any, among: Any) -> str:
    """In per cent, where there are enough of them."""
    return f"{100 * x[among].mean():.1f}" if among.sum() >= 50 else ""


def _row(law: str, n: int, name: str, made: Judged, seed: int) -> dict[str, Any]:
    hit, none = made.hit, made.none
    clean = ~none & ~made.noted
    return {
        "law": law,
        "units": n,
        "index": name,
        "runs": hit.size,
        "coverage": part(hit, ~none),
        "coverage without a note": part(hit, clean),
        "without a note": f"{100 * clean.mean():.1f}",
        "noted, of those that miss": part(made.noted, ~none & ~hit),
        "noted, of those that hold": part(made.noted, ~none & hit),
        "said to be alike": f"{100 * made.notes['alike'].mean():.1f}",
        "no interval": f"{100 * none.mean():.1f}",
        "seed": seed,
    }


def by_note(name: str, method: str, settings: Sequence[Judged]) -> Iterator[dict[str, Any]]:
    """A row for each kind of note that stands beside some interval, after one for those without any."""
    made = joined(settings)
    some = ~made.none
    kinds = {"none": ~made.noted, **dict(sorted(made.notes.items()))}
    at = np.repeat(np.arange(len(settings)), [one.hit.size for one in settings])
    for kind, stands in kinds.items():
        here = some & stands
        each = [
            100 * made.hit[here & (at == k)].mean()
            for k in range(len(settings))
            if (here & (at == k)).sum() >= 50
        ]
        others = np.any([x for k, x in made.notes.items() if k != kind], axis=0)
        if here.sum() < 50:
            continue
        yield {
            "index": name,
            "method": method,
            "note": kind,
            "of 100 tables": f"{100 * stands.mean():.1f}",
            "coverage": part(made.hit, here),
            "least in a setting": f"{min(each):.1f}" if each else "",
            "most in a setting": f"{max(each):.1f}" if each else "",
            "coverage with no other note": part(made.hit, here & ~others),
            "of those that miss": part(stands, some & ~made.hit),
            "of those that hold": part(stands, some & made.hit),
        }


def written(rows: Sequence[Mapping[str, Any]], out: Path) -> None:
    """The rows as a CSV file."""
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Run every setting and write the table."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument(
        "--runs", type=int, nargs="*", default=[1000] * len(UNITS), help="for each number of units"
    )
    ask.add_argument("--seed", type=int, default=20260201)
    ask.add_argument("--units", type=int, nargs="*", default=UNITS)
    ask.add_argument("--out", type=Path, required=True)
    given = ask.parse_args()
    rows: list[dict[str, Any]] = []
    pooled: dict[tuple[str, str], list[Judged]] = {}
    for n, runs in zip(given.units, given.runs, strict=True):
        for law in LAWS:
            if n == 10 and law.startswith("chapters"):
                continue  # two chapters
            found = cover(law, n, runs, given.seed)
            rows += [
                _row(law, n, name, m, given.seed) for (name, how), m in found.items() if how == "jackknife"
            ]
            for key, made in found.items():
                if n > 10:
                    pooled.setdefault(key, []).append(made)
            print(law, n, flush=True)
            written(rows, given.out)
    noted = [row for key, made in pooled.items() for row in by_note(*key, made)]
    written(noted, given.out.with_name("coverage_notes.csv"))


if __name__ == "__main__":
    main()
