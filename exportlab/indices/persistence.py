"""How advantage persists: the Galtonian regression."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.arrays import Array
from exportlab.catalogue import indicator
from exportlab.errors import DataError, OptionError
from exportlab.flows import Columns, Flows, require
from exportlab.frames import collect
from exportlab.indices._against import Reference, need
from exportlab.indices._dense import like
from exportlab.indices.advantage import Form, rca
from exportlab.options import Level

Key = tuple[Any, ...]


def advantage_by_period(flows: Flows, *, by: Columns | None, **options: Any) -> dict[Any, dict[Key, float]]:
    """Key of the period to cell to advantage, where it is defined."""
    table = collect(nw.from_native(rca(flows, by=by, **options)))
    own = {column: role for role, column in flows.roles.items()}
    table = table.rename({c: own[c] for c in table.columns if c in own and own[c] != c})
    if "period" not in table.columns:
        raise OptionError("transitions compare periods: keep the period in by=.")
    keys = [c for c in table.columns if c not in ("period", "value", "share", "reference_share", "rca")]
    index = list(zip(*(table[c].to_list() for c in keys), strict=True))
    seen: dict[Any, dict[Key, float]] = {}
    for period, key, value in zip(table["period"].to_list(), index, table["rca"].to_list(), strict=True):
        if value is not None and np.isfinite(value):
            seen.setdefault(flows.calendar.key(period), {})[key] = value
    return seen


def in_both(before: dict[Key, float], after: dict[Key, float]) -> tuple[Array, Array, int]:
    """The values of the cells that both periods have, and how many have one only."""
    common = sorted(before.keys() & after.keys(), key=str)
    x, y = (np.array([side[k] for k in common], dtype=float) for side in (before, after))
    return x, y, len(before) + len(after) - 2 * len(common)


@indicator(
    title="Galtonian regression of advantage", formula=r"R_{ik,t_2} = \alpha_i + \beta_i R_{ik,t_1} + \varepsilon_{ik}",
    rises_with="persistence of the specialisation pattern (beta)",
    column="estimate", laws="bounds scale permutation replication empty",
    source="Cantwell (1989); Laursen (2015), Revealed comparative advantage and the alternatives, ERSA J. 5(1)",
    undefined="fewer than three products, or the advantage does not vary",
)  # fmt: skip
def galtonian(
    flows: Flows, *, first: Any = None, last: Any = None, form: Form = "rsca", reference: Reference = "world",
    over: str = "product", by: Columns | None = None, zeros: bool = True, level: Level = 0.95,
) -> Any:  # fmt: skip
    """Regress the last period's advantage on the first's, product by product, for each exporter.

    beta = 1: the pattern stays; between 0 and 1: it weakens for the strong and improves for the weak
    (de-specialisation in that sense); above 1: it deepens. The dispersion changes by beta / R: a pattern
    can spread while beta is below 1. Mobility is 1 - R.

    Parameters
    ----------
    flows : Flows
        With periods, exporters and products.
    first, last : period, optional
        By default the last of the table, and the earliest that is of the same time of the year: the first year,
        or the first December before a December.
    form, reference, over, by, zeros
        As in `rca`; rsca keeps the regressor symmetric (Laursen), with -1 where nothing is exported.
    level : float
        Of the confidence interval.

    Returns
    -------
    frame
        One row per exporter (and further roles but the period): n, constant, estimate (beta), std_error, conf_low,
        conf_high, p_one (beta = 1, two-sided t with n - 2 degrees of freedom), correlation (R),
        dispersion (beta / R), mobility (1 - R). In the caller's own eager type, pandas for DuckDB and Spark.

    Raises
    ------
    DataError
        A period that the table does not have.
    """
    require(flows, "galtonian")
    need(flows, "galtonian", "period", "exporter")
    if not 0 < level < 1:
        raise OptionError(f"level={level!r} is not between 0 and 1.")
    ends = _ends(flows, first, last)
    seen = advantage_by_period(flows, form=form, reference=reference, over=over, by=by, zeros=zeros)
    _, groups = flows.split(over, by)
    kept = tuple(g for g in groups if g != "period")
    x, y, groups_of = _by_group(seen.get(ends[0], {}), seen.get(ends[1], {}), len(kept))
    columns: dict[str, list[Any]] = {c: [] for c in (*kept, *_FIT)}
    for group in sorted(set(groups_of)):
        chosen = np.array([g == group for g in groups_of])
        for column, entry in zip(columns, (*group, *_fit(x[chosen], y[chosen], level)), strict=True):
            columns[column].append(entry)
    return like(flows, columns)


def _ends(flows: Flows, first: Any, last: Any) -> tuple[Any, Any]:
    """The keys of the two periods compared."""
    calendar, known = flows.calendar, flows.members("period")
    if first is None or last is None:
        calendar.require_order("the first and the last period")
    after = known[-1] if last is None else flows.find("period", last)
    before = calendar.same_months(known, after)[0] if first is None else flows.find("period", first)
    if before == after:
        none = (
            "there is no earlier year to compare"
            if first is None
            else "the first and the last period are both"
        )
        raise DataError(
            f"{none} {flows.said(after)!r}" + (" with" if first is None else ""),
            f"Name two periods, first= and last=: the table has {flows.said(known[0])} to {flows.said(known[-1])}.",
        )
    return before, after


_FIT = (
    "n", "constant", "estimate", "std_error", "conf_low", "conf_high", "p_one", "correlation", "dispersion",
    "mobility",
)  # fmt: skip


def _by_group(before: dict[Key, float], after: dict[Key, float], size: int) -> tuple[Array, Array, list[Key]]:
    x, y, _ = in_both(before, after)
    common = sorted(before.keys() & after.keys(), key=str)
    return x, y, [k[:size] for k in common]


def _fit(x: Array, y: Array, level: float) -> tuple[float, ...]:
    from scipy import stats

    n = len(x)
    if n < 3 or np.ptp(x) == 0:
        return (n, *[float("nan")] * 9)
    fit = stats.linregress(x, y)
    beta, r = float(fit.slope), float(fit.rvalue)
    half = stats.t.ppf((1 + level) / 2, n - 2) * fit.stderr
    with np.errstate(divide="ignore", invalid="ignore"):  # an exact line has no error
        p_one = 2 * stats.t.sf(abs(np.float64(beta - 1) / fit.stderr), n - 2)
    spread = float(np.std(y) / np.std(x))  # |beta / R|, defined where both are zero too
    return (
        n,
        float(fit.intercept),
        beta,
        float(fit.stderr),
        beta - half,
        beta + half,
        float(p_one),
        r,
        spread,
        1 - r,
    )
