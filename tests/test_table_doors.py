"""What is no label and no number is refused by every function that takes a table, never read as something else."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from table_doors import DOORS

from exportlab import plots
from exportlab.errors import ExportlabError
from exportlab.text import blank, look_alike

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
                assert table in (
                    "income",
                    "upstreamness",
                    "known",
                    "multipliers",
                    "more",
                )  # the entry's own series
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


# ---- pictures --------------------------------------------------------------------------------------------------------

MONTHS = [f"{year}-{month:02d}" for year in (2022, 2023) for month in range(1, 13)]
PICTURES: dict[str, tuple[Any, pd.DataFrame]] = {
    "growth_bubbles": (
        lambda t: plots.growth_bubbles(t, label="m"),
        pd.DataFrame({"m": ["JPN", "KOR", "USA"], "before": [1.0, 2, 3], "after": [2.0, 2, 4]}),
    ),
    "heatmap": (plots.heatmap, pd.DataFrame({"x": [1.0, 2, 3], "y": [2.0, 3, 1]}, index=[*"abc"])),
    "intervals": (
        lambda t: plots.intervals(t, label="term"),
        pd.DataFrame(
            {"term": [*"abc"], "estimate": [1.0, 2, 3], "conf_low": [0.5, 1, 2], "conf_high": [2.0, 3, 4]}
        ),
    ),
    "like_months": (plots.like_months, pd.DataFrame({"period": MONTHS, "value": np.arange(1.0, 25)})),
    "months_by_years": (plots.months_by_years, pd.DataFrame({"period": MONTHS, "value": np.arange(1.0, 25)})),
    "market_map": (
        plots.market_map,
        pd.DataFrame({"market": ["JPN", "KOR", "USA"], "share": [0.2, 0.3, 0.5]}),
    ),
    "series": (
        lambda t: plots.series(t, period="year", columns=["a"]),
        pd.DataFrame({"year": [2019, 2020, 2021], "a": [1.0, 2, 3]}),
    ),
    "stacked_parts": (
        lambda t: plots.stacked_parts(t, parts=["a", "b"], label="year"),
        pd.DataFrame({"year": [2019, 2020, 2021], "a": [1.0, 2, 3], "b": [1.0, 2, 3]}),
    ),
    "tile_map": (
        lambda t: plots.tile_map(t, unit="p", value="v"),
        pd.DataFrame({"p": ["Liaoning", "Jilin", "Beijing"], "v": [1.0, 2, 0.5]}),
    ),
    "treemap": (lambda t: plots.treemap(t, label="m"), pd.DataFrame({"m": [*"abc"], "value": [1.0, 2, 3]})),
    "yearly": (
        lambda t: plots.yearly(t, unit="USD"),
        pd.DataFrame({"period": [2019, 2020, 2021], "value": [1.0, 2, 3]}),
    ),
    "market_shares": (
        lambda t: plots.market_shares(t, period="year", member="m", share="s"),
        pd.DataFrame({"year": [2020] * 3, "m": [*"abc"], "s": [0.2, 0.3, 0.5]}),
    ),
    "rca_bars": (
        lambda t: plots.rca_bars(t, product="m", rca="r"),
        pd.DataFrame({"m": [*"abc"], "r": [0.2, 1.3, 0.5]}),
    ),
    "membership_shares": (
        lambda t: plots.membership_shares({"a": t}),
        pd.DataFrame({"period": [2019, 2020, 2021], "bloc_share": [0.1, 0.2, 0.3]}),
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_what_is_no_figure_is_refused(name):
    draw, whole = PICTURES[name]
    for column in whole:
        figure = pd.api.types.is_float_dtype(whole[column])
        for cell in ([1], {"a": 1}, *((1 + 2j, "1,5", " ", "12", np.inf) if figure else ())):
            if cell is np.inf and column.startswith("conf_"):
                continue  # a set may have no end
            cells = [*whole[column]]
            cells[1] = cell
            kind = float if cell is np.inf else object
            spoiled = whole.assign(**{column: pd.Series(cells, index=whole.index, dtype=kind)})
            with pytest.raises(ExportlabError, match=re.escape(repr(column))):
                draw(spoiled)


def test_the_row_of_what_is_no_figure_is_counted_from_one():
    table = pd.DataFrame({"period": [2019, 2020, 2021], "value": [1.0, np.inf, np.inf]})
    with pytest.raises(
        ExportlabError, match=r"column 'value' has infinite figures in 2 rows\. First: row 2\. "
    ):
        plots.yearly(table, unit="USD")
    with pytest.raises(
        ExportlabError, match=r"column 'value' is beyond 1e\+50.* in 1 row\. First: row 3: 1e\+60"
    ):
        plots.yearly(table.assign(value=[1.0, 2.0, 1e60]), unit="USD")


def test_texts_that_nobody_can_tell_apart():
    assert look_alike(["a", "b", "a b", 3, None]) is None
    assert look_alike(["a ", " b"]) is None
    assert look_alike(["a ", "b", " a"]) == ("a ", " a")
    assert look_alike(["b", "a  b", "a b"]) == ("a  b", "a b")
    assert look_alike(["é", "e\u0301"]) == ("é", "e\u0301")
    assert [blank(x) for x in ("", " ", "\u200b\u3000", "x", 0, None)] == [True] * 3 + [False] * 3


@pytest.mark.parametrize("name", PICTURES)
def test_a_missing_figure_is_a_gap_or_refused(name):
    draw, whole = PICTURES[name]
    column = [c for c in whole if pd.api.types.is_float_dtype(whole[c])][-1]
    assert draw(whole).has_data()
    with contextlib.suppress(ExportlabError):
        draw(whole.assign(**{column: whole[column].where(np.arange(len(whole)) != 1)}))
