"""Figures that checks compare with: other claims of the paper, or rows of the embedded data sets."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from importlib.resources import files
from typing import Any

from exportlab.claims.intervals import COUNTED, UNSAID, Interval, point, rounded, unit
from exportlab.claims.records import Claim
from exportlab.errors import DataError, UnknownName
from exportlab.words import Said, counted, said

Row = Mapping[str, str]


@dataclass(frozen=True)
class Operand:
    """A figure with its interval in base units, and where it is from: a source, or another claim by its id."""

    interval: Interval
    dimension: str
    text: Said
    source: str = ""
    claim: str = ""

    @property
    def outside(self) -> bool:
        """Whether it is a published figure and not the paper's own."""
        return not self.claim

    @property
    def origin(self) -> Said:
        """Its source, or the claim it is."""
        return said("claim {id}", id=self.claim) if self.claim else said(self.source)


@cache
def rows(dataset: str) -> tuple[Row, ...]:
    """The rows of an embedded data set as printed text, so that a figure keeps its digits."""
    folder = files("exportlab.datasets")
    file = folder / f"{dataset}.csv"
    known = [p.name[:-4] for p in folder.iterdir() if p.name.endswith(".csv")]
    if dataset not in known:
        raise UnknownName(said("data set"), dataset, known)
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
        raise DataError(
            said("{dataset} has no column {absent}", dataset=dataset, absent=repr(absent[0])),
            said("It has: {names}.", names=", ".join(table[0])),
        )
    found = [r for r in table if all(r[c] == str(v) for c, v in where.items())]
    if len(found) != 1:
        raise DataError(
            said("a query of {dataset} must find one row, not {n}", dataset=dataset, n=len(found)),
            said("Add columns to `where`, or correct them."),
            first=str(dict(where)),
        )
    row = found[0]
    if not row[column]:
        raise DataError(
            said("{dataset} prints no {column} in the row of a query", dataset=dataset, column=column),
            said("Ask for another column or row."),
        )
    named = "%" if column.endswith("_pct") else row["unit"]
    dimension, factor = unit(named)
    exact = dimension in ("year", "rank", *COUNTED)
    value = point(float(row[column])) if exact else rounded(row[column])
    name = reduce(_beside, (said(str(v)) for c, v in where.items() if c != "unit" and v))
    shown = counted(said(row[column]), "" if dimension in UNSAID else named)
    text = said("{name}: {figure}", name=name, figure=shown)
    return Operand(value * point(factor), dimension, text, row["source"])


def _beside(a: Said, b: Said) -> Said:
    return said("{a} {b}", a=a, b=b)


@dataclass(frozen=True)
class Context:
    """All claims of the papers that are checked together."""

    claims: Mapping[str, Claim]

    def operand(self, ref: str | Mapping[str, Any]) -> Operand:
        """Another claim by its id, or a row: ``{dataset = ..., where = {...}}``, with ``column``."""
        if isinstance(ref, str):
            if ref not in self.claims:
                raise UnknownName(said("claim"), ref, self.claims)
            claim = self.claims[ref]
            interval, dimension = claim.base
            return Operand(interval, dimension, claim.figure, claim=claim.id)
        return figure(ref["dataset"], ref["where"], ref.get("column", "value"))

    def limits(self, claim: Claim, within: Any) -> list[Operand | None]:
        """The two ends of ``within = [low, high]``; None for an end left open by ""."""
        if not isinstance(within, list) or len(within) != 2:
            raise DataError(
                said("`within` of {id} is no pair", id=repr(claim.id)),
                said('It is [low, high]; "" leaves an end open.'),
            )
        return [self.operand(w) if w else None for w in within]
