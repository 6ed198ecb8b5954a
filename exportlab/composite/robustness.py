r"""A composite under other choices: intervals of its ranks, and which of the choices drive them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.composite.aggregation import Aggregate, refuse_not_positive
from exportlab.composite.indicator_table import Indicators
from exportlab.composite.recipe import Recipe, put_together, ranks_of, rows_of, weights_of
from exportlab.composite.scaling import BOUNDED, Scale, scaled
from exportlab.composite.sobol import Drivers, drivers
from exportlab.composite.weighting import Weighting
from exportlab.errors import DataError, OptionError
from exportlab.frames import Array
from exportlab.options import Count, Level, NotNegative, validated
from exportlab.results import Cautious

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.composite.composite_index import Composite

FEWEST = 64  # draws of which a variance can be split
SHIFT = "average shift in rank"
CHOICES = (
    "The interval holds the choices that were drawn, and no error of the figures themselves: unlike choices, or doubt "
    "of the data, widen it."
)
NOISE = "Indices are estimates: one within two standard errors of zero cannot be told from it."


@dataclass(frozen=True, eq=False)
class Factor:
    """One choice: its name, what it may be, and how many uniform inputs decide it."""

    name: str
    choices: tuple[str, ...]
    inputs: int = 1


@dataclass(frozen=True, repr=False, eq=False)
class Robustness(Cautious):
    """Ranks under other choices.

    Attributes
    ----------
    table : DataFrame
        One row a unit and period: score and rank as published; rank_low, rank_median, rank_high over the draws (ranks
        that occurred); top, the share of draws in which it is the best of its period.
    drivers : DataFrame
        One row a choice: first and total, the Sobol indices of the average shift in rank, with standard errors.
    drivers_by_unit : DataFrame
        The same for the rank of each unit; NaN where it never moves.
    factors : dict
        What was drawn: each choice with what it may be.
    cautions : tuple of str
    """

    table: pd.DataFrame
    drivers: pd.DataFrame
    drivers_by_unit: pd.DataFrame
    factors: Mapping[str, tuple[str, ...]]
    cautions: tuple[str, ...]
    runs: int
    level: float
    keys: tuple[str, ...]
    draws: Array = field(repr=False)

    @property
    def title(self) -> str:
        """One line that says what this is."""
        varied = ", ".join(self.factors)
        return f"Ranks over {self.runs:,} composites that differ in {varied} ({self.level:.0%} intervals)"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the ranks with their intervals."""
        from exportlab.plots.composite import rank_intervals

        return rank_intervals(self, ax=ax, **options)


@validated
def robustness(
    composite: Composite,
    *,
    weights: NotNegative = 0.25,
    schemes: Sequence[Weighting] = (),
    scales: Sequence[Scale] | None = None,
    aggregates: Sequence[Aggregate] | None = None,
    leave_out: bool = True,
    draws: Count = 512,
    level: Level = 0.9,
    rng: Any = None,
) -> Robustness:
    r"""Make a composite again under other choices.

    Parameters
    ----------
    composite : Composite
    weights : float
        Each weight is multiplied by something drawn evenly between 1 - weights and 1 + weights, then all are divided
        by their sum; 0 holds them.
    schemes : sequence of str
        Ways to weigh that are drawn beside the composite's own.
    scales, aggregates : sequence of str, optional
        What is drawn beside the composite's own. By default ranks and z-scores, where the aggregation takes them, and
        no other aggregation.
    leave_out : bool
        Leave out none of the indicators, or any one of them, all alike likely; their weights go to the others in
        proportion.
    draws : int
        Base draws N: N (k + 2) composites for k choices.
    level : float
        Of the intervals of ranks.
    rng : Generator or int
        Needed: draws are random.

    Returns
    -------
    Robustness

    Raises
    ------
    OptionError
        No rng=, fewer than 64 draws, nothing that varies.
    DataError
        A scale that the aggregation cannot take.

    Notes
    -----
    The output that `drivers` splits is the average shift in rank over all rows, :math:`R = \frac{1}{n}\sum_i |rank_i -
    rank_i^{published}|` (Saisana, Saltelli and Tarantola 2005, equation 3). Sobol indices by Saltelli and others (2010)
    and Jansen (1999). Intervals are of the ranks of the 2 N independent draws.

    References
    ----------
    .. [1] Saisana, Saltelli and Tarantola (2005), Uncertainty and sensitivity analysis techniques as tools for the
       quality assessment of composite indicators, JRSS A 168(2).
    .. [2] Saltelli and others (2010), Variance based sensitivity analysis of model output, Computer Physics
       Communications 181(2).
    """
    random = _generator(rng)
    if draws < FEWEST:
        raise OptionError(f"draws={draws} is not allowed. Allowed: {FEWEST} or more, to split a variance.")
    again = _again(composite, weights, schemes, scales, aggregates, leave_out=leave_out)
    if not again.factors:
        raise OptionError("Nothing varies: say weights=, schemes=, scales=, aggregates= or leave_out=True.")
    found = drivers(again, again.columns, draws, random)
    return _result(composite, again, found, level)


def _generator(rng: Any) -> np.random.Generator:
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer) or rng < 0:
        raise OptionError(
            "Draws are random: give rng= a seed (rng=7) or a numpy Generator."
            if rng is None
            else f"rng={rng!r} is not allowed. Allowed: a whole number of zero or more, or a numpy Generator."
        )
    return np.random.default_rng(int(rng))


