"""Figures that checks compare with: other claims of the paper, or rows of the embedded data sets."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from exportlab.claims.intervals import Interval, point, rounded
from exportlab.claims.records import Claim
from exportlab.claims.units import unit
from exportlab.errors import DataError, UnknownName

Row = Mapping[str, str]


@dataclass(frozen=True)
class Operand:
    """A figure with its interval in base units, and where it is from."""

    interval: Interval
    dimension: str
    text: str
    source: str
    outside: bool


@cache
def rows(dataset: str) -> tuple[Row, ...]:
    """The rows of an embedded data set as printed text, so that a figure keeps its digits."""
    folder = files("exportlab.datasets")
    file = folder / f"{dataset}.csv"
    if not file.is_file():
        known = [p.name[:-4] for p in folder.iterdir() if p.name.endswith(".csv")]
        raise UnknownName("data set", dataset, known)
    return tuple(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))


def figure(dataset: str, where: Mapping[str, Any], column: str = "value") -> Operand:
    """The figure in `column` of the one row of a data set that matches `where`.

    The unit is the row's, or per cent where the column's name ends in ``_pct``.

    Raises
    ------
    DataError
        If a column is not there, or not exactly one row matches.
    """
    table = rows(dataset)
    absent = [c for c in (*where, column) if c not in table[0]]
    if absent:
        raise DataError(f"{dataset} has no column {absent[0]!r}", f"It has: {', '.join(table[0])}.")
    found = [r for r in table if all(r[c] == str(v) for c, v in where.items())]
    if len(found) != 1:
        raise DataError(
            f"a query of {dataset} must find one row, not {len(found)}",
            "Add columns to `where`, or correct them.",
            first=str(dict(where)),
        )
    row = found[0]
    if not row[column]:
        raise DataError(
            f"{dataset} prints no {column} in the row of a query", "Ask for another column or row."
        )
    named = "%" if column.endswith("_pct") else row["unit"]
    dimension, factor = unit(named)
    exact = dimension in {"year", "cities"}
    value = point(float(row[column])) if exact else rounded(row[column])
    name = " ".join(str(v) for c, v in where.items() if c != "unit")
    shown = row[column] if dimension == "year" else f"{row[column]} {named}"
    return Operand(value * point(factor), dimension, f"{name}: {shown}", row["source"], True)


@dataclass(frozen=True)
class Context:
    """All claims of the papers that are checked together."""

    claims: Mapping[str, Claim]

    def operand(self, ref: str | Mapping[str, Any]) -> Operand:
        """Another claim by its id, or a row: ``{dataset = ..., where = {...}}``, with ``column``."""
        if isinstance(ref, str):
            if ref not in self.claims:
                raise UnknownName("claim", ref, self.claims)
            claim = self.claims[ref]
            interval, dimension = claim.base
            return Operand(interval, dimension, f"{claim.what}: {claim.claimed}", f"claim {claim.id}", False)
        return figure(ref["dataset"], ref["where"], ref.get("column", "value"))
