"""How sure the figures of one's own table are: intervals without random draws, so always the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from exportlab.flows import Flows
from exportlab.member import ROUNDING
from exportlab.reporting.given import Given
from exportlab.reporting.model import Table
from exportlab.reporting.words import N_, _, listed
from exportlab.uncertainty import difference, interval

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
        flows, name, between=between, along="period", over=over, by=[], resample=unit, method="delta", **options,
    )  # fmt: skip
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
        "figure": what, "estimate": float(row["estimate"]), "conf_low": low, "conf_high": high,
        "method": _(METHODS[method]), "drawn": drawn, "n": int(row["n"]), "note": note,
    }  # fmt: skip
    if not float(row["std_error"]) > ROUNDING:
        sentence = _("No interval: the figure does not depend on which {drawn} are drawn.", drawn=drawn)
        return Sure(float(row["estimate"]), float("nan"), float("nan"), sentence,
                    figures | {"conf_low": float("nan"), "conf_high": float("nan")})  # fmt: skip
    known = {"low": form(low), "high": form(high), "method": _(METHODS[method]), "n": f"{int(row['n']):,}",
             "drawn": drawn}  # fmt: skip
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
        Table(name, _("How sure these figures are"), pd.DataFrame(rows), _("95 % intervals"),
              _("computed; exportlab.uncertainty"), dict.fromkeys(("estimate", "conf_low", "conf_high"), form),
              _("The interval says how far a figure rests on which of the units drawn happened to be traded."),
              made=("interval",))
    ]  # fmt: skip
