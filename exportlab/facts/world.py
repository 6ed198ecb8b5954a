"""Facts as statements on sets of members, and the atoms that these sets make.

Members that no fact tells apart form an atom: of its members only their number and their sum matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from exportlab import classifications
from exportlab.errors import DataError
from exportlab.facts.statements import (
    RESIDUAL,
    WHOLE,
    Balance,
    Cap,
    Fact,
    Label,
    Number,
    Rank,
    Ratio,
    Term,
    Within,
)
from exportlab.facts.universe import Universe

NODES = 2000  # branches that are looked into before an end is given as an outer bound

Members = frozenset[str]
Sum = tuple[tuple[float, str, Members | None], ...]  # weight, cell, members (None: all of them)


@dataclass(frozen=True)
class Between:
    """`low` times `per` <= `top` <= `high` times `per`; an empty `per` is one unit of money."""

    fact: Fact
    top: Sum
    low: float
    high: float
    per: Sum


@dataclass(frozen=True)
class Order:
    """In a cell, `above` of the groups and single members are at least `of`, the others at most.

    Those that other ranks place are in `larger` and `smaller`, and are not counted.
    """

    fact: Fact
    cell: str
    of: Members
    larger: tuple[Members, ...]
    smaller: tuple[Members, ...]
    groups: tuple[Members, ...]
    singles: Members
    above: int


@dataclass(frozen=True)
class Most:
    """Each of `singles` is at most `most`, or at most the sum of `of`."""

    fact: Fact
    cell: str
    singles: Members
    most: float
    of: Members | None


Known = Between | Order | Most | Within | Balance | Number


@dataclass(frozen=True)
class Atom:
    """Members in the same groups everywhere: their number, and the name of one of them."""

    members: tuple[str, ...]
    size: float
    name: str


@dataclass(frozen=True)
class World:
    """Everything that is known of one cell and of those it is tied to.

    Attributes
    ----------
    universe : Universe
    target : str
        The cell in question.
    on : mapping of str to str or int
        Each cell, and when its blocs' membership is read.
    facts : tuple of Fact
    known : tuple of Known
        The facts on sets of members.
    asked : tuple of frozenset
        Further sets that a question is about.
    """

    universe: Universe
    target: str
    on: Mapping[str, str | int]
    facts: tuple[Fact, ...]
    known: tuple[Known, ...] = ()
    asked: tuple[Members, ...] = ()

    def resolved(self) -> World:
        """With every label read."""
        return replace(self, known=tuple(self._known(fact) for fact in self.facts))

    def without(self, dropped: Iterable[Fact]) -> World:
        """With fewer facts, labels as they were read with all of them."""
        out = set(dropped)
        return replace(
            self,
            facts=tuple(f for f in self.facts if f not in out),
            known=tuple(k for k in self.known if fact_of(k) not in out),
        )

    def set_of(self, cell: str, label: Label) -> Members:
        """The members that a label means in a cell."""
        if self.universe.is_residual(label):
            return self.everyone - self._named(cell)
        return self.universe.members(label, self.on[cell])

    def labels(self, cell: str) -> list[str]:
        """Every label named in a cell by an amount or a share, in order."""
        found: list[str] = []
        for fact in self.facts:
            if isinstance(fact, Ratio) and fact.names:
                for term in fact.top:
                    parts = term.label if isinstance(term.label, tuple) else (term.label,)
                    found += [
                        p
                        for p in parts
                        if term.cell == cell and p != WHOLE and not self.universe.is_residual(p)
                    ]
        return list(dict.fromkeys(found))

    def _named(self, cell: str) -> Members:
        return frozenset().union(
            *(self.universe.members(label, self.on[cell]) for label in self.labels(cell))
        )

    @cached_property
    def everyone(self) -> Members:
        """All members that can be told apart, and groups of those that cannot."""
        u = self.universe
        unnamed = frozenset(g for g, inside in u.groups.items() if isinstance(inside, int))
        base = frozenset({*u.names, *u.as_one}) | unnamed
        if u.kind != "open":
            return base
        named = [members for _, members in self._mentioned]
        return base.union(*named, *(g for g in u.groups.values() if isinstance(g, frozenset))) | {RESIDUAL}

    @cached_property
    def _mentioned(self) -> list[tuple[Label, Members]]:
        """Every label that a fact has, residuals aside, and its members, cell by cell."""
        return [
            (label, self.universe.members(label, self.on[cell]))
            for cell in self.on
            for label in self._said(cell)
        ]

    def _said(self, cell: str) -> list[Label]:
        found = [f.label for f in self.facts if isinstance(f, Rank | Cap) and f.cell == cell and f.label]
        for f in self.facts:
            if isinstance(f, Rank | Cap) and f.cell == cell and isinstance(f.among, tuple):
                found += f.among
            if isinstance(f, Ratio):
                found += [t.label for t in (*f.top, *f.per) if t.cell == cell and t.label != WHOLE]
        return [f for f in dict.fromkeys(found) if not self.universe.is_residual(f)]

    def _known(self, fact: Fact) -> Known:
        if isinstance(fact, Ratio):
            return Between(fact, self._sum(fact.top), fact.low, fact.high, self._sum(fact.per))
        if isinstance(fact, Rank):
            return self._order(fact)
        if isinstance(fact, Cap):
            of = self.set_of(fact.cell, fact.label) if fact.label else None
            singles = self._listed(fact) - (of or frozenset())
            return Most(fact, fact.cell, singles, fact.most, of)
        assert isinstance(fact, Within | Balance | Number)
        return fact

    def _sum(self, terms: tuple[Term, ...]) -> Sum:
        return tuple(
            (t.weight, t.cell, None if t.label == WHOLE else self.set_of(t.cell, t.label)) for t in terms
        )

    def _listed(self, cap: Cap) -> Members:
        """The single members that a cap is on."""
        if cap.among == "all":
            return self.everyone
        if cap.among == "unnamed":
            return self.everyone - self._named(cap.cell)
        assert isinstance(cap.among, tuple)
        return frozenset().union(*(self.set_of(cap.cell, label) for label in cap.among))

    def _order(self, rank: Rank) -> Order:
        """A rank against its list, those that other ranks place set apart."""
        placed = {
            f.label: f.place
            for f in self.facts
            if isinstance(f, Rank) and (f.cell, f.among) == (rank.cell, rank.among) and f.label != rank.label
        }
        of = self.set_of(rank.cell, rank.label)
        sets = {label: self.set_of(rank.cell, label) for label in placed}
        larger = tuple(s for label, s in sets.items() if placed[label] < rank.place)
        smaller = tuple(s for label, s in sets.items() if placed[label] > rank.place)
        level = tuple(s for label, s in sets.items() if placed[label] == rank.place)
        groups, singles = self._among(rank, of, [*sets.values()])
        for other in (*sets.values(), *groups):
            if other & of:
                raise DataError(
                    f"{rank.words}: the list holds a label that overlaps {rank.label!r}",
                    "Rank a bloc among labels outside it: among=[...].",
                    first=", ".join(sorted(other & of)[:3]),
                )
        above = max(rank.place - 1 - len(larger), 0)
        return Order(rank, rank.cell, of, (*larger, *level), (*smaller, *level), groups, singles, above)

    def _among(self, rank: Rank, of: Members, placed: list[Members]) -> tuple[tuple[Members, ...], Members]:
        """The groups and single members of a rank's list whose places are not given."""
        if rank.among == "all":
            return (), self.everyone.difference(of, *placed)
        if rank.among == "named":
            sets = [self.set_of(rank.cell, label) for label in self.labels(rank.cell)]
            sets = [s for s in sets if not s & of]
        else:
            assert isinstance(rank.among, tuple)
            sets = [self.set_of(rank.cell, label) for label in rank.among if label != rank.label]
        return tuple(s for s in dict.fromkeys(sets) if s not in placed and s != of), frozenset()

    @cached_property
    def atoms(self) -> tuple[Atom, ...]:
        """Members told apart by no set that occurs, each atom with its size."""
        inside: dict[str, list[int]] = {member: [] for member in sorted(self.everyone)}
        for i, set_ in enumerate(dict.fromkeys([*self._sets(), *self.asked])):
            for member in set_ & inside.keys():
                inside[member].append(i)
        groups: dict[tuple[int | str, ...], list[str]] = {}
        for member, sets in inside.items():
            alone = (
                not isinstance(self.universe.groups.get(member, frozenset()), frozenset) or member == RESIDUAL
            )
            groups.setdefault((*sets, member if alone else ""), []).append(member)
        sizes = [self._sizes(members) for members in groups.values()]
        named = self._left(list(groups.values()), sizes)
        return tuple(
            Atom(tuple(m), n, self._name(m)) for m, n in zip(groups.values(), named, strict=True) if n > 0
        )

    @cached_property
    def _first(self) -> dict[str, int]:
        return {atom.members[0]: i for i, atom in enumerate(self.atoms)}

    def atoms_of(self, members: Members) -> list[int]:
        """The places of the atoms that lie inside a set which facts speak of."""
        return sorted(self._first[m] for m in members if m in self._first)

    def _sizes(self, members: list[str]) -> float:
        return sum(0 if m == RESIDUAL else self.universe.count(m) for m in members)

    def _left(self, groups: list[list[str]], sizes: list[float]) -> list[float]:
        """Sizes once groups of unnamed members are taken out of the members that no fact names."""
        u = self.universe
        apart = sum(n for n in u.groups.values() if isinstance(n, int))
        if u.kind == "open":
            left = u.size - sum(sizes)
            where = next(i for i, m in enumerate(groups) if m == [RESIDUAL])
        else:
            used = frozenset().union(*(members for _, members in self._mentioned))
            free = [i for i, m in enumerate(groups) if not used & frozenset(m) and m[0] not in u.groups]
            where = max(free, key=lambda i: sizes[i], default=-1)
            left = (sizes[where] if free else 0) - apart
        if left < 0:
            raise DataError(
                "more members are named, or counted in groups, than the universe has",
                "Give a larger universe=, or smaller groups.",
                first=f"{u.in_words()}, {-left:.0f} too many",
            )
        return [left if i == where else n for i, n in enumerate(sizes)]

    def _sets(self) -> list[Members]:
        """Every set of members that a fact speaks of."""
        found: list[Members | None] = []
        for k in self.known:
            if isinstance(k, Between):
                found += [s for _, _, s in (*k.top, *k.per)]
            elif isinstance(k, Most):
                found += [k.singles, k.of]
            elif isinstance(k, Order):
                found += [k.of, k.singles, *k.larger, *k.smaller, *k.groups]
        return [s for s in found if s]

    def _name(self, members: list[str]) -> str:
        """A member's own name, or that of the smallest group it belongs to."""
        if len(members) == 1 and self.universe.count(members[0]) == 1 and members[0] != RESIDUAL:
            return self.display(members[0])
        inside = frozenset(members)
        labels = [(len(s), label) for label, s in self._mentioned if inside <= s]
        group = min(labels, key=lambda x: x[0])[1] if labels else None
        if group is None:
            return "one not named"
        return f"one of {group if isinstance(group, str) else ' + '.join(group)}"

    def display(self, member: str) -> str:
        """A member as it is called."""
        if self.universe.kind == "countries" and member in self.universe.names:
            return classifications.country(member).name
        return member


def fact_of(known: Known) -> Fact:
    """The fact that a statement on sets came from."""
    return known if isinstance(known, Within | Balance | Number) else known.fact
