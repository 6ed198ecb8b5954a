"""Plain-language reading of an estimate: what it is, how far to believe it, and which inference for this design."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

import numpy as np

from exportlab.panel.inference.recommend import recommend

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate


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
    body, allowed = estimate.table.copy(), stars_allowed(estimate)
    body.insert(6, "", [stars(p, allowed) for p in body["p_value"]])
    for column in ("event_time", "cohort", "period"):
        if column in body:
            body = body.drop(columns=column)
    table = body.to_string(index=False, float_format="{:.4g}".format, na_rep="")
    foot = ["", f"Believe: {believed(estimate)}", *(f"Note: {n}" for n in estimate.notes)]
    return "\n".join([*head, table, *foot])


def stars(p: float, allowed: bool = True) -> str:
    """Significance stars at 10, 5 and 1 %, where they are allowed."""
    if not np.isfinite(p) or not allowed:
        return ""
    return "***" if p < 0.01 else "**" if p < 0.05 else "*" if p < 0.1 else ""


def stars_allowed(estimate: Estimate) -> bool:
    """Whether the t statistics shown deserve stars: not where no test of this design can reject."""
    if estimate.inference.name.startswith("placebo") or estimate.inference.treated_clusters == 0:
        return True
    return not estimate.one_treated and (estimate.panel is None or recommend(estimate).stars)


def attainable_p(clusters: int, treated: int) -> float:
    """Smallest p-value of a permutation of which clusters are treated: one over the number of choices."""
    return 1 / comb(clusters, treated) if 0 < treated < clusters else 1.0


def believed(estimate: Estimate) -> str:
    """Which inference to believe for this design, and why."""
    i = estimate.inference
    G, G1 = i.clusters, i.treated_clusters
    if i.name.startswith("placebo"):
        return f"the placebo p-value; with {G} units none below {1 / G:.3f} is attainable."
    if G1 == 0 or estimate.panel is None:  # no policy dates: gravity, fixed effects
        return (
            f"the errors above ({G} clusters)."
            if G >= 40 or not G
            else f"wild_bootstrap(): {G} clusters are few."
        )
    if G1 == 1:
        return (
            "none of the t statistics above (one treated cluster; true size near 58 %). The smallest "
            f"attainable p-value is 1/{G} = {attainable_p(G, 1):.3f}: "
            "use synthetic_control() or randomization_test()."
        )
    return recommend(estimate).title
