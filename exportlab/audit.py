"""What the door looks at in the rows, and the words it refuses with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from exportlab import remedies
from exportlab.classifications import resolve, totals
from exportlab.errors import DataError, DuplicateCells
from exportlab.frames import (
    LARGEST,
    SMALLEST,
    Frame,
    among,
    collect,
    first_of,
    missing,
    recoded,
    repeated,
    sum_by,
    values_of,
)
from exportlab.periods.turning import Turned

if TYPE_CHECKING:
    from exportlab.flows import Flows

BEYOND = f"above {LARGEST:g} or, though not zero, below {SMALLEST:g}"
WITHIN = "Products and sums of such figures leave the range of floating-point numbers: look at the unit."


def rows(flows: Flows) -> None:
    """Check every row in one aggregate query by market; refuse with the first offending row."""
    tests = _row_tests(flows)
    # A lazy table's labels are learned on the way: one plan instead of two.
    learned = ("period",) if "period" in flows.roles and flows.lazy else ()
    market = ("market",) if "market" in flows.roles else ()
    seen = _summary(flows.frame, tests, (*market, *learned))
    for name, (test, problem, remedy) in tests.items():
        bad = int(sum(seen[name].to_list()))
        if bad:
            raise DataError(problem, remedy, rows=bad, first=first_row(flows, test))
    _refuse_empty(seen)
    if market:
        _refuse_overlap(flows, seen["market"].unique().to_list())
    if learned and flows.spelling is not None:
        flows.spelling.learn(flows.frame, seen["period"].unique().to_list())
    if flows.unique and flows.identity:
        _refuse_duplicates(flows)


def _row_tests(flows: Flows) -> dict[str, tuple[nw.Expr, str, str]]:
    """Name to (expression that is true for a bad row, what is wrong, what is allowed)."""
    value, own = nw.col("value"), flows.roles
    tests = {
        "_missing": (missing(value), f"value {own['value']!r} is missing",
                     "Write 0 where nothing was traded, and leave out rows that are not known: "
                     f"{remedies.known(flows.frame, own['value'])}."),
        "_infinite": (~value.is_finite(), f"value {own['value']!r} is infinite", "Values are finite amounts of money."),
        "_beyond": (_beyond(value), f"value {own['value']!r} is {BEYOND}", WITHIN),
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
            found = totals(values_of(flows.frame, role), role=role)
            if found:
                tests[f"_total_{role}"] = _total_test(flows, role, found)
    if "quantity" in own:
        q = nw.col("quantity")
        tests["_quantity"] = (
            ~missing(q) & ((q < 0) | ~q.is_finite()), f"quantity {own['quantity']!r} is negative or infinite",
            "Quantities are zero or more; an unknown one may be missing.",
        )  # fmt: skip
        tests["_quantity_beyond"] = (_beyond(q), f"quantity {own['quantity']!r} is {BEYOND}", WITHIN)
    return tests


def _beyond(column: nw.Expr) -> nw.Expr:
    return ~missing(column) & ((column > LARGEST) | ((column > 0) & (column < SMALLEST)))


def _total_test(flows: Flows, role: str, found: Sequence[Any]) -> tuple[nw.Expr, str, str]:
    column, listed = flows.roles[role], sorted(found, key=str)
    problem = f"{role} {column!r} has totals among its members ({', '.join(map(repr, listed[:5]))})"
    return (
        nw.col(role).is_in(listed),
        problem,
        "Leave the total's rows out, as they would be counted twice: "
        f"{remedies.without(flows.frame, column, listed)}.",
    )


def _summary(
    frame: Frame, tests: Mapping[str, tuple[nw.Expr, str, str]], by: Sequence[str]
) -> nw.DataFrame[Any]:
    flags = [test.cast(nw.Int64).alias(name) for name, (test, *_) in tests.items()]
    size = (nw.col("value") > 0).cast(nw.Int64).alias("_positive")
    marked = frame.select(*by, *flags, size, nw.lit(1).alias("_rows"))
    sums = [nw.col(n).sum() for n in (*tests, "_positive", "_rows")]
    return collect(marked.group_by(*by).agg(*sums) if by else marked.select(*sums))


def first_row(flows: Flows, test: nw.Expr) -> str:
    """The first row for which `test` is true, in words; its number where rows have an order."""
    frame = flows.frame
    if isinstance(frame, nw.DataFrame):
        frame = frame.with_row_index("_row")
    row = next(
        first_of(frame.filter(test)).iter_rows(named=True), {}
    )  # a damaged file may read otherwise twice
    number = f"row {row.pop('_row') + 1}, " if "_row" in row else ""
    return number + describe(flows, row)


def describe(flows: Flows, row: Mapping[str, Any]) -> str:
    """A row in the user's own column names and periods."""
    own = {k: flows.said(v) if k == "period" else v for k, v in row.items()}
    return ", ".join(f"{flows.roles.get(k, k)}={v!r}" for k, v in own.items())


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
    found = totals(markets)
    if found:
        test, problem, remedy = _total_test(flows, "market", found)
        count = len(collect(flows.frame.filter(test).select("market")))
        raise DataError(problem, remedy, rows=count, first=first_row(flows, test))
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


def silent_exporters(flows: Flows, how: Turned) -> list[tuple[Any, Any, int, int]]:
    """Exporters and new periods for which some of those added up have no row: how many have one, and of how many."""
    if "exporter" not in flows.roles:
        return []
    known = recoded(flows.cells("exporter", "period"), "period", how.pairs).with_columns(_n=nw.lit(1))
    counts = sum_by(known, ("exporter", "period"), ["_n"])
    sizes = Counter(how.pairs.values())
    alike = {n: [period for period in sizes if sizes[period] == n] for n in set(sizes.values())}
    silent = [collect(counts.filter(among("period", of) & (nw.col("_n") < n))) for n, of in alike.items()]
    rows = [row for part in silent for row in part.iter_rows(named=True)]
    rows.sort(key=lambda row: (str(row["exporter"]), str(row["period"])))
    return [(r["exporter"], how.calendar.label(r["period"]), r["_n"], sizes[r["period"]]) for r in rows]


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
        sample = first_of(many.select(*keys)) if count else None
    if sample is not None:
        raise DuplicateCells(
            f"several rows have one cell ({', '.join(flows.roles.get(k, k) for k in keys)})",
            "Name the columns that tell them apart in keys=[...] (trade regime, registration place), "
            "or say aggregate='sum' to add them up.",
            rows=count,
            first=describe(flows, next(sample.iter_rows(named=True))),
        )
