"""From draws to intervals: percentile, basic, BCa, studentised, Bayesian, jackknife and delta; notes against them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from exportlab.errors import OptionError, one_of
from exportlab.frames import Array
from exportlab.uncertainty.sample import (
    Sample,
    _spans,
    dirichlet,
    jackknife,
    jackknifed,
    multinomial,
    variance,
)
from exportlab.words import Said, said

METHODS = ("percentile", "basic", "bca", "studentised", "bayesian", "jackknife", "delta")
DRAWN = ("percentile", "basic", "bca", "studentised", "bayesian")
CHUNK = 4_000_000  # numbers held at once: draws are made in chunks of this, however many workers there are
# A monotone map, its derivative and its inverse: intervals symmetric on the mapped scale stay in the index's range.
SCALES: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array], Callable[[Array], Array]]] = {
    "identity": (lambda t: t, np.ones_like, lambda t: t),
    "log": (np.log, lambda t: 1 / t, np.exp),
    "logit": (
        lambda t: np.log(t) - np.log1p(-t),
        lambda t: 1 / (t * (1 - t)),
        lambda t: 1 / (1 + np.exp(-t)),
    ),
}


@dataclass(frozen=True)
class Interval:
    """One group's outcome, M values each: estimate, std_error, low, high; undefined draws, and the draws."""

    estimate: Array
    std_error: Array
    low: Array
    high: Array
    undefined: Array
    draws: Array | None = None


def estimate(
    sample: Sample,
    method: str,
    *,
    level: float = 0.95,
    draws: int = 999,
    seed: Any = None,
    scale: str = "identity",
    workers: int = 1,
) -> Interval:
    """The interval of one sample by one method.

    Parameters
    ----------
    sample : Sample
    method : str
        One of `METHODS`.
    level : float
    draws : int
    seed : SeedSequence
        Spawned once per chunk of draws.
    scale : {"identity", "log", "logit"}
        Where basic, studentised, jackknife and delta intervals are formed; the others do not depend on it.
    workers : int
        Threads; they do not change the numbers.
    """
    checked(method, level, draws, scale)
    point = sample.estimate
    if method in ("delta", "jackknife"):
        with np.errstate(divide="ignore", invalid="ignore"):  # at the end of a scale there is no interval
            return (_delta if method == "delta" else _jackknife)(sample, point, level, scale)
    if method == "bayesian" and not sample.fractional:
        raise OptionError(
            "The Bayesian bootstrap gives members weights that are not whole numbers, for which this index is not "
            "defined. Use method='percentile'."
        )
    found, errors = simulate(sample, method, draws, seed, workers)
    lost = (~np.isfinite(found)).sum(axis=0)
    with np.errstate(invalid="ignore"):
        if method in ("percentile", "bayesian"):
            low, high = percentile(found, level)
        elif method == "basic":
            low, high = basic(found, point, level, scale)
        elif method == "bca":
            low, high = bca(found, point, jackknife(sample), level)
        else:
            low, high = studentised(found, errors, point, _delta_error(sample, method), level, scale=scale)
    return Interval(point, _spread(found), low, high, lost, found)


def checked(method: str, level: float, draws: int, scale: str) -> None:
    """Refuse options that cannot be."""
    one_of("method", method, METHODS)
    one_of("scale", scale, SCALES)
    if not 0 < level < 1:
        raise OptionError(f"level={level!r} is not a probability between 0 and 1: level=0.95 is 95 %.")
    if method in DRAWN and draws < 2 / (1 - level) - 1:
        need = int(np.ceil(2 / (1 - level) - 1 - 1e-9))
        raise OptionError(
            f"draws={draws} cannot reach the ends of a {level:.4g} interval: take {need} or more."
        )


def simulate(sample: Sample, method: str, draws: int, seed: Any, workers: int = 1) -> tuple[Array, Array]:
    """Draws of the index (B, M) and, for studentised intervals, their standard errors."""
    make = dirichlet if method == "bayesian" else multinomial
    values = sample.estimate.size
    need = sample.units * values if method == "studentised" else 0
    step = max(1, CHUNK // max(sample.units, sample.width, need))
    sizes = [min(step, draws - start) for start in range(0, draws, step)]
    slope = _known(sample, method) if method == "studentised" else None

    def one(job: tuple[int, np.random.SeedSequence]) -> tuple[Array, Array]:
        weights = make(np.random.default_rng(job[1]), job[0], sample.samples)
        errors = np.empty((0, values))
        if slope is not None:
            errors = np.sqrt(variance(slope(weights), weights, sample.samples))
        return sample.statistic(weights), errors

    jobs = list(zip(sizes, seed.spawn(len(sizes)), strict=True))
    parts = mapped(one, jobs, workers)
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def mapped(function: Callable[[Any], Any], jobs: Sequence[Any], workers: int) -> list[Any]:
    """The results in the order of the jobs, by threads where there is more than one worker."""
    if workers < 1:
        raise OptionError(f"workers={workers} is not a number of workers.")
    if workers == 1 or len(jobs) < 2:
        return [function(job) for job in jobs]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, jobs))


