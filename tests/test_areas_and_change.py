"""Pictures of areas and of change: what is drawn is what the table says; fonts, texts on hover, amounts in words."""

from __future__ import annotations

import re
import sys
import warnings
from datetime import date
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib import font_manager

import exportlab as xl
from exportlab import words
from exportlab.classifications._tables import rows
from exportlab.errors import DataError, MissingDependency, OptionError
from exportlab.plots import areas, change, interactive, lines, structure, style
from exportlab.tables.drawing import svg

SHARES = pd.DataFrame(
    {"market": ["JPN", "USA", "EU", "KOR"], "share": [0.4, 0.3, 0.2, 0.0005], "value": [4, 3, 2, 1]}
)
MONTHS = pd.DataFrame(
    {
        "month": [f"{y}-{m:02d}" for y in (2022, 2023) for m in range(1, 13)][:20],
        "value": np.arange(1.0, 21.0),
    }
)


def texts(ax):
    return [t.get_text() for t in ax.texts if t.get_text()]


def hovers(ax):
    return re.findall(r"<title>([^<]*)</title>", svg(ax))


def test_squarified_rectangles_tile_the_box():
    sizes = [6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0]  # the example of Bruls, Huizing and van Wijk (2000), figure 4
    made = areas.squarified(sizes, (0.0, 0.0, 6.0, 4.0))
    assert [w * h for _x, _y, w, h in made] == pytest.approx(sizes)
    assert made[:2] == [(0.0, 2.0, 3.0, 2.0), (0.0, 0.0, 3.0, 2.0)]  # the two sixes, one above the other
    for (x, y, w, h), (u, v, s, t) in combinations(made, 2):
        assert min(x + w, u + s) - max(x, u) < 1e-9 or min(y + h, v + t) - max(y, v) < 1e-9
    assert all(x >= 0 and y >= -1e-9 and x + w <= 6 + 1e-9 and y + h <= 4 + 1e-9 for x, y, w, h in made)


def test_a_treemap_has_an_area_for_every_value():
    table = pd.DataFrame({"k": list("abcd"), "value": [5.0, 3.0, 1.0, 0.0], "g": ["x", "y", "x", "y"]})
    ax = areas.treemap(
        table, label="k", group="g", top=2, remainder=1.0, unit="million USD", title="T", source="S"
    )
    drawn = [p.get_width() * p.get_height() for p in ax.patches]
    assert [a / sum(drawn) for a in drawn] == pytest.approx([0.5, 0.3, 0.1, 0.1])
    assert hovers(ax) == ["a: 50.0%", "b: 30.0%", "1 others: 10.0%", "not named: 10.0%"]
    assert "Area: million USD, together 10.\nSource: S" in texts(ax)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["x", "y"]
    with pytest.raises(DataError, match="values that are no area in 1 row. First: -1"):
        areas.treemap(table.assign(value=[1, 2, -1, 3]), label="k")
    with pytest.raises(DataError, match="no value above zero"):
        areas.treemap(table.assign(value=0), label="k")


def test_more_groups_than_colours_are_one():
    table = pd.DataFrame({"k": range(9), "value": range(9, 0, -1), "g": list("abcdefghi")})
    ax = areas.treemap(table, label="k", group="g")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b", "c", "d", "all others", "e", "f"]


def test_every_country_has_a_tile_of_its_own():
    at = [(r["column"], r["row"]) for r in rows("world_tiles")]
    assert len(at) == len(set(at)) > 240
    where = {r["iso3"]: (int(r["column"]), int(r["row"])) for r in rows("world_tiles")}
    assert where["USA"][0] < where["GBR"][0] < where["CHN"][0] < where["JPN"][0]
    assert where["FIN"][1] < where["EGY"][1] < where["ZAF"][1]


def test_a_map_colours_shares_and_names_what_it_cannot_show():
    ax = areas.market_map(SHARES, title="T", source="S")
    shown = {t.split(": ")[0]: t.split(": ")[1] for t in hovers(ax)}
    assert (shown["Japan"], shown["South Korea"], shown["France"]) == ("40.00%", "0.05%", "0.00%")
    assert "Colours: shares of the total. Not on the map: EU (20.0%).\nSource: S" in texts(ax)
    faces = [p.get_facecolor() for p in ax.patches]
    assert sum(f != faces[0] for f in faces) >= 3
    with pytest.raises(DataError, match="no market is a country"):
        areas.market_map(SHARES.query("market == 'EU'"))


