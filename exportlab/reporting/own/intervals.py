"""How sure the figures of one's own table are, in words and as a table; and what its sections share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isnan
from typing import Any

import pandas as pd

from exportlab.findings.parts import Figure
from exportlab.flow_table import Flows
from exportlab.reporting.own import naming
from exportlab.tables.model import Fact, Section, Table
from exportlab.uncertainty.methods import Note
from exportlab.words import N_, _, listed, moment, sentences

Made = tuple[Section, Fact | None]
DRAWN = {"product": N_("products"), "market": N_("markets")}
COUNTED = {"product": N_("{n} products drawn"), "market": N_("{n} markets drawn")}
UNMOVED = {
    "product": N_("No interval: the figure does not depend on which products are drawn."),
    "market": N_("No interval: the figure does not depend on which markets are drawn."),
}
UNTOLD = N_("No interval: the figure stands at its limit, or is lost, where one of the units is left out.")
NONE_TO_DRAW = {
    "product": N_("No interval: the table has no products to draw."),
    "market": N_("No interval: the table has no markets to draw."),
}
METHODS = {"jackknife": N_("bias-corrected jackknife"), "delta": N_("delta method")}
# What the page says of each kind of note; of the others there is no interval to say it of.
NOTES = {
    "few units": N_("few of them, so too narrow"),
    "alike": N_("alike within groups, so too narrow"),
    "heavy tail": N_("a few large ones decide"),
    "biased": N_("biased"),
    "undefined": N_("undefined in part"),
    "unlike periods": N_("of unlike periods"),
    "one side": N_("reported by one side in part"),
    "members drawn": N_("its own members are drawn, so too narrow in most cases"),
    "near equality": N_("near equality, so too wide or too narrow"),
    "one-sided": N_("one-sided, at the limit of the index"),
    "linearised": N_("linearised"),
    "threshold": N_("of a measure with a threshold, so too narrow"),
}


def sentence(figure: Figure | None, over: str, form: Callable[[float], str]) -> str:
    """How sure a figure is; why there is no interval."""
    if figure is None:
        return without(over)
    if not figure.known:
        return _(UNMOVED[figure.unit] if figure.certain else UNTOLD)
    known = {
        "low": form(figure.low),
        "high": form(figure.high),
        "method": _(METHODS[figure.method]),
        "drawn": _(COUNTED[figure.unit], n=f"{figure.n:,}"),
    }
    less = (
        "" if isnan(figure.corrected) else _("Less its bias {corrected}.", corrected=form(figure.corrected))
    )
    if note := caution(figure.notes):
        ends = _("95 % interval {low} to {high} ({method}, {drawn}; {note}).", **known, note=note)
    else:
        ends = _("95 % interval {low} to {high} ({method}, {drawn}).", **known)
    return sentences(less, ends)


def caution(notes: Iterable[Note]) -> str:
    """What is known against an interval, in a few words."""
    kinds = {note.kind for note in notes}
    return listed(_(words) for kind, words in NOTES.items() if kind in kinds)


def without(over: str) -> str:
    """Why there is no interval."""
    other = "product" if over == "market" else "market"
    return _(NONE_TO_DRAW[other])


def table(name: str, figures: Sequence[tuple[str, Figure | None]], form: str) -> list[Table]:
    """The intervals of a section as a table, each with what it is of; none where there are none."""
    rows = [_row(what, figure) for what, figure in figures if figure is not None]
    if not rows:
        return []
    unit = _("95 % intervals; percentage points") if form == "points" else _("95 % intervals")
    title = _("How sure the change is") if form == "points" else _("How sure these figures are")
    frame = pd.DataFrame(rows)
    return [
        Table(
            name,
            title,
            frame,
            unit,
            _("computed; exportlab.uncertainty"),
            dict.fromkeys(("estimate", "corrected", "conf_low", "conf_high"), form),
            _("The interval says how far a figure rests on which of the units drawn happened to be traded."),
            made=("interval",),
            hide=tuple(c for c in ("corrected", "note") if not frame[c].replace("", None).notna().any()),
        )
    ]


def _row(what: str, figure: Figure) -> dict[str, Any]:
    return {
        "figure": what,
        "estimate": figure.estimate,
        "corrected": figure.corrected,
        "conf_low": figure.low,
        "conf_high": figure.high,
        "method": _(METHODS[figure.method]),
        "drawn": _(DRAWN[figure.unit]),
        "n": figure.n,
        "note": caution(figure.notes),
    }


def since(what: str, figure: Figure | None) -> str:
    """What a change is of, with its two periods."""
    if figure is None or figure.between is None:
        return what
    return _(
        "{what}, {first} to {last}",
        what=what,
        first=moment(figure.between[0]),
        last=moment(figure.between[1]),
    )


# What the sections on a table of one's own share.


def same(flows: Flows, table: pd.DataFrame) -> tuple[str, ...]:
    """The period and the exporter, where they are the same in every row of a table."""
    columns = [flows.roles.get(role, "") for role in ("period", "exporter")]
    return tuple(c for c in columns if c in table and table[c].nunique() == 1)


def named(flows: Flows, role: str, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the names of its members beside them, where the file or the reader's language has others."""
    column = flows.roles[role]
    names = naming.role_names(flows, role, table[column].unique(), coded=False)
    if all(str(label) == name for label, name in names.items()):
        return table
    made = table.copy()
    made.insert(list(table.columns).index(column) + 1, f"{role}_name", table[column].map(names))
    return made


def periods_of(flows: Flows) -> str:
    if "period" not in flows.roles:
        return _("one period")
    return spanned([flows.said(p) for p in flows.members("period")])


def spanned(labels: Sequence[Any]) -> str:
    """The first and the last of some periods, and how many they are."""
    if len(labels) == 1:
        return moment(labels[0])
    return _(
        "{first} to {last} ({n} periods)", first=moment(labels[0]), last=moment(labels[-1]), n=len(labels)
    )


def last_period(flows: Flows) -> str:
    return moment(flows.said(flows.members("period")[-1])) if "period" in flows.roles else _("one period")
