"""One period, solved: every measure is computed when first asked for, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from exportlab.errors import OptionError
from exportlab.frames import Array, Codes, Mask
from exportlab.indices.complexity import eci as eigen
from exportlab.indices.complexity import fitness as nonlinear
from exportlab.indices.complexity import proximity as near
from exportlab.indices.complexity.fitness import Stop, Update
from exportlab.indices.complexity.matrix import Matrix, Presence, present, rca, rpop
from exportlab.indices.complexity.proximity import Convention
from exportlab.options import Count, NotNegative, Positive, check_fields
from exportlab.words import said


@dataclass(frozen=True, eq=False)
class Year:
    """Exporters x products of one period after the filters.

    Attributes
    ----------
    X : array (exporters, products)
        Values.
    exporters, products : int array
        Which labels the rows and columns are.
    population : array (exporters,) or None
    dropped : sequence of (role, label code, reason)
        What the filters took out.
    """

    X: Array
    exporters: Codes
    products: Codes
    population: Array | None
    settings: Settings
    dropped: tuple[tuple[str, int, str], ...] = ()

    @cached_property
    def M(self) -> Matrix:  # noqa: N802
        """Presence; zeros and ones in single precision, which holds them exactly."""
        s = self.settings
        return present(
            self.X, how=s.presence, threshold=s.threshold, strict=s.strict, population=self.population
        )

    @property
    def rca(self) -> Array:
        """Balassa index; NaN where it is not defined. With presence="given" there are no values: NaN."""
        return np.full(self.X.shape, np.nan) if self.settings.presence == "given" else rca(self.X)

    @property
    def rpop(self) -> Array:
        """Exports per head relative to the world's."""
        assert self.population is not None
        return rpop(self.X, self.population)

    @cached_property
    def diversity(self) -> Array:
        return np.asarray(self.M.sum(axis=1, dtype=float))

    @cached_property
    def ubiquity(self) -> Array:
        return np.asarray(self.M.sum(axis=0, dtype=float))

    @cached_property
    def spectrum(self) -> eigen.Spectrum:
        return eigen.spectrum(self.M)

    @cached_property
    def index(self) -> tuple[Array, Array]:
        """ECI and PCI in the scale asked for."""
        s, solved = self.settings, self.spectrum
        kc, kp = solved.eci, solved.pci
        if s.method == "reflections":
            kc, kp = self._reflected(solved)
        count = (
            len(self.products) if s.scale == "stata" else 1,
            len(self.exporters) if s.scale == "stata" else 1,
        )
        ddof = 0 if s.scale == "population" else 1
        if s.pci_scale == "eigenvector":
            return kc / np.sqrt(np.nansum(kp**2)), kp / np.sqrt(np.nansum(kp**2))
        like = kc if s.pci_scale == "eci" else kp
        return (
            eigen.standardise(kc, ddof=ddof, repeats=count[0]),
            eigen.standardise(kp, like=like, ddof=ddof, repeats=count[like is kp]),
        )

    def _reflected(self, solved: eigen.Spectrum) -> tuple[Array, Array]:
        kc, kp = np.full(len(self.exporters), np.nan), np.full(len(self.products), np.nan)
        if not solved.rows.any():
            return kc, kp
        c, p = eigen.reflections(self.M[np.ix_(solved.rows, solved.columns)], self.settings.steps + 1)
        kc[solved.rows], kp[solved.columns] = c[-2], p[-1]
        return kc, kp

    @property
    def eci(self) -> Array:
        return self.index[0]

    @property
    def pci(self) -> Array:
        return self.index[1]

    @cached_property
    def fit(self) -> nonlinear.Fitness:
        s = self.settings
        return nonlinear.fitness(
            self.M,
            update=s.fitness_update,
            stop=s.fitness_stop,
            steps=s.fitness_steps,
            tolerance=s.fitness_tolerance,
            extremality=s.extremality,
        )

    @cached_property
    def genepy(self) -> tuple[Array, Array]:
        return nonlinear.genepy(self.M)

    @cached_property
    def active(self) -> Mask:
        """Products with a place in the product space: somebody has them."""
        return self.ubiquity > 0

    @property
    def levels(self) -> Matrix:
        """What proximity is made of: presence, or RCA (RPOP) when levels are correlated."""
        s, full = self.settings, self.M
        if s.proximity == "correlation" and s.presence != "given":
            full = np.nan_to_num(self.rpop if s.presence == "rpop" else self.rca)
        if not self.active.all():
            full = full[:, self.active]
        return full.astype(np.float32 if s.single(len(self.products)) else np.float64, copy=False)

    @property
    def space(self) -> near.Space:
        return near.Space(self.levels, self.settings.proximity, self.settings.diagonal)

    @cached_property
    def _density(self) -> tuple[Matrix, Array]:
        # Presence, whatever makes products near: an exporter has a share of a neighbourhood, and no more than all.
        return near.density(self.M[:, self.active], self.space, neighbours=self.settings.neighbours)

    @property
    def density(self) -> Matrix:
        """(exporters, products); NaN for products outside the product space."""
        return self.spread(self._density[0])

    @property
    def relative_density(self) -> Matrix:
        """Density in deviations from that of the exporter's options; NaN for products outside the product space."""
        return self.spread(near.relative(self.M[:, self.active], self._density[0]))

    @cached_property
    def worth(self) -> Array:
        """What a product counts for in the outlook: PCI, PCI not centred (Stata), or fitness's complexity."""
        s = self.settings
        if s.outlook_by == "complexity":
            return self.fit.complexity
        if s.outlook_by == "pci":
            return self.pci
        kc, repeats = self.spectrum.eci, len(self.products) if s.scale == "stata" else 1
        kc = kc[np.isfinite(kc)]
        n = len(kc) * repeats - (s.scale != "population")
        out: Array = self.spectrum.pci / np.sqrt(((kc - kc.mean()) ** 2).sum() * repeats / n)
        return out

    @cached_property
    def coi(self) -> Array:
        """Complexity outlook index."""
        on = self.active
        return near.outlook_index(self.M[:, on], self._density[0], self.worth[on])

    @property
    def cog(self) -> Matrix:
        """Complexity outlook gain (exporters, products)."""
        on, (d, sums) = self.active, self._density
        gain: Matrix = near.outlook_gain(
            self.M[:, on], d, self.worth[on], self.space, sums, form=self.settings.cog
        )
        return self.spread(gain)

    def spread(self, part: Matrix) -> Matrix:
        """Columns of the active products to all products, NaN elsewhere."""
        if self.active.all():
            return part
        out = np.full((len(part), len(self.products)), np.nan, part.dtype)
        out[:, self.active] = part
        return out

    def left_out(self) -> list[tuple[str, int, str]]:
        """(role, label code, reason) of everything without ECI or PCI."""
        found = list(self.dropped)
        inside = self.spectrum
        for role, codes, size, solved in (
            ("exporter", self.exporters, self.diversity, inside.rows),
            ("product", self.products, self.ubiquity, inside.columns),
        ):
            for code, total, kept in zip(codes.tolist(), size.tolist(), solved.tolist(), strict=True):
                if total == 0:
                    found.append((role, code, _EMPTY[role]))
                elif not kept:
                    found.append((role, code, inside.outside))
        return found

    def facts(self) -> dict[str, Any]:
        """One line about the problem and its solution."""
        s, M = self.spectrum, self.M
        return {
            "exporters": int(s.rows.sum()),
            "products": int(s.columns.sum()),
            "left_out_exporters": sum(r == "exporter" for r, _, _ in self.left_out()),
            "left_out_products": sum(r == "product" for r, _, _ in self.left_out()),
            "filled": float(np.count_nonzero(M) / max(M.size, 1)),
            "components": s.components,
            "lambda2": s.lambda2,
            "lambda3": s.lambda3,
            "gap": s.gap,
            "orientation": s.orientation,
        }


