r"""Exports as a portfolio of markets or products: the variance of their growth, and what each member adds to it.

With shares :math:`a` of one period and growth :math:`y_t`, the variance :math:`a'Sa` is that of the series
:math:`a'y_t`. All that is shown of it follows from the series and one pass over the members; the matrix S, which has
as many rows as there are members, is never made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from exportlab.errors import DataError
from exportlab.flow_table import Columns, Flows
from exportlab.frames import Array
from exportlab.options import Count, validated
from exportlab.periods import Lag
from exportlab.results import Cautious
from exportlab.risk import growth as ground
from exportlab.risk.cautions import AVERAGES, CONCENTRATION, ENTRY, PRICES, SMALL, overlap
from exportlab.risk.growth import FEWEST, Asked, Growth, Series, framed, member_table
from exportlab.words import Text, said

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Covariance: TypeAlias = Literal["auto", "sample", "ledoit_wolf"]
Shares: TypeAlias = Literal["last", "first", "mean"] | str | int
ROUNDING = 1e-12  # of the largest growth rate: a deviation below it is rounding
PER_MEMBER = 2  # growth rates for each member, up to which the sample covariance is shrunk


@dataclass(frozen=True, eq=False)
class Variance:
    """The variance of one portfolio by member, under one covariance.

    `parts`, a_m (Sa)_m, add up to it; each is `own`, a_m^2 s_m^2, and the covariance with all others. `bets` is what
    each principal component carries of it.
    """

    variance: float
    share: Array
    covariance: Array  # (Sa)_m
    deviation: Array
    mean: Array
    bets: Array
    shrinkage: float
    line: Array

    @property
    def parts(self) -> Array:
        """What each member adds to the variance, a_m (Sa)_m."""
        return self.share * self.covariance

    @property
    def own(self) -> Array:
        """What each member would add if it moved with no other."""
        return np.asarray((self.share * self.deviation) ** 2)

    @property
    def rounding(self) -> float:
        """A deviation that is rounding beside the growth of the members."""
        return ROUNDING * max(
            float(np.abs(self.mean).max(initial=0.0)), float(self.deviation.max(initial=0.0))
        )

    @property
    def calm(self) -> bool:
        """Whether the variance is rounding beside the growth of the members."""
        return self.variance <= self.rounding**2

    @property
    def lively(self) -> bool:
        """Whether members vary by themselves, beyond rounding: without that nothing is diversified."""
        return float(self.share @ self.deviation) > self.rounding


def variance_of(y: Array, a: Array, *, shrink: bool = False) -> Variance:
    """The variance a'Sa of growth rates y (T, K) at shares a (K,), without the matrix S; `y` is centred in place.

    The sample covariance has the divisor T - 1; shrunk it is that of Ledoit and Wolf (2004), equations 9 to 14, with
    the divisor T: :math:`S^* = b^2/d^2\\,\\mu I + (1 - b^2/d^2) S_T`.
    """
    line = y @ a
    mean = y.mean(axis=0)
    y -= mean
    moves, divisor = line - line.mean(), len(y) if shrink else len(y) - 1
    square = np.einsum("tk,tk->k", y, y) / divisor
    cov = moves @ y / divisor  # (Sa)_m
    gram = y @ y.T
    weight, mu = _shrinkage(gram, square, y.shape[1]) if shrink else (0.0, 0.0)
    square, cov = weight * mu + (1 - weight) * square, weight * mu * a + (1 - weight) * cov
    bets = _bets(gram / divisor, moves, a, divisor=divisor, weight=weight, mu=mu)
    return Variance(float(a @ cov), a, cov, np.sqrt(square), mean, bets, weight, line)


def _shrinkage(gram: Array, square: Array, members: int) -> tuple[float, float]:
    """The weight b2/d2 of the target and mu, from the inner products of the periods alone: S is never needed."""
    n = len(gram)
    mu = float(square.sum()) / members
    norm = float((gram * gram).sum()) / n**2  # ||S_n||^2
    d2 = norm / members - mu**2
    b2 = (float((np.diag(gram) ** 2).sum()) / n - norm) / n / members
    return (min(b2, d2) / d2 if d2 > ROUNDING * mu**2 else 1.0), mu


def _bets(gram: Array, moves: Array, a: Array, *, divisor: int, weight: float, mu: float) -> Array:
    """What each principal component adds to the variance: (v_k'a)^2 l_k, through the periods' inner products.

    The directions in which nothing moved have one variance, that of the target, and count as one bet: that of `a`.
    """
    values, vectors = np.linalg.eigh(gram)
    kept = values > ROUNDING * max(float(values.max(initial=0.0)), np.finfo(float).tiny)
    values, vectors = values[kept], vectors[:, kept]
    along = (vectors.T @ moves) ** 2 / divisor  # (v_k'a)^2 l_k of the sample
    length = along / values  # (v_k'a)^2
    rest = max(float(a @ a) - float(length.sum()), 0.0)
    return np.append(length * (weight * mu + (1 - weight) * values), rest * weight * mu)


@dataclass(frozen=True, repr=False, eq=False)
class Portfolio(Cautious):
    """The variance of growth of each group's exports.

    Attributes
    ----------
    table : DataFrame
        One row per group: its keys; n (growth rates), members; mean, sd, variance of growth at fixed shares;
        benefit (1 - sd over the share-weighted mean of the members' own), diversification_ratio (the inverse form);
        effective_contributions (1/sum rc^2, below 1 where some members hedge others) and effective_bets
        (exp(-sum p ln p) over principal components); hhi of the shares; covariance and shrinkage; note.
    members : DataFrame
        One row per group and member: share, mean and sd of its growth, marginal (what sd grows by per share),
        own_variance and comovement, contribution (their sum over the variance; sums to 1).
    series : DataFrame
        One row per group and period: growth at fixed shares.
    cautions : tuple of str
    """

    table: pd.DataFrame
    series: pd.DataFrame
    cautions: tuple[str, ...]
    over: str
    growth: str
    parts: tuple[Callable[[], pd.DataFrame], ...] = field(default=(), repr=False)

    @cached_property
    def members(self) -> pd.DataFrame:
        """One row per group and member, made when first asked for: there may be millions."""
        import pandas as pd

        return pd.concat([part() for part in self.parts], ignore_index=True)

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Variance of {self.growth} growth over {self.over}, at fixed shares"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw what the members add to the variance, beside their shares."""
        from exportlab.plots.risk import contributions

        return contributions(self, ax=ax, **options)


@validated
def portfolio(
    flows: Flows,
    *,
    over: Columns = "market",
    by: Columns | None = None,
    growth: Growth = "arc",
    shares: Shares = "last",
    covariance: Covariance = "auto",
    lag: Lag = "year",
    min_observations: Count = FEWEST,
) -> Portfolio:
    r"""Measure how exports vary as a portfolio of markets or products, and what each member adds.

    Parameters
    ----------
    flows : Flows
        With periods that follow on each other.
    over : str or sequence of str
        The members: "market", "product", or both.
    by : str or sequence of str, optional
        One portfolio each; by default every other role present but the period.
    growth : {"arc", "log"}
        2 (x1 - x0)/(x1 + x0), which is bounded by 2 and survives zeros, or ln(x1/x0), which refuses them.
    shares : {"last", "first", "mean"} or a period
        The weights a, held fixed.
    covariance : {"auto", "sample", "ledoit_wolf"}
        The sample covariance (divisor n - 1), or shrunk to a multiple of the identity (Ledoit and Wolf 2004, divisor
        n). "auto" shrinks where there are no more than two growth rates for each member, and the note says so.
    lag : "year" or int
        Growth over a year, or over so many steps of the table.
    min_observations : int
        Fewer growth rates are refused; two are the least of all.

    Returns
    -------
    Portfolio

    Raises
    ------
    DataError
        Too few growth rates; periods missing in between; zeros under logs; no group that exports in all periods.

    Notes
    -----
    Variance :math:`a'Sa`, the variance of :math:`a'y_t` (an identity for the sample covariance). Contribution of m
    :math:`a_m (Sa)_m / a'Sa`, in [-K, K], summing to 1. Benefit in [0, 1]. Effective number of contributions in
    (0, K]; effective bets in [1, K], by the principal components of the covariance used. A group without exports in
    some period is NaN, with a note.

    References
    ----------
    .. [1] Markowitz (1952), Portfolio selection, Journal of Finance 7(1).
    .. [2] Ledoit and Wolf (2004), A well-conditioned estimator for large-dimensional covariance matrices, Journal of
       Multivariate Analysis 88(2).
    .. [3] Meucci (2009), Managing diversification, Risk 22(5).

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> table = pd.DataFrame({"year": [2019, 2020, 2021, 2022] * 2, "market": ["Japan"] * 4 + ["USA"] * 4,
    ...                       "usd": [100.0, 110, 99, 112, 60, 54, 66, 61]})
    >>> flows = xl.flows(table, period="year", value="usd")
    >>> found = xl.risk.portfolio(flows, covariance="sample", min_observations=3)
    >>> found.table[["n", "sd", "benefit", "effective_bets"]].round(3)
       n     sd  benefit  effective_bets
    0  3  0.025    0.823           1.866
    """
    asked = ground.asked(flows, "portfolio", over, by, lag)
    need(asked, min_observations)
    rows, parts, lines = [], [], []
    for one in ground.series(asked):
        row, part, line = _measured(asked, one, growth, shares, covariance)
        rows.append(row)
        parts.append(part)
        lines.append(line)
    import pandas as pd

    cautions = (CONCENTRATION, SMALL, PRICES, *((ENTRY,) if growth == "arc" else ()), AVERAGES)
    return Portfolio(
        computed(asked, framed(asked, rows), "variance"),
        pd.concat(lines, ignore_index=True),
        (*cautions, *overlap(flows, lag)),
        " x ".join(asked.name(r) for r in asked.spread),
        growth,
        tuple(parts),
    )


A_VARIANCE = said("a variance")


def need(asked: Asked, fewest: int, what: Text = A_VARIANCE) -> None:
    """Refuse fewer growth rates than are asked for."""
    found, least = len(asked.after), max(fewest, 2)
    if found < least:
        raise DataError(
            said(
                "there are {found} growth rates, and {what} needs {least} or more",
                found=found,
                what=what,
                least=least,
            ),
            said(
                "Add periods, or say min_observations= and take the figures for what they are: two is "
                "the least."
            ),
        )


def computed(asked: Asked, table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The table, refused where not one group could be computed."""
    if table[column].isna().all():
        raise DataError(
            said("none of the {n} groups exports in every period", n=f"{len(table):,}"),
            said(
                "Growth needs a value before it: cut the table with flows.where(period=...), or take "
                "coarser groups."
            ),
            first=str(table["note"].iloc[0]),
        )
    return table


def chosen(covariance: Covariance, rates: int, members: int) -> tuple[bool, str]:
    """Whether to shrink, and what is to be said of it."""
    short = rates <= PER_MEMBER * members
    said = f"{rates} growth rates for {members:,} members"
    if covariance == "auto":
        return short and members > 1, f"{said}: covariance shrunk" if short and members > 1 else ""
    return covariance == "ledoit_wolf", f"{said}: the sample covariance is nearly or fully singular" * (
        short and covariance == "sample" and members > 1
    )


def _measured(
    asked: Asked, one: Series, kind: Growth, which: Any, covariance: Covariance
) -> tuple[dict[str, Any], Callable[[], pd.DataFrame], pd.DataFrame]:
    """One group: its row, its members when they are asked for, its series."""
    key = dict(zip(asked.groups, one.key, strict=True))
    lost = ground.silent(asked, one)
    rates, members = len(asked.after), one.values.shape[1]
    if lost:
        nothing = dict.fromkeys(FIGURES, np.nan)
        row = {**key, "n": rates, "members": members, **nothing, "covariance": "", "shrinkage": np.nan}
        return {**row, "note": lost}, partial(_member_rows, asked, one, None), _line(asked, one, None)
    a = ground.shares(asked, one, which)
    shrink, note = chosen(covariance, rates, members)
    found = variance_of(ground.growth(asked, one, kind), a, shrink=shrink)
    row = {**key, "n": rates, "members": members, **figures(found, a)}
    row |= {"covariance": "ledoit_wolf" if shrink else "sample", "shrinkage": found.shrinkage}
    calm = "no variance beyond rounding" if found.calm else ""
    said = {**row, "note": "; ".join(filter(None, (note, calm)))}
    return said, partial(_member_rows, asked, one, found), _line(asked, one, found)


FIGURES = (
    "mean",
    "sd",
    "variance",
    "benefit",
    "diversification_ratio",
    "effective_contributions",
    "effective_bets",
    "hhi",
)


def figures(found: Variance, a: Array) -> dict[str, float]:
    """What is said of a portfolio as a whole."""
    variance = 0.0 if found.calm else found.variance
    sd, apart = float(np.sqrt(variance)), float(a @ found.deviation)
    moves = not found.calm
    rc = found.parts / variance if moves else np.full(len(a), np.nan)
    p = found.bets[found.bets > 0]
    p = p / p.sum()
    return {
        "mean": float(found.line.mean()),
        "sd": sd,
        "variance": variance,
        "benefit": 1 - sd / apart if found.lively else np.nan,
        "diversification_ratio": apart / sd if moves else np.nan,
        "effective_contributions": 1 / float(rc @ rc) if moves else np.nan,
        "effective_bets": float(np.exp(-(p @ np.log(p)))) if moves else np.nan,
        "hhi": float(a @ a),
    }


def _member_rows(asked: Asked, one: Series, found: Variance | None) -> pd.DataFrame:
    nothing = np.full(one.values.shape[1], np.nan)
    if found is None:
        names = ("share", "mean", "sd", "marginal", "own_variance", "comovement", "contribution")
        return member_table(asked, one, dict.fromkeys(names, nothing))
    calm = found.calm
    return member_table(
        asked,
        one,
        {
            "share": found.share,
            "mean": found.mean,
            "sd": found.deviation,
            "marginal": nothing if calm else found.covariance / np.sqrt(found.variance),
            "own_variance": found.own,
            "comovement": found.parts - found.own,
            "contribution": nothing if calm else found.parts / found.variance,
        },
    )


def _line(asked: Asked, one: Series, found: Variance | None) -> pd.DataFrame:
    import pandas as pd

    keys = {asked.name(r): [k] * len(asked.after) for r, k in zip(asked.groups, one.key, strict=True)}
    values = np.full(len(asked.after), np.nan) if found is None else found.line
    return pd.DataFrame({**keys, asked.name("period"): asked.dates, "growth": values})
