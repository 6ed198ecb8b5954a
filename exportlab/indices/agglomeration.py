"""Which industries gather together: coagglomeration, and excess colocation of firms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from exportlab.errors import DataError, OptionError
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Array
from exportlab.indices._steps import Block, Grouping, blocks, grouping, table_of_own_kind
from exportlab.indices.catalogue import indicator
from exportlab.indices.location import located, sizes
from exportlab.options import Count
from exportlab.words import N_

Pairs = tuple[Array, Array]


@indicator(
    title=N_("Coagglomeration index"),
    low="-1",
    rises_with=N_("nearness of the two industries"),
    formula=r"\gamma_{kl} = \frac{\sum_r (s_{rk} - p_r)(s_{rl} - p_r)}{1 - \sum_r p_r^2}",
    source="Ellison and Glaeser (1997), JPE 105(5); Ellison, Glaeser and Kerr (2010), What causes industry "
    "agglomeration?, AER 100(3)",
    aliases=("ellison_glaeser_kerr", "共同集聚指数", "协同集聚指数"),
    laws="bounds scale permutation empty",
    undefined=N_("a product is made nowhere, or there is a single place"),
)
def coagglomeration(
    flows: Flows,
    *,
    groups: Grouping | None = None,
    size: Flows | Literal["mean", "total"] = "mean",
    of: str = "product",
    over: str = "exporter",
    by: Columns | None = None,
) -> Any:
    r"""Whether two industries are made in the same places, beyond what the places' size explains.

    0 as if places were drawn at random by size; negative where one is where the other is not. Plants need not be known:
    their lumpiness drops out of the index of Ellison and Glaeser for a group, which is the mean of its pairs,
    :math:`\gamma^c = \sum_{k \ne l} w_k w_l \gamma_{kl} / (1 - \sum_k w_k^2)`, w the products' shares of the group.

    Parameters
    ----------
    flows : Flows
        Places as exporters.
    groups : mapping, int or str, optional
        From product to group (or as in `theil_within_between`): one row a group instead of one a pair.
    size : {"mean", "total"} or Flows
        What a place's size p is: the mean of the products' shares in it (Ellison, Glaeser and Kerr); its share of all
        products together (Ellison and Glaeser); or its share in a table of one's own (population, all employment).
    of, over : str
        The products located over the exporters.
    by : str or sequence of str, optional
        By default every other role present.

    Returns
    -------
    frame
        One row per pair (each once; the second product's column has the first's name with "_2") or per group:
        coagglomeration; in the caller's own eager type, pandas for DuckDB and Spark. A group of one product: NaN.

    Raises
    ------
    DataError
        Places without a size, products without a group.
    """
    require(flows, "coagglomeration")
    who, where, kept = located(flows, of, over, by)
    belongs = None if groups is None else grouping(flows, who, groups)
    first, second = (who, "_second") if belongs is None else ("group", "products")
    columns: dict[str, list[Any]] = {c: [] for c in (*kept, first, second, "coagglomeration")}
    for block in blocks(flows, who, [where], kept):
        near = coagglomerated(block.shares, _benchmark(flows, block, where, kept, size))
        rows = _pairs(block, near) if belongs is None else _grouped(block, near, belongs)
        _append(columns, block.group, rows)
    return table_of_own_kind(flows, columns, {"_second": f"{flows.roles.get(who, who)}_2"})


def _benchmark(
    flows: Flows, block: Block, where: str, kept: tuple[str, ...], size: Flows | Literal["mean", "total"]
) -> Array:
    if size == "mean":
        made = block.values.sum(axis=1) > 0
        return np.asarray(block.shares[made].mean(axis=0))
    return sizes(flows, block, where, kept, None if isinstance(size, str) else size)


def coagglomerated(shares: Array, p: Array) -> Array:
    """Of every pair, (K, K); places that the shares have not come last in p."""
    room = 1 - float(p @ p)
    if room <= 1e-12:
        return np.full((len(shares), len(shares)), np.nan)
    apart = np.pad(shares, ((0, 0), (0, len(p) - shares.shape[1]))) - p
    return np.asarray(apart @ apart.T / room)


def _pairs(block: Block, *figures: Array) -> list[tuple[Any, ...]]:
    """The upper triangles of the figures, with what they are of."""
    i, j = np.triu_indices(len(block.units), 1)
    found = (f[i, j].tolist() for f in figures)
    return list(zip([block.units[a] for a in i], [block.units[b] for b in j], *found, strict=True))


def _grouped(block: Block, near: Array, belongs: Mapping[Any, str]) -> list[tuple[Any, ...]]:
    totals = block.values.sum(axis=1)
    of = np.array([belongs.get(u, "") for u in block.units], dtype=object)
    rows = []
    for name in sorted(set(of[totals > 0])):
        inside = np.flatnonzero((of == name) & (totals > 0))
        w = totals[inside] / totals[inside].sum()
        weights = np.outer(w, w)
        np.fill_diagonal(weights, 0.0)
        several = len(inside) > 1
        mean = float((weights * near[np.ix_(inside, inside)]).sum() / weights.sum()) if several else np.nan
        rows.append((name, len(inside), mean))
    return rows


def _append(columns: dict[str, list[Any]], group: tuple[Any, ...], rows: list[tuple[Any, ...]]) -> None:
    for row in rows:
        for column, entry in zip(columns, (*group, *row), strict=True):
            columns[column].append(entry)


@indicator(
    title=N_("Excess colocation"),
    low="-1",
    high="0.25",
    rises_with=N_("nearness of the two industries' firms"),
    formula=r"XCL_{kl} = \sum_r \frac{n_{rk} n_{rl}}{n_k n_l} - \sum_r \frac{N_r (N_r - 1)}{N (N - 1)}, "
    r"\quad N_r = n_{rk} + n_{rl}",
    source="Howard, Newman and Tarp (2016), Measuring industry coagglomeration and identifying the driving forces, "
    "Journal of Economic Geography 16(5)",
    aliases=("howard_excess", "超额共同区位指数"),
    column="excess",
    laws="bounds scale permutation empty",
    undefined=N_("a product has no firms"),
)
def excess_colocation(
    flows: Flows,
    *,
    firms: str | None = None,
    of: str = "product",
    over: str = "exporter",
    by: Columns | None = None,
    permutations: Count | None = None,
    rng: Any = None,
) -> Any:
    """Whether the firms of two industries share places more often than if the places they hold were dealt at random.

    The share of pairs of firms, one of each industry, that are in one place, less its expectation where all places that
    the firms of both hold are dealt anew. Howard and others draw the expectation; it is known exactly. Every firm
    counts alike, and no large firm makes a cluster by itself.

    Parameters
    ----------
    flows : Flows
        Places as exporters.
    firms : str, optional
        The key (``keys=`` at the door) that tells firms apart, each counted once in a place; without it the values are
        counts of firms.
    of, over : str
        The products located over the exporters.
    by : str or sequence of str, optional
        By default every other role present.
    permutations : int, optional
        So many random deals for p_value, which then is a further column: the share of deals with as much colocation,
        (1 + as much) / (1 + permutations).
    rng : Generator or int
        Needed for them.

    Returns
    -------
    frame
        One row per pair (each once; the second product's column has the first's name with "_2"): colocation, expected,
        excess; in the caller's own eager type, pandas for DuckDB and Spark.

    Raises
    ------
    DataError
        Values that are no counts.
    OptionError
        Random deals without rng=, or rng= without them.
    """
    require(flows, "excess_colocation")
    if (permutations is None) != (rng is None):
        raise OptionError("Random deals need both permutations= and rng=, a seed or a numpy Generator.")
    who, where, kept = located(flows, of, over, by)
    kept = tuple(k for k in kept if k != firms)
    tested = () if permutations is None else ("p_value",)
    columns: dict[str, list[Any]] = {
        c: [] for c in (*kept, who, "_second", "colocation", "expected", "excess", *tested)
    }
    random = np.random.default_rng(rng)
    for block in counted(flows, firms, who=who, where=where, kept=kept):
        together, expected = _colocated(block.values)
        figures = [together, expected, together - expected]
        if permutations is not None:
            figures.append(_dealt(block.values, together, permutations, random))
        _append(columns, block.group, _pairs(block, *figures))
    return table_of_own_kind(flows, columns, {"_second": f"{flows.roles.get(who, who)}_2"})


def counted(flows: Flows, firms: str | None, *, who: str, where: str, kept: tuple[str, ...]) -> list[Block]:
    """Numbers of firms by product and place."""
    if firms is None:
        found = list(blocks(flows, who, [where], kept))
        for block in found:
            refuse_no_counts(block)
        return found
    (key,) = flows.resolve(firms)
    places = flows.members(where)
    made = []
    for block in blocks(flows, who, [key, where], kept):
        column = np.array([places.index(m[1]) if m[1] in places else -1 for m in block.members])
        counts = np.stack(
            [(block.values[:, column == r] > 0).sum(axis=1) for r in range(len(places))], axis=1
        )
        made.append(Block(block.group, block.units, places, counts.astype(float)))
    return made


def refuse_no_counts(block: Block) -> None:
    """Refuse values that are not whole numbers."""
    bad = np.argwhere(block.values != np.floor(block.values))
    if len(bad):
        i, j = bad[0]
        raise DataError(
            f"{len(bad):,} cells are no counts",
            "Counts of firms or workers are whole numbers; for money, name what is drawn or left out (resample=), "
            "or the key of the firms (firms=).",
            first=f"{block.units[i]}, {block.members[j]}: {block.values[i, j]:g}",
        )


def _colocated(n: Array) -> Pairs:
    """Shares of pairs of firms in one place, and those expected, (K, K)."""
    totals = n.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):  # without firms: a documented NaN
        together = n @ n.T / np.outer(totals, totals)
        pooled = n[:, None, :] + n[None, :, :]
        whole = totals[:, None] + totals
        expected = (pooled * (pooled - 1)).sum(axis=2) / (whole * (whole - 1))
    return together, np.where(np.isnan(together), np.nan, expected)


def _dealt(n: Array, together: Array, draws: int, random: np.random.Generator) -> Array:
    """p of each pair: how often places dealt at random give as much colocation."""
    p = np.full(together.shape, np.nan)
    for i, j in zip(*np.triu_indices(len(n), 1), strict=True):
        if np.isnan(together[i, j]):
            continue
        pooled = (n[i] + n[j]).astype(np.int64)
        first = random.multivariate_hypergeometric(pooled, int(n[i].sum()), size=draws, method="count")
        met = (first * (pooled - first)).sum(axis=1)
        p[i, j] = (1 + (met >= n[i] @ n[j]).sum()) / (1 + draws)
    return p
