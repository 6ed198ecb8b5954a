"""The ledger: every claim of the papers with its verdict and its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportlab.claims.checks import same_quantity
from exportlab.claims.evidence import Context
from exportlab.claims.intervals import unit
from exportlab.claims.records import Claim, Paper, load
from exportlab.claims.verdicts import (
    CHECKS,
    CONSISTENT,
    INCONSISTENT,
    UNCHECKED,
    VERDICTS,
    Verdict,
    with_unit,
)
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.words import NOTHING, Said, said, told

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "id",
    "paper",
    "section",
    "kind",
    "what",
    "claimed",
    "computed",
    "verdict",
    "evidence",
    "source",
    "tolerance",
    "needs",
)


@cache
def papers() -> tuple[Paper, ...]:
    """The papers that come with the package, in the order of their files."""
    found = sorted(_folder().glob("*.toml"))
    if not found:
        raise DataError(f"there is no TOML file in {_folder()}", "Install the package with its seeds.")
    return tuple(load(p) for p in found)


def claims() -> tuple[Claim, ...]:
    """All claims of all papers that come with the package."""
    return tuple(c for p in papers() for c in p.claims)


def check(papers: str | Path | Paper | Iterable[str | Path | Paper] | None = None) -> pd.DataFrame:
    """Check every claim of the papers.

    Parameters
    ----------
    papers : str, path, Paper, or several of them, optional
        Ids of papers that come with the package, paths of TOML files, or papers already loaded;
        by default all that come with the package.

    Returns
    -------
    pandas.DataFrame
        One row a claim with id, paper, section, kind, what, claimed, computed, verdict, evidence,
        source, tolerance (the values the printed figure can stand for) and needs (the data that would
        settle it). Of several checks of a claim the first verdict of `VERDICTS` counts, and the
        evidence keeps them all. A claim without a check of its own is judged by the arithmetic of the
        paper's other claims that it enters.

    Raises
    ------
    UnknownName
        If there is no such paper, claim, data set or measurement.
    DataError
        If two papers share a claim id, or a query does not find one row.
    """
    return sentences(papers).map(str)


def sentences(papers: str | Path | Paper | Iterable[str | Path | Paper] | None = None) -> pd.DataFrame:
    """The table of `check` with its sentences as `Said`, which can be said in another language."""
    import pandas as pd

    chosen = _chosen(papers)
    everything = [c for p in chosen for c in p.claims]
    at = Context({c.id: c for c in everything})
    if len(at.claims) < len(everything):
        raise DataError("two papers use one claim id", "Begin the ids with the paper's own.")
    again = _pairs(everything)
    own = {c.id: _found(c, at, again.get(c.id, ())) for c in everything}
    entered = _entered(at, own)
    made = [_row(c, _settled(c, own[c.id] or entered.get(c.id, []))) for c in everything]
    return pd.DataFrame(made, columns=list(COLUMNS))


def judge(claim: Claim, at: Context, again: Iterable[str] = ()) -> Verdict:
    """The verdict on one claim by its own checks; `again` are ids of claims that give the same quantity."""
    return _settled(claim, _found(claim, at, again))


def _found(claim: Claim, at: Context, again: Iterable[str]) -> list[Verdict]:
    found = [_checked(claim, o, at) for o in claim.checks]
    return found + [same_quantity(claim, {"other": other}, at) for other in again]


def _checked(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    try:
        return CHECKS[o["kind"]][0](claim, o, at)
    except (DataError, UnknownName, OptionError):
        raise
    except (TypeError, KeyError, ValueError, ArithmeticError) as error:  # operands are a stranger's
        raise DataError(
            f"the check {o['kind']!r} of the claim {claim.id!r} cannot be computed from its operands",
            "Operands are ids of claims, or rows {dataset = ..., where = {...}}; a divisor must not be zero.",
            first=f"{type(error).__name__}: {error}",
        ) from None


def _entered(at: Context, own: dict[str, list[Verdict]]) -> dict[str, list[Verdict]]:
    """For claims without a check: what the arithmetic among the paper's own figures says that they enter.

    Arithmetic has no direction: where it holds it holds for each of its figures, and where it fails any of
    them may be the wrong one.
    """
    entered: dict[str, list[Verdict]] = {}
    for name, verdicts in own.items():
        for v in verdicts:
            if v.verdict not in (CONSISTENT, INCONSISTENT) or any(o.outside for o in v.operands):
                continue
            for o in v.operands:
                if o.claim == name or own[o.claim]:
                    continue
                others = (at.operand(name), *(x for x in v.operands if x.claim != o.claim))
                shown = said("{name}: {figure}", name=said(at.claims[name].what), figure=v.computed)
                how = said(
                    "in the arithmetic of {claim}, {how}", claim=at.claims[name].figure, how=v.evidence
                )
                entered.setdefault(o.claim, []).append(Verdict(v.verdict, shown, how, others))
    return entered


def _settled(claim: Claim, found: list[Verdict]) -> Verdict:
    """Of several verdicts the gravest, with the evidence of all."""
    if not found:
        return _unsettled(claim)
    best = min(found, key=lambda v: VERDICTS.index(v.verdict))
    notes = [v.evidence for v in found]
    if claim.reading:
        notes.append(said("read as: {reading}", reading=said(claim.reading)))
    if best.verdict == UNCHECKED and claim.needs:
        notes.append(_needed(claim))
    return Verdict(best.verdict, best.computed, told(notes), tuple(o for v in found for o in v.operands))


def _unsettled(claim: Claim) -> Verdict:
    if claim.kind != "target":
        return Verdict(UNCHECKED, NOTHING, _needed(claim))
    how = said("not checkable in principle: a target or forecast states no fact")
    if claim.needs:
        how = said("{how}; whether it was met: {needs}", how=how, needs=said(claim.needs))
    return Verdict(UNCHECKED, NOTHING, how)


def _needed(claim: Claim) -> Said:
    return said("no data found; would settle it: {needs}", needs=said(claim.needs))


def _pairs(everything: list[Claim]) -> dict[str, list[str]]:
    """Claims that give one quantity of one period (or of none stated), found by name."""
    again: dict[str, list[str]] = {}
    for a, b in combinations([c for c in everything if c.quantity], 2):
        same = a.paper == b.paper and a.quantity == b.quantity and unit(a.unit)[0] == unit(b.unit)[0]
        if same and (a.period == b.period or not (a.period and b.period)):
            again.setdefault(a.id, []).append(b.id)
            again.setdefault(b.id, []).append(a.id)
    return again


def _row(claim: Claim, verdict: Verdict) -> tuple[str | Said, ...]:
    tolerance = NOTHING if claim.value is None else with_unit(claim.interval, claim.unit)
    return (
        claim.id,
        claim.paper,
        claim.section,
        claim.kind,
        said(claim.what),
        claim.claimed,
        verdict.computed,
        verdict.verdict,
        verdict.evidence,
        verdict.source,
        tolerance,
        said(claim.needs),
    )


def told_apart(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Names as a reader gives them, told apart: ids of claims, and papers or TOML files.

    Raises
    ------
    UnknownName
        If a name is none of these.
    """
    ids, known = {c.id for c in claims()}, {p.id for p in papers()}
    listed = list(names)
    for name in listed:
        if name not in ids | known and not Path(name).is_file():
            raise UnknownName("claim, paper or TOML file", name, ids | known)
    return [n for n in listed if n in ids], [n for n in listed if n not in ids]


def _chosen(given: str | Path | Paper | Iterable[str | Path | Paper] | None) -> list[Paper]:
    if given is None:
        return list(papers())
    several = [given] if isinstance(given, str | Path | Paper) else list(given)
    known = {p.id: p for p in papers()}
    chosen = []
    for one in several:
        if isinstance(one, Paper):
            chosen.append(one)
        elif str(one) in known:
            chosen.append(known[str(one)])
        elif Path(one).is_file():
            chosen.append(load(one))
        else:
            raise UnknownName("paper or TOML file", str(one), known)
    return chosen


def _folder() -> Path:
    packaged = Path(str(files("exportlab"))) / "seeds"
    if packaged.is_dir():
        return packaged
    return Path(__file__).parents[2] / "seeds"  # a checkout keeps them at its top level
