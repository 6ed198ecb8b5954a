"""How sure a share of value added is where the cells of a table are uncertain and their sums are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError
from exportlab.frames import Array
from exportlab.options import Count, Level, Positive, validated
from exportlab.uncertainty.intervals import Intervals, figures
from exportlab.uncertainty.methods import checked, noted, of_draws
from exportlab.uncertainty.sample import seeds
from exportlab.valueadded.intercountry import InterCountryTable
from exportlab.valueadded.iotable import IOTable

AnyTable = TypeVar("AnyTable", IOTable, InterCountryTable)
TOLERANCE, STEPS = 1e-10, 2000  # of the sums, and steps of scaling until they are met


@validated
def table_noise(
    table: IOTable | InterCountryTable,
    measure: Callable[[Any], Any],
    *,
    error: Positive = 0.1,
    level: Level = 0.95,
    draws: Count = 999,
    rng: Any = None,
) -> Intervals:
    r"""Interval of any measure of an input-output table whose inner cells are known up to a proportional error.

    Parameters
    ----------
    table : IOTable or InterCountryTable
    measure : callable
        A table to a number, or to a Series of numbers: ``lambda t: t.domestic_content().domestic_share``.
    error : float
        Standard deviation of the logarithm of a cell: 0.1 is about 10 %.
    level : float
    draws : int
    rng : Generator or int

    Returns
    -------
    Intervals
        ``.table``: the labels of the Series where it is one, estimate, corrected, std_error, conf_low, conf_high, n
        (cells above zero), note.

    Raises
    ------
    DataError
        The measure is no number; sums that scaling does not reach.
    OptionError
        No rng=.

    Notes
    -----
    Every cell of intermediate use (domestic and imported) is multiplied by an independent lognormal error, and the
    whole is scaled back to the row and column sums of the table, which are taken as known: output, value added, final
    use and trade stay as they are, empty cells stay empty, and every draw is a table that balances (biproportional
    scaling, Stone 1961; Bacharach 1965; errors as in Lenzen, Wood and Wiedmann 2010). The interval is that of
    the draws' percentiles.

    References
    ----------
    .. [1] Lenzen, Wood and Wiedmann (2010), Uncertainty analysis for multi-region input-output models, Economic
       Systems Research 22(1).
    .. [2] Bacharach (1965), Estimating nonnegative matrices from marginal data, International Economic Review 6(3).

    Examples
    --------
    >>> import exportlab as xl
    >>> from exportlab.valueadded import IOTable, table_noise
    >>> io = IOTable.from_numpy([[10, 20], [15, 5]], sectors=["farms", "plants"], final=[40, 30],
    ...                         imported=[[5, 5], [2, 8]], exports=[30, 50])
    >>> found = table_noise(io, lambda t: t.domestic_content().domestic_share, error=0.2, rng=1).table
    >>> found[["estimate", "conf_low", "conf_high"]].round(3)
       estimate  conf_low  conf_high
    0     0.862     0.859      0.864
    """
    checked("percentile", level, draws)
    cells = _cells(table)
    found = _numbers(measure(table))
    seed = np.random.default_rng(seeds(rng, 1)[0])
    made = np.empty((draws, found.size))
    for b in range(draws):
        made[b] = _numbers(measure(_with(table, scaled(cells * _errors(seed, cells.shape, error), cells))))
    whole, known = of_draws(found.to_numpy(dtype=float), made, level)
    used = int((cells > 0).sum())
    rows = [{**figures(whole, m), "n": used, "note": noted(against)} for m, against in enumerate(known)]
    shown = pd.DataFrame(rows)
    if found.size > 1:
        shown.insert(0, found.index.name or "of", list(found.index))
    name = str(found.name or "measure")
    unit = f"{100 * error:g} % of each cell"
    return Intervals(shown, name, ("table",), unit, "noise", level, draws, notes=tuple(known))


def _errors(rng: np.random.Generator, shape: tuple[int, ...], error: float) -> Array:
    return np.asarray(rng.lognormal(0.0, error, shape))


def _numbers(found: Any) -> pd.Series:
    """The measure as a Series."""
    if isinstance(found, pd.Series):
        return found.astype(float)
    if np.ndim(found) == 0 and np.isfinite(float(found)):
        return pd.Series([float(found)])
    raise DataError("the measure is no number and no Series of numbers", "Let it give one: lambda t: t....")


def _cells(table: IOTable | InterCountryTable) -> Array:
    """Intermediate use, domestic above imported."""
    cells = np.vstack([table.Z, table.Zm]) if isinstance(table, IOTable) else table.Z
    if (cells < 0).any():
        raise OptionError(
            "Cells of intermediate use are negative: a proportional error has no meaning for them."
        )
    return np.asarray(cells, dtype=float)


def _with(table: IOTable | InterCountryTable, cells: Array) -> Any:
    """The table with other intermediate use."""
    if isinstance(table, IOTable):
        n = len(table.Z)
        return replace(table, Z=cells[:n], Zm=cells[n:])
    return replace(table, Z=cells)


def scaled(cells: Array, like: Array) -> Array:
    """Cells scaled by rows and columns in turn until both sums are those of `like` (RAS)."""
    made = np.array(cells, dtype=float)
    rows, columns = like.sum(axis=1), like.sum(axis=0)
    for _ in range(STEPS):
        made *= _ratio(rows, made.sum(axis=1))[:, None]
        made *= _ratio(columns, made.sum(axis=0))
        if np.abs(made.sum(axis=1) - rows).max() <= TOLERANCE * rows.max():
            return made
    raise DataError(
        f"scaling does not reach the sums of the table in {STEPS:,} steps",
        "Its empty cells leave too little room: take a smaller error=, or a coarser table.",
    )


def _ratio(wanted: Array, there: Array) -> Array:
    return np.divide(wanted, there, out=np.ones_like(wanted), where=there > 0)
