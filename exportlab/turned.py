"""Flows in other periods: totals from January taken apart, and the periods in which a table is compared and told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from exportlab.audit import describe
from exportlab.catalogue import guarded
from exportlab.errors import DataError
from exportlab.flows import Flows, require
from exportlab.frames import collect, first_of, missing, recoded, stack, sum_by, when
from exportlab.periods.turning import YEAR, Turned, coarser, matching, single, twelve_months

ROUNDING = 1e-12  # of a total, below which the difference of two is what adding up left over


@guarded
def decumulate(flows: Flows) -> Flows:
    """Single months from totals that run from January (January to May less January to April).

    Parameters
    ----------
    flows : Flows
        Whose periods are months added up from January, as customs announce them: '2023-01/05', '2023年1-5月',
        'Jan-May 2023'.

    Returns
    -------
    Flows
        The same cells by month, quantities as well. Where a year has no January of its own, January and February
        stay one period under its own label. A cell that is in one of two totals counts as zero in the other.

    Raises
    ------
    DataError
        Other periods; a total missing between two others, or at the beginning of a year; a total smaller than the
        one before it, as when the figures were revised in between: the cell with both figures.

    Notes
    -----
    A revision of earlier months falls on the month in which it is announced. Growth that is published beside
    totals is on the revised base, total / (1 + growth), so that a month's growth on the unrevised one may differ.

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> table = pd.DataFrame({"period": ["2024年1-2月", "2024年1-3月", "2024年1-4月"], "value": [5280.1, 8075.0, 10999.5]})
    >>> xl.decumulate(xl.flows(table)).table.round(1)
          period   value
    0  2024年1-2月  5280.1
    1    2024年3月  2794.9
    2    2024年4月  2924.5
    """
    require(flows, "decumulate")
    how = flows.plain_if_lazy(single(flows.calendar, flows.observed("period")))
    sides = [name for name in ("value", "quantity") if name in flows.roles]
    both = stack(
        _parts(flows, sides, how.pairs, after=True), _parts(flows, sides, how.less, after=False)
    ) if how.less else _parts(flows, sides, how.pairs, after=True)
    names = [f"_{name}_{part}" for name in sides for part in ("after", "before", "gone")]
    sums = sum_by(both, flows.identity, names)
    for name in sides:
        _refuse_falling(flows, how, sums, name)
    return flows.in_periods(sums.select(*flows.identity, *(_difference(name) for name in sides)), how)
