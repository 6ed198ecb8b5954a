"""How far one's exports fit another's imports, and how much trade that would make."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.errors import DataError, OptionError, one_of
from exportlab.flow_table import Flows, require
from exportlab.frames import Array, Frame, abroad, distinct, join, stack, sum_by, when
from exportlab.indices._steps import Block, blocks, over_sum, require_roles, table_of_own_kind, zero_if_null
from exportlab.indices.catalogue import indicator
from exportlab.words import N_

Own: TypeAlias = Literal["imports", "exports", "none"]


@indicator(
    title=N_("Trade complementarity"),
    aliases=("贸易互补性指数",),
    low="0",
    high="1",
    rises_with=N_("fit of exports to imports"),
    formula=r"C_{ij} = 1 - \frac{1}{2} \sum_k |x_{ik}/X_i - m_{jk}/M_j|, \quad C^{DG}_{ij} = "
    r"\sum_k \frac{x_{ik}}{X_i} \frac{M_w - M_i}{M_{wk} - M_{ik}} \frac{m_{jk}}{M_j}",
    source="Michaely (1996), World Bank WPS 1583; Drysdale and Garnaut (1982), Hitotsubashi J. Economics 22(2)",
    laws="bounds scale permutation replication empty",
    undefined=N_("the exporter sells or the importer buys nothing"),
)
def complementarity(
    flows: Flows,
    imports: Flows | None = None,
    *,
    form: Literal["michaely", "drysdale_garnaut"] = "michaely",
    own: Own = "imports",
) -> Any:
    """Fit of each exporter's exports to each market's imports, product by product.

    Parameters
    ----------
    flows : Flows
        Exports, with exporters and products. Markets' imports are read off the same table where `imports` is left out.
    imports : Flows, optional
        Imports by product, the importing country in the role of exporter (the reporter), in any unit.
    form : {"michaely", "drysdale_garnaut"}
        "michaely": overlap of shares, in [0, 1] (published times 100). "drysdale_garnaut": the mean of the exporter's
        advantages weighted with the market's, around 1, not bounded; times the bias index it is the trade intensity.
    own : {"imports", "exports", "none"}
        For the second form, what is taken out of the world's trade in a product as the exporter cannot sell it to
        itself: its own imports (Drysdale and Garnaut), its own exports, or nothing.

    Returns
    -------
    frame
        One row per period, exporter and market: complementarity. Pairs of one label are left out. In the caller's own
        eager type, pandas for DuckDB and Spark (aggregated cells are collected).

    Raises
    ------
    DataError
        No exporter or product; periods without imports.
    """
    require(flows, "complementarity")
    require_roles(flows, "complementarity", "exporter", "product", *(("market",) if imports is None else ()))
    one_of("form", form, ("michaely", "drysdale_garnaut"))
    one_of("own", own, ("imports", "exports", "none"))
    within = tuple(r for r in ("period",) if r in flows.roles)
    bought = _importers(flows, imports, within)
    columns: dict[str, list[Any]] = {c: [] for c in (*within, "exporter", "market", "complementarity")}
    for sold in blocks(flows, "exporter", ["product"], within):
        if sold.group not in bought:
            raise DataError(
                f"no imports in period {flows.said(sold.group[0])!r}",
                "Both tables must cover the same periods.",
            )
        x, m = aligned(sold, bought[sold.group])
        values = _overlap(x, m) if form == "michaely" else _drysdale_garnaut(x, m, own)
        for i, j in np.ndindex(*values.shape):
            if x.units[i] != m.units[j]:
                row = (*sold.group, x.units[i], m.units[j], float(values[i, j]))
                for column, entry in zip(columns, row, strict=True):
                    columns[column].append(entry)
    return table_of_own_kind(flows, columns)


def _importers(flows: Flows, imports: Flows | None, within: tuple[str, ...]) -> dict[tuple[Any, ...], Block]:
    if imports is None:
        return {b.group: b for b in blocks(flows, "market", ["product"], within)}
    require(imports, "complementarity")
    require_roles(imports, "complementarity", "exporter", "product", *within)
    return {b.group: b for b in blocks(imports, "exporter", ["product"], within)}


def aligned(a: Block, b: Block) -> tuple[Block, Block]:
    """Both over the members of either."""
    members = tuple(sorted({*a.members, *b.members}))
    where = {m: i for i, m in enumerate(members)}

    def spread(block: Block) -> Block:
        wide = np.zeros((len(block.units), len(members)))
        wide[:, [where[m] for m in block.members]] = block.values
        return Block(block.group, block.units, members, wide)

    return spread(a), spread(b)


def _overlap(x: Block, m: Block) -> Array:
    return np.stack([np.minimum(x.shares, row).sum(axis=1) for row in m.shares], axis=1)


def _drysdale_garnaut(x: Block, m: Block, own: Own) -> Array:
    mine = np.zeros_like(x.values)
    if own == "exports":
        mine = x.values
    elif own == "imports":
        line = {u: i for i, u in enumerate(m.units)}
        for i, unit in enumerate(x.units):
            if unit in line:
                mine[i] = m.values[line[unit]]
    world = m.values.sum(axis=0)
    others = world - mine
    others = np.where(others > 1e-12 * world, others, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):  # what nobody else buys meets no demand of others
        weight = np.where(others > 0, others.sum(axis=1, keepdims=True) / others, 0.0)
    made: Array = (x.shares * weight) @ over_sum(m.values, 1).T
    return made


@indicator(
    title=N_("Bilateral trade potential"),
    aliases=("双边贸易潜力",),
    unit=N_("as the table"),
    low="0",
    formula=r"\sum_k \left[\min(X_{ik}, M_{jk}) - x_{ijk}\right]",
    rises_with=N_("trade that supply and demand would allow beyond what there is"),
    source="ITC, Trade Map, indicative potential trade; Helmers and Pasteels (2006), ITC working paper",
    column="gap",
    laws="bounds permutation replication empty additive",
    undefined=N_("never"),
)
def trade_potential(flows: Flows, imports: Flows | None = None, *, detail: bool = False) -> Any:
    """What an exporter sells to the world and a market buys from it, product by product, less what it sells there now.

    Parameters
    ----------
    flows : Flows
        Exports with exporters, markets and products.
    imports : Flows, optional
        Imports by product in the same unit and engine, the importing country in the role of exporter; by default the
        flows to each market add up to its imports. Imports reported below the flows can make a gap negative.
    detail : bool
        One row per product instead of the sum over products.

    Returns
    -------
    frame
        One row per period, exporter and market (and product): actual, potential, gap. Pairs of one label are left out.

    Raises
    ------
    OptionError
        Two tables in different units.
    """
    require(flows, "trade_potential")
    require_roles(flows, "trade_potential", "exporter", "market", "product")
    if imports is not None and imports.unit != flows.unit:
        raise OptionError(
            f"exports are in {flows.unit!r} and imports in {imports.unit!r}: bring both to one unit."
        )
    within = tuple(r for r in ("period",) if r in flows.roles)
    supply = _named(flows.cells(*within, "exporter", "product"), (*within, "exporter", "product"), "_supply")
    demand = _demand(flows, imports, within)
    pairs = (*within, "exporter", "market", "product")
    actual = _named(flows.cells(*pairs), pairs, "actual")
    both = join(supply.select(*within, "exporter", "product"), demand, on=(*within, "product"), how="inner")
    grid = distinct(stack(both.select(*pairs), actual.select(*pairs)), *pairs)
    grid = grid.filter(abroad(grid))
    grid = join(grid, supply, on=(*within, "exporter", "product"))
    grid = join(join(grid, demand, on=(*within, "market", "product")), actual, on=pairs)
    grid = grid.with_columns(*(zero_if_null(c) for c in ("_supply", "_demand", "actual")))
    least = when(nw.col("_supply") < nw.col("_demand"), nw.col("_supply"), nw.col("_demand"))
    made = grid.with_columns(least.alias("potential"))
    keys = pairs if detail else pairs[:-1]
    sums = made if detail else sum_by(made, keys, ["actual", "potential"])
    gap = (nw.col("potential") - nw.col("actual")).alias("gap")
    return flows.out(sums.select(*keys, "actual", "potential", gap), keys)


def _demand(flows: Flows, imports: Flows | None, within: tuple[str, ...]) -> Frame:
    keys = (*within, "market", "product")
    if imports is None:
        return _named(flows.cells(*keys), keys, "_demand")
    require(imports, "trade_potential")
    require_roles(imports, "trade_potential", "exporter", "product", *within)
    bought = imports.cells(*within, "exporter", "product").rename({"exporter": "market"})
    return _named(bought, keys, "_demand")


def _named(cells: Frame, keys: tuple[str, ...], name: str) -> Frame:
    return cells.select(*keys, nw.col("value").alias(name))
