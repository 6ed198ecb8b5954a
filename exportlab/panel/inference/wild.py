"""Wild cluster bootstrap, enumerated exactly where there are few clusters: of a regression, of scores, of Poisson."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes
from exportlab.options import Count, Level, validated
from exportlab.panel.algebra.clustered import (
    ClusterFit,
    adjusted_residual,
    cluster_fit,
    codes_of,
    inverses_without,
)
from exportlab.panel.algebra.draws import Draws, chosen_p, draws, ends, p_value
from exportlab.panel.algebra.sandwich import small_sample, wald
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate, Regression

CANCELLED = 1e-14  # share of its terms that a sum is when rounding made it
NOTHING = 1e-18  # share of the largest square that a square is when rounding made it
FEWER = "Too few clusters for a joint test of so many terms: test fewer with terms=."
VARIANTS = ("11", "13", "31", "33")


@dataclass(frozen=True, eq=False, repr=False)
class WildBootstrap(Result):
    """One or several hypotheses tested by the wild cluster bootstrap.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a hypothesis: term, estimate, null, statistic, p, conf_low, conf_high, p_strict (ties not
        counted), p_half (half of them), p_ge (all of them), draws, attainable (the smallest value that p can take).
    variant : str
        "11", "13", "31", "33", or "score" where the estimate has no linear regression behind it.
    null_imposed, weights, enumerated, clusters, ties, seed
        What was done.
    notes : tuple of str
        Where the clusters are not those of the estimate's own errors.
    """

    table: pd.DataFrame
    variant: str
    null_imposed: bool
    weights: str
    enumerated: bool
    clusters: int
    ties: str
    seed: str
    notes: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes."""
        return tuple(f"Note: {n}" for n in self.notes)

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
        How bootstrap statistics equal to the observed one count. "all": the observed sample always counts as one of
        the samples, so p is never zero; "half" is boottest's rule, "none" wildboottest's.
    level : float
        Of the interval, found by inverting the test; the whole line where no p below 1 - level is attainable.
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
    least = signs.least(ties, own=impose_null and variant[-2] == "1")
    table = pd.DataFrame(rows).assign(draws=signs.n, attainable=least)
    table.insert(0, "term", ["joint"] if joint else labels)
    notes = () if isinstance(estimate, ClusterFit) else _other_clusters(estimate, G)
    return WildBootstrap(
        table, variant, impose_null, signs.kind, signs.enumerated, G, ties, signs.seed, notes
    )


def _other_clusters(estimate: Estimate, G: int) -> tuple[str, ...]:
    """What to say where the estimate's own errors are not clustered, or by other clusters."""
    i = estimate.inference
    if i.name.startswith(("cluster-robust", "conservative")) and i.clusters == G:
        return ()
    of = f" of {estimate.panel.cluster or estimate.panel.unit}" if estimate.panel is not None else ""
    return (
        f"The bootstrap takes {G} clusters{of}; the estimate's own errors are {i.name}"
        + (f", {i.clusters} clusters." if i.clusters else "."),
    )


def fit_of(regression: Regression, *, explicit: bool = False) -> ClusterFit:
    """The clustered fit of an estimate's regression; `explicit` keeps every effect as columns."""
    return cluster_fit(
        regression.y,
        regression.X,
        cluster=regression.clusters,
        absorb=regression.absorbed,
        weights=regression.weights,
        names=regression.names,
        explicit=explicit,
    )


def chosen(estimate: Estimate, terms: object) -> list[int]:
    """Rows of the estimate's table: those named, or all that are not zero by normalisation."""
    if terms is None:
        return [j for j, v in enumerate(np.diag(estimate.vcov)) if v > 0]
    names = [terms] if isinstance(terms, str) else list(terms)  # type: ignore[call-overload]
    return [estimate.index(str(name)) for name in names]


def refuse_none(estimate: Estimate, rows: list[int]) -> None:
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
    refuse_none(estimate, rows)
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


# The algebra of the wild cluster bootstrap for one regression.
#
# For the restriction R beta = r the bootstrap samples are y*(v) = X b + v_g u_g, one sign (or Webb weight) a
# cluster. Everything a t statistic needs is linear in v:
#
#     numerator    R (X'X)^{-1} \sum_g v_g s_g,                      s_g = X_g' u_g
#     scores       w_h = C_h (v_h s_h - X_h'X_h (X'X)^{-1} \sum_g v_g s_g)
#
# with C_h = R (X'X)^{-1} for CV1 and C_h = R (X'X - X_h'X_h)^{-1} for the jackknife variance CV3, so all 2^G
# samples cost one product of a G x G matrix with the signs. Residuals are re-projected on every fixed effect.


