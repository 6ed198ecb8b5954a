"""Structural gravity: PPML with exporter-period, importer-period and pair effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from exportlab.arrays import Codes
from exportlab.errors import one_of
from exportlab.options import Level, validated
from exportlab.panel.algebra.levels import encode
from exportlab.panel.estimate import Estimate
from exportlab.panel.regression.bilateral import bilateral
from exportlab.panel.regression.formula import Design, design
from exportlab.panel.regression.ols import least_squares_estimate
from exportlab.panel.regression.ppml import poisson_estimate
from exportlab.panel.regression.reporting import Words
from exportlab.panel.regression.setaside import without_singletons

NO_LOGARITHM = "zero flow, which has no logarithm"
THREE_WAY = (
    "Three-way PPML with few periods: estimates have a bias of order 1/(number of countries) and clustered "
    "standard errors are somewhat too small (Weidner and Zylkin 2021): with few countries, use a jackknife."
)


@validated
def gravity(
    table: Any,
    formula: str,
    *,
    exporter: str,
    importer: str,
    period: str | None = None,
    product: str | None = None,
    effects: Sequence[str] | None = None,
    domestic: str | None = None,
    cluster: str | Sequence[str] | None = "pair",
    estimator: str = "ppml",
    weights: str | None = None,
    separation: str | Sequence[str] = ("fe", "simplex"),
    singletons: str = "drop",
    missing: str = "refuse",
    level: Level = 0.95,
    engine: str = "core",
) -> Estimate:
    r"""Gravity equation of bilateral trade.

    .. math:: X_{ijt} = \exp(\pi_{it} + \chi_{jt} + \mu_{ij} + \beta' z_{ijt})\,\varepsilon_{ijt}

    Exporter-period and importer-period effects stand for the multilateral resistances and sizes of theory,
    pair effects for every lasting trade cost and for the choice of partners in agreements.

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
        One row an exporter, importer (, product) and period.
    formula : str
        ``"value ~ rta"``; see `agreement` for the dummy.
    exporter, importer, period, product : str
        Columns; period and product where the data have them.
    effects : sequence of str, optional
        Joined from "exporter", "importer", "period", "product", "pair" (directed) and "dyad" (both
        directions), as in "exporter-period". Default: exporter-period, importer-period and pair, each by
        product where there are products; without a period, exporter and importer.
    domestic : {None, "keep", "border", "drop"}
        What to do with rows whose exporter is the importer; must be said where there are such rows. "keep":
        policies are measured against domestic trade too. "border": also adds border dummies by period (the
        first left out beside pair effects), so that globalisation is not taken for policy. "drop": counted.
    cluster : str or sequence, optional
        Effects' names as above (which a column of the same name does not change), or columns; several for multi-way
        clustering; None for HC1.
    estimator : {"ppml", "log-linear"}
        "log-linear" is least squares of the logarithm; rows with zero trade are lost, and counted.
    weights, separation, singletons, missing, level, engine : see `ppml`

    Returns
    -------
    Estimate

    Raises
    ------
    DataError, OptionError, UnknownName
        As `ppml`; also duplicate rows of a pair and period, and domestic rows without an instruction.

    References
    ----------
    Anderson and van Wincoop (2003); Santos Silva and Tenreyro (2006); Baier and Bergstrand (2007);
    Yotov, Piermartini, Monteiro and Larch (2016); Weidner and Zylkin (2021).
    """
    one_of("estimator", estimator, ["ppml", "log-linear"])
    flows = bilateral(
        table, exporter=exporter, importer=importer, period=period, product=product, effects=effects,
        domestic=domestic, missing=missing,
    )  # fmt: skip
    d = design(
        flows.data,
        formula,
        added=flows.borders,
        effects=flows.columns(flows.effects),
        cluster=flows.columns(cluster),
        weights=weights,
        missing=missing,
    )
    d = replace(d, rows=flows.rows, lost=(*flows.lost, *d.lost))
    units = encode(d.data[[exporter, importer]])
    periods = encode(d.data[[period]]) if period else np.zeros(len(d.y), dtype=np.int64)
    if estimator == "log-linear":
        return _log_linear(d, level, units, periods, singletons)
    words = Words(
        "Gravity by PPML",
        f"effect on the log of expected {d.outcome}",
        f"same {', '.join(flows.effects)}" if flows.effects else "all flows",
        notes=(THREE_WAY,) if len(flows.effects) >= 3 else (),
    )
    return poisson_estimate(
        d, words, separation=separation, singletons=singletons, level=level, engine=engine, units=units,
        periods=periods,
    )  # fmt: skip


def _log_linear(d: Design, level: float, units: Codes, periods: Codes, singletons: str) -> Estimate:
    positive = d.y > 0
    kept = np.flatnonzero(positive)
    words = Words(
        "Gravity, log-linear least squares",
        f"effect on the mean of log {d.outcome} of positive flows",
        f"same {', '.join(d.effects.names)}" if d.effects.names else "all flows",
        weighting="every positive flow weighs the same",
        notes=(
            "Least squares of logarithms loses the zeros and is inconsistent for the mean under "
            "heteroskedasticity (Santos Silva and Tenreyro 2006); compare PPML.",
        ),
    )
    d = d.keep(positive, NO_LOGARITHM)
    d = replace(d, y=np.log(d.y), outcome=f"log {d.outcome}")
    if singletons == "drop":
        d, alone = without_singletons(d)
        kept = kept[alone]
    return least_squares_estimate(d, words, level=level, units=units[kept], periods=periods[kept])