@dataclass(frozen=True, eq=False)
class Again:
    """The function from uniform inputs to ranks: composites with other choices."""

    table: Indicators
    recipes: Mapping[tuple[str, str], Recipe]  # by scale and aggregate
    scaled: Mapping[str, Array]  # by scale
    weights: Mapping[str, Array]  # by scheme, (n, m)
    factors: tuple[Factor, ...]
    spread: float
    published: Array

    @property
    def columns(self) -> list[list[int]]:
        """The inputs of each factor."""
        ends = np.cumsum([f.inputs for f in self.factors])
        return [list(range(end - f.inputs, end)) for f, end in zip(self.factors, ends, strict=True)]

    def __call__(self, u: Array) -> Array:
        """The average shift in rank, and the rank of every row, of each run."""
        ranks = np.array([self._ranks(one) for one in u], float)
        shift = np.abs(ranks - self.published).mean(axis=1)
        return np.column_stack([shift, ranks])

    def _ranks(self, u: Array) -> Array:
        drawn = {f.name: u[c] for f, c in zip(self.factors, self.columns, strict=True)}
        pick = {f.name: f.choices[int(drawn[f.name][0] * len(f.choices))] for f in self.factors if f.choices}
        scale = pick.get("scale", next(iter(self.scaled)))
        w = self.weights[pick.get("scheme", next(iter(self.weights)))]
        if "weights" in drawn:
            w = w * (1 + self.spread * (2 * drawn["weights"] - 1))
        kept = np.array([name != pick.get("left out") for name in self.table.names])
        w = w * kept
        w = w / w.sum(axis=1, keepdims=True)
        recipe = self.recipes[scale, pick.get("aggregate", next(iter(self.recipes))[1])]
        made = put_together(self.table, recipe, self.scaled[scale][:, kept], w[:, kept])
        return np.asarray(ranks_of(made["score"], self.table.pools), np.float64)


def _again(
    composite: Composite,
    spread: float,
    schemes: Sequence[str],
    scales: Sequence[str] | None,
    aggregates: Sequence[str] | None,
    *,
    leave_out: bool,
) -> Again:
    """The choices, and what can be made of them beforehand."""
    own, table = composite.recipe, composite.indicators
    scale, aggregate = own.scaling.method, own.aggregation.method
    ways = _distinct(aggregate, aggregates or ())
    takes_all = not {"geometric", "power"} & set(ways)
    usual = ("rank", "z") if takes_all and scale != "vector" else ()
    measures = _distinct(scale, usual if scales is None else scales)
    scaled_by, recipes = {}, {}
    for measure in measures:
        scaling = own.scaling if measure == scale else replace(
            own.scaling, method=measure, goalposts=None, outside="refuse",
            shift=own.scaling.shift if measure in BOUNDED else 0.0,
        )  # fmt: skip
        scaled_by[measure] = scaled(table, scaling)
        for way in ways:
            how = replace(own.aggregation, method=way)
            refuse_not_positive(table, scaled_by[measure], how)
            recipes[measure, way] = replace(own, scaling=scaling, aggregation=how)
    others = {s: replace(own, weights=s, given=None, components=None) for s in schemes if s != own.weights}
    weights = {s: rows_of(table, one, weights_of(table, one)) for s, one in {"own": own, **others}.items()}
    factors = [
        Factor("weights", (), len(table.names) if spread else 0),
        Factor("scheme", tuple(weights)),
        Factor("scale", tuple(measures)),
        Factor("aggregate", tuple(ways)),
        Factor("left out", ("none", *table.names) if leave_out else ("none",)),
    ]
    vary = tuple(f for f in factors if f.inputs and len(f.choices) != 1)
    if spread >= 1:
        raise OptionError(
            f"weights={spread:g} is not allowed. Allowed: below 1, so that no weight is drawn as zero."
        )
    if leave_out and len(table.names) == 2 and "left out" in [f.name for f in vary]:
        raise DataError("a composite of two indicators has none to spare", "Say leave_out=False.")
    return Again(table, recipes, scaled_by, weights, vary, spread, composite.table["rank"].to_numpy(float))


def _distinct(own: str, others: Sequence[str]) -> list[Any]:
    return list(dict.fromkeys([own, *others]))


def _result(composite: Composite, again: Again, found: Drivers, level: float) -> Robustness:
    ranks = found.outputs[:, 1:]
    ends = [(1 - level) / 2, 0.5, (1 + level) / 2]
    low, middle, high = np.quantile(ranks, ends, axis=0, method="inverted_cdf")
    keys = composite.indicators.keys
    table = pd.concat([keys, composite.table[["score", "rank"]]], axis=1).assign(
        rank_low=low, rank_median=middle, rank_high=high, top=(ranks == 1).mean(axis=0)
    )
    table[["rank_low", "rank_median", "rank_high"]] = table[["rank_low", "rank_median", "rank_high"]].astype(
        int
    )
    names = [f.name for f in again.factors]
    figures = {"first": found.first, "first_std_error": found.first_error}
    figures |= {"total": found.total, "total_std_error": found.total_error}
    whole = pd.DataFrame({"choice": names, **{k: v[:, 0] for k, v in figures.items()}})
    units = [
        keys.assign(choice=name, **{k: v[i, 1:] for k, v in figures.items()}) for i, name in enumerate(names)
    ]
    drawn = {
        f.name: f.choices or (f"times {1 - again.spread:g} to {1 + again.spread:g}",) for f in again.factors
    }
    cautions = (f"{SHIFT.capitalize()} over the draws: {found.outputs[:, 0].mean():.2f}.", CHOICES, NOISE)
    runs = len(ranks) // 2 * (len(names) + 2)
    by_unit = pd.concat(units, ignore_index=True)
    return Robustness(table, whole, by_unit, drawn, cautions, runs, level, composite.keys, ranks)
