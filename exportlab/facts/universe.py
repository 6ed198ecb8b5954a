"""Who the members can be, and which of them a label means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from exportlab import classifications
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.facts.statements import RESIDUAL, WHOLE, Label


def is_residual(label: object) -> bool:
    """Whether a label names what is left over, all members that the same cell does not name: "Others", "其他国家"."""
    return isinstance(label, str) and classifications.meaning(label).kind == "residual"


@dataclass(frozen=True)
class Universe:
    """The members that a value can belong to.

    Attributes
    ----------
    kind : {"countries", "listed", "open"}
        All countries; a list given; or members known by being named, `size` of them in all.
    names : tuple of str
        The members, unless open.
    size : float
        How many there can be; infinite where any number.
    groups : mapping of str to frozenset of members, or to a number of members that are not named
    as_one : mapping of str to the countries that count as one member of that name
    residuals : frozenset of str
        Labels of what is left over, besides the words that say so ("Others").
    """

    kind: str
    names: tuple[str, ...] = ()
    size: float = inf
    groups: Mapping[str, frozenset[str] | int] = field(default_factory=dict)
    as_one: Mapping[str, frozenset[str]] = field(default_factory=dict)
    residuals: frozenset[str] = frozenset()

    def is_residual(self, label: Label) -> bool:
        """Whether a label stands for all that are not named."""
        return label == RESIDUAL or label in self.residuals or is_residual(label)

    def members(self, label: Label, on: str | int) -> frozenset[str]:
        """The members that a label means; a group of unnamed ones is a member of its own name, with a size."""
        if isinstance(label, tuple):
            return self._together(label, on)
        if label in self.groups:
            group = self.groups[label]
            return frozenset({label}) if isinstance(group, int) else group
        if label in self.as_one:
            return frozenset({label})
        if self.kind == "countries":
            return self._countries(label, on)
        if self.kind == "listed" and label not in self.names:
            raise UnknownName("member of the universe, or group", label, [*self.names, *self.groups])
        if self.kind == "open" and len(classifications.resolve(label, on=on) or ()) > 1:
            raise OptionError(
                f"{label!r} is a bloc. In a universe that is a number of members, allowed: "
                f".group({label!r}, size=...) for a sum over several, or as_one=[{label!r}]."
            )
        return frozenset({label})

    def count(self, member: str) -> int:
        """One, or the size of a group whose members are not named."""
        group = self.groups.get(member, 1)
        return group if isinstance(group, int) else 1

    def _together(self, labels: tuple[str, ...], on: str | int) -> frozenset[str]:
        sets = [self.members(label, on) for label in labels]
        whole = frozenset().union(*sets)
        if len(whole) < sum(map(len, sets)):
            raise DataError(
                "labels that are added up overlap",
                "Their common members would count twice.",
                first=repr(labels),
            )
        return whole

    def _countries(self, label: str, on: str | int) -> frozenset[str]:
        found = classifications.resolve(label, on=on)
        if found is None:
            known = {c.name for c in classifications.countries()} | {b.name for b in classifications.blocs()}
            error = UnknownName("country or bloc", label, {*known, *self.groups})
            error.args = (
                f"{error} A group of your own is declared by .group({label!r}, members=[...] or size=...).",
            )
            raise error
        for name, inside in self.as_one.items():
            if inside <= found:
                found = (found - inside) | {name}
            elif inside & found:
                raise OptionError(
                    f"{name!r} counts as one member, and {label!r} holds some of its countries only. Allowed: {name!r} "
                    "as its countries (without as_one=)."
                )
        out = found & {*self.names, *self.as_one}
        if not out:
            raise DataError("a label means no member of the universe", "It was excluded.", first=repr(label))
        return out

    def with_group(
        self, label: str, members: Iterable[str] | None, size: int | None, on: str | int
    ) -> Universe:
        """The universe with one more group: of members given, or of so many that are not named."""
        if label in self.groups:
            raise OptionError(f"group {label!r} is declared already.")
        if (members is None) == (size is None):
            raise OptionError(f"group {label!r} needs members=[...] or size=..., one of them.")
        if members is not None:
            group: frozenset[str] | int = frozenset().union(*(self.members(m, on) for m in members))
            if not group:
                raise OptionError(f"group {label!r} has no member.")
        else:
            assert size is not None
            group = size
        return replace(self, groups={**self.groups, label: group})

    def joined(self, other: Universe) -> Universe:
        """One universe for facts of two cells."""
        same = (self.kind, self.names, self.size, self.as_one) == (
            other.kind,
            other.names,
            other.size,
            other.as_one,
        )
        clash = [g for g in self.groups if g in other.groups and self.groups[g] != other.groups[g]]
        if not same or clash:
            what = f"group {clash[0]!r}" if clash else "universe= (or exclude=, as_one=)"
            raise OptionError(f"facts that are joined differ in {what}. Allowed: the same for both.")
        residuals = self.residuals | other.residuals
        return replace(self, groups={**other.groups, **self.groups}, residuals=residuals)

    def in_words(self) -> str:
        """What was assumed of the members."""
        many = {
            "countries": f"{len(self.names) + len(self.as_one)} countries and territories",
            "listed": f"{len(self.names)} members",
        }.get(self.kind)
        if many is None:
            many = "any number of members" if self.size == inf else f"{self.size:.0f} members"
        one = "".join(f"; {name} counted as one member" for name in self.as_one)
        return many + one


def read_universe(
    spec: str | int | Iterable[str] | None, *, exclude: Iterable[str], as_one: Iterable[str], on: str | int
) -> Universe:
    """The universe that `facts` is given."""
    if spec == "countries":
        out = frozenset().union(*(_bloc(label, on) for label in exclude))
        single = {label: _bloc(label, on) - out for label in as_one}
        inside = frozenset().union(*single.values())
        names = tuple(c.iso3 for c in classifications.countries() if c.iso3 not in out | inside)
        return Universe("countries", names, len(names) + len(single), {}, single)
    left_out, one = set(exclude), {label: frozenset({label}) for label in as_one}
    if spec is None or (isinstance(spec, int) and not isinstance(spec, bool)):
        if left_out:
            raise OptionError("exclude= needs members with names: universe= as countries or as a list.")
        if isinstance(spec, int) and spec < 1:
            raise OptionError(f"universe={spec} is not a number of members.")
        return Universe("open", (), inf if spec is None else spec, {}, one)
    if isinstance(spec, str) or not isinstance(spec, Iterable):
        raise OptionError(
            f"universe={spec!r} is not allowed. Allowed: 'countries', a list of members, a number of members, or None "
            "(any number)."
        )
    every = dict.fromkeys(str(m) for m in spec)
    if one:
        raise OptionError(
            "as_one= is for blocs of countries. In a list of members a bloc is one by being listed."
        )
    for label in sorted(left_out - every.keys()):
        raise UnknownName("member of the universe", label, every)
    listed = tuple(m for m in every if m not in left_out)
    if not listed:
        raise OptionError("universe=[] has no member.")
    return Universe("listed", listed, len(listed), {}, {})


def _bloc(label: str, on: str | int) -> frozenset[str]:
    found = classifications.resolve(label, on=on)
    if found is None:
        raise UnknownName("country or bloc", label, [b.name for b in classifications.blocs()])
    return found


def check(label: object) -> None:
    """Refuse a label that is no text, or that names the total."""
    if isinstance(label, tuple) and label:
        for part in label:
            check(part)
    elif not isinstance(label, str) or not label.strip():
        raise DataError("a label is no text", "Members and groups are named by text.", first=repr(label))
    elif label != WHOLE and classifications.is_total(label):
        raise DataError("the total stands among the members", "Give it as total=.", first=repr(label))
