"""The laws of two-way tables, each once: what a table is turned into, and which figures then differ.

`exportlab.catalogue.LAWS` says them in words, and docs/explain-laws.rst for tables in full.
"""

from __future__ import annotations

import math
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
from catalogue_calls import COUNTRIES, call

import exportlab as xl
from exportlab.indices.catalogue import Indicator

KEYS = (
    "period",
    "exporter",
    "exporter_2",
    "market",
    "product",
    "product_2",
    "class",
    "industry",
    "spell",
    "time",
)
# Money, the shares an index is made of, and what a larger sample makes surer are no figures of the index.
ASIDE = {
    "value", "exports", "imports", "before", "after", "total", "actual", "potential", "unit_value",
    "reference_unit_value", "share", "reference_share", "share_before", "share_after", "hhi_before", "hhi_after",
    "std_error", "conf_low", "conf_high", "p_one",
}  # fmt: skip
COPIES = ("1", "2", "3")
INSIDE = [c + n for c in COUNTRIES[:2] for n in ("", *COPIES)]
# Where no over= says what the members are: cells of product and market, markets, else products.
CELLS = ("nesting", "nestedness", "iemp")
MARKETS = (
    "bloc_share",
    "trade_intensity",
    "intra_share",
    "bloc_intensity",
    "introversion",
    "size_adjusted_share",
)
CELL = ["period", "exporter", "market", "product"]
SWAPPED = {"1": "2", "2": "1"}
PLACES = dict(zip(COUNTRIES, (*COUNTRIES[1::-1], *COUNTRIES[:1:-1]), strict=True))
NEW = {"product": "0013", "market": "Chile", "exporter": "Chile"}
REL, ABS = 1e-9, 1e-11

SPECIMEN = Path(__file__).with_name("specimen.csv")

Key = tuple[tuple[str, Any], ...]
Rows = dict[Key, dict[str, float]]


@dataclass(frozen=True)
class Case:
    """One way of calling an indicator: its name, and an option as one writes it."""

    name: str
    option: str = ""

    @property
    def options(self) -> dict[str, Any]:
        return tomllib.loads(self.option)

    def __str__(self) -> str:
        return f"{self.name} {self.option}".rstrip()

    @property
    def members(self) -> tuple[str, ...]:
        if self.name in CELLS:
            return ("product", "market")
        default = self.entry.options.get("over") or ("market" if self.name in MARKETS else "product")
        return (self.options.get("over", default),)

    @property
    def group(self) -> tuple[str, ...]:
        """Within what the members of one distribution lie."""
        return ("period", "product" if "exporter" in self.members else "exporter")

    @property
    def entry(self) -> Indicator:
        return xl.CATALOGUE[self.name]

    @property
    def figure(self) -> str:
        return self.entry.figure

    def rows(self, table: pd.DataFrame) -> Rows:
        """The figures of each row of the result."""
        options = self.options
        if "members" in self.entry.options:
            options["members"] = INSIDE
        native = call(self.name, table, pl.from_pandas, checked=True, **options)
        frame = nw.from_native(native)
        keys = [c for c in KEYS if c in frame.columns and c != self.figure]
        own = frame.schema
        figures = [
            c for c in frame.columns if c == self.figure or (own[c].is_float() and c not in (*ASIDE, *KEYS))
        ]
        return {
            paired({k: row[k] for k in keys}): {c: float(row[c]) for c in figures}
            for row in frame.iter_rows(named=True)
        }


@dataclass(frozen=True)
class Break:
    """A figure that is not what the law says: where, and the two numbers that should agree."""

    row: Key
    column: str
    before: float
    after: float
    change: str = ""

    @property
    def where(self) -> str:
        return " ".join(f"{k}={v}" for k, v in self.row)


def differ(a: float, b: float) -> bool:
    both_nan = math.isnan(a) and math.isnan(b)
    return not both_nan and not math.isclose(a, b, rel_tol=REL, abs_tol=ABS)


