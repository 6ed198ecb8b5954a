"""Exports and imports side by side: the step that intra-industry trade and trade-balance advantage share."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals.stable.v2 as nw

from exportlab.errors import DataError, EngineError, OptionError
from exportlab.flows import Flows, require
from exportlab.frames import Frame, stack, sum_by
from exportlab.indices._change import beside, pairs
from exportlab.periods import WORDS, Lag

SIDES = ("exports", "imports")


def same_shape(
    exports: Flows, imports: Flows, keys: Sequence[str], caller: str, *, unit: bool = True
) -> None:
    """Raise unless the two tables can be laid side by side on `keys`."""
    require(exports, caller)
    require(imports, caller)
    if unit and exports.unit != imports.unit:
        raise OptionError(
            f"exports are in {exports.unit!r} and imports in {imports.unit!r}: {caller} needs one unit for both."
        )
    a, b = exports.frame, imports.frame
    if type(a) is not type(b) or a.implementation != b.implementation:
        raise EngineError(
            f"Exports in {a.implementation} cannot be laid beside imports in {b.implementation}: "
            "bring both tables into one engine."
        )
    if "period" in keys and "period" in imports.roles:
        frequencies = exports.calendar.frequency, imports.calendar.frequency
        if frequencies[0] != frequencies[1]:
            named = [WORDS.get(str(f), "labels without order") for f in frequencies]
            raise DataError(
                f"the exports have {named[0]} and the imports {named[1]}",
                "Both tables need the same periods.",
            )
    ours, theirs = a.collect_schema(), b.collect_schema()
    for key in keys:
        if key not in imports.identity:
            raise DataError(
                f"the imports have no {key}",
                "Both tables need it: the reporter stands as exporter and its partner as market in both.",
            )
        if ours[key] != theirs[key]:
            raise DataError(
                f"{key} is {ours[key]} among the exports and {theirs[key]} among the imports",
                "Both tables must write it alike.",
            )


def side_by_side(exports: Flows, imports: Flows, keys: tuple[str, ...]) -> Frame:
    """One row per cell of either table: the keys, `exports`, `imports`; zero where a table has no such cell."""
    value, none = nw.col("value"), nw.lit(0.0)
    sold = exports.cells(*keys).select(*keys, value.alias("exports"), none.alias("imports"))
    bought = imports.cells(*keys).select(*keys, none.alias("exports"), value.alias("imports"))
    return sum_by(stack(sold, bought), keys, SIDES)


def changes(exports: Flows, imports: Flows, keys: tuple[str, ...], lag: Lag) -> Frame:
    """One row per cell and later period: the change of exports (`_dx`) and of imports (`_dm`) over `lag`."""
    both = beside(side_by_side(exports, imports, keys), keys, pairs(exports, lag, imports), SIDES)
    moved = {
        name: nw.col(f"after_{side}") - nw.col(f"before_{side}")
        for name, side in zip(("_dx", "_dm"), SIDES, strict=True)
    }
    return both.select(*keys, *(change.alias(name) for name, change in moved.items()))
