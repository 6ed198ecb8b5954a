"""What the door looks at, and the words it refuses with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from exportlab.classifications import is_total, resolve
from exportlab.errors import DataError, OptionError
from exportlab.frames import Frame, collect, missing, repeated

if TYPE_CHECKING:
    from exportlab.flows import Flows

ROLE_NAMES = ("period", "exporter", "market", "product", "value", "quantity")


def adopt(table: Any) -> Frame:
    """Wrap a table of any supported engine."""
    try:
        return nw.from_native(table)  # type: ignore[no-any-return]
    except TypeError:
        raise DataError(
            f"a {type(table).__module__}.{type(table).__name__} is not a table that can be read",
            "Allowed: pandas, Polars (DataFrame, LazyFrame), PyArrow Table, DuckDB relation, PySpark DataFrame; "
            "files come in through xl.read_flows, xl.read_gacc, xl.read_comtrade, xl.read_baci.",
        ) from None


def roles(frame: Frame, given: Mapping[str, str | None], keys: Sequence[str]) -> dict[str, str]:
    """Role to column: as given, else the column of that very name; refuses what is missing or named twice."""
    columns = frame.collect_schema().names()
    named = {role: column for role, column in given.items() if column is not None}
    wanted = [*named.values(), *keys]
    missing = [c for c in wanted if c not in columns]
    if missing:
        raise DataError(
            f"column {missing[0]!r} is not in the table" + (f" (nor {missing[1:]})" if missing[1:] else ""),
            f"The table has: {columns}.",
        )
    for role in given:
        if role not in named and role in columns and role not in wanted:
            named[role] = role
    if "value" not in named:
        raise DataError("no column is named as the value", f"Say value=...; the table has: {columns}.")
    twice = [c for c in wanted if wanted.count(c) > 1]
    if twice:
        raise OptionError(f"Column {twice[0]!r} is named for two roles; each role needs a column of its own.")
    clash = [k for k in keys if k in ROLE_NAMES]
    if clash:
        raise OptionError(
            f"keys= names {clash[0]!r}, which is a role's name: give it as {clash[0]}=... instead."
        )
    return {r: named[r] for r in ROLE_NAMES if r in named}


def single_unit(frame: Frame, unit: str | None, roles: Mapping[str, str]) -> tuple[Frame, str | None]:
    """The unit itself; where `unit` names a column, its one value."""
    if unit is None or unit not in frame.collect_schema().names() or unit in roles.values():
        return frame, unit
    found = _values(frame, unit)
    if len(found) != 1:
        raise DataError(
            f"column {unit!r} holds {len(found)} units: {found[:5]}",
            "Money of different units does not add up: split the table by unit, or convert with "
            "xl.datasets.convert and a rate of your own.",
        )
    return frame, str(found[0])


def schema(frame: Frame, roles: Mapping[str, str]) -> Frame:
    """Check the types; value and quantity come back as Float64."""
    types = frame.collect_schema()
    for role in ("value", "quantity"):
        if role in roles and not types[role].is_numeric():
            _refuse_text(frame, role, roles[role])
    if "product" in roles and types["product"].is_numeric():
        raise DataError(
            f"product codes in {roles['product']!r} were read as numbers ({types['product']})",
            "Leading zeros are lost that way ('010121' became 10121): read the column as text "
            "(pandas: dtype={...: str}), or use xl.read_flows.",
        )
    for role in ("exporter", "market"):
        if role in roles and types[role].is_float():
            raise DataError(
                f"{role} {roles[role]!r} holds decimal numbers, as codes do when some are missing",
                "Codes are text or whole numbers: fill or remove the missing ones, then read the column as text.",
            )
    if "period" in roles and (types["period"].is_float() or types["period"].is_temporal()):
        raise DataError(
            f"period {roles['period']!r} is of type {types['period']}",
            "Periods are years (2023) or months as text ('2023-05'): for dates use .dt.year or .dt.strftime('%Y-%m').",
        )
    wide = [r for r in ("value", "quantity") if r in roles and types[r] != nw.Float64]
    return frame.with_columns(*(nw.col(r).cast(nw.Float64) for r in wide)) if wide else frame


def rows(flows: Flows) -> None:
    """Check every row in one aggregate query by market; refuse with the first offending row."""
    tests = _row_tests(flows)
    market = ("market",) if "market" in flows.roles else ()
    seen = _summary(flows.frame, flows, tests, market)
    for name, (test, problem, remedy) in tests.items():
        bad = int(sum(seen[name].to_list()))
        if bad:
            raise DataError(problem, remedy, rows=bad, first=first_row(flows, test))
    _refuse_empty(seen)
    if market:
        _refuse_overlap(flows, seen["market"].to_list())
    if "period" in flows.roles:
        _refuse_mixed_periods(flows, seen)
    if flows.unique and flows.identity:
        _refuse_duplicates(flows)


def _row_tests(flows: Flows) -> dict[str, tuple[nw.Expr, str, str]]:
    """Name to (expression that is true for a bad row, what is wrong, what is allowed)."""
    value, own = nw.col("value"), flows.roles
    tests = {
        "_missing": (missing(value), f"value {own['value']!r} is missing",
                     "Write 0 where nothing was traded, and leave out rows that are not known."),
        "_infinite": (~value.is_finite(), f"value {own['value']!r} is infinite", "Values are finite amounts of money."),
        "_negative": (value < 0, f"value {own['value']!r} is negative",
                      "Exports are zero or more: look for returns, corrections or net figures among the rows."),
    }  # fmt: skip
    for key in flows.identity:
        column = own.get(key, key)
        tests[f"_no_{key}"] = (
            nw.col(key).is_null(),
            f"{key} {column!r} is missing",
            "Every row needs its keys.",
        )
    for role in ("exporter", "product"):
        if role in own and not flows.frame.collect_schema()[role].is_numeric():
            totals = [m for m in _values(flows.frame, role) if m is not None and is_total(m, role=role)]
            if totals:
                tests[f"_total_{role}"] = _total_test(role, own[role], totals)
    if "quantity" in own:
        q = nw.col("quantity")
        tests["_quantity"] = (
            ~missing(q) & ((q < 0) | ~q.is_finite()), f"quantity {own['quantity']!r} is negative or infinite",
            "Quantities are zero or more; an unknown one may be missing.",
        )  # fmt: skip
    return tests


def _total_test(role: str, column: str, totals: Sequence[Any]) -> tuple[nw.Expr, str, str]:
    problem = f"{role} {column!r} has totals among its members ({', '.join(map(repr, totals[:5]))})"
    return (
        nw.col(role).is_in(list(totals)),
        problem,
        "Leave the total's rows out: they would be counted twice.",
    )


def _summary(
    frame: Frame, flows: Flows, tests: Mapping[str, tuple[nw.Expr, str, str]], by: Sequence[str]
) -> nw.DataFrame[Any]:
    flags = [test.cast(nw.Int64).alias(name) for name, (test, *_) in tests.items()]
    size = (nw.col("value") > 0).cast(nw.Int64).alias("_positive")
    ends = []
    if "period" in flows.roles:
        period = nw.col("period")
        text = not frame.collect_schema()["period"].is_numeric()
        ends = [(period.cast(nw.String).str.len_chars() if text else period).alias("_span")]
    marked = frame.select(*by, *flags, size, nw.lit(1).alias("_rows"), *ends)
    sums = [nw.col(n).sum() for n in (*tests, "_positive", "_rows")]
    if ends:
        sums += [nw.col("_span").min().alias("_shortest"), nw.col("_span").max().alias("_longest")]
    return collect(marked.group_by(*by).agg(*sums) if by else marked.select(*sums))


def first_row(flows: Flows, test: nw.Expr) -> str:
    """The first row for which `test` is true, in words; its number where rows have an order."""
    frame = flows.frame
    if isinstance(frame, nw.DataFrame):
        frame = frame.with_row_index("_row")
    row = next(_head(frame.filter(test)).iter_rows(named=True))
    number = f"row {row.pop('_row') + 1}, " if "_row" in row else ""
    return number + describe(flows, row)


def describe(flows: Flows, row: Mapping[str, Any]) -> str:
    """A row in the user's own column names."""
    return ", ".join(f"{flows.roles.get(k, k)}={v!r}" for k, v in row.items())


