"""Effects as outcomes less what a model of the untreated cells says they would have been: cells, averages, errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.errors import DataError, one_of
from exportlab.frames import Array, Codes, Mask
from exportlab.panel.algebra.factors import Cells, LowRank, refuse_unlinked
from exportlab.panel.algebra.sandwich import ROUNDING, settled, unsettled
from exportlab.panel.contract import refuse_given, refuse_other_designs
from exportlab.panel.did.regress import sample_of, warnings_of
from exportlab.panel.did.sun_abraham import ESTIMANDS
from exportlab.panel.estimate import Estimate, Inference, estimate_table

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

JACKKNIFE = "cluster jackknife, (G-1)/G times squared distances from their mean; t(G-1)"
AGGREGATES = ("simple", "event", "cohort", "calendar")
LOST = "treated row without an identified untreated outcome"
FOLDS, BLOCK = 10, 3  # Liu, Wang and Xu (2024), section 3.1: cells are held out in blocks of three

Model: TypeAlias = Callable[[Cells, LowRank | None], LowRank]


@dataclass(frozen=True, eq=False)
class Wide:
    """A panel with units in rows and periods in columns.

    Attributes
    ----------
    cells : outcomes, covariates, and the untreated cells
    treated : (N, T) cells whose effect is asked for
    spell : (N, T) periods since the treatment came on in the unit, negative before its first, NaN after its end
    cluster : (N,) codes
    """

    cells: Cells
    treated: Mask
    spell: Array
    cluster: Codes


def wide(panel: PolicyPanel) -> Wide:
    """The panel's cells."""
    N, T = len(panel.unit_labels), len(panel.period_values)
    Y, X = np.zeros((N, T)), np.zeros((N, T, panel.X.shape[1]))
    there, D = np.zeros((N, T), bool), np.zeros((N, T))
    at = (panel.units, panel.periods)
    Y[at], X[at], there[at], D[at] = panel.y, panel.X, True, panel.D
    treated = there & (D > 0)
    cluster = panel.clusters[np.searchsorted(panel.units, np.arange(N))]
    return Wide(Cells(Y, X, there & ~treated), treated, _spells(panel, treated, there), cluster)


def _spells(panel: PolicyPanel, treated: Mask, there: Mask) -> Array:
    """Periods since the treatment came on: since adoption; where it may switch off, since the current spell began."""
    N, T = treated.shape
    if not panel.reversible:
        first = panel.adoption[:, None]
        return np.asarray(np.where(np.isfinite(first) & there, panel.period_values - first, np.nan))
    out, times = np.full((N, T), np.nan), panel.period_values
    for i in np.flatnonzero(treated.any(1)):
        start = np.nan
        for t in range(T):
            start = times[t] if treated[i, t] and np.isnan(start) else start if treated[i, t] else np.nan
            out[i, t] = times[t] - start
        onset = int(treated[i].argmax())
        out[i, :onset] = times[:onset] - times[onset]
    return np.where(there, out, np.nan)


def prepared(panel: PolicyPanel, least: int, name: str) -> tuple[PolicyPanel, Wide]:
    """The panel less treated rows that `least` untreated cells a unit and period do not identify, and its cells."""
    refuse_other_designs(panel, reversible=True)
    refuse_given(panel, f"{name} counts cells equally and", "weights")
    if not (panel.D > 0).any() or (panel.D > 0).all():
        raise DataError(
            "no row is treated" if not (panel.D > 0).any() else "every row is treated",
            "Effects need treated and untreated rows.",
        )
    if np.ptp(panel.y) == 0:
        raise DataError(f"the outcome {panel.outcome!r} is constant", "There is nothing to explain.")
    used = panel
    while True:
        untreated = used.D <= 0
        unit = np.bincount(used.units[untreated], minlength=len(used.unit_labels)) >= least
        period = np.bincount(used.periods[untreated], minlength=len(used.period_values)) >= least
        keep: Mask = unit[used.units] & period[used.periods]
        if not (keep & ~untreated).any():
            raise DataError(
                f"no treated row has {least} untreated rows of its unit and {least} of its period",
                "Choose a lower rank, or bring earlier periods and more untreated units.",
            )
        if keep.all():
            break
        used = used.where(
            keep, LOST if least == 1 else f"fewer than {least} untreated rows of its unit or period"
        )
    made = wide(used)
    refuse_unlinked(made.cells.known)
    return used, made


