"""Fixed effects, multilateral resistances, predictions and residual potential of a gravity equation by PPML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.columns import in_time
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.frames import Array, Codes, Mask
from exportlab.options import validated
from exportlab.panel.algebra.absorb import Absorber
from exportlab.panel.algebra.levels import components
from exportlab.panel.regression.ppml import SEPARATED, SINGLETON

if TYPE_CHECKING:
    from exportlab.panel.regression.gravity_estimate import GravityModel

USED = "used"
EXACT = 1e-12  # relative residual to which effects are found


def predictions_of(model: GravityModel) -> pd.DataFrame:
    r"""Observed and fitted flow of every row without a gap.

    Returns
    -------
    pandas.DataFrame
        The columns of exporter, importer (, product, period), and ``observed, fitted, residual, status``. The fitted
        mean :math:`\hat\mu_{ijt}=\exp(\hat\pi_{it}+\hat\chi_{jt}+\hat\mu_{ij}+z_{ijt}'\hat\beta)` is in the unit of the
        flows. A separated row has mean zero, a row that is alone in an effect its own flow: `status` says which.
    """
    made = model.settled
    before, alone = made.before, ~(made.rows | made.separated)
    mean = np.where(alone, before.y, 0.0)
    mean[made.rows] = made.fit.mu
    table = before.data[list(model.roles.values())].copy()
    status = np.select([made.separated, alone], [SEPARATED, SINGLETON], USED)
    return table.assign(observed=before.y, fitted=mean, residual=before.y - mean, status=status)


@validated
def potential_of(model: GravityModel, by: Sequence[str] | None = None) -> pd.DataFrame:
    r"""Residual potential: what the equation expects of a flow beside what there is.

    .. math:: \frac{\sum X_{ijt}}{\sum \hat\mu_{ijt}}, \qquad \sum(\hat\mu_{ijt} - X_{ijt})

    Parameters
    ----------
    by : sequence of roles, optional
        From "exporter", "importer", "period", "product" as the data have them; by default all, which is every flow.

    Returns
    -------
    pandas.DataFrame
        ``observed, fitted, ratio, unrealised`` by group. A ratio above one is trade above what the equation expects
        (literature in Chinese calls it potential used up from 1.2 on, and great below 0.8).

    Notes
    -----
    Exporter-period effects make the residuals of an exporter's period sum to zero, importer-period effects those of
    an importer's: the ratio of a whole country is one whatever it trades, and pair effects make that of a pair over
    all periods one too. Residual potential is against the average of what the same countries do, and as often
    negative as positive; that of `exportlab.panel.frontier_gravity` is against best practice, never negative, and
    leaves noise out. Neither tells the other.
    """
    listed = list(model.roles if by is None else by)
    for role in listed:
        if role not in model.roles:
            raise UnknownName("role", role, list(model.roles))
    if not listed:
        raise OptionError("by=() is not allowed. Allowed: at least one role.")
    rows = predictions_of(model)
    columns = [model.roles[role] for role in listed]
    made = rows.groupby(columns, sort=False, observed=True)[["observed", "fitted"]].sum().reset_index()
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = made["observed"].to_numpy(float) / made["fitted"].to_numpy(float)
    return made.assign(ratio=ratio, unrealised=made["fitted"] - made["observed"])


def fixed_effects_of(model: GravityModel, reference: Any = None) -> pd.DataFrame:
    r"""Effects in logs, by level.

    Parameters
    ----------
    reference : label of an importer, optional
        Its effect is zero in every period, which settles what exporters' and importers' effects share. Default: the
        first importer, in the order of the labels, that is there in every period.

    Returns
    -------
    pandas.DataFrame
        ``effect, exporter, importer, period, value, rows``: a role that the effect does not have is empty.

    Notes
    -----
    Without pair effects :math:`\hat\pi_{it}` and :math:`\hat\chi_{jt}` are levels against the reference. Directed pair
    effects take up whatever lasts, so each exporter's and importer's effect is zero in its own first period, and tells
    the change since: pair effects hold the rest.

    Raises
    ------
    OptionError
        Effects other than exporter(-period), importer(-period) and directed pair.
    DataError
        Exporters and importers of a period fall into parts that do not trade with each other, which nothing compares.
    """
    model.require_structural("fixed_effects()")
    return _Levels.of(model, reference).table()


def resistances_of(
    model: GravityModel, reference: Any = None, elasticity: float | None = None
) -> pd.DataFrame:
    r"""Outward and inward multilateral resistances of Anderson and van Wincoop, from the effects (Fally 2015).

    .. math:: \Pi_{it}^{-\theta} = \frac{Y_{it}E_{Rt}}{Y_t}e^{-\hat\pi_{it}}, \qquad
        P_{jt}^{-\theta} = \frac{E_{jt}}{E_{Rt}}e^{-\hat\chi_{jt}}

    with :math:`\theta=\sigma-1`, Y and E the totals of the rows used, which PPML meets, and :math:`P_R=1`. They solve
    :math:`\Pi_{it}^{-\theta}=\sum_j T_{ijt}P_{jt}^{\theta}E_{jt}/Y_t` and
    :math:`P_{jt}^{-\theta}=\sum_i T_{ijt}\Pi_{it}^{\theta}Y_{it}/Y_t` at the fitted trade costs T.

    Parameters
    ----------
    reference : see `fixed_effects_of`
    elasticity : float, optional
        The trade elasticity :math:`\theta>0`; with it the table also has the indices :math:`\Pi` and P themselves.

    Returns
    -------
    pandas.DataFrame
        ``country, period, outward, inward`` (each to the power of minus the elasticity) and, with `elasticity`,
        ``outward_index, inward_index``. Under pair effects the levels cannot be told apart from them, and all four are
        relative to the country's own first period.

    Notes
    -----
    The system is of all sales, at home too: with domestic flows (``domestic="keep"``) Y is output and E spending;
    without them they are exports and imports, and the resistances those of foreign trade alone.
    """
    model.require_structural("multilateral_resistances()")
    return _Levels.of(model, reference).resistances(elasticity)


@dataclass(frozen=True, eq=False)
class _Levels:
    """The normalised effects of each row's exporter, importer and pair (n,), and who they are of."""

    model: GravityModel
    exporters: list[Any]
    importers: list[Any]
    periods: list[Any]
    i: Codes
    j: Codes
    t: Codes
    base: int
    own: Array
    other: Array
    pair: Array

    @classmethod
    def of(cls, model: GravityModel, reference: Any) -> _Levels:
        data, roles = model.settled.d.data, model.roles
        exporters, i = _labels(data[roles["exporter"]])
        importers, j = _labels(data[roles["importer"]])
        if "period" in roles:
            t = np.unique(in_time(data[roles["period"]], roles["period"]), return_inverse=True)[1].astype(
                np.int64
            )
            periods = list(data[roles["period"]].iloc[np.unique(t, return_index=True)[1]])
        else:
            t, periods = np.zeros(len(data), dtype=np.int64), [None]
        _refuse_apart(i, j, t, periods)
        base = _reference(importers, j, t, reference)
        own, other, pair = _effects(model)
        common = np.zeros(len(periods))
        common[t[j == base]] = other[j == base]
        own, other = own + common[t], other - common[t]
        if model.three_way:
            first_own, first_other = _first(own, i, t), _first(other, j, t)
            own, other, pair = own - first_own, other - first_other, pair + first_own + first_other
        return cls(model, exporters, importers, periods, i, j, t, base, own, other, pair)

    def table(self) -> pd.DataFrame:
        """One row a level of an effect."""
        named = "-period" if "period" in self.model.roles else ""
        values = {f"exporter{named}": self.own, f"importer{named}": self.other}
        if self.model.three_way:
            values["pair"] = self.pair
        roles = {
            "exporter": np.array(self.exporters, dtype=object)[self.i],
            "importer": np.array(self.importers, dtype=object)[self.j],
            "period": np.array(self.periods, dtype=object)[self.t],
        }
        out = []
        for name, value in values.items():
            held = ["exporter", "importer"] if name == "pair" else name.split("-")
            frame = pd.DataFrame({**{r: roles[r] for r in held}, "value": value})
            levels = frame.groupby(held, sort=True, observed=True)["value"].agg(value="first", rows="size")
            out.append(levels.reset_index().assign(effect=name))
        columns = ["effect", "exporter", "importer", "period", "value", "rows"]
        return pd.concat(out, ignore_index=True).reindex(columns=columns)

    def resistances(self, elasticity: float | None) -> pd.DataFrame:
        """One row a country and period in which it sells or buys."""
        mu, T = self.model.settled.fit.mu, len(self.periods)
        world = np.bincount(self.t, weights=mu, minlength=T)
        sold, spent = _sums(mu, self.i, self.t, T), _sums(mu, self.j, self.t, T)
        base = spent[self.base]
        outward = sold * base / world * np.exp(-_by(self.own, self.i, self.t, sold.shape))
        inward = spent / base * np.exp(-_by(self.other, self.j, self.t, spent.shape))
        if self.model.three_way:
            outward, inward = _since_first(outward), _since_first(inward)
        sides = {"outward": (self.exporters, outward), "inward": (self.importers, inward)}
        long = [_long(labels, values, name) for name, (labels, values) in sides.items()]
        made = pd.DataFrame(pd.concat(long, axis=1)).sort_index().reset_index()
        made["period"] = [self.periods[t] for t in made["period"]]
        if elasticity is None:
            return made
        return made.assign(**{f"{side}_index": made[side] ** (-1 / elasticity) for side in sides})


