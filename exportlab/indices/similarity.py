"""How alike two export structures are: every pair of exporters (cities, provinces, ports, countries)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np

from exportlab.errors import OptionError, UnknownName, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Array
from exportlab.indices._steps import Block, blocks, over_sum, table_of_own_kind
from exportlab.indices.catalogue import indicator
from exportlab.options import Label, Within
from exportlab.words import N_, said

Form: TypeAlias = Literal["long", "matrix"]


def _l1(x: Array, y: Array) -> Array:
    """Sum of absolute differences of every row of x and every row of y."""
    return np.stack([np.abs(x - row).sum(axis=1) for row in y], axis=1)


def _krugman(x: Array, y: Array, block: Block) -> Array:
    return _l1(over_sum(x, 1), over_sum(y, 1))


def _hoover(x: Array, y: Array, block: Block) -> Array:
    return _krugman(x, y, block) / 2


def _finger_kreinin(x: Array, y: Array, block: Block) -> Array:
    s = over_sum(x, 1)
    return np.stack([np.minimum(s, row).sum(axis=1) for row in over_sum(y, 1)], axis=1)


def _cosine(x: Array, y: Array, block: Block) -> Array:
    def unit(v: Array) -> Array:
        s = over_sum(v, 1)
        normed: Array = s / np.sqrt((s * s).sum(axis=1, keepdims=True))
        return normed

    made: Array = unit(x) @ unit(y).T
    return made


def _bahar(x: Array, y: Array, block: Block, *, shift: float) -> Array:
    world = block.values.sum(axis=0)
    sold = world > 0
    w = world[sold] / world.sum()

    def standard(v: Array) -> Array:
        z = np.log(over_sum(v, 1)[:, sold] / w + shift)
        z = z - z.mean(axis=1, keepdims=True)
        norm = np.sqrt((z * z).sum(axis=1, keepdims=True))
        standardised: Array = z / np.where(norm > 0, norm, np.nan)  # no variation, no correlation
        return standardised

    made: Array = standard(x) @ standard(y).T
    return made


def _pairs(
    flows: Flows,
    name: str,
    measure: Callable[[Array, Array, Block], Array],
    *,
    over: Columns,
    unit: str,
    by: Columns | None,
    against: Any,
    form: Form,
) -> Any:
    require(flows, name)
    one_of("form", form, ("long", "matrix"))
    spread, groups = flows.split(over, by)
    (who,) = flows.resolve(unit)
    if who in spread:
        raise OptionError(
            said("{name} compares {who}s, so it cannot be spread over {who}s.", name=name, who=who)
        )
    kept = tuple(g for g in groups if g != who)
    found = []
    for block in blocks(flows, who, spread, kept):
        other, y = _others(block, against)
        values = _against_rest(block, measure) if _is(against, "rest") else measure(block.values, y, block)
        found.append((block, other, values))
    if form == "matrix":
        return _matrix(flows, found, who, name)
    return _long(flows, found, who, kept, name, pairs=against is None)


def _is(against: Any, word: str) -> bool:
    return isinstance(against, str) and against == word


def _others(block: Block, against: Any) -> tuple[tuple[Any, ...], Array]:
    """What each unit is compared with: all units, their sum, or one of them."""
    if against is None:
        return block.units, block.values
    if _is(against, "world") or _is(against, "rest"):
        return (against,), block.values.sum(axis=0, keepdims=True)
    if against not in block.units:
        raise UnknownName(said("unit to compare with"), against, [*map(str, block.units), "world", "rest"])
    return (against,), block.values[[block.units.index(against)]]


def _against_rest(block: Block, measure: Callable[[Array, Array, Block], Array]) -> Array:
    x = block.values
    one = [
        measure(x[[i]], np.delete(x, i, axis=0).sum(axis=0, keepdims=True), block)[0] for i in range(len(x))
    ]
    return np.array(one)


def _matrix(flows: Flows, found: list[tuple[Block, tuple[Any, ...], Array]], who: str, name: str) -> Any:
    import pandas as pd

    if len(found) != 1:
        first = ", ".join(str(b.group) for b, *_ in found[:3])
        raise OptionError(
            said(
                "form='matrix' holds one matrix, and there are {n} groups ({first} ...): choose one "
                "group, set by=[], or take form='long'.",
                n=len(found),
                first=first,
            )
        )
    block, other, values = found[0]
    own = flows.roles.get(who, who)
    index = pd.Index(block.units, name=own)
    return pd.DataFrame(values, index=index, columns=pd.Index(other, name=f"{own}_2")).rename_axis(
        columns=name
    )


def _long(
    flows: Flows,
    found: list[tuple[Block, tuple[Any, ...], Array]],
    who: str,
    kept: tuple[str, ...],
    name: str,
    *,
    pairs: bool,
) -> Any:
    columns: dict[str, list[Any]] = {c: [] for c in (*kept, who, "_second", name)}
    for block, other, values in found:
        i, j = np.triu_indices(len(block.units), 1) if pairs else np.indices(values.shape).reshape(2, -1)
        for key, label in zip(kept, block.group, strict=True):
            columns[key] += [label] * len(i)
        columns[who] += [block.units[a] for a in i]
        columns["_second"] += [other[b] for b in j]
        columns[name] += values[i, j].tolist()
    second = f"{flows.roles.get(who, who)}_2"
    return table_of_own_kind(flows, columns, {"_second": second})


_PARAMETERS = """

Parameters
----------
flows : Flows
over : str or sequence of str
    The structure that is compared: "product" (default), "market", or both.
unit : str
    Whose structures: "exporter" (default), or any other role or key, such as "market".
by : str or sequence of str, optional
    Within what, by default every other role present.
against : None, "world", "rest", or a unit's label
    None compares every pair. "world" compares each unit with the sum of all, "rest" with the sum of all others.
