"""The ledger: every claim of the papers with its verdict and its evidence."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from exportlab.claims.checks import same_quantity
from exportlab.claims.evidence import Context
from exportlab.claims.records import Claim, Paper, load
from exportlab.claims.units import unit
from exportlab.claims.verdicts import CHECKS, UNCHECKED, VERDICTS, Verdict, with_unit
from exportlab.errors import DataError, UnknownName

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
        source and tolerance (the values the printed figure can stand for). Of several checks of a
        claim the first verdict of `VERDICTS` counts, and the evidence keeps them all.

    Raises
    ------
    UnknownName
        If there is no such paper, claim, data set or measurement.
    DataError
        If two papers share a claim id, or a query does not find one row.
    """
    import pandas as pd

    chosen = _chosen(papers)
    everything = [c for p in chosen for c in p.claims]
    at = Context({c.id: c for c in everything})
    if len(at.claims) < len(everything):
        raise DataError("two papers use one claim id", "Begin the ids with the paper's own.")
    again = _pairs(everything)
    return pd.DataFrame(
        [_row(c, judge(c, at, again.get(c.id, ()))) for c in everything], columns=list(COLUMNS)
    )


def judge(claim: Claim, at: Context, again: Iterable[str] = ()) -> Verdict:
    """The verdict on one claim; `again` are ids of claims that give the same quantity."""
    found = [CHECKS[o["kind"]][0](claim, o, at) for o in claim.checks]
    found += [same_quantity(claim, {"other": other}, at) for other in again]
    if not found:
        return _unsettled(claim)
    best = min(found, key=lambda v: VERDICTS.index(v.verdict))
    notes = [v.evidence for v in found]
    if claim.reading:
        notes.append(f"read as: {claim.reading}")
    if best.verdict == UNCHECKED and claim.needs:
        notes.append(f"no data found; would settle it: {claim.needs}")
    sources = " ; ".join(dict.fromkeys(v.source for v in found if v.source))
    return Verdict(best.verdict, best.computed, ". ".join(notes), sources)


def _unsettled(claim: Claim) -> Verdict:
    if claim.kind == "target":
        how = "not checkable in principle: a target or forecast states no fact"
        return Verdict(UNCHECKED, "", f"{how}; whether it was met: {claim.needs}" if claim.needs else how)
    return Verdict(UNCHECKED, "", f"no data found; would settle it: {claim.needs}")


def _pairs(everything: list[Claim]) -> dict[str, list[str]]:
    """Claims that give one quantity of one period (or of none stated), found by name."""
    again: dict[str, list[str]] = {}
    for a, b in combinations([c for c in everything if c.quantity], 2):
        same = a.paper == b.paper and a.quantity == b.quantity and unit(a.unit)[0] == unit(b.unit)[0]
        if same and (a.period == b.period or not (a.period and b.period)):
            again.setdefault(a.id, []).append(b.id)
            again.setdefault(b.id, []).append(a.id)
    return again


def _row(claim: Claim, verdict: Verdict) -> tuple[str, ...]:
    tolerance = "" if claim.value is None else with_unit(claim.interval, claim.unit)
    return (
        claim.id,
        claim.paper,
        claim.section,
        claim.kind,
        claim.what,
        claim.claimed,
        verdict.computed,
        verdict.verdict,
        verdict.evidence,
        verdict.source,
        tolerance,
    )


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
