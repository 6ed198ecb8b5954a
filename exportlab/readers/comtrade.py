"""UN Comtrade: the CSV, text and JSON files of its website, interface (API v1) and bulk service, now and before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from exportlab import hierarchy
from exportlab.classifications import is_total, residuals
from exportlab.classifications.nomenclatures import MIXED, REST, one_edition, read_codes
from exportlab.errors import DataError, DuplicateCells, UnknownName, one_of
from exportlab.files.delimited import TextTable, columns, same_columns, text_table
from exportlab.files.paths import TEXT, Paths, find, progress_over, refuse_twice
from exportlab.files.records import JSON, RecordTable, record_columns, record_table
from exportlab.flow_table import Flows
from exportlab.flows import flows
from exportlab.goods import ZeroQuantity, mixed_editions
from exportlab.readers.account import ReadFlows, Reading, stack_columns, with_account
from exportlab.readers.country_labels import (
    COUNTRY_LABELS,
    CountryLabels,
    country_labels,
    left_over,
    period_label,
)
from exportlab.readers.parents import (
    Aside,
    known_nomenclature,
    mended_codes,
    product_branches,
    set_aside,
    split,
)
from exportlab.words import N_, said

if TYPE_CHECKING:
    import pandas as pd

VALUE = "primaryValue"
REQUIRED = ("period", "cmdCode", "flowCode", VALUE)
BREAKDOWNS = {  # column: (what it breaks the trade down by, the codes of its total)
    "partner2Code": (N_("second partner"), ("", "0")),
    "customsCode": (N_("customs procedure"), ("", "C00")),
    "motCode": (N_("mode of transport"), ("", "0")),
    "mosCode": (N_("mode of supply"), ("", "0")),
}
DETAILS = ("typeCode", "classificationCode", "cmdDesc", "qtyUnitCode", *BREAKDOWNS)
NAMES = tuple(f"{side}{kind}" for side in ("reporter", "partner") for kind in ("ISO", "Desc"))
WORLD = ("0", "000", "W00", "WLD")
# Files of the service until 2023: its columns by the names they have now, its codes of flows likewise.
BEFORE = {
    "Classification": "classificationCode",
    "Period": "period",
    "Trade Flow Code": "flowCode",
    "Reporter Code": "reporterCode",
    "Reporter": "reporterDesc",
    "Reporter ISO": "reporterISO",
    "Partner Code": "partnerCode",
    "Partner": "partnerDesc",
    "Partner ISO": "partnerISO",
    "2nd Partner Code": "partner2Code",
    "Customs Proc. Code": "customsCode",
    "Mode of Transport Code": "motCode",
    "Commodity Code": "cmdCode",
    "Commodity": "cmdDesc",
    "Qty Unit Code": "qtyUnitCode",
    "Qty": "qty",
    "Netweight (kg)": "netWgt",
    "Trade Value (US$)": VALUE,
}
FLOWS_BEFORE = {"1": "M", "2": "X", "3": "RX", "4": "RM"}
QUANTITY_UNITS = {"netWgt": "kg", "qty": None}
AS_NOW = {
    n.casefold(): n for n in (*REQUIRED, *NAMES, *DETAILS, *QUANTITY_UNITS, "reporterCode", "partnerCode")
}


def read_comtrade(
    paths: Paths,
    *,
    flow: str = "X",
    level: int | None = None,
    digits: int | None = None,
    revision: str | None = None,
    labels: CountryLabels = "iso3",
    quantity: Literal["netWgt", "qty"] | None = "netWgt",
    zero_quantity: ZeroQuantity = "unknown",
    leave_out: Mapping[str, Collection[object] | str] | None = None,
    source: str | None = None,
    progress: bool = True,
) -> ReadFlows:
    """Read files of UN Comtrade, and separate what would be counted twice.

    Exporter is the reporter, market the partner, product cmdCode, period period (months as YYYY-MM), value
    primaryValue in US dollars. What is set aside is kept and counted in `reading`: other flows; rows broken down
    by second partner, customs procedure or mode of transport beside their totals; the World where it equals the sum
    of the partners beside it; product codes that equal the sum of their parts, reporter by reporter, period by period
    and branch by branch. What a parent is worth beyond its parts stays as one member, '84 (rest)' or 'World (rest)',
    and so does a World that stands alone. Where the World, or TOTAL, is all there is, the role is absent.

    Files of before 2023 (``Trade Value (US$)``, flow codes 1 to 4) and names as comtradr writes them
    (``primary_value``, NA) are read as those of now.

    Parameters
    ----------
    paths : path, glob, folder, or a sequence of them
        .csv, .txt, .tsv, .json, each also with .gz.
    flow : str, optional
        flowCode to keep: "X" exports (re-exports included), "M" imports, "RX", "DX", ...
    level : int, optional
        Digits of the product codes to keep. Default: the most detailed level of each branch.
    digits : int, optional
        How many digits the finest codes have, where they lost zeros in a spreadsheet ('10121').
    revision : str, optional
        The edition to keep where classificationCode has several ("H5" or "HS2017"); "mixed" takes them as they are.
    labels : {"iso3", "name", "code", "as written"}, optional
        How countries are labelled; "as written" is "code". Codes of no country ("areas, not elsewhere specified") take
        the file's own ISO code or name, else stay codes; those that are left over (899, 837, ...) are marked so
        (`residual` in `flows`), their rows and share noted. 490, "Other Asia, nes", is TWN; states that are gone have
        labels of their own (58 is BLX, 736 SUD, 891 SCG, 810 SUN), which the reading notes.
    quantity : {"netWgt", "qty"} or None, optional
        Net weight in kg, or the quantity in each product's own unit (qtyUnitCode, which becomes a key where there are
        several); absent where the files do not have it.
    zero_quantity : {"unknown", "zero"}
        As in `flows`.
    leave_out : mapping of str to one or several labels, optional
        Rows to set aside, by column or role, as the labels are in the flows: ``{"exporter": ["EUR"]}`` where the
        European Union stands beside its members. Counted in `reading`.
    source, progress
        As in `read_gacc`.

    Returns
    -------
    ReadFlows
        On a pandas frame.

    Raises
    ------
    DataError
        A malformed or cut file; a column missing in a file; no rows of that flow or level; a cell that has a
        breakdown but not its total; two classifications; codes that lost zeros; a parent, or a World, that is smaller
        than its parts; all the door refuses.
    """
    one_of("labels", labels, COUNTRY_LABELS)
    if quantity is not None:
        one_of("quantity", quantity, QUANTITY_UNITS)
    files = find(paths, (*TEXT, *JSON))
    frame = _load(files, quantity, shown=progress)
    exporter, market = _sides(frame)
    frame["period"] = _periods(frame["period"])
    kept, aside, notes = _separate(frame, flow, (level, digits, revision), (exporter, market))
    world = kept[market].isin(WORLD)
    whole = {"market": bool(world.all()), "product": bool(kept["cmdCode"].map(_all_products).all())}
    sides = [
        _label(kept, column, side, labels) for side, column in (("reporter", exporter), ("partner", market))
    ]
    notes = [*_notes(kept), *notes, *(note for side in sides for note in side.notes)]
    if world.any() and not whole["market"]:
        kept.loc[world, market] = f"World{REST}"
        notes.append(f"the World stands alone in {int(world.sum()):,} rows, which stay as 'World{REST}'")
    kept.loc[kept["cmdCode"].map(_all_products) & (not whole["product"]), "cmdCode"] = f"TOTAL{REST}"
    kept = _left_out(kept, leave_out or {}, (exporter, market), aside)
    reading = Reading(tuple(files), len(frame), VALUE, "USD", aside, _product_names(kept), tuple(notes))
    left = [x for s in sides for x in s.residual if not (whole["market"] and x not in set(kept[exporter]))]
    try:
        made = _flows(kept, (exporter, market), whole, (quantity, zero_quantity), list(dict.fromkeys(left)))
    except DuplicateCells as error:
        raise _two_codes(error, sides) from None
    return with_account(made if source is None else replace(made, source=source), reading)


def _two_codes(error: DuplicateCells, sides: Sequence[_Side]) -> DuplicateCells:
    """The refusal of rows that have one cell, where two codes mean one country."""
    alike = [f"{s.side} codes {x}" for s in sides for x in s.alike]
    if not alike:
        return error
    return DuplicateCells(
        said(
            "one country stands under two codes ({alike}), and {problem}",
            alike="; ".join(alike),
            problem=error.messages[0],
        ),
        said(
            "Keep the codes apart, labels='code', and leave one of them out: "
            "leave_out={'partnerCode': [...]}."
        ),
        rows=error.rows,
        first=error.first_message,
    )


def _flows(
    kept: pd.DataFrame,
    sides: tuple[str, str],
    whole: Mapping[str, bool],
    quantities: tuple[str | None, ZeroQuantity],
    residual: Sequence[str],
) -> Flows:
    """The rows that add up, through the door."""
    (exporter, market), (quantity, zero_quantity) = sides, quantities
    units = quantity == "qty" and "qtyUnitCode" in kept
    taken = ("period", exporter, market, "cmdCode", VALUE, quantity, "qtyUnitCode" if units else None)
    return flows(
        kept[[c for c in taken if c in kept]],
        period="period",
        exporter=exporter,
        market=None if whole["market"] else market,
        product=None if whole["product"] else "cmdCode",
        value=VALUE,
        unit="USD",
        quantity=quantity if quantity in kept else None,
        quantity_unit="qtyUnitCode" if units else QUANTITY_UNITS.get(quantity or ""),
        nomenclature=None if whole["product"] else _family(kept),
        zero_quantity=zero_quantity,
        source="UN Comtrade",
        residual=residual,
    )


def _load(files: Sequence[Path], quantity: str | None, *, shown: bool) -> pd.DataFrame:
    """All files, one under the other: codes as text, money and quantity as numbers."""
    with progress_over(files, "Reading UN Comtrade files", shown=shown) as advance:
        tables = [
            record_table(f) if f.name.endswith(JSON) else _as_now(text_table(f, ("utf-8", "cp1252")))
            for f in files
        ]
        sides = [_side(tables, side) for side in ("reporter", "partner")]
        optional = [n for n in (*NAMES, *DETAILS, quantity) if n and n not in sides]
        wanted = same_columns(tables, [*REQUIRED, *sides], optional=optional)
        numeric: Mapping[str, frozenset[str]] = {VALUE: frozenset(), quantity or "": frozenset({"", "NA"})}
        parts = []
        for table in tables:
            if isinstance(table, TextTable):
                parts.append(columns(table, wanted, numeric=numeric, advance=advance))
            else:
                parts.append(record_columns(table, wanted, numeric=numeric))
                advance(table.path.stat().st_size)
    made = stack_columns(parts)
    return made.assign(flowCode=made["flowCode"].replace(FLOWS_BEFORE))


def _as_now(table: TextTable) -> TextTable:
    """The columns of a file by the names that the service gives them now."""
    names = tuple(BEFORE.get(n) or AS_NOW.get(n.replace("_", "").casefold(), n) for n in table.header)
    refuse_twice(table.path, names)
    return replace(table, header=names)


def _side(tables: Sequence[TextTable | RecordTable], side: str) -> str:
    """The column that names a side: the code, else the ISO code where the files have only that."""
    code, iso = f"{side}Code", f"{side}ISO"
    return iso if iso in tables[0].header and code not in tables[0].header else code


def _sides(frame: pd.DataFrame) -> tuple[str, str]:
    return tuple(f"{s}Code" if f"{s}Code" in frame else f"{s}ISO" for s in ("reporter", "partner"))  # type: ignore[return-value]


def _periods(texts: pd.Series[Any]) -> pd.Series[Any]:
    known = {text: period_label(text) for text in texts.unique()}
    wrong = [text for text, label in known.items() if label is None]
    if wrong:
        raise DataError(
            said("period is neither a year nor a month"),
            said("Years are YYYY, months YYYYMM."),
            rows=int(texts.isin(wrong).sum()),
            first=repr(wrong[0]),
        )
    return texts.map(known).astype("str")


def _separate(
    frame: pd.DataFrame,
    flow: str,
    wanted: tuple[int | None, int | None, str | None],
    sides: tuple[str, str],
) -> tuple[pd.DataFrame, Aside, list[str]]:
    """The rows that add up, the others by the reason they do not, and what is worth knowing."""
    level, digits, revision = wanted
    aside: Aside = {}
    cell = ["period", *sides, "cmdCode"]
    if frame.empty:
        raise DataError(
            said("the files have headers and no rows"), said("The query found nothing: look at it again.")
        )
    for code in sorted(set(frame["flowCode"]) - {flow}):
        frame = set_aside(frame, frame["flowCode"] == code, f"flow {code}", aside)
    if frame.empty:
        there = ", ".join(f"{why[5:]} ({len(rows):,} rows)" for why, rows in aside.items())
        raise DataError(
            said("no row has flowCode {flow}", flow=repr(flow)),
            said("The files have: {there}. Say flow=...", there=there),
        )
    _refuse_two(frame, ["typeCode"], [])
    frame = _one_edition(frame, revision, sides[0], aside)
    for column, (what, totals) in BREAKDOWNS.items():
        if column in frame:
            detail = ~frame[column].isin(totals)
            _refuse_lost(frame, detail, cell, column, what)
            frame = set_aside(frame, detail, f"broken down by {what}", aside)
    mended_codes(frame, "cmdCode", _family(frame), digits)
    frame, notes = _without_world(frame, sides, aside)
    if level is not None or not _nests(frame):
        return _one_level(frame, level, aside), aside, notes
    frame, more = _finest(frame, sides, aside)
    return frame, aside, [*notes, *more]


def _one_edition(frame: pd.DataFrame, revision: str | None, exporter: str, aside: Aside) -> pd.DataFrame:
    """One edition of the classification, as `revision` says where there are several."""
    if "classificationCode" not in frame:
        return frame
    column = frame["classificationCode"]
    found = sorted(column.unique())
    if revision not in (None, MIXED):
        for other in sorted(set(found) - set(one_edition(found, revision))):
            frame = set_aside(frame, frame["classificationCode"] == other, f"classification {other}", aside)
    _refuse_two(frame, ["classificationCode"], ["period", exporter])
    if revision is None and len(found) > 1:
        first = frame[column != column.iloc[0]].iloc[0]
        seen = f"{column.iloc[0]!r} beside {first['classificationCode']!r} ({first['period']}, {first[exporter]})"
        raise mixed_editions(found, "classificationCode", seen)
    return frame


def _family(frame: pd.DataFrame) -> str | None:
    """The nomenclature of the files: its edition where it is one; the Harmonized System where they do not say."""
    if "classificationCode" not in frame:
        return "HS"
    names = {known_nomenclature(code) for code in frame["classificationCode"].unique()}
    if len(names) == 1:
        return names.pop()
    families = {None if n is None else n.rstrip("0123456789") for n in names}
    return families.pop() if len(families) == 1 else None


def _without_world(
    frame: pd.DataFrame, sides: tuple[str, str], aside: Aside
) -> tuple[pd.DataFrame, list[str]]:
    """The World goes aside where it equals the partners beside it; where it is larger, its rest stays."""
    world = frame[sides[1]].isin(WORLD)
    if world.all() or not world.any():
        return frame, []
    names = list(frame[sides[1]].unique())
    nested = hierarchy.above("market", (n for n in names if n in WORLD), names)
    columns = {"role": sides[1], "value": VALUE, "quantity": "netWgt" if "netWgt" in frame else "qty"}
    reason = dict.fromkeys(names, "partner World")
    frame, notes = split(frame, columns, ["period", sides[0], "cmdCode"], nested, aside=aside, reason=reason)
    rest = frame[sides[1]].isin([w + REST for w in WORLD])
    frame.loc[rest, sides[1]] = WORLD[0]
    return frame, list(notes)


def _nests(frame: pd.DataFrame) -> bool:
    """Whether the classification's codes say what is a part of what."""
    return read_codes(frame["cmdCode"].unique(), _family(frame)).nested


