"""The steps that families share: against a reference, two sides of trade, two periods, dense matrices, groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np

from exportlab import classifications
from exportlab.classifications.hs import hs_section
from exportlab.errors import DataError, EngineError, OptionError
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import (
    Array,
    Frame,
    collect,
    join,
    later,
    meeting,
    ratio,
    stack,
    sum_by,
    when,
    with_total,
)
from exportlab.options import Label
from exportlab.periods import WORDS, Calendar, Lag
from exportlab.words import N_, Text, said

Reference: TypeAlias = Literal["world", "rest"] | Flows | Label
ALL = "_all"
NOTHING = 1e-12  # what is left of a total after taking out its only part, in parts of that total


def require_roles(flows: Flows, caller: str, *roles: str) -> None:
    """Raise unless the flows have these roles."""
    for role in roles:
        if role not in flows.roles:
            raise DataError(
                said("the flows have no {role}", role=said(role)),
                said("{caller} needs {role}=... at the door.", caller=caller, role=role),
            )


def refuse_alone(flows: Flows, caller: Text, reference: Any) -> None:
    """Refuse to compare a table's one exporter with itself."""
    if not (isinstance(reference, str) and reference in ("world", "rest")) or "exporter" not in flows.roles:
        return
    names = flows.members("exporter")
    if len(names) == 1:
        raise DataError(
            said(
                "the flows have one exporter, {exporter}, and {caller} compares it with "
                "reference={reference}: itself, or nobody",
                exporter=repr(names[0]),
                caller=caller,
                reference=repr(reference),
            ),
            said("Give the exports to compare with, of the nation or the world: reference=xl.flows(...)."),
        )


def against(flows: Flows, spread: Sequence[str], groups: Sequence[str], reference: Reference) -> Frame:
    """The cells of `groups` by `spread` beside the reference's.

    Adds `_ref` (the reference's value), `_total` and `_ref_total` (over `spread`), the shares `_s` and `_w`, and
    `_defined` (1.0 where both totals are above zero, else 0.0). A cell that the reference lacks is a zero there;
    a label that it lacks altogether is refused.
    """
    refuse_alone(flows, said("the index"), reference)
    within = tuple(g for g in groups if g != "exporter")
    cells = flows.cells(*groups, *spread).with_columns(nw.lit(0).alias(ALL))
    if isinstance(reference, str) and reference in ("world", "rest"):
        joined = _own(cells, within, tuple(spread), rest=reference == "rest")
    else:
        joined = _other(flows, cells, within, tuple(spread), reference)
    total, ref = nw.col("_total"), nw.col("_ref_total")
    return with_total(joined, (*groups, ALL)).with_columns(
        (nw.col("value") / when(total > 0, total, 1.0)).alias("_s"),
        (nw.col("_ref") / when(ref > 0, ref, 1.0)).alias("_w"),
        when((total > 0) & (ref > 0), 1.0, 0.0).alias("_defined"),
    )


def _own(cells: Frame, within: tuple[str, ...], spread: tuple[str, ...], *, rest: bool) -> Frame:
    """The other exporters of the table, with or without the exporter itself."""
    both = with_total(cells, (*within, *spread, ALL), "value", "_ref")
    both = with_total(both, (*within, ALL), "value", "_ref_total")
    if not rest:
        return both
    own = with_total(both, ("exporter", *within), "value", "_mine")
    return own.with_columns(
        _remainder("_ref", "value").alias("_ref"), _remainder("_ref_total", "_mine").alias("_ref_total")
    )


def _remainder(whole: str, part: str) -> nw.Expr:
    left = nw.col(whole) - nw.col(part)
    return when(left > NOTHING * nw.col(whole), left, 0.0)


