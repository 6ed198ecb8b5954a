"""How sure the figures of one's own table are: intervals without random draws, so always the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from exportlab.flows import Flows
from exportlab.indices.members import ROUNDING
from exportlab.tables.model import Fact, Section, Table
from exportlab.uncertainty import difference, interval
from exportlab.words import N_, _, listed

DRAWN = {"product": N_("products"), "market": N_("markets")}
METHODS = {"jackknife": N_("bias-corrected jackknife"), "delta": N_("delta method")}
# What a note against an interval begins with, and what the page says of it.
NOTES = {
    "few units": N_("few of them, so too narrow"),
    "heavy tail": N_("a few large ones decide"),
    "biased": N_("biased"),
    "undefined": N_("undefined in part"),
}


@dataclass(frozen=True)
class Sure:
    """An estimate with its interval, NaN where there is none, and the sentence that says how sure it is."""

    estimate: float
    low: float
    high: float
    sentence: str
    row: dict[str, Any]
    between: tuple[str, str] = ("", "")


def unit_for(flows: Flows, over: str) -> str | None:
    """What is drawn for an index over markets: products, and the other way round; None where there are not two."""
    other = "product" if over == "market" else "market"
    return other if other in flows.roles and len(flows.members(other)) > 1 else None


def last_of(flows: Flows) -> Flows:
    """The flows of the last period."""
    if "period" not in flows.roles:
        return flows
    return flows.where(period=flows.members("period")[-1])


def surely(
    flows: Flows, name: str, *, over: str, what: str, form: Callable[[float], str], **options: Any
) -> Sure | None:
    """An index between 0 and 1 in the last period, with its 95 % interval; None where nothing can be drawn."""
    unit = unit_for(flows, over)
    if unit is None:
        return None
    by = ["period"] if "period" in flows.roles else []
    found = interval(last_of(flows), name, over=over, by=by, resample=unit, scale="logit", **options)
    return said(found.table.iloc[0], what, unit, "jackknife", form)


def change(
    given: Given, name: str, *, over: str, what: str, form: Callable[[float], str], **options: Any
) -> Sure | None:
    """The change to the last period from the first of its kind; None where there is none, or nothing common to draw."""
    unit, ends = unit_for(given.flows, over), compared(given)
    if unit is None or ends is None:
        return None
    flows, before, after = ends
    sides = [flows.where(period=p) for p in (before, after)]
    if not set(sides[0].members(unit)) & set(sides[1].members(unit)):
        return None
    between = flows.said(before), flows.said(after)
    found = difference(
        flows,
        name,
        between=between,
        along="period",
        over=over,
        by=[],
        resample=unit,
        method="delta",
        **options,
    )
    what = _("{what}, {first} to {last}", what=what, first=between[0], last=between[1])
    made = said(found.table.iloc[0], what, unit, "delta", form)
    return replace(made, between=(str(between[0]), str(between[1])))


def compared(given: Given) -> tuple[Flows, Any, Any] | None:
    """The last period and the first one that is of the same time of the year; of years, if the table has several."""
    for flows in (given.flows, given.every):
        if "period" in flows.roles and flows.calendar.ordered:
            known = flows.members("period")
            first = flows.calendar.same_months(known, known[-1])[0]
            if first != known[-1]:
                return flows, first, known[-1]
    return None


def shares(flows: Flows) -> list[Any]:
    """The share of each product, markets drawn: rows with interval."""
    found = interval(flows, "share", over="product", by=[], resample="market", scale="logit")
    return found.table.to_dict("records")


def said(row: Any, what: str, unit: str, method: str, form: Callable[[float], str]) -> Sure:
    drawn, note = _(DRAWN[unit]), caution(str(row["note"]))
    low, high = float(row["conf_low"]), float(row["conf_high"])
    figures = {
        "figure": what,
        "estimate": float(row["estimate"]),
        "conf_low": low,
        "conf_high": high,
        "method": _(METHODS[method]),
        "drawn": drawn,
        "n": int(row["n"]),
        "note": note,
    }
    if not float(row["std_error"]) > ROUNDING:
        sentence = _("No interval: the figure does not depend on which {drawn} are drawn.", drawn=drawn)
        return Sure(
            float(row["estimate"]),
            float("nan"),
            float("nan"),
            sentence,
            figures | {"conf_low": float("nan"), "conf_high": float("nan")},
        )
    known = {
        "low": form(low),
        "high": form(high),
        "method": _(METHODS[method]),
        "n": f"{int(row['n']):,}",
        "drawn": drawn,
    }
    sentence = _("95 % interval {low} to {high} ({method}, {n} {drawn} drawn).", **known)
    if note:
        sentence = _(
            "95 % interval {low} to {high} ({method}, {n} {drawn} drawn; {note}).", **known, note=note
        )
    return Sure(float(row["estimate"]), low, high, sentence, figures)


def caution(note: str) -> str:
    """What is known against an interval, in a few words of the language in use."""
    return listed(_(words) for start, words in NOTES.items() if start in note)


def without(over: str) -> str:
    """Why there is no interval."""
    other = "product" if over == "market" else "market"
    return _("No interval: the table has no {drawn} to draw.", drawn=_(DRAWN[other]))


def table(name: str, found: list[Sure | None], form: str) -> list[Table]:
    """The intervals of a section as a table; none where there are none."""
    rows = [s.row for s in found if s is not None]
    if not rows:
        return []
    return [
        Table(
            name,
            _("How sure these figures are"),
            pd.DataFrame(rows),
            _("95 % intervals"),
            _("computed; exportlab.uncertainty"),
            dict.fromkeys(("estimate", "conf_low", "conf_high"), form),
            _("The interval says how far a figure rests on which of the units drawn happened to be traded."),
            made=("interval",),
        )
    ]


# What the sections on a table of one's own share.

Made = tuple[Section, Fact | None]


@dataclass(frozen=True)
class Given:
    """One exporter's flows as a report tells of them.

    Attributes
    ----------
    flows : Flows
        In the periods of which figures are told: years, or the last twelve months, where the table has them.
    every : Flows
        In the table's own periods; the same where those are years, or make none.
    silent : int
        Exporters without a row in some of the periods that were added up.
    """

    flows: Flows
    every: Flows
    silent: int = 0

    @property
    def turned(self) -> bool:
        """Whether figures are told of other periods than the table's own."""
        return self.flows is not self.every


