r"""From indicators in units of their own to figures that can be added: more is better in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy.stats import rankdata

from exportlab.composite.indicator_table import ROUNDING, Indicators, first_bad
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.frames import Array

Scale: TypeAlias = Literal["minmax", "z", "rank", "frontier", "vector"]
Outside: TypeAlias = Literal["refuse", "keep", "clip"]
BOUNDED = ("minmax", "rank")  # between 0 and 1
FEWEST = 3  # units from which best, worst, means and ranks are learned


@dataclass(frozen=True, eq=False)
class Scaling:
    """How indicators are scaled.

    `goalposts` are the fixed ends of some indicators, in their own units; `outside` says what becomes of figures
    beyond them; `by_period` scales each period by itself; `shift` s takes r to s + (1 - s) r.
    """

    method: Scale = "minmax"
    goalposts: Mapping[str, tuple[float, float]] | None = None
    outside: Outside = "refuse"
    by_period: bool = False
    shift: float = 0.0


def check_goalposts(table: Indicators, how: Scaling) -> None:
    """Refuse goalposts that name no indicator, are no pair, or leave figures outside."""
    ends = how.goalposts or {}
    for name, (low, high) in ends.items():
        if name not in table.names:
            raise UnknownName("indicator of goalposts=", name, table.names)
        if not low < high:
            raise OptionError(
                f"goalposts={{{name!r}: ({low:g}, {high:g})}} is not allowed. Allowed: (low, high) in the indicator's "
                "own units, low below high; its direction stands in indicators=."
            )
    if ends and how.method != "minmax":
        raise OptionError(f"goalposts= belong to scale='minmax'; {how.method!r} has none.")
    if how.outside != "refuse":
        return
    least, most = _ends(table, ends, np.arange(len(table.x)))
    bad = (table.x < least) | (table.x > most)
    if bad.any():
        count, first = first_bad(table, bad)
        raise DataError(
            f"{count:,} figures lie outside their goalposts",
            "Widen the goalposts, or say outside='clip' (held at the goalpost) or outside='keep' (below 0, above 1).",
            first=first,
        )


def scaled(table: Indicators, how: Scaling) -> Array:
    """The figures of all indicators, more is better, each pool by itself."""
    r = np.empty_like(table.x)
    for rows in table.groups(by_period=how.by_period):
        _refuse_constant(table, how, rows)
        if how.method == "minmax":
            r[rows] = _between(table, how, rows)
        elif how.method == "z":
            x = table.x[rows]
            r[rows] = table.signs * (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
        elif how.method == "rank":
            r[rows] = (rankdata(table.signs * table.x[rows], axis=0) - 1) / (len(rows) - 1)
        elif how.method == "vector":
            r[rows] = table.signs * table.x[rows] / np.sqrt((table.x[rows] ** 2).sum(axis=0))
        else:
            r[rows] = _frontier(table, rows)
    return how.shift + (1 - how.shift) * r if how.shift else r


def _ends(table: Indicators, goalposts: Mapping[str, tuple[float, float]], rows: Any) -> tuple[Array, Array]:
    """The low and the high end of each indicator: its goalposts, else the ends of what is seen."""
    x = table.x[rows]
    found = [
        goalposts.get(n, (low, high)) for n, low, high in zip(table.names, x.min(0), x.max(0), strict=True)
    ]
    low, high = np.array(found).T
    return low, high


def _between(table: Indicators, how: Scaling, rows: Any) -> Array:
    """(x - low) / (high - low), and (high - x) / (high - low) where less is better."""
    low, high = _ends(table, how.goalposts or {}, rows)
    x = table.x[rows]
    r = np.where(table.signs > 0, x - low, high - x) / (high - low)
    return np.asarray(np.clip(r, 0.0, 1.0) if how.outside == "clip" else r)


def _frontier(table: Indicators, rows: Any) -> Array:
    """x / max x, and min x / x where less is better: the handbook's distance to a reference."""
    x = table.x[rows]
    low = np.zeros_like(table.x, dtype=bool)
    low[rows] = x <= 0
    if low.any():
        count, first = first_bad(table, low)
        raise DataError(
            f"{count:,} figures are zero or negative, and scale='frontier' is a ratio to the best",
            "Ratios need positive figures: take scale='minmax'.",
            first=first,
        )
    return np.asarray(np.where(table.signs > 0, x / x.max(axis=0), x.min(axis=0) / x))


def _refuse_constant(table: Indicators, how: Scaling, rows: Any) -> None:
    """Refuse what cannot be learned from the rows: ends and spreads of too few units, or of one value."""
    learned = np.array([n not in (how.goalposts or {}) for n in table.names])
    if not learned.any():
        return
    where = "" if not how.by_period else f" in {table.keys[table.period].iloc[rows[0]]!s}"
    if len(rows) < FEWEST:
        raise DataError(
            f"there are {len(rows)} rows{where}, and best, worst and spread are learned from {FEWEST} or more",
            "Add units, or fix the ends of every indicator with goalposts=.",
        )
    x = table.x[rows]
    same = learned & (np.ptp(x, axis=0) <= ROUNDING * np.abs(x).max(axis=0))
    if same.any():
        column = int(same.argmax())
        raise DataError(
            f"{int(same.sum())} of {len(same)} indicators are constant{where}: they tell no unit from another",
            "Leave them out, or fix their ends with goalposts=.",
            first=f"{table.names[column]} = {x[0, column]:g}",
        )