def _other(
    flows: Flows, cells: Frame, within: tuple[str, ...], spread: tuple[str, ...], reference: Any
) -> Frame:
    """A table of its own, or one exporter of the table."""
    if isinstance(reference, Flows):
        shared = tuple(r for r in within if r in reference.identity)
        _same_labels(flows, reference, (*shared, *spread))
        table = reference.cells(*shared, *spread).with_columns(nw.lit(0).alias(ALL))
    elif reference in flows.members("exporter"):
        shared = within
        mine = cells.filter(nw.col("exporter") == reference)
        table = sum_by(mine, (*within, *spread, ALL), ["value"])
    else:
        raise DataError(
            said(
                "reference={reference} is neither 'world', 'rest', a Flows nor an exporter in the table",
                reference=repr(reference),
            ),
            said("Exporters: {members}.", members=list(flows.members("exporter"))[:10]),
        )
    parts = table.select(*shared, *spread, nw.col("value").alias("_ref"))
    totals = sum_by(table, (*shared, ALL), ["value"]).rename({"value": "_ref_total"})
    joined = join(join(cells, parts, on=(*shared, *spread)), totals, on=(*shared, ALL))
    return joined.with_columns(*(zero_if_null(c) for c in ("_ref", "_ref_total")))


def settled(difference: nw.Expr, terms: nw.Expr) -> nw.Expr:
    """A difference of terms as large as `terms`: zero where nothing but rounding is left of them."""
    slack = NOTHING * terms
    return when((difference < slack) & (difference > -slack), 0.0, difference)


def zero_if_null(column: str) -> nw.Expr:
    """Zero where a join found no partner: nothing was traded there."""
    return when(nw.col(column).is_null(), 0.0, nw.col(column)).alias(column)


def _same_labels(flows: Flows, reference: Flows, roles: Sequence[str]) -> None:
    for role in roles:
        if role not in reference.identity:
            raise DataError(
                said("the reference has no {role}", role=said(role)),
                said("It must be told apart by {role} like the flows.", role=said(role)),
            )
        known = set(reference.members(role))
        lost = [m for m in flows.members(role) if m not in known]
        if lost:
            raise DataError(
                said("{n} {role} labels are not in the reference table", n=len(lost), role=said(role)),
                said(
                    "A reference that lacks them has no share to compare with: bring both to one "
                    "nomenclature, or drop them."
                ),
                first=f"{flows.roles.get(role, role)}={lost[0]!r}",
            )


# Exports and imports side by side: the step that intra-industry trade and trade-balance advantage share.

SIDES = ("exports", "imports")


def _refuse_unlike(exports: Flows, imports: Flows, keys: Sequence[str], caller: str, *, unit: bool) -> None:
    """Two units, two engines, two frequencies."""
    if unit and exports.unit != imports.unit:
        raise OptionError(
            said(
                "exports are in {own} and imports in {other}: {caller} needs one unit for both.",
                own=repr(exports.unit),
                other=repr(imports.unit),
                caller=caller,
            )
        )
    a, b = exports.frame, imports.frame
    if type(a) is not type(b) or a.implementation != b.implementation:
        raise EngineError(
            said(
                "Exports in {own} cannot be laid beside imports in {other}: bring "
                "both tables into one engine.",
                own=a.implementation,
                other=b.implementation,
            )
        )
    if "period" in keys and "period" in imports.roles:
        frequencies = exports.calendar.frequency, imports.calendar.frequency
        if frequencies[0] != frequencies[1]:
            named = [said(WORDS.get(str(f), N_("labels without order"))) for f in frequencies]
            raise DataError(
                said("the exports have {own} and the imports {other}", own=named[0], other=named[1]),
                said("Both tables need the same periods."),
            )


