r"""Which industries of which places are clusters: by quotient, size, weight in the place, and growth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.clusters.quotients import binomial_quotient
from exportlab.errors import OptionError
from exportlab.flow_table import Flows, require
from exportlab.frames import Array, Mask
from exportlab.indices._steps import Block, blocks, over_sum, require_roles
from exportlab.indices.agglomeration import refuse_no_counts
from exportlab.indices.transitions import first_and_last
from exportlab.options import Count, Label, Level, NotNegative, Positive, Share, validated
from exportlab.results import Cautious
from exportlab.words import N_, _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Criterion: TypeAlias = Literal["quotient", "size", "focus", "growth"]
RULE = N_(
    "A rule names places that stand out in the figures; it does not say that their firms work together, and other "
    "thresholds name others."
)
FEW = N_(
    "The largest {share} of few places is one place at least: with {n} places every product has a largest one."
)


@dataclass(frozen=True, repr=False, eq=False)
class Clusters(Cautious):
    """Places and products with what each criterion says of them.

    Attributes
    ----------
    table : DataFrame
        One row per place and product with a value in the last period: value, location_quotient (and conf_low of
        counts), size (the place's share of the product), rank (among the places, 1 the largest), focus (the product's
        share of the place), growth (the change of `size` since the first period), a column of truth for each criterion
        (meets_quotient ...), stars (how many are met) and cluster.
    cautions : tuple of str
    """

    table: pd.DataFrame
    cautions: tuple[str, ...]
    place: str
    product: str
    value: str
    rule: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        found = self.table[self.table["cluster"]]
        return (
            f"{len(found)} clusters in {found[self.place].nunique()} places, of {len(self.table):,} pairs of place and "
            f"product; {self.rule}"
        )

    @property
    def found(self) -> pd.DataFrame:
        """The clusters alone, most stars first, then by value."""
        rows = self.table[self.table["cluster"]]
        return rows.sort_values(["stars", self.value], ascending=False, kind="stable").reset_index(drop=True)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the quotients over the shares of the product, clusters named; see `plots.clusters.identified`."""
        from exportlab.plots.clusters import identified

        return identified(self, ax=ax, **options)


@validated
def find_clusters(
    flows: Flows,
    *,
    criteria: Sequence[Criterion] = ("quotient", "size", "growth"),
    at_least: Count | None = None,
    quotient: Positive = 2.0,
    top: Share = 0.1,
    size: NotNegative | None = None,
    focus: Share | None = None,
    first: Label | None = None,
    last: Label | None = None,
    level: Level | None = None,
    over: str = "product",
) -> Clusters:
    r"""Find clusters by a rule that is written down.

    Parameters
    ----------
    flows : Flows
        Places as exporters; other roles (market) are added up.
    criteria : sequence of {"quotient", "size", "focus", "growth"}
        Each met criterion is a star. "quotient": the location quotient is `quotient` or more. "size": the place is
        among the `top` share of places by value, of the places that have the product. "focus": the product's share of
        the place is among the `top` share of those of all pairs of place and product. "growth": the place's share of
        the product rose from the first period to the last, so that it grew faster than the product did as a whole.
    at_least : int, optional
        How many of the criteria make a cluster; all by default.
    quotient, top : float
        Thresholds. At least one place, or pair, is in the top.
    size, focus : float, optional
        Thresholds that a value, or a product's share of the place, must be above, in place of `top`.
    first, last : period, optional
        By default the last of the table, and the earliest that is of the same time of the year. `first` is for "growth"
        alone.
    level : float, optional
        The flows are counts, and the quotient must be sure: the lower end of its exact interval at this level, as in
        `location_quotients`, is `quotient` or more.
    over : str
        "product" by default.

    Returns
    -------
    Clusters

    Raises
    ------
    DataError
        No earlier period for "growth"; values that are no counts where level= asks for them.
    OptionError
        No criteria, or fewer than `at_least`.

    Notes
    -----
    Quotient, size and focus are the stars of the European Cluster Observatory: a quotient of 2, size in the top tenth
    of the category [1]_. Sölvell, Ketels and Lindqvist [2]_ have fixed numbers: more than 10,000 jobs, a quotient of 2,
    more than 3 % of all jobs of the place, ``quotient=2, size=10_000, focus=0.03``. Within a product focus is the
    quotient times a constant, so that ranks there would say the same twice: it is ranked over all pairs. Growth is
    none of their stars. Ties share the better rank.

    References
    ----------
    .. [1] European Cluster Observatory, Evaluation of regional cluster strength (its site of about 2010); European
       Commission (2011), as reported in SciTePress 2013, paper 45487.
    .. [2] Sölvell, Ketels and Lindqvist (2008), Industrial specialization and regional clusters in the ten new EU
       member states, Competitiveness Review 18(1/2).

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> rows = [(2016, "Dalian", "ships", 30.0), (2016, "Anshan", "steel", 50.0), (2016, "Anshan", "ships", 10.0),
    ...         (2016, "Dalian", "steel", 20.0), (2024, "Dalian", "ships", 60.0), (2024, "Anshan", "steel", 60.0),
    ...         (2024, "Anshan", "ships", 10.0), (2024, "Dalian", "steel", 20.0)]
    >>> flows = xl.flows(pd.DataFrame(rows, columns=["period", "exporter", "product", "value"]))
    >>> found = xl.clusters.find_clusters(flows, quotient=1.4)
    >>> found.found[["exporter", "product", "location_quotient", "size", "growth", "stars"]].round(3)
      exporter product  location_quotient   size  growth  stars
    0   Anshan   steel              1.607  0.750   0.036      3
    1   Dalian   ships              1.607  0.857   0.107      3
    """
    require(flows, "find_clusters")
    require_roles(flows, "find_clusters", "exporter")
    wanted = list(dict.fromkeys(criteria))
    needed = len(wanted) if at_least is None else at_least
    if not wanted or needed > len(wanted):
        raise OptionError(
            f"at_least={needed} of {len(wanted)} criteria is not allowed. Allowed: 1 to that number."
        )
    for name, limit in (("size", size), ("focus", focus)):
        if limit is not None and name not in wanted:
            raise OptionError(f"{name}={limit:g} is for {name!r}, which is not among criteria=.")
    spread = flows.role(over)
    now, before = _blocks(flows, spread, first, last, grows="growth" in wanted)
    table = _figures(flows, now, before, spread)
    if level is not None:
        refuse_no_counts(now)
        x = now.values
        low = binomial_quotient(x, x.sum(axis=0), (x.sum(axis=1) / x.sum())[:, None], level)[1]
        table.insert(4, "conf_low", low[x > 0])
    sure = "location_quotient" if level is None else "conf_low"
    limits = {"quotient": quotient, "size": size, "focus": focus, "growth": 0.0}
    among = {"size": table[flows.roles.get(spread, spread)], "focus": np.zeros(len(table))}
    met = {}
    for name in wanted:
        figure = table[{"quotient": sure, "size": flows.roles["value"]}.get(name, name)]
        if limits[name] is None:
            met[name] = _in_top(figure, among[name], top)
        else:
            met[name] = np.asarray(figure >= limits[name] if name == "quotient" else figure > limits[name])
    table = table.assign(**{f"meets_{name}": found for name, found in met.items()})
    table["stars"] = np.sum(list(met.values()), axis=0)
    table["cluster"] = table["stars"] >= needed
    said = f"{needed} of {', '.join(wanted)}" if needed < len(wanted) else " and ".join(wanted)
    n = len(now.units)
    few = (
        (_(FEW, share=f"{100 * top:g} %", n=n),) if top * n < 1 and "size" in wanted and size is None else ()
    )
    own = flows.roles
    return Clusters(table, (*few, _(RULE)), own["exporter"], own.get(spread, spread), own["value"], said)


