"""Flows that came in through the door: their roles, cells and periods, and the way back to the caller's own table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import narwhals.stable.v2 as nw

from exportlab import adding, audit
from exportlab.codes import Coded, coded_rows
from exportlab.errors import DataError, OptionError, UnknownName, one_of, short
from exportlab.frames import (
    Array,
    Frame,
    collect,
    held,
    in_order,
    join,
    sum_by,
    with_total,
)
from exportlab.goods import (
    NOTHING_SAID,
    Goods,
    quantities,
)
from exportlab.options import Label, check
from exportlab.periods import Calendar
from exportlab.periods.turning import Turned, coarser
from exportlab.places import AS_WRITTEN, Naming
from exportlab.spelling import Spelling, rekeyed
from exportlab.text import printable
from exportlab.words import NOTHING, Said, said

Columns: TypeAlias = str | Sequence[str]
Frequency: TypeAlias = Literal["year", "half", "quarter", "month"]

KEY_ROLES = ("period", "exporter", "market", "product")
ROLES = (*KEY_ROLES, "value", "quantity")


@dataclass(frozen=True, repr=False, eq=False)
class Flows:
    """A table of flows that knows its roles, its unit and its source. Made by `flows`.

    Attributes
    ----------
    frame : narwhals DataFrame or LazyFrame
        The columns in use, named by role; value as Float64.
    roles : mapping of str to str
        Role to the user's own column name.
    keys : tuple of str
        Further columns that are part of a cell's identity (trade regime, registration place).
    unit, quantity_unit, source : str or None
        As given at the door.
    unique : bool
        True when no two rows share one cell.
    spelling : Spelling or None
        How the periods are written; the frame has keys that sort as time does.
    left_out : tuple
        Periods that `annual` or `quarterly` left out, for their year or quarter is not full.
    told : tuple of messages
        What those took for granted; `notes` has it as text.
    goods : Goods
        What was said at the door of product codes and quantities.
    naming : Naming
        The list of the codes of countries, and the labels of what is left over, as said at the door.
    """

    frame: Frame
    roles: Mapping[str, str]
    keys: tuple[str, ...] = ()
    unit: str | None = None
    quantity_unit: str | None = None
    source: str | None = None
    unique: bool = True
    pending: bool = False
    spelling: Spelling | None = None
    left_out: tuple[Any, ...] = ()
    told: tuple[Said, ...] = ()
    goods: Goods = NOTHING_SAID
    naming: Naming = AS_WRITTEN
    _memo: dict[Any, Any] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """What `annual`, `quarterly` and the door took for granted."""
        return tuple(map(str, self.told))

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that name a cell: the key roles present, then the further keys."""
        return (*(r for r in KEY_ROLES if r in self.roles), *self.keys)

    @property
    def quantity_keys(self) -> tuple[str, ...]:
        """The key that holds the unit of each quantity, where there are several."""
        return tuple(k for k in self.keys if k == self.quantity_unit)

    @property
    def known_quantities(self) -> Frame:
        """The frame with quantities of zero that carry value as missing, unless they are said to be zero."""
        return quantities(self.frame, self.roles, self.goods)

    @property
    def lazy(self) -> bool:
        """Whether the table is a plan that has not run (Polars LazyFrame, DuckDB, Spark)."""
        return isinstance(self.frame, nw.LazyFrame)

    @property
    def calendar(self) -> Calendar:
        """What the periods mean, their order, and how they are written."""
        if self.spelling is None:
            raise DataError(said("the flows have no period"), said("Name its column at the door: period=..."))
        return self.spelling.calendar(self.frame)

    def said(self, period: Any) -> Any:
        """A period of the frame as the user writes it; anything else as it is."""
        try:
            return self.calendar.label(period)
        except DataError:  # a row that was refused may hold anything
            return period

    def find(self, role: str, label: Any) -> Any:
        """The frame's key for one label of a role that carries value, a period written in any way; refuses others."""
        return self._among(role, label, self.members(role))

    def _among(self, role: str, label: Any, known: Collection[Any]) -> Any:
        check(role, label, Label)
        key = label
        if role == "period" and label not in known and self.calendar.ordered:
            key = self.calendar.key(label)
        if key not in known:
            shown = [self.said(k) for k in known] if role == "period" else known
            raise UnknownName(said(role), label, [str(m) for m in shown])
        return key

    def alike(self, other: Flows) -> Flows:
        """Another table of flows with its periods keyed as these are, so that the two can be joined."""
        if self.spelling is None or other.spelling is None:
            return other
        ours, theirs = self.calendar, other.calendar
        if not ours.ordered or ours.frequency != theirs.frequency:
            return other
        moved = {theirs.key(p): ours.key(p) for p in theirs.periods.values()}
        frame = rekeyed(other.frame, moved, self.frame)
        return (
            other if frame is other.frame else replace(other, frame=frame, spelling=self.spelling, _memo={})
        )

    def role(self, name: str) -> str:
        """Role of `name`, which may be a role, a key, or the user's own column name."""
        if name in self.identity:
            return name
        own = {column: role for role, column in self.roles.items()}
        if name in own and own[name] in self.identity:
            return own[name]
        if name in KEY_ROLES:
            raise DataError(
                said("the flows have no {role}", role=said(name)),
                said("Name its column at the door: {role}=...", role=name),
            )
        raise UnknownName(
            said("role or key column"), name, [*self.identity, *(self.roles[r] for r in self.roles)]
        )

    def resolve(self, names: Columns | None) -> tuple[str, ...]:
        """Several names to roles, in the order given, each once."""
        listed = [names] if isinstance(names, str) else list(names or ())
        found = tuple(dict.fromkeys(self.role(n) for n in listed))
        if len(found) != len(listed):
            raise OptionError(said("The same role is named twice in {listed}.", listed=listed))
        return found

    def split(self, over: Columns, by: Columns | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What an index is spread over and what it is computed for (default: every other role)."""
        spread = self.resolve(over)
        if not spread:
            raise OptionError(said("over= is empty. Name one of {identity}.", identity=list(self.identity)))
        if by is None:
            return spread, tuple(r for r in KEY_ROLES if r in self.roles and r not in spread)
        groups = self.resolve(by)
        both = [r for r in groups if r in spread]
        if both:
            raise OptionError(
                said(
                    "{both} stands in both over= and by=; a role is either spread over or kept.",
                    both=repr(both[0]),
                )
            )
        return spread, groups

    def cells(self, *roles: str) -> Frame:
        """Value summed to the cells of `roles`; kept, and built from the smallest kept cells that suffice."""
        self.check()
        wanted = frozenset(roles)
        if self.unique and wanted == frozenset(self.identity):
            return self.frame.select(*roles, "value")
        kept: dict[frozenset[str], Frame] = self._memo.setdefault("cells", {})
        if wanted not in kept:
            finer = min((k for k in kept if wanted < k), key=len, default=None)
            start, codes = (self.frame, self._memo.get("codes")) if finer is None else (kept[finer], None)
            kept[wanted] = sum_by(start, roles, ["value"], codes)
        return kept[wanted]

    def coded(self, *roles: str) -> tuple[list[Coded], Array]:
        """Numbers and labels of each role, and the value, of every row that has one, for who sums himself."""
        cells = self.lazy or frozenset(roles) in self._memo.get("cells", {})
        self.check()
        rows, known = (self.cells(*roles), {}) if cells else (self.frame, self._memo.setdefault("codes", {}))
        seen = {} if cells else self._memo.get("seen", {})
        return coded_rows(collect(rows), roles, known, seen)

    def beside(self, cells: Frame, keys: Sequence[str], name: str) -> Frame:
        """The cells with the flows' total by `keys`, one role or more, beside each.

        By window; where DuckDB or Spark hold cells that have the keys (`keep`), by summing those and joining, at a
        quarter of the cost.
        """
        if not any(set(keys) <= held for held in self._memo.get("held", ())):
            return with_total(cells, keys, name=name)
        return join(cells, self.cells(*keys).rename({"value": name}), on=keys)

    def where(self, **members: Any) -> Flows:
        """The flows of some members of a role only.

        Parameters
        ----------
        **members
            By role, or by the table's own column name: one label, a list of labels, or a function of a label that says
            whether to keep it: ``flows.where(period=2023, market=["Japan", "Korea"], product=lambda code:
            code.startswith("85"))``. Several roles must all fit.

        Returns
        -------
        Flows
            In the caller's frame type; a lazy table stays lazy.

        Raises
        ------
        UnknownName
            A role that the flows do not have, or a label that its column does not hold.
        DataError
            Nothing above zero is left.

        Examples
        --------
        >>> import pandas as pd, exportlab as xl
        >>> table = pd.DataFrame({"year": 2023, "partner": ["Japan", "Korea", "USA"], "usd": [50.0, 30.0, 20.0]})
        >>> flows = xl.flows(table, period="year", market="partner", value="usd")
        >>> xl.hhi(flows.where(partner=["Japan", "USA"]), over="market")
           year       hhi
        0  2023  0.591837
        """
        chosen = {
            r: self._chosen(r, m) for r, m in zip(self.resolve(list(members)), members.values(), strict=True)
        }
        if not chosen:
            return self
        frame = self.frame
        for role, labels in chosen.items():
            frame = frame.filter(nw.col(role).is_in(labels))
        kept = self.derived(frame)
        if not (all(chosen.values()) and kept.members(next(iter(chosen)))):
            wanted = " and ".join(f"{name}={short(repr(m), 100)}" for name, m in members.items())
            raise DataError(
                said("no row with a value above zero has {wanted}", wanted=wanted),
                said("Choose members that have trade."),
            )
        return kept

    def _chosen(self, role: str, wanted: Any) -> list[Any]:
        """The labels of `role` that are wanted; those that no row has are refused."""
        labels = self.observed(role)
        if callable(wanted):
            return [label for label in labels if wanted(self.said(label) if role == "period" else label)]
        listed = list(wanted) if isinstance(wanted, Collection) and not isinstance(wanted, str) else [wanted]
        return [self._among(role, label, labels) for label in listed]

    def labelled(self, role: str, label: str) -> Flows:
        """The flows with a role that has one member in all rows; the same where they have the role already."""
        if role in self.roles:
            return self
        return self.derived(
            self.frame.with_columns(nw.lit(label).alias(role)), roles={**self.roles, role: role}
        )

    def derived(self, frame: Frame, **changed: Any) -> Flows:
        """The same flows over another frame made of this one; what was kept of this one does not go along."""
        self.check()
        return replace(self, frame=frame, pending=False, _memo={}, **changed)

    def keep(self, *cells: Columns) -> Flows:
        """Sum these cells once and hold them, so that no later indicator goes back to the rows.

        For lazy tables that are asked more than once; tables in memory do so by themselves.

        Parameters
        ----------
        *cells : str or sequence of str
            One argument a set of roles: ``flows.keep(["period", "exporter", "market"], ["period", "exporter",
            "product"])``. Later cells are summed from the smallest held ones that have their roles.

        Returns
        -------
        Flows
            The same flows. Polars holds cells in memory, DuckDB in temporary tables that live as long as the
            connection, Spark in its cache.
        """
        made = {frozenset(roles): held(self.cells(*roles)) for roles in map(self.resolve, cells)}
        known = {"cells": {**self._memo.get("cells", {}), **made}}
        sql = self.lazy and not self.frame.implementation.is_polars()
        return replace(self, _memo={**self._memo, **known, "held": tuple(made) if sql else ()})

    def members(self, role: str) -> tuple[Any, ...]:
        """The labels of `role` that carry a value above zero, sorted; one small query, kept."""
        seen: dict[str, tuple[Any, ...]] = self._memo.setdefault("members", {})
        if role not in seen:
            seen[role] = tuple(self.coded(role)[0][0][1])
        return seen[role]

    def observed(self, role: str) -> tuple[Any, ...]:
        """The labels of `role` that have a row, be it a zero, sorted; one small query, kept."""
        seen: dict[str, tuple[Any, ...]] = self._memo.setdefault("observed", {})
        if role not in seen:
            seen[role] = tuple(sorted(collect(self.cells(role).select(role))[role].to_list()))
        return seen[role]

    def residuals(self, role: str) -> tuple[Any, ...]:
        """The labels of a role that stand for what is left over: in the total, and no member."""
        return (
            tuple(x for x in self.observed(role) if x in self.naming.residual) if self.naming.residual else ()
        )

    def annual(self, *, partial: Literal["drop", "keep"] = "drop") -> Flows:
        """Add months, quarters or half-years up to years; of totals from January, take those to December.

        Parameters
        ----------
        partial : {"drop", "keep"}
            Years of which months are missing are left out, and named in `left_out`; or kept, named by the months
            they have ('2024-01/05'), which must follow each other. Parts are never compared with full years.

        Returns
        -------
        Flows
            One row a cell and year; a quantity is missing where one of its months is. A year is full if the table
            has all its months; an exporter without a row in one of them counts as zero there, which `notes` tells.

        Raises
        ------
        DataError
            No year is full; periods that have no months (numbers, fiscal years, labels without an order in time).

        Examples
        --------
        >>> import pandas as pd, exportlab as xl
        >>> months = [f"2023-{m:02d}" for m in range(1, 13)] + ["2024-01"]
        >>> flows = xl.flows(pd.DataFrame({"month": months, "usd": 1.0}), period="month", value="usd")
        >>> flows.annual().table
          month   usd
        0  2023  12.0
        >>> flows.annual(partial="keep").table
             month   usd
        0     2023  12.0
        1  2024-01   1.0
        """
        return self._coarser("year", partial)

    def quarterly(self, *, partial: Literal["drop", "keep"] = "drop") -> Flows:
        """Add months up to quarters; all else as in `annual`.

        Parameters
        ----------
        partial : {"drop", "keep"}
            As in `annual`.

        Returns
        -------
        Flows

        Raises
        ------
        DataError
            As `annual`; totals from January, which `exportlab.decumulate` takes apart.
        OptionError
            Half-years or years.
        """
        return self._coarser("quarter", partial)

    def _coarser(self, frequency: str, partial: str) -> Flows:
        one_of("partial", partial, ("drop", "keep"))
        how = coarser(self.calendar, self.observed("period"), frequency, keep=partial == "keep")
        made, note = self.added_up(how), adding.silent(self, how)
        return made if note == NOTHING else replace(made, told=(*self.told, note))

    def added_up(self, how: Turned) -> Flows:
        """The flows by the periods of `how`, each the sum of those that count in it."""
        self.check()
        how = how.plain if self.lazy and not how.calendar.sorts else how
        return self.in_periods(adding.summed(self, how), how)

    def in_periods(self, frame: Frame, how: Turned) -> Flows:
        """The flows with a frame whose periods are those of `how`."""
        assert self.spelling is not None
        if isinstance(frame, nw.DataFrame):
            frame = nw.maybe_reset_index(frame.sort(*self.identity))
        spelling = self.spelling.turned(how.calendar, frame)
        changed: dict[str, Any] = {
            "unique": True,
            "pending": False,
            "spelling": spelling,
            "left_out": how.left_out,
        }
        return replace(self, frame=frame, _memo={}, **changed)

    def check(self) -> None:
        """Run the row checks that a lazy table put off; does nothing the second time."""
        if self.pending and not self._memo.get("checked"):
            audit.rows(self)
            self._memo["checked"] = True

    def out(self, frame: Frame, keys: Iterable[str]) -> Any:
        """Back to the caller: own column names, own frame type, sorted by the keys where rows have an order."""
        names = list(keys)
        if isinstance(frame, nw.DataFrame) and names:
            frame = nw.maybe_reset_index(frame if in_order(frame, names) else frame.sort(*names))
        if self.spelling is not None and "period" in frame.collect_schema().names():
            frame = self.spelling.written(frame)
        columns = frame.collect_schema().names() if isinstance(frame, nw.LazyFrame) else frame.columns
        own = {r: c for r, c in self.roles.items() if r in columns and r != c}
        clash = [c for c in own.values() if c in columns and c not in own]
        if clash:
            raise OptionError(
                said(
                    "The table's column {clash} has the name of a column of the result: rename it before "
                    "xl.flows.",
                    clash=repr(clash[0]),
                )
            )
        return frame.rename(own).to_native()

    @property
    def table(self) -> Any:
        """The columns in use, in the caller's frame type and names."""
        return self.out(self.frame, ())

    def __repr__(self) -> str:
        kind = type(nw.to_native(self.frame)).__module__.split(".")[0]
        size = "not counted" if self.lazy else f"{len(self.frame):,}"  # type: ignore[arg-type]
        named = ", ".join(f"{role}={column!r}" for role, column in self.roles.items())
        extra = f", keys={list(self.keys)}" if self.keys else ""
        lost = self.left_out
        left_out = f"left out: {len(lost)} periods, {lost[0]} to {lost[-1]}" if lost else ""
        more = "".join(f"; {said}" for said in (left_out, *self.notes) if said)
        return printable(
            f"Flows({named}{extra}; rows: {size}, {kind}; unit: {self.unit or 'not stated'}{more})"
        )

    def _repr_html_(self) -> str:
        from exportlab.results import flows_html

        return flows_html(self)


def require(flows: object, caller: str) -> None:
    """Raise unless `flows` came through the door."""
    if not isinstance(flows, Flows):
        raise DataError(
            said("{caller} takes Flows, not {name}", caller=caller, name=type(flows).__name__),
            said(
                "Name the columns' roles first: {caller}(xl.flows(table, exporter=..., market=..., "
                "value=...), ...).",
                caller=caller,
            ),
        )
