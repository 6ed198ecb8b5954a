"""From draws to intervals: percentile, basic, BCa, studentised, Bayesian, jackknife and delta."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from exportlab.errors import OptionError, one_of
from exportlab.frames import Array, Mask
from exportlab.indices.members import ROUNDING
from exportlab.uncertainty.sample import (
    Sample,
    dirichlet,
    jackknife,
    jackknifed,
    multinomial,
    spans,
    stationary,
    variance,
)
from exportlab.uncertainty.scales import SCALES, Map, Scale
from exportlab.words import Said, Text, said

METHODS = ("percentile", "basic", "bca", "studentised", "bayesian", "jackknife", "delta")
DRAWN = ("percentile", "basic", "bca", "studentised", "bayesian")
IDENTITY = SCALES["identity"]
CHUNK = 4_000_000  # numbers held at once: draws are made in chunks of this, however many workers there are


Kind: TypeAlias = Literal[
    "few units",
    "members drawn",
    "alike",
    "heavy tail",
    "at the boundary",
    "one-sided",
    "linearised",
    "near equality",
    "no interval",
    "biased",
    "undefined",
    "unlike periods",
    "one side",
    "threshold",
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


@dataclass(frozen=True)
class Interval:
    """One group's outcome, M values each, and the draws.

    Attributes
    ----------
    estimate, std_error, low, high : ndarray, shape (M,)
    undefined : ndarray of int
        In how many draws the index does not exist.
    corrected : ndarray
        The value that the interval is formed about: the estimate less its bias where the method corrects for it.
    why : tuple of Note or None
        Why there is no interval, or what it stands in for; None where there is nothing to say.
    """

    estimate: Array
    std_error: Array
    low: Array
    high: Array
    undefined: Array
    corrected: Array
    why: tuple[Note | None, ...]
    draws: Array | None = None


def estimate(
    sample: Sample,
    method: str,
    *,
    level: float = 0.95,
    draws: int = 999,
    seed: Any = None,
    scale: str | Scale = "identity",
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
    scale : Scale, or "identity", "log" or "logit" without limits
        Where basic, studentised, jackknife and delta intervals are formed; the others are cut at its limits only.
    workers : int
        Threads; they do not change the numbers.
    """
    if isinstance(scale, str):
        one_of("scale", scale, SCALES)
        scale = Scale(SCALES[scale], name=scale)
    checked(method, level, draws)
    point = sample.estimate
    with np.errstate(
        divide="ignore", invalid="ignore", over="ignore"
    ):  # at the end of a scale is no interval
        if method == "delta":
            return ended(sample, bounded(sample, _delta(sample, point, level, scale.map), scale), level)
        if method == "jackknife":
            return ended(sample, bounded(sample, _jackknife(sample, point, level, scale.map), scale), level)
    if method == "bayesian" and not sample.fractional:
        raise OptionError(
            said(
                "The Bayesian bootstrap gives members weights that are not whole numbers, for which this "
                "index is not defined. Use method='percentile'."
            )
        )
    found, errors = simulate(sample, method, draws, seed, workers)
    lost = (~np.isfinite(found)).sum(axis=0)
    centre = point
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if method in ("percentile", "bayesian"):
            low, high = percentile(found, level)
        elif method == "basic":
            low, high = basic(found, point, level, scale.map)
            centre = basic(found, point, 0.0, scale.map)[0]
        elif method == "bca":
            low, high = bca(found, point, jackknife(sample), level)
        else:
            spread = _delta_error(sample, method)
            low, high = studentised(found, errors, point, spread, level, scale=scale.map)
            centre = studentised(found, errors, point, spread, 0.0, scale=scale.map)[0]
    nothing = (None,) * point.size
    made = Interval(point, _spread(found), low, high, lost, centre, nothing, found)
    return ended(sample, bounded(sample, made, scale), level)


# What is said where there is no interval, and where it is not the one that was asked for.
EXACT = Note("at the boundary", said("at the boundary: the index does not vary with the units drawn"))
LIMIT = Note(
    "no interval", said("no interval: on this scale the index is at its end, or would be without some unit")
)
LOST = Note("no interval", said("no interval: the index is undefined when some unit is left out"))
ALONE = Note("linearised", said("one unit alone keeps the index off its limit: linearised interval"))


