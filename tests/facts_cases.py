"""Small random tables with facts that hold of them, and plain Python that says whether a table meets the facts.

A case is a table of a few members, facts as calls of the package, and the same facts as predicates of tables. Nothing
here uses the package's reading of facts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import exp, log

import numpy as np

import exportlab as xl
from exportlab.facts import ImpliedBounds

Table = dict[str, int]
Tables = dict[str, Table]  # cell to table
SLACK = 1e-6


@dataclass
class Case:
    """Facts of a target cell, and predicates that tables of all cells must meet."""

    names: list[str]
    totals: dict[str, int]
    facts: xl.Facts
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
        "hhi": h,
        "effective_number": 1 / h,
        "cr1": s[0],
        "cr2": sum(s[:2]),
        "shannon": e,
        "theil": log(n) - e,
        "gini": (n + 1 - 2 * ranked) / n,
        "hall_tideman": 1 / (2 * ranked - 1),
        "hill": sum(x**1.5 for x in s) ** (1 / (1 - 1.5)),
        "hill_half": sum(x**0.5 for x in s if x > 0) ** 2,
        "hill_one": exp(e),
    }


OPTIONS = {"hill": {"q": 1.5}, "hill_half": {"q": 0.5}, "hill_one": {"q": 1.0}}


def bounds_of(facts: xl.Facts, name: str) -> ImpliedBounds:
    """The package's bounds of an index of `indices`."""
    return facts.bounds(
        name.partition("_h")[0].partition("_o")[0] if name.startswith("hill") else name,
        **OPTIONS.get(name, {}),
    )


def random_case(rng: np.random.Generator) -> Case:
    """A table with nested groups, and facts that it meets."""
    n, total = int(rng.integers(3, 6)), int(rng.integers(4, 8))
    names = list("ABCDE"[:n])
    truth = dict(zip(names, rng.multinomial(total, rng.dirichlet(np.full(n, 0.6))).tolist(), strict=True))
    exact = bool(rng.integers(2))
    figure = str(total) if exact else (total - 1, total + 1)
    case = Case(names, {"now": total}, xl.facts(figure, universe=names, flow="now", exact=exact))
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


def random_trade(rng: np.random.Generator) -> Case:
    """Exports of three members within trade, or with imports adding up to it; facts about each."""
    names, total = list("ABC"), int(rng.integers(3, 6))
    tables = {
        cell: dict(zip(names, rng.multinomial(total, rng.dirichlet(np.full(3, 0.7))).tolist(), strict=True))
        for cell in ("exports", "imports")
    }
    tables["trade"] = {m: tables["exports"][m] + tables["imports"][m] for m in names}
    cells = {
        cell: xl.facts(str(sum(t.values())), universe=names, flow=cell, exact=True).group("G", ["A", "B"])
        for cell, t in tables.items()
    }
    case = Case(names, {c: sum(t.values()) for c, t in tables.items()}, cells["exports"])
    groups = {"G": ["A", "B"], **{m: [m] for m in names}}
    for cell, truth in tables.items():
        for kind in rng.choice(3, int(rng.integers(0, 3)), replace=False).tolist():
            _trade_fact(case, rng, groups, cells, cell, truth, kind)
    if rng.random() < 0.5:
        case.facts = cells["exports"].balance(cells["imports"], cells["trade"])
        case.said.append("exports + imports = trade")
        case.rules.append(
            lambda t: all(abs(t["exports"][m] + t["imports"][m] - t["trade"][m]) < SLACK for m in names)
        )
    else:
        case.facts = cells["exports"].at_most(cells["trade"])
        del case.totals["imports"]
        case.rules = [r for r in case.rules if getattr(r, "cell", "") != "imports"]
        case.said.append("exports within trade")
        case.rules.append(lambda t: all(t["exports"][m] <= t["trade"][m] + SLACK for m in names))
    return case


@dataclass(frozen=True)
class Rule:
    """A predicate of one cell's table."""

    cell: str
    holds: Callable[[dict[str, float]], bool]

    def __call__(self, tables: dict[str, dict[str, float]]) -> bool:
        return self.holds(tables[self.cell])