form : {"long", "matrix"}
    One row a pair (each pair once), or a square pandas table of one group.

Returns
-------
frame
    In the caller's own eager type; pandas where the table is in DuckDB or Spark (the aggregated cells are
    collected), and for form="matrix". The second unit's column has the first's name with "_2".

Raises
------
OptionError, UnknownName
    Several groups for one matrix; a label that is not a unit.
"""


def _documented(function: Any) -> Any:
    function.__doc__ = (function.__doc__ or "") + _PARAMETERS
    return function


@indicator(
    title=N_("Krugman specialisation index"),
    formula=r"K_{ij} = \sum_k |s_{ik} - s_{jk}|",
    low="0",
    high="2",
    rises_with=N_("difference"),
    source="Krugman (1991), Geography and Trade, p. 76",
    aliases=("krugman_specialisation", "克鲁格曼专业化指数"),
    laws="bounds scale permutation replication empty",
    undefined=N_("one of the two exports nothing"),
)
@_documented
def krugman(
    flows: Flows,
    *,
    over: Columns = "product",
    unit: str = "exporter",
    by: Columns | None = None,
    against: Label | None = None,
    form: Form = "long",
) -> Any:
    """The sum of absolute differences of shares: twice Hoover's index, and 2 (1 - Finger-Kreinin)."""
    return _pairs(flows, "krugman", _krugman, over=over, unit=unit, by=by, against=against, form=form)


@indicator(
    title=N_("Hoover index of difference"),
    formula=r"\frac{1}{2} \sum_k |s_{ik} - s_{jk}|",
    low="0",
    high="1",
    rises_with=N_("difference"),
    source="Hoover (1936), The measurement of industrial localization, REStat 18(4)",
    aliases=("dissimilarity", "胡佛指数", "差异指数"),
    laws="bounds scale permutation replication empty",
    undefined=N_("one of the two exports nothing"),
)
@_documented
def hoover(
    flows: Flows,
    *,
    over: Columns = "product",
    unit: str = "exporter",
    by: Columns | None = None,
    against: Label | None = None,
    form: Form = "long",
) -> Any:
    """Half the sum of absolute differences of shares (Duncan's dissimilarity); some programs give it times 100."""
    return _pairs(flows, "hoover", _hoover, over=over, unit=unit, by=by, against=against, form=form)


@indicator(
    title=N_("Finger-Kreinin export similarity"),
    formula=r"ESI_{ij} = \sum_k \min(s_{ik}, s_{jk})",
    low="0",
    high="1",
    rises_with=N_("similarity"),
    source="Finger and Kreinin (1979), A measure of export similarity, EJ 89(356)",
    aliases=("export_similarity", "esi", "duplication", "出口相似度指数"),
    laws="bounds scale permutation replication empty",
    undefined=N_("one of the two exports nothing"),
)
@_documented
def finger_kreinin(
    flows: Flows,
    *,
    over: Columns = "product",
    unit: str = "exporter",
    by: Columns | None = None,
    against: Label | None = None,
    form: Form = "long",
) -> Any:
    """The overlap of two structures: one less half the sum of absolute differences (published times 100 at times)."""
    return _pairs(
        flows, "finger_kreinin", _finger_kreinin, over=over, unit=unit, by=by, against=against, form=form
    )


@indicator(
    title=N_("Coefficient of structural similarity (UNIDO)"),
    low="0",
    high="1",
    rises_with=N_("similarity"),
    formula=r"S_{ij} = \sum_k s_{ik} s_{jk} / \sqrt{\sum_k s_{ik}^2 \sum_k s_{jk}^2}",
    source="UNIDO (1979), World Industry since 1960; the coefficient of industrial homogeneity",
    aliases=("unido", "homogeneity", "产业同构系数", "结构相似系数"),
    laws="bounds scale permutation replication empty",
    undefined=N_("one of the two exports nothing"),
)
@_documented
def cosine(
    flows: Flows,
    *,
    over: Columns = "product",
    unit: str = "exporter",
    by: Columns | None = None,
    against: Label | None = None,
    form: Form = "long",
) -> Any:
    """The cosine of two structures: 1 where they are equal, 0 where they share nothing; large products dominate."""
    return _pairs(flows, "cosine", _cosine, over=over, unit=unit, by=by, against=against, form=form)


@indicator(
    title=N_("Correlation of log advantage (Bahar)"),
    low="-1",
    high="1",
    rises_with=N_("similarity"),
    formula=r"\operatorname{corr}_k\left(\ln(RCA_{ik} + a), \ln(RCA_{jk} + a)\right)",
    source="Bahar, Hausmann and Hidalgo (2014), Neighbors and the evolution of comparative advantage, JIE 92(1)",
    laws="bounds scale permutation replication empty",
    undefined=N_("one of the two exports nothing, or its advantage does not vary"),
)
@_documented
def bahar(
    flows: Flows,
    *,
    shift: Annotated[float, Within(0, 1e6, "(]")] = 0.1,
    over: Columns = "product",
    unit: str = "exporter",
    by: Columns | None = None,
    against: Label | None = None,
    form: Form = "long",
) -> Any:
    """Pearson correlation over products of ln(RCA + a); ``shift`` is a, without which a product not sold has no log.

    RCA is against all units of the table; products that nobody sells in the period are left out.
    """
    if shift <= 0:
        raise OptionError(
            said(
                "shift={shift} is not above zero; ln(RCA + a) needs it where nothing is exported.",
                shift=repr(shift),
            )
        )

    def measure(x: Array, y: Array, block: Block) -> Array:
        return _bahar(x, y, block, shift=shift)

    return _pairs(flows, "bahar", measure, over=over, unit=unit, by=by, against=against, form=form)
