"""Facts about one table that is not published: gathered one by one, then asked what they imply together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Any

from exportlab import classifications
from exportlab.errors import DataError, OptionError, short
from exportlab.facts import digits
from exportlab.facts.bounds import Question, bounds
from exportlab.facts.conflicts import clashes
from exportlab.facts.digits import Figure, Printed
from exportlab.facts.estimate import guess, named, prior_shares
from exportlab.facts.families import index
from exportlab.facts.results import Conflicts, Estimates, ImpliedBounds, Steps
from exportlab.facts.statements import (
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
from exportlab.facts.universe import Universe, check, read_universe
from exportlab.facts.world import NODES, World
from exportlab.options import Count, Finite, Level, validated
from exportlab.results import Result

if TYPE_CHECKING:
    import pandas as pd


@validated
def facts(
    total: Figure | None = None,
    *,
    unit: str = "",
    universe: str | int | Iterable[str] | None = "countries",
    flow: str = "exports",
    period: str | int = "",
    on: str | int | None = None,
    source: str = "",
    exact: bool = False,
    exclude: Iterable[str] = (),
    as_one: Iterable[str] = (),
) -> Facts:
    """Begin to gather what is known of a table that is not published in full.

    Parameters
    ----------
    total : str, Decimal, tuple or float, optional
        The published total. Text keeps its digits: "7659.6" stands for 7659.55 to 7659.65. A pair is an interval. A
        bare number has lost its digits and is refused without `exact`.
    unit : str
        The unit of every amount.
    universe : "countries", list of str, int or None
        Who the members can be: all countries and territories; a list (provinces, products); or so many members (None:
        any number), known by being named.
    flow, period : str
        What the table is of; together they tell it from the tables it is tied to.
    on : str or int, optional
        When blocs' membership is read: a date, a month, a year, "latest". By default the period, where it is one.
    source : str
        Where the figures were published, unless a fact says otherwise.
    exact : bool
        Whether figures are exact as they stand; may also be said of single facts.
    exclude : iterable of str
        Countries that cannot be members: the exporter's own, say.
    as_one : iterable of str
        Blocs that count as one member each. Others are their countries, split unknown.

    Returns
    -------
    Facts

    Raises
    ------
    OptionError
        A bare number without `exact`, a universe that is none.
    DataError, UnknownName

    Examples
    --------
    >>> import exportlab as xl
    >>> f = xl.facts("100.0", universe=None).know({"Japan": "50.0", "Korea": "30.0"})
    >>> f.bounds("hhi").table.round(3)
      indicator    low   high  proved
    0       hhi  0.339  0.381    True
    """
    when = _membership(period) if on is None else on
    cell = f"{flow} {period}".strip()
    members = read_universe(universe, exclude=exclude, as_one=as_one, on=when)
    start = Facts(members, cell, unit, source, exact, {cell: when})
    return start if total is None else start._amount(WHOLE, total, None, None)


def _membership(period: str | int) -> str | int:
    """The period as a date of membership, or "latest" where it is none."""
    try:
        classifications.members("EU", on=period)
    except OptionError:
        return "latest"
    return period


@dataclass(frozen=True, repr=False, eq=False)
class Facts(Result):
    """What is known of a table; each verb gives further facts, and leaves these as they are.

    Attributes
    ----------
    universe : Universe
    cell : str
        The table: its flow and period.
    unit, source : str
    exact : bool
    on : mapping of str to str or int
        This table and those it is tied to, and when blocs' membership is read in each.
    known : tuple of Fact
    """

    universe: Universe
    cell: str
    unit: str = ""
    source: str = ""
    exact: bool = False
    on: Mapping[str, str | int] = field(default_factory=dict)
    known: tuple[Fact, ...] = ()

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"{len(self.known)} facts about {self.cell}" + (f", {self.unit}" if self.unit else "")

    @property
    def labels(self) -> list[str]:
        """Members and groups that an amount or a share of this table names, in order."""
        return self._world().labels(self.cell)

    @property
    def table(self) -> pd.DataFrame:
        """One row a fact: what it says, and its source."""
        import pandas as pd

        return pd.DataFrame({"fact": [f.words for f in self.known], "source": [f.source for f in self.known]})

    @validated
    def know(
        self, values: Mapping[Any, Figure], *, source: str | None = None, exact: bool | None = None
    ) -> Facts:
        """Values of members and sums of groups; a tuple of labels is their sum, "Others" what is not named.

        Groups may nest and overlap.
        """
        found = self
        for label, figure in values.items():
            found = found._amount(self._label(label), figure, source, exact)
        return found

    @validated
    def share(
        self,
        label: Label,
        figure: Figure,
        *,
        of: Label = WHOLE,
        source: str | None = None,
        exact: bool | None = None,
    ) -> Facts:
        """A label's share ("38.3%") of the total, or of another label."""
        printed = self._read(f"share of {label!r}", figure, exact, per_cent=True)
        if printed.high < 0:
            raise DataError(
                "a share is negative", "Growth is said by grew().", first=f"{_name(label)} {printed.text}"
            )
        part, whole = self._term(label), Term(1.0, self.cell, of if of == WHOLE else self._label(of))
        words = f"share of {_name(label)}" + (f" in {_name(of)}" if of != WHOLE else "") + f" {printed.text}"
        return self._with(self._ratio(words, source, (part,), printed, per=(whole,), kind="share"))

    @validated
    def grew(
        self,
        label: Label,
        rate: Figure,
        *,
        since: Facts,
        source: str | None = None,
        exact: bool | None = None,
    ) -> Facts:
        """A label's growth ("33.6%", "-9.8%") on another table, whose facts come along; "total" is the whole."""
        found = self._joined(since)
        printed = self._read(f"growth of {label!r}", rate, exact, per_cent=True)
        now = Term(1.0, self.cell, label) if label == WHOLE else self._term(label)
        factor = Printed(printed.text, 1 + printed.low, 1 + printed.high)
        words = f"{_name(label)} grew {printed.text} since {since.cell}"
        return found._with(
            self._ratio(words, source, (now,), factor, per=(replace(now, cell=since.cell),), kind="growth")
        )

    @validated
    def rank(
        self, label: Label, place: Count, *, among: str | Iterable[Label] = "all", source: str | None = None
    ) -> Facts:
        """A label's place from the largest, 1 for the first, in a list.

        `among` is "all" (every single member outside the label, named or not; labels ranked in the same list count as
        one), "named" (labels with an amount or a share that do not overlap it), or a list of labels.
        """
        among = self._list(among, ("all", "named"))
        list_ = among if isinstance(among, str) else ", ".join(map(_name, among))
        words = f"{_name(label)} is number {place} among {list_}"
        return self._with(Rank(words, self._source(source), self.cell, self._label(label), place, among))

    @validated
    def at_most(
        self, limit: Facts | Mapping[Any, Figure], *, source: str | None = None, exact: bool | None = None
    ) -> Facts:
        """Each member is at most its value in another table (exports in trade), or labels are at most so much."""
        if isinstance(limit, Facts):
            words = f"{self.cell} at most {limit.cell}, member by member"
            return self._joined(limit)._with(Within(words, self._source(source), self.cell, limit.cell))
        return self._one_sided(limit, "at most", source, exact)

    @validated
    def at_least(
        self, limit: Mapping[Any, Figure], *, source: str | None = None, exact: bool | None = None
    ) -> Facts:
        """Labels are at least so much."""
        return self._one_sided(limit, "at least", source, exact)

    @validated
    def cap(
        self,
        most: Figure | None = None,
        *,
        by: Label | None = None,
        among: str | Iterable[Label] = "unnamed",
        source: str | None = None,
        exact: bool | None = None,
    ) -> Facts:
        """No single member is above an amount, or above another label (`by`).

        `among` is "unnamed" (members that no amount or share names), "all", or a list of labels, each of whose members
        is meant.
        """
        if (most is None) == (by is None):
            raise OptionError("cap needs an amount or by=, one of them.")
        among = self._list(among, ("unnamed", "all"))
        list_ = among if isinstance(among, str) else ", ".join(map(_name, among))
        if by is not None:
            words = f"none of {list_} above {_name(by)}"
            return self._with(Cap(words, self._source(source), self.cell, among, label=self._label(by)))
        assert most is not None
        printed = self._read("a cap", most, exact)
        words = f"none of {list_} above {printed.text}"
        return self._with(Cap(words, self._source(source), self.cell, among, most=printed.high))

    @validated
    def balance(self, imports: Facts, trade: Facts, *, source: str | None = None) -> Facts:
        """Exports and imports add up to trade, member by member."""
        found = self._joined(imports)._joined(trade)
        words = f"{self.cell} and {imports.cell} add up to {trade.cell}, member by member"
        return found._with(Balance(words, self._source(source), self.cell, imports.cell, trade.cell))

    @validated
    def residual(
        self,
        label: str = "Others",
        figure: Figure | None = None,
        *,
        source: str | None = None,
        exact: bool | None = None,
    ) -> Facts:
        """A label stands for all members that no amount or share names; `figure` is their sum."""
        check(label)
        universe = replace(self.universe, residuals=self.universe.residuals | {label})
        found = replace(self, universe=universe)
        return found if figure is None else found._amount(label, figure, source, exact)

    @validated
    def number(self, most: Count, *, source: str | None = None) -> Facts:
        """So many members carry a value, at most.

        That there are as many is no further fact: a value may be as small as one likes.
        """
        return self._with(Number(f"at most {most} members above zero", self._source(source), self.cell, most))

    @validated
    def linear(
        self,
        weights: Mapping[Any, Finite],
        figure: Figure,
        *,
        of: Label | None = None,
        source: str | None = None,
        exact: bool | None = None,
    ) -> Facts:
        """A weighted sum of labels ("total" for the whole) is so much, or so much `of` a label."""
        if not weights:
            raise OptionError("a linear fact needs weights={label: weight}, one or more.")
        printed = self._read("a linear fact", figure, exact, per_cent=True)
        top = tuple(
            Term(float(w), self.cell, k if k == WHOLE else self._label(k)) for k, w in weights.items()
        )
        per = () if of is None else (Term(1.0, self.cell, of if of == WHOLE else self._label(of)),)
        words = " + ".join(f"{w:g} {_name(k)}" for k, w in weights.items()) + f" is {printed.text}"
        words += f" of {_name(of)}" if of is not None else ""
        return self._with(self._ratio(words, source, top, printed, per=per, kind="linear"))

    @validated
    def group(self, label: str, members: Iterable[str] | None = None, *, size: Count | None = None) -> Facts:
        """Declare a group: its members, or how many it has where they are not named and overlap no other label."""
        check(label)
        return replace(self, universe=self.universe.with_group(label, members, size, self.on[self.cell]))

    @validated
    def bounds(
        self,
        indicator: str,
        *,
        of: Label | None = None,
        bloc: str | None = None,
        on: str | int | None = None,
        nodes: Count = NODES,
        **options: Any,
    ) -> ImpliedBounds:
        """The lowest and the highest value over every table that fits, each with a table that has it.

        Parameters
        ----------
        indicator : str
            "hhi", "cr4", "effective_number", "hirschman", "theil", "shannon", "gini", "hall_tideman", "hill" ...;
            "share" or "value" with `of`; "bloc_share" with `bloc`.
        of : str or tuple of str, optional
            The label whose share or value is asked for.
        bloc, on : str
            The bloc whose share is asked for, and the date of its membership (by default that of the facts).
        nodes : int
            Branches that are looked into at most. Beyond them the end is an outer bound, and `proved` is False.
        **options
            The indicator's own (k of "cr", q of "hill").

        Raises
        ------
        DataError
            The facts cannot all hold; the message has those that clash.
        UnknownName, OptionError
        """
        question = self._question(indicator, of, bloc, on, options)
        return bounds(self._world(question.asked), question, self._assumptions(), nodes)

    @validated
    def estimate(
        self,
        indicator: str,
        *,
        prior: Any,
        floor: Level | None = None,
        of: Label | None = None,
        bloc: str | None = None,
        on: str | int | None = None,
        nodes: Count = NODES,
        **options: Any,
    ) -> Estimates:
        """A best guess: the table nearest to a prior, in cross-entropy, of those that fit; beside the bounds.

        Parameters
        ----------
        indicator, of, bloc, on, nodes, **options
            As in `bounds`.
        prior : "even", mapping, Series or Flows; or mapping of names to them
            What the table is near to: values by member (China's exports by partner, the year before), or all members
            alike. Several, by name, are done side by side.
        floor : float, optional
            The share of a member that the prior does not have. Without it such a member has nothing, and a prior that
            is zero where the facts need a value is refused.

        Raises
        ------
        DataError
            The facts cannot all hold, or the prior is zero where they need a value.
        OptionError, UnknownName
        """
        question = self._question(indicator, of, bloc, on, options)
        world = self._world(question.asked)
        rows, tables = [], {}
        for name, one in named(prior).items():
            found = guess(world, prior_shares(world, one, floor), nodes)
            tables[name] = {world.display(m): y for m, y in found.shares.items()}
            rows.append((name, question.of(found.shares, found.unit), found.divergence))
        return Estimates(bounds(world, question, self._assumptions(), nodes), tuple(rows), tables)

    @validated
    def steps(self, indicator: str, *, leaving_out: bool = False, **options: Any) -> Steps:
        """Bounds by which facts are used: added one after the other, or each left out in turn.

        Parameters
        ----------
        indicator : str
        leaving_out : bool
            Whether each fact is left out of all, which says what it is worth beside the others.
        **options
            As in `bounds`.
        """
        rows = []
        for i, fact in enumerate(self.known):
            used = tuple(f for f in self.known if f is not fact) if leaving_out else self.known[: i + 1]
            found = replace(self, known=used).bounds(indicator, **options)
            rows.append(
                (f"without: {fact.words}" if leaving_out else fact.words, found.low, found.high, found.proved)
            )
        if leaving_out:
            found = self.bounds(indicator, **options)
            rows.append(("with all facts", found.low, found.high, found.proved))
        return Steps(indicator, tuple(rows))

    def conflicts(self) -> Conflicts:
        """Facts that cannot all hold: an irreducible set, and what would mend each; empty where all can hold."""
        return Conflicts(tuple(clashes(self._world())))

    def _world(self, *asked: frozenset[str]) -> World:
        return World(self.universe, self.cell, self.on, self.known, asked=asked).resolved()

    def _question(
        self,
        indicator: str,
        of: Label | None,
        bloc: str | None,
        on: str | int | None,
        options: Mapping[str, Any],
    ) -> Question:
        if indicator not in ("share", "value", "bloc_share"):
            if (of, bloc, on) != (None, None, None):
                raise OptionError(
                    f"{indicator} has no use for of=, bloc= or on=: it is an index of all members."
                )
            return Question(indicator, index(indicator, options, self.universe.size))
        need, label, other = ("bloc", bloc, of) if indicator == "bloc_share" else ("of", of, bloc)
        if label is None or other is not None or options:
            unused = sorted(
                {**options, **({} if other is None else {"of" if need == "bloc" else "bloc": other})}
            )
            more = f", and has no use for {', '.join(unused)}" if unused else ""
            raise OptionError(f"{indicator} needs {need}={'RCEP' if need == 'bloc' else 'Japan'!r}{more}.")
        return Question(f"{indicator}({_name(label)})", None, self._members(label, on), indicator == "value")

    def _members(self, label: Label, on: str | int | None) -> frozenset[str]:
        """The members that a question is about."""
        self._label(label)
        if on is None:
            return self._world().set_of(self.cell, label)
        return self.universe.members(label, on)

    def _with(self, fact: Fact) -> Facts:
        found = replace(self, known=tuple(dict.fromkeys((*self.known, fact))))
        found._world()  # labels that mean nothing, ranks of a bloc among its own countries
        return found

    def _joined(self, other: Facts) -> Facts:
        """These facts and another table's."""
        if not isinstance(other, Facts):
            raise OptionError(
                f"{short(repr(other), 100)} is no other table. Allowed: what xl.facts(...) gives."
            )
        if other.cell == self.cell:
            raise OptionError(f"both tables are {self.cell!r}. Tell them apart by flow= or period= of facts.")
        if other.unit != self.unit:
            raise OptionError(
                f"{self.cell} is in {self.unit!r} and {other.cell} in {other.unit!r}: give one unit."
            )
        clash = [c for c in other.on if self.on.get(c, other.on[c]) != other.on[c]]
        if clash:
            raise OptionError(f"{clash[0]} reads blocs' membership on two dates: give one on=.")
        known = tuple(dict.fromkeys((*self.known, *other.known)))
        return replace(
            self, universe=self.universe.joined(other.universe), on={**self.on, **other.on}, known=known
        )

    def _source(self, source: str | None) -> str:
        return self.source if source is None else source

    def _read(self, what: str, figure: Figure, exact: bool | None, *, per_cent: bool = False) -> Printed:
        return digits.read(what, figure, exact=self.exact if exact is None else exact, per_cent=per_cent)

    def _label(self, label: Label) -> Label:
        """A label that means something in this table."""
        check(label)
        if not self.universe.is_residual(label):
            self.universe.members(label, self.on[self.cell])
        return label

    def _list(self, among: str | Iterable[Label], words: tuple[str, ...]) -> str | tuple[Label, ...]:
        if isinstance(among, str):
            if among not in words:
                raise OptionError(
                    f"among={among!r} is not allowed. Allowed: {', '.join(map(repr, words))}, a list."
                )
            return among
        return tuple(self._label(label) for label in among)

    def _term(self, label: Label) -> Term:
        return Term(1.0, self.cell, self._label(label))

    def _amount(self, label: Label, figure: Figure, source: str | None, exact: bool | None) -> Facts:
        printed = self._read(_name(label), figure, exact)
        if label == WHOLE and printed.high == 0:
            raise DataError("the total is zero", "Shares of nothing are not defined.")
        words = f"{_name(label)} {printed.text}" + (f" {self.unit}" if self.unit else "")
        return self._with(self._ratio(words, source, (Term(1.0, self.cell, label),), printed))

    def _one_sided(
        self, limits: Mapping[Any, Figure], side: str, source: str | None, exact: bool | None
    ) -> Facts:
        found = self
        for label, figure in limits.items():
            printed = self._read(_name(label), figure, exact)
            low, high = (0.0, printed.high) if side == "at most" else (printed.low, inf)
            words = f"{_name(label)} {side} {printed.text}"
            fact = self._ratio(words, source, (self._term(label),), Printed("", low, high), kind="linear")
            found = found._with(fact)
        return found

    def _ratio(
        self,
        words: str,
        source: str | None,
        top: tuple[Term, ...],
        printed: Printed,
        *,
        per: tuple[Term, ...] = (),
        kind: str = "value",
    ) -> Ratio:
        return Ratio(words, self._source(source), top, printed.low, printed.high, per, kind)

    def _assumptions(self) -> tuple[str, ...]:
        """What is assumed of the members, in words."""
        world = self._world()
        named = [label for cell in self.on for label in world.labels(cell)]
        labels = [label for label in dict.fromkeys(named) if label not in self.universe.as_one]
        when = self.on[self.cell]
        split = {label: self._size(label) for label in labels}
        groups = [f"{label} {n} members, split unknown" for label, n in split.items() if n > 1]
        dated = [f"membership {'as it is now' if when == 'latest' else f'on {when}'}"] if groups else []
        return (self.universe.in_words(), *groups, *(dated if self.universe.kind == "countries" else ()))

    def _size(self, label: str) -> int:
        return sum(self.universe.count(m) for m in self.universe.members(label, self.on[self.cell]))


def _name(label: Label) -> str:
    return label if isinstance(label, str) else " + ".join(label)
