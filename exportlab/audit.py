"""What the door looks at, in the columns and in the rows, and the words it refuses with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from exportlab import goods, places, suggest
from exportlab.classifications import totals
from exportlab.codes import labelled
from exportlab.currencies import agrees, column_of, unit_of
from exportlab.errors import DataError, DuplicateCells, OptionError, RolesNeeded
from exportlab.frames import (
    LARGEST,
    SMALLEST,
    Frame,
    collect,
    first_of,
    floats,
    fractional,
    missing,
    own,
    refuse_unspeakable,
    repeated,
    values_of,
    whole,
)
from exportlab.options import check
from exportlab.words import N_, Said, after, said

if TYPE_CHECKING:
    import pandas as pd

    from exportlab.flow_table import Flows

BEYOND = N_("{what} {column} is above {most} or, though not zero, below {least}")
ENDS = {"most": f"{LARGEST:g}", "least": f"{SMALLEST:g}"}
ALSO = N_("column {column} is not in the table (nor {others})")
KEYED = N_("Every row needs its keys.")
NAMIBIA = N_(
    "Every row needs its keys. 'NA' is Namibia's code: pandas.read_csv takes it for a missing cell unless told "
    "keep_default_na=False."
)
WITHIN = N_("Products and sums of such figures leave the range of floating-point numbers: look at the unit.")


def rows(flows: Flows) -> None:
    """Check every row and refuse with the first offending one; a lazy table in one aggregate query by market."""
    others = {r: labels_of(flows, r) for r in ("exporter", "product") if r in flows.roles}
    tests, own = _row_tests(flows, others), flows.roles
    known = others | _by_query(flows, tests) if flows.lazy else others | _in_memory(flows, tests)
    if "product" in own and not flows.frame.collect_schema()["product"].is_numeric():
        goods.refuse_nested(flows, others["product"])
    if "market" in own:
        _refuse_totals(flows, known["market"])
    if flows.lazy and flows.spelling is not None:
        flows.spelling.learn(flows.frame, known["period"])
    places.look(flows, {r: labels for r, labels in known.items() if r != "period"})
    if flows.unique and flows.identity:
        _refuse_duplicates(flows)


def _in_memory(flows: Flows, tests: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Try the rows of a table in memory, each test by itself only where not all are plainly sound; its markets."""
    frame: nw.DataFrame[Any] = flows.frame  # type: ignore[assignment]
    if not _sound(flows, tests):
        _refuse_rows(flows, tests, _summary(frame, tests, ()))
    _refuse_empty(len(frame), bool(len(frame)) and frame["value"].max() > 0)
    return {"market": labels_of(flows, "market")} if "market" in flows.roles else {}


