"""Bootstrap weights, and the ways that adoption dates could have fallen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from math import factorial, prod

import numpy as np
from numpy.typing import ArrayLike

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes
from exportlab.panel.algebra.clustered import codes_of

AUTO_ENUMERATED = 16
TIE = 1e-8  # mirrored draws are equal in theory and differ by the order of their sums, far less; chance differs by more
WEBB = np.sqrt([0.5, 1.0, 1.5])


@dataclass(frozen=True, eq=False)
class Draws:
    """Weights, one column a bootstrap sample.

    Attributes
    ----------
    V : (G, B) array
        When enumerated only the half with v_1 = +1: statistics are even in v.
    kind : {"rademacher", "webb"}
    n : int
        Samples stood for (2^G when enumerated).
    enumerated : bool
    seed : str
    """

    V: Array
    kind: str
    n: int
    enumerated: bool
    seed: str

    @property
    def attainable(self) -> float:
        """The smallest p-value when the observed sample counts: 2 of 2^G, or 1 of draws + 1."""
        return 2 / self.n if self.enumerated else 1 / (self.n + 1)

    def least(self, ties: str, own: bool) -> float:
        """The smallest p-value under a rule for ties; `own`: the observed statistic is among the enumerated ones."""
        if ties == "all":
            return self.attainable
        return 1 / self.n if ties == "half" and own and self.enumerated else 0.0


def draws(
    G: int, *, weights: str = "auto", n_draws: int = 9_999, rng: int | np.random.Generator = 0
) -> Draws:
    """Weights for `G` clusters.

    "auto" and "rademacher" enumerate all sign vectors where that is small (16 clusters, or no more vectors
    than `n_draws`); "auto" then takes Webb's six points, "rademacher" random signs.
    """
    one_of("weights", weights, ("auto", "rademacher", "webb"))
    if n_draws < 1:
        raise OptionError(f"n_draws={n_draws} is not allowed: it must be at least 1.")
    small = G <= AUTO_ENUMERATED or n_draws >= 2**G
    if weights != "webb" and small:
        return Draws(_signs(G), "rademacher", 2**G, True, "none")
    generator = np.random.default_rng(rng)
    seed = str(rng) if isinstance(rng, int) else "a Generator"
    if weights == "rademacher":
        return Draws(generator.choice([-1.0, 1.0], size=(G, n_draws)), "rademacher", n_draws, False, seed)
    points = np.concatenate([-WEBB, WEBB])
    return Draws(generator.choice(points, size=(G, n_draws)), "webb", n_draws, False, seed)


def _signs(G: int) -> Array:
    """Sign vectors with first sign +1, (G, 2^(G-1))."""
    number = np.arange(2 ** (G - 1), dtype=np.int64)
    bits = (number >> np.arange(G - 1)[:, None]) & 1
    return np.vstack([np.ones(len(number)), 1.0 - 2.0 * bits])


def p_value(simulated: Array, observed: float, signs: Draws) -> dict[str, float]:
    """Share of |simulated| above |observed| with ties counted "none", "half" or "all", and with the sample "counted".

    Statistics within `TIE` of the observed one are ties. "counted" is "all" with the observed sample as one of the
    samples: with random draws (1 + number) / (1 + draws), as "all" is; enumerated, the first column (no sign turned)
    counts even where its statistic is another one, as in an unrestricted bootstrap. NaN when the observed statistic is
    not defined; samples whose statistic is not defined (zero variance) count as above.
    """
    if not np.isfinite(observed):
        return dict.fromkeys(("none", "half", "all", "counted"), float("nan"))
    size, mark = np.abs(simulated), abs(observed)
    size = np.where(np.isnan(size), np.inf, size)
    above = int((size > mark * (1 + TIE)).sum())
    reached = size >= mark * (1 - TIE)
    tied = int(reached.sum()) - above
    B = len(size)
    strict, half = above / B, (above + tied / 2) / B
    every = (above + tied) / B if signs.enumerated else (1 + above + tied) / (1 + B)
    own = every + 1 / B if signs.enumerated and not reached[0] else every
    return {"none": strict, "half": half, "all": every, "counted": own}


def chosen_p(p: dict[str, float], ties: str) -> float:
    """The p-value of a rule for ties; "all" counts the observed sample too."""
    return p["counted" if ties == "all" else ties]


def ends(
    kept: Callable[[float], bool], value: float, step: float, *, hopeless: bool, halvings: int = 45
) -> tuple[float, float]:
    """Both ends of the values that a test keeps; the whole line where it can refuse none (`hopeless`)."""
    if hopeless:
        return -np.inf, np.inf
    return edge(kept, value, -step, halvings), edge(kept, value, step, halvings)


def edge(kept: Callable[[float], bool], start: float, step: float, halvings: int = 45) -> float:
    """The last value kept from `start` outwards in doubling steps.

    Infinite if none is refused, NaN if `start` is.
    """
    if not kept(start):
        return float("nan")
    inner, outer = start, start + step
    for _ in range(40):
        if not kept(outer):
            break
        inner, outer, step = outer, outer + 2 * step, 2 * step
    else:
        return float(np.copysign(np.inf, step))
    for _ in range(halvings):
        middle = (inner + outer) / 2
        inner, outer = (middle, outer) if kept(middle) else (inner, middle)
    return inner


# All the ways adoption dates could have fallen on the units, or a random sample of them.

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
