"""From one nomenclature to another: HS revisions, SITC, ISIC, BEC, with weights; totals are conserved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw

from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.files.delimited import columns, text_table
from exportlab.files.paths import ENCODINGS, TEXT, find_one
from exportlab.files.workbook import WORKBOOKS, read_workbook
from exportlab.flow_table import Flows, require
from exportlab.frames import Frame, among, collect, missing, stack, sum_by, when
from exportlab.options import Count, validated
from exportlab.text import blank, printable
from exportlab.words import said

if TYPE_CHECKING:
    import pandas as pd

Links = tuple[tuple[str, float], ...]
UNMATCHED = "unmatched"


@dataclass(frozen=True, repr=False)
class Concordance:
    """Codes of one nomenclature and what they become in another. Made by `concordance`.

    Attributes
    ----------
    links : mapping of str to tuple of (str, float)
        Each code's targets with their weights, which sum to one.
    origin : str
        Where it is from.
    prefix : bool
        Whether a longer code counts as its longest prefix that is listed (SITC 77689 as 776).
    """

    links: Mapping[str, Links]
    origin: str = ""
    prefix: bool = False

    def find(self, code: str) -> Links | None:
        """The targets of one code; None if it has none."""
        if code in self.links or not self.prefix:
            return self.links.get(code)
        return next(
            (self.links[code[:n]] for n in range(len(code) - 1, 0, -1) if code[:n] in self.links), None
        )

    def unmatched(self, codes: Iterable[str]) -> tuple[str, ...]:
        """Those of the codes that have no target, sorted."""
        return tuple(sorted(c for c in set(codes) if self.find(c) is None))

    def then(self, other: Concordance) -> Concordance:
        """This concordance followed by another: HS to SITC, then SITC to ISIC; weights multiply.

        Raises
        ------
        DataError
            Targets that the other does not know.
        """
        lost = other.unmatched(target for links in self.links.values() for target, _ in links)
        if lost:
            raise DataError(
                said("{n} target codes are not in the second concordance", n=len(lost)),
                said("It must know every code that the first one leads to."),
                first=repr(lost[0]),
            )
        joined = {}
        for code, links in self.links.items():
            sums: dict[str, float] = {}
            for middle, w in links:
                for target, v in other.find(middle) or ():
                    sums[target] = sums.get(target, 0.0) + w * v
            joined[code] = tuple(sums.items())
        return Concordance(joined, " then ".join(o for o in (self.origin, other.origin) if o), self.prefix)

    @property
    def table(self) -> pd.DataFrame:
        """source, target, weight: one row a link."""
        import pandas as pd

        rows = [(code, target, w) for code, links in self.links.items() for target, w in links]
        return pd.DataFrame(rows, columns=["source", "target", "weight"])

    def __repr__(self) -> str:
        split = sum(len(links) > 1 for links in self.links.values())
        targets = {t for links in self.links.values() for t, _ in links}
        return printable(
            f"Concordance({len(self.links):,} codes to {len(targets):,}, {split:,} of them split; {self.origin})"
        )


@validated
def concordance(
    table: Any,
    *,
    source: str | None = None,
    target: str | None = None,
    weight: str | None = None,
    split: Literal["refuse", "equal"] = "refuse",
    prefix: bool = False,
    origin: str | None = None,
    encoding: str = "auto",
) -> Concordance:
    """Read a concordance: a table, a mapping, or a file (the official ones of UNSD, WITS or Eurostat as CSV or Excel).

    Parameters
    ----------
    table : frame, mapping of str to str, or path
        One row per link. Files are read as text, so that codes keep their zeros.
    source, target : str, optional
        The columns of the two codes; by default the first and the second.
    weight : str, optional
        The column with each link's share of its source code, summing to one over a source code.
    split : {"refuse", "equal"}
        What to do, without weights, with a code that has several targets: refuse, or share it out evenly.
    prefix : bool
        Let longer codes count as their longest listed prefix.
    origin : str, optional
        Where it is from; by default the file's name.
    encoding : str
        Of a text file; by default UTF-8 or GB18030, whichever it is written in.

    Returns
    -------
    Concordance

    Raises
    ------
    DataError
        Codes that were read as numbers or are missing; a link given twice; several targets without weights;
        weights that do not sum to one.
    UnknownName
        A column that is not there.
    """
    one_of("split", split, ("refuse", "equal"))
    if isinstance(table, Mapping):
        return Concordance({str(a): ((str(b), 1.0),) for a, b in table.items()}, origin or "", prefix)
    if isinstance(table, str | Path):
        origin, table = origin or Path(table).name, _read(Path(table), encoding)
    frame = collect(nw.from_native(table))
    names = [source or frame.columns[0], target or frame.columns[1], *([weight] if weight else [])]
    for name in names:
        if name not in frame.columns:
            raise UnknownName(said("column"), name, frame.columns)
    codes = []
    for name in names[:2]:
        if frame[name].dtype.is_numeric():
            raise DataError(
                said("codes in {name} were read as numbers", name=repr(name)),
                said("Leading zeros are lost that way: read the column as text."),
            )
        codes.append(frame[name].to_list())
    shares: list[float | None] = [None] * len(frame)
    if weight:
        shares = [_share(cell, weight, row) for row, cell in enumerate(frame[weight].to_list(), 1)]
    rows = list(zip(codes[0], codes[1], shares, strict=True))
    return Concordance(_links(rows, split), origin or "", prefix)


def _read(path: Path, encoding: str) -> pd.DataFrame:
    """The first sheet of a workbook, or delimited text, as text: codes keep their zeros."""
    import pandas as pd

    file = find_one(path, (*TEXT, *WORKBOOKS))
    if file.suffix.lower() in WORKBOOKS:
        made: pd.DataFrame = read_workbook(file, 0, dtype=str)
        return made
    text = text_table(file, ENCODINGS if encoding == "auto" else (encoding,))
    read = columns(text, text.header, numeric={})
    return pd.DataFrame({name: list(column) for name, column in read.items()}).replace("", None)


def _share(cell: Any, column: str, row: int) -> float:
    """A link's weight, a number or one as files write it."""
    plain = isinstance(cell, Real | str) and not isinstance(cell, bool)
    try:
        share = float(cell) if plain else float("nan")
    except ValueError:
        share = float("nan")
    if not isfinite(share):
        raise DataError(
            said("the weight {column} of a link is missing or no number", column=repr(column)),
            said("Give each link its share of the source code, such as 0.5."),
            first=said("row {n}: {value}", n=row, value=repr(cell)),
        )
    return share


