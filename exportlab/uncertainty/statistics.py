"""The indices as functions of unit weights: of members that are themselves drawn, or of cells summed from units.

Where the unit is what the index is spread over (HHI over markets, markets drawn), a member drawn twice is two
members. Where it is something else (products, months, firms), its flows are counted twice and summed to cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from exportlab.arrays import Array
from exportlab.catalogue import CATALOGUE, check_options, own_options
from exportlab.distribution import on_array
from exportlab.indices.concentration import POWERS
from exportlab.member import ON_ARRAYS, Group, Member
from exportlab.uncertainty.influence import SLOPES, cell_slopes, member_slopes
from exportlab.uncertainty.sample import Sample, summed


def of_cells(name: str, flows: Any, *, universe: float | None = None, **options: Any) -> Sample:
    """A distribution indicator of cells that units add up to.

    Parameters
    ----------
    name : str
    flows : array or sparse array, shape (U, K)
        What each unit adds to each cell.
    universe : float, optional
        N; None for the active cells of each draw.
    """
    entry, implied = CATALOGUE.find(name)
    chosen = check_options(entry, {**implied, **options})

    def index(x: Array) -> Array:
        return np.asarray(on_array(entry, x, chosen, universe=universe)[..., None])

    def influence(w: Array) -> Array:
        by_cell = cell_slopes(entry.name, w @ flows, universe, chosen)
        return np.asarray((by_cell @ flows.T)[..., None])

    sizes, total = by_unit(flows)
    return summed(flows, index, np.full(flows.shape[1], total), sizes=sizes,
                  influence=influence if smooth(entry.name, chosen) else None)  # fmt: skip


def smooth(name: str, options: Mapping[str, Any]) -> bool:
    """Whether the influence function is known."""
    return name in SLOPES and not (name == "hill" and not 0 < options["q"] <= POWERS)


def of_members(
    name: str, values: Array, unit: Any = None, *, universe: float | None = None, **options: Any
) -> Sample:
    """A distribution indicator of members that are drawn themselves, each with the unit it belongs to.

    Parameters
    ----------
    name : str
    values : ndarray, shape (K,)
        Member values, zeros included where categories without flows can be drawn.
    unit : ndarray of int, shape (K,), optional
        The unit of each member, 0 to U-1; by default each member is a unit.
    universe : float, optional
        N of the observed table, spread evenly over the units; None for the active members of each draw.
    """
    entry, implied = CATALOGUE.find(name)
    chosen = check_options(entry, {**implied, **options})
    values = np.asarray(values, dtype=np.float64)
    codes = np.arange(values.size) if unit is None else np.asarray(unit)
    order = np.argsort(-values, kind="stable")
    x, codes = values[order], codes[order]
    units = int(codes.max()) + 1

    def sizes(w: Array) -> Array:
        """N of each draw."""
        active = np.maximum((w[..., codes] * (x > 0)).sum(axis=-1), 1.0)
        return active if universe is None else np.asarray(w.sum(axis=-1) * (universe / units))

    def statistic(w: Array) -> Array:
        return weighted(entry.name, x, w[..., codes], sizes(w), chosen)[..., None]

    def influence(w: Array) -> Array:
        per = (
            np.bincount(codes, x > 0, units).astype(np.float64)
            if universe is None
            else np.full(units, universe / units)
        )
        return member_slopes(
            entry.name, x, w[..., codes], unit=codes, size=sizes(w), per_unit=per, options=chosen
        )[..., None]

    whole = entry.name == "cr"
    size: Array = np.bincount(codes, x, units).astype(np.float64)
    return Sample(statistic, size, influence if smooth(entry.name, chosen) else None,
                  not whole, width=values.size)  # fmt: skip


def weighted(name: str, x: Array, w: Array, size: Array, options: Mapping[str, Any]) -> Array:
    """The catalogue's formula on members x (largest first) of which member k is there w_k times.

    Shapes (K,), (..., K), (...,) to (...,). Copies of one member take successive ranks; where w is not whole they
    share their mean rank, which is exact for terms linear in rank.
    """
    entry = CATALOGUE[name]
    term = entry.term
    assert term is not None
    own = own_options(term, options)
    total = w @ x
    some = total > 0
    largest = np.where(w > 0, x, 0.0).max(axis=-1, initial=0.0)
    groups = {
        "total": np.where(some, total, 1.0), "largest": np.where(some, largest, 1.0), "N": size,
        "n": np.maximum((w * (x > 0)).sum(axis=-1), np.finfo(float).tiny),
    }  # fmt: skip

    def term_at(copy: Any) -> Array:
        """The term of one copy of each member; the ranks of all are needed by few."""

        def column(what: str) -> Array:
            if what == "rank":
                return np.asarray(np.cumsum(w, axis=-1) - w + copy)
            if what in ("share", "relative"):
                return np.asarray(x / groups["total" if what == "share" else "largest"][..., None])
            return np.broadcast_to(x if what == "value" else (x > 0) * 1.0, w.shape)

        return np.asarray(term(Member(column, ON_ARRAYS), **own))

    if name == "cr":  # not linear in rank: every copy on its own
        copies = range(1, int(w.max()) + 1)
        summed = np.sum([np.where(w >= c, term_at(c), 0.0).sum(axis=-1) for c in copies], axis=0)
    else:
        summed = (w * term_at((w + 1) / 2)).sum(axis=-1)
    summed = np.where(some, summed, 1.0)
    group = Group(groups.__getitem__, ON_ARRAYS)
    result = entry.finished(summed, group, options)
    return np.where(some, result, np.nan)


def shares(flows: Any) -> Sample:
    """The share of every cell in the total; flows of shape (U, K), K values."""
    size, total = by_unit(flows)
    dense = flows.toarray() if hasattr(flows, "toarray") else flows

    def index(x: Array) -> Array:
        return over(x, x.sum(axis=-1, keepdims=True))

    def influence(w: Array) -> Array:
        s = index(w @ dense)[..., None, :]
        return over(dense - s * size[:, None], (w @ size)[..., None, None])

    return summed(dense, index, np.full(dense.shape[1], total), sizes=size, influence=influence)


def part(inside: Array, size: Array) -> Sample:
    """A bloc's share: what units send to its members over all they send; both of shape (U,)."""

    adds = np.stack([inside, size], axis=1)

    def index(x: Array) -> Array:
        return over(x[..., :1], x[..., 1:])

    def influence(w: Array) -> Array:
        theta = index(w @ adds)
        return over(inside - theta * size, (w @ size)[..., None])[..., None]

    return summed(adds, index, np.full(2, size.sum()), sizes=size, influence=influence)


def over(top: Array, bottom: Array) -> Array:
    """Top over bottom, NaN where the bottom is zero: a share of nothing is not defined."""
    return np.where(bottom != 0, top / np.where(bottom != 0, bottom, 1.0), np.nan)


def by_unit(flows: Any) -> tuple[Array, float]:
    """What each unit carries, and all of them."""
    sizes = np.asarray(flows.sum(axis=1), dtype=np.float64).ravel()
    return sizes, float(sizes.sum())
