"""From the moments of a regression to an Estimate, under each kind of error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.errors import DataError, OptionError
from exportlab.frames import Array
from exportlab.panel.algebra.levels import absorbed_parameters
from exportlab.panel.algebra.sandwich import rounding_error, settled, unsettled, wald
from exportlab.panel.estimate import Estimate, Inference, Parts, Sample, estimate_table
from exportlab.panel.regression.ols import Words
from exportlab.panel.shift_share.algebra import Moments, Null, Set, null
from exportlab.panel.shift_share.setup import Asked, Setup

Errors: TypeAlias = Literal["auto", "akm", "akm0", "shock", "robust", "cluster", "classical"]
ORDER = ("classical", "robust", "cluster", "akm", "akm0", "shock")
NAMES = {
    "classical": "classical",
    "robust": "heteroskedasticity-robust (HC1)",
    "cluster": "cluster-robust (CR1)",
    "akm": "AKM (Adao, Kolesar and Morales 2019)",
    "akm0": "AKM0 (Adao, Kolesar and Morales 2019)",
    "shock": "shock-level (Borusyak, Hull and Jaravel 2022)",
}
FEW = 10  # effective clusters of shocks below which errors that count on many are a poor guide
WEAK = 1e-10  # of the product of both lengths: a covariance of instrument and treatment that is rounding
OWN = "units have shocks of their own (leave_out='own')"
NO_COMMON = (
    "What goes by shock needs a shift-share instrument of shocks that all share: leave_out='units' or 'none'."
)
BY_ROW = "errors by row or cluster of rows know nothing of shocks that rows share, and are mostly too small"


@dataclass(frozen=True, repr=False, eq=False)
class ShiftShareEstimate(Estimate):
    """An `Estimate` of a shift-share design; with AKM0 its interval is a set, which may have no end or a hole.

    Attributes
    ----------
    nulls : tuple
        One a term with AKM0: what its test is made of.
    """

    nulls: tuple[Null, ...] = ()

    def confidence_set(self, term: str | None = None, *, level: float | None = None) -> Set:
        """The values that are not rejected, as intervals from left to right: one, two half-lines, or the whole line.

        Parameters
        ----------
        term : str, optional
            The first by default.
        level : float, optional
            The estimate's own by default.
        """
        at = 0 if term is None else self.index(term)
        if self.nulls:
            return self.nulls[at].kept(_level(self, level))
        low, high = self.confint(level).iloc[at]
        return ((float(low), float(high)),)

    def confint(self, level: float | None = None) -> pd.DataFrame:
        """``conf_low, conf_high`` by term; of a set with a hole both are infinite, see `confidence_set`."""
        if not self.nulls or level is None:
            return super().confint(level)
        ends = [(k[0][0], k[-1][1]) for k in (n.kept(_level(self, level)) for n in self.nulls)]
        return pd.DataFrame(ends, columns=["conf_low", "conf_high"], index=pd.Index(self.table["term"]))


def _level(e: Estimate, level: float | None) -> float:
    if level is None:
        return e.inference.level
    if not 0 < level < 1:
        raise OptionError(f"level={level!r} is not allowed. Allowed: a number between 0 and 1, such as 0.95.")
    return level


@dataclass(frozen=True, eq=False)
class Regressed:
    """Regressions on one exposure, one an outcome, and what their errors are made of.

    Attributes
    ----------
    terms : names of the estimates
    moments : one a term
    instrumented : whether the treatment is another variable than the instrument
    loadings : (S,) coefficients of the instrument on the shares, or why there are none
    no_shocks : why errors by shock are none either; empty where there are
    """

    setup: Setup
    asked: Asked
    terms: Sequence[str]
    moments: Sequence[Moments]
    instrumented: bool
    loadings: Array | str
    no_shocks: str = ""

    def chosen(self, errors: Errors) -> tuple[str, tuple[str, ...]]:
        """The kind of error, and a note where another one is given than was hoped for."""
        vanishing = self.loadings if isinstance(self.loadings, str) else ""
        if errors == "auto":
            if not vanishing:
                return "akm", ()
            if not self.no_shocks:
                return "shock", (f"No AKM errors: {vanishing}. Errors by shock stand in their place.",)
            kind = "cluster" if self.setup.d.clusters else "robust"
            return kind, (f"No AKM errors: {vanishing}; none by shock: {self.no_shocks}.", BY_ROW)
        if errors in ("akm", "akm0") and vanishing:
            instead = "robust" if self.no_shocks else "shock"
            raise DataError(f"AKM errors vanish: {vanishing}", f"Use errors={instead!r}.")
        if errors == "shock" and self.no_shocks:
            raise DataError(f"there are no errors by shock: {self.no_shocks}", NO_COMMON)
        if errors == "cluster" and not self.setup.d.clusters:
            raise OptionError("errors='cluster' needs cluster=, a column of the table, at the door.")
        return errors, (BY_ROW,) if errors in ("robust", "cluster", "classical") else ()

    def nulls(self, kind: str) -> list[Null]:
        """The sums by cluster of shocks, one set a term."""
        h = self.setup.g if kind == "shock" or isinstance(self.loadings, str) else self.loadings
        return [null(m, self.setup.shares, h, self.setup.codes) for m in self.moments]

    def scores(self, kind: str) -> tuple[Array, float]:
        """What each cluster (G, m) contributes to the errors, and the factor of their squares."""
        if kind in ("akm", "akm0", "shock"):
            return np.column_stack([n.scores for n in self.nulls(kind)]), 1.0
        n = len(self.setup.w)
        codes = np.arange(n) if kind == "robust" else next(iter(self.setup.d.clusters.values()))
        G, p = int(codes.max()) + 1, self.setup.parameters
        if kind == "cluster":
            if G < 2:
                raise DataError("only one cluster is left", "Errors by cluster need two or more.")
            inside = absorbed_parameters(self.setup.d.effects, [codes])
            p += inside - absorbed_parameters(self.setup.d.effects)
        factor = n / (n - p) if kind == "robust" else G / (G - 1) * (n - 1) / (n - p)
        scores = np.column_stack([m.scores(codes) for m in self.moments])
        return scores, 1.0 if self.instrumented else factor

    def covariance(self, kind: str) -> tuple[Array, Array | None, float]:
        """Covariance of the terms (m, m), and the scores and the factor that it is made of."""
        if kind != "classical":
            scores, factor = self.scores(kind)
            return factor * (scores.T @ scores), scores, factor
        w, n = self.setup.w, len(self.setup.w)
        E = np.column_stack([m.e for m in self.moments])
        size = np.array([np.sqrt(np.sum(w * m.x**2)) / m.cross for m in self.moments])
        spare = n if self.instrumented else n - self.setup.parameters
        return np.outer(size, size) * (E.T @ (w[:, None] * E)) / spare, None, 1.0

    def clustering(self, kind: str) -> tuple[str, int, tuple[object, ...]]:
        """What the clusters are, how many, and their names."""
        if kind in ("akm", "akm0", "shock"):
            G = int(self.setup.codes.max()) + 1
            return self.asked.cluster_name, G, tuple(range(G))
        if kind == "cluster":
            name = next(iter(self.setup.d.clusters))
            labels = self.setup.d.labels(name)
            return name, len(labels), labels
        return "", 0, tuple(range(len(self.setup.w)))


def convention(kind: str, instrumented: bool) -> str:
    """The small-sample convention in words."""
    if kind in ("akm", "akm0", "shock"):
        return "none: squared sums by cluster of shocks"
    if instrumented:
        return "none with instruments, as ShiftShareSE"
    words = {"classical": "u'u/(n-K)", "robust": "n/(n-K)", "cluster": "G/(G-1) x (n-1)/(n-K), as fixest"}
    return words[kind]


def estimate(r: Regressed, words: Words, errors: Errors, level: float) -> ShiftShareEstimate:
    """The Estimate of the regressions under one kind of error, all kinds beside it in ``parts["errors"]``."""
    kind, notes = r.chosen(errors)
    found, scores, factor = r.covariance(kind)
    covariance = settled(found, _rounding(r))
    name, G, labels = r.clustering(kind)
    inference = Inference(
        NAMES[kind],
        convention(kind, r.instrumented),
        np.inf,
        level,
        factor,
        name,
        G if kind != "robust" else 0,
    )
    beta = np.array([m.beta for m in r.moments])
    table = estimate_table(list(r.terms), beta, covariance, inference, len(r.setup.w))
    nulls = tuple(r.nulls(kind)) if kind == "akm0" and np.isfinite(covariance).all() else ()
    if nulls:
        table, covariance, more = _with_sets(table, covariance, nulls, level)
        notes = (*notes, *more)
    d, ids = r.setup.d, r.asked.names
    units = d.data[ids.unit].nunique()
    return ShiftShareEstimate(
        method=words.method,
        estimand=words.estimand,
        comparison=words.comparison,
        weighting=words.weighting,
        table=table,
        vcov=covariance,
        inference=inference,
        sample=Sample(
            d.rows, len(d.y), d.lost, units=units, periods=d.data[ids.period].nunique() if ids.period else 1
        ),
        scores=None if kind in ("classical", "akm0") else scores,
        clusters=() if kind in ("classical", "akm0") else labels,
        notes=(*notes, *_few(r, kind), *words.notes, *unsettled(covariance, list(r.terms))),
        parts=Parts({"errors": side_by_side(r, level)}),
        fit={"effective_shocks": r.setup.effective},
        nulls=nulls,
    )


def _few(r: Regressed, kind: str) -> tuple[str, ...]:
    """The note on few shocks, where errors count on many."""
    if kind not in ("akm", "akm0", "shock") or r.setup.effective >= FEW:
        return ()
    better = "" if kind == "akm0" else " AKM0 (errors='akm0') comes nearer to its level."
    return (
        f"The effective number of clusters of shocks is {r.setup.effective:.1f}: errors that count on many of them are "
        f"too small.{better}",
    )


def _rounding(r: Regressed) -> Array:
    """Standard errors (m,) that rounding alone may make."""
    w = r.setup.w
    return np.array(
        [
            rounding_error(
                (w * m.x)[:, None] / m.cross,
                (np.abs(m.y) if m.size is None else m.size) + np.abs(m.beta * m.d),
                np.arange(len(w)),
            )[0]
            for m in r.moments
        ]
    )


def _with_sets(
    table: pd.DataFrame, covariance: Array, nulls: tuple[Null, ...], level: float
) -> tuple[pd.DataFrame, Array, tuple[str, ...]]:
    """The table with AKM0's sets and p-values, the covariance with its errors, and notes on sets without an end."""
    kept = [n.kept(level) for n in nulls]
    error = np.array([n.error(level) for n in nulls])
    old = np.sqrt(np.diag(covariance))
    table = table.assign(
        std_error=error,
        conf_low=[k[0][0] for k in kept],
        conf_high=[k[-1][1] for k in kept],
        p_value=[n.p_value for n in nulls],
    )
    notes = []
    for term, k in zip(table["term"], kept, strict=True):
        if len(k) == 2:
            notes.append(
                f"{term}: AKM0 rejects only values between {k[0][1]:.4g} and {k[1][0]:.4g}; its set has no end."
            )
        elif np.isinf(k[0][0]):
            notes.append(f"{term}: AKM0 rejects no value at all: the shocks say nothing of it.")
    return table, covariance / np.outer(old, old) * np.outer(error, error), tuple(notes)


