r"""Where volatility comes from: shocks of markets, products and exporters, and their covariances, added up exactly.

Two splits of growth :math:`y_{jmt}` of an exporter's flows at fixed shares a. In each, every part is a series, and the
variance of their sum is the sum of the whole covariance matrix of the parts: nothing is left over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from exportlab.errors import DataError, OptionError, one_of
from exportlab.flow_table import Columns, Flows
from exportlab.frames import Array
from exportlab.indices.residual import refuse_members
from exportlab.options import Count, validated
from exportlab.periods import Lag
from exportlab.results import Cautious
from exportlab.risk import growth as ground
from exportlab.risk.cautions import AVERAGES, ENTRY, PRICES, overlap
from exportlab.risk.growth import FEWEST, Asked, Growth, Series, framed
from exportlab.risk.portfolio import ROUNDING, Shares, computed, need

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

WORLD = ("common", "market", "product", "own")
SECTORS = ("sector", "exporter", "own")
DIAGONAL = (
    "The four terms of Koren and Tenreyro (2007) do not add up to the variance: their idiosyncratic term is the "
    "diagonal, and two covariances are left out. `table` has all six; `published` has theirs, with the remainder."
)


@dataclass(frozen=True, repr=False, eq=False)
class Sources(Cautious):
    """The variance of growth by its sources.

    Attributes
    ----------
    table : DataFrame
        One row per group and pair of sources: source, with (the same source for its variance), term (the variance,
        or twice the covariance), share of the variance. The terms of a group add up to its variance.
    series : DataFrame
        One row per group and period: growth, and each source; the sources add up to it.
    published : DataFrame
        The four terms as Koren and Tenreyro print them, the remainder, and the variance; empty for the other split.
    cautions : tuple of str
    sources : tuple of str
    """

    table: pd.DataFrame
    series: pd.DataFrame
    published: pd.DataFrame
    cautions: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Variance of growth by source: {', '.join(self.sources)}"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the terms of each group, covariances included, as parts of its variance."""
        from exportlab.plots.risk import sources

        return sources(self, ax=ax, **options)


@validated
def volatility_sources(
    flows: Flows,
    *,
    world: Flows | None = None,
    growth: Growth = "arc",
    shares: Shares = "last",
    lag: Lag = "year",
    min_observations: Count = FEWEST,
) -> Sources:
    r"""Split an exporter's volatility into common, market and product shocks of the rest of the world, and its own.

    Parameters
    ----------
    flows : Flows
        With period, market and product; with exporters one split each.
    world : Flows, optional
        Exports of all others by market and product. By default the other exporters of the table.
    growth, shares, lag, min_observations
        As in `portfolio`.

    Returns
    -------
    Sources

    Raises
    ------
    DataError
        No market or product; no other exporters; too few periods; flows that the rest of the world never trades.

    Notes
    -----
    Growth W of the rest of the world's flows, by unweighted two-way means over the markets and products of the group:
    :math:`W_{mkt} = c_t + d_{mt} + p_{kt} + r_{mkt}`, with :math:`\sum_m d = \sum_k p = 0`. An exporter's growth at
    fixed shares is :math:`c_t + \sum_m a_{m.} d_{mt} + \sum_k a_{.k} p_{kt} + own_t`; own is the remainder. The means
    are not weighted by the exporter's own shares: market and product shocks would then vanish from its total by
    construction. A flow that nobody else trades in two periods has not grown there; only those that nobody else ever
    trades are refused. This is the form of Koren and Tenreyro against the rest of the world.

    References
    ----------
    .. [1] Koren and Tenreyro (2007), Volatility and development, Quarterly Journal of Economics 122(1).
    .. [2] di Giovanni and Levchenko (2009), Trade openness and volatility, Review of Economics and Statistics 91(3).
    """
    asked = ground.asked(flows, "volatility_sources", ("market", "product"), None, lag)
    need(asked, min_observations)
    others = _others(asked, world)
    rows, lines = [], []
    for one in ground.series(asked):
        lost = ground.silent(asked, one)
        parts = None if lost else _against_world(asked, one, others, growth, shares)
        rows += terms(dict(zip(asked.groups, one.key, strict=True)), WORLD, parts, lost)
        lines.append(_series(asked, one.key, WORLD, parts))
    return _made(asked, rows, lines, [], names=WORLD, kind=growth, lag=lag)