def _head(frame: Frame) -> nw.DataFrame[Any]:
    return collect(frame.head(1))


def _values(frame: Frame, column: str) -> list[Any]:
    if isinstance(frame, nw.DataFrame):  # of one column: a frame's unique goes row by row
        return frame[column].unique().to_list()
    return collect(frame.select(column).unique())[column].to_list()


def _refuse_text(frame: Frame, role: str, column: str) -> None:
    sample = _head(frame.select(role).filter(~nw.col(role).is_null()))[role].to_list()
    raise DataError(
        f"{role} {column!r} holds text, not numbers",
        "Remove thousands separators and units, then read it as numbers; xl.read_gacc and xl.read_flows do so.",
        first=repr(sample[0]) if sample else None,
    )


def _refuse_empty(seen: nw.DataFrame[Any]) -> None:
    n_rows = int(sum(x or 0 for x in seen["_rows"].to_list())) if len(seen) else 0
    if n_rows == 0:
        raise DataError("the table has no rows", "Check the filter or the file that made it.")
    if not sum(seen["_positive"].to_list()):
        raise DataError(
            f"all {n_rows:,} values are zero",
            "No index is defined on nothing: check the value column and its unit.",
        )


def _refuse_overlap(flows: Flows, markets: Sequence[Any]) -> None:
    column = flows.roles["market"]
    totals = [m for m in markets if is_total(m)]
    if totals:
        test, problem, remedy = _total_test("market", column, totals)
        raise DataError(problem, remedy, first=first_row(flows, test))
    pairs = overlaps(markets)
    if pairs:
        a, b = pairs[0]
        raise DataError(
            f"markets in {column!r} overlap: {len(pairs)} pair{'s' if len(pairs) > 1 else ''}",
            "Keep either the bloc or its members: together they would be counted twice.",
            first=f"{a!r} beside {b!r}",
        )