def test_years_are_bars_with_their_changes():
    table = pd.DataFrame({"year": [2023, 2020, 2021], "value": [150.0, 80.0, 100.0]})
    ax = change.yearly(table, period="year", unit="USD", title="T", source="S")
    assert [p.get_height() for p in ax.patches] == [80, 100, 150]
    assert texts(ax)[:3] == ["80", "100\n+25.0%", "150"]  # 2023 follows no year of the table
    assert hovers(ax) == ["2020: 80.0", "2021: 100.0", "2023: 150.0"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2020", "2021", "2023"]


def test_like_months_are_one_line_a_year():
    ax = change.like_months(MONTHS, period="month", unit="USD", source="S")
    lines = [line for line in ax.lines if len(line.get_xdata()) == 12]
    assert lines[0].get_ydata().tolist() == list(range(1, 13))
    assert lines[1].get_ydata()[:8].tolist() == list(range(13, 21))
    assert np.isnan(lines[1].get_ydata()[8:]).all()  # months to come are no zeros
    assert texts(ax)[:2] == ["2022", "2023"]
    assert (hovers(ax)[0], hovers(ax)[12]) == ("2022/1: 1 USD", "2023/1: 13 USD")
    quarters = pd.DataFrame({"p": ["2022-Q1", "2022-Q3"], "value": [1.0, 2.0]})
    assert [t.get_text() for t in change.like_months(quarters, period="p").get_xticklabels()] == [
        "Q1",
        "Q2",
        "Q3",
        "Q4",
    ]
    with pytest.raises(DataError, match="no months, quarters or half-years. First: 2022"):
        change.like_months(pd.DataFrame({"p": [2022, 2023], "value": [1.0, 2.0]}), period="p")


def test_bubbles_stand_at_share_and_growth():
    table = pd.DataFrame(
        {"m": list("abcd"), "before": [10.0, 20.0, 0.0, 0.0], "after": [20.0, 10.0, 70.0, 0.0]}
    )
    ax = change.growth_bubbles(table, label="m", source="S")
    at = sorted(tuple(c.get_offsets()[0]) for c in ax.collections)
    assert at == [(10.0, -50.0), (20.0, 100.0)]
    assert any("Without a value before, so not drawn: 1." in text for text in texts(ax))
    assert ax.lines[1].get_ydata()[0] == pytest.approx(100 * (100 / 30 - 1))
    with pytest.raises(DataError, match="no member has a value in both periods"):
        change.growth_bubbles(table.tail(2), label="m")


def test_both_memberships_and_the_day_of_entry():
    force = pd.DataFrame({"year": [2020, 2021, 2022], "bloc_share": [0.0, 0.0, 0.2]})
    both = {"in force": force, "all signatories": force.assign(bloc_share=[0.19, 0.2, 0.2])}
    days = {"entry": date(2022, 1, 1), "long ago": date(1999, 1, 1)}
    ax = change.membership_shares(both, period="year", entries=days, source="S")
    marks = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"]
    assert marks == [1.5]  # where 2021 ends and 2022 begins
    assert {"entry", "in force 20.0%", "all signatories 20.0%"} <= set(texts(ax))
    assert "long ago" not in texts(ax)


def test_names_beside_lines_lie_apart_and_in_the_picture():
    names = [f"m{i}" for i in range(8)]
    table = pd.DataFrame(
        [(y, n, 0.1 + 0.001 * i) for y in (1, 2) for i, n in enumerate(names)], columns=["p", "m", "s"]
    )
    ax = structure.market_shares(table, period="p", member="m", share="s")
    at = sorted(t.xy[1] for t in ax.texts if t.get_text().startswith("m"))
    gap = style.LINE / (0.7 * 72 * ax.figure.get_figheight())
    assert np.diff(at).min() >= gap - 1e-9
    assert 0 <= at[0] <= at[-1] <= 1 + 1e-9
    assert len(at) == 8


@pytest.mark.parametrize("inches", [3.5, 7.2])
def test_titles_and_notes_stay_within_the_figure(inches):
    long = "A finding that needs a good many words to be told in full, and does not fit a line of a column"
    for text in (long, "很长的标题" * 12):
        with style.context():
            ax = style.finish(style.new_axes(size=(inches, 2.7)), title=text, note=text, source="S" * 30)
        ax.figure.draw_without_rendering()
        box = ax.figure.get_tightbbox()
        assert box.x0 >= -0.05
        assert box.x1 <= inches + 0.05
        assert ax.get_title(loc="left").replace("\n", " ").replace(" ", "") == text.replace(" ", "")


def test_pages_draw_no_wider_than_asked():
    with style.at_most(5.0):
        assert style.new_axes(size=(7.2, 3.0)).figure.get_size_inches().tolist() == [5.0, 3.0]
        assert style.new_axes(size=(3.5, 3.0)).figure.get_figwidth() == 3.5
    assert style.new_axes(size=(7.2, 3.0)).figure.get_figwidth() == 7.2


def test_texts_on_hover_are_escaped():
    ax = structure.market_shares(SHARES.assign(period=1, market=["<b>&", "x", "y", "z"]))
    assert "<title>&lt;b&gt;&amp;: 40.0%</title>" in svg(ax)


class Known:
    """What matplotlib knows of fonts: Latin alone, until a file is added."""

    def __init__(self):
        every = font_manager.fontManager.ttflist
        self.ttflist = [e for e in every if e.name == "DejaVu Sans"]
        self.installed = [e for e in every if e.name in style.CHINESE]

    def addfont(self, path):
        self.ttflist += [e for e in self.installed if e.fname == path]


def test_a_stale_list_of_fonts_is_brought_up_to_date(monkeypatch):
    known = Known()
    if not known.installed:
        pytest.skip("needs a font with Chinese")
    monkeypatch.setattr(font_manager, "fontManager", known)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [known.installed[0].fname])
    monkeypatch.setattr(font_manager, "json_dump", lambda manager, path: None)
    style.fonts.cache_clear()
    try:
        with pytest.warns(UserWarning, match="list of fonts did not know .* It was brought up to date"):
            assert len(style.fonts()) > 1
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            style.fonts()  # said once
    finally:
        style.fonts.cache_clear()