@dataclass(frozen=True, eq=False)
class Pieces:
    """Numerator a (q, B) and scores A (G, q, B) of one unit of each bootstrap cluster's weight."""

    a: Array
    A: Array


@dataclass(frozen=True, eq=False)
class WildTest:
    """One regression and one set of draws, asked about many hypotheses.

    Attributes
    ----------
    fit : ClusterFit
    groups : (n,) array
        Codes of the clusters that share a weight: those of `fit`, or finer ones nested in them.
    signs : Draws
    variant : {"11", "13", "31", "33"}
    impose_null : bool
    ties : {"all", "half", "none"}
    """

    fit: ClusterFit
    groups: Codes
    signs: Draws
    variant: str
    impose_null: bool
    ties: str

    def single(self, row: Array, null: float, level: float | None) -> dict[str, float]:
        """t test of row'beta = null, and its interval by inversion unless `level` is None."""
        estimate, se = float(row @ self.fit.beta[: self.fit.k]), self.std_error(row)
        path = self.path(row, estimate, se)
        statistic = (estimate - null) / se

        def p_at(value: float) -> dict[str, float]:
            return p_value(path((value - estimate) / se), (estimate - value) / se, self.signs)

        low = high = np.nan
        if level is not None and np.isfinite(se):

            def kept(value: float) -> bool:
                return chosen_p(p_at(value), self.ties) > 1 - level

            low, high = ends(kept, estimate, se, hopeless=self._least > 1 - level)
        p = p_at(null)
        out = {"estimate": estimate, "null": null, "statistic": statistic, "p": chosen_p(p, self.ties)}
        return out | {"conf_low": low, "conf_high": high, **p_rules(p)}

    @property
    def _least(self) -> float:
        return self.signs.least(self.ties, own=self.impose_null and self.variant[0] == "1")

    def joint(self, R: Array, r: Array) -> dict[str, float]:
        """Wald test of R beta = r, as F (the quadratic form over its q)."""
        gap = R @ self.fit.beta[: self.fit.k] - r
        cov = self.factor * self._meat(R)
        observed, size = wald(gap, cov, FEWER) / len(R), np.sqrt(np.diag(cov))
        pieces = self.pieces(R, r)
        simulated = np.empty(self.signs.V.shape[1])
        for start in range(0, len(simulated), 4096):
            v = self.signs.V[:, start : start + 4096]
            W = np.einsum("hqb,bn->nhq", pieces.A, v, optimize=True)
            S = (
                self.factor * np.swapaxes(W, 1, 2) @ W / np.outer(size, size)
            )  # in standard errors: units play no part
            simulated[start : start + 4096] = _quadratic(S, (pieces.a @ v).T / size) / len(R)
        p = p_value(simulated, observed, self.signs)
        out = {"estimate": np.nan, "null": np.nan, "statistic": observed, "p": chosen_p(p, self.ties)}
        return out | {"conf_low": np.nan, "conf_high": np.nan, **p_rules(p)}

    def path(self, row: Array, estimate: float, se: float) -> Callable[[float], Array]:
        """Bootstrap t statistics under the null estimate + distance x se, as a function of the distance.

        The numerator is linear, the variance quadratic in the distance. Both are built around the estimate and in
        standard errors, so that neither the outcome's unit nor a far null takes digits away.
        """
        base = self.pieces(row[None], np.array([estimate]))
        step = self.pieces(row[None], np.array([estimate + se])) if self.impose_null and se > 0 else base
        V = self.signs.V
        t0, t1 = base.a[0] @ V, (step.a - base.a)[0] @ V
        W0, W1 = base.A[:, 0] @ V, (step.A - base.A)[:, 0] @ V
        s0, s1, s2 = (W0 * W0).sum(axis=0), 2 * (W0 * W1).sum(axis=0), (W1 * W1).sum(axis=0)
        still = s2 <= NOTHING * s2.max(
            initial=0.0
        )  # the sample itself: its variance is the same under every null
        s1[still] = s2[still] = 0.0
        least = NOTHING * s0.max(initial=0.0)

        def at(distance: float) -> Array:
            square = distance * distance * s2
            variance = s0 + distance * s1 + square
            none = variance <= CANCELLED * (s0 + square) + least
            variance = self.factor * np.where(none, 0.0, variance)
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray((t0 + distance * t1) / np.sqrt(variance))

        return at

    @property
    def factor(self) -> float:
        """Small-sample factor of the variance in the statistic."""
        G = self.fit.G
        return (G - 1) / G if self.variant[1] == "3" else G / (G - 1) * small_sample(self.fit)

    def std_error(self, row: Array) -> float:
        """Standard error of row'beta; NaN where CV3 does not exist."""
        return float(np.sqrt(self.factor * self._meat(row[None])[0, 0]))

    def pieces(self, R: Array, r: Array) -> Pieces:
        """Numerator and scores for R beta = r."""
        fit = self.fit
        s = fit.scores(self._residual(R, r), self.groups)
        spread = fit.bread @ s.T
        C = self._sides(R)
        owner = np.zeros(len(s), dtype=np.int64)
        owner[self.groups] = fit.cluster
        A = -np.einsum("hqk,hkl,lb->hqb", C, fit.grams, spread, optimize=True)
        A[owner, :, np.arange(len(s))] += np.einsum("bqk,bk->bq", C[owner], s)
        return Pieces(self._padded(R) @ spread, A)

    def _residual(self, R: Array, r: Array) -> Array:
        fit = restricted(self.fit, R, r) if self.impose_null else self.fit
        return adjusted_residual(fit, -1.0) if self.variant[0] == "3" else fit.residual

    def _padded(self, R: Array) -> Array:
        return np.column_stack([R, np.zeros((len(R), self.fit.X.shape[1] - self.fit.k))])

    def _sides(self, R: Array) -> Array:
        """C_h of the module's formula, (G, q, K)."""
        full = self._padded(R)
        if self.variant[1] == "1":
            return np.broadcast_to(full @ self.fit.bread, (self.fit.G, *full.shape))
        used = (full != 0).any(axis=0)  # rows of coefficients that do not enter may be NaN
        return np.stack([full[:, used] @ inverse[used] for inverse in inverses_without(self.fit)])

    def _meat(self, R: Array) -> Array:
        W = np.einsum("hqk,hk->hq", self._sides(R), self.fit.scores(self.fit.residual))
        return np.asarray(W.T @ W)


