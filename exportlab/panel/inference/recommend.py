"""Which inference to believe for this design, and why."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.errors import OptionError
from exportlab.frames import Array, Codes
from exportlab.options import Upper, validated
from exportlab.panel.algebra.draws import number_of_assignments
from exportlab.panel.inference.shared_shocks import pre_period_factor
from exportlab.results import Result

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from exportlab.panel.estimate import Estimate
    from exportlab.panel.policy_panel import PolicyPanel

# Clusters on the smaller side from which CR2 with Bell-McCaffrey keeps its size: benchmarks/panel_size.py
FEW = 4
MANY, MANY_SIDE, COHORT = 40, 10, 5
APART = 0.05  # p of the test of shared shocks up to which they are spoken of
UNLIKE = 1.5  # ratio of standard deviations from which clusters are not alike

RI, CR2, OWN, NONE = "RI", "CR2 Bell-McCaffrey", "own standard error", "none"


@dataclass(frozen=True)
class Facts:
    """The design facts that inference depends on.

    Attributes
    ----------
    clusters, treated_clusters : int
        All of them, and those with a unit whose status varies: always-treated units teach nothing.
    never_clusters : int
        Clusters without a treated row.
    smallest_cohort : int
        Clusters in the smallest adoption cohort.
    possible : int
        Distinct ways the adoption dates could have fallen on the clusters, always-treated ones kept in place (0: dates
        differ within clusters).
    pooled : bool
        One treatment coefficient in a linear regression (two-way fixed effects) rather than an average of
        cells.
    spread : float
        How much more the treated vary than the others before adoption.
    largest_group : int
        Clusters in the largest group of one date, the never treated being one (0: not known).
    always_clusters : int
        Clusters that are treated throughout.
    apart : float
        p of the test that the treated load apart on a common factor before adoption; NaN where there is none.
    factor : float
        Share of the variation before adoption that one common factor explains.
    """

    clusters: int
    treated_clusters: int
    never_clusters: int
    smallest_cohort: int
    possible: int
    pooled: bool = True
    spread: float = float("nan")
    largest_group: int = 0
    always_clusters: int = 0
    apart: float = float("nan")
    factor: float = float("nan")

    @property
    def side(self) -> int:
        """Clusters on the smaller side: treated or never treated, and no more than differ from the largest group.

        Where none is never treated, cohorts are compared with each other: seven that adopt at once beside one that
        adopts later are one against seven.
        """
        side = min(self.treated_clusters, self.never_clusters or self.treated_clusters)
        if not self.largest_group:
            return side
        return min(side, self.clusters - self.always_clusters - self.largest_group)


@dataclass(frozen=True, eq=False, repr=False)
class Recommendation(Result):
    """What to believe.

    Attributes
    ----------
    method : {"RI", "CR2 Bell-McCaffrey", "own standard error", "none"}
    why : str
    attainable : float
        The smallest p-value that randomisation inference can give in this design.
    table : pandas.DataFrame
        method, verdict ("believe", "usable", "do not use"), reason, call.
    facts : Facts
    """

    method: str
    why: str
    attainable: float
    table: pd.DataFrame
    facts: Facts

    @property
    def title(self) -> str:
        """The method and its reason."""
        f = self.facts
        always = f" and {f.always_clusters} always treated" if f.always_clusters else ""
        head = f"{f.clusters} clusters, {f.treated_clusters} treated{always}: "
        return (
            head
            + (f"believe {self.method}. " if self.method != NONE else "no test can be believed. ")
            + self.why
            + shocks_said(f)
        )

    @property
    def stars(self) -> bool:
        """Whether some test of this design deserves significance stars."""
        return self.method != NONE

    def trusts(self, inference: str) -> bool:
        """Whether the t statistics of an estimate, by the name of its inference, are among what is believed."""
        if inference == "cluster-robust (CR2)":
            return self.method == CR2
        verdict = self.table.loc[self.table["method"] == OWN, "verdict"].iloc[0]
        return str(verdict) != "do not use"


@validated
def recommend(design: PolicyPanel | Estimate | Facts, *, level: Upper = 0.95) -> Recommendation:
    """Say which inference to believe for a design or an estimate.

    Parameters
    ----------
    design : PolicyPanel, Estimate or Facts
        A panel is judged as for two-way fixed effects, one that may switch off as for averages of cells.
    level : float

    Returns
    -------
    Recommendation

    Notes
    -----
    The rules come from the simulation in benchmarks/panel_size.py (14 clusters, AR(1) errors of .6, 1 to 7
    treated): the method named rejects a true null in 3 to 7 per cent of samples there. With two or three
    treated clusters only randomisation inference does, and only if treated and untreated clusters are
    alike. Every method assumes that shocks common to several clusters hit the treated as they hit the others; where a
    test before adoption says otherwise (`shared_shocks`), so does the recommendation. Sources: MacKinnon, Nielsen &
    Webb (2023); MacKinnon & Webb (2020); Pustejovsky & Tipton (2018).
    """
    f = design if isinstance(design, Facts) else facts_of(design)
    attainable = 1 / f.possible if f.possible else float("nan")
    rows = [_ri(f, attainable, 1 - level), _cr2(f), _wild(f), _own(f)]
    table = pd.DataFrame(rows, columns=["method", "verdict", "reason", "call"])
    believed = table[table["verdict"] == "believe"]
    if believed.empty:
        why = (
            f"The smallest p-value that {f.possible:,} possible assignments allow is {attainable:.3g}: show "
            "the estimate and its rank among the placebos, no stars."
            if f.possible
            else "Dates differ within clusters and too few are treated: cluster by the level of assignment."
        )
        return Recommendation(NONE, why, attainable, table, f)
    return Recommendation(
        str(believed["method"].iloc[0]), str(believed["reason"].iloc[0]), attainable, table, f
    )


def facts_of(design: PolicyPanel | Estimate) -> Facts:
    """The facts of a panel (judged as for two-way fixed effects) or of an estimate."""
    panel, pooled = (design, not design.by_path) if _is_panel(design) else _panel_of(design)
    cluster = np.zeros(len(panel.unit_labels), dtype=np.int64)
    cluster[panel.units] = panel.clusters
    adopted = np.where(panel.always_treated, -np.inf, panel.adoption)
    dates = [np.unique(adopted[cluster == c]) for c in range(len(panel.cluster_labels))]
    same = all(len(d) == 1 for d in dates)
    # a cluster's date: that of its first switch; only where nothing in it switches is it always or never treated
    first = np.array([d[np.isfinite(d)].min() if np.isfinite(d).any() else d.max() for d in dates])
    moves = np.isfinite(first)
    cohorts = np.unique(first[moves], return_counts=True)[1]
    never = int((first == np.inf).sum())
    if panel.by_path:
        same = all(len(np.unique(panel.paths[cluster == c])) == 1 for c in range(len(dates)))
    share, apart = pre_period_factor(panel)
    return Facts(
        clusters=len(dates),
        treated_clusters=int(moves.sum()),
        never_clusters=never,
        smallest_cohort=int(cohorts.min(initial=len(dates))),
        possible=_possible(panel, cluster, first) if same and moves.any() else 0,
        pooled=pooled,
        spread=_spread(panel),
        largest_group=max(int(cohorts.max(initial=0)), never),
        always_clusters=int((first == -np.inf).sum()),
        apart=apart,
        factor=share,
    )


def _possible(panel: PolicyPanel, cluster: Codes, first: Array) -> int:
    """Distinct ways the clusters' dates, or paths, could have fallen; within peers where only those are compared."""
    if not panel.by_path and panel.strata is None:
        return number_of_assignments(first[first > -np.inf])
    label = panel.paths.astype(float) if panel.by_path else first[cluster]
    of, peers = np.zeros(len(first)), np.zeros(len(first), np.int64)
    of[cluster], peers[cluster] = label, panel.peers
    return prod(number_of_assignments(of[(peers == p) & (first > -np.inf)]) for p in np.unique(peers))


