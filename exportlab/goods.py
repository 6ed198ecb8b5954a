"""What a table says of its goods: codes, their nomenclature and levels; quantities and their units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import narwhals.stable.v2 as nw

from exportlab import hierarchy, suggest
from exportlab.classifications.nomenclatures import (
    MIXED,
    Codes,
    Fault,
    faults,
    moved,
    nomenclature,
    one_edition,
    read_codes,
)
from exportlab.errors import DataError
from exportlab.frames import Frame, among, missing, values_of, when
from exportlab.options import Count, check_fields
from exportlab.words import NOTHING, Said, after, said

if TYPE_CHECKING:
    from exportlab.flow_table import Flows

Levels: TypeAlias = Literal["finest"]
ZeroQuantity: TypeAlias = Literal["unknown", "zero"]


@dataclass(frozen=True)
class Goods:
    """What is said at the door of product codes and quantities.

    Attributes
    ----------
    nomenclature : str or None
        "HS", "HS2017", "SITC3", "own"; None where the whole column decides.
    digits : int or None
        Digits of the finest codes, to which those that lost zeros are mended.
    levels : "finest" or None
        What becomes of parents beside their parts; None refuses them.
    revision : str or None
        The edition to keep of several, or "mixed".
    zero_quantity : {"unknown", "zero"}
    """

    nomenclature: str | None = None
    digits: Count | None = None
    levels: Levels | None = None
    revision: str | None = None
    zero_quantity: ZeroQuantity = "unknown"

    def __post_init__(self) -> None:
        check_fields(self)


NOTHING_SAID = Goods()


def one_revision(frame: Frame, goods: Goods) -> tuple[Frame, Goods]:
    """The frame in one edition of its nomenclature, where `nomenclature` names the column that holds it."""
    column = goods.nomenclature
    if column is None or column not in frame.collect_schema().names():
        if column is not None:
            nomenclature(column)
        return frame, goods
    found = [str(x) for x in values_of(frame, column) if x is not None]
    kept = one_edition(found, goods.revision)
    if len(kept) > 1 and goods.revision != MIXED:
        raise mixed_editions(kept, f"column {column!r}")
    if len(kept) < len(found):
        frame = frame.filter(nw.col(column).cast(nw.String).is_in(kept))
    families = sorted({nomenclature(k).family for k in kept})
    said = kept[0] if len(kept) == 1 else families[0] if len(families) == 1 else None
    return frame, Goods(said, goods.digits, goods.levels, goods.revision, goods.zero_quantity)


def mixed_editions(found: Sequence[str], where: str, first: str | None = None) -> DataError:
    """The refusal of several editions: a good whose number changed looks like one that ended and one that began."""
    return DataError(
        said(
            "{where} holds product codes of {n} editions: {found}",
            where=where,
            n=len(found),
            found=", ".join(found),
        ),
        said(
            "A good that was renumbered would end in one edition and begin in the other: keep "
            "one edition, or take them as they are, to convert one with xl.convert_products."
        ),
        first=first,
        options=(*({"revision": name} for name in found), {"revision": MIXED}),
    )


def coded(frame: Frame, roles: Mapping[str, str], goods: Goods) -> Frame:
    """The frame with its product codes as text, mended where `digits` says how long they are."""
    if "product" not in roles:
        return frame
    kind = frame.collect_schema()["product"]
    if kind.is_numeric() and goods.digits is not None:
        frame = frame.with_columns(_as_text(kind).alias("product"))
    if goods.digits is None:
        return frame
    pairs = moved(values_of(frame, "product"), goods.digits, goods.nomenclature)
    if not pairs:
        return frame
    text = nw.col("product").cast(nw.String)
    return frame.with_columns(
        text.replace_strict(list(pairs), list(pairs.values()), default=text).alias("product")
    )


def _as_text(kind: Any) -> nw.Expr:
    """Numbers as text; a missing one stays missing, and a decimal one keeps its decimals."""
    column = nw.col("product")
    if not kind.is_float():
        return column.cast(nw.String)
    whole = ~missing(column) & (column == column.round())
    known = when(whole, column, 0.0).cast(nw.Int64).cast(nw.String)
    odd = when(missing(column), 0.5, column).cast(nw.String)
    return when(whole, known, when(missing(column), nw.lit(None, dtype=nw.String), odd))


def code_tests(flows: Flows, labels: Sequence[Any]) -> dict[str, tuple[nw.Expr, Said, Said, Fault]]:
    """The row checks of product codes: name to (true for a bad row, what is wrong, what is allowed, the fault)."""
    goods, column = flows.goods, flows.roles["product"]
    found = faults(_codes(flows, labels), goods.nomenclature, goods.digits)
    shown = [", ".join(map(repr, f.labels[:5])) for f in found]
    return {
        f"_code_{k}": (
            among("product", list(f.labels)),
            said(
                "product {column}: {labels} {problem}",
                column=repr(column),
                labels=shown[k] + " ..." * (len(f.labels) > 5),
                problem=f.problem,
            ),
            f.remedy,
            f,
        )
        for k, f in enumerate(found)
    }


def _codes(flows: Flows, labels: Sequence[Any]) -> Codes:
    """The table's product codes, read once."""
    if "product codes" not in flows._memo:
        flows._memo["product codes"] = read_codes(labels, flows.goods.nomenclature)
    known: Codes = flows._memo["product codes"]
    return known