def _others(asked: Asked, world: Flows | None) -> tuple[dict[tuple[Any, Any], int], Array, bool]:
    """The place of each market and product among all others' values, those values, and whether own are in them."""
    if world is None and "exporter" not in asked.flows.roles:
        raise DataError(
            "the flows have no exporters to tell the rest of the world from",
            "Give the exports of all others by market and product: world=xl.flows(...).",
        )
    source = None if world is None else asked.flows.alike(world)
    if source is not None:
        lacking = [r for r in ("period", "market", "product") if r not in source.roles]
        if lacking:
            raise DataError(f"world= has no {lacking[0]}", "It must be told apart like the flows.")
    found = ground.series(asked, source, ())
    if not found:
        raise DataError("world= has none of the periods of the flows", "Both tables need the same periods.")
    place = {pair: k for k, pair in enumerate(zip(*found[0].labels, strict=True))}
    return place, found[0].values, world is None


def _against_world(
    asked: Asked,
    one: Series,
    others: tuple[dict[tuple[Any, Any], int], Array, bool],
    kind: Growth,
    which: Any,
) -> Array:
    """The four parts of growth, periods in rows."""
    place, values, within = others
    pairs = list(zip(*one.labels, strict=True))
    rest = np.zeros_like(one.values)
    known = [(k, place[p]) for k, p in enumerate(pairs) if p in place]
    if known:
        here, there = (np.array(side) for side in zip(*known, strict=True))
        rest[:, here] = values[:, there]
    if within:
        rest = ground.remainder(rest, one.values)
    never = np.flatnonzero(rest.sum(axis=0) <= 0)
    if len(never):
        raise DataError(
            f"{len(never):,} of {len(pairs):,} flows of {asked.titled(one.key)} are traded by nobody else",
            "Their shocks cannot be told from the exporter's own: take coarser markets or products, or world=.",
            first=repr(pairs[never[0]]),
        )
    a = ground.shares(asked, one, which)
    y = ground.growth(asked, one, kind) @ a
    w = ground.growth(asked, Series(one.key, one.labels, rest), kind)
    return _two_way(w, y, a, one.labels)


def _two_way(w: Array, y: Array, a: Array, labels: Sequence[Any]) -> Array:
    """Common, market, product and own parts of y (T,), from unweighted two-way effects of w (T, K)."""
    market, product = (np.unique(np.asarray(column, dtype=str), return_inverse=True)[1] for column in labels)
    d, p = int(market.max()) + 1, int(product.max()) + 1
    code = np.stack([np.zeros_like(market), 1 + market, 1 + d + product])  # the columns of each flow's ones
    size = 1 + d + p
    normal = np.bincount((code[:, None] * size + code[None]).ravel(), minlength=size * size)
    zero = np.zeros((2, size))
    zero[0, 1 : 1 + d], zero[1, 1 + d :] = 1.0, 1.0  # sum_m d = sum_k p = 0
    sums = np.stack([np.bincount(code.ravel(), np.tile(row, 3), minlength=size) for row in w], axis=1)
    effects, _, rank, _ = np.linalg.lstsq(normal.reshape(size, size) + zero.T @ zero, sums, rcond=None)
    if rank < size:
        raise DataError(
            "the markets and products of an exporter fall apart into sets without a flow between them",
            "Shocks of markets and of products cannot be told apart there: take coarser markets or products.",
            first=f"{labels[0][0]!r}, {labels[1][0]!r}",
        )
    ours = [np.bincount(market, a, d) @ effects[1 : 1 + d], np.bincount(product, a, p) @ effects[1 + d :]]
    return np.column_stack([effects[0] * a.sum(), *ours, y - effects[0] * a.sum() - ours[0] - ours[1]])


