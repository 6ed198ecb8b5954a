"""`decompose`: gross exports by any of the field's methods, in one shape of result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import OptionError, UnknownName, one_of
from exportlab.frames import Array, Codes
from exportlab.options import validated
from exportlab.results import Result
from exportlab.valueadded import accounting as bm
from exportlab.valueadded import accounting as kww9
from exportlab.valueadded import accounting as tri
from exportlab.valueadded import accounting as wwz16

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.valueadded.intercountry import InterCountryTable

METHODS = ("wwz", "kww", "bm", "tripartite", "my", "tiva")
PERIMETERS = ("exporter", "self", "world", "importer")
AXES = ("exporter", "part", "sector", "importer")
ADDITIVE = {
    "wwz": tuple(wwz16.WWZ_TERMS),
    "kww": tuple(kww9.TERMS),
    "bm": ("VAX", "REF", "DDC", "FVA", "FDC"),
    "tripartite": ("DAVAX", "GVC_PF", "GVC_TS", "GVC_PB"),
    "my": ("DVA", "DDC", "FVA", "FDC"),
    "tiva": ("EXGR_DDC", "EXGR_IDC", "EXGR_RIM", "EXGR_FVA"),
    "importer": ("VA", "DC"),
}


@validated
def decompose(
    t: InterCountryTable,
    method: str = "wwz",
    *,
    approach: str = "source",
    perimeter: str = "exporter",
    by: str | Sequence[str] | None = None,
    third: bool = False,
    detail: bool = False,
    exporters: Sequence[str] | None = None,
) -> Decomposition:
    """Decompose gross exports.

    Parameters
    ----------
    method : {"wwz", "kww", "bm", "tripartite", "my", "tiva"}
        Wang-Wei-Zhu 16 terms; Koopman-Wang-Wei 9; Borin-Mancini; Borin-Mancini-Taglioni's tripartite
        account; Miroudot-Ye; OECD TiVA content.
    approach : {"source", "sink"}
        For "bm": value added counts at its first or its last crossing of the border.
    perimeter : {"exporter", "self", "world", "importer"}
        For "bm": the border that counts. "self" is the border of the flow that `by` names: bilateral
        sector flows, a sector's exports, bilateral flows, or all exports of a country. For "my":
        "exporter" or "world".
    by : sequence of {"exporter", "part", "sector", "importer"}
        The axes that are kept; the others are added up. Default: exporter, sector and importer, with part
        where countries have parts; for "kww" exporter alone; for the importer perimeter origin and importer
        (there, "origin" takes the place of "exporter").
    third : bool
        For "wwz": split the terms that pass a third country by that country (axis `third`, empty in other
        terms). Needs G times the memory: name `exporters` in large tables.
    detail : bool
        For "bm" with the exporter perimeter: also VAX1 to VAX4, REF1, REF2 and FVA1 to FVA4 by what the
        importer does with the goods.
    exporters : sequence of str, optional
        Only these exporters.

    Raises
    ------
    OptionError
        An unknown method, or an option that the method does not have.
    """
    one_of("method", method, METHODS)
    one_of("approach", approach, ("source", "sink"))
    one_of("perimeter", perimeter, PERIMETERS)
    _options_fit(method, approach, perimeter, third)
    parted = (t.rows.get_level_values("country") != t.rows.get_level_values("part")).any()
    first = "origin" if perimeter == "importer" else "exporter"
    if by is None:
        by = (first,) if method == "kww" else (first, *(("part",) if parted else ()), "sector", "importer")
        by = ("origin", "importer") if perimeter == "importer" else by
    axes = _axes(by, first, method)
    names = _arrays(t, method, approach, perimeter, axes)
    if detail:
        if (method, perimeter) != ("bm", "exporter"):
            raise OptionError("detail=True goes with method='bm' and perimeter='exporter' only.")
        names |= bm.by_use(t.leontief, approach)
    keep = _kept(t, exporters, first)
    labels, terms = (_by_country if method == "kww" else collect)(t, names, axes, keep, first)
    if third:
        labels, terms = _with_third(t, labels, terms, axes, keep)
    return Decomposition(
        method=method,
        approach=approach if method == "bm" and perimeter != "importer" else "",
        perimeter=perimeter if method in ("bm", "my") else "",
        labels=labels,
        terms=terms,
        origin=_origins(method, perimeter),
        additive=ADDITIVE["importer" if perimeter == "importer" else method],
        unit=t.unit,
        flows="imports" if perimeter == "importer" else "exports",
    )


def _options_fit(method: str, approach: str, perimeter: str, third: bool) -> None:
    allowed = {"bm": PERIMETERS, "my": ("exporter", "world")}.get(method, ("exporter",))
    if perimeter not in allowed:
        raise OptionError(f"perimeter={perimeter!r} does not go with {method!r}. Allowed: {list(allowed)}.")
    if approach == "sink" and (method != "bm" or perimeter in ("self", "importer")):
        raise OptionError(
            "approach='sink' goes with method='bm' and the exporter or world perimeter only: where the "
            "perimeter is the flow itself or the importer, source and sink are one."
        )
    if third and method != "wwz":
        raise OptionError("third=True goes with method='wwz' only.")


def _axes(by: Sequence[str], first: str, method: str) -> tuple[str, ...]:
    allowed = (first, *AXES[1:])
    given = (by,) if isinstance(by, str) else tuple(by)
    for axis in given:
        one_of("by", axis, allowed)
    if method == "kww" and given != ("exporter",):
        raise OptionError(
            "The Koopman-Wang-Wei terms hold for a country's total exports only (by sector or partner they "
            "do not add up): use by=('exporter',), or method='wwz' for sectors and partners."
        )
    return tuple(a for a in allowed if a in given)


def _arrays(
    t: InterCountryTable, method: str, approach: str, perimeter: str, axes: tuple[str, ...]
) -> dict[str, Array]:
    q = t.leontief
    taxes = q.TB[:, None] * t.E
    match method, perimeter, approach:
        case "wwz", _, _:
            terms = {"EXGR": t.E} | wwz16.wwz(q)
        case "kww", _, _:
            terms = {"EXGR": np.add.reduceat(q.e, t.starts)} | kww9.kww(q)
            taxes = np.add.reduceat(q.TB * q.e, t.starts)
        case "tripartite", _, _:
            terms, taxes = tri.tripartite(q), tri.domestic_taxes(q)[:, None] * t.E
        case "my", _, _:
            terms = tri.miroudot_ye(q, perimeter)
        case "tiva", _, _:
            terms = tri.tiva(q)
        case _, "importer", _:
            terms = bm.importer(q)
            taxes = q.tau[:, None] * (q.B @ t.E) if t.taxes.any() else taxes
        case _, "world", _:
            terms = (bm.world_source if approach == "source" else bm.world_sink)(q)
        case _, "self", _:
            terms = _self_perimeter(axes)(q)
        case _:
            terms = (bm.source if approach == "source" else bm.sink)(q)
    return terms | ({"TAX": taxes} if t.taxes.any() else {})


def _self_perimeter(axes: tuple[str, ...]) -> Any:
    match ("sector" in axes, "importer" in axes):
        case True, True:
            return bm.self_pairs
        case True, False:
            return bm.self_sectors
        case False, True:
            return bm.self_bilateral
    return bm.source


def _origins(method: str, perimeter: str) -> dict[str, str]:
    if perimeter == "importer":
        return {"VA": "origin", "DC": "origin", "TAX": "taxes"}
    base = {"EXGR": "world", "TAX": "taxes", "GVC": "world", "GVCB": "world"}
    base |= dict.fromkeys(bm.DOMESTIC, "exporter") | dict.fromkeys(bm.FOREIGN, "foreign")
    base |= {"EXGR_FVA": "foreign"} | dict.fromkeys(
        ("EXGR_DDC", "EXGR_IDC", "EXGR_RIM", "EXGR_DVA"), "exporter"
    )
    base |= {"GVC_PF": "exporter", "GVC_PB": "foreign", "GVC_TS": "foreign"}
    base |= {f"{term}{k}": base[term] for term in ("VAX", "REF", "FVA") for k in range(1, 5)}
    return base | {"wwz": wwz16.WWZ_TERMS, "kww": kww9.TERMS}.get(method, {})


def _kept(t: InterCountryTable, exporters: Sequence[str] | None, first: str) -> Codes:
    if exporters is None:
        return np.arange(len(t.countries))
    if first == "origin":
        raise OptionError("exporters= does not go with the importer perimeter.")
    for name in exporters:
        if name not in t.countries:
            raise UnknownName("country", name, map(str, t.countries))
    return np.sort(t.countries.get_indexer(pd.Index(list(exporters))))


def _by_country(
    t: InterCountryTable, arrays: dict[str, Array], axes: tuple[str, ...], keep: Codes, first: str
) -> tuple[pd.DataFrame, dict[str, Array]]:
    labels = pd.DataFrame({"exporter": category(t.countries[keep])})
    return labels, {name: a[keep] for name, a in arrays.items()}


def exports(t: InterCountryTable, *, by: Sequence[str]) -> Decomposition:
    """Gross exports with their intermediate and final part, in the shape of a decomposition."""
    axes = _axes(by, "exporter", "gross")
    final = np.where(t.own, 0.0, t.Y)
    arrays = {"EXGR": t.E, "EXGR_INT": t.E - final, "EXGR_FNL": final}
    labels, terms = collect(t, arrays, axes, np.arange(len(t.countries)), "exporter")
    return Decomposition(
        "gross", "", "", labels, terms, dict.fromkeys(arrays, "world"), ("EXGR_INT", "EXGR_FNL"), t.unit
    )


def _with_third(
    t: InterCountryTable,
    labels: pd.DataFrame,
    terms: dict[str, Array],
    axes: tuple[str, ...],
    keep: Codes,
) -> tuple[pd.DataFrame, dict[str, Array]]:
    """Replace the terms that pass a third country by their split, in rows of their own with `third` named."""
    split = [wwz16.wwz_third(t.leontief, int(s)) for s in keep]
    G = len(t.countries)
    pieces, values = [labels], {name: [a] for name, a in terms.items()}
    for k in range(G):
        arrays = {n: np.zeros_like(t.E) for n in wwz16.BY_THIRD}
        for s, part in zip(keep, split, strict=True):
            for name, a in part.items():
                arrays[name][t.blocks[s]] = a[:, :, k]
        piece, got = collect(t, arrays, axes, keep, "exporter")
        pieces.append(piece.assign(third=category(t.countries, np.full(len(piece), k))))
        for name, listed in values.items():
            listed.append(got.get(name, np.full(len(piece), np.nan)))
    for name in wwz16.BY_THIRD:
        values[name][0] = np.full(len(labels), np.nan)
    return pd.concat(pieces, ignore_index=True), {n: np.concatenate(v) for n, v in values.items()}


# The shape of every decomposition: axes, terms, and how (n, G) arrays are laid out as rows.


@dataclass(frozen=True, repr=False, eq=False)
class Decomposition(Result):
    """Terms of gross exports, or of imports for the importer perimeter.

    Attributes
    ----------
    method, approach, perimeter : str
        How exports were decomposed; approach and perimeter are "" where the method has none.
    labels : DataFrame
        The axes of every cell: some of exporter (origin, for the importer perimeter), part, sector, importer
        and third.
    terms : mapping of str to ndarray
        The value of every term in every row of `labels`, in the table's unit.
    origin : mapping of str to str
        Whose value added a term is: exporter, importer, foreign, third, world or taxes.
    additive : tuple of str
        The terms that add up to EXGR (with TAX where value added was supplied).
    """

    method: str
    approach: str
    perimeter: str
    labels: pd.DataFrame
    terms: Mapping[str, Array]
    origin: Mapping[str, str]
    additive: tuple[str, ...]
    unit: str = "unknown"
    flows: str = field(default="exports")

    @property
    def title(self) -> str:
        how = ", ".join(part for part in (self.approach, self.perimeter) if part)
        return f"{self.method} decomposition of {self.flows}{f' ({how})' if how else ''}, {self.unit}"

    def wide(self) -> pd.DataFrame:
        """One row a flow, one column a term."""
        return pd.concat([self.labels, pd.DataFrame(dict(self.terms), index=self.labels.index)], axis=1)

    @property
    def table(self) -> pd.DataFrame:
        """Long: the axes, `origin` (country whose value added it is, where it is one), `term`, `value`."""
        pieces = []
        for term, values in self.terms.items():
            piece = self.labels.copy(deep=False)
            whose = self.origin.get(term, "world")
            piece["origin"] = (
                piece[whose]
                if whose in piece
                else pd.Categorical.from_codes(
                    np.zeros(len(piece), dtype=np.intp), categories=pd.Index([whose])
                )
            )
            piece["term"], piece["value"] = term, values
            pieces.append(piece if "third" not in piece else piece[piece["value"].notna()])
        long = pd.concat(pieces, ignore_index=True)
        return long[[c for c in long.columns if c not in ("term", "value")] + ["term", "value"]]

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Stacked bars of the additive terms."""
        from exportlab.plots.valueadded import content_bars

        table = self.wide()
        label = self.labels[[c for c in self.labels if c != "third"]].astype(str).agg(" ".join, axis=1)
        parts = [p for p in (*self.additive, "TAX") if p in table]
        table = table.assign(label=label, exports=table[parts].sum(axis=1))
        return content_bars(
            table, **{"label": "label", "parts": parts, "ax": ax, "title": self.title} | options
        )


