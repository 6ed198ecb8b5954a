"""Agreements that enter into force at different times: extended two-way fixed effects with three-way effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.frames import Array, Mask
from exportlab.options import Level, validated
from exportlab.panel.algebra.absorb import unidentified
from exportlab.panel.algebra.levels import encode
from exportlab.panel.contract import period_values
from exportlab.panel.estimate import Estimate, estimate_table
from exportlab.panel.regression.formula import Design, Roles, design
from exportlab.panel.regression.gravity import Bilateral, bilateral
from exportlab.panel.regression.ols import Words
from exportlab.panel.regression.ppml import Asked, poisson_estimate, settled_fit
from exportlab.periods import Calendar

AGGREGATES = ("simple", "event", "cohort", "calendar", "none")
ALWAYS = "pair treated in all its periods: no effect is identified"
LOST = "treated cell that no untreated flow compares"
NOBODY = "every pair treated from then on: no comparison left"


@validated
def staggered_gravity(
    table: Any,
    formula: str,
    *,
    exporter: str,
    importer: str,
    period: str,
    adopted: str,
    aggregate: str = "simple",
    control: str = "notyet",
    effects: Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = "pair",
    domestic: str | None = None,
    small_sample: str = "fixest",
    missing: str = "refuse",
    level: Level = 0.95,
) -> Estimate:
    r"""Effects of agreements that enter into force at different times: PPML with an effect of each cohort and period.

    .. math:: X_{ijt} = \exp\Big(\pi_{it}+\chi_{jt}+\mu_{ij}+z_{ijt}'\beta
        +\sum_g\sum_{t\ge g}\tau_{gt}\,1\{G_{ij}=g\}\Big)\,\varepsilon_{ijt}

    One dummy for all agreements compares late joiners with early ones, whose effect still grows; here each cohort g of
    pairs has an effect in each period t, and the averages of these are what is told.

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
    formula : str
        ``"value ~ 1"``, or with further regressors.
    exporter, importer, period : str
        Columns; one row a pair and period.
    adopted : str
        Column of the first period in which the pair is in an agreement, the same in all its rows; missing for never.
    aggregate : {"simple", "event", "cohort", "calendar", "none"}
        Averages of the treated cells by their rows: all, by periods since adoption, by cohort, by period; or each.
    control : {"notyet", "never"}
        "notyet": effects from adoption on, against all that is not treated yet. "never": effects of every period but
        the one before adoption, so that those before can be looked at.
    effects : sequence of str, optional
        As `exportlab.gravity`; exporter-period, importer-period and pair by default.
    cluster, domestic, small_sample, missing, level : see `exportlab.gravity`

    Returns
    -------
    Estimate
        ``parts["cells"]``: cohort, period, estimate, standard error and rows of each cell. Averages take the weights of
        cells as given.

    Raises
    ------
    DataError
        A pair with several dates of adoption, nobody treated, or nobody to compare with; and as `exportlab.gravity`.

    Notes
    -----
    Pairs that are in from their first period on are left out and counted, cells that no untreated flow compares too,
    by name; where every pair joins, periods from the last cohort's date on are left out. The bias of three-way PPML
    (`exportlab.panel.regression.gravity_bias`) is not corrected here.

    References
    ----------
    Nagengast and Yotov (2025), American Economic Journal: Applied Economics 17(1), 271-296; Wooldridge (2023),
    Econometrics Journal 26, C31-C66.
    """
    one_of("aggregate", aggregate, AGGREGATES)
    one_of("control", control, ["notyet", "never"])
    flows = bilateral(
        table, exporter=exporter, importer=importer, period=period, product=None, effects=effects,
        domestic=domestic, missing=missing,
    )  # fmt: skip
    dated = _dated(flows, period, adopted)
    data, cells = _with_cells(dated, before=control == "never")
    roles = Roles(flows.columns(flows.effects), flows.columns(cluster), added=[c.name for c in cells])
    d = design(data, formula, roles, missing=missing)
    d = _compared(replace(d, rows=flows.rows, lost=(*flows.lost, *dated.lost, *d.lost)), cells)
    ask = Asked(("fe", "simplex"), "drop", "omit", small_sample, level=level, engine="core")
    words = Words(
        "Staggered gravity by extended TWFE (Poisson)",
        f"{ESTIMANDS[aggregate]}, log points of {d.outcome}",
        ("never" if control == "never" else "not-yet and never")
        + " treated flows of the same exporters and importers",
        weighting="cells by their rows",
    )
    made = settled_fit(d, ask)
    units, periods = encode(d.data[[exporter, importer]]), encode(d.data[[period]])
    return _averaged(
        poisson_estimate(made, words, ask, units=units, periods=periods), made.d, cells, aggregate
    )


ESTIMANDS = {
    "simple": "average effect on the treated over all treated cells",
    "event": "average effect on the treated by periods since adoption",
    "cohort": "average effect on the treated by cohort",
    "calendar": "average effect on the treated by period",
    "none": "effect on each cohort in each period",
}


@dataclass(frozen=True)
class Cell:
    """A cohort in a period: labels, and positions in time."""

    name: str
    cohort: Any
    period: Any
    since: int


@dataclass(frozen=True, eq=False)
class _Dated:
    """Rows whose effects can be told: positions of period and adoption (inf for never), each (n,), and their labels."""

    data: pd.DataFrame
    period: str
    at: Array
    adopted: Array
    calendar: Calendar
    lost: tuple[tuple[str, int], ...]

    def keep(self, rows: Mask, reason: str) -> _Dated:
        gone = int((~rows).sum())
        if not gone:
            return self
        if not (rows & np.isfinite(self.adopted)).any():
            raise DataError(
                f"No treated flow is left: {gone:,} rows are each a {reason}", "Nothing can be compared."
            )
        return replace(
            self,
            data=self.data[rows],
            at=self.at[rows],
            adopted=self.adopted[rows],
            lost=(*self.lost, (reason, gone)),
        )


def _dated(flows: Bilateral, period: str, adopted: str) -> _Dated:
    data = flows.data
    if adopted not in data.columns:
        raise UnknownName("column", adopted, [str(c) for c in data.columns])
    pair = encode(data[[flows.given["exporter"], flows.given["importer"]]])
    at, calendar = period_values(data[period], period)
    known = data[adopted].dropna()
    place = {label: float(calendar.period(_plain(label)).position) for label in known.unique()}
    first = data[adopted].map(place).to_numpy(float)
    first = np.where(np.isnan(first), np.inf, first)
    several = pd.Series(first).groupby(pair).nunique()
    if (several > 1).any():
        row = int(np.isin(pair, several.index[several > 1]).argmax())
        raise DataError(
            f"{int((several > 1).sum()):,} pairs have several dates of {adopted!r}",
            "Give each pair its first date in all its rows, missing for never.",
            first=", ".join(
                str(data[c].iloc[row]) for c in (flows.given["exporter"], flows.given["importer"])
            ),
        )
    if not (at >= first).any():
        raise DataError(
            "No flow is treated within the table", f"Check {adopted!r} against the table's periods."
        )
    began = pd.Series(at).groupby(pair).transform("min").to_numpy()
    late = np.where(first > at.max(), np.inf, first)
    dated = _Dated(data, period, at, late, calendar, ()).keep(first > began, ALWAYS)
    if np.isfinite(dated.adopted).all():
        dated = dated.keep(dated.at < dated.adopted.max(), NOBODY)
        dated = replace(dated, adopted=np.where(dated.adopted > dated.at.max(), np.inf, dated.adopted))
    if not (dated.at >= dated.adopted).any():
        raise DataError(
            "No treated flow has a comparison", "Bring pairs that never join, or that join later."
        )
    return dated


def _plain(label: Any) -> Any:
    """A date of adoption as periods are written: whole numbers that a gap made fractions."""
    return int(label) if isinstance(label, float) and label.is_integer() else label


def _with_cells(dated: _Dated, *, before: bool) -> tuple[pd.DataFrame, list[Cell]]:
    """The table with a dummy for each cell of a treated cohort."""
    since = dated.at - dated.adopted
    inside = np.isfinite(since) & ((since != -1) if before else (since >= 0))
    cells, columns = [], {}
    for g, t in sorted(set(zip(dated.adopted[inside], dated.at[inside], strict=True))):
        cohort, now = (dated.calendar.label(dated.calendar.at(int(v))) for v in (g, t))
        cells.append(Cell(f"ATT({cohort},{now})", cohort, now, int(t - g)))
        columns[cells[-1].name] = ((dated.adopted == g) & (dated.at == t)).astype(float)
    taken = [name for name in columns if name in dated.data.columns]
    if taken:
        raise OptionError(
            f"the table has a column {taken[0]!r}, as the dummy of a cell is called: rename it."
        )
    return dated.data.assign(**columns), cells


def _compared(d: Design, cells: list[Cell]) -> Design:
    """The design without the rows of cells that nothing compares."""
    names = {c.name for c in cells}
    while (lost := unidentified(d, np.ones_like(d.y))) is not None:
        gone = [n for n in lost.names if n in names]
        if not gone:
            break
        inside: Mask = np.asarray(d.x[:, [d.names.index(n) for n in gone]].any(axis=1))
        if len(gone) == sum(n in names for n in d.names):
            raise DataError(
                "No treated flow has a comparison", "Bring pairs that never join, or that join later."
            )
        d = d.keep(~inside, LOST).without(gone)
    return d


def _averaged(full: Estimate, d: Design, cells: list[Cell], aggregate: str) -> Estimate:
    """The averages of the cells that have an effect."""
    alive = [c for c in cells if c.name in d.names]
    place = [d.names.index(c.name) for c in alive]
    rows = d.x[:, place].sum(axis=0)
    weights, terms = _weights(alive, rows, aggregate)
    combine = np.zeros((len(terms), len(d.names)))
    combine[:, place] = weights
    beta, unknown = full.table["estimate"].to_numpy(float), np.isnan(np.diag(full.vcov))
    vcov = combine @ np.where(np.isnan(full.vcov), 0.0, full.vcov) @ combine.T
    lost = (combine[:, unknown] != 0).any(axis=1)
    vcov[lost] = vcov[:, lost] = np.nan
    counts = (weights > 0).astype(int) @ rows.astype(int)
    told = pd.DataFrame(
        {
            "cohort": [c.cohort for c in alive],
            "period": [c.period for c in alive],
            "event_time": [c.since for c in alive],
            "estimate": beta[place],
            "std_error": full.table["std_error"].to_numpy(float)[place],
            "rows": rows.astype(int),
        }
    )
    more = {"event_time": terms} if aggregate == "event" else {}
    out = [c.name for c in cells if c not in alive]
    left = (f"Averages leave out {len(out)} of {len(cells)} cells, which have no effect to tell: {', '.join(out[:5])}"
            + (f" and {len(out) - 5} more." if len(out) > 5 else "."),) if out else ()  # fmt: skip
    return replace(
        full,
        table=estimate_table([str(t) for t in terms], combine @ beta, vcov, full.inference, counts, **more),
        vcov=vcov,
        scores=None if full.scores is None else full.scores @ combine.T,
        regression=None if full.regression is None else replace(full.regression, combine=combine),
        parts={**full.parts, "cells": told},
        notes=(*full.notes, *left),
    )


def _weights(cells: list[Cell], rows: Array, aggregate: str) -> tuple[Array, list[Any]]:
    """Weights (terms, m) by which cells are averaged, and the terms."""
    treated = np.array([c.since >= 0 for c in cells])
    if aggregate == "none":
        return np.eye(len(cells)), [c.name for c in cells]
    if aggregate == "simple":
        keys: list[Any] = ["ATT"] * len(cells)
    else:
        keys = [{"event": c.since, "cohort": c.cohort, "calendar": c.period}[aggregate] for c in cells]
    keep = np.ones(len(cells), dtype=bool) if aggregate == "event" else treated
    base = [-1] if aggregate == "event" and not treated.all() else []
    terms = sorted({*(k for k, on in zip(keys, keep, strict=True) if on), *base})
    out = np.zeros((len(terms), len(cells)))
    for row, term in enumerate(terms):
        at = keep & np.array([k == term for k in keys])
        if at.any():
            out[row, at] = rows[at] / rows[at].sum()
    return out, terms