_EMPTY = {"exporter": "no product with an advantage", "product": "no exporter with an advantage"}


def filtered(X: Array, population: Array | None, settings: Settings) -> Year:
    """Take out exporters by population, then by exports, then products by trade among those who stay."""
    exporters, products = np.arange(X.shape[0]), np.arange(X.shape[1])
    dropped: list[tuple[str, int, str]] = []
    keep = np.ones(len(exporters), bool)
    totals = X.sum(axis=1)
    for limit, size, what in (
        (settings.min_population, population, "population"),
        (settings.min_exports, totals, "exports"),
    ):
        if limit is not None and size is not None:
            out = keep & (size < limit)
            dropped += [("exporter", int(i), f"{what} below {limit:,.12g}") for i in exporters[out]]
            keep &= ~out
    none = keep & (totals <= 0)
    dropped += [("exporter", int(i), "no exports") for i in exporters[none]]
    keep &= ~none
    trade = X[keep].sum(axis=0)
    least = settings.min_product_trade
    hold = (trade > 0) & (trade >= (least or 0))
    for k in products[~hold]:
        reason = "no trade" if trade[k] <= 0 else f"trade below {least:,.12g}"
        dropped.append(("product", int(k), reason))
    kept = X if keep.all() and hold.all() else X[np.ix_(keep, hold)]
    people = None if population is None else population[keep]
    return Year(kept, exporters[keep], products[hold], people, settings, tuple(dropped))


