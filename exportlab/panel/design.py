"""The design before the estimate: what the panel can and cannot show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.panel.did.regress import COLLINEAR
from exportlab.panel.did.several import THIN, overlaps
from exportlab.panel.inference.recommend import APART, Facts, recommend
from exportlab.results import Result, table_html, titled_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.panel.policy_panel import PolicyPanel


@dataclass(frozen=True, repr=False, eq=False)
class DesignCheck(Result):
    """Design facts: ``fact, value, level, meaning``; level is ``ok``, ``note``, ``warn`` or ``refuse``.

    Attributes
    ----------
    table : DataFrame
    cohorts : DataFrame
        ``adopted, units, clusters, periods_before, periods_after``; never-treated last.
    """

    table: pd.DataFrame
    cohorts: pd.DataFrame
    panel: PolicyPanel

    @property
    def title(self) -> str:
        return f"Design of {self.panel!r}"

    @property
    def warnings(self) -> list[str]:
        """The meanings of all facts that warn or refuse."""
        return list(self.table.loc[self.table["level"].isin(["warn", "refuse"]), "meaning"])

    def summary(self) -> str:
        shown = self.table.assign(value=self.table["value"].astype(str))
        lines = [f"  {r.level:<7}{r.fact}: {r.value}. {r.meaning}".rstrip() for r in shown.itertuples()]
        return "\n".join([self.title, *lines, "", self.cohorts.to_string(index=False)])

    def _repr_html_(self) -> str:
        return titled_html(self.title, self.table) + table_html(self.cohorts)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Average outcome of each cohort over time."""
        from exportlab.plots.panel import cohort_trends

        return cohort_trends(self.panel, ax=ax, **options)


def check(panel: PolicyPanel) -> DesignCheck:
    """Facts about balance, timing, clusters and outcome, and what each means for the analysis."""
    rows = [*_shape(panel), *_timing(panel), *_clusters(panel), *_outcome(panel)]
    table = pd.DataFrame(rows, columns=["fact", "value", "level", "meaning"])
    return DesignCheck(table, _cohorts(panel), panel)


Row = tuple[str, object, str, str]


def _row(fact: str, value: object, bad: bool, meaning: str, level: str = "note") -> Row:
    """A fact that is worth a word only when `bad`."""
    return (fact, value, level, meaning) if bad else (fact, value, "ok", "")


def _shape(p: PolicyPanel) -> list[Row]:
    N, T, n = len(p.unit_labels), len(p.period_values), len(p.y)
    rows_of = np.bincount(p.units)
    first, last = np.full(N, T), np.zeros(N, int)
    np.minimum.at(first, p.units, p.periods)
    np.maximum.at(last, p.units, p.periods)
    gaps = int((rows_of < last - first + 1).sum())
    alone = int((rows_of == 1).sum())
    even = len(np.unique(np.diff(p.period_values))) <= 1
    lost = sum(count for _, count in p.lost)
    holes = f"{N * T - n:,} unit-periods are missing: estimators differ in how they use the rest."
    single = "Fixed effects fit them perfectly; least squares leaves them out and counts them."
    return [
        ("units x periods", f"{N} x {T}", "ok", f"{n:,} rows"),
        _row("balanced", n == N * T, n < N * T, holes),
        _row("units with gaps", gaps, gaps > 0, "Rows are missing in the middle."),
        _row("singleton units", alone, alone > 0, single),
        ("duplicate unit-periods", 0, "ok", "the door refuses them"),
        _row("rows lost at the door", lost, lost > 0, "; ".join(f"{c}: {why}" for why, c in p.lost)),
        _row("evenly spaced periods", even, not even, "Some event times mix few cohorts.", "warn"),
    ]


def _timing(p: PolicyPanel) -> list[Row]:
    g = p.adoption
    never, treated, always = int(np.isinf(g).sum()), int(np.isfinite(g).sum()), int(p.always_treated.sum())
    short = [p.period_name(c) for c in p.cohorts if (p.period_values < c).sum() < 2]
    mixes = "Adoption is staggered: two-way fixed effects mix comparisons; use a robust estimator."
    return [
        _row("treated units", treated, not treated, "Nobody is treated within the panel.", "refuse"),
        _row("cohorts", len(p.cohorts), p.staggered, mixes),
        _never(p, never),
        _row(
            "always treated",
            always,
            always > 0,
            "No period before adoption: they teach nothing and are left out.",
            "warn",
        ),
        _row("adopt after the panel", p.late, p.late > 0, "They serve as untreated."),
        _row(
            "switch on across missing periods",
            p.undated,
            p.undated > 0,
            "Dated by the first period after the gap; give adopted= where the date is known.",
            "warn",
        ),
        _reversals(p),
        *_policies(p),
        ("adoption varies within a unit", 0, "ok", "the door refuses it"),
        _row(
            "cohorts with one period before",
            ", ".join(short) or "none",
            bool(short),
            "Their parallel trends cannot be looked at.",
            "warn",
        ),
    ]