def restricted(fit: ClusterFit, R: Array, r: Array) -> ClusterFit:
    """The regression that imposes R beta = r: X N on y - X b0, with R N = 0 and R b0 = r."""
    from scipy.linalg import null_space

    X, k = fit.X[:, : fit.k], fit.k
    b0 = np.linalg.lstsq(R, r, rcond=None)[0]
    N = null_space(R) if len(R) < k else np.empty((k, 0))
    return replace(fit, y=fit.y - X @ b0, X=np.column_stack([X @ N, fit.X[:, k:]]), names=("x",) * N.shape[1])


def _quadratic(S: Array, top: Array) -> Array:
    """top' S^-1 top for every draw; infinite where S is singular."""
    alive = np.linalg.matrix_rank(S, hermitian=True) == S.shape[1]
    out = np.full(len(S), np.inf)
    out[alive] = np.einsum("nq,nq->n", top[alive], np.linalg.solve(S[alive], top[alive][..., None])[..., 0])
    return out


def p_rules(p: dict[str, float]) -> dict[str, float]:
    """Columns of the three tie rules."""
    return {"p_strict": p["none"], "p_half": p["half"], "p_ge": p["all"]}


# Wild bootstrap without least squares: by cluster scores, and of Poisson by its working regression.
#
# Influence functions (Callaway-Sant'Anna, imputation): with psi_g the contribution of cluster g to the error
# of the estimate, theta*(v) - theta = \sum_g v_g psi_g, studentised by the spread of v_g psi_g around their
# mean.
#
# Poisson: at the estimate that imposes R beta = r the first-order conditions are those of the weighted
# least-squares regression of the working residual (y - mu)/mu with weights mu. The wild cluster bootstrap of
# that regression is the score bootstrap of Kline & Santos (2012), effects re-projected in every sample,
# nothing refitted.


def score_rows(
    estimate: Estimate,
    rows: list[int],
    null: Array,
    *,
    signs: Draws,
    ties: str,
    level: float | None,
    joint: bool,
) -> list[dict[str, float]]:
    """Tests of the chosen rows of an estimate by its cluster scores, one by one or jointly."""
    if estimate.scores is None:
        raise OptionError(
            f"{estimate.method} has neither a regression nor cluster scores to bootstrap; "
            "use randomization_test() or its own placebo inference."
        )
    psi = estimate.scores[:, rows]
    value = estimate.table["estimate"].to_numpy(float)[rows]
    factor = estimate.inference.factor
    if joint:
        return [_joint_scores(psi, value - null, factor, signs, ties)]
    ask: dict[str, Any] = {"factor": factor, "signs": signs, "ties": ties, "level": level}
    return [_one_score(p, b, r, **ask) for p, b, r in zip(psi.T, value, null, strict=True)]


