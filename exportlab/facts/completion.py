"""A solution as a table: who has how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from exportlab.errors import OptionError
from exportlab.facts.program import UNIT, Program
from exportlab.frames import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Line:
    """Members that are alike: in which cell, as they are called, how many, what they have together, and their names."""

    cell: str
    member: str
    members: float
    sum: float
    names: tuple[str, ...]


@dataclass(frozen=True)
class Completion:
    """A table that fits the facts; `unit` is one unit of money, or zero where no amount is known."""

    lines: tuple[Line, ...]
    unit: float

    def table(self) -> pd.DataFrame:
        """One row for members that are alike: cell, member, members, and the value, the share and the sum of them."""
        import pandas as pd

        whole: dict[str, float] = {}
        for line in self.lines:
            whole[line.cell] = whole.get(line.cell, 0.0) + line.sum
        money = 1 / self.unit if self.unit > 0 else np.nan
        rows = [
            (
                x.cell,
                x.member,
                x.members,
                x.sum / x.members * money,
                x.sum / x.members / whole[x.cell] if whole[x.cell] else np.nan,
                x.sum * money,
            )
            for x in self.lines
        ]
        return pd.DataFrame(rows, columns=["cell", "member", "members", "value", "share", "sum"])

    def members(self, cell: str) -> dict[str, float]:
        """Every single member's value in a cell; in shares where no amount is known."""
        if any(len(x.names) < x.members for x in self.lines):
            raise OptionError(
                "members without names, or any number of them, cannot be listed: see the table."
            )
        money = 1 / self.unit if self.unit > 0 else 1.0
        return {n: x.sum / x.members * money for x in self.lines if x.cell == cell for n in x.names}


def completion(program: Program, x: Array) -> Completion:
    """The table that a solution is; without lines where there is none."""
    lines: list[Line] = []
    if not len(x):
        return Completion((), 0.0)
    for cell in program.world.on:
        for index, atom in enumerate(program.world.atoms):
            names = _names(program, index)
            for piece in (p for p in program.of(cell) if p.atom == index):
                amount, n = max(float(x[piece.column]), 0.0), piece.size
                some = max(round(x[program.counts[piece.column]]), 1) if piece.column in program.counts else n
                lines.append(Line(cell, atom.name, min(some, n), amount, _next(names, min(some, n))))
                if some < n < inf:
                    lines.append(Line(cell, atom.name, n - some, 0.0, _next(names, n - some)))
    return Completion(tuple(lines), float(x[UNIT]) / program.reference)


def of_parts(program: Program, parts: list[Array], x: Array) -> Completion:
    """The table whose atoms are split in parts, the others of an atom having nothing."""
    world, lines = program.world, []
    for index, (atom, part) in enumerate(zip(world.atoms, parts, strict=True)):
        names, whole = (
            _names(program, index),
            sum(x[p.column] for p in program.of(world.target) if p.atom == index),
        )
        each, many = np.unique(part, return_counts=True)
        for value, n in zip(each[::-1].tolist(), many[::-1].tolist(), strict=True):
            lines.append(Line(world.target, atom.name, n, n * value, _next(names, n)))
        left = atom.size - len(part)
        if left > 0:
            rest = 0.0 if len(part) else float(whole)
            lines.append(Line(world.target, atom.name, left, rest, _next(names, left)))
    return Completion(tuple(lines), float(x[UNIT]) / program.reference)


def _names(program: Program, index: int) -> Iterator[str]:
    """The names of an atom's members, where each has one."""
    world, atom = program.world, program.world.atoms[index]
    return iter([world.display(m) for m in atom.members] if len(atom.members) == atom.size else [])


def _next(names: Iterator[str], n: float) -> tuple[str, ...]:
    return tuple(name for _, name in zip(range(int(n) if n < inf else 0), names, strict=False))
