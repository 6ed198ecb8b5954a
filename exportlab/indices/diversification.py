"""Diversification: how many, how even, how unlike a reference, along which margin; the Theil index by groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np

from exportlab.errors import OptionError, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Frame, distinct, join, sum_by, when, with_total
from exportlab.indices._steps import (
    ALL,
    Grouping,
    Reference,
    against,
    grouping,
    require_roles,
    settled,
    with_group,
    zero_if_null,
)
from exportlab.indices.catalogue import indicator
from exportlab.indices.concentration import shannon
from exportlab.indices.measure import Universe, distribution, measure, universe_size
from exportlab.indices.members import Group, Member
from exportlab.options import Label, NotNegative, validated
from exportlab.words import N_, said


@distribution(
    title=N_("Number of members above a threshold"),
    formula=r"\#\{k : x_k > v \ \text{or}\ s_k > \sigma\}",
    low="1",
    high="N",
    unit=N_("members"),
    rises_with=N_("diversification"),
    aliases=("number_exported",),
    source="UNCTAD Handbook of Statistics: products above 100,000 USD or 0.3 per cent of exports",
    laws="bounds scale permutation transfer empty additive",
)
def number_above(m: Member, *, value: NotNegative = 0.0, share: NotNegative = 1.0) -> Any:
    """How many members exceed a value (in the table's unit) or a share; by default the active ones.

    UNCTAD's older count is ``value=`` 100,000 USD in the table's unit and ``share=0.003``. With a `value`
    above zero the count depends on the unit, and can be 0.
    """
    large = m.value > value
    return m.where(large if share >= 1 else large | (m.share > share), 1.0, 0.0)  # no share exceeds 1


@distribution(
    of=shannon,
    title=N_("Theil index, extensive margin"),
    formula=r"T_B = \ln(N/n)",
    low="0",
    high=r"\ln N",
    unit=N_("nats"),
    rises_with=N_("concentration"),
    uses_universe=True,
    source="Cadot, Carrere and Strauss-Kahn (2011), RES 93(2)",
    laws="bounds scale permutation replication transfer empty",
)
def theil_extensive(e: Any, g: Group) -> Any:
    """Between the active and the inactive members: with the inactive ones at zero, ln(N/n).

    Moving value between active members leaves it as it is.
    """
    return g.log(g.N / g.n)


@distribution(
    of=shannon,
    title=N_("Theil index, intensive margin"),
    formula=r"T_W = \ln n + \sum_k s_k \ln s_k",
    low="0",
    high=r"\ln n",
    unit=N_("nats"),
    rises_with=N_("concentration"),
    source="Cadot, Carrere and Strauss-Kahn (2011), RES 93(2)",
    laws="bounds scale permutation replication empty",
)
def theil_intensive(e: Any, g: Group) -> Any:
    """The Theil index among the active members; with the extensive margin it adds up to the Theil index.

    Some programs publish this part alone under the name of the Theil index: the universe is then the active members.
    Where value moves off a small member until it is not active any more, this part can fall: the rise
    shows in the extensive margin.
    """
    size = g.log(g.n)
    return g.within(size - e, 0.0, size, 1 + size)


@validated
def theil_margins(
    flows: Flows, *, over: Columns = "product", by: Columns | None = None, universe: Universe = "observed"
) -> Any:
    """The Theil index and its extensive and intensive margins, which add up to it exactly.

    Parameters and errors as `measure`.

    Returns
    -------
    frame
        One row per group: theil, theil_extensive, theil_intensive, universe.

    References
    ----------
    .. [1] Cadot, Carrere and Strauss-Kahn (2011), Export diversification: what's behind the hump?, RES 93(2).
    """
    names = ["theil", "theil_extensive", "theil_intensive"]
    return measure(flows, names, over=over, by=by, universe=universe)


@indicator(
    title=N_("Diversification index"),
    formula=r"D_i = \frac{1}{2} \sum_k |s_{ik} - w_k|",
    low="0",
    high="1",
    rises_with=N_("difference from the reference's structure"),
    aliases=("unctad_diversification", "多样化指数", "出口多样化指数"),
    source="UNCTAD Handbook of Statistics (modified Finger-Kreinin); Hoover (1936), specialisation",
    laws="bounds scale permutation replication empty",
    undefined=N_("the exporter's or the reference's total is zero"),
)
def diversification(
    flows: Flows, *, over: Columns = "product", by: Columns | None = None, reference: Reference = "world"
) -> Any:
    """Half the sum of absolute differences between an exporter's shares and the reference's.

    Half of Krugman's index against the same reference, and one less the Finger-Kreinin similarity. UNCTAD
    compares with the world, the exporter included (``reference="world"``); Krugman (1991) leaves it out ("rest"),
    which gives the larger value for an exporter that is itself a good part of the world.

    Parameters
    ----------
    flows : Flows
        With exporters.
    over : str or sequence of str
        "product" or "market".
    by : str or sequence of str, optional
        By default every other role present; must keep the exporter.
    reference : {"world", "rest"}, Flows, or an exporter's label
        All exporters of the table; all but the exporter itself; a table of its own; one exporter.

    Returns
    -------
    frame
        One row per group: diversification.

    Raises
    ------
    DataError
        No exporter; labels that the reference does not have.
    """
    require(flows, "diversification")
    require_roles(flows, "diversification", "exporter")
    spread, groups = flows.split(over, by)
    if "exporter" not in groups:
        raise OptionError(said("diversification compares exporters: keep the exporter in by=."))
    s, w = nw.col("_s"), nw.col("_w")
    shared = when(s < w, s, w).alias("_shared")
    beside = against(flows, spread, groups, reference).select(*groups, "_defined", shared)
    sums = sum_by(beside.with_columns((1 - nw.col("_defined")).alias("_not")), groups, ["_shared", "_not"])
    result = when(nw.col("_not") > 0, float("nan"), 1 - nw.col("_shared"))
    return flows.out(sums.select(*groups, result.alias("diversification")), groups)


# The Theil index by groups of members: sections, blocs, or what was always, newly and never sold.


@indicator(
    title=N_("Theil index between and within groups"),
    low="0",
    high=r"\ln N",
    unit=N_("nats"),
    rises_with=N_("concentration"),
    formula=r"T = \sum_g S_g \ln\frac{S_g N}{N_g} + \sum_g S_g T_g",
    source="Theil (1967), Economics and Information Theory; Cadot, Carrere and Strauss-Kahn (2011)",
    uses_universe=True,
    column="theil",
    laws="bounds scale permutation replication transfer empty",
)
def theil_within_between(
    flows: Flows,
    groups: Grouping,
    *,
    over: str = "product",
    by: Columns | None = None,
    universe: Literal["observed", "active"] | Sequence[Any] = "observed",
) -> Any:
    """Concentration between groups of members (sections, blocs) and within them; the two add up to the Theil index.

    Parameters
    ----------
    flows : Flows
    groups : mapping, int or str
        From member to group; or the number of leading digits of a product code; or "section" (Harmonized System);
        or the name of a bloc (its members of today against all others).
    over : str
        The role that is grouped.
    by : str or sequence of str, optional
        By default every other role present.
    universe : {"observed", "active"} or sequence
        Which members could have been exported to: a group's size N_g counts them. A bare number would not
        say which group the silent members belong to.

    Returns
    -------
    frame
        One row per group of `by`: theil, theil_between, theil_within, universe.

    Raises
    ------
    DataError
        Members without a group.
    """
    require(flows, "theil_within_between")
    spread, kept = flows.split(over, by)
    if isinstance(universe, int | np.integer):
        raise OptionError(said("universe= must say which members there are: 'observed', 'active' or a list."))
    if len(spread) > 1:
        raise OptionError(said("theil_within_between groups the members of one role: over='product', say."))
    universe_size(flows, spread, universe)
    listed = None if isinstance(universe, str) else list(dict.fromkeys(universe))
    of = grouping(flows, spread[0], groups, listed)
    cells = with_group(flows.cells(*kept, *spread), spread[0], of).with_columns(nw.lit(0).alias(ALL))
    if universe == "active":
        cells = cells.with_columns(when(nw.col("value") > 0, 1.0, 0.0).alias("_one"))
        cells = with_total(cells, (*kept, ALL, "_group"), "_one", "_size")
        cells = with_total(cells, (*kept, ALL), "_one", "_N")
    else:
        sizes = {g: float(n) for g, n in Counter(of.values()).items()}
        size = nw.col("_group").replace_strict(list(sizes), list(sizes.values()), default=1.0)
        cells = cells.with_columns(size.alias("_size"), nw.lit(float(len(of))).alias("_N"))
    return flows.out(_decomposed(cells, kept), kept)


def _decomposed(cells: Frame, kept: tuple[str, ...]) -> Frame:
    """Theil between and within from cells with `_group`, its size `_size`, and the universe `_N`."""
    keys = (*kept, ALL)
    cells = with_total(cells, (*keys, "_group"), "value", "_X")
    p = nw.col("value") / when(nw.col("_X") > 0, nw.col("_X"), 1.0)
    cells = cells.with_columns((p * when(p > 0, p, 1.0).log()).alias("_plogp"))
    sums = cells.group_by(*keys, "_group").agg(
        nw.col("value").sum(), nw.col("_plogp").sum(), nw.col("_size").min(), nw.col("_N").min()
    )
    sums = with_total(sums, keys)
    share = nw.col("value") / when(nw.col("_total") > 0, nw.col("_total"), 1.0)
    size = when(nw.col("_size") > 0, nw.col("_size"), 1.0)
    over_size = when(share > 0, share * nw.col("_N") / size, 1.0)
    terms = sums.with_columns(
        (share * over_size.log()).alias("theil_between"),
        (share * settled(size.log() + nw.col("_plogp"), size.log())).alias("theil_within"),
    )
    done = terms.group_by(*keys).agg(
        nw.col("value").sum(), nw.col("theil_between").sum(), nw.col("theil_within").sum(), nw.col("_N").min()
    )
    some, within = nw.col("value") > 0, nw.col("theil_within")
    between = settled(nw.col("theil_between"), 1 + nw.col("_N").log())
    parts = {"theil": between + within, "theil_between": between, "theil_within": within}
    columns = [when(some, e, float("nan")).alias(c) for c, e in parts.items()]
    return done.select(*kept, *columns, nw.col("_N").cast(nw.Int64).alias("universe"))


@indicator(
    title=N_("Theil index by traditional, new and non-traded members"),
    low="0",
    high=r"\ln N",
    unit=N_("nats"),
    formula=r"T = \sum_{g \in \{t, n\}} S_g \ln\frac{S_g N}{N_g} + \sum_{g \in \{t, n\}} S_g T_g",
    source="Papageorgiou and Spatafora (2012), IMF SDN 12/13, after Cadot, Carrere and Strauss-Kahn (2011)",
    rises_with=N_("concentration"),
    uses_universe=True,
    column="theil",
    laws="bounds scale permutation replication transfer empty",
)
def theil_traditional(
    flows: Flows,
    *,
    base: Label | Sequence[Label] | None = None,
    over: str = "product",
    by: Columns | None = None,
    new: Literal["ever", "now"] = "ever",
    universe: Universe = "observed",
) -> Any:
    """The Theil index by what an exporter always sold, what it came to sell, and what it never sold.

    Traditional members are those exported in a base period; new ones are exported in another period only; the
    rest is not traded, counts in N, and adds nothing. Between groups is the extensive margin, within them the
    intensive one. In the base period it is the decomposition of `theil_margins`.

    Parameters
    ----------
    flows : Flows
        With periods.
    base : period or sequence of periods, optional
        By default the first year of the table, with all its months where periods are months.
    over, by
        As in `measure`; `by` must keep the period.
    new : {"ever", "now"}
        The size of the new group: members new in any period of the table, so that it is fixed over time, or those
        active in the period at hand. The flags behind the published data of the IMF are not reproduced here.
    universe : "observed", int or sequence
        As in `measure`; one number for all groups.

    Returns
    -------
    frame
        One row per group: theil, theil_between, theil_within, universe.

    Raises
    ------
    UnknownName
        A base period that the table does not have.
    """
    require(flows, "theil_traditional")
    require_roles(flows, "theil_traditional", "period")
    one_of("new", new, ("ever", "now"))
    spread, kept = flows.split(over, by)
    if "period" not in kept or universe == "active":
        raise OptionError(
            said("theil_traditional needs the period in by=, and a universe that is not 'active'.")
        )
    listed = _base(flows, base)
    size = universe_size(flows, spread, universe)
    assert size is not None
    fixed = tuple(k for k in kept if k != "period")
    cells = flows.cells(*kept, *spread).with_columns(nw.lit(0).alias(ALL))
    grouped = _ages(cells, listed, fixed, spread, new).with_columns(nw.lit(float(size)).alias("_N"))
    return flows.out(_decomposed(grouped, kept), kept)


def _base(flows: Flows, base: Any) -> list[Any]:
    """The keys of the base periods."""
    if base is None:
        return flows.calendar.first_year(flows.members("period"))
    listed = [base] if isinstance(base, Hashable) else list(base)
    if not listed:
        raise OptionError(said("base= is empty. Name a period, or several."))
    return [flows.find("period", period) for period in listed]


def _ages(cells: Frame, base: list[Any], fixed: tuple[str, ...], spread: tuple[str, ...], new: str) -> Frame:
    """Add `_group` (traditional, new) and its size."""
    active = cells.filter(nw.col("value") > 0)
    keys = (*fixed, ALL)
    then = distinct(active.filter(nw.col("period").is_in(base)), *keys, *spread)
    old = then.with_columns(nw.lit(1.0).alias("_old"))
    ever = distinct(active, *keys, *spread).with_columns(nw.lit(1.0).alias("_ever"))
    sizes = join(
        sum_by(ever, keys, ["_ever"]), sum_by(old, keys, ["_old"]).rename({"_old": "_n_old"}), on=keys
    )
    sizes = sizes.with_columns(zero_if_null("_n_old"))
    marked = join(join(cells, old, on=(*keys, *spread)), sizes, on=keys)
    marked = marked.with_columns(*(zero_if_null(c) for c in ("_old", "_ever", "_n_old")))
    if new == "now":
        fresh = when(nw.col("value") > 0, 1 - nw.col("_old"), 0.0)
        marked = marked.with_columns(fresh.alias("_fresh"))
        marked = with_total(marked, (*keys, "period"), "_fresh", "_n_fresh")
        n_new = nw.col("_n_fresh")
    else:
        n_new = nw.col("_ever") - nw.col("_n_old")
    marked = marked.with_columns(n_new.alias("_n_new"))
    is_old = nw.col("_old") > 0
    return marked.with_columns(
        when(is_old, nw.lit("traditional"), nw.lit("new")).alias("_group"),
        when(is_old, nw.col("_n_old"), nw.col("_n_new")).alias("_size"),
    )