def _links(rows: list[tuple[Any, Any, float | None]], split: str) -> dict[str, Links]:
    found: dict[str, dict[str, float | None]] = {}
    for code, target, w in rows:
        if not all(isinstance(x, str) and not blank(x) for x in (code, target)):
            raise DataError(
                said("a code is missing in the concordance"),
                said("Leave out rows without both codes."),
                first=said("{code} to {target}", code=repr(code), target=repr(target)),
            )
        if target in found.setdefault(code, {}):
            raise DataError(
                said("a link is given twice"),
                said("One row a pair of codes."),
                first=said("{code} to {target}", code=repr(code), target=repr(target)),
            )
        found[code][target] = w
    if rows and rows[0][2] is not None:
        off = {c: sum(w or 0.0 for w in t.values()) for c, t in found.items()}
        negative = {c for c, t in found.items() if any((w or 0.0) < 0 for w in t.values())}
        bad = [c for c, total in off.items() if not abs(total - 1) < 1e-6 or c in negative]
        if bad:
            raise DataError(
                said("the weights of {n} codes do not sum to one", n=len(bad)),
                said("A code's weights are its shares: zero or more, one in all."),
                first=f"{bad[0]!r}: {off[bad[0]]:g}",
            )
        return {c: tuple((k, float(w or 0.0)) for k, w in t.items()) for c, t in found.items()}
    several = [c for c, t in found.items() if len(t) > 1]
    if several and split == "refuse":
        raise DataError(
            said("{n} codes have several targets and no weights", n=len(several)),
            said("Name weight=..., or say split='equal' to share their values out evenly."),
            first=said("{code} to {target}", code=repr(several[0]), target=sorted(found[several[0]])),
        )
    return {c: tuple((k, 1 / len(t)) for k in t) for c, t in found.items()}