@validated
def koren_tenreyro(
    flows: Flows,
    *,
    over: Columns = "product",
    growth: Growth = "arc",
    shares: Shares = "last",
    lag: Lag = "year",
    min_observations: Count = FEWEST,
) -> Sources:
    r"""Split each exporter's volatility into shocks of products, of the exporter, and the rest, all six terms shown.

    Parameters
    ----------
    flows : Flows
        With periods and two exporters or more.
    over : str or sequence of str
        The sectors: "product", or "market" for shocks of markets.
    growth, shares, lag, min_observations
        As in `portfolio`.

    Returns
    -------
    Sources
        `table` has the sources "sector", "exporter" and "own"; `published` the paper's terms.

    Raises
    ------
    DataError
        A single exporter; exporters without exports in some period; too few periods.

    Notes
    -----
    :math:`\lambda_{kt}` is the mean of growth over exporters, :math:`\mu_{jt}` the mean over products of what is left,
    :math:`\varepsilon` the rest (equations 3 to 5 of the paper; unweighted). Exactly

    .. math:: var(a'y) = a'\Lambda a + var(\mu) + a'Ea + 2 cov(a'\lambda, \mu) + 2 cov(a'\lambda, a'\varepsilon)
       + 2 cov(\mu, a'\varepsilon)

    The paper prints GSECT :math:`a'\Lambda a`, CNT :math:`var(\mu)`, ISECT :math:`\sum_k a_k^2 var(\varepsilon_k)`
    and COV :math:`2 a' cov(\lambda, \mu)`.

    References
    ----------
    .. [1] Koren and Tenreyro (2007), Volatility and development, Quarterly Journal of Economics 122(1).
    """
    if "exporter" in flows.resolve(over):
        raise OptionError("over= names sectors, so it cannot hold the exporter.")
    refuse_members(flows, "koren_tenreyro", ("exporter",))
    asked = ground.asked(flows, "koren_tenreyro", over, "exporter", lag)
    need(asked, min_observations)
    found = ground.series(asked)
    if len(found) < 2:
        raise DataError(
            "there is a single exporter", "Shocks of products are means over exporters: give two or more."
        )
    for one in found:
        if lost := ground.silent(asked, one):
            raise DataError(
                f"{asked.titled(one.key)}: {lost}", "Means over exporters need all of them in all periods."
            )
    y, a = _panel(asked, found, growth, shares)
    rows, lines, printed = [], [], []
    for one, parts, theirs in zip(found, *sectors(y, a), strict=True):
        key = dict(zip(asked.groups, one.key, strict=True))
        rows += terms(key, SECTORS, parts, "")
        lines.append(_series(asked, one.key, SECTORS, parts))
        printed.append({**key, **theirs})
    return _made(asked, rows, lines, printed, names=SECTORS, kind=growth, lag=lag)


def _panel(asked: Asked, found: Sequence[Series], kind: Growth, which: Any) -> tuple[Array, Array]:
    """Growth (exporters, periods, members of any exporter) and shares (exporters, members)."""
    named = [list(zip(*one.labels, strict=True)) for one in found]
    every = {m: k for k, m in enumerate(sorted({m for names in named for m in names}))}
    whole = []
    for one, names in zip(found, named, strict=True):
        values = np.zeros((len(asked.periods), len(every)))
        values[:, [every[m] for m in names]] = one.values
        labels = tuple(np.array(column, dtype=object) for column in zip(*every, strict=True))
        whole.append(Series(one.key, labels, values))
    y = np.stack([ground.growth(asked, one, kind) for one in whole])
    return y, np.stack([ground.shares(asked, one, which) for one in whole])


def sectors(y: Array, a: Array) -> tuple[list[Array], list[dict[str, float]]]:
    """The three parts of each exporter's growth, and the four published terms with their remainder.

    Shapes (J, T, K) and (J, K): to J arrays (T, 3).
    """
    shock = y.mean(axis=0)  # lambda, eq. 3
    mu = (y - shock).mean(axis=2)  # eq. 4
    rest = y - shock - mu[:, :, None]  # eq. 5
    parts, printed = [], []
    for j in range(len(y)):
        made = np.column_stack([shock @ a[j], mu[j], rest[j] @ a[j]])
        cov = np.cov(made.T)
        alone = float(a[j] ** 2 @ rest[j].var(axis=0, ddof=1))
        four = {"gsect": cov[0, 0], "cnt": cov[1, 1], "isect": alone, "cov": 2 * cov[0, 1]}
        total = float(cov.sum())
        parts.append(made)
        printed.append({**four, "remainder": total - sum(four.values()), "variance": total})
    return parts, printed


def terms(key: dict[str, Any], names: Sequence[str], parts: Array | None, note: str) -> list[dict[str, Any]]:
    """One row a pair of sources: its variance, or twice its covariance; they add up to the variance of the sum."""
    size = len(names)
    cov = np.full((size, size), np.nan) if parts is None else np.cov(parts.T)
    total = float(cov.sum())
    calm = parts is not None and total <= (ROUNDING * float(np.abs(parts).max(initial=0.0))) ** 2
    note = "no variance beyond rounding" if calm else note
    rows = []
    for i in range(size):
        for j in range(i, size):
            term = float(cov[i, j]) * (1 if i == j else 2)
            share = np.nan if calm else term / total
            pair = {"source": names[i], "with": names[j]}
            rows.append({**key, **pair, "term": term, "share": share, "variance": total, "note": note})
    return rows


