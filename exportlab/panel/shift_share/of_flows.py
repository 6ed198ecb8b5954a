"""Shares and shocks from two tables of flows: what units sold at a base period, and how the world grew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError
from exportlab.flow_table import Flows, require
from exportlab.frames import Array, collect
from exportlab.options import Label
from exportlab.panel.shift_share.exposure import Exposure, Names, read_exposure
from exportlab.periods import Lag

Growth: TypeAlias = Literal["relative", "log", "midpoint"]
LeaveOut: TypeAlias = Literal["none", "units", "own"]
NOTHING = 1e-9  # of the world's trade in a sector: what rounding leaves after all of it is taken out


@dataclass(frozen=True)
class Span:
    """The base of the shares, and from when to when the world's growth is taken."""

    base: Label
    until: Label | None
    lag: Lag
    growth: Growth
    leave_out: LeaveOut


@dataclass(frozen=True, eq=False)
class Trade:
    """The flows of the units, those of the world, and what is asked of them."""

    units: Flows
    world: Flows
    names: Names
    span: Span


def flows_exposure(data: pd.DataFrame, trade: Trade) -> Exposure:
    """Exposure of the table's rows: units' shares of sectors at the base, and the world's growth of each sector."""
    units, names, span = trade.units, trade.names, trade.span
    _refuse_unfit(trade)
    base = _cells(units, (names.unit, names.sector), span.base)
    total = base.groupby(names.unit, sort=False)["value"].transform("sum")
    shares = base[base["value"] > 0].assign(**{names.share: base["value"] / total})
    known = set(data[names.unit])
    shares = shares[shares[names.unit].isin(known)].drop(columns="value")
    steps = _steps(data, trade)
    needed = list(dict.fromkeys(shares[names.sector]))
    first = {t: _world(trade, step[0]) for t, step in steps.items()}
    last = {t: _world(trade, step[1]) for t, step in steps.items()}
    made = [_grown(first[t], last[t], needed, span.growth, names).assign(_t=t) for t in steps]
    shocks = pd.concat(made, ignore_index=True)
    shocks = shocks.rename(columns={"_t": names.period}) if names.period else shocks.drop(columns="_t")
    found = read_exposure(data, shares, shocks, names)
    if span.leave_out != "own":
        return found
    return replace(found, common=False, given=_own(found, data, trade))


def _refuse_unfit(trade: Trade) -> None:
    """Refuse flows without the roles that are asked for, and the taking of one money from another."""
    units, world, names, span = trade.units, trade.world, trade.names, trade.span
    for flows, roles in ((units, ("period", names.unit, names.sector)), (world, ("period", names.sector))):
        require(flows, "shift_share_design")
        lacking = [r for r in roles if r not in flows.identity]
        if lacking:
            raise DataError(
                f"the flows have no {lacking[0]}",
                "unit= and sector= name roles of both tables of flows (exporter, product, market); only the units' "
                "own table needs the first.",
            )
    if span.leave_out != "none" and units.unit != world.unit:
        raise OptionError(
            f"the units' flows are in {units.unit!r} and the world's in {world.unit!r}: leave_out={span.leave_out!r} "
            "takes the one from the other. Bring both to one unit."
        )


def _cells(flows: Flows, roles: tuple[str, ...], period: Label) -> pd.DataFrame:
    """Value by roles in one period."""
    key = flows.find("period", period)
    made = collect(flows.cells("period", *roles))
    rows = {c: made[c].to_list() for c in ("period", *roles, "value")}
    table = pd.DataFrame({c: pd.Series(v, dtype=None if c == "value" else object) for c, v in rows.items()})
    return table[[p == key for p in table["period"]]].drop(columns="period").reset_index(drop=True)