def compare(before: Rows, after: Rows, origin: Callable[[Key], Key] = lambda key: key) -> Iterator[Break]:
    """Every figure that differs; `origin` names the row before that a row after came from."""
    gone = set(before)
    for key, figures in after.items():
        old = origin(key)
        gone.discard(old)
        for column, value in before.get(old, {}).items():
            if differ(value, figures[column]):
                yield Break(old, column, value, figures[column])
    for key in gone:
        yield from (Break(key, column, value, math.nan) for column, value in before[key].items())


def relabelled(key: Key, roles: Sequence[str], names: Mapping[Any, Any]) -> Key:
    return paired({k: names.get(v, v) if k in roles else v for k, v in key})


def paired(row: dict[str, Any]) -> Key:
    """The labels of a row; those of a pair in order."""
    if "exporter_2" in row:
        row["exporter"], row["exporter_2"] = sorted((row["exporter"], row["exporter_2"]))
    return tuple(row.items())


def scale(case: Case, table: pd.DataFrame, rows: Rows) -> Iterator[Break]:
    """Every value times 7.3."""
    yield from compare(rows, case.rows(table.assign(value=7.3 * table["value"])))


def permutation(case: Case, table: pd.DataFrame, rows: Rows) -> Iterator[Break]:
    """Rows in another order, and members that trade names: products within their class, places within their bloc."""
    other = table.sample(frac=1, random_state=1).reset_index(drop=True)
    if "product" in case.members:
        roles, turned = ("product",), {k: k[:3] + SWAPPED.get(k[3:], k[3:]) for k in set(table["product"])}
    else:
        roles, turned = ("exporter", "market"), PLACES
    for role in roles:
        other[role] = other[role].map(turned)
    back = {new: old for old, new in turned.items()}
    yield from compare(rows, case.rows(other), lambda key: relabelled(key, (*roles, "exporter_2"), back))


def replication(case: Case, table: pd.DataFrame, rows: Rows) -> Iterator[Break]:
    """Every member split into three equal ones; each copy's row is held against the row it came from."""
    role = case.members[0]
    third = table.assign(value=table["value"] / 3, quantity=table["quantity"] / 3)
    split = pd.concat([third.assign(**{role: third[role] + c}) for c in COPIES], ignore_index=True)
    back = {label + c: label for label in set(table[role]) for c in COPIES}
    yield from compare(rows, case.rows(split), lambda key: relabelled(key, (role,), back))


def empty(case: Case, table: pd.DataFrame, rows: Rows) -> Iterator[Break]:
    """One more member of each role, with cells of zero everywhere; the rows there were are compared."""
    more = table
    for role in case.members:
        nothing = more[more[role] == more[role].iloc[0]]
        nothing = nothing.assign(**{role: NEW[role]}, value=0.0, quantity=0.0)
        more = pd.concat([more, nothing], ignore_index=True)
    yield from compare(rows, case.rows(more))


def additive(case: Case, table: pd.DataFrame, rows: Rows) -> Iterator[Break]:
    """Rows of members add up to the row of all; where a row is a whole group, its members' alone add up to it."""
    role, figure = case.members[0], case.figure
    own = by_member(case, rows)
    parts = [rows] if own else [case.rows(table[table[role] == m]) for m in sorted(set(table[role]))]
    sums: dict[Key, float] = defaultdict(float)
    for part in parts:
        for key, figures in part.items():
            sums[without(key, own)] += figures[figure]
    whole = the_whole(case, table, rows) if own else {key: figures[figure] for key, figures in rows.items()}
    for key, value in whole.items():
        if differ(value, sums[key]):
            yield Break(key, figure, value, sums[key])


def by_member(case: Case, rows: Rows) -> set[str]:
    """The keys that tell members, or classes of them, apart in the result; none where a row is a whole group."""
    return {case.members[0], "class"} & {name for name, _ in next(iter(rows))}


