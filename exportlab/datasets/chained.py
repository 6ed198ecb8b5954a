"""Printed growth against printed levels: which rows may be chained to those of the year before."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from exportlab.datasets.tables import about, names
from exportlab.errors import one_of

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, str]
HOLDS, BROKEN, ALONE = "holds", "broken", ""
_YEAR = re.compile(r"\d{4}")
_FIGURES = ("value", "yoy_pct", "share_pct", "rank", "source", "source_kind", "published", "note", "chain")
_WHEN = ("year", "period", "start", "end")


def span(text: str) -> tuple[Fraction, Fraction]:
    """What a printed number was rounded from; zeros that end a whole number are not counted as digits."""
    decimals = len(text.partition(".")[2])
    trailing = 0 if "." in text else len(text) - len(text.rstrip("0"))
    half = Fraction(10) ** (trailing - decimals) / 2
    return Fraction(text) - half, Fraction(text) + half


def linked(rows: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    """Rows that print a growth rate, each with the row of the same series that has the level a year before."""
    table = list(rows)
    levels = {(_series(r), r["year"], r["period"]): r for r in table if r["value"]}
    for row in table:
        if row["value"] and row["yoy_pct"] and _YEAR.fullmatch(row["year"]):
            before = levels.get((_series(row), str(int(row["year"]) - 1), row["period"]))
            if before is not None:
                yield row, before


def _series(row: Row) -> tuple[tuple[str, str], ...]:
    return tuple((c, v) for c, v in row.items() if c not in (*_FIGURES, *_WHEN))


def growth(row: Row, before: Row) -> tuple[float, float]:
    """The least and the most growth in per cent that two printed levels allow."""
    (a, b), (c, d) = span(row["value"]), span(before["value"])
    return float(100 * (a / d - 1)), float(100 * (b / c - 1))


def holds(row: Row, before: Row) -> bool:
    """Whether the printed growth can follow from the printed levels."""
    low, high = growth(row, before)
    a, b = (float(x) for x in span(row["yoy_pct"]))
    return low <= b and a <= high


def marked(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows with `chain`: "holds", "broken", or empty where no level of the year before is there."""
    found = {id(row): HOLDS if holds(row, before) else BROKEN for row, before in linked(rows)}
    return [row | {"chain": found.get(id(row), ALONE)} for row in rows]


def chains(name: str) -> pd.DataFrame:
    """Printed growth beside the growth of printed levels, for every row of a data set that has both.

    Returns
    -------
    DataFrame
        One row a printed growth rate whose level of the year before is printed too: the series' columns, `year`,
        `period`, `value`, `before`, `printed` (per cent), `low` and `high` (what the digits of the two levels
        allow) and `chain`: "holds", or "broken" where the printed growth does not follow from the levels. Then the
        base was revised since it was printed, or the two count differently: such levels are not chained.

    Raises
    ------
    OptionError
        If there is no such data set, or its rows print no growth.
    """
    import pandas as pd

    one_of("name", name, [n for n in names() if "yoy_pct" in about(n).columns])
    text = (files(__package__) / f"{name}.csv").read_text(encoding="utf-8")
    made: list[dict[str, Any]] = []
    for row, before in linked(list(csv.DictReader(text.splitlines()))):
        low, high = growth(row, before)
        figures = {"value": float(row["value"]), "before": float(before["value"])}
        figures |= {"printed": float(row["yoy_pct"]), "low": low, "high": high}
        made.append(dict(_series(row)) | {c: row[c] for c in _WHEN} | figures | {"chain": row["chain"]})
    return pd.DataFrame(made)