def same_shape(
    exports: Flows, imports: Flows, keys: Sequence[str], caller: str, *, unit: bool = True
) -> None:
    """Raise unless the two tables can be laid side by side on `keys`."""
    require(exports, caller)
    require(imports, caller)
    _refuse_unlike(exports, imports, keys, caller, unit=unit)
    ours, theirs = exports.frame.collect_schema(), imports.frame.collect_schema()
    for key in keys:
        if key not in imports.identity:
            raise DataError(
                said("the imports have no {key}", key=said(key)),
                said(
                    "Both tables need it: the reporter stands as exporter and its partner as market in both."
                ),
            )
        if ours[key] != theirs[key] and meeting(ours[key], theirs[key]) is None:
            raise DataError(
                said(
                    "{key} is {ours} among the exports and {theirs} among the imports",
                    key=said(key),
                    ours=ours[key],
                    theirs=theirs[key],
                ),
                said("Both tables must write it alike."),
            )


def side_by_side(exports: Flows, imports: Flows, keys: tuple[str, ...]) -> Frame:
    """One row per cell of either table: the keys, `exports`, `imports`; zero where a table has no such cell."""
    value, none = nw.col("value"), nw.lit(0.0)
    sold = exports.cells(*keys).select(*keys, value.alias("exports"), none.alias("imports"))
    bought = imports.cells(*keys).select(*keys, none.alias("exports"), value.alias("imports"))
    return sum_by(stack(sold, bought), keys, SIDES)


def changes(exports: Flows, imports: Flows, keys: tuple[str, ...], lag: Lag) -> Frame:
    """One row per cell and later period: the change of exports (`_dx`) and of imports (`_dm`) over `lag`."""
    both = before_and_after(
        side_by_side(exports, imports, keys), keys, periods_compared(exports, lag, imports), SIDES
    )
    moved = {
        name: nw.col(f"after_{side}") - nw.col(f"before_{side}")
        for name, side in zip(("_dx", "_dm"), SIDES, strict=True)
    }
    return both.select(*keys, *(change.alias(name) for name, change in moved.items()))


# Two periods side by side: the start of everything that compares a table with itself `lag` earlier.