def without(key: Key, names: set[str]) -> Key:
    return tuple((k, v) for k, v in key if k not in names)


def the_whole(case: Case, table: pd.DataFrame, rows: Rows) -> dict[Key, float]:
    """The figure of all members together: of what is taken apart, or of the members as one."""
    role = case.members[0]
    if case.name == "hhi_change":
        return {
            k: v["hhi_change_split"] for k, v in Case("hhi_change_split", case.option).rows(table).items()
        }
    if case.name == "bloc_share_change":
        found = {k: v["bloc_share"] for k, v in Case("bloc_share").rows(table).items()}
        earlier = {k: tuple((n, v - 1 if n == "period" else v) for n, v in k) for k in found}
        return {k: v - found[earlier[k]] for k, v in found.items() if earlier[k] in found}
    if "class" in by_member(case, rows):  # the shares of all classes: the whole
        return {without(k, {"class"}): 1.0 for k, v in rows.items() if not math.isnan(v[case.figure])}
    one = table.assign(**{role: table[role].iloc[0]})
    merged = one.groupby(CELL, as_index=False)[["value", "quantity"]].sum()
    return {without(k, {role}): v[case.figure] for k, v in case.rows(merged).items()}


def specimen() -> pd.DataFrame:
    """The small world on which laws are shown to fail; what is traded is traded in a quantity of 1."""
    wide = pd.read_csv(SPECIMEN)
    table = wide.melt(CELL[:3], var_name="product", value_name="value").astype({"value": float})
    return table.sort_values(CELL, ignore_index=True).assign(
        quantity=lambda t: (t["value"] > 0).astype(float)
    )


@dataclass(frozen=True)
class Transfer:
    """An amount that moves from a cell of a smaller member to a larger member's, all else of the cell alike."""

    source: tuple[Any, ...]
    target: tuple[Any, ...]
    amount: float

    def __str__(self) -> str:
        ends = (" ".join(map(str, cell)) for cell in (self.source, self.target))
        return f"{' > '.join(ends)}: {self.amount:g}"

    @classmethod
    def read(cls, text: str) -> Transfer:
        cells, _, amount = text.partition(": ")
        source, target = ((int(t), *rest) for t, *rest in (cell.split() for cell in cells.split(" > ")))
        return cls(source, target, float(amount))

    def made(self, table: pd.DataFrame) -> pd.DataFrame:
        cells = table.set_index(CELL)
        cells.loc[self.source, "value"] -= self.amount
        cells.loc[self.target, "value"] += self.amount
        return cells.reset_index()


def transfers(case: Case, table: pd.DataFrame) -> Iterator[Transfer]:
    """Half and all of every cell of a smaller member, to each larger member of its distribution."""
    totals = table.groupby([*case.group, *case.members])["value"].sum()
    cells = table.set_index(CELL)["value"]
    place = [CELL.index(c) for c in (*case.group, *case.members)]
    at = CELL.index(case.members[0])
    for source, value in cells[cells > 0].items():
        for other in sorted(set(table[case.members[0]])):
            target = (*source[:at], other, *source[at + 1 :])
            if target in cells.index:
                small, large = (totals[tuple(cell[p] for p in place)] for cell in (source, target))
                if small < large:
                    yield from (Transfer(source, target, part * value) for part in (0.5, 1.0))


def moves(case: Case, table: pd.DataFrame, rows: Rows, transfer: Transfer) -> Iterator[Break]:
    """Figures of the distribution's own row, in any period, that the transfer moves."""
    cell = dict(zip(CELL, transfer.source, strict=True))
    after = case.rows(transfer.made(table))
    for key in rows.keys() & after.keys():
        if all(cell[k] == v for k, v in key if k in case.group and k != "period"):
            a, b = rows[key][case.figure], after[key][case.figure]
            if abs(a - b) > 1e-9:
                yield Break(key, case.figure, a, b, str(transfer))


CHANGES = {f.__name__: f for f in (scale, permutation, replication, empty, additive)}
