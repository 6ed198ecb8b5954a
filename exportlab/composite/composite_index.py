r"""The door `xl.composite`: one score of several indicators, its weights, its ranks, and how far to believe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.composite import aggregation, weighting
from exportlab.composite.aggregation import Aggregate, Aggregation
from exportlab.composite.indicator_table import Indicators, indicator_table
from exportlab.composite.recipe import Made, Recipe, make, ranks_of
from exportlab.composite.robustness import Robustness, robustness
from exportlab.composite.scaling import BOUNDED, Outside, Scale, Scaling, check_goalposts
from exportlab.composite.weighting import RATIO, Weighting, Weights
from exportlab.errors import OptionError
from exportlab.options import Count, Finite, Share, Within, validated
from exportlab.results import Cautious

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Pool: TypeAlias = Literal["all", "period"]
Part: TypeAlias = Annotated[float, Within(0, 1, "[)")]
Resolution: TypeAlias = Annotated[float, Within(0, 1, "(]")]
Power: TypeAlias = Annotated[float, Within(-np.inf, 1, "(]")]

OBSERVED = (
    "Best and worst are those of this table: a score is a place among these units, not a level. Fixed goalposts= make "
    "it one."
)
MOVES = "Scores are distances from the best and the worst of the table: a unit that joins or leaves may reverse ranks."
BY_YEAR = "Scaled or weighted by period: scores of different periods are not comparable, their ranks are."
SENSITIVE = (
    "Entropy weighs what is spread unevenly, whether or not it matters, and answers to the scaling: raw values and "
    "shifted ones give other weights."
)
SHIFTED = "Scaled figures were shifted to {shift:g} + {rest:g} r: weights and scores depend on the shift."
MAKE_UP = "A sum lets one indicator make up for another, whatever the other lacks (Munda and Nardo 2009)."
WEIGHTS = "Weights are not importance: what an indicator decides depends on its spread and its company (Paruolo 2013)."


@dataclass(frozen=True, repr=False, eq=False)
class Composite(Cautious):
    """A composite index.

    Attributes
    ----------
    table : DataFrame
        One row a unit and period, in the order of the input: score (more is better), the method's own figures, rank
        within the period (1 is best; equal scores share the better rank).
    weights : DataFrame
        One row an indicator (and period, where weights are by period): direction, weight, and what it was made of.
    scaled : DataFrame
        The figures that were put together: more is better in all of them.
    cautions : tuple of str
    """

    table: pd.DataFrame
    weights: pd.DataFrame
    scaled: pd.DataFrame
    cautions: tuple[str, ...]
    recipe: Recipe = field(repr=False)
    outcome = "score"
    indicators: Indicators = field(repr=False)
    made: Made = field(repr=False)

    @property
    def title(self) -> str:
        """One line that says what this is."""
        one = self.recipe
        how = f"{one.scaling.method} scaling, {one.weights} weights, {one.aggregation.method} aggregation"
        return f"Composite of {len(self.indicators.names)} indicators: {how}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name a row: the unit, and the period where there is one."""
        return tuple(str(c) for c in self.indicators.keys)

    @property
    def comparable(self) -> bool:
        """Whether scores of different periods can be compared."""
        by_period = self.recipe.scaling.by_period or self.recipe.weights_by_period
        return not (self.indicators.several and by_period)

    @property
    def ranks(self) -> pd.DataFrame:
        """Ranks, units in rows and periods in columns."""
        unit, period = self.indicators.unit, self.indicators.period
        if period is None:
            return self.table.set_index(unit)[["rank"]]
        order = dict(zip(self.indicators.pools, self.indicators.keys[period], strict=True))
        wide = self.table.pivot(index=unit, columns=period, values="rank")
        return wide.loc[self.table[unit].unique(), [order[k] for k in sorted(order)]]

    @property
    def obstacles(self) -> pd.DataFrame:
        """The obstacle degree of each indicator for each unit, in per cent: w (1 - r) over its sum.

        Empty (NaN) for a unit that lacks nothing in any indicator.
        """
        if self.recipe.scaling.method not in BOUNDED or self.recipe.scaling.outside == "keep":
            raise OptionError(
                "Obstacles are distances from 1, the best there can be: they need scale='minmax' or 'rank', without "
                "outside='keep'."
            )
        found = np.empty_like(self.made.r)
        pools = self.indicators.groups(by_period=self.recipe.weights_by_period)
        for rows, weights in zip(pools, self.made.weights, strict=True):
            found[rows] = aggregation.obstacles(self.made.r[rows], weights.w)
        return pd.concat(
            [self.indicators.keys, pd.DataFrame(found, columns=list(self.indicators.names))], axis=1
        )

    def robustness(self, **options: Any) -> Robustness:
        """Make the index again under other choices: intervals of ranks, and which choice drives them.

        See `exportlab.composite.robustness`, whose options it takes.
        """
        return robustness(self, **options)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the scores: bars of one period, or paths over several."""
        from exportlab.plots.composite import scores

        return scores(self, ax=ax, **options)


@validated
def composite(
    table: Any,
    *,
    unit: str,
    indicators: Any,
    period: str | None = None,
    scale: Scale = "minmax",
    goalposts: Mapping[str, tuple[Finite, Finite]] | None = None,
    outside: Outside = "refuse",
    scale_over: Pool = "all",
    shift: Part = 0.0,
    weights: Weighting | Mapping[str, float] | pd.DataFrame = "equal",
    weights_over: Pool = "all",
    components: Count | None = None,
    aggregate: Aggregate = "arithmetic",
    power: Power = 0.5,
    strategy: Share = 0.5,
    resolution: Resolution = 0.5,
    missing: Literal["refuse", "drop"] = "refuse",
    frequency: str | None = None,
) -> Composite:
    r"""Make one index of several indicators.

    Parameters
    ----------
    table : DataFrame
        One row a unit, or a unit and period.
    unit, period : str
        Columns that name the rows.
    indicators : mapping of column to "+" or "-"
        Whether more of it is better, or less.
    scale : {"minmax", "z", "rank", "frontier", "vector"}
        (x - low)/(high - low), turned where less is better; z-scores; ranks from 0 to 1; x/max or min/x; x over the
        root of its sum of squares (for TOPSIS).
    goalposts : mapping of column to (low, high), optional
        Fixed ends in the indicator's own units, for "minmax"; the others have the ends that are seen.
    outside : {"refuse", "keep", "clip"}
        What becomes of figures beyond the goalposts.
    scale_over, weights_over : {"all", "period"}
        Whether ends and weights are learned from all rows or from each period by itself. By period, scores of
        different periods are not comparable, which the result says, and `PolicyPanel.from_table` refuses them.
    shift : float
        s in s + (1 - s) r, for means that cannot take a zero.
    weights : str, mapping, or DataFrame
        "equal"; "entropy", "critic", "sd" (of min-max figures with direction, whatever `scale` is), "cv" (of the
        figures as they are); "pca" (squared loadings), "pca_vectors" (sum of l_k/sum l |v_jk|); a mapping that adds
        to one; or comparisons in pairs, as `ahp` takes them.
    components : int, optional
        Of the PCA; by default those with an eigenvalue above one.
    aggregate : {"arithmetic", "geometric", "power", "topsis", "vikor", "grey"}
    power, strategy, resolution : float
        The exponent of "power" (1 arithmetic, 0 geometric, lower: less can be made up for); v of VIKOR; rho of grey
        relation.
    missing : {"refuse", "drop"}
        What happens to rows without all indicators; "drop" also allows units that are not there in all periods.
    frequency : {"year", "half", "quarter", "month"}, optional
        What the periods are, where their column does not say.

    Returns
    -------
    Composite

    Raises
    ------
    OptionError, UnknownName
        An indicator without direction, weights that do not add to one, options that do not belong together.
    DataError
        Figures that are missing, infinite or outside their goalposts; a constant indicator; a unit twice, or not in
        all periods; fewer than three units to learn ends from; zeros in a mean of products.

    Notes
    -----
    Score of unit i: :math:`\sum_j w_j r_{ij}`, :math:`\prod_j r_{ij}^{w_j}`, :math:`(\sum_j w_j r_{ij}^p)^{1/p}`,
    :math:`d^-/(d^+ + d^-)`, 1 - Q, or :math:`\sum_j w_j \xi_{ij}`. Entropy weights: :math:`p_{ij} = r_{ij}/\sum_i
    r_{ij}`, :math:`e_j = -\sum_i p_{ij} \ln p_{ij} / \ln n` with 0 ln 0 = 0, :math:`w_j \propto 1 - e_j`, n all rows
    of the pool. All of them are invariant to the units of indicators, but "frontier", "vector" and "cv" to their zero.

    References
    ----------
    .. [1] OECD and JRC (2008), Handbook on Constructing Composite Indicators.
    .. [2] Hwang and Yoon (1981), Multiple Attribute Decision Making; Opricovic (1998) for VIKOR; Deng (1982) for grey
       relation; Diakoulaki, Mavrotas and Papayannakis (1995) for CRITIC.
    .. [3] Paruolo, Saisana and Saltelli (2013), Ratings and rankings: voodoo or science?, JRSS A 176(3).

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> cities = pd.DataFrame({"city": ["Dalian", "Shenyang", "Anshan", "Dandong"],
    ...                        "exports": [421.7, 152.3, 60.4, 44.8], "hhi": [0.148, 0.212, 0.335, 0.263]})
    >>> found = xl.composite(cities, unit="city", indicators={"exports": "+", "hhi": "-"}, weights="entropy")
    >>> found.table.round(3)
           city  score  rank
    0    Dalian  1.000     1
    1  Shenyang  0.407     2
    2    Anshan  0.028     4
    3   Dandong  0.126     3
    """
    read = indicator_table(table, indicators, unit=unit, period=period, missing=missing, frequency=frequency)
    scaling = Scaling(scale, goalposts, outside, scale_over == "period", shift)
    _check(scaling, aggregate, goalposts)
    check_goalposts(read, scaling)
    given = weighting.given_weights(read, weights, components)
    how = Aggregation(aggregate, power, strategy, resolution)
    named = str(weights) if given is None else "given"
    recipe = Recipe(scaling, named, given, components, weights_over == "period", how)
    return _composite(read, recipe, make(read, recipe))


def _check(scaling: Scaling, aggregate: str, goalposts: Any) -> None:
    """Refuse options that do not belong together."""
    if scaling.shift and scaling.method not in BOUNDED:
        raise OptionError(f"shift= belongs to figures from 0 to 1, and scale={scaling.method!r} has others.")
    if scaling.outside != "refuse" and not goalposts:
        raise OptionError("outside= says what becomes of figures beyond goalposts=, of which there are none.")
    if scaling.method in ("z", "vector") and aggregate in ("geometric", "power"):
        raise OptionError(
            f"aggregate={aggregate!r} needs figures above zero, and scale={scaling.method!r} has figures below. "
            "Allowed: scale='minmax' with shift= or goalposts=, or scale='frontier'."
        )


def _composite(table: Indicators, recipe: Recipe, made: Made) -> Composite:
    """The tables of a composite."""
    figures = pd.DataFrame({**made.figures, "rank": ranks_of(made.figures["score"], table.pools)})
    r = pd.DataFrame(made.r, columns=list(table.names))
    return Composite(
        pd.concat([table.keys, figures], axis=1),
        _weights_table(table, recipe, made.weights),
        pd.concat([table.keys, r], axis=1),
        tuple(_cautions(table, recipe, made.weights)),
        recipe,
        table,
        made,
    )


def _weights_table(table: Indicators, recipe: Recipe, found: Sequence[Weights]) -> pd.DataFrame:
    parts = []
    for rows, weights in zip(table.groups(by_period=recipe.weights_by_period), found, strict=True):
        keys: dict[str, Any] = {}
        if recipe.weights_by_period:
            keys[str(table.period)] = table.keys[table.period].iloc[rows[0]]
        signs = np.where(table.signs > 0, "+", "-")
        part = {"indicator": table.names, "direction": signs, "weight": weights.w, **weights.said}
        parts.append(pd.DataFrame({**keys, **part}))
    return pd.concat(parts, ignore_index=True)


def _cautions(table: Indicators, recipe: Recipe, found: Sequence[Weights]) -> list[str]:
    """What is printed beneath the table."""
    s, several = recipe.scaling, table.several
    fixed = s.method == "minmax" and set(s.goalposts or {}) >= set(table.names)
    by_period = several and (s.by_period or recipe.weights_by_period)
    few = min(map(len, table.groups(by_period=recipe.weights_by_period)))
    learned = recipe.weights in ("critic", "pca", "pca_vectors")
    said = {
        OBSERVED: not fixed,
        MOVES: recipe.aggregation.method in aggregation.AGAINST_BEST,
        BY_YEAR: by_period,
        SENSITIVE: recipe.weights == "entropy",
        SHIFTED.format(shift=s.shift, rest=1 - s.shift): bool(s.shift),
        MAKE_UP: recipe.aggregation.method == "arithmetic",
        WEIGHTS: True,
        f"{few} rows for {len(table.names)} indicators: correlations, and weights made of them, are mostly noise "
        f"below {RATIO} rows an indicator.": learned and few < RATIO * len(table.names),
        f"{found[0].note}.": bool(found[0].note) and len(found) == 1,
        f"{table.lost:,} rows without all indicators were left out.": table.lost > 0,
    }
    return [text for text, holds in said.items() if holds]
