"""Rows as flows in every engine, and results of any engine as rows: what the tests of the families share."""

from __future__ import annotations

import math
from typing import Any

import engines
import narwhals.stable.v2 as nw
import pandas as pd

import exportlab as xl

ENGINES = tuple(engines.ENGINES)


def flows(table: list[dict[str, Any]], engine: str = "pandas", **options: Any) -> xl.Flows:
    """The rows through the door."""
    return xl.flows(engines.ENGINES[engine](pd.DataFrame(table)), **options)


def rows(result: Any) -> list[dict[str, Any]]:
    """A result of any engine as a list of dicts."""
    frame = nw.from_native(result)
    return list((frame.collect() if isinstance(frame, nw.LazyFrame) else frame).iter_rows(named=True))


def indexed(result: Any, *keys: str) -> dict[Any, dict[str, Any]]:
    """The result's rows by their keys."""
    made = rows(result)
    found = {tuple(r[k] for k in keys) if len(keys) > 1 else r[keys[0]]: r for r in made}
    assert len(found) == len(made)
    return found


def same(a: float, b: float, rel: float = 1e-12) -> bool:
    """Equal to the last digits, NaN with NaN."""
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=rel, abs_tol=1e-14)