def percentile(draws: Array, level: float) -> tuple[Array, Array]:
    """Quantiles of the draws (Efron 1979)."""
    return _quantiles(
        draws, np.full(draws.shape[1], (1 - level) / 2), np.full(draws.shape[1], (1 + level) / 2)
    )


def basic(draws: Array, point: Array, level: float, scale: str = "identity") -> tuple[Array, Array]:
    """Quantiles mirrored at the estimate: 2 theta - q (Davison and Hinkley 1997, 5.6)."""
    to, _, back = SCALES[scale]
    low, high = percentile(to(draws), level)
    return back(2 * to(point) - high), back(2 * to(point) - low)


def bca(draws: Array, point: Array, left_out: Array, level: float) -> tuple[Array, Array]:
    """Percentile interval corrected for median bias and skewness (Efron 1987); ties count half."""
    from scipy.special import ndtr, ndtri

    some = np.isfinite(draws)
    lower, equal = (some & (draws < point)).sum(axis=0), (some & (draws == point)).sum(axis=0)
    below = (lower + equal / 2) / np.maximum(some.sum(axis=0), 1)
    bias = ndtri(below)
    gap = left_out.mean(axis=0) - left_out
    squares = (gap**2).sum(axis=0)
    skew = (gap**3).sum(axis=0) / (6 * np.where(squares > 0, squares, 1.0) ** 1.5)
    ends = []
    for p in ((1 - level) / 2, (1 + level) / 2):
        shifted = bias + ndtri(p)
        ends.append(ndtr(bias + shifted / (1 - skew * shifted)))
    return _quantiles(draws, ends[0], ends[1])


def studentised(
    draws: Array, errors: Array, point: Array, spread: Array, level: float, *, scale: str = "identity"
) -> tuple[Array, Array]:
    """Quantiles of the t statistic of each draw, each with its own standard error (Hall 1988)."""
    to, slope, back = SCALES[scale]
    own = np.where(errors > 0, errors, np.nan) * slope(draws)
    low, high = percentile((to(draws) - to(point)) / own, level)
    return back(to(point) - high * spread * slope(point)), back(to(point) - low * spread * slope(point))


def _delta(sample: Sample, point: Array, level: float, scale: str) -> Interval:
    """Student's t about the estimate, its standard error linearised."""
    to, slope, back = SCALES[scale]
    error = _delta_error(sample, "delta")
    reach = _student(sample, level) * error * slope(point)
    none = np.zeros(point.size, dtype=int)
    return Interval(point, error, back(to(point) - reach), back(to(point) + reach), none)


def _jackknife(sample: Sample, point: Array, level: float, scale: str) -> Interval:
    """Student's t about the bias-corrected value (Tukey 1958)."""
    to, _, back = SCALES[scale]
    left_out = jackknife(sample)
    centre, error = jackknifed(to(left_out), to(point), sample.samples)
    reach = _student(sample, level) * error
    lost = (~np.isfinite(left_out)).sum(axis=0)
    return Interval(
        point,
        jackknifed(left_out, point, sample.samples)[1],
        back(centre - reach),
        back(centre + reach),
        lost,
    )


def _student(sample: Sample, level: float) -> float:
    """Quantile of t with units less samples degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(sample.units - len(sample.samples), (1 + level) / 2))


def _delta_error(sample: Sample, method: str) -> Array:
    ones = np.ones(sample.units)
    return np.sqrt(variance(_known(sample, method)(ones), ones, sample.samples))


def _known(sample: Sample, method: str) -> Callable[[Array], Array]:
    if sample.influence is None:
        raise OptionError(
            f"method={method!r} needs an influence function, and none is known for this index. "
            "Use 'bca', 'percentile', 'basic' or 'jackknife'."
        )
    return sample.influence


def _quantiles(draws: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Quantile of each column at its own probability; undefined draws are left out, and counted elsewhere."""
    ends = []
    for p in (low, high):
        end = np.full(draws.shape[1], np.nan)
        for m in range(draws.shape[1]):
            known = draws[np.isfinite(draws[:, m]), m]
            if known.size and np.isfinite(p[m]):
                end[m] = np.quantile(known, p[m])
        ends.append(end)
    return ends[0], ends[1]


