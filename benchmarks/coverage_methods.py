"""How often an interval holds the true value: every method, on flows with heavy tails, at 10 to 1000 units.

    python benchmarks/coverage_methods.py --out benchmarks/results/coverage.csv [--go-on results/coverage.csv]

Two designs, after the two things a resampled unit can be:

members
    The unit is a member of the distribution: n markets (or products, or firms) are drawn from a law of sizes, and
    the index is that of the law at n members. True values are in closed form: for exponential sizes n HHI = 2,
    Theil = 1 - Euler's constant, Gini = 1/2; for lognormal ones n HHI = exp(sigma^2), Theil = sigma^2/2, Gini =
    erf(sigma/2); for Pareto ones with alpha = 1.2 Theil = ln((alpha-1)/alpha) + 1/(alpha-1), Gini = 1/(2 alpha - 1),
    and HHI has no true value, as sizes have no variance. A third of the members, at random, are a bloc.
shipments
    The unit is a shipment (a product, a firm, a month): n of them, of sizes from the same laws, each go to one of ten
    markets with fixed chances, and the index is that of the expected flows by market. The change of the HHI is to a
    second period, in which the same units send to markets with other chances; the advantage (RCA) is in one market
    against a rival that sends to all alike.

The jackknife and the delta method are the textbook's, with n - 1 degrees of freedom and without limits, so that methods
are compared as they are known; what `exportlab.uncertainty.interval` does by default is in ``coverage_defaults.py``.

Each row of the result: the part of intervals of nominal 95 % that held the true value, and their median width over it.
The Monte Carlo error of 1,000 runs is 0.7 points; they take an hour and a half of one processor, most of it for 1,000
units. Each run has a seed of its own, so that a result of fewer runs can be gone on from: coverage is then that of all
runs, the width the mean of both parts' medians by their runs.
Beside the result, the tables of the documentation: one a design, and one of which methods work from where on.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator
from math import erf, exp, log
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import stdtrit

from exportlab.indices.measure import evaluate
from exportlab.uncertainty import methods, statistics
from exportlab.uncertainty.methods import Interval
from exportlab.uncertainty.rca import advantage
from exportlab.uncertainty.sample import Sample, minus
from exportlab.uncertainty.scales import SCALES

LAWS: dict[str, Callable[[np.random.Generator, Any], Any]] = {
    "exponential": lambda rng, n: rng.standard_exponential(n),
    "lognormal, sigma 1": lambda rng, n: rng.lognormal(0.0, 1.0, n),
    "lognormal, sigma 2": lambda rng, n: rng.lognormal(0.0, 2.0, n),
    "Pareto, alpha 1.2": lambda rng, n: 1 + rng.pareto(1.2, n),
}
SQUARES = {"exponential": 2.0, "lognormal, sigma 1": exp(1.0), "lognormal, sigma 2": exp(4.0)}
THEIL = {
    "exponential": 1 - np.euler_gamma,
    "lognormal, sigma 1": 0.5,
    "lognormal, sigma 2": 2.0,
    "Pareto, alpha 1.2": log(0.2 / 1.2) + 1 / 0.2,
}
GINI = {
    "exponential": 0.5,
    "lognormal, sigma 1": erf(0.5),
    "lognormal, sigma 2": erf(1.0),
    "Pareto, alpha 1.2": 1 / 1.4,
}
UNITS = (10, 30, 100, 1000)
MARKETS = np.array([0.24, 0.18, 0.14, 0.11, 0.09, 0.08, 0.06, 0.05, 0.03, 0.02])
CHANGED = np.array([0.30, 0.20, 0.13, 0.10, 0.08, 0.06, 0.05, 0.04, 0.02, 0.02])
RIVAL = np.array([0.10, 0.10, 0.10, 0.10, 0.10, 0.10, 0.10, 0.10, 0.10, 0.10])


def members(rng: np.random.Generator, law: str, n: int) -> Iterator[tuple[str, Sample, float]]:
    """One table of n members: index, its sample, its true value (NaN where the law has none)."""
    x = LAWS[law](rng, n)
    yield "hhi", statistics.of_members("hhi", x), SQUARES.get(law, float("nan")) / n
    yield "theil", statistics.of_members("theil", x), THEIL[law]
    yield "gini", statistics.of_members("gini", x), GINI[law]
    yield "bloc_share", statistics.part(x * (rng.random(n) < 1 / 3), x), 1 / 3


def shipments(rng: np.random.Generator, law: str, n: int) -> Iterator[tuple[str, Sample, float]]:
    """One table of n shipments to ten markets."""
    size, where = LAWS[law](rng, n), rng.choice(10, n, p=MARKETS)
    flows = np.zeros((n, 10))
    flows[np.arange(n), where] = size
    for name in ("hhi", "theil", "cr3"):
        options: Any = {"universe": 10.0} if name == "theil" else {}
        true = float(evaluate(name, MARKETS, universe=10 if name == "theil" else "active"))
        yield name, statistics.of_cells(name, flows, **options), true
    bloc = np.isin(np.arange(10), (1, 2, 5))
    yield "bloc_share", statistics.part(flows @ bloc, size), float(MARKETS @ bloc)
    later = np.zeros((n, 10))
    later[np.arange(n), rng.choice(10, n, p=CHANGED)] = size * rng.lognormal(0.0, 0.3, n)
    change = minus(statistics.of_cells("hhi", later), statistics.of_cells("hhi", flows))
    yield "change of hhi", change, float((CHANGED**2).sum() - (MARKETS**2).sum())
    yield "rca", *_advantage(rng, law, flows)


def _advantage(rng: np.random.Generator, law: str, flows: Any) -> tuple[Sample, float]:
    """Advantage in the second market over a rival whose shipments are the same firms', spread evenly."""
    n = len(flows)
    rival = np.zeros((n, 10))
    rival[np.arange(n), rng.choice(10, n, p=RIVAL)] = LAWS[law](rng, n)
    two = [np.stack([x[:, 1], x.sum(axis=1) - x[:, 1]], axis=1) for x in (flows, flows + rival)]
    whole = advantage(two[0], two[1], two[1].sum(axis=1))
    slope = whole.influence
    assert slope is not None
    one = Sample(lambda w: whole.statistic(w)[..., :1], whole.sizes, lambda w: slope(w)[..., :1], width=4)
    return one, float(MARKETS[1] / ((MARKETS[1] + RIVAL[1]) / 2))


