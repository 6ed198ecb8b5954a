"""Totals and parents beside their parts in files that are read whole: what goes aside, and what stays as a rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from exportlab import hierarchy
from exportlab.classifications import is_total
from exportlab.classifications.nomenclatures import REST, Codes, faults, moved, nomenclature, read_codes
from exportlab.errors import DataError, UnknownName
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd

Aside = dict[str, "pd.DataFrame"]


def set_aside(frame: pd.DataFrame, bad: pd.Series[bool], reason: str, aside: Aside) -> pd.DataFrame:
    """The frame without the bad rows, which join `aside` under their reason."""
    import pandas as pd

    if not bad.any():
        return frame
    rows = frame[bad].reset_index(drop=True)
    aside[reason] = pd.concat([aside[reason], rows], ignore_index=True) if reason in aside else rows
    return frame[~bad].reset_index(drop=True)


def known_nomenclature(name: str | None) -> str | None:
    """The name itself where it is one of a nomenclature."""
    try:
        return None if name is None else str(nomenclature(name))
    except UnknownName:
        return None


def mended_codes(frame: pd.DataFrame, column: str, named: str | None, digits: int | None) -> None:
    """Mend the codes in place as `digits` says; refuse what is no code of the nomenclature."""
    labels = frame[column].unique()
    if digits is not None:
        pairs = moved(labels, digits, named)
        frame[column] = frame[column].map({x: pairs.get(x, x) for x in labels}).astype("str")
        labels = frame[column].unique()
    found = faults(read_codes(labels, named), named, digits)
    if not found:
        return
    bad = frame[column].isin(found[0].labels)
    raise DataError(
        said(
            "{column}: {labels} {problem}",
            column=column,
            labels=", ".join(map(repr, found[0].labels[:5])),
            problem=found[0].problem,
        ),
        found[0].remedy,
        rows=int(bad.sum()),
        first=f"{column}={frame[column][bad].iloc[0]!r}",
        options=tuple(w for w in found[0].options if "digits" in w),
    )


def product_branches(labels: Collection[Any], codes: Codes) -> hierarchy.Branches | None:
    """Product codes that are parents or parts, with the total of all products above them."""
    whole = frozenset(x for x in labels if is_total(x, role="product"))
    nested = hierarchy.branches(codes)
    if not whole:
        return nested
    parents = whole | (nested.parents if nested else frozenset())
    return hierarchy.Branches("product", {**dict.fromkeys(whole, ""), **codes.of}, parents)


def split(
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    keys: Sequence[str],
    nested: hierarchy.Branches,
    *,
    aside: Aside,
    reason: Mapping[Any, str],
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Parents that equal their parts go aside, larger ones keep their rest; notes say so.

    `columns` names the value, the quantity and the role; `reason` is why each label of a parent goes aside.

    Raises
    ------
    DataError
        A parent is smaller than its parts.
    """
    role, value = columns["role"], columns["value"]
    named = {role: nested.role, value: "value"}
    found = hierarchy.parents(nw.from_native(frame[[*keys, role, value]].rename(columns=named)), keys, nested)
    if not found.count:
        return frame, ()
    hierarchy.refuse_smaller(found, nested.role, role)
    rests: Any = found.rows.select(
        *keys, nested.role, "_rest", (nw.col("_rest") > found.allowance).alias("_larger")
    ).to_native()
    both = frame.merge(rests.rename(columns={nested.role: role}), how="left", on=[*keys, role])
    larger = both["_larger"].eq(True).to_numpy()
    kept = frame.copy()
    kept.loc[larger, value] = both["_rest"].to_numpy()[larger]
    if columns.get("quantity") in frame:
        kept.loc[larger, columns["quantity"]] = float("nan")
    why = frame[role].map(reason)
    kept.loc[larger, role] = frame[role][larger] + REST
    equal = (both["_rest"].notna() & ~larger).to_numpy()
    for each in sorted(set(why[equal])):
        aside_rows = frame[equal & (why == each).to_numpy()]
        aside[each] = aside_rows.reset_index(drop=True)
    notes = []
    if larger.any():
        rest, first = float(kept.loc[larger, value].sum()), kept.loc[larger, role].iloc[0]
        said = f"{role}: {int(larger.sum()):,} parents are larger than their parts"
        notes.append(f"{said}; the rests, {rest:,.12g} in all, stay as members, such as {first!r}")
    return kept[~equal].reset_index(drop=True), tuple(notes)