def _finest(frame: pd.DataFrame, sides: tuple[str, str], aside: Aside) -> tuple[pd.DataFrame, list[str]]:
    """The most detailed codes of each branch, by reporter, partner and period."""
    labels = list(frame["cmdCode"].unique())
    codes = read_codes(labels, _family(frame))
    nested = product_branches(labels, codes)
    if nested is None or all(map(_all_products, labels)):
        return frame, []
    if not codes.of:
        lost = int((~frame["cmdCode"].map(_all_products)).sum())
        raise DataError(said("no row has a product code"), said("cmdCode holds codes, or TOTAL."), rows=lost)
    columns = {"role": "cmdCode", "value": VALUE, "quantity": "netWgt" if "netWgt" in frame else "qty"}
    why = {
        x: f"products of {len(c)} digits" if c else "all products (TOTAL)" for x, c in nested.codes.items()
    }
    frame, notes = split(frame, columns, ["period", *sides], nested, aside=aside, reason=why)
    kept = sorted({len(codes.of[x]) for x in frame["cmdCode"].unique() if x in codes.of})
    mixed = [f"product codes of {' and '.join(map(str, kept))} digits, each branch at its finest"]
    return frame, [*notes, *(mixed if len(kept) > 1 else [])]


def _refuse_lost(
    frame: pd.DataFrame, detail: pd.Series[bool], cell: list[str], column: str, what: str
) -> None:
    """Every cell that has a breakdown must have its total too, or trade would be lost."""
    import pandas as pd

    cells = pd.MultiIndex.from_frame(frame[cell])
    lost = detail.to_numpy() & ~cells.isin(cells[~detail])
    if lost.any():
        first = frame[lost].iloc[0]
        raise DataError(
            said(
                "rows broken down by {what} have no total ({column} {breakdowns})",
                what=said(what),
                column=column,
                breakdowns=BREAKDOWNS[column][1][-1],
            ),
            said("Ask for the total rows (partner2Code=0, customsCode=C00, motCode=0)."),
            rows=int(lost.sum()),
            first=", ".join(f"{c}={first[c]!r}" for c in (*cell, column)),
        )


