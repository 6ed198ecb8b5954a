"""How much an index depends on the level of the nomenclature: HS2, HS4, HS6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from exportlab.errors import DataError, OptionError
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import sum_by, to_pandas
from exportlab.indices.catalogue import CATALOGUE
from exportlab.indices.measure import Universe, measure
from exportlab.options import Count, validated
from exportlab.results import Result
from exportlab.uncertainty.intervals import interval
from exportlab.uncertainty.nesting import Resample
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False, eq=False)
class Levels(Result):
    """One index at several levels of the product nomenclature.

    Attributes
    ----------
    table : DataFrame
        One row per level and group: digits, keys, products (active codes in the group), estimate; with
        a resampled unit also corrected, std_error, conf_low, conf_high, n, note.
    indicator : str
    digits : tuple of int
    """

    table: pd.DataFrame
    indicator: str
    digits: tuple[int, ...]

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"{self.indicator} by level of the nomenclature: {', '.join(map(str, self.digits))} digits"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the index at each level, with its interval where it has one."""
        from exportlab.plots.uncertainty import intervals

        given = ("products", "estimate", "corrected", "std_error", "conf_low", "conf_high", "n", "note")
        return intervals(
            self.table,
            label=[str(c) for c in self.table if c not in given],
            x=self.indicator,
            ax=ax,
            **options,
        )


@validated
def levels(
    flows: Flows,
    name: str,
    *,
    digits: Sequence[Count] = (2, 4, 6),
    over: Columns = "product",
    by: Columns | None = None,
    resample: Resample | None = None,
    universe: Universe = "observed",
    **options: Any,
) -> Levels:
    """Compute an index of a distribution with product codes cut to their first digits.

    Parameters
    ----------
    flows : Flows
        With products as text codes of a tree, such as HS or SITC.
    name : str
    digits : sequence of int
        The levels; every code must be at least as long as the longest.
    over, by, universe
        As in `measure`. Normalised indices and those that use a universe compare better across levels.
    resample : str or sequence of str, optional
        Also give intervals, over this unit (products are drawn at the level cut to); `method`, `level`, `draws`,
        `rng`, `scale`, `workers` and `progress` are then taken as in `interval`.
    **options
        The indicator's own.

    Returns
    -------
    Levels

    Raises
    ------
    DataError
        No products; codes shorter than a level.
    """
    require(flows, "levels")
    entry, implied = CATALOGUE.find(name)
    given = {**implied, **options}
    cut = tuple(digits)
    if not cut:
        raise OptionError(
            said("digits={digits} is not a list of code lengths: digits=(2, 4, 6).", digits=repr(digits))
        )
    if "product" not in flows.roles:
        raise DataError(said("the flows have no product"), said("levels needs product=... at the door."))
    short = [p for p in flows.members("product") if len(p) < max(cut)]
    if short:
        raise DataError(
            said("{n} product codes are shorter than {cut} digits", n=len(short), cut=max(cut)),
            said(
                "Name levels that all codes have, or leave the coarser rows out: they are no part of a "
                "finer level."
            ),
            first=repr(short[0]),
        )
    tables = []
    for d in cut:
        coarse = at_level(flows, d)
        if resample is None:
            made = _plain(coarse, entry.name, over=over, by=by, universe=universe, options=given)
        else:
            made = interval(
                coarse, entry.name, over=over, by=by, resample=resample, universe=universe, **given
            ).table
        made.insert(0, "digits", d)
        tables.append(made)
    import pandas as pd

    return Levels(pd.concat(tables, ignore_index=True), entry.name, cut)


def at_level(flows: Flows, digits: int) -> Flows:
    """The flows with product codes cut to their first `digits`, summed to cells."""
    flows.check()
    frame = flows.frame.with_columns(nw.col("product").str.slice(0, digits))
    roles = {r: c for r, c in flows.roles.items() if r != "quantity"}
    summed = sum_by(frame.select(*flows.identity, "value"), flows.identity, ["value"])
    return flows.derived(summed, roles=roles, unique=True)


def _plain(
    flows: Flows, name: str, *, over: Columns, by: Columns | None, universe: Universe, options: Any
) -> pd.DataFrame:
    asked: dict[str, Any] = {"products": "number_active", "estimate": (name, options)}
    if flows.resolve(over) != ("product",):
        asked.pop("products")
    table = to_pandas(measure(flows, asked, over=over, by=by, universe=universe))
    return table.drop(columns="universe", errors="ignore")
