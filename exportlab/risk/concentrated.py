r"""Concentration beside risk: over time, among exporters, in one table and one figure; a bloc against the rest.

Whether concentrated exporters are the volatile ones is a question to the data. A regression across exporters answers
it with errors that hold under unequal variances, and within exporters where windows repeat them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.errors import DataError, OptionError
from exportlab.flow_table import Columns, Flows
from exportlab.frames import Array, Codes, sum_by, when
from exportlab.indices import shares as bloc_shares
from exportlab.indices.residual import refuse_members
from exportlab.options import Count, Level, validated
from exportlab.periods import Lag
from exportlab.results import Cautious
from exportlab.risk import growth as ground
from exportlab.risk.cautions import AVERAGES, CONCENTRATION, ENTRY, PRICES, SMALL, overlap
from exportlab.risk.growth import FEWEST, Asked, Growth, Series, framed
from exportlab.risk.portfolio import ROUNDING, computed, need

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

ALONE = "without one period nothing varies: no interval"
LEAST = 10  # exporters below which a regression across them is refused
FEW = 40  # exporters below which its note warns of few clusters
MECHANICAL = (
    "sd is at fixed shares, of which the index of concentration is made; actual_sd is of the exports as they were. "
    "Association across exporters is no effect: small exporters are both concentrated and volatile."
)


@dataclass(frozen=True, repr=False, eq=False)
class Beside(Cautious):
    """Concentration and risk of each group, over the whole time or by window.

    Attributes
    ----------
    table : DataFrame
        One row per group (and window): its keys, from and to (periods of its growth), n, hhi (of the first shares),
        sd (of growth at those shares) with conf_low and conf_high (jackknife over periods, on the log scale),
        actual_sd (of the growth of all exports), size (mean exports), note.
    cautions : tuple of str
    groups : tuple of str
        The key columns.
    level : float
    windows : bool
    """

    table: pd.DataFrame
    cautions: tuple[str, ...]
    groups: tuple[str, ...]
    level: float
    windows: bool

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Concentration beside risk: HHI and standard deviation of growth, {100 * self.level:g} % jackknife"

    def regression(
        self, risk: Literal["actual_sd", "sd"] = "actual_sd", *, size: bool = True, level: float = 0.95
    ) -> pd.DataFrame:
        """Regress risk on concentration across the groups.

        Parameters
        ----------
        risk : {"actual_sd", "sd"}
        size : bool
            Hold the logarithm of mean exports fixed.
        level : float

        Returns
        -------
        DataFrame
            term, estimate, std_error, statistic, p_value, conf_low, conf_high, n, groups, errors, note. Without
            windows HC3 errors; with windows the windows' own means are taken out and errors are clustered by group.

        Raises
        ------
        DataError
            Fewer than 10 groups; a regressor that does not vary.
        """
        return _regression(self, risk, size=size, level=level)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw risk over concentration: groups as points, the windows of a group joined in time."""
        from exportlab.plots.risk import beside

        return beside(self, ax=ax, **options)


@validated
def concentration_and_risk(
    flows: Flows,
    *,
    over: Columns = "market",
    by: Columns | None = None,
    window: Count | None = None,
    growth: Growth = "arc",
    lag: Lag = "year",
    level: Level = 0.95,
    min_observations: Count = FEWEST,
) -> Beside:
    r"""Put the concentration of exports beside the variability of their growth.

    Parameters
    ----------
    flows : Flows
    over, growth, lag, min_observations
        As in `portfolio`.
    by : str or sequence of str, optional
        By default the exporter where there is one.
    window : int, optional
        Growth rates of each window, which ends in every period that has so many before it; by default all at once.
    level : float

    Returns
    -------
    Beside

    Raises
    ------
    DataError
        Too few growth rates for the window, and what `portfolio` refuses.

    Notes
    -----
    HHI of the shares from which the first growth rate starts, so that what happens later cannot move it. Windows that
    overlap are not independent: the regression clusters them by group.
    """
    keys = by if by is not None else tuple(r for r in ("exporter",) if r in flows.roles)
    asked = ground.asked(flows, "concentration_and_risk", over, keys, lag)
    width = len(asked.after) if window is None else window
    if width > len(asked.after):
        raise DataError(
            f"there are {len(asked.after)} growth rates, and window={width} needs as many", "Shorten window=."
        )
    if width < max(min_observations, 3):
        raise DataError(
            f"{width} growth rates are too few for a standard deviation and its interval",
            f"Take {max(min_observations, 3)} or more, or say min_observations= (3 is the least).",
        )
    rows: list[dict[str, Any]] = []
    for one in ground.series(asked):
        rows += _windows(asked, one, width, growth, level)
    cautions = (MECHANICAL, CONCENTRATION, SMALL, PRICES, *((ENTRY,) if growth == "arc" else ()), AVERAGES)
    return Beside(
        computed(asked, framed(asked, rows), "sd"),
        (*cautions, *overlap(flows, lag)),
        tuple(asked.name(r) for r in asked.groups),
        level,
        window is not None,
    )


