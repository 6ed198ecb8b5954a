"""Where the labels of a sheet stand: heads of one row or several, one label column or several, titles above."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from exportlab.errors import DataError
from exportlab.files.paths import HEAD, SIDE
from exportlab.words import said

WEAK = re.compile(
    r"0|[1-9]\d*|-?\d+\.\d*(e[+-]?\d+)?", re.IGNORECASE
)  # a label may be written so, and so may any cell


@dataclass(frozen=True)
class Axes:
    """The labels of a sheet: every text above and beside its cells, and which row and column of them tell sectors.

    Attributes
    ----------
    head, side : arrays of str
        The texts of the rows above the cells (rows, all columns) and of the columns beside them (all rows, columns).
    label, region : (row, column)
        The row of `head` and column of `side` that hold the sectors' labels, and their regions; None without regions.
    top, left : int
        Where the cells begin.
    """

    head: npt.NDArray[Any]
    side: npt.NDArray[Any]
    label: tuple[int, int]
    region: tuple[int, int] | None
    top: int
    left: int

    def above(self, j: int) -> list[str]:
        """The texts above column j, nearest first."""
        return [t for t in self.head[: self.top, j][::-1] if t]

    def beside(self, k: int) -> list[str]:
        """The texts beside row k, nearest first."""
        return [t for t in self.side[k, : self.left][::-1] if t]


def texts(cells: pd.DataFrame) -> npt.NDArray[Any]:
    """Cells as labels: text stripped, whole numbers as text, anything else as nothing."""
    return np.asarray(np.frompyfunc(_text, 1, 1)(cells.to_numpy(dtype=object)))


def _text(value: object) -> str:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        return str(int(value)) if np.isfinite(value) and value == int(value) else ""
    return ""


def filled(labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Labels written once over their block, in every place of it."""
    return pd.Series(labels, dtype=object).replace("", None).ffill().fillna("").to_numpy(dtype=object)


def axes(
    raw: pd.DataFrame, *, sector: str = ".+", region: str | None = None, same: Mapping[str, str] | None = None
) -> Axes:
    """Find the labels of a sheet: the head row and the label column that share the most names.

    Parameters
    ----------
    sector, region : str
        What the labels look like; without `region` the sheet is of one economy.
    same : mapping
        Spellings of labels down the side to those across: patterns to what they become.

    Raises
    ------
    DataError
        No row and column share labels.
    """
    head, side = texts(raw.iloc[:HEAD]), texts(raw.iloc[:, :SIDE])
    down = side.copy()
    for pattern, becomes in (same or {}).items():
        down = np.vectorize(lambda t, p=pattern, b=becomes: re.sub(p, b, t), otypes=[object])(down)
    found = max(_candidates(head, down, sector, region), key=lambda c: c[0], default=None)
    if found is None:
        raise _not_found(region is not None)
    _, label, place, first, left = found
    return Axes(head, down, label, place, first, left)


def _not_found(regions: bool) -> DataError:
    if not regions:
        return DataError(
            said("No head row and label column share labels of sectors"),
            said("The same names or codes of sectors must stand above the columns and beside the rows."),
        )
    return DataError(
        said("No head row and label column share regions and labels of sectors"),
        said(
            "The same names or codes of sectors must stand above the columns and beside the rows, with their "
            "countries or regions."
        ),
    )


Candidate: TypeAlias = tuple[tuple[int, int, int], tuple[int, int], tuple[int, int] | None, int, int]


def _candidates(
    head: npt.NDArray[Any], side: npt.NDArray[Any], sector: str, region: str | None
) -> Iterable[Candidate]:
    """Every way to read the labels: how many sectors it gives, and where they stand."""
    shared = _shared(head, side)
    labels = {
        p: s for p, s in shared.items() if any(re.fullmatch(sector, t) and not WEAK.fullmatch(t) for t in s)
    }
    labels = labels or {p: s for p, s in shared.items() if any(re.fullmatch(sector, t) for t in s)}
    if region is None:
        for (r, c), names in labels.items():
            rows = [k for k, t in enumerate(side[:, c]) if k > r and t in names]
            columns = [j for j, t in enumerate(head[r]) if j > c and t in names]
            if len(names) > 1 and rows and columns:
                yield (len(names), -r, -c), (r, c), None, rows[0], columns[0]
        return
    places = {p: s for p, s in shared.items() if sum(bool(re.fullmatch(region, t)) for t in s) > 1}
    for a, b in product(places, labels):
        if a[0] == b[0] or a[1] == b[1]:
            continue
        across = list(zip(filled(head[a[0]]), head[b[0]], strict=True))
        down = list(zip(filled(side[:, a[1]]), side[:, b[1]], strict=True))
        keys = {key for key in set(across) & set(down) if key[0] in places[a] and key[1] in labels[b]}
        rows = [k for k, key in enumerate(down) if key in keys and k > max(a[0], b[0])]
        columns = [j for j, key in enumerate(across) if key in keys and j > max(a[1], b[1])]
        if keys and rows and columns and _runs(across, 0, columns) <= _runs(across, 1, columns):
            yield (len(keys), -b[0], -b[1]), b, a, rows[0], columns[0]


def _runs(keys: list[tuple[str, str]], part: int, at: list[int]) -> int:
    """How often a part of the key changes along the columns: regions change less often than sectors."""
    names = [keys[j][part] for j in at]
    return sum(x != y for x, y in pairwise(names)) if len(set(names)) > 1 else len(names)


def _shared(head: npt.NDArray[Any], side: npt.NDArray[Any]) -> dict[tuple[int, int], set[str]]:
    """The texts that a head row, right of a label column, and that column, below the row, have in common."""
    both = {
        (r, c): (set(head[r, c + 1 :]) & set(side[r + 1 :, c])) - {""}
        for r in range(len(head))
        for c in range(side.shape[1])
    }
    return {p: s for p, s in both.items() if s}
