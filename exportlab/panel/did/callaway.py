"""Callaway and Sant'Anna: effects of each cohort in each period, then averages of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.arrays import Codes
from exportlab.errors import DataError, one_of
from exportlab.options import Level, Places, validated
from exportlab.panel.algebra.sandwich import ROUNDING, group_sums, settled, unsettled
from exportlab.panel.did.callaway_average import average
from exportlab.panel.did.comparison import never_treated, with_comparison
from exportlab.panel.did.drdid import METHODS
from exportlab.panel.did.group_time import GroupTime, group_time
from exportlab.panel.did.regress import sample_of, warnings_of
from exportlab.panel.did.saturated import columns_of
from exportlab.panel.did.sun_abraham import ESTIMANDS
from exportlab.panel.estimate import Estimate, Inference, estimate_table
from exportlab.panel.inference.bands import with_bands

if TYPE_CHECKING:
    from exportlab.panel.door import PolicyPanel

Rng = int | np.random.Generator
AGGREGATES = ("simple", "event", "cohort", "calendar", "none")
NO_BASE = "no period before adoption without anticipation: cohort"
CONVENTION = "none (asymptotic), as R's did: variance of the influence functions summed by cluster"


@validated
def att(
    panel: PolicyPanel,
    *,
    aggregate: str = "simple",
    control: str = "never",
    adjust: str = "dr",
    base: str = "varying",
    anticipation: Places = 0,
    shares: str = "estimated",
    balance: Places | None = None,
    draws: Places = 0,
    rng: Rng = 0,
    level: Level = 0.95,
) -> Estimate:
    r"""Average effects on the treated by group-time effects.

    :math:`ATT(g,t)` compares the change from the base period to t of cohort g with that of the comparison
    group; covariates enter with their value in the base period.

    Parameters
    ----------
    aggregate : {"simple", "event", "cohort", "calendar", "none"}
        All treated cells by cohort size; by time since adoption, by cohort, by period (each with its
        overall average first, term ``"ATT"``); or every ATT(g,t).
    control : {"never", "notyet"}
        Comparison units: never treated, or not treated by the period.
    adjust : {"dr", "ipw", "reg"}
        How covariates enter; see `exportlab.panel.did.drdid`.
    base : {"varying", "universal"}
        Base period of cells before adoption: the one before, or always the last before adoption.
    anticipation : int
        Periods before adoption in which effects may already show.
    shares : {"estimated", "fixed", "did"}
        Whether standard errors count the sampling of cohort sizes. ``"estimated"`` agrees with R's did,
        csdid and differences, save that did 2.1.2 takes the indicators of the wrong cells for the overall
        average by cohort (mpdta: .012415, not .012446); ``"did"`` reproduces that.
    balance : int, optional
        For ``"event"``: only cohorts observed `balance` periods after adoption, and event times up to it.
    draws, rng : multiplier bootstrap (Rademacher, by cluster) for simultaneous bands; 0 draws for none.

    Notes
    -----
    Pairs with a missing row leave the unit out of that comparison only.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225, 200-230.
    """
    one_of("aggregate", aggregate, AGGREGATES)
    one_of("control", control, ["never", "notyet"])
    one_of("adjust", adjust, METHODS)
    one_of("base", base, ["varying", "universal"])
    one_of("shares", shares, ["estimated", "fixed", "did"])
    again = partial(
        att, aggregate=aggregate, control=control, adjust=adjust, base=base, anticipation=anticipation,
        shares=shares, balance=balance, draws=draws, rng=rng, level=level,
    )  # fmt: skip
    used, who = _prepare(panel, control, anticipation)
    effects = group_time(used, control=control, adjust=adjust, base=base, anticipation=anticipation)
    estimate, influence, terms = average(used, effects, aggregate, shares=shares, balance=balance)
    flow, lost = _lost_cells(used, effects)
    scores = group_sums(influence, _unit_clusters(used)) / len(influence)
    size = ROUNDING * np.sqrt((influence**2).sum(0) / len(influence) + float(np.abs(used.y).max()) ** 2)
    vcov = settled(scores.T @ scores, np.where((influence != 0).any(0), size / np.sqrt(len(influence)), 0.0))
    inference = Inference(
        "cluster-robust, influence functions", CONVENTION, np.inf, level, 1.0, used.cluster or used.unit,
        len(used.cluster_labels), used.treated_clusters,
    )  # fmt: skip
    columns: dict[str, Any] = dict(columns_of(terms.drop(columns="n")))
    # A cell counts the units it compares; cells share units, so the average counts the panel's rows.
    counts = [len(flow.y) if t == "ATT" else n for t, n in zip(terms["term"], terms["n"], strict=True)]
    table = estimate_table(list(terms["term"]), estimate, vcov, inference, counts, **columns)
    made = Estimate(
        method=f"Callaway-Sant'Anna ({adjust})" if used.covariates else "Callaway-Sant'Anna",
        estimand=ESTIMANDS[aggregate] + (", over the cells that can be compared" if effects.lost else ""),
        comparison=who, weighting="cohorts by their units", table=table,
        vcov=vcov, inference=inference, sample=sample_of(flow), scores=scores, panel=used, refit=again,
        clusters=tuple(used.cluster_labels), parts={"cells": _cell_table(effects, _unit_clusters(used))},
        notes=(*warnings_of(used), *lost, *unsettled(vcov, list(terms["term"]))),
    )  # fmt: skip
    return with_bands(made, draws=draws, rng=rng) if draws else made


@validated
def event_study(
    panel: PolicyPanel, *, draws: Places = 999, base: str = "universal", **options: Any
) -> Estimate:
    """Effects by time since adoption, with simultaneous bands and one base period; options as in `att`."""
    made = att(panel, aggregate="event", draws=draws, base=base, **options)
    return _without_overall(made, partial(event_study, draws=draws, base=base, **options))


def _without_overall(made: Estimate, again: Any) -> Estimate:
    from dataclasses import replace

    assert made.scores is not None
    table = made.table.iloc[1:].reset_index(drop=True)
    table["event_time"] = table["event_time"].astype(int)
    overall = made.table.iloc[:1].drop(columns="event_time")
    return replace(
        made, table=table, vcov=made.vcov[1:, 1:], scores=made.scores[:, 1:], refit=again,
        parts={**made.parts, "overall": overall},
    )  # fmt: skip


def _prepare(panel: PolicyPanel, control: str, anticipation: int) -> tuple[PolicyPanel, str]:
    if control == "never" and not never_treated(panel, anticipation).any():
        raise DataError(
            f"no {panel.unit} is never treated"
            + (", nor adopts later than it may be anticipated" * (anticipation > 0)),
            "Say control='notyet' to compare with units that adopt later.",
        )
    used, who = with_comparison(_with_base(panel, anticipation), anticipation)
    if used.w is not None:
        low = np.full(len(used.unit_labels), np.inf)
        high = np.zeros(len(used.unit_labels))
        np.minimum.at(low, used.units, used.w)
        np.maximum.at(high, used.units, used.w)
        if (low < high).any():
            first = str(used.unit_labels[int((low < high).argmax())])
            raise DataError(
                "weights change within a unit over time", "This estimator weights units: give one "
                "weight a unit.",
                rows=int((low < high).sum()), first=first,
            )  # fmt: skip
    return used, who if control == "never" else f"{who}, and units not yet treated"


def _with_base(panel: PolicyPanel, anticipation: int) -> PolicyPanel:
    """Leave out, and count, cohorts all of whose periods before adoption may anticipate it: they have no base."""
    early = panel.period_values[0] >= panel.announced - anticipation
    rows = (early & ~panel.always_treated & np.isfinite(panel.adoption))[panel.units]
    if not rows.any():
        return panel
    names = ", ".join(panel.period_name(g) for g in np.unique(panel.first[rows]))
    if panel.D[~rows].any():
        return panel.where(~rows, f"{NO_BASE} {names}")
    raise DataError(
        f"no cohort has a period before adoption that anticipation={anticipation} leaves clean",
        "Allow fewer periods of anticipation, or bring earlier periods.",
    )


def _lost_cells(panel: PolicyPanel, effects: GroupTime) -> tuple[PolicyPanel, tuple[str, ...]]:
    """The panel less the treated rows that enter no cell, for the sample flow; and notes that name what is missing."""
    gone = tuple(
        f"Averages leave out cohorts with {why}." for why, _ in panel.lost if why.startswith(NO_BASE)
    )
    if not effects.lost:
        return panel, gone
    value = panel.period_values[panel.periods]
    rows = np.zeros(len(panel.y), bool)
    for g, t in effects.lost:
        rows |= (panel.first == g) & (value == t)
    names = [f"ATT({panel.period_name(g)},{panel.period_name(t)})" for g, t in effects.lost]
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    of = len(names) + int((effects.event_time >= 0).sum())
    note = f"Averages leave out {len(names)} of {of} treated cells, which have no units to compare: {shown}."
    flow = panel.where(~rows, "treated cell without units to compare") if rows.any() else panel
    return flow, (*gone, note)


def _unit_clusters(panel: PolicyPanel) -> Any:
    return panel.clusters[np.searchsorted(panel.units, np.arange(len(panel.unit_labels)))]


def _cell_table(effects: GroupTime, clusters: Codes) -> pd.DataFrame:
    sums = group_sums(effects.influence, clusters) / len(effects.influence)
    return pd.DataFrame(
        {
            "cohort": effects.cohort, "period": effects.period, "event_time": effects.event_time,
            "base": effects.base, "estimate": effects.estimate,
            "std_error": np.sqrt((sums**2).sum(0)), "units": effects.n.astype(int),
        }
    )  # fmt: skip