def category(values: pd.Index, codes: Codes | None = None) -> pd.Categorical:
    names = pd.Index(values.unique())
    at = names.get_indexer(values)
    return pd.Categorical.from_codes(at if codes is None else at[codes], categories=names)


def collect(
    t: InterCountryTable, arrays: Mapping[str, Array], axes: tuple[str, ...], keep: Codes, first: str
) -> tuple[pd.DataFrame, dict[str, Array]]:
    """Add (n, G) arrays up over the axes that are not kept, and lay them out one row a cell."""
    rows = np.flatnonzero(np.isin(t.code, keep))
    names = {"country" if a == first else a: a for a in axes if a != "importer"}
    heads, group = _groups(t.rows[rows].to_frame(index=False)[list(names)])
    G, bilateral = len(t.countries), "importer" in axes
    at_home = (
        t.own[rows[heads]] if first == "exporter" and "exporter" in axes else np.zeros((len(heads), G), bool)
    )
    cells = ~at_home.ravel()

    def lay(a: Array) -> Array:
        part = a[rows] if bilateral else a[rows].sum(axis=1)
        if len(heads) < len(rows):
            part, single = np.zeros((len(heads), *part.shape[1:])), part
            np.add.at(part, group, single)
        return np.asarray(part.ravel()[cells] if bilateral else part) + 0.0  # a zero has no sign

    i = np.repeat(np.arange(len(heads)), G)[cells] if bilateral else np.arange(len(heads))
    labels = pd.DataFrame(
        {a: category(t.rows.get_level_values(level)[rows[heads]], i) for level, a in names.items()}
    )
    if bilateral:
        labels["importer"] = category(t.countries, np.tile(np.arange(G), len(heads))[cells])
    return labels, {name: lay(a) for name, a in arrays.items()}


def _groups(frame: pd.DataFrame) -> tuple[Codes, Codes]:
    """First row of every distinct row of `frame`, and the number of the group of every row."""
    if frame.shape[1] == 0:
        return np.zeros(1, dtype=np.intp), np.zeros(len(frame), dtype=np.intp)
    number: Codes = np.asarray(frame.groupby(list(frame), sort=False).ngroup(), dtype=np.intp)
    return np.asarray(np.flatnonzero(~frame.duplicated().to_numpy()), dtype=np.intp), number


# What the literature and other programs call the same term: a table, read from ``names.csv``.


def names() -> pd.DataFrame:
    """Our term, its method, meaning and formula, and its name in TiVA, KWW, icio and the R packages.

    An empty name means that the program has no such term. `warning` says where one name hides two terms.
    """
    with files("exportlab.valueadded").joinpath("names.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)
