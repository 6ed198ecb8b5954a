"""The door of shift-share designs: three tables, or a table and two of flows, checked and put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from exportlab.columns import as_written, in_time, real, refuse_no_ids
from exportlab.errors import DataError, DuplicateCells, OptionError, UnknownName
from exportlab.flow_table import Flows
from exportlab.frames import Array, to_pandas
from exportlab.options import Label, validated
from exportlab.panel.regression.formula import Roles
from exportlab.panel.shift_share.design import EXPOSURE, ShiftShareDesign
from exportlab.panel.shift_share.exposure import Exposure, Names, read_exposure
from exportlab.panel.shift_share.of_flows import Growth, LeaveOut, Span, Trade, flows_exposure
from exportlab.panel.shift_share.setup import Asked, Sums
from exportlab.periods import Lag

ROUNDED = 1e-3  # of its deviation: how far a published exposure may be from shares times shocks


@validated
def shift_share_design(
    table: Any,
    *,
    shares: Any,
    shocks: Any,
    unit: str,
    period: str | None = None,
    sector: str = "sector",
    share: str = "share",
    shock: str = "shock",
    controls: str = "1",
    effects: Sequence[str] = (),
    weights: str | None = None,
    cluster: str | None = None,
    sector_cluster: str | Mapping[Any, Any] | None = None,
    shock_controls: Sequence[str] = (),
    sum_of_shares: Sums = "auto",
    exposure: str | None = None,
    base: Label = None,
    until: Label = None,
    lag: Lag = "year",
    growth: Growth = "relative",
    leave_out: LeaveOut = "none",
    missing: str = "refuse",
) -> ShiftShareDesign:
    r"""A shift-share (Bartik) design: places exposed to common shocks by their shares of a base period.

    .. math:: x_{it} = \sum_n s_{in}\, g_{nt}

    Not to be confused with `exportlab.shift_share`, the accounting of growth by Dunn and Esteban-Marquillas.

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
        One row a unit (and period): outcomes, treatments, controls.
    shares : table or Flows
        One row a unit and sector (and period): the share. Pairs without a row have none. Or flows of the units, of
        which shares at `base` are made.
    shocks : table or Flows
        One row a sector (and period): the shock. Or the world's flows, whose growth by sector is the shock.
    unit, period : str
        Columns that name a row, by the same names in all tables; of flows, `unit` is a role (``"exporter"``).
    sector, share, shock : str
        Columns; of flows, `sector` is the role over which the base is spread (``"product"`` or ``"market"``).
    controls : str
        The right side of a formula, ``"log(income) + C(division)"``; a constant is added where there are no effects.
    effects : sequence of str
        Columns whose levels are absorbed.
    weights : str, optional
        Column of positive weights.
    cluster : str, optional
        Column of clusters of rows, for errors that are given for comparison.
    sector_cluster : str or mapping, optional
        Column of the shocks, or a mapping of sectors, by which shocks are clustered: by default each is independent,
        and where they are by period each sector's in every period.
    shock_controls : sequence of str
        Numeric columns of the shocks. Their sums by share are controlled for, so that both levels agree.
    sum_of_shares : {"auto", "once", "by_period", "omit"}
        Whether the sum of shares is controlled for: with shares that do not add up to one the exposure says also how
        large their sum is, which no shock made random. "auto" is "by_period" where shocks are by period, else "once".
    exposure : str, optional
        Column of the exposure as it was published, where shares and shocks were rounded after it was made; it must be
        the sum of shares times shocks to a thousandth of its deviation.
    base, until, lag, growth, leave_out
        Of flows only. Shares are those of `base`. Without `period` the world's growth is from `base` to `until`; with
        `period`, into each period of the table from the one `lag` before. `growth` is "relative", "log" or "midpoint".
        `leave_out` takes out of the world's trade all units of `shares` ("units"), or for each unit itself ("own"),
        which gives units shocks of their own.
    missing : {"refuse", "drop"}

    Returns
    -------
    ShiftShareDesign

    Raises
    ------
    DataError
        A share that is negative, missing, doubled, or of no row; a row without shares; a sector with a share and no
        shock; an exposure that controls and effects absorb; no degree of freedom left.
    UnknownName, OptionError

    Notes
    -----
    With :math:`\ddot v` a variable less its weighted regression on the controls, w the weights and W the shares, the
    estimate is :math:`\beta=\sum w\ddot x\ddot y/\sum w\ddot x\ddot d` (d = x in the reduced form). Errors:

    - "akm": :math:`\sqrt{\sum_c(\sum_{n\in c} h_n\,(W'we)_n)^2}\,/\,|\sum w\ddot x\ddot d|`, h the coefficients of
      :math:`\ddot x` on the shares, c clusters of shocks;
    - "akm0": the values that a test with residuals under the null does not reject; the set may have no end. Its
      ``std_error`` is the interval's length over twice the normal quantile;
    - "shock": as "akm" with the shocks, less their regression on shock-level controls, in the place of h: the robust
      errors of the regression at the level of shocks (`ShiftShareDesign.shock_level`);
    - "robust", "cluster", "classical": of rows. With instruments they have no small-sample factor.

    AKM errors are refused, and "auto" gives those by shock, where shares cannot be told apart (more shocks than rows)
    or span less than nine tenths of what controls and effects leave of the exposure. All use the normal law.

    References
    ----------
    Adao, Kolesar and Morales (2019), Quarterly Journal of Economics 134(4); Borusyak, Hull and Jaravel (2022), Review
    of Economic Studies 89(1); Goldsmith-Pinkham, Sorkin and Swift (2020), American Economic Review 110(8). Numbers are
    those of R's ShiftShareSE.
    """
    names = Names(unit, period, sector, share, shock)
    data = _rows_of(table, names)
    exposed = _exposure(data, shares, shocks, names, Span(base, until, lag, growth, leave_out))
    if exposure is not None:
        exposed = replace(exposed, given=_published(data, exposure, exposed))
    if sum_of_shares == "by_period" and not exposed.dated:
        raise OptionError(
            "sum_of_shares='by_period' needs shocks by period: period=, a column of the shocks."
        )
    roles = Roles(
        {c: [c] for c in effects},
        {cluster: [cluster]} if cluster else {},
        weights=weights,
        also=names.ids,
        added=[EXPOSURE],
    )
    asked = Asked(names, controls, roles, sector_cluster, tuple(shock_controls), sum_of_shares, missing)
    made = ShiftShareDesign(data.assign(**{EXPOSURE: exposed.x}), exposed, asked)
    return made.checked()


def _published(data: pd.DataFrame, column: str, exposed: Exposure) -> Array:
    """The exposure (n,) as it was published, which shares and shocks must give but for rounding."""
    if column not in data.columns:
        raise UnknownName("column", column, [str(c) for c in data.columns])
    if not exposed.common:
        raise OptionError("exposure= and leave_out='own' both say the exposure: name one of them.")
    x = real(data, column)
    far = ~(np.abs(x - exposed.x) <= ROUNDED * np.std(exposed.x))
    if far.any():
        at = int(far.argmax())
        raise DataError(
            f"{column!r} is not the sum of shares times shocks",
            "Leave exposure= out, or give the shares and shocks that it was made of.",
            rows=int(far.sum()),
            first=f"row {at + 1}: {x[at]:g} beside {exposed.x[at]:g}",
        )
    return x


def _rows_of(table: Any, names: Names) -> pd.DataFrame:
    """The table with its ids complete, each row once."""
    data = as_written(to_pandas(table), names.period)
    for column in names.ids:
        if column not in data.columns:
            raise UnknownName("column", column, [str(c) for c in data.columns])
    if EXPOSURE in data.columns:
        raise OptionError(f"The table has a column {EXPOSURE!r} already: rename it.")
    refuse_no_ids(data, names.ids)
    bare = data[names.ids].isna().any(axis=1)
    if bare.any():
        raise DataError(
            f"{' or '.join(names.ids)} is missing", "Name every row.", rows=int(bare.sum()),
            first=f"row {int(bare.to_numpy().argmax()) + 1}",
        )  # fmt: skip
    if names.period is not None:
        in_time(data[names.period], names.period)
    again = data.duplicated(names.ids)
    if again.any():
        raise DuplicateCells(
            f"the same {' and '.join(names.ids)} twice",
            "Give one row a unit" + (" and period." if names.period else ", or name period=."),
            rows=int(again.sum()),
            first=", ".join(f"{c} {data.loc[again, c].iloc[0]}" for c in names.ids),
        )
    return data


def _exposure(data: pd.DataFrame, shares: Any, shocks: Any, names: Names, span: Span) -> Exposure:
    """Exposure from two tables, or from two tables of flows."""
    both = isinstance(shares, Flows), isinstance(shocks, Flows)
    if all(both):
        if span.base is None:
            raise OptionError("Flows need base=, the period of the shares.")
        return flows_exposure(data, Trade(shares, shocks, names, span))
    if any(both):
        raise OptionError("shares= and shocks= are both flows, or both tables.")
    if span != Span(None, None, "year", "relative", "none"):
        raise OptionError(
            "base=, until=, lag=, growth= and leave_out= belong to flows, not to tables of shares."
        )
    return read_exposure(data, shares, shocks, names)
