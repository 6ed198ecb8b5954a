"""Parents beside their parts: product codes of several levels, all products, the World among partners.

What a parent is worth beyond its parts is found level by level, from the finest up, in every group of the other keys:
a parent that equals its parts says nothing new, a larger one has a rest, a smaller one is a contradiction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import narwhals.stable.v2 as nw

from exportlab.classifications.nomenclatures import REST, Codes
from exportlab.errors import DataError
from exportlab.frames import Frame, among, collect, first_of, join, missing, stack, sum_by, when
from exportlab.words import N_, Said, Text, row, said

DECIMALS = 6  # digits after the point that are looked for in printed values


@dataclass(frozen=True)
class Branches:
    """The labels of a column that are parents or parts of parents, with the code of each; '' holds all."""

    role: str
    codes: Mapping[Any, str]
    parents: frozenset[Any]


# Of one parent and of several: what it is beside its parts.
KINDS = (
    (
        N_("{n} equal to the sum of its parts"),
        N_("{n} larger than the sum of its parts"),
        N_("{n} smaller than the sum of its parts"),
    ),
    (
        N_("{n} equal to the sum of their parts"),
        N_("{n} larger than the sum of their parts"),
        N_("{n} smaller than the sum of their parts"),
    ),
)


@dataclass(frozen=True, eq=False)
class Parents:
    """The parents that stand beside parts of theirs, one row each.

    Attributes
    ----------
    rows : frame
        The keys, the role's label, `value`, `_parts` (their sum) and `_rest` (value less parts).
    equal, larger, smaller : int
        How many have a rest of none, within the printed digits, above it, or below it.
    allowance : nw.Expr
        Half a printed digit for the parent and each of its parts.
    """

    rows: Frame
    equal: int
    larger: int
    smaller: int
    allowance: nw.Expr

    @property
    def count(self) -> int:
        return self.equal + self.larger + self.smaller

    @property
    def kinds(self) -> Text:
        """What they are, in words."""
        counts = self.equal, self.larger, self.smaller
        return row(said(KINDS[n != 1][at], n=f"{n:,}") for at, n in enumerate(counts) if n)


def branches(codes: Codes) -> Branches | None:
    """The nested labels of a column of product codes, or None where no code is a part of another."""
    of = codes.of if codes.nested else {}
    known = sorted(set(of.values()))
    parents = {a for a, b in pairwise(known) if b.startswith(a)}
    if not parents:
        return None
    sizes = sorted({len(p) for p in parents})
    inside = {
        x: c for x, c in of.items() if c in parents or any(c[:n] in parents for n in sizes if n < len(c))
    }
    return Branches("product", inside, frozenset(x for x, c in inside.items() if c in parents))


def above(role: str, whole: Iterable[Any], labels: Iterable[Any]) -> Branches:
    """The total of a role as the parent of every other label."""
    top = frozenset(whole)
    return Branches(role, {x: "" if x in top else "+" for x in labels}, top)


def parents(frame: Frame, keys: Sequence[str], nested: Branches) -> Parents:
    """Compare the parents with their parts in each group of `keys`, the other columns of a cell."""
    inside = frame.filter(among(nested.role, list(nested.codes)))
    inside = inside.select(*keys, nw.col(nested.role).cast(nw.String), "value")
    unit = _printed(inside)
    told = {x: c for x, c in nested.codes.items() if x != c}
    code = nw.col(nested.role)
    if told:
        code = code.replace_strict(list(told), list(told.values()), default=code)
    cells = sum_by(inside.with_columns(code.alias("_code")), [*keys, "_code", nested.role], ["value"])
    rows = stack(*_rolled(cells, [*keys, "_code"], sorted({len(c) for c in nested.codes.values()})))
    rows = join(rows, cells.select(*keys, "_code", nested.role), on=[*keys, "_code"])
    allowance = unit / 2 * (nw.col("_n") + 1) + 1e-9 * nw.col("value")
    rest = nw.col("_rest")
    flags = {"equal": rest.abs() <= allowance, "larger": rest > allowance, "smaller": rest < -1 * allowance}
    marked = rows.select(*(f.cast(nw.Int64).alias(n) for n, f in flags.items()))
    sums = collect(marked.select(*(nw.col(n).sum() for n in flags)))
    found = {n: int(sums[n].to_list()[0] or 0) for n in flags}
    return Parents(rows, found["equal"], found["larger"], found["smaller"], allowance)


def _rolled(cells: Frame, by: list[str], lengths: Sequence[int]) -> list[Frame]:
    """From the finest codes up: each level's parents with what their parts add up to."""
    length = nw.col("_code").str.len_chars()
    worth: Frame | None = None
    found = []
    for size in reversed(lengths):
        own = cells.filter(length == size).select(
            *by, "value", nw.lit(0.0).alias("_parts"), nw.lit(0.0).alias("_n"), nw.lit(1.0).alias("_own")
        )
        if worth is None:
            both = own
        else:
            code = nw.col("_code").str.slice(0, size) if size else nw.lit("")
            up = worth.with_columns(code.alias("_code")).select(
                *by,
                nw.lit(0.0).alias("value"),
                nw.col("_worth").alias("_parts"),
                "_n",
                nw.lit(0.0).alias("_own"),
            )
            both = sum_by(stack(own, up), by, ["value", "_parts", "_n", "_own"])
            parent = both.filter((nw.col("_own") > 0) & (nw.col("_n") > 0))
            rest = nw.col("value") - nw.col("_parts")
            found.append(parent.select(*by, "value", "_parts", "_n", rest.alias("_rest")))
        there = nw.col("_own") > 0
        worth = both.select(
            *by,
            when(there, nw.col("value"), nw.col("_parts")).alias("_worth"),
            when(there, 1.0, nw.col("_n")).alias("_n"),
        )
    return found