def _beyond(limit: float) -> Note:
    words = said(
        "one-sided: corrected for bias, the interval would lie beyond {limit}, the limit of the index",
        limit=f"{limit:.4g}",
    )
    return Note("one-sided", words)


def ended(sample: Sample, found: Interval, level: float) -> Interval:
    """The portions that are nothing, or all, each with its one-sided interval; other values as they are."""
    return found if sample.portion is None else exact(found, sample.effective, sample.units, level)


def exact(found: Interval, effective: Any, units: int, level: float) -> Interval:
    """The same of portions whose units count as so many of one size.

    Of n units not one is a part of it: then it is no more than p with :math:`(1 - p)^n = 1 - level` (Clopper and
    Pearson 1934), exact for units of one size, and for others with their effective number (Korn and Graubard 1998).
    """
    nothing, all_ = found.estimate <= 0, 1 - found.estimate <= ROUNDING
    if not (nothing | all_).any():
        return found
    reach = 1 - (1 - level) ** (1 / np.broadcast_to(effective, nothing.shape))
    words = said(
        "one-sided: all {n} units are alike ({effective} of one size)",
        n=units,
        effective=f"{np.mean(effective):.1f}",
    )
    alike, cases = Note("one-sided", words), [nothing, all_]
    return replace(
        found,
        low=np.select(cases, [np.zeros_like(reach), 1 - reach], found.low),
        high=np.select(cases, [reach, np.ones_like(reach)], found.high),
        corrected=np.select(cases, [found.estimate] * 2, found.corrected),
        why=tuple(alike if e else why for e, why in zip(nothing | all_, found.why, strict=True)),
    )


def bounded(sample: Sample, found: Interval, scale: Scale) -> Interval:
    """The interval cut at the limits of the index, from the limit to the estimate where it lies beyond.

    NaN, with the reason, where nothing is left of it.
    """
    point, known = found.estimate, np.isfinite(found.estimate)
    low, high = np.minimum(found.low, found.high), np.maximum(found.low, found.high)
    with np.errstate(invalid="ignore", divide="ignore"):
        exact = known & np.isfinite(found.std_error) & ~(found.std_error > sample.rounding)
        under, over = known & (high < scale.low), known & (low > scale.high)
        low = np.where(over, point, np.where(under, scale.low, low))
        high = np.where(under, point, np.where(over, scale.high, high))
        if scale.kinked:  # the bias that is left pushes it up there, so it goes down to equality
            low = np.where(near(found, scale), scale.low, low)
        low, high = np.clip(low, scale.low, scale.high), np.clip(high, scale.low, scale.high)
        some = known & ~exact & np.isfinite(low) & np.isfinite(high) & (low < high)
        inside = np.isfinite(scale.map[0](point))
    why = list(found.why)
    for m in np.flatnonzero(known):
        if exact[m]:
            why[m] = EXACT
        elif not some[m]:
            why[m] = LOST if inside[m] and not np.isfinite(found.std_error[m]) else LIMIT
        elif under[m] or over[m]:
            why[m] = _beyond(scale.low if under[m] else scale.high)
    return replace(
        found,
        std_error=np.where(exact, np.nan, found.std_error),
        low=np.where(some, low, np.nan),
        high=np.where(some, high, np.nan),
        corrected=np.where(some, np.clip(found.corrected, scale.low, scale.high), np.nan),
        why=tuple(why),
    )


def checked(method: str, level: float, draws: int) -> None:
    """Refuse options that cannot be."""
    one_of("method", method, METHODS)
    if not 0 < level < 1:
        raise OptionError(
            said("level={level} is not a probability between 0 and 1: level=0.95 is 95 %.", level=repr(level))
        )
    if method in DRAWN and draws < 2 / (1 - level) - 1:
        need = int(np.ceil(2 / (1 - level) - 1 - 1e-9))
        raise OptionError(
            said(
                "draws={draws} cannot reach the ends of a {level} interval: take {need} or more.",
                draws=draws,
                level=f"{level:.4g}",
                need=need,
            )
        )


