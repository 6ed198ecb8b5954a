"""Code that refusals show: the call with the columns' likely roles, and the line that leaves rows out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from exportlab.frames import Frame
from exportlab.text import visible
from exportlab.words import NOTHING, Said, said

ROLE_NAMES = ("period", "exporter", "market", "product", "value", "quantity")

# The first pattern that a header matches wins its role: codes before names of products, names before codes of markets.
_ROLES: dict[str, tuple[str, ...]] = {
    "period": (
        r"数据年月|年月|统计年份",
        r"^(ref(erence)?[ _]?)?(year|period|month|date|time|yr|yyyy(mm)?)s?$|^年份?$|^月份?$|年度|日期|时间",
        r"\b(year|month|period)\b",
    ),
    "value": (
        r"primaryvalue|fob ?value|出口额|出口总?值|人民币|美元|金额",
        r"\b(value|amount|usd|eur|cny|rmb|fob)\b|价值|额$",
        r"\bexports?\b|\btrade\b|^出口|^v$",
    ),
    "market": (
        r"伙伴名|伙伴$|^partners?$|\b(partner|market|destination|importer)( ?(country|name|desc))?$",
        r"目的地|目的国|产销国|伙伴|市场|\b(partner|importer|market|destination)",
        r"\bcountr(y|ies)\b|国家|国别|^j$",
    ),
    "exporter": (
        r"注册地名称|\b(exporter|reporter|province|region|state|city)( ?(name|desc))?$|省|地区|城市|出口国",
        r"\b(exporter|reporter|province|region)|注册地|货源地|^i$",
    ),
    "product": (
        r"商品编码|商品代号|\b(hs|sitc|isic|cpa|product|commodity|cmd|sector|industry)[ _]?(code|\d+)$|^hs\d*$|编码",
        r"\b(product|commodity|sector|industry|goods)\b|商品|产品|行业|部门|^k$",
    ),
}
_UNIT = re.compile(r"[(（\[]([^()（）\[\]]+)[)）\]]\s*$")
_PERIOD = re.compile(r"(?:19|20)\d\d(?:[-/.]?(?:0[1-9]|1[0-2])|年(?:\d{1,2}月)?)?")


def roles_of(columns: Sequence[str]) -> dict[str, str]:
    """Role to the column whose name sounds like it, each column once; and the unit that the value's name ends in."""
    found: dict[str, str] = {}
    bare = {c: _UNIT.sub("", c).replace("_", " ").strip().casefold() for c in columns}
    for role, patterns in _ROLES.items():
        free = [c for c in columns if c not in found.values()]
        fits = (c for p in patterns for c in free if re.search(p, bare[c]))
        if (column := next(fits, None)) is not None:
            found[role] = column
    order = ("period", "exporter", "market", "product", "value")
    unit = _UNIT.search(found.get("value", ""))
    return {r: found[r] for r in order if r in found} | ({"unit": unit[1].strip()} if unit else {})


def call(start: str, columns: Sequence[str]) -> str | None:
    """The call to make, from `start` such as ``xl.flows(table``; None where no column sounds like a value."""
    roles = roles_of(columns)
    if "value" not in roles:
        return None
    return ", ".join([start, *(f"{name}={text!r}" for name, text in roles.items())]) + ")"


# Names that leave no doubt, in a table whose roles nobody names.
_PLAIN = {
    role: frozenset(names.split("|"))
    for role, names in {
        "period": "year|years|month|date|quarter|yr|年份|年|月份|年月|数据年月|统计年份|统计年月|日期",
        "exporter": "reporter|reporter name|exporter name|exporting country|出口国|出口地",
        "market": "partner|partner name|importer|importing country|destination|贸易伙伴|贸易伙伴名称|伙伴|"
        "最终目的国(地区)名称|最终目的国(地区)|最终目的国|目的国|目的地|产销国名称",
        "product": "hs|hs2|hs4|hs6|hs8|hs10|hscode|hs code|sitc|commodity|cmdcode|product code|commodity code|"
        "商品编码|商品代号",
    }.items()
}


def plain(columns: Sequence[str]) -> dict[str, str]:
    """Role to the one column whose plain name leaves no doubt; a role that two columns could have has none."""
    bare = {c: re.sub(r"[_\s]+", " ", visible(c)).strip().casefold() for c in columns}
    fits = {role: [c for c in columns if bare[c] in names] for role, names in _PLAIN.items()}
    return {role: found[0] for role, found in fits.items() if len(found) == 1}


def with_plain(
    given: Mapping[str, str], columns: Sequence[str], further: Iterable[object] = ()
) -> dict[str, str]:
    """Role to column: as given, else the column of that very name; where no key has a role, by plain names."""
    taken = {*given.values(), *further}
    own = {r: c for r in ROLE_NAMES if r not in given for c in _called(r, columns) if c not in taken}
    found = {**given, **own}
    keyed = any(r not in ("value", "quantity") for r in found)
    if keyed or "value" not in found or any(x is not None for x in further):
        return found
    spare = [c for c in columns if isinstance(c, str) and c not in found.values()]
    return {**found, **plain(spare)}


