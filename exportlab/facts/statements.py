"""What a source says, as records: each has its words and its source, and speaks of labels of a cell.

A cell is one flow of one period ("exports 2023"). A label is a member, a group, several of them added up, the whole
(`WHOLE`), or the members that were not named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Label: TypeAlias = str | tuple[str, ...]
WHOLE = "total"
RESIDUAL = "\0residual"  # all members of a cell that no amount or share names


@dataclass(frozen=True)
class Term:
    """A weight times a label's value in a cell."""

    weight: float
    cell: str
    label: Label


@dataclass(frozen=True)
class Fact:
    """Anything known: in words, with its source."""

    words: str
    source: str

    def __str__(self) -> str:
        return self.words + (f" ({self.source})" if self.source else "")


@dataclass(frozen=True)
class Ratio(Fact):
    """`top` lies between `low` and `high` times `per`; without `per`, between two amounts.

    Values, sums, totals, shares, growth on another cell, and linear facts are all of this kind.
    """

    top: tuple[Term, ...]
    low: float
    high: float
    per: tuple[Term, ...] = ()
    kind: str = "value"  # "value", "share", "growth" or "linear"

    @property
    def names(self) -> bool:
        """Whether its labels count as named: "Others" is what no amount or share names."""
        return self.kind in ("value", "share")


@dataclass(frozen=True)
class Rank(Fact):
    """A label's place, from the largest, in a list."""

    cell: str
    label: Label
    place: int
    among: str | tuple[Label, ...]


@dataclass(frozen=True)
class Cap(Fact):
    """No single member in the list is larger than an amount, or than a label."""

    cell: str
    among: str | tuple[Label, ...]
    most: float = 0.0
    label: Label = ""


@dataclass(frozen=True)
class Within(Fact):
    """Every member's value in `cell` is at most its value in `other` (exports and trade)."""

    cell: str
    other: str


@dataclass(frozen=True)
class Balance(Fact):
    """Every member's values in `cell` and `second` add up to its value in `whole` (exports, imports, trade)."""

    cell: str
    second: str
    whole: str


@dataclass(frozen=True)
class Number(Fact):
    """How many members carry a value above zero, at most."""

    cell: str
    most: int
