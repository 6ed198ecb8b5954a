r"""Club convergence: the log t test and the clustering of Phillips and Sul."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy.stats import norm

from exportlab.convergence.door import LOGS, RELATIVE, Panel, panel_of
from exportlab.errors import DataError
from exportlab.frames import Array, Codes
from exportlab.options import Finite, Positive, Share, validated
from exportlab.results import Cautious
from exportlab.words import N_, _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Merge: TypeAlias = Literal["schnurbus", "phillips_sul", "none"]
SHORT = N_(
    "{t} periods, of which the first {cut} are left out: the test is built for long panels, and few periods reject "
    "often."
)
LOGGED = N_(
    "Shares of the mean of logs depend on the unit of money: the clubs may be others in yuan than in dollars."
)
SAME = N_(
    "Clubs are found and tested on the same figures, and members of a club are not told apart from those of the next "
    "by a "
    "test of their own."
)
ENOUGH = 30  # periods from which the note on few is left out
FEWEST = 5  # periods left for a regression with an autoregression of its residuals


@dataclass(frozen=True, repr=False, eq=False)
class ConvergenceClubs(Cautious):
    """Clubs that converge.

    Attributes
    ----------
    table : DataFrame
        One row a unit: club (1 the highest; 0 divergent), last (its last figure), relative (over the mean of all).
    clubs : DataFrame
        One row a club: units, b, std_error, t, p_value (one-sided: it diverges), speed (b / 2), level (the mean of the
        last figures); the divergent ones last as club 0.
    whole : dict
        The log t test of all units: b, std_error, t, p_value.
    first : DataFrame
        The clubs before merging, as `clubs`.
    paths : DataFrame
        The relative transition paths h, one row a unit and period.
    cautions : tuple of str
    """

    table: pd.DataFrame
    clubs: pd.DataFrame
    whole: dict[str, float]
    first: pd.DataFrame
    cautions: tuple[str, ...]
    unit: str
    period: str
    value: str
    paths: pd.DataFrame = field(repr=False)

    @property
    def title(self) -> str:
        """One line that says what this is."""
        clubs = int((self.clubs["club"] > 0).sum())
        apart = int((self.table["club"] == 0).sum())
        t = self.whole["t"]
        return (
            f"Club convergence of {self.value}: {clubs} club{'s' if clubs != 1 else ''} of {len(self.table)} units, "
            f"{apart} divergent; all together log t = {t:.3g}"
        )

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the transition paths by club; options as in `plots.convergence.paths`."""
        from exportlab.plots.convergence import paths

        return paths(self, ax=ax, **options)


