"""Stochastic frontier gravity: how much of its potential each flow reaches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError, one_of
from exportlab.options import Level, validated
from exportlab.panel.regression.formula import Design, Roles, design
from exportlab.panel.regression.formula_text import parse
from exportlab.panel.regression.frontier import Form, FrontierEstimate, frontier_estimate
from exportlab.panel.regression.gravity import NO_LOGARITHM, bilateral

if TYPE_CHECKING:
    from exportlab.panel.regression.gravity_estimate import GravityEstimate

ZEROS = ("refuse", "drop", "smallest")


@validated
def frontier_gravity(
    table: Any,
    formula: str,
    *,
    exporter: str,
    importer: str,
    period: str | None = None,
    model: str = "cross-section",
    distribution: str | None = None,
    inefficiency: str | None = None,
    zeros: str = "refuse",
    domestic: str | None = None,
    missing: str = "refuse",
    level: Level = 0.95,
) -> FrontierEstimate:
    r"""Stochastic frontier gravity: trade potential as what the best pairs reach.

    .. math:: \ln X_{ijt} = z_{ijt}'\beta + v_{ijt} - u_{ijt},\qquad u\ge 0

    The frontier holds what nature and size set (incomes, distance, borders, language); u what trade is kept from by
    policy and institutions, and can itself be explained in one step (``model="effects"``).

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
        One row an exporter, importer and period.
    formula : str
        ``"value ~ log(gdp_exporter) + log(gdp_importer) + log(distance)"``: flows as they are; their logarithm is taken
        here.
    exporter, importer, period : str
        Columns. The unit of "invariant" and "decay" is the directed pair.
    model, distribution, inefficiency, missing, level : see `exportlab.panel.frontier`
    zeros : {"refuse", "drop", "smallest"}
        What to do with flows of zero, which have no logarithm: refuse them; leave them out and count them (what stays
        is trade where there is some, and potential of new trade is not seen); or put the smallest positive flow in
        their place, which no unit of money changes, and count them. Adding one to every flow is not offered: its
        effect depends on the unit.
    domestic : {None, "keep", "drop"}
        What to do with rows whose exporter is the importer; must be said where there are such rows.

    Returns
    -------
    FrontierEstimate
        ``efficiencies`` has one row a flow: ``observed``, ``efficiency``, ``potential`` = observed / efficiency and
        ``unrealised`` = potential - observed, in the unit of the flows.

    Raises
    ------
    DataError, OptionError, UnknownName
        As `exportlab.panel.frontier` and `exportlab.gravity`; also flows of zero without an instruction.

    Notes
    -----
    This is the usual model of potential in Chinese work on trade. It has no effects of exporters and importers: what
    multilateral resistances do counts as noise or inefficiency unless regressors stand for them, and the logarithm is
    inconsistent under heteroskedasticity (Santos Silva and Tenreyro 2006), to which frontiers are more exposed than
    regressions: spread is what they read. Put `potentials` beside it.

    References
    ----------
    Kalirajan (1999); Armstrong (2007), Asia Pacific Economic Papers 368; Battese and Coelli (1992, 1995).
    """
    one_of("zeros", zeros, ZEROS)
    if domestic is not None:
        one_of("domestic", domestic, ["keep", "drop"])
    form = Form(model, distribution, inefficiency, "production", level)
    form.refuse(exporter, period)
    flows = bilateral(
        table, exporter=exporter, importer=importer, period=period, product=None, effects=(), domestic=domestic,
        missing=missing,
    )  # fmt: skip
    ids = [exporter, importer, *([period] if period else [])]
    explained = [] if inefficiency is None else parse(inefficiency).columns
    d = design(flows.data, formula, Roles(also=[*ids, *explained]), missing=missing)
    d = replace(d, rows=flows.rows, lost=(*flows.lost, *d.lost))
    d, words = _in_logs(d, zeros)
    made = frontier_estimate(d, form, unit=[exporter, importer], period=period, words=words)
    share = made.efficiencies["efficiency"].to_numpy(float)
    observed = np.exp(d.y)
    table_ = made.efficiencies.assign(observed=observed, potential=observed / share)
    table_["unrealised"] = table_["potential"] - table_["observed"]
    return replace(made, method=f"Gravity, {made.method[0].lower()}{made.method[1:]}", efficiencies=table_)


def _in_logs(d: Design, zeros: str) -> tuple[Design, tuple[str, ...]]:
    """The design with the logarithm of flows as outcome, and a note on what became of zeros."""
    bad = d.y < 0
    if bad.any():
        raise DataError(
            f"The outcome {d.outcome} is negative",
            "Flows are zero or positive.",
            rows=int(bad.sum()),
            first=f"row {d.data.index[int(bad.argmax())]}, {d.outcome} = {d.y[int(bad.argmax())]:g}",
        )
    none = d.y == 0
    words: tuple[str, ...] = ()
    count = int(none.sum())
    if none.all():
        raise DataError(f"The outcome {d.outcome} is zero in every row", "There is nothing to explain.")
    if count and zeros == "refuse":
        raise DataError(
            f"The outcome {d.outcome} is zero, which has no logarithm",
            "Say what zeros are: zeros='drop' leaves them out and counts them, zeros='smallest' puts the smallest "
            "positive flow in their place; gravity() by PPML keeps them as they are.",
            rows=count,
            first=f"row {d.data.index[int(none.argmax())]}",
        )
    if count and zeros == "drop":
        d = d.keep(~none, NO_LOGARITHM)
    elif count:
        least = float(d.y[~none].min())
        d = replace(d, y=np.where(none, least, d.y))
        words = (
            f"{count:,} of {len(d.y):,} flows are zero and stand at the smallest positive one, {least:g}: their "
            "efficiencies are as made up as that.",
        )
    return replace(d, y=np.log(d.y), outcome=f"log {d.outcome}"), words


@validated
def potentials(frontier: FrontierEstimate, ppml: GravityEstimate) -> pd.DataFrame:
    r"""Potential by frontier and by the residuals of PPML, flow beside flow.

    Parameters
    ----------
    frontier : FrontierEstimate
        Of `frontier_gravity`.
    ppml : GravityEstimate
        Of `exportlab.gravity` on the same flows.

    Returns
    -------
    pandas.DataFrame
        The ids that both have, ``observed``, ``efficiency`` (observed over frontier potential), ``ratio`` (observed
        over the mean fitted by PPML), and the places of a flow in each order, ``efficiency_rank`` and ``ratio_rank``,
        1 being the flow with most left to win. One row a flow that either has: zeros that a frontier left out have no
        efficiency.

    Notes
    -----
    They differ for four reasons. The frontier's yardstick is what the best reach, so its ratio is never above one; that
    of PPML is the average, and sums of its residuals by exporter, importer (and pair) are zero, so that no country as
    a whole has any potential. The frontier takes noise out of the distance, PPML leaves it in. The frontier has no
    multilateral resistances: a remote country that trades much with all looks efficient everywhere. And it explains
    the mean of logarithms of positive flows, PPML the mean of flows with zeros.
    """
    if "potential" not in frontier.efficiencies:
        raise OptionError("potentials() needs an estimate of frontier_gravity(); frontier() knows no flows.")
    fitted = ppml.predictions()
    one, other = frontier.efficiencies, fitted
    keys = [c for c in one.columns if c in other.columns and c not in ("observed", "efficiency")]
    if len(keys) != len(one.columns) - 4:
        names = " and ".join(str(list(e.columns[:-4])) for e in (one, other))
        raise OptionError(f"The two estimates name their flows by other columns: {names}.")
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = other["observed"].to_numpy(float) / other["fitted"].to_numpy(float)
    made = (
        other[[*keys, "observed"]].assign(ratio=ratio).merge(one[[*keys, "efficiency"]], on=keys, how="outer")
    )
    ranks = {f"{c}_rank": made[c].rank() for c in ("efficiency", "ratio")}
    return made.assign(**ranks)[[*keys, "observed", "efficiency", "ratio", *ranks]]
