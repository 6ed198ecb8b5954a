"""The choices on which programs differ, checked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from exportlab.errors import OptionError
from exportlab.indices.complexity.fitness import Stop, Update
from exportlab.indices.complexity.matrix import Presence
from exportlab.indices.complexity.proximity import Convention
from exportlab.options import Count, NotNegative, Positive, check_fields

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
                f"steps={self.steps} is not allowed: exporters are read after an even number of reflections "
                "(an odd one gives the ubiquity of their products), products one step later."
            )
        if self.method == "reflections" and self.pci_scale != "own":
            raise OptionError(
                "method='reflections' needs pci_scale='own': exporters and products are read at two steps."
            )
        if self.fitness_stop == "steps" and self.fitness_steps == 1000:
            raise OptionError("fitness_stop='steps' needs fitness_steps=, the number of updates (R uses 19).")

    def single(self, products: int) -> bool:
        """Whether products of matrices are made in single precision."""
        return self.precision == "single" or (self.precision == "auto" and products >= SINGLE_FROM)
