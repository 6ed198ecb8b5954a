"""Verdicts, the registry of check kinds, and the comparison they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isinf
from typing import TYPE_CHECKING, Any

from exportlab.claims.intervals import Interval, point
from exportlab.errors import DataError, one_of

if TYPE_CHECKING:
    from exportlab.claims.evidence import Context, Operand
    from exportlab.claims.records import Claim

REPRODUCED = "reproduced"
CONSISTENT = "consistent"
INCONSISTENT = "inconsistent within the paper"
CONTRADICTED = "contradicted by a source"
UNCHECKED = "cannot be checked"
VERDICTS = (CONTRADICTED, INCONSISTENT, REPRODUCED, CONSISTENT, UNCHECKED)  # the first that holds counts


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Parameters
    ----------
    verdict : str
        One of `VERDICTS`.
    computed : str
        The figure that was computed, in the claim's unit, as the interval its operands allow.
    evidence : str
        The computation in words.
    source : str
        Where the operands are from: addresses, or ids of claims.
    """

    verdict: str
    computed: str
    evidence: str
    source: str = ""


Check = Callable[["Claim", Mapping[str, Any], "Context"], Verdict]
CHECKS: dict[str, tuple[Check, frozenset[str], frozenset[str]]] = {}


def check_kind(*needs: str, may: tuple[str, ...] = ()) -> Callable[[Check], Check]:
    """Register a function as the check kind of its name, with the operands it needs and may have."""

    def register(function: Check) -> Check:
        CHECKS[function.__name__] = (function, frozenset(needs), frozenset(may))
        return function

    return register


def validate(operands: Mapping[str, Any], whose: str) -> None:
    """Refuse a check whose kind is not known or whose operands do not fit it."""
    if not isinstance(operands, dict) or "kind" not in operands:
        raise DataError(f"a check of {whose} has no kind", f"Check kinds: {', '.join(CHECKS)}.")
    one_of("check kind", operands["kind"], CHECKS)
    _function, needs, may = CHECKS[operands["kind"]]
    given = set(operands) - {"kind"}
    if needs - given:
        raise DataError(
            f"the check {operands['kind']!r} of {whose} lacks {', '.join(sorted(needs - given))}",
            f"It needs {', '.join(sorted(needs))}.",
        )
    if given - needs - may:
        raise DataError(
            f"the check {operands['kind']!r} of {whose} has the unknown operand {min(given - needs - may)!r}",
            f"It takes {', '.join(sorted(needs | may))}.",
        )


def decide(claim: Claim, computed: Interval, how: str, operands: list[Operand], *, good: str = "") -> Verdict:
    """Compare what was computed (in base units) with the claim, and say where the operands are from."""
    from exportlab.claims.units import unit

    outside = any(o.outside for o in operands)
    holds = claim.base[0].meets(computed)
    if holds:
        verdict = good or (REPRODUCED if outside else CONSISTENT)
    else:
        verdict = CONTRADICTED if outside else INCONSISTENT
    shown = computed * point(1 / unit(claim.unit)[1])
    facts = "; ".join(o.text for o in operands)
    sources = " ; ".join(dict.fromkeys(o.source for o in operands))
    return Verdict(verdict, with_unit(shown, claim.unit), f"{how} ({facts})", sources)


def with_unit(interval: Interval, name: str) -> str:
    """An interval and its unit as a reader expects them; a year has neither commas nor a unit."""
    return f"{interval.low:.0f}" if name == "year" else f"{interval} {name}".strip()


def same_dimension(claim: Claim, operand: Operand) -> None:
    """Refuse to compare money with tonnes, or yuan with dollars."""
    if claim.base[1] != operand.dimension:
        raise DataError(
            f"the claim {claim.id!r} is in {claim.unit or 'no unit'} but is compared with {operand.text!r}",
            "Compare figures of one dimension.",
        )


def scaled(interval: Interval, dimension: str) -> str:
    """An interval in base units, printed in the unit a reader expects."""
    name, factor = {
        "share": ("%", 100.0),
        "CNY": ("bn CNY", 1e-9),
        "USD": ("bn USD", 1e-9),
        "1/km": ("per 100 km", 100.0),
    }.get(dimension, (dimension, 1.0))
    low = interval.low if isinf(interval.low) else interval.low * factor
    return with_unit(Interval(low, interval.high * factor), name)