def unit_of(flows: Flows) -> str:
    return flows.unit or _("not stated")


def source_of(flows: Flows) -> str:
    return flows.source or _("the file given")


def named(flows: Flows, role: str, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the names of its codes beside them, where the reader found such names."""
    labels = getattr(getattr(flows, "reading", None), "labels", {}).get(role)
    if labels is None:
        return table
    code, name = labels.columns[:2]
    known = dict(zip(labels[code].astype(str), labels[name].astype(str), strict=True))
    column = flows.roles[role]
    made = table.copy()
    made.insert(list(table.columns).index(column) + 1, f"{role}_name", table[column].astype(str).map(known))
    return made


def in_units(total: pd.Series, unit: str) -> tuple[pd.Series, str]:
    """Amounts for a picture, in millions of the unit where they are that large."""
    if total.max() < 1e7:
        return total, unit
    return total / 1e6, _("million {unit}", unit=unit)


def several(flows: Flows) -> bool:
    return "exporter" in flows.roles and len(flows.members("exporter")) > 1


def by_of(flows: Flows) -> list[str]:
    return ["period"] if "period" in flows.roles else []


def periods_of(flows: Flows) -> str:
    if "period" not in flows.roles:
        return _("one period")
    return spanned([flows.said(p) for p in flows.members("period")])


def spanned(labels: Sequence[Any]) -> str:
    """The first and the last of some periods, and how many they are."""
    if len(labels) == 1:
        return f"{labels[0]}"
    return _("{first} to {last} ({n} periods)", first=labels[0], last=labels[-1], n=len(labels))


def latest(table: pd.DataFrame, flows: Flows) -> pd.DataFrame:
    """The rows of the last period that the table has."""
    period = flows.roles.get("period")
    if period is None or table.empty:
        return table
    last = flows.calendar.in_order(table[period].unique())[-1]
    return table.loc[[p == last for p in table[period]]]


def last_period(flows: Flows) -> str:
    return str(flows.said(flows.members("period")[-1])) if "period" in flows.roles else _("one period")
