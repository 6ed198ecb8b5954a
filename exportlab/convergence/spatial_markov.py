r"""Spatial Markov chains: whether places rise and fall otherwise among rich neighbours than among poor ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from exportlab.convergence.door import RELATIVE, panel_of
from exportlab.errors import OptionError
from exportlab.frames import Array, Codes
from exportlab.indices.transitions import Transitions
from exportlab.options import Count, Finite, validated
from exportlab.results import Cautious
from exportlab.space import SpatialWeights
from exportlab.words import N_, _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

THIN = N_(
    "{few} of {rows} rows of the conditional matrices have fewer than 5 moves: their probabilities say little."
)
SERIAL = N_(
    "The law of the test takes moves as independent: of one place and of neighbours they are not. rng= gives p by "
    "permuted places."
)
ORDER_ONE = N_(
    "The chain is of the first order and the same in all periods; its long run is what would be, were that so."
)


@dataclass(frozen=True, repr=False, eq=False)
class SpatialMarkov(Cautious):
    """Transitions by the class of the neighbours.

    Attributes
    ----------
    whole : Transitions
        All moves, whatever the neighbours.
    conditional : tuple of Transitions
        By the class of the neighbours, from the lowest.
    tests : DataFrame
        Homogeneity over the classes of the neighbours: test (lr, chi_squared), statistic, df, p_value, and where drawn
        p_permuted.
    cautions : tuple of str
    """

    whole: Transitions
    conditional: tuple[Transitions, ...]
    tests: pd.DataFrame
    cautions: tuple[str, ...]
    cuts: Array = field(repr=False)
    lag_cuts: Array = field(repr=False)
    value: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        lr = self.tests.iloc[0]
        return (
            f"Spatial Markov chain of {self.value}: {self.whole.counts.sum():,} moves; the same whatever the "
            f"neighbours: LR = {lr['statistic']:.4g}, {lr['df']:.0f} df, p = {lr['p_value']:.3g}"
        )

    @property
    def table(self) -> pd.DataFrame:
        """A row per class of the neighbours and of the unit: n (moves), the probability of each class next, ergodic."""
        names = _names(len(self.conditional))
        parts = [c.table.assign(neighbours=name) for c, name in zip(self.conditional, names, strict=True)]
        made = pd.concat(parts, ignore_index=True)
        return made[["neighbours", *made.columns[:-1]]]

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the probability of rising by class of the neighbours; see `plots.convergence.moves`."""
        from exportlab.plots.convergence import moves

        return moves(self, ax=ax, **options)


@validated
def spatial_markov(
    table: Any,
    *,
    value: str,
    unit: str,
    period: str,
    weights: SpatialWeights,
    classes: Count | Sequence[Finite] = 4,
    lag_classes: Count | Sequence[Finite] | None = None,
    relative: bool = True,
    permutations: Count = 999,
    rng: Any = None,
) -> SpatialMarkov:
    r"""Compare the moves of places between classes, by the class of their neighbours (空间马尔可夫链).

    Parameters
    ----------
    table : DataFrame
        One row a unit and period, for all units of the weights in every period.
    value, unit, period : str
        Columns.
    weights : SpatialWeights
        Row-standardised: the lag is the mean of the neighbours.
    classes : int, or sequence of float
        So many classes of equal size, from the quantiles of all periods pooled; or where one class ends (a class holds
        values up to its upper cut).
    lag_classes : int, or sequence of float, optional
        The same for the mean of the neighbours; as many as `classes` by default. A number takes the quantiles of the
        lags themselves.
    relative : bool
        Whether each period is divided by its mean first (Rey 2001).
    permutations, rng
        With rng=, a seed or a Generator: the places are permuted, each with its whole path, and the homogeneity
        statistics taken again: p_permuted.

    Returns
    -------
    SpatialMarkov

    Raises
    ------
    DataError
        Missing units or periods; classes that no one is in.
    OptionError
        Cuts that do not rise, weights that are not row-standardised.

    Notes
    -----
    Moves from t to t + 1 are sorted by the class of the lag in t. With :math:`n_{ij|m}` of them and
    :math:`\hat p_{ij|m} = n_{ij|m} / n_{i|m}`, homogeneity over m is tested by
    :math:`LR = 2 \sum n_{ij|m} \ln(\hat p_{ij|m}/\hat p_{ij})` and
    :math:`Q = \sum n_{i|m} (\hat p_{ij|m} - \hat p_{ij})^2 / \hat p_{ij}`, both :math:`\chi^2` with
    :math:`\sum_i (a_i - 1)(b_i - 1)` degrees of freedom, a the moves out of i that occur, b the classes of neighbours
    in which anyone is in i.

    References
    ----------
    .. [1] Rey (2001), Spatial empirics for economic growth and convergence, Geographical Analysis 33(3).
    .. [2] Bickenbach and Bode (2003), Evaluating the Markov property in studies of economic convergence, International
       Regional Science Review 26(3).
    """
    panel = panel_of(table, value, unit, period, fewest=(4, 2), positive=RELATIVE if relative else "")
    w = weights.aligned(list(panel.units))
    if weights.style != "row":
        raise OptionError("The lag is the mean of the neighbours: spatial_weights(style='row').")
    y = panel.y / panel.y.mean(axis=0) if relative else panel.y
    lags = w @ y
    cuts = _cuts(classes, y, "classes")
    number = len(cuts) + 1 if lag_classes is None else lag_classes
    lag_cuts = _cuts(number, lags, "lag_classes")
    counts = _counts(y, lags, cuts, lag_cuts)
    labels = _names(len(cuts) + 1)
    tests = _homogeneity(counts)
    if rng is not None:
        tests = tests.assign(p_permuted=_permuted(y, w, (cuts, lag_cuts), tests, permutations, rng=rng))
    rows = counts.sum(axis=2)
    few = int(((rows > 0) & (rows < 5)).sum())
    thin = (_(THIN, few=few, rows=int((rows > 0).sum())),) if few else ()
    return SpatialMarkov(
        Transitions(counts.sum(axis=0), labels), tuple(Transitions(c, labels) for c in counts), tests,
        (*thin, *(() if rng is not None else (_(SERIAL),)), _(ORDER_ONE)), cuts, lag_cuts, value,
    )  # fmt: skip


