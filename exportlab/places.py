"""Markets and exporters at the door: each written in one way, none counted twice, what is left over named as such."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from exportlab import suggest
from exportlab.classifications import Meaning, meanings, near
from exportlab.classifications import members as members_of
from exportlab.classifications.blocs import On
from exportlab.errors import DataError, DuplicateCells, UnknownName, short
from exportlab.frames import Frame, among, collect, distinct, recoded, values_of
from exportlab.text import blank, look_alike
from exportlab.words import N_, NOTHING, after, enumerated, in_turn, said

if TYPE_CHECKING:
    from exportlab.flow_table import Flows

Places: TypeAlias = Literal["as written", "iso3"]
ROLES = ("market", "exporter")
SHOWN = 12  # pairs that a refusal lists


@dataclass(frozen=True)
class Naming:
    """How the places of a table are named, as said at the door.

    Attributes
    ----------
    scheme : str or None
        The list of the codes among them: "comtrade", "gacc" or "m49".
    residual : tuple
        Labels of what is left over ("Others"): in the total, and no member.
    """

    scheme: str | None = None
    residual: tuple[Any, ...] = ()
    _read: dict[Any, Any] = field(default_factory=dict, compare=False)

    def meanings(self, labels: Collection[Any], name: str, *, strict: bool = True) -> dict[Any, Meaning]:
        """What labels stand for, those named as left over as such."""
        known = (tuple(labels), strict)
        if known not in self._read:
            places = [x for x in labels if x not in self.residual]
            found = meanings(places, scheme=self.scheme, name=name, strict=strict)
            self._read[known] = found | {x: Meaning("residual", str(x)) for x in labels if x in self.residual}
        return dict(self._read[known])


AS_WRITTEN = Naming()


def harmonised(frame: Frame, roles: Mapping[str, str], naming: Naming) -> Frame:
    """The frame with every country written as its ISO3 code, states that are gone by their own, blocs by their name."""
    for role in ROLES:
        if role in roles:
            labels = [x for x in values_of(frame, role) if x is not None]
            frame = recoded(frame, role, _codes(labels, naming, f"{role} {roles[role]!r}"))
    return frame


def _codes(labels: Sequence[Any], naming: Naming, name: str) -> dict[Any, str]:
    """Label to code; a column that names no country at all (provinces) stays as it is."""
    found = naming.meanings(labels, name)
    unknown = [x for x, m in found.items() if m.kind in ("unknown", "unlisted")]
    if unknown and len(unknown) < len(found):
        raise DataError(
            said(
                "labels='iso3': {n} labels of {name} are no known country or bloc: {slips}",
                n=len(unknown),
                name=name,
                slips=slips(unknown),
            ),
            said(
                "Write them as countries; or name what is left over: residual=[...]; or say "
                "labels='as written'."
            ),
        )
    written = {"residual", "unknown"}
    return {x: str(x) if m.kind in written or _sized(m) else m.own for x, m in found.items()}


def beside(error: DuplicateCells, unnamed: Iterable[str]) -> DuplicateCells:
    """The same refusal, with the columns that were not named and may tell the rows apart."""
    listed = list(unnamed)
    more = said("Columns without a role: {columns}.", columns=listed)
    return error.saying(in_turn(error.messages[1], more)) if listed else error


def written_alike(error: DuplicateCells) -> DuplicateCells:
    """The refusal of rows that have one cell, where several labels became one."""
    problem, remedy = error.messages
    alike = said(
        "labels='iso3' may have written several labels as one: say aggregate='sum' where their rows add up."
    )
    return DuplicateCells(problem, in_turn(alike, remedy), rows=error.rows, first=error.first_message)


def _sized(found: Meaning) -> bool:
    """Whether a label says of how many members a bloc is ("EU27")."""
    return found.kind == "bloc" and any(c.isdigit() for c in found.code) and found.code != found.own


def slips(labels: Iterable[Any]) -> str:
    """Labels that are not known, each with the nearest name."""
    shown = [
        short(repr(x), 80) + (f" (did you mean {close[0]!r}?)" if (close := near(x)) else "") for x in labels
    ][:SHOWN]
    return ", ".join(shown)


def look(flows: Flows, seen: Mapping[str, Sequence[Any]]) -> None:
    """Refuse labels of a role that count a country twice, or that name what is left over without saying so."""
    _refuse_unseen(flows, seen)
    for role in ROLES:
        if role not in flows.roles:
            continue
        labels = [x for x in seen[role] if x is not None]
        name = f"{role} {flows.roles[role]!r}"
        found = flows.naming.meanings(labels, name, strict=False)
        _refuse_spellings(flows, role, found)
        _refuse_overlap(flows, role, found)
        _refuse_residuals(flows, role, found)
    for role, known in seen.items():
        _refuse_blanks(flows, role, known)
        _refuse_lookalikes(flows, role, known)


def _refuse_blanks(flows: Flows, role: str, labels: Sequence[Any]) -> None:
    """Labels of blanks alone, as empty cells of a file read as text."""
    empty = [x for x in labels if blank(x)]
    if empty:
        rows = collect(flows.frame.filter(among(role, empty)).select(role))
        raise DataError(
            said(
                "{role} {column} is blank",
                role=said(role),
                column=repr(flows.roles.get(role, role)),
            ),
            said("Every row needs its keys."),
            rows=len(rows),
            first=repr(empty[0]),
        )


def _refuse_lookalikes(flows: Flows, role: str, labels: Sequence[Any]) -> None:
    """Labels that differ in what no reader sees: blanks around them, marks without width, wide letters."""
    two = look_alike(labels)
    if two is not None:
        raise DataError(
            said(
                "{role} {column} has two labels that look alike: {one}, {other}",
                role=said(role),
                column=repr(flows.roles.get(role, role)),
                one=repr(two[0]),
                other=repr(two[1]),
            ),
            said(
                "They differ in blanks, in the width of letters or in marks that are not seen: write both in one "
                "way, with aggregate='sum' where a cell then comes twice."
            ),
        )


def _refuse_unseen(flows: Flows, seen: Mapping[str, Sequence[Any]]) -> None:
    """Labels of residual= that a table in memory does not have."""
    if flows.lazy or not flows.naming.residual:
        return
    known = {x for role in ("market", "exporter", "product") for x in seen.get(role, ())}
    lost = [x for x in flows.naming.residual if x not in known]
    if lost:
        raise UnknownName(said("label that residual= names"), lost[0], [str(x) for x in known])


def _refuse_spellings(flows: Flows, role: str, found: Mapping[Any, Meaning]) -> None:
    """One place under two names."""
    ways: dict[tuple[str, str], list[Any]] = {}
    for label, m in found.items():
        if m.kind in ("country", "former", "bloc") and not _sized(m):
            ways.setdefault((m.kind, m.own), []).append(label)
    twice = {code: sorted(labels, key=str) for (_, code), labels in ways.items() if len(labels) > 1}
    if twice:
        wrong = (
            N_("{role} {column} writes {n} places in more than one way: {shown}")
            if len(twice) > 1
            else N_("{role} {column} writes {n} place in more than one way: {shown}")
        )
        shown = "; ".join(f"{code}: {', '.join(map(repr, x))}" for code, x in list(twice.items())[:SHOWN])
        raise DataError(
            said(wrong, role=said(role), column=repr(flows.roles[role]), n=len(twice), shown=shown),
            said(
                "Write each in one way: labels='iso3' at the door, with aggregate='sum' where a cell "
                "then comes twice."
            ),
        )


def _refuse_overlap(flows: Flows, role: str, found: Mapping[Any, Meaning]) -> None:
    """A group beside its members in one period; membership is read at that period."""
    if not any(m.kind in ("bloc", "unlisted") for m in found.values()) or not _may_overlap(found):
        return
    pairs = _pairs(flows, role, found)
    if not pairs:
        return
    column, groups = flows.roles[role], sorted({a for a, _ in pairs}, key=str)
    listed = [said("{a} beside {b}", a=repr(a), b=repr(b)) for a, b in pairs]
    shown = [
        said("{pair} in {period}", pair=pair, period=when) if when else pair
        for pair, when in list(zip(listed, pairs.values(), strict=True))[:SHOWN]
    ]
    every = after(said("All pairs: {pairs}.", pairs=enumerated(shown))) if len(pairs) > 1 else NOTHING
    compared = said(
        "; the bloc can be what is compared with: reference=xl.flows({apart}, ...)",
        apart=suggest.only(flows.frame, column, groups),
    )
    raise DataError(
        said(
            N_("{role}s in {column} overlap: {n} pairs")
            if len(pairs) > 1
            else N_("{role}s in {column} overlap: {n} pair"),
            role=said(role),
            column=repr(column),
            n=len(pairs),
        ),
        said(
            "Keep either the bloc or its members, which would be counted twice: {without}{compared}; or let all in, "
            "validate='schema', and choose: flows.where({role}=lambda x: x not in {groups}).{every}",
            without=suggest.without(flows.frame, column, groups),
            compared=compared if role == "exporter" else NOTHING,
            role=role,
            groups=groups,
            every=every,
        ),
        first=listed[0],
    )


def _pairs(flows: Flows, role: str, found: Mapping[Any, Meaning]) -> dict[tuple[Any, Any], str]:
    """Pairs that overlap, with the first period in words; a pair that shares no period is judged in the group's."""
    by_period = {p: [x for x in labels if x in found] for p, labels in present(flows, role).items()}
    groups = [x for x, m in found.items() if m.kind in ("bloc", "unlisted")]
    beside = {g: {x for labels in by_period.values() if g in labels for x in labels} for g in groups}
    pairs: dict[tuple[Any, Any], str] = {}
    for period in sorted(by_period, key=str):
        when = moment(flows, period)
        words = "" if period is None else str(flows.said(period))
        labels = by_period[period]
        apart = [[g, *(x for x in found if x not in beside[g])] for g in groups if g in labels]
        hits = [overlapping({x: found[x] for x in part}, on=when) for part in (labels, *apart)]
        for pair in (p for some in hits for p in some):
            if pair[0] in labels and (pair[1] in labels or pair[1] not in beside[pair[0]]):
                pairs.setdefault(pair, words)
    return pairs