def _effects(model: GravityModel) -> tuple[Array, Array, Array]:
    """Effects of each row (n,): of its exporter, importer and pair, as absorbed."""
    d, fit = model.settled.d, model.settled.fit
    weighted = (fit.mu * (np.log(fit.mu) - d.x @ fit.beta))[:, None]
    projection = Absorber.of(d.effects).weighted(fit.mu)
    a, met = projection.solve_weighted(weighted, tolerance=EXACT)
    if not met:
        raise ArithmeticError(f"The effects could not be found to a relative residual of {EXACT:g}.")
    levels = zip(d.effects.names, projection.levels(weighted, a), d.effects.codes, strict=True)
    rows = {name: level[codes, 0] for name, level, codes in levels}
    named = "-period" if "period" in model.roles else ""
    return rows[f"exporter{named}"], rows[f"importer{named}"], rows.get("pair", np.zeros(len(fit.mu)))


def _refuse_apart(i: Codes, j: Codes, t: Codes, periods: list[Any]) -> None:
    for place, period in enumerate(periods):
        at = t == place
        parts = components(*(np.unique(c[at], return_inverse=True)[1] for c in (i, j)))
        if parts > 1:
            raise DataError(
                f"Exporters and importers fall into {parts} parts that do not trade with each other"
                + ("" if period is None else f" in {period}"),
                "Effects of one part cannot be compared with those of another: keep one part.",
            )