def test_chinese_without_a_font_is_said_once(monkeypatch):
    monkeypatch.setattr(style, "fonts", lambda: ["DejaVu Sans"])
    style._warn_of_boxes.cache_clear()
    ax = style.finish(style.new_axes(), title="出口")
    with pytest.warns(UserWarning, match="no font that draws it was found: it shows boxes"):
        ax.figure.draw_without_rendering()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax.figure.draw_without_rendering()


def test_a_font_without_the_glyphs_is_no_chinese_font(monkeypatch):
    class Named:
        name, fname = (
            style.CHINESE[0],
            next(e.fname for e in font_manager.fontManager.ttflist if e.name == "DejaVu Sans"),
        )

    class Manager:
        ttflist = (Named,)

    monkeypatch.setattr(font_manager, "fontManager", Manager)
    assert style._drawing_chinese() == []


@pytest.mark.parametrize(
    ("unit", "value", "english", "chinese"),
    [
        ("USD", 137_198_606.0, "137.2 million USD", "1.37亿美元"),
        ("100m USD", 1073.8, "107.4 billion USD", "1,074亿美元"),
        ("million USD", 0.5, "500,000 USD", "50.00万美元"),
        ("亿元", 7659.6, "766.0 billion CNY", "7,660亿元"),
        ("tonnes", 12.0, "12 tonnes", "12tonnes"),
        ("USD", 950.0, "950 USD", "950美元"),
    ],
)
def test_amounts_as_each_language_says_them(unit, value, english, chinese):
    assert words.amount(value, unit) == english
    with words.speaking("zh"):
        assert words.amount(value, unit) == chinese


def test_units_and_moments_as_each_language_says_them():
    assert [words.unit_said(u) for u in ("亿元", "百万美元", "USD", "TEU")] == [
        "100m CNY",
        "million USD",
        "USD",
        "TEU",
    ]
    assert words.moment("2023-05") == "2023-05"
    assert [words.points(x) for x in (0.0474, -0.00001, -0.02)] == ["+4.7", "+0.0", "-2.0"]
    with words.speaking("zh"):
        assert [words.unit_said(u) for u in ("million USD", "1,000 USD", "bn CNY")] == [
            "百万美元",
            "千美元",
            "十亿元",
        ]
        assert [words.moment(p) for p in (2023, "2023-05", "wave 2")] == ["2023年", "2023年5月", "wave 2"]


def test_many_years_are_colours_and_few_are_lines():
    ax = change.months_by_years(MONTHS, period="month", scale=10, unit="USD", source="S")
    mesh = ax.collections[0].get_array()
    assert mesh.shape == (2, 12)
    assert mesh[0].tolist() == [10.0 * k for k in range(1, 13)]
    assert mesh.mask[1].tolist() == [False] * 8 + [True] * 4
    assert [t.get_text() for t in ax.get_yticklabels()] == ["2022", "2023"]
    long = pd.DataFrame({"m": [f"{y}-01" for y in range(2015, 2021)], "v": range(1, 7)})
    assert not change.like_periods(long, period="m", value="v", unit="USD").lines
    assert change.like_periods(long.tail(5), period="m", value="v", unit="USD").lines