def simulate(sample: Sample, method: str, draws: int, seed: Any, workers: int = 1) -> tuple[Array, Array]:
    """Draws of the index (B, M) and, for studentised intervals, their standard errors."""
    values = sample.estimate.size
    need = sample.units * values if method == "studentised" else 0
    step = max(1, CHUNK // max(sample.units, sample.width, need))
    sizes = [min(step, draws - start) for start in range(0, draws, step)]
    slope = _known(sample, method) if method == "studentised" else None

    def one(job: tuple[int, np.random.SeedSequence]) -> tuple[Array, Array]:
        weights = _weights(sample, method, np.random.default_rng(job[1]), job[0])
        errors = np.empty((0, values))
        if slope is not None:
            errors = np.sqrt(variance(slope(weights), weights, sample.samples))
        return sample.statistic(weights), errors

    jobs = list(zip(sizes, seed.spawn(len(sizes)), strict=True))
    parts = mapped(one, jobs, workers)
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _weights(sample: Sample, method: str, rng: np.random.Generator, draws: int) -> Array:
    """How often each unit counts in each draw."""
    if sample.blocks:
        return np.concatenate([stationary(rng, draws, *own) for own in sample.blocks], axis=1)
    return (dirichlet if method == "bayesian" else multinomial)(rng, draws, sample.samples)


def mapped(function: Callable[[Any], Any], jobs: Sequence[Any], workers: int) -> list[Any]:
    """The results in the order of the jobs, by threads where there is more than one worker."""
    if workers < 1:
        raise OptionError(said("workers={workers} is not a number of workers.", workers=workers))
    if workers == 1 or len(jobs) < 2:
        return [function(job) for job in jobs]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, jobs))


def percentile(draws: Array, level: float) -> tuple[Array, Array]:
    """Quantiles of the draws (Efron 1979)."""
    return _quantiles(
        draws, np.full(draws.shape[1], (1 - level) / 2), np.full(draws.shape[1], (1 + level) / 2)
    )


def basic(draws: Array, point: Array, level: float, scale: Map = IDENTITY) -> tuple[Array, Array]:
    """Quantiles mirrored at the estimate: 2 theta - q (Davison and Hinkley 1997, 5.6)."""
    to, _, back = scale
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
    draws: Array, errors: Array, point: Array, spread: Array, level: float, *, scale: Map = IDENTITY
) -> tuple[Array, Array]:
    """Quantiles of the t statistic of each draw, each with its own standard error (Hall 1988)."""
    to, slope, back = scale
    own = np.where(errors > 0, errors, np.nan) * slope(draws)
    low, high = percentile((to(draws) - to(point)) / own, level)
    return back(to(point) - high * spread * slope(point)), back(to(point) - low * spread * slope(point))


def _delta(sample: Sample, point: Array, level: float, scale: Map) -> Interval:
    """Student's t about the estimate, its standard error linearised."""
    to, slope, back = scale
    ones = np.ones(sample.units)
    influence = _known(sample, "delta")(ones)
    error = np.sqrt(variance(influence, ones, sample.samples))
    reach = _student(influence, sample.samples, level) * error * slope(point)
    none = np.zeros(point.size, dtype=int)
    low, high = back(to(point) - reach), back(to(point) + reach)
    return Interval(point, error, low, high, none, point, (None,) * point.size)


def _jackknife(sample: Sample, point: Array, level: float, scale: Map) -> Interval:
    """Student's t about the bias-corrected value (Tukey 1958).

    Where the index is at the end of its scale when one unit is left out, the error is carried over by the slope.
    """
    to, slope, back = scale
    left_out = jackknife(sample)
    error = jackknifed(left_out, point, sample.samples)[1]
    centre, insideerror = jackknifed(to(left_out), to(point), sample.samples)
    reach = _student(to(left_out), sample.samples, level) * insideerror
    alone = np.isfinite(error) & np.isfinite(to(point)) & ~np.isfinite(centre + reach)
    linear = _student(left_out, sample.samples, level) * error * np.abs(slope(point))
    centre, reach = np.where(alone, to(point), centre), np.where(alone, linear, reach)
    lost = (~np.isfinite(left_out)).sum(axis=0)
    why = tuple(ALONE if a else None for a in alone)
    return Interval(point, error, back(centre - reach), back(centre + reach), lost, back(centre), why)