def keyed(
    flows: Flows, caller: str, over: Columns, by: Columns | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The roles spread over and the groups; the groups hold the period."""
    require(flows, caller)
    spread, groups = flows.split(over, by)
    if "period" not in groups:
        raise OptionError(
            said("{caller} compares periods: the flows need period=..., kept in by=.", caller=caller)
        )
    return spread, groups


def periods_compared(flows: Flows, lag: Lag, *others: Flows) -> Mapping[Any, Any]:
    """Each period of any of the tables to the one `lag` later, which is compared with it: like with like."""
    known = {p for f in (flows, *others) for p in f.members("period")}
    found = flows.calendar.followers(known, lag)
    if not found:
        raise _nothing_to_compare(flows.calendar, known, lag)
    return found


def _nothing_to_compare(calendar: Calendar, known: Collection[Any], lag: Lag) -> DataError:
    ordered = calendar.in_order(known)
    first, last = (calendar.label(ordered[i]) for i in (0, -1))
    if lag == "year":
        return DataError(
            said("no earlier year: no period has the same one a year before"),
            said(
                "The table has {first} to {last}: add periods, or name another lag= (1: the step before).",
                first=first,
                last=last,
            ),
        )
    return DataError(
        said("no two periods lie {lag} apart", lag=lag),
        said("The table has {first} to {last}: add periods, or name another lag=.", first=first, last=last),
    )


def before_and_after(
    cells: Frame, keys: Sequence[str], moves: Mapping[Any, Any], columns: Sequence[str] = ("value",)
) -> Frame:
    """One row per cell active in either period, dated by the later: `before` and `after` of each column.

    With one column they are named before and after; with more, before_<column> and after_<column>.
    """
    names = {c: ("" if len(columns) == 1 else f"_{c}") for c in columns}
    after = cells.filter(nw.col("period").is_in(list(moves.values())))
    before = cells.filter(nw.col("period").is_in(list(moves))).with_columns(
        _moved(cells, moves).alias("period")
    )
    both = stack(
        after.select(
            *keys,
            *(nw.lit(0.0).alias(f"before{n}") for n in names.values()),
            *(nw.col(c).alias(f"after{n}") for c, n in names.items()),
        ),
        before.select(
            *keys,
            *(nw.col(c).alias(f"before{n}") for c, n in names.items()),
            *(nw.lit(0.0).alias(f"after{n}") for n in names.values()),
        ),
    )
    return sum_by(both, keys, [f"{side}{n}" for side in ("before", "after") for n in names.values()])


def with_seen(frame: Frame, flows: Flows, moves: Mapping[Any, Any]) -> Frame:
    """Add `_seen`: whether the exporter has a row in both periods; one that has none was not observed, not idle."""
    if "exporter" not in frame.collect_schema().names() or "exporter" not in flows.roles:
        return frame.with_columns(nw.lit(1.0).alias("_seen"))
    rows = flows.cells("exporter", "period").with_columns(nw.lit(1.0).alias("value"))
    both = before_and_after(rows, ("exporter", "period"), moves)
    seen = both.select("exporter", "period", (nw.col("before") * nw.col("after")).alias("_seen"))
    return join(frame, seen, on=("exporter", "period"))


def _moved(cells: Frame, moves: Mapping[Any, Any]) -> nw.Expr:
    """The later period of each; a mapping gives whole numbers of 64 bits, which keep the column's own width here."""
    kind = cells.collect_schema()["period"]
    return later("period", moves).cast(kind) if kind.is_integer() else later("period", moves)


def with_shares(frame: Frame, groups: Sequence[str]) -> Frame:
    """Add `share_before` and `share_after` within the groups; NaN where a total is zero."""
    for name in ("before", "after"):
        frame = with_total(frame, groups, name, f"_{name}_total")
        share = ratio(nw.col(name), nw.col(f"_{name}_total")).alias(f"share_{name}")
        frame = frame.with_columns(share)
    return frame


def with_status(frame: Frame, threshold: float = 0.0) -> Frame:
    """Add `status`: continuing, entry, exit, or inactive, by values above `threshold`."""
    before, after = nw.col("before") > threshold, nw.col("after") > threshold
    left = when(before, nw.lit("exit"), nw.lit("inactive"))
    named = when(before & after, nw.lit("continuing"), when(after, nw.lit("entry"), left))
    return frame.with_columns(named.alias("status"))


def zero_unless(condition: nw.Expr, value: nw.Expr) -> nw.Expr:
    """The value where the condition holds, else zero."""
    return when(condition, value, 0.0)


# Aggregated cells as dense matrices, one a period, and results back as tables: for the indices of pairs.


@dataclass(frozen=True, eq=False)
class Block:
    """The values of one group (a period): units in rows, members in columns."""

    group: tuple[Any, ...]
    units: tuple[Any, ...]
    members: tuple[Any, ...]
    values: Array

    @property
    def shares(self) -> Array:
        """Each row over its sum; NaN where a unit has nothing."""
        return over_sum(self.values, axis=1)


def over_sum(values: Array, axis: int | None = None) -> Array:
    """Shares along an axis (of the whole by default), NaN where the sum is zero."""
    whole = values.sum(axis=axis, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):  # nothing has no shares: a documented NaN
        return np.where(whole > 0, values / whole, np.nan)


def blocks(flows: Flows, unit: str, members: Sequence[str], groups: Sequence[str]) -> Iterator[Block]:
    """One block for each group, all with the members of the whole table that carry a value."""
    keys = (*groups, unit, *members)
    cells = collect(flows.cells(*keys))
    labels = [_labels(cells, (c,)) for c in (unit, *groups)]
    columns = _labels(cells, tuple(members))
    where = {m: i for i, m in enumerate(sorted(set(columns)))}
    position = np.array([where[m] for m in columns], dtype=np.intp)
    value = cells["value"].to_numpy()
    group = list(zip(*labels[1:], strict=True)) if groups else [()] * len(value)
    rows: dict[tuple[Any, ...], list[int]] = {}
    for i, g in enumerate(group):
        rows.setdefault(g, []).append(i)
    for g in sorted(rows):
        units = sorted({labels[0][i] for i in rows[g]})
        line = {u: i for i, u in enumerate(units)}
        index = np.array(rows[g], dtype=np.intp)
        dense = np.zeros((len(units), len(where)))
        dense[[line[labels[0][i]] for i in rows[g]], position[index]] = value[index]
        yield Block(g, tuple(units), tuple(where), dense)


def _labels(cells: nw.DataFrame[Any], columns: tuple[str, ...]) -> list[Any]:
    lists = [cells[c].to_list() for c in columns]
    return lists[0] if len(lists) == 1 else list(zip(*lists, strict=True))


def table_of_own_kind(
    flows: Flows, columns: Mapping[str, Iterable[Any]], names: Mapping[str, str] | None = None
) -> Any:
    """A table of the caller's own eager type (pandas for DuckDB and Spark), in the caller's column names."""
    implementation = flows.frame.implementation
    eager = implementation.is_pandas() or implementation.is_polars() or implementation.is_pyarrow()
    own = {**flows.roles, **(names or {})}
    data = {
        own.get(c, c): [flows.said(p) for p in v] if c == "period" else list(v) for c, v in columns.items()
    }
    if len(set(data)) != len(columns):
        raise OptionError(
            said("Two columns of the result have one name: {names}.", names=[own.get(c, c) for c in columns])
        )
    backend = implementation if eager else "pandas"
    return nw.from_dict(data, backend=backend).to_native()


# Members put into groups: sections, digits of a code, a bloc, or the user's own mapping.

Grouping: TypeAlias = str | int | Mapping[Any, Any]


def grouping(
    flows: Flows, role: str, given: Grouping, universe: Iterable[Any] | None = None
) -> dict[Any, str]:
    """Each label of `role` that is active (or in the universe) to its group.

    `given` is a mapping, the number of leading digits of a product code, "section" for the sections of the
    Harmonized System, or the name of a bloc (its members of today, and "other").
    """
    labels = list(flows.members(role) if universe is None else universe)
    if isinstance(given, Mapping):
        lost = [m for m in labels if m not in given]
        if lost:
            raise DataError(
                said("{n} {role} labels are in no group", n=len(lost), role=said(role)),
                said("The mapping must name a group for every label."),
                first=f"{flows.roles.get(role, role)}={lost[0]!r}",
            )
        return {m: str(given[m]) for m in labels}
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise OptionError(
            said(
                "grouping={given} is not a mapping, a number of digits, 'section' or a bloc.",
                given=repr(given),
            )
        )
    if isinstance(given, int):
        return {m: _leading(m, given) for m in labels}
    if given == "section":
        return {m: hs_section(m).number for m in labels}
    inside = frozenset(classifications.members(given))
    return {m: given if _of(m) <= inside else "other" for m in labels}


def _leading(code: object, digits: int) -> str:
    if not isinstance(code, str) or len(code) < digits or digits < 1:
        raise DataError(
            said("{code} has no {digits} leading digits", code=repr(code), digits=digits),
            said("Codes are text of at least that many digits."),
        )
    return code[:digits]


def _of(label: Any) -> frozenset[str]:
    found = classifications.resolve(label)
    if found is None:
        raise DataError(
            said("market {label} is no known country or bloc", label=repr(label)),
            said("Give a mapping from label to group."),
        )
    return found


def with_group(frame: Frame, role: str, groups: Mapping[Any, str], name: str = "_group") -> Frame:
    """Add the group of each row; members without value anywhere, which need no group, have the empty one."""
    known, theirs = list(groups), list(groups.values())
    return frame.with_columns(nw.col(role).replace_strict(known, theirs, default="").alias(name))