def drawn(chart):
    """The specification of a chart, held to the schema of Vega-Lite, and its data."""
    made = chart.to_dict()
    return made, next(iter(made["datasets"].values()))


def test_interactive_shares_and_indices_are_those_of_the_flows():
    cells = [
        (2021, "Japan", 60.0),
        (2021, "Peru", 40.0),
        (2022, "Japan", 10.0),
        (2022, "Peru", 30.0),
        (2022, "Chile", 60.0),
    ]
    flows = xl.flows(pd.DataFrame(cells, columns=["period", "market", "value"]), source="S")
    made, data = drawn(interactive.shares(flows, top=2, title="T"))
    assert {(d["period"], d["member"]): d["share"] for d in data} == {
        ("2021", "Peru"): 0.4,
        ("2022", "Peru"): 0.3,
        ("2022", "Chile"): 0.6,
    }
    assert made["encoding"]["color"]["sort"] == ["Chile", "Peru"]
    assert made["title"] == {"text": "T", "subtitle": ["Source: S"], "anchor": "start"}
    made, data = drawn(interactive.index(flows))
    assert [(d["period"], round(d["value"], 12)) for d in data] == [("2021", 0.52), ("2022", 0.46)]
    assert "text" not in made["title"] or made["title"]["text"] == ""
    with pytest.raises(OptionError, match="top=0 draws nothing"):
        interactive.shares(flows, top=0)


def test_interactive_bubbles_and_ranges():
    table = pd.DataFrame({"m": list("abc"), "before": [10.0, 20.0, 0.0], "after": [20.0, 10.0, 70.0]})
    made, data = drawn(interactive.bubbles(table, label="m"))
    assert data == [
        {"name": "a", "value": 20.0, "share": 0.2, "growth": 1.0},
        {"name": "b", "value": 10.0, "share": 0.1, "growth": -0.5},
    ]
    assert made["title"]["subtitle"] == ["Without a value before, so not drawn: 1."]
    with pytest.raises(DataError, match="no member has a value in both periods"):
        interactive.bubbles(table.tail(1), label="m")
    rows = pd.DataFrame(
        {"g": ["x", "y"], "estimate": [1.0, 2.0], "conf_low": [0.5, float("-inf")], "conf_high": [1.5, 3.0]}
    )
    made, data = drawn(interactive.ranges(rows, label="g"))
    assert [(d["name"], d["low"], d["high"]) for d in data] == [("x", 0.5, 1.5), ("y", None, 3.0)]
    assert made["height"] == 44
    with pytest.raises(DataError, match=r"1 rows? shares? a name|2 rows share a name"):
        interactive.ranges(pd.concat([rows.head(1)] * 2), label="g")


def test_interactive_charts_name_their_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(MissingDependency, match=r"needs altair: pip install 'exportlab\[interactive\]'"):
        interactive.index(pd.DataFrame({"period": [2021], "hhi": [0.1]}))


def test_thousands_stand_apart_on_an_axis():
    ax = style.new_axes()
    style.whole_ticks(ax.yaxis, "%")
    shown = ax.yaxis.get_major_formatter()
    assert [shown(v, 0) for v in (0, 1600, 0.5, -100_000, 1_234_567)] == [
        "0%",
        "1,600%",
        "0.5%",
        "\N{MINUS SIGN}100,000%",
        "1,234,567%",
    ]
    assert lines.breakable("号商品, 未列名") == ["号", "商", "品,", " ", "未", "列", "名"]


def test_what_is_left_over_is_named_in_the_tile_or_below():
    sizes = [50.0, 30.0, 10.0, *[0.01] * 9]
    table = pd.DataFrame(
        {"market": [f"m{k}" for k in range(12)], "value": sizes, "bloc": ["a", "b", *["a"] * 10]}
    )
    names = lambda ax: [t.get_text() for t in ax.get_legend().get_texts()]  # noqa: E731
    thin = areas.treemap(table, label="market", value="value", group="bloc", top=3)
    assert names(thin) == ["a", "b", "9 others 0.1%"]
    wide = areas.treemap(table.assign(value=10.0), label="market", value="value", group="bloc", top=3)
    assert names(wide) == ["a", "b"]
    assert any(t.get_text().startswith("9 others") for t in wide.texts)
