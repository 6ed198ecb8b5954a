"""The kinds of check: each takes a claim and its operands and computes a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from math import ceil, floor, inf, isinf
from typing import TYPE_CHECKING, Any

from exportlab.claims.evidence import Operand
from exportlab.claims.intervals import Interval, point
from exportlab.claims.verdicts import (
    CONSISTENT,
    CONTRADICTED,
    IMPLAUSIBLE,
    INCONSISTENT,
    REPRODUCED,
    STALE,
    TELLING,
    TENSION,
    UNCHECKED,
    WIDE,
    Verdict,
    check_kind,
    decide,
    same_dimension,
    scaled,
    telling,
    with_facts,
)
from exportlab.composite.tracing import implied_parts
from exportlab.errors import DataError, one_of
from exportlab.words import NOTHING, Said, said

if TYPE_CHECKING:
    from exportlab.claims.evidence import Context
    from exportlab.claims.records import Claim

ALL = point(1.0)  # 100 %


@check_kind("other")
def same_quantity(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """Two claims of one quantity must have a value in common."""
    other = at.operand(o["other"])
    same_dimension(claim, other)
    return decide(claim, other.interval, said("the same quantity is given again"), [other])


@check_kind("figure")
def dataset(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """The claim and a published figure must have a value in common."""
    figure = at.operand(o["figure"])
    same_dimension(claim, figure)
    return decide(claim, figure.interval, said("compared with the published figure"), [figure])


@check_kind("part", "whole", may=("rate",))
def share_of(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """Part over whole; `rate` (a pair of figures) converts the whole into the part's currency."""
    used = [at.operand(o["part"]), at.operand(o["whole"])]
    whole = used[1].interval
    how = said("part / whole")
    if "rate" in o:
        top, bottom = (at.operand(r) for r in o["rate"])
        whole = whole * (top.interval / bottom.interval)
        used += [top, bottom]
        how = said("part / (whole x exchange rate)")
    return decide(claim, used[0].interval / whole, how, used)


