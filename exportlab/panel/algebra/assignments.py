"""All the ways adoption dates could have fallen on the units, or a random sample of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import factorial, prod

import numpy as np
from numpy.typing import ArrayLike

from exportlab.arrays import Array, Codes
from exportlab.errors import DataError, OptionError
from exportlab.panel.algebra.clustered import codes_of

MAX_ENUMERATED = 20_000


@dataclass(frozen=True, eq=False)
class Assignments:
    """Counterfactual assignments.

    Attributes
    ----------
    which : (B, N) array
        Index into `levels` of every unit in every assignment; enumerated ones include the actual.
    levels : (L,) array
        Adoption periods, inf for never.
    n : int
        How many distinct assignments the design has.
    enumerated : bool
    seed : str
    """

    which: Codes
    levels: Array
    n: int
    enumerated: bool
    seed: str


def assignments(
    adoption: ArrayLike,
    *,
    blocks: ArrayLike | None = None,
    n_draws: int = 999,
    max_enumerated: int = MAX_ENUMERATED,
    rng: int | np.random.Generator = 0,
) -> Assignments:
    """Permutations of adoption dates over units that keep the number of units of each cohort (in each block).

    Parameters
    ----------
    adoption : (N,) array
        First treated period, inf for never.
    blocks : (N,) array, optional
        Dates are permuted within blocks only (size classes, coast and inland ...).
    n_draws : int
        Random permutations where there are more than `max_enumerated` distinct ones.
    rng : int or numpy Generator

    Raises
    ------
    DataError
        Every unit adopts at the same time (nothing to permute).
    """
    if n_draws < 1:
        raise OptionError(f"n_draws={n_draws} is not allowed: it must be at least 1.")
    levels, code = np.unique(np.asarray(adoption, float), return_inverse=True)
    groups = np.zeros(len(code), dtype=np.int64) if blocks is None else codes_of(blocks)
    if len(groups) != len(code):
        raise OptionError(f"blocks has {len(groups)} labels for {len(code)} units.")
    members = [np.flatnonzero(groups == b) for b in range(int(groups.max()) + 1)]
    n = prod(number_of_assignments(code[m]) for m in members)
    if n == 1:
        raise DataError(
            "All units (of every block) have the same adoption date",
            "There is no other assignment to compare with",
        )
    if n <= max_enumerated:
        each = [list(_distinct(code[m])) for m in members]
        which = np.empty((n, len(code)), dtype=np.int64)
        for row, choice in zip(which, product(*each), strict=True):
            for m, values in zip(members, choice, strict=True):
                row[m] = values
        return Assignments(which, levels, n, True, "none")
    generator = np.random.default_rng(rng)
    which = np.empty((n_draws, len(code)), dtype=np.int64)
    for m in members:
        which[:, m] = generator.permuted(np.tile(code[m], (n_draws, 1)), axis=1)
    return Assignments(which, levels, n, False, str(rng) if isinstance(rng, int) else "a Generator")


def number_of_assignments(labels: ArrayLike) -> int:
    """N! / prod n_l!: distinct ways to place the labels."""
    values = np.asarray(labels).tolist()
    return factorial(len(values)) // prod(factorial(c) for c in Counter(values).values())


def _distinct(codes: Codes) -> Iterator[tuple[int, ...]]:
    """Distinct permutations in lexicographic order."""
    a = sorted(codes.tolist())
    while True:
        yield tuple(a)
        i = len(a) - 2
        while i >= 0 and a[i] >= a[i + 1]:
            i -= 1
        if i < 0:
            return
        j = len(a) - 1
        while a[j] <= a[i]:
            j -= 1
        a[i], a[j] = a[j], a[i]
        a[i + 1 :] = a[:i:-1]
