"""What is no label and no number is refused by every function that takes a table, never read as something else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from table_doors import DOORS

from exportlab.errors import ExportlabError

CELLS: dict[str, Any] = {
    "mapping": {"a": 1},
    "list": [1],
    "tuple": (1,),
    "complex": 1 + 2j,
    "bytes": b"x",
    "blank": " ",
    "missing": None,
    "infinite": np.inf,
}
IN_NUMBERS: dict[str, Any] = {"text": "1,5", "number as text": "12", "day": pd.Timestamp("2020-01-01")}
COLUMNS = [
    (name, table, column) for name, d in DOORS.items() for table, t in d.tables().items() for column in t
]


@pytest.mark.parametrize("name", DOORS)
def test_a_door_says_something_and_asks_every_column(name):
    door = DOORS[name]
    said = door.numbers(door.tables())
    assert said.notna().any().any()
    for table, made in door.tables().items():
        for column in made:
            try:
                without = door.numbers({**door.tables(), table: made.drop(columns=column)})
            except ExportlabError:
                continue
            except KeyError:
                assert table in ("income", "upstreamness")  # the entry's own series
                continue
            assert without.shape != said.shape


@pytest.mark.parametrize(("name", "table", "column"), COLUMNS)
def test_a_strange_cell_is_refused_with_words(name, table, column):
    door = DOORS[name]
    whole = door.tables()[table]
    strange = CELLS | (IN_NUMBERS if pd.api.types.is_float_dtype(whole[column]) else {})
    for what, cell in strange.items():
        if what in door.open.get((table, column), ()):
            continue
        cells = [*whole[column]]
        cells[len(cells) // 2] = cell
        number = what == "infinite" and pd.api.types.is_numeric_dtype(whole[column])
        spoiled = whole.assign(
            **{column: pd.Series(cells, index=whole.index, dtype=float if number else object)}
        )
        with pytest.raises(ExportlabError) as refused:
            door.numbers({**door.tables(), table: spoiled})
        assert len(str(refused.value)) > 30, what