def _series(asked: Asked, key: Sequence[Any], names: Sequence[str], parts: Array | None) -> pd.DataFrame:
    import pandas as pd

    keys = {asked.name(r): [k] * len(asked.after) for r, k in zip(asked.groups, key, strict=True)}
    made = np.full((len(asked.after), len(names)), np.nan) if parts is None else parts
    figures = dict(zip(names, made.T, strict=True))
    dated = {asked.name("period"): asked.dates, "growth": made.sum(axis=1)}
    return pd.DataFrame({**keys, **dated, **{f"{n}_shock": v for n, v in figures.items()}})


def _made(
    asked: Asked,
    rows: list[dict[str, Any]],
    lines: list[pd.DataFrame],
    printed: list[dict[str, Any]],
    *,
    names: tuple[str, ...],
    kind: Growth,
    lag: Lag,
) -> Sources:
    import pandas as pd

    said = ((DIAGONAL,) if printed else ()) + (PRICES,) + ((ENTRY,) if kind == "arc" else ()) + (AVERAGES,)
    return Sources(
        computed(asked, framed(asked, rows), "variance"),
        pd.concat(lines, ignore_index=True),
        framed(asked, printed),
        (*said, *overlap(asked.flows, lag)),
        names,
    )


@validated
def risk_content(
    flows: Flows,
    *,
    over: Columns = "product",
    by: Columns | None = None,
    world: Literal["world", "rest"] | Flows = "world",
    growth: Growth = "arc",
    lag: Lag = "year",
    min_observations: Count = FEWEST,
) -> Any:
    r"""Measure how risky a structure of exports is by the world's shocks alone: a'Sa with the world's covariances.

    Parameters
    ----------
    flows : Flows
    over : str or sequence of str
        "product", "market" or both.
    by : str or sequence of str, optional
        One structure each, beside the period; by default every other role present.
    world : {"world", "rest"} or Flows
        Whose growth the covariances are of: all exporters of the table, all others, or a table of its own.
    growth, lag, min_observations
        As in `portfolio`.

    Returns
    -------
    DataFrame
        One row per group and period: risk_content (the variance), sd, hhi of the shares. Between two periods of a
        group only the structure differs.

    Raises
    ------
    DataError
        Too few periods; members that the world does not trade.

    Notes
    -----
    :math:`a_t' S a_t`, S the covariance of members' growth in the world over all periods (sample, divisor n - 1): the
    variance of the series :math:`a_t'y_s`. In [0, the largest variance of a member]. NaN where nothing is exported.

    References
    ----------
    .. [1] di Giovanni and Levchenko (2012), The risk content of exports: a portfolio view of international trade,
       NBER International Seminar on Macroeconomics 8(1).
    """
    if isinstance(world, str):
        one_of("world", world, ("world", "rest"))
    asked = ground.asked(flows, "risk_content", over, by, lag)
    need(asked, min_observations)
    if world == "rest" and "exporter" not in asked.groups:
        raise OptionError("world='rest' leaves out the own exporter: keep the exporter in by=.")
    source = asked.flows.alike(world) if isinstance(world, Flows) else None
    whole = ground.series(asked, source, ())
    if not whole:
        raise DataError("world= has none of the periods of the flows", "Both tables need the same periods.")
    rows: list[dict[str, Any]] = []
    for one in ground.series(asked):
        rows += _contents(asked, one, whole[0], growth, rest=world == "rest")
    return framed(asked, rows)


def _contents(asked: Asked, one: Series, whole: Series, kind: Growth, *, rest: bool) -> list[dict[str, Any]]:
    place = {m: k for k, m in enumerate(zip(*whole.labels, strict=True))}
    names = list(zip(*one.labels, strict=True))
    lost = [m for m in names if m not in place]
    if lost:
        raise DataError(
            f"{len(lost):,} of {len(names):,} members of {asked.titled(one.key)} are not traded by the world",
            "Bring both tables to one nomenclature.",
            first=repr(lost[0]),
        )
    values = whole.values[:, [place[m] for m in names]]
    if rest:
        values = ground.remainder(values, one.values)
    y = ground.growth(asked, Series(one.key, one.labels, values), kind)
    total = one.total[:, None]
    a = np.where(total > 0, one.values / np.where(total > 0, total, 1.0), np.nan)
    variance = (a @ y.T).var(axis=1, ddof=1)
    key = dict(zip(asked.groups, one.key, strict=True))
    square = np.einsum("tk,tk->t", a, a)
    return [
        {
            **key,
            "period": asked.flows.said(p),
            "risk_content": float(v),
            "sd": float(np.sqrt(v)),
            "hhi": float(h),
        }
        for p, v, h in zip(asked.periods, variance, square, strict=True)
    ]
