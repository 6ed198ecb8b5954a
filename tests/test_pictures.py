"""Pictures take what people hold, say what they cannot tell, and show themselves in a notebook."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

import exportlab as xl
from exportlab.errors import DataError, OptionError
from exportlab.results import Result

OWN = pd.DataFrame(
    {
        "年份": [2021, 2021, 2022, 2022],
        "伙伴": ["Japan", "USA", "Japan", "USA"],
        "usd": [30.0, 10.0, 20.0, 60.0],
    }
)


@pytest.fixture(scope="module")
def flows():
    return xl.flows(OWN, period="年份", market="伙伴", value="usd", unit="million USD", source="customs")


def lines(ax):
    """The points of each line by its name."""
    drawn = [line for line in ax.get_lines() if len(line.get_ydata()) > 1]
    return {line.get_label(): line.get_ydata().tolist() for line in drawn}


def foot(ax):
    return [t.get_text() for t in ax.texts][-1]


def test_flows_and_their_table_give_one_picture(flows):
    pl = pytest.importorskip("polars")
    drawn = {"USA": [25.0, 75.0], "Japan": [75.0, 25.0]}
    ax = xl.plots.market_shares(flows)
    assert lines(ax) == drawn
    assert foot(ax) == "Source: customs"
    assert ax.get_legend() is None
    table = xl.share(flows, over="market")
    assert lines(xl.plots.market_shares(table)) == drawn
    assert lines(xl.plots.market_shares(pl.from_pandas(table))) == drawn
    assert foot(xl.plots.market_shares(flows, source="mine")) == "Source: mine"


def test_each_picture_of_indices_takes_flows(flows):
    assert list(lines(xl.plots.concentration(flows)).values()) == [[0.625, 0.625]]
    effective = xl.plots.concentration(flows, value="effective_number", over="market")
    assert list(lines(effective).values()) == [[1.6, 1.6]]
    assert effective.get_ylabel() == xl.CATALOGUE["effective_number"].title
    assert [bar.get_height() for bar in xl.plots.bloc_share(flows, bloc="RCEP").patches] == [0.0, 25.0]
    value = xl.plots.series(flows)
    assert list(lines(value).values()) == [[40.0, 80.0]]
    assert value.get_ylabel() == "million USD"
    curve = xl.plots.lorenz(flows.where(period=2022))
    assert curve.get_lines()[1].get_ydata().tolist() == [0, 25, 100]
    assert {foot(ax) for ax in (effective, value)} == {"Source: customs"}


def test_tables_with_their_own_names(flows):
    hhi = xl.hhi(flows, over="market")
    assert list(lines(xl.plots.concentration(hhi)).values()) == [[0.625, 0.625]]
    assert len(xl.plots.bloc_share(xl.bloc_share(flows, "RCEP")).patches) == 2
    one = xl.plots.market_shares(xl.share(flows.where(period=2021), over="market").drop(columns="年份"))
    assert [t.get_text() for t in one.get_yticklabels()] == ["USA", "Japan"]


def test_products_are_drawn_where_there_is_no_market():
    table = pd.DataFrame({"period": [2021, 2021], "product": ["01", "02"], "value": [1.0, 3.0]})
    ax = xl.plots.market_shares(xl.flows(table))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["01", "02"]


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda f: xl.plots.rca_bars(f), "is drawn of a table of figures, not of flows"),
        (lambda f: xl.plots.lorenz(f), r"2 periods, .* one period's. Choose one: flows.where\(period=2022\)"),
        (
            lambda f: xl.plots.market_shares(OWN.assign(a="x")),
            r"member is not told .* \['伙伴', 'a'\]: say member=",
        ),
        (
            lambda f: xl.plots.concentration(OWN.assign(y=2021)),
            r"period is not told .* \['年份', 'y'\]: say period=",
        ),
        (lambda f: xl.plots.market_shares(OWN.assign(y=0.5)), r"share is not told .* say share="),
        (
            lambda f: xl.plots.bloc_share(xl.bloc_share(f, "RCEP", by=[])),
            r"period is not told .* The table has",
        ),
        (lambda f: xl.plots.market_shares(OWN.head(0), share="usd"), "the table has no rows"),
    ],
)
def test_what_cannot_be_told_is_refused(flows, draw, said):
    with pytest.raises(DataError, match=said):
        draw(flows)


def test_options_that_do_not_fit_are_refused(flows):
    with pytest.raises(OptionError, match="over='market' goes with flows"):
        xl.plots.concentration(xl.hhi(flows, over="market"), over="market")
    with pytest.raises(OptionError, match="columns=... is needed"):
        xl.plots.series(OWN)
    for height in (0, -1, 1000):
        with pytest.raises(OptionError, match=r"height=.* Allowed: inches above zero, at most 100"):
            xl.plots.axes("single", height=height)
    with pytest.raises(OptionError, match="width='wide' is not allowed"):
        xl.plots.axes("wide")


def test_names_at_the_ends_make_room_for_each_other():
    names = [f"market {k}" for k in range(6)]
    table = pd.DataFrame(
        {
            "period": [2021] * 6 + [2022] * 6,
            "market": names * 2,
            "share": [1 / 6] * 6 + [0.16, 0.161, 0.162, 0.163, 0.164, 0.19],
        }
    )
    ax = xl.plots.market_shares(table, ax=xl.plots.axes("single"))
    ax.figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in ax.texts if t.get_text().startswith("market")]
    boxes.sort(key=lambda box: box.y0)
    assert len(boxes) == 6
    assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(boxes))
    assert all(box.x1 <= ax.figure.bbox.x1 for box in boxes)
    by_height = sorted((t for t in ax.texts if t.get_text().startswith("market")), key=lambda t: t.xy[1])
    assert [t.get_text().rpartition(" ")[0] for t in by_height] == names


@pytest.mark.parametrize(("width", "shown"), [("single", 5), ("double", 10)])
def test_periods_have_room(width, shown):
    table = pd.DataFrame({"period": range(2001, 2021), "hhi": 0.5})
    ax = xl.plots.concentration(table, ax=xl.plots.axes(width))
    assert len(ax.get_xticks()) == shown


def test_a_notebook_draws_what_plot_returns():
    ax = xl.bounds("hhi", {"EU": 50.0, "Japan": 30.0}, 100.0).plot()
    data, size = ax._repr_png_()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert 600 < size["width"] < 800  # a figure of 7.2 inches at 96 points an inch
    assert 250 < xl.plots.axes("single")._repr_png_()[1]["width"] < 400


def test_bounds_are_drawn():
    ax = xl.bounds("hhi", {"EU": 50.0, "Japan": 30.0}, 100.0).plot()
    assert "0.34 - 0.38" in [t.get_text() for t in ax.texts]
    assert ax.get_title(loc="left").startswith("hhi: between 0.34 and 0.38")
    implied = xl.facts("100.0", universe=None).know({"Japan": "50.0", "Korea": "30.0"}).bounds("hhi")
    assert f"{implied.low:.3g} - {implied.high:.3g}" in [t.get_text() for t in implied.plot().texts]


def test_a_result_is_drawn_as_its_table():
    class Shares(Result):
        table = pd.DataFrame({"period": [1, 2], "share": [0.5, 0.25]})

    ax = xl.plots.series(Shares(), columns=["share"])
    assert list(lines(ax).values()) == [[0.5, 0.25]]
