r"""Which industries are related: they are in the same places, and they supply each other."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.columns import real, refuse_no_ids
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.flow_table import Flows, require
from exportlab.frames import Array
from exportlab.indices._steps import Block, blocks, over_sum, require_roles
from exportlab.indices.agglomeration import coagglomerated
from exportlab.options import validated
from exportlab.results import Cautious
from exportlab.valueadded import IOTable
from exportlab.words import N_, _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Measure: TypeAlias = Literal["values", "quotients", "proximity", "coagglomeration"]
PLACES = N_(
    "Industries are in the same places for many reasons: what they buy from each other, workers, customers, a port, an "
    "ore. Co-location alone does not say which."
)
FEW = N_("Co-location is measured over {n} places: correlations over few places are noise.")
ENOUGH = 30


@dataclass(frozen=True, repr=False, eq=False)
class Relatedness(Cautious):
    """How related industries are.

    Attributes
    ----------
    labels : tuple
        The products, in the order of the matrices.
    matrices : mapping of str to (K, K) array
        Each measure; symmetric, the diagonal NaN.
    combined : (K, K) array
        Their mean, each standardised over pairs before.
    cautions : tuple of str
    """

    labels: tuple[Hashable, ...]
    matrices: Mapping[str, Array] = field(repr=False)
    combined: Array = field(repr=False)
    cautions: tuple[str, ...]
    product: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Relatedness of {len(self.labels)} products by {', '.join(self.matrices)}"

    @property
    def table(self) -> pd.DataFrame:
        """One row a pair, the most related first: the two products, a column for each measure, and combined."""
        i, j = np.triu_indices(len(self.labels), 1)
        names = np.array(self.labels, dtype=object)
        made = pd.DataFrame({self.product: names[i], f"{self.product}_2": names[j]})
        made = made.assign(
            **{name: m[i, j] for name, m in self.matrices.items()}, combined=self.combined[i, j]
        )
        return made.sort_values("combined", ascending=False, kind="stable").reset_index(drop=True)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the combined matrix, products in the order of their tree; see `plots.clusters.relatedness`."""
        from exportlab.plots.clusters import relatedness

        return relatedness(self, ax=ax, **options)


@validated
def related_industries(
    flows: Flows,
    *,
    measures: Sequence[Measure] = ("values", "coagglomeration"),
    table: IOTable | None = None,
    sectors: Mapping[Any, Any] | None = None,
    more: Mapping[str, pd.DataFrame] | None = None,
    over: str = "product",
) -> Relatedness:
    r"""Measure how related industries are, by places and by what they buy from each other.

    Parameters
    ----------
    flows : Flows
        One period, places as exporters: exports, employment, numbers of firms. Other roles are added up.
    measures : sequence of {"values", "quotients", "proximity", "coagglomeration"}
        "values": correlation over places of what the two industries have there (LC of Delgado, Porter and Stern).
        "quotients": correlation of their location quotients. "proximity": the smaller of the two conditional
        probabilities that a place with a quotient above one in the one has it in the other (Hidalgo and others 2007).
        "coagglomeration": `exportlab.coagglomeration`.
    table : IOTable, optional
        Adds "links": the largest of the four shares, what each takes from the other of all its intermediate inputs
        (imported ones too), and what each sells to the other of all its output.
    sectors : mapping, optional
        From product to sector of the table, where they are not called the same. Products of one sector are as near as
        the sector is to itself.
    more : mapping of str to DataFrame, optional
        Further measures of one's own (likeness of occupations), products as index and columns, symmetric.
    over : str
        "product" by default.

    Returns
    -------
    Relatedness

    Raises
    ------
    DataError
        Several periods; fewer than three products or places; products that do not vary over places; products without a
        sector.
    OptionError, UnknownName

    Notes
    -----
    A measure is standardised over the pairs (mean 0, standard deviation 1), and `combined` is the mean of them, so that
    each counts alike whatever its unit.

    References
    ----------
    .. [1] Porter (2003), The economic performance of regions, Regional Studies 37(6-7).
    .. [2] Delgado, Porter and Stern (2016), Defining clusters of related industries, Journal of Economic Geography
       16(1).
    .. [3] Ellison, Glaeser and Kerr (2010), What causes industry agglomeration?, AER 100(3).
    """
    require(flows, "related_industries")
    require_roles(flows, "related_industries", "exporter")
    spread = flows.role(over)
    block = _one_period(flows, spread)
    own = flows.roles.get(spread, spread)
    if not measures and table is None and not more:
        raise OptionError("No measure is named: measures=, table= or more=.")
    if sectors is not None and table is None:
        raise OptionError("sectors= belongs to table=, the input-output table.")
    found: dict[str, Array] = {name: _measured(name, block) for name in dict.fromkeys(measures)}
    if table is not None:
        found["links"] = links(table, block.units, sectors)
    for name, given in (more or {}).items():
        if name in found:
            raise OptionError(f"more= names {name!r}, which is measured already.")
        found[name] = _given(name, given, block.units)
    found = {name: (m + m.T) / 2 for name, m in found.items()}  # the same to the last digit both ways
    for matrix in found.values():
        np.fill_diagonal(matrix, np.nan)
    combined = np.mean([_standardised(name, m) for name, m in found.items()], axis=0)
    places = len(block.members)
    few = (_(FEW, n=places),) if places < ENOUGH and measures else ()
    return Relatedness(block.units, found, combined, (*few, _(PLACES)), own)


