"""The indices as functions of unit weights: of members that are themselves drawn, or of cells summed from units.

Where the unit is what the index is spread over (HHI over markets, markets drawn), a member drawn twice is two
members. Where it is something else (products, months, firms), its flows are counted twice and summed to cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exportlab.frames import Array
from exportlab.indices.catalogue import CATALOGUE, check_options, own_options
from exportlab.indices.concentration import NEAR_ONE, POWERS
from exportlab.indices.members import ON_ARRAYS, Group, Member, on_array
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
    known = influence if smooth(entry.name, chosen) else None
    return summed(flows, index, np.full(flows.shape[1], total), sizes=sizes, influence=known)


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
    return Sample(
        statistic,
        size,
        influence if smooth(entry.name, chosen) else None,
        not whole,
        width=values.size,
        members=True,
    )


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
        "total": np.where(some, total, 1.0),
        "largest": np.where(some, largest, 1.0),
        "N": size,
        "n": np.maximum((w * (x > 0)).sum(axis=-1), np.finfo(float).tiny),
    }

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

    made = summed(dense, index, np.full(dense.shape[1], total), sizes=size, influence=influence)
    return replace(made, portion=_carrying(dense, size[:, None]))


def part(inside: Array, size: Array) -> Sample:
    """A bloc's share: what units send to its members over all they send; both of shape (U,)."""

    adds = np.stack([inside, size], axis=1)

    def index(x: Array) -> Array:
        return over(x[..., :1], x[..., 1:])

    def influence(w: Array) -> Array:
        theta = index(w @ adds)
        return over(inside - theta * size, (w @ size)[..., None])[..., None]

    made = summed(adds, index, np.full(2, size.sum()), sizes=size, influence=influence)
    return replace(made, portion=_carrying(inside[:, None], size[:, None]))


def _carrying(inside: Array, size: Array) -> Array:
    """The part of the units that carry something of a portion, or of the rest if those are fewer."""
    return np.asarray(np.minimum((inside > 0).mean(axis=0), (inside < size).mean(axis=0)))


def over(top: Array, bottom: Array) -> Array:
    """Top over bottom, NaN where the bottom is zero: a share of nothing is not defined."""
    return np.where(bottom != 0, top / np.where(bottom != 0, bottom, 1.0), np.nan)


def by_unit(flows: Any) -> tuple[Array, float]:
    """What each unit carries, and all of them."""
    sizes = np.asarray(flows.sum(axis=1), dtype=np.float64).ravel()
    return sizes, float(sizes.sum())


# Influence functions, from three derivatives of each index.
#
# An index of a distribution is :math:`T = F(\sum_k f(s_k), N)`. With :math:`f'`, :math:`F'` and :math:`F_N` its
# derivative by a member's value is :math:`F' (f'(s_k) - \sum_j s_j f'(s_j)) / S`, and by how often a member counts
# :math:`F' (f(s_k) - s_k \sum_j s_j f'(s_j)) + F_N N_k`. The variance is the sum of squares of the influences
# (Hampel 1974; Davidson and Flachaire 2007 for inequality indices; Binder 1983 for the linearised form).


def _none(t: Array, n: Array, **_: Any) -> Array:
    return np.zeros_like(t)


@dataclass(frozen=True)
class Slopes:
    """Derivatives of one index: of the term by the share, of the finish by the sum and by N."""

    term: Callable[..., Array]
    finish: Callable[..., Array]
    size: Callable[..., Array] = _none
    ranked: bool = False


def _square(s: Array, rank: Array, **_: Any) -> Array:
    return 2 * s


def _entropy(s: Array, rank: Array, **_: Any) -> Array:
    return _hill(s, rank, q=1)


def _rank(s: Array, rank: Array, **_: Any) -> Array:
    return rank


def _hill(s: Array, rank: Array, *, q: float) -> Array:
    """The slope of s^q, or of (s^q - s)/(q - 1) where the index sums that (q near 1)."""
    log = np.log(np.where(s > 0, s, 1.0))
    if q == 1:
        slope = log + 1
    elif abs(q - 1) < NEAR_ONE:
        slope = q * np.expm1((q - 1) * log) / (q - 1) + 1
    else:
        slope = q * np.exp((q - 1) * log)
    return np.where(s > 0, slope, 0.0)


def _hill_finish(t: Array, n: Array, *, q: float) -> Array:
    if q == 1:
        return -np.exp(-t)
    if abs(q - 1) < NEAR_ONE:
        return -np.exp(np.log1p((q - 1) * t) * q / (1 - q))
    return t ** (q / (1 - q)) / (1 - q)


def _root(n: Array) -> Array:
    return 1 / np.sqrt(n)


