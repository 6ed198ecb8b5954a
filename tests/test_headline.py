"""The sentence on top of a report on a table of one's own, clause by clause; the heads of its tables of intervals."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

import exportlab as xl
from exportlab.reporting.own import headline, intervals


def said(**columns) -> str:
    """The sentence on a small table."""
    roles = {name: name for name in columns}
    table = pd.DataFrame(columns)
    return headline.headline(xl.findings(xl.flows(table, **roles, unit="USD", validate="schema")))


@pytest.mark.parametrize(
    ("hhi", "words"),
    [
        (0.0999, "little"),
        (0.1, "between"),
        (0.15, "between"),
        (0.18, "between"),
        (0.1801, "much"),
    ],
)
def test_how_much_is_much(hhi, words):
    """The lines of the Merger Guidelines of 2023: 1,000 and 1,800 points, the latter not above itself."""
    assert headline._much(SimpleNamespace(others=(), now=lambda _: hhi)).startswith(words)


def test_beside_other_exporters():
    def much(*others):
        return headline._much(SimpleNamespace(others=others, now=lambda _: 0.2))

    assert much(0.1, 0.2, 0.3) == "above 1 of the 3 other exporters in the table"
    assert much(0.1, 0.15) == "above 2 of the 2 other exporters in the table"
    assert much(0.3) == "beside 0.300 of the table's other exporter"


def test_growth_is_told_where_there_is_an_earlier_year():
    two = {"market": ["Japan", "Korea"] * 2, "period": ["2022"] * 2 + ["2023"] * 2}
    assert "exported 400 USD, 33.3% more than in 2022" in said(**two, value=[100.0, 200.0, 200.0, 200.0])
    assert "25.0% less than in 2022" in said(**two, value=[200.0, 200.0, 150.0, 150.0])
    assert "0.0% more than in 2022" in said(**two, value=[100.0, 200.0, 200.0, 100.0])
    alone = said(market=["Japan", "Korea"], period=["2023"] * 2, value=[3.0, 1.0])
    assert alone.startswith("In 2023 all exporters exported")
    assert "than in" not in alone
    assert "the largest markets were Japan (75.0%) and South Korea (25.0%)" in alone
    assert "(HHI) is 0.625" in alone
    assert said(market=["Japan", "Korea"], value=[3.0, 1.0]).startswith("all exporters exported")


def test_products_where_there_are_no_markets():
    assert "concentration over products (HHI) is 0.500" in said(
        product=["010121", "020110"], value=[2.0, 2.0]
    )


def test_heads_of_intervals():
    figure = SimpleNamespace(
        estimate=0.1,
        corrected=float("nan"),
        low=0.0,
        high=0.2,
        method="delta",
        drawn="product",
        unit="product",
        n=9,
        notes=(),
    )
    for form, unit, title in (
        ("points", "95 % intervals; percentage points", "How sure the change is"),
        ("share", "95 % intervals", "How sure these figures are"),
    ):
        (made,) = intervals.table("a", [("HHI", figure), ("none", None)], form)
        assert (str(made.unit), str(made.title), len(made.frame)) == (unit, title, 1)
    assert intervals.table("a", [("none", None)], "share") == []
    assert intervals.spanned(["2023"]) == "2023"
    assert intervals.spanned(["2021", "2023"]) == "2021 to 2023 (2 periods)"
    assert intervals.without("market") != intervals.without("product")
    assert "product" in intervals.without("market")
