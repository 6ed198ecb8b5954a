"""What `complexity` returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.arrays import Array
from exportlab.errors import OptionError, UnknownName
from exportlab.flows import Flows
from exportlab.frames import to_pandas
from exportlab.indices.complexity import network as web
from exportlab.indices.complexity import projection as projected
from exportlab.indices.complexity import proximity as near
from exportlab.indices.complexity.settings import Settings
from exportlab.indices.complexity.tables import Cells, long
from exportlab.indices.complexity.year import Year
from exportlab.results import Result

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MATRICES: dict[str, Callable[[Year], Any]] = {
    "value": lambda y: y.X,
    "rca": lambda y: y.rca,
    "present": lambda y: y.M,
    "density": lambda y: y.density,
    "distance": lambda y: 1 - y.density,
    "cog": lambda y: y.cog,
}


@dataclass(frozen=True, repr=False, eq=False)
class Complexity(Result):
    """Complexity of exporters and products by period. Made by `complexity`.

    Tables come in the caller's own frame type (eager) and column names; nothing is computed before it is read.

    Attributes
    ----------
    exporters : table
        period, exporter, diversity, and as asked for: eci, fitness, genepy, coi.
    products : table
        period, product, ubiquity, and as asked for: pci, complexity, genepy.
    pairs : table
        period, exporter, product, rca, present, density, distance, cog: every exporter with every product,
        traded or not. `pairs_of(period)` gives one period.
    years : table
        One row a period: size of the eigenproblem, what was left out, filled share of M, connected components,
        lambda2, lambda3, their gap, correlation of ECI with diversity, fitness's updates and convergence.
    left_out : table
        period, role, label, reason: what has no ECI or PCI, filtered or empty.
    settings : Settings
        Every convention used.
    """

    solved: Mapping[Any, Year]
    cells: Cells
    settings: Settings

    @property
    def title(self) -> str:
        s = self.settings
        return (
            f"Complexity of {len(self.cells.names['exporter'])} exporters (M from {s.presence}, {s.method})"
        )

    @property
    def table(self) -> pd.DataFrame:
        """The exporters' table in pandas."""
        return to_pandas(self.exporters)

    def summary(self) -> str:
        """The title, one line a period, and the twenty first exporters of the last period by ECI."""
        rank = self.table.pipe(
            lambda t: t[t.iloc[:, 0] == t.iloc[-1, 0]] if self.cells.period is not None else t
        )
        if "eci" in rank:
            rank = rank.sort_values("eci", ascending=False, ignore_index=True)
        years = to_pandas(self.years).to_string(index=False, float_format=lambda x: f"{x:.4g}")
        first = rank.head(20).to_string(index=False, float_format=lambda x: f"{x:.4g}")
        return f"{self.title}\n{years}\n\n{first}"

    @cached_property
    def exporters(self) -> Any:
        pick = {"eci": ("eci",), "fitness": ("fitness",), "genepy": ("genepy",), "outlook": ("coi",)}
        read: dict[str, Callable[[Year], Array]] = {
            "diversity": lambda y: y.diversity, "eci": lambda y: y.eci, "fitness": lambda y: y.fit.fitness,
            "genepy": lambda y: y.genepy[0], "coi": lambda y: y.coi,
        }  # fmt: skip
        return self._stacked("exporter", lambda y: y.exporters, ["diversity", *self._chosen(pick)], read)

    @cached_property
    def products(self) -> Any:
        pick = {"eci": ("pci",), "fitness": ("complexity",), "genepy": ("genepy",), "outlook": ()}
        read: dict[str, Callable[[Year], Array]] = {
            "ubiquity": lambda y: y.ubiquity, "pci": lambda y: y.pci,
            "complexity": lambda y: y.fit.complexity, "genepy": lambda y: y.genepy[1],
        }  # fmt: skip
        return self._stacked("product", lambda y: y.products, ["ubiquity", *self._chosen(pick)], read)

    def _chosen(self, columns: Mapping[str, tuple[str, ...]]) -> list[str]:
        return [c for m, group in columns.items() if m in self.settings.measures for c in group]

    def _stacked(
        self, role: str, codes: Callable[[Year], Any], names: list[str], read: Mapping[str, Any]
    ) -> Any:
        years = list(self.solved.values())
        columns = self._period_column([len(codes(y)) for y in years])
        columns[role] = np.concatenate([codes(y) for y in years])
        columns |= {n: np.concatenate([read[n](y) for y in years]) for n in names}
        return self.cells.frame(columns)

    def _period_column(self, counts: list[int]) -> dict[str, Any]:
        if self.cells.period is None:
            return {}
        return {"period": np.repeat(np.arange(len(counts)), counts)}

    @cached_property
    def pairs(self) -> Any:
        return self._pairs(list(self.solved))

    def pairs_of(self, period: Any = None) -> Any:
        """The pairs of one period (the only one by default)."""
        self.year(period)
        return self._pairs([self._label(period)] if period is not None else list(self.solved))

    def _pairs(self, periods: list[Any]) -> Any:
        years = [self.solved[p] for p in periods]
        labels = [long(y.exporters, y.products) for y in years]
        columns = self._period_column([len(e) for e, _ in labels])
        if "period" in columns:
            order = list(self.solved)
            columns["period"] = np.array([order.index(p) for p in periods])[columns["period"]]
        columns["exporter"] = np.concatenate([e for e, _ in labels])
        columns["product"] = np.concatenate([p for _, p in labels])
        for name in ("rca", "present", "density", "distance", "cog"):
            columns[name] = np.concatenate([MATRICES[name](y).ravel() for y in years])
        return self.cells.frame(columns)

    @cached_property
    def years(self) -> Any:
        rows = [y.facts() for y in self.solved.values()]
        columns = self._period_column([1] * len(rows)) | {k: [r[k] for r in rows] for k in rows[0]}
        if "fitness" in self.settings.measures:
            fits = [y.fit for y in self.solved.values()]
            columns |= {
                "fitness_steps": [f.steps for f in fits],
                "fitness_converged": [f.converged for f in fits],
            }
        return self.cells.frame(columns)

    @cached_property
    def left_out(self) -> Any:
        lists = [y.left_out() for y in self.solved.values()]
        rows = [row for part in lists for row in part]
        columns = self._period_column([len(part) for part in lists])
        columns["role"] = [role for role, _, _ in rows]
        columns["label"] = [self.cells.names[role][code] for role, code, _ in rows]
        columns["reason"] = [reason for _, _, reason in rows]
        return self.cells.frame(columns)

    def year(self, period: Any = None) -> Year:
        """The arrays of one period; `period` may be left out where there is only one."""
        if period is None and len(self.solved) == 1:
            return next(iter(self.solved.values()))
        if period is None:
            raise OptionError(f"There are {len(self.solved)} periods: name one of {list(self.solved)}.")
        return self.solved[self._label(period)]

    def _label(self, period: Any) -> Any:
        """The period as the flows write it, which may be asked for in another way."""
        flows = self.cells.flows
        if period in self.solved:
            return period
        label = flows.calendar.label(period) if self.cells.period is not None else None
        if label not in self.solved:
            raise UnknownName("period", period, [str(p) for p in self.solved])
        return label

    def matrix(self, name: str, period: Any = None) -> pd.DataFrame:
        """One exporter x product matrix: "value", "rca", "present", "density", "distance" or "cog"."""
        import pandas as pd

        if name not in MATRICES:
            raise UnknownName("matrix", name, MATRICES)
        y = self.year(period)
        return pd.DataFrame(
            MATRICES[name](y), self._names("exporter", y.exporters), self._names("product", y.products)
        )

    def proximity(self, period: Any = None) -> pd.DataFrame:
        """Proximity of the products that somebody has, products x products."""
        import pandas as pd

        y = self.year(period)
        labels = self._names("product", y.products[y.active])
        return pd.DataFrame(near.proximity(y.space), labels, labels, copy=False)

    def exporter_proximity(self, period: Any = None) -> pd.DataFrame:
        """Proximity of the exporters that have any product, exporters x exporters, by the same convention."""
        import pandas as pd

        y = self.year(period)
        some = y.diversity > 0
        labels = self._names("exporter", y.exporters[some])
        M = np.ascontiguousarray(y.M[some].T.astype(float))
        return pd.DataFrame(
            near.proximity(near.Space(M, y.space.convention, y.space.diagonal)), labels, labels
        )

    def network(self, period: Any = None, *, threshold: float = 0.55) -> web.ProductSpace:
        """Maximum spanning tree of the proximities, with every link of at least `threshold`."""
        y = self.year(period)
        return web.product_space(y, self._names("product", y.products[y.active]), threshold=threshold)

    def project(self, flows: Flows, *, benchmark: str = "world") -> projected.Projection:
        """Read sub-national exporters (provinces, cities) with this result's PCI and proximities.

        Parameters
        ----------
        flows : Flows
            Exports of the provinces, in the same product codes and periods.
        benchmark : {"world", "own"}
            What RCA is relative to: the product shares of this result's exporters, or of `flows` together.

        Returns
        -------
        Projection
            ECI as the mean PCI of the products a province has an advantage in, density, COI and COG.
        """
        return projected.project(self, flows, benchmark=benchmark)

    def _names(self, role: str, codes: Any) -> pd.Index:
        import pandas as pd

        labels: pd.Index = pd.Index(self.cells.names[role], name=self.cells.flows.roles[role])
        return labels.take(codes)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """ECI over time, or by rank where there is one period; see `exportlab.plots.complexity.plot_eci`."""
        from exportlab.plots.complexity import plot_eci

        return plot_eci(self, ax=ax, **options)
