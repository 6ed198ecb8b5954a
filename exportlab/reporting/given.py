"""What the sections on a table of one's own share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from exportlab.flows import Flows
from exportlab.reporting.model import Fact, Section
from exportlab.reporting.words import _

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
