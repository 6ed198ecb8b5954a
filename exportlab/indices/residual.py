"""What a table has left over ("Others"): in every total, and no member; and what an index is, or lies between, then."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from math import inf
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np

from exportlab.errors import DataError, EngineError, OptionError, one_of
from exportlab.flow_table import Flows
from exportlab.frames import Array, Frame, collect, column_like, distinct
from exportlab.words import said

F = TypeVar("F", bound=Callable[..., Any])
Residual: TypeAlias = Literal["leave_out", "bounds"]
Compute: TypeAlias = Callable[[Array, float, float | None], float]
# What an index is where the rest is spread infinitely thin: made of a sum that loses it, without limit, zero; or not
# known without the number of members there can be.
Thin: TypeAlias = Literal["sum", "inf", "zero", "universe"]
THIN = "low end of concentration: what is left over is spread thin"
LEFT_OUT = "what is left over is left out"


def left_over(flows: Flows, roles: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """The labels of what is left over, by role; roles without any are absent."""
    return {r: labels for r in roles if (labels := flows.residuals(r))}


def without(flows: Flows) -> Flows:
    """The flows without what is left over."""
    return flows.where(
        **{
            role: [x for x in flows.observed(role) if x not in labels]
            for role, labels in left_over(
                flows, [r for r in ("exporter", "market", "product") if r in flows.roles]
            ).items()
        }
    )


def refuse(name: str, rest: Mapping[str, Sequence[Any]], *, bounds: bool) -> None:
    """Say that an index is not known while one label may be one member or many."""
    role, labels = next(iter(rest.items()))
    choice = (
        said("residual='bounds' (low and high) or residual='leave_out'") if bounds else "residual='leave_out'"
    )
    raise DataError(
        said(
            "{name} is not known while {role}s are left over: they may be one {role} or many",
            name=name,
            role=said(role),
        ),
        said(
            "Say {choice}; sums of powers (hhi, effective_number, hill of q above 1) and cr have a "
            "value there.",
            choice=choice,
        ),
        first=repr(labels[0]),
    )


def refuse_members(flows: Flows, name: str, roles: Sequence[str]) -> None:
    """Refuse what would take what is left over for a member, with the line that leaves it out."""
    for role, labels in left_over(flows, roles).items():
        raise DataError(
            said(
                "{name} takes every {role} for one member, and {n} of them are left over",
                name=name,
                role=said(role),
                n=len(labels),
            ),
            said(
                "Leave them out: flows.where({role}=lambda x: x not in {labels}).",
                role=role,
                labels=list(labels),
            ),
            first=repr(labels[0]),
        )


def gated(function: F, *, rows: bool) -> F:
    """The function of flows, refused where it would take what is left over for a member, until told to leave it out.

    `rows` is for those that give a row to each member, of which one may well be what is left over.
    """
    signature = inspect.signature(function)
    if "residual" in signature.parameters or rows:
        return function

    @wraps(function)
    def run(*args: Any, residual: Residual | None = None, **kwargs: Any) -> Any:
        if residual is not None:
            one_of("residual", residual, ("leave_out",))
        if residual == "leave_out":
            args = tuple(without(a) if isinstance(a, Flows) else a for a in args)
            kwargs = {k: without(a) if isinstance(a, Flows) else a for k, a in kwargs.items()}
            return function(*args, **kwargs)
        given = signature.bind_partial(*args, **kwargs)
        given.apply_defaults()
        for table in given.arguments.values():
            if isinstance(table, Flows) and (rest := left_over(table, _roles(table, given.arguments))):
                refuse(function.__name__, rest, bounds=False)
        return function(*args, **kwargs)

    option = inspect.Parameter(
        "residual", inspect.Parameter.KEYWORD_ONLY, default=None, annotation="Residual | None"
    )
    run.__dict__["__signature__"] = signature.replace(parameters=[*signature.parameters.values(), option])
    return run  # type: ignore[return-value]


def _roles(flows: Flows, given: Mapping[str, Any]) -> list[str]:
    """The roles an index is spread over; all where it does not say."""
    over = given.get("over")
    if over is None or isinstance(over, Flows):
        return [r for r in ("exporter", "market", "product") if r in flows.roles]
    try:
        return list(flows.resolve(over))
    except (DataError, KeyError, TypeError):  # the function itself says what is wrong
        return []


def bounded(
    flows: Flows,
    spread: tuple[str, ...],
    groups: tuple[str, ...],
    *,
    size: int | None,
    ends: Mapping[str, tuple[Thin, Compute]],
) -> Frame:
    """Low and high of indices by group, over all ways in which what is left over can be members that are not named.

    An index that never falls when value moves to a larger member (Schur-convex, or Schur-concave) has its ends where
    the rest is one member, and where it is spread evenly over all that are not named; over any number of them, at a
    limit. Marshall, Olkin and Arnold (2011), Inequalities, ch. 3.
    """
    if flows.lazy:
        raise EngineError(
            said("residual='bounds' is for tables in memory: bring the cells there, xl.cells(...).")
        )
    if len(spread) > 1:
        raise OptionError(
            said("residual='bounds' is for an index over one role, not {spread}.", spread=list(spread))
        )
    named, rest = _by_group(flows, spread[0], groups)
    keys = collect(
        distinct(flows.cells(*groups, spread[0]), *groups)
        if groups
        else flows.cells(spread[0]).head(1).select("value")
    )
    order = [tuple(row) for row in keys.select(*groups).iter_rows()] if groups else [()]
    columns: dict[str, list[float]] = {}
    for key in order:
        values, left = np.array(named[key], float), rest[key]
        for name, (thin, compute) in ends.items():
            low, high = sorted(_ends(values, left, size, thin, compute))
            columns.setdefault(f"{name}_low", []).append(low)
            columns.setdefault(f"{name}_high", []).append(high)
        total = float(values.sum()) + left
        columns.setdefault("residual_share", []).append(left / total if total > 0 else float("nan"))
    made = [column_like(keys, name, np.array(column)) for name, column in columns.items()]
    bounds: Frame = keys.with_columns(*made).select(*groups, *columns)
    return bounds


def _by_group(
    flows: Flows, role: str, groups: tuple[str, ...]
) -> tuple[dict[tuple[Any, ...], list[float]], dict[tuple[Any, ...], float]]:
    """The values of named members, and what is left over, by group."""
    left = set(flows.residuals(role))
    named: dict[tuple[Any, ...], list[float]] = {}
    rest: dict[tuple[Any, ...], float] = {}
    for row in flows.cells(*groups, role).iter_rows(named=True):  # type: ignore[union-attr]
        key = tuple(row[g] for g in groups)
        values = named.setdefault(key, [])
        rest.setdefault(key, 0.0)
        if row[role] in left:
            rest[key] += float(row["value"])
        else:
            values.append(float(row["value"]))
    return named, rest


def _ends(values: Array, left: float, size: int | None, thin: Thin, compute: Compute) -> tuple[float, float]:
    """The index where the rest is one member, and where it is spread over as many as there can be."""
    total = float(values.sum()) + left
    if left == 0:
        return (compute(values, total, size),) * 2
    dense = compute(np.append(values, left), total, size)
    if size is None:
        return dense, {"inf": inf, "zero": 0.0}[thin] if thin != "sum" else compute(values, total, None)
    room = size - len(values)
    if room < 1:
        raise DataError(
            said(
                "universe={size} has no room for what is left over beside {n} members that are named",
                size=size,
                n=len(values),
            ),
            said("The universe holds every category that could have been exported to."),
        )
    return dense, compute(np.append(values, np.full(room, left / room)), total, size)
