"""An index as a function of how often each resampled unit counts: all that the interval methods need to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from exportlab.errors import DataError, OptionError
from exportlab.frames import Array
from exportlab.indices.members import ROUNDING
from exportlab.words import Text, said

NOTHING = 1e-12  # what rounding leaves of a sum after taking out its only part, in parts of that sum


@dataclass(frozen=True, eq=False)
class Sums:
    """An index made of sums over units.

    Attributes
    ----------
    adds : array or sparse array, shape (U, P)
        What each unit adds to each sum.
    index : callable
        Sums (..., P) to values (..., M).
    per : ndarray, shape (P,)
        What each sum is divided by so that growth alone does not change the index; NaN where it must stay.
    """

    adds: Any
    index: Callable[[Array], Array]
    per: Array


@dataclass(frozen=True, eq=False)
class Sample:
    """An index seen as theta(w), where w_u says how often unit u counts and w = 1 is what was observed.

    Attributes
    ----------
    statistic : callable
        Weights (..., U) to values (..., M).
    sizes : ndarray, shape (U,)
        What each unit carries of the total.
    influence : callable, optional
        Weights (..., U) to the derivatives of the values by each weight (..., U, M).
    fractional : bool
        Whether the index is defined for weights that are not whole numbers.
    strata : tuple of int
        How many units stand in each independent sample, in their order; by default all in one.
    width : int
        Cells per unit, for keeping the memory of a chunk of draws in bounds.
    sums : Sums, optional
        What the statistic is made of, where units are summed.
    terms : ndarray, shape (M,), optional
        What the values are differences of, against which rounding is measured; by default the values.
    members : bool
        Whether the units are the members of the distribution themselves, drawn from a law of their sizes.
    portion : ndarray, shape (M,), optional
        Of values that are parts of what the units carry: which part of the units has anything of it (or of the rest,
        if those are fewer).
    blocks : tuple of (ndarray, float)
        Of each independent sample, the place of its units in time, and the mean length of the blocks that are drawn;
        empty where units are drawn one by one.
    """

    statistic: Callable[[Array], Array]
    sizes: Array
    influence: Callable[[Array], Array] | None = None
    fractional: bool = True
    strata: tuple[int, ...] = ()
    width: int = 1
    sums: Sums | None = None
    terms: Array | None = None
    members: bool = False
    portion: Array | None = None
    blocks: tuple[tuple[Array, float], ...] = ()

    @property
    def units(self) -> int:
        """How many units are resampled."""
        return int(self.sizes.size)

    @property
    def samples(self) -> tuple[int, ...]:
        """Units by independent sample."""
        return self.strata or (self.units,)

    @property
    def effective(self) -> float:
        """As how many units of one size these count (Kish 1965)."""
        return float(self.sizes.sum() ** 2 / (self.sizes**2).sum())

    @cached_property
    def estimate(self) -> Array:
        """The index as observed, shape (M,)."""
        return self.statistic(np.ones(self.units))

    @property
    def rounding(self) -> Array:
        """What rounding alone may make of a standard error, shape (M,)."""
        return ROUNDING * np.abs(self.estimate if self.terms is None else self.terms)


def summed(
    adds: Any,
    index: Callable[[Array], Array],
    per: Array,
    *,
    sizes: Array,
    influence: Callable[[Array], Array] | None = None,
) -> Sample:
    """An index of sums that each unit adds to as often as it counts."""
    return Sample(
        lambda w: index(w @ adds), sizes, influence, width=adds.shape[1], sums=Sums(adds, index, per)
    )


def minus(a: Sample, b: Sample) -> Sample:
    """The difference of two indices over the same units, which are resampled together."""
    slope_a, slope_b = a.influence, b.influence
    both = None
    if slope_a is not None and slope_b is not None:
        both = lambda w: slope_a(w) - slope_b(w)  # noqa: E731
    return Sample(
        lambda w: a.statistic(w) - b.statistic(w),
        np.maximum(_part(a.sizes), _part(b.sizes)),
        both,
        a.fractional and b.fractional,
        width=a.width + b.width,
        sums=_two(a.sums, b.sums),
        terms=np.maximum(np.abs(a.estimate), np.abs(b.estimate)),
        members=a.members or b.members,
    )


def _two(a: Sums | None, b: Sums | None) -> Sums | None:
    """The sums of both, whose index is the difference."""
    if a is None or b is None:
        return None
    first, second, cut = a.index, b.index, a.adds.shape[1]
    return Sums(
        beside(a.adds, b.adds), lambda x: first(x[..., :cut]) - second(x[..., cut:]), np.append(a.per, b.per)
    )


def beside(*blocks: Any) -> Any:
    """Arrays side by side, sparse if one of them is."""
    if not any(hasattr(b, "toarray") for b in blocks):
        return np.hstack(blocks)
    from scipy.sparse import csr_array, hstack

    return csr_array(hstack(blocks))


def apart(a: Sample, b: Sample) -> Sample:
    """The difference of two indices over units of their own, resampled independently."""
    cut = a.units
    slope_a, slope_b = a.influence, b.influence
    both = None
    if slope_a is not None and slope_b is not None:
        both = lambda w: np.concatenate([slope_a(w[..., :cut]), -slope_b(w[..., cut:])], axis=-2)  # noqa: E731
    return Sample(
        lambda w: a.statistic(w[..., :cut]) - b.statistic(w[..., cut:]),
        np.concatenate([_part(a.sizes), _part(b.sizes)]),
        both,
        a.fractional and b.fractional,
        (a.units, b.units),
        max(a.width, b.width),
        terms=np.maximum(np.abs(a.estimate), np.abs(b.estimate)),
        members=a.members or b.members,
        blocks=(*a.blocks, *b.blocks),
    )


def _part(sizes: Array) -> Array:
    return sizes / max(float(sizes.sum()), np.finfo(float).tiny)


def variance(influence: Array, weights: Array, strata: tuple[int, ...]) -> Array:
    """Linearised variance: n/(n-1) times the weighted sum of squares of the centred influences, by sample.

    Shapes (..., U, M) and (..., U) to (..., M).
    """
    parts = []
    for start, n in spans(strata):
        g, w = influence[..., start : start + n, :], weights[..., start : start + n, None]
        centred = g - (w * g).sum(axis=-2, keepdims=True) / n
        parts.append(n / (n - 1) * (w * centred**2).sum(axis=-2))
    total: Array = np.sum(parts, axis=0)
    return total


def jackknife(sample: Sample, chunk: int = 4_000_000) -> Array:
    """The index with each unit left out in turn, shape (U, M).

    The units that stay in its sample make up for it, so that an index that falls as members are added (HHI) is
    compared at one number of members; where weights must be whole, the unit is dropped.
    """
    if sample.sums is not None:
        return _jackknife_of_sums(sample.sums, max(1, chunk // sample.width))
    step = max(1, chunk // max(sample.units, sample.width))
    rows = []
    for start, n in spans(sample.samples):
        for first in range(start, start + n, step):
            out = np.arange(first, min(first + step, start + n))
            weights = np.ones((out.size, sample.units))
            if sample.fractional:
                weights[:, start : start + n] = n / (n - 1)
            weights[np.arange(out.size), out] = 0.0
            rows.append(sample.statistic(weights))
    return np.concatenate(rows)


def _jackknife_of_sums(sums: Sums, step: int) -> Array:
    """The same from the sums less what each unit adds: U times the sums instead of U squared."""
    adds = sums.adds
    total, size = (np.asarray(x.sum(axis=0)).ravel() for x in (adds, abs(adds)))
    n = adds.shape[0]
    rows = []
    for first in range(0, n, step):
        own = adds[first : first + step]
        rest = total - (own.toarray() if hasattr(own, "toarray") else own)
        rest = np.where(
            np.abs(rest) > NOTHING * size, rest, 0.0
        )  # what only this unit adds to leaves nothing
        rows.append(sums.index(rest * (n / (n - 1))))
    return np.concatenate(rows)


def jackknifed(left_out: Array, point: Array, strata: tuple[int, ...]) -> tuple[Array, Array]:
    """Tukey's bias-corrected value and its standard error, from the values with each unit left out.

    The bias is (n-1) times what the mean of them exceeds the estimate by, the variance (n-1)/n times their sum of
    squares about that mean; both add up over the samples.
    """
    bias, squares = np.zeros_like(point), np.zeros_like(point)
    for start, n in spans(strata):
        values = left_out[start : start + n]
        bias += (n - 1) * (values.mean(axis=0) - point)
        squares += (n - 1) / n * ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    return point - bias, np.sqrt(squares)


def multinomial(rng: np.random.Generator, draws: int, strata: tuple[int, ...]) -> Array:
    """Bootstrap weights: how often each unit is drawn, with replacement, in each of its samples."""
    parts = []
    for n in strata:
        drawn = rng.integers(0, n, size=(draws, n)) + n * np.arange(draws)[:, None]
        parts.append(np.bincount(drawn.ravel(), minlength=draws * n).reshape(draws, n))
    return np.concatenate(parts, axis=1).astype(np.float64)


def stationary(rng: np.random.Generator, draws: int, order: Array, length: float) -> Array:
    """How often each unit is drawn, in blocks of geometric length with this mean (Politis and Romano 1994)."""
    n = order.size
    first = rng.random((draws, n)) < 1 / length
    first[:, 0] = True
    starts = rng.integers(0, n, size=(draws, n))
    at = np.arange(n)
    began = np.maximum.accumulate(np.where(first, at, 0), axis=1)
    drawn = (np.take_along_axis(starts, began, axis=1) + at - began) % n
    counts = np.bincount((drawn + n * np.arange(draws)[:, None]).ravel(), minlength=draws * n)
    return counts.reshape(draws, n)[:, order].astype(np.float64)


def dirichlet(rng: np.random.Generator, draws: int, strata: tuple[int, ...]) -> Array:
    """Bayesian bootstrap weights: n times a flat Dirichlet (Rubin 1981)."""
    parts = []
    for n in strata:
        gaps = rng.standard_exponential((draws, n))
        parts.append(n * gaps / gaps.sum(axis=1, keepdims=True))
    return np.concatenate(parts, axis=1)


def spans(strata: tuple[int, ...]) -> list[tuple[int, int]]:
    starts = np.cumsum((0, *strata[:-1]))
    return list(zip(starts.tolist(), strata, strict=True))


def seeds(rng: Any, count: int) -> list[np.random.SeedSequence]:
    """Independent seeds spawned from `rng`, the same whatever does the work."""
    if isinstance(rng, np.random.Generator):
        root = np.random.SeedSequence(rng.integers(0, 2**32, size=4, dtype=np.uint32).tolist())
    elif isinstance(rng, np.random.SeedSequence):
        root = np.random.SeedSequence(rng.entropy, spawn_key=rng.spawn_key)
    elif isinstance(rng, int | np.integer) and rng >= 0:
        root = np.random.SeedSequence(int(rng))
    elif rng is None:
        raise OptionError(said("Draws are random: give rng= a seed (rng=7) or a numpy Generator."))
    else:
        raise OptionError(
            said(
                "rng={rng} is not allowed. Allowed: a whole number of zero or more, or a numpy Generator.",
                rng=repr(rng),
            )
        )
    return root.spawn(count)


def need_units(sample: Sample, unit: str, group: Text) -> None:
    """Refuse what cannot be resampled."""
    if min(sample.samples) < 2:
        raise DataError(
            said(
                "{group} has {samples} {unit} to resample",
                group=group,
                samples=min(sample.samples),
                unit=said(unit),
            ),
            said(
                "Resampling needs at least two units in every group: name another unit in resample=, or "
                "coarser by=."
            ),
        )
