"""Which cells a regression with one effect a unit and period can tell, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from exportlab.errors import DataError, OptionError
from exportlab.frames import Array, Mask
from exportlab.panel.algebra.levels import Effects
from exportlab.panel.algebra.separation import find_separated
from exportlab.panel.did.regress import Cells, cells

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

LOST = "treated cohort without a comparison in the period"
INFINITE = "treated cell whose mean without treatment is zero"
SEPARATED = "separated (the mean without treatment could only be zero)"


Inside: TypeAlias = Callable[["PolicyPanel"], Mask]


@dataclass(frozen=True, eq=False)
class Base:
    """The event time of each cohort's base period, and the note where one is not what was wanted."""

    of: dict[float, float]
    notes: tuple[str, ...]

    @property
    def times(self) -> tuple[int, ...]:
        """The distinct event times, ascending."""
        return tuple(sorted({int(e) for e in self.of.values()}))

    def rows(self, panel: PolicyPanel) -> Mask:
        """(n,) rows in their cohort's base period."""
        own = np.array([self.of.get(g, np.nan) for g in panel.first.tolist()])
        return np.asarray(panel.event_time == own)

    def cells(self, panel: PolicyPanel) -> Mask:
        """(n,) rows of treated cohorts outside their base period."""
        return np.isfinite(panel.event_time) & ~self.rows(panel)


def base_of(panel: PolicyPanel, wanted: int) -> Base:
    """The event time `wanted` in every cohort, or its last one before where that period is missing."""
    time = panel.event_time
    known = sorted({int(e) for e in time[np.isfinite(time)]})
    if wanted not in known and wanted != -1:
        raise OptionError(f"base={wanted} is not an event time of the panel. Event times: {known}.")
    own: dict[float, float] = {}
    for g in np.unique(panel.first[np.isfinite(panel.first)]):
        before = time[(panel.first == g) & (time <= wanted)]
        if not len(before):
            raise DataError(
                f"cohort {panel.period_name(g)} has no period at event time {wanted} or before",
                "Choose a later base, or leave that cohort out.",
            )
        own[float(g)] = float(before.max())
    moved = [f"{panel.period_name(g)} ({e:.0f})" for g, e in own.items() if e != wanted]
    note = f"Event time {wanted} is missing in some cohorts, whose base is the last one before: {', '.join(moved)}."
    return Base(own, (note,) if moved else ())


@dataclass(frozen=True, eq=False)
class Identified:
    """The panel and its cells without those that nothing identifies, the cells left out, and notes that name them."""

    panel: PolicyPanel
    of: Cells
    notes: tuple[str, ...]


def identified(panel: PolicyPanel, inside: Inside, *, units: bool) -> Identified:
    """Leave out, and count, cells that the untreated rows do not compare.

    With effects of units (or cohorts) and periods, a cell is identified when the rows outside all cells link its unit
    (cohort) with its period: then some chain of comparisons says what would have been.
    """
    of = cells(panel, inside(panel))
    known = _linked(panel, of, units=units)
    if known.all():
        return Identified(panel, of, ())
    if not known[of.event_time >= 0].any():
        raise DataError(
            f"none of the {int((of.event_time >= 0).sum())} treated cells has a comparison",
            "Bring units that are untreated in those periods, or periods before adoption.",
        )
    lost = (of.code >= 0) & ~known[of.code]
    kept = panel.where(~lost, LOST)
    return Identified(kept, cells(kept, inside(kept)), left_out(of.names(), ~known, of.event_time >= 0))


def _linked(panel: PolicyPanel, of: Cells, *, units: bool) -> Mask:
    """(m,) cells one of whose rows is linked with its period by rows outside all cells."""
    first = panel.units if units else np.unique(panel.first, return_inverse=True)[1]
    n, outside = int(first.max()) + 1, of.code < 0
    size = n + len(panel.period_values)
    ones = np.ones(int(outside.sum()))
    links = sparse.coo_matrix((ones, (first[outside], n + panel.periods[outside])), shape=(size, size))
    part = connected_components(links, directed=False)[1]
    joined = (part[first] == part[n + panel.periods]) & ~outside
    return np.bincount(of.code[joined], minlength=len(of.cohort)) > 0


def left_out(names: list[str], lost: Mask, treated: Mask) -> tuple[str, ...]:
    """The notes that name cells left out: treated ones of averages, others of leads."""
    said = {
        f"Averages leave out {{}} of {int(treated.sum())} treated cells, which have no comparison: ": lost
        & treated,
        f"Leads leave out {{}} of {int((~treated).sum())} cells, which have no comparison: ": lost & ~treated,
    }
    notes = []
    for template, out in said.items():
        gone = [name for name, lacks in zip(names, out, strict=True) if lacks]
        more = f" and {len(gone) - 5} more" if len(gone) > 5 else ""
        notes += [template.format(len(gone)) + ", ".join(gone[:5]) + more + "."] if gone else []
    return tuple(notes)


@dataclass(frozen=True, eq=False)
class Finite:
    """A Poisson panel without separated rows; cells whose mean without treatment is zero, with their mean outcome."""

    panel: PolicyPanel
    infinite: Cells
    mean: Array


def without_separated(
    panel: PolicyPanel,
    inside: Inside,
    *,
    design: Callable[[PolicyPanel, Cells], Array],
    effects: Callable[[PolicyPanel], Effects],
    units: bool,
) -> Finite:
    """Leave out, and count, rows whose mean without treatment could only be zero, and the cells they compare.

    The effect on such a cell is infinite in log points; in levels it is the outcome itself.
    """
    used = panel
    while True:
        of = cells(used, inside(used))
        found = find_separated(used.y, design(used, of), effects(used)).rows
        if not found.any():
            break
        used = used.where(~found, SEPARATED)
    before = cells(panel, inside(panel))
    still = {pair for pair, known in zip(_pairs(of), _linked(used, of, units=units), strict=True) if known}
    there = {
        pair for pair, known in zip(_pairs(before), _linked(panel, before, units=units), strict=True) if known
    }
    infinite = cells(panel, _inside(panel, there - still))
    rows = infinite.code >= 0
    w = np.ones(len(panel.y)) if panel.w is None else panel.w
    total = np.bincount(infinite.code[rows], weights=(w * panel.y)[rows], minlength=len(infinite.cohort))
    lost = _inside(used, there - still)
    return Finite(used.where(~lost, INFINITE) if lost.any() else used, infinite, total / infinite.weight)


def _inside(panel: PolicyPanel, pairs: set[tuple[float, float]]) -> Mask:
    """(n,) rows whose cohort and period are one of `pairs`."""
    value = panel.period_values[panel.periods]
    return np.array([pair in pairs for pair in zip(panel.first.tolist(), value.tolist(), strict=True)], bool)


def _pairs(of: Cells) -> list[tuple[float, float]]:
    return list(zip(of.cohort.tolist(), of.period.tolist(), strict=True))