def estimated(
    panel: PolicyPanel,
    of: Wide,
    fitted: LowRank,
    model: Model,
    *,
    aggregate: str,
    jackknife: bool,
    level: float,
    **words: Any,
) -> Estimate:
    """The Estimate of averages of outcomes less the model's, over treated cells; errors by leaving clusters out."""
    one_of("aggregate", aggregate, AGGREGATES)
    groups, terms = _groups(panel, of, aggregate)
    effect = of.cells.Y - fitted.fitted
    value = _averages(effect, of.treated, groups, len(terms["term"]))
    G = int(of.cluster.max()) + 1
    scores = _left_out(of, model, fitted, groups, len(value)) if jackknife and G > 2 else None
    vcov = np.full((len(value), len(value)), np.nan)
    if scores is not None:
        size = ROUNDING * float(np.abs(panel.y).max()) * np.sqrt(G)
        vcov = settled(scores.T @ scores, np.where(np.isnan(scores).any(0), np.inf, size))
    inference = _inference(panel, G, scores is not None, level)
    counts = np.bincount(groups[of.treated], minlength=len(value)).tolist()
    names = terms.pop("term")
    notes = (
        []
        if fitted.settled
        else [f"The fit did not settle within {fitted.rounds:,} rounds: do not quote it."]
    )
    return Estimate(
        estimand=ESTIMANDS[aggregate],
        comparison="what units' and periods' effects and shared shocks would have made of treated cells",
        weighting="treated rows equally, within the average",
        table=estimate_table(names, value, vcov, inference, counts, **terms),
        vcov=vcov,
        inference=inference,
        sample=sample_of(panel),
        scores=None if scores is None or np.isnan(scores).any() else scores,
        clusters=tuple(panel.cluster_labels),
        panel=panel,
        linear=False,
        parts={"path": _path(of, effect), "cells": _cell_table(panel, of, fitted)} | words.pop("parts", {}),
        notes=(*warnings_of(panel), *unsettled(vcov, names), *notes, *words.pop("notes", ())),
        **words,
    )


def _inference(panel: PolicyPanel, G: int, made: bool, level: float) -> Inference:
    return Inference(
        "cluster jackknife" if made else "none",
        JACKKNIFE if made else "no errors were asked for, or too few clusters",
        float(max(G - 1, 1)),
        level,
        1.0,
        panel.cluster or panel.unit,
        G,
        panel.treated_clusters,
    )


def _groups(panel: PolicyPanel, of: Wide, aggregate: str) -> tuple[Codes, dict[str, Any]]:
    """(N, T) the term of each treated cell, and the terms."""
    N, T = of.treated.shape
    if aggregate == "simple":
        return np.zeros((N, T), np.int64), {"term": ["ATT"]}
    by = {
        "event": of.spell,
        "cohort": np.broadcast_to(panel.adoption[:, None], (N, T)),
        "calendar": np.broadcast_to(panel.period_values, (N, T)),
    }[aggregate]
    values, code = np.unique(by[of.treated], return_inverse=True)
    groups = np.zeros((N, T), np.int64)
    groups[of.treated] = code
    if aggregate == "event":
        times = values.astype(int).tolist()
        return groups, {"term": [str(e) for e in times], "event_time": times}
    return groups, {"term": [panel.period_name(v) for v in values]}


def _averages(effect: Array, treated: Mask, groups: Codes, terms: int) -> Array:
    """Mean effect of each term; NaN where no cell is left."""
    count = np.bincount(groups[treated], minlength=terms)
    total = np.bincount(groups[treated], weights=effect[treated], minlength=terms)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(count > 0, total / count, np.nan))