def _windows(asked: Asked, one: Series, width: int, kind: Growth, level: float) -> list[dict[str, Any]]:
    """One row a window of one group; NaN where it exports nothing in one of its periods."""
    key = dict(zip(asked.groups, one.key, strict=True))
    total = one.total
    y = ground.growth(asked, one, kind)
    whole = ground.rates(total[asked.before], total[asked.after], kind)
    rows = []
    for end in range(width, len(asked.after) + 1):
        rates = slice(end - width, end)
        used = np.unique([asked.before[rates], asked.after[rates]])
        row = {**key, "from": asked.dates[end - width], "to": asked.dates[end - 1], "n": width}
        empty = [asked.periods[t] for t in used if total[t] <= 0]
        if empty:
            nothing = dict.fromkeys(("hhi", "sd", "conf_low", "conf_high", "actual_sd"), np.nan)
            size = float(total[used].mean())
            rows.append(
                {**row, **nothing, "size": size, "note": f"no exports in {asked.flows.said(empty[0])}"}
            )
            continue
        a = one.values[asked.before[end - width]] / total[asked.before[end - width]]
        sd, low, high = jackknife_sd(y[rates] @ a, level)
        actual = jackknife_sd(whole[rates], level)[0]
        figures = {"hhi": float(a @ a), "sd": sd, "conf_low": low, "conf_high": high, "actual_sd": actual}
        note = ALONE if sd > 0 and np.isnan(low) else ""
        rows.append({**row, **figures, "size": float(total[used].mean()), "note": note})
    return rows


def jackknife_sd(line: Array, level: float) -> tuple[float, float, float]:
    """The standard deviation of a series, and its interval: jackknife of its logarithm, Student's t (n - 1)."""
    from scipy.stats import t as student

    n = len(line)
    left = line - line.mean()
    square = float(left @ left)
    if square <= (ROUNDING * float(np.abs(line).max(initial=0.0))) ** 2 * n:
        return 0.0, float("nan"), float("nan")
    sd = float(np.sqrt(square / (n - 1)))
    if (_remains(left) <= ROUNDING * square).any():  # without one period nothing varies: there is no error
        return sd, float("nan"), float("nan")
    error = _spread(_left_out(left), n)
    reach = float(student.ppf((1 + level) / 2, n - 1)) * error
    return sd, sd * float(np.exp(-reach)), sd * float(np.exp(reach))


def _left_out(left: Array) -> Array:
    """The log standard deviation with each period left out, from deviations about the mean of all."""
    return np.asarray(np.log(_remains(left) / (len(left) - 2)) / 2)


def _remains(left: Array) -> Array:
    """The sum of squares about their own mean with each period left out."""
    return np.asarray(left @ left - left * left * len(left) / (len(left) - 1))


def _spread(values: Array, n: int) -> float:
    """The jackknife's standard error."""
    return float(np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum()))


