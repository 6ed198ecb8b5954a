"""Pictures show the numbers of the tables they are drawn from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError
from exportlab.panel import PolicyPanel
from exportlab.panel.shift_share.shocks import Placebo, Rotemberg
from exportlab.plots import panel as pictures
from exportlab.words import speaking


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(4)
    t = pd.DataFrame({"city": np.repeat(np.arange(30), 6), "year": np.tile(np.arange(2000, 2006), 30)})
    t["g"] = np.repeat([2002.0] * 8 + [2004.0] * 8 + [np.nan] * 14, 6)
    t["y"] = rng.normal(size=180) + 2.0 * (t["year"] >= t["g"])
    return PolicyPanel(t, unit="city", period="year", outcome="y", adopted="g")


def drawn(ax):
    """Every y value of every line."""
    return np.concatenate([np.asarray(line.get_ydata(), float) for line in ax.get_lines()])


def holds(ax, values):
    return all(np.isclose(drawn(ax), v).any() for v in values)


def saves(ax, tmp_path):
    ax.figure.savefig(tmp_path / "p.png")
    return (tmp_path / "p.png").stat().st_size > 5000


def test_event_study_shows_estimates_and_bands(panel, tmp_path):
    e = panel.event_study()
    ax = e.plot(y="log exports")
    assert holds(ax, e.table["estimate"])
    assert ax.get_xlabel() == "periods since adoption"
    assert ax.get_ylabel() == "log exports"
    assert len(ax.collections) >= 2  # intervals and bands
    assert any("simultaneous 95 % bands" in t.get_text() for t in ax.texts)
    assert saves(ax, tmp_path)


def test_several_event_studies_have_a_legend(panel):
    many = {"CS": panel.event_study(), "SA": panel.event_study("sun_abraham")}
    ax = pictures.event_study(many)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["CS", "SA"]
    with pytest.raises(DataError, match="has no event times"):
        pictures.event_study(panel.twfe())


def test_coefficients_have_a_row_each(panel):
    ax = pictures.coefficients({"TWFE": panel.twfe(), "CS": panel.att()})
    assert [t.get_text() for t in ax.get_yticklabels()] == ["TWFE", "CS"]
    assert np.isclose(
        np.concatenate([line.get_xdata() for line in ax.get_lines()]), panel.att().table["estimate"][0]
    ).any()
    assert panel.twfe().plot().get_xlabel() == "estimate"


def test_bacon_scatter_has_a_point_a_comparison(panel, tmp_path):
    b = panel.bacon()
    ax = b.plot()
    points = sum(len(line.get_xdata()) for line in ax.get_lines() if line.get_linestyle() == "None")
    assert points == len(b.table)
    assert holds(ax, b.table["estimate"])
    assert saves(ax, tmp_path)


def test_cohort_trends_show_means(panel):
    ax = panel.check().plot()
    rows = panel.data[panel.data["g"] == 2002.0]
    assert holds(ax, rows.groupby("year")["y"].mean())
    assert ax.get_ylabel() == "y"
    assert [t.get_text() for t in ax.get_legend().get_texts()][-1] == "never (14)"


def test_weights_mark_negative_ones(panel):
    table = pd.DataFrame({"cohort": [1.0, 1, 2], "period": [1, 2, 2], "weight": [0.7, -0.1, 0.4]})
    ax = pictures.weights(table)
    assert holds(ax, table["weight"])
    assert any("33%" in t.get_text() for t in ax.texts)


def test_rotemberg_weights_are_drawn_by_sector_and_small_ones_counted(tmp_path):
    """Weights .9, -.3, .4 and .004 (of two periods): the last is less than 1 % of 1.604."""
    rows = [
        ("a", 1, 0.5, 1.0),
        ("a", 2, 0.4, 2.0),
        ("b", 1, -0.3, -1.0),
        ("c", 1, 0.396, 0.5),
        ("d", 1, 0.004, 900.0),
    ]
    table = pd.DataFrame(rows, columns=["sector", "period", "alpha", "beta"])
    result = Rotemberg(table, "sector")
    ax = result.plot(source="made up")
    marks = [line for line in ax.get_lines() if line.get_linestyle() == "None"]
    positive, negative = ([line.get_xdata(), line.get_ydata()] for line in marks)
    assert np.allclose(positive, [[0.9, 0.396], [1.3 / 0.9, 0.5]])
    assert np.allclose(negative, [[-0.3], [-1.0]])
    assert [line.get_markerfacecolor() for line in marks][1] == "white"
    texts = [t.get_text() for t in ax.texts]
    assert texts[:3] == ["a", "c", "b"]  # by the size of their weights
    assert "1 sectors with less than 1 % of all weight are left out" in texts[3]
    names = [t.get_text() for t in ax.get_legend().get_texts()]
    assert names == ["positive weight", "negative weight", "estimate 5.4"]  # .5 + .8 + .3 + .198 + 3.6
    assert holds(ax, [result.estimate] * 2)
    assert saves(ax, tmp_path)
    with speaking("zh"):
        assert [t.get_text() for t in result.plot().get_legend().get_texts()][:2] == ["正权重", "负权重"]
    alone = Rotemberg(table[table["sector"] == "c"], "sector").plot()
    assert [t.get_text() for t in alone.get_legend().get_texts()] == ["positive weight", "estimate 0.198"]
    assert [t.get_text() for t in alone.texts] == ["c"]


def test_placebo_shocks_are_counted_and_the_errors_said(tmp_path):
    table = pd.DataFrame({"errors": ["robust", "akm"], "rejected": [0.42, 0.06]})
    result = Placebo(table, np.linspace(-1, 1, 99), 0.9, "wages", "permuted", 0.95)
    ax = result.plot(source="made up")
    assert sum(p.get_height() for p in ax.patches) == 99
    assert len(ax.patches) == 9  # the root of 99
    names = [t.get_text() for t in ax.get_legend().get_texts()]
    # 5 of 99 on either side lie at .9 or beyond (one hundredth and a bit apart), and the shocks themselves count
    assert names == ["drawn shocks", "the shocks as they were, p = 0.11"]
    foot = ax.texts[0].get_text()
    assert "(5% would be right): robust 42%, akm 6%." in foot.replace("\n", " ")
    assert [list(line.get_xdata()) for line in ax.get_lines()] == [[0.9, 0.9], [0, 0]]
    assert saves(ax, tmp_path)
    with speaking("zh"):
        assert "42%" in result.plot().texts[0].get_text()


def test_sensitivity_and_power_take_plain_tables():
    table = pd.DataFrame({"M": [np.nan, 0.5, 1], "conf_low": [0.1, 0.05, -0.1], "conf_high": [0.4, 0.5, 0.6]})
    ax = pictures.sensitivity(table)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["PT", "0.5", "1"]
    assert holds(ax, table["conf_low"])
    power = pd.DataFrame({"effect": [0, 1, 0, 1], "treated": [1, 1, 6, 6], "power": [0.05, 0.1, 0.05, 0.9]})
    ax = pictures.power(power)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["1 treated", "6 treated"]
    assert holds(ax, power["power"])


def test_synthetic_and_dose(panel):
    one = panel.where(panel.first != 2004.0, "later cohort")
    e = one.synthetic_control()
    ax = pictures.synthetic(e)
    assert holds(ax, e.parts["gaps"]["synthetic"])
    with pytest.raises(DataError, match="has no path"):
        pictures.synthetic(panel.att())
    rng = np.random.default_rng(0)
    dose = np.where(np.isfinite(one.adoption), rng.uniform(1, 2, len(one.adoption)), 0)
    p = PolicyPanel(
        one.data.assign(dose=dose[one.units]), unit="city", period="year", outcome="y", adopted="g"
    )
    d = p.dose(dose="dose", degree=1)
    assert holds(pictures.dose(d), d.parts["response"]["estimate"])
    with pytest.raises(DataError, match="has no dose response"):
        pictures.dose(e)