def leveled(
    frame: Frame, identity: Sequence[str], roles: Mapping[str, str], goods: Goods
) -> tuple[Frame, tuple[Said, ...]]:
    """The frame with the finest codes of each branch, where `levels` asks for it; and what was done."""
    if goods.levels is None or "product" not in roles:
        return frame, ()
    nested = hierarchy.branches(read_codes(values_of(frame, "product"), goods.nomenclature))
    if nested is None:
        return frame, ()
    keys = [k for k in identity if k != "product"]
    return hierarchy.finest(frame, keys, nested, _column(roles["product"]))


def _column(name: str) -> Said:
    return said("{role} {column}", role=said("product"), column=repr(name))


def refuse_nested(flows: Flows, labels: Sequence[Any]) -> None:
    """Refuse codes of several levels beside each other, in one group of the other keys."""
    codes = _codes(flows, labels)
    nested = hierarchy.branches(codes)
    if nested is None:
        return
    keys = [k for k in flows.identity if k != "product"]
    found = hierarchy.parents(flows.frame, keys, nested)
    if not found.count:
        return
    column = flows.roles["product"]
    hierarchy.refuse_smaller(found, "product", _column(column))
    whole = sorted(map(str, nested.parents))
    drop = suggest.without(flows.frame, column, whole[:10]) if len(whole) <= 10 else ""
    without = said("Or leave the parents out: {drop}.", drop=drop)
    raise DataError(
        said(
            "product {column} has codes of several levels beside each other, which count trade "
            "twice: {kinds} ({nomenclature})",
            column=repr(column),
            kinds=found.kinds,
            nomenclature=codes.nomenclature,
        ),
        said(
            "The finest codes add up, with the rest of a larger parent as one member.{drop}",
            drop=after(without) if drop and not found.larger else NOTHING,
        ),
        rows=found.count,
        first=hierarchy.shown(found.rows, "product"),
        options=({"levels": "finest"}, {"nomenclature": "own"}),
    )


def quantities(frame: Frame, roles: Mapping[str, str], goods: Goods) -> Frame:
    """The frame with quantities of zero that carry value as unknown, unless they are said to be zero."""
    if "quantity" not in roles or goods.zero_quantity == "zero":
        return frame
    zero = (nw.col("quantity") == 0) & (nw.col("value") > 0)
    if isinstance(frame, nw.DataFrame) and not (frame["quantity"] == 0).any():
        return frame
    return frame.with_columns(when(zero, float("nan"), nw.col("quantity")).alias("quantity"))
