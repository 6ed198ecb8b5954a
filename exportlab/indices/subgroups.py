"""Inequality between members that stand in groups: the Gini coefficient of Dagum, with its three parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Array, collect
from exportlab.indices._steps import Grouping, grouping, table_of_own_kind
from exportlab.indices.catalogue import indicator
from exportlab.indices.measure import universe_size
from exportlab.words import N_


@indicator(
    title=N_("Gini by groups (Dagum)"),
    low="0",
    high=r"1 - 1/N",
    rises_with=N_("concentration"),
    formula=r"G = \frac{\sum_{ij} |x_i - x_j|}{2 N^2 \mu} = G_w + G_{nb} + G_t",
    source="Dagum (1997), A new approach to the decomposition of the Gini income inequality ratio, "
    "Empirical Economics 22(4)",
    aliases=("dagum", "达古姆基尼系数", "Dagum基尼系数"),
    column="gini",
    uses_universe=True,
    laws="bounds scale permutation replication transfer empty",
    undefined=N_("the group's total is zero"),
)
def dagum_gini(
    flows: Flows,
    groups: Grouping,
    *,
    over: str = "product",
    by: Columns | None = None,
    universe: Literal["observed", "active"] | Sequence[Any] = "observed",
    form: Literal["parts", "pairs"] = "parts",
) -> Any:
    r"""Inequality within groups, between their means, and from the overlap of rich in poor and poor in rich groups.

    :math:`G_{jh} = \overline{|x_j - x_h|} / (\mu_j + \mu_h)`, its contribution :math:`G_{jh}(p_j s_h + p_h s_j)`,
    p the group's share of members, s of value. :math:`D_{jh} = |\mu_j - \mu_h| / \overline{|x_j - x_h|}`: the share D
    of it is net between, 1 - D transvariation.

    Parameters
    ----------
    flows : Flows
    groups : mapping, int or str
        From member to group (province to region), or as in `theil_within_between`.
    over : str
        The role whose members are unequal and stand in groups; every member counts alike.
    by : str or sequence of str, optional
        By default every other role present.
    universe : {"observed", "active"} or sequence
        Which members count: those of the whole table, those with a value above zero here, or a list.
    form : {"parts", "pairs"}
        One row for each group of `by`; or one for each pair of groups in it, and each group with itself.

    Returns
    -------
    frame
        "parts": gini, gini_within, gini_between (net, of the groups' means), gini_transvariation, universe.
        "pairs": group, group_2, gini (within the group, or between the two), affluence (D, the relative economic
        affluence: 0 where the two have one mean, 1 where they do not overlap; NaN within one), contribution (to the
        whole Gini; these add up to it). In the caller's own eager type, pandas for DuckDB and Spark.

    Raises
    ------
    DataError
        Members without a group.
    """
    require(flows, "dagum_gini")
    spread, kept = flows.split(over, by)
    universe_size(flows, spread, universe)
    listed = None if isinstance(universe, str) else list(dict.fromkeys(universe))
    of = grouping(flows, spread[0], groups, listed)
    figures = _PARTS if form == "parts" else _PAIRS
    columns: dict[str, list[Any]] = {c: [] for c in (*kept, *figures)}
    for key, values in _members(flows, kept, spread[0]):
        held = {m: values.get(m, 0.0) for m in of if universe != "active" or values.get(m, 0.0) > 0}
        for row in (_parts if form == "parts" else _between)(held, of):
            for column, entry in zip(columns, (*key, *row), strict=True):
                columns[column].append(entry)
    return table_of_own_kind(flows, columns)


_PARTS = ("gini", "gini_within", "gini_between", "gini_transvariation", "universe")
_PAIRS = ("group", "group_2", "gini", "affluence", "contribution")


def _members(
    flows: Flows, kept: tuple[str, ...], role: str
) -> Iterator[tuple[tuple[Any, ...], dict[Any, float]]]:
    """The value of each member, for each group of `by`."""
    cells = collect(flows.cells(*kept, role))
    found: dict[tuple[Any, ...], dict[Any, float]] = {}
    keys = zip(*(cells[k].to_list() for k in kept), strict=True) if kept else [()] * len(cells)
    for key, member, value in zip(keys, cells[role].to_list(), cells["value"].to_list(), strict=True):
        found.setdefault(key, {})[member] = value
    for key in sorted(found):
        yield key, found[key]


def _between(values: Mapping[Any, float], of: Mapping[Any, str]) -> list[tuple[Any, ...]]:
    """Each pair of groups: its Gini, D and contribution."""
    total = sum(values.values())
    groups: dict[str, list[float]] = {}
    for member, value in values.items():
        groups.setdefault(of[member], []).append(value / total if total > 0 else np.nan)
    x: dict[str, Array] = {name: np.array(groups[name]) for name in sorted(groups)}
    n = len(values)
    rows = []
    for a, first in x.items():
        for b, second in x.items():
            if a > b:
                continue
            apart = float(np.abs(np.subtract.outer(first, second)).mean())
            high, low = float(first.mean()), float(second.mean())
            gini = apart / (high + low) if high + low > 0 else np.nan
            affluence = np.nan if a == b else min(abs(high - low) / apart, 1.0) if apart > 0 else 0.0
            # the two orders of a pair of groups, over 2 n^2 times the mean, 1/n
            weight = len(first) * len(second) / n / (2 if a == b else 1)
            rows.append((a, b, gini, affluence, apart * weight))
    return rows


def _parts(values: Mapping[Any, float], of: Mapping[Any, str]) -> list[tuple[Any, ...]]:
    rows = _between(values, of)
    within = sum(r[4] for r in rows if r[0] == r[1])
    between = sum(r[3] * r[4] for r in rows if r[0] != r[1])
    overlap = sum((1 - r[3]) * r[4] for r in rows if r[0] != r[1])
    return [(within + between + overlap, within, between, overlap, len(values))]
