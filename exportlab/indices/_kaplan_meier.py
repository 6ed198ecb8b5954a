"""The Kaplan-Meier estimate of a survival function, its table, picture and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from exportlab.errors import DataError, OptionError
from exportlab.options import Level, validated
from exportlab.results import Result

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


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
        from exportlab.plots.survival import survival_curves

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
        Whether the end was seen; False is right-censored. By default all were.
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
        No durations, durations of zero or less or that are missing, arrays of different lengths.
    OptionError
        A level outside (0, 1).

    References
    ----------
    .. [1] Kaplan and Meier (1958), JASA 53(282); Greenwood (1926).
    """
    import pandas as pd

    d = np.asarray(duration, dtype=float)
    seen = np.ones(len(d), dtype=bool) if ended is None else np.asarray(ended).astype(bool)
    if len(seen) != len(d) or (group is not None and len(np.asarray(group)) != len(d)):
        raise DataError("durations, ended and group have different lengths", "One entry a spell each.")
    if not len(d) or not (d > 0).all():
        bad = d[~(d > 0)]
        raise DataError(
            "durations are not above zero" if len(d) else "there are no durations",
            "A spell lasts one period or more.",
            rows=len(bad) if len(d) else None, first=repr(float(bad[0])) if len(bad) else None,
        )  # fmt: skip
    table = pd.DataFrame({"duration": d, "ended": seen})
    if group is not None:
        table.insert(0, "group", np.asarray(group))
    return estimate(table, () if group is None else ("group",), level)


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


def _curve(part: pd.DataFrame, level: float) -> pd.DataFrame:
    import pandas as pd
    from scipy.stats import norm
    from statsmodels.duration.survfunc import SurvfuncRight

    if not part["ended"].any():  # all censored: S stays at one, and no time carries an event
        longest = part["duration"].max()
        return pd.DataFrame({"time": [longest], "at_risk": [int((part["duration"] == longest).sum())], "ended": [0],
                             "survival": [1.0], "std_error": [0.0], "conf_low": [np.nan],
                             "conf_high": [np.nan]})  # fmt: skip
    f = SurvfuncRight(part["duration"].to_numpy(), part["ended"].to_numpy().astype(int))
    s, se = f.surv_prob, f.surv_prob_se
    inside = (s > 0) & (s < 1)
    safe = np.where(inside, s, 0.5)
    spread = norm.ppf((1 + level) / 2) * np.where(inside, se, 0.0) / (safe * np.abs(np.log(safe)))
    low, high = (np.where(inside, safe ** np.exp(sign * spread), np.nan) for sign in (1, -1))
    return pd.DataFrame({"time": f.surv_times, "at_risk": f.n_risk.astype(int), "ended": f.n_events.astype(int),
                         "survival": s, "std_error": se, "conf_low": low, "conf_high": high})  # fmt: skip
