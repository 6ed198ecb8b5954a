"""The rows of a spatial regression: complete, in the order of the weights, without their effects when asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from exportlab.columns import refuse_no_ids
from exportlab.errors import DataError, OptionError
from exportlab.frames import Codes, to_pandas
from exportlab.panel.algebra.absorb import refuse_collinear
from exportlab.panel.algebra.levels import Effects
from exportlab.panel.regression.effects import ordered_codes, panel_design
from exportlab.panel.regression.formula import Design, Roles, design
from exportlab.space.spatial_fit import Rows, transformed
from exportlab.space.spatial_weights import SpatialWeights

Ways: TypeAlias = Literal["unit", "period", "two-way"]
Transformation: TypeAlias = Literal["lee-yu", "within"]


@dataclass(frozen=True, eq=False)
class Placed:
    """A design whose rows stand period by period in the order of the weights, lags of regressors beside them."""

    d: Design
    rows: Rows
    lagged: tuple[str, ...]  # regressors whose lags are regressors too
    effects: Ways | None = None
    transformation: Transformation | None = None

    def ready(self) -> Rows:
        """The rows without their effects."""
        if self.effects is None:
            return self.rows
        return transformed(
            self.rows,
            units=self.effects != "period",
            periods=self.effects != "unit",
            orthonormal=self.transformation == "lee-yu",
        )


def placed_rows(
    table: Any,
    formula: str,
    weights: SpatialWeights,
    *,
    unit: str,
    period: str | None = None,
    effects: Ways = "unit",
    lags: bool = False,
) -> Placed:
    """The design of a table of units, or of units and periods (whose effects go out by means)."""
    if period is None:
        d = design(to_pandas(table), formula, Roles(also=[unit], whole=True))
        return _placed(_once(d, unit), unit, None, weights, lags=lags)
    names = {"unit": [unit], "period": [period], "two-way": [unit, period]}[effects]
    d = panel_design(
        table, formula, unit, period, Roles({n: [n] for n in names}, whole=True), missing="refuse"
    )
    placed = _placed(d, unit, period, weights, lags=lags)
    return replace(placed, effects=effects, transformation="within")


def _once(d: Design, unit: str) -> Design:
    refuse_no_ids(d.data, [unit])
    again = d.data[unit].duplicated()
    if again.any():
        raise DataError(
            f"The same {unit} twice",
            "Give one row a unit; of several periods take spatial_panel.",
            rows=int(again.sum()),
            first=str(d.data.loc[again, unit].iloc[0]),
        )
    return d


def _placed(d: Design, unit: str, period: str | None, weights: SpatialWeights, *, lags: bool) -> Placed:
    """The rows in order, complete, with the lags that the model has."""
    weights.aligned(list(dict.fromkeys(d.data[unit])))  # refuses units too many or too few
    places = {label: i for i, label in enumerate(weights.labels)}
    place = d.data[unit].map(places).to_numpy().astype(np.int64)
    when = np.zeros(len(d.y), np.int64) if period is None else ordered_codes(d.data[period])
    _refuse_gaps(d, place, when, (unit, period))
    order = np.lexsort((place, when))
    e = d.effects
    ordered = Effects(e.names, tuple(c[order] for c in e.codes), e.sizes)
    d = replace(d, data=d.data.iloc[order], y=d.y[order], x=d.x[order], effects=ordered)
    rows = Rows(d.y, d.x, weights.w)
    own = [j for j, name in enumerate(d.names) if name != "Intercept"]
    if lags and not own:
        raise OptionError("There is no regressor to take a lag of: take model='sar' or 'sem'.")
    lagged = tuple(d.names[j] for j in own) if lags else ()
    if lags:
        names = (*d.names, *(f"W {name}" for name in lagged))
        d = replace(d, x=np.column_stack([d.x, rows.lag(d.x[:, own])]), names=names)
    refuse_collinear(d, np.ones(len(d.y)))
    return Placed(d, Rows(d.y, d.x, weights.w), lagged)


def _refuse_gaps(d: Design, place: Codes, when: Codes, named: tuple[str, str | None]) -> None:
    """Refuse a panel that lacks a unit in a period: its neighbours' lags would be others."""
    N, T = int(place.max()) + 1, int(when.max()) + 1
    if len(place) == N * T:
        return
    there = np.zeros((N, T), bool)
    there[place, when] = True
    i, t = np.argwhere(~there)[0]
    unit, period = named
    raise DataError(
        f"{N * T - len(place):,} of {N:,} units times {T:,} periods have no row",
        "A lag over space needs every neighbour in every period: fill the gaps, or keep complete periods.",
        first=f"{unit} {d.data[unit].iloc[int((place == i).argmax())]}, "
        f"{period} {d.data[period].iloc[int((when == t).argmax())]}",
    )