def _trade_fact(
    case: Case,
    rng: np.random.Generator,
    groups: dict[str, list[str]],
    cells: dict[str, xl.Facts],
    cell: str,
    truth: Table,
    kind: int,
) -> None:
    """One more fact about one of the cells: a value, a cap, or a place."""
    label = _pick(rng, groups)
    own = _sum(truth, groups[label])
    if kind == 0:
        low, high = max(own - int(rng.integers(2)), 0), own + int(rng.integers(2))
        cells[cell] = cells[cell].know({label: (low, high)})
        case.rules.append(Rule(cell, lambda t: low - SLACK <= _sum(t, groups[label]) <= high + SLACK))
        case.said.append(f"{cell}: {label} {low} to {high}")
    elif kind == 1:
        most = max(truth.values())
        cells[cell] = cells[cell].cap((0, most), among="all")
        case.rules.append(Rule(cell, lambda t: max(t.values()) <= most + SLACK))
        case.said.append(f"{cell}: none above {most}")
    else:
        outside = [m for m in case.names if m not in groups[label]]
        place = 1 + sum(truth[m] > own for m in outside)
        cells[cell] = cells[cell].rank(label, place)
        case.rules.append(Rule(cell, lambda t: _placed(t, groups[label], outside, place)))
        case.said.append(f"{cell}: {label} number {place}")


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
    members = groups[label]
    low, high = _around(rng, _sum(truth, members))
    case.facts = case.facts.know({label: (low, high)})
    case.said.append(f"{label} {low} to {high}")
    case.rules.append(lambda t: low - SLACK <= _sum(t["now"], members) <= high + SLACK)


def _share(case: Case, rng: np.random.Generator, groups: dict[str, list[str]], truth: Table) -> None:
    label = _pick(rng, groups)
    members = groups[label]
    value = _sum(truth, members) / sum(truth.values())
    low, high = max(value - 0.1, 0.0), value + 0.1
    case.facts = case.facts.share(label, (low, high))
    case.said.append(f"share {label} {low:.2f} to {high:.2f}")

    def meets(t: dict[str, dict[str, float]]) -> bool:
        part, whole = _sum(t["now"], members), sum(t["now"].values())
        return low * whole - SLACK <= part <= high * whole + SLACK

    case.rules.append(meets)


def _rank(case: Case, rng: np.random.Generator, groups: dict[str, list[str]], truth: Table) -> None:
    """A label's place among single members outside it, or among single members listed."""
    label = _pick(rng, groups) if rng.random() < 0.5 else str(rng.choice(case.names))
    members = groups.get(label, [label])
    outside = [m for m in case.names if m not in members]
    if not outside:
        return
    own = _sum(truth, members)
    place = 1 + sum(truth[m] > own for m in outside)
    among = "all" if rng.random() < 0.6 else outside
    case.facts = case.facts.rank(label, place, among=among)
    case.said.append(f"{label} number {place} among {among}")
    case.rules.append(lambda t: _placed(t["now"], members, outside, place))


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
    members = groups[label]
    most = _sum(truth, members) + int(rng.integers(2))
    case.facts = case.facts.at_most({label: (0, most)})
    case.said.append(f"{label} at most {most}")
    case.rules.append(lambda t: _sum(t["now"], members) <= most + SLACK)


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
    for label in [label for label in groups if label != named]:  # a label named later would be no residual
        del groups[label]


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
    members = groups[label]
    before, now = int(rng.integers(1, 4)), _sum(truth, members)
    rate = now / before - 1
    earlier = xl.facts(universe=case.names, flow="before")
    for name, inside in case.facts.universe.groups.items():
        earlier = earlier.group(name, sorted(inside))
    earlier = earlier.know({label: (before, before + 1)})
    case.facts = case.facts.grew(label, (rate - 0.1, rate + 0.1), since=earlier)
    case.said.append(f"{label} grew {rate:.2f} since {before} to {before + 1}")
    low, high = (0.9 + rate) * before, (1.1 + rate) * (before + 1)
    case.rules.append(lambda t: low - SLACK <= _sum(t["now"], members) <= high + SLACK)


def fitting(case: Case) -> list[list[int]]:
    """Every table of whole numbers, of the target, that meets the facts with some tables of the other cells."""
    if "now" in case.totals:
        total = case.totals["now"]
        whole = [c for t in range(max(total - 1, 1), total + 2) for c in compositions(t, len(case.names))]
        return [list(v) for v in whole if _meets(case, {"now": v})]
    target, *others = case.totals
    n = len(case.names)
    tied = list(itertools.product(*(list(compositions(case.totals[c], n)) for c in others)))
    return [
        list(v)
        for v in compositions(case.totals[target], n)
        if any(_meets(case, {target: v, **dict(zip(others, rest, strict=True))}) for rest in tied)
    ]


def _meets(case: Case, values: dict[str, tuple[int, ...]]) -> bool:
    tables = {cell: dict(zip(case.names, map(float, v), strict=True)) for cell, v in values.items()}
    return all(rule(tables) for rule in case.rules)
