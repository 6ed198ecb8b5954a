"""What `complexity` returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.codes import Coded
from exportlab.codes import coded as numbered
from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.flow_table import Flows, require
from exportlab.frames import Array, Codes, collect, to_pandas
from exportlab.indices.complexity import network as web
from exportlab.indices.complexity import proximity as near
from exportlab.indices.complexity.matrix import dense, rca
from exportlab.indices.complexity.year import Settings, Year
from exportlab.results import Result
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MATRICES: dict[str, Callable[[Year], Any]] = {
    "value": lambda y: y.X,
    "rca": lambda y: y.rca,
    "present": lambda y: y.M,
    "density": lambda y: y.density,
    "distance": lambda y: 1 - y.density,
    "relative_density": lambda y: y.relative_density,
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
            "diversity": lambda y: y.diversity,
            "eci": lambda y: y.eci,
            "fitness": lambda y: y.fit.fitness,
            "genepy": lambda y: y.genepy[0],
            "coi": lambda y: y.coi,
        }
        return self._stacked("exporter", lambda y: y.exporters, ["diversity", *self._chosen(pick)], read)

    @cached_property
    def products(self) -> Any:
        pick = {"eci": ("pci",), "fitness": ("complexity",), "genepy": ("genepy",), "outlook": ()}
        read: dict[str, Callable[[Year], Array]] = {
            "ubiquity": lambda y: y.ubiquity,
            "pci": lambda y: y.pci,
            "complexity": lambda y: y.fit.complexity,
            "genepy": lambda y: y.genepy[1],
        }
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
        for name in ("rca", "present", "density", "distance", "relative_density", "cog"):
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
            raise OptionError(
                said(
                    "There are {n} periods: name one of {solved}.",
                    n=len(self.solved),
                    solved=list(self.solved),
                )
            )
        return self.solved[self._label(period)]

    def _label(self, period: Any) -> Any:
        """The period as the flows write it, which may be asked for in another way."""
        flows = self.cells.flows
        if period in self.solved:
            return period
        label = flows.calendar.label(period) if self.cells.period is not None else None
        if label not in self.solved:
            raise UnknownName(said("period"), period, [str(p) for p in self.solved])
        return label

    def matrix(self, name: str, period: Any = None) -> pd.DataFrame:
        """One exporter x product matrix: value, rca, present, density, distance, relative_density or cog."""
        import pandas as pd

        if name not in MATRICES:
            raise UnknownName(said("matrix"), name, MATRICES)
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

    def project(self, flows: Flows, *, benchmark: str = "world") -> Projection:
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
        return project(self, flows, benchmark=benchmark)

    def _names(self, role: str, codes: Any) -> pd.Index:
        import pandas as pd

        labels: pd.Index = pd.Index(self.cells.names[role], name=self.cells.flows.roles[role])
        return labels.take(codes)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """ECI over time, or by rank where there is one period; see `exportlab.plots.complexity.plot_eci`."""
        from exportlab.plots.complexity import plot_eci

        return plot_eci(self, ax=ax, **options)


# Sub-national exporters read with the world's product complexity and product space.


@dataclass(frozen=True, repr=False, eq=False)
class Projection(Result):
    """Sub-national exporters on the world's PCI. Made by `Complexity.project`.

    Attributes
    ----------
    exporters : table
        period, exporter, diversity, eci (mean PCI of the products with an advantage; NaN without any), coi,
        coverage (share of the exporter's value in products the world result has); fitness where the world result has
        it: the sum of the world's product complexities over the products with an advantage, on the scale of the
        world's fitness ("exogenous fitness", Operti, Pugliese, Andrade, Pietronero and Gabrielli 2018).
    pairs : table
        period, exporter, product, rca, present, density, relative_density, cog.
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
            said("One of the two tables has the role 'period' and the other has not"),
            said("Give both, or neither, with periods."),
        )
    known = {label: code for code, label in enumerate(world.cells.names["product"])}
    to_world = np.array([known.get(label, -1) for label in cells.names["product"]], dtype=np.int64)
    if (to_world < 0).all():
        raise DataError(
            said("No product code of the projected flows is known in the world result"),
            said("Use the same classification and the same number of digits in both."),
            first=repr(cells.names["product"][0]),
        )
    parts = []
    for at, period in enumerate(cells.names.get("period", [None])):
        label = period if period is None else world.cells.flows.said(period)
        if label not in world.solved:
            raise UnknownName(said("period of the world result"), label, [str(p) for p in world.solved])
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
        "rows": here,
        "products": year.products,
        "diversity": M[here].sum(axis=1),
        "rca": R[here],
        "present": M[here],
        "coverage": X.sum(axis=1)[here] / total[here],
        **_read(year, R[here], M[here]),
    }


def _read(year: Year, R: Array, M: Array) -> dict[str, Any]:
    """ECI, density, COI and COG of presence M by the world's PCI and proximities."""
    known = np.isfinite(year.pci)
    count = M[:, known].sum(axis=1)
    eci = M[:, known] @ year.pci[known] / np.where(count > 0, count, np.nan)
    on, s = year.active, year.settings
    d, sums = near.density(M[:, on], year.space, neighbours=s.neighbours)
    gain = near.outlook_gain(M[:, on], d, year.worth[on], year.space, sums, form=s.cog)
    coi = near.outlook_index(M[:, on], d, year.worth[on])
    found = {"eci": eci, "coi": coi, "density": year.spread(d), "cog": year.spread(gain)}
    found["relative_density"] = year.spread(near.relative(M[:, on], d))
    return found | ({"fitness": _fitness(year, M)} if "fitness" in s.measures else {})


