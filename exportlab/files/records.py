"""JSON answers of web services: a list of records, alone or under "data".

json reads them, not `pandas.read_json`, which keeps the last of two keys of one name and turns codes into numbers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from exportlab.errors import DataError
from exportlab.files.paths import refuse_twice
from exportlab.files.texts import Texts, gathered
from exportlab.files.unpacking import blocks
from exportlab.frames import Array
from exportlab.words import said

JSON = (".json", ".json.gz")


@dataclass(frozen=True)
class RecordTable:
    """The records of one JSON file; the header is the first record's keys."""

    path: Path
    header: tuple[str, ...]
    records: Sequence[Mapping[str, Any]]


def record_table(path: Path) -> RecordTable:
    """Read a JSON file.

    Raises
    ------
    DataError
        Broken JSON (line and column are named), an error message or nothing in place of data, or fewer
        records than the file itself counts.
    """
    content = _content(path)
    whole = content if isinstance(content, dict) else {"data": content}
    records = whole.get("data")
    if not isinstance(records, list) or not records or not all(isinstance(r, dict) for r in records):
        told = whole.get("error") or whole.get("message")
        raise DataError(
            said(
                "file {path} holds no records under 'data', but the error {error}",
                path=repr(str(path)),
                error=repr(told),
            )
            if told
            else said("file {path} holds no records under 'data'", path=repr(str(path))),
            said("Run the query again."),
        )
    count = whole.get("count")
    if isinstance(count, int) and count > len(records):
        raise DataError(
            said(
                "file {path} counts {count} records and holds {n}",
                path=repr(str(path)),
                count=f"{count:,}",
                n=f"{len(records):,}",
            ),
            said("The answer was cut by the service's limit: ask for less at a time."),
        )
    return RecordTable(path, tuple(records[0]), records)


def _content(path: Path) -> Any:
    """What the JSON says."""
    try:
        return json.loads(b"".join(blocks(path)), object_pairs_hook=lambda pairs: _record(path, pairs))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno:,}, column {error.colno:,}: {error.msg}"
        raise DataError(
            said("file {path} is not whole JSON", path=repr(str(path))),
            said("A download cut short ends like this: get it again."),
            first=where,
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            said("file {path} is not JSON text", path=repr(str(path))), said("Give the answer as it came.")
        ) from error
    except DataError:
        raise
    except (RecursionError, ValueError) as error:  # nested, or whole numbers, beyond all measure
        raise DataError(
            said("file {path} is no answer of a service", path=repr(str(path))),
            said("Give the answer as it came."),
            first=str(error),
        ) from None


def _record(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A record; of a name that stands twice in it, JSON would keep the last."""
    made = dict(pairs)
    if len(made) < len(pairs):
        refuse_twice(path, [name for name, _ in pairs])
    return made


def record_columns(
    table: RecordTable, wanted: Sequence[str], *, numeric: Mapping[str, frozenset[str]]
) -> dict[str, Texts | Array]:
    """The `wanted` columns: text (null is ''), or Float64 where `numeric` (null is NaN where '' is allowed)."""
    out: dict[str, Texts | Array] = {}
    for name in wanted:
        if name not in numeric:
            values = [_get(table, i, name) for i in range(len(table.records))]
            texts = ["" if v is None else str(v).strip() for v in values]
            _refuse_broken(table, name, texts)
            out[name] = gathered(texts)
        else:
            out[name] = np.array(
                [_number(table, i, name, "" in numeric[name]) for i in range(len(table.records))]
            )
    return out


def _refuse_broken(table: RecordTable, name: str, texts: Sequence[str]) -> None:
    """Refuse halves of characters, which JSON can write and no file can keep."""
    for i, text in enumerate(texts):
        if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
            raise DataError(
                said(
                    "file {path}, record {number}, {name}: half a character",
                    path=repr(str(table.path)),
                    number=f"{i + 1:,}",
                    name=repr(name),
                ),
                said("The answer was damaged on its way: get it again."),
                first=ascii(text),
            )


def _get(table: RecordTable, i: int, name: str) -> Any:
    try:
        return table.records[i][name]
    except KeyError:
        raise DataError(
            said(
                "file {path}, record {number} has no {name}",
                path=repr(str(table.path)),
                number=f"{i + 1:,}",
                name=repr(name),
            ),
            said("It has: {records}.", records=list(table.records[i])),
        ) from None


def _number(table: RecordTable, i: int, name: str, may_miss: bool) -> float:
    value = _get(table, i, name)
    if value is None and may_miss:
        return float("nan")
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return float(value)
    raise DataError(
        said(
            "file {path}, record {number}, {name}: no number",
            path=repr(str(table.path)),
            number=f"{i + 1:,}",
            name=repr(name),
        ),
        said("It must be a number."),
        first=repr(value),
    )
