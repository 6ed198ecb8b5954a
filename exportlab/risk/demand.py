r"""Exposure to foreign demand: base-period shares times the growth of what each market buys from others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.errors import DataError, OptionError
from exportlab.flow_table import Columns, Flows
from exportlab.frames import Array, Mask
from exportlab.options import validated
from exportlab.periods import Lag
from exportlab.results import Cautious
from exportlab.risk import growth as ground
from exportlab.risk.cautions import CONCENTRATION, PRICES, overlap
from exportlab.risk.growth import Asked, Rate, Series, framed, member_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

EXOGENOUS = (
    "Demand from others is taken as given: an exporter large in a market moves it, and shocks common to all exporters "
    "(a price, an exchange rate) are in both figures."
)


@dataclass(frozen=True, repr=False, eq=False)
class Demand(Cautious):
    """Predicted against actual growth, and what each market carried of both.

    Attributes
    ----------
    table : DataFrame
        One row per group and period: predicted, actual, gap (actual - predicted), covered (the base share of the
        members whose demand is known).
    members : DataFrame
        One row per group, period and member: share (of the base period), demand (growth of its imports from others),
        predicted (share times demand), actual (what it adds to the exporter's growth; sums to it exactly).
    cautions : tuple of str
    growth : str
    """

    table: pd.DataFrame
    members: pd.DataFrame
    cautions: tuple[str, ...]
    growth: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Growth of exports ({self.growth}): predicted by foreign demand, and actual"

    def carried(self, period: Any, n: int = 10) -> pd.DataFrame:
        """The members that carried the change into `period`: the largest contributions to it, first those of its sign.

        Parameters
        ----------
        period : label
            As it stands in the table.
        n : int
            Rows of each group.
        """
        import pandas as pd

        columns = [str(c) for c in self.table.columns]
        *keys, name = columns[: columns.index("predicted")]
        chosen: pd.DataFrame = self.members[self.members[name] == period]
        if chosen.empty:
            known = list(dict.fromkeys(self.members[name]))
            raise OptionError(f"period={period!r} is not among the later periods: {known[:10]}.")
        groups = [part for _, part in chosen.groupby(keys, sort=False)] if keys else [chosen]
        ordered = [g.sort_values("actual", ascending=bool(g["actual"].sum() < 0)).head(n) for g in groups]
        return pd.concat(ordered, ignore_index=True)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw predicted and actual growth over time."""
        from exportlab.plots.risk import demand

        return demand(self, ax=ax, **options)


@validated
def foreign_demand(
    flows: Flows,
    *,
    world: Flows | None = None,
    over: Columns = "market",
    by: Columns | None = None,
    leave_out: Literal["exporter", "nation"] = "exporter",
    nation: str | Sequence[str] | None = None,
    base: Any = "first",
    growth: Rate = "arc",
    uncovered: Literal["refuse", "rescale"] = "refuse",
    lag: Lag = "year",
) -> Demand:
    r"""Predict an exporter's growth from what its markets buy from others, and compare it with the actual.

    Parameters
    ----------
    flows : Flows
        With periods; exporters one group each.
    world : Flows, optional
        What the markets buy from all exporters, with an exporter column; by default the flows' own table.
    over : str or sequence of str
        "market", or ("market", "product").
    by : str or sequence of str, optional
        By default the exporter where there is one; all other roles are summed over.
    leave_out : {"exporter", "nation"}
        Whose exports are no demand from others: those of the exporter itself, or of its whole nation: a province's
        exports are part of its country's.
    nation : str or sequence of str, optional
        The labels of the nation among the exporters of `world`; needed with leave_out="nation".
    base : {"first", "previous"} or a period
        Whose shares: of one period for all, or of the period that growth starts from.
    growth : {"arc", "log", "rate"}
        2 (x1 - x0)/(x1 + x0), ln(x1/x0), or x1/x0 - 1.
    uncovered : {"refuse", "rescale"}
        Members with a base share to which others sell in no period of a comparison: refused, or left out, the
        prediction being that of the covered shares alone.
    lag : "year" or int
        Growth over a year, or over so many steps of the table.

    Returns
    -------
    Demand

    Raises
    ------
    DataError
        No exporters to leave out; demand unknown where the exporter sells; no exports in the base period.
    OptionError
        leave_out="nation" without nation=.

    Notes
    -----
    Predicted :math:`\sum_m s_m g_m`, :math:`g_m` the growth of m's imports from others; at most 2 in size for arc
    growth. Actual contributions are :math:`\Delta x_m` over the mean of the two totals (arc), the first (rate), or
    their logarithmic mean (log): each adds up to the actual growth exactly. If every market buys from all exporters
    alike, and shares are those of the period before, predicted and actual rate are equal.
    """
    keys = by if by is not None else tuple(r for r in ("exporter",) if r in flows.roles)
    asked = ground.asked(flows, "foreign_demand", over, keys, lag)
    own_left = leave_out == "exporter"
    source = _source(asked, world, own_left, nation)
    rows, tables = [], []
    whole = {m: k for k, m in enumerate(_members(source))}
    for one in ground.series(asked):
        others = _aligned(source, whole, one)
        if own_left and world is None:
            others = ground.remainder(others, one.values)
        elif own_left:
            mine = _own_of(asked, world, one)
            others = others if mine is None else ground.remainder(others, mine)
        row, table = _compared(asked, one, others, base=base, kind=growth, uncovered=uncovered)
        rows += row
        tables.append(table)
    import pandas as pd

    members = pd.concat(tables, ignore_index=True)
    cautions = (EXOGENOUS, PRICES, CONCENTRATION, *overlap(flows, lag))
    return Demand(framed(asked, rows), members, cautions, growth)


def _source(asked: Asked, world: Flows | None, own_left: bool, nation: Any) -> Series:
    """What each member buys in all, the nation left out where that is asked for."""
    given = asked.flows if world is None else asked.flows.alike(world)
    if "exporter" not in given.roles:
        raise DataError(
            "there are no exporters to leave out of what the markets buy",
            "Give the imports of the markets by exporter: world=xl.flows(..., exporter=...).",
        )
    if not own_left:
        if nation is None:
            raise OptionError("leave_out='nation' needs nation=: the nation's labels among the exporters.")
        names = [nation] if isinstance(nation, str) else list(nation)
        inside = [given.find("exporter", n) for n in names]
        given.check()
        given = given.derived(given.frame.filter(~nw.col("exporter").is_in(inside)))
    elif nation is not None:
        raise OptionError("nation= belongs to leave_out='nation'.")
    found = ground.series(asked, given, ())
    if not found:
        raise DataError("nobody else sells in any period of the flows", "Both tables need the same periods.")
    return found[0]


def _members(one: Series) -> list[Any]:
    return list(zip(*one.labels, strict=True))


def _aligned(source: Series, place: dict[Any, int], one: Series) -> Array:
    """What the members of one group buy in all; zero where the source has none of them."""
    found = np.zeros_like(one.values)
    known = [(k, place[m]) for k, m in enumerate(_members(one)) if m in place]
    if known:
        here, there = (np.array(side) for side in zip(*known, strict=True))
        found[:, here] = source.values[:, there]
    return found


def _own_of(asked: Asked, world: Flows | None, one: Series) -> Array | None:
    """The exporter's own part of a world of its own table; None where it is not in there."""
    assert world is not None
    if "exporter" not in asked.groups:
        raise OptionError(
            "world= holds exporters, and the flows name none to leave out: add exporter= at the door, or say "
            "leave_out='nation', nation=..."
        )
    given = asked.flows.alike(world)
    label = one.key[asked.groups.index("exporter")]
    if label not in given.members("exporter"):
        return None
    mine = ground.series(asked, given.where(exporter=label), ())
    return _aligned(mine[0], {m: k for k, m in enumerate(_members(mine[0]))}, one) if mine else None


def _compared(
    asked: Asked, one: Series, others: Array, *, base: Any, kind: Rate, uncovered: str
) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """Predicted and actual growth of one group, by period and by member."""
    demand = ground.rates(others[asked.before], others[asked.after], kind)
    start = asked.before if base == "previous" else np.full(len(asked.after), _base(asked, base))
    weight, total = one.values[start], one.total[start]
    if (total <= 0).any():
        at = asked.periods[start[np.flatnonzero(total <= 0)[0]]]
        raise DataError(
            f"{asked.titled(one.key)} exports nothing in {asked.flows.said(at)}, so it has no shares there",
            "Name another period in base=.",
        )
    share = weight / total[:, None]
    if uncovered == "refuse":
        _refuse_unknown(asked, one, np.isnan(demand) & (share > 0), kind)
    known = np.where(np.isnan(demand), 0.0, share)
    covered = known.sum(axis=1)
    predicted = known * np.where(np.isnan(demand), 0.0, demand)
    scaled = np.where(covered > 0, predicted.sum(axis=1) / np.where(covered > 0, covered, 1.0), np.nan)
    predicted = predicted / np.where(covered > 0, covered, np.nan)[:, None]
    carried = _carried(one.values[asked.before], one.values[asked.after], kind)
    actual = carried.sum(axis=1)
    key = dict(zip(asked.groups, one.key, strict=True))
    rows = [
        {
            **key,
            "period": date,
            "predicted": float(p),
            "actual": float(g),
            "gap": float(g - p),
            "covered": float(c),
        }
        for date, p, g, c in zip(asked.dates, scaled, actual, covered, strict=True)
    ]
    figures = {"share": share, "demand": demand, "predicted": predicted, "actual": carried}
    return rows, _stacked(asked, one, figures)


def _refuse_unknown(asked: Asked, one: Series, unknown: Mask, kind: Rate) -> None:
    """Refuse markets whose demand from others has no growth rate, though the exporter sells there."""
    if not unknown.any():
        return
    t, k = np.argwhere(unknown)[0]
    where = {"log": "both periods", "arc": "either period", "rate": "the first period"}[kind]
    raise DataError(
        f"the growth of demand from others is not known for {int(unknown.sum()):,} of {unknown.size:,} markets and "
        f"periods of {asked.titled(one.key)}, as others do not sell there in {where}",
        "Take coarser members, growth='arc', or say uncovered='rescale' to predict from the others.",
        first=f"{one.member(k)!r}, {asked.dates[t]}",
    )


def _base(asked: Asked, base: Any) -> int:
    return 0 if base == "first" else asked.place(base)


def _carried(before: Array, after: Array, kind: Rate) -> Array:
    """What each member adds to growth: its change over the mean, the first, or the logarithmic mean of the totals."""
    x0, x1 = before.sum(axis=1), after.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "arc":
            over = (x0 + x1) / 2
        elif kind == "rate":
            over = x0
        else:
            moved = (x1 - x0) / x0
            over = x0 * np.where(moved == 0, 1.0, moved / np.log1p(moved))
        return np.asarray((after - before) / np.where(over > 0, over, np.nan)[:, None])


def _stacked(asked: Asked, one: Series, figures: dict[str, Array]) -> pd.DataFrame:
    """One row a period and member."""
    import pandas as pd

    name, parts = asked.name("period"), []
    for t, date in enumerate(asked.dates):
        made = member_table(asked, one, {c: v[t] for c, v in figures.items()})
        made.insert(len(asked.groups), name, [date] * len(made))
        parts.append(made)
    return pd.concat(parts, ignore_index=True)