def _refuse_two(frame: pd.DataFrame, column: list[str], within: list[str]) -> None:
    if column[0] not in frame:
        return
    pairs = frame[[*within, *column]].drop_duplicates()
    twice = pairs[pairs.duplicated(within, keep=False)] if within else pairs
    if len(twice) > 1:
        here = twice.iloc[:2]
        first, second = map(repr, here[column[0]])
        where = ", ".join(f"{c}={here.iloc[0][c]!r}" for c in within)
        raise DataError(
            said("{column} {a} beside {b} for {where}", column=column[0], a=first, b=second, where=where)
            if where
            else said("{column} {a} beside {b}", column=column[0], a=first, b=second),
            said("The same trade would be counted twice: read one of them by itself."),
        )


def _all_products(code: str) -> bool:
    return is_total(code, role="product")


def _one_level(frame: pd.DataFrame, level: int | None, aside: Aside) -> pd.DataFrame:
    """Products of one level of detail; aggregates go aside, TOTAL too unless it is all there is."""
    totals = frame["cmdCode"].map(_all_products).astype(bool)
    if totals.all() and level is None:
        return frame
    digits = frame["cmdCode"].str.len().mask(totals, 0).astype(int)
    found = sorted(set(digits) - {0})
    if not found:
        raise DataError(
            said("no row has a product code"),
            said("cmdCode holds codes, or TOTAL."),
            rows=int((~totals).sum()),
        )
    if level is None and len(found) > 1:
        raise DataError(
            said(
                "product codes of {found} digits stand side by side, in a classification whose parts "
                "are not known",
                found=found,
            ),
            said("Say which to keep: level=... (digits)."),
        )
    kept = max(found) if level is None else level
    if kept not in found:
        raise DataError(
            said("no product code has {kept} digits", kept=kept),
            said("The files have codes of {found} digits.", found=found),
        )
    for other in sorted(set(digits) - {kept}):
        reason = f"products of {other} digits" if other else "all products (TOTAL)"
        bad = digits == other
        frame, digits = set_aside(frame, bad, reason, aside), digits[~bad].reset_index(drop=True)
    return frame