def _regression(found: Beside, risk: str, *, size: bool, level: float) -> pd.DataFrame:
    import pandas as pd
    from statsmodels.regression.linear_model import OLS

    if not 0 < level < 1:
        raise OptionError(f"level={level!r} is not allowed. Allowed: a number between 0 and 1.")
    if risk not in ("actual_sd", "sd"):
        raise OptionError(f"risk={risk!r} is not allowed. Allowed: 'actual_sd', 'sd'.")
    rows = found.table[found.table[risk].notna() & found.table["hhi"].notna()]
    code: Codes = np.zeros(len(rows), dtype=np.int64)
    if found.groups:
        code = rows.groupby(list(found.groups), sort=False).ngroup().to_numpy()
    count = len(np.unique(code))
    if count < LEAST:
        raise DataError(
            f"{count} groups are too few for a regression across them",
            f"Give {LEAST} exporters or more: by='exporter'.",
        )
    x = pd.DataFrame({"hhi": rows["hhi"].to_numpy(float)})
    if size:
        x["log_size"] = np.log(rows["size"].to_numpy(float))
    y = rows[risk].to_numpy(float)
    x, y, free = _without_windows(rows, x, y, windows=found.windows)
    flat = [c for c in x if np.ptp(x[c]) <= ROUNDING * max(1.0, float(np.abs(x[c]).max()))]
    if [c for c in flat if c != "const"]:
        raise DataError(f"{flat[0]} does not vary across the groups", "There is nothing to regress on.")
    how = {"cov_type": "cluster", "cov_kwds": {"groups": code}} if found.windows else {"cov_type": "HC3"}
    fit = OLS(y, x).fit(**how, use_t=True)
    df = count - 1 if found.windows else len(y) - x.shape[1] - free
    return _said(fit, x, df, level, count, windows=found.windows)


def _without_windows(
    rows: pd.DataFrame, x: pd.DataFrame, y: Array, *, windows: bool
) -> tuple[pd.DataFrame, Array, int]:
    """Add a constant, or take out the mean of each window; and how many means were taken."""
    if not windows:
        return x.assign(const=1.0), y, 0
    end = rows["to"].to_numpy()
    frame = x.assign(_y=y)
    left = frame - frame.groupby(end).transform("mean")
    return left.drop(columns="_y"), left["_y"].to_numpy(), len(set(end.tolist()))


def _said(fit: Any, x: pd.DataFrame, df: int, level: float, count: int, *, windows: bool) -> pd.DataFrame:
    import pandas as pd
    from scipy.stats import t as student

    estimate, error = np.asarray(fit.params), np.asarray(fit.bse)
    reach = float(student.ppf((1 + level) / 2, df))
    statistic = estimate / error
    made = pd.DataFrame(
        {
            "term": list(x.columns),
            "estimate": estimate,
            "std_error": error,
            "statistic": statistic,
            "p_value": 2 * student.sf(np.abs(statistic), df),
            "conf_low": estimate - reach * error,
            "conf_high": estimate + reach * error,
        }
    )
    few = f"{count} clusters: errors may be too small" if windows and count < FEW else ""
    return made.assign(
        n=int(fit.nobs),
        groups=count,
        errors="clustered by group, windows' means taken out" if windows else "HC3",
        note=few,
    )


@dataclass(frozen=True, repr=False, eq=False)
class BlocRisk(Cautious):
    """The growth of exports to a bloc beside that to the rest.

    Attributes
    ----------
    table : DataFrame
        One row per group and side (the bloc, the rest): share (of the last period), mean and sd of growth, conf_low
        and conf_high of sd, contribution to the variance of both; correlation of the two; difference (of the log
        standard deviations, bloc less rest) with difference_low and difference_high; n, note.
    cautions : tuple of str
    bloc : str
    level : float
    """

    table: pd.DataFrame
    cautions: tuple[str, ...]
    bloc: str
    level: float

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Growth of exports to {self.bloc} and to the rest: {100 * self.level:g} % jackknife intervals"