def _blocks(flows: Flows, spread: str, first: Any, last: Any, *, grows: bool) -> tuple[Block, Block | None]:
    """Places by products of the last period, and of the first where growth is asked for."""
    if "period" not in flows.roles:
        if grows or first is not None or last is not None:
            raise OptionError(
                "growth compares periods: name period= at the door, or leave 'growth' out of criteria=."
            )
        (only,) = blocks(flows, "exporter", [spread], ())
        return only, None
    found = {b.group[0]: b for b in blocks(flows, "exporter", [spread], ("period",))}
    if not grows:
        if first is not None:
            raise OptionError("first= is for 'growth', which is not among criteria=.")
        return found[flows.members("period")[-1] if last is None else flows.find("period", last)], None
    start, end = first_and_last(flows, first, last)
    return found[end], found[start]


def _figures(flows: Flows, now: Block, before: Block | None, spread: str) -> pd.DataFrame:
    x = now.values
    size, focus = over_sum(x, axis=0), over_sum(x, axis=1)
    there = x > 0
    i, j = np.nonzero(there)
    table = pd.DataFrame(
        {
            flows.roles["exporter"]: [now.units[a] for a in i],
            flows.roles.get(spread, spread): [now.members[b] for b in j],
            flows.roles["value"]: x[there],
            "location_quotient": (focus / over_sum(x.sum(axis=0)))[there],
            "size": size[there],
            "rank": _ranks(x)[there],
            "focus": focus[there],
        }
    )
    if before is not None:
        table["growth"] = table["size"] - _earlier(now, before)[there]
    return table


def _earlier(now: Block, before: Block) -> Array:
    """The places' shares of each product before, in the rows of now; zero for a place that was not there."""
    place = {u: r for r, u in enumerate(before.units)}
    share = over_sum(before.values, axis=0)
    rows = np.zeros_like(now.values)
    for r, unit in enumerate(now.units):
        rows[r] = share[place[unit]] if unit in place else np.where(np.isnan(share[0]), np.nan, 0.0)
    return rows


def _ranks(x: Array) -> Array:
    """Rank of each place among those with the product, 1 the largest; ties share the better."""
    return np.asarray((x[None, :, :] > x[:, None, :]).sum(axis=1) + 1)


def _in_top(figure: pd.Series, among: Any, top: float) -> Mask:
    """Whether each pair is in the top of its group: its rank is at most that share of the group, or the first."""
    groups = figure.groupby(among)
    rank = groups.rank(method="min", ascending=False)
    return np.asarray(rank <= np.maximum(np.floor(top * groups.transform("size") + 1e-9), 1))
