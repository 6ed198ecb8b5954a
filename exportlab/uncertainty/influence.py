r"""Influence functions, from three derivatives of each index.

An index of a distribution is :math:`T = F(\sum_k f(s_k), N)`. With :math:`f'`, :math:`F'` and :math:`F_N` its
derivative by a member's value is :math:`F' (f'(s_k) - \sum_j s_j f'(s_j)) / S`, and by how often a member counts
:math:`F' (f(s_k) - s_k \sum_j s_j f'(s_j)) + F_N N_k`. The variance is the sum of squares of the influences
(Hampel 1974; Davidson and Flachaire 2007 for inequality indices; Binder 1983 for the linearised form).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from exportlab.arrays import Array
from exportlab.catalogue import CATALOGUE, own_options
from exportlab.indices.concentration import NEAR_ONE
from exportlab.member import ON_ARRAYS, Member


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
}  # fmt: skip


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
