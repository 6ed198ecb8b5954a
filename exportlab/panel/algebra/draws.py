"""Bootstrap weights, every sign vector or random draws, and the p-values they give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exportlab.arrays import Array
from exportlab.errors import OptionError, one_of

MAX_ENUMERATED = 20
AUTO_ENUMERATED = 16
TIE = 1e-10
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
        """The smallest p-value when ties count: 2 of 2^G, or 1 of draws + 1."""
        return 2 / self.n if self.enumerated else 1 / (self.n + 1)


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
    small = G <= AUTO_ENUMERATED or (G <= MAX_ENUMERATED and n_draws >= 2**G)
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
    """Share of |simulated| above |observed| with ties counted "none", "half" or "all".

    Statistics within 1e-10 relative of the observed one are ties. With random draws "all" also counts the
    sample itself: (1 + number) / (1 + draws). NaN when the observed statistic is not defined; samples
    whose statistic is not defined (zero variance) count as above.
    """
    if not np.isfinite(observed):
        return dict.fromkeys(("none", "half", "all"), float("nan"))
    size, mark = np.abs(simulated), abs(observed)
    size = np.where(np.isnan(size), np.inf, size)
    above = int((size > mark * (1 + TIE)).sum())
    tied = int((size >= mark * (1 - TIE)).sum()) - above
    B = len(size)
    strict, half = above / B, (above + tied / 2) / B
    every = (above + tied) / B if signs.enumerated else (1 + above + tied) / (1 + B)
    return {"none": strict, "half": half, "all": every}
