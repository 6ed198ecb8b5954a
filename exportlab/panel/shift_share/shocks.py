"""What goes by shock: the shock-level table, Rotemberg weights, and shocks that cannot have done anything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes
from exportlab.panel.algebra.levels import encode
from exportlab.panel.shift_share.algebra import Moments, regressed
from exportlab.panel.shift_share.estimates import ORDER, Regressed
from exportlab.panel.shift_share.exposure import Names
from exportlab.panel.shift_share.setup import Asked, Setup, Sums
from exportlab.results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 10  # rows of a summary


def beside(shocks: pd.DataFrame, **made: Any) -> pd.DataFrame:
    """The table of shocks with further columns, whose names it must not have."""
    taken = [c for c in made if c in shocks.columns]
    if taken:
        raise OptionError(
            f"The table of shocks has a column {taken[0]!r}, which the result has too: rename it."
        )
    return shocks.assign(**made)


def shock_table(s: Setup, y: Array, d: Array) -> pd.DataFrame:
    """One row a shock: importance, weighted means of outcome and treatment by share, controls, cluster."""
    weight = s.shares.sums(np.ones((len(s.w), 1)))[:, 0]
    means = s.shares.sums(np.column_stack([y, d])) / weight[:, None]
    own = {"importance": s.s, "outcome_mean": means[:, 0], "treatment_mean": means[:, 1]}
    controls = {f"control_{k + 1}": s.Q[:, k] for k in range(s.Q.shape[1])}
    return beside(s.shocks, **own, **controls, shock_cluster=s.codes)


@dataclass(frozen=True, repr=False, eq=False)
class Rotemberg(Result):
    """Rotemberg weights of Goldsmith-Pinkham, Sorkin and Swift (2020).

    Attributes
    ----------
    table : DataFrame
        One row a shock, largest weight first: ``shock``, ``alpha`` (its weight; weights add up to one), ``beta`` (what
        its share alone as instrument gives). The estimate is the sum of alpha times beta.
    sector : str
        The column that names the sector.
    """

    table: pd.DataFrame
    sector: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Rotemberg weights of {len(self.table):,} shocks: estimate {self.estimate:.6g}"

    @property
    def remarks(self) -> tuple[str, ...]:
        """How much of the weight is negative, and how much five shocks have."""
        alpha = self.table["alpha"].to_numpy()
        top = float(np.sort(np.abs(alpha))[::-1][:5].sum() / np.abs(alpha).sum())
        return (
            f"Negative weights add up to {alpha[alpha < 0].sum():.4g}, positive ones to {alpha[alpha > 0].sum():.4g}; "
            f"the five largest have {top:.0%} of their sizes.",
        )

    def summary(self) -> str:
        """The title, the shocks of the largest weights, and the remarks."""
        shown = self.table.head(SHOWN).to_string(index=False, float_format="{:.4g}".format)
        rest = len(self.table) - SHOWN
        more = [f"… {rest:,} more rows …"] if rest > 0 else []
        return "\n".join([self.title, shown, *more, *self.remarks])

    @property
    def estimate(self) -> float:
        """The sum of alpha times beta: the coefficient of the design."""
        kept = self.table[self.table["alpha"] != 0]
        return float((kept["alpha"] * kept["beta"]).sum())

    def by_sector(self) -> pd.DataFrame:
        """Weights added up over the periods of each sector, and their mean beta by weight."""
        t = self.table.assign(product=self.table["alpha"] * self.table["beta"].fillna(0.0))
        sums = t.groupby(self.sector, sort=False)[["alpha", "product"]].sum().reset_index()
        with np.errstate(invalid="ignore", divide="ignore"):
            made = sums.assign(beta=sums["product"] / sums["alpha"]).drop(columns="product")
        return made.sort_values("alpha", ascending=False, kind="stable", key=np.abs).reset_index(drop=True)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw what each share alone gives over its weight; options as in `plots.panel.rotemberg`."""
        from exportlab.plots.panel import rotemberg as picture

        return picture(self, ax=ax, **options)