def _steps(data: pd.DataFrame, trade: Trade) -> dict[Any, tuple[Label, Label]]:
    """From when to when the world's growth is taken: for all rows, or for those of each period."""
    world, names, span = trade.world, trade.names, trade.span
    if names.period is None:
        if span.until is None:
            raise OptionError("Flows without period= need until=: the world's growth is from base to until.")
        return {None: (span.base, span.until)}
    if span.until is not None:
        raise OptionError("until= belongs to designs without period=; with periods growth is over lag=.")
    after = world.calendar.followers(world.members("period"), span.lag)
    before = {end: start for start, end in after.items()}
    out = {}
    for label in dict.fromkeys(data[names.period]):
        key = world.find("period", label)
        if key not in before:
            raise DataError(
                f"the world's flows have no period before {label} by lag={span.lag!r}",
                "Growth is over lag=: add periods to the world's flows, or leave such rows out of the table.",
            )
        out[label] = (before[key], key)
    return out


def _world(trade: Trade, period: Label) -> Mapping[Any, float]:
    """The world's trade by sector, less that of the units where it is left out."""
    units, names = trade.units, trade.names
    cells = _cells(trade.world, (names.sector,), period)
    total = dict(zip(cells[names.sector], cells["value"], strict=True))
    if trade.span.leave_out != "units":
        return total
    cells = _cells(units, (names.sector,), period)
    own = dict(zip(cells[names.sector], cells["value"], strict=True))
    return {s: _less(total, s, own.get(s, 0.0)) for s in total}


def _less(total: Mapping[Any, float], sector: Any, own: float) -> float:
    """The rest of the world in a sector."""
    left = total.get(sector, 0.0) - own
    if left < -NOTHING * own:
        raise DataError(
            f"the units sell more of {sector} than the whole world ({own:g} of {total.get(sector, 0.0):g})",
            "leave_out= takes them out of the world's flows, which must hold them: check units of money and coverage.",
        )
    return left if left > NOTHING * own else 0.0


def _grown(
    first: Mapping[Any, float], last: Mapping[Any, float], sectors: list[Any], growth: Growth, names: Names
) -> pd.DataFrame:
    """The world's growth of each sector that some unit had at the base."""
    a = np.array([first.get(s, 0.0) for s in sectors])
    b = np.array([last.get(s, 0.0) for s in sectors])
    return pd.DataFrame(
        {names.sector: pd.Series(sectors, dtype=object), names.shock: rates(a, b, growth, sectors)}
    )


def rates(a: Array, b: Array, growth: Growth, sectors: list[Any]) -> Array:
    """(b - a)/a, ln b - ln a, or 2 (b - a)/(a + b)."""
    bad = {"relative": a <= 0, "log": (a <= 0) | (b <= 0), "midpoint": a + b <= 0}[growth]
    if bad.any():
        raise DataError(
            f"the world trades nothing of {int(bad.sum()):,} sectors at one end of its growth",
            "growth='midpoint' takes one that starts or ends at zero; sectors that only the units trade have no shock: "
            "leave them out of the flows.",
            first=str(sectors[int(bad.argmax())]),
        )
    if growth == "log":
        return np.asarray(np.log(b) - np.log(a))
    return np.asarray((b - a) / a if growth == "relative" else 2 * (b - a) / (a + b))


def _own(found: Exposure, data: pd.DataFrame, trade: Trade) -> Array:
    """Exposure (n,) where each unit's shocks are the growth of the rest of the world, itself left out."""
    units, names = trade.units, trade.names
    x = np.zeros(len(data))
    sectors = found.shocks[names.sector].to_numpy(object)
    for label, step in _steps(data, trade).items():
        ends = [_world(trade, p) for p in step]
        cells = [_cells(units, (names.unit, names.sector), p) for p in step]
        mine = [c.set_index([names.unit, names.sector])["value"].to_dict() for c in cells]
        here = np.arange(len(data)) if names.period is None else np.flatnonzero(data[names.period] == label)
        for row in here:
            unit = data[names.unit].iloc[row]
            held = np.flatnonzero(found.W[row])
            a, b = (
                np.array([_less(total, s, own.get((unit, s), 0.0)) for s in sectors[held]])
                for total, own in zip(ends, mine, strict=True)
            )
            x[row] = found.W[row, held] @ rates(a, b, trade.span.growth, list(sectors[held]))
    return x
