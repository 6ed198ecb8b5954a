"""Import dependence: which products come from few suppliers, of a world with few, and are hardly made at home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.errors import DataError, UnknownName
from exportlab.flow_table import Flows, require
from exportlab.frames import to_pandas
from exportlab.indices._steps import require_roles
from exportlab.indices.concentration import hhi
from exportlab.options import Count, NotNegative, validated
from exportlab.results import Cautious

if TYPE_CHECKING:
    import pandas as pd

LASTING = (
    "Dependence is of a value, a product code and these years: it says nothing of stocks, nor of how soon others could "
    "deliver."
)


@dataclass(frozen=True, repr=False, eq=False)
class ImportDependence(Cautious):
    """Which products an importer depends on, by the three conditions of CEPII's GeoDep. Made by `import_dependence`.

    Attributes
    ----------
    table : DataFrame
        One row a product: product, years (those with imports), met (of them, those in which all three conditions hold),
        dependent.
    yearly : DataFrame
        One row a product and period: imports, own_exports, hhi_imports, hhi_world, ratio (infinite where the importer
        exports none of it), three conditions, and all_three.
    importer : label or None
    cautions : tuple of str
    """

    table: pd.DataFrame
    yearly: pd.DataFrame
    importer: Any
    cautions: tuple[str, ...] = (LASTING,)

    @property
    def title(self) -> str:
        """How many products, of how many."""
        whose = "the importer" if self.importer is None else self.importer
        found = int(self.table["dependent"].sum())
        return f"Products that {whose} depends on: {found:,} of {len(self.table):,}"


@validated
def import_dependence(
    imports: Flows,
    world: Flows,
    *,
    exports: Flows | None = None,
    importer: Any = None,
    suppliers: NotNegative = 0.4,
    exporters: NotNegative = 0.4,
    substitution: NotNegative = 1.0,
    met: Count = 2,
) -> ImportDependence:
    """Flag the products that an importer depends on, as CEPII's GeoDep does.

    A product is one of dependence in a year where all three hold, each strictly: its imports are concentrated on few
    suppliers, the world's exports of it on few exporters, and the importer buys more of it than it sells.

    Parameters
    ----------
    imports : Flows
        What one importer buys: periods, products, and its suppliers as markets; the importer, where it is named, as
        exporter (the same trade, seen by the buyer).
    world : Flows
        The exports of all exporters by period and product, in the same unit and nomenclature.
    exports : Flows, optional
        What the importer itself exports, by period and product, where it is not among the exporters of `world` or is
        to be left out of their concentration; by default its exports in `world`.
    importer : label, optional
        The importer as `world` writes it; by default as `imports` names its only one.
    suppliers, exporters : float
        What the Herfindahl indices of imports and of world exports must exceed, on 0 to 1.
    substitution : float
        What the ratio of imports to own exports must exceed.
    met : int
        In how many years all three must hold.

    Returns
    -------
    ImportDependence

    Raises
    ------
    DataError
        Imports of several importers; a product or period without a world's exports.
    UnknownName
        An importer that the world does not have.

    References
    ----------
    .. [1] CEPII, GeoDep: trade dependencies; after European Commission (2021), Strategic dependencies and capacities,
       SWD(2021) 352.

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> bought = pd.DataFrame({"period": 2023, "market": ["U", "V"], "product": "p", "value": [90.0, 10.0]})
    >>> sold = pd.DataFrame({"period": 2023, "exporter": ["U", "V", "home"], "product": "p", "value": [80, 10, 5.0]})
    >>> found = xl.risk.import_dependence(xl.flows(bought), xl.flows(sold), importer="home", met=1)
    >>> found.table["dependent"].tolist()
    [True]
    """
    for flows, roles in (
        (imports, ("period", "market", "product")),
        (world, ("period", "exporter", "product")),
    ):
        require(flows, "import_dependence")
        require_roles(flows, "import_dependence", *roles)
    world = imports.alike(world)
    home = _importer(imports, importer)
    own = world.where(exporter=_known(world, home)) if exports is None else imports.alike(exports)
    require_roles(own, "import_dependence", "period", "product")
    yearly = _yearly(imports, world, own)
    yearly["concentrated_imports"] = yearly["hhi_imports"] > suppliers
    yearly["concentrated_world"] = yearly["hhi_world"] > exporters
    yearly["no_substitute"] = yearly["ratio"] > substitution
    yearly["all_three"] = yearly[["concentrated_imports", "concentrated_world", "no_substitute"]].all(axis=1)
    groups = yearly.groupby("product", sort=True, observed=True)["all_three"]
    table = groups.agg(years="size", met="sum").reset_index()
    return ImportDependence(table.assign(dependent=table["met"] >= met), yearly, home)


def _importer(imports: Flows, given: Any) -> Any:
    """The importer that is named, or the only one of the imports."""
    named = imports.observed("exporter") if "exporter" in imports.roles else ()
    if len(named) > 1:
        raise DataError(
            f"the imports are those of {len(named)} importers",
            "Take one: imports.where(exporter=...).",
            first=repr(named[0]),
        )
    return named[0] if given is None and named else given


def _known(world: Flows, home: Any) -> Any:
    """The importer among the world's exporters."""
    if home is None:
        raise DataError(
            "the importer is not named",
            "Say importer=..., as the world's exports write it, or give exports=...",
        )
    known = world.observed("exporter")
    if home not in known:
        raise UnknownName("exporter", home, map(str, known))
    return home


def _yearly(imports: Flows, world: Flows, exports: Flows) -> pd.DataFrame:
    """The three figures by product and period, in the imports' periods; refuses what the world does not export."""
    at = ["product", "period"]
    bought = _by(imports, hhi(imports, over="market", by=["period", "product"]), hhi="hhi_imports")
    sold = _by(world, hhi(world, over="exporter", by=["period", "product"]), hhi="hhi_world")
    total, mine = (
        _by(each, each.out(each.cells("period", "product"), ()), value=name)
        for each, name in ((imports, "imports"), (exports, "own_exports"))
    )
    made = bought.merge(total, on=at).merge(sold, on=at, how="left").merge(mine, on=at, how="left")
    made = made[made["imports"] > 0].sort_values(at, ignore_index=True)
    lost = made["hhi_world"].isna()
    if lost.any():
        first = made[lost].iloc[0]
        raise DataError(
            "the world exports nothing of what is imported",
            "Give the world's exports in the same periods, products and nomenclature.",
            rows=int(lost.sum()),
            first=f"product {first['product']!r}, period {first['period']!r}",
        )
    made["own_exports"] = made["own_exports"].fillna(
        0.0
    )  # a product without a row is one that it does not export
    with np.errstate(divide="ignore"):
        made["ratio"] = made["imports"].to_numpy() / made["own_exports"].to_numpy()
    return made[[*at, "imports", "own_exports", "hhi_imports", "hhi_world", "ratio"]]


def _by(flows: Flows, table: Any, **names: str) -> pd.DataFrame:
    """A table of any engine as pandas, its columns by role, and some by another name."""
    own = {column: role for role, column in flows.roles.items()}
    return to_pandas(table).rename(columns=own).rename(columns=names)
