"""How bad a year may be: value at risk and expected shortfall of growth at fixed shares, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from exportlab.errors import OptionError
from exportlab.flow_table import Columns, Flows
from exportlab.frames import Array
from exportlab.options import Count, Level, validated
from exportlab.periods import Lag
from exportlab.results import Cautious
from exportlab.risk import growth as ground
from exportlab.risk.cautions import AVERAGES, CONCENTRATION, ENTRY, PRICES, overlap
from exportlab.risk.growth import Growth, framed
from exportlab.risk.portfolio import ROUNDING, Shares, computed, need
from exportlab.uncertainty.sample import seeds

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Tail: TypeAlias = Literal["historical", "bootstrap", "normal"]
ENOUGH = 20  # growth rates below which a tail is refused unless asked for
UNSEEN = "A tail is read from few years: what is worse than the worst year seen is not in it."


@dataclass(frozen=True, repr=False, eq=False)
class ValueAtRisk(Cautious):
    """Value at risk and expected shortfall.

    Attributes
    ----------
    table : DataFrame
        One row per group: its keys, n, method, value_at_risk (growth that is undercut with the stated probability),
        expected_shortfall (mean growth where it is undercut), conf_low and conf_high of each (bootstrap alone), and
        in money value_at_risk_value and expected_shortfall_value (what the last period's exports would change by);
        worst (period), worst_growth; note.
    cautions : tuple of str
    probability : float
    """

    table: pd.DataFrame
    cautions: tuple[str, ...]
    probability: float

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Value at risk and expected shortfall of growth at fixed shares, {100 * self.probability:g} %"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw both figures of each group, with intervals where there are some."""
        from exportlab.plots.risk import tails

        return tails(self, ax=ax, **options)


@validated
def value_at_risk(
    flows: Flows,
    *,
    over: Columns = "market",
    by: Columns | None = None,
    method: Tail = "historical",
    probability: Level = 0.05,
    growth: Growth = "arc",
    shares: Shares = "last",
    lag: Lag = "year",
    min_observations: Count = ENOUGH,
    draws: Count = 999,
    level: Level = 0.95,
    rng: Any = None,
) -> ValueAtRisk:
    r"""Give the growth that a bad year undercuts, and the mean of the years that do.

    Parameters
    ----------
    flows : Flows
    over, by, growth, shares, lag
        As in `portfolio`.
    method : {"historical", "bootstrap", "normal"}
        Of the growth rates seen; the same with intervals over redrawn periods; or of a normal law with their mean and
        standard deviation.
    probability : float
        Of a year as bad.
    min_observations : int
        Fewer growth rates are refused. With fewer than 1 / probability of them, the quantile lies between the worst
        two, and the note says so.
    draws, level, rng
        Of the bootstrap: periods are drawn with replacement, as if independent; percentile intervals.

    Returns
    -------
    ValueAtRisk

    Raises
    ------
    DataError
        Fewer than `min_observations` growth rates, and whatever `portfolio` refuses.
    OptionError
        A bootstrap without rng=, or rng= without one.

    Notes
    -----
    Growth :math:`r_t = a'y_t`. Historical: the quantile of type 7 (R's default), and the mean of :math:`r_t` at or
    below it. Normal: :math:`\bar r + z_p s` and :math:`\bar r - s \phi(z_p)/p`. The shortfall is never above the value
    at risk. In money: the arc growth g is :math:`x_1 = x_0 (2 + g)/(2 - g)`, the log growth :math:`x_0 e^g`.

    References
    ----------
    .. [1] Hyndman and Fan (1996), Sample quantiles in statistical packages, American Statistician 50(4).
    .. [2] Acerbi and Tasche (2002), On the coherence of expected shortfall, Journal of Banking and Finance 26(7).
    """
    if (rng is not None) != (method == "bootstrap"):
        raise OptionError(
            "The bootstrap is random: give rng= a seed (rng=7) or a Generator."
            if method == "bootstrap"
            else f"rng= belongs to method='bootstrap'; {method!r} draws nothing."
        )
    asked = ground.asked(flows, "value_at_risk", over, by, lag)
    need(asked, min_observations, "a tail")
    found = ground.series(asked)
    own = seeds(rng, len(found)) if method == "bootstrap" else [None] * len(found)
    rows = []
    for one, seed in zip(found, own, strict=True):
        key = dict(zip(asked.groups, one.key, strict=True))
        lost = ground.silent(asked, one)
        r = np.full(len(asked.after), np.nan)
        if not lost:
            r = ground.growth(asked, one, growth) @ ground.shares(asked, one, shares)
        few = f"fewer than {1 / probability:g} growth rates" if len(r) * probability < 1 else ""
        tail = _tail(r, method, probability, draws=draws, level=level, seed=seed)
        money = {f"{n}_value": float(one.total[-1]) * (grown(tail[n], growth) - 1) for n in NAMES}
        worst = asked.dates[int(np.argmin(r))] if not lost else ""
        rows.append({**key, "n": len(r), "method": method, **tail, **money, "worst": worst,
                     "worst_growth": float(r.min()), "note": lost or few * (method != "normal")})  # fmt: skip
    cautions = (UNSEEN, CONCENTRATION, PRICES, *((ENTRY,) if growth == "arc" else ()), AVERAGES)
    table = computed(asked, framed(asked, rows), "value_at_risk")
    return ValueAtRisk(table, (*cautions, *overlap(flows, lag)), probability)


NAMES = ("value_at_risk", "expected_shortfall")


def grown(g: float, kind: Growth) -> float:
    """What a value is multiplied by when it grows by g; NaN for an arc growth that no value can have."""
    if kind == "log":
        return float(np.exp(g))
    return (2 + g) / (2 - g) if -2 <= g < 2 else float("nan")


def tail_of(r: Array, probability: float) -> tuple[Array, Array]:
    """The quantile of type 7 along the last axis, and the mean of what is at or below it."""
    low = np.quantile(r, probability, axis=-1, method="linear")
    rounding = ROUNDING * np.abs(r).max(
        axis=-1, keepdims=True
    )  # what interpolation leaves of a rate that is hit
    below = r <= low[..., None] + rounding
    return low, np.where(below, r, 0.0).sum(axis=-1) / below.sum(axis=-1)


def _tail(r: Array, method: Tail, p: float, *, draws: int, level: float, seed: Any) -> dict[str, float]:
    """Both figures, and their intervals where periods are redrawn."""
    names = [*NAMES, *(f"{n}_conf_{end}" for n in NAMES for end in ("low", "high"))]
    found = dict.fromkeys(names if method == "bootstrap" else NAMES, float("nan"))
    if np.isnan(r).any():
        return found
    if method == "normal":
        from scipy.stats import norm

        z, s = float(norm.ppf(p)), float(r.std(ddof=1))
        both = float(r.mean()) + z * s, float(r.mean()) - s * float(norm.pdf(z)) / p
    else:
        both = tuple(float(x) for x in tail_of(r[None], p) for x in x)  # type: ignore[assignment]
    found |= dict(zip(NAMES, both, strict=True))
    if method == "bootstrap":
        drawn = r[np.random.default_rng(seed).integers(0, len(r), (draws, len(r)))]
        ends = (1 - level) / 2, (1 + level) / 2
        for name, sample in zip(NAMES, tail_of(drawn, p), strict=True):
            for end, q in zip(("low", "high"), ends, strict=True):
                found[f"{name}_conf_{end}"] = float(np.quantile(sample, q))
    return found