def _called(role: str, columns: Sequence[str]) -> list[str]:
    """The column of a role's very name; else the one that looks so, such as one with a byte order mark before it."""
    if role in columns:
        return [role]
    alike = [c for c in columns if isinstance(c, str) and visible(c).strip() == role]
    return alike if len(alike) == 1 else []


def periods_across(columns: Sequence[str]) -> list[str]:
    """Columns that are periods by name: the table is wide, where flows have one row a cell."""
    across = [c for c in columns if _PERIOD.fullmatch(str(c))]
    return across if len(across) > 1 else []


def hint(start: str, name: str, columns: Sequence[str], *, frame: Frame | None = None) -> Said:
    """What to do about a column `name` that is not among `columns`; `start` begins the call of a reader or the door."""
    columns = list(map(str, columns))
    near = get_close_matches(name, columns, n=1, cutoff=0.75) or [
        c for c in columns if c.strip() == name.strip()
    ]
    if near:
        return said("Did you mean {name}?", name=repr(near[0]))
    across = periods_across(columns)
    if across:
        fixed = [c for c in columns if c and c not in across]
        roles = {r: c for r, c in roles_of(fixed).items() if r in ("exporter", "market", "product")}
        named = "".join(f", {role}={column!r}" for role, column in roles.items())
        call_of = (
            f"{start}, wide=True{named})"
            if frame is None
            else said(
                "{longer}, then {start}, period='period', value='value'{named})",
                longer=longer(frame, fixed, across),
                start=start,
                named=named,
            )
        )
        return said(
            "Its columns {first} ... {last} are periods; flows have one row a cell: {call}.",
            first=repr(across[0]),
            last=repr(across[-1]),
            call=call_of,
        )
    made = call(start, columns)
    return NOTHING if made is None else said("Perhaps: {call}.", call=made)


# The line of code that does on purpose what the door does not do by itself, in the words of the table's engine.


def without(frame: Frame, column: str, labels: Sequence[Any]) -> str:
    """Leave out the rows with these labels."""
    return f"table = {_rows(frame, column, labels, keep=False)}; in read_flows leave_out={{{column!r}: {list(labels)}}}"


def only(frame: Frame, column: str, labels: Sequence[Any]) -> str:
    """The rows with these labels."""
    return _rows(frame, column, labels, keep=True)


def _rows(frame: Frame, column: str, labels: Sequence[Any], *, keep: bool) -> str:
    listed, kind, no = list(labels), frame.implementation, "" if keep else "~"
    if kind.is_polars():
        return f"table.filter({no}pl.col({column!r}).is_in({listed}))"
    if kind.is_pyarrow():
        return f"table.filter({no}pc.field({column!r}).isin({listed}))"
    if kind.is_pandas_like():
        return f"table[{no}table[{column!r}].isin({listed})]"
    quote = "`" if kind.is_spark_like() else '"'
    texts = ", ".join("'" + str(x).replace("'", "''") + "'" for x in listed)
    among = "IN" if keep else "NOT IN"
    return f"table.filter({f'{quote}{column}{quote} {among} ({texts})'!r})"


def longer(frame: Frame, fixed: Sequence[str], across: Sequence[str]) -> str:
    """Make a table with periods in its columns one with a row a cell."""
    kind = frame.implementation
    if kind.is_polars():
        return f"table = table.unpivot(index={list(fixed)}, variable_name='period', value_name='value')"
    if kind.is_duckdb():
        names = ", ".join('"' + c.replace('"', '""') + '"' for c in across)
        return f"table = table.query('t', {f'UNPIVOT t ON {names} INTO NAME period VALUE value'!r})"
    if kind.is_spark_like():
        return f"table = table.unpivot({list(fixed)}, {list(across)}, 'period', 'value')"
    start = "table.to_pandas()" if kind.is_pyarrow() else "table"
    return f"table = {start}.melt({list(fixed)}, var_name='period', value_name='value').astype({{'period': str}})"


def known(frame: Frame, column: str) -> str:
    """Leave out the rows that have nothing in a column."""
    kind = frame.implementation
    if kind.is_polars():
        return f"table = table.drop_nulls({column!r})"
    if kind.is_pandas_like() or kind.is_spark_like():
        return f"table = table.dropna(subset=[{column!r}])"
    return f"rows where {column!r} is not null"


def iso(frame: Frame, column: str, frequency: str | None = None) -> str:
    """Write a column of periods in ISO forms."""
    said = f", frequency={frequency!r}" if frequency else ""
    forms, kind = f"xl.iso_periods(table, {column!r}{said})", frame.implementation
    if kind.is_polars():
        return f"table = table.with_columns(pl.col({column!r}).replace_strict({forms}))"
    if kind.is_duckdb():
        quoted = '"' + column.replace('"', '""') + '"'
        sql = f"* REPLACE (MAP %s[{quoted}] AS {quoted})"
        return f"table = table.project({sql!r} % {forms})"
    if kind.is_spark_like():
        return f"table = table.replace({forms}, subset=[{column!r}])"
    return f"table[{column!r}] = table[{column!r}].map({forms})"
