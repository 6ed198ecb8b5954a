"""Diversification: how many, how even, how different from a reference, and along which margin."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from exportlab.catalogue import indicator
from exportlab.distribution import distribution
from exportlab.errors import OptionError
from exportlab.flows import Columns, Flows, require
from exportlab.frames import sum_by, when
from exportlab.indices._against import Reference, against, need
from exportlab.indices.concentration import shannon
from exportlab.measure import Universe, measure
from exportlab.member import Group, Member
from exportlab.options import NotNegative


@distribution(
    title="Number of members above a threshold", formula=r"\#\{k : x_k > v \ \text{or}\ s_k > \sigma\}",
    low="1", high="N", unit="members", rises_with="diversification", aliases=("number_exported",),
    source="UNCTAD Handbook of Statistics: products above 100,000 USD or 0.3 per cent of exports",
    laws="bounds scale permutation transfer empty additive",
)  # fmt: skip
def number_above(m: Member, *, value: NotNegative = 0.0, share: NotNegative = 1.0) -> Any:
    """How many members exceed a value (in the table's unit) or a share; by default the active ones.

    UNCTAD's older count is ``value=`` 100,000 USD in the table's unit and ``share=0.003``. With a `value`
    above zero the count depends on the unit, and can be 0.
    """
    large = m.value > value
    return m.where(large if share >= 1 else large | (m.share > share), 1.0, 0.0)  # no share exceeds 1


@distribution(
    of=shannon, title="Theil index, extensive margin", formula=r"T_B = \ln(N/n)", low="0", high=r"\ln N", unit="nats",
    rises_with="concentration", uses_universe=True, source="Cadot, Carrere and Strauss-Kahn (2011), RES 93(2)",
    laws="bounds scale permutation replication transfer empty",
)  # fmt: skip
def theil_extensive(e: Any, g: Group) -> Any:
    """Between the active and the inactive members: with the inactive ones at zero, ln(N/n).

    Moving value between active members leaves it as it is.
    """
    return g.log(g.N / g.n)


@distribution(
    of=shannon, title="Theil index, intensive margin", formula=r"T_W = \ln n + \sum_k s_k \ln s_k", low="0",
    high=r"\ln n", unit="nats", rises_with="concentration",
    source="Cadot, Carrere and Strauss-Kahn (2011), RES 93(2)", laws="bounds scale permutation replication empty",
)  # fmt: skip
def theil_intensive(e: Any, g: Group) -> Any:
    """The Theil index among the active members; with the extensive margin it adds up to the Theil index.

    Some programs publish this part alone under the name of the Theil index: the universe is then the active members.
    Where value moves off a small member until it is not active any more, this part can fall: the rise
    shows in the extensive margin.
    """
    size = g.log(g.n)
    return g.within(size - e, 0.0, size, 1 + size)


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
    title="Diversification index", formula=r"D_i = \frac{1}{2} \sum_k |s_{ik} - w_k|", low="0", high="1",
    rises_with="difference from the reference's structure", aliases=("unctad_diversification",),
    source="UNCTAD Handbook of Statistics (modified Finger-Kreinin); Hoover (1936), specialisation",
    laws="bounds scale permutation replication empty", undefined="the exporter's or the reference's total is zero",
)  # fmt: skip
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
    need(flows, "diversification", "exporter")
    spread, groups = flows.split(over, by)
    if "exporter" not in groups:
        raise OptionError("diversification compares exporters: keep the exporter in by=.")
    s, w = nw.col("_s"), nw.col("_w")
    shared = when(s < w, s, w).alias("_shared")
    beside = against(flows, spread, groups, reference).select(*groups, "_defined", shared)
    sums = sum_by(beside.with_columns((1 - nw.col("_defined")).alias("_not")), groups, ["_shared", "_not"])
    result = when(nw.col("_not") > 0, float("nan"), 1 - nw.col("_shared"))
    return flows.out(sums.select(*groups, result.alias("diversification")), groups)
