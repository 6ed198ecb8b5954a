"""The linear programme of a world: a column for each value that may differ, a row for each thing known.

The rows are homogeneous: an amount of money is so many times the column `UNIT`. With the whole of the target cell set
to one, values are shares whatever the total is (Charnes and Cooper 1962); with `UNIT` set to one, they are amounts.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf, isfinite
from typing import TypeAlias

from exportlab.facts.statements import Balance, Fact, Number, Within
from exportlab.facts.world import Between, Known, Members, Most, Order, Sum, World, fact_of

Row: TypeAlias = "dict[int, float]"  # column to coefficient

UNIT = 0  # the column that says how much the reference amount is


@dataclass(frozen=True)
class Piece:
    """One column: a slot (one member of an atom), or a pool (all others of it, by their sum)."""

    column: int
    cell: str
    atom: int
    size: float
    pooled: bool


@dataclass(frozen=True)
class Gate:
    """`row` is at most the whole of `cell` times (`switch` + `base`): nothing where the switch is off."""

    row: Row
    switch: Row
    base: float
    cell: str


@dataclass
class Rows:
    """Rows being gathered: coefficients, and what they are at most, or equal to; of how many members the former are."""

    most: list[tuple[Row, float]] = field(default_factory=list)
    many: list[float] = field(default_factory=list)
    equal: list[tuple[Row, float]] = field(default_factory=list)

    def at_most(self, *parts: tuple[float, Row], most: float = 0.0, many: float = 1.0) -> None:
        """The weighted sum of rows is at most `most`; it is said of so many members at once."""
        self.most.append((combined(parts), most))
        self.many.append(many)

    def equals(self, *parts: tuple[float, Row], to: float = 0.0) -> None:
        """The weighted sum of rows equals `to`."""
        self.equal.append((combined(parts), to))


def combined(parts: Iterable[tuple[float, Row]]) -> Row:
    """A weighted sum of rows."""
    total: Row = {}
    for weight, row in parts:
        for column, value in row.items():
            total[column] = total.get(column, 0.0) + weight * value
    return {c: v for c, v in total.items() if v}


class Program:
    """Columns and rows of a world.

    Parameters
    ----------
    world : World
    slots : mapping of int to int
        For each atom, how many of its members have a column of their own in the target and the cells tied to it.
    ordered : bool
        Whether slots stand from the largest to the smallest, as members of an atom are exchangeable.
    elastic : Fact, optional
        A fact whose rows may give, all by the same amount: the column `slack`.
    carrying : mapping of int to float, optional
        For columns of `counts`, how many members at most carry a value: the others do not count as members.
    """

    def __init__(
        self,
        world: World,
        slots: Mapping[int, int] | None = None,
        *,
        ordered: bool = True,
        elastic: Fact | None = None,
        carrying: Mapping[int, float] | None = None,
    ) -> None:
        self.world, self.slots, self.ordered = world, dict(slots or {}), ordered
        self.upper = [inf]
        self.whole: list[int] = []  # columns of whole numbers
        self.counts: dict[int, int] = {}  # a piece's column to the column of how many of it carry a value
        self.component = components(world)
        self.least = {cell: self._least_slots(cell) for cell in world.on}
        self.pieces = [piece for cell in world.on for piece in self._columns(cell)]
        for known in world.known:
            if isinstance(known, Number):
                self.counts |= {
                    p.column: self._new(min(p.size, known.most), whole=True) for p in self.of(known.cell)
                }
        fewer = {c: (carrying or {}).get(n, inf) for c, n in self.counts.items()}
        self.pieces = [replace(p, size=min(p.size, fewer.get(p.column, inf))) for p in self.pieces]
        self.parts: dict[tuple[str, int], list[Piece]] = {}
        for p in self.pieces:
            self.parts.setdefault((p.cell, p.atom), []).append(p)
        self.rows = Rows()
        self.gates: list[Gate] = []
        self.sums: dict[tuple[str, Members], int] = {}
        for cell, members in sums_of(world):
            self._add_up(cell, members)
        self._order()
        self.slack = None if elastic is None else self._new()
        self.said: list[
            tuple[Fact, slice, slice]
        ] = []  # its rows that are at most something, and that equal it
        for known in world.known:
            before = len(self.rows.most), len(self.rows.equal), len(self.gates)
            self._enter(known)
            if elastic is not None and fact_of(known) == elastic:
                self._give(*before)
            most, equal = slice(before[0], len(self.rows.most)), slice(before[1], len(self.rows.equal))
            self.said.append((fact_of(known), most, equal))

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.upper)

    @cached_property
    def reference(self) -> float:
        """An amount of the size of those that are known."""
        amounts = [
            k.high if isfinite(k.high) else k.low
            for k in self.world.known
            if isinstance(k, Between) and not k.per
        ]
        amounts += [k.most for k in self.world.known if isinstance(k, Most) and k.of is None]
        return max((a for a in map(abs, amounts) if a and isfinite(a)), default=1.0)

    def of(self, cell: str) -> list[Piece]:
        """The pieces of a cell, an atom's slots before its pool."""
        return [p for p in self.pieces if p.cell == cell]

    def sum(self, cell: str, members: Members | None) -> Row:
        """The value of a set of members in a cell."""
        inside = range(len(self.world.atoms)) if members is None else self.world.atoms_of(members)
        return {p.column: 1.0 for atom in inside for p in self.parts[cell, atom]}

    def total(self, terms: Sum) -> Row:
        """A weighted sum over cells; without terms, one unit of money."""
        if not terms:
            return {UNIT: 1 / self.reference}
        return combined((w, self.label(cell, members)) for w, cell, members in terms)

    def label(self, cell: str, members: Members | None) -> Row:
        """The same sum, by its own column where it has one."""
        column = None if members is None else self.sums.get((cell, members))
        return self.sum(cell, members) if column is None else {column: 1.0}

    def _add_up(self, cell: str, members: Members) -> None:
        """A column for a sum: limits of the sum then bear on each of its parts."""
        row = self.sum(cell, members)
        if len(row) > 1 and (cell, members) not in self.sums:
            self.sums[cell, members] = self._new()
            self.rows.equals((1.0, row), (-1.0, {self.sums[cell, members]: 1.0}))

    def _in(self, piece: Piece, members: Members) -> bool:
        return self.world.atoms[piece.atom].members[0] in members

    def _new(self, upper: float = inf, *, whole: bool = False) -> int:
        self.upper.append(upper)
        if whole:
            self.whole.append(self.width - 1)
        return self.width - 1

    def _columns(self, cell: str) -> list[Piece]:
        in_question = cell in self.component[self.world.target]
        found = []
        for index, atom in enumerate(self.world.atoms):
            own = self.slots.get(index, 0) if in_question else 0
            slots = int(min(max(own, self.least[cell]), atom.size)) if atom.size > 1 else 1
            found += [Piece(self._new(), cell, index, 1.0, False) for _ in range(slots)]
            if atom.size > slots:
                found.append(Piece(self._new(), cell, index, atom.size - slots, True))
        return found

    def _least_slots(self, cell: str) -> int:
        """Slots that ranks without names need: as many as may stand above, in any cell of the component."""
        return sum(
            k.above
            for k in self.world.known
            if isinstance(k, Order) and k.singles and k.cell in self.component[cell]
        )

    def _order(self) -> None:
        """Slots from the largest to the smallest, in one cell of each component."""
        if not self.ordered:
            return
        leads = {self.component[c]: c for c in (*reversed([*self.world.on]), self.world.target)}
        for cell in leads.values():
            for before, after in itertools.pairwise(self.of(cell)):
                if before.atom == after.atom and after.size < inf:
                    self.rows.at_most((1.0, {after.column: 1.0}), (-after.size, {before.column: 1.0}))
            self._spread(cell)

    def _spread(self, cell: str) -> None:
        """The j-th largest of an atom is at most a j-th of it, the pool at most what equal members would have."""
        for index, atom in enumerate(self.world.atoms):
            pieces = self.parts[cell, index]
            if len(pieces) > 1:
                members = frozenset(atom.members)
                self._add_up(cell, members)
                whole, taken = {self.sums[cell, members]: 1.0}, 0.0
                for p in pieces:
                    taken += p.size
                    part = p.size / max(taken, 1.0) if taken < inf else 1.0
                    self.rows.at_most((1.0, {p.column: 1.0}), (-part, whole))

    def _enter(self, known: Known) -> None:
        if isinstance(known, Between):
            self._between(known)
        elif isinstance(known, Most):
            bound = (
                {UNIT: known.most / self.reference} if known.of is None else self.label(known.cell, known.of)
            )
            self._each_at_most(known.cell, known.singles, bound)
        elif isinstance(known, Order):
            self._places(known)
        elif isinstance(known, Number):
            self._counted(known)
        else:
            self._tie(known)

    def _give(self, most: int, equal: int, gates: int) -> None:
        """Let the rows entered last give by the slack."""
        assert self.slack is not None
        give = {self.slack: -1.0}
        rows = self.rows
        pairs = zip(rows.most[most:], rows.many[most:], strict=True)
        loose = [(combined([(1.0, r), (n, give)]), b) for (r, b), n in pairs]
        for r, b in rows.equal[equal:]:
            loose += [(combined([(1.0, r), (1.0, give)]), b), (combined([(-1.0, r), (1.0, give)]), -b)]
        rows.most[most:], rows.many[most:], rows.equal[equal:] = loose, [1.0] * len(loose), []
        self.gates[gates:] = [
            replace(g, row=combined([(1.0, g.row), (1.0, give)])) for g in self.gates[gates:]
        ]

    def _between(self, known: Between) -> None:
        top, per = self.total(known.top), self.total(known.per)
        if known.low == known.high:
            self.rows.equals((1.0, top), (-known.low, per))
            return
        if known.high < inf:
            self.rows.at_most((1.0, top), (-known.high, per))
        if known.low > -inf:
            self.rows.at_most((-1.0, top), (known.low, per))

    def _tie(self, known: Within | Balance) -> None:
        cells = (
            (known.cell, known.other)
            if isinstance(known, Within)
            else (known.cell, known.second, known.whole)
        )
        for parts in zip(*(self.of(c) for c in cells), strict=True):
            *inside, whole = ({p.column: 1.0} for p in parts)
            if isinstance(known, Within):
                many = parts[0].size if parts[0].size < inf else 1.0
                self.rows.at_most((1.0, inside[0]), (-1.0, whole), many=many)
            else:
                self.rows.equals((1.0, inside[0]), (1.0, inside[1]), (-1.0, whole))

    def _each_at_most(self, cell: str, singles: Members, bound: Row) -> None:
        for piece in self.of(cell):
            if self._in(piece, singles) and piece.size < inf:
                self.rows.at_most((1.0, {piece.column: 1.0}), (-piece.size, bound), many=piece.size)

    def _places(self, known: Order) -> None:
        own = self.label(known.cell, known.of)
        smaller = known.smaller if known.above else (*known.smaller, *known.groups)
        for group in known.larger:
            self.rows.at_most((1.0, own), (-1.0, self.label(known.cell, group)))
        for group in smaller:
            self.rows.at_most((1.0, self.label(known.cell, group)), (-1.0, own))
        if known.above:
            self._some_above(known, own)
        else:
            self._each_at_most(known.cell, known.singles, own)

    def _some_above(self, known: Order, own: Row) -> None:
        """Who stands above is open: a switch for each that might."""
        single = [p for p in self.of(known.cell) if self._in(p, known.singles)]
        rows = [self.label(known.cell, group) for group in known.groups]
        rows += [{p.column: 1.0} for p in single if not p.pooled]
        switches = [self._new(1.0, whole=True) for _ in rows]
        for row, z in zip(rows, switches, strict=True):
            self.gates.append(Gate(combined([(1.0, row), (-1.0, own)]), {z: 1.0}, 0.0, known.cell))
            self.gates.append(Gate(combined([(1.0, own), (-1.0, row)]), {z: -1.0}, 1.0, known.cell))
        self.rows.equals((1.0, dict.fromkeys(switches, 1.0)), to=float(known.above))
        for pool in (p for p in single if p.pooled and p.size < inf):
            self.rows.at_most((1.0, {pool.column: 1.0}), (-pool.size, own), many=pool.size)

    def _counted(self, known: Number) -> None:
        """How many members of each piece carry a value."""
        own = {p.column: self.counts[p.column] for p in self.of(known.cell)}
        self.gates += [Gate({column: 1.0}, {n: 1.0}, 0.0, known.cell) for column, n in own.items()]
        self.rows.at_most((1.0, dict.fromkeys(own.values(), 1.0)), most=float(known.most))