@dataclass(frozen=True)
class _Side:
    """How one side's codes were labelled."""

    side: str
    residual: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _label(frame: pd.DataFrame, column: str, side: str, labels: CountryLabels) -> _Side:
    """Replace country codes by labels in place; notes list the codes of no country of today."""
    if not column.endswith("Code"):
        left = tuple(residuals(frame[column].unique()))
        return _Side(side, left)
    codes = frame[column]
    own, name = f"{side}ISO" if labels == "iso3" else f"{side}Desc", f"{side}Desc"
    files = [
        {k: str(x).strip() for k, x in zip(codes, frame[c], strict=True)} if c in frame else {}
        for c in (own, name)
    ]
    made = country_labels(codes.unique(), labels, others=files[0], names=files[1])
    unknown = [c for c in made.unknown if c not in WORLD]
    said = left_over(codes, frame[VALUE], made.residual)
    notes = (
        [f"{side} codes of no country: {', '.join(unknown)}" + (f" ({said})" if said else "")]
        if unknown
        else []
    )
    notes += [f"{side} {note}" for note in made.notes]
    frame[column] = codes.map(dict(made.labels)).astype("str")
    left = tuple(made.labels[c] for c in made.residual)
    return _Side(side, left, tuple(made.alike()), tuple(notes))


