"""Labels of rows and columns, and long tables in the caller's own frame type and column names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.arrays import Array, Codes
from exportlab.errors import DataError
from exportlab.flows import Flows
from exportlab.frames import collect


@dataclass(frozen=True, eq=False)
class Cells:
    """Flows as codes: value number n lies in period `period[n]`, exporter `exporter[n]`, product `product[n]`."""

    flows: Flows
    names: Mapping[str, Sequence[Any]]
    period: Codes | None
    exporter: Codes
    product: Codes
    value: Array
    backend: Any

    def at(self, period: int) -> tuple[Codes, Codes, Array]:
        """Exporters, products and values of one period."""
        if self.period is None or len(self.names["period"]) == 1:
            return self.exporter, self.product, self.value
        here = self.period == period
        return self.exporter[here], self.product[here], self.value[here]

    def frame(self, columns: Mapping[str, Any]) -> Any:
        """A native table; the columns named after a role hold codes and become labels."""
        made = {}
        for name, column in columns.items():
            if name in self.names:
                made[name] = _take(name, self.names[name], column, self.backend)
            else:
                made[name] = nw.new_series(name, column, backend=self.backend)
        return self.flows.out(nw.from_dict(made, backend=self.backend), ())


def _take(name: str, labels: Sequence[Any], codes: Codes, backend: Any) -> nw.Series[Any]:
    taken = nw.new_series(name, list(labels), backend=backend)[np.asarray(codes)]
    if taken.implementation.is_pandas():  # forget the labels' own row numbers
        return nw.from_native(taken.to_native().reset_index(drop=True), series_only=True)
    return taken


def encode(flows: Flows, caller: str) -> Cells:
    """Sum the flows to period x exporter x product and number the labels in sorted order."""
    for role in ("exporter", "product"):
        if role not in flows.roles:
            raise DataError(
                f"{caller} needs the role {role!r}, which these flows do not have",
                f"Name its column at the door: xl.flows(table, {role}=..., ...).",
            )
    roles = [r for r in ("period", "exporter", "product") if r in flows.roles]
    frame = collect(flows.cells(*roles))
    coded = {r: _codes(frame[r]) for r in roles}
    return Cells(
        flows,
        {r: labels for r, (_, labels) in coded.items()},
        coded["period"][0] if "period" in coded else None,
        coded["exporter"][0],
        coded["product"][0],
        frame["value"].to_numpy().astype(float, copy=False),
        frame.implementation,
    )


def _codes(column: nw.Series[Any]) -> tuple[Codes, list[Any]]:
    import pandas as pd

    native = column.to_native() if column.implementation.is_pandas() else column.to_numpy()
    codes, labels = pd.factorize(native, sort=True)
    return codes, labels.tolist()


def long(rows: Codes, columns: Codes) -> tuple[Codes, Codes]:
    """Labels of a rows x columns matrix written out row after row."""
    return np.repeat(rows, len(columns)), np.tile(columns, len(rows))
