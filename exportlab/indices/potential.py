"""What supply, demand and ease of trade would make of each exporter, market and product, beside what there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Frame, abroad, collect, join, ratio, sum_by, when
from exportlab.indices._steps import require_roles, same_shape, settled, table_of_own_kind, zero_if_null
from exportlab.indices.catalogue import indicator
from exportlab.indices.complexity.door import complexity
from exportlab.indices.complexity.result import Complexity
from exportlab.options import Positive
from exportlab.words import N_

SUMS = ("actual", "_hypothetical", "potential", "realised", "unrealised")


@indicator(
    title=N_("Export potential"),
    aliases=("出口潜力", "epi"),
    unit=N_("as the table"),
    low="0",
    formula=r"EPI_{ijk} = s_{ik}\, v_{jk}\, e_{ij}, \quad s_{ik} = \frac{v_{ik}}{\sum_i v_{ik}}, \quad "
    r"e_{ij} = \frac{v_{ij}}{\sum_k s_{ik} v_{jk}}; \quad \max(EPI_{ijk} - v_{ijk}, 0)",
    rises_with=N_("trade that supply, demand and ease would allow beyond what there is"),
    source="Decreux and Spies (2016), Export Potential Assessments, ITC",
    column="unrealised",
    laws="bounds permutation empty",
    undefined=N_("never"),
)
def export_potential(
    flows: Flows,
    imports: Flows | None = None,
    *,
    supply: Flows | None = None,
    by: Columns = ("period", "exporter", "market", "product"),
) -> Any:
    """Potential exports by exporter, market and product: supply share, times demand, times ease of trade of the pair.

    Ease is what a pair trades over what it would if each market bought each product of all exporters in proportion to
    their shares of the world. So potential adds up over products to what each pair trades, as long as neither
    `imports` nor `supply` says otherwise: it shows which products and markets lag behind the exporter's own others.

    A pair that trades nothing has no ease, and so no potential: see `diversification_potential` and gravity for what
    it might trade. The indicator is ITC's static core; its corrections of supply and demand for tariffs and distance,
    and its means of five years, are a matter of what `flows`, `imports` and `supply` are made of.

    Parameters
    ----------
    flows : Flows
        Exports of all exporters with markets and products: shares of the world are those of the table. Rows whose
        market is the exporter are left out, of supply and of demand.
    imports : Flows, optional
        Expected imports by product in the same unit and engine, the importing country in the role of exporter. Ease
        stays that of `flows`.
    supply : Flows, optional
        Expected exports by exporter and product, in any unit, of which supply shares are made. Ease stays that of
        `flows`.
    by : str or sequence of str
        What rows are of; amounts are added up over the rest.

    Returns
    -------
    frame
        actual; potential; ease (potential over what it would be at an ease of one); realised, the smaller of actual
        and potential of each exporter, market and product; unrealised, the potential beyond actual trade. One row for
        each exporter, market and product that the one sells and the other buys anywhere.

    Raises
    ------
    DataError
        No exporter, market or product.
    OptionError
        Imports in another unit.
    """
    require(flows, "export_potential")
    require_roles(flows, "export_potential", "exporter", "market", "product")
    within = tuple(r for r in ("period",) if r in flows.roles)
    groups = tuple(r for r in flows.resolve([r for r in _listed(by) if r != "period" or within]))
    pairs = (*within, "exporter", "market", "product")
    cells = flows.cells(*pairs)
    cells = cells.filter(abroad(cells))
    ease = _ease(_grid(cells, within), cells, within)
    expected = _grid(cells, within, _other(flows, supply, within), _other(flows, imports, within, unit=True))
    grid = join(join(expected, ease, on=pairs[:-1]), _named(cells, pairs, "actual"), on=pairs)
    grid = grid.with_columns(zero_if_null("_ease"), zero_if_null("actual"))
    grid = grid.with_columns((nw.col("_hypothetical") * nw.col("_ease")).alias("potential"))
    actual, potential = nw.col("actual"), nw.col("potential")
    beyond = settled(potential - actual, potential + actual)
    made = grid.with_columns(
        when(beyond > 0, actual, potential).alias("realised"),
        when(beyond > 0, beyond, 0.0).alias("unrealised"),
    )
    sums = made if set(groups) == set(pairs) else sum_by(made, groups, SUMS)
    ease_of = ratio(nw.col("potential"), nw.col("_hypothetical")).alias("ease")
    return flows.out(sums.select(*groups, "actual", "potential", ease_of, "realised", "unrealised"), groups)


def _listed(by: Columns) -> list[str]:
    return [by] if isinstance(by, str) else list(by)


def _other(flows: Flows, table: Flows | None, within: tuple[str, ...], *, unit: bool = False) -> Frame | None:
    """The cells of a further table of expected trade, exporters by product."""
    if table is None:
        return None
    keys = (*within, "exporter", "product")
    same_shape(flows, table, keys, "export_potential", unit=unit)
    return table.cells(*keys).select(*keys, "value")


def _grid(
    cells: Frame, within: tuple[str, ...], supply: Frame | None = None, demand: Frame | None = None
) -> Frame:
    """Every exporter, market and product that the one sells and the other buys: supply share times demand."""
    sold = sum_by(cells, (*within, "exporter", "product"), ["value"]) if supply is None else supply
    bought = (
        sum_by(cells, (*within, "market", "product"), ["value"])
        if demand is None
        else demand.rename({"exporter": "market"})
    )
    world = _named(sum_by(sold, (*within, "product"), ["value"]), (*within, "product"), "_world")
    sold = _named(_some(sold), (*within, "exporter", "product"), "_sold")
    bought = _named(_some(bought), (*within, "market", "product"), "_bought")
    grid = join(join(sold, bought, on=(*within, "product"), how="inner"), world, on=(*within, "product"))
    grid = grid.filter(abroad(grid))
    hypothetical = nw.col("_sold") / nw.col("_world") * nw.col("_bought")
    return grid.select(*within, "exporter", "market", "product", hypothetical.alias("_hypothetical"))


def _some(cells: Frame) -> Frame:
    return cells.filter(nw.col("value") > 0)


def _named(cells: Frame, keys: tuple[str, ...], name: str) -> Frame:
    return cells.select(*keys, nw.col("value").alias(name))


def _ease(grid: Frame, cells: Frame, within: tuple[str, ...]) -> Frame:
    """What each pair trades over what it would by supply and demand alone."""
    pair = (*within, "exporter", "market")
    trade = _named(sum_by(cells, pair, ["value"]), pair, "_trade")
    both = join(sum_by(grid, pair, ["_hypothetical"]), trade, on=pair).with_columns(zero_if_null("_trade"))
    return both.select(*pair, (nw.col("_trade") / nw.col("_hypothetical")).alias("_ease"))


@indicator(
    title=N_("Diversification potential"),
    aliases=("多样化潜力", "product_diversification_indicator"),
    unit=N_("as the table"),
    low="0",
    formula=r"d_{ik} \sum_{j \ne i} e_{ij}\, v_{jk} \text{ where } RCA_{ik} < 1, \quad "
    r"d_{ik} = \frac{\sum_{k'} M_{ik'} \phi_{kk'}}{\sum_{k'} \phi_{kk'}}",
    rises_with=N_("demand within reach for a product that is near to what one exports"),
    source="Decreux and Spies (2016), Export Potential Assessments, ITC; Hidalgo, Klinger, Barabasi and Hausmann "
    "(2007), Science 317",
    column="score",
    laws="bounds permutation empty",
    undefined=N_("the product has no proximity to any other"),
)
def diversification_potential(flows: Flows, *, advantage: Positive = 1.0, detail: bool = False) -> Any:
    """What each exporter might add: products without an advantage, by their density and the demand within reach.

    For a product that is not exported, or little, its own supply says nothing: density, the share of the products
    near to it in which the exporter has an advantage, stands in its place. The score ranks; it is no forecast.

    Parameters
    ----------
    flows : Flows
        Exports of all exporters with markets and products. Rows whose market is the exporter are left out.
    advantage : float
        RCA from which on a product is no option any more; above zero.
    detail : bool
        One row a market instead of the sum over markets.

    Returns
    -------
    frame
        One row per period, exporter and product (and market): density, relative_density (in deviations from that of
        the exporter's options), demand (what markets import times ease of trade), score. In the caller's own eager
        type, pandas for DuckDB and Spark (aggregated cells are collected).

    Raises
    ------
    DataError
        No exporter, market or product.
    """
    require(flows, "diversification_potential")
    require_roles(flows, "diversification_potential", "exporter", "market", "product")
    within = tuple(r for r in ("period",) if r in flows.roles)
    trade = flows.derived(flows.frame.filter(abroad(flows.frame)))
    near = complexity(trade, measures=(), threshold=advantage)
    cells = trade.cells(*within, "exporter", "market", "product")
    bought = _figures(sum_by(cells, (*within, "market", "product"), ["value"]), within, "market", "product")
    ease = _figures(_ease(_grid(cells, within), cells, within), within, "exporter", "market")
    names = (*within, "exporter", *(["market"] if detail else []), "product")
    columns: dict[str, list[Any]] = {
        c: [] for c in (*names, "density", "relative_density", "demand", "score")
    }
    for period in near.cells.names.get("period", [None]):
        for row in _options(near, period, bought.get(period, {}), ease.get(period, {}), detail=detail):
            for column, entry in zip(columns, (*([period] if within else []), *row), strict=True):
                columns[column].append(entry)
    return table_of_own_kind(flows, columns)


Figures: TypeAlias = dict[tuple[Any, Any], float]


def _figures(frame: Frame, within: tuple[str, ...], *keys: str) -> dict[Any, Figures]:
    """By period the one figure of each pair of labels."""
    table = collect(frame)
    names = [c for c in table.columns if c not in (*within, *keys)]
    periods = table["period"].to_list() if within else [None] * len(table)
    found: dict[Any, Figures] = {}
    labels = (table[c].to_list() for c in (*keys, *names))
    for period, one, other, figure in zip(periods, *labels, strict=True):
        found.setdefault(period, {})[one, other] = float(figure)
    return found


def _options(
    near: Complexity, period: Any, bought: Figures, ease: Figures, *, detail: bool
) -> Iterator[tuple[Any, ...]]:
    """Every product without an advantage of every exporter: its labels, density, demand within reach, score."""
    label = None if period is None else near.cells.flows.said(period)
    value, present, density, relative = (
        near.matrix(name, label) for name in ("value", "present", "density", "relative_density")
    )
    exporters, products = list(value.index), list(value.columns)
    markets = sorted({m for m, _ in bought})
    D = np.array([[bought.get((m, k), 0.0) for k in products] for m in markets])
    e = np.array([[ease.get((i, m), 0.0) for m in markets] for i in exporters])
    d, rel = density.to_numpy(float), relative.to_numpy(float)
    sells = value.to_numpy(float).sum(axis=1, keepdims=True) > 0
    reach = e @ D
    for i, k in np.argwhere((present.to_numpy(float) == 0) & sells):
        if not detail:
            yield (
                exporters[i],
                products[k],
                float(d[i, k]),
                float(rel[i, k]),
                float(reach[i, k]),
                float(d[i, k] * reach[i, k]),
            )
            continue
        for j in np.flatnonzero(D[:, k] > 0):
            if markets[j] != exporters[i]:
                demand = float(e[i, j] * D[j, k])
                yield (
                    exporters[i],
                    markets[j],
                    products[k],
                    float(d[i, k]),
                    float(rel[i, k]),
                    demand,
                    float(d[i, k] * demand),
                )