BOUNDED = ("hhi", "gini", "bloc_share")  # between 0 and 1, where an interval can be kept by logits
DESIGNS = {"members": members, "shipments": shipments}


def intervals(
    index: str, sample: Sample, draws: int, seed: np.random.SeedSequence
) -> Iterator[tuple[str, Interval]]:
    """The interval by every method that the index has; the bootstrap methods share their draws."""
    known = sample.influence is not None
    point = sample.estimate
    positive = bool((point > 0).all())
    drawn, errors = methods.simulate(sample, "studentised" if known else "percentile", draws, seed)
    left_out = methods.jackknife(sample)

    def of(ends: tuple[Any, Any]) -> Interval:
        return Interval(
            point, drawn.std(axis=0, ddof=1), *ends, np.zeros(1, dtype=int), point, (None,), drawn
        )

    yield "percentile", of(methods.percentile(drawn, 0.95))
    yield "basic", of(methods.basic(drawn, point, 0.95))
    yield "bca", of(methods.bca(drawn, point, left_out, 0.95))
    yield "jackknife", of(plain(sample, left_out, "identity"))
    if index in BOUNDED:
        yield "jackknife, logit", of(plain(sample, left_out, "logit"))
    if sample.fractional:
        yield "bayesian", methods.estimate(sample, "bayesian", draws=draws, seed=seed)
    if known:
        error = methods._delta_error(sample, "delta")
        yield "delta", of(about(sample, point, error, "identity"))
        yield "studentised", of(methods.studentised(drawn, errors, point, error, 0.95))
        if positive:
            yield "delta, log", of(about(sample, point, error, "log"))
            logs = methods.studentised(drawn, errors, point, error, 0.95, scale=SCALES["log"])
            yield "studentised, log", of(logs)


def about(sample: Sample, centre: Any, error: Any, scale: str) -> tuple[Any, Any]:
    """The ends of Student's t with n - 1 degrees of freedom about a value."""
    to, slope, back = SCALES[scale]
    reach = stdtrit(sample.units - 1, 0.975) * error * slope(centre)
    return back(to(centre) - reach), back(to(centre) + reach)


def plain(sample: Sample, left_out: Any, scale: str) -> tuple[Any, Any]:
    """The ends of the textbook's jackknife on a scale, without limits and with n - 1 degrees of freedom."""
    to, _, back = SCALES[scale]
    centre, error = methods.jackknifed(to(left_out), to(sample.estimate), sample.samples)
    reach = stdtrit(sample.units - 1, 0.975) * error
    return back(centre - reach), back(centre + reach)


Rows = list[dict[str, Any]]


def cover(
    design: str, law: str, n: int, *, runs: int, draws: int, seed: int, before: Rows | None = None
) -> Rows:
    """Coverage of every index and method in one setting; `before` is that of the first runs."""
    tally: dict[tuple[str, str], list[tuple[bool, float]]] = {}
    done = int(before[0]["runs"]) if before else 0
    for run in np.random.SeedSequence(seed).spawn(runs)[done:]:
        table, *rest = run.spawn(9)
        made = DESIGNS[design](np.random.default_rng(table), law, n)
        for (index, sample, true), own in zip(made, rest, strict=False):
            with np.errstate(
                all="ignore"
            ):  # a log of zero or a ratio without spread is an interval that misses
                for method, found in intervals(index, sample, draws, own):
                    low, high = float(found.low[0]), float(found.high[0])
                    tally.setdefault((index, method), []).append(
                        (low <= true <= high, (high - low) / abs(true))
                    )
    rows = []
    for (index, method), seen in tally.items():
        hit, width = np.array(seen).T
        if (
            len(seen) < runs - done or np.isnan(width).all()
        ):  # not defined in every run, or there is no true value
            continue
        rows.append(
            {
                "design": design,
                "law": law,
                "units": n,
                "index": index,
                "method": method,
                "level": 0.95,
                "runs": runs,
                "draws": draws,
                "coverage": round(float(hit.mean()), 4),
                "width": f"{np.nanmedian(width):.4g}",
                "seed": seed,
            }
        )
    return together(before, rows, done) if before else rows


