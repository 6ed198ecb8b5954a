"""Numbers for the labels of a table in memory: what NumPy counts by, at half the cost of a data frame's own groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.integer[Any]]  # positions: 0, 1, ...
Coded: TypeAlias = tuple[Codes, list[Any]]  # a number for each row by its label, and the labels in order


def row_numbers(
    frame: nw.DataFrame[Any], keys: Sequence[str], known: Mapping[str, Coded] | None = None
) -> tuple[NDArray[np.int64], int]:
    """A number for each row of a pandas or Arrow table by its keys, and how many numbers there are.

    `known` are the numbers of keys without missing ones.
    """
    cell, size, hashed = _packed(frame, keys, known)
    # whoever counts needs a place for every number there could be
    return (cell, size) if size <= 2 * len(cell) else hashed(cell)


def repeated(
    frame: nw.DataFrame[Any], keys: Sequence[str], known: Mapping[str, Coded] | None = None
) -> NDArray[np.bool_]:
    """Which rows share their keys with another row: sorted, what is alike stands side by side."""
    cell, _, _ = _packed(frame, keys, known)
    ordered = np.sort(cell)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    return np.isin(cell, np.unique(again)) if again.size else np.zeros(len(cell), bool)


def _packed(
    frame: nw.DataFrame[Any], keys: Sequence[str], known: Mapping[str, Coded] | None
) -> tuple[NDArray[np.int64], int, Callable[[Any], tuple[NDArray[np.int64], int]]]:
    """The keys of each row in one number below a limit, the limit, and what counts such numbers up from zero."""
    native: Any = frame.to_native()
    hashed = _pandas_codes if frame.implementation.is_pandas() else _arrow_codes
    cell, size = np.zeros(len(frame), np.int64), 1
    for key in keys:
        if known and key in known:
            codes, count = known[key][0], len(known[key][1])
        else:
            codes, count = _small_codes(frame, key) or hashed(native[key])
        if size * count > 2**62:
            cell, size = hashed(cell)
        cell *= count
        cell += codes
        size *= count
    return cell, size, hashed


def ranks(values: NDArray[np.float64], cell: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """The rank of each value within its cell, 1 the largest, ties in any order; no value is missing.

    Plain whole numbers sort several times faster than places do: what is sorted is the cell, the value's leading bits
    (those of positive floats are in the floats' own order) and the place, in one number each. The few that are alike
    but for the bits left out are put in order afterwards.
    """
    count = len(values)
    bits = count.bit_length()
    room = 63 - bits - size.bit_length()
    key = (values + 0.0).view(np.int64)  # no zero is negative
    key -= key.min(where=key > 0, initial=2**62) - 1
    np.maximum(key, 0, out=key)
    key >>= max(int(key.max(initial=0)).bit_length() - room, 0)
    key = ((cell + 1 << room) - 1 - key << bits) + np.arange(count)
    key.sort()
    order = key & (2**bits - 1)
    key >>= bits
    _finish(order, key, values)
    members = np.bincount(cell, minlength=size)
    rank = np.empty(count)
    rank[order] = np.arange(1, count + 1) - np.repeat(np.cumsum(members) - members, members)
    return rank


def _finish(order: NDArray[np.int64], key: NDArray[np.int64], values: NDArray[np.float64]) -> None:
    """Put in order what shares a key and is not in order yet."""
    found = values[order]
    mixed = np.unique(key[1:][(found[1:] > found[:-1]) & (key[1:] == key[:-1])])
    start, end = (np.searchsorted(key, mixed, side) for side in ("left", "right"))
    length = end - start
    at = np.arange(length.sum()) + np.repeat(start - np.cumsum(length) + length, length)
    order[at] = order[at[np.lexsort((-found[at], key[at]))]]


def _small_codes(frame: nw.DataFrame[Any], key: str) -> tuple[NDArray[np.int64], int] | None:
    """Whole numbers that lie near each other (years, country codes) less the least: they need no hashing."""
    column = frame[key]
    if not column.dtype.is_integer() or not len(column) or column.null_count():
        return None
    low, high = int(column.min()), int(column.max())
    if high - low > len(column) // 100:
        return None
    return np.subtract(column.to_numpy(), low, dtype=np.int64), high - low + 1


def _pandas_codes(labels: Any) -> tuple[NDArray[np.int64], int]:
    """A number for each distinct label, a missing one among them, and how many there are."""
    import pandas as pd

    codes, distinct = pd.factorize(labels, use_na_sentinel=False)
    return codes.astype(np.int64, copy=False), len(distinct)


def _arrow_codes(labels: Any) -> tuple[NDArray[np.int64], int]:
    """The same for a column of Arrow, in one chunk so that one dictionary holds for all."""
    import pyarrow as pa

    if isinstance(labels, np.ndarray):
        one = pa.array(labels)
    else:
        plain = labels.cast(labels.type.value_type) if pa.types.is_dictionary(labels.type) else labels
        one = plain.combine_chunks()
    one = one.dictionary_encode(null_encoding="encode")
    return one.indices.to_numpy(zero_copy_only=False).astype(np.int64), len(one.dictionary)


def coded(frame: nw.DataFrame[Any], column: str, known: Coded | None = None) -> Coded:
    """A number for each row by its label, 0, 1, ... in the order of the labels, and the labels.

    `known` are the numbers in another order, as `labelled` gives them.
    """
    small = None if known else _small_codes(frame, column)
    codes: Codes
    if small is not None:
        codes, count = small
        first = int(frame[column].min())
        labels = list(range(first, first + count))
        used = np.bincount(codes, minlength=count) > 0
        order = np.flatnonzero(used)
    else:
        codes, labels = _used(*(known or labelled(frame, column)))  # categories that no row has are no labels
        order = np.array(sorted(range(len(labels)), key=labels.__getitem__), dtype=np.int64)
    if len(order) == len(labels) and (np.diff(order) > 0).all():  # in order as they are
        return codes, labels
    place = np.zeros(len(labels), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[codes], [labels[i] for i in order]


def coded_rows(
    frame: nw.DataFrame[Any], roles: Sequence[str], known: dict[str, Coded], seen: Mapping[str, Coded]
) -> tuple[list[Coded], NDArray[np.float64]]:
    """The numbers of some columns, and the value, of the rows above zero; what is counted goes into `known`.

    `seen` are numbers in the order in which labels appear.
    """
    for role in roles:
        if role not in known:
            known[role] = coded(frame, role, seen.get(role))
    value = np.asarray(frame["value"].to_numpy(), dtype=np.float64)
    some = value > 0
    if some.all():
        return [known[r] for r in roles], value
    return [_used(known[r][0][some], known[r][1]) for r in roles], value[some]


def _used(codes: Codes, labels: list[Any]) -> Coded:
    """The same without labels that no row has."""
    some = np.bincount(codes, minlength=len(labels)) > 0
    if some.all():
        return codes, labels
    return (np.cumsum(some) - 1)[codes], [labels[i] for i in np.flatnonzero(some)]


def labelled(frame: nw.DataFrame[Any], column: str) -> Coded:
    """A number for each row by its label, and the labels, in the order in which they appear; -1 where it is missing."""
    if frame.implementation.is_pandas():
        import pandas as pd

        codes, distinct = pd.factorize(frame[column].to_native())
        return codes.astype(np.int32), list(distinct.tolist())
    import pyarrow as pa

    held = frame[column].to_arrow()
    one = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
    one = one if pa.types.is_dictionary(one.type) else one.dictionary_encode()
    return one.indices.to_numpy(zero_copy_only=False), one.dictionary.to_pylist()
