"""Spells of exporting: how long they last, and how surely (Kaplan-Meier)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import ArrayLike

from exportlab.errors import DataError, OptionError, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Mask, collect
from exportlab.indices.catalogue import indicator
from exportlab.options import Level, NotNegative, Places, validated
from exportlab.results import Result
from exportlab.words import N_

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Survival", "kaplan_meier", "spells", "survival"]


@indicator(
    title=N_("Export spells"),
    formula=r"\text{maximal runs of periods with } x_t > \text{threshold}",
    low="1",
    unit=N_("periods"),
    source="Besedes and Prusa (2006), Canadian Journal of Economics 39(1)",
    column="duration",
    laws="bounds scale permutation replication empty",
    undefined=N_("never: a relation without trade has no spell"),
)
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
        trade), duration in periods (bridged ones included), left_censored (alive in the first period of the table,
        or right after one in which its exporter has no row at all, so that its start is not known), right_censored
        (alive in the last one, or right before such a period).

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
    found = _runs(alive, relation, calendar, gap, _observed(flows, relation, calendar))
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


def _observed(flows: Flows, relation: Sequence[str], calendar: list[Any]) -> dict[Any, set[int]] | None:
    """The periods, by place, in which each exporter has a row; None where the relation has no exporter."""
    if "exporter" not in relation:
        return None
    rows = collect(flows.cells("exporter", "period"))
    place = {p: t for t, p in enumerate(calendar)}
    seen: dict[Any, set[int]] = {}
    for exporter, period in zip(rows["exporter"].to_list(), rows["period"].to_list(), strict=True):
        seen.setdefault(exporter, set()).add(place[period])
    return seen


def _runs(
    alive: pd.DataFrame,
    relation: Sequence[str],
    calendar: list[Any],
    gap: int,
    observed: dict[Any, set[int]] | None,
) -> pd.DataFrame:
    keys = list(relation)
    place = {p: t for t, p in enumerate(calendar)}
    alive = alive.assign(_t=[place[p] for p in alive["period"].tolist()]).sort_values([*keys, "_t"])
    same = ~alive.groupby(keys, sort=False, observed=True)["_t"].diff().isna().to_numpy()
    t = alive["_t"].to_numpy()
    starts = np.flatnonzero(~same | (np.diff(t, prepend=0) > gap + 1))
    ends = np.append(starts[1:], len(t)) - 1
    found = alive.iloc[starts][keys].reset_index(drop=True)
    found["spell"] = found.groupby(keys, sort=False, observed=True).cumcount() + 1
    found["start"], found["end"] = alive["period"].to_numpy()[starts], alive["period"].to_numpy()[ends]
    found["duration"] = t[ends] - t[starts] + 1
    first, last = t[starts] - 1, t[ends] + 1
    before, after = first < 0, last == len(calendar)
    if observed is not None:  # the periods before and after, in which the exporter itself was not observed
        who = found["exporter"].tolist()
        before |= np.array([k not in observed[x] for x, k in zip(who, first, strict=True)])
        after |= np.array([k not in observed[x] for x, k in zip(who, last, strict=True)])
    found["left_censored"], found["right_censored"] = before, after
    return found


@indicator(
    title=N_("Survival of exports (Kaplan-Meier)"),
    formula=r"S(t) = \prod_{u \le t} \left(1 - d_u / n_u\right)",
    low="0",
    high="1",
    rises_with=N_("lasting trade relations"),
    source="Kaplan and Meier (1958), JASA 53(282); Besedes and Prusa (2006)",
    laws="bounds scale permutation replication empty",
    undefined=N_("the standard error: nothing survives"),
    aliases=("export_survival", "出口生存分析"),
)
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


# The Kaplan-Meier estimate of a survival function, its table, picture and test.


@dataclass(frozen=True, repr=False, eq=False)
class Survival(Result):
    """Kaplan-Meier estimates, one curve a group.

    Attributes
    ----------
    table : DataFrame
        The group's columns, then time, at_risk, ended, survival, std_error (Greenwood), conf_low, conf_high.
    spells : DataFrame
        What they were estimated from: the group's columns, duration, ended.
    by : tuple of str
    level : float
        Of the confidence intervals, which are on the log(-log S) scale.
    dropped : int
        Left-censored spells left out.
    """

    table: pd.DataFrame
    spells: pd.DataFrame
    by: tuple[str, ...]
    level: float
    dropped: int = 0

    @property
    def title(self) -> str:
        """What it is and from how many spells."""
        return (
            f"Survival (Kaplan-Meier), {len(self.spells):,} spells, {self.dropped:,} left-censored left out"
        )

    @property
    def medians(self) -> pd.DataFrame:
        """The median duration of each group: the first time at which S is one half or less; NaN if never."""
        reached = self.table[self.table["survival"] <= 0.5]
        if not self.by:
            import pandas as pd

            return pd.DataFrame({"median": [reached["time"].min() if len(reached) else np.nan]})
        everyone = self.table[list(self.by)].drop_duplicates()
        first: Any = reached.groupby(list(self.by), as_index=False)["time"].min()
        first = first.rename(columns={"time": "median"})
        return everyone.merge(first, how="left", on=list(self.by)).reset_index(drop=True)

    def at(self, time: float) -> float:
        """S(time) of a single curve."""
        if self.by:
            raise OptionError(f"There are several curves, by {list(self.by)}: read the table.")
        reached = self.table.loc[self.table["time"] <= time, "survival"]
        return float(reached.iloc[-1]) if len(reached) else 1.0

    def bands(self, level: float | None = None, *, least: float = 0.1) -> pd.DataFrame:
        r"""Band that holds the whole curve at once, as wide everywhere as its own error asks (equal precision).

        Parameters
        ----------
        level : float, optional
            By default that of the intervals, which hold one point each.
        least : float
            The band runs over the times between which the share of the variance carried by a, the fraction
            :math:`a = n\\sigma^2/(1 + n\\sigma^2)` of Greenwood's variance, is from `least` to 1 - `least`.

        Returns
        -------
        DataFrame
            The group's columns, time, survival, band_low, band_high (NaN where the band does not run).

        Notes
        -----
        Nair (1984), on the log(-log S) scale of Borgan and Liestoel (1990). The critical value solves the tail of the
        largest of a standardised Brownian bridge (Miller and Siegmund 1982): :math:`4\\varphi(c)/c + \\varphi(c)
        (c - 1/c) \\ln[(1 - a)^2/a^2] = 1 - level`.
        """
        chosen = self.level if level is None else level
        if not 0 < chosen < 1 or not 0 < least < 0.5:
            raise OptionError(
                f"level={chosen!r} and least={least!r} are not allowed. Allowed: between 0 and 1, 0 and 0.5."
            )
        critical = _critical(chosen, least)
        by = list(self.by)
        counts: dict[Any, int] = self.spells.groupby(by).size().to_dict() if by else {(): len(self.spells)}
        parts = []
        for label, part in self.table.groupby(by) if by else [((), self.table)]:
            n = int(counts[label[0] if len(by) == 1 else label])
            parts.append(_band(part, n, critical, least))
        import pandas as pd

        return pd.concat(parts)[[*self.by, "time", "survival", "band_low", "band_high"]].reset_index(
            drop=True
        )

    def logrank(self) -> dict[str, float]:
        """Log-rank test that the groups have one survival function: statistic, df, pvalue (chi-squared)."""
        if not self.by:
            raise OptionError("A test compares groups: estimate with by=... first.")
        from statsmodels.duration.survfunc import survdiff

        groups = self.spells.groupby(list(self.by), sort=False).ngroup().to_numpy()
        if groups.max() == 0:
            raise DataError("there is a single group", "A log-rank test compares two or more.")
        statistic, pvalue = survdiff(
            self.spells["duration"].to_numpy(), self.spells["ended"].to_numpy(), groups
        )
        return {"statistic": float(statistic), "df": float(groups.max()), "pvalue": float(pvalue)}

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the curves as steps."""
        from exportlab.plots.structure import survival_curves

        return survival_curves(self, ax=ax, **options)


