"""Absorbed effects as integer codes: singletons, connected components, nesting, degrees of freedom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from exportlab.frames import Array, Codes, Mask


@dataclass(frozen=True, eq=False)
class Effects:
    """Categorical effects of `n` rows: for each its name, its codes 0..size-1 (n,), and its size."""

    names: tuple[str, ...]
    codes: tuple[Codes, ...]
    sizes: tuple[int, ...]

    @classmethod
    def encode(cls, columns: Mapping[str, Any]) -> Effects:
        """Number the levels of each column (array, Series, or DataFrame for a combination of columns)."""
        codes = tuple(encode(values) for values in columns.values())
        return cls(tuple(columns), codes, tuple(_size(c) for c in codes))

    def __len__(self) -> int:
        return len(self.codes)

    def rows(self, keep: Mask) -> Effects:
        """The same effects on the rows `keep`, levels that vanished left out."""
        codes = tuple(encode(c[keep]) for c in self.codes)
        return Effects(self.names, codes, tuple(_size(c) for c in codes))

    def sums(self, values: Array) -> list[Array]:
        """Sum of `values` (n,) within each level of each effect."""
        return [
            np.asarray(np.bincount(c, weights=values, minlength=k), float)
            for c, k in zip(self.codes, self.sizes, strict=True)
        ]


def encode(values: Any) -> Codes:
    """Number the distinct values (rows, for a DataFrame) 0, 1, ... in order of appearance.

    Order of appearance does not depend on hashing, so results are the same under any PYTHONHASHSEED.
    """
    if isinstance(values, pd.DataFrame):
        key: Codes = np.zeros(len(values), dtype=np.int64)
        for name in values.columns:
            part = encode(values[name])
            key = encode(key * (_size(part) or 1) + part)
        return key
    return pd.factorize(np.asarray(values))[0].astype(np.int64, copy=False)


def _size(codes: Codes) -> int:
    return int(codes.max()) + 1 if codes.size else 0


def group_columns(values: Array, codes: Codes, size: int) -> Array:
    """Sum of each column of `values` (n, p) within each code: (size, p)."""
    out = np.empty((size, values.shape[1]))
    for j in range(values.shape[1]):
        out[:, j] = np.bincount(codes, weights=values[:, j], minlength=size)
    return out


def fitted(levels: list[Array], effects: Effects) -> Array:
    """Sum over the effects of each row's level coefficients: (n, p)."""
    out = np.zeros((effects.codes[0].size, levels[0].shape[1]))
    for level, codes in zip(levels, effects.codes, strict=True):
        out += level[codes]
    return out


def singletons(effects: Effects) -> Mask:
    """Rows (n,) that are the only one of a level of some effect, found repeatedly until none is left.

    Such rows are fitted perfectly and teach nothing about the coefficients; kept, they make clustered
    standard errors too small (Correia 2015).
    """
    n = len(effects.codes[0]) if effects.codes else 0
    keep = np.ones(n, dtype=np.bool_)
    while True:
        lone = np.zeros(n, dtype=np.bool_)
        for codes, size in zip(effects.codes, effects.sizes, strict=True):
            counts = np.bincount(codes[keep], minlength=size)
            lone |= keep & (counts[codes] == 1)
        if not lone.any():
            return ~keep
        keep &= ~lone


def components(first: Codes, second: Codes) -> int:
    """Number of connected components of the graph that joins levels of `first` and of `second`.

    The two sets of dummies have rank `levels(first) + levels(second) - components`
    (Abowd, Creecy and Kramarz 2002).
    """
    n1, n2 = _size(first), _size(second)
    links = sparse.coo_matrix((np.ones(first.size), (first, n1 + second)), shape=(n1 + n2, n1 + n2))
    count, _ = connected_components(links, directed=False)
    return int(count)


def nested(inner: Codes, outer: Codes) -> bool:
    """Whether every level of `inner` lies within one level of `outer`."""
    low = np.full(_size(inner), _size(outer))
    high = np.full(_size(inner), -1)
    np.minimum.at(low, inner, outer)
    np.maximum.at(high, inner, outer)
    return bool((low == high).all())


def redundant(effects: Effects) -> tuple[int, ...]:
    """Levels of each effect that earlier effects already span.

    Exact for the first two effects (none, and the connected components). From the third on it is the
    largest count of components with any earlier effect: a lower bound on the redundancy, reghdfe's
    `dofadjustments(pairwise)`; degrees of freedom are then conservative.
    """
    counts = []
    for i, codes in enumerate(effects.codes):
        counts.append(max((components(c, codes) for c in effects.codes[:i]), default=0))
    return tuple(counts)


def absorbed_parameters(effects: Effects, clusters: Sequence[Codes] = (), *, count: str = "fixest") -> int:
    """How many parameters the effects use up in small-sample factors.

    Parameters
    ----------
    effects : Effects
    clusters : sequence of (n,) codes
        Effects nested within a cluster are not counted, except one (the constant): their number grows
        with the clusters, and the cluster factor accounts for it.
    count : {"fixest", "reghdfe", "all"}
        "fixest" subtracts one redundant level for every effect after the first; "reghdfe" subtracts the
        connected components instead (the same on connected data); "all" counts nested effects too.
    """
    if not effects.codes:
        return 0
    inside = [any(nested(c, g) for g in clusters) for c in effects.codes]
    if count == "all":
        inside = [False] * len(effects)
    if count == "reghdfe":
        lost = redundant(effects)
        free = [k - r for k, r in zip(effects.sizes, lost, strict=True)]
        return sum(k for k, nest in zip(free, inside, strict=True) if not nest) + int(any(inside))
    total = sum(effects.sizes) - (len(effects) - 1)
    return total - sum(k - 1 for k, nest in zip(effects.sizes, inside, strict=True) if nest)
