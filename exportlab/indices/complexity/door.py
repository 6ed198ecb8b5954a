"""Economic complexity: ECI and PCI, fitness, GENEPY, the product space and what it says about each exporter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from exportlab.errors import DataError, OptionError
from exportlab.flow_table import Flows, require
from exportlab.frames import Array
from exportlab.indices.complexity.fitness import Stop, Update
from exportlab.indices.complexity.matrix import Presence, dense
from exportlab.indices.complexity.proximity import Convention
from exportlab.indices.complexity.result import Cells, Complexity, encode
from exportlab.indices.complexity.year import (
    MEASURES,
    CogForm,
    Measure,
    Method,
    OutlookBy,
    PciScale,
    Precision,
    Scale,
    Settings,
    filtered,
)
from exportlab.indices.residual import refuse_members
from exportlab.options import validated
from exportlab.words import said


@validated
def complexity(
    flows: Flows,
    *,
    presence: Presence = "rca",
    threshold: float = 1.0,
    strict: bool = False,
    population: Mapping[Any, float] | None = None,
    min_population: float | None = None,
    min_exports: float | None = None,
    min_product_trade: float | None = None,
    measures: Sequence[Measure] = MEASURES,
    method: Method = "eigen",
    steps: int = 18,
    scale: Scale = "population",
    pci_scale: PciScale | None = None,
    proximity: Convention = "minimum",
    diagonal: bool = False,
    neighbours: int | None = None,
    outlook_by: OutlookBy = "pci",
    cog: CogForm = "atlas",
    fitness_update: Update = "simultaneous",
    fitness_stop: Stop = "tolerance",
    fitness_steps: int = 1000,
    fitness_tolerance: float = 1e-9,
    extremality: float = 1.0,
    precision: Precision = "auto",
) -> Complexity:
    r"""Complexity of exporters and products, period by period.

    With :math:`M_{ik}` = 1 where :math:`RCA_{ik} \ge 1 - 10^{-9}` (an RCA of 1 is computed as a little less in one unit
    of money and a little more in another), diversity D = M1 and ubiquity U = M'1, ECI is the
    second right eigenvector of :math:`D^{-1} M U^{-1} M'` and PCI that of :math:`U^{-1} M' D^{-1} M`,
    oriented so that ECI rises with diversity.

    Parameters
    ----------
    flows : Flows
        With the roles exporter and product; period where there are several. Markets are summed over.
    presence : {"rca", "rpop", "either", "both", "continuous", "given"}
        What fills M: RCA, exports per head relative to the world's (RPOP), one of the two, both;
        RCA / (1 + RCA); or the values themselves (a matrix of zeros and ones made elsewhere).
    threshold, strict : float, bool
        Presence from `threshold` on (>=), or only above it (>, as in Stata); a billionth of it is rounding.
    population : mapping, optional
        Inhabitants by exporter, or by (period, exporter). Needed for RPOP and `min_population`.
    min_population, min_exports, min_product_trade : float, optional
        Exporters below a population or a period's total exports, then products below the trade of those who
        stay, are taken out before RCA is computed. Unfiltered, micro-territories rank among the first.
    measures : sequence of {"eci", "fitness", "genepy", "outlook"}
        Columns of the tables of exporters and products.
    method : {"eigen", "reflections"}
        The eigenvector, or its approximation by `steps` reflections (products one step later), which keeps the
        sign of its start and loses digits when `steps` is large.
    scale : {"population", "sample", "stata"}
        Standard deviation ECI and PCI are divided by: n (ecomplexity, econcomplex), n - 1 (R), or that of the
        long table of all pairs (Stata's program), sqrt((NK - 1) / (NK)) of the first in effect.
    pci_scale : {"eci", "own", "eigenvector"}
        PCI by ECI's mean and sd, so that ECI is the mean PCI of an exporter's products (Atlas, Stata,
        ecomplexity; the default); by its own (R, Datawheel; the default of reflections); or both vectors not
        standardised, PCI of unit length.
    proximity : {"minimum", "maximum", "geometric", "conditional", "correlation"}
        Co-exporters over the larger ubiquity (default), the smaller, the root of their product, the second
        product's own; or (1 + r) / 2 of RCA. Density is a share of presence with all of them.
    diagonal : bool
        Whether a product counts in its own neighbourhood: no in Stata, yes in R and ecomplexity.
    neighbours : int, optional
        Density over the so many nearest products only.
    outlook_by : {"pci", "uncentred", "complexity"}
        Worth of a product in COI and COG: PCI; PCI before its mean is taken off (Stata); fitness's Q (R).
    cog : {"atlas", "stata"}
        With the forgone density x worth subtracted, or without.
    fitness_update, fitness_stop, fitness_steps, fitness_tolerance, extremality
        See `exportlab.indices.complexity.fitness.fitness`.
    precision : {"auto", "single", "double"}
        Of proximity and density: single from 2,000 products on. ECI and fitness are always double.

    Returns
    -------
    Complexity
        `.exporters`, `.products`, `.pairs`, `.years`, `.left_out`, `.network()`, `.project()`, `.proximity()`.

    Raises
    ------
    DataError
        Flows without exporter or product; an exporter without its population.
    OptionError
        An option that is not allowed, or that needs another.

    Notes
    -----
    Exporters and products without any presence, and those outside the largest connected component, have no
    ECI or PCI: NaN in their rows, listed in `.left_out`, and everyone else's values are as if they were not
    there. Where the second and third eigenvalue coincide, several components are the largest, or only rounding would
    orient ECI (diversity and ubiquity are symmetric), there is no one answer and the whole period is NaN.
    A pair that is not in the table is no trade.

    Programs differ in their conventions; with these options their figures are reproduced:

    - Stata ecomplexity: strict=True, scale="stata", outlook_by="uncentred", cog="stata"; its COI is then
      standardised over the long table of all pairs.
    - ecomplexity (Python): diagonal=True, outlook_by="uncentred", cog="stata"; COI standardised with n.
    - R economiccomplexity: scale="sample", pci_scale="own", diagonal=True, outlook_by="complexity",
      cog="stata", fitness_stop="steps", fitness_steps=19 (its 20 iterations count the start);
      its reflections: method="reflections", steps=18, scale="sample".
    - econcomplex: pci_scale="own"; density times 100. It turns PCI against ubiquity instead of together with
      ECI, so where ubiquity rises with PCI its PCI has the other sign than its ECI.
    - economic-complexity (Datawheel): method="reflections", steps=18, scale="sample".

    References
    ----------
    Hidalgo and Hausmann (2009), PNAS 106(26); Hausmann et al. (2014), The Atlas of Economic Complexity;
    Tacchella et al. (2012), Scientific Reports 2:723; Sciarra et al. (2020), Nature Communications 11:3352;
    Hidalgo et al. (2007), Science 317.
    """
    require(flows, "complexity")
    refuse_members(flows, "complexity", [r for r in ("exporter", "product") if r in flows.roles])
    own = pci_scale or ("own" if method == "reflections" else "eci")
    settings = Settings(
        presence,
        threshold,
        strict,
        min_population,
        min_exports,
        min_product_trade,
        measures,
        method,
        steps,
        scale,
        own,
        proximity,
        diagonal,
        neighbours,
        outlook_by,
        cog,
        fitness_update,
        fitness_stop,
        fitness_steps,
        fitness_tolerance,
        extremality,
        precision,
    )
    if population is None and (presence in ("rpop", "either", "both") or min_population is not None):
        what = f"presence={presence!r}" if min_population is None else "min_population="
        raise OptionError(
            said("{what} needs population=, inhabitants by exporter or by (period, exporter).", what=what)
        )
    return _solve(encode(flows, "complexity"), population, settings)


def _solve(cells: Cells, population: Mapping[Any, float] | None, settings: Settings) -> Complexity:
    names = cells.names["exporter"]
    shape = len(names), len(cells.names["product"])
    solved = {}
    given = {_keyed(cells.flows, key): people for key, people in dict(population or {}).items()}
    for at, period in enumerate(cells.names.get("period", [None])):
        X = dense(*cells.at(at), shape)
        people = None if population is None else _people(given, period, names, X.any(axis=1))
        solved[period if period is None else cells.flows.said(period)] = filtered(X, people, settings)
    return Complexity(solved, cells, settings)


def _keyed(flows: Flows, key: Any) -> Any:
    """A label of population=: an exporter, or a period and an exporter."""
    dated = isinstance(key, tuple) and len(key) == 2 and "period" in flows.roles
    return (flows.calendar.key(key[0]), key[1]) if dated and flows.calendar.ordered else key


def _people(given: dict[Any, float], period: Any, names: Sequence[Any], trading: Any) -> Array:
    """Population in the order of `names`; one that does not export this period may be missing."""
    found = [given.get((period, n), given.get(n, np.nan)) for n in names]
    out = np.array(found, dtype=float)
    bad = trading & ~(np.isfinite(out) & (out > 0))
    if bad.any():
        first = names[int(np.argmax(bad))]
        raise DataError(
            said(
                "Population is missing or not above zero for {n} of {all} exporters",
                n=int(bad.sum()),
                all=int(trading.sum()),
            ),
            said("Give every exporter's inhabitants in population=, or filter the flows first."),
            first=repr(first)
            if period is None
            else said("{pair} in {period}", pair=repr(first), period=period),
        )
    return np.where(trading, out, np.nan_to_num(out))
