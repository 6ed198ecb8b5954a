"""A paper's figures as facts: which of them cannot all hold, and what would mend it, found without being told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from exportlab.claims.evidence import Context, Operand
from exportlab.claims.intervals import Interval, point, unit
from exportlab.claims.ledger import chosen
from exportlab.claims.records import Claim, Paper
from exportlab.facts import Facts, facts

if TYPE_CHECKING:
    import pandas as pd

REST = "the rest"
COLUMNS = ("paper", "whole", "fact", "source", "loosen", "remedy")


class Part(NamedTuple):
    """A figure that is a part of a whole: its level or its share, what it is, and whose it is."""

    name: str
    interval: Interval
    share: bool
    source: str


def conflicts(papers: str | Path | Paper | Iterable[str | Path | Paper] | None = None) -> pd.DataFrame:
    """Figures of papers that cannot all hold, found by `exportlab.facts` from what is part of what.

    Every whole that the checks name (a published total, a level of the paper, 100 %) becomes a table of which the
    paper's levels and shares are known; nothing is said of which figure is compared with which.

    Parameters
    ----------
    papers : str, path, Paper, or several of them, optional
        As in `check`.

    Returns
    -------
    pandas.DataFrame
        One row a fact of an irreducible set: paper, whole, fact, source (the claim's id or an address), loosen (by how
        much it alone would have to give way, in its own unit; NaN where it alone cannot mend it) and remedy.

    Raises
    ------
    UnknownName
        If there is no such paper, claim or data set.
    """
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    for paper in chosen(papers):
        at = Context({c.id: c for c in paper.claims})
        for whole, parts in _wholes(paper, at).items():
            found = gathered(whole, parts, at).conflicts()
            rows += [(paper.id, whole.name, *row) for row in found.table.itertuples(index=False, name=None)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


class Whole(NamedTuple):
    """What parts are of: a name, its interval in base units, its unit and its source."""

    name: str
    low: float
    high: float
    unit: str
    source: str


def gathered(whole: Whole, parts: Iterable[Part], at: Context) -> Facts:
    """What is known of one whole, as facts: its total, and the levels and shares of its parts."""
    parts = list(parts)
    names = list(dict.fromkeys(p.name for p in parts))
    known = facts(
        (whole.low, whole.high),
        unit=whole.unit,
        universe=[*names, REST],
        flow=whole.name,
        source=whole.source,
    )
    for p in parts:
        low, high = max(p.interval.low, 0.0), None if p.interval.high == inf else p.interval.high
        if p.share:
            known = known.share(p.name, (low, 1.0 if high is None else high), source=p.source)
        else:
            known = known.know({p.name: (low, high)}, source=p.source)
    return known


def _wholes(paper: Paper, at: Context) -> dict[Whole, list[Part]]:
    found: dict[Whole, list[Part]] = {}
    for claim in paper.claims:
        for o in claim.checks:
            for whole, part in _said(claim, o, at):
                listed = found.setdefault(whole, [])
                if part not in listed:
                    listed.append(part)
    return found


def _said(claim: Claim, o: Mapping[str, Any], at: Context) -> Iterator[tuple[Whole, Part]]:
    """The wholes and parts that one check names, among the paper's own claims; a whole in another currency is none."""
    kind = o["kind"]
    if kind in ("share_of", "part_of") and "rate" not in o:
        level, share = (claim.id, o["share"]) if kind == "part_of" else (o["part"], claim.id)
        if isinstance(level, str) and isinstance(share, str):
            whole = _whole(at.operand(o["whole"]), at.claims[level])
            yield whole, _part(level, level, whole, at, share=False)
            yield whole, _part(level, share, whole, at, share=True)
    elif kind == "at_most" and "share" not in o:
        whole = _whole(at.operand(o["other"]), claim)
        yield whole, _part(claim.id, claim.id, whole, at, share=False)
    elif kind == "shares_fit":
        whole = Whole("100 %", 1.0, 1.0, "", "")
        for name in (claim.id, *o["others"]):
            yield whole, _part(name, name, whole, at, share=True)


def _whole(operand: Operand, part: Claim) -> Whole:
    """A whole, told in the unit of its part."""
    low, high = _shown(operand.interval * point(1 / unit(part.unit)[1]))
    return Whole(str(operand.text), max(low, 0.0), high, part.unit, operand.claim or operand.source)


def _part(name: str, figure: str, whole: Whole, at: Context, *, share: bool) -> Part:
    scale = 1.0 if share else 1 / unit(whole.unit)[1]
    return Part(name, _shown(at.operand(figure).interval * point(scale)), share, figure)


def _shown(interval: Interval) -> Interval:
    """The ends as they are printed, without the last bits of a float."""
    return Interval(*(float(f"{end:.12g}") for end in interval))