@validated
def kaplan_meier(
    duration: ArrayLike,
    ended: ArrayLike | None = None,
    *,
    group: ArrayLike | None = None,
    level: Level = 0.95,
) -> Survival:
    r"""Kaplan-Meier estimate :math:`S(t) = \prod_{u \le t} (1 - d_u / n_u)` with Greenwood's standard errors.

    Parameters
    ----------
    duration : array_like, shape (n,)
        Above zero.
    ended : array_like of bool, shape (n,), optional
        Whether the end was seen; False (or 0) is right-censored, True (or 1) is not. By default all were.
    group : array_like, shape (n,), optional
        One curve each.
    level : float
        Of the confidence intervals.

    Returns
    -------
    Survival

    Raises
    ------
    DataError
        No durations, durations of zero or less or that are missing, arrays of different lengths, ends that are neither
        true nor false.
    OptionError
        A level outside (0, 1).

    References
    ----------
    .. [1] Kaplan and Meier (1958), JASA 53(282); Greenwood (1926).
    """
    import pandas as pd

    d = np.asarray(duration, dtype=float)
    seen = np.ones(len(d), dtype=bool) if ended is None else _yes_or_no(ended)
    if len(seen) != len(d) or (group is not None and len(np.asarray(group)) != len(d)):
        raise DataError("durations, ended and group have different lengths", "One entry a spell each.")
    if not len(d) or not (d > 0).all():
        bad = d[~(d > 0)]
        raise DataError(
            "durations are not above zero" if len(d) else "there are no durations",
            "A spell lasts one period or more.",
            rows=len(bad) if len(d) else None,
            first=repr(float(bad[0])) if len(bad) else None,
        )
    table = pd.DataFrame({"duration": d, "ended": seen})
    if group is not None:
        table.insert(0, "group", np.asarray(group))
    return estimate(table, () if group is None else ("group",), level)


