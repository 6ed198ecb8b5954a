"""Plain-language reading of an estimate: what it is, how far to believe it, and which inference for "
"this design."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .estimate import Estimate


def summary(estimate: Estimate) -> str:
    """Title, who is compared, table, inference believed, sample flow, notes."""
    i = estimate.inference
    head = [
        estimate.title,
        f"  comparison: {estimate.comparison}",
        f"  weighting:  {estimate.weighting}",
        f"  errors:     {i.name} by {i.cluster or 'row'}; {i.small_sample}"
        + (f"; t({i.df:.0f})" if np.isfinite(i.df) else "; normal")
        + (f"; {i.draws} draws, seed {i.seed}" if i.draws else ""),
        f"  clusters:   {i.clusters}, {i.treated_clusters} treated",
        f"  sample:     {estimate.sample}",
        "",
    ]
    body = estimate.table.copy()
    body.insert(6, "", [stars(p, estimate) for p in body["p_value"]])
    for column in ("event_time", "cohort", "period"):
        if column in body:
            body = body.drop(columns=column)
    table = body.to_string(index=False, float_format="{:.4g}".format, na_rep="")
    foot = ["", f"Believe: {believed(estimate)}", *(f"Note: {n}" for n in estimate.notes)]
    return "\n".join([*head, table, *foot])


def stars(p: float, estimate: Estimate) -> str:
    """Significance stars at 10, 5 and 1 %; none where one treated cluster makes them meaningless."""
    asymptotic = estimate.inference.name.startswith(("cluster", "two-way", "homosk", "heterosk"))
    if not np.isfinite(p) or (estimate.one_treated and asymptotic):
        return ""
    return "***" if p < 0.01 else "**" if p < 0.05 else "*" if p < 0.1 else ""


def attainable_p(clusters: int, treated: int) -> float:
    """Smallest p-value of a permutation of which clusters are treated: one over the number of choices."""
    return 1 / comb(clusters, treated) if 0 < treated < clusters else 1.0


def believed(estimate: Estimate) -> str:
    """Which inference to believe for this number of clusters and treated clusters, and why."""
    i = estimate.inference
    G, G1 = i.clusters, i.treated_clusters
    least = attainable_p(G, G1)
    if i.name.startswith("placebo"):
        return (
            f"the placebo p-value; with {G} units the smallest attainable is about {max(least, 1 / G):.3f}."
        )
    if G1 == 0:  # no policy dates: gravity, fixed effects
        return (
            f"the errors above ({G} clusters)."
            if G >= 40 or not G
            else f"wild_bootstrap(): {G} clusters are few."
        )
    if G1 == 1:
        return (
            f"none of the t statistics above (one treated cluster; true size near 58 %). The smallest "
            f"attainable "
            f"p-value is 1/{G} = {least:.3f}: use synthetic_control() or randomization_test()."
        )
    if least > 0.05:
        return f"no test at 5 %: {G} clusters, {G1} treated, smallest attainable p-value {least:.3f}."
    if G1 < 6 or G - G1 < 6:
        return (
            f"randomization_test() ({G1} of {G} clusters treated: cluster-robust t rejects too often, "
            f"and the wild "
            f"bootstrap too rarely with so few on one side)."
        )
    if G < 40:
        return f"wild_bootstrap() beside randomization_test(): {G} clusters are few for cluster-robust t."
    return f"the cluster-robust errors above ({G} clusters, {G1} treated)."
