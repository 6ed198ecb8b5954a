"""What published product structure says about the value added in a province's exports: sharp bounds.

No input-output table of Liaoning and no customs record by product are public here; announcements give
a few product classes as shares of exports. Each class is known to come from some sectors, each sector
has a multiplier of China's table, and the rest is unknown. A linear programme gives the least and the
most that any composition consistent with the announcements can contain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from exportlab.datasets import load
from exportlab.errors import DataError, UnknownName
from exportlab.options import validated
from exportlab.results import Result
from exportlab.valueadded.proxies import by_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ASSUMPTIONS = (
    "Each sector's exports are made as that sector's output is made in all China: a province that assembles "
    "more from imports lies below.",
    "The multipliers average ordinary and processing exports; processing keeps less at home than they say.",
    "Domestic means made in China: the part made in the province can be anything from the value added of "
    "its own exporters up to all of it.",
    "Customs values include trade and transport margins, which have their own, higher, multipliers.",
    "Goods of machinery, transport equipment, electrical, electronic and instrument making all count as "
    "mechanical & electrical products.",
)


@dataclass(frozen=True, repr=False, eq=False)
class ContentBounds(Result):
    """Bounds on the value added in exports of which only some product classes are known.

    Attributes
    ----------
    table : DataFrame
        `measure`, `low`, `high`: shares of exports.
    known : Series
        The shares of exports by class that were used.
    settles : DataFrame
        `unknown` (exports by the smallest known class they belong to), their `share` of exports in the
        lower and in the upper bound, the `sector` there, and the `width` of the bounds they account for,
        widest first: whose composition by sector to find out first. Widths add up to high - low; where
        classes overlap, exports move between them and a width can be negative.
    assumptions : tuple of str
        What the bounds rest on, beyond the announcements.
    """

    table: pd.DataFrame
    known: pd.Series
    settles: pd.DataFrame
    assumptions: tuple[str, ...] = ASSUMPTIONS

    @property
    def title(self) -> str:
        low, high = (float(self.table[end].iloc[0]) for end in ("low", "high"))
        return f"Of the value of these exports {low:.1%} to {high:.1%} is domestic value added"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the bounds rest on."""
        return tuple(f"Rests on: {a}" for a in self.assumptions)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """The bounds as bars; options as in `plots.valueadded.interval_bars`."""
        from exportlab.plots.valueadded import interval_bars

        return interval_bars(self.table, ax=ax, **options)


@validated
def china_multipliers(year: int) -> pd.DataFrame:
    """China's multipliers by sector (42 rows) from its table of 2017, 2018 or 2020, indexed by sector code.

    Columns as in `multipliers`, with `upstreamness`, `downstreamness` and `export_share`. Derived from the
    National Bureau of Statistics' tables by benchmarks/derive_multipliers.py.
    """
    with files("exportlab.datasets").joinpath("china_io_multipliers.csv").open("rb") as file:
        figures = pd.read_csv(file, dtype={"sector": str})
    if year not in set(figures["year"]):
        raise UnknownName("table of China for the year", year, map(str, sorted(set(figures["year"]))))
    return figures[figures["year"] == year].set_index("sector")


def class_shares(
    products: pd.DataFrame, *, year: int, period: str, exports: float | None = None
) -> pd.Series:
    """Shares of exports by product class as announced for one period.

    Parameters
    ----------
    products : DataFrame
        Columns `year`, `period`, `product`, `flow`, `value`, `share_pct`, as in the data set
        liaoning_exports_by_product.
    exports : float, optional
        Total exports of the period in the unit of `value`; without it only printed shares are used.

    Returns
    -------
    Series by class
        Rows that print only a growth rate hold no share and are not in it.

    Raises
    ------
    DataError
        No class has a share, or a class is printed twice.
    """
    same = products["year"].astype(str).eq(str(year)) & products["period"].eq(period)
    rows = products[same & products["flow"].eq("export")].set_index("product")
    share = pd.to_numeric(rows["share_pct"]) / 100
    if exports is not None:
        share = (pd.to_numeric(rows["value"]) / exports).where(rows["value"].notna(), share)
    share = share[share.notna()]
    if share.empty or share.index.has_duplicates:
        count = "No" if share.empty else "More than one"
        raise DataError(
            f"{count} share of exports is printed for a class in {year} {period}",
            "Pass exports= to turn values into shares, or choose another period.",
        )
    return share.rename("share")