def _one_period(flows: Flows, spread: str) -> Block:
    """Products by places, those with anything."""
    if "period" in flows.roles and len(flows.members("period")) > 1:
        raise DataError(
            f"the table has {len(flows.members('period'))} periods", "Take one: flows.where(period=...).",
            first=str(flows.said(flows.members("period")[0])),
        )  # fmt: skip
    (block,) = blocks(flows, spread, ["exporter"], ())
    made = block.values.sum(axis=1) > 0
    units = tuple(u for u, some in zip(block.units, made, strict=True) if some)
    if len(units) < 3 or len(block.members) < 3:
        raise DataError(
            f"there are {len(units)} products in {len(block.members)} places",
            "Relatedness needs three of each or more.",
        )
    return Block(block.group, units, block.members, block.values[made])


def _measured(name: str, block: Block) -> Array:
    x = block.values
    if name == "coagglomeration":
        return coagglomerated(block.shares, block.shares.mean(axis=0))
    quotients = block.shares / over_sum(x.sum(axis=0))
    if name == "proximity":
        has = (quotients > 1).astype(float)
        both, each = has @ has.T, has.sum(axis=1)
        return np.asarray(both / np.maximum(each[:, None], each))
    return _correlations(x if name == "values" else quotients, name, block)


def _correlations(x: Array, name: str, block: Block) -> Array:
    flat = np.ptp(x, axis=1) <= 1e-12 * np.abs(x).max(axis=1)
    if flat.any():
        raise DataError(
            f"{int(flat.sum())} products do not vary over places ({name})", "Leave them out, or take other measures.",
            first=str(block.units[int(flat.argmax())]),
        )  # fmt: skip
    return np.asarray(np.corrcoef(x))


def links(table: IOTable, products: Sequence[Any], sectors: Mapping[Any, Any] | None = None) -> Array:
    """The largest share that two industries have in each other's inputs and outputs.

    Parameters
    ----------
    table : IOTable
        Domestic deliveries of a non-competitive table; of a competitive one those of all origins.
    products : sequence
    sectors : mapping, optional
        From product to sector; by default products are sectors.

    Returns
    -------
    array (K, K)
        Symmetric, in [0, 1] where deliveries are not negative.
    """
    place = {s: i for i, s in enumerate(table.sectors)}
    if sectors is not None:
        lost = [p for p in products if p not in sectors]
        if lost:
            raise DataError(
                f"sectors= has no entry for {len(lost)} products",
                "Give each its sector.",
                first=repr(lost[0]),
            )
    named = [p if sectors is None else sectors[p] for p in products]
    unknown = [s for s in named if s not in place]
    if unknown:
        raise UnknownName("sector of the table", unknown[0], map(str, table.sectors))
    inputs, output = (table.Z + table.Zm).sum(axis=0), table.x
    with np.errstate(invalid="ignore", divide="ignore"):
        bought = np.where(inputs > 0, table.Z / inputs, 0.0)
        sold = np.where(output[:, None] > 0, table.Z / output[:, None], 0.0)
    most = np.maximum.reduce([bought, bought.T, sold, sold.T])
    order = [place[s] for s in named]
    return np.asarray(most[np.ix_(order, order)], dtype=float)


def _given(name: str, given: pd.DataFrame, products: Sequence[Any]) -> Array:
    for labels in (given.index, given.columns):
        refuse_no_ids(labels.to_frame(index=False, name="product"), ["product"])
    twice = next((x for x in (given.index, given.columns) if x.has_duplicates), None)
    if twice is not None:
        raise DataError(
            f"more={name!r} has a product twice", "One row and one column a product.",
            first=repr(twice[twice.duplicated()][0]),
        )  # fmt: skip
    lost = [p for p in products if p not in given.index or p not in given.columns]
    if lost:
        raise DataError(
            f"more={name!r} lacks {len(lost)} of {len(products)} products", "Rows and columns are products.",
            first=repr(lost[0]),
        )  # fmt: skip
    some = given.loc[list(products), list(products)]
    m = np.column_stack([real(some, product) for product in products])
    off = ~np.eye(len(m), dtype=bool)
    apart = ~np.isclose(m, m.T, rtol=1e-9, atol=1e-12) & off
    if np.isinf(m[off]).any():
        i, j = np.argwhere(np.isinf(m) & off)[0]
        raise DataError(
            f"more={name!r} is infinite", "Relatedness is a finite number.", rows=int(np.isinf(m[off]).sum()),
            first=f"{products[i]}, {products[j]}",
        )  # fmt: skip
    if apart.any():
        i, j = np.argwhere(apart)[0]
        raise DataError(
            f"more={name!r} is missing or not symmetric", "A pair has one measure.", rows=int(apart.sum()),
            first=f"{products[i]}, {products[j]}: {m[i, j]:g} and {m[j, i]:g}",
        )  # fmt: skip
    return m


def _standardised(name: str, m: Array) -> Array:
    pairs = m[np.triu_indices(len(m), 1)]
    if np.ptp(pairs) <= 1e-12 * max(float(np.abs(pairs).max()), 1e-300):
        raise DataError(f"the measure {name!r} is the same for all pairs", "It says nothing: leave it out.")
    return np.asarray((m - pairs.mean()) / pairs.std(ddof=1))