def _fitness(year: Year, M: Array) -> Array:
    """F = M Q with the world's Q, divided by the mean of the world's own: a country read so has its own fitness."""
    worth = np.nan_to_num(year.fit.complexity)
    world = np.asarray(year.M @ worth)[np.isfinite(year.fit.fitness)]
    out: Array = M @ worth / (world.mean() if len(world) else np.nan)
    return out


def _tables(
    world: Complexity, cells: Cells, to_world: Codes, parts: list[dict[str, Any]], benchmark: str
) -> Projection:
    def stacked(counts: list[int], names: tuple[str, ...]) -> dict[str, Any]:
        period = {} if cells.period is None else {"period": np.repeat(np.arange(len(parts)), counts)}
        return period | {n: np.concatenate([p[n].ravel() for p in parts]) for n in names}

    sizes = [len(p["rows"]) for p in parts]
    fitness = ("fitness",) if all("fitness" in p for p in parts) else ()
    exporters = stacked(sizes, ("rows", "diversity", "eci", *fitness, "coi", "coverage"))
    pairs = stacked([p["rca"].size for p in parts], ("rca", "present", "density", "relative_density", "cog"))
    written = [long(p["rows"], p["products"]) for p in parts]
    first = {"period": pairs.pop("period")} if "period" in pairs else {}
    first |= {
        "exporter": np.concatenate([e for e, _ in written]),
        "product": np.concatenate([k for _, k in written]),
    }
    both = Cells(
        cells.flows,
        {**cells.names, "product": world.cells.names["product"]},
        cells.period,
        cells.exporter,
        cells.product,
        cells.value,
        cells.backend,
    )
    renamed = {("exporter" if k == "rows" else k): v for k, v in exporters.items()}
    unmatched = tuple(n for n, c in zip(cells.names["product"], to_world, strict=True) if c < 0)
    return Projection(cells.frame(renamed), both.frame(first | pairs), unmatched, benchmark)


# Labels of rows and columns, and long tables in the caller's own frame type and column names.


@dataclass(frozen=True, eq=False)
class Cells:
    """Flows as codes: value number n lies in period `period[n]`, exporter `exporter[n]`, product `product[n]`."""

    flows: Flows
    names: Mapping[str, Sequence[Any]]
    period: Codes | None
    exporter: Codes
    product: Codes
    value: Array
    backend: Any

    def at(self, period: int) -> tuple[Codes, Codes, Array]:
        """Exporters, products and values of one period."""
        if self.period is None or len(self.names["period"]) == 1:
            return self.exporter, self.product, self.value
        here = self.period == period
        return self.exporter[here], self.product[here], self.value[here]

    def frame(self, columns: Mapping[str, Any]) -> Any:
        """A native table; the columns named after a role hold codes and become labels."""
        if self.backend.is_pandas():
            import pandas as pd

            made = {n: self._taken(n, c) if n in self.names else c for n, c in columns.items()}
            return self.flows.out(nw.from_native(pd.DataFrame(made, copy=False)), ())
        series = {n: nw.new_series(n, self.names.get(n, c), backend=self.backend) for n, c in columns.items()}
        taken = {n: s[np.asarray(columns[n])] if n in self.names else s for n, s in series.items()}
        return self.flows.out(nw.from_dict(taken, backend=self.backend), ())

    def _taken(self, role: str, codes: Codes) -> Any:
        """Labels by number, as pandas holds labels of their kind."""
        import pandas as pd

        return pd.Series(list(self.names[role])).array.take(codes)


def encode(flows: Flows, caller: str) -> Cells:
    """Sum the flows to period x exporter x product and number the labels in sorted order."""
    for role in ("exporter", "product"):
        if role not in flows.roles:
            raise DataError(
                said(
                    "{caller} needs the role {role}, which these flows do not have",
                    caller=caller,
                    role=repr(role),
                ),
                said("Name its column at the door: xl.flows(table, {role}=..., ...).", role=role),
            )
    roles = [r for r in ("period", "exporter", "product") if r in flows.roles]
    frame = collect(flows.cells(*roles))
    rows = flows.unique and set(roles) == set(flows.identity)  # the cells are the table's own rows
    seen = flows._memo.get("seen", {}) if rows else {}
    coded = {r: _codes(frame, r, seen.get(r)) for r in roles}
    return Cells(
        flows,
        {r: labels for r, (_, labels) in coded.items()},
        coded["period"][0] if "period" in coded else None,
        coded["exporter"][0],
        coded["product"][0],
        frame["value"].to_numpy().astype(float, copy=False),
        frame.implementation,
    )


def _codes(frame: nw.DataFrame[Any], role: str, seen: Coded | None) -> Coded:
    """Numbers and labels of a role in the order of the labels, which categories have of their own."""
    import pandas as pd

    column = frame[role]
    if seen is not None and not isinstance(column.dtype, nw.Categorical | nw.Enum):
        return numbered(frame, role, seen)
    native = column.to_native() if column.implementation.is_pandas() else column.to_numpy()
    codes, labels = pd.factorize(native, sort=True)
    return codes, labels.tolist()


def long(rows: Codes, columns: Codes) -> tuple[Codes, Codes]:
    """Labels of a rows x columns matrix written out row after row."""
    return np.repeat(rows, len(columns)), np.tile(columns, len(rows))
