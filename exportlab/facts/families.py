"""Which indices can be bounded, and on what sum over the members each is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf, isinf
from typing import Any, TypeAlias

import numpy as np

from exportlab.arrays import Array
from exportlab.catalogue import CATALOGUE, Indicator, check_options, own_options
from exportlab.distribution import on_array
from exportlab.errors import OptionError, UnknownName
from exportlab.facts.curves import SQUARES, End, Sum, largest, least, powers, relative_entropy
from exportlab.facts.orders import largest_by_rank, largest_of_largest, least_by_rank, least_of_largest
from exportlab.indices.concentration import NEAR_ONE
from exportlab.member import ON_ARRAYS, Group

BOUNDED = (
    "hhi", "hirschman", "effective_number", "cr", "gini", "theil", "shannon", "hhi_normalised",
    "unctad_concentration", "hall_tideman", "hill",
)  # fmt: skip
NEEDS_SIZE = ("gini", "theil", "shannon", "hhi_normalised", "unctad_concentration", "hall_tideman", "hill")
HIGHEST_ORDER = 5.0  # of Hill numbers, short of infinity: powers of higher order leave the solver's precision
Search: TypeAlias = Callable[[Sum, int], End]


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

    def ends(self) -> tuple[Search, Search, Callable[[float], float]]:
        """How the sum is found at its most even and at its most concentrated, and the index that a sum makes."""
        name = self.indicator.name
        if name in ("gini", "hall_tideman"):
            return lambda s, _: largest_by_rank(s), lambda s, n: least_by_rank(s, n), lambda r: self._finished(r + 1)
        if name == "cr":
            k = int(self.options["k"])
            return lambda s, _: least_of_largest(s, k), lambda s, n: largest_of_largest(s, k, n), lambda c: c
        if name == "hill" and isinf(self.options["q"]):
            return lambda s, _: least_of_largest(s, 1), lambda s, n: largest_of_largest(s, 1, n), lambda c: 1 / c
        sign = -1.0 if name == "hill" and 0 < self.options["q"] < 1 else 1.0
        return lambda s, _: least(s), largest, lambda f: self._finished(sign * f)

    def curve(self) -> Any:
        """The convex curve that is summed."""
        name = self.indicator.name
        if name in ("shannon", "theil") or (name == "hill" and self.options["q"] == 1):
            return relative_entropy()
        return powers(self.options["q"]) if name == "hill" and not isinf(self.options["q"]) else SQUARES

    def _finished(self, total: float) -> float:
        """What the catalogue's formula makes of a sum of terms in shares."""
        n = max(self.universe, 1.0)
        facts = {"total": 1.0, "n": n if n < inf else 1e300, "N": n, "largest": 1.0}
        columns = {name: np.asarray(value, float) for name, value in facts.items()}
        end, q = self.indicator.finish, self.options.get("q", 2.0)
        assert end is not None
        total = (total - 1) / (q - 1) if 0 < abs(q - 1) < NEAR_ONE else total  # as the catalogue sums it there
        return float(end(np.asarray(total), Group(columns.__getitem__, ON_ARRAYS), **own_options(end, self.options)))


def index(name: str, options: Mapping[str, Any], universe: float) -> Index:
    """The index of that name, its options checked."""
    entry, implied = CATALOGUE.find(name)
    if entry.name not in BOUNDED:
        raise UnknownName("index with bounds", name, [*BOUNDED, "bloc_share", "share", "value"])
    if isinf(universe) and entry.name in NEEDS_SIZE:
        raise OptionError(
            f"{entry.name} depends on how many members there can be: give their number (universe= of facts, "
            "max_members= of bounds)."
        )
    return Index(entry, check_options(entry, {**implied, **options}), universe)