@validated
def liaoning_bounds(
    *,
    year: int,
    period: str,
    products: pd.DataFrame | None = None,
    totals: pd.DataFrame | None = None,
    table: int = 2020,
    processing: tuple[float, float] | None = None,
) -> ContentBounds:
    """Bounds on the value added in Liaoning's exports of one period, from what was announced.

    Parameters
    ----------
    year, period
        A period of the announcements, such as 2023 and "Jan-May".
    products, totals : DataFrame, optional
        Announced exports by class and totals (default: the data sets liaoning_exports_by_product and
        liaoning_trade_totals).
    table : {2017, 2018, 2020}
        China's table whose multipliers are used.
    processing
        As in `content_bounds`.
    """
    if products is None or totals is None:
        products = load("liaoning_exports_by_product") if products is None else products
        totals = load("liaoning_trade_totals") if totals is None else totals
    same = (
        totals["year"].astype(str).eq(str(year)) & totals["period"].eq(period) & totals["flow"].eq("export")
    )
    found = totals[same & totals["unit"].eq("100m CNY")]
    exports = float(found["value"].iloc[0]) if len(found) else None
    known = class_shares(products, year=year, period=period, exports=exports)
    return content_bounds(known, china_multipliers(table), processing=processing)


# Product classes of customs bulletins in the sectors of China's 42-sector tables.

GOODS = tuple(f"{k:02d}" for k in range(1, 23))  # what customs records hold: agriculture to manufacturing


@dataclass(frozen=True)
class ProductClass:
    """A class of customs bulletins, in the sectors of China's 42-sector tables.

    Attributes
    ----------
    sectors : tuple of str
        Where its goods can come from; wide where the class is loosely defined.
    within : tuple of str
        Classes it is wholly part of.
    overlaps : tuple of str
        Classes it may share goods with; every other pair is apart.
    only : tuple of str
        Sectors whose goods all belong to it.
    """

    sectors: tuple[str, ...]
    within: tuple[str, ...] = ()
    overlaps: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


_ME = "mechanical & electrical"
CLASSES: Mapping[str, ProductClass] = {
    _ME: ProductClass(
        ("10", "15", "16", "17", "18", "19", "20", "21"),
        overlaps=("high-tech",),
        only=("16", "17", "18", "19", "20", "21"),
    ),
    "high-tech": ProductClass(tuple(f"{k}" for k in range(12, 22)), overlaps=(_ME,)),
    "labour-intensive products": ProductClass(("07", "08", "09", "10", "12", "22")),
    "textiles & garments": ProductClass(("07", "08"), within=("labour-intensive products",)),
    "garments": ProductClass(("08",), within=("labour-intensive products", "textiles & garments")),
    "steel": ProductClass(("14", "15"), overlaps=("high-tech",)),
    "agricultural": ProductClass(("01", "06"), overlaps=("high-tech",)),
    "ships": ProductClass(("18",), within=(_ME,), overlaps=("high-tech",)),
    "electric passenger vehicles": ProductClass(("18",), within=(_ME,), overlaps=("high-tech",)),
    "auto parts": ProductClass(
        ("15", "16", "18", "19"),
        within=(_ME,),
        overlaps=("high-tech", "electrical equipment (dian gong qi cai)", "lithium batteries"),
    ),
    "electrical equipment (dian gong qi cai)": ProductClass(
        ("19",), within=(_ME,), overlaps=("high-tech", "lithium batteries", "solar cells", "auto parts")
    ),
    "lithium batteries": ProductClass(
        ("19",),
        within=(_ME,),
        overlaps=("high-tech", "electrical equipment (dian gong qi cai)", "auto parts"),
    ),
    "solar cells": ProductClass(
        ("19", "20"), within=(_ME,), overlaps=("high-tech", "electrical equipment (dian gong qi cai)")
    ),
}


