"""What the door looks at before any row: the columns' names, their unit, their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import narwhals.stable.v2 as nw

from exportlab import suggest
from exportlab.errors import DataError, OptionError, RolesNeeded
from exportlab.frames import Frame, first_of, floats, own, refuse_unspeakable, values_of
from exportlab.kinds import LABELS, NUMBERS, kind_of, kinds
from exportlab.options import check

ROLE_NAMES = ("period", "exporter", "market", "product", "value", "quantity")
WORKING = ("_active", "_everything", "_n", "_positive", "_rank", "_row", "_rows", "_share", "_span", "_total")


def roles(frame: Frame, given: Mapping[str, str | None], keys: Sequence[str]) -> dict[str, str]:
    """Role to column: as given, else the column of that very name; refuses what is missing or named twice."""
    columns = frame.collect_schema().names()
    for role, column in (*given.items(), *(("keys", key) for key in keys)):
        check(role, column, str | int | None)
    named = {role: column for role, column in given.items() if column is not None}
    wanted = [*named.values(), *keys]
    missing = [c for c in wanted if c not in columns]
    if missing:
        raise DataError(
            f"column {missing[0]!r} is not in the table" + (f" (nor {missing[1:]})" if missing[1:] else ""),
            f"The table has: {columns}. {suggest.hint('xl.flows(table', missing[0], columns)}".strip(),
        )
    for role in given:
        if role not in named and role in columns and role not in wanted:
            named[role] = role
    if "value" not in named:
        hint = suggest.hint("xl.flows(table", "value", columns)
        raise RolesNeeded(
            "no column is named as the value", f"Say value=...; the table has: {columns}. {hint}".strip(),
            roles=suggest.roles_of(columns),
        )  # fmt: skip
    twice = [c for c in wanted if wanted.count(c) > 1]
    if twice:
        raise OptionError(f"Column {twice[0]!r} is named for two roles; each role needs a column of its own.")
    clash = [k for k in keys if k in ROLE_NAMES]
    if clash:
        raise OptionError(
            f"keys= names {clash[0]!r}, which is a role's name: give it as {clash[0]}=... instead."
        )
    hidden = [k for k in keys if k in WORKING or str(k).startswith("_term")]
    if hidden:
        raise OptionError(f"keys= names {hidden[0]!r}, a working column's name: rename it before xl.flows.")
    refuse_unspeakable(frame, [*named.values(), *keys])
    return {r: named[r] for r in ROLE_NAMES if r in named}


def single_unit(frame: Frame, unit: str | None, roles: Mapping[str, str]) -> tuple[Frame, str | None]:
    """The unit itself; where `unit` names a column, its one value."""
    if unit is None or unit not in frame.collect_schema().names() or unit in roles.values():
        return frame, unit
    found = values_of(frame, unit)
    if len(found) != 1:
        raise DataError(
            f"column {unit!r} holds {len(found)} units: {found[:5]}",
            "Money of different units does not add up: split the table by unit, or convert with "
            "xl.datasets.convert and a rate of your own.",
        )
    return frame, str(found[0])


def schema(frame: Frame, roles: Mapping[str, str], keys: Sequence[str]) -> Frame:
    """Check the types; value and quantity come back as Float64."""
    types, held = frame.collect_schema(), kinds(frame)
    for role in ("value", "quantity"):
        if role in roles and held[role] not in NUMBERS:
            _refuse_no_number(frame, role, roles[role])
    if "product" in roles and types["product"].is_numeric():
        raise DataError(
            f"product codes in {roles['product']!r} were read as numbers ({types['product']})",
            "Leading zeros are lost that way ('010121' became 10121): read the column as text "
            "(pandas: dtype={...: str}), or use xl.read_flows.",
        )
    for role in ("exporter", "market"):
        if role in roles and types[role].is_float():
            raise DataError(
                f"{role} {roles[role]!r} holds decimal numbers, as codes do when some are missing",
                "Codes are text or whole numbers: fill or remove the missing ones, then read the column as text.",
            )
    if "period" in roles and types["period"].is_float():
        column = roles["period"]
        raise DataError(
            f"period {column!r} is of type {types['period']}",
            "Years become decimal numbers where some are missing: leave those rows out "
            f"(pandas: table.dropna(subset=[{column!r}]).astype({{{column!r}: int}})).",
        )
    for key in (*(r for r in roles if r not in ("value", "quantity")), *keys):
        named = kind_of(types[key]) if key == "period" else held[key]
        if named not in (*LABELS, "decimal", "empty"):
            _refuse_no_label(frame, key, roles.get(key, key))
    numbers = [r for r in ("value", "quantity") if r in roles]
    return own(floats(frame, numbers))


def _refuse_no_number(frame: Frame, role: str, column: str) -> None:
    kind = frame.collect_schema()[role]
    sample = first_of(frame.select(role).filter(~nw.col(role).is_null()))[role].to_list()
    first = repr(sample[0]) if sample else None
    if kind == nw.String:
        raise DataError(
            f"{role} {column!r} holds text, not numbers",
            "Remove thousands separators and units, then read it as numbers; xl.read_gacc and xl.read_flows do so.",
            first=first,
        )
    raise DataError(
        f"{role} {column!r} is of type {kind}, not numbers",
        "Make it a column of plain numbers first (pandas: .astype(float)).",
        first=first,
    )


def _refuse_no_label(frame: Frame, role: str, column: str) -> None:
    """Refuse what names nothing; a column with nothing in it at all is left to the row checks."""
    kind = frame.collect_schema()[role]
    found = first_of(frame.select(role).filter(~nw.col(role).is_null()))[role].to_list()
    if not found:
        return
    if isinstance(frame, nw.DataFrame):
        found = [v for v in frame[role].to_list() if v is not None and not isinstance(v, str)] or found
    raise DataError(
        f"{role} {column!r} is of type {kind}, which names nothing",
        "Labels are text, whole numbers or dates, of one type: convert the column to text first.",
        first=repr(found[0]),
    )
