"""Small random tables with facts that hold of them, and plain Python that says whether a table meets the facts.

A case is a table of a few members (of one cell, or of several tied to each other), facts as calls of the package, and the
same facts as predicates of tables. Nothing here uses the package's reading of facts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import exp, log

import numpy as np

import exportlab as xl

Table = dict[str, int]
Tables = dict[str, Table]  # cell to table
SLACK = 1e-6


@dataclass
class Case:
    """Facts of a target cell, and predicates that tables of all cells must meet."""

    names: list[str]
    totals: dict[str, int]
    facts: xl.facts.Facts
    said: list[str] = field(default_factory=list)
    rules: list[Callable[[dict[str, dict[str, float]]], bool]] = field(default_factory=list)


def compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Every way to write a total as a sum of so many whole numbers."""
    for bars in itertools.combinations(range(total + parts - 1), parts - 1):
        ends = (-1, *bars, total + parts - 1)
        yield tuple(b - a - 1 for a, b in itertools.pairwise(ends))


def indices(values: list[float]) -> dict[str, float]:
    """Indices of a table, by their formulae."""
    total, n = sum(values), len(values)
    s = sorted((v / total for v in values), reverse=True)
    h = sum(x * x for x in s)
    ranked = sum((k + 1) * x for k, x in enumerate(s))
    e = -sum(x * log(x) for x in s if x > 0)
    return {
        "hhi": h, "effective_number": 1 / h, "cr1": s[0], "cr2": sum(s[:2]), "shannon": e, "theil": log(n) - e,
        "gini": (n + 1 - 2 * ranked) / n, "hall_tideman": 1 / (2 * ranked - 1),
        "hill": sum(x**1.5 for x in s) ** (1 / (1 - 1.5)), "hill_half": sum(x**0.5 for x in s if x > 0) ** 2,
        "hill_one": exp(e),
    }  # fmt: skip


OPTIONS = {"hill": {"q": 1.5}, "hill_half": {"q": 0.5}, "hill_one": {"q": 1.0}}


def bounds_of(facts: xl.facts.Facts, name: str) -> xl.facts.ImpliedBounds:
    """The package's bounds of an index of `indices`."""
    return facts.bounds(name.partition("_h")[0].partition("_o")[0] if name.startswith("hill") else name,
                        **OPTIONS.get(name, {}))  # fmt: skip


def random_case(rng: np.random.Generator) -> Case:
    """A table with nested groups, and facts that it meets."""
    n, total = int(rng.integers(3, 6)), int(rng.integers(4, 8))
    names = list("ABCDE"[:n])
    truth = dict(zip(names, rng.multinomial(total, rng.dirichlet(np.full(n, 0.6))).tolist(), strict=True))
    exact = bool(rng.integers(2))
    figure = str(total) if exact else (total - 1, total + 1)
    case = Case(names, {"now": total}, xl.facts.facts(figure, universe=names, flow="now", exact=exact))
    if not exact:
        case.rules.append(lambda t: total - 1 - SLACK <= sum(t["now"].values()) <= total + 1 + SLACK)
    else:
        case.rules.append(lambda t: abs(sum(t["now"].values()) - total) <= SLACK)
    groups = _groups(case, rng)
    makers = [_value, _value, _share, _rank, _cap, _at_most, _residual, _linear, _number]
    for make in rng.permutation(np.array(makers, object))[: int(rng.integers(1, 4))]:
        make(case, rng, groups, truth)
    if rng.random() < 0.4:
        _growth(case, rng, groups, truth)
    return case


def _groups(case: Case, rng: np.random.Generator) -> dict[str, list[str]]:
    """Two groups that nest or overlap, and every member by itself."""
    shuffled = rng.permutation(case.names).tolist()
    large = sorted(shuffled[: int(rng.integers(2, len(case.names) + 1))])
    small = large[:2] if rng.random() < 0.5 else sorted(shuffled[-2:])
    groups = {"G": large, "g": small}
    for label, members in groups.items():
        case.facts = case.facts.group(label, members)
    return {**groups, **{m: [m] for m in case.names}}


def _pick(rng: np.random.Generator, groups: dict[str, list[str]]) -> str:
    return str(rng.choice(list(groups)))


def _sum(table: dict[str, float], members: list[str]) -> float:
    return sum(table[m] for m in members)


def _around(rng: np.random.Generator, value: float, step: float = 1.0) -> tuple[float, float]:
    """An interval that holds a value; often the value alone."""
    if rng.random() < 0.4:
        return value, value
    return max(value - step * int(rng.integers(2)), 0.0), value + step * int(rng.integers(1, 3))


def _value(case: Case, rng: np.random.Generator, groups: dict[str, list[str]], truth: Table) -> None:
    label = _pick(rng, groups)
    low, high = _around(rng, _sum(truth, groups[label]))
    case.facts = case.facts.know({label: (low, high)})
    case.said.append(f"{label} {low} to {high}")
    case.rules.append(lambda t: low - SLACK <= _sum(t["now"], groups[label]) <= high + SLACK)