@validated
def content_bounds(
    known: pd.Series,
    multipliers: pd.DataFrame,
    *,
    classes: Mapping[str, ProductClass] = CLASSES,
    processing: tuple[float, float] | None = None,
) -> ContentBounds:
    """Sharp bounds on the value-added content of exports with partly known product structure.

    Parameters
    ----------
    known : Series
        Share of exports by product class; classes may nest and overlap as `classes` says.
    multipliers : DataFrame indexed by sector code
        `domestic` (vL) and `direct` (v) per unit of output.
    classes : mapping
        What is known of each class.
    processing : (share, multiplier), optional
        Adds a row: the lower end falls if this share of exports is processing trade that keeps only this
        much value added at home.

    Returns
    -------
    ContentBounds

    Raises
    ------
    UnknownName
        A class or a sector is not known.
    DataError
        Shares or multipliers that are no finite numbers, or given twice; no composition agrees with the shares.

    Notes
    -----
    Minimises and maximises sum_Tj m_j y_Tj over y >= 0, the share of exports that belongs to exactly the
    set T of classes and comes from sector j, such that each class adds up to its known share and all to 1.
    """
    known = pd.Series(by_label(known, known.index, "product class"), known.index)
    for name in known.index:
        if name not in classes:
            raise UnknownName("product class", name, classes)
    cells = _cells([str(k) for k in classes if k in known.index], classes)
    codes = pd.Index(sorted({sector for _, sector in cells}))
    kept_at_home = {}
    for kind in ("domestic", "direct"):
        if kind not in multipliers.columns:
            raise UnknownName("column", kind, map(str, multipliers.columns))
        kept_at_home[kind] = pd.Series(by_label(multipliers[kind], codes, "sector"), codes)
    low, high = (_extreme(known, cells, kept_at_home["domestic"], sign) for sign in (1, -1))
    direct = [_extreme(known, cells, kept_at_home["direct"], sign)["part"].sum() for sign in (1, -1)]
    ends = low["part"].sum(), high["part"].sum()
    rows = [
        ("domestic (all China), sector multipliers", *ends),
        ("value added of the exporting sectors alone", *direct),
        ("province, if its exporters resemble China's", direct[0], ends[1]),
    ]
    if processing is not None:
        share, kept = processing
        if not (0 <= share <= 1 and 0 <= kept <= 1):
            raise DataError(f"processing={processing} is not a pair of shares", "Both lie between 0 and 1.")
        less = (1 - share) * ends[0] + share * min(kept, ends[0])
        rows.append((f"domestic, if {share:.0%} is processing keeping {kept:.0%}", less, ends[1]))
    table = pd.DataFrame(rows, columns=["measure", "low", "high"])
    return ContentBounds(table, known, _settles(low, high))


def _cells(names: list[str], classes: Mapping[str, ProductClass]) -> list[tuple[frozenset[str], str]]:
    """Every possible (set of classes, sector) that a good can belong to."""
    sets: list[frozenset[str]] = [frozenset()]
    for name in sorted(names, key=lambda k: len(classes[k].within)):
        c = classes[name]
        parents = {p for p in c.within if p in names}
        sets += [
            s | {name}
            for s in sets
            if parents <= s and all(q in parents or q in c.overlaps or name in classes[q].overlaps for q in s)
        ]
    cells = []
    for s in sets:
        sectors = set(GOODS).intersection(*(classes[k].sectors for k in s))
        sectors -= {j for k in names if k not in s for j in classes[k].only}
        cells += [(s, j) for j in sorted(sectors)]
    return cells


def _extreme(
    known: pd.Series, cells: list[tuple[frozenset[str], str]], m: pd.Series, sign: int
) -> pd.DataFrame:
    """The composition with the least (sign 1) or most (-1) content: its cells that are not empty."""
    weight = np.array([float(m[sector]) for _, sector in cells])
    member = [[float(name in s) for s, _ in cells] for name in known.index] + [[1.0] * len(cells)]
    totals = [*map(float, known), 1.0]
    found = linprog((sign * weight).tolist(), A_eq=member, b_eq=totals, bounds=(0, None), method="highs")
    if found.status != 0:
        raise DataError(
            "No composition of exports agrees with the shares of the classes",
            "Check that parts are not larger than the class they belong to and that apart classes add up to "
            "at most 1.",
            rows=len(known),
            first=f"{known.index[0]!r} is {float(known.iloc[0]):.4g}",
        )
    out = pd.DataFrame(
        {
            "unknown": [str(known[list(s)].idxmin()) if s else "all other goods" for s, _ in cells],
            "sector": [sector for _, sector in cells],
            "share": found.x,
            "part": found.x * weight,
        }
    )
    return out[out["share"] > 1e-12]


def _settles(low: pd.DataFrame, high: pd.DataFrame) -> pd.DataFrame:
    sides = [
        side.groupby("unknown").agg({"share": "sum", "sector": _listed, "part": "sum"})
        for side in (low, high)
    ]
    both = pd.concat([sides[0].add_suffix("_low"), sides[1].add_suffix("_high")], axis=1)
    numbers = ["share_low", "share_high", "part_low", "part_high"]
    both[numbers] = both[numbers].fillna(0.0)  # a set that one of the two compositions leaves empty
    both["width"] = both["part_high"] - both["part_low"]
    both = both.drop(columns=["part_low", "part_high"]).sort_values("width", ascending=False, kind="stable")
    return both.reset_index()


def _listed(sectors: pd.Series) -> str:
    return ", ".join(sorted(set(sectors)))