def shocks_said(f: Facts) -> str:
    """What the test of shared shocks says of the believed test: nothing where it finds nothing."""
    if not f.apart <= APART:
        return ""
    return (
        f" But before adoption one common factor makes {f.factor:.0%} of the variation and the treated load apart on "
        f"it (p = {f.apart:.2g}): where such shocks go on, every test here rejects a true null too often; see "
        "shared_shocks(), att('interactive') and, with few treated, synthetic_did()."
    )


def _is_panel(design: PolicyPanel | Estimate) -> TypeIs[PolicyPanel]:
    """Told by what it has: both classes stand above, and call this module."""
    return hasattr(design, "adoption")


def _panel_of(estimate: Estimate) -> tuple[PolicyPanel, bool]:
    """The panel behind an estimate, and whether one coefficient of a linear regression is estimated on it."""
    if estimate.panel is None:
        raise OptionError(f"{estimate.method} carries no panel: give recommend() the Facts of the design.")
    g = estimate.regression
    pooled = g is not None and g.family == "gaussian" and estimate.method == "Two-way fixed effects"
    return estimate.panel, pooled


def _spread(panel: PolicyPanel) -> float:
    """How much more the ever-treated units vary than the others before anybody adopts."""
    moves = np.isfinite(panel.adoption) & ~panel.always_treated
    early = panel.period_values[panel.periods] < panel.adoption[moves].min(initial=np.inf)
    early &= ~panel.always_treated[panel.units]
    ever = moves[panel.units]
    if len(np.unique(panel.periods[early])) < 3 or not ever[early].any() or ever[early].all():
        return float("nan")
    y, unit, period = panel.y[early], panel.units[early], panel.periods[early]
    for codes in (period, unit, period, unit):
        y = y - (np.bincount(codes, y) / np.maximum(np.bincount(codes), 1))[codes]
    inside = ever[early]
    rest = float(np.mean(y[~inside] ** 2))
    return float(np.sqrt(np.mean(y[inside] ** 2) / rest)) if rest > 0 else float("nan")


