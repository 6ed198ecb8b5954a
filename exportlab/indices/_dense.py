"""Aggregated cells as dense matrices, one a period, and results back as tables: for the indices of pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.arrays import Array
from exportlab.errors import OptionError
from exportlab.flows import Flows
from exportlab.frames import collect


@dataclass(frozen=True, eq=False)
class Block:
    """The values of one group (a period): units in rows, members in columns."""

    group: tuple[Any, ...]
    units: tuple[Any, ...]
    members: tuple[Any, ...]
    values: Array

    @property
    def shares(self) -> Array:
        """Each row over its sum; NaN where a unit has nothing."""
        return over_sum(self.values, axis=1)


def over_sum(values: Array, axis: int | None = None) -> Array:
    """Shares along an axis (of the whole by default), NaN where the sum is zero."""
    whole = values.sum(axis=axis, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):  # nothing has no shares: a documented NaN
        return np.where(whole > 0, values / whole, np.nan)


def blocks(flows: Flows, unit: str, members: Sequence[str], groups: Sequence[str]) -> Iterator[Block]:
    """One block for each group, all with the members of the whole table that carry a value."""
    keys = (*groups, unit, *members)
    cells = collect(flows.cells(*keys))
    labels = [_labels(cells, (c,)) for c in (unit, *groups)]
    columns = _labels(cells, tuple(members))
    where = {m: i for i, m in enumerate(sorted(set(columns)))}
    position = np.array([where[m] for m in columns], dtype=np.intp)
    value = cells["value"].to_numpy()
    group = list(zip(*labels[1:], strict=True)) if groups else [()] * len(value)
    rows: dict[tuple[Any, ...], list[int]] = {}
    for i, g in enumerate(group):
        rows.setdefault(g, []).append(i)
    for g in sorted(rows):
        units = sorted({labels[0][i] for i in rows[g]})
        line = {u: i for i, u in enumerate(units)}
        index = np.array(rows[g], dtype=np.intp)
        dense = np.zeros((len(units), len(where)))
        dense[[line[labels[0][i]] for i in rows[g]], position[index]] = value[index]
        yield Block(g, tuple(units), tuple(where), dense)


def _labels(cells: nw.DataFrame[Any], columns: tuple[str, ...]) -> list[Any]:
    lists = [cells[c].to_list() for c in columns]
    return lists[0] if len(lists) == 1 else list(zip(*lists, strict=True))


def like(flows: Flows, columns: Mapping[str, Iterable[Any]], names: Mapping[str, str] | None = None) -> Any:
    """A table of the caller's own eager type (pandas for DuckDB and Spark), in the caller's column names."""
    implementation = flows.frame.implementation
    eager = implementation.is_pandas() or implementation.is_polars() or implementation.is_pyarrow()
    own = {**flows.roles, **(names or {})}
    data = {
        own.get(c, c): [flows.said(p) for p in v] if c == "period" else list(v) for c, v in columns.items()
    }
    if len(set(data)) != len(columns):
        raise OptionError(f"Two columns of the result have one name: {[own.get(c, c) for c in columns]}.")
    backend = implementation if eager else "pandas"
    return nw.from_dict(data, backend=backend).to_native()