def _student(influence: Array, strata: tuple[int, ...], level: float) -> Array:
    """Quantile of t for a variance estimated from these influences (or the values with each unit left out).

    Its degrees of freedom are Satterthwaite's (1946): the variance of a mean square of n terms with kurtosis k is
    (k - 1)/n of its square, so that of 2/df gives df = 2n/(k - 1), no more than n - 1; over samples they add up.
    """
    from scipy.special import stdtrit

    whole, parts = np.zeros(influence.shape[1]), np.zeros(influence.shape[1])
    for start, n in spans(strata):
        squares = (influence[start : start + n] - influence[start : start + n].mean(axis=0)) ** 2
        whole_squares, fourth = squares.sum(axis=0), (squares**2).sum(axis=0)
        kurtosis = n * fourth / np.where(whole_squares > 0, whole_squares, np.nan) ** 2
        freedom = np.clip(2 * n / np.maximum(kurtosis - 1, 2 / n), 1, n - 1)
        whole += whole_squares
        parts += np.where(whole_squares > 0, whole_squares**2 / freedom, 0.0)
    freedom = np.where(parts > 0, whole**2 / np.where(parts > 0, parts, 1.0), 1.0)
    return np.asarray(stdtrit(freedom, (1 + level) / 2))


def _delta_error(sample: Sample, method: str) -> Array:
    ones = np.ones(sample.units)
    return np.sqrt(variance(_known(sample, method)(ones), ones, sample.samples))


