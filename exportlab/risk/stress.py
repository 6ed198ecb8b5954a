r"""Stress: what a tariff, a fall of demand, the loss of a market, or the worst year again would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np

from exportlab.classifications import members
from exportlab.classifications.blocs import find_bloc
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.flow_table import Columns, Flows
from exportlab.frames import Array
from exportlab.indices.residual import refuse_members
from exportlab.options import Count, Level, NotNegative, Share, Within, validated
from exportlab.results import Cautious
from exportlab.risk import growth as ground
from exportlab.risk.cautions import CONCENTRATION, PRICES, overlap
from exportlab.risk.growth import FEWEST, Asked, Growth, Series, framed, member_table
from exportlab.risk.portfolio import Shares, computed, need
from exportlab.uncertainty.sample import seeds

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Tariff: TypeAlias = Annotated[float, Within(-0.99, 10)]  # 0.25 is 25 per cent more on the price
Change: TypeAlias = Annotated[float, Within(-1, 10)]  # -0.3 is 30 per cent less
PARTIAL = (
    "First-round effects at today's shares: no prices, wages, exchange rates or other exporters answer, and what is "
    "lost goes to other markets only as far as diverted= says."
)


@dataclass(frozen=True, repr=False, eq=False)
class Stress(Cautious):
    """What a shock would cost.

    Attributes
    ----------
    table : DataFrame
        One row per group: its keys, exports (before), change (in money), growth (change over exports), std_error,
        conf_low and conf_high of growth where the elasticity is drawn (else NaN), hhi before and after, note.
    members : DataFrame
        One row per group and member: value, change, share of the loss (of all changes of its sign), growth.
    cautions : tuple of str
    shock : str
    """

    table: pd.DataFrame
    members: pd.DataFrame
    cautions: tuple[str, ...]
    shock: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Stress: {self.shock}"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw what each group would lose."""
        from exportlab.plots.risk import losses

        return losses(self, ax=ax, **options)


@validated
def stress(
    flows: Flows,
    *,
    tariff: Mapping[Any, Tariff] | None = None,
    demand: Mapping[Any, Change] | None = None,
    lost: Any = None,
    over: Literal["market", "product"] = "market",
    by: Columns | None = None,
    period: Any = "last",
    elasticity: NotNegative | None = None,
    elasticity_sd: NotNegative = 0.0,
    diverted: Share = 0.0,
    draws: Count = 999,
    level: Level = 0.95,
    rng: Any = None,
) -> Stress:
    r"""Say what a shock to markets or products would cost each exporter at the shares of one period.

    Parameters
    ----------
    flows : Flows
        With periods.
    tariff : mapping of label to float, optional
        The rise of the buyer's price: {"USA": 0.25}. Needs elasticity=.
    demand : mapping of label to float, optional
        The change of what is bought: {"Japan": -0.3}.
    lost : label or sequence of labels, optional
        Markets (products) to which nothing is sold any more.
    over : {"market", "product"}
        What the labels are. For markets a bloc stands for its members ("RCEP", "EU"); a market in two of the shocks
        takes both.
    by : str or sequence of str, optional
        By default the exporter where there is one.
    period : label or "last"
        Whose exports.
    elasticity : float, optional
        Of demand by price, as a positive number: values become :math:`(1 + t)^{-\varepsilon}` of themselves.
    elasticity_sd : float
        Above 0 the elasticity is drawn from a lognormal law with that mean and standard deviation, and growth has an
        interval (quantiles of the draws).
    diverted : float
        The part of the loss that goes to the members without a shock, by their shares.
    draws, level, rng
        Of the elasticity.

    Returns
    -------
    Stress

    Raises
    ------
    UnknownName
        A label or bloc that the flows do not have.
    OptionError
        No shock; a tariff without elasticity; draws without rng=.

    Notes
    -----
    Change of member m :math:`x_m ((1 + t_m)^{-\varepsilon} (1 + d_m) 1[m\ not\ lost] - 1)`: none for the members
    without a shock, but for what is diverted to them. In [-exports, ...].

    References
    ----------
    .. [1] Armington (1969), A theory of demand for products distinguished by place of production, IMF Staff Papers
       16(1).

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> table = pd.DataFrame({"year": 2023, "market": ["Japan", "USA", "Korea"], "usd": [60.0, 30.0, 10.0]})
    >>> flows = xl.flows(table, period="year", value="usd")
    >>> xl.risk.stress(flows, tariff={"USA": 0.25}, elasticity=2.0).table[["exports", "change", "growth"]]
       exports  change  growth
    0    100.0   -10.8  -0.108
    """
    if not (tariff or demand or lost is not None):
        raise OptionError("There is no shock: give tariff={...}, demand={...} or lost=[...].")
    if tariff and elasticity is None:
        raise OptionError("tariff= needs elasticity=, the fall of demand by price: elasticity=2.0.")
    if (elasticity_sd > 0) != (rng is not None):
        raise OptionError("rng= and elasticity_sd= above 0 belong together: the elasticity is then drawn.")
    keys = by if by is not None else tuple(r for r in ("exporter",) if r in flows.roles)
    asked = one_period(flows, "stress", over, keys)
    at = len(asked.periods) - 1 if period == "last" else asked.place(period)
    prices = {m: np.log1p(t) for m, t in _resolved(asked, tariff or {}).items()}
    kept: dict[Any, float] = {m: 1 + d for m, d in _resolved(asked, demand or {}).items()}
    kept |= dict.fromkeys(_resolved(asked, dict.fromkeys(_listed(lost), 0.0)), 0.0)
    drawn = _elasticities(elasticity or 0.0, elasticity_sd, draws, rng)
    rows, tables = [], []
    for one in ground.series(asked):
        x = one.values[at]
        price = np.array([prices.get(m, 0.0) for m in one.labels[0]])
        rest = np.array([kept.get(m, 1.0) for m in one.labels[0]])
        hit = np.array([m in prices or m in kept for m in one.labels[0]])
        change = x * (np.exp(-price * (elasticity or 0.0)) * rest - 1)
        change = _diverted(x, change, hit, diverted)
        spread = [_diverted(x, x * (np.exp(-price * e) * rest - 1), hit, diverted).sum() for e in drawn]
        row, table = _costs(asked, one, x, change, drawn=np.array(spread), level=level)
        rows.append(row)
        tables.append(table)
    import pandas as pd

    cautions = (PARTIAL, CONCENTRATION, PRICES)
    return Stress(
        framed(asked, rows), pd.concat(tables, ignore_index=True), cautions, _said(tariff, demand, lost)
    )