def poisson_rows(
    regression: Regression,
    R: Array,
    null: Array,
    *,
    signs: Draws,
    ties: str,
    variant: str,
    level: float | None,
    joint: bool,
) -> list[dict[str, float]]:
    """Tests of R beta = r in a Poisson regression by its working regression at the restricted estimate."""

    def test_at(Q: Array, r: Array) -> WildTest:
        fit = working_fit(regression, Q, r)
        return WildTest(fit, fit.cluster, signs, variant, True, ties)

    if joint:
        return [test_at(R, null).joint(R, null)]
    rows = []
    for q, r in zip(R, null, strict=True):
        row = test_at(q[None], np.array([r])).single(q, float(r), None)
        if level is not None:

            def kept(b: float, q: Array = q) -> bool:
                return test_at(q[None], np.array([b])).single(q, b, None)["p"] > 1 - level

            middle, least = float(q @ regression.beta), signs.least(ties, own=variant[0] == "1")
            step = max(abs(row["estimate"] - r) / max(abs(row["statistic"]), 1e-8), 1e-8)
            low, high = ends(kept, middle, step, hopeless=least > 1 - level, halvings=12)
            row |= {"conf_low": low, "conf_high": high}
        rows.append(row | {"estimate": float(q @ regression.beta)})
    return rows


def working_fit(regression: Regression, R: Array, r: Array) -> ClusterFit:
    """Working least-squares regression at the Poisson estimate that imposes R beta = r."""
    from scipy.linalg import null_space

    from exportlab.panel.algebra.irls import poisson
    from exportlab.panel.algebra.levels import Effects

    g = regression
    b0 = np.linalg.lstsq(R, r, rcond=None)[0]
    N = null_space(R) if len(R) < g.X.shape[1] else np.empty((g.X.shape[1], 0))
    effects = Effects.encode({f"effect {j + 1}": codes for j, codes in enumerate(g.absorbed)})
    fit = poisson(g.y, g.X @ N, effects, offset=g.X @ b0, weights=g.weights)
    if not fit.converged:
        raise DataError(
            f"The Poisson regression under the null {np.round(r, 6).tolist()} did not converge",
            "Test another value, or look for separated observations",
        )
    weights = fit.mu if g.weights is None else fit.mu * g.weights
    z = g.X @ (N @ fit.beta + b0) + (g.y - fit.mu) / fit.mu
    return cluster_fit(z, g.X, cluster=g.clusters, absorb=g.absorbed, weights=weights, names=g.names)


def _one_score(
    psi: Array, value: float, null: float, *, factor: float, signs: Draws, ties: str, level: float | None
) -> dict[str, float]:
    se = float(np.sqrt(factor * psi @ psi))
    simulated = multiplier_t(psi[:, None], factor, signs)[0]

    def p_at(b: float) -> dict[str, float]:
        return p_value(simulated, (value - b) / se if se > 0 else np.nan, signs)

    low = high = np.nan
    if level is not None and se > 0:

        def kept(b: float) -> bool:
            return chosen_p(p_at(b), ties) > 1 - level

        low, high = ends(kept, value, se, hopeless=signs.least(ties, own=False) > 1 - level)
    p = p_at(null)
    statistic = (value - null) / se if se > 0 else np.nan
    out = {"estimate": value, "null": null, "statistic": statistic, "p": chosen_p(p, ties)}
    return out | {"conf_low": low, "conf_high": high, **p_rules(p)}


def multiplier_t(psi: Array, factor: float, signs: Draws) -> Array:
    """Bootstrap t of each column of the scores psi (G, m): (m, draws)."""
    V, G = signs.V, len(psi)
    total = psi.T @ V
    spread = (psi**2).T @ V**2 - total**2 / G
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(total / np.sqrt(factor * np.maximum(spread, 0)))


def _joint_scores(psi: Array, gap: Array, factor: float, signs: Draws, ties: str) -> dict[str, float]:
    q, covariance = len(gap), factor * psi.T @ psi
    observed, size = wald(gap, covariance, FEWER) / q, np.sqrt(np.diag(covariance))
    total = psi.T @ signs.V / size[:, None]
    simulated = (total * np.linalg.solve(covariance / np.outer(size, size), total)).sum(axis=0) / q
    p = p_value(simulated, observed, signs)
    out = {"estimate": np.nan, "null": np.nan, "statistic": observed, "p": chosen_p(p, ties)}
    return out | {"conf_low": np.nan, "conf_high": np.nan, **p_rules(p)}