def sums_of(world: World) -> list[tuple[str, Members]]:
    """The sets of members whose sums facts speak of, by cell."""
    found: list[tuple[str, Members | None]] = []
    for k in world.known:
        if isinstance(k, Between):
            found += [(cell, members) for _, cell, members in (*k.top, *k.per)]
        elif isinstance(k, Order):
            found += [(k.cell, members) for members in (k.of, *k.larger, *k.smaller, *k.groups)]
        elif isinstance(k, Most):
            found.append((k.cell, k.of))
    return [(cell, members) for cell, members in dict.fromkeys(found) if members]


def components(world: World) -> dict[str, frozenset[str]]:
    """Each cell with those whose members' values are tied to its own, one by one."""
    found = {cell: frozenset({cell}) for cell in world.on}
    for k in world.known:
        if isinstance(k, Within | Balance):
            cells = (k.cell, k.other) if isinstance(k, Within) else (k.cell, k.second, k.whole)
            joined = frozenset().union(*(found[c] for c in cells))
            found |= dict.fromkeys(joined, joined)
    return found


def shares(program: Program) -> Row:
    """The sum that is set to one where values are shares of the target cell."""
    return program.sum(program.world.target, None)


def amounts(program: Program) -> Row:
    """The sum that is set to one where values are in units of the reference amount."""
    return {UNIT: 1.0}