def _may_overlap(found: Mapping[Any, Meaning]) -> bool:
    """Whether some group could hold another label's country at any time."""
    groups = [m for m in found.values() if m.kind == "bloc"]
    if any(m.kind == "unlisted" for m in found.values()):
        return len(found) > 1
    ever = [set(members_of(m.own, on="ever", exporter="CHN")) for m in groups]
    single = {m.code for m in found.values() if m.kind == "country"}
    return any(e & single for e in ever) or any(a & b for i, a in enumerate(ever) for b in ever[:i])


def overlapping(found: Mapping[Any, Meaning], on: On = "latest") -> list[tuple[Any, Any]]:
    """Pairs of labels that share a country on a day: a group, and what it holds. States that are gone hold nobody."""
    sets = {x: m.countries(on) for x, m in found.items() if m.kind in ("country", "bloc")}
    owner: dict[str, Any] = {}
    pairs = []
    for label, group in sorted(sets.items(), key=lambda item: (-len(item[1] or ()), str(item[0]))):
        clash = {owner[c] for c in group or () if c in owner}
        pairs += [(bigger, label) for bigger in sorted(clash, key=str)]
        owner.update(dict.fromkeys(group or (), label))
    unlisted = [x for x, m in found.items() if m.kind == "unlisted"]
    return pairs + [
        (x, label) for x in unlisted for label, m in found.items() if m.kind in ("country", "bloc")
    ]