SLOPES: dict[str, Slopes] = {
    "hhi": Slopes(_square, lambda t, n, scale=1: np.full_like(t, scale)),
    "hhi_normalised": Slopes(
        _square, lambda t, n: n / (n - 1) * np.ones_like(t), lambda t, n: (1 - t) / (n - 1) ** 2
    ),
    "hirschman": Slopes(_square, lambda t, n: np.sqrt(1 / t) / 2),
    "effective_number": Slopes(_square, lambda t, n: -1 / t**2),
    "unctad_concentration": Slopes(
        _square,
        lambda t, n: np.sqrt(1 / t) / 2 / (1 - _root(n)),
        lambda t, n: (1 - np.sqrt(t)) / (1 - _root(n)) ** 2 / (2 * n**1.5),
    ),
    "shannon": Slopes(_entropy, lambda t, n: -np.ones_like(t)),
    "theil": Slopes(_entropy, lambda t, n: np.ones_like(t), lambda t, n: 1 / n),
    "hill": Slopes(_hill, _hill_finish),
    "gini": Slopes(_rank, lambda t, n: -2 / n, lambda t, n: (2 * t - 1) / n**2, ranked=True),
    "hall_tideman": Slopes(_rank, lambda t, n: -2 / (2 * t - 1) ** 2, ranked=True),
}


def cell_slopes(name: str, x: Array, universe: float | None, options: Mapping[str, Any]) -> Array:
    """Derivative of the index by the value of each cell: (..., K) to (..., K).

    A cell that is empty in x is given no slope: what could fill it does not count in that draw.
    """
    known = SLOPES[name]
    total = x.sum(axis=-1, keepdims=True)
    s: Array = np.asarray(x / np.where(total > 0, total, 1.0), dtype=np.float64)
    rank: Any = np.argsort(np.argsort(-s, axis=-1, kind="stable"), axis=-1) + 1.0 if known.ranked else s
    slope = known.term(s, rank, **_own(known.term, options))
    n = np.maximum((x > 0).sum(axis=-1), 1).astype(np.float64)
    size = n if universe is None else np.full(n.shape, float(universe))
    end = known.finish(_summed(name, s, rank, np.ones(s.shape), options), size, **_own(known.finish, options))
    centred = slope - (s * slope).sum(axis=-1, keepdims=True)
    return np.asarray(end[..., None] * centred / np.where(total > 0, total, np.nan))


def member_slopes(
    name: str, x: Array, w: Array, *, unit: Any, size: Array, per_unit: Array, options: Mapping[str, Any]
) -> Array:
    """Derivative of the index by how often each unit's members count.

    Members x (K,) largest first, weights w (..., K), units (K,), N (...,), N per unit (U,): to (..., U).
    """
    known = SLOPES[name]
    total = (w @ x)[..., None]
    s = x / np.where(total > 0, total, 1.0)
    above = np.cumsum(w, axis=-1) - w if known.ranked else s
    rank = above + (w + 1) / 2 if known.ranked else s
    summed = _summed(name, s, rank, w, options)
    slope = known.term(s, rank, **_own(known.term, options))
    if known.ranked:  # one more copy moves down whatever is smaller
        held = w * s
        direct = s * (above + w + 0.5) + held.sum(axis=-1, keepdims=True) - np.cumsum(held, axis=-1)
    else:
        direct = _terms(name, s, rank, options)
    by_member = direct - s * (w * s * slope).sum(axis=-1, keepdims=True)
    end = known.finish(summed, size, **_own(known.finish, options))[..., None]
    by_size = known.size(summed, size, **_own(known.size, options))[..., None]
    alone = per_unit.size == x.size
    collected = (
        np.empty(by_member.shape) if alone else by_member @ (unit[:, None] == np.arange(per_unit.size))
    )
    if alone:
        collected[..., unit] = by_member
    return np.asarray(end * collected + by_size * per_unit)


def _terms(name: str, s: Array, rank: Array, options: Mapping[str, Any]) -> Array:
    term = CATALOGUE[name].term
    assert term is not None
    columns = {"value": s, "share": s, "rank": rank, "active": (s > 0) * 1.0}  # of a total of 1
    return np.asarray(term(Member(columns.__getitem__, ON_ARRAYS), **own_options(term, options)))


def _summed(name: str, s: Array, rank: Array, w: Array, options: Mapping[str, Any]) -> Array:
    return np.asarray((w * _terms(name, s, rank, options)).sum(axis=-1))


def _own(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    taken = function.__code__.co_varnames[
        : function.__code__.co_argcount + function.__code__.co_kwonlyargcount
    ]
    return {k: v for k, v in options.items() if k in taken}
