r"""From scaled figures and weights to one score: by sums, by products, and by distance from the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from exportlab.composite.indicator_table import Indicators
from exportlab.errors import DataError
from exportlab.frames import Array

Aggregate: TypeAlias = Literal["arithmetic", "geometric", "power", "topsis", "vikor", "grey"]
AGAINST_BEST = ("topsis", "vikor", "grey")  # scores move when units join or leave


@dataclass(frozen=True)
class Aggregation:
    """How scaled figures are put together.

    `power` is the exponent of a power mean: 1 is arithmetic, 0 geometric, and the lower, the less one indicator can
    make up for another. `strategy` is VIKOR's v, `resolution` the rho of grey relation.
    """

    method: Aggregate = "arithmetic"
    power: float = 0.5
    strategy: float = 0.5
    resolution: float = 0.5


def put_together(r: Array, w: Array, how: Aggregation) -> dict[str, Array]:
    """The score of each row, more is better, with the method's own figures; r are the rows that are compared."""
    if how.method == "topsis":
        return topsis(r, w)
    if how.method == "vikor":
        return vikor(r, w, how.strategy)
    if how.method == "grey":
        return {"score": grey(r, w, how.resolution)}
    power = {"arithmetic": 1.0, "geometric": 0.0}.get(how.method, how.power)
    return {"score": power_mean(r, w, power)}


def power_mean(r: Array, w: Array, power: float) -> Array:
    """(sum w r^p)^(1/p); the geometric mean prod r^w where p is 0."""
    if power == 1:
        return np.asarray(r @ w)
    if power == 0:
        return np.asarray(np.exp(np.log(r) @ w))
    return np.asarray((r**power @ w) ** (1 / power))


def topsis(r: Array, w: Array) -> dict[str, Array]:
    """d- / (d+ + d-), Euclidean distances of w r to the best and the worst of each indicator."""
    v = r * w
    best = np.sqrt(((v - v.max(axis=0)) ** 2).sum(axis=1))
    worst = np.sqrt(((v - v.min(axis=0)) ** 2).sum(axis=1))
    return {"score": worst / (best + worst), "to_best": best, "to_worst": worst}


def vikor(r: Array, w: Array, strategy: float) -> dict[str, Array]:
    """S = sum w (f* - r)/(f* - f-), R their largest, Q = v S' + (1 - v) R'; the score is 1 - Q."""
    short = w * (r.max(axis=0) - r) / np.ptp(r, axis=0)
    s, worst = short.sum(axis=1), short.max(axis=1)
    q = strategy * _unit(s) + (1 - strategy) * _unit(worst)
    return {"score": 1 - q, "s": s, "r": worst, "q": q}


def grey(r: Array, w: Array, resolution: float) -> Array:
    """Weighted mean of xi = (min D + rho max D)/(D + rho max D), D the distance from the best of each indicator."""
    distance = r.max(axis=0) - r
    return np.asarray(grey_coefficients(distance, resolution) @ w)


def grey_coefficients(distance: Array, resolution: float) -> Array:
    """Deng's coefficients; the smallest and the largest distance are those of all units and indicators."""
    most = resolution * distance.max()
    return np.asarray((distance.min() + most) / (distance + most))


def _unit(values: Array) -> Array:
    """The values between 0 and 1; zeros where all are alike."""
    spread = np.ptp(values)
    return np.asarray((values - values.min()) / spread) if spread > 0 else np.zeros_like(values)


def refuse_not_positive(table: Indicators, r: Array, how: Aggregation) -> None:
    """Refuse scaled figures that a mean of products or powers cannot take."""
    strict = how.method == "geometric" or (how.method == "power" and how.power <= 0)
    bad = r <= 0 if strict else r < 0 if how.method == "power" else np.zeros(r.shape, bool)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"{int(bad.sum()):,} scaled figures are {'zero or ' if strict else ''}negative, which "
            f"aggregate={how.method!r} cannot take: one of them would decide the score of its unit",
            "Fix goalposts= below the worst, take scale='frontier', or say shift=0.01 (r becomes 0.01 + 0.99 r).",
            first=f"{table.row(row)}: {table.names[column]} = {r[row, column]:g}",
        )


def obstacles(r: Array, w: Array) -> Array:
    """The obstacle degree w (1 - r) / sum w (1 - r), in per cent; NaN for a unit that lacks nothing."""
    short = w * (1 - r)
    lacking = short.sum(axis=1, keepdims=True)
    return np.asarray(100 * short / np.where(lacking > 0, lacking, np.nan))
