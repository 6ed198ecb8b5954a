"""Rows a Poisson regression with effects cannot use: separated ones, and singletons of an effect."""

from __future__ import annotations

import numpy as np

from exportlab.arrays import Codes, Mask
from exportlab.errors import DataError
from exportlab.panel.algebra.levels import singletons
from exportlab.panel.algebra.separation import find_separated
from exportlab.panel.regression.formula import Design

SINGLETON = "the only row of an effect (fitted perfectly)"
SEPARATED = "separated (its mean could only be zero)"


def set_aside(d: Design, methods: tuple[str, ...], alone: str) -> tuple[Design, Mask, Mask]:
    """Leave separated rows and singletons out until neither is left: design, rows kept, rows separated."""
    kept: Codes = np.arange(len(d.y))
    separated = np.zeros(len(d.y), dtype=np.bool_)
    rows = np.ones(len(d.y), dtype=np.bool_)
    cheap = tuple(m for m in methods if m == "fe")
    while True:
        found = find_separated(d.y, d.x, d.effects, methods=cheap).rows
        separated[kept[found]] = True
        d, kept = _left(d, kept, ~found, SEPARATED)
        lone = singletons(d.effects) if alone == "drop" and len(d.effects) else np.zeros(len(d.y), dtype=bool)
        d, kept = _left(d, kept, ~lone, SINGLETON)
        if lone.any():
            continue
        found = find_separated(d.y, d.x, d.effects, methods=methods).rows
        if not found.any():
            break
        separated[kept[found]] = True
        d, kept = _left(d, kept, ~found, SEPARATED)
    rows[:] = False
    rows[kept] = True
    return d, rows, separated


def _left(d: Design, kept: Codes, keep: Mask, reason: str) -> tuple[Design, Codes]:
    if not keep.any():
        raise DataError(
            f"No row is left: the last {keep.size:,} of {d.rows:,} rows are each {reason}",
            "Use fewer or coarser effects, or more data.",
        )
    return d.keep(keep, reason), kept[keep]


def without_singletons(d: Design) -> tuple[Design, Mask]:
    """The design without the rows that are alone in an effect, and which rows stayed."""
    lone = singletons(d.effects) if len(d.effects) else np.zeros(len(d.y), dtype=np.bool_)
    return _left(d, np.arange(len(d.y)), ~lone, SINGLETON)[0], ~lone