def _refuse_residuals(flows: Flows, role: str, found: Mapping[Any, Meaning]) -> None:
    """What is left over, and not named so."""
    left = [x for x, m in found.items() if m.kind == "residual" and x not in flows.naming.residual]
    if left:
        test = among(role, left)
        raise DataError(
            said(
                "{role} {column} has what is left over among its members ({names}), which is no {role}",
                role=said(role),
                column=repr(flows.roles[role]),
                names=", ".join(map(repr, left[:5])),
            ),
            said(
                "Say so at the door: residual={residual}. It stays in the total and is no member; or leave it out: "
                "{without}.",
                residual=[*flows.naming.residual, *left],
                without=suggest.without(flows.frame, flows.roles[role], left),
            ),
            rows=len(collect(flows.frame.filter(test).select(role))),
            first=repr(left[0]),
        )


def present(flows: Flows, role: str) -> dict[Any, list[Any]]:
    """The labels of a role that have a row in each period; under None where there are no periods."""
    if "period" not in flows.roles:
        return {None: values_of(flows.frame, role)}
    rows = collect(distinct(flows.frame, "period", role))
    found: dict[Any, list[Any]] = {}
    for period, label in zip(rows["period"].to_list(), rows[role].to_list(), strict=True):
        found.setdefault(period, []).append(label)
    return found


def moment(flows: Flows, period: Any) -> On:
    """The day on which memberships are read for a period: its last; today's where it is no time."""
    if period is None or not flows.calendar.ordered:
        return "latest"
    try:
        return flows.calendar.period(period).last_day
    except DataError:
        return "latest"


def overlaps(labels: Sequence[Any], on: On = "latest") -> list[tuple[Any, Any]]:
    """Pairs of labels that share a country: a group beside its member, or one country under two names."""
    return overlapping(meanings(labels, strict=False), on)