def _spread(draws: Array) -> Array:
    some = np.isfinite(draws)
    n = some.sum(axis=0)
    mean = np.where(some, draws, 0).sum(axis=0) / np.maximum(n, 1)
    squares = np.where(some, draws - mean, 0) ** 2
    return np.where(n > 1, np.sqrt(squares.sum(axis=0) / np.maximum(n - 1, 1)), np.nan)


# Where an interval is known to fail: said in the table, beside the interval.

FEW = 30  # units in the smallest sample
HEAVY = 0.25  # of the variance carried by one unit
TAIL = 2.0  # Hill index: below it the sizes have no variance
SHIFTED = 0.25  # bias over standard error (Efron and Tibshirani 1993, 10.2)
BIASED = ("percentile", "bayesian", "bca")  # methods that do not correct for a bias, or not enough


Kind: TypeAlias = Literal[
    "few units", "heavy tail", "at the boundary", "biased", "undefined", "unlike periods"
]


@dataclass(frozen=True)
class Note:
    """What is known against an interval: its kind, and the sentence that says it with its figures."""

    kind: Kind
    sentence: Said

    def __str__(self) -> str:
        return str(self.sentence)


def noted(notes: Iterable[Note]) -> str:
    """The notes as the text of a table's column; empty where there are none."""
    return "; ".join(map(str, notes))


def notes(sample: Sample, found: Interval, method: str, unit: str) -> list[tuple[Note, ...]]:
    """What is known against each value's interval."""
    least = min(sample.samples)
    few = [Note("few units", said("few units: {n} {unit}", n=least, unit=unit))] if least < FEW else []
    tail = hill_index(sample.sizes)
    carried = dominance(sample)
    gone = Note("undefined", said("undefined: the index does not exist here"))
    return [
        (*few, *_against(found, m, method, unit, tail=tail, carried=carried[m]))
        if np.isfinite(found.estimate[m])
        else (gone,)
        for m in range(found.estimate.size)
    ]


def _against(
    found: Interval, m: int, method: str, unit: str, *, tail: float, carried: float
) -> Iterator[Note]:
    """What is known against one value's interval beside the number of units."""
    if carried > HEAVY:
        percent = f"{100 * carried:.0f}"
        yield Note(
            "heavy tail",
            said("heavy tail: one {unit} carries {percent} % of the variance", unit=unit, percent=percent),
        )
    elif tail < TAIL:
        yield Note(
            "heavy tail",
            said("heavy tail: Hill index of {unit} {tail}, below 2", unit=unit, tail=f"{tail:.1f}"),
        )
    if not found.std_error[m] > 0:
        yield Note("at the boundary", said("at the boundary: the index does not vary with the units drawn"))
    elif method in BIASED and abs(bias := _bias(found, m)) > SHIFTED:
        words = said(
            "biased by {bias} standard errors: prefer jackknife, basic or studentised", bias=f"{bias:.2f}"
        )
        yield Note("biased", words)
    if found.undefined[m]:
        yield Note("undefined", said("undefined in {n} draws, which are left out", n=int(found.undefined[m])))


def dominance(sample: Sample) -> Array:
    """The largest unit's part of the linearised variance; of the squared sizes where no influence is known."""
    if sample.influence is None:
        parts = sample.sizes[:, None] ** 2
        largest = parts.max(axis=0) / max(float(parts.sum()), np.finfo(float).tiny)
        return np.broadcast_to(largest, sample.estimate.shape)
    influence = sample.influence(np.ones(sample.units))
    spans = _spans(sample.samples)
    squares = np.concatenate(
        [(influence[a : a + n] - influence[a : a + n].mean(axis=0)) ** 2 for a, n in spans]
    )
    total = squares.sum(axis=0)
    part: Array = squares.max(axis=0) / np.where(total > 0, total, np.inf)
    return part


def hill_index(sizes: Array) -> float:
    """Hill's (1975) estimate of the tail index from the largest sqrt(n) sizes; infinite where they are equal."""
    largest = np.sort(sizes[sizes > 0])[::-1]
    k = int(np.sqrt(largest.size))
    if k < 1 or largest.size <= k:
        return float("inf")
    excess = float(np.log(largest[:k] / largest[k]).mean())
    return 1 / excess if excess > 0 else float("inf")


def _bias(found: Interval, m: int) -> float:
    if found.draws is None:
        return 0.0
    known = found.draws[np.isfinite(found.draws[:, m]), m]
    return float((known.mean() - found.estimate[m]) / found.std_error[m])
