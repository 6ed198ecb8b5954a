"""Verdicts, the registry of check kinds, and the comparison they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import isinf
from typing import TYPE_CHECKING, Any

from exportlab.claims.intervals import UNSAID, Interval, point, unit
from exportlab.errors import DataError, one_of
from exportlab.words import NOTHING, Said, Text, counted, enumerated, said

if TYPE_CHECKING:
    from exportlab.claims.evidence import Context, Operand
    from exportlab.claims.records import Claim

CONTRADICTED = "contradicted by a source"
INCONSISTENT = "inconsistent within the paper"
IMPLAUSIBLE = "implausible"
STALE = "out of date"
TENSION = "in tension"
REPRODUCED = "reproduced"
CONSISTENT = "consistent"
WIDE = "only within wide limits"
UNCHECKED = "cannot be checked"
VERDICTS = (  # the first that holds counts
    CONTRADICTED,
    INCONSISTENT,
    IMPLAUSIBLE,
    STALE,
    TENSION,
    REPRODUCED,
    CONSISTENT,
    WIDE,
    UNCHECKED,
)
FAILED = (CONTRADICTED, INCONSISTENT, IMPLAUSIBLE)
TELLING = (
    0.25  # of a claim's figure: the widest span of passing values with which a test still could have failed
)
APART = {"scope": "scope", "period": "period", "name": "name"}
COMMON = frozenset({"apart", "reading"})  # every check may have them


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Parameters
    ----------
    verdict : str
        One of `VERDICTS`.
    computed : Said
        The figure that was computed, in the claim's unit, as the interval its operands allow.
    evidence : Said
        The computation in words.
    operands : tuple of Operand
        The figures used.
    reading : str
        How the claim was read, where it can be read in several ways.
    """

    verdict: str
    computed: Said
    evidence: Said
    operands: tuple[Operand, ...] = ()
    reading: str = ""

    @property
    def source(self) -> Said:
        """Where the operands are from: addresses, or ids of claims."""
        origins = list(dict.fromkeys(o.origin for o in self.operands))
        return reduce(lambda a, b: said("{a} ; {b}", a=a, b=b), origins) if origins else NOTHING


Check = Callable[["Claim", Mapping[str, Any], "Context"], Verdict]
CHECKS: dict[str, tuple[Check, frozenset[str], frozenset[str]]] = {}


def check_kind(*needs: str, may: tuple[str, ...] = ()) -> Callable[[Check], Check]:
    """Register a function as the check kind of its name, with the operands it needs and may have."""

    def register(function: Check) -> Check:
        CHECKS[function.__name__] = (function, frozenset(needs), frozenset(may))
        return function

    return register


def validate(operands: Mapping[str, Any], whose: Text) -> None:
    """Refuse a check whose kind is not known or whose operands do not fit it."""
    if not isinstance(operands, dict) or "kind" not in operands:
        raise DataError(
            said("a check of {whose} has no kind", whose=whose),
            said("Check kinds: {names}.", names=", ".join(CHECKS)),
        )
    one_of("check kind", operands["kind"], CHECKS)
    if "apart" in operands:
        one_of("apart", operands["apart"], APART)
    _function, needs, may = CHECKS[operands["kind"]]
    given = set(operands) - {"kind"} - COMMON
    if needs - given:
        raise DataError(
            said(
                "the check {operands} of {whose} lacks {names}",
                operands=repr(operands["kind"]),
                whose=whose,
                names=", ".join(sorted(needs - given)),
            ),
            said("It needs {names}.", names=", ".join(sorted(needs))),
        )
    if given - needs - may:
        raise DataError(
            said(
                "the check {operands} of {whose} has the unknown operand {operand}",
                operands=repr(operands["kind"]),
                whose=whose,
                operand=repr(min(given - needs - may)),
            ),
            said("It takes {names}.", names=", ".join(sorted(needs | may))),
        )


def decide(
    claim: Claim, computed: Interval, how: Said, operands: list[Operand], *, good: str = ""
) -> Verdict:
    """Compare what was computed (in base units) with the claim, and say where the operands are from."""
    outside = any(o.outside for o in operands)
    own = claim.base[0]
    if own.meets(computed):
        verdict = good or (REPRODUCED if outside else CONSISTENT)
        if verdict == CONSISTENT and not telling(own, computed):
            verdict = WIDE
    else:
        verdict = CONTRADICTED if outside else INCONSISTENT
    shown = computed * point(1 / unit(claim.unit)[1])
    return Verdict(verdict, with_unit(shown, claim.unit), with_facts(how, operands), tuple(operands))


def telling(claimed: Interval, allowed: Interval) -> bool:
    """Whether a test that was passed could well have failed: the values that pass span little of the figure."""
    passing = claimed.high - claimed.low + allowed.high - allowed.low
    middle = abs(claimed.low + claimed.high) / 2
    return passing == 0 or (not isinf(passing) and passing <= TELLING * middle)


def with_facts(how: Said, operands: Sequence[Operand]) -> Said:
    """A computation and the figures it used."""
    return said("{how} ({facts})", how=how, facts=enumerated(o.text for o in operands))


def with_unit(interval: Interval, name: str) -> Said:
    """An interval and its unit as a reader expects them; a year has neither commas nor a unit."""
    if name == "year":
        low, high = (f"{e:.0f}" for e in interval)
        return said(low) if low == high else said("at most {number}", number=high)
    return interval.said() if name in UNSAID else counted(interval.said(), name)


def same_dimension(claim: Claim, operand: Operand, dimension: str | None = None) -> None:
    """Refuse to compare money with tonnes, or yuan with dollars; `dimension` is the claim's by default."""
    if (claim.base[1] if dimension is None else dimension) != operand.dimension:
        own = (claim.unit or "no unit") if dimension is None else dimension
        raise DataError(
            said(
                "the claim {id} is in {own} but is compared with {text}",
                id=repr(claim.id),
                own=own,
                text=repr(str(operand.text)),
            ),
            said("Compare figures of one dimension."),
        )


def scaled(interval: Interval, dimension: str) -> Said:
    """An interval in base units, printed in the unit a reader expects."""
    name, factor = {
        "share": ("%", 100.0),
        "CNY": ("bn CNY", 1e-9),
        "USD": ("bn USD", 1e-9),
        "1/km": ("per 100 km", 100.0),
    }.get(dimension, (dimension, 1.0))
    low = interval.low if isinf(interval.low) else interval.low * factor
    return with_unit(Interval(low, interval.high * factor), name)
