"""Did it change? Paired differences of an index between two periods, exporters or markets, and a permutation test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Array
from exportlab.indices.measure import Universe
from exportlab.indices.members import ROUNDING
from exportlab.options import Count, Level, NotNegative, validated
from exportlab.turned import year_before
from exportlab.uncertainty.blocks import blocked
from exportlab.uncertainty.groups import Part, Plan, grouped, places, plan, sampler
from exportlab.uncertainty.intervals import Intervals, Method, described, figures, framed, joined, tracked
from exportlab.uncertainty.methods import (
    CHUNK,
    DRAWN,
    EQUALITY,
    Interval,
    Note,
    checked,
    estimate,
    near,
    noted,
    notes,
)
from exportlab.uncertainty.nesting import Resample, likeness, units_of
from exportlab.uncertainty.sample import NOTHING, Sample, Sums, apart, minus, need_units, seeds
from exportlab.uncertainty.scales import SCALES, Scale, limits, scale_of
from exportlab.words import N_, said


@validated
def difference(
    flows: Flows, name: str, *, between: Sequence[Any] | None = None, along: str | None = None,
    over: Columns | None = None, by: Columns | None = None, resample: Resample | None = None, paired: bool = True,
    method: Method = "jackknife",
    level: Level = 0.95, draws: Count = 999, rng: Any = None, universe: Universe = "observed",
    block: NotNegative | Literal["auto"] | None = None, workers: Count = 1, progress: bool = False, **options: Any,
) -> Intervals:  # fmt: skip
    """Interval of the change of an index from one period, exporter or market to another.

    Parameters
    ----------
    flows : Flows
    name : str
        As in `interval`.
    between : two labels, optional
        The change is the second less the first: ("2021", "2023"). By default the last period and the same one a year
        before. Of two that are not the same months of a year the note says so: their season is part of the change.
    along : str, optional
        The role in which the two stand; by default the first of period, exporter, market, product, keys that has both.
    over, by, resample, method, level, draws, rng, universe, block, workers, progress, **options
        As in `interval`; of two exporters or markets whose months are drawn in blocks, the runs are those of both.
    paired : bool
        Draw the same units on both sides (a product is drawn with its flows of both periods), so that what the
        units have in common does not count as noise. False: two independent samples (other firms, other months).

    Returns
    -------
    Intervals
        ``.table``: keys, first, second (the index on each side), estimate (second - first), corrected (less the
        bias of few units), std_error, conf_low, conf_high, n, note.

    Raises
    ------
    DataError
        A group that lacks one of the two; sides that have no unit in common though paired; no earlier year.
    OptionError, UnknownName
        As in `interval`.
    """
    require(flows, "difference")
    checked(method, level, draws)
    role, labels = _sides(flows, between, along)
    season = _season(flows, role, labels)
    asked = _plan(flows, name, role, over=over, by=by, resample=resample, universe=universe, options=options)
    pairs = _pairs(flows, asked, role, labels, paired=paired)
    make, alike = sampler(flows, asked), likeness(flows, asked.drawn)
    in_runs = blocked(flows, asked.drawn, method, block)

    def one(job: tuple[tuple[Part, Part], Any]) -> tuple[list[dict[str, Any]], list[tuple[Note, ...]]]:
        (first, second), seed = job
        units = places(first.units, second.units) if paired else None
        cells = places(first.cells, second.cells) if asked.shown else None
        a, b = make(first, units, cells), make(second, units, cells)
        if units is not None:
            sample = in_runs(minus(b, a), tuple(units))
        else:
            sample = apart(in_runs(b, second.units), in_runs(a, first.units))
        need_units(sample, asked.unit, described(flows, asked.groups, first.key))
        on = _change_scale(asked, max(len(first.cells), len(second.cells)))
        found = estimate(sample, method, level=level, draws=draws, seed=seed, scale=on)
        known = notes(sample, found, method, asked.unit, name=asked.name)
        about = alike(sample, tuple(units) if units else None), [season] * len(known)
        against = joined(known, *about, _even(asked, (a, len(first.cells)), (b, len(second.cells))))
        keys, sides = _keys(asked, first, role), (a.estimate, b.estimate)
        rows = [
            {**keys, **dict(zip(asked.shown, cell, strict=True)), **_changed(sides, found, m)}
            | {"n": sample.units, "note": noted(against[m])}
            for m, cell in enumerate(cells or [()])
        ]
        return rows, against

    own = seeds(rng, len(pairs)) if method in DRAWN else [None] * len(pairs)
    done = tracked(one, list(zip(pairs, own, strict=True)), workers, progress)
    table = framed(flows, asked, [row for rows, _against in done for row in rows])
    what, drawn = _what(flows, role, labels), draws if method in DRAWN else 0
    against = tuple(known for _rows, notes_ in done for known in notes_)
    return Intervals(
        table, asked.name, asked.spread, asked.unit, method, level, drawn, what=what, notes=against
    )


def _even(asked: Plan, *sides: tuple[Sample, int]) -> list[tuple[Note, ...]]:
    """What is to be said of a change from or to a spread that is near equality."""
    close = np.zeros(sides[0][0].estimate.shape, dtype=bool)
    for sample, active in sides:
        on = scale_of(asked.name, asked.options, asked.size or active)
        if on.equal is not None:
            close |= near(estimate(sample, "jackknife", scale=on), on)
    return [(EQUALITY,) if c else () for c in close]


def _changed(sides: tuple[Array, Array], found: Interval, m: int) -> dict[str, float]:
    """The columns of one change."""
    return {"first": float(sides[0][m]), "second": float(sides[1][m]), **figures(found, m)}


@validated
def permutation_test(
    flows: Flows,
    name: str,
    *,
    between: Sequence[Any] | None = None,
    along: str | None = None,
    over: Columns | None = None,
    by: Columns | None = None,
    resample: Resample | None = None,
    paired: bool = True,
    permutations: Count = 9999,
    rng: Any = None,
    universe: Universe = "observed",
    **options: Any,
) -> Any:
    """Test whether the two periods, exporters or markets of each unit can be told apart by an index.

    Parameters
    ----------
    flows, name, between, along, over, by, resample, paired, universe, **options
        As in `difference`.
    permutations : int
        Random ones; all 2^n of them where paired and there are no more than that (then no rng= is needed).
    rng : Generator or int

    Returns
    -------
    DataFrame
        keys, first, second, estimate (second - first), statistic (the estimate over its standard error), p_value
        (two-sided), n (units), permutations, exact, null (what is tested), note. For share and rca one row per group
        and cell; p-values are of each cell alone, not corrected for their number.

    Notes
    -----
    Each side is first divided by its total (paired) or its mean unit (independent), so that growth alone is no
    difference. Null hypothesis: which side a unit's flows stand on does not matter; the units' flows are then
    exchanged between the sides, for rca with the reference's flows in that unit; a reference that is not drawn
    stays on its side. For this null the test is exact. p = (1 + number as far from zero) / (1 + permutations),
    which is never zero.

    Two tables may have one index and different mixes. The statistic is therefore the change over its jackknife
    standard error in the same deal, which makes the test one of equal indices where units are many. Where they are
    few it rejects equal indices of unlike mixes too often (see the page on uncertainty for its size), and the note
    says so below 300 units. Whether the index itself changed is what `difference` answers.

    References
    ----------
    .. [1] Phipson and Smyth (2010), Permutation p-values should never be zero, SAGMB 9(1).
    .. [2] Janssen (1997), Studentized permutation tests for non-i.i.d. hypotheses and the generalized
       Behrens-Fisher problem, Statistics and Probability Letters 36(1).
    .. [3] Chung and Romano (2013), Exact and asymptotically robust permutation tests, Annals of Statistics 41(2).
    .. [4] Konietschke and Pauly (2014), Bootstrapping and permuting paired t-test type statistics, Statistics and
       Computing 24(3).
    """
    require(flows, "permutation_test")
    if permutations < 99:
        few = N_("permutations={permutations} is too few for a test: take 99 or more.")
        raise OptionError(said(few, permutations=permutations))
    role, labels = _sides(flows, between, along)
    asked = _plan(flows, name, role, over=over, by=by, resample=resample, universe=universe, options=options)
    pairs = _pairs(flows, asked, role, labels, paired=paired)
    sizes = [len(places(a.units, b.units)) if paired else len(a.units) + len(b.units) for a, b in pairs]
    exact = [paired and 2**n <= permutations + 1 for n in sizes]
    own = seeds(rng, len(pairs)) if not all(exact) else [None] * len(pairs)
    make = sampler(flows, asked, exchanged=True)
    rows = []
    for (first, second), n, every, seed in zip(pairs, sizes, exact, own, strict=True):
        units = places(first.units, second.units) if paired else None
        cells = places(first.cells, second.cells)
        a, b = (_alike(make(p, units, cells), paired=paired) for p in (first, second))
        deals = _swaps(a, b, permutations, seed, every=every) if paired else _dealt(a, b, permutations, seed)
        sides = a.index(a.adds.sum(axis=0)), b.index(b.adds.sum(axis=0))
        t, p = _p_values(a, b, deals, paired=paired, every=every)
        rows += [
            {
                **_keys(asked, first, role),
                **dict(zip(asked.shown, cell, strict=True)),
                "first": float(sides[0][m]),
                "second": float(sides[1][m]),
                "estimate": float(sides[1][m] - sides[0][m]),
                "statistic": float(t[m]),
                "p_value": float(p[m]),
                "n": n,
                "permutations": 2**n if every else permutations,
                "exact": every,
                "null": NULL,
                "note": _size_note(n, asked.unit) if np.isfinite(p[m]) else UNDEFINED,
            }
            for m, cell in enumerate(cells if asked.shown else [()])
        ]
    return framed(flows, asked, rows)


NULL = "a unit's flows may stand on either side alike"
MANY = 300  # units from which the size for equal indices of unlike mixes is near nominal
UNDEFINED = "undefined: the index does not exist here"


def _size_note(units: int, unit: str) -> str:
    """What is to be said of the test as one of equal indices."""
    if units >= MANY:
        return ""
    return (
        f"{units} {unit}: where the mixes differ, equal indices are rejected too often below {MANY}; "
        "for whether the index changed see difference"
    )


def _change_scale(asked: Plan, active: int) -> Scale:
    """A change runs from the least less the largest value of the index to the contrary."""
    low, high = limits(asked.name, asked.options, asked.size or active)
    return Scale(SCALES["identity"], low - high, high - low, "identity")


def _alike(sample: Sample, *, paired: bool) -> Sums:
    """What each unit adds, in parts of the whole (paired) or of the mean unit."""
    sums = sample.sums
    assert sums is not None
    adds = sums.adds.toarray() if hasattr(sums.adds, "toarray") else sums.adds
    by = sums.per if paired else sums.per / len(adds)
    return Sums(adds / np.where(by > 0, by, 1.0), sums.index, sums.per)


Deal: TypeAlias = tuple[Array, Array]


def _swaps(a: Sums, b: Sums, permutations: int, seed: Any, *, every: bool) -> Iterator[Deal]:
    """What units add on each side when their two sides are exchanged at random, shape (deals, U, P)."""
    units = len(a.adds)
    step = max(1, CHUNK // max(a.adds.size, 1))
    rng = None if every else np.random.default_rng(seed)
    for start in range(0, 2**units if every else permutations, step):
        if rng is None:
            swaps = (np.arange(start, min(start + step, 2**units))[:, None] >> np.arange(units)) & 1
        else:
            swaps = rng.integers(0, 2, size=(min(step, permutations - start), units), dtype=np.int8)
        chosen = swaps[..., None] == 1
        yield np.where(chosen, b.adds, a.adds), np.where(chosen, a.adds, b.adds)


def _dealt(a: Sums, b: Sums, permutations: int, seed: Any) -> Iterator[Deal]:
    """The same when all units are dealt anew to the two sides."""
    pool, cut = np.concatenate([a.adds, b.adds]), len(a.adds)
    step = max(1, CHUNK // max(pool.size, 1))
    rng = np.random.default_rng(seed)
    for start in range(0, permutations, step):
        orders = np.stack([rng.permutation(len(pool)) for _ in range(min(step, permutations - start))])
        yield pool[orders[:, :cut]], pool[orders[:, cut:]]


def _p_values(a: Sums, b: Sums, deals: Iterator[Deal], *, paired: bool, every: bool) -> tuple[Array, Array]:
    """The statistic, and the part of deals in which it is as far from zero; NaN where that is undefined."""
    here = _statistic(a, b, (a.adds[None], b.adds[None]), paired=paired)[0]
    extreme, count = np.zeros(here.shape), 0
    for deal in deals:
        found = _statistic(a, b, deal, paired=paired)
        extreme += (np.abs(found) >= np.abs(here) * (1 - TIED)).sum(axis=0)
        count += len(found)
    p = extreme / count if every else (1 + extreme) / (1 + count)
    return here, np.where(np.isnan(here), np.nan, p)


TIED = 1e-9  # deals alike but for rounding tie: relative, as a statistic is a ratio of two rounded sums


def _statistic(a: Sums, b: Sums, deal: Deal, *, paired: bool) -> Array:
    """The change over its jackknife standard error, shape (deals, M).

    Paired: of the change, each unit left out on both sides (Konietschke and Pauly 2014). Independent: the variances of
    the two sides add up (Janssen 1997). What rounding leaves of a change is none, with or without an error.
    """
    (first, before), (second, after) = (
        _left_out(s.index, adds) for s, adds in zip((a, b), deal, strict=True)
    )
    change = second - first
    rounding = ROUNDING * np.maximum(np.abs(first), np.abs(second))
    if paired:
        error = np.sqrt(_spread_of(after - before))
    else:
        error = np.sqrt(_spread_of(before) + _spread_of(after))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > rounding, change / error, np.sign(change) * np.inf)
    return np.where(np.abs(change) <= rounding, 0.0 * change, t)


def _left_out(index: Callable[[Array], Array], adds: Array) -> tuple[Array, Array]:
    """The index of each deal, (deals, M), and with each unit left out, (deals, U, M)."""
    total = adds.sum(axis=1)
    n = adds.shape[1]
    rest = total[:, None] - adds
    rest = np.where(rest > NOTHING * total[:, None], rest, 0.0)  # what only this unit adds to leaves nothing
    return index(total), index(rest * (n / (n - 1)))


def _spread_of(left_out: Array) -> Array:
    n = left_out.shape[1]
    return np.asarray((n - 1) / n * ((left_out - left_out.mean(axis=1, keepdims=True)) ** 2).sum(axis=1))


def _sides(flows: Flows, between: Sequence[Any] | None, along: str | None) -> tuple[str, tuple[Any, Any]]:
    """The role that has both labels, and what stands for them in the table."""
    if between is None:
        return "period", _last_year(flows, along)
    if isinstance(between, str) or len(between) != 2:
        raise OptionError(
            said("between={between} is not two labels: between=('2021', '2023').", between=repr(between))
        )
    roles = flows.identity if along is None else (flows.role(along),)
    for role in roles:
        found = [_found(flows, role, b) for b in between]
        if None not in found:
            if found[0] == found[1]:
                raise OptionError(
                    said("between={labels} names one label twice.", labels=repr(tuple(between)))
                )
            return role, (found[0], found[1])
    held = {r: [flows.said(m) if r == "period" else m for m in flows.members(r)[:6]] for r in roles}
    raise DataError(
        said("no role has both {a} and {b}", a=repr(between[0]), b=repr(between[1])),
        said("The labels begin: {held}.", held=held),
    )


def _last_year(flows: Flows, along: str | None) -> tuple[Any, Any]:
    """The last period and the same one a year before."""
    if "period" not in flows.roles or (along is not None and flows.role(along) != "period"):
        raise OptionError(said("between= names the two labels to compare: between=('2021', '2023')."))
    flows.calendar.require_order(said("a comparison with the year before"))
    last, before = flows.members("period")[-1], year_before(flows)
    if before is None:
        raise DataError(
            said(
                "no earlier year: the table has no period a year before {period}",
                period=repr(flows.said(last)),
            ),
            said("Name the two labels: between=('2021', '2023')."),
        )
    return before, last


def _what(flows: Flows, role: str, labels: tuple[Any, Any]) -> str:
    first, second = map(flows.said, labels) if role == "period" else labels
    return f"difference {second} - {first}"


def _found(flows: Flows, role: str, label: Any) -> Any:
    """The label of a role that is written so, or in another way if it is a period; None where there is none."""
    written = {str(m): m for m in flows.members(role)}
    if str(label) in written:
        return written[str(label)]
    try:
        return flows.find(role, label)
    except (DataError, UnknownName):
        return None


def _season(flows: Flows, role: str, labels: tuple[Any, Any]) -> tuple[Note, ...]:
    """What is to be said of two periods that are not the same months of a year."""
    if role != "period" or not flows.calendar.ordered:
        return ()
    alike = flows.calendar.same_months(labels, labels[1])
    words = said("unlike periods: the season is part of the change")
    return () if labels[0] in alike else (Note("unlike periods", words),)


def _plan(flows: Flows, name: str, role: str, *, by: Columns | None, **asked: Any) -> Plan:
    """As for an interval, with the compared role kept apart."""
    drawn = () if asked["resample"] is None else units_of(flows, asked["resample"])
    if role in [u.role for u in drawn] or (asked["over"] and role in flows.resolve(asked["over"])):
        raise OptionError(
            said("{role} is compared, so it cannot stand in over= or resample= as well.", role=repr(role))
        )
    if by is not None:
        by = tuple(dict.fromkeys((*flows.resolve(by), role)))
    made = plan(flows, name, by=by, **asked)
    return made if role in made.groups else replace(made, groups=(*made.groups, role))  # a key column


def _pairs(
    flows: Flows, asked: Plan, role: str, labels: tuple[Any, Any], *, paired: bool
) -> list[tuple[Part, Part]]:
    at = asked.groups.index(role)
    sides: dict[tuple[Any, ...], dict[Any, Part]] = {}
    for part in grouped(flows, asked):
        if part.key[at] in labels:
            sides.setdefault(part.key[:at] + part.key[at + 1 :], {})[part.key[at]] = part
    made = []
    for both in sides.values():
        lacking = [x for x in labels if x not in both]
        if lacking:
            some = next(iter(both.values()))
            raise DataError(
                said(
                    "{described} has no flows in {role} {lacking} to compare with",
                    described=described(flows, asked.groups, some.key),
                    role=said(role),
                    lacking=repr(lacking[0]),
                ),
                said("Leave the group out, or compare labels that all groups have."),
            )
        first, second = both[labels[0]], both[labels[1]]
        if paired and not set(first.units) & set(second.units):
            raise DataError(
                said(
                    "the two sides have no {unit} in common, so they cannot be paired", unit=said(asked.unit)
                ),
                said("Say paired=False to draw each side on its own."),
                first=repr(first.units[0][0]),
            )
        made.append((first, second))
    return made


def _keys(asked: Plan, part: Part, role: str) -> dict[str, Any]:
    return {r: k for r, k in zip(asked.groups, part.key, strict=True) if r != role}
