"""How results look in a terminal and in a notebook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from exportlab.results import ROWS, Result, table_html


@dataclass(frozen=True, repr=False, eq=False)
class Found(Result):
    table: pd.DataFrame
    name: str = "Found"

    @property
    def title(self) -> str:
        return self.name


class Cells(HTMLParser):
    """Rows of cell texts, the style of each cell, and a check that tags close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.styles: list[list[str]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
            self.styles.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.styles[-1].append(dict(attrs)["style"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_numbers_have_the_digits_that_matter():
    frame = pd.DataFrame(
        {
            "year": [2023, 2024],
            "share": [0.123456, 1e-9],
            "value": [123456.789, np.nan],
            "n": [1234567, 0],
            "estimate": [-0.000123456, 12.3456],
            "what": ["a", None],
            "yes": [True, False],
        }
    )
    cells = Cells(table_html(frame))
    assert cells.rows[0] == list(frame.columns)
    assert cells.rows[1] == ["2023", "0.1235", "123,456.8", "1,234,567", "-0.0001235", "a", "True"]
    assert cells.rows[2] == ["2024", "1e-09", "", "0", "12.35", "", "False"]


def test_numbers_and_their_headings_are_right_aligned():
    cells = Cells(table_html(pd.DataFrame({"what": ["a"], "x": [1.5]})))
    for row in cells.styles:
        assert "text-align:left" in row[0]
        assert "text-align:right" in row[1]


def test_text_is_escaped():
    found = Found(pd.DataFrame({"<b>": ["<script>alert(1)</script>"], "y": ["a & b"]}), "A <i> & B")
    text = found._repr_html_()
    assert not re.search("<script|<b>|<i>", text)
    assert "A &lt;i&gt; &amp; B" in text
    assert Cells(text).rows == [["<b>", "y"], ["<script>alert(1)</script>", "a & b"]]


@pytest.mark.parametrize(("rows", "shown", "said"), [(ROWS, ROWS, ""), (1000, ROWS, "… 940 more rows …")])
def test_long_tables_show_their_ends(rows, shown, said):
    cells = Cells(table_html(pd.DataFrame({"x": range(rows)})))
    body = [r for r in cells.rows[1:] if r[0] != said]
    assert len(body) == shown
    assert [body[0], body[-1]] == [["0"], [f"{rows - 1:,}"]]
    assert ([said] in cells.rows) == bool(said)


def test_columns_of_several_levels():
    frame = pd.DataFrame([[1.0, 2.0]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert Cells(table_html(frame)).rows[0] == ["a · x", "a · y"]


def test_an_empty_table_has_its_headings():
    assert Cells(table_html(pd.DataFrame({"x": []}))).rows == [["x"]]


def test_terminal_and_notebook_say_the_same():
    found = Found(pd.DataFrame({"x": [1.23456]}))
    assert repr(found) == "Found\n    x\n1.235"
    assert Cells(found._repr_html_()).rows == [["x"], ["1.235"]]


def test_every_result_of_the_package_reads_as_html():
    import exportlab as xl

    own = xl.valueadded.liaoning_bounds(year=2023, period="Jan-May")
    cells = Cells(own._repr_html_())
    assert cells.rows[0] == ["measure", "low", "high"]
    assert len(cells.rows) == len(own.table) + 1


FLOWS = pd.DataFrame(
    {
        "year": [2022] * 6 + [2023],
        "partner": ["Japan", "<b>Korea</b>", *"cdef", "Japan"],
        "usd": [1234.5, 2, 3, 4, 5, 6, 7.0],
    }
)


def test_flows_show_roles_unit_source_and_first_rows():
    import exportlab as xl

    made = xl.flows(
        FLOWS, period="year", market="partner", value="usd", unit="USD & co", source="<i>customs</i>"
    )
    text = made._repr_html_()
    cells = Cells(text)
    assert cells.rows[0] == ["year (period)", "partner (market)", "usd (value)"]
    assert cells.rows[1:3] == [["2022", "Japan", "1,234"], ["2022", "<b>Korea</b>", "2"]]
    assert len(cells.rows) == 1 + 5
    assert not re.search("<b>|<i>", text)
    turned = Cells(xl.cells(made, ["market", "period"])._repr_html_())
    assert turned.rows[0] == ["partner (market)", "year (period)", "usd (value)"]
    assert ["Japan", "2022", "1,234"] in turned.rows
    for said in (
        "Flows: 7 rows, pandas",
        "unit: USD &amp; co",
        "source: &lt;i&gt;customs&lt;/i&gt;",
        "a row is: one period, market",
        "… 2 more rows …",
    ):
        assert said in text


def test_flows_of_own_names_keys_and_parts():
    import exportlab as xl

    table = pd.DataFrame(
        {"market": ["a", "a"], "regime": ["x", "y"], "value": [1.0, 2.0], "quantity": [3.0, 4.0]}
    )
    text = xl.flows(table, keys="regime", quantity_unit="t")._repr_html_()
    assert Cells(text).rows[0] == ["market", "value", "quantity", "regime"]
    assert "unit: not stated; unit of quantity: t; source: not stated; a row is: one market, regime" in text
    assert "more rows" not in text
    summed = xl.flows(table.drop(columns="regime"), aggregate="sum")._repr_html_()
    assert "a row is: a part of a cell, to be added up" in summed


def test_a_plan_is_not_run_to_be_shown():
    import polars as pl

    import exportlab as xl

    def fail(_: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError("the plan ran")

    lazy = pl.from_pandas(FLOWS).lazy().map_batches(fail)
    made = xl.flows(lazy, period="year", market="partner", value="usd", unit="USD")
    text = made._repr_html_()
    assert Cells(text).rows == [["year (period)", "partner (market)", "usd (value)"]]
    assert "Flows: a plan for polars" in text
    assert "Rows are neither counted nor shown" in text


def test_a_result_without_a_picture_says_so():
    with pytest.raises(NotImplementedError, match="Found has no picture of its own"):
        Found(pd.DataFrame()).plot()


@dataclass(frozen=True, repr=False, eq=False)
class Cautioned(Found):
    @property
    def remarks(self) -> tuple[str, ...]:
        return ("Of <two> years.", "1. Not risk.")


def test_remarks_stand_below_the_table_wherever_it_is_shown():
    import exportlab as xl

    found = Cautioned(pd.DataFrame({"x": [1.23456], "what": ["a|b\nc"]}), "Found *it*")
    assert found.summary().splitlines()[-2:] == ["Of <two> years.", "1. Not risk."]
    below = [line.rpartition(">")[2] for line in found._repr_html_().split("</p>")]
    assert below[1:] == ["Of &lt;two&gt; years.", "1. Not risk.", ""]
    assert found.to_markdown() == (
        "**Found \\*it\\***\n\n| x | what |\n| ---: | --- |\n| 1.235 | a\\|b c |\n\n"
        "Of \\<two\\> years.\n\n1\\. Not risk.\n"
    )
    assert xl.typeset(found, notes="Mine.").grid().below == ("Of <two> years. 1. Not risk. Mine.",)


def everything(kind: type) -> list[type]:
    return [kind, *(x for sub in kind.__subclasses__() for x in everything(sub))]


def test_what_a_summary_says_below_the_table_a_notebook_says_too():
    """A result says such sentences in `remarks`, the one place that all forms read."""
    import_module("exportlab.panel")
    import_module("exportlab.risk")
    from exportlab.tables.publication import Printed

    elsewhere = {
        "Intervals",
        "Reading",
        "ImpliedBounds",
        "Estimates",
    }  # in a column of the table, or in the title
    kinds = [k for k in everything(Result) if k.__module__.startswith("exportlab")]
    told = [k for k in kinds if not issubclass(k, Printed) and k.__name__ not in elsewhere]
    told = [
        k
        for k in told
        if {"notes", "cautions", "assumptions"} & getattr(k, "__dataclass_fields__", {}).keys()
    ]
    assert {"Estimate", "HonestDiD", "WildBootstrap", "ContentBounds", "Portfolio"} <= {
        k.__name__ for k in told
    }
    assert [k for k in told if k.remarks is Result.remarks] == []


MARKS = ["*a*", "_a_", "`a`", "[a](b)", "<b>", "a|b", "$x$", "~~a~~", "&lt;", "{x}", "a\\b"]


@pytest.mark.parametrize("text", MARKS)
def test_markdown_has_no_marks_of_the_data(text):
    from exportlab.text import markdown_text

    escaped = markdown_text(text)
    assert escaped.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\") == text
    assert not re.search(r"(?<!\\)(?:\\\\)*[*`\[\]<|$~&{]", escaped)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("# a", "\\# a"),
        ("- a", "\\- a"),
        ("1. a", "1\\. a"),
        ("2) a", "2\\) a"),
        ("-1.5", "-1.5"),
        ("1.5", "1.5"),
        ("std_error", "std_error"),
    ],
)
def test_markdown_begins_no_list_and_no_heading(text, escaped):
    from exportlab.text import markdown_text

    assert markdown_text(text) == escaped