def _share(case: Case, rng: np.random.Generator, groups: dict[str, list[str]], truth: Table) -> None:
    label = _pick(rng, groups)
    value = _sum(truth, groups[label]) / sum(truth.values())
    low, high = max(value - 0.1, 0.0), value + 0.1
    case.facts = case.facts.share(label, (low, high))
    case.said.append(f"share {label} {low:.2f} to {high:.2f}")

    def meets(t: dict[str, dict[str, float]]) -> bool:
        part, whole = _sum(t["now"], groups[label]), sum(t["now"].values())
        return low * whole - SLACK <= part <= high * whole + SLACK

    case.rules.append(meets)


def _rank(case: Case, rng: np.random.Generator, groups: dict[str, list[str]], truth: Table) -> None:
    """A label's place among single members outside it, or among single members listed."""
    label = _pick(rng, groups) if rng.random() < 0.5 else str(rng.choice(case.names))
    outside = [m for m in case.names if m not in groups[label]]
    if not outside:
        return
    own = _sum(truth, groups[label])
    place = 1 + sum(truth[m] > own for m in outside)
    among = "all" if rng.random() < 0.6 else outside
    case.facts = case.facts.rank(label, place, among=among)
    case.said.append(f"{label} number {place} among {among}")
    case.rules.append(lambda t: _placed(t["now"], groups[label], outside, place))


def _placed(table: dict[str, float], members: list[str], outside: list[str], place: int) -> bool:
    """Whether so many are at least as large that others, at most as large, are left."""
    own = _sum(table, members)
    larger = sum(table[m] > own + SLACK for m in outside)
    as_large = sum(table[m] >= own - SLACK for m in outside)
    return larger <= place - 1 <= as_large


def _cap(case: Case, rng: np.random.Generator, groups: dict[str, list[str]], truth: Table) -> None:
    most = max(truth.values()) - 0.5 * int(rng.integers(-1, 1))
    case.facts = case.facts.cap((0, most), among="all")
    case.said.append(f"none above {most}")
    case.rules.append(lambda t: max(t["now"].values()) <= most + SLACK)


def _at_most(case: Case, rng: np.random.Generator, groups: dict[str, list[str]], truth: Table) -> None:
    label = _pick(rng, groups)
    most = _sum(truth, groups[label]) + int(rng.integers(2))
    case.facts = case.facts.at_most({label: (0, most)})
    case.said.append(f"{label} at most {most}")
    case.rules.append(lambda t: _sum(t["now"], groups[label]) <= most + SLACK)


def _residual(case: Case, rng: np.random.Generator, groups: dict[str, list[str]], truth: Table) -> None:
    """A member is named, and all others that are not named have so much together: said last, so nothing else is."""
    if case.said:
        return
    named = str(rng.choice(case.names))
    rest = [m for m in case.names if m != named]
    low, high = _around(rng, _sum(truth, rest))
    case.facts = case.facts.know({named: (truth[named], truth[named] + 1), "Others": (low, high)})
    case.said.append(f"{named} {truth[named]} to {truth[named] + 1}, others {low} to {high}")
    case.rules.append(lambda t: truth[named] - SLACK <= t["now"][named] <= truth[named] + 1 + SLACK)
    case.rules.append(lambda t: low - SLACK <= _sum(t["now"], rest) <= high + SLACK)
    groups.clear()
    groups.update({named: [named]})


def _linear(case: Case, rng: np.random.Generator, groups: dict[str, list[str]], truth: Table) -> None:
    a, b = (str(x) for x in rng.choice(case.names, 2, replace=False))
    value = truth[a] - 2 * truth[b]
    case.facts = case.facts.linear({a: 1, b: -2}, (value - 1, value + 1))
    case.said.append(f"{a} - 2 {b} from {value - 1} to {value + 1}")
    case.rules.append(lambda t: value - 1 - SLACK <= t["now"][a] - 2 * t["now"][b] <= value + 1 + SLACK)


def _number(case: Case, rng: np.random.Generator, groups: dict[str, list[str]], truth: Table) -> None:
    most = sum(v > 0 for v in truth.values())
    case.facts = case.facts.number(most)
    case.said.append(f"at most {most} above zero")
    case.rules.append(lambda t: sum(v > SLACK for v in t["now"].values()) <= most)


def _growth(case: Case, rng: np.random.Generator, groups: dict[str, list[str]], truth: Table) -> None:
    """Another period, of which a label's value is known, and the growth since then."""
    label = _pick(rng, groups)
    before, now = int(rng.integers(1, 4)), _sum(truth, groups[label])
    rate = now / before - 1
    earlier = xl.facts.facts(universe=case.names, flow="before")
    for name, members in case.facts.universe.groups.items():
        earlier = earlier.group(name, sorted(members))
    earlier = earlier.know({label: (before, before + 1)})
    case.facts = case.facts.grew(label, (rate - 0.1, rate + 0.1), since=earlier)
    case.said.append(f"{label} grew {rate:.2f} since {before} to {before + 1}")
    low, high = (0.9 + rate) * before, (1.1 + rate) * (before + 1)
    case.rules.append(lambda t: low - SLACK <= _sum(t["now"], groups[label]) <= high + SLACK)


def fitting(case: Case) -> list[list[int]]:
    """Every table of whole numbers that meets the facts."""
    total = case.totals["now"]
    found = []
    for whole in range(max(total - 1, 1), total + 2):
        for values in compositions(whole, len(case.names)):
            table = dict(zip(case.names, values, strict=True))
            if all(rule({"now": table}) for rule in case.rules):
                found.append(list(values))
    return found
