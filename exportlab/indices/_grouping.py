"""Members put into groups: sections, digits of a code, a bloc, or the user's own mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import narwhals.stable.v2 as nw

from exportlab import classifications
from exportlab.classifications.hs import hs_section
from exportlab.errors import DataError, OptionError
from exportlab.flows import Flows
from exportlab.frames import Frame

Grouping: TypeAlias = str | int | Mapping[Any, Any]


def grouping(
    flows: Flows, role: str, given: Grouping, universe: Iterable[Any] | None = None
) -> dict[Any, str]:
    """Each label of `role` that is active (or in the universe) to its group.

    `given` is a mapping, the number of leading digits of a product code, "section" for the sections of the
    Harmonized System, or the name of a bloc (its members of today, and "other").
    """
    labels = list(flows.members(role) if universe is None else universe)
    if isinstance(given, Mapping):
        lost = [m for m in labels if m not in given]
        if lost:
            raise DataError(
                f"{len(lost)} {role} labels are in no group",
                "The mapping must name a group for every label.",
                first=f"{flows.roles.get(role, role)}={lost[0]!r}",
            )
        return {m: str(given[m]) for m in labels}
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise OptionError(f"grouping={given!r} is not a mapping, a number of digits, 'section' or a bloc.")
    if isinstance(given, int):
        return {m: _leading(m, given) for m in labels}
    if given == "section":
        return {m: hs_section(m).number for m in labels}
    inside = frozenset(classifications.members(given))
    return {m: given if _of(m) <= inside else "other" for m in labels}


def _leading(code: object, digits: int) -> str:
    if not isinstance(code, str) or len(code) < digits or digits < 1:
        raise DataError(
            f"{code!r} has no {digits} leading digits", "Codes are text of at least that many digits."
        )
    return code[:digits]


def _of(label: Any) -> frozenset[str]:
    found = classifications.resolve(label)
    if found is None:
        raise DataError(
            f"market {label!r} is no known country or bloc", "Give a mapping from label to group."
        )
    return found


def with_group(frame: Frame, role: str, groups: Mapping[Any, str], name: str = "_group") -> Frame:
    """Add the group of each row; members without value anywhere, which need no group, have the empty one."""
    known, theirs = list(groups), list(groups.values())
    return frame.with_columns(nw.col(role).replace_strict(known, theirs, default="").alias(name))