def one_period(flows: Flows, caller: str, over: Columns, by: Columns) -> Asked:
    """What a call asks for that needs no growth."""
    ground.with_periods(flows, caller)
    spread, groups = flows.split(over, by)
    refuse_members(flows, caller, spread)
    periods = tuple(flows.calendar.in_order(flows.members("period")))
    none = np.array([], dtype=np.intp)
    return Asked(flows, spread, tuple(r for r in groups if r != "period"), periods, none, none)


def _listed(lost: Any) -> list[Any]:
    if lost is None:
        return []
    return [lost] if isinstance(lost, str | int) else list(lost)


def _resolved(asked: Asked, shocks: Mapping[Any, float]) -> dict[Any, float]:
    """The shock of each label that the flows have; a bloc stands for its members, two shocks of one label multiply."""
    role = asked.spread[0]
    known = asked.flows.members(role)
    found: dict[Any, float] = {}
    for label, size in shocks.items():
        hit = [label] if label in known else _inside(asked.flows, label, known) if role == "market" else []
        if not hit:
            raise UnknownName(f"{role} or bloc" if role == "market" else role, label, map(str, known))
        twice = [m for m in hit if m in found]
        if twice:
            raise OptionError(
                f"{twice[0]!r} has two shocks of one kind, one of them by {label!r}: name each market once."
            )
        found |= dict.fromkeys(hit, size)
    return found


def _inside(flows: Flows, bloc: Any, known: Sequence[Any]) -> list[Any]:
    """The markets of the flows that belong to a bloc today; those that lie in it in part are refused."""
    name = find_bloc(bloc)
    if name is None:
        return []
    inside = frozenset(members(name))
    found = flows.naming.meanings(known, f"market {flows.roles['market']!r}", strict=False)
    held = {m: meant.countries() or frozenset() for m, meant in found.items()}
    partly = [m for m, codes in held.items() if codes & inside and not codes <= inside]
    if partly:
        raise DataError(
            f"{partly[0]!r} lies partly in {name}, so that a shock to {name} cannot be placed",
            "Name the markets one by one.",
        )
    return [m for m, codes in held.items() if codes and codes <= inside]


def _elasticities(mean: float, sd: float, draws: int, rng: Any) -> Array:
    """Draws of a lognormal law with this mean and standard deviation; none where it is given."""
    if sd == 0:
        return np.array([])
    if mean == 0:
        raise OptionError("elasticity_sd= needs elasticity= above 0, its mean.")
    log_variance = np.log1p((sd / mean) ** 2)
    made = np.random.default_rng(seeds(rng, 1)[0])
    return made.lognormal(np.log(mean) - log_variance / 2, np.sqrt(log_variance), draws)