def _reference(importers: list[Any], j: Codes, t: Codes, asked: Any) -> int:
    """The importer whose effects are zero."""
    there = np.zeros((len(importers), int(t.max()) + 1), dtype=bool)
    there[j, t] = True
    always: Mask = np.asarray(there.all(axis=1))
    if asked is not None and asked not in importers:
        raise UnknownName("importer", str(asked), [str(c) for c in importers])
    if not always.any():
        raise DataError(
            "No importer is there in every period", "Leave out periods, or importers that come late."
        )
    place = int(always.argmax()) if asked is None else importers.index(asked)
    if not always[place]:
        allowed = ", ".join(str(c) for c, a in zip(importers, always, strict=True) if a)
        raise OptionError(
            f"reference={asked!r} is not allowed: it buys nothing in some period. Allowed: {allowed}."
        )
    return place


def _long(labels: list[Any], values: Array, name: str) -> pd.Series[float]:
    """The numbers of a table (labels, periods) by country and place of the period."""
    row, column = np.nonzero(np.isfinite(values))
    index = pd.MultiIndex.from_arrays([[labels[r] for r in row], column], names=["country", "period"])
    return pd.Series(values[row, column], index=index, name=name)


def _labels(column: pd.Series[Any]) -> tuple[list[Any], Codes]:
    """The labels in order, and the code of each row."""
    labels, codes = np.unique(column.to_numpy(), return_inverse=True)
    return list(labels), codes.astype(np.int64)


def _first(values: Array, codes: Codes, t: Codes) -> Array:
    """(n,) the value that the row's code has in its first period."""
    first = np.full(int(codes.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, codes, t)
    at = t == first[codes]
    out = np.zeros(len(first))
    out[codes[at]] = values[at]
    return np.asarray(out[codes], float)


def _sums(values: Array, codes: Codes, t: Codes, periods: int) -> Array:
    """(levels, periods) sums."""
    out = np.zeros((int(codes.max()) + 1, periods))
    np.add.at(out, (codes, t), values)
    return out


def _by(values: Array, codes: Codes, t: Codes, shape: tuple[int, ...]) -> Array:
    """(levels, periods) of the value that each has; NaN where it is not there."""
    out = np.full(shape, np.nan)
    out[codes, t] = values
    return out


def _since_first(values: Array) -> Array:
    """Each row relative to its first number."""
    first = np.isfinite(values).argmax(axis=1)
    return np.asarray(values / values[np.arange(len(values)), first][:, None], float)