def _yes_or_no(ended: ArrayLike) -> Mask:
    """Truth values; of a text or a 2, which Python takes for true, nobody knows which it is."""
    found = np.asarray(ended)
    wrong = [x for x in found.tolist() if not isinstance(x, bool | int | float) or x not in (0, 1)]
    if wrong:
        raise DataError(
            "ended is neither true nor false",
            "True (or 1) where the end was seen, False (or 0) where the spell went on; rows that lack it are left out "
            "before, and a status coded 1 and 2 is compared first: ended = status == 2.",
            rows=len(wrong),
            first=repr(wrong[0]),
        )
    return found.astype(bool)


def estimate(table: pd.DataFrame, by: tuple[str, ...], level: float, dropped: int = 0) -> Survival:
    """One curve for each group of a table with `duration` and `ended`."""
    import pandas as pd

    if not by:
        return Survival(_curve(table, level), table, by, level, dropped)
    curves = []
    for label, part in table.groupby(list(by)):
        curve = _curve(part, level)
        columns = list(curve)
        named: dict[str, Any] = dict(zip(by, label, strict=True))
        curves.append(curve.assign(**named)[[*by, *columns]])
    return Survival(pd.concat(curves, ignore_index=True), table, by, level, dropped)


def _critical(level: float, least: float) -> float:
    """The height that a standardised Brownian bridge between `least` and 1 - `least` stays below so often."""
    from scipy.optimize import brentq
    from scipy.stats import norm

    span = 2 * np.log((1 - least) / least)

    def beyond(c: float) -> float:
        return float(norm.pdf(c) * (4 / c + (c - 1 / c) * span) - (1 - level))

    return float(brentq(beyond, 1.0, 20.0))


def _band(part: pd.DataFrame, n: int, critical: float, least: float) -> pd.DataFrame:
    """One curve's band on the log(-log S) scale."""
    s, error = part["survival"].to_numpy(float), part["std_error"].to_numpy(float)
    inside = (s > 0) & (s < 1)
    safe = np.where(inside, s, 0.5)
    spread = n * (np.where(inside, error, 0.0) / safe) ** 2
    carried = spread / (1 + spread)
    runs = inside & (carried >= least) & (carried <= 1 - least)
    reach = critical * error / (safe * np.abs(np.log(safe)))
    low, high = (np.where(runs, safe ** np.exp(sign * reach), np.nan) for sign in (1, -1))
    return part.assign(band_low=low, band_high=high)


def _curve(part: pd.DataFrame, level: float) -> pd.DataFrame:
    import pandas as pd
    from scipy.stats import norm
    from statsmodels.duration.survfunc import SurvfuncRight

    if not part["ended"].any():  # all censored: S stays at one, and no time carries an event
        longest = part["duration"].max()
        return pd.DataFrame(
            {
                "time": [longest],
                "at_risk": [int((part["duration"] == longest).sum())],
                "ended": [0],
                "survival": [1.0],
                "std_error": [0.0],
                "conf_low": [np.nan],
                "conf_high": [np.nan],
            }
        )
    f = SurvfuncRight(part["duration"].to_numpy(), part["ended"].to_numpy().astype(int))
    s, se = f.surv_prob, f.surv_prob_se
    inside = (s > 0) & (s < 1)
    safe = np.where(inside, s, 0.5)
    spread = norm.ppf((1 + level) / 2) * np.where(inside, se, 0.0) / (safe * np.abs(np.log(safe)))
    low, high = (np.where(inside, safe ** np.exp(sign * spread), np.nan) for sign in (1, -1))
    return pd.DataFrame(
        {
            "time": f.surv_times,
            "at_risk": f.n_risk.astype(int),
            "ended": f.n_events.astype(int),
            "survival": s,
            "std_error": se,
            "conf_low": low,
            "conf_high": high,
        }
    )