@validated
def club_convergence(
    table: Any,
    *,
    value: str,
    unit: str,
    period: str,
    log: bool = False,
    hp: Positive | None = None,
    trim: Share = 1 / 3,
    sieve: Finite = 0.0,
    critical: Finite = -1.65,
    merge: Merge = "schnurbus",
    order: Literal["last", "half"] = "last",
) -> ConvergenceClubs:
    r"""Find the clubs within which units converge (俱乐部收敛).

    Parameters
    ----------
    table : DataFrame
        One row a unit and period, every unit in every period.
    value, unit, period : str
        Columns; figures above zero.
    log : bool
        Take logarithms first, as Phillips and Sul do of income: the figures must then be above one, and h depends on
        the unit of money.
    hp : float, optional
        Take out cycles with a Hodrick-Prescott filter of this weight (400 in Phillips and Sul for years) first.
    trim : float
        The share of periods at the beginning that the regression leaves out.
    sieve : float
        The critical value c* above which a unit joins the core; raised by 0.1 where the club that it makes does not
        converge.
    critical : float
        Convergence is rejected where t is not above it (5 %, one-sided).
    merge : {"schnurbus", "phillips_sul", "none"}
        Adjoining clubs that converge together become one: again and again until none is left that can (Schnurbus, Haupt
        and Meier 2017), or in one pass from the top (Phillips and Sul 2009).
    order : {"last", "half"}
        Units are ordered by their last figure, or by the mean of the second half where it is volatile.

    Returns
    -------
    ConvergenceClubs

    Raises
    ------
    DataError
        Missing units or periods, figures that are not above zero, fewer than three units or too few periods; units
        tested as a pair that have one figure in a period.

    Notes
    -----
    :math:`h_{it} = x_{it} / \bar x_t`, :math:`H_t = \overline{(h_{it} - 1)^2}`. The regression is
    :math:`\ln(H_1/H_t) - 2 \ln \ln t = a + b \ln t + u_t` over :math:`t > [rT]`; t of b above -1.65: convergence is not
    rejected. b of 2 or more is convergence of levels, below it of growth rates; the speed is b / 2.
    Clustering: units in falling order; the core is the run of units with the largest t, begun at the first two that
    converge and ended at the first that does not; the others join one by one where t exceeds c*; then what is left.
    The standard error takes the long-run variance of the residuals by the quadratic spectral kernel with Andrews'
    bandwidth, as the authors' programs, R's ConvergenceClubs and Stata's psecta compute it.

    References
    ----------
    .. [1] Phillips and Sul (2007), Transition modeling and econometric convergence tests, Econometrica 75(6).
    .. [2] Phillips and Sul (2009), Economic transition and growth, Journal of Applied Econometrics 24(7).
    .. [3] Schnurbus, Haupt and Meier (2017), Economic transition and growth: a replication, Journal of Applied
       Econometrics 32(5).
    .. [4] Andrews (1991), Heteroskedasticity and autocorrelation consistent covariance matrix estimation,
       Econometrica 59(3).
    """
    panel = panel_of(table, value, unit, period, fewest=(3, FEWEST), positive=LOGS if log else RELATIVE)
    x = _prepared(panel.y, log=log, hp=hp, value=value)
    cut = round(trim * x.shape[1])
    if x.shape[1] - cut < FEWEST:
        raise DataError(
            f"{x.shape[1] - cut} periods are left after trimming",
            f"The regression needs {FEWEST} or more: trim less, or take longer series.",
        )

    def tested(units: Sequence[int]) -> dict[str, float]:
        return _tested(panel, x, list(units), trim=trim)

    ordering = x[:, -1] if order == "last" else x[:, x.shape[1] // 2 :].mean(axis=1)
    ranked = np.argsort(-ordering, kind="stable").tolist()
    first, apart = _clustered(ranked, tested, sieve, critical)
    clubs = _merged(first, tested, critical, merge)
    club = np.zeros(len(x), dtype=int)
    for k, units in enumerate(clubs, start=1):
        club[units] = k
    cautions = [_(SHORT, t=x.shape[1], cut=cut)] if x.shape[1] < ENOUGH else []
    cautions += [_(LOGGED)] if log else []
    listed, before = (_listed(c, apart, tested, x) for c in (clubs, first))
    return ConvergenceClubs(
        _members(panel, x, club, unit), listed, tested(ranked), before, (*cautions, _(SAME)), unit, period, value,
        _paths(panel, x, club, names=(unit, period)),
    )  # fmt: skip


def _tested(panel: Panel, x: Array, units: list[int], *, trim: float) -> dict[str, float]:
    """The log t test of some units; refuses those that meet, whose spread has no logarithm."""
    chosen = x[units]
    met = np.ptp(chosen, axis=0) <= 1e-13 * chosen.max(axis=0)
    if met.any():
        raise DataError(
            f"{', '.join(str(panel.units[u]) for u in units)} have one figure in a period",
            "Without a spread there is no log t: take figures with more digits, or smooth them (hp=).",
            first=str(panel.periods[int(met.argmax())]),
        )
    return log_t(chosen, trim=trim)


def _members(panel: Panel, x: Array, club: Codes, unit: str) -> pd.DataFrame:
    """One row a unit, by club, the highest figures first, divergent ones last."""
    last = x[:, -1]
    made = pd.DataFrame({unit: list(panel.units), "club": club, "last": last, "relative": last / last.mean()})
    order = np.lexsort((-last, np.where(club > 0, club, len(x) + 1)))
    return made.iloc[order].reset_index(drop=True)


def _paths(panel: Panel, x: Array, club: Codes, *, names: tuple[str, str]) -> pd.DataFrame:
    unit, period = names
    periods = x.shape[1]
    return pd.DataFrame(
        {
            unit: [u for u in panel.units for _t in range(periods)],
            period: list(panel.periods) * len(x),
            "club": np.repeat(club, periods),
            "h": (x / x.mean(axis=0)).ravel(),
        }
    )


def _prepared(y: Array, *, log: bool, hp: float | None, value: str) -> Array:
    x = np.log(y) if log else y
    if hp is not None:
        from statsmodels.tsa.filters.hp_filter import hpfilter

        x = np.stack([hpfilter(row, hp)[1] for row in x])
    if (x <= 0).any():
        what = "logarithm" if log else "trend"
        raise DataError(
            f"the {what} of {value!r} is not above zero",
            "Shares of the mean need figures above zero: take a smaller unit of money, or no logarithms.",
            rows=int((x <= 0).sum()),
        )
    return np.asarray(x)


@validated
def log_t(x: Array, *, trim: Share = 1 / 3) -> dict[str, float]:
    """Test whether the units in the rows of x converge.

    Parameters
    ----------
    x : array (N, T)
        Figures above zero.
    trim : float
        The share of periods at the beginning that are left out.

    Returns
    -------
    dict
        b, std_error, t, p_value (one-sided: they diverge), as in `club_convergence`.

    Raises
    ------
    DataError
        Figures that are not above zero, fewer than two units or five periods after trimming.
    """
    if x.ndim != 2 or len(x) < 2 or x.shape[1] - round(trim * x.shape[1]) < FEWEST:
        raise DataError(
            f"x has shape {x.shape}",
            f"The log t test takes two units or more, and {FEWEST} periods or more after trimming.",
        )
    if not (np.isfinite(x) & (x > 0)).all():
        raise DataError("figures of x are not above zero", RELATIVE, rows=int((~(x > 0)).sum()))
    periods = x.shape[1]
    time = np.arange(round(trim * periods) + 1, periods + 1)
    spread = ((x / x.mean(axis=0) - 1) ** 2).mean(axis=0)
    log_time = np.log(time)
    left = np.log(spread[0] / spread[time - 1]) - 2 * np.log(log_time)
    z = log_time - log_time.mean()
    b = float(z @ left / (z @ z))
    residual = left - left.mean() - b * z
    error = float(np.sqrt(long_run_variance(residual) / (z @ z)))
    t = b / error
    return {"b": b, "std_error": error, "t": t, "p_value": float(norm.cdf(t))}


def long_run_variance(u: Array) -> float:
    """The quadratic spectral estimate with Andrews' bandwidth, 1.3221 (a n)^(1/5), a = 4 rho^2 / (1 - rho)^4.

    As in the authors' programs (and R's ConvergenceClubs) the divisor is n - 1, and covariances leave out the last.
    """
    n, kept = len(u), u[:-1]
    rho = float(kept @ u[1:] / (kept @ kept))
    width = 1.3221 * (4 * rho**2 / (1 - rho) ** 4 * n) ** 0.2
    lags = np.arange(1, n - 1)
    z = 1.2 * np.pi * lags / width
    kernel = 3 / z**2 * (np.sin(z) / z - np.cos(z))
    covariances = np.array([kept[:-lag] @ kept[lag:] for lag in lags])
    return float((u @ u + 2 * kernel @ covariances) / (n - 1))


Test: TypeAlias = Callable[[Sequence[int]], dict[str, float]]


def _clustered(
    ranked: list[int], tested: Test, sieve: float, critical: float
) -> tuple[list[list[int]], list[int]]:
    """Clubs from the top, and what diverges."""
    clubs: list[list[int]] = []
    left = ranked
    while len(left) > 1:
        if tested(left)["t"] > critical:
            return [*clubs, left], []
        core = _core(left, tested, critical)
        if not core:
            return clubs, left
        club = _joined(core, left, tested, sieve, critical)
        clubs.append(club)
        left = [u for u in left if u not in club]
    return clubs, left


def _core(left: list[int], tested: Test, critical: float) -> list[int]:
    """The run of units with the largest t, from the first pair that converges; none where no pair does."""
    for start in range(len(left) - 1):
        runs = []
        for end in range(start + 2, len(left) + 1):
            t = tested(left[start:end])["t"]
            if not t > critical:
                break
            runs.append((t, end))
        if runs:
            return left[start : max(runs, key=lambda run: run[0])[1]]
    return []


def _joined(core: list[int], left: list[int], tested: Test, sieve: float, critical: float) -> list[int]:
    """The core with the units that join it; c* rises until the club converges."""
    others = {u: tested([*core, u])["t"] for u in left if u not in core}
    limit = sieve
    while True:
        joining = [u for u, t in others.items() if t > limit]
        club = [u for u in left if u in core or u in joining]
        if not joining or tested(club)["t"] > critical:
            return club
        limit += STEP


STEP = 0.1  # by which c* rises


def _merged(clubs: list[list[int]], tested: Test, critical: float, merge: Merge) -> list[list[int]]:
    if merge == "none":
        return clubs
    while True:
        passed: list[list[int]] = []
        for club in clubs:
            if passed and tested([*passed[-1], *club])["t"] > critical:
                passed[-1] = [*passed[-1], *club]
            else:
                passed.append(club)
        if merge == "phillips_sul" or len(passed) == len(clubs):
            return passed
        clubs = passed


def _listed(clubs: list[list[int]], apart: list[int], tested: Test, x: Array) -> pd.DataFrame:
    rows = []
    for k, units in enumerate([*clubs, apart]):
        if units:
            found = (
                tested(units) if len(units) > 1 else dict.fromkeys(("b", "std_error", "t", "p_value"), np.nan)
            )
            number = k + 1 if k < len(clubs) else 0
            rows.append(
                {
                    "club": number,
                    "units": len(units),
                    **found,
                    "speed": found["b"] / 2,
                    "level": x[units, -1].mean(),
                }
            )
    return pd.DataFrame(rows)
