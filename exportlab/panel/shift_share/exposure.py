"""Shares and shocks read off their tables: which row is exposed to which shock, and how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exportlab.columns import as_written, real, refuse_no_ids
from exportlab.errors import DataError, DuplicateCells, UnknownName
from exportlab.frames import Array, Codes, Mask, to_pandas


@dataclass(frozen=True)
class Names:
    """The columns of the three tables: the ids of a row, the sector, its share and its shock."""

    unit: str
    period: str | None
    sector: str
    share: str
    shock: str

    @property
    def ids(self) -> list[str]:
        """The columns that name a row of the table."""
        return [self.unit, *([self.period] if self.period else [])]


@dataclass(frozen=True, eq=False)
class Exposure:
    """Which row is exposed to which shock.

    Attributes
    ----------
    W : (n, S) shares of the table's rows
    g : (S,) shocks
    shocks : one row a shock: sector, period where shocks have one, and what else their table says
    dated : whether shocks are by period
    common : whether all units have the same shocks
    given : (n,) exposure where it is not exactly the sum of shares times shocks, else None
    """

    W: Array
    g: Array
    shocks: pd.DataFrame
    dated: bool
    common: bool = True
    given: Array | None = None

    @property
    def x(self) -> Array:
        """The exposure (n,)."""
        return np.asarray(self.W @ self.g) if self.given is None else self.given


def read_exposure(data: pd.DataFrame, shares: Any, shocks: Any, names: Names) -> Exposure:
    """Shares of the rows of `data` by shock, from a table of each.

    Raises
    ------
    DataError
        Shares that are missing, negative, doubled or of rows that are not there; rows without any; shocks that are
        missing or doubled; a share in a sector without a shock.
    """
    S = _table(shares, names, [names.unit, names.sector], names.share, "shares")
    G = _table(shocks, names, [names.sector], names.shock, "shocks")
    value = real(S, names.share)
    _refuse(S, value < 0, "a share is negative", "Shares are parts of the unit's base: zero or above.")
    rows = _rows(data, S, names)
    dated = names.period is not None and names.period in G
    held = S.iloc[rows["_at"]].reset_index(drop=True)
    if dated and names.period is not None:
        held[names.period] = data[names.period].to_numpy(object)[rows["_row"]]
    keys = [names.sector, *([names.period] if dated and names.period else [])]
    column = _place(held, G, keys)
    some = value[rows["_at"]] > 0
    _refuse(
        held, some & (column < 0), "a sector with a share has no shock",
        f"Give each {' and '.join(map(repr, keys))} its shock; a sector that nothing happened to has a shock of zero.",
    )  # fmt: skip
    W = np.zeros((len(data), len(G)))
    W[rows["_row"][some], column[some]] = value[rows["_at"]][some]
    return Exposure(W, real(G, names.shock), G, dated)


def _table(table: Any, names: Names, keys: Sequence[str], number: str, what: str) -> pd.DataFrame:
    """One of the two tables: its columns there, its cells complete and finite, each key once."""
    made = as_written(to_pandas(table), names.period)
    for column in (*keys, number):
        if column not in made.columns:
            raise UnknownName(f"column of the {what}", column, [str(c) for c in made.columns])
    keys = [*keys, *(c for c in names.ids[1:] if c in made.columns)]
    refuse_no_ids(made, keys)
    gaps = made[[*keys, number]].isna().any(axis=1)
    _refuse(
        made, gaps, f"the table of {what} has missing cells", "Leave such rows out on purpose, or fill them."
    )
    _refuse(
        made, ~np.isfinite(real(made, number)), f"a number of the {what} is infinite", "Give finite numbers."
    )
    again = made.duplicated(keys)
    if again.any():
        raise DuplicateCells(
            f"the table of {what} has a {' and '.join(keys)} more than once",
            "Give each one row" + ("." if names.period else ", or name period=."),
            rows=int(again.sum()),
            first=_said(made.loc[again, keys].iloc[0]),
        )
    if made.empty:
        raise DataError(f"the table of {what} has no rows", "Give one row a share and one row a shock.")
    return made


def _rows(data: pd.DataFrame, shares: pd.DataFrame, names: Names) -> Mapping[str, Codes]:
    """Which row of the table has which row of the shares; shares without a period are every period's."""
    keys = [c for c in names.ids if c in shares.columns]
    known = _index(data, keys)
    distinct = known.unique()
    at = distinct.get_indexer(_index(shares, keys))
    said = " and ".join(keys)
    _refuse(
        shares, at < 0, f"shares of a {said} that the table does not have",
        "Leave them out; ids must be of one type in both tables (numbers, or text).",
    )  # fmt: skip
    group = distinct.get_indexer(known)
    bare = ~np.isin(group, at)
    _refuse(
        data[names.ids], bare, f"a {said} has no shares",
        "Give one that is exposed to nothing a row with a share of zero.",
    )  # fmt: skip
    left = pd.DataFrame({"group": group, "_row": np.arange(len(data))})
    both = left.merge(pd.DataFrame({"group": at, "_at": np.arange(len(shares))}), on="group")
    return {c: both[c].to_numpy(np.int64) for c in ("_row", "_at")}


def _place(held: pd.DataFrame, shocks: pd.DataFrame, keys: Sequence[str]) -> Codes:
    """The number of each row's shock, -1 where there is none."""
    return np.asarray(_index(shocks, keys).get_indexer(_index(held, keys)), np.int64)


def _index(table: pd.DataFrame, keys: Sequence[str]) -> pd.Index[Any]:
    """Labels, whatever type holds them."""
    columns = [table[k].astype(object) for k in keys]
    return pd.Index(columns[0]) if len(columns) == 1 else pd.MultiIndex.from_arrays(columns)


def _refuse(table: pd.DataFrame, bad: Any, problem: str, remedy: str) -> None:
    wrong: Mask = np.asarray(bad, bool)
    if wrong.any():
        raise DataError(problem, remedy, rows=int(wrong.sum()), first=_said(table.iloc[int(wrong.argmax())]))


def _said(row: pd.Series[Any]) -> str:
    return ", ".join(f"{k} {v}" for k, v in row.items())
