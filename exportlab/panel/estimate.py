"""What every estimator returns: what was estimated, from which rows, and how sure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.errors import OptionError, UnknownName
from exportlab.frames import Array, Codes
from exportlab.results import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.panel.policy_panel import PolicyPanel


COLUMNS = ("term", "estimate", "std_error", "conf_low", "conf_high", "p_value", "n")
FIXEST = "fixest/reghdfe: G/(G-1) x (N-1)/(N-K), fixed effects nested in the clusters not in K"


@dataclass(frozen=True)
class Inference:
    """How the standard errors were made.

    Attributes
    ----------
    name : str
        Such as ``"cluster-robust (CR1)"``.
    small_sample : str
        The small-sample convention in words; `FIXEST` unless the estimator has its own.
    df : float
        Degrees of freedom of the t reference (``inf`` for the normal).
    factor : float
        ``vcov == factor * scores.T @ scores`` wherever scores are kept.
    clusters, treated_clusters : int
        G and G1.
    """

    name: str
    small_sample: str = FIXEST
    df: float = np.inf
    level: float = 0.95
    factor: float = 1.0
    cluster: str = ""
    clusters: int = 0
    treated_clusters: int = 0
    draws: int = 0
    seed: int | None = None

    @property
    def of_placebos(self) -> bool:
        """Whether p-values and intervals are ranks among placebos, and no t statistics."""
        return self.name.startswith("placebo")

    @property
    def by_shock(self) -> bool:
        """Whether errors add up over clusters of shocks that rows share, and not over clusters of rows."""
        return self.name.startswith(("AKM", "shock-level"))


@dataclass(frozen=True)
class Sample:
    """The sample flow: rows that came in, rows used, rows lost and why."""

    rows: int
    used: int
    lost: tuple[tuple[str, int], ...] = ()
    units: int = 0
    treated_units: int = 0
    periods: int = 0

    def table(self) -> pd.DataFrame:
        """Rows in, lost by reason, used."""
        steps = [("rows in the panel", self.rows), *((why, -n) for why, n in self.lost), ("used", self.used)]
        return pd.DataFrame(steps, columns=["step", "rows"])

    def __str__(self) -> str:
        lost = "; ".join(f"{n:,} lost: {why}" for why, n in self.lost) or "none lost"
        panel = f"; {self.units} units, {self.periods} periods" if self.units > 1 else ""
        return f"{self.used:,} of {self.rows:,} rows used ({lost}){panel}"


class Parts(dict[str, pd.DataFrame]):
    """Tables behind an estimate by name; asked for another it says which there are, and why one is `withheld`."""

    def __init__(
        self, tables: Mapping[str, pd.DataFrame] | None = None, withheld: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(tables or {})
        self.withheld = dict(withheld or {})

    def __missing__(self, name: str) -> pd.DataFrame:
        raise UnknownName("part", name, self, why=self.withheld.get(name, ""))


@dataclass(frozen=True)
class Regression:
    """The least-squares (or Poisson) problem behind an estimate, as plain arrays, one row an observation.

    ``estimate == combine @ beta``: the terms shown are linear in the coefficients of `X`
    (the identity for TWFE, cohort shares for Sun-Abraham and extended TWFE).

    Attributes
    ----------
    y : (n,) outcome, before absorbing
    X : (n, k) regressors, before absorbing, collinear columns already left out
    names : the k column names
    absorbed : integer codes (0, 1, ...) of each absorbed effect, each (n,)
    clusters : (n,) integer codes of the clusters
    weights : (n,) or None
    beta : (k,) coefficients
    combine : (m, k) from coefficients to the m terms of the table
    units, periods : (n,) integer codes of the panel
    family : "gaussian" or "poisson"
    """

    y: Array
    X: Array
    names: tuple[str, ...]
    absorbed: tuple[Codes, ...]
    clusters: Codes
    weights: Array | None
    beta: Array
    combine: Array
    units: Codes
    periods: Codes
    family: str = "gaussian"


@dataclass(frozen=True, repr=False, eq=False)
class Estimate(Result):
    """An estimate with everything a referee asks for.

    Attributes
    ----------
    method : str
        The estimator, by the field's name.
    estimand, comparison, weighting : str
        What is estimated, against whom, and how cells are weighted.
    table : pandas.DataFrame
        ``term, estimate, std_error, conf_low, conf_high, p_value, n`` and, for event studies,
        ``event_time`` and (with simultaneous bands) ``band_low, band_high``. A term that is zero by
        normalisation (the base period) has estimate 0 and NaN for the rest.
    vcov : (m, m) covariance of the terms, zero rows for normalised ones
    inference : Inference
    sample : Sample
    scores : (G, m) or None
        Contribution of each cluster to the estimation error: ``vcov = factor * scores.T @ scores``.
        Row g belongs to ``clusters[g]``.
    clusters : labels of the G clusters, in the order of the rows of `scores`
    regression : Regression or None
        The linear problem, when there is one (refits, wild bootstrap, CR2/CR3).
    panel : PolicyPanel or None
        The panel it came from.
    refit : callable or None
        ``refit(other_panel) -> Estimate`` runs the same estimator with the same options.
    parts : mapping
        Named tables behind the estimate: ``"cells"`` (cohort x period), ``"weights"``, ``"bacon"`` ...
    notes : what a reader must know before quoting the number
    linear : whether the terms are sums of outcomes with weights that the outcomes do not change
    """

    method: str
    estimand: str
    comparison: str
    weighting: str
    table: pd.DataFrame
    vcov: Array
    inference: Inference
    sample: Sample
    scores: Array | None = None
    clusters: tuple[Any, ...] = ()
    regression: Regression | None = None
    panel: PolicyPanel | None = None
    refit: Callable[[PolicyPanel], Estimate] | None = None
    parts: Mapping[str, pd.DataFrame] = field(default_factory=Parts)
    notes: tuple[str, ...] = ()
    fit: Mapping[str, float] = field(default_factory=dict)
    linear: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.parts, Parts):
            object.__setattr__(self, "parts", Parts(self.parts))

    @property
    def title(self) -> str:
        return f"{self.method}: {self.estimand}"

    @property
    def one_treated(self) -> bool:
        """One treated cluster: no standard error of this kind means anything."""
        return self.inference.treated_clusters == 1

    @property
    def anticipation(self) -> int:
        """Periods before adoption in which the estimate allows effects to show."""
        return int(getattr(self.refit, "keywords", {}).get("anticipation", 0))

    def index(self, term: str) -> int:
        """Row of `term` in the table."""
        terms = list(self.table["term"])
        if term not in terms:
            raise UnknownName("term", term, [str(t) for t in terms])
        return terms.index(term)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Which inference to believe, and the notes."""
        from exportlab.panel.tables import verdict

        return tuple(verdict(self))

    def summary(self) -> str:
        """Plain text: the numbers, what they are, and how far to believe them."""
        from exportlab.panel.tables import summary

        return summary(self)

    def _repr_html_(self) -> str:
        from exportlab.panel.tables import notebook

        return notebook(self)

    # ---- the numbers by the names that other packages give them ------------------------------------------

    def tidy(self) -> pd.DataFrame:
        """One row a term: ``term, estimate, std_error, statistic, p_value, conf_low, conf_high``."""
        t = self.table
        rest = {c: t[c].to_numpy() for c in ("p_value", "conf_low", "conf_high")}
        made = t[["term", "estimate", "std_error"]].reset_index(drop=True)
        return made.assign(statistic=self.tstat().to_numpy(), **rest)

    def coef(self) -> pd.Series[float]:
        """Estimates by term."""
        return self._column("estimate")

    def se(self) -> pd.Series[float]:
        """Standard errors by term; NaN where there is none."""
        return self._column("std_error")

    def tstat(self) -> pd.Series[float]:
        """Estimate over standard error, by term."""
        return (self._column("estimate") / self._column("std_error")).rename("statistic")

    def confint(self, level: float | None = None) -> pd.DataFrame:
        """``conf_low, conf_high`` by term, at the estimate's own level or at another.

        Raises
        ------
        OptionError
            Another level is asked for where intervals are not made of standard errors (ranks among placebos).
        """
        if level is None or level == self.inference.level:
            return self.table.set_index("term")[["conf_low", "conf_high"]]
        if self.inference.of_placebos:
            raise OptionError(
                f"level={level!r} is not allowed after the estimate: its interval is made of placebos. Allowed: "
                f"{self.inference.level:g}; or estimate again with level={level!r}."
            )
        if not 0 < level < 1:
            raise OptionError(
                f"level={level!r} is not allowed. Allowed: a number between 0 and 1, such as 0.95."
            )
        df = (
            self.table["df"].to_numpy(float)
            if "df" in self.table
            else np.full(len(self.table), self.inference.df)
        )
        normal, t = stats.norm.ppf(0.5 + level / 2), stats.t.ppf(0.5 + level / 2, df)
        half = np.where(np.isinf(df), normal, t) * self.se()
        return pd.DataFrame({"conf_low": self.coef() - half, "conf_high": self.coef() + half})

    @property
    def params(self) -> pd.Series[float]:
        """Estimates by term, as `coef`."""
        return self.coef()

    @property
    def pvalues(self) -> pd.Series[float]:
        """p-values by term."""
        return self._column("p_value")

    @property
    def nobs(self) -> int:
        """Rows used."""
        return self.sample.used

    def _column(self, name: str) -> pd.Series[float]:
        return self.table.set_index("term")[name].astype(float)

    def glance(self) -> pd.DataFrame:
        """One row about the whole: rows, units, clusters, inference, fit."""
        i, s = self.inference, self.sample
        row = {
            "method": self.method,
            "n": s.used,
            "rows_lost": s.rows - s.used,
            "units": s.units,
            "treated_units": s.treated_units,
            "periods": s.periods,
            "clusters": i.clusters,
            "treated_clusters": i.treated_clusters,
            "inference": i.name,
            "small_sample": i.small_sample,
            "df": i.df,
            "seed": i.seed,
            **self.fit,
            **versions(),
        }
        return pd.DataFrame([row])

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Event-study picture when there are event times, else a coefficient picture."""
        from exportlab.plots import panel as pictures

        draw = pictures.event_study if "event_time" in self.table else pictures.coefficients
        return draw(self, ax=ax, **options)

    def publication(self) -> Any:
        """This estimate as a table for a paper, with `to_latex`, `to_html`, `to_docx`, `to_excel` and `save`.

        `exportlab.panel.compare` puts several side by side.
        """
        from exportlab.panel.tables import compare

        return compare([self])

    def to_latex(self, **options: Any) -> str:
        """LaTeX table of this estimate."""
        return str(self.publication().to_latex(**options))

    def to_html(self) -> str:
        """HTML table of this estimate."""
        return str(self.publication().to_html())

    def to_markdown(self) -> str:
        """Markdown table of this estimate."""
        return str(self.publication().to_markdown())

    def to_docx(self, path: str) -> None:
        """Write a Word table (needs python-docx)."""
        self.publication().to_docx(path)

    def pretrend_test(self, *, last: int | None = None) -> pd.Series[Any]:
        """Joint test that the estimates before adoption are zero; see `exportlab.panel.inference.pretrends`."""
        from exportlab.panel.inference.pretrends import pretrend_test

        return pretrend_test(self, last=last)

    def wild_bootstrap(self, **options: Any) -> Any:
        """Wild cluster bootstrap; see `exportlab.panel.inference.wild`."""
        from exportlab.panel.inference import wild

        return wild.wild_bootstrap(self, **options)

    def randomization_test(self, **options: Any) -> Any:
        """Randomisation inference over adoption dates; see `exportlab.panel.inference.randomization`."""
        from exportlab.panel.inference import randomization

        return randomization.randomization_test(self, **options)

    def few_clusters(self, **options: Any) -> Estimate:
        """CR2 or CR3 errors, Bell-McCaffrey degrees of freedom; see `exportlab.panel.inference.few_treated`."""
        from exportlab.panel.inference.few_treated import few_clusters

        return few_clusters(self, **options)

    def honest_did(self, **options: Any) -> Any:
        """Rambachan-Roth sensitivity; see `exportlab.panel.inference.honest`."""
        from exportlab.panel.inference import honest

        return honest.honest_did(self, **options)

    def with_bands(self, **options: Any) -> Estimate:
        """Simultaneous bands beside the pointwise intervals; see `exportlab.panel.inference.multiple`."""
        from exportlab.panel.inference.multiple import with_bands

        return with_bands(self, **options)


def inference_columns(estimate: Array, std_error: Array, inference: Inference) -> dict[str, Array]:
    """Standard error, interval and p-value of a t (or normal) reference; NaN where the error is 0 or NaN."""
    level = inference.level
    if not 0 < level < 1:
        raise OptionError(f"level={level!r} is not allowed. Allowed: a number between 0 and 1, such as 0.95.")
    se = np.where(std_error > 0, std_error, np.nan)
    df = inference.df
    quantile = stats.norm.ppf(0.5 + level / 2) if np.isinf(df) else stats.t.ppf(0.5 + level / 2, df)
    ratio = np.abs(estimate) / se
    p = 2 * (stats.norm.sf(ratio) if np.isinf(df) else stats.t.sf(ratio, df))
    return {
        "std_error": se,
        "conf_low": estimate - quantile * se,
        "conf_high": estimate + quantile * se,
        "p_value": p,
    }


def estimate_table(
    terms: list[str], estimate: Array, vcov: Array, inference: Inference, n: Any, **more: Any
) -> pd.DataFrame:
    """The table of an Estimate in its one column order; `n` is rows behind each term."""
    # A term fixed at zero has zero variance; rounding noise below zero is the same thing.
    std_error = np.sqrt(np.maximum(np.diag(vcov), 0.0))
    columns = inference_columns(np.asarray(estimate, float), std_error, inference)
    table = pd.DataFrame({"term": terms, "estimate": estimate, **columns})
    return table.assign(n=n, **more)


def versions() -> dict[str, str]:
    """Versions of what computed it."""
    from exportlab import __version__

    return {"exportlab": __version__, **{lib: version(lib) for lib in ("numpy", "scipy", "pandas")}}