def _by_query(flows: Flows, tests: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Try the rows of a plan, and learn the labels of markets and periods on the way: one plan instead of three."""
    learned = [r for r in ("market", "period") if r in flows.roles]
    seen = _summary(flows.frame, tests, learned)
    _refuse_rows(flows, tests, seen)
    n_rows, positive = (sum(x or 0 for x in seen[c].to_list()) for c in ("_rows", "_positive"))
    _refuse_empty(int(n_rows), positive > 0)
    return {r: seen[r].unique().to_list() for r in learned}


def _refuse_rows(flows: Flows, tests: Mapping[str, Any], seen: nw.DataFrame[Any]) -> None:
    for name, (test, problem, remedy, *fault) in tests.items():
        bad = int(sum(x or 0 for x in seen[name].to_list()))
        if bad:
            ways = fault[0].options if fault else ()
            raise DataError(problem, remedy, rows=bad, first=first_row(flows, test), options=ways)


def _sound(flows: Flows, tests: Mapping[str, Any]) -> bool:
    """Whether numbers lie within their limits, no key is missing, and no label is at fault."""
    frame: Any = flows.frame
    usual = {"_missing", "_infinite", "_beyond", "_negative", "_quantity", "_quantity_beyond"}
    if tests.keys() - usual - {f"_no_{key}" for key in flows.identity}:
        return False
    value, quantity = (
        frame[c].to_numpy() if c in flows.roles else np.zeros(0) for c in ("value", "quantity")
    )
    return bool(
        _within(value).all()
        and (_within(quantity) | np.isnan(quantity)).all()
        and not any(frame[key].null_count() for key in flows.identity)
    )


def _within(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    within: NDArray[np.bool_] = (numbers == 0) | ((numbers >= SMALLEST) & (numbers <= LARGEST))
    return within


def labels_of(flows: Flows, role: str) -> list[Any]:
    """The distinct labels of a role as they come, asked for once; who asks looks past what is missing."""
    known: dict[str, list[Any]] = flows._memo.setdefault("labels", {})
    if role not in known:
        frame = flows.frame
        if isinstance(frame, nw.DataFrame) and frame.implementation.is_pandas():
            flows._memo.setdefault("seen", {})[role] = labelled(frame, role)
            known[role] = flows._memo["seen"][role][1]
        else:
            known[role] = values_of(frame, role)
    return known[role]


def _row_tests(flows: Flows, labels: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Name to (expression that is true for a bad row, what is wrong, what is allowed, the fault if it has options)."""
    value, own = nw.col("value"), flows.roles
    name = repr(own["value"])
    tests: dict[str, Any] = {
        "_missing": (missing(value), said("value {column} is missing", column=name),
                     said("Write 0 where nothing was traded, and leave out rows that are not known: {call}.",
                          call=suggest.known(flows.frame, own["value"]))),
        "_infinite": (~value.is_finite(), said("value {column} is infinite", column=name),
                      said("Values are finite amounts of money.")),
        "_beyond": (_beyond(value), said(BEYOND, what=said("value"), column=name, **ENDS), said(WITHIN)),
        "_negative": (value < 0, said("value {column} is negative", column=name),
                      said("Exports are zero or more: look for returns, corrections or net figures among the rows.")),
    }  # fmt: skip
    for key in flows.identity:
        column = own.get(key, key)
        tests[f"_no_{key}"] = (
            nw.col(key).is_null(),
            said("{key} {column} is missing", key=said(key), column=repr(column)),
            said(NAMIBIA if key in places.ROLES else KEYED),
        )
    for role, members in labels.items():
        found = totals([m for m in members if m is not None], role=role)
        if found:
            tests[f"_total_{role}"] = _total_test(flows, role, found)
    if "product" in own and not flows.frame.collect_schema()["product"].is_numeric():
        tests |= goods.code_tests(flows, labels["product"])
    if "quantity" in own:
        q = nw.col("quantity")
        tests["_quantity"] = (
            ~missing(q) & ((q < 0) | ~q.is_finite()),
            said("quantity {column} is negative or infinite", column=repr(own["quantity"])),
            said("Quantities are zero or more; an unknown one may be missing."),
        )
        beyond = said(BEYOND, what=said("quantity"), column=repr(own["quantity"]), **ENDS)
        tests["_quantity_beyond"] = (_beyond(q), beyond, said(WITHIN))
    return tests


def _beyond(column: nw.Expr) -> nw.Expr:
    return ~missing(column) & ((column > LARGEST) | ((column > 0) & (column < SMALLEST)))


def _total_test(flows: Flows, role: str, found: Sequence[Any]) -> tuple[nw.Expr, Said, Said]:
    column, listed = flows.roles[role], sorted(found, key=str)
    return (
        nw.col(role).is_in(listed),
        said(
            "{role} {column} has totals among its members ({members})",
            role=said(role),
            column=repr(column),
            members=", ".join(map(repr, listed[:5])),
        ),
        said(
            "Leave the total's rows out, as they would be counted twice: {call}.",
            call=suggest.without(flows.frame, column, listed),
        ),
    )


def _summary(frame: Frame, tests: Mapping[str, Any], by: Sequence[str]) -> nw.DataFrame[Any]:
    flags = [test.cast(nw.Int64).alias(name) for name, (test, *_) in tests.items()]
    size = (nw.col("value") > 0).cast(nw.Int64).alias("_positive")
    marked = frame.select(*by, *flags, size, nw.lit(1).alias("_rows"))
    sums = [nw.col(n).sum() for n in (*tests, "_positive", "_rows")]
    return collect(marked.group_by(*by).agg(*sums) if by else marked.select(*sums))


def first_row(flows: Flows, test: nw.Expr) -> Said:
    """The first row for which `test` is true, in words; its number where rows have an order."""
    frame = flows.frame
    if isinstance(frame, nw.DataFrame):
        frame = frame.with_row_index("_row")
    row = next(
        first_of(frame.filter(test)).iter_rows(named=True), {}
    )  # a damaged file may read otherwise twice
    number = row.pop("_row", None)
    shown = describe(flows, row)
    return Said(shown) if number is None else said("row {n}, {cells}", n=number + 1, cells=shown)


def describe(flows: Flows, row: Mapping[str, Any]) -> str:
    """A row in the user's own column names and periods."""
    own = {k: flows.said(v) if k == "period" else v for k, v in row.items()}
    return ", ".join(f"{flows.roles.get(k, k)}={v!r}" for k, v in own.items())


def _refuse_empty(n_rows: int, positive: bool) -> None:
    if n_rows == 0:
        raise DataError(said("the table has no rows"), said("Check the filter or the file that made it."))
    if not positive:
        raise DataError(
            said("all {n} values are zero", n=f"{n_rows:,}"),
            said("No index is defined on nothing: check the value column and its unit."),
        )


def _refuse_totals(flows: Flows, markets: Sequence[Any]) -> None:
    found = totals([m for m in markets if m is not None])
    if found:
        test, problem, remedy = _total_test(flows, "market", found)
        count = len(collect(flows.frame.filter(test).select("market")))
        raise DataError(problem, remedy, rows=count, first=first_row(flows, test))


def _refuse_duplicates(flows: Flows) -> None:
    keys = flows.identity
    if isinstance(flows.frame, nw.DataFrame):
        for key in keys:
            labels_of(flows, key)
        twice = repeated(flows.frame, keys, flows._memo.get("seen"))
        count = int(twice.sum())
        sample = flows.frame.filter(twice).select(*keys).head(1) if count else None
    else:
        counted = flows.frame.with_columns(_n=nw.lit(1)).group_by(*keys).agg(nw.col("_n").sum())
        many = counted.filter(nw.col("_n") > 1)
        count = int(collect(many.select(nw.col("_n").sum()))["_n"].to_list()[0] or 0)
        sample = first_of(many.select(*keys)) if count else None
    if sample is not None:
        raise DuplicateCells(
            said("several rows have one cell ({keys})", keys=", ".join(flows.roles.get(k, k) for k in keys)),
            said(
                "Name the columns that tell them apart in keys=[...] (trade regime, registration place), or say "
                "aggregate='sum' to add them up."
            ),
            rows=count,
            first=describe(flows, next(sample.iter_rows(named=True))),
        )


# What the door looks at before any row: the columns' names, their unit, their types.

WORKING = ("_active", "_everything", "_n", "_positive", "_rank", "_row", "_rows", "_share", "_span", "_total")


def roles(frame: Frame, given: Mapping[str, str | None], keys: Sequence[str]) -> dict[str, str]:
    """Role to column: as given, else the column of that very name; refuses what is missing or named twice."""
    columns = frame.collect_schema().names()
    for role, column in (*given.items(), *(("keys", key) for key in keys)):
        check(role, column, str | int | None)
    named = {role: column for role, column in given.items() if column is not None}
    wanted = [*named.values(), *keys]
    missing = [c for c in wanted if c not in columns]
    if missing:
        hint = suggest.hint("xl.flows(table", missing[0], columns, frame=frame)
        wrong = N_("column {column} is not in the table")
        raise DataError(
            said(wrong if len(missing) == 1 else ALSO, column=repr(missing[0]), others=missing[1:]),
            said("The table has: {columns}.{hint}", columns=columns, hint=after(hint)),
        )
    named = suggest.with_plain(named, columns, keys)
    if "value" not in named:
        hint = suggest.hint("xl.flows(table", "value", columns, frame=frame)
        raise RolesNeeded(
            said("no column is named as the value"),
            said("Say value=...; the table has: {columns}.{hint}", columns=columns, hint=after(hint)),
            roles=suggest.roles_of(columns),
        )
    _refuse_clashes(wanted, keys)
    refuse_unspeakable(frame, [*named.values(), *keys])
    return {r: named[r] for r in suggest.ROLE_NAMES if r in named}


def _refuse_clashes(wanted: Sequence[str], keys: Sequence[str]) -> None:
    """Columns named for two roles, and keys with the name of a role or of a working column."""
    twice = [c for c in wanted if wanted.count(c) > 1]
    if twice:
        raise OptionError(
            said(
                "Column {twice} is named for two roles; each role needs a column of its own.",
                twice=repr(twice[0]),
            )
        )
    clash = [k for k in keys if k in suggest.ROLE_NAMES]
    if clash:
        raise OptionError(
            said(
                "keys= names {clash}, which is a role's name: give it as {role}=... instead.",
                clash=repr(clash[0]),
                role=clash[0],
            )
        )
    hidden = [k for k in keys if k in WORKING or str(k).startswith("_term")]
    if hidden:
        raise OptionError(
            said(
                "keys= names {hidden}, a working column's name: rename it before xl.flows.",
                hidden=repr(hidden[0]),
            )
        )


def single_unit(frame: Frame, unit: str | None, roles: Mapping[str, str]) -> tuple[Frame, str | None]:
    """The unit itself; where it names a column, or there is one of currencies, their one value; else the heading's."""
    names = frame.collect_schema().names()
    held = unit in names and unit not in roles.values()
    column = unit if held else column_of(c for c in names if c not in roles.values())
    if column is None:
        return frame, unit if unit is not None else unit_of(roles["value"])
    found = sorted((x for x in values_of(frame, column) if x is not None), key=str)
    if len(found) == 1 and (held or unit is None):
        return frame, str(found[0])
    if len(found) == 1 and unit is not None and agrees(unit, str(found[0])):
        return frame, unit
    if not found and not held:
        return frame, unit
    if len(found) == 1:
        raise DataError(
            said(
                "unit={unit} is said, and column {column} holds {found}",
                unit=repr(unit),
                column=repr(column),
                found=repr(found[0]),
            ),
            said("Leave unit= out, or mend the column."),
        )
    raise DataError(
        said("column {column} holds {n} units: {units}", column=repr(column), n=len(found), units=found[:5]),
        said(
            "Money of different units does not add up: keep one of them, or convert with xl.datasets.convert and a "
            "rate of your own. To keep the first: {call}.",
            call=suggest.without(frame, column, found[1:]),
        ),
    )


def quantity_units(
    frame: Frame, unit: str | None, roles: Mapping[str, str], keys: tuple[str, ...]
) -> tuple[str | None, tuple[str, ...]]:
    """The quantities' unit and the keys: a column of several units is one of these, so that they never meet."""
    held = unit in frame.collect_schema().names() and unit not in roles.values()
    if unit is None or not held or "quantity" not in roles:
        return unit, keys
    found = values_of(frame, unit)
    if len(found) == 1:
        return str(found[0]), keys
    return unit, keys if unit in keys else (*keys, unit)


def schema(frame: Frame, roles: Mapping[str, str], keys: Sequence[str]) -> Frame:
    """Check the types; value and quantity come back as Float64."""
    frame = whole(frame, [c for c in (*roles, *keys) if c not in ("value", "quantity")])
    types, held = frame.collect_schema(), kinds(frame)
    for role in ("value", "quantity"):
        if role in roles and held[role] not in NUMBERS:
            _refuse_no_number(frame, role, roles[role])
    _refuse_codes_as_numbers(roles, types)
    for key in (*(r for r in roles if r not in ("value", "quantity")), *keys):
        named = kind_of(types[key]) if key == "period" else held[key]
        if named not in (*LABELS, "decimal", "empty"):
            _refuse_no_label(frame, key, roles.get(key, key))
    numbers = [r for r in ("value", "quantity") if r in roles]
    return own(floats(frame, numbers))


def _refuse_codes_as_numbers(roles: Mapping[str, str], types: Mapping[str, Any]) -> None:
    """Codes and years that were read as numbers, or as decimal ones."""
    if "product" in roles and types["product"].is_numeric():
        raise DataError(
            said(
                "product codes in {column} were read as numbers ({kind})",
                column=repr(roles["product"]),
                kind=types["product"],
            ),
            said(
                "Leading zeros are lost that way ('010121' became 10121): read the column as text, or say how many "
                "digits the codes have."
            ),
            options=({"digits": 6},),
        )
    for role in ("exporter", "market"):
        if role in roles and fractional(types[role]):
            raise DataError(
                said(
                    "{role} {column} holds decimal numbers, as codes do when some are missing",
                    role=said(role),
                    column=repr(roles[role]),
                ),
                said(
                    "Codes are text or whole numbers: fill or remove the missing ones, then read the column as text."
                ),
            )
    if "period" in roles and fractional(types["period"]):
        column = roles["period"]
        raise DataError(
            said(
                "period {column} is of type {types}",
                column=repr(column),
                types=types["period"],
            ),
            said(
                "Years become decimal numbers where some are missing: leave those rows out (pandas: "
                "table.dropna(subset=[{column}]).astype({{{column}: int}})).",
                column=repr(column),
            ),
        )


def _refuse_no_number(frame: Frame, role: str, column: str) -> None:
    kind = frame.collect_schema()[role]
    sample = first_of(frame.select(role).filter(~nw.col(role).is_null()))[role].to_list()
    first = repr(sample[0]) if sample else None
    if kind == nw.String:
        raise DataError(
            said("{role} {column} holds text, not numbers", role=said(role), column=repr(column)),
            said(
                "Remove thousands separators and units, then read it as numbers; xl.read_gacc and xl.read_flows do so."
            ),
            first=first,
        )
    raise DataError(
        said(
            "{role} {column} is of type {kind}, not numbers", role=said(role), column=repr(column), kind=kind
        ),
        said("Make it a column of plain numbers first (pandas: .astype(float))."),
        first=first,
    )


def _refuse_no_label(frame: Frame, role: str, column: str) -> None:
    """Refuse what names nothing; a column with nothing in it at all is left to the row checks."""
    kind = frame.collect_schema()[role]
    found = first_of(frame.select(role).filter(~nw.col(role).is_null()))[role].to_list()
    if not found:
        return
    if isinstance(frame, nw.DataFrame):
        found = [v for v in frame[role].to_list() if v is not None and not isinstance(v, str)] or found
    raise DataError(
        said(
            "{role} {column} is of type {kind}, which names nothing",
            role=said(role),
            column=repr(column),
            kind=kind,
        ),
        said("Labels are text, whole numbers or dates, of one type: convert the column to text first."),
        first=repr(found[0]),
    )


# What a column holds, decided in one place for flows, panels and regressions.

Kind: TypeAlias = Literal["whole", "decimal", "truth", "text", "category", "date", "empty", "other"]
NUMBERS = ("whole", "decimal")
LABELS = ("whole", "truth", "text", "category", "date")
# What pandas calls the cells of a column of objects.
_CELLS: dict[str, Kind] = {
    "string": "text",
    "empty": "empty",
    "boolean": "truth",
    "integer": "whole",
    "floating": "decimal",
    "mixed-integer-float": "decimal",
    "date": "date",
    "datetime": "date",
    "datetime64": "date",
}


def kind_of(dtype: Any) -> Kind:
    """The kind of a column by its type; durations, spans of time, nested and complex ones are "other"."""
    if dtype.is_integer():
        return "whole"
    if dtype.is_float() or dtype.is_decimal():
        return "decimal"
    if isinstance(dtype, nw.Boolean):
        return "truth"
    if isinstance(dtype, nw.String):
        return "text"
    if isinstance(dtype, nw.Categorical | nw.Enum):
        return "category"
    return "date" if isinstance(dtype, nw.Date | nw.Datetime) else "other"


def whole_objects(frame: Frame, name: str) -> Frame:
    """The frame with whole numbers of any storage, as objects too (as melting leaves years), as plain numbers."""
    frame = whole(frame, [name])
    if isinstance(frame, nw.LazyFrame) or not frame.implementation.is_pandas():
        return frame
    native: Any = frame.to_native()
    column = native[name]
    if column.dtype != object or column.hasnans or series_kind(column) != "whole":
        return frame
    made: Frame = nw.from_native(native.assign(**{name: column.astype("int64")}))
    return made


def kinds(frame: Frame) -> dict[str, Kind]:
    """The kind of each column: by its type, and for a pandas column of objects or categories by what is in it."""
    schema = frame.collect_schema()
    if isinstance(frame, nw.LazyFrame) or not frame.implementation.is_pandas():
        return {name: kind_of(dtype) for name, dtype in schema.items()}
    native: Any = frame.to_native()
    return {name: series_kind(native.iloc[:, place]) for place, name in enumerate(schema)}


def series_kind(column: pd.Series[Any]) -> Kind:
    """The kind of a pandas column; categories count as what they are categories of."""
    import pandas as pd

    if column.dtype == object:
        found = _CELLS.get(pd.api.types.infer_dtype(column, skipna=True), "other")
        cells = column.dropna() if found in NUMBERS else ()
        if found == "whole":
            held = all(abs(v) < 2**63 for v in cells)
        else:  # whole numbers among floats that no float holds
            held = not any(isinstance(v, int) and abs(v) >= 2**1023 for v in cells)
        return found if held else "other"
    if isinstance(column.dtype, pd.SparseDtype):
        return series_kind(pd.Series([], dtype=column.dtype.subtype))
    kind = kind_of(nw.from_native(column, series_only=True).dtype)
    if kind == "other" and getattr(column.dtype, "kind", "O") == "f":  # longer floats than narwhals names
        return "decimal"
    if kind == "category" and isinstance(column.dtype, pd.CategoricalDtype):
        inner = series_kind(column.dtype.categories.to_series())
        return "other" if inner == "other" else "category"
    return kind