# The choices on which programs differ, checked once.

Method: TypeAlias = Literal["eigen", "reflections"]
Scale: TypeAlias = Literal["population", "sample", "stata"]
PciScale: TypeAlias = Literal["eci", "own", "eigenvector"]
OutlookBy: TypeAlias = Literal["pci", "uncentred", "complexity"]
CogForm: TypeAlias = Literal["atlas", "stata"]
Precision: TypeAlias = Literal["auto", "single", "double"]
Measure: TypeAlias = Literal["eci", "fitness", "genepy", "outlook"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
SINGLE_FROM = 2000  # products from which single precision is used: it halves the time, errors stay below 1e-6


@dataclass(frozen=True)
class Settings:
    """Options of `complexity`; see there."""

    presence: Presence = "rca"
    threshold: Positive = 1.0
    strict: bool = False
    min_population: NotNegative | None = None
    min_exports: NotNegative | None = None
    min_product_trade: NotNegative | None = None
    measures: Sequence[Measure] = MEASURES
    method: Method = "eigen"
    steps: Count = 18
    scale: Scale = "population"
    pci_scale: PciScale = "eci"
    proximity: Convention = "minimum"
    diagonal: bool = False
    neighbours: Count | None = None
    outlook_by: OutlookBy = "pci"
    cog: CogForm = "atlas"
    fitness_update: Update = "simultaneous"
    fitness_stop: Stop = "tolerance"
    fitness_steps: Count = 1000
    fitness_tolerance: Positive = 1e-9
    extremality: Positive = 1.0
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        check_fields(self)
        if self.method == "reflections" and self.steps % 2:
            raise OptionError(
                said(
                    "steps={steps} is not allowed: exporters are read after an even number of reflections "
                    "(an odd one gives the ubiquity of their products), products one step later.",
                    steps=self.steps,
                )
            )
        if self.method == "reflections" and self.pci_scale != "own":
            raise OptionError(
                said(
                    "method='reflections' needs pci_scale='own': exporters and products are read at two "
                    "steps."
                )
            )
        if self.fitness_stop == "steps" and self.fitness_steps == 1000:
            raise OptionError(
                said("fitness_stop='steps' needs fitness_steps=, the number of updates (R uses 19).")
            )

    def single(self, products: int) -> bool:
        """Whether products of matrices are made in single precision."""
        return self.precision == "single" or (self.precision == "auto" and products >= SINGLE_FROM)