@validated
def bloc_risk(
    flows: Flows,
    bloc: str,
    *,
    by: Columns | None = None,
    membership: str | int = "latest",
    home: str | None = None,
    outside: Sequence[Any] = (),
    growth: Growth = "arc",
    lag: Lag = "year",
    level: Level = 0.95,
    min_observations: Count = FEWEST,
) -> BlocRisk:
    r"""Compare how exports to a bloc vary with how those to the rest do.

    Parameters
    ----------
    flows : Flows
        With markets that are countries or blocs.
    bloc, home, outside
        As in `bloc_share`.
    by : str or sequence of str, optional
        By default the exporter where there is one.
    membership : "latest" or a date
        One membership for all periods: a bloc that grows by a new member has not sold more.
    growth, lag, min_observations
        As in `portfolio`.
    level : float

    Returns
    -------
    BlocRisk

    Raises
    ------
    DataError
        Markets that cannot be placed; nothing sold to one of the two sides in some period.

    Notes
    -----
    Intervals by the jackknife over growth rates, on the log scale, with Student's t; that of the difference leaves out
    the same period on both sides, so that what the two have in common does not count as noise.
    """
    if membership == "dated":
        raise OptionError(
            "membership='dated' would make a member's entry growth: name one date, or 'latest'."
        )
    keys = by if by is not None else tuple(r for r in ("exporter",) if r in flows.roles)
    moved = _sides(flows, bloc, membership, home=home, outside=outside)
    asked = ground.asked(moved, "bloc_risk", "market", keys, lag)
    need(asked, max(min_observations, 3))
    rows: list[dict[str, Any]] = []
    for one in ground.series(asked):
        rows += _two_sides(asked, one, bloc, growth, level)
    cautions = (CONCENTRATION, PRICES, AVERAGES, *overlap(flows, lag))
    return BlocRisk(framed(asked, rows), cautions, bloc, level)


REST = "the rest"


def _sides(flows: Flows, bloc: str, membership: Any, *, home: str | None, outside: Sequence[Any]) -> Flows:
    """The flows with two markets: the bloc and the rest."""
    ground.with_periods(flows, "bloc_risk")
    if "market" not in flows.roles:
        raise DataError("the flows have no market", "bloc_risk needs market=... at the door.")
    refuse_members(flows, "bloc_risk", ("market",))
    parts = bloc_shares.Asked(bloc, membership, "end", home, None, tuple(outside)).parts(flows, "market")
    inside = bloc_shares.inside_of(parts, "market")
    flows.check()
    frame = flows.frame.with_columns(when(inside, nw.lit(bloc), nw.lit(REST)).alias("market"))
    roles = {r: c for r, c in flows.roles.items() if r != "quantity"}
    return flows.derived(sum_by(frame, flows.identity, ["value"]), roles=roles, unique=True)


def _two_sides(asked: Asked, one: Series, bloc: str, kind: Growth, level: float) -> list[dict[str, Any]]:
    from scipy.stats import t as student

    place = {m: k for k, m in enumerate(one.labels[0])}
    for side in (bloc, REST):
        if side not in place or (one.values[:, place[side]] <= 0).any():
            raise DataError(
                f"{asked.titled(one.key)} sells nothing to {'the rest' if side == REST else side} in some period",
                "Growth needs a value before it: cut the table, or take coarser groups.",
            )
    y = ground.growth(asked, one, kind)[:, [place[bloc], place[REST]]]
    a = (one.values[-1] / one.total[-1])[[place[bloc], place[REST]]]
    cov = np.cov(y.T)
    variance = float(a @ cov @ a)
    sds = [jackknife_sd(y[:, k], level) for k in (0, 1)]
    n, calm = len(y), min(s for s, _, _ in sds) == 0 or variance <= 0
    alone = any(s > 0 and np.isnan(low) for s, low, _ in sds)
    nothing = (np.nan,) * 3
    gap, low, high = nothing
    if not calm and not alone:
        left = y - y.mean(axis=0)
        error = _spread(_left_out(left[:, 0]) - _left_out(left[:, 1]), n)
        gap = float(np.log(sds[0][0] / sds[1][0]))
        reach = float(student.ppf((1 + level) / 2, n - 1)) * error
        low, high = gap - reach, gap + reach
    r = float(cov[0, 1] / (sds[0][0] * sds[1][0])) if not calm else np.nan
    parts = a * (cov @ a) / variance if not calm else np.full(2, np.nan)
    key = dict(zip(asked.groups, one.key, strict=True))
    return [
        {**key, "side": side, "share": float(a[k]), "mean": float(y[:, k].mean()), "sd": sds[k][0],
         "conf_low": sds[k][1], "conf_high": sds[k][2], "contribution": float(parts[k]), "correlation": r,
         "difference": gap, "difference_low": low, "difference_high": high, "n": n,
         "note": "a side does not vary beyond rounding" if calm else ALONE * alone}
        for k, side in enumerate((bloc, REST))
    ]  # fmt: skip
