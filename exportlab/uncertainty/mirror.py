"""Two reports of one flow: what their disagreement says about how well an index is known."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Array
from exportlab.indices.catalogue import CATALOGUE, check_options
from exportlab.indices.measure import Universe, universe_size
from exportlab.indices.members import on_array
from exportlab.options import Count, Level, Share, validated
from exportlab.uncertainty.groups import Plan, parts
from exportlab.uncertainty.intervals import Intervals, described, figures, framed, tracked
from exportlab.uncertainty.methods import Note, checked, noted, of_draws
from exportlab.uncertainty.nesting import units_of
from exportlab.uncertainty.sample import seeds
from exportlab.words import said

Error = Literal["pooled", "own", "between"]


@validated
def mirror_interval(
    reported: Flows, mirrored: Flows, name: str, *, over: Columns = "market", by: Columns | None = None,
    error: Error = "pooled", weight: Share = 0.5, cif: float | Literal["median"] = "median",
    one_sided: Literal["refuse", "keep"] = "refuse", level: Level = 0.95, draws: Count = 999, rng: Any = None,
    universe: Universe = "observed", workers: Count = 1, progress: bool = False, **options: Any,
) -> Intervals:  # fmt: skip
    """Interval of an index under measurement error, from exporter- and importer-reported flows.

    Parameters
    ----------
    reported, mirrored : Flows
        The same flows as exporters (f.o.b.) and as importers (c.i.f.) report them, in one unit and nomenclature,
        exporter and market meaning the same in both.
    name : str
        An index of a distribution.
    over, by, universe
        As in `measure`.
    error : {"pooled", "own", "between"}
        How far a cell's true value can be from the two reports. "pooled": logs are normal, with one error
        variance for all cells, estimated from all their gaps; "own": each cell's variance from its own gap;
        "between": anywhere between its two reports, uniform in logs.
    weight : float
        Of the importer's report in the combined log value, 0 to 1.
    cif : float or "median"
        Freight and insurance in the importers' values (0.06 for 6 %); by default the median gap of the cells.
    one_sided : {"refuse", "keep"}
        Cells that only one side reports: refuse, or keep them with the error of a single report.
    level, draws, rng, workers, progress, **options
        As in `interval`.

    Returns
    -------
    Intervals
        ``.table``: keys, reported, mirrored (the index from each side alone), estimate (from the combined values),
        corrected (the draws' median where their interval leaves out the estimate, as errors raise concentration),
        std_error, conf_low, conf_high (NaN where the reports are alike), n (cells), note.

    Raises
    ------
    DataError
        Cells that one side alone reports; no cell that both report; units that differ.

    Notes
    -----
    With d the log gap less freight, and both reports equally good, a report's error variance is the mean of d^2
    over 2, and that of the combined log value is (weight^2 + (1 - weight)^2) times as much. The draws are of the
    true values given the reports, under a flat prior on logs.

    References
    ----------
    .. [1] Gaulier and Zignago (2010), BACI: International trade database at the product level, CEPII WP 2010-23.
    .. [2] Fuller (1987), Measurement Error Models, ch. 1.
    """
    checked("percentile", level, draws)
    _refuse(reported, mirrored, error, one_sided, weight)
    entry, implied = CATALOGUE.find(name)
    if not entry.is_distribution:
        raise UnknownName(
            "index of a distribution", name, [i.name for i in CATALOGUE.values() if i.is_distribution]
        )
    mirrored = reported.alike(mirrored)
    spread, groups = reported.split(over, by)
    size = universe_size(reported, spread, universe) if entry.uses_universe else None
    asked = Plan(entry.name, spread, groups, units_of(reported, spread), (), size, {**implied, **options})
    keys, sides = _aligned(asked, reported, mirrored)
    first, second = (np.concatenate([s[k] for s in sides]) for k in (0, 1))
    freight, spread_of_gap = _gaps(first, second, cif, one_sided)

    def one(job: Any) -> tuple[dict[str, Any], tuple[Note, ...]]:
        key, (a, b), seed = job
        made = _drawn(a, b / np.exp(freight), np.random.default_rng(seed), draws, error=error, weight=weight,
                      gap=spread_of_gap)  # fmt: skip
        index = [float(_index(asked, x)) for x in (a, b)]
        whole, (known,) = of_draws(_index(asked, made[0])[None], _index(asked, made[1])[:, None], level)
        against = (*_one_sided(a, b), *known)
        row = {
            **dict(zip(groups, key, strict=True)),
            "reported": index[0],
            "mirrored": index[1],
            **figures(whole, 0),
            "n": a.size,
            "note": noted(against),
        }
        return row, against

    own = seeds(rng, len(keys))
    done = tracked(one, list(zip(keys, sides, own, strict=True)), workers, progress)
    table = framed(reported, asked, [row for row, _against in done])
    against = tuple(known for _row, known in done)
    method = f"mirror ({error})"
    return Intervals(table, entry.name, spread, "report", method, level, draws, notes=against)


def _one_sided(a: Array, b: Array) -> tuple[Note, ...]:
    """What is to be said of cells that one side alone reports."""
    alone = int(((a == 0) | (b == 0)).sum())
    words = said("{alone} of {n} cells reported by one side", alone=alone, n=a.size)
    return (Note("one side", words),) if alone else ()


def _refuse(reported: Flows, mirrored: Flows, error: str, one_sided: str, weight: float) -> None:
    """Refuse sides that did not pass the door or differ in unit, and options that are not allowed."""
    for side in (reported, mirrored):
        require(side, "mirror_interval")
    one_of("error", error, ("pooled", "own", "between"))
    one_of("one_sided", one_sided, ("refuse", "keep"))
    if reported.unit != mirrored.unit:
        raise DataError(
            f"the two sides are in different units: {reported.unit!r} and {mirrored.unit!r}",
            "Convert one of them.",
        )


def _aligned(asked: Plan, reported: Flows, mirrored: Flows) -> tuple[list[Any], list[tuple[Array, Array]]]:
    """For each group both sides report, the two values of every cell, zero where a side has none."""
    sides = [
        {p.key: dict(zip(p.cells, p.matrix().sum(axis=0), strict=True)) for p in parts(f, asked)}
        for f in (reported, mirrored)
    ]
    lacking = [k for k in {**sides[0], **sides[1]} if not (k in sides[0] and k in sides[1])]
    if lacking:
        raise DataError(
            f"{len(lacking)} groups are reported by one side only",
            "Keep the groups that both tables have.",
            first=described(reported, asked.groups, lacking[0]),
        )
    keys, values = list(sides[0]), []
    for key in keys:
        a, b = sides[0][key], sides[1][key]
        cells = sorted({**a, **b})
        values.append((np.array([a.get(c, 0.0) for c in cells]), np.array([b.get(c, 0.0) for c in cells])))
    return keys, values


def _gaps(first: Array, second: Array, cif: float | str, one_sided: str) -> tuple[float, float]:
    """Freight in logs, and the root mean square of the log gaps less freight."""
    both = (first > 0) & (second > 0)
    if not both.any():
        raise DataError(
            "no cell is reported by both sides", "Bring both tables to the same labels and periods."
        )
    if one_sided == "refuse" and not both.all():
        raise DataError(
            f"{int((~both).sum())} of {both.size} cells are reported by one side only",
            "Say one_sided='keep' to keep them with the error of a single report, or leave them out of both tables.",
        )
    gap = np.log(second[both] / first[both])
    if isinstance(cif, str):
        one_of("cif", cif, ("median",))
        freight = float(np.median(gap))
    elif cif <= -1:
        raise OptionError(f"cif={cif!r} is not a margin: 0.06 is 6 %.")
    else:
        freight = float(np.log1p(cif))
    return freight, float(np.sqrt(((gap - freight) ** 2).mean()))


def _drawn(
    a: Array, b: Array, rng: np.random.Generator, draws: int, *, error: str, weight: float, gap: float
) -> tuple[Array, Array]:
    """The combined value of each cell, and draws of what it may be in truth."""
    both = (a > 0) & (b > 0)
    left, right = np.log(np.where(a > 0, a, b)), np.log(np.where(b > 0, b, a))
    centre = (1 - weight) * left + weight * right
    if error == "between":
        spot = left + rng.random((draws, a.size)) * (right - left)
    else:
        own = np.abs(right - left) if error == "own" else np.full(a.size, gap)
        spot = centre + rng.standard_normal((draws, a.size)) * own * np.sqrt(
            (weight**2 + (1 - weight) ** 2) / 2
        )
    if not both.all():
        spot[:, ~both] = centre[~both] + rng.standard_normal((draws, int((~both).sum()))) * gap / np.sqrt(2)
    return np.exp(centre), np.exp(spot)


def _index(asked: Plan, values: Array) -> Array:
    entry = CATALOGUE[asked.name]
    return on_array(entry, values, check_options(entry, asked.options), universe=asked.universe)
