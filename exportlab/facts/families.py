"""Which indices can be bounded, and on what sum over the members each is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isinf
from typing import Any

import numpy as np

from exportlab.errors import OptionError, UnknownName
from exportlab.facts.curves import SQUARES, Curve, largest, least, powers, relative_entropy
from exportlab.facts.orders import largest_by_rank, largest_of_largest, least_by_rank, least_of_largest
from exportlab.facts.tree import End, Problem
from exportlab.frames import Array
from exportlab.indices.catalogue import CATALOGUE, Indicator, check_options
from exportlab.indices.concentration import NEAR_ONE
from exportlab.indices.members import ON_ARRAYS, Group, on_array

BOUNDED = (
    "hhi",
    "hirschman",
    "effective_number",
    "cr",
    "gini",
    "theil",
    "shannon",
    "hhi_normalised",
    "unctad_concentration",
    "hall_tideman",
    "hill",
)
NEEDS_SIZE = ("gini", "theil", "shannon", "hhi_normalised", "unctad_concentration", "hall_tideman", "hill")
BY_RANK = ("gini", "hall_tideman")
HIGHEST_ORDER = 5.0  # of Hill numbers, short of infinity: powers of higher order leave the solver's precision


@dataclass(frozen=True)
class Index:
    """An index of concentration with its options, that rises or falls with what the facts leave open.

    Attributes
    ----------
    indicator : Indicator
    options : mapping
    universe : float
        How many members there can be; infinite where any number.
    """

    indicator: Indicator
    options: Mapping[str, Any]
    universe: float

    def of(self, values: Array, total: float) -> float:
        """The index of a table; members spread infinitely thin are in the total alone."""
        size = None if isinf(self.universe) else self.universe
        return float(on_array(self.indicator, values, self.options, universe=size, total=total))

    def evenest(self, problem: Problem, nodes: int) -> End:
        """The sum that the index is made of, where it is spread most evenly."""
        name = self.indicator.name
        if name in BY_RANK:
            return largest_by_rank(problem, nodes)
        return least_of_largest(problem, self.top, nodes) if self.top else least(problem, self.curve, nodes)

    def densest(self, problem: Problem, open_pools: frozenset[int], nodes: int) -> End:
        """The sum where it is most concentrated."""
        if self.indicator.name in BY_RANK:
            return least_by_rank(problem, open_pools, nodes)
        if self.top:
            return largest_of_largest(problem, self.top, open_pools, nodes)
        return largest(problem, self.curve, open_pools, nodes)

    def made_of(self, total: float) -> float:
        """The index, from the sum of what its members add in shares."""
        name, q = self.indicator.name, self.options.get("q", 2.0)
        if self.top:
            return total if name == "cr" else 1 / total
        if name in BY_RANK:
            return self._finished(total + 1)
        return self._finished(-total if name == "hill" and q < 1 else total)

    @property
    def top(self) -> int:
        """How many of the largest members it is the sum of; 0 where it is no such sum."""
        if self.indicator.name == "cr":
            return int(self.options["k"])
        return int(self.indicator.name == "hill" and isinf(self.options["q"]))

    @property
    def curve(self) -> Curve:
        """The convex curve that is summed."""
        name, q = self.indicator.name, self.options.get("q", 2.0)
        if name in ("shannon", "theil") or (name == "hill" and q == 1):
            return relative_entropy()
        return powers(q) if name == "hill" else SQUARES

    def _finished(self, total: float) -> float:
        """What the catalogue's formula makes of a sum of terms in shares."""
        n, q = max(self.universe, 1.0), self.options.get("q", 2.0)
        total = (
            (total - 1) / (q - 1) if 0 < abs(q - 1) < NEAR_ONE else total
        )  # as the catalogue sums it there
        facts = {"total": 1.0, "n": n if n < inf else 1e300, "N": n, "largest": 1.0}
        columns = {name: np.asarray(value, float) for name, value in facts.items()}
        group = Group(columns.__getitem__, ON_ARRAYS)
        return float(self.indicator.finished(np.asarray(total), group, self.options))


def index(name: str, options: Mapping[str, Any], universe: float) -> Index:
    """The index of that name, its options checked."""
    entry, implied = CATALOGUE.find(name)
    if entry.name not in BOUNDED:
        raise UnknownName("index with bounds", name, [*BOUNDED, "bloc_share", "share", "value"])
    if isinf(universe) and entry.name in NEEDS_SIZE:
        raise OptionError(
            f"{entry.name} depends on how many members there can be: give max_members= of bounds, or universe= of "
            "facts."
        )
    return Index(entry, check_options(entry, {**implied, **options}), universe)