@validated
def convert_products(
    flows: Flows,
    concordance: Concordance,
    *,
    digits: Count | None = None,
    unmatched: Literal["refuse", "keep", "group"] = "refuse",
) -> Flows:
    """Bring the flows to another nomenclature; values and quantities are shared out by weight, totals conserved.

    Parameters
    ----------
    flows : Flows
        With products.
    concordance : Concordance
    digits : int, optional
        First cut the product codes to this length (HS8 to HS6).
    unmatched : {"refuse", "keep", "group"}
        Codes without a target are refused with a list, kept under their own code, or put under "unmatched".

    Returns
    -------
    Flows
        In the caller's frame type. A quantity is missing where any part of it was.

    Raises
    ------
    DataError
        No products; codes that the concordance does not know.
    """
    require(flows, "convert_products")
    one_of("unmatched", unmatched, ("refuse", "keep", "group"))
    if not isinstance(concordance, Concordance):
        raise OptionError(
            said("concordance= takes a Concordance: make it with exportlab.concordance(table).")
        )
    if "product" not in flows.roles:
        raise DataError(
            said("the flows have no product"), said("convert_products needs product=... at the door.")
        )
    codes = collect(flows.cells("product").select("product"))["product"].to_list()
    short = {c: c if digits is None else c[:digits] for c in codes}
    lost = concordance.unmatched(short.values())
    if lost and unmatched == "refuse":
        listed = ", ".join(lost[:10]) + (", ..." if len(lost) > 10 else "")
        raise DataError(
            said("{n} product codes have no target in the concordance: {listed}", n=len(lost), listed=listed),
            said("Add them, or say unmatched='keep' or 'group'."),
            first=repr(lost[0]),
        )
    own = {c: ((short[c] if unmatched == "keep" else UNMATCHED, 1.0),) for c in codes}
    links = {c: concordance.find(short[c]) or own[c] for c in codes}
    columns = [r for r in ("value", "quantity") if r in flows.roles]
    frame = _shared(flows.known_quantities.select(*flows.identity, *columns), links, flows.identity, columns)
    return flows.derived(frame, unique=True)


def _shared(frame: Frame, links: Mapping[str, Links], keys: tuple[str, ...], columns: list[str]) -> Frame:
    """The rows once for each target of their code, times its weight, then summed to cells."""
    if "quantity" in columns:
        gone = missing(nw.col("quantity"))
        frame = frame.with_columns(
            when(gone, 1.0, 0.0).alias("_gone"), when(gone, 0.0, nw.col("quantity")).alias("quantity")
        )
    parts = []
    for n in range(max(map(len, links.values()))):
        here = {c: t[n] for c, t in links.items() if len(t) > n}
        product, codes = nw.col("product"), list(here)
        weight = product.replace_strict(
            codes, [w for _, w in here.values()], default=0.0, return_dtype=nw.Float64
        )
        target = product.replace_strict(
            codes, [t for t, _ in here.values()], default=product, return_dtype=nw.String
        )
        part = frame.filter(among("product", codes)).with_columns(weight.alias("_weight"))
        part = part.with_columns(
            target.alias("product"), *((nw.col(c) * nw.col("_weight")).alias(c) for c in columns)
        )
        parts.append(part.drop("_weight"))
    added = [*columns, *(["_gone"] if "quantity" in columns else [])]
    summed = sum_by(stack(*parts), keys, added)
    if "quantity" in columns:
        known = when(nw.col("_gone") > 0, float("nan"), nw.col("quantity")).alias("quantity")
        summed = summed.with_columns(known)
    return summed.select(*keys, *columns)