@check_kind("share", "whole", may=("rate",))
def part_of(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """Share x whole must allow the level: the arithmetic holds, which is less than a published level."""
    share, whole = at.operand(o["share"]), at.operand(o["whole"])
    used, rate = [share, whole], point(1.0)
    if "rate" in o:
        top, bottom = (at.operand(r) for r in o["rate"])
        rate = top.interval / bottom.interval
        used += [top, bottom]
    return decide(claim, share.interval * whole.interval * rate, said("share x whole"), used, good=CONSISTENT)


@check_kind("part", "share", "within")
def implied_whole(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """The whole that part and share imply must respect a bound: ``within = [low, high]`` operands or ""."""
    part, share = at.operand(o["part"]), at.operand(o["share"])
    whole = part.interval / share.interval
    shown = said("whole {figure}", figure=scaled(whole, part.dimension))
    how = said("part / share, {implied}", implied=shown)
    return _limited(
        claim, Operand(whole, part.dimension, shown), how, [part, share], at.limits(claim, o["within"])
    )


@check_kind("share", "whole", "within")
def implied_part(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """The part that share and whole imply must respect a bound, as the whole must in `implied_whole`."""
    share, whole = at.operand(o["share"]), at.operand(o["whole"])
    part = share.interval * whole.interval
    shown = said("part {figure}", figure=scaled(part, whole.dimension))
    how = said("share x whole, {implied}", implied=shown)
    return _limited(
        claim, Operand(part, whole.dimension, shown), how, [share, whole], at.limits(claim, o["within"])
    )


def _limited(
    claim: Claim, implied: Operand, how: Said, used: list[Operand], limits: list[Operand | None]
) -> Verdict:
    """Whether the implied figure can lie between the limits; a limit that is None leaves its end open."""
    low, high = limits
    allowed = Interval(low.interval.low if low else 0.0, high.interval.high if high else inf)
    known = [x for x in limits if x]
    for limit in known:
        same_dimension(claim, limit, implied.dimension)
    bad = CONTRADICTED if any(x.outside for x in known) else INCONSISTENT
    how = said("{how}, must be {allowed}", how=how, allowed=scaled(allowed, implied.dimension))
    good = CONSISTENT if telling(implied.interval, allowed) else WIDE
    verdict = good if implied.interval.meets(allowed) else bad
    return Verdict(verdict, implied.text, with_facts(how, [*used, *known]), (*used, *known))


@check_kind("other", may=("share",))
def at_most(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """The claim cannot exceed another figure (a part its whole); `share` scales a part up to its whole."""
    other = at.operand(o["other"])
    same_dimension(claim, other)
    used, limit = [other], other.interval
    if "share" in o:
        used.append(at.operand(o["share"]))
        limit = limit / used[1].interval
    if isinf(limit.high):
        raise DataError(
            said(
                "the claim {id} is limited by {text}, which has no upper end",
                id=repr(claim.id),
                text=repr(str(other.text)),
            ),
            said("Leave the check out."),
        )
    return decide(claim, Interval(-inf, limit.high), said("must not exceed"), used, good=CONSISTENT)


@check_kind("others")
def at_least(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """The claim cannot be less than the sum of figures it contains."""
    others = [at.operand(x) for x in o["others"]]
    for other in others:
        same_dimension(claim, other)
    floor_ = sum((x.interval.low for x in others), 0.0)
    return decide(claim, Interval(floor_, inf), said("must reach the sum of"), others, good=CONSISTENT)


@check_kind("count", "each")
def minimum_total(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """So many pieces of at least so much each: the total cannot be less."""
    count, each = at.operand(o["count"]), at.operand(o["each"])
    low = count.interval.low * each.interval.low
    return decide(claim, Interval(low, inf), said("count x minimum size"), [count, each], good=CONSISTENT)


@check_kind("parts")
def sum_of(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """The parts must add up to the claim."""
    parts = [at.operand(p) for p in o["parts"]]
    total = point(0.0)
    for part in parts:
        same_dimension(claim, part)
        total = total + part.interval
    return decide(claim, total, said("sum of the parts"), parts)


@check_kind("others")
def shares_fit(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """Disjoint shares of one whole cannot exceed 100 % together."""
    others = [at.operand(x) for x in o["others"]]
    rest = ALL - sum((x.interval for x in others), point(0.0))
    return decide(
        claim, Interval(0.0, rest.high), said("what the other shares leave of 100 %"), others, good=CONSISTENT
    )


@check_kind("start", "end")
def growth(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """Growth from two levels: end / start - 1."""
    start, end = at.operand(o["start"]), at.operand(o["end"])
    return decide(claim, end.interval / start.interval - point(1.0), said("end / start - 1"), [start, end])


@check_kind(may=("count", "of"))
def integer_fraction(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """A share of whole things is k/n: with k (`count`) or n (`of`) known, the other must be whole too."""
    known = at.operand(o["count"] if "count" in o else o["of"])
    share, number = claim.base[0], known.interval.low
    span = Interval(number / share.high, number / share.low) if "count" in o else share * point(number)
    whole = floor(span.high + 1e-9) >= ceil(span.low - 1e-9)
    near = sorted({max(1, floor(span.low)), ceil(span.high)})
    if "count" in o:
        tries = [(number, float(n)) for n in near]
    else:
        tries = [(float(k), number) for k in ([round((span.low + span.high) / 2)] if whole else near)]
    ratios = (
        said("{k}/{n} = {share} %", k=f"{k:.0f}", n=f"{n:.0f}", share=f"{100 * k / n:.2f}") for k, n in tries
    )
    nearest = reduce(lambda a, b: said("{a} or {b}", a=a, b=b), ratios)
    how = _whole_or_not(span, nearest, whole=whole, counted="count" in o)
    good = CONSISTENT if span.high - span.low <= TELLING else WIDE  # a span of 1 always holds a whole number
    return Verdict(good if whole else INCONSISTENT, nearest, with_facts(how, [known]), (known,))


def _whole_or_not(span: Interval, nearest: Said, *, whole: bool, counted: bool) -> Said:
    parts = {"span": span.said(), "nearest": nearest}
    if counted and whole:
        return said("the whole would be {span}: a whole number; {nearest}", **parts)
    if counted:
        return said("the whole would be {span}: no whole number; {nearest}", **parts)
    if whole:
        return said("the part would be {span}: a whole number; {nearest}", **parts)
    return said("the part would be {span}: no whole number; {nearest}", **parts)


@check_kind("edition", "last")
def publication_exists(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """A cited edition cannot be later than the last one published."""
    last = at.operand(o["last"])
    edition, end = int(o["edition"]), int(last.interval.low)
    how = said("the cited edition is {edition}, the last one published {last}", edition=edition, last=end)
    verdict = CONSISTENT if edition <= end else CONTRADICTED
    return Verdict(verdict, said("last edition {year}", year=end), with_facts(how, [last]), (last,))


@check_kind("since", "year")
def anniversary(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """An anniversary is the year it is kept less the year it counts from."""
    since = at.operand(o["since"])
    how = said("{year} less the year it began", year=o["year"])
    return decide(claim, point(float(o["year"])) - since.interval, how, [since])


@check_kind("at")
def current(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """The year a text gives as its own ("last year", "this year") against the year in which it was so at the latest."""
    when = at.operand(o["at"])
    same_dimension(claim, when)
    claimed, latest = claim.base[0].low, when.interval.high
    how = said("so at the latest in {year}", year=f"{latest:.0f}")
    verdict = REPRODUCED if claimed == latest else STALE if claimed > latest else CONTRADICTED
    return Verdict(verdict, said(f"{latest:.0f}"), with_facts(how, [when]), (when,))


@check_kind("part", "whole", may=("times",))
def times_of(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """A share beside that of a larger whole, part / whole: many times as much is implausible, though not excluded."""
    used = [at.operand(o["part"]), at.operand(o["whole"])]
    return _times(claim, claim.base[0], used[0].interval / used[1].interval, used, o.get("times", 5.0))


@check_kind("own", "part", "whole")
def falls_behind(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """A gap to a peer whose own share is at most part / whole: it is none if that is less than one's own."""
    own, part, whole = at.operand(o["own"]), at.operand(o["part"]), at.operand(o["whole"])
    most = Interval(0.0, (part.interval / whole.interval).high)
    shown = scaled(most, "share")
    how = said("the peer has {share}", share=shown)
    verdict = CONTRADICTED if most.high < own.interval.low else UNCHECKED
    return Verdict(verdict, shown, with_facts(how, [own, part, whole]), (own, part, whole))


@check_kind("part", "share", "level", "beside", may=("times",))
def implied_growth(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """The growth that an increment of part / share means for a level, beside a published growth rate."""
    part, share, level, beside = (at.operand(o[k]) for k in ("part", "share", "level", "beside"))
    increment = part.interval / share.interval
    growth = increment / (level.interval - increment)
    used = [part, share, level, beside]
    return _times(claim, growth, beside.interval, used, o.get("times", 5.0))


def _times(claim: Claim, implied: Interval, peer: Interval, used: list[Operand], times: float) -> Verdict:
    """Implausible if the least that is implied is more than so many times the most of the published figure."""
    ratio = implied / peer
    parts = {"own": scaled(implied, "share"), "peer": scaled(peer, "share"), "times": ratio.said()}
    shown = said("{own}, {times} times {peer}", **parts)
    how = said("{shown}; implausible from {times} times", shown=shown, times=f"{times:g}")
    verdict = IMPLAUSIBLE if ratio.low > times else WIDE
    return Verdict(verdict, shown, with_facts(how, used), tuple(used))


@check_kind("before", "after")
def opposed(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """A growing evil beside a good that is said to grow as well: each can be, but the text owes how."""
    before, after = at.operand(o["before"]), at.operand(o["after"])
    better = after.interval.low > before.interval.high
    worse = claim.base[0].low > 0
    how = said("it grows while what should move against it grows as well")
    fine = said("it moves as what is given beside it lets expect")
    shown = scaled(after.interval - before.interval, after.dimension)
    verdict = TENSION if better and worse else CONSISTENT
    return Verdict(
        verdict, shown, with_facts(how if better and worse else fine, [before, after]), (before, after)
    )


@check_kind("own", "side", may=("relative",))
def peer(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    """A gap to a peer implies the peer's figure, which must be possible: 0 or more, no share over 100 %."""
    own = at.operand(o["own"])
    one_of("side", o["side"], ("below", "above"))
    gap, sign = claim.base[0], 1.0 if o["side"] == "below" else -1.0
    if o.get("relative"):
        implied = own.interval / (point(1.0) - point(sign) * gap)
    else:
        implied = own.interval + point(sign) * gap
    shown = scaled(implied, own.dimension)
    if implied.meets(Interval(0.0, 1.0 if own.dimension == "share" else inf)):
        how = said("implies {figure} for the peer", figure=shown)
        return Verdict(UNCHECKED, shown, with_facts(how, [own]), (own,))
    how = said("the peer's figure would be {figure}: impossible", figure=shown)
    return Verdict(INCONSISTENT, shown, with_facts(how, [own]), (own,))


@check_kind("formula", may=("parts", "full"))
def composite(claim: Claim, o: Mapping[str, Any], _at: Context) -> Verdict:
    """A composite index, of which the parts are not published: what its formula needs them to be."""
    needed = implied_parts(
        claim.printed, formula=o["formula"], parts=o.get("parts", 2), full=o.get("full", 1.0)
    )
    return Verdict(UNCHECKED, NOTHING, needed.message)