def rotemberg(s: Setup, y: Array, d: Array, names: Names, *, centre: Sums | None) -> Rotemberg:
    """alpha_n = g_n (W'wd)_n / sum, beta_n = (W'wy)_n / (W'wd)_n."""
    g = s.shocks[names.shock].to_numpy(float)
    pulls = s.shares.sums(np.column_stack([y, d]))
    if centre is not None:
        code = encode(s.shocks[names.period]) if centre == "by_period" else np.zeros(len(g), np.int64)
        mean = np.bincount(code, weights=g) / np.bincount(code)
        moved = np.bincount(code, weights=pulls[:, 1])
        if (np.abs(moved) > 1e-8 * np.abs(pulls[:, 1]).sum()).any():
            raise DataError(
                "centred shocks make another instrument: the sum of shares is not controlled for",
                "Leave sum_of_shares= as it is, or centre=False.",
            )
        g = g - mean[code]
    parts = g * pulls[:, 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        beta = np.where(pulls[:, 1] != 0, pulls[:, 0] / pulls[:, 1], np.nan)
    made = beside(s.shocks.assign(**{names.shock: g}), alpha=parts / parts.sum(), beta=beta)
    return Rotemberg(
        made.sort_values("alpha", ascending=False, kind="stable", key=np.abs).reset_index(drop=True),
        names.sector,
    )


@dataclass(frozen=True, repr=False, eq=False)
class Placebo(Result):
    """Reduced forms on shocks that cannot have done anything.

    Attributes
    ----------
    table : DataFrame
        One row a kind of error: ``rejected`` (the share of draws that it calls significant; it should be
        1 - level), ``median_std_error``, beside ``std_of_estimates``, which it should be.
    estimates : (draws,) array
        The coefficients.
    estimate : float
        That of the shocks as they were.
    """

    table: pd.DataFrame
    estimates: Array
    estimate: float
    outcome: str
    kind: str
    level: float

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"{len(self.estimates):,} placebo draws of the shocks ({self.kind}) on {self.outcome}"

    @property
    def p_value(self) -> float:
        """The share of draws, the shocks as they were among them, whose coefficient is as far from zero."""
        far = np.abs(self.estimates) >= abs(self.estimate) * (1 - 1e-12)
        return float((1 + far.sum()) / (1 + len(far)))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What should have been, and where the shocks themselves stand."""
        return (
            f"A kind of error that is right rejects {1 - self.level:.0%} of the draws; one too small rejects more.",
            f"The shocks as they were give {self.estimate:.4g}; {self.p_value:.3g} of all are as far from zero.",
        )

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the coefficients of the draws and of the shocks as they were; options as in `plots.panel.placebo`."""
        from exportlab.plots.panel import placebo as picture

        return picture(self, ax=ax, **options)


@dataclass(frozen=True)
class Draw:
    """How placebo shocks are drawn, and the level of the tests."""

    draws: int
    rng: Any
    kind: str
    level: float
    dated: bool


def placebo(s: Setup, asked: Asked, y: Array, outcome: str, draw: Draw) -> Placebo:
    """The reduced form on drawn shocks, under each kind of error."""
    one_of("kind", draw.kind, ["permuted", "normal"])
    random = np.random.default_rng(draw.rng)
    g = s.shocks[asked.names.shock].to_numpy(float)
    code = encode(s.shocks[asked.names.period]) if draw.dated else np.zeros(len(g), np.int64)
    tested = [_tested(s, asked, y, _drawn(g, code, draw.kind, random), draw.level) for _ in range(draw.draws)]
    kinds, found = list(tested[0]), np.array([list(t.values()) for t in tested])
    estimates = found[:, 0, 0]
    table = pd.DataFrame(
        {
            "errors": kinds,
            "rejected": (found[:, :, 2] < 1 - draw.level).mean(axis=0),
            "median_std_error": np.median(found[:, :, 1], axis=0),
            "std_of_estimates": float(np.std(estimates, ddof=1)) if draw.draws > 1 else np.nan,
        }
    )
    m = Moments(y, s.x, s.x, s.w)
    return Placebo(table, estimates, m.beta, outcome, draw.kind, draw.level)


def _drawn(g: Array, code: Codes, kind: str, random: np.random.Generator) -> Array:
    """Shocks (S,) that cannot have done anything."""
    if kind == "normal":
        return random.normal(scale=g.std(), size=len(g))
    made = g.copy()
    for k in range(int(code.max()) + 1):
        here = np.flatnonzero(code == k)
        made[here] = g[random.permutation(here)]
    return made


def _tested(
    s: Setup, asked: Asked, y: Array, g: Array, level: float
) -> dict[str, tuple[float, float, float]]:
    """The reduced form on drawn shocks: estimate, error and p-value of each kind of error."""
    x = s.controls.residual((s.shares.W @ g)[:, None])[:, 0]
    drawn = replace(s, x=x, g=regressed(g[:, None], s.Q, s.s)[:, 0])
    m = Moments(y, x, x, s.w)
    r = Regressed(drawn, asked, ["exposure"], [m], False, s.vanishing or drawn.loadings)
    out = {}
    for kind in [
        k for k in ORDER if (k != "cluster" or s.d.clusters) and not (k.startswith("akm") and s.vanishing)
    ]:
        if kind == "akm0":
            tested = r.nulls(kind)[0]
            out[kind] = (m.beta, tested.error(level), tested.p_value)
        else:
            error = float(np.sqrt(r.covariance(kind)[0][0, 0]))
            out[kind] = (m.beta, error, float(2 * stats.norm.sf(abs(m.beta) / error)))
    return out
