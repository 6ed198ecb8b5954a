r"""How much of the variance of a result each of its inputs drives: Sobol's first-order and total indices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from exportlab.frames import Array

ROUNDING = 1e-12  # of the mean square: a variance below it is rounding


@dataclass(frozen=True, eq=False)
class Drivers:
    """Indices of each group of inputs (g) for each output (q), with standard errors.

    `first` is the share of the variance that would go if the inputs were known; `total` what would stay if all others
    were. The sum of the first is at most 1, that of the totals at least; what lies between them is interaction. NaN
    where an output does not vary.
    """

    first: Array  # (g, q)
    total: Array
    first_error: Array
    total_error: Array
    outputs: Array  # (2 draws, q): the independent runs


def drivers(
    function: Callable[[Array], Array], groups: Sequence[Sequence[int]], draws: int, rng: np.random.Generator
) -> Drivers:
    r"""First-order and total indices by pick-freeze: draws (g + 2) runs.

    Parameters
    ----------
    function : callable
        From uniform inputs (runs, d) to outputs (runs, q).
    groups : sequence of column positions
        Inputs that count as one, such as all weights.

    Notes
    -----
    With independent samples A and B, and A_i, which is A with group i from B:

    .. math:: S_i = \frac{1}{V N} \sum f(B) (f(A_i) - f(A)), \quad T_i = \frac{1}{2 V N} \sum (f(A) - f(A_i))^2

    (Saltelli and others 2010, table 2, b and f; the second is Jansen's). Outputs are centred first, which changes no
    expectation and spares the first estimator most of its noise. Errors are those of the means, V held fixed.
    """
    width = max(max(group) for group in groups) + 1
    a, b = rng.random((draws, width)), rng.random((draws, width))
    ya, yb = function(a), function(b)
    centre = np.concatenate([ya, yb]).mean(axis=0)
    variance = np.concatenate([ya, yb]).var(axis=0)
    variance = np.where(variance > ROUNDING * centre**2, variance, np.nan)
    first, total = [], []
    for group in groups:
        mixed = a.copy()
        mixed[:, list(group)] = b[:, list(group)]
        yi = function(mixed)
        first.append((yb - centre) * (yi - ya) / variance)
        total.append((ya - yi) ** 2 / (2 * variance))
    s, t = np.array(first), np.array(total)  # (g, draws, q)
    root = np.sqrt(draws)
    errors = (s.std(axis=1, ddof=1) / root, t.std(axis=1, ddof=1) / root)
    return Drivers(s.mean(axis=1), t.mean(axis=1), *errors, np.concatenate([ya, yb]))
