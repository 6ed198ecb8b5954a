"""China customs: the CSV files of the online query of the General Administration of Customs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from exportlab.classifications import residuals
from exportlab.classifications.nomenclatures import read_codes
from exportlab.errors import DataError, OptionError, one_of
from exportlab.files.delimited import TextTable, bad_field, columns, same_columns, text_table
from exportlab.files.paths import ENCODINGS, TEXT, Paths, find, progress_over
from exportlab.files.texts import Texts
from exportlab.flow_table import ROLES
from exportlab.flows import flows
from exportlab.goods import ZeroQuantity
from exportlab.places import Places
from exportlab.readers.account import ReadFlows, Reading, stack_columns, with_account
from exportlab.readers.country_labels import left_over, period_label
from exportlab.readers.parents import Aside, mended_codes, product_branches, split
from exportlab.words import N_, Said, said

if TYPE_CHECKING:
    import pandas as pd

PERIOD, PRODUCT, PRODUCT_NAME = "数据年月", "商品编码", "商品名称"
MARKET, MARKET_CODE = "贸易伙伴名称", "贸易伙伴编码"
REGIME, PLACE, QUANTITY, QUANTITY_UNIT = "贸易方式名称", "注册地名称", "第一数量", "第一计量单位"
MONEY = {"CNY": "人民币", "USD": "美元"}
UNKNOWN_QUANTITY = frozenset({"", "-"})


def read_gacc(
    paths: Paths,
    *,
    exporter: str | None = None,
    period: str | None = None,
    unit: Literal["CNY", "USD"] | None = None,
    aggregate: Literal["sum"] | None = None,
    digits: int | None = None,
    zero_quantity: ZeroQuantity = "unknown",
    labels: Places = "as written",
    encoding: str = "auto",
    source: str | None = None,
    progress: bool = True,
) -> ReadFlows:
    """Read downloads of the online query of China's customs.

    Period is 数据年月 (written YYYY-MM), exporter 注册地名称, market 贸易伙伴名称, product 商品编码, value
    人民币 or 美元, quantity 第一数量; the trade regime 贸易方式名称 is part of a cell's identity (`keys`).
    Columns may come in any order, numbers with thousands separators, lines with an empty last column.
    Goods that return to China (partner 中国) stay in, under that name. Codes that equal the sum of their parts go
    aside, in `reading`; what a parent is worth beyond its parts stays as one member, '84 (rest)'.

    Parameters
    ----------
    paths : path, glob, folder, or a sequence of them
        All files must have the same of these columns and the same currency.
    exporter : str, optional
        The place the query was for, where the files have no column 注册地名称.
    period : str, optional
        The period the query was for ("2023"), where it was not broken down by month and has no 数据年月.
    unit : {"CNY", "USD"}, optional
        Which to read where the files have both 人民币 and 美元.
    aggregate : "sum", optional
        Add up rows of one cell; without it they are refused, as downloads that overlap make them.
    digits : int, optional
        How many digits the finest codes have, where they lost zeros in a spreadsheet ('1012100').
    zero_quantity : {"unknown", "zero"}
        As in `flows`.
    labels : {"as written", "iso3"}, optional
        As in `flows`. Partners that are left over (亚洲其他国家(地区), 国(地)别不详) are marked so, by their code where
        the files have it; their rows and share are noted.
    encoding : str, optional
        "auto" tells UTF-8 (with or without byte-order mark) from GB18030.
    source : str, optional
        Default: the query's name and the number of files.
    progress : bool, optional
        Show a bar on terminals.

    Returns
    -------
    ReadFlows
        On a pandas frame. `reading.labels["product"]` has the product names, `reading.labels["quantity"]` the
        unit of each code's quantity.

    Raises
    ------
    DataError
        A malformed file (file, line, column, text), a column missing in a file, CNY beside USD, no rows, and
        all the door refuses.

    Examples
    --------
    >>> flows = xl.read_gacc("downloads/*.csv")  # doctest: +SKIP
    >>> flows = xl.read_gacc("liaoning.csv", exporter="辽宁省")  # doctest: +SKIP
    """
    files = find(paths, TEXT)
    tables = [text_table(f, ENCODINGS if encoding == "auto" else (encoding,)) for f in files]
    currency, money = _money(tables, unit)
    wanted = _wanted(tables, money, period)
    numeric = {money: frozenset[str](), QUANTITY: UNKNOWN_QUANTITY}
    with progress_over(files, "Reading customs files", shown=progress) as advance:
        parts = [columns(t, wanted, numeric=numeric, advance=advance) for t in tables]
    _refuse_no_rows(tables, parts, money)
    for table, part in zip(tables, parts, strict=True):
        if PERIOD in part:
            part[PERIOD] = _periods(table, part[PERIOD])
        _refuse_blank(table, part, [n for n in (PRODUCT, MARKET, PLACE, REGIME) if n in part])
    frame = stack_columns(parts)
    _constant(frame, PLACE, "exporter", exporter)
    _constant(frame, PERIOD, "period", period)
    left, apart = _left_over(frame, money)
    names, quantity_unit = _labels(frame)
    aside: Aside = {}
    count = len(frame)
    frame, levels = _finest(frame, money, digits, aside)
    roles: dict[str, Any] = dict(zip(ROLES, (PERIOD, PLACE, MARKET, PRODUCT, money, QUANTITY), strict=True))
    origin = _origin(len(files))
    made = flows(
        frame,
        **{role: c for role, c in roles.items() if c in frame},
        unit=currency,
        quantity_unit=quantity_unit,
        keys=[REGIME] if REGIME in frame else [],
        aggregate=aggregate,
        nomenclature="HS" if PRODUCT in frame else None,
        zero_quantity=zero_quantity,
        labels=labels,
        residual=left,
        source=source or str(origin),
    )
    absent = [c for c in (MARKET, PRODUCT) if c not in frame]
    notes = (*(f"the query was not broken down by {name}" for name in absent[:1]), *apart, *levels)
    reading = Reading(tuple(files), count, money, currency, aside, labels=names, notes=notes, source=origin)
    return with_account(made, reading)


def _origin(files: int) -> Said:
    """Where downloads are from."""
    number = f"{files:,}"
    if files == 1:
        return said("China Customs online query, {n} file", n=number)
    return said("China Customs online query, {n} files", n=number)


def _money(tables: Sequence[TextTable], unit: str | None) -> tuple[str, str]:
    """The currency and its column; refuses files of different currencies."""
    if unit is not None:
        one_of("unit", unit, MONEY)
        return unit, MONEY[unit]
    found = {code: [t.path for t in tables if column in t.header] for code, column in MONEY.items()}
    if found["CNY"] and found["USD"]:
        both = set(found["CNY"]) & set(found["USD"])
        if both == {t.path for t in tables}:
            raise OptionError(said("The files have both 人民币 and 美元: say unit='CNY' or unit='USD'."))
        raise DataError(
            said(
                "CNY beside USD: {n} files have 人民币, {n2} have 美元",
                n=f"{len(found['CNY']):,}",
                n2=f"{len(found['USD']):,}",
            ),
            said("Money of different units does not add up: read each currency by itself."),
            first=said(
                "{cny} (CNY) beside {usd} (USD)",
                cny=repr(str(found["CNY"][0])),
                usd=repr(str(found["USD"][0])),
            ),
        )
    if not found["CNY"] and not found["USD"]:
        raise DataError(
            said("file {path} has no column 人民币 or 美元", path=repr(str(tables[0].path))),
            said(
                "It has: {columns}. If these look garbled, say encoding=...",
                columns=[c for c in tables[0].header if c],
            ),
        )
    return next((code, MONEY[code]) for code in MONEY if found[code])


def _wanted(tables: Sequence[TextTable], money: str, period: str | None) -> list[str]:
    """The columns to read: a query may leave out a breakdown, but then in all files, code and name alike."""
    required = [money]
    if period is None:
        required.append(PERIOD)
    for name, beside in ((PRODUCT, PRODUCT_NAME), (MARKET, MARKET_CODE)):
        if any(beside in t.header for t in tables):
            required.append(name)
    if not any(c in t.header for t in tables for c in (PRODUCT, MARKET)):
        required += [PRODUCT, MARKET]
    return same_columns(
        tables,
        required,
        optional=[
            c
            for c in (
                PERIOD,
                PRODUCT,
                MARKET,
                PLACE,
                REGIME,
                PRODUCT_NAME,
                MARKET_CODE,
                QUANTITY,
                QUANTITY_UNIT,
            )
            if c not in required
        ],
    )


def _refuse_no_rows(tables: Sequence[TextTable], parts: Sequence[dict[str, Any]], money: str) -> None:
    for table, part in zip(tables, parts, strict=True):
        if not len(part[money]):
            raise DataError(
                said("file {path} has a header and no rows", path=repr(str(table.path))),
                said("The query found nothing, or the download was cut short: look at it again."),
            )


def _periods(table: TextTable, texts: Any) -> Texts:
    """YYYYMM to YYYY-MM; years stay."""
    known = {text: period_label(text) or "" for text in texts.labels}
    if "" in known.values():
        row, text = next((i, text) for i, text in enumerate(texts) if not known[text])
        raise bad_field(
            table,
            PERIOD,
            row,
            text,
            problem=said("neither a month nor a year"),
            remedy=said("Months are YYYYMM, years YYYY."),
        )
    made: Texts = texts.renamed(known)
    return made


def _refuse_blank(table: TextTable, part: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        if "" in part[name]:
            remedy = said("Every row needs its partner, code, regime and place.")
            raise bad_field(table, name, list(part[name]).index(""), "", problem=said("empty"), remedy=remedy)


def _constant(frame: pd.DataFrame, column: str, option: str, label: str | None) -> None:
    """Give `label` to files without `column`; where they have it, it must agree."""
    if label is None:
        return
    if column not in frame:
        frame[column] = np.full(len(frame), label, dtype=object)
        frame[column] = frame[column].astype("str")
        return
    named = sorted(frame[column].unique())
    if named != [label]:
        raise OptionError(
            said(
                N_(
                    "{option}={label} labels files without the column {column}; these have it, with {n} label "
                    "such as {named}. Leave {option}= out."
                )
                if len(named) == 1
                else N_(
                    "{option}={label} labels files without the column {column}; these have it, with {n} labels "
                    "such as {named}. Leave {option}= out."
                ),
                option=option,
                label=repr(label),
                column=repr(column),
                n=f"{len(named):,}",
                named=repr(named[0]),
            )
        )


def _finest(
    frame: pd.DataFrame, money: str, digits: int | None, aside: Aside
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The most detailed codes of each branch, by month, partner, regime and place."""
    if PRODUCT not in frame:
        return frame, ()
    mended_codes(frame, PRODUCT, "HS", digits)
    labels = list(frame[PRODUCT].unique())
    nested = product_branches(labels, read_codes(labels, "HS"))
    if nested is None:
        return frame, ()
    keys = [c for c in (PERIOD, PLACE, MARKET, REGIME) if c in frame]
    columns = {"role": PRODUCT, "value": money, "quantity": QUANTITY}
    why = {x: f"products of {len(c)} digits" if c else "all products" for x, c in nested.codes.items()}
    return split(frame, columns, keys, nested, aside=aside, reason=why)