def _printed(frame: Frame) -> float:
    """The last digit to which the values are printed; 0 where they show more digits than one prints."""
    flags = []
    for d in range(DECIMALS + 1):
        scaled = nw.col("value") * 10.0**d
        off = (scaled - scaled.round()).abs() > 1e-6 + 1e-9 * scaled.abs()
        flags.append(off.cast(nw.Int64).alias(f"_{d}"))
    sums = collect(frame.select(*flags).select(*(nw.col(f"_{d}").sum() for d in range(DECIMALS + 1))))
    fits = (d for d in range(DECIMALS + 1) if not sums[f"_{d}"].to_list()[0])
    return next((10.0**-d for d in fits), 0.0)


def finest(frame: Frame, keys: Sequence[str], nested: Branches, name: Text) -> tuple[Frame, tuple[Said, ...]]:
    """The frame with its most detailed members, and of each larger parent the rest; and what was done.

    Raises
    ------
    DataError
        A parent is smaller than its parts.
    """
    found = parents(frame, keys, nested)
    if not found.count:
        return frame, ()
    refuse_smaller(found, nested.role, name)
    on = [*keys, nested.role]
    rest, role = nw.col("_rest"), nw.col(nested.role)
    known = found.rows.select(*on, "_rest", found.allowance.alias("_allowance"))
    both = join(frame.with_columns(role.cast(nw.String)), known, on=on)
    parent = ~missing(rest)
    both = both.filter(missing(rest) | (rest > nw.col("_allowance")))
    changed = {"value": when(parent, rest, nw.col("value"))}
    changed[nested.role] = when(parent, nw.concat_str([role, nw.lit(REST)]), role)
    columns = frame.collect_schema().names()
    if "quantity" in columns:
        changed["quantity"] = when(parent, float("nan"), nw.col("quantity"))
    made = both.with_columns(*(e.alias(c) for c, e in changed.items())).select(*columns)
    done = said(
        "{name}: {kinds}; the rest of a larger one stays as a member, named '...{rest}'",
        name=name,
        kinds=found.kinds,
        rest=REST,
    )
    return made, (done,)


def refuse_smaller(found: Parents, role: str, name: Text) -> None:
    """Refuse parents that are smaller than their parts."""
    if not found.smaller:
        return
    bad = found.rows.filter(nw.col("_rest") < -1 * found.allowance)
    labels = sorted(collect(bad.select(role))[role].unique().to_list())
    raise DataError(
        said(
            "{name} has {n} parents that are smaller than the sum of their parts",
            name=name,
            n=f"{found.smaller:,}",
        ),
        said("One of the two is wrong: leave the parents out, or their parts."),
        first=shown(bad, role),
        options=({"leave_out": {role: labels[:20]}},) if len(labels) <= 20 else (),
    )


def shown(rows: Frame, role: str) -> Said:
    """The first of some parents beside the sum of its parts."""
    parent: dict[str, Any] = next(first_of(rows).iter_rows(named=True))
    hidden = (role, "value", "_code", "_parts", "_n", "_rest")
    where = ", ".join(f"{k}={v!r}" for k, v in parent.items() if k not in hidden)
    return said(
        N_("{label} {value} beside its parts {parts} ({where})")
        if where
        else N_("{label} {value} beside its parts {parts}"),
        label=repr(parent[role]),
        value=f"{parent['value']:,.12g}",
        parts=f"{parent['_parts']:,.12g}",
        where=where,
    )
