"""Where products are made and what places specialise in: the indices of regional economics, on flows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.errors import DataError, OptionError, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Array, collect, ratio, sum_by, when
from exportlab.indices._steps import (
    Block,
    Reference,
    against,
    blocks,
    over_sum,
    require_roles,
    table_of_own_kind,
)
from exportlab.indices.catalogue import indicator
from exportlab.words import N_


@indicator(
    title=N_("Location quotient"),
    formula=r"LQ_{ik} = \frac{x_{ik} / X_i}{x_{rk} / X_r}",
    low="0",
    rises_with=N_("concentration of the product in the place"),
    source="Florence (1939); Isard (1960), ch. 7",
    aliases=("lq", "区位熵", "区位商"),
    laws="bounds scale permutation replication empty",
    undefined=N_("the place's total or the reference's share is zero"),
)
def location_quotient(
    flows: Flows, *, over: Columns = "product", by: Columns | None = None, reference: Reference = "world"
) -> Any:
    """The share of a product in a place over its share in the reference: Balassa's index, by its regional name.

    Parameters
    ----------
    flows : Flows
        Places as exporters.
    over : str or sequence of str
        "product" by default.
    by : str or sequence of str, optional
        By default every other role present.
    reference : {"world", "rest"}, Flows, or a place's label
        "world" is the sum of all places in the table (the nation).

    Returns
    -------
    frame
        One row per cell: the keys, value, location_quotient.
    """
    require(flows, "location_quotient")
    require_roles(flows, "location_quotient", "exporter")
    spread, groups = flows.split(over, by)
    beside = against(flows, spread, groups, reference)
    w = when(nw.col("_defined") > 0, nw.col("_w"), 0.0)
    made = beside.with_columns(ratio(nw.col("_s"), w).alias("location_quotient"))
    return flows.out(made.select(*groups, *spread, "value", "location_quotient"), (*groups, *spread))


@indicator(
    title=N_("Hachman index"),
    aliases=("哈希曼指数", "哈克曼指数"),
    formula=r"H_i = 1 / \sum_k s_{ik} LQ_{ik} = 1 / \sum_k s_{ik}^2 / w_k",
    low="0",
    high="1",
    rises_with=N_("likeness to the reference"),
    source="Hachman (1995), Bureau of Economic and Business Research, Utah",
    laws="bounds scale permutation replication empty",
    undefined=N_("the place's or the reference's total is zero"),
)
def hachman(
    flows: Flows, *, over: Columns = "product", by: Columns | None = None, reference: Reference = "world"
) -> Any:
    """Likeness of a place's structure to the reference's: 1 where they are the same.

    0 where the place has something the reference does not have at all.

    Parameters
    ----------
    flows : Flows
        Places as exporters.
    over : str or sequence of str
        "product" by default.
    by : str or sequence of str, optional
        By default every other role present.
    reference : {"world", "rest"}, Flows, or a place's label
        As in `location_quotient`.

    Returns
    -------
    frame
        One row per group: hachman.
    """
    require(flows, "hachman")
    require_roles(flows, "hachman", "exporter")
    spread, groups = flows.split(over, by)
    s, w = nw.col("_s"), nw.col("_w")
    terms = against(flows, spread, groups, reference).with_columns(
        when(w > 0, s * s / when(w > 0, w, 1.0), 0.0).alias("_term"),
        when((s > 0) & (w == 0), 1.0, 0.0).alias("_alien"),
        (1 - nw.col("_defined")).alias("_not"),
    )
    sums = sum_by(terms, groups, ["_term", "_alien", "_not"])
    index = when(nw.col("_alien") > 0, 0.0, ratio(nw.lit(1.0), nw.col("_term")))
    made = when(nw.col("_not") > 0, float("nan"), index).alias("hachman")
    return flows.out(sums.select(*groups, made), groups)


@indicator(
    title=N_("Locational Gini"),
    low="0",
    high=r"1 - \min_r p_r",
    rises_with=N_("concentration relative to the places' size"),
    formula=r"G_k = \sum_{r < q} (c_r p_q - c_q p_r), \quad \text{places by rising } s_{rk} / p_r",
    source="Krugman (1991), Geography and Trade, p. 55; Hoover (1936), REStat 18(4)",
    aliases=("hoover_gini", "spatial_gini", "区位基尼系数", "空间基尼系数"),
    laws="bounds scale permutation replication empty",
    undefined=N_("the product is made nowhere; quotients: also where a place of no size makes it"),
)
def locational_gini(
    flows: Flows,
    *,
    of: str = "product",
    over: str = "exporter",
    by: Columns | None = None,
    size: Flows | None = None,
    form: Literal["hoover", "krugman", "quotients"] = "hoover",
) -> Any:
    """Gini coefficient of a product over places, relative to the places' size.

    Parameters
    ----------
    flows : Flows
        Places as exporters.
    of, over : str
        The products located over the exporters; the other way round it is a place's Gini of specialisation.
    by : str or sequence of str, optional
        By default every other role present.
    size : Flows, optional
        The places' size (population, all employment), in the role of `over`, by period where it has periods; by default
        all products of the table together.
    form : {"hoover", "krugman", "quotients"}
        "hoover": twice the area between the localisation curve and the diagonal (EconGeo's Hoover.Gini). "krugman":
        that area itself, at most 0.5 (EconGeo's locational.Gini). "quotients": Gini of the location quotients
        with every place counted alike, whatever its size (REAT's gini.conc and gini.spec).

    Returns
    -------
    frame
        One row per group: locational_gini; in the caller's own eager type, pandas for DuckDB and Spark.

    Raises
    ------
    DataError
        Places without a size.
    """
    require(flows, "locational_gini")
    one_of("form", form, ("hoover", "krugman", "quotients"))
    who, where, kept = located(flows, of, over, by)
    columns: dict[str, list[Any]] = {c: [] for c in (*kept, who, "locational_gini")}
    for block in blocks(flows, who, [where], kept):
        p = sizes(flows, block, where, kept, size)
        for unit, s in zip(block.units, block.shares, strict=True):
            value = (
                _quotients(s, p)
                if form == "quotients"
                else _localisation(s, p) / (2 if form == "krugman" else 1)
            )
            for column, entry in zip(columns, (*block.group, unit, value), strict=True):
                columns[column].append(entry)
    return table_of_own_kind(flows, columns)


def located(flows: Flows, of: str, over: str, by: Columns | None) -> tuple[str, str, tuple[str, ...]]:
    (where,), groups = flows.split(over, by)
    who = flows.role(of)
    if who == where:
        raise OptionError(f"{who!r} cannot be located over itself: name another role in over=.")
    return who, where, tuple(g for g in groups if g != who)


def sizes(flows: Flows, block: Block, role: str, kept: tuple[str, ...], size: Flows | None) -> Array:
    """The shares of the places in size, in the order of the block's members."""
    if size is None:
        return over_sum(block.values.sum(axis=0))
    require(size, "size")
    require_roles(size, "size", role)
    cells = size.cells(*(within := [k for k in kept if k in size.identity]), role)
    for key in within:
        cells = cells.filter(nw.col(key) == block.group[kept.index(key)])
    rows = collect(cells)
    known = dict(zip(rows[role].to_list(), rows["value"].to_list(), strict=True))
    made = block.values.sum(axis=0) > 0
    lost = [m for m, some in zip(block.members, made, strict=True) if some and m not in known]
    if lost:
        raise DataError(
            f"{len(lost)} {role} labels have no size",
            "size= must hold every place with exports.",
            first=f"{flows.roles.get(role, role)}={lost[0]!r}",
        )
    everywhere = sum(known.values())  # places without exports count too: they are where nothing is made
    absent = [v for m, v in known.items() if m not in block.members]
    return np.array([*(known.get(m, 0.0) for m in block.members), *absent]) / everywhere


def _padded(s: Array, p: Array) -> Array:
    return np.concatenate([s, np.zeros(len(p) - len(s))])


def _localisation(s: Array, p: Array) -> float:
    """Twice the area between the curve of cumulated shares, places by rising s / p, and the diagonal."""
    s = _padded(s, p)
    kept = (s > 0) | (p > 0)
    s, p = s[kept], p[kept]
    with np.errstate(divide="ignore"):  # a place of no size comes last
        order = np.argsort(s / p, kind="stable")
    c = np.concatenate([[0.0], np.cumsum(s[order])])
    return float(1 - ((c[1:] + c[:-1]) * p[order]).sum())


def _quotients(s: Array, p: Array) -> float:
    s = _padded(s, p)
    kept = (s > 0) | (p > 0)
    if not (p[kept] > 0).all():
        return float("nan")
    q = np.sort(s[kept] / p[kept])
    n = len(q)
    return float(((2 * np.arange(1, n + 1) - n - 1) * q).sum() / (n * q.sum()))


@indicator(
    title=N_("Ellison-Glaeser index"),
    rises_with=N_("agglomeration beyond what large plants explain"),
    formula=r"\gamma_k = \frac{G_k - (1 - \sum_r p_r^2) H_k}{(1 - \sum_r p_r^2)(1 - H_k)}, \quad "
    r"G_k = \sum_r (s_{rk} - p_r)^2",
    source="Ellison and Glaeser (1997), Geographic concentration in U.S. manufacturing industries, JPE 105(5)",
    aliases=("ellison_glaeser_gamma", "埃里森—格莱泽指数", "EG指数"),
    laws="bounds scale permutation empty",
    undefined=N_("the product is made nowhere, by a single plant, or there is a single place"),
)
def ellison_glaeser(
    flows: Flows,
    *,
    plant: str | None = None,
    herfindahl: Mapping[Any, float] | float | None = None,
    of: str = "product",
    over: str = "exporter",
    by: Columns | None = None,
    size: Flows | None = None,
) -> Any:
    """Geographic concentration of a product net of the lumpiness of its plants (or firms).

    0 where plants are spread as if places were drawn at random by size; negative where they are spread more evenly.
    It has no upper bound: a product made in one small place alone lies far above 1.

    Parameters
    ----------
    flows : Flows
        Places as exporters; with a key for plants, or not.
    plant : str, optional
        The further key (``keys=`` at the door) that tells plants apart; H is then their Herfindahl index.
    herfindahl : mapping or float, optional
        H by product (or one for all), where plants are not in the table. 0: infinitely many small plants, which
        leaves G / (1 - sum p^2).
    of, over, by, size
        As in `locational_gini`.

    Returns
    -------
    frame
        One row per group: concentration (G), herfindahl (H), ellison_glaeser; in the caller's own eager type.

    Raises
    ------
    OptionError
        Neither or both of `plant` and `herfindahl`.
    DataError
        Products without an H.
    """
    require(flows, "ellison_glaeser")
    if (plant is None) == (herfindahl is None):
        raise OptionError("Name the key of the plants, plant=..., or give their herfindahl=, one of the two.")
    who, where, kept = located(flows, of, over, by)
    kept = tuple(k for k in kept if k != plant)
    lumps = _lumpiness(flows, plant, herfindahl, who=who, where=where, kept=kept)
    columns: dict[str, list[Any]] = {
        c: [] for c in (*kept, who, "concentration", "herfindahl", "ellison_glaeser")
    }
    for block in blocks(flows, who, [where], kept):
        p = sizes(flows, block, where, kept, size)
        spread = 1 - (p * p).sum()
        for unit, s in zip(block.units, block.shares, strict=True):
            h = lumps[(*block.group, unit)]
            g = float(((_padded(s, p) - p) ** 2).sum())
            room = spread * (1 - h)
            gamma = (g - spread * h) / room if room > 1e-12 else float("nan")
            for column, entry in zip(columns, (*block.group, unit, g, h, gamma), strict=True):
                columns[column].append(entry)
    return table_of_own_kind(flows, columns)


def _lumpiness(
    flows: Flows,
    plant: str | None,
    given: Mapping[Any, float] | float | None,
    *,
    who: str,
    where: str,
    kept: tuple[str, ...],
) -> dict[tuple[Any, ...], float]:
    """H by group and product."""
    found: dict[tuple[Any, ...], float] = {}
    if plant is not None:
        (key,) = flows.resolve(plant)
        for block in blocks(flows, who, [key, where], kept):
            squares: Array = (block.shares**2).sum(axis=1)
            found |= {(*block.group, u): float(h) for u, h in zip(block.units, squares, strict=True)}
        return found
    for block in blocks(flows, who, [where], kept):
        for unit in block.units:
            if isinstance(given, Mapping) and unit not in given:
                raise DataError(f"herfindahl= has no entry for {unit!r}", f"Give one for every {who}.")
            h = given[unit] if isinstance(given, Mapping) else given
            assert h is not None
            if not 0 <= h <= 1:
                raise OptionError(f"herfindahl={h!r} is not between 0 and 1.")
            found[*block.group, unit] = float(h)
    return found