def together(before: Rows, added: Rows, done: int) -> Rows:
    """The rows of both parts in one, of what is defined in every run of both."""
    found = {(row["index"], row["method"]): row for row in added}
    rows = []
    for first in before:
        second = found.get((first["index"], first["method"]))
        if second:
            old, new = done / second["runs"], 1 - done / second["runs"]
            share = old * float(first["coverage"]) + new * second["coverage"]
            width = old * float(first["width"]) + new * float(second["width"])
            rows.append({**second, "coverage": round(share, 4), "width": f"{width:.4g}"})
    return rows


ORDER = (
    "percentile",
    "basic",
    "bca",
    "studentised",
    "studentised, log",
    "bayesian",
    "jackknife",
    "jackknife, logit",
    "delta",
    "delta, log",
)


def digest(rows: list[dict[str, Any]], design: str, out: Path) -> None:
    """The table of the documentation: coverage in % at 10, 30, 100 and 1000 units, bold within two points."""
    cells: dict[tuple[str, str], dict[tuple[str, int], str]] = {}
    units = sorted({int(row["units"]) for row in rows})
    for row in rows:
        if row["design"] == design:
            shown = f"{100 * float(row['coverage']):.0f}"
            if abs(float(row["coverage"]) - float(row["level"])) <= 0.02:
                shown = f"**{shown}**"
            cells.setdefault((row["index"], row["law"]), {})[row["method"], int(row["units"])] = shown
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["index", "sizes", *ORDER])
        for (index, law), found in sorted(cells.items()):
            writer.writerow([index, law, *(" ".join(found.get((m, u), "–") for u in units) for m in ORDER)])


def works(rows: list[dict[str, Any]], out: Path) -> None:
    """Which methods are within two points of nominal from how many units on, at every number simulated from there."""
    seen: dict[tuple[str, str, str], dict[str, dict[int, bool]]] = {}
    for row in rows:
        near = abs(float(row["coverage"]) - float(row["level"])) <= 0.02
        of = seen.setdefault((row["design"], row["index"], row["law"]), {}).setdefault(row["method"], {})
        of[int(row["units"])] = near
    units = sorted({int(row["units"]) for row in rows})
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["units drawn are", "index", "sizes", *(f"from {n:,}" for n in units)])
        for (design, index, law), methods_ in sorted(seen.items()):
            first = {
                m: min((n for n in units if all(known.get(k, False) for k in units if k >= n)), default=None)
                for m, known in methods_.items()
            }
            cells = ["; ".join(m for m in ORDER if m in first and first[m] == n) or "–" for n in units]
            writer.writerow([design, index, law, *cells])


def main() -> None:
    """Run every setting and write the table."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--runs", type=int, default=1000)
    ask.add_argument("--draws", type=int, default=399)
    ask.add_argument("--seed", type=int, default=20260101)
    ask.add_argument("--largest-runs", type=int, default=1000, help="runs at 1,000 units")
    ask.add_argument("--go-on", type=Path, help="a result of fewer runs with the same seed")
    ask.add_argument("--units", type=int, nargs="*", default=UNITS)
    ask.add_argument("--designs", nargs="*", default=list(DESIGNS))
    ask.add_argument("--out", type=Path, required=True)
    given = ask.parse_args()
    rows: Rows = []
    earlier = list(csv.DictReader(given.go_on.open(encoding="utf-8"))) if given.go_on else []
    for n in given.units:
        for design in given.designs:
            for law in LAWS:
                runs = given.largest_runs if n >= 1000 else given.runs
                setting = (design, law, str(n), str(given.draws), str(given.seed))
                old = [
                    r
                    for r in earlier
                    if (r["design"], r["law"], r["units"], r["draws"], r["seed"]) == setting
                ]
                rows += cover(design, law, n, runs=runs, draws=given.draws, seed=given.seed, before=old)
                print(design, law, n, len(rows), flush=True)
                with given.out.open("w", newline="", encoding="utf-8") as file:
                    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(rows)
    for design in given.designs:
        digest(rows, design, given.out.with_name(f"{given.out.stem}_{design}.csv"))
    works(rows, given.out.with_name(f"{given.out.stem}_works.csv"))


if __name__ == "__main__":
    main()