def _left_out(
    kept: pd.DataFrame, given: Mapping[str, Collection[object] | str], sides: tuple[str, str], aside: Aside
) -> pd.DataFrame:
    """The rows without those that the caller leaves out, by column or role."""
    roles = dict(zip(("exporter", "market", "product"), (*sides, "cmdCode"), strict=True))
    for name, labels in given.items():
        column = roles.get(name, name)
        for label in [labels] if isinstance(labels, str) else map(str, labels):
            kept = set_aside(kept, _has(kept, column, label), f"{column} {label}", aside)
    return kept


def _has(frame: pd.DataFrame, column: str, label: str) -> pd.Series[bool]:
    if column not in frame:
        raise UnknownName(said("column of leave_out="), column, list(frame.columns))
    found = frame[column].astype(str) == label
    if not found.any():
        raise UnknownName(
            said("label in column {column} to leave out", column=repr(column)),
            label,
            map(str, frame[column].unique()),
        )
    return found


def _notes(frame: pd.DataFrame) -> list[str]:
    if "classificationCode" not in frame:
        return []
    return [f"classification {', '.join(sorted(frame['classificationCode'].unique()))}"]


def _product_names(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    if "cmdDesc" not in frame:
        return {}
    names = frame[["cmdCode", "cmdDesc"]].drop_duplicates()
    return {"product": names.sort_values(["cmdCode", "cmdDesc"]).reset_index(drop=True)}


# Telling a download by its header.


def is_comtrade(path: str) -> bool:
    """Whether the first file found at `path` has the columns of UN Comtrade."""
    first = find(path, (*TEXT, *JSON))[0]
    name = first.name.lower()
    if name.endswith(JSON):
        return {*REQUIRED} <= set(record_table(first).header)
    return name.endswith(TEXT) and {*REQUIRED} <= set(
        text_table(first, ("utf-8", "cp1252", "gb18030")).header
    )