def _ri(f: Facts, attainable: float, alpha: float) -> tuple[str, str, str, str]:
    call = "estimate.randomization_test()"
    if not f.possible:
        return RI, "do not use", "Adoption dates differ within clusters.", call
    if attainable > alpha:
        return RI, "do not use", f"No p-value below {attainable:.3g} is attainable.", call
    if f.pooled and f.side >= FEW:
        return RI, "usable", "Exact if treated and untreated clusters have the same distribution.", call
    if not f.pooled and f.clusters >= MANY and f.side >= MANY_SIDE and f.smallest_cohort >= COHORT:
        return RI, "usable", "Exact under exchangeability, but enough clusters for the standard error.", call
    reason = (
        f"With {f.side} clusters on the smaller side t statistics reject a true null too often; permuting "
        "the adoption dates keeps the size as long as treated and untreated clusters are alike."
        if f.side < FEW
        else "Averages of cells with few clusters each have standard errors that are too small; permuting "
        "the adoption dates keeps the size as long as treated and untreated clusters are alike."
    )
    if f.spread > UNLIKE or f.spread < 1 / UNLIKE:
        reason += (
            f" Here they are not: before adoption the treated vary {f.spread:.2g} times as much, "
            "so a permutation test rejects too "
            + ("often" if f.spread > 1 else "rarely")
            + "; see ibragimov_muller()."
        )
    return RI, "believe", reason, call


def _cr2(f: Facts) -> tuple[str, str, str, str]:
    call = "estimate.few_clusters()"
    if not f.pooled:
        return CR2, "do not use", "Cohorts of one or two clusters fit themselves: leverage one.", call
    if f.side < FEW:
        return CR2, "do not use", "Degrees of freedom near one: rejects almost never or far too often.", call
    reason = (
        "Keeps its size from four clusters a side on; up to 8 per cent where treated clusters vary more than "
        "others."
    )
    return CR2, "believe", reason, call


def _wild(f: Facts) -> tuple[str, str, str, str]:
    call = "estimate.wild_bootstrap()"
    if f.pooled and f.side >= FEW:
        return (
            "WCR11",
            "usable",
            "Close to nominal; somewhat too often when treated clusters vary more.",
            call,
        )
    reason = (
        "Rejects almost never (one or two treated) or too often (unequal variances, cells of few clusters)."
    )
    return "WCR11", "do not use", reason, call


def _own(f: Facts) -> tuple[str, str, str, str]:
    call = "estimate.table"
    if f.clusters >= MANY and f.side >= MANY_SIDE and (f.pooled or f.smallest_cohort >= COHORT):
        reason = "Enough clusters on both sides for the usual standard error."
        return OWN, "usable" if f.pooled else "believe", reason, call
    return (
        OWN,
        "do not use",
        "Cluster-robust t statistics reject a true null too often with few clusters.",
        call,
    )