def _policies(p: PolicyPanel) -> list[Row]:
    """How far several policies can be told apart, where there are several."""
    if not p.policies:
        return []
    found = overlaps(p).together
    least = int(found["left"].argmin())
    left = float(found["left"].iloc[least])
    words = (
        f"{found['policy'].iloc[least]} has {left:.0%} of its variation to itself; dates above are of the first policy "
        "a unit gets. See overlaps(), policy() and together()."
    )
    level = "refuse" if left <= COLLINEAR else "warn" if left < THIN else "note"
    return [("policies", ", ".join(p.policies), level, words)]


def _reversals(p: PolicyPanel) -> Row:
    if not p.reversible:
        return ("reversals of treatment", 0, "ok", "the door refuses them")
    falls = (p.units[1:] == p.units[:-1]) & (p.D[1:] < p.D[:-1])
    meaning = "Dates are those of the first change of dose; use att('switching')."
    return ("reversals of treatment", int(falls.sum()), "note", meaning)


def _never(p: PolicyPanel, never: int) -> Row:
    if len(p.cohorts) == 1 and not never:
        meaning = "All adopt at once and nobody is left to compare with."
        return ("never treated", never, "refuse", meaning)
    meaning = "No never-treated unit: comparisons end when the last cohort adopts (control='notyet')."
    return _row("never treated", never, not never, meaning, "warn")


def _clusters(p: PolicyPanel) -> list[Row]:
    advice = recommend(p)
    G, G1, side = len(p.cluster_labels), p.treated_clusters, advice.facts.side
    level = "warn" if G < 40 else "ok"
    words = ""
    if G < 10:
        words = "Below 10: no asymptotic inference holds; randomisation inference, and say so."
    elif G < 40:
        words = "Below 40: cluster-robust t is not to be trusted as it stands."
    rows: list[Row] = [("clusters", G, level, words)]
    attainable = advice.attainable if np.isfinite(advice.attainable) else 1.0
    words = ""
    if G1 == 1:
        words = (
            "One treated cluster: cluster-robust t rejects a true null far too often. "
            f"The smallest p-value anything can attain is 1/{advice.facts.possible:,} = {attainable:.3f}. "
            "Use synthetic control or Conley-Taber, and no stars."
        )
    elif side < 10:
        words = f"Below 10 on the smaller side: cluster-robust t rejects too often. {advice.title}"
    rows.append(("treated clusters", G1, "warn" if G1 and side < 10 else "ok", words))
    rows += _shocks(advice.facts)
    rows.append(
        (
            "smallest attainable p-value",
            f"{attainable:.2g}",
            "warn" if attainable > 0.05 else "ok",
            "by permuting which clusters are treated" if attainable <= 0.05 else "No test can reject at 5 %.",
        )
    )
    return rows


def _shocks(f: Facts) -> list[Row]:
    """One common factor before adoption, where there are periods enough to look for it."""
    if not np.isfinite(f.apart):
        return []
    rows: list[Row] = [
        ("one common factor explains", f"{f.factor:.0%}", "ok", "of the variation before adoption")
    ]
    meaning = (
        "The treated load apart on it: shocks that all share hit them differently. Tests that take units as alike "
        "reject too often; see shared_shocks(), att('interactive') and synthetic_did()."
    )
    return [*rows, _row("treated load apart, p", f"{f.apart:.2g}", f.apart <= APART, meaning, "warn")]


def _outcome(p: PolicyPanel) -> list[Row]:
    zeros = int((p.y == 0).sum()) if p.transform is None else 0
    negative = int((p.y < 0).sum())
    low, high = np.full(len(p.unit_labels), np.inf), np.full(len(p.unit_labels), -np.inf)
    np.minimum.at(low, p.units, p.y)
    np.maximum.at(high, p.units, p.y)
    flat = int((low == high).sum())
    constant = bool(np.ptp(p.y) == 0)
    return [
        (
            "zeros in the outcome",
            zeros,
            "note" if zeros else "ok",
            "The log refuses them: a Poisson model keeps them; asinh depends on the unit." if zeros else "",
        ),
        (
            "negative outcomes",
            negative,
            "ok",
            "no log, no Poisson" if negative and p.transform is None else "",
        ),
        (
            "units with constant outcome",
            flat,
            "refuse" if constant else "note" if flat else "ok",
            "The outcome never moves."
            if constant
            else "They carry no variation of their own."
            if flat
            else "",
        ),
    ]


def _cohorts(p: PolicyPanel) -> pd.DataFrame:
    g = p.adoption
    cluster = p.clusters[np.searchsorted(p.units, np.arange(len(g)))]
    rows = []
    for value in np.unique(g):
        at = g == value
        rows.append(
            {
                "adopted": p.period_name(value),
                "units": int(at.sum()),
                "clusters": len(np.unique(cluster[at])),
                "periods_before": int((p.period_values < value).sum()),
                "periods_after": int((p.period_values >= value).sum()),
            }
        )
    return pd.DataFrame(rows)
