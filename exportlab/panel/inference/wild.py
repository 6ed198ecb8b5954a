"""Wild cluster bootstrap, enumerated exactly where there are few clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from exportlab.arrays import Array, Codes
from exportlab.errors import DataError, OptionError, one_of
from exportlab.options import Count, Level, validated
from exportlab.panel.algebra.clustered import ClusterFit, cluster_fit, codes_of
from exportlab.panel.algebra.draws import draws
from exportlab.panel.inference.wild_core import WildTest
from exportlab.panel.inference.wild_scores import poisson_rows, score_rows
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate, Regression

VARIANTS = ("11", "13", "31", "33")


@dataclass(frozen=True, eq=False, repr=False)
class WildBootstrap(Result):
    """One or several hypotheses tested by the wild cluster bootstrap.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a hypothesis: term, estimate, null, statistic, p, conf_low, conf_high, p_strict (ties not
        counted), p_half (half of them), p_ge (all of them), draws, attainable (the smallest p that
        enumeration allows).
    variant : str
        "11", "13", "31", "33", or "score" where the estimate has no linear regression behind it.
    null_imposed, weights, enumerated, clusters, ties, seed
        What was done.
    """

    table: pd.DataFrame
    variant: str
    null_imposed: bool
    weights: str
    enumerated: bool
    clusters: int
    ties: str
    seed: str

    @property
    def title(self) -> str:
        """Variant, weights and number of clusters."""
        how = "all of them, enumerated" if self.enumerated else f"seed {self.seed}"
        kind = "restricted" if self.null_imposed else "unrestricted"
        return (
            f"Wild cluster bootstrap {self.variant} ({kind}), {self.clusters} clusters, {self.weights} "
            f"weights: {int(self.table['draws'].iloc[0]):,} samples, {how}; ties counted: {self.ties}"
        )


@validated
def wild_bootstrap(
    estimate: Estimate | ClusterFit,
    *,
    terms: ArrayLike | None = None,
    null: float | ArrayLike = 0.0,
    joint: bool = False,
    variant: str = "11",
    impose_null: bool = True,
    weights: str = "auto",
    n_draws: Count = 9_999,
    subcluster: ArrayLike | None = None,
    ties: str = "all",
    level: Level = 0.95,
    interval: bool = True,
    rng: int | np.random.Generator = 0,
) -> WildBootstrap:
    """Test an estimate, term by term or jointly, by the wild cluster bootstrap.

    Parameters
    ----------
    estimate : Estimate or ClusterFit
        Linear regressions (TWFE, event study, Sun-Abraham, extended TWFE ...) are bootstrapped as such;
        Poisson regressions by their scores with the null imposed; estimates known by influence functions
        (Callaway-Sant'Anna, imputation) by their cluster scores.
    terms : sequence of str, or (q, k) array, optional
        Terms of the estimate (array: combinations of the coefficients of a `ClusterFit`); all by default.
    null : float or (q,) array
        Value under the null.
    joint : bool
        Test all the terms together (Wald) instead of one by one.
    variant : {"11", "13", "31", "33"}
        First figure: residuals as they are (1) or cluster-jackknife residuals (3) in the bootstrap
        samples. Second: CV1 (1) or jackknife (3) variance in the statistic. In the letters of MacKinnon,
        Nielsen & Webb (2023): C = "11", V = "13", S = "31", B = "33".
    impose_null : bool
        Restricted (WCR, default) or unrestricted (WCU).
    weights : {"auto", "rademacher", "webb"}
        "auto" enumerates every Rademacher sign vector up to 16 clusters and draws Webb weights beyond.
    n_draws : int
        Number of random draws; not used when enumerated.
    subcluster : (n,) array, optional
        Finer clusters that get their own weight (MacKinnon & Webb 2018), for few treated clusters.
    ties : {"all", "half", "none"}
        How bootstrap statistics equal to the observed one count. "all": the observed sample is one of the
        samples, so with "11" and "13" p is never zero; "half" is boottest's rule, "none" wildboottest's.
    level : float
        Of the interval, found by inverting the test.
    interval : bool
        Whether to invert the test.
    rng : int or numpy Generator

    Returns
    -------
    WildBootstrap

    Raises
    ------
    OptionError
        Unknown option; subclusters that are not nested in the clusters; options that scores do not know.

    Notes
    -----
    NaN where the statistic does not exist: jackknife variances ("13", "33") when a term is not identified
    without some cluster. Sources: Cameron, Gelbach & Miller (2008); Webb (2023); MacKinnon, Nielsen & Webb
    (2023).
    """
    one_of("variant", variant, VARIANTS)
    one_of("ties", ties, ("all", "half", "none"))
    R, labels, regression = _hypotheses(estimate, terms)
    r = np.broadcast_to(np.asarray(null, float), (len(R),)).astype(float)
    size = level if interval else None
    ask: dict[str, Any] = {"weights": weights, "n_draws": n_draws, "rng": rng}
    if isinstance(estimate, ClusterFit) or (regression is not None and regression.family == "gaussian"):
        fit = estimate if isinstance(estimate, ClusterFit) else fit_of(cast("Regression", regression))
        groups = fit.cluster if subcluster is None else _nested(subcluster, fit)
        signs, G = draws(int(groups.max()) + 1, **ask), fit.G
        test = WildTest(fit, groups, signs, variant, impose_null, ties)
        rows = [test.joint(R, r)] if joint else [test.single(q, v, size) for q, v in zip(R, r, strict=True)]
    elif regression is not None:
        _no_subcluster(estimate, subcluster)
        signs, G = draws(int(regression.clusters.max()) + 1, **ask), int(regression.clusters.max()) + 1
        rows = poisson_rows(
            regression, R, r, signs=signs, ties=ties, variant=variant, level=size, joint=joint
        )
        variant, impose_null = f"score {variant}", True
    else:
        _no_subcluster(estimate, subcluster)
        G = 0 if estimate.scores is None else len(estimate.scores)
        signs = draws(max(G, 1), **ask)
        chosen_rows = chosen(estimate, terms)
        rows = score_rows(estimate, chosen_rows, r, signs=signs, ties=ties, level=size, joint=joint)
        variant, impose_null = "score", False
    table = pd.DataFrame(rows).assign(draws=signs.n, attainable=signs.attainable)
    table.insert(0, "term", ["joint"] if joint else labels)
    return WildBootstrap(table, variant, impose_null, signs.kind, signs.enumerated, G, ties, signs.seed)


def fit_of(regression: Regression) -> ClusterFit:
    """The clustered fit of an estimate's regression."""
    return cluster_fit(
        regression.y, regression.X, cluster=regression.clusters, absorb=regression.absorbed,
        weights=regression.weights, names=regression.names,
    )  # fmt: skip


def chosen(estimate: Estimate, terms: object) -> list[int]:
    """Rows of the estimate's table: those named, or all that are not zero by normalisation."""
    if terms is None:
        return [j for j, v in enumerate(np.diag(estimate.vcov)) if v > 0]
    names = [terms] if isinstance(terms, str) else list(terms)  # type: ignore[call-overload]
    return [estimate.index(str(name)) for name in names]


def _refuse_none(estimate: Estimate, rows: list[int]) -> None:
    """Refuse terms whose standard error is rounding: their t statistics, and all draws', would be too."""
    none = [str(estimate.table["term"].iloc[j]) for j in rows if np.isnan(estimate.vcov[j, j])]
    if none or not rows:
        raise DataError(
            f"no standard error, so nothing to bootstrap: {', '.join(none[:5]) or 'every term'}",
            "The fit is perfect, cells are saturated, or one cluster stands alone on its side.",
        )


def _hypotheses(estimate: Estimate | ClusterFit, terms: object) -> tuple[Array, list[str], Regression | None]:
    """Combinations of coefficients, their labels, and the regression they belong to (if there is one)."""
    if isinstance(estimate, ClusterFit):
        R = np.eye(estimate.k) if terms is None else np.atleast_2d(np.asarray(terms, float))
        if R.shape[1] != estimate.k:
            raise OptionError(
                f"terms has {R.shape[1]} columns; there are {estimate.k} coefficients of interest."
            )
        return R, _labels(R, estimate.names), None
    rows = chosen(estimate, terms)
    _refuse_none(estimate, rows)
    labels = [str(estimate.table["term"].iloc[j]) for j in rows]
    g = estimate.regression
    return (np.eye(len(rows)) if g is None else g.combine[rows]), labels, g


def _no_subcluster(estimate: Estimate, subcluster: object) -> None:
    if subcluster is not None:
        raise OptionError(f"{estimate.method} is bootstrapped by its scores, which have no subclusters.")


def _nested(subcluster: ArrayLike, fit: ClusterFit) -> Codes:
    groups = codes_of(subcluster)
    if len(groups) != len(fit.y):
        raise DataError(f"subcluster has {len(groups):,} labels for {len(fit.y):,} rows", "Give one a row")
    pairs = np.unique(groups * fit.G + fit.cluster)
    if len(pairs) != int(groups.max()) + 1:
        raise OptionError("subcluster is not nested in the clusters: a finer label spans two clusters.")
    return groups


def _labels(R: Array, names: tuple[str, ...]) -> list[str]:
    out = []
    for row in R:
        used = np.flatnonzero(row)
        single = len(used) == 1 and row[used[0]] == 1
        out.append(names[used[0]] if single else " + ".join(f"{row[j]:.4g} {names[j]}" for j in used))
    return out
