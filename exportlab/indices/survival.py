"""How long exports last: spells of trade, and the Kaplan-Meier estimate of their survival."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.catalogue import indicator
from exportlab.errors import DataError, OptionError, one_of
from exportlab.flows import Columns, Flows, require
from exportlab.frames import collect
from exportlab.indices._kaplan_meier import Survival, estimate, kaplan_meier
from exportlab.options import Level, NotNegative, Places

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Survival", "kaplan_meier", "spells", "survival"]


@indicator(
    title="Export spells", formula=r"\text{maximal runs of periods with } x_t > \text{threshold}", low="1",
    unit="periods", source="Besedes and Prusa (2006), Canadian Journal of Economics 39(1)",
    column="duration", laws="bounds scale permutation replication empty",
    undefined="never: a relation without trade has no spell",
)  # fmt: skip
def spells(
    flows: Flows, *, over: Columns | None = None, gap: Places = 1, threshold: NotNegative = 0.0
) -> Any:
    """The spells of each trade relation: when it began, when it ended, and whether that was seen.

    Parameters
    ----------
    flows : Flows
        With periods, none missing between the first and the last.
    over : str or sequence of str, optional
        What a relation is: by default every role present but the period (exporter, market, product).
    gap : int
        Interruptions of up to this many periods are bridged; 0 takes every interruption as an end.
    threshold : float
        A relation is alive in a period above this value.

    Returns
    -------
    pandas DataFrame
        One row per spell: the relation, spell (1 is its first), start and end (first and last period with
        trade), duration in periods (bridged ones included), left_censored (alive in the first period of the
        table, so that its start is not known), right_censored (alive in the last one).

    Raises
    ------
    DataError
        Periods missing in between; no relation is ever alive.
    OptionError
        A negative gap or threshold.
    """
    require(flows, "spells")
    if "period" not in flows.roles:
        raise DataError("the flows have no period", "spells needs period=... at the door.")
    relation = tuple(r for r in flows.identity if r != "period") if over is None else flows.resolve(over)
    if not relation or "period" in relation:
        raise OptionError(
            "over= names what a trade relation is: exporter, market, product, but not the period."
        )
    calendar = _calendar(flows)
    cells = flows.cells(*relation, "period").filter(nw.col("value") > threshold)
    alive = collect(cells.select(*relation, "period")).to_pandas()
    if alive.empty:
        raise DataError(f"no value lies above threshold={threshold}", "Lower the threshold.")
    found = _runs(alive, relation, calendar, gap)
    for end in ("start", "end"):
        found[end] = found[end].map(flows.said)
    return found.rename(columns=dict(flows.roles))


def _calendar(flows: Flows) -> list[Any]:
    """All periods of the table, which follow on each other."""
    seen = collect(flows.cells("period"))["period"].to_list()
    flows.calendar.require_order("a spell")
    calendar = flows.calendar.in_order(seen)
    holes = [(p, q) for p, q in pairwise(calendar) if not flows.calendar.follows(p, q)]
    if holes:
        raise DataError(
            f"no flows at all between {flows.said(holes[0][0])!r} and {flows.said(holes[0][1])!r}",
            "A spell cannot be followed through periods that were not observed: add them, or cut the table.",
        )
    return calendar


def _runs(alive: pd.DataFrame, relation: Sequence[str], calendar: list[Any], gap: int) -> pd.DataFrame:
    keys = list(relation)
    alive = alive.assign(_t=alive["period"].map({p: t for t, p in enumerate(calendar)})).sort_values(
        [*keys, "_t"]
    )
    same = ~alive.groupby(keys, sort=False)["_t"].diff().isna().to_numpy()
    t = alive["_t"].to_numpy()
    starts = np.flatnonzero(~same | (np.diff(t, prepend=0) > gap + 1))
    ends = np.append(starts[1:], len(t)) - 1
    found = alive.iloc[starts][keys].reset_index(drop=True)
    found["spell"] = found.groupby(keys, sort=False).cumcount() + 1
    found["start"], found["end"] = alive["period"].to_numpy()[starts], alive["period"].to_numpy()[ends]
    found["duration"] = t[ends] - t[starts] + 1
    found["left_censored"], found["right_censored"] = t[starts] == 0, t[ends] == len(calendar) - 1
    return found


@indicator(
    title="Survival of exports (Kaplan-Meier)", formula=r"S(t) = \prod_{u \le t} \left(1 - d_u / n_u\right)",
    low="0", high="1", rises_with="lasting trade relations",
    source="Kaplan and Meier (1958), JASA 53(282); Besedes and Prusa (2006)",
    laws="bounds scale permutation replication empty",
    undefined="the standard error: nothing survives", aliases=("export_survival",),
)  # fmt: skip
def survival(
    flows: Flows,
    *,
    over: Columns | None = None,
    by: Columns | None = None,
    gap: Places = 1,
    threshold: NotNegative = 0.0,
    left: Literal["drop", "keep"] = "drop",
    which: Literal["all", "first"] = "all",
    level: Level = 0.95,
) -> Survival:
    """Estimate how long trade relations survive.

    Parameters
    ----------
    flows, over, gap, threshold
        As in `spells`.
    by : str or sequence of str, optional
        One curve each, among the roles of `over`; by default a single curve.
    left : {"drop", "keep"}
        Spells alive in the table's first period began at an unknown time: left out, or taken to begin there.
    which : {"all", "first"}
        All spells of a relation, or its first one only.
    level : float
        Of the confidence intervals.

    Returns
    -------
    Survival
        `.table`, `.medians`, `.logrank()`, `.plot()`. Spells alive in the last period are right-censored.

    Raises
    ------
    DataError
        As `spells`; nothing left after dropping left-censored spells.
    """
    one_of("left", left, ("drop", "keep"))
    one_of("which", which, ("all", "first"))
    found = spells(flows, over=over, gap=gap, threshold=threshold)
    roles = flows.resolve(by)
    names = tuple(flows.roles.get(r, r) for r in roles)
    absent = [n for n in names if n not in found.columns]
    if absent:
        raise OptionError(f"by={absent[0]!r} is no part of the trade relation; name it in over=.")
    if which == "first":
        found = found[found["spell"] == 1]
    unseen = int(found["left_censored"].sum()) if left == "drop" else 0
    if left == "drop":
        found = found[~found["left_censored"]]
    if found.empty:
        raise DataError(
            "every spell is alive in the first period", "Say left='keep' to count them from there."
        )
    kept = found[list(names)].assign(duration=found["duration"].astype(float), ended=~found["right_censored"])
    return estimate(kept.reset_index(drop=True), names, level, unseen)