def _known(sample: Sample, method: str) -> Callable[[Array], Array]:
    if sample.influence is None:
        raise OptionError(
            said(
                "method={method} needs an influence function, and none is known for this index. Use "
                "'bca', 'percentile', 'basic' or 'jackknife'.",
                method=repr(method),
            )
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


# Where an interval is known to fail: said in the table, beside the interval. That one large unit decides is no reason
# against the jackknife and the delta method, whose degrees of freedom follow from it: simulated, their intervals then
# hold as often as others.

FEW = 30  # units in the smallest sample
FEWER = {"rca": 100, "gini": 200}  # of indices whose intervals are short for longer
BLOCKS = 100  # of periods: where they hang together, intervals are short up to here
RARE, CARRIERS = (
    0.2,
    10.0,
)  # a portion that fewer units carry, and their effective number, below which it is uncertain
HEAVY = 0.25  # of the variance carried by one unit
SPREAD = 0.01  # the same, from which on a bootstrap is short: draws hold no unit larger than those seen
TAIL = 2.0  # Hill index: below it the sizes have no variance
SHIFTED = (
    0.1  # bias over standard error; at a quarter (Efron and Tibshirani 1993, 10.2) HHI and Theil are short
)
NEAR = 4.0  # standard errors from equality
BIASED = ("percentile", "bayesian", "bca")  # methods that do not correct for a bias, or not enough
EQUALITY = Note("near equality", said("near equality: the interval may hold too often or too seldom"))
RARELY = Note("few units", said("few units: rarely traded, few carry the share"))
MEMBERS = Note("members drawn", said("members drawn: too narrow unless their sizes are nearly exponential"))


def notes(
    sample: Sample, found: Interval, method: str, unit: Text, *, name: str = "", scale: Scale | None = None
) -> list[tuple[Note, ...]]:
    """What is known against each value's interval; of the index `name`, which has this scale."""
    least, enough = min(sample.samples), FEWER.get(name, FEW)
    if sample.blocks:
        least, enough = min(int(order.size / length) for order, length in sample.blocks), BLOCKS
        unit = said("blocks of {unit}", unit=unit)
    few = least < enough
    common = [Note("few units", said("few units: {n} {unit}", n=least, unit=unit))] if few else []
    common += [MEMBERS] if sample.members else []
    heavy: list[tuple[Note, ...]] = [()] * found.estimate.size
    if method in DRAWN:
        heavy = _heavy(sample, unit, SPREAD if not few and not sample.blocks else HEAVY)
    close = np.zeros(found.estimate.size, dtype=bool)
    if scale is not None:
        close = near(found, scale) & np.isfinite(found.low)
    rare = np.zeros(close.size, dtype=bool)
    if sample.portion is not None and not few:
        rare = rarely(sample.portion, sample.effective)
    gone = Note("undefined", said("undefined: the index does not exist here"))
    return [
        (*common, *_if(rare[m], RARELY), *heavy[m], *_against(found, m, method), *_if(close[m], EQUALITY))
        if np.isfinite(found.estimate[m])
        else (gone,)
        for m in range(found.estimate.size)
    ]


def _if(is_so: Any, note: Note) -> tuple[Note, ...]:
    return (note,) if is_so else ()


def _against(found: Interval, m: int, method: str) -> Iterator[Note]:
    """What is known against one value's interval beside the number of units and their sizes."""
    why = found.why[m]
    if why is not None:
        yield why
    elif not found.low[m] <= found.estimate[m] <= found.high[m]:
        yield _corrected(found.corrected[m])
    elif method in BIASED and abs(bias := _bias(found, m)) > SHIFTED:
        words = said(
            "biased by {bias} standard errors: prefer jackknife, basic or studentised", bias=f"{bias:.2f}"
        )
        yield Note("biased", words)
    if found.undefined[m] and method in DRAWN:
        yield Note("undefined", said("undefined in {n} draws, which are left out", n=int(found.undefined[m])))


def near(found: Interval, scale: Scale) -> Mask:
    """Which values lie near equality: there the corrected index is no normal variate, and a kinked one is biased."""
    if scale.equal is None:
        return np.zeros(found.estimate.size, dtype=bool)
    with np.errstate(invalid="ignore"):
        return ~(np.abs(found.corrected - scale.equal) > NEAR * found.std_error)


def rarely(portion: Array, effective: Any) -> Mask:
    """Which portions rest on so few units that their tail decides, whatever the number of all units."""
    return np.asarray((portion > 0) & (portion < RARE) & (portion * effective < CARRIERS))


def _heavy(sample: Sample, unit: Text, most: float) -> list[tuple[Note, ...]]:
    """Why bootstrap draws, which hold no unit larger than those seen, fall short: one carries more than `most`."""
    tail = hill_index(sample.sizes)
    words = said("heavy tail: Hill index of {unit} {tail}, below 2", unit=unit, tail=f"{tail:.1f}")
    short = (Note("heavy tail", words),) if tail < TAIL else ()
    return [_if(part > most, _carried(unit, part)) or short for part in dominance(sample)]


def _carried(unit: Text, part: float) -> Note:
    percent = f"{100 * part:.0f}"
    if part > HEAVY:
        words = said("heavy tail: one {unit} carries {percent} % of the variance", unit=unit, percent=percent)
        return Note("heavy tail", words)
    words = said(
        "few units for a bootstrap: one {unit} carries {percent} % of the variance",
        unit=unit,
        percent=percent,
    )
    return Note("few units", words)


def dominance(sample: Sample) -> Array:
    """The largest unit's part of the linearised variance; of the squared sizes where no influence is known."""
    if sample.influence is None:
        parts = sample.sizes[:, None] ** 2
        largest = parts.max(axis=0) / max(float(parts.sum()), np.finfo(float).tiny)
        return np.broadcast_to(largest, sample.estimate.shape)
    influence = sample.influence(np.ones(sample.units))
    squares = np.concatenate(
        [(influence[a : a + n] - influence[a : a + n].mean(axis=0)) ** 2 for a, n in spans(sample.samples)]
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


STILL = Note("at the boundary", said("no interval: nothing that is drawn moves the value"))
STEADY = 1e-9  # of a value, below which draws of it differ by rounding and scaling alone


def of_draws(point: Array, draws: Array, level: float) -> tuple[Interval, list[tuple[Note, ...]]]:
    """Percentiles of draws of what the values may be in truth, and what is known against them.

    NaN where the draws are all alike; where the interval leaves out the value it is that of the draws' median.
    """
    low, high = percentile(draws, level)
    error = draws.std(axis=0, ddof=1)
    still = ~(error > STEADY * np.abs(point))
    out = ~still & ~((low <= point) & (point <= high))
    corrected = np.where(still, np.nan, np.where(out, np.median(draws, axis=0), point))
    error, low, high = (np.where(still, np.nan, x) for x in (error, low, high))
    why = tuple(
        STILL if s else _corrected(c) if o else None for s, o, c in zip(still, out, corrected, strict=True)
    )
    made = Interval(point, error, low, high, np.zeros(point.size, dtype=int), corrected, why, draws)
    return made, [() if w is None else (w,) for w in why]


def _corrected(value: float) -> Note:
    words = said("biased: the interval is that of the corrected value {value}", value=f"{value:.4g}")
    return Note("biased", words)


def _bias(found: Interval, m: int) -> float:
    if found.draws is None:
        return 0.0
    known = found.draws[np.isfinite(found.draws[:, m]), m]
    return float((known.mean() - found.estimate[m]) / found.std_error[m])
