r"""The cluster index of Litzenberger and Sternberg: density, weight and number of firms of an industry in a place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import Array
from exportlab.indices._steps import blocks, table_of_own_kind
from exportlab.indices.agglomeration import counted
from exportlab.indices.location import located
from exportlab.options import validated


@validated
def litzenberger_sternberg(
    flows: Flows,
    *,
    area: Mapping[Any, float],
    population: Mapping[Any, float],
    firms: Flows | str,
    of: str = "product",
    over: str = "exporter",
    by: Columns | None = None,
) -> Any:
    r"""How dense an industry is in a place, times how much of it there is a head, over how large its firms are.

    The density of the industry relative to the nation's, times its weight a head relative to the nation's, over the
    relative size of its firms: 1 where the place is as the nation. One large firm does not make a cluster: its size
    divides.

    Parameters
    ----------
    flows : Flows
        Employment (or output) with places as exporters.
    area, population : mapping
        Of every place with any product; the nation's are their sums.
    firms : Flows or str
        Numbers of firms by place and product; or the key (``keys=`` at the door) that tells firms apart.
    of, over : str
        The products located over the exporters.
    by : str or sequence of str, optional
        By default every other role present.

    Returns
    -------
    frame
        One row per product and place: litzenberger_sternberg; in the caller's own eager type.

    Raises
    ------
    DataError
        Places without an area, people or firms.

    Notes
    -----
    :math:`CI_{rk} = \frac{x_{rk}}{X_k} \frac{b_{rk}}{b_k} \Big/ \left(\frac{a_r}{A} \frac{p_r}{P}\right)`, NaN where
    the product is made nowhere.
    It is the product of ID, the relative density of the industry, and IS, its relative stock, over PS, the relative
    size of its firms; two of the three shares of value cancel.

    References
    ----------
    .. [1] Litzenberger and Sternberg (2006), Der Clusterindex, Geographische Zeitschrift 94(4).
    """
    require(flows, "litzenberger_sternberg")
    who, where, kept = located(flows, of, over, by)
    kept = tuple(k for k in kept if k != firms)
    places = flows.members(where)
    room = _known(area, places, "area", where) * _known(population, places, "population", where)
    counts = _firms(flows, firms, who=who, where=where, kept=kept)
    rows = []
    for block in blocks(flows, who, [where], kept):
        for unit, s in zip(block.units, block.shares, strict=True):
            known = dict(zip(block.members, s, strict=True))
            share = np.array([known.get(r, 0.0) for r in places])
            b = np.array([counts.get((*block.group, unit, r), 0.0) for r in places])
            alone = (b == 0) & (share > 0)
            if alone.any():
                raise DataError(
                    f"{int(alone.sum())} places have {unit!r} and no firms", "firms= must count them.",
                    first=f"{flows.roles.get(where, where)}={places[int(alone.argmax())]!r}",
                )  # fmt: skip
            found = share * b / (b.sum() or 1.0) / room  # no firms at all: no share either, and zero
            rows += [(*block.group, unit, r, float(v)) for r, v in zip(places, found, strict=True)]
    names = (*kept, who, where, "litzenberger_sternberg")
    return table_of_own_kind(flows, dict(zip(names, zip(*rows, strict=True), strict=True)))


def _known(given: Mapping[Any, float], places: tuple[Any, ...], name: str, role: str) -> Array:
    """The places' shares in the sum of what is given."""
    lost = [r for r in places if r not in given]
    if lost:
        raise DataError(
            f"{name}= has no entry for {len(lost)} of {len(places)} {role} labels", "Give one for every place.",
            first=repr(lost[0]),
        )  # fmt: skip
    values = {r: float(v) for r, v in given.items()}
    bad = [r for r, v in values.items() if not (0 < v < np.inf)]
    if bad:
        raise OptionError(f"{name}= is {values[bad[0]]!r} for {bad[0]!r}. Allowed: numbers above 0.")
    whole = sum(values.values())
    return np.array([values[r] / whole for r in places])


def _firms(
    flows: Flows, firms: Flows | str, *, who: str, where: str, kept: tuple[str, ...]
) -> dict[tuple[Any, ...], float]:
    """Numbers of firms by group, product and place."""
    if isinstance(firms, str):
        found = counted(flows, firms, who=who, where=where, kept=kept)
    else:
        require(firms, "firms")
        lost = [k for k in (*kept, who, where) if k not in firms.identity]
        if lost:
            raise UnknownName("role of firms=", lost[0], firms.identity)
        found = list(blocks(firms, who, [where], kept))
    return {
        (*block.group, unit, r): float(n)
        for block in found
        for unit, row in zip(block.units, block.values, strict=True)
        for r, n in zip(block.members, row, strict=True)
    }
