"""Pictures as wide as a phone: their letters keep their size, and names, numbers and legends make room."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from exportlab.plots import areas, change, lines, style, valueadded
from exportlab.plots.claims import verdicts
from exportlab.tables.drawing import svg, svg_file
from exportlab.tables.model import Picture


def texts(ax):
    return [t.get_text() for t in ax.texts]


@pytest.mark.parametrize(
    ("text", "most", "count", "made"),
    [
        ("Japan 5.1%", 20, 1, "Japan 5.1%"),
        ("today's members throughout 1.1%", 11, 2, "today's members\nthroughout 1.1%"),
        ("Bosnia and Herzegovina 4.7%", 10, 1, "Bosnia and… 4.7%"),  # the number is kept
        ("Bosnia and Herzegovina", 10, 1, "Bosnia and Herze…"),
        ("波斯尼亚和黑塞哥维那", 6, 1, "波斯尼亚和…"),
        ("波斯尼亚和黑塞哥维那", 5, 2, "波斯尼亚和\n黑塞哥维那"),
    ],
)
def test_names_in_lines(text, most, count, made):
    assert lines.in_lines(text, most, count) == made


def test_lines_are_about_as_long_and_no_more_than_needed():
    assert lines.squares("A1a出") == pytest.approx(0.66 + 0.66 + 0.57 + 1)
    assert lines.width("a出") == 3
    assert lines.wrapped("aa aa aa aa", 5) == "aa aa aa\naa"
    assert lines.balanced("aa aa aa aa", 5) == "aa aa\naa aa"
    assert lines.balanced("aaa aaa aaa", 5) == "aaa aaa\naaa"


def test_what_needs_room_is_broader_and_the_rest_a_column():
    with style.at_most(3.5):
        sizes = [
            style.new_axes(**options).figure.get_size_inches().tolist()
            for options in (
                {},
                {"size": (7.2, 1.9)},
                {"size": (7.2, 4.2), "narrow": 3.3},
                {"size": (7.2, 4.6), "wide": True},
                {"size": (3.0, 2.0), "wide": True},
            )
        ]
    assert np.allclose(sizes, [(3.5, 2.7), (3.5, 1.9), (3.5, 3.3), (5.6, 4.6), (3.0, 2.0)])


def test_a_page_says_title_and_foot_itself():
    table = pd.DataFrame({"m": ["Japan", "USA"], "value": [3.0, 1.0]})
    title = "Japan took 75% of what was sent abroad in the one year of which figures are published"
    ax = areas.treemap(
        table, label="m", title=title, source="customs", note="A note.", ax=style.axes("single")
    )
    assert "\n" in ax.get_title(loc="left")
    picture = Picture("a", "A", ax, "Treemap")
    assert picture.around == (title, ("A note.", "Source: customs"))
    assert picture.said == f"{title}. Treemap"
    drawn = re.compile(r'id="text_\d+"')
    on_page, in_file = (len(drawn.findall(made)) for made in (svg(ax), svg_file(ax)))
    assert in_file - on_page == 2  # title and foot
    assert len(drawn.findall(svg_file(ax))) == in_file  # they are hidden for the page alone


def test_a_title_in_chinese_is_joined_without_spaces():
    title = "萨摩亚的占比变动最大，从2021年到2023年的变动为15.7个百分点，墨西哥次之"
    ax = style.finish(style.new_axes(size=style.SINGLE), title=title)
    assert "\n" in ax.get_title(loc="left")
    assert style.said_around(ax) == (title, ())


@pytest.mark.parametrize(
    ("values", "printed"),
    [
        ([1000, 1100, 1200, 1300], ["1,000", "1,100\n+10.0%", "1,200\n+9.1%", "1,300\n+8.3%"]),
        (range(11, 22), [*map(str, range(11, 21)), "21\n+5.0%"]),
        (range(1000, 1900, 100), ["1,000", "", "1,200", "", "1,400", "", "1,600", "", "1,800\n+5.9%"]),
    ],
)
def test_bars_near_each_other_print_less(values, printed):
    table = pd.DataFrame({"period": range(2001, 2001 + len(values)), "value": values})
    ax = change.yearly(table, unit="USD", ax=style.axes("single"))
    assert texts(ax) == printed


def test_every_other_month_is_named_in_a_column():
    table = pd.DataFrame({"period": [f"2023-{m:02d}" for m in range(1, 13)], "value": 1.0})
    narrow, wide = (
        [t.get_text() for t in change.like_months(table, ax=style.axes(w)).get_xticklabels()]
        for w in ("single", "double")
    )
    assert narrow == ["Jan", "Mar", "May", "Jul", "Sep", "Nov"]
    assert len(wide) == 12


def test_long_names_of_rows_take_two_lines():
    table = pd.DataFrame({"measure": ["value added of the exporting sectors alone"], "low": 0.1, "high": 0.3})
    ax = valueadded.interval_bars(table, ax=style.axes("single"))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["value added of the\nexporting sectors alone"]


def test_the_map_has_letters_where_they_can_be_read():
    table = pd.DataFrame({"market": ["Japan", "USA"], "share": [0.75, 0.25]})
    wide, narrow = (areas.market_map(table, ax=style.axes(w)) for w in ("double", "single"))
    assert {"JP", "US"} <= set(texts(wide))
    assert min(t.get_fontsize() for t in wide.texts[:-1]) > 7
    assert not {"JP", "US"} & set(texts(narrow))


def test_a_legend_of_long_names_leaves_the_picture_its_width():
    table = pd.DataFrame({"verdict": ["reproduced", "contradicted by a source", "cannot be checked"] * 4})
    ax = verdicts(table.assign(paper="Guo"), title="t " * 60, ax=style.axes("single", height=2.2))
    ax.figure.draw_without_rendering()
    assert ax.get_window_extent().width > 0.7 * ax.figure.bbox.width
    legend = ax.get_legend().get_window_extent()
    assert legend.x1 <= ax.figure.bbox.x1
    title = ax.title if ax.get_title() else ax._left_title
    assert title.get_window_extent().y0 >= legend.y1 - 1
    groups = pd.DataFrame(
        {"m": list("abcde"), "value": 1.0, "g": [f"section {k} of all goods" for k in range(5)]}
    )
    ax = areas.treemap(groups, label="m", group="g", ax=style.axes("single"))
    ax.figure.draw_without_rendering()
    assert ax.get_window_extent().width > 0.85 * ax.figure.bbox.width
    assert ax.get_legend()._ncols == 2


def test_names_beside_points_hide_nothing():
    at = np.array([1.0, 2.0, 3.0])
    ax = style.new_axes(size=style.SINGLE)
    ax.scatter(at, at, s=200)
    names = ["the first", "the second", "Communication equipment, computers and others"]
    style.place_names(ax, at, at, np.full(3, 200.0), names=names)
    assert [t.get_text() for t in ax.texts][:2] == names[:2]
    assert "\n" in texts(ax)[2]  # left of the last point, in lines
    assert ax.texts[2].xyann[0] < 0
    boxes = [t.get_window_extent() for t in ax.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