def _left_out(of: Wide, model: Model, fit: LowRank, groups: Codes, terms: int) -> Array:
    """(G, terms) what each cluster adds to the error: distances of estimates without it from their mean."""
    G = int(of.cluster.max()) + 1
    found = np.full((G, terms), np.nan)
    for g in range(G):
        out = of.cluster == g
        cells = of.cells.without(out)
        if cells.known.any(0).all():  # a period that only this cluster identifies is not fitted without it
            again = model(cells, fit)
            found[g] = _averages(cells.Y - again.fitted, of.treated[~out], groups[~out], terms)
    return np.asarray(np.sqrt((G - 1) / G) * (found.mean(0) - found))


def _path(of: Wide, effect: Array) -> pd.DataFrame:
    """Mean gap by time since the treatment came on, before it too, where the model was fitted on those cells."""
    inside = ~np.isnan(of.spell) & (of.treated | of.cells.known)
    time, code = np.unique(of.spell[inside], return_inverse=True)
    count = np.bincount(code)
    return pd.DataFrame(
        {"event_time": time.astype(int), "gap": np.bincount(code, weights=effect[inside]) / count, "n": count}
    )


def _cell_table(panel: PolicyPanel, of: Wide, fit: LowRank) -> pd.DataFrame:
    """Every treated cell with its outcome and what it would have been."""
    unit, period = np.nonzero(of.treated)
    return pd.DataFrame(
        {
            "unit": panel.unit_labels[unit],
            "period": panel.named(panel.period_values)[period],
            "outcome": of.cells.Y[of.treated],
            "untreated": fit.fitted[of.treated],
        }
    )


# ---- choosing by what is held out ----------------------------------------------------------------------------------


def held_out(
    of: Wide, models: Mapping[Any, Callable[[Cells], LowRank]], *, least: int, rng: int | np.random.Generator
) -> pd.DataFrame:
    """Mean squared error of every model at untreated cells of ever-treated units that it was not fitted on.

    Returns
    -------
    DataFrame with ``choice``, ``error`` (mean square), ``cells``.
    """
    generator = np.random.default_rng(rng)
    total, count = dict.fromkeys(models, 0.0), 0
    for _ in range(FOLDS):
        hidden = _hidden(of, least, generator)
        if not hidden.any():
            continue
        cells = Cells(of.cells.Y, of.cells.X, of.cells.known & ~hidden)
        count += int(hidden.sum())
        for name, model in models.items():
            total[name] += float(((of.cells.Y - model(cells).fitted)[hidden] ** 2).sum())
    if not count:
        raise DataError(
            "no untreated cell of a treated unit can be held out",
            "Name the rank (or penalty) instead of 'cv'.",
        )
    rows = [(name, value / count, count) for name, value in total.items()]
    return pd.DataFrame(rows, columns=["choice", "error", "cells"])


def _hidden(of: Wide, least: int, generator: np.random.Generator) -> Mask:
    """(N, T) blocks of untreated cells of treated units, a tenth of them, that leave `least` a unit and a period."""
    known = of.cells.known.copy()
    hidden = np.zeros_like(known)
    ever = np.flatnonzero(of.treated.any(1))
    wanted = max(int(known[ever].sum()) // 10, BLOCK)
    starts = [(i, t) for i in ever for t in range(known.shape[1] - BLOCK + 1)]
    for at in generator.permutation(len(starts)):
        i, t = starts[int(at)]
        block = slice(t, t + BLOCK)
        if not known[i, block].all() or known[i].sum() - BLOCK < least:
            continue
        if (known[:, block].sum(0) - 1 < least).any():
            continue
        known[i, block], hidden[i, block] = False, True
        if hidden.sum() >= wanted:
            break
    return hidden


def equivalence(estimate: float, error: float, bound: float, df: float) -> float:
    """p of two one-sided tests that the effect lies beyond `bound` on either side."""
    return float(max(stats.t.sf((bound + estimate) / error, df), stats.t.sf((bound - estimate) / error, df)))
