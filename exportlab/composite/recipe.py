r"""How a composite is made of its indicators: scaled, weighed, put together, ranked; once, or again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import rankdata

from exportlab.composite import aggregation, weighting
from exportlab.composite.aggregation import Aggregation
from exportlab.composite.indicator_table import ROUNDING, Indicators
from exportlab.composite.scaling import Scaling, scaled
from exportlab.composite.weighting import LEARNED, Weights
from exportlab.errors import DataError
from exportlab.frames import Array, Codes

TIE = 10  # digits of a score that count for ranks: beyond them rounding would decide


@dataclass(frozen=True, eq=False)
class Recipe:
    """How a composite is made of its indicators."""

    scaling: Scaling
    weights: str  # the method's name, or "given"
    given: Array | None
    components: int | None
    weights_by_period: bool
    aggregation: Aggregation


@dataclass(frozen=True, eq=False)
class Made:
    """What a recipe makes of indicators: scaled figures, weights by pool, the score and the method's own figures."""

    r: Array
    weights: Sequence[Weights]
    figures: Mapping[str, Array]


def make(table: Indicators, recipe: Recipe) -> Made:
    """Scale, weigh and put together."""
    r = scaled(table, recipe.scaling)
    found = weights_of(table, recipe)
    aggregation.refuse_not_positive(table, r, recipe.aggregation)
    if recipe.aggregation.method in aggregation.AGAINST_BEST:
        together = recipe.scaling.by_period or recipe.weights_by_period
        named = f"aggregate={recipe.aggregation.method!r}"
        _refuse_alike(table, r, f"{named} measures against their best and worst", by_period=together)
    return Made(r, found, put_together(table, recipe, r, rows_of(table, recipe, found)))


def weights_of(table: Indicators, recipe: Recipe) -> list[Weights]:
    """The weights of each pool, learned from min-max figures with direction, with the recipe's goalposts and shift."""
    basis = np.zeros_like(table.x)
    by_period = recipe.weights_by_period
    if recipe.weights in LEARNED:
        scaled(table, Scaling("z", by_period=by_period))  # refuses what is constant, goalposts or not
    if recipe.weights in ("entropy", "critic", "sd"):
        one = recipe.scaling if recipe.scaling.method == "minmax" else Scaling()
        basis = scaled(table, replace(one, by_period=by_period or one.by_period))
        _refuse_below_zero(table, basis, recipe.weights)
        why = f"weights={recipe.weights!r} are learned from how they vary"
        _refuse_alike(table, basis, why, by_period=by_period)
    pools = table.groups(by_period=by_period)
    if recipe.given is not None:
        return [Weights(recipe.given, {})] * len(pools)
    return [weighting.learned(table, rows, basis[rows], recipe.weights, recipe.components) for rows in pools]


def _refuse_below_zero(table: Indicators, basis: Array, method: str) -> None:
    bad = basis < 0
    if method == "entropy" and bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"{int(bad.sum()):,} scaled figures are below zero, and entropy is of shares",
            "Say outside='clip', or widen the goalposts.",
            first=f"{table.row(row)}: {table.names[column]} = {basis[row, column]:g}",
        )


def _refuse_alike(table: Indicators, r: Array, why: str, *, by_period: bool) -> None:
    """Refuse scaled figures that are all alike in an indicator, which only goalposts let in."""
    for rows in table.groups(by_period=by_period):
        same = np.ptp(r[rows], axis=0) <= ROUNDING
        if same.any():
            column = int(same.argmax())
            raise DataError(
                f"{int(same.sum())} of {len(same)} indicators are alike in all {len(rows)} rows once scaled, and {why}",
                "Leave them out, move their goalposts, or take equal weights and a mean.",
                first=f"{table.names[column]} = {table.x[rows[0], column]:g}",
            )


def rows_of(table: Indicators, recipe: Recipe, found: Sequence[Weights]) -> Array:
    """The weights of each row, (n, m)."""
    rows = np.empty_like(table.x)
    for place, weights in zip(table.groups(by_period=recipe.weights_by_period), found, strict=True):
        rows[place] = weights.w
    return rows


def put_together(table: Indicators, recipe: Recipe, r: Array, w: Array) -> dict[str, Array]:
    """The figures of all rows; rows are compared with those they were scaled with, under the weights of their own."""
    by_period = recipe.scaling.by_period or recipe.weights_by_period
    columns: dict[str, Array] = {}
    for rows in table.groups(by_period=by_period):
        for name, values in aggregation.put_together(r[rows], w[rows[0]], recipe.aggregation).items():
            columns.setdefault(name, np.empty(len(r)))[rows] = values
    return columns


def ranks_of(score: Array, pools: Any) -> Codes:
    """Ranks within each pool, 1 for the best; scores alike to ten digits share the better rank."""
    size = np.abs(score).max(initial=0.0)
    level = np.round(score / size, TIE) if size > 0 else score
    ranks = np.empty(len(score), np.int64)
    for k in np.unique(pools):
        ranks[pools == k] = rankdata(-level[pools == k], method="min")
    return ranks