def _names(n: int) -> tuple[str, ...]:
    """Classes by number, 1 the lowest."""
    return tuple(str(k) for k in range(1, n + 1))


def _cuts(classes: int | Sequence[float], x: Array, name: str) -> Array:
    """Upper ends of all classes but the last."""
    if isinstance(classes, int):
        if classes < 2:
            raise OptionError(f"{name}={classes} makes no classes: two or more.")
        made = np.quantile(x, np.arange(1, classes) / classes)
    else:
        made = np.asarray(classes, dtype=float)
    if not len(made) or (np.diff(made) <= 0).any():
        raise OptionError(f"{name}={np.round(made, 6).tolist()} do not rise, so some class would be empty.")
    return np.asarray(made)


def _counts(y: Array, lags: Array, cuts: Array, lag_cuts: Array) -> Codes:
    """Moves by class of the neighbours, of the unit before, and after: (M, K, K)."""
    own, near = np.searchsorted(cuts, y), np.searchsorted(lag_cuts, lags)
    counts = np.zeros((len(lag_cuts) + 1, len(cuts) + 1, len(cuts) + 1), dtype=np.int64)
    np.add.at(counts, (near[:, :-1].ravel(), own[:, :-1].ravel(), own[:, 1:].ravel()), 1)
    return counts


def _homogeneity(counts: Codes) -> pd.DataFrame:
    lr, q = _statistics(counts)
    pooled = counts.sum(axis=0)
    moves, groups = (pooled > 0).sum(axis=1), (counts.sum(axis=2) > 0).sum(axis=0)
    df = int(((np.maximum(moves, 1) - 1) * (np.maximum(groups, 1) - 1)).sum())
    p = chi2.sf([lr, q], df) if df else [np.nan, np.nan]
    return pd.DataFrame({"test": ["lr", "chi_squared"], "statistic": [lr, q], "df": df, "p_value": p})


def _statistics(counts: Codes) -> tuple[float, float]:
    """The likelihood ratio and Pearson's statistic."""
    pooled = counts.sum(axis=0)
    p = pooled / np.maximum(pooled.sum(axis=1, keepdims=True), 1)
    expected = counts.sum(axis=2, keepdims=True) * p
    some, there = counts > 0, expected > 0
    lr = 2 * float((counts[some] * np.log(counts[some] / expected[some])).sum())
    return lr, float(((counts[there] - expected[there]) ** 2 / expected[there]).sum())


def _permuted(
    y: Array, w: Array, cuts: tuple[Array, Array], tests: pd.DataFrame, draws: int, *, rng: Any
) -> list[float]:
    """The share of ways to place the units, the one seen among them, with statistics as large."""
    random = np.random.default_rng(rng)
    seen = tests["statistic"].to_numpy(float)
    beyond = np.zeros(2)
    for _draw in range(draws):
        mixed = y[random.permutation(len(y))]
        beyond += np.array(_statistics(_counts(mixed, w @ mixed, *cuts))) >= seen * (1 - 1e-12)
    return list((1 + beyond) / (1 + draws))
