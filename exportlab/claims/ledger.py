"""The ledger: every claim of the papers with its verdict and its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
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
    APART,
    CHECKS,
    CONSISTENT,
    CONTRADICTED,
    FAILED,
    INCONSISTENT,
    REPRODUCED,
    TENSION,
    UNCHECKED,
    VERDICTS,
    WIDE,
    Verdict,
    with_unit,
)
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.words import N_, NOTHING, Said, enumerated, said, told

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "id",
    "paper",
    "section",
    N_("kind"),
    "what",
    "claimed",
    "computed",
    "verdict",
    "evidence",
    "source",
    N_("tolerance"),
    "needs",
)


@cache
def papers() -> tuple[Paper, ...]:
    """The papers that come with the package, in the order of their files."""
    found = sorted(_folder().glob("*.toml"))
    if not found:
        raise DataError(
            said("there is no TOML file in {folder}", folder=_folder()),
            said("Install the package with its seeds."),
        )
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
        paper's other claims that it enters. What rests on a figure that failed is not called consistent.

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

    everything = [c for p in chosen(papers) for c in p.claims]
    at = Context({c.id: c for c in everything})
    if len(at.claims) < len(everything):
        raise DataError(said("two papers use one claim id"), said("Begin the ids with the paper's own."))
    again = _pairs(everything)
    own = {c.id: _found(c, at, again.get(c.id, ())) for c in everything}
    entered = _entered(at, own)
    settled = {c.id: _settled(c, own[c.id] + entered.get(c.id, [])) for c in everything}
    rested = _rested(at, settled)
    return pd.DataFrame([_row(c, rested[c.id]) for c in everything], columns=list(COLUMNS))


def judge(claim: Claim, at: Context, again: Iterable[tuple[str, tuple[str, ...]]] = ()) -> Verdict:
    """The verdict on one claim by its own checks; `again` are ids of claims of the same quantity, and what differs."""
    return _settled(claim, _found(claim, at, again))


def _found(claim: Claim, at: Context, again: Iterable[tuple[str, tuple[str, ...]]]) -> list[Verdict]:
    found = [_apart(_checked(claim, o, at), o) for o in claim.checks]
    for other, apart in again:
        found.append(_apart(same_quantity(claim, {"other": other}, at), {"apart": apart}))
    return _by_reading(found)


def _apart(verdict: Verdict, o: Mapping[str, Any]) -> Verdict:
    """Two figures of different scope, period or name do not exclude each other: if they part, they are in tension."""
    verdict = replace(verdict, reading=o.get("reading", ""))
    apart = [o["apart"]] if isinstance(o.get("apart"), str) else list(o.get("apart", ()))
    if not apart or verdict.verdict not in (CONTRADICTED, INCONSISTENT):
        return verdict
    what = enumerated(said(APART[a]) for a in apart)
    how = said("{how}; the two may differ in {what}", how=verdict.evidence, what=what)
    return replace(verdict, verdict=TENSION, evidence=how)


def _by_reading(found: list[Verdict]) -> list[Verdict]:
    """Where a claim can be read in several ways and fails in some only, it is in tension by those."""
    readings = {v.reading for v in found if v.reading}
    failed = {r: any(v.verdict in FAILED for v in found if v.reading == r) for r in readings}
    if len(readings) > 1 and not all(failed.values()):
        found = [replace(v, verdict=TENSION) if v.reading and v.verdict in FAILED else v for v in found]
    return [
        replace(v, evidence=said("as {reading}: {how}", reading=said(v.reading), how=v.evidence))
        if v.reading
        else v
        for v in found
    ]


def _checked(claim: Claim, o: Mapping[str, Any], at: Context) -> Verdict:
    try:
        return CHECKS[o["kind"]][0](claim, o, at)
    except (DataError, UnknownName, OptionError):
        raise
    except (TypeError, KeyError, ValueError, ArithmeticError) as error:  # operands are a stranger's
        raise DataError(
            said(
                "the check {check} of the claim {id} cannot be computed from its operands",
                check=repr(o["kind"]),
                id=repr(claim.id),
            ),
            said(
                "Operands are ids of claims, or rows {dataset = ..., where = {...}}; a divisor must not "
                "be zero."
            ),
            first=f"{type(error).__name__}: {error}",
        ) from None


def _entered(at: Context, own: dict[str, list[Verdict]]) -> dict[str, list[Verdict]]:
    """What arithmetic says of the figures that enter it, and not only of the one it is written beside.

    Arithmetic has no direction: where it holds among the paper's own figures it holds for each of them, and where
    it fails any of them may be the wrong one. Where it fails against a source too, the paper's other figures in it
    are in tension with the source: one of them is wrong, and nobody can say which.
    """
    entered: dict[str, list[Verdict]] = {}
    figures = {name: v for name, v in own.items() if at.claims[name].value is not None}
    for name, verdicts in figures.items():
        for v in verdicts:
            within = not any(o.outside for o in v.operands)
            verdict = v.verdict
            if verdict == CONTRADICTED and not within:
                verdict = TENSION
            elif not within or verdict not in (CONSISTENT, WIDE, INCONSISTENT, TENSION):
                continue
            for o in v.operands:
                if o.outside or o.claim == name or (own[o.claim] and verdict != TENSION):
                    continue
                if any(name in {x.claim for x in w.operands} for w in own[o.claim]):
                    continue  # it has the same comparison itself
                others = (at.operand(name), *(x for x in v.operands if x.claim != o.claim))
                shown = said("{name}: {figure}", name=said(at.claims[name].what), figure=v.computed)
                how = said(
                    "in the arithmetic of {claim}, {how}", claim=at.claims[name].figure, how=v.evidence
                )
                entered.setdefault(o.claim, []).append(Verdict(verdict, shown, how, others))
    return entered


def _rested(at: Context, settled: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """What rests on a figure that failed is not settled by it; what agrees with one in tension shares the tension."""
    found, changed = dict(settled), True
    while changed:
        changed = False
        for name, v in found.items():
            weak = _weakened(name, v, found)
            if weak is not None:
                other, verdict = weak
                how = said(
                    "{how}; it rests on {claim}, which is {verdict}",
                    how=v.evidence,
                    claim=at.claims[other].figure,
                    verdict=said(found[other].verdict),
                )
                if verdict == UNCHECKED:
                    needs = said(at.claims[name].needs or "a figure for what it rests on")
                    how = said("{how}; would settle it: {needs}", how=how, needs=needs)
                found[name] = replace(v, verdict=verdict, evidence=how)
                changed = True
    return found


def _weakened(name: str, v: Verdict, found: Mapping[str, Verdict]) -> tuple[str, str] | None:
    """The claim that a good verdict rests on and that is not good, and what is left of the verdict."""
    used = [o.claim for o in v.operands if o.claim and o.claim != name]
    failed = [c for c in used if found[c].verdict in FAILED]
    if failed and v.verdict in (REPRODUCED, CONSISTENT, WIDE):
        return failed[0], UNCHECKED
    tense = [c for c in used if found[c].verdict == TENSION]
    return (tense[0], TENSION) if tense and v.verdict == CONSISTENT else None


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


def _pairs(everything: list[Claim]) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Claims that give one quantity and not two periods of it, found by name, and in what else they may differ."""
    again: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for a, b in combinations([c for c in everything if c.quantity], 2):
        same = a.paper == b.paper and a.quantity == b.quantity and unit(a.unit)[0] == unit(b.unit)[0]
        if same and (a.period == b.period or not (a.period and b.period)):
            apart = ("scope",) * (a.scope != b.scope) + ("period",) * (a.period != b.period)
            again.setdefault(a.id, []).append((b.id, apart))
            again.setdefault(b.id, []).append((a.id, apart))
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
            raise UnknownName(said("claim, paper or TOML file"), name, ids | known)
    return [n for n in listed if n in ids], [n for n in listed if n not in ids]


def chosen(given: str | Path | Paper | Iterable[str | Path | Paper] | None) -> list[Paper]:
    """The papers that are meant: those shipped by their ids, files by their paths, those already loaded."""
    if given is None:
        return list(papers())
    several = [given] if isinstance(given, str | Path | Paper) else list(given)
    known = {p.id: p for p in papers()}
    found = []
    for one in several:
        if isinstance(one, Paper):
            found.append(one)
        elif str(one) in known:
            found.append(known[str(one)])
        elif Path(one).is_file():
            found.append(load(one))
        else:
            raise UnknownName(said("paper or TOML file"), str(one), known)
    return found


def _folder() -> Path:
    packaged = Path(str(files("exportlab"))) / "seeds"
    if packaged.is_dir():
        return packaged
    return Path(__file__).parents[2] / "seeds"  # a checkout keeps them at its top level
