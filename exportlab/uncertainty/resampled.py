"""Intervals of any measure of flows: EXPY, complexity, margins, shift-share, what one has written oneself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.errors import DataError, UnknownName
from exportlab.flow_table import Flows, require
from exportlab.frames import Array, collect, to_pandas
from exportlab.indices.catalogue import CATALOGUE
from exportlab.options import Count, Level, NotNegative, validated
from exportlab.uncertainty.blocks import blocked
from exportlab.uncertainty.groups import places
from exportlab.uncertainty.intervals import Intervals, Method, ScaleName, figures
from exportlab.uncertainty.methods import DRAWN, Note, checked, estimate, noted, notes
from exportlab.uncertainty.nesting import Resample, Unit, units_of
from exportlab.uncertainty.sample import Sample, need_units, seeds
from exportlab.uncertainty.scales import SCALES, Scale
from exportlab.words import said

# What complexity makes of RCA above one: it jumps where a product crosses it.
STEPPED = (
    *("diversity", "eci", "fitness", "genepy", "coi"),  # of exporters
    *("ubiquity", "pci", "complexity"),  # of products
    *("present", "density", "distance", "cog"),  # of pairs
)
STEPS = Note(
    "threshold",
    said(
        "threshold: the measure jumps where RCA crosses one, so the interval falls short; nearest is "
        "method='percentile'"
    ),
)


@validated
def resampled(
    flows: Flows,
    measure: Callable[[Flows], Any],
    value: str,
    *,
    resample: Resample,
    method: Method = "jackknife",
    level: Level = 0.95,
    draws: Count = 999,
    rng: Any = None,
    scale: ScaleName = "identity",
    limits: tuple[float, float] | None = None,
    block: NotNegative | Literal["auto"] | None = None,
    workers: Count = 1,
) -> Intervals:
    """Give any measure of flows with its intervals, by computing it again without each unit, or on draws of them.

    Parameters
    ----------
    flows : Flows
    measure : callable
        Flows to a table: ``lambda f: xl.expy(f, income, by="exporter")``, ``lambda f: xl.complexity(f).exporters``.
    value : str
        The column of that table that is measured. Its columns that are roles of the flows name a row.
    resample : str, sequence of str or mapping
        The unit that is drawn, as in `interval`. It counts as often as it is drawn with all its value, so it is not
        what the measure is spread over, unless units are only left out (jackknife): then it may be anything.
    method : str
        As in `interval`, without "delta" and "studentised", which need an influence function.
    level, draws, rng, block, workers
        As in `interval`.
    scale : {"identity", "log", "logit"}
        Where jackknife and basic intervals are formed.
    limits : (low, high), optional
        The range of the measure, at which ends are cut: (0, 1) of a density. By default what the catalogue declares
        for `value`, where that is numbers.

    Returns
    -------
    Intervals
        ``.table``: the rows of the measure, with estimate, corrected, std_error, conf_low, conf_high, n, note.

    Raises
    ------
    DataError
        Fewer than two units; a table without rows; rows that are named twice.
    OptionError, UnknownName
        No such column; a method that needs an influence function; no rng= where it is needed.

    Notes
    -----
    The measure is computed once for each unit (jackknife) or draw. A row that is lost when some unit is left out (a
    product sold in one market alone) has no interval, and the note says so. The indices of complexity have a threshold,
    RCA above one, and are no smooth functions of the flows: intervals by the jackknife fall far short, those of the
    percentile bootstrap by a few points, which the note says and the page on uncertainty measures.

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> rows = [(e, m, p, v) for e in "AB" for m, f in (("Japan", 1), ("Korea", 2), ("USA", 3))
    ...         for p, v in (("01", 3.0 * f if e == "A" else 1.0), ("02", 2.0), ("03", 1.0 + f))]
    >>> flows = xl.flows(pd.DataFrame(rows, columns=["exporter", "market", "product", "value"]))
    >>> income = {"A": 10.0, "B": 20.0}
    >>> found = xl.resampled(flows, lambda f: xl.expy(f, income, by="exporter"), "expy", resample="market")
    >>> found.table[["exporter", "estimate", "std_error", "n"]].round(2)
      exporter  estimate  std_error  n
    0        A     14.22       0.23  3
    1        B     15.78       0.23  3
    """
    require(flows, "resampled")
    checked(method, level, draws)
    drawn = units_of(flows, resample)
    held = flows.derived(collect(flows.frame))
    whole = to_pandas(measure(held))
    keys = _keys(flows, whole, value)
    in_runs = blocked(flows, drawn, method, block)
    sample = in_runs(
        *_sample(
            held, drawn, lambda f: _by_key(to_pandas(measure(f)), keys, value), _by_key(whole, keys, value)
        )
    )
    unit = " x ".join(u.name for u in drawn)
    need_units(sample, unit, "the table")
    seed = seeds(rng, 1)[0] if method in DRAWN else None
    on = Scale(SCALES[scale], *(limits or _declared(value)), scale)
    found = estimate(sample, method, level=level, draws=draws, seed=seed, scale=on, workers=workers)
    known = notes(sample, found, method, unit)
    if value in STEPPED:
        known = [(*some, STEPS) for some in known]
    rows = [
        {**figures(found, m), "n": sample.units, "note": noted(against)} for m, against in enumerate(known)
    ]
    import pandas as pd

    table = pd.concat([whole[keys].reset_index(drop=True), pd.DataFrame(rows)], axis=1)
    made = draws if method in DRAWN else 0
    return Intervals(table, value, tuple(keys), unit, method, level, made, notes=tuple(known))


def _keys(flows: Flows, whole: Any, value: str) -> list[str]:
    """The columns that name a row of the measure."""
    if value not in whole.columns:
        raise UnknownName("column of the measure", value, list(map(str, whole.columns)))
    if whole.empty:
        raise DataError("the measure has no rows", "Nothing can be said of how sure they are.")
    named = {*flows.identity, *(flows.roles.get(r, r) for r in flows.identity)}
    keys = [c for c in whole.columns if c in named and c != value]
    twice = whole.duplicated(keys) if keys else np.arange(len(whole)) > 0
    if twice.any():
        raise DataError(
            f"{int(twice.sum())} rows of the measure are named twice by {keys}",
            "Each row of the table must have its own exporter, product ...: keep those columns in it.",
        )
    return keys


def _sample(
    held: Flows,
    drawn: Sequence[Unit],
    measure: Callable[[Flows], dict[Any, float]],
    whole: dict[Any, float],
) -> tuple[Sample, list[tuple[Any, ...]]]:
    """The measure as a function of how often each unit counts, and the units in their order."""
    frame = collect(held.frame)
    names = list(zip(*([u.of(x) for x in frame[u.role].to_list()] for u in drawn), strict=True))
    place = places(names)
    code = np.array([place[n] for n in names], dtype=np.int64)
    amounts = {
        c: np.asarray(frame[c].to_numpy(), dtype=np.float64)
        for c in ("value", "quantity")
        if c in frame.columns
    }

    def once(weights: Array) -> list[float]:
        times = weights[code]
        columns = {c: nw.new_series(c, v * times, backend=frame.implementation) for c, v in amounts.items()}
        made = measure(held.derived(frame.with_columns(**columns).filter((times > 0).tolist())))
        return [made.get(key, np.nan) for key in whole]

    def statistic(weights: Array) -> Array:
        return np.array([once(w) for w in np.atleast_2d(weights)]).reshape(*weights.shape[:-1], len(whole))

    sizes = np.bincount(code, amounts["value"], len(place)).astype(np.float64)
    return Sample(statistic, sizes, width=len(code)), list(place)


def _by_key(table: Any, keys: Sequence[str], value: str) -> dict[Any, float]:
    """The value of each row, by what names it."""
    names = zip(*(table[k] for k in keys), strict=True) if keys else [()] * len(table)
    return dict(zip(names, table[value].astype(float), strict=True))


def _declared(value: str) -> tuple[float, float]:
    """The limits of a catalogued measure, where they are numbers."""
    ends = {"low": -np.inf, "high": np.inf}
    for end in ends:
        text = getattr(CATALOGUE[value], end) if value in CATALOGUE else ""
        try:
            ends[end] = float(text)
        except ValueError:
            continue
    return ends["low"], ends["high"]