def side_by_side(r: Regressed, level: float) -> pd.DataFrame:
    """Every kind of error that the design has, a row a term and kind."""
    q = stats.norm.ppf(0.5 + level / 2)
    rows = []
    for kind in ORDER:
        try:
            r.chosen(kind)  # type: ignore[arg-type]
        except (DataError, OptionError):
            continue
        covariance = settled(r.covariance(kind)[0], _rounding(r))
        for at, (term, m) in enumerate(zip(r.terms, r.moments, strict=True)):
            error = float(np.sqrt(covariance[at, at]))
            low, high, p = m.beta - q * error, m.beta + q * error, 2 * stats.norm.sf(abs(m.beta) / error)
            if kind == "akm0" and np.isfinite(error):
                made = r.nulls(kind)[at]
                kept = made.kept(level)
                error, low, high, p = made.error(level), kept[0][0], kept[-1][1], made.p_value
            rows.append((term, kind, m.beta, error, low, high, float(p)))
    columns = ["term", "errors", "estimate", "std_error", "conf_low", "conf_high", "p_value"]
    return pd.DataFrame(rows, columns=columns)


def joint(e: Estimate) -> pd.DataFrame:
    """Wald test that all terms are zero, by their covariance over clusters: one row."""
    remedy = "Test fewer outcomes at once; a joint test needs more clusters than outcomes."
    statistic = wald(np.asarray(e.coef(), np.float64), e.vcov, remedy)
    q = len(e.table)
    return pd.DataFrame({"chi2": [statistic], "df": [q], "p_value": [float(stats.chi2.sf(statistic, q))]})
