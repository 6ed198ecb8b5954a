"""Units of several: chapters of products, regions of markets, years of months, one's own; and whether they matter.

Where the products of a chapter are sold in one mix, they are not independent draws, and an error computed as if they
were is too small. The coarser unit is then the one to draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from exportlab.classifications import hs_chapter, hs_section, region
from exportlab.errors import DataError, OptionError
from exportlab.flow_table import Columns, Flows
from exportlab.frames import Array
from exportlab.uncertainty.methods import Note
from exportlab.uncertainty.sample import Sample, jackknife
from exportlab.words import Said, said

Resample: TypeAlias = Columns | Mapping[str, Mapping[Any, Any]]


@dataclass(frozen=True)
class Unit:
    """What is drawn: the labels of a role, or of groups of them (`group` by label of the role)."""

    name: str
    role: str
    group: Mapping[Any, Any] | None = None

    def of(self, label: Any) -> Any:
        """The unit that a label of the role belongs to."""
        return label if self.group is None else self.group[label]


def _chapter(flows: Flows, label: Any) -> str:
    return hs_chapter(label).code


def _section(flows: Flows, label: Any) -> str:
    return hs_section(label).number


def _year(flows: Flows, label: Any) -> int:
    flows.calendar.require_order(said("years as resampled units"))
    return flows.calendar.period(label).year


def _region(flows: Flows, label: Any) -> str:
    found = flows.naming.meanings([label], f"market {flows.roles['market']!r}", strict=False)[label]
    if found.kind != "country":
        raise DataError(
            said("market {label} is no single country, so it lies in no region", label=repr(label)),
            said("Name groups of your own: resample={'market': {'Japan': 'Asia', ...}}."),
        )
    return region(found.code).name


COARSER: dict[str, tuple[str, Callable[[Flows, Any], Any]]] = {
    "chapter": ("product", _chapter),
    "section": ("product", _section),
    "region": ("market", _region),
    "year": ("period", _year),
}


def units_of(flows: Flows, resample: Resample) -> tuple[Unit, ...]:
    """The units that are named: roles, keys, or groups of their labels.

    A key column or a role of the table comes before a grouping of the same name.
    """
    if isinstance(resample, Mapping):
        return tuple(_own(flows, role, group) for role, group in resample.items())
    names = [resample] if isinstance(resample, str) else list(resample)
    made = tuple(_unit(flows, name) for name in names)
    flows.resolve([u.role for u in made])  # one role named twice is refused
    return made


def _unit(flows: Flows, name: str) -> Unit:
    known = {*flows.roles, *flows.roles.values(), *flows.identity}
    if name in known or name not in COARSER:
        role = flows.role(name)
        return Unit(role, role)
    role, group = COARSER[name]
    if role not in flows.roles:
        raise OptionError(
            said(
                "resample={name} groups the {role}s of a table, and this one has no {role}.",
                name=repr(name),
                role=said(role),
            )
        )
    return Unit(name, role, {label: group(flows, label) for label in flows.members(role)})


def _own(flows: Flows, name: str, group: Mapping[Any, Any]) -> Unit:
    role = flows.role(name)
    labels = {m: flows.said(m) if role == "period" else m for m in flows.members(role)}
    lacking = [label for label in labels.values() if label not in group]
    if lacking:
        raise DataError(
            said("{n} labels of {name} have no group in resample=", n=len(lacking), name=repr(name)),
            said("Name a group for every label of the role that carries a value."),
            first=repr(lacking[0]),
        )
    return Unit(f"group of {role}", role, {m: group[label] for m, label in labels.items()})


LEAST = 10  # groups to draw from


def usual(flows: Flows, spread: Sequence[str]) -> str:
    """What is drawn by default: products for an index over markets (or their chapters), else markets."""
    name = next((r for r in ("product", "market") if r in flows.roles and r not in spread), None)
    if name is None:
        raise OptionError(
            said("resample= names the unit that is drawn: a role or key column, such as 'product'.")
        )
    nests = coarser_of(flows, Unit(name, name))
    return nests.name if nests is not None and len(set((nests.group or {}).values())) >= LEAST else name


def coarser_of(flows: Flows, unit: Unit) -> Unit | None:
    """The groups that stand above a unit, where its labels have any and some of them share one: chapters, years."""
    name = {"product": "chapter", "period": "year"}.get(unit.name)
    if name is None or unit.group is not None:
        return None
    try:
        made = _unit(flows, name)
    except (OptionError, DataError, LookupError):  # products of no HS chapter, periods of no year
        return None
    groups = set((made.group or {}).values())
    return made if 2 <= len(groups) < len(made.group or {}) else None


ALIKE = 1.645  # one-sided 5 % of a normal


def dependence(sample: Sample, group: Sequence[Any]) -> tuple[Array, Array]:
    r"""How alike the units of a group are: a z-value, and the error by group over that by unit, each of shape (M,).

    With influences :math:`g_u` the two variances differ by :math:`\sum_{u \ne v} g_u g_v` over the pairs of one
    group. Of independent units its expectation is nought and its variance twice :math:`\sum_{u \ne v} g_u^2 g_v^2`,
    whatever the sizes.
    """
    labels, code = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    values = jackknife(sample) if sample.influence is None else sample.influence(np.ones(sample.units))
    g = values - values.mean(axis=0)
    summed, squares, fourth = (_by(code, x, len(labels)) for x in (g, g**2, g**4))
    together = (summed**2 - squares).sum(axis=0)
    spread = 2 * (squares**2 - fourth).sum(axis=0)
    own = squares.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(spread > 0, together / np.sqrt(np.maximum(spread, 0.0)), 0.0)
        ratio = np.sqrt(np.maximum((summed**2).sum(axis=0), 0.0) / own)
    return z, ratio


def _by(code: Any, values: Array, groups: int) -> Array:
    return np.stack([np.bincount(code, column, groups) for column in values.T], axis=-1).astype(np.float64)


def in_time(flows: Flows, units: Sequence[tuple[Any, ...]]) -> Array:
    """The place of each unit in the order of time."""
    known = {p: i for i, p in enumerate(flows.calendar.in_order([u[0] for u in units]))}
    return np.array([known[u[0]] for u in units])


def following(sample: Sample, order: Array) -> tuple[Array, Array]:
    """How alike periods are to those that follow on them: a z-value, and the correlation of influences, (M,)."""
    values = jackknife(sample) if sample.influence is None else sample.influence(np.ones(sample.units))
    g = np.empty_like(values)
    g[order] = values - values.mean(axis=0)
    squares = (g**2).sum(axis=0)
    r = np.divide((g[1:] * g[:-1]).sum(axis=0), squares, out=np.zeros_like(squares), where=squares > 0)
    return r * np.sqrt(len(g)), r


def likeness(
    flows: Flows, drawn: Sequence[Unit]
) -> Callable[[Sample, Sequence[tuple[Any, ...]] | None], list[tuple[Note, ...]]]:
    """What is to be said of each value of a sample whose units, in their order, hang together.

    Periods with those that follow on them, or else units within coarser ones.
    """
    fine, above = drawn[0], coarser_of(flows, drawn[0]) if len(drawn) == 1 else None
    timed = len(drawn) == 1 and fine.role == "period" and fine.group is None and flows.calendar.ordered

    def found(sample: Sample, units: Sequence[tuple[Any, ...]] | None) -> list[tuple[Note, ...]]:
        known: list[tuple[Note, ...]] = [()] * sample.estimate.size
        if units is None or len(units) != sample.units or sample.blocks:
            return known
        if above is not None:
            both = zip(*dependence(sample, [above.of(u[0]) for u in units]), strict=True)
            known = [_if(z, r, _alike_within(above.name, fine.name, f"{r:.1f}")) for z, r in both]
        if timed:
            both = zip(*following(sample, in_time(flows, units)), strict=True)
            known = [_if(z, r, _in_runs(f"{r:.2f}")) or k for k, (z, r) in zip(known, both, strict=True)]
        return known

    return found


def _if(z: float, ratio: float, words: Said) -> tuple[Note, ...]:
    return (Note("alike", words),) if z > ALIKE and np.isfinite(ratio) else ()


def _in_runs(correlation: str) -> Said:
    return said(
        "alike in time: periods that follow on each other hang together (correlation {correlation}), so the error is "
        "too small; take block='auto' with method='basic'",
        correlation=correlation,
    )


def _alike_within(group: str, unit: str, times: str) -> Said:
    return said(
        "alike within a {group}: drawn by {group}, the error is {times} times as large as by {unit}; "
        "take resample='{group}'",
        group=group,
        unit=unit,
        times=times,
    )
