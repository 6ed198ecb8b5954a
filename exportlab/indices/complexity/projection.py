"""Sub-national exporters read with the world's product complexity and product space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.arrays import Array, Codes
from exportlab.errors import DataError, UnknownName, one_of
from exportlab.flows import Flows, require
from exportlab.frames import to_pandas
from exportlab.indices.complexity import proximity as near
from exportlab.indices.complexity.matrix import dense, rca
from exportlab.indices.complexity.tables import Cells, encode, long
from exportlab.indices.complexity.year import Year
from exportlab.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from exportlab.indices.complexity.result import Complexity


@dataclass(frozen=True, repr=False, eq=False)
class Projection(Result):
    """Sub-national exporters on the world's PCI. Made by `Complexity.project`.

    Attributes
    ----------
    exporters : table
        period, exporter, diversity, eci (mean PCI of the products with an advantage; NaN without any), coi,
        coverage (share of the exporter's value in products the world result has).
    pairs : table
        period, exporter, product, rca, present, density, cog.
    unmatched : tuple
        Product labels the world result does not have in any of these periods.
    benchmark : str
        What RCA is relative to: "world" or "own".
    """

    exporters: Any
    pairs: Any
    unmatched: tuple[Any, ...]
    benchmark: str

    @property
    def title(self) -> str:
        return f"Exporters on the world's product complexity (RCA relative to {self.benchmark})"

    @property
    def table(self) -> pd.DataFrame:
        """The exporters' table in pandas."""
        return to_pandas(self.exporters)


def project(world: Complexity, flows: Flows, *, benchmark: str) -> Projection:
    """See `Complexity.project`."""
    one_of("benchmark", benchmark, ("world", "own"))
    require(flows, "project")
    flows = world.cells.flows.alike(flows)
    cells = encode(flows, "project")
    if (cells.period is None) != (world.cells.period is None):
        raise DataError(
            "One of the two tables has the role 'period' and the other has not",
            "Give both, or neither, with periods.",
        )
    known = {label: code for code, label in enumerate(world.cells.names["product"])}
    to_world = np.array([known.get(label, -1) for label in cells.names["product"]], dtype=np.int64)
    if (to_world < 0).all():
        raise DataError(
            "No product code of the projected flows is known in the world result",
            "Use the same classification and the same number of digits in both.",
            first=repr(cells.names["product"][0]),
        )
    parts = []
    for at, period in enumerate(cells.names.get("period", [None])):
        label = period if period is None else world.cells.flows.said(period)
        if label not in world.solved:
            raise UnknownName("period of the world result", label, [str(p) for p in world.solved])
        parts.append(_one(world.solved[label], cells, at, to_world, benchmark))
    return _tables(world, cells, to_world, parts, benchmark)


def _one(year: Year, cells: Cells, at: int, to_world: Codes, benchmark: str) -> dict[str, Any]:
    exporter, product, value = cells.at(at)
    place = np.full(len(to_world), -1)
    position = {code: i for i, code in enumerate(year.products.tolist())}
    place[:] = [position.get(code, -1) for code in to_world.tolist()]
    n, hit = len(cells.names["exporter"]), place[product] >= 0
    X = dense(exporter[hit], place[product][hit], value[hit], (n, len(year.products)))
    total = np.bincount(exporter, weights=value, minlength=n)
    s = year.settings
    R = rca(X, products=year.X.sum(axis=0) if benchmark == "world" else None)
    M = (s.threshold < R if s.strict else s.threshold <= R).astype(float)
    here = np.flatnonzero(total > 0)
    return {
        "rows": here, "products": year.products, "diversity": M[here].sum(axis=1), "rca": R[here],
        "present": M[here], "coverage": X.sum(axis=1)[here] / total[here], **_read(year, R[here], M[here]),
    }  # fmt: skip


def _read(year: Year, R: Array, M: Array) -> dict[str, Any]:
    """ECI, density, COI and COG of presence M by the world's PCI and proximities."""
    known = np.isfinite(year.pci)
    count = M[:, known].sum(axis=1)
    eci = M[:, known] @ year.pci[known] / np.where(count > 0, count, np.nan)
    on, s = year.active, year.settings
    levels = np.nan_to_num(R) if s.proximity == "correlation" else M
    d, sums = near.density(levels[:, on], year.space, neighbours=s.neighbours)
    gain = near.outlook_gain(M[:, on], d, year.worth[on], year.space, sums, form=s.cog)
    coi = near.outlook_index(M[:, on], d, year.worth[on])
    return {"eci": eci, "coi": coi, "density": year.spread(d), "cog": year.spread(gain)}


def _tables(
    world: Complexity, cells: Cells, to_world: Codes, parts: list[dict[str, Any]], benchmark: str
) -> Projection:
    def stacked(counts: list[int], names: tuple[str, ...]) -> dict[str, Any]:
        period = {} if cells.period is None else {"period": np.repeat(np.arange(len(parts)), counts)}
        return period | {n: np.concatenate([p[n].ravel() for p in parts]) for n in names}

    sizes = [len(p["rows"]) for p in parts]
    exporters = stacked(sizes, ("rows", "diversity", "eci", "coi", "coverage"))
    pairs = stacked([p["rca"].size for p in parts], ("rca", "present", "density", "cog"))
    written = [long(p["rows"], p["products"]) for p in parts]
    first = {"period": pairs.pop("period")} if "period" in pairs else {}
    first |= {
        "exporter": np.concatenate([e for e, _ in written]),
        "product": np.concatenate([k for _, k in written]),
    }
    both = Cells(cells.flows, {**cells.names, "product": world.cells.names["product"]}, cells.period, cells.exporter,
                 cells.product, cells.value, cells.backend)  # fmt: skip
    renamed = {("exporter" if k == "rows" else k): v for k, v in exporters.items()}
    unmatched = tuple(n for n, c in zip(cells.names["product"], to_world, strict=True) if c < 0)
    return Projection(cells.frame(renamed), both.frame(first | pairs), unmatched, benchmark)