def _diverted(x: Array, change: Array, hit: Any, part: float) -> Array:
    """Add to the members without a shock what of the loss goes to them."""
    open_to = np.where(hit, 0.0, x)
    loss = -change[change < 0].sum()
    if part == 0 or open_to.sum() == 0:
        return change
    return np.asarray(change + part * loss * open_to / open_to.sum())


def _costs(
    asked: Asked, one: Series, x: Array, change: Array, *, drawn: Array, level: float
) -> tuple[dict[str, Any], pd.DataFrame]:
    key = dict(zip(asked.groups, one.key, strict=True))
    total, moved = float(x.sum()), float(change.sum())
    after = x + change
    growth = moved / total if total > 0 else np.nan
    ends = (
        np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]) / total
        if len(drawn) and total > 0
        else (np.nan,) * 2
    )
    row = {**key, "exports": total, "change": moved, "growth": growth,
           "std_error": float(drawn.std(ddof=1)) / total if len(drawn) > 1 and total > 0 else np.nan,
           "conf_low": float(ends[0]), "conf_high": float(ends[1]), "hhi_before": _hhi(x), "hhi_after": _hhi(after),
           "note": "" if total > 0 else "no exports in the period"}  # fmt: skip
    loss = float(-change[change < 0].sum())
    lost = np.where(change < 0, -change / (loss or 1.0), 0.0)
    share = np.where(x > 0, change / np.where(x > 0, x, 1.0), np.nan)
    return row, member_table(asked, one, {"value": x, "change": change, "loss_share": lost, "growth": share})


def _hhi(x: Array) -> float:
    total = float(x.sum())
    return float((x / total) @ (x / total)) if total > 0 else float("nan")


def _said(tariff: Any, demand: Any, lost: Any) -> str:
    named = [f"tariff on {m} {100 * t:+g} %" for m, t in (tariff or {}).items()]
    named += [f"demand of {m} {100 * d:+g} %" for m, d in (demand or {}).items()]
    named += [f"{m} lost" for m in _listed(lost)]
    return ", ".join(named)


@validated
def worst_again(
    flows: Flows,
    *,
    over: Columns = "market",
    by: Columns | None = None,
    growth: Growth = "arc",
    shares: Shares = "last",
    lag: Any = "year",
    min_observations: Count = FEWEST,
) -> Stress:
    r"""Say what the worst year seen would cost if it came again, at today's shares.

    Parameters
    ----------
    flows, over, by, growth, shares, lag, min_observations
        As in `portfolio`. The worst year is that of the lowest growth at fixed shares.

    Returns
    -------
    Stress
        `table` names the year in `worst`; `members` says which members carry the change.

    Raises
    ------
    DataError
        As `portfolio`.

    Notes
    -----
    Each member's exports of the last period are moved by its own growth of the worst year: arc growth g to
    :math:`x (2 + g)/(2 - g)`, log growth to :math:`x e^g`. A member that entered in that year (arc growth 2) has no
    such factor: it is left as it is, and the note counts it.
    """
    asked = ground.asked(flows, "worst_again", over, by, lag)
    need(asked, min_observations, "a worst year")
    rows, tables = [], []
    for one in ground.series(asked):
        lost = ground.silent(asked, one)
        x = one.values[-1]
        if lost:
            row, table = _costs(asked, one, x, np.full(len(x), np.nan), drawn=np.array([]), level=0.95)
            row |= {"worst": "", "note": lost}
        else:
            y = ground.growth(asked, one, growth)
            t = int(np.argmin(y @ ground.shares(asked, one, shares)))
            factor, entered = _factors(y[t], growth)
            row, table = _costs(asked, one, x, x * (factor - 1), drawn=np.array([]), level=0.95)
            entry = f"{int((entered & (x > 0)).sum())} members entered in that year, taken as they are"
            row |= {"worst": asked.dates[t], "note": entry if (entered & (x > 0)).any() else ""}
        rows.append(row)
        tables.append(table)
    import pandas as pd

    said = (PARTIAL, CONCENTRATION, PRICES, *overlap(flows, lag))
    table = computed(asked, framed(asked, rows), "growth").drop(
        columns=["std_error", "conf_low", "conf_high"]
    )
    return Stress(table, pd.concat(tables, ignore_index=True), said, "the worst year again")


def _factors(g: Array, kind: Growth) -> tuple[Array, Any]:
    """What each value is multiplied by, and which members entered, so that there is no factor."""
    if kind == "log":
        return np.exp(g), np.zeros(len(g), dtype=np.bool_)
    entered = g >= 2
    return np.where(entered, 1.0, (2 + g) / np.where(entered, 1.0, 2 - g)), entered
