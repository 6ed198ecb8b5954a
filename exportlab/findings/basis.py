"""What findings are of: one exporter's flows in the periods that figures are told of; and intervals of figures."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from exportlab.adding import silent_exporters
from exportlab.errors import DataError
from exportlab.findings.parts import Figure
from exportlab.flow_table import Flows
from exportlab.turned import headline, in_periods_of
from exportlab.uncertainty.differences import difference
from exportlab.uncertainty.intervals import Intervals, interval
from exportlab.uncertainty.methods import SHIFTED
from exportlab.words import Said, said

if TYPE_CHECKING:
    import pandas as pd

    from exportlab.periods.turning import Turned


@dataclass(frozen=True, eq=False)
class Basis:
    """What findings are of.

    Attributes
    ----------
    flows : Flows
        The exporter's, in the periods of which figures are told: years, or the last twelve months, where the table
        has them.
    every : Flows
        The exporter's in the table's own periods; the same where those are years, or make none.
    everyone : Flows
        All exporters', in the periods of `flows`.
    exporter : label or None
        None where all exporters are told of together.
    reference : Flows or None
        What advantage is measured against, in the same periods.
    silent : int
        Exporters without a row in some of the periods that were added up.
    """

    flows: Flows
    every: Flows
    everyone: Flows
    exporter: Any = None
    reference: Flows | None = None
    silent: int = 0

    @property
    def turned(self) -> bool:
        """Whether figures are told of other periods than the table's own."""
        return self.flows is not self.every

    @property
    def period(self) -> Any:
        """The period told of, as the user writes it; None where the table has none."""
        return self.flows.said(self.flows.members("period")[-1]) if self.by else None

    @property
    def by(self) -> list[str]:
        """What figures are told by."""
        return ["period"] if "period" in self.flows.roles else []

    @cached_property
    def last(self) -> Flows:
        """The exporter's flows of the period told of."""
        return last_of(self.flows)

    @cached_property
    def latest_of_all(self) -> Flows:
        """All exporters' flows of their last period."""
        return last_of(self.everyone)

    def unit_for(self, over: str) -> str | None:
        """What is drawn for an index over markets: products, and the other way round; None where there are not two."""
        other = "product" if over == "market" else "market"
        return other if other in self.flows.roles and len(self.last.members(other)) > 1 else None


def basis(flows: Flows, exporter: Any, reference: Flows | None, period: Any) -> Basis:
    """Choose whose flows, and of which periods; refuses periods without an order."""
    every = only(flows, exporter)
    how = headline(every)
    if period is not None:
        flows, how = _ending(flows, every, how, period)
        every = only(flows, exporter)
    elif "period" in flows.roles and len(flows.members("period")) > 1:
        flows.calendar.require_order(said("a report, which shows the last period and the changes,"))
    silent = silent_exporters(flows, how) if how else []
    everyone, own = (in_periods_of(f, how) for f in (flows, every))
    beside = None if reference is None else everyone.alike(in_periods_of(reference, how))
    if period is not None and beside is not None and "period" in beside.roles:
        beside = _until(beside, _named(beside, period, said("the reference")))
    return Basis(own, every, everyone, exporter, beside, len({s[0] for s in silent}))


def _ending(flows: Flows, every: Flows, how: Turned | None, period: Any) -> tuple[Flows, Turned | None]:
    """The flows up to a period that may be told of, and how they make it; of periods without an order it alone."""
    if "period" not in flows.roles:
        raise DataError(
            said("period={period}, and the flows have no period", period=repr(period)),
            said("Leave period= out."),
        )
    made = {} if how is None else {str(how.calendar.label(new)): new for new in how.pairs.values()}
    if how is None or str(period) not in made:
        return _until(flows, _named(every, period, said("the table"), made)), None
    until = how.calendar.in_order(set(made.values()))
    until = until[: until.index(made[str(period)]) + 1]
    ended = flows.where(period=_among(flows, {old for old, new in how.pairs.items() if new in until}))
    return ended, headline(only(ended, None))


def _named(flows: Flows, period: Any, what: Said, more: Iterable[str] = ()) -> Any:
    """The key of one of the table's own periods; refused with those that are allowed."""
    try:
        return flows.find("period", period)
    except DataError as error:  # of another frequency
        known = [*more, *(str(flows.said(p)) for p in flows.members("period"))]
        raise DataError(
            said("{what} has no period {period} that figures can be told of", what=what, period=repr(period)),
            said("Allowed: {names}.", names=", ".join(known[:8]) + " ..." * (len(known) > 8)),
        ) from error


def _until(flows: Flows, at: Any) -> Flows:
    """The rows up to a period; those of it alone where periods have no order."""
    known = flows.calendar.in_order(flows.observed("period"))
    return flows.where(period=known[: known.index(at) + 1] if flows.calendar.ordered else [at])


def _among(flows: Flows, periods: Collection[Any]) -> list[Any]:
    return [p for p in flows.observed("period") if p in periods]


def only(flows: Flows, exporter: Any) -> Flows:
    """The rows of one exporter; all of them where none is named."""
    if exporter is None or "exporter" not in flows.roles:
        return flows
    return flows.where(exporter=flows.find("exporter", exporter))


def last_of(flows: Flows) -> Flows:
    """The flows of the last period."""
    return flows.where(period=flows.members("period")[-1]) if "period" in flows.roles else flows


def latest(table: pd.DataFrame, flows: Flows) -> pd.DataFrame:
    """The rows of the last period that the table has."""
    period = flows.roles.get("period")
    if period is None or table.empty:
        return table
    last = flows.calendar.in_order(table[period].unique())[-1]
    return table.loc[[p == last for p in table[period]]]


def estimated(given: Basis, name: str, *, over: str, **options: Any) -> Figure | None:
    """An index between 0 and 1 in the period told of, with its 95 % interval; None where nothing can be drawn."""
    unit = given.unit_for(over)
    if unit is None:
        return None
    made = interval(given.last, name, over=over, by=given.by, resample=unit, scale="logit", **options)
    return figure(made, 0)


def change(given: Basis, name: str, *, over: str, **options: Any) -> Figure | None:
    """The change to the last period from the first of its kind; None where there is none, or nothing common to draw."""
    unit, ends = given.unit_for(over), compared(given)
    if unit is None or ends is None:
        return None
    flows, before, after = ends
    sides = [flows.where(period=p) for p in (before, after)]
    if not set(sides[0].members(unit)) & set(sides[1].members(unit)):
        return None
    between = flows.said(before), flows.said(after)
    made = difference(
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
    return replace(figure(made, 0), between=between)


def compared(given: Basis) -> tuple[Flows, Any, Any] | None:
    """The last period and the first one that is of the same time of the year; of years, if the table has several."""
    for flows in (given.flows, given.every):
        if "period" in flows.roles and flows.calendar.ordered:
            known = flows.members("period")
            first = flows.calendar.same_months(known, known[-1])[0]
            if first != known[-1]:
                return flows, first, known[-1]
    return None


def figure(made: Intervals, row: int) -> Figure:
    """One row of intervals."""
    found = made.table.iloc[row].to_dict()
    point, corrected, error = (float(found[c]) for c in ("estimate", "corrected", "std_error"))
    low, high = (float(found[c]) for c in ("conf_low", "conf_high"))
    matters = abs(corrected - point) > SHIFTED * error
    corrected = corrected if matters else float("nan")
    return Figure(
        point, low, high, made.method, made.unit, int(found["n"]), made.notes[row], corrected=corrected
    )
