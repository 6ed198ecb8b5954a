"""Labels of an inter-country table: country, part and sector of every row, country of every column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from exportlab.arrays import Codes
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.valueadded.cells import show, unique


def pairs(labels: pd.Index, sep: str, what: str) -> list[tuple[str, str]]:
    """(country, rest) of labels that are a two-level MultiIndex or text parted by `sep`."""
    if isinstance(labels, pd.MultiIndex):
        if labels.nlevels != 2:
            raise DataError(
                f"The labels of {what} have {labels.nlevels} levels", "Two are needed: country and sector."
            )
        return [(str(a), str(b)) for a, b in labels]
    if not sep:
        raise OptionError("sep= is empty. Name the text that parts country and sector, such as '_'.")
    cut = [str(label).split(sep, 1) for label in labels]
    bad = [label for label, c in zip(labels, cut, strict=True) if len(c) != 2 or not c[0]]
    if bad:
        raise DataError(
            f"Labels of {what} do not name country and sector",
            f"Use a MultiIndex (country, sector), or text with {sep!r} between them (sep=).",
            rows=len(bad),
            first=show(bad[0]),
        )
    return [(c[0], c[1]) for c in cut]


def country_rows(Z: pd.DataFrame, splits: Mapping[str, str], sep: str) -> tuple[pd.MultiIndex, pd.Index]:
    """Rows as (country, part, sector) in country-major order, and Z's own labels in that order."""
    unique(Z.index, "the rows of Z")
    unique(Z.columns, "the columns of Z")
    named = pairs(Z.index, sep, "the rows of Z")
    beside = {c for c, _ in pairs(Z.columns, sep, "the columns of Z")}
    _same_countries({c for c, _ in named}, beside)
    rows = pd.DataFrame(
        [(splits.get(part, part), part, sector) for part, sector in named],
        columns=["country", "part", "sector"],
    )
    unknown = [part for part in splits if part not in set(rows["part"])]
    if unknown:
        raise DataError(
            "A part in splits= is not among the rows of Z", "Name it as the rows do.", first=show(unknown[0])
        )
    first = pd.Index(rows["country"].unique())
    order = np.argsort(first.get_indexer(pd.Index(rows["country"])), kind="stable")
    return pd.MultiIndex.from_frame(rows.iloc[order]), Z.index[order]


def _same_countries(down: set[str], across: set[str]) -> None:
    for have, lack, here, there in ((down, across, "rows", "columns"), (across, down, "columns", "rows")):
        if have - lack:
            names = sorted(have - lack)
            raise DataError(
                f"Z lacks a country's block: {', '.join(names)} has {here} but no {there}",
                "Z must be square, with the same country-sectors down and across.",
                rows=len(names),
                first=show(names[0]),
            )


def final_columns(Y: pd.DataFrame, countries: pd.Index, sep: str) -> pd.MultiIndex:
    """The columns of final demand as (country, category)."""
    unique(Y.columns, "the columns of Y")
    plain = not isinstance(Y.columns, pd.MultiIndex) and all(str(c) in countries for c in Y.columns)
    named = [(str(c), "all") for c in Y.columns] if plain else None
    if named is None:
        named = [
            (str(c), "all") if c in countries else pair
            for c, pair in zip(Y.columns, _loose(Y.columns, sep), strict=True)
        ]
    strange = sorted({c for c, _ in named} - set(countries))
    if strange:
        raise DataError(
            "There is final demand for a country that is not in Z",
            f"Countries of Z: {', '.join(map(str, countries[:12]))}{' ...' if len(countries) > 12 else ''}. "
            "Take out totals; parts of a country share its final demand.",
            rows=len(strange),
            first=show(strange[0]),
        )
    absent = [c for c in countries if c not in {c for c, _ in named}]
    if absent:
        raise DataError(
            "Countries of Z have no final demand",
            "Every country needs at least one column of Y, also where it is all zero; parts of a country "
            "are named in splits=.",
            rows=len(absent),
            first=show(absent[0]),
        )
    return pd.MultiIndex.from_tuples(named, names=["country", "category"])


def _loose(labels: pd.Index, sep: str) -> list[tuple[str, str]]:
    if isinstance(labels, pd.MultiIndex):
        return pairs(labels, sep, "the columns of Y")
    return [(str(c).split(sep, 1)[0], str(c).split(sep, 1)[1] if sep in str(c) else "all") for c in labels]


def grouped(
    rows: pd.MultiIndex, countries: pd.Index, final: pd.MultiIndex, groups: Mapping[str, Iterable[str]]
) -> tuple[pd.MultiIndex, pd.Index, pd.MultiIndex, Codes]:
    """Labels with countries merged into groups, members as parts, and the new order of the rows.

    Raises
    ------
    UnknownName
        A member that is no country of the table.
    DataError
        A country in two groups, or a group named like a country outside it.
    """
    members = [m for group in groups.values() for m in group]
    home = {m: g for g, group in groups.items() for m in group}
    for m in members:
        if m not in countries:
            raise UnknownName("country", m, map(str, countries))
    unique(members, "the groups' members")
    clash = [g for g in groups if g in countries and home.get(g) != g]
    if clash:
        raise DataError("A group has the name of a country outside it", "Rename the group.", first=clash[0])
    down, across = rows.to_frame(index=False), final.to_frame(index=False)
    down["country"] = [home.get(c, c) for c in down["country"]]
    across["country"] = [home.get(c, c) for c in across["country"]]
    merged = pd.Index(down["country"].unique(), name="country")
    order = np.argsort(merged.get_indexer(pd.Index(down["country"])), kind="stable")
    return pd.MultiIndex.from_frame(down.iloc[order]), merged, pd.MultiIndex.from_frame(across), order