def _left_over(frame: pd.DataFrame, money: str) -> tuple[list[str], list[str]]:
    """Partners that are left over, by code where the files have codes, else by name; and a note of them."""
    if MARKET not in frame:
        return [], []
    left = set(residuals(frame[MARKET].unique()))
    if MARKET_CODE in frame:
        codes = residuals(frame[MARKET_CODE].unique(), scheme="gacc")
        left |= set(frame[MARKET][frame[MARKET_CODE].isin(codes)])
        del frame[MARKET_CODE]
    names = sorted(left)
    told = left_over(frame[MARKET], frame[money], names)
    return names, [f"{', '.join(names)}: {told}"] if told else []


def _labels(frame: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], str | None]:
    """Product names and quantity units by code, taken out of the frame; and the unit of quantity, or its column."""
    labels, unit = {}, None
    for key, column in (("product", PRODUCT_NAME), ("quantity", QUANTITY_UNIT)):
        if column in frame and PRODUCT in frame:
            pairs = frame[[PRODUCT, column]].drop_duplicates()
            labels[key] = pairs.sort_values([PRODUCT, column]).reset_index(drop=True)
    if "quantity" in labels and QUANTITY in frame:
        units = sorted(set(labels["quantity"][QUANTITY_UNIT]) - {"", "-"})
        unit = units[0] if len(units) == 1 else QUANTITY_UNIT
    return labels, unit


# Telling a customs download by its header.


def is_gacc(path: str) -> bool:
    """Whether the first file found at `path` has the columns of the customs query."""
    first = find(path, TEXT)[0]
    if not first.name.lower().endswith(TEXT):
        return False
    return {PERIOD, PRODUCT, MARKET} <= set(text_table(first, ENCODINGS).header)


def names_places(path: str) -> bool:
    """Whether a customs download has the column of registration places."""
    return PLACE in text_table(find(path, TEXT)[0], ENCODINGS).header