def overlaps(markets: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Pairs of labels that share a country: a bloc beside its member, or one country under two names."""
    known = {m: resolve(m) for m in markets if isinstance(m, str) and not m.isdigit()}
    owner: dict[str, Any] = {}
    pairs = []
    for label, group in sorted(known.items(), key=lambda item: -len(item[1] or ())):
        clash = {owner[c] for c in group or () if c in owner}
        pairs += [(bloc, label) for bloc in sorted(clash)]
        owner.update(dict.fromkeys(group or (), label))
    return pairs


def _refuse_mixed_periods(flows: Flows, seen: nw.DataFrame[Any]) -> None:
    low, high = min(seen["_shortest"].to_list()), max(seen["_longest"].to_list())
    text = not flows.frame.collect_schema()["period"].is_numeric()
    mixed = (low == 4 and high in (6, 7)) if text else (low < 10_000 <= high)
    if mixed:
        period = nw.col("period")
        long = period.cast(nw.String).str.len_chars() > 4 if text else period >= 10_000
        raise DataError(
            f"period {flows.roles['period']!r} mixes years and months",
            "A year contains its months: keep one kind (years 2023, or months '2023-05').",
            first=first_row(flows, long),
        )


def _refuse_duplicates(flows: Flows) -> None:
    keys = flows.identity
    if isinstance(flows.frame, nw.DataFrame):
        twice = repeated(flows.frame, keys)
        count = int(twice.sum())
        sample = flows.frame.filter(twice).select(*keys).head(1) if count else None
    else:
        counted = flows.frame.with_columns(_n=nw.lit(1)).group_by(*keys).agg(nw.col("_n").sum())
        many = counted.filter(nw.col("_n") > 1)
        count = int(collect(many.select(nw.col("_n").sum()))["_n"].to_list()[0] or 0)
        sample = _head(many.select(*keys)) if count else None
    if sample is not None:
        raise DataError(
            f"several rows have one cell ({', '.join(flows.roles.get(k, k) for k in keys)})",
            "Name the columns that tell them apart in keys=[...] (trade regime, registration place), "
            "or say aggregate='sum' to add them up.",
            rows=count,
            first=describe(flows, next(sample.iter_rows(named=True))),
        )
