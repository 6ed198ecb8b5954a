"""How advantage moves and persists: Markov transitions between its classes, the Galtonian regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.errors import DataError, OptionError
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Array, Codes, collect
from exportlab.indices._steps import Reference, periods_compared, require_roles, table_of_own_kind
from exportlab.indices.advantage import Form, rca
from exportlab.indices.catalogue import indicator
from exportlab.options import Label, Level, validated
from exportlab.periods import Lag
from exportlab.results import Result
from exportlab.words import N_

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False, eq=False)
class Transitions(Result):
    """Transitions of advantage between classes.

    Attributes
    ----------
    counts : ndarray, shape (n, n)
        Moves from the class in the row to the class in the column.
    labels : tuple of str
        The classes, from the lowest.
    lag : int
        Steps between the two periods.
    unmatched : int
        Cells with an advantage in one of two periods only, which make no move.
    """

    counts: Codes
    labels: tuple[str, ...]
    lag: int = 1
    unmatched: int = 0

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return (
            f"Transitions of advantage, {self.lag} period{'s' if self.lag > 1 else ''} apart: "
            f"{self.counts.sum():,} moves, mobility {self.mobility:.3g}, half-life {self.half_life:.3g} periods"
        )

    @property
    def probabilities(self) -> Array:
        """Each row of the counts over its sum; NaN for a class that nothing left."""
        left = self.counts.sum(axis=1, keepdims=True)
        return np.where(left > 0, self.counts / np.maximum(left, 1), np.nan)

    @property
    def eigenvalues(self) -> Array:
        """Moduli of the eigenvalues of the transition matrix, largest (1) first; NaN where a row is not known."""
        p = self.probabilities
        if np.isnan(p).any():
            return np.full(len(p), np.nan)
        return np.sort(np.abs(np.linalg.eigvals(p)))[::-1]

    @property
    def ergodic(self) -> Array:
        """The distribution that the transitions leave as it is; NaN where it is not unique or not known."""
        p = self.probabilities
        n = len(p)
        if np.isnan(p).any():
            return np.full(n, np.nan)
        system = np.vstack([p.T - np.eye(n), np.ones(n)])
        if np.linalg.matrix_rank(system[:-1]) < n - 1:
            return np.full(n, np.nan)
        made: Array = np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]
        return made

    @property
    def mobility(self) -> float:
        """Shorrocks (1978), (n - trace P) / (n - 1): 0 where nothing moves, 1 where the next class is unrelated."""
        n = len(self.labels)
        return float((n - np.trace(self.probabilities)) / (n - 1))

    @property
    def mobility_determinant(self) -> float:
        """Shorrocks (1978), 1 - |det P|."""
        return float(1 - abs(np.linalg.det(self.probabilities)))

    @property
    def mobility_eigenvalue(self) -> float:
        """1 - |second eigenvalue| (Sommers and Conlisk 1979): the speed towards the ergodic distribution."""
        return float(1 - self.eigenvalues[1])

    @property
    def half_life(self) -> float:
        """Periods until half of the way to the ergodic distribution is gone: -lag ln 2 / ln |second eigenvalue|."""
        second = self.eigenvalues[1]
        if second < 1e-12:
            return 0.0
        return float(-self.lag * np.log(2) / np.log(second)) if second < 1 - 1e-12 else float("inf")

    @property
    def table(self) -> pd.DataFrame:
        """One row per class: moves out of it, the probability of each class next, its ergodic share."""
        import pandas as pd

        made = pd.DataFrame(self.probabilities, columns=[f"to {label}" for label in self.labels])
        made.insert(0, "from", list(self.labels))
        made.insert(1, "n", self.counts.sum(axis=1))
        return made.assign(ergodic=self.ergodic)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """The Markov matrix as a heat map; options as in `plots.matrix.transition_matrix`."""
        from exportlab.plots.structure import transition_matrix

        return transition_matrix(self, ax=ax, **options)


@validated
def rca_transitions(
    flows: Flows,
    *,
    cuts: Sequence[float] | int = (1.0, 2.0, 4.0),
    lag: Lag = "year",
    form: Form = "balassa",
    reference: Reference = "world",
    over: str = "product",
    by: Columns | None = None,
    zeros: bool = True,
) -> Transitions:
    """Markov transitions of revealed comparative advantage between classes.

    Parameters
    ----------
    flows : Flows
        With periods, exporters and products.
    cuts : sequence of float, or int
        Where one class ends and the next begins: a class holds values above its lower cut up to its upper one
        (Hinloopen and van Marrewijk 2001: up to 1, 2, 4 and above). A number n: n classes of equal size, from the
        quantiles of all periods pooled.
    lag : "year" or int
        Against the same period a year before, or so many steps of the table back (1: month on month); all
        pairs of periods that far apart are pooled.
    form, reference, over, by
        As in `rca`.
    zeros : bool
        Whether a product that an exporter does not sell has an advantage of zero, or none.

    Returns
    -------
    Transitions
        counts, probabilities, ergodic, mobility (three forms), half_life, and a table.

    Raises
    ------
    DataError
        No two periods `lag` apart, or no cell with an advantage in both.
    OptionError
        Cuts that do not rise.

    References
    ----------
    .. [1] Proudman and Redding (2000), Evolving patterns of international trade, Review of Int. Economics 8(3).
    .. [2] Hinloopen and van Marrewijk (2001), On the empirical distribution of the Balassa index, WA 137(1).
    .. [3] Shorrocks (1978), The measurement of mobility, Econometrica 46(5).
    """
    require(flows, "rca_transitions")
    require_roles(flows, "rca_transitions", "period", "exporter")
    seen = advantage_by_period(flows, form=form, reference=reference, over=over, by=by, zeros=zeros)
    bounds = _cuts(cuts, np.concatenate([np.fromiter(v.values(), float) for v in seen.values()]))
    counts = np.zeros((len(bounds) + 1, len(bounds) + 1), dtype=np.int64)
    unmatched = 0
    for before, after in periods_compared(flows, lag).items():
        x, y, lost = in_both(seen.get(before, {}), seen.get(after, {}))
        np.add.at(counts, (np.searchsorted(bounds, x), np.searchsorted(bounds, y)), 1)
        unmatched += lost
    if not counts.sum():
        raise DataError("no cell has an advantage in both periods", "Check the exporters and product codes.")
    edges = [f"{b:.4g}" for b in bounds]
    labels = (
        f"<= {edges[0]}",
        *(f"{a} - {b}" for a, b in pairwise(edges)),
        f"> {edges[-1]}",
    )
    return Transitions(counts, labels, flows.calendar.steps(lag), unmatched)


def _cuts(cuts: Sequence[float] | int, values: Array) -> Array:
    if isinstance(cuts, int):
        if cuts < 2:
            raise OptionError(f"cuts={cuts} makes no classes: two or more.")
        made = np.quantile(values, np.arange(1, cuts) / cuts)
    else:
        made = np.asarray(cuts, dtype=float)
    if made.ndim != 1 or not len(made) or (np.diff(made) <= 0).any():
        raise OptionError(
            f"cuts={np.round(made, 6).tolist()} do not rise, so some class would be empty: name other cuts, fewer "
            "classes, or zeros=False."
        )
    return made


# How advantage persists: the Galtonian regression.

Key = tuple[Any, ...]


def advantage_by_period(
    flows: Flows, *, by: Columns | None, zeros: bool, **options: Any
) -> dict[Any, dict[Key, float]]:
    """Key of the period to cell to advantage, where it is defined; without `zeros` also where something is sold."""
    table = collect(nw.from_native(rca(flows, by=by, zeros=zeros, **options)))
    own = {column: role for role, column in flows.roles.items()}
    table = table.rename({c: own[c] for c in table.columns if c in own and own[c] != c})
    if "period" not in table.columns:
        raise OptionError("transitions compare periods: keep the period in by=.")
    keys = [c for c in table.columns if c not in ("period", "value", "share", "reference_share", "rca")]
    index = list(zip(*(table[c].to_list() for c in keys), strict=True))
    seen: dict[Any, dict[Key, float]] = {}
    sold, values = table["value"].to_list(), table["rca"].to_list()
    for period, key, amount, value in zip(table["period"].to_list(), index, sold, values, strict=True):
        if value is not None and np.isfinite(value) and (zeros or amount > 0):
            seen.setdefault(flows.calendar.key(period), {})[key] = value
    return seen


def in_both(before: dict[Key, float], after: dict[Key, float]) -> tuple[Array, Array, int]:
    """The values of the cells that both periods have, and how many have one only."""
    common = sorted(before.keys() & after.keys(), key=str)
    x, y = (np.array([side[k] for k in common], dtype=float) for side in (before, after))
    return x, y, len(before) + len(after) - 2 * len(common)


@indicator(
    title=N_("Galtonian regression of advantage"),
    formula=r"R_{ik,t_2} = \alpha_i + \beta_i R_{ik,t_1} + \varepsilon_{ik}",
    rises_with=N_("persistence of the specialisation pattern (beta)"),
    column="estimate",
    laws="bounds scale permutation replication empty",
    source="Cantwell (1989); Laursen (2015), Revealed comparative advantage and the alternatives, ERSA J. 5(1)",
    undefined=N_("fewer than three products, or the advantage does not vary"),
)
def galtonian(
    flows: Flows,
    *,
    first: Label | None = None,
    last: Label | None = None,
    form: Form = "rsca",
    reference: Reference = "world",
    over: str = "product",
    by: Columns | None = None,
    zeros: bool = True,
    level: Level = 0.95,
) -> Any:
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
    require_roles(flows, "galtonian", "period", "exporter")
    if not 0 < level < 1:
        raise OptionError(f"level={level!r} is not between 0 and 1.")
    ends = first_and_last(flows, first, last)
    seen = advantage_by_period(flows, form=form, reference=reference, over=over, by=by, zeros=zeros)
    _, groups = flows.split(over, by)
    kept = tuple(g for g in groups if g != "period")
    x, y, groups_of = _by_group(seen.get(ends[0], {}), seen.get(ends[1], {}), len(kept))
    columns: dict[str, list[Any]] = {c: [] for c in (*kept, *_FIT)}
    for group in sorted(set(groups_of)):
        chosen = np.array([g == group for g in groups_of])
        for column, entry in zip(columns, (*group, *_fit(x[chosen], y[chosen], level)), strict=True):
            columns[column].append(entry)
    return table_of_own_kind(flows, columns)


def first_and_last(flows: Flows, first: Any, last: Any) -> tuple[Any, Any]:
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
    "n",
    "constant",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "p_one",
    "correlation",
    "dispersion",
    "mobility",
)


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
